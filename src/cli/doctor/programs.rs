//! Rung 17d: what the rungs before did by hand, through the library's own loader and launcher. If this one fails alone, the
//! GPU is fine and the fault is ours.

use super::bench::Bench;
use super::{Failed, Step, Values};
use crate::amdgpu::Deadline;
use crate::backend::gpu::{Arg, Buffer, Dispatch, Error, Gpu, Grid, Lint, Memory, Module, Options};
use sparkle_kernels::{Kernel, PROBE_KERNARG, PROBE_LDS, PROBE_MIRROR, PROBE_WAVE64};
use std::time::Duration;

pub(super) const STEPS: &[Step<Bench>] = &[Step {
    id: "17d",
    name: "the same through the library",
    did: "loaded four code objects, recorded five dispatches in one list, launched it, read four buffers in VRAM back",
    proves: "the loader, the packing of arguments, barriers between dispatches, copies, timestamps: all that a convolution needs",
    cause: "the rungs below passed, so the registers and addresses that the launcher chose differ from those",
    next: "compare the stream in the report with that of rung 17c: `sparkle-pm4 diff`",
    run: library,
}];

/// How long it is waited for.
const PATIENCE: Duration = Duration::from_secs(4);
/// Elements of an array: 64 workgroups of 64.
const ELEMENTS: u32 = 4096;

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::Driver(error) => error.into(),
            error => {
                let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
                Self::new(format!("{error}{cause}"))
            }
        }
    }
}

fn kernel(gpu: &Gpu, probe: &Kernel) -> Result<crate::backend::gpu::Kernel, Error> {
    Module::load(gpu, probe.object)?.kernel(probe.name)
}

/// Arguments of `probe_mirror`.
fn mirror<'a>(from: &'a Buffer, to: &'a Buffer, [factor, addend]: [u32; 2]) -> [Arg<'a>; 4] {
    [to.into(), from.into(), factor.into(), addend.into()]
}

/// Elements that come from the formulas in the probes' sources.
fn expect(what: &str, found: &[u32], want: impl Iterator<Item = u32>) -> Result<(), Failed> {
    match found.iter().zip(want).enumerate().find(|(_, (found, want))| **found != *want) {
        None => Ok(()),
        Some((index, (found, want))) => {
            Err(Failed::new(format!("{what}: element {index} is {found:#010x}, not {want:#010x}")))
        }
    }
}

fn library(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let gpu = Gpu::with_options(bench.device.clone(), Options::default().lint(Lint::Always))?;
    let buffer = || gpu.buffer(Memory::Device, u64::from(ELEMENTS) * 4);
    let (copied, exchanged, numbered) = (buffer()?, buffer()?, buffer()?);
    let (mut from, between, to) = (buffer()?, buffer()?, buffer()?);
    let start: Vec<u32> = (0..ELEMENTS).map(|index| index * 0x9e37).collect();
    from.write(0, start.as_slice())?;
    let mut stream = gpu.stream_on(0)?;
    let captures = bench.captures.as_ref().map(|folder| folder.join("rung-17d"));
    stream.record(&gpu, captures.as_deref())?;
    let mut list = stream.list()?;
    let before = list.timestamp()?;
    let groups = |count, threads| Grid::workgroups([count, 1, 1], [threads, 1, 1]);
    let kernarg = kernel(&gpu, &PROBE_KERNARG)?;
    let pair: [Arg<'_>; 3] = [(&copied).into(), 0x1357_9bdf_u32.into(), 0x0246_8ace_u32.into()];
    list.dispatch(&Dispatch::new(&kernarg, groups(1, 32), &pair))?;
    let lds = kernel(&gpu, &PROBE_LDS)?;
    list.dispatch(&Dispatch::new(&lds, groups(64, 64), &[(&exchanged).into()]))?;
    let wave64 = kernel(&gpu, &PROBE_WAVE64)?;
    list.dispatch(&Dispatch::new(&wave64, groups(1, 64), &[(&numbered).into()]))?;
    let map = kernel(&gpu, &PROBE_MIRROR)?;
    list.dispatch(&Dispatch::new(&map, groups(64, 64), &mirror(&from, &between, [3, 1])))?;
    list.dispatch(&Dispatch::new(&map, groups(64, 64), &mirror(&between, &to, [5, 7])))?;
    let after = list.timestamp()?;
    let words: Vec<String> = list.packets().iter().map(|word| format!("{word:08x}")).collect();
    values.set("stream", words.join(" "));
    stream.submit(&mut list)?.wait(Deadline::after(PATIENCE))?;
    let ticks = list.ticks(after)?.saturating_sub(list.ticks(before)?);
    values.set("ticks", ticks);
    let placement = to.placement();
    values.set("placement", format!("{placement:?}"));

    expect("arguments", &copied.read_vec(0, 2)?, [0x1357_9bdf, 0x0246_8ace].into_iter())?;
    let mirrored = (0..ELEMENTS).map(|index| 1000 * (index / 64) + 3 * (63 - index % 64));
    expect("LDS", &exchanged.read_vec(0, ELEMENTS as usize)?, mirrored)?; // CAST: u32 fits.
    expect("wave64", &numbered.read_vec(0, 64)?, (0..64).map(|lane| 64 << 16 | lane))?;
    let mapped = (0..ELEMENTS).map(|index| (index * 0x9e37).wrapping_mul(15).wrapping_add(12));
    expect("two dispatches", &to.read_vec(0, ELEMENTS as usize)?, mapped)?; // CAST: as above.
    let micros = gpu.duration_of(ticks).as_nanos() as f64 / 1e3; // CAST: for people.
    Ok(format!("4 code objects, 5 dispatches, {micros:.1} us by the GPU's clock"))
}

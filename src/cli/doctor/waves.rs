//! Rungs 12 to 17: waves. The registers are set by hand ([`super::dispatch`]); the programs are the probes of
//! `sparkle-kernels`.

use super::bench::{BUFFER_BYTES, Bench, Use};
use super::dispatch::{RawDispatch, barrier, begin};
use super::stream::expect_alone;
use super::{Failed, Step, Values};
use crate::amdgpu::{BufferRequest, CpuAccess, IbFlags, Placement, VaMapping};
use sparkle_kernels::{
    Kernel, PROBE_ENDPGM, PROBE_IDS, PROBE_KERNARG, PROBE_LDS, PROBE_MIRROR, PROBE_STORE, PROBE_STORE_AGAIN,
    PROBE_WAVE64,
};
use sparkle_pm4::packets::ReleaseMem;

pub(super) const STEPS: &[Step<Bench>] = &[
    Step {
        id: "12",
        name: "a wave that ends",
        did: "all compute registers by hand, one workgroup of s_endpgm in wave32, then RELEASE_MEM",
        proves: "waves are launched: the program's address, its resources, the masks of compute units",
        cause: "a timeout without a fault: resources, or masks of compute units that are 0; a fault of SQC: the address >> 8, or a page that isn't executable",
        next: "umr: `umr -O halt_waves,bits --waves` shows waves that are still there",
        run: wave,
    },
    Step {
        id: "13",
        name: "a store",
        did: "one lane stores a constant to the address in its first two user SGPRs",
        proves: "user SGPRs, vector memory, and the write-back by the kernel's fence",
        cause: "nothing stored, or a fault of TCP: the count or order of user SGPRs (gfx1100 and gfx1102 need 16 in wave32)",
        next: "the address in the fault, beside `pointer` in the values",
        run: store,
    },
    Step {
        id: "14",
        name: "workgroups and lanes",
        did: "64 workgroups of 64 lanes, of two waves each, store their numbers",
        proves: "workgroup numbers, dimensions, partial and full waves",
        cause: "holes in a pattern: COMPUTE_NUM_THREAD, the lanes of EXEC, masks of compute units",
        next: "the first wrong element: its workgroup, wave and lane",
        run: numbers,
    },
    Step {
        id: "15",
        name: "arguments",
        did: "scalar loads of arguments from memory; the same again after the CPU has changed them",
        proves: "scalar memory, and that its cache is invalidated",
        cause: "old values the second time: the scalar cache wasn't invalidated",
        next: "ACQUIRE_MEM at the start of the stream: GLK_INV",
        run: arguments,
    },
    Step {
        id: "16",
        name: "new code",
        did: "another program over the first one, at the same address; then one in VRAM",
        proves: "the instruction cache is invalidated, and the CPU's writes to VRAM arrive before the work",
        cause: "the old program runs: the instruction cache wasn't invalidated",
        next: "ACQUIRE_MEM at the start of the stream: GLI_INV",
        run: new_code,
    },
    Step {
        id: "17a",
        name: "LDS and a barrier",
        did: "two waves of a workgroup exchange values through LDS",
        proves: "the allocation of LDS, and s_barrier",
        cause: "zeros, or old values: the size of LDS in COMPUTE_PGM_RSRC2, which no descriptor holds",
        next: "RSRC2 in the stream: LDS_SIZE in units of 512 bytes",
        run: lds,
    },
    Step {
        id: "17b",
        name: "waves of 64 lanes",
        did: "one workgroup of 64 lanes in wave64 stores lane numbers and the size of EXEC",
        proves: "the dispatch's CS_W32_EN and the code agree",
        cause: "32 lanes: the dispatch says wave32",
        next: "the last dword of DISPATCH_DIRECT: bit 15",
        run: wave64,
    },
    Step {
        id: "17c",
        name: "dispatches that depend on each other",
        did: "two mirrored maps of 4096 elements in one stream, the second over what the first wrote",
        proves: "the barrier between dispatches: CS_PARTIAL_FLUSH and ACQUIRE_MEM",
        cause: "some elements are old: the second dispatch started before the first had ended",
        next: "EVENT_WRITE CS_PARTIAL_FLUSH between the two",
        run: dependent,
    },
];

/// 64 bits at the end of the pipe, in the signal buffer.
const SIGNAL: usize = 0x80;
/// Places in the data buffer: a word, arguments, arrays.
const WORD: usize = 0x200;
const ARGUMENTS: usize = 0x400;
const ARRAYS: [usize; 3] = [0x1000, 0x5000, 0x9000];
/// Elements of an array: 64 workgroups of 64.
const ELEMENTS: u32 = 4096;

/// Puts a program where programs are; returns its address.
fn load(bench: &mut Bench, kernel: &Kernel) -> Result<u64, Failed> {
    bench.place(Use::Code)?.map.write_at(0, kernel.code)?;
    bench.va(Use::Code, 0)
}

/// One dispatch of a kernel with a pointer in its first user SGPRs.
pub(super) fn dispatch(
    bench: &mut Bench,
    values: &mut Values,
    kernel: &Kernel,
    grid: (u32, u32),
    pointer: u64,
) -> Result<(), Failed> {
    let code = load(bench, kernel)?;
    run_at(bench, values, kernel, code, grid, pointer)
}

fn run_at(
    bench: &mut Bench,
    values: &mut Values,
    kernel: &Kernel,
    code: u64,
    (groups, threads): (u32, u32),
    pointer: u64,
) -> Result<(), Failed> {
    values.set("kernel", kernel.name);
    values.hex("code", code);
    values.hex("pointer", pointer);
    let mut stream = bench.stream();
    begin(&mut stream)?;
    RawDispatch { kernel: *kernel, code, groups, threads, pointer }.push(&mut stream)?;
    bench.run(values, stream, IbFlags::empty())?;
    Ok(())
}

fn wave(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    const ENDED: u64 = 0x0e4d_0001_0e4d_0002;
    let code = load(bench, &PROBE_ENDPGM)?;
    values.hex("code", code);
    let signal = bench.va(Use::Signal, SIGNAL as u64)?; // CAST: usize has at most 64 bits.
    let mut stream = bench.stream();
    begin(&mut stream)?;
    RawDispatch { kernel: PROBE_ENDPGM, code, groups: 1, threads: 32, pointer: 0 }.push(&mut stream)?;
    stream.push(&ReleaseMem::signal64(signal, ENDED)?)?;
    bench.run(values, stream, IbFlags::empty())?;
    let found = bench.load_wide(Use::Signal, SIGNAL)?;
    if found != ENDED {
        return Err(Failed::new(format!("the end of the pipe wrote {found:#x}, not {ENDED:#x}")));
    }
    Ok("launched and ended".to_owned())
}

/// What the probes store.
const STORED: u32 = 0x600d_0013;
const STORED_AGAIN: u32 = 0x600d_0016;

/// Runs a storing probe and looks for its word. With `code`, from there.
fn stores(
    bench: &mut Bench,
    values: &mut Values,
    kernel: &Kernel,
    code: Option<u64>,
    want: u32,
) -> Result<u64, Failed> {
    bench.fill(Use::Data, 0)?;
    let va = bench.va(Use::Data, WORD as u64)?; // CAST: as above.
    match code {
        Some(code) => run_at(bench, values, kernel, code, (1, 32), va)?,
        None => dispatch(bench, values, kernel, (1, 32), va)?,
    }
    expect_alone(bench, 0, WORD, &[want])?;
    Ok(va)
}

/// Rung 13, which the drills end with.
pub(super) fn store(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let va = stores(bench, values, &PROBE_STORE, None, STORED)?;
    Ok(format!("{STORED:#x} at {va:#x}, and nothing beside it"))
}

fn numbers(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let at = ARRAYS[0];
    bench.fill(Use::Data, 0xff)?;
    let va = bench.va(Use::Data, at as u64)?; // CAST: as above.
    dispatch(bench, values, &PROBE_IDS, (64, 64), va)?;
    let want: Vec<u32> = (0..ELEMENTS).collect();
    expect_alone(bench, u32::MAX, at, &want).map_err(|failed| Failed::new(format!("out[i] = i: {}", failed.what)))?;
    Ok(format!("{ELEMENTS} numbers"))
}

fn arguments(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    for [a, b] in [[0x1357_9bdf_u32, 0x0246_8ace], [0xfeed_0015, 0xbeef_0015]] {
        bench.fill(Use::Data, 0)?;
        let out = bench.va(Use::Data, WORD as u64)?; // CAST: as above.
        let words = write_arguments(bench, ARGUMENTS, out, None, [a, b])?;
        let pointer = bench.va(Use::Data, ARGUMENTS as u64)?; // CAST: as above.
        dispatch(bench, values, &PROBE_KERNARG, (1, 32), pointer)?;
        let found = bench.words(Use::Data, WORD, 2)?;
        if found != [a, b] {
            return Err(Failed::new(format!("{found:#x?} was copied of the arguments {words:#x?}")));
        }
    }
    Ok("two pairs, one after the other at the same address".to_owned())
}

/// Writes pointers and two numbers as a kernel's arguments.
fn write_arguments(
    bench: &mut Bench,
    at: usize,
    to: u64,
    from: Option<u64>,
    pair: [u32; 2],
) -> Result<Vec<u32>, Failed> {
    let halves = |va: u64| [va as u32, (va >> 32) as u32]; // CAST: on purpose.
    let mut words = halves(to).to_vec();
    words.extend(from.map(halves).into_iter().flatten());
    words.extend(pair);
    for (index, word) in words.iter().enumerate() {
        bench.store(Use::Data, at + index * 4, *word)?;
    }
    Ok(words)
}

fn new_code(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    stores(bench, values, &PROBE_STORE, None, STORED)?;
    stores(bench, values, &PROBE_STORE_AGAIN, None, STORED_AGAIN)
        .map_err(|failed| Failed { what: format!("after new code at the same address: {}", failed.what), ..failed })?;
    // In VRAM, at another address; on an APU that is the same memory.
    let request = BufferRequest::vram(BUFFER_BYTES).access(CpuAccess::Write);
    bench.add(Use::Code, &request)?;
    let Some(place) = bench.buffers.last_mut() else { return Err(Failed::new("the buffer is gone")) };
    place.map.write_at(0, PROBE_STORE.code)?;
    let mapping = VaMapping::new(place.map.buffer(), place.purpose.flags())?;
    let (code, placement) = (mapping.address().get(), mapping.buffer().placement());
    place.mapping = Some(mapping);
    values.set("placement", if placement == Some(Placement::Vram) { "vram" } else { "gtt" });
    let outcome = stores(bench, values, &PROBE_STORE, Some(code), STORED);
    bench.buffers.pop();
    outcome.map_err(|failed| Failed { what: format!("with the code in VRAM: {}", failed.what), ..failed })?;
    Ok(match placement {
        Some(Placement::Vram) => "in place, and in VRAM".to_owned(),
        _ => "in place; VRAM has no room, so the second one was in GTT".to_owned(),
    })
}

fn lds(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    const GROUPS: u32 = 8;
    bench.fill(Use::Data, 0)?;
    let out = bench.va(Use::Data, ARRAYS[0] as u64)?; // CAST: as above.
    write_arguments(bench, ARGUMENTS, out, None, [0; 2])?;
    let pointer = bench.va(Use::Data, ARGUMENTS as u64)?; // CAST: as above.
    dispatch(bench, values, &PROBE_LDS, (GROUPS, 64), pointer)?;
    let want = (0..GROUPS * 64).map(|index| 1000 * (index / 64) + 3 * (63 - index % 64));
    expect_array(bench, ARRAYS[0], want)?;
    Ok(format!("{GROUPS} workgroups, mirrored through LDS"))
}

fn wave64(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    bench.fill(Use::Data, 0)?;
    let out = bench.va(Use::Data, ARRAYS[0] as u64)?; // CAST: as above.
    write_arguments(bench, ARGUMENTS, out, None, [0; 2])?;
    let pointer = bench.va(Use::Data, ARGUMENTS as u64)?; // CAST: as above.
    dispatch(bench, values, &PROBE_WAVE64, (1, 64), pointer)?;
    expect_array(bench, ARRAYS[0], (0..64).map(|lane| 64 << 16 | lane))?;
    Ok("one wave with 64 lanes".to_owned())
}

fn dependent(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    const STEPS: [[u32; 2]; 2] = [[3, 1], [5, 7]];
    bench.fill(Use::Data, 0)?;
    let code = load(bench, &PROBE_MIRROR)?;
    let mut start = Vec::new();
    for index in 0..ELEMENTS {
        start.extend_from_slice(&(index * 0x9e37).to_le_bytes());
    }
    let [first, second, third] = ARRAYS;
    bench.place(Use::Data)?.map.write_at(first, &start)?;
    let mut stream = bench.stream();
    begin(&mut stream)?;
    let jobs = [(first, second), (second, third)].into_iter().zip(STEPS);
    for (round, ((from, to), pair)) in jobs.enumerate() {
        let at = ARGUMENTS + round * 0x40;
        let (from, to) = (bench.va(Use::Data, from as u64)?, bench.va(Use::Data, to as u64)?); // CAST: as above.
        write_arguments(bench, at, to, Some(from), pair)?;
        let pointer = bench.va(Use::Data, at as u64)?; // CAST: as above.
        if round > 0 {
            barrier(&mut stream)?;
        }
        RawDispatch { kernel: PROBE_MIRROR, code, groups: 64, threads: 64, pointer }.push(&mut stream)?;
    }
    values.set("kernel", PROBE_MIRROR.name);
    bench.run(values, stream, IbFlags::empty())?;
    // Mirrored twice, so in place again.
    expect_array(bench, third, (0..ELEMENTS).map(|index| (index * 0x9e37).wrapping_mul(15).wrapping_add(12)))?;
    Ok(format!("{ELEMENTS} elements through two dispatches"))
}

/// An array of the data buffer.
fn expect_array(bench: &mut Bench, at: usize, want: impl ExactSizeIterator<Item = u32>) -> Result<(), Failed> {
    let found = bench.words(Use::Data, at, want.len())?;
    for (index, (found, want)) in found.into_iter().zip(want).enumerate() {
        if found != want {
            return Err(Failed::new(format!("element {index} is {found:#010x}, not {want:#010x}")));
        }
    }
    Ok(())
}

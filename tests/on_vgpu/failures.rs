//! Every call that a run makes fails once, with every error that the kernel might give it: the result is right or the error
//! is clear, and nothing is left behind.

use super::common::{Adapter, complaints};
use super::machine::{Machine, soon};
use memmap2::MmapRaw;
use nix::errno::Errno;
use sparkle::amdgpu::{Device, Node};
use sparkle::backend::gpu::{Dispatch, Error, Gpu, Grid, Memory, Module};
use sparkle_vgpu::kmd::{Client, Flavour, Inject};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A layer of 64 channels of 56 by 56, 3x3.
const CONV: &[u8] = include_bytes!("../../tools/vgpu/tests/conv/conv3x3.co");
const INPUT: usize = 64 * 56 * 56;
const WEIGHTS: usize = 64 * 64 * 9;

/// What a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Call {
    /// With this request.
    Ioctl(u32),
    Map,
}

/// A node whose `nth` call, counted from 0, fails and does nothing.
#[derive(Debug)]
struct Spoiled {
    node: Adapter,
    nth: u64,
    errno: Errno,
    calls: Arc<Calls>,
}

#[derive(Debug, Default)]
struct Calls {
    count: AtomicU64,
    made: std::sync::Mutex<Vec<Call>>,
}

impl Spoiled {
    fn counts(&self, call: Call) -> Result<(), Errno> {
        self.calls.made.lock().unwrap().push(call);
        if self.calls.count.fetch_add(1, Ordering::Relaxed) == self.nth { Err(self.errno) } else { Ok(()) }
    }
}

impl Node for Spoiled {
    #[allow(unsafe_code)]
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno> {
        self.counts(Call::Ioctl(request))?;
        // SAFETY: the caller's promise is passed on.
        unsafe { self.node.ioctl(request, argument) }
    }

    fn map(&self, offset: u64, length: usize) -> Result<MmapRaw, Errno> {
        self.counts(Call::Map)?;
        self.node.map(offset, length)
    }
}

/// Numbers from -1 to 1.
fn numbers(seed: u32, count: usize) -> Vec<f32> {
    let next = |state: &mut u32| {
        *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        Some((*state >> 8) as f32 / (1 << 23) as f32 - 1.0)
    };
    std::iter::repeat(()).scan(seed, |state, ()| next(state)).take(count).collect()
}

/// One run as an application makes it: open, load, allocate, upload, launch with times, wait, read back, all again.
fn conv(device: Arc<Device>, x: &[f32], w: &[f32]) -> Result<Vec<u32>, Error> {
    let gpu = Gpu::open(device)?;
    let kernel = Module::load(&gpu, CONV)?.kernel("conv3x3")?;
    let mut input = gpu.buffer(Memory::Device, INPUT as u64 * 4)?;
    let mut weights = gpu.buffer(Memory::Device, WEIGHTS as u64 * 4)?;
    let output = gpu.buffer(Memory::Host, INPUT as u64 * 4)?;
    input.write(0, x)?;
    weights.write(0, w)?;
    let mut stream = gpu.stream()?;
    let args = [(&input).into(), (&weights).into(), (&output).into()];
    let mut list = stream.list()?;
    let begin = list.timestamp()?;
    list.dispatch(&Dispatch::new(&kernel, Grid::workgroups([7, 7, 1], [128, 1, 1]), &args))?;
    let end = list.timestamp()?;
    stream.submit(&mut list)?.wait(soon())?;
    assert!(list.ticks(begin).unwrap() < list.ticks(end).unwrap());
    output.read_vec(0, INPUT)
}

/// The errors that a call might meet. Source: Linux `drm_ioctl.c` and `amdgpu_*.c`; `mm/mmap.c`.
fn errors(call: Call) -> &'static [Errno] {
    match call {
        Call::Map => &[Errno::ENOMEM, Errno::EACCES],
        Call::Ioctl(_) => &[Errno::ENOMEM, Errno::EINVAL, Errno::ENODEV, Errno::EINTR, Errno::EAGAIN, Errno::EBUSY],
    }
}

/// Calls that give something back. Where the kernel refuses to, nobody else can: it goes with the file.
fn is_release(call: Call) -> bool {
    const GEM_CLOSE: u32 = 0x09;
    const SYNCOBJ_DESTROY: u32 = 0xc0;
    matches!(call, Call::Ioctl(request) if matches!(request & 0xff, GEM_CLOSE | SYNCOBJ_DESTROY))
}

#[test]
fn every_call_may_fail() {
    let (x, w) = (numbers(1, INPUT), numbers(2, WEIGHTS));
    let spoil = |nth, errno| {
        let machine = Machine::quiet(Flavour::V6_12, "gfx1100");
        let calls = Arc::new(Calls::default());
        let node = Adapter(machine.kernel.open(0, Client::this()).unwrap());
        let node = Spoiled { node, nth, errno, calls: calls.clone() };
        let result = Device::new(Box::new(node), "vgpu").map_err(Error::from).and_then(|device| conv(device, &x, &w));
        let made = std::mem::take(&mut *calls.made.lock().unwrap());
        (result, made, complaints(&machine.kernel))
    };
    let (want, calls, said) = spoil(u64::MAX, Errno::EINVAL);
    let want = want.unwrap();
    assert_eq!(said, [""; 0], "an undisturbed run");
    assert!(calls.len() > 40, "{} calls", calls.len());
    let (mut failed, mut survived) = (0, 0);
    for (nth, call) in (0..).zip(&calls) {
        for &errno in errors(*call) {
            let (result, _, said) = spoil(nth, errno);
            let at = format!("call {nth}, {call:x?}, {errno}");
            match result {
                Ok(output) => {
                    survived += 1;
                    assert!(output == want, "{at}: other results");
                }
                Err(error) => {
                    failed += 1;
                    let text = error.to_string();
                    assert!(text.starts_with("vgpu: ") || text.starts_with("kernel "), "{at}: {text}");
                    assert!(!matches!(errno, Errno::EINTR), "{at}: an interrupted call is made again: {text}");
                }
            }
            let leaks =
                said.iter().filter(|said| !(is_release(*call) || call_is_unmap(*call)) || !said.contains("Leak"));
            assert_eq!(leaks.collect::<Vec<_>>(), [""; 0], "{at}");
        }
    }
    assert!(failed > 100 && survived > 50, "{failed} failed, {survived} survived");
}

/// `GEM_VA` and `CTX` give and take; which of both isn't in the request.
fn call_is_unmap(call: Call) -> bool {
    const CTX: u32 = 0x42;
    const GEM_VA: u32 = 0x48;
    matches!(call, Call::Ioctl(request) if matches!(request & 0xff, CTX | GEM_VA))
}

/// What goes wrong on the device and not in a call.
#[test]
fn every_disaster_has_its_error() {
    let (x, w) = (numbers(1, INPUT), numbers(2, WEIGHTS));
    let disasters: [(&str, fn(&Inject), &str); 3] = [
        ("a hang", |inject| inject.hang(1), "hung"),
        ("lost memory", |inject| inject.lose_vram(1), "context was lost"),
        ("no memory", |inject| inject.limit_memory(1 << 20), "no room"),
    ];
    for flavour in Flavour::ALL {
        for (what, spoil, says) in disasters {
            let machine = Machine::quiet(flavour, "gfx1100");
            spoil(machine.kernel.inject());
            let error = conv(machine.device(), &x, &w).unwrap_err();
            let text = error.to_string();
            assert!(text.contains(says), "{flavour:?}, {what}: {text}");
            let leaks: Vec<_> = complaints(&machine.kernel).into_iter().filter(|said| said.contains("Leak")).collect();
            assert_eq!(leaks, [""; 0], "{flavour:?}, {what}");
            // The next one finds the device in order.
            machine.kernel.inject().limit_memory(u64::MAX);
            conv(machine.device(), &x, &w).unwrap();
        }
    }
}

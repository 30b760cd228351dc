//! A kernel that answers with nonsense: whatever it says is refused or believed, and nothing panics, runs for ever or takes
//! all memory.
#![allow(unsafe_code)] // it writes over answers, as a kernel does

use crate::fake::*;
use crate::submissions::setup;
use memmap2::MmapRaw;
use proptest::prelude::*;
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, CpuAccess, Deadline, Device, Errno, IbFlags, Node, PageFlags, Priority,
    Queue, Residency, Sensor, Submission, VaMapping,
};
use sparkle::backend::gpu::{Gpu, Memory};
use std::sync::atomic::{AtomicU64, Ordering};

/// [`Fake`], of whose answers some are written over.
#[derive(Debug)]
struct Liar {
    fake: Fake,
    /// xorshift64; not 0.
    state: AtomicU64,
    /// One answer in so many is a lie.
    rarity: u64,
}

impl Liar {
    fn random(&self) -> u64 {
        let mut x = self.state.load(Ordering::Relaxed);
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.state.store(x, Ordering::Relaxed);
        x
    }

    /// Random, all ones, or zero: each has its own way to break arithmetic.
    fn lie(&self, bytes: &mut [u8]) {
        for word in bytes.chunks_mut(8) {
            let value = [self.random(), u64::MAX, 0, 1 << 31][(self.random() % 4) as usize].to_le_bytes();
            word.copy_from_slice(&value[..word.len()]);
        }
    }
}

impl Node for Liar {
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno> {
        // SAFETY: the caller's promise, passed on.
        let answer = unsafe { self.fake.ioctl(request, argument) };
        if answer.is_err() || request == WAIT_CS || !self.random().is_multiple_of(self.rarity) {
            return answer;
        }
        if request == INFO {
            let (to, bytes) = (get64(argument, 0), get32(argument, 8) as usize);
            // SAFETY: INFO names so many bytes that may be written until this returns.
            self.lie(unsafe { std::slice::from_raw_parts_mut(to as *mut u8, bytes) });
        } else {
            self.lie(argument);
        }
        answer
    }

    fn map(&self, offset: u64, length: usize) -> Result<MmapRaw, Errno> {
        self.fake.map(offset, length)
    }
}

/// Asks and does what there is, and stops where nothing is left to go on with.
fn use_it(liar: Liar) -> Option<()> {
    let device = Device::new(Box::new(liar), "/dev/dri/renderD128").ok()?;
    let info = device.info();
    let _ = (info.all_vram_visible(), format!("{info:?}"), info.cu_mask(u32::MAX, u32::MAX));
    let _ = (device.memory(), device.timestamp(), device.evictions(), device.vram_losses(), device.kernel_buffers());
    let _ = (device.sensor(Sensor::Temperature), device.last_fault().map(|fault| fault.to_string()));
    let buffers =
        [BufferRequest::gtt(4096), BufferRequest::vram(3 << 20), BufferRequest::vram(1).access(CpuAccess::Write)]
            .map(|request| BufferObject::new(&device, &request).ok());
    let mappings: Vec<_> =
        buffers.iter().flatten().filter_map(|buffer| VaMapping::new(buffer, PageFlags::DATA).ok()).collect();
    for buffer in buffers.iter().flatten() {
        if let Ok(mut map) = buffer.map() {
            map.fill(0, 1, 1).unwrap();
        }
    }
    let context = Context::new(&device, Priority::Normal).ok()?;
    let _ = (context.state(), context.clocks_are_held());
    let mut submission = Submission::new(&context, Queue::compute(0)).ok()?;
    submission.residency(&Residency::new(mappings.iter().cloned())).ok()?;
    submission.ib(mappings.first()?.address(), 32, IbFlags::empty()).ok()?;
    let _ = submission.submit().map(|fence| fence.wait(Deadline::NOW));
    let gpu = Gpu::open(device.clone()).ok()?;
    let _ = (gpu.duration_of(u64::MAX), gpu.buffer(Memory::Device, 100), gpu.buffer(Memory::Upload, 100));
    let mut stream = gpu.stream().ok()?;
    let mut list = stream.list().ok()?;
    let clock = list.timestamp().ok()?;
    let _ = stream.submit(&mut list).map(|mut pending| pending.is_done());
    let _ = list.ticks(clock);
    Some(())
}

proptest! {
    #[test]
    fn nonsense_is_survived(seed in 1_u64.., rarity in 1_u64..20) {
        use_it(Liar { fake: Fake::new(), state: AtomicU64::new(seed), rarity });
    }
}

/// Of a call that succeeds the kernel's descriptor is taken over; one that is none must not be.
#[test]
fn a_descriptor_that_is_none_is_not_owned() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    setup.fake.state().no_descriptor = true;
    assert!(fence.sync_file().unwrap_err().to_string().contains("refused"));
}

//! The driver layer over the software device's kernel driver, in this process: another reading of the kernel's source than
//! the driver layer's own. Command streams here are a little language of the test's own; packets are others' business.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs, unreachable_pub)]

mod common;

use common::{complaints, kernel_with, open};
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, CpuAccess, CpuMapping, Deadline, Device, Error, Fence, HostMemory, IbFlags,
    PageFlags, Placement, Priority, Queue, ResetState, Residency, Submission, SyncObj, VaMapping,
};
use sparkle_vgpu::kmd::{Access, Config, Flavour, Job, Kernel, Outcome, Processor, Requester};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

const NOP: u32 = 0;
/// Address low, address high, value.
const STORE: u32 = 1;
/// Address from, address to.
const COPY: u32 = 2;
const HANG: u32 = 3;

/// Runs the little language.
#[derive(Debug)]
struct Interpreter;

impl Processor for Interpreter {
    fn execute(&self, job: &Job) -> Outcome {
        let fault =
            |va, access, why: &str| Outcome::Fault { va, access, requester: Requester::Vector, why: why.into() };
        for ib in &job.ibs {
            let dword = |at: u64| job.vm.dword(ib.va + at * 4);
            let wide = |at: u64| Some(u64::from(dword(at)?) | u64::from(dword(at + 1)?) << 32);
            let mut at = 0;
            while at < u64::from(ib.size_dw) {
                match dword(at) {
                    Some(NOP) => at += 1,
                    Some(STORE) => {
                        let (to, value) = (wide(at + 1).unwrap(), dword(at + 3).unwrap());
                        if !job.vm.store_dword(to, value) {
                            return fault(to, Access::Write, "store");
                        }
                        at += 4;
                    }
                    Some(COPY) => {
                        let (from, to) = (wide(at + 1).unwrap(), wide(at + 3).unwrap());
                        let Some(value) = job.vm.dword(from) else { return fault(from, Access::Read, "load") };
                        if !job.vm.store_dword(to, value) {
                            return fault(to, Access::Write, "store");
                        }
                        at += 5;
                    }
                    Some(HANG) => return Outcome::Hang { why: "asked to".into() },
                    other => return Outcome::Illegal { why: format!("{other:?}") },
                }
            }
        }
        Outcome::DONE
    }
}

fn store(va: u64, value: u32) -> Vec<u32> {
    vec![STORE, va as u32, (va >> 32) as u32, value]
}

fn copy(from: u64, to: u64) -> Vec<u32> {
    vec![COPY, from as u32, (from >> 32) as u32, to as u32, (to >> 32) as u32]
}

fn kernel_of(flavour: Flavour, chip: &str, change: impl FnOnce(&mut Config)) -> Kernel {
    kernel_with(flavour, chip, Arc::new(Interpreter), change)
}

fn kernel(flavour: Flavour) -> Kernel {
    kernel_of(flavour, "gfx1100", |_| {})
}

/// A context, a buffer of commands and a buffer of data.
struct Bench {
    context: Arc<Context>,
    commands: CpuMapping,
    ib: Arc<VaMapping>,
    data: CpuMapping,
    at: Arc<VaMapping>,
    residency: Arc<Residency>,
}

impl Bench {
    fn new(device: &Arc<Device>) -> Self {
        let context = Context::new(device, Priority::Normal).unwrap();
        let buffer = |request| BufferObject::new(device, &request).unwrap();
        let commands = buffer(BufferRequest::gtt(1 << 16).access(CpuAccess::Write));
        let data = buffer(BufferRequest::gtt(1 << 16));
        let ib = VaMapping::new(&commands, PageFlags::CODE).unwrap();
        let at = VaMapping::new(&data, PageFlags::DATA).unwrap();
        let residency = Residency::new([ib.clone(), at.clone()]);
        Self { context, commands: commands.map().unwrap(), ib, data: data.map().unwrap(), at, residency }
    }

    fn submission(&mut self, commands: &[u32]) -> Submission {
        let mut words = commands.to_vec();
        words.resize(commands.len().next_multiple_of(8), NOP);
        for (index, word) in words.iter().enumerate() {
            self.commands.store_u32(index * 4, *word).unwrap();
        }
        let mut submission = Submission::new(&self.context, Queue::compute(0)).unwrap();
        submission.residency(&self.residency).unwrap();
        submission.ib(self.ib.address(), words.len() as u64 * 4, IbFlags::INVALIDATE_CACHES).unwrap();
        submission
    }

    fn submit(&mut self, commands: &[u32]) -> Result<Fence, Error> {
        self.submission(commands).submit()
    }
}

fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(20))
}

#[test]
fn every_kernel_and_chip_is_recognised() {
    for flavour in Flavour::ALL {
        for chip in ["gfx1100", "gfx1101", "gfx1102", "gfx1103", "gfx1150", "gfx1151"] {
            if flavour == Flavour::V6_1 && chip.starts_with("gfx115") {
                continue;
            }
            let kernel = kernel_of(flavour, chip, |_| {});
            let info = open(&kernel).info().clone();
            assert_eq!((info.gfx.to_string().as_str(), info.drm_minor), (chip, flavour.minor()));
            assert_eq!(info.integrated, !["gfx1100", "gfx1101", "gfx1102"].contains(&chip));
            assert_eq!(info.compute.count, 4);
            assert!(info.compute_units > 0 && info.memory.gtt.total_bytes > 0);
            assert_eq!(complaints(&kernel), [""; 0]);
        }
    }
}

#[test]
fn work_is_done_and_seen() {
    for flavour in Flavour::ALL {
        let kernel = kernel(flavour);
        let device = open(&kernel);
        let mut bench = Bench::new(&device);
        let base = bench.at.address().get();
        for round in 1..=50_u32 {
            bench.data.store_u32(8, round * 3).unwrap();
            let commands = [store(base, round), copy(base + 8, base + 12)].concat();
            let fence = bench.submit(&commands).unwrap();
            assert_eq!(fence.seq(), u64::from(round));
            fence.wait(soon()).unwrap();
            assert_eq!(bench.data.load_u32(0).unwrap(), round);
            assert_eq!(bench.data.load_u32(12).unwrap(), round * 3);
        }
        drop((bench, device));
        assert_eq!(complaints(&kernel), [""; 0], "{flavour:?}");
    }
}

#[test]
fn vram_gtt_and_host_memory_work_together() {
    for flavour in Flavour::ALL {
        let kernel = kernel(flavour);
        let device = open(&kernel);
        let mut bench = Bench::new(&device);
        let vram = BufferObject::new(&device, &BufferRequest::vram(5 << 20)).unwrap();
        assert_eq!(vram.placement(), Some(Placement::Vram));
        let private = BufferObject::new(&device, &BufferRequest::vram(4096).always_valid()).unwrap();
        let mut memory = HostMemory::new(8192).unwrap();
        memory.store_u32(4, 0x5eed).unwrap();
        let host = BufferObject::from_host(&device, memory, false).unwrap();
        let map = |buffer| VaMapping::new(buffer, PageFlags::DATA).unwrap();
        let (vram, private, host) = (map(&vram), map(&private), map(&host));
        bench.residency =
            Residency::new([bench.ib.clone(), bench.at.clone(), vram.clone(), private.clone(), host.clone()]);
        let hop = |mapping: &VaMapping| mapping.address().get() + 64;
        let (start, end) = (host.address().get() + 4, bench.at.address().get());
        let commands = [copy(start, hop(&vram)), copy(hop(&vram), hop(&private)), copy(hop(&private), end)].concat();
        bench.submit(&commands).unwrap().wait(soon()).unwrap();
        assert_eq!(bench.data.load_u32(0).unwrap(), 0x5eed);
        drop((bench, vram, private, host, device));
        assert_eq!(complaints(&kernel), [""; 0], "{flavour:?}");
    }
}

#[test]
fn queues_wait_for_each_other() {
    for flavour in Flavour::ALL {
        let kernel = kernel(flavour);
        kernel.inject().slow(Duration::from_millis(5), 7);
        let device = open(&kernel);
        let mut bench = Bench::new(&device);
        let base = bench.at.address().get();
        let mut chain: Option<Fence> = None;
        let binary = SyncObj::new(&device, false).unwrap();
        let timeline = SyncObj::new(&device, false).unwrap();
        bench.submission(&store(base, 1));
        for step in 1..=20_u64 {
            let mut submission =
                Submission::new(&bench.context, Queue::compute(u32::try_from(step % 4).unwrap())).unwrap();
            submission.residency(&bench.residency).unwrap().ib(bench.ib.address(), 32, IbFlags::empty()).unwrap();
            match step % 3 {
                _ if step == 1 => {}
                0 => drop(submission.after(chain.as_ref().unwrap()).unwrap()),
                1 => drop(submission.wait_for(&timeline, step - 1).unwrap()),
                _ => drop(submission.wait_for(&binary, 0).unwrap()),
            }
            submission.signal(&binary, 0).unwrap().signal(&timeline, step).unwrap();
            chain = Some(submission.submit().unwrap());
        }
        timeline.wait(20, soon()).unwrap();
        assert_eq!(timeline.point().unwrap(), 20);
        assert!(chain.as_ref().unwrap().is_done().unwrap(), "the last of a chain is done when its point is reached");
        let last = SyncObj::from_fence(chain.as_ref().unwrap()).unwrap();
        SyncObj::wait_all(&[(&last, 0), (&binary, 0), (&timeline, 3)], soon()).unwrap();
        let copy = SyncObj::import(&device, last.export().unwrap().as_fd()).unwrap();
        copy.wait(0, soon()).unwrap();
        drop((bench, chain, binary, timeline, last, copy, device));
        assert_eq!(complaints(&kernel), [""; 0], "{flavour:?}");
    }
}

#[test]
fn a_wait_that_ends_early_says_busy() {
    let kernel = kernel(Flavour::V6_12);
    kernel.inject().slow(Duration::from_millis(300), 1);
    let device = open(&kernel);
    let mut bench = Bench::new(&device);
    let base = bench.at.address().get();
    let fences: Vec<Fence> = (0..3).map(|_| bench.submit(&store(base, 9)).unwrap()).collect();
    let busy = fences.last().unwrap().wait(Deadline::after(Duration::from_millis(1)));
    assert!(matches!(busy, Err(Error::Timeout { .. })), "{busy:?}");
    assert_eq!(Fence::wait_any(&fences.iter().collect::<Vec<_>>(), soon()).unwrap(), Some(0));
    fences.last().unwrap().wait(soon()).unwrap();
}

#[test]
fn a_hang_poisons_the_context_and_a_new_one_works() {
    for flavour in Flavour::ALL {
        let kernel = kernel(flavour);
        let device = open(&kernel);
        let mut bench = Bench::new(&device);
        let error = bench.submit(&[HANG]).unwrap().wait(soon()).unwrap_err();
        assert!(matches!(error, Error::Hang { .. } | Error::ContextLost { .. }), "{flavour:?}: {error:?}");
        assert!(error.loses_context());
        let mut bench = Bench::new(&device);
        assert_eq!(bench.context.state().unwrap() & ResetState::GUILTY, ResetState::empty());
        let base = bench.at.address().get();
        bench.submit(&store(base, 5)).unwrap().wait(soon()).unwrap();
        assert_eq!(bench.data.load_u32(0).unwrap(), 5);
    }
}

#[test]
fn a_page_fault_is_named() {
    for flavour in [Flavour::V6_12, Flavour::V7_3] {
        let kernel = kernel(flavour);
        let device = open(&kernel);
        let mut bench = Bench::new(&device);
        let nowhere = bench.at.address().get() + (1 << 16);
        let error = bench.submit(&store(nowhere, 5)).unwrap().wait(soon()).unwrap_err();
        let Error::Hang { fault: Some(fault), .. } = &error else { panic!("{flavour:?}: {error:?}") };
        assert_eq!((fault.address.get(), fault.is_write()), (nowhere, true), "{error}");
        assert!(error.to_string().contains("vector memory"), "{error}");
    }
}

#[test]
fn lost_vram_ends_contexts_and_is_told() {
    for flavour in Flavour::ALL {
        let kernel = kernel(flavour);
        let device = open(&kernel);
        let mut bench = Bench::new(&device);
        let base = bench.at.address().get();
        bench.submit(&store(base, 1)).unwrap().wait(soon()).unwrap();
        kernel.lose_vram(0).unwrap();
        assert!(bench.context.state().unwrap().contains(ResetState::VRAM_LOST));
        let error = bench.submit(&store(base, 2)).unwrap_err();
        let Error::ContextLost { state, .. } = &error else { panic!("{flavour:?}: {error:?}") };
        assert!(state.contains(ResetState::VRAM_LOST) && error.to_string().contains("upload"));
        assert_eq!(device.vram_losses().unwrap(), 1);
        let mut bench = Bench::new(&device);
        let base = bench.at.address().get();
        bench.submit(&store(base, 3)).unwrap().wait(soon()).unwrap();
    }
}

#[test]
fn signals_at_any_moment_change_nothing() {
    for flavour in Flavour::ALL {
        let kernel = kernel(flavour);
        kernel.inject().interrupts(0.3, 11);
        kernel.inject().again(0.3, 12);
        let device = open(&kernel);
        let mut bench = Bench::new(&device);
        let host = BufferObject::from_host(&device, HostMemory::new(4096).unwrap(), false).unwrap();
        let host = VaMapping::new(&host, PageFlags::DATA).unwrap();
        bench.residency = Residency::new([bench.ib.clone(), bench.at.clone(), host]);
        let base = bench.at.address().get();
        for round in 1..=100 {
            bench.submit(&store(base, round)).unwrap().wait(soon()).unwrap();
            assert_eq!(bench.data.load_u32(0).unwrap(), round);
        }
    }
}

#[test]
fn a_device_that_is_pulled_out_is_gone() {
    let kernel = kernel(Flavour::V7_3);
    let device = open(&kernel);
    let mut bench = Bench::new(&device);
    let base = bench.at.address().get();
    let fence = bench.submit(&store(base, 1)).unwrap();
    kernel.unplug(0).unwrap();
    assert!(matches!(bench.submit(&store(base, 1)), Err(Error::Gone { .. })));
    assert!(matches!(device.memory(), Err(Error::Gone { .. })));
    drop((fence, bench));
}

#[test]
fn small_memory_falls_back_and_ends_with_an_error() {
    let kernel = kernel_of(Flavour::V6_12, "gfx1100", |config| {
        config.devices[0].vram_bytes = 64 << 20;
        config.devices[0].visible_vram_bytes = 64 << 20;
        config.devices[0].gtt_bytes = 64 << 20;
    });
    let device = open(&kernel);
    let mut buffers = Vec::new();
    let error = loop {
        match BufferObject::new(&device, &BufferRequest::vram(8 << 20)) {
            Ok(buffer) => buffers.push(buffer),
            Err(error) => break error,
        }
        assert!(buffers.len() < 20);
    };
    assert!(matches!(error, Error::OutOfMemory { .. }), "{error:?}");
    let in_vram = buffers.iter().filter(|buffer| buffer.placement() == Some(Placement::Vram)).count();
    assert!(in_vram >= 5 && in_vram < buffers.len(), "{in_vram} of {}", buffers.len());
    drop(buffers);
    assert!(BufferObject::new(&device, &BufferRequest::vram(8 << 20)).is_ok());
}

#[test]
fn dma_bufs_cross_devices_and_come_home() {
    let kernel = kernel(Flavour::V7_3);
    let (one, two) = (open(&kernel), open(&kernel));
    let buffer = BufferObject::new(&one, &BufferRequest::gtt(8192)).unwrap();
    buffer.map().unwrap().store_u32(0, 77).unwrap();
    let dma_buf = buffer.export().unwrap();
    let home = BufferObject::import(&one, dma_buf.as_fd()).unwrap();
    let abroad = BufferObject::import(&two, dma_buf.as_fd()).unwrap();
    assert_eq!((home.bytes(), abroad.bytes()), (8192, 8192));
    assert_eq!(one.kernel_buffers().unwrap(), Some(1), "home again with the same handle");
    drop(buffer);
    assert_eq!(home.map().unwrap().load_u32(0).unwrap(), 77);
    assert_eq!(abroad.map().unwrap().load_u32(0).unwrap(), 77);
    drop((home, abroad));
    assert_eq!((one.kernel_buffers().unwrap(), two.kernel_buffers().unwrap()), (Some(0), Some(0)));
    assert_eq!(complaints(&kernel), [""; 0]);
}

#[test]
fn work_dropped_early_leaves_no_complaint() {
    for flavour in Flavour::ALL {
        let kernel = kernel(flavour);
        kernel.inject().slow(Duration::from_millis(3), 3);
        let device = open(&kernel);
        for _ in 0..20 {
            let mut bench = Bench::new(&device);
            let base = bench.at.address().get();
            drop(bench.submit(&store(base, 1)).unwrap());
            drop(bench.submit(&store(base, 1)).unwrap());
        }
        drop(device);
        assert_eq!(complaints(&kernel), [""; 0], "{flavour:?}");
    }
}

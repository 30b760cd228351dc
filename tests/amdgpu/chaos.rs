//! Any sequence of making, using and dropping, with failures in between and from several threads: the kernel is never told
//! anything wrong, and nothing is left.

use crate::fake::*;
use proptest::prelude::*;
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, CpuAccess, CpuMapping, Deadline, Device, Errno, Fence, HostMemory, IbFlags,
    PageFlags, Priority, Queue, Residency, Submission, SyncObj, VaMapping,
};
use std::os::fd::AsFd;
use std::sync::Arc;

/// Whatever is alive.
#[derive(Default)]
struct World {
    buffers: Vec<Arc<BufferObject>>,
    views: Vec<CpuMapping>,
    mappings: Vec<Arc<VaMapping>>,
    contexts: Vec<Arc<Context>>,
    submissions: Vec<Submission>,
    fences: Vec<Fence>,
    semaphores: Vec<Arc<SyncObj>>,
}

fn pick<T>(list: &[T], which: usize) -> Option<&T> {
    list.get(which % list.len().max(1))
}

fn remove<T>(list: &mut Vec<T>, which: usize) {
    if !list.is_empty() {
        drop(list.swap_remove(which % list.len()));
    }
}

impl World {
    /// One step. Errors are what the fake was told to answer, or what follows from it.
    fn step(&mut self, device: &Arc<Device>, kind: u8, which: usize) {
        let request = [BufferRequest::gtt(4096), BufferRequest::vram(3 << 20), BufferRequest::gtt(1 << 16)][which % 3];
        match kind % 16 {
            0 => self.buffers.extend(BufferObject::new(device, &request)),
            1 => self.buffers.extend(BufferObject::new(device, &request.access(CpuAccess::None).always_valid())),
            2 => self.buffers.extend(BufferObject::from_host(device, HostMemory::new(4096).unwrap(), false)),
            3 => {
                let dma_buf = pick(&self.buffers, which).and_then(|buffer| buffer.export().ok());
                self.buffers.extend(dma_buf.and_then(|fd| BufferObject::import(device, fd.as_fd()).ok()));
            }
            4 => self.views.extend(pick(&self.buffers, which).and_then(|buffer| buffer.map().ok())),
            5 | 6 => {
                let mapping =
                    pick(&self.buffers, which).and_then(|buffer| VaMapping::new(buffer, PageFlags::DATA).ok());
                self.mappings.extend(mapping);
            }
            7 => self.contexts.extend(Context::new(device, Priority::Normal)),
            8 => self.semaphores.extend(SyncObj::new(device, false)),
            9 => {
                let Some(context) = pick(&self.contexts, which) else { return };
                let mut submission = Submission::new(context, Queue::compute(which as u32 % 4)).unwrap();
                submission.residency(&Residency::new(self.mappings.iter().cloned())).unwrap();
                if let Some(mapping) = pick(&self.mappings, which) {
                    submission.ib(mapping.address(), 32, IbFlags::empty()).unwrap();
                }
                if let Some(fence) = pick(&self.fences, which) {
                    submission.after(fence).unwrap();
                }
                if let Some(semaphore) = pick(&self.semaphores, which) {
                    submission.signal(semaphore, which as u64 % 2).unwrap();
                }
                self.submissions.push(submission);
            }
            10 | 11 => {
                let count = self.submissions.len().max(1);
                self.fences.extend(self.submissions.get_mut(which % count).and_then(|one| one.submit().ok()));
            }
            12 => drop(pick(&self.fences, which).map(|fence| fence.wait(Deadline::NOW))),
            13 => match which % 7 {
                0 => remove(&mut self.buffers, which),
                1 => remove(&mut self.views, which),
                2 => remove(&mut self.mappings, which),
                3 => remove(&mut self.contexts, which),
                4 => remove(&mut self.submissions, which),
                5 => remove(&mut self.semaphores, which),
                _ => remove(&mut self.fences, which),
            },
            _ => remove(&mut self.fences, which),
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn any_life_ends_clean(
        steps in prop::collection::vec((any::<u8>(), 0_usize..1000, 0_u8..12), 1..120),
    ) {
        let fake = Fake::new();
        let device = fake.open();
        let mut world = World::default();
        for (kind, which, trouble) in steps {
            {
                let mut state = fake.state();
                state.count = 0;
                state.fail_at = match trouble {
                    0 => Some((0, Errno::EINVAL)),
                    1 => Some((1, Errno::EINTR)),
                    2 => Some((0, Errno::EAGAIN)),
                    3 => Some((1, Errno::ECANCELED)),
                    _ => None,
                };
                state.waits = match trouble {
                    4 => [Ok(1), Ok(1)].into(),
                    5 => [Err(Errno::ETIME)].into(),
                    _ => [].into(),
                };
                state.counts = trouble == 6;
            }
            world.step(&device, kind, which);
        }
        {
            let mut state = fake.state();
            (state.fail_at, state.waits) = (None, [].into());
            prop_assert!(state.mistakes.is_empty(), "{:?}", state.mistakes);
        }
        drop(world);
        drop(device);
        fake.assert_empty("a random life");
    }
}

#[test]
fn threads_share_a_device_and_a_context() {
    let fake = Fake::new();
    let device = fake.open();
    let context = Context::new(&device, Priority::Normal).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u32 {
            let (device, context) = (&device, &context);
            scope.spawn(move || {
                for round in 0..100 {
                    let buffer = BufferObject::new(device, &BufferRequest::gtt(4096)).unwrap();
                    let mapping = VaMapping::new(&buffer, PageFlags::CODE).unwrap();
                    let mut submission = Submission::new(context, Queue::compute(thread)).unwrap();
                    submission.residency(&Residency::new([mapping.clone()])).unwrap();
                    submission.ib(mapping.address(), 32, IbFlags::empty()).unwrap();
                    let fence = submission.submit().unwrap();
                    assert_eq!(fence.seq(), round + 1, "each ring is this thread's alone");
                    if round % 3 != 0 {
                        fence.wait(Deadline::NEVER).unwrap();
                    }
                }
            });
        }
    });
    drop((context, device));
    fake.assert_empty("four threads");
}

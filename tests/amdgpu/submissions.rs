//! What a submission sends: chunks, lists, flags; and what it refuses to send.

use crate::fake::*;
use sparkle::amdgpu::{
    BufferObject, BufferRequest, Context, Deadline, Device, Errno, Error, GpuVa, IbFlags, Ip, PageFlags, Priority,
    Queue, Residency, Submission, SyncObj, VaMapping,
};
use sparkle::backend::gpu::Gpu;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub struct Setup {
    pub fake: Fake,
    pub device: Arc<Device>,
    pub context: Arc<Context>,
    pub ib: Arc<VaMapping>,
    pub residency: Arc<Residency>,
}

/// A device with a context (its page of counters is buffer 1) and a mapped buffer (2) of 64 KiB for commands.
pub fn setup() -> Setup {
    let fake = Fake::new();
    let device = fake.open();
    let context = Context::new(&device, Priority::Normal).unwrap();
    let buffer = BufferObject::new(&device, &BufferRequest::gtt(1 << 16)).unwrap();
    let ib = VaMapping::new(&buffer, PageFlags::CODE).unwrap();
    let residency = Residency::new([ib.clone()]);
    Setup { fake, device, context, ib, residency }
}

impl Setup {
    pub fn submission(&self) -> Submission {
        let mut submission = Submission::new(&self.context, Queue::compute(0)).unwrap();
        submission.residency(&self.residency).unwrap();
        submission.ib(self.ib.address(), 64, IbFlags::empty()).unwrap();
        submission
    }
}

#[test]
fn the_smallest_submission() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    assert_eq!(fence.seq(), 1);
    let cs = setup.fake.last(CS);
    // ctx_id@0, bo_list_handle@4, num_chunks@8, flags@12.
    assert_eq!((cs.u32(0), cs.u32(4), cs.u32(8), cs.u32(12)), (1, 0, 3, 0));
    assert_eq!(cs.chunks.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [6, 1, 2]);
    let list = cs.chunk(6);
    // operation ~0, list_handle ~0, one entry of 8 bytes, then its address.
    assert_eq!(list[..16], block(16, &[(0, 8, u64::MAX), (8, 4, 1), (12, 4, 8)]));
    assert_eq!(cs.buffers, block(8, &[(0, 4, 2)]));
    // flags@4, va_start@8, ib_bytes@16, ip_type@20 (compute 1), ip_instance@24, ring@28.
    assert_eq!(cs.chunk(1), block(32, &[(8, 8, 1 << 32), (16, 4, 64), (20, 4, 1)]));
    // handle@0, offset@4: buffer 1; a multiple of 8 inside the page.
    let counter = cs.chunk(2);
    assert_eq!((counter.len(), get32(counter, 0), get32(counter, 4) % 8), (8, 1, 0));
    assert!(get32(counter, 4) <= 4088);
    fence.wait(Deadline::NEVER).unwrap();
    // handle@0, timeout@8, ip_type@16, ip_instance@20, ring@24, ctx_id@28.
    let wait = block(32, &[(0, 8, 1), (8, 8, 0x7fff_ffff_ffff_ffff), (16, 4, 1), (28, 4, 1)]);
    assert_eq!(setup.fake.last(WAIT_CS).argument, wait);
}

#[test]
fn everything_at_once() {
    let setup = setup();
    let earlier = setup.submission().submit().unwrap();
    let semaphores: Vec<_> = (0..4).map(|_| SyncObj::new(&setup.device, false).unwrap()).collect();
    let mut submission = Submission::new(&setup.context, Queue::compute(3)).unwrap();
    submission.residency(&setup.residency).unwrap();
    let second = GpuVa::new((1 << 32) + 256);
    submission.ib(setup.ib.address(), 32, IbFlags::INVALIDATE_CACHES).unwrap();
    submission.ib(second, 0x3f_ffe0, IbFlags::empty()).unwrap();
    submission.after(&earlier).unwrap().after_start(&earlier).unwrap();
    submission.wait_for(&semaphores[0], 0).unwrap().wait_for(&semaphores[1], 7).unwrap();
    submission.signal(&semaphores[2], 0).unwrap().signal(&semaphores[3], 9).unwrap();
    let fence = submission.submit().unwrap();
    assert_eq!((fence.seq(), fence.queue()), (1, Queue { ip: Ip::Compute, ring: 3 }), "each ring counts for itself");
    let cs = setup.fake.last(CS);
    let ids: Vec<u32> = cs.chunks.iter().map(|(id, _)| *id).collect();
    assert_eq!(ids, [6, 1, 1, 2, 3, 7, 4, 8, 9]);
    assert_eq!(cs.chunks[1].1, block(32, &[(4, 4, 0x40), (8, 8, 1 << 32), (16, 4, 32), (20, 4, 1), (28, 4, 3)]));
    assert_eq!(cs.chunks[2].1, block(32, &[(8, 8, second.get()), (16, 4, 0x3f_ffe0), (20, 4, 1), (28, 4, 3)]));
    // ip_type@0, ip_instance@4, ring@8, ctx_id@12, handle@16.
    let dependency = block(24, &[(0, 4, 1), (12, 4, 1), (16, 8, 1)]);
    assert_eq!((cs.chunk(3), cs.chunk(7)), (&dependency[..], &dependency[..]));
    assert_eq!(cs.chunk(4), block(4, &[(0, 4, 1)]));
    // handle@0, flags@4, point@8.
    assert_eq!(cs.chunk(8), block(16, &[(0, 4, 2), (8, 8, 7)]));
    assert_eq!(cs.chunk(9), block(32, &[(0, 4, 3), (16, 4, 4), (24, 8, 9)]));
    drop((earlier, fence));
}

#[test]
fn binary_signals_alone_use_their_own_chunk() {
    let setup = setup();
    let semaphore = SyncObj::new(&setup.device, false).unwrap();
    let mut submission = setup.submission();
    submission.signal(&semaphore, 0).unwrap();
    drop(submission.submit().unwrap());
    let cs = setup.fake.last(CS);
    assert_eq!(cs.chunk(5), block(4, &[(0, 4, 1)]));
    assert!(cs.chunks.iter().all(|(id, _)| *id != 9));
}

#[test]
fn a_submission_can_be_sent_again_and_cleared() {
    let setup = setup();
    let mut submission = setup.submission();
    assert_eq!(submission.submit().unwrap().seq(), 1);
    assert_eq!(submission.submit().unwrap().seq(), 2);
    let calls = setup.fake.calls(CS);
    assert_eq!(calls[0].chunks[1..], calls[1].chunks[1..], "the same again");
    submission.clear();
    assert!(matches!(submission.submit(), Err(Error::EmptySubmission { .. })));
    submission.ib(setup.ib.address(), 32, IbFlags::empty()).unwrap();
    assert_eq!(submission.submit().unwrap().seq(), 3);
    assert!(setup.fake.last(CS).buffers.is_empty());
}

#[test]
fn residencies_name_each_buffer_once_and_leave_out_what_is_always_valid() {
    let setup = setup();
    let request = BufferRequest::gtt(4096);
    let plain = BufferObject::new(&setup.device, &request).unwrap();
    let valid = BufferObject::new(&setup.device, &request.always_valid()).unwrap();
    let other = BufferObject::new(&setup.device, &request).unwrap();
    let map = |buffer| VaMapping::new(buffer, PageFlags::DATA).unwrap();
    let mappings = [map(&plain), map(&plain), map(&valid), setup.ib.clone()];
    let residency = Residency::with_buffers(mappings, [other.clone(), plain.clone(), valid.clone()]);
    let mut submission = setup.submission();
    submission.residency(&residency).unwrap();
    let _fence = submission.submit().unwrap();
    let buffers = setup.fake.last(CS).buffers;
    let handles: Vec<u32> = buffers.chunks(8).map(|entry| get32(entry, 0)).collect();
    assert_eq!(handles, [2, 3, 5], "buffer 4 is always valid, 1 is the page of counters");
}

#[test]
fn indirect_buffers_that_hang_hardware_are_refused_here() {
    let setup = setup();
    let mut submission = Submission::new(&setup.context, Queue::compute(0)).unwrap();
    let base = 1 << 32;
    for (va, bytes) in [
        (base, 0),
        (base, 4),
        (base, 33),
        (base + 4, 32),
        (base + 16, 32),
        (base, 0x40_0000),
        (base, 1 << 32),
        (base, u64::MAX),
    ] {
        let refused = submission.ib(GpuVa::new(va), bytes, IbFlags::empty());
        assert!(matches!(refused, Err(Error::IndirectBuffer { .. })), "{va:#x} {bytes:#x}");
    }
    assert!(submission.ib(GpuVa::new(base), 0x3f_ffe0, IbFlags::empty()).is_ok());
    // The DMA engine wants 256 bytes of its addresses and whole dwords of its sizes.
    let mut copies = Submission::new(&setup.context, Queue { ip: Ip::Dma, ring: 0 }).unwrap();
    assert!(copies.ib(GpuVa::new(base + 32), 64, IbFlags::empty()).is_err());
    assert!(copies.ib(GpuVa::new(base + 256), 66, IbFlags::empty()).is_err());
    assert!(copies.ib(GpuVa::new(base + 256), 68, IbFlags::empty()).is_ok());
    assert!(setup.fake.calls(CS).is_empty());
}

#[test]
fn more_indirect_buffers_than_the_kernel_takes_are_refused_here() {
    let setup = setup();
    for (ip, limit) in [(Ip::Graphics, 192), (Ip::Compute, 125), (Ip::Dma, 49)] {
        let mut submission = Submission::new(&setup.context, Queue { ip, ring: 0 }).unwrap();
        for _ in 0..limit {
            submission.ib(setup.ib.address(), 32, IbFlags::empty()).unwrap();
        }
        let refused = submission.ib(setup.ib.address(), 32, IbFlags::empty()).map(|_| ());
        assert!(matches!(refused, Err(Error::TooManyIbs { limit: of, .. }) if of == limit));
        submission.clear();
        assert!(submission.ib(setup.ib.address(), 32, IbFlags::empty()).is_ok());
    }
}

#[test]
fn rings_that_are_not_there_are_refused() {
    let setup = setup();
    let error = Submission::new(&setup.context, Queue::compute(4)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "/dev/dri/renderD128: there is no compute ring 4; this device has 4 rings of that kind"
    );
    assert!(Submission::new(&setup.context, Queue { ip: Ip::Graphics, ring: 1 }).is_err());
    assert!(Submission::new(&setup.context, Queue { ip: Ip::Dma, ring: 0 }).is_ok());
}

#[test]
fn objects_of_another_device_are_refused() {
    let (one, two) = (setup(), setup());
    let fence = two.submission().submit().unwrap();
    let semaphore = SyncObj::new(&two.device, false).unwrap();
    let mut submission = one.submission();
    let strange = |result: Result<&mut Submission, Error>| matches!(result, Err(Error::OtherDevice { .. }));
    assert!(strange(submission.residency(&two.residency)));
    assert!(strange(submission.after(&fence)));
    assert!(strange(submission.after_start(&fence)));
    assert!(strange(submission.wait_for(&semaphore, 0)));
    assert!(strange(submission.signal(&semaphore, 1)));
    let own = SyncObj::new(&one.device, false).unwrap();
    assert!(matches!(own.copy_from(0, &semaphore, 0), Err(Error::OtherDevice { .. })));
    assert!(matches!(SyncObj::wait_any(&[(&own, 0), (&semaphore, 0)], Deadline::NOW), Err(Error::OtherDevice { .. })));
}

#[test]
fn a_working_set_that_does_not_fit_is_tried_again_for_a_second() {
    let setup = setup();
    setup.fake.state().fail.insert(CS, (3, Errno::ENOMEM));
    assert_eq!(setup.submission().submit().unwrap().seq(), 1);
    assert_eq!(setup.fake.calls(CS).len(), 4);
    setup.fake.state().fail.insert(CS, (u32::MAX, Errno::ENOMEM));
    let start = Instant::now();
    let error = setup.submission().submit().unwrap_err();
    assert!(matches!(error, Error::WorkingSet { buffers: 1, .. }), "{error}");
    assert!(start.elapsed() > Duration::from_millis(900) && start.elapsed() < Duration::from_secs(10));
}

/// The number of a context that is gone would be another's.
#[test]
fn a_dependency_keeps_the_context_that_it_names() {
    let setup = setup();
    let other = Context::new(&setup.device, Priority::Normal).unwrap();
    let mut submission = Submission::new(&other, Queue::compute(0)).unwrap();
    submission.ib(setup.ib.address(), 32, IbFlags::empty()).unwrap();
    let earlier = submission.submit().unwrap();
    let mut later = setup.submission();
    later.after(&earlier).unwrap();
    drop((earlier, submission, other));
    assert!(setup.fake.calls(CTX).iter().all(|call| call.u32(0) == 1), "none is freed");
    drop(later.submit().unwrap());
    assert_eq!(get32(setup.fake.last(CS).chunk(3), 12), 2);
    later.clear();
    assert_eq!((setup.fake.last(CTX).u32(0), setup.fake.last(CTX).u32(8)), (2, 2));
}

#[test]
fn each_ring_has_a_counter_of_its_own() {
    let setup = setup();
    let queues = [(Ip::Graphics, 0), (Ip::Compute, 0), (Ip::Compute, 1), (Ip::Compute, 3), (Ip::Dma, 0)];
    let mut places: Vec<u32> = Vec::new();
    for (ip, ring) in queues {
        let mut submission = Submission::new(&setup.context, Queue { ip, ring }).unwrap();
        submission.ib(setup.ib.address(), 32, IbFlags::empty()).unwrap();
        drop(submission.submit().unwrap());
        let counter = setup.fake.last(CS).chunk(2).to_vec();
        assert_eq!(get32(&counter, 4) % 8, 0);
        places.push(get32(&counter, 4));
    }
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), queues.len());
    assert!(places.iter().all(|place| *place <= 4088));
}

/// A launcher's stream over the fake: what one waits for is sent with the list, also where it was refused the first time.
#[test]
fn a_stream_that_was_refused_waits_all_the_same_when_it_is_tried_again() {
    let fake = Fake::new();
    let gpu = Gpu::open(fake.open()).unwrap();
    let (mut first, mut second) = (gpu.stream_on(0).unwrap(), gpu.stream_on(1).unwrap());
    let pending = first.submit(&mut first.list().unwrap()).unwrap();
    let mut list = second.list().unwrap();
    second.wait_for(&pending).unwrap();
    fake.state().fail.insert(CS, (1, Errno::EBUSY));
    second.submit(&mut list).unwrap_err();
    let sent = second.submit(&mut list).unwrap();
    assert_eq!(fake.last(CS).chunk(3).len(), 24, "one dependency");
    drop(second.submit(&mut list).unwrap());
    assert!(fake.last(CS).chunks.iter().all(|(id, _)| *id != 3), "and none once it was sent");
    drop((sent, pending));
}

//! Waiting: absolute deadlines, the status that alone says done, interruptions, and work that was ended.

use crate::fake::*;
use crate::submissions::setup;
use sparkle::amdgpu::{BufferObject, BufferRequest, Deadline, Errno, Error, Fence, ResetState, SyncObj};
use std::time::{Duration, Instant};

fn monotonic() -> u64 {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    u64::try_from(Duration::from(time).as_nanos()).unwrap()
}

#[test]
fn success_with_status_busy_is_not_done() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    setup.fake.state().waits = [Ok(1), Ok(1), Ok(0)].into();
    assert!(!fence.is_done().unwrap());
    assert!(!fence.is_done().unwrap());
    assert!(fence.is_done().unwrap());
    assert!(setup.fake.calls(WAIT_CS).iter().all(|wait| wait.u64(8) == 0), "a look is a deadline in the past");
    assert!(fence.is_done().unwrap());
    assert_eq!(setup.fake.calls(WAIT_CS).len(), 3, "what is done isn't asked again");
}

#[test]
fn deadlines_are_absolute_and_the_same_in_every_round() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    setup.fake.state().waits = [Err(Errno::EINTR), Ok(1), Err(Errno::EAGAIN), Ok(1), Ok(0)].into();
    let before = monotonic();
    fence.wait(Deadline::after(Duration::from_secs(5))).unwrap();
    let waits = setup.fake.calls(WAIT_CS);
    assert_eq!(waits.len(), 5);
    let deadline = waits[0].u64(8);
    assert!(deadline >= before + 5_000_000_000 && deadline <= monotonic() + 5_000_000_000);
    assert!(waits.iter().all(|wait| wait.argument == waits[0].argument), "each round sends the whole block again");
}

#[test]
fn a_deadline_that_passes_is_a_timeout_and_the_work_goes_on() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    setup.fake.state().waits = vec![Ok(1); 100_000].into();
    let start = Instant::now();
    let error = fence.wait(Deadline::after(Duration::from_millis(30))).unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(30));
    let Error::Timeout { seq: 1, waited, .. } = &error else { panic!("{error}") };
    assert!(*waited >= Duration::from_millis(30) && !error.loses_context());
    assert!(error.to_string().starts_with("/dev/dri/renderD128: submission 1 on compute ring 0 still runs after "));
    let calls = setup.fake.calls(WAIT_CS).len();
    assert!(calls > 2 && calls < 600, "{calls} looks in 30 ms: the kernel rounds short waits down to none");
    setup.fake.state().waits.clear();
    fence.wait(Deadline::NEVER).unwrap();
}

#[test]
fn the_counter_spares_the_call() {
    let setup = setup();
    setup.fake.state().counts = true;
    let fence = setup.submission().submit().unwrap();
    fence.wait(Deadline::NEVER).unwrap();
    assert!(fence.is_done().unwrap());
    drop(fence);
    assert!(setup.fake.calls(WAIT_CS).is_empty());
}

#[test]
fn the_counter_of_another_submission_or_ring_does_not_count() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    let (page, slot) = {
        let cs = setup.fake.last(CS);
        (get32(cs.chunk(2), 0), get32(cs.chunk(2), 4))
    };
    setup.fake.poke(page, u64::from(slot) + 8, 99);
    setup.fake.state().waits = [Ok(1)].into();
    assert!(!fence.is_done().unwrap());
    setup.fake.poke(page, slot.into(), 1);
    assert!(fence.is_done().unwrap());
    assert_eq!(setup.fake.calls(WAIT_CS).len(), 1);
}

/// A hang that the kernel recovered from by killing waves lets the counter advance; after a while only the kernel is believed.
#[test]
fn a_counter_that_is_late_proves_nothing() {
    let setup = setup();
    setup.fake.state().counts = true;
    let fence = setup.submission().submit().unwrap();
    std::thread::sleep(Duration::from_millis(550));
    setup.fake.state().waits = [Err(Errno::ENODATA)].into();
    setup.fake.state().ctx_flags = 5;
    assert!(matches!(fence.wait(Deadline::NEVER), Err(Error::Hang { errno: Errno::ENODATA, .. })));
}

#[test]
fn work_that_was_ended_says_by_whose_fault() {
    let reset = ResetState::RESET;
    for (errno, flags, want) in [
        (Errno::ETIME, 0x5, Some(reset | ResetState::GUILTY)),
        // The whole GPU was reset for it: a Navi 3x loses its memory with that (MODE1).
        (Errno::ETIME, 0x7, Some(reset | ResetState::GUILTY | ResetState::VRAM_LOST)),
        (Errno::ENODATA, 0x4, Some(ResetState::GUILTY)),
        (Errno::ETIME, 0, Some(ResetState::empty())),
        (Errno::ECANCELED, 0x5, Some(reset | ResetState::GUILTY)),
        (Errno::ECANCELED, 0x1, None),
        (Errno::ECANCELED, 0x3, None),
    ] {
        let setup = setup();
        let fence = setup.submission().submit().unwrap();
        setup.fake.state().waits = [Err(errno)].into();
        setup.fake.state().ctx_flags = flags;
        setup.fake.state().fault = (0x7000, 0x0004_1051);
        let error = fence.wait(Deadline::NEVER).unwrap_err();
        assert!(error.loses_context());
        assert_eq!(error.to_string().contains("upload everything in VRAM again"), flags & 2 != 0, "{error}");
        match (&error, want) {
            (Error::Hang { errno: of, state, fault, .. }, Some(want)) => {
                assert_eq!((*of, *state, fault.unwrap().address.get()), (errno, want, 0x7000));
                assert!(
                    error.to_string().contains("last page fault at 0x7000")
                        && error.to_string().contains("make a new context")
                );
            }
            (Error::ContextLost { state, .. }, None) => assert!(state.contains(reset)),
            _ => panic!("{errno}, {flags}: {error}"),
        }
        // Work that was ended keeps nothing: dropping its fence asks nobody.
        setup.fake.forget();
        drop(fence);
        assert!(setup.fake.calls(WAIT_CS).is_empty());
    }
}

#[test]
fn a_poisoned_context_refuses_submissions_as_lost() {
    for errno in [Errno::ETIME, Errno::ECANCELED, Errno::ENODATA] {
        let setup = setup();
        setup.fake.state().fail.insert(CS, (1, errno));
        setup.fake.state().ctx_flags = 5;
        let error = setup.submission().submit().unwrap_err();
        assert!(matches!(error, Error::Hang { .. }), "{error}");
    }
}

#[test]
fn waiting_for_several() {
    let setup = setup();
    let fences: Vec<_> = (0..3).map(|_| setup.submission().submit().unwrap()).collect();
    let all: Vec<&Fence> = fences.iter().collect();
    setup.fake.state().waits = [Ok(1), Err(Errno::EINTR), Ok(0)].into();
    assert_eq!(Fence::wait_any(&all, Deadline::NEVER).unwrap(), Some(2));
    let wait = setup.fake.last(WAIT_FENCES);
    // fence_count@8, wait_all@12, timeout_ns@16.
    assert_eq!((wait.u32(8), wait.u32(12), wait.u64(16)), (3, 0, 0x7fff_ffff_ffff_ffff));
    setup.fake.state().waits = [Ok(1)].into();
    assert_eq!(Fence::wait_any(&all, Deadline::NOW).unwrap(), None);
    assert_eq!(Fence::wait_any(&[], Deadline::NEVER).unwrap(), None);
    setup.fake.state().waits = [Err(Errno::ETIME)].into();
    assert!(matches!(Fence::wait_any(&all, Deadline::NEVER), Err(Error::Hang { .. })));
}

#[test]
fn a_timeout_of_sync_objects_is_no_hang() {
    let setup = setup();
    let semaphore = SyncObj::new(&setup.device, false).unwrap();
    setup.fake.state().fail.insert(SYNCOBJ_WAIT, (1, Errno::ETIME));
    assert!(matches!(semaphore.wait(0, Deadline::NOW), Err(Error::SyncTimeout { .. })));
    setup.fake.state().fail.insert(SYNCOBJ_TIMELINE_WAIT, (1, Errno::ETIME));
    assert!(matches!(semaphore.wait(3, Deadline::NOW), Err(Error::SyncTimeout { .. })));
    setup.fake.state().fail.insert(SYNCOBJ_WAIT, (5, Errno::EINTR));
    semaphore.wait(0, Deadline::NEVER).unwrap();
    assert_eq!(setup.fake.calls(SYNCOBJ_WAIT).len(), 7);
}

#[test]
fn idle_buffers_are_told_from_busy_ones() {
    let setup = setup();
    let buffer = BufferObject::new(&setup.device, &BufferRequest::gtt(4096)).unwrap();
    setup.fake.state().waits = [Ok(1), Ok(1), Err(Errno::EINTR), Ok(0)].into();
    assert!(!buffer.wait_idle(Deadline::NOW).unwrap());
    assert!(buffer.wait_idle(Deadline::NEVER).unwrap(), "a wait that the kernel cut short goes on");
    assert_eq!(setup.fake.calls(GEM_WAIT_IDLE).len(), 4);
    assert_eq!(setup.fake.last(GEM_WAIT_IDLE).u64(8), 0x7fff_ffff_ffff_ffff);
}

#[test]
fn fences_become_descriptors_and_sync_objects() {
    let setup = setup();
    let fence = setup.submission().submit().unwrap();
    // fence: ctx_id@0, ip_type@4, ip_instance@8, ring@12, seq_no@16; what@24.
    let request = |what| block(32, &[(0, 4, 1), (4, 4, 1), (16, 8, 1), (24, 4, what)]);
    assert!(is_open(&fence.sync_file().unwrap()));
    assert_eq!(setup.fake.last(FENCE_TO_HANDLE).argument, request(2));
    let semaphore = SyncObj::from_fence(&fence).unwrap();
    assert_eq!(setup.fake.last(FENCE_TO_HANDLE).argument, request(0));
    drop(semaphore);
    assert_eq!(setup.fake.last(SYNCOBJ_DESTROY).u32(0), 1);
}

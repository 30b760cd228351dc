//! V91 to V96: waits.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sparkle_vgpu::kmd::{Errno, Flavour, Kind, Outcome};

use crate::harness::*;

fn held(flavour: Flavour) -> (Bench, Arc<Gate>) {
    let gate = Arc::new(Gate::default());
    let hold = gate.clone();
    let bench = Bench::with(flavour, move |_| {
        hold.pass();
        Outcome::DONE
    });
    (bench, gate)
}

#[test]
fn v91_deadlines_are_absolute() {
    for flavour in Flavour::ALL {
        let (bench, gate) = held(flavour);
        let (ctx, bo) = bench.ready();
        let sequence = bench.run(ctx, bo).unwrap();
        // One second "from now", as a beginner has it: the call succeeds and says "busy".
        let bytes = bench.ok(WAIT_CS, Bench::wait_block(ctx, sequence, 1_000_000_000));
        assert_eq!(u64_at(&bytes, 0), 1);
        assert!(bench.reported(Kind::Lint, "time span instead of a time"));
        assert_eq!(bench.wait(ctx, sequence, Duration::from_millis(20)), Ok(false));
        assert!(!bench.reported(Kind::Lint, ""), "a true deadline, and 0, are fine");
        gate.open();
        // The top bit is for ever.
        let bytes = bench.ok(WAIT_CS, Bench::wait_block(ctx, sequence, u64::MAX));
        assert_eq!(u64_at(&bytes, 0), 0);
    }
}

#[test]
fn v92_handles() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let wait = |handle| bench.wait(ctx, handle, LONG);
        assert_eq!((wait(0), wait(u64::MAX), wait(1)), (Ok(true), Ok(true), Err(Errno::EINVAL)), "a fresh ring");
        for number in 1..=40 {
            assert_eq!(bench.run(ctx, bo), Ok(number));
        }
        assert_eq!((wait(40), wait(1), wait(u64::MAX), wait(41)), (Ok(true), Ok(true), Ok(true), Err(Errno::EINVAL)));
        let block = |ctx, ip, instance, ring| {
            Bench::wait_block(ctx, 1, deadline(LONG)).u32(16, ip).u32(20, instance).u32(24, ring)
        };
        bench.fails(Errno::EINVAL, WAIT_CS, block(99, COMPUTE, 0, 0));
        bench.fails(Errno::EINVAL, WAIT_CS, block(ctx, 10, 0, 0));
        bench.fails(Errno::EINVAL, WAIT_CS, block(ctx, COMPUTE, 1, 0));
        bench.fails(Errno::EINVAL, WAIT_CS, block(ctx, COMPUTE, 0, 4));
    }
}

#[test]
fn v93_several_fences() {
    for flavour in Flavour::ALL {
        let (bench, gate) = held(flavour);
        let (ctx, bo) = bench.ready();
        let call = |count, all, addr, left| {
            let block = S::new(24).u64(0, addr).u32(8, count).u32(12, all).u64(16, deadline(left));
            let (result, bytes) = bench.call(WAIT_FENCES, block);
            result.map(|_| (u32_at(&bytes, 0), u32_at(&bytes, 4)))
        };
        let none = call(0, 1, 0x10, LONG);
        assert_eq!(none, if flavour == Flavour::V7_3 { Err(Errno::EINVAL) } else { Ok((1, 0)) });
        assert_eq!(call(0, 0, 0x10, LONG), Err(Errno::EINVAL));
        let sequence = bench.run(ctx, bo).unwrap();
        let entry = |seq| S::new(24).u32(0, ctx).u32(4, COMPUTE).u64(16, seq).0;
        let idle = S::new(24).u32(0, ctx).u32(4, GFX).0;
        let busy_idle = bench.put(&[entry(sequence), idle].concat());
        let short = Duration::from_millis(20);
        assert_eq!(call(2, 1, busy_idle, short), Ok((0, 0)), "status 0 is busy here");
        assert_eq!(call(2, 0, busy_idle, short), Ok((1, 1)), "the second never had work");
        assert_eq!(call(1, 0, busy_idle, short), Ok((0, 0)));
        let bad = bench.put(&entry(sequence + 1));
        assert_eq!(call(1, 1, bad, short), Err(Errno::EINVAL));
        assert_eq!(call(1, 1, 0x10, short), Err(Errno::EFAULT));
        gate.open();
        assert_eq!(call(2, 1, busy_idle, LONG), Ok((1, 0)));
    }
}

#[test]
fn v94_waits_round_down_to_the_timer() {
    let (bench, gate) = held(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    let sequence = bench.run(ctx, bo).unwrap();
    // 250 Hz: less than 4 ms is nothing. A few tries, as the machine may be busy.
    let polls = (0..20).any(|_| {
        let start = Instant::now();
        assert_eq!(bench.wait(ctx, sequence, Duration::from_millis(3)), Ok(false));
        start.elapsed() < Duration::from_millis(2)
    });
    assert!(polls);
    let start = Instant::now();
    assert_eq!(bench.wait(ctx, sequence, Duration::from_millis(42)), Ok(false));
    assert!(start.elapsed() >= Duration::from_millis(36));
    gate.open();
}

#[test]
fn v96_idle_objects() {
    let (bench, gate) = held(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    let (listed, other, local) =
        (bench.create(4096, GTT, 0), bench.create(4096, GTT, 0), bench.create(4096, GTT, ALWAYS_VALID));
    bench.cs(ctx, &[bench.list(&[bo, listed]), Bench::ib(VA, 32)]).unwrap();
    let busy = |handle| {
        let bytes = bench.ok(GEM_WAIT_IDLE, S::new(16).u32(0, handle).u64(8, 0));
        u32_at(&bytes, 0)
    };
    assert_eq!((busy(listed), busy(other), busy(local)), (1, 0, 1), "an always valid one stands for all");
    gate.open();
    bench.ok(GEM_WAIT_IDLE, S::new(16).u32(0, local).u64(8, deadline(LONG)));
    assert_eq!((busy(listed), busy(local)), (0, 0));
}

#[test]
fn fences_become_handles() {
    let (bench, gate) = held(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    let sequence = bench.run(ctx, bo).unwrap();
    let export =
        |what| bench.call(FENCE_TO_HANDLE, S::new(32).u32(0, ctx).u32(4, COMPUTE).u64(16, sequence).u32(24, what));
    assert_eq!(export(3).0, Err(Errno::EINVAL));
    let syncobj = u32_at(&export(0).1, 0);
    let handles = bench.put(&syncobj.to_le_bytes());
    bench.fails(Errno::ETIME, SYNCOBJ_WAIT, S::new(32).u64(0, handles).u32(16, 1));
    let shared = u32_at(&export(1).1, 0);
    let imported = u32_at(&bench.ok(SYNCOBJ_FD_TO_HANDLE, S::new(16).u32(8, shared)), 0);
    let sync_file = u32_at(&export(2).1, 0);
    let target = u32_at(&bench.ok(SYNCOBJ_CREATE, S::new(8)), 0);
    bench.ok(SYNCOBJ_FD_TO_HANDLE, S::new(16).u32(0, target).u32(4, 1).u32(8, sync_file));
    bench.fails(Errno::EINVAL, SYNCOBJ_FD_TO_HANDLE, S::new(16).u32(8, sync_file));
    let all = bench.put(&S::words(&[syncobj, imported, target]).0);
    bench.fails(Errno::ETIME, SYNCOBJ_WAIT, S::new(32).u64(0, all).u32(16, 3));
    let ready = || {
        let path = format!("/proc/self/fd/{sync_file}");
        assert!(std::fs::read_link(path).is_ok());
        poll(sync_file as i32)
    };
    assert!(!ready());
    gate.open();
    bench.ok(SYNCOBJ_WAIT, S::new(32).u64(0, all).u64(8, deadline(LONG)).u32(16, 3).u32(20, 1));
    assert!(ready(), "a sync file can be polled");
}

#[allow(unsafe_code)]
fn poll(number: i32) -> bool {
    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
    // SAFETY: the driver gave this number to the client, which is this test, and nobody closes it before its end.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(number) };
    poll(&mut [PollFd::new(fd, PollFlags::POLLIN)], PollTimeout::ZERO).unwrap() == 1
}

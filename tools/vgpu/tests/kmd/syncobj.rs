//! V95 and its neighbours: syncobjs.

use std::time::Duration;

use sparkle_vgpu::kmd::{Errno, Flavour};

use crate::harness::*;

fn create(bench: &Bench, flags: u32) -> u32 {
    u32_at(&bench.ok(SYNCOBJ_CREATE, S::new(8).u32(4, flags)), 0)
}

fn points(bench: &Bench, handle: u32, flags: u32) -> u64 {
    let (handles, to) = (bench.put(&handle.to_le_bytes()), bench.put(&[0; 8]));
    bench.ok(SYNCOBJ_QUERY, S::new(24).u64(0, handles).u64(8, to).u32(16, 1).u32(20, flags));
    u64_at(&bench.get(to, 8), 0)
}

fn signal_point(bench: &Bench, handle: u32, point: u64) {
    let (handles, points) = (bench.put(&handle.to_le_bytes()), bench.put(&point.to_le_bytes()));
    bench.ok(SYNCOBJ_TIMELINE_SIGNAL, S::new(24).u64(0, handles).u64(8, points).u32(16, 1));
}

#[test]
fn arguments() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        bench.fails(Errno::EINVAL, SYNCOBJ_CREATE, S::new(8).u32(4, 2));
        bench.fails(Errno::EINVAL, SYNCOBJ_DESTROY, S::new(8).u32(0, 9));
        bench.fails(Errno::EINVAL, SYNCOBJ_HANDLE_TO_FD, S::new(16).u32(0, 9));
        let one = create(&bench, 1);
        bench.fails(Errno::EINVAL, SYNCOBJ_DESTROY, S::new(8).u32(0, one).u32(4, 1));
        bench.fails(Errno::EINVAL, SYNCOBJ_HANDLE_TO_FD, S::new(16).u32(0, one).u32(12, 1));
        let (known, unknown) = (bench.put(&one.to_le_bytes()), bench.put(&9u32.to_le_bytes()));
        for request in [SYNCOBJ_RESET, SYNCOBJ_SIGNAL] {
            bench.fails(Errno::ENOENT, request, S::new(16).u64(0, unknown).u32(8, 1));
            bench.fails(Errno::EINVAL, request, S::new(16).u64(0, known).u32(8, 0));
            bench.fails(Errno::EINVAL, request, S::new(16).u64(0, known).u32(8, 1).u32(12, 1));
            bench.ok(request, S::new(16).u64(0, known).u32(8, 1));
        }
        bench.fails(Errno::ENOENT, SYNCOBJ_WAIT, S::new(32).u64(0, unknown).u32(16, 1));
        bench.ok(SYNCOBJ_WAIT, S::new(32).u64(0, unknown).u32(16, 0));
        bench.fails(Errno::EINVAL, SYNCOBJ_WAIT, S::new(32).u64(0, known).u32(16, 1).u32(20, 4));
        bench.fails(Errno::EINVAL, SYNCOBJ_WAIT, S::new(32).u64(0, known).u32(16, 1).u32(20, 0x10));
        let with_deadline = bench.call(SYNCOBJ_WAIT, S::new(32).u64(0, known).u32(16, 1).u32(20, 8)).0;
        assert_eq!(with_deadline, if flavour == Flavour::V6_1 { Err(Errno::EINVAL) } else { Ok(0) });
        bench.fails(Errno::ENOENT, SYNCOBJ_QUERY, S::new(24).u64(0, unknown).u32(16, 1));
        bench.fails(Errno::EINVAL, SYNCOBJ_QUERY, S::new(24).u64(0, known).u32(16, 0));
        bench.fails(Errno::EINVAL, SYNCOBJ_TIMELINE_SIGNAL, S::new(24).u64(0, known).u32(16, 1).u32(20, 1));
        bench.fails(Errno::EINVAL, SYNCOBJ_TRANSFER, S::new(32).u32(0, one).u32(4, one).u32(28, 1));
        bench.ok(SYNCOBJ_DESTROY, S::new(8).u32(0, one));
        assert_eq!(create(&bench, 0), one);
    }
}

#[test]
fn v95_waits() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (empty, done) = (create(&bench, 0), create(&bench, 1));
        let array = bench.put(&S::words(&[empty, done]).0);
        let wait = |count, flags, left| {
            let block = S::new(32).u64(0, array).u64(8, deadline(left)).u32(16, count).u32(20, flags);
            let (result, bytes) = bench.call(SYNCOBJ_WAIT, block);
            result.map(|_| u32_at(&bytes, 24))
        };
        let short = Duration::from_millis(10);
        assert_eq!(wait(2, 0, short), Err(Errno::EINVAL), "one has no fence");
        assert_eq!(wait(2, 2, short), Ok(1));
        assert_eq!(wait(2, 3, short), Err(Errno::ETIME));
        assert_eq!(wait(1, 2, short), Err(Errno::ETIME));
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait(2, 3, LONG));
            std::thread::sleep(short);
            let handles = bench.put(&empty.to_le_bytes());
            bench.ok(SYNCOBJ_SIGNAL, S::new(16).u64(0, handles).u32(8, 1));
            assert_eq!(waiting.join().unwrap(), Ok(0));
        });
    }
}

#[test]
fn timelines() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let line = create(&bench, 0);
        assert_eq!(points(&bench, line, 0), 0);
        signal_point(&bench, line, 4);
        signal_point(&bench, line, 9);
        assert_eq!((points(&bench, line, 0), points(&bench, line, 1)), (9, 9));
        let handles = bench.put(&line.to_le_bytes());
        let wait = |point: u64, flags| {
            let to = bench.put(&point.to_le_bytes());
            let until = deadline(Duration::from_millis(10));
            bench
                .call(
                    SYNCOBJ_TIMELINE_WAIT,
                    S::new(40).u64(0, handles).u64(8, to).u64(16, until).u32(24, 1).u32(28, flags),
                )
                .0
        };
        assert_eq!((wait(0, 0), wait(4, 0), wait(7, 0), wait(9, 0)), (Ok(0), Ok(0), Ok(0), Ok(0)));
        assert_eq!((wait(10, 0), wait(10, 2), wait(10, 4)), (Err(Errno::EINVAL), Err(Errno::ETIME), Err(Errno::ETIME)));
        // A point goes to another syncobj as its only fence, and from there becomes a point again.
        let binary = create(&bench, 0);
        let transfer = |from, from_point, to, to_point| {
            let block = S::new(32).u32(0, from).u32(4, to).u64(8, from_point).u64(16, to_point);
            bench.call(SYNCOBJ_TRANSFER, block).0
        };
        assert_eq!((transfer(line, 10, binary, 0), transfer(99, 0, line, 0)), (Err(Errno::EINVAL), Err(Errno::ENOENT)));
        assert_eq!((transfer(line, 9, binary, 0), transfer(binary, 0, line, 12)), (Ok(0), Ok(0)));
        assert_eq!((points(&bench, binary, 0), points(&bench, line, 0)), (0, 12));
    }
}

#[test]
fn points_of_jobs_are_reached_in_order() {
    let gate = std::sync::Arc::new(Gate::default());
    let hold = gate.clone();
    let bench = Bench::with(Flavour::V6_12, move |job| {
        if job.client_ring == 0 {
            hold.pass();
        }
        sparkle_vgpu::kmd::Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let line = create(&bench, 0);
    for (ring, point) in [(0, 1), (1, 2)] {
        let out = (9, S::new(16).u32(0, line).u64(8, point));
        let ib = Bench::ib_on(COMPUTE, ring, VA, 32, 0);
        bench.cs(ctx, &[bench.list(&[bo]), ib, out]).unwrap();
    }
    bench.ok(WAIT_CS, Bench::wait_block(ctx, 1, deadline(LONG)).u32(24, 1));
    assert_eq!((points(&bench, line, 0), points(&bench, line, 1)), (0, 2), "the second is done, the first is not");
    gate.open();
    assert_eq!(bench.wait(ctx, 1, LONG), Ok(true));
    assert_eq!(points(&bench, line, 0), 2);
}

#[test]
fn descriptors_and_events() {
    let bench = Bench::new(Flavour::V6_12);
    let line = create(&bench, 0);
    let fd = u32_at(&bench.ok(SYNCOBJ_HANDLE_TO_FD, S::new(16).u32(0, line)), 8);
    let other = bench.open();
    let (result, bytes) = bench.call_on(&other, SYNCOBJ_FD_TO_HANDLE, S::new(16).u32(8, fd));
    assert_eq!((result, u32_at(&bytes, 0)), (Ok(0), 1));
    signal_point(&bench, line, 3);
    let (handles, to) = (bench.put(&1u32.to_le_bytes()), bench.put(&[0; 8]));
    bench.call_on(&other, SYNCOBJ_QUERY, S::new(24).u64(0, handles).u64(8, to).u32(16, 1)).0.unwrap();
    assert_eq!(u64_at(&bench.get(to, 8), 0), 3, "both names are one object");
    bench.fails(Errno::EBADF, SYNCOBJ_FD_TO_HANDLE, S::new(16).u32(8, !0));
    bench.fails(Errno::EINVAL, SYNCOBJ_HANDLE_TO_FD, S::new(16).u32(0, create(&bench, 0)).u32(4, 1));
    let none = std::fs::File::open("/dev/null").unwrap();
    let number = std::os::fd::AsRawFd::as_raw_fd(&none) as u32;
    bench.fails(Errno::EINVAL, SYNCOBJ_EVENTFD, S::new(24).u32(0, line).u64(8, 5).u32(16, number));
    bench.fails(Errno::EINVAL, SYNCOBJ_EVENTFD, S::new(24).u32(0, line).u32(4, 1).u32(16, number));
}

//! V87, V97 to V99, threads, and the end of files.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sparkle_vgpu::kmd::{Errno, Flavour, Kind, Outcome};

use crate::harness::*;

#[test]
fn v97_a_device_that_is_pulled_out() {
    for flavour in Flavour::ALL {
        let gate = Arc::new(Gate::default());
        let hold = gate.clone();
        let bench = Bench::with(flavour, move |_| {
            hold.pass();
            Outcome::DONE
        });
        let (ctx, bo) = bench.ready();
        let sequence = bench.run(ctx, bo).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| bench.wait(ctx, sequence, LONG));
            std::thread::sleep(Duration::from_millis(20));
            bench.kernel.unplug(0).unwrap();
            assert_eq!(waiting.join().unwrap(), Err(Errno::ENODEV));
        });
        bench.fails(Errno::ENODEV, GET_CAP, S::new(16).u64(0, 0x13));
        assert_eq!(bench.run(ctx, bo), Err(Errno::ENODEV));
        assert!(bench.kernel.open(0, sparkle_vgpu::kmd::Client::this()).is_err());
        gate.open();
    }
}

#[test]
fn v98_what_is_left_is_told() {
    let bench = Bench::new(Flavour::V6_12);
    let file = bench.open();
    let call = |request, block| {
        let (result, bytes) = bench.call_on(&file, request, block);
        assert_eq!(result, Ok(0), "{request:#x}");
        bytes
    };
    let bo = u32_at(&call(GEM_CREATE, Bench::create_block(0x2000, GTT, 0)), 0);
    call(GEM_VA, Bench::va_block(bo, 1, RWX, VA, 0, 0x1000));
    let ctx = u32_at(&call(CTX, S::new(16).u32(0, 1)), 0);
    let syncobj = u32_at(&call(SYNCOBJ_CREATE, S::new(8)), 0);
    let gtt = || u64_at(&bench.info(0x11, [0; 4], 8).unwrap(), 0);
    let before = gtt();
    drop(file);
    let text = "1 buffers of 8192 bytes, 1 mappings in the GPU's address space, 1 contexts, 1 syncobjs";
    assert!(bench.reported(Kind::Leak, text));
    assert_eq!(before - gtt(), 0x2000, "closing frees all the same");
    let file = bench.open();
    drop(file);
    assert!(!bench.reported(Kind::Leak, ""), "a clean file: {ctx} {syncobj}");
}

#[test]
fn v99_no_memory() {
    let bench = Bench::new(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    bench.kernel.inject().out_of_memory(true);
    assert_eq!(bench.run(ctx, bo), Err(Errno::ENOMEM));
    bench.fails(Errno::ENOMEM, GEM_CREATE, Bench::create_block(4096, GTT, 0));
    bench.kernel.inject().out_of_memory(false);
    assert_eq!(bench.run(ctx, bo), Ok(1));
}

#[test]
fn any_call_can_be_made_to_fail() {
    let bench = Bench::new(Flavour::V6_12);
    bench.kernel.inject().fail(0x40, 2, Errno::ENODEV);
    let create = || bench.call(GEM_CREATE, Bench::create_block(4096, GTT, 0)).0;
    assert_eq!((create(), create(), create()), (Ok(0), Err(Errno::ENODEV), Ok(0)));
    bench.kernel.set_accel_working(0, false).unwrap();
    let (ctx, bo) = (bench.ctx(), bench.create(4096, GTT, 0));
    bench.map(bo, VA, 4096);
    assert_eq!(bench.run(ctx, bo), Err(Errno::EBUSY));
}

#[test]
fn slow_jobs() {
    let bench = Bench::new(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    bench.kernel.inject().slow(Duration::from_millis(40), 5);
    let start = Instant::now();
    for _ in 0..8 {
        bench.run(ctx, bo).unwrap();
    }
    assert_eq!(bench.wait(ctx, 8, LONG), Ok(true));
    assert!(start.elapsed() > Duration::from_millis(40), "half of 8 times 40 ms on average");
}

#[test]
fn closing_waits_for_jobs_and_then_ends_them() {
    let started = Arc::new(Gate::default());
    let begin = started.clone();
    let bench = Bench::with(Flavour::V6_12, move |job| {
        begin.open();
        while !job.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        Outcome::DONE
    });
    let file = bench.open();
    let call = |request, block| bench.call_on(&file, request, block);
    let bo = u32_at(&call(GEM_CREATE, Bench::create_block(0x1000, GTT, 0)).1, 0);
    call(GEM_VA, Bench::va_block(bo, 1, RWX, VA, 0, 0x1000)).0.unwrap();
    let ctx = u32_at(&call(CTX, S::new(16).u32(0, 1)).1, 0);
    let chunks = [bench.list(&[bo]), Bench::ib(VA, 32)];
    call(CS, bench.cs_block(ctx, 0, &chunks)).0.unwrap();
    call(CS, bench.cs_block(ctx, 0, &chunks)).0.unwrap();
    started.pass();
    let start = Instant::now();
    drop(file);
    assert!((900..5000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[test]
fn memory_lives_as_long_as_jobs_need_it() {
    let gate = Arc::new(Gate::default());
    let hold = gate.clone();
    let bench = Bench::with(Flavour::V6_12, move |job| {
        hold.pass();
        assert!(job.vm.store_dword(VA, 1), "closed and unmapped, still there");
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let gtt = || u64_at(&bench.info(0x11, [0; 4], 8).unwrap(), 0);
    let sequence = bench.run(ctx, bo).unwrap();
    bench.ok(GEM_CLOSE, S::new(8).u32(0, bo));
    let held = gtt();
    gate.open();
    assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true));
    let end = Instant::now() + LONG;
    while gtt() == held && Instant::now() < end {
        std::thread::yield_now();
    }
    assert_eq!(held - gtt(), 0x1_0000);
}

#[test]
fn many_threads() {
    let count = Arc::new(AtomicU32::new(0));
    let jobs = count.clone();
    let bench = Bench::with(Flavour::V7_3, move |_| {
        jobs.fetch_add(1, Ordering::Relaxed);
        Outcome::DONE
    });
    let (shared, bo) = bench.ready();
    std::thread::scope(|scope| {
        for thread in 0..8u64 {
            let bench = &bench;
            scope.spawn(move || {
                let ctx = bench.ctx();
                let base = VA + (thread + 1) * 0x1000_0000;
                for round in 0..60 {
                    let data = bench.create(0x4000, if round % 2 == 0 { VRAM } else { GTT }, 0);
                    bench.ok(GEM_VA, Bench::va_block(data, 1, RWX, base, 0, 0x4000));
                    let ring = (thread % 4) as u32;
                    let chunks = [bench.list(&[bo, data]), Bench::ib_on(COMPUTE, ring, VA, 32, 0)];
                    let sequence = bench.cs(if round % 3 == 0 { shared } else { ctx }, &chunks).unwrap();
                    let of = if round % 3 == 0 { shared } else { ctx };
                    let block = Bench::wait_block(of, sequence, deadline(LONG)).u32(24, ring);
                    assert_eq!(u64_at(&bench.ok(WAIT_CS, block), 0), 0);
                    bench.ok(GEM_VA, Bench::va_block(data, 2, 0, base, 0, 0x4000));
                    bench.ok(GEM_CLOSE, S::new(8).u32(0, data));
                }
                bench.ok(CTX, S::new(16).u32(0, 2).u32(8, ctx));
            });
        }
    });
    assert_eq!(count.load(Ordering::Relaxed), 480);
    let bytes = bench.ok(GEM_LIST_HANDLES, S::new(16));
    assert_eq!(u32_at(&bytes, 8), 1, "only the buffer of the IBs is left");
}

#[test]
fn kernels_end_with_their_last_file() {
    let bench = Bench::new(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    let Bench { kernel, file, user, .. } = bench;
    drop(kernel);
    let addr = 0x9_0000;
    user.put(addr, &S::new(16).u64(0, 0x13).0);
    assert_eq!(file.ioctl(GET_CAP, user.as_ref(), addr), Ok(0), "{ctx} {bo}");
}

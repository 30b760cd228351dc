//! V60 to V72: submissions.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use sparkle_vgpu::kmd::{Errno, Flavour, Ip, Kind, Outcome};

use crate::harness::*;

const EINVAL: Result<u64, Errno> = Err(Errno::EINVAL);

#[test]
fn v60_shapes_of_submissions() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let list = || bench.list(&[bo]);
        let ib = || Bench::ib(VA, 32);
        bench.fails(Errno::EINVAL, CS, S::new(24).u32(0, ctx));
        assert_eq!(bench.cs(ctx, &[list()]), EINVAL, "no IB");
        assert_eq!(bench.cs(99, &[list(), ib()]), EINVAL, "no such context");
        assert_eq!(bench.cs(ctx, &[list(), ib(), (0, S::new(32))]), EINVAL);
        assert_eq!(bench.cs(ctx, &[list(), ib(), (11, S::new(32))]), EINVAL);
        assert_eq!(bench.cs(ctx, &[list(), (1, S(ib().1.0[..28].to_vec()))]), EINVAL, "short IB");
        assert_eq!(bench.cs(ctx, &[(6, S(list().1.0[..20].to_vec())), ib()]), EINVAL, "short list");
        assert_eq!(bench.cs(ctx, &[list(), list(), ib()]), EINVAL);
        let fence = bench.create(4096, GTT, 0);
        let uf = || (2, S::new(8).u32(0, fence));
        assert_eq!(bench.cs(ctx, &[list(), ib(), (2, S::new(4).u32(0, fence))]), EINVAL);
        let twice = bench.cs(ctx, &[list(), ib(), uf(), uf()]);
        assert_eq!(twice.is_ok(), flavour == Flavour::V6_1, "{flavour:?}");
        let out = || (5, S::new(0));
        assert_eq!(bench.cs(ctx, &[list(), ib(), out(), (9, S::new(0))]), EINVAL, "both kinds of signals");
        assert!(bench.cs(ctx, &[list(), ib(), out()]).is_ok(), "no entries are fine");
        let (_, entries) = list();
        let handle = u32_at(&bench.ok(BO_LIST, entries.u32(0, 0).u32(4, 0)), 0);
        assert_eq!(bench.call(CS, bench.cs_block(ctx, handle, &[list(), ib()])).0, Err(Errno::EINVAL));
        assert_eq!(bench.call(CS, bench.cs_block(ctx, handle, &[ib()])).0, Ok(0));
        assert_eq!(bench.call(CS, bench.cs_block(ctx, 9, &[ib()])).0, Err(Errno::ENOENT));
        // More payload than the structure has, as a newer client would send.
        let mut long = ib().1;
        long.0.extend([0; 8]);
        assert!(bench.cs(ctx, &[list(), (1, long)]).is_ok());
        let shadow = |flags| (10, S::new(32).u64(24, flags));
        let shadowed = bench.cs(ctx, &[list(), ib(), shadow(1)]);
        assert_eq!(shadowed.is_ok(), flavour != Flavour::V6_1, "{flavour:?}");
        assert_eq!(bench.cs(ctx, &[list(), ib(), shadow(2)]), EINVAL);
    }
}

#[test]
fn v61_rings_and_numbers_of_ibs() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let cs = |ip, ring| bench.cs(ctx, &[bench.list(&[bo]), Bench::ib_on(ip, ring, VA, 256, 0)]);
        assert_eq!(
            (cs(10, 0), cs(3, 0), cs(GFX, 1), cs(COMPUTE, 4), cs(DMA, 2)),
            (EINVAL, EINVAL, EINVAL, EINVAL, EINVAL)
        );
        assert_eq!((cs(GFX, 0), cs(COMPUTE, 3), cs(DMA, 1)), (Ok(1), Ok(1), Ok(1)));
        let mut instance = Bench::ib(VA, 32);
        instance.1 = instance.1.u32(24, 1);
        assert_eq!(bench.cs(ctx, &[bench.list(&[bo]), instance]), EINVAL);
        // A gang of four, and one too many.
        let mut gang: Vec<Chunk> = (0..4).map(|ring| Bench::ib_on(COMPUTE, ring, VA, 32, 0)).collect();
        gang.push(bench.list(&[bo]));
        assert_eq!(bench.cs(ctx, &gang), Ok(2), "the last IB's ring is the one that is numbered");
        gang.push(Bench::ib_on(GFX, 0, VA, 32, 0));
        assert_eq!(bench.cs(ctx, &gang), EINVAL);
        for (ip, most) in [(GFX, 192), (COMPUTE, 125), (DMA, 49)] {
            let mut many: Vec<Chunk> = (0..most).map(|_| Bench::ib_on(ip, 0, VA, 256, 0)).collect();
            many.push(bench.list(&[bo]));
            assert!(bench.cs(ctx, &many).is_ok());
            many.push(Bench::ib_on(ip, 0, VA, 256, 0));
            assert_eq!(bench.cs(ctx, &many).is_ok(), flavour == Flavour::V6_1, "{flavour:?} {ip}");
        }
    }
}

#[test]
fn v62_long_ibs() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = (bench.ctx(), bench.create(8 << 20, GTT, 0));
        bench.map(bo, VA, 8 << 20);
        let cs = |bytes| bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(VA, bytes)]);
        assert_eq!(cs(0xf_fff8 * 4), Ok(1));
        let long = cs(0x10_0000 * 4);
        if flavour == Flavour::V6_1 {
            assert!(bench.wait(ctx, long.unwrap(), LONG).is_err());
            assert!(bench.reported(Kind::Hang, "does not fit its packet"));
        } else {
            assert_eq!(long, EINVAL);
        }
    }
}

#[test]
fn v63_flags_of_ibs() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let cs = |flags: &[u32]| {
            let mut chunks: Vec<Chunk> = flags.iter().map(|flags| Bench::ib_on(GFX, 0, VA, 32, *flags)).collect();
            chunks.push(bench.list(&[bo]));
            bench.cs(ctx, &chunks)
        };
        assert_eq!(cs(&[1]).is_ok(), flavour != Flavour::V7_3, "{flavour:?}");
        assert!(cs(&[4]).is_ok());
        assert_eq!(cs(&[4, 4]), EINVAL);
        assert!(cs(&[0x8000_0000]).is_ok(), "unknown bits are not looked at");
        // Trusted memory on a compute ring fails inside of the scheduler.
        let secure = [bench.list(&[bo]), Bench::ib_on(COMPUTE, 0, VA, 32, 0x20)];
        let sequence = bench.cs(ctx, &secure).unwrap();
        assert_eq!(bench.wait(ctx, sequence, LONG), Err(Errno::EINVAL));
    }
}

fn dependency(ctx: u32, handle: u64) -> S {
    S::new(24).u32(0, COMPUTE).u32(12, ctx).u64(16, handle)
}

#[test]
fn v66_dependencies() {
    let order = Arc::new(Mutex::new(Vec::new()));
    let (log, gate) = (order.clone(), Arc::new(Gate::default()));
    let hold = gate.clone();
    let bench = Bench::with(Flavour::V6_12, move |job| {
        if job.client_ring == 0 {
            hold.pass();
        }
        log.lock().unwrap().push(job.client_ring);
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let first = bench.run(ctx, bo).unwrap();
    let on = |ring, chunk: Chunk| bench.cs(ctx, &[bench.list(&[bo]), Bench::ib_on(COMPUTE, ring, VA, 32, 0), chunk]);
    assert_eq!(on(1, (3, dependency(ctx, first + 1))), EINVAL);
    assert_eq!(on(1, (3, dependency(99, first))), EINVAL);
    assert_eq!(on(1, (3, dependency(ctx, first))), Ok(1));
    assert_eq!(on(2, (7, dependency(ctx, first))), Ok(1), "this one only waits for the start");
    let wait_ring = |ring, left| {
        let block = Bench::wait_block(ctx, 1, deadline(left)).u32(24, ring);
        u64_at(&bench.ok(WAIT_CS, block), 0) == 0
    };
    assert!(wait_ring(2, LONG));
    assert!(!wait_ring(1, Duration::from_millis(30)));
    gate.open();
    assert!(wait_ring(1, LONG));
    assert_eq!(*order.lock().unwrap(), [2, 0, 1]);
}

#[test]
fn v67_syncobjs() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let cs = |id, payload| bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(VA, 32), (id, payload)]);
        let create = |flags| u32_at(&bench.ok(SYNCOBJ_CREATE, S::new(8).u32(4, flags)), 0);
        let (empty, signalled, target) = (create(0), create(1), create(0));
        assert_eq!(cs(4, S::words(&[99])), Err(Errno::ENOENT));
        assert_eq!(cs(4, S::words(&[empty])), EINVAL);
        assert!(bench.reported(Kind::Log, "failed to find fence"));
        assert!(cs(4, S::words(&[signalled])).is_ok());
        let point = |handle, flags, point| S::new(16).u32(0, handle).u32(4, flags).u64(8, point);
        assert_eq!(cs(8, point(99, 0, 1)), Err(Errno::ENOENT));
        assert_eq!(cs(8, point(empty, 0, 1)), EINVAL);
        assert_eq!(cs(8, point(empty, 4, 1)), EINVAL, "unknown flag");
        // 5 s, a hundredth of it here.
        assert_eq!(cs(8, point(empty, 2, 1)), Err(Errno::ETIME));
        assert_eq!(cs(5, S::words(&[99])), EINVAL, "signals have another errno than waits");
        assert_eq!(cs(9, point(99, 0, 1)), EINVAL);
        assert!(cs(9, point(target, 0, 5)).is_ok());
        assert!(cs(8, point(target, 0, 5)).is_ok());
        assert_eq!(cs(8, point(target, 0, 6)), EINVAL);
        assert!(cs(5, S::words(&[empty])).is_ok());
        assert!(cs(4, S::words(&[empty])).is_ok());
    }
}

#[test]
fn v68_user_fences() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let (fence, large) = (bench.create(4096, GTT, 0), bench.create(8192, GTT, 0));
        let cs = |handle, offset| {
            let uf = (2, S::new(8).u32(0, handle).u32(4, offset));
            bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(VA, 32), uf])
        };
        assert_eq!((cs(large, 0), cs(fence, 4089), cs(fence, 4096)), (EINVAL, EINVAL, EINVAL));
        assert_eq!(cs(fence, 4088), Ok(1));
        assert_eq!(cs(fence, 8), Ok(2));
        assert_eq!(bench.wait(ctx, 2, LONG), Ok(true));
        assert_eq!((bench.read_word(fence, 4088), bench.read_word(fence, 8), bench.read_word(fence, 12)), (1, 2, 0));
        let odd = cs(fence, 20).unwrap();
        assert!(bench.wait(ctx, odd, LONG).is_err());
        assert!(bench.reported(Kind::Hang, "multiple of 8"));
        assert_eq!(bench.read_word(fence, 20), 0);
    }
}

#[test]
fn v69_strides_of_lists() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let entries = bench.put(&S::words(&[bo, 0, 0, bo, 0, 0]).0);
        let list = |stride, count| (6, S::new(24).u32(8, count).u32(12, stride).u64(16, entries));
        let result = bench.cs(ctx, &[list(12, 2), Bench::ib(VA, 32)]);
        assert_eq!(result.is_ok(), flavour != Flavour::V7_3, "{flavour:?}");
        assert_eq!(bench.reported(Kind::Lint, "entries of 12 bytes"), flavour != Flavour::V7_3);
        assert_eq!(bench.cs(ctx, &[list(8, 131_073), Bench::ib(VA, 32)]), EINVAL);
    }
}

#[test]
fn lists_have_handles() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let list = |op, handle, bo| bench.call(BO_LIST, bench.list(&[bo]).1.u32(0, op).u32(4, handle));
        let (result, bytes) = list(0, 0, bo);
        assert_eq!((result, u32_at(&bytes, 0)), (Ok(0), 1));
        assert_eq!(list(3, 0, bo).0, Err(Errno::EINVAL));
        assert_eq!((list(2, 9, bo).0, list(2, 1, 99).0), (Err(Errno::ENOENT), Err(Errno::ENOENT)));
        assert_eq!(list(1, 9, bo).0, Ok(0), "what is not there can be destroyed");
        assert_eq!(bench.call(CS, bench.cs_block(ctx, 1, &[Bench::ib(VA, 32)])).0, Ok(0));
        assert_eq!(list(1, 1, bo).0, Ok(0));
        assert_eq!(bench.call(CS, bench.cs_block(ctx, 1, &[Bench::ib(VA, 32)])).0, Err(Errno::ENOENT));
        let bad = bench.put(&[0; 8]);
        let block = S::new(24).u32(0, 1).u32(4, 1).u32(8, 2).u32(12, 8).u64(16, bad);
        let early = bench.call(BO_LIST, block).0;
        assert_eq!(early, if flavour == Flavour::V7_3 { Ok(0) } else { Err(Errno::EFAULT) });
    }
}

#[test]
fn v70_numbers() {
    let bench = Bench::new(Flavour::V6_12);
    let (one, bo) = bench.ready();
    let two = bench.ctx();
    let on = |ctx, ip, ring| bench.cs(ctx, &[bench.list(&[bo]), Bench::ib_on(ip, ring, VA, 256, 0)]);
    assert_eq!((on(one, COMPUTE, 0), on(one, COMPUTE, 0), on(one, COMPUTE, 1)), (Ok(1), Ok(2), Ok(1)));
    assert_eq!((on(one, GFX, 0), on(two, COMPUTE, 0), on(one, COMPUTE, 0)), (Ok(1), Ok(1), Ok(3)));
}

#[test]
fn v71_the_33rd_job_waits_for_room() {
    let gate = Arc::new(Gate::default());
    let running = Arc::new(AtomicU32::new(0));
    let (hold, count) = (gate.clone(), running.clone());
    let bench = Bench::with(Flavour::V6_12, move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        hold.pass();
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    for number in 1..=32 {
        assert_eq!(bench.run(ctx, bo), Ok(number));
    }
    let blocked = std::thread::scope(|scope| {
        let last = scope.spawn(|| bench.run(ctx, bo));
        std::thread::sleep(Duration::from_millis(50));
        let blocked = !last.is_finished();
        assert!(running.load(Ordering::SeqCst) == 1, "a ring runs one at a time");
        // Another ring of the same context has room, and is not held up.
        assert_eq!(bench.cs(ctx, &[bench.list(&[bo]), Bench::ib_on(COMPUTE, 1, VA, 32, 0)]), Ok(1));
        gate.open();
        assert_eq!(last.join().unwrap(), Ok(33));
        blocked
    });
    assert!(blocked);
    assert_eq!(bench.wait(ctx, 33, LONG), Ok(true));
}

#[test]
fn v72_submissions_do_not_wait_for_jobs() {
    let gate = Arc::new(Gate::default());
    let hold = gate.clone();
    let bench = Bench::with(Flavour::V6_12, move |job| {
        if job.ip == Ip::Compute {
            hold.pass();
        }
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let sequence = bench.run(ctx, bo).unwrap();
    assert_eq!(bench.wait(ctx, sequence, Duration::from_millis(20)), Ok(false));
    // The graphics ring does not wait for the compute ring.
    assert_eq!(bench.cs(ctx, &[bench.list(&[bo]), Bench::ib_on(GFX, 0, VA, 32, 0)]), Ok(1));
    let block = Bench::wait_block(ctx, 1, deadline(LONG)).u32(16, GFX);
    assert_eq!(u64_at(&bench.ok(WAIT_CS, block), 0), 0);
    gate.open();
    assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true));
}

#[test]
fn what_a_job_is_told() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    for (flavour, invalidates) in [(Flavour::V6_1, true), (Flavour::V6_12, false), (Flavour::V7_3, false)] {
        let log = log.clone();
        let bench = Bench::with(flavour, move |job| {
            let ibs: Vec<_> = job.ibs.iter().map(|ib| (ib.va, ib.size_dw, ib.flags)).collect();
            log.lock().unwrap().push((job.sequence, job.context_switch, job.sync_before, job.invalidate_after, ibs));
            Outcome::DONE
        });
        let (ctx, bo) = bench.ready();
        let ib = |at, flags| Bench::ib_on(GFX, 0, VA + at, 64, flags);
        for _ in 0..2 {
            // Only the flag of the first IB asks for an invalidation; a preamble is left out the second time.
            bench.cs(ctx, &[bench.list(&[bo]), ib(0, 2), ib(64, 0x40)]).unwrap();
        }
        bench.cs(ctx, &[bench.list(&[bo]), ib(0, 0x40), ib(64, 0)]).unwrap();
        bench.ok(WAIT_CS, Bench::wait_block(ctx, 3, deadline(LONG)).u32(16, GFX));
        let (first, second) = ((VA, 16, 2), (VA + 64, 16, 0x40));
        let expected = [
            (1, true, false, invalidates, vec![first, second]),
            (2, false, false, invalidates, vec![second]),
            (3, false, true, invalidates, vec![(VA, 16, 0x40), (VA + 64, 16, 0)]),
        ];
        assert_eq!(std::mem::take(&mut *seen.lock().unwrap()), expected);
    }
}

#[test]
fn pages_of_the_client_are_written_back_before_the_fence() {
    let bench = Bench::with(Flavour::V6_12, |job| {
        let value = job.vm.dword(VA + 0x2_0000).unwrap();
        assert!(job.vm.store_dword(VA + 0x2_0004, value + 1));
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let addr = bench.put(&[0; 0x1000]);
    let pages = u32_at(&bench.ok(GEM_USERPTR, S::new(24).u64(0, addr).u64(8, 0x1000).u32(16, 8)), 20);
    bench.map(pages, VA + 0x2_0000, 0x1000);
    // Written after the object was made, and beside what the job writes while it runs.
    sparkle_vgpu::kmd::UserMemory::write(bench.user(), addr, &[41, 0, 0, 0]).unwrap();
    let sequence = bench.cs(ctx, &[bench.list(&[bo, pages]), Bench::ib(VA, 32)]).unwrap();
    assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true));
    assert_eq!(bench.get(addr, 12), [41, 0, 0, 0, 42, 0, 0, 0, 0, 0, 0, 0]);
    bench.kernel.inject().again(1.0, 3);
    assert_eq!(bench.cs(ctx, &[bench.list(&[bo, pages]), Bench::ib(VA, 32)]), Err(Errno::EAGAIN));
    assert!(bench.run(ctx, bo).is_ok(), "only lists with pages of the client");
}

#[test]
fn other_files_are_waited_for_unless_told_otherwise() {
    for (flags, waits) in [(0, true), (0x80, false)] {
        let gate = Arc::new(Gate::default());
        let hold = gate.clone();
        let bench = Bench::with(Flavour::V6_12, move |job| {
            if job.client_ring == 0 {
                hold.pass();
            }
            Outcome::DONE
        });
        let (ctx, bo) = bench.ready();
        let shared = bench.create(4096, GTT, flags);
        let bytes = bench.ok(PRIME_HANDLE_TO_FD, S::new(12).u32(0, shared));
        let first = bench.cs(ctx, &[bench.list(&[bo, shared]), Bench::ib(VA, 32)]).unwrap();
        let other = bench.open();
        let call = |request, block| {
            let (result, bytes) = bench.call_on(&other, request, block);
            assert_eq!(result, Ok(0), "{request:#x}");
            bytes
        };
        let theirs = u32_at(&call(PRIME_FD_TO_HANDLE, S::new(12).u32(8, u32_at(&bytes, 8))), 0);
        let code = u32_at(&call(GEM_CREATE, Bench::create_block(4096, GTT, 0)), 0);
        call(GEM_VA, Bench::va_block(code, 1, RWX, VA, 0, 4096));
        let their_ctx = u32_at(&call(CTX, S::new(16).u32(0, 1)), 0);
        let ib = Bench::ib_on(COMPUTE, 1, VA, 32, 0);
        call(CS, bench.cs_block(their_ctx, 0, &[bench.list(&[theirs, code]), ib]));
        let wait = |left| {
            let block = Bench::wait_block(their_ctx, 1, deadline(left)).u32(24, 1);
            u64_at(&call(WAIT_CS, block), 0) == 0
        };
        assert_eq!(wait(Duration::from_millis(if waits { 50 } else { 20_000 })), !waits);
        gate.open();
        assert!(wait(LONG));
        assert_eq!(bench.wait(ctx, first, LONG), Ok(true));
    }
}

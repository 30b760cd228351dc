//! V64, V65, V80 to V83, V90: what the kernel accepts and a device does not survive, and what follows.

use std::sync::Arc;
use std::time::Duration;

use sparkle_vgpu::kmd::{Access, Chip, Config, Errno, Flavour, Ip, Job, Kind, Outcome, Processor, Recovery, Requester};

use crate::harness::*;

/// The error that a hung job ends with.
fn expected(flavour: Flavour) -> Errno {
    match flavour {
        Flavour::V6_1 => Errno::ECANCELED,
        Flavour::V6_12 => Errno::ENODATA,
        Flavour::V7_3 => Errno::ETIME,
    }
}

fn state2(bench: &Bench, ctx: u32) -> u64 {
    u64_at(&bench.ok(CTX, S::new(16).u32(0, 4).u32(8, ctx)), 0)
}

#[test]
fn v64_a_hung_queue_stays_spoilt() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let innocent = bench.ctx();
        assert_eq!(bench.run(ctx, bo), Ok(1));
        assert_eq!(bench.wait(ctx, 1, LONG), Ok(true));
        bench.kernel.inject().hang(1);
        assert_eq!(bench.run(ctx, bo), Ok(2));
        let errno = expected(flavour);
        assert_eq!(bench.wait(ctx, 2, LONG), Err(errno), "{flavour:?}");
        let old = flavour == Flavour::V6_1;
        // The older job was fine; from 6.12 on nobody can tell any more.
        let ok_before = bench.wait(ctx, 1, LONG);
        assert_eq!(ok_before, if old { Ok(true) } else { Err(errno) });
        assert_eq!(bench.run(ctx, bo), Err(if old { Errno::ECANCELED } else { errno }));
        let entry = bench.put(&S::new(24).u32(0, ctx).u32(4, COMPUTE).u64(16, 2).0);
        let block = S::new(24).u64(0, entry).u32(8, 1).u64(16, deadline(LONG));
        bench.fails(errno, WAIT_FENCES, block);
        let handle = bench.call(FENCE_TO_HANDLE, S::new(32).u32(0, ctx).u32(4, COMPUTE).u64(16, 2)).0;
        assert_eq!(handle, if old { Ok(0) } else { Err(errno) });
        let lost = old; // a full reset of a board with its own memory
        let flags = state2(&bench, ctx);
        assert_eq!(flags & 1, 1);
        assert_eq!(flags >> 1 & 1, u64::from(lost));
        assert_eq!(flags >> 2 & 1, u64::from(flavour != Flavour::V6_12), "soft recovery blames nobody");
        assert_eq!(state2(&bench, innocent) & 5, 1, "the other context only knows of a reset");
        let other = bench.run(innocent, bo);
        assert_eq!(other.is_ok(), !lost, "{flavour:?}");
        let fresh = bench.ctx();
        assert_eq!(state2(&bench, fresh), 0);
        assert_eq!(bench.run(fresh, bo), Ok(1));
        assert_eq!(bench.wait(fresh, 1, LONG), Ok(true));
        // Another ring of the context was never touched.
        let elsewhere = bench.cs(ctx, &[bench.list(&[bo]), Bench::ib_on(COMPUTE, 1, VA, 32, 0)]);
        assert_eq!(elsewhere.is_ok(), !old, "6.1 blames the context, later ones the queue");
        assert!(bench.reported(Kind::Hang, "told to"));
    }
}

#[test]
fn jobs_behind_a_hung_one_are_cancelled() {
    let gate = Arc::new(Gate::default());
    let hold = gate.clone();
    let bench = Bench::with(Flavour::V7_3, move |job| {
        if job.sequence == 1 {
            hold.pass();
            return Outcome::Hang { why: "a loop without end".into() };
        }
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let syncobj = u32_at(&bench.ok(SYNCOBJ_CREATE, S::new(8)), 0);
    assert_eq!(bench.run(ctx, bo), Ok(1));
    for number in 2..6 {
        assert_eq!(bench.run(ctx, bo), Ok(number));
    }
    let out = (5, S::words(&[syncobj]));
    assert_eq!(bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(VA, 32), out]), Ok(6));
    gate.open();
    // Waits for syncobjs do not tell errors.
    let handles = bench.put(&syncobj.to_le_bytes());
    bench.ok(SYNCOBJ_WAIT, S::new(32).u64(0, handles).u64(8, deadline(LONG)).u32(16, 1));
    assert_eq!(bench.wait(ctx, 6, LONG), Err(Errno::ETIME));
    bench.ok(GEM_WAIT_IDLE, S::new(16).u32(0, bo).u64(8, deadline(LONG)));
}

#[test]
fn v65_lost_memory() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (ctx, bo) = bench.ready();
        let (vram, gtt) = (bench.create(4096, VRAM, 8), bench.create(4096, GTT, 0));
        bench.kernel.lose_vram(0).unwrap();
        assert_eq!(bench.run(ctx, bo), Err(Errno::ECANCELED));
        assert_eq!(state2(&bench, ctx), 3);
        assert_eq!(bench.info(0x1f, [0; 4], 4), Ok(vec![1, 0, 0, 0]));
        assert_eq!((bench.read_word(vram, 0), bench.read_word(gtt, 0)), (0xdead_beef, 0));
        let fresh = bench.ctx();
        assert_eq!(bench.run(fresh, bo), Ok(1));
        // The older question tells it once.
        let query = || u32_at(&bench.ok(CTX, S::new(16).u32(0, 3).u32(8, ctx)), 12);
        assert_eq!((query(), query()), (3, 0));
    }
}

#[test]
fn full_resets_spare_the_memory_of_apus() {
    for (chip, lost) in [("gfx1100", true), ("gfx1103", false)] {
        let processor = Arc::new(Script(Box::new(|_| Outcome::DONE)));
        let mut config = Config::new(Flavour::V6_12, Chip::find(chip).unwrap(), processor);
        config.recovery = Some(Recovery::Full);
        let bench = Bench::config(config);
        let (ctx, bo) = bench.ready();
        let innocent = bench.ctx();
        bench.kernel.inject().hang(1);
        let sequence = bench.run(ctx, bo).unwrap();
        assert_eq!(bench.wait(ctx, sequence, LONG), Err(Errno::ECANCELED));
        assert_eq!(state2(&bench, ctx), if lost { 7 } else { 5 });
        assert_eq!(bench.run(innocent, bo).is_ok(), !lost, "{chip}");
        assert_eq!(bench.run(ctx, bo), Err(Errno::ECANCELED));
    }
}

#[test]
fn v80_ibs_that_cannot_be_fetched() {
    for flavour in [Flavour::V6_12, Flavour::V7_3] {
        let bench = Bench::new(flavour);
        let bo = bench.create(0x2000, GTT, 0);
        bench.map(bo, VA, 0x1000);
        bench.ok(GEM_VA, Bench::va_block(bo, 1, 0xc, VA + 0x10_0000, 0, 0x1000));
        for (va, bytes, fault) in
            [(VA + 0x8000, 32, VA + 0x8000), (VA + 0xfe0, 64, VA + 0x1000), (VA + 0x10_0000, 32, VA + 0x10_0000)]
        {
            let ctx = bench.ctx();
            let sequence = bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(va, bytes)]).unwrap();
            assert_eq!(bench.wait(ctx, sequence, LONG), Err(expected(flavour)));
            assert!(bench.reported(Kind::Fault, "cannot be fetched"));
            let bytes = bench.info(0x23, [0; 4], 16).unwrap();
            assert_eq!(u64_at(&bytes, 0), fault);
            // The compute command processor, and a page that is not there or not readable.
            let status = u32_at(&bytes, 8);
            assert_eq!((status >> 9 & 0x1ff, status >> 18 & 1, u32_at(&bytes, 12)), (5, 0, 0));
            assert_eq!(status >> 4 & 0xf, if va == VA + 0x10_0000 { 2 } else { 1 });
        }
        let ctx = bench.ctx();
        let sequence = bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(VA + 0xfe0, 32)]).unwrap();
        assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true), "to the last byte of the page");
    }
}

#[test]
fn v81_alignment_of_ibs() {
    let bench = Bench::new(Flavour::V6_12);
    let (_, bo) = bench.ready();
    for (va, bytes) in [(VA + 16, 32), (VA, 48), (VA, 0)] {
        let ctx = bench.ctx();
        let sequence = bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(va, bytes)]).unwrap();
        assert!(bench.wait(ctx, sequence, LONG).is_err(), "{va:#x} {bytes}");
        assert!(bench.reported(Kind::Hang, "not aligned"));
    }
    let ctx = bench.ctx();
    assert_eq!(bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(VA + 32, 96)]), Ok(1));
    assert_eq!(bench.wait(ctx, 1, LONG), Ok(true));
}

#[test]
fn v82_buffers_that_are_not_listed() {
    let bench = Bench::with(Flavour::V6_12, |job| match job.vm.miss(VA + 0x100_0000) {
        None => Outcome::DONE,
        Some(miss) => Outcome::Fault {
            va: VA + 0x100_0000,
            access: Access::Write,
            requester: Requester::Vector,
            why: miss.to_string(),
        },
    });
    let (ctx, bo) = bench.ready();
    let data = bench.create(4096, GTT, 0);
    bench.map(data, VA + 0x100_0000, 4096);
    let sequence = bench.run(ctx, bo).unwrap();
    assert_eq!(bench.wait(ctx, sequence, LONG), Err(Errno::ENODATA));
    assert!(bench.reported(Kind::Fault, "neither in the submission's list nor always valid"));
    let status = u32_at(&bench.info(0x23, [0; 4], 16).unwrap(), 8);
    assert_eq!((status >> 4 & 0xf, status >> 9 & 0x1ff, status >> 18 & 1), (1, 8, 1));
    let ctx = bench.ctx();
    let sequence = bench.cs(ctx, &[bench.list(&[bo, data]), Bench::ib(VA, 32)]).unwrap();
    assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true));
    bench.ok(GEM_CLOSE, S::new(8).u32(0, data));
    let local = bench.create(4096, GTT, ALWAYS_VALID);
    bench.map(local, VA + 0x100_0000, 4096);
    let sequence = bench.run(ctx, bo).unwrap();
    assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true));
}

#[test]
fn v83_permissions_of_pages() {
    let bench = Bench::with(Flavour::V6_12, |job| {
        let (read_only, write_only) = (VA + 0x10_0000, VA + 0x20_0000);
        assert!(job.vm.dword(read_only).is_some() && !job.vm.store_dword(read_only, 1));
        assert!(job.vm.dword(write_only).is_none() && job.vm.store_dword(write_only, 1));
        let flags = job.vm.flags(read_only).unwrap();
        assert_eq!((flags.read, flags.write, flags.execute, flags.mtype), (true, false, true, 4));
        let why = "no execute".into();
        Outcome::Fault { va: write_only, access: Access::Execute, requester: Requester::Instruction, why }
    });
    let (ctx, bo) = bench.ready();
    bench.ok(GEM_VA, Bench::va_block(bo, 1, 2 | 8 | 4 << 5, VA + 0x10_0000, 0, 0x1000));
    bench.ok(GEM_VA, Bench::va_block(bo, 1, 4, VA + 0x20_0000, 0, 0x1000));
    let sequence = bench.run(ctx, bo).unwrap();
    assert_eq!(bench.wait(ctx, sequence, LONG), Err(Errno::ENODATA));
    let status = u32_at(&bench.info(0x23, [0; 4], 16).unwrap(), 8);
    assert_eq!((status >> 4 & 0xf, status >> 9 & 0x1ff), (8, 9));
    let other = bench.open();
    assert_eq!(bench.info_on(&other, 0x23, [0; 4], 16), Ok(vec![0; 16]), "faults are the file's own");
}

#[test]
fn v90_jobs_that_take_too_long() {
    for (flavour, limit) in [(Flavour::V6_1, 60), (Flavour::V6_12, 60), (Flavour::V7_3, 2)] {
        for (seconds, ok) in [(limit, true), (limit + 1, false)] {
            let gpu_time = Duration::from_secs(seconds);
            let bench = Bench::with(flavour, move |_| Outcome::Done { gpu_time });
            let (ctx, bo) = bench.ready();
            let sequence = bench.run(ctx, bo).unwrap();
            assert_eq!(bench.wait(ctx, sequence, LONG).is_ok(), ok, "{flavour:?} {seconds} s");
        }
    }
}

#[test]
fn a_command_processor_that_panics_is_a_hang() {
    let bench = Bench::with(Flavour::V7_3, |job| {
        assert!(job.sequence != 1, "on purpose");
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let sequence = bench.run(ctx, bo).unwrap();
    assert_eq!(bench.wait(ctx, sequence, LONG), Err(Errno::ETIME));
    assert!(bench.reported(Kind::Hang, "panicked: on purpose"));
}

#[test]
fn illegal_commands_do_not_wait_for_the_timeout() {
    let run = |flavour| {
        let processor = Arc::new(Script(Box::new(|_| Outcome::Illegal { why: "opcode 0".into() })));
        let mut config = Config::new(flavour, Chip::find("gfx1100").unwrap(), processor);
        config.timeout_scale = 0.005; // 60 s become 300 ms
        let bench = Bench::config(config);
        let (ctx, bo) = bench.ready();
        let sequence = bench.run(ctx, bo).unwrap();
        let start = std::time::Instant::now();
        assert!(bench.wait(ctx, sequence, LONG).is_err());
        start.elapsed()
    };
    assert!(run(Flavour::V6_12) < Duration::from_millis(200));
    assert!(run(Flavour::V6_1) >= Duration::from_millis(250));
}

#[test]
fn memory_is_lost_at_the_submission_that_was_asked_for() {
    let bench = Bench::new(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    bench.kernel.inject().lose_vram(2);
    assert_eq!(bench.run(ctx, bo), Ok(1));
    assert_eq!(bench.run(ctx, bo), Err(Errno::ECANCELED));
    assert_eq!(bench.run(ctx, bo), Err(Errno::ECANCELED), "the context stays lost");
    assert_eq!(bench.info(0x1f, [0; 4], 4), Ok(vec![1, 0, 0, 0]), "and nothing is lost again");
    let fresh = bench.ctx();
    assert_eq!(bench.run(fresh, bo), Ok(1));
}

/// A processor that never ends a job and remembers resets.
#[derive(Default)]
struct Remembers(std::sync::Mutex<Vec<Option<(Ip, u32)>>>);

impl Processor for Remembers {
    fn execute(&self, _: &Job) -> Outcome {
        Outcome::Hang { why: "always".into() }
    }

    fn reset(&self, device: usize, ring: Option<(Ip, u32)>) {
        assert_eq!(device, 0);
        self.0.lock().unwrap().push(ring);
    }
}

#[test]
fn the_processor_is_told_what_a_reset_forgets() {
    for (recovery, all) in [(Recovery::Soft, None), (Recovery::Queue, Some(false)), (Recovery::Full, Some(true))] {
        let processor = Arc::new(Remembers::default());
        let mut config = Config::new(Flavour::V7_3, Chip::find("gfx1100").unwrap(), processor.clone());
        config.recovery = Some(recovery);
        let bench = Bench::config(config);
        let (ctx, bo) = bench.ready();
        let sequence = bench.run(ctx, bo).unwrap();
        assert_eq!(bench.wait(ctx, sequence, LONG), Err(Errno::from(recovered(recovery))));
        let resets = processor.0.lock().unwrap().clone();
        let expected = all.map(|all| if all { None } else { Some(Ip::Compute) });
        assert_eq!(resets.iter().map(|ring| ring.map(|(ip, _)| ip)).collect::<Vec<_>>(), Vec::from_iter(expected));
    }
}

/// What the hung job ends with on 7.3.
fn recovered(recovery: Recovery) -> nix::errno::Errno {
    if recovery == Recovery::Soft { nix::errno::Errno::ENODATA } else { nix::errno::Errno::ETIME }
}

#[test]
fn the_time_that_a_job_ran_counts_for_its_timeout() {
    // A packet that waits for memory takes the whole timeout, and no more comes on top.
    for (ip, ms) in [(COMPUTE, 600), (GFX, 100)] {
        let script = move |job: &Job| {
            assert_eq!(job.lockup, Duration::from_millis(ms));
            std::thread::sleep(job.lockup);
            Outcome::Hang { why: "nobody changes it".into() }
        };
        let processor = Arc::new(Script(Box::new(script)));
        let config = Config::new(Flavour::V6_12, Chip::find("gfx1100").unwrap(), processor);
        let bench = Bench::config(Config { timeout_scale: 0.01, ..config });
        let (ctx, bo) = bench.ready();
        let begun = std::time::Instant::now();
        bench.cs(ctx, &[bench.list(&[bo]), Bench::ib_on(ip, 0, VA, 32, 0)]).unwrap();
        let block = S::new(32).u64(0, 1).u64(8, deadline(LONG)).u32(16, ip).u32(28, ctx);
        bench.fails(Errno::ENODATA, WAIT_CS, block);
        assert!(begun.elapsed() < Duration::from_millis(ms * 3 / 2), "{ip}: {:?}", begun.elapsed());
    }
}

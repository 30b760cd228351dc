//! V01 to V07: the mechanics of ioctls.

use sparkle_vgpu::kmd::{Errno, Flavour, Process};

use crate::harness::*;

#[test]
fn v01_other_types_are_not_for_this_device() {
    let bench = Bench::new(Flavour::V6_12);
    bench.fails(Errno::ENOTTY, 0xc010_650c, S::new(16).u64(0, 0x13));
    bench.ok(GET_CAP, S::new(16).u64(0, 0x13));
}

#[test]
fn v02_numbers_that_a_flavour_lacks_are_invalid() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        bench.fails(Errno::EINVAL, 0xc010_649f, S::new(16));
        bench.fails(Errno::EINVAL, 0xc010_64d3, S::new(16));
        let lists = if flavour == Flavour::V7_3 { Ok(0) } else { Err(Errno::EINVAL) };
        assert_eq!(bench.call(GEM_LIST_HANDLES, S::new(16)).0, lists, "{flavour:?}");
        let events = if flavour == Flavour::V6_1 { Errno::EINVAL } else { Errno::ENOENT };
        bench.fails(events, SYNCOBJ_EVENTFD, S::new(24).u32(0, 9));
        let queues = if flavour == Flavour::V7_3 { Errno(524) } else { Errno::EINVAL };
        bench.fails(queues, USERQ, S::new(72));
    }
}

#[test]
fn v03_the_callers_size_counts() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let handle = bench.create(0x3000, GTT, 0);
        bench.map(handle, VA, 0x1000);
        let new = Bench::va_block(handle, 1, RWX, VA + 0x1000, 0, 0x1000);
        let mut new = new.0;
        new.resize(64, 0);
        bench.ok(GEM_VA_NEW, S(new));
        // A block of 8 bytes asks for a capability and has no room for the answer.
        bench.ok(0xc008_640c, S::new(8).u64(0, 0x13));
        // One of 24 bytes gets its own surplus back.
        let bytes = bench.ok(0xc018_640c, S::new(24).u64(0, 0x13).u64(16, 0x55));
        assert_eq!((u64_at(&bytes, 8), u64_at(&bytes, 16)), (1, 0x55));
        // Without the direction "in" the kernel sees zeros: capability 0 does not exist.
        bench.fails(Errno::EINVAL, 0x8010_640c, S::new(16).u64(0, 0x13));
        // Without "out" nothing comes back.
        let bytes = bench.ok(0x4010_640c, S::new(16).u64(0, 0x13));
        assert_eq!(u64_at(&bytes, 8), 0);
    }
}

#[test]
fn v04_primary_calls_are_denied() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        bench.fails(Errno::EACCES, SCHED, S::new(16));
        bench.fails(Errno::EACCES, 0xc008_640a, S::new(8)); // GEM_FLINK
        bench.fails(Errno::EACCES, 0xc010_640b, S::new(16)); // GEM_OPEN
    }
}

#[test]
fn v05_pointers_that_lead_nowhere() {
    let bench = Bench::new(Flavour::V7_3);
    assert_eq!(bench.file.ioctl(GET_CAP, bench.user(), 0x10), Err(Errno::EFAULT));
    bench.fails(Errno::EFAULT, INFO, S::new(32).u64(0, 0x10).u32(8, 4));
    let ctx = bench.ctx();
    // The array of pointers, a header, a payload.
    bench.fails(Errno::EFAULT, CS, S::new(24).u32(0, ctx).u32(8, 1).u64(16, 0x10));
    let pointers = bench.put(&S::longs(&[0x10]).0);
    bench.fails(Errno::EFAULT, CS, S::new(24).u32(0, ctx).u32(8, 1).u64(16, pointers));
    let header = bench.put(&S::new(16).u32(0, 1).u32(4, 8).u64(8, 0x10).0);
    let pointers = bench.put(&S::longs(&[header]).0);
    bench.fails(Errno::EFAULT, CS, S::new(24).u32(0, ctx).u32(8, 1).u64(16, pointers));
    // The entries of a list.
    let list = (6, S::new(24).u32(8, 1).u32(12, 8).u64(16, 0x10));
    assert_eq!(bench.cs(ctx, &[list]), Err(Errno::EFAULT));
    // A claim of 2 GiB of payload behind one page does not cost 2 GiB.
    let data = bench.put(&[0; 4096]);
    let header = bench.put(&S::new(16).u32(0, 1).u32(4, 0x1fff_ffff).u64(8, data).0);
    let pointers = bench.put(&S::longs(&[header]).0);
    bench.fails(Errno::EFAULT, CS, S::new(24).u32(0, ctx).u32(8, 1).u64(16, pointers));
    let header = bench.put(&S::new(16).u32(0, 1).u32(4, 0x2000_0000).u64(8, data).0);
    let pointers = bench.put(&S::longs(&[header]).0);
    bench.fails(Errno::EINVAL, CS, S::new(24).u32(0, ctx).u32(8, 1).u64(16, pointers));
}

#[test]
fn v06_a_storm_of_signals_ends_in_success_for_who_retries() {
    let bench = Bench::new(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    bench.kernel.inject().interrupts(0.5, 7);
    let mut interrupted = 0;
    for _ in 0..50 {
        let sequence = loop {
            match bench.run(ctx, bo) {
                Err(Errno::EINTR) => interrupted += 1,
                other => break other.unwrap(),
            }
        };
        while bench.wait(ctx, sequence, LONG) != Ok(true) {
            interrupted += 1;
        }
    }
    assert!(interrupted > 10, "{interrupted}");
    bench.kernel.inject().interrupts(0.0, 7);
    assert_eq!(bench.run(ctx, bo), Ok(51), "an interrupted submission takes no number");
}

#[test]
fn v07_blocks_are_copied_back_from_failed_calls() {
    let bench = Bench::new(Flavour::V6_12);
    let (result, bytes) = bench.call(GEM_MMAP, S::new(8).u32(0, 77));
    assert_eq!((result, bytes), (Err(Errno::ENOENT), vec![0; 8]));
    // The priority needs a privilege; the operation is overwritten all the same.
    let (result, bytes) = bench.call(CTX, S::new(16).u32(0, 1).u32(8, 5).u32(12, 512));
    assert_eq!((result, u32_at(&bytes, 0)), (Err(Errno::EACCES), 5));
}

#[test]
fn version_copies_what_there_is_room_for() {
    for (flavour, minor) in [(Flavour::V6_1, 49), (Flavour::V6_12, 61), (Flavour::V7_3, 64)] {
        let bench = Bench::new(flavour);
        let name = bench.put(&[0xcc; 8]);
        let bytes = bench.ok(VERSION, S::new(64).u64(16, 3).u64(24, name));
        assert_eq!((u32_at(&bytes, 0), u32_at(&bytes, 4), u64_at(&bytes, 16)), (3, minor, 6));
        assert_eq!(bench.get(name, 4), *b"amd\xcc");
        assert!(u64_at(&bytes, 32) > 0 && u64_at(&bytes, 48) > 0);
    }
}

#[test]
fn this_process_is_reached_by_its_own_addresses() {
    let bench = Bench::new(Flavour::V6_12);
    let this = Process::this();
    let mut block = Box::new([0u64; 2]);
    block[0] = 0x14;
    let addr = std::ptr::from_mut(block.as_mut()) as u64;
    assert_eq!(bench.file.ioctl(GET_CAP, &this, addr), Ok(0));
    assert_eq!(std::hint::black_box(&block)[1], 1);
    assert_eq!(bench.file.ioctl(GET_CAP, &this, 0), Err(Errno::EFAULT));
}

//! V20 to V30: buffers.

use std::os::fd::{FromRawFd as _, OwnedFd};
use std::sync::Arc;

use sparkle_vgpu::kmd::{Chip, Config, Device, Errno, Flavour, Kind, MapRequest, Outcome};

use crate::harness::*;

fn small(flavour: Flavour) -> Bench {
    let chip = Chip::find("gfx1100").unwrap();
    let mut config = Config::new(flavour, chip, Arc::new(Script(Box::new(|_| Outcome::DONE))));
    config.devices = vec![Device { chip, vram_bytes: 16 << 20, visible_vram_bytes: 4 << 20, gtt_bytes: 8 << 20 }];
    Bench::config(config)
}

/// Video memory, its visible part, system memory.
fn usage(bench: &Bench) -> [u64; 3] {
    [0x10, 0x17, 0x11].map(|query| u64_at(&bench.info(query, [0; 4], 8).unwrap(), 0))
}

#[test]
fn v20_flags_and_domains() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let new = flavour == Flavour::V7_3;
        let result = |domains, flags| bench.call(GEM_CREATE, Bench::create_block(4096, domains, flags)).0;
        let invalid = Err(Errno::EINVAL);
        for flags in [1, 2, 4, 8, 0x40, 0x80, 0x1000] {
            assert_eq!(result(GTT, flags), Ok(0), "{flavour:?} {flags:#x}");
        }
        for flags in [0x10, 0x20, 0x100, 0x400, 0x800, 1 << 17, 1 << 40] {
            assert_eq!(result(GTT, flags), invalid, "{flavour:?} {flags:#x}");
        }
        for flags in [0x200, 0x2000, 0x4000, 0x8000] {
            assert_eq!(result(GTT, flags), if new { Ok(0) } else { invalid }, "{flavour:?} {flags:#x}");
        }
        assert_eq!(result(0x80, 0), invalid);
        assert_eq!(result(0x40, 0), if new { Ok(0) } else { invalid }, "doorbells");
        let mixed = if flavour == Flavour::V6_1 { Ok(0) } else { invalid };
        assert_eq!((result(8 | GTT, 0), result(8 | 0x10, 0)), (mixed, mixed), "{flavour:?}");
        assert_eq!((result(8, 0), result(8, ALWAYS_VALID)), (Ok(0), invalid));
        assert_eq!((result(0, 0), result(1, 0), result(VRAM | GTT, 0)), (Ok(0), Ok(0), Ok(0)));
    }
}

#[test]
fn v21_nothing_is_no_buffer() {
    let bench = Bench::new(Flavour::V6_12);
    bench.fails(Errno::EINVAL, GEM_CREATE, Bench::create_block(0, GTT, 0));
    assert!(bench.reported(Kind::Misuse, "0 bytes"));
    let handle = bench.create(1, GTT, 0);
    let info = bench.put(&[0; 32]);
    bench.ok(GEM_OP, S::new(16).u32(0, handle).u64(8, info));
    assert_eq!(u64_at(&bench.get(info, 32), 0), 4096, "sizes are whole pages");
}

#[test]
fn v22_v23_sizes_and_full_memory() {
    let bench = small(Flavour::V6_12);
    let [vram, _, gtt] = usage(&bench);
    bench.fails(Errno::ENOMEM, GEM_CREATE, Bench::create_block(8 << 20, GTT, 0));
    // Video memory alone is allowed the size, then system memory too, which is smaller: so it fails.
    bench.fails(Errno::ENOMEM, GEM_CREATE, Bench::create_block(16 << 20, VRAM, 0));
    bench.fails(Errno::ENOMEM, GEM_CREATE, Bench::create_block(u64::MAX, GTT, 0));
    let first = bench.create(12 << 20, VRAM, 0);
    assert_eq!(usage(&bench)[0], vram + (12 << 20));
    let second = bench.create(6 << 20, VRAM, 0);
    assert_eq!(usage(&bench)[2], gtt + (6 << 20), "what does not fit goes to system memory, silently");
    bench.ok(GEM_CLOSE, S::new(8).u32(0, first));
    bench.ok(GEM_CLOSE, S::new(8).u32(0, second));
    assert_eq!(usage(&bench)[0], vram);
    assert_eq!(usage(&bench)[2], gtt);
}

#[test]
fn visible_memory_is_kept_for_who_needs_it() {
    let bench = small(Flavour::V6_12);
    let [vram, visible, _] = usage(&bench);
    let hidden = bench.create(8 << 20, VRAM, 0);
    assert_eq!(usage(&bench)[1], visible, "hidden memory first");
    bench.create(2 << 20, VRAM, 1);
    assert_eq!(usage(&bench)[1], visible + (2 << 20));
    let filler = bench.create(1 << 20, GTT, 0);
    // The CPU touches the hidden one: it must move, to one MiB that is visible or seven of system memory.
    let offset = u64_at(&bench.ok(GEM_MMAP, S::new(8).u32(0, hidden)), 0);
    let request = MapRequest { offset, length: 4096, shared: true, accessible: true };
    assert_eq!(bench.file.mmap(request).err(), Some(Errno::ENOMEM));
    assert!(bench.reported(Kind::Misuse, "SIGBUS"));
    bench.ok(GEM_CLOSE, S::new(8).u32(0, filler));
    assert!(bench.file.mmap(request).is_ok());
    assert_eq!(usage(&bench), [vram + (2 << 20), visible + (2 << 20), 8 << 20]);
    assert_eq!(u64_at(&bench.info(0x1e, [0; 4], 8).unwrap(), 0), 1);
    assert!(bench.file.mmap(request).is_ok());
    assert_eq!(u64_at(&bench.info(0x1e, [0; 4], 8).unwrap(), 0), 1, "it is there already");
}

#[test]
fn v24_handles_are_reused() {
    let bench = Bench::new(Flavour::V6_12);
    let handles: Vec<u32> = (0..4).map(|_| bench.create(4096, GTT, 0)).collect();
    assert_eq!(handles, [1, 2, 3, 4]);
    bench.ok(GEM_CLOSE, S::new(8).u32(0, 3));
    bench.ok(GEM_CLOSE, S::new(8).u32(0, 2));
    assert_eq!((bench.create(4096, GTT, 0), bench.create(4096, GTT, 0), bench.create(4096, GTT, 0)), (2, 3, 5));
}

#[test]
fn v25_bad_handles() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let ctx = bench.ctx();
        bench.fails(Errno::EINVAL, GEM_CLOSE, S::new(8).u32(0, 9));
        bench.fails(Errno::ENOENT, GEM_MMAP, S::new(8).u32(0, 9));
        bench.fails(Errno::ENOENT, GEM_VA, Bench::va_block(9, 1, RWX, VA, 0, 4096));
        bench.fails(Errno::ENOENT, GEM_WAIT_IDLE, S::new(16).u32(0, 9));
        bench.fails(Errno::ENOENT, GEM_OP, S::new(16).u32(0, 9));
        bench.fails(Errno::ENOENT, GEM_METADATA, S::new(288).u32(0, 9).u32(4, 2));
        bench.fails(Errno::ENOENT, PRIME_HANDLE_TO_FD, S::new(12).u32(0, 9));
        assert_eq!(bench.cs(ctx, &[bench.list(&[9])]), Err(Errno::ENOENT));
        assert_eq!(bench.cs(ctx, &[(2, S::new(8).u32(0, 9))]), Err(Errno::EINVAL));
        let (_, list) = bench.list(&[9]);
        bench.fails(Errno::ENOENT, BO_LIST, list.u32(0, 0).u32(4, 0));
    }
}

#[test]
fn v26_mapping() {
    let bench = Bench::new(Flavour::V6_12);
    let handle = bench.create(0x2000, GTT, 0);
    let offset = u64_at(&bench.ok(GEM_MMAP, S::new(8).u32(0, handle)), 0);
    assert!(offset >= 1 << 32 && offset.is_multiple_of(4096));
    let good = MapRequest { offset, length: 0x2000, shared: true, accessible: true };
    assert!(bench.file.mmap(good).is_ok());
    assert!(bench.file.mmap(MapRequest { length: 0x1001, ..good }).is_ok());
    assert!(bench.file.mmap(MapRequest { shared: false, accessible: false, ..good }).is_ok());
    let bad = [
        MapRequest { offset: offset + 0x1000, length: 0x1000, ..good },
        MapRequest { length: 0x2001, ..good },
        MapRequest { length: 0, ..good },
        MapRequest { shared: false, ..good },
    ];
    for request in bad {
        assert_eq!(bench.file.mmap(request).err(), Some(Errno::EINVAL), "{request:?}");
    }
    assert_eq!(bench.open().mmap(good).err(), Some(Errno::EACCES));
    let hidden = bench.create(4096, VRAM, 2);
    bench.fails(Errno::EPERM, GEM_MMAP, S::new(8).u32(0, hidden));
    // The mapping holds the pages.
    let file = bench.words(handle);
    bench.ok(GEM_CLOSE, S::new(8).u32(0, handle));
    std::os::unix::fs::FileExt::write_all_at(&file, &[1], 0).unwrap();
    assert!(file.set_len(0).is_err(), "nobody takes pages from under the device");
}

fn export(bench: &Bench, handle: u32) -> Result<i32, Errno> {
    let (result, bytes) = bench.call(PRIME_HANDLE_TO_FD, S::new(12).u32(0, handle).u32(4, 0o2000002));
    result.map(|_| u32_at(&bytes, 8) as i32)
}

#[allow(unsafe_code)]
fn own(number: i32) -> OwnedFd {
    // SAFETY: the driver gave this number to the client, which is this test; nobody else closes it.
    unsafe { OwnedFd::from_raw_fd(number) }
}

#[test]
fn v27_v28_sharing() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (mine, local) = (bench.create(0x2000, GTT, 0), bench.create(4096, GTT, ALWAYS_VALID));
        assert_eq!(export(&bench, local), Err(Errno::EPERM));
        bench.fails(Errno::EINVAL, PRIME_HANDLE_TO_FD, S::new(12).u32(0, mine).u32(4, 1));
        let fd = export(&bench, mine).unwrap();
        let owned = own(fd);
        let import = |file| bench.call_on(file, PRIME_FD_TO_HANDLE, S::new(12).u32(8, fd as u32));
        let (result, bytes) = import(&bench.file);
        assert_eq!((result, u32_at(&bytes, 0)), (Ok(0), mine), "the importer is the exporter");
        let other = bench.open();
        let handles: Vec<u32> = (0..2).map(|_| u32_at(&import(&other).1, 0)).collect();
        assert_eq!(handles, [1, 1]);
        let close = || bench.call_on(&other, GEM_CLOSE, S::new(8).u32(0, 1)).0;
        assert_eq!((close(), close()), (Ok(0), Err(Errno::EINVAL)), "one close ends both imports");
        // The pages survive all handles.
        bench.words(mine).set_len(9).unwrap_err();
        std::os::unix::fs::FileExt::write_all_at(&bench.words(mine), &[7; 4], 0x1000).unwrap();
        bench.ok(GEM_CLOSE, S::new(8).u32(0, mine));
        let again = u32_at(&import(&bench.file).1, 0);
        assert_eq!(bench.read_word(again, 0x1000), 0x0707_0707);
        drop(owned);
        bench.fails(Errno::EBADF, PRIME_FD_TO_HANDLE, S::new(12).u32(8, !0));
        let none = std::fs::File::open("/dev/null").unwrap();
        let number = std::os::fd::AsRawFd::as_raw_fd(&none) as u32;
        bench.fails(Errno::EINVAL, PRIME_FD_TO_HANDLE, S::new(12).u32(8, number));
    }
}

#[test]
fn v29_what_new_memory_holds() {
    for (flavour, vram) in [(Flavour::V6_1, 0xdead_beef), (Flavour::V6_12, 0), (Flavour::V7_3, 0)] {
        let bench = Bench::new(flavour);
        let read = |domains, flags| bench.read_word(bench.create(0x2000, domains, flags), 0x1ffc);
        assert_eq!((read(VRAM, 0), read(VRAM, 8), read(GTT, 0)), (vram, 0, 0), "{flavour:?}");
    }
}

#[test]
fn v30_pages_of_the_client() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let addr = bench.put(&[5; 0x2000]);
        let block = |addr, bytes, flags| S::new(24).u64(0, addr).u64(8, bytes).u32(16, flags);
        bench.fails(Errno::EINVAL, GEM_USERPTR, block(addr + 4, 0x1000, 8));
        bench.fails(Errno::EINVAL, GEM_USERPTR, block(addr, 0x1004, 8));
        bench.fails(Errno::EINVAL, GEM_USERPTR, block(addr, 0x1000, 0x18));
        bench.fails(Errno::EACCES, GEM_USERPTR, block(addr, 0x1000, 0));
        bench.fails(Errno::EACCES, GEM_USERPTR, block(addr, 0x1000, 2));
        bench.fails(Errno::EFAULT, GEM_USERPTR, block(0x1000, 0x1000, 8 | 4));
        let handle = u32_at(&bench.ok(GEM_USERPTR, block(addr, 0x2000, 8 | 4)), 20);
        assert!(handle != 0);
        bench.ok(GEM_USERPTR, block(addr, 0x1000, 1));
        bench.fails(Errno::EPERM, GEM_MMAP, S::new(8).u32(0, handle));
        bench.fails(Errno::EPERM, GEM_OP, S::new(16).u32(0, handle).u32(4, 1).u64(8, GTT));
        assert_eq!(export(&bench, handle), Err(Errno::EPERM));
        let ctx = bench.ctx();
        assert_eq!(bench.cs(ctx, &[(2, S::new(8).u32(0, handle))]), Err(Errno::EINVAL), "no user fence there");
        // Nobody looks at the pages before they are used.
        let nowhere = u32_at(&bench.ok(GEM_USERPTR, block(0x1000, 0x1000, 8)), 20);
        let bo = bench.create(4096, GTT, 0);
        bench.map(bo, VA, 4096);
        let list = bench.list(&[nowhere, bo]);
        assert_eq!(bench.cs(ctx, &[list, Bench::ib(VA, 32)]), Err(Errno::EFAULT));
    }
}

#[test]
fn op_and_metadata() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let handle = u32_at(&bench.ok(GEM_CREATE, Bench::create_block(0x3000, VRAM, 0x80).u64(8, 0x1_0000)), 0);
        let to = bench.put(&[0; 32]);
        let info = || {
            bench.ok(GEM_OP, S::new(16).u32(0, handle).u64(8, to));
            let bytes = bench.get(to, 32);
            [0, 8, 16, 24].map(|at| u64_at(&bytes, at))
        };
        let flags = match flavour {
            Flavour::V6_1 => 0x80,
            Flavour::V6_12 => 0x88,
            Flavour::V7_3 => 0x288,
        };
        assert_eq!(info(), [0x3000, 0x1_0000, VRAM, flags], "{flavour:?}");
        bench.ok(GEM_OP, S::new(16).u32(0, handle).u32(4, 1).u64(8, GTT | 0x40));
        assert_eq!(info()[2], GTT);
        bench.fails(Errno::EFAULT, GEM_OP, S::new(16).u32(0, handle).u64(8, 0x10));
        bench.fails(Errno::EINVAL, GEM_OP, S::new(16).u32(0, handle).u32(4, 3));
        let padded = bench.call(0xc018_6450, S::new(24).u32(0, handle).u64(8, to).u32(20, 1)).0;
        assert_eq!(padded, if flavour == Flavour::V7_3 { Err(Errno::EINVAL) } else { Ok(0) });
        let meta = |op, size| S::new(288).u32(0, handle).u32(4, op).u64(8, 1).u64(16, 2).u32(24, size).u32(28, 77);
        bench.fails(Errno::EINVAL, GEM_METADATA, meta(1, 257));
        bench.ok(GEM_METADATA, meta(1, 4));
        bench.ok(GEM_METADATA, meta(3, 4));
        let bytes = bench.ok(GEM_METADATA, S::new(288).u32(0, handle).u32(4, 2));
        assert_eq!((u64_at(&bytes, 8), u64_at(&bytes, 16), u32_at(&bytes, 24), u32_at(&bytes, 28)), (1, 2, 4, 77));
    }
}

#[test]
fn handles_and_mappings_can_be_listed() {
    let bench = Bench::new(Flavour::V7_3);
    assert_eq!(u32_at(&bench.ok(GEM_LIST_HANDLES, S::new(16).u32(8, 5)), 8), 0);
    let (first, second) = (bench.create(0x1000, GTT, 0x80), bench.create(0x2000, VRAM, 0));
    let to = bench.put(&[0xcc; 80]);
    assert_eq!(u32_at(&bench.ok(GEM_LIST_HANDLES, S::new(16).u64(0, to).u32(8, 1)), 8), 2);
    assert_eq!(bench.get(to, 1), [0xcc], "too small a table gets the count alone");
    assert_eq!(u32_at(&bench.ok(GEM_LIST_HANDLES, S::new(16).u64(0, to).u32(8, 2)), 8), 2);
    let bytes = bench.get(to, 80);
    assert_eq!((u32_at(&bytes, 0), u64_at(&bytes, 8), u64_at(&bytes, 16)), (first, 0x1000, GTT));
    assert_eq!((u32_at(&bytes, 40), u64_at(&bytes, 48), u64_at(&bytes, 56)), (second, 0x2000, VRAM));
    bench.map(second, VA, 0x2000);
    let rows = bench.put(&[0; 32]);
    let bytes = bench.ok(0xc018_6450, S::new(24).u32(0, second).u32(4, 2).u64(8, rows).u32(16, 1));
    assert_eq!(u32_at(&bytes, 16), 1);
    let row = bench.get(rows, 32);
    assert_eq!([0, 8, 16, 24].map(|at| u64_at(&row, at)), [VA, 0x2000, 0, 0xe]);
}

#[test]
fn memory_can_be_made_scarce() {
    let bench = Bench::new(Flavour::V6_12);
    bench.kernel.inject().limit_memory(0x3000);
    let first = bench.create(0x1000, VRAM, 0);
    bench.create(0x1000, GTT, 0);
    bench.fails(Errno::ENOMEM, GEM_CREATE, Bench::create_block(0x2000, VRAM, 0));
    bench.fails(Errno::ENOMEM, GEM_CREATE, Bench::create_block(0x2000, GTT, 0));
    bench.create(0x1000, VRAM | GTT, 0);
    bench.fails(Errno::ENOMEM, GEM_CREATE, Bench::create_block(0x1000, GTT, 0));
    bench.ok(GEM_CLOSE, S::new(8).u32(0, first));
    bench.create(0x1000, GTT, 0);
}

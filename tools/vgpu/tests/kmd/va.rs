//! V40 to V48: the address space.

use sparkle_vgpu::kmd::{Errno, Flavour, Kind, Outcome};

use crate::harness::*;

const MAP: u32 = 1;
const UNMAP: u32 = 2;
const CLEAR: u32 = 3;
const REPLACE: u32 = 4;

#[test]
fn v40_ranges() {
    for (flavour, low, top) in [
        (Flavour::V6_1, 0x20_0000, 0xffff_ffff_ffe0_0000u64),
        (Flavour::V6_12, 0x1_0000, 0xffff_ffff_ffbf_0000),
        (Flavour::V7_3, 0x1_0000, 0xffff_ffff_ffbf_0000),
    ] {
        let bench = Bench::new(flavour);
        let handle = bench.create(0x2000, GTT, 0);
        let map = |va| bench.call(GEM_VA, Bench::va_block(handle, MAP, RWX, va, 0, 0x1000)).0;
        assert_eq!((map(low - 0x1000), map(0)), (Err(Errno::EINVAL), Err(Errno::EINVAL)), "{flavour:?}");
        assert_eq!(map(low), Ok(0));
        assert_eq!(map(0x7fff_ffff_f000), Ok(0));
        assert_eq!(map(0x8000_0000_0000), Err(Errno::EINVAL));
        assert_eq!(map(0xffff_7fff_ffff_f000), Err(Errno::EINVAL));
        assert_eq!(map(0xffff_8000_0000_0000), Ok(0));
        assert_eq!(map(top - 0x1000), Ok(0), "{flavour:?}");
        assert_eq!(map(top), Err(Errno::EINVAL));
    }
}

#[test]
fn v41_alignment_and_size() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let handle = bench.create(0x4000, GTT, 0);
        for op in [MAP, REPLACE] {
            let bad = [
                (VA + 0x800, 0, 0x1000),
                (VA, 0x800, 0x1000),
                (VA, 0, 0x800),
                (VA, 0, 0),
                (VA, 0, 0x5000),
                (VA, 0x4000, 0x1000),
                (VA, 0xffff_ffff_ffff_f000, 0x1000),
                (VA, 0, 0xffff_ffff_ffff_f000),
            ];
            for (va, offset, bytes) in bad {
                bench.fails(Errno::EINVAL, GEM_VA, Bench::va_block(handle, op, RWX, va, offset, bytes));
            }
        }
        bench.ok(GEM_VA, Bench::va_block(handle, MAP, RWX, VA, 0x3000, 0x1000));
        let odd = bench.call(GEM_VA, Bench::va_block(0, CLEAR, 0, VA + 0x800, 0, 0x100)).0;
        assert_eq!(odd, if flavour == Flavour::V6_1 { Ok(0) } else { Err(Errno::EINVAL) });
    }
}

#[test]
fn v42_overlaps() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let handle = bench.create(0x4000, GTT, 0);
        let map = |va, bytes| bench.call(GEM_VA, Bench::va_block(handle, MAP, RWX, va, 0, bytes)).0;
        assert_eq!(map(VA, 0x2000), Ok(0));
        assert_eq!(map(VA, 0x2000), Err(Errno::EINVAL));
        assert!(bench.reported(Kind::Log, "conflict"));
        assert_eq!((map(VA + 0x1000, 0x1000), map(VA - 0x1000, 0x4000)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
        assert_eq!((map(VA - 0x1000, 0x1000), map(VA + 0x2000, 0x1000)), (Ok(0), Ok(0)));
    }
}

#[test]
fn v43_unmapping() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let (one, two) = (bench.create(0x4000, GTT, 0), bench.create(0x4000, GTT, 0));
        bench.map(one, VA, 0x4000);
        let unmap = |handle, va| bench.call(GEM_VA, Bench::va_block(handle, UNMAP, 0, va, 0, 0x1000)).0;
        assert_eq!(unmap(one, VA + 0x1000), Err(Errno::ENOENT));
        assert_eq!(unmap(two, VA), Err(Errno::ENOENT), "another object's");
        assert_eq!((unmap(one, VA), unmap(one, VA)), (Ok(0), Err(Errno::ENOENT)));
    }
}

/// The mappings of an object: address, size, offset.
fn mappings(bench: &Bench, handle: u32) -> Vec<[u64; 3]> {
    let rows = bench.put(&[0; 320]);
    let bytes = bench.ok(0xc018_6450, S::new(24).u32(0, handle).u32(4, 2).u64(8, rows).u32(16, 10));
    let table = bench.get(rows, 320);
    (0..u32_at(&bytes, 16) as usize).map(|row| [0, 8, 16].map(|at| u64_at(&table, row * 32 + at))).collect()
}

#[test]
fn v44_clear_and_replace_split() {
    let bench = Bench::new(Flavour::V7_3);
    let (one, two) = (bench.create(0x8000, GTT, 0), bench.create(0x8000, GTT, 0));
    bench.ok(GEM_VA, Bench::va_block(one, MAP, RWX, VA, 0x1000, 0x6000));
    bench.ok(GEM_VA, Bench::va_block(0, CLEAR, 0, VA + 0x1000, 0, 0x2000));
    assert_eq!(mappings(&bench, one), [[VA, 0x1000, 0x1000], [VA + 0x3000, 0x3000, 0x4000]]);
    bench.ok(GEM_VA, Bench::va_block(two, REPLACE, RWX, VA + 0x2000, 0, 0x2000));
    assert_eq!(mappings(&bench, one), [[VA, 0x1000, 0x1000], [VA + 0x4000, 0x2000, 0x5000]]);
    assert_eq!(mappings(&bench, two), [[VA + 0x2000, 0x2000, 0]]);
    bench.ok(GEM_VA, Bench::va_block(0, CLEAR, 0, VA, 0, 0x100_0000));
    assert_eq!((mappings(&bench, one), mappings(&bench, two)), (vec![], vec![]));
}

#[test]
fn v45_operations_and_flags() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let handle = bench.create(0x1000, GTT, 0);
        let op = |op, flags, va| bench.call(GEM_VA, Bench::va_block(handle, op, flags, va, 0, 0x1000)).0;
        assert_eq!((op(0, RWX, VA), op(5, RWX, VA)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
        assert_eq!(op(MAP, 0x400, VA), Err(Errno::EINVAL));
        assert_eq!(op(MAP, 0x10 | 2, VA), Err(Errno::EINVAL), "sparse with read");
        assert_eq!(op(MAP, 0x10 | 1, VA), Ok(0));
        assert_eq!(op(MAP, 0x3ef, VA + 0x1000), Ok(0), "everything but sparse");
    }
}

#[test]
fn v46_new_fields_on_old_kernels() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        let handle = bench.create(0x1000, GTT, 0);
        let timeline = u32_at(&bench.ok(SYNCOBJ_CREATE, S::new(8)), 0);
        let block = |va, point, out| {
            let mut bytes = Bench::va_block(handle, MAP, RWX, va, 0, 0x1000).0;
            bytes.resize(64, 0);
            S(bytes).u64(40, point).u32(48, out)
        };
        bench.ok(GEM_VA_NEW, block(VA, 3, timeline));
        let (handles, points) = (bench.put(&timeline.to_le_bytes()), bench.put(&[0; 8]));
        bench.ok(SYNCOBJ_QUERY, S::new(24).u64(0, handles).u64(8, points).u32(16, 1));
        let new = flavour == Flavour::V7_3;
        assert_eq!(u64_at(&bench.get(points, 8), 0), if new { 3 } else { 0 }, "{flavour:?}");
        let unknown = bench.call(GEM_VA_NEW, block(VA + 0x1000, 4, 99)).0;
        assert_eq!(unknown, if new { Err(Errno::ENOENT) } else { Ok(0) });
        let delayed = bench.call(GEM_VA_NEW, block(VA + 0x2000, 4, timeline).u32(12, RWX | 1)).0;
        assert_eq!(delayed, if new { Err(Errno::EINVAL) } else { Ok(0) });
        let inputs = bench.put(&0u32.to_le_bytes());
        let zero = bench.call(GEM_VA_NEW, block(VA + 0x3000, 0, 0).u32(52, 1).u64(56, inputs)).0;
        assert_eq!(zero, if new { Err(Errno::EINVAL) } else { Ok(0) });
    }
}

#[test]
fn v47_the_last_handle_takes_the_mappings_along() {
    let bench = Bench::new(Flavour::V7_3);
    let (one, two) = (bench.create(0x1000, GTT, 0), bench.create(0x1000, GTT, 0));
    bench.map(one, VA, 0x1000);
    bench.ok(GEM_CLOSE, S::new(8).u32(0, one));
    bench.map(two, VA, 0x1000);
}

#[test]
fn v48_memory_that_the_gpu_does_not_reach() {
    let bench = Bench::new(Flavour::V6_12);
    let (ctx, bo) = (bench.ctx(), bench.create(0x1000, 1, 0));
    bench.map(bo, VA, 0x1000);
    let sequence = bench.cs(ctx, &[bench.list(&[bo]), Bench::ib(VA, 32)]).unwrap();
    assert!(bench.wait(ctx, sequence, LONG).is_err());
    assert!(bench.reported(Kind::Fault, "domain"));
}

#[test]
fn a_job_sees_the_mappings_of_its_submission() {
    let gate = std::sync::Arc::new(Gate::default());
    let behind = gate.clone();
    let bench = Bench::with(Flavour::V6_12, move |job| {
        behind.pass();
        assert!(job.vm.store_dword(VA + 0x100, 7));
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let sequence = bench.run(ctx, bo).unwrap();
    bench.ok(GEM_VA, Bench::va_block(bo, UNMAP, 0, VA, 0, 0x1000));
    assert!(bench.reported(Kind::Race, "while a job may use it"));
    gate.open();
    assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true));
    assert_eq!(bench.read_word(bo, 0x100), 7);
}

#[test]
fn high_addresses_are_sign_extended() {
    let high = 0xffff_8000_0010_0000;
    let bench = Bench::with(Flavour::V6_12, move |job| {
        let region = sparkle_vgpu::shader::GlobalMemory::region(job.vm.as_ref(), high + 0x1004).unwrap();
        assert_eq!((region.va, region.bytes), (high, 0x2000));
        assert!(job.vm.store_dword(high + 0x1004, 9) && job.vm.dword(high + 0x1004) == Some(9));
        assert!(job.vm.dword(0x8000_0010_1004).is_none(), "not without the upper bits");
        Outcome::DONE
    });
    let (ctx, bo) = bench.ready();
    let data = bench.create(0x3000, GTT, 0);
    bench.ok(GEM_VA, Bench::va_block(data, MAP, RWX, high, 0x1000, 0x2000));
    let sequence = bench.cs(ctx, &[bench.list(&[bo, data]), Bench::ib(VA, 32)]).unwrap();
    assert_eq!(bench.wait(ctx, sequence, LONG), Ok(true));
    assert_eq!(bench.read_word(data, 0x2004), 9);
}

//! V50 and V51: contexts.

use sparkle_vgpu::kmd::{Client, Errno, Flavour};

use crate::harness::*;

#[test]
fn v50_operations_flags_and_priorities() {
    for flavour in Flavour::ALL {
        let bench = Bench::new(flavour);
        bench.fails(Errno::EINVAL, CTX, S::new(16).u32(0, 0));
        bench.fails(Errno::EINVAL, CTX, S::new(16).u32(0, 7));
        bench.fails(Errno::EINVAL, CTX, S::new(16).u32(0, 1).u32(4, 1));
        bench.fails(Errno::EINVAL, CTX, S::new(16).u32(0, 3).u32(8, 1));
        let ctx = bench.ctx();
        bench.ok(CTX, S::new(16).u32(0, 3).u32(8, ctx));
        bench.fails(Errno::EINVAL, CTX, S::new(16).u32(0, 4).u32(4, 1).u32(8, ctx));
        let allocate = |priority: i32| bench.call(CTX, S::new(16).u32(0, 1).u32(12, priority as u32)).0;
        assert_eq!((allocate(512), allocate(1023)), (Err(Errno::EACCES), Err(Errno::EACCES)));
        assert_eq!((allocate(-1023), allocate(-512), allocate(511)), (Ok(0), Ok(0), Ok(0)), "odd ones are normal");
        let privileged = bench.kernel.open(0, Client { privileged: true, ..Client::this() }).unwrap();
        assert_eq!(bench.call_on(&privileged, CTX, S::new(16).u32(0, 1).u32(12, 1023)).0, Ok(0));
    }
}

#[test]
fn v51_freed_contexts() {
    let bench = Bench::new(Flavour::V6_12);
    let (ctx, bo) = bench.ready();
    bench.ok(CTX, S::new(16).u32(0, 2).u32(8, ctx));
    bench.fails(Errno::EINVAL, CTX, S::new(16).u32(0, 2).u32(8, ctx));
    assert_eq!(bench.run(ctx, bo), Err(Errno::EINVAL));
    assert_eq!(bench.wait(ctx, 0, LONG), Err(Errno::EINVAL));
    assert_eq!(bench.ctx(), ctx, "the number comes back");
}

#[test]
fn old_kernels_have_4095_contexts() {
    for (flavour, next) in [(Flavour::V6_12, Err(Errno::ENOSPC)), (Flavour::V7_3, Ok(0))] {
        let bench = Bench::new(flavour);
        let last = (0..4095).map(|_| bench.ctx()).last();
        assert_eq!(last, Some(4095));
        assert_eq!(bench.call(CTX, S::new(16).u32(0, 1)).0, next);
    }
}

#[test]
fn stable_clocks_have_one_owner() {
    let bench = Bench::new(Flavour::V6_12);
    let (one, two) = (bench.ctx(), bench.ctx());
    let set = |ctx, state| bench.call(CTX, S::new(16).u32(0, 6).u32(4, state).u32(8, ctx)).0;
    let get = |ctx| u32_at(&bench.ok(CTX, S::new(16).u32(0, 5).u32(8, ctx)), 0);
    assert_eq!((set(one, 5), set(one, 0x10)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    assert_eq!((set(one, 1), set(two, 1)), (Ok(0), Err(Errno::EBUSY)));
    assert_eq!((get(one), get(two)), (1, 0));
    assert_eq!((set(one, 0), set(two, 4), get(two)), (Ok(0), Ok(0), 4));
    bench.ok(CTX, S::new(16).u32(0, 2).u32(8, two));
    assert_eq!(set(one, 1), Ok(0), "freeing gives it back");
}

#[test]
fn a_vmid_is_reserved_by_one_file() {
    const VM: u32 = 0xc008_6453;
    let bench = Bench::new(Flavour::V6_12);
    let other = bench.open();
    let vm = |file, op, flags| bench.call_on(file, VM, S::new(8).u32(0, op).u32(4, flags)).0;
    assert_eq!((vm(&bench.file, 3, 0), vm(&bench.file, 1, 1)), (Err(Errno::EINVAL), Err(Errno::EINVAL)));
    assert_eq!((vm(&bench.file, 1, 0), vm(&other, 1, 0)), (Ok(0), Err(Errno::ENOENT)));
    assert_eq!((vm(&bench.file, 2, 0), vm(&other, 1, 0)), (Ok(0), Ok(0)));
}

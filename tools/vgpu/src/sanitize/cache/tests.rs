//! Seeded loads of what may be old, and what is none.
#![allow(clippy::unwrap_used)]

use super::{CacheSet, Caches, Group, Shared};
use crate::sanitize::race::bench::{CODE, OUT, Run, brief, memory, program, tool, without};
use crate::sanitize::report::{Earlier, Report};
use crate::shader::{Chip, NoMemory};

tool!(Group<'_>);

/// A dispatch on the device with these caches.
fn reports(caches: &Caches, run: &Run, words: &[u32]) -> Vec<Report> {
    let program = program(words);
    let memory = memory();
    let shared = Shared::new(caches, &memory);
    let make = |group: &_, place: &_| Box::new(Group::new(&shared, group, place)) as Box<_>;
    let (reports, fault) = run.watch(&program, &memory, make);
    assert_eq!(fault, None);
    reports
}

fn found(caches: &Caches, run: &Run, words: &[u32]) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    brief(&reports(caches, run, words))
}

fn device() -> Caches {
    Caches::new(Chip::GFX1100)
}

/// Stores, and loads the same by a scalar load.
const SCALAR: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xdc6a_0000, // 1: global_store_b32 v1, v0, s[0:1]
    0x0000_0001, //
    0xbc7c_0000, // 3: s_waitcnt_vscnt null, 0x0
    0xf484_0000, // 4: s_dcache_inv
    0x0000_0000, //
    0xf400_0200, // 6: s_load_b32 s8, s[0:1], 0x4
    0xf800_0004, //
    0xbfb0_0000, // 8: s_endpgm
];

/// Loads what the other wave then stores, and loads it again.
const TEAM: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0x3a04_02ff, // 1: v_xor_b32_e32 v2, 0x80, v1
    0x0000_0080, //
    0xdc52_0000, // 3: global_load_b32 v3, v2, s[0:1]
    0x0300_0002, //
    0xbf89_03f7, // 5: s_waitcnt vmcnt(0)
    0xbfbd_0000, // 6: s_barrier
    0xdc6a_0000, // 7: global_store_b32 v1, v0, s[0:1]
    0x0000_0001, //
    0xbc7c_0000, // 9: s_waitcnt_vscnt null, 0x0
    0xbfbd_0000, // 10: s_barrier
    0xe0ac_0000, // 11: buffer_gl0_inv
    0x0000_0000, //
    0xdc52_0000, // 13: global_load_b32 v3, v2, s[0:1]
    0x0300_0002, //
    0xbfb0_0000, // 15: s_endpgm
];

/// The same, but that the second load goes past the cache.
const COHERENT: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0x3a04_02ff, // 1: v_xor_b32_e32 v2, 0x80, v1
    0x0000_0080, //
    0xdc52_0000, // 3: global_load_b32 v3, v2, s[0:1]
    0x0300_0002, //
    0xbf89_03f7, // 5: s_waitcnt vmcnt(0)
    0xbfbd_0000, // 6: s_barrier
    0xdc6a_0000, // 7: global_store_b32 v1, v0, s[0:1]
    0x0000_0001, //
    0xbc7c_0000, // 9: s_waitcnt_vscnt null, 0x0
    0xbfbd_0000, // 10: s_barrier
    0xdc52_4000, // 11: global_load_b32 v3, v2, s[0:1] glc
    0x0300_0002, //
    0xbfb0_0000, // 13: s_endpgm
];

const LOAD: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xdc52_0000, // 1: global_load_b32 v2, v1, s[0:1]
    0x0200_0001, //
    0xbfb0_0000, // 3: s_endpgm
];

const STORE: &[u32] = &[
    0x3002_0082, // 0: v_lshlrev_b32_e32 v1, 2, v0
    0xdc6a_0000, // 1: global_store_b32 v1, v0, s[0:1]
    0x0000_0001, //
    0xbfb0_0000, // 3: s_endpgm
];

const SCALAR_LOAD: &[u32] = &[
    0xf400_0200, // 0: s_load_b32 s8, s[0:1], null
    0xf800_0000, //
    0xbfb0_0000, // 2: s_endpgm
];

#[test]
fn scalar_loads_do_not_see_stores() {
    let all = found(&device(), &Run::new(), &without(SCALAR, &[4, 5]));
    assert_eq!(all, [("cache-scalar", 6, None, Some(1))]);
    assert_eq!(found(&device(), &Run::new(), SCALAR), []);
}

#[test]
fn two_compute_units_of_a_workgroup() {
    let wgp = Run { wgp_mode: true, ..Run::threads(64) };
    assert_eq!(found(&device(), &wgp, &without(TEAM, &[11, 12])), [("cache-vector", 13, Some(0), Some(7))]);
    assert_eq!(found(&device(), &wgp, TEAM), []);
    assert_eq!(found(&device(), &wgp, COHERENT), []);
    // One compute unit has one cache.
    assert_eq!(found(&device(), &Run::threads(64), &without(TEAM, &[11, 12])), []);
}

#[test]
fn a_dispatch_reads_what_the_one_before_has_stored() {
    // Workgroups go to every other compute unit, so that the first four are in one shader array.
    let after = |gcr: Option<u32>| {
        let caches = device();
        assert_eq!(found(&caches, &Run::groups(6), LOAD), []);
        assert_eq!(found(&caches, &Run::groups(1), STORE), []);
        if let Some(gcr) = gcr {
            caches.apply(CacheSet::of_acquire(gcr));
        }
        reports(&caches, &Run::groups(6), LOAD)
    };
    let all = after(None);
    assert_eq!(brief(&all), [("cache-vector", 1, Some(0), None)]);
    // 32 dwords are one line, once for each of the other workgroups.
    assert_eq!((all[0].site.group, all[0].count), ([1, 0, 0], 5));
    assert_eq!(all[0].earlier, Some(Earlier::Event("a store of an earlier dispatch".to_owned())));
    let all = after(Some(0x0100));
    assert_eq!((brief(&all), all[0].count), (vec![("cache-gl1", 1, Some(0), None)], 2));
    assert_eq!(brief(&after(Some(0x0300))), []);
}

#[test]
fn a_dispatch_reads_by_scalar_loads() {
    let after = |gcr: u32| {
        let caches = device();
        assert_eq!(found(&caches, &Run::new(), SCALAR_LOAD), []);
        assert_eq!(found(&caches, &Run::new(), STORE), []);
        caches.apply(CacheSet::of_acquire(gcr));
        found(&caches, &Run::new(), SCALAR_LOAD)
    };
    assert_eq!(after(0x0300), [("cache-scalar", 0, None, None)]);
    assert_eq!(after(0x0380), []);
}

#[test]
fn the_host_writes_behind_gl2() {
    let after = |gcr: u32| {
        let caches = device();
        assert_eq!(found(&caches, &Run::new(), LOAD), []);
        caches.host_wrote(&NoMemory, OUT + 8, 4);
        caches.apply(CacheSet::of_acquire(gcr));
        found(&caches, &Run::new(), LOAD)
    };
    assert_eq!(after(0x0380), [("cache-gl2", 1, Some(0), None)]);
    assert_eq!(after(0xc3b1), []);
    // What nobody has loaded before is in no cache.
    let caches = device();
    caches.host_wrote(&NoMemory, OUT, 4096);
    assert_eq!(found(&caches, &Run::new(), LOAD), []);
    // The command processor writes through GL2, but not through the others.
    caches.processor_wrote(&NoMemory, OUT, 4);
    assert_eq!(found(&caches, &Run::new(), LOAD), [("cache-vector", 1, Some(0), None)]);
    caches.apply(CacheSet::of_acquire(0x0300));
    assert_eq!(found(&caches, &Run::new(), LOAD), []);
}

#[test]
fn code_is_written_again() {
    let after = |gcr: u32| {
        let caches = device();
        assert_eq!(found(&caches, &Run::new(), LOAD), []);
        caches.host_wrote(&NoMemory, CODE + 4, 4);
        caches.apply(CacheSet::of_acquire(gcr));
        found(&caches, &Run::new(), LOAD)
    };
    // The instruction at dword 1 alone has changed.
    assert_eq!(after(0xc3b0), [("cache-instruction", 1, None, None)]);
    assert_eq!(after(0x0001), [("cache-gl2", 1, None, None)]);
    assert_eq!(after(0xc3b1), []);
}

/// Source of the values: Linux `gfx_v11_0_emit_mem_sync` and `gfx_v11_0_ring_emit_fence`, Mesa `radv_cs_emit_cache_flush`.
#[test]
fn packets_name_their_caches() {
    let all = CacheSet { instruction: true, scalar: true, vector: true, gl1: true, gl2: true, gl2_write_back: true };
    assert_eq!(CacheSet::of_acquire(0xc3b1), all);
    assert_eq!(CacheSet::of_acquire(0x0380), CacheSet { scalar: true, vector: true, gl1: true, ..CacheSet::default() });
    assert_eq!(CacheSet::of_acquire(0x8030), CacheSet { gl2_write_back: true, ..CacheSet::default() });
    assert_eq!(CacheSet::of_release(0x0660_3514), CacheSet { gl2_write_back: true, ..CacheSet::default() });
    let older = CacheSet { vector: true, gl1: true, gl2: true, ..CacheSet::default() };
    assert_eq!(CacheSet::of_release(0x0671_f514 & !(1 << 21)), older);
}

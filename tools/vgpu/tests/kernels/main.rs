//! Kernels that clang 19 compiled for gfx1100, launched by their descriptors; the tests compute the results again.
//!
//! `build.sh` makes the code objects. Each source is there for waves of 32 lanes in CU mode and of 64 in WGP mode, some
//! also the other way round or without optimization. Nothing here shares code with the engine.
#![allow(clippy::unwrap_used)]

mod code_object;
mod device;
mod half;

mod atomics;
mod control;
mod conv;
mod cross;
mod grid;
mod integer;
mod lds;
mod math;
mod matrix;
mod memory;
mod packed;

/// The variants of every source.
const BOTH: [&str; 2] = ["w32", "w64"];

#[test]
fn descriptors_are_read() {
    let find = |name: &str, kernel: &str| device::Device::new(name).descriptor(kernel).clone();
    let [cu, wgp, wave64, axes] =
        [("lds.w32", "reduce"), ("lds.w32wgp", "reduce"), ("lds.w64", "reduce"), ("grid.w32", "places")]
            .map(|(name, kernel)| find(name, kernel));
    // As `llvm-objdump -D` prints them.
    assert_eq!([cu.is_wgp_mode(), wgp.is_wgp_mode(), wave64.is_wgp_mode()], [false, true, true]);
    assert_eq!([cu.is_wave64(), wave64.is_wave64()], [false, true]);
    assert_eq!((cu.lds_bytes, cu.scratch_bytes, cu.mode()), (1024, 0, 0x3f0));
    // At least 16 SGPRs with one for the workgroup's number, in waves of 32 lanes alone.
    // Source: LLVM `AMDGPU.td`, `FeatureUserSGPRInit16Bug`.
    assert_eq!([cu.user_sgprs(), wave64.user_sgprs()], [15, 2]);
    assert_eq!((axes.group_ids(), axes.thread_ids()), ([true; 3], 2));
}

//! The CPU's kernels as rows, and the model made from them and the caches that the backend read.

use crate::conv::DType;
use crate::plan::machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel};

/// The model of a CPU: `isa` names the row of kernels (`avx512`, `avx2`, anything else the portable ones), `units` are
/// threads, `levels` the caches and main memory, innermost first.
pub fn cpu_machine(
    name: String,
    isa: &str,
    lanes: usize,
    fma_per_cycle: f64,
    units: usize,
    clock_hz: f64,
    levels: Vec<MemoryLevel>,
) -> MachineModel {
    let (variants, winograd) = match isa {
        "avx512" => (AVX512, WINOGRAD_AVX512),
        "avx2" => (AVX2, WINOGRAD_AVX2),
        _ => (PORTABLE, WINOGRAD_PORTABLE),
    };
    // Handing work to a warm thread takes a few cache misses; a tile's pointers, bias and stores some 40 cycles.
    let compute = Compute {
        units,
        lanes,
        fma_per_cycle,
        clock_hz,
        dispatch_ns: if units > 1 { 500.0 } else { 0.0 },
        caller_is_unit: true,
        tile_cycles: 40.0,
    };
    MachineModel { name, compute, levels, variants: variants.to_vec(), winograd: winograd.to_vec() }
}

const fn row(name: &'static str, family: Family, tile_m: usize, tile_n: usize, efficiency: f64) -> KernelVariant {
    KernelVariant {
        name,
        family,
        dtype: DType::F32,
        tile_m,
        tile_n,
        stage_k: 0,
        units_per_tile: 1,
        efficiency,
        rate: 1.0,
    }
}

// Shares of the FMA peak with operands in L1, as measured on Zen 5; rounded to 0.01.
const AVX512: &[KernelVariant] = &[
    row("conv2d_f32_bcast_14x32_avx512", Family::Broadcast, 14, 32, 0.98),
    row("conv2d_f32_bcast_12x32_avx512", Family::Broadcast, 12, 32, 0.98),
    row("conv2d_f32_bcast_10x32_avx512", Family::Broadcast, 10, 32, 0.97),
    row("conv2d_f32_bcast_8x32_avx512", Family::Broadcast, 8, 32, 0.97),
    row("conv2d_f32_bcast_7x32_avx512", Family::Broadcast, 7, 32, 0.97),
    row("conv2d_f32_bcast_9x48_avx512", Family::Broadcast, 9, 48, 0.98),
    row("conv2d_f32_bcast_8x48_avx512", Family::Broadcast, 8, 48, 0.98),
    row("conv2d_f32_bcast_6x64_avx512", Family::Broadcast, 6, 64, 0.98),
    row("conv2d_f32_bcast_14x16_avx512", Family::Broadcast, 14, 16, 0.92),
    row("conv2d_f32_bcast_7x16_avx512", Family::Broadcast, 7, 16, 0.75),
    row("conv2d_f32_bcast_4x16_avx512", Family::Broadcast, 4, 16, 0.45),
    row("conv2d_f32_bcast_1x64_avx512", Family::Broadcast, 1, 64, 0.40),
    row("conv2d_f32_lane_8x16_avx512", Family::Lanewise, 8, 16, 0.60),
    row("conv2d_f32_lane_4x16_avx512", Family::Lanewise, 4, 16, 0.45),
    row("conv2d_f32_lane_1x16_avx512", Family::Lanewise, 1, 16, 0.12),
];

const AVX2: &[KernelVariant] = &[
    row("conv2d_f32_bcast_6x16_avx2", Family::Broadcast, 6, 16, 0.98),
    row("conv2d_f32_bcast_5x16_avx2", Family::Broadcast, 5, 16, 0.94),
    row("conv2d_f32_bcast_4x16_avx2", Family::Broadcast, 4, 16, 0.90),
    row("conv2d_f32_bcast_2x16_avx2", Family::Broadcast, 2, 16, 0.48),
    row("conv2d_f32_bcast_6x8_avx2", Family::Broadcast, 6, 8, 0.65),
    row("conv2d_f32_bcast_1x32_avx2", Family::Broadcast, 1, 32, 0.45),
    row("conv2d_f32_lane_8x8_avx2", Family::Lanewise, 8, 8, 0.60),
    row("conv2d_f32_lane_4x8_avx2", Family::Lanewise, 4, 8, 0.45),
    row("conv2d_f32_lane_1x8_avx2", Family::Lanewise, 1, 8, 0.12),
];

const PORTABLE: &[KernelVariant] = &[
    row("conv2d_f32_bcast_4x16_portable", Family::Broadcast, 4, 16, 0.95),
    row("conv2d_f32_bcast_1x16_portable", Family::Broadcast, 1, 16, 0.90),
    row("conv2d_f32_lane_4x16_portable", Family::Lanewise, 4, 16, 0.90),
    row("conv2d_f32_lane_1x16_portable", Family::Lanewise, 1, 16, 0.85),
];

// Products of Winograd's algorithm: register tiles as above, without pointers to runs.
const WINOGRAD_AVX512: &[KernelVariant] = &[
    row("winograd_f32_14x32_avx512", Family::Broadcast, 14, 32, 0.97),
    row("winograd_f32_9x48_avx512", Family::Broadcast, 9, 48, 0.97),
    row("winograd_f32_6x64_avx512", Family::Broadcast, 6, 64, 0.97),
    row("winograd_f32_14x16_avx512", Family::Broadcast, 14, 16, 0.90),
];

const WINOGRAD_AVX2: &[KernelVariant] = &[
    row("winograd_f32_6x16_avx2", Family::Broadcast, 6, 16, 0.97),
    row("winograd_f32_6x8_avx2", Family::Broadcast, 6, 8, 0.65),
];

const WINOGRAD_PORTABLE: &[KernelVariant] = &[row("winograd_f32_4x16_portable", Family::Broadcast, 4, 16, 0.95)];

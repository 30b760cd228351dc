//! The CPU's kernels as rows, and the model made from them and the caches that the backend read.

use crate::conv::DType;
use crate::plan::machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel, SlidingWindow};

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
    // Handing work to a warm thread takes a few cache misses; a tile's pointers and stores some 20 cycles, a block's some 400.
    let compute = Compute {
        units,
        lanes,
        fma_per_cycle,
        clock_hz,
        dispatch_ns: if units > 1 { 500.0 } else { 0.0 },
        caller_is_unit: true,
        tile_cycles: 20.0,
        block_cycles: 400.0,
    };
    MachineModel { name, compute, levels, variants: variants.to_vec(), winograd: winograd.to_vec() }
}

const fn row(name: &'static str, family: Family, tile_m: usize, tile_n: usize, efficiency: f64) -> KernelVariant {
    KernelVariant {
        name,
        family,
        window: None,
        dtype: DType::F32,
        tile_m,
        tile_n,
        stage_k: 0,
        units_per_tile: 1,
        efficiency,
        rate: 1.0,
        start_cycles: match family {
            Family::Broadcast => 0.0,
            Family::Lanewise | Family::Planes => 20.0, // a call a tile
        },
    }
}

/// A broadcast kernel that fills the registers; its tiles take `start_cycles` more than those of small kernels.
const fn large(name: &'static str, tile_m: usize, tile_n: usize, efficiency: f64, start_cycles: f64) -> KernelVariant {
    KernelVariant { start_cycles, ..row(name, Family::Broadcast, tile_m, tile_n, efficiency) }
}

/// A lanewise kernel unrolled for a window of `[filter columns, stride, channels a group]`.
const fn sliding(
    name: &'static str,
    [columns, stride, channels]: [usize; 3],
    tile_m: usize,
    tile_n: usize,
    efficiency: f64,
) -> KernelVariant {
    let window = Some(SlidingWindow::new(columns, stride, channels));
    KernelVariant { window, ..row(name, Family::Lanewise, tile_m, tile_n, efficiency) }
}

/// Four groups of eight channels in two vectors: as `sliding`, square groups alone.
const fn quarters(name: &'static str, [columns, stride]: [usize; 2], efficiency: f64) -> KernelVariant {
    let window = Some(SlidingWindow::new(columns, stride, 8).square());
    KernelVariant { window, ..row(name, Family::Lanewise, 7, 32, efficiency) }
}

// Start cycles and shares of the FMA peak of the large broadcast kernels as measured on Zen 4 with one tap and 64 to 512
// channels, of 8x32 and 14x32 with 3x3; 13, 11 and 9 x 32 and 7x48 were not measured and lie between their neighbours.
const AVX512: &[KernelVariant] = &[
    large("conv2d_f32_bcast_14x32_avx512", 14, 32, 0.98, 75.0),
    large("conv2d_f32_bcast_13x32_avx512", 13, 32, 0.98, 50.0),
    large("conv2d_f32_bcast_12x32_avx512", 12, 32, 0.98, 30.0),
    large("conv2d_f32_bcast_11x32_avx512", 11, 32, 0.98, 20.0),
    large("conv2d_f32_bcast_10x32_avx512", 10, 32, 0.985, 15.0),
    large("conv2d_f32_bcast_9x32_avx512", 9, 32, 0.985, 10.0),
    large("conv2d_f32_bcast_8x32_avx512", 8, 32, 0.985, 5.0),
    row("conv2d_f32_bcast_7x32_avx512", Family::Broadcast, 7, 32, 0.995),
    large("conv2d_f32_bcast_9x48_avx512", 9, 48, 0.985, 40.0),
    large("conv2d_f32_bcast_8x48_avx512", 8, 48, 0.99, 20.0),
    large("conv2d_f32_bcast_7x48_avx512", 7, 48, 0.98, 20.0),
    large("conv2d_f32_bcast_6x64_avx512", 6, 64, 0.99, 20.0),
    row("conv2d_f32_bcast_5x64_avx512", Family::Broadcast, 5, 64, 0.97),
    row("conv2d_f32_bcast_14x16_avx512", Family::Broadcast, 14, 16, 0.92),
    row("conv2d_f32_bcast_7x16_avx512", Family::Broadcast, 7, 16, 0.75),
    row("conv2d_f32_bcast_4x16_avx512", Family::Broadcast, 4, 16, 0.45),
    row("conv2d_f32_bcast_1x64_avx512", Family::Broadcast, 1, 64, 0.40),
    row("conv2d_f32_lane_8x16_avx512", Family::Lanewise, 8, 16, 0.40),
    sliding("conv2d_f32_lane_14x16_w3s1c1_avx512", [3, 1, 1], 14, 16, 0.90),
    sliding("conv2d_f32_lane_7x16_w3s1c1_avx512", [3, 1, 1], 7, 16, 0.85),
    sliding("conv2d_f32_lane_14x16_w3s2c1_avx512", [3, 2, 1], 14, 16, 0.80),
    sliding("conv2d_f32_lane_7x16_w3s2c1_avx512", [3, 2, 1], 7, 16, 0.75),
    sliding("conv2d_f32_lane_14x16_w5s1c1_avx512", [5, 1, 1], 14, 16, 0.95),
    sliding("conv2d_f32_lane_7x16_w5s1c1_avx512", [5, 1, 1], 7, 16, 0.90),
    sliding("conv2d_f32_lane_14x16_w5s2c1_avx512", [5, 2, 1], 14, 16, 0.85),
    sliding("conv2d_f32_lane_7x16_w5s2c1_avx512", [5, 2, 1], 7, 16, 0.80),
    sliding("conv2d_f32_lane_14x16_w7s1c1_avx512", [7, 1, 1], 14, 16, 0.97),
    sliding("conv2d_f32_lane_7x16_w7s1c1_avx512", [7, 1, 1], 7, 16, 0.92),
    sliding("conv2d_f32_lane_7x16_w7s2c1_avx512", [7, 2, 1], 7, 16, 0.85),
    sliding("conv2d_f32_lane_14x16_w3s1c2_avx512", [3, 1, 2], 14, 16, 0.90),
    sliding("conv2d_f32_lane_14x16_w3s2c2_avx512", [3, 2, 2], 14, 16, 0.70),
    sliding("conv2d_f32_lane_14x16_w3s1c4_avx512", [3, 1, 4], 14, 16, 0.92),
    sliding("conv2d_f32_lane_14x16_w3s2c4_avx512", [3, 2, 4], 14, 16, 0.75),
    sliding("conv2d_f32_lane_14x16_w3s1c8_avx512", [3, 1, 8], 14, 16, 0.82),
    sliding("conv2d_f32_lane_14x16_w3s2c8_avx512", [3, 2, 8], 14, 16, 0.70),
    quarters("conv2d_f32_lane_7x32_w3s1c8_avx512", [3, 1], 0.93),
    quarters("conv2d_f32_lane_7x32_w3s2c8_avx512", [3, 2], 0.93),
    sliding("conv2d_f32_lane_14x16_w3s1c16_avx512", [3, 1, 16], 14, 16, 0.96),
    sliding("conv2d_f32_lane_7x16_w3s1c16_avx512", [3, 1, 16], 7, 16, 0.95),
    sliding("conv2d_f32_lane_7x16_w3s2c16_avx512", [3, 2, 16], 7, 16, 0.95),
    row("conv2d_f32_planes_14x32_avx512", Family::Planes, 32, 14, 0.98),
    row("conv2d_f32_planes_12x32_avx512", Family::Planes, 32, 12, 0.98),
    row("conv2d_f32_planes_10x32_avx512", Family::Planes, 32, 10, 0.97),
    row("conv2d_f32_planes_8x48_avx512", Family::Planes, 48, 8, 0.98),
    row("conv2d_f32_planes_6x64_avx512", Family::Planes, 64, 6, 0.98),
    row("conv2d_f32_planes_4x96_avx512", Family::Planes, 96, 4, 0.97),
    row("conv2d_f32_planes_1x128_avx512", Family::Planes, 128, 1, 0.80),
];

// Shares of 6, 5 and 4 x 16 as measured on Zen 4 with one tap and 64 to 512 channels, of 4 and 3 x 24 beside 6 x 16 with 3x3.
const AVX2: &[KernelVariant] = &[
    row("conv2d_f32_bcast_6x16_avx2", Family::Broadcast, 6, 16, 0.99),
    row("conv2d_f32_bcast_5x16_avx2", Family::Broadcast, 5, 16, 0.935),
    row("conv2d_f32_bcast_4x16_avx2", Family::Broadcast, 4, 16, 0.915),
    row("conv2d_f32_bcast_4x24_avx2", Family::Broadcast, 4, 24, 0.975),
    row("conv2d_f32_bcast_3x24_avx2", Family::Broadcast, 3, 24, 0.90),
    row("conv2d_f32_bcast_2x16_avx2", Family::Broadcast, 2, 16, 0.48),
    row("conv2d_f32_bcast_6x8_avx2", Family::Broadcast, 6, 8, 0.65),
    row("conv2d_f32_bcast_1x32_avx2", Family::Broadcast, 1, 32, 0.45),
    row("conv2d_f32_lane_6x8_avx2", Family::Lanewise, 6, 8, 0.35),
    sliding("conv2d_f32_lane_7x8_w3s1c1_avx2", [3, 1, 1], 7, 8, 0.80),
    sliding("conv2d_f32_lane_7x8_w3s2c1_avx2", [3, 2, 1], 7, 8, 0.70),
    sliding("conv2d_f32_lane_7x8_w5s1c1_avx2", [5, 1, 1], 7, 8, 0.85),
    sliding("conv2d_f32_lane_7x8_w5s2c1_avx2", [5, 2, 1], 7, 8, 0.75),
    sliding("conv2d_f32_lane_7x8_w7s1c1_avx2", [7, 1, 1], 7, 8, 0.85),
    sliding("conv2d_f32_lane_7x8_w7s2c1_avx2", [7, 2, 1], 7, 8, 0.75),
    sliding("conv2d_f32_lane_7x8_w3s1c2_avx2", [3, 1, 2], 7, 8, 0.80),
    sliding("conv2d_f32_lane_7x8_w3s2c2_avx2", [3, 2, 2], 7, 8, 0.60),
    sliding("conv2d_f32_lane_7x8_w3s1c4_avx2", [3, 1, 4], 7, 8, 0.80),
    sliding("conv2d_f32_lane_7x8_w3s2c4_avx2", [3, 2, 4], 7, 8, 0.60),
    sliding("conv2d_f32_lane_7x8_w3s1c8_avx2", [3, 1, 8], 7, 8, 0.73),
    sliding("conv2d_f32_lane_7x8_w3s2c8_avx2", [3, 2, 8], 7, 8, 0.60),
    row("conv2d_f32_planes_5x16_avx2", Family::Planes, 16, 5, 0.94),
    row("conv2d_f32_planes_4x16_avx2", Family::Planes, 16, 4, 0.90),
    row("conv2d_f32_planes_3x24_avx2", Family::Planes, 24, 3, 0.90),
    row("conv2d_f32_planes_2x32_avx2", Family::Planes, 32, 2, 0.80),
    row("conv2d_f32_planes_1x64_avx2", Family::Planes, 64, 1, 0.60),
];

const PORTABLE: &[KernelVariant] = &[
    row("conv2d_f32_bcast_4x16_portable", Family::Broadcast, 4, 16, 0.95),
    row("conv2d_f32_bcast_1x16_portable", Family::Broadcast, 1, 16, 0.90),
    row("conv2d_f32_lane_4x16_portable", Family::Lanewise, 4, 16, 0.90),
    row("conv2d_f32_planes_4x8_portable", Family::Planes, 8, 4, 0.90),
    row("conv2d_f32_planes_1x32_portable", Family::Planes, 32, 1, 0.85),
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

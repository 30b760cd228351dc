//! CPUs as data: the microkernels of each instruction set, and the model of a core and its caches.

use crate::conv::DType;
use crate::plan::machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel};

const fn row(
    name: &'static str,
    family: Family,
    tile_m: usize,
    tile_n: usize,
    efficiency: f64,
) -> KernelVariant {
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

const fn bcast(name: &'static str, tile_m: usize, tile_n: usize, efficiency: f64) -> KernelVariant {
    row(name, Family::Broadcast, tile_m, tile_n, efficiency)
}

const fn lane(name: &'static str, tile_m: usize, tile_n: usize, efficiency: f64) -> KernelVariant {
    row(name, Family::Lanewise, tile_m, tile_n, efficiency)
}

// Source of the efficiencies: share of the FMA peak with operands in L1, measured on Zen 5 (docs/planner.md);
// lanewise rows and the smallest tiles follow from the load ports (one load an FMA).
const AVX512: [KernelVariant; 15] = [
    bcast("conv2d_f32_bcast_14x32_avx512", 14, 32, 0.985),
    bcast("conv2d_f32_bcast_12x32_avx512", 12, 32, 0.98),
    bcast("conv2d_f32_bcast_10x32_avx512", 10, 32, 0.98),
    bcast("conv2d_f32_bcast_8x32_avx512", 8, 32, 0.98),
    bcast("conv2d_f32_bcast_7x32_avx512", 7, 32, 0.98),
    bcast("conv2d_f32_bcast_9x48_avx512", 9, 48, 0.985),
    bcast("conv2d_f32_bcast_8x48_avx512", 8, 48, 0.98),
    bcast("conv2d_f32_bcast_6x64_avx512", 6, 64, 0.985),
    bcast("conv2d_f32_bcast_14x16_avx512", 14, 16, 0.90),
    bcast("conv2d_f32_bcast_7x16_avx512", 7, 16, 0.80),
    bcast("conv2d_f32_bcast_4x16_avx512", 4, 16, 0.50),
    bcast("conv2d_f32_bcast_1x64_avx512", 1, 64, 0.45),
    lane("conv2d_f32_lane_8x16_avx512", 8, 16, 0.85),
    lane("conv2d_f32_lane_4x16_avx512", 4, 16, 0.50),
    lane("conv2d_f32_lane_1x16_avx512", 1, 16, 0.12),
];

const AVX2: [KernelVariant; 9] = [
    bcast("conv2d_f32_bcast_6x16_avx2", 6, 16, 0.99),
    bcast("conv2d_f32_bcast_5x16_avx2", 5, 16, 0.94),
    bcast("conv2d_f32_bcast_4x16_avx2", 4, 16, 0.90),
    bcast("conv2d_f32_bcast_2x16_avx2", 2, 16, 0.50),
    bcast("conv2d_f32_bcast_6x8_avx2", 6, 8, 0.75),
    bcast("conv2d_f32_bcast_1x32_avx2", 1, 32, 0.45),
    lane("conv2d_f32_lane_8x8_avx2", 8, 8, 0.85),
    lane("conv2d_f32_lane_4x8_avx2", 4, 8, 0.50),
    lane("conv2d_f32_lane_1x8_avx2", 1, 8, 0.12),
];

const PORTABLE: [KernelVariant; 4] = [
    bcast("conv2d_f32_bcast_4x16_portable", 4, 16, 0.60),
    bcast("conv2d_f32_bcast_1x16_portable", 1, 16, 0.30),
    lane("conv2d_f32_lane_4x16_portable", 4, 16, 0.40),
    lane("conv2d_f32_lane_1x16_portable", 1, 16, 0.15),
];

/// The microkernels of an instruction set: `avx512`, `avx2`; any other name gives the portable ones.
pub const fn cpu_variants(isa: &str) -> &'static [KernelVariant] {
    match isa.as_bytes() {
        b"avx512" => &AVX512,
        b"avx2" => &AVX2,
        _ => &PORTABLE,
    }
}

/// A data cache as the operating system describes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CpuCache {
    /// 1, 2 or 3.
    pub level: u8,
    /// Bytes of one instance.
    pub capacity_bytes: u64,
    /// Line size, bytes.
    pub line_bytes: u32,
    /// How many of the threads that will be used share one instance.
    pub shared_by: usize,
}

/// The memory levels of a CPU: the known `caches`, usual sizes for those that are missing, and main memory.
/// Bandwidths follow from the clock: a core takes two vectors a cycle from L1, 64 bytes from L2, 27 from L3, 8 from
/// main memory. Source: measured on Zen 5 (docs/planner.md).
pub fn cpu_levels(caches: &[CpuCache], lanes: usize, units: usize, clock_hz: f64) -> Vec<MemoryLevel> {
    let units = units.max(1);
    let usual = [
        CpuCache {
            level: 1,
            capacity_bytes: 32 << 10,
            line_bytes: 64,
            shared_by: 1,
        },
        CpuCache {
            level: 2,
            capacity_bytes: 512 << 10,
            line_bytes: 64,
            shared_by: 1,
        },
        CpuCache {
            level: 3,
            capacity_bytes: 8 << 20,
            line_bytes: 64,
            shared_by: units,
        },
    ];
    let bytes_per_cycle = [8.0 * lanes as f64, 64.0, 27.0];
    let mut levels: Vec<MemoryLevel> = usual
        .iter()
        .zip(["L1", "L2", "L3"])
        .zip(bytes_per_cycle)
        .map(|((usual, name), bytes_per_cycle)| {
            let cache = caches
                .iter()
                .find(|c| c.level == usual.level && c.capacity_bytes > 0)
                .unwrap_or(usual);
            let shared_by = cache.shared_by.clamp(1, units);
            MemoryLevel {
                name,
                capacity_bytes: Some(cache.capacity_bytes),
                bandwidth: bytes_per_cycle * shared_by as f64 * clock_hz,
                line_bytes: cache.line_bytes,
                shared_by,
            }
        })
        .collect();
    // Two cores are enough to saturate a memory channel; more of them share it.
    let bandwidth = 8.0 * units.min(8) as f64 * clock_hz;
    levels.push(MemoryLevel {
        name: "DRAM",
        capacity_bytes: None,
        bandwidth,
        line_bytes: 64,
        shared_by: units,
    });
    levels
}

/// Models a CPU that uses `units` threads. `isa` names the microkernels ([`cpu_variants`]), `lanes` and
/// `fma_per_cycle` the peak of one core, `clock_hz` its clock. Without `levels` the usual ones are taken
/// ([`cpu_levels`]).
pub fn cpu_machine(
    name: &str,
    isa: &str,
    lanes: usize,
    fma_per_cycle: f64,
    units: usize,
    clock_hz: f64,
    levels: Vec<MemoryLevel>,
) -> MachineModel {
    let units = units.max(1);
    let levels = if levels.is_empty() {
        cpu_levels(&[], lanes, units, clock_hz)
    } else {
        levels
    };
    // Source: a rayon pool entered from outside takes 3 us hot and 10 us asleep (docs/planner.md).
    let dispatch_ns = if units > 1 { 5_000.0 } else { 100.0 };
    MachineModel {
        name: name.to_owned(),
        compute: Compute {
            units,
            lanes,
            fma_per_cycle,
            clock_hz,
            dispatch_ns,
        },
        levels,
        variants: cpu_variants(isa).to_vec(),
    }
}

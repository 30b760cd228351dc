//! RDNA3 and RDNA3.5 GPUs as data: published numbers, and the kernels that are planned for them.
//!
//! The kernels are *modelled*: their tiles and efficiencies come from a cycle model of the main loop, no measurement
//! on hardware stands behind them. A part is a row of [`PARTS`]; everything else is derived from it.

use crate::conv::DType;
use crate::plan::machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel};

/// One GPU, in published numbers.
struct Part {
    /// LLVM's name of the target.
    name: &'static str,
    /// Compute units, of two SIMDs each.
    compute_units: usize,
    /// Boost clock, MHz.
    clock_mhz: f64,
    /// Memory bandwidth, GB/s.
    memory_gb_s: f64,
    /// Second-level cache, MiB.
    gl2_mib: u64,
    /// Memory-side cache (MALL), MiB; 0 = none.
    mall_mib: u64,
    /// Rows of vector registers in a SIMD.
    vgprs: u32,
}

#[rustfmt::skip]
const PARTS: [Part; 6] = [
    // Source: AMD product page RX 7900 XTX; 1536-row register file: LLVM FeatureGFX11FullVGPRs.
    Part { name: "gfx1100", compute_units: 96, clock_mhz: 2500.0, memory_gb_s: 960.0, gl2_mib: 6, mall_mib: 96, vgprs: 1536 },
    // Source: AMD product page RX 7800 XT; LLVM FeatureGFX11FullVGPRs.
    Part { name: "gfx1101", compute_units: 60, clock_mhz: 2430.0, memory_gb_s: 624.0, gl2_mib: 4, mall_mib: 64, vgprs: 1536 },
    // Source: AMD product page RX 7600; 1024 rows: LLVM occupancy remarks.
    Part { name: "gfx1102", compute_units: 32, clock_mhz: 2655.0, memory_gb_s: 288.0, gl2_mib: 2, mall_mib: 32, vgprs: 1024 },
    // Source: Radeon 780M (Phoenix), LPDDR5-7500 on 128 bits.
    Part { name: "gfx1103", compute_units: 12, clock_mhz: 2700.0, memory_gb_s: 120.0, gl2_mib: 2, mall_mib: 0, vgprs: 1024 },
    // Source: Chips and Cheese, "AMD's Radeon 890M" (2024-08): 8 WGPs, 2 MB L2, LPDDR5-7500, 128 KB register files.
    Part { name: "gfx1150", compute_units: 16, clock_mhz: 2900.0, memory_gb_s: 120.0, gl2_mib: 2, mall_mib: 0, vgprs: 1024 },
    // Source: AMD product page Ryzen AI Max+ 395 (Radeon 8060S): 40 CU, 2.9 GHz, LPDDR5X-8000 on 256 bits; 32 MB of
    // Infinity Cache and 2 MB of L2: Chips and Cheese on Strix Halo; 1536 rows: LLVM FeatureISAVersion11_5_1.
    Part { name: "gfx1151", compute_units: 40, clock_mhz: 2900.0, memory_gb_s: 256.0, gl2_mib: 2, mall_mib: 32, vgprs: 1536 },
];

/// SIMDs of a compute unit, which a workgroup in CU mode has for itself.
const SIMDS_PER_CU: usize = 2;

const fn tile(
    name: &'static str,
    dtype: DType,
    mnk: [usize; 3],
    efficiency: f64,
    rate: f64,
) -> KernelVariant {
    KernelVariant {
        name,
        family: Family::Broadcast,
        dtype,
        tile_m: mnk[0],
        tile_n: mnk[1],
        stage_k: mnk[2],
        units_per_tile: SIMDS_PER_CU,
        efficiency,
        rate,
    }
}

const fn depthwise(name: &'static str, dtype: DType) -> KernelVariant {
    KernelVariant {
        name,
        family: Family::Lanewise,
        dtype,
        tile_m: 32,
        tile_n: 32,
        stage_k: 1,
        units_per_tile: SIMDS_PER_CU,
        // Taps come from LDS, which counts as a level of its own; the rest is address arithmetic. An assumption.
        efficiency: 0.5,
        rate: 1.0,
    }
}

// Source of the efficiencies: cycle model of the main loop (fraction of the VOPD or WMMA peak) x 0.95 for what it does
// not see. WMMA does twice the f32 rate on gfx11: 512 FLOP a cycle and CU. Source: RDNA3 ISA guide, GPUOpen on WMMA.
const KERNELS: [KernelVariant; 10] = [
    tile(
        "conv2d_f32_128x128x8_modelled",
        DType::F32,
        [128, 128, 8],
        0.94,
        1.0,
    ),
    tile(
        "conv2d_f32_128x64x16_modelled",
        DType::F32,
        [128, 64, 16],
        0.90,
        1.0,
    ),
    tile(
        "conv2d_f32_64x64x16_modelled",
        DType::F32,
        [64, 64, 16],
        0.61,
        1.0,
    ),
    tile(
        "conv2d_f32_64x32x16_modelled",
        DType::F32,
        [64, 32, 16],
        0.45,
        1.0,
    ),
    depthwise("conv2d_f32_lane_32x32_modelled", DType::F32),
    tile(
        "conv2d_f16_wmma_128x128x32_modelled",
        DType::F16,
        [128, 128, 32],
        0.94,
        2.0,
    ),
    tile(
        "conv2d_f16_wmma_128x64x32_modelled",
        DType::F16,
        [128, 64, 32],
        0.93,
        2.0,
    ),
    tile(
        "conv2d_f16_wmma_64x64x32_modelled",
        DType::F16,
        [64, 64, 32],
        0.93,
        2.0,
    ),
    tile(
        "conv2d_f16_wmma_32x32x64_modelled",
        DType::F16,
        [32, 32, 64],
        0.90,
        2.0,
    ),
    depthwise("conv2d_f16_lane_32x32_modelled", DType::F16),
];

/// The models of all GPUs that are known, gfx1100 first.
pub fn gpu_models() -> Vec<MachineModel> {
    PARTS.iter().map(model).collect()
}

/// The model of one GPU by LLVM's target name, e.g. `gfx1100`.
pub fn gpu_model(name: &str) -> Option<MachineModel> {
    PARTS.iter().find(|part| part.name == name).map(model)
}

fn model(part: &Part) -> MachineModel {
    let clock_hz = part.clock_mhz * 1e6;
    let simds = part.compute_units * SIMDS_PER_CU;
    // 64 KiB and 128 B a cycle for each CU. Source: RDNA3 ISA guide.
    let mut levels = vec![level("LDS", Some(64 << 10), 128.0 * clock_hz, SIMDS_PER_CU)];
    // 15 B a cycle and CU: 3.5 TB/s on gfx1100. An assumption.
    let gl2 = 15.0 * part.compute_units as f64 * clock_hz;
    levels.push(level("GL2", Some(part.gl2_mib << 20), gl2, simds));
    let memory = part.memory_gb_s * 1e9;
    if part.mall_mib > 0 {
        // About twice the memory: 2.0 TB/s on gfx1100. An assumption.
        levels.push(level("MALL", Some(part.mall_mib << 20), 2.1 * memory, simds));
    }
    // Nine tenths of the published bandwidth is attainable. An assumption.
    levels.push(level("VRAM", None, 0.9 * memory, simds));
    MachineModel {
        name: part.name.to_owned(),
        compute: Compute {
            units: simds,
            lanes: 32,
            fma_per_cycle: 2.0, // VOPD. Source: RDNA3 ISA guide, 7.6.
            clock_hz,
            dispatch_ns: 10_000.0, // From the doorbell to the fence. An assumption.
        },
        levels,
        variants: KERNELS
            .iter()
            .filter(|kernel| has_registers(part, kernel))
            .copied()
            .collect(),
    }
}

/// The 128x128 f32 tile takes about 208 registers a lane, which leaves a SIMD of 1024 rows too few waves.
fn has_registers(part: &Part, kernel: &KernelVariant) -> bool {
    part.vgprs >= 1536 || kernel.dtype == DType::F16 || kernel.tile_m * kernel.tile_n < 128 * 128
}

fn level(name: &'static str, capacity_bytes: Option<u64>, bandwidth: f64, shared_by: usize) -> MemoryLevel {
    MemoryLevel {
        name,
        capacity_bytes,
        bandwidth,
        line_bytes: 128,
        shared_by,
    }
}

//! Models of the RDNA3 GPUs as data. Nothing here was measured by this project: peaks follow from published unit counts
//! and clocks, and the kernels' efficiencies are modelled (`docs/planner.md` names the sources).

use crate::conv::DType;
use crate::plan::machine::{Compute, Family, KernelVariant, MachineModel, MemoryLevel};

/// A chip's published numbers.
struct Chip {
    gfx: &'static str,
    board: &'static str,
    compute_units: usize,
    /// Boost clock, GHz: an assumption, boards run from 2.3 to 3.0.
    clock_ghz: f64,
    gl2_mib: u64,
    /// Infinity Cache; 0 = none.
    mall_mib: u64,
    /// Main memory, GB/s.
    memory_gbs: f64,
    /// VGPRs of a SIMD: smaller files hold smaller tiles. Source: LLVM AMDGPU, `FeatureISAVersion11_*`.
    vgprs: usize,
}

#[rustfmt::skip]
const CHIPS: [Chip; 6] = [
    // Sources: AMD's product pages of the boards named (compute units, boost clock, memory bandwidth, Infinity Cache);
    // GL2 sizes as the kernel reports them in kfd_crat.c for each chip.
    Chip { gfx: "gfx1100", board: "RX 7900 XTX",  compute_units: 96, clock_ghz: 2.500, gl2_mib: 6, mall_mib: 96, memory_gbs: 960.0, vgprs: 1536 },
    Chip { gfx: "gfx1101", board: "RX 7800 XT",   compute_units: 60, clock_ghz: 2.430, gl2_mib: 4, mall_mib: 64, memory_gbs: 624.0, vgprs: 1536 },
    Chip { gfx: "gfx1102", board: "RX 7600",      compute_units: 32, clock_ghz: 2.655, gl2_mib: 2, mall_mib: 32, memory_gbs: 288.0, vgprs: 1024 },
    Chip { gfx: "gfx1103", board: "Radeon 780M",  compute_units: 12, clock_ghz: 2.700, gl2_mib: 2, mall_mib: 0,  memory_gbs: 120.0, vgprs: 1024 },
    Chip { gfx: "gfx1150", board: "Radeon 890M",  compute_units: 16, clock_ghz: 2.900, gl2_mib: 2, mall_mib: 0,  memory_gbs: 120.0, vgprs: 1024 },
    Chip { gfx: "gfx1151", board: "Radeon 8060S", compute_units: 40, clock_ghz: 2.900, gl2_mib: 2, mall_mib: 32, memory_gbs: 256.0, vgprs: 1536 },
];

/// The models of all chips.
pub fn gpu_models() -> Vec<MachineModel> {
    CHIPS.iter().map(Chip::model).collect()
}

/// The model of one chip, by its LLVM name (`gfx1100`).
pub fn gpu_model(gfx: &str) -> Option<MachineModel> {
    CHIPS.iter().find(|chip| chip.gfx == gfx).map(Chip::model)
}

impl Chip {
    fn model(&self) -> MachineModel {
        let clock_hz = self.clock_ghz * 1e9;
        let simds = 2 * self.compute_units; // two SIMD32 a CU
        let level = |name, capacity_bytes, bandwidth, shared_by| MemoryLevel {
            name,
            capacity_bytes,
            bandwidth,
            line_bytes: 128,
            shared_by,
            ways: 0,
        };
        // 128 B a cycle and CU (ISA guide, "LDS"). 15 B a cycle and CU from GL2 and twice the memory's rate from the
        // Infinity Cache are assumptions, unverified.
        let mut levels = vec![
            level("LDS", Some(64 << 10), 128.0 * clock_hz, 2),
            level("GL2", Some(self.gl2_mib << 20), 15.0 * clock_hz * self.compute_units as f64, simds),
        ];
        if self.mall_mib > 0 {
            levels.push(level("MALL", Some(self.mall_mib << 20), 2e9 * self.memory_gbs, simds));
        }
        levels.push(level("VRAM", None, 0.9e9 * self.memory_gbs, simds)); // nine tenths are attainable
        MachineModel {
            name: format!("{} ({}, modelled)", self.gfx, self.board),
            // A VOPD pair is two FMA a cycle. A submission costs some 10 us; a tile's prologue and epilogue 1500 cycles
            // a wave, of which other resident groups hide two thirds.
            compute: Compute {
                units: simds,
                lanes: 32,
                fma_per_cycle: 2.0,
                clock_hz,
                dispatch_ns: 10_000.0,
                caller_is_unit: false,
                tile_cycles: 500.0,
                block_cycles: 0.0, // blocks only order the tiles
            },
            levels,
            variants: if self.vgprs >= 1536 { LARGE_FILE.to_vec() } else { SMALL_FILE.to_vec() },
            winograd: Vec::new(),
        }
    }
}

const fn row(
    name: &'static str,
    dtype: DType,
    [tile_m, tile_n, stage_k]: [usize; 3],
    efficiency: f64,
    rate: f64,
) -> KernelVariant {
    KernelVariant {
        name,
        family: Family::Broadcast,
        window: None,
        dtype,
        tile_m,
        tile_n,
        stage_k,
        units_per_tile: 2, // a workgroup in CU mode has the two SIMDs of its CU
        efficiency,
        rate,
        start_cycles: 0.0,
    }
}

/// A wave of 32 lanes over channels; bound by memory.
const LANEWISE: KernelVariant = KernelVariant {
    name: "conv2d_f32_nhwc_lane_8x32_w32",
    family: Family::Lanewise,
    window: None,
    dtype: DType::F32,
    tile_m: 8,
    tile_n: 32,
    stage_k: 0,
    units_per_tile: 1,
    efficiency: 0.4,
    rate: 1.0,
    start_cycles: 0.0,
};

// Loop fractions of the modelled main loops times 0.95 for what the model does not see.
const LARGE_FILE: &[KernelVariant] = &[
    row("conv2d_f32_nhwc_128x128x8_w32", DType::F32, [128, 128, 8], 0.94, 1.0),
    row("conv2d_f32_nhwc_128x64x16_w32", DType::F32, [128, 64, 16], 0.86, 1.0),
    row("conv2d_f32_nhwc_64x64x16_w32", DType::F32, [64, 64, 16], 0.57, 1.0),
    row("conv2d_f32_nhwc_64x32x16_w32", DType::F32, [64, 32, 16], 0.44, 1.0),
    LANEWISE,
    row("conv2d_f16_nhwc_128x128x32_w32", DType::F16, [128, 128, 32], 0.89, 2.0),
    row("conv2d_f16_nhwc_128x64x32_w32", DType::F16, [128, 64, 32], 0.89, 2.0),
    row("conv2d_f16_nhwc_64x64x32_w32", DType::F16, [64, 64, 32], 0.88, 2.0),
    row("conv2d_f16_nhwc_32x32x64_w32", DType::F16, [32, 32, 64], 0.80, 2.0),
];

// 8x8 thread tiles: the file of 1024 registers holds no more with four waves.
const SMALL_FILE: &[KernelVariant] = &[
    row("conv2d_f32_nhwc_128x64x16_w32", DType::F32, [128, 64, 16], 0.82, 1.0),
    row("conv2d_f32_nhwc_64x64x16_w32", DType::F32, [64, 64, 16], 0.57, 1.0),
    row("conv2d_f32_nhwc_64x32x16_w32", DType::F32, [64, 32, 16], 0.44, 1.0),
    LANEWISE,
    row("conv2d_f16_nhwc_128x64x32_w32", DType::F16, [128, 64, 32], 0.85, 2.0),
    row("conv2d_f16_nhwc_64x64x32_w32", DType::F16, [64, 64, 32], 0.85, 2.0),
    row("conv2d_f16_nhwc_32x32x64_w32", DType::F16, [32, 32, 64], 0.80, 2.0),
];

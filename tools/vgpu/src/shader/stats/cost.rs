//! What an instruction counts as, from its decoded form.

use sparkle_rdna3::{Encoding, Instruction, Latency, Op};

/// Kinds of instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Scalar ALU.
    Salu,
    /// Scalar memory.
    Smem,
    /// Vector ALU, but for those below.
    Valu,
    /// Vector ALU with 64-bit floating point.
    ValuF64,
    /// The transcendental unit.
    Trans,
    /// Pairs.
    Vopd,
    /// Matrix operations.
    Wmma,
    /// LDS loads, and what exchanges lanes through LDS.
    LdsLoad,
    /// LDS stores.
    LdsStore,
    /// LDS atomics.
    LdsAtomic,
    /// `global_load_*`.
    GlobalLoad,
    /// `global_store_*`.
    GlobalStore,
    /// `global_atomic_*`.
    GlobalAtomic,
    /// `flat_load_*`.
    FlatLoad,
    /// `flat_store_*`.
    FlatStore,
    /// `flat_atomic_*`.
    FlatAtomic,
    /// Loads of typed and untyped buffers.
    BufferLoad,
    /// Stores to buffers.
    BufferStore,
    /// Atomics on buffers.
    BufferAtomic,
    /// `scratch_load_*`.
    ScratchLoad,
    /// `scratch_store_*`.
    ScratchStore,
    /// Images and exports.
    Graphics,
    /// Branches, calls and the program's end.
    Branch,
    /// Barriers.
    Barrier,
    /// Waits, delays, hints.
    Wait,
    /// Messages.
    Message,
    /// Cache controls of the vector memory.
    Cache,
}

impl Class {
    /// Its name in reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Salu => "salu",
            Self::Smem => "smem",
            Self::Valu => "valu",
            Self::ValuF64 => "valu_f64",
            Self::Trans => "trans",
            Self::Vopd => "vopd",
            Self::Wmma => "wmma",
            Self::LdsLoad => "lds_load",
            Self::LdsStore => "lds_store",
            Self::LdsAtomic => "lds_atomic",
            Self::GlobalLoad => "global_load",
            Self::GlobalStore => "global_store",
            Self::GlobalAtomic => "global_atomic",
            Self::FlatLoad => "flat_load",
            Self::FlatStore => "flat_store",
            Self::FlatAtomic => "flat_atomic",
            Self::BufferLoad => "buffer_load",
            Self::BufferStore => "buffer_store",
            Self::BufferAtomic => "buffer_atomic",
            Self::ScratchLoad => "scratch_load",
            Self::ScratchStore => "scratch_store",
            Self::Graphics => "graphics",
            Self::Branch => "branch",
            Self::Barrier => "barrier",
            Self::Wait => "wait",
            Self::Message => "message",
            Self::Cache => "cache",
        }
    }

    /// Whether EXEC says which lanes take part.
    #[must_use]
    pub const fn is_vector(self) -> bool {
        !matches!(
            self,
            Self::Salu | Self::Smem | Self::Branch | Self::Barrier | Self::Wait | Self::Message | Self::Cache
        )
    }

    /// Whether it goes to the vector ALU.
    #[must_use]
    pub const fn is_valu(self) -> bool {
        matches!(self, Self::Valu | Self::ValuF64 | Self::Trans | Self::Vopd | Self::Wmma)
    }

    fn of(instruction: &Instruction) -> Self {
        let name = instruction.op().mnemonic();
        let by_name = |load, store, atomic| {
            if name.contains("_atomic_") {
                atomic
            } else if name.contains("_store_") {
                store
            } else if name.contains("_load_") {
                load
            } else {
                Self::Cache
            }
        };
        match instruction.encoding() {
            Encoding::Vopd => return Self::Vopd,
            Encoding::Ds | Encoding::LdsDir => return lds(name),
            Encoding::Flat => return by_name(Self::FlatLoad, Self::FlatStore, Self::FlatAtomic),
            Encoding::Global => return by_name(Self::GlobalLoad, Self::GlobalStore, Self::GlobalAtomic),
            Encoding::Scratch => return by_name(Self::ScratchLoad, Self::ScratchStore, Self::ScratchStore),
            Encoding::Mubuf | Encoding::Mtbuf => {
                return by_name(Self::BufferLoad, Self::BufferStore, Self::BufferAtomic);
            }
            Encoding::Mimg | Encoding::Exp => return Self::Graphics,
            _ => {}
        }
        match instruction.latency() {
            _ if instruction.op() == Op::S_BARRIER => Self::Barrier,
            Latency::Smem => Self::Smem,
            Latency::Valu => Self::Valu,
            Latency::Trans | Latency::TransF64 => Self::Trans,
            Latency::ValuF64 => Self::ValuF64,
            Latency::Wmma => Self::Wmma,
            Latency::Branch => Self::Branch,
            Latency::Wait => Self::Wait,
            Latency::Message => Self::Message,
            _ => Self::Salu,
        }
    }
}

fn lds(name: &str) -> Class {
    let loads = ["ds_load", "ds_permute", "ds_bpermute", "ds_swizzle", "lds_"];
    if loads.iter().any(|start| name.starts_with(start)) {
        Class::LdsLoad
    } else if name.starts_with("ds_store") && !name.starts_with("ds_storexchg") {
        Class::LdsStore
    } else {
        Class::LdsAtomic
    }
}

/// What a conditional branch asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Scalar,
    Vcc,
    Exec,
}

/// What an instruction counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cost {
    pub(super) class: Class,
    pub(super) op: Op,
    /// The second of a pair.
    pub(super) op_y: Option<Op>,
    pub(super) dwords: usize,
    pub(super) condition: Option<Condition>,
    /// Whether accesses are scalar loads.
    pub(super) is_scalar: bool,
    /// Floating-point operations of a lane.
    pub(super) flops: u64,
    /// Integer operations of a lane, for dot products.
    pub(super) dot_ops: u64,
    /// Both of a matrix operation, for the wave.
    pub(super) matrix: [u64; 2],
    /// Clocks that 32 lanes take of the vector ALU.
    pub(super) clocks: u64,
}

impl Cost {
    pub(super) fn of(instruction: &Instruction) -> Self {
        let (op, op_y) = (instruction.op(), instruction.op_y());
        let class = Class::of(instruction);
        Self {
            class,
            op,
            op_y,
            dwords: instruction.len_dwords(),
            condition: match op {
                Op::S_CBRANCH_SCC0 | Op::S_CBRANCH_SCC1 => Some(Condition::Scalar),
                Op::S_CBRANCH_VCCZ | Op::S_CBRANCH_VCCNZ => Some(Condition::Vcc),
                Op::S_CBRANCH_EXECZ | Op::S_CBRANCH_EXECNZ => Some(Condition::Exec),
                _ => None,
            },
            is_scalar: class == Class::Smem,
            flops: flops(op) + op_y.map_or(0, flops),
            dot_ops: dot_ops(op),
            matrix: matrix(op),
            clocks: clocks(op, class),
        }
    }
}

/// Floating-point operations of a lane.
fn flops(op: Op) -> u64 {
    match op {
        Op::V_ADD_F16
        | Op::V_ADD_F32
        | Op::V_ADD_F64
        | Op::V_SUB_F16
        | Op::V_SUB_F32
        | Op::V_SUBREV_F16
        | Op::V_SUBREV_F32
        | Op::V_MUL_F16
        | Op::V_MUL_F32
        | Op::V_MUL_F64
        | Op::V_MUL_DX9_ZERO_F32
        | Op::V_MULLIT_F32 => 1,
        Op::V_FMA_F16
        | Op::V_FMA_F32
        | Op::V_FMA_F64
        | Op::V_FMA_DX9_ZERO_F32
        | Op::V_FMAC_F16
        | Op::V_FMAC_F32
        | Op::V_FMAC_DX9_ZERO_F32
        | Op::V_FMAAK_F16
        | Op::V_FMAAK_F32
        | Op::V_FMAMK_F16
        | Op::V_FMAMK_F32
        | Op::V_FMA_MIX_F32
        | Op::V_FMA_MIXLO_F16
        | Op::V_FMA_MIXHI_F16
        | Op::V_DIV_FMAS_F32
        | Op::V_DIV_FMAS_F64
        | Op::V_INTERP_P10_F32
        | Op::V_INTERP_P2_F32
        | Op::V_INTERP_P10_F16_F32
        | Op::V_INTERP_P2_F16_F32
        | Op::V_INTERP_P10_RTZ_F16_F32
        | Op::V_INTERP_P2_RTZ_F16_F32
        | Op::V_PK_ADD_F16
        | Op::V_PK_MUL_F16 => 2,
        Op::V_PK_FMA_F16
        | Op::V_PK_FMAC_F16
        | Op::V_DOT2_F32_F16
        | Op::V_DOT2_F32_BF16
        | Op::V_DOT2_F16_F16
        | Op::V_DOT2_BF16_BF16
        | Op::V_DOT2ACC_F32_F16 => 4,
        _ => 0,
    }
}

/// Integer multiplications and additions of a lane's dot product.
fn dot_ops(op: Op) -> u64 {
    match op {
        Op::V_DOT4_I32_IU8 | Op::V_DOT4_U32_U8 => 8,
        Op::V_DOT8_I32_IU4 | Op::V_DOT8_U32_U4 => 16,
        _ => 0,
    }
}

/// Floating-point and integer operations of a product of 16 x 16 matrices.
fn matrix(op: Op) -> [u64; 2] {
    const OPERATIONS: u64 = 16 * 16 * 16 * 2;
    match op {
        Op::V_WMMA_F32_16X16X16_F16
        | Op::V_WMMA_F32_16X16X16_BF16
        | Op::V_WMMA_F16_16X16X16_F16
        | Op::V_WMMA_BF16_16X16X16_BF16 => [OPERATIONS, 0],
        Op::V_WMMA_I32_16X16X16_IU8 | Op::V_WMMA_I32_16X16X16_IU4 => [0, OPERATIONS],
        _ => [0, 0],
    }
}

/// Clocks from one instruction to the next of its kind, where nothing else holds it up: instruction traces of a gfx1100.
fn clocks(op: Op, class: Class) -> u64 {
    match (class, op) {
        (Class::Wmma, Op::V_WMMA_I32_16X16X16_IU4) => 16,
        (Class::Wmma | Class::ValuF64, _) => 32,
        (Class::Trans, _)
        | (_, Op::V_MUL_LO_U32 | Op::V_MUL_HI_U32 | Op::V_MUL_HI_I32 | Op::V_MAD_U64_U32 | Op::V_MAD_I64_I32) => 4,
        (_, Op::V_LSHLREV_B64 | Op::V_LSHRREV_B64 | Op::V_ASHRREV_I64) => 2,
        (Class::Valu | Class::Vopd, _) => 1,
        _ => 0,
    }
}

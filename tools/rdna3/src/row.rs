//! One row of the opcode tables: what an operation is called, what its operands are, what else it touches.

use std::ops::BitOr;

use crate::op::Op;

/// How an operation is executed, as far as waits and stalls depend on it.
///
/// Source: AMD "RDNA3 Instruction Set Architecture", chapter 4 (dependency checks) and 5; LLVM `SISchedule.td`,
/// `GFX11SpeedModel`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Latency {
    /// Scalar ALU.
    Salu,
    /// Scalar ALU with floating point (gfx1150).
    SaluFloat,
    /// Scalar control flow and program end.
    Branch,
    /// Waits and delays, which touch no data.
    Wait,
    /// Messages.
    Message,
    /// Scalar memory; out of order, counted by LGKMcnt.
    Smem,
    /// Vector ALU at full or half rate.
    Valu,
    /// Vector ALU on the transcendental unit.
    Trans,
    /// Vector ALU with 64-bit floating point.
    ValuF64,
    /// Transcendental operations with 64-bit floating point.
    TransF64,
    /// Matrix operations.
    Wmma,
    /// LDS and GDS; counted by LGKMcnt.
    Lds,
    /// LDS reads into a VGPR for pixel shaders; counted by EXPcnt.
    LdsDirect,
    /// Vector memory that returns data; counted by VMcnt.
    VmemLoad,
    /// Vector memory that returns nothing; counted by VScnt.
    VmemStore,
    /// Flat memory that returns data; counted by VMcnt and LGKMcnt.
    FlatLoad,
    /// Flat memory that returns nothing; counted by VScnt and LGKMcnt.
    FlatStore,
    /// Exports; counted by EXPcnt.
    Export,
}

/// Properties of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Flags(pub(crate) u64);

impl Flags {
    /// Whether every flag of `other` is set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Sources whose sign bit asks for sign extension instead, bit 0 for the first.
    #[must_use]
    pub const fn extended_sources(self) -> u8 {
        (self.0 >> 61) as u8 // CAST: three bits
    }

    /// Sources that take negate and absolute bits, bit 0 for the first.
    #[must_use]
    pub const fn modifier_sources(self) -> u8 {
        (self.0 & 7) as u8 // CAST: three bits
    }
}

impl BitOr for Flags {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The names the tables use for [`Flags`].
pub mod flag {
    use super::Flags;

    macro_rules! flags {
        ($($(#[$doc:meta])* $name:ident = $value:expr;)+) => { $($(#[$doc])* pub const $name: Flags = Flags($value);)+ };
    }

    flags! {
        /// The first source may be negated, its sign may be dropped.
        N1 = 1;
        /// The same for the second source.
        N2 = 2;
        /// The same for sources one and two.
        N3 = 3;
        /// The same for three sources.
        N7 = 7;
        /// The negate and absolute bits may be set and mean nothing.
        QUIET = 1 << 3;
        /// The result may be clamped.
        CLAMP = 1 << 4;
        /// The result may be scaled.
        OMOD = 1 << 5;
        /// Halves of the operands may be chosen.
        OPSEL = 1 << 6;
        /// A VOP3 form exists.
        E64 = 1 << 7;
        /// DPP forms of the short encoding exist.
        DPP = 1 << 8;
        /// DPP forms of the VOP3 encoding exist.
        DPP64 = 1 << 9;
        /// `op_sel` must be zero.
        OS0 = 1 << 10;
        /// `op_sel` may have its highest bit alone.
        OS8 = 1 << 11;
        /// `op_sel` must be zero for the third source.
        OSB = 1 << 12;
        /// The immediate must be zero.
        ZIMM = 1 << 13;
        /// Reads SCC.
        RSCC = 1 << 14;
        /// Writes SCC.
        WSCC = 1 << 15;
        /// Reads EXEC as data; every vector operation reads it as the lane mask too.
        REXEC = 1 << 16;
        /// Writes EXEC.
        WEXEC = 1 << 17;
        /// Reads VCC.
        RVCC = 1 << 18;
        /// Reads M0.
        RM0 = 1 << 19;
        /// Writes the MODE register or another hardware register.
        WMODE = 1 << 20;
        /// Reads memory or LDS.
        LOAD = 1 << 21;
        /// Writes memory or LDS.
        STORE = 1 << 22;
        /// Reads and writes memory or LDS in one step.
        ATOMIC = 1 << 23;
        /// The operation has a form that returns the old value, chosen by GLC.
        RTN = 1 << 24;
        /// Exists from gfx1150 on.
        G1150 = 1 << 25;
        /// Two 8-bit offsets instead of one of 16 bits.
        TWO = 1 << 26;
        /// Works on GDS alone.
        GDSONLY = 1 << 27;
        /// Cannot work on GDS.
        NOGDS = 1 << 28;
        /// One more address dword than the coordinates say (image).
        EX1 = 1 << 29;
        /// Two more.
        EX2 = 1 << 30;
        /// Three more.
        EX3 = 3 << 29;
        /// The addresses begin with gradients (image).
        GRAD = 1 << 31;
        /// The gradients have 16 bits (image).
        G16 = 1 << 32;
        /// The addresses end with a level of detail, a clamp or a mip level (image).
        LOD = 1 << 33;
        /// Always four results (image).
        GATHER = 1 << 34;
        /// No coordinates (image).
        NOCOORD = 1 << 35;
        /// The data may have 16 bits a channel (image).
        D16 = 1 << 36;
        /// May return a fault status in one more dword.
        TFE = 1 << 37;
        /// The address is the lane number times four (global).
        ADDTID = 1 << 38;
        /// The sign bit of the first source asks for sign extension.
        SX1 = 1 << 61;
        /// The sign bit of the second source asks for sign extension.
        SX2 = 1 << 62;
        /// The sign bits of the second and third source ask for sign extension.
        SX6 = 3 << 62;
    }
}

/// What a slot reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Read.
    Read,
    /// Written.
    Write,
    /// Read and written.
    ReadWrite,
}

/// How a slot is encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A VGPR or a tuple of them.
    Vgpr,
    /// A matrix result: half the VGPRs in wave64.
    Accumulator,
    /// A VGPR holding 16 bits; the short encodings reach the first 128 alone.
    VgprHalf,
    /// Half a VGPR: bit 7 of the short encodings, an `op_sel` bit of VOP3 chooses which.
    VgprTrue16,
    /// An SGPR or a tuple of them.
    Sgpr,
    /// A lane mask; VCC in the short encodings.
    Mask,
    /// Any scalar source, constants included.
    Scalar,
    /// A scalar register.
    ScalarReg,
    /// Any source.
    Any,
    /// Any source; the VGPR of the short encodings is one of the first 128.
    AnyHalf,
    /// Any source, half a VGPR.
    AnyTrue16,
    /// A VGPR source, or LDS read directly.
    VgprOrLds,
    /// A VGPR source.
    VgprSrc,
    /// Half a VGPR as a source.
    VgprSrcTrue16,
    /// A matrix accumulator or a constant: half the VGPRs in wave64.
    VgprOrConst,
    /// A scalar source, or LDS read directly.
    ScalarOrLds,
    /// The literal that always follows.
    Literal,
    /// The base of a scalar load, encoded in pairs.
    SmemBase,
    /// Offset register and immediate of a scalar load.
    SmemOffset,
    /// An immediate; [`Imm`] says how it is read.
    Imm(Imm),
    /// Address of a DS operation.
    DsAddr,
    /// First data of a DS operation, data of stores and of FLAT atomics.
    Data,
    /// Data a buffer or image load writes.
    BufferData,
    /// Data of a buffer or image atomic, written too if the old value is asked for.
    AtomicData,
    /// The old value of a FLAT atomic, there if it is asked for.
    Returned,
    /// Second data of a DS operation.
    Data1,
    /// Address VGPRs of a flat, buffer or image operation.
    VAddr,
    /// Scalar address or offset of a flat operation.
    SAddr,
    /// Resource of a buffer or image operation.
    Resource,
    /// Sampler of an image operation.
    Sampler,
}

/// How an immediate is read and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Imm {
    /// A number in hexadecimal.
    Hex,
    /// A number, decimal while small.
    Dec,
    /// A number that is not printed while 0.
    Optional,
    /// A branch distance in dwords from the next instruction, 16 bits, signed.
    Branch,
    /// A hardware register, bit offset and width.
    HwReg,
    /// A message.
    Message,
    /// Counters of `s_waitcnt`.
    WaitCnt,
    /// Counters of `s_waitcnt_depctr`.
    DepCtr,
    /// Microcode version.
    Version,
    /// Fields of `s_delay_alu`.
    Delay,
    /// What `s_atc_probe` probes.
    Probe,
    /// The byte offset of a scalar load, signed.
    SmemOffset,
    /// An interpolation attribute: number times four plus channel.
    Attribute,
    /// An export target.
    ExportTarget,
}

/// How constants in a slot are widened and printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ty {
    /// 32 bits of any meaning, or two halves.
    B32,
    /// 64 bits, literals extended with zeroes.
    B64,
    /// Double precision: literals are the high half.
    F64,
    /// Half precision.
    F16,
    /// 16-bit integer.
    I16,
    /// Two halves of half precision.
    V2F16,
    /// Half precision with the exponent of single precision.
    Bf16,
    /// Two halves of those.
    V2Bf16,
}

/// One operand of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slot {
    pub(crate) kind: Kind,
    /// Dwords of the operand; for lane masks those of wave32.
    pub dwords: u8,
    /// Width and meaning of constants.
    pub ty: Ty,
    /// Whether it is read or written.
    pub access: Access,
}

/// The names the tables use for [`Slot`].
pub(crate) mod slot {
    use super::Access::{Read, ReadWrite, Write};
    use super::Ty::{
        B32 as T32, B64 as T64, Bf16 as TBf16, F16 as TF16, F64 as TF64, I16 as TI16, V2Bf16 as TV2Bf16,
        V2F16 as TV2F16,
    };
    use super::{Imm, Kind, Slot};

    macro_rules! slots {
        ($($name:ident = $kind:expr, $dwords:literal, $ty:ident, $access:ident;)+) => {
            $(pub(crate) const $name: Slot = Slot { kind: $kind, dwords: $dwords, ty: $ty, access: $access };)+
        };
    }

    slots! {
        V1 = Kind::Vgpr, 1, T32, Write;
        V2 = Kind::Vgpr, 2, T32, Write;
        V4 = Kind::Vgpr, 4, T32, Write;
        W8 = Kind::Accumulator, 8, T32, Write;
        VH = Kind::VgprHalf, 1, T32, Write;
        VT = Kind::VgprTrue16, 1, T32, Write;
        A1 = Kind::Vgpr, 1, T32, ReadWrite;
        AH = Kind::VgprHalf, 1, T32, ReadWrite;
        AG1 = Kind::VgprSrc, 1, T32, ReadWrite;
        AT = Kind::VgprTrue16, 1, T32, ReadWrite;
        AGT = Kind::VgprSrcTrue16, 1, TI16, ReadWrite;
        D1 = Kind::Sgpr, 1, T32, Write;
        D2 = Kind::Sgpr, 2, T32, Write;
        D4 = Kind::Sgpr, 4, T32, Write;
        D8 = Kind::Sgpr, 8, T32, Write;
        D16 = Kind::Sgpr, 16, T32, Write;
        AD1 = Kind::Sgpr, 1, T32, ReadWrite;
        AD2 = Kind::Sgpr, 2, T32, ReadWrite;
        RD1 = Kind::Sgpr, 1, T32, Read;
        DM = Kind::Mask, 1, T32, Write;
        M = Kind::Mask, 1, T32, Read;
        S32 = Kind::Scalar, 1, T32, Read;
        S64 = Kind::Scalar, 2, T64, Read;
        S16 = Kind::Scalar, 1, TI16, Read;
        SF16 = Kind::Scalar, 1, TF16, Read;
        R32 = Kind::ScalarReg, 1, T32, Read;
        R64 = Kind::ScalarReg, 2, T32, Read;
        B32 = Kind::Any, 1, T32, Read;
        B64 = Kind::Any, 2, T64, Read;
        F64 = Kind::Any, 2, TF64, Read;
        F16 = Kind::AnyHalf, 1, TF16, Read;
        I16 = Kind::AnyHalf, 1, TI16, Read;
        H32 = Kind::AnyHalf, 1, T32, Read;
        P16 = Kind::Any, 1, TV2F16, Read;
        PB = Kind::Any, 1, TV2Bf16, Read;
        BF = Kind::Any, 1, TBf16, Read;
        T16 = Kind::AnyTrue16, 1, TI16, Read;
        L32 = Kind::VgprOrLds, 1, T32, Read;
        W32 = Kind::ScalarOrLds, 1, T32, Read;
        G1 = Kind::VgprSrc, 1, T32, Read;
        G2 = Kind::VgprSrc, 2, T32, Read;
        G4 = Kind::VgprSrc, 4, T32, Read;
        G8 = Kind::VgprSrc, 8, T32, Read;
        X8 = Kind::VgprOrConst, 8, TF64, Read;
        K32 = Kind::Literal, 1, T32, Read;
        SB2 = Kind::SmemBase, 2, T32, Read;
        SB4 = Kind::SmemBase, 4, T32, Read;
        SOFF = Kind::SmemOffset, 1, T32, Read;
        V3 = Kind::Vgpr, 3, T32, Write;
        O1 = Kind::Returned, 1, T32, Write;
        O2 = Kind::Returned, 2, T32, Write;
        DA = Kind::DsAddr, 1, T32, Read;
        DAW = Kind::DsAddr, 1, T32, ReadWrite;
        X1 = Kind::Data, 1, T32, Read;
        X2 = Kind::Data, 2, T32, Read;
        X3 = Kind::Data, 3, T32, Read;
        X4 = Kind::Data, 4, T32, Read;
        Y1 = Kind::Data1, 1, T32, Read;
        Y2 = Kind::Data1, 2, T32, Read;
        Y4 = Kind::Data1, 4, T32, Read;
        BV1 = Kind::BufferData, 1, T32, Write;
        BW1 = Kind::BufferData, 1, T32, ReadWrite;
        BV2 = Kind::BufferData, 2, T32, Write;
        BV3 = Kind::BufferData, 3, T32, Write;
        BV4 = Kind::BufferData, 4, T32, Write;
        BA1 = Kind::AtomicData, 1, T32, Read;
        BA2 = Kind::AtomicData, 2, T32, Read;
        BA4 = Kind::AtomicData, 4, T32, Read;
        VA = Kind::VAddr, 1, T32, Read;
        SA = Kind::SAddr, 1, T32, Read;
        RS = Kind::Resource, 4, T32, Read;
        RS8 = Kind::Resource, 8, T32, Read;
        SM = Kind::Sampler, 4, T32, Read;
        SO = Kind::Scalar, 1, T32, Read;
        ATTR = Kind::Imm(Imm::Attribute), 0, T32, Read;
        IH = Kind::Imm(Imm::Hex), 0, T32, Read;
        ID = Kind::Imm(Imm::Dec), 0, T32, Read;
        VER = Kind::Imm(Imm::Version), 0, T32, Read;
        IOPT = Kind::Imm(Imm::Optional), 0, T32, Read;
        IPROBE = Kind::Imm(Imm::Probe), 0, T32, Read;
        BR = Kind::Imm(Imm::Branch), 0, T32, Read;
        HWREG = Kind::Imm(Imm::HwReg), 0, T32, Read;
        MSG = Kind::Imm(Imm::Message), 0, T32, Read;
        MSG16 = Kind::Imm(Imm::Message), 0, T32, Read;
        WAIT = Kind::Imm(Imm::WaitCnt), 0, T32, Read;
        DEPCTR = Kind::Imm(Imm::DepCtr), 0, T32, Read;
        DELAY = Kind::Imm(Imm::Delay), 0, T32, Read;
    }
}

/// A row of an opcode table.
#[derive(Debug, PartialEq, Eq)]
pub struct Row {
    /// The number in the encoding's opcode field.
    pub opcode: u16,
    /// The operation.
    pub op: Op,
    /// The operands in the order of the text.
    pub slots: &'static [Slot],
    /// What else it touches, which forms it has.
    pub flags: Flags,
    /// How it is executed.
    pub latency: Latency,
}

/// The row with this opcode.
pub(crate) fn find(table: &'static [Row], opcode: u32) -> Option<&'static Row> {
    let at = table.binary_search_by_key(&opcode, |row| u32::from(row.opcode)).ok()?;
    table.get(at)
}

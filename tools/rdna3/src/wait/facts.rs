//! What the wait rules must know of an instruction, found once when it is decoded.

use crate::counters::{Counter, WaitCnt};
use crate::hazard::{DEALLOC_VGPRS, immediate};
use crate::instruction::{Encoding, Instruction};
use crate::op::Op;
use crate::operand::{Reg, Value};
use crate::registers::{Registers, Scalars};
use crate::row::{Kind, flag};
use crate::target::Gfx;

/// What a counter counts, split into what returns in order.
///
/// Source: LLVM `SIInsertWaitcnts.cpp`, `WaitEventType`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Vector memory that returns data.
    Load,
    /// LDS, and FLAT as far as it counts there.
    Lds,
    /// GDS results.
    Gds,
    /// Scalar memory, in any order.
    Scalar,
    /// Messages.
    Message,
    /// Exports to render targets, and to positions, and parameters.
    Export,
    /// Positions.
    Position,
    /// Parameters.
    Parameter,
    /// LDS reads for pixel shaders.
    LdsDirect,
    /// Operands of GDS.
    GdsOperands,
    /// Vector memory that returns nothing.
    Store,
}

impl Class {
    pub(super) const fn counter(self) -> Counter {
        match self {
            Self::Load => Counter::Vm,
            Self::Lds | Self::Gds | Self::Scalar | Self::Message => Counter::Lgkm,
            Self::Export | Self::Position | Self::Parameter | Self::LdsDirect | Self::GdsOperands => Counter::Exp,
            Self::Store => Counter::Vs,
        }
    }

    /// Whether what is pending is a read of the instruction's sources rather than a write of its results.
    pub(super) const fn locks(self) -> bool {
        matches!(self, Self::Export | Self::Position | Self::Parameter | Self::GdsOperands)
    }
}

/// Kinds of vector memory results that return in order among themselves, one bit each.
///
/// Source: LLVM `SIInsertWaitcnts.cpp`, `VmemType`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Order(u8);

impl Order {
    pub(super) const NONE: Self = Self(0);
    const PLAIN: Self = Self(1);
    const SAMPLER: Self = Self(2);
    const RAY: Self = Self(4);
    /// A sample that gfx1150 may turn into a plain load.
    const ANY: Self = Self(3);
    const LDS: Self = Self(8);

    /// Whether an instruction of this kind returns after one of the other kind.
    pub(super) const fn follows(self, other: Self) -> bool {
        (self.0 | other.0).is_power_of_two() && self.0 != 0 && other.0 != 0
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What later results of `class` come behind. A FLAT load is a plain one as far as vmcnt goes, and itself follows
    /// nothing.
    pub(super) fn behind(self, class: Class) -> Self {
        if self == Self::NONE && class == Class::Load { Self::PLAIN } else { self }
    }
}

/// The most that may be left of each counter, in the order of [`Counter`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits([u8; 4]);

impl Limits {
    const NONE: Self = Self([u8::MAX; 4]);

    pub(super) const fn of(self, counter: Counter) -> u8 {
        let [vm, lgkm, exp, vs] = self.0;
        match counter {
            Counter::Vm => vm,
            Counter::Lgkm => lgkm,
            Counter::Exp => exp,
            Counter::Vs => vs,
        }
    }

    pub(super) fn is_none(self) -> bool {
        self.0 == Self::NONE.0
    }
}

/// What the wait rules must know of an instruction.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    pub(super) reads: Registers,
    pub(super) writes: Registers,
    /// Sources that an export or GDS operation reads late.
    pub(super) locked: Registers,
    pub(super) limits: Limits,
    /// What it counts as; at most two of them.
    pub(super) classes: [Option<Class>; 2],
    pub(super) order: Order,
    pub(super) writes_exec: bool,
    pub(super) stores_scratch: bool,
    pub(super) releases: bool,
}

impl Facts {
    /// The facts of `instruction`.
    #[must_use]
    pub fn of(instruction: &Instruction) -> Self {
        let writes: Registers = instruction.writes().collect();
        let mut reads: Registers = instruction.reads().collect();
        let classes = classes(instruction);
        let loads = classes.iter().flatten().any(|class| !class.locks() && *class != Class::Store);
        // A load into half a register writes that half and reads nothing.
        if loads && instruction.flags().contains(flag::LOAD) {
            let sources = instruction.operands().iter().filter(|operand| operand.access == crate::row::Access::Read);
            let kept: Registers = sources.filter_map(crate::operand::Operand::registers).collect();
            reads.vector = kept.vector;
        }
        let locks = classes.iter().flatten().any(|class| class.locks());
        let locked = if locks { Registers { scalar: Scalars::default(), ..reads } } else { Registers::default() };
        let scratch = matches!(instruction.encoding(), Encoding::Scratch | Encoding::Flat);
        Self {
            reads,
            writes,
            locked,
            limits: limits(instruction),
            classes,
            order: order(instruction),
            writes_exec: writes.scalar.meets(Scalars::EXEC),
            stores_scratch: scratch && classes.contains(&Some(Class::Store)),
            releases: instruction.op() == Op::S_SENDMSG && immediate(instruction) == DEALLOC_VGPRS,
        }
    }

    /// Whether the instruction waits for a counter.
    #[must_use]
    pub fn waits(&self) -> bool {
        !self.limits.is_none()
    }
}

/// What an instruction counts as.
///
/// Source: LLVM `SIInsertWaitcnts.cpp`, `updateEventWaitcntAfter` and `getVmemWaitEventType`.
fn classes(instruction: &Instruction) -> [Option<Class>; 2] {
    let (flags, modifiers) = (instruction.flags(), instruction.modifiers());
    let returns = flags.contains(flag::LOAD) || (flags.contains(flag::ATOMIC) && modifiers.glc);
    let memory = Some(if returns { Class::Load } else { Class::Store });
    match instruction.encoding() {
        Encoding::Ds if modifiers.gds || flags.contains(flag::GDSONLY) => [Some(Class::Gds), Some(Class::GdsOperands)],
        Encoding::Ds => [Some(Class::Lds), None],
        Encoding::Flat => [memory, Some(Class::Lds)],
        Encoding::Mubuf if matches!(instruction.op(), Op::BUFFER_GL0_INV | Op::BUFFER_GL1_INV) => [None, None],
        Encoding::Global | Encoding::Scratch | Encoding::Mubuf | Encoding::Mtbuf | Encoding::Mimg => [memory, None],
        Encoding::Smem => [Some(Class::Scalar), None],
        Encoding::LdsDir => [Some(Class::LdsDirect), None],
        // Source: LLVM `SIDefines.h`, namespace `Exp`: positions 12 to 16, parameters 32 to 63.
        Encoding::Exp => match immediate(instruction) {
            12..=16 => [Some(Class::Position), None],
            32..=63 => [Some(Class::Parameter), None],
            _ => [Some(Class::Export), None],
        },
        _ => match instruction.op() {
            Op::S_SENDMSG | Op::S_SENDMSGHALT | Op::S_SENDMSG_RTN_B32 | Op::S_SENDMSG_RTN_B64 => {
                [Some(Class::Message), None]
            }
            _ => [None, None],
        },
    }
}

/// Source: LLVM `SIInsertWaitcnts.cpp`, `getVmemType`; `AMDGPU.td`, `FeaturePointSampleAccel` of gfx1150.
fn order(instruction: &Instruction) -> Order {
    match instruction.encoding() {
        Encoding::Ds if !instruction.modifiers().gds => Order::LDS,
        Encoding::Global | Encoding::Scratch | Encoding::Mubuf | Encoding::Mtbuf => Order::PLAIN,
        Encoding::Mimg => match instruction.op() {
            Op::IMAGE_BVH_INTERSECT_RAY | Op::IMAGE_BVH64_INTERSECT_RAY => Order::RAY,
            Op::IMAGE_MSAA_LOAD => Order::SAMPLER,
            _ if instruction.row.slots.iter().any(|slot| slot.kind == Kind::Sampler) => {
                if instruction.target().gfx == Gfx::Gfx1150 { Order::ANY } else { Order::SAMPLER }
            }
            _ => Order::PLAIN,
        },
        _ => Order::NONE,
    }
}

/// What an instruction waits for.
fn limits(instruction: &Instruction) -> Limits {
    let none = u8::MAX;
    let imm = immediate(instruction);
    // A count of the whole field waits for nothing; a larger one cannot be.
    let count = |counter: Counter, count: u8| if count >= counter.most() { none } else { count };
    let alone = |counter| {
        let to_null = instruction.operands().first().is_some_and(|operand| operand.value == Value::Reg(Reg::Null));
        // What a register holds is not known.
        if to_null { count(counter, u8::try_from(imm & 0xffff).unwrap_or(none)) } else { none }
    };
    Limits(match instruction.op() {
        Op::S_WAITCNT => {
            let WaitCnt { vm, exp, lgkm } = WaitCnt::decode(imm as u16); // CAST: sixteen bits
            [count(Counter::Vm, vm), count(Counter::Lgkm, lgkm), count(Counter::Exp, exp), none]
        }
        Op::S_WAITCNT_VMCNT => [alone(Counter::Vm), none, none, none],
        Op::S_WAITCNT_LGKMCNT => [none, alone(Counter::Lgkm), none, none],
        Op::S_WAITCNT_EXPCNT => [none, none, alone(Counter::Exp), none],
        Op::S_WAITCNT_VSCNT => [none, none, none, alone(Counter::Vs)],
        Op::S_WAIT_IDLE => [0; 4],
        _ if instruction.encoding() == Encoding::Vinterp => {
            [none, none, count(Counter::Exp, instruction.modifiers().wait), none]
        }
        _ => Limits::NONE.0,
    })
}

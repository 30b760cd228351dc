//! From decoded instructions to steps.

mod memory;
mod reserved;
mod vector;

use sparkle_rdna3::flag as property;
use sparkle_rdna3::{Access, Encoding, Instruction, Op, Operand, Reg, Target, Ty, Value, decode};

use super::exec::{self, Illegal, Missing};
use super::isa::{Isa, Kernel32, Run};
use super::kernel::{self, Idle};
use super::step::{From, More, Outcome, Source, Step, flag, mask, modifier};
use super::wave::{EXEC, VCC};

/// Why a step can't be built; the text completes "... is not modelled".
pub(crate) type Unmodelled = &'static str;

/// The step at the start of `words`.
pub(crate) fn step(words: &[u32], target: Target, isa: Isa) -> Step {
    let words = words.get(..words.len().min(5)).unwrap_or(&[]);
    let first = words.first().copied().unwrap_or(0);
    let Some((instruction, words, high)) = understood(words, target) else {
        let mut step = empty(Op::S_NOP, isa);
        step.run = Run::new::<Illegal>(isa);
        step.immediate = first as i32; // CAST: the same bits
        return step;
    };
    build(&instruction, &words, high, isa).unwrap_or_else(|missing| {
        let mut step = empty(instruction.op(), isa);
        step.more = Some(Box::new(More { missing, ..More::NONE }));
        step.run = Run::new::<Missing>(isa);
        step
    })
}

/// The instruction at the start of `words`, and the high halves of [`decode_high_halves`].
pub(crate) fn decoded(words: &[u32], target: Target) -> Option<(Instruction, u8)> {
    let words = words.get(..words.len().min(5)).unwrap_or(&[]);
    understood(words, target).map(|(instruction, _, high)| (instruction, high))
}

/// As [`decoded`], with the words that it was decoded from, where unused fields are zero.
fn understood(words: &[u32], target: Target) -> Option<(Instruction, Vec<u32>, u8)> {
    match decode(words, target) {
        Ok(instruction) => Some((instruction, words.to_vec(), 0)),
        Err(_) => decode_high_halves(words, target)
            .map(|(instruction, high)| (instruction, words.to_vec(), high))
            .or_else(|| reserved::decode_ignoring(words, target).map(|(instruction, words)| (instruction, words, 0))),
    }
}

/// The short encodings with 16-bit operands name the high half of a register by bit 7 of its number, which the decoder
/// leaves to those who want it. Tries the word without these bits; the result tells which were set: bit 0 and 1 for the
/// sources, bit 3 for the destination, as in op_sel.
/// Source: guide, section 7.2 ("VGPR operands of 16 bits").
fn decode_high_halves(words: &[u32], target: Target) -> Option<(Instruction, u8)> {
    let first = *words.first()?;
    if first >> 31 != 0 {
        return None;
    }
    let source = first >> 8 & first >> 7 & 1;
    let set = source | (first >> 16 & 1) << 1 | (first >> 24 & 1) << 3;
    let has_source1 = first >> 25 != 0x3f;
    let has_destination = first >> 25 != 0x3e;
    let mut cleared = first;
    for (bit, at, exists) in [(0, 7, true), (1, 16, has_source1), (3, 24, has_destination)] {
        if set >> bit & 1 != 0 && exists {
            cleared &= !(1 << at);
        }
    }
    let mut words: Vec<u32> = words.iter().copied().take(5).collect();
    *words.first_mut()? = cleared;
    let instruction = decode(&words, target).ok()?;
    let mut high = set as u8; // CAST: four bits
    // A bit may only have gone where it meant a half.
    let sources = instruction.operands().iter().filter(|operand| operand.access == Access::Read);
    for (operand, bit) in sources.zip([1, 2]) {
        if high & bit != 0 && !is_half(operand) {
            return None;
        }
    }
    if !has_source1 {
        high &= !2;
    }
    let half_result =
        kernel::find(instruction.op(), false, Isa::PORTABLE).is_some_and(|(_, outcome)| outcome.is_half());
    if !has_destination {
        high &= !8;
    }
    (high & 8 == 0 || half_result).then_some((instruction, high))
}

pub(crate) const fn is_half(operand: &Operand) -> bool {
    matches!(operand.ty, Ty::F16 | Ty::I16 | Ty::Bf16)
}

fn empty(op: Op, isa: Isa) -> Step {
    let idle = Kernel32::new::<Idle>(isa);
    Step {
        run: Run::new::<Missing>(isa),
        kernel: idle,
        second: idle,
        sources: [Source::NONE; 6],
        to: 0,
        second_to: 0,
        mask_from: mask::NONE,
        mask_to: mask::NONE,
        flags: 0,
        omod: 0,
        outcome: Outcome::B32,
        len: 1,
        immediate: 0,
        op,
        more: None,
    }
}

/// What a builder works from.
pub(crate) struct Parts<'a> {
    pub(crate) instruction: &'a Instruction,
    pub(crate) words: &'a [u32],
    /// High halves named by the short encodings, as op_sel has them.
    pub(crate) high: u8,
    pub(crate) isa: Isa,
}

fn build(instruction: &Instruction, words: &[u32], high: u8, isa: Isa) -> Result<Step, Unmodelled> {
    let mut step = empty(instruction.op(), isa);
    step.len = instruction.len_dwords() as u8; // CAST: at most 5
    if instruction.op() == Op::V_ILLEGAL {
        step.run = Run::new::<Illegal>(isa);
        return Ok(step);
    }
    let parts = Parts { instruction, words, high, isa };
    if let Some(run) = exec::control::find(instruction.op(), isa) {
        step.run = run;
        scalar_operands(&parts, &mut step)?;
        return Ok(step);
    }
    let op = instruction.op();
    match instruction.encoding() {
        Encoding::Vop1 | Encoding::Vop2 | Encoding::Vop3 | Encoding::Vop3p if exec::packed::family(op).is_some() => {
            vector::packed(&parts, &mut step)?;
        }
        Encoding::Vop1 | Encoding::Vop3 if exec::cross::find(op, isa).is_some() => vector::cross(&parts, &mut step)?,
        Encoding::Smem => memory::scalar(&parts, &mut step)?,
        Encoding::Global | Encoding::Flat | Encoding::Scratch => memory::flat(&parts, &mut step)?,
        Encoding::Ds => memory::lds(&parts, &mut step)?,
        Encoding::Mubuf | Encoding::Mtbuf => memory::buffer(&parts, &mut step)?,
        Encoding::Sop1 | Encoding::Sop2 | Encoding::Sopc | Encoding::Sopk | Encoding::Sopp => {
            scalar(&parts, &mut step)?
        }
        Encoding::Vopd => vector::dual(&parts, &mut step)?,
        Encoding::Vinterp => vector::interpolation(&parts, &mut step)?,
        Encoding::LdsDir if op == Op::LDS_DIRECT_LOAD => memory::direct(&parts, &mut step)?,
        Encoding::Vop1 | Encoding::Vop2 | Encoding::Vopc | Encoding::Vop3 => vector::plain(&parts, &mut step)?,
        _ => return Err(""),
    }
    Ok(step)
}

/// The operand number of a scalar register.
pub(crate) const fn scalar_index(reg: Reg) -> Option<u8> {
    Some(match reg {
        Reg::Sgpr(n) => n,
        Reg::VccLo => VCC,
        Reg::VccHi => VCC + 1,
        Reg::Ttmp(n) => 108 + n,
        Reg::Null => super::wave::NULL,
        Reg::M0 => super::wave::M0,
        Reg::ExecLo => EXEC,
        Reg::ExecHi => EXEC + 1,
        _ => return None,
    })
}

/// Bits 63:32 of the apertures. Source: Linux `gmc_v11_0.c`, `gmc_v11_0_early_init`.
pub(crate) const SHARED_APERTURE: u32 = 0x2000_0000;
pub(crate) const PRIVATE_APERTURE: u32 = 0x1000_0000;

/// An operand as a source.
pub(crate) fn source(operand: &Operand, signed: bool) -> Result<Source, Unmodelled> {
    let constant = |from, value| Source { from, value, ..Source::NONE };
    let wide = operand.dwords >= 2;
    let mut source = match operand.value {
        Value::Reg(Reg::Vgpr(index)) => Source::vgpr(index),
        Value::Half { vgpr, high } => Source { modifiers: if high { modifier::HIGH } else { 0 }, ..Source::vgpr(vgpr) },
        Value::Reg(Reg::Scc) => Source { from: From::Condition, index: 253, ..Source::NONE },
        Value::Reg(Reg::Vccz) => Source { from: From::Condition, index: 251, ..Source::NONE },
        Value::Reg(Reg::Execz) => Source { from: From::Condition, index: 252, ..Source::NONE },
        // The limits are those of 4 GiB. As 32 bits they read 0: LLVM `SIISelLowering.cpp`, `getSegmentAperture`.
        Value::Reg(Reg::SharedBase | Reg::SharedLimit) => constant(From::Aperture, SHARED_APERTURE),
        Value::Reg(Reg::PrivateBase | Reg::PrivateLimit) => constant(From::Aperture, PRIVATE_APERTURE),
        // Reserved since gfx11. Source: guide, section 7.2, table of operands.
        Value::Reg(Reg::LdsDirect) => return Err("LDS read directly by a vector operation"),
        Value::Reg(Reg::PopsExitingWaveId) => return Err("the wave that an ordered pixel shader waits for"),
        Value::Reg(reg) => scalar_index(reg).map(Source::scalar).ok_or("this operand")?,
        Value::Int(value) => constant(From::Constant, i32::from(value) as u32), // CAST: two's complement
        Value::Float(value) => match operand.ty {
            Ty::F16 | Ty::I16 | Ty::V2F16 => constant(From::Constant, value.f16_bits().into()),
            Ty::Bf16 | Ty::V2Bf16 => constant(From::Constant, value.bf16_bits().into()),
            Ty::F64 | Ty::B64 if value.f64_bits() as u32 != 0 => constant(From::InvTwoPi, 0), // CAST: the low half
            Ty::F64 | Ty::B64 => constant(From::HighHalf, (value.f64_bits() >> 32) as u32),   // CAST: the high half
            _ => constant(From::Constant, value.f32_bits()),
        },
        Value::Literal(value) if wide && operand.ty == Ty::F64 => constant(From::HighHalf, value),
        Value::Literal(value) => constant(if signed { From::Constant } else { From::Unsigned }, value),
        Value::Imm { bits, .. } => constant(From::Constant, bits as u32), // CAST: two's complement
        Value::Off => Source::NONE,
    };
    if (operand.neg || operand.abs) && matches!(operand.ty, Ty::V2F16 | Ty::V2Bf16) {
        return Err("a sign change of packed halves");
    }
    for (set, bit) in [
        (operand.neg, modifier::NEG),
        (operand.abs, modifier::ABS),
        (wide, modifier::WIDE),
        // What LLVM calls sign extension is the bit that negates floats; it flips the sign bit of integers of 16 bits
        // too, and does nothing to others. Source: tinygrad `test_vop3.py`, `test_mad_i16_clamp_sat_max`, on gfx1100.
        (operand.sext && is_half(operand), modifier::NEG),
        ((operand.neg || operand.abs || operand.sext) && is_half(operand), modifier::SIGN16),
    ] {
        if set {
            source.modifiers |= bit;
        }
    }
    Ok(source)
}

/// Whether a literal is sign-extended to 64 bits rather than zero-extended: in the operations on signed integers.
/// Source: LLVM `SIInstrInfo.cpp`, `isOperandLegal`, on literals of 64-bit operands.
pub(crate) fn is_signed(op: Op) -> bool {
    op.mnemonic().contains("_i64")
}

/// Destination, sources and immediate of a scalar operation, whatever it is.
fn scalar_operands(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    let operands = parts.instruction.operands();
    let mut sources = step.sources.iter_mut();
    let mut old = None;
    for operand in operands {
        match (operand.value, operand.access) {
            (Value::Imm { bits, .. }, _) => step.immediate = bits,
            (_, Access::Read) => {
                if let Some(place) = sources.next() {
                    *place = source(operand, is_signed(step.op))?;
                }
            }
            (Value::Reg(reg), access) => {
                step.to = scalar_index(reg).ok_or("this destination")?;
                if operand.dwords >= 2 {
                    step.flags |= flag::WIDE;
                }
                if access == Access::ReadWrite {
                    old = Some(source(operand, false)?);
                }
            }
            _ => return Err("this operand"),
        }
    }
    // The immediates of SOPK are signed; those of branches come so.
    if parts.instruction.encoding() == Encoding::Sopk && !parts.instruction.op().mnemonic().contains("reg") {
        step.immediate = i32::from(step.immediate as i16); // CAST: sign of 16 bits
    }
    if let (Some(old), Some(place)) = (old, step.sources.get_mut(2)) {
        *place = old;
    }
    if parts.instruction.flags().contains(property::WSCC) {
        step.flags |= flag::SCC;
    }
    Ok(())
}

fn scalar(parts: &Parts<'_>, step: &mut Step) -> Result<(), Unmodelled> {
    scalar_operands(parts, step)?;
    let (run, code) = exec::scalar::find(step.op, parts.isa).ok_or("")?;
    step.run = run;
    if let Some(code) = code {
        if parts.instruction.encoding() == Encoding::Sopk {
            // S_CMPK_*_U32 zero-extend their immediate. Source: guide, section 16.2.
            let k = if step.op.mnemonic().ends_with("u32") { step.immediate & 0xffff } else { step.immediate };
            step.sources[1] = Source::constant(k as u32); // CAST: two's complement
        }
        step.immediate = code;
    }
    Ok(())
}

//! Program flow, MODE and other hardware registers, messages, waits.

use sparkle_rdna3::Op;

use super::scalar::{read, write};
use super::{Missing, Nothing};
use crate::shader::build::{PRIVATE_APERTURE, SHARED_APERTURE};
use crate::shader::fault::Cause;
use crate::shader::isa::{Handler, Isa, Run};
use crate::shader::run::{Context, Flow};
use crate::shader::step::Step;
use crate::shader::wave::{EXEC, VCC, Wave};

/// Clocks that a wave may sleep in all: 3.4 s of 2.5 GHz, and the shortest timeout of a kernel is 2 s. A wave that does
/// nothing but sleep executes few instructions, so that their limit is far away.
const LONGEST_SLEEP: u64 = 1 << 33;

/// Goes `distance` dwords from the next instruction.
fn jump(wave: &mut Wave, distance: i32) {
    wave.pc = wave.pc.wrapping_add_signed(distance as isize); // CAST: widening
}

macro_rules! branches {
    ($($name:ident: |$wave:ident| $taken:expr;)+) => { $(
        struct $name;
        impl Handler for $name {
            fn run(context: &mut Context<'_>, step: &Step) -> Flow {
                let $wave = &mut *context.wave;
                if $taken {
                    jump($wave, step.immediate);
                }
                Flow::Next
            }
        }
    )+ };
}

branches! {
    Always: |_wave| true;
    Scc0: |wave| !wave.scc;
    Scc1: |wave| wave.scc;
    Vccz: |wave| wave.mask(VCC) == 0;
    Vccnz: |wave| wave.mask(VCC) != 0;
    Execz: |wave| wave.exec() == 0;
    Execnz: |wave| wave.exec() != 0;
}

/// The address of dword `pc`.
fn address(context: &Context<'_>, pc: usize) -> u64 {
    context.base.wrapping_add((pc as u64).wrapping_mul(4)) // CAST: usize has at most 64 bits
}

/// Goes to an address; one that is no multiple of 4 lies outside of the code.
fn go(context: &mut Context<'_>, address: u64) -> Flow {
    let offset = address.wrapping_sub(context.base);
    match usize::try_from(offset / 4) {
        Ok(pc) if offset.is_multiple_of(4) => {
            context.wave.pc = pc;
            Flow::Next
        }
        _ => context.fail(Cause::OutsideCode { offset }),
    }
}

macro_rules! handlers {
    ($($(#[$doc:meta])* $name:ident: |$context:ident, $step:ident| $body:expr;)+) => { $(
        $(#[$doc])*
        struct $name;
        impl Handler for $name {
            fn run($context: &mut Context<'_>, $step: &Step) -> Flow {
                $body
            }
        }
    )+ };
}

handlers! {
    GetPc: |context, step| {
        let next = address(context, context.wave.pc);
        write(context.wave, step, next);
        Flow::Next
    };
    SetPc: |context, step| {
        let target = read(context.wave, &step.sources[0]);
        go(context, target)
    };
    SwapPc: |context, step| {
        let target = read(context.wave, &step.sources[0]);
        let next = address(context, context.wave.pc);
        write(context.wave, step, next);
        go(context, target)
    };
    Call: |context, step| {
        let next = address(context, context.wave.pc);
        write(context.wave, step, next);
        jump(context.wave, step.immediate);
        Flow::Next
    };
    End: |_context, _step| Flow::End;
    Barrier: |_context, _step| Flow::Barrier;
    Trap: |context, step| {
        let id = step.immediate as u32 & 0xff; // CAST: an immediate of 16 bits
        context.fail(Cause::Trap { id })
    };
    Halt: |context, step| match step.immediate & 1 {
        0 => Flow::Next,
        _ => context.fail(Cause::NotModelled { what: "a wave that halts, with no debugger to resume it" }),
    };
    Kill: |_context, step| match step.immediate & 1 {
        0 => Flow::Next,
        _ => Flow::End,
    };
    // The lower lanes of a wave64 first, then the upper ones; the destination keeps the half of EXEC that waits.
    // Source: AMD, "RDNA" Instruction Set Architecture, section 12.3, S_SUBVECTOR_LOOP_BEGIN and _END.
    HalfLoopBegin: |context, step| {
        let wave = &mut *context.wave;
        if !wave.is_wide() {
            return context.fail(Cause::NotModelled { what: "a subvector loop of a wave32" });
        }
        let (low, high) = (wave.mask_half(EXEC, 0), wave.mask_half(EXEC, 1));
        if low == 0 && high == 0 {
            jump(wave, step.immediate);
        } else if low == 0 {
            write(wave, step, 0);
        } else {
            write(wave, step, high.into());
            wave.set_scalar(EXEC + 1, 0);
        }
        Flow::Next
    };
    HalfLoopEnd: |context, step| {
        let wave = &mut *context.wave;
        if !wave.is_wide() {
            return context.fail(Cause::NotModelled { what: "a subvector loop of a wave32" });
        }
        let waiting = wave.scalar(step.to);
        if wave.mask_half(EXEC, 1) != 0 {
            wave.set_scalar(EXEC, waiting);
        } else if waiting != 0 {
            let low = wave.scalar(EXEC);
            wave.set_scalar(EXEC + 1, waiting);
            write(wave, step, low.into());
            wave.set_scalar(EXEC, 0);
            jump(wave, step.immediate);
        }
        Flow::Next
    };
    SetPriority: |context, step| {
        context.wave.priority = (step.immediate & 3) as u8; // CAST: two bits
        Flow::Next
    };
    // In units of 64 clocks. Source: AMD, "RDNA3" Instruction Set Architecture, section 16.5, S_SLEEP.
    Sleep: |context, step| {
        context.wave.slept += 64 * (step.immediate as u64 & 0x7f); // CAST: seven bits
        match context.wave.slept {
            clocks if clocks > LONGEST_SLEEP => context.fail(Cause::Asleep { clocks }),
            _ => Flow::Next,
        }
    };
    RoundMode: |context, step| {
        let bits = context.wave.mode() & !0xf | step.immediate as u32 & 0xf; // CAST: four bits
        context.wave.set_mode(bits);
        Flow::Next
    };
    DenormMode: |context, step| {
        let bits = context.wave.mode() & !0xf0 | (step.immediate as u32 & 0xf) << 4; // CAST: four bits
        context.wave.set_mode(bits);
        Flow::Next
    };
    GetReg: |context, step| match hardware(context.wave, step.immediate) {
        Some(value) => {
            write(context.wave, step, extract(value, step.immediate).into());
            Flow::Next
        }
        None => context.fail(Cause::NotModelled { what: "this hardware register" }),
    };
    SetReg: |context, step| {
        let value = read(context.wave, &step.sources[0]) as u32; // CAST: the source has one dword
        let (shift, mask) = field(step.immediate);
        let bits = |old: u32| old & !(mask << shift) | (value & mask) << shift;
        match step.immediate & 0x3f {
            1 => context.wave.set_mode(bits(context.wave.mode())),
            3 => context.wave.trap_status = bits(context.wave.trap_status),
            // Nothing is prefetched; the rest only a trap handler may write.
            // Source: guide, section 3.4, table of hardware registers.
            2 | 14 | 15 | 20 | 21 | 23 | 24 | 29 => {}
            _ => return context.fail(Cause::NotModelled { what: "writing this hardware register" }),
        }
        Flow::Next
    };
    Message: |context, step| match step.immediate & 0xff {
        // Interrupt, freeing of VGPRs, a pause of new waves: nothing a wave sees. Source: LLVM `SIDefines.h`,
        // `ID_INTERRUPT`, `ID_DEALLOC_VGPRS_GFX11Plus`, `ID_STALL_WAVE_GEN`.
        1 | 3 | 5 => Flow::Next,
        _ => context.fail(Cause::NotModelled { what: "this message" }),
    };
    MessageReturn: |context, step| match step.immediate & 0xff {
        // The constant clock, at 100 MHz, from the instructions that the wave executed at some 2.5 GHz.
        // Source: LLVM `SIDefines.h`, `ID_RTN_GET_REALTIME` and its neighbours.
        131 => {
            let ticks = context.wave.instructions / 25;
            write(context.wave, step, ticks);
            Flow::Next
        }
        // No doorbell, trap handler or debugger is there.
        128..=130 | 132..=134 => {
            write(context.wave, step, 0);
            Flow::Next
        }
        _ => context.fail(Cause::NotModelled { what: "this message" }),
    };
}

/// Shift and mask of the field that a hardware register operand names: bits 10:6 are the offset, 15:11 the width less 1.
/// Source: guide, section 16.1, S_GETREG_B32.
fn field(operand: i32) -> (u32, u32) {
    let operand = operand as u32; // CAST: an immediate of 16 bits
    let width = (operand >> 11 & 31) + 1;
    (operand >> 6 & 31, u32::MAX >> (32 - width))
}

fn extract(value: u32, operand: i32) -> u32 {
    let (shift, mask) = field(operand);
    value >> shift & mask
}

/// The hardware register that bits 5:0 of an operand number. Source: guide, table 9 ("Hardware register values").
fn hardware(wave: &Wave, operand: i32) -> Option<u32> {
    Some(match operand & 0x3f {
        1 => wave.mode(),
        // STATUS: SCC bit 0, the wave's own priority bits 4:3, EXECZ bit 9, VCCZ bit 10, VALID bit 16, SCRATCH_EN bit 29.
        // Source: guide, section 3.4.1, table 5.
        2 => {
            u32::from(wave.scc)
                | u32::from(wave.priority) << 3
                | u32::from(wave.exec() == 0) << 9
                | u32::from(wave.mask(VCC) == 0) << 10
                | 1 << 16
                | u32::from(!wave.scratch.is_empty()) << 29
        }
        // TRAPSTS: what the program wrote; no exception is ever noted.
        3 => wave.trap_status,
        // IB_STS: nothing is outstanding.
        7 => 0,
        // SH_MEM_BASES: the top 16 bits of the private (low half) and the shared aperture.
        15 => SHARED_APERTURE & 0xffff_0000 | PRIVATE_APERTURE >> 16,
        // FLAT_SCRATCH of a wave without.
        20 | 21 if wave.scratch.is_empty() => 0,
        // HW_ID1: the wave's slot in bits 4:0, everything else the first of its kind. HW_ID2 likewise.
        23 => wave.id & 31,
        24 => 0,
        // SHADER_CYCLES counts 20 bits.
        29 => wave.instructions as u32 & 0xf_ffff, // CAST: the low bits are meant
        _ => return None,
    })
}

/// The handler of an operation that is not arithmetic.
pub(crate) fn find(op: Op, isa: Isa) -> Option<Run> {
    Some(match op {
        Op::S_BRANCH => Run::new::<Always>(isa),
        Op::S_CBRANCH_SCC0 => Run::new::<Scc0>(isa),
        Op::S_CBRANCH_SCC1 => Run::new::<Scc1>(isa),
        Op::S_CBRANCH_VCCZ => Run::new::<Vccz>(isa),
        Op::S_CBRANCH_VCCNZ => Run::new::<Vccnz>(isa),
        Op::S_CBRANCH_EXECZ => Run::new::<Execz>(isa),
        Op::S_CBRANCH_EXECNZ => Run::new::<Execnz>(isa),
        Op::S_GETPC_B64 => Run::new::<GetPc>(isa),
        Op::S_SETPC_B64 => Run::new::<SetPc>(isa),
        Op::S_SWAPPC_B64 => Run::new::<SwapPc>(isa),
        Op::S_CALL_B64 => Run::new::<Call>(isa),
        Op::S_ENDPGM | Op::S_ENDPGM_SAVED => Run::new::<End>(isa),
        Op::S_SETHALT => Run::new::<Halt>(isa),
        Op::S_SETKILL => Run::new::<Kill>(isa),
        Op::S_SUBVECTOR_LOOP_BEGIN => Run::new::<HalfLoopBegin>(isa),
        Op::S_SUBVECTOR_LOOP_END => Run::new::<HalfLoopEnd>(isa),
        Op::S_BARRIER => Run::new::<Barrier>(isa),
        Op::S_TRAP => Run::new::<Trap>(isa),
        Op::S_SETPRIO => Run::new::<SetPriority>(isa),
        Op::S_SLEEP => Run::new::<Sleep>(isa),
        Op::S_ROUND_MODE => Run::new::<RoundMode>(isa),
        Op::S_DENORM_MODE => Run::new::<DenormMode>(isa),
        Op::S_GETREG_B32 => Run::new::<GetReg>(isa),
        Op::S_SETREG_B32 | Op::S_SETREG_IMM32_B32 => Run::new::<SetReg>(isa),
        Op::S_SENDMSG => Run::new::<Message>(isa),
        Op::S_SENDMSG_RTN_B32 | Op::S_SENDMSG_RTN_B64 => Run::new::<MessageReturn>(isa),
        // Hints, waits, and caches that are not modelled because nothing can be stale here. Without a debugger the
        // branches on its state are not taken.
        Op::S_NOP
        | Op::S_SET_INST_PREFETCH_DISTANCE
        | Op::S_CLAUSE
        | Op::S_DELAY_ALU
        | Op::S_WAITCNT_DEPCTR
        | Op::S_WAITCNT
        | Op::S_WAIT_IDLE
        | Op::S_WAIT_EVENT
        | Op::S_WAITCNT_VSCNT
        | Op::S_WAITCNT_VMCNT
        | Op::S_WAITCNT_EXPCNT
        | Op::S_WAITCNT_LGKMCNT
        | Op::S_SINGLEUSE_VDST
        | Op::S_WAKEUP
        | Op::S_INCPERFLEVEL
        | Op::S_DECPERFLEVEL
        | Op::S_TTRACEDATA
        | Op::S_TTRACEDATA_IMM
        | Op::S_ICACHE_INV
        | Op::S_GL1_INV
        | Op::S_DCACHE_INV
        | Op::S_VERSION
        | Op::S_CBRANCH_CDBGSYS
        | Op::S_CBRANCH_CDBGUSER
        | Op::S_CBRANCH_CDBGSYS_OR_USER
        | Op::S_CBRANCH_CDBGSYS_AND_USER
        | Op::S_ATC_PROBE
        | Op::S_ATC_PROBE_BUFFER
        | Op::DS_NOP
        | Op::V_NOP
        | Op::V_PIPEFLUSH
        | Op::BUFFER_GL0_INV
        | Op::BUFFER_GL1_INV => Run::new::<Nothing>(isa),
        Op::S_SENDMSGHALT | Op::S_CODE_END | Op::S_RFE_B64 => Run::new::<Missing>(isa),
        _ => return None,
    })
}

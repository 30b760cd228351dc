//! Immediate fields: wait counters, messages, hardware registers and plain numbers.

use std::fmt;

use crate::row::Imm;

/// Messages by number. Source: LLVM `llvm/docs/AMDGPUModifierSyntax.rst`, "msg", with the GFX11 names.
const MESSAGES: &[(u32, &str)] = &[
    (1, "MSG_INTERRUPT"),
    (2, "MSG_HS_TESSFACTOR"),
    (3, "MSG_DEALLOC_VGPRS"),
    (5, "MSG_STALL_WAVE_GEN"),
    (6, "MSG_HALT_WAVES"),
    (9, "MSG_GS_ALLOC_REQ"),
    (128, "MSG_RTN_GET_DOORBELL"),
    (129, "MSG_RTN_GET_DDID"),
    (130, "MSG_RTN_GET_TMA"),
    (131, "MSG_RTN_GET_REALTIME"),
    (132, "MSG_RTN_SAVE_WAVE"),
    (133, "MSG_RTN_GET_TBA"),
    (134, "MSG_RTN_GET_TBA_TO_PC"),
];

/// Hardware registers by number. Source: LLVM `llvm/docs/AMDGPUModifierSyntax.rst`, "hwreg", with the GFX11 names.
const HARDWARE_REGISTERS: &[(u32, &str)] = &[
    (1, "HW_REG_MODE"),
    (2, "HW_REG_STATUS"),
    (3, "HW_REG_TRAPSTS"),
    (5, "HW_REG_GPR_ALLOC"),
    (6, "HW_REG_LDS_ALLOC"),
    (7, "HW_REG_IB_STS"),
    (15, "HW_REG_SH_MEM_BASES"),
    (18, "HW_REG_PERF_SNAPSHOT_PC_LO"),
    (19, "HW_REG_PERF_SNAPSHOT_PC_HI"),
    (20, "HW_REG_FLAT_SCR_LO"),
    (21, "HW_REG_FLAT_SCR_HI"),
    (23, "HW_REG_HW_ID1"),
    (24, "HW_REG_HW_ID2"),
    (27, "HW_REG_PERF_SNAPSHOT_DATA"),
    (29, "HW_REG_SHADER_CYCLES"),
];

/// Fields of `s_waitcnt_depctr`: name, lowest bit, width. Source: LLVM `AMDGPUBaseInfo.cpp`, namespace `DepCtr`.
const DEPCTR: &[(&str, u32, u32)] = &[
    ("hold_cnt", 7, 1),
    ("sa_sdst", 0, 1),
    ("va_vdst", 12, 4),
    ("va_sdst", 9, 3),
    ("va_ssrc", 8, 1),
    ("va_vcc", 1, 1),
    ("vm_vsrc", 2, 3),
];
/// Bits of `s_waitcnt_depctr` that belong to no field.
const DEPCTR_UNUSED: u32 = 0x60;

/// What `s_delay_alu` waits for. Source: AMD "RDNA3 Instruction Set Architecture", `S_DELAY_ALU`.
const DELAY_INSTRUCTIONS: [&str; 12] = [
    "NO_DEP",
    "VALU_DEP_1",
    "VALU_DEP_2",
    "VALU_DEP_3",
    "VALU_DEP_4",
    "TRANS32_DEP_1",
    "TRANS32_DEP_2",
    "TRANS32_DEP_3",
    "FMA_ACCUM_CYCLE_1",
    "SALU_CYCLE_1",
    "SALU_CYCLE_2",
    "SALU_CYCLE_3",
];
/// How far the second wait of `s_delay_alu` lies. Source: as above.
const DELAY_SKIPS: [&str; 6] = ["SAME", "NEXT", "SKIP_1", "SKIP_2", "SKIP_3", "SKIP_4"];

/// Whether every field of an `s_delay_alu` immediate has a meaning.
pub(crate) const fn delay_is_known(bits: u32) -> bool {
    (bits & 15) < 12 && (bits >> 4 & 7) < 6 && (bits >> 7 & 15) < 12
}

fn name_of(table: &'static [(u32, &'static str)], number: u32) -> Option<&'static str> {
    table.iter().find(|(known, _)| *known == number).map(|(_, name)| *name)
}

/// The text of an immediate. `bits` is the field as decoded.
pub(super) fn write(f: &mut fmt::Formatter<'_>, kind: Imm, bits: i32) -> fmt::Result {
    let field = bits as u32; // CAST: the same bits
    match kind {
        Imm::Hex => write!(f, "{field:#x}"),
        Imm::Dec | Imm::Probe if field > 64 => write!(f, "{field:#x}"),
        Imm::Dec | Imm::Probe | Imm::Optional => write!(f, "{field}"),
        Imm::Branch => write!(f, "{}", field & 0xffff),
        Imm::SmemOffset => super::modifiers::signed_hex(f, bits),
        Imm::HwReg => hardware_register(f, field),
        Imm::Message => message(f, field),
        Imm::WaitCnt => wait_counters(f, field),
        Imm::DepCtr => dependency_counters(f, field),
        Imm::Version => version(f, field),
        Imm::Delay => delay(f, field),
        Imm::Attribute => {
            let channel = ['x', 'y', 'z', 'w'].get((field & 3) as usize).copied().unwrap_or('x');
            write!(f, "attr{}.{channel}", field >> 2)
        }
        Imm::ExportTarget => export_target(f, field),
    }
}

/// Source: LLVM `llvm/docs/AMDGPUModifierSyntax.rst` names the bits for `s_version`.
fn version(f: &mut fmt::Formatter<'_>, field: u32) -> fmt::Result {
    if field & 0x1f00 != 0 {
        return write!(f, "{field:#x}");
    }
    let bits = [(0x2000, "UC_VERSION_W64_BIT"), (0x4000, "UC_VERSION_W32_BIT"), (0x8000, "UC_VERSION_MDP_BIT")];
    let set = || bits.into_iter().filter(|(bit, _)| field & bit != 0);
    for _ in set().skip(1) {
        f.write_str("(")?;
    }
    match field & 0xff {
        0 => f.write_str("UC_VERSION_GFX7")?,
        4 => f.write_str("UC_VERSION_GFX10")?,
        6 => f.write_str("UC_VERSION_GFX11")?,
        9 => f.write_str("UC_VERSION_GFX12")?,
        other => write!(f, "{other}")?,
    }
    for (at, (_, name)) in set().enumerate() {
        write!(f, "{}|{name}", if at == 0 { "" } else { ")" })?;
    }
    Ok(())
}

fn hardware_register(f: &mut fmt::Formatter<'_>, field: u32) -> fmt::Result {
    let (number, offset, width) = (field & 63, field >> 6 & 31, (field >> 11 & 31) + 1);
    match name_of(HARDWARE_REGISTERS, number) {
        Some(name) => write!(f, "hwreg({name}")?,
        None => write!(f, "hwreg({number}")?,
    }
    if (offset, width) == (0, 32) { f.write_str(")") } else { write!(f, ", {offset}, {width})") }
}

fn message(f: &mut fmt::Formatter<'_>, field: u32) -> fmt::Result {
    match name_of(MESSAGES, field & 0xff) {
        Some(name) => write!(f, "sendmsg({name})"),
        None if field < 0x100 => write!(f, "sendmsg({field}, 0, 0)"),
        None => write!(f, "{field}"),
    }
}

/// Source: AMD "RDNA3 Instruction Set Architecture", `S_WAITCNT`.
fn wait_counters(f: &mut fmt::Formatter<'_>, field: u32) -> fmt::Result {
    let counters = [("vmcnt", field >> 10 & 63, 63), ("expcnt", field & 7, 7), ("lgkmcnt", field >> 4 & 63, 63)];
    let all = counters.iter().all(|(_, value, most)| value == most);
    let mut separator = "";
    for (name, value, most) in counters {
        if all || value != most {
            write!(f, "{separator}{name}({value})")?;
            separator = " ";
        }
    }
    Ok(())
}

fn dependency_counters(f: &mut fmt::Formatter<'_>, field: u32) -> fmt::Result {
    if field & DEPCTR_UNUSED != 0 {
        return write!(f, "{field:#x}");
    }
    let values = || {
        DEPCTR.iter().map(|&(name, low, width)| {
            let most = (1 << width) - 1;
            (name, field >> low & most, most)
        })
    };
    let all = values().all(|(_, value, most)| value == most);
    let mut separator = "";
    for (name, value, most) in values() {
        if all || value != most {
            write!(f, "{separator}depctr_{name}({value})")?;
            separator = " ";
        }
    }
    Ok(())
}

fn delay(f: &mut fmt::Formatter<'_>, field: u32) -> fmt::Result {
    let first = DELAY_INSTRUCTIONS.get((field & 15) as usize).copied().unwrap_or("?");
    let skip = DELAY_SKIPS.get((field >> 4 & 7) as usize).copied().unwrap_or("?");
    let second = DELAY_INSTRUCTIONS.get((field >> 7 & 15) as usize).copied().unwrap_or("?");
    let parts =
        [("instid0", first, field & 15), ("instskip", skip, field >> 4 & 7), ("instid1", second, field >> 7 & 15)];
    let mut separator = "";
    for (name, text, value) in parts {
        if value != 0 {
            write!(f, "{separator}{name}({text})")?;
            separator = " | ";
        }
    }
    if separator.is_empty() { f.write_str("0") } else { Ok(()) }
}

/// Source: AMD "RDNA3 Instruction Set Architecture", table "EXP target".
fn export_target(f: &mut fmt::Formatter<'_>, field: u32) -> fmt::Result {
    match field {
        0..=7 => write!(f, "mrt{field}"),
        8 => f.write_str("mrtz"),
        12..=16 => write!(f, "pos{}", field - 12),
        20 => f.write_str("prim"),
        21 => f.write_str("dual_src_blend0"),
        22 => f.write_str("dual_src_blend1"),
        _ => write!(f, "invalid_target_{field}"),
    }
}

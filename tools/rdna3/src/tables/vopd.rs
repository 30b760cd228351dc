//! VOPD: which short operation each number of the X and Y fields stands for.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", table "VOPD Y opcodes"; the X field has the first 13.

/// Which halves of VOPD an operation may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Half {
    /// Both.
    Both,
    /// Y alone.
    Y,
}

/// A number and the VOP1 or VOP2 opcode it stands for.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) opcode: u8,
    pub(crate) half: Half,
    pub(crate) vop1: bool,
    pub(crate) short: u8,
}

const fn entry(opcode: u8, half: Half, vop1: bool, short: u8) -> Entry {
    Entry { opcode, half, vop1, short }
}

/// The numbers, sorted.
pub(crate) static TABLE: &[Entry] = &[
    entry(0x00, Half::Both, false, 0x2b), // V_FMAC_F32
    entry(0x01, Half::Both, false, 0x2d), // V_FMAAK_F32
    entry(0x02, Half::Both, false, 0x2c), // V_FMAMK_F32
    entry(0x03, Half::Both, false, 0x08), // V_MUL_F32
    entry(0x04, Half::Both, false, 0x03), // V_ADD_F32
    entry(0x05, Half::Both, false, 0x04), // V_SUB_F32
    entry(0x06, Half::Both, false, 0x05), // V_SUBREV_F32
    entry(0x07, Half::Both, false, 0x07), // V_MUL_DX9_ZERO_F32
    entry(0x08, Half::Both, true, 0x01),  // V_MOV_B32
    entry(0x09, Half::Both, false, 0x01), // V_CNDMASK_B32
    entry(0x0a, Half::Both, false, 0x10), // V_MAX_F32
    entry(0x0b, Half::Both, false, 0x0f), // V_MIN_F32
    entry(0x0c, Half::Both, false, 0x02), // V_DOT2ACC_F32_F16
    entry(0x10, Half::Y, false, 0x25),    // V_ADD_NC_U32
    entry(0x11, Half::Y, false, 0x18),    // V_LSHLREV_B32
    entry(0x12, Half::Y, false, 0x1b),    // V_AND_B32
];

//! stub
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Opcode(pub u8);
impl Opcode {
    pub const NOP: Self = Self(0x10);
    pub const DISPATCH_DIRECT: Self = Self(0x15);
    pub const WRITE_DATA: Self = Self(0x37);
    pub const SET_SH_REG: Self = Self(0x76);
    pub fn is_named(self) -> bool {
        true
    }
}

//! Packet headers: the first dword, which says what follows and how long it is.

use core::fmt;

use crate::opcode::Opcode;

/// What bits `[31:30]` of a header say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PacketType {
    /// Writes consecutive registers. No driver emits it on gfx9 and later; zeroed memory reads as this.
    Type0,
    /// Reserved: corruption.
    Type1,
    /// One dword of filler, 0x80000000.
    Type2,
    /// Everything else: an opcode and a body.
    Type3,
}

/// The header dword of a packet.
///
/// Type 3 has `[29:16]` body dwords minus 1, `[15:8]` opcode, `[7:3]` reserved, `[2]` reset_filter_cam,
/// `[1]` shader_type, `[0]` predicate. Source: Linux `nvd.h` (`PACKET3`), PAL `PM4_PFP_TYPE_3_HEADER`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Header(pub u32);

impl Header {
    /// `predicate`: the packet is skipped while the predicate is false. Graphics ring.
    pub const PREDICATE: u8 = 1 << 0;
    /// `shader_type`: 1 = compute.
    pub const SHADER_TYPE: u8 = 1 << 1;
    /// `reset_filter_cam`: drops the register filter's memory. The packed pair packets need it.
    pub const RESET_FILTER_CAM: u8 = 1 << 2;

    /// Body dwords of the longest packet: the count has 14 bits.
    pub const MAX_BODY: usize = 1 << 14;

    /// The one-dword NOP: its count of -1 says that there is no body. No other opcode may use that count.
    pub const NOP_ONE_DWORD: Self = Self(0xFFFF_1000);

    /// The header of a type-3 packet; `None` where no header can say that length (a NOP has 0 to 16383 body dwords,
    /// any other packet 1 to 16384).
    pub const fn type3(opcode: Opcode, body_dwords: usize, flags: u8) -> Option<Self> {
        let is_nop = opcode.0 == Opcode::NOP.0;
        let longest = if is_nop { Self::MAX_BODY - 1 } else { Self::MAX_BODY };
        if body_dwords > longest || (body_dwords == 0 && !is_nop) {
            return None;
        }
        let count = (body_dwords as u32).wrapping_sub(1) & 0x3FFF; // CAST: at most 2^14
        Some(Self(3 << 30 | count << 16 | (opcode.0 as u32) << 8 | flags as u32))
    }

    /// Bits `[31:30]`.
    pub const fn packet_type(self) -> PacketType {
        match self.0 >> 30 {
            0 => PacketType::Type0,
            1 => PacketType::Type1,
            2 => PacketType::Type2,
            _ => PacketType::Type3,
        }
    }

    /// Bits `[29:16]`, body dwords minus 1.
    pub const fn count(self) -> u32 {
        self.0 >> 16 & 0x3FFF
    }

    /// Bits `[15:8]` of a type-3 header.
    pub const fn opcode(self) -> Opcode {
        Opcode((self.0 >> 8) as u8) // CAST: bits [15:8]
    }

    /// Bits `[7:0]` of a type-3 header: the flags and the reserved bits.
    pub const fn flags(self) -> u8 {
        self.0 as u8 // CAST: bits [7:0]
    }

    /// Bits `[7:3]` of a type-3 header, in place. Zero in every valid packet.
    pub const fn reserved(self) -> u8 {
        self.flags() & 0xF8
    }

    /// Dwords after the header of a type-0 or type-3 packet; a type-2 packet has none.
    pub const fn body_dwords(self) -> usize {
        match self.packet_type() {
            PacketType::Type2 => 0,
            PacketType::Type3 if self.opcode().0 == Opcode::NOP.0 && self.count() == 0x3FFF => 0,
            _ => self.count() as usize + 1,
        }
    }

    /// Whether it is the header of a packet that some driver would emit: type 3, reserved bits zero, an opcode with a
    /// name, and the count of -1 with NOP only. What a decoder looks for to find its feet again.
    pub fn is_plausible(self) -> bool {
        self.packet_type() == PacketType::Type3
            && self.reserved() == 0
            && self.opcode().is_named()
            && (self.count() != 0x3FFF || self.opcode() == Opcode::NOP)
    }
}

impl fmt::Debug for Header {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Header({:#010x})", self.0)
    }
}

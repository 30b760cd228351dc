//! Which lane feeds which: DPP, `V_PERMLANE*` and `DS_SWIZZLE_B32`.
//!
//! Lanes are numbered 0 to 31, or to 63 in wave64; all patterns stay within 32.

/// The controls of DPP16.
/// Source: guide, section 7.7.1, table of `dpp_ctrl`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dpp16 {
    /// Any lane of four: two bits of the pattern for each, lane 0 lowest.
    QuadPerm(u8),
    /// Lane n reads lane n + shift of its row of 16.
    RowShl(u8),
    /// Lane n reads lane n - shift of its row.
    RowShr(u8),
    /// As [`Dpp16::RowShr`], around the row.
    RowRor(u8),
    /// The row back to front.
    RowMirror,
    /// Each half row back to front.
    RowHalfMirror,
    /// All lanes of a row read one of it.
    RowShare(u8),
    /// Lane n reads lane n xor mask of its row.
    RowXmask(u8),
}

impl Dpp16 {
    /// From the nine bits `dpp_ctrl`; `None` for those that mean nothing on RDNA3.
    #[must_use]
    pub const fn from_bits(control: u32) -> Option<Self> {
        let low = (control & 0xff) as u8; // CAST: eight bits
        let nibble = low & 15;
        Some(match control {
            0x000..=0x0ff => Self::QuadPerm(low),
            0x101..=0x10f => Self::RowShl(nibble),
            0x111..=0x11f => Self::RowShr(nibble),
            0x121..=0x12f => Self::RowRor(nibble),
            0x140 => Self::RowMirror,
            0x141 => Self::RowHalfMirror,
            0x150..=0x15f => Self::RowShare(nibble),
            0x160..=0x16f => Self::RowXmask(nibble),
            _ => return None,
        })
    }

    /// The lane that feeds `lane`; `None` if that is out of its row.
    ///
    /// The guide names the directions, not which lane reads which. That "a right shift into lane 0 is an invalid input"
    /// (section 7.7.1, BC) settles them.
    #[inline]
    #[must_use]
    pub const fn source(self, lane: u32) -> Option<u32> {
        let (row, n) = (lane & !15, lane & 15);
        let from = match self {
            Self::QuadPerm(pattern) => n & !3 | pattern as u32 >> ((n & 3) * 2) & 3,
            Self::RowShl(shift) => n + shift as u32,
            Self::RowShr(shift) => n.wrapping_sub(shift as u32),
            Self::RowRor(shift) => n.wrapping_sub(shift as u32) & 15,
            Self::RowMirror => 15 - n,
            Self::RowHalfMirror => n ^ 7,
            Self::RowShare(from) => from as u32,
            Self::RowXmask(mask) => n ^ mask as u32,
        };
        if from < 16 { Some(row | from) } else { None }
    }
}

/// The lane of eight that DPP8's 24 bits have feed `lane`. It is always in range; BC is taken as 1.
/// Source: guide, section 7.7.2.
#[inline]
#[must_use]
pub const fn dpp8_source(selects: u32, lane: u32) -> u32 {
    lane & !7 | selects >> ((lane & 7) * 3) & 7
}

/// What a lane with a cross-lane operand does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fetch {
    /// It reads this lane.
    Lane(u32),
    /// It reads zero.
    Zero,
    /// It does not write its result.
    Skip,
}

/// The controls that decide about a source that is out of range or inactive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FetchControl {
    /// BC: such a source reads as zero, instead of suppressing the write.
    pub bound_control: bool,
    /// FI: an inactive source is read all the same.
    pub fetch_inactive: bool,
}

impl FetchControl {
    /// Decides for a source lane, `None` if out of range, under the EXEC mask.
    ///
    /// The guide contradicts itself on FI with a source out of range: the text of FI says BC decides, table 31 says
    /// zero if BC is 0 and "normal" if it is 1, which has nothing to read. The text is followed.
    /// Source: guide, section 7.7.1.
    #[inline]
    #[must_use]
    pub const fn fetch(self, source: Option<u32>, exec: u64) -> Fetch {
        match source {
            Some(lane) if self.fetch_inactive || exec >> (lane & 63) & 1 != 0 => Fetch::Lane(lane),
            _ if self.bound_control => Fetch::Zero,
            _ => Fetch::Skip,
        }
    }
}

/// Whether DPP16's row mask (bit for each row of 16) and bank mask (bit for each quad of a row) let `lane` write.
/// Source: guide, section 7.7.1.
#[inline]
#[must_use]
pub const fn dpp16_writes(row_mask: u32, bank_mask: u32, lane: u32) -> bool {
    row_mask >> (lane >> 4 & 3) & bank_mask >> (lane >> 2 & 3) & 1 != 0
}

/// The lane that `V_PERMLANE16_B32` has feed `lane`: of its own row, by sixteen nibbles (src2 above src1), lane 0's
/// lowest.
/// Source: guide, section 16.12.
#[inline]
#[must_use]
pub const fn permlane16_source(selects: u64, lane: u32) -> u32 {
    lane & !15 | (selects >> ((lane & 15) * 4)) as u32 & 15 // CAST: one nibble
}

/// The lane that `V_PERMLANEX16_B32` has feed `lane`: of the other row of its pair, by the same nibbles.
/// Source: guide, section 16.12.
#[inline]
#[must_use]
pub const fn permlanex16_source(selects: u64, lane: u32) -> u32 {
    permlane16_source(selects, lane) ^ 16
}

/// The lane that `V_PERMLANE64_B32` has feed `lane` of a wave64: the same one of the other half. Nothing moves in
/// wave32.
/// Source: guide, section 16.8.
#[inline]
#[must_use]
pub const fn permlane64_source(lane: u32) -> u32 {
    lane ^ 32
}

/// The lane that `DS_SWIZZLE_B32` with this offset has feed `lane`. One that is inactive reads as zero.
///
/// From the top of the offset down: from 0xe000 the FFT mode, from 0xc000 rotation, from 0x8000 any lane of four, below
/// bitwise masks. For rotation with a mask the guide's sequences and pseudocode disagree; the pseudocode is followed.
/// Source: guide, section 16.15.
#[inline]
#[must_use]
pub const fn swizzle_source(offset: u32, lane: u32) -> u32 {
    let n = lane & 31;
    let mask = offset & 31;
    let from = if offset >= 0xe000 {
        // The bits of the lane reversed, moved down to make room for the low bits under the mask.
        (n.reverse_bits() >> 27 >> mask.count_ones()) | n & mask
    } else if offset >= 0xc000 {
        let distance = offset >> 5 & 31;
        let moved = if offset >> 10 & 1 == 0 { n.wrapping_add(distance) } else { n.wrapping_sub(distance) };
        n & mask | moved & !mask
    } else if offset >= 0x8000 {
        n & !3 | offset >> ((n & 3) * 2) & 3
    } else {
        (n & mask | offset >> 5 & 31) ^ offset >> 10 & 31
    };
    lane & !31 | from & 31
}

#[cfg(test)]
mod tests;

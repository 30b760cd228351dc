//! How wide a memory operation is and what it does to a register.

use sparkle_rdna3::Op;

/// Which half of a register a 16-bit load or store has to do with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Half {
    /// None: the whole register.
    #[default]
    Whole,
    /// The low one; the other stays as it was.
    Low,
    /// The high one.
    High,
}

/// Width and form of a load or store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bytes of memory: 1, 2, 4, 8, 12 or 16.
    pub(crate) bytes: u8,
    pub(crate) signed: bool,
    pub(crate) half: Half,
    pub(crate) store: bool,
}

impl Shape {
    /// Dwords of data, 1 to 4.
    pub(crate) fn dwords(self) -> usize {
        usize::from(self.bytes).div_ceil(4)
    }

    /// From names like `global_load_d16_hi_u8`, `ds_store_b8_d16_hi`, `buffer_load_b96`.
    pub(crate) fn find(op: Op) -> Option<Self> {
        let name = op.mnemonic();
        let rest =
            ["global_", "flat_", "scratch_", "buffer_", "ds_"].iter().find_map(|prefix| name.strip_prefix(prefix))?;
        if rest.starts_with("load_lds_") {
            return None;
        }
        let store = rest.starts_with("store_");
        let rest = rest.strip_prefix("load_").or_else(|| rest.strip_prefix("store_"))?;
        let half = if rest.contains("d16_hi") {
            Half::High
        } else if rest.contains("d16") {
            Half::Low
        } else {
            Half::Whole
        };
        let ty = rest.split('_').find(|part| part.len() > 1 && part.starts_with(['u', 'i', 'b']))?;
        let bits: u8 = ty.get(1..)?.parse().ok()?;
        Some(Self { bytes: bits / 8, signed: ty.starts_with('i'), half, store })
    }

    /// A loaded value as the register has it, which held `old`.
    #[inline]
    pub(crate) const fn loaded(self, raw: u32, old: u32) -> u32 {
        let value = match (self.bytes, self.signed) {
            (1, true) => raw as u8 as i8 as i32 as u32,   // CAST: sign extension
            (2, true) => raw as u16 as i16 as i32 as u32, // CAST: sign extension
            _ => raw,
        };
        match self.half {
            Half::Whole => value,
            Half::Low => old & 0xffff_0000 | value & 0xffff,
            Half::High => old & 0xffff | value << 16,
        }
    }

    /// What a register has to store.
    #[inline]
    pub(crate) const fn stored(self, register: u32) -> u32 {
        match self.half {
            Half::High => register >> 16,
            Half::Whole | Half::Low => register,
        }
    }
}

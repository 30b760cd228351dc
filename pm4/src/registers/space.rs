//! Where registers lie, and which packet can write them there.

use core::fmt;

/// A range of registers that one kind of SET packet reaches.
///
/// Source: Mesa `src/amd/common/sid.h` (`SI_SH_REG_OFFSET`, `CIK_UCONFIG_REG_OFFSET` and their ends); for the end of
/// the context registers Linux `nvd.h`, `PACKET3_SET_CONTEXT_REG_END`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Space {
    /// SET_CONFIG_REG: the driver's own, dwords 0x2000..0x2C00.
    Config,
    /// SET_SH_REG, "persistent": all COMPUTE_* and SPI_SHADER_*, dwords 0x2C00..0x3000.
    Sh,
    /// SET_CONTEXT_REG: the graphics ring's state, dwords 0xA000..0xA400.
    Context,
    /// SET_UCONFIG_REG: dwords 0xC000..0x10000.
    Uconfig,
    /// Everything else: no SET packet reaches it.
    Other,
}

impl Space {
    /// The first dword offset; 0 for [`Space::Other`], whose offsets are absolute.
    pub const fn base(self) -> RegOffset {
        RegOffset(match self {
            Self::Config => 0x2000,
            Self::Sh => 0x2C00,
            Self::Context => 0xA000,
            Self::Uconfig => 0xC000,
            Self::Other => 0,
        })
    }

    /// The dword offset after the last one; `u32::MAX` for [`Space::Other`].
    pub const fn end(self) -> RegOffset {
        RegOffset(match self {
            Self::Config => 0x2C00,
            Self::Sh => 0x3000,
            Self::Context => 0xA400,
            Self::Uconfig => 0x1_0000,
            Self::Other => u32::MAX,
        })
    }

    /// The register at a dword offset from the space's base, as the SET packets have it. An offset past the space's end
    /// gives what is there, in another space.
    pub const fn register(self, relative: u32) -> RegOffset {
        RegOffset(self.base().0.wrapping_add(relative))
    }

    /// The space of a register.
    pub const fn of(offset: RegOffset) -> Self {
        match offset.0 {
            0x2000..0x2C00 => Self::Config,
            0x2C00..0x3000 => Self::Sh,
            0xA000..0xA400 => Self::Context,
            0xC000..0x1_0000 => Self::Uconfig,
            _ => Self::Other,
        }
    }
}

/// A register's absolute dword offset: its byte address divided by 4.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RegOffset(u32);

impl RegOffset {
    /// The register at an absolute dword offset.
    pub const fn new(dwords: u32) -> Self {
        Self(dwords)
    }

    /// The absolute dword offset, as WRITE_DATA, COPY_DATA and WAIT_REG_MEM have it.
    pub const fn dwords(self) -> u32 {
        self.0
    }

    /// The space and the dword offset within it, as the SET packets have it.
    pub const fn in_space(self) -> (Space, u32) {
        let space = Space::of(self);
        (space, self.0 - space.base().0)
    }
}

impl fmt::Debug for RegOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegOffset({:#06x})", self.0)
    }
}

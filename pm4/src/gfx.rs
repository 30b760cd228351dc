//! Which chip and which ring a stream is for: what decides how its packets read.

use core::fmt;
use core::str::FromStr;

/// A generation of the command processor, that is, one set of packet layouts and registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Generation {
    /// gfx10.1: gfx1010..gfx1013. Registers are those of gfx10.3.
    Gfx10,
    /// gfx10.3: gfx1030..gfx1036.
    Gfx10_3,
    /// gfx11.0 and gfx11.5: gfx1100..gfx1103, gfx1150..gfx1153.
    Gfx11,
    /// gfx12: gfx1200, gfx1201.
    Gfx12,
}

impl Generation {
    /// All of them, oldest first.
    pub const ALL: [Self; 4] = [Self::Gfx10, Self::Gfx10_3, Self::Gfx11, Self::Gfx12];
}

/// A chip, by LLVM's number: 0x1100 is gfx1100.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Gfx(u16);

impl Gfx {
    /// Navi 31, the default of the tools.
    pub const GFX1100: Self = Self(0x1100);

    /// The generation whose packets and registers it has.
    pub const fn generation(self) -> Generation {
        match self.0 {
            ..0x1030 => Generation::Gfx10,
            0x1030..0x1100 => Generation::Gfx10_3,
            0x1100..0x1200 => Generation::Gfx11,
            _ => Generation::Gfx12,
        }
    }

    /// LLVM's number as its digits read, 0x1100 for gfx1100.
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether a wave32 kernel needs at least 16 user and system SGPRs.
    ///
    /// Source: LLVM `AMDGPU.td`, `FeatureUserSGPRInit16Bug`, set for gfx1100 and gfx1102 and acting in wave32.
    pub const fn needs_16_sgprs(self) -> bool {
        matches!(self.0, 0x1100 | 0x1102)
    }
}

impl fmt::Display for Gfx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gfx{:x}", self.0)
    }
}

impl fmt::Debug for Gfx {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A chip that this crate has no tables for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a chip this crate knows: give 10.3, 11, 12 or a name from gfx1010 to gfx1201")]
pub struct ParseGfxError;

impl FromStr for Gfx {
    type Err = ParseGfxError;

    /// Reads `gfx1100` or a generation, `10.1`, `10.3`, `11`, `11.5`, `12` (then the chip is the first of it).
    fn from_str(text: &str) -> Result<Self, ParseGfxError> {
        let number = match text {
            "10.1" => 0x1010,
            "10.3" => 0x1030,
            "11" | "11.0" => 0x1100,
            "11.5" => 0x1150,
            "12" | "12.0" => 0x1200,
            _ => {
                let digits = text.strip_prefix("gfx").filter(|digits| digits.len() == 4).ok_or(ParseGfxError)?;
                u16::from_str_radix(digits, 16).map_err(|_| ParseGfxError)?
            }
        };
        match number {
            0x1010..=0x1013 | 0x1030..=0x1036 | 0x1100..=0x1103 | 0x1150..=0x1153 | 0x1200..=0x1201 => Ok(Self(number)),
            _ => Err(ParseGfxError),
        }
    }
}

/// The kind of ring that executes a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ring {
    /// A compute ring, executed by the MEC.
    Compute,
    /// The graphics ring, executed by the PFP and the ME together.
    Gfx,
}

//! What a rule is: data shared by the hazard and the wait rules.

use crate::target::{Gfx, Target, WaveSize};

/// The targets a rule holds for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scope {
    /// gfx1100 to gfx1103.
    pub gfx1100: bool,
    /// gfx1150 to gfx1152.
    pub gfx1150: bool,
    /// Waves of 32 lanes.
    pub wave32: bool,
    /// Waves of 64 lanes.
    pub wave64: bool,
}

impl Scope {
    /// Every gfx11 target.
    pub const ALL: Self = Self { gfx1100: true, gfx1150: true, wave32: true, wave64: true };
    /// gfx1100 to gfx1103 alone.
    pub const GFX1100: Self = Self { gfx1150: false, ..Self::ALL };
    /// gfx1150 to gfx1152 alone.
    pub const GFX1150: Self = Self { gfx1100: false, ..Self::ALL };
    /// Waves of 64 lanes alone.
    pub const WAVE64: Self = Self { wave32: false, ..Self::ALL };

    /// Whether the rule holds for `target`.
    #[must_use]
    pub const fn has(self, target: Target) -> bool {
        let chip = match target.gfx {
            Gfx::Gfx1100 => self.gfx1100,
            Gfx::Gfx1150 => self.gfx1150,
        };
        let wave = match target.wave {
            WaveSize::Wave32 => self.wave32,
            WaveSize::Wave64 => self.wave64,
        };
        chip && wave
    }
}

/// Something code must keep to, because the hardware does not check it.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// Stable name.
    pub id: &'static str,
    /// What is wrong, one sentence.
    pub statement: &'static str,
    /// What puts it right.
    pub cure: &'static str,
    /// Project, file and function the rule comes from.
    pub source: &'static str,
    /// Where it holds.
    pub scope: Scope,
    /// Stricter than the code LLVM 19 emits: checked only on request.
    pub strict: bool,
}

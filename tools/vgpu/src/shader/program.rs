//! Code, decoded once.

use sparkle_rdna3::{Target, decode};

use super::build;
use super::fault::{Cause, Fault};
use super::isa::Isa;
use super::step::Step;

/// A program: its code and, for every dword of it, the step that starts there.
#[derive(Clone, Debug)]
pub struct Program {
    words: Vec<u32>,
    steps: Vec<Step>,
    base: u64,
    target: Target,
}

impl Program {
    /// Decodes `words`, which lie at address `base`, for the host's best vector extension.
    ///
    /// Every dword is taken as the start of an instruction, because only running it tells which are. One that is none
    /// fails when it is reached, not here.
    #[must_use]
    pub fn new(words: &[u32], base: u64, target: Target) -> Self {
        Self::for_isa(words, base, target, Isa::best())
    }

    /// As [`Program::new`], for a chosen extension.
    #[must_use]
    pub fn for_isa(words: &[u32], base: u64, target: Target, isa: Isa) -> Self {
        let steps = (0..words.len()).map(|at| build::step(words.get(at..).unwrap_or(&[]), target, isa)).collect();
        Self { words: words.to_vec(), steps, base, target }
    }

    /// The code from dword `pc` on.
    #[must_use]
    pub fn words_from(&self, pc: usize) -> &[u32] {
        self.words.get(pc..).unwrap_or(&[])
    }

    /// Its first address.
    #[must_use]
    pub const fn base(&self) -> u64 {
        self.base
    }

    /// What it was decoded for.
    #[must_use]
    pub const fn target(&self) -> Target {
        self.target
    }

    #[inline(always)]
    pub(crate) fn step(&self, pc: usize) -> Option<&Step> {
        self.steps.get(pc)
    }

    /// Says where `cause` happened.
    #[cold]
    pub(crate) fn fault(&self, cause: Cause, wave: u32, pc: usize) -> Fault {
        let words = self.words_from(pc);
        let instruction = match decode(words, self.target) {
            Ok(instruction) => instruction.to_string().trim().to_owned(),
            Err(_) => words.first().map_or_else(|| "outside of the code".to_owned(), |word| format!("{word:#010x}")),
        };
        Fault { cause, wave, offset: (pc as u64).wrapping_mul(4), instruction } // CAST: usize has at most 64 bits
    }
}

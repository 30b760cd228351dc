//! Why a word sequence is not an instruction.

use thiserror::Error;

/// The reason [`crate::decode`] gives no instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// No gfx11 instruction has this encoding.
    #[error("dword {word:#010x} starts no gfx11 instruction; check the offset and that the code is for gfx11")]
    Invalid {
        /// The first dword.
        word: u32,
    },
    /// The words end before the instruction does.
    #[error("the instruction at dword {word:#010x} needs {need} dwords and {have} are left; pass the rest of the code")]
    Truncated {
        /// The first dword, 0 if there is none.
        word: u32,
        /// Dwords needed, as far as known.
        need: usize,
        /// Dwords given.
        have: usize,
    },
}

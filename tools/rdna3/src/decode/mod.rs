//! From dwords to instructions.
//!
//! The first dword's high bits choose the family; a family file reads the fields and walks the slots of the row.
//! Fields that a row does not use must be zero exactly where LLVM 19 demands it.
//!
//! Source for field positions: AMD "RDNA3 Instruction Set Architecture", chapter 15.

mod dual;
mod image;
mod memory;
mod scalar;
mod source;
mod vector;

use crate::error::DecodeError;
use crate::instruction::Instruction;
use crate::target::Target;

/// Why a family file gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fail {
    /// Not an instruction.
    Invalid,
    /// This many dwords are needed.
    Need(usize),
}

type Result<T> = std::result::Result<T, Fail>;

/// The words of one instruction and how many of them are used.
pub(crate) struct Words<'a> {
    words: &'a [u32],
    /// Dwords without a literal.
    base: usize,
    /// Whether a literal follows.
    literal: bool,
    pub(crate) target: Target,
}

impl<'a> Words<'a> {
    /// Dword `at` of the instruction, which becomes part of it.
    pub(crate) fn word(&mut self, at: usize) -> Result<u32> {
        self.base = self.base.max(at + 1);
        self.words.get(at).copied().ok_or(Fail::Need(at + 1))
    }

    /// The literal after all other dwords.
    pub(crate) fn literal(&mut self) -> Result<u32> {
        self.literal = true;
        self.words.get(self.base).copied().ok_or(Fail::Need(self.base + 1))
    }

    fn len(&self) -> u8 {
        self.base as u8 + u8::from(self.literal) // CAST: at most 5
    }
}

/// The bits `low..low + width` of `word`.
pub(crate) const fn bits(word: u32, low: u32, width: u32) -> u32 {
    word >> low & ((1 << width) - 1)
}

/// Whether bit `at` of `word` is set.
pub(crate) const fn bit(word: u32, at: u32) -> bool {
    word >> at & 1 != 0
}

/// Decodes the instruction at the start of `words`; more words may follow it. No instruction needs more than 5.
///
/// ```
/// use sparkle_rdna3::{Op, Target, decode};
///
/// let found = decode(&[0x0610_1904], Target::GFX1100)?;
/// assert_eq!(found.op(), Op::V_ADD_F32);
/// assert_eq!(found.to_string(), "v_add_f32_e32 v8, v4, v12");
/// # Ok::<(), sparkle_rdna3::DecodeError>(())
/// ```
///
/// # Errors
/// [`DecodeError::Invalid`] if no gfx11 instruction is encoded so, [`DecodeError::Truncated`] if the words end too early.
pub fn decode(words: &[u32], target: Target) -> std::result::Result<Instruction, DecodeError> {
    let Some(&first) = words.first() else {
        return Err(DecodeError::Truncated { word: 0, need: 1, have: 0 });
    };
    let mut reader = Words { words, base: 1, literal: false, target };
    match family(first, &mut reader) {
        Ok(mut instruction) => {
            instruction.len = reader.len();
            Ok(instruction)
        }
        Err(Fail::Invalid) => Err(DecodeError::Invalid { word: first }),
        Err(Fail::Need(need)) => Err(DecodeError::Truncated { word: first, need, have: words.len() }),
    }
}

fn family(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    match first >> 24 {
        0x00..=0x7b => vector::vop2(first, words),
        0x7c..=0x7d => vector::vopc(first, words),
        0x7e..=0x7f => vector::vop1(first, words),
        0x80..=0xaf => scalar::sop2(first, words),
        0xb0..=0xbd => scalar::sopk(first, words),
        0xbe if !bit(first, 23) => Err(Fail::Invalid),
        0xbe => scalar::sop1(first, words),
        0xbf if !bit(first, 23) => scalar::sopc(first, words),
        0xbf => scalar::sopp(first, words),
        0xcc if !bit(first, 23) => vector::vop3p(first, words),
        0xcd => vector::vinterp(first, words),
        0xc8..=0xcb => dual::vopd(first, words),
        0xce => memory::lds_direct(first, words),
        0xd8..=0xdb => memory::ds(first, words),
        0xdc..=0xdf => memory::flat(first, words),
        0xe0..=0xe3 => memory::mubuf(first, words),
        0xe8..=0xeb => memory::mtbuf(first, words),
        0xf0..=0xf3 => image::image(first, words),
        0xf8..=0xfb => memory::export(first, words),
        0xd4..=0xd7 => vector::vop3(first, words),
        0xf4..=0xf7 => scalar::smem(first, words),
        _ => Err(Fail::Invalid),
    }
}

/// Walks code one instruction after the other.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    words: &'a [u32],
    at: usize,
    target: Target,
}

impl<'a> Decoder<'a> {
    /// Starts at the first of `words`.
    #[must_use]
    pub const fn new(words: &'a [u32], target: Target) -> Self {
        Self { words, at: 0, target }
    }
}

impl Iterator for Decoder<'_> {
    /// The dword offset and what is there; an invalid dword is passed over alone.
    type Item = (usize, std::result::Result<Instruction, DecodeError>);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.words.get(self.at..).filter(|rest| !rest.is_empty())?;
        let at = self.at;
        let found = decode(rest, self.target);
        self.at += found.as_ref().map_or(1, Instruction::len_dwords);
        Some((at, found))
    }
}

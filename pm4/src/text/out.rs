//! The text in the making. Most of what a decoder writes is short names and numbers, many of them, so that the usual
//! formatting and even copies of variable length would be most of the time.

use alloc::boxed::Box;
use alloc::vec::Vec;

/// Bytes that are copied at once.
const PIECE: usize = 32;

/// A text to write often: its first bytes in a block of fixed size, which one copy without a loop writes.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    block: [u8; PIECE],
    len: u8,
    rest: Option<Box<str>>,
}

impl Piece {
    pub(super) fn new(text: &str) -> Self {
        // Names are ASCII; one that isn't is kept whole in the rest.
        let (first, rest) = text.split_at_checked(text.len().min(PIECE)).unwrap_or(("", text));
        let mut block = [0; PIECE];
        block.iter_mut().zip(first.bytes()).for_each(|(to, from)| *to = from);
        let rest = (!rest.is_empty()).then(|| rest.into());
        Self { block, len: first.len() as u8, rest } // CAST: at most PIECE
    }
}

/// The names of a field's values, by number.
#[derive(Clone, Debug, Default)]
pub(super) struct NameTable(Vec<Option<Piece>>);

impl NameTable {
    pub(super) fn new(names: impl Iterator<Item = (u32, &'static str)>) -> Self {
        /// More values than any enumeration of packets or registers has; greater ones are written as numbers.
        const MOST: usize = 1 << 12;
        let mut table = Vec::new();
        for (number, name) in names {
            let index = number as usize;
            if index < MOST && index >= table.len() {
                table.resize(index + 1, None);
            }
            // Of two names the first counts, as everywhere.
            if let Some(slot @ None) = table.get_mut(index) {
                *slot = Some(Piece::new(name));
            }
        }
        Self(table)
    }

    #[inline]
    pub(super) fn get(&self, value: u32) -> Option<&Piece> {
        self.0.get(value as usize)?.as_ref()
    }
}

/// Bytes, of which the first `len` are written.
#[derive(Clone, Debug)]
pub(super) struct Out {
    bytes: Vec<u8>,
    len: usize,
    /// The last offset that began a line, and its digits.
    last_offset: (u32, [u8; 6]),
}

impl Default for Out {
    fn default() -> Self {
        Self { bytes: Vec::new(), len: 0, last_offset: (0, *b"     0") }
    }
}

impl Out {
    pub(super) fn bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Takes back what was written after the first `len` bytes.
    pub(super) fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    pub(super) fn clear(&mut self) {
        self.len = 0;
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let size = (self.len + more).max(2 * self.bytes.len()).max(1 << 12);
        self.bytes.resize(size, 0);
    }

    /// Writes a block of which only the first `len` bytes count.
    #[inline]
    fn block<const N: usize>(&mut self, block: &[u8; N], len: usize) {
        if self.bytes.len() - self.len < N {
            self.grow(N);
        }
        if let Some(to) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<N>) {
            *to = *block;
            self.len += len;
        }
    }

    #[inline]
    pub(super) fn piece(&mut self, piece: &Piece) {
        self.block(&piece.block, piece.len.into());
        if let Some(rest) = &piece.rest {
            self.text(rest);
        }
    }

    /// Appends a short piece and then a value: up to 9 in decimal, above in hexadecimal.
    #[inline]
    pub(super) fn labelled(&mut self, piece: &Piece, value: u32) {
        const ROOM: usize = 2 * PIECE;
        if piece.rest.is_some() {
            self.piece(piece);
            return if value < 10 { self.decimal(value.into()) } else { self.hex_short(value) };
        }
        if self.bytes.len() - self.len < ROOM {
            self.grow(ROOM);
        }
        let Some(to) = self.bytes.get_mut(self.len..).and_then(<[u8]>::first_chunk_mut::<ROOM>) else { return };
        let Some(block) = to.first_chunk_mut::<PIECE>() else { return };
        *block = piece.block;
        let Some(number) = to.get_mut(piece.len.into()..).and_then(<[u8]>::first_chunk_mut::<10>) else { return };
        if value < 10 {
            number[0] = b'0' + value as u8; // CAST: one decimal digit
            self.len += usize::from(piece.len) + 1;
        } else {
            let digits = (32 - value.leading_zeros()).div_ceil(4); // at most 8
            let [a, b, c, d, e, f, g, h] = hex_digits(value << (32 - 4 * digits));
            *number = [b'0', b'x', a, b, c, d, e, f, g, h];
            self.len += usize::from(piece.len) + 2 + digits as usize;
        }
    }

    #[inline]
    pub(super) fn text(&mut self, text: &str) {
        self.slice(text.as_bytes());
    }

    #[inline]
    fn slice(&mut self, from: &[u8]) {
        if from.is_empty() {
            return;
        }
        if self.bytes.len() - self.len < from.len() {
            self.grow(from.len());
        }
        if let Some(to) = self.bytes.get_mut(self.len..self.len + from.len()) {
            to.copy_from_slice(from);
            self.len += from.len();
        }
    }

    /// Appends `value` in decimal.
    #[inline]
    pub(super) fn decimal(&mut self, value: u64) {
        if value < 10 {
            self.block(&[b'0' + value as u8], 1); // CAST: one decimal digit
        } else {
            self.padded(value, 0);
        }
    }

    /// Appends `value` in decimal, with blanks before it up to `width`.
    #[inline]
    pub(super) fn padded(&mut self, mut value: u64, width: usize) {
        let mut digits = [b' '; 20];
        let mut length = 0;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8; // CAST: one decimal digit
            value /= 10;
            length += 1;
            if value == 0 {
                break;
            }
        }
        self.slice(digits.get(digits.len().saturating_sub(length.max(width))..).unwrap_or_default());
    }

    /// Appends how a line of `word` at dword `at` begins: the offset, at least 6 places wide, two blanks, `faint`, the
    /// word's eight digits, `reset`.
    #[inline]
    pub(super) fn line(&mut self, at: usize, word: u32, faint: &str, reset: &str) {
        let [a, b, c, d, e, f, g, h] = hex_digits(word);
        if at < 1_000_000 && faint.is_empty() {
            let [o0, o1, o2, o3, o4, o5] = self.offset_digits(at as u32); // CAST: checked above
            self.block(&[o0, o1, o2, o3, o4, o5, b' ', b' ', a, b, c, d, e, f, g, h], 16);
        } else {
            self.padded(at as u64, 6);
            self.text("  ");
            self.text(faint);
            self.block(&[a, b, c, d, e, f, g, h], 8);
            self.text(reset);
        }
    }

    /// The digits of an offset below a million, with blanks before them. Most offsets are one more than the last one, so
    /// most of the time only the last digit changes.
    #[inline]
    fn offset_digits(&mut self, at: u32) -> [u8; 6] {
        let (last, mut digits) = self.last_offset;
        if at == last.wrapping_add(1) && digits[5] != b'9' {
            digits[5] += 1;
        } else {
            let mut rest = at;
            digits = [b' '; 6];
            for place in digits.iter_mut().rev() {
                *place = b'0' + (rest % 10) as u8; // CAST: one decimal digit
                rest /= 10;
                if rest == 0 {
                    break;
                }
            }
        }
        self.last_offset = (at, digits);
        digits
    }

    /// Appends `0x` and the digits of `value`, without leading zeros.
    #[inline]
    pub(super) fn hex_short(&mut self, value: u32) {
        self.block(b"0x", 2);
        self.hex(value, (32 - value.leading_zeros()).div_ceil(4).max(1) as usize); // CAST: at most 8
    }

    /// Appends the low `digits` hexadecimal digits, 1 to 8.
    #[inline]
    pub(super) fn hex(&mut self, value: u32, digits: usize) {
        let skip = 8_usize.saturating_sub(digits).min(7);
        self.block(&hex_digits(value << (4 * skip)), 8 - skip);
    }
}

/// The eight hexadecimal digits of `value`.
#[inline]
fn hex_digits(value: u32) -> [u8; 8] {
    // Spreads the nibbles over the bytes of a word, then turns all eight into digits at once.
    let spread = |half: u32| {
        let pairs = (half | half << 8) & 0x00FF_00FF;
        (pairs | pairs << 4) & 0x0F0F_0F0F
    };
    let nibbles = u64::from(spread(value >> 16)) << 32 | u64::from(spread(value & 0xFFFF));
    let letters = (nibbles + 0x0606_0606_0606_0606) >> 4 & 0x0101_0101_0101_0101;
    (nibbles + 0x3030_3030_3030_3030 + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

//! The header of a `.npy`: a Python dictionary literal with the keys `descr`, `fortran_order` and `shape`.
//!
//! Source: numpy `numpy/lib/_format_impl.py` and its "format" documentation. Read as Python reads it (any order of
//! keys, either quote, trailing commas, white space, the `L` of Python 2's long integers), written as numpy writes it.

use super::NpyError;
use crate::conv::DType;

/// What a header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) dtype: DType,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

/// numpy pads the header so that the data starts at a multiple of this, in bytes.
const ALIGNMENT: usize = 64;

/// numpy leaves room for the first extent to grow to this many digits when somebody appends to the file.
const GROWTH_DIGITS: usize = 21;

/// numpy's own limit on dimensions.
const MAX_RANK: usize = 64;

impl Header {
    /// Parses the dictionary.
    pub(super) fn parse(text: &[u8]) -> Result<Self, NpyError> {
        let mut cursor = Cursor { text, at: 0 };
        let (mut dtype, mut fortran_order, mut shape) = (None, None, None);
        cursor.expect(b'{', "'{' is missing")?;
        while !cursor.accept(b'}') {
            let key = cursor.string("a quoted key is missing")?;
            cursor.expect(b':', "':' is missing after a key")?;
            let is_new = match key {
                b"descr" => dtype.replace(cursor.dtype()?).is_none(),
                b"fortran_order" => fortran_order.replace(cursor.boolean()?).is_none(),
                b"shape" => shape.replace(cursor.shape()?).is_none(),
                _ => {
                    return Err(cursor.error("there is a key other than 'descr', 'fortran_order' and 'shape'"));
                }
            };
            if !is_new {
                return Err(cursor.error("a key comes twice"));
            }
            if !cursor.accept(b',') {
                cursor.expect(b'}', "',' or '}' is missing after a value")?;
                break;
            }
        }
        if cursor.peek().is_some() {
            return Err(cursor.error("something follows the '}'"));
        }
        Ok(Self {
            dtype: dtype.ok_or_else(|| cursor.error("the key 'descr' is missing"))?,
            fortran_order: fortran_order.ok_or_else(|| cursor.error("the key 'fortran_order' is missing"))?,
            shape: shape.ok_or_else(|| cursor.error("the key 'shape' is missing"))?,
        })
    }

    /// The dictionary as numpy writes it after `prefix` bytes of magic, version and length: padded with spaces to
    /// the alignment, a line feed at its end.
    pub(super) fn to_text(&self, prefix: usize) -> String {
        let descr = match self.dtype {
            DType::F32 => "<f4",
            DType::F16 => "<f2",
        };
        let order = if self.fortran_order { "True" } else { "False" };
        let extents: Vec<String> = self.shape.iter().map(usize::to_string).collect();
        let comma = if extents.len() == 1 { "," } else { "" };
        let mut text =
            format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': ({}{comma}), }}", extents.join(", "));
        let growth_axis = if self.fortran_order { extents.last() } else { extents.first() };
        let growth = growth_axis.map_or(0, |extent| GROWTH_DIGITS.saturating_sub(extent.len()));
        let unpadded = prefix + text.len() + growth + 1;
        // A whole ALIGNMENT where nothing would be needed: numpy does that too.
        text.push_str(&" ".repeat(growth + ALIGNMENT - unpadded % ALIGNMENT));
        text.push('\n');
        text
    }
}

/// A place in the header's text. Every token may have white space before it.
struct Cursor<'a> {
    text: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn error(&self, what: &'static str) -> NpyError {
        NpyError::Header { what, at: self.at }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        while self.text.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    fn accept(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), NpyError> {
        if self.accept(byte) { Ok(()) } else { Err(self.error(what)) }
    }

    /// The bytes for which `belongs` holds.
    fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| !belongs(*byte)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// A quoted string. No key or type that is understood needs an escape, so a backslash is just a character.
    fn string(&mut self, what: &'static str) -> Result<&'a [u8], NpyError> {
        let Some(quote @ (b'\'' | b'"')) = self.peek() else {
            return Err(self.error(what));
        };
        self.at += 1;
        let body = self.take_while(|byte| byte != quote);
        self.expect(quote, "a string does not end")?;
        Ok(body)
    }

    fn boolean(&mut self) -> Result<bool, NpyError> {
        self.peek();
        match self.take_while(|byte| byte.is_ascii_alphanumeric()) {
            b"True" => Ok(true),
            b"False" => Ok(false),
            _ => Err(self.error("'fortran_order' is neither True nor False")),
        }
    }

    fn shape(&mut self) -> Result<Vec<usize>, NpyError> {
        self.expect(b'(', "'shape' is no tuple")?;
        let mut shape = Vec::new();
        while !self.accept(b')') {
            if shape.len() == MAX_RANK {
                return Err(self.error("'shape' has more than numpy's 64 dimensions"));
            }
            shape.push(self.extent()?);
            if !self.accept(b',') {
                if shape.len() == 1 {
                    return Err(self.error("'shape' is a number in parentheses, not a tuple: a ',' is missing"));
                }
                self.expect(b')', "',' or ')' is missing in 'shape'")?;
                break;
            }
        }
        Ok(shape)
    }

    fn extent(&mut self) -> Result<usize, NpyError> {
        self.peek();
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        let Some(extent) = str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()) else {
            return Err(self.error("'shape' holds something that is no count of this machine's size"));
        };
        if matches!(self.text.get(self.at), Some(b'L' | b'l')) {
            self.at += 1;
        }
        Ok(extent)
    }

    fn dtype(&mut self) -> Result<DType, NpyError> {
        if self.peek() == Some(b'[') {
            return Err(NpyError::Structured);
        }
        let descr = self.string("'descr' is no string")?;
        // '=' and '|' (native, or order without meaning) don't occur in files that numpy writes; every machine that
        // is likely to have written one is little-endian.
        let (order, kind) = match descr {
            [order @ (b'<' | b'>' | b'=' | b'|'), kind @ ..] => (*order, kind),
            kind => (b'=', kind),
        };
        let descr = || String::from_utf8_lossy(descr).into_owned();
        match (kind, order) {
            (b"f4" | b"f2", b'>') => Err(NpyError::BigEndian { descr: descr() }),
            (b"f4", _) => Ok(DType::F32),
            (b"f2", _) => Ok(DType::F16),
            _ => Err(NpyError::Dtype { descr: descr() }),
        }
    }
}

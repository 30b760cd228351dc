//! MessagePack, as much of it as code objects' metadata holds: a reader that borrows and never panics.
//!
//! Hand-written because the reading half of the format is smaller than the crates that also write it.
//!
//! Source: msgpack/msgpack `spec.md`, "Formats".

/// How deep arrays and maps may nest. LLVM's metadata has four levels.
const DEPTH: u32 = 16;

/// A value that isn't a container, or the head of one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Token<'a> {
    /// Nil, a float, bytes or an extension: nothing that metadata means anything by.
    Other,
    /// True or false.
    Bool(bool),
    /// An integer that isn't negative.
    Unsigned(u64),
    /// A negative integer.
    Negative,
    /// Text.
    Text(&'a str),
    /// So many values follow.
    Array(u32),
    /// So many pairs of values follow.
    Map(u32),
}

/// Reads values one after the other. `None` throughout: the bytes end too early or aren't MessagePack.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (head, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(head)
    }

    /// `count` bytes, the highest first.
    fn number(&mut self, count: usize) -> Option<u64> {
        Some(self.take(count)?.iter().fold(0, |value, byte| value << 8 | u64::from(*byte)))
    }

    fn count(&mut self, bytes: usize) -> Option<u32> {
        self.number(bytes).map(|count| count as u32) // CAST: at most 4 bytes were read.
    }

    fn text(&mut self, length: u64) -> Option<Token<'a>> {
        let bytes = self.take(usize::try_from(length).ok()?)?;
        std::str::from_utf8(bytes).ok().map(Token::Text)
    }

    fn other(&mut self, length: u64) -> Option<Token<'a>> {
        self.take(usize::try_from(length).ok()?).map(|_| Token::Other)
    }

    fn signed(&mut self, bytes: usize) -> Option<Token<'a>> {
        let value = self.number(bytes)?;
        Some(if value >> (bytes * 8 - 1) == 0 { Token::Unsigned(value) } else { Token::Negative })
    }

    /// The next value, or the head of the next container.
    pub(super) fn token(&mut self) -> Option<Token<'a>> {
        let &[head] = self.take(1)? else { return None };
        match head {
            0x00..=0x7f => Some(Token::Unsigned(head.into())),
            0x80..=0x8f => Some(Token::Map((head & 0xf).into())),
            0x90..=0x9f => Some(Token::Array((head & 0xf).into())),
            0xa0..=0xbf => self.text((head & 0x1f).into()),
            0xc0 => Some(Token::Other),
            0xc1 => None,
            0xc2 | 0xc3 => Some(Token::Bool(head == 0xc3)),
            0xc4..=0xc6 => self.number(1 << (head - 0xc4)).and_then(|length| self.other(length)),
            0xc7..=0xc9 => self.number(1 << (head - 0xc7)).and_then(|length| self.other(length.checked_add(1)?)),
            0xca => self.other(4),
            0xcb => self.other(8),
            0xcc..=0xcf => self.number(1 << (head - 0xcc)).map(Token::Unsigned),
            0xd0..=0xd3 => self.signed(1 << (head - 0xd0)),
            0xd4..=0xd8 => self.other(1 + (1 << (head - 0xd4))),
            0xd9..=0xdb => self.number(1 << (head - 0xd9)).and_then(|length| self.text(length)),
            0xdc | 0xdd => self.count(2 << (head - 0xdc)).map(Token::Array),
            0xde | 0xdf => self.count(2 << (head - 0xde)).map(Token::Map),
            0xe0..=0xff => Some(Token::Negative),
        }
    }

    /// Skips the next value with all that is in it.
    pub(super) fn skip(&mut self) -> Option<()> {
        self.skip_nested(DEPTH)
    }

    fn skip_nested(&mut self, depth: u32) -> Option<()> {
        let values = match self.token()? {
            Token::Array(count) => u64::from(count),
            Token::Map(pairs) => u64::from(pairs) * 2,
            _ => 0,
        };
        // Every value has a byte at least, so a count that lies ends with the bytes.
        for _ in 0..values {
            self.skip_nested(depth.checked_sub(1)?)?;
        }
        Some(())
    }

    /// Reads a map with text for keys: `entry` is called behind each key, and reads or skips the one value there.
    pub(super) fn map(&mut self, mut entry: impl FnMut(&'a str, &mut Self) -> Option<()>) -> Option<()> {
        let Token::Map(pairs) = self.token()? else { return None };
        for _ in 0..pairs {
            let Token::Text(key) = self.token()? else { return None };
            entry(key, self)?;
        }
        Some(())
    }

    /// Reads an array: `value` is called for each value, and reads it.
    pub(super) fn array(&mut self, mut value: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        let Token::Array(count) = self.token()? else { return None };
        for _ in 0..count {
            value(self)?;
        }
        Some(())
    }

    /// Text.
    pub(super) fn string(&mut self) -> Option<&'a str> {
        match self.token()? {
            Token::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A number of at most 32 bits.
    pub(super) fn u32(&mut self) -> Option<u32> {
        match self.token()? {
            Token::Unsigned(value) => u32::try_from(value).ok(),
            _ => None,
        }
    }

    /// True, or a number other than 0.
    pub(super) fn bool(&mut self) -> Option<bool> {
        match self.token()? {
            Token::Bool(value) => Some(value),
            Token::Unsigned(value) => Some(value != 0),
            _ => None,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every format of the specification's table, with its bytes written by hand.
    #[test]
    fn every_format_is_read() {
        let long = [&[0xd9, 3][..], b"abc"].concat();
        let cases: &[(&[u8], Token<'_>)] = &[
            (&[0x7f], Token::Unsigned(127)),
            (&[0x82], Token::Map(2)),
            (&[0x93], Token::Array(3)),
            (b"\xa2hi", Token::Text("hi")),
            (&[0xc0], Token::Other),
            (&[0xc2], Token::Bool(false)),
            (&[0xc3], Token::Bool(true)),
            (&[0xc4, 2, 9, 9], Token::Other),
            (&[0xc7, 1, 5, 9], Token::Other),
            (&[0xca, 0, 0, 0, 0], Token::Other),
            (&[0xcb, 0, 0, 0, 0, 0, 0, 0, 0], Token::Other),
            (&[0xcc, 200], Token::Unsigned(200)),
            (&[0xcd, 1, 0], Token::Unsigned(256)),
            (&[0xce, 0, 1, 0, 0], Token::Unsigned(65536)),
            (&[0xcf, 0, 0, 0, 1, 0, 0, 0, 0], Token::Unsigned(1 << 32)),
            (&[0xd0, 0xff], Token::Negative),
            (&[0xd1, 0x7f, 0xff], Token::Unsigned(32767)),
            (&[0xd3, 0x80, 0, 0, 0, 0, 0, 0, 0], Token::Negative),
            (&[0xd4, 1, 2], Token::Other),
            (&[0xd8, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17], Token::Other),
            (&long, Token::Text("abc")),
            (&[0xda, 0, 1, b'x'], Token::Text("x")),
            (&[0xdb, 0, 0, 0, 1, b'x'], Token::Text("x")),
            (&[0xdc, 1, 2], Token::Array(258)),
            (&[0xdd, 0, 1, 0, 0], Token::Array(65536)),
            (&[0xde, 0, 7], Token::Map(7)),
            (&[0xdf, 0, 0, 0, 7], Token::Map(7)),
            (&[0xff], Token::Negative),
        ];
        for (bytes, want) in cases {
            let mut reader = Reader::new(bytes);
            assert_eq!(reader.token(), Some(*want), "{bytes:x?}");
            assert!(reader.rest.is_empty(), "{bytes:x?}");
            for end in 0..bytes.len() {
                assert_eq!(Reader::new(&bytes[..end]).token(), None, "{bytes:x?} cut at {end}");
            }
        }
        assert_eq!(Reader::new(&[0xc1]).token(), None);
        assert_eq!(Reader::new(&[0xa1, 0xff]).token(), None, "text that is no UTF-8");
    }

    #[test]
    fn nesting_and_counts_have_limits() {
        assert!(Reader::new(&[0x91; 15]).skip().is_none());
        let mut deep = vec![0x91; 16];
        deep.push(1);
        assert!(Reader::new(&deep).skip().is_some());
        deep.insert(0, 0x91);
        assert!(Reader::new(&deep).skip().is_none());
        assert!(Reader::new(&[0xdd, 0xff, 0xff, 0xff, 0xff, 1]).skip().is_none());
    }

    proptest! {
        #[test]
        fn random_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            while reader.skip().is_some() && !reader.rest.is_empty() {}
            let _ = Reader::new(&bytes).map(|_, value| value.skip());
        }
    }
}

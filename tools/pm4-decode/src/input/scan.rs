//! Reading text by bytes: lines, and numbers within them.

use std::borrow::Cow;

/// A line without its end, and its number from 1.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a [u8],
}

/// The lines of a text, ended by a line feed, with or without a carriage return before it.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = Line<'_>> {
    bytes
        .split(|byte| *byte == b'\n')
        .enumerate()
        .map(|(index, text)| Line { number: index + 1, text: text.strip_suffix(b"\r").unwrap_or(text) })
}

/// The text without terminal colours (`ESC [ ... m`), which umr writes on request.
pub(super) fn without_colours(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&0x1b) {
        return Cow::Borrowed(bytes);
    }
    let mut plain = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        let end = tail.strip_prefix(b"[").and_then(|code| code.iter().position(|byte| byte.is_ascii_alphabetic()));
        match (byte, end) {
            (0x1b, Some(end)) => rest = tail.get(end + 2..).unwrap_or_default(),
            _ => plain.push(byte),
        }
    }
    Cow::Owned(plain)
}

/// The value of hexadecimal digits, all of `text`, at most 16 of them.
pub(super) fn hex(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 16 {
        return None;
    }
    text.iter().try_fold(0, |value: u64, byte| Some(value << 4 | u64::from(char::from(*byte).to_digit(16)?)))
}

/// A cursor in a line. What is asked for and isn't there leaves it where it was.
#[derive(Clone, Copy)]
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    /// Steps over `text`.
    pub(super) fn eat(&mut self, text: &[u8]) -> Option<()> {
        self.0 = self.0.strip_prefix(text)?;
        Some(())
    }

    /// Steps over spaces and tabs.
    pub(super) fn blank(&mut self) -> &mut Self {
        self.0 = self.0.trim_ascii_start();
        self
    }

    /// Takes what stands before `text` and steps over both.
    pub(super) fn until(&mut self, text: &[u8]) -> Option<&'a [u8]> {
        let at = find(self.0, text)?;
        let before = self.0.get(..at)?;
        self.0 = self.0.get(at + text.len()..)?;
        Some(before)
    }

    fn while_(&mut self, wanted: impl Fn(&u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| !wanted(byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    /// Takes a hexadecimal number that begins with `0x`.
    pub(super) fn hex(&mut self) -> Option<u64> {
        let mut next = *self;
        next.eat(b"0x")?;
        let value = hex(next.while_(u8::is_ascii_hexdigit))?;
        *self = next;
        Some(value)
    }

    /// Takes a decimal number.
    pub(super) fn decimal(&mut self) -> Option<u64> {
        let mut next = *self;
        let value = std::str::from_utf8(next.while_(u8::is_ascii_digit)).ok()?.parse().ok()?;
        *self = next;
        Some(value)
    }

    /// Takes a number, hexadecimal where it begins with `0x`, else decimal.
    pub(super) fn number(&mut self) -> Option<u64> {
        self.hex().or_else(|| self.decimal())
    }

    /// Takes a word: all up to the next blank.
    pub(super) fn word(&mut self) -> &'a [u8] {
        self.blank().while_(|byte| !byte.is_ascii_whitespace())
    }
}

/// Where `text` first stands in `bytes`.
pub(super) fn find(bytes: &[u8], text: &[u8]) -> Option<usize> {
    let first = *text.first()?;
    let mut from = 0;
    loop {
        let rest = bytes.get(from..)?;
        let at = rest.iter().position(|byte| *byte == first)?;
        if rest.get(at..)?.starts_with(text) {
            return Some(from + at);
        }
        from += at + 1;
    }
}

/// A piece of a dump for a message: what isn't printable ASCII is escaped, and long ones are cut.
pub(super) fn quote(text: &[u8]) -> String {
    const LONGEST: usize = 40;
    let cut = if text.len() > LONGEST { "..." } else { "" };
    format!(
        "{}{cut}",
        text.iter().take(LONGEST).copied().flat_map(std::ascii::escape_default).map(char::from).collect::<String>()
    )
}

/// Little-endian dwords, and the bytes at the end that make no whole one.
pub(super) fn dwords(bytes: &[u8]) -> (Vec<u32>, &[u8]) {
    let (whole, tail) = bytes.as_chunks();
    (whole.iter().map(|dword| u32::from_le_bytes(*dword)).collect(), tail)
}

/// The column, from 1, of a part of a line.
pub(super) fn column(line: &Line<'_>, part: &[u8]) -> usize {
    (part.as_ptr() as usize).saturating_sub(line.text.as_ptr() as usize) + 1
}

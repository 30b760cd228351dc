//! Hexadecimal text, in the forms that people paste.
//!
//! Rules, in order. A comment goes from `#`, `;` or `//` to the end of its line; commas and braces are blanks.
//! - `'NAME' size(n) : words` is a packet of an aqlprofile log: what stands before the colon is left out.
//! - What stands between bars, `|...|`, is the ASCII column of `hexdump -C` and left out, as is that of `od -t x4z`,
//!   `>...<`, and that of `xxd`, two blanks behind the numbers of a line whose address ends with a colon; numbers
//!   may go on there too.
//! - An address column is a first number that ends with a colon, or first numbers that on the first lines (up to 64)
//!   all count up by just the bytes of the line before, in hexadecimal (`od -A x`, `hexdump -C`), in octal (`od`) or in
//!   decimal (`od -A d`).
//!   Words don't do that: packets begin with a header above 0xC0000000. A line with an address alone ends such a dump.
//!   The first address is the offset of the first word; from 4 GiB on, where no file is that long, its GPU address.
//! - `*` alone repeats the line before until the next address.
//! - A line whose numbers have two digits each is bytes, in the order of memory; else a number is a word, of 1 to 8
//!   digits, with or without `0x`. Four digits each are bytes in the order of memory behind an address with a colon, as
//!   `xxd` writes them; else they could be either of both orders: refused.

use super::error::Fault;
use super::scan::{self, Line};
use super::{Dump, bin};

/// Lines that decide whether there is an address column.
const SAMPLE: usize = 64;

/// The most that `*` may repeat in all, in bytes.
const REPEAT_LIMIT: u64 = 1 << 30;

/// Reads hexadecimal text. Where `guess` is set, the words may turn out to be a debugfs ring.
pub(super) fn read(bytes: &[u8], name: &str, guess: bool) -> Result<Dump, Fault> {
    let mut reader = Reader { column: address_column(bytes), ..Reader::default() };
    for line in scan::lines(bytes) {
        reader.line(&line)?;
    }
    if reader.repeats {
        reader.notes.push("the dump ends with `*`: how often its last line repeats is not known".to_owned());
    }
    if reader.bytes.is_empty() {
        return Err(Fault::Missing("holds no hexadecimal number: give words such as 0xc0012800, one or more a line"));
    }
    let mut dump = bin::read(&reader.bytes, name, guess)?;
    if let (Some(first), [stream]) = (reader.first, dump.streams.as_mut_slice())
        && stream.wrap.is_none()
    {
        match u32::try_from(first) {
            Ok(_) => stream.first = usize::try_from(first / 4).unwrap_or(0),
            Err(_) => stream.va = Some(first),
        }
    }
    dump.notes.append(&mut reader.notes);
    Ok(dump)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Hex,
    Octal,
    Decimal,
}

impl Column {
    fn address(self, token: &[u8]) -> Option<u64> {
        let digits = token.strip_suffix(b":").unwrap_or(token);
        match self {
            Self::Hex => scan::hex(digits.strip_prefix(b"0x").unwrap_or(digits)),
            Self::Octal | Self::Decimal => {
                let radix = if self == Self::Octal { 8 } else { 10 };
                u64::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
            }
        }
    }
}

#[derive(Default)]
struct Reader {
    column: Option<Column>,
    bytes: Vec<u8>,
    /// The first address.
    first: Option<u64>,
    /// Where the last line begins in `bytes`.
    last_line: usize,
    /// Whether a `*` waits for an address.
    repeats: bool,
    repeated: u64,
    jumped: bool,
    notes: Vec<String>,
}

impl Reader {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let text = content(line.text);
        if text.trim_ascii() == b"*" {
            self.repeats = true;
            return Ok(());
        }
        let mut tokens = tokens(text).peekable();
        let Some(first) = tokens.peek().copied() else { return Ok(()) };
        let column = self.column.or_else(|| first.ends_with(b":").then_some(Column::Hex));
        if let Some(column) = column {
            let address = column.address(first).ok_or_else(|| fault(line, first, "is no address"))?;
            tokens.next();
            self.address(line, first, address)?;
        }
        let start = self.bytes.len();
        let form = match Form::of(tokens.clone()) {
            _ if first.ends_with(b":") && is_xxd(tokens.clone()) => Form::Pairs,
            form => form,
        };
        for token in tokens {
            self.number(line, token, form)?;
        }
        if self.bytes.len() > start {
            self.last_line = start;
        }
        Ok(())
    }

    /// Fills in what a `*` stands for, up to an address.
    fn address(&mut self, line: &Line<'_>, token: &[u8], address: u64) -> Result<(), Fault> {
        let first = *self.first.get_or_insert(address);
        let here = first.saturating_add(self.bytes.len() as u64);
        let gap = address.checked_sub(here);
        if std::mem::take(&mut self.repeats) {
            let gap = gap.ok_or_else(|| fault(line, token, "lies before the line that `*` repeats"))?;
            self.repeated = self.repeated.saturating_add(gap);
            if self.repeated > REPEAT_LIMIT {
                return Err(fault(line, token, "makes `*` repeat more than 1 GiB: cut the dump"));
            }
            let pattern = self.bytes.get(self.last_line..).unwrap_or_default().to_vec();
            let gap = usize::try_from(gap).unwrap_or(0);
            self.bytes.extend(pattern.iter().copied().cycle().take(gap));
        } else if gap != Some(0) && !std::mem::replace(&mut self.jumped, true) {
            self.notes.push(format!(
                "line {}: address {address:#x} where {here:#x} was expected: the words are read as if nothing lay between",
                line.number
            ));
        }
        Ok(())
    }

    fn number(&mut self, line: &Line<'_>, token: &[u8], form: Form) -> Result<(), Fault> {
        let digits = token.strip_prefix(b"0x").or_else(|| token.strip_prefix(b"0X"));
        match (form, digits.unwrap_or(token)) {
            (Form::Bytes, digits) => {
                let byte = scan::hex(digits).and_then(|value| u8::try_from(value).ok());
                self.bytes.push(byte.ok_or_else(|| fault(line, token, "is no hexadecimal byte"))?);
            }
            (Form::Pairs, digits) => {
                for pair in digits.chunks(2) {
                    let byte = scan::hex(pair).and_then(|value| u8::try_from(value).ok());
                    self.bytes.push(byte.ok_or_else(|| fault(line, token, "is no hexadecimal byte"))?);
                }
            }
            (Form::Halves, _) => {
                return Err(fault(line, token, "has four digits: dump words, as `od -A x -t x4` does"));
            }
            (Form::Words, digits) => {
                let word = scan::hex(digits).ok_or_else(|| fault(line, token, "is no hexadecimal number"))?;
                let word = u32::try_from(word).map_err(|_| fault(line, token, "is more than a word of 8 digits"))?;
                if digits.len() > 8 {
                    return Err(fault(line, token, "is more than a word of 8 digits"));
                }
                self.bytes.extend_from_slice(&word.to_le_bytes());
            }
        }
        Ok(())
    }
}

/// What the numbers of a line are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    Words,
    Bytes,
    /// Four digits each, of which it isn't known what order their two bytes have.
    Halves,
    /// Two or four digits each, in the order of memory.
    Pairs,
}

/// Whether the numbers of a line are what `xxd` prints: four digits each, and two where the bytes are odd.
fn is_xxd<'a>(tokens: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut fours = 0;
    for token in tokens {
        match token.len() {
            4 => fours += 1,
            2 => {}
            _ => return false,
        }
    }
    fours > 0
}

impl Form {
    /// By the digits of a line's numbers, its address aside. One number alone is a word.
    fn of<'a>(tokens: impl Iterator<Item = &'a [u8]>) -> Self {
        let (mut count, mut bytes, mut halves) = (0, true, true);
        for token in tokens {
            count += 1;
            bytes &= token.len() == 2;
            halves &= token.len() == 4;
            if !bytes && !halves {
                return Self::Words;
            }
        }
        match (count, bytes, halves) {
            (2.., true, _) => Self::Bytes,
            (2.., _, true) => Self::Halves,
            _ => Self::Words,
        }
    }

    fn bytes(self, numbers: u64) -> u64 {
        match self {
            Self::Words => 4 * numbers,
            Self::Halves => 2 * numbers,
            Self::Bytes | Self::Pairs => numbers,
        }
    }
}

/// The part of a line that holds numbers.
fn content(text: &[u8]) -> &[u8] {
    let mut text = text;
    if let Some(at) = text.iter().position(|byte| matches!(byte, b'#' | b';' | b'|' | b'>')) {
        text = text.get(..at).unwrap_or_default();
    }
    if let Some(at) = scan::find(text, b"//") {
        text = text.get(..at).unwrap_or_default();
    }
    if let Some(numbers) = behind_colon(text)
        && let Some(at) = scan::find(text.get(numbers..).unwrap_or_default(), b"  ")
        && !goes_on(text.get(numbers..).unwrap_or_default().split_at(at))
    {
        text = text.get(..numbers + at).unwrap_or_default();
    }
    if text.trim_ascii_start().starts_with(b"'") {
        // The name may hold colons; no word does.
        let at = text.iter().rposition(|byte| *byte == b':').map_or(0, |at| at + 1);
        text = text.get(at..).unwrap_or_default();
    }
    text
}

/// Whether what stands behind two blanks is more numbers, not a column of one character for each byte before it.
fn goes_on((numbers, rest): (&[u8], &[u8])) -> bool {
    let digits = numbers.iter().filter(|byte| byte.is_ascii_hexdigit()).count();
    let rest = rest.trim_ascii();
    2 * rest.len() != digits
        && tokens(rest).all(|token| scan::hex(token.strip_prefix(b"0x").unwrap_or(token)).is_some())
}

/// Where the numbers begin in a line that begins with an address and a colon.
fn behind_colon(text: &[u8]) -> Option<usize> {
    let colon = text.iter().position(|byte| *byte == b':')?;
    let is_address = text.get(..colon)?.trim_ascii().iter().all(u8::is_ascii_hexdigit);
    let blanks = text.get(colon + 1..)?.iter().position(|byte| !byte.is_ascii_whitespace())?;
    is_address.then_some(colon + 1 + blanks)
}

fn tokens(text: &[u8]) -> impl Iterator<Item = &[u8]> + Clone {
    let blank = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b',' | b'{' | b'}');
    text.split(blank).filter(|token| !token.is_empty())
}

/// Whether the first number of each line is its address, by the rule above.
fn address_column(bytes: &[u8]) -> Option<Column> {
    [Column::Hex, Column::Octal, Column::Decimal].into_iter().find(|column| counts_up(bytes, *column))
}

fn counts_up(bytes: &[u8], column: Column) -> bool {
    let (mut expected, mut steps, mut starred) = (None::<u64>, 0, false);
    for line in scan::lines(bytes).filter(|line| !content(line.text).trim_ascii().is_empty()).take(SAMPLE) {
        let text = content(line.text);
        if text.trim_ascii() == b"*" {
            starred = true;
            continue;
        }
        let mut tokens = tokens(text);
        let Some(address) = tokens.next().filter(|token| !token.starts_with(b"0x")).and_then(|t| column.address(t))
        else {
            return false;
        };
        match expected {
            Some(expected) if address == expected || (starred && address >= expected) => steps += 1,
            Some(_) => return false,
            None => {}
        }
        starred = false;
        let form = Form::of(tokens.clone());
        expected = address.checked_add(form.bytes(tokens.count() as u64));
        // The line with the address alone, which ends a dump, is as good as any other.
        if expected == Some(address) {
            break;
        }
    }
    steps > 0
}

fn fault(line: &Line<'_>, token: &[u8], what: &str) -> Fault {
    let column = scan::column(line, token);
    Fault::Syntax { line: line.number, column, what: format!("`{}` {what}", scan::quote(token)) }
}

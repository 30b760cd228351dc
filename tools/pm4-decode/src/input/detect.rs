//! Telling formats apart by content; the order is in the parent module's header.

use super::error::Fault;
use super::scan;

/// How much of a file decides, in bytes.
const HEAD: usize = 1 << 16;

/// A format that bytes can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Binary,
    Coredump,
    Harness,
    Umr,
    Hex,
}

/// Files that are something else, by their first bytes.
const OTHERS: [(&[u8], &str, &str); 4] = [
    (
        b"\x7fELF",
        "an ELF file (a code object), not a stream of packets",
        "name the dump of a ring or of an indirect buffer",
    ),
    (b"\x1f\x8b", "compressed with gzip", "decompress it first"),
    (b"\xfd7zXZ\0", "compressed with xz", "decompress it first"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd", "decompress it first"),
];

/// What the bytes are.
///
/// # Errors
/// [`Fault::OtherContent`] for files that are known to be something else.
pub(super) fn content(bytes: &[u8]) -> Result<Content, Fault> {
    if let Some(&(_, what, advice)) = OTHERS.iter().find(|(magic, ..)| bytes.starts_with(magic)) {
        return Err(Fault::OtherContent { what, advice });
    }
    other_text(bytes)?;
    let head = head(bytes);
    if !head.iter().all(is_text) {
        return Ok(Content::Binary);
    }
    if is_coredump(head) {
        return Ok(Content::Coredump);
    }
    if is_harness(bytes) {
        return Ok(Content::Harness);
    }
    if is_umr(head) {
        return Ok(Content::Umr);
    }
    Ok(Content::Hex)
}

/// Refuses texts that no reader of text takes.
///
/// # Errors
/// [`Fault::OtherContent`] for UTF-16, a capture's document and other JSON.
pub(super) fn other_text(bytes: &[u8]) -> Result<(), Fault> {
    let refuse = |what, advice| Err(Fault::OtherContent { what, advice });
    if is_utf16(bytes) {
        return refuse("text in UTF-16", "save it as UTF-8");
    }
    if is_capture(bytes) {
        let what = "the capture.json of a capture, whose buffers are files beside it";
        return refuse(what, "name the folder of the capture or its capture.json, not its text");
    }
    if is_json(bytes) {
        return refuse("JSON, not a dump", "give words such as 0xc0012800, or name the folder of a capture");
    }
    Ok(())
}

/// Whether it begins with the mark of UTF-16 and characters of ASCII, most of them. Dwords that begin so are no header.
fn is_utf16(bytes: &[u8]) -> bool {
    const UNITS: usize = 32;
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return false,
    };
    let (units, _) = bytes.get(2..).unwrap_or_default().as_chunks();
    let units = units.get(..UNITS).unwrap_or(units);
    let is_ascii = |pair: &&[u8; 2]| u8::try_from(unit(**pair)).is_ok_and(|byte| byte < 0x80 && is_text(&byte));
    let ascii = units.iter().filter(is_ascii).count();
    ascii > 0 && 4 * ascii >= 3 * units.len()
}

/// Whether it begins as objects and lists of JSON do, with a string after their brackets.
fn is_json(bytes: &[u8]) -> bool {
    let inner = head(bytes).iter().position(|byte| !byte.is_ascii_whitespace() && !matches!(byte, b'{' | b'['));
    let (brackets, rest) = bytes.split_at(inner.unwrap_or(0));
    !brackets.trim_ascii().is_empty() && rest.starts_with(b"\"")
}

fn head(bytes: &[u8]) -> &[u8] {
    bytes.get(..HEAD).unwrap_or(bytes)
}

/// Whether a byte can stand in a text: no control characters but blanks and the escape of colours.
fn is_text(byte: &u8) -> bool {
    matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b | 0x20..=0x7e | 0x80..)
}

fn is_coredump(head: &[u8]) -> bool {
    scan::find(head, b"AMDGPU Device Coredump").is_some()
        || scan::lines(head).any(|line| line.text == b"Ring buffer information")
}

/// Whether it is a log of umr's test harness.
pub(super) fn is_harness(bytes: &[u8]) -> bool {
    const WORDS: [&[u8]; 4] = [b"RINGDATA = ", b"SYSRAM@", b"VRAM@", b"MMIO@"];
    scan::lines(head(bytes)).any(|line| WORDS.iter().any(|word| line.text.starts_with(word)))
}

fn is_umr(head: &[u8]) -> bool {
    let plain = scan::without_colours(head);
    let dword = |line: &[u8]| {
        let mut cursor = scan::Cursor(line);
        cursor.eat(b"[").and_then(|()| cursor.number()).and_then(|_| cursor.eat(b"@")).is_some()
    };
    let mut lines = scan::lines(&plain).map(|line| line.text.trim_ascii_start());
    lines.any(|line| line.starts_with(b"Decoding IB at ") || dword(line))
}

/// Whether it is the `capture.json` of a capture.
pub(super) fn is_capture(bytes: &[u8]) -> bool {
    let head = head(bytes).trim_ascii_start();
    head.starts_with(b"{") && scan::find(head, b"\"sparkle-capture\"").is_some()
}

//! `sparkle-pm4 disasm`: RDNA3 machine code as llvm-objdump writes it.

use std::io::{self, BufRead, Read};
use std::path::Path;

use anyhow::{Context, Result};
use object::{Object, ObjectSection, SectionKind};
use serde::Serialize;
use sparkle_pm4::{Generation, Gfx};
use sparkle_rdna3::{Instruction, Target, WaveSize, decode};

use crate::FINDINGS;
use crate::args::{Disasm, InputFormat};
use crate::input::{self, InputError};
use crate::output::Output;

/// Columns of an instruction's text before its comment, as llvm-objdump has them.
const TEXT_COLUMNS: usize = 60;

/// A stretch of machine code.
struct Code {
    address: u64,
    words: Vec<u32>,
}

#[derive(Serialize)]
struct Line {
    address: u64,
    dwords: Vec<u32>,
    text: Option<String>,
}

pub(crate) fn run(args: &Disasm) -> Result<u8> {
    let mut output = Output::new(args.style.color);
    let target = target(args.gfx.unwrap_or(Gfx::GFX1100), args.wave == 64)?;
    if args.lines {
        lines(args, target, &mut output)?;
    }
    let mut bad = false;
    let codes = if args.lines { Vec::new() } else { read(&args.file, args.input)? };
    for code in codes {
        listing(&code, target, args.style.json, &mut output)?;
        if args.check {
            bad |= check(&code, target, args.style.json, &mut output)?;
        }
    }
    output.flush()?;
    Ok(if bad { FINDINGS } else { 0 })
}

/// What the decoder must know of a chip.
pub(crate) fn target(gfx: Gfx, wave64: bool) -> Result<Target, InputError> {
    let chip = match (gfx.generation(), gfx.number()) {
        (Generation::Gfx11, 0x1150..) => sparkle_rdna3::Gfx::Gfx1150,
        (Generation::Gfx11, _) => sparkle_rdna3::Gfx::Gfx1100,
        _ => return Err(InputError::Unsupported { what: format!("{gfx} is not RDNA3: give gfx1100 to gfx1153") }),
    };
    Ok(Target { gfx: chip, wave: if wave64 { WaveSize::Wave64 } else { WaveSize::Wave32 } })
}

/// Reads code: the text sections of an ELF file, raw dwords, or hexadecimal words.
fn read(path: &Path, format: InputFormat) -> Result<Vec<Code>> {
    let bytes = bytes(path)?;
    let is_text = bytes.iter().all(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    if format == InputFormat::Auto && bytes.starts_with(b"\x7fELF") {
        return elf(&bytes).with_context(|| format!("{} is no code object that can be read", path.display()));
    }
    let words = if format == InputFormat::Hex || (format == InputFormat::Auto && is_text) {
        let dump = input::parse_hex(&bytes, path)?;
        dump.streams.into_iter().flat_map(|stream| stream.words).collect()
    } else {
        dwords(&bytes)
    };
    Ok(vec![Code { address: 0, words }])
}

fn bytes(path: &Path) -> Result<Vec<u8>, InputError> {
    let read = if path.as_os_str() == "-" {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        std::fs::read(path)
    };
    read.map_err(|source| InputError::System { path: path.to_owned(), source })
}

fn dwords(bytes: &[u8]) -> Vec<u32> {
    bytes.as_chunks().0.iter().copied().map(u32::from_le_bytes).collect()
}

fn elf(bytes: &[u8]) -> object::Result<Vec<Code>> {
    let file = object::File::parse(bytes)?;
    let sections = file.sections().filter(|section| section.kind() == SectionKind::Text);
    sections.map(|section| Ok(Code { address: section.address(), words: dwords(section.data()?) })).collect()
}

/// The instructions of a stretch of code, each with its dword offset; `None` where a dword begins none.
pub(crate) fn instructions(
    words: &[u32],
    target: Target,
) -> impl Iterator<Item = (usize, &[u32], Option<Instruction>)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = words.get(at..).filter(|rest| !rest.is_empty())?;
        let instruction = decode(rest, target).ok();
        let length = instruction.map_or(1, |instruction| instruction.len_dwords()).min(rest.len());
        let start = at;
        at += length;
        Some((start, rest.get(..length)?, instruction))
    })
}

fn listing(code: &Code, target: Target, json: bool, output: &mut Output) -> Result<()> {
    for (at, dwords, instruction) in instructions(&code.words, target) {
        let address = code.address + 4 * at as u64;
        if json {
            let text = instruction.map(|instruction| instruction.to_string());
            output.json(&Line { address, dwords: dwords.to_vec(), text })?;
            output.bytes(b"\n")?;
        } else {
            output.line(&line(address, dwords, instruction))?;
        }
        if output.is_closed() {
            break;
        }
    }
    Ok(())
}

/// What `--check` found, in JSON.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Checked {
    Finding {
        rule: &'static str,
        address: u64,
        text: String,
        register: Option<String>,
        earlier: Option<Earlier>,
        needs: String,
        message: &'static str,
    },
    /// A place where the check lost the way.
    Unknown { address: u64, text: String, message: String },
}

#[derive(Serialize)]
struct Earlier {
    address: u64,
    text: String,
}

/// Checks the code and says what is wrong with it; whether anything is.
fn check(code: &Code, target: Target, json: bool, output: &mut Output) -> Result<bool> {
    let bytes: Vec<u8> = code.words.iter().flat_map(|word| word.to_le_bytes()).collect();
    let report = sparkle_rdna3::check::code(&bytes, code.address, target);
    let text_at = |address: u64| {
        let at = usize::try_from(address.wrapping_sub(code.address) / 4).unwrap_or(usize::MAX);
        let words = code.words.get(at..).unwrap_or(&[]);
        text(words, decode(words, target).ok())
    };
    let findings = report.findings.iter().map(|finding| Checked::Finding {
        rule: finding.rule.id,
        address: finding.address,
        text: text_at(finding.address),
        register: finding.register.map(|register| register.to_string()),
        earlier: finding.earlier.map(|address| Earlier { address, text: text_at(address) }),
        needs: finding.wait.map_or_else(|| finding.rule.cure.to_owned(), |wait| wait.to_string()),
        message: finding.rule.statement,
    });
    let lost = report.unknown.iter().map(|&(address, unknown)| Checked::Unknown {
        address,
        text: text_at(address),
        message: unknown.to_string(),
    });
    for checked in findings.chain(lost) {
        if json {
            output.json(&checked)?;
            output.bytes(b"\n")?;
        } else {
            comment(&checked, output)?;
        }
    }
    Ok(!report.findings.is_empty())
}

/// A finding as comments.
fn comment(checked: &Checked, output: &mut Output) -> io::Result<()> {
    match checked {
        Checked::Finding { rule, address, text, register, earlier, needs, message } => {
            let register = register.as_ref().map_or_else(String::new, |register| format!(" {register}"));
            output.line(&format!("// {address:012X}: {rule}{register}: {text}"))?;
            output.line(&format!("//     {message}"))?;
            if let Some(Earlier { address, text }) = earlier {
                output.line(&format!("//     after {address:012X}: {text}"))?;
            }
            output.line(&format!("//     needs {needs}"))
        }
        Checked::Unknown { address, text, message } => {
            output.line(&format!("// {address:012X}: not followed: {text}"))?;
            output.line(&format!("//     {message}"))
        }
    }
}

/// The text of one instruction, or a directive where there is none.
pub(crate) fn text(dwords: &[u32], instruction: Option<Instruction>) -> String {
    match instruction {
        Some(instruction) => instruction.to_string(),
        None => format!(".long {:#010x}", dwords.first().copied().unwrap_or(0)),
    }
}

/// One line of a listing.
pub(crate) fn line(address: u64, dwords: &[u32], instruction: Option<Instruction>) -> String {
    let text = text(dwords, instruction);
    let words = dwords.iter().map(|word| format!("{word:08X}")).collect::<Vec<_>>().join(" ");
    format!("\t{text:<columns$}// {address:012X}: {words}", columns = TEXT_COLUMNS - 1)
}

/// How a line of hexadecimal text is to be read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Order {
    /// Words, as llvm-objdump prints them.
    Words,
    /// Bytes in the order of memory, as llvm-mc takes them.
    Bytes,
}

/// Answers each line of hexadecimal text with one of assembly.
///
/// Eight digits can be a word or four bytes. Bytes apart (`0x80,0x00`, `80 00`) settle it for a line; for the others all
/// lines so far vote, by which order gives an instruction of just that length, and words win a draw.
fn lines(args: &Disasm, target: Target, output: &mut Output) -> Result<()> {
    let path = &args.file;
    let system = |source| InputError::System { path: path.clone(), source };
    let mut reader: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(io::BufReader::with_capacity(1 << 16, io::stdin()))
    } else {
        Box::new(io::BufReader::with_capacity(1 << 16, std::fs::File::open(path).map_err(system)?))
    };
    let mut votes = [0_i64; 2];
    let mut pending: Vec<u8> = Vec::new();
    loop {
        let chunk = reader.fill_buf().map_err(system)?;
        let (length, last) = (chunk.len(), chunk.is_empty());
        pending.extend_from_slice(chunk);
        reader.consume(length);
        // Whole lines only, until the input ends.
        let end =
            if last { pending.len() } else { pending.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1) };
        let batch: Vec<u8> = pending.drain(..end).collect();
        let text = String::from_utf8_lossy(&batch);
        for line in text.lines() {
            for (order, vote) in [Order::Words, Order::Bytes].into_iter().zip(&mut votes) {
                *vote += i64::from(assembly(line, order, target).is_some());
            }
        }
        let preferred = if votes[1] > votes[0] { Order::Bytes } else { Order::Words };
        for line in text.lines() {
            let order = if are_bytes(line) { Order::Bytes } else { preferred };
            let text = assembly(line, order, target).unwrap_or_else(|| "invalid".to_owned());
            if args.style.json {
                output.json(&text)?;
                output.bytes(b"\n")?;
            } else {
                output.line(&text)?;
            }
        }
        output.flush()?;
        if last || output.is_closed() {
            return Ok(());
        }
    }
}

fn tokens(line: &str) -> impl Iterator<Item = &str> {
    let line = line.split("//").next().unwrap_or_default();
    let separator = |letter: char| letter.is_whitespace() || matches!(letter, ',' | '[' | ']');
    line.split(separator).map(|token| token.strip_prefix("0x").unwrap_or(token)).filter(|token| !token.is_empty())
}

fn are_bytes(line: &str) -> bool {
    tokens(line).all(|token| token.len() <= 2)
}

/// The text of the one instruction that a line of hexadecimal digits is; `None` where it is none, or more than one.
fn assembly(line: &str, order: Order, target: Target) -> Option<String> {
    let mut digits = String::new();
    for token in tokens(line) {
        match (order, token.len()) {
            (Order::Bytes, 1) => digits.push('0'),
            (Order::Words, 1..8) => digits.extend(std::iter::repeat_n('0', 8 - token.len())),
            _ => {}
        }
        digits.push_str(token);
    }
    if digits.is_empty() || !digits.len().is_multiple_of(8) || !digits.is_ascii() {
        return None;
    }
    let words = (0..digits.len() / 8).map(|index| {
        let word = u32::from_str_radix(digits.get(8 * index..8 * index + 8)?, 16).ok()?;
        Some(if order == Order::Bytes { word.swap_bytes() } else { word })
    });
    let words: Vec<u32> = words.collect::<Option<_>>()?;
    let instruction = decode(&words, target).ok()?;
    (instruction.len_dwords() == words.len()).then(|| instruction.to_string())
}

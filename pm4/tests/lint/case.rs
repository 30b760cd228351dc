//! The cases in `cases.txt`: how they are written.

use std::collections::BTreeMap;

use sparkle_pm4::decode::walk::Memory;
use sparkle_pm4::lint::{Buffer, ProgramUse, Programs, RootKind};
use sparkle_pm4::{Gfx, Ring};

/// What a case's rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Expect {
    Trips,
    Passes,
}

/// GPU memory: ranges of dwords.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dump(Vec<(u64, Vec<u32>)>);

impl Dump {
    pub(crate) fn push(&mut self, va: u64, words: Vec<u32>) {
        self.0.push((va, words));
    }
}

impl Memory for Dump {
    fn words(&self, va: u64, dwords: usize) -> Option<&[u32]> {
        self.0.iter().find_map(|(start, words)| {
            let first = usize::try_from(va.checked_sub(*start)?).ok()? / 4;
            words.get(first..first.checked_add(dwords)?)
        })
    }
}

/// A program that is the same at every address.
#[derive(Clone, Debug)]
pub(crate) struct OneProgram(ProgramUse);

impl Programs for OneProgram {
    fn program(&self, _va: u64, _wave64: bool) -> Option<ProgramUse> {
        Some(self.0)
    }
}

/// One line of the file.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) line: usize,
    pub(crate) code: String,
    pub(crate) expect: Expect,
    pub(crate) gfx: Gfx,
    pub(crate) ring: Ring,
    pub(crate) root: RootKind,
    pub(crate) synced: bool,
    pub(crate) partial: bool,
    pub(crate) va: Option<u64>,
    pub(crate) buffers: Vec<Buffer>,
    pub(crate) memory: Dump,
    /// What the program uses, where somebody can read it.
    pub(crate) program: Option<OneProgram>,
    /// Other rules that the stream trips.
    pub(crate) others: Vec<String>,
    pub(crate) words: Vec<u32>,
    pub(crate) comment: String,
}

fn hex(text: &str) -> u64 {
    u64::from_str_radix(text, 16).unwrap_or_else(|_| panic!("not hexadecimal: {text:?}"))
}

/// Words: `c0001000`, `ffff1000*8`, a base `c`, a part of it `c[8..]`, a base with some dwords changed `c{67=44,3=0}`.
/// Indices are decimal.
fn words(text: &str, bases: &BTreeMap<String, Vec<u32>>) -> Vec<u32> {
    let mut words = Vec::new();
    for token in text.split_whitespace() {
        if let Some((name, changes)) = token.strip_suffix('}').and_then(|token| token.split_once('{')) {
            let mut base = bases[name].clone();
            for (index, value) in changes.split(',').map(|change| change.split_once('=').unwrap()) {
                base[index.parse::<usize>().unwrap()] = hex(value) as u32;
            }
            words.extend(base);
        } else if let Some((name, range)) = token.strip_suffix(']').and_then(|token| token.split_once('[')) {
            let (from, to) = range.split_once("..").unwrap();
            let base = &bases[name];
            words.extend(&base[from.parse().unwrap_or(0)..to.parse().unwrap_or(base.len())]);
        } else if let Some(base) = bases.get(token) {
            words.extend(base);
        } else {
            let (word, times) = token.split_once('*').unwrap_or((token, "1"));
            words.extend(std::iter::repeat_n(hex(word) as u32, times.parse().unwrap()));
        }
    }
    words
}

fn buffer(text: &str) -> Buffer {
    let (range, flags) = text.split_once(':').unwrap();
    let (flags, role) = flags.split_once(':').map_or((flags, None), |(flags, role)| (flags, Some(role.to_owned())));
    let (va, size) = range.split_once('+').unwrap();
    Buffer {
        va: hex(va),
        size: hex(size),
        readable: flags.contains('r'),
        writable: flags.contains('w'),
        executable: flags.contains('x'),
        role,
    }
}

fn case(line: usize, text: &str, bases: &BTreeMap<String, Vec<u32>>) -> Case {
    let (text, comment) = text.split_once('|').unwrap_or_else(|| panic!("line {line}: no comment"));
    let (head, stream) = text.split_once(": ").unwrap_or((text.trim_end().trim_end_matches(':'), ""));
    let mut head = head.split_whitespace();
    let mut next = || head.next().unwrap_or_else(|| panic!("line {line}: too short"));
    let (code, expect, gfx, ring) = (next().to_owned(), next(), next(), next());
    let mut case = Case {
        line,
        code,
        expect: if expect == "trips" { Expect::Trips } else { Expect::Passes },
        gfx: gfx.parse().unwrap(),
        ring: if ring == "compute" { Ring::Compute } else { Ring::Gfx },
        root: RootKind::Ib,
        synced: false,
        partial: false,
        va: None,
        buffers: Vec::new(),
        memory: Dump::default(),
        program: None,
        others: Vec::new(),
        words: words(stream, bases),
        comment: comment.trim().to_owned(),
    };
    assert!(matches!(expect, "trips" | "passes") && matches!(ring, "compute" | "gfx"), "line {line}");
    for word in head {
        match word.split_once('=') {
            None if word == "ring" => case.root = RootKind::KernelRing,
            None if word == "synced" => case.synced = true,
            None if word == "partial" => case.partial = true,
            Some(("va", va)) => case.va = Some(hex(va)),
            Some(("buf", text)) => case.buffers.push(buffer(text)),
            Some(("mem", text)) => {
                let (va, text) = text.split_once(':').unwrap();
                case.memory.push(hex(va), words(&text.replace(',', " "), bases));
            }
            Some(("uses", text)) => {
                let (vgprs, lds) = text.split_once(',').unwrap();
                case.program = Some(OneProgram(ProgramUse { vgprs: vgprs.parse().unwrap(), lds: lds == "lds" }));
            }
            Some(("also", code)) => case.others.push(code.to_owned()),
            _ => panic!("line {line}: {word:?}"),
        }
    }
    case
}

/// Reads the file: `base NAME = words`, `CODE trips|passes CHIP RING [ring] [synced] [partial] [va=..]
/// [buf=VA+SIZE:rwx[:ROLE]] [mem=VA:words] [uses=VGPRS,lds|none] [also=CODE]: words | comment`, and lines that begin
/// with `#`.
pub(crate) fn parse_cases(text: &str) -> Vec<Case> {
    let mut bases = BTreeMap::new();
    let mut cases = Vec::new();
    for (line, text) in (1..).zip(text.lines()) {
        if let Some(base) = text.strip_prefix("base ") {
            let (name, stream) = base.split_once(" = ").unwrap();
            let stream = words(stream, &bases);
            bases.insert(name.to_owned(), stream);
        } else if !text.is_empty() && !text.starts_with('#') {
            cases.push(case(line, text, &bases));
        }
    }
    cases
}

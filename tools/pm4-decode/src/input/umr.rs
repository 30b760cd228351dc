//! The text that umr prints when it decodes a ring or an indirect buffer.
//!
//! Each dword stands on a line with its address and its raw value, so the stream can be had back:
//! `[0x4@0x800000b39800 + 0x0024]<TAB>[        0x01000300]<TAB>|---> ...`. Older versions print the VMID in decimal and
//! the value without padding. What umr doesn't print is the register offset of the SET_*_REG packets, which is found by
//! the name of the register that the next line gives, and the rest of packets that it doesn't know.
//!
//! Source: umr `src/app/ring_stream_read.c` and its later versions; the samples of `test/kat/`.

use sparkle_pm4::registers::{Registers, Space};
use sparkle_pm4::{Gfx, Header, Opcode, PacketType};

use super::error::Fault;
use super::scan::{self, Cursor};
use super::{Dump, Stream, StreamKind, chip, ring};

/// The most dwords that a stream may have: what `of <n> words` says is not believed beyond it.
const LIMIT: usize = 1 << 28;

/// Reads umr's decode.
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Dump, Fault> {
    let plain = scan::without_colours(bytes);
    let mut reader = Reader::default();
    for line in scan::lines(&plain) {
        let text = line.text.trim_ascii_start();
        if let Some(block) = Block::parse(text) {
            reader.close();
            reader.open = Some(block);
        } else if let Some(dword) = Dword::parse(text) {
            reader.dword(&dword);
        } else if text.starts_with(b"Done decoding IB") {
            reader.close();
        }
    }
    reader.close();
    if reader.dump.streams.is_empty() && reader.sdma > 0 {
        return Err(Fault::Missing("holds packets of the DMA engine, which are not PM4: print a gfx or comp ring"));
    }
    if reader.dump.streams.is_empty() {
        return Err(Fault::Missing(
            "holds no line such as `[0x0@0x00000400 + 0x0014] [0xc0012800]`: print it with umr -RS",
        ));
    }
    for stream in &mut reader.dump.streams {
        if matches!(stream.kind, StreamKind::Ring { .. }) {
            stream.ring = ring::kind(name).or_else(|| ring::by_packets(&stream.words));
        }
    }
    if let Some(note) = reader.absent.note() {
        reader.dump.notes.push(note);
    }
    if reader.sdma > 0 {
        reader.dump.notes.push(format!("left out, as they hold no PM4: {} streams of the DMA engine", reader.sdma));
    }
    Ok(reader.dump)
}

/// A line that begins a stream.
#[derive(Default)]
struct Block {
    vmid: u64,
    base: u64,
    /// Whether nothing called it: a ring, whose address is a byte offset in it.
    root: bool,
    announced: usize,
    /// The dword of the block that `words` begins with: not 0 where a text lost its beginning.
    start: usize,
    words: Vec<Option<u32>>,
    /// The register that the value at a dword goes to.
    registers: Vec<(usize, Vec<u8>)>,
    /// Whether its packets are the DMA engine's.
    sdma: bool,
}

impl Block {
    fn parse(line: &[u8]) -> Option<Self> {
        let mut cursor = Cursor(line);
        cursor.eat(b"Decoding IB at ")?;
        let vmid = cursor.number()?;
        cursor.eat(b"@")?;
        let base = cursor.number()?;
        cursor.eat(b" from ")?;
        let from_vmid = cursor.number()?;
        cursor.eat(b"@")?;
        let from = cursor.number()?;
        cursor.eat(b" of ")?;
        let announced = usize::try_from(cursor.number()?).unwrap_or(LIMIT).min(LIMIT);
        let root = vmid == 0 && from_vmid == 0 && from == 0;
        Some(Self { vmid, base, root, announced, ..Self::default() })
    }

    /// For dwords that no line announced, as in a piece cut from a longer text.
    fn of(dword: &Dword<'_>) -> Self {
        Self { vmid: dword.vmid, base: dword.base, root: dword.vmid == 0, ..Self::default() }
    }
}

/// A line with a dword.
struct Dword<'a> {
    vmid: u64,
    base: u64,
    offset: u64,
    value: u32,
    text: &'a [u8],
}

impl<'a> Dword<'a> {
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut cursor = Cursor(line);
        cursor.eat(b"[")?;
        let vmid = cursor.number()?;
        cursor.eat(b"@")?;
        let base = cursor.number()?;
        cursor.blank().eat(b"+")?;
        let offset = cursor.blank().number()?;
        cursor.blank().eat(b"]")?;
        cursor.blank().eat(b"[")?;
        // Fields of AQL packets have 8 or 16 bits and are no dwords: 0x and 4 digits.
        let before = cursor.blank().0.len();
        let value = u32::try_from(cursor.hex()?).ok()?;
        let digits = (before - cursor.0.len()).checked_sub(2)?;
        cursor.blank().eat(b"]")?;
        (digits == 8).then_some(Self { vmid, base, offset, value, text: cursor.blank().0 })
    }

    /// `gfx1101.regCOMPUTE_PGM_HI` of `|---> gfx1101.regCOMPUTE_PGM_HI=0x80`: block and name.
    fn register(&self) -> Option<(&'a [u8], &'a [u8])> {
        let mut cursor = Cursor(self.text);
        cursor.eat(b"|---> ")?;
        let full = cursor.until(b"=")?;
        let mut parts = full.splitn(2, |byte| *byte == b'.');
        let (block, name) = (parts.next()?, parts.next()?);
        Some((block, name.strip_prefix(b"reg").or_else(|| name.strip_prefix(b"mm")).unwrap_or(name)))
    }
}

#[derive(Default)]
struct Reader {
    dump: Dump,
    open: Option<Block>,
    absent: Absent,
    /// Blocks of the DMA engine, which are left out.
    sdma: usize,
}

impl Reader {
    fn dword(&mut self, dword: &Dword<'_>) {
        let same = |block: &Block| block.base == dword.base && block.vmid == dword.vmid;
        if !self.open.as_ref().is_some_and(same) {
            self.close();
        }
        let block = self.open.get_or_insert_with(|| Block::of(dword));
        block.sdma |= scan::find(dword.text, b"Sub-Opcode").is_some();
        let Some(place) = usize::try_from(dword.offset / 4).ok().filter(|place| *place < LIMIT) else { return };
        if block.words.is_empty() {
            block.start = place;
        }
        // A gap is at most a packet's body.
        let Some(at) = place.checked_sub(block.start).filter(|at| *at <= block.words.len() + Header::MAX_BODY) else {
            return;
        };
        if at >= block.words.len() {
            block.words.resize(at + 1, None);
        }
        if let Some(word) = block.words.get_mut(at) {
            *word = Some(dword.value);
        }
        if let Some((gfx, name)) = dword.register() {
            if self.dump.gfx.is_none() {
                self.dump.gfx = chip::from_umr_block(gfx);
            }
            block.registers.push((at, name.to_vec()));
        }
    }

    fn close(&mut self) {
        let Some(mut block) = self.open.take() else { return };
        if block.words.is_empty() || block.sdma {
            self.sdma += usize::from(block.sdma);
            return;
        }
        let announced = block.announced.saturating_sub(block.start);
        if announced > block.words.len() && announced - block.words.len() <= Header::MAX_BODY {
            block.words.resize(announced, None);
        }
        self.find_register_offsets(&mut block);
        let name = if block.root { "ring".to_owned() } else { format!("ib vmid {}", block.vmid) };
        let va = (!block.root).then_some(block.base.saturating_add(4 * block.start as u64));
        let mut stream = Stream::ib(name, va, Vec::new());
        stream.words = self.absent.fill(&stream.name, &block.words);
        if block.root {
            // Which part of the ring is shown is umr's choice; by default it is all that waits.
            let first = usize::try_from(block.base / 4).unwrap_or(0).saturating_add(block.start);
            stream.first = first;
            stream.kind = StreamKind::Ring { rptr: first, wptr: first.saturating_add(stream.words.len()) };
        }
        self.dump.streams.push(stream);
    }

    fn find_register_offsets(&self, block: &mut Block) {
        let Some(gfx) = self.dump.gfx.as_ref().and_then(|name| name.parse::<Gfx>().ok()) else { return };
        let registers = Registers::of(gfx.generation());
        for (at, name) in &block.registers {
            let Some(header) = at.checked_sub(2).and_then(|at| *block.words.get(at)?) else { continue };
            let (Some(space), Ok(name)) = (space_of(Header(header)), std::str::from_utf8(name)) else { continue };
            let Some(register) = registers.named(name) else { continue };
            if let (found, relative) = register.offset().in_space()
                && found == space
                && let Some(word @ None) = block.words.get_mut(at - 1)
            {
                *word = Some(relative);
            }
        }
    }
}

/// The register space that a SET packet writes to.
fn space_of(header: Header) -> Option<Space> {
    if header.packet_type() != PacketType::Type3 {
        return None;
    }
    match header.opcode() {
        Opcode::SET_CONFIG_REG => Some(Space::Config),
        Opcode::SET_CONTEXT_REG | Opcode::SET_CONTEXT_REG_INDEX => Some(Space::Context),
        Opcode::SET_SH_REG | Opcode::SET_SH_REG_INDEX => Some(Space::Sh),
        Opcode::SET_UCONFIG_REG | Opcode::SET_UCONFIG_REG_INDEX => Some(Space::Uconfig),
        _ => None,
    }
}

/// The dwords that the text leaves out.
#[derive(Default)]
struct Absent {
    count: usize,
    /// The first of them, as a reader would look for them.
    places: Vec<String>,
}

impl Absent {
    /// Places that a note names.
    const NAMED: usize = 8;

    fn fill(&mut self, name: &str, words: &[Option<u32>]) -> Vec<u32> {
        for (at, _) in words.iter().enumerate().filter(|(_, word)| word.is_none()) {
            self.count += 1;
            if self.places.len() < Self::NAMED {
                self.places.push(format!("dword {at} of {name}"));
            }
        }
        words.iter().map(|word| word.unwrap_or(0)).collect()
    }

    fn note(&self) -> Option<String> {
        let more = if self.count > self.places.len() { ", ..." } else { "" };
        (self.count > 0).then(|| {
            format!("umr left out {} dwords, which are read as 0: {}{more}", self.count, self.places.join(", "))
        })
    }
}

//! The kernel's device core dump, `/sys/class/drm/cardN/device/devcoredump/data`.
//!
//! It holds every ring and, in newer kernels, the indirect buffers of the job that hung. What helps to find a hang is
//! kept as notes. Rings of other engines and of the MES scheduler hold no PM4 and are left out. The ring that timed out
//! comes first.
//!
//! Source: Linux `amdgpu_dev_coredump.c` (`amdgpu_devcoredump_format`, `amdgpu_devcoredump_print_ibs`); `gfx_v11_0.c`,
//! `gfx_v11_ip_print`. The forms of 6.12 and later are read.

use super::error::Fault;
use super::scan::{self, Cursor, Line};
use super::{Dump, Stream, StreamKind, chip, ring};

/// What begins the lines that end the dwords of an indirect buffer.
const HEADINGS: [&[u8]; 3] = [b"IB #", b"ring name: ", b"VRAM is lost"];

/// Reads a device core dump.
pub(super) fn read(bytes: &[u8]) -> Result<Dump, Fault> {
    let mut reader = Reader::default();
    for line in scan::lines(bytes) {
        reader.line(&line)?;
    }
    reader.finish()
}

#[derive(Default)]
struct Reader {
    dump: Dump,
    timed_out: Option<String>,
    hub: String,
    fault: u64,
    queue: Queue,
    block: Block,
    indirect: Vec<Stream>,
    other_rings: Vec<String>,
}

/// What the lines are part of.
#[derive(Default)]
enum Block {
    #[default]
    Head,
    Ring(RingBlock),
    Indirect(IndirectBlock),
}

struct RingBlock {
    name: String,
    rptr: u64,
    wptr: u64,
    dwords: Option<u64>,
    words: Vec<u32>,
    /// A dword is missing, and with it the place of all that follow.
    broken: bool,
}

struct IndirectBlock {
    name: String,
    va: u64,
    dwords: u64,
    words: Vec<u32>,
    /// A line that is no dword stands among them, and with it the place of all that follow is lost.
    broken: Option<(usize, String)>,
}

/// The registers of a hardware queue that tell where it stood in its indirect buffer.
#[derive(Default)]
struct Queue {
    name: String,
    base_low: Option<u32>,
    base_high: u32,
    position: Option<(&'static str, u32)>,
}

impl Reader {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let text = line.text.trim_ascii();
        if self.dword(line, text) {
            return Ok(());
        }
        let mut cursor = Cursor(text);
        if cursor.eat(b"ring name: ").is_some() {
            self.close();
            let name = String::from_utf8_lossy(cursor.0).into_owned();
            self.block =
                Block::Ring(RingBlock { name, rptr: 0, wptr: 0, dwords: None, words: Vec::new(), broken: false });
        } else if cursor.eat(b"IB #").is_some() {
            self.close();
            self.block = Block::Indirect(indirect(cursor).ok_or_else(|| Fault::Syntax {
                line: line.number,
                column: 1,
                what: format!("`{}` is no `IB #0 0x800000000000 64 dw`", scan::quote(text)),
            })?);
        } else if let Block::Ring(ring) = &mut self.block {
            if !ring.head(cursor) {
                self.tail(text);
            }
        } else if matches!(self.block, Block::Head) {
            self.head(text);
        } else {
            self.tail(text);
        }
        Ok(())
    }

    /// The lines that there are many of: a dword of the ring or indirect buffer that is open.
    fn dword(&mut self, line: &Line<'_>, text: &[u8]) -> bool {
        let mut cursor = Cursor(text);
        match &mut self.block {
            Block::Ring(ring) => {
                let offset = cursor.hex();
                let value_column = scan::column(line, cursor.blank().0);
                let value = cursor.hex().and_then(|value| u32::try_from(value).ok());
                let Some(offset) = offset else { return false };
                let next = 4 * ring.words.len() as u64;
                match value {
                    _ if ring.broken => return value.is_some(),
                    Some(value) if offset == next => ring.words.push(value),
                    None if offset != next => return false,
                    _ => {
                        ring.broken = true;
                        let (name, line) = (&ring.name, line.number);
                        let column = if offset == next { value_column } else { 1 };
                        self.dump.notes.push(format!(
                            "line {line}, column {column}: the contents of ring {name} break off before byte {next:#x}"
                        ));
                    }
                }
                true
            }
            Block::Indirect(indirect) => {
                let Some(value) = cursor.hex().and_then(|value| u32::try_from(value).ok()) else {
                    // Another block ends these dwords, be they all there or not.
                    if !text.is_empty() && !HEADINGS.iter().any(|heading| text.starts_with(heading)) {
                        indirect.broken.get_or_insert_with(|| (line.number, scan::quote(text)));
                    }
                    return false;
                };
                if indirect.broken.is_none() {
                    indirect.words.push(value);
                }
                true
            }
            Block::Head => false,
        }
    }

    /// What stands before the rings.
    fn head(&mut self, text: &[u8]) {
        let mut cursor = Cursor(text);
        if text.starts_with(b"kernel: ") || text.starts_with(b"process_name: ") {
            self.note(text);
        } else if cursor.eat(b"HWIP: GC[").is_some() {
            if self.dump.gfx.is_none() {
                self.dump.gfx = version(cursor);
            }
        } else if cursor.eat(b"IP Type: ").is_some() {
            if let Some(name) = cursor.until(b"Ring Name: ").map(|_| cursor.0) {
                let name = String::from_utf8_lossy(name).into_owned();
                self.dump.notes.push(format!("ring {name} timed out"));
                self.timed_out = Some(name);
            }
        } else if text.ends_with(b"Page fault observed") {
            cursor.eat(b"[");
            self.hub = String::from_utf8_lossy(cursor.until(b"]").unwrap_or_default()).into_owned();
        } else if cursor.eat(b"Faulty page starting at address: ").is_some() {
            self.fault = cursor.hex().unwrap_or(0);
        } else if cursor.eat(b"Protection fault status register: ").is_some() {
            self.page_fault(cursor.hex().unwrap_or(0));
        } else if cursor.eat(b"IP: gfx_v").is_some() {
            self.generation(cursor);
        } else if text.starts_with(b"mec ") || text.starts_with(b"me ") || text == b"Ring buffer information" {
            self.close_queue();
            self.queue.name = String::from_utf8_lossy(text).into_owned();
        } else if let Some(name) = cursor.eat(b"reg").or_else(|| cursor.eat(b"mm")).map(|()| cursor.word()) {
            let value = cursor.blank().hex().and_then(|value| u32::try_from(value).ok());
            if let Some(value) = value {
                self.queue.register(name, value);
            }
        } else {
            self.tail(text);
        }
    }

    /// What may stand anywhere.
    fn tail(&mut self, text: &[u8]) {
        if text.starts_with(b"VRAM is lost") {
            self.note(text);
        }
    }

    fn note(&mut self, text: &[u8]) {
        self.dump.notes.push(String::from_utf8_lossy(text).into_owned());
    }

    /// The kernel prints the lines about a page fault even if there was none; both numbers are 0 then.
    fn page_fault(&mut self, status: u64) {
        if self.fault != 0 || status != 0 {
            let (hub, address) = (&self.hub, self.fault);
            self.dump.notes.push(format!("page fault in {hub}: page {address:#x}, status {status:#x}"));
        }
    }

    /// `11_0` of `IP: gfx_v11_0`, for dumps that were cut and lack the IP versions.
    fn generation(&mut self, mut cursor: Cursor<'_>) {
        let major = cursor.decimal();
        if self.dump.gfx.is_none() {
            self.dump.gfx = major.map(|major| match major {
                10 => "10.3".to_owned(),
                major => major.to_string(),
            });
        }
    }

    fn close_queue(&mut self) {
        if let Some(note) = std::mem::take(&mut self.queue).note() {
            self.dump.notes.push(note);
        }
    }

    fn close(&mut self) {
        self.close_queue();
        match std::mem::take(&mut self.block) {
            Block::Head => {}
            Block::Ring(block) => self.close_ring(block),
            Block::Indirect(block) => {
                if let Some((line, text)) = block.broken.filter(|_| (block.words.len() as u64) < block.dwords) {
                    let (name, at) = (&block.name, block.words.len());
                    self.dump.notes.push(format!(
                        "line {line}, column 1: `{text}` is no dword: the contents of {name} break off before dword {at}"
                    ));
                }
                if block.words.is_empty() {
                    let (name, va, dwords) = (&block.name, block.va, block.dwords);
                    self.dump.notes.push(format!("{name} at {va:#x} of {dwords} dwords: its contents were not dumped"));
                    return;
                }
                self.short(&block.name, block.words.len(), block.dwords);
                self.indirect.push(Stream::ib(block.name, Some(block.va), block.words));
            }
        }
    }

    fn close_ring(&mut self, block: RingBlock) {
        let kind = ring::kind(&block.name).filter(|_| !block.name.starts_with("mes_") || block.name.contains("kiq"));
        let Some(kind) = kind else { return self.other_rings.push(block.name) };
        if block.words.is_empty() {
            self.dump.notes.push(format!("ring {}: its contents were not dumped", block.name));
            return;
        }
        let size = block.dwords.unwrap_or(block.words.len() as u64);
        if self.short(&block.name, block.words.len(), size) {
            let pointer = |pointer: u64| usize::try_from(pointer % size.max(1)).unwrap_or(0);
            let ring = StreamKind::Ring { rptr: pointer(block.rptr), wptr: pointer(block.wptr) };
            let stream = Stream { ring: Some(kind), kind: ring, ..Stream::ib(block.name, None, block.words) };
            self.dump.streams.push(stream);
        } else {
            self.dump.streams.push(ring::stream(block.name, Some(kind), block.rptr, block.wptr, block.words));
        }
    }

    /// Notes that dwords are missing.
    fn short(&mut self, name: &str, have: usize, announced: u64) -> bool {
        let short = (have as u64) < announced;
        if short {
            self.dump.notes.push(format!("{name} is cut short: {have} of {announced} dwords, read from the first"));
        }
        short
    }

    fn finish(mut self) -> Result<Dump, Fault> {
        self.close();
        let timed_out = self.timed_out.as_deref();
        self.dump.streams.sort_by_key(|stream| Some(stream.name.as_str()) != timed_out);
        let ring = timed_out.and_then(ring::kind);
        self.dump.streams.extend(self.indirect.into_iter().map(|stream| Stream { ring, ..stream }));
        if !self.other_rings.is_empty() {
            self.dump.notes.push(format!("left out, as they hold no PM4: {}", self.other_rings.join(", ")));
        }
        if self.dump.streams.is_empty() {
            return Err(Fault::Missing(
                "holds no graphics or compute ring: copy the core dump whole, it ends with `Ring buffer information`",
            ));
        }
        Ok(self.dump)
    }
}

impl RingBlock {
    /// The lines between a ring's name and its contents.
    fn head(&mut self, mut cursor: Cursor<'_>) -> bool {
        if cursor.eat(b"Rptr: ").is_some() {
            self.rptr = cursor.hex().unwrap_or(0);
            self.wptr = cursor.until(b"Wptr: ").and_then(|_| cursor.hex()).unwrap_or(0);
            return true;
        }
        if cursor.eat(b"Ring size in dwords: ").is_some() {
            self.dwords = cursor.decimal();
            return true;
        }
        cursor.0.starts_with(b"Ring contents") || cursor.0.starts_with(b"Offset")
    }
}

impl Queue {
    /// Source: Mesa `src/amd/registers/gfx11.json`: CP_HQD_IB_RPTR.CONSUMED_OFFSET and CP_IB1_BUFSZ.IB1_BUFSZ, both
    /// bits 19:0 in dwords; the latter counts what is still to be fetched.
    fn register(&mut self, name: &[u8], value: u32) {
        match name {
            b"CP_HQD_IB_BASE_ADDR" | b"CP_IB1_BASE_LO" => self.base_low = Some(value),
            b"CP_HQD_IB_BASE_ADDR_HI" | b"CP_IB1_BASE_HI" => self.base_high = value,
            b"CP_HQD_IB_RPTR" => self.position = Some(("dwords consumed", value & 0xF_FFFF)),
            b"CP_IB1_BUFSZ" => self.position = Some(("dwords still to be fetched", value & 0xF_FFFF)),
            _ => {}
        }
    }

    fn note(self) -> Option<String> {
        let low = self.base_low?;
        let va = u64::from(self.base_high) << 32 | u64::from(low);
        if va == 0 {
            return None;
        }
        let name = if self.name.is_empty() { "graphics" } else { &self.name };
        let position = self.position.map_or(String::new(), |(what, dwords)| format!(", {dwords} {what}"));
        Some(format!("{name}: indirect buffer at {va:#x}{position}"))
    }
}

/// `1][0]: v11.0.1.0.0`, the version of the graphics core.
fn version(mut cursor: Cursor<'_>) -> Option<String> {
    cursor.until(b": v")?;
    let major = cursor.decimal()?;
    cursor.eat(b".")?;
    let minor = cursor.decimal()?;
    cursor.eat(b".")?;
    Some(chip::from_ip_version(major, minor, cursor.decimal()?))
}

/// `0 0x800000b39800 1528 dw`.
fn indirect(mut cursor: Cursor<'_>) -> Option<IndirectBlock> {
    let number = cursor.decimal()?;
    let va = cursor.blank().hex()?;
    let dwords = cursor.blank().decimal()?;
    Some(IndirectBlock { name: format!("IB #{number}"), va, dwords, words: Vec::new(), broken: None })
}

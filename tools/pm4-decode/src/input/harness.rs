//! Logs of umr's test harness: a ring, register reads, and the physical memory that umr read to decode it.
//!
//! `RINGDATA = { 0x100, 0x300, 0x300, 0xc0032200, ... }` is a debugfs ring file in words. `VRAM@0x1fcdc800 = {01b0...}`
//! and `SYSRAM@...` are bytes at physical addresses; among them are the page tables, so that indirect buffers can be
//! found at their GPU addresses. `MMIO@0xa56c = { 0x7fcdc001 } ; gfx1101.regNAME` is a register read.
//!
//! Source: umr `src/lib/test_harness.c`.

use std::collections::{BTreeMap, BTreeSet};

use sparkle_pm4::decode::walk::canonical;
use sparkle_pm4::{Header, Opcode, PacketType};

use super::error::Fault;
use super::page_table::{Context, Physical};
use super::scan::{self, Cursor, Line};
use super::{Dump, Memory, Stream, chip, ring};

/// Indirect buffers that are looked for in one log.
const MOST_BUFFERS: usize = 4096;

/// Reads a log.
pub(super) fn read(bytes: &[u8], name: &str) -> Result<Dump, Fault> {
    let mut log = Log::default();
    for line in scan::lines(bytes) {
        log.line(&line)?;
    }
    if log.rings.is_empty() {
        return Err(Fault::Missing("holds no `RINGDATA = { ... }`: log the ring with umr's test harness"));
    }
    let mut dump = Dump { gfx: log.gfx.clone(), ..Dump::default() };
    for words in std::mem::take(&mut log.rings) {
        let stream = match ring::debugfs(&words) {
            Some((rptr, wptr, ring)) => {
                ring::stream("ring".to_owned(), ring::kind(name), rptr.into(), wptr.into(), ring.to_vec())
            }
            None => {
                dump.notes.push("RINGDATA is no whole ring behind three pointers: read as it stands".to_owned());
                Stream { ring: ring::kind(name), ..Stream::ib("ring".to_owned(), None, words) }
            }
        };
        dump.streams.push(stream);
    }
    log.find_buffers(&mut dump);
    Ok(dump)
}

#[derive(Default)]
struct Log {
    rings: Vec<Vec<u32>>,
    physical: Physical,
    /// Registers by name without `reg` or `mm`.
    registers: BTreeMap<Vec<u8>, u32>,
    gfx: Option<String>,
}

impl Log {
    fn line(&mut self, line: &Line<'_>) -> Result<(), Fault> {
        let mut cursor = Cursor(line.text.trim_ascii());
        if cursor.eat(b"RINGDATA").is_some() {
            self.rings.push(words(line, braces(line, cursor)?)?);
        } else if cursor.eat(b"VRAM@").is_some() {
            let address = address(line, &mut cursor)?;
            self.physical.vram.add(address, hex_bytes(line, braces(line, cursor)?)?);
        } else if cursor.eat(b"SYSRAM@").is_some() {
            let address = address(line, &mut cursor)?;
            self.physical.system.add(address, hex_bytes(line, braces(line, cursor)?)?);
        } else if cursor.eat(b"MMIO@").is_some() {
            address(line, &mut cursor)?;
            self.register(line, cursor)?;
        }
        // The rest is about the chip: GCACONFIG, DISCOVERY, VBIOS, wave data.
        Ok(())
    }

    fn register(&mut self, line: &Line<'_>, mut cursor: Cursor<'_>) -> Result<(), Fault> {
        let values = words(line, braces(line, cursor)?)?;
        let Some(comment) = cursor.until(b";").map(|_| cursor.word()) else { return Ok(()) };
        let mut parts = comment.splitn(2, |byte| *byte == b'.');
        let (Some(block), Some(name)) = (parts.next(), parts.next()) else { return Ok(()) };
        if self.gfx.is_none() {
            self.gfx = chip::from_umr_block(block);
        }
        let name = name.strip_prefix(b"reg").or_else(|| name.strip_prefix(b"mm")).unwrap_or(name);
        if let Some(value) = values.first() {
            self.registers.entry(name.to_vec()).or_insert(*value);
        }
        Ok(())
    }

    /// A register of the memory hub; gfx10 put `GC` before the names.
    fn hub(&self, name: &str) -> Option<u32> {
        ["GC", ""].iter().find_map(|prefix| self.registers.get(format!("{prefix}{name}").as_bytes()).copied())
    }

    fn context(&self, vmid: u32) -> Option<Context> {
        let register = |name: &str| self.hub(&format!("VM_CONTEXT{vmid}_{name}"));
        let low = register("PAGE_TABLE_BASE_ADDR_LO32")?;
        let high = register("PAGE_TABLE_BASE_ADDR_HI32")?;
        Some(Context { base: u64::from(high) << 32 | u64::from(low), control: register("CNTL")? })
    }

    /// Adds the memory of all indirect buffers that can be reached from the rings.
    fn find_buffers(&mut self, dump: &mut Dump) {
        self.physical.vram_offset = u64::from(self.hub("MC_VM_FB_OFFSET").unwrap_or(0)) << 24;
        let mut waiting: Vec<Call> = dump.streams.iter().flat_map(|stream| Call::all(&stream.words, 0)).collect();
        let mut seen = BTreeSet::new();
        while let Some(call) = waiting.pop() {
            if seen.len() >= MOST_BUFFERS || !seen.insert(call) {
                continue;
            }
            let words = self.context(call.vmid).and_then(|c| self.physical.words(c, call.va, call.dwords.into()));
            let Some(words) = words else { continue };
            waiting.extend(Call::all(&words, call.vmid));
            dump.memory.push(Memory { va: call.va, words });
        }
        dump.memory.sort_by_key(|memory| memory.va);
        dump.notes.push(format!(
            "{} of {} indirect buffers could be found in the log's {} pieces of VRAM and {} of system memory",
            dump.memory.len(),
            seen.len(),
            self.physical.vram.count(),
            self.physical.system.count(),
        ));
    }
}

/// An INDIRECT_BUFFER packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Call {
    vmid: u32,
    va: u64,
    dwords: u32,
}

impl Call {
    /// All in a stream that runs under `vmid`; a ring names the VMID in the packet, an indirect buffer says 0.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_ring_emit_ib_gfx` and `..._compute`.
    fn all(words: &[u32], vmid: u32) -> Vec<Self> {
        let (mut calls, mut at) = (Vec::new(), 0);
        while let Some(&[header, low, high, control]) = words.get(at..).and_then(<[u32]>::first_chunk) {
            let header = Header(header);
            if header.packet_type() != PacketType::Type3 {
                at += 1;
                continue;
            }
            if header.opcode() == Opcode::INDIRECT_BUFFER && header.body_dwords() == 3 {
                let named = control >> 24 & 0xf;
                calls.push(Self {
                    vmid: if named == 0 { vmid } else { named },
                    va: canonical(u64::from(high) << 32 | u64::from(low & !3)),
                    dwords: control & 0xF_FFFF,
                });
            }
            at += 1 + header.body_dwords();
        }
        calls
    }
}

fn address(line: &Line<'_>, cursor: &mut Cursor<'_>) -> Result<u64, Fault> {
    cursor.hex().ok_or_else(|| fault(line, cursor.0, "is no address"))
}

/// What stands between the braces of a line.
fn braces<'a>(line: &Line<'_>, mut cursor: Cursor<'a>) -> Result<&'a [u8], Fault> {
    let rest = cursor.0;
    let mut take = || {
        cursor.blank().eat(b"=")?;
        cursor.blank().eat(b"{")?;
        cursor.until(b"}")
    };
    take().ok_or_else(|| fault(line, rest, "is no `= { ... }`"))
}

fn words(line: &Line<'_>, list: &[u8]) -> Result<Vec<u32>, Fault> {
    let items = list.split(|byte| *byte == b',').map(<[u8]>::trim_ascii).filter(|item| !item.is_empty());
    let word = |item: &[u8]| u32::try_from(scan::hex(item.strip_prefix(b"0x")?)?).ok();
    items.map(|item| word(item).ok_or_else(|| fault(line, item, "is no word such as 0xc0012800"))).collect()
}

fn hex_bytes(line: &Line<'_>, digits: &[u8]) -> Result<Vec<u8>, Fault> {
    let digits = digits.trim_ascii();
    let (pairs, odd) = digits.as_chunks::<2>();
    if !odd.is_empty() {
        return Err(fault(line, odd, "is half a byte"));
    }
    let byte = |pair: &[u8; 2]| scan::hex(pair).and_then(|value| u8::try_from(value).ok());
    pairs.iter().map(|pair| byte(pair).ok_or_else(|| fault(line, pair, "is no hexadecimal byte"))).collect()
}

fn fault(line: &Line<'_>, at: &[u8], what: &str) -> Fault {
    Fault::Syntax { line: line.number, column: scan::column(line, at), what: format!("`{}` {what}", scan::quote(at)) }
}

//! `sparkle-pm4 stats`.

use anyhow::Result;
use serde::Serialize;
use sparkle_pm4::registers::{RegOffset, Registers};
use sparkle_pm4::stats::Stats;

use super::Opened;
use crate::args::{Source, Style};
use crate::output::Output;

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    command: &'static str,
    file: &'a str,
    gfx: String,
    streams: usize,
    not_followed: usize,
    dwords: usize,
    packets: usize,
    padding_dwords: usize,
    stray_dwords: usize,
    dispatches: usize,
    register_writes: usize,
    redundant_writes: usize,
    by_packet: Vec<PacketCount>,
    redundant_by_register: Vec<RegisterCount>,
}

#[derive(Serialize)]
struct PacketCount {
    name: String,
    packets: usize,
    dwords: usize,
}

#[derive(Serialize)]
struct RegisterCount {
    register: String,
    writes: usize,
}

pub(crate) fn run(source: &Source, style: &Style) -> Result<u8> {
    let mut output = Output::new(style.color);
    for path in &source.files {
        let opened = Opened::read(path, &source.reading)?;
        let mut stats = Stats::default();
        opened.walk(|_, step| {
            stats.step(&step);
            Ok(())
        })?;
        let report = Report::new(&opened, &stats);
        if style.json {
            output.json(&report)?;
            output.bytes(b"\n")?;
        } else {
            report.text(&mut output)?;
        }
    }
    output.flush()?;
    Ok(0)
}

impl<'a> Report<'a> {
    fn new(opened: &'a Opened, stats: &Stats) -> Self {
        let registers = Registers::of(opened.gfx.generation());
        let name = |opcode: sparkle_pm4::Opcode| match opcode.name(opened.gfx.generation()) {
            Some(name) => name.to_owned(),
            None => format!("unknown(0x{:02x})", opcode.0),
        };
        let mut by_packet: Vec<_> = stats
            .packets
            .iter()
            .map(|(&opcode, count)| PacketCount { name: name(opcode), packets: count.packets, dwords: count.dwords })
            .collect();
        by_packet.sort_by(|a, b| b.dwords.cmp(&a.dwords).then_with(|| a.name.cmp(&b.name)));
        let register = |dwords: u32| match registers.at(RegOffset::new(dwords)) {
            Some(register) => register.name().to_owned(),
            None => format!("unknown({dwords:#x})"),
        };
        let mut redundant_by_register: Vec<_> = stats
            .redundant_by_register
            .iter()
            .map(|(&dwords, &writes)| RegisterCount { register: register(dwords), writes })
            .collect();
        redundant_by_register.sort_by(|a, b| b.writes.cmp(&a.writes).then_with(|| a.register.cmp(&b.register)));
        Self {
            schema: 1,
            command: "stats",
            file: &opened.name,
            gfx: opened.gfx.to_string(),
            streams: stats.streams,
            not_followed: stats.not_followed,
            dwords: stats.dwords,
            packets: stats.packet_count(),
            padding_dwords: stats.padding_dwords,
            stray_dwords: stats.stray_dwords,
            dispatches: stats.dispatches,
            register_writes: stats.register_writes,
            redundant_writes: stats.redundant_writes(),
            by_packet,
            redundant_by_register,
        }
    }

    fn text(&self, output: &mut Output) -> Result<()> {
        output.line(&format!("# {}: {}", self.file, self.gfx))?;
        for (name, value) in [
            ("streams", self.streams),
            ("streams not in the dump", self.not_followed),
            ("dwords", self.dwords),
            ("  of padding", self.padding_dwords),
            ("  that are no packet", self.stray_dwords),
            ("packets", self.packets),
            ("dispatches", self.dispatches),
            ("register writes", self.register_writes),
            ("  that change nothing", self.redundant_writes),
        ] {
            output.line(&format!("{name:<26}{value:>10}"))?;
        }
        output.line(&format!("\n{:<38}{:>10}{:>10}", "packet", "count", "dwords"))?;
        for count in &self.by_packet {
            output.line(&format!("{:<38}{:>10}{:>10}", count.name, count.packets, count.dwords))?;
        }
        if !self.redundant_by_register.is_empty() {
            output.line(&format!("\n{:<48}{:>10}", "register writes that change nothing", "count"))?;
            for count in &self.redundant_by_register {
                output.line(&format!("{:<48}{:>10}", count.register, count.writes))?;
            }
        }
        Ok(())
    }
}

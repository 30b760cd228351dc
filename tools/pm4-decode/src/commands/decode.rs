//! `sparkle-pm4 decode`.

use anyhow::Result;
use sparkle_pm4::Gfx;
use sparkle_pm4::decode::walk::{Link, Step, StreamId};
use sparkle_pm4::text::TextWriter;

use super::Opened;
use super::program::Programs;
use crate::args::{Source, Style};
use crate::input::{Stream, StreamKind};
use crate::output::Output;
use crate::report::{self, ItemReport, NotFollowedReport, StreamReport};

/// Text that goes out at once, bytes.
const PIECE: usize = 1 << 16;

pub(crate) fn run(source: &Source, style: &Style, disasm: bool) -> Result<u8> {
    let mut output = Output::new(style.color);
    for path in &source.files {
        let opened = Opened::read(path, &source.reading)?;
        if style.json {
            json(&opened, disasm, &mut output)?
        } else {
            text(&opened, disasm, &mut output)?
        }
        if output.is_closed() {
            break;
        }
    }
    output.flush()?;
    Ok(0)
}

fn text(opened: &Opened, disasm: bool, output: &mut Output) -> Result<()> {
    output.line(&format!("# {}: {}", opened.name, opened.gfx))?;
    for note in &opened.dump.notes {
        output.line(&format!("# {note}"))?;
    }
    let mut writer: Option<TextWriter> = None;
    let mut programs = disasm.then(|| Programs::new(opened));
    opened.walk(|stream, step| {
        let writer = match (&mut writer, &step) {
            (Some(writer), Step::Enter { link: Link::Call | Link::Chain, .. }) => writer,
            (_, Step::Enter { .. }) | (None, _) => {
                if let Some(mut last) = writer.take() {
                    last.flush();
                    output.bytes(last.bytes())?;
                }
                writer.insert(TextWriter::new(opened.gfx, opened.ring(stream), output.palette))
            }
            (Some(writer), _) => writer,
        };
        write_step(writer, opened, stream, &step);
        if let Some(program) = programs.as_mut().and_then(|programs| programs.step(&step)) {
            program.lines().into_iter().for_each(|line| writer.line(&line));
        }
        if writer.bytes().len() > PIECE {
            output.bytes(writer.bytes())?;
            writer.clear();
        }
        Ok(())
    })?;
    if let Some(mut writer) = writer {
        writer.flush();
        output.bytes(writer.bytes())?;
    }
    Ok(())
}

fn write_step(writer: &mut TextWriter, opened: &Opened, stream: &Stream, step: &Step<'_>) {
    match step {
        Step::Enter { stream: id, from, link, va, words } => {
            let at = va.map_or(String::new(), |va| format!(" at {}", report::va(va)));
            let ring = report::ring_name(opened.ring(stream));
            writer.line(&match (link, from) {
                (Link::Root, _) | (_, None) => {
                    format!("== {}{at}: {} dwords, {ring} ring", stream.name, words.len())
                }
                (Link::Call, Some((from, dword))) => {
                    format!("-> stream {}{at}: {} dwords, called by stream {} at {dword}", id.0, words.len(), from.0)
                }
                (Link::Chain, Some((from, dword))) => {
                    format!(
                        "-> stream {}{at}: {} dwords, chained to by stream {} at {dword}",
                        id.0,
                        words.len(),
                        from.0
                    )
                }
            });
            match (&stream.kind, link) {
                (StreamKind::Ring { rptr, wptr }, Link::Root) => {
                    let state =
                        if rptr == wptr { "everything was fetched" } else { "not all of what is between was executed" };
                    writer.line(&format!("#  rptr {rptr}, wptr {wptr}: {state}"));
                    writer.number_from(stream.first, stream.wrap);
                }
                (StreamKind::Ib, Link::Root) => writer.number_from(stream.first, stream.wrap),
                _ => writer.number_from(0, None),
            }
        }
        Step::Item { item, .. } => writer.item(item),
        Step::Dead { at, words, .. } => {
            writer
                .line(&format!("#  {} dwords from {at} on never run: the packet before them chains away", words.len()));
        }
        Step::NotFollowed { va, dwords, why, .. } => {
            writer.line(&format!("#  {dwords} dwords at {}: not followed, {}", report::va(*va), report::why_not(*why)));
        }
        Step::Leave { stream: StreamId(0) } => writer.flush(),
        Step::Leave { stream } => writer.line(&format!("<- end of stream {}", stream.0)),
    }
}

fn json(opened: &Opened, disasm: bool, output: &mut Output) -> Result<()> {
    let gfx: Gfx = opened.gfx;
    output.bytes(br#"{"schema":1,"command":"decode","file":"#)?;
    output.json(&opened.name)?;
    output.bytes(br#","gfx":"#)?;
    output.json(&gfx.to_string())?;
    output.bytes(br#","notes":"#)?;
    output.json(&opened.dump.notes)?;
    output.bytes(br#","packets":["#)?;
    let (mut streams, mut strays, mut not_followed) = (Vec::new(), Vec::new(), Vec::new());
    let (mut first, mut base) = (true, 0);
    let mut programs = disasm.then(|| Programs::new(opened));
    let mut shown = Vec::new();
    opened.walk(|stream, step| {
        let ring = opened.ring(stream);
        shown.extend(programs.as_mut().and_then(|programs| programs.step(&step)).map(|program| program.report()));
        match step {
            Step::Enter { stream: id, from, link, va, words } => {
                if link == Link::Root {
                    base = streams.len();
                }
                streams.push(StreamReport {
                    stream: base + id.0,
                    name: stream.name.clone(),
                    ring: report::ring_name(ring),
                    va: va.map(report::va),
                    dwords: words.len(),
                    from: from.map(|(from, offset)| report::From {
                        stream: base + from.0,
                        offset,
                        link: report::link_name(link),
                    }),
                });
            }
            Step::Item { stream: id, item } => {
                let offset = if id.0 == 0 { stream.original(item.at) } else { item.at };
                match report::item(base + id.0, offset, &item, gfx, ring) {
                    ItemReport::Packet(packet) => {
                        if !first {
                            output.bytes(b",")?;
                        }
                        first = false;
                        output.json(&packet)?;
                    }
                    ItemReport::Stray(stray) => strays.push(serde_json::to_value(stray)?),
                    ItemReport::Filler => {}
                }
            }
            Step::NotFollowed { stream: id, va, dwords, why } => not_followed.push(NotFollowedReport {
                stream: base + id.0,
                va: report::va(va),
                dwords,
                why: report::why_not(why),
            }),
            Step::Dead { stream: id, at, words } => strays.push(serde_json::json!({
                "stream": base + id.0, "offset": at, "why": "never runs: the packet before chains away", "dwords": words,
            })),
            Step::Leave { .. } => {}
        }
        Ok(())
    })?;
    output.bytes(br#"],"stray":"#)?;
    output.json(&strays)?;
    output.bytes(br#","streams":"#)?;
    output.json(&streams)?;
    output.bytes(br#","not_followed":"#)?;
    output.json(&not_followed)?;
    if disasm {
        output.bytes(br#","programs":"#)?;
        output.json(&shown)?;
    }
    output.bytes(b"}\n")?;
    Ok(())
}

//! `sparkle-pm4 diff`: what two streams do, not how they spell it.
//!
//! A stream becomes the list of its actions: every packet that does something (padding and register writes don't by
//! themselves), and for each dispatch or draw the registers that it finds set. So two streams that set the same state in
//! another order, with other packets or with other padding are equal.

use std::collections::BTreeMap;
use std::path::Path;

use anyhow::Result;
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use sparkle_pm4::decode::walk::Step;
use sparkle_pm4::decode::{Item, ItemKind};
use sparkle_pm4::registers::{RegOffset, Register, Registers, Space};
use sparkle_pm4::state::{Dispatch, Held, RegisterState};
use sparkle_pm4::{Gfx, Header, Opcode, Packet, Ring};

use super::Opened;
use crate::FINDINGS;
use crate::args::{Reading, Style};
use crate::output::Output;
use crate::report;

/// One thing that a stream does.
#[derive(Clone, Debug)]
struct Action {
    place: String,
    name: &'static str,
    /// What the packet says and, for a dispatch or a draw, what the registers hold.
    content: BTreeMap<String, String>,
}

/// Actions are equal wherever they stand.
impl PartialEq for Action {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.content == other.content
    }
}

impl Eq for Action {}

impl std::hash::Hash for Action {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.name.hash(state);
        self.content.hash(state);
    }
}

impl PartialOrd for Action {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Action {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.name, &self.content).cmp(&(other.name, &other.content))
    }
}

/// A difference: an action of one side, or one of each side that are of the same kind.
#[derive(Debug, Serialize)]
struct Difference {
    packet: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    a: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    b: Option<String>,
    changes: Vec<Change>,
}

#[derive(Debug, Serialize)]
struct Change {
    what: String,
    a: Option<String>,
    b: Option<String>,
}

pub(crate) fn run(a: &Path, b: &Path, reading: &Reading, style: &Style) -> Result<u8> {
    let mut output = Output::new(style.color);
    let (left, right) = (actions(&Opened::read(a, reading)?)?, actions(&Opened::read(b, reading)?)?);
    let differences = compare(&left, &right);
    if style.json {
        output.json(&serde_json::json!({
            "schema": 1, "command": "diff", "a": a, "b": b, "equal": differences.is_empty(), "differences": differences,
        }))?;
        output.bytes(b"\n")?;
    } else {
        text(&differences, left.len(), right.len(), &mut output)?;
    }
    output.flush()?;
    Ok(if differences.is_empty() { 0 } else { FINDINGS })
}

/// What the streams of a dump do, in the order of execution.
fn actions(opened: &Opened) -> Result<Vec<Action>> {
    let mut actions = Vec::new();
    let mut state = RegisterState::new();
    opened.walk(|stream, step| {
        match step {
            Step::Enter { from: None, .. } => state.clear(),
            Step::Item { stream: id, item } => {
                let place = match id.0 {
                    0 => format!("{}", stream.original(item.at)),
                    called => format!("stream {called}:{}", item.at),
                };
                actions.extend(action(&item, place, opened.gfx, opened.ring(stream), &state));
                if let ItemKind::Packet { packet, .. } = &item.kind {
                    state.apply(packet);
                }
            }
            _ => {}
        }
        Ok(())
    })?;
    Ok(actions)
}

fn action(item: &Item<'_>, place: String, gfx: Gfx, ring: Ring, state: &RegisterState) -> Option<Action> {
    let (header, packet) = match &item.kind {
        ItemKind::Packet { header, packet } => (header, packet),
        ItemKind::Filler => return None,
        ItemKind::Stray(_) => {
            let words = item.words.iter().map(|word| format!("{word:08x}")).collect::<Vec<_>>().join(" ");
            let content = BTreeMap::from([("dwords".to_owned(), words)]);
            return Some(Action { place, name: "no packet", content });
        }
    };
    if header.opcode() == Opcode::NOP || packet.register_writes().next().is_some() {
        return None;
    }
    let mut content = BTreeMap::new();
    for (field, value) in packet.fields(gfx.generation(), ring) {
        let value = field.meaning(value).map_or_else(|| format!("{value:#x}"), str::to_owned);
        content.insert(field.name.to_owned(), value);
    }
    content.extend(
        packet.addresses(gfx.generation(), ring).map(|(address, va)| (address.name.to_owned(), report::va(va))),
    );
    // A compute ring doesn't look at shader_type: Mesa sets it, tinygrad does not, and both run.
    let ignored = if ring == Ring::Compute { Header::SHADER_TYPE } else { 0 };
    let flags = header.flags() & !ignored;
    if flags != 0 {
        content.insert("header flags".to_owned(), format!("{flags:#04x}"));
    }
    let raw = if let Packet::Opaque(opaque) = packet { opaque.body } else { packet.tail() };
    if !raw.is_empty() {
        let words = raw.iter().map(|word| format!("{word:08x}")).collect::<Vec<_>>().join(" ");
        content.insert("data".to_owned(), words);
    }
    let name = packet.name(gfx.generation()).unwrap_or("unknown packet");
    let registers = Registers::of(gfx.generation());
    if Dispatch::of(packet).is_some() {
        content.extend(seen(state, registers, |space, offset| {
            space == Space::Uconfig || (space == Space::Sh && offset >= FIRST_COMPUTE)
        }));
    } else if name.starts_with("DRAW") || name.starts_with("DISPATCH") {
        content.extend(seen(state, registers, |space, offset| {
            matches!(space, Space::Uconfig | Space::Context) || (space == Space::Sh && offset < FIRST_COMPUTE)
        }));
    }
    Some(Action { place, name, content })
}

/// The first COMPUTE register in the SH space. Source: Mesa `src/amd/registers/gfx11.json`, COMPUTE_DISPATCH_INITIATOR.
const FIRST_COMPUTE: u32 = 0x200;

/// The registers that are set and that matter, as text.
fn seen(
    state: &RegisterState,
    registers: Registers,
    matters: impl Fn(Space, u32) -> bool,
) -> impl Iterator<Item = (String, String)> {
    state
        .iter()
        .filter(move |(register, _)| {
            let (space, offset) = register.in_space();
            matters(space, offset)
        })
        .map(move |(register, held)| {
            let value = match held {
                Held::Value(value) => format!("{value:#x}"),
                Held::Unseen => "a value that is not in the stream".to_owned(),
            };
            (register_name(registers, register), value)
        })
}

fn register_name(registers: Registers, register: RegOffset) -> String {
    registers
        .at(register)
        .map_or_else(|| format!("unknown({:#x})", register.dwords()), |found| Register::name(found).to_owned())
}

fn compare(a: &[Action], b: &[Action]) -> Vec<Difference> {
    let one = |action: &Action, is_a: bool| {
        let changes = action.content.iter().map(|(what, value)| Change {
            what: what.clone(),
            a: is_a.then(|| value.clone()),
            b: (!is_a).then(|| value.clone()),
        });
        let place = Some(action.place.clone());
        let (a, b) = if is_a { (place, None) } else { (None, place) };
        Difference { packet: action.name, a, b, changes: changes.collect() }
    };
    let mut differences = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, a, b) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (left, right) = (a.get(op.old_range()).unwrap_or_default(), b.get(op.new_range()).unwrap_or_default());
        // Within a stretch that differs, packets of the same kind belong together, in order.
        let (lefts, rights): (Vec<_>, Vec<_>) =
            (left.iter().map(|action| action.name).collect(), right.iter().map(|action| action.name).collect());
        for op in capture_diff_slices(Algorithm::Myers, &lefts, &rights) {
            let (olds, news) =
                (left.get(op.old_range()).unwrap_or_default(), right.get(op.new_range()).unwrap_or_default());
            if matches!(op, DiffOp::Equal { .. }) {
                differences.extend(olds.iter().zip(news).map(|(old, new)| both(old, new)));
            } else {
                differences.extend(olds.iter().map(|old| one(old, true)));
                differences.extend(news.iter().map(|new| one(new, false)));
            }
        }
    }
    differences
        .retain(|difference| !(difference.a.is_some() && difference.b.is_some() && difference.changes.is_empty()));
    differences
}

fn both(a: &Action, b: &Action) -> Difference {
    let mut names: Vec<&String> = a.content.keys().chain(b.content.keys()).collect();
    names.sort();
    names.dedup();
    let changes = names.into_iter().filter(|name| a.content.get(*name) != b.content.get(*name)).map(|name| Change {
        what: name.clone(),
        a: a.content.get(name).cloned(),
        b: b.content.get(name).cloned(),
    });
    Difference { packet: a.name, a: Some(a.place.clone()), b: Some(b.place.clone()), changes: changes.collect() }
}

fn text(differences: &[Difference], a: usize, b: usize, output: &mut Output) -> Result<()> {
    let palette = output.palette;
    if differences.is_empty() {
        output.line(&format!("equal: {a} packets that do something, the same state at every dispatch and draw"))?;
        return Ok(());
    }
    for difference in differences {
        let Difference { packet, changes, .. } = difference;
        match (&difference.a, &difference.b) {
            (Some(a), Some(b)) => {
                output.line(&format!("{}{packet}{} at {a} in a, at {b} in b", palette.packet, palette.reset))?;
                for change in changes {
                    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "not set".to_owned());
                    output.line(&format!("    {}: {} -> {}", change.what, side(&change.a), side(&change.b)))?;
                }
            }
            (place, other) => {
                let (sign, colour) = if other.is_none() { ("-", palette.wrong) } else { ("+", palette.register) };
                let at = place.as_ref().or(other.as_ref()).map_or("", String::as_str);
                output.line(&format!("{colour}{sign} {packet} at {at}{}", palette.reset))?;
                for change in changes {
                    let value = change.a.as_ref().or(change.b.as_ref()).map_or("", String::as_str);
                    output.line(&format!("{sign}   {}: {value}", change.what))?;
                }
            }
        }
    }
    output.line(&format!("differences: {}; packets that do something: {a} in a, {b} in b", differences.len()))?;
    Ok(())
}

//! A strict device looks streams through before it runs them.

use std::collections::HashMap;

use sparkle_pm4::decode::ItemKind;
use sparkle_pm4::decode::walk::{Limits, Memory, NotFollowed, Step, canonical, walk};
use sparkle_pm4::lint::{Buffer, Options, Root, RootKind, Severity, lint_submission};

use super::job::Author;
use super::outcome::{Place, Stop};
use super::run::{Run, item_at};
use super::watch::Finding;

/// Stretches of memory that streams and programs lie in.
#[derive(Default)]
struct Copies(Vec<(u64, Vec<u32>)>);

impl Memory for Copies {
    fn words(&self, va: u64, dwords: usize) -> Option<&[u32]> {
        self.0.iter().find_map(|(start, words)| {
            let first = usize::try_from(canonical(va).checked_sub(*start)? / 4).ok()?;
            words.get(first..first.checked_add(dwords)?)
        })
    }
}

/// Most that is copied of a buffer with programs, in bytes.
const MOST: u64 = 16 << 20;
/// Rounds in which streams are found that others call.
const ROUNDS: usize = 64;

/// Hangs on the first error that the linter has, and tells of its warnings.
pub(crate) fn check(run: &Run<'_>) -> Result<(), Stop> {
    let mut copies = Copies::default();
    for Buffer { va, size, .. } in run.job.buffers.unwrap_or_default().iter().filter(|buffer| buffer.executable) {
        if let Ok(words) = run.memory.fetch(*va, size.min(&MOST) / 4) {
            copies.0.push((canonical(*va), words));
        }
    }
    let mut streams = Vec::new();
    for ib in &run.job.ibs {
        streams.push((ib.va, run.memory.fetch(ib.va, ib.dwords.into())?));
    }
    for _ in 0..ROUNDS {
        let missing: Vec<_> = streams
            .iter()
            .flat_map(|(va, words)| walk(words, Some(*va), &copies, Limits::default()))
            .filter_map(|step| match step {
                Step::NotFollowed { va, dwords, why: NotFollowed::NotAtHand, .. } => Some((va, dwords)),
                _ => None,
            })
            .filter_map(|(va, dwords)| Some((va, run.memory.fetch(va, dwords as u64).ok()?))) // CAST: 20 bits
            .collect();
        if missing.is_empty() {
            break;
        }
        copies.0.extend(missing);
    }
    let roots: Vec<_> = streams.iter().map(|(va, words)| Root { words, va: Some(canonical(*va)) }).collect();
    let options = Options {
        gfx: run.device.gfx(),
        ring: run.ring,
        root: if run.job.author == Author::Kernel { RootKind::KernelRing } else { RootKind::Ib },
        buffers: run.job.buffers,
        memory_synced: run.job.sync_before,
        partial: false,
        programs: None,
    };
    let mut opened = HashMap::new();
    for finding in lint_submission(&roots, &copies, &options) {
        let rule = finding.rule;
        let streams = opened.entry(finding.root).or_insert_with(|| streams_of(roots.get(finding.root), &copies));
        let at = place(run, streams.get(&finding.stream.0), finding.at);
        let what = format!("{}: {} [{}]", rule.title(), finding.message, rule.code());
        if rule.severity() == Severity::Error {
            return Err(Stop::Hang(format!("{what}, at {at}")));
        }
        run.watch.events.finding(Finding { rule: rule.code(), what: finding.message, advice: false, at });
    }
    Ok(())
}

/// Where a root and all that it calls are, by the numbers that the linter gives them.
fn streams_of<'a>(root: Option<&Root<'a>>, copies: &'a Copies) -> HashMap<usize, (u64, &'a [u32])> {
    let Some(root) = root else { return HashMap::new() };
    walk(root.words, root.va, copies, Limits::default())
        .filter_map(|step| match step {
            Step::Enter { stream, va, words, .. } => Some((stream.0, (va.unwrap_or(0), words))),
            _ => None,
        })
        .collect()
}

fn place(run: &Run<'_>, stream: Option<&(u64, &[u32])>, at: usize) -> Place {
    let Some(&(stream, words)) = stream else { return Place { at, ..Place::default() } };
    let gfx = run.device.gfx();
    match item_at(words, at) {
        Some(item) => {
            let name = match item.kind {
                ItemKind::Packet { packet, .. } => packet.name(gfx.generation()).unwrap_or(""),
                _ => "",
            };
            Place::of(&item, stream, name, gfx, run.ring)
        }
        None => Place { stream, at, ..Place::default() },
    }
}

//! What is remembered of packets and dispatches, and written down.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::engine::Counts;
use crate::cp::{Events, Finding, Place, TICKS_PER_SECOND};
use crate::shader::Totals;

/// Packets and dispatches of a trace: a file of more is of no use to anybody.
const MOST: usize = 1 << 20;

#[derive(Debug, Default)]
struct Inner {
    packets: BTreeMap<&'static str, u64>,
    dispatches: u64,
    totals: Totals,
    ticks: u64,
    trace: Vec<Value>,
    findings: Vec<Finding>,
}

/// Where events of a trace go: a ring is a process there, a submission a thread.
#[derive(Debug, Default)]
struct Shelf {
    rings: Vec<String>,
    ring: usize,
    submission: usize,
}

/// Counts packets, and keeps a trace where one is wanted.
#[derive(Debug)]
pub(crate) struct Recorder {
    inner: Mutex<Inner>,
    traces: bool,
    shelf: Mutex<Shelf>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Microseconds, as traces have time.
fn micros(ticks: u64) -> f64 {
    ticks as f64 * 1e6 / TICKS_PER_SECOND as f64 // CAST: times of a run are far below 2^53 ticks
}

impl Recorder {
    pub(crate) fn new(traces: bool) -> Self {
        Self { inner: Mutex::default(), traces, shelf: Mutex::default() }
    }

    /// What follows is of this submission.
    pub(crate) fn submission(&self, index: usize, ring: String) {
        let mut shelf = lock(&self.shelf);
        shelf.submission = index;
        shelf.ring = shelf.rings.iter().position(|known| *known == ring).unwrap_or(shelf.rings.len());
        if shelf.ring == shelf.rings.len() {
            shelf.rings.push(ring);
        }
    }

    fn trace(&self, name: &str, category: &str, ticks: &Range<u64>, args: &Value) {
        if !self.traces {
            return;
        }
        let (ring, submission) = {
            let shelf = lock(&self.shelf);
            (shelf.ring, shelf.submission)
        };
        let mut inner = lock(&self.inner);
        if inner.trace.len() < MOST {
            let (from, to) = (micros(ticks.start), micros(ticks.end));
            inner.trace.push(json!({
                "name": name, "cat": category, "ph": "X", "ts": from, "dur": to - from,
                "pid": ring, "tid": submission, "args": args,
            }));
        }
    }

    pub(crate) fn findings(&self) -> Vec<Finding> {
        lock(&self.inner).findings.clone()
    }

    /// Packets, dispatches.
    pub(crate) fn counts(&self) -> (u64, u64, Totals) {
        let inner = lock(&self.inner);
        (inner.packets.values().sum(), inner.dispatches, inner.totals)
    }

    pub(crate) fn trace_json(&self) -> Value {
        let rings = lock(&self.shelf).rings.clone();
        let names = rings
            .iter()
            .enumerate()
            .map(|(ring, name)| json!({ "name": "process_name", "ph": "M", "pid": ring, "args": { "name": name } }));
        let events: Vec<_> = names.chain(lock(&self.inner).trace.iter().cloned()).collect();
        json!({ "traceEvents": events, "displayTimeUnit": "ns" })
    }

    pub(crate) fn stats_json(&self, gpu: &str, counts: Option<&Counts>) -> Value {
        let inner = lock(&self.inner);
        let Totals { groups, waves, instructions } = inner.totals;
        let launches = counts.map_or(&[][..], |counts| &counts.launches).iter().map(|launch| {
            let Totals { groups, waves, instructions } = launch.totals;
            json!({
                "code": format!("{:#x}", launch.code), "workgroups": groups, "waves": waves,
                "instructions": instructions, "occupancy": launch.occupancy.to_json(),
                "modelled_us": launch.bound.seconds * 1e6, "bound_by": launch.bound.by.name(),
            })
        });
        json!({
            "schema": 1, "gpu": gpu, "packets": inner.packets, "dispatches": inner.dispatches, "workgroups": groups,
            "waves": waves, "instructions": instructions, "ticks": inner.ticks, "launches": launches.collect::<Vec<_>>(),
            "shader": counts.map(|counts| counts.stats.to_json()),
        })
    }
}

impl Events for Recorder {
    fn packet(&self, name: &'static str, va: u64, ticks: Range<u64>) {
        {
            let mut inner = lock(&self.inner);
            *inner.packets.entry(name).or_default() += 1;
            inner.ticks += ticks.end.wrapping_sub(ticks.start);
        }
        self.trace(name, "packet", &ticks, &json!({ "va": format!("{va:#x}") }));
    }

    fn dispatch(&self, at: &Place, totals: &Totals, ticks: Range<u64>) {
        {
            let mut inner = lock(&self.inner);
            inner.dispatches += 1;
            inner.totals.groups += totals.groups;
            inner.totals.waves += totals.waves;
            inner.totals.instructions += totals.instructions;
        }
        let args = json!({
            "va": format!("{:#x}", at.va()), "workgroups": totals.groups, "waves": totals.waves,
            "instructions": totals.instructions,
        });
        self.trace("dispatch", "dispatch", &ticks, &args);
    }

    fn finding(&self, finding: Finding) {
        let mut inner = lock(&self.inner);
        if !inner.findings.contains(&finding) {
            inner.findings.push(finding);
        }
    }
}

//! `--trace`: what happened when, as Chrome trace-event JSON (about:tracing, Perfetto).

use serde::Serialize;
use std::time::Instant;

/// Spans of one run, in the order in which they ended.
#[derive(Debug)]
pub(super) struct Trace {
    start: Instant,
    /// Nobody wants the events of a run without `--trace`, and there may be very many.
    keep: bool,
    events: Vec<Event>,
}

/// A complete event (`"ph": "X"`); times in microseconds since the start.
#[derive(Debug, Serialize)]
struct Event {
    name: &'static str,
    cat: &'static str,
    ph: &'static str,
    ts: f64,
    dur: f64,
    pid: u32,
    tid: u32,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    trace_events: &'a [Event],
    display_time_unit: &'static str,
}

impl Trace {
    /// Starts the clock. Without `keep`, spans are timed and forgotten.
    pub(super) fn start(keep: bool) -> Self {
        Self { start: Instant::now(), keep, events: Vec::new() }
    }

    /// Runs `work` and records it as a span. Gives its seconds, too.
    pub(super) fn span<T>(&mut self, name: &'static str, work: impl FnOnce() -> T) -> (T, f64) {
        let begin = Instant::now();
        let result = work();
        let seconds = begin.elapsed().as_secs_f64();
        if self.keep {
            let ts = (begin - self.start).as_secs_f64() * 1e6;
            let pid = std::process::id();
            self.events.push(Event { name, cat: "sparkle", ph: "X", ts, dur: seconds * 1e6, pid, tid: 1 });
        }
        (result, seconds)
    }

    /// The trace file's contents.
    ///
    /// # Errors
    /// What serialisation says.
    pub(super) fn to_json(&self) -> serde_json::Result<Vec<u8>> {
        serde_json::to_vec(&File { trace_events: &self.events, display_time_unit: "ns" })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)] // a panic is how a test fails

    use super::*;

    #[test]
    fn spans_follow_each_other() {
        let mut trace = Trace::start(true);
        assert_eq!(trace.span("prepare", || 1).0, 1);
        trace.span("run", || ());
        let json: serde_json::Value =
            serde_json::from_slice(&trace.to_json().expect("plain data")).expect("it is JSON");
        let events = json["traceEvents"].as_array().expect("an array");
        assert_eq!(events.iter().map(|e| e["name"].as_str()).collect::<Vec<_>>(), [Some("prepare"), Some("run")]);
        let end = events[0]["ts"].as_f64().zip(events[0]["dur"].as_f64()).map(|(ts, dur)| ts + dur);
        assert!(end <= events[1]["ts"].as_f64());
    }
}

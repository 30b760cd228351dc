//! The driver's jobs on command processors.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use sparkle_pm4::Ring as RingKind;

use super::capture::Captures;
use crate::cp::{
    self, DeviceState, Events, Finding, Footprint, JobCoherence, Limits, Place, Rings, ShaderEngine, TICKS_PER_SECOND,
    Watch,
};
use crate::dma;
use crate::kmd::{Access, Device, Ip, Job, Outcome, Processor, Requester};
use crate::sanitize::{Launch, Sanitizer, Sanitizers, Switches};
use crate::shader::stats::{Bound, Rates};
use crate::shader::{Chip, Dispatch, DispatchFault, Totals};
use crate::tally::{Counts, Recorder, Tallied};

/// How closely an engine looks at what it executes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Watching {
    /// Sanitizers to run shaders under.
    pub sanitize: Switches,
    /// Whether what a card may survive is a hang.
    pub strict: bool,
    /// Whether to count packets, dispatches and instructions.
    pub counts: bool,
    /// Dispatches of a device, counted from 1, that never end.
    pub hangs: Vec<u64>,
    /// Where to write submissions that come to their end.
    pub captures: Option<PathBuf>,
}

/// A board: its state, its rings, and what watches its shaders.
#[derive(Debug)]
struct Board {
    state: DeviceState,
    rings: Rings,
    sanitizers: Sanitizers,
    tally: Option<(Recorder, Mutex<Counts>)>,
    rates: Rates,
    findings: Mutex<Vec<(&'static str, String)>>,
    dispatches: AtomicU64,
}

/// Executes the jobs of a kernel's devices.
#[derive(Debug)]
pub struct Engine {
    boards: Vec<Board>,
    hangs: Vec<u64>,
    captures: Option<Captures>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Events for Board {
    fn packet(&self, name: &'static str, va: u64, ticks: Range<u64>) {
        if let Some((recorder, _)) = &self.tally {
            recorder.packet(name, va, ticks);
        }
    }

    fn dispatch(&self, at: &Place, totals: &Totals, ticks: Range<u64>) {
        if let Some((recorder, _)) = &self.tally {
            recorder.dispatch(at, totals, ticks);
        }
    }

    /// What is wrong with streams is told once for each kind of mistake.
    fn finding(&self, finding: Finding) {
        if finding.advice {
            return;
        }
        let mut known = lock(&self.findings);
        if known.iter().all(|(rule, _)| *rule != finding.rule) {
            known.push((finding.rule, finding.to_string()));
        }
    }
}

/// The shader engine of a board, which some dispatches hang.
struct Shaders<'a> {
    tallied: Tallied<'a>,
    dispatches: &'a AtomicU64,
    hangs: &'a [u64],
}

impl ShaderEngine for Shaders<'_> {
    fn wants_footprint(&self) -> bool {
        self.tallied.wants_footprint()
    }

    fn run(
        &self,
        dispatch: &Dispatch<'_>,
        launch: &Launch<'_>,
        footprint: Option<&Footprint>,
    ) -> Result<Totals, DispatchFault> {
        let number = self.dispatches.fetch_add(1, Ordering::Relaxed) + 1;
        if self.hangs.contains(&number) {
            return Err(DispatchFault::Stuck);
        }
        self.tallied.run(dispatch, launch, footprint)
    }
}

/// RELEASE_MEM dword 1 of the kernel's fence up to 6.1, which invalidates caches too.
/// Source: Linux 6.1 `gfx_v11_0.c`, `gfx_v11_0_ring_emit_fence`.
const INVALIDATING_FENCE: u32 = 0x0671_f514;

/// How long a packet waits for memory that another ring or the host writes, where lockup timeouts are shorter.
const PATIENCE: Duration = Duration::from_secs(1);

const fn kind(ip: Ip) -> Option<RingKind> {
    match ip {
        Ip::Gfx => Some(RingKind::Gfx),
        Ip::Compute => Some(RingKind::Compute),
        Ip::Dma => None,
    }
}

impl Engine {
    /// For these devices, in the order of the kernel's.
    #[must_use]
    pub fn new(devices: &[Device], watching: &Watching) -> Self {
        let board = |device: &Device| {
            let chip = Chip::find(device.chip.name).unwrap_or(Chip::GFX1100);
            let limits = Limits { patience: PATIENCE, ..Limits::default() };
            Board {
                state: DeviceState::new(chip).with_strict(watching.strict).with_limits(limits),
                rings: Rings::default(),
                sanitizers: Sanitizers::new(watching.sanitize, chip),
                tally: watching.counts.then(|| (Recorder::new(false), Mutex::default())),
                rates: Rates::new(&chip, device.chip.max_khz.0, device.chip.l2_channels),
                findings: Mutex::default(),
                dispatches: AtomicU64::new(0),
            }
        };
        let captures = watching.captures.as_deref().map(Captures::new);
        Self { boards: devices.iter().map(board).collect(), hangs: watching.hangs.clone(), captures }
    }

    /// What sanitizers have said.
    #[must_use]
    pub fn reports(&self) -> Vec<String> {
        let shaders = self.boards.iter().flat_map(|board| board.sanitizers.reports());
        shaders.map(|report| report.to_string()).collect()
    }

    /// What command processors have said of streams, each kind of mistake once. A card may survive all of it.
    #[must_use]
    pub fn findings(&self) -> Vec<String> {
        let texts =
            |board: &Board| -> Vec<String> { lock(&board.findings).iter().map(|(_, text)| text.clone()).collect() };
        self.boards.iter().flat_map(texts).collect()
    }

    /// Counts of all devices, if they were asked for.
    #[must_use]
    pub fn stats(&self) -> Value {
        let of = |board: &Board| {
            let (recorder, counts) = board.tally.as_ref()?;
            Some(recorder.stats_json(board.state.chip().name, Some(&lock(counts))))
        };
        json!({ "schema": 1, "devices": self.boards.iter().filter_map(of).collect::<Vec<_>>() })
    }

    /// A table of kernels and how long a card would take at least, if counts were asked for.
    #[must_use]
    pub fn timing(&self) -> String {
        let mut text = String::new();
        for (index, board) in self.boards.iter().enumerate() {
            let Some((_, counts)) = &board.tally else { continue };
            let mut kernels: BTreeMap<u64, (u64, Bound)> = BTreeMap::new();
            for launch in &lock(counts).launches {
                let (count, sum) = kernels.entry(launch.code).or_insert((0, Bound { seconds: 0.0, ..launch.bound }));
                *count += 1;
                sum.seconds += launch.bound.seconds;
            }
            let name = board.state.chip().name;
            let _ =
                writeln!(text, "device {index} ({name}): least time of a card, modelled from counts and not measured");
            for (code, (count, bound)) in kernels {
                let us = bound.seconds * 1e6;
                let _ =
                    writeln!(text, "  code {code:#x}: {count} dispatches, {us:.3} us, bound by {}", bound.by.name());
            }
        }
        text
    }
}

impl Processor for Engine {
    fn execute(&self, job: &Job) -> Outcome {
        let Some(board) = self.boards.get(job.device) else {
            return Outcome::Illegal { why: format!("there is no device {}", job.device) };
        };
        // Work takes the time that it is modelled to take, and between jobs the clock runs by itself.
        board.state.catch_up(job.counter());
        let stream = cp::Job {
            ibs: job.ibs.iter().map(|ib| cp::Ib { va: ib.va, dwords: ib.size_dw }).collect(),
            space: job.vm.id(),
            sync_before: job.sync_before,
            fence: Some(if job.invalidate_after { INVALIDATING_FENCE } else { cp::Job::FENCE }),
            cancel: Some(&job.cancel),
            patience: job.lockup,
            ..cp::Job::default()
        };
        let counts = board.tally.as_ref().map(|(_, counts)| counts);
        let tallied = Tallied { sanitizers: &board.sanitizers, counts, rates: board.rates };
        let shaders = Shaders { tallied, dispatches: &board.dispatches, hangs: &self.hangs };
        let (memory, ring) = (job.vm.as_ref(), kind(job.ip));
        let coherence = JobCoherence::begin(&board.sanitizers, memory);
        let watch = Watch { shader: &shaders, coherence: &coherence, events: board };
        let before = self.captures.as_ref().map(|captures| (captures, Captures::before(job)));
        let outcome = match ring {
            Some(ring) => board.rings.execute((ring, job.ring), &stream, memory, &board.state, &watch),
            None => dma::execute(&stream, memory, &board.state, &watch),
        };
        if outcome.is_done() {
            coherence.done();
        }
        if let (Some((captures, before)), true) = (before, outcome.is_done())
            && let Err(error) = captures.after(job, &before)
        {
            lock(&board.findings).push(("capture", format!("the capture failed: {error}")));
        }
        match outcome {
            cp::Outcome::Done { ticks } => {
                Outcome::Done { gpu_time: Duration::from_nanos(ticks.saturating_mul(1_000_000_000 / TICKS_PER_SECOND)) }
            }
            cp::Outcome::Hang { why, at } => Outcome::Hang { why: format!("{why}; {at}") },
            cp::Outcome::Illegal { why, at } => Outcome::Illegal { why: format!("{why}; {at}") },
            cp::Outcome::Fault { va, access, requester, why, at } => Outcome::Fault {
                va,
                access: match access {
                    cp::Access::Read => Access::Read,
                    cp::Access::Write => Access::Write,
                    cp::Access::Execute => Access::Execute,
                },
                requester: match requester {
                    cp::Requester::CommandFetch if job.ip == Ip::Dma => Requester::Dma,
                    cp::Requester::CommandFetch => Requester::CommandFetch,
                    cp::Requester::Command if job.ip == Ip::Dma => Requester::Dma,
                    cp::Requester::Command if job.ip == Ip::Gfx => Requester::GraphicsCommand,
                    cp::Requester::Command => Requester::ComputeCommand,
                    cp::Requester::Vector => Requester::Vector,
                    cp::Requester::Scalar => Requester::Scalar,
                    cp::Requester::Instruction => Requester::Instruction,
                },
                why: format!("{why}; {at}"),
            },
        }
    }

    fn reset(&self, device: usize, ring: Option<(Ip, u32)>) {
        if let Some(board) = self.boards.get(device) {
            let of = |(ip, number)| kind(ip).map(|kind| (kind, number));
            match ring {
                Some(ring) => {
                    if let Some(ring) = of(ring) {
                        board.rings.reset(Some(ring));
                    }
                }
                None => board.rings.reset(None),
            }
            // Memory may have been lost too, and what was under way is not known.
            if board.sanitizers.switches().has(Sanitizer::Cache) {
                board.sanitizers.caches().forget();
            }
        }
    }
}

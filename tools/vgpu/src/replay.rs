//! Runs a capture on the software device and compares what it leaves with what the capture says.

mod memory;

use std::fmt;
use std::io::Read as _;
use std::path::Path;
use std::sync::Mutex;

use serde_json::Value;
use sparkle_capture::{Capture, Ip, Role, Submission};
use sparkle_pm4::Ring;
use thiserror::Error;

use crate::cp::{DeviceState, Finding, Ib, Job, Outcome, Rings, Watch};
use crate::sanitize::uninit::Defined;
use crate::sanitize::{Report, Sanitizers, Switches};
use crate::shader::stats::Rates;
use crate::shader::{Chip, Totals};
use crate::tally::{Counts, Recorder, Tallied};
use memory::Mappings;

/// How to replay.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Sanitizers to run under.
    pub sanitize: Switches,
    /// Whether what a card may survive is a hang.
    pub strict: bool,
    /// The chip, if not the capture's.
    pub gpu: Option<String>,
    /// Whether to compare memory with `after`.
    pub check: bool,
    /// Whether to count instructions.
    pub stats: bool,
    /// Whether to keep a trace.
    pub trace: bool,
}

/// Why a capture could not be replayed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// It can't be read, or has no `after` to compare with.
    #[error(transparent)]
    Capture(#[from] sparkle_capture::Error),
    /// No such chip.
    #[error("{name:?} is no chip that this device can be; it can be {}", chips())]
    NoSuchChip {
        /// The name.
        name: String,
    },
    /// No such engine.
    #[error("submission {index} is for the engine {ip:?}, and only compute and gfx are modelled")]
    NoSuchEngine {
        /// The submission's place.
        index: usize,
        /// The engine.
        ip: String,
    },
    /// A buffer that no page could hold.
    #[error("buffer {id} is at {va:#x}, which is not a multiple of 4")]
    Unaligned {
        /// Its id.
        id: u32,
        /// Its address.
        va: u64,
    },
}

fn chips() -> String {
    Chip::ALL.map(|chip| chip.name).join(", ")
}

/// A dword that is not what `after` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The buffer's id.
    pub buffer: u32,
    /// Byte offset of the dword in it.
    pub offset: u64,
    /// Its address.
    pub va: u64,
    /// What `after` says.
    pub expected: u32,
    /// What the replay left.
    pub found: u32,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { buffer, offset, va, expected, found } = *self;
        let [a, b] = [expected, found].map(f32::from_bits);
        write!(f, "buffer {buffer} + {offset:#x} ({va:#x}): {found:#010x} ({b:e}), expected {expected:#010x} ({a:e})")
    }
}

/// What memory amounts to, against `after`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Check {
    /// Bytes that were compared.
    pub compared_bytes: u64,
    /// Bytes that differ.
    pub differing_bytes: u64,
    /// The first dwords that differ.
    pub first: Vec<Mismatch>,
}

/// What a replay showed.
#[derive(Debug)]
pub struct Replayed {
    /// The chip.
    pub gpu: &'static str,
    /// How the submissions ended, up to the first that did not come to its end.
    pub outcomes: Vec<Outcome>,
    /// Packets.
    pub packets: u64,
    /// Dispatches.
    pub dispatches: u64,
    /// What they amounted to.
    pub totals: Totals,
    /// What sanitizers say.
    pub reports: Vec<Report>,
    /// What the command processor says.
    pub findings: Vec<Finding>,
    /// The comparison, if it was asked for.
    pub check: Option<Check>,
    /// Counts, if they were asked for.
    pub stats: Option<Value>,
    /// A Chrome trace, if it was asked for.
    pub trace: Option<Value>,
}

impl Replayed {
    /// Whether every submission came to its end, memory is as wanted and no sanitizer that is on spoke.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.outcomes.iter().all(Outcome::is_done)
            && self.reports.is_empty()
            && self.check.as_ref().is_none_or(|check| check.differing_bytes == 0)
    }
}

/// Replays the capture at `path`.
///
/// # Errors
/// [`ReplayError`].
pub fn replay(path: &Path, options: &Options) -> Result<Replayed, ReplayError> {
    let capture = Capture::read(path)?;
    let name = options.gpu.as_deref().unwrap_or(&capture.device.gfx);
    let chip = Chip::find(name).ok_or_else(|| ReplayError::NoSuchChip { name: name.to_owned() })?;
    let memory = Mappings::load(&capture)?;
    let device = DeviceState::new(chip).with_strict(options.strict);
    let sanitizers = Sanitizers::new(options.sanitize, chip);
    tell(&sanitizers, &capture);
    let recorder = Recorder::new(options.trace);
    let counts = options.stats.then(|| Mutex::new(Counts::default()));
    let bench = Tallied { sanitizers: &sanitizers, counts: counts.as_ref(), rates: rates(chip) };
    let watch = Watch { shader: &bench, coherence: &sanitizers, events: &recorder };
    let outcomes = run(&capture, &memory, &device, &watch, &recorder)?;
    let check = options.check.then(|| compare(&capture, &memory)).transpose()?;
    let counts = counts.map(|counts| counts.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    let (packets, dispatches, totals) = recorder.counts();
    Ok(Replayed {
        gpu: chip.name,
        outcomes,
        packets,
        dispatches,
        totals,
        reports: sanitizers.reports(),
        findings: recorder.findings(),
        check,
        stats: options.stats.then(|| recorder.stats_json(chip.name, counts.as_ref())),
        trace: options.trace.then(|| recorder.trace_json()),
    })
}

/// What the board with this chip can do.
fn rates(chip: Chip) -> Rates {
    let board = crate::kmd::Chip::find(chip.name);
    Rates::new(&chip, board.map_or(0, |board| board.max_khz.0), board.map_or(0, |board| board.l2_channels))
}

/// Tells the sanitizers what the host has written. A result or scratch that no file fills is nobody's.
fn tell(sanitizers: &Sanitizers, capture: &Capture) {
    for buffer in &capture.buffers {
        let empty = buffer.before.is_none() && matches!(buffer.role, Role::Output | Role::Scratch);
        if sanitizers.uninit().is_on() {
            sanitizers.uninit().region(buffer.va, buffer.size, if empty { Defined::None } else { Defined::All });
        }
    }
}

fn run(
    capture: &Capture,
    memory: &Mappings,
    device: &DeviceState,
    watch: &Watch<'_>,
    recorder: &Recorder,
) -> Result<Vec<Outcome>, ReplayError> {
    /// `AMDGPU_IB_FLAG_EMIT_MEM_SYNC`; the kernel looks at the first stream's only.
    /// Source: Linux `include/uapi/drm/amdgpu_drm.h`; `amdgpu_ib.c`, `amdgpu_ib_schedule`.
    const EMIT_MEM_SYNC: u32 = 1 << 6;
    let rings = Rings::default();
    let mut outcomes = Vec::new();
    for (index, submission) in capture.submissions.iter().enumerate() {
        let Submission { ip, ring, ibs, buffers, .. } = submission;
        let kind = match ip {
            Ip::Compute => Ring::Compute,
            Ip::Gfx => Ring::Gfx,
            other => return Err(ReplayError::NoSuchEngine { index, ip: other.to_string() }),
        };
        recorder.submission(index, format!("{ip} ring {ring}"));
        let listed = memory.listed(buffers);
        let lint = memory::for_lint(capture, buffers);
        let mut job = Job::new(ibs.iter().map(|ib| Ib { va: ib.va, dwords: ib.size_dw }).collect());
        job.sync_before = ibs.first().is_some_and(|ib| ib.flags & EMIT_MEM_SYNC != 0);
        job.buffers = Some(&lint);
        let outcome = rings.execute((kind, *ring), &job, &listed, device, watch);
        let done = outcome.is_done();
        outcomes.push(outcome);
        if !done {
            break;
        }
    }
    Ok(outcomes)
}

/// Dwords that a comparison names.
const NAMED: usize = 8;

fn compare(capture: &Capture, memory: &Mappings) -> Result<Check, ReplayError> {
    // Dwords that are known to differ, by buffer and offset, with what they should be.
    let mut known: Vec<Mismatch> = Vec::new();
    let mut check = Check::default();
    for round in 0..=NAMED {
        let compared = capture.compare(|buffer, offset, out| {
            memory.read(buffer, offset, out)?;
            for named in known.iter().filter(|named| named.buffer == buffer.id) {
                for (at, byte) in (named.offset..).zip(named.expected.to_le_bytes()) {
                    let place = at.checked_sub(offset).and_then(|at| out.get_mut(usize::try_from(at).ok()?));
                    if let Some(place) = place {
                        *place = byte;
                    }
                }
            }
            Ok(())
        })?;
        if round == 0 {
            (check.compared_bytes, check.differing_bytes) = (compared.compared_bytes, compared.differing_bytes);
        }
        let Some(first) = compared.first.filter(|_| round < NAMED) else { break };
        let buffer = capture.buffer(first.buffer)?;
        let offset = first.offset & !3;
        let (mut expected, mut found) = ([0; 4], [0; 4]);
        let whole = usize::try_from((buffer.size - offset).min(4)).unwrap_or(4);
        memory.read(buffer, offset, found.split_at_mut(whole).0).ok();
        if let Some(mut after) = capture.after_reader(buffer.id)? {
            let skip = std::io::copy(&mut (&mut after).take(offset), &mut std::io::sink());
            if skip.is_ok() {
                after.read_exact(expected.split_at_mut(whole).0).ok();
            }
        }
        known.push(Mismatch {
            buffer: first.buffer,
            offset,
            va: buffer.va.wrapping_add(offset),
            expected: u32::from_le_bytes(expected),
            found: u32::from_le_bytes(found),
        });
    }
    check.first = known;
    Ok(check)
}

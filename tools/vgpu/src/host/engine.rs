//! The driver's jobs on command processors.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sparkle_pm4::Ring as RingKind;

use crate::cp::{self, CommandProcessor, DeviceState, Events, Finding, Limits, TICKS_PER_SECOND, Watch};
use crate::kmd::{Access, Device, Ip, Job, Outcome, Processor, Requester};
use crate::sanitize::{Sanitizers, Switches};
use crate::shader::Chip;

/// A hardware ring, used by the thread that runs it.
type Ring = Arc<Mutex<CommandProcessor>>;

/// A board: its state, its rings, and what watches its shaders.
#[derive(Debug)]
struct Board {
    state: DeviceState,
    rings: Mutex<HashMap<(Ip, u32), Ring>>,
    sanitizers: Sanitizers,
}

/// Executes the jobs of a kernel's devices.
#[derive(Debug)]
pub struct Engine {
    boards: Vec<Board>,
    findings: Findings,
}

/// What was wrong with streams, each kind of mistake once.
#[derive(Debug, Default)]
struct Findings(Mutex<Vec<(&'static str, String)>>);

impl Events for Findings {
    fn finding(&self, finding: Finding) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.iter().all(|(rule, _)| *rule != finding.rule) {
            known.push((finding.rule, finding.to_string()));
        }
    }
}

/// RELEASE_MEM dword 1 of the kernel's fence up to 6.1, which invalidates caches too.
/// Source: Linux 6.1 `gfx_v11_0.c`, `gfx_v11_0_ring_emit_fence`.
const INVALIDATING_FENCE: u32 = 0x0671_f514;

/// How long a packet waits for memory that another ring or the host writes.
const PATIENCE: Duration = Duration::from_secs(1);

impl Engine {
    /// For these devices, in the order of the kernel's; `strict` as [`DeviceState::with_strict`].
    #[must_use]
    pub fn new(devices: &[Device], switches: Switches, strict: bool) -> Self {
        let board = |device: &Device| {
            let chip = Chip::find(device.chip.name).unwrap_or(Chip::GFX1100);
            let limits = Limits { patience: PATIENCE, ..Limits::default() };
            Board {
                state: DeviceState::new(chip).with_strict(strict).with_limits(limits),
                rings: Mutex::default(),
                sanitizers: Sanitizers::new(switches, chip),
            }
        };
        Self { boards: devices.iter().map(board).collect(), findings: Findings::default() }
    }

    /// What sanitizers and command processors have said.
    #[must_use]
    pub fn reports(&self) -> Vec<String> {
        let findings = self.findings.0.lock().unwrap_or_else(PoisonError::into_inner);
        let shaders = self.boards.iter().flat_map(|board| board.sanitizers.reports());
        findings.iter().map(|(_, text)| text.clone()).chain(shaders.map(|report| report.to_string())).collect()
    }
}

impl Processor for Engine {
    fn execute(&self, job: &Job) -> Outcome {
        let ring = match job.ip {
            Ip::Gfx => RingKind::Gfx,
            Ip::Compute => RingKind::Compute,
            Ip::Dma => return Outcome::Illegal { why: "the copy engine is not modelled".to_owned() },
        };
        let Some(board) = self.boards.get(job.device) else {
            return Outcome::Illegal { why: format!("there is no device {}", job.device) };
        };
        let processor = {
            let mut rings = board.rings.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Mutex::new(CommandProcessor::new(ring)));
            Arc::clone(rings.entry((job.ip, job.ring)).or_insert_with(new))
        };
        let stream = cp::Job {
            ibs: job.ibs.iter().map(|ib| cp::Ib { va: ib.va, dwords: ib.size_dw }).collect(),
            space: job.vm.id(),
            sync_before: job.sync_before,
            fence: Some(if job.invalidate_after { INVALIDATING_FENCE } else { cp::Job::FENCE }),
            cancel: Some(&job.cancel),
            ..cp::Job::default()
        };
        let Board { state, sanitizers, .. } = board;
        let watch = Watch { shader: sanitizers, coherence: sanitizers, events: &self.findings };
        let mut processor = processor.lock().unwrap_or_else(PoisonError::into_inner);
        match processor.execute(&stream, job.vm.as_ref(), state, &watch) {
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
                    cp::Requester::CommandFetch => Requester::CommandFetch,
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
}

//! The command processor: it executes PM4 streams and launches their dispatches on the shader engine.
//!
//! - [`CommandProcessor`]: one for each hardware ring, with the registers that stay from job to job; [`Rings`] has all
//!   of a device;
//! - [`Job`]: the streams of a submission; [`Outcome`]: how it ended;
//! - [`DeviceState`]: what all rings share; [`Watch`]: who runs dispatches and who hears of it.
//!
//! Packets run one after the other, and a dispatch has ended before the next packet begins. What a card would do out of
//! order is told as a [`Finding`] where it matters: a dispatch whose results are used before anything has waited for it.
//! What is not modelled is a hang that names the packet, never a guess.

mod coherence;
mod device;
mod dispatch;
mod footprint;
mod job;
mod lint;
mod memory;
mod order;
mod outcome;
mod packets;
mod program;
mod rings;
mod run;
mod state;
mod watch;

use sparkle_pm4::Ring;

pub use coherence::{Coherence, Incoherent, JobCoherence};
pub use device::{DeviceState, Limits, TICKS_PER_SECOND};
pub use footprint::{Conflict, Footprint, Steps};
pub use job::{Author, Ib, Job};
pub(crate) use memory::{Memory, canonical as canonical_address};
pub(crate) use outcome::Stop;
pub use outcome::{Access, Outcome, Place, Requester};
pub(crate) use packets::atomic_operation;
pub use rings::Rings;
pub use state::Registers;
pub use watch::{Both, Deaf, Events, Finding, Pair, ShaderEngine, Unwatched, Watch};

use crate::shader::GlobalMemory;

/// Executes the jobs of one hardware ring.
#[derive(Debug)]
pub struct CommandProcessor {
    ring: Ring,
    state: state::State,
}

impl CommandProcessor {
    /// One as the kernel leaves it at start-up.
    #[must_use]
    pub fn new(ring: Ring) -> Self {
        Self { ring, state: state::State::new(ring) }
    }

    /// The kind of ring.
    #[must_use]
    pub const fn ring(&self) -> Ring {
        self.ring
    }

    /// The registers, as the jobs so far have left them.
    #[must_use]
    pub const fn registers(&self) -> &Registers {
        &self.state.registers
    }

    /// Executes a job to its end.
    pub fn execute(
        &mut self,
        job: &Job<'_>,
        memory: &dyn GlobalMemory,
        device: &DeviceState,
        watch: &Watch<'_>,
    ) -> Outcome {
        self.state.registers.begin_job();
        self.state.predicate = true;
        run::Run::new(self.ring, &mut self.state, job, memory, device, watch).job()
    }
}

//! All rings of a device.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use sparkle_pm4::Ring;

use super::{CommandProcessor, DeviceState, Job, Outcome, Watch};
use crate::shader::GlobalMemory;

/// One of them, used by the thread that runs its job.
type Shared = Arc<Mutex<CommandProcessor>>;

/// A command processor for each hardware ring, made when its first job comes. Jobs of one ring run one after the other,
/// those of several at once.
#[derive(Debug, Default)]
pub struct Rings(Mutex<HashMap<(Ring, u32), Shared>>);

impl Rings {
    /// Executes a job on ring `number` of its kind, to its end.
    pub fn execute(
        &self,
        (kind, number): (Ring, u32),
        job: &Job<'_>,
        memory: &dyn GlobalMemory,
        device: &DeviceState,
        watch: &Watch<'_>,
    ) -> Outcome {
        let ring = {
            let mut rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            let new = || Arc::new(Mutex::new(CommandProcessor::new(kind)));
            Arc::clone(rings.entry((kind, number)).or_insert_with(new))
        };
        let mut ring = ring.lock().unwrap_or_else(PoisonError::into_inner);
        ring.execute(job, memory, device, watch)
    }

    /// Forgets the registers of a ring, or of all, as a reset does. A job that still runs keeps what it has.
    pub fn reset(&self, which: Option<(Ring, u32)>) {
        let mut rings = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match which {
            Some(ring) => drop(rings.remove(&ring)),
            None => rings.clear(),
        }
    }
}

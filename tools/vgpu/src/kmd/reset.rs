//! A job that did not end: the fault it left, the wait for the timeout, and what the driver then does to whom.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::config::{Flavour, Recovery};
use super::errno::Errno;
use super::gpu::Gpu;
use super::heap::Place;
use super::job::{Access, Outcome, Requester};
use super::report::Kind;
use super::ring::{Task, count};
use super::sync::{Until, lock};
use super::vm::{FaultInfo, MASK, PAGE};

/// The status word of a fault. Source: Linux `gfxhub_v3_0.c` and the field masks of `GCVM_L2_PROTECTION_FAULT_STATUS`.
fn fault_status(task: &Task, va: u64, access: Access, requester: Requester) -> u32 {
    const VMID: u32 = 1; // clients of the kernel's queues have 1 to 7
    let permission = match (task.job.vm.miss(va), access) {
        (Some(_), _) => 1 << 4,
        (None, Access::Read) => 1 << 5,
        (None, Access::Write) => 1 << 6,
        (None, Access::Execute) => 1 << 7,
    };
    permission | requester.id() << 9 | u32::from(access == Access::Write) << 18 | VMID << 20
}

/// Handles a job that did not end well, and signals its fence. `begun` is when it came to its ring.
pub(crate) fn recover(gpu: &Gpu, task: &Task, outcome: &Outcome, begun: Instant) {
    let (pid, ip, sequence) = (task.job.pid, task.job.ip, task.job.sequence);
    let mut wait = task.job.lockup.saturating_sub(begun.elapsed());
    match outcome {
        Outcome::Done { .. } => {}
        Outcome::Hang { why } => {
            gpu.report(Kind::Hang, pid, format!("job {sequence} on {ip:?} ring {} hangs: {why}", task.job.ring));
        }
        Outcome::Fault { va, access, requester, why } => {
            let status = fault_status(task, *va, *access, *requester);
            *lock(&task.vm.fault) = FaultInfo { addr: va & MASK & !(PAGE - 1), status, hub: 0 };
            let text = format!("job {sequence} on {ip:?}: {access:?} at {va:#x} by {requester:?} faults: {why}");
            gpu.report(Kind::Fault, pid, text);
        }
        Outcome::Illegal { why } => {
            gpu.report(Kind::Hang, pid, format!("job {sequence} on {ip:?}: illegal command: {why}"));
            if gpu.flavour() != Flavour::V6_1 {
                wait = Duration::ZERO; // the interrupt starts the timeout's work at once
            }
        }
    }
    let gone = || (task.job.is_cancelled() || gpu.stop.load(Ordering::Acquire)).then_some(());
    if !wait.is_zero() && gpu.bell().wait(Until::after(wait), gone).is_some() {
        let lost = gpu.vram_lost.load(Ordering::Acquire) != task.vram_lost;
        return task.fence.signal(Err(if lost { Errno::ECANCELED } else { Errno::ESRCH }));
    }
    gpu.resetting.store(true, Ordering::Release);
    let errno = match gpu.shared.config.recovery() {
        Recovery::Soft => Errno::ENODATA,
        Recovery::Queue => {
            gpu.shared.config.processor.reset(gpu.index, Some((ip, task.job.ring)));
            Errno::ETIME
        }
        Recovery::Full => {
            full(gpu, Some(task));
            if gpu.flavour() == Flavour::V7_3 { Errno::ETIME } else { Errno::ECANCELED }
        }
    };
    count(&gpu.resets);
    if gpu.flavour() != Flavour::V6_1 {
        *lock(&task.entity.error) = Some(errno);
    }
    let waiting = gpu.take_waiting(task.entity.id);
    gpu.resetting.store(false, Ordering::Release);
    task.fence.signal(Err(errno));
    for task in &waiting {
        task.fence.signal(Err(Errno::ECANCELED));
    }
    gpu.bell().ring();
}

/// Resets the whole GPU. Boards with their own memory lose it.
fn full(gpu: &Gpu, guilty: Option<&Task>) {
    gpu.shared.config.processor.reset(gpu.index, None);
    if let Some(task) = guilty.filter(|_| gpu.flavour() != Flavour::V7_3) {
        task.context.guilty.store(true, Ordering::Release);
    }
    if !gpu.device.chip.apu {
        lose_vram(gpu, guilty);
    }
}

fn lose_vram(gpu: &Gpu, guilty: Option<&Task>) {
    count(&gpu.vram_lost);
    for bo in gpu.objects() {
        let place = *lock(&bo.place);
        if matches!(place, Place::Vram { .. }) {
            bo.poison(gpu.shared.config.poison_bytes);
        }
    }
    gpu.cancel_running(guilty.map(|task| &task.job.cancel));
}

impl Gpu {
    /// Resets the device and loses its memory, as if another client had hung it.
    pub(crate) fn lose(&self) {
        self.report(Kind::Hang, 0, "the GPU was reset on purpose and its memory is lost".into());
        self.shared.config.processor.reset(self.index, None);
        lose_vram(self, None);
        count(&self.resets);
        self.bell().ring();
    }
}

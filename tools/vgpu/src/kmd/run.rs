//! One job on its ring: what comes before, the execution, what comes after.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::config::Flavour;
use super::errno::Errno;
use super::gpu::Gpu;
use super::job::{Access, Ip, Job, Outcome, Requester, ib_flags};
use super::report::Kind;
use super::reset;
use super::ring::Task;
use super::sync::{Until, lock};
use super::vm::PAGE;

/// Most dwords of an IB: the field of the packet has 20 bits. Source: Linux `gfx_v11_0.c`, `gfx_v11_0_ring_emit_ib_gfx`.
pub(crate) const IB_DWORDS: u32 = 0xf_ffff;

/// Runs a job to its end and signals its fence.
pub(crate) fn task(gpu: &Gpu, mut task: Task) {
    if let Err(errno) = may_run(gpu, &task) {
        return task.fence.signal(Err(errno));
    }
    let delay = gpu.shared.inject.delay();
    if !delay.is_zero() {
        gpu.bell().wait(Until::after(delay), || task.job.is_cancelled().then_some(()));
    }
    if !task.job.context_switch && task.job.ip == Ip::Gfx {
        // Source: Linux `amdgpu_ib.c`, `amdgpu_ib_schedule`.
        task.job.ibs.retain(|ib| ib.flags & ib_flags::PREAMBLE == 0);
    }
    let begun = Instant::now();
    let outcome = execute(gpu, &task);
    if task.job.is_cancelled() {
        return task.fence.signal(Err(lost(gpu, &task).err().unwrap_or(Errno::ESRCH)));
    }
    if let Err(errno) = lost(gpu, &task) {
        return task.fence.signal(Err(errno));
    }
    let lockup = gpu.flavour().lockup(task.job.ip == Ip::Compute);
    match outcome {
        Outcome::Done { gpu_time } if gpu_time <= lockup => {
            finish(gpu, &task);
            task.fence.signal(Ok(()));
        }
        Outcome::Done { gpu_time } => {
            let why = format!("the device would need {gpu_time:?}, the lockup timeout is {lockup:?}");
            reset::recover(gpu, &task, &Outcome::Hang { why }, begun);
        }
        outcome => reset::recover(gpu, &task, &outcome, begun),
    }
}

fn lost(gpu: &Gpu, task: &Task) -> Result<(), Errno> {
    if gpu.vram_lost.load(Ordering::Acquire) == task.vram_lost { Ok(()) } else { Err(Errno::ECANCELED) }
}

/// Whether the job may still run. Source: Linux `amdgpu_job.c`, `amdgpu_job_run` and `amdgpu_job_prepare_job`.
fn may_run(gpu: &Gpu, task: &Task) -> Result<(), Errno> {
    if task.job.is_cancelled() {
        return Err(Errno::ESRCH);
    }
    lost(gpu, task)?;
    let guilty = gpu.flavour() != Flavour::V7_3 && task.context.is_guilty();
    if guilty || lock(&task.entity.error).is_some() {
        return Err(Errno::ECANCELED);
    }
    let secure = task.job.ibs.iter().any(|ib| ib.flags & ib_flags::SECURE != 0);
    if secure && task.job.ip == Ip::Compute {
        return Err(Errno::EINVAL);
    }
    Ok(())
}

fn execute(gpu: &Gpu, task: &Task) -> Outcome {
    if task.hang {
        return Outcome::Hang { why: "it was told to".into() };
    }
    if let Some(outcome) = check(gpu, task) {
        return outcome;
    }
    let processor = &gpu.shared.config.processor;
    catch_unwind(AssertUnwindSafe(|| processor.execute(&task.job))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        Outcome::Hang { why: format!("the command processor panicked: {text}") }
    })
}

/// What the kernel does not check and the hardware does not survive.
fn check(gpu: &Gpu, task: &Task) -> Option<Outcome> {
    let strict = gpu.shared.config.strict;
    if let Some(fence) = task.user_fence.as_ref().filter(|fence| !fence.offset.is_multiple_of(8)) {
        let why = format!("the user fence is at offset {}, not a multiple of 8 bytes", fence.offset);
        return Some(Outcome::Hang { why });
    }
    let (start, size) = task.job.ip.ib_alignment();
    for ib in &task.job.ibs {
        let bytes = u64::from(ib.size_dw) * 4;
        if ib.size_dw > IB_DWORDS {
            let why = format!("an IB of {} dwords does not fit its packet, which holds {IB_DWORDS}", ib.size_dw);
            return Some(Outcome::Hang { why });
        }
        if strict && (!ib.va.is_multiple_of(u64::from(start)) || !bytes.is_multiple_of(u64::from(size)) || bytes == 0) {
            let why = format!(
                "the IB at {:#x} of {bytes} bytes is empty, or not aligned to {start} bytes with a size in steps of {size}",
                ib.va
            );
            return Some(Outcome::Hang { why });
        }
        if let Some(outcome) = fetchable(&task.job, ib.va, bytes) {
            return Some(outcome);
        }
    }
    None
}

/// Whether a command stream can be read to its end.
fn fetchable(job: &Job, va: u64, bytes: u64) -> Option<Outcome> {
    let requester = match job.ip {
        Ip::Gfx => Requester::CommandFetch,
        Ip::Compute => Requester::ComputeCommand,
        Ip::Dma => Requester::Dma,
    };
    let end = va.saturating_add(bytes);
    let mut at = va;
    while at < end {
        let page = at / PAGE * PAGE;
        let miss = job.vm.miss(at).map(|miss| miss.to_string());
        let denied = job.vm.flags(at).filter(|flags| !flags.read).map(|_| "its page is not readable".to_owned());
        if let Some(why) = miss.or(denied) {
            let why = format!("the IB at {va:#x} of {bytes} bytes cannot be fetched at {at:#x}: {why}");
            return Some(Outcome::Fault { va: at, access: Access::Read, requester, why });
        }
        at = page.saturating_add(PAGE);
    }
    None
}

/// What follows a job that was executed: client pages, then the user fence.
fn finish(gpu: &Gpu, task: &Task) {
    for bo in task.objects.iter().filter(|bo| bo.user.is_some()) {
        if let Err(errno) = bo.push() {
            let text = format!("buffer {} could not be copied back to the client's pages: {errno}", bo.id);
            gpu.report(Kind::Misuse, task.job.pid, text);
        }
    }
    let Some(fence) = &task.user_fence else { return };
    let Ok(words) = fence.bo.pages.words() else { return };
    let at = usize::try_from(fence.offset / 4).unwrap_or(usize::MAX);
    // ORDERING: the low half first. Between the two stores the value is then never more than the new one, and whoever
    // sees it sees what the job wrote.
    if let [low, high, ..] = words.get(at..).unwrap_or_default() {
        low.store(fence.value as u32, Ordering::Release); // CAST: the low half
        high.store((fence.value >> 32) as u32, Ordering::Release); // CAST: the high half
    }
}

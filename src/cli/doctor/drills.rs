//! Rungs 18 and 19: what happens when work goes wrong, and whether everything works afterwards. On request alone: other
//! programs may lose their work on the GPU.

use super::bench::{Bench, Job};
use super::dispatch::{RawDispatch, begin};
use super::waves;
use super::{Failed, Step, Values};
use crate::amdgpu::{Error, IbFlags};
use crate::cli::args::Drill;
use sparkle_kernels::{Kernel, PROBE_HANG, PROBE_STORE};
use sparkle_pm4::packets::Nop;
use std::time::Duration;

/// The longest timeout of a kernel is 60 s, on compute rings up to Linux 6.12; then there is the reset.
///
/// Source: Linux `amdgpu_device.c`, `amdgpu_device_get_job_timeout_settings`.
const PATIENCE: Duration = Duration::from_secs(90);

/// The first minor whose kernels remember page faults for a client.
const FAULT_MINOR: u32 = 55;

const FAULT: &[Step<Bench>] = &[Step {
    id: "18",
    name: "drill: a page fault",
    did: "one lane stores to an address where nothing is mapped; then rung 13 in a new context",
    proves: "a fault is noticed, its address is told, and the GPU works afterwards",
    cause: "the fault isn't told: a kernel before 6.6, or a driver that retries faults; nothing works afterwards: the reset failed",
    next: "`sudo dmesg | grep -i amdgpu`: 'page fault', its address and its client TCP",
    run: fault,
}];

const HANG: &[Step<Bench>] = &[Step {
    id: "19",
    name: "drill: a hang",
    did: "a wave that never ends, until the kernel ends it; a submission on the same context; then rung 13 in a new one",
    proves: "the kernel's timeout, the error that a program gets, the lost context, and that the GPU works afterwards",
    cause: "amdgpu.gpu_recovery=0, or a reset that failed",
    next: "`sudo dmesg | grep -i amdgpu`: 'ring comp_... timeout', 'reset'",
    run: hang,
}];

/// The rungs of a drill.
pub(super) const fn steps(drill: Drill) -> &'static [Step<Bench>] {
    match drill {
        Drill::Fault => FAULT,
        Drill::Hang => HANG,
    }
}

/// What is said before it.
pub(super) const fn warning(drill: Drill) -> &'static str {
    match drill {
        Drill::Fault => {
            "drill fault: a wave stores to an address without memory; the kernel may reset the GPU, which can end other programs' work on it and freeze the screen for a minute"
        }
        Drill::Hang => {
            "drill hang: a wave runs for ever until the kernel resets its ring or the GPU (2 to 60 s), which can end other programs' work on it and freeze the screen meanwhile"
        }
    }
}

/// Submits one wave of a kernel.
fn launch(bench: &mut Bench, values: &mut Values, kernel: Kernel, pointer: u64) -> Result<Job, Failed> {
    bench.place(super::bench::Use::Code)?.map.write_at(0, kernel.code)?;
    let code = bench.va(super::bench::Use::Code, 0)?;
    values.set("kernel", kernel.name);
    let mut stream = bench.stream();
    begin(&mut stream)?;
    RawDispatch { kernel, code, groups: 1, threads: 32, pointer }.push(&mut stream)?;
    bench.submit(values, stream, IbFlags::empty())
}

/// The error of work that the kernel ended, or `None` where it was done.
fn outcome(ended: Result<(), Failed>) -> Result<Option<Error>, Failed> {
    match ended {
        Ok(()) => Ok(None),
        Err(Failed { error: Some(error), .. }) if error.loses_context() && !matches!(error, Error::Gone { .. }) => {
            Ok(Some(error))
        }
        Err(failed) => Err(failed),
    }
}

/// Rung 13 in a new context.
fn works_again(bench: &mut Bench, values: &mut Values) -> Result<(), Failed> {
    bench.renew_context()?;
    let again = waves::store(bench, values);
    again.map(drop).map_err(|failed| Failed { what: format!("in a new context: {}", failed.what), ..failed })
}

fn fault(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let nowhere = bench.device.info().va_low.1.saturating_sub(2 << 20);
    values.hex("address", nowhere);
    let job = launch(bench, values, PROBE_STORE, nowhere)?;
    let ended = bench.finish_within(&job, PATIENCE);
    let error = outcome(ended)?;
    drop(job);
    values.set("work", error.as_ref().map_or_else(|| "done, without the store".to_owned(), Error::to_string));
    let fault = bench.device.last_fault();
    if let Some(fault) = &fault {
        values.set("page_fault", fault.to_string());
    }
    let told = match fault {
        Some(fault) if fault.address.get() >> 12 == nowhere >> 12 => format!("told: {fault}"),
        Some(fault) => return Err(Failed::new(format!("the kernel tells of another address: {fault}"))),
        None if bench.device.info().drm_minor < FAULT_MINOR && error.is_some() => {
            "the work was ended; this kernel doesn't tell of faults".to_owned()
        }
        None => return Err(Failed::new("the kernel tells of no page fault")),
    };
    works_again(bench, values)?;
    Ok(format!("{told}; a new context works"))
}

fn hang(bench: &mut Bench, values: &mut Values) -> Result<String, Failed> {
    let start = std::time::Instant::now();
    let job = launch(bench, values, PROBE_HANG, 0)?;
    let ended = bench.finish_within(&job, PATIENCE);
    let seconds = start.elapsed().as_secs_f64();
    values.set("seconds", seconds);
    let Some(error) = outcome(ended)? else {
        return Err(Failed::new("work that never ends was reported as done"));
    };
    drop(job);
    values.set("work", error.to_string());
    let mut stream = bench.stream();
    stream.push(&Nop::new(&[]))?;
    bench.keep = false;
    let again = bench.run(values, stream, IbFlags::empty()).map(drop);
    match outcome(again)? {
        Some(refused) => values.set("same_context", refused.to_string()),
        None => return Err(Failed::new("the context that hung still takes work")),
    }
    works_again(bench, values)?;
    Ok(format!("ended after {seconds:.1} s, the context was lost, a new one works"))
}

//! The ladder of first light: from a node to a kernel's result, one thing more on every rung, stopping at the first that
//! breaks. What passes below is never the cause of what breaks above.
//!
//! [`Step`] is a rung as data: what it does, what it proves, and what is to be looked at where it fails. `driver` has the
//! rungs of ioctls, `stream` those of packets, `waves` those of shaders, `drills` the two that break things on purpose.
//! All streams go through the linter before the kernel sees them ([`bench::Bench`]).

mod bench;
mod bundle;
mod diagnosis;
mod dispatch;
mod drills;
mod driver;
mod programs;
mod record;
mod report;
mod stream;
mod waves;

pub(in crate::cli) use bundle::write as write_bundle;
pub(in crate::cli) use report::{DoctorReport, RungReport};

use crate::amdgpu::Error;
use crate::cli::args::Drill;
use crate::cli::device::{GpuReport, Gpus, sysfs};
use crate::cli::failure::Failure;
use bench::Bench;
use driver::Candidate;
use record::Recorded;
use serde::{Serialize, Serializer};
use serde_json::Value;
use sparkle_pm4::{AddressError, BuildError, FieldError};
use std::path::Path;
use std::time::Instant;

/// A rung.
struct Step<S: 'static> {
    /// `7b`.
    id: &'static str,
    /// What is new on it.
    name: &'static str,
    /// What is done.
    did: &'static str,
    /// What is known once it has passed.
    proves: &'static str,
    /// Why it fails most often.
    cause: &'static str,
    /// What to look at first.
    next: &'static str,
    /// Does it; returns what was seen, in a few words.
    run: fn(&mut S, &mut Values) -> Result<String, Failed>,
}

/// What a rung works on, and what can be asked when it has failed.
trait Subject {
    /// Called before a rung.
    fn begin(&mut self, rung: &'static str);
    /// What else is known, into `values`, and what else to look at.
    fn diagnose(&self, failed: &Failed, values: &mut Values) -> diagnosis::Advice;
}

/// Why a rung failed.
#[derive(Debug)]
struct Failed {
    what: String,
    error: Option<Error>,
}

impl Failed {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), error: None }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
        Self { what: format!("{error}{cause}"), error: Some(error) }
    }
}

impl From<BuildError> for Failed {
    fn from(error: BuildError) -> Self {
        Self::new(format!("the stream can't be built: {error}"))
    }
}

impl From<FieldError> for Failed {
    fn from(error: FieldError) -> Self {
        BuildError::from(error).into()
    }
}

impl From<AddressError> for Failed {
    fn from(error: AddressError) -> Self {
        BuildError::from(error).into()
    }
}

/// What was seen, in order. What is seen again has a number behind its name: `stream`, `stream_2`.
#[derive(Clone, Debug, Default)]
struct Values(Vec<(String, Value)>);

impl Values {
    fn set(&mut self, name: &'static str, value: impl Into<Value>) {
        let number = |rest: &str| rest.strip_prefix('_').is_some_and(|number| number.parse::<u32>().is_ok());
        let named = |found: &str| found.strip_prefix(name).is_some_and(|rest| rest.is_empty() || number(rest));
        let name = match self.0.iter().filter(|(found, _)| named(found)).count() {
            0 => name.to_owned(),
            before => format!("{name}_{}", before + 1),
        };
        self.0.push((name, value.into()));
    }

    /// An address, a register, a word.
    fn hex(&mut self, name: &'static str, value: impl Into<u64>) {
        self.set(name, format!("{:#x}", value.into()));
    }
}

impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// The report, and what was submitted.
pub(in crate::cli) struct Examined {
    pub(in crate::cli) report: DoctorReport,
    pub(in crate::cli) recorded: Vec<Recorded>,
}

/// Climbs. `tell` hears of the device and of each rung at once, for the machine may not live to hear more. With
/// `captures`, what is submitted is kept, and the library's own captures go there.
///
/// # Errors
/// What `tell` returns.
pub(in crate::cli) fn examine(
    gpus: &Gpus,
    index: Option<usize>,
    drills: &[Drill],
    captures: Option<&Path>,
    tell: &mut dyn FnMut(Told<'_>) -> Result<(), Failure>,
) -> Result<Examined, Failure> {
    let mut candidate = Candidate::new(gpus, index);
    let mut report = DoctorReport::new(gpus, candidate.found(), sysfs::kernel_release());
    tell(Told::Device(&report))?;
    let mut recorded = Vec::new();
    if climb(driver::NODE, &mut candidate, &mut report.rungs, tell)?
        && let Some((device, gfx)) = candidate.device()
    {
        let mut bench = Bench::new(device, gfx, captures.map(Path::to_owned));
        let steps = [driver::MEMORY, stream::STEPS, waves::STEPS, programs::STEPS];
        let mut sound = true;
        for steps in steps {
            sound = sound && climb(steps, &mut bench, &mut report.rungs, tell)?;
        }
        for drill in drills {
            if sound {
                tell(Told::Warning(drills::warning(*drill)))?;
                sound = climb(drills::steps(*drill), &mut bench, &mut report.rungs, tell)?;
            }
        }
        recorded = bench.take_recorded();
    }
    report.ok = report.rungs.iter().all(|rung| rung.failure.is_none());
    let done =
        |drill: &Drill| report.rungs.iter().any(|rung| drills::steps(*drill).iter().any(|step| step.id == rung.id));
    let left_out = Drill::ALL.iter().filter(|drill| !done(drill)).map(Drill::name).collect();
    report.drills_left_out = left_out;
    Ok(Examined { report, recorded })
}

/// What is told on the way.
pub(in crate::cli) enum Told<'a> {
    /// Before the first rung.
    Device(&'a DoctorReport),
    /// After each.
    Rung(&'a RungReport),
    /// Before a drill.
    Warning(&'static str),
}

/// Runs steps until one fails; whether all passed.
fn climb<S: Subject>(
    steps: &[Step<S>],
    subject: &mut S,
    rungs: &mut Vec<RungReport>,
    tell: &mut dyn FnMut(Told<'_>) -> Result<(), Failure>,
) -> Result<bool, Failure> {
    for step in steps {
        subject.begin(step.id);
        let mut values = Values::default();
        let start = Instant::now();
        let outcome = (step.run)(subject, &mut values);
        let micros = u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX);
        let (seen, failure) = match outcome {
            Ok(seen) => (seen, None),
            Err(failed) => {
                let advice = subject.diagnose(&failed, &mut values);
                (String::new(), Some(advice.complete(failed.what, step.cause, step.next)))
            }
        };
        let rung = RungReport {
            id: step.id,
            name: step.name,
            status: if failure.is_none() { "passed" } else { "failed" },
            did: step.did,
            proves: step.proves,
            seen,
            values,
            micros,
            failure,
        };
        let passed = rung.failure.is_none();
        tell(Told::Rung(&rung))?;
        rungs.push(rung);
        if !passed {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The chosen GPU, for the head of the report.
fn chosen(found: Option<&crate::amdgpu::Found>) -> Option<GpuReport> {
    found.map(GpuReport::new)
}

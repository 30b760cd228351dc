//! `--device`: what was asked for, what is used, and why they differ.

mod gpus;
mod report;
pub(super) mod sysfs;

pub(super) use gpus::Gpus;
pub(super) use report::GpuReport;

use crate::backend::cpu::{CpuBackend, CpuOptions, Isa};
use crate::cli::args::DeviceArgs;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::conv::Maths;
use serde::Serialize;
use std::fmt;
use std::str::FromStr;

/// A value of `--device`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Device {
    /// Whatever is fastest.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first GPU, or the one of that number.
    Gpu(Option<usize>),
    /// The work split over everything there is.
    All,
}

impl FromStr for Device {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "gpu" => Ok(Self::Gpu(None)),
            "all" => Ok(Self::All),
            _ => match text.strip_prefix("gpu:").and_then(|number| number.parse().ok()) {
                Some(index) => Ok(Self::Gpu(Some(index))),
                None => Err("write auto, cpu, gpu, gpu:N (N counts from 0) or all".to_owned()),
            },
        }
    }
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Gpu(None) => f.write_str("gpu"),
            Self::Gpu(Some(index)) => write!(f, "gpu:{index}"),
            Self::All => f.write_str("all"),
        }
    }
}

/// The chosen device could not, so the CPU did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Fallback {
    /// What was chosen.
    pub(super) from: String,
    /// Why it could not.
    pub(super) reason: String,
}

/// What computes.
#[derive(Debug)]
pub(super) struct Chosen {
    /// The only backend of this version.
    pub(super) cpu: CpuBackend,
    /// The maths that are allowed.
    pub(super) maths: Maths,
    /// Why it isn't the device that was asked for.
    pub(super) fallback: Option<Fallback>,
    /// What else there is to say about the choice.
    pub(super) notes: Vec<String>,
}

/// Chooses the device for a command and starts it.
///
/// # Errors
/// [`Failure::System`] where a GPU was chosen that can't compute and `--no-fallback` forbids the CPU, or where there
/// are no threads to be had; [`Failure::Input`] where the environment names a GPU or an ISA that isn't there.
pub(super) fn choose(args: &DeviceArgs) -> Result<Chosen, Failure> {
    let mut notes = Vec::new();
    let mut fallback = None;
    if args.device != Device::Cpu {
        let gpus = Gpus::discover()?;
        match args.device {
            Device::Cpu | Device::Auto => {}
            Device::All => notes.push(format!("all devices here are the CPU alone: {}", gpus.obstacle(None))),
            Device::Gpu(index) => fallback = Some(fall_back(args, gpus.obstacle(index))?),
        }
    }
    let cpu = open_cpu(args.threads)?;
    Ok(Chosen { cpu, maths: args.math.into(), fallback, notes })
}

/// Starts the CPU backend with `SPARKLE_CPU_ISA` honoured.
///
/// # Errors
/// As [`CpuBackend::new`].
pub(super) fn open_cpu(threads: Option<usize>) -> Result<CpuBackend, Failure> {
    Ok(CpuBackend::new(CpuOptions { threads, isa: Isa::from_env()? })?)
}

fn fall_back(args: &DeviceArgs, reason: String) -> Result<Fallback, Failure> {
    let device = args.device;
    if args.no_fallback {
        return Err(Failure::system(format_args!(
            "{device} can't compute: {reason}; drop --no-fallback to use the CPU"
        )));
    }
    output::note(&format!("{device} can't compute, the CPU does instead: {reason}"));
    Ok(Fallback { from: device.to_string(), reason })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_device_parses_back_and_others_are_refused() {
        for device in [Device::Auto, Device::Cpu, Device::Gpu(None), Device::Gpu(Some(3)), Device::All] {
            assert_eq!(device.to_string().parse(), Ok(device));
        }
        for text in ["", "GPU", "gpu:", "gpu:-1", "gpu:x", "gpu3", "tpu"] {
            assert!(text.parse::<Device>().is_err(), "{text}");
        }
    }
}

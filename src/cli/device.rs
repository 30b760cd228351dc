//! `--device`: what was asked for, what is used, and why they differ.

use crate::cli::failure::Failure;
use crate::cli::gpu::Gpus;
use crate::cli::output;
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

/// Decides for the CPU, the only device this version computes on, and says what stands in the way of the chosen one.
///
/// # Errors
/// [`Failure::System`] where a GPU was chosen and `no_fallback` forbids the CPU.
pub(super) fn choose(device: Device, no_fallback: bool) -> Result<Option<Fallback>, Failure> {
    if device == Device::Cpu {
        return Ok(None);
    }
    let gpus = Gpus::discover()?;
    match device {
        Device::Cpu | Device::Auto => Ok(None),
        Device::All => {
            output::note(&format!("all devices here are the CPU alone: {}", gpus.obstacle(None)));
            Ok(None)
        }
        Device::Gpu(index) => {
            let reason = gpus.obstacle(index);
            if no_fallback {
                return Err(Failure::system(format_args!(
                    "{device} can't compute: {reason}; drop --no-fallback to use the CPU"
                )));
            }
            output::note(&format!("{device} can't compute, the CPU does instead: {reason}"));
            Ok(Some(Fallback { from: device.to_string(), reason }))
        }
    }
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

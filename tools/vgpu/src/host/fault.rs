//! Faults that a user asks for by option.

use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::kmd::{Errno, Kernel, ioctl_number};

/// Something to spoil.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fault {
    /// The `nth` ioctl with this number fails with `errno` and does nothing.
    Ioctl {
        /// The ioctl's number.
        number: u32,
        /// Which of them, from 1.
        nth: u64,
        /// What it fails with.
        errno: Errno,
    },
    /// The ring hangs at the n-th dispatch of a device, counted from 1.
    Hang(u64),
    /// The device is reset and loses its video memory when the n-th submission, counted from 1, is taken.
    VramLost(u64),
    /// Clients of a device have so many bytes, of video memory and system memory together.
    Memory(u64),
    /// Calls that can be interrupted fail with `EINTR`, each with this probability.
    Interrupts(f64),
    /// Every job takes up to so much longer.
    SlowFences(Duration),
}

/// A fault that can't be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error(
    "{given:?}: {problem}; faults are ioctl:NAME:N:ERRNO, hang:N, vram-lost:N, memory:BYTES, eintr:P, slow-fence:MS"
)]
pub struct FaultError {
    given: String,
    problem: &'static str,
}

/// Seeds of what is random, so that a run can be had again.
const SEED: u64 = 0x5eed;

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let wrong = |problem| FaultError { given: text.to_owned(), problem };
        let from_one = |text: &str| text.parse().ok().filter(|n| *n > 0).ok_or_else(|| wrong("N counts from 1"));
        let (kind, rest) = text.split_once(':').ok_or_else(|| wrong("there is no value"))?;
        match kind {
            "ioctl" => {
                let [name, nth, errno] = rest
                    .split(':')
                    .collect::<Vec<_>>()
                    .try_into()
                    .map_err(|_| wrong("an ioctl needs its name, which of them, and what it fails with"))?;
                Ok(Self::Ioctl {
                    number: ioctl_number(name).ok_or_else(|| wrong("there is no such ioctl"))?,
                    nth: from_one(nth)?,
                    errno: errno.parse().map_err(|_| wrong("there is no such errno"))?,
                })
            }
            "hang" => from_one(rest).map(Self::Hang),
            "vram-lost" => from_one(rest).map(Self::VramLost),
            "memory" => rest.parse().map(Self::Memory).map_err(|_| wrong("memory is a number of bytes")),
            "eintr" => match rest.parse::<f64>() {
                Ok(p) if (0.0..1.0).contains(&p) => Ok(Self::Interrupts(p)),
                _ => Err(wrong("a probability is from 0 to below 1")),
            },
            "slow-fence" => match rest.parse::<f64>() {
                Ok(ms) if (0.0..=1e6).contains(&ms) => Ok(Self::SlowFences(Duration::from_secs_f64(ms / 1e3))),
                _ => Err(wrong("a time is from 0 to 1000000 ms")),
            },
            _ => Err(wrong("there is no such fault")),
        }
    }
}

impl Fault {
    /// Spoils the devices of a kernel. Dispatches are not the driver's, see [`super::Watching::hangs`].
    pub fn apply(self, kernel: &Kernel) {
        let inject = kernel.inject();
        match self {
            Self::Ioctl { number, nth, errno } => inject.fail(number, nth, errno),
            Self::Hang(_) => {}
            Self::VramLost(nth) => inject.lose_vram(nth),
            Self::Memory(bytes) => inject.limit_memory(bytes),
            Self::Interrupts(probability) => inject.interrupts(probability, SEED),
            Self::SlowFences(most) => inject.slow(most, SEED),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn faults_are_read() {
        let ioctl = |number, nth, errno| Fault::Ioctl { number, nth, errno: Errno(errno) };
        for (text, fault) in [
            // Numbers of Linux `include/uapi/drm/amdgpu_drm.h` and `drm.h`, errnos of `asm-generic/errno*.h`.
            ("ioctl:CS:3:ENOMEM", ioctl(0x44, 3, 12)),
            ("ioctl:gem_create:1:EINVAL", ioctl(0x40, 1, 22)),
            ("ioctl:DRM_IOCTL_AMDGPU_WAIT_CS:2:62", ioctl(0x49, 2, 62)),
            ("ioctl:SYNCOBJ_WAIT:1:ETIME", ioctl(0xc3, 1, 62)),
            ("ioctl:VERSION:1:EACCES", ioctl(0x00, 1, 13)),
            ("hang:1", Fault::Hang(1)),
            ("vram-lost:7", Fault::VramLost(7)),
            ("memory:1048576", Fault::Memory(1 << 20)),
            ("eintr:0.25", Fault::Interrupts(0.25)),
            ("slow-fence:1.5", Fault::SlowFences(Duration::from_micros(1500))),
        ] {
            assert_eq!(text.parse(), Ok(fault), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for text in [
            "",
            "hang",
            "hang:0",
            "hang:-1",
            "hang:x",
            "ioctl:CS:1",
            "ioctl:CS:0:ENOMEM",
            "ioctl:NOPE:1:ENOMEM",
            "ioctl:CS:1:ENOPE",
            "ioctl:CS:1:0",
            "ioctl:CS:1:ENOMEM:2",
            "memory:-1",
            "eintr:1",
            "eintr:nan",
            "eintr:-0.5",
            "slow-fence:-1",
            "slow-fence:inf",
            "flood:1",
        ] {
            let error = text.parse::<Fault>().unwrap_err().to_string();
            assert!(error.contains("faults are ioctl:NAME:N:ERRNO"), "{error}");
        }
    }
}

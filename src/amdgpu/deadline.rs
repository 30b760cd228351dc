//! Points in time as the kernel's waits take them: absolute, `CLOCK_MONOTONIC`, nanoseconds.
//!
//! Absolute, so that a wait that a signal interrupts is simply called again.

use nix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// When a wait gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(u64);

impl Deadline {
    /// In the past: look, don't wait.
    pub const NOW: Self = Self(0);
    /// No end. The largest value that is positive for the waits that take a signed time too; 292 years.
    pub const NEVER: Self = Self(i64::MAX as u64); // CAST: positive.

    /// `duration` from now, or [`Self::NEVER`] if that can't be said.
    pub fn after(duration: Duration) -> Self {
        let nanoseconds = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        Self(now().saturating_add(nanoseconds).min(Self::NEVER.0))
    }

    /// Nanoseconds of `CLOCK_MONOTONIC`.
    pub const fn nanoseconds(self) -> u64 {
        self.0
    }

    /// Time until then, zero if it has passed.
    pub fn remaining(self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(now()))
    }

    /// The same for waits that take a signed time.
    pub(super) const fn signed(self) -> i64 {
        self.0 as i64 // CAST: at most i64::MAX, by construction.
    }
}

/// The driver's waits round down to the kernel's clock tick, so that one that ends within a tick returns at once. Until
/// the deadline this is the pause between two of them.
///
/// Source: Linux `amdgpu_cs.c`, `amdgpu_gem_timeout`.
const PAUSE: Duration = Duration::from_micros(100);

/// Repeats a wait that sees no end before its deadline for other reasons than the deadline.
pub(super) fn until<T, E>(deadline: Deadline, mut wait: impl FnMut() -> Result<Option<T>, E>) -> Result<Option<T>, E> {
    loop {
        if let Some(end) = wait()? {
            return Ok(Some(end));
        }
        let left = deadline.remaining();
        if left.is_zero() {
            return Ok(None);
        }
        std::thread::sleep(left.min(PAUSE)); // TIMEOUT: bounded by the deadline.
    }
}

/// `CLOCK_MONOTONIC` in nanoseconds.
pub(super) fn now() -> u64 {
    // The clock exists on every Linux; were it ever to fail, deadlines would count from 0 and waits become polls.
    let time = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deadlines_are_absolute_and_never_negative() {
        let soon = Deadline::after(Duration::from_secs(1));
        assert!(soon.nanoseconds() > now());
        assert!(soon.remaining() <= Duration::from_secs(1) && soon.remaining() > Duration::from_millis(500));
        assert_eq!(Deadline::after(Duration::MAX), Deadline::NEVER);
        assert_eq!(Deadline::NEVER.signed(), i64::MAX);
        assert_eq!(Deadline::NOW.remaining(), Duration::ZERO);
    }
}

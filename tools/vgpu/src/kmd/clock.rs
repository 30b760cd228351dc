//! Absolute deadlines as the kernel's waits take them: in nanoseconds of the monotonic clock, in steps of its timer.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

use super::sync::Until;

const SECOND: u64 = 1_000_000_000;

/// Nanoseconds of the monotonic clock.
pub(crate) fn now() -> u64 {
    let Ok(now) = clock_gettime(ClockId::CLOCK_MONOTONIC) else { return 0 };
    now.tv_sec().unsigned_abs().saturating_mul(SECOND).saturating_add(now.tv_nsec().unsigned_abs())
}

fn ticks(left: u64, hz: u32) -> u64 {
    // CAST: the quotient is below 2^64 for any timer of up to 10^9 Hz
    (u128::from(left) * u128::from(hz) / u128::from(SECOND)) as u64
}

fn span(ticks: u64, hz: u32) -> Duration {
    let hz = u64::from(hz.max(1));
    Duration::from_secs(ticks / hz) + Duration::from_nanos(ticks % hz * (SECOND / hz))
}

/// How long amdgpu's own waits last: rounded down to timer interrupts, for ever with the top bit set.
/// Source: Linux `amdgpu_gem.c`, `amdgpu_gem_timeout`.
pub(crate) fn amdgpu_timeout(deadline: u64, hz: u32) -> Until {
    if deadline.cast_signed() < 0 {
        return Until::Forever;
    }
    Until::after(span(ticks(deadline.saturating_sub(now()), hz), hz))
}

/// How long waits for syncobjs last: one interrupt longer than rounded down, 0 and the past do not wait.
/// Source: Linux `drm_syncobj.c`, `drm_timeout_abs_to_jiffies`.
pub(crate) fn syncobj_timeout(deadline: i64, hz: u32) -> Until {
    let Ok(deadline) = u64::try_from(deadline) else { return Until::Now };
    match deadline.saturating_sub(now()) {
        0 => Until::Now,
        left => Until::after(span(ticks(left, hz) + 1, hz)),
    }
}

/// Whether a deadline looks like a time span that somebody forgot to add to the clock.
pub(crate) fn looks_relative(deadline: u64) -> bool {
    deadline != 0 && deadline.cast_signed() > 0 && deadline.saturating_add(10 * SECOND) < now()
}

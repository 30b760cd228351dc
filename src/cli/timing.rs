//! Repeated measurements of one thing.

use std::time::{Duration, Instant};

/// Seconds per call, one entry a sample, sorted.
#[derive(Clone, Debug)]
pub(super) struct Samples(Vec<f64>);

impl Samples {
    /// Takes seconds per call in any order. `None` where there are none.
    pub(super) fn new(mut seconds: Vec<f64>) -> Option<Self> {
        seconds.sort_by(f64::total_cmp);
        (!seconds.is_empty()).then_some(Self(seconds))
    }

    /// The fastest sample, microseconds.
    pub(super) fn min_us(&self) -> f64 {
        self.0.first().copied().unwrap_or_default() * 1e6
    }

    /// The middle sample, or the mean of the middle two, microseconds.
    pub(super) fn median_us(&self) -> f64 {
        let middle = self.0.len() / 2;
        let upper = self.0[middle];
        let lower = if self.0.len().is_multiple_of(2) { self.0[middle - 1] } else { upper };
        (lower + upper) / 2.0 * 1e6
    }
}

/// Calls per second turned into GFLOP/s: `flops` in `us` microseconds. 0 where the clock saw no time pass.
pub(super) fn gflops(flops: u64, us: f64) -> f64 {
    if us > 0.0 { flops as f64 / us / 1e3 } else { 0.0 }
}

/// The shortest sample: as many calls as fill this, so that the clock's own cost does not count.
const SAMPLE: Duration = Duration::from_micros(20);

/// Calls `work` until `budget` is spent, but at least twice: once to warm up and size the samples, once to measure.
///
/// # Errors
/// The first error of `work`.
pub(super) fn sample<E>(budget: Duration, mut work: impl FnMut() -> Result<(), E>) -> Result<Vec<f64>, E> {
    let start = Instant::now();
    let mut timed = |calls: u32| -> Result<f64, E> {
        let start = Instant::now();
        for _ in 0..calls {
            work()?;
        }
        Ok(start.elapsed().as_secs_f64() / f64::from(calls))
    };
    timed(1)?;
    let mut calls = 1;
    let mut samples = Vec::new();
    loop {
        let seconds = timed(calls)?;
        let filled = seconds * f64::from(calls) >= SAMPLE.as_secs_f64();
        if filled || calls >= 1 << 20 {
            samples.push(seconds);
        } else {
            calls *= 2;
        }
        if start.elapsed() >= budget && !samples.is_empty() {
            return Ok(samples);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)] // a panic is how a test fails

    use super::*;
    use std::convert::Infallible;

    #[test]
    fn min_and_median_of_odd_and_even_counts() {
        let of = |seconds: &[f64]| {
            let samples = Samples::new(seconds.to_vec()).expect("not empty");
            (samples.min_us().round(), samples.median_us().round())
        };
        assert_eq!(of(&[3e-6, 1e-6, 2e-6]), (1.0, 2.0));
        assert_eq!(of(&[4e-6, 1e-6, 2e-6, 8e-6]), (1.0, 3.0));
        assert!(Samples::new(Vec::new()).is_none());
    }

    #[test]
    fn a_sample_repeats_short_work_and_the_budget_bounds_long_work() {
        let mut calls = 0;
        let short = sample(Duration::from_millis(2), || {
            calls += 1;
            Ok::<_, Infallible>(())
        });
        assert!(short.is_ok_and(|samples| !samples.is_empty() && calls > 100 * samples.len()));
        let mut calls = 0;
        let long = sample(Duration::ZERO, || {
            calls += 1;
            std::thread::sleep(Duration::from_millis(1));
            Ok::<_, Infallible>(())
        });
        assert_eq!((long.map(|samples| samples.len()), calls), (Ok(1), 2));
    }
}

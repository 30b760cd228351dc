//! What commands report: one struct makes the JSON and the text.

use crate::cli::device::Fallback;
use crate::conv::DType;
use crate::conv::text::{benchdnn, options};
use crate::conv::{ConvProblem, Epilogue, Layout};
use serde::Serialize;
use std::fmt;
use std::path::PathBuf;

/// Version of every JSON object; keys are added to it, never changed.
pub(super) const SCHEMA: u32 = 1;

/// What `conv2d` did.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Conv2dReport {
    pub(super) schema: u32,
    pub(super) command: &'static str,
    /// As a benchdnn descriptor, or as our options where a descriptor can't say it; type, layout and what follows
    /// the sum stand in keys of their own.
    pub(super) problem: String,
    pub(super) name: Option<String>,
    pub(super) input_shape: [usize; 4],
    pub(super) weights_shape: [usize; 4],
    pub(super) output_shape: [usize; 4],
    pub(super) layout: String,
    pub(super) dtype: String,
    pub(super) activation: String,
    pub(super) bias: bool,
    pub(super) residual: bool,
    pub(super) device: String,
    pub(super) isa: String,
    pub(super) threads: usize,
    pub(super) math: String,
    pub(super) kernel: &'static str,
    pub(super) iters: usize,
    pub(super) warmup: usize,
    pub(super) prepare_us: f64,
    pub(super) min_us: f64,
    pub(super) median_us: f64,
    pub(super) predicted_us: f64,
    pub(super) flops: u64,
    pub(super) gflops: f64,
    pub(super) fallback: Option<Fallback>,
    pub(super) verify: Option<VerifyReport>,
    pub(super) explain: Option<String>,
    pub(super) output: Option<PathBuf>,
    pub(super) notes: Vec<String>,
}

/// What `--verify` found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct VerifyReport {
    pub(super) ok: bool,
    /// The largest difference from the f64 reference over all elements.
    pub(super) max_abs_error: f64,
    /// What the element with the largest error in proportion to its bound may differ by.
    pub(super) bound: f64,
    /// What that element does differ by.
    pub(super) worst_error: f64,
    /// Where that element stands in the output.
    pub(super) worst_index: usize,
    /// Elements beyond their bound.
    pub(super) failures: usize,
}

impl fmt::Display for Conv2dReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, key: &str, value: fmt::Arguments<'_>| writeln!(f, "{key:<9}{value}");
        line(f, "problem", format_args!("{}", self.problem))?;
        let [input, weights, output] = [self.input_shape, self.weights_shape, self.output_shape];
        line(f, "shapes", format_args!("{input:?} * {weights:?} -> {output:?}, {}, {}", self.layout, self.dtype))?;
        let (device, isa, threads) = (&self.device, &self.isa, self.threads);
        line(f, "device", format_args!("{device} ({isa}, {threads} threads), {} maths, {}", self.math, self.kernel))?;
        let (min, median) = (self.min_us, self.median_us);
        line(f, "time", format_args!("min {min:.1} us, median {median:.1} us over {} runs", self.iters))?;
        line(f, "speed", format_args!("{:.1} GFLOP/s", self.gflops))?;
        if let Some(Fallback { from, reason }) = &self.fallback {
            line(f, "fallback", format_args!("from {from}: {reason}"))?;
        }
        if let Some(verify) = &self.verify {
            line(f, "verify", format_args!("{verify}"))?;
        }
        if let Some(output) = &self.output {
            line(f, "output", format_args!("{}", output.display()))?;
        }
        self.explain.iter().try_for_each(|explain| write!(f, "\n{explain}"))
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { ok, max_abs_error, bound, worst_error, worst_index, failures } = self;
        let worst = format!("the worst, at {worst_index}, is off by {worst_error:.3e} of an allowed {bound:.3e}");
        match ok {
            true => write!(f, "ok, largest error {max_abs_error:.3e}; {worst}"),
            false => write!(f, "FAILED, {failures} elements beyond their bound; {worst}"),
        }
    }
}

/// A problem's sizes in the shortest form that can say them.
pub(super) fn describe(problem: &ConvProblem) -> String {
    let plain = problem.respecify(|spec| {
        (spec.layout, spec.dtype, spec.epilogue) = (Layout::Nchw, DType::F32, Epilogue::default());
    });
    let text = |problem: &ConvProblem| benchdnn::print(problem, None).or_else(|_| options::print(problem));
    plain.ok().and_then(|plain| text(&plain).ok()).unwrap_or_else(|| format!("{:?}", problem.spec()))
}

/// A size for people: 49152 is `48 KiB`.
pub(super) fn bytes(size: u64) -> String {
    match size {
        0..1024 => format!("{size} B"),
        1024..1_048_576 => format!("{} KiB", size / 1024),
        _ => format!("{:.1} MiB", size as f64 / 1_048_576.0),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)] // a panic is how a test fails

    use super::*;
    use crate::conv::{ConvSpec, Padding};

    #[test]
    fn a_problem_is_described_in_the_shortest_form_that_can() {
        let of = |padding| {
            let spec = ConvSpec { padding, layout: Layout::Nhwc, dtype: DType::F16, ..ConvSpec::default() };
            describe(&ConvProblem::new(spec).expect("a convolution"))
        };
        assert!(of(Padding::symmetric(1, 1)).starts_with("mb1ic64ih56"), "{}", of(Padding::symmetric(1, 1)));
        assert!(of(Padding { top: 0, left: 0, bottom: 1, right: 0 }).contains("ih56"));
    }

    #[test]
    fn sizes_have_the_unit_that_fits() {
        assert_eq!([bytes(64), bytes(49152), bytes(3 << 19)], ["64 B", "48 KiB", "1.5 MiB"]);
    }
}

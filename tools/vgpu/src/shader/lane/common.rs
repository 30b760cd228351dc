//! What the three float formats have in common: everything that needs only the bits, not arithmetic; and comparison
//! codes.

/// A float comparison, with the numbers of the low four bits of the `V_CMP` opcode.
///
/// The numbers are sets: bit 0 holds when less, bit 1 when equal, bit 2 when greater, bit 3 when unordered. So `Nge` is
/// "less or unordered".
/// Source: guide, section 16.9, opcodes 16 to 31.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AMD's and the sets are spelt out above")]
#[repr(u8)]
pub enum FloatCompare {
    F,
    Lt,
    Eq,
    Le,
    Gt,
    Lg,
    Ge,
    O,
    U,
    Nge,
    Nlg,
    Ngt,
    Nle,
    Neq,
    Nlt,
    T,
}

impl FloatCompare {
    /// The comparison of an opcode; bits above the fourth are ignored.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 15 {
            0 => Self::F,
            1 => Self::Lt,
            2 => Self::Eq,
            3 => Self::Le,
            4 => Self::Gt,
            5 => Self::Lg,
            6 => Self::Ge,
            7 => Self::O,
            8 => Self::U,
            9 => Self::Nge,
            10 => Self::Nlg,
            11 => Self::Ngt,
            12 => Self::Nle,
            13 => Self::Neq,
            14 => Self::Nlt,
            _ => Self::T,
        }
    }

    /// Whether the set holds the relation of two values, of which at most one of the first three is true.
    #[inline(always)]
    pub(super) fn holds(self, less: bool, equal: bool, greater: bool) -> bool {
        let relation = u8::from(less) | u8::from(equal) << 1 | u8::from(greater) << 2;
        let relation = if relation == 0 { 8 } else { relation };
        self as u8 & relation != 0
    }
}

/// An integer comparison, with the numbers of the low three bits of the `V_CMP` opcode: a set of less, equal, greater.
/// Source: guide, section 16.9, opcodes 64 to 79.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are AMD's")]
#[repr(u8)]
pub enum IntCompare {
    F,
    Lt,
    Eq,
    Le,
    Gt,
    Ne,
    Ge,
    T,
}

impl IntCompare {
    /// The comparison of an opcode; bits above the third are ignored.
    #[must_use]
    pub const fn from_bits(bits: u32) -> Self {
        match bits & 7 {
            0 => Self::F,
            1 => Self::Lt,
            2 => Self::Eq,
            3 => Self::Le,
            4 => Self::Gt,
            5 => Self::Ne,
            6 => Self::Ge,
            _ => Self::T,
        }
    }

    /// Compares two integers of any type.
    #[inline(always)]
    pub fn holds<T: PartialOrd>(self, a: T, b: T) -> bool {
        let relation = u8::from(a < b) | u8::from(a == b) << 1 | u8::from(a > b) << 2;
        self as u8 & relation != 0
    }
}

/// Defines the bit-level operations of a format in the module that calls it.
///
/// Which NaN an operation returns is not in the guide but for min, max and division. Chosen here: the first input that
/// is a NaN, in operand order, made quiet in IEEE mode; a NaN from numbers is the one of the guide's examples for
/// `V_LOG_F32` and `V_SIN_F32`, negative and quiet with no payload.
macro_rules! float_format {
    (
        $uint:ident, $int:ident, bits $bits:literal, mantissa $mantissa:literal, bias $bias:literal,
        mode $round:ident, $denorm:ident, division underflows under $underflow:expr
    ) => {
        const SIGN: $uint = 1 << ($bits - 1);
        const EXPONENT: $uint = (SIGN - 1) & !FRACTION;
        const FRACTION: $uint = (1 << $mantissa) - 1;
        const QUIET: $uint = 1 << ($mantissa - 1);
        const ONE: $uint = $bias << $mantissa;
        /// The NaN that an invalid operation returns.
        pub const DEFAULT_NAN: $uint = SIGN | EXPONENT | QUIET;

        #[inline(always)]
        pub(super) fn is_nan(x: $uint) -> bool {
            x & !SIGN > EXPONENT
        }

        #[inline(always)]
        fn is_signalling(x: $uint) -> bool {
            is_nan(x) && x & QUIET == 0
        }

        #[inline(always)]
        fn is_infinite(x: $uint) -> bool {
            x & !SIGN == EXPONENT
        }

        #[inline(always)]
        fn is_zero(x: $uint) -> bool {
            x & !SIGN == 0
        }

        #[inline(always)]
        fn flush(x: $uint) -> $uint {
            if x & EXPONENT == 0 { x & SIGN } else { x }
        }

        /// A denormal becomes a zero of its sign if MODE says so for inputs.
        #[inline(always)]
        pub(super) fn flush_input(mode: Mode, x: $uint) -> $uint {
            if mode.$denorm.input { x } else { flush(x) }
        }

        /// A denormal becomes a zero of its sign if MODE says so for results. Whether a result is denormal is decided
        /// after rounding; the guide does not say.
        #[inline(always)]
        pub(super) fn flush_output(mode: Mode, x: $uint) -> $uint {
            if mode.$denorm.output { x } else { flush(x) }
        }

        /// A signalling NaN becomes quiet in IEEE mode.
        #[inline(always)]
        pub(super) fn quiet(mode: Mode, x: $uint) -> $uint {
            if mode.ieee & is_nan(x) { x | QUIET } else { x }
        }

        /// From what host arithmetic made of `inputs` to what the instruction returns: the first NaN among the inputs,
        /// else the result, with denormals flushed and with the one NaN that numbers can give.
        #[inline(always)]
        pub(super) fn finish<const N: usize>(mode: Mode, inputs: [$uint; N], result: $uint) -> $uint {
            let number = if is_nan(result) { DEFAULT_NAN } else { flush_output(mode, result) };
            inputs.iter().rev().fold(number, |rest, &x| if is_nan(x) { quiet(mode, x) } else { rest })
        }

        /// The NEG modifier: flips the sign, of NaNs too. ABS comes first if both are given.
        #[inline(always)]
        #[must_use]
        pub fn neg(x: $uint) -> $uint {
            x ^ SIGN
        }

        /// The ABS modifier: clears the sign, of NaNs too.
        #[inline(always)]
        #[must_use]
        pub fn abs(x: $uint) -> $uint {
            x & !SIGN
        }

        /// The CLAMP modifier: to [0, 1], -0 to +0, NaN to 0 if MODE.DX10_CLAMP. It comes after OMOD.
        /// Source: guide, sections 3.4.2 and 7.1.
        #[inline(always)]
        #[must_use]
        pub fn clamp(mode: Mode, x: $uint) -> $uint {
            let number = if x & SIGN != 0 { 0 } else { x.min(ONE) };
            if is_nan(x) { if mode.dx10_clamp { 0 } else { x } } else { number }
        }

        /// The OMOD modifier. Ignored in IEEE mode and when denormal results are allowed; where it is applied,
        /// denormals and -0 become +0, even if the result was one before scaling.
        /// Source: guide, section 7.2.3.1.
        #[inline(always)]
        #[must_use]
        pub fn output_modifier(mode: Mode, omod: OutputModifier, x: $uint) -> $uint {
            let steps = match omod {
                OutputModifier::None => return x,
                OutputModifier::Double => 1,
                OutputModifier::Quadruple => 2,
                OutputModifier::Half => -1,
            };
            if mode.ieee || mode.$denorm.output {
                return x;
            }
            let field = (x & EXPONENT) >> $mantissa;
            let moved = field as i32 + steps; // CAST: at most 11 bits
            let inward = match mode.$round {
                Round::NearestEven => false,
                Round::Up => x & SIGN != 0,
                Round::Down => x & SIGN == 0,
                Round::Zero => true,
            };
            let overflow = x & SIGN | EXPONENT - if inward { 1 } else { 0 };
            if x & EXPONENT == EXPONENT {
                x
            } else if field == 0 || moved <= 0 {
                0
            } else if moved >= (EXPONENT >> $mantissa) as i32 {
                overflow
            } else {
                x & !EXPONENT | (moved as $uint) << $mantissa // CAST: between 1 and the largest field
            }
        }

        /// A signed integer with the order of the floats, -0 below +0. NaNs have no place in it.
        #[inline(always)]
        fn order(x: $uint) -> $int {
            let signed = x as $int; // CAST: same width
            signed ^ ((signed >> ($bits - 1)) as $uint >> 1) as $int // CAST: flips all but the sign of negative values
        }

        /// As [`order`], with the zeros equal.
        #[inline(always)]
        fn ieee_order(x: $uint) -> $int {
            order(if is_zero(x) { 0 } else { x })
        }

        /// What min and max share once the choice between two numbers is made. In IEEE mode a signalling NaN wins and
        /// is made quiet, src0's first; otherwise a number wins over a NaN, and of two NaNs src0.
        #[inline(always)]
        fn choose(mode: Mode, a: $uint, b: $uint, first: bool) -> $uint {
            let number = if first { a } else { b };
            let number = if is_nan(a) { b } else { number };
            let chosen = if is_nan(b) { a } else { number };
            if mode.ieee {
                let chosen = if is_signalling(b) { b | QUIET } else { chosen };
                if is_signalling(a) { a | QUIET } else { chosen }
            } else {
                chosen
            }
        }

        /// The lesser, where -0 is less than +0 in both modes. Denormals follow the input mode only.
        /// Source: guide, section 16.7, V_MIN_F32. Its text on MODE.IEEE (section 3.4.2) has max take `>=` outside IEEE
        /// mode, which the instruction's own pseudocode does not.
        #[inline(always)]
        #[must_use]
        pub fn min(mode: Mode, a: $uint, b: $uint) -> $uint {
            let (a, b) = (flush_input(mode, a), flush_input(mode, b));
            choose(mode, a, b, order(a) < order(b))
        }

        /// The greater, where +0 is greater than -0 in both modes. See [`min`].
        #[inline(always)]
        #[must_use]
        pub fn max(mode: Mode, a: $uint, b: $uint) -> $uint {
            let (a, b) = (flush_input(mode, a), flush_input(mode, b));
            choose(mode, a, b, order(a) > order(b))
        }

        /// The least of three, from left to right.
        #[inline(always)]
        #[must_use]
        pub fn min3(mode: Mode, a: $uint, b: $uint, c: $uint) -> $uint {
            min(mode, min(mode, a, b), c)
        }

        /// The greatest of three, from left to right.
        #[inline(always)]
        #[must_use]
        pub fn max3(mode: Mode, a: $uint, b: $uint, c: $uint) -> $uint {
            max(mode, max(mode, a, b), c)
        }

        /// The middle one of three; the least of the numbers if there is a NaN.
        /// Source: guide, section 16.12, V_MED3_F32.
        #[inline(always)]
        #[must_use]
        pub fn med3(mode: Mode, a: $uint, b: $uint, c: $uint) -> $uint {
            let (a, b, c) = (flush_input(mode, a), flush_input(mode, b), flush_input(mode, c));
            let greatest = ieee_order(max3(mode, a, b, c));
            let rest = if greatest == ieee_order(b) { max(mode, a, c) } else { max(mode, a, b) };
            let rest = if greatest == ieee_order(a) { max(mode, b, c) } else { rest };
            if is_nan(a) | is_nan(b) | is_nan(c) { min3(mode, a, b, c) } else { rest }
        }

        /// `max(min(a, b), c)`.
        #[inline(always)]
        #[must_use]
        pub fn minmax(mode: Mode, a: $uint, b: $uint, c: $uint) -> $uint {
            max(mode, min(mode, a, b), c)
        }

        /// `min(max(a, b), c)`.
        #[inline(always)]
        #[must_use]
        pub fn maxmin(mode: Mode, a: $uint, b: $uint, c: $uint) -> $uint {
            min(mode, max(mode, a, b), c)
        }

        /// `V_CMP` and `V_CMPX`, all sixteen.
        #[inline(always)]
        #[must_use]
        pub fn compare(mode: Mode, op: FloatCompare, a: $uint, b: $uint) -> bool {
            let (a, b) = (flush_input(mode, a), flush_input(mode, b));
            let ordered = !(is_nan(a) | is_nan(b));
            let (x, y) = (ieee_order(a), ieee_order(b));
            op.holds(ordered & (x < y), ordered & (x == y), ordered & (x > y))
        }

        /// `V_CMP_CLASS`: whether the class of `x` is in the set `mask`. From bit 0: signalling NaN, quiet NaN, then
        /// from -infinity to +infinity: infinite, normal, denormal, zero, zero, denormal, normal, infinite. Denormals
        /// are looked at as they are.
        /// Source: guide, section 16.9, V_CMP_CLASS_F32. (Its f64 form names the wrong exponent for infinity.)
        #[inline(always)]
        #[must_use]
        pub fn class(x: $uint, mask: u32) -> bool {
            let magnitude = x & !SIGN;
            let from_zero = if magnitude == 0 {
                0
            } else if magnitude <= FRACTION {
                1
            } else if magnitude < EXPONENT {
                2
            } else {
                3
            };
            let number = if x & SIGN != 0 { 5 - from_zero } else { 6 + from_zero };
            let index = if is_nan(x) { u32::from(x & QUIET != 0) } else { number };
            mask >> index & 1 != 0
        }

        /// Exponent of `x` as a fraction in [0.5, 1), 0 for zero, infinity and NaN.
        #[inline(always)]
        fn frexp_exponent(mode: Mode, x: $uint) -> i32 {
            let magnitude = flush_input(mode, x) & !SIGN;
            // Denormals: as many below the least normal as the fraction has zeros in front.
            let zeros = magnitude.leading_zeros() as i32 - ($bits - 1 - $mantissa); // CAST: at most the width
            let denormal = 1 - $bias + 1 - zeros;
            let normal = (magnitude >> $mantissa) as i32 - $bias + 1; // CAST: at most 11 bits
            let exponent = if magnitude <= FRACTION { denormal } else { normal };
            if magnitude == 0 || magnitude >= EXPONENT { 0 } else { exponent }
        }

        /// The fraction: `x` scaled into (-1, -0.5] or [0.5, 1). Zero, infinity and NaN as they are.
        ///
        /// The guide's `mantissa()` and `exponent()` are not defined for denormals and zero; its note that the product
        /// gives `x` back, as `frexp` of C does, decides.
        #[inline(always)]
        #[must_use]
        pub fn frexp_mant(mode: Mode, x: $uint) -> $uint {
            let x = flush_input(mode, x);
            let magnitude = x & !SIGN;
            let zeros = magnitude.leading_zeros().wrapping_sub($bits - 1 - $mantissa);
            // CAST: below the width; a zero or normal value has no use for it
            let fraction = if magnitude <= FRACTION { magnitude.wrapping_shl(zeros) } else { magnitude } & FRACTION;
            let number = x & SIGN | ($bias - 1) << $mantissa | fraction;
            if magnitude == 0 || magnitude >= EXPONENT { quiet(mode, x) } else { number }
        }

        /// `V_DIV_FIXUP`: a quotient that Newton's method found, put right for the cases it cannot do.
        ///
        /// The guide's last case but one is OVERFLOW if the *denominator's* exponent is all ones, which the cases
        /// before it leave no room for; the quotient's is meant, since Newton's method makes NaN of a quotient that
        /// overflows. The f16 form has neither that case nor UNDERFLOW. Both values are undefined there; here infinity
        /// and zero of the sign.
        /// Source: guide, section 16.12, V_DIV_FIXUP_F32.
        #[inline(always)]
        #[must_use]
        pub fn div_fixup(mode: Mode, quotient: $uint, denominator: $uint, numerator: $uint) -> $uint {
            let (d, n) = (flush_input(mode, denominator), flush_input(mode, numerator));
            let sign = (d ^ n) & SIGN;
            let distance = ((n & EXPONENT) >> $mantissa) as i32 - ((d & EXPONENT) >> $mantissa) as i32; // CAST: 11 bits
            let finite = flush_output(mode, sign | quotient & !SIGN);
            let zero = is_infinite(d) | is_zero(n);
            let infinite = is_zero(d) | is_infinite(n);
            let overflow = quotient & EXPONENT == EXPONENT && $underflow != i32::MIN;
            let finite = if overflow { sign | EXPONENT } else { finite };
            let finite = if distance < $underflow { sign } else { finite };
            let result = if zero { sign } else { finite };
            let result = if infinite { sign | EXPONENT } else { result };
            let result = if zero & infinite { DEFAULT_NAN } else { result };
            let result = if is_nan(d) { d | QUIET } else { result };
            if is_nan(n) { n | QUIET } else { result }
        }
    };
}

pub(super) use float_format;

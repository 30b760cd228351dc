//! Values of which some bits are undefined, and what operations make of them.
//!
//! A value comes with a shadow, whose bits are 1 where the value's are undefined. For every operation here a bit of the
//! result whose shadow is 0 is the same whatever the undefined bits of the operands are; most give no more shadow than
//! that needs. A value has up to 64 bits; those above its width are 0 in both.
//!
//! Source: N. Nethercote, J. Seward, "Using Valgrind to detect undefined value errors with bit-precision" (USENIX 2005),
//! and Valgrind `memcheck/mc_translate.c` for addition by extremes and for equality; LLVM
//! `Instrumentation/MemorySanitizer.cpp` for comparisons by extremes; LLVM `KnownBits.cpp` for carries and products.

#[cfg(test)]
mod tests;

/// A value and its shadow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) value: u64,
    pub(super) shadow: u64,
}

/// The low `width` bits, at most 64.
pub(super) const fn ones(width: u32) -> u64 {
    if width == 0 { 0 } else { u64::MAX >> (64 - width) }
}

impl Bits {
    pub(super) const fn new(value: u64, shadow: u64) -> Self {
        Self { value, shadow }
    }

    /// All of it is defined.
    pub(super) const fn known(value: u64) -> Self {
        Self { value, shadow: 0 }
    }

    /// One bit.
    pub(super) fn bit(value: bool, undefined: bool) -> Self {
        Self { value: value.into(), shadow: undefined.into() }
    }

    pub(super) const fn is_undefined(self) -> bool {
        self.shadow != 0
    }

    /// `value`, of which nothing is known if anything of this is undefined.
    pub(super) const fn all(self, value: u64, width: u32) -> Self {
        Self { value, shadow: if self.shadow != 0 { ones(width) } else { 0 } }
    }

    /// The least that it can be, unsigned.
    const fn low(self) -> u64 {
        self.value & !self.shadow
    }

    /// The most that it can be, unsigned.
    const fn high(self) -> u64 {
        self.value | self.shadow
    }

    /// Something undefined where either is.
    const fn either(self, other: Self) -> u64 {
        self.shadow | other.shadow
    }

    pub(super) const fn truncate(self, width: u32) -> Self {
        Self { value: self.value & ones(width), shadow: self.shadow & ones(width) }
    }

    /// `count` bits from bit `from`.
    pub(super) const fn field(self, from: u32, count: u32) -> Self {
        Self { value: self.value >> from & ones(count), shadow: self.shadow >> from & ones(count) }
    }

    /// What a movement of bits makes of it, which is the same for the shadow.
    pub(super) fn moved(self, how: impl Fn(u64) -> u64) -> Self {
        Self { value: how(self.value), shadow: how(self.shadow) }
    }

    /// The sign at bit `from - 1` copied up to `width`.
    pub(super) fn extended(self, from: u32, width: u32) -> Self {
        // CAST: two's complement
        self.moved(|x| ((x << (64 - from)) as i64 >> (64 - from)) as u64 & ones(width))
    }

    /// Placed above a value of `width` bits.
    pub(super) const fn above(self, lower: Self, width: u32) -> Self {
        Self { value: self.value << width | lower.value, shadow: self.shadow << width | lower.shadow }
    }

    pub(super) const fn and(self, other: Self) -> Self {
        Self { value: self.value & other.value, shadow: self.either(other) & self.high() & other.high() }
    }

    pub(super) const fn or(self, other: Self) -> Self {
        Self { value: self.value | other.value, shadow: self.either(other) & !self.low() & !other.low() }
    }

    pub(super) const fn xor(self, other: Self) -> Self {
        Self { value: self.value ^ other.value, shadow: self.either(other) }
    }

    pub(super) const fn not(self, width: u32) -> Self {
        Self { value: !self.value & ones(width), shadow: self.shadow }
    }

    /// Bits of `set` where this is 1, else of `clear`.
    pub(super) const fn blend(self, set: Self, clear: Self) -> Self {
        let differ = set.either(clear) | set.value ^ clear.value;
        Self {
            value: self.value & set.value | !self.value & clear.value,
            shadow: self.shadow & differ | !self.shadow & (self.value & set.shadow | !self.value & clear.shadow),
        }
    }

    /// `set` if this bit is 1, else `clear`.
    pub(super) const fn choose(self, set: Self, clear: Self) -> Self {
        let mask = if self.value != 0 { u64::MAX } else { 0 };
        let shadow = if self.shadow != 0 { u64::MAX } else { 0 };
        Self { value: mask, shadow }.blend(set, clear)
    }

    /// The sum and what carries out: exact, as carries never go down when a bit goes up.
    pub(super) fn add_carry(self, other: Self, carry: Self, width: u32) -> (Self, Self) {
        let sum = |a: u64, b: u64, c: u64| u128::from(a) + u128::from(b) + u128::from(c);
        let real = sum(self.value, other.value, carry.value);
        let least = sum(self.low(), other.low(), carry.low());
        let most = sum(self.high(), other.high(), carry.high());
        // CAST: the result has `width` bits
        let word = |x: u128| x as u64 & ones(width);
        let shadow = self.either(other) | carry.shadow | word(least) ^ word(most);
        let out = |x: u128| x >> width != 0;
        (Self::new(word(real), shadow), Self::bit(out(real), out(least) != out(most)))
    }

    pub(super) fn add(self, other: Self, width: u32) -> Self {
        self.add_carry(other, Self::default(), width).0
    }

    /// The difference and what is borrowed.
    pub(super) fn sub_borrow(self, other: Self, borrow: Self, width: u32) -> (Self, Self) {
        let (difference, carry) = self.add_carry(other.not(width), borrow.not(1), width);
        (difference, carry.not(1))
    }

    pub(super) fn sub(self, other: Self, width: u32) -> Self {
        self.sub_borrow(other, Self::default(), width).0
    }

    /// Whether the sum, or the difference, of two signed numbers does not fit.
    pub(super) fn overflows(self, other: Self, width: u32, subtract: bool) -> Self {
        let signed = |x: u64| i128::from((x << (64 - width)) as i64 >> (64 - width)); // CAST: two's complement
        let range = |x: Self| {
            let sign = x.shadow & 1 << (width - 1);
            // The least has an undefined sign set, the most has it clear.
            (signed(x.low() | sign), signed(x.high() & !sign))
        };
        let ((a0, a1), (b0, b1)) = (range(self), range(other));
        let (least, most) = if subtract { (a0 - b1, a1 - b0) } else { (a0 + b0, a1 + b1) };
        let limit = 1i128 << (width - 1);
        let fits = |x: i128| -limit <= x && x < limit;
        let (a, b) = (signed(self.value), signed(other.value));
        let outside = !fits(if subtract { a - b } else { a + b });
        let certain = fits(least) && fits(most) || most < -limit || least >= limit;
        Self::bit(outside, !certain)
    }

    /// The product of two unsigned numbers of up to 64 bits: undefined from the lowest bit that an undefined one reaches
    /// to the highest that the largest product has.
    pub(super) fn product(self, other: Self) -> (u128, u128) {
        let reach = |undefined: u64, factor: u64| {
            if undefined == 0 || factor == 0 { 128 } else { undefined.trailing_zeros() + factor.trailing_zeros() }
        };
        let lowest = reach(self.shadow, other.high()).min(reach(other.shadow, self.high()));
        let largest = u128::from(self.high()) * u128::from(other.high());
        let bound = if largest == 0 { 0 } else { u128::MAX >> largest.leading_zeros() };
        let shadow = u128::MAX.checked_shl(lowest).unwrap_or(0) & bound;
        (u128::from(self.value) * u128::from(other.value), shadow)
    }

    /// The low `width` bits of the product, whatever the signs.
    pub(super) fn mul(self, other: Self, width: u32) -> Self {
        let (value, shadow) = self.product(other);
        Self::new(value as u64, shadow as u64).truncate(width) // CAST: the low bits are wanted
    }

    /// The product of signed numbers of at most 32 bits, sign-extended to 64: undefined from the lowest bit that an
    /// undefined one reaches.
    pub(super) fn mul_signed(self, other: Self, width: u32) -> Self {
        let (a, b) = (self.extended(width, 64), other.extended(width, 64));
        let (_, shadow) = self.product(other);
        let undefined = if shadow == 0 { 0 } else { u64::MAX.checked_shl(shadow.trailing_zeros()).unwrap_or(0) };
        Self::new(a.value.wrapping_mul(b.value), undefined)
    }

    /// What `shift` makes of it by a count modulo `width`, a power of two; an undefined count leaves nothing.
    pub(super) fn shifted(self, count: Self, width: u32, shift: impl Fn(u64, u32) -> u64) -> Self {
        let count = count.field(0, width.trailing_zeros());
        let by = count.value as u32; // CAST: below 64
        if count.is_undefined() {
            return count.all(shift(self.value, by) & ones(width), width);
        }
        self.moved(|x| shift(x, by) & ones(width))
    }

    pub(super) fn shl(self, count: Self, width: u32) -> Self {
        self.shifted(count, width, |x, by| x << by)
    }

    pub(super) fn shr(self, count: Self, width: u32) -> Self {
        self.shifted(count, width, |x, by| x >> by)
    }

    pub(super) fn sar(self, count: Self, width: u32) -> Self {
        self.extended(width, 64).shifted(count, width, |x, by| (x as i64 >> by) as u64) // CAST: two's complement
    }

    /// Whether it is zero.
    pub(super) fn is_zero(self) -> Self {
        Self::bit(self.value == 0, self.is_undefined() && self.low() == 0)
    }

    /// Whether some bit is 1.
    pub(super) fn is_set(self) -> Self {
        self.is_zero().not(1)
    }

    pub(super) fn equal(self, other: Self) -> Self {
        self.xor(other).is_zero()
    }

    /// Whether it is less, unsigned.
    pub(super) fn below(self, other: Self) -> Self {
        let certain = self.high() < other.low() || self.low() >= other.high();
        Self::bit(self.value < other.value, !certain)
    }

    /// The same as an unsigned number in the order of signed ones.
    pub(super) const fn biased(self, width: u32) -> Self {
        Self { value: self.value ^ 1 << (width - 1), shadow: self.shadow }
    }

    pub(super) fn min(self, other: Self) -> Self {
        self.below(other).choose(self, other)
    }

    pub(super) fn max(self, other: Self) -> Self {
        self.below(other).choose(other, self)
    }

    pub(super) fn min_signed(self, other: Self, width: u32) -> Self {
        self.biased(width).below(other.biased(width)).choose(self, other)
    }

    pub(super) fn max_signed(self, other: Self, width: u32) -> Self {
        self.biased(width).below(other.biased(width)).choose(other, self)
    }

    /// A number that lies between two others: undefined below the highest bit in which they differ.
    fn between(value: u64, least: u64, most: u64) -> Self {
        let differ = least ^ most;
        Self::new(value, if differ == 0 { 0 } else { u64::MAX >> differ.leading_zeros() })
    }

    /// How many bits are 1.
    pub(super) fn count_ones(self) -> Self {
        let count = |x: u64| u64::from(x.count_ones());
        Self::between(count(self.value), count(self.low()), count(self.high()))
    }

    /// Zeros above the highest 1 of `width` bits; all ones in 32 bits if there is none.
    pub(super) fn leading_zeros(self, width: u32) -> Self {
        let count = |x: u64| u64::from(x.leading_zeros()) - u64::from(64 - width);
        match (self.low(), self.high()) {
            (_, 0) => Self::known(ones(32)),
            (0, _) => Self::new(if self.value == 0 { ones(32) } else { count(self.value) }, ones(32)),
            (low, high) => Self::between(count(self.value), count(high), count(low)),
        }
    }

    /// Zeros below the lowest 1, likewise.
    pub(super) fn trailing_zeros(self, width: u32) -> Self {
        self.moved(|x| x.reverse_bits() >> (64 - width)).leading_zeros(width)
    }

    /// A comparison by the set of less (1), equal (2) and greater (4) that holds.
    pub(super) fn compare(self, other: Self, code: u32) -> Self {
        let less = self.below(other);
        let greater = other.below(self);
        match code & 7 {
            0 => Self::known(0),
            1 => less,
            2 => self.equal(other),
            3 => greater.not(1),
            4 => greater,
            5 => self.equal(other).not(1),
            6 => less.not(1),
            _ => Self::known(1),
        }
    }
}

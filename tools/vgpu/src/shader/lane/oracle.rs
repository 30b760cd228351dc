//! What the tests measure against: exact values in integers, and the definition of rounding.

use super::mode::Round;
use std::cmp::Ordering;

/// A number: `mantissa` times two to the `exponent`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Exact {
    mantissa: i128,
    exponent: i32,
}

impl Exact {
    pub(super) fn of(x: f64) -> Self {
        let bits = x.to_bits();
        let field = (bits >> 52 & 0x7ff) as i32;
        let fraction = (bits & 0xf_ffff_ffff_ffff) as i128;
        let magnitude = if field == 0 { fraction } else { fraction + (1 << 52) };
        let shift = if magnitude == 0 { 0 } else { magnitude.trailing_zeros() };
        let mantissa = (magnitude >> shift) * if x.is_sign_negative() { -1 } else { 1 };
        Self { mantissa, exponent: field.max(1) - 1075 + shift as i32 }
    }

    /// Both mantissas over one exponent. Exponents must be close enough for i128.
    fn align(self, other: Self) -> (i128, i128, i32) {
        let shift = |x: Self, to: i32| {
            let moved = x.mantissa << (x.exponent - to);
            assert_eq!(moved >> (x.exponent - to), x.mantissa, "the test's numbers are too far apart");
            moved
        };
        let low = match (self.mantissa, other.mantissa) {
            (0, _) => other.exponent,
            (_, 0) => self.exponent,
            _ => self.exponent.min(other.exponent),
        };
        let of = |x: Self| if x.mantissa == 0 { 0 } else { shift(x, low) };
        (of(self), of(other), low)
    }

    pub(super) fn add(self, other: Self) -> Self {
        let (a, b, exponent) = self.align(other);
        Self { mantissa: a + b, exponent }
    }

    pub(super) fn mul(self, other: Self) -> Self {
        Self { mantissa: self.mantissa * other.mantissa, exponent: self.exponent + other.exponent }
    }

    fn compare(self, other: Self) -> Ordering {
        let (a, b, _) = self.align(other);
        a.cmp(&b)
    }
}

/// That `result` is what `exact` rounds to, given the values next to it below and above, and whether its last bit is
/// zero.
pub(super) fn assert_rounded(exact: Exact, round: Round, [below, result, above]: [f64; 3], even: bool) {
    let side = exact.compare(Exact::of(result));
    let right = match (round, side) {
        (_, Ordering::Equal) => true,
        (Round::Up, _) => side == Ordering::Less && exact.compare(Exact::of(below)) == Ordering::Greater,
        (Round::Down, _) => side == Ordering::Greater && exact.compare(Exact::of(above)) == Ordering::Less,
        (Round::Zero, _) if exact.mantissa > 0 => {
            return assert_rounded(exact, Round::Down, [below, result, above], even);
        }
        (Round::Zero, _) => return assert_rounded(exact, Round::Up, [below, result, above], even),
        (Round::NearestEven, _) => {
            let neighbour = if side == Ordering::Less { below } else { above };
            let middle = Exact::of(result).add(Exact::of(neighbour));
            match exact.add(exact).compare(middle) {
                Ordering::Equal => even,
                order => order != side,
            }
        }
    };
    assert!(right, "{exact:?} by {round:?} to {result:e} between {below:e} and {above:e}");
}

pub(super) const ROUNDS: [Round; 4] = [Round::NearestEven, Round::Up, Round::Down, Round::Zero];

/// A stream of 64-bit numbers that is the same in each run. Source: Vigna, `splitmix64.c`.
pub(super) struct Stream(pub(super) u64);

impl Stream {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    pub(super) fn next_u32(&mut self) -> u32 {
        (self.next() >> 32) as u32
    }
}

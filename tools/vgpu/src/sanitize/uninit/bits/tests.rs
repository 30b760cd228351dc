//! All values and shadows of four bits, against all that the undefined bits can be.

use super::Bits;

const WIDTH: u32 = 4;

/// What a value can be.
fn fillings(x: Bits) -> impl Iterator<Item = u64> {
    (0..16).filter(move |bits| bits & !x.shadow == 0).map(move |bits| x.value & !x.shadow | bits)
}

fn all() -> impl Iterator<Item = Bits> {
    (0..16).flat_map(|value| (0..16).map(move |shadow| Bits::new(value, shadow)))
}

/// The bits in which the results for all fillings differ from the first.
fn differ(a: Bits, b: Bits, c: Bits, real: impl Fn(u64, u64, u64) -> u64) -> u64 {
    let base = real(a.value, b.value, c.value);
    let mut found = 0;
    for a in fillings(a) {
        for b in fillings(b) {
            for c in fillings(c) {
                found |= base ^ real(a, b, c);
            }
        }
    }
    found
}

fn check(name: &str, exact: bool, made: impl Fn(Bits, Bits, Bits) -> Bits, real: impl Fn(u64, u64, u64) -> u64 + Copy) {
    for a in all() {
        for b in all() {
            for c in [Bits::known(0), Bits::known(1), Bits::new(0, 1)] {
                let got = made(a, b, c);
                let want = differ(a, b, c, real);
                assert_eq!(got.value, real(a.value, b.value, c.value), "{name} of {a:?}, {b:?}, {c:?}");
                assert_eq!(want & !got.shadow, 0, "{name} of {a:?}, {b:?}, {c:?} makes {got:?}, not {want:#x}");
                assert!(!exact || want == got.shadow, "{name} of {a:?}, {b:?}, {c:?} makes {got:?}, not {want:#x}");
            }
        }
    }
}

fn signed(x: u64) -> i64 {
    ((x << 60) as i64) >> 60
}

#[test]
fn nothing_is_undefined_that_need_not_be() {
    check("and", true, |a, b, _| a.and(b), |a, b, _| a & b);
    check("or", true, |a, b, _| a.or(b), |a, b, _| a | b);
    check("xor", true, |a, b, _| a.xor(b), |a, b, _| a ^ b);
    check("not", true, |a, _, _| a.not(WIDTH), |a, _, _| !a & 15);
    check("sum", true, |a, b, c| a.add_carry(b, c, WIDTH).0, |a, b, c| (a + b + c) & 15);
    check("carry", true, |a, b, c| a.add_carry(b, c, WIDTH).1, |a, b, c| (a + b + c) >> 4);
    check("difference", true, |a, b, c| a.sub_borrow(b, c, WIDTH).0, |a, b, c| a.wrapping_sub(b + c) & 15);
    check("borrow", true, |a, b, c| a.sub_borrow(b, c, WIDTH).1, |a, b, c| (a < b + c).into());
    check("equal", true, |a, b, _| a.equal(b), |a, b, _| (a == b).into());
    check("below", true, |a, b, _| a.below(b), |a, b, _| (a < b).into());
    let below = |a: Bits, b: Bits, _| a.biased(WIDTH).below(b.biased(WIDTH));
    check("signed below", true, below, |a, b, _| (signed(a) < signed(b)).into());
    check("is zero", true, |a, _, _| a.is_zero(), |a, _, _| (a == 0).into());
    check("extension", true, |a, _, _| a.extended(3, WIDTH), |a, _, _| ((a << 61) as i64 >> 61) as u64 & 15);
    check("choice", true, |a, b, c| c.choose(a, b), |a, b, c| if c != 0 { a } else { b });
}

#[test]
fn nothing_is_defined_that_is_not() {
    check("product", false, |a, b, _| a.mul(b, WIDTH), |a, b, _| (a * b) & 15);
    check("whole product", false, |a, b, _| a.mul(b, 8), |a, b, _| a * b);
    check("signed product", false, |a, b, _| a.mul_signed(b, WIDTH), |a, b, _| (signed(a) * signed(b)) as u64);
    check("least", false, |a, b, _| a.min(b), |a, b, _| a.min(b));
    check("most", false, |a, b, _| a.max(b), |a, b, _| a.max(b));
    let least = |a, b, _| if signed(a) < signed(b) { a } else { b };
    check("signed least", false, |a, b, _| a.min_signed(b, WIDTH), least);
    let most = |a, b, _| if signed(a) < signed(b) { b } else { a };
    check("signed most", false, |a, b, _| a.max_signed(b, WIDTH), most);
    check("count", false, |a, _, _| a.count_ones(), |a, _, _| a.count_ones().into());
    let zeros = |a: u64, _, _| if a == 0 { 0xffff_ffff } else { u64::from(a.leading_zeros()) - 60 };
    check("leading zeros", false, |a, _, _| a.leading_zeros(WIDTH), zeros);
    let zeros = |a: u64, _, _| if a == 0 { 0xffff_ffff } else { u64::from(a.trailing_zeros()) };
    check("trailing zeros", false, |a, _, _| a.trailing_zeros(WIDTH), zeros);
    check("left", false, |a, b, _| a.shl(b, WIDTH), |a, b, _| a << (b & 3) & 15);
    check("right", false, |a, b, _| a.shr(b, WIDTH), |a, b, _| a >> (b & 3));
    check("signed right", false, |a, b, _| a.sar(b, WIDTH), |a, b, _| (signed(a) >> (b & 3)) as u64 & 15);
    let outside = |x: i64| u64::from(!(-8..8).contains(&x));
    check("overflow", false, |a, b, _| a.overflows(b, WIDTH, false), |a, b, _| outside(signed(a) + signed(b)));
    check("underflow", false, |a, b, _| a.overflows(b, WIDTH, true), |a, b, _| outside(signed(a) - signed(b)));
}

#[test]
fn blends_are_exact() {
    for mask in all() {
        for a in all() {
            for b in [Bits::new(5, 0), Bits::new(3, 9), Bits::new(12, 15)] {
                let got = mask.blend(a, b);
                let want = differ(mask, a, b, |mask, a, b| mask & a | !mask & b);
                assert_eq!(got.shadow, want, "{mask:?}, {a:?}, {b:?}");
            }
        }
    }
}

#[test]
fn products_are_known_below_the_lowest_undefined_bit() {
    // Four times something: two zeros below, nothing above the largest product.
    assert_eq!(Bits::new(0, 3).mul(Bits::known(4), 32), Bits::new(0, 0xc));
    // By zero: all is known.
    assert_eq!(Bits::new(7, u64::MAX).mul(Bits::known(0), 32), Bits::known(0));
    assert_eq!(Bits::new(1, 0xff00).mul(Bits::known(6), 16).shadow, 0xfe00);
}

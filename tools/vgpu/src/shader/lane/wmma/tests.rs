use super::super::oracle::Stream;
use super::*;

/// f16 bits of a small integer.
fn h(x: i32) -> u16 {
    convert::f16_from_i16(MODE, x as i16 as u16)
}

fn random<T>(stream: &mut Stream, of: impl Fn(u64) -> T) -> Matrix<T> {
    std::array::from_fn(|_| std::array::from_fn(|_| of(stream.next())))
}

fn small(x: u64) -> i32 {
    (x >> 60) as i32 - 8
}

fn product(a: &Matrix<i32>, b: &Matrix<i32>, c: &Matrix<i32>) -> Matrix<i32> {
    std::array::from_fn(|i| std::array::from_fn(|j| c[i][j] + (0..16).map(|k| a[i][k] * b[k][j]).sum::<i32>()))
}

/// Small integers, for which every order of summing gives the same.
#[test]
fn all_formats_multiply_integers_exactly() {
    let mut stream = Stream(13);
    let [a, b, c] = [(); 3].map(|()| random(&mut stream, small));
    let d = product(&a, &b, &c);
    let single = |m: &Matrix<i32>| map(m, |x| (x as core::primitive::f32).to_bits());
    let bf = |m: &Matrix<i32>| map(&single(m), |x| (x >> 16) as u16);
    let hf = |m: &Matrix<i32>| map(m, h);
    assert_eq!(f32_f16(&hf(&a), &hf(&b), &single(&c)), single(&d));
    assert_eq!(f32_bf16(&bf(&a), &bf(&b), &single(&c)), single(&d));
    assert_eq!(f16_f16(&hf(&a), &hf(&b), &hf(&c)), hf(&d));
    let rounded = map(&single(&d), narrow_32_to_bf16);
    assert_eq!(bf16_bf16(&bf(&a), &bf(&b), &bf(&c)), rounded);
    let bytes = |m: &Matrix<i32>| map(m, |x| x as u8);
    let signed = Signed { a: true, b: true };
    let words = |m: &Matrix<i32>| map(m, |x| x as u32);
    assert_eq!(i32_iu8(signed, false, &bytes(&a), &bytes(&b), &words(&c)), words(&d));
    assert_eq!(i32_iu4(signed, false, &bytes(&a), &bytes(&b), &words(&c)), words(&d));
    let unsigned = map(&a, |x| x & 0xff);
    let mixed = product(&unsigned, &b, &c);
    assert_eq!(i32_iu8(Signed { a: false, b: true }, false, &bytes(&a), &bytes(&b), &words(&c)), words(&mixed));
    let nibbles = map(&b, |x| x & 0xf);
    assert_eq!(
        i32_iu4(Signed { a: true, b: false }, true, &bytes(&a), &bytes(&b), &words(&c)),
        words(&product(&a, &nibbles, &c))
    );
}

#[test]
fn integers_wrap_or_saturate() {
    let (ones, c) = ([[1; 16]; 16], [[0x7fff_fff8; 16]; 16]);
    let signed = Signed { a: true, b: true };
    assert_eq!(i32_iu8(signed, false, &ones, &ones, &c)[3][4], 0x8000_0008);
    assert_eq!(i32_iu8(signed, true, &ones, &ones, &c)[3][4], 0x7fff_ffff);
    assert_eq!(i32_iu4(signed, true, &[[15; 16]; 16], &ones, &[[0x8000_0008; 16]; 16])[0][0], 0x8000_0000);
}

#[test]
fn sums_go_up_from_c() {
    // 2^24 takes no 1; sixteen of them are lost one by one, and a 16-bit result is rounded at the end alone.
    let (ones, c) = ([[h(1); 16]; 16], [[16_777_216f32.to_bits(); 16]; 16]);
    assert_eq!(f32_f16(&ones, &ones, &c), c);
    // 2048 + 16 * 1 in f16, whose places there are 2: each step in f16 would lose it.
    assert_eq!(f16_f16(&ones, &ones, &[[h(2048); 16]; 16])[0][0], h(2064));
    // bfloat16 has 8 bits: 256 + 16.
    assert_eq!(bf16_bf16(&[[0x3f80; 16]; 16], &[[0x3f80; 16]; 16], &[[0x4380; 16]; 16])[0][0], 0x4388);
}

#[test]
fn layouts_are_those_of_amds_calculator() {
    // Wave32: row = 2 v + (lane >= 16), column = lane mod 16; wave64: row = 4 v + lane / 16.
    assert_eq!(accumulator_element(Wave::Wave32, 3, 17), (7, 1));
    assert_eq!(accumulator_element(Wave::Wave64, 3, 50), (15, 2));
    // f16 A: k = 2 v + half; bytes 4 v + slot; nibbles 8 v + slot.
    assert_eq!(Factor::Bits16.element(7, 1, 5), (5, 15));
    assert_eq!(Factor::Bits8.element(2, 3, 21), (5, 11));
    assert_eq!(Factor::Bits4.element(1, 6, 40), (8, 14));
    assert_eq!([Factor::Bits16, Factor::Bits8, Factor::Bits4].map(Factor::vgprs), [8, 4, 2]);
    for wave in [Wave::Wave32, Wave::Wave64] {
        let mut seen = [[0; 16]; 16];
        for vgpr in 0..wave.accumulator_vgprs() {
            for lane in 0..wave.lanes() {
                let (row, column) = accumulator_element(wave, vgpr, lane);
                assert_eq!(accumulator_place(wave, row, column), (vgpr, lane));
                seen[row as usize][column as usize] += 1;
            }
        }
        assert_eq!(seen, [[1; 16]; 16]);
    }
    for factor in [Factor::Bits16, Factor::Bits8, Factor::Bits4] {
        let mut seen = [[0; 16]; 16];
        for vgpr in 0..factor.vgprs() {
            for (slot, lane) in (0..32 / factor.bits()).flat_map(|slot| (0..16).map(move |lane| (slot, lane))) {
                let (row, k) = factor.element(vgpr, slot, lane);
                assert_eq!(factor.element(vgpr, slot, lane + 16), (row, k));
                assert_eq!(factor.place(row, k), (vgpr, slot, lane));
                seen[row as usize][k as usize] += 1;
            }
        }
        assert_eq!(seen, [[1; 16]; 16]);
    }
}

#[test]
fn halves_of_accumulators() {
    assert_eq!((half(0x1234_5678, false), half(0x1234_5678, true)), (0x5678, 0x1234));
    assert_eq!(
        (with_half(0x1234_5678, false, 0xabcd), with_half(0x1234_5678, true, 0xabcd)),
        (0x1234_abcd, 0xabcd_5678)
    );
}

//! Kernels that clang 19 compiled at -O2, run over whole workgroups; the tests compute their results again.
//!
//! `kernels/kernels.hex` is the `.text` of `kernels/kernels.cl`, made by
//! `clang-19 -x cl -cl-std=CL2.0 -Xclang -finclude-default-header -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib -O2
//! -cl-fp32-correctly-rounded-divide-sqrt -mcode-object-version=5 -c`. Their descriptors ask for 15 user SGPRs with the
//! kernel arguments' address in s[0:1], so that the workgroup's number is in s15, and for kept denormals.
#![allow(clippy::unwrap_used)]

use sparkle_rdna3::Target;
use sparkle_vgpu::shader::{PageTable, Permissions, Program, Silent, Wave, Workgroup};

const CODE: &str = include_str!("kernels/kernels.hex");
/// Byte offsets of the kernels in the code, from its symbol table.
const DIVIDE: usize = 0;
const DIVIDE_U64: usize = 0x300;
const REDUCE: usize = 0xb00;
const DIVERGE: usize = 0xe00;
const HALVES: usize = 0x1100;

const KERNARG: u64 = 0x1000;
const MODE: u32 = 0x3f0;

fn program() -> Program {
    let digits: String = CODE.split_whitespace().collect();
    let words: Vec<u32> = (0..digits.len() / 8)
        .map(|at| u32::from_str_radix(&digits[at * 8..at * 8 + 8], 16).unwrap().swap_bytes())
        .collect();
    Program::new(&words, 0x8_0000_0000, Target::GFX1100)
}

/// Memory with a buffer for each argument, which is its address.
struct Bench {
    memory: PageTable,
    buffers: Vec<u64>,
}

impl Bench {
    fn new(contents: &[Vec<u8>], scalars: &[u32]) -> Self {
        let mut memory = PageTable::default();
        let mut kernarg = Vec::new();
        let mut buffers = Vec::new();
        for (va, bytes) in (1u64..).map(|n| n << 32).zip(contents) {
            assert!(memory.map(va, bytes, Permissions::ALL));
            kernarg.extend(va.to_le_bytes());
            buffers.push(va);
        }
        kernarg.extend(scalars.iter().flat_map(|scalar| scalar.to_le_bytes()));
        assert!(memory.map(KERNARG, &kernarg, Permissions::READ));
        Self { memory, buffers }
    }

    /// Runs `groups` workgroups of `waves` waves.
    fn run(&self, entry: usize, groups: u32, waves: u32) {
        let program = program();
        for group in 0..groups {
            let waves = (0..waves)
                .map(|id| {
                    let mut wave = Wave::new(false, MODE);
                    wave.id = id;
                    wave.pc = entry / 4;
                    wave.set_scalar64(0, KERNARG);
                    wave.set_scalar(15, group);
                    (0..32).for_each(|lane| wave.set_lane(0, lane, id * 32 + lane));
                    wave.scratch = vec![0; 32 * 64];
                    wave
                })
                .collect();
            Workgroup::new(waves, 256).run(&program, &self.memory, 1_000_000, &mut Silent).unwrap();
        }
    }

    fn words<const N: usize>(&self, buffer: usize, count: usize) -> Vec<[u8; N]> {
        self.memory.read(self.buffers[buffer], count * N).unwrap().as_chunks::<N>().0.to_vec()
    }
}

/// A sequence without pattern.
fn noise(count: usize) -> Vec<u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        })
        .collect()
}

fn flat<const N: usize>(values: impl IntoIterator<Item = [u8; N]>) -> Vec<u8> {
    values.into_iter().flatten().collect()
}

#[test]
fn floats_are_divided_to_the_last_bit() {
    let mut a: Vec<f32> = noise(128).iter().map(|&x| f32::from_bits(x as u32)).collect();
    let mut b: Vec<f32> = noise(256)[128..].iter().map(|&x| f32::from_bits(x as u32)).collect();
    let special = [0.0, -0.0, 1.0, 3.0, f32::INFINITY, f32::MIN_POSITIVE, 1e-45, f32::MAX, -7.0, f32::NAN];
    for (at, (x, y)) in special.iter().flat_map(|x| special.iter().map(move |y| (*x, *y))).take(100).enumerate() {
        (a[at], b[at]) = (x, y);
    }
    let bench = Bench::new(
        &[
            flat(a.iter().map(|x| x.to_le_bytes())),
            flat(b.iter().map(|x| x.to_le_bytes())),
            vec![0; 512],
            vec![0; 1024],
        ],
        &[],
    );
    bench.run(DIVIDE, 2, 2);
    let quotients = bench.words::<4>(2, 128);
    let doubles = bench.words::<8>(3, 128);
    for (at, (x, y)) in a.iter().zip(&b).enumerate() {
        let (found, want) = (f32::from_le_bytes(quotients[at]), x / y);
        assert!(found.to_bits() == want.to_bits() || found.is_nan() && want.is_nan(), "{x:e} / {y:e}: {found:e}");
        let (found, want) =
            (f64::from_le_bytes(doubles[at]), f64::from(*x) / f64::from(*y) + f64::from(*y).abs().sqrt());
        assert!(
            found.to_bits() == want.to_bits() || found.is_nan() && want.is_nan(),
            "{x:e}, {y:e}: {found:e}, not {want:e}"
        );
    }
}

#[test]
fn integers_of_64_bits_are_divided() {
    let a = noise(32);
    let b: Vec<u64> = noise(64)[32..].iter().zip(0..).map(|(x, shift)| (x >> (shift * 2)).max(1)).collect();
    let bench = Bench::new(
        &[flat(a.iter().map(|x| x.to_le_bytes())), flat(b.iter().map(|x| x.to_le_bytes())), vec![0; 256], vec![0; 256]],
        &[],
    );
    bench.run(DIVIDE_U64, 1, 1);
    let (unsigned, signed) = (bench.words::<8>(2, 32), bench.words::<8>(3, 32));
    for (at, (x, y)) in a.iter().zip(&b).enumerate() {
        assert_eq!(u64::from_le_bytes(unsigned[at]), (x / y) ^ (x % y), "{x} / {y}");
        assert_eq!(i64::from_le_bytes(signed[at]), *x as i64 / (*y | 1) as i64, "{x} / {y}, signed");
    }
}

#[test]
fn two_waves_reduce_through_lds() {
    let x: Vec<u32> = noise(192).iter().map(|&x| x as u32).collect();
    let bench = Bench::new(&[flat(x.iter().map(|x| x.to_le_bytes())), vec![0; 12], vec![0; 4]], &[]);
    bench.run(REDUCE, 3, 2);
    for (group, found) in x.chunks(64).zip(bench.words::<4>(1, 3)) {
        let want = group.iter().zip(0..).fold(0u32, |sum, (x, l)| sum.wrapping_add(x.wrapping_mul(3)).wrapping_add(l));
        assert_eq!(u32::from_le_bytes(found), want);
    }
    let total = x.iter().fold(0u32, |sum, x| sum.wrapping_add(*x));
    assert_eq!(u32::from_le_bytes(bench.words::<4>(2, 1)[0]), total);
}

#[test]
fn lanes_diverge_and_meet() {
    let bytes: Vec<u8> = noise(50).iter().map(|&x| (x >> 20) as u8).collect();
    let count = bytes.len();
    let bench = Bench::new(&[bytes.clone(), vec![0; 128]], &[count as u32]);
    bench.run(DIVERGE, 1, 1);
    for (l, found) in (0u32..).zip(bench.words::<4>(1, 32)) {
        let (mut n, mut steps) = (l + 1, 0u32);
        while n != 1 {
            n = if n & 1 != 0 { 3 * n + 1 } else { n / 2 };
            steps += 1;
        }
        let (mut sum, mut i) = (1u32, 0);
        while i < count {
            match bytes[(i + l as usize) % count] & 3 {
                0 => sum = sum.wrapping_mul(31).wrapping_add(l),
                1 => sum ^= sum << 5,
                2 => sum = sum.wrapping_sub(bytes[sum.wrapping_add(i as u32) as usize % count].into()),
                _ => sum = sum.rotate_right(3),
            }
            i += usize::from(bytes[i] & 3) + 1;
        }
        assert_eq!(u32::from_le_bytes(found), sum.wrapping_add(steps << 24), "lane {l}");
    }
}

#[test]
fn halves_and_scratch_work_together() {
    // Small integers and halves, whose products and sums are exact.
    let half = |x: i32| match x {
        0 => 0u16,
        _ => {
            let magnitude = x.unsigned_abs();
            let exponent = 31 - magnitude.leading_zeros();
            let fraction = (magnitude << (10 - exponent)) & 0x3ff;
            (if x < 0 { 0x8000 } else { 0 }) | ((exponent + 15) << 10 | fraction) as u16
        }
    };
    let a: Vec<i32> = (0..128).map(|n| n % 7 - 3).collect();
    let b: Vec<i32> = (0..128).map(|n| n % 5 - 2).collect();
    let order = [3u32, 1, 4, 7, 5, 0, 2, 6];
    let bytes = |values: &[i32]| flat(values.iter().map(|&x| half(x).to_le_bytes()));
    let bench = Bench::new(&[bytes(&a), bytes(&b), vec![0; 256], flat(order.map(u32::to_le_bytes))], &[]);
    bench.run(HALVES, 1, 1);
    for (at, found) in bench.words::<2>(2, 128).into_iter().enumerate() {
        let l = at / 4;
        let mut private = [0; 8];
        for (i, place) in order.iter().enumerate() {
            private[(*place as usize + l) & 7] = i as i32;
        }
        let want = (a[at] * b[at] + private[order[l & 7] as usize & 7]).max(-2);
        assert_eq!(u16::from_le_bytes(found), half(want), "element {at}");
    }
}

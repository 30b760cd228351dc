//! WMMA: registers of all lanes to matrices and back. EXEC does not matter.
//! Source: guide, section 7.9.

use sparkle_rdna3::Op;

use super::fetch::scalar32;
use crate::shader::isa::Handler;
use crate::shader::lane::dot::Signed;
use crate::shader::lane::wmma::{self, Factor, Matrix, accumulator_place, half, with_half};
use crate::shader::run::{Context, Flow};
use crate::shader::step::{From, Source, Step, flag};
use crate::shader::wave::Wave;

/// The bits of element (row or column, k) of a factor.
fn element(wave: &Wave, source: &Source, factor: Factor, row: usize, k: usize) -> u32 {
    let (vgpr, slot, lane) = factor.place(row as u32, k as u32); // CAST: below 16
    let register = wave.lane(source.index.wrapping_add(vgpr as u8), lane); // CAST: below 8
    register >> (slot * factor.bits()) & (u32::MAX >> (32 - factor.bits()))
}

/// A factor of 16-bit elements; NEG flips the signs of even k, NEG_HI of odd.
fn halves(wave: &Wave, source: &Source, columns: bool, neg: [bool; 2]) -> Matrix<u16> {
    matrix(|row, column| {
        let (at, k) = if columns { (column, row) } else { (row, column) };
        let flip = neg.get(k % 2).copied().unwrap_or(false);
        element(wave, source, Factor::Bits16, at, k) as u16 ^ if flip { 0x8000 } else { 0 } // CAST: 16 bits
    })
}

/// A factor of bytes or nibbles.
fn bytes(wave: &Wave, source: &Source, factor: Factor, columns: bool) -> Matrix<u8> {
    matrix(|row, column| {
        let (at, k) = if columns { (column, row) } else { (row, column) };
        element(wave, source, factor, at, k) as u8 // CAST: at most eight bits
    })
}

fn matrix<T: Copy + Default>(element: impl Fn(usize, usize) -> T) -> Matrix<T> {
    let mut out = [[T::default(); 16]; 16];
    for (row, cells) in out.iter_mut().enumerate() {
        for (column, cell) in cells.iter_mut().enumerate() {
            *cell = element(row, column);
        }
    }
    out
}

const fn size(wave: &Wave) -> wmma::Wave {
    if wave.is_wide() { wmma::Wave::Wave64 } else { wmma::Wave::Wave32 }
}

/// The register and lane of element (row, column) of C or D.
fn place(wave: &Wave, row: usize, column: usize) -> (u8, u32) {
    let (vgpr, lane) = accumulator_place(size(wave), row as u32, column as u32); // CAST: below 16
    (vgpr as u8, lane) // CAST: below 8
}

/// A register of C.
fn accumulator(wave: &Wave, source: &Source, row: usize, column: usize) -> u32 {
    let (vgpr, lane) = place(wave, row, column);
    if source.from == From::Vgpr { wave.lane(source.index.wrapping_add(vgpr), lane) } else { scalar32(wave, source) }
}

/// All of them.
pub(crate) struct Multiply;

impl Handler for Multiply {
    fn run(context: &mut Context<'_>, step: &Step) -> Flow {
        let wave = &mut *context.wave;
        let [a, b, c, ..] = &step.sources;
        let [op_sel, _, neg_lo, neg_hi] = step.more().packed;
        let bit = |bits: u8, at: u8| bits >> at & 1 != 0;
        let signs = |at| [bit(neg_lo, at), bit(neg_hi, at)];
        let signed = Signed { a: bit(neg_lo, 0), b: bit(neg_lo, 1) };
        let clamp = step.has(flag::CLAMP);
        // On C the bits mean negate and absolute.
        let [negate, absolute] = signs(2);
        let sign = |x: u32, top: u32| (if absolute { x & !top } else { x }) ^ if negate { top } else { 0 };
        let high = bit(op_sel, 2);
        let from_f32 = |wave: &Wave| matrix(|row, column| sign(accumulator(wave, c, row, column), 1 << 31));
        let from_f16 = |wave: &Wave| {
            matrix(|row, column| sign(half(accumulator(wave, c, row, column), high).into(), 1 << 15) as u16) // CAST: 16 bits
        };
        let from_int = |wave: &Wave| matrix(|row, column| accumulator(wave, c, row, column));
        let out: Result<Matrix<u32>, Matrix<u16>> = match step.op {
            Op::V_WMMA_F32_16X16X16_F16 => {
                Ok(wmma::f32_f16(&halves(wave, a, false, signs(0)), &halves(wave, b, true, signs(1)), &from_f32(wave)))
            }
            Op::V_WMMA_F32_16X16X16_BF16 => {
                Ok(wmma::f32_bf16(&halves(wave, a, false, signs(0)), &halves(wave, b, true, signs(1)), &from_f32(wave)))
            }
            Op::V_WMMA_F16_16X16X16_F16 => {
                Err(wmma::f16_f16(&halves(wave, a, false, signs(0)), &halves(wave, b, true, signs(1)), &from_f16(wave)))
            }
            Op::V_WMMA_BF16_16X16X16_BF16 => Err(wmma::bf16_bf16(
                &halves(wave, a, false, signs(0)),
                &halves(wave, b, true, signs(1)),
                &from_f16(wave),
            )),
            Op::V_WMMA_I32_16X16X16_IU8 => {
                let (a, b) = (bytes(wave, a, Factor::Bits8, false), bytes(wave, b, Factor::Bits8, true));
                Ok(wmma::i32_iu8(signed, clamp, &a, &b, &from_int(wave)))
            }
            _ => {
                let (a, b) = (bytes(wave, a, Factor::Bits4, false), bytes(wave, b, Factor::Bits4, true));
                Ok(wmma::i32_iu4(signed, clamp, &a, &b, &from_int(wave)))
            }
        };
        for row in 0..16 {
            for column in 0..16 {
                let (vgpr, lane) = place(wave, row, column);
                let index = step.to.wrapping_add(vgpr);
                let value = match &out {
                    Ok(words) => words[row][column],
                    Err(halves) => with_half(wave.lane(index, lane), high, halves[row][column]),
                };
                wave.set_lane(index, lane, value);
            }
        }
        Flow::Next
    }
}

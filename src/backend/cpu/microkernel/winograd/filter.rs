//! The filter transform `G g G'`: in f64, rounded once, several filters at a time.
#![allow(unsafe_code)]

use crate::backend::cpu::isa::Isa;
use crate::conv::WinogradTile;

/// Filters that are transformed together; `tile_n` is a multiple of it.
const LANES: usize = 8;
/// Taps of a filter.
pub(in crate::backend::cpu) const TAPS: usize = 9;

/// Floats of a cache line.
const LINE: usize = 16;
/// Input channels ahead of which matrices are fetched: there are too many of them for hardware to follow.
const AHEAD: usize = 3;

/// Filters to transform.
#[derive(Debug)]
pub(in crate::backend::cpu) struct FilterCall<'a, 'm> {
    /// `[input channel][tap][tile_n]`.
    pub taps: &'a [f32],
    pub tile_n: usize,
    /// A matrix `[input channel][tile_n]` for each product.
    pub matrices: &'a mut [&'m mut [f32]],
    /// Where the first channel's lanes lie in the matrices.
    pub at: usize,
}

/// Transforms filters.
pub(in crate::backend::cpu) fn transform_filters(isa: Isa, tile: WinogradTile, call: &mut FilterCall<'_, '_>) {
    match isa {
        // SAFETY: a backend is made with an ISA that was found available.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { avx512(tile, call) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { avx2(tile, call) },
        _ => portable(tile, call),
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn avx512(tile: WinogradTile, call: &mut FilterCall<'_, '_>) {
    portable(tile, call);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn avx2(tile: WinogradTile, call: &mut FilterCall<'_, '_>) {
    portable(tile, call);
}

#[inline(always)] // compiled for each ISA; the operations are the same
fn portable(tile: WinogradTile, call: &mut FilterCall<'_, '_>) {
    match tile {
        WinogradTile::F2 => walk::<4, 16>(WinogradTile::filter_f2, call),
        WinogradTile::F4 => walk::<6, 36>(WinogradTile::filter_f4, call),
    }
}

/// Transforms with `column`, which maps a filter's column to `T` values; `PRODUCTS` is `T` squared.
#[inline(always)]
fn walk<const T: usize, const PRODUCTS: usize>(
    column: impl Fn([f64; 3]) -> [f64; T] + Copy,
    call: &mut FilterCall<'_, '_>,
) {
    let tile_n = call.tile_n;
    let (mut filters, mut transformed) = ([[0.0; LANES]; TAPS], [[0.0; LANES]; PRODUCTS]);
    for (channel, taps) in call.taps.chunks_exact(TAPS * tile_n).enumerate() {
        for first in (0..tile_n).step_by(LANES) {
            for (filters, taps) in filters.iter_mut().zip(taps.chunks_exact(tile_n)) {
                filters.copy_from_slice(&taps[first..first + LANES]);
            }
            transform(column, &filters, &mut transformed);
            let at = call.at + channel * tile_n + first;
            for (matrix, lanes) in call.matrices.iter_mut().zip(&transformed) {
                if first.is_multiple_of(LINE) {
                    prefetch_to_write(matrix.as_ptr().wrapping_add(at + AHEAD * tile_n));
                }
                matrix[at..at + LANES].copy_from_slice(lanes);
            }
        }
    }
}

/// Brings the line at `address` into the first-level cache to write it; any address will do.
#[inline(always)]
fn prefetch_to_write(address: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every x86-64 CPU has the instruction, or takes it for one that does nothing; it never faults.
    unsafe {
        use core::arch::x86_64::{_MM_HINT_ET0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_ET0>(address.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = address;
}

/// Transforms a filter in each lane. Written so that compilers make vectors of the lanes: a loop over them with nothing but
/// arithmetic and fixed extents inside.
#[inline(always)]
fn transform<const T: usize, const PRODUCTS: usize>(
    column: impl Fn([f64; 3]) -> [f64; T],
    taps: &[[f32; LANES]; TAPS],
    transformed: &mut [[f32; LANES]; PRODUCTS],
) {
    for lane in 0..LANES {
        let mut columns = [[0.0; T]; 3];
        for s in 0..3 {
            columns[s] = column([f64::from(taps[s][lane]), f64::from(taps[3 + s][lane]), f64::from(taps[6 + s][lane])]);
        }
        for i in 0..T {
            let row = column([columns[0][i], columns[1][i], columns[2][i]]);
            for j in 0..T {
                transformed[i * T + j][lane] = row[j] as f32; // CAST: the one rounding
            }
        }
    }
}

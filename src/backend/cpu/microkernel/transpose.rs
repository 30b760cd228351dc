//! Transposition between planes and pixels, and of filters: a block of as many channels as a vector has lanes at a time.
//!
//! Contract of a [`Transposition`]: element `(i, j)` at `source + i * source_stride + j` goes to
//! `destination + j * destination_stride + i`, for `i < rows` and `j < columns`; the two don't overlap.
#![allow(unsafe_code)]

use crate::backend::cpu::isa::Isa;

/// A matrix to transpose. The module documentation says what each field must hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct Transposition {
    pub source: *const f32,
    pub source_stride: usize,
    pub rows: usize,
    pub columns: usize,
    pub destination: *mut f32,
    pub destination_stride: usize,
}

/// Transposes `rows` x `columns` floats of `source`, whose rows are `source_stride` apart, into `destination`, whose rows
/// are `destination_stride` apart.
///
/// # Panics
/// Where a slice doesn't hold its matrix.
pub(in crate::backend::cpu) fn transpose_into(
    isa: Isa,
    source: &[f32],
    source_stride: usize,
    [rows, columns]: [usize; 2],
    destination: &mut [f32],
    destination_stride: usize,
) {
    if rows == 0 || columns == 0 {
        return;
    }
    if destination_stride == 1 {
        assert!(rows == 1);
        return destination[..columns].copy_from_slice(&source[..columns]);
    }
    assert!(columns <= source_stride && (rows - 1) * source_stride + columns <= source.len());
    assert!(rows <= destination_stride && (columns - 1) * destination_stride + rows <= destination.len());
    let (source, destination) = (source.as_ptr(), destination.as_mut_ptr());
    let call = Transposition { source, source_stride, rows, columns, destination, destination_stride };
    // SAFETY: a backend is made with an ISA that was found available, and both slices hold their matrix, as
    // asserted; they can't overlap.
    unsafe { transpose(isa, &call) };
}

/// Transposes.
///
/// # Safety
/// The CPU must have `isa`, and the call must keep the module's contract.
pub(in crate::backend::cpu) unsafe fn transpose(isa: Isa, call: &Transposition) {
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe {
        match isa {
            Isa::Portable => blocks_portable(call),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => x86::blocks_avx2(call),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => x86::blocks_avx512(call),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => blocks_portable(call),
        }
    }
}

/// Blocks of 8 x 8, one element after the other.
///
/// # Safety
/// As [`transpose`].
unsafe fn blocks_portable(call: &Transposition) {
    for i in 0..call.rows {
        for j in 0..call.columns {
            // SAFETY: an element of the matrix (contract).
            unsafe {
                *call.destination.add(j * call.destination_stride + i) = *call.source.add(i * call.source_stride + j);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::Transposition;
    use core::arch::x86_64::*;

    /// Writes the walk over blocks of `LANES` x `LANES`, the last ones with masks.
    macro_rules! blocks {
        ($name:ident, $feature:literal, $lanes:expr, $zero:ident, $load_all:ident, $load:ident,
         $store_all:ident, $store:ident, $square:ident) => {
            /// # Safety
            /// As [`transpose`](super::transpose).
            #[target_feature(enable = $feature)]
            #[allow(clippy::needless_range_loop)]
            pub(super) unsafe fn $name(call: &Transposition) {
                for row in (0..call.rows).step_by($lanes) {
                    let rows = $lanes.min(call.rows - row);
                    for column in (0..call.columns).step_by($lanes) {
                        let columns = $lanes.min(call.columns - column);
                        if rows == $lanes && columns == $lanes {
                            let mut block = [$zero(); $lanes];
                            for i in 0..$lanes {
                                let at = (row + i) * call.source_stride + column;
                                // SAFETY: a vector of a row of the matrix (contract).
                                block[i] = unsafe { $load_all(call.source.add(at)) };
                            }
                            let block = $square(block);
                            for j in 0..$lanes {
                                // SAFETY: a vector of a row of the transposed matrix (contract).
                                unsafe {
                                    let to = call.destination.add((column + j) * call.destination_stride + row);
                                    $store_all(to, block[j]);
                                }
                            }
                            continue;
                        }
                        let mut block = [$zero(); $lanes];
                        for (i, vector) in block.iter_mut().enumerate() {
                            if i < rows {
                                let at = (row + i) * call.source_stride + column;
                                // SAFETY: `columns` elements of a row of the matrix (contract).
                                *vector = unsafe { $load(call.source.add(at), columns) };
                            }
                        }
                        let block = $square(block);
                        for (j, vector) in block.into_iter().enumerate() {
                            if j < columns {
                                // SAFETY: `rows` elements of a row of the transposed matrix (contract).
                                unsafe {
                                    let to = call.destination.add((column + j) * call.destination_stride + row);
                                    $store(to, rows, vector);
                                }
                            }
                        }
                    }
                }
            }
        };
    }

    /// # Safety
    /// `count` floats must be readable at `from`.
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn load_16(from: *const f32, count: usize) -> __m512 {
        let lanes = ((1_u32 << count) - 1) as __mmask16; // CAST: at most 16 lanes
        // SAFETY: a masked load touches no other lanes.
        unsafe { _mm512_maskz_loadu_ps(lanes, from) }
    }

    /// # Safety
    /// `count` floats must be writable at `to`.
    #[target_feature(enable = "avx512f")]
    #[inline]
    unsafe fn store_16(to: *mut f32, count: usize, vector: __m512) {
        if count == 16 {
            // SAFETY: 16 floats are writable.
            unsafe { _mm512_storeu_ps(to, vector) };
        } else {
            let lanes = ((1_u32 << count) - 1) as __mmask16; // CAST: at most 16 lanes
            // SAFETY: a masked store touches no other lanes.
            unsafe { _mm512_mask_storeu_ps(to, lanes, vector) };
        }
    }

    /// Interleaves pairs of vectors in four steps: single floats, pairs, then fours within and across halves.
    #[target_feature(enable = "avx512f")]
    #[inline]
    fn square_16(v: [__m512; 16]) -> [__m512; 16] {
        let mut a = v;
        for i in 0..8 {
            a[2 * i] = _mm512_unpacklo_ps(v[2 * i], v[2 * i + 1]);
            a[2 * i + 1] = _mm512_unpackhi_ps(v[2 * i], v[2 * i + 1]);
        }
        let double = |x: __m512| _mm512_castps_pd(x);
        let mut b = a;
        for i in 0..4 {
            for half in 0..2 {
                let [low, high] = [double(a[4 * i + half]), double(a[4 * i + 2 + half])];
                b[4 * i + 2 * half] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
                b[4 * i + 2 * half + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
            }
        }
        // `b[4 i + k]` holds columns k, k + 4, k + 8, k + 12 of rows 4 i .. 4 i + 4, a quarter each.
        let mut c = b;
        for k in 0..4 {
            for pair in 0..2 {
                let [low, high] = [b[8 * pair + k], b[8 * pair + 4 + k]];
                c[8 * pair + k] = _mm512_shuffle_f32x4::<0b10_00_10_00>(low, high);
                c[8 * pair + 4 + k] = _mm512_shuffle_f32x4::<0b11_01_11_01>(low, high);
            }
        }
        let mut d = c;
        for k in 0..4 {
            let [even, even_high, odd, odd_high] = [c[k], c[8 + k], c[4 + k], c[12 + k]];
            d[k] = _mm512_shuffle_f32x4::<0b10_00_10_00>(even, even_high);
            d[8 + k] = _mm512_shuffle_f32x4::<0b11_01_11_01>(even, even_high);
            d[4 + k] = _mm512_shuffle_f32x4::<0b10_00_10_00>(odd, odd_high);
            d[12 + k] = _mm512_shuffle_f32x4::<0b11_01_11_01>(odd, odd_high);
        }
        d
    }

    blocks!(
        blocks_avx512,
        "avx512f",
        16,
        _mm512_setzero_ps,
        _mm512_loadu_ps,
        load_16,
        _mm512_storeu_ps,
        store_16,
        square_16
    );

    /// # Safety
    /// `count` floats must be readable at `from`.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    unsafe fn load_8(from: *const f32, count: usize) -> __m256 {
        if count == 8 {
            // SAFETY: 8 floats are readable.
            return unsafe { _mm256_loadu_ps(from) };
        }
        let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let lanes = _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lane); // CAST: at most 8 lanes
        // SAFETY: a masked load touches no other lanes.
        unsafe { _mm256_maskload_ps(from, lanes) }
    }

    /// # Safety
    /// `count` floats must be writable at `to`.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    unsafe fn store_8(to: *mut f32, count: usize, vector: __m256) {
        if count == 8 {
            // SAFETY: 8 floats are writable.
            return unsafe { _mm256_storeu_ps(to, vector) };
        }
        let lane = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        let lanes = _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lane); // CAST: at most 8 lanes
        // SAFETY: a masked store touches no other lanes.
        unsafe { _mm256_maskstore_ps(to, lanes, vector) };
    }

    /// As `square_16`, with halves for quarters.
    #[target_feature(enable = "avx2,fma")]
    #[inline]
    fn square_8(v: [__m256; 8]) -> [__m256; 8] {
        let mut a = v;
        for i in 0..4 {
            a[2 * i] = _mm256_unpacklo_ps(v[2 * i], v[2 * i + 1]);
            a[2 * i + 1] = _mm256_unpackhi_ps(v[2 * i], v[2 * i + 1]);
        }
        let double = |x: __m256| _mm256_castps_pd(x);
        let mut b = a;
        for i in 0..2 {
            for half in 0..2 {
                let [low, high] = [double(a[4 * i + half]), double(a[4 * i + 2 + half])];
                b[4 * i + 2 * half] = _mm256_castpd_ps(_mm256_unpacklo_pd(low, high));
                b[4 * i + 2 * half + 1] = _mm256_castpd_ps(_mm256_unpackhi_pd(low, high));
            }
        }
        // `b[4 i + k]` holds columns k and k + 4 of rows 4 i .. 4 i + 4, a half each.
        let mut c = b;
        for k in 0..4 {
            c[k] = _mm256_permute2f128_ps::<0x20>(b[k], b[4 + k]);
            c[4 + k] = _mm256_permute2f128_ps::<0x31>(b[k], b[4 + k]);
        }
        c
    }

    blocks!(
        blocks_avx2,
        "avx2,fma",
        8,
        _mm256_setzero_ps,
        _mm256_loadu_ps,
        load_8,
        _mm256_storeu_ps,
        store_8,
        square_8
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every element arrives, and nothing else is touched.
    #[test]
    fn every_element_changes_places() {
        for isa in Isa::available() {
            for (rows, columns) in [(16, 16), (1, 1), (3, 40), (37, 5), (33, 31), (8, 8), (15, 17)] {
                let (source_stride, destination_stride) = (columns + 3, rows + 5);
                let source: Vec<_> = (0..rows * source_stride).map(|i| i as f32).collect();
                let mut got = vec![-1.0; columns * destination_stride];
                let mut want = got.clone();
                for i in 0..rows {
                    for j in 0..columns {
                        want[j * destination_stride + i] = source[i * source_stride + j];
                    }
                }
                let call = Transposition {
                    source: source.as_ptr(),
                    source_stride,
                    rows,
                    columns,
                    destination: got.as_mut_ptr(),
                    destination_stride,
                };
                // SAFETY: the ISA is available, and the two vectors hold the matrix and its transpose.
                unsafe { transpose(isa, &call) };
                assert_eq!(got, want, "{isa} {rows} x {columns}");
            }
        }
    }
}

//! Winograd's transforms and the products between them, a vector of channels at a time.
//!
//! Every ISA runs the same sequence of operations in every lane, so results don't depend on it. Contracts:
//! - [`InputCall`]: `pixels` holds the `t x t` pointers of a tile, row by row, each to `vectors` vectors of channels (of
//!   zeros where the pixel lies in the padding); `ahead` holds those of the tile to come, of which all columns but the
//!   first two are prefetched; `out` receives the products' inputs in `t x t` slabs, `slab` floats apart.
//! - [`OutputCall`]: `sums` holds `t x t` slabs of `vectors` vectors, `slab` floats apart. Of the `m x m` outputs those
//!   in the first `rows` and `columns` are stored at `out + i * row + j * column`. `bias`, if not null, is as long as
//!   the vectors; `relu` clamps after it.
//! - [`ProductCall`]: `a` holds the kernel's rows of `depth` floats, `a_stride` apart; `b` a panel `[depth][tile_n]`;
//!   `out` receives the kernel's rows of `tile_n` floats, `out_stride` apart, each the chain
//!   `acc = fma(a, b, acc)` from +0 over ascending depth. `prefetch` may be any address.

mod filter;
mod portable;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

pub(in crate::backend::cpu) use filter::{FilterCall, TAPS, transform_filters};

use crate::backend::cpu::isa::Isa;
use crate::conv::WinogradTile;

/// The input transform of a tile.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct InputCall {
    pub pixels: *const *const f32,
    pub ahead: *const *const f32,
    pub vectors: usize,
    pub out: *mut f32,
    pub slab: usize,
}

/// The output transform of a tile.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct OutputCall {
    pub sums: *const f32,
    pub slab: usize,
    pub vectors: usize,
    pub out: *mut f32,
    pub row: usize,
    pub column: usize,
    pub rows: usize,
    pub columns: usize,
    pub bias: *const f32,
    pub relu: bool,
}

/// Rows of one of the products.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct ProductCall {
    pub a: *const f32,
    pub a_stride: usize,
    pub depth: usize,
    pub b: *const f32,
    pub out: *mut f32,
    pub out_stride: usize,
    pub prefetch: *const f32,
}

/// An input transform.
///
/// # Safety
/// The CPU must have the kernel's ISA and the call must keep the module's contract.
pub(in crate::backend::cpu) type InputKernel = unsafe fn(&InputCall);
/// An output transform.
///
/// # Safety
/// As [`InputKernel`].
pub(in crate::backend::cpu) type OutputKernel = unsafe fn(&OutputCall);
/// A product of some rows with a panel.
///
/// # Safety
/// As [`InputKernel`].
pub(in crate::backend::cpu) type ProductKernel = unsafe fn(&ProductCall);

/// The kernels of one ISA for one size of tile.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct WinogradKernels {
    /// Floats of a vector.
    pub lanes: usize,
    pub input: InputKernel,
    pub output: OutputKernel,
    /// The product of `1 + index` rows with a panel.
    pub products: &'static [ProductKernel],
}

/// The kernels of `isa` with panels of `tile_n` channels, if it has them.
pub(in crate::backend::cpu) fn find(isa: Isa, tile: WinogradTile, tile_n: usize) -> Option<WinogradKernels> {
    match isa {
        Isa::Portable => portable::kernels(tile, tile_n),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::kernels(tile, tile_n),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::kernels(tile, tile_n),
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => None,
    }
}

/// Writes `kernels` for an ISA: the rows that exist for each width of a panel, in vectors.
macro_rules! winograd_table {
    ($lanes:expr; $($vectors:literal: $($rows:literal)+;)+) => {
        /// The kernels for panels of `tile_n` channels.
        pub(super) fn kernels(tile: WinogradTile, tile_n: usize) -> Option<WinogradKernels> {
            let products: &'static [ProductKernel] = match tile_n {
                $(_ if tile_n == $vectors * $lanes => &[$(product::<$rows, $vectors>),+],)+
                _ => return None,
            };
            Some(match tile {
                WinogradTile::F2 => WinogradKernels { lanes: $lanes, input: input_f2, output: output_f2, products },
                WinogradTile::F4 => WinogradKernels { lanes: $lanes, input: input_f4, output: output_f4, products },
            })
        }
    };
}
use winograd_table;

/// Writes the kernels of an ISA from its vector operations. A macro for the reason that `tile_kernels` is one. In
/// brackets the attributes of every function.
macro_rules! winograd_kernels {
    (
        [$(#[$attribute:meta])*], $vector:ty, $lanes:expr, $zero:ident, $load:ident, $store:ident, $splat:ident,
        $fma:ident, $mul:ident, $add:ident, $sub:ident, $max:ident, $prefetch:ident, $prefetch_l2:ident, $prefetch_write:ident
    ) => {
        /// `B' d` of F(2, 3): points 0, 1, -1, infinity.
        $(#[$attribute])*
        #[inline]
        fn forward_f2(d: [$vector; 4]) -> [$vector; 4] {
            [$sub(d[0], d[2]), $add(d[1], d[2]), $sub(d[2], d[1]), $sub(d[3], d[1])]
        }

        /// `A' m` of F(2, 3).
        $(#[$attribute])*
        #[inline]
        fn inverse_f2(m: [$vector; 4]) -> [$vector; 2] {
            let (sum, difference) = ($add(m[1], m[2]), $sub(m[1], m[2]));
            [$add(m[0], sum), $add(difference, m[3])]
        }

        /// `B' d` of F(4, 3): points 0, 1/2, -1/2, 3/2, -3/2, infinity.
        $(#[$attribute])*
        #[inline]
        fn forward_f4(d: [$vector; 6]) -> [$vector; 6] {
            let (odd, even) = ($fma($splat(-2.25), d[1], d[3]), $fma($splat(-2.25), d[2], d[4]));
            let (far_odd, far_even) = ($fma($splat(-0.25), d[1], d[3]), $fma($splat(-0.25), d[2], d[4]));
            [
                $fma($splat(0.5625), d[0], $fma($splat(-2.5), d[2], d[4])),
                $fma($splat(0.5), odd, even),
                $fma($splat(-0.5), odd, even),
                $fma($splat(1.5), far_odd, far_even),
                $fma($splat(-1.5), far_odd, far_even),
                $fma($splat(0.5625), d[1], $fma($splat(-2.5), d[3], d[5])),
            ]
        }

        /// `A' m` of F(4, 3).
        $(#[$attribute])*
        #[inline]
        fn inverse_f4(m: [$vector; 6]) -> [$vector; 4] {
            let (sum, difference) = ($add(m[1], m[2]), $sub(m[1], m[2]));
            let (far_sum, far_difference) = ($add(m[3], m[4]), $sub(m[3], m[4]));
            [
                $add($add(m[0], sum), far_sum),
                $fma($splat(1.5), far_difference, $mul($splat(0.5), difference)),
                $fma($splat(2.25), far_sum, $mul($splat(0.25), sum)),
                $fma($splat(3.375), far_difference, $fma($splat(0.125), difference, m[5])),
            ]
        }

        winograd_kernels!(@transforms [$(#[$attribute])*], $vector, $lanes, $zero, $load, $store, $add, $max, $prefetch, $prefetch_write,
            input_f2, output_f2, forward_f2, inverse_f2, 4, 2);
        winograd_kernels!(@transforms [$(#[$attribute])*], $vector, $lanes, $zero, $load, $store, $add, $max, $prefetch, $prefetch_write,
            input_f4, output_f4, forward_f4, inverse_f4, 6, 4);

        /// `MR` rows meet `NV` vectors of output channels.
        ///
        /// # Safety
        /// As [`ProductKernel`](super::ProductKernel).
        $(#[$attribute])*
        #[allow(clippy::needless_range_loop)]
        unsafe fn product<const MR: usize, const NV: usize>(call: &ProductCall) {
            let mut acc = [[$zero(); NV]; MR];
            let mut rows = [core::ptr::null::<f32>(); MR];
            for i in 0..MR {
                // SAFETY: `a` holds `MR` rows (contract).
                rows[i] = unsafe { call.a.add(i * call.a_stride) };
            }
            let (mut panel, mut ahead) = (call.b, call.prefetch);
            for step in 0..call.depth {
                let mut b = [$zero(); NV];
                for j in 0..NV {
                    // SAFETY: the panel holds `tile_n` floats a step (contract).
                    b[j] = unsafe { $load(panel.add(j * $lanes)) };
                    $prefetch_l2(ahead.wrapping_add(j * $lanes));
                }
                for i in 0..MR {
                    // SAFETY: a row holds `depth` floats (contract).
                    let a = $splat(unsafe { *rows[i].add(step) });
                    for j in 0..NV {
                        acc[i][j] = $fma(a, b[j], acc[i][j]);
                    }
                }
                panel = panel.wrapping_add(NV * $lanes);
                ahead = ahead.wrapping_add(NV * $lanes);
            }
            for i in 0..MR {
                for j in 0..NV {
                    // SAFETY: `out` holds `MR` rows of `tile_n` floats (contract).
                    unsafe { $store(call.out.add(i * call.out_stride + j * $lanes), acc[i][j]) };
                }
            }
        }
    };

    (
        @transforms [$(#[$attribute:meta])*], $vector:ty, $lanes:expr, $zero:ident, $load:ident, $store:ident,
        $add:ident, $max:ident, $prefetch:ident, $prefetch_write:ident, $input:ident, $output:ident, $forward:ident, $inverse:ident, $t:literal, $m:literal
    ) => {
        /// `B' d B` of a tile.
        ///
        /// # Safety
        /// As [`InputKernel`](super::InputKernel).
        $(#[$attribute])*
        #[allow(clippy::needless_range_loop)]
        unsafe fn $input(call: &InputCall) {
            for vector in 0..call.vectors {
                let at = vector * $lanes;
                let mut half = [[$zero(); $t]; $t];
                for j in 0..$t {
                    let mut column = [$zero(); $t];
                    for i in 0..$t {
                        // SAFETY: `pixels` holds `t x t` pointers, each to `vectors` vectors (contract).
                        column[i] = unsafe { $load((*call.pixels.add(i * $t + j)).add(at)) };
                    }
                    let column = $forward(column);
                    for i in 0..$t {
                        half[i][j] = column[i];
                    }
                }
                for i in 0..$t {
                    for j in 2..$t {
                        // SAFETY: `ahead` holds `t x t` pointers (contract).
                        $prefetch(unsafe { *call.ahead.add(i * $t + j) }.wrapping_add(at));
                    }
                    let row = $forward(half[i]);
                    for j in 0..$t {
                        // SAFETY: `out` holds `t x t` slabs of `vectors` vectors (contract).
                        unsafe { $store(call.out.add((i * $t + j) * call.slab + at), row[j]) };
                    }
                }
            }
        }

        /// `A' M A` of a tile, bias and relu.
        ///
        /// # Safety
        /// As [`OutputKernel`](super::OutputKernel).
        $(#[$attribute])*
        #[allow(clippy::needless_range_loop)]
        unsafe fn $output(call: &OutputCall) {
            for vector in 0..call.vectors {
                let at = vector * $lanes;
                let mut half = [[$zero(); $t]; $m];
                for j in 0..$t {
                    let mut column = [$zero(); $t];
                    for i in 0..$t {
                        // SAFETY: `sums` holds `t x t` slabs of `vectors` vectors (contract).
                        column[i] = unsafe { $load(call.sums.add((i * $t + j) * call.slab + at)) };
                    }
                    let column = $inverse(column);
                    for i in 0..$m {
                        half[i][j] = column[i];
                    }
                }
                let mut bias = $zero();
                if !call.bias.is_null() {
                    // SAFETY: a bias that is not null is as long as the vectors (contract).
                    bias = unsafe { $load(call.bias.add(at)) };
                }
                for i in 0..$m {
                    let row = $inverse(half[i]);
                    for j in 0..$m {
                        let mut sum = $add(row[j], bias);
                        if call.relu {
                            sum = $max($zero(), sum); // the second operand passes where it is NaN
                        }
                        let next = call.out.wrapping_add(i * call.row + ($m + j) * call.column + at);
                        $prefetch_write(next);
                        if i < call.rows && j < call.columns {
                            // SAFETY: `out` holds the outputs in the first `rows` and `columns` (contract).
                            unsafe { $store(call.out.add(i * call.row + j * call.column + at), sum) };
                        }
                    }
                }
            }
        }
    };
}
use winograd_kernels;

//! Lanewise kernels for groups of many channels: each input value meets several outputs, and arithmetic is the bound.
//!
//! `one_group` is for groups as wide as a vector: an input value goes to all lanes, which a load does by itself, and the
//! outputs of a tile take each step together. `quarters` is for groups of half as many channels. Zen 4 spreads a value
//! over a quarter of a vector beside its multiply-adds, but neither over a whole one nor two values by loads; and a weight
//! must meet several inputs, or loads are the bound. So four groups take two vectors, each with a quarter for each group.
#![allow(unsafe_code)]

/// The same pointer, of which the compiler knows nothing more.
#[inline(always)]
#[allow(clippy::pointers_in_nomem_asm_block)] // nothing is read or written through it
pub(super) fn opaque(pointer: *const f32) -> *const f32 {
    let mut hidden = pointer;
    // SAFETY: no instruction at all; a comment names the register.
    unsafe { core::arch::asm!("/* {0} */", inout(reg) hidden, options(pure, nomem, nostack, preserves_flags)) };
    hidden
}

/// Writes an ISA's kernels for groups of as many input channels as a vector has lanes, with its `#[target_feature]`.
macro_rules! one_group_kernel {
    ($lanes:expr, #[$feature:meta]) => {
        /// A group to a vector; any filter, stride and dilation.
        ///
        /// # Safety
        /// As [`StripKernel`](super::lanewise::StripKernel), for groups of as many input channels as there are lanes.
        #[$feature]
        #[allow(clippy::needless_range_loop, clippy::modulo_one)]
        unsafe fn one_group<const W: usize>(call: &StripCall) {
            const { assert!(1 < W && W <= 33) };
            let step = call.stride.wrapping_mul(call.column_stride);
            /// All channels of a tap for the output columns `$first..$end`.
            macro_rules! steps {
                ($acc:ident, $input:ident, $w:ident, $first:expr, $end:expr) => {{
                    // A base for every three columns, and no way to tell that they are steps apart: the compiler would
                    // keep a pointer for each column, most of them on the stack.
                    let mut bases = [$input; W];
                    for i in (0..W).step_by(3) {
                        let base = super::groups::opaque($input.wrapping_add(i.wrapping_mul(step)));
                        for at in i..W.min(i + 3) {
                            bases[at] = base;
                        }
                    }
                    for c in 0..$lanes {
                        // SAFETY: the panel holds a vector for each channel of the tap (contract).
                        let factor = unsafe { load($w.add(c * $lanes)) };
                        for i in $first..$end {
                            let at = bases[i].wrapping_add((i % 3).wrapping_mul(step)).wrapping_add(c);
                            // SAFETY: a column inside the image, with a value for each channel (contract).
                            let x = unsafe { splat(*at) };
                            $acc[i] = fma(x, factor, $acc[i]);
                        }
                    }
                }};
            }
            strip_frame!(call, W, $lanes, 1, |input, weights, _lanes, acc| {
                let (mut row, mut w) = (input, weights);
                for _ in 0..call.filter_rows {
                    let mut first = row;
                    for tap in 0..call.filter_columns {
                        let inside = call.outputs_inside(tap);
                        match (inside.start, W - inside.end) {
                            (0, 0) => steps!(acc, first, w, 0, W),
                            (1, 0) => steps!(acc, first, w, 1, W),
                            (0, 1) => steps!(acc, first, w, 0, W - 1),
                            _ => {
                                unrolled!(i, {
                                    if i < W && inside.contains(&i) {
                                        for c in 0..$lanes {
                                            // SAFETY: as in `steps`.
                                            let factor = unsafe { load(w.add(c * $lanes)) };
                                            // SAFETY: likewise.
                                            let x = unsafe { splat(*first.wrapping_add(i.wrapping_mul(step) + c)) };
                                            acc[i] = fma(x, factor, acc[i]);
                                        }
                                    }
                                });
                            }
                        }
                        w = w.wrapping_add($lanes * $lanes);
                        first = first.wrapping_add(call.dilation.wrapping_mul(call.column_stride));
                    }
                    row = row.wrapping_add(call.row_stride);
                }
            });
        }
    };
}
pub(super) use one_group_kernel;

/// Writes an ISA's kernel for groups of eight channels, of which a vector holds two, with its `#[target_feature]`.
macro_rules! quarters_kernel {
    ($lanes:expr, #[$feature:meta]) => {
        /// Four groups of eight input and eight output channels in two vectors: quarter `q` of the first one sums the first
        /// four output channels of group `q`, of the second one the last four, so that both take the same spread inputs.
        /// `S` filter columns, any stride and dilation; seven output columns.
        ///
        /// # Safety
        /// As [`StripKernel`](super::lanewise::StripKernel), for such groups and weights in that order of lanes.
        #[$feature]
        #[allow(clippy::needless_range_loop, clippy::modulo_one)]
        unsafe fn quarters<const S: usize>(call: &StripCall) {
            const COLUMNS: usize = 7;
            const SUMS: usize = 2 * COLUMNS;
            const { assert!($lanes == 16) };
            let step = call.stride.wrapping_mul(call.column_stride);
            let nothing = [0.0_f32; 2 * $lanes];
            let mut inside = [(0, 0); S];
            for tap in 0..S {
                let outputs = call.outputs_inside(tap);
                inside[tap] = (outputs.start, COLUMNS - outputs.end);
            }
            /// All channels of a tap for the output columns `$first..$end`, each half of their inputs read by `$read`.
            macro_rules! steps {
                ($acc:ident, $w:ident, $first:literal..$end:literal, |$half:ident, $i:ident| $read:expr) => {{
                    unrolled!(@ $half, {
                        let mut x = [zero(); COLUMNS];
                        unrolled!(@ $i, {
                            if ($first..$end).contains(&$i) {
                                x[$i] = $read;
                            }
                        }, 0 1 2 3 4 5 6);
                        unrolled!(@ c, {
                            // SAFETY: the panel holds two vectors for each channel of the tap (contract).
                            let factors = unsafe { [load($w), load($w.add($lanes))] };
                            $w = $w.wrapping_add(2 * $lanes);
                            unrolled!(@ i, {
                                if ($first..$end).contains(&i) {
                                    let sums = [$acc[2 * i], $acc[2 * i + 1]];
                                    [$acc[2 * i], $acc[2 * i + 1]] = spread_fma(x[i], c, factors, sums);
                                }
                            }, 0 1 2 3 4 5 6);
                        }, 0 1 2 3);
                    }, 0 1);
                }};
            }
            strip_frame!(call, SUMS, $lanes, 2, |input, weights, lanes, acc| {
                let (mut row, mut w) = (input, weights);
                for _ in 0..call.filter_rows {
                    let mut first = row;
                    for tap in 0..S {
                        let at = |i: usize| first.wrapping_add(i.wrapping_mul(step));
                        macro_rules! whole {
                            ($first:literal..$end:literal) => {
                                steps!(acc, w, $first..$end, |half, i| {
                                    // SAFETY: columns inside the image, with all lanes of two vectors (contract).
                                    unsafe { half_of_groups(half, at(i)) }
                                })
                            };
                        }
                        match (inside[tap], lanes) {
                            ((0, 0), 32) => whole!(0..7),
                            ((1, 0), 32) => whole!(1..7),
                            ((0, 1), 32) => whole!(0..6),
                            ((before, after), _) => {
                                let read = [mask(lanes.min($lanes)), mask(lanes.saturating_sub($lanes))];
                                steps!(acc, w, 0..7, |half, i| {
                                    let at = if (before..COLUMNS - after).contains(&i) { at(i) } else { nothing.as_ptr() };
                                    // SAFETY: columns inside the image or `nothing`, with the lanes that the contract grants.
                                    unsafe { half_of_groups_masked(half, at, read) }
                                });
                            }
                        }
                        first = first.wrapping_add(call.dilation.wrapping_mul(call.column_stride));
                    }
                    row = row.wrapping_add(call.row_stride);
                }
                unrolled!(@ i, {
                    [acc[2 * i], acc[2 * i + 1]] = groups_in_order([acc[2 * i], acc[2 * i + 1]]);
                }, 0 1 2 3 4 5 6);
            });
        }
    };
}
pub(super) use quarters_kernel;

//! The lanewise kernels: a vector of output channels of whole groups meets its own groups' inputs.
//!
//! A [`StripCall`] computes a tile of neighbouring output columns of one row for a run of vectors. For a vector, each
//! input column under the tile is loaded once a filter row, spread over the lanes once a channel of the group, and met
//! by every output that sees it: for one output the filter rows, filter columns and channels ascend, as the exact maths
//! wants it (a group has at most 16 channels here, so there is one channel block). Columns in the padding are skipped.
//!
//! `sliding` is unrolled for a filter width, a stride and a size of group. `any_window` takes whatever comes and loads a
//! column again for every tap. For large groups there are [`groups`](super::groups).
#![allow(unsafe_code)]

use crate::plan::SlidingWindow;

/// A tile of output columns x a run of vectors. Lengths and strides are in floats.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct StripCall {
    /// The first vector's first input channel in column `left` of the first of the filter rows. Only columns inside the
    /// image are read, `left` itself need not be.
    pub input: *const f32,
    /// From a filter row to the next one, dilation included.
    pub row_stride: usize,
    /// From an input column to the next one.
    pub column_stride: usize,
    /// Filter rows to sum: those inside the image.
    pub filter_rows: usize,
    /// Input column under the first output column's first filter column; the image has columns `0..width`.
    pub left: isize,
    pub width: isize,
    /// Filter columns, input columns from an output column to the next, and from a filter column to the next.
    pub filter_columns: usize,
    pub stride: usize,
    pub dilation: usize,
    /// Input channels of a group.
    pub channels: usize,
    /// `channels` rows of a vector's lanes: the input lane that each output lane reads for that channel.
    pub spread: *const u32,
    /// How many panels, each of as many vectors as the kernel takes together, at least one.
    pub vectors: usize,
    /// Lanes used by a panel of the run and by its last one, of the input and of the output. No other lane of the
    /// input is read, none of the output is written.
    pub input_lanes: [usize; 2],
    pub output_lanes: [usize; 2],
    /// `[filter row][filter column][channel][lanes]` of the first panel, from the first of the filter rows on, aligned
    /// to a vector; the next panel's are `weights_stride` further on.
    pub weights: *const f32,
    pub weights_stride: usize,
    /// Output columns to store, at most the kernel's tile, `output_stride` apart.
    pub used: usize,
    pub output: *mut f32,
    pub output_stride: usize,
    /// Output rows, at least one, that lie alike: all have these filter rows inside the image. Their inputs lie
    /// `input_step` apart, their outputs `output_step`.
    pub rows: usize,
    pub input_step: usize,
    pub output_step: usize,
    /// `vectors` times a panel's lanes to add at the end; may be null.
    pub bias: *const f32,
    /// Bounds to clamp to after that; NaN passes.
    pub clamp: Option<[f32; 2]>,
    /// Store past the caches: all lanes are used, `output` and `output_stride` are aligned to a vector.
    pub streaming: bool,
    /// Input rows below the filter rows to prefetch.
    pub prefetch_rows: usize,
}

/// A lanewise kernel.
///
/// # Safety
/// The CPU must have the kernel's ISA, the call must hold what its fields promise, and a sliding kernel must meet the
/// filter width, stride and group that it was unrolled for, undilated.
pub(in crate::backend::cpu) type StripKernel = unsafe fn(&StripCall);

/// A row of an ISA's table.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct StripRow {
    pub tile_m: usize,
    /// Lanes of a panel.
    pub tile_n: usize,
    pub window: Option<SlidingWindow>,
    /// Whether the lanes of the weights are half a group a quarter.
    pub quarters: bool,
    pub kernel: StripKernel,
}

impl StripRow {
    /// The packed lane of each lane of the kernel's weights, where that is another one.
    pub(in crate::backend::cpu) fn lanes(&self) -> Option<Vec<usize>> {
        self.quarters.then(in_quarters)
    }
}

/// Lanes of four groups of eight channels, half a group a quarter: the first halves in one vector, the others in the next.
fn in_quarters() -> Vec<usize> {
    (0..32).map(|lane| lane % 16 / 4 * 8 + lane / 16 * 4 + lane % 4).collect()
}

/// The widest tile's input columns are bits of a word.
pub(super) const MAX_COLUMNS: usize = 40;

impl StripCall {
    /// Bit `i`: the tile reads its input column `i`, which lies in the image and under a window of `reach` columns.
    pub(super) fn columns_inside(&self, stride: usize, reach: usize) -> u64 {
        let under = ((self.used - 1) * stride + reach) as isize; // CAST: at most MAX_COLUMNS
        let below = |end: isize| (1_u64 << end.clamp(0, MAX_COLUMNS as isize)) - 1;
        below(under.min(self.width - self.left)) & !below(-self.left)
    }

    /// The output columns of the tile whose input column under filter column `tap` lies in the image.
    #[cfg(target_arch = "x86_64")]
    pub(super) fn outputs_inside(&self, tap: usize) -> core::ops::Range<usize> {
        let at = self.left.wrapping_add(tap.wrapping_mul(self.dilation) as isize); // CAST: in a padded tensor
        // Divisions only at the image's edges.
        let before = |edge: isize| if edge > at { (edge - at).unsigned_abs().div_ceil(self.stride) } else { 0 };
        let last = at.wrapping_add((self.used - 1).wrapping_mul(self.stride) as isize); // CAST: likewise
        let end = if last < self.width { self.used } else { before(self.width).min(self.used) };
        before(0).min(end)..end
    }
}

/// Repeats a block with `$i` = 0, 1, .. as a constant: a loop this long would not be unrolled, and then the accumulators
/// would live in memory.
macro_rules! unrolled {
    ($i:ident, $body:block) => {
        unrolled!(@ $i, $body, 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32)
    };
    (@ $i:ident, $body:block, $($n:literal)+) => {
        $({
            const COLUMN: usize = $n;
            let $i = COLUMN;
            $body
        })+
    };
}
pub(super) use unrolled;

/// Writes the frame of a lanewise kernel: for every output row and panel of `$vectors` vectors zeros, `$sum`, bias, clamp,
/// stores. The sums are `$w` vectors, those of an output column side by side. The ISA's operations are functions in scope:
/// `zero`, `splat`, `load`, `load_masked`, `store_masked`, `stream`, `mask`, `fma`, `add`, `min`, `max`, `lane_numbers`,
/// `spread`, `prefetch_row`.
macro_rules! strip_frame {
    ($call:ident, $w:ident, $lanes:expr, $vectors:literal, |$input:ident, $weights:ident, $read:ident, $acc:ident| $sum:block) => {
        for output_row in 0..$call.rows {
            let mut $input = $call.input.wrapping_add(output_row.wrapping_mul($call.input_step));
            let mut output = $call.output.wrapping_add(output_row.wrapping_mul($call.output_step));
            let (mut $weights, mut bias) = ($call.weights, $call.bias);
            for vector in 0..$call.vectors {
                let last = usize::from(vector + 1 == $call.vectors);
                let $read = $call.input_lanes[last];
                if $call.prefetch_rows > 0 {
                    for row in $call.filter_rows..$call.filter_rows + $call.prefetch_rows {
                        // No further than the image is wide, however large the stride.
                        for column in 0..$call.used.saturating_mul($call.stride).min($call.width.unsigned_abs()) {
                            let ahead = row.wrapping_mul($call.row_stride).wrapping_add(column * $call.column_stride);
                            // Not into the first level, which sees a whole row before it comes to them.
                            for v in 0..$vectors {
                                prefetch_row($input.wrapping_add(ahead + v * $lanes));
                            }
                        }
                    }
                }
                let mut $acc = [zero(); $w];
                $sum
                if !bias.is_null() {
                    let mut addends = [zero(); $vectors];
                    for v in 0..$vectors {
                        // SAFETY: a bias that is not null holds a panel's lanes for each panel (contract).
                        addends[v] = unsafe { load(bias.add(v * $lanes)) };
                    }
                    for i in 0..$w {
                        $acc[i] = add($acc[i], addends[i % $vectors]);
                    }
                    bias = bias.wrapping_add($vectors * $lanes);
                }
                if let Some([least, most]) = $call.clamp {
                    for sum in &mut $acc {
                        *sum = min(splat(most), max(splat(least), *sum)); // the second operand passes where it is NaN
                    }
                }
                let lanes = $call.output_lanes[last];
                unrolled!(i, {
                    let (column, v) = (i / $vectors, i % $vectors);
                    if i < $w && column < $call.used {
                        let at = output.wrapping_add(column * $call.output_stride + v * $lanes);
                        let lanes = lanes.saturating_sub(v * $lanes).min($lanes);
                        if $call.streaming {
                            // SAFETY: `used` columns may be written; all lanes, at aligned addresses (contract).
                            unsafe { stream(at, $acc[i]) };
                        } else {
                            // SAFETY: the vector's used lanes of `used` columns may be written (contract).
                            unsafe { store_masked(at, lanes, $acc[i]) };
                        }
                    }
                });
                $input = $input.wrapping_add($call.input_lanes[0]);
                $weights = $weights.wrapping_add($call.weights_stride);
                output = output.wrapping_add($call.output_lanes[0]);
            }
        }
    };
}
pub(super) use strip_frame;

/// Writes an ISA's kernel for any window, with the ISA's `#[target_feature]`.
macro_rules! any_window_kernel {
    ($lanes:expr $(, #[$feature:meta])?) => {
        /// Any filter width, stride, dilation and group.
        ///
        /// # Safety
        /// As [`StripKernel`].
        $(#[$feature])?
        #[allow(clippy::needless_range_loop, clippy::modulo_one)]
        unsafe fn any_window<const W: usize>(call: &StripCall) {
            strip_frame!(call, W, $lanes, 1, |input, weights, lanes, acc| {
                let read = mask(lanes);
                let (mut row, mut w) = (input, weights);
                for _ in 0..call.filter_rows {
                    for tap in 0..call.filter_columns {
                        for channel in 0..call.channels {
                            // SAFETY: the panel holds a vector for this step (contract).
                            let factor = unsafe { load(w) };
                            // SAFETY: `spread` holds a row for this channel (contract).
                            let lanes = unsafe { lane_numbers(call.spread.add(channel * $lanes)) };
                            w = w.wrapping_add($lanes);
                            for i in 0..W {
                                let column = i.wrapping_mul(call.stride).wrapping_add(tap.wrapping_mul(call.dilation));
                                let inside = (0..call.width).contains(&call.left.wrapping_add(column as isize)); // CAST: in a tensor
                                if i < call.used && inside {
                                    // SAFETY: inside the image, and `read` has the lanes that the contract grants.
                                    let x = unsafe { load_masked(row.wrapping_add(column * call.column_stride), read) };
                                    acc[i] = fma(spread(x, lanes), factor, acc[i]);
                                }
                            }
                        }
                    }
                    row = row.wrapping_add(call.row_stride);
                }
            });
        }
    };
}
pub(super) use any_window_kernel;

/// Writes an ISA's sliding kernels, with its `#[target_feature]`, and how many vectors of weights fit its registers
/// beside a tile.
#[cfg(target_arch = "x86_64")]
macro_rules! sliding_kernel {
    ($lanes:expr, $weight_registers:expr, #[$feature:meta]) => {
        /// `S` filter columns, output columns `STRIDE` apart, `C` channels a group (1: depthwise without a multiplier).
        ///
        /// # Safety
        /// As [`StripKernel`].
        #[$feature]
        #[allow(clippy::needless_range_loop, clippy::modulo_one)]
        unsafe fn sliding<const S: usize, const STRIDE: usize, const C: usize, const W: usize>(call: &StripCall) {
            const { assert!((W - 1) * STRIDE + S <= 33 && 33 <= super::lanewise::MAX_COLUMNS) };
            let keep = S * C <= $weight_registers;
            let columns = call.columns_inside(STRIDE, S);
            let mut numbers = [lane_numbers_of_nothing(); C];
            if C > 1 {
                for c in 0..C {
                    // SAFETY: `spread` holds a row for each channel (contract).
                    numbers[c] = unsafe { lane_numbers(call.spread.add(c * $lanes)) };
                }
            }
            strip_frame!(call, W, $lanes, 1, |input, weights, lanes, acc| {
                let read = mask(lanes);
                let (mut row, mut w) = (input, weights);
                for _ in 0..call.filter_rows {
                    let mut kept = [[zero(); C]; S];
                    if keep {
                        for s in 0..S {
                            for c in 0..C {
                                // SAFETY: the panel holds `S` x `C` vectors a filter row (contract).
                                kept[s][c] = unsafe { load(w.add((s * C + c) * $lanes)) };
                            }
                        }
                    }
                    unrolled!(column, {
                        if column < (W - 1) * STRIDE + S && columns >> column & 1 != 0 {
                            // SAFETY: inside the image, and `read` has the lanes that the contract grants.
                            let x = unsafe { load_masked(row.wrapping_add(column * call.column_stride), read) };
                            for c in 0..C {
                                let x = if C > 1 { spread(x, numbers[c]) } else { x };
                                for s in 0..S {
                                    if column >= s && (column - s) % STRIDE == 0 && (column - s) / STRIDE < W {
                                        let factor = if keep {
                                            kept[s][c]
                                        } else {
                                            // SAFETY: as above.
                                            unsafe { load(w.add((s * C + c) * $lanes)) }
                                        };
                                        let i = (column - s) / STRIDE;
                                        acc[i] = fma(x, factor, acc[i]);
                                    }
                                }
                            }
                        }
                    });
                    row = row.wrapping_add(call.row_stride);
                    w = w.wrapping_add(S * C * $lanes);
                }
            });
        }
    };
}
#[cfg(target_arch = "x86_64")]
pub(super) use sliding_kernel;

/// Builds an ISA's table of lanewise kernels, a line each: `any W; sliding S stride STRIDE channels C x W;
/// one_group S stride STRIDE channels LANES x W; quarters S stride STRIDE channels 8 x 7`.
macro_rules! strip_table {
    (
        $lanes:expr;
        any $any:literal;
        $(sliding $s:literal stride $stride:literal channels $c:literal x $w:literal;)*
        $(one_group $gs:literal stride $gstride:literal channels $gc:literal x $gw:literal;)*
        $(quarters $qs:literal stride $qstride:literal channels 8 x 7;)*
    ) => {
        pub(super) const STRIPS: &[StripRow] = &[
            StripRow { tile_m: $any, tile_n: $lanes, window: None, quarters: false, kernel: any_window::<$any> },
            $(StripRow {
                tile_m: $w,
                tile_n: $lanes,
                window: Some(crate::plan::SlidingWindow::new($s, $stride, $c)),
                quarters: false,
                kernel: sliding::<$s, $stride, $c, $w>,
            },)*
            $(StripRow {
                tile_m: $gw,
                tile_n: $lanes,
                window: Some(crate::plan::SlidingWindow::new($gs, $gstride, $gc)),
                quarters: false,
                kernel: one_group::<$gw>,
            },)*
            $(StripRow {
                tile_m: 7,
                tile_n: 2 * $lanes,
                window: Some(crate::plan::SlidingWindow::new($qs, $qstride, 8).square()),
                quarters: true,
                kernel: quarters::<$qs>,
            },)*
        ];
    };
}
pub(super) use strip_table;

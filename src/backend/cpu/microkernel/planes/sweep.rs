//! Sweeps down a plane: for one output channel of few input channels, where each input vector serves several output
//! rows.
//!
//! A kernel computes a tile of output rows at a time: four rows two vectors wide, or eight rows of one vector where the
//! plane is no wider; [`ACCUMULATORS`] vectors in either case. It walks the input rows from the
//! top: each is loaded once for every step (column tap and channel), and meets the filter row of each output row that it
//! is under. So every output meets its filter rows in order, which is all that the exact maths asks for.
//!
//! Contract of [`SweepCall`]:
//! - `program` holds `rows` entries. For step `t`, column `x` and entry `e`, `input + e.input + steps[t] + x` must be
//!   readable, for all columns up to whole vectors of the tile.
//! - `weights` holds `step_count` floats from each of `e.weights` that is not [`NO_ROW`] on.
//! - Of the results, the first `output_rows` rows of `columns` floats are stored, `output_stride` floats apart.
//! - `bias` is added if `has_bias`; `relu` clamps after that.

/// Vectors of a tile: rows times vectors of columns.
pub(in crate::backend::cpu) const ACCUMULATORS: usize = 8;
/// The most output rows of a tile.
pub(in crate::backend::cpu) const MOST_ROWS: usize = 8;
/// The most vectors of columns of a tile.
pub(in crate::backend::cpu) const MOST_VECTORS: usize = 2;

/// In place of a filter row: the output row is not under this input row.
pub(in crate::backend::cpu) const NO_ROW: usize = usize::MAX;

/// An input row, and which filter row each output row meets in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend::cpu) struct SweepRow {
    /// Floats from the first input row under the first output row.
    pub input: usize,
    /// For each output row of the tile where its filter row starts in the weights, or [`NO_ROW`].
    pub weights: [usize; MOST_ROWS],
}

/// A sweep's work. The module documentation says what each field must hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct SweepCall {
    pub input: *const f32,
    pub program: *const SweepRow,
    pub rows: usize,
    pub steps: *const usize,
    pub step_count: usize,
    pub weights: *const f32,
    pub output: *mut f32,
    pub output_stride: usize,
    pub output_rows: usize,
    pub columns: usize,
    pub bias: f32,
    pub has_bias: bool,
    pub relu: bool,
}

/// A sweep.
///
/// # Safety
/// The CPU must have the kernel's ISA and the call must keep the module's contract.
pub(in crate::backend::cpu) type SweepKernel = unsafe fn(&SweepCall);

/// The sweeps of one shape.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct SweepKernels {
    /// Output rows of a tile.
    pub rows: usize,
    /// For any filter.
    pub(super) any: SweepKernel,
    /// For square filters of a single channel without dilation: size, stride between the rows, kernel.
    pub(super) squares: [(usize, usize, SweepKernel); 6],
}

impl SweepKernels {
    /// The kernel for a filter of `kernel` rows and columns over `channels`.
    pub(in crate::backend::cpu) fn find(
        &self,
        kernel: [usize; 2],
        row_stride: usize,
        row_dilation: usize,
        channels: usize,
    ) -> SweepKernel {
        let wanted = |(size, stride, _): &&(usize, usize, SweepKernel)| {
            kernel == [*size; 2] && row_stride == *stride && row_dilation == 1 && channels == 1
        };
        self.squares.iter().find(wanted).map_or(self.any, |(_, _, kernel)| *kernel)
    }
}

/// Writes `sweep` for an ISA from its vector operations. A macro for the reason that `tile_kernels` is one.
macro_rules! sweep_kernel {
    ([$($attributes:tt)*], $($operations:tt)*) => {
        // The input rows of the largest tile: eight rows, stride 2, seven filter rows.
        sweep_kernel!(@ [$($attributes)*], $($operations)*; 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20);
    };
    (
        @ [$(#[$attribute:meta])*], $lanes:expr, $zero:ident, $load:ident, $store:ident, $store_lanes:ident,
        $splat:ident, $fma:ident, $add:ident, $max:ident; $($y:literal)+
    ) => {
        /// Adds the bias, clamps, stores the used rows and columns.
        macro_rules! finish {
            ($call:ident, $acc:ident, $column:ident, $rows:ident, $vectors:ident) => {
            if $call.has_bias {
                let bias = $splat($call.bias);
                for i in 0..$rows {
                    for j in 0..$vectors {
                        $acc[i][j] = $add($acc[i][j], bias);
                    }
                }
            }
            if $call.relu {
                for i in 0..$rows {
                    for j in 0..$vectors {
                        $acc[i][j] = $max($zero(), $acc[i][j]); // the second operand passes where it is NaN
                    }
                }
            }
            for i in 0..$rows {
                if i < $call.output_rows {
                    for j in 0..$vectors {
                        let at = $column + j * $lanes;
                        let to = $call.output.wrapping_add(i * $call.output_stride + at);
                        let left = $call.columns.saturating_sub(at);
                        // SAFETY: columns below `columns` of rows below `output_rows` are writable (contract).
                        unsafe {
                            if left >= $lanes {
                                $store(to, $acc[i][j]);
                            } else {
                                $store_lanes(to, (1 << left) - 1, $acc[i][j]);
                            }
                        }
                    }
                }
            }
            };
        }

        /// The kernels for square filters.
        macro_rules! squares {
            ($rows:literal, $vectors:literal) => {
                [
                    (3, 1, square::<$rows, $vectors, 3, 1>),
                    (3, 2, square::<$rows, $vectors, 3, 2>),
                    (5, 1, square::<$rows, $vectors, 5, 1>),
                    (5, 2, square::<$rows, $vectors, 5, 2>),
                    (7, 1, square::<$rows, $vectors, 7, 1>),
                    (7, 2, square::<$rows, $vectors, 7, 2>),
                ]
            };
        }

        /// Four rows two vectors wide.
        pub(super) const WIDE: SweepKernels = SweepKernels {
            rows: 4,
            any: sweep::<4, 2>,
            squares: squares!(4, 2),
        };

        /// Eight rows of one vector.
        pub(super) const NARROW: SweepKernels = SweepKernels {
            rows: 8,
            any: sweep::<8, 1>,
            squares: squares!(8, 1),
        };

        /// All columns of `ROWS` output rows.
        ///
        /// # Safety
        /// As [`SweepKernel`].
        $(#[$attribute])*
        #[allow(clippy::needless_range_loop)]
        unsafe fn sweep<const ROWS: usize, const VECTORS: usize>(call: &SweepCall) {
            let mut column = 0;
            while column < call.columns {
                let mut acc = [[$zero(); VECTORS]; ROWS];
                for entry in 0..call.rows {
                    // SAFETY: `program` holds `rows` entries (contract).
                    let row = unsafe { &*call.program.add(entry) };
                    // SAFETY: the row and its columns are readable (contract).
                    let input = unsafe { call.input.add(row.input + column) };
                    for step in 0..call.step_count {
                        let mut x = [$zero(); VECTORS];
                        for j in 0..VECTORS {
                            // SAFETY: `steps` holds `step_count` entries, and what they name is readable (contract).
                            x[j] = unsafe { $load(input.add(*call.steps.add(step) + j * $lanes)) };
                        }
                        for i in 0..ROWS {
                            if row.weights[i] != NO_ROW {
                                // SAFETY: the weights hold a float for each step of a filter row (contract).
                                let w = $splat(unsafe { *call.weights.add(row.weights[i] + step) });
                                for j in 0..VECTORS {
                                    acc[i][j] = $fma(x[j], w, acc[i][j]);
                                }
                            }
                        }
                    }
                }
                finish!(call, acc, column, ROWS, VECTORS);
                column += VECTORS * $lanes;
            }
        }

        /// As `sweep`, for filters of `K` rows and columns of a single channel whose rows lie `STRIDE` output rows apart
        /// and no dilation between them: which rows meet is known, and no branch is left.
        ///
        /// # Safety
        /// As [`SweepKernel`], and the program must be that of such a filter.
        $(#[$attribute])*
        #[allow(clippy::needless_range_loop)]
        unsafe fn square<const ROWS: usize, const VECTORS: usize, const K: usize, const STRIDE: usize>(
            call: &SweepCall,
        ) {
            let mut column = 0;
            while column < call.columns {
                let mut acc = [[$zero(); VECTORS]; ROWS];
                $(
                    if $y < (ROWS - 1) * STRIDE + K {
                        // SAFETY: the program has an entry for each input row, which is readable (contract).
                        let input = unsafe { call.input.add((*call.program.add($y)).input + column) };
                        let mut x = [[$zero(); VECTORS]; K];
                        for t in 0..K {
                            for j in 0..VECTORS {
                                // SAFETY: there are `K` steps, and what they name is readable (contract).
                                x[t][j] = unsafe { $load(input.add(*call.steps.add(t) + j * $lanes)) };
                            }
                        }
                        for i in 0..ROWS {
                            if $y >= i * STRIDE && $y - i * STRIDE < K {
                                for t in 0..K {
                                    // SAFETY: the weights hold `K` x `K` floats (contract).
                                    let w = $splat(unsafe { *call.weights.add(($y - i * STRIDE) * K + t) });
                                    for j in 0..VECTORS {
                                        acc[i][j] = $fma(x[t][j], w, acc[i][j]);
                                    }
                                }
                            }
                        }
                    }
                )+
                finish!(call, acc, column, ROWS, VECTORS);
                column += VECTORS * $lanes;
            }
        }
    };
}
pub(super) use sweep_kernel;

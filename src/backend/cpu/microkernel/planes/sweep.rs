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

/// Writes `sweep` for an ISA from its vector operations. A macro for the reason that `tile_kernels` is one.
macro_rules! sweep_kernel {
    (
        [$(#[$attribute:meta])*], $lanes:expr, $zero:ident, $load:ident, $store:ident, $store_lanes:ident,
        $splat:ident, $fma:ident, $add:ident, $max:ident
    ) => {
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
                    for step in 0..call.step_count {
                        let mut x = [$zero(); VECTORS];
                        for j in 0..VECTORS {
                            // SAFETY: `steps` holds `step_count` entries, and what they name is readable (contract).
                            x[j] = unsafe {
                                $load(call.input.add(row.input + *call.steps.add(step) + column + j * $lanes))
                            };
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
                if call.has_bias {
                    let bias = $splat(call.bias);
                    for i in 0..ROWS {
                        for j in 0..VECTORS {
                            acc[i][j] = $add(acc[i][j], bias);
                        }
                    }
                }
                if call.relu {
                    for i in 0..ROWS {
                        for j in 0..VECTORS {
                            acc[i][j] = $max($zero(), acc[i][j]); // the second operand passes where it is NaN
                        }
                    }
                }
                for i in 0..ROWS {
                    if i < call.output_rows {
                        for j in 0..VECTORS {
                            let at = column + j * $lanes;
                            let to = call.output.wrapping_add(i * call.output_stride + at);
                            let left = call.columns.saturating_sub(at);
                            // SAFETY: columns below `columns` of rows below `output_rows` are writable (contract).
                            unsafe {
                                if left >= $lanes {
                                    $store(to, acc[i][j]);
                                } else {
                                    $store_lanes(to, (1 << left) - 1, acc[i][j]);
                                }
                            }
                        }
                    }
                }
                column += VECTORS * $lanes;
            }
        }
    };
}
pub(super) use sweep_kernel;

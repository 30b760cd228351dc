//! The register tiles: one [`TileCall`] computes `tile_m` output pixels x `tile_n` output channels.
//!
//! Every kernel follows the chain of the exact maths: accumulators start at +0 (or at what an earlier pass stored),
//! channel blocks ascend, within a block the taps in filter order, within a tap the channels; each step is one fused
//! multiply-add. Lanes and rows of a tile are independent chains, so a kernel's shape never changes a bit of the result.
//!
//! Contract of a kernel, for both families:
//! - `rows` holds `taps x tile_m` pointers; the one at `[t][i]` points at the run of pixel `i` under active tap `t`
//!   (at a run of zeros where that tap lies in the padding). Rows past `rows_used` must be readable and are not stored.
//! - A run is read at `x_offset + block * block_stride + step`, `step < block_len` (`tail_len` in the last, shorter
//!   block). [`Family::Broadcast`] reads one float a step; [`Family::Lanewise`] reads `tile_n` floats at
//!   `... + step * step_stride`.
//! - `weights` is a panel `[block][tap][step][tile_n]` over all `tap_count` taps, 64-byte aligned.
//! - `out` receives `rows_used` rows of `tile_n` floats, `out_stride` floats apart. It is read first if `resume`.
//! - `bias`, if not null, holds `tile_n` floats to add at the end; `relu` clamps after that.

mod activate;
mod portable;
pub(super) mod winograd;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

pub(super) use activate::activate;

use crate::backend::cpu::isa::Isa;
use crate::plan::Family;

/// One register tile's work. The module documentation says what each field must hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct TileCall {
    pub rows: *const *const f32,
    pub tap_ids: *const u32,
    pub taps: usize,
    pub tap_count: usize,
    pub x_offset: usize,
    pub full_blocks: usize,
    pub block_len: usize,
    pub tail_len: usize,
    pub block_stride: usize,
    pub step_stride: usize,
    pub weights: *const f32,
    pub out: *mut f32,
    pub out_stride: usize,
    pub rows_used: usize,
    pub resume: bool,
    pub bias: *const f32,
    pub relu: bool,
}

/// A register tile.
///
/// # Safety
/// The CPU must have the kernel's ISA and the call must keep the module's contract.
pub(super) type TileKernel = unsafe fn(&TileCall);

/// The kernel of a family and tile size, if `isa` has it.
pub(super) fn find(isa: Isa, family: Family, tile_m: usize, tile_n: usize) -> Option<TileKernel> {
    let table = match isa {
        Isa::Portable => portable::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::KERNELS,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::KERNELS,
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => return None,
    };
    table.iter().find(|row| (row.family, row.tile_m, row.tile_n) == (family, tile_m, tile_n)).map(|row| row.kernel)
}

/// A row of an ISA's kernel table.
struct KernelRow {
    family: Family,
    tile_m: usize,
    tile_n: usize,
    kernel: TileKernel,
}

/// Builds an ISA's table: `family M x vectors`, `LANES` floats a vector.
macro_rules! kernel_table {
    ($lanes:expr; broadcast: $($bm:literal x $bn:literal),+; lanewise: $($lm:literal x $ln:literal),+) => {
        pub(super) const KERNELS: &[KernelRow] = &[
            $(KernelRow { family: Family::Broadcast, tile_m: $bm, tile_n: $bn * $lanes, kernel: broadcast::<$bm, $bn> },)+
            $(KernelRow { family: Family::Lanewise, tile_m: $lm, tile_n: $ln * $lanes, kernel: lanewise::<$lm, $ln> },)+
        ];
    };
}
use kernel_table;

/// Writes the two families of an ISA from its five vector operations.
///
/// A macro, because a helper function without the ISA's target feature would neither be inlined nor keep vectors in
/// registers. Loops have constant bounds except over runs, so the accumulators stay in registers.
macro_rules! tile_kernels {
    ($feature:literal, $lanes:expr, $zero:ident, $load:ident, $store:ident, $splat:ident, $fma:ident, $add:ident, $max:ident) => {
        /// Walks blocks, taps and steps of a call; `$body` sees the run pointers and the weights of a step.
        macro_rules! walk {
                            ($call:ident, $mr:ident, $nv:ident, $run:ident, $step:ident, $w:ident, $body:block) => {
                                let mut block_offset = $call.x_offset;
                                let mut block_weights = $call.weights;
                                for block in 0..=$call.full_blocks {
                                    let len = if block < $call.full_blocks { $call.block_len } else { $call.tail_len };
                                    if len == 0 {
                                        break;
                                    }
                                    for tap in 0..$call.taps {
                                        // SAFETY: `rows` holds `taps` x `tile_m` pointers (contract).
                                        let rows = unsafe { $call.rows.add(tap * $mr) };
                                        // SAFETY: `tap_ids` holds `taps` numbers (contract).
                                        let tap_id = unsafe { *$call.tap_ids.add(tap) } as usize;
                                        let mut $run = [core::ptr::null::<f32>(); $mr];
                                        for i in 0..$mr {
                                            // SAFETY: `tile_m` pointers a tap, each to a run that reaches past `block_offset`.
                                            $run[i] = unsafe { (*rows.add(i)).add(block_offset) };
                                        }
                                        // SAFETY: the panel holds `tap_count` taps of `len` steps in this block.
                                        let mut $w = unsafe { block_weights.add(tap_id * len * $nv * $lanes) };
                                        for $step in 0..len {
                                            $body
                                            // SAFETY: at most one past the panel's end.
                                            $w = unsafe { $w.add($nv * $lanes) };
                                        }
                                    }
                                    block_offset += $call.block_stride;
                                    // SAFETY: at most one past the panel's end.
                                    block_weights = unsafe { block_weights.add($call.tap_count * len * $nv * $lanes) };
                                }
                            };
                        }

        /// Loads the accumulators of an earlier pass, or zeros.
        macro_rules! start {
            ($call:ident, $mr:ident, $nv:ident) => {{
                let mut acc = [[$zero(); $nv]; $mr];
                if $call.resume {
                    for i in 0..$mr {
                        if i < $call.rows_used {
                            for j in 0..$nv {
                                // SAFETY: `out` holds `rows_used` rows of `tile_n` floats (contract).
                                acc[i][j] = unsafe { $load($call.out.add(i * $call.out_stride + j * $lanes)) };
                            }
                        }
                    }
                }
                acc
            }};
        }

        /// Adds the bias, clamps, stores the used rows.
        macro_rules! finish {
            ($call:ident, $acc:ident, $mr:ident, $nv:ident) => {
                if !$call.bias.is_null() {
                    for j in 0..$nv {
                        // SAFETY: a bias that is not null holds `tile_n` floats (contract).
                        let bias = unsafe { $load($call.bias.add(j * $lanes)) };
                        for i in 0..$mr {
                            $acc[i][j] = $add($acc[i][j], bias);
                        }
                    }
                }
                if $call.relu {
                    for i in 0..$mr {
                        for j in 0..$nv {
                            $acc[i][j] = $max($zero(), $acc[i][j]); // the second operand passes where it is NaN
                        }
                    }
                }
                for i in 0..$mr {
                    if i < $call.rows_used {
                        for j in 0..$nv {
                            // SAFETY: `out` holds `rows_used` rows of `tile_n` floats (contract).
                            unsafe { $store($call.out.add(i * $call.out_stride + j * $lanes), $acc[i][j]) };
                        }
                    }
                }
            };
        }

        /// One input value of a pixel meets `NV` vectors of output channels.
        ///
        /// # Safety
        /// As [`TileKernel`].
        #[target_feature(enable = $feature)]
        #[allow(clippy::needless_range_loop)]
        unsafe fn broadcast<const MR: usize, const NV: usize>(call: &TileCall) {
            let mut acc = start!(call, MR, NV);
            walk!(call, MR, NV, run, step, w, {
                let mut b = [$zero(); NV];
                for j in 0..NV {
                    // SAFETY: the panel holds `tile_n` floats for this step (contract).
                    b[j] = unsafe { $load(w.add(j * $lanes)) };
                }
                for i in 0..MR {
                    // SAFETY: the run holds `len` floats from here (contract).
                    let a = unsafe { $splat(*run[i].add(step)) };
                    for j in 0..NV {
                        acc[i][j] = $fma(a, b[j], acc[i][j]);
                    }
                }
            });
            finish!(call, acc, MR, NV);
        }

        /// `NV` vectors of output channels meet their own inputs, lane by lane.
        ///
        /// # Safety
        /// As [`TileKernel`].
        #[target_feature(enable = $feature)]
        #[allow(clippy::needless_range_loop)]
        unsafe fn lanewise<const MR: usize, const NV: usize>(call: &TileCall) {
            let mut acc = start!(call, MR, NV);
            walk!(call, MR, NV, run, step, w, {
                for j in 0..NV {
                    // SAFETY: the panel holds `tile_n` floats for this step (contract).
                    let b = unsafe { $load(w.add(j * $lanes)) };
                    for i in 0..MR {
                        // SAFETY: the run holds `tile_n` floats for this step (contract).
                        let a = unsafe { $load(run[i].add(step * call.step_stride + j * $lanes)) };
                        acc[i][j] = $fma(a, b, acc[i][j]);
                    }
                }
            });
            finish!(call, acc, MR, NV);
        }
    };
}
use tile_kernels;

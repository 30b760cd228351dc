//! The register tiles of `tile_m` output pixels x `tile_n` output channels: one [`TileCall`] computes some that lie alike.
//!
//! Every kernel follows the chain of the exact maths: accumulators start at +0 (or at what an earlier pass stored),
//! channel blocks ascend, within a block the taps in filter order, within a tap the channels; each step is one fused
//! multiply-add. Lanes and rows of a tile are independent chains, so a kernel's shape never changes a bit of the result.
//!
//! [`Family::Lanewise`](crate::plan::Family::Lanewise) has kernels and a contract of its own, in [`lanewise`]. Contract of
//! a [`TileKernel`]:
//! - `rows` holds `taps x tile_m` addresses in memory whose provenance is exposed; the one at `[t][i]` is where the run of
//!   pixel `i` under active tap `t` starts (a run of zeros where that tap lies in the padding). Rows past `rows_used` must
//!   be readable and are not stored.
//! - A run is read at `x_offset + block * block_stride + step`, `step < block_len` (`tail_len` in the last, shorter
//!   block), one float a step.
//! - `active` names the taps; under a tap that leaves pixels out, their runs (of zeros) need not be read.
//! - `weights` are `panels` panels `[block][tap][step][tile_n]` over all `tap_count` taps, `panel_len` floats apart; the
//!   first is 64-byte aligned.
//! - Under each panel, `tiles` tiles alike are computed, one after the other: the inputs of the next lie `tile_step` floats
//!   after those of the last, the outputs `out_step`. All but a single one are whole: `rows_used` is `tile_m`.
//! - `out` receives `rows_used` rows a tile, `out_stride` floats apart, of `columns` floats: `tile_n` a panel, of the last
//!   perhaps fewer. If `resume`, it holds whole tiles and is read first. If `streaming`, every vector of it is aligned to
//!   its size, and whoever calls fences the stores.
//! - `ahead`, if not 0, is the distance in floats from a run to the one that the next tile reads there; under fresh taps
//!   of the first panel those are fetched, a cache line a block. It may lead anywhere.
//! - `bias`, if not null, holds `tile_n` floats a panel to add at the end; `relu` clamps after that.
#![allow(unsafe_code)]

mod activate;
mod call;
#[cfg(target_arch = "x86_64")]
mod groups;
mod lanewise;
pub(super) mod planes;
mod portable;
mod transpose;
pub(super) mod winograd;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

pub(super) use activate::activate;
pub(super) use call::{ActiveTap, LeftOut, TileCall};
pub(super) use lanewise::{StripCall, StripRow};
pub(super) use transpose::{Transposition, transpose, transpose_into};

use crate::backend::cpu::isa::Isa;
use crate::plan::SlidingWindow;
use call::Panel;

/// Floats of a cache line.
const LINE: usize = 16;

/// The run at an address of a call's `rows`.
#[inline(always)]
fn run_at(address: usize) -> *const f32 {
    core::ptr::with_exposed_provenance(address)
}

/// A register tile.
///
/// # Safety
/// The CPU must have the kernel's ISA and the call must keep the module's contract.
pub(super) type TileKernel = unsafe fn(&TileCall);

/// The broadcast kernel of a tile size, if `isa` has it.
pub(super) fn find_tile(isa: Isa, tile_m: usize, tile_n: usize) -> Option<TileKernel> {
    let (tiles, _) = tables(isa)?;
    tiles.iter().find(|row| (row.tile_m, row.tile_n) == (tile_m, tile_n)).map(|row| row.kernel)
}

/// Makes streamed stores of this thread visible to whoever sees what it does next.
pub(super) fn fence_streams() {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of x86-64.
    unsafe {
        core::arch::x86_64::_mm_sfence();
    }
}

/// The lanewise kernel for tiles of `tile` output columns and lanes that was unrolled for `window`, if
/// `isa` has it.
pub(super) fn find_strip(isa: Isa, tile: [usize; 2], window: Option<SlidingWindow>) -> Option<&'static StripRow> {
    let (_, strips) = tables(isa)?;
    strips.iter().find(|row| ([row.tile_m, row.tile_n], row.window) == (tile, window))
}

fn tables(isa: Isa) -> Option<(&'static [TileRow], &'static [StripRow])> {
    match isa {
        Isa::Portable => Some((portable::TILES, portable::STRIPS)),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => Some((avx2::TILES, avx2::STRIPS)),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => Some((avx512::TILES, avx512::STRIPS)),
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => None,
    }
}

/// A row of an ISA's table of broadcast kernels.
struct TileRow {
    tile_m: usize,
    tile_n: usize,
    kernel: TileKernel,
}

/// Builds an ISA's table: `M x vectors`, `LANES` floats a vector.
macro_rules! tile_table {
    ($lanes:expr; $($m:literal x $n:literal),+) => {
        pub(super) const TILES: &[TileRow] = &[
            $(TileRow { tile_m: $m, tile_n: $n * $lanes, kernel: broadcast::<$m, $n> },)+
        ];
    };
}
use tile_table;

/// Writes the broadcast kernels of an ISA from its vector operations.
///
/// A macro, because a helper function without the ISA's target feature would neither be inlined nor keep vectors in
/// registers. Loops have constant bounds except over runs, so the accumulators stay in registers; `$by_hand!` may put
/// assembly in the place of the steps of a run where the compiler lets them go.
macro_rules! tile_kernels {
    ($feature:literal, $lanes:expr, $zero:ident, $load:ident, $store:ident, $stream:ident, $splat:ident, $fma:ident, $add:ident, $max:ident, $by_hand:ident) => {
        /// Walks blocks and taps of a tile; `$steps` sees the run pointers, the weights and the count of steps.
        macro_rules! walk {
            ($call:ident, $start:expr, $panel:ident, $mr:ident, $nv:ident, $run:ident, $tap:ident, $len:ident, $w:ident, $steps:block) => {
                let mut block_offset = $start;
                let mut block_weights = $panel.weights;
                for block in 0..=$call.full_blocks {
                    let $len = if block < $call.full_blocks { $call.block_len } else { $call.tail_len };
                    if $len == 0 {
                        break;
                    }
                    for tap in 0..$call.taps {
                        // SAFETY: `rows` holds `taps` x `tile_m` addresses (contract).
                        let rows = unsafe { $call.rows.add(tap * $mr) };
                        // SAFETY: `active` holds `taps` taps (contract).
                        let $tap = unsafe { *$call.active.add(tap) };
                        let mut $run = [core::ptr::null::<f32>(); $mr];
                        for i in 0..$mr {
                            // SAFETY: `tile_m` addresses a tap, each of a run that reaches past `block_offset`.
                            $run[i] = unsafe { run_at(*rows.add(i)).offset(block_offset) };
                        }
                        if $panel.ahead != 0 && $tap.fresh {
                            for i in 0..$mr {
                                prefetch_outer($run[i].wrapping_offset($panel.ahead));
                            }
                        }
                        // SAFETY: the panel holds `tap_count` taps of `len` steps in this block.
                        let mut $w = unsafe { block_weights.add($tap.id as usize * $len * $nv * $lanes) };
                        $steps
                    }
                    block_offset += $call.block_stride as isize; // CAST: inside the input
                    // SAFETY: at most one past the panel's end.
                    block_weights = unsafe { block_weights.add($call.tap_count * $len * $nv * $lanes) };
                }
            };
        }

        /// As `walk` where a single tap makes a single run: what lies around it would cost as much as a short run.
        macro_rules! walk_run {
            ($call:ident, $start:expr, $panel:ident, $mr:ident, $run:ident, $len:ident, $w:ident, $steps:block) => {
                let mut $run = [core::ptr::null::<f32>(); $mr];
                for i in 0..$mr {
                    // SAFETY: `rows` holds a run for each pixel under the only tap, which reaches past `start` (contract).
                    $run[i] = unsafe { run_at(*$call.rows.add(i)).offset($start) };
                }
                let mut $w = $panel.weights;
                let mut left = $call.tail_len;
                while left > 0 {
                    let $len = if $panel.ahead == 0 { left } else { left.min(LINE) };
                    if $panel.ahead != 0 {
                        for i in 0..$mr {
                            prefetch_outer($run[i].wrapping_offset($panel.ahead));
                        }
                    }
                    $steps
                    for i in 0..$mr {
                        $run[i] = $run[i].wrapping_add($len);
                    }
                    left -= $len;
                }
            };
        }

        /// Loads the accumulators of an earlier pass, or zeros.
        macro_rules! start {
            ($call:ident, $out:ident, $mr:ident, $nv:ident) => {{
                let mut acc = [[$zero(); $nv]; $mr];
                if $call.resume {
                    for i in 0..$mr {
                        for j in 0..$nv {
                            // SAFETY: to resume, `out` holds `tile_m` rows of `tile_n` floats (contract).
                            acc[i][j] = unsafe { $load($out.add(i * $call.out_stride + j * $lanes)) };
                        }
                    }
                }
                acc
            }};
        }

        /// Adds the bias, clamps, stores the used rows. A loop over the accumulators that is not soon unrolled would keep
        /// them all in memory, so each does one simple thing.
        macro_rules! finish {
            ($call:ident, $panel:ident, $out:ident, $acc:ident, $mr:ident, $nv:ident) => {
                if !$panel.bias.is_null() {
                    for j in 0..$nv {
                        // SAFETY: a bias that is not null holds `tile_n` floats (contract).
                        let bias = unsafe { $load($panel.bias.add(j * $lanes)) };
                        for i in 0..$mr {
                            $acc[i][j] = $add($acc[i][j], bias);
                        }
                    }
                }
                if $call.relu {
                    let floor = fresh_zero();
                    for i in 0..$mr {
                        for j in 0..$nv {
                            $acc[i][j] = $max(floor, $acc[i][j]); // the second operand passes where it is NaN
                        }
                    }
                }
                if $call.rows_used != $mr {
                    let mut tile = [[[0.0_f32; $lanes]; $nv]; $mr];
                    for i in 0..$mr {
                        for j in 0..$nv {
                            // SAFETY: a vector.
                            unsafe { $store(tile[i][j].as_mut_ptr(), $acc[i][j]) };
                        }
                    }
                    for (i, row) in tile.iter().enumerate().take($call.rows_used) {
                        for (j, vector) in row.iter().enumerate() {
                            let left = $panel.columns.saturating_sub(j * $lanes).min($lanes);
                            let out = $out.wrapping_add(i * $call.out_stride + j * $lanes);
                            // SAFETY: `out` holds `rows_used` rows of `columns` floats (contract), and no more than the
                            // rest of the row is stored; `vector` is one.
                            unsafe { store_masked(out, left, $load(vector.as_ptr())) };
                        }
                    }
                } else if $panel.columns < $nv * $lanes {
                    for j in 0..$nv {
                        let left = $panel.columns.saturating_sub(j * $lanes).min($lanes);
                        for i in 0..$mr {
                            let out = $out.wrapping_add(i * $call.out_stride + j * $lanes);
                            // SAFETY: `out` holds `tile_m` rows of `columns` floats (contract), and no more than the rest
                            // of the row is stored.
                            unsafe { store_masked(out, left, $acc[i][j]) };
                        }
                    }
                } else if $call.streaming {
                    for i in 0..$mr {
                        for j in 0..$nv {
                            // SAFETY: `out` holds `tile_m` rows of `tile_n` floats, aligned (contract).
                            unsafe { $stream($out.add(i * $call.out_stride + j * $lanes), $acc[i][j]) };
                        }
                    }
                } else {
                    for i in 0..$mr {
                        for j in 0..$nv {
                            // SAFETY: `out` holds `tile_m` rows of `tile_n` floats (contract).
                            unsafe { $store($out.add(i * $call.out_stride + j * $lanes), $acc[i][j]) };
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
            /// All steps of a run for the pixels `$first..$end` of the tile.
            macro_rules! steps {
                ($acc:ident, $len:ident, $run:ident, $w:ident, $first:expr, $end:expr) => {
                    $by_hand!($acc, $len, $run, $w, MR, NV, $first, $end, {
                        for step in 0..$len {
                            for line in (0..NV * $lanes).step_by(LINE) {
                                prefetch_weights($w.wrapping_add(line));
                            }
                            let mut b = [$zero(); NV];
                            for j in 0..NV {
                                // SAFETY: the panel holds `tile_n` floats for this step (contract).
                                b[j] = unsafe { $load($w.add(j * $lanes)) };
                            }
                            for i in $first..$end {
                                // SAFETY: the run holds `len` floats from here (contract).
                                let a = unsafe { $splat(*$run[i].add(step)) };
                                for j in 0..NV {
                                    $acc[i][j] = $fma(a, b[j], $acc[i][j]);
                                }
                            }
                            // SAFETY: at most one past the panel's end.
                            $w = unsafe { $w.add(NV * $lanes) };
                        }
                    })
                };
            }
            let one_run = call.taps == 1 && call.tap_count == 1 && call.full_blocks == 0;
            for number in 0..call.panels {
                let panel = call.panel(number, NV * $lanes);
                let mut start = call.x_offset as isize; // CAST: inside the input
                let mut out = panel.out;
                for _ in 0..call.tiles {
                    let mut acc = start!(call, out, MR, NV);
                    if one_run {
                        walk_run!(call, start, panel, MR, run, len, w, { steps!(acc, len, run, w, 0, MR) });
                    } else {
                        walk!(call, start, panel, MR, NV, run, tap, len, w, {
                            // No more than `most_left_out(MR)`.
                            match tap.left_out {
                                LeftOut::First(1) if MR > 1 => steps!(acc, len, run, w, 1, MR),
                                LeftOut::First(2) if MR > 2 => steps!(acc, len, run, w, 2, MR),
                                LeftOut::First(3) if MR > 4 => steps!(acc, len, run, w, 3, MR),
                                LeftOut::First(4) if MR > 6 => steps!(acc, len, run, w, 4, MR),
                                LeftOut::Last(1) if MR > 1 => steps!(acc, len, run, w, 0, MR.saturating_sub(1)),
                                LeftOut::Last(2) if MR > 2 => steps!(acc, len, run, w, 0, MR.saturating_sub(2)),
                                LeftOut::Last(3) if MR > 4 => steps!(acc, len, run, w, 0, MR.saturating_sub(3)),
                                LeftOut::Last(4) if MR > 6 => steps!(acc, len, run, w, 0, MR.saturating_sub(4)),
                                _ => steps!(acc, len, run, w, 0, MR),
                            }
                        });
                    }
                    finish!(call, panel, out, acc, MR, NV);
                    start = start.wrapping_add(call.tile_step);
                    out = out.wrapping_add(call.out_step);
                }
            }
        }
    };
}
use tile_kernels;

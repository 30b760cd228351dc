//! The kernels in plain Rust: the definition of the result on every CPU.
#![allow(unsafe_code)]

use super::lanewise::{StripCall, StripRow, any_window_kernel, strip_frame, strip_table, unrolled};
use super::{Panel, TileCall, TileRow, run_at, tile_table};

/// Floats of a "vector" here; a multiple of what any target's registers hold.
pub(super) const LANES: usize = 16;

/// Walks the chain of tile `tile` under a panel of a call and hands each step's run offset and weights to `step`.
///
/// # Safety
/// As [`TileKernel`](super::TileKernel), for the pointers that are handed on.
#[inline(always)]
unsafe fn tile<const MR: usize, const WIDTH: usize>(
    call: &TileCall,
    panel: &Panel,
    tile: usize,
    step: impl Fn(*const f32, usize, &[f32; WIDTH], &mut [f32; WIDTH]),
) {
    let mut acc = [[0.0_f32; WIDTH]; MR];
    let start = call.x_offset as isize + tile as isize * call.tile_step; // CAST: inside the input
    let out = panel.out.wrapping_add(tile * call.out_step);
    if call.resume {
        for (i, row) in acc.iter_mut().enumerate().take(call.rows_used) {
            // SAFETY: `out` holds `rows_used` rows of `tile_n` = `WIDTH` floats (contract).
            *row = unsafe { out.add(i * call.out_stride).cast::<[f32; WIDTH]>().read_unaligned() };
        }
    }
    let mut block_weights = panel.weights;
    for block in 0..=call.full_blocks {
        let len = if block < call.full_blocks { call.block_len } else { call.tail_len };
        if len == 0 {
            break;
        }
        for tap in 0..call.taps {
            // SAFETY: `active` holds `taps` entries (contract).
            let tap_id = unsafe { (*call.active.add(tap)).id } as usize;
            // SAFETY: the panel holds `tap_count` taps of `len` steps in this block.
            let weights = unsafe { block_weights.add(tap_id * len * WIDTH) };
            for at in 0..len {
                // SAFETY: the panel is aligned and holds `WIDTH` floats for this step.
                let w = unsafe { &*weights.add(at * WIDTH).cast::<[f32; WIDTH]>() };
                for (i, row) in acc.iter_mut().enumerate() {
                    // SAFETY: `rows` holds `MR` addresses a tap, each of a run that reaches past this block.
                    let run = run_at(unsafe { *call.rows.add(tap * MR + i) });
                    let run = run.wrapping_offset(start + (block * call.block_stride) as isize); // CAST: inside the input
                    step(run, at, w, row);
                }
            }
        }
        // SAFETY: at most one past the panel's end.
        block_weights = unsafe { block_weights.add(call.tap_count * len * WIDTH) };
    }
    for (i, row) in acc.iter_mut().enumerate().take(call.rows_used) {
        for (lane, y) in row.iter_mut().enumerate() {
            if !panel.bias.is_null() {
                // SAFETY: a bias that is not null holds `tile_n` floats (contract).
                *y += unsafe { *panel.bias.add(lane) };
            }
            if call.relu {
                *y = crate::conv::epilogue::relu(*y);
            }
        }
        // SAFETY: `out` holds `rows_used` rows of `columns` floats, at most `WIDTH` (contract); `row` is this function's.
        unsafe { out.add(i * call.out_stride).copy_from_nonoverlapping(row.as_ptr(), panel.columns) };
    }
}

/// One input value of a pixel meets `LANES` output channels.
///
/// # Safety
/// As [`TileKernel`](super::TileKernel).
unsafe fn broadcast<const MR: usize, const NV: usize>(call: &TileCall) {
    const { assert!(NV == 1) };
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe {
        for panel in (0..call.panels).map(|number| call.panel(number, LANES)) {
            for number in 0..call.tiles {
                tile::<MR, LANES>(call, &panel, number, |run, step, w, row| {
                    // SAFETY: the run holds a float for each step (contract).
                    let a = *run.add(step);
                    for (y, w) in row.iter_mut().zip(w) {
                        *y = a.mul_add(*w, *y);
                    }
                });
            }
        }
    }
}

tile_table! {
    LANES; 4 x 1, 1 x 1
}

any_window_kernel!(LANES);

strip_table! {
    LANES;
    any 4;
}

// The operations of the lanewise kernels.

type Vector = [f32; LANES];

fn zero() -> Vector {
    [0.0; LANES]
}

fn splat(value: f32) -> Vector {
    [value; LANES]
}

/// The first `lanes`.
fn mask(lanes: usize) -> usize {
    lanes
}

/// # Safety
/// A vector may be read.
unsafe fn load(at: *const f32) -> Vector {
    // SAFETY: the caller's promise.
    unsafe { at.cast::<Vector>().read_unaligned() }
}

/// # Safety
/// The first `lanes` may be read.
unsafe fn load_masked(at: *const f32, lanes: usize) -> Vector {
    let mut value = zero();
    // SAFETY: the caller's promise; a vector has as many lanes.
    unsafe { at.copy_to_nonoverlapping(value.as_mut_ptr(), lanes.min(LANES)) };
    value
}

/// # Safety
/// The first `lanes` may be written.
unsafe fn store_masked(at: *mut f32, lanes: usize, value: Vector) {
    // SAFETY: the caller's promise; a vector has as many lanes.
    unsafe { at.copy_from_nonoverlapping(value.as_ptr(), lanes.min(LANES)) };
}

/// Plain Rust has no stores past the caches.
///
/// # Safety
/// A vector may be written.
unsafe fn stream(at: *mut f32, value: Vector) {
    // SAFETY: the caller's promise.
    unsafe { store_masked(at, LANES, value) };
}

fn fma(a: Vector, b: Vector, c: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane].mul_add(b[lane], c[lane]))
}

fn add(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| a[lane] + b[lane])
}

/// The second operand where the two don't compare.
fn min(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| if a[lane] < b[lane] { a[lane] } else { b[lane] })
}

/// The second operand where the two don't compare.
fn max(a: Vector, b: Vector) -> Vector {
    std::array::from_fn(|lane| if a[lane] > b[lane] { a[lane] } else { b[lane] })
}

/// # Safety
/// A vector of lane numbers may be read.
unsafe fn lane_numbers(at: *const u32) -> [u32; LANES] {
    // SAFETY: the caller's promise.
    unsafe { at.cast::<[u32; LANES]>().read_unaligned() }
}

/// Lane `l` of the result is lane `numbers[l]` of `value`.
fn spread(value: Vector, numbers: [u32; LANES]) -> Vector {
    numbers.map(|number| value[number as usize % LANES])
}

/// Plain Rust has no prefetch.
fn prefetch_row(_at: *const f32) {}

//! Register tiles in plain Rust: the definition of the result on every CPU.
#![allow(unsafe_code)]

use super::{KernelRow, TileCall, kernel_table};
use crate::plan::Family;

/// Floats of a "vector" here; a multiple of what any target's registers hold.
const LANES: usize = 16;

/// Walks the chain of a call and hands each step's run offset and weights to `step`.
///
/// # Safety
/// As [`TileKernel`](super::TileKernel), for the pointers that are handed on.
#[inline(always)]
unsafe fn tile<const MR: usize, const WIDTH: usize>(
    call: &TileCall,
    step: impl Fn(*const f32, usize, &[f32; WIDTH], &mut [f32; WIDTH]),
) {
    let mut acc = [[0.0_f32; WIDTH]; MR];
    if call.resume {
        for (i, row) in acc.iter_mut().enumerate().take(call.rows_used) {
            // SAFETY: `out` holds `rows_used` rows of `tile_n` = `WIDTH` floats (contract).
            *row = unsafe { call.out.add(i * call.out_stride).cast::<[f32; WIDTH]>().read_unaligned() };
        }
    }
    let mut panel = call.weights;
    for block in 0..=call.full_blocks {
        let len = if block < call.full_blocks { call.block_len } else { call.tail_len };
        if len == 0 {
            break;
        }
        for tap in 0..call.taps {
            // SAFETY: `active` holds `taps` entries (contract).
            let tap_id = unsafe { (*call.active.add(tap)).id } as usize;
            // SAFETY: the panel holds `tap_count` taps of `len` steps in this block.
            let weights = unsafe { panel.add(tap_id * len * WIDTH) };
            for at in 0..len {
                // SAFETY: the panel is aligned and holds `WIDTH` floats for this step.
                let w = unsafe { &*weights.add(at * WIDTH).cast::<[f32; WIDTH]>() };
                for (i, row) in acc.iter_mut().enumerate() {
                    // SAFETY: `rows` holds `MR` pointers a tap, each to a run that reaches past this block.
                    let run = unsafe { (*call.rows.add(tap * MR + i)).add(call.x_offset + block * call.block_stride) };
                    step(run, at, w, row);
                }
            }
        }
        // SAFETY: at most one past the panel's end.
        panel = unsafe { panel.add(call.tap_count * len * WIDTH) };
    }
    for (i, row) in acc.iter_mut().enumerate().take(call.rows_used) {
        for (lane, y) in row.iter_mut().enumerate() {
            if !call.bias.is_null() {
                // SAFETY: a bias that is not null holds `tile_n` floats (contract).
                *y += unsafe { *call.bias.add(lane) };
            }
            if call.relu {
                *y = crate::conv::epilogue::relu(*y);
            }
        }
        // SAFETY: `out` holds `rows_used` rows of `columns` floats, at most `WIDTH` (contract); `row` is this function's.
        unsafe { call.out.add(i * call.out_stride).copy_from_nonoverlapping(row.as_ptr(), call.columns) };
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
        tile::<MR, LANES>(call, |run, step, w, row| {
            // SAFETY: the run holds a float for each step (contract).
            let a = *run.add(step);
            for (y, w) in row.iter_mut().zip(w) {
                *y = a.mul_add(*w, *y);
            }
        });
    }
}

/// `LANES` output channels meet their own inputs.
///
/// # Safety
/// As [`TileKernel`](super::TileKernel).
unsafe fn lanewise<const MR: usize, const NV: usize>(call: &TileCall) {
    const { assert!(NV == 1) };
    // SAFETY: the caller's promise is the one that is asked for.
    unsafe {
        tile::<MR, LANES>(call, |run, step, w, row| {
            // SAFETY: the run holds `LANES` floats for each step (contract).
            let a = run.add(step * call.step_stride).cast::<[f32; LANES]>().read_unaligned();
            for ((y, a), w) in row.iter_mut().zip(a).zip(w) {
                *y = a.mul_add(*w, *y);
            }
        });
    }
}

kernel_table! {
    LANES;
    broadcast: 4 x 1, 1 x 1;
    lanewise: 4 x 1, 1 x 1
}

//! Register tiles of planes: a vector is neighbouring output pixels of one plane, weights are broadcast.
//!
//! A kernel computes `KR` output channels x up to `NR` pixel vectors by the chain of the exact maths: channel blocks
//! ascend, within a block the taps in filter order, within a tap the channels, one fused multiply-add each. Lanes are
//! independent chains, so a tile's shape never changes a bit of the result.
//!
//! Contract of [`PlaneCall`]:
//! - `vectors` holds as many entries as the kernel has vectors. Lane `l` of vector `v` reads, for channel `c` under tap
//!   `t`, `input + v.input + tap_offsets[t] + c * channel_stride + l`. All lanes must be readable, unless the kernel is a
//!   `masked` one: then only those in `v.lanes`.
//! - `weights` holds `[channel block][tap][channel][KR]`.
//! - Of the results, the first `channels_used` channels are stored: to `sums` as `[channel][vector][lane]` if it is not
//!   null, all lanes; else lane `l` of a vector's store `s` to `output + channel * output_stride + s.output + l`
//!   (wrapping), for the lanes in `s.lanes`. `whole` says that every vector has one store, of all lanes.
//! - `bias`, if not null, holds `KR` floats to add at the end; `relu` clamps after that.

mod portable;
pub(in crate::backend::cpu) mod sweep;

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;

use crate::backend::cpu::isa::Isa;
use sweep::{ACCUMULATORS, SweepKernels};

/// A vector of neighbouring positions in the memory that a kernel reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend::cpu) struct PixelVector {
    /// Floats from the start of the channel to lane 0 under the first tap.
    pub input: usize,
    /// Lanes that are output pixels, a bit each.
    pub lanes: u32,
    /// Where its stores start in the call's `stores`.
    pub first_store: usize,
    /// How many stores it takes: one for each output row that it covers.
    pub stores: usize,
}

/// The lanes of a vector that lie side by side in the output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend::cpu) struct PixelStore {
    /// Floats from the first output pixel to lane 0, which may not be one of `lanes` and lie before it.
    pub output: isize,
    /// The lanes, a bit each, all neighbours.
    pub lanes: u32,
}

/// One register tile's work. The module documentation says what each field must hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct PlaneCall {
    pub input: *const f32,
    pub vectors: *const PixelVector,
    pub stores: *const PixelStore,
    pub tap_offsets: *const usize,
    pub taps: usize,
    pub channels: usize,
    pub channel_stride: usize,
    pub weights: *const f32,
    pub output: *mut f32,
    pub output_stride: usize,
    pub sums: *mut f32,
    pub channels_used: usize,
    pub whole: bool,
    pub bias: *const f32,
    pub relu: bool,
}

/// A register tile.
///
/// # Safety
/// The CPU must have the kernel's ISA and the call must keep the module's contract.
pub(in crate::backend::cpu) type PlaneKernel = unsafe fn(&PlaneCall);

/// The two kernels of a tile.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct PlaneTile {
    /// Reads whole vectors.
    pub whole: PlaneKernel,
    /// Reads only the lanes that are output pixels.
    pub masked: PlaneKernel,
}

/// Copies rows of a plane, a phase of its columns at a time.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct RowCopy {
    /// First of `rows` source rows, `source_stride` floats apart. Only columns `0..width` are read.
    pub source: *const f32,
    pub source_stride: usize,
    pub width: usize,
    pub rows: usize,
    /// Source column of the first float of a destination row; columns outside the source become zeros.
    pub column: isize,
    /// Source columns from one float of a destination row to the next, at least 1.
    pub step: usize,
    /// First of `rows` destination rows of `len` floats, `destination_stride >= len` floats apart. Up to a vector past
    /// the last row may be overwritten.
    pub destination: *mut f32,
    pub destination_stride: usize,
    pub len: usize,
}

/// The kernels of one ISA with a certain number of output channels.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct PlaneKernels {
    /// Floats of a vector.
    pub lanes: usize,
    /// The tile of `1 + index` vectors.
    pub tiles: &'static [PlaneTile],
    /// Copies rows.
    pub copy: unsafe fn(&RowCopy),
}

/// The sweeps of one ISA.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct Sweeps {
    /// Floats of a vector.
    pub lanes: usize,
    /// For planes wider than a vector.
    pub wide: SweepKernels,
    /// For the others.
    pub narrow: SweepKernels,
    /// Copies rows.
    pub copy: unsafe fn(&RowCopy),
}

/// The sweeps of `isa`, if they compute tiles of `tile_m` pixels.
pub(in crate::backend::cpu) fn find_sweep(isa: Isa, tile_m: usize) -> Option<Sweeps> {
    let sweeps = match isa {
        Isa::Portable => portable::SWEEPS,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::SWEEPS,
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::SWEEPS,
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => return None,
    };
    Some(sweeps).filter(|sweeps| ACCUMULATORS * sweeps.lanes == tile_m)
}

/// The kernels of `isa` with `tile_n` output channels and up to `tile_m` pixels, if it has them.
pub(in crate::backend::cpu) fn find(isa: Isa, tile_m: usize, tile_n: usize) -> Option<PlaneKernels> {
    let kernels = match isa {
        Isa::Portable => portable::kernels(tile_n),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => avx2::kernels(tile_n),
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => avx512::kernels(tile_n),
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => None,
    };
    kernels.filter(|kernels| kernels.tiles.len() * kernels.lanes == tile_m)
}

/// Writes `kernels` for an ISA: the numbers of vectors that exist for each number of output channels.
macro_rules! plane_table {
    ($lanes:expr; $($channels:literal: $($vectors:literal)+;)+) => {
        /// The kernels with `tile_n` output channels.
        pub(super) fn kernels(tile_n: usize) -> Option<PlaneKernels> {
            let tiles: &'static [PlaneTile] = match tile_n {
                $($channels => &[$(PlaneTile {
                    whole: plane::<$channels, $vectors, false>,
                    masked: plane::<$channels, $vectors, true>,
                }),+],)+
                _ => return None,
            };
            Some(PlaneKernels { lanes: $lanes, tiles, copy: copy_rows })
        }

        /// The sweeps.
        pub(super) const SWEEPS: Sweeps = Sweeps { lanes: $lanes, wide: WIDE, narrow: NARROW, copy: copy_rows };
    };
}
use plane_table;

/// Moves bit `i` of 16 to bit `2 * i`.
const fn spread(bits: u32) -> u32 {
    let bits = (bits | bits << 8) & 0x00FF_00FF;
    let bits = (bits | bits << 4) & 0x0F0F_0F0F;
    let bits = (bits | bits << 2) & 0x3333_3333;
    (bits | bits << 1) & 0x5555_5555
}

/// Writes the kernels of an ISA from its vector operations. A macro for the reason that `tile_kernels` is one. In
/// brackets the attributes of every function.
macro_rules! plane_kernels {
    (
        [$(#[$attribute:meta])*], $lanes:expr, $zero:ident, $load:ident, $load_lanes:ident, $store:ident,
        $store_lanes:ident, $splat:ident, $fma:ident, $add:ident, $max:ident, $every_second:ident
    ) => {
        /// `KR` output channels x `NR` pixel vectors.
        ///
        /// # Safety
        /// As [`PlaneKernel`](super::PlaneKernel).
        $(#[$attribute])*
        #[allow(clippy::needless_range_loop)]
        unsafe fn plane<const KR: usize, const NR: usize, const MASKED: bool>(call: &PlaneCall) {
            let mut acc = [[$zero(); NR]; KR];
            let mut inputs = [call.input; NR];
            let mut lanes = [0; NR];
            for j in 0..NR {
                // SAFETY: `vectors` holds `NR` entries (contract).
                let vector = unsafe { *call.vectors.add(j) };
                // SAFETY: the vector lies in the memory that `input` points into (contract).
                inputs[j] = unsafe { call.input.add(vector.input) };
                lanes[j] = vector.lanes;
            }
            let mut weights = call.weights;
            let mut block = 0;
            while block < call.channels {
                let len = CHANNEL_BLOCK.min(call.channels - block);
                for tap in 0..call.taps {
                    // SAFETY: `tap_offsets` holds `taps` entries (contract).
                    let mut at = unsafe { *call.tap_offsets.add(tap) } + block * call.channel_stride;
                    for _ in 0..len {
                        let mut x = [$zero(); NR];
                        for j in 0..NR {
                            // SAFETY: the lanes that are read are readable for every tap and channel (contract).
                            x[j] = unsafe {
                                let from = inputs[j].add(at);
                                if MASKED { $load_lanes(from, lanes[j]) } else { $load(from) }
                            };
                        }
                        for i in 0..KR {
                            // SAFETY: the weights hold `KR` floats for each channel of each tap (contract).
                            let w = $splat(unsafe { *weights.add(i) });
                            for j in 0..NR {
                                acc[i][j] = $fma(x[j], w, acc[i][j]);
                            }
                        }
                        at += call.channel_stride;
                        // SAFETY: at most one past the weights' end.
                        weights = unsafe { weights.add(KR) };
                    }
                }
                block += len;
            }
            if !call.bias.is_null() {
                for i in 0..KR {
                    // SAFETY: a bias that is not null holds `KR` floats (contract).
                    let bias = $splat(unsafe { *call.bias.add(i) });
                    for j in 0..NR {
                        acc[i][j] = $add(acc[i][j], bias);
                    }
                }
            }
            if call.relu {
                for i in 0..KR {
                    for j in 0..NR {
                        acc[i][j] = $max($zero(), acc[i][j]); // the second operand passes where it is NaN
                    }
                }
            }
            if call.whole && call.sums.is_null() {
                let mut outputs = [call.output; NR];
                for j in 0..NR {
                    // SAFETY: `vectors` holds `NR` entries, whole ones have a store (contract).
                    let store = unsafe { *call.stores.add((*call.vectors.add(j)).first_store) };
                    outputs[j] = call.output.wrapping_offset(store.output);
                }
                for i in 0..KR {
                    if i < call.channels_used {
                        for j in 0..NR {
                            // SAFETY: all lanes are elements of the output, and the calling thread's (contract).
                            unsafe { $store(outputs[j].wrapping_add(i * call.output_stride), acc[i][j]) };
                        }
                    }
                }
                return;
            }
            // By way of memory: indices that the compiler does not know would keep the sums there all the time.
            let mut own = [[[0.0_f32; $lanes]; NR]; KR];
            let sums = if call.sums.is_null() { own.as_mut_ptr().cast() } else { call.sums };
            for i in 0..KR {
                if i < call.channels_used {
                    for j in 0..NR {
                        // SAFETY: `sums` holds `channels_used` x `NR` vectors (contract), and so does `own`.
                        unsafe { $store(sums.add((i * NR + j) * $lanes), acc[i][j]) };
                    }
                }
            }
            if !call.sums.is_null() {
                return;
            }
            for j in 0..NR {
                // SAFETY: `vectors` holds `NR` entries (contract).
                let vector = unsafe { *call.vectors.add(j) };
                for s in 0..vector.stores {
                    // SAFETY: `stores` holds the entries that a vector names (contract).
                    let store = unsafe { *call.stores.add(vector.first_store + s) };
                    let to = call.output.wrapping_offset(store.output);
                    for i in 0..call.channels_used {
                        // SAFETY: `own` holds a vector for each channel and `j`. The lanes in `store.lanes` are
                        // elements of the output, and the calling thread's (contract).
                        unsafe {
                            let sum = $load(sums.add((i * NR + j) * $lanes));
                            $store_lanes(to.wrapping_add(i * call.output_stride), store.lanes, sum);
                        }
                    }
                }
            }
        }

        /// Copies rows, zeros where the source has no column.
        ///
        /// # Safety
        /// The CPU must have the ISA, and the pointers what [`RowCopy`](super::RowCopy) says.
        $(#[$attribute])*
        unsafe fn copy_rows(call: &RowCopy) {
            // Destination floats `before..inside` come from the source.
            let last = call.width as isize - 1 - call.column; // CAST: columns of a tensor
            let step = call.step as isize; // CAST: likewise
            let inside = if last < 0 { 0 } else { call.len.min((last / step) as usize + 1) };
            let before = if call.column >= 0 { 0 } else { (-call.column) as usize };
            let before = before.div_ceil(call.step).min(inside);
            if call.step == 1 && call.len <= $lanes {
                // Short rows, a vector each: the next one overwrites what is too much of it.
                let lanes = (1_u32 << inside) - (1_u32 << before);
                for row in 0..call.rows {
                    let source = call.source.wrapping_add(row * call.source_stride).wrapping_offset(call.column);
                    // SAFETY: the destination's row, and a vector past the last one may be written. Lanes that are read
                    // stand for floats in `before..inside`, so they are in the source's row.
                    unsafe {
                        let destination = call.destination.add(row * call.destination_stride);
                        $store(destination, $load_lanes(source, lanes));
                    }
                }
                return;
            }
            for row in 0..call.rows {
                // SAFETY: one of the source's rows. The pointer may lie before it, and is only read inside.
                let source = call.source.wrapping_add(row * call.source_stride).wrapping_offset(call.column);
                // SAFETY: one of the destination's rows.
                let destination = unsafe { call.destination.add(row * call.destination_stride) };
                let mut at = 0;
                while at < call.len {
                    let end = at + $lanes;
                    // SAFETY: destination `at..end` starts inside a row, and a vector past the last row may be written.
                    // What is read stands for floats in `before..inside`, so it is in the source's row.
                    unsafe {
                        let to = destination.add(at);
                        if before <= at && end <= inside && call.step == 1 {
                            $store(to, $load(source.wrapping_add(at)));
                        } else if call.step <= 2 {
                            let range = before.clamp(at, end) - at..inside.clamp(at, end) - at;
                            let lanes = (1_u32 << range.end) - (1_u32 << range.start.min(range.end));
                            $store(to, if call.step == 1 {
                                $load_lanes(source.wrapping_add(at), lanes)
                            } else {
                                $every_second(source.wrapping_add(2 * at), lanes)
                            });
                        } else {
                            for i in at..end.min(call.len) {
                                let inside = i >= before && i < inside;
                                *destination.add(i) = if inside { *source.wrapping_add(i * call.step) } else { 0.0 };
                            }
                        }
                    }
                    at = end;
                }
            }
        }
    };
}
use plane_kernels;

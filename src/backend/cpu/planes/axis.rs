//! One axis of the window, taken apart by the stride.

use crate::backend::BackendError;
use crate::backend::cpu::buffer::table;

/// Rows or columns: where output `o` meets input `o * stride + tap * dilation - pad`.
///
/// Inputs are told apart by their phase, which is what the stride leaves of their padded position. Within a phase
/// neighbouring outputs meet neighbouring inputs: each tap is an offset, whatever the stride.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Axis {
    /// Extent of the input.
    pub input: usize,
    /// Extent of the output.
    pub output: usize,
    pub stride: usize,
    pub pad: usize,
    /// The phases that some tap meets, ascending.
    pub phases: Vec<usize>,
    /// For each tap the index of its phase and its offset within it.
    pub taps: Vec<(usize, usize)>,
    /// The largest offset.
    pub reach: usize,
}

impl Axis {
    /// # Errors
    /// No memory for the taps.
    pub(super) fn new(
        [input, output]: [usize; 2],
        stride: usize,
        pad: usize,
        taps: usize,
        dilation: usize,
    ) -> Result<Self, BackendError> {
        let positions = || (0..taps).map(|tap| tap * dilation);
        let mut phases = table(taps, positions().map(|position| position % stride), "phases of a window")?;
        phases.sort_unstable();
        phases.dedup();
        let index = |position: usize| phases.partition_point(|phase| *phase < position % stride);
        let offsets = positions().map(|position| (index(position), position / stride));
        let taps = table(taps, offsets, "taps of a window")?;
        let reach = taps.iter().map(|(_, offset)| *offset).max().unwrap_or(0);
        Ok(Self { input, output, stride, pad, phases, taps, reach })
    }

    /// Input position of offset 0 of phase `index` under output `first`.
    pub(super) fn position(&self, first: usize, index: usize) -> isize {
        let position = first.wrapping_mul(self.stride) + self.phases[index];
        position as isize - self.pad as isize // CAST: positions in a tensor with its padding
    }

    /// Offsets `0..len` of phase `index` under output `first` that are inside the input.
    pub(super) fn inside(&self, first: usize, index: usize, len: usize) -> std::ops::Range<usize> {
        let start = self.position(first, index);
        let before = if start < 0 { start.unsigned_abs().div_ceil(self.stride) } else { 0 };
        let until = self.input as isize - start; // CAST: an extent of a tensor
        let end = if until <= 0 { 0 } else { until.unsigned_abs().div_ceil(self.stride) };
        before.min(len)..end.min(len).max(before.min(len))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;

    /// Every tap of every output is where the definition says, for many shapes.
    #[test]
    fn offsets_are_the_definition() {
        for [stride, pad, taps, dilation] in
            [[1, 0, 1, 1], [1, 1, 3, 1], [2, 3, 7, 1], [3, 2, 3, 2], [4, 0, 2, 1], [2, 1, 3, 3]]
        {
            let axis = Axis::new([11, 7], stride, pad, taps, dilation).unwrap();
            for first in 0..5 {
                for (tap, (index, offset)) in axis.taps.iter().enumerate() {
                    for o in first..7 {
                        let at = axis.position(first, *index) + ((o - first + offset) * stride) as isize;
                        assert_eq!(at, (o * stride + tap * dilation) as isize - pad as isize);
                        let inside = axis.inside(first, *index, 20).contains(&(o - first + offset));
                        assert_eq!(inside, (0..11).contains(&at));
                    }
                }
            }
            assert!(axis.phases.iter().all(|phase| *phase < stride));
        }
    }
}

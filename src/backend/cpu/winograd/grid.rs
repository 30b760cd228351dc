//! Where the tiles lie.
//!
//! A dilated filter sees each phase of the image, the pixels that are equal modulo the dilation, as an ordinary image. So
//! along each axis tiles are listed phase by phase, and a tile of the image is a pair of one of the rows and one of the
//! columns: the tiles of all phases are one grid.

use crate::backend::BackendError;
use crate::backend::cpu::buffer::table;
use crate::conv::{ConvProblem, WinogradTile};
use std::ops::Range;

/// A tile along one axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Span {
    /// Its first output; the others follow a dilation apart.
    pub output: usize,
    /// How many of its outputs the image has, at least one.
    pub count: usize,
    /// Its first input, in the padding where it is negative; the others follow a dilation apart.
    pub input: isize,
}

/// The tiles of all images, numbered image by image and row by row.
#[derive(Debug)]
pub(super) struct Grid {
    pub rows: Vec<Span>,
    pub columns: Vec<Span>,
    pub images: usize,
}

/// Neighbouring tiles of one row of one image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub image: usize,
    pub row: usize,
    pub columns: Range<usize>,
}

impl Grid {
    /// # Errors
    /// No memory for the tiles' places.
    pub(super) fn new(problem: &ConvProblem, tile: WinogradTile) -> Result<Self, BackendError> {
        let s = problem.spec();
        let spans = |axis: usize, before: usize| -> Result<Vec<Span>, BackendError> {
            let (extent, dilation) = (problem.output()[axis], s.dilation[axis]);
            let phase = |first: usize| {
                (first..extent).step_by(tile.outputs().saturating_mul(dilation)).map(move |output| Span {
                    output,
                    count: (extent - output).div_ceil(dilation).min(tile.outputs()),
                    input: output as isize - before as isize, // CAST: extents of a checked problem
                })
            };
            let phases = dilation.min(extent);
            // In each phase the last tile may have fewer outputs.
            let most = extent.div_ceil(tile.outputs()).saturating_add(phases);
            table(most, (0..phases).flat_map(phase), "places of tiles")
        };
        Ok(Self { rows: spans(0, s.padding.top)?, columns: spans(1, s.padding.left)?, images: s.batch })
    }

    pub(super) fn tiles(&self) -> usize {
        self.images * self.rows.len() * self.columns.len()
    }

    /// The runs that `tiles` consist of.
    pub(super) fn runs(&self, tiles: Range<usize>) -> impl Iterator<Item = Run> {
        let (rows, columns) = (self.rows.len(), self.columns.len());
        let mut next = tiles.start;
        std::iter::from_fn(move || {
            if next >= tiles.end {
                return None;
            }
            let (row, first) = (next / columns, next % columns);
            let last = columns.min(first + tiles.end - next);
            next += last - first;
            Some(Run { image: row / rows, row: row % rows, columns: first..last })
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use crate::conv::{ConvSpec, Padding};

    fn problem(input: [usize; 2], dilation: [usize; 2], padding: Padding) -> ConvProblem {
        ConvProblem::new(ConvSpec { batch: 3, input, dilation, padding, ..ConvSpec::default() }).unwrap()
    }

    #[test]
    fn the_tiles_cover_every_output_once() {
        let pad = Padding { top: 2, left: 1, bottom: 0, right: 2 };
        for (input, dilation) in [([14, 9], [1, 1]), ([28, 31], [4, 3]), ([9, 17], [4, 1])] {
            let problem = problem(input, dilation, pad);
            for tile in [WinogradTile::F2, WinogradTile::F4] {
                let grid = Grid::new(&problem, tile).unwrap();
                for (axis, (spans, before)) in [(&grid.rows, 2), (&grid.columns, 1)].into_iter().enumerate() {
                    let outputs =
                        |span: &Span| (0..span.count).map(|i| span.output + i * dilation[axis]).collect::<Vec<_>>();
                    let mut covered: Vec<_> = spans.iter().flat_map(outputs).collect();
                    covered.sort_unstable();
                    assert_eq!(covered, (0..problem.output()[axis]).collect::<Vec<_>>());
                    assert!(spans.iter().all(|span| span.input == span.output as isize - before));
                }
            }
        }
    }

    #[test]
    fn runs_cut_at_the_ends_of_rows_and_images() {
        let grid = Grid::new(&problem([12, 12], [1, 1], Padding::symmetric(1, 1)), WinogradTile::F4).unwrap();
        assert_eq!(grid.tiles(), 27);
        let runs: Vec<_> = grid.runs(7..13).collect();
        let run = |image, row, columns| Run { image, row, columns };
        assert_eq!(runs, [run(0, 2, 1..3), run(1, 0, 0..3), run(1, 1, 0..1)]);
        assert_eq!(grid.runs(5..5).count(), 0);
    }
}

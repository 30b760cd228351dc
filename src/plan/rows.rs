//! Broadcast tiles and output rows: tiles of two heights that end with the row, and the taps in the padding that tiles
//! leave out.

use crate::conv::{ConvProblem, Padding};
use crate::plan::machine::{Family, KernelVariant};

/// How tiles of two heights fill an output row, or all pixels of a layer that knows no rows: first `tall` tiles of `tile_m`
/// pixels, then `short` ones of a pixel less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowTiles {
    /// Tiles of `tile_m` pixels.
    pub tall: usize,
    /// Tiles of `tile_m - 1` pixels.
    pub short: usize,
}

impl RowTiles {
    /// Fills a row of `columns` outputs with as few tiles as can be. `None` where the two heights don't add up to a row,
    /// or where one of them fills it alone: then plain tiles end with the rows anyway.
    pub const fn new(columns: usize, tile_m: usize) -> Option<Self> {
        let tiles = columns.div_ceil(tile_m);
        let short = tiles * tile_m - columns;
        if short == 0 || short >= tiles { None } else { Some(Self { tall: tiles - short, short }) }
    }

    /// Tiles of a row.
    pub const fn count(&self) -> usize {
        self.tall + self.short
    }
}

/// Output pixels that tiles of two heights fill: a row's, to leave out the padding beside it. All of them where rows don't
/// matter.
pub(crate) fn filled_pixels(problem: &ConvProblem) -> usize {
    if knows_rows(problem) { problem.output()[1] } else { problem.spec().batch * problem.output_pixels() }
}

/// Whether it matters to a tile where rows end: a filter of one tap may never meet padding.
pub(crate) fn knows_rows(problem: &ConvProblem) -> bool {
    problem.taps() > 1 || problem.spec().padding != Padding::default()
}

/// The most pixels at an end of a tile that broadcast kernels leave out under a tap; of more they multiply zeros.
pub(crate) const fn most_left_out(tile_m: usize) -> usize {
    let half = tile_m.div_ceil(2);
    if half < 4 { half } else { 4 }
}

/// Up to this many input channels a filter row is one run: shorter runs would spend their time on pointers.
const FEW_CHANNELS: usize = 8;

/// Whether the CPU's broadcast kernels read filter rows as single runs, from staged rows with zeros beside them.
pub(crate) fn stages_padding(problem: &ConvProblem) -> bool {
    let s = problem.spec();
    s.groups == 1 && s.in_channels <= FEW_CHANNELS && s.kernel[1] > 1 && s.dilation[1] == 1
}

/// Of absurdly large filters no tap is counted.
const TAPS_COUNTED: usize = 1024;

/// The outputs that taps miss because they lie in the padding.
#[derive(Clone, Debug, Default)]
pub(super) struct Missed {
    /// By axis: for each tap that misses any, how many lie before the image, and how many after it.
    along: [Vec<[usize; 2]>; 2],
}

impl Missed {
    pub(super) fn new(problem: &ConvProblem) -> Self {
        let (s, p) = (problem.spec(), problem.spec().padding);
        let padded = [p.top > 0 || p.bottom > 0, p.left > 0 || p.right > 0];
        let along = [0, 1].map(|axis| {
            let taps = if padded[axis] && s.kernel[axis] <= TAPS_COUNTED { s.kernel[axis] } else { 0 };
            (0..taps).map(|tap| missed(problem, axis, tap)).filter(|missed| *missed != [0, 0]).collect()
        });
        Self { along }
    }

    /// Share of the multiplications that padding leaves where tiles of `variant` end with the rows (`in_rows`) or run on.
    pub(super) fn met_share(&self, problem: &ConvProblem, variant: &KernelVariant, in_rows: bool) -> f64 {
        let [rows, columns] = problem.output();
        let above = |_, missed: usize| match variant.family {
            Family::Broadcast if !in_rows => skipped_anywhere(missed * columns, variant.tile_m),
            _ => missed * columns,
        };
        let plain = RowTiles { tall: columns.div_ceil(variant.tile_m), short: 0 };
        let row = RowTiles::new(columns, variant.tile_m).unwrap_or(plain);
        let tiles = [(row.tall, variant.tile_m), (row.short, variant.tile_m.saturating_sub(1).max(1))];
        let beside = |end: usize, missed: usize| match variant.family {
            Family::Lanewise => missed,
            _ if !in_rows || stages_padding(problem) => 0,
            _ => skipped_at_end(missed, [tiles[end], tiles[1 - end]]),
        };
        (1.0 - self.skipped(problem, 0, rows * columns, above)) * (1.0 - self.skipped(problem, 1, columns, beside))
    }

    /// The share if nothing that is missed were multiplied: no kernel's is less.
    pub(super) fn least_met_share(&self, problem: &ConvProblem) -> f64 {
        let [rows, columns] = problem.output();
        let above = self.skipped(problem, 0, rows * columns, |_, missed| missed * columns);
        (1.0 - above) * (1.0 - self.skipped(problem, 1, columns, |_, missed| missed))
    }

    /// Share of the taps along `axis` that all `outputs` skip: `skipped(end, missed)` of those `missed` before the image
    /// (`end` 0) or after it (1).
    fn skipped(
        &self,
        problem: &ConvProblem,
        axis: usize,
        outputs: usize,
        skipped: impl Fn(usize, usize) -> usize,
    ) -> f64 {
        let of_tap = |[before, after]: &[usize; 2]| skipped(0, *before) + skipped(1, *after);
        let sum: usize = self.along[axis].iter().map(of_tap).sum();
        (sum as f64 / (problem.spec().kernel[axis] as f64 * outputs as f64)).min(1.0)
    }
}

/// Outputs along `axis` for which `tap` lies before the image, and after it.
fn missed(problem: &ConvProblem, axis: usize, tap: usize) -> [usize; 2] {
    let s = problem.spec();
    let (outputs, before) = (problem.output()[axis], [s.padding.top, s.padding.left][axis]);
    let first = before.saturating_sub(tap * s.dilation[axis]).div_ceil(s.stride[axis]).min(outputs);
    let reach = (s.input[axis] + before).saturating_sub(tap * s.dilation[axis]);
    [first, outputs - reach.div_ceil(s.stride[axis]).min(outputs)]
}

/// Of `missed` pixels at an end of a row with these tiles (how many, of how many pixels) from there on: whole tiles, and
/// what the next one leaves out.
fn skipped_at_end(missed: usize, tiles: [(usize, usize); 2]) -> usize {
    let mut skipped = 0;
    for (count, height) in tiles {
        let whole = ((missed - skipped) / height).min(count);
        skipped += whole * height;
        if whole < count {
            return skipped + (missed - skipped).min(most_left_out(height));
        }
    }
    skipped
}

/// Of `missed` pixels that follow each other, at the mean over where the tiles begin: at both ends a tile has pixels that
/// are not missed, and leaves out no more than its most.
const fn skipped_anywhere(missed: usize, tile_m: usize) -> usize {
    // Of 0 to tile_m - 1 pixels in the tile at an end, those above `most` are multiplied: their sum, twice.
    let above = tile_m.saturating_sub(1 + most_left_out(tile_m));
    let lost_at_ends = (above * (above + 1)).div_ceil(tile_m);
    let sure = if missed < most_left_out(tile_m) { missed } else { most_left_out(tile_m) };
    if missed > lost_at_ends + sure { missed - lost_at_ends } else { sure }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::conv::text::benchdnn;
    use crate::plan::cpu_machine;

    fn variants() -> Vec<KernelVariant> {
        let machine = cpu_machine("test".to_owned(), "avx512", 16, 1.0, 1, 1e9, Vec::new());
        machine.variants.into_iter().filter(|variant| variant.family == Family::Broadcast).collect()
    }

    /// Share of the multiplications that are done, tile by tile and tap by tap, where tiles of `heights` fill each row.
    fn counted(problem: &ConvProblem, heights: &[usize]) -> f64 {
        let s = problem.spec();
        let [rows, columns] = problem.output();
        let meets = |axis: usize, output: usize, tap: usize, before: usize| {
            let at = (output * s.stride[axis] + tap * s.dilation[axis]).checked_sub(before);
            at.is_some_and(|at| at < s.input[axis])
        };
        let met_rows = (0..rows).flat_map(|y| (0..s.kernel[0]).map(move |r| (y, r)));
        let met_rows = met_rows.filter(|(y, r)| meets(0, *y, *r, s.padding.top)).count();
        let mut done = 0;
        for tap in 0..s.kernel[1] {
            let mut first = 0;
            for height in heights {
                let inside: Vec<_> = (0..*height).map(|x| meets(1, first + x, tap, s.padding.left)).collect();
                if let Some(before) = inside.iter().position(|inside| *inside) {
                    let after = inside.iter().rev().position(|inside| *inside).unwrap();
                    done += height - before.max(after).min(most_left_out(*height));
                }
                first += height;
            }
            assert_eq!(first, columns);
        }
        (met_rows * done) as f64 / (rows * s.kernel[0] * columns * s.kernel[1]) as f64
    }

    #[test]
    fn rows_are_filled_with_the_fewest_tiles() {
        for tile_m in 1..15 {
            for columns in 1..200 {
                let Some(RowTiles { tall, short }) = RowTiles::new(columns, tile_m) else {
                    continue;
                };
                assert!(tall > 0 && short > 0 && tall * tile_m + short * (tile_m - 1) == columns);
                assert_eq!(tall + short, columns.div_ceil(tile_m));
            }
        }
        assert_eq!(RowTiles::new(17, 9), Some(RowTiles { tall: 1, short: 1 }));
        assert_eq!((RowTiles::new(28, 14), RowTiles::new(17, 14), RowTiles::new(6, 7)), (None, None, None));
    }

    #[test]
    fn the_met_share_is_that_of_the_tiles() {
        let problems = ["ih17iw17kh1kw7ph0pw3", "ih35kh5ph2", "ih28kh3ph4dh3", "ih14kh3ph1", "ih7kh3ph1", "ih13kh5ph2"];
        let problems =
            problems.into_iter().chain(["ih27kh3sh2ph1", "ih20iw31kh11ph5", "ih17kh3ph6dh5", "ih9iw40kh3ph20dh19"]);
        let mut compared = 0;
        for line in problems {
            let problem = benchdnn::parse(&format!("mb2ic32oc32{line}")).unwrap().problem;
            let (columns, missed) = (problem.output()[1], Missed::new(&problem));
            for variant in variants() {
                let tile_m = variant.tile_m;
                let heights = match RowTiles::new(columns, tile_m) {
                    Some(row) => [vec![tile_m; row.tall], vec![tile_m - 1; row.short]].concat(),
                    None if columns.is_multiple_of(tile_m) => vec![tile_m; columns / tile_m],
                    None => continue,
                };
                compared += 1;
                let met_share = |in_rows| missed.met_share(&problem, &variant, in_rows);
                let (share, counted) = (met_share(true), counted(&problem, &heights));
                assert!((share - counted).abs() <= 0.02 * counted, "{line} {}: {share} {counted}", variant.name);
                // Tiles that run on over the ends of rows leave out less.
                assert!(met_share(false) >= share, "{line} {}", variant.name);
                assert!(missed.least_met_share(&problem) <= share, "{line} {}", variant.name);
            }
        }
        assert!(compared > 30, "{compared}");
    }
}

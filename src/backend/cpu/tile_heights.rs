//! Which kernel computes the tile at a pixel: one height for all, or two that end with the output row.

use crate::backend::BackendError;
use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::microkernel::{self, TileKernel};
use crate::conv::ConvProblem;
use crate::plan::{RowTiles, TilePlan, filled_pixels};

/// The broadcast kernels of a plan.
#[derive(Debug)]
pub(super) struct TileHeights {
    kernel: TileKernel,
    tile_m: usize,
    row_end: Option<RowEnd>,
}

/// The last tiles of a row have a pixel less.
#[derive(Debug)]
struct RowEnd {
    kernel: TileKernel,
    /// Pixels of a row, and those before its shorter tiles.
    columns: usize,
    before: usize,
}

impl TileHeights {
    /// # Errors
    /// [`BackendError::ForeignPlan`] where `isa` lacks a kernel of the plan, or its two heights don't make a row.
    pub(super) fn of_plan(problem: &ConvProblem, plan: &TilePlan, isa: Isa) -> Result<Self, BackendError> {
        let (tile_m, tile_n, columns) = (plan.variant.tile_m, plan.variant.tile_n, filled_pixels(problem));
        let find = |tile_m: usize| {
            microkernel::find_tile(isa, tile_m, tile_n).ok_or_else(|| BackendError::ForeignPlan {
                reason: format!("{isa} has no kernel of {tile_m} pixels x {tile_n} channels"),
            })
        };
        let kernel = find(tile_m)?;
        let row_end = match &plan.shorter {
            None => None,
            Some(shorter) => {
                let fits = (shorter.tile_m.checked_add(1), shorter.tile_n) == (Some(tile_m), tile_n);
                let row = RowTiles::new(columns, tile_m).filter(|_| fits).ok_or_else(|| BackendError::ForeignPlan {
                    reason: format!("tiles of {tile_m} and {} pixels don't make rows of {columns}", shorter.tile_m),
                })?;
                Some(RowEnd { kernel: find(shorter.tile_m)?, columns, before: row.tall * tile_m })
            }
        };
        Ok(Self { kernel, tile_m, row_end })
    }

    /// Pixels of the lowest tile.
    pub(super) fn lowest(&self) -> usize {
        self.tile_m - usize::from(self.row_end.is_some())
    }

    /// The kernel of the tile that starts at folded output pixel `pixel`, and its pixels.
    pub(super) fn at(&self, pixel: usize) -> (TileKernel, usize) {
        match &self.row_end {
            Some(end) if pixel % end.columns >= end.before => (end.kernel, self.tile_m - 1),
            _ => (self.kernel, self.tile_m),
        }
    }

    /// Tiles as high as the one at `pixel` that follow each other from there on, as far as rows bound them.
    pub(super) fn alike(&self, pixel: usize) -> usize {
        let Some(end) = &self.row_end else {
            return usize::MAX;
        };
        let column = pixel % end.columns;
        let (left, height) = match column < end.before {
            true => (end.before - column, self.tile_m),
            false => (end.columns - column, self.tile_m - 1),
        };
        (left / height).max(1)
    }

    /// Whole rows of at most `pixels`, where tiles end with the row and there is room for one.
    pub(super) fn whole_rows(&self, pixels: usize) -> usize {
        match &self.row_end {
            Some(end) if pixels > end.columns => pixels - pixels % end.columns,
            _ => pixels,
        }
    }
}

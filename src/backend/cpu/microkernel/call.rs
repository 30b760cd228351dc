//! What a broadcast kernel is called with.

use crate::plan::most_left_out;

/// The work of one call. The module documentation says what each field must hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct TileCall {
    pub rows: *const usize,
    pub active: *const ActiveTap,
    pub taps: usize,
    pub tap_count: usize,
    pub x_offset: usize,
    pub full_blocks: usize,
    pub block_len: usize,
    pub tail_len: usize,
    pub block_stride: usize,
    pub weights: *const f32,
    pub panels: usize,
    pub panel_len: usize,
    pub out: *mut f32,
    pub out_stride: usize,
    pub rows_used: usize,
    pub columns: usize,
    pub resume: bool,
    pub streaming: bool,
    pub bias: *const f32,
    pub relu: bool,
    pub ahead: isize,
    pub tiles: usize,
    pub tile_step: isize,
    pub out_step: usize,
}

impl TileCall {
    /// Panel `number`, of `tile_n` output channels.
    #[inline(always)]
    pub(super) fn panel(&self, number: usize, tile_n: usize) -> Panel {
        let first = number * tile_n;
        Panel {
            weights: self.weights.wrapping_add(number * self.panel_len),
            out: self.out.wrapping_add(first),
            columns: self.columns.saturating_sub(first).min(tile_n),
            bias: if self.bias.is_null() { self.bias } else { self.bias.wrapping_add(first) },
            ahead: if number == 0 { self.ahead } else { 0 },
        }
    }
}

/// The part of a call that lies under one panel; fields as in [`TileCall`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Panel {
    pub weights: *const f32,
    pub out: *mut f32,
    pub columns: usize,
    pub bias: *const f32,
    pub ahead: isize,
}

/// A tap that adds something to a tile.
#[derive(Clone, Copy, Debug)]
pub(in crate::backend::cpu) struct ActiveTap {
    /// Its number in the panel.
    pub id: u32,
    /// Whether other taps of the next tile have not met its pixels before: they may still be far away.
    pub fresh: bool,
    pub left_out: LeftOut,
}

/// Pixels at an end of a tile that lie in the padding under a tap where the others don't: so many of the first or last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend::cpu) enum LeftOut {
    Nothing,
    First(u8),
    Last(u8),
}

impl LeftOut {
    /// For a tile of `tile_m` pixels of which only some of `inside` meet data. Of more pixels than kernels leave out they
    /// multiply zeros.
    pub(in crate::backend::cpu) fn of(inside: &std::ops::Range<usize>, tile_m: usize) -> Self {
        let (most, first, last) = (most_left_out(tile_m), inside.start, tile_m - inside.end);
        match (first.min(most), last.min(most)) {
            (0, 0) => Self::Nothing,
            (first, last) if first >= last => Self::First(first as u8), // CAST: at most 4
            (_, last) => Self::Last(last as u8),                        // CAST: likewise
        }
    }
}

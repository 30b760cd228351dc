//! The cut: which kernel, which blocks at which level, in which order, and what that is predicted to cost.

use crate::conv::{ConvProblem, Maths, WinogradTile};
use crate::plan::machine::{Family, KernelVariant, MachineModel};
use crate::plan::walk::Walk;
use crate::plan::winograd::WinogradCut;
use std::fmt;
use std::ops::Range;

/// A convolution seen as matrix products, one per group: `m` output pixels (batch folded in) x `n` output channels,
/// summed over `k`. For [`Family::Lanewise`](crate::plan::Family::Lanewise) the groups lie side by side in `n` and `groups` is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GemmShape {
    /// Output pixels over the whole batch.
    pub m: usize,
    /// Output channels of one product.
    pub n: usize,
    /// Length of the reduction: input channels of a group x taps.
    pub k: usize,
    /// Independent products.
    pub groups: usize,
}

impl GemmShape {
    /// `problem` as a kernel of `family` sees it.
    pub const fn new(problem: &ConvProblem, family: Family) -> Self {
        let (m, k) = (problem.spec().batch * problem.output_pixels(), problem.reduction_len());
        match family {
            Family::Broadcast | Family::Planes => {
                Self { m, n: problem.group_out_channels(), k, groups: problem.spec().groups }
            }
            Family::Lanewise => Self { m, n: problem.spec().out_channels, k, groups: 1 },
        }
    }
}

/// Which operand stays while the other one streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoopOrder {
    /// A block of weights stays close while all pixel blocks pass: for weights larger than the cache.
    WeightsOuter,
    /// A block of pixels stays close while all weight panels pass: for activations larger than the cache.
    PixelsOuter,
}

/// How finished outputs leave the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stores {
    /// Through the caches, where the next layer finds them.
    Cached,
    /// Past the caches: an ordinary store first fetches the line that it overwrites, and the output would push out
    /// everything else without staying itself.
    Streaming,
}

impl Stores {
    /// For the output of `problem`. A GPU's caches don't fetch what is overwritten.
    pub(super) fn of_output(problem: &ConvProblem, machine: &MachineModel) -> Self {
        if machine.compute.caller_is_unit && passes_through_caches(problem, machine, problem.output_len()) {
            Self::Streaming
        } else {
            Self::Cached
        }
    }
}

/// Share of the last cache that a tensor may take and still be there for the next layer.
const CACHED_SHARE: u64 = 4;

/// Whether a tensor of `len` elements is too large to wait in the last cache.
pub(super) fn passes_through_caches(problem: &ConvProblem, machine: &MachineModel, len: usize) -> bool {
    let last = machine.levels.iter().rev().find_map(|level| level.capacity_bytes);
    let bytes = len as u64 * problem.spec().dtype.bytes() as u64;
    last.is_some_and(|capacity| bytes > capacity / CACHED_SHARE)
}

/// How a problem is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Algorithm {
    /// Tap by tap, in the order of the exact maths.
    Direct,
    /// With fewer products, cut like this.
    Winograd(WinogradCut),
}

impl Algorithm {
    /// The size of Winograd's tiles; `None` for the direct method.
    pub const fn tile(&self) -> Option<WinogradTile> {
        match self {
            Self::Direct => None,
            Self::Winograd(cut) => Some(cut.tile),
        }
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Direct => f.write_str("direct"),
            Self::Winograd(cut) => write!(f, "winograd {}", cut.tile),
        }
    }
}

/// One memory level under a plan.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelUse {
    /// The level's name.
    pub name: &'static str,
    /// Bytes that the plan would keep in one instance of the level if it had room for them.
    pub wanted_bytes: f64,
    /// Bytes that one instance holds; `None` for main memory.
    pub capacity_bytes: Option<u64>,
    /// Bytes that move inwards from this level over the whole problem, all instances together.
    pub moved_bytes: f64,
    /// Seconds that this takes with all instances at full bandwidth.
    pub seconds: f64,
}

impl LevelUse {
    /// Bytes that the plan keeps in one instance of the level.
    pub fn footprint_bytes(&self) -> u64 {
        // CAST: saturates, and main memory has no capacity
        self.capacity_bytes.map_or(self.wanted_bytes, |bytes| self.wanted_bytes.min(bytes as f64)) as u64
    }
}

/// The planner's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct TilePlan {
    /// Name of the machine that it was made for.
    pub machine: String,
    /// How it is computed. The fields from `variant` to `order` cut the direct method, which computes what
    /// [`Algorithm::Winograd`] can't: weights that are not finite.
    pub algorithm: Algorithm,
    /// The kernel of the direct method.
    pub variant: KernelVariant,
    /// The kernel with a pixel less a tile, where tiles end with the output rows as [`RowTiles`](crate::plan::RowTiles)
    /// has it; `None` where they run on over the ends of rows and images.
    pub shorter: Option<KernelVariant>,
    /// The problem as matrix products.
    pub gemm: GemmShape,
    /// Output pixels of a block: a multiple of the kernel's `tile_m`, or all of them; whole rows where tiles end with the row.
    pub block_m: usize,
    /// Output channels of a block: a multiple of the kernel's `tile_n`, or all of them.
    pub block_n: usize,
    /// Input channels summed in one pass, a multiple of [`CHANNEL_BLOCK`](crate::conv::CHANNEL_BLOCK) or all of
    /// the group's; between passes the accumulators are stored as f32, which keeps the exact order.
    pub block_channels: usize,
    /// Order of the block loops.
    pub order: LoopOrder,
    /// How kernels store finished outputs.
    pub stores: Stores,
    /// Whether kernels should fetch the next tile's input while they work on this one: it comes from beyond the cache
    /// that holds the blocks.
    pub prefetch: bool,
    /// In which order a lanewise block's tiles are taken.
    pub walk: Walk,
    /// Use of each memory level, innermost first.
    pub levels: Vec<LevelUse>,
    /// Seconds of pure arithmetic, tails and uneven split counted.
    pub compute_seconds: f64,
    /// Predicted seconds in all.
    pub seconds: f64,
    /// What bounds it: `FMA`, a level's name, or `dispatch`.
    pub bound: &'static str,
    /// How many cuts were in the running: kernels tried x blocks x loop orders, those ruled out by a part of their price or
    /// by the size of the cache counted as well.
    pub candidates: usize,
}

/// A piece of the output: pixels `m` and channels `n` of group `group`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutputBlock {
    /// The product it belongs to.
    pub group: usize,
    /// Output pixels, folded over the batch.
    pub m: Range<usize>,
    /// Output channels within the group.
    pub n: Range<usize>,
}

impl TilePlan {
    /// The kernel that does the arithmetic.
    pub const fn kernel(&self) -> &KernelVariant {
        match &self.algorithm {
            Algorithm::Direct => &self.variant,
            Algorithm::Winograd(cut) => &cut.variant,
        }
    }

    /// The maths of the results.
    pub const fn maths(&self) -> Maths {
        match self.algorithm {
            Algorithm::Direct => Maths::Exact,
            Algorithm::Winograd(_) => Maths::Fast,
        }
    }

    /// How many blocks there are along pixels and channels of one group.
    pub const fn grid(&self) -> [usize; 2] {
        [self.gemm.m.div_ceil(self.block_m), self.gemm.n.div_ceil(self.block_n)]
    }

    /// How many blocks there are in all.
    pub const fn block_count(&self) -> usize {
        let [along_m, along_n] = self.grid();
        self.gemm.groups * along_m * along_n
    }

    /// Block `index` in the plan's loop order. Together the blocks cover every output exactly once.
    /// Past the last block the ranges are empty.
    pub fn block(&self, index: usize) -> OutputBlock {
        let [along_m, along_n] = self.grid();
        let (group, rest) = (index / (along_m * along_n), index % (along_m * along_n));
        let (m, n) = match self.order {
            LoopOrder::WeightsOuter => (rest % along_m, rest / along_m),
            LoopOrder::PixelsOuter => (rest / along_n, rest % along_n),
        };
        let span = |at: usize, block: usize, all: usize| at * block..((at + 1) * block).min(all);
        if group >= self.gemm.groups {
            return OutputBlock { group, m: 0..0, n: 0..0 };
        }
        OutputBlock { group, m: span(m, self.block_m, self.gemm.m), n: span(n, self.block_n, self.gemm.n) }
    }
}

//! What a cut costs: bytes per memory level, and seconds. All sizes are f64, so no problem can overflow them.

use crate::conv::{ConvProblem, Layout};
use crate::plan::INPUT_BLOCK_BYTES;
use crate::plan::candidates::Cut;
use crate::plan::explain;
use crate::plan::machine::{Family, KernelVariant, MachineModel, MemoryLevel};
use crate::plan::tile::{GemmShape, LevelUse, LoopOrder, TilePlan};

/// Share of a cache that a plan counts on; the rest is for the output and for what the replacement policy gets wrong.
const USABLE: f64 = 7.0 / 8.0;

/// Seconds to start a block on a unit that has just finished another.
/// Source: gfx11 traces, 350 to 400 cycles from the end of a workgroup to the first instructions of the next.
const BLOCK_START_SECONDS: f64 = 150e-9;

/// Seconds for a core to convert one element between layouts or types.
/// Source: MLAS's reorder nodes, measured on Zen 5.
const CONVERT_SECONDS: f64 = 0.06e-9;

/// Vector permutes of a lanewise kernel, as a share of one FMA, for each vector of inputs that has to be spread over
/// the lanes. A depthwise layer has none.
const SPREAD_COST: f64 = 0.3;

/// Share of the transfers that does not hide behind arithmetic.
const EXPOSED: f64 = 0.03;

/// What a memory level keeps of the operands, from least to most.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// The step of a tile that is being multiplied; operands stream through.
    Step,
    /// The weight panel and the input of one tile.
    Tile,
    /// The input of a block and one weight panel.
    Panel,
    /// Input and weights of the blocks that run together.
    Block,
    /// Besides, all of the operand that streams: it is fetched once.
    Streamed,
    /// Input, weights and output: repeated runs find everything here.
    Everything,
}

/// Bytes and seconds of one level under a cut.
struct LevelCost {
    hold: Hold,
    footprint: f64,
    moved: f64,
    seconds: f64,
}

/// Answers what a cut of one problem costs with one kernel of a machine.
#[derive(Clone, Copy)]
pub(super) struct Estimator<'a> {
    problem: &'a ConvProblem,
    machine: &'a MachineModel,
    pub(super) variant: &'a KernelVariant,
    pub(super) gemm: GemmShape,
    /// Bytes of an operand's element on its way to the registers.
    element: f64,
}

impl<'a> Estimator<'a> {
    pub(super) fn new(
        problem: &'a ConvProblem,
        machine: &'a MachineModel,
        variant: &'a KernelVariant,
    ) -> Self {
        let spec = problem.spec();
        let m = spec.batch * problem.output_pixels();
        let (n, groups) = match variant.family {
            Family::Broadcast => (problem.group_out_channels(), spec.groups),
            Family::Lanewise => (spec.out_channels, 1),
        };
        let gemm = GemmShape {
            m,
            n,
            k: problem.reduction_len(),
            groups,
        };
        let element = variant.dtype.bytes().max(spec.dtype.bytes()) as f64;
        Self {
            problem,
            machine,
            variant,
            gemm,
            element,
        }
    }

    /// How many blocks the machine works on at a time.
    pub(super) fn slots(&self) -> usize {
        (self.machine.compute.units / self.variant.units_per_tile.max(1)).max(1)
    }

    /// Input channels of one group.
    pub(super) fn group_channels(&self) -> usize {
        self.problem.group_in_channels()
    }

    /// Bytes of all weights.
    pub(super) fn weights_bytes(&self) -> f64 {
        self.problem.weights_len() as f64 * self.element
    }

    /// Bytes of all input, untouched pixels included.
    pub(super) fn input_bytes(&self) -> f64 {
        self.problem.input_len() as f64 * self.element
    }

    /// Usable bytes of the level that blocks are made for, for one block: the second one, the first where it is alone.
    pub(super) fn blocking_capacity(&self) -> Option<f64> {
        let level = self
            .machine
            .levels
            .iter()
            .take(2)
            .rfind(|level| level.capacity_bytes.is_some())?;
        Some(usable(level)? / self.concurrent(level))
    }

    /// Bytes of one tile's weights over `channels` input channels.
    pub(super) fn panel_bytes(&self, channels: usize) -> f64 {
        self.weight_block(self.variant.tile_n, channels)
    }

    /// Bytes of one tile's input over `channels` input channels.
    pub(super) fn tile_input_bytes(&self, channels: usize) -> f64 {
        self.input_block(
            self.variant.tile_m.min(self.gemm.m),
            self.variant.tile_n,
            channels,
        )
    }

    /// Whether the input of a block stays below the limit, and with a weight panel within the blocking level.
    pub(super) fn blocks_fit(&self, block_m: usize, block_n: usize, channels: usize) -> bool {
        let input = self.input_block(block_m, block_n, channels);
        let both = input + self.panel_bytes(channels);
        input <= INPUT_BLOCK_BYTES as f64 && self.blocking_capacity().is_none_or(|capacity| both <= capacity)
    }

    /// Predicted seconds of `cut`.
    pub(super) fn seconds(&self, cut: &Cut) -> f64 {
        let (mut slowest, mut sum) = (self.compute_seconds(cut), 0.0);
        self.for_each_level(cut, |_, cost| {
            slowest = cost.seconds.max(slowest);
            sum += cost.seconds;
        });
        slowest + EXPOSED * sum + self.start_seconds(cut)
    }

    /// The plan of `cut`, with its explanation.
    pub(super) fn into_plan(self, cut: &Cut, candidates: usize) -> TilePlan {
        let compute_seconds = self.compute_seconds(cut);
        let (mut bound, mut slowest) = ("FMA", compute_seconds);
        let mut levels = Vec::with_capacity(self.machine.levels.len());
        self.for_each_level(cut, |level, cost| {
            if cost.seconds > slowest {
                (bound, slowest) = (level.name, cost.seconds);
            }
            let footprint_bytes = cost.footprint as u64; // CAST: saturates
            levels.push(LevelUse {
                name: level.name,
                footprint_bytes,
                capacity_bytes: level.capacity_bytes,
                moved_bytes: cost.moved,
                seconds: cost.seconds,
                reason: explain::reason(level, cost.hold, footprint_bytes, cut, self.variant),
            });
        });
        if self.start_seconds(cut) > slowest {
            bound = "dispatch";
        }
        TilePlan {
            machine: self.machine.name.clone(),
            variant: *self.variant,
            gemm: self.gemm,
            block_m: cut.block_m,
            block_n: cut.block_n,
            block_channels: cut.block_channels,
            order: cut.order,
            levels,
            compute_seconds,
            seconds: self.seconds(cut),
            bound,
            candidates,
        }
    }

    /// Seconds of arithmetic with tails, uneven split and, on a core, the conversion of layout and type.
    fn compute_seconds(&self, cut: &Cut) -> f64 {
        let (v, c) = (self.variant, &self.machine.compute);
        let unit_flops = 2.0 * c.lanes as f64 * c.fma_per_cycle * c.clock_hz;
        let tile_flops = 2.0 * v.tile_m as f64 * v.tile_n as f64 * self.gemm.k as f64 * self.spread_factor();
        let tile = tile_flops / (unit_flops * v.units_per_tile.max(1) as f64 * v.efficiency * v.rate);
        let tiles_of_block = count(cut.block_m, v.tile_m) * count(cut.block_n, v.tile_n);
        let rounds = (self.blocks(cut) / self.slots() as f64).ceil();
        let arithmetic = tile * (rounds * tiles_of_block).min(self.tiles());
        let busy = self.blocks(cut).min(self.slots() as f64);
        arithmetic + self.converted_elements(cut) * CONVERT_SECONDS / busy
    }

    /// Elements that cores convert: every block's input, and the output. GPU kernels address any layout.
    fn converted_elements(&self, cut: &Cut) -> f64 {
        let spec = self.problem.spec();
        let as_it_is = spec.layout == Layout::Nhwc && spec.dtype == self.variant.dtype;
        if as_it_is || self.variant.units_per_tile > 1 {
            return 0.0;
        }
        let input = self.input_block(cut.block_m, cut.block_n, self.group_channels()) / self.element;
        self.blocks(cut) * input + self.problem.output_len() as f64
    }

    /// How much longer a lanewise kernel takes for spreading inputs over the lanes of their group.
    fn spread_factor(&self) -> f64 {
        let (inputs, outputs) = (
            self.group_channels() as f64,
            self.problem.group_out_channels() as f64,
        );
        match self.variant.family {
            Family::Lanewise if inputs > 1.0 || outputs > 1.0 => {
                1.0 + SPREAD_COST * (inputs / outputs).max(1.0)
            }
            _ => 1.0,
        }
    }

    /// Seconds to start the work. One block on a CPU runs where it is called.
    fn start_seconds(&self, cut: &Cut) -> f64 {
        let blocks = self.blocks(cut);
        let stays_here = blocks <= 1.0 && self.variant.units_per_tile == 1;
        let dispatch = if stays_here {
            0.0
        } else {
            self.machine.compute.dispatch_ns * 1e-9
        };
        dispatch + (blocks / self.slots() as f64).ceil() * BLOCK_START_SECONDS
    }

    /// Walks the levels, innermost first. What a level sends inwards follows from what the level inside it keeps.
    fn for_each_level(&self, cut: &Cut, mut visit: impl FnMut(&MemoryLevel, LevelCost)) {
        let mut inside: Option<(Hold, f64, f64)> = None; // hold, instances, moved
        for (index, level) in self.machine.levels.iter().enumerate() {
            let (hold, footprint) = self.hold(cut, level, index == 0);
            let moved = match inside {
                None => self.register_traffic(cut),
                Some((inner, instances, moved)) => self.traffic(cut, inner, instances, level).min(moved),
            };
            let instances = count(self.machine.compute.units, level.shared_by.max(1));
            let busy_units = self.blocks(cut) * self.variant.units_per_tile.max(1) as f64;
            let busy = (busy_units / level.shared_by.max(1) as f64)
                .ceil()
                .clamp(1.0, instances);
            inside = Some((hold, busy, moved));
            visit(
                level,
                LevelCost {
                    hold,
                    footprint,
                    moved,
                    seconds: moved / (level.bandwidth * busy),
                },
            );
        }
    }

    /// The most that `level` can keep, and its bytes in one instance.
    fn hold(&self, cut: &Cut, level: &MemoryLevel, innermost: bool) -> (Hold, f64) {
        let Some(capacity) = level.capacity_bytes else {
            return (Hold::Everything, self.footprint(cut, Hold::Everything, 1.0));
        };
        let together = self.concurrent(level).min(self.blocks(cut)).max(1.0);
        let fits = |hold: &Hold| self.footprint(cut, *hold, together) <= capacity as f64 * USABLE;
        let from_most = [
            Hold::Everything,
            Hold::Streamed,
            Hold::Block,
            Hold::Panel,
            Hold::Tile,
        ];
        // A staged kernel fills its innermost level by itself, one stage at a time.
        let staged = innermost && self.variant.stage_k > 0;
        let hold = from_most
            .into_iter()
            .filter(|_| !staged)
            .find(fits)
            .unwrap_or(Hold::Step);
        (hold, self.footprint(cut, hold, together).min(capacity as f64))
    }

    /// Bytes that `hold` takes with `together` blocks at work on one instance.
    fn footprint(&self, cut: &Cut, hold: Hold, together: f64) -> f64 {
        let v = self.variant;
        let all = self.group_channels();
        let panel = self.panel_bytes(cut.block_channels);
        match hold {
            Hold::Step => {
                let buffers = if v.stage_k > 0 { 2.0 } else { 1.0 };
                together * buffers * self.step_elements() * v.stage_k.max(1) as f64 * self.element
            }
            Hold::Tile => together * (panel + self.tile_input_bytes(cut.block_channels)),
            Hold::Panel => {
                let accumulators = if self.passes(cut) > 1.0 {
                    4.0 * cut.block_m as f64 * cut.block_n as f64
                } else {
                    0.0
                };
                together
                    * (panel + self.input_block(cut.block_m, cut.block_n, cut.block_channels) + accumulators)
            }
            Hold::Block => {
                let (m, n) = self.joint_block(cut, together);
                self.input_block(m, n, all) + self.weight_block(n, all)
            }
            Hold::Streamed => {
                let (m, n) = self.joint_block(cut, together);
                match cut.order {
                    LoopOrder::WeightsOuter => {
                        self.input_block(self.gemm.m, n, all) + self.weight_block(n, all)
                    }
                    LoopOrder::PixelsOuter => {
                        self.input_block(m, self.gemm.n, all) + self.weight_block(self.gemm.n, all)
                    }
                }
            }
            Hold::Everything => self.input_bytes() + self.weights_bytes() + self.output_bytes(),
        }
    }

    /// Bytes from the innermost level to the registers.
    fn register_traffic(&self, cut: &Cut) -> f64 {
        let operands = self.tiles() * self.gemm.k as f64 * self.step_elements() * self.element;
        operands + self.output_bytes() * (2.0 * self.passes(cut) - 1.0)
    }

    /// Elements that one reduction step of a tile reads: a vector of weights, and per pixel either one value that is
    /// broadcast or a vector.
    fn step_elements(&self) -> f64 {
        let (m, n) = (self.variant.tile_m as f64, self.variant.tile_n as f64);
        match self.variant.family {
            Family::Broadcast => m + n,
            Family::Lanewise => m * n + n,
        }
    }

    /// Bytes from `level` to the level inside it, which keeps `inner` in each of `instances`.
    fn traffic(&self, cut: &Cut, inner: Hold, instances: f64, level: &MemoryLevel) -> f64 {
        if inner == Hold::Everything {
            return 0.0;
        }
        let all = self.group_channels();
        let groups = self.gemm.groups as f64;
        let (along_m, along_n) = (count(self.gemm.m, cut.block_m), count(self.gemm.n, cut.block_n));
        let weights = self.weights_bytes();
        let input_of_rows = along_m * self.input_block(cut.block_m, cut.block_n, all) * groups; // of one column of blocks
        let accumulators = if inner >= Hold::Panel {
            1.0
        } else {
            2.0 * self.passes(cut) - 1.0
        };
        let output = self.output_bytes() * accumulators;
        let (weights, input) = match inner {
            Hold::Step | Hold::Tile => {
                let weight_reads = if inner == Hold::Tile {
                    along_m
                } else {
                    count(self.gemm.m, self.variant.tile_m)
                };
                (weights * weight_reads, self.tiles() * self.tile_input_bytes(all))
            }
            Hold::Panel => (weights * along_m, input_of_rows * along_n),
            Hold::Block | Hold::Streamed | Hold::Everything => {
                // Runs of blocks that share the operand which stays; instances that share a run fetch it each.
                let share = (instances / groups).ceil().max(1.0);
                let resident = inner == Hold::Streamed;
                let (m, n) = self.joint_block(cut, (self.slots() as f64 / instances).max(1.0));
                let repeats = |runs: f64| if resident { runs.min(share) } else { runs };
                match cut.order {
                    LoopOrder::WeightsOuter => {
                        let runs = count(self.gemm.n, n);
                        (
                            weights * (share / runs).ceil().min(along_m),
                            input_of_rows * repeats(runs),
                        )
                    }
                    LoopOrder::PixelsOuter => {
                        let runs = count(self.gemm.m, m);
                        (
                            weights * repeats(runs),
                            input_of_rows * (share / runs).ceil().min(along_n),
                        )
                    }
                }
            }
        };
        // Main memory holds the input in its own type, which may be narrower.
        let stored = self.problem.spec().dtype.bytes() as f64 / self.element;
        weights
            + if level.capacity_bytes.is_none() {
                (input + output) * stored
            } else {
                input + output
            }
    }

    /// Extent of the rectangle that `together` consecutive blocks cover, pixels and channels.
    fn joint_block(&self, cut: &Cut, together: f64) -> (usize, usize) {
        let together = together as usize; // CAST: a count of units
        let (along_m, along_n) = (
            self.gemm.m.div_ceil(cut.block_m),
            self.gemm.n.div_ceil(cut.block_n),
        );
        let (m, n) = match cut.order {
            LoopOrder::WeightsOuter => (together.min(along_m), together.div_ceil(along_m).min(along_n)),
            LoopOrder::PixelsOuter => (together.div_ceil(along_n).min(along_m), together.min(along_n)),
        };
        (
            cut.block_m.saturating_mul(m).min(self.gemm.m),
            cut.block_n.saturating_mul(n).min(self.gemm.n),
        )
    }

    /// Bytes of the weights of `n` output channels over `channels` input channels.
    fn weight_block(&self, n: usize, channels: usize) -> f64 {
        n as f64 * channels as f64 * self.problem.taps() as f64 * self.element
    }

    /// Bytes of the input that `m` consecutive output pixels of `n` channels touch, each pixel counted once, over
    /// `channels` input channels a group.
    fn input_block(&self, m: usize, n: usize, channels: usize) -> f64 {
        let groups = match self.variant.family {
            Family::Broadcast => 1,
            Family::Lanewise => spanned(n, self.problem.group_out_channels(), self.problem.spec().groups),
        };
        self.input_pixels(m) * groups as f64 * channels as f64 * self.element
    }

    /// Input pixels that `m` consecutive output pixels touch, each counted once.
    fn input_pixels(&self, m: usize) -> f64 {
        let [height, width] = self.problem.output();
        let images = spanned(m, height.saturating_mul(width), self.problem.spec().batch);
        let rows = spanned(m, width, height);
        let whole_rows = self.touched(0, rows) * self.touched(1, width);
        let pieces = rows as f64 * self.touched(0, 1) * self.touched(1, m.min(width));
        images as f64 * whole_rows.min(pieces)
    }

    /// Input positions along `axis` that `outputs` neighbouring outputs touch.
    fn touched(&self, axis: usize, outputs: usize) -> f64 {
        let s = self.problem.spec();
        let (outputs, kernel) = (outputs as f64, s.kernel[axis] as f64);
        let span = (outputs - 1.0) * s.stride[axis] as f64 + (kernel - 1.0) * s.dilation[axis] as f64 + 1.0;
        span.min(outputs * kernel).min(s.input[axis] as f64)
    }

    fn output_bytes(&self) -> f64 {
        self.problem.output_len() as f64 * self.element
    }

    /// Passes over the output that the reduction is cut into.
    fn passes(&self, cut: &Cut) -> f64 {
        count(self.group_channels(), cut.block_channels)
    }

    /// Register tiles of the whole problem.
    fn tiles(&self) -> f64 {
        self.gemm.groups as f64
            * count(self.gemm.m, self.variant.tile_m)
            * count(self.gemm.n, self.variant.tile_n)
    }

    /// Blocks of the whole problem.
    fn blocks(&self, cut: &Cut) -> f64 {
        self.gemm.groups as f64 * count(self.gemm.m, cut.block_m) * count(self.gemm.n, cut.block_n)
    }

    /// Blocks at work at a time on one instance of `level`.
    fn concurrent(&self, level: &MemoryLevel) -> f64 {
        let sharing = level.shared_by.min(self.machine.compute.units) / self.variant.units_per_tile.max(1);
        sharing.max(1) as f64
    }
}

/// Bytes of `level` that a plan counts on.
fn usable(level: &MemoryLevel) -> Option<f64> {
    level.capacity_bytes.map(|bytes| bytes as f64 * USABLE)
}

/// How many pieces of `piece` cover `all`.
fn count(all: usize, piece: usize) -> f64 {
    all.div_ceil(piece.max(1)) as f64
}

/// How many of `all` units of `unit` elements a run of `len` elements touches, wherever a multiple of `len` puts it.
fn spanned(len: usize, unit: usize, all: usize) -> usize {
    let aligned = len.is_multiple_of(unit) || unit.is_multiple_of(len);
    (len.div_ceil(unit) + usize::from(!aligned)).min(all)
}

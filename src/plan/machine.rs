//! What the planner knows of a machine: numbers only, handed in by whoever looked (sysfs, an ioctl, a datasheet).

use crate::conv::{CHANNEL_BLOCK, ConvProblem, DType};

/// A machine as a stack of memory levels over identical compute units, and the kernels that exist for it.
#[derive(Clone, Debug, PartialEq)]
pub struct MachineModel {
    /// Name for people, e.g. `AMD EPYC, avx512` or `gfx1100`.
    pub name: String,
    /// The units that multiply.
    pub compute: Compute,
    /// Memory levels, innermost first, the last one unbounded main memory. Registers are not in it: a
    /// [`KernelVariant`] was built to fit them.
    pub levels: Vec<MemoryLevel>,
    /// Kernels that exist.
    pub variants: Vec<KernelVariant>,
    /// Kernels of the products of Winograd's algorithm; empty where it does not exist.
    pub winograd: Vec<KernelVariant>,
}

/// Identical compute units: cores of a CPU, SIMDs of a GPU.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Compute {
    /// How many units there are (threads that will be used, on a CPU).
    pub units: usize,
    /// f32 lanes of one vector instruction.
    pub lanes: usize,
    /// Vector FMA instructions a unit completes per cycle.
    pub fma_per_cycle: f64,
    /// Clock in Hz; an assumption on a GPU, and printed beside any fraction of peak.
    pub clock_hz: f64,
    /// Fixed cost of handing a problem's blocks to the units, nanoseconds.
    pub dispatch_ns: f64,
    /// Whether the caller itself is a unit, so that a single block needs no handing over.
    pub caller_is_unit: bool,
    /// What a tile costs to start and finish beside its arithmetic, cycles.
    pub tile_cycles: f64,
    /// What a block costs beside its tiles, cycles of the unit that takes it.
    pub block_cycles: f64,
}

impl Compute {
    /// Peak f32 FLOP/s of all units: FMA counts as two.
    pub fn peak_flops(&self) -> f64 {
        2.0 * self.units as f64 * self.lanes as f64 * self.fma_per_cycle * self.clock_hz
    }
}

/// One level of memory.
#[derive(Clone, Debug, PartialEq)]
pub struct MemoryLevel {
    /// `L1`, `L2`, `L3`, `DRAM`, `LDS`, `GL2`, `MALL`, `VRAM`.
    pub name: &'static str,
    /// Bytes that one instance holds; `None` for main memory.
    pub capacity_bytes: Option<u64>,
    /// Bytes per second that one instance delivers inwards.
    pub bandwidth: f64,
    /// Line size, bytes.
    pub line_bytes: u32,
    /// How many compute units share one instance.
    pub shared_by: usize,
    /// Ways of a set-associative cache; 0 where rows can't evict each other.
    pub ways: u32,
}

/// How a kernel maps output elements to vector lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Implicit GEMM within one group: an input value is broadcast and meets a vector of output channels.
    Broadcast,
    /// Lane by lane: a vector of output channels, possibly of several groups, meets a vector of their own inputs.
    /// Depthwise and small groups.
    Lanewise,
    /// Planes: a vector of neighbouring output pixels of one plane meets a weight that is broadcast.
    Planes,
}

/// What a lanewise kernel was unrolled for: it loads an input column once for all the outputs that see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SlidingWindow {
    /// Filter columns, undilated.
    pub columns: usize,
    /// Input columns from an output column to the next.
    pub stride: usize,
    /// Input channels of a group; 1 means depthwise without a multiplier.
    pub channels: usize,
    /// Output channels of a group; `None` where any number will do.
    pub outputs: Option<usize>,
}

impl SlidingWindow {
    /// The window of kernels that take groups of any number of output channels, but for depthwise ones.
    pub const fn new(columns: usize, stride: usize, channels: usize) -> Self {
        let window = Self { columns, stride, channels, outputs: None };
        if channels == 1 { window.square() } else { window }
    }

    /// The same for groups of as many output as input channels.
    #[must_use]
    pub const fn square(self) -> Self {
        Self { outputs: Some(self.channels), ..self }
    }

    /// Whether this is the window of `problem`.
    fn is_of(&self, problem: &ConvProblem) -> bool {
        let s = problem.spec();
        (s.kernel[1], s.stride[1], problem.group_in_channels()) == (self.columns, self.stride, self.channels)
            && (s.dilation[1] == 1 || self.columns == 1)
            && self.outputs.is_none_or(|outputs| outputs == problem.group_out_channels())
    }
}

/// A kernel that exists: a CPU microkernel or a GPU code object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct KernelVariant {
    /// Its name, which is also its symbol.
    pub name: &'static str,
    /// Mapping to lanes.
    pub family: Family,
    /// The windows that a lanewise kernel was unrolled for; `None` where it takes any.
    pub window: Option<SlidingWindow>,
    /// Type of the stored operands.
    pub dtype: DType,
    /// Output pixels of one tile.
    pub tile_m: usize,
    /// Output channels of one tile.
    pub tile_n: usize,
    /// Reduction steps brought into the innermost level at a time (GPU: the LDS stage; CPU: 0, it streams).
    pub stage_k: usize,
    /// Units that work on one tile together (CPU: 1; GPU: the SIMDs that hold one workgroup).
    pub units_per_tile: usize,
    /// Share of the peak that the kernel reaches with its operands in the innermost level, 0 to 1.
    pub efficiency: f64,
    /// Arithmetic rate against f32 FMA (2.0 for packed f16 WMMA on gfx11).
    pub rate: f64,
    /// What a tile of this kernel costs beyond [`Compute::tile_cycles`], cycles: the more pixels and vectors it has, the
    /// longer it takes to set up and to store.
    pub start_cycles: f64,
}

impl KernelVariant {
    /// Output channels that one vector of the kernel covers: [`tile_n`](Self::tile_n), but lane by lane only whole groups.
    pub const fn panel_channels(&self, problem: &ConvProblem) -> usize {
        match self.family {
            Family::Broadcast | Family::Planes => self.tile_n,
            Family::Lanewise => self.tile_n - self.tile_n % problem.group_out_channels(),
        }
    }

    /// Whether the kernel can compute `problem`, its type aside. Lane by lane, a vector takes at least one whole group
    /// and its input as well.
    pub fn can_compute(&self, problem: &ConvProblem) -> bool {
        let groups = self.panel_channels(problem) / problem.group_out_channels();
        let channels = problem.group_in_channels();
        self.family != Family::Lanewise
            || groups > 0
                && channels <= CHANNEL_BLOCK
                && groups * channels <= self.tile_n
                && self.window.is_none_or(|window| window.is_of(problem))
    }
}

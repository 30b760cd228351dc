//! What can be said on the command line.

use crate::cli::device::Device;
use crate::cli::filter::Filter;
use crate::conv::text::options::{
    PaddingOption, parse_activation, parse_dilation, parse_dtype, parse_kernel, parse_layout, parse_stride,
};
use crate::conv::{Activation, DType, Layout, Maths};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// 2-D convolution on the CPU and on AMD RDNA3 GPUs, with the same bits on both.
///
/// Exit codes: 0 done; 1 the system refused (missing file, permission, full disk, device); 2 what was handed in is
/// wrong (option, problem, a file's contents); 3 --verify found a difference.
#[derive(Debug, Parser)]
#[command(name = "sparkle-run", version, max_term_width = 110)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run one convolution, on files or on generated data
    Conv2d(Box<Conv2dArgs>),
    /// Measure the layers of a network
    Bench(BenchArgs),
    /// Show how a problem is cut into tiles, on the CPU and on a GPU side by side
    Plan(PlanArgs),
    /// List what can compute here, and why what can't, can't
    Devices(DevicesArgs),
    /// Find out whether a GPU works, step by step from its node to a kernel's result
    Doctor(DoctorArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// Run one convolution.
///
/// PROBLEM is a benchdnn descriptor or a MIOpenDriver line pasted from a log, as words or as one quoted string.
/// Without it the options below say the problem, and what they don't say is taken from the arrays' shapes. Where
/// nothing at all is given it is ResNet-50's 64x56x56 3x3 layer. Arrays that aren't given are filled with
/// deterministic pseudo-random data.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sparkle-run conv2d --verify
  sparkle-run conv2d mb1ic64ih56oc64kh3ph1 --activation relu --iters 100
  sparkle-run conv2d ./bin/MIOpenDriver conv -n 1 -c 64 -H 56 -W 56 -k 64 -y 3 -x 3 -p 1 -q 1 --verify
  sparkle-run conv2d --input x.npy --weights w.npy --bias b.npy --padding same --output y.npy
  sparkle-run conv2d --image in.png --filter sobel-x --output out.png")]
pub(super) struct Conv2dArgs {
    /// Benchdnn descriptor or MIOpenDriver line
    pub(super) problem: Option<String>,
    #[command(flatten)]
    pub(super) shape: ShapeArgs,
    #[command(flatten)]
    pub(super) files: FileArgs,
    #[command(flatten)]
    pub(super) run: RunArgs,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Problem")]
pub(super) struct ShapeArgs {
    /// Images in the batch
    #[arg(long, value_name = "N", value_parser = positive)]
    pub(super) batch: Option<usize>,
    /// Input channels, over all groups
    #[arg(long, value_name = "C", value_parser = positive)]
    pub(super) in_channels: Option<usize>,
    /// Input height in pixels
    #[arg(long, value_name = "H", value_parser = positive)]
    pub(super) height: Option<usize>,
    /// Input width in pixels
    #[arg(long, value_name = "W", value_parser = positive)]
    pub(super) width: Option<usize>,
    /// Output channels, over all groups
    #[arg(long, value_name = "K", value_parser = positive)]
    pub(super) out_channels: Option<usize>,
    /// Filter height and width, as 3x3
    #[arg(long, value_name = "RxS", value_parser = parse_kernel)]
    pub(super) kernel: Option<[usize; 2]>,
    /// Step between outputs: N or H,W [default: 1]
    #[arg(long, value_name = "N|H,W", value_parser = parse_stride)]
    pub(super) stride: Option<[usize; 2]>,
    /// Zeros around the input: P, PH,PW, TOP,LEFT,BOTTOM,RIGHT, valid, or same (output = ceil(input / stride), the
    /// odd pixel at bottom and right) [default: 0]
    #[arg(long, value_name = "P", allow_hyphen_values = true)]
    pub(super) padding: Option<PaddingOption>,
    /// Step between taps: N or H,W; 1 is none [default: 1]
    #[arg(long, value_name = "N|H,W", value_parser = parse_dilation)]
    pub(super) dilation: Option<[usize; 2]>,
    /// Channel groups; as many as input channels is depthwise [default: 1, or what the arrays say]
    #[arg(long, value_name = "G", value_parser = positive)]
    pub(super) groups: Option<usize>,
    /// Order of the activations: nchw or nhwc; weights are [out][in/groups][height][width] in either [default: nchw]
    #[arg(long, value_name = "LAYOUT", value_parser = parse_layout)]
    pub(super) layout: Option<Layout>,
    /// Stored type: f32 or f16; sums are f32 [default: f32, or the input file's]
    #[arg(long, value_name = "TYPE", value_parser = parse_dtype)]
    pub(super) dtype: Option<DType>,
    /// Applied last: none, relu, relu6, silu, gelu, leaky-relu:A
    #[arg(long, value_name = "NAME", value_parser = parse_activation)]
    pub(super) activation: Option<Activation>,
}

#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Files")]
pub(super) struct FileArgs {
    /// Input: .npy, or .npz with the arrays x, w, b, r
    #[arg(long, value_name = "FILE")]
    pub(super) input: Option<PathBuf>,
    /// Weights [out][in/groups][height][width], .npy
    #[arg(long, value_name = "FILE")]
    pub(super) weights: Option<PathBuf>,
    /// Bias [out], .npy
    #[arg(long, value_name = "FILE")]
    pub(super) bias: Option<PathBuf>,
    /// Added to the output before the activation, of the output's shape, .npy
    #[arg(long, value_name = "FILE")]
    pub(super) residual: Option<PathBuf>,
    /// Where the result goes: .npy or .npz, or .png with --image. Replaced in one step, or left alone on an error
    #[arg(long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Picture to run a named filter over, .png
    #[arg(long, value_name = "FILE", requires_all = ["filter", "output"],
        conflicts_with_all = ["problem", "ShapeArgs", "input", "weights", "bias", "residual"])]
    pub(super) image: Option<PathBuf>,
    /// Filter for --image: identity, box, gaussian, sharpen, sobel-x, sobel-y, edges, emboss
    #[arg(long, value_name = "NAME", requires = "image")]
    pub(super) filter: Option<Filter>,
    /// Seed of the data that fills arrays that aren't given
    #[arg(long, default_value_t = 0)]
    pub(super) seed: u64,
}

#[derive(Debug, Args)]
#[command(next_help_heading = "Run")]
pub(super) struct RunArgs {
    #[command(flatten)]
    pub(super) device: DeviceArgs,
    /// How often to run it; times are the minimum and the median [default: 1]
    #[arg(long, value_name = "COUNT", value_parser = positive)]
    pub(super) iters: Option<usize>,
    /// Runs before the timed ones
    #[arg(long, value_name = "COUNT", default_value_t = 0)]
    pub(super) warmup: usize,
    /// Compare with the naive f64 reference; exit 3 where any element differs by more than its bound
    #[arg(long)]
    pub(super) verify: bool,
    /// Say why this device, this plan, this kernel
    #[arg(long)]
    pub(super) explain: bool,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
    /// Write a capture of every GPU submission into this folder
    #[arg(long, value_name = "DIR")]
    pub(super) dump_pm4: Option<PathBuf>,
    /// Write Chrome trace-event JSON of the run
    #[arg(long, value_name = "FILE")]
    pub(super) trace: Option<PathBuf>,
}

/// Where and how to compute.
#[derive(Debug, Args)]
pub(super) struct DeviceArgs {
    /// auto, cpu, gpu, gpu:N or all (split)
    #[arg(long, default_value_t)]
    pub(super) device: Device,
    /// Fail where the chosen GPU can't do it, instead of using the CPU
    #[arg(long)]
    pub(super) no_fallback: bool,
    /// CPU threads [default: all cores]
    #[arg(long, value_name = "COUNT", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// exact gives the same bits everywhere; fast may use other orders of summation within a stated bound
    #[arg(long, value_enum, default_value_t)]
    pub(super) math: Math,
}

/// A value of `--math`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Math {
    #[default]
    Exact,
    Fast,
}

impl From<Math> for Maths {
    fn from(math: Math) -> Self {
        match math {
            Math::Exact => Self::Exact,
            Math::Fast => Self::Fast,
        }
    }
}

/// Measure the layers of a network.
///
/// Weights are prepared outside the timed part. FLOPs are 2 x multiply-accumulates of the direct algorithm.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sparkle-run bench
  sparkle-run bench --layers layers.csv --only '_3x3_' --budget 1 --format csv")]
pub(super) struct BenchArgs {
    /// Layers: name,n,c,h,w,k,r,s,stride_h,stride_w,pad_h,pad_w,dil_h,dil_w,groups,flops,source_network
    /// [default: ResNet-50's, built in]
    #[arg(long, value_name = "FILE.csv")]
    pub(super) layers: Option<PathBuf>,
    #[command(flatten)]
    pub(super) device: DeviceArgs,
    /// Only layers whose name matches
    #[arg(long, value_name = "REGEX")]
    pub(super) only: Option<String>,
    /// Seconds to spend on a layer
    #[arg(long, value_name = "S", default_value = "0.12", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) budget: Duration,
    /// Layout of the activations; native is what the device likes best
    #[arg(long, value_enum, default_value_t)]
    pub(super) io: Io,
    /// Print READY, then answer each layer name on stdin with its row, until the end of input
    #[arg(long)]
    pub(super) serve: bool,
    /// How the results are printed; --serve always answers in CSV
    #[arg(long, value_enum, default_value_t)]
    pub(super) format: Format,
}

/// A value of `--io`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Io {
    #[default]
    Native,
    Nchw,
    Nhwc,
}

/// A value of `--format`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    #[default]
    Table,
    Csv,
    Json,
}

/// Show how a problem is cut into tiles.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sparkle-run plan mb1ic64ih56oc64kh3ph1
  sparkle-run plan conv -n 1 -c 64 -H 56 -W 56 -k 64 -y 3 -x 3 -p 1 -q 1 --device gpu:gfx1102")]
pub(super) struct PlanArgs {
    /// Benchdnn descriptor or MIOpenDriver line
    pub(super) problem: Option<String>,
    #[command(flatten)]
    pub(super) shape: ShapeArgs,
    /// cpu, gpu (every model), or gpu:gfx1102 for one [default: cpu and gfx1100 side by side]
    #[arg(long)]
    pub(super) device: Option<String>,
    /// CPU threads to plan for [default: all cores]
    #[arg(long, value_name = "COUNT", value_parser = threads)]
    pub(super) threads: Option<usize>,
    /// exact, or fast to allow Winograd's algorithm
    #[arg(long, value_enum, default_value_t)]
    pub(super) math: Math,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// List what can compute here.
#[derive(Debug, Args)]
pub(super) struct DevicesArgs {
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// Find out whether a GPU works.
///
/// Each rung adds one thing: the node, memory, addresses, packets, waves, stores, LDS. It stops at the first that fails,
/// with what was seen, the probable cause and what to look at next. Exit codes: 0 all passed; 1 one failed, or there
/// is no GPU; 2 the command line is wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  sparkle-run doctor
  sparkle-run doctor --device gpu:1 --bundle doctor.zip
  sparkle-run doctor --drill fault --drill hang     # other programs may lose their work on the GPU")]
pub(super) struct DoctorArgs {
    /// gpu or gpu:N [default: the first that can be used]
    #[arg(long, default_value_t = Device::Gpu(None))]
    pub(super) device: Device,
    /// Break something on purpose and see whether the GPU recovers; last, and only when asked for
    #[arg(long, value_enum, value_name = "DRILL")]
    pub(super) drill: Vec<Drill>,
    /// Write a zip for maintainers: the report, captures of all streams; no names of people or machines
    #[arg(long, value_name = "FILE")]
    pub(super) bundle: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long)]
    pub(super) json: bool,
}

/// A value of `--drill`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Drill {
    /// A store to an address without memory
    Fault,
    /// A wave that never ends
    Hang,
}

impl Drill {
    /// All of them, the milder one first.
    pub(super) const ALL: [Self; 2] = [Self::Fault, Self::Hang];

    /// As the command line has it.
    pub(super) const fn name(&self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Hang => "hang",
        }
    }
}

/// Print a completion script.
#[derive(Debug, Args)]
#[command(
    after_help = "Example: sparkle-run completions bash > ~/.local/share/bash-completion/completions/sparkle-run"
)]
pub(super) struct CompletionsArgs {
    #[arg(value_enum)]
    pub(super) shell: Shell,
}

/// Shells that have a script.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

fn positive(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("it must be at least 1".to_owned()),
        Ok(count) => Ok(count),
        Err(error) => Err(format!("write a count of at least 1 ({error})")),
    }
}

/// More threads than any machine has cores take the system minutes to start and gain nothing.
const MAX_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    match positive(text)? {
        count if count <= MAX_THREADS => Ok(count),
        _ => Err(format!("it must be at most {MAX_THREADS}")),
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "write seconds, as 0.12".to_owned())?;
    Duration::try_from_secs_f64(seconds).map_err(|error| format!("write seconds, as 0.12 ({error})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn counts_and_seconds_refuse_what_makes_no_sense() {
        assert_eq!((positive("3"), seconds("0.5")), (Ok(3), Ok(Duration::from_millis(500))));
        for text in ["0", "-1", "1.5", "", "99999999999999999999999"] {
            assert!(positive(text).is_err(), "{text}");
        }
        for text in ["-1", "NaN", "inf", "1e40", "x"] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}

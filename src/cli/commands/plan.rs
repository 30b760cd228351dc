//! `sparkle-run plan`: how a problem is cut, on the CPU and on GPUs side by side.

use crate::backend::Backend;
use crate::cli::args::PlanArgs;
use crate::cli::device::open_cpu;
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::problem::{self, ArrayShapes};
use crate::cli::report::{SCHEMA, describe};
use crate::conv::text::ProblemText;
use crate::plan::{self, Algorithm, LoopOrder, MachineModel, TilePlan, Walk, WinogradCut};
use serde::Serialize;

/// The GPU that stands beside the CPU where none is named.
const DEFAULT_GPU: &str = "gfx1100";

/// Plans and prints.
pub(in crate::cli) fn run(args: &PlanArgs, pasted: Option<ProblemText>) -> Result<(), Failure> {
    let stated = problem::state(pasted, args.problem.as_deref())?;
    let (problem, mut notes) = problem::resolve(stated.as_ref(), &args.shape, &ArrayShapes::default())?;
    let mut plans = Vec::new();
    let mut refusal = None;
    for machine in machines(args)? {
        match plan::plan_for(&problem, &machine, args.math.into()) {
            Ok(plan) => plans.push(plan),
            Err(error) => {
                notes.push(error.to_string());
                refusal = Some(error);
            }
        }
    }
    if let (true, Some(error)) = (plans.is_empty(), refusal) {
        return Err(error.into());
    }
    notes.iter().for_each(|note| output::note(note));
    let problem = describe(&problem);
    if args.json {
        let plans = plans.iter().map(PlanReport::from).collect();
        output::print_json(&PlansReport { schema: SCHEMA, command: "plan", problem, plans, notes })
    } else {
        output::print(&format!("{problem}\n\n{}", plan::side_by_side(&plans)))
    }
}

/// The machines that `--device` names.
fn machines(args: &PlanArgs) -> Result<Vec<MachineModel>, Failure> {
    let cpu = || open_cpu(args.threads).map(|cpu| cpu.machine().clone());
    match args.device.as_deref() {
        None | Some("auto" | "all") => Ok(vec![cpu()?, gpu(DEFAULT_GPU)?]),
        Some("cpu") => Ok(vec![cpu()?]),
        Some("gpu") => Ok(plan::gpu_models()),
        Some(device) => Ok(vec![gpu(device.strip_prefix("gpu:").unwrap_or(device))?]),
    }
}

fn gpu(name: &str) -> Result<MachineModel, Failure> {
    plan::gpu_model(name).ok_or_else(|| {
        let known: Vec<String> = plan::gpu_models().into_iter().map(|machine| machine.name).collect();
        Failure::input(format_args!(
            "there is no model of {name:?}; --device takes cpu, gpu, or gpu:NAME of {}",
            known.join(", ")
        ))
    })
}

#[derive(Debug, Serialize)]
struct PlansReport {
    schema: u32,
    command: &'static str,
    problem: String,
    plans: Vec<PlanReport>,
    notes: Vec<String>,
}

/// A plan as JSON.
#[derive(Debug, Serialize)]
struct PlanReport {
    machine: String,
    kernel: &'static str,
    /// `direct`, or Winograd's with the size of its tiles.
    algorithm: String,
    winograd: Option<WinogradReport>,
    tile_m: usize,
    tile_n: usize,
    /// The kernel of the last tiles of each row, where tiles end with it.
    shorter_kernel: Option<&'static str>,
    gemm: GemmReport,
    block_m: usize,
    block_n: usize,
    block_channels: usize,
    order: &'static str,
    /// Order of a lanewise block's tiles: `along-rows`, or `down-columns` with how many panels at most.
    walk: &'static str,
    walk_panels: Option<usize>,
    blocks: usize,
    levels: Vec<LevelReport>,
    compute_us: f64,
    predicted_us: f64,
    bound: &'static str,
    candidates: usize,
}

/// How Winograd's algorithm is cut. `blocks` and what belongs to it then cut the direct method, which stands in.
#[derive(Debug, Serialize)]
struct WinogradReport {
    products: usize,
    tiles: usize,
    strip: usize,
    block_n: usize,
    shared: bool,
}

impl WinogradReport {
    fn of(plan: &TilePlan) -> Option<Self> {
        let Algorithm::Winograd(WinogradCut { tile, tiles, strip, block_n, shared, .. }) = plan.algorithm else {
            return None;
        };
        Some(Self { products: tile.products(), tiles, strip, block_n, shared })
    }
}

#[derive(Debug, Serialize)]
struct GemmReport {
    groups: usize,
    m: usize,
    n: usize,
    k: usize,
}

#[derive(Debug, Serialize)]
struct LevelReport {
    name: &'static str,
    footprint_bytes: u64,
    capacity_bytes: Option<u64>,
    moved_bytes: f64,
    us: f64,
    reason: String,
}

impl From<&TilePlan> for PlanReport {
    fn from(plan: &TilePlan) -> Self {
        let gemm = plan.gemm;
        let levels = plan.levels.iter().enumerate().map(|(index, level)| LevelReport {
            name: level.name,
            footprint_bytes: level.footprint_bytes(),
            capacity_bytes: level.capacity_bytes,
            moved_bytes: level.moved_bytes,
            us: level.seconds * 1e6,
            reason: plan.reason(index, level),
        });
        Self {
            machine: plan.machine.clone(),
            kernel: plan.kernel().name,
            algorithm: plan.algorithm.to_string(),
            winograd: WinogradReport::of(plan),
            tile_m: plan.kernel().tile_m,
            tile_n: plan.kernel().tile_n,
            shorter_kernel: plan.shorter.map(|variant| variant.name),
            gemm: GemmReport { groups: gemm.groups, m: gemm.m, n: gemm.n, k: gemm.k },
            block_m: plan.block_m,
            block_n: plan.block_n,
            block_channels: plan.block_channels,
            order: match plan.order {
                LoopOrder::WeightsOuter => "weights-outer",
                LoopOrder::PixelsOuter => "pixels-outer",
            },
            walk: match plan.walk {
                Walk::AlongRows => "along-rows",
                Walk::DownColumns { .. } => "down-columns",
            },
            walk_panels: match plan.walk {
                Walk::AlongRows => None,
                Walk::DownColumns { panels } => Some(panels),
            },
            blocks: plan.block_count(),
            levels: levels.collect(),
            compute_us: plan.compute_seconds * 1e6,
            predicted_us: plan.seconds * 1e6,
            bound: plan.bound,
            candidates: plan.candidates,
        }
    }
}

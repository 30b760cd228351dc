//! What a layer costs before its first run: planning and preparing, in runs of the layer, the worst first.
//!
//! `cargo bench --bench fixed_costs -- LAYERS.csv THREADS [PART OF A NAME]`, with the columns of `sparkle-run bench`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use sparkle::backend::Backend;
use sparkle::backend::cpu::{CpuBackend, CpuOptions};
use sparkle::conv::{ConvProblem, ConvSpec, Layout, Maths, Padding, TensorMut, TensorRef};
use sparkle::plan::plan_for;
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often each layer is planned and prepared; the fastest counts.
const REPEATS: usize = 9;
/// For how long each layer runs, at least twice; the fastest counts.
const RUNS: Duration = Duration::from_millis(3);

/// Microseconds.
struct Cost {
    name: String,
    maths: Maths,
    plan: f64,
    prepare: f64,
    run: f64,
}

impl Cost {
    fn runs(&self) -> f64 {
        (self.plan + self.prepare) / self.run
    }
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let [path, threads, rest @ ..] = arguments.as_slice() else {
        return println!("which layers and how many threads? LAYERS.csv THREADS [PART OF A NAME]");
    };
    let cpu = CpuBackend::new(CpuOptions { threads: Some(threads.parse().unwrap()), isa: None }).unwrap();
    let layers = std::fs::read_to_string(path).unwrap();
    let (header, lines) = layers.split_once('\n').unwrap();
    let wanted = |name: &str| rest.first().is_none_or(|part| name.contains(part.as_str()));
    let mut costs = Vec::new();
    for line in lines.lines() {
        let fields: HashMap<_, _> = header.split(',').zip(line.split(',')).collect();
        if wanted(fields["name"]) {
            costs.extend([Maths::Exact, Maths::Fast].map(|maths| measure(&cpu, &fields, maths)));
        }
    }
    costs.sort_by(|a, b| b.runs().total_cmp(&a.runs()));
    println!("{:<34} maths {:>9} {:>11} {:>11} {:>6}", "layer", "plan us", "prepare us", "run us", "runs");
    for cost in &costs {
        let Cost { name, maths, plan, prepare, run } = cost;
        println!("{name:<34} {maths} {plan:>9.1} {prepare:>11.1} {run:>11.1} {:>6.2}", cost.runs());
    }
}

fn problem(fields: &HashMap<&str, &str>) -> ConvProblem {
    let field = |name: &str| fields[name].parse::<usize>().unwrap();
    let [vertical, horizontal] = ["pad_h", "pad_w"].map(field);
    ConvProblem::new(ConvSpec {
        batch: field("n"),
        in_channels: field("c"),
        out_channels: field("k"),
        input: ["h", "w"].map(field),
        kernel: ["r", "s"].map(field),
        stride: ["stride_h", "stride_w"].map(field),
        dilation: ["dil_h", "dil_w"].map(field),
        padding: Padding { top: vertical, bottom: vertical, left: horizontal, right: horizontal },
        groups: field("groups"),
        layout: Layout::Nhwc,
        ..ConvSpec::default()
    })
    .unwrap()
}

fn measure(cpu: &CpuBackend, fields: &HashMap<&str, &str>, maths: Maths) -> Cost {
    let mut problem = problem(fields);
    let layout = cpu.preferred_layout(&problem, maths);
    problem = problem.respecify(|spec| spec.layout = layout).unwrap();
    let weights: Vec<_> = (0..problem.weights_len()).map(|i| (i % 7) as f32 * 0.125 - 0.375).collect();
    let (input, mut output) = (vec![0.25; problem.input_len()], vec![0.0; problem.output_len()]);
    let (mut plan_us, mut prepare_us, mut run_us) = (f64::INFINITY, f64::INFINITY, f64::INFINITY);
    let fastest = |so_far: &mut f64, since: Instant| *so_far = so_far.min(since.elapsed().as_secs_f64() * 1e6);
    let mut kept = None;
    for _ in 0..REPEATS {
        let start = Instant::now();
        let plan = plan_for(&problem, cpu.machine(), maths).unwrap();
        fastest(&mut plan_us, start);
        let start = Instant::now();
        let prepared = cpu.prepare(&problem, &plan, TensorRef::F32(&weights), None).unwrap();
        fastest(&mut prepare_us, start);
        kept = Some(prepared); // what it replaces is dropped now, so its memory was not to be had a moment ago
    }
    let mut prepared = kept.unwrap();
    let start = Instant::now();
    for count in 0.. {
        if count >= 2 && start.elapsed() >= RUNS {
            break;
        }
        let one = Instant::now();
        prepared.run(TensorRef::F32(&input), None, TensorMut::F32(&mut output)).unwrap();
        fastest(&mut run_us, one);
    }
    Cost { name: fields["name"].to_owned(), maths, plan: plan_us, prepare: prepare_us, run: run_us }
}

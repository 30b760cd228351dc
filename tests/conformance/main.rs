//! One suite for every backend: the problems of `tests/problems`, compared to the bit with the scalar statement of the
//! exact maths. A line in `backends!` adds a backend.

#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

mod fast;
mod problems;

use half::f16;
use problems::{Case, Tensors};
use sparkle::backend::Backend;
use sparkle::backend::cpu::{CpuBackend, CpuOptions, Isa};
use sparkle::conv::reference::{convolve_exact, same_value};
use sparkle::conv::{ConvProblem, DType, Layout, Padding, TensorMut, TensorRef};
use sparkle::plan::{Family, KernelVariant, LoopOrder, MachineModel, RowTiles, Stores, TilePlan, Walk, plan};

/// The CPU with `isa`, or `None` with a word on stderr where this machine lacks it.
fn cpu(isa: Isa, threads: usize) -> Option<Box<dyn Backend>> {
    if !isa.is_available() {
        eprintln!("skipped: this CPU does not have {isa}");
        return None;
    }
    Some(Box::new(CpuBackend::new(CpuOptions { threads: Some(threads), isa: Some(isa) }).unwrap()))
}

/// Runs `problem` on `backend` as the planner cuts it, and widens the result.
fn run(backend: &dyn Backend, problem: &ConvProblem, tensors: &Tensors) -> Vec<f32> {
    run_plan(backend, problem, &plan(problem, backend.machine()).unwrap(), tensors)
}

fn run_plan(backend: &dyn Backend, problem: &ConvProblem, plan: &TilePlan, tensors: &Tensors) -> Vec<f32> {
    let mut prepared = backend.prepare(problem, plan, tensors.weights(), tensors.bias()).unwrap();
    let len = problem.output_len();
    match problem.spec().dtype {
        DType::F32 => {
            let TensorRef::F32(input) = tensors.input() else { panic!("f32 problems have f32 tensors") };
            let mut run = |input: &[f32]| {
                let mut output = vec![f32::NAN; len];
                prepared.run(TensorRef::F32(input), tensors.residual(), TensorMut::F32(&mut output)).unwrap();
                output
            };
            // Later runs meet what the first one left in the scratch: other values in the same place, then another place.
            let mut copy: Vec<_> = input.iter().rev().copied().collect();
            run(&copy);
            copy.copy_from_slice(input);
            let output = run(&copy);
            assert_same("the same input elsewhere", &run(input), &output);
            output
        }
        DType::F16 => {
            let mut output = vec![f16::NAN; len];
            prepared.run(tensors.input(), tensors.residual(), TensorMut::F16(&mut output)).unwrap();
            output.into_iter().map(f16::to_f32).collect()
        }
    }
}

/// +0 equals -0, any NaN equals any NaN, everything else is the same bits.
fn assert_same(what: &str, got: &[f32], want: &[f32]) {
    assert_eq!(got.len(), want.len(), "{what}");
    for (index, (got, want)) in got.iter().zip(want).enumerate() {
        assert!(
            same_value(*got, *want),
            "{what}: element {index} is {got:e} ({:08x}), not {want:e} ({:08x})",
            got.to_bits(),
            want.to_bits()
        );
    }
}

fn exact(problem: &ConvProblem, tensors: &Tensors) -> Vec<f32> {
    let output =
        convolve_exact(problem, tensors.input(), tensors.weights(), tensors.bias(), tensors.residual()).unwrap();
    output.to_vec()
}

/// Every problem of the lists, with ordinary data.
fn computes_the_lists(backend: &dyn Backend) {
    for Case { line, problem } in problems::lists() {
        let tensors = Tensors::random(&problem, 1);
        assert_same(&line, &run(backend, &problem, &tensors), &exact(&problem, &tensors));
    }
}

/// NaN, infinities, denormals and huge values flow through as the chain says.
fn passes_special_values(backend: &dyn Backend) {
    for Case { line, problem } in problems::lists().into_iter().step_by(3) {
        let tensors = Tensors::special_inputs(&problem, 2);
        assert_same(&line, &run(backend, &problem, &tensors), &exact(&problem, &tensors));
    }
}

/// Weights that are not finite never meet the padding's zeros, nor any others where there is no padding.
fn keeps_wild_weights_off_the_padding(backend: &dyn Backend) {
    let unpadded = |case: &Case| case.problem.spec().padding == Padding::default();
    let chosen = problems::lists().into_iter().enumerate().filter(|(index, case)| index % 4 == 0 || unpadded(case));
    for (_, Case { line, problem }) in chosen {
        let tensors = Tensors::special_weights(&problem, 3);
        assert_same(&line, &run(backend, &problem, &tensors), &exact(&problem, &tensors));
    }
}

/// A batch gives what its images give one by one.
fn splits_batches(backend: &dyn Backend) {
    for Case { line, problem } in problems::lists().into_iter().filter(|case| case.problem.spec().batch > 1) {
        let tensors = Tensors::random(&problem, 4);
        let whole = run(backend, &problem, &tensors);
        let one = problem.respecify(|spec| spec.batch = 1).unwrap();
        for image in 0..problem.spec().batch {
            let part = run(backend, &one, &tensors.image(&problem, image));
            assert_same(&line, &part, &whole[image * part.len()..][..part.len()]);
        }
    }
}

/// Both layouts hold the same values.
fn agrees_between_layouts(backend: &dyn Backend) {
    for Case { line, problem } in problems::lists() {
        if problem.spec().layout != Layout::Nhwc {
            continue;
        }
        let tensors = Tensors::random(&problem, 5);
        let planes = problem.respecify(|spec| spec.layout = Layout::Nchw).unwrap();
        let nhwc = run(backend, &problem, &tensors);
        let nchw = run(backend, &planes, &tensors.to_planes(&problem));
        assert_same(&line, &problems::to_planes(&problem, &nhwc), &nchw);
    }
}

macro_rules! backends {
    ($($name:ident => $backend:expr;)+) => {
        $(mod $name {
            use super::*;

            #[test]
            fn computes_the_lists() {
                if let Some(backend) = $backend { super::computes_the_lists(backend.as_ref()) }
            }

            #[test]
            fn passes_special_values() {
                if let Some(backend) = $backend { super::passes_special_values(backend.as_ref()) }
            }

            #[test]
            fn keeps_wild_weights_off_the_padding() {
                if let Some(backend) = $backend { super::keeps_wild_weights_off_the_padding(backend.as_ref()) }
            }

            #[test]
            fn splits_batches() {
                if let Some(backend) = $backend { super::splits_batches(backend.as_ref()) }
            }

            #[test]
            fn agrees_between_layouts() {
                if let Some(backend) = $backend { super::agrees_between_layouts(backend.as_ref()) }
            }
        })+
    };
}

backends! {
    cpu_portable => cpu(Isa::Portable, 1);
    cpu_portable_3_threads => cpu(Isa::Portable, 3);
    cpu_avx2 => cpu(Isa::Avx2, 1);
    cpu_avx2_2_threads => cpu(Isa::Avx2, 2);
    cpu_avx512 => cpu(Isa::Avx512, 1);
    cpu_avx512_5_threads => cpu(Isa::Avx512, 5);
}

/// Every kernel of every instruction set, forced, whatever the planner would choose, on some of what it can compute: all
/// of it for the kernels of a certain window.
#[test]
fn every_kernel_gives_the_same_bits() {
    for isa in Isa::available() {
        let backend = CpuBackend::new(CpuOptions { threads: Some(1), isa: Some(isa) }).unwrap();
        for variant in &backend.machine().variants {
            let machine = MachineModel { variants: vec![*variant], ..backend.machine().clone() };
            let step = if variant.family == Family::Lanewise { 1 } else { 2 };
            let mut cases = problems::lists();
            cases.retain(|case| variant.can_compute(&case.problem));
            assert!(!cases.is_empty(), "no problem for {}", variant.name);
            for Case { line, problem } in cases.into_iter().step_by(step) {
                let tensors = Tensors::random(&problem, 7);
                let plan = plan(&problem, &machine).unwrap();
                let got = run_plan(&backend, &problem, &plan, &tensors);
                assert_same(&format!("{} {line}", variant.name), &got, &exact(&problem, &tensors));
            }
        }
    }
}

/// Lanewise kernels down the columns as well as along the rows, in blocks that begin and end within rows, some of few
/// vectors.
#[test]
fn every_walk_gives_the_same_bits() {
    let text = include_str!("../problems/lanewise.txt");
    let lines: Vec<_> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    for isa in Isa::available() {
        let backend = CpuBackend::new(CpuOptions { threads: Some(2), isa: Some(isa) }).unwrap();
        let mut together = 0;
        for (index, line) in lines.iter().enumerate() {
            let problem = problems::parse(line);
            let lanewise = |v: &&KernelVariant| v.family == Family::Lanewise && v.can_compute(&problem);
            let tensors = Tensors::random(&problem, 13);
            let want = exact(&problem, &tensors);
            for variant in backend.machine().variants.iter().filter(lanewise) {
                let machine = MachineModel { variants: vec![*variant], ..backend.machine().clone() };
                let pixels = problem.spec().batch * problem.output_pixels();
                let walk = Walk::DownColumns { panels: 1 + index % 3 };
                let block_m = [pixels, pixels.div_ceil(2), 1 + pixels * 2 / 3][index % 3];
                let plan = TilePlan { walk, block_m, ..plan(&problem, &machine).unwrap() };
                together += usize::from(problem.output()[0] > 4 && block_m == pixels);
                assert_same(&format!("{} {line}", variant.name), &run_plan(&backend, &problem, &plan, &tensors), &want);
            }
        }
        assert!(together > 10, "{isa}: only {together} with rows that a call could take together");
    }
}

/// The plan's tiles end with the output row, in blocks of `rows` of them, or with the last pixel where a single tap meets no
/// padding: `None` where no two heights fill it.
fn in_rows(problem: &ConvProblem, machine: &MachineModel, variant: &KernelVariant, rows: usize) -> Option<TilePlan> {
    let columns = match (problem.taps(), problem.spec().padding == Padding::default()) {
        (1, true) => problem.spec().batch * problem.output_pixels(),
        _ => problem.output()[1],
    };
    RowTiles::new(columns, variant.tile_m)?;
    let is_shorter =
        |v: &&KernelVariant| (v.family, v.tile_n, v.tile_m + 1) == (variant.family, variant.tile_n, variant.tile_m);
    let shorter = *machine.variants.iter().find(is_shorter)?;
    let alone = MachineModel { variants: vec![*variant], ..machine.clone() };
    let plan = plan(problem, &alone).unwrap();
    Some(TilePlan { shorter: Some(shorter), block_m: (columns * rows).min(plan.gemm.m), ..plan })
}

#[test]
fn tiles_that_end_with_the_row_give_the_same_bits() {
    for isa in Isa::available() {
        let backend = CpuBackend::new(CpuOptions { threads: Some(1), isa: Some(isa) }).unwrap();
        let machine = backend.machine();
        let mut compared = 0;
        for variant in machine.variants.iter().filter(|variant| variant.family == Family::Broadcast) {
            for (index, Case { line, problem }) in problems::lists().into_iter().enumerate() {
                let Some(mut plan) = in_rows(&problem, machine, variant, 1 + index % 3) else {
                    continue;
                };
                if index % 4 == 0 {
                    plan.block_channels = 16; // several passes over stored accumulators
                }
                compared += 1;
                let tensors = Tensors::random(&problem, 11);
                let got = run_plan(&backend, &problem, &plan, &tensors);
                assert_same(&format!("{} {line}", variant.name), &got, &exact(&problem, &tensors));
            }
        }
        assert!(compared > 40 || isa == Isa::Portable, "{isa}: only {compared} problems");
    }
}

/// Blocks that neither begin nor end with a row, whose last tile may begin at their last pixel, with stored accumulators.
#[test]
fn tiles_that_end_with_the_row_may_begin_within_it() {
    let backend = CpuBackend::new(CpuOptions { threads: Some(1), isa: None }).unwrap();
    let problem = problems::parse("mb1ic32ih25oc300kh3ph1 nhwc");
    let tensors = Tensors::random(&problem, 12);
    let want = exact(&problem, &tensors);
    for variant in backend.machine().variants.iter().filter(|variant| variant.family == Family::Broadcast) {
        let Some(plan) = in_rows(&problem, backend.machine(), variant, 1) else {
            continue;
        };
        for tiles in 1..8 {
            let plan = TilePlan { block_m: variant.tile_m * tiles, block_n: 300, block_channels: 16, ..plan.clone() };
            assert_same(&format!("{} {tiles}", variant.name), &run_plan(&backend, &problem, &plan, &tensors), &want);
        }
    }
}

/// Blocks of any size in any order, and any number of passes over the channels.
#[test]
fn any_blocking_gives_the_same_bits() {
    let backend = CpuBackend::new(CpuOptions { threads: Some(2), isa: None }).unwrap();
    let mut seed = 0_usize;
    for Case { line, problem } in problems::lists() {
        let tensors = Tensors::random(&problem, 8);
        let want = exact(&problem, &tensors);
        for order in [LoopOrder::WeightsOuter, LoopOrder::PixelsOuter] {
            let mut plan = plan(&problem, backend.machine()).unwrap();
            seed += 1;
            plan.order = order;
            plan.block_m = plan.variant.tile_m * [1, 2, 3, 7][seed % 4];
            plan.block_n = plan.variant.tile_n * [1, 2, 5][seed % 3];
            plan.block_channels = 16 * [1, 2, 3][seed % 3];
            let what = format!("{line}: {} x {} x {} {order:?}", plan.block_m, plan.block_n, plan.block_channels);
            assert_same(&what, &run_plan(&backend, &problem, &plan, &tensors), &want);
        }
    }
}

/// Stores past the caches, into aligned outputs so that kernels can, and prefetching change nothing.
#[test]
fn streaming_gives_the_same_bits() {
    const LINE: usize = 16; // floats
    for isa in Isa::available() {
        let backend = CpuBackend::new(CpuOptions { threads: Some(2), isa: Some(isa) }).unwrap();
        for Case { line, problem } in problems::lists() {
            if problem.spec().dtype != DType::F32 {
                continue;
            }
            let tensors = Tensors::random(&problem, 10);
            let mut plan = plan(&problem, backend.machine()).unwrap();
            (plan.stores, plan.prefetch) = (Stores::Streaming, true);
            let mut prepared = backend.prepare(&problem, &plan, tensors.weights(), tensors.bias()).unwrap();
            let mut memory = vec![f32::NAN; problem.output_len() + LINE];
            let skip = memory.as_ptr().align_offset(LINE * size_of::<f32>());
            let output = &mut memory[skip..][..problem.output_len()];
            prepared.run(tensors.input(), tensors.residual(), TensorMut::F32(output)).unwrap();
            assert_same(&format!("{isa} {line}"), output, &exact(&problem, &tensors));
        }
    }
}

/// A plan that no planner would make is refused, not trusted.
#[test]
fn refuses_plans_that_do_not_fit() {
    let backend = CpuBackend::new(CpuOptions { threads: Some(1), isa: None }).unwrap();
    let lists = problems::lists();
    let (problem, other) = (&lists[0].problem, &lists[3].problem);
    let tensors = Tensors::random(problem, 9);
    let good = plan(problem, backend.machine()).unwrap();
    let refused = |change: &dyn Fn(&mut TilePlan)| {
        let mut plan = good.clone();
        change(&mut plan);
        assert!(backend.prepare(problem, &plan, tensors.weights(), None).is_err(), "{plan:?}");
    };
    refused(&|plan| plan.block_m = 0);
    refused(&|plan| plan.block_n = 0);
    refused(&|plan| plan.block_n = plan.variant.tile_n + 1);
    refused(&|plan| plan.block_channels = 0);
    refused(&|plan| plan.gemm.m += 1);
    refused(&|plan| plan.gemm.n -= 1);
    refused(&|plan| plan.variant.tile_m = 1000);
    refused(&|plan| plan.machine.push('x'));
    refused(&|plan| plan.shorter = Some(plan.variant));
    let foreign = sparkle::plan::plan(other, backend.machine()).unwrap();
    assert!(backend.prepare(problem, &foreign, tensors.weights(), None).is_err());
}

/// Tensors of the wrong size, type or presence are refused and nothing is computed.
#[test]
fn refuses_tensors_that_do_not_fit() {
    let backend = cpu(Isa::Portable, 1).unwrap();
    let problem = problems::lists().remove(0).problem;
    let tensors = Tensors::random(&problem, 6);
    let plan = plan(&problem, backend.machine()).unwrap();
    let short = TensorRef::F32(&[0.0; 3]);
    assert!(backend.prepare(&problem, &plan, short, None).is_err());
    assert!(backend.prepare(&problem, &plan, tensors.weights(), Some(short)).is_err());
    let mut prepared = backend.prepare(&problem, &plan, tensors.weights(), None).unwrap();
    let mut output = vec![1.5; problem.output_len()];
    assert!(prepared.run(short, None, TensorMut::F32(&mut output)).is_err());
    assert!(prepared.run(tensors.input(), Some(short), TensorMut::F32(&mut output)).is_err());
    assert!(prepared.run(tensors.input(), None, TensorMut::F32(&mut output[1..])).is_err());
    assert!(output.iter().all(|value| *value == 1.5));
}

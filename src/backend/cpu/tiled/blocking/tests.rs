//! How staged inputs are cut into blocks: whole rows, each output once, equal shares.
#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use crate::backend::cpu::CpuInfo;
use crate::backend::cpu::isa::Isa;
use crate::conv::{ConvSpec, DType, Layout, Padding};

const THREADS: [usize; 5] = [1, 2, 3, 4, 8];

/// A first layer: three channels in, `out` out; stored as f16, so that it is staged.
fn stem(map: usize, out: usize, kernel: usize, stride: usize, padding: usize) -> ConvProblem {
    let spec = ConvSpec {
        in_channels: 3,
        out_channels: out,
        input: [map, map],
        kernel: [kernel, kernel],
        stride: [stride, stride],
        padding: Padding::symmetric(padding, padding),
        layout: Layout::Nhwc,
        dtype: DType::F16,
        ..ConvSpec::default()
    };
    ConvProblem::new(spec).unwrap()
}

fn blocks(problem: &ConvProblem, threads: usize) -> Vec<OutputBlock> {
    let machine = CpuInfo::detect().machine(Isa::Portable, threads);
    let plan = crate::plan::plan(problem, &machine).unwrap();
    assert_eq!(Access::of(problem, &plan.variant), Access::StagedRows);
    Blocking::of_plan(problem, &plan, Access::StagedRows, threads).blocks(&plan).unwrap()
}

#[test]
fn stems_are_cut_into_whole_rows_that_cover_each_output_once() {
    // AlexNet's and ResNet-50's first layers, a row of one pixel, a tiny one.
    for problem in [stem(224, 64, 11, 4, 2), stem(224, 64, 7, 2, 3), stem(7, 8, 7, 1, 0), stem(16, 8, 3, 1, 1)] {
        let columns = problem.output()[1];
        for threads in THREADS {
            let (mut pixels, blocks) = (0, blocks(&problem, threads));
            for block in &blocks {
                assert!(block.m.start.is_multiple_of(columns) && block.m.end.is_multiple_of(columns), "{block:?}");
                pixels += block.m.len() * block.n.len();
            }
            assert_eq!(pixels, problem.output_len(), "{threads} threads: {blocks:?}");
        }
    }
}

#[test]
fn alexnets_first_layer_is_staged_in_few_blocks_and_shared_evenly() {
    let problem = stem(224, 64, 11, 4, 2);
    let rows = problem.output()[0];
    for threads in THREADS {
        let blocks = blocks(&problem, threads);
        // Each block stages the 7 input rows again that its windows share with the next one's.
        assert!(blocks.len() <= rows.div_ceil(4), "{threads} threads: {} blocks", blocks.len());
        let share = |thread: usize| {
            let run = blocks.len() * thread / threads..blocks.len() * (thread + 1) / threads;
            blocks[run].iter().map(|block| block.m.len()).sum::<usize>()
        };
        let most = (0..threads).map(share).max().unwrap();
        let even = rows.div_ceil(threads) * problem.output()[1];
        assert!(most as f64 <= 1.15 * even as f64, "{threads} threads: {most} pixels of {even}");
    }
}

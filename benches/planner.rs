//! How long it takes to make a plan.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, criterion_group, criterion_main};
use sparkle::backend::Backend;
use sparkle::backend::cpu::{CpuBackend, CpuOptions, Isa};
use sparkle::conv::{ConvProblem, ConvSpec};
use sparkle::plan::{gpu_model, plan};
use std::hint::black_box;

fn planner(criterion: &mut Criterion) {
    let dense = ConvProblem::new(ConvSpec::default()).unwrap();
    let depthwise = dense.respecify(|spec| spec.groups = spec.in_channels).unwrap();
    let mut machines = vec![gpu_model("gfx1100").unwrap()];
    for isa in Isa::available() {
        let cpu = CpuBackend::new(CpuOptions { threads: Some(1), isa: Some(isa) }).unwrap();
        machines.push(cpu.machine().clone());
    }
    let mut group = criterion.benchmark_group("plan");
    for machine in &machines {
        for (name, problem) in [("dense", &dense), ("depthwise", &depthwise)] {
            group.bench_function(format!("{}/{name}", machine.name), |bencher| {
                bencher.iter(|| plan(black_box(problem), machine));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, planner);
criterion_main!(benches);

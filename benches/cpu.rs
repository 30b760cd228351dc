//! The CPU backend: packing, every microkernel on one layer, and kinds of layer, each with its FLOPs as throughput.
#![allow(missing_docs, clippy::unwrap_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sparkle::backend::cpu::{CpuBackend, CpuOptions, Isa};
use sparkle::backend::{Backend, Prepared};
use sparkle::conv::text::benchdnn;
use sparkle::conv::{ConvProblem, Layout, TensorMut, TensorRef};
use sparkle::plan::{MachineModel, plan};

fn backend(isa: Isa) -> CpuBackend {
    CpuBackend::new(CpuOptions { threads: Some(1), isa: Some(isa) }).unwrap()
}

fn problem(descriptor: &str) -> ConvProblem {
    benchdnn::parse(descriptor).unwrap().problem.respecify(|spec| spec.layout = Layout::Nhwc).unwrap()
}

fn prepare(cpu: &CpuBackend, machine: &MachineModel, problem: &ConvProblem) -> Box<dyn Prepared> {
    let weights = vec![0.5; problem.weights_len()];
    cpu.prepare(problem, &plan(problem, machine).unwrap(), TensorRef::F32(&weights), None).unwrap()
}

fn run(criterion: &mut Criterion, group: &str, name: &str, problem: &ConvProblem, prepared: &mut dyn Prepared) {
    let (input, mut output) = (vec![0.25; problem.input_len()], vec![0.0; problem.output_len()]);
    let mut group = criterion.benchmark_group(group);
    group.throughput(Throughput::Elements(problem.flops())).sample_size(10);
    group.bench_function(name, |bencher| {
        bencher.iter(|| prepared.run(TensorRef::F32(&input), None, TensorMut::F32(&mut output)).unwrap());
    });
    group.finish();
}

fn packing(criterion: &mut Criterion) {
    let cpu = backend(Isa::best());
    let problem = problem("ic256ih14oc256kh3ph1");
    let mut group = criterion.benchmark_group("packing");
    group.throughput(Throughput::Bytes(4 * problem.weights_len() as u64)).sample_size(10);
    group.bench_function("256x256x3x3", |bencher| bencher.iter(|| prepare(&cpu, cpu.machine(), &problem)));
    group.finish();
}

fn microkernels(criterion: &mut Criterion) {
    for isa in Isa::available() {
        let cpu = backend(isa);
        for variant in &cpu.machine().variants {
            let machine = MachineModel { variants: vec![*variant], ..cpu.machine().clone() };
            let problem = problem("ic64ih28oc192kh3ph1g1");
            let mut prepared = prepare(&cpu, &machine, &problem);
            run(criterion, "microkernel", variant.name, &problem, prepared.as_mut());
        }
    }
}

fn layers(criterion: &mut Criterion) {
    let cpu = backend(Isa::best());
    let layers = [
        ("general", "ic64ih56oc64kh3ph1"),
        ("pointwise", "ic256ih56oc64kh1ph0"),
        ("first", "ic3ih224oc64kh7sh2ph3"),
        ("depthwise", "ic144ih56oc144kh3ph1g144"),
        ("grouped", "ic128ih56oc128kh3ph1g32"),
        ("tiny", "ic8ih8oc8kh3ph1"),
    ];
    for (name, descriptor) in layers {
        let problem = problem(descriptor);
        let mut prepared = prepare(&cpu, cpu.machine(), &problem);
        run(criterion, "layer", name, &problem, prepared.as_mut());
    }
}

criterion_group!(benches, packing, microkernels, layers);
criterion_main!(benches);

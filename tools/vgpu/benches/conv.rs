//! A layer of ResNet-50 on the software GPU: 64 channels into 64, 3 by 3, 56 by 56, single precision.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sparkle_vgpu::sanitize::{Sanitizer, Switches};

#[allow(dead_code)]
#[path = "../tests/kernels/code_object.rs"]
mod code_object;
#[allow(dead_code)]
#[path = "../tests/kernels/device.rs"]
mod device;
#[allow(dead_code)]
#[path = "../tests/conv/layer.rs"]
mod layer;

fn conv(criterion: &mut Criterion) {
    let mut layer = layer::Layer::new();
    let mut group = criterion.benchmark_group("conv3x3_64x56x56");
    group.sample_size(30).throughput(Throughput::Elements(layer.run().instructions));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
        group.bench_function(format!("{threads}_threads"), |bencher| bencher.iter(|| pool.install(|| layer.run())));
    }
    group.sample_size(10);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("threads start");
    for one in Sanitizer::ALL {
        layer.watch(Switches::of(&[one]));
        group.bench_function(format!("2_threads_{}", one.name()), |bencher| {
            bencher.iter(|| pool.install(|| layer.run()));
        });
    }
    layer.watch(Switches::ALL);
    group.bench_function("2_threads_all", |bencher| bencher.iter(|| pool.install(|| layer.run())));
    group.finish();
}

criterion_group!(benches, conv);
criterion_main!(benches);

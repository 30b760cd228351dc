//! What a launch costs the CPU, without a kernel driver below: a node that returns at once.
#![allow(missing_docs, clippy::unwrap_used, unreachable_pub)]

#[cfg(target_os = "linux")]
#[path = "../tests/common/mod.rs"]
mod common;
#[cfg(target_os = "linux")]
#[path = "../tests/common/nothing.rs"]
mod nothing;

#[cfg(target_os = "linux")]
mod launches {
    use super::{common, nothing};
    use criterion::Criterion;
    use sparkle::amdgpu::Deadline;
    use sparkle::backend::gpu::{Dispatch, Gpu, Grid, Lint, Memory, Module, Options};
    use sparkle_vgpu::host::{Engine, Watching};
    use sparkle_vgpu::kmd::{self, Chip, Flavour};
    use std::sync::Arc;
    use std::time::Duration;

    const CODE: &[u8] = include_bytes!("../tests/on_vgpu/objects/gfx1100.w32.co");
    const ONE: Grid = Grid::workgroups([1; 3], [64, 1, 1]);

    pub fn cost(criterion: &mut Criterion) {
        let mut group = criterion.benchmark_group("launch");
        let gpu = Gpu::with_options(nothing::device(), Options::default().lint(Lint::Never)).unwrap();
        let module = Module::load(&gpu, CODE).unwrap();
        let step = module.kernel("step").unwrap();
        let (x, y) = (gpu.buffer(Memory::Host, 4096).unwrap(), gpu.buffer(Memory::Host, 4096).unwrap());
        let args = [(&x).into(), (&y).into(), 1_u32.into()];
        let dispatch = Dispatch::new(&step, ONE, &args);
        let mut stream = gpu.stream().unwrap();
        let mut list = stream.list().unwrap();
        list.dispatch(&dispatch).unwrap();
        group.bench_function("submit a recorded list", |bencher| {
            bencher.iter(|| drop(stream.submit(&mut list).unwrap()));
        });
        group.bench_function("record and submit one dispatch", |bencher| {
            bencher.iter(|| drop(stream.launch(&dispatch).unwrap()));
        });
        group.bench_function("record one dispatch in a list", |bencher| {
            bencher.iter(|| {
                if list.dispatch(&dispatch).is_err() {
                    list.reset().unwrap();
                }
            });
        });
        group.finish();
    }

    /// From a closed device to the first result.
    pub fn first(criterion: &mut Criterion) {
        let device = kmd::Device::new(Chip::find("gfx1100").unwrap());
        let engine = Arc::new(Engine::new(&[device], &Watching::default()));
        let kernel = common::kernel_with(Flavour::V6_12, "gfx1100", engine, |config| config.strict = false);
        let mut group = criterion.benchmark_group("first");
        group.bench_function("open, load, launch, read on the software device", |bencher| {
            bencher.iter(|| {
                let gpu = Gpu::with_options(common::open(&kernel), Options::default().lint(Lint::Never)).unwrap();
                let module = Module::load(&gpu, CODE).unwrap();
                let scale = module.kernel("scale").unwrap();
                let mut x = gpu.buffer(Memory::Host, 256).unwrap();
                x.write(0, &[1.5_f32; 64]).unwrap();
                let mut stream = gpu.stream().unwrap();
                let args = [(&x).into(), 2.0_f32.into()];
                let mut pending = stream.launch(&Dispatch::new(&scale, ONE, &args)).unwrap();
                pending.wait(Deadline::after(Duration::from_secs(5))).unwrap();
                assert_eq!(x.read_vec::<f32>(0, 64).unwrap(), [3.0; 64]);
            });
        });
        assert_eq!(common::complaints(&kernel), [""; 0]);
        group.finish();
    }
}

#[cfg(target_os = "linux")]
criterion::criterion_group!(benches, launches::cost, launches::first);
#[cfg(target_os = "linux")]
criterion::criterion_main!(benches);

#[cfg(not(target_os = "linux"))]
fn main() {}

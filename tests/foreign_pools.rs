//! Preparing and running from workers of the caller's own rayon pools: the results are right, and nobody waits for ever.

#![allow(clippy::unwrap_used, missing_docs)]

use rayon::prelude::*;
use sparkle::backend::Backend;
use sparkle::backend::cpu::{CpuBackend, CpuOptions};
use sparkle::conv::reference::convolve_exact;
use sparkle::conv::text::benchdnn;
use sparkle::conv::{ConvProblem, Layout, Maths, TensorMut, TensorRef};
use sparkle::plan::plan_for;
use std::sync::{Arc, Barrier, mpsc};
use std::time::Duration;

/// Far longer than any of it takes: a call that has not come back by then never will.
const FOR_EVER: Duration = Duration::from_secs(120);

/// A layer with whole numbers, whose sums are exact in f32 whatever their order.
struct Layer {
    problem: ConvProblem,
    input: Vec<f32>,
    weights: Vec<f32>,
    want: Vec<f32>,
}

impl Layer {
    fn new(line: &str, layout: Layout) -> Self {
        let problem = benchdnn::parse(line).unwrap().problem.respecify(|spec| spec.layout = layout).unwrap();
        let numbers = |len: usize, from: usize| (0..len).map(|i| ((i * 7 + from) % 5) as f32 - 2.0).collect::<Vec<_>>();
        let (input, weights) = (numbers(problem.input_len(), 1), numbers(problem.weights_len(), 3));
        let want =
            convolve_exact(&problem, TensorRef::F32(&input), TensorRef::F32(&weights), None, None).unwrap().to_vec();
        Self { problem, input, weights, want }
    }

    /// Tiles, lanes, planes.
    fn all() -> Vec<Self> {
        [
            ("ic64ih28oc64kh3ph1", Layout::Nhwc),
            ("ic128ih14oc256kh1ph0", Layout::Nhwc),
            ("g96ic96ih28oc96kh3ph1", Layout::Nhwc),
            ("ic3ih40oc16kh3ph1", Layout::Nchw),
        ]
        .map(|(line, layout)| Self::new(line, layout))
        .into()
    }

    /// Prepares it and runs it twice, here.
    fn check(&self, cpu: &CpuBackend) {
        let plan = plan_for(&self.problem, cpu.machine(), Maths::Exact).unwrap();
        let mut prepared = cpu.prepare(&self.problem, &plan, TensorRef::F32(&self.weights), None).unwrap();
        for _ in 0..2 {
            let mut output = vec![f32::NAN; self.want.len()];
            prepared.run(TensorRef::F32(&self.input), None, TensorMut::F32(&mut output)).unwrap();
            assert!(output == self.want, "{:?}", self.problem);
        }
    }
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap()
}

/// Calls `work` with a backend of several threads and the layers, and fails where it does not return.
fn in_time(work: impl FnOnce(&CpuBackend, &[Layer]) + Send + 'static) {
    let (done, waiting) = mpsc::channel();
    let worker = std::thread::spawn(move || {
        let cpu = CpuBackend::new(CpuOptions { threads: Some(3), isa: None }).unwrap();
        work(&cpu, &Layer::all());
        let _ = done.send(());
    });
    match waiting.recv_timeout(FOR_EVER) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("still not done after {FOR_EVER:?}"),
        _ => worker.join().unwrap(), // with the panic's own words, where it panicked
    }
}

#[test]
fn a_worker_of_another_pool_may_call() {
    in_time(|cpu, layers| {
        for threads in [1, 2, 5] {
            pool(threads).install(|| layers.iter().for_each(|layer| layer.check(cpu)));
        }
    });
}

#[test]
fn both_sides_of_nested_joins_may_call() {
    in_time(|cpu, layers| {
        let [a, b, c, d] = layers else { panic!("four layers") };
        pool(2).install(|| {
            for _ in 0..20 {
                rayon::join(
                    || rayon::join(|| a.check(cpu), || b.check(cpu)),
                    || rayon::join(|| c.check(cpu), || d.check(cpu)),
                );
            }
        });
    });
}

#[test]
fn two_pools_may_call_at_the_same_time() {
    in_time(|cpu, layers| {
        let start = Arc::new(Barrier::new(2));
        std::thread::scope(|scope| {
            for threads in [2, 4] {
                let start = Arc::clone(&start);
                scope.spawn(move || {
                    let pool = pool(threads);
                    start.wait();
                    pool.install(|| (0..40).into_par_iter().for_each(|index| layers[index % layers.len()].check(cpu)));
                });
            }
        });
    });
}

#[test]
fn the_peak_may_be_measured_while_others_run() {
    in_time(|cpu, layers| {
        let alone = cpu.peak_gflops(Duration::from_millis(2));
        pool(2).install(|| {
            let (peak, ()) = rayon::join(
                || cpu.peak_gflops(Duration::from_millis(2)),
                || (0..10).for_each(|_| layers[0].check(cpu)),
            );
            assert!(alone > 0.0 && peak > 0.0);
        });
    });
}

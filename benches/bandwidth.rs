//! Depthwise layers beside the memory under them: bytes of input and output a second, each counted once, and what the same
//! threads reach when they only read an input and write an output of these sizes, both in this run.
//!
//! `cargo bench --bench bandwidth`
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

use sparkle::backend::Backend;
use sparkle::backend::cpu::{CpuBackend, CpuOptions};
use sparkle::conv::text::benchdnn;
use sparkle::conv::{Layout, TensorMut, TensorRef};
use sparkle::plan::plan;
use std::hint::black_box;
use std::time::Instant;

const LAYERS: [(&str, &str); 5] = [
    ("3x3, 112x112, batch 16", "mb16ic32ih112oc32kh3ph1g32"),
    ("3x3, 56x56, batch 16", "mb16ic144ih56oc144kh3ph1g144"),
    ("3x3 stride 2, 112x112, batch 16", "mb16ic96ih112oc96kh3sh2ph1g96"),
    ("3x3 stride 2, 56x56, batch 16", "mb16ic144ih56oc144kh3sh2ph1g144"),
    ("3x3, 512x512", "mb1ic32ih512oc32kh3ph1g32"),
];

/// The least seconds of some runs.
fn seconds(mut run: impl FnMut()) -> f64 {
    let once = |_| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..15).map(once).fold(f64::INFINITY, f64::min)
}

/// Reads all of `input` and writes all of `output`, which is no longer: a part is copied, the rest added up.
fn pass(input: &[f32], output: &mut [f32]) {
    let (copied, rest) = input.split_at(output.len());
    output.copy_from_slice(copied);
    let mut sums = [0.0_f32; 64];
    for line in rest.chunks_exact(sums.len()) {
        sums.iter_mut().zip(line).for_each(|(sum, value)| *sum += value);
    }
    black_box(sums);
}

/// [`pass`] on several threads, each with its share.
fn shared_pass(input: &[f32], output: &mut [f32], threads: usize) {
    let shares = output.chunks_mut(output.len().div_ceil(threads)).zip(input.chunks(input.len().div_ceil(threads)));
    std::thread::scope(|scope| shares.for_each(|(output, input)| drop(scope.spawn(|| pass(input, output)))));
}

fn main() {
    for threads in [1, 2] {
        let cpu = CpuBackend::new(CpuOptions { threads: Some(threads), isa: None }).unwrap();
        for (name, text) in LAYERS {
            let problem = benchdnn::parse(text).unwrap().problem;
            let problem = problem.respecify(|spec| spec.layout = Layout::Nhwc).unwrap();
            let weights = vec![0.5; problem.weights_len()];
            let plan = plan(&problem, cpu.machine()).unwrap();
            let mut prepared = cpu.prepare(&problem, &plan, TensorRef::F32(&weights), None).unwrap();
            // On cache lines, or the layer could not store past the caches.
            let (input, mut output) =
                (vec![0.25_f32; problem.input_len() + 16], vec![0.0_f32; problem.output_len() + 16]);
            let [skip_in, skip_out] = [&input, &output].map(|floats| floats.as_ptr().align_offset(64).min(16));
            let input = &input[skip_in..][..problem.input_len()];
            let output = &mut output[skip_out..][..problem.output_len()];
            let layer = seconds(|| prepared.run(TensorRef::F32(input), None, TensorMut::F32(output)).unwrap());
            let memory = seconds(|| shared_pass(input, output, threads));
            let gigabytes = 4e-9 * (input.len() + output.len()) as f64;
            println!(
                "{name}, {threads} threads: {:.1} GB/s of {:.1}, {:.0} %",
                gigabytes / layer,
                gigabytes / memory,
                100.0 * memory / layer
            );
        }
    }
}

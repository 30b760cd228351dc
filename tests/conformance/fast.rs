//! Fast maths: Winograd's algorithm against the f64 reference, within its documented bound, on every instruction set.

use crate::problems::{Random, Tensors};
use crate::{assert_same, exact, run_plan};
use sparkle::backend::Backend;
use sparkle::backend::cpu::{CpuBackend, CpuOptions, Isa};
use sparkle::conv::reference::{Reference, convolve_tiled};
use sparkle::conv::verify::verify;
use sparkle::conv::{
    Activation, ConvProblem, ConvSpec, DType, Epilogue, Layout, Maths, Padding, TensorRef, WinogradTile,
};
use sparkle::plan::{Algorithm, TilePlan, WinogradCut, plan, plan_for};

const TILES: [WinogradTile; 2] = [WinogradTile::F2, WinogradTile::F4];

fn backend(isa: Isa, threads: usize) -> CpuBackend {
    CpuBackend::new(CpuOptions { threads: Some(threads), isa: Some(isa) }).unwrap()
}

/// The direct plan with a cut of Winograd's algorithm put in, whatever the planner would choose.
fn forced(backend: &CpuBackend, problem: &ConvProblem, tile: WinogradTile, strip: usize, panels: usize) -> TilePlan {
    let direct = plan(problem, backend.machine()).unwrap();
    let variant = backend.machine().winograd[strip % backend.machine().winograd.len()];
    let shared = strip.is_multiple_of(2);
    let cut = WinogradCut { tile, variant, tiles: 0, strip, block_n: panels * variant.tile_n, shared };
    TilePlan { algorithm: Algorithm::Winograd(cut), ..direct }
}

fn reference(problem: &ConvProblem, tile: WinogradTile, tensors: &Tensors) -> Reference {
    convolve_tiled(problem, tile, tensors.input(), tensors.weights(), tensors.bias(), tensors.residual()).unwrap()
}

/// The verdict on widened results.
fn check(what: &str, problem: &ConvProblem, output: &[f32], reference: &Reference) {
    let verdict = match problem.spec().dtype {
        DType::F32 => verify(problem, TensorRef::F32(output), reference),
        DType::F16 => {
            let output: Vec<_> = output.iter().map(|value| half::f16::from_f32(*value)).collect();
            verify(problem, TensorRef::F16(&output), reference)
        }
    };
    let verdict = verdict.unwrap();
    assert!(verdict.ok, "{what}: {verdict:?}");
}

/// A square NHWC layer whose output is as large as its input.
fn layer([in_channels, out_channels]: [usize; 2], map: usize, dilation: usize) -> ConvProblem {
    ConvProblem::new(ConvSpec {
        in_channels,
        out_channels,
        input: [map, map],
        padding: Padding::symmetric(dilation, dilation),
        dilation: [dilation, dilation],
        layout: Layout::Nhwc,
        ..ConvSpec::default()
    })
    .unwrap()
}

/// A small problem that Winograd's algorithm applies to.
fn random_problem(random: &mut Random) -> ConvProblem {
    let activations =
        [Activation::None, Activation::Relu, Activation::Relu6, Activation::Gelu, Activation::LeakyRelu(0.1)];
    loop {
        let mut below = |limit: usize| (random.next() >> 20) as usize % limit;
        let spec = ConvSpec {
            batch: 1 + below(3),
            in_channels: 1 + below(40),
            input: [1 + below(20), 1 + below(20)],
            out_channels: 1 + below(70),
            kernel: [3, 3],
            padding: Padding { top: below(3), left: below(3), bottom: below(3), right: below(3) },
            dilation: [1 + below(4), 1 + below(4)],
            layout: [Layout::Nhwc, Layout::Nchw][below(2)],
            dtype: [DType::F32, DType::F32, DType::F16][below(3)],
            epilogue: Epilogue {
                bias: below(2) == 0,
                residual: below(3) == 0,
                activation: activations[below(activations.len())],
            },
            ..ConvSpec::default()
        };
        if let Ok(problem) = ConvProblem::new(spec) {
            return problem;
        }
    }
}

#[test]
fn random_problems_are_within_the_bound_and_the_same_bits_everywhere() {
    let mut random = Random(1);
    let backends: Vec<_> =
        Isa::available().into_iter().flat_map(|isa| (1..=3).map(move |threads| backend(isa, threads))).collect();
    for round in 0..60 {
        let problem = random_problem(&mut random);
        let tensors = Tensors::random(&problem, round);
        for tile in TILES {
            let what = format!("round {round}, {tile}: {problem:?}");
            let mut first: Option<Vec<f32>> = None;
            for (index, backend) in backends.iter().enumerate() {
                let strip = 1 + (round as usize * 7 + index * 3) % 11;
                let plan = forced(backend, &problem, tile, strip, 1 + index % 3);
                let output = run_plan(backend, &problem, &plan, &tensors);
                match &first {
                    Some(first) => assert_same(&what, &output, first),
                    None => {
                        check(&what, &problem, &output, &reference(&problem, tile, &tensors));
                        first = Some(output);
                    }
                }
            }
        }
    }
}

/// Layers on which the planner itself takes Winograd's algorithm, with any number of threads the same bits.
#[test]
fn the_planners_choice_gives_the_same_bits_with_every_number_of_threads() {
    for (channels, map, dilation) in [([64, 64], 28, 1), ([33, 70], 19, 1), ([48, 32], 21, 2), ([128, 96], 14, 1)] {
        let problem = layer(channels, map, dilation);
        let tensors = Tensors::random(&problem, 3);
        let mut first: Option<Vec<f32>> = None;
        for threads in 1..=3 {
            let backend = backend(Isa::best(), threads);
            let plan = plan_for(&problem, backend.machine(), Maths::Fast).unwrap();
            let Algorithm::Winograd(cut) = plan.algorithm else { panic!("{plan}") };
            let output = run_plan(&backend, &problem, &plan, &tensors);
            check(&format!("{problem:?}"), &problem, &output, &reference(&problem, cut.tile, &tensors));
            match &first {
                Some(first) => assert_same("other threads", &output, first),
                None => first = Some(output),
            }
        }
    }
}

/// What values are like.
#[derive(Clone, Copy, Debug)]
enum Data {
    Uniform,
    Positive,
    Normal,
    /// Mostly zeros, as after a relu.
    Sparse,
}

impl Data {
    /// Root mean squares of the errors with F2 and F4, in thousandths, over 16, 64 and 256 channels: those of the decision's table.
    fn documented_means(self) -> [[i32; 3]; 2] {
        match self {
            Self::Uniform => [[155, 133, 125], [552, 473, 435]],
            Self::Positive => [[117, 110, 87], [321, 266, 238]],
            Self::Normal => [[122, 102, 97], [364, 318, 290]],
            Self::Sparse => [[86, 73, 65], [307, 269, 255]],
        }
    }

    fn values(self, random: &mut Random, len: usize) -> Vec<f32> {
        let uniform = random.values(len);
        match self {
            Self::Uniform => uniform,
            Self::Positive => uniform.into_iter().map(f32::abs).collect(),
            // The sum of twelve uniform values less their mean, scaled to a variance of one.
            Self::Normal => (0..len).map(|_| random.values(12).iter().sum::<f32>() * 0.5).collect(),
            Self::Sparse => uniform.into_iter().map(|x| if x > 0.5 { x } else { 0.0 }).collect(),
        }
    }
}

/// Errors over `channels` input channels, in units of 2^-24 of the magnitude: the largest one of all elements, and the
/// root mean square.
fn measured_errors(tile: WinogradTile, data: Data, channels: usize) -> [f64; 2] {
    let problem = layer([channels, 16], 24, 1);
    let mut random = Random(channels as u64);
    let input = data.values(&mut random, problem.input_len());
    let weights = Data::Normal.values(&mut random, problem.weights_len());
    let tensors = Tensors::new(&problem, &mut random, input, weights);
    let backend = backend(Isa::best(), 1);
    let output = run_plan(&backend, &problem, &forced(&backend, &problem, tile, 7, 1), &tensors);
    let elements = reference(&problem, tile, &tensors).elements;
    let errors = output.iter().zip(&elements).map(|(got, want)| (f64::from(*got) - want.value).abs());
    let units = f64::from(1 << 24);
    let largest = errors.clone().zip(&elements).map(|(error, want)| error / want.magnitude).fold(0.0, f64::max);
    let squares: f64 = errors.map(|error| error * error).sum();
    let magnitudes: f64 = elements.iter().map(|want| want.magnitude * want.magnitude).sum();
    [largest * units, (squares / magnitudes).sqrt() * units]
}

/// The errors that the bound's constants were chosen from, all of them reproducible to the bit: a worse choice of points,
/// a filter that is rounded twice or a sum of another length shows here.
#[test]
fn errors_are_what_the_documentation_says() {
    for tile in TILES {
        for data in [Data::Uniform, Data::Positive, Data::Normal, Data::Sparse] {
            for channels in [1, 4, 16, 64, 256] {
                let [largest, mean] = measured_errors(tile, data, channels);
                let bound = tile.roundings(channels);
                assert!(largest < bound / 3.0, "{tile} {data:?} {channels}: {largest} of {bound}");
                let [mean_f2, mean_f4] = data.documented_means();
                let documented = if tile == WinogradTile::F2 { mean_f2 } else { mean_f4 };
                let index = [16, 64, 256].iter().position(|many| *many == channels);
                let Some(documented) = index.map(|index| documented[index]) else { continue };
                // One in the last digit of the table, and nothing for chance.
                let wrong = (1000.0 * mean - f64::from(documented)).abs();
                assert!(wrong < 1.0, "{tile} {data:?} {channels}: {mean}, not {documented} thousandths");
            }
        }
    }
}

/// What is not finite stays in the tiles that hold it.
#[test]
fn a_nan_spreads_over_its_tiles_and_no_further() {
    let problem = layer([20, 16], 20, 1);
    for tile in TILES {
        let backend = backend(Isa::best(), 2);
        let mut random = Random(4);
        let (mut input, weights) = (random.values(problem.input_len()), random.values(problem.weights_len()));
        input[(9 * 20 + 9) * 20 + 3] = f32::NAN;
        let tensors = Tensors::new(&problem, &mut random, input, weights);
        let output = run_plan(&backend, &problem, &forced(&backend, &problem, tile, 5, 1), &tensors);
        check(&tile.to_string(), &problem, &output, &reference(&problem, tile, &tensors));
        let spoiled = output.chunks(16).filter(|pixel| pixel[0].is_nan()).count();
        let outputs = tile.outputs() * tile.outputs();
        assert!((9..=4 * outputs).contains(&spoiled), "{tile}: {spoiled} pixels");
    }
}

/// Filters that are not finite can't be transformed: the plan's direct part computes them, to the bit.
#[test]
fn wild_weights_are_computed_exactly() {
    let problem = layer([20, 18], 11, 1);
    let tensors = Tensors::special_weights(&problem, 5);
    let backend = backend(Isa::best(), 2);
    let output = run_plan(&backend, &problem, &forced(&backend, &problem, WinogradTile::F4, 5, 1), &tensors);
    assert_same("wild weights", &output, &exact(&problem, &tensors));
}

/// A plan that no planner would make is refused, not trusted.
#[test]
fn refuses_cuts_that_do_not_fit() {
    let problem = layer([20, 18], 11, 1);
    let tensors = Tensors::random(&problem, 6);
    let backend = backend(Isa::best(), 1);
    let good = forced(&backend, &problem, WinogradTile::F4, 5, 1);
    assert!(backend.prepare(&problem, &good, tensors.weights(), None).is_ok());
    let refused = |change: &dyn Fn(&mut WinogradCut)| {
        let Algorithm::Winograd(mut cut) = good.algorithm else { panic!("{good}") };
        change(&mut cut);
        let plan = TilePlan { algorithm: Algorithm::Winograd(cut), ..good.clone() };
        assert!(backend.prepare(&problem, &plan, tensors.weights(), None).is_err(), "{cut:?}");
    };
    refused(&|cut| cut.strip = 0);
    refused(&|cut| cut.block_n = 0);
    refused(&|cut| cut.block_n += 1);
    refused(&|cut| cut.variant.tile_n = 5);
    let changes: [fn(&mut ConvSpec); 3] =
        [|spec| spec.stride = [2, 1], |spec| spec.groups = 2, |spec| spec.kernel = [3, 2]];
    for change in changes {
        let other = problem.respecify(change).unwrap();
        let plan = TilePlan { algorithm: good.algorithm, ..plan(&other, backend.machine()).unwrap() };
        assert!(backend.prepare(&other, &plan, Tensors::random(&other, 6).weights(), None).is_err(), "{other:?}");
    }
}

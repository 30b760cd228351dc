//! The lists of `tests/problems` and data for their tensors.

use half::f16;
use sparkle::conv::text::{benchdnn, options};
use sparkle::conv::{ConvProblem, DType, Layout, TensorRef};
use std::fs;
use std::path::Path;

/// A line of a list.
pub(crate) struct Case {
    pub(crate) line: String,
    pub(crate) problem: ConvProblem,
}

/// Every problem of every list.
pub(crate) fn lists() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/problems");
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let text: String = files.iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let cases: Vec<_> = lines.map(|line| Case { line: line.to_owned(), problem: parse(line) }).collect();
    assert!(cases.len() > 40, "only {} problems found", cases.len());
    cases
}

/// A line of a list: benchdnn's text, then words for the rest.
pub(crate) fn parse(line: &str) -> ConvProblem {
    let mut words = line.split_whitespace();
    let problem = benchdnn::parse(words.next().unwrap()).unwrap_or_else(|error| panic!("{line}: {error}")).problem;
    let change = |spec: &mut sparkle::conv::ConvSpec| {
        for word in words {
            match word {
                "nhwc" => spec.layout = Layout::Nhwc,
                "f16" => spec.dtype = DType::F16,
                "bias" => spec.epilogue.bias = true,
                "residual" => spec.epilogue.residual = true,
                name => spec.epilogue.activation = options::parse_activation(name).unwrap(),
            }
        }
    };
    problem.respecify(change).unwrap()
}

/// A problem's tensors, in its own type.
pub(crate) struct Tensors {
    input: Elements,
    weights: Elements,
    bias: Option<Elements>,
    residual: Option<Elements>,
}

enum Elements {
    F32(Vec<f32>),
    F16(Vec<f16>),
}

impl Elements {
    fn new(dtype: DType, values: Vec<f32>) -> Self {
        match dtype {
            DType::F32 => Self::F32(values),
            DType::F16 => Self::F16(values.into_iter().map(f16::from_f32).collect()),
        }
    }

    fn as_ref(&self) -> TensorRef<'_> {
        match self {
            Self::F32(data) => TensorRef::F32(data),
            Self::F16(data) => TensorRef::F16(data),
        }
    }

    fn to_vec(&self) -> Vec<f32> {
        let tensor = self.as_ref();
        (0..tensor.len()).map(|i| tensor.get(i)).collect()
    }
}

/// SplitMix64, uniform in [-1, 1).
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub(crate) fn values(&mut self, len: usize) -> Vec<f32> {
        (0..len).map(|_| (self.next() >> 40) as f32 / (1 << 23) as f32 - 1.0).collect()
    }

    /// Mostly ordinary values; one in eight of them is `special`.
    fn values_with(&mut self, len: usize, special: &[f32]) -> Vec<f32> {
        let mut values = self.values(len);
        for value in &mut values {
            let draw = self.next();
            if draw.is_multiple_of(8) {
                *value = special[(draw >> 8) as usize % special.len()];
            }
        }
        values
    }
}

const FINITE_SPECIAL: [f32; 7] = [0.0, -0.0, 1e-40, -1.1754944e-38, 3e38, -1e30, 65504.0];
const SPECIAL: [f32; 8] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 0.0, -0.0, 1e-45, 3.4e38, -65504.0];

impl Tensors {
    pub(crate) fn new(problem: &ConvProblem, random: &mut Random, input: Vec<f32>, weights: Vec<f32>) -> Self {
        let s = problem.spec();
        Self {
            input: Elements::new(s.dtype, input),
            weights: Elements::new(s.dtype, weights),
            bias: s.epilogue.bias.then(|| Elements::new(s.dtype, random.values(s.out_channels))),
            residual: s.epilogue.residual.then(|| Elements::new(s.dtype, random.values(problem.output_len()))),
        }
    }

    /// Ordinary values.
    pub(crate) fn random(problem: &ConvProblem, seed: u64) -> Self {
        let mut random = Random(seed);
        let (input, weights) = (random.values(problem.input_len()), random.values(problem.weights_len()));
        Self::new(problem, &mut random, input, weights)
    }

    /// Inputs with NaN, infinities, zeros and denormals; finite weights with extreme ones among them.
    pub(crate) fn special_inputs(problem: &ConvProblem, seed: u64) -> Self {
        let mut random = Random(seed);
        let input = random.values_with(problem.input_len(), &SPECIAL);
        let weights = match problem.spec().dtype {
            DType::F32 => random.values_with(problem.weights_len(), &FINITE_SPECIAL),
            DType::F16 => random.values(problem.weights_len()),
        };
        Self::new(problem, &mut random, input, weights)
    }

    /// Weights with NaN and infinities.
    pub(crate) fn special_weights(problem: &ConvProblem, seed: u64) -> Self {
        let mut random = Random(seed);
        let input = random.values(problem.input_len());
        let mut weights = random.values(problem.weights_len());
        for value in weights.iter_mut().step_by(7) {
            *value = SPECIAL[(random.next() % 3) as usize];
        }
        Self::new(problem, &mut random, input, weights)
    }

    pub(crate) fn input(&self) -> TensorRef<'_> {
        self.input.as_ref()
    }

    pub(crate) fn weights(&self) -> TensorRef<'_> {
        self.weights.as_ref()
    }

    pub(crate) fn bias(&self) -> Option<TensorRef<'_>> {
        self.bias.as_ref().map(Elements::as_ref)
    }

    pub(crate) fn residual(&self) -> Option<TensorRef<'_>> {
        self.residual.as_ref().map(Elements::as_ref)
    }

    /// The tensors of one image of the batch.
    pub(crate) fn image(&self, problem: &ConvProblem, image: usize) -> Self {
        let s = problem.spec();
        let part = |elements: &Elements, len: usize| {
            let len = len / s.batch;
            Elements::new(s.dtype, elements.to_vec()[image * len..][..len].to_vec())
        };
        Self {
            input: part(&self.input, problem.input_len()),
            weights: Elements::new(s.dtype, self.weights.to_vec()),
            bias: self.bias.as_ref().map(|bias| Elements::new(s.dtype, bias.to_vec())),
            residual: self.residual.as_ref().map(|residual| part(residual, problem.output_len())),
        }
    }

    /// The same values for the problem with planes.
    pub(crate) fn to_planes(&self, problem: &ConvProblem) -> Self {
        let s = problem.spec();
        let input = transpose(&self.input.to_vec(), s.batch, s.in_channels);
        Self {
            input: Elements::new(s.dtype, input),
            weights: Elements::new(s.dtype, self.weights.to_vec()),
            bias: self.bias.as_ref().map(|bias| Elements::new(s.dtype, bias.to_vec())),
            residual: self
                .residual
                .as_ref()
                .map(|residual| Elements::new(s.dtype, to_planes(problem, &residual.to_vec()))),
        }
    }
}

/// An NHWC output as NCHW.
pub(crate) fn to_planes(problem: &ConvProblem, output: &[f32]) -> Vec<f32> {
    transpose(output, problem.spec().batch, problem.spec().out_channels)
}

fn transpose(pixels: &[f32], batch: usize, channels: usize) -> Vec<f32> {
    let image_len = pixels.len() / batch;
    pixels
        .chunks_exact(image_len)
        .flat_map(|image| (0..channels).flat_map(move |c| image[c..].iter().step_by(channels).copied()))
        .collect()
}

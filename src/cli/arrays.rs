//! The arrays of `conv2d`: read where they are given, filled where not.

use crate::cli::args::FileArgs;
use crate::cli::data::{Elements, Stream};
use crate::cli::failure::Failure;
use crate::cli::files::{self, Array, ArrayFile};
use crate::cli::problem::{ArrayShape, ArrayShapes};
use crate::conv::ConvProblem;
use std::path::Path;

/// The arrays that files gave, each with where it is from.
#[derive(Debug, Default)]
pub(super) struct Given {
    input: Option<(String, Array)>,
    weights: Option<(String, Array)>,
    bias: Option<(String, Array)>,
    residual: Option<(String, Array)>,
}

/// All arrays of a problem.
#[derive(Debug)]
pub(super) struct Arrays {
    pub(super) input: Elements,
    pub(super) weights: Elements,
    pub(super) bias: Option<Elements>,
    pub(super) residual: Option<Elements>,
}

impl Given {
    /// Reads the files. An array with a file of its own is not taken from the input's `.npz`.
    ///
    /// # Errors
    /// Files that can't be read or hold something else.
    pub(super) fn read(args: &FileArgs) -> Result<Self, Failure> {
        let mut given = Self::default();
        if let Some(path) = &args.input {
            let own = [("w", &args.weights), ("b", &args.bias), ("r", &args.residual)];
            let wanted = own.iter().filter(|(_, path)| path.is_none()).map(|(name, _)| *name);
            let wanted: Vec<&str> = std::iter::once("x").chain(wanted).collect();
            match files::read_arrays(path, &wanted)? {
                ArrayFile::Single(array) => given.input = Some((path.display().to_string(), array)),
                ArrayFile::Named(mut archive) => {
                    let mut take = |name: &str| {
                        archive.arrays.remove(name).map(|array| (format!("{name} of {}", path.display()), array))
                    };
                    given = Self { input: take("x"), weights: take("w"), bias: take("b"), residual: take("r") };
                }
            }
        }
        for (path, name, array) in [
            (&args.weights, "w", &mut given.weights),
            (&args.bias, "b", &mut given.bias),
            (&args.residual, "r", &mut given.residual),
        ] {
            if let Some(path) = path {
                *array = Some((path.display().to_string(), read_one(path, name)?));
            }
        }
        Ok(given)
    }

    /// What the arrays say about the problem.
    pub(super) fn shapes(&self) -> ArrayShapes {
        let shape = |given: &Option<(String, Array)>| {
            given.as_ref().map(|(source, array)| ArrayShape {
                source: source.clone(),
                dims: array.shape().to_vec(),
                dtype: array.as_tensor().dtype(),
            })
        };
        ArrayShapes {
            input: shape(&self.input),
            weights: shape(&self.weights),
            bias: shape(&self.bias),
            residual: shape(&self.residual),
        }
    }

    /// Fills what `problem`, which was resolved with [`Given::shapes`], needs besides.
    ///
    /// # Errors
    /// [`Failure::System`] where memory runs out.
    pub(super) fn fill(self, problem: &ConvProblem, seed: u64) -> Result<Arrays, Failure> {
        let spec = problem.spec();
        let or_random = |given: Option<(String, Array)>, len, what, stream| match given {
            Some((_, array)) => Ok(Elements::from(array.into_data())),
            None => Elements::random(spec.dtype, len, what, seed, stream),
        };
        let optional =
            |wanted: bool, given, len, what, stream| wanted.then(|| or_random(given, len, what, stream)).transpose();
        let epilogue = spec.epilogue;
        Ok(Arrays {
            input: or_random(self.input, problem.input_len(), "input", Stream::Input)?,
            weights: or_random(self.weights, problem.weights_len(), "weights", Stream::Weights)?,
            bias: optional(epilogue.bias, self.bias, spec.out_channels, "bias", Stream::Bias)?,
            residual: optional(epilogue.residual, self.residual, problem.output_len(), "residual", Stream::Residual)?,
        })
    }
}

/// The array of a `.npy`, or the one called `name` of a `.npz`.
fn read_one(path: &Path, name: &str) -> Result<Array, Failure> {
    match files::read_arrays(path, &[name])? {
        ArrayFile::Single(array) => Ok(array),
        ArrayFile::Named(mut archive) => archive.arrays.remove(name).ok_or_else(|| {
            let others = archive.skipped.join(", ");
            Failure::input(format_args!(
                "{} has no array {name}, only {others}; rename the one you mean",
                path.display()
            ))
        }),
    }
}

//! `sparkle-run conv2d --image`: a named filter over a picture, on the same path as every other convolution.

use crate::cli::args::{FileArgs, RunArgs};
use crate::cli::arrays::Arrays;
use crate::cli::commands::conv2d::{Done, execute, finish};
use crate::cli::data::Elements;
use crate::cli::device;
use crate::cli::failure::Failure;
use crate::cli::files;
use crate::cli::filter::extend_edges;
use crate::conv::ConvProblem;

/// Filters `--image` with `--filter` into `--output`; clap sees to it that all three are there.
pub(super) fn run(args: &FileArgs, run: &RunArgs) -> Result<(), Failure> {
    let (Some(image), Some(filter), Some(path)) = (&args.image, args.filter, &args.output) else {
        return Err(Failure::input("--image needs --filter and --output"));
    };
    let mut picture = files::read_picture(image)?;
    let (channels, size) = (picture.channels(), picture.size());
    let too_large = || Failure::input(format_args!("{} is too large: its size overflows", image.display()));
    let problem = ConvProblem::new(filter.spec(channels, size).ok_or_else(too_large)?)?;
    let chosen = device::choose(&run.device)?;
    let arrays = Arrays {
        input: Elements::F32(extend_edges(&picture.planes, size, filter.margin()).into()),
        weights: Elements::F32(filter.weights(channels).into()),
        bias: None,
        residual: None,
    };
    let mut done = execute(&problem, &arrays, run, &chosen)?;
    done.report.name = Some(filter.to_string());
    if let Done { output: Elements::F32(values), .. } = &mut done {
        filter.to_pixels(values);
        picture.planes.copy_from_slice(values);
    }
    files::write_picture(path, &picture)?;
    finish(done, args, run)
}

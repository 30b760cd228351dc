//! `sparkle-run doctor`: climbs the ladder of first light and says on which rung a GPU fails, and why.

use crate::cli::args::DoctorArgs;
use crate::cli::device::{Device, Gpus};
use crate::cli::doctor::{Told, examine, write_bundle};
use crate::cli::failure::Failure;
use crate::cli::output;
use anyhow::Context as _;
use tempfile::TempDir;

/// Examines and prints; text line by line as it goes.
pub(in crate::cli) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let index = match args.device {
        Device::Gpu(index) => index,
        Device::Auto | Device::Cpu | Device::All => {
            return Err(Failure::input(format_args!("--device {} is no GPU; write gpu or gpu:N", args.device)));
        }
    };
    let gpus = Gpus::discover()?;
    let mut tell = |told: Told<'_>| match told {
        Told::Warning(text) => {
            output::note(text);
            Ok(())
        }
        Told::Device(_) | Told::Rung(_) if args.json => Ok(()),
        Told::Device(report) => output::print(&report.head()),
        Told::Rung(rung) => output::print(&rung.to_string()),
    };
    // Before anything runs: a machine that can't keep captures is told so now.
    let captures = args.bundle.as_ref().map(|_| tempfile::tempdir()).transpose();
    let captures = captures.context("cannot make a folder for captures").map_err(Failure::System)?;
    let folder = captures.as_ref().map(TempDir::path);
    let examined = examine(&gpus, index, &args.drill, folder, &mut tell)?;
    let report = &examined.report;
    if let (Some(path), Some(folder)) = (&args.bundle, folder) {
        write_bundle(path, report, &examined.recorded, folder)?;
    }
    match args.json {
        true => output::print_json(report)?,
        false => output::print(&report.foot())?,
    }
    match report.failed() {
        None => Ok(()),
        Some((rung, failure)) => {
            Err(Failure::system(format_args!("rung {} ({}) failed: {}", rung.id, rung.name, failure.what)))
        }
    }
}

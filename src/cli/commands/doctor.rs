//! `sparkle-run doctor`: climbs the ladder of first light and says on which rung a GPU fails, and why.

use crate::cli::args::DoctorArgs;
use crate::cli::device::{Device, Gpus};
use crate::cli::doctor::{Told, examine, write_bundle};
use crate::cli::failure::Failure;
use crate::cli::output;

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
    let examined = examine(&gpus, index, &args.drill, &mut tell)?;
    let report = &examined.report;
    if let Some(path) = &args.bundle {
        write_bundle(path, report, &examined.recorded)?;
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

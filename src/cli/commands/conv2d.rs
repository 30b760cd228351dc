//! `sparkle-run conv2d`: one convolution on files or generated data.

use crate::backend::Backend;
use crate::cli::args::{Conv2dArgs, FileArgs, RunArgs};
use crate::cli::arrays::{Arrays, Given};
use crate::cli::commands::picture;
use crate::cli::data::Elements;
use crate::cli::device::{self, Chosen, Fallback};
use crate::cli::failure::Failure;
use crate::cli::files::AtomicFile;
use crate::cli::report::{Conv2dReport, SCHEMA, VerifyReport, describe};
use crate::cli::timing::{Samples, gflops};
use crate::cli::trace::Trace;
use crate::cli::{files, output, problem};
use crate::conv::text::{ProblemText, options};
use crate::conv::verify::{self, Verdict};
use crate::conv::{ConvProblem, reference};
use crate::plan::{self, Algorithm, TilePlan};
use std::io::Write;
use std::path::Path;

/// Computes, writes the output, reports.
pub(in crate::cli) fn run(mut args: Conv2dArgs, pasted: Option<ProblemText>) -> Result<(), Failure> {
    [&args.files.output, &args.run.trace].into_iter().flatten().try_for_each(|path| check_writable(path))?;
    if args.files.image.is_some() {
        return picture::run(&args.files, &args.run);
    }
    let stated = problem::state(pasted, args.problem.as_deref())?;
    let mut name = None;
    if let Some(stated) = &stated {
        name.clone_from(&stated.text.name);
        args.run.iters = args.run.iters.or(stated.text.iters);
        args.run.verify |= stated.text.verify == Some(true);
    }
    let given = Given::read(&args.files)?;
    let (problem, notes) = problem::resolve(stated.as_ref(), &args.shape, &given.shapes())?;
    let mut chosen = device::choose(&args.run.device)?;
    chosen.notes.splice(0..0, notes);
    let arrays = given.fill(&problem, args.files.seed)?;
    let mut done = execute(&problem, &arrays, &args.run, &chosen)?;
    if let Some(path) = &args.files.output {
        files::write_array(path, &problem.output_shape(), done.output.as_ref())?;
    }
    done.report.name = name;
    finish(done, &args.files, &args.run)
}

/// Refuses an output that can't be written before anything is computed. Pipes and devices are not tried: opening a
/// pipe and closing it again would be the end of it for its reader.
fn check_writable(path: &Path) -> Result<(), Failure> {
    let is_stream = std::fs::metadata(path).is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir());
    if !is_stream {
        AtomicFile::create(path)?;
    }
    Ok(())
}

/// A computed output with what is to be said about it.
pub(super) struct Done {
    pub(super) output: Elements,
    pub(super) report: Conv2dReport,
    trace: Trace,
}

/// Prepares, runs and, where asked for, verifies `problem`.
pub(super) fn execute(
    problem: &ConvProblem,
    arrays: &Arrays,
    args: &RunArgs,
    chosen: &Chosen,
) -> Result<Done, Failure> {
    let cpu = &chosen.cpu;
    let mut trace = Trace::start(args.trace.is_some());
    let mut output = Elements::zeros(problem.spec().dtype, problem.output_len(), "output")?;
    let (plan, _) = trace.span("plan", || plan::plan_for(problem, cpu.machine(), chosen.maths));
    let plan = plan?;
    let (weights, bias) = (arrays.weights.as_ref(), arrays.bias.as_ref().map(Elements::as_ref));
    let (prepared, prepare_seconds) = trace.span("prepare", || cpu.prepare(problem, &plan, weights, bias));
    let mut prepared = prepared?;
    let residual = arrays.residual.as_ref().map(Elements::as_ref);
    let mut once = |trace: &mut Trace, name, output: &mut Elements| -> Result<f64, Failure> {
        let (result, seconds) = trace.span(name, || prepared.run(arrays.input.as_ref(), residual, output.as_mut()));
        result?;
        Ok(seconds)
    };
    for _ in 0..args.warmup {
        once(&mut trace, "warmup", &mut output)?;
    }
    let iters = args.iters.unwrap_or(1);
    let seconds = (0..iters).map(|_| once(&mut trace, "run", &mut output)).collect::<Result<Vec<_>, _>>()?;
    let samples = Samples::new(seconds).ok_or_else(|| Failure::input("--iters must be at least 1"))?;
    let verify = args.verify.then(|| trace.span("verify", || verify(problem, &plan, arrays, &output)).0).transpose()?;

    let mut report = report(problem, &plan, args, chosen);
    report.prepare_us = prepare_seconds * 1e6;
    report.min_us = samples.min_us();
    report.median_us = samples.median_us();
    report.gflops = gflops(report.flops, report.min_us);
    report.verify = verify;
    Ok(Done { output, report, trace })
}

/// Writes the trace and the report, and turns a failed verification into its exit code.
pub(super) fn finish(done: Done, files: &FileArgs, args: &RunArgs) -> Result<(), Failure> {
    let Done { mut report, trace, .. } = done;
    report.output.clone_from(&files.output);
    if let Some(path) = &args.trace {
        let json = trace.to_json().map_err(|error| Failure::System(error.into()))?;
        files::write(path, |out| out.write_all(&json))?;
    }
    report.notes.iter().for_each(|note| output::note(note));
    if args.json {
        output::print_json(&report)?
    } else {
        output::print(&report.to_string())?
    }
    match &report.verify {
        Some(VerifyReport { ok: false, failures, .. }) => Err(Failure::Difference(format!(
            "{failures} of {} elements differ from the reference by more than their bound; please report this problem",
            report.output_shape.iter().product::<usize>()
        ))),
        _ => Ok(()),
    }
}

/// Everything but the measurements.
fn report(problem: &ConvProblem, plan: &TilePlan, args: &RunArgs, chosen: &Chosen) -> Conv2dReport {
    let spec = problem.spec();
    let cpu = &chosen.cpu;
    let mut notes = chosen.notes.clone();
    if args.dump_pm4.is_some() {
        notes.push("no GPU was used, so --dump-pm4 has no submission to write".to_owned());
    }
    Conv2dReport {
        schema: SCHEMA,
        command: "conv2d",
        problem: describe(problem),
        name: None,
        input_shape: problem.input_shape(),
        weights_shape: problem.weights_shape(),
        output_shape: problem.output_shape(),
        layout: spec.layout.to_string(),
        dtype: spec.dtype.to_string(),
        activation: options::print_activation(spec.epilogue.activation).unwrap_or_default(),
        bias: spec.epilogue.bias,
        residual: spec.epilogue.residual,
        device: cpu.name().to_owned(),
        isa: cpu.isa().to_string(),
        threads: cpu.threads(),
        math: plan.maths().to_string(),
        kernel: plan.kernel().name,
        iters: args.iters.unwrap_or(1),
        warmup: args.warmup,
        prepare_us: 0.0,
        min_us: 0.0,
        median_us: 0.0,
        predicted_us: plan.seconds * 1e6,
        flops: problem.flops(),
        gflops: 0.0,
        fallback: chosen.fallback.clone(),
        verify: None,
        explain: args.explain.then(|| explain(plan, chosen)),
        output: None,
        notes,
    }
}

/// Compares with the f64 reference.
fn verify(problem: &ConvProblem, plan: &TilePlan, arrays: &Arrays, output: &Elements) -> Result<VerifyReport, Failure> {
    let (input, weights) = (arrays.input.as_ref(), arrays.weights.as_ref());
    let bias = arrays.bias.as_ref().map(Elements::as_ref);
    let residual = arrays.residual.as_ref().map(Elements::as_ref);
    let expected = match plan.algorithm {
        Algorithm::Direct => reference::convolve(problem, input, weights, bias, residual),
        Algorithm::Winograd(cut) => reference::convolve_tiled(problem, cut.tile, input, weights, bias, residual),
    };
    let verdict = expected.and_then(|expected| verify::verify(problem, output.as_ref(), &expected));
    let Verdict { ok, failures, max_abs_error, worst } = verdict.map_err(|error| Failure::Input(error.into()))?;
    Ok(VerifyReport {
        ok,
        max_abs_error,
        bound: worst.bound,
        worst_error: worst.error,
        worst_index: worst.index,
        failures,
    })
}

/// Why this device, this plan, this kernel.
fn explain(plan: &TilePlan, chosen: &Chosen) -> String {
    let cpu = &chosen.cpu;
    let device = match &chosen.fallback {
        Some(Fallback { from, reason }) => format!("the CPU instead of {from}: {reason}"),
        None => "the CPU: it is what this version computes on".to_owned(),
    };
    format!(
        "device: {device}\nISA: {}; this CPU has {}, and SPARKLE_CPU_ISA chooses\nplan for {}\n",
        cpu.isa(),
        cpu.info().isas.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        plan.explain().join("\n")
    )
}

//! `sparkle-pm4 lint`.

use anyhow::{Result, bail};
use serde::Serialize;
use sparkle_pm4::lint::{self, Buffer, Finding, Options, Root, RootKind, Rule, Severity};

use super::Opened;
use super::program::Reader;
use crate::FINDINGS;
use crate::args::{Deny, Lint};
use crate::input::{Stream, StreamKind};
use crate::output::Output;

#[derive(Serialize)]
struct Report<'a> {
    schema: u32,
    command: &'static str,
    file: &'a str,
    gfx: String,
    errors: usize,
    warnings: usize,
    findings: Vec<FindingReport>,
}

#[derive(Serialize)]
struct FindingReport {
    rule: &'static str,
    severity: &'static str,
    stream: String,
    offset: usize,
    message: String,
}

pub(crate) fn run(args: &Lint) -> Result<u8> {
    let mut output = Output::new(args.style.color);
    if let Some(name) = &args.explain {
        let rule = parse(name)?;
        explain(rule, args.style.json, &mut output)?;
        output.flush()?;
        return Ok(0);
    }
    if args.list {
        for rule in Rule::ALL {
            output.line(&format!("{}  {:<7}  {}", rule.code(), severity(rule.severity()), rule.title()))?;
        }
        output.flush()?;
        return Ok(0);
    }
    let allowed = args.allow.iter().map(|name| parse(name)).collect::<Result<Vec<_>>>()?;
    let mut bad = false;
    for path in &args.files {
        let opened = Opened::read(path, &args.reading)?;
        let mut report = Report {
            schema: 1,
            command: "lint",
            file: &opened.name,
            gfx: opened.gfx.to_string(),
            errors: 0,
            warnings: 0,
            findings: Vec::new(),
        };
        for (name, finding) in findings(&opened) {
            if allowed.contains(&finding.rule) {
                continue;
            }
            match finding.rule.severity() {
                Severity::Error => report.errors += 1,
                Severity::Warning => report.warnings += 1,
            }
            if args.style.json {
                report.findings.push(FindingReport {
                    rule: finding.rule.code(),
                    severity: severity(finding.rule.severity()),
                    stream: name,
                    offset: finding.at,
                    message: finding.message,
                });
            } else {
                line(&mut output, &name, &finding)?;
            }
        }
        if args.style.json {
            output.json(&report)?;
            output.bytes(b"\n")?;
        }
        bad |= report.errors > 0 || (report.warnings > 0 && matches!(args.deny, Some(Deny::Warnings)));
    }
    output.flush()?;
    Ok(if bad { FINDINGS } else { 0 })
}

fn parse(name: &str) -> Result<Rule> {
    match name.parse() {
        Ok(rule) => Ok(rule),
        Err(_) => bail!("no rule {name:?}: `sparkle-pm4 lint --list` shows all of them"),
    }
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

/// What is wrong with the streams of a dump, each with the name that its lines begin with. Streams of one submission are
/// checked together.
fn findings(opened: &Opened) -> Vec<(String, Finding)> {
    let mut all = Vec::new();
    let reader = Reader(opened);
    let number = |stream: &Stream| stream.submission.as_ref().map(|submission| submission.number);
    let streams = &opened.dump.streams;
    // A capture's streams were all submitted, some more than once; elsewhere those that another one calls are its own.
    let roots =
        if streams.iter().all(|stream| number(stream).is_some()) { streams.iter().collect() } else { opened.roots() };
    // How streams belong together that no submission names is unknown: one may set what the next one needs.
    let loose = roots.iter().filter(|stream| stream.kind == StreamKind::Ib && number(stream).is_none()).count();
    for streams in roots.chunk_by(|a, b| number(a).is_some() && number(a) == number(b)) {
        let Some(first) = streams.first() else { continue };
        // The addresses of a submission are checked against the buffers that it names.
        let listed: Option<Vec<Buffer>> = opened.dump.buffers.as_ref().map(|buffers| match &first.submission {
            Some(submission) => submission.buffers.iter().filter_map(|&index| buffers.get(index).cloned()).collect(),
            None => buffers.clone(),
        });
        let options = Options {
            gfx: opened.gfx,
            ring: opened.ring(first),
            root: match first.kind {
                StreamKind::Ring { .. } => RootKind::KernelRing,
                StreamKind::Ib => RootKind::Ib,
            },
            buffers: listed.as_deref(),
            memory_synced: first.memory_synced,
            partial: first.submission.is_none() && first.kind == StreamKind::Ib && loose > 1,
            programs: Some(&reader),
        };
        let roots: Vec<_> = streams.iter().map(|stream| Root { words: &stream.words, va: stream.va }).collect();
        for mut finding in lint::lint_submission(&roots, &opened.dump, &options) {
            let Some(stream) = streams.get(finding.root) else { continue };
            let mut name = opened.name.clone();
            if opened.dump.streams.len() > 1 {
                name = format!("{name}[{}]", stream.name);
            }
            match finding.stream.0 {
                0 => finding.at = stream.original(finding.at),
                called => name = format!("{name}[stream {called}]"),
            }
            all.push((name, finding));
        }
    }
    all
}

fn line(output: &mut Output, name: &str, finding: &Finding) -> Result<()> {
    let palette = output.palette;
    let colour = match finding.rule.severity() {
        Severity::Error => palette.wrong,
        Severity::Warning => palette.packet,
    };
    let (what, code) = (severity(finding.rule.severity()), finding.rule.code());
    output.line(&format!("{name}:{}: {colour}{what}[{code}]{}: {}", finding.at, palette.reset, finding.message))?;
    Ok(())
}

fn explain(rule: Rule, json: bool, output: &mut Output) -> Result<()> {
    if json {
        output.json(&serde_json::json!({
            "rule": rule.code(), "severity": severity(rule.severity()), "title": rule.title(), "reason": rule.reason(),
            "source": rule.source(),
        }))?;
        output.bytes(b"\n")?;
        return Ok(());
    }
    output.line(&format!("{} ({}): {}", rule.code(), severity(rule.severity()), rule.title()))?;
    output.line("")?;
    output.line(rule.reason())?;
    output.line("")?;
    output.line(&format!("Source: {}", rule.source()))?;
    Ok(())
}

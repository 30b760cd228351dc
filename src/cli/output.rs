//! The only way to stdout and stderr, so that a closed pipe and a full disk are handled in one place.

use crate::cli::failure::Failure;
use serde::Serialize;
use std::io::{self, ErrorKind, Write};

/// Writes `text` to stdout and flushes it.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(|error| match error.kind() {
        ErrorKind::BrokenPipe => Failure::StdoutClosed,
        _ => Failure::System(anyhow::Error::new(error).context("cannot write the results to stdout")),
    })
}

/// Writes `report` to stdout as one JSON object.
pub(super) fn print_json(report: &impl Serialize) -> Result<(), Failure> {
    let mut text = serde_json::to_string_pretty(report)
        .map_err(|error| Failure::System(anyhow::Error::new(error).context("cannot write the report as JSON")))?;
    text.push('\n');
    print(&text)
}

/// Says something on stderr that is no error.
pub(super) fn note(text: &str) {
    // A note that nobody can read changes nothing about the result.
    let _ = writeln!(io::stderr(), "sparkle-run: note: {text}");
}

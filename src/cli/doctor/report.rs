//! What `doctor` found: one struct makes the text and the JSON.

use super::{Values, chosen};
use crate::amdgpu::Found;
use crate::cli::device::{GpuReport, Gpus, sysfs};
use crate::cli::report::SCHEMA;
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// All of it.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct DoctorReport {
    schema: u32,
    command: &'static str,
    /// Whether all rungs passed.
    pub(in crate::cli) ok: bool,
    version: &'static str,
    /// The kernel's release.
    kernel: Option<String>,
    /// The GPU that was examined; `null` where there is none.
    device: Option<GpuReport>,
    /// The device's files in sysfs.
    sysfs: BTreeMap<String, String>,
    /// Parameters of the kernel's modules.
    parameters: BTreeMap<String, String>,
    /// All nodes of this machine.
    nodes: Vec<GpuReport>,
    /// From the bottom; the last one may have failed.
    pub(in crate::cli) rungs: Vec<RungReport>,
    /// Drills that nobody asked for.
    pub(in crate::cli) drills_left_out: Vec<&'static str>,
}

/// A rung.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct RungReport {
    pub(in crate::cli) id: &'static str,
    pub(in crate::cli) name: &'static str,
    pub(super) status: &'static str,
    pub(super) did: &'static str,
    pub(super) proves: &'static str,
    /// In a few words; empty where it failed.
    pub(super) seen: String,
    pub(super) values: Values,
    pub(super) micros: u64,
    pub(in crate::cli) failure: Option<FailureReport>,
}

/// Why a rung failed.
#[derive(Debug, Serialize)]
pub(in crate::cli) struct FailureReport {
    pub(in crate::cli) what: String,
    /// The most probable causes, that of this failure first.
    pub(in crate::cli) causes: Vec<String>,
    /// What to look at.
    pub(in crate::cli) next: Vec<String>,
}

impl DoctorReport {
    /// Before the first rung.
    pub(super) fn new(gpus: &Gpus, found: Option<&Found>, kernel: Option<String>) -> Self {
        Self {
            schema: SCHEMA,
            command: "doctor",
            ok: false,
            version: env!("CARGO_PKG_VERSION"),
            kernel,
            device: chosen(found),
            sysfs: found.map(sysfs::values).unwrap_or_default(),
            parameters: sysfs::parameters(),
            nodes: gpus.visible.iter().chain(&gpus.others).map(GpuReport::new).collect(),
            rungs: Vec::new(),
            drills_left_out: Vec::new(),
        }
    }

    /// The rung that failed.
    pub(in crate::cli) fn failed(&self) -> Option<(&RungReport, &FailureReport)> {
        self.rungs.iter().find_map(|rung| Some((rung, rung.failure.as_ref()?)))
    }

    /// The lines above the rungs.
    pub(in crate::cli) fn head(&self) -> String {
        let kernel = self.kernel.as_deref().unwrap_or("unknown");
        match &self.device {
            Some(gpu) => format!("{}\n{gpu}kernel    {kernel}\n\n", gpu.title()),
            None => format!("no GPU to examine; kernel {kernel}\n\n"),
        }
    }

    /// The lines below the rungs.
    pub(in crate::cli) fn foot(&self) -> String {
        let passed = self.rungs.iter().filter(|rung| rung.failure.is_none()).count();
        if let Some((rung, _)) = self.failed() {
            return format!("\n{passed} rungs passed, rung {} failed; nothing above it was tried\n", rung.id);
        }
        let left_out: String = self.drills_left_out.iter().map(|name| format!(" --drill {name}")).collect();
        let left_out = if left_out.is_empty() { left_out } else { format!("; left out:{left_out}") };
        format!("\nall {passed} rungs passed{left_out}\n")
    }
}

impl fmt::Display for RungReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, name, seen, .. } = self;
        let Some(failure) = &self.failure else { return writeln!(f, "{id:>3}  ok      {name}: {seen}") };
        writeln!(f, "{id:>3}  FAILED  {name}: {}", failure.what)?;
        let line = |f: &mut fmt::Formatter<'_>, key: &str, text: &str| writeln!(f, "       {key:<7} {text}");
        line(f, "did", self.did)?;
        for (name, value) in &self.values.0 {
            match value {
                Value::String(text) => line(f, "seen", &format!("{name} {text}"))?,
                value => line(f, "seen", &format!("{name} {value}"))?,
            }
        }
        line(f, "proves", self.proves)?;
        failure.causes.iter().try_for_each(|cause| line(f, "cause", cause))?;
        failure.next.iter().try_for_each(|next| line(f, "next", next))
    }
}

//! `sparkle-run devices`: what can compute here, and why what can't, can't.

use crate::amdgpu::Found;
use crate::backend::cpu::{Cache, CpuInfo, Isa};
use crate::cli::args::DevicesArgs;
use crate::cli::device::{GpuReport, Gpus};
use crate::cli::failure::Failure;
use crate::cli::output;
use crate::cli::report::{SCHEMA, bytes};
use serde::Serialize;
use std::fmt;

/// Looks and prints.
pub(in crate::cli) fn run(args: &DevicesArgs) -> Result<(), Failure> {
    let report = DevicesReport::new(CpuInfo::detect(), Isa::from_env()?, &Gpus::discover()?);
    if args.json { output::print_json(&report) } else { output::print(&report.to_string()) }
}

#[derive(Debug, Serialize)]
struct DevicesReport {
    schema: u32,
    command: &'static str,
    cpu: CpuReport,
    gpus: GpusReport,
}

#[derive(Debug, Serialize)]
struct GpusReport {
    /// Nodes of amdgpu, in the order of their numbers.
    visible: Vec<GpuReport>,
    /// Nodes of other drivers.
    others: Vec<GpuReport>,
    /// Why there is none, if there is none.
    absence: Option<String>,
}

#[derive(Debug, Serialize)]
struct CpuReport {
    model: String,
    cores: usize,
    /// The instruction set that commands will use.
    isa: String,
    isas: Vec<String>,
    caches: Vec<CacheReport>,
}

#[derive(Debug, Serialize)]
struct CacheReport {
    name: String,
    bytes: u64,
    line_bytes: u32,
    shared_by: usize,
}

impl DevicesReport {
    fn new(cpu: CpuInfo, isa: Option<Isa>, gpus: &Gpus) -> Self {
        let isas: Vec<String> = cpu.isas.iter().map(Isa::to_string).collect();
        let cache = |cache: Cache| CacheReport {
            name: cache.name.to_string(),
            bytes: cache.bytes,
            line_bytes: cache.line_bytes,
            shared_by: cache.shared_by,
        };
        let cpu = CpuReport {
            model: cpu.model_name,
            cores: cpu.cores,
            isa: isa.map_or_else(|| isas.first().cloned().unwrap_or_default(), |isa| isa.to_string()),
            isas,
            caches: cpu.caches.into_iter().map(cache).collect(),
        };
        let list = |found: &[Found]| found.iter().map(GpuReport::new).collect();
        let gpus =
            GpusReport { visible: list(&gpus.visible), others: list(&gpus.others), absence: gpus.absence.clone() };
        Self { schema: SCHEMA, command: "devices", cpu, gpus }
    }
}

impl fmt::Display for DevicesReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cpu = &self.cpu;
        writeln!(f, "cpu    {}, {} cores", cpu.model, cpu.cores)?;
        writeln!(f, "       ISA {} (of {})", cpu.isa, cpu.isas.join(", "))?;
        for cache in &cpu.caches {
            let CacheReport { name, line_bytes, shared_by, .. } = cache;
            let size = bytes(cache.bytes);
            writeln!(f, "       {name:<4} {size:>9}, {line_bytes}-byte lines, shared by {shared_by}")?;
        }
        let numbered = self.gpus.visible.iter().enumerate().map(|(index, gpu)| (format!("gpu:{index}"), gpu));
        for (name, gpu) in numbered.chain(self.gpus.others.iter().map(|gpu| ("other".to_owned(), gpu))) {
            writeln!(f, "{name:<6} {}", gpu.title())?;
            for line in gpu.to_string().lines() {
                writeln!(f, "       {line}")?;
            }
        }
        match &self.gpus.absence {
            Some(absence) => writeln!(f, "gpu    none: {absence}"),
            None => Ok(()),
        }
    }
}

//! A device with some memory, for one stream.

use std::ops::Range;
use std::sync::Mutex;

use sparkle_pm4::Ring;
use sparkle_vgpu::cp::{
    CommandProcessor, DeviceState, Events, Finding, Ib, Incoherent, Job, Limits, Outcome, ShaderEngine, Unwatched,
    Watch,
};
use sparkle_vgpu::shader::{Chip, PageTable, Permissions, Totals};

/// Where a stream goes.
pub const IB: u64 = 0x2_0000_0000;
/// Data, readable and writable.
pub const DATA: u64 = 0x1_0050_0000;

/// What was heard.
#[derive(Default)]
pub struct Log {
    pub findings: Mutex<Vec<Finding>>,
    pub names: Mutex<Vec<&'static str>>,
    pub dispatches: Mutex<Vec<Totals>>,
}

impl Log {
    pub fn rules(&self) -> Vec<&'static str> {
        self.findings.lock().unwrap().iter().map(|finding| finding.rule).collect()
    }
}

impl Events for Log {
    fn packet(&self, name: &'static str, _: u64, _: Range<u64>) {
        self.names.lock().unwrap().push(name);
    }

    fn dispatch(&self, _: &sparkle_vgpu::cp::Place, totals: &Totals, _: Range<u64>) {
        self.dispatches.lock().unwrap().push(*totals);
    }

    fn finding(&self, finding: Finding) {
        self.findings.lock().unwrap().push(finding);
    }
}

pub struct Bench {
    pub memory: PageTable,
    pub device: DeviceState,
    pub processor: CommandProcessor,
    pub log: Log,
}

pub fn limits() -> Limits {
    Limits { dwords: 1 << 16, groups: 1 << 16, instructions: 1 << 20, ..Limits::default() }
}

pub fn bytes(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_le_bytes()).collect()
}

impl Bench {
    /// With 4 KiB at [`DATA`] that hold these dwords, then zeros.
    pub fn new(ring: Ring, data: &[u32]) -> Self {
        let mut memory = PageTable::default();
        let mut contents = bytes(data);
        contents.resize(4096, 0);
        assert!(memory.map(DATA, &contents, Permissions { read: true, write: true, execute: false }));
        Self {
            memory,
            device: DeviceState::new(Chip::GFX1100).with_limits(limits()),
            processor: CommandProcessor::new(ring),
            log: Log::default(),
        }
    }

    pub fn compute(data: &[u32]) -> Self {
        Self::new(Ring::Compute, data)
    }

    pub fn gfx(data: &[u32]) -> Self {
        Self::new(Ring::Gfx, data)
    }

    pub fn map(&mut self, va: u64, words: &[u32], permissions: Permissions) {
        assert!(self.memory.map(va, &bytes(words), permissions), "{va:#x}");
    }

    /// Puts a stream at `va`.
    pub fn stream(&mut self, va: u64, words: &[u32]) -> Ib {
        self.map(va, words, Permissions { read: true, write: true, execute: true });
        Ib { va, dwords: words.len() as u32 }
    }

    pub fn job(&mut self, job: &Job<'_>) -> Outcome {
        self.job_on(job, &Unwatched)
    }

    pub fn job_on(&mut self, job: &Job<'_>, shader: &dyn ShaderEngine) -> Outcome {
        let watch = Watch { shader, coherence: &Incoherent, events: &self.log };
        self.processor.execute(job, &self.memory, &self.device, &watch)
    }

    /// Runs a stream that nothing else is known of.
    pub fn run(&mut self, words: &[u32]) -> Outcome {
        let ib = self.stream(IB, words);
        self.job(&Job::new(vec![ib]))
    }

    /// Runs a stream that must come to its end.
    pub fn done(&mut self, words: &[u32]) {
        let outcome = self.run(words);
        assert!(outcome.is_done(), "{outcome}");
    }

    /// Runs a stream that must hang; why, and the packet's name.
    pub fn hang(&mut self, words: &[u32]) -> (String, String) {
        match self.run(words) {
            Outcome::Hang { why, at } => (why, at.name),
            other => panic!("{other}"),
        }
    }

    pub fn illegal(&mut self, words: &[u32]) -> String {
        match self.run(words) {
            Outcome::Illegal { why, .. } => why,
            other => panic!("{other}"),
        }
    }

    pub fn word(&self, va: u64) -> u32 {
        u32::from_le_bytes(self.memory.read(va, 4).unwrap().try_into().unwrap())
    }

    pub fn words(&self, va: u64, count: usize) -> Vec<u32> {
        let bytes = self.memory.read(va, count * 4).unwrap();
        bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
    }

    pub fn double(&self, va: u64) -> u64 {
        u64::from_le_bytes(self.memory.read(va, 8).unwrap().try_into().unwrap())
    }
}

/// A recorded or worked stream of the packet crate's samples.
pub fn sample(name: &str) -> Vec<u32> {
    let path = format!("{}/../../pm4/data/samples/{name}", env!("CARGO_MANIFEST_DIR"));
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    bytes.chunks_exact(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect()
}

//! What the system tells of this CPU: `/proc/cpuinfo` and `/sys/devices/system/cpu`.

use crate::backend::cpu::isa::Isa;
use crate::plan::{MachineModel, MemoryLevel, cpu_machine};
use std::fs;
use std::path::Path;

/// A CPU as its kernel describes it.
#[derive(Clone, Debug, PartialEq)]
pub struct CpuInfo {
    /// The model's name, `unknown CPU` where the system has none.
    pub model_name: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Instruction sets with microkernels, best first.
    pub isas: Vec<Isa>,
    /// Data and unified caches, innermost first; empty where the system says nothing.
    pub caches: Vec<Cache>,
    /// Clock now or at most, Hz; `None` where the system says nothing.
    pub clock_hz: Option<f64>,
    /// Vector FMA instructions a cycle at full width, where the model is known to differ from two.
    fma_per_cycle: Option<f64>,
}

/// One level of cache.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cache {
    /// `L1d`, `L2`, `L3`.
    pub name: &'static str,
    /// Bytes of one instance.
    pub bytes: u64,
    /// Line size, bytes.
    pub line_bytes: u32,
    /// Cores that share an instance.
    pub shared_by: usize,
    /// Ways of associativity; 0 where the system does not say.
    pub ways: u32,
}

impl CpuInfo {
    /// Reads the system. What can't be read is left out, never an error.
    pub fn detect() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |name: &str| {
            let line = cpuinfo.lines().find(|line| line.split(':').next().is_some_and(|key| key.trim() == name))?;
            Some(line.split_once(':')?.1.trim().to_owned())
        };
        let kilohertz = fs::read_to_string("/sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq").ok();
        let maximum = kilohertz.and_then(|text| text.trim().parse::<f64>().ok()).map(|khz| khz * 1e3);
        let now = || field("cpu MHz")?.parse::<f64>().ok().map(|mhz| mhz * 1e6);
        // Zen 4 splits a 512-bit FMA over two passes. Source: AMD, Software Optimization Guide for the AMD Zen4
        // Microarchitecture (57647), section 2.11 "Floating-Point Unit".
        let zen4 =
            field("vendor_id").as_deref() == Some("AuthenticAMD") && field("cpu family").as_deref() == Some("25");
        Self {
            model_name: field("model name").unwrap_or_else(|| "unknown CPU".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            isas: Isa::available(),
            caches: read_caches(Path::new("/sys/devices/system/cpu/cpu0/cache")),
            clock_hz: maximum.or_else(now).filter(|hz| hz.is_finite() && *hz > 0.0),
            fma_per_cycle: zen4.then_some(1.0),
        }
    }

    /// The planner's model of `threads` of this CPU's cores with `isa`.
    pub(super) fn machine(&self, isa: Isa, threads: usize) -> MachineModel {
        let clock_hz = self.clock_hz.unwrap_or(3e9);
        let fma_per_cycle = match isa {
            Isa::Avx512 => self.fma_per_cycle.unwrap_or(2.0),
            Isa::Avx2 => 2.0,
            Isa::Portable => 0.25, // calls to the library's fma, one lane at a time
        };
        let levels = self.levels(threads, clock_hz);
        let name = format!("{}, {isa}, {threads} threads", self.model_name);
        cpu_machine(name, &isa.to_string(), isa.lanes(), fma_per_cycle, threads, clock_hz, levels)
    }

    /// Memory levels from the caches. Bandwidths are per core and cycle, typical of x86-64 server cores (measured on
    /// Zen 5: 128, 64, 26 and 7 bytes for L1, L2, L3 and DRAM); the planner needs their proportions.
    fn levels(&self, threads: usize, clock_hz: f64) -> Vec<MemoryLevel> {
        let fallback = [("L1d", 32 << 10, 1), ("L2", 1 << 20, 1), ("L3", 16 << 20, usize::MAX)];
        let found = |(name, bytes, shared_by): (&'static str, u64, usize)| {
            let cache = self.caches.iter().find(|cache| cache.name == name);
            cache.cloned().unwrap_or(Cache { name, bytes, line_bytes: 64, shared_by, ways: 8 })
        };
        let bytes_per_cycle = [64.0, 32.0, 16.0];
        let mut levels: Vec<_> = (fallback.into_iter().map(found).zip(bytes_per_cycle))
            .map(|(cache, bytes)| {
                let shared_by = cache.shared_by.clamp(1, threads);
                MemoryLevel {
                    name: cache.name,
                    capacity_bytes: Some(cache.bytes),
                    bandwidth: bytes * clock_hz * shared_by as f64,
                    line_bytes: cache.line_bytes,
                    shared_by,
                    ways: cache.ways,
                }
            })
            .collect();
        levels.push(MemoryLevel {
            name: "DRAM",
            capacity_bytes: None,
            bandwidth: 6.0 * clock_hz * threads.min(8) as f64, // the memory controllers saturate
            line_bytes: 64,
            shared_by: threads,
            ways: 0,
        });
        levels
    }
}

fn read_caches(folder: &Path) -> Vec<Cache> {
    let read = |index: usize, file: &str| {
        fs::read_to_string(folder.join(format!("index{index}")).join(file)).ok().map(|text| text.trim().to_owned())
    };
    let cache = |index| -> Option<Cache> {
        let name = match (read(index, "level")?.as_str(), read(index, "type")?.as_str()) {
            ("1", "Data") => "L1d",
            ("2", "Unified") => "L2",
            ("3", "Unified") => "L3",
            _ => return None,
        };
        Some(Cache {
            name,
            bytes: parse_size(&read(index, "size")?)?,
            line_bytes: read(index, "coherency_line_size").and_then(|text| text.parse().ok()).unwrap_or(64),
            shared_by: read(index, "shared_cpu_list").map_or(1, |list| count_cpus(&list)),
            ways: read(index, "ways_of_associativity").and_then(|text| text.parse().ok()).unwrap_or(0),
        })
    };
    (0..8).filter_map(cache).collect()
}

/// `32K`, `1024K`, `32M`.
fn parse_size(text: &str) -> Option<u64> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &text[digits.len()..] {
        "" => 1,
        "K" => 1 << 10,
        "M" => 1 << 20,
        "G" => 1 << 30,
        _ => return None,
    };
    digits.parse::<u64>().ok()?.checked_mul(unit).filter(|bytes| *bytes > 0)
}

/// CPUs in a list such as `0-3,8,10-11`; at least 1.
fn count_cpus(list: &str) -> usize {
    let count = |range: &str| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last) = (first.trim().parse::<usize>().ok()?, last.trim().parse::<usize>().ok()?);
        last.checked_sub(first)?.checked_add(1)
    };
    list.split(',').filter_map(count).fold(0, usize::saturating_add).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_and_lists_as_sysfs_writes_them() {
        assert_eq!(parse_size("32K"), Some(32 << 10));
        assert_eq!(parse_size("32M"), Some(32 << 20));
        assert_eq!(parse_size("0K"), None);
        assert_eq!(parse_size("12X"), None);
        assert_eq!(count_cpus("0-3,8,10-11"), 7);
        assert_eq!(count_cpus("nonsense"), 1);
    }
}

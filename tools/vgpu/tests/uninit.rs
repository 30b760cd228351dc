//! The `uninit` sanitizer over kernels that clang 19 compiled at -O2, in which nothing may be found, and over small
//! programs with a mistake each, which must be.
//!
//! `kernels/uninit.hex` is the `.text` of `kernels/uninit.cl` with the calls in it resolved, made by
//! `clang-19 -x cl -cl-std=CL2.0 -Xclang -finclude-default-header -target amdgcn-amd-amdhsa -mcpu=gfx1100 -nogpulib -O2
//! -cl-fp32-correctly-rounded-divide-sqrt -mcode-object-version=5 -c`; `uninit.o0.hex` with `-O0`, `uninit.w64.hex` with
//! `-mwavefrontsize64 -DW64`. Entries and user SGPRs are from their symbol tables and descriptors.
#![allow(clippy::unwrap_used)]

use sparkle_rdna3::Target;
use sparkle_vgpu::sanitize::uninit::{Defined, Start};
use sparkle_vgpu::sanitize::{self, Allocation, Report, Sanitizer, Sanitizers, Switches};
use sparkle_vgpu::shader::{Chip, Dispatch, Grid, Inputs, PageTable, Permissions, Program};

const KERNARG: u64 = 0x1000;
const MODE: u32 = 0x3f0;

fn program(code: &str) -> Program {
    program_for(code, Target::GFX1100)
}

fn program_for(code: &str, target: Target) -> Program {
    let digits: String = code.split_whitespace().collect();
    let words: Vec<u32> = (0..digits.len() / 8)
        .map(|at| u32::from_str_radix(&digits[at * 8..at * 8 + 8], 16).unwrap().swap_bytes())
        .collect();
    Program::new(&words, 0x8_0000_0000, target)
}

/// A launch with a buffer for each argument.
struct Launch<'a> {
    program: &'a Program,
    entry: usize,
    buffers: Vec<Vec<u8>>,
    /// Which buffer is the result, of which nothing is defined.
    results: Vec<usize>,
    scalars: Vec<u32>,
    groups: u32,
    threads: u32,
    scratch: u32,
    lds: u32,
    abi: Abi,
}

/// What the first SGPRs hold.
#[derive(Clone, Copy)]
struct Abi {
    /// The address of a dispatch packet comes first.
    packet: bool,
    /// The number of the dispatch comes last.
    dispatch: bool,
    /// User SGPRs, of which those behind the named ones are undefined.
    user: usize,
    /// Axes of which a workgroup's number follows.
    axes: usize,
}

impl Abi {
    /// As in waves of 32 lanes. Source: LLVM `AMDGPU.td`, `FeatureUserSGPRInit16Bug`.
    const PLAIN: Self = Self { packet: false, dispatch: false, user: 15, axes: 1 };
    const PACKET: Self = Self { packet: true, ..Self::PLAIN };
}

const PACKET: u64 = 0x2000;

impl Launch<'_> {
    fn run(&self, switches: Switches) -> Vec<Report> {
        let mut memory = PageTable::default();
        let sanitizers = Sanitizers::new(switches, Chip::GFX1100);
        let uninit = sanitizers.uninit();
        let mut kernarg = Vec::new();
        for (at, bytes) in self.buffers.iter().enumerate() {
            let va = (at as u64 + 1) << 32;
            assert!(memory.map(va, bytes, Permissions::ALL));
            kernarg.extend(va.to_le_bytes());
            if self.results.contains(&at) {
                uninit.region(va, bytes.len() as u64, Defined::None);
                uninit.result(va, bytes.len() as u64);
            } else {
                uninit.region(va, bytes.len() as u64, Defined::All);
            }
        }
        kernarg.extend(self.scalars.iter().flat_map(|scalar| scalar.to_le_bytes()));
        let used = kernarg.len() as u64;
        kernarg.resize(256, 0);
        assert!(memory.map(KERNARG, &kernarg, Permissions::READ));
        uninit.region(KERNARG, 256, Defined::None);
        uninit.region(KERNARG, used, Defined::All);
        // Of `hsa_kernel_dispatch_packet_t` the sizes alone. Source: HSA runtime `inc/hsa.h`.
        let sizes = [0, 0, self.threads as u16, 1, 1, 0, (self.groups * self.threads) as u16, 0, 1, 0, 1, 0];
        let packet: Vec<u8> = sizes.iter().flat_map(|size| size.to_le_bytes()).collect();
        assert!(memory.map(PACKET, &packet, Permissions::READ));
        let Abi { packet, dispatch, user: count, axes } = self.abi;
        let low = |va: u64| [va as u32, 0];
        let mut user = if packet { low(PACKET).to_vec() } else { Vec::new() };
        user.extend(low(KERNARG));
        user.extend(if dispatch { low(0).to_vec() } else { Vec::new() });
        let scalars = ((1u128 << axes) - 1) << count | ((1 << user.len()) - 1);
        let start = Start { scalars, vectors: vec![(0, u64::MAX)], ..Start::default() };
        user.resize(count, 0xdead_beef);
        let group_ids = [0, 1, 2].map(|axis| axis < axes);
        let inputs = Inputs { user, group_ids, mode: MODE, ..Inputs::default() };
        let dispatch = Dispatch {
            program: self.program,
            entry: self.entry / 4,
            memory: &memory,
            chip: Chip::GFX1100,
            grid: Grid::new([self.groups, 1, 1], [self.threads, 1, 1]),
            inputs: &inputs,
            vgprs: 96,
            lds_bytes: self.lds,
            scratch_bytes: self.scratch,
            wgp_mode: false,
            limit: 4_000_000,
        };
        // Under what `Sanitizers::run` takes all user SGPRs as defined.
        let allocation = Allocation::new(dispatch.chip, self.program.target().wave, 96, self.lds, self.scratch);
        let launch = sanitize::Launch {
            program: self.program,
            memory: &memory,
            entry: dispatch.entry,
            prefetch: 0,
            allocation,
            start: &start,
        };
        dispatch.run(&sanitizers.over(&launch)).unwrap();
        sanitizers.reports()
    }
}

/// A sequence without pattern.
fn noise(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64 ^ seed;
    (0..bytes)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) as u8
        })
        .collect()
}

fn text(reports: &[Report]) -> String {
    reports.iter().map(|report| format!("{report}\n")).collect()
}

/// Entries of `uninit.hex`, from its symbol table.
const KERNELS: [(&str, usize); 13] = [
    ("packed", 0),
    ("records", 0x200),
    ("loops", 0x500),
    ("spills", 0x800),
    ("ballots", 0x3300),
    ("bytes", 0x3500),
    ("longs", 0x3700),
    ("shares", 0x3e00),
    ("atomics", 0x4000),
    ("cases", 0x4200),
    ("swaps", 0x4600),
    ("calls", 0x4800),
    ("matrices", 0x4a00),
];

/// The same compiled for waves of 64 lanes; some are for 32 alone.
const WAVE64: [(&str, usize); 11] = [
    ("packed", 0),
    ("records", 0x200),
    ("loops", 0x500),
    ("spills", 0x800),
    ("bytes", 0x3100),
    ("longs", 0x3300),
    ("shares", 0x3a00),
    ("atomics", 0x3c00),
    ("cases", 0x3e00),
    ("swaps", 0x4200),
    ("calls", 0x4400),
];

/// The same compiled without optimization.
const UNOPTIMIZED: [(&str, usize); 13] = [
    ("packed", 0),
    ("records", 0x600),
    ("loops", 0xe00),
    ("spills", 0x1d00),
    ("ballots", 0x2c00),
    ("bytes", 0x3300),
    ("longs", 0x3900),
    ("shares", 0x4e00),
    ("atomics", 0x5400),
    ("cases", 0x5900),
    ("swaps", 0x6c00),
    ("calls", 0x7200),
    ("matrices", 0x7800),
];

fn clean(program: &Program, kernels: &[(&str, usize)], abi: impl Fn(&str) -> Abi) {
    for &(name, entry) in kernels {
        for seed in 0..3 {
            let launch = Launch {
                program,
                entry,
                buffers: vec![noise(4096, seed), noise(4096, seed + 7), vec![0; 768]],
                results: vec![2],
                scalars: vec![192],
                groups: 3,
                threads: 64,
                scratch: 512,
                lds: 1024,
                abi: abi(name),
            };
            let reports = launch.run(Switches::of(&[Sanitizer::Uninit]));
            assert!(reports.is_empty(), "{name}: {}", text(&reports));
        }
    }
}

fn has_packet(name: &str) -> bool {
    matches!(name, "records" | "calls")
}

#[test]
fn nothing_is_found_in_compiled_kernels_with_partly_defined_registers() {
    let program = program(include_str!("kernels/uninit.hex"));
    clean(&program, &KERNELS, |name| if has_packet(name) { Abi::PACKET } else { Abi::PLAIN });
}

#[test]
fn nothing_is_found_in_waves_of_64_lanes() {
    let program = program_for(include_str!("kernels/uninit.w64.hex"), Target::GFX1100_WAVE64);
    clean(&program, &WAVE64, |name| {
        let packet = has_packet(name);
        Abi { packet, user: if packet { 4 } else { 2 }, ..Abi::PLAIN }
    });
}

#[test]
fn nothing_is_found_without_optimization() {
    let program = program(include_str!("kernels/uninit.o0.hex"));
    clean(&program, &UNOPTIMIZED, |_| Abi { packet: true, dispatch: true, user: 13, axes: 3 });
}

#[test]
fn nothing_is_found_in_the_other_compiled_kernels() {
    let program = program(include_str!("race/basic.hex"));
    let order: Vec<u8> = [3u32, 1, 4, 7, 5, 0, 2, 6].iter().flat_map(|x| x.to_le_bytes()).collect();
    // Entry, buffers, results, scalars, workgroups, threads.
    type Kernel = (usize, Vec<Vec<u8>>, Vec<usize>, Vec<u32>, u32, u32);
    let kernels: [Kernel; 5] = [
        (0, vec![noise(512, 1), noise(512, 2), vec![0; 512], vec![0; 1024]], vec![2, 3], vec![], 2, 64),
        (0x300, vec![noise(256, 1), noise(256, 2), vec![0; 256], vec![0; 256]], vec![2, 3], vec![], 1, 32),
        (0xb00, vec![noise(768, 1), vec![0; 12], vec![0; 4]], vec![1], vec![], 3, 64),
        (0xe00, vec![noise(50, 1), vec![0; 128]], vec![1], vec![50], 1, 32),
        (0x1100, vec![noise(256, 1), noise(256, 2), vec![0; 256], order], vec![2], vec![], 1, 32),
    ];
    for (entry, buffers, results, scalars, groups, threads) in kernels {
        let launch = Launch {
            program: &program,
            entry,
            buffers,
            results,
            scalars,
            groups,
            threads,
            scratch: 64,
            lds: 256,
            abi: Abi::PLAIN,
        };
        let reports = launch.run(Switches::of(&[Sanitizer::Uninit]));
        assert!(reports.is_empty(), "{entry:#x}: {}", text(&reports));
    }
}
/// Programs of `programs/uninit.s` with a mistake: name, entry, what is found, the offset where, and the lane. From the
/// symbol table; rules and lanes by hand.
#[rustfmt::skip]
const MISTAKES: &[(&str, usize, &str, usize, Option<u32>)] = &[
    ("address", 0x0, "uninit-address", 0x18, Some(0)),
    ("address_byte", 0x200, "uninit-address", 0x224, Some(0)),
    ("address_lane", 0x300, "uninit-address", 0x328, Some(5)),
    ("scalar_address", 0x500, "uninit-address", 0x518, None),
    ("descriptor", 0x600, "uninit-descriptor", 0x620, None),
    ("lds_address", 0x800, "uninit-address", 0x818, Some(0)),
    ("m0", 0x900, "uninit-m0", 0x918, None),
    ("branch_scc", 0xb00, "uninit-branch", 0xb1c, None),
    ("branch_vcc", 0xd00, "uninit-branch", 0xd1c, None),
    ("exec", 0xf00, "uninit-exec", 0xf18, Some(0)),
    ("exec_lane", 0x1100, "uninit-exec", 0x1128, Some(6)),
    ("jump", 0x1200, "uninit-jump", 0x1228, None),
    ("lane", 0x1300, "uninit-lane", 0x1318, None),
    ("permute", 0x1500, "uninit-lane", 0x1518, Some(0)),
    ("result", 0x1700, "uninit-result", 0x1718, None),
    ("result_part", 0x1900, "uninit-result", 0x1920, None),
    ("result_lds", 0x1a00, "uninit-result", 0x1a2c, None),
    ("result_scratch", 0x1c00, "uninit-result", 0x1c24, None),
    ("result_float", 0x1e00, "uninit-result", 0x1e20, None),
    ("result_half", 0x1f00, "uninit-result", 0x1f24, None),
    ("result_choice", 0x2100, "uninit-result", 0x2120, None),
    ("mode", 0x2300, "uninit-mode", 0x2318, None),
    ("carry", 0x2400, "uninit-address", 0x242c, Some(1)),
    ("atomic", 0x2600, "uninit-address", 0x2630, Some(0)),
    ("exchange", 0x2800, "uninit-address", 0x2824, Some(15)),
    ("matrix", 0x2a00, "uninit-result", 0x2a80, None),
];

/// Programs that come near a mistake: name and entry.
const NEAR_MISSES: &[(&str, usize)] = &[
    ("address", 0x100),
    ("address_lane", 0x400),
    ("descriptor", 0x700),
    ("m0", 0xa00),
    ("branch_scc", 0xc00),
    ("branch_vcc", 0xe00),
    ("exec", 0x1000),
    ("lane", 0x1400),
    ("permute", 0x1600),
    ("result", 0x1800),
    ("result_lds", 0x1b00),
    ("result_scratch", 0x1d00),
    ("result_half", 0x2000),
    ("result_choice", 0x2200),
    ("carry", 0x2500),
    ("atomic", 0x2700),
    ("exchange", 0x2900),
];

fn one_wave(program: &Program, entry: usize) -> Launch<'_> {
    Launch {
        program,
        entry,
        buffers: vec![noise(4096, 3), noise(4096, 4), vec![0; 128]],
        results: vec![2],
        scalars: vec![32],
        groups: 1,
        threads: 32,
        scratch: 16,
        lds: 1024,
        abi: Abi::PLAIN,
    }
}

#[test]
fn mistakes_are_found_where_they_are() {
    let program = program(include_str!("programs/uninit.hex"));
    let mut wrong = String::new();
    for &(name, entry, rule, at, lane) in MISTAKES {
        let reports = one_wave(&program, entry).run(Switches::of(&[Sanitizer::Uninit]));
        // Where nothing was stored there is no instruction, but an address.
        let va = if name == "result_part" { 3 << 32 } else { 0x8_0000_0000 + at as u64 };
        let right = matches!(&reports[..], [only] if only.rule.id == rule && only.site.va == va && only.lane == lane);
        if !right {
            wrong += &format!("{name}: {}", text(&reports));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn near_misses_are_not_found() {
    let program = program(include_str!("programs/uninit.hex"));
    let mut wrong = String::new();
    for &(name, entry) in NEAR_MISSES {
        let reports = one_wave(&program, entry).run(Switches::of(&[Sanitizer::Uninit]));
        if !reports.is_empty() {
            wrong += &format!("{name}: {}", text(&reports));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_report_says_what_left_the_bits_undefined() {
    let program = program(include_str!("programs/uninit.hex"));
    let run = |entry| text(&one_wave(&program, entry).run(Switches::of(&[Sanitizer::Uninit])));
    let never = run(0);
    assert!(
        never.contains("v9 bits 0xffffffff, which nothing has written, in an address: `global_load_b32"),
        "{never}"
    );
    let masked = run(0x200);
    assert!(masked.contains("v3 bits 0xec in an address"), "{masked}");
    assert!(masked.contains("after `v_or_b32_e32 v3, 16, v9`"), "{masked}");
}

#[test]
fn strict_reports_every_read() {
    let program = program(include_str!("programs/uninit.hex"));
    let strict = Switches::of(&[Sanitizer::UninitStrict]);
    // `v_and_b32 v9, 0, v9` reads, and its result is defined.
    let reports = one_wave(&program, 0x100).run(strict);
    assert_eq!(
        reports.iter().map(|report| (report.rule.id, report.site.va)).collect::<Vec<_>>(),
        [("uninit-strict-read", 0x8_0000_0118)]
    );
    // A load of one half reads nothing of the other.
    assert!(one_wave(&program, 0x2000).run(strict).is_empty());
}

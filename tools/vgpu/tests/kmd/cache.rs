//! V88: what the host writes between jobs, seen through caches that nobody has invalidated, on the device behind the driver.
//!
//! Encodings are llvm-mc's (LLVM 19, gfx1100); GCR_CNTL is written as Mesa's `registers/gfx11.json` has its fields.

use std::os::unix::fs::FileExt as _;
use std::sync::Arc;

use sparkle_vgpu::host::{Engine, Watching};
use sparkle_vgpu::kmd::{Chip, Config, Device, Flavour};
use sparkle_vgpu::sanitize::{Sanitizer, Switches};

use crate::harness::*;

/// In the buffer at [`VA`]: the stream, the code, the data, and a stream of the copy engine.
const CODE: u64 = 0x1000;
const DATA: u64 = 0x2000;
const COPY: u64 = 0x3000;

const VECTOR: &[u32] = &[
    0x3002_0082, // v_lshlrev_b32 v1, 2, v0
    0xdc52_0000,
    0x0200_0001, // global_load_b32 v2, v1, s[0:1]
    0xbf89_03f7, // s_waitcnt vmcnt(0)
    0xbfb0_0000, // s_endpgm
];
const VECTOR_INVALIDATES: &[u32] = &[
    0xe0ac_0000,
    0x0000_0000, // buffer_gl0_inv
    0xe0b0_0000,
    0x0000_0000, // buffer_gl1_inv
    0x3002_0082,
    0xdc52_0000,
    0x0200_0001,
    0xbf89_03f7,
    0xbfb0_0000,
];
const SCALAR: &[u32] = &[
    0xf400_0200,
    0xf800_0000, // s_load_b32 s8, s[0:1], null
    0xbf89_fc07, // s_waitcnt lgkmcnt(0)
    0xbfb0_0000,
];
const SCALAR_INVALIDATES: &[u32] = &[
    0xf484_0000,
    0x0000_0000, // s_dcache_inv
    0xf400_0200,
    0xf800_0000,
    0xbf89_fc07,
    0xbfb0_0000,
];
const STORE: &[u32] = &[
    0x3002_0082,
    0xdc6a_0000,
    0x0000_0001, // global_store_b32 v1, v0, s[0:1]
    0xbfb0_0000,
];

/// Loads the data and adds one to it.
const ADD: &[u32] = &[
    0x3002_0082,
    0x7e04_0281, // v_mov_b32 v2, 1
    0xdc52_0000,
    0x0300_0001, // global_load_b32 v3, v1, s[0:1]
    0xdcd6_0000,
    0x0000_0201, // global_atomic_add_u32 v1, v2, s[0:1]
    0xbf89_03f7,
    0xbc7c_0000, // s_waitcnt_vscnt null, 0x0
    0xbfb0_0000,
];

/// `AMDGPU_IB_FLAG_EMIT_MEM_SYNC`.
const SYNC: u32 = 0x40;
const NEW: Flavour = Flavour::V6_12;
/// `AMDGPU_VM_MTYPE_UC` beside the permissions.
const UNCACHED: u32 = 0x8e;

struct Machine {
    bench: Bench,
    engine: Arc<Engine>,
    ctx: u32,
    bo: u32,
}

impl Machine {
    fn new(flavour: Flavour, flags: u32, code: &[u32]) -> Self {
        let chip = Chip::find("gfx1100").unwrap();
        let watching = Watching { sanitize: Switches::of(&[Sanitizer::Cache]), ..Watching::default() };
        let engine = Arc::new(Engine::new(&[Device::new(chip)], &watching));
        let bench = Bench::config(Config { timeout_scale: 1.0, ..Config::new(flavour, chip, engine.clone()) });
        let bo = bench.create(0x1_0000, GTT, 0);
        bench.ok(GEM_VA, Bench::va_block(bo, 1, flags, VA, 0, 0x1_0000));
        let machine = Self { ctx: bench.ctx(), bench, engine, bo };
        machine.write(DATA, &[1, 1, 1, 1]);
        machine.write(CODE, code);
        machine
    }

    fn write_to(&self, bo: u32, at: u64, words: &[u32]) {
        self.bench.words(bo).write_all_at(&S::words(words).0, at).unwrap();
    }

    /// The host writes.
    fn write(&self, at: u64, words: &[u32]) {
        self.write_to(self.bo, at, words);
    }

    fn submit(&self, ip: u32, va: u64, words: &[u32], flags: u32) {
        let (bench, bytes) = (&self.bench, words.len() as u32 * 4);
        let fence = bench.cs(self.ctx, &[bench.list(&[self.bo]), Bench::ib_on(ip, 0, va, bytes, flags)]).unwrap();
        let block = S::new(32).u64(0, fence).u64(8, deadline(LONG)).u32(16, ip).u32(28, self.ctx);
        assert_eq!(u64_at(&bench.ok(WAIT_CS, block), 0), 0);
    }

    /// A stream that launches one thread by these packets, after an ACQUIRE_MEM.
    fn stream(acquire: u32, packets: &[u32]) -> Vec<u32> {
        let mut words = vec![];
        if acquire != 0 {
            words.extend([0xc006_5800, 0, u32::MAX, 0x00ff_ffff, 0, 0, 10, acquire]);
        }
        words.extend([0xc005_7600, 0x0216, u32::MAX, u32::MAX, 0, u32::MAX, u32::MAX]); // STATIC_THREAD_MGMT, TMPRING_SIZE
        words.extend([0xc002_7600, 0x022b, u32::MAX, u32::MAX]); // STATIC_THREAD_MGMT of engines 4 and 5
        words.extend([0xc006_7600, 0x0204, 0, 0, 0, 1, 1, 1]); // START, NUM_THREAD
        words.extend([0xc002_7600, 0x020c, 0x0100_0010, 0]); // PGM
        words.extend([0xc002_7600, 0x0212, 0x00ac_0001, 0x0000_1384]); // RSRC1, RSRC2
        words.extend([0xc001_7600, 0x0228, 0, 0xc001_7600, 0x0215, 0]); // RSRC3, RESOURCE_LIMITS
        words.extend([0xc002_7600, 0x0240, DATA as u32, 1]); // the data's address
        words.extend(packets);
        words.resize(words.len().next_multiple_of(8), 0xffff_1000);
        words
    }

    /// A job of such a stream.
    fn launch(&self, acquire: u32, flags: u32, packets: &[u32]) {
        let words = Self::stream(acquire, packets);
        self.write(0, &words);
        self.submit(COMPUTE, VA, &words, flags);
    }

    fn run(&self, acquire: u32, flags: u32) {
        self.launch(acquire, flags, &[0xc003_1502, 1, 1, 1, 0x45]);
    }

    /// The rules of what was said.
    fn rules(&self) -> Vec<String> {
        let rule = |text: &String| text.split(['[', ']']).nth(1).unwrap().to_owned();
        let (reports, findings) = (self.engine.reports(), self.engine.findings());
        reports.iter().chain(&findings).map(rule).collect()
    }
}

/// Runs the code, lets the host write the data, runs it again after the cure; the rules of what is said.
fn again(flavour: Flavour, map: u32, code: &[u32], acquire: u32, flags: u32) -> Vec<String> {
    let machine = Machine::new(flavour, map, code);
    machine.run(0, 0);
    assert_eq!(machine.rules(), [""; 0]);
    machine.write(DATA, &[2]);
    machine.run(acquire, flags);
    machine.rules()
}

#[test]
fn v88_vector_loads_of_what_the_host_has_written() {
    let cure = |acquire, flags| again(NEW, RWX, VECTOR, acquire, flags);
    assert_eq!(cure(0, 0), ["cache-vector"]);
    assert_eq!(cure(0xc3b1, 0), [""; 0]);
    assert_eq!(cure(0, SYNC), [""; 0]);
    assert_eq!(cure(0xc300, 0), [""; 0], "GL2, GL1 and GLV are enough");
    assert_eq!(cure(0x0080, 0), ["cache-vector"], "GLK is another cache");
    assert_eq!(cure(0xc000, 0), ["cache-vector"], "L0 still has it");
    assert_eq!(cure(0xc100, 0), ["cache-gl1"]);
    assert_eq!(cure(0x0300, 0), ["cache-gl2"]);
    assert_eq!(again(Flavour::V6_1, RWX, VECTOR, 0, 0), [""; 0], "its fence invalidates");
}

#[test]
fn v88_the_instruction_is_named() {
    let machine = Machine::new(NEW, RWX, VECTOR);
    machine.run(0, 0);
    machine.write(DATA, &[2]);
    machine.run(0, 0);
    let [text] = &machine.engine.reports()[..] else { panic!("one report") };
    for part in
        ["old data of 0x100002000:", "`global_load_b32 v2, v1, s[0:1]` at 0x100001004", "; after a write of the host"]
    {
        assert!(text.contains(part), "{text}");
    }
}

#[test]
fn v88_scalar_loads_of_what_the_host_has_written() {
    let cure = |acquire| again(NEW, RWX, SCALAR, acquire, 0);
    assert_eq!(cure(0), ["cache-scalar"]);
    assert_eq!(cure(0xc300), ["cache-scalar"], "GLV and GL1 are other caches");
    assert_eq!(cure(0x0080), ["cache-gl2"]);
    assert_eq!(cure(0xc080), [""; 0]);
    // 0x0671f514 has no GLK_INV.
    assert_eq!(again(Flavour::V6_1, RWX, SCALAR, 0, 0), ["cache-scalar"]);
    assert_eq!(again(Flavour::V6_1, RWX, SCALAR_INVALIDATES, 0, 0), [""; 0]);
}

#[test]
fn v88_gl2_passes_uncached_memory_by() {
    assert_eq!(again(NEW, UNCACHED, VECTOR, 0, 0), ["cache-vector"]);
    assert_eq!(again(NEW, UNCACHED, VECTOR, 0x0300, 0), [""; 0]);
    assert_eq!(again(NEW, UNCACHED, VECTOR_INVALIDATES, 0, 0), [""; 0]);
    assert_eq!(again(NEW, UNCACHED, SCALAR_INVALIDATES, 0, 0), [""; 0]);
    assert_eq!(again(NEW, RWX, VECTOR_INVALIDATES, 0, 0), ["cache-gl2"]);
    assert_eq!(again(NEW, RWX, SCALAR_INVALIDATES, 0, 0), ["cache-gl2"]);
}

#[test]
fn v88_what_is_equal_or_beside_it_is_not_old() {
    let machine = Machine::new(NEW, RWX, VECTOR);
    machine.run(0, 0);
    machine.write(DATA, &[1]);
    machine.write(DATA + 4, &[7, 7]);
    machine.run(0, 0);
    machine.run(0, 0);
    assert_eq!(machine.rules(), [""; 0]);
    machine.write(DATA, &[3]);
    machine.run(0xc3b1, 0);
    machine.run(0, 0);
    assert_eq!(machine.rules(), [""; 0], "it was invalidated in between");
}

#[test]
fn v88_stores_of_the_device_are_not_the_host_s() {
    // The same compute unit stores through the cache that has the line.
    for acquire in [0, 0x0300] {
        let machine = Machine::new(NEW, RWX, VECTOR);
        machine.write(CODE + 0x100, STORE);
        machine.run(0, 0);
        machine.launch(0, 0, &[0xc002_7600, 0x020c, 0x0100_0011, 0, 0xc003_1502, 1, 1, 1, 0x45]);
        assert_eq!(machine.bench.read_word(machine.bo, DATA), 0);
        machine.run(acquire, 0);
        assert_eq!(machine.rules(), [""; 0], "{acquire:#x}");
    }
}

#[test]
fn v88_the_copy_engine_s_writes_are_not_the_host_s() {
    let after = |acquire| {
        let machine = Machine::new(NEW, RWX, VECTOR);
        machine.run(0, 0);
        let copy = [2, VA as u32 + DATA as u32, 1, 0, 9]; // WRITE of one dword
        machine.write(COPY, &copy);
        machine.submit(DMA, VA + COPY, &copy, 0);
        assert_eq!(machine.bench.read_word(machine.bo, DATA), 9);
        machine.run(acquire, 0);
        machine.rules()
    };
    assert_eq!(after(0), ["cache-vector"]);
    assert_eq!(after(0x0300), [""; 0], "it went through GL2");
}

#[test]
fn v88_jobs_of_several_rings_are_not_the_host() {
    let machine = Machine::new(NEW, RWX, ADD);
    let words = Machine::stream(0x0300, &[0xc003_1502, 64, 1, 1, 0x45]);
    machine.write(0, &words);
    let bytes = words.len() as u32 * 4;
    let submit = |ring| {
        let chunks = [machine.bench.list(&[machine.bo]), Bench::ib_on(COMPUTE, ring, VA, bytes, 0)];
        machine.bench.cs(machine.ctx, &chunks).unwrap()
    };
    let fences: Vec<_> = (0..60).map(|number| (number % 3, submit(number % 3))).collect();
    for (ring, fence) in fences {
        let block = S::new(32).u64(0, fence).u64(8, deadline(LONG)).u32(16, COMPUTE).u32(24, ring).u32(28, machine.ctx);
        machine.bench.ok(WAIT_CS, block);
    }
    assert_eq!(machine.bench.read_word(machine.bo, DATA), 1 + 60 * 64);
    let reports = machine.engine.reports();
    assert!(reports.iter().all(|text| !text.contains("a write of the host")), "{reports:#?}");
}

#[test]
fn v88_code_that_the_host_has_written() {
    let after = |acquire| {
        let machine = Machine::new(NEW, RWX, VECTOR);
        machine.run(0, 0);
        machine.write(CODE, &[0x3002_0083]); // v_lshlrev_b32 v1, 3, v0
        machine.run(acquire, 0);
        machine.rules()
    };
    assert_eq!(after(0), ["cache-instruction", "cp-stale-code"]);
    assert_eq!(after(0xc380), ["cache-instruction", "cp-stale-code"]);
    assert_eq!(after(0x0001), ["cache-gl2"], "I$ was invalidated, and takes it from GL2");
    assert_eq!(after(0xc001), [""; 0]);
}

#[test]
fn v88_other_memory_at_the_same_address() {
    // The kernel flushes TLBs, and the lines are of another buffer.
    let machine = Machine::new(NEW, RWX, VECTOR);
    machine.run(0, 0);
    let other = machine.bench.create(0x1_0000, GTT, 0);
    machine.write_to(other, DATA, &[5]);
    machine.write_to(other, CODE, VECTOR);
    machine.bench.ok(GEM_VA, Bench::va_block(machine.bo, 2, 0, VA, 0, 0x1_0000));
    machine.bench.ok(GEM_VA, Bench::va_block(other, 1, RWX, VA, 0, 0x1_0000));
    let first = machine.bo;
    let machine = Machine { bo: other, ..machine };
    machine.run(0, 0);
    assert_eq!(machine.rules(), [""; 0]);
    // Mapped again, the first is where caches still have it.
    machine.write_to(first, DATA, &[6]);
    machine.bench.ok(GEM_VA, Bench::va_block(other, 2, 0, VA, 0, 0x1_0000));
    machine.bench.ok(GEM_VA, Bench::va_block(first, 1, RWX, VA, 0, 0x1_0000));
    let machine = Machine { bo: first, ..machine };
    machine.run(0, 0);
    assert_eq!(machine.rules(), ["cache-vector"]);
}

#[test]
fn v88_another_client_s_equal_address() {
    let machine = Machine::new(NEW, RWX, VECTOR);
    machine.run(0, 0);
    let second = machine.bench.open();
    let Machine { mut bench, engine, .. } = machine;
    let _first = std::mem::replace(&mut bench.file, second);
    let bo = bench.create(0x1_0000, GTT, 0);
    bench.ok(GEM_VA, Bench::va_block(bo, 1, RWX, VA, 0, 0x1_0000));
    let machine = Machine { ctx: bench.ctx(), bench, engine, bo };
    machine.write(DATA, &[5]);
    machine.write(CODE, VECTOR);
    machine.run(0, 0);
    assert_eq!(machine.rules(), [""; 0]);
}

#[test]
fn v88_sizes_that_the_host_has_written() {
    let after = |acquire| {
        let machine = Machine::new(NEW, RWX, VECTOR);
        machine.run(0, 0);
        machine.write(DATA + 4, &[2]);
        // DISPATCH_INDIRECT; the wave loads what has not changed.
        machine.launch(acquire, 0, &[0xc002_1602, DATA as u32 + 4, 1, 0x45]);
        machine.rules()
    };
    assert_eq!(after(0), ["cp-stale-data"]);
    assert_eq!(after(0x0380), ["cp-stale-data"]);
    assert_eq!(after(0xc000), [""; 0]);
}

//! Every compiled kernel there is, and random words, under the five sanitizers of memory and code at once.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sparkle_rdna3::WaveSize;

use super::bench::{CODE, Run, Tool, brief, hex, memory, program};
use crate::sanitize::event::Event;
use crate::sanitize::report::{Report, Sink};
use crate::sanitize::{Allocation, Caches, bounds, cache, descriptor, fetch, race};
use crate::shader::{Chip, Fault, MemoryAccess, PageTable, Permissions, Program};

/// All five at one workgroup.
struct All<'a> {
    race: race::Group<'a>,
    cache: cache::Group<'a>,
    bounds: bounds::Group<'a>,
    fetch: fetch::Group<'a>,
    descriptor: descriptor::Group<'a>,
}

impl Tool for All<'_> {
    fn before(&mut self, event: &Event<'_>, sink: &mut Sink) {
        self.race.before(event, sink);
        self.cache.before(event, sink);
        self.bounds.before(event, sink);
        self.fetch.before(event, sink);
        self.descriptor.before(event, sink);
    }

    fn after(&mut self, event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
        self.race.after(event, accesses, sink);
        self.cache.after(event, accesses, sink);
        self.bounds.after(event, accesses, sink);
        self.descriptor.after(event, accesses, sink);
    }

    fn barrier(&mut self) {
        self.race.barrier();
    }
}

fn watch(run: &Run, program: &Program, memory: &PageTable, vgprs: u32) -> (Vec<Report>, Option<Fault>) {
    let caches = Caches::new(Chip::GFX1100);
    let allocation = Allocation::new(Chip::GFX1100, WaveSize::Wave32, vgprs, run.lds_bytes, run.scratch_bytes);
    let shared = (
        race::Shared::new(program),
        cache::Shared::new(&caches, memory),
        bounds::Shared::new(memory),
        fetch::Shared::new(program, memory, run.entry, 0),
        descriptor::Shared::new(program, allocation),
    );
    run.watch(program, memory, |group, place| {
        Box::new(All {
            race: race::Group::new(&shared.0, group, place),
            cache: cache::Group::new(&shared.1, group, place),
            bounds: bounds::Group::new(&shared.2, group, place),
            fetch: fetch::Group::new(&shared.3, group, place),
            descriptor: descriptor::Group::new(&shared.4, group, place),
        })
    })
}

/// A kernel and what its descriptor asks for.
struct Kernel {
    entry: usize,
    groups: u32,
    threads: u32,
    buffers: u64,
    scalar: u32,
    vgprs: u32,
    lds_bytes: u32,
    scratch_bytes: u32,
}

const OLD: &str = include_str!("../../../tests/race/basic.hex");
#[rustfmt::skip]
const OF_OLD: [Kernel; 5] = [
    Kernel { entry: 0,      groups: 2, threads: 64, buffers: 4, scalar: 0,  vgprs: 22, lds_bytes: 0,   scratch_bytes: 0 },
    Kernel { entry: 0x300,  groups: 1, threads: 32, buffers: 4, scalar: 0,  vgprs: 21, lds_bytes: 0,   scratch_bytes: 0 },
    Kernel { entry: 0xb00,  groups: 3, threads: 64, buffers: 3, scalar: 0,  vgprs: 6,  lds_bytes: 256, scratch_bytes: 0 },
    Kernel { entry: 0xe00,  groups: 1, threads: 32, buffers: 2, scalar: 50, vgprs: 6,  lds_bytes: 0,   scratch_bytes: 0 },
    Kernel { entry: 0x1100, groups: 1, threads: 32, buffers: 4, scalar: 0,  vgprs: 18, lds_bytes: 0,   scratch_bytes: 36 },
];

const NEW: &str = include_str!("../../../tests/race/kernels.hex");
/// The same, compiled with `-mcumode` too. Its symbol table and descriptors say the same.
const NEW_CU: &str = include_str!("../../../tests/race/kernels_cu.hex");
#[rustfmt::skip]
const OF_NEW: [Kernel; 7] = [
    Kernel { entry: 0,     groups: 3, threads: 128, buffers: 2, scalar: 0, vgprs: 4, lds_bytes: 512,  scratch_bytes: 0 },
    Kernel { entry: 0x300, groups: 3, threads: 128, buffers: 2, scalar: 5, vgprs: 9, lds_bytes: 1024, scratch_bytes: 0 },
    Kernel { entry: 0x500, groups: 5, threads: 64,  buffers: 4, scalar: 5, vgprs: 6, lds_bytes: 4,    scratch_bytes: 0 },
    Kernel { entry: 0x700, groups: 6, threads: 32,  buffers: 2, scalar: 0, vgprs: 3, lds_bytes: 0,    scratch_bytes: 0 },
    Kernel { entry: 0x800, groups: 6, threads: 32,  buffers: 3, scalar: 0, vgprs: 3, lds_bytes: 0,    scratch_bytes: 0 },
    Kernel { entry: 0x900, groups: 2, threads: 128, buffers: 2, scalar: 0, vgprs: 4, lds_bytes: 8,    scratch_bytes: 0 },
    Kernel { entry: 0xb00, groups: 4, threads: 32,  buffers: 3, scalar: 0, vgprs: 4, lds_bytes: 0,    scratch_bytes: 0 },
];

#[test]
fn compiled_kernels_are_clean() {
    for (file, kernels) in [(OLD, &OF_OLD[..]), (NEW, &OF_NEW[..]), (NEW_CU, &OF_NEW[..])] {
        let words = hex(file);
        let program = program(&words);
        for (kernel, workers) in kernels.iter().flat_map(|kernel| [(kernel, 1), (kernel, 3)]) {
            let mut table = PageTable::default();
            let code: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
            assert!(table.map(CODE, &code, Permissions::ALL));
            // Ones where kernels divide, zeros where they count.
            let content = [u8::from(file == OLD); 4096];
            let mut arguments = Vec::new();
            for va in (0..kernel.buffers).map(|number| 0x100_0000 * (number + 1)) {
                assert!(table.map(va, &content, Permissions::ALL));
                arguments.extend(va.to_le_bytes());
            }
            arguments.extend(kernel.scalar.to_le_bytes());
            assert!(table.map(0x1000, &arguments, Permissions::READ));
            let mut user = vec![0; 15];
            user[0] = 0x1000;
            let run = Run {
                entry: kernel.entry / 4,
                groups: kernel.groups,
                threads: kernel.threads,
                user,
                lds_bytes: kernel.lds_bytes,
                scratch_bytes: kernel.scratch_bytes,
                wgp_mode: file != NEW_CU,
                workers,
                ..Run::new()
            };
            let (reports, fault) = watch(&run, &program, &table, kernel.vgprs);
            assert_eq!((brief(&reports), fault), (vec![], None), "entry {:#x}", kernel.entry);
        }
    }
}

/// The second kernel addresses LDS by a negative base and a positive offset.
#[test]
fn tiles_are_taken_by_turns() {
    let words = hex(NEW);
    let input: Vec<u32> = (0..640).map(|n| n * n + 7).collect();
    let mut table = PageTable::default();
    let bytes: Vec<u8> = input.iter().flat_map(|word| word.to_le_bytes()).collect();
    assert!(table.map(0x100_0000, &bytes, Permissions::READ) && table.map(0x200_0000, &[0; 512], Permissions::ALL));
    let arguments: Vec<u8> = [0x100_0000u64, 0x200_0000, 5].iter().flat_map(|value| value.to_le_bytes()).collect();
    assert!(table.map(0x1000, &arguments, Permissions::READ));
    let mut user = vec![0; 15];
    user[0] = 0x1000;
    let run = Run { entry: 0x300 / 4, threads: 128, user, wgp_mode: true, ..Run::new() };
    let (reports, fault) = watch(&run, &program(&words), &table, 9);
    assert_eq!((brief(&reports), fault), (vec![], None));
    for (l, found) in table.read(0x200_0000, 512).unwrap().as_chunks::<4>().0.iter().enumerate() {
        let want = input.chunks(128).fold(0u32, |sum, tile| sum + tile[127 - l] * 3 + tile[(l + 32) & 127]);
        assert_eq!(u32::from_le_bytes(*found), want, "thread {l}");
    }
}

proptest! {
    /// Words as random as they come, and some that access memory, never bring a sanitizer down.
    #[test]
    fn random_words_do_no_harm(words in prop::collection::vec(prop_oneof![
        any::<u32>(),
        // VOP1, SMEM, DS, GLOBAL and MUBUF with random fields.
        any::<u32>().prop_map(|word| 0x7e00_0000 | word & 0x01ff_ffff),
        any::<u32>().prop_map(|word| 0xf400_0000 | word & 0x001f_ffff),
        any::<u32>().prop_map(|word| 0xd800_0000 | word & 0x03ff_ffff),
        any::<u32>().prop_map(|word| 0xdc52_0000 | word & 0x007f_1fff),
        any::<u32>().prop_map(|word| 0xe000_0000 | word & 0x00ff_ffff),
    ], 1..40)) {
        let program = program(&words);
        let run = Run { groups: 2, threads: 64, ..Run::new() };
        let (reports, _) = watch(&run, &program, &memory(), 8);
        for report in reports {
            prop_assert!(report.count > 0 && !report.to_string().is_empty());
        }
    }
}

//! Runs small programs over workgroups, watched by one sanitizer.

use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};

use sparkle_rdna3::Target;

use crate::sanitize::event::Event;
use crate::sanitize::report::{Earlier, Report, Reports, Sink};
use crate::shader::{
    Chip, Dispatch, DispatchFault, Fault, Grid, GroupPlace, Inputs, MemoryAccess, Observer, PageTable, Permissions,
    Program, Watcher, Wave, Workgroup,
};

/// Where programs lie.
pub(in crate::sanitize) const CODE: u64 = 0x8_0000_0000;
/// The buffer at s[0:1], 4 KiB.
pub(in crate::sanitize) const OUT: u64 = 0x10_0000;
/// The buffer at s[2:3], 4 KiB, right behind the other.
pub(in crate::sanitize) const NEXT: u64 = OUT + 0x1000;

/// The part of a sanitizer that watches one workgroup.
pub(in crate::sanitize) trait Tool {
    fn before(&mut self, event: &Event<'_>, sink: &mut Sink);
    fn after(&mut self, _event: &Event<'_>, _accesses: &[MemoryAccess], _sink: &mut Sink) {}
    fn barrier(&mut self) {}
}

struct Watch<'s, F> {
    make: F,
    reports: Mutex<Reports>,
    makes: PhantomData<fn() -> Box<dyn Tool + 's>>,
}

struct Seen<'a> {
    tool: Box<dyn Tool + 'a>,
    reports: &'a Mutex<Reports>,
    place: GroupPlace,
    sink: Sink,
}

impl<'s, F> Watcher for Watch<'s, F>
where
    F: Fn(&Workgroup, &GroupPlace) -> Box<dyn Tool + 's> + Sync,
{
    type Observer<'a>
        = Seen<'a>
    where
        Self: 'a;

    fn watch<'a>(&'a self, group: &Workgroup, place: GroupPlace) -> Seen<'a> {
        Seen { tool: (self.make)(group, &place), reports: &self.reports, place, sink: Sink::default() }
    }
}

impl Seen<'_> {
    fn event<'e>(&self, program: &'e Program, wave: &'e Wave, pc: usize) -> Option<Event<'e>> {
        let instruction = program.instruction(pc)?;
        Some(Event { program, wave, group: self.place.id, pc, instruction })
    }
}

impl Observer for Seen<'_> {
    const RECORD: bool = true;

    fn before(&mut self, program: &Program, wave: &Wave) {
        let Some(event) = self.event(program, wave, wave.pc) else { return };
        self.tool.before(&event, &mut self.sink);
    }

    fn after(&mut self, program: &Program, wave: &Wave, pc: usize, accesses: &[MemoryAccess]) {
        let Some(event) = self.event(program, wave, pc) else { return };
        self.tool.after(&event, accesses, &mut self.sink);
    }

    fn barrier(&mut self) {
        self.tool.barrier();
    }

    fn fault(&mut self, _: &Program, _: &Fault) {}
}

impl Drop for Seen<'_> {
    fn drop(&mut self) {
        let found = std::mem::take(&mut self.sink.found);
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).merge(found);
    }
}

/// How a program is run.
#[derive(Clone)]
pub(in crate::sanitize) struct Run {
    pub(in crate::sanitize) target: Target,
    pub(in crate::sanitize) entry: usize,
    pub(in crate::sanitize) groups: u32,
    pub(in crate::sanitize) threads: u32,
    pub(in crate::sanitize) user: Vec<u32>,
    pub(in crate::sanitize) lds_bytes: u32,
    pub(in crate::sanitize) scratch_bytes: u32,
    pub(in crate::sanitize) wgp_mode: bool,
    pub(in crate::sanitize) workers: usize,
}

impl Run {
    /// One wave, with the two buffers in s[0:3] and the workgroup's number in s4, on one thread.
    pub(in crate::sanitize) fn new() -> Self {
        Self {
            target: Target::GFX1100,
            entry: 0,
            groups: 1,
            threads: 32,
            user: vec![OUT as u32, 0, NEXT as u32, 0],
            lds_bytes: 1024,
            scratch_bytes: 0,
            wgp_mode: false,
            workers: 1,
        }
    }

    pub(in crate::sanitize) fn groups(groups: u32) -> Self {
        Self { groups, ..Self::new() }
    }

    pub(in crate::sanitize) fn threads(threads: u32) -> Self {
        Self { threads, ..Self::new() }
    }

    /// Runs `program`; what was found, and the fault if there was one.
    pub(in crate::sanitize) fn watch<'s>(
        &self,
        program: &Program,
        memory: &PageTable,
        make: impl Fn(&Workgroup, &GroupPlace) -> Box<dyn Tool + 's> + Sync,
    ) -> (Vec<Report>, Option<Fault>) {
        let inputs = Inputs {
            user: self.user.clone(),
            group_ids: [true, false, false],
            group_info: false,
            thread_ids: 0,
            mode: 0x3f0,
        };
        let dispatch = Dispatch {
            program,
            entry: self.entry,
            memory,
            chip: Chip::GFX1100,
            grid: Grid::new([self.groups, 1, 1], [self.threads, 1, 1]),
            inputs: &inputs,
            vgprs: 32,
            lds_bytes: self.lds_bytes,
            scratch_bytes: self.scratch_bytes,
            wgp_mode: self.wgp_mode,
            limit: 10_000_000,
        };
        let watch = Watch { make, reports: Mutex::default(), makes: PhantomData };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(self.workers).build().unwrap();
        let fault = match pool.install(|| dispatch.run(&watch)) {
            Ok(_) => None,
            Err(DispatchFault::Wave { fault, .. }) => Some(fault),
            Err(other) => panic!("{other}"),
        };
        let reports = watch.reports.lock().unwrap().sorted();
        (reports, fault)
    }
}

/// A program at [`CODE`].
pub(in crate::sanitize) fn program(words: &[u32]) -> Program {
    Program::new(words, CODE, Target::GFX1100)
}

/// The two buffers.
pub(in crate::sanitize) fn memory() -> PageTable {
    let mut memory = PageTable::default();
    assert!(memory.map(OUT, &[0; 4096], Permissions::ALL));
    assert!(memory.map(NEXT, &[0; 4096], Permissions::ALL));
    memory
}

/// The words with `S_NOP` in some places.
pub(in crate::sanitize) fn without(words: &[u32], places: &[usize]) -> Vec<u32> {
    let mut words = words.to_vec();
    places.iter().for_each(|&at| words[at] = 0xbf80_0000);
    words
}

/// The words of a file of bytes in hexadecimal.
pub(in crate::sanitize) fn hex(text: &str) -> Vec<u32> {
    let digits: String = text.split_whitespace().collect();
    (0..digits.len() / 8).map(|at| u32::from_str_radix(&digits[at * 8..at * 8 + 8], 16).unwrap().swap_bytes()).collect()
}

/// Lets the group of a sanitizer be run.
macro_rules! tool {
    ($group:ty) => {
        impl crate::sanitize::race::bench::Tool for $group {
            fn before(&mut self, event: &crate::sanitize::event::Event<'_>, sink: &mut crate::sanitize::report::Sink) {
                <$group>::before(self, event, sink);
            }

            fn after(
                &mut self,
                event: &crate::sanitize::event::Event<'_>,
                accesses: &[crate::shader::MemoryAccess],
                sink: &mut crate::sanitize::report::Sink,
            ) {
                <$group>::after(self, event, accesses, sink);
            }
        }
    };
}
pub(in crate::sanitize) use tool;

/// What reports say, as (rule, dword of the instruction, lane, dword of the earlier instruction).
pub(in crate::sanitize) fn brief(reports: &[Report]) -> Vec<(&'static str, u64, Option<u32>, Option<u64>)> {
    let dword = |va: u64| (va - CODE) / 4;
    reports
        .iter()
        .map(|report| {
            let earlier = match &report.earlier {
                Some(Earlier::Instruction(site)) => Some(dword(site.va)),
                _ => None,
            };
            (report.rule.id, dword(report.site.va), report.lane, earlier)
        })
        .collect()
}

//! The linter: what is wrong with a stream, before the hardware says so.
//!
//! [`lint`] follows a stream and all that it calls in the order of execution and gives [`Finding`]s of the [`Rule`]s.
//! It decides by the stream's own dwords, by the registers that it has set so far, by the buffers that it may touch,
//! where the caller has a list of them, and by the program's bytes, where the memory has them. It is total: no stream
//! makes it panic. A ring holds packets of the kernel that users may not send, so most rules are about the streams that
//! it calls. `docs/pm4-lint.md` has all rules with their reasons.

mod address;
mod code;
mod dispatch;
mod fence;
mod launch;
mod registers;
mod ring;
mod rules;
mod structure;
mod sync;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::decode::walk::{Limits, Link, Memory, NotFollowed, Step, StreamId, walk};
use crate::decode::{Item, ItemKind};
use crate::packets::{Packet, Tail};
use crate::state::{Dispatch, RegisterState};
use crate::{Generation, Gfx, Header, Opcode, Ring};

pub use rules::{ParseRuleError, Rule, Severity};

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// The submission's stream, as [`lint_submission`] was given them; 0 from [`lint`].
    pub root: usize,
    /// The stream, as [`walk`] counts them from there.
    pub stream: StreamId,
    /// The dword offset in that stream.
    pub at: usize,
    /// What was found, with its values, and what to do.
    pub message: String,
}

/// A range of GPU memory that a submission may touch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Buffer {
    /// Address, bytes.
    pub va: u64,
    /// Size, bytes.
    pub size: u64,
    /// Mapped with AMDGPU_VM_PAGE_READABLE.
    pub readable: bool,
    /// Mapped with AMDGPU_VM_PAGE_WRITEABLE.
    pub writable: bool,
    /// Mapped with AMDGPU_VM_PAGE_EXECUTABLE.
    pub executable: bool,
    /// What it is for, in the words of who made it.
    pub role: Option<String>,
}

/// What the stream given to [`lint`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootKind {
    /// A user's stream.
    Ib,
    /// A ring, which the kernel fills and which calls users' streams.
    KernelRing,
}

/// What the linter is told besides the stream.
#[derive(Clone, Copy, Debug)]
pub struct Options<'a> {
    /// The chip.
    pub gfx: Gfx,
    /// The ring.
    pub ring: Ring,
    /// What the stream is.
    pub root: RootKind,
    /// The buffers that are mapped, or `None` where nobody knows: then no address is wrong.
    pub buffers: Option<&'a [Buffer]>,
    /// Whether the submission had AMDGPU_IB_FLAG_EMIT_MEM_SYNC: the kernel invalidates the caches before it.
    pub memory_synced: bool,
    /// Whether streams that are not at hand may have run before in the same submission: what they set is not known.
    pub partial: bool,
    /// Who can read the programs that dispatches run, if anybody can.
    pub programs: Option<&'a dyn Programs>,
}

/// What a program uses of what its dispatch allocates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProgramUse {
    /// Vector registers: the highest number and 1.
    pub vgprs: u32,
    /// Whether it accesses the LDS.
    pub lds: bool,
}

/// Reads programs: instructions are not this crate's business.
pub trait Programs: fmt::Debug {
    /// What the program at `va` uses, read for waves of 64 or of 32 lanes; `None` where its bytes are not at hand.
    fn program(&self, va: u64, wave64: bool) -> Option<ProgramUse>;
}

/// A stream of a submission.
#[derive(Clone, Copy, Debug)]
pub struct Root<'a> {
    /// Its dwords.
    pub words: &'a [u32],
    /// Where it is, if that is known.
    pub va: Option<u64>,
}

/// Checks the stream `words`, which is at `va` if that is known, and all that it calls. Findings are in the order of
/// execution, those about a whole stream where it ends.
pub fn lint<M: Memory + ?Sized>(words: &[u32], va: Option<u64>, memory: &M, options: &Options<'_>) -> Vec<Finding> {
    lint_submission(&[Root { words, va }], memory, options)
}

/// Checks the streams of one submission, which run one after the other: what one sets and begins, the next one finds.
pub fn lint_submission<M: Memory + ?Sized>(roots: &[Root<'_>], memory: &M, options: &Options<'_>) -> Vec<Finding> {
    let mut linter = Linter {
        memory,
        options,
        generation: options.gfx.generation(),
        findings: Vec::new(),
        frames: Vec::new(),
        state: RegisterState::new(),
        work: sync::Submission::default(),
        buffers: address::Buffers::new(options.buffers),
        root: 0,
        is_last_root: false,
        checked_programs: BTreeSet::new(),
        uses: BTreeMap::new(),
        is_continuation: options.partial || roots.first().is_some_and(|root| is_continuation(root.words, options)),
    };
    for (number, root) in roots.iter().enumerate() {
        linter.root = number;
        linter.is_last_root = number + 1 == roots.len();
        for step in walk(root.words, root.va, memory, Limits::default()) {
            linter.step(&step);
        }
    }
    linter.findings
}

/// Whether a stream goes on where another one, which is not at hand, left off: drivers of the graphics ring begin with
/// CONTEXT_CONTROL, and what a second stream or the target of a chain finds set can't be known.
///
/// Source: Mesa `radv_queue.c`, `si_state.c`, whose first stream of a submission begins so.
fn is_continuation(words: &[u32], options: &Options<'_>) -> bool {
    let first = crate::Decoder::new(words).find_map(|item| match item.kind {
        ItemKind::Packet { header, .. } if header.opcode() != Opcode::NOP => Some(header.opcode()),
        _ => None,
    });
    options.ring == Ring::Gfx && options.root == RootKind::Ib && first != Some(Opcode::CONTEXT_CONTROL)
}

/// Who wrote a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    /// The kernel: a ring, or a stream without a VMID that a ring calls.
    Kernel,
    /// A user, so many calls deep.
    User(u32),
}

/// A stream that is open.
struct Frame<'a> {
    stream: StreamId,
    level: Level,
    words: &'a [u32],
    /// Dwords before this offset are garbage that one finding has told of.
    muted_until: usize,
    /// The last packet, if it sets consecutive registers, and where it ends.
    last_set: Option<LastSet>,
    /// Offsets at which COND_EXEC and PRED_EXEC go on, each with the packet's own.
    skips: BTreeSet<(usize, usize)>,
    /// Whether the last INDIRECT_BUFFER of a ring had a VMID.
    calls_user: bool,
}

/// A packet that sets consecutive registers.
#[derive(Clone, Copy)]
struct LastSet {
    at: usize,
    end: usize,
    opcode: Opcode,
}

/// A packet where it stands.
#[derive(Clone, Copy)]
struct At<'a> {
    at: usize,
    header: Header,
    packet: Packet<'a>,
}

impl At<'_> {
    /// Dword `number` of the packet, 0 = the header; 0 where it is shorter.
    fn dword(&self, number: usize) -> u32 {
        match number.checked_sub(1) {
            None => self.header.0,
            Some(index) => self.packet.head().get(index).copied().unwrap_or(0),
        }
    }
}

struct Linter<'a, M: ?Sized> {
    memory: &'a M,
    options: &'a Options<'a>,
    generation: Generation,
    findings: Vec<Finding>,
    frames: Vec<Frame<'a>>,
    state: RegisterState,
    work: sync::Submission,
    buffers: address::Buffers,
    root: usize,
    is_last_root: bool,
    /// The programs whose bytes are checked.
    checked_programs: BTreeSet<u64>,
    /// What the programs use, by their addresses and whether their waves have 64 lanes.
    uses: BTreeMap<(u64, bool), Option<ProgramUse>>,
    /// Whether another stream, which is not at hand, has set state before.
    is_continuation: bool,
}

impl<'a, M: Memory + ?Sized> Linter<'a, M> {
    fn step(&mut self, step: &Step<'a>) {
        match *step {
            Step::Enter { stream, link, va, words, from } => {
                let level = self.enter_level(link);
                if link == Link::Chain {
                    self.leave(true);
                }
                let frame = Frame {
                    stream,
                    level,
                    words,
                    muted_until: 0,
                    last_set: None,
                    skips: BTreeSet::new(),
                    calls_user: false,
                };
                self.frames.push(frame);
                self.enter(link, va, from.is_some());
            }
            Step::Item { ref item, .. } => self.item(item),
            Step::NotFollowed { why: NotFollowed::Cycle, va, .. } => self.cycle(va),
            Step::NotFollowed { .. } | Step::Dead { .. } => {}
            Step::Leave { .. } => self.leave(false),
        }
    }

    /// Who wrote a stream that is reached by `link` from the one that is open.
    fn enter_level(&self, link: Link) -> Level {
        let Some(from) = self.frames.last() else {
            return match self.options.root {
                RootKind::Ib => Level::User(1),
                RootKind::KernelRing => Level::Kernel,
            };
        };
        match (link, from.level) {
            (Link::Call, Level::User(depth)) => Level::User(depth.saturating_add(1)),
            (Link::Call, Level::Kernel) if from.calls_user => Level::User(1),
            (_, level) => level,
        }
    }

    fn item(&mut self, item: &Item<'a>) {
        self.check_skips(item.at);
        match item.kind {
            ItemKind::Stray(stray) => self.check_stray(item, stray),
            ItemKind::Filler => self.check_filler(item.at),
            ItemKind::Packet { header, packet } => {
                let at = At { at: item.at, header, packet };
                self.check_header(&at);
                self.check_packet(&at);
                self.note_set(&at);
            }
        }
    }

    fn check_packet(&mut self, at: &At<'_>) {
        if self.in_user_stream() {
            self.check_ring(at);
            self.check_registers(at);
            self.check_addresses(at);
        }
        self.state.apply(&at.packet);
        self.work.note_registers(&at.packet);
        if let Some(dispatch) = Dispatch::of(&at.packet)
            && self.in_user_stream()
        {
            self.check_dispatch(at, &dispatch);
        }
        self.check_sync(at);
        self.note_calls(at);
    }

    /// Remembers a packet that sets consecutive registers, until the next one.
    fn note_set(&mut self, at: &At<'_>) {
        let sets = matches!(at.packet.layout().map(|layout| layout.tail), Some(Tail::Registers(_)));
        let set = LastSet { at: at.at, end: at.at + 1 + at.header.body_dwords(), opcode: at.header.opcode() };
        if let Some(frame) = self.frames.last_mut() {
            frame.last_set = sets.then_some(set);
        }
    }

    /// Remembers whose stream a ring calls, and forgets a submission's state at the kernel's fence.
    fn note_calls(&mut self, at: &At<'_>) {
        let Some(frame) = self.frames.last_mut().filter(|frame| frame.level == Level::Kernel) else { return };
        match &at.packet {
            Packet::IndirectBuffer(call) => frame.calls_user = call.vmid() != 0,
            Packet::ReleaseMem(_) => {
                self.state.clear();
                self.work = sync::Submission::default();
            }
            _ => {}
        }
    }

    fn in_user_stream(&self) -> bool {
        self.frames.last().is_some_and(|frame| frame.level != Level::Kernel)
    }

    fn on_compute(&self) -> bool {
        self.options.ring == Ring::Compute
    }

    /// Ends the open stream; `chained`: what it set and began goes on in the one that it jumps to.
    fn leave(&mut self, chained: bool) {
        self.finish_stream();
        // A submission ends with its last stream; those that a ring calls end at the kernel's fence.
        let ends = self.frames.len() > 1 || self.is_last_root;
        if !chained && ends && self.frames.last().is_some_and(|frame| frame.level == Level::User(1)) {
            self.finish_sync();
        }
        self.frames.pop();
    }

    /// Adds a finding about the open stream: one of a rule and packet, and none about dwords that are known as garbage.
    fn report(&mut self, rule: Rule, at: usize, message: String) {
        let Some(frame) = self.frames.last().filter(|frame| at >= frame.muted_until) else { return };
        let stream = frame.stream;
        let root = self.root;
        let same = |last: &&Finding| (last.root, last.stream, last.at) == (root, stream, at);
        if self.findings.iter().rev().take_while(same).all(|last| last.rule != rule) {
            self.findings.push(Finding { rule, root, stream, at, message });
        }
    }
}

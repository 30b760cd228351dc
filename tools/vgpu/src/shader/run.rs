//! Running waves: one to its end, or a workgroup's by turns.

use super::fault::{AccessKind, Cause, Fault};
use super::isa::Wide;
use super::memory::GlobalMemory;
use super::program::Program;
use super::wave::{Lanes, Wave};

/// What a step makes the wave do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// Go on.
    Next,
    /// Done.
    End,
    /// Wait until all waves of the workgroup are here.
    Barrier,
    /// Stop; [`Context::cause`] says why.
    Fault,
}

/// Which memory an access went to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Space {
    /// Global memory; the address is virtual.
    Global,
    /// LDS; the address is an offset.
    Lds,
    /// Scratch; the address is an offset in the lane's part.
    Scratch,
}

/// One lane's access to memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemoryAccess {
    /// Which memory.
    pub space: Space,
    /// What is done.
    pub kind: AccessKind,
    /// The lane; scalar loads are by lane 0.
    pub lane: u32,
    /// Address, its meaning depends on the space.
    pub address: u64,
    /// In bytes.
    pub bytes: u32,
}

/// Watches a wave. With [`Silent`] nothing of it is compiled in; memory operations alone test whether to record.
pub trait Observer {
    /// Whether accesses to memory are recorded for [`Observer::after`].
    const RECORD: bool;

    /// Before the instruction at [`Wave::pc`].
    fn before(&mut self, program: &Program, wave: &Wave);

    /// After the instruction at dword `pc`, unless it failed.
    fn after(&mut self, program: &Program, wave: &Wave, pc: usize, accesses: &[MemoryAccess]);

    /// All waves of the workgroup that have not ended are at a barrier and will pass it.
    fn barrier(&mut self) {}

    /// The last wave has ended.
    fn end(&mut self) {}

    /// A wave could not go on.
    fn fault(&mut self, _program: &Program, _fault: &Fault) {}
}

/// Sees nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Observer for Silent {
    const RECORD: bool = false;

    #[inline(always)]
    fn before(&mut self, _: &Program, _: &Wave) {}

    #[inline(always)]
    fn after(&mut self, _: &Program, _: &Wave, _: usize, _: &[MemoryAccess]) {}
}

/// Both see everything.
impl<A: Observer, B: Observer> Observer for (A, B) {
    const RECORD: bool = A::RECORD || B::RECORD;

    fn before(&mut self, program: &Program, wave: &Wave) {
        self.0.before(program, wave);
        self.1.before(program, wave);
    }

    fn after(&mut self, program: &Program, wave: &Wave, pc: usize, accesses: &[MemoryAccess]) {
        self.0.after(program, wave, pc, accesses);
        self.1.after(program, wave, pc, accesses);
    }

    fn barrier(&mut self) {
        self.0.barrier();
        self.1.barrier();
    }

    fn end(&mut self) {
        self.0.end();
        self.1.end();
    }

    fn fault(&mut self, program: &Program, fault: &Fault) {
        self.0.fault(program, fault);
        self.1.fault(program, fault);
    }
}

/// Room for operands that are not in a register as they are needed.
pub(crate) struct Temporaries {
    pub(crate) sources: [Lanes; 6],
    pub(crate) out: Lanes,
    pub(crate) second: Lanes,
    pub(crate) wide: [Wide; 3],
    pub(crate) wide_out: Wide,
}

impl Temporaries {
    fn new() -> Box<Self> {
        Box::new(Self {
            sources: [Lanes::ZERO; 6],
            out: Lanes::ZERO,
            second: Lanes::ZERO,
            wide: [[0; 32]; 3],
            wide_out: [0; 32],
        })
    }
}

/// What a step works on.
pub(crate) struct Context<'a> {
    pub(crate) wave: &'a mut Wave,
    pub(crate) lds: &'a mut [u8],
    pub(crate) memory: &'a dyn GlobalMemory,
    pub(crate) temporaries: &'a mut Temporaries,
    /// The program's first address.
    pub(crate) base: u64,
    pub(crate) log: Option<&'a mut Vec<MemoryAccess>>,
    pub(crate) cause: Option<Cause>,
}

impl Context<'_> {
    /// Stops the wave.
    #[cold]
    pub(crate) fn fail(&mut self, cause: Cause) -> Flow {
        self.cause = Some(cause);
        Flow::Fault
    }

    /// Goes on, or stops the wave.
    #[inline(always)]
    pub(crate) fn settle(&mut self, result: Result<(), Cause>) -> Flow {
        match result {
            Ok(()) => Flow::Next,
            Err(cause) => self.fail(cause),
        }
    }

    /// Records an access, if somebody wants to know.
    #[inline(always)]
    pub(crate) fn record(&mut self, space: Space, kind: AccessKind, lane: u32, address: u64, bytes: u32) {
        if let Some(log) = &mut self.log {
            log.push(MemoryAccess { space, kind, lane, address, bytes });
        }
    }
}

/// What holds a wave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Hold {
    Nothing,
    Barrier,
    End,
}

/// How far a workgroup got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Its time was over first.
    Runs,
    /// All waves have ended.
    Ended,
}

/// The waves of a workgroup with what they share.
#[derive(Clone, Debug)]
pub struct Workgroup {
    /// The waves.
    pub waves: Vec<Wave>,
    /// LDS of the workgroup, its allocated bytes.
    pub lds: Vec<u8>,
    holds: Vec<Hold>,
}

/// Instructions of one wave before the next has its turn, so that a wave may wait for another through memory.
const TURN: u64 = 1 << 12;

impl Workgroup {
    /// A workgroup of these waves, with `lds_bytes` of zeros.
    #[must_use]
    pub fn new(waves: Vec<Wave>, lds_bytes: usize) -> Self {
        let holds = vec![Hold::Nothing; waves.len()];
        Self { waves, lds: vec![0; lds_bytes], holds }
    }

    /// Runs all waves to their ends.
    ///
    /// # Errors
    /// The fault of the first wave that has one, among them [`Cause::StepLimit`] where a wave executes more than `limit`
    /// instructions. The state stays as the fault found it.
    pub fn run<O: Observer>(
        &mut self,
        program: &Program,
        memory: &dyn GlobalMemory,
        limit: u64,
        observer: &mut O,
    ) -> Result<(), Fault> {
        let mut engine = Engine::new();
        while self.advance(program, memory, limit, u64::MAX, observer, &mut engine)? == Progress::Runs {}
        Ok(())
    }

    /// Runs the waves by turns until some `budget` of instructions is spent; the rest as [`Workgroup::run`].
    ///
    /// # Errors
    /// As [`Workgroup::run`].
    pub(crate) fn advance<O: Observer>(
        &mut self,
        program: &Program,
        memory: &dyn GlobalMemory,
        limit: u64,
        budget: u64,
        observer: &mut O,
        engine: &mut Engine,
    ) -> Result<Progress, Fault> {
        let mut spent = 0;
        while spent < budget {
            for (wave, hold) in self.waves.iter_mut().zip(&mut self.holds) {
                if *hold != Hold::Nothing {
                    continue;
                }
                let before = wave.instructions;
                let mut context = Context {
                    wave,
                    lds: &mut self.lds,
                    memory,
                    temporaries: &mut engine.temporaries,
                    base: program.base(),
                    log: O::RECORD.then_some(&mut engine.log),
                    cause: None,
                };
                let turn = before.saturating_add(TURN);
                *hold = run_wave(&mut context, program, limit, turn, observer)
                    .inspect_err(|fault| observer.fault(program, fault))?;
                spent += wave.instructions - before;
            }
            if self.holds.contains(&Hold::Nothing) {
                continue;
            }
            // An ended wave counts as arrived at every barrier.
            if !self.holds.contains(&Hold::Barrier) {
                observer.end();
                return Ok(Progress::Ended);
            }
            observer.barrier();
            self.holds.iter_mut().filter(|hold| **hold == Hold::Barrier).for_each(|hold| *hold = Hold::Nothing);
        }
        Ok(Progress::Runs)
    }
}

/// What a thread needs to run waves, kept from one workgroup to the next.
pub(crate) struct Engine {
    temporaries: Box<Temporaries>,
    log: Vec<MemoryAccess>,
}

impl Engine {
    pub(crate) fn new() -> Self {
        Self { temporaries: Temporaries::new(), log: Vec::new() }
    }
}

/// Runs a wave until something holds it, or it has executed `turn` instructions in all.
fn run_wave<O: Observer>(
    context: &mut Context<'_>,
    program: &Program,
    limit: u64,
    turn: u64,
    observer: &mut O,
) -> Result<Hold, Fault> {
    let turn = turn.min(limit);
    loop {
        let pc = context.wave.pc;
        let Some(step) = program.step(pc) else {
            let offset = (pc as u64).wrapping_mul(4); // CAST: usize has at most 64 bits
            break Err(program.fault(Cause::OutsideCode { offset }, context.wave.id, pc));
        };
        if context.wave.instructions >= turn {
            break match turn {
                turn if turn == limit => Err(program.fault(Cause::StepLimit { limit }, context.wave.id, pc)),
                _ => Ok(Hold::Nothing),
            };
        }
        context.wave.instructions += 1;
        observer.before(program, context.wave);
        context.wave.pc = pc.wrapping_add(usize::from(step.len));
        let flow = step.run.call(context, step);
        if flow != Flow::Fault {
            let log = context.log.as_deref().map_or(&[][..], Vec::as_slice);
            observer.after(program, context.wave, pc, log);
        }
        if O::RECORD
            && let Some(log) = &mut context.log
        {
            log.clear();
        }
        match flow {
            Flow::Next => {}
            Flow::End => break Ok(Hold::End),
            Flow::Barrier => break Ok(Hold::Barrier),
            Flow::Fault => {
                context.wave.pc = pc;
                let cause = context.cause.take().unwrap_or(Cause::Stuck);
                break Err(program.fault(cause, context.wave.id, pc));
            }
        }
    }
}

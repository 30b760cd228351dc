//! What sanitizers are shown.

use sparkle_rdna3::Instruction;

use crate::shader::{Program, Wave};

/// An instruction about to be executed, or just executed.
#[derive(Clone, Copy)]
pub(crate) struct Event<'a> {
    pub(crate) program: &'a Program,
    /// The wave; its program counter says nothing here, [`Event::pc`] does.
    pub(crate) wave: &'a Wave,
    /// The workgroup's number on each axis.
    pub(crate) group: [u32; 3],
    /// Dwords from the program's start.
    pub(crate) pc: usize,
    pub(crate) instruction: &'a Instruction,
}

impl Event<'_> {
    /// This, to remember.
    pub(crate) fn moment(&self) -> Moment {
        Moment { group: self.group, wave: self.wave.id, pc: self.pc }
    }
}

/// Which instruction of which wave, small enough to keep many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment {
    pub(crate) group: [u32; 3],
    pub(crate) wave: u32,
    /// Dwords from the program's start.
    pub(crate) pc: usize,
}

//! Why a wave stopped before its end.

use thiserror::Error;

/// What an access to memory does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccessKind {
    /// Reads.
    Load,
    /// Writes.
    Store,
    /// Reads and writes in one step.
    Atomic,
}

impl std::fmt::Display for AccessKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Load => "load",
            Self::Store => "store",
            Self::Atomic => "atomic",
        })
    }
}

/// The cause alone; [`Fault`] says where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Cause {
    /// No instruction is encoded so.
    #[error("{word:#010x} is no instruction of this chip")]
    Illegal {
        /// The first dword.
        word: u32,
    },
    /// The engine does not model it, so that going on would be a guess.
    #[error("{what} is not modelled")]
    NotModelled {
        /// What.
        what: &'static str,
    },
    /// The program counter left the code.
    #[error("the program counter is outside of the code, at byte {offset:#x} from its start")]
    OutsideCode {
        /// Bytes from the program's start, two's complement.
        offset: u64,
    },
    /// No buffer is mapped there.
    #[error("{kind} of {size} bytes at {va:#x}, where no buffer is mapped")]
    Unmapped {
        /// The address.
        va: u64,
        /// In bytes.
        size: u32,
        /// What was tried.
        kind: AccessKind,
    },
    /// The access begins in a buffer and ends behind it.
    #[error("{kind} of {size} bytes at {va:#x} runs over the end of its buffer at {end:#x}")]
    PastEnd {
        /// The address.
        va: u64,
        /// In bytes.
        size: u32,
        /// What was tried.
        kind: AccessKind,
        /// First address behind the buffer.
        end: u64,
    },
    /// The mapping does not allow it.
    #[error("{kind} of {size} bytes at {va:#x}, which is not mapped for it")]
    Denied {
        /// The address.
        va: u64,
        /// In bytes.
        size: u32,
        /// What was tried.
        kind: AccessKind,
    },
    /// Atomics must be aligned to their size.
    #[error("atomic of {size} bytes at {va:#x} is not aligned to its size")]
    Misaligned {
        /// The address, in LDS its offset.
        va: u64,
        /// In bytes.
        size: u32,
    },
    /// Scratch was used beyond what a lane has.
    #[error("{kind} of {size} bytes at scratch offset {offset:#x} of a lane, which has {limit} bytes")]
    Scratch {
        /// Offset within the lane's scratch, two's complement.
        offset: u64,
        /// In bytes.
        size: u32,
        /// What was tried.
        kind: AccessKind,
        /// Bytes a lane has.
        limit: usize,
    },
    /// `S_TRAP` with no trap handler.
    #[error("trap {id} with no trap handler")]
    Trap {
        /// Its number.
        id: u32,
    },
    /// The wave executed as many instructions as it was allowed.
    #[error("still running after {limit} instructions")]
    StepLimit {
        /// How many.
        limit: u64,
    },
    /// The wave slept for longer than any kernel waits for work.
    #[error("asleep for {clocks} clocks in all")]
    Asleep {
        /// How long.
        clocks: u64,
    },
    /// All waves of the workgroup wait and none can go on.
    #[error("waiting at a barrier or halted for ever")]
    Stuck,
}

/// A cause, and the instruction that it befell.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("wave {wave}, byte {offset:#x}, `{instruction}`: {cause}")]
pub struct Fault {
    /// What happened.
    pub cause: Cause,
    /// The wave's place in its workgroup.
    pub wave: u32,
    /// Bytes from the program's start.
    pub offset: u64,
    /// The instruction's text.
    pub instruction: String,
}

//! Packets of the copy engine. Source: Linux `sdma_v6_0_0_pkt_open.h`.

use crate::cp::Stop;

/// A packet that is modelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Nop,
    /// An interrupt, which nobody but the kernel hears.
    Trap,
    Copy {
        from: u64,
        to: u64,
        second: Option<u64>,
        bytes: u64,
    },
    Write {
        to: u64,
        data: &'a [u32],
    },
    /// `element` bytes of the value are repeated.
    Fill {
        to: u64,
        value: u32,
        element: usize,
        bytes: u64,
    },
    Fence {
        to: u64,
        value: u32,
    },
    /// `retries` is `None` where it waits for ever.
    Poll {
        at: u64,
        compare: Compare,
        reference: u32,
        mask: u32,
        retries: Option<u32>,
    },
    Condition {
        at: u64,
        reference: u32,
        dwords: usize,
    },
    Atomic {
        at: u64,
        operation: u32,
        source: u64,
        compare: u64,
        loops: bool,
    },
    Timestamp {
        to: u64,
    },
    Caches {
        control: u32,
    },
}

impl Packet<'_> {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Nop => "SDMA NOP",
            Self::Trap => "SDMA TRAP",
            Self::Copy { .. } => "SDMA COPY_LINEAR",
            Self::Write { .. } => "SDMA WRITE_UNTILED",
            Self::Fill { .. } => "SDMA CONSTANT_FILL",
            Self::Fence { .. } => "SDMA FENCE",
            Self::Poll { .. } => "SDMA POLL_REGMEM",
            Self::Condition { .. } => "SDMA COND_EXE",
            Self::Atomic { .. } => "SDMA ATOMIC",
            Self::Timestamp { .. } => "SDMA TIMESTAMP",
            Self::Caches { .. } => "SDMA GCR_REQ",
        }
    }
}

/// A comparison of unsigned numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Always,
    Less,
    LessEqual,
    Equal,
    NotEqual,
    GreaterEqual,
    Greater,
}

impl Compare {
    const fn from_raw(raw: u32) -> Option<Self> {
        Some(match raw {
            0 => Self::Always,
            1 => Self::Less,
            2 => Self::LessEqual,
            3 => Self::Equal,
            4 => Self::NotEqual,
            5 => Self::GreaterEqual,
            6 => Self::Greater,
            _ => return None,
        })
    }

    pub(super) const fn holds(self, value: u32, reference: u32) -> bool {
        match self {
            Self::Always => true,
            Self::Less => value < reference,
            Self::LessEqual => value <= reference,
            Self::Equal => value == reference,
            Self::NotEqual => value != reference,
            Self::GreaterEqual => value >= reference,
            Self::Greater => value > reference,
        }
    }
}

const NAMES: [&str; 18] = [
    "NOP",
    "COPY",
    "WRITE",
    "opcode 3",
    "INDIRECT",
    "FENCE",
    "TRAP",
    "SEM",
    "POLL_REGMEM",
    "COND_EXE",
    "ATOMIC",
    "CONST_FILL",
    "PTEPDE",
    "TIMESTAMP",
    "SRBM_WRITE",
    "PRE_EXE",
    "GPUVM_INV",
    "GCR_REQ",
];

/// What the packet at the start of `words` is called, from its opcode alone.
pub(super) fn name(words: &[u32]) -> String {
    let op = words.first().map_or(0, |header| header & 0xff);
    let name = NAMES.get(op as usize).copied(); // CAST: a byte
    format!("SDMA {}", name.unwrap_or("packet"))
}

/// Bits `from` and on of a dword, `width` of them.
const fn bits(word: u32, from: u32, width: u32) -> u32 {
    word >> from & (u32::MAX >> (32 - width))
}

/// The packet at the start of `words`, which is not empty, and its length in dwords.
pub(super) fn parse(words: &[u32]) -> Result<(Packet<'_>, usize), Stop> {
    let word = |at: usize| words.get(at).copied().unwrap_or(0);
    let wide = |at: usize| u64::from(word(at + 1)) << 32 | u64::from(word(at));
    let header = word(0);
    let (op, sub) = (bits(header, 0, 8), bits(header, 8, 8));
    let refused = |what: &str| Stop::not_modelled(format_args!("{} with {what}", name(words)));
    let (packet, length) = match (op, sub) {
        (0, 0) => (Packet::Nop, 1 + bits(header, 16, 14) as usize), // CAST: 14 bits
        (1, 0) => {
            for (bit, what) in [(16, "encryption"), (18, "TMZ"), (25, "a backward direction")] {
                if bits(header, bit, 1) != 0 {
                    return Err(refused(what));
                }
            }
            let broadcast = bits(header, 27, 1) != 0;
            if bits(word(2), 16, 2) | bits(word(2), 24, 2) != 0 {
                return Err(refused("swapped bytes"));
            }
            let bytes = u64::from(bits(word(1), 0, 30)) + 1;
            let second = broadcast.then(|| wide(7));
            (Packet::Copy { from: wide(3), to: wide(5), second, bytes }, if broadcast { 9 } else { 7 })
        }
        (2, 0) => {
            if bits(header, 16, 1) | bits(header, 18, 1) != 0 {
                return Err(refused("encryption"));
            }
            if bits(word(3), 24, 2) != 0 {
                return Err(refused("swapped bytes"));
            }
            let count = bits(word(3), 0, 20) as usize + 1; // CAST: 20 bits
            (Packet::Write { to: wide(1), data: words.get(4..4 + count).unwrap_or_default() }, 4 + count)
        }
        (5, 0) => (Packet::Fence { to: wide(1), value: word(3) }, 4),
        (6, _) => (Packet::Trap, 2),
        (8, 0) => {
            if bits(header, 31, 1) == 0 {
                return Err(refused("a register"));
            }
            let compare = Compare::from_raw(bits(header, 28, 3)).ok_or_else(|| refused("comparison 7"))?;
            // A count of 0xfff waits for ever. Source: Mesa `sid.h`, `SDMA_POLL_RETRY_INDEFINITELY`.
            let retries = Some(bits(word(5), 16, 12)).filter(|count| *count != 0xfff);
            (Packet::Poll { at: wide(1), compare, reference: word(3), mask: word(4), retries }, 6)
        }
        (9, _) => {
            let dwords = bits(word(4), 0, 14) as usize; // CAST: 14 bits
            (Packet::Condition { at: wide(1), reference: word(3), dwords }, 5)
        }
        (10, _) => {
            let (loops, operation) = (bits(header, 16, 1) != 0, bits(header, 25, 7));
            (Packet::Atomic { at: wide(1), operation, source: wide(3), compare: wide(5), loops }, 8)
        }
        (11, _) => {
            if bits(header, 16, 2) != 0 {
                return Err(refused("swapped bytes"));
            }
            let element = match bits(header, 30, 2) {
                0 => 1,
                1 => 2,
                2 => 4,
                _ => return Err(refused("fill size 3")),
            };
            let bytes = u64::from(bits(word(4), 0, 30)) + 1;
            (Packet::Fill { to: wide(1), value: word(3), element, bytes }, 5)
        }
        (13, 1 | 2) => (Packet::Timestamp { to: wide(1) }, 3),
        (17, _) => (Packet::Caches { control: bits(word(2), 16, 16) | bits(word(3), 0, 3) << 16 }, 5),
        (12 | 14 | 16, _) | (13, 0) => {
            return Err(Stop::Illegal(format!("{} belongs to the kernel", name(words))));
        }
        (1..=17, _) => return Err(refused(&format!("sub-opcode {sub}"))),
        _ => return Err(Stop::Illegal(format!("{header:#010x} is no packet of the copy engine"))),
    };
    if length > words.len() {
        let (name, have) = (name(words), words.len());
        return Err(Stop::Illegal(format!("{name} has {length} dwords, and the stream ends after {have}")));
    }
    Ok((packet, length))
}

//! From one stream to all that it calls: INDIRECT_BUFFER packets are followed where the bytes are at hand.

use alloc::vec::Vec;

use super::{Decoder, Item, ItemKind};
use crate::packets::Packet;

/// GPU memory whose bytes are at hand.
pub trait Memory {
    /// `dwords` dwords at `va`, an address of 48 bits, or `None` where any of them is not at hand.
    fn words(&self, va: u64, dwords: usize) -> Option<&[u32]>;
}

/// No memory at all: nothing is followed.
impl Memory for () {
    fn words(&self, _va: u64, _dwords: usize) -> Option<&[u32]> {
        None
    }
}

/// How far a walk goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Streams that may be open one in the other. The hardware has ring, IB1 and IB2.
    pub depth: usize,
    /// Dwords that may be visited in all.
    pub dwords: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 8, dwords: 1 << 28 }
    }
}

/// How a stream is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Link {
    /// It is where the walk starts.
    Root,
    /// Called: execution returns.
    Call,
    /// Chained: execution goes on there and does not return to this stream.
    Chain,
}

/// A stream of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamId(pub usize);

/// One step of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A stream begins.
    Enter {
        /// Which; the numbers count up.
        stream: StreamId,
        /// The stream that called it, and the dword offset of the packet that did.
        from: Option<(StreamId, usize)>,
        /// How.
        link: Link,
        /// Where it is.
        va: Option<u64>,
        /// Its dwords.
        words: &'a [u32],
    },
    /// An item of the stream that is open.
    Item {
        /// Which.
        stream: StreamId,
        /// The item.
        item: Item<'a>,
    },
    /// The packet before this step calls a stream that is not followed.
    NotFollowed {
        /// The stream that called.
        stream: StreamId,
        /// Where the target is.
        va: u64,
        /// Its dwords.
        dwords: usize,
        /// Why not.
        why: NotFollowed,
    },
    /// Dwords after a chaining packet that was followed: they never run.
    Dead {
        /// The stream that chained away.
        stream: StreamId,
        /// Dword offset of the first of them.
        at: usize,
        /// All of them.
        words: &'a [u32],
    },
    /// A stream ends, and the one that called it goes on.
    Leave {
        /// The stream that ended.
        stream: StreamId,
    },
}

/// Why a stream is not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotFollowed {
    /// Its bytes are not at hand.
    NotAtHand,
    /// It is open already: the streams call each other in a circle.
    Cycle,
    /// Too many streams are open one in the other.
    TooDeep,
    /// The walk has visited as many dwords as it may.
    TooLong,
}

/// The low 48 bits of an address: real streams hold sign-extended ones.
pub const fn canonical(va: u64) -> u64 {
    va & 0xFFFF_FFFF_FFFF
}

struct Frame<'a> {
    stream: StreamId,
    decoder: Decoder<'a>,
    /// The addresses of the stream and of those that chained to it since it was called.
    chain: Vec<u64>,
    calls: Vec<(u64, usize, Link)>,
    at: usize,
}

/// The steps of a walk, in the order of execution. Made by [`walk`].
pub struct Walk<'a, M: ?Sized> {
    memory: &'a M,
    limits: Limits,
    stack: Vec<Frame<'a>>,
    streams: usize,
    visited: usize,
    /// The step after the one just given.
    pending: Option<Step<'a>>,
    root: Option<(Option<u64>, &'a [u32])>,
}

/// Walks the stream `words`, which is at `va` if that is known, and all that it calls.
pub fn walk<'a, M: Memory + ?Sized>(words: &'a [u32], va: Option<u64>, memory: &'a M, limits: Limits) -> Walk<'a, M> {
    Walk {
        memory,
        limits,
        stack: Vec::new(),
        streams: 0,
        visited: 0,
        pending: None,
        root: Some((va.map(canonical), words)),
    }
}

/// The streams that a packet calls: address, dwords, link.
fn targets(packet: &Packet<'_>) -> [Option<(u64, usize, Link)>; 2] {
    match packet {
        Packet::IndirectBuffer(ib) => {
            let link = if ib.chain() { Link::Chain } else { Link::Call };
            [Some((canonical(ib.ib_base()), ib.ib_size() as usize, link)), None]
        }
        Packet::IndirectBufferPasid(ib) => {
            let link = if ib.chain() { Link::Chain } else { Link::Call };
            [Some((canonical(ib.ib_base()), ib.ib_size() as usize, link)), None]
        }
        Packet::CondIndirectBuffer(ib) => [
            Some((canonical(ib.ib_base1()), ib.ib_size1() as usize, Link::Call)),
            Some((canonical(ib.ib_base2()), ib.ib_size2() as usize, Link::Call)),
        ],
        _ => [None, None],
    }
}

impl<'a, M: Memory + ?Sized> Walk<'a, M> {
    fn enter(
        &mut self,
        va: Option<u64>,
        words: &'a [u32],
        link: Link,
        from: Option<(StreamId, usize)>,
        chain: Vec<u64>,
    ) -> Step<'a> {
        let stream = StreamId(self.streams);
        self.streams += 1;
        self.visited = self.visited.saturating_add(words.len());
        self.stack.push(Frame { stream, decoder: Decoder::new(words), chain, calls: Vec::new(), at: 0 });
        Step::Enter { stream, from, link, va, words }
    }

    /// Follows a call of the open stream.
    fn follow(&mut self, va: u64, dwords: usize, link: Link) -> Option<Step<'a>> {
        let (stream, at) = self.stack.last().map(|frame| (frame.stream, frame.at))?;
        let refuse = |why| Some(Step::NotFollowed { stream, va, dwords, why });
        if self.stack.iter().any(|frame| frame.chain.contains(&va)) {
            return refuse(NotFollowed::Cycle);
        }
        if link == Link::Call && self.stack.len() >= self.limits.depth {
            return refuse(NotFollowed::TooDeep);
        }
        if self.visited.saturating_add(dwords) > self.limits.dwords {
            return refuse(NotFollowed::TooLong);
        }
        let Some(words) = self.memory.words(va, dwords) else { return refuse(NotFollowed::NotAtHand) };
        let (mut chain, mut dead) = (Vec::new(), None);
        if link == Link::Chain
            && let Some(frame) = self.stack.pop()
        {
            chain = frame.chain;
            let rest = frame.decoder.remaining();
            if !rest.is_empty() {
                dead = Some(Step::Dead { stream, at: frame.decoder.position(), words: rest });
            }
        }
        chain.push(va);
        let enter = self.enter(Some(va), words, link, Some((stream, at)), chain);
        match dead {
            Some(dead) => {
                self.pending = Some(enter);
                Some(dead)
            }
            None => Some(enter),
        }
    }
}

impl<'a, M: Memory + ?Sized> Iterator for Walk<'a, M> {
    type Item = Step<'a>;

    fn next(&mut self) -> Option<Step<'a>> {
        if let Some((va, words)) = self.root.take() {
            return Some(self.enter(va, words, Link::Root, None, va.into_iter().collect()));
        }
        if let Some(step) = self.pending.take() {
            return Some(step);
        }
        let frame = self.stack.last_mut()?;
        if !frame.calls.is_empty() {
            let (va, dwords, link) = frame.calls.remove(0);
            return self.follow(va, dwords, link);
        }
        let stream = frame.stream;
        let Some(item) = frame.decoder.next() else {
            self.stack.pop();
            return Some(Step::Leave { stream });
        };
        frame.at = item.at;
        if let ItemKind::Packet { packet, .. } = &item.kind {
            frame.calls.extend(targets(packet).into_iter().flatten());
        }
        Some(Step::Item { stream, item })
    }
}

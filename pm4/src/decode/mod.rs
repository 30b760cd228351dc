//! From dwords to packets.
//!
//! [`Decoder`] walks one stream and is total: every dword of any input ends up in exactly one [`Item`], in order, and
//! what is broken is an item too, after which it finds its feet again. [`walk`](walk::walk) follows the calls between streams.

pub mod walk;

use crate::header::{Header, PacketType};
use crate::opcode::Opcode;
use crate::packets::Packet;

/// A part of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Dword offset in the stream.
    pub at: usize,
    /// Its dwords, the header included.
    pub words: &'a [u32],
    /// What they are.
    pub kind: ItemKind<'a>,
}

/// What a part of a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemKind<'a> {
    /// A type-3 packet.
    Packet {
        /// Its first dword.
        header: Header,
        /// Its body, read.
        packet: Packet<'a>,
    },
    /// One type-2 dword: filler.
    Filler,
    /// Dwords that are no packet.
    Stray(Stray),
}

/// Why dwords are no packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stray {
    /// All zero: memory that nobody wrote. The command processor reads them as type-0 packets.
    Zeros,
    /// A type-0 header, which no driver emits on gfx9 and later.
    Type0,
    /// A type-1 header, which is reserved.
    Type1,
    /// A type-2 header with more than its type set.
    BadFiller,
    /// A type-3 packet that does not end in the stream.
    Truncated {
        /// Its header.
        header: Header,
        /// Body dwords that the header promises.
        need: usize,
        /// Body dwords that there are.
        have: usize,
    },
}

/// The items of a stream, in order.
#[derive(Clone, Debug)]
pub struct Decoder<'a> {
    words: &'a [u32],
    at: usize,
}

impl<'a> Decoder<'a> {
    /// A decoder at the start of `words`.
    pub const fn new(words: &'a [u32]) -> Self {
        Self { words, at: 0 }
    }

    /// The dword offset of the next item.
    pub const fn position(&self) -> usize {
        self.at
    }

    /// The dwords that are not decoded yet.
    pub fn remaining(&self) -> &'a [u32] {
        self.words.get(self.at..).unwrap_or_default()
    }

    /// Whether a packet that a driver would emit, and that ends in the stream, starts at `at`.
    fn is_packet(&self, at: usize) -> bool {
        let Some((&word, rest)) = self.words.get(at..).and_then(<[u32]>::split_first) else { return false };
        let header = Header(word);
        if !header.is_plausible() {
            return false;
        }
        let Some(body) = rest.get(..header.body_dwords()) else { return false };
        header.opcode() == Opcode::NOP || !matches!(Packet::parse(header.opcode(), body), Packet::Opaque(_))
    }

    /// The stray dwords at the cursor: up to the next thing that looks like a packet.
    #[cold]
    fn stray(&mut self, at: usize, why: Stray) -> Item<'a> {
        let mut end = at + 1;
        while end < self.words.len() && !self.is_packet(end) {
            end += 1;
        }
        self.at = end;
        let words = self.words.get(at..end).unwrap_or_default();
        let why = if words.iter().all(|&word| word == 0) { Stray::Zeros } else { why };
        Item { at, words, kind: ItemKind::Stray(why) }
    }
}

impl<'a> Iterator for Decoder<'a> {
    type Item = Item<'a>;

    #[inline]
    fn next(&mut self) -> Option<Item<'a>> {
        let at = self.at;
        let rest = self.words.get(at..)?;
        let header = Header(*rest.first()?);
        match header.packet_type() {
            PacketType::Type3 => {
                let need = header.body_dwords();
                let Some(body) = rest.get(1..1 + need) else {
                    return Some(self.stray(at, Stray::Truncated { header, need, have: rest.len() - 1 }));
                };
                self.at = at + 1 + need;
                let packet = Packet::parse(header.opcode(), body);
                Some(Item { at, words: &rest[..1 + need], kind: ItemKind::Packet { header, packet } })
            }
            PacketType::Type2 if header.0 == 2 << 30 => {
                self.at = at + 1;
                Some(Item { at, words: &rest[..1], kind: ItemKind::Filler })
            }
            PacketType::Type2 => Some(self.stray(at, Stray::BadFiller)),
            PacketType::Type1 => Some(self.stray(at, Stray::Type1)),
            PacketType::Type0 => Some(self.stray(at, Stray::Type0)),
        }
    }
}

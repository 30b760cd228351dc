//! Packets. One table (`table.rs`) gives each packet's type, its encoder, its decoder and its description, so that they
//! cannot drift apart.
//!
//! A packet holds its body as dwords, and its fields are views of them: reserved bits, and fields that only another
//! generation has, survive a round trip. Selectors are open types (`values`), so that a value without a name does too.

mod acquire;
mod dispatch;
mod indirect;
mod macros;
mod memory;
mod release;
#[cfg(test)]
mod setter_tests;
mod table;
pub mod values;

use crate::field::{AddressLayout, FieldLayout};
use crate::gfx::{Generation, Ring};
use crate::header::Header;
use crate::opcode::Opcode;
use crate::registers::{RegOffset, Space};

pub use table::*;

/// What every packet type can say about itself.
pub trait Type3: Copy {
    /// Its description.
    const LAYOUT: PacketLayout;

    /// The fixed dwords of the body.
    fn head(&self) -> &[u32];

    /// The dwords after them, whose number the header's count says.
    fn tail(&self) -> &[u32] {
        &[]
    }
}

/// The description of a packet type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PacketLayout {
    /// Bits `[15:8]` of the header.
    pub opcode: Opcode,
    /// Name, spelled as AMD's headers do.
    pub name: &'static str,
    /// Dwords of the body that every such packet has.
    pub head_dwords: usize,
    /// What follows them.
    pub tail: Tail,
    /// Flags of the header that the packet needs, see [`Header`].
    pub flags: u8,
    /// Its fields, in the order of the dwords.
    pub fields: &'static [FieldLayout],
    /// Its addresses.
    pub addresses: &'static [AddressLayout],
}

impl PacketLayout {
    /// The registers that a packet of this type sets, in order; none for types that set none.
    pub fn register_writes<'a>(&self, head: &[u32], tail: &'a [u32]) -> RegisterWrites<'a> {
        RegisterWrites::new(self, head, tail)
    }

    /// Whether a body of `dwords` has the right length.
    pub const fn fits(&self, dwords: usize) -> bool {
        match self.tail {
            Tail::None => dwords == self.head_dwords,
            Tail::Payload => dwords >= self.head_dwords,
            Tail::Data | Tail::Registers(_) => dwords > self.head_dwords,
            Tail::Pairs(_) => dwords > self.head_dwords && (dwords - self.head_dwords).is_multiple_of(2),
            Tail::PackedPairs(_) => dwords > self.head_dwords && (dwords - self.head_dwords).is_multiple_of(3),
        }
    }
}

/// What follows the fixed dwords of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// Nothing.
    None,
    /// Anything, and it means nothing to the command processor.
    Payload,
    /// Data to write, one dword or more.
    Data,
    /// Values of consecutive registers of a space, one or more.
    Registers(Space),
    /// Pairs of a register's offset in a space and its value.
    Pairs(Space),
    /// Groups of two offsets in one dword, then the two values.
    PackedPairs(Space),
}

/// A packet whose opcode this crate has no layout for, or whose length is not one of its opcode's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opaque<'a> {
    /// Bits `[15:8]` of the header.
    pub opcode: Opcode,
    /// The body.
    pub body: &'a [u32],
    /// The layout that the opcode has at another length.
    pub layout: Option<&'static PacketLayout>,
}

/// A register that a packet sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RegisterWrite {
    /// Which.
    pub register: RegOffset,
    /// To what.
    pub value: u32,
    /// The dword of the packet that holds the value, 0 = the header.
    pub dword: usize,
}

/// The registers that a packet sets, in order.
#[derive(Clone, Debug)]
pub struct RegisterWrites<'a> {
    tail: Tail,
    first: u32,
    head: usize,
    body: &'a [u32],
    at: usize,
}

impl<'a> RegisterWrites<'a> {
    fn new(layout: &PacketLayout, head: &[u32], body: &'a [u32]) -> Self {
        // The offset is in `[15:0]` of the first dword of SET_*_REG; above it are the index and the VMID's shift.
        let first = head.first().copied().unwrap_or(0) & 0xFFFF;
        Self { tail: layout.tail, first, head: layout.head_dwords, body, at: 0 }
    }
}

impl Iterator for RegisterWrites<'_> {
    type Item = RegisterWrite;

    #[inline]
    fn next(&mut self) -> Option<RegisterWrite> {
        let at = self.at;
        self.at += 1;
        let (space, offset, index) = match self.tail {
            Tail::Registers(space) => (space, self.first.wrapping_add(at as u32), at), // CAST: at most 2^14
            Tail::Pairs(space) => (space, self.body.get(2 * at)? & 0xFFFF, 2 * at + 1),
            Tail::PackedPairs(space) => {
                let (group, second) = (at / 2 * 3, at % 2);
                (space, self.body.get(group)? >> (16 * second) & 0xFFFF, group + 1 + second)
            }
            Tail::None | Tail::Payload | Tail::Data => return None,
        };
        let value = *self.body.get(index)?;
        Some(RegisterWrite { register: space.register(offset), value, dword: 1 + self.head + index })
    }
}

impl<'a> Packet<'a> {
    /// The registers that the packet sets, in order; none for packets that set none.
    pub fn register_writes(&'a self) -> RegisterWrites<'a> {
        match self.layout() {
            Some(layout) => RegisterWrites::new(layout, self.head(), self.tail()),
            None => RegisterWrites { tail: Tail::None, first: 0, head: 0, body: &[], at: 0 },
        }
    }

    /// The packet's name, spelled as AMD's headers do; `None` for an opcode that `generation` does not name.
    pub fn name(&self, generation: Generation) -> Option<&'static str> {
        self.layout().map(|layout| layout.name).or_else(|| self.opcode().name(generation))
    }

    /// The fields that the packet has on `ring` of `generation`, with their values.
    pub fn fields(&self, generation: Generation, ring: Ring) -> impl Iterator<Item = (&'static FieldLayout, u32)> {
        let head = self.head();
        let fields = self.layout().map_or(&[][..], |layout| layout.fields).iter();
        fields
            .filter(move |field| field.on.has(generation, ring) && field.when.is_none_or(|when| when.holds(head)))
            .filter_map(move |field| Some((field, field.value(head)?)))
    }

    /// The addresses that the packet has on `ring` of `generation`, in bytes.
    pub fn addresses(&self, generation: Generation, ring: Ring) -> impl Iterator<Item = (&'static AddressLayout, u64)> {
        let head = self.head();
        let addresses = self.layout().map_or(&[][..], |layout| layout.addresses).iter();
        addresses
            .filter(move |address| address.on.has(generation, ring) && address.when.is_none_or(|when| when.holds(head)))
            .filter_map(move |address| Some((address, address.value(head)?)))
    }

    /// The header of this packet with the given flags (see [`Header`]); `None` where its length has no header.
    pub fn header(&self, flags: u8) -> Option<Header> {
        Header::type3(self.opcode(), self.head().len() + self.tail().len(), flags)
    }
}

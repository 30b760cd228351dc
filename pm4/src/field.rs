//! Bit fields: how a packet or a register is cut up, and what is wrong with a value that does not fit.

use crate::gfx::{Generation, Ring};
use crate::registers::Space;

/// A value that does not fit its field. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{owner}.{field} = {value:#x} does not fit {bits} bits: the largest value is {max:#x}", max = max(*bits))]
pub struct FieldError {
    /// Packet or register, spelled as AMD's headers do.
    pub owner: &'static str,
    /// Field, spelled as AMD's headers do.
    pub field: &'static str,
    /// The value that was refused.
    pub value: u64,
    /// Width of the field, bits.
    pub bits: u32,
}

/// An address that its packet cannot hold. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{owner}.{field}: the address {va:#x} is not a multiple of {align} below 2^{bits}")]
pub struct AddressError {
    /// Packet, spelled as AMD's headers do.
    pub owner: &'static str,
    /// Operand.
    pub field: &'static str,
    /// The address that was refused, bytes.
    pub va: u64,
    /// What it must be a multiple of, bytes.
    pub align: u64,
    /// Address bits that the packet holds.
    pub bits: u32,
}

/// Where a field exists: a set of generations and a set of engines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct On {
    generations: u8,
    engines: u8,
}

impl On {
    /// Everywhere.
    pub const ALL: Self = Self { generations: 0xF, engines: 0x7 };
    /// gfx10.1 and gfx10.3.
    pub const GFX10: Self = Self { generations: 0b0011, ..Self::ALL };
    /// gfx10.1 alone.
    pub const GFX10_1: Self = Self { generations: 0b0001, ..Self::ALL };
    /// gfx10.3 and later.
    pub const FROM_GFX10_3: Self = Self { generations: 0b1110, ..Self::ALL };
    /// gfx10 and gfx11.
    pub const TO_GFX11: Self = Self { generations: 0b0111, ..Self::ALL };
    /// gfx11 alone.
    pub const GFX11: Self = Self { generations: 0b0100, ..Self::ALL };
    /// gfx11 and later.
    pub const FROM_GFX11: Self = Self { generations: 0b1100, ..Self::ALL };
    /// gfx12 alone.
    pub const GFX12: Self = Self { generations: 0b1000, ..Self::ALL };
    /// The compute rings' engine.
    pub const MEC: Self = Self { engines: 0b001, ..Self::ALL };
    /// The graphics ring's engines.
    pub const GFX_RING: Self = Self { engines: 0b110, ..Self::ALL };
    /// The graphics ring's ME alone.
    pub const ME: Self = Self { engines: 0b010, ..Self::ALL };
    /// The graphics ring's PFP alone.
    pub const PFP: Self = Self { engines: 0b100, ..Self::ALL };

    /// Where both exist.
    pub const fn and(self, other: Self) -> Self {
        Self { generations: self.generations & other.generations, engines: self.engines & other.engines }
    }

    /// Whether the field exists on `ring` of `generation`.
    pub const fn has(self, generation: Generation, ring: Ring) -> bool {
        let engines = match ring {
            Ring::Compute => Self::MEC.engines,
            Ring::Gfx => Self::GFX_RING.engines,
        };
        self.generations & 1 << generation as u8 != 0 && self.engines & engines != 0 // CAST: a discriminant below 4
    }
}

/// A condition on another field of the same packet: the alternatives of one dword are told apart by a selector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// Dword of the selector, 1 = the first after the header.
    pub dword: u8,
    /// Highest bit of the selector.
    pub hi: u8,
    /// Lowest bit of the selector.
    pub lo: u8,
    /// The values with which the field is there.
    pub values: &'static [u32],
    /// A selector that must hold too.
    pub and: Option<&'static When>,
}

impl When {
    /// Whether the condition holds in a body; a selector that the body is too short for does not hold.
    pub fn holds(&self, body: &[u32]) -> bool {
        body.get((self.dword as usize).wrapping_sub(1))
            .is_some_and(|&word| self.values.contains(&extract(word, self.hi as u32, self.lo as u32)))
            && self.and.is_none_or(|and| and.holds(body))
    }
}

/// The names of a field's values.
pub type Names = &'static [(u32, &'static str)];

/// How a field's value reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    /// A flag.
    Flag,
    /// A count, written in decimal.
    Count,
    /// A pattern or part of an address, written in hexadecimal.
    Bits,
    /// One of the named values.
    Named(Names),
    /// A register by its dword offset within a space.
    RegisterIn(Space),
    /// A register by its absolute dword offset.
    Register,
    /// The value of COMPUTE_DISPATCH_INITIATOR.
    DispatchInitiator,
}

/// One field of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldLayout {
    /// Name, spelled as AMD's headers do.
    pub name: &'static str,
    /// Dword, 1 = the first after the header.
    pub dword: u8,
    /// Highest bit.
    pub hi: u8,
    /// Lowest bit.
    pub lo: u8,
    /// How it reads.
    pub kind: FieldKind,
    /// Where it exists.
    pub on: On,
    /// With which selector it exists.
    pub when: Option<When>,
}

impl FieldLayout {
    /// The field's value in a body, or `None` where the body is too short.
    pub fn value(&self, body: &[u32]) -> Option<u32> {
        let word = body.get((self.dword as usize).wrapping_sub(1))?;
        Some(extract(*word, self.hi as u32, self.lo as u32))
    }

    /// The name of a value.
    pub fn meaning(&self, value: u32) -> Option<&'static str> {
        match self.kind {
            FieldKind::Named(names) => names.iter().find(|(number, _)| *number == value).map(|(_, name)| *name),
            _ => None,
        }
    }
}

/// What the command processor does at an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reads so many bytes.
    Read(u32),
    /// Writes so many bytes.
    Write(u32),
    /// Writes the dwords after the packet's fixed part.
    WriteTail,
    /// Reads and writes so many bytes.
    Update(u32),
    /// Fetches packets; the length is in the packet.
    Fetch,
    /// Depends on other fields or on state: only the address is known.
    Other,
}

/// An address that two dwords of a packet hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressLayout {
    /// Name of the operand: what its two halves have in common.
    pub name: &'static str,
    /// The low half.
    pub low: Part,
    /// The high half.
    pub high: Part,
    /// The packet holds the address divided by `2^shift`.
    pub shift: u8,
    /// What happens there.
    pub access: Access,
    /// Where it exists.
    pub on: On,
    /// With which selector it exists.
    pub when: Option<When>,
}

/// One half of an address: some bits of one dword of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Name, spelled as AMD's headers do.
    pub name: &'static str,
    /// Dword, 1 = the first after the header.
    pub dword: u8,
    /// Highest bit.
    pub hi: u8,
    /// Lowest bit.
    pub lo: u8,
}

impl Part {
    /// The bits in place, or `None` where the body is too short.
    pub fn value(&self, body: &[u32]) -> Option<u32> {
        let word = *body.get((self.dword as usize).wrapping_sub(1))?;
        Some(extract(word, self.hi as u32, self.lo as u32) << self.lo)
    }
}

impl AddressLayout {
    /// The address in bytes, or `None` where the body is too short.
    pub fn value(&self, body: &[u32]) -> Option<u64> {
        Some(((self.high.value(body)? as u64) << 32 | self.low.value(body)? as u64) << self.shift)
    }

    /// What an address must be a multiple of, bytes.
    pub const fn align(&self) -> u64 {
        1 << (self.low.lo + self.shift)
    }

    /// Splits an address into the low and the high dword's bits, in place.
    ///
    /// # Errors
    /// [`AddressError`] where it is unaligned or has bits that the packet cannot hold.
    pub(crate) const fn split(&self, owner: &'static str, va: u64) -> Result<(u32, u32), AddressError> {
        let bits = 33 + self.high.hi as u32 + self.shift as u32;
        if va & (self.align() - 1) != 0 || (bits < 64 && va >> bits != 0) {
            return Err(AddressError { owner, field: self.name, va, align: self.align(), bits });
        }
        let units = va >> self.shift;
        Ok((units as u32, (units >> 32) as u32)) // CAST: the halves are meant to be cut
    }
}

/// The largest value of a field of `bits` bits.
pub(crate) const fn max(bits: u32) -> u64 {
    if bits >= 64 { u64::MAX } else { (1 << bits) - 1 }
}

/// Bits `hi..=lo` of `word`, shifted down.
pub(crate) const fn extract(word: u32, hi: u32, lo: u32) -> u32 {
    (word >> lo) & (max(hi - lo + 1) as u32) // CAST: at most 32 bits
}

/// `word` with bits `hi..=lo` replaced by the low bits of `value`.
pub(crate) const fn insert(word: u32, hi: u32, lo: u32, value: u32) -> u32 {
    let mask = (max(hi - lo + 1) as u32) << lo; // CAST: at most 32 bits
    (word & !mask) | ((value << lo) & mask)
}

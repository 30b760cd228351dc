//! Building streams: [`CommandBuffer`] takes whole packets or nothing, so that what it holds can always be submitted.
//!
//! It owns dwords in ordinary memory. Where they go afterwards, and the addresses in them, are the caller's.

use alloc::vec::Vec;

use crate::field::{AddressError, FieldError};
use crate::gfx::{Gfx, Ring};
use crate::header::Header;
use crate::opcode::{Engines, Opcode};
use crate::packets::{IndirectBuffer, Nop, PacketLayout, SetContextReg, SetShReg, SetShRegIndex, SetUconfigReg, Type3};
use crate::registers::{RegOffset, Registers, Space};

/// Why nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A value is too large for its field.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// An address cannot be held.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// The stream would get longer than it may.
    #[error("{name} needs {need} dwords and {room} are left: end this stream and begin another")]
    NoRoom {
        /// The packet, by its name in AMD's headers.
        name: &'static str,
        /// Its dwords.
        need: usize,
        /// Dwords that are left.
        room: usize,
    },
    /// No header can say the packet's length.
    #[error("{name} with {dwords} body dwords: a packet has 1 to 16384, a NOP 0 to 16383")]
    Length {
        /// The packet, by its name in AMD's headers.
        name: &'static str,
        /// Body dwords.
        dwords: usize,
    },
    /// The ring has no such packet.
    #[error("{name} is no packet of a {ring} ring of {gfx}")]
    NotOnRing {
        /// The packet, by its name in AMD's headers.
        name: &'static str,
        /// The ring.
        ring: &'static str,
        /// The chip.
        gfx: Gfx,
    },
    /// No packet may set the register.
    #[error("no packet may set the register at dword {register:#x}: {why}")]
    Register {
        /// Its absolute dword offset.
        register: u32,
        /// What is in the way.
        why: &'static str,
    },
    /// The stream has ended with a jump to another one.
    #[error("{name} after the jump to another stream never runs: begin another stream")]
    Ended {
        /// The packet, by its name in AMD's headers.
        name: &'static str,
    },
    /// A jump to a stream without packets.
    #[error("a jump to a stream of 0 dwords: give the length of the target, at least 1")]
    EmptyTarget,
}

/// A stream in the making, for one ring of one chip.
#[derive(Clone, Debug)]
pub struct CommandBuffer {
    words: Vec<u32>,
    gfx: Gfx,
    ring: Ring,
    limit: usize,
    /// Whether the last packet jumps away.
    ended: bool,
    /// A bit for each of the COMPUTE registers that a stream may set, so that the usual ones are checked at once.
    compute: u128,
}

/// The first COMPUTE register in the SH space, of [`COMPUTE_REGISTERS`]; those before it are the graphics pipe's.
const FIRST_COMPUTE: u32 = 0x200;
/// The dwords of the COMPUTE registers. Source: Mesa `src/amd/registers/gfx11.json`.
const COMPUTE_REGISTERS: u32 = 0x80;

impl CommandBuffer {
    /// The longest stream that an INDIRECT_BUFFER packet can call, dwords: its size field has 20 bits.
    pub const MAX_DWORDS: usize = 0xF_FFFF;
    /// What a stream's length must be a multiple of, dwords. Source: Linux `amdgpu_kms.c`, `ib_size_alignment` = 32 bytes.
    pub const ALIGN_DWORDS: usize = 8;

    /// An empty stream.
    pub fn new(gfx: Gfx, ring: Ring) -> Self {
        let limit = Self::padded_limit(Self::MAX_DWORDS);
        let mut stream = Self { words: Vec::new(), gfx, ring, limit, ended: false, compute: 0 };
        for index in 0..COMPUTE_REGISTERS {
            let settable = stream.check_register(Space::Sh.register(FIRST_COMPUTE + index)).is_ok();
            stream.compute |= u128::from(settable) << index;
        }
        stream
    }

    /// An empty stream of at most `limit` dwords, rounded down to the alignment so that it can always be padded. Its
    /// memory is reserved now, so that appending allocates nothing.
    pub fn with_limit(gfx: Gfx, ring: Ring, limit: usize) -> Self {
        let mut stream = Self::new(gfx, ring);
        stream.limit = stream.limit.min(Self::padded_limit(limit));
        stream.words.reserve_exact(stream.limit);
        stream
    }

    const fn padded_limit(limit: usize) -> usize {
        limit - limit % Self::ALIGN_DWORDS
    }

    /// The dwords so far.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The number of dwords so far.
    pub const fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether nothing was appended yet.
    pub const fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Dwords that are left.
    pub const fn room(&self) -> usize {
        self.limit - self.words.len()
    }

    /// Forgets the dwords and keeps their memory.
    pub fn clear(&mut self) {
        self.words.clear();
        self.ended = false;
    }

    /// Appends a packet.
    ///
    /// # Errors
    /// Nothing is appended where the packet does not fit the stream, its header or the ring, or sets a register that a
    /// user's stream must not.
    #[inline]
    pub fn push<P: Type3>(&mut self, packet: &P) -> Result<&mut Self, BuildError> {
        self.push_with_flags(packet, P::LAYOUT.flags)
    }

    /// Appends a packet that is skipped while the predicate is false.
    ///
    /// # Errors
    /// As [`Self::push`]; a compute ring has no predicate.
    pub fn push_predicated<P: Type3>(&mut self, packet: &P) -> Result<&mut Self, BuildError> {
        if self.ring == Ring::Compute {
            return Err(self.not_on_ring(P::LAYOUT.name));
        }
        self.push_with_flags(packet, P::LAYOUT.flags | Header::PREDICATE)
    }

    #[inline]
    fn push_with_flags<P: Type3>(&mut self, packet: &P, flags: u8) -> Result<&mut Self, BuildError> {
        let name = P::LAYOUT.name;
        if !P::LAYOUT.opcode.runs_on(self.ring, self.gfx.generation()) {
            return Err(self.not_on_ring(name));
        }
        if self.ended {
            return Err(BuildError::Ended { name });
        }
        let (head, tail) = (packet.head(), packet.tail());
        self.check_registers(&P::LAYOUT, head, tail)?;
        let dwords = head.len() + tail.len();
        let Some(header) = Header::type3(P::LAYOUT.opcode, dwords, flags).filter(|_| P::LAYOUT.fits(dwords)) else {
            return Err(BuildError::Length { name, dwords });
        };
        if 1 + dwords > self.room() {
            return Err(BuildError::NoRoom { name, need: 1 + dwords, room: self.room() });
        }
        self.words.push(header.0);
        self.words.extend_from_slice(head);
        self.words.extend_from_slice(tail);
        Ok(self)
    }

    const fn not_on_ring(&self, name: &'static str) -> BuildError {
        let ring = match self.ring {
            Ring::Compute => "compute",
            Ring::Gfx => "graphics",
        };
        BuildError::NotOnRing { name, ring, gfx: self.gfx }
    }

    /// Sets one register, by the packet that its address asks for.
    ///
    /// # Errors
    /// As [`Self::set_registers`].
    pub fn set_register(&mut self, register: RegOffset, value: u32) -> Result<&mut Self, BuildError> {
        self.set_registers(register, &[value])
    }

    /// Sets consecutive registers, the first of which is `first`, by the packet that their addresses ask for:
    /// SET_SH_REG, SET_CONTEXT_REG or SET_UCONFIG_REG.
    ///
    /// # Errors
    /// [`BuildError::Register`] where no packet may set one of them: outside these spaces, past the end of the space, or
    /// a register that belongs to the kernel or the firmware. Nothing is appended then.
    #[inline]
    pub fn set_registers(&mut self, first: RegOffset, values: &[u32]) -> Result<&mut Self, BuildError> {
        let (space, offset) = first.in_space();
        match space {
            Space::Sh => self.push(&SetShReg::new(values).with_reg_offset(offset)?),
            Space::Context => self.push(&SetContextReg::new(values).with_reg_offset(offset)?),
            Space::Uconfig => self.push(&SetUconfigReg::new(values).with_reg_offset(offset)?),
            Space::Config | Space::Other => Err(refuse(first, "its space belongs to the kernel")),
        }
    }

    /// Sets one of the COMPUTE_STATIC_THREAD_MGMT registers, masked by the compute units that the kernel allows.
    ///
    /// # Errors
    /// As [`Self::set_registers`], and for a register outside the SH space.
    ///
    /// Source: SET_SH_REG_INDEX with index 3, as PAL `CmdUtil::BuildSetSeqShRegsIndex` and libdrm `shader_test_util.c`.
    pub fn set_cu_masks(&mut self, first: RegOffset, masks: &[u32]) -> Result<&mut Self, BuildError> {
        match first.in_space() {
            (Space::Sh, offset) => {
                const APPLY_KERNEL_MASK: u32 = 3;
                self.push(
                    &SetShRegIndex::new(masks)
                        .with_reg_offset(offset)?
                        .with_index(crate::packets::values::SetShRegIndexIndex(APPLY_KERNEL_MASK))?,
                )
            }
            _ => Err(refuse(first, "SET_SH_REG_INDEX sets SH registers only")),
        }
    }

    /// Refuses a packet that sets a register which a user's stream must leave alone.
    #[inline]
    fn check_registers(&self, layout: &PacketLayout, head: &[u32], tail: &[u32]) -> Result<(), BuildError> {
        for write in layout.register_writes(head, tail) {
            self.check_register(write.register)?;
        }
        Ok(())
    }

    #[inline]
    fn check_register(&self, register: RegOffset) -> Result<(), BuildError> {
        /// COMPUTE_DISPATCH_INITIATOR and the dimensions, which the dispatch packets write.
        const OF_DISPATCH: core::ops::Range<u32> = 0x200..0x204;
        let generation = self.gfx.generation();
        let (space, offset) = register.in_space();
        let index = offset.wrapping_sub(FIRST_COMPUTE);
        if space == Space::Sh && index < COMPUTE_REGISTERS && self.compute >> index & 1 == 1 {
            return Ok(());
        }
        if crate::is_reserved(generation, register) {
            return Err(refuse(register, "it holds state of the kernel or the firmware"));
        }
        if space == Space::Sh && OF_DISPATCH.contains(&offset) {
            return Err(refuse(register, "the dispatch packet writes it"));
        }
        if space == Space::Sh && offset < FIRST_COMPUTE && self.ring == Ring::Compute {
            return Err(refuse(register, "it belongs to the graphics pipe, and this is a compute ring"));
        }
        match Registers::of(generation).at(register) {
            None => Err(refuse(register, "the chip has no such register")),
            Some(found) if found.kernel_only() => Err(refuse(register, "it belongs to the kernel")),
            Some(_) => Ok(()),
        }
    }

    /// Appends NOPs until the length is a multiple of [`Self::ALIGN_DWORDS`].
    ///
    /// # Errors
    /// Where the stream has ended with a jump.
    pub fn pad(&mut self) -> Result<&mut Self, BuildError> {
        self.pad_before(0)
    }

    /// Pads so that the stream ends on the boundary once `more` dwords have been appended to it.
    fn pad_before(&mut self, more: usize) -> Result<&mut Self, BuildError> {
        const ZEROS: [u32; CommandBuffer::ALIGN_DWORDS] = [0; CommandBuffer::ALIGN_DWORDS];
        let end = self.len() + more;
        match (end.next_multiple_of(Self::ALIGN_DWORDS) - end).checked_sub(1).and_then(|payload| ZEROS.get(..payload)) {
            None => Ok(self),
            Some(payload) => self.push(&Nop::new(payload)),
        }
    }

    /// Ends the stream with a jump to another one, so that the last packet ends on the boundary that streams keep.
    ///
    /// `va` is in bytes, `dwords` is the length of the target.
    ///
    /// # Errors
    /// As [`Self::push`]; nothing is appended where the padding and the packet don't both fit.
    pub fn chain(&mut self, va: u64, dwords: u32) -> Result<&mut Self, BuildError> {
        const PACKET: usize = 4;
        let before = self.len();
        if dwords == 0 {
            return Err(BuildError::EmptyTarget);
        }
        let packet = IndirectBuffer::chain_to(va, dwords)?;
        let end = (before + PACKET).next_multiple_of(Self::ALIGN_DWORDS);
        if end > self.limit {
            return Err(BuildError::NoRoom { name: "INDIRECT_BUFFER", need: end - before, room: self.room() });
        }
        self.pad_before(PACKET)?.push(&packet)?;
        self.ended = true;
        Ok(self)
    }
}

fn refuse(register: RegOffset, why: &'static str) -> BuildError {
    BuildError::Register { register: register.dwords(), why }
}

impl Opcode {
    /// Whether a stream for `ring` may hold the packet: the generation defines it and publishes a form for the ring's
    /// engine. What is silent on engines (kernel packets) is taken to run on the graphics ring only.
    pub fn runs_on(self, ring: Ring, generation: crate::Generation) -> bool {
        if !self.is_defined(generation) {
            return false;
        }
        let engines = self.engines(generation);
        match ring {
            Ring::Compute => engines.contains(Engines::MEC),
            Ring::Gfx => engines.is_empty() || engines.intersects(Engines::ME.union(Engines::PFP)),
        }
    }
}

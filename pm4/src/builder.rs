//! Building streams: [`CommandBuffer`] takes whole packets or nothing, so that what it holds can always be submitted.
//!
//! It owns dwords in ordinary memory. Where they go afterwards, and the addresses in them, are the caller's.

use alloc::vec::Vec;

use crate::field::{AddressError, FieldError};
use crate::gfx::{Gfx, Ring};
use crate::header::Header;
use crate::opcode::{Engines, Opcode};
use crate::packets::{IndirectBuffer, Nop, SetContextReg, SetShReg, SetShRegIndex, SetUconfigReg, Type3};
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
    /// The stream cannot be padded that way.
    #[error("{dwords} dwords cannot be padded to a multiple of {multiple}")]
    Padding {
        /// Dwords of the stream.
        dwords: usize,
        /// What their number should be a multiple of.
        multiple: usize,
    },
}

/// A stream in the making, for one ring of one chip.
#[derive(Clone, Debug)]
pub struct CommandBuffer {
    words: Vec<u32>,
    gfx: Gfx,
    ring: Ring,
    limit: usize,
}

impl CommandBuffer {
    /// The longest stream that an INDIRECT_BUFFER packet can call, dwords: its size field has 20 bits.
    pub const MAX_DWORDS: usize = 0xF_FFFF;
    /// What a stream's length must be a multiple of, dwords. Source: Linux `amdgpu_kms.c`, `ib_size_alignment` = 32 bytes.
    pub const ALIGN_DWORDS: usize = 8;

    /// An empty stream.
    pub const fn new(gfx: Gfx, ring: Ring) -> Self {
        Self { words: Vec::new(), gfx, ring, limit: Self::MAX_DWORDS }
    }

    /// An empty stream of at most `limit` dwords, whose memory is reserved now, so that appending allocates nothing.
    pub fn with_limit(gfx: Gfx, ring: Ring, limit: usize) -> Self {
        let limit = limit.min(Self::MAX_DWORDS);
        Self { words: Vec::with_capacity(limit), gfx, ring, limit }
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
    }

    /// Appends a packet.
    ///
    /// # Errors
    /// Nothing is appended where the packet does not fit the stream, its header or the ring.
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
        let (head, tail) = (packet.head(), packet.tail());
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
        let (space, offset) = self.settable(first, values.len())?;
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
        match self.settable(first, masks.len())? {
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

    /// Where `count` registers from `first` on are, if a user's stream may set them all.
    fn settable(&self, first: RegOffset, count: usize) -> Result<(Space, u32), BuildError> {
        let (space, offset) = first.in_space();
        let last = first.dwords().saturating_add(count.saturating_sub(1) as u32); // CAST: lengths are checked against 2^14 by push
        if count > Header::MAX_BODY || Space::of(RegOffset::new(last)) != space {
            return Err(refuse(first, "the values run past the end of its space"));
        }
        let registers = Registers::of(self.gfx.generation());
        for number in first.dwords()..=last {
            if crate::is_reserved(self.gfx.generation(), RegOffset::new(number)) {
                return Err(refuse(RegOffset::new(number), "it holds state of the kernel or the firmware"));
            }
            if space == Space::Uconfig && registers.at(RegOffset::new(number)).is_none_or(|found| found.kernel_only()) {
                return Err(refuse(RegOffset::new(number), "it is not one that a user's stream may set"));
            }
        }
        Ok((space, offset))
    }

    /// Appends NOPs until the length is a multiple of [`Self::ALIGN_DWORDS`].
    ///
    /// # Errors
    /// Where the limit of the stream is in the way.
    pub fn pad(&mut self) -> Result<&mut Self, BuildError> {
        self.pad_to(Self::ALIGN_DWORDS, 0)
    }

    /// Pads so that the stream ends on a multiple of `multiple` dwords once `more` dwords have been appended to it.
    fn pad_to(&mut self, multiple: usize, more: usize) -> Result<&mut Self, BuildError> {
        const ZEROS: [u32; CommandBuffer::ALIGN_DWORDS] = [0; CommandBuffer::ALIGN_DWORDS];
        let need = (self.len() + more).next_multiple_of(multiple) - (self.len() + more);
        match need.checked_sub(1) {
            None => Ok(self),
            Some(payload) => {
                let zeros = ZEROS.get(..payload).ok_or(BuildError::Padding { dwords: self.len(), multiple })?;
                self.push(&Nop::new(zeros))
            }
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
        let packet = IndirectBuffer::chain_to(va, dwords)?;
        let end = (before + PACKET).next_multiple_of(Self::ALIGN_DWORDS);
        if end > self.limit {
            return Err(BuildError::NoRoom { name: "INDIRECT_BUFFER", need: end - before, room: self.room() });
        }
        self.pad_to(Self::ALIGN_DWORDS, PACKET)?.push(&packet)
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

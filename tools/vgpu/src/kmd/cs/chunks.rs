//! The chunks of a submission: what the first pass checks, and what the second does with them.

use super::{Member, Parser};
use crate::kmd::bo_list;
use crate::kmd::bytes::Block;
use crate::kmd::config::Flavour;
use crate::kmd::errno::Errno;
use crate::kmd::job::{Ib, Ip, Shadow, ib_flags};
use crate::kmd::run::IB_DWORDS;
use crate::kmd::vm::PAGE;
use crate::kmd::wait;

/// Rings that one submission may use. Source: Linux `amdgpu_cs.h`, `AMDGPU_CS_GANG_SIZE`.
const GANG: usize = 4;

/// Chunk ids. Source: Linux `include/uapi/drm/amdgpu_drm.h`, `AMDGPU_CHUNK_ID_*`.
pub(super) mod id {
    pub(crate) const IB: u32 = 1;
    pub(crate) const FENCE: u32 = 2;
    pub(crate) const DEPENDENCIES: u32 = 3;
    pub(crate) const SYNCOBJ_IN: u32 = 4;
    pub(crate) const SYNCOBJ_OUT: u32 = 5;
    pub(crate) const BO_HANDLES: u32 = 6;
    pub(crate) const SCHEDULED_DEPENDENCIES: u32 = 7;
    pub(crate) const TIMELINE_WAIT: u32 = 8;
    pub(crate) const TIMELINE_SIGNAL: u32 = 9;
    pub(crate) const CP_GFX_SHADOW: u32 = 10;
}

/// One chunk, copied from the client.
#[derive(Debug)]
pub(super) struct Chunk {
    pub(super) id: u32,
    pub(super) data: Block,
}

impl Chunk {
    fn at_least(&self, bytes: usize) -> Result<(), Errno> {
        if self.data.0.len() < bytes { Err(Errno::EINVAL) } else { Ok(()) }
    }

    /// The offsets of the entries of an array; what is left over at the end does not count.
    pub(super) fn entries(&self, bytes: usize) -> impl Iterator<Item = usize> + use<> {
        (0..self.data.0.len() / bytes).map(move |at| at * bytes)
    }
}

/// IBs of one job. Source: Linux `gfx_v11_0.c` and `amdgpu_ring.c`, `amdgpu_ring_max_ibs`.
pub(crate) const fn most_ibs(ip: Ip) -> u32 {
    match ip {
        Ip::Gfx => 192,
        Ip::Compute => 125,
        Ip::Dma => 49,
    }
}

impl Parser<'_> {
    /// The first pass over a chunk.
    pub(super) fn look(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        match chunk.id {
            id::IB => self.look_ib(chunk),
            id::FENCE => self.look_fence(chunk),
            id::BO_HANDLES => {
                chunk.at_least(24)?;
                if self.list.is_some() {
                    return Err(Errno::EINVAL);
                }
                let handles = bo_list::read(self.file, self.user, &chunk.data)?;
                self.list = Some(bo_list::objects(self.file, self.user, &handles)?);
                Ok(())
            }
            id::CP_GFX_SHADOW if self.flavour() != Flavour::V6_1 => chunk.at_least(32),
            id::DEPENDENCIES..=id::TIMELINE_SIGNAL => Ok(()),
            _ => Err(Errno::EINVAL),
        }
    }

    fn look_ib(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        chunk.at_least(32)?;
        let (ip, instance, ring) = (chunk.data.u32(20), chunk.data.u32(24), chunk.data.u32(28));
        let entity = if self.flavour() == Flavour::V6_1 {
            let gpu = &self.file.gpu;
            self.context.entity(ip, instance, ring, |ip| gpu.ring_count(ip), || gpu.shared.number())?
        } else {
            wait::entity(self.file, self.context.id, ip, instance, ring)?
        };
        let known = self.gang.iter().position(|member| member.entity.id == entity.id);
        if known.is_none() && self.gang.len() == GANG {
            return Err(Errno::EINVAL);
        }
        let limited = self.flavour() != Flavour::V6_1;
        let most = most_ibs(entity.ip);
        let at = known.unwrap_or(self.gang.len());
        if known.is_none() {
            self.gang.push(Member { entity, ibs: Vec::new(), count: 0, preempt: 0 });
        }
        let member = self.gang.get_mut(at).ok_or(Errno::EINVAL)?;
        member.count += 1;
        if limited && member.count > most {
            return Err(Errno::EINVAL);
        }
        self.leader = at;
        Ok(())
    }

    fn look_fence(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        chunk.at_least(8)?;
        if self.user_fence.is_some() && self.flavour() != Flavour::V6_1 {
            return Err(Errno::EINVAL);
        }
        let (handle, offset) = (chunk.data.u32(0), chunk.data.u32(4));
        let bo = self.file.bo(handle).ok_or(Errno::EINVAL)?;
        if bo.bytes != PAGE || u64::from(offset) > PAGE - 8 || bo.user.is_some() {
            return Err(Errno::EINVAL);
        }
        self.user_fence = Some((bo, offset));
        Ok(())
    }

    /// The second pass over a chunk.
    pub(super) fn take(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        match chunk.id {
            id::IB => self.take_ib(chunk),
            id::DEPENDENCIES => self.depend(chunk, false),
            id::SCHEDULED_DEPENDENCIES => self.depend(chunk, true),
            id::SYNCOBJ_IN => self.wait_binary(chunk),
            id::TIMELINE_WAIT => self.wait_timeline(chunk),
            id::SYNCOBJ_OUT => self.signal_binary(chunk),
            id::TIMELINE_SIGNAL => self.signal_timeline(chunk),
            id::CP_GFX_SHADOW => self.take_shadow(chunk),
            _ => Ok(()),
        }
    }

    fn take_ib(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        let (flags, va, bytes) = (chunk.data.u32(4), chunk.data.u64(8), chunk.data.u32(16));
        let (ip, ring) = (chunk.data.u32(20), chunk.data.u32(28));
        let flavour = self.flavour();
        let ip = Ip::from_raw(ip).ok_or(Errno::EINVAL)?;
        let is = |member: &&mut Member| member.entity.ip == ip && member.entity.ring == ring;
        let member = self.gang.iter_mut().find(is).ok_or(Errno::EINVAL)?;
        if flags & ib_flags::CE != 0 && flavour == Flavour::V7_3 {
            return Err(Errno::EINVAL);
        }
        if ip == Ip::Gfx && flags & ib_flags::PREEMPT != 0 {
            member.preempt += 1;
            if member.preempt > 1 {
                return Err(Errno::EINVAL);
            }
        }
        let size_dw = bytes / 4;
        if size_dw > IB_DWORDS && flavour != Flavour::V6_1 {
            return Err(Errno::EINVAL);
        }
        member.ibs.push(Ib { va, size_dw, flags });
        Ok(())
    }

    fn take_shadow(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        const INIT: u64 = 1;
        let word = |at: usize| chunk.data.u64(at * 8);
        if word(3) & !INIT != 0 {
            return Err(Errno::EINVAL);
        }
        self.shadow = Some(Shadow { shadow_va: word(0), csa_va: word(1), gds_va: word(2), init: word(3) & INIT != 0 });
        Ok(())
    }
}

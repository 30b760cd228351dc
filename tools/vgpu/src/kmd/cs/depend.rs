//! What a submission waits for and what it signals.

use super::chunks::Chunk;
use super::{Parser, Signal};
use crate::kmd::errno::Errno;
use crate::kmd::ring::Dependency;
use crate::kmd::sync::lock;
use crate::kmd::{syncobj_calls, wait};

impl Parser<'_> {
    /// Earlier jobs of this file. Those that are done for long do not matter.
    pub(super) fn depend(&mut self, chunk: &Chunk, scheduled_only: bool) -> Result<(), Errno> {
        for at in chunk.entries(24) {
            let data = &chunk.data;
            let (ip, instance, ring) = (data.u32(at), data.u32(at + 4), data.u32(at + 8));
            let (context, handle) = (data.u32(at + 12), data.u64(at + 16));
            let entity = wait::entity(self.file, context, ip, instance, ring)?;
            let fence = lock(&entity.sequences).get(handle)?;
            self.dependencies.extend(fence.map(|fence| Dependency { fence, scheduled_only }));
        }
        Ok(())
    }

    fn wait_for(&mut self, handle: u32, point: u64, flags: u32) -> Result<(), Errno> {
        let syncobj = self.file.syncobj(handle).ok_or(Errno::ENOENT)?;
        let fence = syncobj_calls::find_fence(self.file, &syncobj, point, flags).inspect_err(|errno| {
            let text = format!("syncobj {handle} failed to find fence @ {point} ({errno})");
            self.file.report(crate::kmd::report::Kind::Log, text);
        })?;
        self.dependencies.push(Dependency { fence, scheduled_only: false });
        Ok(())
    }

    pub(super) fn wait_binary(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        chunk.entries(4).try_for_each(|at| self.wait_for(chunk.data.u32(at), 0, 0))
    }

    pub(super) fn wait_timeline(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        let data = &chunk.data;
        chunk.entries(16).try_for_each(|at| self.wait_for(data.u32(at), data.u64(at + 8), data.u32(at + 4)))
    }

    /// Only one chunk of either kind may signal.
    fn signals(&mut self, pairs: impl Iterator<Item = (u32, u64)>) -> Result<(), Errno> {
        if self.signals.is_some() {
            return Err(Errno::EINVAL);
        }
        let signal = |(handle, point)| {
            let syncobj = self.file.syncobj(handle).ok_or(Errno::EINVAL)?;
            Ok(Signal { syncobj, point })
        };
        self.signals = Some(pairs.map(signal).collect::<Result<_, Errno>>()?);
        Ok(())
    }

    pub(super) fn signal_binary(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        self.signals(chunk.entries(4).map(|at| (chunk.data.u32(at), 0)))
    }

    pub(super) fn signal_timeline(&mut self, chunk: &Chunk) -> Result<(), Errno> {
        self.signals(chunk.entries(16).map(|at| (chunk.data.u32(at), chunk.data.u64(at + 8))))
    }
}

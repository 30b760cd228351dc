//! The end of a submission: the objects, the order, the numbers, and off to the rings.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::{Member, Parser};
use crate::kmd::bo::{Bo, create};
use crate::kmd::config::Flavour;
use crate::kmd::errno::Errno;
use crate::kmd::fence::Fence;
use crate::kmd::job::{Ip, Job, ib_flags};
use crate::kmd::ring::{Dependency, Task, UserFence};
use crate::kmd::sync::{Until, lock};
use crate::kmd::syncobj_calls;
use crate::kmd::view::VmView;

impl Parser<'_> {
    /// The objects of the job, ready for it: those of the list, and the one of the user fence.
    pub(super) fn objects(&mut self, list: u32) -> Result<Vec<Arc<Bo>>, Errno> {
        let mut objects = match (list, self.list.take()) {
            (0, inline) => inline.unwrap_or_default(),
            (_, Some(_)) => return Err(Errno::EINVAL),
            (list, None) => {
                let tables = lock(&self.file.tables);
                tables.lists.get(list).ok_or(Errno::ENOENT)?.as_ref().clone()
            }
        };
        objects.extend(self.user_fence.iter().map(|(bo, _)| bo.clone()));
        objects.sort_by_key(|bo| bo.id);
        objects.dedup_by_key(|bo| bo.id);
        let inject = &self.file.gpu.shared.inject;
        inject.interruptible()?;
        inject.memory()?;
        for bo in objects.iter().filter(|bo| bo.user.is_some()) {
            inject.user_pages()?;
            bo.pull()?;
        }
        // Objects that other address spaces use are synchronised without being asked, unless their maker declined.
        for bo in objects.iter().filter(|bo| bo.flags & create::EXPLICIT_SYNC == 0) {
            let others = bo.reservation.pending().into_iter().filter(|fence| fence.owner != self.file.vm.id);
            self.dependencies.extend(others.map(|fence| Dependency { fence, scheduled_only: false }));
        }
        Ok(objects)
    }

    /// Waits until the leader's entity has room, with no lock held.
    fn wait_for_room(&self) -> Result<(), Errno> {
        let leader = self.gang.get(self.leader).ok_or(Errno::EINVAL)?;
        let room = || {
            let in_the_way = lock(&leader.entity.sequences).in_the_way();
            in_the_way.is_none_or(|fence| fence.is_done())
        };
        if room() {
            return Ok(());
        }
        let gpu = &self.file.gpu;
        gpu.shared.inject.interruptible()?;
        gpu.bell().wait(Until::Forever, || (self.file.is_gone() || room()).then_some(()));
        if self.file.is_gone() { Err(Errno::ENODEV) } else { Ok(()) }
    }

    fn job(&self, member: &Member, vm: Arc<VmView>, sequence: u64) -> Job {
        let gpu = &self.file.gpu;
        Job {
            device: gpu.index,
            chip: gpu.device.chip,
            ip: member.entity.ip,
            ring: 0,
            client_ring: member.entity.ring,
            pid: self.file.client.pid,
            context: self.context.id,
            sequence,
            vm,
            ibs: member.ibs.clone(),
            context_switch: true,
            sync_before: member.ibs.first().is_some_and(|ib| ib.flags & ib_flags::EMIT_MEM_SYNC != 0),
            invalidate_after: self.flavour() == Flavour::V6_1,
            shadow: self.shadow,
            lockup: gpu.shared.config.scaled(self.flavour().lockup(member.entity.ip == Ip::Compute)),
            cancel: Arc::new(AtomicBool::new(false)),
            started: gpu.started,
        }
    }

    /// Numbers the job of the leader, makes fences known, and hands all to the rings.
    pub(super) fn submit(self, objects: Vec<Arc<Bo>>) -> Result<u64, Errno> {
        let (file, gpu) = (self.file, &self.file.gpu);
        let held = loop {
            self.wait_for_room()?;
            let held = lock(&self.context.submitting);
            let leader = self.gang.get(self.leader).ok_or(Errno::EINVAL)?;
            let in_the_way = lock(&leader.entity.sequences).in_the_way();
            if in_the_way.is_none_or(|fence| fence.is_done()) {
                break held;
            }
        };
        let listed: Arc<HashSet<u64>> = Arc::new(objects.iter().map(|bo| bo.id).collect());
        let view = file.vm.view(listed.clone(), gpu.shared.config.strict);
        let fences: Vec<_> = self.gang.iter().map(|_| Fence::pending(gpu.bell(), file.vm.id)).collect();
        let last = fences.get(self.leader).ok_or(Errno::EINVAL)?;
        let leader = self.gang.get(self.leader).ok_or(Errno::EINVAL)?;
        let sequence = lock(&leader.entity.sequences).push(last.clone());
        for fence in &fences {
            file.vm.reservation.add(fence);
            file.vm.uses(fence, listed.clone());
            objects.iter().for_each(|bo| bo.reservation.add(fence));
        }
        for signal in self.signals.iter().flatten() {
            syncobj_calls::attach(file, &signal.syncobj, signal.point, last.clone());
        }
        let hang = gpu.shared.inject.submission_hangs();
        let mut tasks = Vec::new();
        for (at, (member, fence)) in self.gang.iter().zip(&fences).enumerate() {
            let leads = at == self.leader;
            let copy = |of: &Dependency| Dependency { fence: of.fence.clone(), scheduled_only: of.scheduled_only };
            let mut dependencies: Vec<_> = self.dependencies.iter().map(copy).collect();
            if leads {
                let others = fences.iter().enumerate().filter(|(other, _)| *other != at);
                dependencies.extend(others.map(|(_, f)| Dependency { fence: f.clone(), scheduled_only: true }));
            }
            let user_fence = self.user_fence.as_ref().filter(|_| leads);
            tasks.push(Task {
                job: self.job(member, view.clone(), if leads { sequence } else { 0 }),
                fence: fence.clone(),
                dependencies,
                entity: member.entity.clone(),
                context: self.context.clone(),
                vm: file.vm.clone(),
                user_fence: user_fence.map(|(bo, at)| UserFence { bo: bo.clone(), offset: *at, value: sequence }),
                objects: objects.clone(),
                vram_lost: self.context.vram_lost_at_start,
                hang: hang && leads,
            });
        }
        gpu.submit(tasks);
        drop(held);
        Ok(sequence)
    }
}

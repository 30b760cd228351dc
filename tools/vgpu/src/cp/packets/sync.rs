//! RELEASE_MEM and ACQUIRE_MEM.

use sparkle_pm4::packets::values::{
    DataSel, EventIndex, EventType, GcrRange, GliInv, IntSel, PwsEna, ReleaseMemDstSel,
};
use sparkle_pm4::packets::{AcquireMem, ReleaseMem};
use sparkle_pm4::{Ring, Type3};

use super::event::TIMESTAMPED;
use crate::cp::memory::{canonical, nth};
use crate::cp::outcome::{Access, Stop};
use crate::cp::run::Run;
use crate::sanitize::CacheSet;

impl Run<'_> {
    pub(super) fn release_mem(&mut self, release: &ReleaseMem) -> Result<(), Stop> {
        let (event, index) = (release.event_type(), release.event_index());
        if !TIMESTAMPED.contains(&event) {
            return Err(Stop::Hang(format!("RELEASE_MEM with {event:?}, which is no event of the end of the pipe")));
        }
        let wanted = match event {
            EventType::CS_DONE | EventType::PS_DONE => EventIndex::SHADER_DONE,
            _ => EventIndex::END_OF_PIPE,
        };
        if index != wanted {
            let what = || format!("{event:?} with event index {}, where it has {}", index.0, wanted.0);
            self.finding("cp-event-index", true, what)?;
        }
        if release.glm_wb() && !release.glm_inv() {
            self.finding("cp-glm", true, || "GLM_WB without GLM_INV, which is not supported".into())?;
        }
        self.caches(CacheSet::of_release(nth(release.head(), 0)), None);
        if self.ring == Ring::Gfx && release.pws_enable() {
            // It counts instead of writing.
            self.order.counts();
            return Ok(());
        }
        self.release_data(release)
    }

    fn release_data(&mut self, release: &ReleaseMem) -> Result<(), Stop> {
        let data = release.data_sel();
        match release.int_sel() {
            IntSel::NONE | IntSel::SEND_DATA_AND_WRITE_CONFIRM => {}
            IntSel::SEND_INTERRUPT_AFTER_WRITE_CONFIRM if self.is_kernel() => {}
            IntSel::SEND_INTERRUPT_ONLY if self.is_kernel() && data == DataSel::NONE => {}
            IntSel::SEND_INTERRUPT_AFTER_WRITE_CONFIRM => {
                self.finding("cp-interrupt", true, || "interrupts are the kernel's".into())?;
            }
            other => return Err(Stop::not_modelled(format_args!("RELEASE_MEM with INT_SEL {other:?}"))),
        }
        if data == DataSel::NONE {
            return Ok(());
        }
        if !matches!(release.dst_sel(), ReleaseMemDstSel::MEMORY_CONTROLLER | ReleaseMemDstSel::TC_L2) {
            return Err(Stop::not_modelled(format_args!("RELEASE_MEM to {:?}", release.dst_sel())));
        }
        let low = u64::from(release.data_lo());
        let value = u64::from(release.data_hi()) << 32 | low;
        let va = match data {
            DataSel::SEND_32_BIT_LOW => {
                let va = release.address_32b();
                self.memory.write(va, &[release.data_lo()])?;
                va
            }
            DataSel::SEND_64_BIT_DATA => {
                let va = release.address_64b();
                self.aligned8(release)?;
                self.memory.write_u64(va, value)?;
                va
            }
            DataSel::SEND_GPU_CLOCK_COUNTER | DataSel::SEND_SYSTEM_CLOCK_COUNTER => {
                let va = release.address_64b();
                self.aligned8(release)?;
                self.memory.write_u64(va, self.device.now())?;
                va
            }
            DataSel::ATOMIC_ADD32BIT_LOW if self.ring == Ring::Compute => {
                let va = release.address_add();
                self.memory.update(va, false, |old| old.wrapping_add(low))?;
                va
            }
            other => return Err(Stop::not_modelled(format_args!("RELEASE_MEM with DATA_SEL {other:?}"))),
        };
        self.order.releases(canonical(va));
        Ok(())
    }

    /// The packet drops the low bits of an address; the kernel warns of them.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_ring_emit_fence`.
    fn aligned8(&self, release: &ReleaseMem) -> Result<(), Stop> {
        let low = nth(release.head(), 2);
        if low.is_multiple_of(8) {
            return Ok(());
        }
        let what = || format!("64 bits go to an address that ends in {:#x}, which is no multiple of 8", low & 0xff);
        self.finding("cp-align", true, what)
    }

    pub(super) fn acquire_mem(&mut self, acquire: &AcquireMem) -> Result<(), Stop> {
        let gcr = acquire.gcr_cntl();
        if self.ring == Ring::Gfx && acquire.pws_ena() == PwsEna::PIXEL_WAIT_SYNC_ENABLE {
            self.order.waited_for_count();
            if self.order.pending.is_empty() {
                self.watch.coherence.idle();
            }
            self.caches(CacheSet::of_acquire(gcr.0), None);
            return Ok(());
        }
        let ranged =
            gcr.gli_inv() == GliInv::RANGE || gcr.gl1_range() == GcrRange::RANGE || gcr.gl2_range() == GcrRange::RANGE;
        let mut range = None;
        if ranged && gcr.range_is_pa() {
            return Err(Stop::not_modelled("ACQUIRE_MEM of a range of physical addresses"));
        }
        if ranged {
            let base = canonical(acquire.coher_base());
            let bytes = (u64::from(acquire.coher_size_hi()) << 32 | u64::from(acquire.coher_size())) << 8;
            // The operation walks the translations of the range. Source: AMD PAL `gfx9CmdUtil.cpp`, acquire of a range.
            self.memory.check(base, bytes, Access::Read)?;
            range = Some(base..base.saturating_add(bytes));
        }
        let set = CacheSet::of_acquire(gcr.0);
        if (set.vector || set.gl1 || set.scalar)
            && let Some(pending) = self.order.pending.last()
        {
            let at = pending.at.clone();
            let what = || {
                format!("caches are invalidated while waves of the {at} may still store: CS_PARTIAL_FLUSH comes first")
            };
            if self.watch.shader.wants_footprint() {
                self.finding("cp-acquire-early", false, what)?;
            }
        }
        self.caches(set, range);
        Ok(())
    }
}

//! EVENT_WRITE.

use sparkle_pm4::Ring;
use sparkle_pm4::packets::values::{EventIndex, EventType};

use crate::cp::outcome::Stop;
use crate::cp::run::Run;

/// Events that come at the end of the pipe, or when shaders are done: RELEASE_MEM's.
///
/// Source: AMD PAL `gfx9CmdUtil.cpp`, `VgtEventHasTs`; Mesa `src/amd/registers/pkt3.json`.
pub(super) const TIMESTAMPED: [EventType; 8] = [
    EventType::CACHE_FLUSH_TS,
    EventType::CACHE_FLUSH_AND_INV_TS_EVENT,
    EventType::BOTTOM_OF_PIPE_TS,
    EventType::FLUSH_SX_TS,
    EventType::FLUSH_AND_INV_DB_DATA_TS,
    EventType::FLUSH_AND_INV_CB_DATA_TS,
    EventType::CS_DONE,
    EventType::PS_DONE,
];

/// Events of the graphics pipeline, which is empty, and of counters and traces, which only other packets read.
const WITHOUT_EFFECT: [EventType; 21] = [
    EventType::CONTEXT_DONE,
    EventType::CACHE_FLUSH,
    EventType::BREAK_BATCH,
    EventType::VS_PARTIAL_FLUSH,
    EventType::PS_PARTIAL_FLUSH,
    EventType::FLUSH_DFSM,
    EventType::CACHE_FLUSH_AND_INV_EVENT,
    EventType::PERFCOUNTER_START,
    EventType::PERFCOUNTER_STOP,
    EventType::PIPELINESTAT_START,
    EventType::PIPELINESTAT_STOP,
    EventType::PERFCOUNTER_SAMPLE,
    EventType::BLOCK_CONTEXT_DONE,
    EventType::CS_CONTEXT_DONE,
    EventType::VGT_FLUSH,
    EventType::SQ_NON_EVENT,
    EventType::DB_CACHE_FLUSH_AND_INV,
    EventType::FLUSH_AND_INV_DB_META,
    EventType::FLUSH_AND_INV_CB_META,
    EventType::FLUSH_AND_INV_CB_PIXEL_DATA,
    EventType::THREAD_TRACE_MARKER,
];

impl Run<'_> {
    /// `address`: of the form that has one.
    pub(super) fn event_write(
        &mut self,
        event: EventType,
        index: EventIndex,
        address: Option<u64>,
    ) -> Result<(), Stop> {
        if TIMESTAMPED.contains(&event) {
            return Err(Stop::Hang(format!(
                "{event:?} by EVENT_WRITE: events of the end of the pipe are RELEASE_MEM's"
            )));
        }
        if event == EventType::CS_PARTIAL_FLUSH {
            if index != EventIndex::CS_PARTIAL_FLUSH {
                let what = || format!("CS_PARTIAL_FLUSH with event index {}, where it has 4", index.0);
                self.finding("cp-event-index", true, what)?;
            }
            self.order.idle();
            self.watch.coherence.idle();
            return Ok(());
        }
        if self.ring == Ring::Compute && !matches!(index.0, 0 | 2 | 4) {
            let what = || format!("event index {}, where compute rings have 0, 2 and 4", index.0);
            self.finding("cp-event-index", true, what)?;
        }
        // Its parameters are in the place of an address.
        let control = self.ring == Ring::Gfx && event == EventType::PIXEL_PIPE_STAT_CONTROL;
        let reset = self.ring == Ring::Gfx && event == EventType::PIXEL_PIPE_STAT_RESET;
        if control || reset || address.is_none() && WITHOUT_EFFECT.contains(&event) {
            return Ok(());
        }
        Err(Stop::not_modelled(format_args!("EVENT_WRITE with {event:?}")))
    }
}

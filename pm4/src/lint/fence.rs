//! Fences that packets write themselves, without the end of the pipe.

use alloc::format;

use super::structure::OpcodeName;
use super::sync::GL2_WB;
use super::{At, Finding, Linter, Rule};
use crate::decode::walk::Memory;
use crate::packets::Packet;

/// Whether a packet writes memory at once, a value that may be a fence. Clocks, counters and registers that COPY_DATA takes
/// down are none. Source: AMD PAL `PM4_MEC_COPY_DATA`, `src_sel`.
fn may_be_fence(at: &At<'_>) -> bool {
    match &at.packet {
        Packet::WriteData(_) | Packet::AtomicMem(_) => true,
        Packet::CopyData(_) => matches!(at.dword(1) & 0xF, 1 | 2 | 5 | 6),
        _ => false,
    }
}

impl<M: Memory + ?Sized> Linter<'_, M> {
    /// A packet that is no RELEASE_MEM writes at once: what reads it as a fence takes the waves' results for done.
    pub(super) fn check_fence(&mut self, at: &At<'_>, va: u64) {
        if !may_be_fence(at) || !self.work.dispatched {
            return;
        }
        let name = OpcodeName(at.header.opcode(), self.generation);
        let is_fence = self.buffer_at(va).is_some_and(|buffer| buffer.role.as_deref() == Some("fence"));
        let written_back = self.work.since_dispatch & GL2_WB != 0;
        if self.work.running && (is_fence || self.options.buffers.is_none()) {
            let message = format!(
                "{name} writes {va:#x} while waves of the dispatch before may still run: signal by RELEASE_MEM, or insert \
                 c0004600 00000407 before it"
            );
            if is_fence {
                self.report(Rule::FenceTooEarly, at.at, message);
            } else if let Some(frame) = self.frames.last() {
                let (rule, root, stream) = (Rule::FenceTooEarly, self.root, frame.stream);
                self.work.early_write = Some(Finding { rule, root, stream, at: at.at, message });
            }
        } else if is_fence && !written_back {
            let message = format!(
                "{name} writes the fence {va:#x} and GL2 is not written back since the dispatch: insert ACQUIRE_MEM 0x8030 \
                 before it, or signal by RELEASE_MEM"
            );
            self.report(Rule::FenceTooEarly, at.at, message);
        }
    }
}

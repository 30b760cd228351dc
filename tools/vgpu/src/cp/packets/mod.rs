//! What each packet does.

mod atomic;
mod control;
mod copy;
mod dma;
mod event;
mod registers;
mod sync;
mod wait;
mod write;

use sparkle_pm4::packets::Tail;
use sparkle_pm4::{Engines, Opcode, Packet, Ring};

use super::outcome::Stop;
use super::run::Run;
pub(crate) use atomic::operation as atomic_operation;

impl Run<'_> {
    /// Executes a packet.
    pub(super) fn packet(&mut self, opcode: Opcode, packet: &Packet<'_>) -> Result<(), Stop> {
        self.check_engine(opcode)?;
        match packet {
            Packet::Nop(_) => Ok(()),

            Packet::SetShReg(_)
            | Packet::SetShRegIndex(_)
            | Packet::SetContextReg(_)
            | Packet::SetUconfigReg(_)
            | Packet::SetUconfigRegIndex(_)
            | Packet::SetConfigReg(_)
            | Packet::SetContextRegPairs(_)
            | Packet::SetContextRegPairsPacked(_)
            | Packet::SetShRegPairs(_)
            | Packet::SetShRegPairsPacked(_)
            | Packet::SetShRegPairsPackedN(_) => self.set_registers(packet),
            Packet::LoadShRegIndex(load) => self.load_sh(load),
            Packet::LoadUconfigRegIndex(load) => self.load_uconfig(load),
            Packet::LoadContextRegIndex(load) => self.load_context(load),
            Packet::RegRmw(rmw) => self.reg_rmw(rmw),
            Packet::ContextRegRmw(rmw) => self.context_reg_rmw(rmw),
            Packet::ClearState(clear) => self.clear_state(clear),
            Packet::ContextControl(control) => self.context_control(control),
            Packet::SetBase(base) => {
                self.state.bases.insert(base.base_index().0, base.address());
                Ok(())
            }

            Packet::DispatchDirect(dispatch) => {
                let dims = [dispatch.dim_x(), dispatch.dim_y(), dispatch.dim_z()];
                self.dispatch(dims, dispatch.dispatch_initiator())
            }
            Packet::DispatchIndirect(dispatch) if self.ring == Ring::Compute => {
                self.dispatch_at(dispatch.addr(), dispatch.dispatch_initiator())
            }
            Packet::DispatchIndirectOffset(dispatch) if self.ring == Ring::Gfx => {
                let base = self.base(1, "DISPATCH_INDIRECT")?;
                self.dispatch_at(base.wrapping_add(dispatch.data_offset().into()), dispatch.dispatch_initiator())
            }
            Packet::DispatchIndirect(_) | Packet::DispatchIndirectOffset(_) => {
                Err(Stop::Hang(format!("DISPATCH_INDIRECT in the form of the other kind of ring than {:?}", self.ring)))
            }

            Packet::WriteData(write) => self.write_data(write),
            Packet::CondWrite(write) => self.cond_write(write),
            Packet::CopyData(copy) => self.copy_data(copy),
            Packet::Timestamp(stamp) => self.timestamp(stamp),
            Packet::DmaData(dma) => self.dma_data(dma),
            Packet::DmaDataFillMulti(fill) => self.dma_fill_multi(fill),
            Packet::PrimeUtcl2(_) => Ok(()),
            Packet::AtomicMem(atomic) => self.atomic_mem(atomic),

            Packet::EventWrite(event) => self.event_write(event.event_type(), event.event_index(), None),
            Packet::EventWriteMemory(event) => {
                self.event_write(event.event_type(), event.event_index(), Some(event.address()))
            }
            Packet::ReleaseMem(release) => self.release_mem(release),
            Packet::AcquireMem(acquire) => self.acquire_mem(acquire),
            Packet::WaitRegMem(wait) => self.wait_reg_mem(wait),
            Packet::WaitRegMem64(wait) => self.wait_reg_mem64(wait),
            // The model has no prefetcher that runs ahead.
            Packet::PfpSyncMe(_) => Ok(()),

            Packet::IndirectBuffer(ib) => self.indirect_buffer(ib),
            Packet::CondIndirectBuffer(ib) => self.cond_indirect_buffer(ib),
            Packet::CondExec(cond) => self.cond_exec(cond),
            Packet::PredExec(pred) => self.pred_exec(pred),
            Packet::SetPredication(predication) => self.set_predication(predication),
            Packet::Rewind(rewind) => self.rewind(rewind),

            // State of draws, which do not come.
            Packet::IndexBase(_) | Packet::IndexBufferSize(_) | Packet::NumInstances(_) => Ok(()),

            Packet::FrameControl(_)
            | Packet::PreambleCntl(_)
            | Packet::SwitchBuffer(_)
            | Packet::HdpFlush(_)
            | Packet::InvalidateTlbs(_)
            | Packet::SetQPreemptionMode(_) => self.kernel_packet(opcode),

            Packet::Opaque(opaque) => Err(match opaque.layout {
                Some(layout) => {
                    let (have, need) = (opaque.body.len(), layout.head_dwords);
                    let data = if layout.tail == Tail::None { "" } else { " and its data" };
                    Stop::Hang(format!("{opcode} with {have} dwords behind the header, where it has {need}{data}"))
                }
                None => Stop::not_modelled(opcode),
            }),
            _ => Err(Stop::not_modelled(opcode)),
        }
    }

    /// Refuses packets that the ring's engines don't have.
    ///
    /// Source: AMD PAL's packet headers by engine, as [`Opcode::engines`] has them; PAL `gfx9CmdUtil.cpp`: PFP_SYNC_ME
    /// hangs a compute queue.
    fn check_engine(&self, opcode: Opcode) -> Result<(), Stop> {
        let generation = self.device.gfx().generation();
        let engines = opcode.engines(generation);
        let ring = match self.ring {
            Ring::Compute => Engines::MEC,
            Ring::Gfx => Engines::ME.union(Engines::PFP),
        };
        if opcode.has_engine_data(generation) && !engines.intersects(ring) {
            let name = if self.ring == Ring::Compute { "compute" } else { "graphics" };
            return Err(Stop::Hang(format!("{opcode} is no packet of {name} rings")));
        }
        Ok(())
    }

    /// Packets with which the kernel frames streams: nothing of what they do is modelled, and none of it shows.
    fn kernel_packet(&self, opcode: Opcode) -> Result<(), Stop> {
        if self.is_kernel() {
            return Ok(());
        }
        Err(Stop::Illegal(format!("{opcode} is the kernel's")))
    }

    /// An address that SET_BASE has set.
    fn base(&self, index: u32, who: &str) -> Result<u64, Stop> {
        self.state.bases.get(&index).copied().ok_or_else(|| {
            Stop::Hang(format!("{who} counts from the base with index {index}, which no SET_BASE has set"))
        })
    }

    /// The command processor is about to read or write what a dispatch may still be writing, or what GL2 has old.
    fn race(&self, va: u64, bytes: u64, writes: bool) -> Result<(), Stop> {
        if !writes {
            self.check_fresh_data(va, bytes)?;
        }
        let Some((at, touched)) = self.order.touching(super::memory::canonical(va), bytes, writes) else {
            return Ok(());
        };
        let verb = if writes { "written" } else { "read" };
        let what = || {
            format!("{touched:#x} is {verb} here while waves of the {at} may still touch it: nothing waits for them")
        };
        self.finding("cp-order", false, what)
    }

    /// Tells of what the host has written since GL2 took it in.
    pub(super) fn check_fresh_data(&self, va: u64, bytes: u64) -> Result<(), Stop> {
        let Some(old) = self.watch.coherence.processor_reads(super::memory::canonical(va), bytes) else {
            return Ok(());
        };
        let what =
            || format!("GL2 may have {old:#x} as it was before the host wrote it, and there was no GL2_INV since");
        self.finding("cp-stale-data", false, what)
    }

    /// Reads a dword or, `wide`, two.
    fn read_value(&self, va: u64, wide: bool) -> Result<u64, Stop> {
        self.race(va, if wide { 8 } else { 4 }, false)?;
        if wide { self.memory.read_u64(va) } else { self.memory.read_u32(va).map(u64::from) }
    }

    /// Writes a dword or, `wide`, two.
    fn write_value(&self, va: u64, wide: bool, value: u64) -> Result<(), Stop> {
        self.race(va, if wide { 8 } else { 4 }, true)?;
        if wide { self.memory.write_u64(va, value) } else { self.memory.write(va, &[value as u32]) } // CAST: the low dword is meant
    }
}

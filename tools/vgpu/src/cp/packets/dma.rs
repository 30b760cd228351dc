//! DMA_DATA and DMA_DATA_FILL_MULTI: the command processor's copies.

use sparkle_pm4::packets::values::{AddressIncrement, AddressSpace, DmaDataDstSel, DmaDataSrcSel};
use sparkle_pm4::packets::{DmaData, DmaDataFillMulti};

use crate::cp::memory::canonical;
use crate::cp::outcome::{Access, Stop};
use crate::cp::run::Run;

/// Bytes that are copied at once.
const CHUNK: u64 = 1 << 20;

/// From where.
enum Source {
    Memory(u64),
    Value(u32),
}

impl Run<'_> {
    pub(super) fn dma_data(&mut self, dma: &DmaData) -> Result<(), Stop> {
        if dma.src_indirect() || dma.dst_indirect() {
            return Err(Stop::not_modelled("DMA_DATA with indirect addresses"));
        }
        if dma.saic() != AddressIncrement::INCREMENT || dma.daic() != AddressIncrement::INCREMENT {
            return Err(Stop::not_modelled("DMA_DATA that stays at an address"));
        }
        let source = match dma.src_sel() {
            DmaDataSrcSel::DATA => Source::Value(dma.src_addr_lo_or_data()),
            DmaDataSrcSel::SRC_ADDR_USING_SAS if dma.sas() == AddressSpace::MEMORY => Source::Memory(dma.src_addr()),
            DmaDataSrcSel::SRC_ADDR_USING_L2 => Source::Memory(dma.src_addr()),
            other => return Err(Stop::not_modelled(format_args!("DMA_DATA from {other:?} {:?}", dma.sas()))),
        };
        let bytes = u64::from(dma.byte_count());
        match dma.dst_sel() {
            DmaDataDstSel::DST_ADDR_USING_DAS if dma.das() == AddressSpace::MEMORY => {}
            DmaDataDstSel::DST_ADDR_USING_L2 => {}
            // A prefetch into GL2.
            DmaDataDstSel::DST_NOWHERE => {
                return match source {
                    Source::Memory(va) => self.memory.check(va, bytes, Access::Read),
                    Source::Value(_) => Ok(()),
                };
            }
            other => return Err(Stop::not_modelled(format_args!("DMA_DATA to {other:?} {:?}", dma.das()))),
        }
        let to = dma.dst_addr();
        self.race(to, bytes, true)?;
        match source {
            Source::Memory(from) => self.copy(from, to, bytes)?,
            Source::Value(value) => self.fill(to, bytes, value)?,
        }
        self.device.advance(bytes / 64);
        Ok(())
    }

    fn copy(&self, from: u64, to: u64, bytes: u64) -> Result<(), Stop> {
        self.race(from, bytes, false)?;
        self.memory.check(from, bytes, Access::Read)?;
        self.memory.check(to, bytes, Access::Write)?;
        let mut done = 0;
        while done < bytes {
            let part = CHUNK.min(bytes - done);
            let data = self.memory.read_bytes(from.wrapping_add(done), part)?;
            self.memory.write_bytes(to.wrapping_add(done), &data)?;
            done += part;
        }
        self.watch.coherence.processor_copied(canonical(from), canonical(to), bytes);
        Ok(())
    }

    fn fill(&self, to: u64, bytes: u64, value: u32) -> Result<(), Stop> {
        if !bytes.is_multiple_of(4) || !to.is_multiple_of(4) {
            return Err(Stop::not_modelled("filling memory that does not begin and end with a dword"));
        }
        self.memory.check(to, bytes, Access::Write)?;
        let mut done = 0;
        while done < bytes {
            let part = CHUNK.min(bytes - done);
            self.memory.write(to.wrapping_add(done), &vec![value; (part / 4) as usize])?; // CAST: at most 2^18
            done += part;
        }
        Ok(())
    }

    pub(super) fn dma_fill_multi(&mut self, _fill: &DmaDataFillMulti) -> Result<(), Stop> {
        Err(Stop::not_modelled("DMA_DATA_FILL_MULTI"))
    }
}

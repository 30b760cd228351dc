//! Packets that set registers, and who may set which.

use sparkle_pm4::Packet;
use sparkle_pm4::packets::values::{AndMaskSrc, DataFormat, LoadRegIndex, OrMaskSrc, SetShRegIndexIndex};
use sparkle_pm4::packets::{
    ClearState, ContextControl, ContextRegRmw, LoadContextRegIndex, LoadShRegIndex, LoadUconfigRegIndex, RegRmw,
};
use sparkle_pm4::registers::{RegOffset, Registers, Space, offset};

use crate::cp::outcome::Stop;
use crate::cp::run::Run;

/// What the hardware and its firmware keep there, by dword offsets: a stream that sets it breaks the queue.
///
/// Source: Mesa `src/amd/registers/gfx11.json`; Linux `kfd_mqd_manager_v11.c`, `gfx_v11_0.c` set them.
const FIRMWARE: [u32; 7] = [0x2e00, 0x2e14, 0x2e1f, 0x2e30, 0x2e31, 0x2e32, 0x2e33];

impl Run<'_> {
    fn register_name(&self, register: RegOffset) -> String {
        let found = Registers::of(self.device.gfx().generation()).at(register);
        found.map_or_else(|| format!("register {:#06x}", register.dwords()), |found| found.name().to_owned())
    }

    /// Sets a register, if the stream may.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_priv_reg_irq`: "Illegal register access in command stream".
    pub(super) fn set_register(&mut self, register: RegOffset, value: u32) -> Result<(), Stop> {
        if !self.is_kernel() {
            let named = Registers::of(self.device.gfx().generation()).at(register);
            let user = matches!(Space::of(register), Space::Sh | Space::Context | Space::Uconfig);
            if !user || named.is_some_and(|named| named.kernel_only()) {
                let name = self.register_name(register);
                return Err(Stop::Illegal(format!("{name} is not a client's to write")));
            }
            if FIRMWARE.contains(&register.dwords()) {
                let name = self.register_name(register);
                return Err(Stop::Hang(format!("{name} is the hardware's and its firmware's: a stream never sets it")));
            }
        }
        self.state.registers.set(register, value);
        Ok(())
    }

    /// What a register holds.
    pub(super) fn read_register(&self, register: RegOffset) -> Result<u32, Stop> {
        match self.state.registers.get(register) {
            Some(value) => Ok(value),
            // Zero until somebody writes there.
            None if (offset::SCRATCH_REG0..=offset::SCRATCH_REG7).contains(&register) => Ok(0),
            None => Err(Stop::not_modelled(format_args!("what {} holds", self.register_name(register)))),
        }
    }

    pub(super) fn set_registers(&mut self, packet: &Packet<'_>) -> Result<(), Stop> {
        match packet {
            Packet::SetConfigReg(_) if !self.is_kernel() => {
                return Err(Stop::Illegal("SET_CONFIG_REG is the kernel's".into()));
            }
            Packet::SetShRegIndex(set) => match set.index() {
                // The kernel's mask of compute units has them all.
                SetShRegIndexIndex::DEFAULT | SetShRegIndexIndex::APPLY_KMD_CU_AND_MASK => {}
                index => return Err(Stop::not_modelled(format_args!("SET_SH_REG_INDEX with index {index:?}"))),
            },
            _ => {}
        }
        let space = packet.layout().map_or(Space::Other, |layout| match layout.tail {
            sparkle_pm4::packets::Tail::Registers(space)
            | sparkle_pm4::packets::Tail::Pairs(space)
            | sparkle_pm4::packets::Tail::PackedPairs(space) => space,
            _ => Space::Other,
        });
        let limit = match packet {
            Packet::SetContextRegPairsPacked(set) => set.reg_writes_count(),
            Packet::SetShRegPairsPacked(set) => set.reg_writes_count(),
            Packet::SetShRegPairsPackedN(set) => set.reg_writes_count(),
            _ => u32::MAX,
        };
        let mut count = 0;
        for write in packet.register_writes().take(limit as usize) {
            // CAST: usize has at least 32 bits
            if Space::of(write.register) != space {
                let dwords = write.register.dwords();
                return Err(Stop::Illegal(format!("register {dwords:#x} is outside of the {space:?} registers")));
            }
            self.set_register(write.register, write.value)?;
            count += 1;
        }
        if limit != u32::MAX && count != limit {
            return Err(Stop::Hang(format!("the packet counts {limit} registers and holds {count}")));
        }
        Ok(())
    }

    fn load(&mut self, va: u64, space: Space, first: u32, dwords: u32, format: DataFormat) -> Result<(), Stop> {
        if format != DataFormat::OFFSET_AND_SIZE {
            return Err(Stop::not_modelled("loading registers as pairs of offset and value"));
        }
        self.race(va, u64::from(dwords) * 4, false)?;
        for (index, value) in (0..dwords).zip(self.memory.read(va, dwords.into())?) {
            let register = space.register(first.wrapping_add(index));
            if Space::of(register) != space {
                let offset = register.dwords();
                return Err(Stop::Illegal(format!("register {offset:#x} is outside of the {space:?} registers")));
            }
            self.set_register(register, value)?;
        }
        Ok(())
    }

    /// Where LOAD_*_REG_INDEX finds its values.
    fn load_address(&self, index: LoadRegIndex, address: u64, offset: u32) -> Result<u64, Stop> {
        match index {
            LoadRegIndex::DIRECT_ADDR => Ok(address),
            LoadRegIndex::OFFSET => Ok(self.base(4, "the load")?.wrapping_add(offset.into())),
            index => Err(Stop::not_modelled(format_args!("loading registers with index {index:?}"))),
        }
    }

    pub(super) fn load_sh(&mut self, load: &LoadShRegIndex) -> Result<(), Stop> {
        let va = self.load_address(load.index(), load.mem_addr(), load.addr_offset())?;
        self.load(va, Space::Sh, load.reg_offset(), load.num_dwords(), load.data_format())
    }

    pub(super) fn load_uconfig(&mut self, load: &LoadUconfigRegIndex) -> Result<(), Stop> {
        let va = self.load_address(load.index(), load.mem_addr(), load.addr_offset())?;
        self.load(va, Space::Uconfig, load.reg_offset(), load.num_dwords(), load.data_format())
    }

    pub(super) fn load_context(&mut self, load: &LoadContextRegIndex) -> Result<(), Stop> {
        let va = self.load_address(load.index(), load.mem_addr(), load.addr_offset())?;
        self.load(va, Space::Context, load.reg_offset(), load.num_dwords(), load.data_format())
    }

    pub(super) fn reg_rmw(&mut self, rmw: &RegRmw) -> Result<(), Stop> {
        let register = RegOffset::new(rmw.mod_addr());
        let and = match rmw.and_mask_src() {
            AndMaskSrc::IMMEDIATE => rmw.and_mask(),
            _ => self.read_register(RegOffset::new(rmw.and_addr()))?,
        };
        let or = match rmw.or_mask_src() {
            OrMaskSrc::IMMEDIATE => rmw.or_mask(),
            _ => self.read_register(RegOffset::new(rmw.or_addr()))?,
        };
        // With no bit kept it does not matter what was there.
        let old = if and == 0 { 0 } else { self.read_register(register)? };
        self.set_register(register, old & and | or)
    }

    pub(super) fn context_reg_rmw(&mut self, rmw: &ContextRegRmw) -> Result<(), Stop> {
        let register = Space::Context.register(rmw.reg_offset());
        // No dispatch reads a context register, so that an unknown default does no harm.
        let old = self.state.registers.value(register);
        self.set_register(register, old & !rmw.reg_mask() | rmw.reg_data() & rmw.reg_mask())
    }

    pub(super) fn clear_state(&mut self, clear: &ClearState) -> Result<(), Stop> {
        if clear.cmd().0 != 0 {
            return Err(Stop::not_modelled(format_args!("CLEAR_STATE with command {:?}", clear.cmd())));
        }
        self.state.registers.clear_context();
        Ok(())
    }

    /// Loading and shadowing registers in memory is what preemption is for, which does not happen here.
    pub(super) fn context_control(&self, control: &ContextControl) -> Result<(), Stop> {
        let [load, shadow, ..] = sparkle_pm4::Type3::head(control) else { return Ok(()) };
        let update = 1 << 31;
        if !self.is_kernel() && (load | shadow) & !update != 0 {
            return Err(Stop::not_modelled("CONTEXT_CONTROL that loads or shadows registers"));
        }
        Ok(())
    }
}

//! What the registers hold after a stretch of a stream, and the dispatches that read them.

use alloc::collections::BTreeMap;

use crate::packets::{Packet, RegisterWrite, values};
use crate::registers::{ComputeDispatchInitiator, RegOffset, Space};

/// What is known of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// A packet set it to this value.
    Value(u32),
    /// A packet set it to something that is not in the stream: a load from memory, a copy, a read-modify-write.
    Unseen,
}

/// The registers that a stream has set so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegisterState {
    held: BTreeMap<u32, Held>,
}

impl RegisterState {
    /// No register set.
    pub const fn new() -> Self {
        Self { held: BTreeMap::new() }
    }

    /// What is known of a register; `None` where the stream did not set it.
    pub fn get(&self, register: RegOffset) -> Option<Held> {
        self.held.get(&register.dwords()).copied()
    }

    /// The value of a register, where the stream set it to one that it shows.
    pub fn value(&self, register: RegOffset) -> Option<u32> {
        match self.get(register) {
            Some(Held::Value(value)) => Some(value),
            _ => None,
        }
    }

    /// The registers that the stream has set, in the order of their offsets.
    pub fn iter(&self) -> impl Iterator<Item = (RegOffset, Held)> {
        self.held.iter().map(|(&register, &held)| (RegOffset::new(register), held))
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.held.clear();
    }

    /// Applies a packet.
    pub fn apply(&mut self, packet: &Packet<'_>) {
        self.apply_each(packet, |_, _| {});
    }

    /// Applies a packet, and tells of each register that it sets whether that changed anything.
    pub fn apply_each(&mut self, packet: &Packet<'_>, mut tell: impl FnMut(RegisterWrite, bool)) {
        for write in packet.register_writes() {
            let held = Held::Value(write.value);
            let changed = self.held.insert(write.register.dwords(), held) != Some(held);
            tell(write, changed);
        }
        self.apply_unseen(packet);
    }

    /// Registers that a packet sets from somewhere else than its own dwords.
    fn apply_unseen(&mut self, packet: &Packet<'_>) {
        match packet {
            Packet::WriteData(write) if write.dst_sel() == values::DstSel::MEM_MAPPED_REGISTER => {
                let step = 1 - write.addr_incr().0;
                let first = write.dst_mmreg_addr();
                for (index, &value) in write.tail.iter().enumerate() {
                    let register = first.wrapping_add(step * index as u32); // CAST: at most 2^14
                    self.held.insert(register, Held::Value(value));
                }
            }
            Packet::ClearState(_) => {
                self.held.retain(|&register, _| Space::of(RegOffset::new(register)) != Space::Context)
            }
            Packet::LoadShReg(load) => self.unseen(Space::Sh, load.reg_offset(), load.num_dword()),
            Packet::LoadShRegIndex(load) if load.data_format().0 == 0 => {
                self.unseen(Space::Sh, load.reg_offset(), load.num_dwords());
            }
            // Offset-data pairs in memory: any SH register may have been set.
            Packet::LoadShRegIndex(_) => {
                let sh =
                    self.held.iter_mut().filter(|(register, _)| Space::of(RegOffset::new(**register)) == Space::Sh);
                sh.for_each(|(_, held)| *held = Held::Unseen);
            }
            Packet::SetShRegOffset(set) => self.unseen(Space::Sh, set.reg_offset(), 2),
            Packet::LoadContextReg(load) => self.unseen(Space::Context, load.reg_offset(), load.num_dwords()),
            Packet::LoadContextRegIndex(load) => self.unseen(Space::Context, load.reg_offset(), load.num_dwords()),
            Packet::LoadUconfigReg(load) => self.unseen(Space::Uconfig, load.reg_offset(), load.num_dwords()),
            Packet::LoadUconfigRegIndex(load) => self.unseen(Space::Uconfig, load.reg_offset(), load.num_dwords()),
            Packet::ContextRegRmw(rmw) => self.unseen(Space::Context, rmw.reg_offset(), 1),
            Packet::RegRmw(rmw) => {
                self.held.insert(rmw.mod_addr(), Held::Unseen);
            }
            Packet::CopyData(copy) if copy.dst_sel() == values::CopyDataDstSel::MEM_MAPPED_REGISTER => {
                let registers = if copy.count_sel().0 == 1 { 2 } else { 1 };
                for index in 0..registers {
                    self.held.insert(copy.dst_reg_offset().wrapping_add(index), Held::Unseen);
                }
            }
            _ => {}
        }
    }

    fn unseen(&mut self, space: Space, offset: u32, count: u32) {
        for index in 0..count {
            self.held.insert(space.register(offset.wrapping_add(index)).dwords(), Held::Unseen);
        }
    }
}

/// A compute dispatch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dispatch {
    /// Workgroups, threads or end values along x, y and z, as the initiator says; `None` where they are in memory.
    pub dims: Option<[u32; 3]>,
    /// COMPUTE_DISPATCH_INITIATOR.
    pub initiator: ComputeDispatchInitiator,
}

impl Dispatch {
    /// The dispatch that a packet makes, if it makes one.
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let (dims, initiator) = match packet {
            Packet::DispatchDirect(dispatch) => {
                (Some([dispatch.dim_x(), dispatch.dim_y(), dispatch.dim_z()]), dispatch.dispatch_initiator())
            }
            Packet::DispatchDirectInterleaved(dispatch) => {
                (Some([dispatch.dim_x(), dispatch.dim_y(), dispatch.dim_z()]), dispatch.dispatch_initiator())
            }
            Packet::DispatchTaskmeshDirectAce(dispatch) => {
                (Some([dispatch.x_dim(), dispatch.y_dim(), dispatch.z_dim()]), dispatch.dispatch_initiator())
            }
            Packet::DispatchIndirect(dispatch) => (None, dispatch.dispatch_initiator()),
            Packet::DispatchIndirectOffset(dispatch) => (None, dispatch.dispatch_initiator()),
            Packet::DispatchIndirectInterleaved(dispatch) => (None, dispatch.dispatch_initiator()),
            Packet::DispatchTaskmeshIndirectMultiAce(dispatch) => (None, dispatch.dispatch_initiator()),
            _ => return None,
        };
        Some(Self { dims, initiator })
    }
}

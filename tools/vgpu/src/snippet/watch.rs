//! Notes what a wave writes.

use sparkle_rdna3::{Reg, decode};

use crate::shader::{AccessKind, EXEC, M0, MemoryAccess, Observer, Program, Space, VCC, Wave};

/// Registers and memory that the code wrote, whatever was there before.
pub(super) struct Written {
    pub(super) sgpr: [bool; 128],
    pub(super) vgpr: [bool; 256],
    pub(super) scc: bool,
    /// Bytes of LDS up to the last that was written.
    pub(super) lds_end: usize,
    /// First address and size.
    pub(super) memory: Vec<(u64, u64)>,
}

impl Written {
    pub(super) const fn new() -> Self {
        Self { sgpr: [false; 128], vgpr: [false; 256], scc: false, lds_end: 0, memory: Vec::new() }
    }

    fn scalar(&mut self, first: u8, dwords: u8) {
        self.sgpr.iter_mut().skip(first.into()).take(dwords.into()).for_each(|written| *written = true);
    }

    /// The memory written, neighbouring pieces joined.
    pub(super) fn ranges(&self) -> Vec<(u64, u64)> {
        let mut sorted = self.memory.clone();
        sorted.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for (va, size) in sorted {
            match joined.last_mut() {
                Some((start, length)) if va <= *start + *length => *length = (*length).max(va - *start + size),
                _ => joined.push((va, size)),
            }
        }
        joined
    }
}

impl Observer for Written {
    const RECORD: bool = true;

    fn before(&mut self, _: &Program, _: &Wave) {}

    fn after(&mut self, program: &Program, _: &Wave, pc: usize, accesses: &[MemoryAccess]) {
        if let Ok(instruction) = decode(program.words_from(pc), program.target()) {
            for (reg, dwords) in instruction.writes() {
                match reg {
                    Reg::Sgpr(n) => self.scalar(n, dwords),
                    Reg::Ttmp(n) => self.scalar(n.saturating_add(108), dwords),
                    Reg::VccLo => self.scalar(VCC, dwords),
                    Reg::VccHi => self.scalar(VCC + 1, dwords),
                    Reg::M0 => self.scalar(M0, dwords),
                    Reg::ExecLo => self.scalar(EXEC, dwords),
                    Reg::ExecHi => self.scalar(EXEC + 1, dwords),
                    Reg::Scc => self.scc = true,
                    Reg::Vgpr(n) => {
                        self.vgpr.iter_mut().skip(n.into()).take(dwords.into()).for_each(|written| *written = true);
                    }
                    _ => {}
                }
            }
        }
        for access in accesses.iter().filter(|access| access.kind != AccessKind::Load) {
            match access.space {
                Space::Global => self.memory.push((access.address, access.bytes.into())),
                Space::Lds => {
                    let end = access.address.saturating_add(access.bytes.into());
                    self.lds_end = self.lds_end.max(usize::try_from(end).unwrap_or(usize::MAX));
                }
                Space::Scratch => {}
            }
        }
        // A long run must not collect without end.
        if self.memory.len() > 1 << 20 {
            self.memory = self.ranges();
        }
    }
}

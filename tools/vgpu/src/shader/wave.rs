//! The state of one wave: its registers and where it is.

use super::lane::Mode;

/// Number of a scalar operand: VCC, lanes 0 to 31. Source: guide, table 17 ("Scalar operands").
pub const VCC: u8 = 106;
/// Number of a scalar operand: reads 0, drops writes.
pub const NULL: u8 = 124;
/// Number of a scalar operand: M0.
pub const M0: u8 = 125;
/// Number of a scalar operand: EXEC, lanes 0 to 31.
pub const EXEC: u8 = 126;

/// One VGPR of 32 lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Lanes(pub [u32; 32]);

impl Lanes {
    /// All lanes zero.
    pub const ZERO: Self = Self([0; 32]);
}

/// The VGPRs of 32 lanes. Indexing by a `u8` can't miss.
type Bank = Box<[Lanes; 256]>;

/// Which compile-time constant MODE equals, so that loops can be compiled for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModeClass {
    /// [`Mode::BENCH`].
    Bench,
    /// The same with f32 denormals kept.
    Keep,
    /// Neither.
    Other,
}

/// MODE as arithmetic needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FloatMode {
    /// The fields.
    pub mode: Mode,
    /// Which constant it is.
    pub class: ModeClass,
}

impl FloatMode {
    /// The mode of [`ModeClass::Keep`].
    pub const KEEP: Mode = Mode::from_bits(0x3f0);

    /// From the register's bits.
    #[must_use]
    pub fn from_bits(bits: u32) -> Self {
        let mode = Mode::from_bits(bits);
        let class = match mode {
            Mode::BENCH => ModeClass::Bench,
            mode if mode == Self::KEEP => ModeClass::Keep,
            _ => ModeClass::Other,
        };
        Self { mode, class }
    }
}

/// One wave of 32 or 64 lanes.
#[derive(Clone, Debug)]
pub struct Wave {
    /// Scalar registers by operand number: 0 to 105 SGPRs, then VCC, 16 trap registers, NULL (always 0), M0, EXEC.
    pub sgpr: [u32; 128],
    low: Bank,
    high: Bank,
    /// Scalar condition code.
    pub scc: bool,
    mode: u32,
    float: FloatMode,
    wide: bool,
    /// The next instruction, in dwords from the program's start.
    pub pc: usize,
    /// The place of the wave in its workgroup.
    pub id: u32,
    /// Priority from `S_SETPRIO`, 0 to 3.
    pub priority: u8,
    /// TRAPSTS as the program wrote it.
    pub trap_status: u32,
    /// Scratch memory, one lane after the other.
    pub scratch: Vec<u8>,
    /// Instructions executed; also what `SHADER_CYCLES` counts.
    pub instructions: u64,
    /// Clocks that it slept in `S_SLEEP`.
    pub slept: u64,
}

impl Wave {
    /// A wave of 64 lanes if `wide`, else of 32, with all lanes on, every other register 0 and the given MODE bits.
    #[must_use]
    pub fn new(wide: bool, mode: u32) -> Self {
        let bank = || Box::new([Lanes::ZERO; 256]);
        let mut wave = Self {
            sgpr: [0; 128],
            low: bank(),
            high: bank(),
            scc: false,
            mode,
            float: FloatMode::from_bits(mode),
            wide,
            pc: 0,
            id: 0,
            priority: 0,
            trap_status: 0,
            scratch: Vec::new(),
            instructions: 0,
            slept: 0,
        };
        wave.set_exec(u64::MAX);
        wave
    }

    /// Makes it as [`Wave::new`] with its width does, in the same memory.
    pub fn restart(&mut self, mode: u32) {
        self.sgpr = [0; 128];
        self.low.fill(Lanes::ZERO);
        if self.wide {
            self.high.fill(Lanes::ZERO);
        }
        self.scc = false;
        self.set_mode(mode);
        (self.pc, self.id, self.priority, self.instructions, self.slept) = (0, 0, 0, 0, 0);
        self.set_exec(u64::MAX);
    }

    /// Whether it has 64 lanes.
    #[must_use]
    #[inline(always)]
    pub const fn is_wide(&self) -> bool {
        self.wide
    }

    /// Lanes: 32 or 64.
    #[must_use]
    pub const fn lanes(&self) -> u32 {
        if self.wide { 64 } else { 32 }
    }

    /// Passes of 32 lanes: 1 or 2.
    #[must_use]
    #[inline(always)]
    pub const fn halves(&self) -> usize {
        if self.wide { 2 } else { 1 }
    }

    /// VGPR `index` of lanes 0 to 31 (`half` 0) or 32 to 63.
    #[must_use]
    #[inline(always)]
    pub fn vgpr(&self, half: usize, index: u8) -> &Lanes {
        let bank = if half == 0 { &self.low } else { &self.high };
        &bank[usize::from(index)]
    }

    /// As [`Wave::vgpr`], to write.
    #[inline(always)]
    pub fn vgpr_mut(&mut self, half: usize, index: u8) -> &mut Lanes {
        let bank = if half == 0 { &mut self.low } else { &mut self.high };
        &mut bank[usize::from(index)]
    }

    /// VGPR `index` of one lane, 0 to 63.
    #[must_use]
    #[inline(always)]
    pub fn lane(&self, index: u8, lane: u32) -> u32 {
        self.vgpr((lane >> 5 & 1) as usize, index).0[(lane & 31) as usize] // CAST: one bit; five bits
    }

    /// Sets VGPR `index` of one lane, 0 to 63.
    #[inline(always)]
    pub fn set_lane(&mut self, index: u8, lane: u32, value: u32) {
        self.vgpr_mut((lane >> 5 & 1) as usize, index).0[(lane & 31) as usize] = value; // CAST: one bit; five bits
    }

    /// Scalar register by operand number; numbers from 128 wrap.
    #[must_use]
    #[inline(always)]
    pub const fn scalar(&self, index: u8) -> u32 {
        self.sgpr[(index & 127) as usize] // CAST: widening
    }

    /// Scalar registers `index` (low) and the next (high); NULL is 0 in both.
    #[must_use]
    #[inline(always)]
    pub const fn scalar64(&self, index: u8) -> u64 {
        if index == NULL {
            return 0;
        }
        self.scalar(index) as u64 | (self.scalar(index.wrapping_add(1)) as u64) << 32 // CAST: widening
    }

    /// Sets a scalar register; NULL drops it.
    #[inline(always)]
    pub const fn set_scalar(&mut self, index: u8, value: u32) {
        if index != NULL {
            self.sgpr[(index & 127) as usize] = value; // CAST: widening
        }
    }

    /// Sets two scalar registers; NULL drops both.
    #[inline(always)]
    pub const fn set_scalar64(&mut self, index: u8, value: u64) {
        if index != NULL {
            self.set_scalar(index, value as u32); // CAST: the low half
            self.set_scalar(index.wrapping_add(1), (value >> 32) as u32); // CAST: the high half
        }
    }

    /// Sets scalar registers one after the other from `first`; NULL drops all.
    #[inline]
    pub fn set_scalars(&mut self, first: u8, values: &[u32]) {
        if first != NULL {
            for (index, &value) in (first..).zip(values) {
                self.set_scalar(index, value);
            }
        }
    }

    /// The lane mask of 32 lanes in scalar register `index` or the next.
    #[must_use]
    #[inline(always)]
    pub const fn mask_half(&self, index: u8, half: usize) -> u32 {
        if index == NULL {
            return 0;
        }
        self.scalar(index.wrapping_add(half as u8)) // CAST: 0 or 1
    }

    /// A lane mask of the wave's width.
    #[must_use]
    #[inline(always)]
    pub const fn mask(&self, index: u8) -> u64 {
        if self.wide { self.scalar64(index) } else { self.scalar(index) as u64 } // CAST: widening
    }

    /// Sets a lane mask of the wave's width; in wave32 the next register stays.
    #[inline(always)]
    pub const fn set_mask(&mut self, index: u8, mask: u64) {
        if self.wide {
            self.set_scalar64(index, mask);
        } else {
            self.set_scalar(index, mask as u32); // CAST: the wave has 32 lanes
        }
    }

    /// EXEC of the wave's width.
    #[must_use]
    #[inline(always)]
    pub const fn exec(&self) -> u64 {
        self.mask(EXEC)
    }

    /// Sets EXEC.
    #[inline(always)]
    pub const fn set_exec(&mut self, mask: u64) {
        self.set_mask(EXEC, mask);
    }

    /// VCC of the wave's width.
    #[must_use]
    #[inline(always)]
    pub const fn vcc(&self) -> u64 {
        self.mask(VCC)
    }

    /// The bits of MODE.
    #[must_use]
    pub const fn mode(&self) -> u32 {
        self.mode
    }

    /// Sets MODE.
    pub fn set_mode(&mut self, bits: u32) {
        self.mode = bits;
        self.float = FloatMode::from_bits(bits);
    }

    /// MODE as arithmetic needs it.
    #[must_use]
    #[inline(always)]
    pub const fn float(&self) -> FloatMode {
        self.float
    }

    /// The first active lane, or 0 if there is none.
    /// Source: guide, section 16.8, V_READFIRSTLANE_B32.
    #[must_use]
    pub const fn first_lane(&self) -> u32 {
        let exec = self.exec();
        if exec == 0 { 0 } else { exec.trailing_zeros() }
    }

    /// Bytes of scratch that a lane has.
    #[must_use]
    pub fn scratch_bytes(&self) -> usize {
        self.scratch.len() / self.lanes() as usize // CAST: 32 or 64
    }
}

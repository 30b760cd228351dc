//! Sets of registers, small enough to test in a few instructions.

use crate::operand::Reg;

/// A set of VGPRs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Vgprs([u64; 4]);

impl Vgprs {
    /// Adds `count` VGPRs from `first` on; those after the last VGPR are dropped.
    pub(crate) fn add(&mut self, first: u8, count: u8) {
        for vgpr in usize::from(first)..(usize::from(first) + usize::from(count)).min(256) {
            if let Some(word) = self.0.get_mut(vgpr / 64) {
                *word |= 1 << (vgpr % 64);
            }
        }
    }

    pub(crate) fn span((first, count): (u8, u8)) -> Self {
        let mut set = Self::default();
        set.add(first, count);
        set
    }

    pub(crate) const fn is_empty(self) -> bool {
        let [a, b, c, d] = self.0;
        a | b | c | d == 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a & e, b & f, c & g, d & h])
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a | e, b | f, c | g, d | h])
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        let ([a, b, c, d], [e, f, g, h]) = (self.0, other.0);
        Self([a & !e, b & !f, c & !g, d & !h])
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        !self.and(other).is_empty()
    }

    /// The lowest register.
    pub(crate) fn first(self) -> Option<Reg> {
        let (word, bits) = self.0.iter().enumerate().find(|(_, bits)| **bits != 0)?;
        Some(Reg::Vgpr((64 * word) as u8 + bits.trailing_zeros() as u8)) // CAST: both below 256 in sum
    }

    /// Adds `other`; says whether that was more.
    pub(crate) fn join(&mut self, other: Self) -> bool {
        let before = *self;
        *self = self.or(other);
        *self != before
    }
}

/// A set of scalar registers; a bit's number is the register's in a scalar operand field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scalars(pub(crate) u128);

impl Scalars {
    /// VCC.
    pub(crate) const VCC: Self = Self(0b11 << 106);
    /// EXEC.
    pub(crate) const EXEC: Self = Self(0b11 << 126);
    /// M0.
    pub(crate) const M0: Self = Self(1 << 125);

    /// Adds `count` dwords from `first` on; what is no scalar register is dropped.
    pub(crate) fn add(&mut self, first: Reg, count: u8) {
        let number = match first {
            Reg::Sgpr(n) => u32::from(n),
            Reg::VccLo | Reg::Vccz => 106,
            Reg::VccHi => 107,
            Reg::Ttmp(n) => 108 + u32::from(n),
            Reg::M0 => 125,
            Reg::ExecLo | Reg::Execz => 126,
            Reg::ExecHi => 127,
            _ => return,
        };
        let count = match first {
            Reg::Vccz | Reg::Execz => 2,
            _ => u32::from(count),
        };
        for number in number..(number + count).min(128) {
            self.0 |= 1 << number;
        }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The lowest register.
    pub(crate) const fn first(self) -> Option<Reg> {
        if self.is_empty() { None } else { Reg::scalar(self.0.trailing_zeros()) }
    }

    /// Adds `other`; says whether that was more.
    pub(crate) fn join(&mut self, other: Self) -> bool {
        let before = *self;
        *self = self.or(other);
        *self != before
    }
}

/// Registers of both kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Registers {
    pub(crate) vector: Vgprs,
    pub(crate) scalar: Scalars,
}

impl Registers {
    pub(crate) const fn or(self, other: Self) -> Self {
        Self { vector: self.vector.or(other.vector), scalar: self.scalar.or(other.scalar) }
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self { vector: self.vector.and(other.vector), scalar: self.scalar.and(other.scalar) }
    }

    pub(crate) const fn minus(self, other: Self) -> Self {
        Self { vector: self.vector.minus(other.vector), scalar: self.scalar.minus(other.scalar) }
    }

    pub(crate) const fn is_empty(self) -> bool {
        self.vector.is_empty() && self.scalar.is_empty()
    }

    pub(crate) const fn meets(self, other: Self) -> bool {
        self.vector.meets(other.vector) || self.scalar.meets(other.scalar)
    }

    /// The lowest register, VGPRs first.
    pub(crate) fn first(self) -> Option<Reg> {
        self.vector.first().or_else(|| self.scalar.first())
    }
}

impl Extend<(Reg, u8)> for Registers {
    fn extend<T: IntoIterator<Item = (Reg, u8)>>(&mut self, list: T) {
        for (reg, count) in list {
            match reg {
                Reg::Vgpr(first) => self.vector.add(first, count),
                _ => self.scalar.add(reg, count),
            }
        }
    }
}

impl FromIterator<(Reg, u8)> for Registers {
    fn from_iter<T: IntoIterator<Item = (Reg, u8)>>(list: T) -> Self {
        let mut set = Self::default();
        set.extend(list);
        set
    }
}

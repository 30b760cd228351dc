//! The registers of a generation by offset and by name.

use core::fmt;

use super::space::{RegOffset, Space};
use super::table::{FieldRow, GFX11, GFX12, GFX103, RegisterRow, Table};
use crate::field::extract;
use crate::gfx::Generation;

/// The registers of a generation.
///
/// Source: Mesa `src/amd/registers/gfx{103,11,12}.json`, Linux
/// `asic_reg/gc/gc_{10_3_0,11_0_0,12_0_0}_{offset,sh_mask}.h`. gfx10.1 is given gfx10.3's, which differ from its own in
/// a few names and fields.
#[derive(Clone, Copy)]
pub struct Registers {
    table: &'static Table,
}

impl Registers {
    /// The registers of `generation`.
    pub fn of(generation: Generation) -> Self {
        let table = match generation {
            Generation::Gfx10 | Generation::Gfx10_3 => &GFX103,
            Generation::Gfx11 => &GFX11,
            Generation::Gfx12 => &GFX12,
        };
        Self { table }
    }

    /// The register at an offset, by the name that is used most: of several names that which Mesa and Linux share, then
    /// Linux's, then Mesa's, and the alphabet's first among equals, which is what umr prints.
    pub fn at(self, offset: RegOffset) -> Option<Register> {
        self.table.at(offset).map(|row| self.register(row))
    }

    /// The register with a name, be it the primary one of its offset or an alias.
    pub fn named(self, name: &str) -> Option<Register> {
        self.table.named(name).map(|row| self.register(row))
    }

    /// All registers: those with the primary names by offset, then the aliases by offset.
    pub fn iter(self) -> impl Iterator<Item = Register> {
        (0..self.table.len()).filter_map(move |row| self.table.register(row).map(|row| self.register(row)))
    }

    fn register(self, row: RegisterRow) -> Register {
        Register { table: self.table, row }
    }
}

impl fmt::Debug for Registers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Registers").field("len", &self.table.len()).finish()
    }
}

/// A register, under one of its names.
#[derive(Clone, Copy)]
pub struct Register {
    table: &'static Table,
    row: RegisterRow,
}

impl Register {
    /// Name, spelled as AMD's headers do, without `reg` or `mm`.
    pub fn name(self) -> &'static str {
        self.row.name()
    }

    /// Where it is.
    pub fn offset(self) -> RegOffset {
        RegOffset::new(self.row.offset().into())
    }

    /// The other names of its offset, the primary one first. Their fields can be cut up in another way.
    pub fn aliases(self) -> impl Iterator<Item = Self> {
        let primary = self.table.at(self.offset());
        let others = self.table.aliases(self.row.offset());
        primary.into_iter().chain(others).filter(move |row| *row != self.row).map(move |row| Self { row, ..self })
    }

    /// The name of its offset that says how the bits are cut up: its own, or the first alias that has fields narrower
    /// than the register where its own has none.
    pub fn described(self) -> Self {
        let cut = |register: Self| register.fields().any(|field| field.lo() > 0 || field.hi() < 31);
        if cut(self) { self } else { self.aliases().find(|alias| cut(*alias)).unwrap_or(self) }
    }

    /// Its fields, by their low bits.
    pub fn fields(self) -> impl Iterator<Item = RegisterField> {
        self.table.fields(self.row).map(move |row| RegisterField { table: self.table, row })
    }

    /// The field with a name.
    pub fn field(self, name: &str) -> Option<RegisterField> {
        self.fields().find(|field| field.name() == name)
    }

    /// Whether only the kernel may write it: a user's stream that does reaches past its own work, or is refused.
    ///
    /// True for the spaces without a SET packet for users, and for the ranges of the user configuration that belong to
    /// firmware and driver (MES, GUS, IMU, RLC, ports for microcode), as far as Mesa doesn't name a register there.
    pub fn kernel_only(self) -> bool {
        match Space::of(self.offset()) {
            Space::Config | Space::Other => true,
            Space::Sh | Space::Context => false,
            Space::Uconfig => self.row.linux_only() && matches!(self.row.offset(), 0xC800..0xD000 | 0xE000..),
        }
    }
}

impl fmt::Debug for Register {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Register({} at {:#06x})", self.name(), self.row.offset())
    }
}

/// A field of a register.
#[derive(Clone, Copy)]
pub struct RegisterField {
    table: &'static Table,
    row: FieldRow,
}

impl RegisterField {
    /// Name, spelled as AMD's headers do.
    pub fn name(self) -> &'static str {
        self.row.name()
    }

    /// Lowest bit.
    pub fn lo(self) -> u32 {
        self.row.lo.into()
    }

    /// Highest bit, at most 31.
    pub fn hi(self) -> u32 {
        self.row.hi.into()
    }

    /// The field's value in a register's.
    pub fn extract(self, register: u32) -> u32 {
        extract(register, self.hi(), self.lo())
    }

    /// The name of a value of the field, where it has one.
    pub fn meaning(self, value: u32) -> Option<&'static str> {
        self.table.value(self.row, value)
    }

    /// The field's values that have names, by number.
    pub fn values(self) -> impl Iterator<Item = (u32, &'static str)> {
        self.table.values(self.row)
    }
}

impl fmt::Debug for RegisterField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RegisterField({}[{}:{}])", self.name(), self.hi(), self.lo())
    }
}

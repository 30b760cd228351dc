//! What is written of a register, made once and then only copied.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::Palette;
use super::out::{NameTable, Out, Piece};
use crate::gfx::Gfx;
use crate::registers::{RegOffset, Registers};

/// The labels of the registers seen so far.
#[derive(Clone, Debug)]
pub(super) struct RegisterLabels {
    registers: Registers,
    palette: Palette,
    /// By the dword offset.
    seen: Vec<Option<Box<RegisterLabel>>>,
    beyond: Box<RegisterLabel>,
}

/// What is written of a register.
#[derive(Clone, Debug)]
pub(super) struct RegisterLabel {
    /// The bare name.
    name: Piece,
    /// The name as it begins a line.
    start: Piece,
    fields: Vec<FieldLabel>,
}

/// What is written of a register's field.
#[derive(Clone, Debug)]
struct FieldLabel {
    name: Piece,
    lo: u32,
    mask: u32,
    /// The names of its values.
    values: NameTable,
}

impl RegisterLabels {
    pub(super) fn new(gfx: Gfx, palette: Palette) -> Self {
        let registers = Registers::of(gfx.generation());
        let beyond = Box::new(RegisterLabel::new(registers, RegOffset::new(u32::MAX), &palette));
        Self { registers, palette, seen: Vec::new(), beyond }
    }

    /// The label of a register.
    #[inline]
    pub(super) fn get(&mut self, register: RegOffset) -> &RegisterLabel {
        /// Register files end here; offsets beyond, which only broken streams have, share one label.
        const END: usize = 1 << 17;
        let index = register.dwords() as usize;
        if index < END && self.seen.get(index).is_none_or(Option::is_none) {
            self.make(register, index);
        }
        match self.seen.get(index) {
            Some(Some(label)) => label,
            _ => &self.beyond,
        }
    }

    #[cold]
    fn make(&mut self, register: RegOffset, index: usize) {
        if self.seen.len() <= index {
            self.seen.resize_with(index + 1, || None);
        }
        if let Some(slot) = self.seen.get_mut(index) {
            *slot = Some(Box::new(RegisterLabel::new(self.registers, register, &self.palette)));
        }
    }
}

impl RegisterLabel {
    fn new(registers: Registers, offset: RegOffset, palette: &Palette) -> Self {
        let Some(register) = registers.at(offset) else {
            let start =
                format!("    {}unknown register at dword {:#x}{} = ", palette.wrong, offset.dwords(), palette.reset);
            return Self { name: Piece::new("unknown register"), start: Piece::new(&start), fields: Vec::new() };
        };
        let described = register.described();
        let mut start = format!("    {}{}{}", palette.register, register.name(), palette.reset);
        if described.name() != register.name() {
            start = format!("{start} ({})", described.name());
        }
        // A field as wide as its register says nothing that the value did not.
        let fields = described.fields().filter(|field| field.lo() > 0 || field.hi() < 31);
        let fields = fields.map(|field| FieldLabel {
            name: Piece::new(&format!("  {}=", field.name())),
            lo: field.lo(),
            mask: field.extract(u32::MAX),
            values: NameTable::new(field.values()),
        });
        Self { name: Piece::new(register.name()), start: Piece::new(&(start + " = ")), fields: fields.collect() }
    }

    /// Writes the register's name, its value and its fields.
    #[inline]
    pub(super) fn write(&self, out: &mut Out, value: u32) {
        out.piece(&self.start);
        out.hex_short(value);
        self.write_fields(out, value);
    }

    /// Writes the register's name alone.
    pub(super) fn write_name(&self, out: &mut Out) {
        out.piece(&self.name);
    }

    /// Writes the fields of the register's value.
    #[inline]
    pub(super) fn write_fields(&self, out: &mut Out, register: u32) {
        for field in &self.fields {
            let value = register >> field.lo & field.mask;
            match field.values.get(value) {
                Some(name) => {
                    out.piece(&field.name);
                    out.piece(name);
                }
                None => out.labelled(&field.name, value),
            }
        }
    }
}

//! What is written of a packet's fixed dwords, made once per packet type and then only copied.

use alloc::boxed::Box;
use alloc::format;
use alloc::vec::Vec;

use super::out::{NameTable, Piece};
use crate::field::{AddressLayout, FieldKind, When, max};
use crate::gfx::{Generation, Ring};
use crate::packets::PacketLayout;
use crate::registers::Space;

/// The labels of the packet types seen so far.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadLabels {
    /// By the opcode and the number of fixed dwords.
    seen: Vec<Option<Box<[DwordLabel]>>>,
}

/// What is written of one dword.
#[derive(Clone, Debug, Default)]
pub(super) struct DwordLabel {
    pub(super) fields: Vec<HeadField>,
    /// Bits that fields without a condition cover.
    pub(super) covered: u32,
}

/// What is written of one field.
#[derive(Clone, Debug)]
pub(super) struct HeadField {
    pub(super) name: Piece,
    pub(super) lo: u32,
    /// The largest value.
    pub(super) mask: u32,
    pub(super) covers: u32,
    pub(super) kind: HeadKind,
    pub(super) when: Option<When>,
    /// The names of its values.
    pub(super) values: NameTable,
}

/// How a field's value is written.
#[derive(Clone, Copy, Debug)]
pub(super) enum HeadKind {
    Count,
    Bits,
    Named,
    Register(Space),
    DispatchInitiator,
    Address(&'static AddressLayout),
    /// Not at all: the high half of an address, which stands at the low one.
    Covered,
}

impl HeadLabels {
    /// The labels of the fixed dwords of a packet type.
    #[inline]
    pub(super) fn get(&mut self, layout: &'static PacketLayout, generation: Generation, ring: Ring) -> &[DwordLabel] {
        /// More fixed dwords than any packet has.
        const FORMS: usize = 16;
        let index = usize::from(layout.opcode.0) * FORMS + layout.head_dwords.min(FORMS - 1);
        if self.seen.get(index).is_none_or(Option::is_none) {
            if self.seen.len() <= index {
                self.seen.resize_with(index + 1, || None);
            }
            if let Some(slot) = self.seen.get_mut(index) {
                *slot = Some(dword_labels(layout, generation, ring));
            }
        }
        self.seen.get(index).and_then(Option::as_deref).unwrap_or_default()
    }
}

#[cold]
fn dword_labels(layout: &'static PacketLayout, generation: Generation, ring: Ring) -> Box<[DwordLabel]> {
    let mut dwords: Vec<DwordLabel> = Vec::new();
    dwords.resize_with(layout.head_dwords, DwordLabel::default);
    let mut add = |dword: u8, field: HeadField| {
        if let Some(label) = dwords.get_mut(usize::from(dword).wrapping_sub(1)) {
            if field.when.is_none() {
                label.covered |= field.covers;
            }
            label.fields.push(field);
        }
    };
    let covers = |hi: u8, lo: u8| (max(u32::from(hi - lo) + 1) as u32) << lo; // CAST: at most 32 bits
    for address in layout.addresses.iter().filter(|address| address.on.has(generation, ring)) {
        for (part, kind) in [(address.low, HeadKind::Address(address)), (address.high, HeadKind::Covered)] {
            let name = Piece::new(&format!("  {}=0x", address.name));
            let covers = covers(part.hi, part.lo);
            add(
                part.dword,
                HeadField { name, lo: 0, mask: 0, covers, kind, when: address.when, values: NameTable::default() },
            );
        }
    }
    for field in layout.fields.iter().filter(|field| field.on.has(generation, ring)) {
        let (kind, names) = match field.kind {
            FieldKind::Flag | FieldKind::Count => (HeadKind::Count, &[][..]),
            FieldKind::Bits => (HeadKind::Bits, &[][..]),
            FieldKind::Named(names) => (HeadKind::Named, names),
            FieldKind::RegisterIn(space) => (HeadKind::Register(space), &[][..]),
            FieldKind::Register => (HeadKind::Register(Space::Other), &[][..]),
            FieldKind::DispatchInitiator => (HeadKind::DispatchInitiator, &[][..]),
        };
        add(
            field.dword,
            HeadField {
                name: Piece::new(&format!("  {}=", field.name)),
                lo: field.lo.into(),
                mask: max(u32::from(field.hi - field.lo) + 1) as u32, // CAST: at most 32 bits
                covers: covers(field.hi, field.lo),
                kind,
                when: field.when,
                values: NameTable::new(names.iter().copied()),
            },
        );
    }
    dwords.into_boxed_slice()
}

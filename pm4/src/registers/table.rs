//! The packed register table of a generation: its format, and reads that no bytes can make panic.
//!
//! `cargo run -p sparkle-pm4 --example generate-registers` writes the tables from the files in `pm4/data/`. All numbers
//! are little-endian. A table is a header and then its sections, without gaps:
//!
//! | Section | Row | Rows |
//! |---|---|---|
//! | header | magic `SPR1`, then as `u32`: registers, offsets, field lists, fields, enums, enum values | 1 |
//! | pages | `u16` row of the first register, `u64` with a bit per dword that has one | 1024, of 64 dwords each |
//! | registers | `u32` name, `u16` dword offset, `u16` field list (bit 15: only Linux has it) | as the header says |
//! | by name | `u16` row of a register, in the order of the names | registers |
//! | field lists | `u16` first field; the next row's ends the list | field lists + 1 |
//! | fields | `u32` name, `u8` low bit, `u8` high bit, `u16` enum or 0xFFFF | fields |
//! | enums | `u16` first value; the next row's ends the enum | enums + 1 |
//! | values | `u32` name, `u16` number; by number within an enum | enum values |
//!
//! The first `offsets` registers have one row per dword offset, its primary name, in the order of the offsets, so that
//! a page's first row plus the bits below a dword's is its row. The other names of these offsets follow, again by
//! offset. Lists with equal contents are stored once. A name is `position << 6 | bytes` within `names.txt`, which all
//! tables share; a name that begins another has no line of its own there.

use super::space::RegOffset;

/// Names of registers, fields and values.
const NAMES: &str = include_str!("names.txt");

pub(super) static GFX103: Table = Table::included(include_bytes!("gfx103.tbl"));
pub(super) static GFX11: Table = Table::included(include_bytes!("gfx11.tbl"));
pub(super) static GFX12: Table = Table::included(include_bytes!("gfx12.tbl"));

/// Dwords of a page.
const PAGE: u32 = 64;
const PAGES: usize = 1024;
/// In a register's field list: Mesa doesn't have the register.
const LINUX_ONLY: u16 = 1 << 15;

/// The sections of a table.
#[derive(Debug)]
pub(super) struct Table {
    offsets: usize,
    pages: &'static [[u8; 10]],
    registers: &'static [[u8; 8]],
    by_name: &'static [[u8; 2]],
    field_lists: &'static [[u8; 2]],
    fields: &'static [[u8; 8]],
    enums: &'static [[u8; 2]],
    values: &'static [[u8; 6]],
}

/// A row of the registers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct RegisterRow {
    name: u32,
    offset: u16,
    fields: u16,
}

/// A row of the fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FieldRow {
    name: u32,
    /// Low bit, at most 31.
    pub(super) lo: u8,
    /// High bit, from `lo` to 31.
    pub(super) hi: u8,
    values: u16,
}

/// Cuts `rows` rows of `N` bytes off the front.
const fn section<const N: usize>(bytes: &'static [u8], rows: usize) -> Option<(&'static [[u8; N]], &'static [u8])> {
    let Some(len) = rows.checked_mul(N) else { return None };
    match bytes.split_at_checked(len) {
        Some((rows, rest)) => Some((rows.as_chunks::<N>().0, rest)),
        None => None,
    }
}

const fn count(row: &[u8; 28], at: usize) -> usize {
    u32::from_le_bytes([row[at], row[at + 1], row[at + 2], row[at + 3]]) as usize
}

impl Table {
    /// An included table. One of an older format reads as empty, so that the example which writes them still builds.
    const fn included(bytes: &'static [u8]) -> Self {
        match Self::new(bytes) {
            Some(table) => table,
            None => Self {
                offsets: 0,
                pages: &[],
                registers: &[],
                by_name: &[],
                field_lists: &[],
                fields: &[],
                enums: &[],
                values: &[],
            },
        }
    }

    /// Finds the sections; `None` where the header is not a table's or the size is not what it says.
    pub(super) const fn new(bytes: &'static [u8]) -> Option<Self> {
        let Some((header, rest)) = bytes.split_first_chunk::<28>() else { return None };
        if !matches!(header, [b'S', b'P', b'R', b'1', ..]) {
            return None;
        }
        let registers = count(header, 4);
        let Some((pages, rest)) = section(rest, PAGES) else { return None };
        let Some((register_rows, rest)) = section(rest, registers) else { return None };
        let Some((by_name, rest)) = section(rest, registers) else { return None };
        let Some((field_lists, rest)) = section(rest, count(header, 12).saturating_add(1)) else { return None };
        let Some((fields, rest)) = section(rest, count(header, 16)) else { return None };
        let Some((enums, rest)) = section(rest, count(header, 20).saturating_add(1)) else { return None };
        let Some((values, rest)) = section(rest, count(header, 24)) else { return None };
        let offsets = count(header, 8);
        if !rest.is_empty() || offsets > registers {
            return None;
        }
        Some(Self { offsets, pages, registers: register_rows, by_name, field_lists, fields, enums, values })
    }

    /// Rows of registers, aliases among them.
    pub(super) const fn len(&self) -> usize {
        self.registers.len()
    }

    /// A register by its row.
    pub(super) fn register(&self, row: usize) -> Option<RegisterRow> {
        let &[n0, n1, n2, n3, o0, o1, f0, f1] = self.registers.get(row)?;
        Some(RegisterRow {
            name: u32::from_le_bytes([n0, n1, n2, n3]),
            offset: u16::from_le_bytes([o0, o1]),
            fields: u16::from_le_bytes([f0, f1]),
        })
    }

    /// The register with the primary name at an offset.
    pub(super) fn at(&self, offset: RegOffset) -> Option<RegisterRow> {
        let &[f0, f1, bits @ ..] = self.pages.get((offset.dwords() / PAGE) as usize)?;
        let bits = u64::from_le_bytes(bits);
        let bit = 1 << (offset.dwords() % PAGE);
        if bits & bit == 0 {
            return None;
        }
        let before = (bits & (bit - 1)).count_ones();
        self.register(u16::from_le_bytes([f0, f1]) as usize + before as usize)
    }

    /// The other names of an offset.
    pub(super) fn aliases(&self, offset: u16) -> impl Iterator<Item = RegisterRow> {
        let rows = self.registers.get(self.offsets..).unwrap_or_default();
        let first = self.offsets + rows.partition_point(|&[.., o0, o1, _, _]| u16::from_le_bytes([o0, o1]) < offset);
        (first..self.len()).map_while(|row| self.register(row)).take_while(move |row| row.offset == offset)
    }

    /// The register with a name.
    pub(super) fn named(&self, name: &str) -> Option<RegisterRow> {
        let row = |&index: &[u8; 2]| self.register(u16::from_le_bytes(index) as usize);
        let at = self.by_name.binary_search_by(|index| row(index).map_or("", RegisterRow::name).cmp(name)).ok()?;
        row(self.by_name.get(at)?)
    }

    /// The fields of a register, by their low bits.
    pub(super) fn fields(&self, register: RegisterRow) -> impl Iterator<Item = FieldRow> + 'static {
        list(self.field_lists, self.fields, register.fields & !LINUX_ONLY).iter().map(
            |&[n0, n1, n2, n3, lo, hi, e0, e1]| {
                let lo = lo & 31;
                FieldRow {
                    name: u32::from_le_bytes([n0, n1, n2, n3]),
                    lo,
                    hi: (hi & 31).max(lo),
                    values: u16::from_le_bytes([e0, e1]),
                }
            },
        )
    }

    /// The names of a field's values, by number.
    pub(super) fn values(&self, field: FieldRow) -> impl Iterator<Item = (u32, &'static str)> + 'static {
        list(self.enums, self.values, field.values).iter().map(|row| (number(row), value_name(row)))
    }

    /// The name of one value of a field.
    pub(super) fn value(&self, field: FieldRow, value: u32) -> Option<&'static str> {
        let values = list(self.enums, self.values, field.values);
        let at = values.binary_search_by(|row| number(row).cmp(&value)).ok()?;
        values.get(at).map(value_name)
    }
}

/// List `index`: the rows from its start to the next one's; none where there is no such list.
fn list<T>(starts: &[[u8; 2]], rows: &'static [T], index: u16) -> &'static [T] {
    let start = |index: usize| starts.get(index).map(|&start| u16::from_le_bytes(start) as usize);
    match (start(index as usize), start(index as usize + 1)) {
        (Some(from), Some(to)) => rows.get(from..to).unwrap_or_default(),
        _ => &[],
    }
}

fn number(&[.., v0, v1]: &[u8; 6]) -> u32 {
    u16::from_le_bytes([v0, v1]).into()
}

fn value_name(&[n0, n1, n2, n3, ..]: &[u8; 6]) -> &'static str {
    name(u32::from_le_bytes([n0, n1, n2, n3]))
}

fn name(reference: u32) -> &'static str {
    let (start, len) = ((reference >> 6) as usize, (reference & 63) as usize);
    NAMES.get(start..start + len).unwrap_or_default()
}

impl RegisterRow {
    pub(super) fn name(self) -> &'static str {
        name(self.name)
    }

    pub(super) const fn offset(self) -> u16 {
        self.offset
    }

    /// Whether Mesa doesn't have the register.
    pub(super) const fn linux_only(self) -> bool {
        self.fields & LINUX_ONLY != 0
    }
}

impl FieldRow {
    pub(super) fn name(self) -> &'static str {
        name(self.name)
    }
}

#[cfg(test)]
mod tests;

#![allow(clippy::unwrap_used)]

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::{RegOffset, Table};

const GFX11: &[u8] = include_bytes!("../gfx11.tbl");

/// Reads everything that a table can be asked for, and counts what it has to say.
fn read_all(table: &Table) -> usize {
    let mut read = 0;
    for row in 0..=table.len() {
        let Some(register) = table.register(row) else { continue };
        read += register.name().len() + table.aliases(register.offset()).count();
        read += usize::from(table.named(register.name()).is_some());
        for field in table.fields(register).take(32) {
            assert!(field.lo <= field.hi && field.hi <= 31);
            read += field.name().len() + table.value(field, 1).map_or(0, str::len);
            read += table.values(field).take(32).map(|(_, name)| name.len()).sum::<usize>();
        }
    }
    read + (0..0x1_0100).filter(|&dwords| table.at(RegOffset::new(dwords)).is_some()).count()
}

#[test]
fn corrupt_rows_do_not_panic() {
    let mut state = 0x9E37_79B9_u32;
    let mut random = move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as usize // CAST: 24 bits
    };
    let untouched = read_all(&Table::new(GFX11).unwrap());
    for round in 0..12 {
        let mut bytes: Vec<u8> = GFX11.into();
        for _ in 0..20 << round {
            let at = 28 + random() % (bytes.len() - 28);
            bytes[at] = random() as u8; // CAST: any byte will do
        }
        let table = Table::new(Box::leak(bytes.into_boxed_slice())).unwrap();
        assert_ne!(read_all(&table), untouched, "round {round} changed nothing");
    }
}

#[test]
fn a_header_that_the_size_contradicts_is_refused() {
    assert!(Table::new(GFX11).is_some());
    assert!(Table::new(&[]).is_none());
    assert!(Table::new(&GFX11[..GFX11.len() - 1]).is_none());
    assert!(Table::new(&GFX11[..27]).is_none());
    for (at, byte) in [(0, b'X'), (4, 0xFF), (7, 0xFF), (8, 0xFF), (11, 0xFF), (15, 0xFF), (19, 0xFF), (27, 0xFF)] {
        let mut bytes: Vec<u8> = GFX11.into();
        bytes[at] = byte;
        assert!(Table::new(Box::leak(bytes.into_boxed_slice())).is_none(), "byte {at} = {byte:#x}");
    }
}

//! From GPU addresses to the pieces of physical memory that a log holds.
//!
//! Source: Linux `amdgpu_vm.h` (`AMDGPU_PTE_*`, `AMDGPU_PDE_PTE`), `gmc_v11_0.c` (`vram_base_offset`: tables hold
//! addresses in VRAM counted from FB_OFFSET) and `gfxhub_v3_0.c`. gfx12 moved the bits and isn't read here.

use std::collections::BTreeMap;

/// Bytes of the smallest page.
const PAGE: u64 = 4096;
/// Address bits that a level of tables resolves; 512 entries of 8 bytes make a page.
const LEVEL_BITS: u32 = 9;

const VALID: u64 = 1 << 0;
const SYSTEM: u64 = 1 << 1;
/// In an entry above the last level: it is a page, not a table.
const IS_PAGE: u64 = 1 << 54;
const ADDRESS: u64 = 0x0000_FFFF_FFFF_F000;

/// How many pieces before an address are looked at for one that reaches it.
const OVERLAPS: usize = 64;

/// Physical memory in pieces, by their first byte.
#[derive(Debug, Default)]
pub(super) struct Pieces(BTreeMap<u64, Vec<u8>>);

impl Pieces {
    /// Keeps a piece; of two that begin at one address, the longer, and of equal ones the first.
    pub(super) fn add(&mut self, address: u64, bytes: Vec<u8>) {
        let known = self.0.entry(address).or_default();
        if bytes.len() > known.len() {
            *known = bytes;
        }
    }

    pub(super) fn count(&self) -> usize {
        self.0.len()
    }

    fn read(&self, address: u64, bytes: u64) -> Option<&[u8]> {
        self.0.range(..=address).rev().take(OVERLAPS).find_map(|(start, piece)| {
            let from = usize::try_from(address - start).ok()?;
            piece.get(from..from.checked_add(usize::try_from(bytes).ok()?)?)
        })
    }
}

/// What of the GPU's memory is at hand.
#[derive(Debug, Default)]
pub(super) struct Physical {
    pub(super) vram: Pieces,
    pub(super) system: Pieces,
    /// `MC_VM_FB_OFFSET` in bytes: what VRAM's first byte is called in page tables.
    pub(super) vram_offset: u64,
}

/// The page tables of a VMID.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    /// `VM_CONTEXTn_PAGE_TABLE_BASE_ADDR`.
    pub(super) base: u64,
    /// `VM_CONTEXTn_CNTL`; bits 2:1 are PAGE_TABLE_DEPTH, the tables above the last one.
    pub(super) control: u32,
}

impl Physical {
    /// `dwords` dwords at `va`, if every page of them is at hand.
    pub(super) fn words(&self, context: Context, va: u64, dwords: u64) -> Option<Vec<u32>> {
        let end = va.checked_add(dwords.checked_mul(4)?)?;
        let mut bytes = Vec::new();
        let mut at = va;
        while at < end {
            let part = (PAGE - at % PAGE).min(end - at);
            bytes.extend_from_slice(self.bytes(self.translate(context, at)?, part)?);
            at += part;
        }
        Some(super::scan::dwords(&bytes).0)
    }

    fn bytes(&self, place: Place, bytes: u64) -> Option<&[u8]> {
        match place {
            Place::System(address) => self.system.read(address, bytes),
            Place::Vram(address) => self.vram.read(address, bytes),
        }
    }

    fn place(&self, entry: u64, address: u64) -> Option<Place> {
        if entry & SYSTEM != 0 {
            return Some(Place::System(address));
        }
        address.checked_sub(self.vram_offset).map(Place::Vram)
    }

    fn translate(&self, context: Context, va: u64) -> Option<Place> {
        let mut entry = context.base;
        for level in (0..=context.control >> 1 & 3).rev() {
            let shift = PAGE.trailing_zeros() + LEVEL_BITS * level;
            let index = va >> shift & ((1 << LEVEL_BITS) - 1);
            let table = self.place(entry, entry & ADDRESS)?;
            let slot = match table {
                Place::System(address) => Place::System(address.checked_add(8 * index)?),
                Place::Vram(address) => Place::Vram(address.checked_add(8 * index)?),
            };
            entry = u64::from_le_bytes(self.bytes(slot, 8)?.try_into().ok()?);
            if entry & VALID == 0 {
                return None;
            }
            if level == 0 || entry & IS_PAGE != 0 {
                let within = va & ((1 << shift) - 1);
                return self.place(entry, (entry & ADDRESS) + within);
            }
        }
        None
    }
}

#[derive(Clone, Copy, Debug)]
enum Place {
    Vram(u64),
    System(u64),
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const VA: u64 = 0x1234_5678_9000;
    const TWO_LEVELS: u32 = 1 << 1;

    /// A directory at 0x1000 of VRAM whose entry for `VA` names a table at 0x2000, in which two pages follow each other:
    /// the first in VRAM at 0x3000, the second in system memory at 0x7000.
    fn physical(flags: u64) -> (Physical, Context) {
        let mut physical = Physical { vram_offset: 0x10_0000, ..Physical::default() };
        let index = |shift: u32| 8 * (VA >> shift & 0x1ff);
        physical.vram.add(0x1000 + index(21), (0x10_2000_u64 | VALID).to_le_bytes().to_vec());
        physical.vram.add(0x2000 + index(12), (0x10_3000_u64 | flags).to_le_bytes().to_vec());
        physical.vram.add(0x2008 + index(12), (0x7000_u64 | VALID | SYSTEM).to_le_bytes().to_vec());
        physical.vram.add(0x3ffc, 0xc001_2800_u32.to_le_bytes().to_vec());
        physical.system.add(0x7000, 0x8000_0000_u32.to_le_bytes().to_vec());
        (physical, Context { base: 0x10_1000 | VALID, control: TWO_LEVELS })
    }

    #[test]
    fn words_come_from_page_after_page() {
        let (physical, context) = physical(VALID);
        assert_eq!(physical.words(context, VA + 0xffc, 2).unwrap(), [0xc001_2800, 0x8000_0000]);
    }

    #[test]
    fn what_is_not_at_hand_is_not_read() {
        let (known, context) = physical(VALID);
        assert_eq!(known.words(context, VA + 0xff8, 2), None, "the piece begins later");
        assert_eq!(known.words(context, VA + 0xffc, 3), None, "the piece ends sooner");
        assert_eq!(known.words(context, VA + (1 << 21), 1), None, "no directory entry");
        assert_eq!(known.words(context, u64::MAX - 3, 2), None, "past the end of all addresses");
        let (invalid, context) = physical(0);
        assert_eq!(invalid.words(context, VA + 0xffc, 1), None, "the page is not valid");
    }

    #[test]
    fn the_longer_of_two_pieces_is_kept() {
        let mut pieces = Pieces::default();
        pieces.add(8, vec![1, 2]);
        pieces.add(8, vec![3]);
        pieces.add(9, vec![4]);
        assert_eq!((pieces.read(8, 2), pieces.read(9, 1)), (Some(&[1, 2][..]), Some(&[4][..])));
        pieces.add(8, vec![5, 6, 7]);
        assert_eq!(pieces.read(8, 3), Some(&[5, 6, 7][..]));
        assert_eq!(pieces.read(9, 2), Some(&[6, 7][..]), "through the piece before");
    }
}

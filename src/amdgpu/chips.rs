//! Which chip is which, as data: by the version that its own discovery table reports, never by its PCI id.
//!
//! Mind the order of the Navi 3x: graphics core 11.0.2 is gfx1102, and 11.0.3 is gfx1101.
//!
//! Source: Linux `amdkfd/kfd_device.c` (`gfx_target_version`), `amdgpu_discovery.c` (families), `soc21.c` (external
//! revisions); Mesa `src/amd/addrlib/src/amdgpu_asic_addr.h` for the revisions of kernels that report no version.

use super::uapi::info::{FAMILY_GC_11_0_0, FAMILY_GC_11_0_1};
use std::fmt;

/// An instruction set, as LLVM names it: `gfx1100`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GfxVersion {
    /// 11 of gfx1100.
    pub major: u8,
    /// 0 of gfx1100, one digit.
    pub minor: u8,
    /// 0 of gfx1100, one hexadecimal digit.
    pub stepping: u8,
}

impl GfxVersion {
    /// From its three parts.
    pub const fn new(major: u8, minor: u8, stepping: u8) -> Self {
        Self { major, minor, stepping }
    }
}

impl fmt::Display for GfxVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "gfx{}{}{:x}", self.major, self.minor, self.stepping)
    }
}

impl fmt::Debug for GfxVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A chip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chip {
    /// Version of the graphics core: major << 16 | minor << 8 | revision.
    ip: u32,
    pub(super) gfx: GfxVersion,
    /// AMD's name of the chip.
    pub(super) name: &'static str,
}

const fn chip(ip: (u32, u32, u32), gfx: (u8, u8, u8), name: &'static str) -> Chip {
    Chip { ip: ip.0 << 16 | ip.1 << 8 | ip.2, gfx: GfxVersion::new(gfx.0, gfx.1, gfx.2), name }
}

/// By version.
#[rustfmt::skip]
const CHIPS: &[Chip] = &[
    chip((10, 1, 10), (10, 1, 0), "Navi 10"),
    chip((10, 1, 1),  (10, 1, 2), "Navi 14"),
    chip((10, 1, 2),  (10, 1, 1), "Navi 12"),
    chip((10, 1, 3),  (10, 1, 3), "Cyan Skillfish"),
    chip((10, 1, 4),  (10, 1, 3), "Cyan Skillfish"),
    chip((10, 3, 0),  (10, 3, 0), "Navi 21"),
    chip((10, 3, 1),  (10, 3, 3), "Van Gogh"),
    chip((10, 3, 2),  (10, 3, 1), "Navi 22"),
    chip((10, 3, 3),  (10, 3, 5), "Rembrandt"),
    chip((10, 3, 4),  (10, 3, 2), "Navi 23"),
    chip((10, 3, 5),  (10, 3, 4), "Navi 24"),
    chip((10, 3, 6),  (10, 3, 6), "Raphael"),
    chip((10, 3, 7),  (10, 3, 6), "Mendocino"),
    chip((11, 0, 0),  (11, 0, 0), "Navi 31"),
    chip((11, 0, 1),  (11, 0, 3), "Phoenix"),
    chip((11, 0, 2),  (11, 0, 2), "Navi 33"),
    chip((11, 0, 3),  (11, 0, 1), "Navi 32"),
    chip((11, 0, 4),  (11, 0, 3), "Phoenix 2"),
    chip((11, 5, 0),  (11, 5, 0), "Strix Point"),
    chip((11, 5, 1),  (11, 5, 1), "Strix Halo"),
    chip((11, 5, 2),  (11, 5, 2), "Krackan Point"),
    chip((11, 5, 3),  (11, 5, 3), "Krackan Point 2"),
    chip((11, 5, 4),  (11, 5, 4), "GC 11.5.4"),
    chip((11, 5, 6),  (11, 5, 4), "GC 11.5.6"),
    chip((11, 7, 0),  (11, 7, 0), "GC 11.7.0"),
    chip((11, 7, 1),  (11, 7, 1), "GC 11.7.1"),
    chip((12, 0, 0),  (12, 0, 0), "Navi 44"),
    chip((12, 0, 1),  (12, 0, 1), "Navi 48"),
    chip((12, 1, 0),  (12, 5, 0), "GC 12.1.0"),
];

/// By family and least external revision, largest first, for kernels that report no version: gfx11.0 alone.
#[rustfmt::skip]
const BY_REVISION: &[(u32, u32, u32)] = &[
    // family          revision  version
    (FAMILY_GC_11_0_0, 0x20,     0x0b_00_03),
    (FAMILY_GC_11_0_0, 0x10,     0x0b_00_02),
    (FAMILY_GC_11_0_0, 0x01,     0x0b_00_00),
    (FAMILY_GC_11_0_1, 0x80,     0x0b_00_04),
    (FAMILY_GC_11_0_1, 0x01,     0x0b_00_01),
];

impl Chip {
    /// The chip of a graphics core's version, or where that is 0 of its family and external revision.
    pub(super) fn find(ip: u32, family: u32, external_rev: u32) -> Option<&'static Self> {
        let ip = match ip {
            0 => BY_REVISION.iter().find(|(of, least, _)| *of == family && external_rev >= *least)?.2,
            ip => ip,
        };
        CHIPS.iter().find(|chip| chip.ip == ip)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gfx(ip: u32, family: u32, revision: u32) -> Option<String> {
        Chip::find(ip, family, revision).map(|chip| chip.gfx.to_string())
    }

    #[test]
    fn navi_3x_are_crossed() {
        assert_eq!(gfx(0x0b_0000, 145, 1).as_deref(), Some("gfx1100"));
        assert_eq!(gfx(0x0b_0002, 145, 0x10).as_deref(), Some("gfx1102"));
        assert_eq!(gfx(0x0b_0003, 145, 0x20).as_deref(), Some("gfx1101"));
        assert_eq!(gfx(0x0b_0001, 148, 1).as_deref(), Some("gfx1103"));
        assert_eq!(gfx(0x0b_0004, 148, 0x80).as_deref(), Some("gfx1103"));
        assert_eq!(gfx(0x0b_0501, 150, 0xc1).as_deref(), Some("gfx1151"));
        assert_eq!(gfx(0x0a_0306, 149, 1).as_deref(), Some("gfx1036"));
    }

    #[test]
    fn revisions_stand_in_for_a_missing_version() {
        for (family, revision, want) in [
            (145, 0x01, Some("gfx1100")),
            (145, 0x0f, Some("gfx1100")),
            (145, 0x10, Some("gfx1102")),
            (145, 0x1f, Some("gfx1102")),
            (145, 0x20, Some("gfx1101")),
            (148, 0x05, Some("gfx1103")),
            (148, 0x80, Some("gfx1103")),
            (150, 0x01, None),
            (143, 0x28, None),
        ] {
            assert_eq!(gfx(0, family, revision).as_deref(), want, "{family} {revision:#x}");
        }
    }

    #[test]
    fn unknown_chips_are_none() {
        assert_eq!(gfx(0x0d_0000, 160, 1), None);
        assert_eq!(gfx(0x09_0402, 141, 1), None);
    }
}

//! The names by which dumps call a chip.

/// The LLVM name of a graphics core by its IP version, such as `gfx1103` for GC 11.0.1; for one that is older or newer
/// than those listed, its version.
///
/// Source: Linux `amdkfd/kfd_device.c`, `kgd2kfd_probe`. GC 10.3.7 is gfx1036 as in Mesa `ac_gpu_info.c`.
pub(super) fn from_ip_version(major: u64, minor: u64, revision: u64) -> String {
    let name = match (major, minor, revision) {
        (10, 1, 10) => "gfx1010",
        (10, 1, 1) => "gfx1011",
        (10, 1, 2) => "gfx1012",
        (10, 1, 3 | 4) => "gfx1013",
        (10, 3, 0) => "gfx1030",
        (10, 3, 2) => "gfx1031",
        (10, 3, 4) => "gfx1032",
        (10, 3, 1) => "gfx1033",
        (10, 3, 5) => "gfx1034",
        (10, 3, 3) => "gfx1035",
        (10, 3, 6 | 7) => "gfx1036",
        (11, 0, 0) => "gfx1100",
        (11, 0, 1 | 4) => "gfx1103",
        (11, 0, 2) => "gfx1102",
        (11, 0, 3) => "gfx1101",
        (11, 5, 0) => "gfx1150",
        (11, 5, 1) => "gfx1151",
        (11, 5, 2) => "gfx1152",
        (11, 5, 3) => "gfx1153",
        (12, 0, 0) => "gfx1200",
        (12, 0, 1) => "gfx1201",
        _ => return format!("GC {major}.{minor}.{revision}"),
    };
    name.to_owned()
}

/// The chip by umr's name of its graphics block, which is `gfx` and the IP version without dots: `gfx1101` is GC 11.0.1
/// and `gfx10110` GC 10.1.10.
///
/// Source: umr `database/ip/`, the names of the `gfx_*` files.
pub(super) fn from_umr_block(block: &[u8]) -> Option<String> {
    let digits = std::str::from_utf8(block.strip_prefix(b"gfx")?).ok()?;
    let major_digits = if digits.starts_with('9') { 1 } else { 2 };
    let number = |part: Option<&str>| part?.parse().ok();
    let major = number(digits.get(..major_digits))?;
    let minor = number(digits.get(major_digits..major_digits + 1))?;
    let revision = number(digits.get(major_digits + 1..))?;
    Some(from_ip_version(major, minor, revision))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn blocks_of_umr_are_ip_versions() {
        // Phoenix, Navi 10 and Cezanne, by the blocks that umr's own test logs name.
        assert_eq!(from_umr_block(b"gfx1101").unwrap(), "gfx1103");
        assert_eq!(from_umr_block(b"gfx10110").unwrap(), "gfx1010");
        assert_eq!(from_umr_block(b"gfx930").unwrap(), "GC 9.3.0");
        assert_eq!(from_umr_block(b"dcn314"), None);
        assert_eq!(from_umr_block(b"gfx"), None);
    }
}

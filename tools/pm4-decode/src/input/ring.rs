//! Ring buffers: the words in the order that matters, and what their names say.

use sparkle_pm4::{Decoder, Header, Opcode, PacketType, Ring};

use super::{Stream, StreamKind};

/// The dwords before the ring in a debugfs file: read pointer, write pointer, the driver's write pointer.
const HEADER_DWORDS: usize = 3;

/// The smallest ring that is believed, in dwords; the kernel's own are 256 and more.
const SMALLEST: usize = 64;

/// The stream of a ring of which all dwords are at hand; the pointers are in dwords, masked or not.
///
/// What hangs is what the reader looks for, so the words begin at the read pointer: first what is still to be executed,
/// up to the write pointer, then the older content, of which the newest stands at the very end. (The packet that hangs
/// can be there: the command processor moves the read pointer when it fetches, before it has executed.) In a ring that
/// is done the two pointers are equal, and the same order is that of age, from the oldest word on.
pub(super) fn stream(name: String, ring: Option<Ring>, rptr: u64, wptr: u64, mut words: Vec<u32>) -> Stream {
    let size = words.len().max(1);
    let masked = |pointer: u64| usize::try_from(pointer % size as u64).unwrap_or(0);
    let (rptr, wptr) = (masked(rptr), masked(wptr));
    words.rotate_left(rptr);
    Stream {
        name,
        ring: ring.or_else(|| by_packets(&words)),
        va: None,
        wrap: Some(size),
        words,
        kind: StreamKind::Ring { rptr, wptr },
        first: rptr,
        submission: None,
        memory_synced: false,
    }
}

/// A debugfs ring file: its pointers and the ring, if `words` look like one.
///
/// That is, a ring of a power of two behind three pointers that lie in it. No stream of packets begins so: the first
/// dword of a packet of type 3 is larger than any ring.
///
/// Source: Linux `amdgpu_ring.c`, `amdgpu_debugfs_ring_read`, which masks the pointers.
pub(super) fn debugfs(words: &[u32]) -> Option<(u32, u32, &[u32])> {
    let (&[rptr, wptr, driver_wptr], ring) = words.split_first_chunk::<HEADER_DWORDS>()?;
    let inside = |pointer: u32| usize::try_from(pointer).is_ok_and(|pointer| pointer < ring.len());
    let fits = ring.len() >= SMALLEST && ring.len().is_power_of_two();
    (fits && inside(rptr) && inside(wptr) && inside(driver_wptr)).then_some((rptr, wptr, ring))
}

/// A debugfs ring file that was cut short: by its name a ring's, and pointers where a packet would begin.
pub(super) fn cut_debugfs<'a>(name: &str, words: &'a [u32]) -> Option<(u32, u32, &'a [u32])> {
    let (&[rptr, wptr, _], ring) = words.split_first_chunk::<HEADER_DWORDS>()?;
    let no_header = Header(rptr).packet_type() != PacketType::Type3 && rptr < 1 << 24 && wptr < 1 << 24;
    (name.contains("amdgpu_ring_") && no_header).then_some((rptr, wptr, ring))
}

/// Which engine executes a ring, by the name of the ring or of a file with it.
///
/// Source: Linux `gfx_v11_0.c` (`gfx_%d.%d.%d`, `comp_%d.%d.%d`), `amdgpu_gfx.c` (`kiq_%d.%d.%d.%d`), `amdgpu_mes.c`
/// (`mes_kiq_%d.%d.%d`). The KIQ is a queue of the MEC.
pub(super) fn kind(name: &str) -> Option<Ring> {
    const NAMES: [(&str, Ring); 4] =
        [("gfx", Ring::Gfx), ("comp", Ring::Compute), ("kiq", Ring::Compute), ("mes", Ring::Compute)];
    NAMES.into_iter().find_map(|(word, ring)| {
        name.match_indices(word).any(|(at, _)| is_ring_name(name, at, word.len())).then_some(ring)
    })
}

/// Whether the word at `at` is a ring's name: the whole name, or behind `ring_`, or before an underscore and a number.
fn is_ring_name(name: &str, at: usize, length: usize) -> bool {
    let before = name.get(..at).unwrap_or_default();
    let after = name.get(at + length..).unwrap_or_default();
    let stands_alone = !before.ends_with(|letter: char| letter.is_ascii_alphanumeric());
    let ends = !after.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    let numbered = after.strip_prefix('_').is_some_and(|rest| rest.starts_with(|digit: char| digit.is_ascii_digit()));
    stands_alone && (numbered || (ends && (before.is_empty() && after.is_empty() || before.ends_with("ring_"))))
}

/// The graphics ring by its packets, for rings that no name tells: the kernel writes CONTEXT_CONTROL to it alone.
///
/// Source: Linux `gfx_v11_0.c`, `emit_cntxcntl` of `gfx_v11_0_ring_funcs_gfx`, which the compute rings don't have.
pub(super) fn by_packets(words: &[u32]) -> Option<Ring> {
    let is_graphics =
        |header: Header| header.packet_type() == PacketType::Type3 && header.opcode() == Opcode::CONTEXT_CONTROL;
    Decoder::new(words)
        .any(|item| item.words.first().is_some_and(|word| is_graphics(Header(*word))))
        .then_some(Ring::Gfx)
}

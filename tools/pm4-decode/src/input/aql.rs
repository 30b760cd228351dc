//! AQL packets, which user-mode queues hold and this tool doesn't decode.

/// What they are, for messages.
pub(super) const WHAT: &str = "AQL packets (a user-mode queue), not PM4";
/// What to do with them.
pub(super) const ADVICE: &str = "dump a kernel ring or an indirect buffer, or name --input to read them as PM4";

/// Dwords of an AQL packet.
const PACKET: usize = 16;

/// Whether `words` are a queue of AQL packets: whole packets of known types, of which one is a valid kernel dispatch.
///
/// Source: HSA Platform System Architecture Specification 1.2, section 2.9 (AQL packets).
pub(super) fn is_queue(words: &[u32]) -> bool {
    let (packets, tail) = words.as_chunks::<PACKET>();
    !packets.is_empty() && tail.is_empty() && packets.iter().all(has_header) && packets.iter().any(is_kernel_dispatch)
}

/// Bits 7:0 are the type, of which 0 to 5 are defined; 15:13 are reserved.
fn has_header(packet: &[u32; PACKET]) -> bool {
    let [header, ..] = *packet;
    (header & 0xff) <= 5 && header & 0xe000 == 0
}

/// Type 2: one to three dimensions, workgroup sizes of 1 to 1024, a grid that isn't empty, and zeros where reserved.
fn is_kernel_dispatch(packet: &[u32; PACKET]) -> bool {
    let [header, group_xy, group_z, grid_x, grid_y, grid_z, ..] = *packet;
    let size = |size: u32| (1..=1024).contains(&size);
    header & 0xff == 2
        && (1..=3).contains(&(header >> 16))
        && [group_xy & 0xffff, group_xy >> 16, group_z].into_iter().all(size)
        && [grid_x, grid_y, grid_z].into_iter().all(|size| size > 0)
}

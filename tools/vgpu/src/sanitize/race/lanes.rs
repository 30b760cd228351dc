//! Lanes of one store against each other.

use sparkle_rdna3::{Access, Encoding, Reg};

use super::RACE_LANES;
use crate::sanitize::event::Event;
use crate::sanitize::report::Sink;
use crate::shader::{AccessKind, MemoryAccess, Space};

/// One lane's bytes and the registers they came from.
#[derive(Clone, Copy)]
struct Written {
    address: u64,
    bytes: u32,
    lane: u32,
    /// Index of the access among those of its lane.
    nth: u8,
}

/// Reports lanes that write different values to the same bytes.
pub(super) fn check(event: &Event<'_>, accesses: &[MemoryAccess], sink: &mut Sink) {
    let Some(first) = accesses.first() else { return };
    if first.kind != AccessKind::Store {
        return;
    }
    // Lanes one behind the other, as nearly all stores have them, can't overlap.
    let apart = accesses.array_windows().all(|[a, b]| b.address >= a.address.saturating_add(a.bytes.into()));
    if apart {
        return;
    }
    let mnemonic = event.instruction.op().mnemonic();
    if mnemonic.contains("format") || mnemonic.contains("addtid") {
        return;
    }
    let sources = data(event);
    let mut written = Vec::with_capacity(accesses.len());
    let (mut lane, mut nth) = (u32::MAX, 0u8);
    for access in accesses.iter().filter(|access| access.space == first.space && access.space != Space::Scratch) {
        nth = if access.lane == lane { nth.saturating_add(1) } else { 0 };
        lane = access.lane;
        written.push(Written { address: access.address, bytes: access.bytes, lane, nth });
    }
    written.sort_by_key(|one| one.address);
    let high = mnemonic.contains("d16_hi");
    for (at, one) in written.iter().enumerate() {
        let end = one.address.saturating_add(one.bytes.into());
        let rest = written.get(at + 1..).unwrap_or(&[]);
        for other in rest.iter().take_while(|other| other.address < end).filter(|other| other.lane != one.lane) {
            let until = end.min(other.address.saturating_add(other.bytes.into()));
            let differ = (other.address..until).any(|address| {
                let byte = |of: &Written| value(event, &sources, of, (address - of.address) as u32, high); // CAST: < 16
                byte(one) != byte(other)
            });
            if differ {
                let (first, last) = (one.lane.min(other.lane), one.lane.max(other.lane));
                sink.report(&RACE_LANES, event, Some(last), None, || {
                    format!("lanes {first} and {last} at {:#x}", other.address)
                });
            }
        }
    }
}

/// The first registers of the data, in the order of the text.
fn data(event: &Event<'_>) -> Vec<u8> {
    let operands = event.instruction.operands();
    let vgprs = operands.iter().filter(|operand| operand.access != Access::Write).filter_map(|operand| {
        match operand.registers() {
            Some((Reg::Vgpr(index), _)) => Some(index),
            _ => None,
        }
    });
    // The address comes first, but in buffer stores, where the data do.
    let all: Vec<u8> = vgprs.collect();
    match event.instruction.encoding() {
        Encoding::Mubuf | Encoding::Mtbuf => all,
        _ => all.get(1..).map(<[u8]>::to_vec).unwrap_or_default(),
    }
}

/// Byte `byte` of what a lane stored.
fn value(event: &Event<'_>, sources: &[u8], of: &Written, byte: u32, high: bool) -> Option<u8> {
    let offset = if high { byte + 2 } else { byte };
    let nth = u32::from(of.nth);
    let register = match event.instruction.encoding() {
        // Each dword is an access of its own.
        Encoding::Mubuf => sources.first()?.wrapping_add(nth as u8), // CAST: at most 4
        Encoding::Ds => *sources.get(nth as usize)?,                 // CAST: at most 1
        _ => *sources.first()?,
    };
    let register = register.wrapping_add((offset / 4) as u8); // CAST: at most 3
    Some((event.wave.lane(register, of.lane) >> (offset % 4 * 8)) as u8) // CAST: one byte
}

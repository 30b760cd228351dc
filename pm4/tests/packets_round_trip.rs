//! Bodies to packets and back, for every packet type; nothing panics, whatever the dwords.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use sparkle_pm4::packets::{PacketLayout, Tail};
use sparkle_pm4::{Generation, Header, Opcode, Packet, Ring};

/// Lengths of a tail that the layout allows.
fn tails(layout: &PacketLayout) -> &'static [usize] {
    match layout.tail {
        Tail::None => &[0],
        Tail::Payload => &[0, 1, 2, 7],
        Tail::Data | Tail::Registers(_) => &[1, 2, 7],
        Tail::Pairs(_) => &[2, 4, 14],
        Tail::PackedPairs(_) => &[3, 6, 21],
    }
}

/// Everything that can be asked of a packet.
fn ask(packet: &Packet<'_>) {
    for generation in Generation::ALL {
        for ring in [Ring::Compute, Ring::Gfx] {
            assert!(packet.fields(generation, ring).count() <= 64);
            assert!(packet.addresses(generation, ring).count() <= 8);
        }
        let _ = packet.name(generation);
    }
    assert!(packet.register_writes().count() <= packet.tail().len());
    assert!(!format!("{packet:?}").is_empty());
}

proptest! {
    #[test]
    fn a_body_comes_back_whole(words in prop::collection::vec(any::<u32>(), 40)) {
        for layout in Packet::LAYOUTS {
            for tail in tails(layout) {
                let body = &words[..layout.head_dwords + tail];
                let packet = Packet::parse(layout.opcode, body);
                prop_assert_eq!(packet.layout().unwrap(), *layout, "{}", layout.name);
                prop_assert!(!matches!(packet, Packet::Opaque(_)), "{} {}", layout.name, body.len());
                prop_assert_eq!([packet.head(), packet.tail()].concat(), body, "{}", layout.name);
                prop_assert_eq!(packet.head().len(), layout.head_dwords);
                let header = packet.header(layout.flags).map(|header| (header.opcode(), header.body_dwords()));
                let fits = layout.opcode == Opcode::NOP || !body.is_empty();
                prop_assert_eq!(header, fits.then_some((layout.opcode, body.len())));
            }
        }
    }

    #[test]
    fn fields_are_the_bits_that_their_layouts_say(words in prop::collection::vec(any::<u32>(), 40)) {
        for layout in Packet::LAYOUTS {
            let body = &words[..layout.head_dwords + tails(layout)[0]];
            let packet = Packet::parse(layout.opcode, body);
            for (field, value) in packet.fields(Generation::Gfx11, Ring::Gfx) {
                let shifted = u64::from(body[usize::from(field.dword) - 1]) >> field.lo;
                prop_assert_eq!(u64::from(value), shifted % (1 << (field.hi - field.lo + 1)), "{}", field.name);
            }
            for (address, va) in packet.addresses(Generation::Gfx11, Ring::Gfx) {
                let part = |dword: u8, hi: u8, lo: u8| {
                    (u64::from(body[usize::from(dword) - 1]) % (1 << (hi + 1))) >> lo << lo
                };
                let low = part(address.low.dword, address.low.hi, address.low.lo);
                let high = part(address.high.dword, address.high.hi, address.high.lo);
                prop_assert_eq!(va, (high << 32 | low) << address.shift, "{}", address.name);
            }
        }
    }

    #[test]
    fn nothing_panics_for_any_opcode_and_length(opcode: u8, body in prop::collection::vec(any::<u32>(), 0..=20)) {
        let packet = Packet::parse(Opcode(opcode), &body);
        prop_assert_eq!([packet.head(), packet.tail()].concat(), body.as_slice());
        prop_assert_eq!(packet.opcode(), Opcode(opcode));
        ask(&packet);
    }
}

#[test]
fn every_opcode_and_length_of_one_pattern() {
    for opcode in 0..=255 {
        for dwords in 0..=20 {
            for pattern in [0, u32::MAX] {
                let body = vec![pattern; dwords];
                let packet = Packet::parse(Opcode(opcode), &body);
                ask(&packet);
                let known = Packet::LAYOUTS.iter().any(|layout| layout.opcode.0 == opcode && layout.fits(dwords));
                assert_eq!(matches!(packet, Packet::Opaque(_)), !known, "{opcode:#x} of {dwords} dwords");
            }
        }
    }
    assert_eq!(Packet::parse(Opcode::NOP, &[]).header(0), Some(Header::NOP_ONE_DWORD));
}

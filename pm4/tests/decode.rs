//! The decoder and the walk: against umr's reading of a real ring, and on streams that are broken.
#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use sparkle_pm4::decode::walk::{Limits, Link, Memory, NotFollowed, Step, walk};
use sparkle_pm4::decode::{Item, ItemKind, Stray};
use sparkle_pm4::registers::Registers;
use sparkle_pm4::{Decoder, Generation, Header, Opcode, Packet};

fn sample(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("data/samples").join(name)).unwrap()
}

fn words(name: &str) -> Vec<u32> {
    let bytes = sample(name);
    bytes.chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn items(words: &[u32]) -> Vec<Item<'_>> {
    Decoder::new(words).collect()
}

fn packet<'a>(item: &Item<'a>) -> Packet<'a> {
    match item.kind {
        ItemKind::Packet { packet, .. } => packet,
        other => panic!("no packet: {other:?}"),
    }
}

/// What umr says of one IB: its packets as `(opcode, body dwords)`, and the registers that they set.
#[derive(Debug, Default, PartialEq)]
struct Umr {
    packets: Vec<(u8, usize)>,
    registers: Vec<(String, u32)>,
}

/// umr's answer for a Phoenix ring and the two IBs that it calls, in its order. Source: umr `test/kat/rs_kat_phoenix_test1`.
fn umr_phoenix() -> Vec<Umr> {
    let mut text = String::new();
    let compressed = sample("umr-phoenix-gfx11/rs_kat_phoenix_test1.answer3.txt.gz");
    GzDecoder::new(&compressed[..]).read_to_string(&mut text).unwrap();
    let mut ibs = Vec::new();
    for line in text.lines() {
        if line.starts_with("Decoding IB at") {
            ibs.push(Umr::default());
        } else if let Some((_, rest)) = line.split_once("Opcode 0x") {
            let opcode = u8::from_str_radix(rest.split(' ').next().unwrap(), 16).unwrap();
            let (_, length) = rest.split_once("] (").unwrap();
            let length = length.split(' ').next().unwrap().parse().unwrap();
            ibs.last_mut().unwrap().packets.push((opcode, length));
        } else if let Some((_, write)) = line.split_once("|---> gfx1101.reg") {
            let (name, value) = write.split_once("=0x").unwrap();
            let value = u32::from_str_radix(value.trim(), 16).unwrap();
            ibs.last_mut().unwrap().registers.push((name.to_owned(), value));
        }
    }
    ibs
}

fn ours(words: &[u32]) -> Umr {
    let registers = Registers::of(Generation::Gfx11);
    let mut umr = Umr::default();
    for item in items(words) {
        let ItemKind::Packet { header, packet } = item.kind else { panic!("{item:?}") };
        umr.packets.push((header.opcode().0, header.body_dwords()));
        for write in packet.register_writes() {
            umr.registers.push((registers.at(write.register).unwrap().name().to_owned(), write.value));
        }
    }
    umr
}

#[test]
fn a_real_gfx11_ring_and_its_ibs_read_as_umr_reads_them() {
    let answers = umr_phoenix();
    assert_eq!(answers.len(), 3);
    let ring = words("umr-phoenix-gfx11/phoenix_ring_gfx_0.0.0.bin");
    // The ring file begins with the read pointer and two write pointers; umr was asked for 0x100..0x300.
    assert_eq!(&ring[..3], [0x100, 0x300, 0x300]);
    for (answer, stream) in answers.iter().zip([
        ring[3 + 0x100..3 + 0x300].to_vec(),
        words("umr-phoenix-gfx11/phoenix_ib_800000b39800_vmid4.bin"),
        words("umr-phoenix-gfx11/phoenix_ib_8000003d8000_vmid3.bin"),
    ]) {
        assert!(!answer.packets.is_empty());
        assert_eq!(*answer, ours(&stream));
    }
    assert_eq!(answers.iter().map(|answer| answer.registers.len()).sum::<usize>(), 656);
}

#[test]
fn a_nop_of_one_dword_has_no_body_and_only_nop_may_say_so() {
    assert_eq!(Header(0xFFFF_1000).body_dwords(), 0);
    assert_eq!(Header(0xC000_1000).body_dwords(), 1);
    assert_eq!(Header(0xFFFF_7600).body_dwords(), 0x4000);
    let stream = [0xFFFF_1000, 0xC001_1000, 1, 2, 0x8000_0000];
    let kinds: Vec<_> = items(&stream).iter().map(|item| (item.at, item.words.len())).collect();
    assert_eq!(kinds, [(0, 1), (1, 3), (4, 1)]);
    assert_eq!(items(&stream)[2].kind, ItemKind::Filler);
}

#[test]
fn what_is_broken_is_named_and_the_next_packet_is_found() {
    // A type-0 header, a type-1 header and a type-2 header with other bits, each before a CS_PARTIAL_FLUSH.
    let flush = [0xC000_4600, 0x0000_0407];
    for (word, why) in [(0x0001_2E12, Stray::Type0), (0x4000_0000, Stray::Type1), (0x8000_0001, Stray::BadFiller)] {
        let stream = [word, 0x1234, flush[0], flush[1]];
        let items = items(&stream);
        assert_eq!((items[0].kind, items[0].words.len()), (ItemKind::Stray(why), 2));
        assert_eq!(items[1].at, 2);
        assert!(matches!(packet(&items[1]), Packet::EventWrite(_)));
    }
    let zeros = [flush[0], flush[1], 0, 0, 0];
    assert_eq!((items(&zeros)[1].kind, items(&zeros)[1].words.len()), (ItemKind::Stray(Stray::Zeros), 3));
}

#[test]
fn a_packet_cut_off_by_the_end_says_how_much_is_missing() {
    let stream = [0xC003_1502, 4, 1, 1];
    let [item] = items(&stream)[..] else { panic!() };
    let header = Header(0xC003_1502);
    assert_eq!(item.kind, ItemKind::Stray(Stray::Truncated { header, need: 4, have: 3 }));
}

#[test]
fn a_packet_of_the_wrong_length_is_kept_whole() {
    // ACQUIRE_MEM of gfx9, one dword short for gfx10 and later.
    let stream = [0xC005_5800, 0, 0xFFFF_FFFF, 0xFF, 0, 0, 10];
    let Packet::Opaque(opaque) = packet(&items(&stream)[0]) else { panic!() };
    assert_eq!((opaque.opcode, opaque.body), (Opcode::ACQUIRE_MEM, &stream[1..]));
    assert_eq!(opaque.layout.unwrap().name, "ACQUIRE_MEM");
}

/// Memory of one block.
struct Block(u64, Vec<u32>);

impl Memory for Block {
    fn words(&self, va: u64, dwords: usize) -> Option<&[u32]> {
        let first = usize::try_from(va.checked_sub(self.0)? / 4).ok()?;
        self.1.get(first..first.checked_add(dwords)?)
    }
}

/// A step without its dwords.
fn brief(step: &Step<'_>) -> String {
    match step {
        Step::Enter { stream, from, link, va, words } => {
            let from = from.map(|(from, at)| (from.0, at));
            format!("enter {} {link:?} from {from:?} at {:#x} with {}", stream.0, va.unwrap_or(0), words.len())
        }
        Step::Item { stream, item } => format!("item {}:{}", stream.0, item.at),
        Step::NotFollowed { va, dwords, why, .. } => format!("not followed {va:#x} {dwords} {why:?}"),
        Step::Dead { stream, at, words } => format!("dead {}:{at} {}", stream.0, words.len()),
        Step::Leave { stream } => format!("leave {}", stream.0),
    }
}

#[test]
fn calls_return_and_chains_do_not() {
    // At 0x1000: a NOP, then a chain to 0x1020 (CHAIN and VALID set, 2 dwords), then one dword that never runs.
    let memory = Block(
        0x1000,
        vec![0xFFFF_1000, 0xC002_3F00, 0x1020, 0, 0x0090_0002, 0xFFFF_1000, 0, 0, 0xC000_4600, 0x0000_0407],
    );
    let ring = [0xC002_3F00, 0x9000, 0xFFFF_8000, 8];
    let steps: Vec<_> = walk(&ring, None, &memory, Limits::default()).map(|step| brief(&step)).collect();
    assert_eq!(
        steps,
        ["enter 0 Root from None at 0x0 with 4", "item 0:0", "not followed 0x800000009000 8 NotAtHand", "leave 0"]
    );
    let ring = [0xC002_3F00, 0x1000, 0, 0x0480_0006, 0xFFFF_1000];
    let steps: Vec<_> = walk(&ring, None, &memory, Limits::default()).map(|step| brief(&step)).collect();
    assert_eq!(
        steps,
        [
            "enter 0 Root from None at 0x0 with 5",
            "item 0:0",
            "enter 1 Call from Some((0, 0)) at 0x1000 with 6",
            "item 1:0",
            "item 1:1",
            "dead 1:5 1",
            "enter 2 Chain from Some((1, 1)) at 0x1020 with 2",
            "item 2:0",
            "leave 2",
            "item 0:4",
            "leave 0",
        ]
    );
}

#[test]
fn circles_and_depths_end() {
    // An IB that calls itself, and one that chains to itself.
    for control in [0x0000_0004, 0x0090_0004] {
        let memory = Block(0x1000, vec![0xC002_3F00, 0x1000, 0, control]);
        let steps: Vec<_> = walk(&memory.1, Some(0x1000), &memory, Limits::default()).collect();
        let cycle = steps.iter().any(|step| matches!(step, Step::NotFollowed { why: NotFollowed::Cycle, .. }));
        assert!(cycle && steps.len() < 10, "{steps:?}");
    }
    // Each of 100 IBs calls the next one.
    let ib = |index: u32| [0xC002_3F00, 0x1000 + 16 * (index + 1), 0, 4];
    let memory = Block(0x1000, (0..100).flat_map(ib).collect());
    let deepest = walk(&memory.1[..4], Some(0x1000), &memory, Limits { depth: 3, dwords: 1 << 20 })
        .filter_map(|step| if let Step::Enter { link: Link::Call, stream, .. } = step { Some(stream.0) } else { None })
        .max();
    assert_eq!(deepest, Some(2));
}

/// A stream that has some structure: real headers, known opcodes, lengths that often fit.
fn stream() -> impl Strategy<Value = Vec<u32>> {
    let layouts = Packet::LAYOUTS;
    let header = (0..layouts.len(), 0_usize..4, any::<u8>()).prop_map(move |(index, more, low)| {
        let layout = layouts[index];
        let flags = if low < 32 { low } else { 0 };
        Header::type3(layout.opcode, layout.head_dwords.max(1) + more, flags).map_or(0xFFFF_1000, |header| header.0)
    });
    let word = prop_oneof![2 => header, 3 => any::<u32>(), 1 => Just(0_u32), 1 => Just(0x8000_0000)];
    prop::collection::vec(word, 0..200)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Every dword belongs to exactly one item, in order, and an item's packet says the same dwords again.
    #[test]
    fn nothing_is_lost_and_nothing_is_made_up(words in stream()) {
        let mut again = Vec::new();
        for item in Decoder::new(&words) {
            prop_assert_eq!(item.at, again.len());
            match &item.kind {
                ItemKind::Packet { header, packet } => {
                    prop_assert_eq!(packet.opcode(), header.opcode());
                    let said = packet.header(header.flags());
                    // A body of 16384 dwords is the one length of which a NOP's header says something else.
                    prop_assert!(said == Some(*header));
                    again.push(header.0);
                    again.extend_from_slice(packet.head());
                    again.extend_from_slice(packet.tail());
                }
                _ => again.extend_from_slice(item.words),
            }
        }
        prop_assert_eq!(again, words);
    }

    #[test]
    fn walks_of_anything_end(words in stream()) {
        let memory = Block(0, words.clone());
        let limits = Limits { depth: 4, dwords: 10_000 };
        let steps = walk(&words, Some(0), &memory, limits).take(1_000_000).count();
        prop_assert!(steps < 1_000_000);
    }
}

/// A small generator of random dwords (xorshift64*), so that a failure can be found again by its number.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 32) as u32
    }
}

/// Both ways for random packets of every type: dwords to packet to dwords, and a packet rebuilt from its own dwords.
fn round_trips(streams: u64) {
    let layouts = Packet::LAYOUTS;
    for number in 0..streams {
        let mut random = Random(0x9E37_79B9_7F4A_7C15 ^ (number + 1));
        let mut words = Vec::new();
        for _ in 0..1 + random.next() % 6 {
            let layout = layouts[random.next() as usize % layouts.len()];
            let length = layout.head_dwords + (random.next() % 7) as usize;
            let flags = if random.next().is_multiple_of(4) { random.next() as u8 } else { 0 };
            let Some(header) = Header::type3(layout.opcode, length, flags) else { continue };
            words.push(header.0);
            words.extend((0..length).map(|_| random.next()));
        }
        let mut again = Vec::with_capacity(words.len());
        for item in Decoder::new(&words) {
            let ItemKind::Packet { header, packet } = item.kind else { panic!("stream {number}: {item:?}") };
            again.push(packet.header(header.flags()).unwrap().0);
            again.extend_from_slice(packet.head());
            again.extend_from_slice(packet.tail());
        }
        assert_eq!(again, words, "stream {number}");
    }
}

#[test]
fn a_million_random_streams_survive_the_round_trip() {
    round_trips(1_000_000);
}

//! The packet table against PAL's packet headers, in both directions: every field, its bits, its names, and where it is.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};

use flate2::read::GzDecoder;
use serde_json::Value;
use sparkle_pm4::field::FieldKind;
use sparkle_pm4::packets::{PacketLayout, Tail};
use sparkle_pm4::{Generation, Packet, Ring};

/// Packets that PAL's headers do not have, and who has them.
const NOT_IN_PAL: [(&str, &str); 7] = [
    ("SET_RESOURCES", "kfd_pm4_headers_ai.h"),
    ("MAP_PROCESS", "kfd_pm4_headers_ai.h"),
    ("MAP_QUEUES", "kfd_pm4_headers_ai.h"),
    ("UNMAP_QUEUES", "kfd_pm4_headers_ai.h"),
    ("QUERY_STATUS", "kfd_pm4_headers_ai.h"),
    ("RUN_LIST", "kfd_pm4_headers_ai.h"),
    ("MAP_PROCESS_VM", "kfd_pm4_headers_ai.h"),
];

/// Layouts that are named otherwise than their opcode.
const RENAMED: [(&str, &str); 7] = [
    ("CLEANER_SHADER", "RUN_CLEANER_SHADER"),
    ("DISPATCH_DRAW_ACE", "DISPATCH_DRAW"),
    ("DISPATCH_DRAW_PREAMBLE_ACE", "DISPATCH_DRAW_PREAMBLE"),
    ("LOAD_BUFFER_FILLED_SIZES", "LOAD_BUFFER_FILLED_SIZE"),
    ("SAVE_BUFFER_FILLED_SIZES", "SAVE_BUFFER_FILLED_SIZE"),
    ("STREAMOUT_STATS_QUERY", "STRMOUT_STATS_QUERY"),
    ("UPDATE_DB_SUMMARIZER_TIMEOUTS", "UPDATE_DB_SUMMARIZER_TIMEOUT"),
];

/// The ME's forms that no stream has: the PFP makes them of its own form.
const INTERNAL_TO_ME: [&str; 9] = [
    "DRAW_INDEX_2",
    "DRAW_INDEX_INDIRECT",
    "DRAW_INDEX_INDIRECT_MULTI",
    "DRAW_INDEX_OFFSET_2",
    "DRAW_INDIRECT",
    "DRAW_INDIRECT_MULTI",
    "DISPATCH_DIRECT_INTERLEAVED",
    "DISPATCH_INDIRECT_INTERLEAVED",
    "SET_SH_REG_OFFSET",
];

/// Rows that are wider than some of PAL's, or in more places, and why.
const WIDER: [(&str, &str, &str); 5] = [
    ("ACQUIRE_MEM", "coher_size_hi", "8 bits on gfx10 and compute; Linux and Mesa send 24 everywhere"),
    ("COND_WRITE", "wr_confirm", "gfx11's ME lacks it; compute and gfx12 have it"),
    ("INDIRECT_BUFFER", "valid", "compute rings only; Mesa sets it on the graphics ring too, where it chains"),
    ("LOAD_SH_REG_INDEX", "index", "1 bit on gfx10.1, 2 later"),
    ("RELEASE_MEM", "execute", "1 bit on gfx10, 2 later"),
];

/// Whole dwords that PAL does not tie to a generation, though the fields that they go with are gfx11's.
const NARROWER: [(&str, &str); 4] = [
    ("ACQUIRE_MEM", "gcr_base_lo"),
    ("ACQUIRE_MEM", "gcr_size"),
    ("STRMOUT_BUFFER_UPDATE", "control_address_hi"),
    ("STRMOUT_BUFFER_UPDATE", "src_address_hi"),
];

/// Rows that PAL does not have: the bits of `gcr_cntl`, from Mesa's `sid.h`.
const GCR_BITS: [&str; 16] = [
    "gli_inv",
    "gl1_range",
    "glm_wb",
    "glm_inv",
    "glk_wb",
    "glk_inv",
    "glv_inv",
    "gl1_inv",
    "gl2_us",
    "gl2_range",
    "gl2_discard",
    "gl2_inv",
    "gl2_wb",
    "seq",
    "range_is_pa",
    "gcr_cntl",
];

/// Another row that PAL does not have: Mesa's `radeon_set_context_reg_idx`.
const CONTEXT_INDEX: (&str, &str) = ("SET_CONTEXT_REG", "index");

/// Names of the value 0 that go with another operation of the same packet.
const LEFT_OUT_NAMES: [&str; 2] = ["CS_ONLY", "GS_ONLY"];

/// Name, dword, highest and lowest bit.
type Bits = (String, u64, u64, u64);
/// The fields of a packet on one ring of one generation, with the names of their values.
type Fields = BTreeMap<Bits, BTreeMap<String, u64>>;

fn pal() -> serde_json::Map<String, Value> {
    let bytes = include_bytes!("../data/pm4-packets.json.gz");
    let file: Value = serde_json::from_reader(GzDecoder::new(&bytes[..])).unwrap();
    file["packets"].as_object().unwrap().clone()
}

/// The generations that a tag of the gfx9+ headers stands for.
fn generations(tag: &str) -> &'static [Generation] {
    use Generation::{Gfx10, Gfx10_3, Gfx11};
    match tag {
        "CORE" => &[Gfx10, Gfx10_3, Gfx11],
        "GFX10" | "gfx10" => &[Gfx10, Gfx10_3],
        "gfx101" => &[Gfx10],
        "GFX103PLUS" | "gfx103Plus" => &[Gfx10_3, Gfx11],
        "GFX11" | "gfx11" => &[Gfx11],
        _ => panic!("tag {tag}"),
    }
}

/// Whether a layout with these tags, or a variant of that name, is there on a generation.
fn exists(header: &str, tags: &str, variant: &str, generation: Generation) -> bool {
    if header == "gfx12" {
        return generation == Generation::Gfx12;
    }
    let in_variant = match variant.split('/').find(|part| part.starts_with("gfx")) {
        Some(part) => generations(part).contains(&generation),
        None => true,
    };
    generations(tags).contains(&generation) && in_variant
}

/// PAL's fields of a packet by its body dwords, on one ring of one generation.
fn fields(name: &str, packet: &Value, generation: Generation, ring: Ring) -> BTreeMap<u64, Fields> {
    let mut found = BTreeMap::<u64, Fields>::new();
    for (header, engines) in packet.as_object().unwrap() {
        for (engine, layout) in engines.as_object().unwrap() {
            let internal = engine == "ME" && INTERNAL_TO_ME.contains(&name);
            let tag = layout["tags"][0].as_str().unwrap();
            if (engine == "MEC") != (ring == Ring::Compute) || internal || !exists(header, tag, "", generation) {
                continue;
            }
            let fields = found.entry(layout["size_dw"].as_u64().unwrap() - 1).or_default();
            for dword in layout["dwords"].as_array().unwrap() {
                for alternative in dword["layouts"].as_array().unwrap() {
                    if !exists(header, tag, alternative["variant"].as_str().unwrap_or(""), generation) {
                        continue;
                    }
                    for field in alternative["fields"].as_array().unwrap() {
                        let (name, bits) = (field["name"].as_str().unwrap().to_owned(), &field["bits"]);
                        let bits = (bits[1].as_u64().unwrap(), bits[0].as_u64().unwrap());
                        let names = fields.entry((name, dword["dw"].as_u64().unwrap(), bits.0, bits.1)).or_default();
                        for (name, value) in field["enum"].as_object().into_iter().flatten() {
                            let number = value.as_u64().or_else(|| value["value"].as_u64()).unwrap();
                            names.insert(name.to_uppercase(), number);
                        }
                    }
                }
            }
        }
    }
    found
}

/// The row's fields, the halves of its addresses among them, on one ring of one generation.
fn row(layout: &PacketLayout, generation: Generation, ring: Ring) -> Fields {
    let mut found = Fields::new();
    for field in layout.fields.iter().filter(|field| field.on.has(generation, ring)) {
        let bits = (field.name.to_owned(), field.dword.into(), field.hi.into(), field.lo.into());
        let names = match field.kind {
            FieldKind::Named(names) => names.iter().map(|&(number, name)| (name.to_owned(), number.into())).collect(),
            _ => BTreeMap::new(),
        };
        assert_eq!(found.insert(bits, names), None, "{}.{} twice", layout.name, field.name);
    }
    for address in layout.addresses.iter().filter(|address| address.on.has(generation, ring)) {
        for part in [address.low, address.high] {
            found.entry((part.name.to_owned(), part.dword.into(), part.hi.into(), part.lo.into())).or_default();
        }
    }
    found
}

/// The rows for a layout of PAL's with so many body dwords; EVENT_WRITE's single dword is the longer form's first.
fn rows(name: &str, dwords: u64, generation: Generation) -> Vec<&'static PacketLayout> {
    let name = RENAMED.iter().find(|(pal, _)| *pal == name).map_or(name, |(_, opcode)| opcode);
    let fits = |layout: &PacketLayout| match layout.tail {
        Tail::None => layout.head_dwords as u64 == dwords || (name == "EVENT_WRITE" && layout.head_dwords == 1),
        _ => true,
    };
    let wanted = Packet::LAYOUTS.iter().copied().filter(|layout| {
        layout.name == name && fits(layout) && (layout.opcode.is_defined(generation) || name == "FRAME_CONTROL")
    });
    wanted.collect()
}

fn is_wider(packet: &str, field: &str) -> bool {
    WIDER.iter().any(|(name, wide, _)| *name == packet && *wide == field)
}

/// Where a comparison stands.
struct Place<'a> {
    name: &'a str,
    dwords: u64,
    generation: Generation,
    ring: Ring,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, {} dwords, {:?} {:?}", self.name, self.dwords, self.generation, self.ring)
    }
}

/// The row has PAL's field, with its names, or is on a list. Says whether the list was needed.
fn has_field(ours: &Fields, bits: &Bits, names: &BTreeMap<String, u64>, place: &Place<'_>) -> bool {
    let exact = ours.get(bits);
    let wide = || {
        let same_start = |row: &&Bits| (&row.0, row.1, row.3) == (&bits.0, bits.1, bits.3) && row.2 >= bits.2;
        ours.keys().find(same_start).filter(|_| is_wider(place.name, &bits.0)).and_then(|row| ours.get(row))
    };
    let Some(row) = exact.or_else(wide) else {
        let narrow = NARROWER.contains(&(place.name, bits.0.as_str())) && place.generation < Generation::Gfx11;
        assert!(narrow, "{bits:?} of PAL is missing in {place}");
        return false;
    };
    for (name, number) in names.iter().filter(|(name, _)| !LEFT_OUT_NAMES.contains(&name.as_str())) {
        let digit = name.starts_with(|c: char| c.is_ascii_digit());
        let name = if digit { format!("N{name}") } else { name.clone() };
        assert_eq!(row.get(&name), Some(number), "{bits:?} {name} of {place}");
    }
    exact.is_none()
}

/// The row's field is PAL's, or on a list. Says whether the list of wider ones was needed.
fn is_expected(bits: &Bits, theirs: &Fields, place: &Place<'_>) -> bool {
    let same = theirs.contains_key(bits);
    let wide = is_wider(place.name, &bits.0);
    let highest = |pal: &Bits| if place.name == "RELEASE_MEM" { 24 } else { pal.2 };
    let in_gcr = |pal: &Bits| pal.0 == "gcr_cntl" && pal.1 == bits.1 && bits.3 >= pal.3 && bits.2 <= highest(pal);
    let gcr = GCR_BITS.contains(&bits.0.as_str()) && theirs.keys().any(in_gcr);
    let index = (place.name, bits.0.as_str()) == CONTEXT_INDEX;
    assert!(same || wide || gcr || index, "{bits:?} is not PAL's in {place}");
    !same && wide
}

#[test]
fn every_field_is_where_pal_has_it_and_nowhere_else() {
    let pal = pal();
    assert_eq!(pal.len(), 101);
    let (mut seen, mut compared, mut wider) = (BTreeSet::new(), 0, BTreeSet::new());
    let places = Generation::ALL.iter().flat_map(|&generation| [(generation, Ring::Compute), (generation, Ring::Gfx)]);
    for ((name, packet), (generation, ring)) in pal.iter().flat_map(|entry| places.clone().map(move |at| (entry, at))) {
        for (dwords, theirs) in fields(name, packet, generation, ring) {
            let place = Place { name, dwords, generation, ring };
            for layout in rows(name, dwords, generation) {
                seen.insert((layout.name, layout.head_dwords, layout.opcode.0));
                let ours = row(layout, generation, ring);
                for (bits, names) in theirs.iter().filter(|(bits, _)| bits.1 <= layout.head_dwords as u64) {
                    compared += 1;
                    if has_field(&ours, bits, names, &place) {
                        wider.insert((name.clone(), bits.0.clone()));
                    }
                }
                for bits in ours.keys().filter(|bits| is_expected(bits, &theirs, &place)) {
                    wider.insert((name.clone(), bits.0.clone()));
                }
            }
        }
    }
    assert!(compared > 2000, "{compared}");
    let listed: BTreeSet<_> = WIDER.iter().map(|(packet, field, _)| (packet.to_string(), field.to_string())).collect();
    assert_eq!(wider, listed);
    for layout in Packet::LAYOUTS {
        let known = NOT_IN_PAL.iter().any(|(name, _)| *name == layout.name);
        assert_ne!(seen.contains(&(layout.name, layout.head_dwords, layout.opcode.0)), known, "{}", layout.name);
    }
}

#[test]
fn every_packet_of_pal_has_a_row_wherever_its_opcode_is_defined() {
    for (name, packet) in &pal() {
        let mut found = false;
        for generation in Generation::ALL {
            for ring in [Ring::Compute, Ring::Gfx] {
                for (dwords, _) in fields(name, packet, generation, ring) {
                    let opcode =
                        RENAMED.iter().find(|(pal, _)| pal == name).map_or(name.as_str(), |(_, opcode)| opcode);
                    let defined = Packet::LAYOUTS
                        .iter()
                        .any(|layout| layout.name == opcode && layout.opcode.is_defined(generation));
                    let rows = rows(name, dwords, generation);
                    assert!(!rows.is_empty() || !defined, "{name} of {dwords} dwords on {generation:?} {ring:?}");
                    found |= !rows.is_empty();
                }
            }
        }
        assert!(found, "{name} has no row");
    }
}

#[test]
fn layouts_are_sorted_named_and_told_apart_by_opcode_and_length() {
    assert!(Packet::LAYOUTS.len() >= 110, "{}", Packet::LAYOUTS.len());
    for pair in Packet::LAYOUTS.windows(2) {
        let [before, after] = pair else { panic!() };
        assert!((before.opcode.0, before.head_dwords) < (after.opcode.0, after.head_dwords), "{}", after.name);
        let apart = before.opcode != after.opcode || (before.tail == Tail::None && after.tail == Tail::None);
        assert!(apart, "{}", after.name);
    }
    for layout in Packet::LAYOUTS {
        let names: Vec<_> = Generation::ALL.iter().filter_map(|&generation| layout.opcode.name(generation)).collect();
        assert!(names.contains(&layout.name) || layout.name == "COND_INDIRECT_BUFFER", "{} {names:?}", layout.name);
        let order: Vec<_> = layout.fields.iter().map(|field| (field.dword, field.lo, 31 - field.hi)).collect();
        assert!(order.is_sorted(), "{}", layout.name);
        for field in layout.fields {
            assert!(field.lo <= field.hi && field.hi < 32, "{}.{}", layout.name, field.name);
            assert!((1..=layout.head_dwords).contains(&field.dword.into()), "{}.{}", layout.name, field.name);
        }
    }
}

#[test]
fn selectors_are_fields_of_their_packet() {
    let mut checked = 0;
    for layout in Packet::LAYOUTS {
        let whens = layout.fields.iter().filter_map(|field| field.when);
        for when in whens.chain(layout.addresses.iter().filter_map(|address| address.when)) {
            let mut next = Some(&when);
            while let Some(when) = next {
                let mask = |hi: u8, lo: u8| u32::MAX >> (31 - (hi - lo)) << lo;
                let fields = layout.fields.iter().filter(|field| field.dword == when.dword);
                let covered = fields.fold(0, |all, field| all | mask(field.hi, field.lo));
                assert_eq!(covered & mask(when.hi, when.lo), mask(when.hi, when.lo), "{} {when:?}", layout.name);
                let widest = u32::MAX >> (31 - (when.hi - when.lo));
                assert!(when.values.iter().all(|&value| value <= widest), "{} {when:?}", layout.name);
                checked += 1;
                next = when.and;
            }
        }
    }
    assert!(checked > 100, "{checked}");
}

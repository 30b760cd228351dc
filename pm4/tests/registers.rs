//! The register tables: against the files that they are packed from, umr's answers and known values.
#![allow(clippy::unwrap_used)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::Path;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use serde_json::Value;
use sparkle_pm4::Generation;
use sparkle_pm4::registers::{
    ComputeDispatchInitiator, ComputePgmRsrc1, ComputePgmRsrc2, ComputeStaticThreadMgmt, LAYOUTS, RegOffset, Register,
    Registers, Space, offset,
};

#[path = "../examples/generate-registers/pack.rs"]
mod pack;

const FILES: [(Generation, &str); 3] =
    [(Generation::Gfx11, "gfx11"), (Generation::Gfx10_3, "gfx103"), (Generation::Gfx12, "gfx12")];

fn data(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name);
    let mut bytes = Vec::new();
    GzDecoder::new(std::fs::File::open(path).unwrap()).read_to_end(&mut bytes).unwrap();
    bytes
}

fn source(name: &str) -> Value {
    serde_json::from_slice(&data(&format!("{name}-registers.json.gz"))).unwrap()
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn dword_offset(register: &Value) -> u32 {
    u32::from_str_radix(text(register, "dword_offset").trim_start_matches("0x"), 16).unwrap()
}

/// `(name, high bit, low bit)` of the fields in the source.
fn fields(register: &Value) -> Vec<(String, u64, u64)> {
    let field = |field: &Value| {
        (text(field, "name").to_owned(), field["bits"][1].as_u64().unwrap(), field["bits"][0].as_u64().unwrap())
    };
    register["fields"].as_array().unwrap().iter().map(field).collect()
}

#[test]
fn committed_tables_are_what_the_generator_makes() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, bytes) in pack::pack(&root.join("data")).unwrap() {
        let committed = std::fs::read(root.join("src/registers").join(&name)).unwrap();
        assert!(committed == bytes, "{name} is out of date: run the example generate-registers");
        assert!(!name.ends_with(".tbl") || bytes.len() < 150_000, "{name} has {} bytes", bytes.len());
    }
}

#[test]
fn every_register_field_and_value_is_found() {
    for (generation, name) in FILES {
        let source = source(name);
        let registers = Registers::of(generation);
        let mut at: BTreeMap<u32, BTreeSet<&str>> = BTreeMap::new();
        for register in source["registers"].as_array().unwrap() {
            let (name, offset) = (text(register, "name"), dword_offset(register));
            at.entry(offset).or_default().insert(name);
            let found = registers.named(name).unwrap();
            assert_eq!((found.name(), found.offset().dwords()), (name, offset));
            check_fields(&source, register, found);
            check_space(register, found);
        }
        for (&offset, names) in &at {
            let primary = registers.at(RegOffset::new(offset)).unwrap();
            let mut found: BTreeSet<&str> = primary.aliases().map(Register::name).collect();
            assert!(found.insert(primary.name()), "{primary:?} is its own alias");
            assert_eq!(&found, names, "{offset:#x}");
        }
        for dwords in 0..0x1_0400 {
            assert_eq!(registers.at(RegOffset::new(dwords)).is_some(), at.contains_key(&dwords), "{dwords:#x}");
        }
        assert_eq!(registers.iter().count(), at.values().map(BTreeSet::len).sum::<usize>());
        assert!(registers.iter().all(|register| at[&register.offset().dwords()].contains(register.name())));
    }
}

fn check_fields(source: &Value, register: &Value, found: Register) {
    let cut: Vec<_> =
        found.fields().map(|field| (field.name().to_owned(), field.hi().into(), field.lo().into())).collect();
    assert_eq!(cut, fields(register), "{found:?}");
    for (field, row) in found.fields().zip(register["fields"].as_array().unwrap()) {
        let mut values: Vec<(u32, &str)> = Vec::new();
        if let Some(name) = row["enum"].as_str() {
            for (value, number) in source["enums"][name].as_object().unwrap() {
                values.push((u32::try_from(number.as_u64().unwrap()).unwrap(), value));
            }
        }
        values.sort();
        assert_eq!(field.values().collect::<Vec<_>>(), values, "{found:?} {field:?}");
        for &(number, name) in &values {
            assert_eq!(field.meaning(number), Some(name), "{found:?} {field:?}");
        }
        let named = |number| values.iter().any(|&(value, _)| value == number);
        let free = (0..).find(|&number| !named(number)).unwrap();
        assert_eq!(field.meaning(free), None, "{found:?} {field:?}");
        assert_eq!(found.field(field.name()).unwrap().lo(), field.lo(), "{found:?}");
    }
}

fn check_space(register: &Value, found: Register) {
    let (space, relative) = found.offset().in_space();
    let name = match space {
        Space::Config => "CONFIG",
        Space::Sh => "SH",
        Space::Context => "CONTEXT",
        Space::Uconfig => "UCONFIG",
        Space::Other => "OTHER",
    };
    assert_eq!(name, text(register, "space"), "{found:?}");
    if let Some(in_packet) = register["set_reg_offset"].as_str() {
        assert_eq!(format!("{relative:#x}"), in_packet.to_lowercase(), "{found:?}");
    }
    let byte = u32::from_str_radix(text(register, "byte_offset").trim_start_matches("0x"), 16).unwrap();
    let driver_owned = text(register, "src") == "linux" && ((0x32000..=0x33FFF).contains(&byte) || byte >= 0x38000);
    let kernel_only = matches!(name, "CONFIG" | "OTHER") || (name == "UCONFIG" && driver_owned);
    assert_eq!(found.kernel_only(), kernel_only, "{found:?}");
}

/// umr's decode of a capture from a Phoenix (gfx1103), register by register.
#[test]
fn primary_names_are_those_that_umr_prints() {
    let answer = String::from_utf8(data("samples/umr-phoenix-gfx11/rs_kat_phoenix_test1.answer3.txt.gz")).unwrap();
    let registers = Registers::of(Generation::Gfx11);
    let (mut writes, mut names) = (0, BTreeSet::new());
    for line in answer.lines() {
        let Some((_, rest)) = line.split_once("gfx1101.reg") else { continue };
        let name = rest.split('=').next().unwrap();
        let register = registers.named(name).unwrap_or_else(|| panic!("umr has {name}"));
        assert_eq!(registers.at(register.offset()).unwrap().name(), name);
        writes += 1;
        names.insert(name);
    }
    assert_eq!(writes, 656);
    assert!(names.contains("COMPUTE_DESTINATION_EN_SE0"), "an offset with two names");
}

/// The names in umr's decode of a capture from a Navi 10 (gfx1010), against the table that stands in for gfx10.1's.
#[test]
fn primary_names_are_those_that_umr_prints_for_gfx10() {
    let names = include_str!("../data/samples/umr-navi10-gfx10/rs_kat_navi10_test2.registers.txt");
    let registers = Registers::of(Generation::Gfx10);
    let mut renamed = 0;
    for name in names.lines() {
        match registers.named(name) {
            Some(register) => assert_eq!(registers.at(register.offset()).unwrap().name(), name),
            None => {
                let now = registers.named(&name.replace("_PREF_PRI_ACCUM_", "_USER_ACCUM_"));
                assert!(now.is_some(), "gfx10.3 has no {name}, and no other name for it");
                renamed += 1;
            }
        }
    }
    assert_eq!((names.lines().count(), renamed), (319, 20));
}

/// Mesa's decode of an IB of the Phoenix capture: every field of every register, with the names of its values.
#[test]
fn fields_of_a_real_stream_read_as_mesa_prints_them() {
    let decode =
        String::from_utf8(data("samples/umr-phoenix-gfx11/phoenix_ib_800000b39800_vmid4.mesa.txt.gz")).unwrap();
    let registers = Registers::of(Generation::Gfx11);
    let (mut current, mut fields, mut meanings) = (None, 0, 0);
    for line in decode.lines() {
        if let Some((before, _)) = line.split_once(" <- ") {
            let words: Vec<&str> = before.split_whitespace().collect();
            let register = words.last().and_then(|name| registers.named(name));
            current = u32::from_str_radix(words[0], 16).ok().and_then(|word| Some((register?, word)));
        } else if let (Some((register, word)), Some((name, printed))) = (current, line.split_once(" = ")) {
            if !line.starts_with("             ") {
                continue;
            }
            let field = register.field(name.trim()).unwrap_or_else(|| panic!("{register:?} has no {name}"));
            let value = field.extract(word);
            let printed = printed.split_whitespace().next().unwrap();
            let number = printed
                .strip_prefix("0x")
                .map_or_else(|| printed.parse().ok(), |digits| u32::from_str_radix(digits, 16).ok());
            match number {
                Some(number) => assert_eq!(value, number, "{register:?} {field:?}"),
                None => {
                    assert_eq!(field.meaning(value), Some(printed), "{register:?} {field:?}");
                    meanings += 1;
                }
            }
            fields += 1;
        } else {
            current = None;
        }
    }
    assert_eq!((fields, meanings), (2408, 403));
}

#[test]
fn an_offset_with_several_names_has_the_shared_one_first() {
    let gfx11 = Registers::of(Generation::Gfx11);
    let register = gfx11.at(RegOffset::new(0x2E16)).unwrap();
    assert_eq!(register.name(), "COMPUTE_DESTINATION_EN_SE0", "in Mesa and Linux");
    assert_eq!(register.aliases().map(Register::name).collect::<Vec<_>>(), ["COMPUTE_STATIC_THREAD_MGMT_SE0"]);
    let alias = gfx11.named("COMPUTE_STATIC_THREAD_MGMT_SE0").unwrap();
    assert_eq!(alias.offset(), register.offset());
    assert_eq!(alias.aliases().map(Register::name).collect::<Vec<_>>(), ["COMPUTE_DESTINATION_EN_SE0"]);
    // Linux alone has all three.
    let names: Vec<_> = gfx11.at(RegOffset::new(0xF816)).unwrap().aliases().map(Register::name).collect();
    assert_eq!(names, ["CP_ME_RAM_RADDR", "CP_ME_RAM_WADDR"]);
    // Linux's name goes before Mesa's.
    let ring = Registers::of(Generation::Gfx10_3).at(RegOffset::new(0xC240)).unwrap();
    assert_eq!(ring.name(), "VGT_ESGS_RING_SIZE_UMD");
}

#[test]
fn generations_differ_and_gfx10_has_those_of_gfx10_3() {
    let name = |generation, dwords| Registers::of(generation).at(RegOffset::new(dwords)).map(Register::name);
    assert_eq!(name(Generation::Gfx11, 0x2E2F), Some("COMPUTE_DISPATCH_INTERLEAVE"));
    assert_eq!(name(Generation::Gfx10_3, 0x2E2F), None);
    assert_eq!(name(Generation::Gfx10_3, 0x2E2B), Some("COMPUTE_RELAUNCH"));
    assert_eq!(name(Generation::Gfx10, 0x2E2B), Some("COMPUTE_RELAUNCH"));
    assert_eq!(name(Generation::Gfx11, 0x2E2B), Some("COMPUTE_STATIC_THREAD_MGMT_SE4"));
    assert_eq!(name(Generation::Gfx12, 0x2E23), Some("COMPUTE_STATIC_THREAD_MGMT_SE8"));
    assert_eq!(name(Generation::Gfx11, u32::MAX), None);
    assert!(Registers::of(Generation::Gfx11).named("COMPUTE").is_none());
    assert!(Registers::of(Generation::Gfx11).named("").is_none());
}

/// Limits from Mesa `sid.h` in bytes, and the SET_SH_REG offset of `COMPUTE_PGM_LO` in every published stream.
#[test]
fn spaces_have_the_limits_of_the_headers() {
    let limits = |space: Space| (space.base().dwords() * 4, space.end().dwords() * 4);
    assert_eq!(limits(Space::Config), (0x8000, 0xB000));
    assert_eq!(limits(Space::Sh), (0xB000, 0xC000));
    assert_eq!(limits(Space::Context), (0x28000, 0x29000));
    assert_eq!(limits(Space::Uconfig), (0x30000, 0x40000));
    for space in [Space::Config, Space::Sh, Space::Context, Space::Uconfig] {
        assert_eq!(space.base().in_space(), (space, 0));
        assert_eq!(Space::of(RegOffset::new(space.end().dwords() - 1)), space);
        assert_ne!(Space::of(space.end()), space);
    }
    assert_eq!(offset::COMPUTE_PGM_LO.in_space(), (Space::Sh, 0x20C));
    assert_eq!(RegOffset::new(0x9FFF).in_space(), (Space::Other, 0x9FFF));
}

#[test]
fn named_offsets_are_those_of_the_files() {
    let source = source("gfx11");
    let listed: BTreeMap<&str, u32> =
        source["registers"].as_array().unwrap().iter().map(|row| (text(row, "name"), dword_offset(row))).collect();
    for (name, offset) in offset::ALL {
        assert_eq!(listed.get(name), Some(&offset.dwords()), "{name}");
        for generation in [Generation::Gfx10_3, Generation::Gfx12] {
            let elsewhere = Registers::of(generation).named(name).map(|register| register.offset());
            let gfx11_only = matches!(offset.dwords(), 0x2E2B..=0x2E2F) && generation == Generation::Gfx10_3;
            assert_eq!(elsewhere, (!gfx11_only).then_some(*offset), "{name} on {generation:?}");
        }
    }
}

#[test]
fn typed_values_are_cut_up_as_the_files_say() {
    let source = source("gfx11");
    let rows = source["registers"].as_array().unwrap();
    let mut checked = 0;
    for layout in LAYOUTS {
        let cut: Vec<_> =
            layout.fields.iter().map(|field| (field.name.to_owned(), field.hi.into(), field.lo.into())).collect();
        for (name, offset) in layout.registers {
            let row = rows.iter().find(|row| row["name"] == *name).unwrap();
            assert_eq!(dword_offset(row), offset.dwords(), "{name}");
            assert_eq!(cut, fields(row), "{name}");
            checked += 1;
        }
    }
    assert_eq!(checked, 21);
}

/// COMPUTE_PGM_RSRC1 of a dispatch in the Phoenix capture, and an initiator that RADV sends for wave32.
#[test]
fn typed_values_make_known_words() {
    let rsrc1 = ComputePgmRsrc1(0).with_vgprs(4).unwrap().with_float_mode(0xC0).unwrap().with_dx10_clamp(1).unwrap();
    assert_eq!(rsrc1.0, 0x002C_0004);
    assert_eq!((rsrc1.vgprs(), rsrc1.float_mode(), rsrc1.fwd_progress()), (4, 0xC0, 0));

    let initiator = ComputeDispatchInitiator(0xA045);
    assert_eq!((initiator.compute_shader_en(), initiator.cs_w32_en(), initiator.tunnel_enable()), (1, 1, 1));
    assert_eq!((initiator.partial_tg_en(), initiator.order_mode()), (0, 1));
    assert_eq!(initiator.with_cs_w32_en(0).unwrap().0, 0x2045);
    assert_eq!(
        format!("{initiator:?}"),
        "ComputeDispatchInitiator(0x0000a045, COMPUTE_SHADER_EN = 0x1, FORCE_START_AT_000 = 0x1, ORDER_MODE = 0x1, \
         TUNNEL_ENABLE = 0x1, CS_W32_EN = 0x1)"
    );
    assert_eq!(ComputePgmRsrc2::OFFSET, RegOffset::new(0x2E13));
    assert_eq!(ComputeStaticThreadMgmt::LAYOUT.registers.len(), 8);
}

#[test]
fn setters_refuse_what_does_not_fit() {
    let full = ComputePgmRsrc2(0).with_user_sgpr(31).unwrap();
    assert_eq!(full.0, 31 << 1);
    let error = full.with_user_sgpr(32).unwrap_err();
    assert_eq!(error.to_string(), "COMPUTE_PGM_RSRC2.USER_SGPR = 0x20 does not fit 5 bits: the largest value is 0x1f");
    assert!(full.with_scratch_en(2).is_err());
    assert_eq!(full.with_user_sgpr(0).unwrap().0, 0);
}

proptest! {
    #[test]
    fn any_offset_and_name_can_be_asked_for(dwords: u32, name in "[A-Z0-9_]{0,70}") {
        for generation in Generation::ALL {
            let registers = Registers::of(generation);
            if let Some(register) = registers.at(RegOffset::new(dwords)) {
                prop_assert_eq!(register.offset().dwords(), dwords);
            }
            if let Some(register) = registers.named(&name) {
                prop_assert_eq!(register.name(), name.as_str());
            }
        }
    }
}

//! The opcode table against AMD's lists, in both directions.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use flate2::read::GzDecoder;
use serde_json::Value;
use sparkle_pm4::{Engines, Generation, Opcode};

const KEYS: [(Generation, &str); 4] = [
    (Generation::Gfx10, "gfx10"),
    (Generation::Gfx10_3, "gfx103"),
    (Generation::Gfx11, "gfx11"),
    (Generation::Gfx12, "gfx12"),
];

/// The entries of `pm4-opcodes.json` by number.
fn listed() -> BTreeMap<u8, Value> {
    let bytes = include_bytes!("../data/pm4-opcodes.json.gz");
    let file: Value = serde_json::from_reader(GzDecoder::new(&bytes[..])).unwrap();
    let number =
        |entry: &Value| u8::from_str_radix(entry["op"].as_str().unwrap().trim_start_matches("0x"), 16).unwrap();
    file["opcodes"].as_array().unwrap().iter().map(|entry| (number(entry), entry.clone())).collect()
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().into_iter().flatten().map(|text| text.as_str().unwrap()).collect()
}

#[test]
fn every_number_says_what_the_lists_say() {
    let listed = listed();
    assert_eq!(listed.len(), 224);
    for number in 0..=255 {
        let opcode = Opcode(number);
        let entry = listed.get(&number).filter(|entry| !entry["reserved"].as_bool().unwrap());
        assert_eq!(opcode.is_named(), entry.is_some(), "{opcode}");
        let Some(entry) = entry else {
            assert_eq!(opcode.to_string(), format!("unknown(0x{number:02X})"));
            for generation in Generation::ALL {
                assert_eq!(opcode.name(generation), None, "{opcode}");
                assert!(!opcode.is_defined(generation) && opcode.engines(generation).is_empty(), "{opcode}");
            }
            continue;
        };
        let name = entry["name"].as_str().unwrap();
        assert_eq!(opcode.to_string(), name);
        let nowhere = KEYS.iter().all(|(_, key)| entry["opcode_defined"][key] == false);
        for (generation, key) in KEYS {
            let defined = entry["opcode_defined"][key].as_bool().unwrap();
            assert_eq!(opcode.is_defined(generation), defined, "{name} on {key}");
            assert_eq!(opcode.name(generation), (defined || nowhere).then_some(name), "{name} on {key}");
            let mut engines = Engines::NONE;
            for engine in strings(&entry["engines"][key]) {
                engines = engines.union(match engine {
                    "MEC" => Engines::MEC,
                    "ME" => Engines::ME,
                    "PFP" => Engines::PFP,
                    _ => panic!("engine {engine}"),
                });
            }
            assert_eq!(opcode.engines(generation), engines, "{name} on {key}");
            assert_eq!(opcode.has_engine_data(generation), engines != Engines::NONE, "{name} on {key}");
        }
        let aliases: Vec<&str> =
            strings(&entry["aliases"]).into_iter().filter(|alias| !alias.contains("RESERVED")).collect();
        assert_eq!(opcode.aliases(), aliases, "{name}");
    }
}

#[test]
fn every_name_is_found() {
    for (number, entry) in listed() {
        let name = entry["name"].as_str().unwrap();
        let found = Opcode::named(name);
        match number {
            _ if entry["reserved"] == true => assert_eq!(found, None, "{name}"),
            0x8F => assert_eq!(found, Some(Opcode(0xFE)), "{name}"),
            0x99 => assert_eq!(found, Some(Opcode(0xFF)), "{name}"),
            0xBC => assert_eq!(found, Some(Opcode(0xBB)), "{name}"),
            _ => assert_eq!(found, Some(Opcode(number)), "{name}"),
        }
    }
    assert_eq!(Opcode::named("DRAW_MULTI_PREAMBLE_GFX10"), Some(Opcode(0x8F)));
    assert_eq!(Opcode::named("AQL_PACKET_GFX10"), Some(Opcode(0x99)));
    assert_eq!(Opcode::named("SET_SH_REG_PAIRS_PACKED_GFX12"), Some(Opcode(0xBC)));
    assert_eq!(Opcode::named("COND_INDIRECT_BUFFER"), Some(Opcode(0x3F)), "an alias in Linux nvd.h");
    assert_eq!(Opcode::named("RESERVED_31"), None);
    assert_eq!(Opcode::named(""), None);
}

/// Numbers from Linux `nvd.h` and Mesa `sid.h`, written down here.
#[test]
fn constants_have_the_numbers_of_the_headers() {
    let numbers = [
        (Opcode::NOP, 0x10),
        (Opcode::DISPATCH_DIRECT, 0x15),
        (Opcode::DISPATCH_INDIRECT, 0x16),
        (Opcode::WRITE_DATA, 0x37),
        (Opcode::WAIT_REG_MEM, 0x3C),
        (Opcode::INDIRECT_BUFFER, 0x3F),
        (Opcode::COPY_DATA, 0x40),
        (Opcode::EVENT_WRITE, 0x46),
        (Opcode::RELEASE_MEM, 0x49),
        (Opcode::DMA_DATA, 0x50),
        (Opcode::ACQUIRE_MEM, 0x58),
        (Opcode::SET_CONTEXT_REG, 0x69),
        (Opcode::SET_SH_REG, 0x76),
        (Opcode::SET_UCONFIG_REG, 0x79),
        (Opcode::SET_SH_REG_INDEX, 0x9B),
    ];
    for (opcode, number) in numbers {
        assert_eq!(opcode.0, number, "{opcode}");
    }
}

#[test]
fn one_name_has_two_numbers() {
    assert_eq!(Opcode(0xBB).name(Generation::Gfx11), Some("SET_SH_REG_PAIRS_PACKED"));
    assert_eq!(Opcode(0xBC).name(Generation::Gfx11), None);
    assert_eq!(Opcode(0xBB).name(Generation::Gfx12), None);
    assert_eq!(Opcode(0xBC).name(Generation::Gfx12), Some("SET_SH_REG_PAIRS_PACKED"));
    assert_eq!(Opcode(0x8F).name(Generation::Gfx10), Some("DRAW_MULTI_PREAMBLE"));
    assert_eq!(Opcode(0xFE).name(Generation::Gfx10), None);
    assert_eq!(Opcode(0xFE).name(Generation::Gfx10_3), Some("DRAW_MULTI_PREAMBLE"));
}

/// A compute stream's SET_SH_REG is for the MEC and the ME, not for the prefetcher before gfx12.
#[test]
fn engines_are_sets() {
    let engines = Opcode::SET_SH_REG.engines(Generation::Gfx11);
    assert!(engines.contains(Engines::MEC) && engines.contains(Engines::ME) && !engines.contains(Engines::PFP));
    assert!(engines.intersects(Engines::MEC.union(Engines::PFP)));
    assert!(!engines.intersects(Engines::PFP));
    assert!(Opcode::SET_SH_REG.engines(Generation::Gfx12).contains(Engines::PFP));
    assert!(Opcode::FRAME_CONTROL.is_defined(Generation::Gfx11));
    assert!(!Opcode::FRAME_CONTROL.has_engine_data(Generation::Gfx11));
}

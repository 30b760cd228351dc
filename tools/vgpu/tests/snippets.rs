//! Instructions and what they must leave: one spec of `sparkle-vgpu wave` a line.
//!
//! What is wanted in `snippets.jsonl` was worked out by hand or by arithmetic outside of this code. What is wanted in
//! `hardware.jsonl` is what tests found on a gfx1100: tinygrad `test/amd/hw`, which compares with the card if
//! `USE_HW=1`. The code is the hex of llvm-mc 19 for the source in `asm`.
#![allow(clippy::unwrap_used)]

use serde_json::Value;
use sparkle_vgpu::sanitize::Switches;
use sparkle_vgpu::snippet::{Ran, Spec};

const SPECS: [&str; 2] = [include_str!("snippets.jsonl"), include_str!("hardware.jsonl")];

#[test]
fn instructions_leave_what_they_must() {
    let mut wrong = Vec::new();
    for line in SPECS.iter().flat_map(|specs| specs.lines()) {
        let value: Value = serde_json::from_str(line).unwrap();
        let Ran { answer, ok, .. } = Spec::parse(&value).unwrap().run(Switches::NONE).unwrap();
        if !ok {
            wrong.push(format!("{}: {}\n  got {answer}", value["name"], value["asm"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_wrong_want_is_told() {
    let value = serde_json::json!({"code": "8000 80be", "want": {"sgpr": {"0": 1}}});
    let Ran { answer, ok, .. } = Spec::parse(&value).unwrap().run(Switches::NONE).unwrap();
    assert!(!ok && answer["ok"] == false && answer["sgpr"]["0"] == 0);
    assert_eq!(answer["instructions"], 2);
}

#[test]
fn what_is_not_modelled_is_named() {
    // exp mrt0 v0, v0, v0, v0; image_load v0, v[0:1], s[0:7] dim:2D; ds_gws_barrier v0 gds
    for (code, what) in [("0f0000f80000 0000", "exp"), ("040100f0000000 00", "image_load"), ("000076d800000000", "GDS")]
    {
        let value = serde_json::json!({"code": code, "exec": 1});
        let Ran { answer, ok, .. } = Spec::parse(&value).unwrap().run(Switches::NONE).unwrap();
        let fault = answer["faults"][0].as_str().unwrap();
        assert!(!ok && fault.contains(what) && fault.ends_with("is not modelled"), "{fault}");
    }
}

#[test]
fn memory_faults_name_address_size_and_instruction() {
    // global_load_b64 v[2:3], v0, s[0:1]
    let spec = |va: u32| {
        let value = serde_json::json!({"code": "0000 56dc 0000 0002", "exec": 1, "vgpr": {"0": va},
            "memory": [{"va": "0x10000", "size": 16}]});
        let answer = Spec::parse(&value).unwrap().run(Switches::NONE).unwrap().answer;
        answer["faults"][0].as_str().unwrap_or("none").to_owned()
    };
    let unmapped = "wave 0, byte 0x0, `global_load_b64 v[2:3], v0, s[0:1]`: \
        load of 8 bytes at 0x20000, where no buffer is mapped";
    assert_eq!(spec(0x20000), unmapped);
    assert!(spec(0x1000c).ends_with("load of 8 bytes at 0x1000c runs over the end of its buffer at 0x10010"));
    assert_eq!(spec(0x10008), "none");
}

#[test]
fn what_hardware_forbids_is_a_fault() {
    for (code, spec, want) in [
        // ds_add_u32 v0, v1 at byte 2
        (
            "000000d800010000",
            serde_json::json!({"vgpr": {"0": 2}, "lds_bytes": 64}),
            "atomic of 4 bytes at 0x2 is not aligned",
        ),
        // scratch_load_b32 v1, off, off offset:16 of 16 bytes
        (
            "100051dc00007c01",
            serde_json::json!({"scratch_bytes": 16}),
            "at scratch offset 0x10 of a lane, which has 16 bytes",
        ),
        // s_trap 3
        ("030090bf", serde_json::json!({}), "trap 3 with no trap handler"),
        // s_branch far away
        ("ff7fa0bf", serde_json::json!({}), "outside of the code"),
        ("ffffffff", serde_json::json!({}), "0xffffffff is no instruction"),
    ] {
        let mut value = spec;
        value["code"] = code.into();
        value["exec"] = 1.into();
        let Ran { answer, ok, .. } = Spec::parse(&value).unwrap().run(Switches::NONE).unwrap();
        let fault = answer["faults"][0].as_str().unwrap_or("none");
        assert!(!ok && fault.contains(want), "{code}: {fault}");
    }
}

#[test]
fn specs_that_make_no_sense_are_refused() {
    for spec in [
        serde_json::json!({}),
        serde_json::json!({"code": "00"}),
        serde_json::json!({"code": "0000000g"}),
        serde_json::json!({"code": "00000000", "wave_size": 16}),
        serde_json::json!({"code": "00000000", "vgpr": {"0": [1, 2]}}),
        serde_json::json!({"code": "00000000", "sgpr": {"128": 1}}),
        serde_json::json!({"code": "00000000", "vcc": -1}),
    ] {
        assert!(Spec::parse(&spec).is_err(), "{spec}");
    }
    let overlap =
        serde_json::json!({"code": "00000000", "memory": [{"va": "0x1000", "size": 8}, {"va": "0x1004", "size": 8}]});
    assert!(Spec::parse(&overlap).unwrap().run(Switches::NONE).is_err());
}

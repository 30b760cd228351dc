//! Mistakes as the users of the instruction bench seed them: each is found under its rule, at its instruction, and what
//! differs from it by the cure alone is not. Encodings are llvm-mc's (LLVM 19, gfx1100).
#![allow(clippy::unwrap_used)]

use serde_json::json;
use sparkle_vgpu::sanitize::{Sanitizer, Switches, rules};
use sparkle_vgpu::snippet::Spec;

/// Rule, the mistake's text, its code, and the code without it. s[0:1] is a buffer of 4 KiB, v0 the lane times four.
#[rustfmt::skip]
const CASES: &[(&str, &str, &str, &str)] = &[
    ("load-read", "global_load_b32 v1, v0, s[0:1];v_add_nc_u32 v2, v1, v1", "000052dc000000010103044a", "000052dc00000001f70389bf0103044a"),
    ("load-read", "s_load_b32 s4, s[0:1], 0x0;s_add_u32 s5, s4, s4", "000100f4000000f804040580", "000100f4000000f807fc89bf04040580"),
    ("load-read", "ds_load_b32 v1, v0;v_mov_b32 v2, v1", "0000d8d8000000010103047e", "0000d8d80000000107fc89bf0103047e"),
    ("load-read", "ds_load_b32 v1, v0;ds_load_b32 v2, v0 offset:4;s_waitcnt lgkmcnt(1);v_mov_b32 v3, v2", "0000d8d8000000010400d8d80000000217fc89bf0203067e", "0000d8d8000000010400d8d80000000217fc89bf0103067e"),
    ("load-overwrite", "global_load_b32 v1, v0, s[0:1];v_mov_b32 v1, 0", "000052dc000000018002027e", "000052dc00000001f70389bf8002027e"),
    ("valu-trans-use", "v_rcp_f32 v1, v0;v_mul_f32 v2, v1, v1", "0055027e01030410", "0055027eff0f88bf01030410"),
    ("vcmpx-permlane", "v_cmpx_eq_u32 v0, v0;v_permlane16_b32 v1, v0, s4, s5", "0001947d01005bd600091400", "0001947d0000007e01005bd600091400"),
    ("uninit-address", "global_load_b32 v1, v9, s[0:1];s_waitcnt vmcnt(0)", "000052dc09000001f70389bf", "8002127e000052dc09000001f70389bf"),
    ("uninit-address", "s_load_b32 s4, s[0:1], s9;s_waitcnt lgkmcnt(0)", "000100f40000001207fc89bf", "800089be000100f40000001207fc89bf"),
    ("uninit-branch", "s_cmp_eq_u32 s9, 0;s_cbranch_scc1 0", "098006bf0000a2bf", "09800996098006bf0000a2bf"),
    ("uninit-exec", "s_and_b32 exec_lo, exec_lo, s9", "7e097e8b", "0980098b7e097e8b"),
    ("uninit-result", "global_store_b32 v0, v9, s[0:1]", "00006adc00090000", "8012123600006adc00090000"),
    ("uninit-strict-read", "v_mov_b32 v1, v9", "0903027e", "0003027e"),
    ("bounds-lds", "ds_store_b32 v0, v0 offset:0xff0", "f00f34d800000000", "000134d800000000"),
    ("bounds-past-end", "v_mov_b32 v1, 0xfff;global_load_b32 v2, v1, s[0:1];s_waitcnt vmcnt(0)", "ff02027eff0f0000000052dc01000002f70389bf", "ff02027ef80f0000000052dc01000002f70389bf"),
    ("bounds-misaligned", "v_mov_b32 v1, 2;global_atomic_add_u32 v1, v0, s[0:1]", "8202027e0000d6dc01000000", "8402027e0000d6dc01000000"),
    ("bounds-scratch", "scratch_store_b32 off, v0, off offset:64", "400069dc00007c00", "200069dc00007c00"),
    ("cache-scalar", "s_load_b32 s4, s[0:1], 0x0;s_waitcnt lgkmcnt(0);global_store_b32 v0, v0, s[0:1];s_waitcnt_vscnt null, 0x0;s_load_b32 s5, s[0:1], 0x0;s_waitcnt lgkmcnt(0)", "000100f4000000f807fc89bf00006adc0000000000007cbc400100f4000000f807fc89bf", "000100f4000000f807fc89bf00006adc0000000000007cbc000084f40000000007fc89bf400100f4000000f807fc89bf"),
    ("descriptor-dealloc", "s_sendmsg sendmsg(MSG_DEALLOC_VGPRS);v_mov_b32 v1, v0", "0300b6bf0003027e", "0003027e000080bf0300b6bf"),
];

/// What the sanitizers say of code: all but `uninit-strict` unless a case is about it.
fn faults(code: &str, switches: Switches) -> Vec<String> {
    let lanes: Vec<u32> = (0..32).map(|lane| lane * 4).collect();
    let spec = json!({
        "code": code, "exec": 0xffff_ffffu32, "sgpr": {"0": 0x10000, "1": 0, "4": 0, "5": 0}, "vgpr": {"0": lanes},
        "lds": "00".repeat(4096), "scratch_bytes": 64,
        "memory": [{"va": "0x10000", "size": 4096}],
        "want": {"memory": [{"va": "0x10000", "hex": "00000000"}]},
    });
    let answer = Spec::parse(&spec).unwrap().run(switches).unwrap().answer;
    answer["faults"].as_array().unwrap().iter().map(|fault| fault.as_str().unwrap().to_owned()).collect()
}

#[test]
fn mistakes_are_found_and_their_cures_are_clean() {
    let mut wrong = Vec::new();
    for &(rule, text, bad, good) in CASES {
        let switches =
            if rule == "uninit-strict-read" { Switches::ALL } else { Switches::ALL.without(Sanitizer::UninitStrict) };
        let (bad, good) = (faults(bad, switches), faults(good, switches));
        if !bad.iter().any(|fault| fault.contains(&format!("[{rule}]"))) {
            wrong.push(format!("{rule} is not found in {text}: {bad:?}"));
        }
        if !good.is_empty() {
            wrong.push(format!("without the mistake, {text}: {good:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn a_report_names_rule_register_wait_instructions_and_places() {
    let (_, _, bad, _) = CASES[0];
    assert_eq!(
        faults(bad, Switches::of(&[Sanitizer::Wait])),
        ["wait [load-read]: v1 without `s_waitcnt vmcnt(0)`: `v_add_nc_u32_e32 v2, v1, v1` at 0x100000008, workgroup \
          (0, 0, 0), wave 0; after `global_load_b32 v1, v0, s[0:1]` at 0x100000000, workgroup (0, 0, 0), wave 0"]
    );
    // The same with the sanitizer off.
    assert!(faults(bad, Switches::ALL.without(Sanitizer::Wait).without(Sanitizer::UninitStrict)).is_empty());
}

#[test]
fn rules_have_names_of_their_own() {
    let mut names: Vec<_> = rules().map(|rule| rule.id).collect();
    let count = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), count);
    for one in Sanitizer::ALL {
        assert!(rules().any(|rule| rule.sanitizer == one), "{}", one.name());
    }
}

#[test]
fn the_list_of_rules_is_up_to_date() {
    let mut text = String::from(
        "# Rules of the software GPU\n\nWhat `sparkle-vgpu` reports; `SPARKLE_BLESS=1 cargo test -p sparkle-vgpu` writes this \
         file.\n\n| rule | sanitizer | what is wrong |\n| --- | --- | --- |\n",
    );
    for rule in rules() {
        text += &format!("| `{}` | `{}` | {} |\n", rule.id, rule.sanitizer.name(), rule.says);
    }
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/vgpu-rules.md");
    if std::env::var_os("SPARKLE_BLESS").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap_or_default() == text, "docs/vgpu-rules.md is not up to date");
}

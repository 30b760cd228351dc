//! The instruction bench as its users meet it: specs in, results out. Encodings are llvm-mc's (LLVM 19, gfx1100).
#![allow(clippy::unwrap_used)]

use std::io::Write;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use serde_json::{Value, json};

/// Runs specs, one a line; the exit code and the results.
fn wave(specs: &[Value]) -> (i32, Vec<Value>) {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sparkle-vgpu"))
        .args(["wave", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let input: String = specs.iter().map(|spec| format!("{spec}\n")).collect();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), text.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn bytes(words: &[u32]) -> String {
    words.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn a_float_addition_in_the_lanes_that_are_on() {
    let mut want = [0; 32];
    (want[0], want[2]) = (0x4040_0000, 0x4040_0000);
    let spec = json!({
        "name": "v_add_f32", "gfx": "gfx1100", "wave_size": 32, "code": bytes(&[0x0600_0501]), "exec": 5,
        "vgpr": {"1": 0x3F80_0000, "2": 0x4000_0000}, "want": {"vgpr": {"0": want}},
    });
    let (code, results) = wave(std::slice::from_ref(&spec));
    assert_eq!((code, &results[0]["ok"]), (0, &json!(true)), "{results:?}");
    let mut wrong = spec;
    wrong["want"]["vgpr"]["0"][1] = json!(7);
    let (code, results) = wave(&[wrong]);
    assert_eq!((code, &results[0]["ok"]), (5, &json!(false)));
}

/// `dst[i] = src[i] + s5` for `i < s4`, dst in s[0:1], src in s[2:3], workgroup 1 of 256 threads in s15. The kernel of the
/// worked dispatch in pm4/data/samples/examples-gfx11.
#[test]
fn a_whole_kernel_reads_and_writes_memory() {
    let code = [
        0x8406_880F,
        0x3600_00FF,
        0x0000_03FF,
        0x4A00_0006,
        0x7D98_0004,
        0xBFA5_0007,
        0x3002_0082,
        0xDC52_0000,
        0x0202_0001,
        0xBF89_03F7,
        0x4A04_0405,
        0xDC6A_0000,
        0x0000_0201,
        0xBF80_0000,
        0xBFB6_0003,
    ];
    let source: Vec<u32> = (0..512).map(|index| 3 * index + 1).collect();
    // Threads 0 to 31 of the second workgroup are elements 256 to 287; the kernel was told of 280.
    let mut expected = vec![0; 512];
    for index in 256..280 {
        expected[index] = source[index] + 7;
    }
    let spec = json!({
        "name": "addk", "gfx": "gfx1100", "wave_size": 32, "code": bytes(&code), "exec": 0xFFFF_FFFF_u32,
        "sgpr": {"0": 0x10000, "2": 0x20000, "4": 280, "5": 7, "15": 1},
        "vgpr": {"0": (0..32).collect::<Vec<u32>>()},
        "memory": [{"va": "0x10000", "size": 2048}, {"va": "0x20000", "hex": bytes(&source)}],
        "want": {"memory": [{"va": "0x10000", "hex": bytes(&expected)}], "exec": 0x00FF_FFFF},
    });
    let (code, results) = wave(&[spec]);
    assert_eq!((code, &results[0]["ok"]), (0, &json!(true)), "{results:?}");
}

#[test]
fn scalar_instructions_set_scc_and_branches_take_it() {
    // s_cmp_eq_u32 s0, s1; s_cbranch_scc1 +1; s_mov_b32 s2, 1; s_mov_b32 s3, 2
    let code = bytes(&[0xBF06_0100, 0xBFA2_0001, 0xBE82_0081, 0xBE83_0082]);
    let equal = json!({"code": code, "sgpr": {"0": 5, "1": 5}, "want": {"sgpr": {"2": 0, "3": 2}, "scc": 1}});
    let unequal = json!({"code": code, "sgpr": {"0": 5, "1": 6}, "want": {"sgpr": {"2": 1, "3": 2}, "scc": 0}});
    let (exit, results) = wave(&[equal, unequal]);
    assert_eq!(exit, 0, "{results:?}");
}

#[test]
fn a_fault_is_named_and_ends_the_wave() {
    // global_load_b32 v2, v1, s[2:3] from nowhere.
    let spec = json!({"code": bytes(&[0xDC52_0000, 0x0202_0001]), "exec": 1, "sgpr": {"2": 0x5000_0000}});
    let (_, results) = wave(&[spec]);
    let faults = results[0]["faults"].to_string();
    assert!(faults.contains("global_load_b32") && faults.contains("0x50000000"), "{faults}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever the words, the bench answers each spec and ends.
    #[test]
    fn programs_of_random_words_end(programs in prop::collection::vec(prop::collection::vec(any::<u32>(), 1..12), 20)) {
        let specs: Vec<_> = programs
            .iter()
            .map(|words| json!({"code": bytes(words), "exec": 0xFFFF_FFFF_u32, "lds_bytes": 1024, "scratch_bytes": 64,
                "memory": [{"va": "0x0", "size": 4096}]}))
            .collect();
        let (code, results) = wave(&specs);
        prop_assert!(code == 0 || code == 5, "{}", code);
        prop_assert_eq!(results.len(), specs.len());
    }
}

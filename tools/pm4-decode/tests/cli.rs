//! `sparkle-pm4` as its users meet it: what it prints, and how it ends.
#![allow(clippy::unwrap_used)]

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../pm4/data/samples").join(name)
}

fn tool() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sparkle-pm4"));
    command.env_remove("NO_COLOR");
    command
}

/// Runs the tool with `input` on its standard input.
fn run(arguments: &[&str], input: &[u8]) -> Output {
    let mut child =
        tool().args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // The tool may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", stdout(output)))
}

const DISPATCH: &str = "examples-gfx11/c_dispatch_wave64_user6.bin";

#[test]
fn a_dispatch_reads_as_its_author_meant_it() {
    let output = run(&["decode", sample(DISPATCH).to_str().unwrap()], b"");
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for line in [
        "     0  c0065800  ACQUIRE_MEM",
        "    42  60ac0000    COMPUTE_PGM_RSRC1 = 0x60ac0000  VGPRS=0  SGPRS=0",
        "    52  00000100    COMPUTE_NUM_THREAD_X = 0x100",
        "    64  00000004    dim_x=4",
        "    69  00000407    event_type=CS_PARTIAL_FLUSH",
        "    73  00400000    address_32b=0x0000000100400000",
    ] {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    assert!(!text.contains("unknown") && !text.contains('\x1b'), "{text}");
}

#[test]
fn the_json_holds_what_the_contract_says() {
    let output = run(&["decode", "--json", sample(DISPATCH).to_str().unwrap()], b"");
    let report = json(&output);
    let packets = report["packets"].as_array().unwrap();
    assert_eq!(packets[0]["name"], "ACQUIRE_MEM");
    assert_eq!((packets[0]["offset"].as_u64(), packets[0]["header"].as_u64()), (Some(0), Some(0xC006_5800)));
    let flush = packets.iter().find(|packet| packet["name"] == "EVENT_WRITE").unwrap();
    assert_eq!((flush["offset"].as_u64(), flush["fields"]["event_type"].as_u64()), (Some(68), Some(7)));
    assert_eq!(flush["names"]["event_type"], "CS_PARTIAL_FLUSH");
    let writes: Vec<_> = packets.iter().flat_map(|packet| packet["writes"].as_array().unwrap()).collect();
    let rsrc2 = writes.iter().find(|write| write["register"] == "COMPUTE_PGM_RSRC2").unwrap();
    assert_eq!((rsrc2["value"].as_u64(), rsrc2["fields"]["USER_SGPR"].as_u64()), (Some(0x8C), Some(6)));
    // As many register writes as the values of the worked example's SET_SH_REG packets.
    assert_eq!(writes.len(), 5 + 4 + 5 + 1 + 3 + 2 + 2 + 1 + 1 + 3 + 6);
    let dwords: Vec<_> = packets.iter().flat_map(|packet| packet["dwords"].as_array().unwrap()).collect();
    assert_eq!(dwords.len(), 80);
}

#[test]
fn several_files_make_a_json_object_a_line() {
    let file = sample(DISPATCH);
    let file = file.to_str().unwrap();
    for command in ["decode", "lint", "stats"] {
        let output = run(&[command, "--json", file, file], b"");
        let lines: Vec<Value> = stdout(&output).lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(lines.len(), 2, "{command}");
        assert_eq!(lines[0], lines[1]);
    }
}

#[test]
fn standard_input_and_hexadecimal_text_are_read() {
    let hex = std::fs::read(sample("examples-gfx11/c_dispatch_wave64_user6.hex")).unwrap();
    let from_hex = stdout(&run(&["decode", "-"], &hex));
    let bin = std::fs::read(sample(DISPATCH)).unwrap();
    let from_bin = stdout(&run(&["decode", "--input", "bin", "-"], &bin));
    let body = |text: &str| text.lines().filter(|line| !line.starts_with(['#', '='])).collect::<Vec<_>>().join("\n");
    assert_eq!(body(&from_hex), body(&from_bin));
    assert!(body(&from_bin).lines().count() > 70);
}

#[test]
fn exit_codes_are_those_of_the_contract() {
    let missing = run(&["decode", "/no/such/file"], b"");
    assert_eq!(code(&missing), 1);
    assert!(stderr(&missing).contains("/no/such/file"), "{}", stderr(&missing));
    let unreadable = run(&["decode", "--input", "hex", "-"], b"this is no dump\n");
    assert_eq!(code(&unreadable), 2, "{}", stderr(&unreadable));
    assert_eq!(code(&run(&["decode", "--gfx", "gfx900", "-"], b"c0004600 00000407")), 2);
    assert_eq!(code(&run(&["decode", "--no-such-option"], b"")), 2);
    // Broken packets are what the tool is for.
    for name in ["form_a_opcode_in_low_bits", "form_b_count_in_low_bits", "form_b_write_data_count4"] {
        let file = sample(&format!("predecessor-broken/{name}.bin"));
        assert_eq!(code(&run(&["decode", file.to_str().unwrap()], b"")), 0);
        assert_eq!(code(&run(&["lint", file.to_str().unwrap()], b"")), 4);
    }
    assert_eq!(code(&run(&["lint", sample(DISPATCH).to_str().unwrap()], b"")), 0);
}

#[test]
fn warnings_count_only_when_they_are_denied() {
    // A dispatch of no workgroups, which drivers leave out.
    let bytes = std::fs::read(sample(DISPATCH)).unwrap();
    let mut empty = bytes.clone();
    empty[4 * 64] = 0;
    let allowed = run(&["lint", "--input", "bin", "-"], &empty);
    assert_eq!(code(&allowed), 0, "{}", stdout(&allowed));
    assert!(stdout(&allowed).contains(": warning[PM4-"), "{}", stdout(&allowed));
    assert_eq!(code(&run(&["lint", "--input", "bin", "--deny", "warnings", "-"], &empty)), 4);
    let rule = stdout(&allowed).split("warning[").nth(1).unwrap()[..7].to_owned();
    assert_eq!(code(&run(&["lint", "--input", "bin", "--deny", "warnings", "--allow", &rule, "-"], &empty)), 0);
}

#[test]
fn findings_look_like_a_compilers() {
    let file = sample("predecessor-broken/form_a_opcode_in_low_bits.bin");
    let text = stdout(&run(&["lint", file.to_str().unwrap()], b""));
    for line in text.lines() {
        let rest = line.strip_prefix(file.to_str().unwrap()).unwrap().strip_prefix(':').unwrap();
        let (dword, rest) = rest.split_once(": ").unwrap();
        assert!(dword.parse::<usize>().is_ok(), "{line}");
        assert!(rest.starts_with("error[PM4-") || rest.starts_with("warning[PM4-"), "{line}");
    }
    let report = json(&run(&["lint", "--json", file.to_str().unwrap()], b""));
    assert_eq!(report["findings"].as_array().unwrap().len(), text.lines().count());
    assert!(report["errors"].as_u64().unwrap() > 0);
}

#[test]
fn rules_explain_themselves() {
    let list = stdout(&run(&["lint", "--list"], b""));
    assert!(list.lines().count() >= 40, "{list}");
    for line in list.lines() {
        let output = run(&["lint", "--explain", line.split(' ').next().unwrap()], b"");
        assert_eq!(code(&output), 0);
        assert!(stdout(&output).contains("Source: "), "{}", stdout(&output));
    }
    assert_eq!(code(&run(&["lint", "--explain", "PM4-999"], b"")), 2);
}

#[test]
fn diff_sees_what_is_done_and_not_how_it_is_spelt() {
    let (one, sixteen) = (sample("bc250-gfx10_1/ib_g1.bin"), sample("bc250-gfx10_1/ib_g16.bin"));
    let output = run(&["diff", "--gfx", "gfx1013", one.to_str().unwrap(), sixteen.to_str().unwrap()], b"");
    assert_eq!(code(&output), 4);
    // The two streams differ in the number of workgroups and in what the kernel is told of it.
    assert!(stdout(&output).contains("dim_x: 0x1 -> 0x10"), "{}", stdout(&output));
    assert_eq!(stdout(&output).matches("->").count(), 2, "{}", stdout(&output));

    // The same registers in another order, by one packet instead of two, and other padding.
    let folder = tempfile::tempdir().unwrap();
    let (a, b) = (folder.path().join("a.hex"), folder.path().join("b.hex"));
    let dispatch = "c0031502 00000004 00000001 00000001 00000045";
    let plain = dispatch.replace("c0031502", "c0031500"); // without shader_type, as tinygrad has it
    std::fs::write(&a, format!("c0017600 00000212 60ac0000 c0017600 00000213 0000008c {dispatch} ffff1000")).unwrap();
    std::fs::write(&b, format!("c0027600 00000212 60ac0000 0000008c {plain} c0011000 0 0")).unwrap();
    let output = run(&["diff", a.to_str().unwrap(), b.to_str().unwrap()], b"");
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    let report = json(&run(&["diff", "--json", a.to_str().unwrap(), b.to_str().unwrap()], b""));
    assert_eq!(report["equal"], true);
}

#[test]
fn stats_count() {
    let report = json(&run(&["stats", "--json", sample(DISPATCH).to_str().unwrap()], b""));
    let number = |name: &str| report[name].as_u64().unwrap();
    assert_eq!((number("dwords"), number("packets"), number("dispatches")), (80, 16, 1));
    assert_eq!((number("register_writes"), number("redundant_writes"), number("padding_dwords")), (33, 0, 2));
    let text = stdout(&run(&["stats", sample(DISPATCH).to_str().unwrap()], b""));
    assert!(text.contains("SET_SH_REG"), "{text}");
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let navi10 = sample("umr-navi10-gfx10/navi10_ib_8000000a0000.bin");
    let mut child = tool()
        .args(["decode", "--ring", "gfx", "--gfx", "gfx1010", navi10.to_str().unwrap()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = [0; 64];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0);
    assert_eq!(stderr(&output), "");
}

#[test]
fn colours_come_only_when_they_are_wanted() {
    let file = sample(DISPATCH);
    let file = file.to_str().unwrap();
    assert!(!stdout(&run(&["decode", file], b"")).contains('\x1b'));
    assert!(stdout(&run(&["decode", "--color", file], b"")).contains('\x1b'));
    assert!(stdout(&run(&["decode", "--color=always", file], b"")).contains('\x1b'));
    assert!(!stdout(&run(&["decode", "--color=never", file], b"")).contains('\x1b'));
}

#[test]
fn a_full_disk_is_the_systems_refusal() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let status =
        tool().args(["decode", sample(DISPATCH).to_str().unwrap()]).stdout(full).stderr(Stdio::null()).status();
    assert_eq!(status.unwrap().code(), Some(1));
}

/// The blocks of a Markdown text, without their fences.
fn blocks(markdown: &str) -> Vec<&str> {
    markdown.split("```").skip(1).step_by(2).filter_map(|block| block.split_once('\n')).map(|(_, text)| text).collect()
}

#[test]
fn the_guides_worked_dump_is_what_the_tool_prints() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/pm4.md");
    let guide = std::fs::read_to_string(guide).unwrap();
    let blocks = blocks(&guide);
    let hex = blocks.iter().find(|block| block.starts_with("c0065800")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hung.hex"), hex).unwrap();
    for command in ["decode", "lint"] {
        let output = tool().args([command, "hung.hex"]).current_dir(folder.path()).output().unwrap();
        let text = stdout(&output);
        assert!(blocks.contains(&text.as_str()), "the guide lacks the output of {command}:\n{text}");
    }
}

/// A capture of the worked dispatch whose program is `code`.
fn capture(folder: &Path, code: &[u32]) {
    let ib = std::fs::read(sample(DISPATCH)).unwrap();
    let code: Vec<u8> = code.iter().flat_map(|word| word.to_le_bytes()).collect();
    std::fs::write(folder.join("ib.bin"), &ib).unwrap();
    std::fs::write(folder.join("code.bin"), &code).unwrap();
    let buffer = |id: u32, va: &str, size: usize, flags: &str, role: &str, before: &str| {
        format!(
            r#"{{"id": {id}, "va": "{va}", "size": {size}, "domain": "vram", "va_flags": [{flags}], "role": "{role}"{before}}}"#
        )
    };
    let buffers = [
        buffer(0, "0x200000000", ib.len(), r#""read", "exec""#, "ib", r#", "before": "ib.bin""#),
        buffer(1, "0x100000000", code.len(), r#""read", "exec""#, "code", r#", "before": "code.bin""#),
        buffer(2, "0x100200000", 4096, r#""read", "write""#, "output", ""),
        buffer(3, "0x100300000", 4096, r#""read""#, "input", ""),
        buffer(4, "0x100400000", 4096, r#""read", "write""#, "fence", ""),
    ];
    let capture = format!(
        r#"{{"format": "sparkle-capture", "version": 1, "device": {{"gfx": "gfx1100", "family": 145, "name": "test"}},
        "buffers": [{}], "volatile": [], "submissions": [{{"ip": "compute", "ring": 0,
        "ibs": [{{"buffer": 0, "va": "0x200000000", "size_dw": 80, "flags": 0}}], "buffers": [0, 1, 2, 3, 4], "fence_seq": 1}}]}}"#,
        buffers.join(", ")
    );
    std::fs::write(folder.join("capture.json"), capture).unwrap();
}

#[test]
fn lint_reads_the_program_and_the_buffers_of_a_capture() {
    let lint = |code: &[u32], change: &dyn Fn(String) -> String| {
        let folder = tempfile::tempdir().unwrap();
        capture(folder.path(), code);
        let json = folder.path().join("capture.json");
        let text = change(std::fs::read_to_string(&json).unwrap());
        std::fs::write(&json, text).unwrap();
        stdout(&run(&["lint", folder.path().to_str().unwrap()], b""))
    };
    // s_endpgm of gfx11 and the padding that the prefetcher needs; then gfx10's, which is s_setkill on gfx11.
    let ending = |end: u32| -> Vec<u32> { [0xBF80_0000, end].into_iter().chain([0xBF9F_0000; 126]).collect() };
    let same = |text: String| text;
    assert_eq!(lint(&ending(0xBFB0_0000), &same), "");
    assert!(lint(&ending(0xBF81_0000), &same).contains("error[PM4-099]"));
    assert!(lint(&[0; 128], &same).contains("error[PM4-098]"));
    // ds_load_b32 v9, v0: the dispatch allocates 4 VGPRs and no LDS.
    let greedy: Vec<u32> = [0xD8D8_0000, 0x0900_0000].into_iter().chain(ending(0xBFB0_0000)).collect();
    let found = lint(&greedy, &same);
    assert!(found.contains("error[PM4-107]") && found.contains("error[PM4-108]"), "{found}");
    // The fence's buffer is not in the submission's list; its mapping is not writable; the program's is not executable.
    let unlisted = lint(&ending(0xBFB0_0000), &|text| text.replace("[0, 1, 2, 3, 4]", "[0, 1, 2, 3]"));
    assert!(unlisted.contains("error[PM4-089]"), "{unlisted}");
    let read_only = lint(&ending(0xBFB0_0000), &|text| {
        text.replace(r#"["read", "write"], "role": "fence""#, r#"["read"], "role": "fence""#)
    });
    assert!(read_only.contains("error[PM4-091]"), "{read_only}");
    let data = lint(&ending(0xBFB0_0000), &|text| {
        text.replace(r#"["read", "exec"], "role": "code""#, r#"["read"], "role": "code""#)
    });
    assert!(data.contains("error[PM4-097]"), "{data}");
}

/// A preamble that was submitted before is still part of the submission that names it again.
#[test]
fn lint_checks_each_submission_of_a_capture_as_a_whole() {
    let folder = tempfile::tempdir().unwrap();
    capture(folder.path(), &[0xBF80_0000, 0xBFB0_0000].into_iter().chain([0xBF9F_0000; 126]).collect::<Vec<_>>());
    let json = folder.path().join("capture.json");
    let text = std::fs::read_to_string(&json).unwrap();
    let (preamble, main) = (
        r#"{"buffer": 0, "va": "0x200000000", "size_dw": 40, "flags": 0}"#,
        r#"{"buffer": 0, "va": "0x2000000a0", "size_dw": 40, "flags": 0}"#,
    );
    let (head, _) = text.split_once(r#""submissions""#).unwrap();
    let submission = |ibs: &str| {
        format!(r#"{{"ip": "compute", "ring": 0, "ibs": [{ibs}], "buffers": [0, 1, 2, 3, 4], "fence_seq": 1}}"#)
    };
    let lint = |submissions: &[String]| {
        std::fs::write(&json, format!(r#"{head}"submissions": [{}]}}"#, submissions.join(", "))).unwrap();
        stdout(&run(&["lint", folder.path().to_str().unwrap()], b""))
    };
    let whole = submission(&format!("{preamble}, {main}"));
    assert_eq!(lint(&[submission(preamble), whole]), "");
    // In two submissions nothing that the first sets counts for the second.
    let apart = lint(&[submission(preamble), submission(main)]);
    assert!(apart.contains("[submission 1 ib 0]:23: error[PM4-044]"), "{apart}");
}

/// Streams whose relation nobody knows may set what the others need.
#[test]
fn lint_calls_unset_state_an_error_only_where_the_stream_is_alone() {
    let words = [0xC003_1502_u32, 4, 1, 1, 0x45, 0xFFFF_1000, 0xFFFF_1000, 0xFFFF_1000];
    let ib = |va: u64| {
        let mut text = format!("Decoding IB at 0x3@0x{va:x} from 0x0@0x0 of 8 words (type 4)\n");
        for (at, word) in words.iter().enumerate() {
            text += &format!("[0x3@0x{va:08x} + 0x{:04x}]\t[        0x{word:08x}]\tword\n", 4 * at);
        }
        text + "Done decoding IB\n"
    };
    let lint = |text: &str| stdout(&run(&["lint", "--ring", "compute", "--gfx", "gfx1100", "-"], text.as_bytes()));
    let alone = lint(&ib(0x10_0000));
    assert!(alone.contains("error[PM4-044]") && !alone.contains("PM4-110"), "{alone}");
    let two = lint(&(ib(0x10_0000) + &ib(0x20_0000)));
    assert_eq!(two.matches("warning[PM4-110]").count(), 2, "{two}");
    assert!(!two.contains("error"), "{two}");
}

#[test]
fn dumps_with_columns_of_all_kinds_read_the_same() {
    let words = std::fs::read(sample(DISPATCH)).unwrap();
    let body = |input: &[u8]| {
        let output = run(&["decode", "-"], input);
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        let lines = stdout(&output);
        lines.lines().filter(|line| !line.starts_with(['#', '='])).map(str::to_owned).collect::<Vec<_>>()
    };
    let expected = body(&words);
    let lines = |make: &dyn Fn(usize, &[u8]) -> String| -> Vec<u8> {
        words.chunks(16).enumerate().map(|(line, bytes)| make(16 * line, bytes) + "\n").collect::<String>().into_bytes()
    };
    let dwords = |bytes: &[u8]| {
        let words = bytes.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap()));
        words.map(|word| format!(" {word:08x}")).collect::<String>()
    };
    let ascii = |bytes: &[u8]| -> String {
        bytes.iter().map(|&byte| if byte.is_ascii_graphic() { byte as char } else { '.' }).collect()
    };
    let pairs =
        |bytes: &[u8]| bytes.chunks(2).map(|pair| format!(" {:02x}{:02x}", pair[0], pair[1])).collect::<String>();
    // od -A d -t x4; od -A x -t x4z; xxd; xxd -e.
    assert_eq!(body(&lines(&|at, bytes| format!("{at:07}{}", dwords(bytes)))), expected);
    assert_eq!(body(&lines(&|at, bytes| format!("{at:06x}{}  >{}<", dwords(bytes), ascii(bytes)))), expected);
    assert_eq!(body(&lines(&|at, bytes| format!("{at:08x}:{}  {}", pairs(bytes), ascii(bytes)))), expected);
    assert_eq!(body(&lines(&|at, bytes| format!("{at:08x}: {}   {}", dwords(bytes), ascii(bytes)))), expected);

    for (input, what) in [(&b"\xff\xfe0\0x\0"[..], "UTF-16"), (br#"{"format": "sparkle-capture"}"#, "capture.json")] {
        let output = run(&["lint", "-"], input);
        assert!(code(&output) == 2 && stderr(&output).contains(what), "{}", stderr(&output));
    }
}

/// A kernel's first instructions. Source: llvm-mc 19 for gfx1100, as the reference of the worked dispatch has them.
const PROGRAM: &[(&str, &str)] = &[
    ("8406880f", "s_lshl_b32 s6, s15, 8"),
    ("360000ff 000003ff", "v_and_b32_e32 v0, 0x3ff, v0"),
    ("4a000006", "v_add_nc_u32_e32 v0, s6, v0"),
    ("7d980004", "v_cmpx_gt_u32_e32 s4, v0"),
    ("bfa50007", "s_cbranch_execz 7"),
    ("30020082", "v_lshlrev_b32_e32 v1, 2, v0"),
    ("dc520000 02020001", "global_load_b32 v2, v1, s[2:3]"),
    ("bf8903f7", "s_waitcnt vmcnt(0)"),
    ("4a040405", "v_add_nc_u32_e32 v2, s5, v2"),
    ("dc6a0000 00000201", "global_store_b32 v1, v2, s[0:1]"),
    ("bf800000", "s_nop 0"),
    ("bfb60003", "s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)"),
    ("bfb00000", "s_endpgm"),
];

/// The bytes of a line of words, in the order of memory.
fn memory_order(words: &str) -> Vec<u8> {
    words.split(' ').flat_map(|word| u32::from_str_radix(word, 16).unwrap().to_le_bytes()).collect()
}

#[test]
fn disasm_writes_what_llvm_objdump_writes() {
    let code: Vec<u8> = PROGRAM.iter().flat_map(|(words, _)| memory_order(words)).collect();
    let listing = stdout(&run(&["disasm", "-"], &code));
    let lines: Vec<_> = listing.lines().collect();
    assert_eq!(lines.len(), PROGRAM.len());
    assert_eq!(
        lines[1],
        "\tv_and_b32_e32 v0, 0x3ff, v0                                // 000000000004: 360000FF 000003FF"
    );
    for (line, (_, text)) in lines.iter().zip(PROGRAM) {
        assert_eq!(line.split("//").next().unwrap().trim(), *text);
    }
    let hex: Vec<_> = PROGRAM.iter().map(|(words, _)| *words).collect();
    assert_eq!(stdout(&run(&["disasm"], hex.join("\n").as_bytes())), listing);
}

/// `s_load_b32 s0, s[2:3], null`, `s_mov_b32 s1, s0`, `s_setpc_b64 s[4:5]` without and with the wait.
#[test]
fn disasm_checks_waits() {
    let without = b"f4000001 f8000000 be810000 be804804";
    let plain = run(&["disasm"], without);
    assert_eq!(code(&plain), 0);
    let checked = run(&["disasm", "--check"], without);
    assert_eq!(code(&checked), 4);
    let comments = "\
// 000000000008: load-read s0: s_mov_b32 s1, s0
//     a register is read before the load, atomic or message that writes it has provably returned
//     after 000000000000: s_load_b32 s0, s[2:3], null
//     needs s_waitcnt lgkmcnt(0)
// 00000000000C: not followed: s_setpc_b64 s[4:5]
//     jumps to an address that is not known; the path ends here
";
    assert_eq!(stdout(&checked), stdout(&plain) + comments);
    let with = run(&["disasm", "--check"], b"f4000001 f8000000 bf89fc07 be810000 bfb00000");
    assert_eq!(code(&with), 0);
    assert!(!stdout(&with).contains("load-read"));
    let text = stdout(&run(&["disasm", "--check", "--json"], without));
    let found: Value = serde_json::from_str(text.lines().nth(3).unwrap()).unwrap();
    assert_eq!(found["finding"]["rule"], "load-read");
    assert_eq!(found["finding"]["earlier"]["address"], 0);
    assert_eq!(found["finding"]["needs"], "s_waitcnt lgkmcnt(0)");
    assert_eq!(code(&run(&["disasm", "--check", "--lines"], without)), 2);
    // v_exp_f32 v0, v1; v_add_f32 v2, v0, v3: a hazard of gfx1100 alone.
    let hazard = b"7e004b01 06040700 bfb00000";
    assert_eq!(code(&run(&["disasm", "--check"], hazard)), 4);
    assert_eq!(code(&run(&["disasm", "--check", "--gfx", "gfx1150"], hazard)), 0);
}

#[test]
fn disasm_answers_line_by_line_in_either_order_of_bytes() {
    let expected: Vec<_> = PROGRAM.iter().map(|(_, text)| *text).collect();
    let words: Vec<_> = PROGRAM.iter().map(|(words, _)| words.replace(' ', "")).collect();
    let bytes: Vec<_> = PROGRAM.iter().map(|(words, _)| memory_order(words)).collect();
    let joined: Vec<String> =
        bytes.iter().map(|bytes| bytes.iter().map(|byte| format!("{byte:02x}")).collect()).collect();
    let apart: Vec<String> =
        bytes.iter().map(|bytes| bytes.iter().map(|byte| format!("0x{byte:02x},")).collect()).collect();
    for lines in [words, joined, apart] {
        let answer = stdout(&run(&["disasm", "--lines", "-"], lines.join("\n").as_bytes()));
        assert_eq!(answer.lines().collect::<Vec<_>>(), expected);
    }
    // No instruction, half an instruction, two instructions, no digits.
    let answer = stdout(&run(&["disasm", "--lines"], b"ffffffff\ndc520000\nbf800000 bfb00000\nhello\nbf800000\n"));
    assert_eq!(answer, "invalid\ninvalid\ninvalid\ninvalid\ns_nop 0\n");
    // The same mask is one register in wave32 and two in wave64.
    let compare = b"d4130006 00020501\n";
    assert_eq!(stdout(&run(&["disasm", "--lines"], compare)), "v_cmp_le_f32_e64 s6, v1, v2\n");
    assert_eq!(stdout(&run(&["disasm", "--lines", "--wave", "64"], compare)), "v_cmp_le_f32_e64 s[6:7], v1, v2\n");
    assert_eq!(code(&run(&["disasm", "--gfx", "gfx1030"], b"bf800000")), 2);
    assert_eq!(code(&run(&["disasm", "--wave", "48"], b"bf800000")), 2);
    assert_eq!(code(&run(&["disasm", "/no/such/file"], b"")), 1);
}

#[test]
fn decode_shows_the_program_of_a_dispatch() {
    let folder = tempfile::tempdir().unwrap();
    let code: Vec<u32> = PROGRAM
        .iter()
        .flat_map(|(words, _)| words.split(' '))
        .map(|word| u32::from_str_radix(word, 16).unwrap())
        .collect();
    capture(folder.path(), &code);
    let text = stdout(&run(&["decode", "--disasm", folder.path().to_str().unwrap()], b""));
    for (_, line) in PROGRAM {
        assert!(text.contains(line), "{line} is not in\n{text}");
    }
    let report = json(&run(&["decode", "--disasm", "--json", folder.path().to_str().unwrap()], b""));
    assert_eq!(report["programs"][0]["wave_size"], 64);
    assert_eq!(report["programs"][0]["instructions"].as_array().unwrap().len(), PROGRAM.len());
}

//! The linter: for each rule a stream that trips it and a near miss, real streams, broken ones, and noise.
#![allow(clippy::unwrap_used)]

#[path = "lint/case.rs"]
mod case;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use case::{Case, Dump, Expect, parse_cases};
use proptest::prelude::*;
use sparkle_pm4::Ring;
use sparkle_pm4::lint::{Buffer, Finding, Options, Programs, Root, RootKind, Rule, Severity, lint, lint_submission};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn sample(name: &str) -> Vec<u32> {
    let bytes = fs::read(root().join("data/samples").join(name).with_added_extension("bin")).unwrap();
    bytes.chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

/// A debugfs ring without its three dwords of pointers.
fn sample_ring(name: &str) -> Vec<u32> {
    sample(name).split_off(3)
}

fn options<'a>(gfx: &str, ring: Ring) -> Options<'a> {
    Options {
        gfx: gfx.parse().unwrap(),
        ring,
        root: RootKind::Ib,
        buffers: None,
        memory_synced: false,
        partial: false,
        programs: None,
    }
}

/// `PM4-072@66`, with the stream in front where it is not the first.
fn short(finding: &Finding) -> String {
    match finding.stream.0 {
        0 => format!("{}@{}", finding.rule, finding.at),
        stream => format!("{stream}:{}@{}", finding.rule, finding.at),
    }
}

fn shorts(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(short).collect()
}

fn cases() -> Vec<Case> {
    parse_cases(&fs::read_to_string(root().join("tests/lint/cases.txt")).unwrap())
}

fn run(case: &Case) -> Vec<Finding> {
    let options = Options {
        gfx: case.gfx,
        ring: case.ring,
        root: case.root,
        buffers: (!case.buffers.is_empty()).then_some(&case.buffers[..]),
        memory_synced: case.synced,
        partial: case.partial,
        programs: case.program.as_ref().map(|program| program as &dyn Programs),
    };
    lint(&case.words, case.va, &case.memory, &options)
}

#[test]
fn cases_trip_their_rules_and_no_others() {
    let mut wrong = String::new();
    for case in cases() {
        let findings = run(&case);
        let found: BTreeSet<&str> = findings.iter().map(|finding| finding.rule.code()).collect();
        let mut expected: BTreeSet<&str> = case.others.iter().map(String::as_str).collect();
        if case.expect == Expect::Trips {
            expected.insert(&case.code);
        }
        if found != expected {
            let messages: Vec<_> =
                findings.iter().map(|finding| format!("  {}: {}", short(finding), finding.message)).collect();
            wrong += &format!(
                "line {}, {}: expected {expected:?}, found\n{}\n",
                case.line,
                case.comment,
                messages.join("\n")
            );
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_rule_has_a_case_that_trips_it_and_a_near_miss() {
    let mut seen: BTreeMap<String, BTreeSet<Expect>> = BTreeMap::new();
    for case in cases() {
        seen.entry(case.code).or_default().insert(case.expect);
    }
    let missing: Vec<_> =
        Rule::ALL.iter().filter(|rule| seen.get(rule.code()).is_none_or(|both| both.len() < 2)).collect();
    assert!(missing.is_empty(), "no pair of cases for {missing:?}");
    assert_eq!(seen.len(), Rule::ALL.len());
}

#[test]
fn rules_are_numbered_without_gaps_and_read_back() {
    for (rule, number) in Rule::ALL.iter().zip(1_u16..) {
        assert_eq!(rule.code(), format!("PM4-{number:03}"));
        assert_eq!(rule.id(), number);
        for text in [rule.code().to_owned(), format!("pm4-{number}"), number.to_string()] {
            assert_eq!(text.parse::<Rule>(), Ok(*rule), "{text}");
        }
        for text in [rule.title(), rule.reason(), rule.source()] {
            assert!(!text.is_empty() && !text.ends_with(' ') && !text.contains("  "), "{text:?}");
        }
    }
    assert!(Rule::ALL.len() >= 45);
    for text in ["", "0", "PM4-", "PM4-000", "PM4-999", "+1", "PM5-001", "pm4-é", "1e0"] {
        assert!(text.parse::<Rule>().is_err(), "{text:?}");
    }
}

/// The IBs of the captures, where the rings that call them have them.
fn captured() -> Dump {
    let mut memory = Dump::default();
    memory.push(0x8000_003D_8000, sample("umr-phoenix-gfx11/phoenix_ib_8000003d8000_vmid3"));
    memory.push(0x8000_00B3_9800, sample("umr-phoenix-gfx11/phoenix_ib_800000b39800_vmid4"));
    memory.push(0x8000_000A_0000, sample("umr-navi10-gfx10/navi10_ib_8000000a0000"));
    memory
}

/// Streams that are known to be good, or that ran on hardware. No rule calls one of them an error.
#[test]
fn good_streams_are_clean_or_as_reviewed() {
    // The first two have no ACQUIRE_MEM, and set 0x2e23, which is no register of gfx10.
    const BC250: &[&str] = &["PM4-035@11", "PM4-072@67"];
    let streams: [(&str, &str, Ring, &[&str]); 13] = [
        ("bc250-gfx10_1/ib_g1", "gfx1013", Ring::Compute, BC250),
        ("bc250-gfx10_1/ib_g16", "gfx1013", Ring::Compute, BC250),
        ("umr-phoenix-gfx11/phoenix_ib_8000003d8000_vmid3", "gfx1103", Ring::Gfx, &[]),
        ("umr-phoenix-gfx11/phoenix_ib_800000b39800_vmid4", "gfx1103", Ring::Gfx, &[]),
        ("umr-navi10-gfx10/navi10_ib_800000096000", "gfx1010", Ring::Gfx, &[]),
        // The second of a submission: the first has set what is missing here.
        ("umr-navi10-gfx10/navi10_ib_8000000a0000", "gfx1010", Ring::Gfx, &["PM4-110@9645"]),
        ("examples-gfx11/a_nop8", "gfx1100", Ring::Compute, &[]),
        ("examples-gfx11/a_nop8_single_packet", "gfx1100", Ring::Compute, &[]),
        ("examples-gfx11/b_write_release", "gfx1100", Ring::Compute, &[]),
        ("examples-gfx11/c_dispatch_wave32_user15", "gfx1100", Ring::Compute, &[]),
        ("examples-gfx11/c_dispatch_wave64_user6", "gfx1100", Ring::Compute, &[]),
        ("examples-gfx11/d_gfxring_wave64_user6", "gfx1100", Ring::Gfx, &[]),
        // Part of a stream: the thread masks and the invalidation are somebody else's.
        ("examples-gfx11/e_timestamps", "gfx1100", Ring::Compute, &["PM4-047@35", "PM4-048@35", "PM4-072@35"]),
    ];
    for (name, gfx, ring, expected) in streams {
        let findings = lint(&sample(name), None, &captured(), &options(gfx, ring));
        assert_eq!(shorts(&findings), expected, "{name}: {findings:#?}");
        assert!(findings.iter().all(|finding| finding.rule.severity() == Severity::Warning), "{name}");
    }
}

/// The kernel's own packets are no user's, and what a ring never held is no stream.
#[test]
fn rings_are_clean() {
    for (name, gfx, ring) in [
        ("umr-phoenix-gfx11/phoenix_ring_gfx_0.0.0", "gfx1103", Ring::Gfx),
        ("umr-navi10-gfx10/navi10_ring_gfx_0.0.0", "gfx1010", Ring::Gfx),
        ("bc250-gfx10_1/ring_comp_1.1.0", "gfx1013", Ring::Compute),
        ("sparkle-raphael-gfx10_3/amdgpu_ring_comp_1.0.0", "gfx1036", Ring::Compute),
        ("sparkle-raphael-gfx10_3/amdgpu_ring_comp_1.0.1", "gfx1036", Ring::Compute),
        ("sparkle-raphael-gfx10_3/amdgpu_ring_gfx_0.0.0", "gfx1036", Ring::Gfx),
        ("sparkle-raphael-gfx10_3/amdgpu_ring_gfx_0.1.0", "gfx1036", Ring::Gfx),
        ("sparkle-raphael-gfx10_3/amdgpu_ring_kiq_0.2.1.0.first4096", "gfx1036", Ring::Compute),
    ] {
        let options = Options { root: RootKind::KernelRing, ..options(gfx, ring) };
        let findings = lint(&sample_ring(name), None, &captured(), &options);
        assert_eq!(shorts(&findings), [""; 0], "{name}: {findings:#?}");
    }
}

/// A ring's streams are a user's: the rules hold for them, and what one submission set does not count for the next.
#[test]
fn streams_that_a_ring_calls_are_checked() {
    let example = sample("examples-gfx11/c_dispatch_wave64_user6");
    let mut bare = example.clone();
    bare.splice(36..40, [0xC002_1000, 0, 0, 0]); // no program address
    let mut memory = Dump::default();
    memory.push(0x3_0000_0000, example);
    memory.push(0x2_0000_0000, bare);
    let call = |high: u32| [0xC002_3F00, 0, high, 0x0780_0050];
    let fence = [0xC006_4900, 0x0660_3514, 0x2200_0000, 0x0040_1080, 0, 1, 0, 0];
    let options = Options { root: RootKind::KernelRing, ..options("gfx1100", Ring::Compute) };
    let together = [&call(3)[..], &call(2), &fence].concat();
    assert_eq!(shorts(&lint(&together, None, &memory, &options)), [""; 0]);
    let apart = [&call(3)[..], &fence, &call(2), &fence].concat();
    assert_eq!(shorts(&lint(&apart, None, &memory, &options)), ["2:PM4-044@63", "2:PM4-047@63"]);
}

/// The streams of the Fortran predecessor, in one line each: what its author meant and where he put it.
#[test]
fn the_predecessors_streams_are_diagnosed_in_one_line() {
    let expected = [
        (
            "form_a_opcode_in_low_bits",
            "PM4-005@0: the opcode CONTEXT_CONTROL is in bits [7:0] instead of [15:8] (one of 9 headers in a row like \
             that): shift it left by 8, or the packet has opcode 0",
        ),
        (
            "form_b_count_in_low_bits",
            "PM4-006@0: the count 3 of WRITE_DATA is in bits [7:0] instead of [29:16] (one of 15 headers in a row like \
             that): shift it left by 16, or operands are read as headers",
        ),
        (
            "form_b_write_data_count4",
            "PM4-006@0: the count 4 of WRITE_DATA is in bits [7:0] instead of [29:16] (one of 2 headers in a row like \
             that): shift it left by 16, or operands are read as headers",
        ),
    ];
    for (name, line) in expected {
        let findings =
            lint(&sample(&format!("predecessor-broken/{name}")), None, &(), &options("gfx1100", Ring::Compute));
        let found: Vec<_> = findings.iter().map(|finding| format!("{}: {}", short(finding), finding.message)).collect();
        assert_eq!(found, [line], "{name}");
    }
}

/// The predecessor's other mistakes that a stream shows. Source: LynnColeArt/sparkle `tests/`.
#[test]
fn the_predecessors_other_mistakes_are_found() {
    const NOP: u32 = 0xFFFF_1000;
    let streams: [(&str, &str, Vec<u32>); 6] = [
        ("PM4-016", "4 dwords", vec![NOP; 4]),
        ("PM4-003", "the size of the buffer", [vec![NOP; 8], vec![0; 92], vec![NOP; 4]].concat()),
        ("PM4-020", "CONTEXT_CONTROL", vec![0xC001_2800, 0x8000_0000, 0x8000_0000, NOP, NOP, NOP, NOP, NOP]),
        ("PM4-020", "CLEAR_STATE", vec![0xC000_1200, 0, NOP, NOP, NOP, NOP, NOP, NOP]),
        (
            "PM4-103",
            "RELEASE_MEM with 6 operands of 7",
            vec![0xC006_4900, 0x0660_3514, 0x2300_0000, 0x0040_0000, 1, 1, 0, NOP],
        ),
        ("PM4-077", "RELEASE_MEM of event 4 with index 0", vec![0xC006_4900, 4, 0x2300_0000, 0x0040_0000, 1, 1, 0, 0]),
    ];
    for (code, what, stream) in streams {
        let findings = lint(&stream, None, &(), &options("gfx1100", Ring::Compute));
        assert_eq!(
            findings.iter().map(|finding| finding.rule.code()).collect::<Vec<_>>(),
            [code],
            "{what}: {findings:#?}"
        );
    }
}

/// `docs/pm4-lint.md`, from the table and the first case that trips each rule.
fn docs() -> String {
    let mut text = String::from(
        "# What the PM4 linter checks\n\n\
         Written by `SPARKLE_BLESS=1 cargo test -p sparkle-pm4 --test lint` from `pm4/src/lint/rules.rs` and \
         `pm4/tests/lint/cases.txt`; change those. `sparkle-pm4 lint --explain PM4-017` prints a rule's section.\n\n\
         An error means: don't submit the stream. A warning is suspicious, or its effect is unverified.\n",
    );
    let cases = cases();
    for rule in Rule::ALL {
        let case = cases.iter().find(|case| case.code == rule.code() && case.expect == Expect::Trips).unwrap();
        let example = run(case).into_iter().find(|finding| finding.rule == *rule).unwrap().message;
        text += &format!(
            "\n## {}: {}\n\nSeverity: {}.\n\n{}\n\nSource: {}.\n\nExample: {example}\n",
            rule.code(),
            rule.title(),
            rule.severity(),
            rule.reason(),
            rule.source(),
        );
    }
    text
}

#[test]
fn the_docs_are_the_table() {
    let file: PathBuf = root().join("../docs/pm4-lint.md");
    if std::env::var_os("SPARKLE_BLESS").is_some() {
        fs::write(&file, docs()).unwrap();
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == docs(), "{} is not what the table says: run with SPARKLE_BLESS=1", file.display());
}

fn any_buffers() -> impl Strategy<Value = Vec<Buffer>> {
    let flags = (any::<bool>(), any::<bool>(), any::<bool>());
    let place = prop_oneof![any::<u64>(), Just(0x1_0000_0000), Just(0x1_0040_0000), Just(u64::MAX)];
    let buffer = (place, any::<u64>(), flags).prop_map(|(va, size, (readable, writable, executable))| Buffer {
        va,
        size,
        readable,
        writable,
        executable,
        role: None,
    });
    prop::collection::vec(buffer, 0..4)
}

fn any_word() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        Just(0),
        Just(0xFFFF_1000),
        (0_u32..256, 0_u32..14).prop_map(|(opcode, count)| 3 << 30 | count << 16 | opcode << 8),
        (0x200_u32..0x280).prop_map(|register| register),
    ]
}

/// A sample with some dwords changed, taken out or put in.
fn mutated() -> impl Strategy<Value = Vec<u32>> {
    let names = vec![
        "examples-gfx11/c_dispatch_wave32_user15",
        "examples-gfx11/d_gfxring_wave64_user6",
        "umr-phoenix-gfx11/phoenix_ib_8000003d8000_vmid3",
        "predecessor-broken/form_a_opcode_in_low_bits",
        "predecessor-broken/form_b_count_in_low_bits",
    ];
    let edits = prop::collection::vec((any::<prop::sample::Index>(), any_word(), 0_u8..3), 0..8);
    (prop::sample::select(names), edits).prop_map(|(name, edits)| {
        let mut words = sample(name);
        for (index, word, edit) in edits {
            let at = index.index(words.len().max(1)).min(words.len().saturating_sub(1));
            match edit {
                0 if !words.is_empty() => words[at] = word,
                1 if !words.is_empty() => drop(words.remove(at)),
                _ => words.insert(at, word),
            }
        }
        words
    })
}

proptest! {
    /// No stream makes the linter panic, and every finding is inside a stream.
    #[test]
    fn total_on_any_stream(
        words in prop_oneof![prop::collection::vec(any_word(), 0..200), mutated()],
        buffers in prop::option::of(any_buffers()),
        code in prop::collection::vec(any_word(), 0..40),
        va in prop::option::of(any::<u64>()),
        gfx in prop::sample::select(vec!["gfx1010", "gfx1030", "gfx1100", "gfx1103", "gfx1200"]),
        (compute, ring, memory_synced, partial) in any::<(bool, bool, bool, bool)>(),
    ) {
        let mut memory = Dump::default();
        memory.push(0x1_0000_0000, code);
        let options = Options {
            gfx: gfx.parse().unwrap(),
            ring: if compute { Ring::Compute } else { Ring::Gfx },
            root: if ring { RootKind::KernelRing } else { RootKind::Ib },
            buffers: buffers.as_deref(),
            memory_synced,
            partial,
            programs: None,
        };
        for finding in lint(&words, va, &memory, &options) {
            prop_assert!(finding.stream.0 > 0 || finding.at <= words.len(), "{:?}", finding);
            prop_assert!(!finding.message.is_empty() && !finding.message.contains('\n'));
        }
    }
}

/// A driver's preamble and its main stream are one submission: what the first sets, the second finds.
#[test]
fn the_streams_of_a_submission_are_checked_together() {
    let whole = sample("examples-gfx11/c_dispatch_wave64_user6");
    let mut preamble = whole[..36].to_vec();
    preamble.extend([0xFFFF_1000; 4]);
    let mut main = whole[36..78].to_vec();
    main.extend([0xFFFF_1000; 6]);
    let options = options("gfx1100", Ring::Compute);
    let roots = [&preamble, &main].map(|words| Root { words, va: None });
    assert_eq!(lint_submission(&roots, &(), &options), []);
    // Alone, the main stream leaves to chance what the preamble sets.
    let alone: Vec<_> = lint(&main, None, &(), &options).iter().map(|finding| finding.rule.code()).collect();
    assert_eq!(alone, ["PM4-047", "PM4-048", "PM4-072"]);
    // Findings name the stream that they are in.
    main[42] = 0xC000_0000;
    let roots = [&preamble, &main].map(|words| Root { words, va: None });
    let found = lint_submission(&roots, &(), &options);
    assert!(!found.is_empty() && found.iter().all(|finding| finding.root == 1), "{found:?}");
}

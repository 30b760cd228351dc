//! Anything may be handed in: no reader panics, and every text form gives its words back.

use std::path::Path;

use proptest::prelude::*;

use super::super::parse;
use super::{auto, data, sample, unpacked};
use crate::args::InputFormat;

const FORMATS: [InputFormat; 5] =
    [InputFormat::Auto, InputFormat::Bin, InputFormat::Hex, InputFormat::Umr, InputFormat::Devcoredump];

fn read_in_every_format(bytes: &[u8]) {
    for format in FORMATS {
        let Ok(dump) = parse(bytes, Path::new("amdgpu_ring_gfx_0.0.0"), format) else { continue };
        for stream in &dump.streams {
            let places: Vec<usize> = [0, stream.words.len()].map(|at| stream.original(at)).into();
            assert!(places.iter().all(|place| stream.wrap.is_none_or(|wrap| *place < wrap)), "{places:?}");
        }
    }
}

/// The samples of every text form, of which pieces are changed.
fn texts() -> Vec<Vec<u8>> {
    let head = |bytes: Vec<u8>| bytes.into_iter().take(3000).collect();
    let umr = unpacked("umr-phoenix-gfx11/rs_kat_phoenix_test1.answer3.txt.gz");
    let indirect = umr.iter().copied().skip(umr.len() - 3000).collect();
    let harness = unpacked("umr-phoenix-gfx11/rs_kat_phoenix_test1.txt.gz");
    let ring = harness.iter().copied().skip_while(|byte| *byte != b'R').take(30_000).collect();
    vec![
        head(umr),
        indirect,
        ring,
        data("ib_g1.od.txt"),
        data("ib_g1.hexdump.txt"),
        head(sample("aqlprofile-gfx9/GCEA_pm4_sequence.txt")),
        b"**** AMDGPU Device Coredump ****\nring name: comp_1.0.0\nRptr: 0x1 Wptr: 0x3 RB mask: 3\n\
          Ring size in dwords: 4\nRing contents\nOffset \t Value\n0x0 \t 0xc0023f00\n0x4 \t 0xb39800\n0x8 \t 0x0\n\
          0xc \t 0x1\n\nIB #0 0x800000b39800 2 dw\n0xffff1000\n"
            .to_vec(),
    ]
}

proptest! {
    #[test]
    fn random_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2000)) {
        read_in_every_format(&bytes);
    }

    #[test]
    fn random_text_does_not_panic(text in r"([0-9a-f]{0,10}[ \t:,*|#'@\[\]+={};x\n\r]{0,3}){0,60}") {
        read_in_every_format(text.as_bytes());
    }

    #[test]
    fn changed_samples_do_not_panic(
        which in any::<prop::sample::Index>(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3_u8), 1..12),
    ) {
        let texts = texts();
        let mut bytes = which.get(&texts).clone();
        for (at, byte, kind) in changes {
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => bytes.truncate(at + 1),
            }
        }
        read_in_every_format(&bytes);
    }

    #[test]
    fn words_come_back_from_every_form(
        words in proptest::collection::vec(prop_oneof![any::<u32>(), Just(0), Just(0xffff_1000)], 1..200),
    ) {
        // The first word is a header, as a stream's is: else it might be a ring's pointer or of AQL.
        let words: Vec<u32> = std::iter::once(0xc001_2800).chain(words).collect();
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        prop_assert_eq!(&parse(&bytes, Path::new("x"), InputFormat::Bin).unwrap().streams[0].words, &words);
        let forms = [
            words.iter().map(|word| format!("{word:#010x}\n")).collect::<String>(),
            words.iter().map(|word| format!("{word:#x},")).collect(),
            words.chunks(8).map(|line| line.iter().map(|word| format!("{word:08x} ")).collect::<String>() + "\n").collect(),
            addressed(&words, |line| line.iter().map(|word| format!(" {word:08x}")).collect()),
            addressed(&words, |line| {
                line.iter().flat_map(|word| word.to_le_bytes()).map(|byte| format!(" {byte:02x}")).collect::<String>() + "  |..|"
            }),
            decoded(&words),
        ];
        for form in forms {
            prop_assert_eq!(&auto(form.as_bytes()).streams[0].words, &words, "{}", form);
        }
        prop_assert_eq!(&auto(core_dump(&words).as_bytes()).streams[0].words, &words);
    }
}

/// Lines of four words with an address; equal ones as `*`, as od and hexdump write them.
fn addressed(words: &[u32], form: impl Fn(&[u32]) -> String) -> String {
    let (mut text, mut last, mut starred) = (String::new(), &[][..], false);
    for (number, line) in words.chunks(4).enumerate() {
        if line == last {
            if !std::mem::replace(&mut starred, true) {
                text += "*\n";
            }
            continue;
        }
        (last, starred) = (line, false);
        text += &format!("{:08x} {}\n", number * 16, form(line));
    }
    text + &format!("{:08x}\n", words.len() * 4)
}

fn decoded(words: &[u32]) -> String {
    let mut text = format!("Decoding IB at 0x3@0x800000000000 from 0x0@0x428 of {} words (type 4)\n", words.len());
    for (at, word) in words.iter().enumerate() {
        text += &format!("[0x3@0x800000000000 + {:#06x}]\t[        {word:#010x}]\t|---> X\n", at * 4);
    }
    text + "Done decoding IB\n"
}

fn core_dump(words: &[u32]) -> String {
    let mut text = format!(
        "**** AMDGPU Device Coredump ****\nring name: comp_1.0.0\nRptr: 0x0 Wptr: 0x0 RB mask: 0\n\
         Ring size in dwords: {}\nRing contents\nOffset \t Value\n",
        words.len()
    );
    for (at, word) in words.iter().enumerate() {
        text += &format!("{:#x} \t {word:#x}\n", at * 4);
    }
    text
}

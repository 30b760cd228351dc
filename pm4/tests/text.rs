//! The text of the sample streams, compared with what was reviewed. `SPARKLE_BLESS=1` writes it anew.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use sparkle_pm4::text::{Palette, TextWriter};
use sparkle_pm4::{Decoder, Gfx, Ring};

const SAMPLES: &[(&str, &str, Ring)] = &[
    ("examples-gfx11/a_nop8", "gfx1100", Ring::Compute),
    ("examples-gfx11/a_nop8_single_packet", "gfx1100", Ring::Compute),
    ("examples-gfx11/b_write_release", "gfx1100", Ring::Compute),
    ("examples-gfx11/c_dispatch_wave32_user15", "gfx1100", Ring::Compute),
    ("examples-gfx11/c_dispatch_wave64_user6", "gfx1100", Ring::Compute),
    ("examples-gfx11/d_gfxring_wave64_user6", "gfx1100", Ring::Gfx),
    ("examples-gfx11/e_timestamps", "gfx1100", Ring::Compute),
    ("umr-phoenix-gfx11/phoenix_ring_gfx_0.0.0", "gfx1103", Ring::Gfx),
    ("umr-phoenix-gfx11/phoenix_ib_8000003d8000_vmid3", "gfx1103", Ring::Gfx),
    ("bc250-gfx10_1/ib_g1", "gfx1013", Ring::Compute),
    ("bc250-gfx10_1/ring_comp_1.1.0", "gfx1013", Ring::Compute),
    ("sparkle-raphael-gfx10_3/amdgpu_ring_kiq_0.2.1.0.first4096", "gfx1036", Ring::Compute),
    ("predecessor-broken/form_a_opcode_in_low_bits", "gfx1100", Ring::Compute),
    ("predecessor-broken/form_b_count_in_low_bits", "gfx1100", Ring::Compute),
    ("predecessor-broken/form_b_write_data_count4", "gfx1100", Ring::Compute),
];

fn words(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap())).collect()
}

fn text(words: &[u32], gfx: Gfx, ring: Ring, palette: Palette) -> String {
    let mut writer = TextWriter::new(gfx, ring, palette);
    for item in Decoder::new(words) {
        writer.item(&item);
    }
    writer.flush();
    String::from_utf8(writer.bytes().to_vec()).unwrap()
}

#[test]
fn samples_read_as_reviewed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (name, gfx, ring) in SAMPLES {
        let mut dwords = words(&fs::read(root.join("data/samples").join(name).with_added_extension("bin")).unwrap());
        if name.contains("ring") && !name.contains("gfxring") {
            dwords.drain(..3); // read pointer, write pointer, driver's write pointer
        }
        let found = text(&dwords, gfx.parse().unwrap(), *ring, Palette::default());
        let file = root.join("tests/golden").join(name.replace('/', "-")).with_added_extension("txt");
        if std::env::var_os("SPARKLE_BLESS").is_some() {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, &found).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        assert!(
            found == expected,
            "{} differs from {}; see it with SPARKLE_BLESS=1 and git diff",
            name,
            file.display()
        );
    }
}

/// The word stands for a missing name and for nothing else.
#[test]
fn valid_streams_have_nothing_unknown() {
    for name in ["b_write_release", "c_dispatch_wave64_user6", "d_gfxring_wave64_user6", "e_timestamps"] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("data/samples/examples-gfx11/{name}.bin"));
        let ring = if name.starts_with('d') { Ring::Gfx } else { Ring::Compute };
        let found = text(&words(&fs::read(file).unwrap()), Gfx::GFX1100, ring, Palette::default());
        assert!(!found.contains("unknown") && !found.contains("reserved"), "{name}:\n{found}");
    }
    // Opcode 0x00, an SH register that does not exist, an event index without a name.
    let strange = [0xC000_0000, 1, 0xC001_7600, 0x3FF, 5, 0xC000_4600, 0xF07];
    let found = text(&strange, Gfx::GFX1100, Ring::Compute, Palette::default());
    assert_eq!(found.matches("unknown").count(), 4, "{found}");
}

#[test]
fn colours_change_nothing_else() {
    let stream = [0xC001_7600, 0x212, 0x60AC_0000, 0, 0, 0xFFFF_1000, 0xC000_0000, 1, 0xC003_1502, 1];
    let plain = text(&stream, Gfx::GFX1100, Ring::Compute, Palette::default());
    let mut coloured = text(&stream, Gfx::GFX1100, Ring::Compute, Palette::ANSI);
    assert!(coloured.contains('\x1b'));
    let ansi = Palette::ANSI;
    for code in [ansi.packet, ansi.register, ansi.wrong, ansi.faint, ansi.reset] {
        coloured = coloured.replace(code, "");
    }
    assert_eq!(coloured, plain);
}

/// The dwords of a stream, read back from its text.
fn read_back(text: &str) -> Vec<u32> {
    let mut words = Vec::new();
    let mut last = Vec::new();
    for line in text.lines() {
        if let Some(rest) = line.trim_start().strip_prefix("* the same, ") {
            let lines: usize = rest.split(' ').next().unwrap().parse().unwrap();
            (0..lines).for_each(|_| words.extend_from_slice(&last));
            continue;
        }
        let at: usize = line.get(..6).unwrap().trim().parse().unwrap();
        assert_eq!(at, words.len(), "{line}");
        last = line
            .split_whitespace()
            .skip(1)
            .map_while(|word| (word.len() == 8).then(|| u32::from_str_radix(word, 16).ok()).flatten())
            .collect();
        let run = ["NOP x ", "type-2 filler x ", "zeros x "].iter().find_map(|run| line.split_once(run));
        let count = run.map_or(1, |(_, rest)| rest.split([':', ' ']).next().unwrap().parse().unwrap());
        (0..count).for_each(|_| words.extend_from_slice(&last));
    }
    words
}

proptest! {
    /// The text holds every dword, and none that the stream doesn't.
    #[test]
    fn text_can_be_read_back(words in prop::collection::vec(
        prop_oneof![
            any::<u32>(), Just(0), Just(0xFFFF_1000), Just(0x8000_0000),
            (0_u32..256, 0_u32..9).prop_map(|(opcode, count)| 3 << 30 | count << 16 | opcode << 8),
        ],
        0..120,
    ), gfx in prop::sample::select(vec!["gfx1010", "gfx1030", "gfx1100", "gfx1200"]), ring in any::<bool>()) {
        let ring = if ring { Ring::Compute } else { Ring::Gfx };
        let text = text(&words, gfx.parse().unwrap(), ring, Palette::default());
        prop_assert_eq!(read_back(&text), words, "{}", text);
    }
}

//! Hexadecimal text in all its forms.

use super::super::StreamKind;
use super::{auto, data, refused, sample, sample_words, words};
use crate::args::InputFormat;

#[test]
fn every_form_gives_the_words_of_the_binary() {
    let want = sample_words("bc250-gfx10_1/ib_g1.bin");
    assert_eq!(words(&auto(&sample("bc250-gfx10_1/ib_g1.hex"))), want);
    for form in ["ib_g1.od.txt", "ib_g1.od-octal.txt", "ib_g1.hexdump.txt"] {
        let dump = auto(&data(form));
        assert_eq!(words(&dump), want, "{form}");
        assert!(dump.notes.is_empty(), "{form}: {:?}", dump.notes);
    }
}

#[test]
fn words_may_stand_as_people_write_them() {
    let text = b"# Compute Queue -\n0xc0012800 ; load\n  80000000, 0X0 // c0012800\r\n\n{ 0xFFFF1000, 7 }\n;end";
    assert_eq!(words(&auto(text)), [0xc001_2800, 0x8000_0000, 0, 0xffff_1000, 7]);
}

#[test]
fn bytes_are_little_endian() {
    assert_eq!(words(&auto(b"00 28 01 c0 00 00 00 80\n")), [0xc001_2800, 0x8000_0000]);
    assert_eq!(words(&auto(b"0x10: 00 28 01 c0\n")), [0xc001_2800]);
}

#[test]
fn a_colon_makes_an_address() {
    let dump = auto(b"00000010: c0012800 80000000\n");
    assert_eq!(words(&dump), [0xc001_2800, 0x8000_0000]);
    assert_eq!(dump.streams[0].original(1), 5);
}

#[test]
fn a_high_address_is_one_of_the_gpu() {
    let dump = auto(b"\xef\xbb\xbf0x8000003d8000:\tc0012800 80000000\n");
    assert_eq!((dump.streams[0].va, dump.streams[0].original(0)), (Some(0x8000_003d_8000), 0));
    assert_eq!(words(&dump), [0xc001_2800, 0x8000_0000]);
}

#[test]
fn a_column_that_does_not_count_up_is_of_words() {
    assert_eq!(words(&auto(b"00000000 00000000\n00000000 00000000\n")), [0; 4]);
    assert_eq!(words(&auto(b"00000000 00000001\n00000008 00000001\n")), [0, 1, 8, 1]);
    assert_eq!(words(&auto(b"00000000 c0012800\n00000004 00000001\n")), [0xc001_2800, 1]);
}

#[test]
fn a_star_repeats_the_line_before() {
    let text = b"000000 00000001 00000002\n000008 ffff1000 ffff1000\n*\n000020 00000003\n000024\n";
    let mut want = vec![1, 2];
    want.extend([0xffff_1000; 6]);
    want.push(3);
    assert_eq!(words(&auto(text)), want);
    let canonical = b"00000000  00 10 ff ff 00 10 ff ff  00 10 ff ff 00 10 ff ff  |................|\n*\n00000030\n";
    assert_eq!(words(&auto(canonical)), [0xffff_1000; 12]);
}

#[test]
fn a_star_cannot_fill_the_memory() {
    let error = refused(b"000000 00000001 00000001\n*\nffffffffffff 00000001\n", InputFormat::Auto);
    assert!(error.contains("repeat more than 1 GiB"), "{error}");
    let open = auto(b"000000 00000001\n000004 00000001\n*\n");
    assert!(open.notes[0].contains("ends with `*`"), "{:?}", open.notes);
}

#[test]
fn addresses_that_jump_are_said() {
    let mut text = String::new();
    for line in 0..64 {
        text += &format!("{:06x} {line:08x}\n", line * 4);
    }
    let dump = auto((text + "000200 00000001\n").as_bytes());
    assert_eq!(words(&dump).len(), 65);
    assert!(dump.notes[0].starts_with("line 65: address 0x200 where 0x100 was expected"), "{:?}", dump.notes);
}

#[test]
fn a_ring_in_hexadecimal_is_a_ring() {
    let words = sample_words("bc250-gfx10_1/ring_comp_1.1.0.bin");
    let text: String = words.iter().map(|word| format!("{word:08x}\n")).collect();
    let dump = auto(text.as_bytes());
    assert_eq!(dump.streams[0].kind, StreamKind::Ring { rptr: 0x600, wptr: 0x600 });
    assert_eq!(dump.streams[0].words[..0x200], words[0x603..]);
}

#[test]
fn an_aqlprofile_log_is_its_packets() {
    let dump = auto(&sample("aqlprofile-gfx9/GCEA_pm4_sequence.txt"));
    let words = words(&dump);
    assert_eq!(words[..6], [0xc001_7900, 0x200, 0xe000_0000, 0xc001_7900, 0x1cbf, 1]);
    assert_eq!(words.iter().filter(|word| **word == 0xc004_4000).count(), 7);
}

#[test]
fn aql_packets_are_refused_by_name() {
    let text = sample("umr-hsa_aql_packets.input.txt");
    let error = refused(&text, InputFormat::Auto);
    assert!(error.starts_with("dump is AQL packets (a user-mode queue), not PM4: "), "{error}");
    let dump = super::super::parse(&text, std::path::Path::new("dump"), InputFormat::Hex).unwrap();
    assert_eq!(words(&dump)[..2], [0x0003_0002, 0x0001_0040]);
    assert!(dump.notes[0].contains("AQL"), "{:?}", dump.notes);
}

#[test]
fn what_is_no_number_is_named_with_its_place() {
    let place = |text: &[u8]| refused(text, InputFormat::Auto);
    assert_eq!(place(b"c0012800\n80000000 hello\n"), "dump:2:10: `hello` is no hexadecimal number");
    assert_eq!(place(b"c00128001\n"), "dump:1:1: `c00128001` is more than a word of 8 digits");
    assert_eq!(place(b"0028 01c0\n"), "dump:1:1: `0028` has four digits: dump words, as `od -A x -t x4` does");
    assert_eq!(place(b"\xc3\xa9t\xc3\xa9\n"), "dump:1:1: `\\xc3\\xa9t\\xc3\\xa9` is no hexadecimal number");
    assert!(place(b"# nothing\n\n").starts_with("dump: holds no hexadecimal number"));
}

#[test]
fn two_blanks_behind_a_colon_part_numbers_or_begin_the_characters() {
    let parted = auto(b"8000003d8000: c0012800 80000000  0xffff1000 00000007 ; end\n");
    assert_eq!(words(&parted), [0xc001_2800, 0x8000_0000, 0xffff_1000, 7]);
    // `xxd` of the 8 characters "deadbeef", which are hexadecimal digits too.
    assert_eq!(words(&auto(b"00000000: 6465 6164 6265 6566  deadbeef\n")), [0x6461_6564, 0x6665_6562]);
    assert_eq!(words(&auto(b"00000000: 0028 01c0 0000 0080  .(......\n")), [0xc001_2800, 0x8000_0000]);
}

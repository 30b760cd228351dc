#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use proptest::prelude::*;
use std::io::Cursor;

fn encode(size: [u32; 2], color: ColorType, depth: BitDepth, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, size[1], size[0]);
    encoder.set_color(color);
    encoder.set_depth(depth);
    if color == ColorType::Indexed {
        encoder.set_palette(vec![0, 0, 0, 255, 0, 51]);
        encoder.set_trns(vec![255, 7]);
    }
    encoder.write_header().unwrap().write_image_data(data).unwrap();
    bytes
}

fn read(bytes: &[u8]) -> Result<Picture, ImageError> {
    Picture::read(Cursor::new(bytes))
}

fn write(picture: &Picture) -> Vec<u8> {
    let mut bytes = Vec::new();
    picture.write(&mut bytes).unwrap();
    bytes
}

/// The samples of a PNG as its decoder gives them.
fn samples(bytes: &[u8]) -> (ColorType, BitDepth, Vec<u8>) {
    let mut reader = Decoder::new(Cursor::new(bytes)).read_info().unwrap();
    let mut samples = vec![0; reader.output_buffer_size().unwrap()];
    let frame = reader.next_frame(&mut samples).unwrap();
    (frame.color_type, frame.bit_depth, samples)
}

#[test]
fn every_sample_of_every_depth_survives() {
    let all8: Vec<u8> = (0..=u8::MAX).collect();
    let all16: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_be_bytes).collect();
    for color in [ColorType::Grayscale, ColorType::GrayscaleAlpha, ColorType::Rgb, ColorType::Rgba] {
        let channels = color.samples();
        for (depth, all, bytes) in [(BitDepth::Eight, &all8, 1), (BitDepth::Sixteen, &all16, 2)] {
            let pixels = all.len() / bytes / channels;
            let data = &all[..pixels * channels * bytes];
            let picture = read(&encode([1, pixels as u32], color, depth, data)).unwrap();
            assert_eq!(samples(&write(&picture)), (color, depth, data.to_vec()));
        }
    }
}

#[test]
fn samples_go_to_their_planes() {
    let picture = read(&encode([1, 2], ColorType::Rgba, BitDepth::Eight, &[0, 51, 255, 9, 255, 0, 51, 8])).unwrap();
    assert_eq!(picture.planes, [0.0, 1.0, 0.2, 0.0, 1.0, 0.2]);
    assert_eq!(picture.alpha, Some(vec![9, 8]));
    assert_eq!((picture.channels(), picture.size()), (3, [1, 2]));
}

#[test]
fn palettes_become_colours_and_few_bits_eight() {
    let picture = read(&encode([1, 2], ColorType::Indexed, BitDepth::Two, &[0b0001_0000])).unwrap();
    assert_eq!(picture.planes, [0.0, 1.0, 0.0, 0.0, 0.0, 0.2]);
    assert_eq!(picture.alpha, Some(vec![255, 7]));
    let picture = read(&encode([1, 3], ColorType::Grayscale, BitDepth::One, &[0b0100_0000])).unwrap();
    assert_eq!(picture.planes, [0.0, 1.0, 0.0]);
}

#[test]
fn values_are_clamped_and_rounded() {
    let mut picture = read(&encode([1, 5], ColorType::Grayscale, BitDepth::Eight, &[0; 5])).unwrap();
    picture.planes = vec![-1.0, 2.0, f32::NAN, 0.4999 / 255.0, 0.5001 / 255.0];
    assert_eq!(samples(&write(&picture)).2, [0, 255, 0, 0, 1]);
}

#[test]
fn what_is_no_whole_png_is_the_users_fault() {
    let bytes = encode([4, 4], ColorType::Grayscale, BitDepth::Eight, &[7; 16]);
    for cut in 0..bytes.len() {
        let error = read(&bytes[..cut]).unwrap_err();
        assert!(!error.is_system(), "{cut}: {error}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1;
        assert!(read(&damaged).is_err(), "byte {at}");
    }
}

#[test]
fn a_huge_picture_is_refused_by_its_header() {
    let mut bytes = Vec::new();
    let mut encoder = Encoder::new(&mut bytes, 1 << 20, 1 << 20);
    encoder.set_color(ColorType::Grayscale);
    let writer = encoder.write_header().unwrap();
    drop(writer);
    // An empty IDAT is enough for the decoder to believe the header.
    let at = bytes.windows(4).position(|window| window == b"IEND").unwrap() - 4;
    bytes.splice(at..at, [0, 0, 0, 0, b'I', b'D', b'A', b'T', 0x35, 0xaf, 0x06, 0x1e]);
    assert!(matches!(read(&bytes), Err(ImageError::TooLarge { width: 1_048_576, .. })));
}

proptest! {
    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
        let _ = read(&[b"\x89PNG\r\n\x1a\n", &bytes[..]].concat());
    }
}

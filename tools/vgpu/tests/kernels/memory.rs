//! `memory.cl`.

use super::BOTH;
use super::device::{Arg, Device, everywhere, line, noise, words};

/// `struct record`, whose fields C places at 0, 8, 16, 28, 32 and 48 of 64 bytes.
#[derive(Clone, Debug, PartialEq)]
struct Record {
    kind: u8,
    number: f64,
    inner: [(i8, i16, u8); 2],
    id: u16,
    vector: [f32; 3],
    link: u64,
}

impl Record {
    fn bytes(&self) -> [u8; 64] {
        let mut bytes = [0xee; 64];
        let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
        put(0, &[self.kind]);
        put(8, &self.number.to_le_bytes());
        for (at, (tag, value, tail)) in [16, 22].into_iter().zip(self.inner) {
            put(at, &tag.to_le_bytes());
            put(at + 2, &value.to_le_bytes());
            put(at + 4, &[tail]);
        }
        put(28, &self.id.to_le_bytes());
        for (at, x) in [32, 36, 40].into_iter().zip(self.vector) {
            put(at, &x.to_le_bytes());
        }
        put(48, &self.link.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let inner =
            |at: usize| (bytes[at] as i8, i16::from_le_bytes(bytes[at + 2..at + 4].try_into().unwrap()), bytes[at + 4]);
        let float = |at: usize| f32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        Self {
            kind: bytes[0],
            number: f64::from_le_bytes(bytes[8..16].try_into().unwrap()),
            inner: [inner(16), inner(22)],
            id: u16::from_le_bytes(bytes[28..30].try_into().unwrap()),
            vector: [float(32), float(36), float(40)],
            link: u64::from_le_bytes(bytes[48..56].try_into().unwrap()),
        }
    }
}

#[test]
fn structures_are_read_and_written() {
    let records: Vec<Record> = noise(151, 128)
        .iter()
        .map(|&x| Record {
            kind: x as u8,
            number: (x >> 8) as f64,
            inner: [
                ((x >> 3) as i8, (x >> 11) as i16, (x >> 17) as u8),
                ((x >> 23) as i8, (x >> 29) as i16, (x >> 37) as u8),
            ],
            id: (x >> 40) as u16,
            vector: [x as u16 as f32, (x >> 16) as u16 as f32, (x >> 32) as u16 as f32],
            link: x,
        })
        .collect();
    let bytes: Vec<u8> = records.iter().flat_map(Record::bytes).collect();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("memory.{variant}"));
        let args = [device.buffer(&bytes), device.buffer(&[0u8; 128 * 64])];
        device.run("records", line(2, 64), &args.map(Arg::At));
        let out = device.read::<u8>(args[1], 128 * 64);
        for (i, record) in records.iter().enumerate() {
            let mut want = record.clone();
            want.kind = want.kind.wrapping_add(3);
            want.number *= 2.0;
            want.inner[i & 1].1 = want.inner[i & 1].1.wrapping_sub(want.inner[!i & 1].0.into());
            want.inner[1].2 ^= want.inner[0].2;
            want.id = want.id.rotate_left(3);
            want.vector.rotate_right(1);
            want.link = want.link.wrapping_add(u64::from(want.id) << 30);
            let at = (i ^ 1) * 64;
            assert_eq!(Record::from_bytes(&out[at..at + 64]), want, "{variant}, record {i}");
        }
    }
}

#[test]
fn bytes_and_half_words_are_loaded_and_stored() {
    let x = words(152, 400);
    let a: Vec<i8> = x.iter().map(|&x| x as i8).collect();
    let b: Vec<u8> = x.iter().map(|&x| (x >> 8) as u8).collect();
    let c: Vec<i16> = x.iter().map(|&x| (x >> 16) as i16).collect();
    let d: Vec<u16> = x.iter().map(|&x| (x >> 4) as u16).collect();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("memory.{variant}"));
        let args = [
            device.buffer(&a),
            device.buffer(&b),
            device.buffer(&c),
            device.buffer(&d),
            device.buffer(&[0i8; 256]),
            device.buffer(&[0i16; 256]),
            device.buffer(&[0u32; 128]),
        ];
        device.run("small", line(2, 64), &args.map(Arg::At));
        let (bytes, shorts) = (device.read::<i8>(args[4], 256), device.read::<i16>(args[5], 256));
        for (i, found) in device.read::<u32>(args[6], 128).into_iter().enumerate() {
            let first = c[3 * i + 1].wrapping_add(a[i].into());
            let second = c[3 * i].wrapping_add((d[i] >> 4) as i16);
            assert_eq!(bytes[2 * i + 1], a[i].wrapping_add(b[2 * i + 1] as i8), "{variant}, {i}");
            assert_eq!(bytes[2 * i], (second as i8).wrapping_sub(b[2 * i] as i8), "{variant}, {i}");
            assert_eq!([shorts[2 * i], shorts[2 * i + 1]], [second, first], "{variant}, {i}");
            let product = (i32::from(a[i]) as u32).wrapping_mul(d[i].into());
            let want = product.wrapping_add(i32::from(c[i]) as u32).wrapping_add(b[i].into());
            assert_eq!(found, want, "{variant}, {i}");
        }
    }
}

#[test]
fn words_need_no_alignment() {
    let x: Vec<(u8, u32, u64)> =
        noise(153, 64).iter().map(|&x| (x as u8, (x >> 8) as u32, x.rotate_left(17))).collect();
    let flat = |values: &[(u8, u32, u64)]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|(lead, word, wide)| [&[*lead][..], &word.to_le_bytes(), &wide.to_le_bytes()].concat())
            .collect()
    };
    let mut want: Vec<(u8, u32, u64)> = x
        .iter()
        .map(|&(lead, word, wide)| (lead.wrapping_add(1), word ^ wide as u32, wide.wrapping_add(word.into())))
        .collect();
    want.reverse();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("memory.{variant}"));
        let args = [device.buffer(&flat(&x)), device.buffer(&[0u8; 64 * 13])];
        device.run("unaligned", line(1, 64), &args.map(Arg::At));
        assert_eq!(device.read::<u8>(args[1], 64 * 13), flat(&want), "{variant}");
    }
}

#[test]
fn addresses_are_followed() {
    let next: Vec<usize> = (0..256).map(|n| (n * 37 + 11) % 256).collect();
    let steps: Vec<i64> = words(154, 256).iter().map(|&x| i64::from(x % 64) - 32).collect();
    let table: Vec<i64> = noise(155, 64).iter().map(|&x| x as i64).collect();
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("memory.{variant}"));
        let base = device.next_address();
        let nodes: Vec<u64> =
            next.iter().zip(&steps).flat_map(|(next, step)| [base + *next as u64 * 16, *step as u64]).collect();
        assert_eq!(device.buffer(&nodes), base);
        let (middle, out) = (device.buffer(&table) + 32 * 8, device.buffer(&[0i64; 64]));
        device.run("chase", line(1, 64), &[Arg::At(base), Arg::At(middle), Arg::At(out), Arg::Word(40)]);
        for (i, found) in device.read::<i64>(out, 64).into_iter().enumerate() {
            let (mut at, mut sum) = (i, 0i64);
            for _ in 0..40 {
                sum = sum.wrapping_mul(3).wrapping_add(steps[at]);
                sum = sum.wrapping_add(table[(steps[at] + 32) as usize]);
                at = next[at];
            }
            assert_eq!(found, sum.wrapping_add(at as i64), "{variant}, thread {i}");
        }
    }
}

/// The range is checked with the scalar offset taken off it, and each dword by itself.
/// Source: guide, section 9.1.5 ("Range checking").
#[test]
fn buffers_end_where_their_resource_says() {
    let data: Vec<u8> = noise(156, 256).iter().flat_map(|x| x.to_le_bytes()).collect();
    let (bytes, mark_bytes) = (603usize, 301usize);
    let load = |offset: usize, size: usize| match offset + size <= bytes {
        true => (0..size).fold(0u32, |word, n| word | u32::from(data[offset + n]) << (8 * n)),
        false => 0,
    };
    for variant in everywhere(&BOTH) {
        let mut device = Device::new(&format!("memory.{variant}"));
        let (from, out) = (device.buffer(&data), device.buffer(&[0u32; 64 * 6]));
        let marks = device.buffer(&[0xccu8; 600]);
        let args = [Arg::At(from), Arg::Word(bytes as u32), Arg::At(out), Arg::At(marks), Arg::Word(mark_bytes as u32)];
        device.run("resources", line(1, 64), &args);
        let mut want_marks = vec![0xccu8; 600];
        for (i, found) in device.read::<u32>(out, 64 * 6).chunks(6).enumerate() {
            let wide = [0, 1, 2, 3].map(|n| load(i * 8 + 8 + n * 4, 4));
            let far = if i % 3 == 0 { 1 << 31 } else { 0 };
            let want = [
                load(i * 12, 4),
                load(i * 9 + 1, 1),
                load(i * 10 + 18, 2),
                (0..4).fold(0u32, |sum, n| sum.wrapping_add(wide[n].wrapping_mul(2 * n as u32 + 1))),
                load(far + i * 8, 4),
                load(far + i * 8 + 4, 4),
            ];
            assert_eq!(found, want, "{variant}, thread {i}");
            if i * 8 + 4 <= mark_bytes {
                want_marks[i * 8..i * 8 + 4].copy_from_slice(&(i as u32 + 1).to_le_bytes());
            }
            if i * 8 + 6 <= mark_bytes {
                want_marks[i * 8 + 5] = i as u8 + 100;
            }
        }
        assert_eq!(device.read::<u8>(marks, 600), want_marks, "{variant}");
    }
}

#![allow(clippy::unwrap_used)] // a panic is how a test fails

use super::*;
use proptest::prelude::*;

/// A `.npy` of version 1.0 with `header` as it stands.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    [&MAGIC[..], &[1, 0], &length[..], header.as_bytes(), data].concat()
}

fn read_all(bytes: &[u8]) -> Result<Array, NpyError> {
    let by_length = read(&mut &bytes[..], Length::Present(bytes.len() as u64));
    let by_pipe = read(&mut &bytes[..], Length::Unknown);
    assert_eq!(by_length.is_ok(), by_pipe.is_ok());
    by_length
}

fn message(header: &str, data: &[u8]) -> String {
    read_all(&npy(header, data)).unwrap_err().to_string()
}

#[test]
fn any_python_spelling_of_the_header_is_read() {
    let data = [1.0_f32, 2.0].map(f32::to_le_bytes).concat();
    for header in [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }\n",
        "{\"shape\":(2L,),\"fortran_order\":False,\"descr\":\"=f4\"}",
        " { 'shape' : ( 1 , 2 ) ,\n'descr' : '|f4' , 'fortran_order' : True } \n",
        "{'descr': 'f4', 'fortran_order': False, 'shape': (2,1,),}",
    ] {
        let array = read_all(&npy(header, &data)).unwrap();
        assert_eq!(array.into_data(), ArrayData::F32(vec![1.0, 2.0]), "{header}");
    }
}

#[test]
fn malformed_headers_say_what_is_wrong() {
    for (header, expected) in [
        ("", "'{' is missing"),
        ("{'descr': '<f4'", "',' or '}' is missing"),
        ("{'descr': '<f4}", "a string does not end"),
        ("{'descr': '<f4', 'fortran_order': False}", "the key 'shape' is missing"),
        ("{'descr': '<f4', 'descr': '<f4'}", "a key comes twice"),
        ("{'color': 'red'}", "a key other than"),
        ("{'fortran_order': 0}", "neither True nor False"),
        ("{'shape': (2)}", "a ',' is missing"),
        ("{'shape': (-2,)}", "no count"),
        ("{'shape': (99999999999999999999,)}", "no count"),
        ("{'shape': [2]}", "no tuple"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} 1", "something follows"),
    ] {
        let message = message(header, &[0; 4]);
        assert!(message.contains(expected), "{header}: {message}");
    }
}

#[test]
fn shapes_that_lie_are_refused_before_memory_is_taken() {
    let header = |shape: &str| format!("{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}}}");
    for (shape, expected) in [
        ("(1099511627776,)", "4398046511104 more bytes are needed, 4 are there"),
        ("(4294967296, 4294967296)", "larger than any memory"),
        ("(4611686018427387904,)", "larger than any memory"),
        ("(9223372036854775807,)", "larger than any memory"),
        ("(0, 3)", "[0, 3] has a zero"),
        ("(2,)", "8 more bytes are needed, 4 are there"),
    ] {
        let message = message(&header(shape), &[0; 4]);
        assert!(message.contains(expected), "{shape}: {message}");
    }
    assert!(message(&header("(1,)"), &[0; 5]).contains("needs 4 bytes of data, but more follow"));
}

#[test]
fn the_fortran_order_is_undone() {
    let data: Vec<u8> = (0..24).flat_map(|i| f32::to_le_bytes(i as f32)).collect();
    let array = read_all(&npy("{'descr':'<f4','fortran_order':True,'shape':(2,3,4)}", &data)).unwrap();
    let expected = (0..2).flat_map(|i| (0..3).flat_map(move |j| (0..4).map(move |k| (i + 2 * j + 6 * k) as f32)));
    assert_eq!(array.into_data(), ArrayData::F32(expected.collect()));
}

#[test]
fn a_wrong_rank_is_named() {
    let array = read_all(&npy("{'descr':'<f2','fortran_order':False,'shape':(1,2)}", &[0; 4])).unwrap();
    assert_eq!(array.dims::<2>().unwrap(), [1, 2]);
    assert_eq!(array.dims::<4>().unwrap_err().to_string(), "its shape [1, 2] has 2 dimensions; 4 are needed");
}

#[test]
fn a_failing_reader_is_the_systems_fault() {
    struct Failing;
    impl Read for Failing {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::from(nix::errno::Errno::EIO))
        }
    }
    assert!(read(&mut Failing, Length::Unknown).unwrap_err().is_system());
    assert!(!read(&mut io::empty(), Length::Unknown).unwrap_err().is_system());
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(shape in prop::collection::vec(1_usize..6, 0..5), bits: u16) {
        let count = shape.iter().product::<usize>();
        let f32s: Vec<f32> = (0..count).map(|i| (i as f32).sin()).collect();
        let f16s: Vec<f16> = (0..count).map(|i| f16::from_bits(bits.wrapping_add(i as u16))).collect();
        let mut bytes = Vec::new();
        write(&mut bytes, &shape, TensorRef::F32(&f32s)).unwrap();
        let array = read_all(&bytes).unwrap();
        prop_assert_eq!(array.shape(), &shape);
        prop_assert_eq!(array.into_data(), ArrayData::F32(f32s));
        bytes.clear();
        write(&mut bytes, &shape, TensorRef::F16(&f16s)).unwrap();
        prop_assert_eq!((bytes.len() - 2 * count) % 64, 0);
        let ArrayData::F16(read) = read_all(&bytes).unwrap().into_data() else { panic!("not f16") };
        prop_assert!(read.iter().zip(&f16s).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read_all(&bytes);
        let _ = read_all(&npy(&String::from_utf8_lossy(&bytes), &[0; 8]));
    }

    #[test]
    fn no_damage_panics(at in 0_usize..160, byte: u8, cut in 0_usize..160) {
        let mut bytes = Vec::new();
        write(&mut bytes, &[2, 4], TensorRef::F32(&[0.0; 8])).unwrap();
        bytes[at] = byte;
        let _ = read_all(&bytes);
        prop_assert!(read_all(&bytes[..cut]).is_err());
    }
}

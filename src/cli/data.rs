//! Arrays that were not given: deterministic pseudo-random data.
//!
//! Element `i` of stream `s` under seed `q` is drawn from SplitMix64 at counter `i` (Steele, Lea, Flood: "Fast
//! splittable pseudorandom number generators", 2014), so it depends on nothing else: the top 11 bits make a multiple
//! of 2^-10 in [-1, 1), which f16 holds exactly too.

use crate::cli::failure::Failure;
use crate::cli::files::ArrayData;
use crate::conv::{DType, TensorMut, TensorRef};
use crate::memory::Buffer;
use half::f16;
use zerocopy::{FromBytes, Immutable, IntoBytes};

/// Which array is filled; each draws from a stream of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    Input = 1,
    Weights,
    Bias,
    Residual,
}

/// The elements of an array, of either type.
#[derive(Debug)]
pub(super) enum Elements {
    F32(Buffer<f32>),
    F16(Buffer<f16>),
}

impl Elements {
    /// `len` zeros, or a refusal that names the size.
    pub(super) fn zeros(dtype: DType, len: usize, what: &str) -> Result<Self, Failure> {
        Ok(match dtype {
            DType::F32 => Self::F32(zeroed(len, what)?),
            DType::F16 => Self::F16(zeroed(len, what)?),
        })
    }

    /// `len` pseudo-random elements.
    pub(super) fn random(dtype: DType, len: usize, what: &str, seed: u64, stream: Stream) -> Result<Self, Failure> {
        let start = mix(seed ^ mix(stream as u64));
        Ok(match dtype {
            DType::F32 => Self::F32(filled(len, what, |i| value(start, i))?),
            DType::F16 => Self::F16(filled(len, what, |i| f16::from_f32(value(start, i)))?),
        })
    }

    pub(super) fn as_ref(&self) -> TensorRef<'_> {
        match self {
            Self::F32(data) => TensorRef::F32(data),
            Self::F16(data) => TensorRef::F16(data),
        }
    }

    pub(super) fn as_mut(&mut self) -> TensorMut<'_> {
        match self {
            Self::F32(data) => TensorMut::F32(data),
            Self::F16(data) => TensorMut::F16(data),
        }
    }
}

impl From<ArrayData> for Elements {
    fn from(data: ArrayData) -> Self {
        match data {
            ArrayData::F32(data) => Self::F32(data.into()),
            ArrayData::F16(data) => Self::F16(data.into()),
        }
    }
}

/// A buffer, or a refusal that names its size.
fn zeroed<T: FromBytes + IntoBytes + Immutable>(len: usize, what: &str) -> Result<Buffer<T>, Failure> {
    Buffer::zeroed(len).map_err(|error| {
        let bytes = error.bytes;
        Failure::system(format_args!("no memory for the {what}: {len} elements, {bytes} bytes; give a smaller problem"))
    })
}

/// A buffer of which element `i` is `element(i)`.
fn filled<T: FromBytes + IntoBytes + Immutable>(
    len: usize,
    what: &str,
    element: impl Fn(u64) -> T,
) -> Result<Buffer<T>, Failure> {
    let mut data = zeroed(len, what)?;
    for (slot, index) in data.iter_mut().zip(0..) {
        *slot = element(index);
    }
    Ok(data)
}

fn value(start: u64, index: u64) -> f32 {
    let top = (mix(start.wrapping_add(index.wrapping_mul(0x9E37_79B9_7F4A_7C15))) >> 53) as i16;
    f32::from(top - 1024) / 1024.0
}

/// SplitMix64's output function.
const fn mix(state: u64) -> u64 {
    let z = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)] // a panic is how a test fails

    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_data_and_streams_differ() {
        let draw = |seed, stream| match Elements::random(DType::F32, 64, "input", seed, stream) {
            Ok(Elements::F32(data)) => data.to_vec(),
            other => panic!("{other:?}"),
        };
        assert_eq!(draw(7, Stream::Input), draw(7, Stream::Input));
        assert_ne!(draw(7, Stream::Input), draw(8, Stream::Input));
        assert_ne!(draw(7, Stream::Input), draw(7, Stream::Weights));
    }

    #[test]
    fn values_fill_the_range_and_f16_holds_them() {
        let start = mix(1);
        let values: Vec<f32> = (0..65536).map(|i| value(start, i)).collect();
        assert!(values.iter().all(|v| (-1.0..1.0).contains(v) && f16::from_f32(*v).to_f32() == *v));
        assert!(values.contains(&-1.0) && values.contains(&(1023.0 / 1024.0)));
        assert!(values.iter().sum::<f32>().abs() / 65536.0 < 0.02);
    }

    #[test]
    fn an_absurd_size_is_refused_by_name() {
        let refusal = Elements::zeros(DType::F32, usize::MAX / 8, "output").expect_err("more than there is");
        assert!(matches!(&refusal, Failure::System(error) if error.to_string().contains("output")), "{refusal}");
    }
}

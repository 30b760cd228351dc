//! numpy's `.npy`: one array, f32 or f16.
//!
//! Source: numpy `numpy/lib/_format_impl.py`; versions 1.0, 2.0 and 3.0, which differ in the width of the header's
//! length and in its text encoding. Written here because the `npyz` and `zip` crates pull in dozens of others.
//! A header is believed only as far as the bytes behind it go: nothing is allocated on its word alone.

mod header;
#[cfg(test)]
mod tests;

use crate::conv::{DType, TensorRef};
use half::f16;
use header::Header;
use std::io::{self, Read, Write};

/// How every `.npy` starts.
pub(super) const MAGIC: [u8; 6] = *b"\x93NUMPY";

/// The longest header read, in bytes. numpy needs 128 for any array that is understood here.
const MAX_HEADER_BYTES: u32 = 1 << 16;

/// Bytes converted at once.
const CHUNK_BYTES: usize = 1 << 16;

/// Why a `.npy` could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpyError {
    /// The first bytes are others.
    #[error("it is no .npy: it does not start with \\x93NUMPY")]
    Magic,
    /// A version of the format from the future.
    #[error("it is .npy version {major}.{minor}; 1.0, 2.0 and 3.0 are understood")]
    Version {
        /// Major version.
        major: u8,
        /// Minor version.
        minor: u8,
    },
    /// The header's length is out of all proportion.
    #[error("its header is {bytes} bytes long; the limit is {MAX_HEADER_BYTES}")]
    HeaderTooLong {
        /// The length as stated, bytes.
        bytes: u32,
    },
    /// The header is not the dictionary that it must be.
    #[error("its header is malformed: {what} (at byte {at} of the dictionary)")]
    Header {
        /// What is wrong.
        what: &'static str,
        /// Where in the dictionary.
        at: usize,
    },
    /// The elements are records.
    #[error("its elements are records; save one field as float32 or float16")]
    Structured,
    /// The elements are of the other byte order.
    #[error("its type {descr:?} is big-endian; save it with array.astype('<f4') or '<f2'")]
    BigEndian {
        /// The type as the header states it.
        descr: String,
    },
    /// The elements are of another type.
    #[error("its type {descr:?} is not supported; save it with array.astype('<f4') (float32) or '<f2' (float16)")]
    Dtype {
        /// The type as the header states it.
        descr: String,
    },
    /// The array has no elements.
    #[error("its shape {shape:?} has a zero: there are no elements")]
    Empty {
        /// The shape as stated.
        shape: Vec<usize>,
    },
    /// The shape's product overflows.
    #[error("its shape {shape:?} is larger than any memory")]
    TooLarge {
        /// The shape as stated.
        shape: Vec<usize>,
    },
    /// The file ends early.
    #[error("it is truncated: {need} more bytes are needed, {have} are there")]
    Truncated {
        /// Bytes that the header, or the format, asks for.
        need: u64,
        /// Bytes that are there.
        have: u64,
    },
    /// The file goes on.
    #[error("its shape {shape:?} needs {need} bytes of data, but more follow")]
    Trailing {
        /// The shape as stated.
        shape: Vec<usize>,
        /// Bytes that the shape takes.
        need: u64,
    },
    /// The array has other dimensions than its use asks for.
    #[error("its shape {shape:?} has {} dimensions; {rank} are needed", shape.len())]
    Rank {
        /// The array's shape.
        shape: Vec<usize>,
        /// Dimensions needed.
        rank: usize,
    },
    /// The elements don't fit into memory.
    #[error("there is not enough memory for its {bytes} bytes")]
    Memory {
        /// Size of the elements, bytes.
        bytes: u64,
    },
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl NpyError {
    /// Whether the system refused, and not the contents are wrong.
    pub fn is_system(&self) -> bool {
        match self {
            Self::Io(error) => super::is_system(error),
            Self::Memory { .. } => true,
            _ => false,
        }
    }
}

/// An array in memory: row-major ("C order"), never empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    shape: Vec<usize>,
    data: ArrayData,
}

/// The elements of an [`Array`].
#[derive(Clone, Debug, PartialEq)]
pub enum ArrayData {
    /// f32 elements.
    F32(Vec<f32>),
    /// f16 elements.
    F16(Vec<f16>),
}

impl Array {
    /// Extents, outermost first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The shape where the array must have `RANK` dimensions.
    ///
    /// # Errors
    /// [`NpyError::Rank`] where it has others.
    pub fn dims<const RANK: usize>(&self) -> Result<[usize; RANK], NpyError> {
        let rank_error = |_| NpyError::Rank { shape: self.shape.clone(), rank: RANK };
        self.shape.as_slice().try_into().map_err(rank_error)
    }

    /// The elements, borrowed.
    pub fn as_tensor(&self) -> TensorRef<'_> {
        match &self.data {
            ArrayData::F32(data) => TensorRef::F32(data),
            ArrayData::F16(data) => TensorRef::F16(data),
        }
    }

    /// The elements.
    pub fn into_data(self) -> ArrayData {
        self.data
    }
}

/// What is known about how many bytes a `.npy` has before it is read.
#[derive(Clone, Copy, Debug)]
pub enum Length {
    /// So many are there: memory for them may be taken at once.
    Present(u64),
    /// Somebody says so: a header must agree, but memory is taken only as bytes arrive.
    Claimed(u64),
    /// Nothing, as with a pipe.
    Unknown,
}

/// Reads a `.npy` to its end.
///
/// # Errors
/// [`NpyError`]: the contents are no f32 or f16 array, the shape contradicts the length, or reading failed.
pub fn read(reader: &mut impl Read, length: Length) -> Result<Array, NpyError> {
    let (header, header_bytes) = read_header(reader)?;
    let too_large = || NpyError::TooLarge { shape: header.shape.clone() };
    if header.shape.contains(&0) {
        return Err(NpyError::Empty { shape: header.shape });
    }
    let count = header.shape.iter().try_fold(1_usize, |count, extent| count.checked_mul(*extent));
    let count = count.ok_or_else(too_large)?;
    let bytes = count.checked_mul(header.dtype.bytes()).ok_or_else(too_large)?;
    if bytes > isize::MAX as usize {
        return Err(too_large());
    }

    let need = bytes as u64;
    if let Length::Present(total) | Length::Claimed(total) = length {
        let have = total.saturating_sub(header_bytes);
        if have < need {
            return Err(NpyError::Truncated { need, have });
        }
        if have > need {
            return Err(NpyError::Trailing { shape: header.shape, need });
        }
    }
    let reserve = if matches!(length, Length::Present(_)) { count } else { 0 };
    let order = header.fortran_order.then_some(header.shape.as_slice());
    let data = match header.dtype {
        DType::F32 => ArrayData::F32(read_elements(reader, count, reserve, order, f32::from_le_bytes)?),
        DType::F16 => ArrayData::F16(read_elements(reader, count, reserve, order, f16::from_le_bytes)?),
    };
    // Reads on even where the length is known: the end is where a ZIP entry's checksum is compared.
    if fill(reader, &mut [0])? != 0 {
        return Err(NpyError::Trailing { shape: header.shape, need });
    }
    Ok(Array { shape: header.shape, data })
}

/// The header, and how many bytes it took with all that stands before it.
fn read_header(reader: &mut impl Read) -> Result<(Header, u64), NpyError> {
    let mut preamble = [0; 8];
    let have = fill(reader, &mut preamble)?;
    if !preamble.starts_with(&MAGIC) {
        return Err(NpyError::Magic);
    }
    check_filled(preamble.len(), have)?;
    let [.., major, minor] = preamble;
    let mut length = [0; 4];
    let width = match (major, minor) {
        (1, 0) => 2,
        (2 | 3, 0) => 4,
        _ => return Err(NpyError::Version { major, minor }),
    };
    check_filled(width, fill(reader, &mut length[..width])?)?;
    let bytes = u32::from_le_bytes(length);
    if bytes > MAX_HEADER_BYTES {
        return Err(NpyError::HeaderTooLong { bytes });
    }
    let mut text = vec![0; bytes as usize];
    check_filled(text.len(), fill(reader, &mut text)?)?;
    Ok((Header::parse(&text)?, (preamble.len() + width + text.len()) as u64))
}

/// Reads `count` elements; `columns_first` is the shape where they come in Fortran order.
fn read_elements<T: Copy, const BYTES: usize>(
    reader: &mut impl Read,
    count: usize,
    reserve: usize,
    columns_first: Option<&[usize]>,
    convert: fn([u8; BYTES]) -> T,
) -> Result<Vec<T>, NpyError> {
    let memory = |_| NpyError::Memory { bytes: (count * BYTES) as u64 };
    let mut data = Vec::new();
    data.try_reserve_exact(reserve).map_err(memory)?;
    let mut chunk = vec![0; CHUNK_BYTES.min(count * BYTES)];
    while data.len() < count {
        let want = chunk.len().min((count - data.len()) * BYTES);
        let have = fill(reader, &mut chunk[..want])?;
        if have < want {
            let have = (data.len() * BYTES + have) as u64;
            return Err(NpyError::Truncated { need: (count * BYTES) as u64, have });
        }
        let (elements, _) = chunk[..want].as_chunks();
        data.try_reserve(elements.len()).map_err(memory)?;
        data.extend(elements.iter().map(|element| convert(*element)));
    }
    match columns_first {
        Some(shape) => to_rows_first(&data, shape).map_err(memory),
        None => Ok(data),
    }
}

/// Reorders elements whose first index runs fastest so that their last one does.
fn to_rows_first<T: Copy>(data: &[T], shape: &[usize]) -> Result<Vec<T>, std::collections::TryReserveError> {
    let mut ordered = Vec::new();
    ordered.try_reserve_exact(data.len())?;
    let Some((&row_len, outer)) = shape.split_last() else {
        ordered.extend_from_slice(data);
        return Ok(ordered);
    };
    let row_stride: usize = outer.iter().product();
    let mut index = vec![0; outer.len()];
    while ordered.len() < data.len() {
        let start: usize = index.iter().zip(outer).rev().fold(0, |sum, (i, extent)| sum * extent + i);
        ordered.extend((0..row_len).map(|column| data[start + column * row_stride]));
        for (i, extent) in index.iter_mut().zip(outer).rev() {
            *i = (*i + 1) % extent;
            if *i != 0 {
                break;
            }
        }
    }
    Ok(ordered)
}

/// Fills `buffer` as far as the reader goes; how many bytes came.
fn fill(reader: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut have = 0;
    while have < buffer.len() {
        match reader.read(&mut buffer[have..]) {
            Ok(0) => break,
            Ok(read) => have += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(have)
}

fn check_filled(need: usize, have: usize) -> Result<(), NpyError> {
    if have == need { Ok(()) } else { Err(NpyError::Truncated { need: need as u64, have: have as u64 }) }
}

/// Writes a `.npy` version 1.0, byte for byte as numpy does.
///
/// # Errors
/// What `out` reports, and `InvalidInput` where `shape` does not fit `data` or a header of version 1.0.
pub fn write(out: &mut impl Write, shape: &[usize], data: TensorRef<'_>) -> io::Result<()> {
    if shape.iter().try_fold(1_usize, |count, extent| count.checked_mul(*extent)) != Some(data.len()) {
        let message = format!("shape {shape:?} does not have the array's {} elements", data.len());
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let prefix = [&MAGIC[..], &[1, 0]].concat();
    let header = Header { dtype: data.dtype(), fortran_order: false, shape: shape.to_vec() };
    let text = header.to_text(prefix.len() + size_of::<u16>());
    let length = u16::try_from(text.len()).map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))?;
    out.write_all(&prefix)?;
    out.write_all(&length.to_le_bytes())?;
    out.write_all(text.as_bytes())?;
    match data {
        TensorRef::F32(data) => write_elements(out, data, |element| element.to_le_bytes()),
        TensorRef::F16(data) => write_elements(out, data, |element| element.to_le_bytes()),
    }
}

fn write_elements<T: Copy, const BYTES: usize>(
    out: &mut impl Write,
    data: &[T],
    convert: impl Fn(T) -> [u8; BYTES],
) -> io::Result<()> {
    let mut chunk = Vec::with_capacity(CHUNK_BYTES);
    for elements in data.chunks(CHUNK_BYTES / BYTES) {
        chunk.clear();
        chunk.extend(elements.iter().flat_map(|element| convert(*element)));
        out.write_all(&chunk)?;
    }
    Ok(())
}

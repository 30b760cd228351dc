//! numpy's `.npz`: a ZIP of `.npy` files, stored or deflated, with or without ZIP64.
//!
//! `rawzip` finds the entries and compares their checksums; `flate2` inflates. Only the arrays asked for are read, each
//! once, and each takes memory only as its bytes arrive: an entry that lies about its size gains nothing.

#[cfg(test)]
mod tests;

use super::npy::{self, Array, Length, NpyError};
use crate::conv::TensorRef;
use flate2::read::DeflateDecoder;
use rawzip::{
    CompressionMethod, ErrorKind, RECOMMENDED_BUFFER_SIZE, ZipArchive, ZipArchiveEntryWayfinder, ZipArchiveWriter,
};
use std::collections::BTreeMap;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// Why a `.npz` could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NpzError {
    /// The ZIP's structure is broken.
    #[error("it is no readable ZIP archive")]
    Zip(#[source] rawzip::Error),
    /// An array is compressed in a way that numpy doesn't write.
    #[error("its array {name:?} has ZIP compression method {method}; stored (0) and deflated (8) are understood")]
    Method {
        /// The array.
        name: String,
        /// ZIP's number of the method.
        method: u16,
    },
    /// An array is encrypted.
    #[error("its array {name:?} is encrypted; save it without a password")]
    Encrypted {
        /// The array.
        name: String,
    },
    /// Two entries have the same name.
    #[error("it has two arrays {name:?}")]
    Duplicate {
        /// The array.
        name: String,
    },
    /// One array's `.npy` could not be read.
    #[error("its array {name:?} cannot be read")]
    Array {
        /// The array.
        name: String,
        /// What is wrong with it.
        source: NpyError,
    },
    /// Reading failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl NpzError {
    /// Whether the system refused, and not the contents are wrong.
    pub fn is_system(&self) -> bool {
        match self {
            Self::Io(error) => super::is_system(error),
            Self::Zip(error) => matches!(error.kind(), ErrorKind::IO(error) if super::is_system(error)),
            Self::Array { source, .. } => source.is_system(),
            _ => false,
        }
    }
}

impl From<rawzip::Error> for NpzError {
    fn from(error: rawzip::Error) -> Self {
        Self::Zip(error)
    }
}

/// What a `.npz` holds.
#[derive(Debug, Default)]
pub struct Archive {
    /// The arrays that were asked for and are there.
    pub arrays: BTreeMap<String, Array>,
    /// The names of the others, for a message that says what there is.
    pub skipped: Vec<String>,
}

/// An array that was found and not yet read.
struct Entry {
    name: String,
    method: CompressionMethod,
    wayfinder: ZipArchiveEntryWayfinder,
}

/// Reads the arrays called one of `wanted`; others, whatever they are, don't matter.
///
/// # Errors
/// [`NpzError`]: the ZIP is broken, a wanted array is unreadable or comes twice, or reading failed.
pub fn read<R: Read + Seek>(mut reader: R, wanted: &[&str]) -> Result<Archive, NpzError> {
    let file_bytes = reader.seek(SeekFrom::End(0))?;
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let zip = ZipArchive::from_seekable(reader, &mut buffer)?;
    let mut archive = Archive::default();
    let mut found: Vec<Entry> = Vec::new();
    let mut entries = zip.entries(&mut buffer);
    while let Some(record) = entries.next_entry()? {
        let path = record.file_path();
        let path = String::from_utf8_lossy(path.as_bytes());
        let Some(name) = path.strip_suffix(".npy").map(str::to_owned) else {
            continue;
        };
        if !wanted.contains(&name.as_str()) {
            archive.skipped.push(name);
        } else if found.iter().any(|entry| entry.name == name) {
            return Err(NpzError::Duplicate { name });
        } else if record.flags().is_encrypted() {
            return Err(NpzError::Encrypted { name });
        } else {
            found.push(Entry { name, method: record.compression_method(), wayfinder: record.wayfinder() });
        }
    }
    for Entry { name, method, wayfinder } in found {
        let entry = zip.get_entry(wayfinder)?;
        let (start, end) = entry.compressed_data_range();
        let array = match method {
            CompressionMethod::STORE => {
                let bytes = end - start;
                let length = if end <= file_bytes { Length::Present(bytes) } else { Length::Claimed(bytes) };
                npy::read(&mut entry.verifying_reader(entry.reader()), length)
            }
            CompressionMethod::DEFLATE => {
                let length = Length::Claimed(wayfinder.uncompressed_size_hint());
                npy::read(&mut entry.verifying_reader(DeflateDecoder::new(entry.reader())), length)
            }
            method => {
                return Err(NpzError::Method { name, method: method.as_u16() });
            }
        };
        let array = array.map_err(|source| NpzError::Array { name: name.clone(), source })?;
        archive.arrays.insert(name, array);
    }
    Ok(archive)
}

/// Writes a `.npz` that holds the one array `name`, stored.
///
/// # Errors
/// As [`npy::write`].
pub fn write(out: &mut impl Write, name: &str, shape: &[usize], data: TensorRef<'_>) -> io::Result<()> {
    let path = format!("{name}.npy");
    let mut archive = ZipArchiveWriter::new(out);
    let (mut entry, config) = archive.new_file(path.as_str()).start().map_err(io::Error::other)?;
    let mut writer = config.wrap(&mut entry);
    npy::write(&mut writer, shape, data)?;
    let (_, descriptor) = writer.finish().map_err(io::Error::other)?;
    entry.finish(descriptor).map_err(io::Error::other)?;
    archive.finish().map_err(io::Error::other)?;
    Ok(())
}

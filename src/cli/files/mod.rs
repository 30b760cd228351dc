//! Files in and out: arrays (`.npy`, `.npz`), pictures (`.png`), and output that is there whole or not at all.
//!
//! The format modules read from and write to any stream and know no paths; here they meet the file system, and their
//! errors get the file's name. [`FileError::is_user_fault`] tells a wrong file from a system that refuses.

pub mod image;
pub mod npy;
pub mod npz;
pub mod output;
#[cfg(test)]
mod tests;

pub use image::{ImageError, Picture};
pub use npy::{Array, ArrayData, NpyError};
pub use npz::{Archive, NpzError};
pub use output::AtomicFile;

use crate::conv::TensorRef;
use std::fs::File;
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

/// Why a file could not be read or written. The cause is in `source()`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused to open or write it.
    #[error("cannot {action} {}", path.display())]
    Io {
        /// What was tried: `open`, `write`.
        action: &'static str,
        /// The file as the user named it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The folder to write into does not exist.
    #[error("cannot write {}: there is no folder {}; create it first", path.display(), folder.display())]
    NoFolder {
        /// The file as the user named it.
        path: PathBuf,
        /// The folder that is missing.
        folder: PathBuf,
    },
    /// The file to write is a folder.
    #[error("cannot write {}: it is a folder; name a file in it", path.display())]
    IsFolder {
        /// The path as the user named it.
        path: PathBuf,
    },
    /// Neither of the array formats.
    #[error("{} is neither .npy nor .npz; write one with numpy.save or numpy.savez", path.display())]
    NotArrays {
        /// The file as the user named it.
        path: PathBuf,
    },
    /// Reading a `.npy` failed.
    #[error("cannot read {}", path.display())]
    Npy {
        /// The file as the user named it.
        path: PathBuf,
        /// What is wrong with it.
        source: NpyError,
    },
    /// Reading a `.npz` failed.
    #[error("cannot read {}", path.display())]
    Npz {
        /// The file as the user named it.
        path: PathBuf,
        /// What is wrong with it.
        source: NpzError,
    },
    /// Reading a `.png` failed.
    #[error("cannot read {}", path.display())]
    Image {
        /// The file as the user named it.
        path: PathBuf,
        /// What is wrong with it.
        source: ImageError,
    },
}

impl FileError {
    /// Whether the file's contents are wrong (exit code 2), and not the system that refused (exit code 1).
    pub fn is_user_fault(&self) -> bool {
        match self {
            Self::Io { .. } | Self::NoFolder { .. } | Self::IsFolder { .. } => false,
            Self::NotArrays { .. } => true,
            Self::Npy { source, .. } => !source.is_system(),
            Self::Npz { source, .. } => !source.is_system(),
            Self::Image { source, .. } => !source.is_system(),
        }
    }
}

/// Whether the operating system reported `error`. Decoders report broken data as `io::Error` too, without an OS code.
fn is_system(error: &io::Error) -> bool {
    error.raw_os_error().is_some()
}

/// The arrays of one file.
#[derive(Debug)]
pub enum ArrayFile {
    /// A `.npy`: one array without a name.
    Single(Array),
    /// A `.npz`: arrays by name.
    Named(Archive),
}

/// Reads a `.npy`, or from a `.npz` the arrays called one of `wanted`. The format is told by the contents, as numpy
/// does; a `.npy` may come through a pipe.
///
/// # Errors
/// [`FileError`]: it can't be opened or read, is of another format, or is broken.
pub fn read_arrays(path: &Path, wanted: &[&str]) -> Result<ArrayFile, FileError> {
    let io_error = |action| move |source| FileError::Io { action, path: path.to_owned(), source };
    let file = open(path)?;
    let metadata = file.metadata().map_err(io_error("open"))?;
    let length = if metadata.is_file() { npy::Length::Present(metadata.len()) } else { npy::Length::Unknown };
    let mut reader = BufReader::new(file);
    match reader.fill_buf().map_err(io_error("read"))?.first() {
        Some(&first) if first == npy::MAGIC[0] => npy::read(&mut reader, length)
            .map(ArrayFile::Single)
            .map_err(|source| FileError::Npy { path: path.to_owned(), source }),
        Some(b'P') => npz::read(reader, wanted)
            .map(ArrayFile::Named)
            .map_err(|source| FileError::Npz { path: path.to_owned(), source }),
        _ => Err(FileError::NotArrays { path: path.to_owned() }),
    }
}

/// Reads a `.png`.
///
/// # Errors
/// [`FileError`]: it can't be opened or read, is no PNG, or is broken.
pub fn read_picture(path: &Path) -> Result<Picture, FileError> {
    let reader = BufReader::new(open(path)?);
    Picture::read(reader).map_err(|source| FileError::Image { path: path.to_owned(), source })
}

/// Writes an array whole or not at all: a `.npz` with the one array `y` where `path` ends so, else a `.npy`.
///
/// # Errors
/// [`FileError::Io`], [`FileError::NoFolder`] or [`FileError::IsFolder`].
pub fn write_array(path: &Path, shape: &[usize], data: TensorRef<'_>) -> Result<(), FileError> {
    let is_npz = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("npz"));
    write(path, |out| if is_npz { npz::write(out, "y", shape, data) } else { npy::write(out, shape, data) })
}

/// Writes a `.png` whole or not at all.
///
/// # Errors
/// [`FileError::Io`], [`FileError::NoFolder`] or [`FileError::IsFolder`].
pub fn write_picture(path: &Path, picture: &Picture) -> Result<(), FileError> {
    write(path, |out| picture.write(out))
}

/// Writes a file whole or not at all with what `content` writes.
///
/// # Errors
/// [`FileError::Io`], [`FileError::NoFolder`] or [`FileError::IsFolder`].
pub fn write(path: &Path, content: impl FnOnce(&mut BufWriter<AtomicFile>) -> io::Result<()>) -> Result<(), FileError> {
    let mut out = BufWriter::with_capacity(1 << 16, AtomicFile::create(path)?);
    content(&mut out)
        .and_then(|()| out.flush())
        .and_then(|()| out.into_inner().map_err(io::IntoInnerError::into_error))
        .and_then(AtomicFile::commit)
        .map_err(|source| FileError::Io { action: "write", path: path.to_owned(), source })
}

fn open(path: &Path) -> Result<File, FileError> {
    File::open(path).map_err(|source| FileError::Io { action: "open", path: path.to_owned(), source })
}

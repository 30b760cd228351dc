//! A checked capture and the contents of its buffers, which stay on disk until somebody asks.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::mem;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use crate::document::{self, MANIFEST_NAME};
use crate::error::Error;
use crate::manifest::{Buffer, IndirectBuffer, Manifest};
use crate::validate::{self, Index};

/// The largest buffer that is loaded whole, in bytes. A capture can claim any size for a buffer that has no file.
pub const LOAD_LIMIT_BYTES: u64 = 1 << 30;
/// The most that [`Capture::before_dwords`] returns, in bytes: 16 times the longest indirect buffer, whose length field
/// has 20 bits. Source: Mesa `src/amd/common/sid.h`, `S_3F2_IB_SIZE`.
pub const DWORDS_LIMIT_BYTES: u64 = 64 << 20;

/// A capture on disk. It reads as its [`Manifest`]: `capture.buffers`, `capture.device`.
///
/// Holding one proves that, when it was made: ids were unique and every id named a buffer; mappings neither overlapped
/// nor ran past the address space; indirect buffers and volatile ranges lay within their buffers; and every file was
/// a regular one in the capture's folder, of its buffer's size.
#[derive(Debug)]
pub struct Capture {
    folder: PathBuf,
    manifest: Manifest,
    index: Index,
}

impl Deref for Capture {
    type Target = Manifest;

    fn deref(&self) -> &Manifest {
        &self.manifest
    }
}

impl Capture {
    /// Reads and checks the capture at `path`, a folder or its `capture.json`. Contents are not loaded.
    ///
    /// # Errors
    /// [`Error::NotACapture`], [`Error::Format`] and [`Error::Version`] for something else; [`Error::Json`],
    /// [`Error::Malformed`] and [`Error::Invalid`] for a broken capture.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let folder = match path.parent() {
            Some(parent) if path.file_name().is_some_and(|n| n == MANIFEST_NAME) && !path.is_dir() => parent,
            _ => path,
        };
        let manifest = document::load(&folder.join(MANIFEST_NAME))?;
        Self::check(folder.to_owned(), manifest)
    }

    pub(crate) fn check(folder: PathBuf, manifest: Manifest) -> Result<Self, Error> {
        let index = validate::check(&folder, &manifest)?;
        Ok(Self { folder, manifest, index })
    }

    pub(crate) fn into_parts(self) -> (PathBuf, Manifest) {
        (self.folder, self.manifest)
    }

    /// The folder that the capture lies in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The mapping with this id.
    ///
    /// # Errors
    /// [`Error::NoSuchBuffer`].
    pub fn buffer(&self, id: u32) -> Result<&Buffer, Error> {
        let found = self.index.by_id.get(&id).and_then(|i| self.manifest.buffers.get(*i));
        found.ok_or_else(|| Error::NoSuchBuffer { path: self.path(), id })
    }

    /// The mapping that holds the byte at `va`.
    pub fn buffer_at(&self, va: u64) -> Option<&Buffer> {
        let by_va = &self.index.by_va;
        let buffer = |i: &usize| self.manifest.buffers.get(*i);
        let after = by_va.partition_point(|i| buffer(i).is_some_and(|b| b.va <= va));
        by_va.get(after.checked_sub(1)?).and_then(buffer).filter(|b| va - b.va < b.size)
    }

    /// The whole contents of a buffer before the first submission; zeros where it has no file.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond [`LOAD_LIMIT_BYTES`]; [`Capture::before_reader`] and [`Capture::read_before`] have no
    /// such limit. [`Error::NoSuchBuffer`], [`Error::Io`].
    pub fn before(&self, id: u32) -> Result<Vec<u8>, Error> {
        let buffer = self.buffer(id)?;
        let mut bytes = self.zeros(buffer.size, LOAD_LIMIT_BYTES)?;
        if let Some(name) = &buffer.before {
            self.read_file(name, 0, &mut bytes)?;
        }
        Ok(bytes)
    }

    /// The whole contents of a buffer after the last submission; `None` where it has no such file.
    ///
    /// # Errors
    /// As [`Capture::before`]; [`Capture::after_reader`] has no limit.
    pub fn after(&self, id: u32) -> Result<Option<Vec<u8>>, Error> {
        let buffer = self.buffer(id)?;
        let Some(name) = &buffer.after else { return Ok(None) };
        let mut bytes = self.zeros(buffer.size, LOAD_LIMIT_BYTES)?;
        self.read_file(name, 0, &mut bytes)?;
        Ok(Some(bytes))
    }

    /// Streams what [`Capture::before`] returns, whatever the size.
    ///
    /// # Errors
    /// [`Error::NoSuchBuffer`], [`Error::Io`].
    pub fn before_reader(&self, id: u32) -> Result<Box<dyn Read + Send>, Error> {
        let buffer = self.buffer(id)?;
        Ok(match &buffer.before {
            Some(name) => Box::new(self.open(name)?.take(buffer.size)),
            None => Box::new(io::repeat(0).take(buffer.size)),
        })
    }

    /// Streams what [`Capture::after`] returns, whatever the size.
    ///
    /// # Errors
    /// [`Error::NoSuchBuffer`], [`Error::Io`].
    pub fn after_reader(&self, id: u32) -> Result<Option<Box<dyn Read + Send>>, Error> {
        let buffer = self.buffer(id)?;
        let Some(name) = &buffer.after else { return Ok(None) };
        Ok(Some(Box::new(self.open(name)?.take(buffer.size))))
    }

    /// Fills `out` with the memory from `va` on as it was before the first submission, across neighbouring mappings.
    ///
    /// Each call opens the files anew, so read in large parts.
    ///
    /// # Errors
    /// [`Error::Unmapped`] with the first address that no buffer holds; [`Error::Io`].
    pub fn read_before(&self, va: u64, out: &mut [u8]) -> Result<(), Error> {
        let (mut va, mut out) = (va, out);
        while !out.is_empty() {
            let buffer = self.buffer_at(va).ok_or_else(|| Error::Unmapped { path: self.path(), va })?;
            let offset = va - buffer.va;
            let bytes = usize::try_from(buffer.size - offset).map_or(out.len(), |left| left.min(out.len()));
            let (part, rest) = mem::take(&mut out).split_at_mut(bytes);
            self.read_part(buffer, offset, part)?;
            out = rest;
            va += bytes as u64; // at most the buffer's end, which was checked to fit
        }
        Ok(())
    }

    /// `count` dwords from `va` on as they were before the first submission, across neighbouring mappings.
    ///
    /// # Errors
    /// As [`Capture::read_before`], and [`Error::TooLarge`] beyond [`DWORDS_LIMIT_BYTES`].
    pub fn before_dwords(&self, va: u64, count: u32) -> Result<Vec<u32>, Error> {
        let mut memory = self.zeros(u64::from(count) * 4, DWORDS_LIMIT_BYTES)?;
        self.read_before(va, &mut memory)?;
        Ok(memory.as_chunks().0.iter().map(|dword| u32::from_le_bytes(*dword)).collect())
    }

    /// The dwords of an indirect buffer of this capture, as they were submitted.
    ///
    /// # Errors
    /// As [`Capture::before_dwords`].
    pub fn ib_dwords(&self, ib: &IndirectBuffer) -> Result<Vec<u32>, Error> {
        self.before_dwords(ib.va, ib.size_dw)
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.join(MANIFEST_NAME)
    }

    /// `bytes` zeros, or an error where that is too much to ask for.
    fn zeros(&self, bytes: u64, limit: u64) -> Result<Vec<u8>, Error> {
        let too_large = || Error::TooLarge { path: self.path(), bytes, limit };
        let len = usize::try_from(bytes).ok().filter(|_| bytes <= limit).ok_or_else(too_large)?;
        let mut zeros = Vec::new();
        zeros.try_reserve_exact(len).map_err(|_| too_large())?;
        zeros.resize(len, 0);
        Ok(zeros)
    }

    /// Fills `out` from byte `offset` of `buffer` as it was before; both were checked to lie within it.
    fn read_part(&self, buffer: &Buffer, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        match &buffer.before {
            Some(name) => self.read_file(name, offset, out),
            None => {
                out.fill(0);
                Ok(())
            }
        }
    }

    fn read_file(&self, name: &str, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let mut file = self.open(name)?;
        file.seek(SeekFrom::Start(offset)).and_then(|_| file.read_exact(out)).map_err(|source| Error::Io {
            action: "read",
            path: self.folder.join(name),
            source,
        })
    }

    fn open(&self, name: &str) -> Result<File, Error> {
        let path = self.folder.join(name);
        File::open(&path).map_err(|source| Error::Io { action: "open", path, source })
    }
}

//! Writing a capture so that it is whole whenever it can be seen.
//!
//! The `.bin` files come first and reach the disk; `capture.json` is written under another name and renamed, because
//! the submission that follows may take the machine down. That other name is also the lock against a second writer.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::capture::Capture;
use crate::document::{self, MANIFEST_NAME};
use crate::error::Error;
use crate::manifest::{Buffer, Device, Manifest, Submission, Volatile};

const PART_NAME: &str = "capture.json.part";
/// Bytes copied at once.
const CHUNK: usize = 256 << 10;

/// A capture in the making. Dropped before [`CaptureWriter::commit`] it takes all its files away again.
#[derive(Debug)]
pub struct CaptureWriter {
    folder: PathBuf,
    manifest: Manifest,
    part: File,
    undo: Undo,
}

impl CaptureWriter {
    /// Begins a capture in `folder`, which is made where it is missing; its parent must be there.
    ///
    /// # Errors
    /// [`Error::Exists`] where the folder holds a capture, [`Error::Busy`] where another writer is at it, [`Error::Io`].
    pub fn create(folder: impl Into<PathBuf>, device: Device) -> Result<Self, Error> {
        let folder = folder.into();
        let mut undo = Undo::default();
        match fs::create_dir(&folder) {
            Ok(()) => undo.folder = Some(folder.clone()),
            Err(_) if folder.is_dir() => {}
            Err(source) => return Err(Error::Io { action: "make the folder", path: folder, source }),
        }
        let part = lock(&folder, &mut undo)?;
        // Only now: a writer that has just ended has renamed its part to this.
        refuse_existing(&folder.join(MANIFEST_NAME))?;
        Ok(Self { folder, manifest: Manifest::new(device), part, undo })
    }

    /// Adds a mapping with its contents, exactly `buffer.size` bytes; they go to disk at once, in parts.
    /// The writer names the files, so `buffer.before` and `buffer.after` are overwritten.
    ///
    /// # Errors
    /// [`Error::IdTaken`], [`Error::Exists`] where a file of that name is in the way, [`Error::Source`] and
    /// [`Error::SourceLength`] for the contents, [`Error::Io`]. The mapping is not added then, and the writer can go on.
    pub fn add_buffer(&mut self, mut buffer: Buffer, before: impl Read) -> Result<(), Error> {
        self.check_id(buffer.id)?;
        let name = format!("bo{}.before.bin", buffer.id);
        write_contents(&self.folder, &name, &buffer, before, &mut self.undo)?;
        (buffer.before, buffer.after) = (Some(name), None);
        self.manifest.buffers.push(buffer);
        Ok(())
    }

    /// Adds a mapping that holds zeros, without a file.
    ///
    /// # Errors
    /// [`Error::IdTaken`].
    pub fn add_zeroed(&mut self, mut buffer: Buffer) -> Result<(), Error> {
        self.check_id(buffer.id)?;
        (buffer.before, buffer.after) = (None, None);
        self.manifest.buffers.push(buffer);
        Ok(())
    }

    /// Adds a range whose final contents differ from run to run.
    pub fn add_volatile(&mut self, range: Volatile) {
        self.manifest.volatile.push(range);
    }

    /// Adds the next submission.
    pub fn add_submission(&mut self, submission: Submission) {
        self.manifest.submissions.push(submission);
    }

    /// Checks everything and makes the folder a capture. Call it before the submission, so that a hang leaves it.
    ///
    /// # Errors
    /// [`Error::Invalid`] as for [`Capture::read`], [`Error::Shadowed`], [`Error::ManifestTooLong`], [`Error::Io`].
    /// All that was written is gone then.
    pub fn commit(self) -> Result<Completion, Error> {
        let Self { folder, manifest, part, undo } = self;
        let capture = publish(folder, manifest, part, undo)?;
        Ok(Completion::of(capture))
    }

    fn check_id(&self, id: u32) -> Result<(), Error> {
        if self.manifest.buffers.iter().any(|b| b.id == id) {
            return Err(Error::IdTaken { path: self.folder.join(MANIFEST_NAME), id });
        }
        Ok(())
    }
}

/// A capture whose submission is under way. Dropped before [`Completion::finish`] it leaves the capture as it was.
#[derive(Debug)]
pub struct Completion {
    folder: PathBuf,
    manifest: Manifest,
    undo: Undo,
}

impl Completion {
    /// To add what came after the submission to a capture that was committed earlier.
    pub fn of(capture: Capture) -> Self {
        let (folder, manifest) = capture.into_parts();
        Self { folder, manifest, undo: Undo::default() }
    }

    /// Adds what a buffer holds now that the submission has completed, exactly its size.
    ///
    /// # Errors
    /// [`Error::NoSuchBuffer`], [`Error::AfterTaken`], and as [`CaptureWriter::add_buffer`].
    pub fn add_after(&mut self, id: u32, after: impl Read) -> Result<(), Error> {
        let path = self.folder.join(MANIFEST_NAME);
        let Some(buffer) = self.manifest.buffers.iter_mut().find(|b| b.id == id) else {
            return Err(Error::NoSuchBuffer { path, id });
        };
        if buffer.after.is_some() {
            return Err(Error::AfterTaken { path, id });
        }
        let name = format!("bo{id}.after.bin");
        write_contents(&self.folder, &name, buffer, after, &mut self.undo)?;
        buffer.after = Some(name);
        Ok(())
    }

    /// Sets the sequence number that the kernel gave to the submission at `index`.
    ///
    /// # Errors
    /// [`Error::NoSuchSubmission`].
    pub fn set_fence_seq(&mut self, index: usize, fence_seq: u64) -> Result<(), Error> {
        let count = self.manifest.submissions.len();
        let path = self.folder.join(MANIFEST_NAME);
        let found = self.manifest.submissions.get_mut(index);
        found.ok_or(Error::NoSuchSubmission { path, index, count })?.fence_seq = Some(fence_seq);
        Ok(())
    }

    /// Puts the capture with all that was added in the place of the earlier one.
    ///
    /// # Errors
    /// As [`CaptureWriter::commit`]; the capture is as it was before then.
    pub fn finish(self) -> Result<Capture, Error> {
        let Self { folder, manifest, mut undo } = self;
        let part = lock(&folder, &mut undo)?;
        publish(folder, manifest, part, undo)
    }
}

/// Takes files, and then a folder, away on drop.
#[derive(Debug, Default)]
struct Undo {
    files: Vec<PathBuf>,
    folder: Option<PathBuf>,
}

impl Undo {
    fn disarm(mut self) {
        self.files.clear();
        self.folder = None;
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        // Nobody to tell in a drop, and whoever failed has told the reason.
        for file in self.files.iter().rev() {
            let _ = fs::remove_file(file);
        }
        if let Some(folder) = &self.folder {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn lock(folder: &Path, undo: &mut Undo) -> Result<File, Error> {
    let path = folder.join(PART_NAME);
    match File::create_new(&path) {
        Ok(part) => {
            undo.files.push(path);
            Ok(part)
        }
        Err(e) if e.kind() == io::ErrorKind::AlreadyExists => Err(Error::Busy { path }),
        Err(source) => Err(Error::Io { action: "make", path, source }),
    }
}

fn refuse_existing(path: &Path) -> Result<(), Error> {
    match path.symlink_metadata() {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(Error::Io { action: "look at", path: path.to_owned(), source }),
        Ok(_) => Err(Error::Exists { path: path.to_owned() }),
    }
}

fn publish(folder: PathBuf, manifest: Manifest, mut part: File, undo: Undo) -> Result<Capture, Error> {
    let capture = Capture::check(folder, manifest)?;
    let path = capture.path();
    let part_path = capture.folder().join(PART_NAME);
    let text = document::print(&path, &capture)?;
    let written = part.write_all(&text).and_then(|()| part.sync_all());
    written.map_err(|source| Error::Io { action: "write", path: part_path.clone(), source })?;
    sync_folder(capture.folder());
    fs::rename(&part_path, &path).map_err(|source| Error::Io { action: "make", path, source })?;
    undo.disarm();
    sync_folder(capture.folder());
    Ok(capture)
}

/// Makes the names in a folder last. Not every file system can, and the capture is whole without it.
fn sync_folder(folder: &Path) {
    let _ = File::open(folder).and_then(|f| f.sync_all());
}

/// Writes exactly `buffer.size` bytes of `source` to a new file, or leaves none.
fn write_contents(folder: &Path, name: &str, buffer: &Buffer, source: impl Read, undo: &mut Undo) -> Result<(), Error> {
    let path = folder.join(name);
    let mut file = File::create_new(&path).map_err(|source| match source.kind() {
        io::ErrorKind::AlreadyExists => Error::Exists { path: path.clone() },
        _ => Error::Io { action: "make", path: path.clone(), source },
    })?;
    let mut this = Undo { files: vec![path.clone()], folder: None };
    copy_exactly(buffer, source, &path, &mut file)?;
    file.sync_all().map_err(|source| Error::Io { action: "write", path, source })?;
    undo.files.append(&mut this.files);
    Ok(())
}

fn copy_exactly(buffer: &Buffer, source: impl Read, path: &Path, file: &mut File) -> Result<(), Error> {
    let Buffer { id, size, .. } = *buffer;
    // One more than there should be, to notice a source that goes on.
    let mut source = source.take(size.saturating_add(1));
    let mut chunk = vec![0; CHUNK];
    let mut done: u64 = 0;
    loop {
        let got = match source.read(&mut chunk) {
            Ok(0) => break,
            Ok(got) => got,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(Error::Source { id, offset: done, source }),
        };
        done += got as u64; // `take` keeps it within `size + 1`
        if done > size {
            return Err(Error::SourceLength { id, size, found: None });
        }
        let part = chunk.split_at(got).0;
        file.write_all(part).map_err(|source| Error::Io { action: "write", path: path.to_owned(), source })?;
    }
    if done < size {
        return Err(Error::SourceLength { id, size, found: Some(done) });
    }
    Ok(())
}

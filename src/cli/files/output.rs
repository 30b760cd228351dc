//! Output that is there whole or not at all.

#[cfg(test)]
mod tests;

use super::FileError;
use nix::fcntl::{AT_FDCWD, AtFlags, OFlag};
use nix::unistd::linkat;
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// How many symbolic links are followed, as the kernel does.
const MAX_LINKS: usize = 40;

/// Names tried for the moment between a finished file without a name and the one that it replaces.
const MAX_NAMES: u32 = 1000;

/// Permissions of a new file, before the umask.
const MODE: u32 = 0o666;

/// A file being written. It appears under its name at [`AtomicFile::commit`]; dropped before that, or killed, it
/// leaves nothing and what was there before stays. What is no regular file (`/dev/null`, a pipe) is written straight.
///
/// Survives the death of the process, not that of the machine: nothing is flushed to the disk.
#[derive(Debug)]
pub struct AtomicFile {
    /// Where it goes: symbolic links followed.
    target: PathBuf,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// An `O_TMPFILE`: it has no name, so even SIGKILL leaves nothing.
    Unnamed(File),
    /// Where the file system has no `O_TMPFILE`.
    Named(NamedTempFile),
    /// The target itself.
    Target(File),
}

/// What stands at the path to write.
enum Target {
    /// A regular file with these permissions, or nothing yet.
    File { path: PathBuf, folder: PathBuf, existing: Option<Permissions> },
    /// A device, a pipe, an open descriptor: it can only be written as it is.
    Stream(PathBuf),
}

impl AtomicFile {
    /// Starts to write `path`. A file that is replaced keeps its permissions, a symbolic link stays one.
    ///
    /// # Errors
    /// [`FileError::NoFolder`], [`FileError::IsFolder`], or [`FileError::Io`] where it may not be written.
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let io_error = |source| FileError::Io { action: "write", path: path.to_owned(), source };
        match find_target(path)? {
            Target::Stream(target) => {
                // Appending, for the shell may have opened the file behind a descriptor with `>>`.
                let file = OpenOptions::new().append(true).open(&target).map_err(io_error)?;
                Ok(Self { target, content: Content::Target(file) })
            }
            Target::File { path: target, folder, existing } => {
                if existing.is_some() {
                    // Renaming over a write-protected file would succeed; whoever protected it wants it to fail.
                    OpenOptions::new().write(true).open(&target).map_err(io_error)?;
                }
                let content = match open_unnamed(&folder).map_err(io_error)? {
                    Some(file) => Content::Unnamed(file),
                    None => Content::Named(open_named(&folder).map_err(io_error)?),
                };
                if let Some(permissions) = existing {
                    content.file().set_permissions(permissions).map_err(io_error)?;
                }
                Ok(Self { target, content })
            }
        }
    }

    /// Puts the file in its place.
    ///
    /// # Errors
    /// What the system reports; then the target is as it was before.
    pub fn commit(self) -> io::Result<()> {
        match self.content {
            Content::Unnamed(file) => name_file(&file, &self.target),
            Content::Named(file) => file.persist(&self.target).map(drop).map_err(io::Error::from),
            Content::Target(_) => Ok(()),
        }
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.content.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.content.file().flush()
    }
}

impl Content {
    fn file(&self) -> &File {
        match self {
            Self::Unnamed(file) | Self::Target(file) => file,
            Self::Named(file) => file.as_file(),
        }
    }
}

/// Follows symbolic links to what `path` stands for.
fn find_target(path: &Path) -> Result<Target, FileError> {
    let io_error = |source| FileError::Io { action: "write", path: path.to_owned(), source };
    let existing = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => {
            return Err(FileError::IsFolder { path: path.to_owned() });
        }
        Ok(metadata) if !metadata.is_file() => return Ok(Target::Stream(path.to_owned())),
        Ok(metadata) => Some(metadata.permissions()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(io_error(error)),
    };
    let mut target = path.to_owned();
    for _ in 0..MAX_LINKS {
        let Some(name) = target.file_name().map(OsStr::to_owned) else {
            return Err(FileError::IsFolder { path: path.to_owned() });
        };
        let parent = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let folder = fs::canonicalize(parent).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => FileError::NoFolder { path: path.to_owned(), folder: parent.to_owned() },
            _ => io_error(error),
        })?;
        if folder.starts_with("/proc") {
            return Ok(Target::Stream(path.to_owned())); // /dev/stdout, /dev/fd/N: the link's text is no path
        }
        target = folder.join(name);
        match fs::read_link(&target) {
            Ok(link) => target = folder.join(link),
            Err(_) => {
                return Ok(Target::File { path: target, folder, existing });
            }
        }
    }
    Err(io_error(io::Error::from(nix::errno::Errno::ELOOP)))
}

/// A file without a name in `folder`; `None` where the kernel or the file system can't, or `/proc`, through which it
/// gets its name, is not there.
fn open_unnamed(folder: &Path) -> io::Result<Option<File>> {
    use nix::libc::{EINVAL, EISDIR, ENOENT, EOPNOTSUPP};
    if !Path::new("/proc/self/fd").exists() {
        return Ok(None);
    }
    let opened = OpenOptions::new().write(true).mode(MODE).custom_flags(OFlag::O_TMPFILE.bits()).open(folder);
    match opened {
        Ok(file) => Ok(Some(file)),
        Err(error) if matches!(error.raw_os_error(), Some(EOPNOTSUPP | EISDIR | ENOENT | EINVAL)) => Ok(None),
        Err(error) => Err(error),
    }
}

fn open_named(folder: &Path) -> io::Result<NamedTempFile> {
    tempfile::Builder::new().prefix(".sparkle-").permissions(Permissions::from_mode(MODE)).tempfile_in(folder)
}

/// Gives the unnamed `file` the name `target`. Linking can't replace, so where there is a file already, a hidden name
/// comes first and is renamed at once.
fn name_file(file: &File, target: &Path) -> io::Result<()> {
    let unnamed = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    let link = |name: &Path| linkat(AT_FDCWD, &unnamed, AT_FDCWD, name, AtFlags::AT_SYMLINK_FOLLOW);
    match link(target) {
        Err(nix::errno::Errno::EEXIST) => {}
        linked => return Ok(linked?),
    }
    let hidden = (0..MAX_NAMES).map(|n| target.with_file_name(format!(".sparkle-{}-{n}", std::process::id())));
    for name in hidden {
        match link(&name) {
            Err(nix::errno::Errno::EEXIST) => {}
            Err(error) => return Err(error.into()),
            Ok(()) => {
                return fs::rename(&name, target).inspect_err(|_| drop(fs::remove_file(&name)));
            }
        }
    }
    Err(io::Error::from(nix::errno::Errno::EEXIST))
}

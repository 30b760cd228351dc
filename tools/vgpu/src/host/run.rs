//! `sparkle-vgpu run`: a command that sees the devices.

use std::ffi::{OsStr, OsString};
use std::fs::Permissions;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use nix::sys::socket::{AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket, socketpair};
use nix::unistd::mkdtemp;

use super::child;
use super::machine::pci_devices;
use super::server::Server;
use super::tree::{TREE_VARIABLE, Tree};
use crate::kmd::{Kernel, Report};

/// How a command ended, and what the devices noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its exit code; 128 and the signal's number where a signal ended it.
    pub code: u8,
    /// What was noticed.
    pub reports: Vec<Report>,
}

/// Where the library to preload is: beside this program, or where the folder of libraries is by custom.
///
/// # Errors
/// `NotFound` with the places that were tried.
pub fn library() -> io::Result<PathBuf> {
    let program = std::env::current_exe()?;
    let folder = program.parent().unwrap_or(Path::new("."));
    let places = ["", "deps", "../lib"].map(|place| folder.join(place).join("libsparkle_vgpu.so"));
    places.iter().find(|place| place.exists()).cloned().ok_or_else(|| {
        let list: Vec<String> = places.iter().map(|place| place.display().to_string()).collect();
        io::Error::new(io::ErrorKind::NotFound, format!("libsparkle_vgpu.so is not at {}", list.join(" or ")))
    })
}

/// A folder that goes with its owner.
pub(super) struct Folder(PathBuf);

impl Folder {
    /// A new one.
    pub(super) fn new() -> io::Result<Self> {
        let place = std::env::temp_dir();
        let failed = |error: io::Error| {
            let what = format!("can't make a folder in {}: {error}; let TMPDIR name another", place.display());
            io::Error::new(error.kind(), what)
        };
        let folder = Self(mkdtemp(&place.join("sparkle-vgpu-run-XXXXXX")).map_err(|errno| failed(errno.into()))?);
        // Programs may give up privileges and still look for devices.
        std::fs::set_permissions(&folder.0, Permissions::from_mode(0o755)).map_err(failed)?;
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Runs `command`, whose processes all see the devices of `kernel`.
///
/// # Errors
/// If the command can't be started, and what the system says about folders and sockets.
pub fn run(kernel: Kernel, library: &Path, command: &[OsString]) -> io::Result<Ended> {
    let (program, arguments) = command
        .split_first()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "there is no command to run"))?;
    let folder = Folder::new()?;
    Tree::create(&folder.0, &pci_devices(&kernel))?;

    let listener = socket(AddressFamily::Unix, SockType::SeqPacket, SockFlag::SOCK_CLOEXEC, None)?;
    let address = folder.0.join("socket");
    let address = UnixAddr::new(&address).map_err(|error| {
        let text = format!("{}: a socket can't be there ({error}); set TMPDIR to a shorter path", address.display());
        io::Error::new(io::ErrorKind::InvalidInput, text)
    })?;
    bind(std::os::fd::AsRawFd::as_raw_fd(&listener), &address)?;
    listen(&listener, Backlog::MAXALLOWABLE)?;
    let (stop, stopped) = socketpair(AddressFamily::Unix, SockType::Stream, None, SockFlag::SOCK_CLOEXEC)?;
    let server = Server::new(kernel);
    let host = {
        let server = Arc::clone(&server);
        std::thread::spawn(move || server.listen(listener.as_fd(), stopped.as_fd()))
    };

    let mut preload = library.as_os_str().to_owned();
    if let Some(others) = std::env::var_os("LD_PRELOAD").filter(|others| !others.is_empty()) {
        preload.push(OsStr::new(":"));
        preload.push(others);
    }
    let mut command = Command::new(program);
    command.args(arguments).env("LD_PRELOAD", preload).env(TREE_VARIABLE, &folder.0);
    let mut child = command.spawn().map_err(|error| child::unstarted(program, error))?;
    let code = child::wait(&mut child)?;
    drop(stop);
    let listened = host.join().map_err(|_| io::Error::other("the host's thread has failed"))?;
    listened?;
    // A socket's hang-up may come a moment after the process has gone, and closing waits a second for jobs.
    for tries in 0..300 {
        let left = server.sweep();
        if server.kernel().open_files() == left && (left == 0 || tries >= 20) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    Ok(Ended { code, reports: server.kernel().reports() })
}

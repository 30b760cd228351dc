//! The seam to the kernel: one open descriptor of a render node, with `ioctl` and `mmap` and nothing else.
//!
//! Everything above goes through [`Node`], so handles, addresses, chunks and the order in which things are dropped run
//! unchanged over a fake or a software device in tests.

use memmap2::{MmapOptions, MmapRaw};
use nix::errno::Errno;
use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// An open render node. Object safe.
///
/// A node is one client of the GPU: its own address space, handles and contexts. The kernel doesn't divide them, so a
/// process opens a GPU once and doesn't use the descriptor in a child that it forked.
#[allow(unsafe_code)]
pub trait Node: Send + Sync + fmt::Debug {
    /// One `ioctl`, not repeated when it is interrupted. `argument` is the block that `request` describes; the
    /// kernel may write it even where it fails.
    ///
    /// # Errors
    /// What the call failed with.
    ///
    /// # Safety
    /// `argument` has the size that `request` encodes. Every user address in it, at every level of indirection, names
    /// memory that the kernel may read or write, as the request says, until this returns; memory that becomes a buffer
    /// (`GEM_USERPTR`) stays as long as the buffer.
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno>;

    /// Maps `length` bytes at `offset`, shared, for reading and writing.
    ///
    /// # Errors
    /// What the call failed with.
    fn map(&self, offset: u64, length: usize) -> Result<MmapRaw, Errno>;
}

/// A render node of the kernel, `/dev/dri/renderD128` and up.
#[derive(Debug)]
pub struct RenderNode {
    file: File,
}

impl RenderNode {
    /// Opens it for reading and writing. The first opening of a GPU may wait until the kernel has tested its rings.
    ///
    /// # Errors
    /// What `open` failed with.
    pub fn open(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).write(true).custom_flags(libc::O_CLOEXEC).open(path)?;
        Ok(Self { file })
    }
}

impl Node for RenderNode {
    #[allow(unsafe_code)]
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno> {
        // SAFETY: `file` is borrowed, so the descriptor stays open. The kernel reads and writes as many bytes at the third
        // argument as `request` encodes (`drm_ioctl` copies by the caller's size), which is `argument.len()` by this
        // function's contract; the memory is borrowed exclusively until the call returns. What else the kernel reaches is
        // named by addresses in the block, which the contract makes valid. A request of a type that the file doesn't
        // know fails with ENOTTY without a look at the argument.
        // CAST: the parameter is an `int` in some C libraries; the kernel takes the same 32 bits either way.
        let result = unsafe { libc::ioctl(self.file.as_raw_fd(), request as libc::Ioctl, argument.as_mut_ptr()) };
        Errno::result(result)
    }

    fn map(&self, offset: u64, length: usize) -> Result<MmapRaw, Errno> {
        MmapOptions::new().offset(offset).len(length).map_raw(&self.file).map_err(|error| errno_of(&error))
    }
}

/// The number inside an error of the standard library, `EIO` where it has none.
pub(super) fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_gpu_refuses_ioctls_and_maps() {
        let node = RenderNode::open(Path::new("/dev/zero")).unwrap();
        #[allow(unsafe_code)]
        // SAFETY: GEM_CLOSE has 8 bytes and no addresses.
        let refused = unsafe { node.ioctl(0x4008_6409, &mut [0; 8]) };
        assert_eq!(refused, Err(Errno::ENOTTY));
        assert_eq!(node.map(4096, 8192).unwrap().len(), 8192);
        assert_eq!(RenderNode::open(Path::new("/dev/null")).unwrap().map(0, 4096).unwrap_err(), Errno::ENODEV);
        assert!(RenderNode::open(Path::new("/nonexistent/renderD128")).is_err());
    }
}

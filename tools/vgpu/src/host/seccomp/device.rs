//! Calls on open nodes.

use std::os::fd::RawFd;

use super::Host;
use super::caller::{Caller, leader};
use super::paths::Object;
use super::sys::Answer;
use crate::kmd::{Errno, File, Kind, MapRequest, Report};

/// Answers `ioctl` on an open node.
pub(super) fn ioctl(file: &File, caller: &Caller<'_>, request: u64, argument: u64) -> Answer {
    let request = request as u32; // CAST: the kernel takes 32 bits too
    match file.ioctl(request, caller, argument) {
        Ok(result) => Answer::Value(result.into()),
        Err(errno) => errno.into(),
    }
}

impl Host {
    /// `mmap`: a buffer is where its offset says in the file that the node is, so the kernel maps it by itself once it is
    /// known that the client may have it.
    pub(super) fn map(&self, caller: &Caller<'_>, args: [u64; 6]) -> Answer {
        let [_, length, protection, flags, number, offset] = args;
        let number = number as RawFd; // CAST: the kernel takes 32 bits too
        match self.files.object(caller.tid(), number) {
            Object::Open(lock) => {
                let Some(file) = self.opens.find(lock) else { return Errno::ENODEV.into() };
                let (protection, kind) = (protection as i32, flags as i32); // CAST: flags have 32 bits
                let shared = kind & libc::MAP_TYPE != libc::MAP_PRIVATE;
                let accessible = protection & (libc::PROT_READ | libc::PROT_WRITE | libc::PROT_EXEC) != 0;
                match file.mmap(MapRequest { offset, length, shared, accessible }) {
                    Ok(_) => {
                        // Who unmaps it can't be seen from here.
                        file.unmapped();
                        Answer::Pass
                    }
                    Err(errno) => errno.into(),
                }
            }
            Object::Other(Some((device, inode))) if self.kernel.is_exported_buffer(device, inode) => {
                self.kernel.report(Report {
                    kind: Kind::NotModelled,
                    device: 0,
                    pid: leader(caller.tid()),
                    text: "mmap of a dma-buf's descriptor; import it and map the buffer, or use --via preload".into(),
                });
                Errno::ENODEV.into()
            }
            Object::Other(Some(id)) if id == self.files.memory() => Errno::ENODEV.into(),
            _ => Answer::Pass,
        }
    }
}

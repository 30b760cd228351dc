//! Open files of clients, each a description of the file of all buffers, found by its lock.

use std::collections::HashMap;
use std::ops::Range;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::fcntl::OFlag;

use crate::kmd::lent::{is_lent, lend};
use crate::kmd::{Errno, File};

/// Open files by the numbers of their locks.
#[derive(Debug, Default)]
pub(super) struct Opens {
    files: Mutex<HashMap<u64, Arc<File>>>,
    last: AtomicU64,
}

impl Opens {
    fn files(&self) -> MutexGuard<'_, HashMap<u64, Arc<File>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A description for a file that was opened.
    pub(super) fn add(&self, memory: BorrowedFd<'_>, access: OFlag, file: File) -> Result<OwnedFd, Errno> {
        let number = self.last.fetch_add(1, Ordering::Relaxed) + 1;
        // Locked before it can be found missing.
        let lent = lend(memory, access, number)?;
        self.files().insert(number, Arc::new(file));
        Ok(lent)
    }

    pub(super) fn find(&self, number: u64) -> Option<Arc<File>> {
        self.files().get(&number).cloned()
    }

    /// Closes what no client holds any more; how many are still open.
    pub(super) fn sweep(&self, memory: BorrowedFd<'_>) -> usize {
        let mut gone = Vec::new();
        let mut files = self.files();
        files.retain(|number, file| {
            let kept = is_lent(memory, *number);
            if !kept {
                gone.push(Arc::clone(file));
            }
            kept
        });
        let left = files.len();
        drop(files);
        // Closing may wait for the device, which others must not.
        drop(gone);
        left
    }

    /// Closes all.
    pub(super) fn clear(&self) {
        let files = std::mem::take(&mut *self.files());
        drop(files);
    }
}

/// What processes other than this one have mapped of a file.
pub(super) fn mapped(device: u64, inode: u64) -> Vec<Range<u64>> {
    let own = std::process::id().to_string();
    let of_file = format!("{:02x}:{:02x} {inode}", nix::sys::stat::major(device), nix::sys::stat::minor(device));
    let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    processes
        .filter(|entry| entry.file_name().to_str().is_some_and(|name| name != own && name.parse::<u32>().is_ok()))
        .filter_map(|entry| std::fs::read_to_string(entry.path().join("maps")).ok())
        .flat_map(|maps| maps.lines().filter_map(|line| range(line, &of_file)).collect::<Vec<_>>())
        .collect()
}

/// What a line of `maps` says of the file. Source: Linux `fs/proc/task_mmu.c`, `show_vma_header_prefix`.
fn range(line: &str, of_file: &str) -> Option<Range<u64>> {
    let mut words = line.splitn(4, ' ');
    let (addresses, _, offset, rest) = (words.next()?, words.next()?, words.next()?, words.next()?);
    if rest.strip_prefix(of_file).is_none_or(|rest| !rest.is_empty() && !rest.starts_with(' ')) {
        return None;
    }
    let hex = |text| u64::from_str_radix(text, 16).ok();
    let (start, end) = addresses.split_once('-')?;
    let offset = hex(offset)?;
    Some(offset..offset.checked_add(hex(end)?.checked_sub(hex(start)?)?)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn mappings_are_read() {
        let line =
            "7fce66b31000-7fce66b33000 rw-s 10000001000 00:01 5035                       /memfd:amdgpu (deleted)";
        assert_eq!(range(line, "00:01 5035"), Some(0x100_0000_1000..0x100_0000_3000));
        assert_eq!(range(line, "00:01 503"), None);
        assert_eq!(range("7ffd-7fff rw-p 00000000 00:00 0", "00:01 5035"), None);
        assert_eq!(range("rubbish", "00:01 5035"), None);
        let of_child = |pid: u32| std::fs::read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let found = loop {
            // Until exec has given it its own program.
            let maps = of_child(child.id());
            if let Some(line) = maps.lines().find(|line| line.ends_with("/sleep") && line.contains("r-xp")) {
                let file: Vec<&str> = line.split_whitespace().collect();
                let path = std::fs::metadata(file[5]).unwrap();
                use std::os::unix::fs::MetadataExt;
                break mapped(path.dev(), path.ino());
            }
            std::thread::yield_now();
        };
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.iter().any(|range| range.start == 0), "{found:?}");
    }
}

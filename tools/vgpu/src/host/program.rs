//! Programs that a preloaded library can't reach.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

/// Where the program is that a shell would start by this name.
fn find(program: &OsStr) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return Some(path.to_owned());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(path)).find(|path| path.is_file())
}

/// Whether the start of a file is an ELF program of 64 bits that asks for no dynamic linker.
/// Source: System V ABI, `Elf64_Ehdr` and `Elf64_Phdr`, `PT_INTERP`.
fn lacks_linker(bytes: &[u8]) -> bool {
    const PT_INTERP: [u8; 4] = 3_u32.to_le_bytes();
    let half = |at: usize| bytes.get(at..at + 2)?.try_into().ok().map(u16::from_le_bytes).map(usize::from);
    let headers = || {
        let first = u64::from_le_bytes(bytes.get(32..40)?.try_into().ok()?);
        Some((usize::try_from(first).ok()?, half(54)?, half(56)?))
    };
    if !bytes.starts_with(b"\x7fELF\x02\x01") {
        return false;
    }
    let Some((first, size, count)) = headers() else { return false };
    let kind = |number: usize| bytes.get(first.checked_add(number * size)?..)?.get(..4);
    let kinds: Option<Vec<_>> = (0..count).map(kind).collect();
    // Headers that lie elsewhere say nothing.
    kinds.is_some_and(|kinds| !kinds.is_empty() && kinds.iter().all(|kind| *kind != PT_INTERP))
}

/// Whether a program is linked statically, so that `LD_PRELOAD` does nothing for it.
#[must_use]
pub fn is_static(program: &OsStr) -> bool {
    let mut bytes = Vec::new();
    let Some(Ok(file)) = find(program).map(File::open) else { return false };
    file.take(4096).read_to_end(&mut bytes).is_ok() && lacks_linker(&bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A header of a program with these program headers.
    fn elf(kinds: &[u32]) -> Vec<u8> {
        let mut bytes = b"\x7fELF\x02\x01\x01".to_vec();
        bytes.resize(64, 0);
        bytes[32] = 64;
        bytes[54] = 56;
        bytes[56] = kinds.len() as u8;
        for kind in kinds {
            let at = bytes.len();
            bytes.resize(at + 56, 0);
            bytes[at..at + 4].copy_from_slice(&kind.to_le_bytes());
        }
        bytes
    }

    #[test]
    fn static_programs_are_told_apart() {
        assert!(lacks_linker(&elf(&[1, 1, 4])));
        assert!(!lacks_linker(&elf(&[6, 3, 1])));
        assert!(!lacks_linker(&elf(&[])));
        assert!(!lacks_linker(&elf(&[1])[..66]));
        assert!(!lacks_linker(b"#!/bin/sh\n"));
        // This one has a linker; so has the shell.
        assert!(!is_static(std::env::current_exe().unwrap().as_os_str()));
        assert!(!is_static(OsStr::new("sh")) && !is_static(OsStr::new("no such program")));
    }
}

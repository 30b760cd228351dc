//! `--bundle`: one file with all that a maintainer needs, and nothing that names a person or a machine.
//!
//! A zip of `doctor.json` (the report, with the device's files in sysfs, the kernel's release and the firmware's versions)
//! and of `captures/`, a folder for each submission, which `sparkle-pm4 decode` reads and `sparkle-vgpu replay` runs. What
//! is in it is listed by [`super::report`] and `cli::device::sysfs`; neither knows the host's name, users, their folders or
//! serial numbers.

use super::{DoctorReport, Recorded};
use crate::cli::failure::Failure;
use crate::cli::files::AtomicFile;
use anyhow::Context as _;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use rawzip::{CompressionMethod, ZipArchiveWriter};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes it to `path`, whole or not at all. `captures` has captures already and gets those of `recorded`.
///
/// # Errors
/// [`Failure::System`] where a file can't be written.
pub(in crate::cli) fn write(
    path: &Path,
    report: &DoctorReport,
    recorded: &[Recorded],
    captures: &Path,
) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    pack(&mut file, report, recorded, captures)
        .and_then(|()| Ok(file.commit()?))
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::System)
}

fn pack(out: &mut impl Write, report: &DoctorReport, recorded: &[Recorded], captures: &Path) -> anyhow::Result<()> {
    let mut archive = ZipArchiveWriter::new(out);
    let mut add = |name: &str, bytes: &[u8]| -> anyhow::Result<()> {
        let (mut entry, config) =
            archive.new_file(name).compression_method(CompressionMethod::DEFLATE).start().map_err(io::Error::other)?;
        let mut writer = config.wrap(DeflateEncoder::new(&mut entry, Compression::default()));
        writer.write_all(bytes)?;
        let (encoder, descriptor) = writer.finish().map_err(io::Error::other)?;
        encoder.finish()?;
        entry.finish(descriptor).map_err(io::Error::other)?;
        Ok(())
    };
    add("doctor.json", &serde_json::to_vec_pretty(report)?)?;
    for capture in recorded {
        capture.write(&captures.join(&capture.name))?;
    }
    for file in files(captures)? {
        let name = file.strip_prefix(captures)?.to_string_lossy();
        add(&format!("captures/{name}"), &fs::read(&file)?)?;
    }
    archive.finish().map_err(io::Error::other)?;
    Ok(())
}

/// All files below `folder`, sorted.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    Ok(files)
}

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
use std::path::Path;

/// Writes it to `path`, whole or not at all.
///
/// # Errors
/// [`Failure::System`] where a file can't be written.
pub(in crate::cli) fn write(path: &Path, report: &DoctorReport, recorded: &[Recorded]) -> Result<(), Failure> {
    let mut file = AtomicFile::create(path)?;
    pack(&mut file, report, recorded)
        .and_then(|()| Ok(file.commit()?))
        .with_context(|| format!("cannot write {}", path.display()))
        .map_err(Failure::System)
}

fn pack(out: &mut impl Write, report: &DoctorReport, recorded: &[Recorded]) -> anyhow::Result<()> {
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
    let folder = tempfile::tempdir()?;
    for capture in recorded {
        let written = folder.path().join(&capture.name);
        capture.write(&written)?;
        let mut files: Vec<_> = fs::read_dir(&written)?.collect::<Result<_, _>>()?;
        files.sort_by_key(fs::DirEntry::file_name);
        for file in files {
            let name = format!("captures/{}/{}", capture.name, file.file_name().to_string_lossy());
            add(&name, &fs::read(file.path())?)?;
        }
    }
    archive.finish().map_err(io::Error::other)?;
    Ok(())
}

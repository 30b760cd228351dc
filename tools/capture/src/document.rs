//! `capture.json` as text: from bytes to a [`Manifest`] and back.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::Error;
use crate::manifest::Manifest;

/// The file that makes a folder a capture.
pub(crate) const MANIFEST_NAME: &str = "capture.json";
/// The longest `capture.json` that is read or written, in bytes.
pub const MANIFEST_LIMIT_BYTES: u64 = 16 << 20;

const FORMAT: &str = "sparkle-capture";
const VERSION: u32 = 1;

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    #[serde(flatten)]
    manifest: &'a Manifest,
}

/// Reads and parses the `capture.json` at `path`.
pub(crate) fn load(path: &Path) -> Result<Manifest, Error> {
    let io = |action| move |source| Error::Io { action, path: path.to_owned(), source };
    match path.metadata() {
        Err(e) if matches!(e.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            return Err(Error::NotACapture { path: path.to_owned() });
        }
        Err(e) => return Err(io("open")(e)),
        Ok(found) if !found.is_file() => return Err(Error::NotACapture { path: path.to_owned() }),
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(io("open"))?;
    file.take(MANIFEST_LIMIT_BYTES + 1).read_to_end(&mut bytes).map_err(io("read"))?;
    parse(path, &bytes)
}

/// Parses `bytes`; `path` is for errors.
pub(crate) fn parse(path: &Path, bytes: &[u8]) -> Result<Manifest, Error> {
    check_length(path, bytes)?;
    let json = |source| Error::Json { path: path.to_owned(), source };
    let value: Value = serde_json::from_slice(bytes).map_err(json)?;
    let Value::Object(mut keys) = value else {
        return Err(Error::Format { path: path.to_owned(), found: Value::Null.to_string() });
    };
    // Before anything else: another version may have another form.
    let format = keys.remove("format").unwrap_or_default();
    if format != FORMAT {
        return Err(Error::Format { path: path.to_owned(), found: format.to_string() });
    }
    let version = keys.remove("version").unwrap_or_default();
    if version != VERSION {
        return Err(Error::Version { path: path.to_owned(), found: version.to_string() });
    }
    Ok(Manifest {
        device: entry(path, "device", keys.remove("device").unwrap_or_default())?,
        buffers: list(path, "buffers", keys.remove("buffers").unwrap_or_default())?,
        // Most submissions have none, so it may be left out.
        volatile: list(path, "volatile", keys.remove("volatile").unwrap_or_else(|| Value::Array(Vec::new())))?,
        submissions: list(path, "submissions", keys.remove("submissions").unwrap_or_default())?,
        extra: keys,
    })
}

/// Writes `manifest` as the text of a `capture.json`, having made sure that it reads back as the same.
pub(crate) fn print(path: &Path, manifest: &Manifest) -> Result<Vec<u8>, Error> {
    let document = Document { format: FORMAT, version: VERSION, manifest };
    let mut bytes = serde_json::to_vec_pretty(&document).map_err(|e| Error::Io {
        action: "write",
        path: path.to_owned(),
        source: e.into(),
    })?;
    bytes.push(b'\n');
    check_length(path, &bytes)?;
    match parse(path, &bytes) {
        Ok(back) if back == *manifest => Ok(bytes),
        _ => Err(Error::Shadowed { path: path.to_owned() }),
    }
}

fn check_length(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    if u64::try_from(bytes.len()).is_ok_and(|n| n <= MANIFEST_LIMIT_BYTES) {
        return Ok(());
    }
    Err(Error::ManifestTooLong { path: path.to_owned() })
}

fn list<T: DeserializeOwned>(path: &Path, name: &str, value: Value) -> Result<Vec<T>, Error> {
    let items: Vec<Value> = entry(path, name, value)?;
    items.into_iter().enumerate().map(|(i, item)| entry(path, &format!("{name}[{i}]"), item)).collect()
}

fn entry<T: DeserializeOwned>(path: &Path, name: &str, value: Value) -> Result<T, Error> {
    serde_json::from_value(value).map_err(|source| Error::Malformed {
        path: path.to_owned(),
        entry: name.to_owned(),
        source,
    })
}

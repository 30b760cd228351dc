//! Finding the GPUs of a machine, and for each one that can't be used the reason.
//!
//! The nodes under `/dev/dri` count. `/sys/class/drm`, which a container may lack, adds the PCI address and spares
//! opening what another driver has.

use super::device::Device;
use super::error::Error;
pub use super::unusable::Unusable;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A render node of this machine.
#[derive(Clone, Debug)]
pub struct Found {
    /// `/dev/dri/renderD128`.
    pub node: PathBuf,
    /// `0000:03:00.0`, where sysfs says one.
    pub pci: Option<String>,
    /// The open device, or why it can't be used.
    pub device: Result<Arc<Device>, Unusable>,
}

impl Found {
    /// Discrete GPUs first, integrated ones last, what isn't known between.
    fn rank(&self) -> u8 {
        match &self.device {
            Ok(device) if device.info().integrated => 2,
            Ok(_) => 0,
            Err(_) => 1,
        }
    }
}

/// Why there is nothing to look at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoNodes {
    /// No folder of devices.
    #[error("there is no {path}: no GPU driver is loaded, or the container was started without its devices (--device {path})", path = .0.display())]
    NoFolder(PathBuf),
    /// The folder can't be read.
    #[error("cannot list {}: {}", .0.display(), .1)]
    Unreadable(PathBuf, String),
    /// No render node in the folder.
    #[error("{} has no render node (renderD128 and up)", .0.display())]
    Empty(PathBuf),
}

/// Looks at all render nodes and opens those of amdgpu: discrete GPUs first, then by the number of their node.
///
/// # Errors
/// [`NoNodes`] where there is not even a node that can't be used.
///
/// ```no_run
/// for found in sparkle::amdgpu::discover()? {
///     match found.device {
///         Ok(device) => println!("{}: {} ({})", found.node.display(), device.info().chip, device.info().gfx),
///         Err(reason) => println!("{}: {reason}", found.node.display()),
///     }
/// }
/// # Ok::<(), sparkle::amdgpu::NoNodes>(())
/// ```
pub fn discover() -> Result<Vec<Found>, NoNodes> {
    discover_in(Path::new("/dev/dri"), Path::new("/sys/class/drm"), &Device::open)
}

/// [`discover`] under other folders and with another way to open a node, for tests and for software devices.
///
/// # Errors
/// As [`discover`].
pub fn discover_in(
    dev: &Path,
    sys: &Path,
    open: &dyn Fn(&Path) -> Result<Arc<Device>, Error>,
) -> Result<Vec<Found>, NoNodes> {
    let entries = fs::read_dir(dev).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => NoNodes::NoFolder(dev.to_owned()),
        _ => NoNodes::Unreadable(dev.to_owned(), error.to_string()),
    })?;
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix("renderD")?.parse().ok()).collect();
    numbers.sort_unstable();
    if numbers.is_empty() {
        return Err(NoNodes::Empty(dev.to_owned()));
    }
    let mut found: Vec<Found> = numbers.into_iter().map(|number| look(number, dev, sys, open)).collect();
    found.sort_by_key(Found::rank); // Stable: by number within a rank.
    Ok(found)
}

fn look(number: u32, dev: &Path, sys: &Path, open: &dyn Fn(&Path) -> Result<Arc<Device>, Error>) -> Found {
    let node = dev.join(format!("renderD{number}"));
    let folder = sys.join(format!("renderD{number}/device"));
    let device = match link_name(&folder.join("driver")) {
        Some(driver) if driver != "amdgpu" => Err(Unusable::OtherDriver { driver }),
        _ => open(&node).map_err(reason),
    };
    Found { pci: link_name(&folder).filter(|name| is_pci(name)), node, device }
}

/// The reason inside an error of opening.
fn reason(error: Error) -> Unusable {
    match error {
        Error::Unusable { reason, .. } => reason,
        Error::Call { call, errno, .. } => Unusable::Call { call, errno },
        _ => Unusable::Gone,
    }
}

/// The last part of what a symbolic link points to: sysfs names drivers and PCI devices so.
fn link_name(link: &Path) -> Option<String> {
    Some(fs::canonicalize(link).ok()?.file_name()?.to_str()?.to_owned())
}

/// `0000:03:00.0`; other buses name devices otherwise.
fn is_pci(name: &str) -> bool {
    let mut parts = name.split([':', '.']);
    let hex = |part: Option<&str>, digits: std::ops::RangeInclusive<usize>| {
        part.is_some_and(|part| digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_hexdigit()))
    };
    hex(parts.next(), 4..=8)
        && hex(parts.next(), 2..=2)
        && hex(parts.next(), 2..=2)
        && hex(parts.next(), 1..=1)
        && parts.next().is_none()
}

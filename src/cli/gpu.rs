//! Which GPUs this machine has, and for each one why it can't be used.
//!
//! Dispatch to GPUs isn't built into this version: a node that looks usable is refused with that reason. What is
//! decided here is only what a person can act on: no node, no permission (and which group has it), another driver.

use crate::cli::failure::Failure;
use nix::unistd::{Gid, Group};
use serde::Serialize;
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Limits and orders the GPUs.
pub(super) const VISIBLE_DEVICES: &str = "SPARKLE_VISIBLE_DEVICES";

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Gpus {
    /// amdgpu nodes in the order of their numbers, after [`VISIBLE_DEVICES`].
    pub(super) visible: Vec<Gpu>,
    /// Why there is none, if there is none.
    pub(super) absence: Option<String>,
}

/// A render node of the amdgpu driver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Gpu {
    /// `/dev/dri/renderD128`.
    pub(super) node: PathBuf,
    /// PCI address, `0000:03:00.0`, where sysfs says one.
    pub(super) pci: Option<String>,
    /// Why it can't be used.
    pub(super) obstacle: Obstacle,
}

/// Why a node can't be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Obstacle {
    /// The node belongs to a group that the user isn't in.
    Permission { group: String },
    /// The system refused to open it.
    Open(String),
    /// It opens, and this version has no GPU dispatch.
    NotBuiltIn,
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Permission { group } => write!(
                f,
                "no permission to open it; join its group with `sudo usermod -aG {group} $USER` and log in again"
            ),
            Self::Open(reason) => write!(f, "it does not open: {reason}"),
            Self::NotBuiltIn => f.write_str("GPU dispatch is not built into this version"),
        }
    }
}

impl Serialize for Obstacle {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Gpus {
    /// Looks at this machine, through [`VISIBLE_DEVICES`].
    ///
    /// # Errors
    /// [`Failure::Input`] where the variable names a GPU that isn't there.
    pub(super) fn discover() -> Result<Self, Failure> {
        let visible = std::env::var_os(VISIBLE_DEVICES).map(|list| list.to_string_lossy().into_owned());
        scan(Path::new("/dev/dri"), Path::new("/sys/class/drm")).limit(visible.as_deref())
    }

    /// Why GPU `index`, or the first one, can't compute.
    pub(super) fn obstacle(&self, index: Option<usize>) -> String {
        match (self.visible.get(index.unwrap_or(0)), &self.absence) {
            (Some(gpu), _) => format!("{}: {}", gpu.node.display(), gpu.obstacle),
            (None, Some(absence)) => absence.clone(),
            (None, None) => {
                let count = self.visible.len();
                format!("there is no GPU number {}, the {count} visible ones count from 0", index.unwrap_or(0))
            }
        }
    }

    fn none(reason: String) -> Self {
        Self { visible: Vec::new(), absence: Some(reason) }
    }

    /// Keeps what `list` names, in its order.
    fn limit(mut self, list: Option<&str>) -> Result<Self, Failure> {
        let Some(list) = list else { return Ok(self) };
        if list.trim().is_empty() {
            return Ok(Self::none(format!("{VISIBLE_DEVICES} is empty, which hides every GPU")));
        }
        let mut visible: Vec<Gpu> = Vec::new();
        for name in list.split(',').map(str::trim) {
            let found = match name.strip_prefix("pci:") {
                Some(pci) => self.visible.iter().find(|gpu| gpu.pci.as_deref() == Some(pci)),
                None => name.parse().ok().and_then(|index: usize| self.visible.get(index)),
            };
            let Some(gpu) = found else {
                let known = self.known();
                return Err(Failure::input(format_args!(
                    "{VISIBLE_DEVICES} names {name:?}, which is no GPU of this machine; {known}"
                )));
            };
            if !visible.contains(gpu) {
                visible.push(gpu.clone());
            }
        }
        self.visible = visible;
        Ok(self)
    }

    /// The names that [`VISIBLE_DEVICES`] may hold.
    fn known(&self) -> String {
        if let Some(absence) = &self.absence {
            return format!("there is none ({absence}), so unset the variable");
        }
        let names = self.visible.iter().enumerate().map(|(index, gpu)| match &gpu.pci {
            Some(pci) => format!("{index} or pci:{pci}"),
            None => index.to_string(),
        });
        format!("name one of: {}", names.collect::<Vec<_>>().join(", "))
    }
}

/// Finds the amdgpu nodes under `dev`, with their drivers as `sys` says them.
fn scan(dev: &Path, sys: &Path) -> Gpus {
    let entries = match fs::read_dir(dev) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Gpus::none(format!(
                "there is no {}: no GPU driver is loaded, or the container was started without its devices (--device {})",
                dev.display(),
                dev.display()
            ));
        }
        Err(error) => return Gpus::none(format!("cannot list {}: {error}", dev.display())),
    };
    let mut numbers: Vec<u32> =
        entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_prefix("renderD")?.parse().ok()).collect();
    numbers.sort_unstable();
    if numbers.is_empty() {
        return Gpus::none(format!("{} has no render node (renderD128 and up)", dev.display()));
    }
    let mut visible = Vec::new();
    let mut others = Vec::new();
    for number in numbers {
        let node = dev.join(format!("renderD{number}"));
        let device = sys.join(format!("renderD{number}/device"));
        match link_name(&device.join("driver")) {
            Some(driver) if driver != "amdgpu" => {
                others.push(format!("{} belongs to the driver {driver}", node.display()));
            }
            _ => visible.push(Gpu { pci: link_name(&device), obstacle: open_obstacle(&node), node }),
        }
    }
    let absence = visible.is_empty().then(|| format!("{}; only amdgpu is supported", others.join(", ")));
    Gpus { visible, absence }
}

/// The last part of what a symbolic link points to: sysfs names drivers and PCI devices so.
fn link_name(link: &Path) -> Option<String> {
    Some(fs::canonicalize(link).ok()?.file_name()?.to_str()?.to_owned())
}

fn open_obstacle(node: &Path) -> Obstacle {
    match File::options().read(true).write(true).open(node) {
        Ok(_) => Obstacle::NotBuiltIn,
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => match fs::metadata(node) {
            Ok(metadata) => Obstacle::Permission { group: group_name(metadata.gid()) },
            Err(_) => Obstacle::Open(error.to_string()),
        },
        Err(error) => Obstacle::Open(error.to_string()),
    }
}

/// A group's name, or its number where the system has no name for it.
fn group_name(gid: u32) -> String {
    match Group::from_gid(Gid::from_raw(gid)) {
        Ok(Some(group)) => group.name,
        _ => gid.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::expect_used)] // a panic is how a test fails

    use super::*;
    use std::os::unix::fs::symlink;

    /// A /dev/dri and a /sys/class/drm with one node per driver name.
    fn machine(drivers: &[&str]) -> (tempfile::TempDir, Gpus) {
        let root = tempfile::tempdir().expect("a temporary folder");
        let (dev, sys) = (root.path().join("dev"), root.path().join("sys"));
        fs::create_dir_all(&dev).expect("dev");
        for (index, driver) in drivers.iter().enumerate() {
            let name = format!("renderD{}", 128 + index);
            fs::write(dev.join(&name), "").expect("node");
            let device = root.path().join(format!("pci/0000:0{index}:00.0"));
            let driver = root.path().join("drivers").join(driver);
            for folder in [&device, &driver, &sys.join(&name)] {
                fs::create_dir_all(folder).expect("folder");
            }
            symlink(&driver, device.join("driver")).expect("driver link");
            symlink(&device, sys.join(&name).join("device")).expect("device link");
        }
        let gpus = scan(&dev, &sys);
        (root, gpus)
    }

    #[test]
    fn a_missing_folder_an_empty_folder_and_another_driver_have_their_reasons() {
        let missing = scan(Path::new("/nonexistent/dri"), Path::new("/nonexistent"));
        assert!(missing.obstacle(None).contains("there is no /nonexistent/dri"), "{missing:?}");
        assert!(machine(&[]).1.obstacle(None).contains("no render node"));
        assert!(machine(&["nouveau"]).1.obstacle(None).contains("belongs to the driver nouveau"));
    }

    #[test]
    fn an_amdgpu_node_that_opens_is_refused_for_what_this_version_lacks() {
        let (_root, gpus) = machine(&["i915", "amdgpu"]);
        assert_eq!(gpus.visible.len(), 1);
        assert_eq!(gpus.visible[0].pci.as_deref(), Some("0000:01:00.0"));
        assert_eq!(gpus.visible[0].obstacle, Obstacle::NotBuiltIn);
        assert!(gpus.obstacle(Some(4)).contains("no GPU number 4"));
    }

    #[test]
    fn visible_devices_limits_orders_and_refuses_unknown_names() {
        let (_root, gpus) = machine(&["amdgpu", "amdgpu", "amdgpu"]);
        let limited = |list| gpus.clone().limit(Some(list));
        let order = |gpus: Gpus| gpus.visible.iter().map(|gpu| gpu.pci.clone()).collect::<Option<Vec<_>>>();
        let pci = |digits: &[u8]| digits.iter().map(|d| format!("0000:0{d}:00.0")).collect::<Vec<_>>();
        assert_eq!(limited("2,pci:0000:00:00.0,2").ok().and_then(order), Some(pci(&[2, 0])));
        assert!(limited("").is_ok_and(|gpus| gpus.visible.is_empty() && gpus.absence.is_some()));
        for unknown in ["3", "pci:0000:09:00.0", "x", "0,,1", "-1"] {
            assert!(matches!(limited(unknown), Err(Failure::Input(_))), "{unknown}");
        }
        assert!(matches!(machine(&[]).1.limit(Some("0")), Err(Failure::Input(_))));
    }
}

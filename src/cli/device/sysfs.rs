//! What the kernel says of a GPU in files. Only files of the lists below are read: others hold serial numbers.

use crate::amdgpu::Found;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Files of the device's folder that say what it is and how it is run.
const FILES: &[&str] = &[
    "vendor",
    "device",
    "revision",
    "subsystem_vendor",
    "subsystem_device",
    "class",
    "numa_node",
    "boot_vga",
    "current_link_speed",
    "current_link_width",
    "max_link_speed",
    "max_link_width",
    "mem_info_vram_total",
    "mem_info_vram_used",
    "mem_info_vis_vram_total",
    "mem_info_gtt_total",
    "gpu_busy_percent",
    "gfx_reset_mask",
    "compute_reset_mask",
    "power_dpm_force_performance_level",
    "power/runtime_status",
    "vbios_version",
    "ip_discovery/die/0/GC/0/major",
    "ip_discovery/die/0/GC/0/minor",
    "ip_discovery/die/0/GC/0/revision",
];

/// Parameters of the kernel's modules that change what a submission meets.
const PARAMETERS: &[&str] = &[
    "amdgpu/parameters/lockup_timeout",
    "amdgpu/parameters/gpu_recovery",
    "amdgpu/parameters/vm_fault_stop",
    "amdgpu/parameters/vm_debug",
    "amdgpu/parameters/debug_mask",
    "amdgpu/parameters/noretry",
    "amdgpu/parameters/mes",
    "amdgpu/parameters/num_kcq",
    "amdgpu/parameters/cwsr_enable",
    "amdgpu/parameters/ppfeaturemask",
    "amdgpu/parameters/user_queue",
    "drm/parameters/debug",
];

/// The folder of a node's device.
fn folder(found: &Found) -> Option<PathBuf> {
    Some(Path::new("/sys/class/drm").join(found.node.file_name()?).join("device"))
}

/// The first line of a file, if it can be read and says something.
fn line(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}

fn lines<'a>(folder: &Path, names: impl IntoIterator<Item = &'a &'a str>) -> BTreeMap<String, String> {
    names.into_iter().filter_map(|name| Some(((*name).to_owned(), line(&folder.join(name))?))).collect()
}

/// One file of a device.
pub(in crate::cli) fn value(found: &Found, name: &str) -> Option<String> {
    line(&folder(found)?.join(name))
}

/// All files of the list that the device has.
pub(in crate::cli) fn values(found: &Found) -> BTreeMap<String, String> {
    folder(found).map(|folder| lines(&folder, FILES)).unwrap_or_default()
}

/// Parameters of the kernel's modules.
pub(in crate::cli) fn parameters() -> BTreeMap<String, String> {
    lines(Path::new("/sys/module"), PARAMETERS)
}

/// `6.12.0-amd64`: the kernel's release. Its version would name the machine that built it.
pub(in crate::cli) fn kernel_release() -> Option<String> {
    line(Path::new("/proc/sys/kernel/osrelease"))
}

/// A PCI Express link, as sysfs words it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(in crate::cli) struct Link {
    /// `16.0 GT/s PCIe`, now; it falls while the card is idle.
    pub(in crate::cli) speed: String,
    /// Lanes now.
    pub(in crate::cli) width: String,
    /// At most.
    pub(in crate::cli) max_speed: Option<String>,
    /// At most.
    pub(in crate::cli) max_width: Option<String>,
}

/// The link of a device that has one.
pub(in crate::cli) fn link(found: &Found) -> Option<Link> {
    Some(Link {
        speed: value(found, "current_link_speed")?,
        width: value(found, "current_link_width")?,
        max_speed: value(found, "max_link_speed"),
        max_width: value(found, "max_link_width"),
    })
}

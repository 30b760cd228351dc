//! The files by which programs find a device: /dev/dri and what of /sys belongs to it, as a folder that paths are led to.
//!
//! Sources for what is read: libdrm `xf86drm.c` (`drmGetDevices2`, `drmParsePciDeviceInfo`), Mesa `radv_physical_device.c`,
//! Linux `drivers/gpu/drm/amd/amdgpu/amdgpu_discovery.c` (ip_discovery) and `amdgpu_vram_mgr.c` (mem_info).

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

/// First minor number of render nodes. Source: Linux `drivers/gpu/drm/drm_drv.c`, `drm_minor_alloc`.
pub const FIRST_RENDER_MINOR: u32 = 128;
/// Major number of DRM devices. Source: Linux `include/drm/drm_file.h`, `DRM_MAJOR`.
pub const DRM_MAJOR: u32 = 226;

/// Environment variable in which clients find the folder with the devices' files and, in it, the host's socket.
pub const TREE_VARIABLE: &str = "SPARKLE_VGPU_TREE";

/// What /sys says about a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PciDevice {
    /// PCI device, as vendor 0x1002 numbers it.
    pub device: u16,
    /// PCI revision.
    pub revision: u8,
    /// Version of the graphics core: major, minor, revision.
    pub graphics_core: [u8; 3],
    /// Bytes of VRAM, of VRAM that the CPU sees, and of system memory for the GPU.
    pub memory: [u64; 3],
}

/// The folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    root: PathBuf,
}

impl Tree {
    /// The folder at `root`, made by [`Tree::create`] in this process or another.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// Where it is.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The PCI slot of a device.
    #[must_use]
    pub fn slot(index: usize) -> String {
        format!("0000:{:02x}:00.0", index + 3)
    }

    /// The slot's folder in /sys, without the leading slash.
    fn folder(index: usize) -> String {
        format!("sys/devices/pci0000:00/{}", Self::slot(index))
    }

    /// Writes the files for these devices below `root`, which must be an empty folder.
    ///
    /// # Errors
    /// What the file system says.
    pub fn create(root: impl Into<PathBuf>, devices: &[PciDevice]) -> io::Result<Self> {
        let tree = Self::at(root);
        for folder in
            ["dev/dri/by-path", "sys/class/drm", "sys/dev/char", "sys/bus/pci/devices", "sys/bus/pci/drivers/amdgpu"]
        {
            fs::create_dir_all(tree.root.join(folder))?;
        }
        tree.write("sys/class/drm/version", "drm 1.1.0 20060810\n")?;
        for (index, device) in devices.iter().enumerate() {
            tree.device(index, device)?;
        }
        Ok(tree)
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) -> io::Result<()> {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(&path, text)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o444))
    }

    fn link(&self, path: &str, target: impl AsRef<Path>) -> io::Result<()> {
        let path = self.root.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        symlink(target, path)
    }

    fn device(&self, index: usize, device: &PciDevice) -> io::Result<()> {
        let minor = FIRST_RENDER_MINOR as usize + index; // CAST: widening
        let (slot, folder) = (Self::slot(index), Self::folder(index));
        let node = format!("renderD{minor}");
        self.write(&format!("dev/dri/{node}"), "")?;
        fs::set_permissions(self.root.join("dev/dri").join(&node), fs::Permissions::from_mode(0o666))?;
        self.link(&format!("dev/dri/by-path/pci-{slot}-render"), format!("../{node}"))?;

        let [major, minor_version, revision] = device.graphics_core;
        let [vram, visible, gtt] = device.memory;
        let uevent = format!(
            "DRIVER=amdgpu\nPCI_CLASS=30000\nPCI_ID=1002:{:04X}\nPCI_SUBSYS_ID=1002:0E3B\nPCI_SLOT_NAME={slot}\n",
            device.device
        );
        for (name, text) in [
            ("vendor", "0x1002\n".to_owned()),
            ("device", format!("{:#06x}\n", device.device)),
            ("revision", format!("{:#04x}\n", device.revision)),
            ("subsystem_vendor", "0x1002\n".to_owned()),
            ("subsystem_device", "0x0e3b\n".to_owned()),
            ("class", "0x030000\n".to_owned()),
            ("numa_node", "-1\n".to_owned()),
            ("uevent", uevent),
            ("mem_info_vram_total", format!("{vram}\n")),
            ("mem_info_vis_vram_total", format!("{visible}\n")),
            ("mem_info_gtt_total", format!("{gtt}\n")),
            ("gpu_busy_percent", "0\n".to_owned()),
            ("current_link_speed", "16.0 GT/s PCIe\n".to_owned()),
            ("current_link_width", "16\n".to_owned()),
            ("ip_discovery/die/0/GC/0/major", format!("{major}\n")),
            ("ip_discovery/die/0/GC/0/minor", format!("{minor_version}\n")),
            ("ip_discovery/die/0/GC/0/revision", format!("{revision}\n")),
        ] {
            self.write(&format!("{folder}/{name}"), text)?;
        }
        self.write(&format!("{folder}/config"), Self::config(device))?;
        self.link(&format!("{folder}/subsystem"), "../../../bus/pci")?;
        self.link(&format!("{folder}/driver"), "../../../bus/pci/drivers/amdgpu")?;
        self.link(&format!("sys/bus/pci/devices/{slot}"), format!("../../../devices/pci0000:00/{slot}"))?;
        self.link(&format!("sys/bus/pci/drivers/amdgpu/{slot}"), format!("../../../../devices/pci0000:00/{slot}"))?;

        let drm = format!("{folder}/drm/{node}");
        self.write(&format!("{drm}/dev"), format!("{DRM_MAJOR}:{minor}\n"))?;
        let uevent = format!("MAJOR={DRM_MAJOR}\nMINOR={minor}\nDEVNAME=dri/{node}\nDEVTYPE=drm_minor\n");
        self.write(&format!("{drm}/uevent"), uevent)?;
        self.link(&format!("{drm}/device"), "../../../".to_owned() + &slot)?;
        self.link(&format!("{drm}/subsystem"), "../../../../../class/drm")?;
        self.link(&format!("sys/class/drm/{node}"), format!("../../devices/pci0000:00/{slot}/drm/{node}"))?;
        self.link(&format!("sys/dev/char/{DRM_MAJOR}:{minor}"), format!("../../devices/pci0000:00/{slot}/drm/{node}"))
    }

    /// The first 64 bytes of configuration space. Source: PCI Local Bus Specification 3.0, section 6.1.
    fn config(device: &PciDevice) -> [u8; 64] {
        let mut config = [0; 64];
        let mut put = |at: usize, bytes: &[u8]| {
            config.iter_mut().skip(at).zip(bytes).for_each(|(to, from)| *to = *from);
        };
        put(0x00, &0x1002u16.to_le_bytes());
        put(0x02, &device.device.to_le_bytes());
        put(0x08, &[device.revision, 0, 0, 3]);
        put(0x2c, &0x1002u16.to_le_bytes());
        put(0x2e, &0x0e3bu16.to_le_bytes());
        config
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn links_lead_where_libdrm_looks() {
        let root = tempfile::tempdir().unwrap();
        let device = PciDevice { device: 0x744c, revision: 0xc8, graphics_core: [11, 0, 0], memory: [3, 2, 1] };
        let tree = Tree::create(root.path(), &[device.clone(), device]).unwrap();
        let char_device = tree.root().join("sys/dev/char/226:129/device");
        assert_eq!(fs::read_to_string(char_device.join("vendor")).unwrap(), "0x1002\n");
        assert!(fs::read_to_string(char_device.join("uevent")).unwrap().contains("PCI_SLOT_NAME=0000:04:00.0\n"));
        assert!(fs::read_link(char_device.join("subsystem")).unwrap().ends_with("bus/pci"));
        assert_eq!(fs::read_dir(char_device.join("drm")).unwrap().count(), 1);
        let by_class = fs::canonicalize(tree.root().join("sys/class/drm/renderD128/device")).unwrap();
        assert_eq!(by_class, fs::canonicalize(tree.root().join("sys/bus/pci/devices/0000:03:00.0")).unwrap());
        assert_eq!(fs::read(by_class.join("config")).unwrap()[..4], [0x02, 0x10, 0x4c, 0x74]);
    }
}

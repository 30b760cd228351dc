//! The devices that clients find.

use std::os::fd::OwnedFd;

use nix::errno::Errno;

use crate::host::{self, Client, OpenFile, PciDevice};

/// Devices with their kernel.
#[derive(Debug)]
pub struct Machine;

impl Machine {
    /// One gfx1100 under a kernel of the 6.12 flavour.
    #[must_use]
    pub fn standard() -> Self {
        Self
    }

    /// What /sys says about them.
    #[must_use]
    pub fn pci_devices(&self) -> Vec<PciDevice> {
        vec![PciDevice {
            device: 0x744c,
            revision: 0xc8,
            graphics_core: [11, 0, 0],
            memory: [16 << 30, 256 << 20, 8 << 30],
        }]
    }
}

impl host::Machine for Machine {
    fn devices(&self) -> usize {
        1
    }

    fn open(&self, _: usize, _: i32) -> Result<Box<dyn OpenFile>, Errno> {
        Ok(Box::new(Nothing))
    }
}

struct Nothing;

impl OpenFile for Nothing {
    fn ioctl(&self, client: &dyn Client, request: u32, argument: u64) -> Result<i32, Errno> {
        let mut bytes = [0; 8];
        client.read(argument, &mut bytes)?;
        client.write(argument, &(u64::from_le_bytes(bytes) + u64::from(request & 0xff)).to_le_bytes())?;
        Ok(0)
    }

    fn map(&self, _: u64, length: u64, _: u32, _: u32) -> Result<(OwnedFd, u64), Errno> {
        use nix::sys::memfd::{MFdFlags, memfd_create};
        let file = memfd_create("x", MFdFlags::empty())?;
        nix::unistd::ftruncate(&file, length as i64)?;
        Ok((file, 0))
    }
}

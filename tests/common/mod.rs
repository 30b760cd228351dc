//! The software device in the process of a test: its driver as a [`Node`], without the preloaded library.

use memmap2::{MmapOptions, MmapRaw};
use nix::errno::Errno;
use sparkle::amdgpu::{Device, Node};
use sparkle_vgpu::kmd::{Chip, Client, Config, File, Flavour, Kernel, MapRequest, Process, Processor};
use std::sync::Arc;

/// Adapter: an open file of the software device as a node.
#[derive(Debug)]
pub struct Adapter(pub File);

impl Node for Adapter {
    #[allow(unsafe_code)]
    // SAFETY: the file reaches user addresses through process_vm_readv and process_vm_writev, which refuse what isn't
    // mapped; for the rest the caller's promise is passed on.
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno> {
        let address = argument.as_mut_ptr().expose_provenance() as u64;
        self.0.ioctl(request, &Process::this(), address).map_err(|errno| Errno::from_raw(errno.0))
    }

    fn map(&self, offset: u64, length: usize) -> Result<MmapRaw, Errno> {
        let request = MapRequest { offset, length: length as u64, shared: true, accessible: true };
        let grant = self.0.mmap(request).map_err(|errno| Errno::from_raw(errno.0))?;
        // Nobody tells an adapter when a mapping goes, so the device isn't to count them.
        self.0.unmapped();
        MmapOptions::new().offset(grant.offset).len(length).map_raw(&grant.file).map_err(|_| Errno::ENOMEM)
    }
}

/// A machine with one GPU, changed before it starts.
pub fn kernel_with(
    flavour: Flavour,
    chip: &str,
    processor: Arc<dyn Processor>,
    change: impl FnOnce(&mut Config),
) -> Kernel {
    let mut config = Config::new(flavour, Chip::find(chip).unwrap(), processor);
    change(&mut config);
    Kernel::new(config).unwrap()
}

/// Opens its GPU.
pub fn open(kernel: &Kernel) -> Arc<Device> {
    Device::new(Box::new(Adapter(kernel.open(0, Client::this()).unwrap())), "vgpu").unwrap()
}

/// What the software device's driver complained about.
pub fn complaints(kernel: &Kernel) -> Vec<String> {
    kernel.reports().into_iter().map(|report| report.to_string()).collect()
}

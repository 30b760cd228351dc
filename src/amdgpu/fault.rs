//! Page faults of the GPU, as the kernel keeps the last one of each client.

use super::uapi::info::{InfoGpuvmFault, VMHUB_TYPE_GFX, VMHUB_TYPE_MASK};
use super::vm::GpuVa;
use std::fmt;

/// The last page fault of this client.
///
/// Source of the fields: Linux `gmc_v11_0.c` and `gfxhub_v3_0.c`, register `GCVM_L2_PROTECTION_FAULT_STATUS` of gfx11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageFault {
    /// First byte of the page.
    pub address: GpuVa,
    /// The fault register.
    pub status: u32,
    /// Which hub.
    pub hub: u32,
}

impl PageFault {
    pub(super) fn new(info: &InfoGpuvmFault) -> Option<Self> {
        let fault = Self { address: GpuVa::new(info.addr), status: info.status, hub: info.vmhub };
        (info.addr != 0 || info.status != 0).then_some(fault)
    }

    /// Whether it was a store.
    pub const fn is_write(self) -> bool {
        self.status >> 18 & 1 == 1
    }

    /// Who asked: an id of the hub's clients.
    pub const fn client(self) -> u32 {
        self.status >> 9 & 0x1ff
    }

    /// What the client is, where it is one of those that compute work meets.
    pub const fn client_name(self) -> Option<&'static str> {
        if self.hub & VMHUB_TYPE_MASK != VMHUB_TYPE_GFX {
            return None;
        }
        match self.client() {
            4 => Some("the command fetch (CPF): an address of an indirect buffer"),
            5 => Some("the compute command processor (CPC): an address in a packet"),
            6 => Some("the graphics command processor (CPG): an address in a packet"),
            8 => Some("a vector memory instruction (TCP)"),
            9 => Some("an instruction fetch (SQC): the program's address, or the end of its buffer"),
            10 => Some("a scalar memory instruction (SQC): kernel arguments, most often"),
            13 => Some("the DMA engine (SDMA0)"),
            _ => None,
        }
    }

    /// What was missing, by the permission bits.
    pub const fn cause(self) -> &'static str {
        match self.status >> 4 & 0xf {
            bits if bits & 1 != 0 => "nothing is mapped there",
            bits if bits & 8 != 0 => "the page is not executable",
            bits if bits & 4 != 0 => "the page is not writable",
            bits if bits & 2 != 0 => "the page is not readable",
            _ => "the page tables could not be walked",
        }
    }
}

impl fmt::Display for PageFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.status == 0 {
            // A virtual function can't read the register.
            return write!(f, "page fault at {}; the kernel has no details", self.address);
        }
        let access = if self.is_write() { "write" } else { "read" };
        write!(f, "page fault at {}, {access} by ", self.address)?;
        match self.client_name() {
            Some(name) => write!(f, "{name}")?,
            None => write!(f, "client {}", self.client())?,
        }
        write!(f, "; {}", self.cause())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// Status words built from the register's fields by hand: bit 18 write, 17:9 client, 7:4 permissions.
    #[test]
    fn the_status_says_who_did_what_and_why() {
        let fault = |status| PageFault::new(&InfoGpuvmFault { addr: 0x1_0000_3000, status, vmhub: 0 }).unwrap();
        let store = fault(0x0004_1051);
        assert!(store.is_write() && store.client() == 8);
        assert_eq!(
            store.to_string(),
            "page fault at 0x100003000, write by a vector memory instruction (TCP); nothing is mapped there"
        );
        assert!(
            fault(0x0000_1281).to_string().contains("instruction fetch")
                && fault(0x1281).cause().contains("executable")
        );
        assert!(
            fault(0x0004_1041).cause().contains("not writable") && fault(0x0000_1421).cause().contains("not readable")
        );
        assert!(fault(0x0000_3e01).to_string().contains("client 31"));
    }

    /// A line of a kernel's log, of a Navi 31: `GCVM_L2_PROTECTION_FAULT_STATUS:0x00801031`, `Faulty UTCL2 client ID: TCP
    /// (0x8)`, `PERMISSION_FAULTS: 0x3`, `RW: 0x0`.
    #[test]
    fn a_status_of_a_card_is_read_as_its_kernel_reads_it() {
        let fault = PageFault::new(&InfoGpuvmFault { addr: 0x7f00_0000_1000, status: 0x0080_1031, vmhub: 0 }).unwrap();
        assert_eq!((fault.client(), fault.is_write(), fault.cause()), (8, false, "nothing is mapped there"));
    }

    #[test]
    fn a_fault_without_a_status_blames_nobody() {
        let fault = PageFault::new(&InfoGpuvmFault { addr: 0x1_0000_3000, status: 0, vmhub: 0 }).unwrap();
        assert_eq!(fault.to_string(), "page fault at 0x100003000; the kernel has no details");
    }

    #[test]
    fn no_fault_is_none() {
        assert_eq!(PageFault::new(&InfoGpuvmFault::default()), None);
    }
}

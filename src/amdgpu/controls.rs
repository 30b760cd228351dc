//! Negative controls: calls that the kernel has to refuse, and a wait that believes the kernel alone. A diagnosis makes
//! them to know that its own calls say what they seem to say; nothing else has a use for them.

use super::deadline::{Deadline, until};
use super::error::Error;
use super::fence::Fence;
use super::ioctl;
use super::uapi::gem::{GemVa, VA_OP_MAP};
use super::uapi::submit;
use super::vm::VaMapping;
use nix::errno::Errno;

impl VaMapping {
    /// Asks for the same mapping once more, and returns the kernel's answer: `EINVAL` where the first one is there.
    ///
    /// Should the kernel agree, the address is mapped twice until the mapping is dropped.
    ///
    /// # Errors
    /// The answer, which is the purpose.
    ///
    /// Source: Linux `amdgpu_vm.c`, `amdgpu_vm_bo_map`: a range that overlaps is `EINVAL`.
    pub fn map_again(&self) -> Result<(), Errno> {
        let request = GemVa {
            handle: self.buffer().handle(),
            operation: VA_OP_MAP,
            flags: self.flags().bits(),
            va_address: self.address().get(),
            map_size: self.bytes(),
            ..GemVa::default()
        };
        ioctl::gem_va(self.device().node(), request)
    }
}

impl Fence {
    /// Waits with `WAIT_CS` alone, where [`Self::wait`] believes the GPU's own counter for a while; whether it is done.
    ///
    /// # Errors
    /// As [`Self::wait`], without a timeout.
    pub fn wait_in_kernel(&self, deadline: Deadline) -> Result<bool, Error> {
        let fence = self.fence();
        let node = self.context().device().node();
        let look = || ioctl::wait_cs(node, &fence, deadline).map(|done| done.then_some(()));
        until(deadline, look).map(|done| done.is_some()).map_err(|errno| self.failed(errno))
    }

    /// Waits for the submission after this one, where there is none, and returns the kernel's answer: `EINVAL`.
    ///
    /// # Errors
    /// The answer, which is the purpose.
    ///
    /// Source: Linux `amdgpu_ctx.c`, `amdgpu_ctx_get_fence`: a sequence number from the future is `EINVAL`.
    pub fn wait_for_next(&self) -> Result<bool, Errno> {
        let fence = submit::Fence { seq_no: self.seq() + 1, ..self.fence() };
        ioctl::wait_cs(self.context().device().node(), &fence, Deadline::NOW)
    }
}

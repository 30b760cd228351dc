//! A kernel of a module, with what a launch of it needs to know.

use super::code_object::Entry;
use super::descriptor::KernelProperties;
use super::isa::waves_that_fit;
use super::metadata::{ArgKind, KernelMetadata};
use super::{AbiVersion, Error, KernelDescriptor, LoadOptions, Loaded, ModuleError, Unprovided};
use crate::amdgpu::{GfxVersion, GpuVa};
use std::sync::Arc;

/// User SGPRs that hold what the ABI defines, each with its dwords, in their order.
const USER_SGPRS: [(KernelProperties, u32); 5] = [
    (KernelProperties::DISPATCH_PTR, 2),
    (KernelProperties::QUEUE_PTR, 2),
    (KernelProperties::KERNARG_SEGMENT_PTR, 2),
    (KernelProperties::DISPATCH_ID, 2),
    (KernelProperties::PRIVATE_SEGMENT_SIZE, 1),
];
/// Most user SGPRs.
const MOST_USER_SGPRS: u32 = 16;
/// The largest `VGPRS` of RSRC1 in wave32: 256 registers.
const MOST_VGPRS: u32 = 256;

/// A function of a [`super::Module`] that can be launched. Clones share the module.
#[derive(Clone, Debug)]
pub struct Kernel {
    module: Arc<Loaded>,
    index: usize,
}

impl Kernel {
    pub(super) fn find(module: &Arc<Loaded>, name: &str) -> Result<Self, Error> {
        let kernels = &module.object.kernels;
        let Some(index) = kernels.iter().position(|kernel| *kernel.name == *name) else {
            let known = kernels.iter().map(|kernel| kernel.name.clone()).collect();
            return Err(ModuleError::NoSuchKernel { kernel: name.into(), known }.into());
        };
        let kernel = Self { module: module.clone(), index };
        if let Some(entry) = kernels.get(index) {
            check(entry, module.core.device.info().gfx, module.options)?;
        }
        Ok(kernel)
    }

    #[allow(clippy::indexing_slicing, reason = "`find` took the index from this list")]
    fn entry(&self) -> &Entry {
        &self.module.object.kernels[self.index]
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.entry().name
    }

    /// Its descriptor, as the compiler wrote it.
    pub fn descriptor(&self) -> &KernelDescriptor {
        &self.entry().descriptor
    }

    /// What the compiler says of its arguments, if the code object has metadata.
    pub fn metadata(&self) -> Option<&KernelMetadata> {
        self.entry().metadata.as_ref()
    }

    /// Lanes of a wave: 32 or 64.
    pub fn wave_lanes(&self) -> u32 {
        self.descriptor().wave_lanes()
    }

    /// Bytes of its arguments, hidden ones too.
    pub fn kernarg_bytes(&self) -> u32 {
        let of_metadata = self.metadata().map_or(0, |metadata| metadata.kernarg_segment_size);
        self.descriptor().kernarg_size.max(of_metadata)
    }

    /// Scratch of a lane, bytes, with what it has for a dynamic stack.
    pub fn scratch_bytes(&self) -> u32 {
        let stack = if has_dynamic_stack(self.entry()) { self.module.options.dynamic_stack_bytes } else { 0 };
        self.descriptor().private_segment_fixed_size.saturating_add(stack)
    }

    /// Lanes of the largest workgroup that this device runs it with.
    pub fn max_workgroup_lanes(&self) -> u32 {
        let descriptor = self.descriptor();
        let lanes = descriptor.wave_lanes();
        let wgp_mode = descriptor.rsrc1.wgp_mode() != 0;
        let gfx = self.module.core.device.info().gfx;
        let fit = waves_that_fit(gfx, descriptor.vgprs(), lanes, wgp_mode) * lanes;
        let compiled = self.metadata().map_or(0, |metadata| metadata.max_flat_workgroup_size);
        fit.min(if compiled == 0 { u32::MAX } else { compiled }).min(1024)
    }

    /// The address of its first instruction.
    pub fn code_address(&self) -> GpuVa {
        self.at(self.entry().code_offset)
    }

    /// The address of its descriptor.
    pub fn descriptor_address(&self) -> GpuVa {
        self.at(self.entry().descriptor_offset)
    }

    fn at(&self, offset: u64) -> GpuVa {
        GpuVa::new(self.module.mapping.address().get().wrapping_add(offset))
    }

    pub(in super::super) const fn module(&self) -> &Arc<Loaded> {
        &self.module
    }

    /// Whether hidden arguments have the layout of V5 and later where no metadata say so.
    pub(in super::super) fn has_implicit_block(&self) -> bool {
        self.module.object.abi >= AbiVersion::V5
    }
}

/// Refuses a kernel that this device can't run or that needs what can't be provided.
fn check(entry: &Entry, gfx: GfxVersion, options: LoadOptions) -> Result<(), ModuleError> {
    let unsupported = |what: &str| ModuleError::Unsupported { kernel: entry.name.clone(), what: what.into() };
    let descriptor = &entry.descriptor;
    let properties = descriptor.properties;
    for (property, what) in [
        (KernelProperties::PRIVATE_SEGMENT_BUFFER, "the user SGPRs private_segment_buffer, which gfx11 has not got"),
        (KernelProperties::FLAT_SCRATCH_INIT, "the user SGPRs flat_scratch_init, which gfx11 has not got"),
    ] {
        if properties.contains(property) {
            return Err(unsupported(what));
        }
    }
    if options.dynamic_stack_bytes == 0 && has_dynamic_stack(entry) {
        return Err(unsupported("a dynamic stack (calls by address or recursion), whose size is not given"));
    }
    if options.unprovided == Unprovided::Refuse && properties.contains(KernelProperties::QUEUE_PTR) {
        return Err(unsupported("the user SGPRs queue_ptr"));
    }
    let wanted: u32 = USER_SGPRS.iter().filter(|(bit, _)| properties.contains(*bit)).map(|(_, dwords)| dwords).sum();
    let user = descriptor.rsrc2.user_sgpr();
    if user > MOST_USER_SGPRS || wanted > user {
        return Err(unsupported(&format!("{wanted} user SGPRs in the {user} that its descriptor has, of at most 16")));
    }
    let sgprs = user + descriptor.system_sgprs();
    // Source: LLVM `AMDGPU.td`, `FeatureUserSGPRInit16Bug`: gfx1100 and gfx1102, in wave32.
    if descriptor.wave_lanes() == 32 && gfx.minor == 0 && matches!(gfx.stepping, 0 | 2) && sgprs < 16 {
        return Err(ModuleError::FewSgprs { kernel: entry.name.clone(), sgprs, device: gfx });
    }
    if descriptor.vgprs() > MOST_VGPRS {
        return Err(unsupported(&format!("{} vector registers", descriptor.vgprs())));
    }
    if descriptor.rsrc1.privileged() != 0 || descriptor.rsrc2.trap_present() != 0 {
        return Err(unsupported("a trap handler or privileged mode"));
    }
    let scratch = descriptor.private_segment_fixed_size;
    if scratch > 0 && descriptor.rsrc2.scratch_en() == 0 {
        return Err(unsupported(&format!("{scratch} bytes of scratch that its descriptor does not enable")));
    }
    let args = entry.metadata.iter().flat_map(|metadata| &metadata.args);
    for arg in args {
        match &arg.kind {
            ArgKind::Unsupported(kind) if options.unprovided == Unprovided::Null && is_pointer(kind) => {}
            ArgKind::Unsupported(kind) => return Err(unsupported(&format!("an argument of the kind {kind}"))),
            ArgKind::Value | ArgKind::Buffer | ArgKind::Lds { .. } | ArgKind::Hidden(_) => {}
        }
    }
    Ok(())
}

/// Whether a kernel's stack grows by what it calls.
fn has_dynamic_stack(entry: &Entry) -> bool {
    entry.descriptor.properties.contains(KernelProperties::USES_DYNAMIC_STACK)
        || entry.metadata.as_ref().is_some_and(|metadata| metadata.uses_dynamic_stack)
}

/// Whether a hidden argument that can't be provided is a pointer that may be null.
fn is_pointer(kind: &str) -> bool {
    const POINTERS: [&str; 7] = [
        "hidden_hostcall_buffer",
        "hidden_printf_buffer",
        "hidden_heap_v1",
        "hidden_default_queue",
        "hidden_completion_action",
        "hidden_multigrid_sync_arg",
        "hidden_queue_ptr",
    ];
    POINTERS.contains(&kind)
}

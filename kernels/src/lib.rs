//! The project's GPU kernels: AMDHSA code objects, assembled ahead of time from `asm/`, and one table of them.
//!
//! `blobs/` is committed, so a build needs no assembler; `MANIFEST` has each object's hash, the versions of assembler and
//! linker, and the commands. `kernels/assemble` makes all of it again, and a test compares byte by byte.
//!
//! **One object a kernel, for `gfx11-generic`.** The probes use instructions that all of gfx1100 to gfx1103, gfx1150 and
//! gfx1151 encode alike. Assembled for the generic target, the assembler itself refuses what one of them lacks, there is
//! one file to review instead of six equal ones, and a chip of the family that comes later needs nothing new. What the
//! chips don't share is kept to in the code: 15 user SGPRs and an id, as gfx1100 and gfx1102 need in wave32
//! (LLVM `AMDGPU.td`, `FeatureUserSGPRInit16Bug`). Kernels that depend on a chip's registers or timing will be objects of
//! their chip.
//!
//! Sources: LLVM `docs/AMDGPUUsage.rst`, "Generic Processors", "Code Object V6" and "Kernel Descriptor".
#![no_std]
#![forbid(unsafe_code)]

mod probes;

pub use probes::{
    PROBE_ENDPGM, PROBE_HANG, PROBE_IDS, PROBE_KERNARG, PROBE_LDS, PROBE_MIRROR, PROBE_STORE, PROBE_STORE_AGAIN,
    PROBE_WAVE64, PROBES,
};

/// A kernel in a code object of its own. The numbers repeat what the object's descriptor and notes say, for whoever
/// launches without reading them; a test keeps the two equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernel {
    /// Its symbol, and the stem of its files in `asm/` and `blobs/`.
    pub name: &'static str,
    /// The code object: an AMDHSA ELF.
    pub object: &'static [u8],
    /// The instructions with the padding that their fetch needs. They don't depend on their address, which is a multiple
    /// of 256 bytes.
    pub code: &'static [u8],
    /// Lanes of a wave: 32 or 64.
    pub lanes: u32,
    /// `COMPUTE_PGM_RSRC1`, `2` and `3`, without the size of LDS, which is the launcher's to add.
    pub rsrc: [u32; 3],
    /// LDS of a workgroup, bytes.
    pub lds_bytes: u32,
    /// Arguments, bytes.
    pub kernarg_bytes: u32,
    /// Threads that a workgroup has at most.
    pub max_threads: u32,
}

//! The caches by their kinds, and what packets do to them.

/// A kind of cache.
///
/// Source: LLVM `AMDGPUUsage.rst`, "Memory Model GFX10-GFX11"; Mesa `registers/gfx11.json`, `GCR_CNTL`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Cache {
    /// Instructions, one for each WGP (GLI).
    Instruction,
    /// Scalar loads, one for each WGP (GLK). Vector stores pass it by.
    Scalar,
    /// Vector memory, one for each compute unit (GLV); stores go through it.
    Vector,
    /// Between those and GL2, one for each shader array; stores go through it.
    Gl1,
    /// One for the device; it keeps what is stored until it is written back.
    Gl2,
}

impl std::fmt::Display for Cache {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Instruction => "the instruction cache",
            Self::Scalar => "the scalar cache",
            Self::Vector => "the vector cache of the compute unit",
            Self::Gl1 => "GL1",
            Self::Gl2 => "GL2",
        })
    }
}

/// What a packet does to the caches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CacheSet {
    /// Instruction caches are invalidated.
    pub instruction: bool,
    /// Scalar caches are invalidated.
    pub scalar: bool,
    /// Vector caches are invalidated.
    pub vector: bool,
    /// GL1 is invalidated.
    pub gl1: bool,
    /// GL2 is invalidated.
    pub gl2: bool,
    /// GL2 is written back, which nobody on the device notices.
    pub gl2_write_back: bool,
}

impl CacheSet {
    /// From `GCR_CNTL` of ACQUIRE_MEM. Source: Mesa `registers/gfx10.json` and `gfx11.json`, `GCR_CNTL`.
    #[must_use]
    pub const fn of_acquire(gcr_cntl: u32) -> Self {
        Self {
            instruction: gcr_cntl & 3 != 0,
            scalar: gcr_cntl >> 7 & 1 != 0,
            vector: gcr_cntl >> 8 & 1 != 0,
            gl1: gcr_cntl >> 9 & 1 != 0,
            gl2: gcr_cntl >> 14 & 1 != 0,
            gl2_write_back: gcr_cntl >> 15 & 1 != 0,
        }
    }

    /// From the second dword of RELEASE_MEM. Source: Mesa `src/amd/common/sid.h` and `registers/pkt3.json`, RELEASE_MEM.
    #[must_use]
    pub const fn of_release(dword: u32) -> Self {
        Self {
            instruction: false,
            scalar: dword >> 30 & 1 != 0,
            vector: dword >> 14 & 1 != 0,
            gl1: dword >> 15 & 1 != 0,
            gl2: dword >> 20 & 1 != 0,
            gl2_write_back: dword >> 21 & 1 != 0,
        }
    }
}

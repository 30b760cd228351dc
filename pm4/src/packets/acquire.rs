//! ACQUIRE_MEM, EVENT_WRITE and the other packets that order work: cache operations and waits.

use super::macros::fixed;
use super::values::{EventIndex, EventType, GcrCntl, GcrRange, GcrSeq, GliInv};
use super::{AcquireMem, ContextControl, EventWrite};
use crate::field::{FieldError, extract};

macro_rules! gcr_flags {
    ($( $(#[$doc:meta])* $name:ident $bit:literal; )+) => {
        $( $(#[$doc])*
        pub const fn $name(self) -> bool {
            extract(self.0, $bit, $bit) != 0
        } )+
    };
}

impl GcrCntl {
    /// What part of the instruction cache is dropped.
    pub const fn gli_inv(self) -> GliInv {
        GliInv(extract(self.0, 1, 0))
    }

    /// What part of memory the GL1 operation is about.
    pub const fn gl1_range(self) -> GcrRange {
        GcrRange(extract(self.0, 3, 2))
    }

    gcr_flags! {
        /// Writes back the metadata cache. gfx12 has none.
        glm_wb 4;
        /// Drops the metadata cache. gfx12 has none.
        glm_inv 5;
        /// Writes back the scalar cache.
        glk_wb 6;
        /// Drops the scalar cache.
        glk_inv 7;
        /// Drops the vector cache of each compute unit.
        glv_inv 8;
        /// Drops GL1.
        gl1_inv 9;
        /// The bit GL2_US; no public source says what it does.
        gl2_us 10;
        /// Drops GL2's lines without writing them back.
        gl2_discard 13;
        /// Drops GL2's lines.
        gl2_inv 14;
        /// Writes back GL2.
        gl2_wb 15;
        /// The range is of physical addresses.
        range_is_pa 18;
    }

    /// What part of memory the GL2 operations are about.
    pub const fn gl2_range(self) -> GcrRange {
        GcrRange(extract(self.0, 12, 11))
    }

    /// The order of the operations.
    pub const fn seq(self) -> GcrSeq {
        GcrSeq(extract(self.0, 17, 16))
    }

    /// Both sets of operations. Ranges and orders are not merged well: they should be the same in both.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl AcquireMem {
    /// The cache operations of `gcr_cntl` on all of memory.
    ///
    /// # Errors
    /// Where `gcr_cntl` has more than 19 bits.
    ///
    /// Source: the size, the base and the interval as in Linux `gfx_v11_0.c`, `gfx_v11_0_emit_mem_sync`.
    pub const fn whole_memory(gcr_cntl: GcrCntl) -> Result<Self, FieldError> {
        fixed!(AcquireMem { coher_size: u32::MAX, coher_size_hi: 0xFF_FFFF, poll_interval: 10 }).with_gcr_cntl(gcr_cntl)
    }
}

impl EventWrite {
    /// The command processor waits until all earlier compute waves of the queue have ended.
    pub const fn cs_partial_flush() -> Self {
        fixed!(EventWrite { event_type: EventType::CS_PARTIAL_FLUSH, event_index: EventIndex::CS_PARTIAL_FLUSH })
    }
}

impl ContextControl {
    /// No register group is loaded and none is shadowed. How streams for the graphics ring begin.
    ///
    /// Source: Mesa `ac_cmdbuf.c`; libdrm `tests/amdgpu/shader_test_util.c`.
    pub const fn load_nothing() -> Self {
        fixed!(ContextControl { ; update_load_enables, update_shadow_enables })
    }
}

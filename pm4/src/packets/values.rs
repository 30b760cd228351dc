//! Named values of packet fields. Each type is open: a value without a name is kept and shown as a number.

use super::macros::values;

values! {
    /// Where WRITE_DATA writes. Source: PAL `PM4_MEC_WRITE_DATA`, `dst_sel`.
    WriteDst {
        MEM_MAPPED_REGISTER = 0,
        MEMORY_SYNC_ACROSS_GRBM = 1,
        TC_L2 = 2,
        GDS = 3,
        MEMORY = 5,
        MEMORY_MAPPED_ADC_PERSISTENT_STATE = 6,
        PREEMPTION_META_MEMORY = 8,
    }

    /// How the GL2 keeps a line, gfx10 and gfx11. Source: PAL `cache_policy`.
    CachePolicy {
        LRU = 0,
        STREAM = 1,
        NOA = 2,
        BYPASS = 3,
    }

    /// How the GL2 keeps a line, gfx12. Source: PAL `temporal`.
    Temporal {
        RT = 0,
        NT = 1,
        HT = 2,
        LU = 3,
    }

    /// Which engine of the graphics ring acts.
    Engine {
        MICRO_ENGINE = 0,
        PREFETCH_PARSER = 1,
        CONST_ENGINE = 2,
    }
}

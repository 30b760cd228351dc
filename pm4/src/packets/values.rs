//! Named values of packet fields. Each type is open: a value without a name is kept and shown as a number.
//!
//! Names are AMD's in upper case, with an N before those that begin with a digit. A type has the names of all
//! generations and engines; what exists only on some of them is not told apart here.
//!
//! Source, where a type names no other: AMD PAL, as for the packet table.

use super::macros::values;

values! {
    /// Which engine of the graphics ring waits for ACQUIRE_MEM. The numbers are the other way round than in
    /// [`EngineSel`].
    AcquireMemEngineSel { PREFETCH_PARSER = 0, MICRO_ENGINE = 1 }
    /// Whether WRITE_DATA moves on from one dword to the next.
    AddrIncr { INCREMENT_ADDRESS = 0, DO_NOT_INCREMENT_ADDRESS = 1 }
    /// Whether DMA_DATA moves on from one dword to the next.
    AddressIncrement { INCREMENT = 0, NO_INCREMENT = 1 }
    /// What an address of DMA_DATA counts in.
    AddressSpace { MEMORY = 0, REGISTER = 1 }
    /// WRITE_DATA and COPY_DATA on gfx12: through which function registers are reached.
    AidMode { PF_VF_DISABLED = 0, PF_VF_ENABLED = 1 }
    /// Where REG_RMW takes its AND mask from.
    AndMaskSrc { IMMEDIATE = 0, REG_AND_ADDR = 1 }
    /// ATOMIC_GDS: what a compare-and-swap that fails does.
    AtomCmpSwap { DONT_REPEAT = 0, REPEAT_UNTIL_PASS = 1 }
    /// ATOMIC_GDS: whether to wait for the end.
    AtomComplete { DONT_WAIT = 0, WAIT_FOR_COMPLETION = 1 }
    /// ATOMIC_GDS: how the old data are read back.
    AtomRdCntl { N32BITS_1RETURNVAL = 0, N32BITS_2RETURNVAL = 1, N64BITS_1RETURNVAL = 2, N64BITS_2RETURNVAL = 3 }
    /// ATOMIC_GDS: whether the old data are read back.
    AtomRead { DONT_READ_PREOP_DATA = 0, READ_PREOP_DATA = 1 }
    /// How often ATOMIC_MEM tries and what it waits for.
    AtomicCommand {
        SINGLE_PASS_ATOMIC = 0,
        LOOP_UNTIL_COMPARE_SATISFIED = 1,
        WAIT_FOR_WRITE_CONFIRMATION = 2,
        SEND_AND_CONTINUE = 3,
    }
    /// The operation of ATOMIC_MEM. RTN: the old value comes back. Bit 5: 64 bits.
    AtomicOp {
        GL2_OP_READ = 0,
        GL2_OP_ATOMIC_SWAP_RTN_32 = 7,
        GL2_OP_ATOMIC_CMPSWAP_RTN_32 = 8,
        GL2_OP_ATOMIC_ADD_RTN_32 = 15,
        GL2_OP_ATOMIC_SUB_RTN_32 = 16,
        GL2_OP_ATOMIC_SMIN_RTN_32 = 17,
        GL2_OP_ATOMIC_UMIN_RTN_32 = 18,
        GL2_OP_ATOMIC_SMAX_RTN_32 = 19,
        GL2_OP_ATOMIC_UMAX_RTN_32 = 20,
        GL2_OP_ATOMIC_AND_RTN_32 = 21,
        GL2_OP_ATOMIC_OR_RTN_32 = 22,
        GL2_OP_ATOMIC_XOR_RTN_32 = 23,
        GL2_OP_ATOMIC_INC_RTN_32 = 24,
        GL2_OP_ATOMIC_DEC_RTN_32 = 25,
        GL2_OP_ATOMIC_CLAMP_SUB_RTN_32 = 26,
        GL2_OP_ATOMIC_COND_SUB_RTN_32 = 27,
        GL2_OP_WRITE = 32,
        GL2_OP_ATOMIC_SWAP_RTN_64 = 39,
        GL2_OP_ATOMIC_CMPSWAP_RTN_64 = 40,
        GL2_OP_ATOMIC_ADD_RTN_64 = 47,
        GL2_OP_ATOMIC_SUB_RTN_64 = 48,
        GL2_OP_ATOMIC_SMIN_RTN_64 = 49,
        GL2_OP_ATOMIC_UMIN_RTN_64 = 50,
        GL2_OP_ATOMIC_SMAX_RTN_64 = 51,
        GL2_OP_ATOMIC_UMAX_RTN_64 = 52,
        GL2_OP_ATOMIC_AND_RTN_64 = 53,
        GL2_OP_ATOMIC_OR_RTN_64 = 54,
        GL2_OP_ATOMIC_XOR_RTN_64 = 55,
        GL2_OP_ATOMIC_INC_RTN_64 = 56,
        GL2_OP_ATOMIC_DEC_RTN_64 = 57,
        GL2_OP_ATOMIC_SWAP_32 = 71,
        GL2_OP_ATOMIC_CMPSWAP_32 = 72,
        GL2_OP_ATOMIC_ADD_32 = 79,
        GL2_OP_ATOMIC_SUB_32 = 80,
        GL2_OP_ATOMIC_SMIN_32 = 81,
        GL2_OP_ATOMIC_UMIN_32 = 82,
        GL2_OP_ATOMIC_SMAX_32 = 83,
        GL2_OP_ATOMIC_UMAX_32 = 84,
        GL2_OP_ATOMIC_AND_32 = 85,
        GL2_OP_ATOMIC_OR_32 = 86,
        GL2_OP_ATOMIC_XOR_32 = 87,
        GL2_OP_ATOMIC_INC_32 = 88,
        GL2_OP_ATOMIC_DEC_32 = 89,
        GL2_OP_NOP_RTN0 = 91,
        GL2_OP_ATOMIC_SWAP_64 = 103,
        GL2_OP_ATOMIC_CMPSWAP_64 = 104,
        GL2_OP_ATOMIC_ADD_64 = 111,
        GL2_OP_ATOMIC_SUB_64 = 112,
        GL2_OP_ATOMIC_SMIN_64 = 113,
        GL2_OP_ATOMIC_UMIN_64 = 114,
        GL2_OP_ATOMIC_SMAX_64 = 115,
        GL2_OP_ATOMIC_UMAX_64 = 116,
        GL2_OP_ATOMIC_AND_64 = 117,
        GL2_OP_ATOMIC_OR_64 = 118,
        GL2_OP_ATOMIC_XOR_64 = 119,
        GL2_OP_ATOMIC_INC_64 = 120,
        GL2_OP_ATOMIC_DEC_64 = 121,
        GL2_OP_NOP_ACK = 123,
    }
    /// Which base address SET_BASE sets.
    BaseIndex {
        DISPLAY_LIST_PATCH_TABLE_BASE = 0,
        PATCH_TABLE_BASE = 1,
        LOAD_REG_INDEX_BASE = 4,
        INDIRECT_DATA_BASE = 5,
        EXECUTE_INDIRECT_V2 = 6,
    }
    /// A streamout buffer.
    BufferSelect {
        STREAM_OUT_BUFFER_0 = 0,
        STREAM_OUT_BUFFER_1 = 1,
        STREAM_OUT_BUFFER_2 = 2,
        STREAM_OUT_BUFFER_3 = 3,
    }
    /// How BUILD_UNTYPED_SRD finds its memory.
    BuildUntypedSrdIndex { USE_ADDRS = 0, ADDRS_KNOWN = 1 }
    /// How GL2 treats the access, up to gfx11.
    CachePolicy { LRU = 0, STREAM = 1, NOA = 2, BYPASS = 3 }
    /// What CLEAR_STATE does with the context state.
    ClearStateCmd { CLEAR_STATE = 0, PUSH_STATE = 1, POP_STATE = 2, PUSH_CLEAR_STATE = 3 }
    /// Which clock TIMESTAMP writes.
    ClockSel { GFX_IP_CLOCK = 0, SOC_CLOCK = 1 }
    /// Whether COND_INDIRECT_BUFFER has a stream for the other case.
    CondIndirectBufferMode { IF_THEN = 1, IF_THEN_ELSE = 2 }
    /// SET_PREDICATION: a new predicate, or more results for the last one.
    ContinueBit { NEW_SET_PREDICATION = 0, CONTINUE_SET_PREDICATION = 1 }
    /// Where COPY_DATA writes.
    CopyDataDstSel {
        MEM_MAPPED_REGISTER = 0,
        MEMORY_SYNC_ACROSS_GRBM = 1,
        TC_L2 = 2,
        GDS = 3,
        PERFCOUNTERS = 4,
        TC_L2_OBSOLETE = 5,
        MEM_MAPPED_REG_DC = 6,
        EXEC_IND_SPILL_TABLE = 7,
    }
    /// Where COPY_DATA reads.
    CopyDataSrcSel {
        MEM_MAPPED_REGISTER = 0,
        TC_L2_OBSOLETE = 1,
        TC_L2 = 2,
        GDS = 3,
        PERFCOUNTERS = 4,
        IMMEDIATE_DATA = 5,
        ATOMIC_RETURN_DATA = 6,
        GDS_ATOMIC_RETURN_DATA0 = 7,
        GDS_ATOMIC_RETURN_DATA1 = 8,
        GPU_CLOCK_COUNT = 9,
        SYSTEM_CLOCK_COUNT = 10,
        EXEC_IND_ARG_BUF = 12,
    }
    /// Whether COPY_DATA waits until the write has been confirmed.
    CopyDataWrConfirm { DO_NOT_WAIT_FOR_CONFIRMATION = 0, WAIT_FOR_CONFIRMATION = 1 }
    /// How much COPY_DATA copies.
    CountSel { N32_BITS_OF_DATA = 0, N64_BITS_OF_DATA = 1 }
    /// Which counters PIXEL_PIPE_STAT_CONTROL is about.
    CounterId {
        PIXEL_PIPE_OCCLUSION_COUNT_0 = 0,
        PIXEL_PIPE_OCCLUSION_COUNT_1 = 1,
        PIXEL_PIPE_OCCLUSION_COUNT_2 = 2,
        PIXEL_PIPE_OCCLUSION_COUNT_3 = 3,
        PIXEL_PIPE_SCREEN_MIN_EXTENTS_0 = 4,
        PIXEL_PIPE_SCREEN_MAX_EXTENTS_0 = 5,
        PIXEL_PIPE_SCREEN_MIN_EXTENTS_1 = 6,
        PIXEL_PIPE_SCREEN_MAX_EXTENTS_1 = 7,
    }
    /// What LOAD_*_REG_INDEX finds in memory: values of consecutive registers, or pairs of an offset and a value.
    DataFormat { OFFSET_AND_SIZE = 0, OFFSET_AND_DATA = 1 }
    /// What RELEASE_MEM writes.
    DataSel {
        NONE = 0,
        SEND_32_BIT_LOW = 1,
        SEND_64_BIT_DATA = 2,
        SEND_GPU_CLOCK_COUNTER = 3,
        SEND_SYSTEM_CLOCK_COUNTER = 4,
        STORE_GDS_DATA_TO_MEMORY = 5,
        SEND_EMULATED_SCLK_COUNTER = 6,
        ATOMIC_ADD32BIT_LOW = 7,
    }
    /// The unit of STRMOUT_BUFFER_UPDATE's sizes.
    DataType { DWORDS = 0, BYTES = 1 }
    /// Where DMA_DATA writes.
    DmaDataDstSel { DST_ADDR_USING_DAS = 0, GDS = 1, DST_NOWHERE = 2, DST_ADDR_USING_L2 = 3 }
    /// Where DMA_DATA reads.
    DmaDataSrcSel { SRC_ADDR_USING_SAS = 0, GDS = 1, DATA = 2, SRC_ADDR_USING_L2 = 3 }
    /// Where WRITE_DATA writes.
    DstSel {
        MEM_MAPPED_REGISTER = 0,
        MEMORY_SYNC_ACROSS_GRBM = 1,
        TC_L2 = 2,
        GDS = 3,
        MEMORY = 5,
        MEMORY_MAPPED_ADC_PERSISTENT_STATE = 6,
        PREEMPTION_META_MEMORY = 8,
    }
    /// Which engine of the graphics ring executes the packet.
    EngineSel { MICRO_ENGINE = 0, PREFETCH_PARSER = 1 }
    /// What kind of event it is. EVENT_WRITE takes 0 to 4 and 8 to 11, on a compute ring only OTHER,
    /// SAMPLE_PIPELINESTAT, CS_PARTIAL_FLUSH and gfx11's SAMPLE_STREAMOUTSTATS; RELEASE_MEM takes 5 and 6. 4 has one
    /// name per kind of ring.
    EventIndex {
        OTHER = 0,
        PIXEL_PIPE_STAT_CONTROL_OR_DUMP = 1,
        SAMPLE_PIPELINESTAT = 2,
        CS_PARTIAL_FLUSH = 4,
        CS_VS_PS_PARTIAL_FLUSH = 4,
        END_OF_PIPE = 5,
        SHADER_DONE = 6,
        SAMPLE_STREAMOUTSTATS = 8,
        SAMPLE_STREAMOUTSTATS1 = 9,
        SAMPLE_STREAMOUTSTATS2 = 10,
        SAMPLE_STREAMOUTSTATS3 = 11,
    }
    /// Events. 0x15 has two names: WAIT_SYNC from gfx11 on, ZPASS_DONE before; 0x09 is gfx10's only.
    ///
    /// Source: Mesa, `src/amd/registers/pkt3.json` and `gfx{103,11,12}.json`, `VGT_EVENT_TYPE`.
    EventType {
        SAMPLE_STREAMOUTSTATS1 = 1,
        SAMPLE_STREAMOUTSTATS2 = 2,
        SAMPLE_STREAMOUTSTATS3 = 3,
        CACHE_FLUSH_TS = 4,
        CONTEXT_DONE = 5,
        CACHE_FLUSH = 6,
        CS_PARTIAL_FLUSH = 7,
        VGT_STREAMOUT_SYNC = 8,
        SET_FE_ID = 9,
        VGT_STREAMOUT_RESET = 10,
        END_OF_PIPE_INCR_DE = 11,
        END_OF_PIPE_IB_END = 12,
        RST_PIX_CNT = 13,
        BREAK_BATCH = 14,
        VS_PARTIAL_FLUSH = 15,
        PS_PARTIAL_FLUSH = 16,
        FLUSH_HS_OUTPUT = 17,
        FLUSH_DFSM = 18,
        RESET_TO_LOWEST_VGT = 19,
        CACHE_FLUSH_AND_INV_TS_EVENT = 20,
        WAIT_SYNC = 21,
        ZPASS_DONE = 21,
        CACHE_FLUSH_AND_INV_EVENT = 22,
        PERFCOUNTER_START = 23,
        PERFCOUNTER_STOP = 24,
        PIPELINESTAT_START = 25,
        PIPELINESTAT_STOP = 26,
        PERFCOUNTER_SAMPLE = 27,
        FLUSH_ES_OUTPUT = 28,
        BIN_CONF_OVERRIDE_CHECK = 29,
        SAMPLE_PIPELINESTAT = 30,
        SO_VGTSTREAMOUT_FLUSH = 31,
        SAMPLE_STREAMOUTSTATS = 32,
        RESET_VTX_CNT = 33,
        BLOCK_CONTEXT_DONE = 34,
        CS_CONTEXT_DONE = 35,
        VGT_FLUSH = 36,
        TGID_ROLLOVER = 37,
        SQ_NON_EVENT = 38,
        SC_SEND_DB_VPZ = 39,
        BOTTOM_OF_PIPE_TS = 40,
        FLUSH_SX_TS = 41,
        DB_CACHE_FLUSH_AND_INV = 42,
        FLUSH_AND_INV_DB_DATA_TS = 43,
        FLUSH_AND_INV_DB_META = 44,
        FLUSH_AND_INV_CB_DATA_TS = 45,
        FLUSH_AND_INV_CB_META = 46,
        CS_DONE = 47,
        PS_DONE = 48,
        FLUSH_AND_INV_CB_PIXEL_DATA = 49,
        SX_CB_RAT_ACK_REQUEST = 50,
        THREAD_TRACE_START = 51,
        THREAD_TRACE_STOP = 52,
        THREAD_TRACE_MARKER = 53,
        THREAD_TRACE_DRAW = 54,
        THREAD_TRACE_FINISH = 55,
        PIXEL_PIPE_STAT_CONTROL = 56,
        PIXEL_PIPE_STAT_DUMP = 57,
        PIXEL_PIPE_STAT_RESET = 58,
        CONTEXT_SUSPEND = 59,
        OFFCHIP_HS_DEALLOC = 60,
        ENABLE_NGG_PIPELINE = 61,
        ENABLE_LEGACY_PIPELINE = 62,
        DRAW_DONE = 63,
    }
    /// What EXECUTE_INDIRECT_V2 launches.
    ExecuteIndirectV2Operation {
        DRAW = 0,
        DRAW_INDEX = 1,
        DISPATCH = 2,
        DISPATCH_MESH = 3,
        DISPATCH_RAYS = 4,
        DISPATCH_TASKMESH = 5,
    }
    /// Which end of a frame FRAME_CONTROL marks.
    FrameControlCommand { KMD_FRAME_BEGIN = 0, KMD_FRAME_END = 1 }
    /// A comparison with the reference value.
    Function {
        ALWAYS_PASS = 0,
        LESS_THAN_REF_VALUE = 1,
        LESS_THAN_EQUAL_TO_THE_REF_VALUE = 2,
        EQUAL_TO_THE_REFERENCE_VALUE = 3,
        NOT_EQUAL_REFERENCE_VALUE = 4,
        GREATER_THAN_OR_EQUAL_REFERENCE_VALUE = 5,
        GREATER_THAN_REFERENCE_VALUE = 6,
    }
    /// The cache operations of ACQUIRE_MEM, all bits together. The names are this crate's; they stand for the sets
    /// that drivers use, and [`GcrCntl`] has a getter per bit.
    ///
    /// Source: Linux `gfx_v11_0.c`, `gfx_v11_0_emit_mem_sync`; Mesa `ac_cmdbuf.c`; bits from Mesa `sid.h`, `S_586_*`.
    GcrCntl {
        INSTRUCTION_CACHE = 0x1,
        SHADER_READ_VECTOR = 0x300,
        SHADER_READ = 0x380,
        GL2_WRITE_BACK = 0x8030,
        INVALIDATE_ALL_GFX12 = 0xc381,
        INVALIDATE_ALL = 0xc3b1,
    }
    /// What part of memory a cache operation is about. GL1 has no VOL.
    ///
    /// Source: Mesa `sid.h`, `V_586_GL2_ALL` to `V_586_GL2_FIRST_LAST`.
    GcrRange { ALL = 0, VOL = 1, RANGE = 2, FIRST_LAST = 3 }
    /// The order of cache operations: all at once, inner caches first, outer caches first.
    ///
    /// Source: Mesa `sid.h`, `V_586_SEQ_*`.
    GcrSeq { PARALLEL = 0, FORWARD = 1, REVERSE = 2 }
    /// What part of the instruction cache is dropped.
    ///
    /// Source: Mesa `sid.h`, `V_586_GLI_*`.
    GliInv { NOP = 0, ALL = 1, RANGE = 2, FIRST_LAST = 3 }
    /// SET_PREDICATION: what to do before the results are there.
    Hint { WAIT_UNTIL_FINAL_ZPASS_WRITTEN = 0, DRAW_IF_NOT_FINAL_ZPASS_WRITTEN = 1 }
    /// Which interrupt RELEASE_MEM raises, and when.
    IntSel {
        NONE = 0,
        SEND_INTERRUPT_ONLY = 1,
        SEND_INTERRUPT_AFTER_WRITE_CONFIRM = 2,
        SEND_DATA_AND_WRITE_CONFIRM = 3,
        UNCONDITIONALLY_SEND_INT_CTXID = 4,
        CONDITIONALLY_SEND_INT_CTXID_BASED_ON_32_BIT_COMPARE = 5,
        CONDITIONALLY_SEND_INT_CTXID_BASED_ON_64_BIT_COMPARE = 6,
    }
    /// INVALIDATE_TLBS: whose translations go.
    InvalidateSel { INVALIDATE = 0, USE_PASID = 1 }
    /// How LOAD_*_REG_INDEX finds its memory.
    LoadRegIndex { DIRECT_ADDR = 0, OFFSET = 1, INDIRECT_ADDR = 2 }
    /// Who chooses the slots.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`.
    MapQueuesQueueSel { MAP_TO_SPECIFIED_QUEUE_SLOTS = 0, MAP_TO_HWS_DETERMINED_QUEUE_SLOTS = 1 }
    /// How a queue is scheduled.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`.
    MapQueuesQueueType {
        NORMAL_COMPUTE = 0,
        DEBUG_INTERFACE_QUEUE = 1,
        NORMAL_LATENCY_STATIC_QUEUE = 2,
        LOW_LATENCY_STATIC_QUEUE = 3,
    }
    /// What WAIT_REG_MEM polls.
    MemSpace { REGISTER_SPACE = 0, MEMORY_SPACE = 1 }
    /// What RELEASE_MEM tells the scheduler firmware.
    MesActionId {
        NO_MES_NOTIFICATION = 0,
        INTERRUPT_AND_FENCE = 1,
        INTERRUPT_NO_FENCE_THEN_ADDRESS_PAYLOAD = 2,
        INTERRUPT_AND_ADDRESS_PAYLOAD = 3,
    }
    /// INVALIDATE_TLBS: what happens in the hub of the display and video engines.
    MmhubInvalidateSel { DO_NOT_INVALIDATE_MMHUB = 0, USE_MMHUB_FLUSH_TYPE = 1, USE_GFX_FLUSH_TYPE = 2 }
    /// DISPATCH_DRAW_PREAMBLE: whether the end-of-pipe event is suppressed.
    NotEop { NORMAL_EOP = 0, SUPPRESS_EOP = 1 }
    /// Where REG_RMW takes its OR mask from.
    OrMaskSrc { IMMEDIATE = 0, REG_OR_ADDR = 1 }
    /// What PERF_COUNTER_WINDOW does. gfx11 names no values.
    PerfCounterWindowOp { STOP_WINDOW = 0, START_WINDOW = 7 }
    /// Whether PERFMON_CONTROL switches the counter on.
    PmcEn { PERFMON_DISABLE = 0, PERFMON_ENABLE = 1 }
    /// What COND_WRITE reads.
    PollSpace { REGISTER = 0, MEMORY = 1 }
    /// Whether the queue's execution status moves on.
    PqExeStatus { DEFAULT = 0, PHASE_UPDATE = 1 }
    /// What PREAMBLE_CNTL begins or ends.
    PreambleCntlCommand {
        PREAMBLE_BEGIN = 0,
        PREAMBLE_END = 1,
        BEGIN_OF_CLEAR_STATE_INITIALIZATION = 2,
        END_OF_CLEAR_STATE_INITIALIZATION = 3,
        USER_QUEUES_STATE_SAVE = 4,
        USER_QUEUES_STATE_RESTORE = 5,
    }
    /// SET_PREDICATION: which result lets packets through.
    PredBool { DRAW_IF_NOT_VISIBLE_OR_OVERFLOW = 0, DRAW_IF_VISIBLE_OR_NO_OVERFLOW = 1 }
    /// SET_PREDICATION: where the predicate comes from.
    PredOp { CLEAR_PREDICATE = 0, SET_ZPASS_PREDICATE = 1, SET_PRIMCOUNT_PREDICATE = 2, DX12 = 3, VULKAN = 4 }
    /// PRIME_UTCL2: whether to wait for the translations.
    PrimeMode { DONT_WAIT_FOR_XACK = 0, WAIT_FOR_XACK = 1 }
    /// Which pixel-wait-sync counter ACQUIRE_MEM waits for.
    PwsCounterSel { TS_SELECT = 0, PS_SELECT = 1, CS_SELECT = 2 }
    /// Whether ACQUIRE_MEM is in its pixel-wait-sync form.
    PwsEna { PIXEL_WAIT_SYNC_DISABLE = 0, PIXEL_WAIT_SYNC_ENABLE = 1 }
    /// Which stage ACQUIRE_MEM makes wait.
    PwsStageSel { PRE_DEPTH = 0, PRE_SHADER = 1, PRE_COLOR = 2, PRE_PIX_SHADER = 3, CP_PFP = 4, CP_ME = 5 }
    /// What QUERY_STATUS does.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`.
    QueryStatusCommand {
        INTERRUPT_ONLY = 0,
        FENCE_ONLY_IMMEDIATE = 1,
        FENCE_ONLY_AFTER_WRITE_ACK = 2,
        FENCE_WAIT_FOR_WRITE_ACK_SEND_INTERRUPT = 3,
    }
    /// Which interrupt QUERY_STATUS raises.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`.
    QueryStatusInterruptSel { COMPLETION_STATUS = 0, PROCESS_STATUS = 1, QUEUE_STATUS = 2 }
    /// The engine that a kernel queue feeds.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`; GFX and MES from `gfx_v11_0.c`, `gfx11_kiq_map_queues`.
    QueueEngine { COMPUTE = 0, SDMA0 = 2, SDMA1 = 3, GFX = 4, MES = 5 }
    /// Where RELEASE_MEM writes.
    ReleaseMemDstSel {
        MEMORY_CONTROLLER = 0,
        TC_L2 = 1,
        QUEUE_WRITE_POINTER_REGISTER = 2,
        QUEUE_WRITE_POINTER_POLL_MASK_BIT = 3,
    }
    /// How a compute ring samples its pipeline statistics.
    SampPlstCntrMode { LEGACY_MODE = 0, MIXED_MODE1 = 1, NEW_MODE = 2, MIXED_MODE3 = 3 }
    /// What MEM_SEMAPHORE does.
    SemSel { SIGNAL_SEMAPHORE = 6, WAIT_SEMAPHORE = 7 }
    /// The queue that SET_RESOURCES comes from.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`.
    SetResourcesQueueType {
        KERNEL_INTERFACE_QUEUE_KIQ = 0,
        HSA_INTERFACE_QUEUE_HIQ = 1,
        HSA_DEBUG_INTERFACE_QUEUE = 4,
    }
    /// How SET_CONFIG_REG, SET_SH_REG and SET_SH_REG_INDEX write: as is, with the VMID put in at `vmid_shift`, through
    /// the shadow of COMPUTE_DISPATCH_INTERLEAVE, masked by the compute units that the kernel allows.
    SetShRegIndexIndex {
        DEFAULT = 0,
        INSERT_VMID = 1,
        COMPUTE_DISPATCH_INTERLEAVE_SHADOW = 2,
        APPLY_KMD_CU_AND_MASK = 3,
    }
    /// What SET_SH_REG_OFFSET puts into the register.
    SetShRegOffsetIndex { NORMAL_OPERATION = 0, DATA_INDIRECT_2DW_256B = 1, DATA_INDIRECT_1DW = 2 }
    /// Which register SET_UCONFIG_REG_INDEX is about, so that the packet is valid on every chip.
    SetUconfigRegIndexIndex { DEFAULT = 0, INDEX_TYPE = 2, NUM_INSTANCES = 3 }
    /// Which shadow memory REG_RMW updates too.
    ShadowBaseSel { NO_SHADOW = 0, SHADOW_GLOBAL_UCONFIG = 1 }
    /// How MEM_SEMAPHORE signals.
    SignalType { SIGNAL_TYPE_INCREMENT = 0, SIGNAL_TYPE_WRITE = 1 }
    /// Where STRMOUT_BUFFER_UPDATE takes the new offset from.
    SourceSelect { USE_BUFFER_OFFSET = 0, READ_STRMOUT_BUFFER_FILLED_SIZE = 1, FROM_SRC_ADDRESS = 2, NONE = 3 }
    /// How the caches treat the access, gfx12.
    Temporal { RT = 0, NT = 1, HT = 2, LU = 3 }
    /// Whether the frame's memory is encrypted.
    Tmz { TMZ_OFF = 0, TMZ_ON = 1 }
    /// What happens to the queues' work.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`; PREEMPT_QUEUES_NO_UNMAP from `amdgpu_gfx.h`.
    UnmapQueuesAction {
        PREEMPT_QUEUES = 0,
        RESET_QUEUES = 1,
        DISABLE_PROCESS_QUEUES = 2,
        PREEMPT_QUEUES_NO_UNMAP = 3,
    }
    /// Which queues are meant.
    ///
    /// Source: Linux `kfd_pm4_headers_ai.h`.
    UnmapQueuesQueueSel {
        PERFORM_REQUEST_ON_SPECIFIED_QUEUES = 0,
        PERFORM_REQUEST_ON_PASID_QUEUES = 1,
        UNMAP_ALL_QUEUES = 2,
        UNMAP_ALL_NON_STATIC_QUEUES = 3,
    }
    /// Whether STRMOUT_BUFFER_UPDATE writes the filled size to memory.
    UpdateMemory { DONT_UPDATE_MEMORY = 0, UPDATE_MEMORY_AT_DST_ADDRESS = 1 }
    /// Whether MEM_SEMAPHORE waits for the mailbox.
    UseMailbox { DO_NOT_WAIT_FOR_MAILBOX = 0, WAIT_FOR_MAILBOX = 1 }
    /// Which stages' user data EXECUTE_INDIRECT_V2 sets. 0 is PS, GS or CS alone, as the operation has it.
    UserdataScatterMode { PS_ONLY = 0, PS_GS = 1, PS_GS_HS = 2 }
    /// What WAIT_REG_MEM does: wait, write a register and wait for another one, wait if a condition holds, wait and
    /// let others run meanwhile.
    WaitRegMemOperation { WAIT_REG_MEM = 0, WR_WAIT_WR_REG = 1, WAIT_REG_MEM_COND = 2, WAIT_MEM_PREEMPTABLE = 3 }
    /// Whether the next packet waits until the write has been confirmed.
    WrConfirm { DO_NOT_WAIT_FOR_WRITE_CONFIRMATION = 0, WAIT_FOR_WRITE_CONFIRMATION = 1 }
    /// What COND_WRITE writes.
    WriteSpace { REGISTER = 0, MEMORY = 1, SCRATCH = 2 }
}

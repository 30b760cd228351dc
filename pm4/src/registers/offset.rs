//! Absolute offsets of the registers that a compute stream sets, or that a linter wants to know.
//!
//! They hold for gfx10.3, gfx11 and gfx12 unless a row says otherwise. Where gfx10 lacks a register, another one can be
//! at its offset: COMPUTE_RELAUNCH and the addresses of the wave restore are at those of shader engines 4 to 7.

use super::space::RegOffset;

macro_rules! offsets {
    ($( $name:ident $offset:literal $doc:literal; )+) => {
        $(
            #[doc = $doc]
            pub const $name: RegOffset = RegOffset::new($offset);
        )+

        /// All of them with their names, by offset.
        pub const ALL: &[(&str, RegOffset)] = &[$( (stringify!($name), $name) ),+];
    };
}

// Name, absolute dword offset, meaning.
//
// Source: Mesa `src/amd/registers/gfx11.json`, Linux `asic_reg/gc/gc_11_0_0_offset.h`; meanings from Mesa
// `src/amd/vulkan/radv_cmd_buffer.c` and `radv_queue.c`, PAL `gfx9ComputeCmdBuffer.cpp`, Linux `kfd_mqd_manager_v11.c`.
#[rustfmt::skip]
offsets! {
    COMPUTE_DISPATCH_INITIATOR       0x2E00 "Written by the last dword of a dispatch packet; no stream sets it.";
    COMPUTE_DIM_X                    0x2E01 "Workgroups along X, written by DISPATCH_DIRECT.";
    COMPUTE_DIM_Y                    0x2E02 "Workgroups along Y.";
    COMPUTE_DIM_Z                    0x2E03 "Workgroups along Z.";
    COMPUTE_START_X                  0x2E04 "First workgroup along X; if not 0, the packet has ends, not counts.";
    COMPUTE_START_Y                  0x2E05 "First workgroup along Y.";
    COMPUTE_START_Z                  0x2E06 "First workgroup along Z.";
    COMPUTE_NUM_THREAD_X             0x2E07 "Threads of a workgroup along X.";
    COMPUTE_NUM_THREAD_Y             0x2E08 "Threads of a workgroup along Y.";
    COMPUTE_NUM_THREAD_Z             0x2E09 "Threads of a workgroup along Z.";
    COMPUTE_PIPELINESTAT_ENABLE      0x2E0A "Bit 0 counts the dispatch in the pipeline statistics.";
    COMPUTE_PERFCOUNT_ENABLE         0x2E0B "Bit 0 counts the dispatch in windowed performance counters.";
    COMPUTE_PGM_LO                   0x2E0C "Bits 39:8 of the address of the first instruction.";
    COMPUTE_PGM_HI                   0x2E0D "Bits 47:40 of the address of the first instruction.";
    COMPUTE_DISPATCH_PKT_ADDR_LO     0x2E0E "Bits 39:8 of the AQL packet's address.";
    COMPUTE_DISPATCH_PKT_ADDR_HI     0x2E0F "Bits 47:40 of the AQL packet's address.";
    COMPUTE_DISPATCH_SCRATCH_BASE_LO 0x2E10 "Bits 39:8 of the scratch buffer's address.";
    COMPUTE_DISPATCH_SCRATCH_BASE_HI 0x2E11 "Bits 47:40 of the scratch buffer's address.";
    COMPUTE_PGM_RSRC1                0x2E12 "Registers and modes of a wave.";
    COMPUTE_PGM_RSRC2                0x2E13 "What a wave starts with, and its LDS.";
    COMPUTE_VMID                     0x2E14 "The kernel's: a stream never sets it.";
    COMPUTE_RESOURCE_LIMITS          0x2E15 "Limits of waves and workgroups, and how they spread.";
    COMPUTE_STATIC_THREAD_MGMT_SE0   0x2E16 "Compute units of shader engine 0 that take waves.";
    COMPUTE_STATIC_THREAD_MGMT_SE1   0x2E17 "Compute units of shader engine 1 that take waves.";
    COMPUTE_TMPRING_SIZE             0x2E18 "Size of the scratch ring.";
    COMPUTE_STATIC_THREAD_MGMT_SE2   0x2E19 "Compute units of shader engine 2 that take waves.";
    COMPUTE_STATIC_THREAD_MGMT_SE3   0x2E1A "Compute units of shader engine 3 that take waves.";
    COMPUTE_RESTART_X                0x2E1B "Where a dispatch resumes along X.";
    COMPUTE_RESTART_Y                0x2E1C "Where a dispatch resumes along Y.";
    COMPUTE_RESTART_Z                0x2E1D "Where a dispatch resumes along Z.";
    COMPUTE_THREAD_TRACE_ENABLE      0x2E1E "Bit 0 traces the dispatch.";
    COMPUTE_MISC_RESERVED            0x2E1F "The kernel's: a stream leaves it alone.";
    COMPUTE_DISPATCH_ID              0x2E20 "State of the hardware.";
    COMPUTE_THREADGROUP_ID           0x2E21 "State of the hardware.";
    COMPUTE_REQ_CTRL                 0x2E22 "How compute units ask for workgroups.";
    COMPUTE_USER_ACCUM_0             0x2E24 "Weight of accumulator 0 in the priority of waves.";
    COMPUTE_USER_ACCUM_1             0x2E25 "Weight of accumulator 1 in the priority of waves.";
    COMPUTE_USER_ACCUM_2             0x2E26 "Weight of accumulator 2 in the priority of waves.";
    COMPUTE_USER_ACCUM_3             0x2E27 "Weight of accumulator 3 in the priority of waves.";
    COMPUTE_PGM_RSRC3                0x2E28 "Prefetch of instructions and shared VGPRs.";
    COMPUTE_DDID_INDEX               0x2E29 "State of the hardware.";
    COMPUTE_SHADER_CHKSUM            0x2E2A "Checksum of the code, for tracing only.";
    COMPUTE_STATIC_THREAD_MGMT_SE4   0x2E2B "Compute units of shader engine 4 that take waves. Not on gfx10.";
    COMPUTE_STATIC_THREAD_MGMT_SE5   0x2E2C "Compute units of shader engine 5 that take waves. Not on gfx10.";
    COMPUTE_STATIC_THREAD_MGMT_SE6   0x2E2D "Compute units of shader engine 6 that take waves. Not on gfx10.";
    COMPUTE_STATIC_THREAD_MGMT_SE7   0x2E2E "Compute units of shader engine 7 that take waves. Not on gfx10.";
    COMPUTE_DISPATCH_INTERLEAVE      0x2E2F "Threads for a shader engine before the next one's turn. gfx11 and later.";
    COMPUTE_USER_DATA_0              0x2E40 "User SGPR 0 of every wave.";
    COMPUTE_USER_DATA_1              0x2E41 "User SGPR 1 of every wave.";
    COMPUTE_USER_DATA_2              0x2E42 "User SGPR 2 of every wave.";
    COMPUTE_USER_DATA_3              0x2E43 "User SGPR 3 of every wave.";
    COMPUTE_USER_DATA_4              0x2E44 "User SGPR 4 of every wave.";
    COMPUTE_USER_DATA_5              0x2E45 "User SGPR 5 of every wave.";
    COMPUTE_USER_DATA_6              0x2E46 "User SGPR 6 of every wave.";
    COMPUTE_USER_DATA_7              0x2E47 "User SGPR 7 of every wave.";
    COMPUTE_USER_DATA_8              0x2E48 "User SGPR 8 of every wave.";
    COMPUTE_USER_DATA_9              0x2E49 "User SGPR 9 of every wave.";
    COMPUTE_USER_DATA_10             0x2E4A "User SGPR 10 of every wave.";
    COMPUTE_USER_DATA_11             0x2E4B "User SGPR 11 of every wave.";
    COMPUTE_USER_DATA_12             0x2E4C "User SGPR 12 of every wave.";
    COMPUTE_USER_DATA_13             0x2E4D "User SGPR 13 of every wave.";
    COMPUTE_USER_DATA_14             0x2E4E "User SGPR 14 of every wave.";
    COMPUTE_USER_DATA_15             0x2E4F "User SGPR 15 of every wave.";
    COMPUTE_DISPATCH_TUNNEL          0x2E7D "Tunnelling of dispatches on queues of high priority.";
    COMPUTE_DISPATCH_END             0x2E7E "State of the hardware.";
    COMPUTE_NOWHERE                  0x2E7F "Writes to it are lost.";
    SCRATCH_REG0                     0xC040 "Free for software; drivers keep markers in them.";
    SCRATCH_REG1                     0xC041 "Free for software; drivers keep markers in them.";
    SCRATCH_REG2                     0xC042 "Free for software; drivers keep markers in them.";
    SCRATCH_REG3                     0xC043 "Free for software; drivers keep markers in them.";
    SCRATCH_REG4                     0xC044 "Free for software; drivers keep markers in them.";
    SCRATCH_REG5                     0xC045 "Free for software; drivers keep markers in them.";
    SCRATCH_REG6                     0xC046 "Free for software; drivers keep markers in them.";
    SCRATCH_REG7                     0xC047 "Free for software; drivers keep markers in them.";
    GRBM_GFX_INDEX                   0xC200 "Which engines, arrays and instances the next register accesses reach.";
    SQ_THREAD_TRACE_USERDATA_0       0xC340 "Writes put a marker into a thread trace.";
    SQ_THREAD_TRACE_USERDATA_1       0xC341 "Writes put a marker into a thread trace.";
    SQ_THREAD_TRACE_USERDATA_2       0xC342 "Writes put a marker into a thread trace.";
    SQ_THREAD_TRACE_USERDATA_3       0xC343 "Writes put a marker into a thread trace.";
    TA_CS_BC_BASE_ADDR               0xC380 "Bits 39:8 of the address of the border colours, for sampling images.";
    TA_CS_BC_BASE_ADDR_HI            0xC381 "Bits 47:40 of the address of the border colours.";
}

//! Typed values of the registers that a compute stream sets.
//!
//! One table gives each register's type, its getters and its checked setters. Fields are gfx11's; where gfx10.3 or
//! gfx12 cut a register up in another way, its documentation says so, and [`Registers`](super::Registers) has theirs.
//!
//! Source: Mesa `src/amd/registers/gfx11.json`, Linux `asic_reg/gc/gc_11_0_0_sh_mask.h`. What the fields do: Mesa
//! `src/amd/vulkan/radv_cmd_buffer.c`, `src/amd/common/ac_shader_util.c`; PAL `gfx9ComputeCmdBuffer.cpp`; LLVM
//! `AMDGPUUsage.rst`.

use core::fmt;

use super::offset;
use super::space::RegOffset;
use crate::field::{FieldError, extract, insert, max};

/// How a typed value is cut up, and the registers that hold one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueLayout {
    /// Registers by their names.
    pub registers: &'static [(&'static str, RegOffset)],
    /// Fields, by their low bits.
    pub fields: &'static [ValueField],
}

/// A field of a typed value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueField {
    /// Name, spelled as AMD's headers do.
    pub name: &'static str,
    /// Highest bit.
    pub hi: u32,
    /// Lowest bit.
    pub lo: u32,
}

macro_rules! register_values {
    ($( $(#[$doc:meta])* $type:ident = $first:ident $($more:ident)* {
        $( $get:ident $field:ident[$hi:literal:$lo:literal] $about:literal; )+
    } )+) => {
        $( ::pastey::paste! {
            $(#[$doc])*
            #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
            pub struct $type(pub u32);

            impl $type {
                /// Where it is; of several such registers, the first.
                pub const OFFSET: RegOffset = offset::$first;

                /// Its registers and fields.
                pub const LAYOUT: ValueLayout = ValueLayout {
                    registers: &[(stringify!($first), offset::$first) $(, (stringify!($more), offset::$more))*],
                    fields: &[$( ValueField { name: stringify!($field), hi: $hi, lo: $lo } ),+],
                };

                $(
                    #[doc = concat!("`", stringify!($field), "`, bits ", $hi, ":", $lo, ": ", $about)]
                    pub const fn $get(self) -> u32 {
                        extract(self.0, $hi, $lo)
                    }

                    #[doc = concat!("The same with another `", stringify!($field), "`.")]
                    ///
                    /// # Errors
                    /// [`FieldError`] where the value has more bits than the field.
                    pub const fn [<with_ $get>](self, value: u32) -> Result<Self, FieldError> {
                        const BITS: u32 = $hi - $lo + 1;
                        if value as u64 > max(BITS) {
                            let (owner, field) = (stringify!($first), stringify!($field));
                            return Err(FieldError { owner, field, value: value as u64, bits: BITS });
                        }
                        Ok(Self(insert(self.0, $hi, $lo, value)))
                    }
                )+
            }

            impl fmt::Debug for $type {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!(stringify!($type), "({:#010x}"), self.0)?;
                    $(
                        if self.$get() != 0 {
                            write!(f, concat!(", ", stringify!($field), " = {:#x}"), self.$get())?;
                        }
                    )+
                    f.write_str(")")
                }
            }
        } )+

        /// The layouts of all typed values.
        pub const LAYOUTS: &[ValueLayout] = &[$( $type::LAYOUT ),+];
    };
}

// A type, the register or registers that hold it, then a field a line: getter, AMD's name, bits, meaning.
#[rustfmt::skip]
register_values! {
    /// How a dispatch starts: the last dword of DISPATCH_DIRECT and DISPATCH_INDIRECT.
    ///
    /// gfx10.3 ends at bit 15. gfx12 has PING_PONG_EN in bit 12, INTERLEAVE_2D_EN in 18 and TTRACE_QUEUE_ID in 31:29.
    ComputeDispatchInitiator = COMPUTE_DISPATCH_INITIATOR {
        compute_shader_en      COMPUTE_SHADER_EN[0:0]        "1, or nothing is launched.";
        partial_tg_en          PARTIAL_TG_EN[1:1]            "the last workgroups have NUM_THREAD_PARTIAL threads.";
        force_start_at_000     FORCE_START_AT_000[2:2]       "COMPUTE_START_* is ignored.";
        ordered_append_enbl    ORDERED_APPEND_ENBL[3:3]      "drivers leave it 0.";
        ordered_append_mode    ORDERED_APPEND_MODE[4:4]      "drivers leave it 0.";
        use_thread_dimensions  USE_THREAD_DIMENSIONS[5:5]    "sizes count threads, not workgroups.";
        order_mode             ORDER_MODE[6:6]               "waves may launch out of order.";
        scalar_l1_inv_vol      SCALAR_L1_INV_VOL[10:10]      "drivers leave it 0.";
        vector_l1_inv_vol      VECTOR_L1_INV_VOL[11:11]      "drivers leave it 0.";
        reserved               RESERVED[12:12]               "reserved.";
        tunnel_enable          TUNNEL_ENABLE[13:13]          "matters to queues of high priority only.";
        restore                RESTORE[14:14]                "drivers leave it 0.";
        cs_w32_en              CS_W32_EN[15:15]              "the code is wave32, not wave64.";
        amp_shader_en          AMP_SHADER_EN[16:16]          "drivers leave it 0.";
        disable_disp_prempt_en DISABLE_DISP_PREMPT_EN[17:17] "for task shaders.";
    }

    /// Threads of a workgroup along one axis.
    ///
    /// gfx12 has NUM_THREAD_FULL in 12:0 and, along X and Y, INTERLEAVE_BITS in 15:13.
    ComputeNumThread = COMPUTE_NUM_THREAD_X COMPUTE_NUM_THREAD_Y COMPUTE_NUM_THREAD_Z {
        full    NUM_THREAD_FULL[15:0]     "threads.";
        partial NUM_THREAD_PARTIAL[31:16] "threads of the last workgroup, for PARTIAL_TG_EN; never 0.";
    }

    /// Registers and modes of a wave.
    ///
    /// gfx12 has WG_RR_EN in bit 21, DEBUG_MODE in 22, DISABLE_PERF in 23 and CDBG_USER in 25.
    ComputePgmRsrc1 = COMPUTE_PGM_RSRC1 {
        vgprs        VGPRS[5:0]          "VGPRs in units of 8 (wave32) or 4 (wave64), minus 1.";
        sgprs        SGPRS[9:6]          "ignored: every wave has 106.";
        priority     PRIORITY[11:10]     "drivers leave it 0.";
        float_mode   FLOAT_MODE[19:12]   "0xC0: to nearest even, denormals of f32 flushed; 0xF0: all kept.";
        privileged   PRIV[20:20]         "0 on the queues that the kernel gives users.";
        dx10_clamp   DX10_CLAMP[21:21]   "clamping turns NaN into 0.";
        ieee_mode    IEEE_MODE[23:23]    "minimum and maximum quiet signalling NaNs.";
        bulky        BULKY[24:24]        "drivers leave it 0.";
        fp16_ovfl    FP16_OVFL[26:26]    "f16 overflows to the largest number, not to infinity.";
        wgp_mode     WGP_MODE[29:29]     "a workgroup may spread over both compute units of a WGP.";
        mem_ordered  MEM_ORDERED[30:30]  "loads return in order, as vmcnt then means it.";
        fwd_progress FWD_PROGRESS[31:31] "old waves go first.";
    }

    /// What a wave starts with, and its workgroup's LDS.
    ///
    /// gfx12 has DYNAMIC_VGPR in bit 6 and WGP_TAKEOVER in 31, and passes the workgroup's ids in TTMP registers.
    ComputePgmRsrc2 = COMPUTE_PGM_RSRC2 {
        scratch_en     SCRATCH_EN[0:0]       "waves have scratch memory.";
        user_sgpr      USER_SGPR[5:1]        "SGPRs filled from COMPUTE_USER_DATA_*, 0..16.";
        trap_present   TRAP_PRESENT[6:6]     "drivers leave it 0.";
        tgid_x_en      TGID_X_EN[7:7]        "the workgroup's X in the next SGPR.";
        tgid_y_en      TGID_Y_EN[8:8]        "the workgroup's Y in the next SGPR.";
        tgid_z_en      TGID_Z_EN[9:9]        "the workgroup's Z in the next SGPR.";
        tg_size_en     TG_SIZE_EN[10:10]     "waves of the workgroup and the wave's index in the next SGPR.";
        tidig_comp_cnt TIDIG_COMP_CNT[12:11] "thread ids: 0 = X, 1 = XY, 2 = XYZ.";
        excp_en_msb    EXCP_EN_MSB[14:13]    "drivers leave it 0.";
        lds_size       LDS_SIZE[23:15]       "LDS in units of 512 bytes, at most 128.";
        excp_en        EXCP_EN[30:24]        "drivers leave it 0.";
    }

    /// Prefetch of instructions and shared VGPRs.
    ///
    /// gfx10.3 has SHARED_VGPR_CNT alone. gfx12 has INST_PREF_SIZE in 11:4, GLG_EN in 13 and no traps.
    ComputePgmRsrc3 = COMPUTE_PGM_RSRC3 {
        shared_vgpr_cnt SHARED_VGPR_CNT[3:0] "units of 8, wave64 only.";
        inst_pref_size  INST_PREF_SIZE[9:4]  "code fetched ahead, in units of 128 bytes; all mapped.";
        trap_on_start   TRAP_ON_START[10:10] "drivers leave it 0.";
        trap_on_end     TRAP_ON_END[11:11]   "drivers leave it 0.";
        image_op        IMAGE_OP[31:31]      "drivers leave it 0.";
    }

    /// Limits of waves and workgroups, and how they spread. 0 sets no limit.
    ComputeResourceLimits = COMPUTE_RESOURCE_LIMITS {
        waves_per_sh    WAVES_PER_SH[9:0]      "waves per shader engine.";
        tg_per_cu       TG_PER_CU[15:12]       "workgroups per compute unit.";
        lock_threshold  LOCK_THRESHOLD[21:16]  "drivers leave it 0.";
        simd_dest_cntl  SIMD_DEST_CNTL[22:22]  "for workgroups of a multiple of 4 waves.";
        force_simd_dist FORCE_SIMD_DIST[23:23] "spreads workgroups of one wave over the SIMDs.";
        cu_group_count  CU_GROUP_COUNT[26:24]  "workgroups for a compute unit before the next one's turn, minus 1.";
    }

    /// Compute units of a shader engine that take waves, a bit each.
    ///
    /// The kernel sets engines 0 to 3 only. gfx10 has no others; of several names of 0 to 3, COMPUTE_DESTINATION_EN_SE*
    /// is the primary one. Source: Linux `kfd_mqd_manager_v11.c`, `gfx_v11_0.c`.
    ComputeStaticThreadMgmt = COMPUTE_STATIC_THREAD_MGMT_SE0 COMPUTE_STATIC_THREAD_MGMT_SE1
        COMPUTE_STATIC_THREAD_MGMT_SE2 COMPUTE_STATIC_THREAD_MGMT_SE3 COMPUTE_STATIC_THREAD_MGMT_SE4
        COMPUTE_STATIC_THREAD_MGMT_SE5 COMPUTE_STATIC_THREAD_MGMT_SE6 COMPUTE_STATIC_THREAD_MGMT_SE7
    {
        sa0_cu_en SA0_CU_EN[15:0]  "of shader array 0.";
        sa1_cu_en SA1_CU_EN[31:16] "of shader array 1.";
    }

    /// Size of the scratch ring. Waves in flight must not see it change.
    ///
    /// WAVESIZE is in units of 1 KiB and 24:12 on gfx10.3, and 29:12 on gfx12.
    ComputeTmpringSize = COMPUTE_TMPRING_SIZE {
        waves    WAVES[11:0]     "waves per shader engine that have scratch at a time.";
        wavesize WAVESIZE[26:12] "scratch of a wave in units of 256 bytes.";
    }

    /// How many threads a shader engine is given before the next one's turn. gfx11 and later.
    ///
    /// gfx12 calls it INTERLEAVE_1D, and has 2D sizes in 19:16 and 27:24.
    ComputeDispatchInterleave = COMPUTE_DISPATCH_INTERLEAVE {
        interleave INTERLEAVE[9:0] "0 = off, 64, 128, 256 or 512 threads.";
    }

    /// Tunnelling of dispatches on queues of high priority. gfx12 has OFF_DELAY alone, in 12:0.
    ComputeDispatchTunnel = COMPUTE_DISPATCH_TUNNEL {
        off_delay OFF_DELAY[9:0]   "drivers leave it 0.";
        immediate IMMEDIATE[10:10] "drivers leave it 0.";
    }

    /// How compute units ask for workgroups. 0 is what drivers leave or write.
    ComputeReqCtrl = COMPUTE_REQ_CTRL {
        soft_grouping_en                     SOFT_GROUPING_EN[0:0]                       "drivers leave it 0.";
        number_of_requests_per_cu            NUMBER_OF_REQUESTS_PER_CU[4:1]              "drivers leave it 0.";
        soft_grouping_allocation_timeout     SOFT_GROUPING_ALLOCATION_TIMEOUT[8:5]       "drivers leave it 0.";
        hard_lock_hysteresis                 HARD_LOCK_HYSTERESIS[9:9]                   "drivers leave it 0.";
        hard_lock_low_threshold              HARD_LOCK_LOW_THRESHOLD[14:10]              "drivers leave it 0.";
        producer_request_lockout             PRODUCER_REQUEST_LOCKOUT[15:15]             "drivers leave it 0.";
        global_scanning_en                   GLOBAL_SCANNING_EN[16:16]                   "drivers leave it 0.";
        allocation_rate_throttling_threshold ALLOCATION_RATE_THROTTLING_THRESHOLD[19:17] "drivers leave it 0.";
        dedicated_preallocation_buffer_limit DEDICATED_PREALLOCATION_BUFFER_LIMIT[26:20] "drivers leave it 0.";
    }

    /// The kernel's, which sets 7: a stream leaves it alone.
    ///
    /// SEND_SEID is 1:0 on gfx10.3, 3:0 on gfx12, in place of the reserved bits above it.
    ComputeMiscReserved = COMPUTE_MISC_RESERVED {
        send_seid    SEND_SEID[2:0]     "shader engines that report.";
        reserved3    RESERVED3[3:3]     "reserved.";
        reserved4    RESERVED4[4:4]     "reserved.";
        wave_id_base WAVE_ID_BASE[16:5] "drivers leave it 0.";
    }
}

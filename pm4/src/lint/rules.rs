//! The rules: one table, which the linter, `--explain` and `docs/pm4-lint.md` share.

use core::fmt;
use core::str::FromStr;

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The stream does not do what it says, faults or hangs: don't submit it.
    Error,
    /// Suspicious, or wrong in a way that no source settles.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// A text that names no rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rule: give PM4-001 or 1, up to PM4-{last:03}", last = Rule::ALL.len())]
pub struct ParseRuleError;

macro_rules! rules {
    ($( $code:literal $name:ident $severity:ident $title:literal $reason:literal $source:literal; )+) => {
        /// A rule of the linter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Rule {
            $( #[doc = concat!($code, ": `", $title, "`.")] $name, )+
        }

        impl Rule {
            /// All rules, by their numbers.
            pub const ALL: &'static [Self] = &[$( Self::$name ),+];

            /// `PM4-017`.
            pub const fn code(self) -> &'static str {
                match self { $( Self::$name => $code, )+ }
            }

            /// How bad it is to break it.
            pub const fn severity(self) -> Severity {
                match self { $( Self::$name => Severity::$severity, )+ }
            }

            /// What is wrong, in one line.
            pub const fn title(self) -> &'static str {
                match self { $( Self::$name => $title, )+ }
            }

            /// What happens on the hardware and why.
            pub const fn reason(self) -> &'static str {
                match self { $( Self::$name => $reason, )+ }
            }

            /// Where that is known from: project and file.
            pub const fn source(self) -> &'static str {
                match self { $( Self::$name => $source, )+ }
            }
        }
    };
}

impl Rule {
    /// The number in [`Self::code`].
    pub const fn id(self) -> u16 {
        self as u16 + 1 // CAST: a discriminant
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl FromStr for Rule {
    type Err = ParseRuleError;

    /// Reads `PM4-017`, `pm4-17` or `17`.
    fn from_str(text: &str) -> Result<Self, ParseRuleError> {
        let number = match text.get(..4) {
            Some(prefix) if prefix.eq_ignore_ascii_case("pm4-") => text.get(4..).unwrap_or_default(),
            _ => text,
        };
        if !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(ParseRuleError);
        }
        let index = number.parse::<usize>().ok().and_then(|id| id.checked_sub(1)).ok_or(ParseRuleError)?;
        Self::ALL.get(index).copied().ok_or(ParseRuleError)
    }
}

// A row: code, variant, severity, title, reason, source. Codes count up without a gap and are never given to another rule.
#[rustfmt::skip]
rules! {
    // Structure: headers, lengths, what a stream is made of.
    "PM4-001" Type0Packet Error "type-0 packet"
        "A type-0 header writes consecutive registers. No driver emits one on gfx9 and later, so it is nearly always data or \
         a packet whose length is wrong, read as a header. What the command processor of gfx11 does with it is unverified."
        "Mesa src/amd/common/ac_parse_ib.c; Linux drivers/gpu/drm/amd/amdgpu/nvd.h";
    "PM4-002" BadHeader Error "type-1 header, or a type-2 header with other bits set"
        "Type 1 is reserved, and a type-2 filler is 0x80000000 exactly. The packet before has the wrong length, or these \
         dwords were overwritten."
        "Linux drivers/gpu/drm/amd/amdgpu/nvd.h";
    "PM4-003" ZeroDwords Error "zero dwords where a packet is due"
        "Zero is a type-0 header. A tail of zeros means that the stream was submitted with the size of its buffer, not with \
         its own length, or that the padding was forgotten."
        "LynnColeArt/sparkle tests/ (submitted 100 dwords of any stream); Mesa src/amd/vulkan/winsys/amdgpu/radv_amdgpu_cs.c pads with NOPs";
    "PM4-004" Truncated Error "packet does not end in the stream"
        "The command processor takes the missing operands from what comes next: padding, the kernel's packets, or unmapped memory."
        "Linux drivers/gpu/drm/amd/amdgpu/amdgpu_cs.c; LynnColeArt/sparkle tests/ (DISPATCH_DIRECT lost its initiator)";
    "PM4-005" OpcodeInLowByte Error "opcode in bits [7:0] of the header"
        "The opcode belongs into bits [15:8]. In the low byte the packet has opcode 0 and its flags are noise: the command \
         processor sees none of these packets."
        "Linux drivers/gpu/drm/amd/amdgpu/nvd.h PACKET3; LynnColeArt/sparkle tests/test_pm4_libdrm_shader.f90";
    "PM4-006" CountInLowByte Error "count in bits [7:0] of the header"
        "The count belongs into bits [29:16]. In the low byte it sets the predicate, shader_type and reserved bits, the packet \
         is two dwords long, and its other operands are read as headers."
        "Linux drivers/gpu/drm/amd/amdgpu/nvd.h PACKET3; LynnColeArt/sparkle tests/test_mini_exact_write_data.c";
    "PM4-007" ReservedHeaderBits Error "reserved bits [7:3] of the header are set"
        "They are zero in every packet that a driver emits; set bits mean that opcode, count or data got into the low byte."
        "AMD PAL gfx9_plus_merged_f32_pfp_pm4_packets.h PM4_PFP_TYPE_3_HEADER";
    "PM4-008" UnknownOpcode Error "opcode that no generation defines"
        "The command processor raises its bad-opcode interrupt, the kernel logs \"Illegal opcode in command stream\" and resets \
         the queue or the GPU."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_bad_op_irq; AMD PAL opcode lists";
    "PM4-009" OpcodeOfOtherGeneration Error "opcode that this generation does not define"
        "The number belongs to a packet of an older or newer generation: an illegal opcode here."
        "AMD PAL opcode lists; Mesa src/amd/common/sid.h";
    "PM4-010" WrongLength Error "count does not match the packet's length"
        "The command processor consumes what the count says, so every later packet is read from the wrong dword. One \
         ACQUIRE_MEM with a count that was off by one hung a gfx90c."
        "AMD PAL gfx9_plus_merged_f32_mec_pm4_packets.h";
    "PM4-011" CountMinusOne Error "count 0x3fff on a packet that is no NOP"
        "Only NOP has the one-dword form whose count is -1. Any other packet swallows the next 16384 dwords."
        "Mesa src/amd/common/sid.h PKT3_NOP_PAD; Linux drivers/gpu/drm/amd/amdgpu/nvd.h";
    "PM4-012" PredicateOnCompute Error "predicate bit on a compute ring"
        "Compute rings have no predicate: the bit is reserved there. It is usually a count or an opcode in the low byte."
        "AMD PAL gfx9_plus_merged_f32_mec_pm4_packets.h (bits [7:0] reserved)";
    "PM4-013" FilterCamBit Warning "reset_filter_cam does not fit the packet"
        "The bit is required on the packets that set registers in pairs and means nothing elsewhere: without it the register \
         filter may drop writes that it takes for redundant."
        "Mesa src/amd/common/ac_pm4.c; src/amd/common/sid.h PKT3_RESET_FILTER_CAM_S";
    "PM4-014" TypeTwoFiller Warning "type-2 filler"
        "Drivers pad with NOPs of type 3. Mesa uses type 2 only on parts whose flag asks for it, and gfx10 and later are \
         none of them; what their command processors do with it is unverified."
        "Mesa src/amd/common/ac_gpu_info.c (gfx_ib_pad_with_type2)";
    "PM4-015" NopHidesPackets Warning "NOP whose body is packets"
        "The command processor skips the body, so these packets never run. A NOP with a count that is too large does that."
        "Mesa src/amd/common/sid.h PKT3_NOP; AMD PAL PM4_MEC_NOP";
    "PM4-016" UnpaddedIb Error "length of the stream is not a multiple of 8 dwords"
        "The kernel asks for a multiple of 32 bytes; newer kernels refuse others. Fill up with NOPs."
        "Linux drivers/gpu/drm/amd/amdgpu/amdgpu_kms.c ib_size_alignment; Mesa src/amd/common/ac_gpu_info.c ib_pad_dw_mask";
    "PM4-017" UnalignedIb Error "start of the stream is not a multiple of 32 bytes"
        "The kernel reports 32 bytes as the alignment of a stream's start; Mesa takes 256. The effect of less is unverified, \
         and bits [1:0] of the address don't exist in INDIRECT_BUFFER."
        "Linux drivers/gpu/drm/amd/amdgpu/amdgpu_kms.c ib_start_alignment";
    "PM4-018" IbLength Error "stream is empty or longer than 0xfffff dwords"
        "INDIRECT_BUFFER has 20 bits for the size; the kernel refuses longer streams with EINVAL."
        "Linux drivers/gpu/drm/amd/amdgpu/amdgpu_cs.c";
    "PM4-019" DeadCode Warning "packets after the chain packet never run"
        "Execution goes on in the chained stream and does not come back. Mesa pads in front of the chain packet, so that it is the last one."
        "Mesa src/amd/vulkan/winsys/amdgpu/radv_amdgpu_cs.c";
    // Rings: what the engine takes.
    "PM4-020" NotOnRing Error "packet that this ring's engine does not have"
        "The engine has no definition of the packet: at best an illegal-opcode interrupt, and PFP_SYNC_ME waits for ever on a compute ring."
        "AMD PAL gfx9_plus_merged_f32_{mec,me,pfp}_pm4_packets.h; gfx9CmdUtil.cpp";
    "PM4-021" KernelPacket Error "packet of the kernel in a user's stream"
        "It manages queues, translations or privileged registers: from a user's stream it faults or is ignored."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c; amdkfd/kfd_pm4_headers_ai.h";
    "PM4-022" UnpublishedPacket Warning "opcode with a number and no published packet"
        "The number is in AMD's lists but no engine of this generation has a definition for it; most are left over from gfx6 to \
         gfx8 or from the constant engine. Its effect is unverified."
        "AMD PAL opcode lists without a structure in gfx9_plus_merged_f32_*_pm4_packets.h";
    "PM4-023" CallOnCompute Error "INDIRECT_BUFFER that does not chain, on a compute ring"
        "A compute ring has one level of streams: a stream can go on in another one, and cannot call it."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c; radv_dgc.c (no IB2 on compute)";
    "PM4-024" ChainNotValid Warning "chain packet without VALID on a compute ring"
        "Every driver sets VALID, bit 23, in a packet that chains; what the MEC does without it is unverified."
        "Mesa src/amd/vulkan/winsys/amdgpu/radv_amdgpu_cs.c S_3F2_VALID; Linux gfx_v11_0.c";
    "PM4-025" NestedTooDeep Error "third level of streams"
        "A graphics ring calls IB1 and IB1 calls IB2; there is no IB3."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c; Linux gfx_v11_0.c";
    "PM4-026" Loop Warning "streams that reach themselves"
        "Execution goes round until memory changes or the job times out."
        "Linux drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c (lockup timeout)";
    "PM4-027" VmidInIb Warning "INDIRECT_BUFFER with a VMID in a user's stream"
        "The kernel chooses the address space when it calls the stream; drivers leave the field 0."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c; Mesa src/amd/common/ac_cmdbuf.c";
    "PM4-028" SkipIntoPacket Error "skip that ends inside a packet or past the stream"
        "COND_EXEC and PRED_EXEC count dwords: when the condition fails, execution goes on in the middle of a packet."
        "AMD PAL gfx9CmdUtil.cpp (COND_EXEC is patched to whole packets)";
    "PM4-029" PwsOnCompute Error "pixel-wait-sync form where the engine has none"
        "The counters belong to the graphics ring of gfx11 and later; the bit is reserved elsewhere."
        "AMD PAL gfx9_plus_merged_f32_pfp_pm4_packets.h PM4_PFP_ACQUIRE_MEM, PM4_PFP_RELEASE_MEM";
    "PM4-030" ReservedBits Warning "packet with bits set that it does not have here"
        "This generation's packet has no field there on this ring: a field of another engine or generation, or a shifted operand."
        "AMD PAL gfx9_plus_merged_f32_{mec,me,pfp}_pm4_packets.h";
    // Registers.
    "PM4-031" OutsideSpace Error "register outside the packet's space"
        "The kernel is told of an illegal register access and resets the queue."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_priv_reg_irq; Mesa src/amd/common/sid.h";
    "PM4-032" AbsoluteOffset Error "absolute register offset in a SET packet"
        "SET packets count from the start of their space: SET_SH_REG has COMPUTE_PGM_LO at 0x20c, not at 0x2e0c or 0xb830."
        "Mesa src/amd/common/sid.h SI_SH_REG_OFFSET; LynnColeArt/sparkle (0x2e12)";
    "PM4-033" ReservedRegister Error "register that holds state of the kernel or the firmware"
        "The VMID, MISC_RESERVED and the relaunch and wave-restore state belong to the kernel and to preemption. gfx10.3 \
         has that state where gfx11 has the masks of the shader engines 4 to 7."
        "Mesa src/amd/registers/gfx11.json, gfx103.json; Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c (MQD)";
    "PM4-034" KernelRegister Error "privileged register"
        "The register belongs to the driver or to firmware: the write is dropped, or raises \"Illegal register access in command stream\"."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_priv_reg_irq";
    "PM4-035" UnknownRegister Warning "register that this generation does not have"
        "No header names it. The write is lost or hits something else; CP_COHER_START_DELAY, for one, is gone on gfx11."
        "Mesa src/amd/registers/gfx{103,11,12}.json; Linux include/asic_reg/gc/";
    "PM4-036" DispatchRegister Warning "register that the dispatch packet itself writes"
        "DISPATCH_DIRECT writes DIM and DISPATCH_INITIATOR; a SET_SH_REG of them is overwritten, or starts something."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c; AMD PAL gfx9ComputeCmdBuffer.cpp";
    "PM4-037" RegisterBits Warning "COMPUTE register with bits set that it does not have here"
        "No field of this generation is there: a value of another generation, or an address that was not shifted."
        "Mesa src/amd/registers/gfx{103,11,12}.json";
    "PM4-038" DispatchInterleave Warning "DISPATCH_INTERLEAVE is none of 0, 64, 128, 256, 512"
        "These are the legal numbers of threads; the effect of others is unverified."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c, src/gallium/drivers/radeonsi/si_compute.c; AMD PAL gfx9ComputeCmdBuffer.cpp";
    "PM4-039" GfxIndexNotBroadcast Warning "GRBM_GFX_INDEX is not set back to broadcast"
        "Until it is, register writes reach one engine or instance only, those of the dispatch too, and those of the next stream."
        "Mesa src/amd/common/ac_sqtt.c, radv_perfcounter.c (set back to broadcast after use)";
    "PM4-040" PairsUnused Warning "register pairs that no driver uses here"
        "Mesa sets registers in pairs from gfx12 on; the packed SH forms on gfx11 only where register shadowing is on. \
         Without it the effect is unverified."
        "Mesa src/amd/common/ac_gpu_info.c has_set_*_pairs*";
    "PM4-041" PackedPairsCount Error "packed pairs with a wrong number of registers"
        "The first dword counts registers: even, equal to what follows, and at most 14 in the _N form."
        "Mesa src/amd/common/ac_pm4.c; AMD PAL PM4_PFP_SET_SH_REG_PAIRS_PACKED_N";
    // Dispatches: state.
    "PM4-042" ShaderDisabled Error "dispatch without COMPUTE_SHADER_EN"
        "Bit 0 of the initiator starts the waves; without it the dispatch does nothing."
        "Mesa src/amd/vulkan/radv_device.c S_00B800_COMPUTE_SHADER_EN";
    "PM4-043" InitiatorBits Warning "reserved bits of the initiator are set"
        "This generation's COMPUTE_DISPATCH_INITIATOR has no such field; the effect is unverified."
        "Mesa src/amd/registers/gfx{103,11,12}.json COMPUTE_DISPATCH_INITIATOR";
    "PM4-044" PgmUnset Error "dispatch without COMPUTE_PGM_LO, or with the program at 0"
        "SH registers keep what the last stream on that hardware queue wrote, also another process's: the waves run whatever is at that address."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c radv_emit_compute_pipeline; Linux gfx_v11_0.c (nothing is saved per process)";
    "PM4-045" RsrcUnset Error "dispatch without COMPUTE_PGM_RSRC1 or RSRC2"
        "VGPRs, user SGPRs and LDS are those of the last kernel that ran on the queue."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c; LLVM AMDGPUUsage.rst";
    "PM4-046" NumThreadUnset Error "dispatch without COMPUTE_NUM_THREAD_X, Y and Z"
        "The workgroup has the size that the last stream set."
        "Mesa src/amd/common/ac_cmdbuf.c; radv_cmd_buffer.c";
    "PM4-047" LimitsUnset Warning "dispatch without COMPUTE_PGM_HI, RSRC3, COMPUTE_RESOURCE_LIMITS or COMPUTE_TMPRING_SIZE"
        "What another process left may be the wrong 1 TiB, prefetch past the code or limit the waves. RADV sets COMPUTE_PGM_HI in a \
         stream before; 0 is a good value for the others. COMPUTE_TMPRING_SIZE matters \
         with SCRATCH_EN; whether a stale one holds waves back without it is unverified, so compute rings are asked for it, and \
         RADV leaves it out where nothing needs scratch."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c; AMD PAL gfx9PipelineChunkCs.cpp";
    "PM4-048" CuMasksUnset Warning "dispatch without the thread masks of all shader engines"
        "A warning, as waves do run on the engines that the kernel set. It sets COMPUTE_STATIC_THREAD_MGMT_SE0 to SE3 of a compute queue only: SE4 and SE5 of gfx1100 stay off, a third of the chip, until a \
         stream sets them, and another process may have masked any of them."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_compute_mqd_init; Mesa src/amd/common/ac_cmdbuf.c";
    "PM4-049" CuMasksZero Error "all thread masks are zero"
        "No compute unit may take a wave: the dispatch waits until the job times out."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c; Mesa src/amd/registers/gfx11.json COMPUTE_STATIC_THREAD_MGMT_SE0";
    "PM4-050" EmptyWorkgroup Error "workgroup with no threads"
        "A workgroup has at least one thread along each axis; no driver sends 0."
        "Mesa src/amd/registers/gfx11.json COMPUTE_NUM_THREAD_X; AMD PAL gfx9ComputeCmdBuffer.cpp";
    "PM4-051" LargeWorkgroup Error "workgroup of more than 1024 threads"
        "1024 is the limit of a workgroup, and gfx11 packs the three thread ids into 10 bits each."
        "LLVM AMDGPUUsage.rst; Mesa src/amd/vulkan/radv_physical_device.c maxComputeWorkGroupInvocations";
    "PM4-052" SizeMinusOne Warning "workgroup size looks like a size minus one"
        "NUM_THREAD_FULL is the number of threads, not that minus one."
        "Mesa src/amd/common/ac_cmdbuf.c S_00B81C_NUM_THREAD_FULL; LynnColeArt/sparkle tests/ (size - 1)";
    "PM4-053" EmptyGrid Warning "dispatch of no workgroups"
        "A dimension is 0. Drivers skip such dispatches."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c";
    "PM4-054" FewSgprs Error "fewer than 16 user and system SGPRs in wave32"
        "gfx1100 and gfx1102 need USER_SGPR + TGID_X/Y/Z_EN + TG_SIZE_EN of at least 16 in wave32, a defect that LLVM and LLPC work around. What \
         fails otherwise is not published. Set USER_SGPR to 15 with one id enabled, and read the id from s15."
        "LLVM llvm/lib/Target/AMDGPU/AMDGPU.td FeatureUserSGPRInit16Bug; LLPC lgc/state/TargetInfo.cpp waUserSgprInitBug";
    "PM4-055" ManyUserSgprs Error "more than 16 user SGPRs"
        "There are 16 COMPUTE_USER_DATA registers."
        "LLVM AMDGPUUsage.rst USER_SGPR; Mesa src/amd/registers/gfx11.json";
    "PM4-056" LdsTooLarge Error "LDS_SIZE over 64 KiB"
        "The field counts 512 bytes; a workgroup can have 128 of them. One that asks for more never starts."
        "LLVM AMDGPUUsage.rst LDS_SIZE; Mesa src/amd/common/ac_gpu_info.c lds_size_per_workgroup";
    "PM4-057" TgidMissing Warning "grid along an axis whose workgroup id is off"
        "All workgroups along that axis see the same id: a two-dimensional grid repeats its first row."
        "LLVM AMDGPUUsage.rst ENABLE_SGPR_WORKGROUP_ID_X; Mesa src/amd/registers/gfx11.json COMPUTE_PGM_RSRC2";
    "PM4-058" TidigMissing Warning "workgroup along an axis whose thread id is off"
        "TIDIG_COMP_CNT 0 gives X alone, 1 X and Y, 2 all three: the missing ids read 0."
        "LLVM AMDGPUUsage.rst ENABLE_VGPR_WORKITEM_ID; Mesa src/amd/registers/gfx11.json COMPUTE_PGM_RSRC2";
    "PM4-059" StartUnset Warning "dispatch that uses COMPUTE_START_* without setting them"
        "Without FORCE_START_AT_000 the first workgroup is where the last stream left it."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c radv_emit_dispatch_packets";
    "PM4-060" StartPastEnd Error "COMPUTE_START at or past the dimension"
        "With a start the dimensions are end values, not counts: nothing is left to launch along that axis."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c radv_emit_dispatch_packets";
    "PM4-061" PartialSize Error "PARTIAL_TG_EN with a partial size of 0 or above the full one"
        "NUM_THREAD_PARTIAL is the size of the last workgroup along an axis, and the full size where it divides evenly; 0 is an empty workgroup."
        "Mesa src/gallium/drivers/radeonsi/si_compute.c; radv_cmd_buffer.c";
    "PM4-062" ThreadDimensions Warning "USE_THREAD_DIMENSIONS with fewer threads than a workgroup has"
        "With the bit the dimensions count threads: this grid is one partial workgroup. Workgroup counts were probably meant."
        "AMD PAL gfx9ComputeCmdBuffer.cpp; Mesa src/amd/registers/gfx11.json COMPUTE_DISPATCH_INITIATOR";
    "PM4-063" ScratchUnset Error "SCRATCH_EN without a scratch ring"
        "Waves need TMPRING_SIZE with WAVES and WAVESIZE, and on gfx11 and later DISPATCH_SCRATCH_BASE: otherwise their \
         accesses fault, or they wait for a slot (the latter is unverified)."
        "Mesa src/amd/vulkan/radv_queue.c radv_emit_compute_scratch; LLVM AMDGPUUsage.rst";
    "PM4-064" TrapEnabled Warning "trap or exception enabled without a trap handler"
        "Queues of the kernel have no trap handler; what a wave does then is unverified."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c; LLVM AMDGPUUsage.rst (ENABLE_TRAP_HANDLER must be 0)";
    "PM4-065" Privileged Warning "PRIV is set"
        "Only queues with compute wave save and restore need it; from a user's stream its effect is unverified."
        "AMD PAL gfx9PipelineChunkCs.cpp; tinygrad tinygrad/runtime/ops_amd.py";
    "PM4-066" WavesPerSh Warning "WAVES_PER_SH below the waves of one workgroup"
        "The limit counts waves; a workgroup that does not fit may never start (unverified)."
        "Mesa src/amd/common/ac_gpu_info.c ac_get_compute_resource_limits";
    "PM4-067" ManyVgprs Error "more than 256 VGPRs in wave32"
        "VGPRS counts 8 in wave32: 31 is 256, all there are."
        "LLVM AMDGPUUsage.rst GRANULATED_WORKITEM_VGPR_COUNT";
    "PM4-068" UserDataUnset Warning "user SGPRs that the stream does not set"
        "They hold what another stream left: stale pointers, if the kernel reads them. Graphics rings are left out, where drivers \
         set what the kernel reads and no more."
        "LLVM AMDGPUUsage.rst; Linux gfx_v11_0.c (nothing is saved per process)";
    "PM4-069" UserDataUnused Warning "COMPUTE_USER_DATA above the number of user SGPRs"
        "The waves get USER_SGPR of them: the kernel does not see the others."
        "LLVM AMDGPUUsage.rst USER_SGPR; Mesa src/amd/registers/gfx11.json";
    "PM4-070" IndirectBase Warning "DISPATCH_INDIRECT without an indirect base on the graphics ring"
        "The graphics ring adds the offset to the address of SET_BASE; none is set in this stream."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c; AMD PAL PM4_PFP_DISPATCH_INDIRECT";
    "PM4-071" IndirectAlignment Error "address of the indirect arguments is not a multiple of 4"
        "The command processor reads three dwords and drops the low bits of their address."
        "AMD PAL PM4_MEC_DISPATCH_INDIRECT; Mesa src/amd/vulkan/radv_cmd_buffer.c";
    // Synchronisation.
    "PM4-072" NoInvalidate Warning "first dispatch without an invalidation of the caches"
        "The kernel's fence writes GL2 back and invalidates nothing: instructions, scalars and data that the CPU wrote since may be \
         stale. Begin with ACQUIRE_MEM, GCR_CNTL 0xc3b1 (0xc381 on gfx12), or submit with AMDGPU_IB_FLAG_EMIT_MEM_SYNC."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_emit_mem_sync, amdgpu_ib.c; Mesa src/amd/vulkan/radv_queue.c";
    "PM4-073" NoBarrier Warning "dispatches that share a writable buffer, without a wait between them"
        "The second may start before the first has written. CS_PARTIAL_FLUSH (c0004600 00000407) and ACQUIRE_MEM 0x380 order them."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c; AMD PAL gfx9Barrier.cpp";
    "PM4-074" AcquireTooEarly Warning "ACQUIRE_MEM that does not wait for the dispatch before it"
        "The packet does its cache work at once, before the waves have written. CS_PARTIAL_FLUSH goes in front of it."
        "Mesa src/amd/common/ac_cmdbuf.c; AMD PAL gfx9CmdUtil.cpp";
    "PM4-075" TsEvent Error "end-of-pipe event sent by EVENT_WRITE"
        "Events whose names end in TS are RELEASE_MEM's; by EVENT_WRITE they may hang the ring."
        "AMD PAL src/core/hw/gfxip/gfx9/gfx9CmdUtil.cpp";
    "PM4-076" EventIndex Error "EVENT_WRITE with the wrong index for its event"
        "CS_PARTIAL_FLUSH needs index 4, 5 and 6 are RELEASE_MEM's, and a compute ring has 0, 2 and 4 only. With another index the wait does not happen or the ring hangs."
        "AMD PAL gfx9CmdUtil.cpp; Mesa src/amd/common/sid.h EVENT_INDEX";
    "PM4-077" ReleaseIndex Error "RELEASE_MEM with an event that is not its own, or the wrong index for it"
        "TS events are end-of-pipe events, index 5; CS_DONE and PS_DONE have index 6. Other events don't come back from the \
         end of the pipe: nothing waits for the waves."
        "AMD PAL gfx9CmdUtil.cpp; Mesa src/amd/common/ac_cmdbuf.c";
    "PM4-078" ReleaseAlignment Error "RELEASE_MEM address not aligned to its data"
        "32-bit data needs a multiple of 4, 64-bit data and clocks a multiple of 8: the low bits don't exist in the packet."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_ring_emit_fence";
    "PM4-079" GdsOnGfx12 Error "GDS selector on gfx12"
        "gfx12 has no GDS."
        "AMD PAL gfx12_merged_f32_mec_pm4_packets.h; Mesa src/amd/common/sid.h";
    "PM4-080" Interrupt Warning "RELEASE_MEM that raises an interrupt"
        "Interrupts of a ring belong to the kernel's fences; a user's stream takes INT_SEL 0, or 3 to wait for the write."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_eop_irq; Mesa src/amd/common/ac_cmdbuf.c";
    "PM4-081" GlmWriteBackAlone Error "GLM_WB without GLM_INV"
        "The metadata cache has no write-back alone."
        "Mesa src/amd/common/ac_cmdbuf.c; Linux gfx_v11_0.c";
    "PM4-082" GlmOnGfx12 Warning "GLM bits on gfx12"
        "gfx12 has no metadata cache; the bits are reserved."
        "Mesa src/amd/common/ac_cmdbuf.c; Linux gfx_v12_0.c";
    "PM4-083" AcquireRange Error "ACQUIRE_MEM of all memory with a base address"
        "With a size of all ones the base must be 0: a ranged operation walks translations and faults on unmapped addresses."
        "AMD PAL src/core/hw/gfxip/gfx9/gfx9CmdUtil.cpp BuildAcquireMem";
    "PM4-084" SignalBeforeWriteBack Warning "RELEASE_MEM signals a dispatch without writing GL2 back"
        "The CPU may see the signal before the results in system memory: set GL2_WB, as in DW1 0x06603514."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_ring_emit_fence; tinygrad tinygrad/runtime/ops_amd.py";
    "PM4-085" WaitBeforeWrite Warning "WAIT_REG_MEM for a value that only a later packet writes"
        "The stream waits for itself until the job times out, unless another queue or the CPU writes there."
        "Linux drivers/gpu/drm/amd/amdgpu/amdgpu_drv.c lockup_timeout";
    "PM4-086" WaitNeverTrue Error "WAIT_REG_MEM that can never be satisfied"
        "The reference has bits that the mask takes away: the masked value never equals it."
        "AMD PAL gfx9_plus_merged_f32_mec_pm4_packets.h PM4_MEC_WAIT_REG_MEM; Linux gfx_v11_0.c gfx_v11_0_wait_reg_mem";
    // Addresses.
    "PM4-087" RegisterDestination Error "write to a privileged register"
        "WRITE_DATA, COPY_DATA or DMA_DATA with a register as destination, outside what a user's stream may set: dropped, or an illegal register access."
        "Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c gfx_v11_0_priv_reg_irq; LynnColeArt/sparkle (WRITE_DATA with DST_SEL 0)";
    "PM4-088" DataToRegister Warning "WRITE_DATA or DMA_DATA to a register"
        "A register goes by a SET packet; DST_SEL 0 (or DAS) is usually a forgotten selector, and the address is taken for a register's number."
        "AMD PAL gfx9_plus_merged_f32_mec_pm4_packets.h PM4_MEC_WRITE_DATA; Mesa src/amd/common/ac_pm4.c";
    "PM4-089" Unmapped Error "address outside the buffers of the submission"
        "The access faults in the GPU's page tables; the queue usually stalls and the job times out."
        "Linux drivers/gpu/drm/amd/amdgpu/gmc_v11_0.c gmc_v11_0_process_interrupt";
    "PM4-090" PastEnd Error "access past the end of a buffer"
        "The dwords after the buffer are another one's, or not mapped."
        "Linux drivers/gpu/drm/amd/amdgpu/gmc_v11_0.c";
    "PM4-091" NotWritable Error "write to a buffer that is not mapped writable"
        "A permission fault: map it with AMDGPU_VM_PAGE_WRITEABLE."
        "Linux include/uapi/drm/amdgpu_drm.h; gmc_v11_0.c";
    "PM4-092" NotReadable Error "read from a buffer that is not mapped readable"
        "A permission fault: map it with AMDGPU_VM_PAGE_READABLE."
        "Linux include/uapi/drm/amdgpu_drm.h; gmc_v11_0.c";
    "PM4-093" StreamNotExecutable Warning "stream in a buffer that is not mapped executable"
        "Drivers map streams executable; whether the command processor's fetch needs it on gfx11 is unverified."
        "Mesa src/amd/vulkan/winsys/amdgpu/radv_amdgpu_bo.c; Linux include/uapi/drm/amdgpu_drm.h";
    "PM4-094" ScratchTooSmall Error "scratch ring larger than its buffer"
        "WAVES * WAVESIZE * 256 bytes per shader engine: waves at the end fault, or overwrite another buffer."
        "Mesa src/amd/vulkan/radv_queue.c; src/amd/common/ac_shader_util.c ac_get_scratch_tmpring_size";
    // Code.
    "PM4-095" PgmNotShifted Error "program address was not shifted right by 8"
        "COMPUTE_PGM_LO and HI hold the address divided by 256. The unshifted value is the address of a buffer."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c (va >> 8); LynnColeArt/sparkle tests/ (PGM_LO without the shift)";
    "PM4-096" CodeUnmapped Error "program outside the buffers of the submission"
        "The instruction fetch faults (client SQC)."
        "Linux drivers/gpu/drm/amd/amdgpu/gmc_v11_0.c; Mesa src/amd/vulkan/radv_cmd_buffer.c";
    "PM4-097" CodeNotExecutable Error "program in a buffer that is not mapped executable"
        "The instruction fetch faults: map it with AMDGPU_VM_PAGE_EXECUTABLE."
        "Linux include/uapi/drm/amdgpu_drm.h; Mesa src/amd/vulkan/winsys/amdgpu/radv_amdgpu_bo.c";
    "PM4-098" EntryIsNoCode Error "program begins with a zero dword"
        "That is no instruction: the address is that of a kernel descriptor (NAME.kd) instead of the code, or nothing was written there."
        "LLVM AMDGPUUsage.rst, kernel descriptor (KERNEL_CODE_ENTRY_BYTE_OFFSET)";
    "PM4-099" WrongEndpgm Error "s_endpgm of another generation"
        "0xbf810000 ends a program up to gfx10 and is s_setkill 0 on gfx11; 0xbfb00000 ends it from gfx11 on. The wave runs on past its end."
        "LLVM llvm/lib/Target/AMDGPU/SOPInstructions.td; checked with llvm-mc 19";
    "PM4-100" NoEndpgm Warning "no s_endpgm in the program's bytes"
        "A wave that meets none runs on into what follows. The bytes at hand may be incomplete."
        "LLVM llvm/lib/Target/AMDGPU/SOPInstructions.td";
    "PM4-101" PrefetchPastEnd Error "too little mapped after the program's end"
        "The instruction prefetcher runs ahead and faults on unmapped pages: keep 192 bytes after the last instruction in the buffer (Mesa; clang takes 384)."
        "Mesa src/amd/common/ac_binary.c, radv_shader.c; LLVM llvm/lib/Target/AMDGPU/AMDGPUAsmPrinter.cpp";
    "PM4-102" InstPrefPastEnd Error "INST_PREF_SIZE reaches past the program's buffer"
        "The first fetch takes 128 bytes for each unit from the entry on: an unmapped page among them faults."
        "Mesa src/gallium/drivers/radeonsi/si_shader.c; src/amd/registers/gfx11.json COMPUTE_PGM_RSRC3";
    "PM4-103" SwallowedHeader Warning "RELEASE_MEM ends with what looks like a header"
        "Its last operand is 0 in every driver's stream. A header there means that an operand is missing: the count is right and one \
         dword too few was written, so the packet swallows the next one."
        "LynnColeArt/sparkle tests/ (RELEASE_MEM with 6 of 7 operands); Mesa src/amd/common/ac_cmdbuf.c";
    "PM4-104" NoInvalidateBetween Warning "dispatch that shares a pointer with one before it, without invalidation between"
        "CS_PARTIAL_FLUSH waits for the waves, and their results are in GL2; but L0 and GL1 of the compute units may still hold the \
         lines from before. ACQUIRE_MEM with GLV_INV and GL1_INV (and GLK_INV for scalar loads) drops them."
        "Mesa src/amd/vulkan/radv_cmd_buffer.c (RADV_CMD_FLAG_INV_VCACHE between dependent dispatches); LLVM AMDGPUUsage.rst, memory model gfx11";
    "PM4-105" FenceTooEarly Warning "fence written by a packet before the dispatch's results are there"
        "WRITE_DATA, COPY_DATA and ATOMIC_MEM act at once: they wait neither for waves nor for GL2. Who reads the fence finds results missing. RELEASE_MEM at \
         the end of the pipe with GL2_WB comes after both."
        "Mesa src/amd/common/ac_cmdbuf.c (release_mem for fences); Linux drivers/gpu/drm/amd/amdgpu/gfx_v11_0.c emit_fence";
    "PM4-106" SwallowedPacket Error "SET packet whose count is too large"
        "Among its last values is the header of a packet that should follow. The command processor writes that header into a \
         register, and reads the rest of the packet as headers."
        "Linux drivers/gpu/drm/amd/amdgpu/nvd.h (PACKET3: the count is that of the body's dwords minus 1)";
    "PM4-107" TooFewVgprs Error "program that uses more VGPRs than its dispatch allocates"
        "A register beyond the allocation reads as v0 and drops what is written. VGPRS counts 8 registers in wave32, 4 in wave64, minus 1."
        "AMD RDNA3 Instruction Set Architecture, 3.3 (out-of-range VGPRs); Mesa src/amd/registers/gfx11.json COMPUTE_PGM_RSRC1";
    "PM4-108" NoLds Error "program that uses the LDS in a dispatch without any"
        "With LDS_SIZE 0 every access is out of range: reads give 0 and writes are dropped. The descriptor of a code object has \
         LDS_SIZE 0 always; the launcher adds it."
        "AMD RDNA3 Instruction Set Architecture, chapter 12 (LDS range check); LLVM AMDGPUUsage.rst, GROUP_SEGMENT_FIXED_SIZE";
    "PM4-109" SurplusValues Error "SET packet whose count is too small"
        "Dwords that are no packet stand between it and the next packet: values that the count leaves out. Their registers are \
         not set, and the command processor reads the values as headers."
        "Linux drivers/gpu/drm/amd/amdgpu/nvd.h (PACKET3: the count is that of the body's dwords minus 1)";
    "PM4-110" SetElsewhere Warning "dispatch with state that a stream which is not at hand must have set"
        "The stream seems to go on where another one left off: it is one of several whose order is unknown, or, on the graphics \
         ring, does not begin with CONTEXT_CONTROL as every driver's first stream does. If it is all that was submitted, the \
         dispatch runs with what the last stream on the queue left: PM4-044 to PM4-048 are about that."
        "Mesa src/amd/vulkan/radv_queue.c, src/gallium/drivers/radeonsi/si_state.c (CONTEXT_CONTROL first)";
}

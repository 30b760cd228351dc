//! The hazard rules, one row each.

use crate::rule::{Rule, Scope};

macro_rules! rules {
    ($($name:ident = $id:literal, $scope:ident, $strict:literal, $statement:literal, $cure:literal, $source:literal;)+) => {
        $(#[doc = $statement] pub static $name: Rule = Rule {
            id: $id,
            statement: $statement,
            cure: $cure,
            source: concat!("LLVM ", $source),
            scope: Scope::$scope,
            strict: $strict,
        };)+

        /// Every hazard rule.
        pub static RULES: &[&Rule] = &[$(&$name),+];
    };
}

rules! {
    VALU_TRANS_USE = "valu-trans-use", GFX1100, false,
        "a VALU instruction reads the VGPR result of a transcendental one with at most 5 VALU and at most 1 transcendental instruction in between",
        "s_waitcnt_depctr depctr_va_vdst(0), or a VMEM, FLAT, DS or EXP instruction in between",
        "GCNHazardRecognizer.cpp, fixVALUTransUseHazard; AMDGPU.td, FeatureVALUTransUseHazard";
    VALU_PARTIAL_FORWARDING = "valu-partial-forwarding", WAVE64, false,
        "a VALU instruction reads two VGPRs of which VALU wrote one before and one after a SALU write of EXEC, with at most 2 other VALU between those and at most 4 after",
        "s_waitcnt_depctr depctr_va_vdst(0), or a VMEM, FLAT, DS or EXP instruction in between",
        "GCNHazardRecognizer.cpp, fixVALUPartialForwardingHazard; GCNSubtarget.h, hasVALUPartialForwardingHazard";
    VALU_MASK_WRITE = "valu-mask-write", WAVE64, false,
        "an SGPR that VALU read as lane mask is written by SALU and read again",
        "s_waitcnt_depctr depctr_sa_sdst(0) behind the write, or before it a VALU instruction that reads another SGPR or a literal",
        "GCNHazardRecognizer.cpp, fixVALUMaskWriteHazard; GCNSubtarget.h, hasVALUMaskWriteHazard";
    VALU_MASK_WRITE_VALU = "valu-mask-write-valu", WAVE64, true,
        "an SGPR that VALU read as lane mask is written by VALU and read by VALU again",
        "s_waitcnt_depctr depctr_va_sdst(0), of VCC depctr_va_vcc(0), behind the write",
        "GCNHazardRecognizer.cpp, fixVALUMaskWriteHazard of LLVM 21";
    VCMPX_PERMLANE = "vcmpx-permlane", ALL, false,
        "v_permlane follows v_cmpx without a VALU instruction in between",
        "v_nop or any other VALU instruction",
        "GCNHazardRecognizer.cpp, fixVcmpxPermlaneHazards; AMDGPU.td, FeatureVcmpxPermlaneHazard; ISA guide and Mesa aco_insert_NOPs.cpp for v_nop";
    LDS_DIRECT_VALU = "lds-direct-valu", ALL, false,
        "an LDS parameter or direct load overwrites a VGPR that VALU still uses, its wait_vdst being too high",
        "a wait_vdst of at most the VALU instructions in between, 0 if one of them is transcendental",
        "GCNHazardRecognizer.cpp, fixLdsDirectVALUHazard";
    LDS_DIRECT_VMEM = "lds-direct-vmem", ALL, false,
        "an LDS parameter or direct load overwrites a VGPR that an earlier memory instruction uses",
        "s_waitcnt_depctr depctr_vm_vsrc(0), s_waitcnt 0, or a VALU or EXP instruction in between",
        "GCNHazardRecognizer.cpp, fixLdsDirectVMEMHazard";
    WMMA = "wmma", ALL, false,
        "matrix A or B of a WMMA instruction overlaps the result of the WMMA before, no VALU in between",
        "v_nop or any other VALU instruction in between",
        "GCNHazardRecognizer.cpp, fixWMMAHazards";
    WMMA_OVERLAP = "wmma-overlap", ALL, false,
        "the result of a WMMA instruction overlaps its matrix A or B, or matrix C in part",
        "other registers",
        "VOP3PInstructions.td, VOP3P WMMA profiles: vdst is early-clobber, or tied to src2";
    MAD64_OVERLAP = "mad64-overlap", GFX1100, false,
        "the result of v_mad_u64_u32 or v_mad_i64_i32 overlaps a source",
        "other registers",
        "VOP3Instructions.td, V_MAD_U64_U32_gfx11; AMDGPU.td, FeatureMADIntraFwdBug";
    MAD64_OVERLAP_HIGH = "mad64-overlap-high", GFX1100, true,
        "the low half of the result of v_mad_u64_u32 or v_mad_i64_i32 is the high half of its addend",
        "other registers, unless the high half of the addend is of no interest",
        "VOP3Instructions.td, V_MAD_U64_U32_gfx11; AMDGPU.td, FeatureMADIntraFwdBug";
    DOT_OP_SEL = "dot-op-sel", ALL, false,
        "a packed dot product chooses halves",
        "no op_sel, and all of op_sel_hi set",
        "GCNSubtarget.h, hasDOTOpSelHazard; AMDGPUISelDAGToDAG.cpp, SelectVOP3PModsImpl";
    EXPORT_PRIORITY = "export-priority", GFX1150, false,
        "the last of a row of exports is not followed by s_setprio 0",
        "s_setprio 0, then s_waitcnt_expcnt null, 0 (unless at the end), two s_nop 0, and s_setprio 2",
        "GCNHazardRecognizer.cpp, fixRequiredExportPriority; AMDGPU.td, FeatureRequiredExportPriority";
    DEALLOC_NOP = "dealloc-nop", ALL, false,
        "the message that releases the VGPRs does not follow s_nop",
        "s_nop 0 directly before s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)",
        "SIInsertWaitcnts.cpp, runOnMachineFunction";
    DEALLOC_USE = "dealloc-use", ALL, false,
        "a VGPR is used after the message that released them",
        "nothing but s_endpgm behind s_sendmsg sendmsg(MSG_DEALLOC_VGPRS)",
        "SIInsertWaitcnts.cpp, runOnMachineFunction";
}

//! MIMG: images.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! mimg {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 IMAGE_LOAD                [BV1 VA RS8]    LOAD D16; VmemLoad }
            { 0x001 IMAGE_LOAD_MIP            [BV1 VA RS8]    LOAD LOD D16; VmemLoad }
            { 0x002 IMAGE_LOAD_PCK            [BV1 VA RS8]    LOAD; VmemLoad }
            { 0x003 IMAGE_LOAD_PCK_SGN        [BV1 VA RS8]    LOAD; VmemLoad }
            { 0x004 IMAGE_LOAD_MIP_PCK        [BV1 VA RS8]    LOAD LOD; VmemLoad }
            { 0x005 IMAGE_LOAD_MIP_PCK_SGN    [BV1 VA RS8]    LOAD LOD; VmemLoad }
            { 0x006 IMAGE_STORE               [X1 VA RS8]     STORE D16; VmemStore }
            { 0x007 IMAGE_STORE_MIP           [X1 VA RS8]     STORE LOD D16; VmemStore }
            { 0x008 IMAGE_STORE_PCK           [X1 VA RS8]     STORE; VmemStore }
            { 0x009 IMAGE_STORE_MIP_PCK       [X1 VA RS8]     STORE LOD; VmemStore }
            { 0x00a IMAGE_ATOMIC_SWAP         [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x00b IMAGE_ATOMIC_CMPSWAP      [BA2 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x00c IMAGE_ATOMIC_ADD          [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x00d IMAGE_ATOMIC_SUB          [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x00e IMAGE_ATOMIC_SMIN         [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x00f IMAGE_ATOMIC_UMIN         [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x010 IMAGE_ATOMIC_SMAX         [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x011 IMAGE_ATOMIC_UMAX         [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x012 IMAGE_ATOMIC_AND          [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x013 IMAGE_ATOMIC_OR           [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x014 IMAGE_ATOMIC_XOR          [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x015 IMAGE_ATOMIC_INC          [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x016 IMAGE_ATOMIC_DEC          [BA1 VA RS8]    ATOMIC RTN; VmemStore }
            { 0x017 IMAGE_GET_RESINFO         [BV1 VA RS8]    LOAD LOD NOCOORD; VmemLoad }
            { 0x018 IMAGE_MSAA_LOAD           [BV1 VA RS8]    LOAD GATHER D16; VmemLoad }
            { 0x019 IMAGE_BVH_INTERSECT_RAY   [V4 VA RS]      LOAD; VmemLoad }
            { 0x01a IMAGE_BVH64_INTERSECT_RAY [V4 VA RS]      LOAD; VmemLoad }
            { 0x01b IMAGE_SAMPLE              [BV1 VA RS8 SM] LOAD D16; VmemLoad }
            { 0x01c IMAGE_SAMPLE_D            [BV1 VA RS8 SM] LOAD GRAD D16; VmemLoad }
            { 0x01d IMAGE_SAMPLE_L            [BV1 VA RS8 SM] LOAD LOD D16; VmemLoad }
            { 0x01e IMAGE_SAMPLE_B            [BV1 VA RS8 SM] LOAD EX1 D16; VmemLoad }
            { 0x01f IMAGE_SAMPLE_LZ           [BV1 VA RS8 SM] LOAD D16; VmemLoad }
            { 0x020 IMAGE_SAMPLE_C            [BV1 VA RS8 SM] LOAD EX1 D16; VmemLoad }
            { 0x021 IMAGE_SAMPLE_C_D          [BV1 VA RS8 SM] LOAD EX1 GRAD D16; VmemLoad }
            { 0x022 IMAGE_SAMPLE_C_L          [BV1 VA RS8 SM] LOAD EX1 LOD D16; VmemLoad }
            { 0x023 IMAGE_SAMPLE_C_B          [BV1 VA RS8 SM] LOAD EX2 D16; VmemLoad }
            { 0x024 IMAGE_SAMPLE_C_LZ         [BV1 VA RS8 SM] LOAD EX1 D16; VmemLoad }
            { 0x025 IMAGE_SAMPLE_O            [BV1 VA RS8 SM] LOAD EX1 D16; VmemLoad }
            { 0x026 IMAGE_SAMPLE_D_O          [BV1 VA RS8 SM] LOAD EX1 GRAD D16; VmemLoad }
            { 0x027 IMAGE_SAMPLE_L_O          [BV1 VA RS8 SM] LOAD EX1 LOD D16; VmemLoad }
            { 0x028 IMAGE_SAMPLE_B_O          [BV1 VA RS8 SM] LOAD EX2 D16; VmemLoad }
            { 0x029 IMAGE_SAMPLE_LZ_O         [BV1 VA RS8 SM] LOAD EX1 D16; VmemLoad }
            { 0x02a IMAGE_SAMPLE_C_O          [BV1 VA RS8 SM] LOAD EX2 D16; VmemLoad }
            { 0x02b IMAGE_SAMPLE_C_D_O        [BV1 VA RS8 SM] LOAD EX2 GRAD D16; VmemLoad }
            { 0x02c IMAGE_SAMPLE_C_L_O        [BV1 VA RS8 SM] LOAD EX2 LOD D16; VmemLoad }
            { 0x02d IMAGE_SAMPLE_C_B_O        [BV1 VA RS8 SM] LOAD EX3 D16; VmemLoad }
            { 0x02e IMAGE_SAMPLE_C_LZ_O       [BV1 VA RS8 SM] LOAD EX2 D16; VmemLoad }
            { 0x02f IMAGE_GATHER4             [BV1 VA RS8 SM] LOAD GATHER D16; VmemLoad }
            { 0x030 IMAGE_GATHER4_L           [BV1 VA RS8 SM] LOAD LOD GATHER D16; VmemLoad }
            { 0x031 IMAGE_GATHER4_B           [BV1 VA RS8 SM] LOAD EX1 GATHER D16; VmemLoad }
            { 0x032 IMAGE_GATHER4_LZ          [BV1 VA RS8 SM] LOAD GATHER D16; VmemLoad }
            { 0x033 IMAGE_GATHER4_C           [BV1 VA RS8 SM] LOAD EX1 GATHER D16; VmemLoad }
            { 0x034 IMAGE_GATHER4_C_LZ        [BV1 VA RS8 SM] LOAD EX1 GATHER D16; VmemLoad }
            { 0x035 IMAGE_GATHER4_O           [BV1 VA RS8 SM] LOAD EX1 GATHER D16; VmemLoad }
            { 0x036 IMAGE_GATHER4_LZ_O        [BV1 VA RS8 SM] LOAD EX1 GATHER D16; VmemLoad }
            { 0x037 IMAGE_GATHER4_C_LZ_O      [BV1 VA RS8 SM] LOAD EX2 GATHER D16; VmemLoad }
            { 0x038 IMAGE_GET_LOD             [BV1 VA RS8 SM] LOAD; VmemLoad }
            { 0x039 IMAGE_SAMPLE_D_G16        [BV1 VA RS8 SM] LOAD GRAD G16 D16; VmemLoad }
            { 0x03a IMAGE_SAMPLE_C_D_G16      [BV1 VA RS8 SM] LOAD EX1 GRAD G16 D16; VmemLoad }
            { 0x03b IMAGE_SAMPLE_D_O_G16      [BV1 VA RS8 SM] LOAD EX1 GRAD G16 D16; VmemLoad }
            { 0x03c IMAGE_SAMPLE_C_D_O_G16    [BV1 VA RS8 SM] LOAD EX2 GRAD G16 D16; VmemLoad }
            { 0x040 IMAGE_SAMPLE_CL           [BV1 VA RS8 SM] LOAD LOD D16; VmemLoad }
            { 0x041 IMAGE_SAMPLE_D_CL         [BV1 VA RS8 SM] LOAD GRAD LOD D16; VmemLoad }
            { 0x042 IMAGE_SAMPLE_B_CL         [BV1 VA RS8 SM] LOAD EX1 LOD D16; VmemLoad }
            { 0x043 IMAGE_SAMPLE_C_CL         [BV1 VA RS8 SM] LOAD EX1 LOD D16; VmemLoad }
            { 0x044 IMAGE_SAMPLE_C_D_CL       [BV1 VA RS8 SM] LOAD EX1 GRAD LOD D16; VmemLoad }
            { 0x045 IMAGE_SAMPLE_C_B_CL       [BV1 VA RS8 SM] LOAD EX2 LOD D16; VmemLoad }
            { 0x046 IMAGE_SAMPLE_CL_O         [BV1 VA RS8 SM] LOAD EX1 LOD D16; VmemLoad }
            { 0x047 IMAGE_SAMPLE_D_CL_O       [BV1 VA RS8 SM] LOAD EX1 GRAD LOD D16; VmemLoad }
            { 0x048 IMAGE_SAMPLE_B_CL_O       [BV1 VA RS8 SM] LOAD EX2 LOD D16; VmemLoad }
            { 0x049 IMAGE_SAMPLE_C_CL_O       [BV1 VA RS8 SM] LOAD EX2 LOD D16; VmemLoad }
            { 0x04a IMAGE_SAMPLE_C_D_CL_O     [BV1 VA RS8 SM] LOAD EX2 GRAD LOD D16; VmemLoad }
            { 0x04b IMAGE_SAMPLE_C_B_CL_O     [BV1 VA RS8 SM] LOAD EX3 LOD D16; VmemLoad }
            { 0x054 IMAGE_SAMPLE_C_D_CL_G16   [BV1 VA RS8 SM] LOAD EX1 GRAD G16 LOD D16; VmemLoad }
            { 0x055 IMAGE_SAMPLE_D_CL_O_G16   [BV1 VA RS8 SM] LOAD EX1 GRAD G16 LOD D16; VmemLoad }
            { 0x056 IMAGE_SAMPLE_C_D_CL_O_G16 [BV1 VA RS8 SM] LOAD EX2 GRAD G16 LOD D16; VmemLoad }
            { 0x05f IMAGE_SAMPLE_D_CL_G16     [BV1 VA RS8 SM] LOAD GRAD G16 LOD D16; VmemLoad }
            { 0x060 IMAGE_GATHER4_CL          [BV1 VA RS8 SM] LOAD LOD GATHER D16; VmemLoad }
            { 0x061 IMAGE_GATHER4_B_CL        [BV1 VA RS8 SM] LOAD EX1 LOD GATHER D16; VmemLoad }
            { 0x062 IMAGE_GATHER4_C_CL        [BV1 VA RS8 SM] LOAD EX1 LOD GATHER D16; VmemLoad }
            { 0x063 IMAGE_GATHER4_C_L         [BV1 VA RS8 SM] LOAD EX1 LOD GATHER D16; VmemLoad }
            { 0x064 IMAGE_GATHER4_C_B         [BV1 VA RS8 SM] LOAD EX2 GATHER D16; VmemLoad }
            { 0x065 IMAGE_GATHER4_C_B_CL      [BV1 VA RS8 SM] LOAD EX2 LOD GATHER D16; VmemLoad }
            { 0x090 IMAGE_GATHER4H            [BV1 VA RS8 SM] LOAD GATHER D16; VmemLoad }
        }
    };
}

mimg! { define_table ; }

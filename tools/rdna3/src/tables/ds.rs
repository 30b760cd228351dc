//! DS: LDS and GDS.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! ds {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 DS_ADD_U32                          [DA X1]       ATOMIC; Lds }
            { 0x001 DS_SUB_U32                          [DA X1]       ATOMIC; Lds }
            { 0x002 DS_RSUB_U32                         [DA X1]       ATOMIC; Lds }
            { 0x003 DS_INC_U32                          [DA X1]       ATOMIC; Lds }
            { 0x004 DS_DEC_U32                          [DA X1]       ATOMIC; Lds }
            { 0x005 DS_MIN_I32                          [DA X1]       ATOMIC; Lds }
            { 0x006 DS_MAX_I32                          [DA X1]       ATOMIC; Lds }
            { 0x007 DS_MIN_U32                          [DA X1]       ATOMIC; Lds }
            { 0x008 DS_MAX_U32                          [DA X1]       ATOMIC; Lds }
            { 0x009 DS_AND_B32                          [DA X1]       ATOMIC; Lds }
            { 0x00a DS_OR_B32                           [DA X1]       ATOMIC; Lds }
            { 0x00b DS_XOR_B32                          [DA X1]       ATOMIC; Lds }
            { 0x00c DS_MSKOR_B32                        [DA X1 Y1]    ATOMIC; Lds }
            { 0x00d DS_STORE_B32                        [DA X1]       STORE; Lds }
            { 0x00e DS_STORE_2ADDR_B32                  [DA X1 Y1]    STORE TWO; Lds }
            { 0x00f DS_STORE_2ADDR_STRIDE64_B32         [DA X1 Y1]    STORE TWO; Lds }
            { 0x010 DS_CMPSTORE_B32                     [DA X1 Y1]    ATOMIC; Lds }
            { 0x011 DS_CMPSTORE_F32                     [DA X1 Y1]    ATOMIC; Lds }
            { 0x012 DS_MIN_F32                          [DA X1]       ATOMIC; Lds }
            { 0x013 DS_MAX_F32                          [DA X1]       ATOMIC; Lds }
            { 0x014 DS_NOP                              []            NOGDS ZIMM; Lds }
            { 0x015 DS_ADD_F32                          [DA X1]       ATOMIC; Lds }
            { 0x018 DS_GWS_SEMA_RELEASE_ALL             []            GDSONLY RM0; Lds }
            { 0x019 DS_GWS_INIT                         [DA]          GDSONLY RM0; Lds }
            { 0x01a DS_GWS_SEMA_V                       []            GDSONLY RM0; Lds }
            { 0x01b DS_GWS_SEMA_BR                      [DA]          GDSONLY RM0; Lds }
            { 0x01c DS_GWS_SEMA_P                       []            GDSONLY RM0; Lds }
            { 0x01d DS_GWS_BARRIER                      [DA]          GDSONLY RM0; Lds }
            { 0x01e DS_STORE_B8                         [DA X1]       STORE; Lds }
            { 0x01f DS_STORE_B16                        [DA X1]       STORE; Lds }
            { 0x020 DS_ADD_RTN_U32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x021 DS_SUB_RTN_U32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x022 DS_RSUB_RTN_U32                     [V1 DA X1]    ATOMIC; Lds }
            { 0x023 DS_INC_RTN_U32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x024 DS_DEC_RTN_U32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x025 DS_MIN_RTN_I32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x026 DS_MAX_RTN_I32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x027 DS_MIN_RTN_U32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x028 DS_MAX_RTN_U32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x029 DS_AND_RTN_B32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x02a DS_OR_RTN_B32                       [V1 DA X1]    ATOMIC; Lds }
            { 0x02b DS_XOR_RTN_B32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x02c DS_MSKOR_RTN_B32                    [V1 DA X1 Y1] ATOMIC; Lds }
            { 0x02d DS_STOREXCHG_RTN_B32                [V1 DA X1]    ATOMIC; Lds }
            { 0x02e DS_STOREXCHG_2ADDR_RTN_B32          [V2 DA X1 Y1] ATOMIC TWO; Lds }
            { 0x02f DS_STOREXCHG_2ADDR_STRIDE64_RTN_B32 [V2 DA X1 Y1] ATOMIC TWO; Lds }
            { 0x030 DS_CMPSTORE_RTN_B32                 [V1 DA X1 Y1] ATOMIC; Lds }
            { 0x031 DS_CMPSTORE_RTN_F32                 [V1 DA X1 Y1] ATOMIC; Lds }
            { 0x032 DS_MIN_RTN_F32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x033 DS_MAX_RTN_F32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x034 DS_WRAP_RTN_B32                     [V1 DA X1 Y1] ATOMIC; Lds }
            { 0x035 DS_SWIZZLE_B32                      [V1 DA]      ; Lds }
            { 0x036 DS_LOAD_B32                         [V1 DA]       LOAD; Lds }
            { 0x037 DS_LOAD_2ADDR_B32                   [V2 DA]       LOAD TWO; Lds }
            { 0x038 DS_LOAD_2ADDR_STRIDE64_B32          [V2 DA]       LOAD TWO; Lds }
            { 0x039 DS_LOAD_I8                          [V1 DA]       LOAD; Lds }
            { 0x03a DS_LOAD_U8                          [V1 DA]       LOAD; Lds }
            { 0x03b DS_LOAD_I16                         [V1 DA]       LOAD; Lds }
            { 0x03c DS_LOAD_U16                         [V1 DA]       LOAD; Lds }
            { 0x03d DS_CONSUME                          [V1]          ATOMIC RM0; Lds }
            { 0x03e DS_APPEND                           [V1]          ATOMIC RM0; Lds }
            { 0x03f DS_ORDERED_COUNT                    [V1 DA]       GDSONLY RM0; Lds }
            { 0x040 DS_ADD_U64                          [DA X2]       ATOMIC; Lds }
            { 0x041 DS_SUB_U64                          [DA X2]       ATOMIC; Lds }
            { 0x042 DS_RSUB_U64                         [DA X2]       ATOMIC; Lds }
            { 0x043 DS_INC_U64                          [DA X2]       ATOMIC; Lds }
            { 0x044 DS_DEC_U64                          [DA X2]       ATOMIC; Lds }
            { 0x045 DS_MIN_I64                          [DA X2]       ATOMIC; Lds }
            { 0x046 DS_MAX_I64                          [DA X2]       ATOMIC; Lds }
            { 0x047 DS_MIN_U64                          [DA X2]       ATOMIC; Lds }
            { 0x048 DS_MAX_U64                          [DA X2]       ATOMIC; Lds }
            { 0x049 DS_AND_B64                          [DA X2]       ATOMIC; Lds }
            { 0x04a DS_OR_B64                           [DA X2]       ATOMIC; Lds }
            { 0x04b DS_XOR_B64                          [DA X2]       ATOMIC; Lds }
            { 0x04c DS_MSKOR_B64                        [DA X2 Y2]    ATOMIC; Lds }
            { 0x04d DS_STORE_B64                        [DA X2]       STORE; Lds }
            { 0x04e DS_STORE_2ADDR_B64                  [DA X2 Y2]    STORE TWO; Lds }
            { 0x04f DS_STORE_2ADDR_STRIDE64_B64         [DA X2 Y2]    STORE TWO; Lds }
            { 0x050 DS_CMPSTORE_B64                     [DA X2 Y2]    ATOMIC; Lds }
            { 0x051 DS_CMPSTORE_F64                     [DA X2 Y2]    ATOMIC; Lds }
            { 0x052 DS_MIN_F64                          [DA X2]       ATOMIC; Lds }
            { 0x053 DS_MAX_F64                          [DA X2]       ATOMIC; Lds }
            { 0x060 DS_ADD_RTN_U64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x061 DS_SUB_RTN_U64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x062 DS_RSUB_RTN_U64                     [V2 DA X2]    ATOMIC; Lds }
            { 0x063 DS_INC_RTN_U64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x064 DS_DEC_RTN_U64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x065 DS_MIN_RTN_I64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x066 DS_MAX_RTN_I64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x067 DS_MIN_RTN_U64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x068 DS_MAX_RTN_U64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x069 DS_AND_RTN_B64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x06a DS_OR_RTN_B64                       [V2 DA X2]    ATOMIC; Lds }
            { 0x06b DS_XOR_RTN_B64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x06c DS_MSKOR_RTN_B64                    [V2 DA X2 Y2] ATOMIC; Lds }
            { 0x06d DS_STOREXCHG_RTN_B64                [V2 DA X2]    ATOMIC; Lds }
            { 0x06e DS_STOREXCHG_2ADDR_RTN_B64          [V4 DA X2 Y2] ATOMIC TWO; Lds }
            { 0x06f DS_STOREXCHG_2ADDR_STRIDE64_RTN_B64 [V4 DA X2 Y2] ATOMIC TWO; Lds }
            { 0x070 DS_CMPSTORE_RTN_B64                 [V2 DA X2 Y2] ATOMIC; Lds }
            { 0x071 DS_CMPSTORE_RTN_F64                 [V2 DA X2 Y2] ATOMIC; Lds }
            { 0x072 DS_MIN_RTN_F64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x073 DS_MAX_RTN_F64                      [V2 DA X2]    ATOMIC; Lds }
            { 0x076 DS_LOAD_B64                         [V2 DA]       LOAD; Lds }
            { 0x077 DS_LOAD_2ADDR_B64                   [V4 DA]       LOAD TWO; Lds }
            { 0x078 DS_LOAD_2ADDR_STRIDE64_B64          [V4 DA]       LOAD TWO; Lds }
            { 0x079 DS_ADD_RTN_F32                      [V1 DA X1]    ATOMIC; Lds }
            { 0x07a DS_ADD_GS_REG_RTN                   [V2 X1]       ATOMIC GDSONLY RM0; Lds }
            { 0x07b DS_SUB_GS_REG_RTN                   [V2 X1]       ATOMIC GDSONLY RM0; Lds }
            { 0x07e DS_CONDXCHG32_RTN_B64               [V2 DA X2]    ATOMIC; Lds }
            { 0x0a0 DS_STORE_B8_D16_HI                  [DA X1]       STORE; Lds }
            { 0x0a1 DS_STORE_B16_D16_HI                 [DA X1]       STORE; Lds }
            { 0x0a2 DS_LOAD_U8_D16                      [A1 DA]       LOAD; Lds }
            { 0x0a3 DS_LOAD_U8_D16_HI                   [A1 DA]       LOAD; Lds }
            { 0x0a4 DS_LOAD_I8_D16                      [A1 DA]       LOAD; Lds }
            { 0x0a5 DS_LOAD_I8_D16_HI                   [A1 DA]       LOAD; Lds }
            { 0x0a6 DS_LOAD_U16_D16                     [A1 DA]       LOAD; Lds }
            { 0x0a7 DS_LOAD_U16_D16_HI                  [A1 DA]       LOAD; Lds }
            { 0x0ad DS_BVH_STACK_RTN_B32                [V1 DAW X1 Y4] ATOMIC NOGDS; Lds }
            { 0x0b0 DS_STORE_ADDTID_B32                 [X1]          STORE RM0; Lds }
            { 0x0b1 DS_LOAD_ADDTID_B32                  [V1]          LOAD RM0; Lds }
            { 0x0b2 DS_PERMUTE_B32                      [V1 DA X1]    NOGDS; Lds }
            { 0x0b3 DS_BPERMUTE_B32                     [V1 DA X1]    NOGDS; Lds }
            { 0x0de DS_STORE_B96                        [DA X3]       STORE; Lds }
            { 0x0df DS_STORE_B128                       [DA X4]       STORE; Lds }
            { 0x0fe DS_LOAD_B96                         [V3 DA]       LOAD; Lds }
            { 0x0ff DS_LOAD_B128                        [V4 DA]       LOAD; Lds }
        }
    };
}

ds! { define_table ; }

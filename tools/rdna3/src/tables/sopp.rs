//! SOPP: program control.
//!
//! Rows: opcode, operation, operand slots in text order, flags, latency class. Slots: `crate::row::slot`.
//!
//! Source: AMD "RDNA3 Instruction Set Architecture", chapter 16; operand classes as LLVM 19 decodes them for gfx1100.

/// Passes the rows on to the next macro of a chain.
macro_rules! sopp {
    ($then:ident $($rest:ident)* ; $($acc:tt)*) => {
        $then! { $($rest)* ; $($acc)*
            { 0x000 S_NOP                        [ID]    ; Wait }
            { 0x001 S_SETKILL                    [ID]    ; Salu }
            { 0x002 S_SETHALT                    [ID]    ; Salu }
            { 0x003 S_SLEEP                      [ID]    ; Wait }
            { 0x004 S_SET_INST_PREFETCH_DISTANCE [IH]    ; Salu }
            { 0x005 S_CLAUSE                     [IH]    ; Wait }
            { 0x007 S_DELAY_ALU                  [DELAY] ; Wait }
            { 0x008 S_WAITCNT_DEPCTR             [DEPCTR]; Wait }
            { 0x009 S_WAITCNT                    [WAIT]  ; Wait }
            { 0x00a S_WAIT_IDLE                  []       ZIMM; Wait }
            { 0x00b S_WAIT_EVENT                 [IH]    ; Wait }
            { 0x010 S_TRAP                       [ID]    ; Branch }
            { 0x011 S_ROUND_MODE                 [IH]     WMODE; Salu }
            { 0x012 S_DENORM_MODE                [ID]     WMODE; Salu }
            { 0x013 S_SINGLEUSE_VDST             [IH]     G1150; Wait }
            { 0x01f S_CODE_END                   []       ZIMM; Salu }
            { 0x020 S_BRANCH                     [BR]    ; Branch }
            { 0x021 S_CBRANCH_SCC0               [BR]     RSCC; Branch }
            { 0x022 S_CBRANCH_SCC1               [BR]     RSCC; Branch }
            { 0x023 S_CBRANCH_VCCZ               [BR]     RVCC; Branch }
            { 0x024 S_CBRANCH_VCCNZ              [BR]     RVCC; Branch }
            { 0x025 S_CBRANCH_EXECZ              [BR]     REXEC; Branch }
            { 0x026 S_CBRANCH_EXECNZ             [BR]     REXEC; Branch }
            { 0x027 S_CBRANCH_CDBGSYS            [BR]    ; Branch }
            { 0x028 S_CBRANCH_CDBGUSER           [BR]    ; Branch }
            { 0x029 S_CBRANCH_CDBGSYS_OR_USER    [BR]    ; Branch }
            { 0x02a S_CBRANCH_CDBGSYS_AND_USER   [BR]    ; Branch }
            { 0x030 S_ENDPGM                     [IOPT]  ; Branch }
            { 0x031 S_ENDPGM_SAVED               []       ZIMM; Salu }
            { 0x034 S_WAKEUP                     []       ZIMM; Salu }
            { 0x035 S_SETPRIO                    [ID]    ; Salu }
            { 0x036 S_SENDMSG                    [MSG16]  RM0; Message }
            { 0x037 S_SENDMSGHALT                [MSG16]  RM0; Message }
            { 0x038 S_INCPERFLEVEL               [ID]    ; Salu }
            { 0x039 S_DECPERFLEVEL               [ID]    ; Salu }
            { 0x03a S_TTRACEDATA                 []       ZIMM RM0; Salu }
            { 0x03b S_TTRACEDATA_IMM             [IH]    ; Salu }
            { 0x03c S_ICACHE_INV                 []       ZIMM; Salu }
            { 0x03d S_BARRIER                    []       ZIMM; Wait }
        }
    };
}

sopp! { define_table ; }

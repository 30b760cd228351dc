//! The rules for waits, one row each.

use crate::rule::{Rule, Scope};

macro_rules! rules {
    ($($name:ident = $id:literal, $statement:literal, $cure:literal, $source:literal;)+) => {
        $(#[doc = $statement] pub static $name: Rule = Rule {
            id: $id,
            statement: $statement,
            cure: $cure,
            source: concat!("LLVM ", $source),
            scope: Scope::ALL,
            strict: false,
        };)+

        /// Every wait rule.
        pub static RULES: &[&Rule] = &[$(&$name),+];
    };
}

rules! {
    LOAD_READ = "load-read",
        "a register is read before the load, atomic or message that writes it has provably returned",
        "s_waitcnt vmcnt, lgkmcnt or expcnt, as the earlier instruction counts",
        "SIInsertWaitcnts.cpp, generateWaitcntInstBefore and counterOutOfOrder";
    LOAD_OVERWRITE = "load-overwrite",
        "a register is written before the load, atomic or message that writes it has provably returned, unless both return in order",
        "s_waitcnt vmcnt, lgkmcnt or expcnt, as the earlier instruction counts",
        "SIInsertWaitcnts.cpp, generateWaitcntInstBefore and getVmemType; AMDGPU.td, FeatureVmemWriteVgprInOrder";
    EXPORT_OVERWRITE = "export-overwrite",
        "a VGPR is written before the export or GDS operation that reads it has provably done so",
        "s_waitcnt expcnt",
        "SIInsertWaitcnts.cpp, updateByEvent, events EXP_* and GDS_GPR_LOCK";
    EXPORT_EXEC = "export-exec",
        "EXEC is written before an export or GDS operation has provably read it",
        "s_waitcnt expcnt(0)",
        "SIInsertWaitcnts.cpp, generateWaitcntInstBefore";
    DEALLOC_SCRATCH = "dealloc-scratch",
        "the VGPRs are released while a store to scratch may be under way",
        "s_waitcnt_vscnt null, 0, or no release",
        "SIInsertWaitcnts.cpp, generateWaitcntInstBefore, event SCRATCH_WRITE_ACCESS";
}

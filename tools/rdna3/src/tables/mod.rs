//! The opcode tables, one file an encoding family, and the list of all operations made from them.

/// Ends a chain of table macros: the rows become a static table.
macro_rules! define_table {
    (; $({ $opcode:literal $name:ident [$($slot:ident)*] $($flag:ident)*; $latency:ident })*) => {
        /// The rows, sorted by opcode.
        pub(crate) static TABLE: &[$crate::row::Row] = &[$($crate::row::Row {
            opcode: $opcode,
            op: $crate::op::Op::$name,
            slots: &[$($crate::row::slot::$slot),*],
            flags: $crate::row::Flags(0 $(| $crate::row::flag::$flag.0)*),
            latency: $crate::row::Latency::$latency,
        }),*];
    };
}

#[macro_use]
pub(crate) mod sop2;
#[macro_use]
pub(crate) mod sop1;
#[macro_use]
pub(crate) mod sopc;
#[macro_use]
pub(crate) mod sopk;
#[macro_use]
pub(crate) mod sopp;
#[macro_use]
pub(crate) mod smem;
#[macro_use]
pub(crate) mod vop1;
#[macro_use]
pub(crate) mod vop2;
#[macro_use]
pub(crate) mod vopc;
#[macro_use]
pub(crate) mod vop3;
#[macro_use]
pub(crate) mod vop3p;
#[macro_use]
pub(crate) mod vinterp;
#[macro_use]
pub(crate) mod ldsdir;
#[macro_use]
pub(crate) mod ds;
#[macro_use]
pub(crate) mod flat;
#[macro_use]
pub(crate) mod global;
#[macro_use]
pub(crate) mod scratch;
#[macro_use]
pub(crate) mod mubuf;
#[macro_use]
pub(crate) mod mtbuf;
#[macro_use]
pub(crate) mod mimg;
#[macro_use]
pub(crate) mod exp;
pub(crate) mod vopd;

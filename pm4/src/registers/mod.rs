//! Registers: what stands at an offset, how its bits are cut up, and typed values for those that a compute stream sets.
//!
//! [`Registers`] looks any register of a generation up, for decoding; the types named after a register, such as
//! [`ComputePgmRsrc1`], are for building. Offsets are in dwords throughout.

mod compute;
mod lookup;
pub mod offset;
mod space;
mod table;

pub use compute::*;
pub use lookup::{Register, RegisterField, Registers};
pub use space::{RegOffset, Space};

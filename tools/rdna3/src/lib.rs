//! RDNA3 (gfx11) machine code: decoder, disassembler and operand model, from one table.
//!
//! [`decode`] turns dwords into an [`Instruction`]; its `Display` is the text of `llvm-mc -disassemble` (LLVM 19). It is
//! total: any words give an instruction or a [`DecodeError`]. The tables under `tables/` hold one row an opcode; operation
//! names, operands, implied registers and latency class all come from that row.
//!
//! [`hazard`] and [`wait`] say what code must keep to and the hardware does not check; [`check`] applies both to a program.
//!
//! It leaves executing, assembling and scheduling to others.

#![forbid(unsafe_code)]

pub mod check;
mod counters;
mod decode;
mod error;
pub mod hazard;
mod instruction;
mod operand;
mod print;
mod registers;
mod row;
mod rule;
mod target;
pub mod wait;
#[macro_use]
mod tables;
mod op;

pub use counters::{Counter, DepCtr, WaitCnt};
pub use decode::{Decoder, decode};
pub use error::DecodeError;
pub use instruction::{Dpp, Encoding, Instruction, Modifiers};
pub use op::Op;
pub use operand::{InlineFloat, Operand, Reg, Value};
pub use row::{Access, Flags, Imm, Latency, Row, Slot, Ty, flag};
pub use rule::{Rule, Scope};
pub use target::{Gfx, Target, WaveSize};

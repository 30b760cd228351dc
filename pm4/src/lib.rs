//! PM4, the command stream of AMD GPUs: packets and registers, a builder, a decoder and a linter.
//!
//! `no_std` with `alloc`, and no dependency on the rest of the project: the runtime builds its streams with this crate,
//! the tools read dumps with it.
#![no_std]
#![forbid(unsafe_code)]

#[allow(unused_extern_crates)]
extern crate alloc;

pub mod field;
mod gfx;
mod header;
mod opcode;
pub mod packets;
pub mod registers;

pub use field::{AddressError, FieldError};
pub use gfx::{Generation, Gfx, ParseGfxError, Ring};
pub use header::{Header, PacketType};
pub use opcode::Opcode;
pub use packets::{Packet, Type3};

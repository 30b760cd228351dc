//! PM4, the command stream of AMD GPUs: packets and registers, a builder, a decoder and a linter.
//!
//! `no_std` with `alloc`, and no dependency on the rest of the project: the runtime builds its streams with this crate,
//! the tools read dumps with it.
//!
//! - [`opcode`](Opcode), [`registers`], [`packets`]: what there is, each from one table.
//! - [`builder`]: from packets to dwords.
//! - [`decode`]: from dwords to packets, and from one stream to those that it calls.
//! - [`state`], [`stats`], [`text`]: what a stream sets, what it is made of, what it says.
//! - [`lint`]: what is wrong with it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

pub mod builder;
pub mod decode;
pub mod field;
mod gfx;
mod header;
pub mod lint;
mod opcode;
pub mod packets;
pub mod registers;
mod reserved;
pub mod state;
pub mod stats;
pub mod text;

pub use builder::{BuildError, CommandBuffer};
pub use decode::Decoder;
pub use field::{AddressError, FieldError};
pub use gfx::{Generation, Gfx, ParseGfxError, Ring};
pub use header::{Header, PacketType};
pub use opcode::{Engines, Opcode};
pub use packets::{Packet, Type3};
pub use reserved::is_reserved;

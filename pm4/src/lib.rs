//! PM4, the command stream of AMD GPUs: packets and registers, a builder, a decoder and a linter.
//!
//! `no_std` with `alloc`, and no dependency on the rest of the project: the runtime builds its streams with this crate,
//! the tools read dumps with it.
#![no_std]
#![forbid(unsafe_code)]

extern crate alloc;

mod field;
mod gfx;

pub use field::FieldError;
pub use gfx::{Generation, Gfx, ParseGfxError, Ring};

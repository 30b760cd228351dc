//! The command processor as its users meet it: streams in, memory and registers out. Dwords are those of Mesa's and
//! Linux's streams, or laid out after AMD's packet headers (PAL `gfx9_plus_merged_f32_*_pm4_packets.h`).
#![allow(clippy::unwrap_used, unreachable_pub)]

mod bench;
mod control;
mod dispatch;
mod examples;
mod memory;
mod order;
mod random;
mod recorded;
mod registers;
mod strict;

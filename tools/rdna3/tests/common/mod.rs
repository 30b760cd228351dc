//! What the integration tests share: a corpus that covers every opcode and form, seeded words, and the way to LLVM.

#![allow(dead_code, unreachable_pub)] // each test crate uses its part
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

pub mod corpus;
pub mod llc;
pub mod llvm;

use sparkle_rdna3::{Target, decode};

/// Five dwords: enough for any instruction.
pub type Words = [u32; 5];

/// xorshift64*, so that a seed gives the same words everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u32 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 32) as u32
    }

    pub fn below(&mut self, limit: u32) -> u32 {
        ((u64::from(self.next()) * u64::from(limit)) >> 32) as u32
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u32) as usize]
    }
}

/// Our answer: dwords used and text, or `None`.
pub fn ours(words: &[u32], target: Target) -> Option<(usize, String)> {
    decode(words, target).ok().map(|found| (found.len_dwords(), found.to_string()))
}

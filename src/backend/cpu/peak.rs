//! The FMA peak, measured with the instructions that the microkernels use.
#![allow(unsafe_code)]

use crate::backend::cpu::float_env::FloatEnv;
use crate::backend::cpu::isa::Isa;
use crate::backend::cpu::threads::Team;
use std::hint::black_box;
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Independent chains: more than any FMA latency times FMA ports, fewer than the registers that hold them.
const CHAINS: usize = 12;
/// FMA steps between two looks at the clock, about 20 us.
const STEPS: usize = 4096;

/// GFLOP/s of all threads of `team` together: each runs FMA chains for `budget`, the best slice of each is added up. Where
/// the team computes for somebody else, its turn is waited for.
pub(super) fn measure(isa: Isa, team: &Team, budget: Duration) -> f64 {
    let total = Mutex::new(0.0);
    team.on_all(&|_| {
        let _env = FloatEnv::set_default();
        let started = Instant::now();
        let mut best = Duration::MAX;
        while started.elapsed() < budget || best == Duration::MAX {
            let slice = Instant::now();
            chains(isa);
            best = best.min(slice.elapsed());
        }
        let flops = (2 * isa.lanes() * CHAINS * STEPS) as f64;
        let rate = flops / best.as_secs_f64().max(1e-9) / 1e9;
        *total.lock().unwrap_or_else(std::sync::PoisonError::into_inner) += rate;
    });
    total.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn chains(isa: Isa) {
    match isa {
        // SAFETY: an `Isa` in use was found available on this CPU.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { chains_avx512() },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { chains_avx2() },
        _ => chains_portable(),
    }
}

fn chains_portable() {
    let factor = black_box(0.999_f32);
    let mut sums = [[1.0_f32; 4]; CHAINS];
    for _ in 0..STEPS {
        for sum in sums.as_flattened_mut() {
            *sum = sum.mul_add(factor, 0.001);
        }
    }
    black_box(sums);
}

/// Writes the chains with an ISA's vectors.
#[cfg(target_arch = "x86_64")]
macro_rules! chains {
    ($name:ident, $feature:literal, $splat:ident, $fma:ident) => {
        /// # Safety
        /// The CPU must have the feature.
        #[target_feature(enable = $feature)]
        #[allow(clippy::needless_range_loop)]
        unsafe fn $name() {
            use core::arch::x86_64::*;
            let (factor, addend) = ($splat(black_box(0.999)), $splat(black_box(0.001)));
            let mut sums = [$splat(1.0); CHAINS];
            for _ in 0..STEPS {
                for i in 0..CHAINS {
                    sums[i] = $fma(sums[i], factor, addend);
                }
            }
            black_box(sums);
        }
    };
}
#[cfg(target_arch = "x86_64")]
chains!(chains_avx512, "avx512f", _mm512_set1_ps, _mm512_fmadd_ps);
#[cfg(target_arch = "x86_64")]
chains!(chains_avx2, "avx2,fma", _mm256_set1_ps, _mm256_fmadd_ps);

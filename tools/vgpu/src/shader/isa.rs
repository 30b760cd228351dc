//! Copies of hot loops for the vector extensions that the host has.
//!
//! A loop is a type whose `run` is `#[inline(always)]`; here it is inlined into one function an extension. [`Isa`] is
//! found by asking the host and can't be made otherwise, so that holding one proves that its instructions exist. This is
//! the one file of the engine with unsafe code.
#![allow(unsafe_code)]

use super::lane::Mode;
use super::run::{Context, Flow};
use super::step::Step;
use super::wave::{FloatMode, Lanes};

/// 32 lanes of 64 bits.
pub(crate) type Wide = [u64; 32];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extension {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// Vector extensions of the host that copies of the loops exist for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Extension);

impl Isa {
    /// Runs anywhere.
    pub const PORTABLE: Self = Self(Extension::Portable);

    /// All that the host has, the fastest last.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut found = vec![Self::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            // Hosts with these also have BMI, LZCNT and POPCNT, but nothing says that they must.
            let bits = is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt");
            if bits && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Self(Extension::Avx2));
                if is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512dq")
                {
                    found.push(Self(Extension::Avx512));
                }
            }
        }
        found
    }

    /// The fastest that the host has.
    #[must_use]
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::PORTABLE)
    }
}

/// A loop over lanes of 32 bits. Sources that the operation does not have may hold anything.
pub(crate) trait Loop32 {
    /// Computes `out`; `mask` in and out has a bit for each lane (carries, comparisons).
    fn run(float: FloatMode, sources: [&Lanes; 3], mask: u32, out: &mut Lanes) -> u32;
}

/// A loop over lanes of 64 bits; sources and results of 32 bits are in the low half.
pub(crate) trait Loop64 {
    /// As [`Loop32::run`].
    fn run(mode: Mode, sources: [&Wide; 3], mask: u32, out: &mut Wide) -> u32;
}

/// What executes a step.
pub(crate) trait Handler {
    /// Executes it; the program counter is already at the next one.
    fn run(context: &mut Context<'_>, step: &Step) -> Flow;
}

macro_rules! copies {
    ($(#[$doc:meta])* $holder:ident, $trait:ident, ($($arg:ident: $type:ty),*) -> $result:ty, $portable:ident $avx2:ident $avx512:ident) => {
        fn $portable<L: $trait>($($arg: $type),*) -> $result {
            L::run($($arg),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
        fn $avx2<L: $trait>($($arg: $type),*) -> $result {
            L::run($($arg),*)
        }

        #[cfg(target_arch = "x86_64")]
        #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512dq,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
        fn $avx512<L: $trait>($($arg: $type),*) -> $result {
            L::run($($arg),*)
        }

        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $holder(unsafe fn($($type),*) -> $result);

        impl $holder {
            /// The copy of `L` for the host.
            pub(crate) fn new<L: $trait>(isa: Isa) -> Self {
                Self(match isa.0 {
                    Extension::Portable => $portable::<L>,
                    #[cfg(target_arch = "x86_64")]
                    Extension::Avx2 => $avx2::<L>,
                    #[cfg(target_arch = "x86_64")]
                    Extension::Avx512 => $avx512::<L>,
                })
            }

            #[inline(always)]
            pub(crate) fn call(self, $($arg: $type),*) -> $result {
                // SAFETY: the field is private and only `new` sets it. The functions there are safe but for needing
                // their target features, and the `Isa` that chose one was made by `Isa::available`, which lists it only
                // if the host has these features.
                unsafe { (self.0)($($arg),*) }
            }
        }
    };
}

copies! {
    /// A [`Loop32`] to call.
    Kernel32, Loop32, (float: FloatMode, sources: [&Lanes; 3], mask: u32, out: &mut Lanes) -> u32, portable32 avx2_32 avx512_32
}
copies! {
    /// A [`Loop64`] to call.
    Kernel64, Loop64, (mode: Mode, sources: [&Wide; 3], mask: u32, out: &mut Wide) -> u32, portable64 avx2_64 avx512_64
}
copies! {
    /// A [`Handler`] to call.
    Run, Handler, (context: &mut Context<'_>, step: &Step) -> Flow, portable_handler avx2_handler avx512_handler
}

//! Activations over a slice, compiled once per ISA: the sequence is the one of `conv::epilogue`, only the lanes differ.
#![allow(unsafe_code)]

use crate::backend::cpu::isa::Isa;
use crate::conv::Activation;
use crate::conv::epilogue::{gelu, leaky_relu, relu, relu6, silu};

/// Applies `activation` to every element.
pub(in crate::backend::cpu) fn activate(isa: Isa, activation: Activation, values: &mut [f32]) {
    if activation == Activation::None {
        return;
    }
    match isa {
        Isa::Portable => apply(activation, values),
        // SAFETY: an `Isa` in use was found available on this CPU.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { apply_avx2(activation, values) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { apply_avx512(activation, values) },
        #[cfg(not(target_arch = "x86_64"))]
        Isa::Avx2 | Isa::Avx512 => apply(activation, values),
    }
}

/// # Safety
/// The CPU must have AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn apply_avx2(activation: Activation, values: &mut [f32]) {
    apply(activation, values);
}

/// # Safety
/// The CPU must have AVX-512F.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn apply_avx512(activation: Activation, values: &mut [f32]) {
    apply(activation, values);
}

#[inline(always)]
fn apply(activation: Activation, values: &mut [f32]) {
    match activation {
        Activation::None => {}
        Activation::Relu => values.iter_mut().for_each(|x| *x = relu(*x)),
        Activation::Relu6 => values.iter_mut().for_each(|x| *x = relu6(*x)),
        Activation::LeakyRelu(slope) => values.iter_mut().for_each(|x| *x = leaky_relu(*x, slope)),
        Activation::Silu => values.iter_mut().for_each(|x| *x = silu(*x)),
        Activation::Gelu => values.iter_mut().for_each(|x| *x = gelu(*x)),
    }
}

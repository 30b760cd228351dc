//! Comparisons: one loop a type; which comparison it is comes in as the mask.

use sparkle_rdna3::Op;

use super::{Comparison, each_test};
use crate::shader::isa::{Isa, Kernel32, Kernel64, Loop32, Loop64, Wide};
use crate::shader::lane::{FloatCompare, IntCompare, Mode, f16, f32, f64};
use crate::shader::wave::{FloatMode, Lanes};

macro_rules! narrow {
    ($($name:ident: |$mode:ident, $code:ident, $a:ident, $b:ident| $test:expr;)+) => { $(
        struct $name;
        impl Loop32 for $name {
            #[inline(always)]
            fn run(float: FloatMode, sources: [&Lanes; 3], $code: u32, _: &mut Lanes) -> u32 {
                let $mode = float.mode;
                let _ = $mode;
                each_test(sources, |$a, $b| $test)
            }
        }
    )+ };
}

narrow! {
    F32: |mode, code, a, b| f32::compare(mode, FloatCompare::from_bits(code), a, b);
    F16: |mode, code, a, b| f16::compare(mode, FloatCompare::from_bits(code), a as u16, b as u16); // CAST: low halves
    I32: |_mode, code, a, b| IntCompare::from_bits(code).holds(a as i32, b as i32); // CAST: two's complement
    U32: |_mode, code, a, b| IntCompare::from_bits(code).holds(a, b);
    I16: |_mode, code, a, b| IntCompare::from_bits(code).holds(a as i16, b as i16); // CAST: low halves
    U16: |_mode, code, a, b| IntCompare::from_bits(code).holds(a as u16, b as u16); // CAST: low halves
    Class32: |_mode, _code, a, b| f32::class(a, b);
    Class16: |_mode, _code, a, b| f16::class(a as u16, b); // CAST: low half
}

macro_rules! wide {
    ($($name:ident: |$mode:ident, $code:ident, $a:ident, $b:ident| $test:expr;)+) => { $(
        struct $name;
        impl Loop64 for $name {
            #[inline(always)]
            fn run($mode: Mode, [a, b, _]: [&Wide; 3], $code: u32, _: &mut Wide) -> u32 {
                let _ = $mode;
                let mut result = 0;
                for i in 0..32 {
                    let ($a, $b) = (a[i], b[i]);
                    result |= u32::from($test) << i;
                }
                result
            }
        }
    )+ };
}

wide! {
    F64: |mode, code, a, b| f64::compare(mode, FloatCompare::from_bits(code), a, b);
    I64: |_mode, code, a, b| IntCompare::from_bits(code).holds(a as i64, b as i64); // CAST: two's complement
    U64: |_mode, code, a, b| IntCompare::from_bits(code).holds(a, b);
    Class64: |_mode, _code, a, b| f64::class(a, b as u32); // CAST: the source has 32 bits
}

const FLOAT: [&str; 16] =
    ["f", "lt", "eq", "le", "gt", "lg", "ge", "o", "u", "nge", "nlg", "ngt", "nle", "neq", "nlt", "t"];
const INTEGER: [&str; 8] = ["f", "lt", "eq", "le", "gt", "ne", "ge", "t"];

/// The number of a float comparison's name in the opcode. Source: guide, section 16.9.
pub(crate) fn float_code(name: &str) -> Option<u32> {
    FLOAT.iter().zip(0..).find_map(|(&known, code)| (known == name).then_some(code))
}

pub(super) fn find(op: Op, isa: Isa) -> Option<(Comparison, u32)> {
    let name = op.mnemonic();
    let (test, kind) = name.strip_prefix("v_cmpx_").or_else(|| name.strip_prefix("v_cmp_"))?.rsplit_once('_')?;
    let code = match kind.as_bytes().first() {
        _ if test == "class" => 0,
        Some(b'f') => float_code(test)?,
        _ => INTEGER.iter().zip(0..).find_map(|(&known, code)| (known == test).then_some(code))?,
    };
    let comparison = match (kind, test == "class") {
        ("f16", true) => Comparison::Narrow(Kernel32::new::<Class16>(isa)),
        ("f32", true) => Comparison::Narrow(Kernel32::new::<Class32>(isa)),
        ("f64", true) => Comparison::Wide(Kernel64::new::<Class64>(isa)),
        ("f16", false) => Comparison::Narrow(Kernel32::new::<F16>(isa)),
        ("f32", false) => Comparison::Narrow(Kernel32::new::<F32>(isa)),
        ("f64", false) => Comparison::Wide(Kernel64::new::<F64>(isa)),
        ("i16", _) => Comparison::Narrow(Kernel32::new::<I16>(isa)),
        ("u16", _) => Comparison::Narrow(Kernel32::new::<U16>(isa)),
        ("i32", _) => Comparison::Narrow(Kernel32::new::<I32>(isa)),
        ("u32", _) => Comparison::Narrow(Kernel32::new::<U32>(isa)),
        ("i64", _) => Comparison::Wide(Kernel64::new::<I64>(isa)),
        ("u64", _) => Comparison::Wide(Kernel64::new::<U64>(isa)),
        _ => return None,
    };
    Some((comparison, code))
}

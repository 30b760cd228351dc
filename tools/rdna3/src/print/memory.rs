//! What stands after the operands of memory, export and LDS instructions.

use std::fmt;

use super::modifiers::switch;
use crate::instruction::{Encoding, Instruction, Modifiers};
use crate::op::Op;
use crate::row::flag;

/// Source: LLVM `llvm/docs/AMDGPUModifierSyntax.rst`, "dim".
const DIMENSIONS: [&str; 8] = ["1D", "2D", "3D", "CUBE", "1D_ARRAY", "2D_ARRAY", "2D_MSAA", "2D_MSAA_ARRAY"];

pub(super) fn write(f: &mut fmt::Formatter<'_>, instruction: &Instruction) -> fmt::Result {
    let modifiers = instruction.modifiers();
    match instruction.encoding() {
        Encoding::Ds => {
            if instruction.op() == Op::DS_SWIZZLE_B32 {
                swizzle(f, modifiers.offset)?;
            } else if instruction.flags().contains(flag::TWO) {
                number(f, "offset0", modifiers.offset)?;
                number(f, "offset1", i32::from(modifiers.offset1))?;
            } else {
                number(f, "offset", modifiers.offset)?;
            }
            switch(f, modifiers.gds, "gds")
        }
        Encoding::Flat | Encoding::Global | Encoding::Scratch => {
            number(f, "offset", modifiers.offset)?;
            cache(f, modifiers)
        }
        Encoding::Mubuf | Encoding::Mtbuf => {
            if instruction.encoding() == Encoding::Mtbuf {
                format(f, modifiers.format)?;
            }
            switch(f, modifiers.idxen, "idxen")?;
            switch(f, modifiers.offen, "offen")?;
            number(f, "offset", modifiers.offset)?;
            cache(f, modifiers)?;
            switch(f, modifiers.tfe, "tfe")
        }
        Encoding::Mimg => image(f, instruction),
        Encoding::LdsDir => write!(f, " wait_vdst:{}", modifiers.wait),
        Encoding::Exp => {
            switch(f, modifiers.done, "done")?;
            switch(f, modifiers.row_en, "row_en")
        }
        _ => Ok(()),
    }
}

fn number(f: &mut fmt::Formatter<'_>, name: &str, value: i32) -> fmt::Result {
    if value == 0 { Ok(()) } else { write!(f, " {name}:{value}") }
}

fn cache(f: &mut fmt::Formatter<'_>, modifiers: &Modifiers) -> fmt::Result {
    switch(f, modifiers.glc, "glc")?;
    switch(f, modifiers.slc, "slc")?;
    switch(f, modifiers.dlc, "dlc")
}

fn image(f: &mut fmt::Formatter<'_>, instruction: &Instruction) -> fmt::Result {
    let modifiers = instruction.modifiers();
    // Ray intersections fix everything but the address size.
    if matches!(instruction.op(), Op::IMAGE_BVH_INTERSECT_RAY | Op::IMAGE_BVH64_INTERSECT_RAY) {
        return switch(f, modifiers.a16, "a16");
    }
    if modifiers.mask != 0 {
        write!(f, " dmask:{:#x}", modifiers.mask)?;
    }
    let dimension = DIMENSIONS.get(usize::from(modifiers.dim)).copied().unwrap_or("1D");
    write!(f, " dim:SQ_RSRC_IMG_{dimension}")?;
    switch(f, modifiers.unorm, "unorm")?;
    cache(f, modifiers)?;
    switch(f, modifiers.r128, "r128")?;
    switch(f, modifiers.a16, "a16")?;
    switch(f, modifiers.tfe, "tfe")?;
    switch(f, modifiers.lwe, "lwe")?;
    switch(f, modifiers.d16, "d16")
}

/// Patterns of `ds_swizzle_b32`.
///
/// Source: AMD "RDNA3 Instruction Set Architecture", `DS_SWIZZLE_B32`; LLVM `llvm/docs/AMDGPUModifierSyntax.rst`.
fn swizzle(f: &mut fmt::Formatter<'_>, offset: i32) -> fmt::Result {
    let field = |low: u32, width: u32| offset >> low & ((1 << width) - 1);
    if offset == 0 {
        return Ok(());
    }
    if offset & 0xff00 == 0x8000 {
        let lanes = [field(0, 2), field(2, 2), field(4, 2), field(6, 2)];
        return write!(f, " offset:swizzle(QUAD_PERM,{},{},{},{})", lanes[0], lanes[1], lanes[2], lanes[3]);
    }
    if offset & 0x8000 != 0 {
        return write!(f, " offset:{offset}");
    }
    let (and, or, xor) = (field(0, 5), field(5, 5), field(10, 5));
    let group = 32 - and;
    if and == 31 && or == 0 && xor.count_ones() == 1 {
        write!(f, " offset:swizzle(SWAP,{xor})")
    } else if and == 31 && or == 0 && xor > 0 && (xor + 1).count_ones() == 1 {
        write!(f, " offset:swizzle(REVERSE,{})", xor + 1)
    } else if group > 1 && group.count_ones() == 1 && or < group && xor == 0 {
        write!(f, " offset:swizzle(BROADCAST,{group},{or})")
    } else {
        f.write_str(" offset:swizzle(BITMASK_PERM,\"")?;
        for bit in (0..5).rev() {
            let zero = (or ^ xor) >> bit & 1;
            let one = ((and | or) ^ xor) >> bit & 1;
            f.write_str(match (zero, one) {
                (0, 0) => "0",
                (1, 1) => "1",
                (0, _) => "p",
                _ => "i",
            })?;
        }
        f.write_str("\")")
    }
}

/// The usual format is left out. Source: AMD "RDNA3 Instruction Set Architecture", table "Buffer formats".
fn format(f: &mut fmt::Formatter<'_>, format: u8) -> fmt::Result {
    if format == 1 {
        return Ok(());
    }
    match FORMATS.get(usize::from(format)) {
        Some(name) => write!(f, " format:[BUF_FMT_{name}]"),
        None => write!(f, " format:{format}"),
    }
}

/// Buffer formats by number.
const FORMATS: [&str; 64] = [
    "INVALID",
    "8_UNORM",
    "8_SNORM",
    "8_USCALED",
    "8_SSCALED",
    "8_UINT",
    "8_SINT",
    "16_UNORM",
    "16_SNORM",
    "16_USCALED",
    "16_SSCALED",
    "16_UINT",
    "16_SINT",
    "16_FLOAT",
    "8_8_UNORM",
    "8_8_SNORM",
    "8_8_USCALED",
    "8_8_SSCALED",
    "8_8_UINT",
    "8_8_SINT",
    "32_UINT",
    "32_SINT",
    "32_FLOAT",
    "16_16_UNORM",
    "16_16_SNORM",
    "16_16_USCALED",
    "16_16_SSCALED",
    "16_16_UINT",
    "16_16_SINT",
    "16_16_FLOAT",
    "10_11_11_FLOAT",
    "11_11_10_FLOAT",
    "10_10_10_2_UNORM",
    "10_10_10_2_SNORM",
    "10_10_10_2_UINT",
    "10_10_10_2_SINT",
    "2_10_10_10_UNORM",
    "2_10_10_10_SNORM",
    "2_10_10_10_USCALED",
    "2_10_10_10_SSCALED",
    "2_10_10_10_UINT",
    "2_10_10_10_SINT",
    "8_8_8_8_UNORM",
    "8_8_8_8_SNORM",
    "8_8_8_8_USCALED",
    "8_8_8_8_SSCALED",
    "8_8_8_8_UINT",
    "8_8_8_8_SINT",
    "32_32_UINT",
    "32_32_SINT",
    "32_32_FLOAT",
    "16_16_16_16_UNORM",
    "16_16_16_16_SNORM",
    "16_16_16_16_USCALED",
    "16_16_16_16_SSCALED",
    "16_16_16_16_UINT",
    "16_16_16_16_SINT",
    "16_16_16_16_FLOAT",
    "32_32_32_UINT",
    "32_32_32_SINT",
    "32_32_32_FLOAT",
    "32_32_32_32_UINT",
    "32_32_32_32_SINT",
    "32_32_32_32_FLOAT",
];

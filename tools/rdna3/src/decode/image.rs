//! MIMG: decode only; the widths of data and address follow from the channel mask, the dimension and the operation.

use super::memory::{resource, vgpr};
use super::source::{operand, scalar_tuple};
use super::{Fail, Result, Words, bit, bits};
use crate::instruction::{Encoding, Instruction, Modifiers};
use crate::op::Op;
use crate::operand::{Operand, Value};
use crate::row::{Access, Flags, Kind, Row, Slot, find, flag};
use crate::tables;

/// Coordinates and gradients of each dimension. Source: LLVM `MIMGInstructions.td`, `AMDGPUDims`.
const DIMENSIONS: [(u32, u32); 8] = [(1, 2), (2, 4), (3, 6), (3, 4), (2, 2), (3, 4), (3, 4), (4, 4)];
/// Addresses of their own before the last of a list stands for the rest.
const LIST: usize = 5;

pub(super) fn image(first: u32, words: &mut Words<'_>) -> Result<Instruction> {
    let row = find(tables::mimg::TABLE, bits(first, 18, 8)).ok_or(Fail::Invalid)?;
    let second = words.word(1)?;
    let mut out = Instruction::new(Encoding::Mimg, row, words.target);
    let modifiers = &mut out.modifiers;
    modifiers.nsa = bit(first, 0);
    modifiers.dim = bits(first, 2, 3) as u8; // CAST: three bits
    modifiers.unorm = bit(first, 7);
    modifiers.mask = bits(first, 8, 4) as u8; // CAST: four bits
    modifiers.slc = bit(first, 12);
    modifiers.dlc = bit(first, 13);
    modifiers.glc = bit(first, 14);
    modifiers.r128 = bit(first, 15);
    modifiers.a16 = bit(first, 16);
    modifiers.d16 = bit(first, 17);
    modifiers.tfe = bit(second, 21);
    modifiers.lwe = bit(second, 22);
    let modifiers = *modifiers;
    if modifiers.d16 && !row.flags.contains(flag::D16) {
        return Err(Fail::Invalid);
    }
    let sampler = row.slots.iter().any(|slot| slot.kind == Kind::Sampler);
    if !sampler && bits(second, 26, 5) != 0 {
        return Err(Fail::Invalid);
    }
    let list = if modifiers.nsa { words.word(2)? } else { 0 };
    let fields = [bits(second, 0, 8), bits(list, 0, 8), bits(list, 8, 8), bits(list, 16, 8), bits(list, 24, 8)];
    let (mut data, mut addresses) = if is_ray(row.op) { ray(row, &modifiers)? } else { sizes(row, &modifiers) };
    // LLVM decodes the first form before it chooses, so that one must fit too.
    if !is_ray(row.op) {
        let (data, addresses) = first_form(row, modifiers.nsa);
        if !(fits(bits(second, 8, 8), data) && addresses.fit(&fields, modifiers.nsa)) {
            return Err(Fail::Invalid);
        }
    }
    // LLVM keeps the first form if a tuple passes the last VGPR.
    let fit = fits(bits(second, 8, 8), data) && addresses.fit(&fields, modifiers.nsa);
    if !fit && !is_ray(row.op) {
        (data, addresses) = first_form(row, modifiers.nsa);
    }
    for slot in row.slots {
        match slot.kind {
            Kind::VAddr if modifiers.nsa => {
                for (&start, &dwords) in fields.iter().zip(addresses.list().iter()) {
                    out.push(vgpr(slot, start, dwords)?);
                    out.split += 1;
                }
            }
            Kind::VAddr => {
                out.push(vgpr(slot, bits(second, 0, 8), addresses.contiguous())?);
                out.split += 1;
            }
            Kind::Resource => out.push(resource(slot, second)?),
            Kind::Sampler => out.push(sampler_operand(slot, second)?),
            Kind::AtomicData => {
                let access = if modifiers.glc { Access::ReadWrite } else { Access::Read };
                out.push(vgpr(&Slot { access, ..*slot }, bits(second, 8, 8), data)?);
            }
            _ => out.push(vgpr(slot, bits(second, 8, 8), data)?),
        }
    }
    Ok(out)
}

fn fits(first: u32, dwords: u8) -> bool {
    first + u32::from(dwords) <= 256
}

fn sampler_operand(slot: &Slot, second: u32) -> Result<Operand> {
    let reg = scalar_tuple(bits(second, 26, 5) << 2, slot.dwords)?;
    Ok(operand(slot, Value::Reg(reg), slot.dwords))
}

const fn is_ray(op: Op) -> bool {
    matches!(op, Op::IMAGE_BVH_INTERSECT_RAY | Op::IMAGE_BVH64_INTERSECT_RAY)
}

/// Address dwords, in up to five parts.
struct Addresses {
    parts: [u8; LIST],
    count: usize,
}

impl Addresses {
    /// `total` dwords: four alone, the rest together.
    fn new(total: u32) -> Self {
        let mut parts = [1; LIST];
        if let (Some(last), true) = (parts.last_mut(), total as usize > LIST) {
            *last = (total as usize - (LIST - 1)) as u8; // CAST: at most 12
        }
        Self { parts, count: (total as usize).min(LIST) }
    }

    fn list(&self) -> &[u8] {
        self.parts.get(..self.count).unwrap_or(&self.parts)
    }

    fn fit(&self, fields: &[u32; LIST], nsa: bool) -> bool {
        if nsa {
            fields.iter().zip(self.list()).all(|(&first, &dwords)| fits(first, dwords))
        } else {
            fits(fields[0], self.contiguous())
        }
    }

    /// Dwords of one tuple for all.
    fn contiguous(&self) -> u8 {
        self.list().iter().sum()
    }
}

/// Dwords of data, and the addresses.
fn sizes(row: &Row, modifiers: &Modifiers) -> (u8, Addresses) {
    let flags = row.flags;
    let channels = modifiers.mask.count_ones().max(1);
    let four = flags.contains(flag::GATHER);
    let channels = if four { 4 } else { channels };
    let packed = if modifiers.d16 { channels.div_ceil(2) } else { channels };
    let data = packed as u8 + u8::from(modifiers.tfe); // CAST: at most 4
    let addresses = address_dwords(flags, modifiers);
    let range = AddressRange::new(row);
    let known = match row.slots.first().map(|slot| (slot.kind, slot.dwords)) {
        // A compare-and-swap carries two values.
        Some((Kind::AtomicData, 2)) => matches!(data, 2 | 4).then_some(data),
        Some((Kind::AtomicData, _)) => match data {
            1 | 2 => Some(data),
            4 => Some(5),
            _ => None,
        },
        _ if four && data == 3 && row.op != Op::IMAGE_MSAA_LOAD => None,
        _ => Some(data),
    };
    // LLVM keeps the first form it tried where no form has these widths.
    match known {
        Some(data) if range.has(addresses, modifiers.nsa) => (data, Addresses::new(addresses)),
        _ => first_form(row, modifiers.nsa),
    }
}

/// The form LLVM tries first.
fn first_form(row: &Row, nsa: bool) -> (u8, Addresses) {
    let data = if row.flags.contains(flag::GATHER) { 4 } else { row.slots.first().map_or(1, |slot| slot.dwords) };
    (data, Addresses::new(AddressRange::new(row).first(nsa)))
}

/// The address widths LLVM 19 has forms for. Source: LLVM `MIMGInstructions.td`, `MIMG_Sampler_AddrSizes` and
/// `MIMG_NoSampler`.
struct AddressRange {
    least: u32,
    most: u32,
}

impl AddressRange {
    fn new(row: &Row) -> Self {
        let flags = row.flags;
        let gradients = flags.contains(flag::GRAD);
        let least = extra_dwords(flags) + if gradients { 2 } else { 1 };
        if !row.slots.iter().any(|slot| slot.kind == Kind::Sampler) {
            return Self { least, most: 4 };
        }
        let gradients = match (gradients, flags.contains(flag::G16)) {
            (false, _) => 0,
            (true, false) => 6,
            (true, true) => 4,
        };
        Self { least, most: extra_dwords(flags) + gradients + 3 + u32::from(flags.contains(flag::LOD)) }
    }

    const fn has(&self, dwords: u32, nsa: bool) -> bool {
        if nsa {
            return dwords >= 2 && dwords >= self.least && dwords <= self.most;
        }
        // Three and seven round up to the next power of two.
        let most = if matches!(self.most, 3 | 7) { self.most + 1 } else { self.most };
        dwords >= self.least && dwords <= most
    }

    const fn first(&self, nsa: bool) -> u32 {
        match (nsa, self.most) {
            (false, _) => self.least,
            (true, 0..=4) => self.most,
            (true, _) => 5,
        }
    }
}

/// Address dwords for offset, bias and compare value.
fn extra_dwords(flags: Flags) -> u32 {
    let parts = [flag::EX1, flag::EX2].into_iter().zip([1, 2]);
    parts.filter(|(flag, _)| flags.contains(*flag)).map(|(_, count)| count).sum()
}

/// Source: AMD "RDNA3 Instruction Set Architecture", tables "Image opcodes" of chapter 12.
fn address_dwords(flags: Flags, modifiers: &Modifiers) -> u32 {
    let (coordinates, gradients) = DIMENSIONS.get(usize::from(modifiers.dim)).copied().unwrap_or((1, 2));
    let coordinates = if flags.contains(flag::NOCOORD) { 0 } else { coordinates };
    let components = coordinates + u32::from(flags.contains(flag::LOD));
    let gradients = match (flags.contains(flag::GRAD), flags.contains(flag::G16)) {
        (false, _) => 0,
        (true, false) => gradients,
        (true, true) => (gradients / 2).next_multiple_of(2),
    };
    extra_dwords(flags) + gradients + if modifiers.a16 { components.div_ceil(2) } else { components }
}

/// Ray intersections have one form: four results, all channels, a 128-bit resource, no dimension.
fn ray(row: &Row, modifiers: &Modifiers) -> Result<(u8, Addresses)> {
    let Modifiers { glc, slc, dlc, tfe, lwe, .. } = *modifiers;
    let fixed = modifiers.mask == 15 && modifiers.unorm && modifiers.r128 && modifiers.dim == 0;
    if !fixed || glc || slc || dlc || tfe || lwe {
        return Err(Fail::Invalid);
    }
    let node = if row.op == Op::IMAGE_BVH64_INTERSECT_RAY { 2 } else { 1 };
    let addresses = if modifiers.a16 {
        Addresses { parts: [node, 1, 3, 3, 0], count: 4 }
    } else {
        Addresses { parts: [node, 1, 3, 3, 3], count: 5 }
    };
    Ok((4, addresses))
}

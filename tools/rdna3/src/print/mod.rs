//! The text of an instruction, as `llvm-mc -disassemble` of LLVM 19 prints it without symbols.

mod immediate;
mod memory;
mod modifiers;
mod operand;

use std::fmt;

pub(crate) use immediate::delay_is_known;

use crate::instruction::{Dpp, Encoding, Instruction};
use crate::op::Op;
use crate::operand::Operand;
use crate::row::{Kind, Row, flag};

impl fmt::Display for Instruction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.row_y.is_some() {
            dual(f, self.row)?;
        } else {
            f.write_str(self.row.op.mnemonic())?;
            f.write_str(self.suffix())?;
        }
        match self.row_y {
            Some(row_y) => {
                let (x, y) = self.halves();
                list(f, x)?;
                f.write_str(" :: ")?;
                dual(f, row_y)?;
                list(f, y)
            }
            None => {
                self.arguments(f)?;
                modifiers::write(f, self)
            }
        }
    }
}

impl Instruction {
    /// What the text adds to the mnemonic: the encoding where an operation has several.
    fn suffix(&self) -> &'static str {
        let flags = self.row.flags;
        match (self.encoding, self.modifiers.dpp) {
            (Encoding::Vopc, Dpp::Dpp8 { .. } | Dpp::Dpp16 { .. }) => "",
            (Encoding::Vop1 | Encoding::Vop2, Dpp::Dpp8 { .. } | Dpp::Dpp16 { .. }) => "_dpp",
            (_, Dpp::Dpp8 { .. } | Dpp::Dpp16 { .. }) => "_e64_dpp",
            (Encoding::Vop1, Dpp::None) if self.row.op == Op::V_MOV_B16 => "_e32",
            (Encoding::Vop1 | Encoding::Vop2 | Encoding::Vopc, Dpp::None)
                if flags.contains(flag::E64) && !self.bare() =>
            {
                "_e32"
            }
            (Encoding::Vop3, Dpp::None) if flags.contains(flag::E64) && !self.bare() => "_e64",
            _ => "",
        }
    }

    /// The operands; a list of image addresses stands in brackets.
    fn arguments(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.encoding == Encoding::Exp {
            // No comma after the target.
            let (target, rest) = self.operands().split_at_checked(1).unwrap_or_default();
            list(f, target)?;
            return list(f, rest);
        }
        if !self.modifiers.nsa {
            return list(f, self.operands());
        }
        let (data, rest) = self.operands().split_at_checked(1).unwrap_or_default();
        let (addresses, rest) = rest.split_at_checked(usize::from(self.split)).unwrap_or_default();
        if self.row.slots.iter().any(|slot| slot.kind == Kind::Sampler) {
            f.write_str(" ")?; // LLVM leaves two spaces after the mnemonic here
        }
        list(f, data)?;
        f.write_str(",")?;
        for (at, address) in addresses.iter().enumerate() {
            write!(f, "{}{address}", if at == 0 { " [" } else { ", " })?;
        }
        f.write_str("],")?;
        list(f, rest)
    }

    /// Operations without operands never take a suffix.
    const fn bare(&self) -> bool {
        self.row.slots.is_empty()
    }
}

/// The mnemonic of a half of VOPD.
fn dual(f: &mut fmt::Formatter<'_>, row: &Row) -> fmt::Result {
    let mnemonic = row.op.mnemonic();
    write!(f, "v_dual_{}", mnemonic.strip_prefix("v_").unwrap_or(mnemonic))
}

/// A space and the operands with commas between them.
fn list(f: &mut fmt::Formatter<'_>, operands: &[Operand]) -> fmt::Result {
    let mut separator = " ";
    for operand in operands {
        if operand.is_hidden() {
            continue;
        }
        f.write_str(separator)?;
        write!(f, "{operand}")?;
        separator = ", ";
    }
    Ok(())
}

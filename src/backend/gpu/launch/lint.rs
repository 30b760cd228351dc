//! The PM4 linter over a list, before it is sent.

use super::super::Error;
use super::super::module::Loaded;
use super::list::Use;
use crate::amdgpu::{GpuVa, PageFlags};
use sparkle_pm4::decode::walk::Memory;
use sparkle_pm4::lint::{Buffer, Finding, Options, RootKind, Rule, lint};
use sparkle_pm4::{Gfx, Ring};
use std::fmt::Write;
use std::sync::Arc;

/// Rules that see a mistake where there need be none. Compilers leave out ids that a kernel doesn't read, whatever the
/// grid; and a workgroup of 63 work-items is the caller's choice.
const NOT_HERE: [Rule; 3] = [Rule::TgidMissing, Rule::TidigMissing, Rule::SizeMinusOne];

/// The programs of modules.
struct Programs<'a>(&'a [Arc<Loaded>]);

impl Memory for Programs<'_> {
    fn words(&self, va: u64, dwords: usize) -> Option<&[u32]> {
        self.0.iter().find_map(|module| {
            let offset = va.checked_sub(module.mapping.address().get())?;
            let at = usize::try_from(offset / 4).ok().filter(|_| offset.is_multiple_of(4))?;
            module.words.get(at..at.checked_add(dwords)?)
        })
    }
}

/// An error with all that the linter found.
pub(super) fn check(gfx: Gfx, words: &[u32], va: GpuVa, uses: &[Use], modules: &[Arc<Loaded>]) -> Result<(), Error> {
    let buffers: Vec<Buffer> = uses.iter().map(buffer).collect();
    let options = Options {
        gfx,
        ring: Ring::Compute,
        root: RootKind::Ib,
        buffers: Some(&buffers),
        memory_synced: false,
        partial: false,
        programs: None,
    };
    let found = lint(words, Some(va.get()), &Programs(modules), &options);
    let mut findings = String::new();
    for Finding { rule, at, message, .. } in found.into_iter().filter(|finding| !NOT_HERE.contains(&finding.rule)) {
        let separator = if findings.is_empty() { "" } else { "; " };
        // Writing to a string doesn't fail.
        let _ = write!(findings, "{separator}dword {at}: {}: {message} [{}]", rule.title(), rule.code());
    }
    if findings.is_empty() { Ok(()) } else { Err(Error::Lint { findings }) }
}

fn buffer(used: &Use) -> Buffer {
    let flags = used.mapping.flags();
    Buffer {
        va: used.mapping.address().get(),
        size: used.mapping.bytes(),
        readable: flags.contains(PageFlags::READ),
        writable: flags.contains(PageFlags::WRITE),
        executable: flags.contains(PageFlags::EXECUTE),
        role: Some(used.role.of_capture().as_str().to_owned()),
    }
}

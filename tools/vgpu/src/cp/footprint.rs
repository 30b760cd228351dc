//! Which dwords of global memory the waves of a dispatch touch.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::shader::{AccessKind, GroupPlace, MemoryAccess, Observer, Program, Space, Watcher, Wave, Workgroup};

/// Dwords of a page.
const PAGE: u64 = 1024;

/// A bit for each dword of a page.
type Bits = [u64; PAGE as usize / 64]; // CAST: 1024

#[derive(Clone, Debug, Default)]
struct Page {
    loads: Bits,
    stores: Bits,
    atomics: Bits,
}

/// The dwords by their pages.
#[derive(Clone, Debug, Default)]
struct Pages(HashMap<u64, Box<Page>>);

impl Pages {
    fn add(&mut self, kind: AccessKind, va: u64, bytes: u64) {
        for dword in va / 4..va.saturating_add(bytes).div_ceil(4) {
            let page = self.0.entry(dword / PAGE).or_default();
            let bits = match kind {
                AccessKind::Load => &mut page.loads,
                AccessKind::Store => &mut page.stores,
                AccessKind::Atomic => &mut page.atomics,
            };
            if let Some(word) = bits.get_mut((dword % PAGE / 64) as usize) {
                // CAST: below 16
                *word |= 1 << (dword % 64);
            }
        }
    }

    fn merge(&mut self, other: Self) {
        for (number, page) in other.0 {
            let mine = self.0.entry(number).or_default();
            for (to, from) in
                [(&mut mine.loads, page.loads), (&mut mine.stores, page.stores), (&mut mine.atomics, page.atomics)]
            {
                to.iter_mut().zip(from).for_each(|(to, from)| *to |= from);
            }
        }
    }
}

/// How two pieces of work that nothing orders touch the same dword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The dword's address.
    pub va: u64,
    /// Whether the earlier one writes it.
    pub written_before: bool,
    /// Whether the later one writes it.
    pub written_after: bool,
}

/// What a dispatch touches. It is a [`Watcher`], for one run.
#[derive(Debug, Default)]
pub struct Footprint(Mutex<Pages>);

impl Footprint {
    /// A dword that this and a `later` dispatch touch so that their order matters; two atomics don't.
    #[must_use]
    pub fn conflict(&self, later: &Self) -> Option<Conflict> {
        // One after the other: two dispatches may be compared both ways round.
        let earlier = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let later = later.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found: Option<Conflict> = None;
        for (number, a) in &earlier.0 {
            let Some(b) = later.0.get(number) else { continue };
            for (index, at) in (0..PAGE / 64).zip(0usize..) {
                let of = |bits: &Bits| bits.get(at).copied().unwrap_or(0);
                let (a_writes, b_writes) = (of(&a.stores) | of(&a.atomics), of(&b.stores) | of(&b.atomics));
                let hits = of(&a.stores) & (of(&b.loads) | b_writes)
                    | of(&a.atomics) & (of(&b.loads) | of(&b.stores))
                    | of(&a.loads) & b_writes;
                if hits == 0 {
                    continue;
                }
                let bit = hits.trailing_zeros();
                let va = (number * PAGE + index * 64 + u64::from(bit)) * 4;
                if found.is_none_or(|found| va < found.va) {
                    let has = |bits: u64| bits >> bit & 1 != 0;
                    found = Some(Conflict { va, written_before: has(a_writes), written_after: has(b_writes) });
                }
            }
        }
        found
    }

    /// The first of `bytes` bytes from `va` on that waves touch: write, or read if `writes`.
    #[must_use]
    pub fn touches(&self, va: u64, bytes: u64, writes: bool) -> Option<u64> {
        let pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (first, end) = (va / 4, va.saturating_add(bytes).div_ceil(4));
        // Few pages or a short range, whichever is less to look through.
        let numbers = first / PAGE..end.div_ceil(PAGE);
        let mut near: Vec<_> = if numbers.end - numbers.start < pages.0.len() as u64 {
            // CAST: widening
            numbers.filter_map(|number| Some((number, pages.0.get(&number)?))).collect()
        } else {
            pages
                .0
                .iter()
                .map(|(number, page)| (*number, page))
                .filter(|(number, _)| numbers.contains(number))
                .collect()
        };
        near.sort_unstable_by_key(|(number, _)| *number);
        near.iter().find_map(|(number, page)| {
            (first.max(number * PAGE)..end.min((number + 1) * PAGE)).find_map(|dword| {
                let at = (dword % PAGE / 64) as usize; // CAST: below 16
                let of = |bits: &Bits| bits.get(at).copied().unwrap_or(0);
                let bits = of(&page.stores) | of(&page.atomics) | if writes { of(&page.loads) } else { 0 };
                (bits >> (dword % 64) & 1 != 0).then_some(dword * 4)
            })
        })
    }
}

/// The part of one workgroup.
#[derive(Debug)]
pub struct Steps<'a> {
    all: &'a Footprint,
    pages: Pages,
}

impl Watcher for Footprint {
    type Observer<'a> = Steps<'a>;

    fn watch<'a>(&'a self, _: &Workgroup, _: GroupPlace) -> Steps<'a> {
        Steps { all: self, pages: Pages::default() }
    }
}

impl Observer for Steps<'_> {
    const RECORD: bool = true;

    fn before(&mut self, _: &Program, _: &Wave) {}

    fn after(&mut self, _: &Program, _: &Wave, _: usize, accesses: &[MemoryAccess]) {
        for access in accesses.iter().filter(|access| access.space == Space::Global) {
            self.pages.add(access.kind, access.address & 0xffff_ffff_ffff, access.bytes.into());
        }
    }
}

impl Drop for Steps<'_> {
    fn drop(&mut self) {
        self.all.0.lock().unwrap_or_else(PoisonError::into_inner).merge(std::mem::take(&mut self.pages));
    }
}

//! The shadows of memory: of buffers, shared by all workgroups, and of the bytes of LDS and scratch.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use crate::sanitize::event::{Event, Moment};
use crate::sanitize::report::Site;

#[cfg(test)]
mod tests;

/// Which bytes of a range of memory are defined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defined<'a> {
    /// All.
    All,
    /// None.
    None,
    /// Byte `n` is where bit `n % 8` of byte `n / 8` is set; what the mask has no bit for is not.
    Mask(&'a [u8]),
}

/// Words of a page.
const PAGE: u64 = 1024;

/// Shadows of a page have one state until something else is stored.
mod state {
    pub(super) const DEFINED: u8 = 0;
    pub(super) const UNDEFINED: u8 = 1;
    pub(super) const MIXED: u8 = 2;
}

#[derive(Debug)]
struct Page {
    state: AtomicU8,
    words: OnceLock<Box<[AtomicU32]>>,
}

impl Page {
    fn words(&self) -> &[AtomicU32] {
        let words = self.words.get_or_init(|| {
            let fill = if self.state.load(Ordering::Acquire) == state::UNDEFINED { u32::MAX } else { 0 };
            (0..PAGE).map(|_| AtomicU32::new(fill)).collect()
        });
        self.state.store(state::MIXED, Ordering::Release);
        words
    }
}

/// The shadow of a piece of memory.
#[derive(Debug)]
pub(super) struct Area {
    /// A multiple of 4, as is the end.
    va: u64,
    end: u64,
    pages: Box<[Page]>,
}

impl Area {
    fn new(va: u64, end: u64) -> Self {
        let page = || Page { state: AtomicU8::new(state::DEFINED), words: OnceLock::new() };
        Self { va, end, pages: (0..((end - va) / 4).div_ceil(PAGE)).map(|_| page()).collect() }
    }

    #[inline]
    fn place(&self, va: u64) -> Option<(&Page, usize)> {
        let word = va.checked_sub(self.va)? / 4;
        let page = self.pages.get(usize::try_from(word / PAGE).ok()?)?;
        Some((page, (word % PAGE) as usize)) // CAST: below 1024
    }

    /// The shadow of the aligned word at `va`.
    #[inline]
    fn word(&self, va: u64) -> u32 {
        let Some((page, at)) = self.place(va) else { return 0 };
        match page.state.load(Ordering::Acquire) {
            state::DEFINED => 0,
            state::UNDEFINED => u32::MAX,
            _ => page.words().get(at).map_or(0, |word| word.load(Ordering::Relaxed)),
        }
    }

    /// Sets the bits of `mask` in the shadow of a word.
    #[inline]
    fn set_word(&self, va: u64, mask: u32, shadow: u32) {
        let Some((page, at)) = self.place(va) else { return };
        if shadow & mask == 0 && page.state.load(Ordering::Acquire) == state::DEFINED {
            return;
        }
        let Some(word) = page.words().get(at) else { return };
        if mask == u32::MAX {
            word.store(shadow, Ordering::Relaxed);
        } else {
            let _ = word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |old| Some(old & !mask | shadow & mask));
        }
    }

    const fn contains(&self, va: u64) -> bool {
        self.va <= va && va < self.end
    }
}

/// Who stored undefined bits.
#[derive(Debug, Default)]
struct Stores {
    sites: Vec<Site>,
    /// Sites by instruction.
    known: HashMap<(u64, usize), u32>,
    words: HashMap<u64, u32>,
}

/// Most words of which the store is remembered.
const MOST_WORDS: usize = 1 << 20;

/// The shadow of global memory. What nobody has told of counts as defined.
#[derive(Debug, Default)]
pub(super) struct Memory {
    areas: RwLock<BTreeMap<u64, Arc<Area>>>,
    stores: Mutex<Stores>,
}

impl Memory {
    fn area(&self, va: u64) -> Option<Arc<Area>> {
        let areas = self.areas.read().unwrap_or_else(PoisonError::into_inner);
        areas.range(..=va).next_back().map(|(_, area)| area).filter(|area| area.contains(va)).cloned()
    }

    /// Says what of a range is defined; of no effect on what is beside it.
    pub(super) fn set(&self, va: u64, bytes: u64, defined: Defined<'_>) {
        let Some(end) = va.checked_add(bytes).filter(|end| *end <= u64::MAX - 4 && bytes != 0) else { return };
        let (first, last) = (va & !3, end.next_multiple_of(4));
        {
            let mut areas = self.areas.write().unwrap_or_else(PoisonError::into_inner);
            let mut at = first;
            let known: Vec<(u64, u64)> = areas
                .range(..last)
                .filter(|(_, area)| area.end > first)
                .map(|(&start, area)| (start, area.end))
                .collect();
            for (start, end) in known.into_iter().chain([(last, last)]) {
                if at < start {
                    areas.insert(at, Arc::new(Area::new(at, start)));
                }
                at = at.max(end);
            }
        }
        let mut window = Window::new(self);
        let mut word = first;
        while word < last {
            let Some(area) = window.area(word) else { break };
            let whole_page = (word - area.va).is_multiple_of(PAGE * 4) && last.min(area.end) - word >= PAGE * 4;
            if whole_page && !matches!(defined, Defined::Mask(_)) && word >= va && word + PAGE * 4 <= end {
                let undefined = defined == Defined::None;
                if let Some((page, _)) = area.place(word) {
                    match page.words.get() {
                        Some(words) => {
                            words.iter().for_each(|x| x.store(if undefined { u32::MAX } else { 0 }, Ordering::Relaxed));
                        }
                        None => page.state.store(undefined.into(), Ordering::Release),
                    }
                }
                word += PAGE * 4;
                continue;
            }
            let (mut mask, mut shadow) = (0, 0);
            for (byte, shift) in (word..).zip([0, 8, 16, 24]).filter(|(byte, _)| (va..end).contains(byte)) {
                let undefined = match defined {
                    Defined::All => false,
                    Defined::None => true,
                    Defined::Mask(bits) => {
                        let at = byte - va;
                        let bits = usize::try_from(at / 8).ok().and_then(|at| bits.get(at)).copied().unwrap_or(0);
                        bits >> (at % 8) & 1 == 0
                    }
                };
                mask |= 0xff << shift;
                shadow |= if undefined { 0xff << shift } else { 0 };
            }
            area.set_word(word, mask, shadow);
            word += 4;
        }
    }

    /// Remembers which instruction stored undefined bits at `va`.
    pub(super) fn blame(&self, va: u64, bytes: u32, event: &Event<'_>) {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let stores = &mut *stores;
        let moment: Moment = event.moment();
        let next = stores.sites.len() as u32; // CAST: no program has so many instructions
        let site = *stores.known.entry((event.program.base(), moment.pc)).or_insert_with(|| {
            stores.sites.push(Site::of(event.program, moment));
            next
        });
        let mut word = va & !3;
        while word < va.saturating_add(bytes.into()) {
            if stores.words.len() < MOST_WORDS || stores.words.contains_key(&word) {
                stores.words.insert(word, site);
            }
            word += 4;
        }
    }

    /// The undefined words of a range: address, shadow, and who stored it.
    pub(super) fn undefined(&self, va: u64, bytes: u64) -> Vec<(u64, u32, Option<Site>)> {
        let end = va.saturating_add(bytes);
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let mut window = Window::new(self);
        let mut found = Vec::new();
        let mut word = va & !3;
        while word < end {
            let outside = (word..).zip([0, 8, 16, 24]).filter(|(byte, _)| !(va..end).contains(byte));
            let outside: u32 = outside.fold(0, |mask, (_, shift)| mask | 0xff << shift);
            let shadow = window.area(word).map_or(0, |area| area.word(word)) & !outside;
            if shadow != 0 {
                let site = stores.words.get(&word).and_then(|site| stores.sites.get(*site as usize)); // CAST: widening
                found.push((word, shadow, site.cloned()));
            }
            word += 4;
        }
        found
    }
}

/// An area kept from one access to the next.
pub(super) struct Window<'a> {
    memory: &'a Memory,
    area: Option<Arc<Area>>,
}

impl<'a> Window<'a> {
    pub(super) const fn new(memory: &'a Memory) -> Self {
        Self { memory, area: None }
    }

    #[inline]
    fn area(&mut self, va: u64) -> Option<&Area> {
        if !self.area.as_ref().is_some_and(|area| area.contains(va)) {
            self.area = self.memory.area(va);
        }
        self.area.as_deref()
    }

    /// The shadows of up to 16 dwords at any address; of `bytes` below 4 the low ones count.
    #[inline]
    pub(super) fn load(&mut self, va: u64, bytes: u32, out: &mut [u32]) {
        let shift = va % 4 * 8;
        for (at, to) in (0..).zip(out.iter_mut()) {
            let word = (va & !3).wrapping_add(at * 4);
            let low = self.area(word).map_or(0, |area| area.word(word));
            *to = low;
            if shift != 0 {
                let next = word.wrapping_add(4);
                let high = self.area(next).map_or(0, |area| area.word(next));
                *to = ((u64::from(high) << 32 | u64::from(low)) >> shift) as u32; // CAST: the low half is wanted
            }
        }
        if let (0..4, Some(first)) = (bytes, out.first_mut()) {
            *first &= (1 << (bytes * 8)) - 1;
        }
    }

    /// Stores shadows, likewise.
    #[inline]
    pub(super) fn store(&mut self, va: u64, bytes: u32, shadows: &[u32]) {
        let shift = va % 4 * 8;
        let mask: u64 = if bytes < 4 { (1 << (bytes * 8)) - 1 } else { 0xffff_ffff };
        for (at, shadow) in (0..).zip(shadows) {
            let word = (va & !3).wrapping_add(at * 4);
            let (mask, shadow) = (mask << shift, u64::from(*shadow) << shift);
            for (word, down) in [(word, 0), (word.wrapping_add(4), 32)] {
                let (mask, shadow) = ((mask >> down) as u32, (shadow >> down) as u32); // CAST: one word's share
                if mask != 0
                    && let Some(area) = self.area(word)
                {
                    area.set_word(word, mask, shadow);
                }
            }
        }
    }
}

/// The shadows of `bytes` bytes at `at` of LDS or scratch; what lies outside reads as zeros, which are defined.
pub(super) fn load_bytes(shadows: &[u8], at: usize, bytes: u32, out: &mut [u32]) {
    let range = at..at.saturating_add(bytes as usize); // CAST: at most 16
    match shadows.get(range) {
        Some(found) => crate::shader::exec::lds::gather(found, out),
        None => out.fill(0),
    }
}

/// Stores shadows to LDS or scratch; outside nothing is stored.
pub(super) fn store_bytes(shadows: &mut [u8], at: usize, bytes: u32, values: &[u32]) {
    let range = at..at.saturating_add(bytes as usize); // CAST: as above
    if let Some(place) = shadows.get_mut(range) {
        crate::shader::exec::lds::scatter(place, values);
    }
}

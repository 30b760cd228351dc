//! What is known of a line of memory: who wrote its dwords, and what it held when the device saw it last.

use std::sync::atomic::Ordering;

use super::place::Line;

/// Who wrote a dword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writer {
    /// The CPU, behind GL2.
    Host,
    /// The command processor or a copy engine, through GL2.
    Processor,
    /// A wave, through this vector cache; its workgroup times 32 and itself, the dword of the instruction, and whether that
    /// is an atomic.
    Wave { vector: u32, agent: u32, pc: u32, atomic: bool },
}

/// The last write of a dword; time 0 for none.
#[derive(Clone, Copy, Debug)]
pub(super) struct Write {
    pub(super) time: u32,
    pub(super) by: Writer,
}

pub(super) const NEVER: Write = Write { time: 0, by: Writer::Host };

/// Dwords of a line of 128 bytes. Source: LLVM `AMDGPUTargetStreamer.cpp` and Mesa `ac_gpu_info.c`, `tcp_cache_line_size`.
pub(super) const DWORDS: usize = 32;

/// One line.
#[derive(Debug, Default)]
pub(super) struct Record {
    writes: Option<Box<[Write; DWORDS]>>,
    seen: Option<Seen>,
}

/// A line that a cache may hold.
#[derive(Debug)]
struct Seen {
    /// When it last came into one.
    filled: u32,
    /// Its address as a number of lines, where it was mapped then.
    va: u64,
    /// What it held; `None` after a write of the device, and where nobody compares.
    contents: Option<Box<Contents>>,
}

#[derive(Debug)]
struct Contents {
    /// When it held this.
    at: u32,
    dwords: [u32; DWORDS],
}

impl Contents {
    fn of(line: &Line<'_>, at: u32) -> Option<Self> {
        let words = line.words.get(..DWORDS)?;
        let mut dwords = [0; DWORDS];
        dwords.iter_mut().zip(words).for_each(|(to, from)| *to = from.load(Ordering::Acquire));
        Some(Self { at, dwords })
    }
}

impl Record {
    /// Who wrote its dwords.
    pub(super) fn writes(&self) -> Option<&[Write; DWORDS]> {
        self.writes.as_deref()
    }

    /// Dwords of `mask` were written.
    pub(super) fn wrote(&mut self, mask: u32, write: Write) {
        let writes = self.writes.get_or_insert_with(|| Box::new([NEVER; DWORDS]));
        if mask == u32::MAX {
            writes.fill(write);
        } else {
            let named = writes.iter_mut().enumerate().filter(|(at, _)| mask >> at & 1 != 0);
            named.for_each(|(_, known)| *known = write);
        }
        if let Some(seen) = &mut self.seen {
            seen.contents = None;
        }
    }

    pub(super) const fn is_seen(&self) -> bool {
        self.seen.is_some()
    }

    /// A cache takes it in. `true` if none could have held it before; if there is no `room`, that stays so.
    ///
    /// The contents are read here, under the lock of the record: a store that they miss is told of later, and forgets
    /// them.
    pub(super) fn filled(&mut self, line: &Line<'_>, now: u32, room: bool) -> bool {
        if let Some(seen) = &mut self.seen {
            (seen.filled, seen.va) = (seen.filled.max(now), line.va);
            return false;
        }
        if room {
            let contents = Contents::of(line, now).map(Box::new);
            self.seen = Some(Seen { filled: now, va: line.va, contents });
        }
        room
    }

    /// Where to look for it, if a cache may hold it.
    pub(super) fn address(&self) -> Option<u64> {
        self.seen.as_ref().map(|seen| seen.va)
    }

    /// Compares it with memory while no job runs: what differs, the host has written, and not before the device saw the
    /// old contents. How long after is not known; any invalidate since then counts as one behind it.
    pub(super) fn compare(&mut self, line: &Line<'_>, now: u32) {
        let Some(seen) = &mut self.seen else { return };
        let Some(new) = Contents::of(line, now) else { return };
        let Some(old) = &mut seen.contents else {
            seen.contents = Some(Box::new(new));
            return;
        };
        if old.dwords != new.dwords {
            let write = Write { time: old.at.saturating_add(1), by: Writer::Host };
            let writes = self.writes.get_or_insert_with(|| Box::new([NEVER; DWORDS]));
            for ((known, was), is) in writes.iter_mut().zip(old.dwords).zip(new.dwords) {
                if was != is {
                    *known = write;
                }
            }
        }
        **old = new;
    }

    /// Forgets what no cache can show any more, all of them having been invalidated at `floor`; whether that is all.
    pub(super) fn prune(&mut self, floor: u32) -> bool {
        if self.writes().is_some_and(|writes| writes.iter().all(|write| write.time <= floor)) {
            self.writes = None;
        }
        if self.seen.as_ref().is_some_and(|seen| seen.filled <= floor) {
            self.seen = None;
        }
        self.writes.is_none() && self.seen.is_none()
    }
}

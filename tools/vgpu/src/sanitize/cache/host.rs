//! What the host writes between jobs. Nobody sees it write: what a cache may hold is compared with memory before the first
//! job on an idle device and after the last one, and what the device has not written the host has.
//!
//! While jobs run, differences may be stores that are about to be told, so that nothing is compared then.

use std::sync::atomic::Ordering;

use super::device::{Caches, MOST};
use super::level::{Levels, lock};
use super::place::Places;
use crate::shader::GlobalMemory;

impl Caches {
    /// A job begins, and sees memory so.
    pub fn job_begins(&self, memory: &dyn GlobalMemory) {
        let mut running = lock(&self.running);
        if *running == 0 {
            self.settle(memory);
        }
        *running += 1;
    }

    /// A job has ended, all its packets `done` or not. What one that failed has written may not have been told.
    pub fn job_ends(&self, memory: &dyn GlobalMemory, done: bool) {
        let mut running = lock(&self.running);
        *running = running.saturating_sub(1);
        if !done {
            self.forget();
        } else if *running == 0 {
            self.settle(memory);
        }
    }

    /// Forgets everything, as if no cache held a line: after a reset, for one.
    pub fn forget(&self) {
        self.records.iter().for_each(|records| lock(records).clear());
        self.seen.store(0, Ordering::Release);
        self.gl2.clear();
        self.beside_gl2().into_iter().for_each(Levels::clear);
    }

    const fn beside_gl2(&self) -> [&Levels; 4] {
        [&self.gl1, &self.vector, &self.scalar, &self.instruction]
    }

    /// No job runs: drops what is of no use, then compares with memory what `memory` shows of the rest.
    fn settle(&self, memory: &dyn GlobalMemory) {
        self.make_room();
        // Time goes on, so that what comes into a cache after this is newer than what is found here.
        let (places, now) = (Places::new(memory), self.tick());
        for records in &self.records {
            for (key, record) in lock(records).iter_mut() {
                let Some(va) = record.address() else { continue };
                let line = places.line(va);
                // Another job may map other memory there, or not have it.
                if line.key == *key {
                    record.compare(&line, now);
                }
            }
        }
    }

    fn make_room(&self) {
        let lines: usize = self.records.iter().map(|records| lock(records).len()).sum();
        if lines >= MOST || self.now() > u32::MAX / 2 {
            self.forget();
            self.pruned.store(0, Ordering::Release);
            self.clock.store(1, Ordering::Release);
            return;
        }
        let others = self.beside_gl2().map(Levels::invalid_until);
        let floor = others.into_iter().fold(self.gl2.invalid_until(), u32::min);
        if self.pruned.fetch_max(floor, Ordering::AcqRel) >= floor {
            return;
        }
        let mut seen = 0;
        for records in &self.records {
            lock(records).retain(|_, record| {
                let useful = !record.prune(floor);
                seen += usize::from(record.is_seen());
                useful
            });
        }
        self.seen.store(seen, Ordering::Release);
        self.gl2.prune();
        self.beside_gl2().into_iter().for_each(Levels::prune);
    }
}

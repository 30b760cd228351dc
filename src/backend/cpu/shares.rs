//! How threads share out numbered pieces of work: each has its own run of them, and helps the others at the end.
//!
//! A thread's run is the same in every call with as many pieces, so it finds in its own cache what the last call left
//! there. A piece taken from another thread is lost to that cache, and the next call is slower where it was taken from:
//! so threads don't take what its owner is about to reach anyway.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

/// The pieces of a run that nobody has taken: the first one in the low half, the end in the high half.
#[derive(Debug, Default)]
pub(super) struct Share(AtomicU64);

/// Of a share whose owner has begun, this many pieces stay the owner's: the one that it would take next.
const KEPT: u32 = 1;

/// `pieces` as shares count them; `None` where there are more than they can.
pub(super) fn countable(pieces: usize) -> Option<u32> {
    u32::try_from(pieces).ok().filter(|pieces| *pieces < u32::MAX)
}

/// The run of thread `thread` of `threads` over `pieces`: all threads' runs are as long as each other, or one longer.
pub(super) fn run(pieces: u32, thread: usize, threads: usize) -> Range<u32> {
    let at = |thread: usize| (u64::from(pieces) * thread as u64 / threads.max(1) as u64) as u32; // CAST: at most `pieces`
    at(thread)..at(thread + 1)
}

impl Share {
    /// Fills the share; the threads must be told of it with release ordering.
    pub(super) fn fill(&self, run: &Range<u32>) {
        // ORDERING: relaxed, here and below: each piece is handed out once by a read-modify-write, the fill is published
        // by the team's start, and what was written for a piece by its end.
        self.0.store(pack(run), Ordering::Relaxed);
    }

    /// The next piece for the owner.
    fn next(&self) -> Option<u32> {
        // Once the share is empty the first passes the end, which `left` reads as empty too.
        let run = unpack(self.0.fetch_add(1, Ordering::Relaxed));
        (run.start < run.end).then_some(run.start)
    }

    /// The last piece, for another thread; `first` is where the run began.
    fn take_last(&self, first: u32) -> Option<u32> {
        let last = |word: u64| {
            let run = unpack(word);
            let kept = if run.start == first { 0 } else { KEPT };
            let wanted = run.end.saturating_sub(run.start) > kept;
            wanted.then(|| pack(&(run.start..run.end - 1)))
        };
        let before = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, last).ok()?;
        Some(unpack(before).end - 1)
    }
}

fn pack(run: &Range<u32>) -> u64 {
    u64::from(run.end) << 32 | u64::from(run.start)
}

fn unpack(word: u64) -> Range<u32> {
    word as u32..(word >> 32) as u32 // CAST: the halves
}

/// The pieces that one thread gets: its own first, then the last ones of the others.
pub(super) struct Pieces<'a, F: Fn(usize) -> &'a Share> {
    pub share: F,
    pub pieces: u32,
    pub thread: usize,
    pub threads: usize,
    /// How many shares on it looks, counted from its own.
    pub behind: usize,
}

impl<'a, F: Fn(usize) -> &'a Share> Iterator for Pieces<'a, F> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.behind == 0 {
            if let Some(piece) = (self.share)(self.thread).next() {
                return Some(piece as usize);
            }
            self.behind = 1;
        }
        while self.behind < self.threads {
            let other = (self.thread + self.behind) % self.threads;
            if let Some(piece) = (self.share)(other).take_last(run(self.pieces, other, self.threads).start) {
                return Some(piece as usize);
            }
            self.behind += 1;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a panic is how a test fails

    use super::*;
    use std::sync::Barrier;

    fn filled(pieces: u32, threads: usize) -> Vec<Share> {
        let shares: Vec<_> = std::iter::repeat_with(Share::default).take(threads).collect();
        shares.iter().enumerate().for_each(|(thread, share)| share.fill(&run(pieces, thread, threads)));
        shares
    }

    fn pieces(shares: &[Share], pieces: u32, thread: usize) -> impl Iterator<Item = usize> {
        Pieces { share: |other: usize| &shares[other], pieces, thread, threads: shares.len(), behind: 0 }
    }

    #[test]
    fn runs_join_and_are_equally_long() {
        for pieces in [0, 1, 2, 5, 7, 63, 64, 1 << 20, u32::MAX] {
            for threads in [1, 2, 3, 7, 128] {
                let runs: Vec<_> = (0..threads).map(|thread| run(pieces, thread, threads)).collect();
                assert_eq!((runs[0].start, runs[threads - 1].end), (0, pieces));
                assert!(runs.windows(2).all(|pair| pair[0].end == pair[1].start));
                let shortest = pieces / threads as u32;
                assert!(runs.iter().all(|run| run.end - run.start - shortest <= 1), "{runs:?}");
            }
        }
    }

    #[test]
    fn a_thread_alone_takes_its_own_pieces_in_order_and_then_all_that_nobody_began() {
        let shares = filled(7, 3);
        // Runs 0..2, 2..4 and 4..7; the others' from the end.
        assert_eq!(pieces(&shares, 7, 1).collect::<Vec<_>>(), [2, 3, 6, 5, 4, 1, 0]);
        assert!((0..3).all(|thread| pieces(&shares, 7, thread).next().is_none()));
    }

    #[test]
    fn the_piece_that_its_owner_takes_next_is_left_alone() {
        let shares = filled(8, 2);
        let mut owner = pieces(&shares, 8, 1);
        assert_eq!(owner.next(), Some(4));
        assert_eq!(pieces(&shares, 8, 0).collect::<Vec<_>>(), [0, 1, 2, 3, 7, 6]);
        assert_eq!(owner.collect::<Vec<_>>(), [5]);
    }

    #[test]
    fn racing_threads_get_each_piece_once() {
        for (count, threads) in [(1_u32, 4_usize), (5, 4), (64, 3), (50_000, 4)] {
            let (shares, start) = (filled(count, threads), Barrier::new(threads));
            let taken: Vec<Vec<usize>> = std::thread::scope(|scope| {
                let (shares, start) = (&shares, &start);
                let take = |thread: usize| {
                    move || {
                        start.wait();
                        pieces(shares, count, thread).collect()
                    }
                };
                let workers: Vec<_> = (0..threads).map(|thread| scope.spawn(take(thread))).collect();
                workers.into_iter().map(|worker| worker.join().unwrap()).collect()
            });
            let mut all = taken.concat();
            all.sort_unstable();
            assert_eq!(all, (0..count as usize).collect::<Vec<_>>());
        }
    }
}

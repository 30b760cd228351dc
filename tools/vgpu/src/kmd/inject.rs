//! Faults on purpose.

use std::sync::Mutex;
use std::time::Duration;

use super::errno::Errno;
use super::sync::lock;

/// A small generator of numbers (xorshift), so that a storm can be had again from its seed.
#[derive(Clone, Copy, Debug)]
struct Random(u64);

impl Random {
    const fn new(seed: u64) -> Self {
        Self(seed | 1) // the state must not be 0
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below 1.
    fn fraction(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64 // CAST: 53 bits are exact
    }
}

#[derive(Debug, Default)]
struct State {
    fail: Vec<(u32, u64, Errno)>,
    hang: Option<u64>,
    lose_vram: Option<u64>,
    memory: Option<u64>,
    out_of_memory: bool,
    interrupts: Option<(f64, Random)>,
    again: Option<(f64, Random)>,
    slow: Option<(Duration, Random)>,
}

/// Counts down to the time when something happens, once.
fn strikes(left: &mut Option<u64>) -> bool {
    let Some(count) = left else { return false };
    *count -= 1;
    let now = *count == 0;
    if now {
        *left = None;
    }
    now
}

/// What to spoil. All of it may be changed while clients run.
#[derive(Debug, Default)]
pub struct Inject(Mutex<State>);

impl Inject {
    /// Makes the `nth` call from now, counted from 1, of ioctl number `nr` fail with `errno` and do nothing.
    pub fn fail(&self, nr: u32, nth: u64, errno: Errno) {
        lock(&self.0).fail.push((nr, nth.max(1), errno));
    }

    /// Makes the `nth` submission from now, counted from 1, hang.
    pub fn hang(&self, nth: u64) {
        lock(&self.0).hang = Some(nth.max(1));
    }

    /// Resets the device and loses its video memory when the `nth` submission from now, counted from 1, comes.
    pub fn lose_vram(&self, nth: u64) {
        lock(&self.0).lose_vram = Some(nth.max(1));
    }

    /// Gives clients of a device so many bytes at most, of video memory and system memory together.
    pub fn limit_memory(&self, bytes: u64) {
        lock(&self.0).memory = Some(bytes);
    }

    /// Lets every allocation, and the residency of every submission, fail for want of memory.
    pub fn out_of_memory(&self, on: bool) {
        lock(&self.0).out_of_memory = on;
    }

    /// Lets calls that can be interrupted fail with `EINTR`, each with this probability; 0 ends it.
    pub fn interrupts(&self, probability: f64, seed: u64) {
        lock(&self.0).interrupts = (probability > 0.0).then(|| (probability, Random::new(seed)));
    }

    /// Lets submissions that list pages of the client fail with `EAGAIN`, each with this probability; 0 ends it.
    pub fn again(&self, probability: f64, seed: u64) {
        lock(&self.0).again = (probability > 0.0).then(|| (probability, Random::new(seed)));
    }

    /// Lets every job take up to `most` longer; zero ends it.
    pub fn slow(&self, most: Duration, seed: u64) {
        lock(&self.0).slow = (!most.is_zero()).then(|| (most, Random::new(seed)));
    }

    pub(crate) fn call(&self, nr: u32) -> Result<(), Errno> {
        let mut state = lock(&self.0);
        let mut errno = None;
        state.fail.retain_mut(|(of, left, with)| {
            if *of != nr {
                return true;
            }
            *left -= 1;
            if *left == 0 {
                errno = errno.or(Some(*with));
            }
            *left != 0
        });
        errno.map_or(Ok(()), Err)
    }

    pub(crate) fn submission_hangs(&self) -> bool {
        strikes(&mut lock(&self.0).hang)
    }

    pub(crate) fn submission_loses_vram(&self) -> bool {
        strikes(&mut lock(&self.0).lose_vram)
    }

    /// Bytes that clients of a device may have.
    pub(crate) fn most_memory(&self) -> u64 {
        lock(&self.0).memory.unwrap_or(u64::MAX)
    }

    pub(crate) fn memory(&self) -> Result<(), Errno> {
        if lock(&self.0).out_of_memory { Err(Errno::ENOMEM) } else { Ok(()) }
    }

    /// A place where a signal could interrupt.
    pub(crate) fn interruptible(&self) -> Result<(), Errno> {
        let hit =
            lock(&self.0).interrupts.as_mut().is_some_and(|(probability, random)| random.fraction() < *probability);
        if hit { Err(Errno::EINTR) } else { Ok(()) }
    }

    pub(crate) fn user_pages(&self) -> Result<(), Errno> {
        let hit = lock(&self.0).again.as_mut().is_some_and(|(probability, random)| random.fraction() < *probability);
        if hit { Err(Errno::EAGAIN) } else { Ok(()) }
    }

    pub(crate) fn delay(&self) -> Duration {
        lock(&self.0).slow.as_mut().map_or(Duration::ZERO, |(most, random)| most.mul_f64(random.fraction()))
    }
}

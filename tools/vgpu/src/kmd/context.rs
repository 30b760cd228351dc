//! Contexts, and the software queues (entities) in them.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use super::errno::Errno;
use super::fence::Fence;
use super::job::Ip;
use super::sync::lock;

/// Jobs of one entity that may be unfinished, and fences that it remembers. Source: Linux `amdgpu_drv.c`,
/// `amdgpu_sched_jobs`.
pub(crate) const SCHED_JOBS: u64 = 32;

/// The fences of an entity's jobs.
#[derive(Debug)]
pub(crate) struct Sequences {
    /// Number of the next job.
    pub(crate) next: u64,
    recent: VecDeque<Arc<Fence>>,
}

impl Sequences {
    /// Numbers a job.
    pub(crate) fn push(&mut self, fence: Arc<Fence>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.recent.push_back(fence);
        if self.recent.len() as u64 > SCHED_JOBS {
            // CAST: at most 33
            self.recent.pop_front();
        }
        number
    }

    /// The job whose end makes room for the next.
    pub(crate) fn in_the_way(&self) -> Option<Arc<Fence>> {
        // CAST: at most 32
        if (self.recent.len() as u64) < SCHED_JOBS { None } else { self.recent.front().cloned() }
    }

    /// The fence of `number`, `!0` for the latest; none if it is so old that it must be done.
    /// Source: Linux `amdgpu_ctx.c`, `amdgpu_ctx_get_fence`.
    pub(crate) fn get(&self, number: u64) -> Result<Option<Arc<Fence>>, Errno> {
        let number = if number == u64::MAX { self.next - 1 } else { number };
        if number >= self.next {
            return Err(Errno::EINVAL);
        }
        let back = usize::try_from(self.next - number).unwrap_or(usize::MAX);
        Ok(self.recent.len().checked_sub(back).and_then(|at| self.recent.get(at)).cloned())
    }
}

/// The queue of one context to one ring.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) id: u64,
    pub(crate) ip: Ip,
    pub(crate) ring: u32,
    pub(crate) priority: i32,
    /// What a job that hung left behind.
    pub(crate) error: Mutex<Option<Errno>>,
    pub(crate) sequences: Mutex<Sequences>,
}

/// A context.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) id: u32,
    /// Distinguishes it from a later one with the same id.
    pub(crate) serial: u64,
    pub(crate) priority: i32,
    entities: Mutex<HashMap<(Ip, u32), Arc<Entity>>>,
    /// One submission at a time.
    pub(crate) submitting: Mutex<()>,
    pub(crate) guilty: AtomicBool,
    pub(crate) resets_at_start: u32,
    pub(crate) resets_seen: AtomicU32,
    pub(crate) vram_lost_at_start: u32,
    pub(crate) pstate: AtomicU32,
}

impl Context {
    pub(crate) fn new(id: u32, serial: u64, priority: i32, resets: u32, vram_lost: u32) -> Self {
        Self {
            id,
            serial,
            priority,
            entities: Mutex::default(),
            submitting: Mutex::default(),
            guilty: AtomicBool::new(false),
            resets_at_start: resets,
            resets_seen: AtomicU32::new(resets),
            vram_lost_at_start: vram_lost,
            pstate: AtomicU32::new(0),
        }
    }

    /// The entity for a ring, made when first asked for. `rings` is how many rings of the kind the device has.
    ///
    /// Source: Linux `amdgpu_ctx.c`, `amdgpu_ctx_get_entity`.
    pub(crate) fn entity(
        &self,
        ip: u32,
        instance: u32,
        ring: u32,
        rings: impl Fn(Ip) -> u32,
        number: impl Fn() -> u64,
    ) -> Result<Arc<Entity>, Errno> {
        if instance != 0 {
            return Err(Errno::EINVAL);
        }
        let ip = Ip::from_raw(ip).ok_or(Errno::EINVAL)?;
        if ring >= ip.entities() || rings(ip) == 0 {
            return Err(Errno::EINVAL);
        }
        let make = || {
            let sequences = Mutex::new(Sequences { next: 1, recent: VecDeque::new() });
            Arc::new(Entity { id: number(), ip, ring, priority: self.priority, error: Mutex::default(), sequences })
        };
        Ok(lock(&self.entities).entry((ip, ring)).or_insert_with(make).clone())
    }

    /// Whether a job of it hung, as 7.3 finds out.
    pub(crate) fn has_hung(&self) -> bool {
        lock(&self.entities).values().any(|entity| *lock(&entity.error) == Some(Errno::ETIME))
    }

    pub(crate) fn is_guilty(&self) -> bool {
        self.guilty.load(Ordering::Relaxed)
    }
}

/// Priorities that a context may have. Any other number is taken as normal.
/// Source: Linux `amdgpu_ctx.c`, `amdgpu_ctx_priority_is_valid` and `amdgpu_drm.h`, `AMDGPU_CTX_PRIORITY_*`.
pub(crate) const fn priority(raw: i32) -> i32 {
    match raw {
        -1023 | -512 | 0 | 512 | 1023 => raw,
        _ => 0,
    }
}

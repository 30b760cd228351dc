//! The scheduler: queues of jobs in software, rings of the hardware, a thread for each ring.
//!
//! Jobs of one entity start in order. At most [`IN_HARDWARE`] jobs of a ring are with the hardware, the first of them
//! runs. An entity with nothing to do may come back on another ring of its kind.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::JoinHandle;

use super::bo::Bo;
use super::context::{Context, Entity};
use super::errno::Errno;
use super::fence::Fence;
use super::gpu::Gpu;
use super::info::Chip;
use super::job::{Ip, Job};
use super::run;
use super::sync::{Until, lock};
use super::vm::Vm;

/// Jobs that a ring takes at once. Source: Linux `amdgpu_drv.c`, `amdgpu_sched_hw_submission`.
pub(crate) const IN_HARDWARE: usize = 2;
/// Compute queues of the driver; boards have up to eight, of which a context uses four.
pub(crate) const COMPUTE_RINGS: u32 = 4;

/// Something a job waits for.
#[derive(Debug)]
pub(crate) struct Dependency {
    pub(crate) fence: Arc<Fence>,
    /// Until it is with the hardware and not until it is done.
    pub(crate) scheduled_only: bool,
}

impl Dependency {
    fn is_met(&self) -> bool {
        if self.scheduled_only { self.fence.is_scheduled() } else { self.fence.is_done() }
    }
}

/// A user fence: what to write where when the job is done.
#[derive(Debug)]
pub(crate) struct UserFence {
    pub(crate) bo: Arc<Bo>,
    pub(crate) offset: u32,
    pub(crate) value: u64,
}

/// A job with all that the driver must do about it.
#[derive(Debug)]
pub(crate) struct Task {
    pub(crate) job: Job,
    pub(crate) fence: Arc<Fence>,
    pub(crate) dependencies: Vec<Dependency>,
    pub(crate) entity: Arc<Entity>,
    pub(crate) context: Arc<Context>,
    pub(crate) vm: Arc<Vm>,
    pub(crate) user_fence: Option<UserFence>,
    /// The objects of the list: they live as long as the job.
    pub(crate) objects: Vec<Arc<Bo>>,
    /// Losses of video memory when it was submitted.
    pub(crate) vram_lost: u32,
    /// It is to hang.
    pub(crate) hang: bool,
}

#[derive(Debug)]
struct Queue {
    tasks: VecDeque<Task>,
    ring: usize,
    priority: i32,
    with_hardware: usize,
}

#[derive(Debug)]
struct Ring {
    ip: Ip,
    index: u32,
    taken: VecDeque<Task>,
    running: Option<(u64, Arc<AtomicBool>)>,
    last_context: Option<u64>,
    thread: bool,
}

impl Ring {
    fn load(&self) -> usize {
        self.taken.len() + usize::from(self.running.is_some())
    }
}

/// All rings and queues of a device.
#[derive(Debug)]
pub(crate) struct Rings {
    rings: Vec<Ring>,
    /// By entity. Ordered by nothing: the choice is by priority, then by number.
    queues: HashMap<u64, Queue>,
    threads: Vec<JoinHandle<()>>,
}

/// What a ring's thread does next.
enum Step {
    Run(Box<Task>),
    Stop,
}

impl Rings {
    pub(crate) fn new(chip: &Chip) -> Self {
        let kinds = [(Ip::Gfx, 1), (Ip::Compute, COMPUTE_RINGS), (Ip::Dma, chip.dma_rings)];
        let rings = kinds
            .into_iter()
            .flat_map(|(ip, count)| (0..count).map(move |index| (ip, index)))
            .map(|(ip, index)| Ring {
                ip,
                index,
                taken: VecDeque::new(),
                running: None,
                last_context: None,
                thread: false,
            })
            .collect();
        Self { rings, queues: HashMap::new(), threads: Vec::new() }
    }

    /// The ring with the least to do that takes work of this kind and priority. Compute work of high priority has the
    /// first ring for itself. Source: Linux `amdgpu_ctx.c`, `amdgpu_ctx_init_entity`.
    fn choose(&self, ip: Ip, priority: i32) -> usize {
        let load =
            |at: usize| self.queues.values().filter(|queue| queue.ring == at).map(|q| q.tasks.len()).sum::<usize>();
        let fits = |ring: &Ring| ring.ip == ip && (ip != Ip::Compute || (ring.index == 0) == (priority > 0));
        let candidates = self.rings.iter().enumerate().filter(|(_, ring)| fits(ring));
        candidates.min_by_key(|(at, ring)| load(*at) + ring.load()).map_or(0, |(at, _)| at)
    }

    /// Hands ready jobs to rings that have room.
    fn fill(&mut self) -> Vec<Arc<Fence>> {
        let mut scheduled = Vec::new();
        for (at, ring) in self.rings.iter_mut().enumerate() {
            while ring.load() < IN_HARDWARE {
                let ready = |queue: &Queue| {
                    queue.ring == at
                        && queue.tasks.front().is_some_and(|task| task.dependencies.iter().all(Dependency::is_met))
                };
                let best = self.queues.iter_mut().filter(|(_, queue)| ready(queue));
                let best = best.min_by_key(|(entity, queue)| (-queue.priority, queue.with_hardware, **entity));
                let Some((_, queue)) = best else { break };
                let Some(task) = queue.tasks.pop_front() else { break };
                queue.with_hardware += 1;
                scheduled.push(task.fence.clone());
                ring.taken.push_back(task);
            }
        }
        scheduled
    }
}

impl Gpu {
    /// How many rings of a kind there are.
    pub(crate) fn ring_count(&self, ip: Ip) -> u32 {
        match ip {
            Ip::Gfx => 1,
            Ip::Compute => COMPUTE_RINGS,
            Ip::Dma => self.device.chip.dma_rings,
        }
    }

    /// Queues the jobs of one submission.
    pub(crate) fn submit(self: &Arc<Self>, tasks: Vec<Task>) {
        let mut rings = lock(&self.rings);
        for task in tasks {
            let (ip, priority, entity) = (task.entity.ip, task.entity.priority, task.entity.id);
            let chosen = rings.choose(ip, priority);
            let queue = rings.queues.entry(entity).or_insert_with(|| Queue {
                tasks: VecDeque::new(),
                ring: chosen,
                priority,
                with_hardware: 0,
            });
            queue.tasks.push_back(task);
            let at = queue.ring;
            let Some(ring) = rings.rings.get_mut(at).filter(|ring| !ring.thread) else { continue };
            ring.thread = true;
            let gpu = self.clone();
            rings.threads.push(std::thread::spawn(move || gpu.serve(at)));
        }
        let scheduled = rings.fill();
        drop(rings);
        scheduled.iter().for_each(|fence| fence.schedule());
        self.bell().ring();
    }

    /// The life of a ring's thread.
    fn serve(self: Arc<Self>, at: usize) {
        let bell = self.bell().clone();
        while let Some(Step::Run(task)) = bell.wait(Until::Forever, || self.next(at)) {
            let entity = task.entity.id;
            run::task(&self, *task);
            let mut rings = lock(&self.rings);
            if let Some(ring) = rings.rings.get_mut(at) {
                ring.running = None;
            }
            if let Some(queue) = rings.queues.get_mut(&entity) {
                queue.with_hardware -= 1;
                if queue.with_hardware == 0 && queue.tasks.is_empty() {
                    rings.queues.remove(&entity);
                }
            }
            drop(rings);
            bell.ring();
        }
    }

    fn next(&self, at: usize) -> Option<Step> {
        if self.stop.load(Ordering::Acquire) {
            return Some(Step::Stop);
        }
        let mut rings = lock(&self.rings);
        let scheduled = rings.fill();
        let task = rings.rings.get_mut(at).and_then(|ring| {
            let mut task = ring.taken.pop_front()?;
            ring.running = Some((task.vm.id, task.job.cancel.clone()));
            task.job.ring = ring.index;
            task.job.context_switch = ring.last_context.replace(task.context.serial) != Some(task.context.serial);
            Some(Box::new(task))
        });
        drop(rings);
        scheduled.iter().for_each(|fence| fence.schedule());
        task.map(Step::Run)
    }

    /// Takes the waiting jobs of an entity out; those with the hardware stay.
    pub(crate) fn take_waiting(&self, entity: u64) -> Vec<Task> {
        let mut rings = lock(&self.rings);
        rings.queues.get_mut(&entity).map(|queue| queue.tasks.drain(..).collect()).unwrap_or_default()
    }

    /// Tells the jobs that run, other than those of `but`, that nobody waits for them.
    pub(crate) fn cancel_running(&self, but: Option<&Arc<AtomicBool>>) {
        let rings = lock(&self.rings);
        for (_, cancel) in rings.rings.iter().filter_map(|ring| ring.running.as_ref()) {
            if !but.is_some_and(|but| Arc::ptr_eq(cancel, but)) {
                cancel.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Ends all jobs of a VM whose client went away; those that run are told to.
    pub(crate) fn kill(&self, vm: u64) {
        let mut dead = Vec::new();
        let mut rings = lock(&self.rings);
        for queue in rings.queues.values_mut() {
            let (of, other) = queue.tasks.drain(..).partition(|task: &Task| task.vm.id == vm);
            queue.tasks = other;
            dead.extend::<VecDeque<Task>>(of);
        }
        for ring in &rings.rings {
            let taken = ring.taken.iter().filter(|task| task.vm.id == vm).map(|task| &task.job.cancel);
            let running = ring.running.iter().filter(|(of, _)| *of == vm).map(|(_, cancel)| cancel);
            taken.chain(running).for_each(|cancel| cancel.store(true, Ordering::Relaxed));
        }
        rings.queues.retain(|_, queue| queue.with_hardware != 0 || !queue.tasks.is_empty());
        drop(rings);
        for task in &dead {
            task.fence.signal(Err(Errno::ESRCH));
        }
        self.bell().ring();
    }

    /// Stops all threads and waits for them.
    pub(crate) fn halt(&self) {
        self.stop.store(true, Ordering::Release);
        self.cancel_running(None);
        let threads = std::mem::take(&mut lock(&self.rings).threads);
        self.bell().ring();
        for thread in threads {
            let _ = thread.join(); // a thread that panicked has nothing more to say
        }
    }
}

/// Loses nothing, but counts: what every reset does to the counters.
pub(crate) fn count(counter: &AtomicU32) {
    counter.fetch_add(1, Ordering::AcqRel);
}

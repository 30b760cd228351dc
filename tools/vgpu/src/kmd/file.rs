//! An open file of a render node: its tables, its address space, and what happens when it is closed.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::bo::{Bo, create};
use super::context::Context;
use super::errno::Errno;
use super::gpu::Gpu;
use super::ioctl;
use super::report::Kind;
use super::sync::{Until, lock};
use super::syncobj::Syncobj;
use super::table::Handles;
use super::user::UserMemory;
use super::vm::{PAGE, Vm};

/// Who opens the node.
#[derive(Clone)]
pub struct Client {
    /// Its process.
    pub pid: i32,
    /// Whether it may use priorities above normal (`CAP_SYS_NICE`).
    pub privileged: bool,
    /// Its memory, for work that goes on between its calls (`GEM_USERPTR`).
    pub memory: Arc<dyn UserMemory>,
}

impl Client {
    /// This process, without privileges.
    #[must_use]
    pub fn this() -> Self {
        let pid = nix::unistd::Pid::this().as_raw();
        Self { pid, privileged: false, memory: Arc::new(super::user::Process::this()) }
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("pid", &self.pid).field("privileged", &self.privileged).finish_non_exhaustive()
    }
}

/// An object that has a handle.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(crate) bo: Arc<Bo>,
    pub(crate) imported: bool,
}

/// The tables of a file.
#[derive(Debug, Default)]
pub(crate) struct Tables {
    pub(crate) objects: Handles<Handle>,
    /// Handles by object, so that an object imported again is found.
    pub(crate) by_object: HashMap<u64, u32>,
    pub(crate) contexts: Handles<Arc<Context>>,
    pub(crate) lists: Handles<Arc<Vec<Arc<Bo>>>>,
    pub(crate) syncobjs: Handles<Arc<Syncobj>>,
    pub(crate) name: Vec<u8>,
}

/// What `mmap` is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapRequest {
    /// The offset that `GEM_MMAP` gave.
    pub offset: u64,
    /// In bytes.
    pub length: u64,
    /// `MAP_SHARED` and not `MAP_PRIVATE`.
    pub shared: bool,
    /// Any of `PROT_READ`, `PROT_WRITE` and `PROT_EXEC`.
    pub accessible: bool,
}

/// What to map instead of the node: map `length` bytes of `file` at `offset`, shared.
#[derive(Debug)]
pub struct MapGrant {
    /// The pages.
    pub file: OwnedFd,
    /// Where in the file.
    pub offset: u64,
}

/// An open file description of a render node. Duplicates of a descriptor share it; dropping it closes it, which waits
/// for its jobs for up to a second and then ends them.
#[derive(Debug)]
pub struct File {
    pub(crate) gpu: Arc<Gpu>,
    pub(crate) client: Client,
    pub(crate) vm: Arc<Vm>,
    pub(crate) tables: Mutex<Tables>,
    mapped: AtomicUsize,
    /// Nobody can wait for its calls any more.
    abandoned: AtomicBool,
    // Last, so that devices stop after everything else is gone.
    _machine: Arc<super::Machine>,
}

impl File {
    pub(crate) fn new(machine: Arc<super::Machine>, gpu: Arc<Gpu>, client: Client) -> Self {
        let vm = Arc::new(Vm::new(gpu.shared.number()));
        gpu.shared.files.fetch_add(1, Ordering::AcqRel);
        let (mapped, abandoned) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { gpu, client, vm, tables: Mutex::default(), mapped, abandoned, _machine: machine }
    }

    /// Answers an ioctl. `request` is the number with direction, size and type; `arg` the address of the block in the
    /// client, whose memory `user` reaches. The result is what the call returns when it does not fail.
    ///
    /// # Errors
    /// What the call fails with.
    pub fn ioctl(&self, request: u32, user: &dyn UserMemory, arg: u64) -> Result<i32, Errno> {
        ioctl::dispatch(self, request, user, arg)
    }

    /// Answers `mmap` on the node. Tell [`Self::unmapped`] when the mapping goes.
    ///
    /// # Errors
    /// `EINVAL` for an offset that no object has, a length beyond it, or private pages; `EACCES` for an object that
    /// this file has no handle of. `ENOMEM` if the object cannot be moved to where the CPU reaches it, for which a
    /// device lets the first touch end with `SIGBUS`.
    ///
    /// Source: Linux `drm_gem.c`, `drm_gem_mmap`, and `amdgpu_gem.c`, `amdgpu_gem_object_mmap`.
    pub fn mmap(&self, request: MapRequest) -> Result<MapGrant, Errno> {
        self.alive()?;
        let MapRequest { offset, length, shared, accessible } = request;
        let bo = self.gpu.by_offset(offset).ok_or(Errno::EINVAL)?;
        if length == 0 || length.div_ceil(PAGE) > bo.bytes / PAGE {
            return Err(Errno::EINVAL);
        }
        if !lock(&self.tables).by_object.contains_key(&bo.id) {
            return Err(Errno::EACCES);
        }
        if bo.user.is_some() || bo.flags & create::NO_CPU_ACCESS != 0 {
            return Err(Errno::EPERM);
        }
        // Private pages may be made writable later, whatever they are now. Those of no use at all are let through.
        // Source: Linux `ttm_bo_vm.c`, `ttm_bo_mmap_obj`, and `amdgpu_gem.c`, `amdgpu_gem_object_mmap`.
        if !shared && accessible {
            return Err(Errno::EINVAL);
        }
        let mut place = lock(&bo.place);
        match self.gpu.heap.reach(bo.bytes, *place) {
            Some(reached) => *place = reached,
            None => {
                let text =
                    format!("buffer {} cannot be moved to where the CPU reaches it; touching it is SIGBUS", bo.id);
                self.report(Kind::Misuse, text);
                return Err(Errno::ENOMEM);
            }
        }
        drop(place);
        let file = bo.pages.descriptor()?;
        let (_, offset) = bo.pages.place();
        if let Some(stretch) = bo.pages.stretch() {
            stretch.set_mapped();
        }
        self.mapped.fetch_add(1, Ordering::Relaxed);
        Ok(MapGrant { file, offset })
    }

    /// Says that a mapping is gone.
    pub fn unmapped(&self) {
        let _ = self.mapped.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| count.checked_sub(1));
    }

    /// Index of the device.
    #[must_use]
    pub fn device(&self) -> usize {
        self.gpu.index
    }

    pub(crate) fn report(&self, kind: Kind, text: String) {
        self.gpu.report(kind, self.client.pid, text);
    }

    /// Ends all waits in calls on this file: its last descriptor went while they waited, as those of a process that was
    /// killed do.
    pub fn abandon(&self) {
        self.abandoned.store(true, Ordering::Release);
        self.gpu.bell().ring();
    }

    /// Whether there is no use in waiting: no device, or nobody to tell.
    pub(crate) fn is_gone(&self) -> bool {
        self.gpu.unplugged.load(Ordering::Acquire) || self.abandoned.load(Ordering::Acquire)
    }

    pub(crate) fn alive(&self) -> Result<(), Errno> {
        if self.gpu.unplugged.load(Ordering::Acquire) { Err(Errno::ENODEV) } else { Ok(()) }
    }

    /// The object of a handle.
    pub(crate) fn bo(&self, handle: u32) -> Option<Arc<Bo>> {
        lock(&self.tables).objects.get(handle).map(|handle| handle.bo.clone())
    }

    pub(crate) fn context(&self, id: u32) -> Result<Arc<Context>, Errno> {
        lock(&self.tables).contexts.get(id).cloned().ok_or(Errno::EINVAL)
    }

    pub(crate) fn syncobj(&self, handle: u32) -> Option<Arc<Syncobj>> {
        lock(&self.tables).syncobjs.get(handle).cloned()
    }

    /// Gives an object a handle, the one that it has if it has one.
    pub(crate) fn handle(&self, bo: Arc<Bo>, imported: bool) -> u32 {
        let mut tables = lock(&self.tables);
        if let Some(handle) = tables.by_object.get(&bo.id) {
            return *handle;
        }
        let id = bo.id;
        let handle = tables.objects.add(Handle { bo, imported });
        tables.by_object.insert(id, handle);
        handle
    }

    fn leaks(&self) {
        let tables = lock(&self.tables);
        let bytes: u64 = tables.objects.iter().map(|(_, handle)| handle.bo.bytes).sum();
        let left = [
            (tables.objects.len(), format!("buffers of {bytes} bytes")),
            (self.vm.len(), "mappings in the GPU's address space".into()),
            (tables.contexts.len(), "contexts".into()),
            (tables.lists.len(), "buffer lists".into()),
            (tables.syncobjs.len(), "syncobjs".into()),
            (self.mapped.load(Ordering::Relaxed), "mappings of the CPU".into()),
        ];
        let left: Vec<String> =
            left.into_iter().filter(|(count, _)| *count != 0).map(|(count, of)| format!("{count} {of}")).collect();
        if !left.is_empty() {
            self.report(Kind::Leak, format!("the file was closed with {} left", left.join(", ")));
        }
    }
}

impl Drop for File {
    fn drop(&mut self) {
        self.leaks();
        let pending = || self.vm.reservation.pending().is_empty().then_some(());
        // Source: Linux `amdgpu_ctx.c`, `MAX_WAIT_SCHED_ENTITY_Q_EMPTY`.
        if self.gpu.bell().wait(Until::after(Duration::from_secs(1)), pending).is_none() {
            self.gpu.kill(self.vm.id);
        }
        let mut pstate = lock(&self.gpu.pstate);
        let tables = lock(&self.tables);
        if pstate.is_some_and(|(serial, _)| tables.contexts.iter().any(|(_, context)| context.serial == serial)) {
            *pstate = None;
        }
        let mut vmid = lock(&self.gpu.vmid);
        if *vmid == Some(self.vm.id) {
            *vmid = None;
        }
        self.gpu.shared.files.fetch_sub(1, Ordering::AcqRel);
    }
}

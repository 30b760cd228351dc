//! A fake render node: it keeps handles, addresses and contexts like the kernel, records every call with what its
//! addresses point to, and fails where it is told to. It runs nothing.
//!
//! Layouts and numbers here are byte offsets and literals of Linux `include/uapi/drm/amdgpu_drm.h` and `drm.h`, as a C
//! compiler prints them, and come from nowhere else: the code under test must not check itself.
#![allow(unsafe_code)] // it follows user addresses, as a kernel does

use memmap2::{MmapOptions, MmapRaw};
use sparkle::amdgpu::{Device, Errno, Node};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, IntoRawFd};
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{Arc, Mutex, MutexGuard};

pub const VERSION: u32 = 0xc040_6400;
pub const GET_CAP: u32 = 0xc010_640c;
pub const GEM_CLOSE: u32 = 0x4008_6409;
pub const PRIME_HANDLE_TO_FD: u32 = 0xc00c_642d;
pub const PRIME_FD_TO_HANDLE: u32 = 0xc00c_642e;
pub const SYNCOBJ_CREATE: u32 = 0xc008_64bf;
pub const SYNCOBJ_DESTROY: u32 = 0xc008_64c0;
pub const SYNCOBJ_HANDLE_TO_FD: u32 = 0xc010_64c1;
pub const SYNCOBJ_FD_TO_HANDLE: u32 = 0xc010_64c2;
pub const SYNCOBJ_WAIT: u32 = 0xc020_64c3;
pub const SYNCOBJ_RESET: u32 = 0xc010_64c4;
pub const SYNCOBJ_SIGNAL: u32 = 0xc010_64c5;
pub const SYNCOBJ_TIMELINE_WAIT: u32 = 0xc028_64ca;
pub const SYNCOBJ_QUERY: u32 = 0xc018_64cb;
pub const SYNCOBJ_TRANSFER: u32 = 0xc020_64cc;
pub const SYNCOBJ_TIMELINE_SIGNAL: u32 = 0xc018_64cd;
pub const SYNCOBJ_EVENTFD: u32 = 0xc018_64cf;
pub const GEM_CREATE: u32 = 0xc020_6440;
pub const GEM_MMAP: u32 = 0xc008_6441;
pub const CTX: u32 = 0xc010_6442;
pub const CS: u32 = 0xc018_6444;
pub const INFO: u32 = 0x4020_6445;
pub const GEM_WAIT_IDLE: u32 = 0xc010_6447;
pub const GEM_VA: u32 = 0x4028_6448;
pub const WAIT_CS: u32 = 0xc020_6449;
pub const GEM_OP: u32 = 0xc010_6450;
pub const GEM_USERPTR: u32 = 0xc018_6451;
pub const WAIT_FENCES: u32 = 0xc018_6452;
pub const FENCE_TO_HANDLE: u32 = 0xc020_6454;
pub const GEM_LIST_HANDLES: u32 = 0xc010_6459;

/// A recorded call.
#[derive(Clone, Debug)]
pub struct Call {
    pub request: u32,
    /// The argument as it came.
    pub argument: Vec<u8>,
    /// What addresses in it pointed to: for CS each chunk's id and payload, then the buffer list.
    pub chunks: Vec<(u32, Vec<u8>)>,
    pub buffers: Vec<u8>,
}

impl Call {
    pub fn u32(&self, at: usize) -> u32 {
        get32(&self.argument, at)
    }

    pub fn u64(&self, at: usize) -> u64 {
        get64(&self.argument, at)
    }

    /// The payload of the only chunk with this id.
    pub fn chunk(&self, id: u32) -> &[u8] {
        let found: Vec<_> = self.chunks.iter().filter(|(of, _)| *of == id).collect();
        assert_eq!(found.len(), 1, "chunk {id} in {:?}", self.chunks);
        &found[0].1
    }
}

pub fn get32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}

pub fn get64(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

fn put32(bytes: &mut [u8], at: usize, value: u32) {
    bytes[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

fn put64(bytes: &mut [u8], at: usize, value: u64) {
    bytes[at..at + 8].copy_from_slice(&value.to_le_bytes());
}

/// A block of `size` bytes with little-endian numbers at byte offsets: (offset, bytes, value).
pub fn block(size: usize, fields: &[(usize, usize, u64)]) -> Vec<u8> {
    let mut bytes = vec![0; size];
    for &(at, width, value) in fields {
        bytes[at..at + width].copy_from_slice(&value.to_le_bytes()[..width]);
    }
    bytes
}

/// A heap in INFO MEMORY: total and used bytes.
pub type Heap = (u64, u64);

/// What the fake is told to be and what it keeps.
#[derive(Debug)]
pub struct State {
    pub driver: &'static str,
    pub minor: i32,
    pub caps: u64,
    pub accel_working: u32,
    pub family: u32,
    pub external_rev: u32,
    pub ip_version: u32,
    pub integrated: bool,
    pub compute_rings: u32,
    pub heaps: [Heap; 3],
    pub fault: (u64, u32),
    pub ctx_flags: u64,
    /// Answers of WAIT_CS, first to last: a status or an errno. When there are no more: done.
    pub waits: VecDeque<Result<u64, Errno>>,
    /// Whether jobs write their user fence when they are submitted.
    pub counts: bool,
    /// Fails the call with this index, counted from `reset_count`; releases don't count.
    pub fail_at: Option<(usize, Errno)>,
    /// Fails calls of a request that many times.
    pub fail: HashMap<u32, (u32, Errno)>,
    /// Whether a sync file is -1.
    pub no_descriptor: bool,
    pub count: usize,
    pub log: Vec<Call>,
    objects: BTreeMap<u32, Object>,
    mappings: BTreeMap<u64, (u32, u64)>,
    contexts: BTreeSet<u32>,
    syncobjs: BTreeSet<u32>,
    sequences: HashMap<Ring, u64>,
    /// Jobs that nobody has seen done: queue, sequence number and listed buffers.
    running: Vec<Running>,
    /// Releases of what wasn't there.
    pub mistakes: Vec<String>,
}

/// Context, block and ring.
type Ring = (u32, u32, u32);
type Running = (Ring, u64, Vec<u32>);

#[derive(Debug)]
struct Object {
    file: Option<File>,
    size: u64,
    in_domains: u64,
    flags: u64,
}

/// The fake; clones are the same node.
#[derive(Clone, Debug)]
pub struct Fake(Arc<Mutex<State>>);

impl Fake {
    /// A gfx1100 of Linux 6.12 with 16 GiB of VRAM, all visible.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(State {
            driver: "amdgpu",
            minor: 61,
            caps: 1,
            accel_working: 1,
            family: 145,
            external_rev: 1,
            ip_version: 0x0b_0000,
            integrated: false,
            compute_rings: 0xf,
            heaps: [(16 << 30, 1 << 30), (16 << 30, 1 << 30), (8 << 30, 0)],
            fault: (0, 0),
            ctx_flags: 0,
            waits: VecDeque::new(),
            counts: false,
            fail_at: None,
            fail: HashMap::new(),
            no_descriptor: false,
            count: 0,
            log: Vec::new(),
            objects: BTreeMap::new(),
            mappings: BTreeMap::new(),
            contexts: BTreeSet::new(),
            syncobjs: BTreeSet::new(),
            sequences: HashMap::new(),
            running: Vec::new(),
            mistakes: Vec::new(),
        })))
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub fn open(&self) -> Arc<Device> {
        Device::new(Box::new(self.clone()), "/dev/dri/renderD128").unwrap()
    }

    /// The calls of a request since the last [`Self::forget`].
    pub fn calls(&self, request: u32) -> Vec<Call> {
        self.state().log.iter().filter(|call| call.request == request).cloned().collect()
    }

    /// The last call of a request.
    pub fn last(&self, request: u32) -> Call {
        self.calls(request).pop().unwrap_or_else(|| panic!("no call {request:#x}"))
    }

    pub fn forget(&self) {
        self.state().log.clear();
    }

    /// Everything that is still held: nothing, when all is dropped.
    pub fn held(&self) -> String {
        let state = self.state();
        let (objects, mappings) = (state.objects.keys().collect::<Vec<_>>(), &state.mappings);
        format!("{objects:?} {mappings:?} {:?} {:?} {:?}", state.contexts, state.syncobjs, state.mistakes)
    }

    pub fn assert_empty(&self, when: &str) {
        assert_eq!(self.held(), "[] {} {} {} []", "{when}");
    }

    /// Writes into a buffer's memory behind the client's back, as a GPU does.
    pub fn poke(&self, handle: u32, offset: u64, value: u64) {
        let state = self.state();
        state.objects[&handle].file.as_ref().unwrap().write_all_at(&value.to_le_bytes(), offset).unwrap();
    }
}

/// The kernel's view of a client's memory.
unsafe fn bytes_at(address: u64, len: usize) -> Vec<u8> {
    if len == 0 {
        return Vec::new();
    }
    // SAFETY: the caller's addresses come from the code under test, which promises them to be valid.
    unsafe { std::slice::from_raw_parts(address as *const u8, len) }.to_vec()
}

unsafe fn copy_out(address: u64, bytes: &[u8]) {
    // SAFETY: as above, for writing.
    unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), address as *mut u8, bytes.len()) };
}

impl Node for Fake {
    unsafe fn ioctl(&self, request: u32, argument: &mut [u8]) -> Result<i32, Errno> {
        let mut state = self.state();
        assert_eq!(argument.len(), (request >> 16 & 0x3fff) as usize, "{request:#x}: size of the argument");
        let mut call = Call { request, argument: argument.to_vec(), chunks: Vec::new(), buffers: Vec::new() };
        if request == CS {
            // SAFETY: as `bytes_at` says; this is the indirection that the kernel follows.
            unsafe { state.follow(&mut call) };
        }
        state.log.push(call.clone());
        if let Err(errno) = state.refuse(request, argument) {
            // The kernel copies the block back where it fails too, with whatever it made of it by then.
            argument.fill(0xee);
            return Err(errno);
        }
        // SAFETY: as above.
        unsafe { state.answer(&call, argument) }.map(|()| 0)
    }

    fn map(&self, offset: u64, length: usize) -> Result<MmapRaw, Errno> {
        let mut state = self.state();
        state.refuse(0, &[])?;
        let object = state.objects.get(&((offset >> 40) as u32)).ok_or(Errno::EACCES)?;
        if offset & ((1 << 40) - 1) != 0 || length as u64 > object.size {
            return Err(Errno::EINVAL);
        }
        Ok(MmapOptions::new().len(length).map_raw(object.file.as_ref().unwrap()).unwrap())
    }
}

impl State {
    /// Whether a call is one that gives something back.
    fn releases(request: u32, argument: &[u8]) -> bool {
        match request {
            GEM_CLOSE | SYNCOBJ_DESTROY => true,
            CTX => get32(argument, 0) == 2,
            GEM_VA => get32(argument, 8) == 2,
            _ => false,
        }
    }

    fn refuse(&mut self, request: u32, argument: &[u8]) -> Result<(), Errno> {
        if let Some((left, errno)) = self.fail.get_mut(&request)
            && *left > 0
        {
            *left -= 1;
            return Err(*errno);
        }
        if Self::releases(request, argument) {
            return Ok(());
        }
        self.count += 1;
        let Some((_, errno)) = self.fail_at.filter(|(at, _)| at + 1 == self.count) else { return Ok(()) };
        if request == WAIT_CS {
            match errno {
                // The kernel has no such answer for work that it knows.
                Errno::EINVAL | Errno::ENOMEM | Errno::EACCES => return Ok(()),
                Errno::EINTR | Errno::EAGAIN => {}
                _ => {
                    let ring = (get32(argument, 28), get32(argument, 16), get32(argument, 24));
                    self.running.retain(|(of, ..)| *of != ring);
                }
            }
        }
        Err(errno)
    }

    unsafe fn follow(&self, call: &mut Call) {
        let count = call.u32(8) as usize;
        for index in 0..count {
            // SAFETY: of the caller.
            let chunk = unsafe {
                let pointer = bytes_at(call.u64(16) + index as u64 * 8, 8);
                bytes_at(get64(&pointer, 0), 16)
            };
            let (id, len) = (get32(&chunk, 0), get32(&chunk, 4) as usize * 4);
            // SAFETY: of the caller.
            let payload = unsafe { bytes_at(get64(&chunk, 8), len) };
            if id == 6 {
                // SAFETY: of the caller.
                call.buffers = unsafe { bytes_at(get64(&payload, 16), get32(&payload, 8) as usize * 8) };
            }
            call.chunks.push((id, payload));
        }
    }

    fn lowest<T>(map: &BTreeMap<u32, T>) -> u32 {
        (1..).find(|handle| !map.contains_key(handle)).unwrap()
    }

    fn lowest_of(set: &BTreeSet<u32>) -> u32 {
        (1..).find(|handle| !set.contains(handle)).unwrap()
    }

    fn has(&self, handle: u32) -> Result<&Object, Errno> {
        self.objects.get(&handle).ok_or(Errno::ENOENT)
    }

    fn has_syncobj(&self, handle: u32) -> Result<(), Errno> {
        if self.syncobjs.contains(&handle) { Ok(()) } else { Err(Errno::ENOENT) }
    }

    fn mistake(&mut self, what: String, errno: Errno) -> Result<(), Errno> {
        self.mistakes.push(what);
        Err(errno)
    }

    unsafe fn answer(&mut self, call: &Call, out: &mut [u8]) -> Result<(), Errno> {
        match call.request {
            VERSION => {
                put32(out, 0, 3);
                put32(out, 4, self.minor as u32);
                // SAFETY: of the caller.
                unsafe { copy_out(call.u64(24), self.driver.as_bytes()) };
                put64(out, 16, self.driver.len() as u64);
            }
            GET_CAP => put64(out, 8, self.caps),
            // SAFETY: of the caller.
            INFO => unsafe { self.info(call) }?,
            GEM_CREATE => {
                let (size, domains, flags) = (call.u64(0), call.u64(16), call.u64(24));
                let file = tempfile::tempfile().unwrap();
                file.set_len(size).unwrap();
                let handle = Self::lowest(&self.objects);
                self.objects.insert(handle, Object { file: Some(file), size, in_domains: domains, flags });
                put64(out, 0, handle.into());
            }
            GEM_USERPTR => {
                let handle = Self::lowest(&self.objects);
                self.objects.insert(handle, Object { file: None, size: call.u64(8), in_domains: 2, flags: 0 });
                put32(out, 20, handle);
            }
            GEM_CLOSE => {
                let handle = call.u32(0);
                if self.objects.remove(&handle).is_none() {
                    return self.mistake(format!("close of {handle}"), Errno::EINVAL);
                }
                if self.running.iter().any(|(_, _, buffers)| buffers.contains(&handle)) {
                    return self.mistake(format!("close of {handle} while a job uses it"), Errno::EINVAL);
                }
                if self.mappings.values().any(|(of, _)| *of == handle) {
                    return self.mistake(format!("close of {handle} while it is mapped"), Errno::EINVAL);
                }
            }
            GEM_MMAP => {
                put64(out, 0, 0);
                self.has(call.u32(0))?;
                put64(out, 0, u64::from(call.u32(0)) << 40);
            }
            GEM_OP => {
                let object = self.has(call.u32(0))?;
                if call.u32(4) == 0 {
                    let info = block(32, &[(0, 8, object.size), (16, 8, object.in_domains), (24, 8, object.flags)]);
                    // SAFETY: of the caller.
                    unsafe { copy_out(call.u64(8), &info) };
                }
            }
            GEM_WAIT_IDLE => {
                self.has(call.u32(0))?;
                let status = self.waits.pop_front().unwrap_or(Ok(0))?;
                put64(out, 0, status);
            }
            GEM_VA => return self.va(call),
            GEM_LIST_HANDLES => {
                let room = call.u32(8) as usize;
                let entries: Vec<u8> =
                    self.objects.keys().take(room).flat_map(|h| block(40, &[(0, 4, (*h).into())])).collect();
                // SAFETY: of the caller.
                unsafe { copy_out(call.u64(0), &entries) };
                put32(out, 8, self.objects.len() as u32);
            }
            CTX => return self.ctx(call, out),
            CS => return self.cs(call, out),
            WAIT_CS => {
                let queue = (call.u32(28), call.u32(16), call.u32(24));
                self.submitted(queue, call.u64(0))?;
                let answer = self.waits.pop_front().unwrap_or(Ok(0));
                if !matches!(answer, Ok(1) | Err(Errno::EINTR | Errno::EAGAIN)) {
                    self.running.retain(|(of, sequence, _)| *of != queue || *sequence > call.u64(0));
                }
                put64(out, 0, answer?);
            }
            WAIT_FENCES => {
                let status = self.waits.pop_front().unwrap_or(Ok(0))?;
                put32(out, 0, u32::from(status == 0));
                put32(out, 4, call.u32(8) - 1);
            }
            FENCE_TO_HANDLE => match call.u32(24) {
                0 => put32(out, 0, self.new_syncobj()),
                _ if self.no_descriptor => put32(out, 0, u32::MAX),
                _ => put32(out, 0, tempfile::tempfile().unwrap().into_raw_fd() as u32),
            },
            PRIME_HANDLE_TO_FD => {
                let object = self.has(call.u32(0))?;
                if object.flags & 0x40 != 0 || object.file.is_none() {
                    return Err(Errno::EPERM);
                }
                let fd = object.file.as_ref().unwrap().try_clone().unwrap().into_raw_fd();
                put32(out, 8, fd as u32);
            }
            PRIME_FD_TO_HANDLE => {
                // SAFETY: of the caller: the descriptor is open.
                let fd = unsafe { BorrowedFd::borrow_raw(call.u32(8) as i32) };
                let file = File::from(fd.try_clone_to_owned().map_err(|_| Errno::EBADF)?);
                let inode = file.metadata().unwrap().ino();
                let known = self.objects.iter().find(|(_, object)| {
                    object.file.as_ref().is_some_and(|file| file.metadata().unwrap().ino() == inode)
                });
                let handle = known.map(|(handle, _)| *handle).unwrap_or_else(|| {
                    let handle = Self::lowest(&self.objects);
                    let size = file.metadata().unwrap().len();
                    self.objects.insert(handle, Object { file: Some(file), size, in_domains: 2, flags: 0 });
                    handle
                });
                put32(out, 0, handle);
            }
            // SAFETY: of the caller.
            _ => return unsafe { self.syncobj(call, out) },
        }
        Ok(())
    }

    fn va(&mut self, call: &Call) -> Result<(), Errno> {
        let (handle, op, va, size) = (call.u32(0), call.u32(8), call.u64(16), call.u64(32));
        self.has(handle)?;
        if op == 1 {
            if self.mappings.iter().any(|(at, (_, len))| va < at + len && *at < va + size) {
                return self.mistake(format!("overlap at {va:#x}"), Errno::EINVAL);
            }
            self.mappings.insert(va, (handle, size));
        } else if self.mappings.remove(&va) != Some((handle, size)) {
            return self.mistake(format!("unmap of {va:#x}"), Errno::ENOENT);
        }
        Ok(())
    }

    fn ctx(&mut self, call: &Call, out: &mut [u8]) -> Result<(), Errno> {
        let id = call.u32(8);
        match call.u32(0) {
            1 => {
                let id = Self::lowest_of(&self.contexts);
                self.contexts.insert(id);
                put64(out, 0, id.into());
            }
            2 if self.contexts.remove(&id) => {}
            2 => return self.mistake(format!("free of context {id}"), Errno::EINVAL),
            4 => put64(out, 0, self.ctx_flags),
            5 => put64(out, 0, 1),
            6 => {}
            _ => return Err(Errno::EINVAL),
        }
        Ok(())
    }

    fn cs(&mut self, call: &Call, out: &mut [u8]) -> Result<(), Errno> {
        let context = call.u32(0);
        if !self.contexts.contains(&context) {
            return self.mistake(format!("submission on context {context}"), Errno::EINVAL);
        }
        let buffers: Vec<u32> = call.buffers.chunks(8).map(|entry| get32(entry, 0)).collect();
        if let Some(unknown) = buffers.iter().find(|handle| !self.objects.contains_key(handle)) {
            return self.mistake(format!("submission with buffer {unknown}"), Errno::ENOENT);
        }
        let (_, ib) = call.chunks.iter().find(|(id, _)| *id == 1).ok_or(Errno::EINVAL)?;
        let queue = (context, get32(ib, 20), get32(ib, 28));
        let sequence = self.sequences.entry(queue).or_insert(0);
        *sequence += 1;
        let sequence = *sequence;
        put64(out, 0, sequence);
        if self.counts {
            let fence = call.chunk(2);
            let file = self.has(get32(fence, 0))?.file.as_ref().unwrap();
            file.write_all_at(&sequence.to_le_bytes(), get32(fence, 4).into()).unwrap();
            self.running.retain(|(of, ..)| *of != queue);
        } else {
            self.running.push((queue, sequence, buffers));
        }
        Ok(())
    }

    fn submitted(&self, queue: Ring, sequence: u64) -> Result<(), Errno> {
        if sequence > self.sequences.get(&queue).copied().unwrap_or(0) { Err(Errno::EINVAL) } else { Ok(()) }
    }

    fn new_syncobj(&mut self) -> u32 {
        let handle = Self::lowest_of(&self.syncobjs);
        self.syncobjs.insert(handle);
        handle
    }

    unsafe fn syncobj(&mut self, call: &Call, out: &mut [u8]) -> Result<(), Errno> {
        match call.request {
            SYNCOBJ_CREATE => put32(out, 0, self.new_syncobj()),
            SYNCOBJ_DESTROY if self.syncobjs.remove(&call.u32(0)) => {}
            SYNCOBJ_DESTROY => return self.mistake(format!("syncobj {}", call.u32(0)), Errno::EINVAL),
            SYNCOBJ_HANDLE_TO_FD => {
                self.has_syncobj(call.u32(0))?;
                put32(out, 8, tempfile::tempfile().unwrap().into_raw_fd() as u32);
            }
            SYNCOBJ_FD_TO_HANDLE if call.u32(4) == 1 => self.has_syncobj(call.u32(0))?,
            SYNCOBJ_FD_TO_HANDLE => put32(out, 0, self.new_syncobj()),
            SYNCOBJ_WAIT => put32(out, 24, call.u32(16) - 1),
            SYNCOBJ_TIMELINE_WAIT => put32(out, 32, call.u32(24) - 1),
            // SAFETY: of the caller.
            SYNCOBJ_QUERY => unsafe { copy_out(call.u64(8), &77_u64.to_le_bytes()) },
            SYNCOBJ_RESET | SYNCOBJ_SIGNAL | SYNCOBJ_TIMELINE_SIGNAL => {
                // SAFETY: of the caller.
                let handle = unsafe { bytes_at(call.u64(0), 4) };
                self.has_syncobj(get32(&handle, 0))?;
            }
            SYNCOBJ_TRANSFER => self.has_syncobj(call.u32(0)).and_then(|()| self.has_syncobj(call.u32(4)))?,
            SYNCOBJ_EVENTFD => self.has_syncobj(call.u32(0))?,
            other => panic!("the fake has no call {other:#x}"),
        }
        Ok(())
    }

    unsafe fn info(&self, call: &Call) -> Result<(), Errno> {
        let mut bytes = match call.u32(12) {
            0x00 => self.accel_working.to_le_bytes().to_vec(),
            0x02 => {
                let rings = if call.u32(16) == 1 { self.compute_rings } else { 1 };
                let (start, size) = if call.u32(16) == 2 { (256, 4) } else { (32, 32) };
                block(32, &[(16, 4, start), (20, 4, size), (24, 4, rings.into()), (28, 4, self.ip_version.into())])
            }
            0x05 => 123_456_789_u64.to_le_bytes().to_vec(),
            0x0e => block(8, &[(0, 4, 2000 + u64::from(call.u32(16)))]),
            0x16 => self.device(),
            0x18 => 42_u64.to_le_bytes().to_vec(),
            0x19 => self.heaps.iter().flat_map(|(total, used)| block(32, &[(0, 8, *total), (16, 8, *used)])).collect(),
            0x1d if call.u32(16) == 3 => 45_000_u32.to_le_bytes().to_vec(),
            0x1d => return Err(Errno::EINVAL),
            0x1f => 3_u32.to_le_bytes().to_vec(),
            0x23 if self.minor >= 55 => block(16, &[(0, 8, self.fault.0), (8, 4, self.fault.1.into())]),
            _ => return Err(Errno::EINVAL),
        };
        bytes.truncate(call.u32(8) as usize);
        // SAFETY: of the caller.
        unsafe { copy_out(call.u64(0), &bytes) };
        Ok(())
    }

    fn device(&self) -> Vec<u8> {
        let fields = [
            (0, 4, 0x744c),
            (8, 4, self.external_rev.into()),
            (12, 4, 0xc8),
            (16, 4, self.family.into()),
            (20, 4, 6),
            (24, 4, 2),
            (28, 4, 100_000),
            (32, 8, 2_482_000),
            (40, 8, 1_249_000),
            (48, 4, 96),
            (56, 4, 0xff),               // engine 0, array 0
            (56 + 4 * (4 + 3), 4, 0x7f), // row 1, column 3: engine 5, array 1
            (136, 8, u64::from(self.integrated)),
            (144, 8, 0x1_0000),
            (152, 8, 0x8000_0000_0000),
            (160, 4, 4096),
            (164, 4, 2 << 20),
            (180, 4, 384),
            (240, 4, 32),
            (244, 4, 1536),
            (252, 4, 24),
            (384, 4, 32),
            (392, 4, 16),
            (396, 4, 32),
            (400, 4, 256),
            (404, 4, 6144),
            (408, 8, 96 << 20),
        ];
        let mut bytes = block(440, &fields);
        if self.minor < 50 {
            bytes.truncate(368); // Linux 6.1
        }
        bytes
    }
}

/// Whether a descriptor is open.
pub fn is_open(fd: &impl AsFd) -> bool {
    std::fs::read_link(format!("/proc/self/fd/{}", fd.as_fd().as_raw_fd())).is_ok()
}

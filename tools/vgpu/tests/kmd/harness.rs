//! A client without libraries, and a command processor that does what a test says.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use sparkle_vgpu::kmd::{
    Buffer, Chip, Client, Config, Errno, File, Flavour, Job, Kernel, Kind, Outcome, Processor, UserMemory,
};

// Request numbers, as strace prints them. Source: Linux `include/uapi/drm/drm.h` and `amdgpu_drm.h`.
pub(crate) const VERSION: u32 = 0xc040_6400;
pub(crate) const GET_CAP: u32 = 0xc010_640c;
pub(crate) const GEM_CLOSE: u32 = 0x4008_6409;
pub(crate) const PRIME_HANDLE_TO_FD: u32 = 0xc00c_642d;
pub(crate) const PRIME_FD_TO_HANDLE: u32 = 0xc00c_642e;
pub(crate) const SYNCOBJ_CREATE: u32 = 0xc008_64bf;
pub(crate) const SYNCOBJ_DESTROY: u32 = 0xc008_64c0;
pub(crate) const SYNCOBJ_HANDLE_TO_FD: u32 = 0xc010_64c1;
pub(crate) const SYNCOBJ_FD_TO_HANDLE: u32 = 0xc010_64c2;
pub(crate) const SYNCOBJ_WAIT: u32 = 0xc020_64c3;
pub(crate) const SYNCOBJ_RESET: u32 = 0xc010_64c4;
pub(crate) const SYNCOBJ_SIGNAL: u32 = 0xc010_64c5;
pub(crate) const SYNCOBJ_TIMELINE_WAIT: u32 = 0xc028_64ca;
pub(crate) const SYNCOBJ_QUERY: u32 = 0xc018_64cb;
pub(crate) const SYNCOBJ_TRANSFER: u32 = 0xc020_64cc;
pub(crate) const SYNCOBJ_TIMELINE_SIGNAL: u32 = 0xc018_64cd;
pub(crate) const SYNCOBJ_EVENTFD: u32 = 0xc018_64cf;
pub(crate) const GEM_CREATE: u32 = 0xc020_6440;
pub(crate) const GEM_MMAP: u32 = 0xc008_6441;
pub(crate) const CTX: u32 = 0xc010_6442;
pub(crate) const BO_LIST: u32 = 0xc018_6443;
pub(crate) const CS: u32 = 0xc018_6444;
pub(crate) const INFO: u32 = 0x4020_6445;
pub(crate) const GEM_METADATA: u32 = 0xc120_6446;
pub(crate) const GEM_WAIT_IDLE: u32 = 0xc010_6447;
pub(crate) const GEM_VA: u32 = 0x4028_6448;
pub(crate) const GEM_VA_NEW: u32 = 0x4040_6448;
pub(crate) const WAIT_CS: u32 = 0xc020_6449;
pub(crate) const GEM_OP: u32 = 0xc010_6450;
pub(crate) const GEM_USERPTR: u32 = 0xc018_6451;
pub(crate) const WAIT_FENCES: u32 = 0xc018_6452;
pub(crate) const FENCE_TO_HANDLE: u32 = 0xc020_6454;
pub(crate) const SCHED: u32 = 0x4010_6455;
pub(crate) const USERQ: u32 = 0xc048_6456;
pub(crate) const GEM_LIST_HANDLES: u32 = 0xc010_6459;

pub(crate) const GTT: u64 = 2;
pub(crate) const VRAM: u64 = 4;
pub(crate) const ALWAYS_VALID: u64 = 0x40;
pub(crate) const RWX: u32 = 0xe;
pub(crate) const GFX: u32 = 0;
pub(crate) const COMPUTE: u32 = 1;
pub(crate) const DMA: u32 = 2;
/// An address that every flavour lets clients map.
pub(crate) const VA: u64 = 4 << 30;

/// A structure in the making.
#[derive(Clone, Debug)]
pub(crate) struct S(pub(crate) Vec<u8>);

impl S {
    pub(crate) fn new(size: usize) -> Self {
        Self(vec![0; size])
    }
    pub(crate) fn u32(mut self, at: usize, value: u32) -> Self {
        self.0[at..at + 4].copy_from_slice(&value.to_le_bytes());
        self
    }
    pub(crate) fn u64(mut self, at: usize, value: u64) -> Self {
        self.0[at..at + 8].copy_from_slice(&value.to_le_bytes());
        self
    }
    pub(crate) fn words(words: &[u32]) -> Self {
        Self(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }
    pub(crate) fn longs(words: &[u64]) -> Self {
        Self(words.iter().flat_map(|word| word.to_le_bytes()).collect())
    }
}

pub(crate) fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap())
}
pub(crate) fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap())
}

/// Nanoseconds of the monotonic clock, `left` from now.
pub(crate) fn deadline(left: Duration) -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    now.tv_sec().unsigned_abs() * 1_000_000_000 + now.tv_nsec().unsigned_abs() + u64::try_from(left.as_nanos()).unwrap()
}
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// Something to stand behind until it opens.
#[derive(Default)]
pub(crate) struct Gate(Mutex<bool>, Condvar);

impl Gate {
    pub(crate) fn open(&self) {
        *self.0.lock().unwrap() = true;
        self.1.notify_all();
    }
    pub(crate) fn pass(&self) {
        let mut open = self.0.lock().unwrap();
        while !*open {
            open = self.1.wait(open).unwrap();
        }
    }
}

pub(crate) struct Script(pub(crate) Box<dyn Fn(&Job) -> Outcome + Send + Sync>);

impl Processor for Script {
    fn execute(&self, job: &Job) -> Outcome {
        (self.0)(job)
    }
}

/// A machine with one device, one file, and memory of the client.
pub(crate) struct Bench {
    pub(crate) kernel: Kernel,
    pub(crate) file: File,
    pub(crate) user: Arc<Buffer>,
    next: AtomicU64,
}

/// One chunk of a submission.
pub(crate) type Chunk = (u32, S);

impl Bench {
    pub(crate) fn new(flavour: Flavour) -> Self {
        Self::with(flavour, |_| Outcome::DONE)
    }

    pub(crate) fn with(flavour: Flavour, script: impl Fn(&Job) -> Outcome + Send + Sync + 'static) -> Self {
        Self::config(Config::new(flavour, Chip::find("gfx1100").unwrap(), Arc::new(Script(Box::new(script)))))
    }

    pub(crate) fn config(config: Config) -> Self {
        let kernel = Kernel::new(config).unwrap();
        let user = Arc::new(Buffer::default());
        let file = kernel.open(0, Client { memory: user.clone(), ..Client::this() }).unwrap();
        Self { kernel, file, user, next: AtomicU64::new(0x10_0000) }
    }

    /// Another open file of the same device.
    pub(crate) fn open(&self) -> File {
        self.kernel.open(0, Client { memory: self.user.clone(), ..Client::this() }).unwrap()
    }

    /// Memory of the client with these contents.
    pub(crate) fn put(&self, bytes: &[u8]) -> u64 {
        let addr = self.next.fetch_add((bytes.len() as u64 + 0x1fff) & !0xfff, Ordering::Relaxed);
        self.user.put(addr, bytes);
        addr
    }

    pub(crate) fn get(&self, addr: u64, size: usize) -> Vec<u8> {
        self.user.copy(addr, size).unwrap()
    }

    pub(crate) fn call_on(&self, file: &File, request: u32, block: S) -> (Result<i32, Errno>, Vec<u8>) {
        let addr = self.put(&block.0);
        let result = file.ioctl(request, self.user.as_ref(), addr);
        (result, self.get(addr, block.0.len()))
    }

    pub(crate) fn call(&self, request: u32, block: S) -> (Result<i32, Errno>, Vec<u8>) {
        self.call_on(&self.file, request, block)
    }

    /// A call that is expected to succeed; its block afterwards.
    pub(crate) fn ok(&self, request: u32, block: S) -> Vec<u8> {
        let (result, bytes) = self.call(request, block);
        assert_eq!(result, Ok(0), "{request:#x}");
        bytes
    }

    /// A call that is expected to fail so.
    #[track_caller]
    pub(crate) fn fails(&self, errno: Errno, request: u32, block: S) {
        let (result, _) = self.call(request, block);
        assert_eq!(result, Err(errno), "{request:#x}");
    }

    pub(crate) fn create_block(bytes: u64, domains: u64, flags: u64) -> S {
        S::new(32).u64(0, bytes).u64(16, domains).u64(24, flags)
    }

    pub(crate) fn create(&self, bytes: u64, domains: u64, flags: u64) -> u32 {
        u32_at(&self.ok(GEM_CREATE, Self::create_block(bytes, domains, flags)), 0)
    }

    pub(crate) fn va_block(handle: u32, op: u32, flags: u32, va: u64, offset: u64, bytes: u64) -> S {
        S::new(40).u32(0, handle).u32(8, op).u32(12, flags).u64(16, va).u64(24, offset).u64(32, bytes)
    }

    pub(crate) fn map(&self, handle: u32, va: u64, bytes: u64) {
        self.ok(GEM_VA, Self::va_block(handle, 1, RWX, va, 0, bytes));
    }

    pub(crate) fn ctx(&self) -> u32 {
        u32_at(&self.ok(CTX, S::new(16).u32(0, 1)), 0)
    }

    pub(crate) fn info_on(&self, file: &File, query: u32, args: [u32; 4], size: usize) -> Result<Vec<u8>, Errno> {
        let to = self.put(&vec![0xcc; size]);
        let block = S::new(32).u64(0, to).u32(8, size as u32).u32(12, query);
        let block = args.iter().enumerate().fold(block, |block, (at, arg)| block.u32(16 + at * 4, *arg));
        self.call_on(file, INFO, block).0.map(|_| self.get(to, size))
    }

    pub(crate) fn info(&self, query: u32, args: [u32; 4], size: usize) -> Result<Vec<u8>, Errno> {
        self.info_on(&self.file, query, args, size)
    }

    pub(crate) fn ib_on(ip: u32, ring: u32, va: u64, bytes: u32, flags: u32) -> Chunk {
        (1, S::new(32).u32(4, flags).u64(8, va).u32(16, bytes).u32(20, ip).u32(28, ring))
    }

    pub(crate) fn ib(va: u64, bytes: u32) -> Chunk {
        Self::ib_on(COMPUTE, 0, va, bytes, 0)
    }

    pub(crate) fn list(&self, handles: &[u32]) -> Chunk {
        let entries: Vec<u32> = handles.iter().flat_map(|handle| [*handle, 0]).collect();
        let entries = self.put(&S::words(&entries).0);
        (6, S::new(24).u32(0, !0).u32(4, !0).u32(8, handles.len() as u32).u32(12, 8).u64(16, entries))
    }

    pub(crate) fn cs_block(&self, ctx: u32, list: u32, chunks: &[Chunk]) -> S {
        let headers = chunks.iter().map(|(id, payload)| {
            let data = self.put(&payload.0);
            self.put(&S::new(16).u32(0, *id).u32(4, payload.0.len() as u32 / 4).u64(8, data).0)
        });
        let pointers = self.put(&S::longs(&headers.collect::<Vec<_>>()).0);
        S::new(24).u32(0, ctx).u32(4, list).u32(8, chunks.len() as u32).u64(16, pointers)
    }

    pub(crate) fn cs(&self, ctx: u32, chunks: &[Chunk]) -> Result<u64, Errno> {
        let (result, bytes) = self.call(CS, self.cs_block(ctx, 0, chunks));
        result.map(|_| u64_at(&bytes, 0))
    }

    pub(crate) fn wait_block(ctx: u32, handle: u64, deadline: u64) -> S {
        S::new(32).u64(0, handle).u64(8, deadline).u32(16, COMPUTE).u32(28, ctx)
    }

    /// Whether a job on compute ring 0 is done in time.
    pub(crate) fn wait(&self, ctx: u32, handle: u64, left: Duration) -> Result<bool, Errno> {
        let (result, bytes) = self.call(WAIT_CS, Self::wait_block(ctx, handle, deadline(left)));
        result.map(|_| u64_at(&bytes, 0) == 0)
    }

    /// Whether a report of that kind says `text`; takes all reports.
    pub(crate) fn reported(&self, kind: Kind, text: &str) -> bool {
        self.kernel.reports().iter().any(|report| report.kind == kind && report.text.contains(text))
    }

    /// A context and a buffer for IBs at [`VA`], mapped; and the list with it.
    pub(crate) fn ready(&self) -> (u32, u32) {
        let bo = self.create(0x1_0000, GTT, 0);
        self.map(bo, VA, 0x1_0000);
        (self.ctx(), bo)
    }

    /// Submits the first 64 bytes of the buffer of [`Self::ready`].
    pub(crate) fn run(&self, ctx: u32, bo: u32) -> Result<u64, Errno> {
        self.cs(ctx, &[self.list(&[bo]), Self::ib(VA, 64)])
    }

    pub(crate) fn words(&self, handle: u32) -> std::fs::File {
        let offset = u64_at(&self.ok(GEM_MMAP, S::new(8).u32(0, handle)), 0);
        let request = sparkle_vgpu::kmd::MapRequest { offset, length: 4096, shared: true, accessible: true };
        self.file.mmap(request).unwrap().file.into()
    }

    pub(crate) fn read_word(&self, handle: u32, at: u64) -> u32 {
        let mut bytes = [0; 4];
        std::os::unix::fs::FileExt::read_exact_at(&self.words(handle), &mut bytes, at).unwrap();
        u32::from_le_bytes(bytes)
    }

    pub(crate) fn user(&self) -> &dyn UserMemory {
        self.user.as_ref()
    }
}

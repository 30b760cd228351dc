//! The conversation with the host.

use std::cell::RefCell;
use std::ffi::{CString, OsStr, c_int};
use std::os::fd::{AsFd, AsRawFd, FromRawFd, IntoRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};

use vgpu::host::{Channel, Reply, Request, TREE_VARIABLE, Tree};

/// Where the tree is and who answers.
struct Session {
    /// The tree's folder.
    root: Vec<u8>,
    devices: usize,
    host: Host,
}

enum Host {
    /// Another process, reached by this socket.
    Remote(CString),
    /// This process.
    Local { server: std::sync::Arc<vgpu::host::Server>, pid: u32 },
}

static SESSION: OnceLock<Option<Session>> = OnceLock::new();
/// How many devices there are, as far as it is known without starting anything.
static DEVICES: AtomicUsize = AtomicUsize::new(1);

/// How many devices the tree has.
pub(crate) fn devices() -> usize {
    DEVICES.load(Ordering::Relaxed)
}

fn session() -> Option<&'static Session> {
    SESSION
        .get_or_init(|| {
            let session = match std::env::var_os(TREE_VARIABLE) {
                Some(root) => remote(&root),
                None => local(),
            };
            if let Some(session) = &session {
                DEVICES.store(session.devices, Ordering::Relaxed);
            }
            session
        })
        .as_ref()
}

fn remote(root: &OsStr) -> Option<Session> {
    let folder = std::path::Path::new(root).join("dev/dri");
    let names = std::fs::read_dir(folder).ok()?.flatten();
    let devices = names.filter(|entry| entry.file_name().as_bytes().starts_with(b"renderD")).count();
    let socket = CString::new([root.as_bytes(), b"/socket"].concat()).ok()?;
    Some(Session { root: root.as_bytes().to_vec(), devices, host: Host::Remote(socket) })
}

/// One gfx1100 in this process.
fn local() -> Option<Session> {
    let kernel = vgpu::host::standard_kernel().ok()?;
    let folder = std::env::temp_dir().join(format!("sparkle-vgpu-{}", std::process::id()));
    // What a process of the same number left behind is of no use to anybody.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).ok()?;
    let tree = Tree::create(&folder, &vgpu::host::pci_devices(&kernel)).ok()?;
    let server = vgpu::host::Server::new(kernel);
    // SAFETY: the function takes no arguments and returns nothing, as `atexit` wants.
    unsafe { libc::atexit(remove_tree) };
    let root = tree.root().as_os_str().as_bytes().to_vec();
    Some(Session { root, devices: 1, host: Host::Local { server, pid: std::process::id() } })
}

extern "C" fn remove_tree() {
    if let Some(Some(Session { root, host: Host::Local { pid, .. }, .. })) = SESSION.get()
        && *pid == std::process::id()
    {
        let _ = std::fs::remove_dir_all(OsStr::from_bytes(root));
    }
}

/// The tree's folder.
pub(crate) fn root() -> Option<&'static [u8]> {
    session().map(|session| session.root.as_slice())
}

/// A thread's connection, and how to know that it is still ours: the program may have closed it with all others.
struct Connection {
    channel: Channel,
    pid: u32,
    inode: u64,
}

thread_local! {
    static CONNECTION: RefCell<Option<Connection>> = const { RefCell::new(None) };
}

fn inode(fd: c_int) -> Option<u64> {
    // SAFETY: all zero bytes are a valid `stat`.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: the second argument is a `stat` to write.
    let found = unsafe { crate::real::fstat(fd, &raw mut stat) } == 0;
    (found && stat.st_mode & libc::S_IFMT == libc::S_IFSOCK).then_some(stat.st_ino)
}

impl Connection {
    fn open(session: &'static Session) -> Result<Self, c_int> {
        let last = || std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO);
        let kind = libc::SOCK_SEQPACKET | libc::SOCK_CLOEXEC;
        let ours = match &session.host {
            Host::Remote(path) => {
                // SAFETY: no pointers are passed.
                let number = unsafe { libc::socket(libc::AF_UNIX, kind, 0) };
                if number < 0 {
                    return Err(last());
                }
                // SAFETY: the kernel has just returned this number, and nobody else has it.
                let socket = unsafe { OwnedFd::from_raw_fd(number) };
                // SAFETY: all zero bytes are a valid address.
                let mut address: libc::sockaddr_un = unsafe { std::mem::zeroed() };
                address.sun_family = libc::AF_UNIX as u16; // CAST: 1
                let bytes = path.to_bytes_with_nul();
                if bytes.len() > address.sun_path.len() {
                    return Err(libc::ENAMETOOLONG);
                }
                address.sun_path.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from as libc::c_char); // CAST: the same bits
                let size = size_of::<libc::sockaddr_un>() as u32; // CAST: 110
                // SAFETY: the address is a `sockaddr_un` of this size.
                if unsafe { libc::connect(number, (&raw const address).cast(), size) } != 0 {
                    return Err(last());
                }
                socket
            }
            Host::Local { server, pid } => {
                if *pid != std::process::id() {
                    eprintln!(
                        "sparkle-vgpu: the device is held in the process that forked this one; use `sparkle-vgpu run` for \
                         programs that fork"
                    );
                    return Err(libc::ENODEV);
                }
                let mut pair = [0; 2];
                // SAFETY: the last argument has room for two numbers.
                if unsafe { libc::socketpair(libc::AF_UNIX, kind, 0, pair.as_mut_ptr()) } != 0 {
                    return Err(last());
                }
                // SAFETY: the kernel has just returned these numbers, and nobody else has them.
                let [ours, theirs] = pair.map(|number| unsafe { OwnedFd::from_raw_fd(number) });
                let server = std::sync::Arc::clone(server);
                let own = i32::try_from(*pid).map_err(|_| libc::ENODEV)?;
                let serve = move || {
                    block_signals();
                    server.serve(&Channel::from(theirs), own);
                };
                std::thread::Builder::new().name("sparkle-vgpu".into()).spawn(serve).map_err(|_| libc::EAGAIN)?;
                ours
            }
        };
        // Out of the way of programs that expect low numbers, if there is room.
        // SAFETY: no pointers are passed.
        let high = unsafe { libc::fcntl(ours.as_raw_fd(), libc::F_DUPFD_CLOEXEC, 512) };
        // SAFETY: the kernel has just returned this number, and nobody else has it.
        let ours = if high >= 0 { unsafe { OwnedFd::from_raw_fd(high) } } else { ours };
        let inode = inode(ours.as_raw_fd()).ok_or(libc::EIO)?;
        Ok(Self { channel: Channel::from(ours), pid: std::process::id(), inode })
    }

    fn is_ours(&self) -> bool {
        self.pid == std::process::id() && inode(self.channel.as_fd().as_raw_fd()) == Some(self.inode)
    }
}

/// The program's signals are not for the host's threads.
fn block_signals() {
    // SAFETY: the set is filled before it is used, and the last argument may be null.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}

/// Asks the host; the result, what else it says, and a descriptor.
fn call(request: Request) -> Result<(i64, u64, Option<OwnedFd>), c_int> {
    let session = session().ok_or(libc::ENODEV)?;
    CONNECTION
        .try_with(|place| {
            let mut place = place.try_borrow_mut().map_err(|_| libc::EDEADLK)?;
            if place.as_ref().is_some_and(|connection| !connection.is_ours()) {
                // Not closed: another file may have its number by now, or the parent may use it still.
                if let Some(old) = place.take() {
                    std::mem::forget(old);
                }
            }
            let connection = match &mut *place {
                Some(connection) => connection,
                empty => empty.insert(Connection::open(session)?),
            };
            converse(&connection.channel, request)
        })
        .unwrap_or(Err(libc::ENODEV))
}

fn converse(channel: &Channel, request: Request) -> Result<(i64, u64, Option<OwnedFd>), c_int> {
    let errno = |error| error as c_int; // CAST: the errno
    channel.ask(request, None).map_err(errno)?;
    loop {
        let (reply, descriptor) = channel.replied().map_err(errno)?;
        match reply {
            Reply::Done { result, value } => return Ok((result, value, descriptor)),
            Reply::Install { close_on_exec } => {
                let number = descriptor.map_or(-i64::from(libc::EMFILE), |fd| {
                    let number = fd.into_raw_fd();
                    if !close_on_exec {
                        // SAFETY: no pointers are passed.
                        unsafe { libc::fcntl(number, libc::F_SETFD, 0) };
                    }
                    number.into()
                });
                channel.ask(Request::Answer { value: number as u64 }, None).map_err(errno)?; // CAST: the same bits
            }
            Reply::Fetch { number } => {
                let number = i32::try_from(number).unwrap_or(-1);
                // SAFETY: no pointers are passed.
                let copy = unsafe { libc::fcntl(number, libc::F_DUPFD_CLOEXEC, 0) };
                // SAFETY: the kernel has just returned this number, and nobody else has it.
                let copy = (copy >= 0).then(|| unsafe { OwnedFd::from_raw_fd(copy) });
                let answer = Request::Answer { value: u64::from(copy.is_some()) };
                channel.ask(answer, copy.as_ref().map(AsFd::as_fd)).map_err(errno)?;
            }
        }
    }
}

/// Sockets that are devices, and some that are not: inode in the upper bits, the device's index and 1 in the low 16.
static KNOWN: [AtomicU64; 64] = [const { AtomicU64::new(0) }; 64];

fn remember(inode: u64, device: Option<usize>) {
    let mark = device.map_or(0, |device| device as u64 + 1); // CAST: a small index
    if let Some(slot) = KNOWN.get(inode as usize % KNOWN.len()) {
        // CAST: reduced at once
        slot.store(inode << 16 | mark, Ordering::Relaxed);
    }
}

/// Whether another process has the devices; asked once, because the environment has a lock.
fn is_hosted() -> bool {
    const UNKNOWN: u8 = 0;
    const ALONE: u8 = 1;
    const HOSTED: u8 = 2;
    static STATE: AtomicU8 = AtomicU8::new(UNKNOWN);
    match STATE.load(Ordering::Relaxed) {
        UNKNOWN => {
            let hosted = std::env::var_os(TREE_VARIABLE).is_some();
            STATE.store(if hosted { HOSTED } else { ALONE }, Ordering::Relaxed);
            hosted
        }
        state => state == HOSTED,
    }
}

/// The inode and device of a descriptor that is an open device.
pub(crate) fn device(fd: c_int) -> Option<(u64, usize)> {
    // Without a session this process has neither opened nor inherited one.
    if SESSION.get().is_none() && !is_hosted() {
        return None;
    }
    let inode = inode(fd)?;
    let slot = KNOWN.get(inode as usize % KNOWN.len())?.load(Ordering::Relaxed); // CAST: reduced at once
    let index = if slot >> 16 == inode {
        usize::try_from(slot & 0xffff).ok()?.checked_sub(1)
    } else {
        let (result, ..) = call(Request::Which { inode }).ok()?;
        let index = usize::try_from(result).ok();
        remember(inode, index);
        index
    };
    index.map(|index| (inode, index))
}

/// Opens a device; the descriptor's number or a negative errno.
pub(crate) fn open(device: usize, flags: c_int) -> c_int {
    match call(Request::Open { device: device as u64 }) {
        // CAST: widening
        Err(errno) => -errno,
        Ok((0, inode, Some(descriptor))) => {
            remember(inode, Some(device));
            let number = descriptor.into_raw_fd();
            if flags & libc::O_CLOEXEC == 0 {
                // SAFETY: no pointers are passed.
                unsafe { libc::fcntl(number, libc::F_SETFD, 0) };
            }
            if flags & libc::O_NONBLOCK != 0 {
                // SAFETY: no pointers are passed.
                unsafe { libc::fcntl(number, libc::F_SETFL, libc::O_NONBLOCK) };
            }
            number
        }
        Ok((0, ..)) => -libc::EMFILE,
        Ok((error, ..)) => i32::try_from(error).unwrap_or(-libc::EIO),
    }
}

/// `ioctl` on a device; the result or a negative errno.
pub(crate) fn ioctl(inode: u64, request: u64, argument: u64) -> c_int {
    match call(Request::Ioctl { inode, request, argument }) {
        Err(errno) => -errno,
        Ok((result, ..)) => i32::try_from(result).unwrap_or(-libc::EIO),
    }
}

/// What to map instead of a device, or an errno.
pub(crate) fn map(inode: u64, offset: u64, length: u64, flags: u64) -> Result<(OwnedFd, u64), c_int> {
    match call(Request::Map { inode, offset, length, flags })? {
        (0, at, Some(file)) => Ok((file, at)),
        (0, ..) => Err(libc::EMFILE),
        (error, ..) => Err(i32::try_from(-error).unwrap_or(libc::EIO)),
    }
}

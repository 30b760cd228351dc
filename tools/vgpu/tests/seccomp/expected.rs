//! What the client prints, however the device is shown to it: what it does, and its output.
//!
//! Sources for errnos: Linux `drm_gem.c` (`drm_gem_mmap`), `drm_ioctl.c`, `fs/open.c`; for the version `amdgpu_drv.c`.

pub(crate) const EXPECTED: &[(&str, &str)] = &[
    (
        "work",
        "fstat 1 226:128
fstatat 1 226:128
statx 1 226:128 0
link /dev/dri/renderD128
access ok ENOENT
open ENOTDIR
vendor 0x1002
version amdgpu 3.61, working 1
job 1
foreign EACCES
unknown EINVAL
private EINVAL
pointer EFAULT
terminal ENOTTY
handle EINVAL
copies 000
kept 77
gone EINVAL
",
    ),
    ("threads", "threads 256\n"),
    ("family", "family 4 2\n"),
    ("share", "share 1 2 444\nno buffer EINVAL\nno descriptor EBADF\n"),
    ("heirloom", "heirloom 999\n"),
    ("sync", "syncobj ok 1 ok\n"),
    ("bomb", "bomb 200\n"),
    ("signals", "killed 9\nwaited ETIME, signals 1\n"),
];

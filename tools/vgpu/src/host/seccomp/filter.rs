//! Which system calls are put before the host: a program of the kernel's classic BPF.
//!
//! Whatever can be decided by numbers alone is decided here, because a call that is put before the host costs two changes
//! of process. Paths cannot be seen from here, so all calls that look at files by path are among them.

use libc::{c_long, sock_filter};

/// The machine whose numbers these are; 32-bit programs and others go by unseen. Source: Linux `include/uapi/linux/audit.h`.
#[cfg(target_arch = "x86_64")]
const ARCH: u32 = 0xc000_003e;
#[cfg(target_arch = "aarch64")]
const ARCH: u32 = 0xc000_00b7;

/// Bit of the numbers of x32, which has the machine of x86-64. Source: Linux `arch/x86/include/uapi/asm/unistd.h`.
const X32: u32 = 0x4000_0000;

/// Calls that are always put before the host.
const WATCHED: &[c_long] = &[
    libc::SYS_openat,
    libc::SYS_openat2,
    libc::SYS_newfstatat,
    libc::SYS_statx,
    libc::SYS_fstat,
    libc::SYS_faccessat,
    libc::SYS_faccessat2,
    libc::SYS_readlinkat,
    libc::SYS_getdents64,
    libc::SYS_getxattr,
    libc::SYS_lgetxattr,
    libc::SYS_listxattr,
    libc::SYS_llistxattr,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_open,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_creat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_stat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_lstat,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_access,
    #[cfg(target_arch = "x86_64")]
    libc::SYS_readlink,
];

/// Type of DRM's requests in bits 15:8. Source: Linux `include/uapi/drm/drm.h`, `DRM_IOCTL_BASE`.
const DRM: u32 = (b'd' as u32) << 8;

// Places in what a filter sees. Source: Linux `include/uapi/linux/seccomp.h`, `struct seccomp_data`.
const NUMBER: u32 = 0;
const MACHINE: u32 = 4;
/// The low half of an argument.
const fn argument(index: u32) -> u32 {
    16 + 8 * index + if cfg!(target_endian = "big") { 4 } else { 0 }
}

// CAST, for all of them: codes have 16 bits.
const LOAD: u16 = (libc::BPF_LD | libc::BPF_W | libc::BPF_ABS) as u16;
const AND: u16 = (libc::BPF_ALU | libc::BPF_AND | libc::BPF_K) as u16;
const IF_EQUAL: u16 = (libc::BPF_JMP | libc::BPF_JEQ | libc::BPF_K) as u16;
const IF_NOT_LESS: u16 = (libc::BPF_JMP | libc::BPF_JGE | libc::BPF_K) as u16;
const IF_ANY_BIT: u16 = (libc::BPF_JMP | libc::BPF_JSET | libc::BPF_K) as u16;
const RETURN: u16 = (libc::BPF_RET | libc::BPF_K) as u16;

/// The program.
pub(super) fn program() -> Vec<sock_filter> {
    let step = |code, k, jt, jf| sock_filter { code, jt, jf, k };
    let number = |call: c_long| call as u32; // CAST: numbers are small
    let count = WATCHED.len() as u8; // CAST: some 20
    // What follows the list: two comparisons, then four blocks. Distances count from the next step.
    let mut steps = vec![
        step(LOAD, MACHINE, 0, 0),
        step(IF_EQUAL, ARCH, 0, count + 4),
        step(LOAD, NUMBER, 0, 0),
        step(IF_NOT_LESS, X32, count + 2, 0),
    ];
    for (call, before) in WATCHED.iter().zip((0..count).rev()) {
        steps.push(step(IF_EQUAL, number(*call), before + 8, 0));
    }
    steps.extend([
        step(IF_EQUAL, number(libc::SYS_ioctl), 2, 0),
        step(IF_EQUAL, number(libc::SYS_mmap), 4, 0),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
        step(LOAD, argument(1), 0, 0),
        step(AND, 0xff00, 0, 0),
        step(IF_EQUAL, DRM, 2, 3),
        step(LOAD, argument(3), 0, 0),
        step(IF_ANY_BIT, libc::MAP_ANONYMOUS as u32, 1, 0), // CAST: a bit
        step(RETURN, libc::SECCOMP_RET_USER_NOTIF, 0, 0),
        step(RETURN, libc::SECCOMP_RET_ALLOW, 0, 0),
    ]);
    steps
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// Runs the program as the kernel's documentation of classic BPF has it.
    fn run(number: u32, machine: u32, args: [u64; 6]) -> u32 {
        let mut data = [number.to_ne_bytes(), machine.to_ne_bytes()].concat();
        data.extend([0; 8]);
        data.extend(args.iter().flat_map(|arg| arg.to_ne_bytes()));
        let steps = program();
        let (mut at, mut a) = (0, 0u32);
        loop {
            let step = steps[at];
            at += 1;
            let jump = |taken: bool| usize::from(if taken { step.jt } else { step.jf });
            match step.code {
                0x20 => a = u32::from_ne_bytes(data[step.k as usize..][..4].try_into().unwrap()),
                0x54 => a &= step.k,
                0x15 => at += jump(a == step.k),
                0x35 => at += jump(a >= step.k),
                0x45 => at += jump(a & step.k != 0),
                0x06 => return step.k,
                other => panic!("code {other:#x}"),
            }
        }
    }

    const ALLOW: u32 = 0x7fff_0000;
    const NOTIFY: u32 = 0x7fc0_0000;

    #[cfg(target_arch = "x86_64")]
    #[test]
    fn what_may_be_about_a_device_is_put_before_the_host() {
        let native = |number, args| run(number, 0xc000_003e, args);
        // Numbers by Linux `arch/x86/entry/syscalls/syscall_64.tbl`.
        for watched in [2, 4, 5, 6, 21, 85, 89, 191, 192, 194, 195, 217, 257, 262, 267, 269, 332, 437, 439] {
            assert_eq!(native(watched, [0; 6]), NOTIFY, "{watched}");
            assert_eq!(run(watched | 0x4000_0000, 0xc000_003e, [0; 6]), ALLOW, "x32 {watched}");
            assert_eq!(run(watched, 0x4000_0003, [0; 6]), ALLOW, "i386 {watched}");
        }
        // read, write, close, dup, poll, clone, execve, exit_group, close_range.
        for other in [0, 1, 3, 32, 7, 56, 59, 231, 436] {
            assert_eq!(native(other, [0; 6]), ALLOW, "{other}");
        }
        let ioctl = |request| native(16, [3, request, 0, 0, 0, 0]);
        assert_eq!(ioctl(0xc040_6400), NOTIFY);
        assert_eq!(ioctl(0xffff_ffff_c018_6444), NOTIFY); // a signed int, widened
        assert_eq!(ioctl(0x5401), ALLOW); // TCGETS
        assert_eq!(ioctl(0x6400_0000), ALLOW);
        let mmap = |flags| native(9, [0, 4096, 3, flags, 3, 1 << 32]);
        assert_eq!(mmap(0x01), NOTIFY);
        assert_eq!(mmap(0x02), NOTIFY);
        assert_eq!(mmap(0x22), ALLOW);
        assert_eq!(mmap(0x4021), ALLOW);
    }
}

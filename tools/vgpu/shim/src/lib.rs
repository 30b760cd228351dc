//! The software GPU under /dev/dri, for a program that preloads this library.
//!
//! The functions of libc by which programs find, open and call a DRM device are replaced (`calls`). Paths below /dev/dri and
//! what belongs to the devices in /sys are led to a folder that looks the same. An open device is a socket
//! (`sparkle_vgpu::host`), so that closing, copying, polling, inheriting and passing it on are left to the kernel; its calls go
//! to the host process, or to a host within this one if there is none (`session`). Everything else goes on to libc (`real`).
//!
//! This library is called by C with whatever C passes, in any thread and early in a process: what is not about a device takes
//! no lock, allocates nothing and goes straight on.
#![allow(unsafe_code)]
#![allow(unreachable_pub)] // C reaches it

mod calls;
mod real;
mod session;

//! The kernel driver, asked as a client asks it: request numbers and structures are literals of the kernel's headers.
//!
//! Each check has the case that is refused, with its errno, beside a near miss that is accepted, in all flavours that
//! differ. Names in brackets are the rows of the list of checks: what silicon alone would notice is not here.
#![allow(clippy::unwrap_used, missing_docs)]

mod cache;
mod context;
mod gem;
mod hang;
mod harness;
mod info;
mod ioctl;
mod life;
mod random;
mod submit;
mod syncobj;
mod va;
mod wait;

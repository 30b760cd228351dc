//! Showing the devices to processes: the files they find them by, and the conversation in which their calls arrive here.
//!
//! A client's open file is one end of a pair of connected sockets; the host keeps the other and takes its hang-up as the
//! close. So copies, forks and passing on to other processes need nothing, and polling works. Calls arrive over control
//! connections, one a thread, and name the open file by the inode of its socket. [`run_watched`] needs neither: it has the
//! kernel put system calls before it.

mod capture;
mod child;
mod engine;
mod fault;
mod machine;
mod message;
mod path;
mod program;
mod run;
mod seccomp;
mod server;
mod tree;

pub use child::unstarted_code;
pub use engine::{Engine, Watching};
pub use fault::{Fault, FaultError};
pub use machine::{pci_devices, standard_kernel};
pub use message::{Channel, Reply, Request};
pub use path::{Meaning, Plain};
pub use program::is_static;
pub use run::{Ended, library, run};
pub use seccomp::run_watched;
pub use server::Server;
pub use tree::{DRM_MAJOR, FIRST_RENDER_MINOR, PciDevice, TREE_VARIABLE, Tree};

//! The driver layer: the amdgpu kernel driver's ioctls, called directly. No library is in between.
//!
//! It knows ioctls and addresses, and nothing of convolution or of what command streams hold. A [`Device`] is opened
//! ([`discover()`]), [`BufferObject`]s are made of it, mapped for the CPU ([`CpuMapping`]) and for the GPU ([`VaMapping`]),
//! a [`Submission`] on a [`Context`] runs indirect buffers, and a [`Fence`] says when they are done or why not.
//!
//! Three things to know:
//! - Everything owns what it needs. A mapping keeps its buffer, a buffer its device, a fence its context and all that
//!   the GPU uses; whatever is dropped in whatever order, the kernel is told in the right one.
//! - Memory that the GPU writes is never a Rust reference ([`SharedBytes`]).
//! - Success of a call isn't success of the work: [`Fence::wait`] tells apart done, not yet, hung and lost.
//!
//! `unsafe` is in three places: the one `ioctl` (`node`), the functions that hand it addresses (`ioctl`), and copies
//! into and out of shared memory (`map`).

mod bo;
mod chips;
mod context;
mod controls;
mod deadline;
mod device;
mod discover;
mod error;
mod fault;
mod fence;
mod info;
mod ioctl;
mod map;
mod node;
mod submit;
mod syncobj;
pub mod uapi;
mod unusable;
mod visible;
mod vm;

pub use bo::{BufferObject, BufferRequest, CpuAccess, Placement};
pub use chips::GfxVersion;
pub use context::{Context, Priority, ResetState, StableClocks};
pub use deadline::Deadline;
pub use device::{Device, LEAST_DRM_MINOR, Usage};
pub use discover::{Found, NoNodes, Unusable, discover, discover_in};
pub use error::{DeviceName, Error};
pub use fault::PageFault;
pub use fence::Fence;
pub use info::{Caches, Firmware, GpuInfo, Heap, MemoryState, Rings, Sensor};
pub use map::{CpuMapping, HostMemory, SharedBytes};
pub use memmap2::MmapRaw;
pub use nix::errno::Errno;
pub use node::{Node, RenderNode};
pub use submit::{IbFlags, Ip, Queue, Residency, Submission};
pub use syncobj::SyncObj;
pub use visible::{UnknownDevice, VISIBLE_DEVICES, select_visible};
pub use vm::{GPU_PAGE_BYTES, GpuVa, PageFlags, VaMapping};

//! Launching: [`Dispatch`]es are recorded into [`CommandList`]s, which a [`Stream`] runs in order.
//!
//! The only place where a packet, a kernel and a buffer meet.

mod block;
mod capture;
mod dispatch;
mod kernarg;
mod lint;
mod list;
mod packets;
mod pending;
mod scratch;
mod stream;

pub use dispatch::{Arg, Dispatch, Grid};
pub use list::{Capacity, CommandList, Timestamp};
pub use pending::Pending;
pub use stream::Stream;

use std::time::Duration;

/// How long the work of one submission may take, by the caller's estimates: a quarter of the shortest time after which a
/// kernel calls work a hang and ends it.
///
/// Source: Linux 7.3 `amdgpu_device.c`, `amdgpu_device_get_job_timeout_settings`: 2 s on every ring; up to 6.12 it was
/// 60 s on compute rings.
pub const SUBMISSION_LIMIT: Duration = Duration::from_millis(500);

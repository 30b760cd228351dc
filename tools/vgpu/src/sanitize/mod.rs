//! What silicon forgives or corrupts silently, and this device reports.
//!
//! Each sanitizer is a module with what it knows of a dispatch (shared between the threads that run its workgroups) and
//! of a workgroup. It is shown every instruction before and after it is executed ([`event`]), and says what it finds in
//! [`report`]s by [`rule`]s.

#[allow(dead_code)]
mod bounds;
#[allow(dead_code)]
mod cache;
#[allow(dead_code)]
mod descriptor;
mod event;
#[allow(dead_code)]
mod fetch;
#[allow(dead_code)]
mod race;
mod report;
mod rule;
pub mod uninit;
mod watch;

pub use cache::{Cache, CacheSet, Caches};
pub use descriptor::Allocation;
pub use report::{Earlier, Report, Site};
pub use rule::{Rule, Sanitizer, Switches, UnknownSanitizer};
pub use watch::{Sanitizers, Watched};

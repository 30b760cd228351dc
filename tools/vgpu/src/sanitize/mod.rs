//! What silicon forgives or corrupts silently, and this device reports.
//!
//! Each sanitizer is a module with what it knows of a dispatch (shared between the threads that run its workgroups) and
//! of a workgroup. It is shown every instruction before and after it is executed (`event`), and says what it finds in
//! `report`s by `rule`s.

mod bounds;
mod cache;
mod descriptor;
mod event;
mod fetch;
mod race;
mod report;
mod rule;
mod schedule;
pub mod uninit;
mod watch;

pub use cache::{Cache, CacheSet, Caches};
pub use descriptor::Allocation;
pub use report::{Earlier, Report, Site};
pub use rule::{Rule, Sanitizer, Switches, UnknownSanitizer};
pub use watch::{Launch, Sanitizers, Watched, Watching};

/// Everything that the sanitizers look for.
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    let lists: [&[&Rule]; 6] =
        [&uninit::RULES, &race::RULES, &bounds::RULES, &cache::RULES, &fetch::RULES, &descriptor::RULES];
    lists.into_iter().flat_map(|list| list.iter().copied()).chain(schedule::all())
}

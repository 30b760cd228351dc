//! Counting what jobs do: packets, dispatches, instructions, and how long a card would take at least.

mod engine;
mod record;

pub(crate) use engine::{Counts, Tallied};
pub(crate) use record::Recorder;

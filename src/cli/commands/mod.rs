//! One file a command: it gathers what was given, computes, and hands a report to the output.

pub(super) mod bench;
pub(super) mod completions;
pub(super) mod conv2d;
pub(super) mod devices;
pub(super) mod doctor;
mod picture;
pub(super) mod plan;

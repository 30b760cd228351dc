//! What the driver noticed and no errno says.

use std::fmt;
use std::sync::Mutex;

use super::sync::lock;

/// What kind of thing was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A page fault.
    Fault,
    /// A job that did not end, and the reset that followed.
    Hang,
    /// Accepted by the kernel, wrong on the device or by its contract.
    Misuse,
    /// Memory changed hands while a job used it.
    Race,
    /// Right by luck, or slower than it looks.
    Lint,
    /// Left behind when the file was closed.
    Leak,
    /// This driver does not model it and refused.
    NotModelled,
    /// What the kernel's log would say beside an errno.
    Log,
}

/// One thing that was noticed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// What kind.
    pub kind: Kind,
    /// Index of the device.
    pub device: usize,
    /// Process that has the file open; 0 for the device itself.
    pub pid: i32,
    /// The facts, in words.
    pub text: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: device {}, process {}: {}", self.kind, self.device, self.pid, self.text)
    }
}

/// Where reports go.
pub trait Sink: Send + Sync {
    /// Takes one. Called from any thread, with locks of the driver held: do not call back into it.
    fn report(&self, report: Report);
}

/// Reports kept in memory. A client can cause any number of them, so only the first 4096 are kept.
#[derive(Debug, Default)]
pub struct Collected(Mutex<Vec<Report>>);

impl Collected {
    const MOST: usize = 4096;

    /// Takes all out.
    #[must_use]
    pub fn drain(&self) -> Vec<Report> {
        std::mem::take(&mut *lock(&self.0))
    }
}

impl Sink for Collected {
    fn report(&self, report: Report) {
        let mut kept = lock(&self.0);
        if kept.len() < Self::MOST {
            kept.push(report);
        }
    }
}

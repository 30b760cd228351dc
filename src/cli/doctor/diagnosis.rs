//! From an error to what it means and what to look at: what people who bring up GPUs know by heart.
//!
//! Sources: Linux `amdgpu_cs.c` for what each number of a submission means, `amdgpu_job.c` and `gmc_v11_0.c` for the lines
//! in the kernel's log, `drm_drv.c` for `drm.debug`; umr `doc/umr.1`.

use super::report::FailureReport;
use super::{Failed, Values};
use crate::amdgpu::{Errno, Error, Unusable};

/// What the error itself says, before what the rung says.
#[derive(Debug, Default)]
pub(super) struct Advice {
    pub(super) causes: Vec<String>,
    pub(super) next: Vec<String>,
}

impl Advice {
    /// With the rung's own.
    pub(super) fn complete(mut self, what: String, cause: &str, next: &str) -> FailureReport {
        self.causes.push(cause.to_owned());
        self.next.insert(0, next.to_owned());
        FailureReport { what, causes: self.causes, next: self.next }
    }

    fn cause(&mut self, text: &str) {
        self.causes.push(text.to_owned());
    }

    fn next(&mut self, text: &str) {
        self.next.push(text.to_owned());
    }
}

const LOG: &str = "`sudo dmesg | grep -iE 'amdgpu|drm'`: page faults with their address, 'ring ... timeout', 'Illegal opcode', 'reset'";
const DEBUG: &str = "`echo 0x3 | sudo tee /sys/module/drm/parameters/debug`, run this again, and read dmesg: the kernel says what it refuses";
const DUMP: &str =
    "copy /sys/class/devcoredump/devcd*/data (as root, within minutes): `sparkle-pm4 decode` reads the rings in it";
const SELF_TEST: &str = "`sudo cat /sys/kernel/debug/dri/*/amdgpu_test_ib`: where the kernel's own test fails, the fault is below this program";

/// What an error of the driver layer means.
pub(super) fn of_error(failed: &Failed, values: &mut Values) -> Advice {
    let mut advice = Advice::default();
    match &failed.error {
        None => {}
        Some(Error::Timeout { .. }) => {
            advice.cause("the ring took the work and never ended it: a fetch that faults, a wait that nobody ends, a wave that never ends");
            advice.next(LOG);
            advice.next(DUMP);
            advice.next(SELF_TEST);
        }
        Some(Error::Hang { errno, state, fault, .. }) => {
            values.set("errno", errno.to_string());
            values.set("context", state.to_string());
            match fault {
                Some(fault) => advice.cause(&fault.to_string()),
                None => advice.cause(
                    "the kernel ended the work and remembers no page fault: an illegal packet, or work that never ends",
                ),
            }
            advice.next(LOG);
            advice.next(DUMP);
        }
        Some(Error::ContextLost { state, .. }) => {
            values.set("context", state.to_string());
            advice.cause("another program's work hung and the GPU was reset; this one is innocent");
            advice.next("run this again while nothing else uses the GPU");
        }
        Some(Error::Call { call, errno, .. }) => {
            values.set("call", *call);
            values.set("errno", errno.to_string());
            if let Some(text) = errno_means(call, *errno) {
                advice.cause(text);
            }
            advice.next(DEBUG);
        }
        Some(Error::Gone { .. }) => {
            advice.cause("the driver gave the device up, or it was unplugged");
            advice.next(LOG);
        }
        Some(_) => advice.next(LOG),
    }
    advice
}

fn errno_means(call: &str, errno: Errno) -> Option<&'static str> {
    match (call, errno) {
        ("AMDGPU_CS", Errno::EINVAL) => Some(
            "the submission is malformed to the kernel: chunks, a ring that doesn't exist, an IB without size, a context that is gone",
        ),
        ("AMDGPU_CS", Errno::EFAULT) => Some("the chunk pointers are wrong: they are pointers to pointers"),
        ("AMDGPU_CS", Errno::ENOENT) => Some("a buffer handle in the list of buffers doesn't exist"),
        ("AMDGPU_CS", Errno::EBUSY) => Some("the driver has stopped taking work: acceleration doesn't work"),
        ("AMDGPU_GEM_VA", Errno::EINVAL) => Some(
            "the address is outside of the usable range, not a multiple of 4096, or taken; or the flags are unknown",
        ),
        ("AMDGPU_GEM_VA", Errno::ENOENT) => Some("the buffer handle doesn't exist"),
        ("AMDGPU_GEM_CREATE", Errno::EINVAL) => Some("a flag or a domain that this kernel doesn't allow"),
        ("AMDGPU_CTX ALLOC", Errno::EINVAL) => Some("flags or an operation that this kernel doesn't know"),
        (_, Errno::ENOTTY) => Some("the file is no DRM device"),
        _ => None,
    }
}

/// What a node that can't be used needs besides what its reason already says.
pub(super) fn of_node(reason: &Unusable) -> Advice {
    let mut advice = Advice::default();
    match reason {
        Unusable::Missing | Unusable::Gone => {
            advice.cause("the driver isn't loaded, or gave the device up");
            advice.next("`sudo dmesg | grep -i amdgpu`: 'Fatal error during GPU init', firmware that couldn't be loaded (package firmware-amd-graphics or linux-firmware)");
        }
        Unusable::NotWorking => {
            advice.cause("the kernel's own ring test failed when the driver started");
            advice.next(LOG);
            advice.next(SELF_TEST);
        }
        Unusable::UnknownChip { .. } => advice.next("send this report: the chip isn't in the table yet"),
        Unusable::Permission { .. } | Unusable::Container { .. } => {
            advice.next("`ls -l /dev/dri; id`: the node's group has to be one of yours");
        }
        Unusable::Call { .. } => advice.next(DEBUG),
        _ => {}
    }
    advice
}

//! The command of a run: why it did not start, the signals that are for it, how it ended.
#![allow(unsafe_code)] // handlers of signals

use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, ExitStatus};
use std::sync::atomic::{AtomicI32, Ordering};

use nix::libc::{self, c_int};
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::{SaFlags, SigAction, SigHandler, SigSet, Signal, sigaction, signal};
use thiserror::Error;

/// The command was not started.
#[derive(Debug, Error)]
#[error("can't start {}: {error}", program.display())]
struct Unstarted {
    program: OsString,
    error: io::Error,
}

/// Says of which command it is that the system will not start it.
pub(super) fn unstarted(program: &OsStr, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), Unstarted { program: program.to_owned(), error })
}

/// What shells exit with where a command was not started: 127 if there is none of that name, else 126. `None` for other
/// errors.
#[must_use]
pub fn unstarted_code(error: &io::Error) -> Option<u8> {
    let unstarted = error.get_ref()?.downcast_ref::<Unstarted>()?;
    Some(if unstarted.error.kind() == io::ErrorKind::NotFound { 127 } else { 126 })
}

/// The exit code of a command, as shells have it.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or_else(|| status.signal().map(|number| number + 128)).unwrap_or(1);
    u8::try_from(code & 0xff).unwrap_or(1)
}

/// The process that signals are for, or 0.
static CHILD: AtomicI32 = AtomicI32::new(0);

extern "C" fn pass_on(number: c_int) {
    let child = CHILD.load(Ordering::Relaxed);
    if child > 0 {
        // SAFETY: the call takes no pointers and may be made in a handler. The process has not been waited for.
        unsafe { libc::kill(child, number) };
    } else {
        // SAFETY: the call may be made in a handler.
        unsafe { libc::_exit(128 + number) };
    }
}

/// Waits for the command. Who asks this process to end asks the command; interrupts from the terminal reach the command
/// by themselves. This process stays, to say what it saw.
pub(super) fn wait(child: &mut Child) -> io::Result<u8> {
    // This process has a file for each buffer and two for each client. The command keeps the limit that it was given.
    if let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE)
        && soft < hard
    {
        let _ = setrlimit(Resource::RLIMIT_NOFILE, hard, hard); // as many as there may be, then
    }
    let number = i32::try_from(child.id()).unwrap_or(0);
    CHILD.store(number, Ordering::Relaxed);
    for one in [Signal::SIGINT, Signal::SIGQUIT] {
        // SAFETY: ignoring a signal installs no handler that could run.
        let _ = unsafe { signal(one, SigHandler::SigIgn) };
    }
    let handler = SigAction::new(SigHandler::Handler(pass_on), SaFlags::SA_RESTART, SigSet::empty());
    for one in [Signal::SIGTERM, Signal::SIGHUP] {
        // SAFETY: the handler makes nothing but calls that are allowed in handlers.
        let before = unsafe { sigaction(one, &handler) };
        if let Ok(before) = before
            && before.handler() == SigHandler::SigIgn
        {
            // SAFETY: as it was; ignoring installs no handler that could run.
            let _ = unsafe { sigaction(one, &before) };
        }
    }
    let status = child.wait();
    let _ = CHILD.compare_exchange(number, 0, Ordering::Relaxed, Ordering::Relaxed);
    status.map(exit_code)
}

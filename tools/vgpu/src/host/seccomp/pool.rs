//! The threads that answer: one listens, any number work.
//!
//! A call on a device may wait for it, so whoever takes one hands the listening on before the driver is asked. There is
//! always a thread to hand it to.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::caller::Caller;
use super::sys::{Call, Listener};
use super::{Host, Step, device};

/// Threads.
#[derive(Debug)]
pub(super) struct Pool {
    host: Arc<Host>,
    listener: Listener,
    /// Whoever has it listens.
    turn: Mutex<()>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Threads that are there.
    threads: usize,
    /// Those of them that wait for their turn to listen.
    waiting: usize,
    /// No process is left that could call.
    ended: bool,
}

/// Threads that are kept though nothing is to be done.
const KEPT: usize = 4;
/// How long calls of processes that were killed may keep a thread busy before the devices are taken away from them.
const PATIENCE: Duration = Duration::from_secs(2);
/// How long it may take them to notice.
const LAST_PATIENCE: Duration = Duration::from_secs(10);

/// Takes a thread off the count, however it ends.
struct Leave<'a>(&'a Pool);

impl Drop for Leave<'_> {
    fn drop(&mut self) {
        self.0.state().threads -= 1;
        self.0.changed.notify_all();
    }
}

impl Pool {
    /// Starts answering.
    pub(super) fn start(host: Arc<Host>, listener: Listener) -> io::Result<Arc<Self>> {
        let (turn, state, changed) = (Mutex::default(), Mutex::default(), Condvar::new());
        let pool = Arc::new(Self { host, listener, turn, state, changed });
        pool.spawn()?;
        Ok(pool)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn spawn(self: &Arc<Self>) -> io::Result<()> {
        {
            let mut state = self.state();
            state.threads += 1;
            state.waiting += 1;
        }
        let pool = Arc::clone(self);
        let spawned = std::thread::Builder::new().name("seccomp".into()).spawn(move || {
            let _leave = Leave(&pool);
            pool.work();
        });
        spawned.map(drop).inspect_err(|_| {
            let mut state = self.state();
            state.threads -= 1;
            state.waiting -= 1;
        })
    }

    /// What one thread does. It counts as waiting when it begins.
    fn work(self: &Arc<Self>) {
        loop {
            let turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
            self.state().waiting -= 1;
            let Some((call, file)) = self.listen() else {
                self.state().ended = true;
                self.changed.notify_all();
                return;
            };
            if self.state().waiting == 0 {
                // If there can't be another thread, others wait for this one.
                let _ = self.spawn();
            }
            drop(turn);
            let caller = Caller::new(&self.listener, &call);
            let answer = device::ioctl(&file, &caller, call.args[1], call.args[2]);
            // A caller that was killed has closed the file, which this may be the last to hold.
            drop(file);
            self.listener.answer(call.id, answer);
            let mut state = self.state();
            if state.waiting >= KEPT {
                return;
            }
            state.waiting += 1;
        }
    }

    /// Answers calls until one is for a device; none when no process is left.
    fn listen(&self) -> Option<(Call, Arc<crate::kmd::File>)> {
        loop {
            let mut ready = [PollFd::new(self.listener.as_fd(), PollFlags::POLLIN)];
            match poll(&mut ready, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                Err(_) => return None,
                Ok(_) => {}
            }
            let events = ready.first().and_then(PollFd::revents).unwrap_or(PollFlags::empty());
            if !events.contains(PollFlags::POLLIN) {
                return None;
            }
            // Nobody else listens, so that this waits for no longer than the caller lives.
            let call = match self.listener.receive() {
                Ok(call) => call,
                Err(Errno::EINTR | Errno::ENOENT) => continue,
                Err(_) => return None,
            };
            match self.host.look(&self.listener, &call) {
                Step::Ask(file) => return Some((call, file)),
                Step::Say(answer) => self.listener.answer(call.id, answer),
            }
        }
    }

    /// Waits until no process is left and no call is being answered.
    pub(super) fn finish(&self) {
        let mut state = self.state();
        let mut since = None;
        let mut taken_away = false;
        while state.threads > 0 {
            let waited = since.map_or(Duration::ZERO, |since: Instant| since.elapsed());
            if waited > PATIENCE + LAST_PATIENCE {
                return;
            }
            if waited > PATIENCE && !taken_away {
                taken_away = true;
                for device in 0..self.host.kernel.devices().len() {
                    let _ = self.host.kernel.unplug(device); // they exist
                }
            }
            state =
                self.changed.wait_timeout(state, Duration::from_millis(100)).unwrap_or_else(PoisonError::into_inner).0;
            if state.ended && since.is_none() {
                since = Some(Instant::now());
            }
        }
    }
}

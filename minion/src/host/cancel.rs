//! Ending a job from outside.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

/// How a job is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stop {
    /// What runs gets SIGTERM, and SIGKILL when that does not help (`saltutil.term_job`).
    Term,
    /// What runs gets SIGKILL (`saltutil.kill_job`).
    Kill,
}

/// Tells a job, and the command that it is waiting for, to stop. Clones are the same switch.
#[derive(Clone, Debug, Default)]
pub struct Cancel(Option<Arc<Switch>>);

#[derive(Debug)]
struct Switch {
    stop: AtomicU8,
    /// Readable once the switch is thrown: commands are waited for with `poll`, without timers. None
    /// when the system has no descriptor left; then only what looks at the switch sees it.
    wake: Option<OwnedFd>,
}

impl Cancel {
    /// A switch that is not thrown.
    pub fn new() -> Self {
        let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok();
        Cancel(Some(Arc::new(Switch { stop: AtomicU8::new(0), wake })))
    }

    /// A switch that cannot be thrown.
    pub fn never() -> Self {
        Cancel(None)
    }

    /// Throws it. [`Stop::Kill`] may follow [`Stop::Term`], not the other way round.
    pub fn stop(&self, how: Stop) {
        if let Some(switch) = &self.0 {
            let level = match how {
                Stop::Term => 1,
                Stop::Kill => 2,
            };
            switch.stop.fetch_max(level, Ordering::SeqCst);
            if let Some(wake) = &switch.wake {
                let _ = rustix::io::write(wake, &1u64.to_ne_bytes());
            }
        }
    }

    /// Whether and how it was thrown.
    pub fn stopped(&self) -> Option<Stop> {
        match self.0.as_ref()?.stop.load(Ordering::SeqCst) {
            0 => None,
            1 => Some(Stop::Term),
            _ => Some(Stop::Kill),
        }
    }

    /// Waits until it is thrown or the time is over; whether it was thrown.
    pub fn wait(&self, time: Duration) -> bool {
        if self.stopped().is_some() {
            return true;
        }
        let Some(fd) = self.fd() else {
            std::thread::sleep(time);
            return self.stopped().is_some();
        };
        let deadline = std::time::Instant::now() + time;
        loop {
            let left = deadline.saturating_duration_since(std::time::Instant::now());
            let timeout = Timespec::try_from(left).ok();
            let _ = poll(&mut [PollFd::from_borrowed_fd(fd, PollFlags::IN)], timeout.as_ref());
            if self.stopped().is_some() {
                return true;
            }
            if left.is_zero() {
                return false;
            }
        }
    }

    pub(super) fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.0.as_ref()?.wake.as_ref().map(AsFd::as_fd)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_ends_when_thrown() {
        let cancel = Cancel::new();
        assert!(!cancel.wait(Duration::from_millis(1)));
        let other = cancel.clone();
        let waiter = std::thread::spawn(move || other.wait(Duration::from_secs(60)));
        cancel.stop(Stop::Term);
        assert!(waiter.join().unwrap());
        cancel.stop(Stop::Kill);
        cancel.stop(Stop::Term);
        assert_eq!(cancel.stopped(), Some(Stop::Kill));
        assert_eq!(Cancel::never().stopped(), None);
    }
}

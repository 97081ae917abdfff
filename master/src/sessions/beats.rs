//! When the master gives its next sign of life: seldom at rest, soon after a publish.

use std::time::{Duration, Instant};

use proto::session::HEARTBEAT;

/// The first signs of life after a publish. They tell its number, so that a minion that has not got it knows.
const SOON: Duration = Duration::from_secs(10);
/// A minion asks for what the second of two has told and has not arrived.
const TELL: u8 = 2;

/// Keeps the time between signs of life.
pub(super) struct Beats {
    last: Instant,
    seq: u64,
    soon: u8,
}

impl Beats {
    pub(super) fn new(now: Instant) -> Self {
        Beats { last: now, seq: 0, soon: 0 }
    }

    /// Whether a sign of life is due; it counts as given then. `seq` is the number of the last publish.
    pub(super) fn due(&mut self, now: Instant, seq: u64) -> bool {
        if std::mem::replace(&mut self.seq, seq) != seq {
            self.soon = TELL;
        }
        let pause = if self.soon > 0 { SOON } else { HEARTBEAT };
        if now.saturating_duration_since(self.last) < pause {
            return false;
        }
        self.last = now;
        self.soon = self.soon.saturating_sub(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds of `span` in which a sign of life is due.
    fn given(beats: &mut Beats, now: &mut Instant, seq: u64, span: u64) -> Vec<u64> {
        let mut given = Vec::new();
        for second in 1..=span {
            *now += Duration::from_secs(1);
            if beats.due(*now, seq) {
                given.push(second);
            }
        }
        given
    }

    #[test]
    fn a_publish_is_told_twice_and_soon() {
        let mut now = Instant::now();
        let mut beats = Beats::new(now);
        assert_eq!(given(&mut beats, &mut now, 0, 65), [30, 60]);
        assert_eq!(given(&mut beats, &mut now, 1, 80), [5, 15, 45, 75]);
    }

    #[test]
    fn publishes_without_an_end_are_told_every_ten_seconds() {
        let mut now = Instant::now();
        let mut beats = Beats::new(now);
        let told = (1..=30).filter(|seq| !given(&mut beats, &mut now, *seq, 1).is_empty());
        assert_eq!(told.collect::<Vec<u64>>(), [10, 20, 30]);
    }
}

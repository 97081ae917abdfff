//! When the master gives its next sign of life: seldom at rest, soon after a publish.

use std::time::Duration;

use proto::session::HEARTBEAT;
use tokio::time::Instant;

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
    pub(super) fn new() -> Self {
        Beats { last: Instant::now(), seq: 0, soon: 0 }
    }

    /// Whether a sign of life is due; it counts as given then. `seq` is the number of the last publish.
    pub(super) fn due(&mut self, seq: u64) -> bool {
        if std::mem::replace(&mut self.seq, seq) != seq {
            self.soon = TELL;
        }
        let pause = if self.soon > 0 { SOON } else { HEARTBEAT };
        if self.last.elapsed() < pause {
            return false;
        }
        self.last = Instant::now();
        self.soon = self.soon.saturating_sub(1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds of `span` in which a sign of life is due.
    async fn given(beats: &mut Beats, seq: u64, span: u64) -> Vec<u64> {
        let mut given = Vec::new();
        for second in 1..=span {
            tokio::time::advance(Duration::from_secs(1)).await;
            if beats.due(seq) {
                given.push(second);
            }
        }
        given
    }

    #[tokio::test(start_paused = true)]
    async fn a_publish_is_told_twice_and_soon() {
        let mut beats = Beats::new();
        assert_eq!(given(&mut beats, 0, 65).await, [30, 60]);
        assert_eq!(given(&mut beats, 1, 80).await, [5, 15, 45, 75]);
        // Publishes without an end: as often as it takes, and no more.
        for seq in 2..32 {
            assert!(given(&mut beats, seq, 1).await.len() <= 1);
        }
        assert_eq!(given(&mut beats, 32, 10).await.len(), 1);
    }
}

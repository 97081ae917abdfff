//! What the master has refused, counted by reason, with one log line per reason that does not flood.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use data::Dict;

use crate::audit::Audit;

/// Why something that came over the network was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Refusal {
    /// Not a frame, or of another version.
    Frame,
    /// Larger than allowed.
    Size,
    /// A frame that does not belong in this state of the connection.
    State,
    /// More connections of peers that are not accepted than allowed.
    Connections,
    /// More frames than a peer that is not accepted may send.
    Flood,
    /// A large frame that comes too slowly.
    Slow,
    /// A peer that does not read what it is sent.
    SlowReader,
    /// Too many handshakes at the same time.
    Busy,
    /// A handshake that failed.
    Handshake,
    /// A handshake that took too long.
    HandshakeTime,
    /// A message that does not open: changed, replayed or out of order.
    Seal,
    /// Not a message.
    Message,
    /// An id that a minion may not have.
    Id,
    /// A new key while as many wait as may.
    PendingKeys,
    /// A join token that does not let its minion in.
    Token,
    /// An address from which too many have failed to get in.
    LockedOut,
    /// A key that is rejected.
    Rejected,
    /// A key other than the one that holds the id.
    Denied,
    /// A request of a minion that is not accepted.
    NotAccepted,
    /// More requests at the same time than allowed.
    Requests,
    /// A return for another minion's id.
    ForeignReturn,
    /// An event in the name of the master or of another minion.
    ForeignEvent,
    /// A return for a job that does not exist.
    UnknownJob,
    /// A request that is not allowed: a path outside the roots, for one.
    Request,
    /// The socket's peer is neither root nor the master's user.
    ControlUser,
}

const COUNT: usize = Refusal::ControlUser as usize + 1;

impl Refusal {
    /// All there are, in the order of their numbers.
    pub const ALL: [Refusal; COUNT] = [
        Refusal::Frame,
        Refusal::Size,
        Refusal::State,
        Refusal::Connections,
        Refusal::Flood,
        Refusal::Slow,
        Refusal::SlowReader,
        Refusal::Busy,
        Refusal::Handshake,
        Refusal::HandshakeTime,
        Refusal::Seal,
        Refusal::Message,
        Refusal::Id,
        Refusal::PendingKeys,
        Refusal::Token,
        Refusal::LockedOut,
        Refusal::Rejected,
        Refusal::Denied,
        Refusal::NotAccepted,
        Refusal::Requests,
        Refusal::ForeignReturn,
        Refusal::ForeignEvent,
        Refusal::UnknownJob,
        Refusal::Request,
        Refusal::ControlUser,
    ];
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::Frame => "not a frame of this protocol",
            Refusal::Size => "frame too large",
            Refusal::State => "frame out of place",
            Refusal::Connections => "too many connections",
            Refusal::Flood => "too many frames",
            Refusal::Slow => "frame too slow",
            Refusal::SlowReader => "does not read",
            Refusal::Busy => "too many handshakes",
            Refusal::Handshake => "handshake failed",
            Refusal::HandshakeTime => "handshake took too long",
            Refusal::Seal => "message changed, replayed or out of order",
            Refusal::Message => "not a message",
            Refusal::Id => "id not allowed",
            Refusal::PendingKeys => "too many pending keys",
            Refusal::Token => "join token",
            Refusal::LockedOut => "locked out",
            Refusal::Rejected => "key rejected",
            Refusal::Denied => "another key holds this id",
            Refusal::NotAccepted => "key not accepted",
            Refusal::Requests => "too many requests",
            Refusal::ForeignReturn => "return for another minion",
            Refusal::ForeignEvent => "event of another",
            Refusal::UnknownJob => "return for an unknown job",
            Refusal::Request => "request not allowed",
            Refusal::ControlUser => "user not allowed on the control socket",
        })
    }
}

/// The counters.
#[derive(Debug)]
pub struct Refusals {
    counts: [AtomicU64; COUNT],
    audit: Arc<Audit>,
}

impl Default for Refusals {
    fn default() -> Self {
        Refusals::new(Arc::default())
    }
}

impl Refusals {
    /// No refusals yet; what is logged of them is in the audit log as well.
    pub fn new(audit: Arc<Audit>) -> Self {
        Refusals { counts: std::array::from_fn(|_| AtomicU64::new(0)), audit }
    }

    /// Counts one. Logs the 1st, 2nd, 4th, 8th … of each reason, with what is known of the sender.
    pub fn count(&self, reason: Refusal, from: impl fmt::Debug, detail: impl fmt::Display) {
        let Some(counter) = self.counts.get(reason as usize) else { return };
        let count = counter.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_power_of_two() {
            tracing::warn!(%reason, count, ?from, %detail, "refused");
            if self.audit.is_on() {
                let about = Dict::new().with("reason", reason.to_string()).with("count", count as i64);
                let about = about.with("from", format!("{from:?}")).with("detail", detail.to_string());
                self.audit.note("refused", about);
            }
        }
    }

    /// How many there were.
    pub fn get(&self, reason: Refusal) -> u64 {
        self.counts.get(reason as usize).map_or(0, |c| c.load(Ordering::Relaxed))
    }

    /// Every reason that there was, and how often since the start.
    pub fn table(&self) -> Vec<(String, u64)> {
        let counts = Refusal::ALL.map(|reason| (reason.to_string(), self.get(reason)));
        counts.into_iter().filter(|(_, count)| *count > 0).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_have_a_counter_and_a_name_each() {
        let refusals = Refusals::default();
        assert!(refusals.table().is_empty());
        for (number, reason) in Refusal::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, number);
            (0..=number).for_each(|_| refusals.count(reason, "somebody", ""));
        }
        let table = refusals.table();
        for (number, (name, count)) in table.iter().enumerate() {
            assert_eq!(*count, number as u64 + 1);
            assert_eq!(table.iter().filter(|(other, _)| other == name).count(), 1, "{name}");
        }
        assert_eq!(table.len(), COUNT);
    }
}

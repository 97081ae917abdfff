//! Jobs that have expired without a return of everybody: who owes one. A minion that is back is sent them once
//! more, marked as late, and returns what became of each. Only the minion knows: it may be running the job
//! since before it expired, behind a network that is cut.

use std::collections::{HashMap, VecDeque};

/// Jobs that one minion may owe; the oldest are forgotten.
const OF_ONE: usize = 1000;
/// And all of them together.
const OF_ALL: usize = 200_000;

/// Which jobs each minion owes.
#[derive(Debug, Default)]
pub(super) struct Overdue {
    owed: HashMap<String, VecDeque<String>>,
    count: usize,
}

impl Overdue {
    /// The minion has not returned this job.
    pub(super) fn add(&mut self, id: &str, jid: &str) {
        if self.count >= OF_ALL {
            return;
        }
        let jids = self.owed.entry(id.to_string()).or_default();
        if jids.iter().any(|j| j == jid) {
            return;
        }
        if jids.len() >= OF_ONE {
            jids.pop_front();
            self.count -= 1;
        }
        jids.push_back(jid.to_string());
        self.count += 1;
    }

    /// It has now.
    pub(super) fn returned(&mut self, id: &str, jid: &str) {
        let Some(jids) = self.owed.get_mut(id) else { return };
        if let Some(at) = jids.iter().position(|j| j == jid) {
            jids.remove(at);
            self.count -= 1;
        }
        if jids.is_empty() {
            self.owed.remove(id);
        }
    }

    /// What the minion owes, oldest first.
    pub(super) fn of(&self, id: &str) -> Vec<String> {
        self.owed.get(id).map(|jids| jids.iter().cloned().collect()).unwrap_or_default()
    }

    /// The minion's key is gone.
    pub(super) fn forget(&mut self, id: &str) {
        if let Some(jids) = self.owed.remove(id) {
            self.count -= jids.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_owed_is_bounded_and_goes_with_its_return() {
        let mut overdue = Overdue::default();
        for n in 0..=OF_ONE {
            overdue.add("a", &n.to_string());
        }
        overdue.add("a", "1");
        overdue.add("b", "7");
        assert_eq!((overdue.of("a").len(), overdue.count), (OF_ONE, OF_ONE + 1));
        assert_eq!(overdue.of("a").first().map(String::as_str), Some("1"), "the oldest has gone");
        overdue.returned("a", "2");
        overdue.returned("b", "7");
        overdue.returned("c", "7");
        assert_eq!(
            (overdue.of("a").len(), overdue.of("b").len(), overdue.count),
            (OF_ONE - 1, 0, OF_ONE - 1)
        );
        overdue.forget("a");
        assert_eq!((overdue.count, overdue.owed.len()), (0, 0));
    }
}

//! `retry`: a state that is tried again until its result is what was asked for.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::time::Duration;

use data::Value;

use crate::StateResult;

/// The settings of a `retry`, each its default where it is missing or of the wrong type.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Retry {
    until: bool,
    attempts: i64,
    interval: i64,
    splay: i64,
}

impl Retry {
    pub(super) fn new(value: &Value) -> Self {
        let defaults = Retry { until: true, attempts: 2, interval: 30, splay: 0 };
        match value {
            Value::Dict(given) => {
                let int = |key: &str, default| match given.get(key) {
                    Some(n @ (Value::Int(_) | Value::Bool(_))) => n.as_int().unwrap_or(default),
                    _ => default,
                };
                Retry {
                    until: given.get("until").and_then(Value::as_bool).unwrap_or(defaults.until),
                    attempts: int("attempts", defaults.attempts),
                    interval: int("interval", defaults.interval),
                    splay: int("splay", defaults.splay),
                }
            }
            Value::Bool(false) => Retry { attempts: 0, ..defaults },
            _ => defaults,
        }
    }

    /// Whether another try is due after these.
    pub(super) fn again(&self, tries: &[StateResult]) -> bool {
        let last = tries.last().and_then(|result| result.result);
        last != Some(self.until) && self.attempts > tries.len() as i64
    }

    /// The same for a state that runs in parallel, which has one try more, as in Salt.
    pub(super) fn again_beside(&self, tries: &[StateResult]) -> bool {
        let last = tries.last().and_then(|result| result.result);
        last != Some(self.until) && self.attempts >= tries.len() as i64
    }

    /// How long to wait before the next try.
    pub(super) fn pause(&self) -> Duration {
        let splay = u64::try_from(self.splay).unwrap_or(0);
        // A fresh hasher is seeded at random; good enough to spread tries.
        let random = if splay == 0 { 0 } else { RandomState::new().build_hasher().finish() % (splay + 1) };
        Duration::from_secs(u64::try_from(self.interval).unwrap_or(0) + random)
    }

    /// The last result, with what the tries before it said and the time of all.
    pub(super) fn sum_up(&self, tries: Vec<StateResult>) -> StateResult {
        let mut comment = String::new();
        let before = tries.len().saturating_sub(1);
        for (i, result) in tries.iter().take(before).enumerate() {
            comment.push_str(&said(i + 1, result));
            comment.push('\n');
        }
        let mut last = self.timed(tries);
        last.comment.insert_str(0, &comment);
        last
    }

    /// The same for a state that runs in parallel: Salt tells what the tries after the first one said.
    pub(super) fn sum_up_beside(&self, tries: Vec<StateResult>) -> StateResult {
        let mut comment = tries.first().map(|result| result.comment.clone()).unwrap_or_default();
        for (i, result) in tries.iter().enumerate().skip(1) {
            comment.push('\n');
            if !result.comment.is_empty() {
                comment.push_str(&said(i, result));
            }
        }
        let mut last = self.timed(tries);
        last.comment = comment;
        last
    }

    /// The last result, with the time of all tries and pauses.
    fn timed(&self, tries: Vec<StateResult>) -> StateResult {
        let pauses = (self.interval.max(0) * 1000) as f64 * tries.len().saturating_sub(1) as f64;
        let times = tries.iter().filter_map(|result| result.time.as_ref());
        let duration = times.clone().map(|time| time.duration).sum::<f64>() + pauses;
        let start = times.clone().next().map(|time| time.start.clone());
        let mut last = tries.into_iter().last().unwrap_or_default();
        if let (Some(time), Some(start)) = (&mut last.time, start) {
            time.start = start;
            time.duration = duration;
        }
        last
    }

    /// Test mode: says what would be done.
    pub(super) fn would(&self, result: &mut StateResult) {
        let until = Value::Bool(self.until);
        result.comment = format!(
            "{}  The state would be retried every {} seconds (with a splay of up to {} seconds) a maximum of {} times \
             or until a result of {until} is returned",
            result.comment, self.interval, self.splay, self.attempts
        );
    }
}

fn said(attempt: usize, result: &StateResult) -> String {
    format!(
        "Attempt {attempt}: Returned a result of \"{}\", with the following comment: \"{}\"",
        result.result.map_or(Value::None, Value::Bool),
        result.comment
    )
}

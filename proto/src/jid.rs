//! Job ids: 20 digits, the local time to the microsecond, as Salt has them.

use std::sync::Mutex;

use chrono::{DateTime, Local, NaiveDateTime, TimeDelta};

/// How a jid is written: `20261121021932123456`.
const FORMAT: &str = "%Y%m%d%H%M%S%6f";
/// Digits in a jid.
pub const LENGTH: usize = 20;

/// Makes jids that are unique and only ever go up, even when the clock does not.
#[derive(Debug, Default)]
pub struct Generator {
    last: Mutex<Option<NaiveDateTime>>,
}

impl Generator {
    /// A generator that starts after `last`, the newest jid known from before a restart.
    pub fn after(last: &str) -> Self {
        Generator { last: Mutex::new(to_time(last)) }
    }

    /// The next jid.
    pub fn next_jid(&self) -> String {
        self.next_at(Local::now())
    }

    fn next_at(&self, now: DateTime<Local>) -> String {
        // A poisoned lock only means that a thread died between two plain assignments.
        let mut last = self.last.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let mut time = now.naive_local();
        if let Some(last) = *last {
            let least = last + TimeDelta::microseconds(1);
            // Compared as it is written: what is below a microsecond is not in the jid.
            if time < least {
                time = least;
            }
        }
        *last = Some(time);
        time.format(FORMAT).to_string()
    }
}

/// Whether `text` is a jid: 20 digits that are a time, or those and `_` and a process id (Salt's `unique_jid`).
pub fn is_valid(text: &str) -> bool {
    let (digits, rest) = text.split_at_checked(LENGTH).unwrap_or((text, ""));
    let suffix_ok = rest.is_empty()
        || rest.strip_prefix('_').is_some_and(|r| !r.is_empty() && r.bytes().all(|b| b.is_ascii_digit()));
    suffix_ok && to_time(digits).is_some()
}

/// The time a jid stands for, in the master's local time.
pub fn to_time(jid: &str) -> Option<NaiveDateTime> {
    let digits = jid.get(..LENGTH)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (date, micros) = digits.split_at(14);
    let time = NaiveDateTime::parse_from_str(date, "%Y%m%d%H%M%S").ok()?;
    Some(time + TimeDelta::microseconds(micros.parse().ok()?))
}

/// `2026, Nov 21 02:19:32.123456`, as Salt's job listings show it; empty for what is no jid.
pub fn to_start_time(jid: &str) -> String {
    to_time(jid).map(|t| t.format("%Y, %b %d %H:%M:%S%.6f").to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_jid_is_twenty_digits_of_local_time() {
        let now = Local.with_ymd_and_hms(2026, 11, 21, 2, 19, 32).unwrap() + TimeDelta::microseconds(1234);
        assert_eq!(Generator::default().next_at(now), "20261121021932001234");
    }

    #[test]
    fn jids_go_up_when_the_clock_stands_or_goes_back() {
        let g = Generator::default();
        let now = Local.with_ymd_and_hms(2026, 11, 21, 2, 19, 59).unwrap() + TimeDelta::microseconds(999_999);
        let made = [g.next_at(now), g.next_at(now), g.next_at(now - TimeDelta::hours(1))];
        assert_eq!(made, ["20261121021959999999", "20261121022000000000", "20261121022000000001"]);
        assert_eq!(Generator::after(&made[2]).next_at(now), "20261121022000000002");
    }

    #[test]
    fn threads_never_share_a_jid() {
        let g = Generator::default();
        let mut all: Vec<String> = std::thread::scope(|s| {
            let made: Vec<_> =
                (0..4).map(|_| s.spawn(|| (0..500).map(|_| g.next_jid()).collect::<Vec<_>>())).collect();
            made.into_iter().flat_map(|t| t.join().unwrap()).collect()
        });
        all.sort();
        all.dedup();
        assert_eq!(all.len(), 2000);
    }

    #[test]
    fn only_times_are_jids() {
        for (text, valid) in [
            ("20261121021932001234", true),
            ("20261121021932001234_77", true),
            ("20261121021932001234_", false),
            ("20261121021932001234x", false),
            ("2026112102193200123", false),
            ("20261321021932001234", false),
            ("2026112102193200123é", false),
            ("../../etc/passwd/////", false),
            ("", false),
        ] {
            assert_eq!(is_valid(text), valid, "{text}");
        }
    }

    #[test]
    fn start_time_reads_as_in_salt() {
        assert_eq!(to_start_time("20261121021932001234"), "2026, Nov 21 02:19:32.001234");
        assert_eq!(to_start_time("req"), "");
    }
}

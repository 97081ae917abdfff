//! Times as people write and read them: 90s, 30m, 12h, 7d.

use std::time::{SystemTime, UNIX_EPOCH};

const UNITS: [(char, u64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

/// Seconds since the epoch.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64()
}

/// The seconds of a text such as 90, 90s, 30m, 12h, 7d.
pub fn seconds(text: &str) -> Result<u64, String> {
    let unit = UNITS.iter().find_map(|(unit, factor)| Some((text.strip_suffix(*unit)?, *factor)));
    let (number, factor) = unit.unwrap_or((text, 1));
    let number = number.parse::<u64>().ok().and_then(|n| n.checked_mul(factor));
    number.ok_or_else(|| "a number of seconds, or one with s, m, h or d behind it".to_owned())
}

/// A time in its largest unit: `3h`.
pub fn show(seconds: f64) -> String {
    let seconds = seconds.max(0.0) as u64;
    let (unit, factor) = UNITS.iter().find(|(_, factor)| seconds >= *factor).unwrap_or(&('s', 1));
    format!("{}{unit}", seconds / factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_shown() {
        for (text, wanted) in
            [("90", 90), ("90s", 90), ("30m", 1800), ("1h", 3600), ("7d", 604_800), ("0", 0)]
        {
            assert_eq!(seconds(text), Ok(wanted));
        }
        for text in ["", "h", "1w", "-1", "1.5h", "99999999999999999999d"] {
            assert!(seconds(text).is_err(), "{text}");
        }
        for (time, shown) in
            [(0.4, "0s"), (59.0, "59s"), (60.0, "1m"), (7300.0, "2h"), (1e6, "11d"), (-3.0, "0s")]
        {
            assert_eq!(show(time), shown);
        }
    }
}

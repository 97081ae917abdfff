//! A span of time.

use std::time::Duration;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::Value;

/// A number of seconds: `10`, `"10"`, `0.5`. Never negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub Duration);

impl From<Seconds> for Duration {
    fn from(seconds: Seconds) -> Duration {
        seconds.0
    }
}

impl Serialize for Seconds {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.subsec_nanos() == 0 {
            serializer.serialize_u64(self.0.as_secs())
        } else {
            serializer.serialize_f64(self.0.as_secs_f64())
        }
    }
}

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let number = match &value {
            Value::Str(s) => s.trim().parse().ok(),
            Value::Bool(_) => None,
            other => other.as_f64(),
        };
        number
            .and_then(|n: f64| Duration::try_from_secs_f64(n).ok())
            .map(Seconds)
            .ok_or_else(|| D::Error::custom(format!("expected a number of seconds, found {value:?}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args;

    #[test]
    fn numbers_and_text() {
        let read = |v: Value| args::from_value::<Seconds>(v).map(|s| s.0);
        assert_eq!(read(Value::from(10)), Ok(Duration::from_secs(10)));
        assert_eq!(read(Value::from("0.5")), Ok(Duration::from_millis(500)));
        assert!(read(Value::from(-1)).is_err());
        assert!(read(Value::from(true)).is_err());
        assert!(read(Value::from(f64::NAN)).is_err());
    }
}

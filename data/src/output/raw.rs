//! `raw`: as Python prints it.

use crate::Value;

pub(super) fn output(value: &Value) -> String {
    value.to_string()
}

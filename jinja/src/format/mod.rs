//! Formatting.
use crate::{Result, val::Val};
pub(crate) fn percent(s: &str, _v: &Val, _max: usize) -> Result<String> {
    Ok(s.to_owned())
}

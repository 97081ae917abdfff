//! `json`: one document per call, four spaces per level unless `--out-indent` says otherwise.

use super::Options;
use crate::Value;

pub(super) fn output(value: &Value, options: &Options) -> String {
    let indent = match options.out_indent {
        None => Some(4),
        Some(n) => usize::try_from(n).ok(),
    };
    crate::json::dump(value, indent, false)
}

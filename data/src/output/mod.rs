//! Outputters: what `--out` names, values to the text that Salt prints. Nothing is printed here.
//!
//! The value is always `{minion id: return}`, with `local` as the id for `rsalt-call`. One dict of all minions
//! is `--static`, one dict per minion as its return comes is the default: each call makes one document.

mod color;
mod highstate;
mod json;
mod key;
mod nested;
mod no_return;
mod pprint;
mod raw;
mod table;
mod txt;
mod wrap;
mod yaml;

use std::str::FromStr;

use crate::Value;
pub use wrap::fill;

/// An outputter, by the name that `--out` takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outputter {
    /// Indented keys and values.
    #[default]
    Nested,
    /// State runs, with a summary.
    Highstate,
    /// JSON.
    Json,
    /// YAML.
    Yaml,
    /// Lines behind the minion's id; also called `text`.
    Txt,
    /// Python's `repr()`.
    Raw,
    /// Nothing.
    Quiet,
    /// Python's `pprint`.
    Pprint,
    /// Minions that did not answer.
    NoReturn,
    /// Lists of rows as tables.
    Table,
    /// Minions' keys by their state.
    Key,
}

impl Outputter {
    /// All names, for help texts and completion.
    pub const NAMES: &[&str] = &[
        "nested",
        "highstate",
        "json",
        "yaml",
        "txt",
        "raw",
        "quiet",
        "pprint",
        "no_return",
        "table",
        "key",
    ];
}

/// An outputter that does not exist. Salt logs that and prints nested.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid outputter {0:?}: it is one of nested, highstate, json, yaml, txt, raw, quiet, pprint, no_return, table, key"
)]
pub struct UnknownOutputter(pub String);

impl FromStr for Outputter {
    type Err = UnknownOutputter;

    fn from_str(name: &str) -> Result<Self, UnknownOutputter> {
        Ok(match name {
            "" | "nested" => Outputter::Nested,
            "highstate" => Outputter::Highstate,
            "json" => Outputter::Json,
            "yaml" => Outputter::Yaml,
            "txt" | "text" => Outputter::Txt,
            "raw" => Outputter::Raw,
            "quiet" => Outputter::Quiet,
            "pprint" => Outputter::Pprint,
            "no_return" => Outputter::NoReturn,
            "table" => Outputter::Table,
            "key" => Outputter::Key,
            _ => return Err(UnknownOutputter(name.to_owned())),
        })
    }
}

/// How much of each state the highstate outputter prints: `state_output`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum StateOutput {
    /// Every state in full.
    #[default]
    Full,
    /// Every state on one line.
    Terse,
    /// One line each, failed ones in full.
    Mixed,
    /// One line each, failed and changed ones in full.
    Changes,
    /// In full, but for the results listed in `state_output_exclude` and `state_output_terse`.
    Filter,
}

/// What the outputters can be asked for. The fields are Salt's options.
#[derive(Clone, Debug)]
pub struct Options {
    /// Colours: `--force-color`, `--no-color`, else whether standard output is a terminal.
    pub color: bool,
    /// `--out-indent`: spaces per level for `json`, `yaml` and `pprint`; negative: all on one line.
    pub out_indent: Option<i64>,
    /// `state_output` without its `_id`.
    pub state_output: StateOutput,
    /// `state_output` ended in `_id`: show a state's id where its name would be.
    pub state_output_id: bool,
    /// Show states that are fine and unchanged.
    pub state_verbose: bool,
    /// Show only states that failed or changed something.
    pub state_output_diff: bool,
    /// Start and duration of each state, and the total run time.
    pub state_output_profile: bool,
    /// Percentages in the summary.
    pub state_output_pct: bool,
    /// Terse lines as a table.
    pub state_tabular: bool,
    /// One block for states with the same id and result.
    pub state_compress_ids: bool,
    /// With [`StateOutput::Filter`]: results that are not shown, `True`, `False`, `None`.
    pub state_output_exclude: Vec<String>,
    /// With [`StateOutput::Filter`]: results that are shown on one line.
    pub state_output_terse: Vec<String>,
    /// Escape characters in returns are shown as `?`, so that a return cannot drive the terminal.
    pub strip_colors: bool,
    /// Spaces before everything that `nested` prints.
    pub nested_indent: usize,
    /// The highest return code of the job: not 0 colours nested output red.
    pub retcode: i64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            color: false,
            out_indent: None,
            state_output: StateOutput::Full,
            state_output_id: false,
            state_verbose: true,
            state_output_diff: false,
            state_output_profile: true,
            state_output_pct: false,
            state_tabular: false,
            state_compress_ids: false,
            state_output_exclude: Vec::new(),
            state_output_terse: Vec::new(),
            strip_colors: true,
            nested_indent: 0,
            retcode: 0,
        }
    }
}

impl Options {
    /// Takes what the config says about how states print (`state_tabular`, `state_output_pct`, …), all but
    /// `state_output` and `state_verbose`, which the command line may overrule.
    pub fn set_from_config(&mut self, opts: &Value) {
        let flag = |key: &str, slot: &mut bool| {
            if let Some(value) = opts.get(key) {
                *slot = value.is_true();
            }
        };
        flag("state_output_diff", &mut self.state_output_diff);
        flag("state_output_profile", &mut self.state_output_profile);
        flag("state_output_pct", &mut self.state_output_pct);
        flag("state_tabular", &mut self.state_tabular);
        flag("state_compress_ids", &mut self.state_compress_ids);
        flag("strip_colors", &mut self.strip_colors);
        let names = |key: &str| match opts.get(key) {
            Some(Value::Str(names)) => names.split(',').map(str::to_owned).collect(),
            Some(Value::List(names)) => names.iter().map(Value::to_string).collect(),
            _ => Vec::new(),
        };
        self.state_output_exclude = names("state_output_exclude");
        self.state_output_terse = names("state_output_terse");
    }

    /// Takes a `state_output` setting such as `mixed` or `terse_id`; as in Salt, the beginning counts and
    /// what is unknown is `full`.
    pub fn set_state_output(&mut self, setting: &str) {
        let setting = setting.to_lowercase();
        let modes = [
            ("terse", StateOutput::Terse),
            ("mixed", StateOutput::Mixed),
            ("changes", StateOutput::Changes),
            ("filter", StateOutput::Filter),
        ];
        let mode = modes.iter().find(|(name, _)| setting.starts_with(name));
        self.state_output = mode.map_or(StateOutput::Full, |(_, mode)| *mode);
        self.state_output_id = setting.ends_with("_id");
    }
}

/// Data that an outputter cannot show; the next one in line shows it.
#[derive(Debug)]
struct NotMine;

/// The text of a value by the outputter of that name, without blanks and line breaks at its end.
/// Empty text is to be printed as nothing. What is no state run is shown as nested, as Salt does.
pub fn render(name: &str, value: &Value, options: &Options) -> Result<String, UnknownOutputter> {
    Ok(render_with(name.parse()?, value, options))
}

/// As [`render`], with the outputter already known.
pub fn render_with(outputter: Outputter, value: &Value, options: &Options) -> String {
    let text = match outputter {
        Outputter::Nested => Ok(nested::output(value, options)),
        Outputter::Highstate => highstate::output(value, options),
        Outputter::Json => Ok(json::output(value, options)),
        Outputter::Yaml => Ok(yaml::output(value, options)),
        Outputter::Txt => Ok(txt::output(value)),
        Outputter::Raw => Ok(raw::output(value)),
        Outputter::Quiet => Ok(String::new()),
        Outputter::Pprint => Ok(pprint::output(value, options)),
        Outputter::NoReturn => Ok(no_return::output(value, options)),
        Outputter::Table => table::output(value, options),
        Outputter::Key => key::output(value, options),
    };
    let mut text = text.unwrap_or_else(|NotMine| nested::output(value, options));
    text.truncate(text.trim_end_matches(crate::python::is_space).len());
    text
}

/// An escape character cannot drive the terminal as `?`.
fn strip_escapes(text: &str) -> String {
    text.replace('\u{1b}', "?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Dict;

    #[test]
    fn names_are_outputters_and_nothing_else_is() {
        for name in Outputter::NAMES {
            assert!(name.parse::<Outputter>().is_ok(), "{name}");
        }
        assert_eq!("text".parse(), Ok(Outputter::Txt));
        assert!(render("xml", &Value::None, &Options::default()).is_err());
    }

    #[test]
    fn options_of_the_config() {
        let mut options = Options::default();
        let config = Dict::new()
            .with("state_tabular", true)
            .with("state_output_profile", false)
            .with("state_output_exclude", "True,None")
            .with("state_output_terse", vec![Value::Bool(false)]);
        options.set_from_config(&config.into());
        assert!(options.state_tabular && !options.state_output_profile && options.strip_colors);
        assert_eq!(
            (options.state_output_exclude.len(), options.state_output_terse),
            (2, vec!["False".to_owned()])
        );
    }

    #[test]
    fn state_output_settings() {
        let mut options = Options::default();
        for (setting, mode, by_id) in [
            ("mixed_id", StateOutput::Mixed, true),
            ("TERSE", StateOutput::Terse, false),
            ("full_id", StateOutput::Full, true),
            ("what", StateOutput::Full, false),
        ] {
            options.set_state_output(setting);
            assert_eq!((options.state_output, options.state_output_id), (mode, by_id), "{setting}");
        }
    }
}

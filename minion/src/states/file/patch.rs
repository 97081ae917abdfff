//! `file.patch`: a patch applied once.

use std::path::{Path, PathBuf};

use data::output::{Options, Outputter, render_with};
use data::{Dict, Value};

use super::act::Act;
use super::managed::{Managed, temporary};
use super::util::{expand_user, parent};
use crate::exec::file::{sed, sum};
use crate::exec::words;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Apply a patch to a file or a directory, once.
    ///
    /// ```yaml
    /// /opt/app:
    ///   file.patch:
    ///     - source: salt://app/fix.patch      # as of file.managed: source_hash, skip_verify, template, context, defaults
    ///     - strip: 1                          # for directories
    ///     - options: --ignore-whitespace
    ///     - reject_file: /tmp/app.rej         # keep what could not be applied
    /// ```
    ///
    /// Changes: what `patch` said.
    pub(crate) struct Patch {
        name: String,
        #[serde(default)]
        source: Value,
        #[serde(default)]
        source_hash: Value,
        #[serde(default)]
        source_hash_name: Option<String>,
        #[serde(default)]
        skip_verify: data::loose::Flag,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        context: Value,
        #[serde(default)]
        defaults: Value,
        #[serde(default)]
        options: Value,
        #[serde(default)]
        reject_file: Option<String>,
        #[serde(default)]
        strip: Option<i64>,
        #[serde(default)]
        hash: Value,
        #[serde(default)]
        dry_run_first: Value,
    }
}

fn refuse<T>(text: String) -> Result<T, StateError> {
    Err(StateError::refused(text))
}

/// Options that would tell `patch` what the state tells it.
const NOT_ALLOWED: [&str; 6] = ["-N", "--forward", "-r", "--reject-file", "-o", "--output"];

impl Patch {
    /// The options without `--strip`, and what that says.
    fn options(&self) -> Result<(Vec<String>, Option<i64>), StateError> {
        let given = match &self.options {
            Value::List(options) => options.iter().map(Value::to_string).collect(),
            Value::None => Vec::new(),
            text => words::split(&text.to_string()),
        };
        let wrong: Vec<&str> = given
            .iter()
            .map(String::as_str)
            .filter(|option| NOT_ALLOWED.iter().any(|item| option.starts_with(item)))
            .collect();
        let (mut kept, mut strip) = (Vec::new(), self.strip);
        let mut rest = given.iter();
        while let Some(option) = rest.next() {
            let (number, name) = if let Some(number) = option.strip_prefix("-p") {
                (Some(number), "-p")
            } else if let Some(number) = option.strip_prefix("--strip=") {
                (Some(number), "-strip")
            } else if option.starts_with("--strip") {
                (rest.next().map(String::as_str), "-strip")
            } else {
                kept.push(option.clone());
                continue;
            };
            let number = number.and_then(|number| number.parse().ok());
            strip = Some(number.ok_or_else(|| {
                StateError::refused(format!(
                    "Invalid format for '{name}' CLI option. Consider using the 'strip' option for this state."
                ))
            })?);
        }
        if !wrong.is_empty() {
            return refuse(format!("The following CLI options are not allowed: {}", wrong.join(", ")));
        }
        Ok((kept, strip))
    }

    fn check(&self, ctx: &Ctx<'_>) -> Result<String, StateError> {
        if ctx.host.which("patch").is_none() {
            return refuse("patch executable not found on minion".to_owned());
        }
        if self.name.is_empty() {
            return refuse("A file/directory to be patched is required".to_owned());
        }
        let name = expand_user(ctx, &self.name);
        if !name.starts_with('/') {
            return refuse(format!("{name} is not an absolute path"));
        }
        if !ctx.host.exists(Path::new(&name)) {
            return refuse(format!("{name} does not exist"));
        }
        if let Some(file) = &self.reject_file {
            if !file.starts_with('/') {
                return refuse(format!("'{file}' is not an absolute path"));
            }
            if !ctx.host.is_dir(&parent(file)) {
                return refuse(format!(
                    "Parent directory for reject_file '{file}' either does not exist, or is not a directory"
                ));
            }
        }
        Ok(name)
    }

    /// Brings the patch to a file of its own, also in test mode.
    fn fetch(&self, ctx: &Ctx<'_>, to: &str) -> Result<Outcome, StateError> {
        let chosen = sum::source_list(ctx, &self.source, &self.source_hash, &ctx.saltenv());
        let (source, _) = chosen.map_err(|error| StateError::refused(error.to_string()))?;
        let mut real = Ctx::new(ctx.caller, ctx.scope, ctx.job);
        (real.test, real.chunk) = (false, ctx.chunk);
        let mut file = Managed::named(to);
        file.source = source;
        file.source_hash = self.source_hash.clone();
        file.source_hash_name = self.source_hash_name.clone();
        file.skip_verify = self.skip_verify;
        file.template = self.template.clone();
        file.context = self.context.clone();
        file.defaults = self.defaults.clone();
        file.act(&real)
    }

    fn apply(&self, ctx: &Ctx<'_>, name: &str, files: &[PathBuf; 3]) -> Result<Outcome, StateError> {
        let (options, strip) = self.options()?;
        let [patch, rejects, output] = files.each_ref().map(|file| file.display().to_string());
        ctx.host.write_atomic(Path::new(&patch), b"", Some(0o600))?;
        let fetched = self.fetch(ctx, &patch)?;
        if !ctx.test && fetched.result == Some(false) {
            return Ok(fetched);
        }
        let strip = strip.filter(|_| ctx.host.is_dir(Path::new(name))).map(|n| format!("-p{n}"));
        let run = |patch: &str, more: &[&str], dry_run| {
            let mut all = options.clone();
            all.extend(more.iter().map(|option| (*option).to_owned()));
            sed::patch(ctx, name, patch, &all, dry_run)
        };
        let mut first = vec!["-N", "-r", &rejects, "-o", &output];
        first.extend(strip.as_deref());
        let tried = run(&patch, &first, false)?;
        let code = |ran: &Value| ran.get("retcode").and_then(Value::as_int).unwrap_or(1);
        let errors = |ran: &Value| ran.get("stderr").map(Value::to_string).unwrap_or_default();
        if code(&tried) != 0 {
            if ctx.host.stat(Path::new(&rejects))?.is_none_or(|stat| stat.size == 0) {
                return refuse(errors(&tried));
            }
            let applied = code(&run(&rejects, &["-R", "-f"], true)?) == 0;
            if code(&tried) == 2 && !errors(&tried).is_empty() {
                return refuse(errors(&tried));
            }
            if applied {
                return Ok(Outcome::new(Some(true), "Patch was already applied"));
            }
            let mut comment =
                "Patch would not apply cleanly, no changes made. Results of dry-run are below.".to_owned();
            if self.reject_file.is_none() {
                comment.push_str(
                    " Run state again using the reject_file option to save rejects to a persistent file.",
                );
            }
            let plain = Options { color: false, nested_indent: 14, ..Options::default() };
            comment.push_str("\n\n");
            comment.push_str(&render_with(Outputter::Nested, &tried, &plain));
            return refuse(comment);
        }
        let changes = |ran: Value| ran.as_dict().cloned().unwrap_or_default();
        if ctx.test {
            return Ok(Outcome::new(None, "The patch would be applied").with_changes(changes(tried)));
        }
        let second: Vec<&str> = strip.as_deref().into_iter().collect();
        let ran = run(&patch, &second, false)?;
        let well = code(&ran) == 0;
        let comment = if well { "Patch successfully applied" } else { "Failed to apply patch" };
        Ok(Outcome::new(Some(well), comment).with_changes(changes(ran)))
    }
}

impl Act for Patch {
    const FUN: &'static str = "file.patch";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = self.check(ctx)?;
        let own = |extension: &str| temporary(ctx, None, extension);
        let rejects = self.reject_file.as_ref().map_or_else(|| own(".rej"), PathBuf::from);
        let files = [own(".patch"), rejects, own(".out")];
        let done = self.apply(ctx, &name, &files);
        for file in files.iter().filter(|file| self.reject_file.as_deref().map(Path::new) != Some(file)) {
            if ctx.host.lstat(file)?.is_some() {
                ctx.host.remove_file(file)?;
            }
        }
        let mut outcome = done?;
        let mut warnings = Vec::new();
        for (given, argument) in [(&self.hash, "hash"), (&self.dry_run_first, "dry_run_first")] {
            if !given.is_none() {
                warnings.push(format!("The '{argument}' argument is no longer used and has been ignored."));
            }
        }
        if !warnings.is_empty() {
            outcome.extra = Dict::new().with("warnings", warnings);
        }
        Ok(outcome)
    }
}

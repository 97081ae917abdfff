//! Functions around `sed` and `patch`, and Python's own kind of sed.

use std::path::{Path, PathBuf};

use data::loose::Flag;
use data::{Dict, Value};

use super::{edit, expanded, os_error, pattern};
use crate::exec::{ExecError, ExecFn, words};
use crate::{Ctx, args};

args! {
    /// Edit a file with `sed`; what `cmd.run_all` returns. Better: `file.replace`.
    ///
    /// limit: a pattern that lines must have, or with negate_match must not have. escape_all: before and after are
    /// plain texts.
    ///
    /// CLI Example: `rsalt '*' file.sed /etc/httpd/httpd.conf 'LogLevel warn' 'LogLevel info'`
    pub(crate) struct Sed {
        path: String,
        before: Value,
        after: Value,
        #[serde(default)]
        limit: String,
        #[serde(default = bak)]
        backup: Value,
        #[serde(default = extended)]
        options: String,
        #[serde(default = globally)]
        flags: String,
        #[serde(default)]
        escape_all: Flag,
        #[serde(default)]
        negate_match: Flag,
    }

    /// Whether `sed` finds a pattern in a file. Better: `file.search`.
    ///
    /// CLI Example: `rsalt '*' file.sed_contains /etc/crontab 'mymaintenance.sh'`
    pub(crate) struct SedContains {
        path: String,
        text: Value,
        #[serde(default)]
        limit: String,
        #[serde(default = globally)]
        flags: String,
    }

    /// Replace what a regular expression finds, as Python does. Better: `file.replace`.
    ///
    /// flags: `g` for all, and of `IMSX`. backup: what to append to the name for a copy.
    ///
    /// CLI Example: `rsalt '*' file.psed /etc/httpd/httpd.conf 'LogLevel warn' 'LogLevel info'`
    pub(crate) struct PSed {
        path: String,
        before: Value,
        after: Value,
        #[serde(default)]
        limit: String,
        #[serde(default = bak)]
        backup: Value,
        #[serde(default)]
        flags: Option<String>,
        #[serde(default)]
        escape_all: Flag,
    }

    /// Apply a patch to a file or a directory; what `cmd.run_all` returns.
    ///
    /// CLI Example: `rsalt '*' file.patch /opt/file.txt /tmp/file.txt.patch`
    pub(crate) struct Patch {
        originalfile: String,
        patchfile: String,
        #[serde(default)]
        options: Value,
        #[serde(default)]
        dry_run: Flag,
    }
}

fn bak() -> Value {
    ".bak".into()
}

fn extended() -> String {
    "-r -e".to_owned()
}

fn globally() -> String {
    "g".to_owned()
}

/// A text as a part of sed's `s` command.
fn escaped(text: &str, all: bool) -> String {
    let mut text = text.replace('\'', "'\"'\"'").replace('/', "\\/");
    if all {
        for special in "^.[$()|*+?{".chars() {
            text = text.replace(special, &format!("\\{special}"));
        }
    }
    text
}

fn run(ctx: &Ctx<'_>, fun: &str, command: Vec<String>) -> Result<Value, ExecError> {
    ctx.call(fun, vec![command.into()], Dict::new().with("python_shell", false))
}

impl ExecFn for Sed {
    const FUN: &'static str = "file.sed";
    const SIGNATURE: &'static str = "path, before, after, limit='', backup='.bak', options='-r -e', flags='g', \
                                     escape_all=False, negate_match=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        if !ctx.host.exists(&path) {
            return Ok(false.into());
        }
        let escape = |text: &str| escaped(text, self.escape_all.0);
        let limit = if self.limit.is_empty() { String::new() } else { format!("/{}/ ", escape(&self.limit)) };
        let not = if self.negate_match.0 { "!" } else { "" };
        let (before, after) = (escape(&self.before.to_string()), escape(&self.after.to_string()));
        let backup = if self.backup.is_true() { self.backup.to_string() } else { String::new() };
        let mut command = vec!["sed".to_owned(), format!("-i{backup}")];
        command.extend(words::split(&self.options));
        command.push(format!("{limit}{not}s/{before}/{after}/{}", self.flags));
        command.push(path.display().to_string());
        run(ctx, "cmd.run_all", command)
    }
}

impl ExecFn for SedContains {
    const FUN: &'static str = "file.sed_contains";
    const SIGNATURE: &'static str = "path, text, limit='', flags='g'";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        if !ctx.host.exists(&path) {
            return Ok(false.into());
        }
        let limit =
            if self.limit.is_empty() { String::new() } else { format!("/{}/ ", escaped(&self.limit, false)) };
        let program = format!("{limit}s/{}/$/p{}", escaped(&self.text.to_string(), false), self.flags);
        let command = ["sed", "-n", "-r", "-e", &program, &path.display().to_string()];
        let found = run(ctx, "cmd.run", command.iter().map(|word| (*word).to_owned()).collect())?;
        Ok(found.is_true().into())
    }
}

impl ExecFn for PSed {
    const FUN: &'static str = "file.psed";
    const SIGNATURE: &'static str =
        "path, before, after, limit='', backup='.bak', flags='gMS', escape_all=False, multi=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        let flags = self.flags.as_deref().unwrap_or("gMS");
        let names: Vec<Value> = flags.chars().filter(|c| *c != 'g').map(|c| c.to_string().into()).collect();
        let regex = escaped(&self.before.to_string(), self.escape_all.0);
        let regex = pattern::compile(&regex, pattern::flags(&names.into())?, false)?;
        let copy = PathBuf::from(format!("{}{}", path.display(), self.backup));
        edit::keep(ctx, &path, &copy)?;
        let mut text = edit::text(ctx, &path)?;
        if !self.limit.is_empty() {
            // As in Salt: what is before the first match of the limit is left out, and the matches are.
            let limit = pattern::compile(&escaped(&self.limit, self.escape_all.0), 0, false)?;
            let rest = limit.find(&text).ok().flatten().map(|found| found.end());
            let rest = rest.and_then(|at| text.get(at..)).unwrap_or_default();
            text = pattern::replace(&limit, rest, "", true, 0)?.0;
        }
        let count = usize::from(!flags.contains('g'));
        let (new, _) = pattern::replace(&regex, &text, &self.after.to_string(), false, count)?;
        ctx.host.write_atomic(&path, new.as_bytes(), None).map_err(|error| os_error(error, &path))?;
        Ok(Value::None)
    }
}

/// Applies a patch; what `cmd.run_all` returns.
pub(crate) fn patch(
    ctx: &Ctx<'_>,
    original: &str,
    patch: &str,
    options: &[String],
    dry_run: bool,
) -> Result<Value, ExecError> {
    let program = ctx.host.which("patch").ok_or_else(|| {
        ExecError::command("patch executable not found. Is the distribution's patch package installed?")
    })?;
    let mut command = vec![program.display().to_string()];
    command.extend_from_slice(options);
    if dry_run {
        command.push("--dry-run".to_owned());
    }
    let has = |command: &[String], fits: &dyn Fn(&str) -> bool| command.iter().any(|word| fits(word));
    if !has(&command, &|word| word == "-N" || word == "--forward") {
        command.push("--forward".to_owned());
    }
    if !has(&command, &|word| word == "-r" || word.starts_with("-r ") || word.starts_with("--reject-file")) {
        command.push("--reject-file=-".to_owned());
    }
    command.extend(["-i".to_owned(), patch.to_owned()]);
    if ctx.host.is_dir(Path::new(original)) {
        command.extend(["-d".to_owned(), original.to_owned()]);
        if !has(&command, &|word| word.starts_with("-p") || word.starts_with("--strip=")) {
            command.push("--strip=0".to_owned());
        }
    } else {
        command.push(original.to_owned());
    }
    run(ctx, "cmd.run_all", command)
}

impl ExecFn for Patch {
    const FUN: &'static str = "file.patch";
    const SIGNATURE: &'static str = "originalfile, patchfile, options='', dry_run=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let options = match &self.options {
            Value::List(options) => options.iter().map(Value::to_string).collect(),
            Value::None => Vec::new(),
            text => words::split(&text.to_string()),
        };
        patch(ctx, &self.originalfile, &self.patchfile, &options, self.dry_run.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_for_sed() {
        assert_eq!(escaped("a/b", false), "a\\/b");
        assert_eq!(escaped("a.b*", true), "a\\.b\\*");
    }
}

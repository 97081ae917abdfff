//! What is in files: reading, writing, looking for texts.

use std::path::{Path, PathBuf};

use data::loose::Flag;
use data::{Dict, Value};
use proto::target::glob::Glob;

use super::{expanded, glob, os_error, pattern};
use crate::exec::{ExecError, ExecFn, words};
use crate::host::HostError;
use crate::states::file::util::expand_user;
use crate::{Ctx, args};

args! {
    /// Return the content of a file. binary: whatever it is.
    ///
    /// CLI Example: `rsalt '*' file.read /path/to/file`
    pub(crate) struct Read {
        path: String,
        #[serde(default)]
        binary: Flag,
    }

    /// Return so many bytes of a file, from an offset on.
    ///
    /// CLI Example: `rsalt '*' file.seek_read /path/to/file 4096 0`
    pub(crate) struct SeekRead {
        path: String,
        size: usize,
        offset: usize,
    }

    /// Write into a file, from an offset on. Returns how many bytes.
    ///
    /// CLI Example: `rsalt '*' file.seek_write /path/to/file 'some data' 4096`
    pub(crate) struct SeekWrite {
        path: String,
        data: Value,
        offset: usize,
    }

    /// Write lines to a file, in place of what is in it.
    ///
    /// CLI Example: `rsalt '*' file.write /etc/motd "With all thine offerings thou shalt offer salt."`
    pub(crate) struct Write(Lines);

    /// Append lines to a file.
    ///
    /// CLI Example: `rsalt '*' file.append /etc/motd "With all thine offerings thou shalt offer salt."`
    pub(crate) struct Append(Lines);

    /// Put lines before what is in a file.
    ///
    /// CLI Example: `rsalt '*' file.prepend /etc/motd "With all thine offerings thou shalt offer salt."`
    pub(crate) struct Prepend(Lines);

    /// A file and lines, as arguments or as a list named `args`.
    struct Lines {
        path: String,
        #[serde(default)]
        args: Vec<Value>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Cut a file, or fill it up with zeros, to so many bytes.
    ///
    /// CLI Example: `rsalt '*' file.truncate /path/to/file 512`
    pub(crate) struct Truncate {
        path: String,
        length: usize,
    }

    /// Whether a text is in a file; blanks around the text do not count.
    ///
    /// CLI Example: `rsalt '*' file.contains /etc/crontab mymaintenance.sh`
    pub(crate) struct Contains {
        path: String,
        text: Value,
    }

    /// Whether a line of a file has a match for a regular expression. lchar: characters to be left out at the
    /// beginning of lines.
    ///
    /// CLI Example: `rsalt '*' file.contains_regex /etc/crontab '^0'`
    pub(crate) struct ContainsRegex {
        path: String,
        regex: String,
        #[serde(default)]
        lchar: String,
    }

    /// Whether the content of a file matches a glob.
    ///
    /// CLI Example: `rsalt '*' file.contains_glob /etc/foobar '*cheese*'`
    pub(crate) struct ContainsGlob {
        path: String,
        glob_expr: String,
    }

    /// Run grep over files: what `cmd.run_all` returns. Options come as arguments, one each.
    ///
    /// CLI Example: `rsalt '*' file.grep /etc/sysconfig/network-scripts/ifcfg-eth0 ipaddr -- -i`
    pub(crate) struct Grep {
        path: String,
        pattern: Value,
        #[serde(default)]
        args: Vec<Value>,
    }
}

/// Text where it is some, else bytes.
fn text_or_bytes(data: Vec<u8>) -> Value {
    match String::from_utf8(data) {
        Ok(text) => text.into(),
        Err(error) => Value::Bytes(error.into_bytes().into()),
    }
}

fn read(ctx: &Ctx<'_>, path: &Path) -> Result<Vec<u8>, ExecError> {
    ctx.host.read(path).map_err(|error| os_error(error, path))
}

/// The file itself where the path is a link: what is written goes where the link leads.
pub(super) fn behind_links(ctx: &Ctx<'_>, path: PathBuf) -> PathBuf {
    if ctx.host.is_link(&path) { ctx.host.canonicalize(&path).unwrap_or(path) } else { path }
}

fn write(ctx: &Ctx<'_>, path: &Path, data: &[u8]) -> Result<(), ExecError> {
    ctx.host.write_atomic(path, data, None).map_err(|error| os_error(error, path))
}

impl ExecFn for Read {
    const FUN: &'static str = "file.read";
    const SIGNATURE: &'static str = "path, binary=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = PathBuf::from(&self.path);
        let data = read(ctx, &path)?;
        if self.binary.0 {
            return Ok(text_or_bytes(data));
        }
        match String::from_utf8(data) {
            Ok(text) => Ok(text.into()),
            Err(error) => Err(ExecError::raised("UnicodeDecodeError", format!("{}: {error}", self.path))),
        }
    }
}

impl ExecFn for SeekRead {
    const FUN: &'static str = "file.seek_read";
    const SIGNATURE: &'static str = "path, size, offset";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let data = read(ctx, &expanded(ctx, &self.path))?;
        Ok(text_or_bytes(data.into_iter().skip(self.offset).take(self.size).collect()))
    }
}

impl ExecFn for SeekWrite {
    const FUN: &'static str = "file.seek_write";
    const SIGNATURE: &'static str = "path, data, offset";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        let data = match &self.data {
            Value::Bytes(data) => data.to_vec(),
            text => text.to_string().into_bytes(),
        };
        let offset = u64::try_from(self.offset).unwrap_or(u64::MAX);
        ctx.host.write_at(&path, offset, &data).map_err(|error| os_error(error, &path))?;
        Ok(data.len().into())
    }
}

impl Lines {
    fn path(&self, ctx: &Ctx<'_>) -> PathBuf {
        behind_links(ctx, expanded(ctx, &self.path))
    }

    /// The lines with their ends, and how many.
    fn text(&self) -> (String, usize) {
        let lines = match self.kwargs.get("args") {
            Some(Value::List(lines)) => lines.to_vec(),
            Some(one) => vec![one.clone()],
            None => self.args.clone(),
        };
        (lines.iter().map(|line| format!("{line}\n")).collect(), lines.len())
    }

    fn shown(&self, ctx: &Ctx<'_>) -> String {
        expand_user(ctx, &self.path)
    }
}

const LINES: &str = "path, *args, **kwargs";

impl ExecFn for Write {
    const FUN: &'static str = "file.write";
    const SIGNATURE: &'static str = LINES;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (text, count) = self.0.text();
        write(ctx, &self.0.path(ctx), text.as_bytes())?;
        Ok(format!("Wrote {count} lines to \"{}\"", self.0.shown(ctx)).into())
    }
}

impl ExecFn for Append {
    const FUN: &'static str = "file.append";
    const SIGNATURE: &'static str = LINES;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (text, count) = self.0.text();
        let path = self.0.path(ctx);
        let mut data = read(ctx, &path)?;
        if data.last().is_some_and(|last| *last != b'\n') {
            data.push(b'\n');
        }
        data.extend_from_slice(text.as_bytes());
        write(ctx, &path, &data)?;
        Ok(format!("Wrote {count} lines to \"{}\"", self.0.shown(ctx)).into())
    }
}

impl ExecFn for Prepend {
    const FUN: &'static str = "file.prepend";
    const SIGNATURE: &'static str = LINES;

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let (text, count) = self.0.text();
        let path = self.0.path(ctx);
        let mut data = text.into_bytes();
        data.extend(ctx.host.read_opt(&path).map_err(|error| os_error(error, &path))?.unwrap_or_default());
        write(ctx, &path, &data)?;
        Ok(format!("Prepended {count} lines to \"{}\"", self.0.shown(ctx)).into())
    }
}

impl ExecFn for Truncate {
    const FUN: &'static str = "file.truncate";
    const SIGNATURE: &'static str = "path, length";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expanded(ctx, &self.path);
        let length = u64::try_from(self.length).unwrap_or(u64::MAX);
        ctx.host.truncate(&path, length).map_err(|error| os_error(error, &path))?;
        Ok(Value::None)
    }
}

/// The content as text for those that only look; none when there is no file or it cannot be read.
fn looked_at(ctx: &Ctx<'_>, path: &str) -> Option<String> {
    let data: Result<Vec<u8>, HostError> = ctx.host.read(&expanded(ctx, path));
    data.ok().map(|data| String::from_utf8_lossy(&data).into_owned())
}

impl ExecFn for Contains {
    const FUN: &'static str = "file.contains";
    const SIGNATURE: &'static str = "path, text";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let text = self.text.to_string();
        Ok(looked_at(ctx, &self.path).is_some_and(|content| content.contains(text.trim())).into())
    }
}

impl ExecFn for ContainsRegex {
    const FUN: &'static str = "file.contains_regex";
    const SIGNATURE: &'static str = "path, regex, lchar=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let Some(content) = looked_at(ctx, &self.path) else { return Ok(false.into()) };
        let regex = pattern::compile(&self.regex, 0, false)?;
        let left_out: Vec<char> = self.lchar.chars().collect();
        for line in content.split_inclusive('\n') {
            if pattern::found(&regex, line.trim_start_matches(left_out.as_slice()))? {
                return Ok(true.into());
            }
        }
        Ok(false.into())
    }
}

impl ExecFn for ContainsGlob {
    const FUN: &'static str = "file.contains_glob";
    const SIGNATURE: &'static str = "path, glob_expr";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let glob = Glob::new(&self.glob_expr);
        Ok(looked_at(ctx, &self.path).is_some_and(|content| glob.matches(&content)).into())
    }
}

impl ExecFn for Grep {
    const FUN: &'static str = "file.grep";
    const SIGNATURE: &'static str = "path, pattern, *args";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let path = expand_user(ctx, &self.path);
        let mut command = vec!["grep".to_owned()];
        for option in &self.args {
            let mut split = words::split(&option.to_string());
            if split.len() > 1 {
                return Err(ExecError::invocation(format!(
                    "Passing multiple command line arguments in a single string is not supported, please pass the \
                     following arguments separately: {option}"
                )));
            }
            command.append(&mut split);
        }
        command.push(self.pattern.to_string());
        let found = glob(ctx, &path);
        if found.is_empty() {
            command.push(path);
        } else {
            command.extend(found.iter().map(|at| at.display().to_string()));
        }
        ctx.call("cmd.run_all", vec![command.into()], Dict::new().with("python_shell", false))
    }
}

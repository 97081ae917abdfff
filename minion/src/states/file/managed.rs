//! `file.managed`: a file with this content, owner and mode.

use std::path::{Path, PathBuf};

use data::loose::Mode;
use data::{Dict, Value};

use super::diff;
use super::source::{FoundData, NoSource};
use super::util::{Perms, back_up, bits, expand_user, make_dirs, parent, show_mode};
use crate::exec::cmd;
use crate::hash;
use crate::host::{Errors, FileKind, Stat};
use crate::states::{Applied, Outcome, Plan, State, StateError};
use crate::{Ctx, args};

args! {
    /// Have a file with this content, owner and mode.
    ///
    /// ```yaml
    /// /etc/app.conf:
    ///   file.managed:
    ///     - source: salt://app/app.conf    # or a path, a URL, a list of them: the first that is there
    ///     - template: jinja
    ///     - context: {port: 80}            # variables; `defaults` are overridden by them
    ///     - user: root
    ///     - group: root
    ///     - mode: "0644"                   # or keep: the source's
    ///     - makedirs: True                 # with dir_mode
    ///     - check_cmd: app --check         # is given a file with the new content first
    /// ```
    ///
    /// Instead of `source`: `contents` (text or list of lines), `contents_pillar` or `contents_grains` (keys),
    /// with `contents_newline`, `contents_delimiter`, `allow_empty`. `replace: False` leaves the content of a file
    /// that is there alone, `create: False` makes none. `source_hash` (a hash, `type=hash`, or a file of hashes, with
    /// `source_hash_name`) checks a source that is not the file server's; `skip_verify` does not ask for one.
    /// `backup: minion` keeps what was there, `show_changes: False` hides the diff, `follow_symlinks: False` puts the
    /// file in a link's place. Changes: `diff`, `mode`, `user`, `group`.
    pub(crate) struct Managed {
        name: String,
        #[serde(default)]
        pub(super) source: Value,
        #[serde(default)]
        pub(super) source_hash: Value,
        #[serde(default)]
        pub(super) source_hash_name: Option<String>,
        #[serde(default)]
        pub(super) user: Value,
        #[serde(default)]
        pub(super) group: Value,
        #[serde(default)]
        pub(super) mode: Option<Mode>,
        #[serde(default)]
        pub(super) attrs: Value,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        makedirs: bool,
        #[serde(default)]
        dir_mode: Option<Mode>,
        #[serde(default)]
        pub(super) context: Value,
        #[serde(default)]
        pub(super) defaults: Value,
        #[serde(default = yes)]
        replace: bool,
        #[serde(default)]
        backup: String,
        #[serde(default = yes)]
        show_changes: bool,
        #[serde(default = yes)]
        create: bool,
        #[serde(default)]
        pub(super) contents: Value,
        #[serde(default)]
        tmp_dir: Option<String>,
        #[serde(default)]
        tmp_ext: String,
        #[serde(default)]
        pub(super) contents_pillar: Value,
        #[serde(default)]
        pub(super) contents_grains: Value,
        #[serde(default = yes)]
        pub(super) contents_newline: bool,
        #[serde(default = colon)]
        pub(super) contents_delimiter: String,
        #[serde(default = yes)]
        pub(super) allow_empty: bool,
        #[serde(default = yes)]
        follow_symlinks: bool,
        #[serde(default)]
        check_cmd: Value,
        #[serde(default)]
        pub(super) skip_verify: bool,
        #[serde(default)]
        new_file_diff: bool,
    }
}

fn yes() -> bool {
    true
}

fn colon() -> String {
    ":".to_owned()
}

/// What is to be done about the file.
pub(crate) enum Step {
    /// Owner and mode of what is there.
    Perms,
    /// The content, then owner and mode.
    Write(Write),
}

/// A content to write.
pub(crate) struct Write {
    content: Content,
    /// Whether there is a file already.
    there: bool,
    /// What there is to tell about the content; none when it stays.
    diff: Option<String>,
    /// The mode that the state came to: a source's for `keep`.
    mode: Option<u32>,
}

/// Where a content comes from.
enum Content {
    /// None is asked for: a new file is empty.
    Nothing,
    Own(Vec<u8>),
    Source(Vec<u8>),
    /// The same as that file's; read when it is written.
    SourceFile(PathBuf),
}

impl Managed {
    fn perms(&self, mode: Option<u32>) -> Perms {
        Perms::new(&self.user, &self.group, mode)
    }

    /// The engine that renders the content.
    pub(super) fn engine(&self) -> Option<&str> {
        self.template.as_deref().filter(|engine| !engine.is_empty())
    }

    /// What is wrong with the arguments, in Salt's order.
    fn check(&self) -> Result<(), StateError> {
        let refuse = |text: &str| Err(StateError::refused(text));
        let contents = [&self.contents, &self.contents_pillar, &self.contents_grains];
        let count = contents.iter().filter(|c| !c.is_none()).count();
        if self.name.is_empty() {
            return refuse("Destination file name is required");
        }
        if self.source.is_true() && count > 0 {
            return refuse(
                "'source' cannot be used in combination with 'contents', 'contents_pillar', or 'contents_grains'",
            );
        }
        if self.mode == Some(Mode::Keep) && count > 0 {
            return refuse(
                "Mode preservation cannot be used in combination with 'contents', 'contents_pillar', or \
                 'contents_grains'",
            );
        }
        if count > 1 {
            return refuse("Only one of 'contents', 'contents_pillar', and 'contents_grains' is permitted");
        }
        Ok(())
    }

    /// The file is to stay as it is but for owner and mode.
    fn only_perms(&self, ctx: &Ctx<'_>, name: &str, stat: &Stat) -> Result<Plan<Step>, StateError> {
        let mode = bits(&self.mode);
        let changes = self.perms(mode).wanting(ctx, stat)?;
        if ctx.test {
            let comment = match mode.filter(|mode| *mode != stat.mode) {
                Some(mode) => format!(
                    "File {name} will be updated with permissions {} from its current state of {}",
                    show_mode(mode),
                    show_mode(stat.mode)
                ),
                None => format!("File {name} not updated"),
            };
            let result = if changes.is_empty() { Some(true) } else { None };
            return Ok(Plan::settled(result, changes, comment));
        }
        if changes.is_empty() {
            return Ok(Plan::nothing(format!(
                "File {name} exists with proper permissions. No changes made."
            )));
        }
        Ok(Plan::steps(vec![Step::Perms], changes, ""))
    }

    /// What the content of the file that is there would become, as a diff; none when it stays.
    fn diff(&self, old: &[u8], new: &[u8]) -> Option<String> {
        if old == new {
            return None;
        }
        Some(if self.show_changes { diff::of_files(old, new) } else { "<show_changes=False>".to_owned() })
    }

    fn write(&self, ctx: &Ctx<'_>, name: &str, stat: Option<&Stat>) -> Result<Write, Refusal> {
        let mut mode = bits(&self.mode);
        let content = match self.own_contents(ctx)? {
            Some(own) => Content::Own(own),
            None => match self.find_source(ctx, name)? {
                None => Content::Nothing,
                Some(found) => {
                    if self.mode == Some(Mode::Keep) {
                        mode = found.mode;
                    }
                    match found.data {
                        FoundData::Bytes(data) => Content::Source(data.to_vec()),
                        FoundData::File { path, .. } if path == Path::new(name) => Content::Nothing,
                        FoundData::File { path, hash, kind } => {
                            let data = ctx.host.read(&path).map_err(StateError::from)?;
                            if hash::hex(kind, &data) == hash {
                                Content::Source(data)
                            } else {
                                Content::SourceFile(path)
                            }
                        }
                    }
                }
            },
        };
        let there = stat.is_some_and(|s| s.kind == FileKind::File);
        let old = || ctx.host.read(Path::new(name)).map_err(StateError::from);
        let diff = match &content {
            Content::Nothing => None,
            Content::Own(new) | Content::Source(new) if there => self.diff(&old()?, new),
            Content::SourceFile(path) if there => {
                self.diff(&old()?, &ctx.host.read(path).map_err(StateError::from)?)
            }
            Content::Own(new) | Content::Source(new) if self.new_file_diff => Some(diff::of_files(b"", new)),
            _ => Some("New file".to_owned()),
        };
        Ok(Write { content, there, diff, mode })
    }

    /// Runs `check_cmd` on the new content; what it says when that is bad.
    fn checked(&self, ctx: &Ctx<'_>, data: &[u8]) -> Result<Option<Outcome>, StateError> {
        if !self.check_cmd.is_true() {
            return Ok(None);
        }
        let dir = self.tmp_dir.as_deref().unwrap_or("/tmp");
        let file = PathBuf::from(format!("{dir}/__salt.tmp.{}{}", unique(ctx), self.tmp_ext));
        ctx.host.write_atomic(&file, data, Some(0o600))?;
        let options = cmd::Options {
            cmd: format!("{} {}", self.check_cmd, file.display()).into(),
            shell: ctx.grain("shell").map(|v| v.to_string()),
            python_shell: Some(true),
            ignore_retcode: true,
            ..cmd::Options::default()
        };
        let ran = cmd::run(ctx, &options, Errors::Apart);
        ctx.host.remove_file(&file)?;
        let ran = ran?;
        if ran.retcode == Some(0) {
            return Ok(None);
        }
        let mut comment = "check_cmd execution failed".to_owned();
        for said in [&ran.stdout, &ran.stderr] {
            if !said.is_empty() {
                comment.push_str(&format!("\n{said}"));
            }
        }
        let mut outcome = Outcome::new(Some(false), comment);
        outcome.extra.insert("skip_watch", true);
        Ok(Some(outcome))
    }

    fn would(&self, ctx: &Ctx<'_>, name: &str, stat: Option<&Stat>) -> Result<Plan<Step>, StateError> {
        let write = match self.write(ctx, name, stat) {
            Ok(write) => write,
            Err(Refusal::State(error)) => return Err(error),
            Err(Refusal::Source(NoSource::NoneFound)) => {
                return Err(StateError::refused(
                    "Unable to manage file: none of the specified sources were found",
                ));
            }
            Err(Refusal::Source(NoSource::Because(text))) => return Err(StateError::refused(text)),
        };
        let mut changes = Dict::new();
        match stat {
            None if !self.new_file_diff => {
                changes.insert("newfile", name);
            }
            None => {
                changes.insert("diff", write.diff.unwrap_or_default());
            }
            Some(stat) => {
                if let Some(diff) = write.diff {
                    changes.insert("diff", diff);
                }
                changes.extend(self.perms(write.mode).wanting(ctx, stat)?);
            }
        }
        if changes.is_empty() {
            return Ok(Plan::nothing(format!("The file {name} is in the correct state")));
        }
        let comment = format!(
            "The file {name} is set to be changed\nNote: No changes made, actual changes may\nbe different due to other \
             states."
        );
        Ok(Plan::settled(None, changes, comment))
    }
}

/// Why there is no content.
enum Refusal {
    State(StateError),
    Source(NoSource),
}

impl From<StateError> for Refusal {
    fn from(error: StateError) -> Self {
        Refusal::State(error)
    }
}

impl From<NoSource> for Refusal {
    fn from(error: NoSource) -> Self {
        Refusal::Source(error)
    }
}

fn unique(ctx: &Ctx<'_>) -> String {
    let now = ctx.host.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("{:x}{:x}", std::process::id(), now.as_nanos())
}

/// The mode of directories that are made for a file: who may read it may enter them.
fn dir_mode_for(mode: u32) -> u32 {
    [6, 3, 0].into_iter().fold(0, |all, shift| {
        let digit = (mode >> shift) & 7;
        all | (if digit == 0 { 0 } else { digit | 1 }) << shift
    })
}

impl State for Managed {
    const FUN: &'static str = "file.managed";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        self.check()?;
        let name = expand_user(ctx, &self.name);
        let path = Path::new(&name);
        // The contents are looked at before all else, so that a key that is missing is told first.
        if !self.source.is_true() {
            self.own_contents(ctx)?;
        }
        let stat = ctx.host.stat(path)?;
        if !self.create && !stat.as_ref().is_some_and(|s| s.kind == FileKind::File) {
            return Ok(Plan::nothing(format!("File {name} is not present and is not set for creation")));
        }
        self.perms(None).check(ctx)?;
        if !name.starts_with('/') {
            return Err(StateError::refused(format!("Specified file {name} is not an absolute path")));
        }
        if stat.as_ref().is_some_and(|s| s.kind == FileKind::Dir) {
            return Err(StateError::refused(format!("Specified target {name} is a directory")));
        }
        self.variables()?;
        let contents = [&self.contents, &self.contents_pillar, &self.contents_grains];
        let has_content = self.source.is_true() || contents.iter().any(|c| !c.is_none());
        if let Some(stat) = &stat
            && !(self.replace && has_content)
        {
            return self.only_perms(ctx, &name, stat);
        }
        if ctx.test {
            return self.would(ctx, &name, stat.as_ref());
        }
        let write = match self.write(ctx, &name, stat.as_ref()) {
            Ok(write) => write,
            Err(Refusal::State(error)) => return Err(error),
            Err(Refusal::Source(NoSource::NoneFound)) => {
                return Err(StateError::refused(
                    "Unable to manage file: none of the specified sources were found",
                ));
            }
            Err(Refusal::Source(NoSource::Because(text))) => {
                return Err(StateError::refused(format!("Unable to manage file: {text}")));
            }
        };
        if !self.makedirs && !ctx.host.is_dir(&parent(&name)) {
            return Err(StateError::refused("Parent directory not present"));
        }
        let replaces_link = !self.follow_symlinks && ctx.host.is_link(path);
        if let Some(stat) = stat.as_ref().filter(|_| write.diff.is_none() && !replaces_link)
            && self.perms(write.mode).wanting(ctx, stat)?.is_empty()
        {
            return Ok(Plan::nothing(format!("File {name} is in the correct state")));
        }
        Ok(Plan::steps(vec![Step::Write(write)], Dict::new(), ""))
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = expand_user(ctx, &self.name);
        let path = Path::new(&name);
        let write = match step {
            Step::Perms => {
                let done = self.perms(bits(&self.mode)).enforce(ctx, path, self.follow_symlinks)?;
                let result = Some(done.errors.is_empty());
                return Ok(Applied::Done(
                    Outcome::new(result, done.errors.join("; ")).with_changes(done.changes),
                ));
            }
            Step::Write(write) => write,
        };
        let mut changes = Dict::new();
        let mut comment = String::new();
        let is_nothing = matches!(write.content, Content::Nothing);
        let is_source = !matches!(write.content, Content::Own(_) | Content::Nothing);
        let data = match write.content {
            Content::Nothing => Vec::new(),
            Content::Own(data) | Content::Source(data) => data,
            Content::SourceFile(from) => ctx.host.read(&from)?,
        };
        let replaces_link = !self.follow_symlinks && ctx.host.is_link(path);
        if (write.diff.is_some() || !write.there)
            && let Some(bad) = self.checked(ctx, &data)?
        {
            return Ok(Applied::Done(bad));
        }
        if write.there {
            if let Some(diff) = write.diff {
                back_up(ctx, &name, &self.backup)?;
                let failed = |e| StateError::refused(format!("Failed to commit change: {e}"));
                if !replaces_link {
                    ctx.host.write_atomic(path, &data, None).map_err(failed)?;
                }
                changes.insert("diff", diff);
            }
            if replaces_link && !is_nothing {
                ctx.host.remove_file(path)?;
                ctx.host.write_atomic(path, &data, Some(write.mode.unwrap_or(0o644)))?;
                changes.insert("diff", "Replace symbolic link with regular file");
            }
        } else {
            if !ctx.host.is_dir(&parent(&name)) {
                let mode = bits(&self.dir_mode).or(write.mode.map(dir_mode_for));
                make_dirs(ctx, &name, &self.perms(mode))?;
            }
            if is_nothing {
                changes.insert("new", format!("file {name} created"));
                comment = "Empty file".to_owned();
            } else {
                changes.insert("diff", write.diff.unwrap_or_else(|| "New file".to_owned()));
            }
            // As in Salt, a new file is nobody else's until it has its owner and mode; that is then a change.
            let first = (is_source || write.mode.is_some()).then_some(0o600);
            ctx.host.write_atomic(path, &data, first)?;
        }
        let mode =
            if write.there { write.mode } else { Some(write.mode.unwrap_or_else(|| 0o666 & !umask())) };
        let done = self.perms(mode).enforce(ctx, path, self.follow_symlinks)?;
        changes.extend(done.changes);
        let well = done.errors.is_empty();
        if !well {
            comment = done.errors.join("; ");
        } else if comment.is_empty() {
            comment = if changes.is_empty() {
                format!("File {name} is in the correct state")
            } else {
                format!("File {name} updated")
            };
        }
        Ok(Applied::Done(Outcome::new(Some(well), comment).with_changes(changes)))
    }
}

/// This process's umask: it can only be read by setting it, so the kernel's own record is looked at.
fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_for_files_can_be_entered() {
        assert_eq!(dir_mode_for(0o640), 0o750);
        assert_eq!(dir_mode_for(0o600), 0o700);
        assert_eq!(dir_mode_for(0o444), 0o555);
    }
}

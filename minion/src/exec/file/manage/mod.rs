//! The content of a managed file: where it comes from, how it differs from what is there, and its way to the file.

mod source;

use std::path::Path;

use data::{Dict, Value};

use super::encoding::Encoding;
use super::{attrs, os_text};
use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{FileKind, HostError, Stat};
use crate::states::file::diff;
use crate::states::file::util::{Perms, back_up, make_dirs, parent, show_mode};
use crate::states::{Outcome, StateError};
pub(crate) use source::{Fetch, From, NoSource};

/// A content that is at hand.
#[derive(Clone, Copy)]
pub(crate) enum Content<'a> {
    Bytes(&'a [u8]),
    File(&'a Path),
}

impl Content<'_> {
    fn head(self, ctx: &Ctx<'_>) -> Result<Vec<u8>, HostError> {
        match self {
            Content::Bytes(data) => Ok(data.get(..diff::BLOCK).unwrap_or(data).to_vec()),
            Content::File(path) => ctx.host.head(path, diff::BLOCK),
        }
    }

    pub(crate) fn read(self, ctx: &Ctx<'_>) -> Result<Vec<u8>, HostError> {
        match self {
            Content::Bytes(data) => Ok(data.to_vec()),
            Content::File(path) => ctx.host.read(path),
        }
    }

    /// Writes it to a file, unless that is the file it is in.
    fn write(self, ctx: &Ctx<'_>, path: &Path, mode: Option<u32>) -> Result<(), HostError> {
        match self {
            Content::Bytes(data) => ctx.host.write_atomic(path, data, mode),
            Content::File(from) => ctx.host.copy(from, path, mode),
        }
    }
}

/// Differences between files that do not count as changes.
#[derive(Clone, Copy)]
pub(crate) struct Ignore<'a> {
    pub(crate) ordering: bool,
    pub(crate) whitespace: bool,
    pub(crate) comment_characters: &'a Value,
}

impl Ignore<'_> {
    pub(crate) fn any(&self) -> bool {
        self.ordering || self.whitespace || self.comment_characters.is_true()
    }

    /// Whether a diff has a change that counts.
    pub(crate) fn counts(&self, diff: &str) -> bool {
        let signs: Vec<String> = match self.comment_characters {
            Value::Str(sign) => vec![sign.to_string()],
            Value::List(signs) => signs.iter().map(Value::to_string).collect(),
            _ => Vec::new(),
        };
        let lines = |sign: char, header: &str| {
            let mut lines: Vec<String> = Vec::new();
            for line in diff.split_inclusive('\n').filter(|line| !line.starts_with(header)) {
                let Some(mut line) = line.strip_prefix(sign) else { continue };
                for sign in &signs {
                    line = line.split(sign.as_str()).next().unwrap_or(line);
                }
                let line = if self.whitespace { line.trim() } else { line };
                if !line.is_empty() {
                    lines.push(line.to_owned());
                }
            }
            lines.sort();
            lines
        };
        lines('+', "+++") != lines('-', "---")
    }
}

/// What a file is to be, but for its content.
pub(crate) struct File<'a> {
    pub(crate) name: &'a str,
    pub(crate) perms: Perms,
    pub(crate) attrs: Option<String>,
    pub(crate) selinux: &'a Value,
    pub(crate) backup: &'a str,
    pub(crate) makedirs: bool,
    pub(crate) dir_mode: Option<u32>,
    pub(crate) show_changes: bool,
    pub(crate) follow_symlinks: bool,
    pub(crate) new_file_diff: bool,
    pub(crate) ignore: Ignore<'a>,
}

/// The content that a file is to have.
pub(crate) enum Data {
    /// None is asked for: a new file is empty.
    Nothing,
    /// What the state says itself.
    Own(Vec<u8>),
    Source(From),
}

impl Data {
    /// A text in an encoding.
    pub(crate) fn encoded(text: &str, encoding: &Value, errors: &str) -> Result<Data, ExecError> {
        if !encoding.is_true() {
            return Ok(Data::Own(text.as_bytes().to_vec()));
        }
        Ok(Data::Own(Encoding::named(&encoding.to_string())?.encode(text, errors)?))
    }

    pub(crate) fn content(&mut self, ctx: &Ctx<'_>) -> Result<Option<Content<'_>>, StateError> {
        match self {
            Data::Nothing => Ok(None),
            Data::Own(data) => Ok(Some(Content::Bytes(data))),
            Data::Source(from) => from.content(ctx).map(Some),
        }
    }
}

/// What the content of a file and another one differ in, as Salt prints it; empty when in nothing. What is no text is
/// not read to its end.
pub(crate) fn difference(ctx: &Ctx<'_>, old: Content<'_>, new: Content<'_>) -> Result<String, HostError> {
    match (diff::is_text(&old.head(ctx)?), diff::is_text(&new.head(ctx)?)) {
        (true, true) => Ok(diff::of_files(&old.read(ctx)?, &new.read(ctx)?)),
        (false, false) => Ok("Replace binary file".to_owned()),
        (false, true) => Ok("Replace binary file with text file".to_owned()),
        (true, false) => Ok("Replace text file with binary file".to_owned()),
    }
}

/// Whether templates' output is not to be shown.
fn obfuscated(ctx: &Ctx<'_>) -> bool {
    ctx.opt("obfuscate_templates").is_some_and(|v| v.is_true())
}

impl File<'_> {
    fn path(&self) -> &Path {
        Path::new(self.name)
    }

    /// The diff that is told of a change; the second says whether it counts.
    fn told(&self, ctx: &Ctx<'_>, old: Content<'_>, new: Content<'_>) -> Result<(String, bool), StateError> {
        if obfuscated(ctx) {
            return Ok(("<Obfuscated Template>".to_owned(), false));
        }
        if !self.show_changes {
            return Ok(("<show_changes=False>".to_owned(), false));
        }
        let diff = difference(ctx, old, new)?;
        let counts = self.ignore.counts(&diff);
        Ok((diff, counts))
    }

    /// What there is at the name, links followed as far as the state wants it.
    fn stat(&self, ctx: &Ctx<'_>) -> Result<Option<Stat>, HostError> {
        if self.follow_symlinks {
            match ctx.host.stat(self.path())? {
                Some(stat) => return Ok(Some(stat)),
                None => return ctx.host.lstat(self.path()),
            }
        }
        ctx.host.lstat(self.path())
    }

    /// What would change, under Salt's keys (`check_file_meta`), and whether the content would in what counts.
    pub(crate) fn would(&self, ctx: &Ctx<'_>, data: &mut Data) -> Result<(Dict, bool), StateError> {
        let mut changes = Dict::new();
        let stat = self.stat(ctx)?;
        if stat.is_none() && !self.new_file_diff {
            return Ok((Dict::new().with("newfile", self.name), true));
        }
        let nothing: &[u8] = b"";
        let old = stat.as_ref().map_or(Content::Bytes(nothing), |_| Content::File(self.path()));
        let differs = match (&*data, &stat) {
            (Data::Nothing, _) => false,
            (Data::Source(from), Some(_)) => match &from.sum {
                Some((kind, sum)) => ctx.host.hash(self.path(), *kind)? != *sum,
                None => false,
            },
            _ => true,
        };
        let mut counts = false;
        if differs && let Some(new) = data.content(ctx)? {
            let diff = match (obfuscated(ctx), new) {
                (true, _) => "<Obfuscated Template>".to_owned(),
                (false, Content::Bytes(new)) if matches!(old, Content::File(_)) => {
                    // What fits into memory is compared first.
                    let old = ctx.host.read(self.path())?;
                    if old == new {
                        String::new()
                    } else {
                        difference(ctx, Content::Bytes(&old), Content::Bytes(new))?
                    }
                }
                _ => difference(ctx, old, new)?,
            };
            counts = self.ignore.counts(&diff);
            if !diff.is_empty() {
                changes
                    .insert("diff", if self.show_changes { diff } else { "<show_changes=False>".to_owned() });
            }
        }
        let Some(stat) = stat else { return Ok((changes, counts)) };
        changes.extend(self.perms.wanting(ctx, &stat)?);
        if let Some(wanted) = &self.attrs
            && attrs::differ(ctx, self.path(), wanted)?.is_some()
        {
            changes.insert("attrs", wanted.as_str());
        }
        if self.selinux.is_true()
            && let (Some(change), _) = attrs::enforce_context(ctx, self.path(), self.selinux)?
        {
            changes.insert("selinux", change);
        }
        Ok((changes, counts))
    }

    /// Owner, mode, attributes and context: what is changed, and what is wrong.
    pub(crate) fn enforce(
        &self,
        ctx: &Ctx<'_>,
        mode: Option<u32>,
        ret: &mut Outcome,
    ) -> Result<(), StateError> {
        let perms = Perms { mode, ..self.perms.clone() };
        let done = perms.enforce(ctx, self.path(), self.follow_symlinks)?;
        let mut errors = done.errors;
        ret.changes.extend(done.changes);
        if let Some(wanted) = &self.attrs
            && !ctx.host.is_dir(self.path())
        {
            let (change, error) = attrs::enforce(ctx, self.path(), wanted)?;
            if let Some(change) = change {
                ret.changes.insert("attrs", change);
            }
            errors.extend(error);
        }
        if self.selinux.is_true() {
            let (change, error) = attrs::enforce_context(ctx, self.path(), self.selinux)?;
            if let Some(change) = change {
                ret.changes.insert("selinux", change);
            }
            errors.extend(error);
        }
        if !errors.is_empty() {
            ret.result = Some(false);
            if !ret.comment.is_empty() {
                errors.insert(0, std::mem::take(&mut ret.comment));
            }
            ret.comment = errors.join("; ");
        }
        Ok(())
    }

    /// Has the file be so (`manage_file`).
    pub(crate) fn manage(&self, ctx: &Ctx<'_>, mut data: Data) -> Result<Outcome, StateError> {
        let link = ctx.host.lstat(self.path())?;
        let is_link = link.as_ref().is_some_and(|stat| stat.kind == FileKind::Symlink);
        let there = match link {
            Some(stat) if stat.kind != FileKind::Symlink => stat.kind == FileKind::File,
            Some(_) => true,
            None => false,
        };
        if there { self.change(ctx, &mut data, is_link) } else { self.create(ctx, &mut data) }
    }

    fn change(&self, ctx: &Ctx<'_>, data: &mut Data, is_link: bool) -> Result<Outcome, StateError> {
        let mut ret = Outcome::new(Some(true), "");
        let replaces_link = is_link && !self.follow_symlinks;
        let path = if is_link && self.follow_symlinks {
            ctx.host.canonicalize(self.path()).map_err(|error| {
                StateError::refused(format!("Unable to manage file: {}", os_text(&error, self.path())))
            })?
        } else {
            self.path().to_owned()
        };
        let mut counts = false;
        let differs = match &*data {
            Data::Nothing => false,
            Data::Own(new) => {
                let size = ctx.host.stat(&path)?.map(|stat| stat.size);
                size != Some(new.len() as u64) || ctx.host.read(&path)? != *new
            }
            Data::Source(from) => match &from.sum {
                Some((kind, sum)) if ctx.host.exists(&path) => ctx.host.hash(&path, *kind)? != *sum,
                _ => true,
            },
        };
        if let (Data::Source(from), true) = (&mut *data, differs || replaces_link) {
            let source = from.source.clone();
            let hint = ". If the 'source_hash' value refers to a remote file with multiple possible matches, then it may be \
                        necessary to set 'source_hash_name'.";
            from.verify(ctx, &source, hint)?;
        }
        if (differs || replaces_link)
            && let Some(new) = data.content(ctx)?
        {
            let (mut diff, count) = self.told(ctx, Content::File(&path), new)?;
            counts = count;
            if !differs && replaces_link {
                diff = "Replace symbolic link with regular file".to_owned();
            }
            let failed = |error: HostError| {
                StateError::refused(format!("Failed to commit change: {}", os_text(&error, &path)))
            };
            back_up(ctx, &path.display().to_string(), self.backup)?;
            if replaces_link {
                let mode = ctx.host.stat(&path)?.map_or(0o600, |stat| stat.mode);
                ctx.host.remove_file(&path)?;
                new.write(ctx, &path, Some(mode)).map_err(failed)?;
            } else {
                new.write(ctx, &path, None).map_err(failed)?;
            }
            ret.changes.insert("diff", diff);
        }
        self.enforce(ctx, self.perms.mode, &mut ret)?;
        if !ret.changes.is_empty() {
            ret.comment = format!("File {} updated", self.name);
            if self.ignore.any() && !counts {
                ret.extra.insert("skip_req", true);
            }
        } else if ret.result == Some(true) {
            ret.comment = format!("File {} is in the correct state", self.name);
        }
        Ok(ret)
    }

    fn create(&self, ctx: &Ctx<'_>, data: &mut Data) -> Result<Outcome, StateError> {
        let mut ret = Outcome::new(Some(true), "");
        if let Data::Source(from) = &mut *data {
            from.content(ctx)?;
            from.verify(ctx, self.name, "")?;
        }
        if !ctx.host.is_dir(&parent(self.name)) {
            if !self.makedirs {
                return Err(StateError::refused("Parent directory not present"));
            }
            let mode = self.dir_mode.or(self.perms.mode.map(enterable));
            make_dirs(ctx, self.name, &Perms { mode, ..self.perms.clone() })?;
        }
        // As in Salt, a new file is nobody else's until it has its owner and mode; that is then a change.
        let closed = (self.perms.mode.is_some() || matches!(data, Data::Source(_))).then_some(0o600);
        match data.content(ctx)? {
            None => {
                ctx.host.write_atomic(self.path(), b"", closed)?;
                ret.changes.insert("new", format!("file {} created", self.name));
                ret.comment = "Empty file".to_owned();
            }
            Some(new) => {
                let diff = if self.new_file_diff {
                    difference(ctx, Content::Bytes(b""), new)?
                } else {
                    "New file".to_owned()
                };
                ret.changes.insert("diff", diff);
                new.write(ctx, self.path(), closed)?;
            }
        }
        self.enforce(ctx, Some(self.perms.mode.unwrap_or_else(|| 0o666 & !umask())), &mut ret)?;
        if ret.comment.is_empty() {
            ret.comment = format!("File {} updated", self.name);
        }
        if self.ignore.any() {
            ret.extra.insert("skip_req", true);
        }
        Ok(ret)
    }
}

/// The mode of directories that are made for a file: who may read it may enter them.
pub(crate) fn enterable(mode: u32) -> u32 {
    [6, 3, 0].into_iter().fold(0, |all, shift| {
        let digit = (mode >> shift) & 7;
        all | (if digit == 0 { 0 } else { digit | 1 }) << shift
    })
}

/// This process's umask: it can only be read by setting it, so the kernel's own record is looked at.
pub(crate) fn umask() -> u32 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("Umask:"));
    mask.and_then(|mask| u32::from_str_radix(mask.trim(), 8).ok()).unwrap_or(0o022)
}

/// `defaults` with `context` over them.
pub(crate) fn variables(defaults: &Value, context: &Value) -> Result<Dict, StateError> {
    let mut variables = Dict::new();
    for (value, what) in [(defaults, "Defaults"), (context, "Context")] {
        match value {
            Value::Dict(more) => variables.extend(more.iter().map(|(k, v)| (k.clone(), v.clone()))),
            Value::None => {}
            empty if what == "Defaults" && !empty.is_true() => {}
            _ => return Err(StateError::refused(format!("{what} must be formed as a dict"))),
        }
    }
    Ok(variables)
}

/// What templates are told of the file that they are for.
pub(crate) fn about(user: &Value, group: &Value, mode: Option<u32>, attrs: &Value) -> Dict {
    Dict::new()
        .with("user", user.clone())
        .with("group", group.clone())
        .with("mode", mode.map(show_mode))
        .with("attrs", attrs.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directories_for_files_can_be_entered() {
        assert_eq!(enterable(0o640), 0o750);
        assert_eq!(enterable(0o600), 0o700);
        assert_eq!(enterable(0o444), 0o555);
    }

    #[test]
    fn ignored_differences_do_not_count() {
        let diff = diff::of_texts("a\nb # one\n", "b # two\na\n");
        let none = Value::None;
        let ignore =
            |ordering, whitespace, comment_characters| Ignore { ordering, whitespace, comment_characters };
        assert!(ignore(false, false, &none).counts(&diff));
        assert!(ignore(true, false, &none).counts(&diff));
        let signs = "#".into();
        assert!(!ignore(true, true, &signs).counts(&diff));
        assert!(!ignore(false, false, &none).any());
    }
}

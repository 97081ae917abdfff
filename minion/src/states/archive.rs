//! Archives, unpacked where something of them is missing.

use std::path::Path;

use data::loose::Flag;
use data::{Dict, Value};

use super::file::act::Act;
use super::file::util;
use super::{Outcome, StateEntry, StateError, entry};
use crate::exec::archive::{Contents, Kind, guess, is_encrypted, list};
use crate::exec::cmd::split_words;
use crate::exec::file::sum::shown;
use crate::fileclient::Source;
use crate::host::{Cmd, FileKind};
use crate::{Ctx, args, hash};

/// The states of `archive`.
pub const STATES: &[StateEntry] = &[entry::<Extracted>()];

args! {
    /// Have what is in an archive unpacked in a directory.
    ///
    /// ```yaml
    /// /opt/app:
    ///   archive.extracted:
    ///     - source: https://example.org/app-1.2.tar.gz   # also a list, salt://, a path
    ///     - source_hash: sha256=…        # or skip_verify: True
    ///     - source_hash_update: True     # unpack when the hash changes, though everything is there
    ///     - archive_format: tar          # tar, zip or rar; default: by the name
    ///     - options: --strip-components=1
    ///     - enforce_toplevel: False      # several things at the top are well
    ///     - user: app                    # also group; of what is at the top, and below it
    ///     - if_missing: /opt/app/done    # nothing to do when it is there
    ///     - clean: True                  # what is in the archive is removed first; clean_parent: the directory
    ///     - overwrite: True              # unpack each time
    ///     - force: True                  # remove what is of another kind
    ///     - trim_output: 10
    /// ```
    ///
    /// Also: source_hash_name, skip_files_list_verify, password and use_cmd_unzip (zip), list_options (the command that
    /// unpacks a tar archive), enforce_ownership_on, extract_perms, keep_source, use_etag. Changes: `extracted_files`,
    /// `directories_created`, `removed`, `updated ownership`.
    pub(crate) struct Extracted {
        name: String,
        source: Value,
        #[serde(default)]
        source_hash: Value,
        #[serde(default)]
        source_hash_name: Option<String>,
        #[serde(default)]
        source_hash_update: Flag,
        #[serde(default)]
        skip_files_list_verify: Flag,
        #[serde(default)]
        skip_verify: Flag,
        #[serde(default)]
        password: Option<String>,
        #[serde(default)]
        options: Option<String>,
        #[serde(default)]
        list_options: Option<String>,
        #[serde(default)]
        force: Flag,
        #[serde(default)]
        overwrite: Flag,
        #[serde(default)]
        clean: Flag,
        #[serde(default)]
        clean_parent: Flag,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        if_missing: Option<String>,
        #[serde(default)]
        trim_output: Value,
        #[serde(default)]
        use_cmd_unzip: Option<Flag>,
        #[serde(default = yes)]
        extract_perms: Flag,
        #[serde(default = yes)]
        enforce_toplevel: Flag,
        #[serde(default)]
        enforce_ownership_on: Option<String>,
        #[serde(default)]
        archive_format: Option<String>,
        #[serde(default)]
        use_etag: Flag,
        #[serde(default)]
        signature: Value,
        #[serde(default)]
        source_hash_sig: Value,
        #[serde(default)]
        keep: Option<Flag>,
        #[serde(default)]
        keep_source: Option<Flag>,
    }
}

fn yes() -> Flag {
    Flag(true)
}

fn refuse<T>(comment: impl Into<String>) -> Result<T, StateError> {
    Err(StateError::refused(comment))
}

/// The archive on this machine.
struct Archive {
    /// As the SLS has it.
    source: String,
    path: String,
    format: String,
    local: bool,
    /// Each member in the archive's order, and by kind.
    listing: Vec<(Kind, String)>,
    contents: Contents,
}

/// What is there of an archive's members.
#[derive(Default)]
struct Found {
    missing: bool,
    /// Paths of another kind than the member's.
    wrong: Vec<String>,
}

impl Extracted {
    fn check(&self, ctx: &Ctx<'_>) -> Result<(), StateError> {
        let absolute = |path: &Option<String>| path.as_deref().is_none_or(|path| path.starts_with('/'));
        if self.skip_files_list_verify.0 && self.skip_verify.0 {
            return refuse("Only one of \"skip_files_list_verify\" and \"skip_verify\" can be set to True");
        }
        if !self.name.starts_with('/') {
            return refuse(format!("{} is not an absolute path", self.name));
        }
        let name = self.name.trim_end_matches('/');
        if ctx.host.is_file(Path::new(name)) {
            return refuse(format!("{name} exists and is not a directory"));
        }
        if !absolute(&self.if_missing) {
            return refuse("Value for 'if_missing' is not an absolute path");
        }
        if !absolute(&self.enforce_ownership_on) {
            return refuse("Value for 'enforce_ownership_on' is not an absolute path");
        }
        if self.enforce_ownership_on.as_deref().is_some_and(|path| !Path::new(path).starts_with(name)) {
            return refuse(format!("Value for 'enforce_ownership_on' must be within {name}/"));
        }
        if self.signature.is_true() || self.source_hash_sig.is_true() {
            return refuse("Signatures are not supported: use source_hash");
        }
        if self.clean.0 && self.clean_parent.0 {
            return refuse("Only one of 'clean' and 'clean_parent' can be set to True");
        }
        Ok(())
    }

    fn check_owner(&self, ctx: &Ctx<'_>) -> Result<(), StateError> {
        if self.user.is_true() && util::uid(ctx, &self.user)?.is_none() {
            return refuse(format!("User {} does not exist", self.user));
        }
        if self.group.is_true() && util::gid(ctx, &self.group)?.is_none() {
            return refuse(format!("Group {} does not exist", self.group));
        }
        Ok(())
    }

    fn owned(&self) -> bool {
        self.user.is_true() || self.group.is_true()
    }

    fn format(&self, source: &str) -> Result<String, StateError> {
        let format = match self.archive_format.as_deref().filter(|format| !format.is_empty()) {
            Some(format) => format.to_lowercase(),
            None => match guess(source.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/')) {
                Some(format) => format.to_owned(),
                None => {
                    return refuse(
                        "Could not guess archive_format from the value of the 'source' argument. Please set this \
                         archive_format to one of the following: tar, rar, zip",
                    );
                }
            },
        };
        if !["tar", "rar", "zip"].contains(&format.as_str()) {
            return refuse(format!(
                "Invalid archive_format '{format}'. Either set it to a supported value (tar, rar, zip) or remove this \
                 argument and the archive format will be guessed based on file extension."
            ));
        }
        let options = self.options.as_deref().is_some_and(|options| !options.is_empty());
        if format == "zip" && options && self.use_cmd_unzip.is_some_and(|unzip| !unzip.0) {
            return refuse(
                "'use_cmd_unzip' cannot be set to False if CLI options are being specified (via the 'options' \
                 argument). Either remove 'use_cmd_unzip', or set it to True.",
            );
        }
        if format != "zip" && self.password.is_some() {
            return refuse("The 'password' argument is only supported for zip archives");
        }
        if format == "rar" && options {
            return refuse(
                "The 'options' argument is only compatible with the following archive formats: tar, zip",
            );
        }
        Ok(format)
    }

    /// The first source that there is.
    fn source(&self, ctx: &Ctx<'_>) -> Result<String, StateError> {
        let args = vec![self.source.clone(), self.source_hash.clone(), ctx.saltenv().into()];
        let found = ctx.call("file.source_list", args, Dict::new());
        let found = found.map_err(|error| StateError::refused(error.to_string()))?;
        let first = found.as_list().and_then(<[Value]>::first).filter(|source| source.is_true());
        first.map_or_else(|| refuse(format!("Invalid source \"{}\"", self.source)), |s| Ok(s.to_string()))
    }

    /// Where the archive is on this machine. In test mode none for one that would have to be fetched first.
    fn fetch(&self, ctx: &Ctx<'_>, source: &str) -> Result<Option<String>, StateError> {
        let saltenv = ctx.saltenv();
        if ctx.test {
            let kwargs = Dict::new().with("saltenv", saltenv.as_str());
            let at = ctx.call("cp.is_cached", vec![source.into()], kwargs)?;
            let Some(at) = at.as_str().filter(|at| !at.is_empty()) else { return Ok(None) };
            let wanted = match Source::parse(source) {
                Some(Source::Salt { path, saltenv: own }) => {
                    let stat = ctx.files().stat(&path, own.as_deref().unwrap_or(&saltenv))?;
                    stat.and_then(|s| Some((hash::Kind::from_name(&s.hash_type)?, s.hash)))
                }
                _ => self.sum(ctx, source)?,
            };
            let Some((kind, sum)) = wanted else { return Ok(None) };
            return Ok((ctx.host.hash(Path::new(at), kind)? == sum).then(|| at.to_owned()));
        }
        let args = Dict::new()
            .with("name", source)
            .with("source_hash", self.source_hash.clone())
            .with("source_hash_name", self.source_hash_name.clone().map_or(Value::None, Value::from))
            .with("skip_verify", self.skip_verify.0)
            .with("saltenv", saltenv.as_str())
            .with("use_etag", self.use_etag.0);
        let cached = super::find("file.cached").map(|state| state.run(args, ctx));
        if let Some(failed) = cached.filter(|state| state.result != Some(true)) {
            return refuse(failed.comment);
        }
        let at = ctx.call("cp.is_cached", vec![source.into()], Dict::new().with("saltenv", saltenv))?;
        match at.as_str().filter(|at| !at.is_empty()) {
            Some(at) => Ok(Some(at.to_owned())),
            None => refuse(format!("Failed to cache {}", shown(source))),
        }
    }

    /// The hash that the archive is to have.
    fn sum(&self, ctx: &Ctx<'_>, source: &str) -> Result<Option<(hash::Kind, String)>, StateError> {
        if !self.source_hash.is_true() {
            return Ok(None);
        }
        let mut kwargs = Dict::new()
            .with("source", source)
            .with("source_hash", self.source_hash.to_string())
            .with("saltenv", ctx.saltenv());
        if let Some(name) = &self.source_hash_name {
            kwargs.insert("source_hash_name", name.as_str());
        }
        let sum = ctx.call("file.get_source_sum", Vec::new(), kwargs);
        let sum = sum.map_err(|error| StateError::refused(error.to_string()))?;
        let text = |key: &str| sum.get(key).map(Value::to_string);
        Ok(text("hash_type").and_then(|t| hash::Kind::from_name(&t)).zip(text("hsum")))
    }

    /// Where the hash of the archive that was last unpacked is kept, for `source_hash_update`.
    fn sum_file(&self, ctx: &Ctx<'_>, archive: &str) -> std::path::PathBuf {
        let cache = ctx.opt("cachedir").map(|dir| dir.to_string()).unwrap_or_default();
        let below = archive.strip_prefix(&cache).map_or_else(|| format!("local{archive}"), str::to_owned);
        Path::new(&cache).join("archive_hash").join(format!("{}.hash", below.trim_start_matches('/')))
    }

    fn strip(&self, format: &str) -> usize {
        let options = self.options.as_deref().filter(|_| format == "tar").unwrap_or_default();
        let Some((_, rest)) = options.split_once("--strip") else { return 0 };
        let rest = rest.strip_prefix("-components").unwrap_or(rest).trim_start_matches(['=', ' ', '"', '\'']);
        rest.chars().take_while(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0)
    }

    fn open(&self, ctx: &Ctx<'_>) -> Result<Result<Archive, Outcome>, StateError> {
        let source = self.source(ctx)?;
        let here = match Source::parse(&source) {
            Some(Source::Local(path)) => {
                let path = ctx.host.canonicalize(&path).unwrap_or(path);
                if !ctx.host.is_file(&path) {
                    return refuse(format!("Source file '{}' does not exist", path.display()));
                }
                Some(path.display().to_string())
            }
            _ => None,
        };
        let format = self.format(&source)?;
        let (path, local) = match here {
            Some(path) => (path, true),
            None => match self.fetch(ctx, &source)? {
                Some(path) => (path, false),
                None => {
                    return Ok(Err(Outcome::new(
                        None,
                        format!(
                            "Archive {} would be cached (if necessary) and checked to discover if extraction is needed",
                            shown(&source)
                        ),
                    )));
                }
            },
        };
        let source = if local { path.clone() } else { source };
        if format == "zip" && self.password.is_none() && is_encrypted(ctx, &path).unwrap_or(false) {
            return refuse(format!(
                "Archive {} is password-protected, but no password was specified. Please set the 'password' argument.",
                shown(&source)
            ));
        }
        let listing = list(ctx, &path, &format, self.list_options.as_deref());
        let listing = listing.map_err(|error| StateError::refused(error.to_string()))?;
        let contents = Contents::of(&listing, self.strip(&format));
        if self.enforce_toplevel.0 && (contents.top_dirs().len() > 1 || !contents.top_files().is_empty()) {
            let name = self.name.trim_end_matches('/');
            return refuse(format!(
                "Archive does not have a single top-level directory. To allow this archive to be extracted, set \
                 'enforce_toplevel' to False. To avoid a '{format}-bomb' it may also be advisable to set a top-level \
                 directory by adding it to the 'name' value (for example, setting 'name' to {name}/some_dir instead of \
                 {name}/)."
            ));
        }
        Ok(Ok(Archive { source, path, format, local, listing, contents }))
    }

    /// Which members are missing, or something else.
    fn look(&self, ctx: &Ctx<'_>, contents: &Contents) -> Result<Found, StateError> {
        let mut found = Found::default();
        let members =
            [(&contents.dirs, Kind::Dir), (&contents.files, Kind::File), (&contents.links, Kind::Link)];
        for (names, kind) in members {
            for name in names {
                let is = match ctx.host.lstat(&self.at(name)) {
                    Ok(Some(stat)) => stat.kind,
                    Ok(None) => {
                        found.missing = true;
                        continue;
                    }
                    // Below what is no directory, which is among the wrong ones.
                    Err(error)
                        if error.io().is_some_and(|e| e.kind() == std::io::ErrorKind::NotADirectory) =>
                    {
                        continue;
                    }
                    Err(error) => return Err(error.into()),
                };
                let right = match kind {
                    Kind::Dir => is == FileKind::Dir,
                    Kind::Link => is == FileKind::Symlink,
                    Kind::File => !matches!(is, FileKind::Dir | FileKind::Symlink),
                };
                if !right {
                    found.wrong.push(name.clone());
                }
            }
        }
        Ok(found)
    }

    fn at(&self, name: &str) -> std::path::PathBuf {
        Path::new(&self.name).join(name.trim_matches('/'))
    }

    /// Unpacks it; the names of what came out.
    fn unpack(&self, ctx: &Ctx<'_>, archive: &Archive) -> Result<Vec<String>, StateError> {
        let name = self.name.trim_end_matches('/');
        let options = self.options.as_deref().filter(|options| !options.is_empty());
        let raised = |error: crate::exec::ExecError| StateError::refused(error.to_string());
        if archive.format != "tar" {
            let mut kwargs = Dict::new();
            if let Some(password) = &self.password {
                kwargs.insert("password", password.as_str());
            }
            let by_command = options.is_some() || self.use_cmd_unzip.is_some_and(|unzip| unzip.0);
            let fun = match archive.format.as_str() {
                "rar" => "archive.unrar",
                _ if by_command => "archive.cmd_unzip",
                _ => "archive.unzip",
            };
            match fun {
                "archive.cmd_unzip" => kwargs.insert("options", options.unwrap_or("-o")),
                "archive.unzip" => kwargs.insert("extract_perms", self.extract_perms.0),
                _ => None,
            };
            let dest = if fun == "archive.unrar" { format!("{name}/") } else { name.to_owned() };
            let files =
                ctx.call(fun, vec![archive.path.as_str().into(), dest.into()], kwargs).map_err(raised)?;
            return Ok(files.as_list().unwrap_or_default().iter().map(Value::to_string).collect());
        }
        let Some(options) = options else {
            let output = ctx.run(&Cmd::of("tar", ["-x", "-f", &archive.path, "-C", name]))?;
            if !output.ok() {
                return refuse(format!(
                    "Failed to extract {}: {}",
                    shown(&archive.source),
                    output.err().trim_end()
                ));
            }
            let names = archive.listing.iter().map(|(_, name)| name.trim_end_matches('/').to_owned());
            return Ok(names.collect());
        };
        let (mut short, mut long) = ("xv".to_owned(), Vec::new());
        let words = split_words(options).map_err(raised)?;
        for (at, word) in
            words.into_iter().filter(|w| !["v", "-v", "--verbose"].contains(&w.as_str())).enumerate()
        {
            if at == 0 && !word.starts_with('-') {
                short.push_str(&word.replace(['x', 'f'], ""));
            } else {
                long.push(word);
            }
        }
        let output = ctx.run(&Cmd::of("tar", [short]).args(long).args(["-f", &archive.path]).cwd(name))?;
        if !output.ok() {
            let changes = crate::exec::pip::run_all(&output).as_dict().cloned().unwrap_or_default();
            return Err(StateError::after(output.err().trim_end().to_owned(), changes));
        }
        Ok(output.out().lines().map(str::to_owned).collect())
    }

    /// Owner and group of what the archive has at its top, and all below.
    fn own(&self, ctx: &Ctx<'_>, contents: &Contents, changes: &mut Dict) -> Result<Vec<String>, StateError> {
        let mut failed = Vec::new();
        let tops: Vec<std::path::PathBuf> = match &self.enforce_ownership_on {
            Some(path) => vec![path.into()],
            None => {
                let names = [contents.top_dirs(), contents.top_files(), contents.top_links()];
                names.iter().flatten().map(|name| self.at(name)).collect()
            }
        };
        let what: Vec<&str> = [("user", &self.user), ("group", &self.group)]
            .iter()
            .filter(|(_, v)| v.is_true())
            .map(|(k, _)| *k)
            .collect();
        for path in tops {
            let Some(stat) = ctx.host.lstat(&path)? else { continue };
            if stat.kind == FileKind::Dir {
                let mut args =
                    Dict::new().with("name", path.display().to_string()).with("recurse", what.clone());
                args.extend(
                    [("user", &self.user), ("group", &self.group)]
                        .iter()
                        .filter(|(_, v)| v.is_true())
                        .map(|(key, value)| (Value::from(*key), (*value).clone())),
                );
                let owned =
                    super::find("file.directory").map(|state| state.run(args, ctx)).unwrap_or_default();
                if owned.changes.is_true() {
                    changes.insert("updated ownership", true);
                }
                if owned.result == Some(false) {
                    failed.push(path.display().to_string());
                }
                continue;
            }
            let perms = util::Perms::new(&self.user, &self.group, None);
            let done = perms.enforce(ctx, &path, false)?;
            if !done.changes.is_empty() {
                changes.insert("updated ownership", true);
            }
            failed.extend((!done.errors.is_empty()).then(|| path.display().to_string()));
        }
        Ok(failed)
    }

    /// What has to go first; the paths.
    fn clear(&self, ctx: &Ctx<'_>, archive: &Archive, wrong: &[String]) -> Result<Vec<String>, StateError> {
        let names = if self.clean.0 {
            [archive.contents.top_dirs(), archive.contents.top_files()].concat()
        } else {
            wrong.to_vec()
        };
        let mut removed = Vec::new();
        for name in names {
            let path = self.at(&name);
            if ctx.host.lstat(&path)?.is_some() {
                ctx.host.remove_all(&path)?;
                removed.push(format!("{}/{name}", self.name.trim_end_matches('/')));
            }
        }
        Ok(removed)
    }
}

impl Act for Extracted {
    const FUN: &'static str = "archive.extracted";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        self.check(ctx)?;
        if let Some(path) = self.if_missing.as_deref().filter(|path| ctx.host.exists(Path::new(path))) {
            return Ok(Outcome::new(Some(true), format!("Path {path} exists")));
        }
        self.check_owner(ctx)?;
        let archive = match self.open(ctx)? {
            Ok(archive) => archive,
            Err(outcome) => return Ok(outcome),
        };
        let name = format!("{}/", self.name.trim_end_matches('/'));
        let found = self.look(ctx, &archive.contents)?;
        let listed = || format!("\n\n- {}", found.wrong.join("\n- "));
        if !found.wrong.is_empty() && !self.clean.0 && !self.clean_parent.0 && !self.force.0 {
            return refuse(format!(
                "The below paths (relative to {name}) exist, but are the incorrect type (file instead of directory, \
                 symlink instead of file, etc.). To proceed with extraction, set 'force' to True. Note that this will \
                 remove these paths before extracting.{}",
                listed()
            ));
        }
        let kept = self.sum_file(ctx, &archive.path);
        let is = ctx.host.hash(Path::new(&archive.path), hash::Kind::Sha256)?;
        let line = format!("sha256:{is}\n");
        let tracked = self.source_hash_update.0 && self.source_hash.is_true() && !self.skip_verify.0;
        let before = if tracked { ctx.host.read_opt(&kept)? } else { None };
        let outdated = before.as_ref().is_some_and(|before| *before != line.as_bytes());
        let needed = self.overwrite.0 || found.missing || !found.wrong.is_empty();
        let explanation = match (!needed && outdated, found.missing) {
            (true, _) => ", due to source_hash update",
            (false, true) => ", due to absence of one or more files/dirs",
            _ => "",
        };
        let mut changes = Dict::new();
        let mut comment = "All files in archive are already present".to_owned();
        if needed || outdated {
            if archive.local
                && !self.skip_verify.0
                && let Some((kind, sum)) = self.sum(ctx, &archive.source)?
                && ctx.host.hash(Path::new(&archive.path), kind)? != sum
            {
                let source = shown(&archive.source);
                return refuse(format!("{source} does not match the desired source_hash {sum}"));
            }
            if ctx.test {
                let cleaned = if self.clean.0 { ", after cleaning destination path(s)" } else { "" };
                let source = shown(&archive.source);
                return Ok(Outcome::new(
                    None,
                    format!("Archive {source} would be extracted to {name}{cleaned}{explanation}"),
                ));
            }
            if self.clean_parent.0 && ctx.host.exists(Path::new(&self.name)) {
                ctx.host.remove_all(Path::new(name.trim_end_matches('/')))?;
                changes.insert("removed", format!("Directory {name} was removed prior to the extraction"));
            }
            let removed = self.clear(ctx, &archive, &found.wrong)?;
            if !removed.is_empty() {
                changes.insert("removed", removed);
            }
            if !ctx.host.is_dir(Path::new(&self.name)) {
                let mut args = Dict::new().with("name", name.as_str()).with("makedirs", true);
                if self.user.is_true() {
                    args.insert("user", self.user.clone());
                }
                if let Some(made) = super::find("file.directory").map(|state| state.run(args, ctx))
                    && made.result != Some(true)
                {
                    return Err(StateError::after(made.comment, changes));
                }
                changes.insert("directories_created", vec![name.clone()]);
            }
            let mut files = self.unpack(ctx, &archive)?;
            if files.is_empty() {
                return Err(StateError::after(
                    format!("No files were extracted from {}", shown(&archive.source)),
                    changes,
                ));
            }
            comment = format!("{} extracted to {name}{explanation}", shown(&archive.source));
            let most = match &self.trim_output {
                Value::Bool(true) => Some(100),
                other => other.to_string().parse::<usize>().ok().filter(|most| *most > 0),
            };
            if let Some(most) = most {
                files.truncate(most);
                comment.push_str(&format!(". Output was trimmed to {most} number of lines"));
            }
            changes.insert("extracted_files", files);
        }
        if tracked && !ctx.test && before.as_deref() != Some(line.as_bytes()) {
            if let Some(dir) = kept.parent() {
                ctx.host.mkdir_all(dir, None)?;
            }
            ctx.host.write_atomic(&kept, line.as_bytes(), None)?;
        }
        let mut result = Some(true);
        if self.owned() {
            let failed = self.own(ctx, &archive.contents, &mut changes)?;
            if ctx.test && !changes.is_empty() {
                result = None;
                comment.push_str(". Ownership would be updated on one or more files/directories.");
            }
            if !failed.is_empty() {
                result = Some(false);
                comment.push_str(&format!(
                    "\n\nWhile trying to enforce user/group ownership, Salt was unable to change ownership on the \
                     following paths:\n\n- {}",
                    failed.join("\n- ")
                ));
            }
        }
        if !archive.local && !ctx.test && !self.keep_source.or(self.keep).is_none_or(|keep| keep.0) {
            let args = Dict::new().with("name", archive.source.as_str()).with("saltenv", ctx.saltenv());
            super::find("file.not_cached").map(|state| state.run(args, ctx));
        }
        Ok(Outcome::new(result, comment).with_changes(changes))
    }
}

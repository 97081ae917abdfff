//! `file.recurse`: a directory of the file server, with all that is in it.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::act::{Act, relative};
use super::directory::Directory;
use super::keep::{self, Filter, argument};
use super::managed::{Managed, owner_of, yes};
use super::symlink::Symlink;
use super::util::{Perms, bits, expand_user, make_dirs, normal, parent};
use crate::args::{Arguments, read};
use crate::fileclient::Source;
use crate::host::Host;
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Have a directory as it is on the file server.
    ///
    /// ```yaml
    /// /srv/app:
    ///   file.recurse:
    ///     - source: salt://app/files          # or a list: the first that is there, all of them with merge: True
    ///     - user: app
    ///     - group: app
    ///     - dir_mode: "0755"
    ///     - file_mode: "0644"                 # or keep
    ///     - template: jinja                   # with context and defaults
    ///     - clean: True                       # remove what is not there
    ///     - include_empty: True               # empty directories too
    ///     - include_pat: E@\.conf$            # exclude_pat, maxdepth
    ///     - keep_symlinks: True               # links stay links, with force_symlinks and sym_mode
    /// ```
    ///
    /// `replace`, `backup` and other arguments are those of `file.managed`. Changes: each path with what changed.
    pub(crate) struct Recurse {
        name: String,
        source: Value,
        #[serde(default = yes)]
        keep_source: Flag,
        #[serde(default)]
        clean: Flag,
        #[serde(default)]
        require: Value,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        owner: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        dir_mode: Option<Mode>,
        #[serde(default)]
        file_mode: Option<Mode>,
        #[serde(default)]
        sym_mode: Option<Mode>,
        #[serde(default)]
        mode: Value,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        context: Value,
        #[serde(default = yes)]
        replace: Flag,
        #[serde(default)]
        defaults: Value,
        #[serde(default)]
        include_empty: Flag,
        #[serde(default)]
        backup: Value,
        #[serde(default)]
        include_pat: Value,
        #[serde(default)]
        exclude_pat: Value,
        #[serde(default)]
        maxdepth: Option<usize>,
        #[serde(default)]
        keep_symlinks: Flag,
        #[serde(default)]
        force_symlinks: Flag,
        #[serde(default)]
        merge: Flag,
    }
}

/// Which directories of the file server, and what of them.
struct Tree<'a> {
    name: &'a str,
    sources: Vec<String>,
    keep_symlinks: bool,
    filter: Filter,
    maxdepth: Option<usize>,
    include_empty: bool,
    merge: bool,
}

/// What is to be below the directory.
#[derive(Default)]
struct Managing {
    /// Path and source.
    files: BTreeMap<String, String>,
    dirs: BTreeSet<String>,
    /// Path and target.
    links: BTreeMap<String, String>,
    keep: HashSet<PathBuf>,
    /// The directories above all of these.
    above: HashSet<String>,
}

impl Managing {
    /// Whether something else is at a path or above it.
    fn is_occupied(&self, dest: &str) -> bool {
        let taken = |path: &str| self.files.contains_key(path) || self.links.contains_key(path);
        self.above.contains(dest) || Path::new(dest).ancestors().any(|path| path.to_str().is_some_and(taken))
    }
}

/// The sources that are directories of the file server.
fn sources(ctx: &Ctx<'_>, given: &Value) -> Result<Vec<String>, StateError> {
    let list = match given {
        Value::List(list) => list.iter().map(Value::to_string).collect(),
        one => vec![one.to_string()],
    };
    let list: Vec<String> = list.iter().map(|source| source.trim_end_matches('/').to_owned()).collect();
    if let Some(wrong) = list.iter().find(|source| !source.starts_with("salt://")) {
        return Err(StateError::refused(format!("Invalid source '{wrong}' (must be a salt:// URI)")));
    }
    let mut found = Vec::new();
    for source in list {
        let (path, saltenv) = on_server(ctx, &source);
        // The root of an environment is there when the environment is.
        if path.is_empty() || ctx.files().dirs(&saltenv)?.contains(&path) {
            found.push(source);
        }
    }
    if found.is_empty() {
        return Err(StateError::refused("none of the specified sources were found"));
    }
    Ok(found)
}

fn on_server(ctx: &Ctx<'_>, source: &str) -> (String, String) {
    match Source::parse(source) {
        Some(Source::Salt { path, saltenv }) => (path, saltenv.unwrap_or_else(|| ctx.saltenv())),
        _ => (source.to_owned(), ctx.saltenv()),
    }
}

impl Tree<'_> {
    /// A path of the file server below a source, as far as it is wanted.
    fn wanted<'a>(&self, path: &'a str, root: &str) -> Option<&'a str> {
        let relative = path.strip_prefix(root).filter(|relative| !relative.is_empty())?;
        let deep = self.maxdepth.is_some_and(|most| relative.matches('/').count() > most);
        let out = relative.split('/').any(|part| part == "..");
        (!deep && !out && self.filter.wants(relative)).then_some(relative)
    }

    fn dest(&self, relative: &str) -> String {
        Path::new(self.name).join(relative).display().to_string()
    }

    fn managing(&self, ctx: &Ctx<'_>) -> Result<Managing, StateError> {
        let mut all = Managing::default();
        let count = if self.merge { self.sources.len() } else { 1 };
        for source in self.sources.iter().take(count) {
            let (path, saltenv) = on_server(ctx, source);
            let root = if path.is_empty() { String::new() } else { format!("{path}/") };
            let listed = ctx.files().list(&saltenv)?;
            let mut files: Vec<&String> = listed.iter().filter(|file| file.starts_with(&root)).collect();
            let mut ignored = HashSet::new();
            if self.keep_symlinks {
                self.links(ctx, &saltenv, &root, &mut files, &mut all, &mut ignored)?;
            }
            for file in files {
                let Some(relative) = self.wanted(file, &root) else { continue };
                let dest = self.dest(relative);
                if all.is_occupied(&dest) {
                    continue;
                }
                let at = Path::new(&dest);
                all.keep.insert(at.to_owned());
                all.dirs.extend(at.parent().map(|dir| dir.display().to_string()));
                for dir in at.ancestors().skip(1) {
                    if !all.above.insert(dir.display().to_string()) {
                        break;
                    }
                }
                all.files.insert(dest, format!("salt://{file}?saltenv={saltenv}"));
            }
            if self.include_empty {
                for dir in ctx.files().dirs(&saltenv)?.iter().filter(|dir| dir.starts_with(&root)) {
                    let Some(relative) = self.wanted(dir, &root) else { continue };
                    let dest = self.dest(relative);
                    if ignored.contains(&dest) || all.is_occupied(&dest) {
                        continue;
                    }
                    all.keep.insert(dest.clone().into());
                    all.above.insert(dest.clone());
                    all.dirs.insert(dest);
                }
            } else if self.keep_symlinks {
                self.drop_links(ctx, &saltenv, &root, &mut all)?;
            }
        }
        Ok(all)
    }

    /// Links that stay links: what is behind them is not copied.
    fn links(
        &self,
        ctx: &Ctx<'_>,
        saltenv: &str,
        root: &str,
        files: &mut Vec<&String>,
        all: &mut Managing,
        ignored: &mut HashSet<String>,
    ) -> Result<(), StateError> {
        for (link, target) in ctx.files().symlinks(saltenv)?.iter().filter(|(link, _)| link.starts_with(root))
        {
            let inside = format!("{link}/");
            let was_dir = files.iter().any(|file| file.starts_with(&inside));
            files.retain(|file| *file != link && !file.starts_with(&inside));
            let Some(relative) = self.wanted(link, root) else { continue };
            let dest = self.dest(relative);
            if all.is_occupied(&dest) {
                continue;
            }
            let leads = normal(&parent(&dest).join(target));
            if was_dir && all.files.contains_key(&leads) {
                ignored.insert(dest);
                continue;
            }
            if !was_dir && all.dirs.contains(&leads) {
                continue;
            }
            all.keep.insert(dest.clone().into());
            all.links.insert(dest, target.clone());
        }
        Ok(())
    }

    /// Links to directories that are not made, because there is nothing in them, are not made either.
    fn drop_links(
        &self,
        ctx: &Ctx<'_>,
        saltenv: &str,
        root: &str,
        all: &mut Managing,
    ) -> Result<(), StateError> {
        let dirs = ctx.files().dirs(saltenv)?;
        loop {
            let empty = all.links.iter().find(|(_, target)| {
                let on_server = normal(&Path::new(root).join(target));
                let here = normal(&Path::new(self.name).join(target));
                let made = all.files.contains_key(&here)
                    || all.above.contains(&here)
                    || all.links.contains_key(&here);
                dirs.contains(&on_server) && !made
            });
            let Some(link) = empty.map(|(link, _)| link.clone()) else { return Ok(()) };
            all.links.remove(&link);
        }
    }
}

/// What another `file.recurse` looks after; nothing when it has no source.
pub(super) fn managed_by(ctx: &Ctx<'_>, low: &Dict) -> HashSet<PathBuf> {
    let name = expand_user(ctx, &argument(low, "name").to_string());
    let flag = |key: &str| argument(low, key).is_true();
    let found = sources(ctx, argument(low, "source")).and_then(|sources| {
        let tree = Tree {
            name: &name,
            sources,
            keep_symlinks: flag("keep_symlinks"),
            filter: Filter::new(argument(low, "include_pat"), argument(low, "exclude_pat"))?,
            maxdepth: argument(low, "maxdepth").as_int().and_then(|n| usize::try_from(n).ok()),
            include_empty: flag("include_empty"),
            merge: flag("merge"),
        };
        tree.managing(ctx)
    });
    found.map(|all| all.keep).unwrap_or_default()
}

/// The result of all parts.
struct Whole {
    result: Option<bool>,
    changes: Dict,
    comments: Vec<(String, String)>,
}

impl Whole {
    fn say(&mut self, path: &str, comment: String) {
        match self.comments.iter_mut().find(|(of, _)| of == path) {
            Some((_, said)) => *said = format!("{said}\n{comment}"),
            None => self.comments.push((path.to_owned(), comment)),
        }
    }

    fn add(&mut self, path: &str, part: Outcome) {
        if part.result == Some(false) || self.result == Some(true) {
            self.result = part.result;
        }
        if part.result != Some(true) && !part.comment.is_empty() {
            self.say(path, part.comment);
        }
        if !part.changes.is_empty() {
            self.changes.insert(path, part.changes);
        }
    }

    fn outcome(self, name: &str) -> Outcome {
        let said: Vec<String> =
            self.comments.iter().map(|(path, said)| format!("\n#### {path} ####\n{said}")).collect();
        let mut comment = said.join("\n").trim().to_owned();
        if comment.is_empty() {
            comment = format!("Recursively updated {name}");
        }
        if self.changes.is_empty() && self.result == Some(true) {
            comment = format!("The directory {name} is in the correct state");
        }
        Outcome::new(self.result, comment).with_changes(self.changes)
    }
}

/// Takes away what is not of the right kind, as `clean` has it.
fn clear(ctx: &Ctx<'_>, path: &str, whole: &mut Whole, would: String, did: &str) -> Result<bool, StateError> {
    if ctx.test {
        whole.add(path, Outcome::new(None, would));
        return Ok(false);
    }
    ctx.host.remove_all(Path::new(path))?;
    whole.add(path, Outcome::new(Some(true), "").with_changes(Dict::new().with("diff", did)));
    Ok(true)
}

fn outcome_of(part: Result<Outcome, StateError>) -> Outcome {
    part.unwrap_or_else(StateError::into_outcome)
}

impl Recurse {
    /// What every file has in common.
    fn file(&self, ctx: &Ctx<'_>, user: &Value) -> Result<Managed, StateError> {
        let own = |key: &str| Self::FIELDS.iter().any(|field| field.name == key) || key == "makedirs";
        let mut given = Dict::new();
        for (key, value) in ctx.chunk().into_iter().flat_map(|chunk| &chunk.low) {
            if key.as_str().is_some_and(|key| !own(key) && !sls::INTERNAL_KEYWORDS.contains(&key)) {
                given.insert(key.clone(), value.clone());
            }
        }
        given.insert("name", "");
        let mut file: Managed = read(given).map_err(|e| StateError::refused(e.to_string()))?;
        file.keep_source = self.keep_source;
        file.user = user.clone();
        file.group = self.group.clone();
        file.mode = self.file_mode;
        file.template = self.template.clone();
        file.makedirs = Flag(true);
        file.replace = self.replace;
        file.context = self.context.clone();
        file.defaults = self.defaults.clone();
        file.backup = self.backup.clone();
        Ok(file)
    }

    fn links(&self, ctx: &Ctx<'_>, user: &Value, links: &BTreeMap<String, String>, whole: &mut Whole) {
        let mut left: Vec<&String> = links.keys().collect();
        while !left.is_empty() {
            let before = left.len();
            let (now, later): (Vec<&String>, Vec<&String>) = left.iter().partition(|link| {
                let target = links.get(**link).map_or("", String::as_str);
                let leads = normal(&parent(link).join(target));
                !left.contains(&&leads) || leads == ***link
            });
            // Links in a ring have no first one.
            let now = if now.is_empty() { std::mem::take(&mut left) } else { now };
            for link in now {
                let target = links.get(link).cloned().unwrap_or_default();
                let state = Symlink::of(link, target, self.force_symlinks, user, &self.group, self.sym_mode);
                whole.add(link, outcome_of(state.act(ctx)));
            }
            left = later;
            if left.len() == before {
                return;
            }
        }
    }
}

impl Act for Recurse {
    const FUN: &'static str = "file.recurse";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let name = expand_user(ctx, &self.name);
        let user = owner_of(&self.user, &self.owner);
        let refuse = |text: String| Err(StateError::refused(text));
        if !self.mode.is_none() {
            return refuse(
                "'mode' is not allowed in 'file.recurse'. Please use 'file_mode' and 'dir_mode'.".to_owned(),
            );
        }
        let perms = Perms::new(&user, &self.group, bits(&self.dir_mode));
        perms.check(ctx)?;
        if !name.starts_with('/') {
            return refuse(relative(&name));
        }
        let sources = match sources(ctx, &self.source) {
            Ok(sources) => sources,
            Err(error) => return refuse(format!("Recurse failed: {error}")),
        };
        let path = Path::new(&name);
        if !ctx.host.is_dir(path) {
            if ctx.host.exists(path) {
                return refuse(format!("The path {name} exists and is not a directory"));
            }
            if !ctx.test {
                make_dirs(ctx, &path.join("-").display().to_string(), &perms)?;
            }
        }
        let tree = Tree {
            name: &name,
            sources,
            keep_symlinks: self.keep_symlinks.0,
            filter: Filter::new(&self.include_pat, &self.exclude_pat)?,
            maxdepth: self.maxdepth,
            include_empty: self.include_empty.0,
            merge: self.merge.0,
        };
        let Managing { files, dirs, links, mut keep, .. } = tree.managing(ctx)?;
        let mut whole = Whole { result: Some(true), changes: Dict::new(), comments: Vec::new() };
        let host: &dyn Host = ctx.host;
        for dir in &dirs {
            let at = Path::new(dir);
            if self.clean.0
                && host.exists(at)
                && !host.is_dir(at)
                && !clear(
                    ctx,
                    dir,
                    &mut whole,
                    format!("Replacing {dir} with a directory"),
                    "Replaced file with a directory",
                )?
            {
                continue;
            }
            let state = Directory::plain(dir, &user, &self.group, self.dir_mode);
            whole.add(dir, outcome_of(state.act(ctx)));
        }
        let mut file = self.file(ctx, &user)?;
        for (dest, source) in files {
            if self.clean.0
                && self.replace.0
                && host.is_dir(Path::new(&dest))
                && !clear(
                    ctx,
                    &dest,
                    &mut whole,
                    format!("Replacing directory {dest} with a file"),
                    "Replaced directory with a new file",
                )?
            {
                continue;
            }
            file.set(&dest, source);
            whole.add(&dest, outcome_of(file.act(ctx)));
        }
        self.links(ctx, &user, &links, &mut whole);
        if self.clean.0 {
            keep.extend(keep::required(ctx, &name, &self.require)?);
            let removed = keep::clean(ctx, &name, &keep, &self.exclude_pat)?;
            if !removed.is_empty() {
                if ctx.test {
                    if whole.result == Some(true) {
                        whole.result = None;
                    }
                    whole.say("removed", removed.join("\n"));
                } else {
                    whole.changes.insert("removed", removed);
                }
            }
        }
        Ok(whole.outcome(&name))
    }
}

//! The functions behind `file.managed`, for those who call them by themselves.

use std::path::{Path, PathBuf};

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::manage::{self, Content, Data, Fetch, File, From, Ignore, NoSource};
use super::sum::{self, Sum};
use crate::exec::{ExecError, ExecFn};
use crate::fileclient::Source;
use crate::hash::Kind;
use crate::states::file::managed::temporary;
use crate::states::file::texts::render;
use crate::states::file::util::{Perms, bits, expand_user, show_mode};
use crate::states::{Outcome, StateError};
use crate::{Ctx, args};

args! {
    /// Tell whether a managed file is as it is to be, and what would change. Returns a result and a comment.
    ///
    /// CLI Example: `rsalt '*' file.check_managed /etc/httpd/conf.d/httpd.conf salt://http/httpd.conf '' '' root root 755 '' jinja '' '' base`
    pub(crate) struct CheckManaged(Managing);

    /// Return what would change of a managed file; `[False, comment]` when its source is not there.
    ///
    /// CLI Example: `rsalt '*' file.check_managed_changes /etc/httpd/conf.d/httpd.conf salt://http/httpd.conf '' '' root root 755 '' jinja '' '' base`
    pub(crate) struct CheckManagedChanges(Managing);

    /// Return what would change of a file whose new content is in another one.
    ///
    /// CLI Example: `rsalt '*' file.check_file_meta /etc/httpd/conf.d/httpd.conf /tmp/new None '{}' root root 755 None base`
    pub(crate) struct CheckFileMeta(Managing);

    /// Return the file that a source is cached in, its hash, and what there is to say when it is not there.
    ///
    /// CLI Example: `rsalt '*' file.get_managed /etc/httpd/conf.d/httpd.conf jinja salt://http/httpd.conf '' '' root root 755 '' base None None`
    pub(crate) struct GetManaged(Managing);

    /// Have a file with the content of another one, or with contents, owner and mode: the second half of
    /// `file.managed`.
    ///
    /// CLI Example: `rsalt '*' file.manage_file /etc/httpd/conf.d/httpd.conf '' '{}' salt://http/httpd.conf '{}' root root 755 '' base ''`
    pub(crate) struct ManageFile(Managing);

    /// What these functions are told.
    struct Managing {
        name: String,
        #[serde(default)]
        sfn: Value,
        #[serde(default)]
        ret: Value,
        #[serde(default)]
        source: Value,
        #[serde(default)]
        source_sum: Value,
        #[serde(default)]
        source_hash: Value,
        #[serde(default)]
        source_hash_name: Option<String>,
        #[serde(default)]
        user: Value,
        #[serde(default)]
        group: Value,
        #[serde(default)]
        mode: Value,
        #[serde(default)]
        attrs: Value,
        #[serde(default)]
        template: Value,
        #[serde(default)]
        context: Value,
        #[serde(default)]
        defaults: Value,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default)]
        contents: Value,
        #[serde(default)]
        skip_verify: Flag,
        #[serde(default)]
        keep_mode: Flag,
        #[serde(default)]
        follow_symlinks: Value,
        #[serde(default)]
        backup: Value,
        #[serde(default)]
        makedirs: Flag,
        #[serde(default = yes)]
        show_changes: Flag,
        #[serde(default)]
        dir_mode: Value,
        #[serde(default)]
        encoding: Value,
        #[serde(default)]
        new_file_diff: Flag,
        #[serde(default = yes)]
        verify_ssl: Flag,
        #[serde(default)]
        use_etag: Flag,
    }

    /// Return the difference between two files, of this machine or the file server.
    ///
    /// CLI Example: `rsalt '*' file.get_diff /home/fred/.vimrc salt://users/fred/.vimrc`
    pub(crate) struct GetDiff {
        file1: String,
        file2: String,
        #[serde(default)]
        saltenv: Option<String>,
        #[serde(default = yes)]
        show_filenames: Flag,
        #[serde(default = yes)]
        show_changes: Flag,
        #[serde(default)]
        ignore_ordering: Flag,
        #[serde(default)]
        ignore_whitespace: Flag,
        #[serde(default)]
        ignore_comment_characters: Value,
    }

    /// Have a file with this owner, mode and attributes. Returns a result and what it was.
    ///
    /// CLI Example: `rsalt '*' file.check_perms /etc/sudoers '{}' root root 400 ai`
    pub(crate) struct CheckPerms {
        name: String,
        ret: Value,
        user: Value,
        group: Value,
        mode: Value,
        #[serde(default)]
        attrs: Value,
        #[serde(default)]
        follow_symlinks: Flag,
        #[serde(default)]
        seuser: Value,
        #[serde(default)]
        serole: Value,
        #[serde(default)]
        setype: Value,
        #[serde(default)]
        serange: Value,
    }

    /// Return a text rendered as a template.
    ///
    /// CLI Example: `rsalt '*' file.apply_template_on_contents contents='This is a {{ template }} string.' template=jinja "context={}" "defaults={'template': 'cool'}" saltenv=base`
    pub(crate) struct ApplyTemplateOnContents {
        contents: String,
        template: String,
        context: Value,
        defaults: Value,
        saltenv: String,
    }
}

fn yes() -> Flag {
    Flag(true)
}

fn mode_of(mode: &Value) -> Option<u32> {
    bits(&Mode::from_value(mode))
}

fn failed(error: StateError) -> ExecError {
    match error {
        StateError::Exec(error) => error,
        other => ExecError::command(other.to_string()),
    }
}

/// A result as state functions return it.
fn told(name: &str, outcome: Outcome) -> Value {
    let mut ret = Dict::new()
        .with("name", name)
        .with("changes", outcome.changes)
        .with("comment", outcome.comment)
        .with("result", outcome.result.map_or(Value::None, Value::from));
    ret.extend(outcome.extra);
    ret.into()
}

impl Managing {
    fn saltenv(&self, ctx: &Ctx<'_>) -> String {
        self.saltenv.clone().filter(|env| !env.is_empty()).unwrap_or_else(|| ctx.saltenv())
    }

    fn file<'a>(&'a self, name: &'a str, backup: &'a str, follow: bool) -> File<'a> {
        File {
            name,
            perms: Perms::new(&self.user, &self.group, mode_of(&self.mode)),
            attrs: self.attrs.is_true().then(|| self.attrs.to_string()),
            selinux: &Value::None,
            backup,
            makedirs: self.makedirs.0,
            dir_mode: mode_of(&self.dir_mode),
            show_changes: self.show_changes.0,
            follow_symlinks: if self.follow_symlinks.is_none() {
                follow
            } else {
                self.follow_symlinks.is_true()
            },
            new_file_diff: self.new_file_diff.0,
            ignore: Ignore { ordering: false, whitespace: false, comment_characters: &Value::None },
        }
    }

    fn fetch(&self, ctx: &Ctx<'_>, name: &str) -> Result<Option<From>, NoSource> {
        let saltenv = self.saltenv(ctx);
        let (source, hash) = sum::source_list(ctx, &self.source, &self.source_hash, &saltenv)?;
        if !source.is_true() {
            return Ok(None);
        }
        let mut context = manage::about(&self.user, &self.group, mode_of(&self.mode), &self.attrs);
        let given = |value: &Value| if value.is_true() { value.clone() } else { Value::None };
        let variables = manage::variables(&given(&self.defaults), &given(&self.context));
        context.extend(variables.map_err(|error| NoSource::Raised(error.to_string()))?);
        let template = self.template.is_true().then(|| self.template.to_string());
        let fetch = Fetch {
            name,
            source: &source.to_string(),
            source_hash: &hash,
            source_hash_name: self.source_hash_name.as_deref(),
            template: template.as_deref(),
            context,
            saltenv: &saltenv,
            skip_verify: self.skip_verify.0,
            use_etag: self.use_etag.0,
            verify_ssl: self.verify_ssl.0,
            signature: None,
            hash_signature: None,
        };
        fetch.get(ctx).map(Some)
    }

    /// The hash that the call brings.
    fn sum(&self) -> Option<Sum> {
        let text = |key: &str| self.source_sum.get(key).map(Value::to_string);
        let kind = text("hash_type").and_then(|name| Kind::from_name(&name));
        text("hsum").map(|sum| (kind.unwrap_or(Kind::Sha256), sum.to_lowercase()))
    }

    /// The content that the call names: its own, or in a file that was got before.
    fn data(&self, ctx: &Ctx<'_>) -> Result<Data, ExecError> {
        if !self.contents.is_none() {
            return match &self.contents {
                Value::Bytes(data) => Ok(Data::Own(data.to_vec())),
                text => Data::encoded(&text.to_string(), &self.encoding, "strict"),
            };
        }
        let source = if self.source.is_true() { self.source.to_string() } else { String::new() };
        let mut at = self.sfn.is_true().then(|| PathBuf::from(self.sfn.to_string()));
        if at.is_none() && !source.is_empty() {
            let found =
                Source::parse(&source).map_or(Ok(None), |source| source.cache(ctx, &self.saltenv(ctx)))?;
            at = Some(found.ok_or_else(|| ExecError::command(format!("Source file '{source}' not found")))?);
        }
        let Some(at) = at else { return Ok(Data::Nothing) };
        let salt = source.starts_with("salt://");
        let sum = match self.sum() {
            Some(sum) => sum,
            None => (Kind::Sha256, ctx.host.hash(&at, Kind::Sha256)?),
        };
        Ok(Data::Source(From::here(
            &source,
            at,
            Some(sum),
            !source.is_empty() && !salt && !self.skip_verify.0,
        )))
    }

    /// What would change; an error is what there is to say.
    fn would(&self, ctx: &Ctx<'_>) -> Result<Result<Dict, String>, ExecError> {
        let name = expand_user(ctx, &self.name);
        let mut file = self.file(&name, "", false);
        let mut data = if self.contents.is_none() {
            match self.fetch(ctx, &name) {
                Ok(Some(from)) => {
                    if self.keep_mode.0 && from.mode.is_some() {
                        file.perms.mode = from.mode;
                    }
                    Data::Source(from)
                }
                Ok(None) => Data::Nothing,
                Err(NoSource::Said(text)) => return Ok(Err(text)),
                Err(NoSource::Raised(text)) => return Err(ExecError::command(text)),
            }
        } else {
            self.data(ctx)?
        };
        Ok(Ok(file.would(ctx, &mut data).map_err(failed)?.0))
    }
}

impl ExecFn for CheckManaged {
    const FUN: &'static str = "file.check_managed";
    const SIGNATURE: &'static str = "name, source, source_hash, source_hash_name, user, group, mode, attrs, template, \
                                     context, defaults, saltenv, contents=None, skip_verify=False, \
                                     follow_symlinks=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let name = &self.0.name;
        let (result, comment) = match self.0.would(ctx)? {
            Err(text) => (Value::from(false), text),
            Ok(changes) if changes.is_empty() => {
                (true.into(), format!("The file {name} is in the correct state"))
            }
            Ok(changes) => {
                let lines = changes.iter().map(|(key, change)| format!("{key}: {change}\n"));
                let said =
                    format!("The following values are set to be changed:\n{}", lines.collect::<String>());
                (Value::None, said)
            }
        };
        Ok(vec![result, comment.into()].into())
    }
}

impl ExecFn for CheckManagedChanges {
    const FUN: &'static str = "file.check_managed_changes";
    const SIGNATURE: &'static str = "name, source, source_hash, source_hash_name, user, group, mode, attrs, template, \
                                     context, defaults, saltenv, contents=None, skip_verify=False, keep_mode=False, \
                                     verify_ssl=True, follow_symlinks=False, new_file_diff=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(match self.0.would(ctx)? {
            Ok(changes) => changes.into(),
            Err(text) => vec![Value::from(false), text.into()].into(),
        })
    }
}

impl ExecFn for CheckFileMeta {
    const FUN: &'static str = "file.check_file_meta";
    const SIGNATURE: &'static str = "name, sfn, source, source_sum, user, group, mode, attrs, saltenv, contents=None, \
                                     verify_ssl=True, follow_symlinks=False, new_file_diff=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let name = expand_user(ctx, &self.0.name);
        let file = self.0.file(&name, "", false);
        Ok(file.would(ctx, &mut self.0.data(ctx)?).map_err(failed)?.0.into())
    }
}

impl ExecFn for GetManaged {
    const FUN: &'static str = "file.get_managed";
    const SIGNATURE: &'static str = "name, template, source, source_hash, source_hash_name, user, group, mode, attrs, \
                                     saltenv, context, defaults, skip_verify=False, verify_ssl=True, use_etag=False, \
                                     **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let triple = |at: Option<PathBuf>, sum: Option<Sum>, comment: String| {
            let sum = sum.map_or_else(Dict::new, |(kind, sum)| {
                Dict::new().with("hash_type", kind.name()).with("hsum", sum)
            });
            let at = at.map(|at| at.display().to_string()).unwrap_or_default();
            Ok(vec![Value::from(at), sum.into(), comment.into()].into())
        };
        match self.0.fetch(ctx, &expand_user(ctx, &self.0.name)) {
            Ok(None) => triple(None, None, String::new()),
            Ok(Some(mut from)) => {
                let at = from.file(ctx, temporary(ctx, None, ""))?;
                triple(at, from.sum, String::new())
            }
            Err(NoSource::Said(text)) => triple(None, None, text),
            Err(NoSource::Raised(text)) => Err(ExecError::command(text)),
        }
    }
}

impl ExecFn for ManageFile {
    const FUN: &'static str = "file.manage_file";
    const SIGNATURE: &'static str = "name, sfn, ret, source, source_sum, user, group, mode, attrs, saltenv, backup, \
                                     makedirs=False, template=None, show_changes=True, contents=None, dir_mode=None, \
                                     follow_symlinks=True, skip_verify=False, keep_mode=False, encoding=None, \
                                     encoding_errors='strict', verify_ssl=True, use_etag=False, \
                                     new_file_diff=False, **kwargs";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let name = expand_user(ctx, &self.0.name);
        let backup = if self.0.backup.is_true() { self.0.backup.to_string() } else { String::new() };
        let file = self.0.file(&name, &backup, true);
        let mut outcome = match self.0.data(ctx) {
            Ok(data) => file.manage(ctx, data).unwrap_or_else(StateError::into_outcome),
            Err(error) => Outcome::new(Some(false), error.to_string()),
        };
        // What the caller has changed before goes with it.
        if let Some(before) = self.0.ret.get("changes").and_then(Value::as_dict) {
            let mut changes = before.clone();
            changes.extend(outcome.changes);
            outcome.changes = changes;
        }
        let named = self.0.ret.get("name").map_or(name.clone(), Value::to_string);
        Ok(told(&named, outcome))
    }
}

impl ExecFn for GetDiff {
    const FUN: &'static str = "file.get_diff";
    const SIGNATURE: &'static str = "file1, file2, saltenv='base', show_filenames=True, show_changes=True, \
                                     template=False, source_hash_file1=None, source_hash_file2=None, \
                                     ignore_ordering=False, ignore_whitespace=False, ignore_comment_characters=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let saltenv = self.saltenv.as_deref().unwrap_or("base");
        let (mut at, mut errors) = (Vec::new(), Vec::new());
        for name in [&self.file1, &self.file2] {
            let found = match Source::parse(name) {
                Some(source) => source.cache(ctx, saltenv)?,
                None => None,
            };
            match found {
                Some(path) => at.push(path),
                None => errors.push(format!("File {name} not found")),
            }
        }
        let [first, second] = at.as_slice() else {
            let problem = format!("Failed to cache one or more files\n{}", errors.join("\n"));
            return Err(ExecError::command(problem));
        };
        let mut diff = manage::difference(ctx, Content::File(first), Content::File(second))?;
        if diff.starts_with("Replace ")
            && ctx.host.hash(first, Kind::Sha256)? == ctx.host.hash(second, Kind::Sha256)?
        {
            diff.clear();
        }
        let ignore = Ignore {
            ordering: self.ignore_ordering.0,
            whitespace: self.ignore_whitespace.0,
            comment_characters: &self.ignore_comment_characters,
        };
        let counts = ignore.counts(&diff);
        if !diff.is_empty() && !self.show_changes.0 {
            diff = "<show_changes=False>".to_owned();
        } else if self.show_filenames.0 {
            let header = format!("--- {}\n+++ {}\n", first.display(), second.display());
            diff = diff.replacen("--- \n+++ \n", &header, 1);
        }
        Ok(if ignore.any() { vec![Value::from(counts), diff.into()].into() } else { diff.into() })
    }
}

impl ExecFn for CheckPerms {
    const FUN: &'static str = "file.check_perms";
    const SIGNATURE: &'static str = "name, ret, user, group, mode, attrs=None, follow_symlinks=False, seuser=None, \
                                     serole=None, setype=None, serange=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let name = expand_user(ctx, &self.name);
        let path = Path::new(&name);
        let stat = if self.follow_symlinks.0 { ctx.host.stat(path)? } else { ctx.host.lstat(path)? };
        let stat = stat.ok_or_else(|| ExecError::command(format!("Path not found: {name}")))?;
        let mut selinux = Dict::new();
        for (key, part) in [
            ("seuser", &self.seuser),
            ("serole", &self.serole),
            ("setype", &self.setype),
            ("serange", &self.serange),
        ] {
            if part.is_true() {
                selinux.insert(key, part.clone());
            }
        }
        let selinux = selinux.into();
        let mode = mode_of(&self.mode);
        let file = File {
            name: &name,
            perms: Perms::new(&self.user, &self.group, mode),
            attrs: (!self.attrs.is_none()).then(|| self.attrs.to_string()),
            selinux: &selinux,
            backup: "",
            makedirs: false,
            dir_mode: None,
            show_changes: true,
            follow_symlinks: self.follow_symlinks.0,
            new_file_diff: false,
            ignore: Ignore { ordering: false, whitespace: false, comment_characters: &Value::None },
        };
        let mut outcome = Outcome::new(Some(true), "");
        let old = self.ret.as_dict().filter(|old| !old.is_empty());
        if let Some(old) = old {
            outcome.result = old.get("result").and_then(Value::as_bool);
            outcome.changes = old.get("changes").and_then(Value::as_dict).cloned().unwrap_or_default();
            outcome.comment = old.get("comment").map(Value::to_string).unwrap_or_default();
        }
        let asked = file.perms.wanting(ctx, &stat).map_err(failed)?;
        file.enforce(ctx, mode, &mut outcome).map_err(failed)?;
        if ctx.test && !outcome.changes.is_empty() {
            outcome.result = None;
        }
        let user = |id| super::names::user(ctx, id);
        let group = |id| super::names::group(ctx, id);
        let number = |given: &Value| given.as_int().is_some();
        let mut perms = Dict::new()
            .with("luser", if number(&self.user) { stat.uid.into() } else { user(stat.uid) })
            .with("lgroup", if number(&self.group) { stat.gid.into() } else { group(stat.gid) })
            .with("lmode", show_mode(stat.mode));
        for (key, wanted) in asked {
            perms.insert(format!("c{key}"), wanted);
        }
        let named = old.and_then(|old| old.get("name")).map_or(name.clone(), Value::to_string);
        let ret = told(&named, outcome);
        Ok(vec![ret, perms.into()].into())
    }
}

impl ExecFn for ApplyTemplateOnContents {
    const FUN: &'static str = "file.apply_template_on_contents";
    const SIGNATURE: &'static str = "contents, template, context, defaults, saltenv";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if self.template != "jinja" {
            return Ok(Dict::new()
                .with("result", false)
                .with("comment", format!("Specified template format {} is not supported", self.template))
                .into());
        }
        let context = manage::variables(&self.defaults, &self.context).map_err(failed)?;
        render(ctx, &self.contents, "contents", &self.template, &self.saltenv, context)
            .map(Value::from)
            .map_err(ExecError::command)
    }
}

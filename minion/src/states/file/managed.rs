//! `file.managed`: a file with this content, owner and mode.

use std::path::{Path, PathBuf};

use data::loose::{Flag, Mode};
use data::{Dict, Value};

use super::accumulated;
use super::act::{Act, relative};
use super::util::{Perms, bits, expand_user, show_mode};
pub(super) use crate::exec::file::manage::variables;
use crate::exec::file::manage::{self, Data, Fetch, File, From, Ignore, NoSource};
use crate::exec::file::sum;
use crate::exec::gpg::{Check, Required};
use crate::exec::{ExecError, cmd};
use crate::fileclient::Source;
use crate::hash::Kind;
use crate::host::{Errors, FileKind};
use crate::states::{Outcome, StateError};
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
    ///     - check_cmd: app --check         # is given a file with the new content first (tmp_dir, tmp_ext)
    /// ```
    ///
    /// Instead of `source`: `contents` (text or list of lines), `contents_pillar` or `contents_grains` (keys),
    /// with `contents_newline`, `contents_delimiter`, `allow_empty`, `encoding`. `replace: False` leaves the content of
    /// a file that is there alone, `create: False` makes none. `source_hash` (a hash, `type=hash`, or a file of hashes,
    /// with `source_hash_name`) checks a source that is not the file server's; `skip_verify` does not ask for one.
    /// `backup: minion` keeps what was there, `show_changes: False` hides the diff, `new_file_diff: True` shows one of a
    /// new file, `follow_symlinks: False` puts the file in a link's place. `ignore_ordering`, `ignore_whitespace`,
    /// `ignore_comment_characters`: such differences trigger nothing. `attrs`, `selinux`: attributes and context.
    /// Changes: `diff`, `mode`, `user`, `group`, `attrs`.
    pub(crate) struct Managed {
        name: String,
        #[serde(default)]
        pub(super) source: Value,
        #[serde(default)]
        pub(super) source_hash: Value,
        #[serde(default)]
        pub(super) source_hash_name: Option<String>,
        #[serde(default = yes)]
        pub(super) keep_source: Flag,
        #[serde(default)]
        pub(super) user: Value,
        #[serde(default)]
        owner: Value,
        #[serde(default)]
        pub(super) group: Value,
        #[serde(default)]
        pub(super) mode: Option<Mode>,
        #[serde(default)]
        file_mode: Value,
        #[serde(default)]
        attrs: Value,
        #[serde(default)]
        pub(super) template: Option<String>,
        #[serde(default)]
        pub(super) makedirs: Flag,
        #[serde(default)]
        dir_mode: Option<Mode>,
        #[serde(default)]
        pub(super) context: Value,
        #[serde(default)]
        pub(super) defaults: Value,
        #[serde(default = yes)]
        pub(super) replace: Flag,
        #[serde(default)]
        pub(super) backup: Value,
        #[serde(default = yes)]
        pub(super) show_changes: Flag,
        #[serde(default = yes)]
        create: Flag,
        #[serde(default)]
        contents: Value,
        #[serde(default)]
        tmp_dir: Option<String>,
        #[serde(default)]
        tmp_ext: Option<String>,
        #[serde(default)]
        contents_pillar: Value,
        #[serde(default)]
        contents_grains: Value,
        #[serde(default = yes)]
        contents_newline: Flag,
        #[serde(default = colon)]
        contents_delimiter: String,
        #[serde(default)]
        encoding: Value,
        #[serde(default)]
        encoding_errors: Option<String>,
        #[serde(default = yes)]
        allow_empty: Flag,
        #[serde(default = yes)]
        follow_symlinks: Flag,
        #[serde(default)]
        check_cmd: Value,
        #[serde(default)]
        pub(super) skip_verify: Flag,
        #[serde(default)]
        selinux: Value,
        #[serde(default)]
        use_etag: Flag,
        #[serde(default)]
        signature: Value,
        #[serde(default)]
        source_hash_sig: Value,
        #[serde(default)]
        signed_by_any: Value,
        #[serde(default)]
        signed_by_all: Value,
        #[serde(default)]
        keyring: Value,
        #[serde(default)]
        gnupghome: Value,
        #[serde(default)]
        sig_backend: String,
        #[serde(default)]
        ignore_ordering: Flag,
        #[serde(default)]
        ignore_whitespace: Flag,
        #[serde(default)]
        ignore_comment_characters: Value,
        #[serde(default)]
        new_file_diff: Flag,
        #[serde(default = yes)]
        verify_ssl: Flag,
    }
}

pub(super) fn yes() -> Flag {
    Flag(true)
}

fn colon() -> String {
    ":".to_owned()
}

/// `user`, else `owner`, which Salt takes for it with a warning.
pub(super) fn owner_of(user: &Value, owner: &Value) -> Value {
    if user.is_true() || owner.is_none() {
        return user.clone();
    }
    tracing::warn!("Use of argument owner found, \"owner\" is invalid, please use \"user\"");
    owner.clone()
}

impl Managed {
    /// A file that only has a name: it is to be there.
    pub(super) fn named(name: &str) -> Self {
        Managed {
            name: name.to_owned(),
            source: Value::None,
            source_hash: Value::None,
            source_hash_name: None,
            keep_source: Flag(true),
            user: Value::None,
            owner: Value::None,
            group: Value::None,
            mode: None,
            file_mode: Value::None,
            attrs: Value::None,
            template: None,
            makedirs: Flag(false),
            dir_mode: None,
            context: Value::None,
            defaults: Value::None,
            replace: Flag(true),
            backup: Value::None,
            show_changes: Flag(true),
            create: Flag(true),
            contents: Value::None,
            tmp_dir: None,
            tmp_ext: None,
            contents_pillar: Value::None,
            contents_grains: Value::None,
            contents_newline: Flag(true),
            contents_delimiter: colon(),
            encoding: Value::None,
            encoding_errors: None,
            allow_empty: Flag(true),
            follow_symlinks: Flag(true),
            check_cmd: Value::None,
            skip_verify: Flag(false),
            selinux: Value::None,
            use_etag: Flag(false),
            signature: Value::None,
            source_hash_sig: Value::None,
            signed_by_any: Value::None,
            signed_by_all: Value::None,
            keyring: Value::None,
            gnupghome: Value::None,
            sig_backend: String::new(),
            ignore_ordering: Flag(false),
            ignore_whitespace: Flag(false),
            ignore_comment_characters: Value::None,
            new_file_diff: Flag(false),
            verify_ssl: Flag(true),
        }
    }

    /// The same for another file and another source.
    pub(super) fn set(&mut self, name: &str, source: String) {
        self.name = name.to_owned();
        self.source = source.into();
    }

    fn given_contents(&self) -> [&Value; 3] {
        [&self.contents, &self.contents_pillar, &self.contents_grains]
    }

    /// The content that the state says itself: what it says, by which argument.
    pub(super) fn contents(&self, ctx: &Ctx<'_>) -> Result<Option<(Value, String)>, StateError> {
        let delimiter = &self.contents_delimiter;
        let found = |keys: &Value, within: &Value, what: &str| {
            let find = |key: &Value| {
                data::lookup::traverse(within, &key.to_string(), delimiter)
                    .ok_or_else(|| StateError::refused(format!("{what} {key} does not exist")))
            };
            match keys {
                Value::List(keys) => {
                    let parts: Result<Vec<String>, StateError> =
                        keys.iter().map(|k| Ok(find(k)?.to_string())).collect();
                    Ok(Value::from(parts?.join("\n")))
                }
                key => find(key),
            }
        };
        Ok(if !self.contents_pillar.is_none() {
            let value = found(&self.contents_pillar, &ctx.pillar(), "Pillar")?;
            Some((value, format!("contents_pillar {}", self.contents_pillar)))
        } else if !self.contents_grains.is_none() {
            let value = found(&self.contents_grains, &ctx.grains(), "Grain")?;
            Some((value, format!("contents_grains {}", self.contents_grains)))
        } else if !self.contents.is_none() {
            Some((self.contents.clone(), "'contents'".to_owned()))
        } else {
            None
        })
    }

    pub(super) fn engine(&self) -> Option<&str> {
        self.template.as_deref().filter(|engine| !engine.is_empty())
    }

    pub(super) fn allows_empty(&self) -> bool {
        self.allow_empty.0
    }

    pub(super) fn ends_with_newline(&self) -> bool {
        self.contents_newline.0
    }

    fn encoded(&self, text: &str) -> Result<Data, StateError> {
        Ok(Data::encoded(text, &self.encoding, self.encoding_errors.as_deref().unwrap_or("strict"))?)
    }

    /// What is wrong with the arguments, in Salt's order.
    fn check(&self) -> Result<(), StateError> {
        let refuse = |text: &str| Err(StateError::refused(text));
        let count = self.given_contents().iter().filter(|c| !c.is_none()).count();
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

    /// The variables of templates: `defaults`, `context`, what was accumulated, and arguments that are no other's.
    fn variables(&self, ctx: &Ctx<'_>, name: &str) -> Result<Dict, StateError> {
        let mut variables = Dict::new();
        for (key, value) in ctx.chunk().into_iter().flat_map(|chunk| &chunk.low) {
            let fields = <Self as crate::args::Arguments>::FIELDS;
            if let Some(name) = key.as_str()
                && !sls::INTERNAL_KEYWORDS.contains(&name)
                && !fields.iter().any(|field| field.name == name)
            {
                variables.insert(key.clone(), value.clone());
            }
        }
        variables.extend(manage::variables(&self.defaults, &self.context)?);
        if let Some(collected) = accumulated::for_file(ctx, name) {
            variables.insert("accumulator", collected);
        }
        Ok(variables)
    }

    /// The signatures that the source and the file of its hash are to have.
    fn signatures(&self, ctx: &Ctx<'_>) -> Result<[Option<Required>; 2], ExecError> {
        let check = Check::by(&self.signed_by_any, &self.signed_by_all, &self.keyring, &self.gnupghome)?;
        let saltenv = ctx.saltenv();
        let of = |signature: &Value| {
            Required::of(signature, &self.sig_backend, &check, &saltenv, self.verify_ssl.0)
        };
        Ok([of(&self.signature)?, of(&self.source_hash_sig)?])
    }

    fn fetch(&self, ctx: &Ctx<'_>, name: &str, source: &Value, hash: &Value) -> Result<From, NoSource> {
        let mut context = manage::about(&self.user, &self.group, bits(&self.mode), &self.attrs);
        if self.engine().is_some() {
            context.extend(self.variables(ctx, name).map_err(|e| NoSource::Said(e.to_string()))?);
        }
        let [signature, hash_signature] = self.signatures(ctx)?;
        let fetch = Fetch {
            name,
            source: &source.to_string(),
            source_hash: hash,
            source_hash_name: self.source_hash_name.as_deref(),
            template: self.engine(),
            context,
            saltenv: &ctx.saltenv(),
            skip_verify: self.skip_verify.0,
            use_etag: self.use_etag.0,
            verify_ssl: self.verify_ssl.0,
            signature: signature.as_ref(),
            hash_signature: hash_signature.as_ref(),
        };
        fetch.get(ctx)
    }

    fn file<'a>(&'a self, name: &'a str, user: &Value, backup: &'a str) -> File<'a> {
        File {
            name,
            perms: Perms::new(user, &self.group, bits(&self.mode)),
            attrs: (!self.attrs.is_none()).then(|| self.attrs.to_string()),
            selinux: &self.selinux,
            backup,
            makedirs: self.makedirs.0,
            dir_mode: bits(&self.dir_mode),
            show_changes: self.show_changes.0,
            follow_symlinks: self.follow_symlinks.0,
            new_file_diff: self.new_file_diff.0,
            ignore: Ignore {
                ordering: self.ignore_ordering.0,
                whitespace: self.ignore_whitespace.0,
                comment_characters: &self.ignore_comment_characters,
            },
        }
    }

    /// Whether the file that is there has the hash already that a source from elsewhere is to have.
    fn has_hash(&self, ctx: &Ctx<'_>, name: &str) -> bool {
        let saltenv = ctx.saltenv();
        let Ok((source, hash)) = sum::source_list(ctx, &self.source, &self.source_hash, &saltenv) else {
            return false;
        };
        let Ok([_, signed]) = self.signatures(ctx) else { return false };
        let (source, hash) = (source.to_string(), hash);
        if !hash.is_true() || !matches!(Source::parse(&source), Some(Source::Remote(_))) {
            return false;
        }
        let wanted = sum::Wanted {
            name,
            source: &source,
            source_hash: &hash.to_string(),
            source_hash_name: self.source_hash_name.as_deref(),
            saltenv: &saltenv,
            verify_ssl: self.verify_ssl.0,
            signed: signed.as_ref(),
        };
        let is = |kind: Kind| ctx.host.hash(Path::new(name), kind).ok();
        wanted.find(ctx).is_ok_and(|(kind, sum)| is(kind).as_deref() == Some(sum.as_str()))
    }

    /// The file is to stay as it is but for owner and mode.
    fn only_perms(&self, ctx: &Ctx<'_>, file: &File<'_>) -> Result<Outcome, StateError> {
        let mut ret = Outcome::new(Some(true), "");
        let mode = file.perms.mode;
        let was = ctx.host.stat(Path::new(file.name))?.map(|stat| stat.mode);
        file.enforce(ctx, mode, &mut ret)?;
        if ctx.test {
            if !ret.changes.is_empty() {
                ret.result = None;
            }
            ret.comment = match (mode, was) {
                (Some(mode), Some(was)) if mode != was => format!(
                    "File {} will be updated with permissions {} from its current state of {}",
                    file.name,
                    show_mode(mode),
                    show_mode(was)
                ),
                _ => format!("File {} not updated", file.name),
            };
        } else if ret.changes.is_empty() && ret.result == Some(true) {
            ret.comment = format!("File {} exists with proper permissions. No changes made.", file.name);
        }
        Ok(ret)
    }

    fn would(&self, ctx: &Ctx<'_>, file: &mut File<'_>, data: Option<Data>) -> Result<Outcome, StateError> {
        let mut data = match data {
            Some(data) => data,
            None => match self.source(ctx, file) {
                Ok(data) => data,
                Err(Unmanaged::Said(text)) => return Err(StateError::refused(text)),
                Err(Unmanaged::Raised(text)) => {
                    return Err(StateError::refused(format!("Unable to manage file: {text}")));
                }
            },
        };
        let (changes, counts) = file.would(ctx, &mut data)?;
        if changes.is_empty() {
            return Ok(Outcome::new(Some(true), format!("The file {} is in the correct state", file.name)));
        }
        let comment = format!(
            "The file {} is set to be changed\nNote: No changes made, actual changes may\nbe different due to other \
             states.",
            file.name
        );
        let mut ret = Outcome::new(None, comment).with_changes(changes);
        if file.ignore.any() && !counts {
            ret.extra.insert("skip_req", true);
        }
        Ok(ret)
    }

    /// The content from the source, and its mode for the file when that is to be kept.
    fn source(&self, ctx: &Ctx<'_>, file: &mut File<'_>) -> Result<Data, Unmanaged> {
        let chosen = sum::source_list(ctx, &self.source, &self.source_hash, &ctx.saltenv());
        let (source, hash) = chosen.map_err(|e| Unmanaged::Raised(e.to_string()))?;
        if !source.is_true() {
            return Ok(Data::Nothing);
        }
        let from = self.fetch(ctx, file.name, &source, &hash).map_err(|why| match why {
            NoSource::Said(text) => Unmanaged::Said(text),
            NoSource::Raised(text) => Unmanaged::Raised(text),
        })?;
        if self.mode == Some(Mode::Keep) && from.mode.is_some() {
            file.perms.mode = from.mode;
        }
        Ok(Data::Source(from))
    }

    /// Runs `check_cmd` on the new content; what it says when that is bad.
    fn checked(
        &self,
        ctx: &Ctx<'_>,
        file: &File<'_>,
        data: &mut Data,
    ) -> Result<Option<Outcome>, StateError> {
        if !self.check_cmd.is_true() || file.would(ctx, data)?.0.is_empty() {
            return Ok(None);
        }
        let content = match data.content(ctx)? {
            Some(manage::Content::Bytes(data)) => data.to_vec(),
            Some(manage::Content::File(path)) => ctx.host.read(path)?,
            None => ctx.host.read_opt(Path::new(file.name))?.unwrap_or_default(),
        };
        check(
            ctx,
            &self.check_cmd,
            &content,
            file.perms.mode,
            self.tmp_dir.as_deref(),
            self.tmp_ext.as_deref(),
        )
    }

    fn drop_source(&self, ctx: &Ctx<'_>, path: Option<PathBuf>) {
        let cachedir = ctx.opt("cachedir").map(|v| v.to_string()).unwrap_or_default();
        if let Some(path) = path.filter(|path| !cachedir.is_empty() && path.starts_with(&cachedir))
            && let Err(error) = ctx.host.remove_file(&path)
        {
            tracing::warn!("{error}");
        }
    }
}

/// Why a file is not managed; the words differ with who asks.
enum Unmanaged {
    Said(String),
    Raised(String),
}

/// Runs `check_cmd` on a content in a file of its own; what there is to say when it is bad.
pub(super) fn check(
    ctx: &Ctx<'_>,
    check_cmd: &Value,
    content: &[u8],
    mode: Option<u32>,
    dir: Option<&str>,
    extension: Option<&str>,
) -> Result<Option<Outcome>, StateError> {
    let file = temporary(ctx, dir, extension.unwrap_or_default());
    ctx.host.write_atomic(&file, content, Some(mode.unwrap_or(0o600)))?;
    let options = cmd::Options {
        cmd: format!("{check_cmd} {}", file.display()).into(),
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

/// A name for a file that is gone soon.
pub(crate) fn temporary(ctx: &Ctx<'_>, dir: Option<&str>, extension: &str) -> PathBuf {
    let own = || ctx.host.env("TMPDIR").filter(|dir| !dir.is_empty()).unwrap_or_else(|| "/tmp".to_owned());
    let dir = dir.map_or_else(own, str::to_owned);
    let now = ctx.host.now().duration_since(std::time::SystemTime::UNIX_EPOCH).unwrap_or_default();
    PathBuf::from(format!("{dir}/__salt.tmp.{:x}{:x}{extension}", std::process::id(), now.as_nanos()))
}

fn unmanaged(problem: impl std::fmt::Display) -> StateError {
    StateError::refused(format!("Unable to manage file: {problem}"))
}

impl Act for Managed {
    const FUN: &'static str = "file.managed";
    const KWARGS: bool = true;

    fn act(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        let mut ret = self.managed(ctx)?;
        if !self.file_mode.is_none() {
            let warning = "The 'file_mode' argument will be ignored.  Please use 'mode' instead to set file permissions.";
            ret.extra.insert("warnings", vec![warning]);
        }
        Ok(ret)
    }
}

impl Managed {
    fn managed(&self, ctx: &Ctx<'_>) -> Result<Outcome, StateError> {
        self.check()?;
        let name = expand_user(ctx, &self.name);
        let path = Path::new(&name);
        let mut data = None;
        if let Some(own) = self.own_contents(ctx)? {
            data = Some(match own {
                Value::Bytes(bytes) => Data::Own(bytes.to_vec()),
                text => self.encoded(text.as_str().unwrap_or_default())?,
            });
        }
        let user = owner_of(&self.user, &self.owner);
        let stat = ctx.host.stat(path)?;
        if !self.create.0 && !stat.as_ref().is_some_and(|s| s.kind == FileKind::File) {
            let comment = format!("File {name} is not present and is not set for creation");
            return Ok(Outcome::new(Some(true), comment));
        }
        let backup = if self.backup.is_true() { self.backup.to_string() } else { String::new() };
        let mut file = self.file(&name, &user, &backup);
        file.perms.check(ctx)?;
        if !name.starts_with('/') {
            return Err(StateError::refused(relative(&name)));
        }
        if stat.as_ref().is_some_and(|s| s.kind == FileKind::Dir) {
            return Err(StateError::refused(format!("Specified target {name} is a directory")));
        }
        manage::variables(&self.defaults, &self.context)?;
        if stat.is_some() {
            let replace = self.replace.0 && (data.is_some() || self.source.is_true());
            let is_source = replace && data.is_none() && self.engine().is_none() && !self.skip_verify.0;
            if !replace || (is_source && self.has_hash(ctx, &name)) {
                return self.only_perms(ctx, &file);
            }
        }
        if ctx.test {
            return self.would(ctx, &mut file, data);
        }
        let mut data = match data {
            Some(data) => data,
            None => self.source(ctx, &mut file).map_err(|why| match why {
                Unmanaged::Said(text) | Unmanaged::Raised(text) => unmanaged(text),
            })?,
        };
        if let Some(bad) = self.checked(ctx, &file, &mut data)? {
            return Ok(bad);
        }
        let copy = match &data {
            Data::Source(from) if !self.keep_source.0 => from.path().map(Path::to_owned),
            _ => None,
        };
        let ret = file.manage(ctx, data).map_err(|error| match error {
            refused @ StateError::Refused { .. } => refused,
            other => unmanaged(other),
        });
        self.drop_source(ctx, copy);
        ret
    }
}

//! Configuration, looked up where Salt looks: options, grains, pillar, the master's options in the pillar.

use data::lookup::{DELIMITER, find};
use data::loose::Flag;
use data::merge::{self, Strategy};
use data::{Dict, Value};
use proto::target::glob::Glob;

use super::{ExecEntry, ExecError, ExecFn, entry};
use crate::{Ctx, args};

/// The functions of `config`.
pub const FUNCTIONS: &[ExecEntry] = &[
    entry::<Get>(),
    entry::<Option_>(),
    entry::<Merge>(),
    entry::<DotVals>(),
    entry::<Items>(),
    entry::<BackupMode>(),
    entry::<ManageMode>(),
    entry::<ValidFileProto>(),
];

args! {
    /// Return a value from options, grains, pillar and the master's options in the pillar: the first that has it.
    ///
    /// `a:b` looks inside. default: for what is missing (`''`). merge: instead of taking the first, merge all, the
    /// earlier over the later: `recurse` or `overwrite`. omit_opts, omit_grains, omit_pillar, omit_master: do not
    /// look there.
    ///
    /// CLI Example: `rsalt '*' config.get pkg:apache`
    pub struct Get {
        key: String,
        #[serde(default = nothing)]
        default: Value,
        #[serde(default)]
        delimiter: Option<String>,
        #[serde(default)]
        merge: Value,
        #[serde(default)]
        omit_opts: Flag,
        #[serde(default)]
        omit_pillar: Flag,
        #[serde(default)]
        omit_master: Flag,
        #[serde(default)]
        omit_grains: Flag,
    }

    /// Return a top-level value from options, grains, pillar and the master's options in the pillar.
    ///
    /// wildcard: all values whose names match a glob, as a dict. omit_all: look nowhere but at the defaults.
    ///
    /// CLI Example: `rsalt '*' config.option 'redis.*' wildcard=True`
    pub struct Option_ {
        value: String,
        #[serde(default)]
        default: Value,
        #[serde(default)]
        omit_opts: Flag,
        #[serde(default)]
        omit_grains: Flag,
        #[serde(default)]
        omit_pillar: Flag,
        #[serde(default)]
        omit_master: Flag,
        #[serde(default)]
        omit_all: Flag,
        #[serde(default)]
        wildcard: Flag,
    }

    /// Return a top-level value merged from options, the master's options and the pillar; a text ends the search.
    ///
    /// CLI Example: `rsalt '*' config.merge schedule`
    pub struct Merge {
        value: String,
        #[serde(default = nothing)]
        default: Value,
        #[serde(default)]
        omit_opts: Flag,
        #[serde(default)]
        omit_master: Flag,
        #[serde(default)]
        omit_pillar: Flag,
    }

    /// Return the options whose names begin with a word and a dot.
    ///
    /// CLI Example: `rsalt '*' config.dot_vals host`
    pub struct DotVals {
        value: String,
    }

    /// Return the whole configuration of the minion.
    ///
    /// CLI Example: `rsalt '*' config.items`
    pub struct Items {}

    /// Return the backup mode: the given one, else the configured one.
    ///
    /// CLI Example: `rsalt '*' config.backup_mode`
    pub struct BackupMode {
        #[serde(default)]
        backup: String,
    }

    /// Return a file mode as text, the way states compare modes: `644` is `0644`.
    ///
    /// CLI Example: `rsalt '*' config.manage_mode 644`
    pub struct ManageMode {
        mode: Value,
    }

    /// Whether a text names a file on a server: `salt://…`, `http://…`.
    ///
    /// CLI Example: `rsalt '*' config.valid_fileproto salt://path/to/file`
    pub struct ValidFileProto {
        uri: String,
    }
}

fn nothing() -> Value {
    "".into()
}

/// What Salt's modules take for granted when nothing is configured, as far as there are such modules here.
fn defaults() -> Dict {
    Dict::new()
        .with("test.foo", "unconfigured")
        .with("ca.cert_base_path", "/etc/pki")
        .with("hosts.file", "/etc/hosts")
        .with("aliases.file", "/etc/aliases")
        .with("docker.exec_driver", "docker-exec")
}

fn master(pillar: &Value) -> Value {
    pillar.get("master").cloned().unwrap_or_else(Value::dict)
}

impl ExecFn for Get {
    const FUN: &'static str = "config.get";
    const SIGNATURE: &'static str = "key, default='', delimiter=':', merge=None, omit_opts=False, \
                                     omit_pillar=False, omit_master=False, omit_grains=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let delimiter = self.delimiter.as_deref().unwrap_or(DELIMITER);
        let look = |data: &Value| find(data, &self.key, delimiter).cloned();
        if self.merge.is_none() {
            // One after the other: a pillar that nobody needs is not compiled.
            let found = (!self.omit_opts.0).then(|| look(&ctx.opts())).flatten();
            let found = found.or_else(|| if self.omit_grains.0 { None } else { look(&ctx.grains()) });
            let found = found.or_else(|| if self.omit_pillar.0 { None } else { look(&ctx.pillar()) });
            let found =
                found.or_else(|| if self.omit_master.0 { None } else { look(&master(&ctx.pillar())) });
            return Ok(found.or_else(|| look(&defaults().into())).unwrap_or(self.default));
        }
        let strategy = match self.merge.as_str() {
            Some("overwrite") => Strategy::Overwrite,
            Some("recurse") => Strategy::Recurse,
            _ => {
                tracing::warn!("Unsupported merge strategy '{}'. Falling back to 'recurse'.", self.merge);
                Strategy::Recurse
            }
        };
        let lists = ctx.opt("pillar_merge_lists").is_some_and(|v| v.is_true());
        let pillar = ctx.pillar();
        let sources = [master(&pillar), pillar, ctx.grains(), ctx.opts()];
        let all = sources
            .iter()
            .fold(Value::from(defaults()), |under, over| merge::merge(&under, over, strategy, lists));
        Ok(look(&all).unwrap_or(self.default))
    }
}

impl ExecFn for Option_ {
    const FUN: &'static str = "config.option";
    const SIGNATURE: &'static str = "value, default=None, omit_opts=False, omit_grains=False, omit_pillar=False, \
                                     omit_master=False, omit_all=False, wildcard=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let take = |omit: Flag, get: &dyn Fn() -> Value| {
            if omit.0 || self.omit_all.0 { Value::dict() } else { get() }
        };
        let opts = take(self.omit_opts, &|| ctx.opts());
        let grains = take(self.omit_grains, &|| ctx.grains());
        let pillar = take(self.omit_pillar, &|| ctx.pillar());
        let master = take(self.omit_master, &|| master(&ctx.pillar()));
        let ordered = [opts, grains, pillar, master, defaults().into()];
        if !self.wildcard.0 {
            let found = ordered.iter().find_map(|data| data.get(&self.value)).cloned();
            return Ok(found.unwrap_or(if self.default.is_none() { nothing() } else { self.default }));
        }
        let glob = Glob::new(&self.value);
        let mut all = Dict::new();
        for (name, value) in ordered.iter().rev().filter_map(Value::as_dict).flat_map(Dict::iter) {
            if glob.matches(&name.to_string()) {
                all.insert(name.clone(), value.clone());
            }
        }
        let default = if self.default.is_none() { Value::dict() } else { self.default };
        Ok(if all.is_empty() { default } else { all.into() })
    }
}

impl ExecFn for Merge {
    const FUN: &'static str = "config.merge";
    const SIGNATURE: &'static str =
        "value, default='', omit_opts=False, omit_master=False, omit_pillar=False";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let pillar = ctx.pillar();
        let sources =
            [(self.omit_opts, ctx.opts()), (self.omit_master, master(&pillar)), (self.omit_pillar, pillar)];
        let mut found: Option<Value> = None;
        for (_, source) in sources.iter().filter(|(omit, _)| !omit.0) {
            let Some(value) = source.get(&self.value) else { continue };
            found = Some(match (found, value) {
                (None, Value::Str(_)) => return Ok(value.clone()),
                (None, value) => value.clone(),
                (Some(Value::Dict(first)), Value::Dict(second)) => {
                    let mut both = (**second).clone();
                    both.extend(first.iter().map(|(k, v)| (k.clone(), v.clone())));
                    both.into()
                }
                (Some(Value::List(first)), Value::List(second)) => {
                    first.iter().chain(second.iter()).cloned().collect::<Vec<_>>().into()
                }
                (Some(first), _) => first,
            });
        }
        Ok(found.or_else(|| defaults().get(&self.value).cloned()).unwrap_or(self.default))
    }
}

impl ExecFn for DotVals {
    const FUN: &'static str = "config.dot_vals";
    const SIGNATURE: &'static str = "value";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let prefix = format!("{}.", self.value);
        let mut found = Dict::new();
        for source in [master(&ctx.pillar()), ctx.opts()] {
            for (name, value) in source.as_dict().into_iter().flatten() {
                if name.as_str().is_some_and(|name| name.starts_with(&prefix)) {
                    found.insert(name.clone(), value.clone());
                }
            }
        }
        Ok(found.into())
    }
}

impl ExecFn for Items {
    const FUN: &'static str = "config.items";
    const SIGNATURE: &'static str = "";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        Ok(ctx.opts())
    }
}

impl ExecFn for BackupMode {
    const FUN: &'static str = "config.backup_mode";
    const SIGNATURE: &'static str = "backup=''";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        if !self.backup.is_empty() {
            return Ok(self.backup.into());
        }
        Ok(ctx.opt("backup_mode").unwrap_or_else(nothing))
    }
}

impl ExecFn for ManageMode {
    const FUN: &'static str = "config.manage_mode";
    const SIGNATURE: &'static str = "mode";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        if self.mode.is_none() {
            return Ok(Value::None);
        }
        let text = self.mode.to_string().replace("0o", "0");
        let digits = text.trim_matches('"').trim_matches('\'').trim_start_matches('0');
        Ok(format!("{digits:0>4}").into())
    }
}

impl ExecFn for ValidFileProto {
    const FUN: &'static str = "config.valid_fileproto";
    const SIGNATURE: &'static str = "uri";

    fn call(self, _: &Ctx<'_>) -> Result<Value, ExecError> {
        const SCHEMES: [&str; 7] =
            ["salt://", "http://", "https://", "ftp://", "swift://", "s3://", "file://"];
        Ok(SCHEMES.iter().any(|scheme| self.uri.starts_with(scheme)).into())
    }
}

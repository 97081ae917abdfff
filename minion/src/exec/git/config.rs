//! `git config`.

use data::loose::OneOrMany;
use data::{Dict, Value};

use super::{Git, expand, function};
use crate::Ctx;
use crate::args;
use crate::exec::{ExecEntry, ExecError, entry};

/// The rows of these functions.
pub(super) const FUNCTIONS: &[ExecEntry] =
    &[entry::<ConfigGet>(), entry::<ConfigGetRegexp>(), entry::<ConfigSet>(), entry::<ConfigUnset>()];

args! {
    /// The value of a configuration key: `git.config_get user.name cwd=/srv/app`, `global=True`, `all=True`.
    pub(crate) struct ConfigGet {
        key: String,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// The values of all keys that match a pattern, as lists.
    pub(crate) struct ConfigGetRegexp {
        key: String,
        #[serde(default)]
        value_regex: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Set a configuration key to one value, or to several (`multivar`). add: beside those there are.
    pub(crate) struct ConfigSet {
        key: String,
        #[serde(default)]
        value: Option<String>,
        #[serde(default)]
        multivar: Option<OneOrMany<String>>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        kwargs: Dict,
    }

    /// Remove a configuration key, or those of its values that match. all: all values of it.
    pub(crate) struct ConfigUnset {
        key: String,
        #[serde(default)]
        value_regex: Option<String>,
        #[serde(default)]
        cwd: Option<String>,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        kwargs: Dict,
    }
}

fn is(kwargs: &Dict, key: &str) -> bool {
    kwargs.get(key).is_some_and(Value::is_true)
}

/// git where the configuration is, and which one is meant.
fn place<'a>(
    ctx: &Ctx<'a>,
    cwd: Option<&str>,
    user: Option<&str>,
    kwargs: &Dict,
) -> Result<(Git<'a>, &'static str), ExecError> {
    let git = Git::new(ctx.host, user, &[]);
    let scope = if is(kwargs, "global") { "--global" } else { "--local" };
    match cwd {
        Some(cwd) => Ok((git.at(expand(ctx, cwd, user)?), scope)),
        None if scope == "--global" => Ok((git, scope)),
        None => Err(ExecError::invocation("'cwd' argument required unless global=True")),
    }
}

function!(
    ConfigGet,
    "git.config_get",
    "key, cwd=None, user=None, password=None, ignore_retcode=False, output_encoding=None, **kwargs",
    |this, ctx| {
        let (git, scope) = place(ctx, this.cwd.as_deref(), this.user.as_deref(), &this.kwargs)?;
        Ok(match git.config(scope, &this.key)? {
            None => Value::None,
            Some(all) if is(&this.kwargs, "all") => all.into(),
            Some(all) => all.last().map_or("", String::as_str).into(),
        })
    }
);

function!(
    ConfigGetRegexp,
    "git.config_get_regexp",
    "key, value_regex=None, cwd=None, user=None, password=None, ignore_retcode=False, output_encoding=None, **kwargs",
    |this, ctx| {
        let (git, scope) = place(ctx, this.cwd.as_deref(), this.user.as_deref(), &this.kwargs)?;
        Ok(git.config_matching(scope, &this.key, this.value_regex.as_deref())?.into())
    }
);

function!(
    ConfigSet,
    "git.config_set",
    "key, value=None, multivar=None, cwd=None, user=None, password=None, ignore_retcode=False, \
     output_encoding=None, **kwargs",
    |this, ctx| {
        let (git, scope) = place(ctx, this.cwd.as_deref(), this.user.as_deref(), &this.kwargs)?;
        let values: Vec<String> = match (this.value, this.multivar) {
            (Some(_), Some(_)) => {
                return Err(ExecError::invocation("Only one of 'value' and 'multivar' is permitted"));
            }
            (Some(value), None) => vec![value],
            (None, Some(OneOrMany(many))) => match many.as_slice() {
                [one] => one.split(',').map(str::to_owned).collect(),
                _ => many,
            },
            (None, None) => Vec::new(),
        };
        git.set_config(scope, &this.key, &values, is(&this.kwargs, "add"))?;
        Ok(git.config(scope, &this.key)?.into())
    }
);

function!(
    ConfigUnset,
    "git.config_unset",
    "key, value_regex=None, cwd=None, user=None, password=None, ignore_retcode=False, output_encoding=None, **kwargs",
    |this, ctx| {
        let (git, scope) = place(ctx, this.cwd.as_deref(), this.user.as_deref(), &this.kwargs)?;
        git.unset_config(scope, &this.key, this.value_regex.as_deref(), is(&this.kwargs, "all"))?;
        Ok(Value::Bool(true))
    }
);

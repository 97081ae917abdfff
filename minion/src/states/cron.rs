//! Crontabs as they should be.

use data::loose::Flag;
use data::{Dict, Value};

use super::{Applied, Plan, State, StateEntry, StateError, entry};
use crate::exec::cron::{Job, Tab, When, raw, read, write};
use crate::exec::file::manage::{self, Content, Data, Fetch, NoSource};
use crate::exec::user;
use crate::{Ctx, args};

/// The states of `cron`.
pub const STATES: &[StateEntry] =
    &[entry::<Present>(), entry::<Absent>(), entry::<File>(), entry::<EnvPresent>(), entry::<EnvAbsent>()];

fn root() -> String {
    "root".to_owned()
}

fn any_time() -> Value {
    "*".into()
}

fn yes() -> Flag {
    Flag(true)
}

args! {
    /// A job is in the crontab of an account.
    ///
    /// ```yaml
    /// /usr/local/bin/backup --all:
    ///   cron.present:
    ///     - user: root
    ///     - minute: random           # hour, daymonth, month, dayweek; default: *
    ///     - hour: 2
    ///     - identifier: backup       # by which it is known, so that the command may change; default: the command
    ///     - comment: the night's backup
    ///     - commented: true          # there, but does not run
    /// ```
    /// With `special: '@daily'` instead of the five times. Changes: `<user>: <command>`.
    pub struct Present {
        name: String,
        #[serde(default = root)]
        user: String,
        #[serde(default = any_time)]
        minute: Value,
        #[serde(default = any_time)]
        hour: Value,
        #[serde(default = any_time)]
        daymonth: Value,
        #[serde(default = any_time)]
        month: Value,
        #[serde(default = any_time)]
        dayweek: Value,
        #[serde(default)]
        comment: Option<String>,
        #[serde(default)]
        commented: Flag,
        #[serde(default = no)]
        identifier: Value,
        #[serde(default)]
        special: Option<String>,
    }

    /// A job is not in the crontab of an account. It is known by its identifier, or by its command.
    pub struct Absent {
        name: String,
        #[serde(default = root)]
        user: String,
        #[serde(default = no)]
        identifier: Value,
        #[serde(default)]
        special: Option<String>,
    }

    /// A file is the crontab of an account.
    ///
    /// ```yaml
    /// salt://crontabs/root:
    ///   cron.file:
    ///     - user: root
    ///     - template: jinja          # context, defaults
    ///     - replace: false           # an account that has a crontab keeps it
    /// ```
    /// Also: source_hash, source_hash_name. Changes: `diff`.
    pub struct File {
        name: String,
        #[serde(default = root)]
        user: String,
        #[serde(default)]
        source_hash: Value,
        #[serde(default)]
        source_hash_name: Option<String>,
        #[serde(default)]
        template: Option<String>,
        #[serde(default)]
        context: Value,
        #[serde(default)]
        defaults: Value,
        #[serde(default = yes)]
        replace: Flag,
        #[serde(default)]
        backup: Value,
    }

    /// A variable is set in the crontab of an account: `value`, by default empty.
    pub struct EnvPresent {
        name: String,
        #[serde(default)]
        value: Value,
        #[serde(default = root)]
        user: String,
    }

    /// A variable is not set in the crontab of an account.
    pub struct EnvAbsent {
        name: String,
        #[serde(default = root)]
        user: String,
    }
}

/// Salt's default of `identifier`: the name.
fn no() -> Value {
    false.into()
}

fn identifier(given: &Value, name: &str) -> Option<String> {
    match given {
        Value::Bool(false) => Some(name.to_owned()),
        given => given.is_true().then(|| given.to_string()),
    }
}

/// The crontab with a change made to it, and Salt's word for the change.
fn changed(
    ctx: &Ctx<'_>,
    user: &str,
    with: impl FnOnce(&mut Tab) -> Result<&'static str, StateError>,
) -> Result<(Tab, &'static str), StateError> {
    let mut tab = read(ctx, user)?;
    let done = with(&mut tab)?;
    Ok((tab, done))
}

/// The plan for a change to a crontab. `what`: `Cron <name>` or `Cron env <name>`.
fn plan(
    ctx: &Ctx<'_>,
    what: &str,
    (tab, done): (Tab, &'static str),
) -> Result<Plan<(Tab, &'static str)>, StateError> {
    let comment = match done {
        "new" => format!("{what} is set to be added"),
        "updated" => format!("{what} is set to be updated"),
        "removed" => format!("{what} is set to be removed"),
        "present" => return Ok(Plan::nothing(format!("{what} already present"))),
        _ if ctx.test => return Ok(Plan::nothing(format!("{what} is absent"))),
        _ => return Ok(Plan::nothing(format!("{what} already absent"))),
    };
    Ok(Plan::steps(vec![(tab, done)], Dict::new(), comment))
}

fn apply(
    ctx: &Ctx<'_>,
    what: &str,
    user: &str,
    name: &str,
    (tab, done): (Tab, &'static str),
) -> Result<Applied, StateError> {
    let output = write(ctx, user, tab.render().as_bytes())?;
    if !output.ok() {
        let line = if done == "removed" { "" } else { "\n" };
        let error = output.err();
        return Err(StateError::refused(format!(
            "{what} for user {user} failed to commit with error {line}{}",
            error.trim_end()
        )));
    }
    let comment = match done {
        "new" => format!("{what} added to {user}'s crontab"),
        "updated" => format!("{what} updated"),
        _ => format!("{what} removed from {user}'s crontab"),
    };
    Ok(Applied::Changed { changes: Dict::new().with(user, name), comment })
}

impl State for Present {
    const FUN: &'static str = "cron.present";
    type Step = (Tab, &'static str);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let name = self.name.trim();
        let when = match &self.special {
            Some(word) => When::Special(word.clone()),
            None => {
                let times = [&self.minute, &self.hour, &self.daymonth, &self.month, &self.dayweek];
                When::times(times.map(|time| if time.is_none() { "*".to_owned() } else { time.to_string() }))
            }
        };
        if name.is_empty() || name.contains('\n') {
            return Err(StateError::refused(format!("Cron {name} is not one line")));
        }
        let job = Job {
            when,
            cmd: name.to_owned(),
            identifier: identifier(&self.identifier, name),
            comment: self.comment.clone(),
            commented: self.commented.0,
        };
        plan(ctx, &format!("Cron {name}"), changed(ctx, &self.user, |tab| Ok(tab.set(job)?))?)
    }

    fn apply(&self, step: Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = self.name.trim();
        apply(ctx, &format!("Cron {name}"), &self.user, name, step)
    }
}

impl State for Absent {
    const FUN: &'static str = "cron.absent";
    type Step = (Tab, &'static str);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let name = self.name.trim();
        let identifier = identifier(&self.identifier, name);
        let fits = |job: &Job| match (&self.special, &job.when) {
            (None, When::Times(_)) => true,
            (Some(word), When::Special(is)) => word == is,
            _ => false,
        };
        let done = changed(ctx, &self.user, |tab| Ok(tab.remove(name, identifier.as_deref(), fits)))?;
        plan(ctx, &format!("Cron {name}"), done)
    }

    fn apply(&self, step: Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = self.name.trim();
        apply(ctx, &format!("Cron {name}"), &self.user, name, step)
    }
}

impl State for EnvPresent {
    const FUN: &'static str = "cron.env_present";
    type Step = (Tab, &'static str);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let value = if self.value.is_none() { String::new() } else { self.value.to_string() };
        let done = changed(ctx, &self.user, |tab| Ok(tab.set_env(&self.name, &value)))?;
        plan(ctx, &format!("Cron env {}", self.name), done)
    }

    fn apply(&self, step: Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        apply(ctx, &format!("Cron env {}", self.name), &self.user, &self.name, step)
    }
}

impl State for EnvAbsent {
    const FUN: &'static str = "cron.env_absent";
    type Step = (Tab, &'static str);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let name = self.name.trim();
        plan(ctx, &format!("Cron env {name}"), changed(ctx, &self.user, |tab| Ok(tab.remove_env(name)))?)
    }

    fn apply(&self, step: Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = self.name.trim();
        apply(ctx, &format!("Cron env {name}"), &self.user, name, step)
    }
}

impl State for File {
    const FUN: &'static str = "cron.file";
    /// The crontab, and what it differs in.
    type Step = (Vec<u8>, String);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let user = &self.user;
        let _ = &self.backup;
        let info = user::info(ctx, user, None)?;
        let groups = info.as_ref().and_then(|info| info.get("groups")).and_then(Value::as_list);
        let Some(group) = groups.and_then(<[Value]>::first) else {
            return Err(StateError::refused(format!("Could not identify group for user {user}")));
        };
        let mut is = raw(ctx, user)?;
        if !self.replace.0 && !is.is_empty() {
            return Ok(Plan::nothing(format!("User {user} already has a crontab. No changes made")));
        }
        if !is.ends_with('\n') {
            is.push('\n');
        }
        let mut context = manage::about(&user.as_str().into(), group, Some(0o600), &Value::list());
        context.extend(manage::variables(&self.defaults, &self.context)?);
        let fetch = Fetch {
            name: user,
            source: &self.name,
            source_hash: &self.source_hash,
            source_hash_name: self.source_hash_name.as_deref(),
            template: self.template.as_deref(),
            context,
            saltenv: &ctx.saltenv(),
            skip_verify: false,
            use_etag: false,
            verify_ssl: true,
            signature: None,
            hash_signature: None,
        };
        let mut from = fetch.get(ctx).map_err(|no| match no {
            NoSource::Said(text) => StateError::refused(text),
            NoSource::Raised(text) => StateError::refused(format!("Unable to manage file: {text}")),
        })?;
        from.verify(ctx, &self.name, "")?;
        let mut data = Data::Source(from);
        let Some(wanted) = data.content(ctx)? else { return Err(StateError::refused("no content")) };
        let wanted = wanted.read(ctx)?;
        let diff = manage::difference(ctx, Content::Bytes(is.as_bytes()), Content::Bytes(&wanted))?;
        if diff.is_empty() {
            return Ok(Plan::nothing(format!("Crontab for user {user} is in the correct state")));
        }
        let comment = if ctx.test {
            format!("The following values are set to be changed:\ndiff: {diff}\n")
        } else {
            String::new()
        };
        Ok(Plan::steps(vec![(wanted, diff)], Dict::new(), comment))
    }

    fn apply(&self, (text, diff): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let user = &self.user;
        let output = write(ctx, user, &text)?;
        if !output.ok() {
            let error = output.err();
            let comment =
                format!("Unable to update user {user} crontab {}. Error: {}", self.name, error.trim_end());
            return Err(StateError::refused(comment));
        }
        let comment = format!("Crontab for user {user} was updated");
        Ok(Applied::Changed { changes: Dict::new().with("diff", diff), comment })
    }
}

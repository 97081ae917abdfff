//! Who may log in to an account.

use data::loose::OneOrMany;
use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry};
use crate::exec::ssh::{Key, refined, status_of};
use crate::{Ctx, args};

/// The states of `ssh_auth`.
pub const STATES: &[StateEntry] = &[entry::<Present>(), entry::<Absent>(), entry::<Manage>()];

fn rsa() -> String {
    "ssh-rsa".to_owned()
}

fn authorized_keys() -> String {
    ".ssh/authorized_keys".to_owned()
}

args! {
    /// A key may log in to an account.
    ///
    /// ```yaml
    /// AAAAB3NzaC1kc3…:
    ///   ssh_auth.present:
    ///     - user: deploy
    ///     - enc: ssh-ed25519
    ///     - comment: ann@example.org
    ///     - options: [no-pty]
    ///
    /// ssh-ed25519 AAAAC3… ann@example.org:      # a whole line says all that itself
    ///   ssh_auth.present:
    ///     - user: deploy
    /// ```
    /// With `source: salt://keys/ann.pub` all keys of a file. config: the file, below the home.
    pub struct Present {
        name: String,
        user: String,
        #[serde(default = rsa)]
        enc: String,
        #[serde(default)]
        comment: String,
        #[serde(default)]
        source: String,
        #[serde(default)]
        options: Option<OneOrMany<String>>,
        #[serde(default = authorized_keys)]
        config: String,
        #[serde(default)]
        fingerprint_hash_type: Option<String>,
    }

    /// A key may not log in to an account. It is named as with `ssh_auth.present`.
    pub struct Absent {
        name: String,
        user: String,
        #[serde(default = rsa)]
        enc: String,
        #[serde(default)]
        comment: String,
        #[serde(default)]
        source: String,
        #[serde(default)]
        options: Option<OneOrMany<String>>,
        #[serde(default = authorized_keys)]
        config: String,
        #[serde(default)]
        fingerprint_hash_type: Option<String>,
    }

    /// These keys may log in to an account, and no others.
    ///
    /// ```yaml
    /// keys of deploy:
    ///   ssh_auth.manage:
    ///     - user: deploy
    ///     - ssh_keys:
    ///       - ssh-ed25519 AAAAC3… ann@example.org
    /// ```
    pub struct Manage {
        name: String,
        ssh_keys: OneOrMany<String>,
        user: String,
        #[serde(default = rsa)]
        enc: String,
        #[serde(default)]
        comment: String,
        #[serde(default)]
        source: String,
        #[serde(default)]
        options: Option<OneOrMany<String>>,
        #[serde(default = authorized_keys)]
        config: String,
        #[serde(default)]
        fingerprint_hash_type: Option<String>,
    }
}

/// What the three have in common.
struct About<'a> {
    user: &'a str,
    source: &'a str,
    config: &'a str,
    hash_type: Option<&'a str>,
    /// What a name does not say itself.
    otherwise: Key,
}

macro_rules! about {
    ($this:expr) => {
        About {
            user: &$this.user,
            source: &$this.source,
            config: &$this.config,
            hash_type: $this.fingerprint_hash_type.as_deref(),
            otherwise: Key {
                options: $this.options.as_ref().map(|options| options.0.clone()).unwrap_or_default(),
                enc: $this.enc.clone(),
                key: String::new(),
                comment: $this.comment.clone(),
            },
        }
    };
}

/// What is to be done with one key, or with the keys of the source.
pub enum Step {
    /// Let it log in.
    Set(Key),
    /// Let those of the source log in.
    SetSource,
    /// Keep it from logging in.
    Remove(String),
    /// Keep those of the source from logging in.
    RemoveSource,
}

/// What one key came to, or will.
enum Seen {
    /// As it should be.
    Good(String),
    /// To be done, and what is said of it.
    Todo(Step, String),
}

impl About<'_> {
    fn call(&self, ctx: &Ctx<'_>, fun: &str, what: &str, more: Dict) -> Result<Value, StateError> {
        let mut args = more.with("config", self.config).with("fingerprint_hash_type", self.hash_type);
        if fun.ends_with("_file") {
            args.insert("saltenv", ctx.saltenv());
        }
        Ok(ctx.call(fun, vec![self.user.into(), what.into()], args)?)
    }

    /// What would become of the keys of the source.
    fn source(&self, ctx: &Ctx<'_>) -> Result<Dict, StateError> {
        let source = self.source;
        let keys = self.call(ctx, "ssh.check_key_file", source, Dict::new())?;
        match keys.as_dict() {
            Some(keys) if !keys.is_empty() => Ok(keys.clone()),
            _ => {
                let there =
                    ctx.call("cp.get_file_str", vec![source.into(), ctx.saltenv().into()], Dict::new())?;
                Err(StateError::refused(match there {
                    Value::Bool(false) | Value::None => {
                        format!("Failed to add the ssh key. Source file {source} is missing")
                    }
                    _ => format!("No keys detected in {source}. Is file properly formatted?"),
                }))
            }
        }
    }

    fn present(&self, name: &str, ctx: &Ctx<'_>) -> Result<Seen, StateError> {
        let user = self.user;
        if !self.source.is_empty() {
            let keys = self.source(ctx)?;
            let todo = keys.iter().filter(|(_, status)| status.as_str() != Some("exists"));
            let said: String = todo.map(|(key, status)| format!("Set to {status}: {key}\n")).collect();
            return Ok(match said.is_empty() {
                true if ctx.test => {
                    Seen::Good(format!("All host keys in file {} are already present", self.source))
                }
                true => {
                    Seen::Good(format!("The authorized host key {name} is already present for user {user}"))
                }
                false => Seen::Todo(Step::SetSource, said),
            });
        }
        let mut key = Key::named(name, &self.otherwise);
        key.enc = refined(&key.enc)?.to_owned();
        if !key.is_valid() {
            let comment = "Invalid public ssh key, most likely has spaces or invalid syntax";
            return Err(StateError::refused(comment));
        }
        let said = match status_of(ctx, user, self.config, &key)? {
            "exists" => {
                let comment =
                    format!("The authorized host key {} is already present for user {user}", key.key);
                return Ok(Seen::Good(comment));
            }
            "update" => "updated",
            _ => "added",
        };
        let comment = format!("Key {} for user {user} is set to be {said}", key.key);
        Ok(Seen::Todo(Step::Set(key), comment))
    }

    fn absent(&self, name: &str, ctx: &Ctx<'_>) -> Result<Seen, StateError> {
        if !self.source.is_empty() {
            let keys = self.source(ctx)?;
            let there = keys.iter().filter(|(_, status)| status.as_str() != Some("add"));
            let said: String = there.map(|(key, _)| format!("Set to remove: {key}\n")).collect();
            return Ok(match said.is_empty() {
                true if ctx.test => {
                    Seen::Good(format!("All host keys in file {} are already absent", self.source))
                }
                true => Seen::Good("Key not present".to_owned()),
                false => Seen::Todo(Step::RemoveSource, said),
            });
        }
        let key = Key::named(name, &self.otherwise);
        if status_of(ctx, self.user, self.config, &key)? == "add" {
            return Ok(Seen::Good(
                if ctx.test { "Key is already absent" } else { "Key not present" }.to_owned(),
            ));
        }
        let comment = format!("Key {} for user {} is set for removal", key.key, self.user);
        Ok(Seen::Todo(Step::Remove(key.key), comment))
    }

    /// Does it. The change, under the name or the key, and what there is to say.
    fn act(&self, step: Step, name: &str, ctx: &Ctx<'_>) -> Result<(Dict, String), StateError> {
        let user = self.user;
        let (done, shown) = match step {
            Step::Set(key) => (self.call(ctx, "ssh.set_auth_key", &key.key, (&key).into())?, key.key),
            Step::SetSource => {
                let options = Dict::new().with("options", self.otherwise.options.clone());
                (self.call(ctx, "ssh.set_auth_key_from_file", self.source, options)?, name.to_owned())
            }
            Step::Remove(key) => (self.call(ctx, "ssh.rm_auth_key", &key, Dict::new())?, key),
            Step::RemoveSource => {
                (self.call(ctx, "ssh.rm_auth_key_from_file", self.source, Dict::new())?, name.to_owned())
            }
        };
        let change = |word: &str, comment: String| Ok((Dict::new().with(shown.as_str(), word), comment));
        match done.as_str().unwrap_or_default() {
            "replace" => {
                change("Updated", format!("The authorized host key {shown} for user {user} was updated"))
            }
            "new" => change("New", format!("The authorized host key {shown} for user {user} was added")),
            "Key removed" => change("Removed", "Key removed".to_owned()),
            "no change" => Ok((
                Dict::new(),
                format!("The authorized host key {shown} is already present for user {user}"),
            )),
            "fail" => Err(StateError::refused(
                "Failed to add the ssh key. Is the home directory available, and/or does the key file exist?",
            )),
            said => Err(StateError::refused(said)),
        }
    }
}

fn planned(seen: Seen) -> Plan<Step> {
    match seen {
        Seen::Good(comment) => Plan::nothing(comment),
        Seen::Todo(step, comment) => Plan::steps(vec![step], Dict::new(), comment),
    }
}

impl State for Present {
    const FUN: &'static str = "ssh_auth.present";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        about!(self).present(&self.name, ctx).map(planned)
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (changes, comment) = about!(self).act(step, &self.name, ctx)?;
        Ok(Applied::Changed { changes, comment })
    }
}

impl State for Absent {
    const FUN: &'static str = "ssh_auth.absent";
    type Step = Step;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Step>, StateError> {
        about!(self).absent(&self.name, ctx).map(planned)
    }

    fn apply(&self, step: Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (changes, comment) = about!(self).act(step, &self.name, ctx)?;
        Ok(Applied::Changed { changes, comment })
    }
}

impl State for Manage {
    const FUN: &'static str = "ssh_auth.manage";
    /// All that is to be done, and what is said of the keys that are as they should be.
    type Step = (Vec<Step>, Vec<String>);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let about = about!(self);
        let words: Vec<&str> = self.ssh_keys.iter().flat_map(|key| key.split(' ')).collect();
        let is = about.call_keys(ctx)?;
        let (mut steps, mut said, mut good) = (Vec::new(), Vec::new(), Vec::new());
        for key in is.into_iter().filter(|key| !words.contains(&key.as_str())) {
            said.push(format!("{key} Key set for removal"));
            steps.push(Step::Remove(key));
        }
        for key in &self.ssh_keys {
            match about.present(key, ctx)? {
                Seen::Good(comment) => {
                    said.push(comment.clone());
                    good.push(comment);
                }
                Seen::Todo(step, comment) => {
                    said.push(comment);
                    steps.push(step);
                }
            }
        }
        match steps.is_empty() {
            true => Ok(Plan::nothing(good.join("\n"))),
            false => Ok(Plan::steps(vec![(steps, good)], Dict::new(), said.join("\n"))),
        }
    }

    fn apply(&self, (steps, mut said): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let about = about!(self);
        let mut out = Outcome::new(Some(true), "");
        for step in steps {
            let removes = matches!(step, Step::Remove(_));
            match about.act(step, &self.name, ctx) {
                // A key that goes is told in the words of the function.
                Ok((changes, comment)) if removes => {
                    out.changes
                        .extend(changes.into_iter().map(|(key, _)| (key, Value::from(comment.as_str()))));
                }
                Ok((changes, _)) => out.changes.extend(changes),
                Err(error) => {
                    said.push(error.to_string());
                    out.result = Some(false);
                }
            }
        }
        out.comment = said.join("\n");
        Ok(Applied::Done(out))
    }
}

impl About<'_> {
    /// The keys that may log in now.
    fn call_keys(&self, ctx: &Ctx<'_>) -> Result<Vec<String>, StateError> {
        let args = Dict::new().with("config", self.config).with("fingerprint_hash_type", self.hash_type);
        let keys = ctx.call("ssh.auth_keys", vec![self.user.into()], args)?;
        Ok(keys.as_dict().map(|keys| keys.keys().map(Value::to_string).collect()).unwrap_or_default())
    }
}

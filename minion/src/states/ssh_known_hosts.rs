//! Hosts whose keys are known.

use data::loose::Flag;
use data::{Dict, Value};

use super::{Applied, Plan, State, StateEntry, StateError, entry, old_new};
use crate::exec::plain::Given;
use crate::exec::ssh::entries;
use crate::{Ctx, args};

/// The states of `ssh_known_hosts`.
pub const STATES: &[StateEntry] = &[entry::<Present>(), entry::<Absent>()];

fn yes() -> Flag {
    Flag(true)
}

fn five() -> Value {
    5.into()
}

args! {
    /// The key of a host is known.
    ///
    /// ```yaml
    /// git.example.org:
    ///   ssh_known_hosts.present:
    ///     - user: deploy             # without one: the machine's own file
    ///     - fingerprint: 16:27:ac:…  # of one of the keys that it shows
    ///     - enc: ed25519             # only this kind
    ///     - key: AAAAC3…             # or this key, with enc, and the host is not asked
    /// ```
    /// Also: port, config (the file), hash_known_hosts, timeout, fingerprint_hash_type. Changes: `old` and `new`.
    pub struct Present {
        name: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        fingerprint: Option<String>,
        #[serde(default)]
        key: Option<String>,
        #[serde(default)]
        port: Value,
        #[serde(default)]
        enc: Option<String>,
        #[serde(default)]
        config: Option<String>,
        #[serde(default = yes)]
        hash_known_hosts: Flag,
        #[serde(default = five)]
        timeout: Value,
        #[serde(default)]
        fingerprint_hash_type: Option<String>,
    }

    /// No key of a host is known. Also: user, config.
    pub struct Absent {
        name: String,
        #[serde(default)]
        user: Option<String>,
        #[serde(default)]
        config: Option<String>,
    }
}

/// The file of known hosts as the comments name it.
fn file(user: Option<&str>, config: Option<&str>) -> Result<String, StateError> {
    let default = if user.is_some() { ".ssh/known_hosts" } else { "/etc/ssh/ssh_known_hosts" };
    let config = config.filter(|config| !config.is_empty()).unwrap_or(default);
    if user.is_none() && !config.starts_with('/') {
        return Err(StateError::refused("If not specifying a \"user\", specify an absolute \"config\"."));
    }
    Ok(config.to_owned())
}

fn given(text: &Option<String>) -> Option<&str> {
    text.as_deref().filter(|text| !text.is_empty())
}

impl Present {
    fn args(&self, config: &str) -> Dict {
        Dict::new()
            .with("user", given(&self.user))
            .with("hostname", self.name.as_str())
            .with("fingerprint", given(&self.fingerprint))
            .with("key", given(&self.key))
            .with("port", self.port.clone())
            .with("config", config)
            .with("fingerprint_hash_type", given(&self.fingerprint_hash_type))
    }
}

impl State for Present {
    const FUN: &'static str = "ssh_known_hosts.present";
    type Step = String;

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<String>, StateError> {
        let (name, config) = (&self.name, file(given(&self.user), given(&self.config))?);
        if given(&self.key).is_some() && given(&self.fingerprint).is_some() {
            return Err(StateError::refused("Specify either \"key\" or \"fingerprint\", not both."));
        }
        if given(&self.key).is_some() && given(&self.enc).is_none() {
            return Err(StateError::refused("Required argument \"enc\" if using \"key\" argument."));
        }
        let status = ctx.call("ssh.check_known_host", Vec::new(), self.args(&config))?;
        if let Some(error) = status.get("error") {
            return Err(StateError::refused(error.to_string()));
        }
        let comment = match status.as_str() {
            Some("exists") if ctx.test => {
                return Ok(Plan::nothing(format!("Host {name} is already in {config}")));
            }
            Some("exists") if given(&self.key).or(given(&self.fingerprint)).is_some() => {
                return Ok(Plan::nothing(format!("{name} already exists in {config}")));
            }
            Some("add") => format!("Key for {name} is set to be added to {config}"),
            _ => format!("Key for {name} is set to be updated in {config}"),
        };
        Ok(Plan::steps(vec![config], Dict::new(), comment))
    }

    fn apply(&self, config: String, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        let args = self
            .args(&config)
            .with("enc", given(&self.enc))
            .with("hash_known_hosts", self.hash_known_hosts.0)
            .with("timeout", self.timeout.clone());
        let done = ctx.call("ssh.set_known_host", Vec::new(), args)?;
        let done = done.as_dict().cloned().unwrap_or_default();
        match done.text("status").as_str() {
            "exists" => {
                let comment = format!("{name} already exists in {config}");
                return Ok(Applied::Changed { changes: Dict::new(), comment });
            }
            "error" => return Err(StateError::refused(done.text("error"))),
            _ => {}
        }
        let first = |key: &str| {
            let new = done.arg("new").as_list().and_then(<[Value]>::first);
            new.and_then(|new| new.get(key)).map(Value::to_string).unwrap_or_default()
        };
        let comment = match (given(&self.key), given(&self.fingerprint), given(&self.enc)) {
            (Some(_), ..) => format!("{name}'s key saved to {config} (key: {})", first("key")),
            (_, Some(_), _) => {
                format!("{name}'s key saved to {config} (fingerprint: {})", first("fingerprint"))
            }
            (.., Some(enc)) => format!("{name}'s {enc} key saved to {config} (key: {})", first("key")),
            _ => format!("{name}'s key(s) saved to {config}"),
        };
        let changes = Dict::new().with("old", done.arg("old").clone()).with("new", done.arg("new").clone());
        Ok(Applied::Changed { changes, comment })
    }
}

impl State for Absent {
    const FUN: &'static str = "ssh_known_hosts.absent";
    type Step = (String, Value);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let config = file(given(&self.user), given(&self.config))?;
        let args = Dict::new().with("user", given(&self.user)).with("hostname", self.name.as_str());
        let known = match entries(&args.with("config", config.as_str()), ctx)? {
            Ok(known) => known,
            Err(refused) => {
                let error = refused.get("error").map(Value::to_string).unwrap_or_default();
                return Err(StateError::refused(error));
            }
        };
        if known.is_empty() {
            return Ok(Plan::nothing("Host is already absent"));
        }
        let comment = format!("Key for {} is set to be removed from {config}", self.name);
        Ok(Plan::steps(vec![(config, known.into())], Dict::new(), comment))
    }

    fn apply(&self, (config, known): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let args = Dict::new().with("user", given(&self.user)).with("hostname", self.name.as_str());
        let done = ctx.call("ssh.rm_known_host", Vec::new(), args.with("config", config))?;
        let said = |key: &str| done.get(key).map(Value::to_string).unwrap_or_default();
        if said("status") == "error" {
            return Err(StateError::refused(said("error")));
        }
        let changes = old_new(known, Value::None);
        Ok(Applied::Changed {
            changes: changes.as_dict().cloned().unwrap_or_default(),
            comment: said("comment"),
        })
    }
}

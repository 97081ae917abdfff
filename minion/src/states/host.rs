//! The hosts file as it should be.

use data::loose::{Flag, OneOrMany};
use data::{Dict, Value};

use super::{Applied, Outcome, Plan, State, StateEntry, StateError, entry, old_new};
use crate::exec::hosts::hosts;
use crate::{Ctx, args};

/// The states of `host`.
pub const STATES: &[StateEntry] = &[entry::<Present>(), entry::<Absent>(), entry::<Only>()];

args! {
    /// The hosts file has a name for an address, or for each of several.
    ///
    /// ```yaml
    /// db.internal:
    ///   host.present:
    ///     - ip: 10.0.0.5        # or a list
    ///     - comment: the database
    ///     - clean: true         # away from all other addresses
    /// ```
    pub struct Present {
        name: String,
        ip: OneOrMany<String>,
        #[serde(default)]
        comment: String,
        #[serde(default)]
        clean: Flag,
    }

    /// The hosts file does not have a name for an address, or for any of several.
    pub struct Absent {
        name: String,
        ip: OneOrMany<String>,
    }

    /// The hosts file has these names for an address and no others.
    ///
    /// ```yaml
    /// 10.0.0.5:
    ///   host.only:
    ///     - hostnames: [db.internal, db]
    /// ```
    pub struct Only {
        name: String,
        hostnames: OneOrMany<String>,
    }
}

/// What is done to the hosts file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Do {
    /// An address gets a name.
    Add,
    /// An address gets a comment.
    Comment,
    /// An address loses a name.
    Remove,
}

/// What is done, to which address, and with which name or comment.
type Task = (Do, String, String);

/// What is to be done, what is good already, and what is to be warned of.
type Tasks = (Vec<Task>, Vec<String>, Vec<String>);

fn has(hosts: &Dict, ip: &str, name: &str) -> bool {
    let names =
        hosts.get(ip).and_then(|entry| entry.get("aliases")).and_then(Value::as_list).unwrap_or_default();
    names.iter().any(|is| is.as_str() == Some(name))
}

impl Present {
    fn tasks(&self, ctx: &Ctx<'_>) -> Result<Tasks, StateError> {
        let (name, all) = (&self.name, hosts(ctx)?);
        let (mut tasks, mut good, mut warnings) = (Vec::new(), Vec::new(), Vec::new());
        let mut said = Vec::new();
        for ip in &self.ip {
            if ip.parse::<std::net::IpAddr>().is_err() {
                return Err(StateError::refused(format!("Invalid IP Address for {name} ({ip})")));
            }
            let comment = all.get(ip).and_then(|entry| entry.get("comment")).and_then(Value::as_str);
            let comments = !self.comment.is_empty() && comment != Some(self.comment.as_str());
            if comments {
                said.push((Do::Comment, ip.clone(), self.comment.clone()));
            }
            if !has(&all, ip, name) {
                tasks.push((Do::Add, ip.clone(), name.clone()));
            } else if !comments {
                good.push(format!("Host {name} ({ip}) already present"));
            }
        }
        tasks.extend(said);
        for ip in all.keys().map(Value::to_string).filter(|ip| !self.ip.contains(ip) && has(&all, ip, name)) {
            if self.clean.0 {
                tasks.push((Do::Remove, ip, name.clone()));
            } else {
                warnings.push(format!(
                    "Host {name} present for IP address {ip}. To get rid of this warning, either run this state with \
                     'clean' set to True to remove {name} from {ip}, or add {ip} to the 'ip' argument."
                ));
            }
        }
        Ok((tasks, good, warnings))
    }
}

/// What the tasks change.
fn changes(tasks: &[Task]) -> Dict {
    let mut out = Dict::new();
    for (what, ip, text) in tasks {
        let key = match what {
            Do::Add => "added",
            Do::Comment => "comment_added",
            Do::Remove => "removed",
        };
        if let Some(of_kind) = out.entry_or(key, Value::dict).as_dict_mut()
            && let Some(list) = of_kind.entry_or(ip, Value::list).as_list_mut()
        {
            list.push(text.as_str().into());
        }
    }
    out
}

impl State for Present {
    const FUN: &'static str = "host.present";
    /// All that is to be done, and what is said of the rest.
    type Step = (Vec<Task>, Vec<String>);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let (tasks, good, warnings) = self.tasks(ctx)?;
        let plan = if tasks.is_empty() {
            Plan::nothing(good.join("\n"))
        } else {
            let would = |(what, ip, text): &Task| match what {
                Do::Add => format!("Host {text} ({ip}) would be added"),
                Do::Comment => format!("Comment for {ip} ({text}) would be added"),
                Do::Remove => format!("Host {text} ({ip}) would be removed"),
            };
            let comment: Vec<String> = good.iter().cloned().chain(tasks.iter().map(would)).collect();
            let changes = changes(&tasks);
            Plan::steps(vec![(tasks, good)], changes, comment.join("\n"))
        };
        Ok(if warnings.is_empty() { plan } else { plan.with_extra("warnings", warnings) })
    }

    fn apply(&self, (tasks, mut said): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        for (what, ip, text) in &tasks {
            let (fun, done) = match what {
                Do::Add => ("hosts.add_host", format!("Added host {text} ({ip})")),
                Do::Comment => ("hosts.set_comment", format!("Set comment for host {ip} ({text})")),
                Do::Remove => ("hosts.rm_host", format!("Removed host {text} ({ip})")),
            };
            ctx.call(fun, vec![ip.into(), text.into()], Dict::new())?;
            said.push(done);
        }
        Ok(Applied::Said(said.join("\n")))
    }
}

impl State for Absent {
    const FUN: &'static str = "host.absent";
    type Step = ();

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<()>, StateError> {
        let (name, all) = (&self.name, hosts(ctx)?);
        let line = |ip: &String| match has(&all, ip, name) {
            true => format!("Host {name} ({ip}) needs to be removed"),
            false => format!("Host {name} ({ip}) already absent"),
        };
        let comment: Vec<String> = self.ip.iter().map(line).collect();
        let steps = if self.ip.iter().any(|ip| has(&all, ip, name)) { vec![()] } else { Vec::new() };
        Ok(Plan::steps(steps, Dict::new(), comment.join("\n")))
    }

    fn apply(&self, (): (), ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let (name, all) = (&self.name, hosts(ctx)?);
        let mut comment = Vec::new();
        for ip in &self.ip {
            if has(&all, ip, name) {
                ctx.call("hosts.rm_host", vec![ip.into(), name.into()], Dict::new())?;
                comment.push(format!("Removed host {name} ({ip})"));
            } else {
                comment.push(format!("Host {name} ({ip}) already absent"));
            }
        }
        Ok(Applied::Changed { changes: Dict::new().with("host", name), comment: comment.join("\n") })
    }
}

impl State for Only {
    const FUN: &'static str = "host.only";
    type Step = (String, String);

    fn plan(&self, ctx: &Ctx<'_>) -> Result<Plan<Self::Step>, StateError> {
        let (name, all) = (&self.name, hosts(ctx)?);
        let names =
            all.get(name).and_then(|entry| entry.get("aliases")).and_then(Value::as_list).unwrap_or_default();
        let old = names.iter().map(Value::to_string).collect::<Vec<_>>().join(" ");
        let new = self.hostnames.iter().map(|name| name.trim()).collect::<Vec<_>>().join(" ");
        if old == new {
            return Ok(Plan::nothing(format!("IP address {name} already set to \"{new}\"")));
        }
        let comment = format!("Would change {name} from \"{old}\" to \"{new}\"");
        Ok(Plan::steps(vec![(old, new)], Dict::new(), comment))
    }

    fn apply(&self, (old, new): Self::Step, ctx: &Ctx<'_>) -> Result<Applied, StateError> {
        let name = &self.name;
        ctx.call("hosts.set_host", vec![name.into(), new.as_str().into()], Dict::new())?;
        let comment = format!("successfully changed {name} from \"{old}\" to \"{new}\"");
        let changes = Dict::new().with(name, old_new(old, new));
        Ok(Applied::Done(Outcome::new(Some(true), comment).with_changes(changes)))
    }
}

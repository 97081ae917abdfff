//! `manage.*`: who is there. Presence is what is connected, so nobody has to be asked.

use std::collections::HashMap;

use data::{Dict, Value};
use proto::target::{DEFAULT_DELIMITER, Facts, Target, TargetType};

use super::{Args, Master, Outcome, RunnerError, Table};
use crate::keys::{KeyState, Verb};

pub(super) const FUNCTIONS: Table = &[
    ("manage.alived", up),
    ("manage.down", down),
    ("manage.list_state", up),
    ("manage.list_not_state", down),
    ("manage.not_alived", down),
    ("manage.not_present", down),
    ("manage.present", up),
    ("manage.reap", reap),
    ("manage.refused", refused),
    ("manage.status", status),
    ("manage.up", up),
    ("manage.versions", versions),
];

/// The accepted minions that a `tgt` and `tgt_type` select, connected ones and the others.
fn split(master: &dyn Master, args: &mut Args) -> Result<(Vec<String>, Vec<String>), RunnerError> {
    let tgt = args.value("tgt").filter(|v| !v.is_none()).unwrap_or_else(|| "*".into());
    let tgt_type: TargetType = match args.text("tgt_type")? {
        Some(name) => name.parse()?,
        None => TargetType::Glob,
    };
    for ignored in ["timeout", "gather_job_timeout", "subset", "show_ip", "show_ipv4"] {
        let _ = args.keyword(ignored);
    }
    let target = Target::parse(&tgt, tgt_type, DEFAULT_DELIMITER, &master.config().nodegroups)?;
    let connected = master.connected();
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for id in master.keys().accepted()? {
        // Grains are looked up only where the target asks for more than the id.
        let grains = match tgt_type {
            TargetType::Glob | TargetType::Pcre | TargetType::List => Value::None,
            _ => master.store().grains(&id)?.unwrap_or_default(),
        };
        if target.matches(&Facts { id: &id, grains: &grains, pillar: &Value::None }) {
            if connected.contains(&id) { &mut up } else { &mut down }.push(id);
        }
    }
    Ok((up, down))
}

fn up(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let (up, _) = split(master, &mut args)?;
    args.done()?;
    Ok(Outcome::ok(up))
}

/// Who is not connected; with `removekeys=True` their keys are deleted.
fn down(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let remove = args.flag("removekeys");
    let (_, down) = split(master, &mut args)?;
    args.done()?;
    if remove {
        for id in &down {
            let changes = master.keys().apply_in(crate::keys::Verb::Delete, id, &[KeyState::Accepted])?;
            master.keys_changed(&changes);
        }
    }
    Ok(Outcome::ok(down))
}

/// Deletes the keys of minions that have been gone for longer than `gone`: seconds, or 12h, 7d. With
/// `test=True` it only tells which. One that was never seen counts from when its key was accepted.
fn reap(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let wanted = args.need("gone")?;
    let test = args.keyword("test").is_some_and(|v| v.is_true());
    let gone = crate::duration::seconds(&wanted).map_err(|e| args.problem(format!("gone: {e}")))?;
    args.done()?;
    let connected = master.connected();
    let seen: HashMap<String, f64> = master.store().seen()?.into_iter().map(|s| (s.id, s.time)).collect();
    let before = crate::duration::now() - gone as f64;
    let mut reaped = Vec::new();
    for id in master.keys().accepted()? {
        let last = seen.get(&id).copied().or_else(|| master.keys().since(KeyState::Accepted, &id));
        if connected.contains(&id) || last.is_none_or(|last| last >= before) {
            continue;
        }
        reaped.push(id);
    }
    if !test {
        let mut changes = Vec::new();
        for id in &reaped {
            changes.extend(master.keys().change_one(Verb::Delete, id, KeyState::Accepted)?);
        }
        if !changes.is_empty() {
            master.keys_changed(&changes);
        }
    }
    Ok(Outcome::ok(reaped))
}

/// What the master has refused since it was started, by reason, and how often: peers, keys, requests, users.
fn refused(master: &dyn Master, args: Args) -> Result<Outcome, RunnerError> {
    args.done()?;
    let table: Dict = master.refused().into_iter().map(|(reason, count)| (reason, count as i64)).collect();
    Ok(Outcome::ok(table))
}

fn status(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let (up, down) = split(master, &mut args)?;
    args.done()?;
    Ok(Outcome::ok(Dict::new().with("up", up).with("down", down)))
}

/// The versions of master and minions, grouped as Salt groups them.
fn versions(master: &dyn Master, args: Args) -> Result<Outcome, RunnerError> {
    args.done()?;
    let own = env!("CARGO_PKG_VERSION");
    let (mut same, mut differ) = (Dict::new(), Dict::new());
    for (id, version) in master.versions() {
        if version == own { &mut same } else { &mut differ }.insert(id, version);
    }
    let mut out = Dict::new().with("Master", own);
    if !same.is_empty() {
        out.insert("Up to date", same);
    }
    if !differ.is_empty() {
        out.insert("Minion requires update", differ);
    }
    Ok(Outcome::ok(out))
}

//! Functions that manage the master itself. `key.*` are what `rsalt-key` runs while the master runs, so
//! that a change takes effect at once.

use data::{Dict, Value};
use proto::message::control::Call;

use crate::keys::{Change, Include, KeyState, Keys, KeysError, Verb};
use crate::runners::{Args, Master, Outcome, RunnerError, Table, dispatch};
use crate::store::Seen;

const FUNCTIONS: Table = &[
    ("key.accept", |m, a| change(m, a, Verb::Accept)),
    ("key.delete", |m, a| change(m, a, Verb::Delete)),
    ("key.finger", finger),
    ("key.finger_all", |m, a| all_of(m, a, fingers)),
    ("key.key_str", key_str),
    ("key.list", list),
    ("key.list_all", list_all),
    ("key.print", key_str),
    ("key.reject", |m, a| change(m, a, Verb::Reject)),
    ("key.seen", seen),
];

/// Runs a wheel function.
pub fn run(master: &dyn Master, call: &Call) -> Result<Outcome, RunnerError> {
    dispatch(&[FUNCTIONS], master, call)
}

fn outcome(value: impl Into<Value>) -> Outcome {
    Outcome { value: value.into(), out: Some("key".into()), retcode: 0 }
}

/// `key.accept match`, or `match_dict` of states to ids for exactly those keys.
fn change(master: &dyn Master, mut args: Args, verb: Verb) -> Result<Outcome, RunnerError> {
    let keys = master.keys();
    let include = Include {
        accepted: args.keyword("include_accepted").is_some_and(|v| v.is_true()),
        rejected: args.keyword("include_rejected").is_some_and(|v| v.is_true()),
        denied: args.keyword("include_denied").is_some_and(|v| v.is_true()),
    };
    let chosen = args.keyword("match_dict");
    let changes = match chosen {
        Some(Value::Dict(chosen)) => {
            args.done()?;
            apply_chosen(keys, verb, &chosen)?
        }
        _ => {
            let pattern = args.need("match")?;
            args.done()?;
            keys.apply(verb, &pattern, include)?
        }
    };
    master.keys_changed(&changes);
    for change in &changes {
        master.fire(key_event(change, verb));
    }
    Ok(outcome(by_state(changes.into_iter().map(|c| (c.to.unwrap_or(c.from), c.id)))))
}

/// The change of the keys that were shown to the user, and no others.
pub(crate) fn apply_chosen(keys: &Keys, verb: Verb, chosen: &Dict) -> Result<Vec<Change>, KeysError> {
    let mut changes = Vec::new();
    for state in KeyState::ALL {
        let ids = chosen.get(state.dir()).and_then(Value::as_list).unwrap_or_default();
        for id in ids.iter().filter_map(Value::as_str) {
            changes.extend(keys.change_one(verb, id, state)?);
        }
    }
    Ok(changes)
}

/// `salt/key`: what was done to a key.
pub(crate) fn key_event(change: &Change, verb: Verb) -> proto::message::Event {
    let data = Dict::new().with("act", verb.act()).with("id", change.id.as_str()).with("result", true);
    proto::message::Event { tag: proto::tag::KEY.to_owned(), data: data.into() }
}

fn list_all(master: &dyn Master, args: Args) -> Result<Outcome, RunnerError> {
    args.done()?;
    Ok(outcome(all(master.keys())?))
}

/// `key.list accepted|pre|un|rejected|denied|all`
fn list(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let which = args.need("match")?;
    let problem = args.problem(format!("'{which}' is none of accepted, pre, rejected, denied, all"));
    args.done()?;
    Ok(outcome(by_status(master.keys(), &which)?.ok_or(problem)?))
}

fn finger(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let pattern = args.need("match")?;
    let _hash_type = args.value("hash_type");
    args.done()?;
    Ok(outcome(fingers(master.keys(), &pattern)?))
}

/// What `show` has of every key.
fn all_of(
    master: &dyn Master,
    args: Args,
    show: fn(&Keys, &str) -> Result<Dict, KeysError>,
) -> Result<Outcome, RunnerError> {
    args.done()?;
    Ok(outcome(show(master.keys(), "*")?))
}

/// When each minion was connected for the last time, from where, and whether it is now.
fn seen(master: &dyn Master, args: Args) -> Result<Outcome, RunnerError> {
    args.done()?;
    let connected = master.connected();
    let mut out = Dict::new();
    for Seen { id, time, address } in master.store().seen()? {
        let here = connected.binary_search(&id).is_ok();
        let about = Dict::new().with("last_seen", time).with("address", address).with("connected", here);
        out.insert(id, about);
    }
    Ok(outcome(out))
}

/// The names of all wheel functions, sorted.
pub fn names() -> impl Iterator<Item = &'static str> {
    FUNCTIONS.iter().map(|(name, _)| *name)
}

fn key_str(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let pattern = args.need("match")?;
    args.done()?;
    Ok(outcome(texts(master.keys(), &pattern)?))
}

/// Every key, by state, the empty states too; `local` has the master's own.
pub(crate) fn all(keys: &Keys) -> Result<Dict, KeysError> {
    let mut out = Dict::new();
    for state in KeyState::ALL {
        out.insert(state.dir(), keys.list(state)?);
    }
    Ok(out)
}

/// The keys of the states that a word names as Salt does: by its beginning. None for another word.
pub(crate) fn by_status(keys: &Keys, word: &str) -> Result<Option<Dict>, KeysError> {
    let state = match word {
        "all" => return all(keys).map(Some),
        w if w.starts_with("acc") => KeyState::Accepted,
        w if w.starts_with("pre") || w.starts_with("un") => KeyState::Pending,
        w if w.starts_with("rej") => KeyState::Rejected,
        w if w.starts_with("den") => KeyState::Denied,
        _ => return Ok(None),
    };
    Ok(Some(Dict::new().with(state.dir(), keys.list(state)?)))
}

/// Fingerprints by state and id; the master's own under `local` when the pattern matches it.
pub(crate) fn fingers(keys: &Keys, pattern: &str) -> Result<Dict, KeysError> {
    each(keys, pattern, |key| key.fingerprint())
}

/// Keys as text by state and id.
pub(crate) fn texts(keys: &Keys, pattern: &str) -> Result<Dict, KeysError> {
    each(keys, pattern, ToString::to_string)
}

fn each(
    keys: &Keys,
    pattern: &str,
    show: impl Fn(&proto::keys::PublicKey) -> String,
) -> Result<Dict, KeysError> {
    let mut out = Dict::new();
    let globs = proto::target::glob::Glob::new(pattern);
    let mut local = Dict::new();
    for name in ["master.pem", "master.pub"] {
        let file = keys.dir().join("master.pub");
        if (globs.matches(name) || pattern == "master")
            && let Ok(key) = proto::keys::PublicKey::load(&file)
        {
            local.insert("master.pub", show(&key));
        }
    }
    if !local.is_empty() {
        out.insert("local", local);
    }
    for (state, ids) in keys.matching(pattern, &KeyState::ALL)? {
        let mut found = Dict::new();
        for id in ids {
            if let Some(key) = keys.key(state, &id)? {
                found.insert(id, show(&key));
            }
        }
        out.insert(state.dir(), found);
    }
    Ok(out)
}

fn by_state(pairs: impl IntoIterator<Item = (KeyState, String)>) -> Dict {
    let mut out = Dict::new();
    for (state, id) in pairs {
        if let Some(list) = out.entry_or(state.dir(), Value::list).as_list_mut() {
            list.push(id.into());
        }
    }
    out
}

//! Pausing and ending a state run between two of its states.
//!
//! What is asked of a run lies in `cachedir/state_pause/<jid>`: by ID, or for `__all__` of its states, a dict with
//! `duration` and `kill`. The run looks there before each state.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use data::{Dict, Value};

use super::bound::{Bound, split_input};
use super::{ExecEntry, lock};
use crate::exec::{ExecError, ExecFn, entry};
use crate::host::Host;
use crate::{Ctx, args};

/// How often a paused run looks whether it may go on.
const PAUSE: Duration = Duration::from_millis(100);
/// What stands for every state.
const ALL_IDS: &str = "__all__";

/// The functions of this file.
pub(super) const FUNCTIONS: &[ExecEntry] = &[
    entry::<Pause>(),
    entry::<Resume>(),
    entry::<Resume>().also_as("state.rm_pause"),
    entry::<SoftKill>(),
    entry::<GetPauses>(),
];

args! {
    /// Pause a running state run before a state ID, or before its next state.
    ///
    /// jid: of the run. duration: go on by itself after so many seconds.
    ///
    /// CLI Example: `rsalt '*' state.pause 20260102030405678901 vim 20`
    pub(super) struct Pause(Bound);

    /// Let a paused state run go on: the pause at an ID, or all of them.
    ///
    /// CLI Example: `rsalt '*' state.resume 20260102030405678901 vim`
    pub(super) struct Resume(Bound);

    /// End a running state run before a state ID, or before its next state.
    ///
    /// CLI Example: `rsalt '*' state.soft_kill 20260102030405678901 vim`
    pub(super) struct SoftKill(Bound);

    /// Show what is asked of the running state runs: by jid, by ID.
    ///
    /// CLI Example: `rsalt '*' state.get_pauses`
    pub(super) struct GetPauses(Bound);
}

fn dir(ctx: &Ctx<'_>) -> Option<PathBuf> {
    Some(Path::new(ctx.opt("cachedir")?.as_str()?).join("state_pause"))
}

/// Where it is said what is asked of a run.
pub(super) fn path(ctx: &Ctx<'_>, jid: &str) -> Option<PathBuf> {
    // A jid comes from the user: only one that is one names a file.
    Some(dir(ctx)?.join(jid)).filter(|_| proto::jid::is_valid(jid))
}

fn read(path: &Path) -> Option<Dict> {
    let data = std::fs::read(path).ok()?;
    data::msgpack::decode(&data).ok()?.as_dict().cloned()
}

/// Changes what is asked of the run that the arguments name.
fn change(ctx: &Ctx<'_>, args: &Bound, change: impl FnOnce(&mut Dict, &str)) -> Result<Value, ExecError> {
    let jid = args.jid.to_string();
    let Some(path) = path(ctx, &jid) else {
        return Err(ExecError::invocation(format!("{jid:?} is no job id")));
    };
    let id = match &args.state_id {
        Value::None => ALL_IDS.to_owned(),
        id => id.to_string(),
    };
    let mut asked = read(&path).unwrap_or_default();
    change(&mut asked, &id);
    let failed = |e: std::io::Error| ExecError::command(format!("{}: {e}", path.display()));
    if let Some(dir) = path.parent() {
        std::fs::create_dir_all(dir).map_err(failed)?;
    }
    // By renaming: a run that looks sees the old or the new.
    let new = path.with_extension("new");
    std::fs::write(&new, data::msgpack::encode(&Value::from(asked)))
        .and_then(|()| std::fs::rename(&new, &path))
        .map_err(failed)?;
    Ok(Value::None)
}

/// Sets one thing that is asked at an ID.
fn set(asked: &mut Dict, id: &str, what: Option<(&str, Value)>) {
    let mut at = asked.get(id).and_then(Value::as_dict).cloned().unwrap_or_default();
    if let Some((key, value)) = what {
        at.insert(key, value);
    }
    asked.insert(id, at);
}

impl ExecFn for Pause {
    const FUN: &'static str = "state.pause";
    const SIGNATURE: &'static str = "jid, state_id=None, duration=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let duration = &self.0.duration;
        let seconds = match duration.is_true() {
            true => {
                Some(duration.as_int().or_else(|| duration.to_string().parse().ok()).ok_or_else(|| {
                    ExecError::invocation(format!("duration is to be a number of seconds, not {duration}"))
                })?)
            }
            false => None,
        };
        change(ctx, &self.0, |asked, id| set(asked, id, seconds.map(|n| ("duration", Value::Int(n)))))
    }
}

impl ExecFn for SoftKill {
    const FUN: &'static str = "state.soft_kill";
    const SIGNATURE: &'static str = "jid, state_id=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        change(ctx, &self.0, |asked, id| set(asked, id, Some(("kill", true.into()))))
    }
}

impl ExecFn for Resume {
    const FUN: &'static str = "state.resume";
    const SIGNATURE: &'static str = "jid, state_id=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        change(ctx, &self.0, |asked, id| {
            asked.remove(id);
            if id == ALL_IDS {
                *asked = Dict::new();
            }
        })
    }
}

impl ExecFn for GetPauses {
    const FUN: &'static str = "state.get_pauses";
    const SIGNATURE: &'static str = "jid=None";

    fn call(self, ctx: &Ctx<'_>) -> Result<Value, ExecError> {
        let Some(dir) = dir(ctx) else { return Ok(Value::dict()) };
        let jids: Vec<String> = match &self.0.jid {
            Value::None => {
                let files = std::fs::read_dir(&dir).into_iter().flatten().flatten();
                let mut names: Vec<String> = files.filter_map(|f| f.file_name().into_string().ok()).collect();
                names.sort();
                names
            }
            jids => split_input(jids).iter().map(Value::to_string).collect(),
        };
        let mut found = Dict::new();
        for jid in jids.iter().filter(|jid| proto::jid::is_valid(jid)) {
            let path = dir.join(jid);
            if lock::is_running(ctx, jid) {
                found.insert(jid.as_str(), read(&path).unwrap_or_default());
            } else {
                // Its run is over. A file that is not there is fine.
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok(found.into())
    }
}

/// Waits where a pause is asked for. False: the run is to end here.
pub(crate) fn may_run(path: &Path, id: &str, host: &dyn Host) -> bool {
    let since = Instant::now();
    loop {
        let Some(asked) = read(path) else { return true };
        let Some(at) = asked.get(id).or_else(|| asked.get(ALL_IDS)) else { return true };
        if at
            .get("duration")
            .and_then(Value::as_int)
            .is_some_and(|s| since.elapsed().as_secs_f64() > s as f64)
        {
            return true;
        }
        if at.get("kill").is_some_and(Value::is_true) {
            return false;
        }
        // A job that is ended waits for nothing; the run itself sees that it is.
        if host.sleep(PAUSE).is_err() {
            return false;
        }
    }
}

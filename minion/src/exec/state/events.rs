//! What a state run tells the master while it goes on, and what is asked of it: `state_events`, `fire_event` of its
//! states, pauses.

use std::path::PathBuf;
use std::sync::Arc;

use data::{Dict, Value};
use sls::{LowChunk, RunEvents, StateResult};

use super::pause;
use crate::Ctx;
use crate::caller::EventSink;
use crate::host::Host;

/// Tells of each state that came to an end, and holds a run that is paused.
#[derive(Default)]
pub(super) struct Progress {
    /// Nobody hears a minion without a master, nor one whose master is away.
    sink: Option<Arc<dyn EventSink>>,
    /// Tell of every state, not only of those that ask for it.
    all: bool,
    jid: String,
    id: String,
    /// Where it is said that the run is to pause, and what it waits on then.
    pause: Option<(PathBuf, Arc<dyn Host>)>,
}

impl Progress {
    pub(super) fn of(ctx: &Ctx<'_>, opts: &Value, id: &str) -> Self {
        let jid = ctx.job().jid.clone();
        let host = || ctx.job().host.get().cloned();
        Progress {
            sink: ctx.caller().events(),
            all: opts.get("state_events").is_some_and(Value::is_true),
            pause: pause::path(ctx, &jid).and_then(|path| Some((path, host()?))),
            jid,
            id: id.to_owned(),
        }
    }

    /// Of a run that nobody can ask anything of.
    pub(super) fn none() -> Self {
        Progress::default()
    }

    /// The run is over: what was asked of it is of no use any more.
    pub(super) fn end(&self) {
        if let Some((path, _)) = &self.pause {
            // Mostly nothing was asked.
            let _ = std::fs::remove_file(path);
        }
    }

    /// The tag of the event about a state; none: nobody wants to know.
    fn tag(&self, result: &StateResult, fire: Option<&Value>) -> Option<String> {
        let Progress { jid, id, .. } = self;
        match fire {
            Some(Value::Bool(true)) => Some(format!("salt/state_result/{jid}/{id}/{}", result.name)),
            Some(Value::Str(name)) if !name.is_empty() => {
                Some(format!("salt/state_result/{jid}/{id}/{name}"))
            }
            _ if self.all => {
                let number = result.run_num.map(|n| n.to_string()).unwrap_or_default();
                Some(format!("salt/job/{jid}/prog/{id}/{number}"))
            }
            _ => None,
        }
    }
}

impl RunEvents for Progress {
    fn before(&mut self, chunk: &LowChunk) -> bool {
        self.pause.as_ref().is_none_or(|(path, host)| pause::may_run(path, &chunk.id, &**host))
    }

    fn state_done(&mut self, _: &str, result: &StateResult, of: usize, fire: Option<&Value>) {
        let Some(sink) = &self.sink else { return };
        let Some(tag) = self.tag(result, fire) else { return };
        let mut told = Dict::new().with("ret", result.to_value());
        if tag.contains("/prog/") {
            told.insert("len", Value::Int(i64::try_from(of).unwrap_or(i64::MAX)));
        }
        let event = Dict::new()
            .with("jid", self.jid.as_str())
            .with("id", self.id.as_str())
            .with("tag", tag.as_str())
            .with("data", told)
            .with("cmd", "_minion_event");
        if let Err(error) = sink.fire(&tag, event.into()) {
            // The run is not to wait once more for a master that is away.
            tracing::warn!("the master is not told of the states of job {}: {error}", self.jid);
            self.sink = None;
        }
    }
}

//! The live event bus: whoever listens gets what happens from then on.

use std::sync::Arc;

use data::{Dict, Value};
use proto::message::{Event, Job, Return};
use proto::tag;
use tokio::sync::broadcast;

/// Events that a slow listener may be behind; after that it misses some, and is told how many.
const BEHIND: usize = 4096;

/// Sends events to all listeners.
#[derive(Debug)]
pub struct Events(broadcast::Sender<Arc<Event>>);

impl Default for Events {
    fn default() -> Self {
        Events(broadcast::channel(BEHIND).0)
    }
}

impl Events {
    /// Listens from now on.
    pub fn listen(&self) -> broadcast::Receiver<Arc<Event>> {
        self.0.subscribe()
    }

    /// Fires an event; the data of a dict gets a `_stamp`, as in Salt.
    pub fn fire(&self, mut event: Event) {
        // Without listeners there is nothing to build.
        if self.0.receiver_count() == 0 {
            return;
        }
        if let Some(dict) = event.data.as_dict_mut() {
            let stamp = chrono::Utc::now().format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
            dict.insert("_stamp", stamp);
        }
        // Fails when the last listener has just left.
        let _ = self.0.send(Arc::new(event));
    }

    /// `salt/job/<jid>/new`
    pub fn job_new(&self, job: &Job, minions: &[String]) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let minions: Vec<Value> = minions.iter().map(|m| Value::from(m.as_str())).collect();
        let data = Dict::new()
            .with("jid", job.jid.as_str())
            .with("tgt_type", job.tgt_type.as_str())
            .with("tgt", job.tgt.clone())
            .with("user", job.user.as_str())
            .with("fun", job.fun.as_str())
            .with("arg", Value::from(job.arg.clone()))
            .with("minions", Value::from(minions))
            .with("missing", Value::list());
        self.fire(Event { tag: tag::job_new(&job.jid), data: data.into() });
    }

    /// `salt/job/<jid>/ret/<id>`
    pub fn job_returned(&self, ret: &Return) {
        if self.0.receiver_count() == 0 {
            return;
        }
        let mut data = Dict::new()
            .with("cmd", "_return")
            .with("id", ret.id.as_str())
            .with("success", ret.success)
            .with("return", ret.ret.clone())
            .with("retcode", ret.retcode)
            .with("jid", ret.jid.as_str())
            .with("fun", ret.fun.as_str())
            .with("fun_args", Value::from(ret.fun_args.clone()));
        if let Some(out) = &ret.out {
            data.insert("out", out.as_str());
        }
        self.fire(Event { tag: tag::job_ret(&ret.jid, &ret.id), data: data.into() });
    }
}

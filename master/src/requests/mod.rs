//! Requests of minions, each in its file. Only accepted minions get further than this gate, and a
//! minion only ever speaks for the id of its session.

mod file;
mod returns;

use std::sync::Arc;

use data::{Dict, Value};
use proto::message::{Event, Reply, Request};
use proto::tag;

use crate::daemon::Master;
use crate::refusals::Refusal;
use crate::sessions::{Session, Standing};

/// The answer to a request.
pub async fn answer(master: &Arc<Master>, session: &Arc<Session>, request: Request) -> Reply {
    if session.standing() != Standing::Accepted {
        master.refusals.count(Refusal::NotAccepted, &session.id, "");
        if matches!(request, Request::Return(_)) {
            // The key may be accepted again: the minion keeps its return.
            return Reply::Error("the minion's key is not accepted".to_string());
        }
        return Reply::Refused("the minion's key is not accepted".to_string());
    }
    match request {
        Request::Ping => Reply::Done,
        Request::Grains(grains) => match master.note_grains(&session.id, grains).await {
            Ok(()) => Reply::Done,
            Err(error) => Reply::Error(error.to_string()),
        },
        Request::Pillar(wanted) => {
            let (compiler, id) = (master.pillar(), session.id.clone());
            blocking(move || match compiler.compile(&id, &wanted) {
                Ok(pillar) => Reply::Value(pillar),
                Err(error) => Reply::Refused(error.to_string()),
            })
            .await
        }
        Request::FileInfo(wanted) => file::info(master, session, wanted).await,
        Request::FileChunk(wanted) => file::chunk(master, session, wanted).await,
        Request::FileList { saltenv } => file::list(master, saltenv).await,
        Request::FileDirs { saltenv } => file::dirs(master, saltenv).await,
        Request::MasterOpts => Reply::Value(state_opts(&master.config().opts)),
        Request::FileEnvs => file::envs(master).await,
        Request::Return(ret) => returns::take(master, session, *ret).await,
        Request::Event(event) => take_event(master, session, event),
    }
}

/// The options that hold for the state runs of all minions. No other option is a minion's business.
fn state_opts(opts: &Value) -> Value {
    const KEYS: [&str; 15] = [
        "renderer",
        "failhard",
        "state_top",
        "state_top_saltenv",
        "nodegroups",
        "state_auto_order",
        "top_file_merging_strategy",
        "env_order",
        "default_top",
        "state_events",
        "state_aggregate",
        "jinja_env",
        "jinja_sls_env",
        "jinja_lstrip_blocks",
        "jinja_trim_blocks",
    ];
    KEYS.iter().filter_map(|key| Some((*key, opts.get(key)?.clone()))).collect::<Dict>().into()
}

/// A minion's event, on the master's bus under its own tag; the data says whose it is.
fn take_event(master: &Arc<Master>, session: &Arc<Session>, event: Event) -> Reply {
    if event.tag.is_empty() || event.tag.len() > 256 {
        master.refusals.count(Refusal::Request, &session.id, "event tag");
        return Reply::Refused("an event's tag has 1 to 256 bytes".to_string());
    }
    if !tag::of_minion(&event.tag, &session.id) {
        master.refusals.count(Refusal::ForeignEvent, &session.id, format_args!("tag {:?}", event.tag));
        return Reply::Refused(format!("the tag {:?} is not for events of {:?}", event.tag, session.id));
    }
    let mut data = event.data;
    if let Some(dict) = data.as_dict_mut() {
        dict.insert("id", session.id.as_str());
    }
    master.events.fire(Event { tag: event.tag, data });
    Reply::Done
}

/// Runs what reads files or renders on the blocking pool.
async fn blocking(work: impl FnOnce() -> Reply + Send + 'static) -> Reply {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        tracing::error!(%error, "a request failed");
        Reply::Error("internal error on the master, see its log".to_string())
    })
}

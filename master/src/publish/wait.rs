//! Waiting for returns: every expected minion ends as a return or as missing with a reason.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use proto::message::control::{ControlReply, MissingReason};
use proto::message::{Published, Return, ToMinion};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::LiveJob;
use crate::daemon::Master;

/// A minion that has lost its connection without a goodbye is given so much time to come back before it is
/// called missing, and so are all of them when the master has just started.
const RECONNECT: Duration = Duration::from_secs(5);

/// The two limits of a wait.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Silence after which a minion is asked whether it is still running the job.
    pub timeout: Duration,
    /// How long it may take to answer that.
    pub gather: Duration,
}

/// Streams returns and missing minions to `out` until each expected minion is one or the other, the
/// reader of `out` has gone, or the master stops. `returns` must have been registered with
/// [`LiveJob::watch`] before the job went out.
pub async fn wait_for_returns(
    master: &Arc<Master>,
    job: &Arc<LiveJob>,
    mut returns: mpsc::Receiver<Arc<Return>>,
    limits: Limits,
    out: &mpsc::Sender<ControlReply>,
) {
    let jid = job.published.job.jid.as_str();
    let mut waiting: HashMap<String, Instant> = HashMap::new();
    let start = Instant::now();
    for id in &job.expected {
        if job.has_returned(id) {
            continue;
        }
        match may_come_back(master, id) {
            Some(left) if master.sessions.get(id).is_none() => {
                waiting.insert(id.clone(), start + left.min(limits.timeout));
            }
            _ if master.sessions.get(id).is_some() => {
                waiting.insert(id.clone(), start + limits.timeout);
            }
            _ => {
                let reason = if master.roster.is_accepted(id) {
                    MissingReason::NotConnected
                } else {
                    MissingReason::KeyNotAccepted
                };
                if out.send(ControlReply::Missing { id: id.clone(), reason }).await.is_err() {
                    return;
                }
            }
        }
    }

    let mut asked: JoinSet<(String, Option<bool>)> = JoinSet::new();
    while !waiting.is_empty() {
        let next = waiting.values().min().copied().unwrap_or(start);
        let event = tokio::select! {
            biased;
            () = out.closed() => return,
            ret = returns.recv() => match ret {
                Some(ret) => Event::Return(ret),
                // We were too slow for our own queue; the returns are in the store.
                None => Event::Overrun,
            },
            Some(answer) = asked.join_next(), if !asked.is_empty() => match answer {
                Ok((id, running)) => Event::Asked(id, running),
                Err(_) => continue,
            },
            () = master.stopping() => Event::Stop,
            () = tokio::time::sleep_until(next) => Event::Silence,
        };
        match event {
            Event::Return(ret) => {
                waiting.remove(&ret.id);
                if out.send(ControlReply::Return(Box::new((*ret).clone()))).await.is_err() {
                    return;
                }
            }
            Event::Overrun => {
                let hint = format!("too many returns at once; see jobs.lookup_jid {jid}");
                let _ = out.send(ControlReply::Error(hint)).await;
                return;
            }
            Event::Silence => {
                let now = Instant::now();
                let silent: Vec<String> =
                    waiting.iter().filter(|(_, at)| **at <= now).map(|(id, _)| id.clone()).collect();
                for id in silent {
                    match ask(master, &mut asked, &id, job, limits) {
                        // The deadline moves behind the answer, which comes within the limit.
                        Silent::Asked => {
                            waiting.insert(id, now + limits.gather + limits.timeout);
                        }
                        Silent::MayComeBack(at) => {
                            waiting.insert(id, at);
                        }
                        Silent::Missing(reason) => {
                            waiting.remove(&id);
                            if out.send(ControlReply::Missing { id, reason }).await.is_err() {
                                return;
                            }
                        }
                    }
                }
            }
            Event::Asked(id, running) => {
                if !waiting.contains_key(&id) || job.has_returned(&id) {
                    continue;
                }
                if running == Some(true) {
                    waiting.insert(id, Instant::now() + limits.timeout);
                    continue;
                }
                waiting.remove(&id);
                let seconds = (Instant::now() - start).as_secs_f64();
                let reason = match (running, master.sessions.get(&id)) {
                    (None, None) => MissingReason::NotConnected,
                    (None, _) => MissingReason::NoReturn { seconds: (seconds * 10.0).round() / 10.0 },
                    (Some(_), _) => MissingReason::NoReturn { seconds: limits.timeout.as_secs_f64() },
                };
                if out.send(ControlReply::Missing { id, reason }).await.is_err() {
                    return;
                }
            }
            Event::Stop => {
                // A client that has hung up needs no news.
                let _ = out.send(ControlReply::Stopping).await;
                return;
            }
        }
    }
    // Returns of minions that were not expected, or that were given up, and are here by now.
    while let Ok(ret) = returns.try_recv() {
        if out.send(ControlReply::Return(Box::new((*ret).clone()))).await.is_err() {
            return;
        }
    }
}

enum Event {
    Return(Arc<Return>),
    Overrun,
    Asked(String, Option<bool>),
    Silence,
    Stop,
}

/// What is known of a silent minion.
enum Silent {
    Asked,
    MayComeBack(Instant),
    Missing(MissingReason),
}

/// Asks a silent minion whether it is running the job.
fn ask(
    master: &Arc<Master>,
    asked: &mut JoinSet<(String, Option<bool>)>,
    id: &str,
    job: &Arc<LiveJob>,
    limits: Limits,
) -> Silent {
    if let Some(session) = master.sessions.get(id) {
        let (id, job) = (id.to_string(), Arc::clone(job));
        asked.spawn(async move {
            let jid = job.published.job.jid.clone();
            // Should the publish have been lost on its way, it starts now, and the answer says so.
            let late = job.is_late_since(session.accepted_at());
            let published = Published { late, ..job.published.clone() };
            let _ = session.send(&ToMinion::Job(published)).await;
            let running = session.running(std::slice::from_ref(&jid), limits.gather).await;
            (id, running.map(|jids| jids.contains(&jid)))
        });
        return Silent::Asked;
    }
    if !master.roster.is_accepted(id) {
        return Silent::Missing(MissingReason::KeyNotAccepted);
    }
    match may_come_back(master, id) {
        Some(left) => Silent::MayComeBack(Instant::now() + left),
        None => Silent::Missing(MissingReason::NotConnected),
    }
}

/// How much time is left to a minion that has lost its connection; none when it is not expected back.
fn may_come_back(master: &Master, id: &str) -> Option<Duration> {
    let gone = match master.sessions.absence(id) {
        Some(gone) => gone,
        // Whoever was connected before a restart of the master is on its way.
        None => master.started.elapsed(),
    };
    RECONNECT.checked_sub(gone).filter(|left| !left.is_zero())
}

//! The unix socket of the command line tools: root and the master's user only.
//!
//! Each connection is a task with one request. Its replies go through a small queue, so that a client
//! that does not read holds up nobody but itself, and one that hangs up ends the waiting.

use std::collections::HashSet;
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use data::{Dict, Value};
use proto::message::control::{self, ControlError, Publish, Target};
use proto::message::{ControlReply, ControlRequest, Event, Job, PillarRequest, Return};
use proto::{jid, target};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::{broadcast, mpsc};

use super::view::View;
use super::{Master, users};
use crate::publish::{Limits, wait_for_returns};
use crate::refusals::Refusal;
use crate::runners::{self, Outcome, RunnerError};
use crate::store::{Recorded, StoreError, StoredJob};
use crate::wheel;

/// Replies that wait for a client to read them.
const WAITING: usize = 256;
/// Returns beyond the expected ones that a wait has room for: minions that match without being expected.
const UNEXPECTED: usize = 1024;
/// A client must have sent its request after so much time.
const REQUEST_TIME: Duration = Duration::from_secs(10);

/// Listens on the socket; whoever may open it may use it, so it is closed to others before it has its name.
pub(super) fn listen(path: &Path, to_all: bool) -> io::Result<UnixListener> {
    if std::os::unix::net::UnixStream::connect(path).is_ok() {
        return Err(io::Error::new(io::ErrorKind::AddrInUse, "another master answers there"));
    }
    let new = path.with_extension(format!("{}.new", std::process::id()));
    match std::fs::remove_file(&new) {
        Err(e) if e.kind() != io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    let listener = UnixListener::bind(&new)?;
    permit(&new, to_all)?;
    std::fs::rename(&new, path)?;
    Ok(listener)
}

/// With rules for users who are not root, everybody may open the socket, and is held against them.
pub(super) fn permit(path: &Path, to_all: bool) -> io::Result<()> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(if to_all { 0o666 } else { 0o600 }))
}

/// Serves the socket until the master stops.
pub(super) async fn serve(master: Arc<Master>, listener: UnixListener) {
    loop {
        let accepted = tokio::select! {
            () = master.stopping() => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let client = Arc::clone(&master);
                master.tasks.spawn(async move {
                    if let Err(error) = converse(&client, stream).await {
                        tracing::debug!(%error, "a command line tool has gone");
                    }
                });
            }
            Err(error) => {
                tracing::error!(%error, "the control socket does not accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}

async fn converse(master: &Arc<Master>, mut stream: UnixStream) -> Result<(), ControlError> {
    let uid = stream.peer_cred()?.uid();
    let acl = users::acl(master);
    let master_itself = uid == 0 || uid == rustix::process::geteuid().as_raw();
    if !master_itself && acl.is_empty() {
        master.refusals.count(Refusal::ControlUser, uid, "");
        let refused = ControlReply::Error("only root and the master's user may do this".to_string());
        stream.write_all(&control::to_frame(&refused)?).await?;
        return Ok(());
    }
    let request = tokio::select! {
        () = master.stopping() => return Ok(()),
        request = tokio::time::timeout(REQUEST_TIME, read(&mut stream)) => match request {
            Ok(request) => request?,
            Err(_) => return Ok(()),
        },
    };
    let (mut from_client, mut to_client) = stream.into_split();
    let (out, mut replies) = mpsc::channel(WAITING);
    let work = async {
        match users::admit(master, request, uid, master_itself, &acl).await {
            Ok(request) => answer(master, request, uid, out).await,
            Err(refused) => {
                // A client that has hung up needs no answer.
                let _ = out.send(ControlReply::Error(refused)).await;
            }
        }
    };
    let write = async {
        let mut batch = Vec::new();
        while let Some(reply) = replies.recv().await {
            batch.extend_from_slice(&control::to_frame(&reply)?);
            // What is there already goes out in one piece.
            while batch.len() < 64 * 1024
                && let Ok(reply) = replies.try_recv()
            {
                batch.extend_from_slice(&control::to_frame(&reply)?);
            }
            to_client.write_all(&batch).await?;
            batch.clear();
        }
        Ok::<(), ControlError>(())
    };
    // A client sends nothing more: whatever can be read is its hanging up.
    let hung_up = async {
        let mut byte = [0; 1];
        let _ = from_client.read(&mut byte).await;
    };
    tokio::select! {
        (_, written) = async { tokio::join!(work, write) } => written,
        () = hung_up => Ok(()),
    }
}

async fn read(stream: &mut UnixStream) -> Result<ControlRequest, ControlError> {
    let mut header = [0; 4];
    stream.read_exact(&mut header).await?;
    let size = control::length(header)?;
    let mut body = Vec::new();
    stream.take(size as u64).read_to_end(&mut body).await?;
    if body.len() < size {
        return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
    }
    Ok(proto::message::decode(&body)?)
}

/// A client that has hung up; nobody is left to be told.
struct HungUp;

type Out = mpsc::Sender<ControlReply>;

async fn answer(master: &Arc<Master>, request: ControlRequest, uid: u32, out: Out) {
    let done = match request {
        ControlRequest::Publish(publish) => publish_job(master, publish, uid, &out).await,
        ControlRequest::Targets(target) => targets(master, target, &out).await,
        ControlRequest::Attach { jid, timeout } => attach(master, &jid, timeout, &out).await,
        ControlRequest::Events { tag } => events(master, &tag, &out).await,
        ControlRequest::Runner(call) => {
            outcome(call_blocking(master, move |view| runners::run(view, &call)).await, &out).await
        }
        ControlRequest::Wheel(call) => {
            outcome(call_blocking(master, move |view| wheel::run(view, &call)).await, &out).await
        }
    };
    // The queue is empty or its reader has gone.
    if let Ok(last) = done {
        let _ = out.send(last).await;
    }
}

async fn send(out: &Out, reply: ControlReply) -> Result<(), HungUp> {
    out.send(reply).await.map_err(|_| HungUp)
}

/// Runs a function that blocks.
async fn call_blocking(
    master: &Arc<Master>,
    call: impl FnOnce(&View) -> Result<Outcome, RunnerError> + Send + 'static,
) -> Result<Outcome, String> {
    let view = View::new(master, tokio::runtime::Handle::current());
    match tokio::task::spawn_blocking(move || call(&view)).await {
        Ok(ran) => ran.map_err(|e| e.to_string()),
        Err(error) => Err(format!("internal error on the master: {error}")),
    }
}

async fn outcome(ran: Result<Outcome, String>, out: &Out) -> Result<ControlReply, HungUp> {
    match ran {
        Ok(Outcome { value, out: outputter, retcode }) => {
            send(out, ControlReply::Value { value, out: outputter, retcode }).await?;
            Ok(ControlReply::Done)
        }
        Err(error) => Ok(ControlReply::Error(error)),
    }
}

/// Who a target selects: accepted minions, and ids that were named without being accepted.
pub(super) struct Selected {
    pub(super) minions: Vec<String>,
    not_accepted: Vec<String>,
}

pub(super) async fn select(master: &Arc<Master>, wanted: &Target) -> Result<Selected, String> {
    let config = master.config();
    let delimiter = if wanted.delimiter.is_empty() { target::DEFAULT_DELIMITER } else { &wanted.delimiter };
    let target = target::Target::parse(&wanted.tgt, wanted.tgt_type, delimiter, &config.nodegroups)
        .map_err(|e| e.to_string())?;
    let mut not_accepted: Vec<String> = target.listed().unwrap_or_default().to_vec();
    not_accepted.sort();
    not_accepted.dedup();
    let minions = if target.needs_pillar() {
        let (master, compiler) = (Arc::clone(master), master.pillar());
        tokio::task::spawn_blocking(move || {
            let pillar = |id: &str, grains: &Value| {
                let request = PillarRequest {
                    grains: grains.clone(),
                    saltenv: None,
                    pillarenv: None,
                    overrides: Value::None,
                    external: Value::None,
                };
                compiler.compile(id, &request).unwrap_or_else(|error| {
                    tracing::warn!(%id, %error, "the pillar of this minion does not render: no target selects it");
                    Value::None
                })
            };
            master.roster.select(&target, &pillar)
        })
        .await
        .map_err(|e| format!("internal error on the master: {e}"))?
    } else {
        master.roster.select(&target, &|_, _| Value::None)
    };
    not_accepted.retain(|id| minions.binary_search(id).is_err() && !id.is_empty());
    Ok(Selected { minions, not_accepted })
}

async fn targets(master: &Arc<Master>, wanted: Target, out: &Out) -> Result<ControlReply, HungUp> {
    match select(master, &wanted).await {
        Ok(selected) => {
            let connected = selected.minions.iter().filter(|id| master.is_connected(id)).cloned().collect();
            let Selected { minions, not_accepted } = selected;
            send(out, ControlReply::Targets { minions, connected, not_accepted }).await?;
            Ok(ControlReply::Done)
        }
        Err(error) => Ok(ControlReply::Error(error)),
    }
}

async fn publish_job(
    master: &Arc<Master>,
    publish: Publish,
    uid: u32,
    out: &Out,
) -> Result<ControlReply, HungUp> {
    if master.is_stopping() {
        return Ok(ControlReply::Error("the master is stopping: the job is not published".to_string()));
    }
    let selected = match select(master, &publish.target).await {
        Ok(selected) => selected,
        Err(error) => return Ok(ControlReply::Error(error)),
    };
    let wait = publish.wait;
    let limits = limits(master, publish.timeout, publish.gather_job_timeout);
    let job = match make_job(master, publish, uid) {
        Ok(job) => job,
        Err(error) => return Ok(ControlReply::Error(error)),
    };
    users::note_job(master, &job, uid, selected.minions.len());
    let Selected { minions, not_accepted } = selected;
    let mut named = minions.clone();
    named.extend(not_accepted.iter().cloned());
    named.sort();

    // Nobody is concerned: there is nothing to keep and nothing to send.
    if minions.is_empty() {
        send(out, ControlReply::Published { job: Box::new(job), minions: named }).await?;
        return missing(&not_accepted, wait, out).await;
    }
    match master.store.add_job(job.clone(), minions.clone()).await {
        Ok(Recorded::New) => {}
        Ok(Recorded::Known) => {
            return Ok(ControlReply::Error(format!("there is a job {} already", job.jid)));
        }
        Err(error) => return Ok(ControlReply::Error(format!("the job is not published: {error}"))),
    }
    let (watch, returns) = mpsc::channel(minions.len() + UNEXPECTED);
    master.events.job_new(&job, &named);
    let live = match master.publisher.publish(&master.sessions, job, minions, wait.then_some(watch)).await {
        Ok(live) => live,
        Err(error) => return Ok(ControlReply::Error(format!("the job is not published: {error}"))),
    };
    let job = Box::new(live.published.job.clone());
    send(out, ControlReply::Published { job, minions: named }).await?;
    if wait {
        let absent = missing(&not_accepted, true, out).await?;
        wait_for_returns(master, &live, returns, limits, out).await;
        return Ok(absent);
    }
    Ok(ControlReply::Done)
}

/// Names those whose keys are not accepted.
async fn missing(ids: &[String], wait: bool, out: &Out) -> Result<ControlReply, HungUp> {
    if wait {
        for id in ids {
            let reason = control::MissingReason::KeyNotAccepted;
            send(out, ControlReply::Missing { id: id.clone(), reason }).await?;
        }
    }
    Ok(ControlReply::Done)
}

fn make_job(master: &Master, publish: Publish, uid: u32) -> Result<Job, String> {
    let config = master.config();
    let (tgt, tgt_type) =
        target::for_publish(&publish.target.tgt, publish.target.tgt_type, &config.nodegroups)
            .map_err(|e| e.to_string())?;
    if publish.fun.is_empty() {
        return Err("no function was given".to_string());
    }
    let jid = match publish.jid {
        jid if jid.is_empty() => master.jids.next_jid(),
        jid if jid::is_valid(&jid) => jid,
        jid => return Err(format!("{jid:?} is no job id")),
    };
    let user = if publish.user.is_empty() { format!("uid {uid}") } else { publish.user };
    let expiry = publish.expiry.unwrap_or(config.job_expiry);
    if !expiry.is_finite() || expiry < 0.0 {
        return Err(format!("an expiry of {expiry} s makes no sense: 0 or a number of seconds"));
    }
    Ok(Job {
        jid,
        fun: publish.fun,
        arg: publish.arg,
        tgt,
        tgt_type,
        delimiter: publish.target.delimiter,
        ret: publish.ret,
        user,
        timeout: if publish.timeout > 0.0 { publish.timeout } else { config.timeout },
        issued: master.clock(),
        expiry,
        extra: publish.extra,
    })
}

/// The limits of a wait; what the client leaves open is the config's.
fn limits(master: &Master, timeout: f64, gather: f64) -> Limits {
    let config = master.config();
    let seconds = |asked: f64, default: f64| {
        let seconds = if asked > 0.0 { asked } else { default };
        Duration::try_from_secs_f64(seconds).unwrap_or(Duration::from_secs(5)).max(Duration::from_millis(100))
    };
    Limits { timeout: seconds(timeout, config.timeout), gather: seconds(gather, config.gather_job_timeout) }
}

/// Waits for a job that is published already: first what the store has, then what comes.
async fn attach(master: &Arc<Master>, jid: &str, timeout: f64, out: &Out) -> Result<ControlReply, HungUp> {
    let store = Arc::clone(&master.store);
    let wanted = jid.to_string();
    let read = tokio::task::spawn_blocking(move || Ok((store.job(&wanted)?, store.returned(&wanted)?))).await;
    let (StoredJob { job, minions }, returned) = match read {
        Ok(Ok((Some(stored), returned))) => (stored, returned),
        Ok(Ok((None, _))) => return Ok(ControlReply::Error(format!("there is no job {jid}"))),
        Ok(Err(error)) => {
            let error: StoreError = error;
            return Ok(ControlReply::Error(error.to_string()));
        }
        Err(error) => return Ok(ControlReply::Error(format!("internal error on the master: {error}"))),
    };
    let live = master.publisher.restore(job, minions.clone(), returned);
    // The watcher before the returns are read: what comes between the two is here twice, and sent once.
    let (watch, arriving) = mpsc::channel(live.expected.len() + UNEXPECTED);
    live.watch(watch);
    let store = Arc::clone(&master.store);
    let wanted = jid.to_string();
    let read = tokio::task::spawn_blocking(move || store.returns(&wanted)).await;
    let returns = match read {
        Ok(Ok(returns)) => returns,
        Ok(Err(error)) => return Ok(ControlReply::Error(error.to_string())),
        Err(error) => return Ok(ControlReply::Error(format!("internal error on the master: {error}"))),
    };
    let job = Box::new(live.published.job.clone());
    send(out, ControlReply::Published { job, minions }).await?;
    let known: HashSet<String> = returns.iter().map(|r| r.id.clone()).collect();
    for ret in returns {
        send(out, ControlReply::Return(Box::new(ret))).await?;
    }
    let (forward, fresh) = mpsc::channel(live.expected.len() + UNEXPECTED);
    tokio::select! {
        () = wait_for_returns(master, &live, fresh, limits(master, timeout, 0.0), out) => {}
        () = pump(arriving, forward, &known) => {}
    }
    Ok(ControlReply::Done)
}

/// Passes on the returns of all others than these, for as long as there can be any.
async fn pump(mut from: mpsc::Receiver<Arc<Return>>, to: mpsc::Sender<Arc<Return>>, known: &HashSet<String>) {
    while let Some(ret) = from.recv().await {
        // There is room for as many as there can be.
        if !known.contains(&ret.id) && to.send(ret).await.is_err() {
            break;
        }
    }
    // The reader of a closed queue says so.
    drop(to);
    std::future::pending().await
}

async fn events(master: &Arc<Master>, tag: &str, out: &Out) -> Result<ControlReply, HungUp> {
    let mut listener = master.events.listen();
    loop {
        let next = tokio::select! {
            () = master.stopping() => return Ok(ControlReply::Done),
            next = listener.recv() => next,
        };
        match next {
            Ok(event) if event.tag.starts_with(tag) => {
                send(out, ControlReply::Event((*event).clone())).await?
            }
            Ok(_) => {}
            Err(broadcast::error::RecvError::Lagged(missed)) => {
                let data = Dict::new().with("missed", i64::try_from(missed).unwrap_or(i64::MAX));
                let event = Event { tag: "salt/event/missed".to_string(), data: data.into() };
                send(out, ControlReply::Event(event)).await?;
            }
            Err(broadcast::error::RecvError::Closed) => return Ok(ControlReply::Done),
        }
    }
}

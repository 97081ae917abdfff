//! Who is at the other end of the control socket, and what he may ask for: root and the master's user
//! everything, others what `publisher_acl` lets them publish.

use std::sync::Arc;

use data::{Dict, Value};
use minion::host::Host as _;
use minion::host::real::RealHost;
use proto::message::control::{Publish, Target};
use proto::message::{ControlRequest, Job, TargetType};

use super::{Master, control};
use crate::acl::{Acl, Asked, User};
use crate::refusals::Refusal;

/// The rules of now.
pub(super) fn acl(master: &Master) -> Acl {
    let config = master.config();
    Acl::new(&config.publisher_acl, &config.publisher_acl_blacklist)
}

/// The request as this user may make it, or why not.
pub(super) async fn admit(
    master: &Arc<Master>,
    request: ControlRequest,
    uid: u32,
    trusted: bool,
    acl: &Acl,
) -> Result<ControlRequest, String> {
    if trusted {
        if let ControlRequest::Wheel(call) | ControlRequest::Runner(call) = &request {
            let about = Dict::new().with("fun", call.fun.as_str()).with("uid", i64::from(uid));
            master.audit.note("master", about.with("user", call.user.as_str()));
        }
        return Ok(request);
    }
    let user = look_up(uid).await;
    match request {
        ControlRequest::Publish(publish) => {
            let wanted = control::select(master, &publish.target).await?.minions;
            if may_publish(master, &user, &publish, &wanted, acl).await {
                // The job is for those who were looked at: a target could match others when it arrives. And
                // nobody is taken at his word about who he is.
                let listed = publish.target.tgt_type == TargetType::List;
                let target = if listed { publish.target } else { list_of(wanted) };
                return Ok(ControlRequest::Publish(Publish { user: user.name, target, ..publish }));
            }
            refuse(master, &user, format_args!("{} on {}", publish.fun, publish.target.tgt));
            Err(format!(
                "Authorization error occurred: publisher_acl does not let {} run {} on this target",
                user.name, publish.fun
            ))
        }
        ControlRequest::Attach { jid, timeout } => {
            let own =
                master.store.job(&jid).ok().flatten().is_some_and(|stored| stored.job.user == user.name);
            if own {
                return Ok(ControlRequest::Attach { jid, timeout });
            }
            refuse(master, &user, format_args!("job {jid}"));
            Err(format!("Authorization error occurred: job {jid} is not one of {}'s", user.name))
        }
        _ => {
            refuse(master, &user, "a request for root");
            Err("only root and the master's user may do this".to_string())
        }
    }
}

fn refuse(master: &Master, user: &User, detail: impl std::fmt::Display) {
    master.refusals.count(Refusal::ControlUser, &user.name, detail);
}

async fn may_publish(
    master: &Arc<Master>,
    user: &User,
    publish: &Publish,
    wanted: &[String],
    acl: &Acl,
) -> bool {
    // Which targets of the rules hold all of these; looked up before, because rules are asked without waiting.
    let mut covering: Vec<String> = Vec::new();
    for target in targets(&master.config().publisher_acl) {
        let tgt = Target { tgt: target.as_str().into(), tgt_type: TargetType::Compound, ..Target::default() };
        let Ok(selected) = control::select(master, &tgt).await else { continue };
        if wanted.iter().all(|id| selected.minions.binary_search(id).is_ok()) {
            covering.push(target);
        }
    }
    let (args, kwargs) = split(&publish.arg);
    let asked = Asked { fun: &publish.fun, args, kwargs: &kwargs };
    acl.allows(user, asked, &|target| covering.iter().any(|t| t == target))
}

fn list_of(ids: Vec<String>) -> Target {
    Target { tgt: Value::from(ids), tgt_type: TargetType::List, ..Target::default() }
}

/// All targets that the rules name.
fn targets(rules: &Dict) -> Vec<String> {
    let rules = rules.iter().flat_map(|(_, rules)| rules.as_list().unwrap_or_default());
    let named = rules.filter_map(Value::as_dict).flat_map(|rule| rule.iter());
    let mut targets: Vec<String> =
        named.filter_map(|(target, _)| Some(target.as_str()?.to_string())).collect();
    targets.sort_unstable();
    targets.dedup();
    targets
}

fn split(arg: &[Value]) -> (&[Value], Dict) {
    match arg.split_last() {
        Some((Value::Dict(last), args)) if last.get("__kwarg__").is_some() => (args, last.as_ref().clone()),
        _ => (arg, Dict::new()),
    }
}

/// The name and groups of a user; accounts are read from files.
async fn look_up(uid: u32) -> User {
    let read = move || {
        let host = RealHost::new();
        let Some(name) = host.user_name(uid) else {
            return User { name: format!("uid {uid}"), groups: vec![] };
        };
        let primary = host.user(&name).ok().flatten().map(|user| user.gid);
        let groups = host.groups().map(|all| {
            let of = all.iter().filter(|g| Some(g.gid) == primary || g.members.contains(&name));
            of.map(|g| g.name.clone()).collect()
        });
        User { groups: groups.unwrap_or_default(), name }
    };
    let nobody = || User { name: format!("uid {uid}"), groups: vec![] };
    tokio::task::spawn_blocking(read).await.unwrap_or_else(|_| nobody())
}

/// A job goes out.
pub(super) fn note_job(master: &Master, job: &Job, uid: u32, minions: usize) {
    if !master.audit.is_on() {
        return;
    }
    let about = Dict::new()
        .with("jid", job.jid.as_str())
        .with("uid", i64::from(uid))
        .with("user", job.user.as_str())
        .with("fun", job.fun.as_str())
        .with("tgt", job.tgt.clone())
        .with("tgt_type", job.tgt_type.to_string())
        .with("minions", minions as i64);
    master.audit.note("job", about);
}

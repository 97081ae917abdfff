//! `jobs.*`: what was run, who returned, who is still at it.

use chrono::{DateTime, Local, NaiveDateTime, TimeZone};
use data::{Dict, Value};
use proto::message::Job;
use proto::target::glob::Glob;

use super::{Args, Master, Outcome, RunnerError, Table, by_id};
use crate::duration::now;
use crate::store::{JobFilter, StoredJob};

pub(super) const FUNCTIONS: Table = &[
    ("jobs.active", active),
    ("jobs.exit_success", exit_success),
    ("jobs.last_run", last_run),
    ("jobs.list_job", list_job),
    ("jobs.list_jobs", list_jobs),
    ("jobs.list_jobs_filter", list_jobs_filter),
    ("jobs.lookup_jid", lookup_jid),
    ("jobs.print_job", print_job),
];

/// Salt's keys for a job in a listing.
fn summary(job: &Job) -> Dict {
    let mut out = Dict::new()
        .with("Function", job.fun.as_str())
        .with("Arguments", job.arg.clone())
        .with("Target", job.tgt.clone())
        .with("Target-type", job.tgt_type.as_str())
        .with("User", if job.user.is_empty() { "root" } else { job.user.as_str() });
    if let Some(metadata) = job.extra.get("metadata") {
        out.insert("Metadata", metadata.clone());
    }
    out
}

fn with_start(job: &Job) -> Value {
    summary(job).with("StartTime", proto::jid::to_start_time(&job.jid)).into()
}

fn minions_of(stored: &StoredJob) -> Value {
    stored.minions.clone().into()
}

/// Jobs with Salt's `search_*` and `start_time`/`end_time` filters.
fn list_jobs(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let metadata = args.value("search_metadata").filter(|v| !v.is_none());
    let functions = patterns(args.value("search_function"));
    let targets = patterns(args.value("search_target"));
    let since = time(&mut args, "start_time")?;
    let until = time(&mut args, "end_time")?;
    let _display_progress = args.value("display_progress");
    args.done()?;
    let jobs = master.store().jobs(&JobFilter { since, until, ..JobFilter::default() })?;
    let wanted = jobs.into_iter().filter(|stored| {
        let job = &stored.job;
        let tgt = match &job.tgt {
            Value::List(l) => l.iter().map(Value::to_string).collect::<Vec<_>>().join(","),
            v => v.to_string(),
        };
        matches_any(&functions, &job.fun)
            && matches_any(&targets, &tgt)
            && metadata.as_ref().is_none_or(|m| holds(job.extra.get("metadata"), m))
    });
    Ok(Outcome::ok(by_id(wanted.map(|s| (s.job.jid.clone(), with_start(&s.job))))))
}

fn list_jobs_filter(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let count = args.need("count")?;
    let _filter_find_job = args.value("filter_find_job");
    args.done()?;
    let Ok(limit) = count.parse() else {
        return Err(RunnerError::Args {
            fun: "jobs.list_jobs_filter".into(),
            problem: format!("count '{count}' is no number"),
        });
    };
    let jobs = master.store().jobs(&JobFilter { limit: Some(limit), ..JobFilter::default() })?;
    Ok(Outcome::ok(by_id(jobs.iter().map(|s| (s.job.jid.clone(), with_start(&s.job))))))
}

/// The returns of a job, by minion, and who has not run it because it has expired; with `missing=True` also who
/// was expected and has not returned yet.
fn lookup_jid(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let jid = args.need("jid")?;
    let _ = args.keyword("ext_source");
    let returned_only = args.keyword("returned").is_none_or(|v| v.is_true());
    let missing = args.keyword("missing").is_some_and(|v| v.is_true());
    let _ = args.keyword("display_progress");
    args.done()?;
    let mut out = Dict::new();
    let mut outputter = None;
    let mut retcode = 0;
    for ret in master.store().returns(&jid)? {
        outputter = outputter.or(ret.out);
        retcode = retcode.max(ret.retcode);
        if returned_only || !ret.ret.is_none() {
            out.insert(ret.id, ret.ret);
        }
    }
    if let Some(stored) = master.store().job(&jid)? {
        let open: Vec<String> = stored.minions.into_iter().filter(|id| !out.contains(id)).collect();
        let expired = expired(master, &stored.job, &open);
        for id in open {
            if expired.contains(&id) {
                out.insert(
                    id,
                    format!("Minion did not return. [expired: not started within {} s]", stored.job.expiry),
                );
            } else if missing {
                out.insert(id, "Minion did not return");
            }
        }
    }
    Ok(Outcome { value: out.into(), out: outputter, retcode: 0 })
}

/// Those among the minions that will not run a job any more: it has expired, and they are not at it.
fn expired(master: &dyn Master, job: &Job, open: &[String]) -> Vec<String> {
    // A start at the last moment may not be known yet.
    const ON_ITS_WAY: f64 = 2.0;
    if open.is_empty() || now() < job.expires_at() + ON_ITS_WAY {
        return Vec::new();
    }
    let running = master.running(open, std::slice::from_ref(&job.jid));
    let at_it = |id: &String| running.iter().any(|(m, jids)| m == id && !jids.is_empty());
    open.iter().filter(|id| !at_it(id)).cloned().collect()
}

/// One job with its returns.
fn list_job(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let jid = args.need("jid")?;
    args.done()?;
    Ok(Outcome::ok(describe(master, &jid)?))
}

fn print_job(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let jid = args.need("jid")?;
    args.done()?;
    Ok(Outcome::ok(Dict::new().with(jid.as_str(), describe(master, &jid)?)))
}

fn describe(master: &dyn Master, jid: &str) -> Result<Dict, RunnerError> {
    let mut out = Dict::new().with("jid", jid);
    let Some(stored) = master.store().job(jid)? else {
        return Ok(out.with("Error", "Cannot contact returner or no job with this jid"));
    };
    out.extend(summary(&stored.job));
    let results = master.store().returns(jid)?.into_iter().map(|r| {
        let about = Dict::new().with("return", r.ret).with("retcode", r.retcode).with("success", r.success);
        let about = if let Some(o) = r.out { about.with("out", o) } else { about };
        (r.id, about.into())
    });
    Ok(out
        .with("Minions", minions_of(&stored))
        .with("StartTime", proto::jid::to_start_time(jid))
        .with("Result", by_id(results)))
}

/// The newest job, or the newest that fits the filters.
fn last_run(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let _ext_source = args.value("ext_source");
    let _outputter = args.value("outputter");
    let metadata = args.value("metadata").filter(|v| !v.is_none());
    let function = patterns(args.value("function"));
    let target = patterns(args.value("target"));
    args.done()?;
    let mut jobs = master.store().jobs(&JobFilter::default())?;
    jobs.reverse();
    let found = jobs.iter().find(|s| {
        matches_any(&function, &s.job.fun)
            && matches_any(&target, &s.job.tgt.to_string())
            && metadata.as_ref().is_none_or(|m| holds(s.job.extra.get("metadata"), m))
    });
    match found {
        Some(s) => Ok(Outcome::ok(Dict::new().with(s.job.jid.as_str(), describe(master, &s.job.jid)?))),
        None => Ok(Outcome::ok(false)),
    }
}

/// Whether each minion of a job returned, and returned well.
fn exit_success(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let jid = args.need("jid")?;
    let _ = args.value("ext_source");
    args.done()?;
    let mut out: Dict = master
        .store()
        .job(&jid)?
        .map(|s| s.minions.into_iter().map(|id| (id, Value::from(false))).collect())
        .unwrap_or_default();
    for ret in master.store().returns(&jid)? {
        out.insert(ret.id, ret.success && ret.retcode == 0);
    }
    Ok(Outcome::ok(out))
}

/// Jobs that minions are running now: who runs each, who has returned.
fn active(master: &dyn Master, mut args: Args) -> Result<Outcome, RunnerError> {
    let _ = args.value("display_progress");
    args.done()?;
    let connected = master.connected();
    let mut open = Vec::new();
    for stored in master.store().jobs(&JobFilter::default())? {
        let returned = master.store().returned(&stored.job.jid)?;
        if stored.minions.iter().any(|m| !returned.contains(m) && connected.contains(m)) {
            open.push((stored, returned));
        }
    }
    let jids: Vec<String> = open.iter().map(|(s, _)| s.job.jid.clone()).collect();
    let asked: Vec<String> = connected
        .into_iter()
        .filter(|m| open.iter().any(|(s, returned)| s.minions.contains(m) && !returned.contains(m)))
        .collect();
    if jids.is_empty() {
        return Ok(Outcome::ok(Dict::new()));
    }
    let running = master.running(&asked, &jids);
    let mut out = Dict::new();
    for (stored, returned) in open {
        let at_it: Vec<&str> = running
            .iter()
            .filter(|(_, jids)| jids.contains(&stored.job.jid))
            .map(|(id, _)| id.as_str())
            .collect();
        if at_it.is_empty() {
            continue;
        }
        let about = summary(&stored.job)
            .with("StartTime", proto::jid::to_start_time(&stored.job.jid))
            .with("Running", at_it)
            .with("Returned", returned);
        out.insert(stored.job.jid.as_str(), about);
    }
    Ok(Outcome::ok(out))
}

fn patterns(value: Option<Value>) -> Vec<Glob> {
    match value {
        None | Some(Value::None) => Vec::new(),
        Some(Value::List(l)) => l.iter().map(|v| Glob::new(&v.to_string())).collect(),
        Some(v) => vec![Glob::new(&v.to_string())],
    }
}

fn matches_any(patterns: &[Glob], text: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|p| p.matches(text))
}

/// Whether `have` has all that `want` asks for.
fn holds(have: Option<&Value>, want: &Value) -> bool {
    match (have, want) {
        (Some(have), Value::Dict(want)) => {
            want.iter().all(|(k, v)| have.as_dict().and_then(|d| d.get_value(k)) == Some(v))
        }
        (Some(Value::Dict(have)), key) => have.get_value(key).is_some(),
        (have, want) => have == Some(want),
    }
}

/// A time as `2026-11-21`, `2026-11-21 10:00`, `2026, Nov 21 10:00`, or seconds since the epoch.
fn time(args: &mut Args, name: &str) -> Result<Option<f64>, RunnerError> {
    let Some(text) = args.text(name)? else { return Ok(None) };
    if let Ok(seconds) = text.parse::<f64>() {
        return Ok(Some(seconds));
    }
    let formats =
        ["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y, %b %d %H:%M:%S", "%Y, %b %d %H:%M"];
    let parsed = formats
        .iter()
        .find_map(|f| NaiveDateTime::parse_from_str(&text, f).ok())
        .or_else(|| chrono::NaiveDate::parse_from_str(&text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0));
    let local: Option<DateTime<Local>> = parsed.and_then(|p| Local.from_local_datetime(&p).earliest());
    local
        .map(|l| Some(l.timestamp() as f64))
        .ok_or_else(|| args.problem(format!("{name}: '{text}' is no time; write it as 2026-11-21 10:00")))
}

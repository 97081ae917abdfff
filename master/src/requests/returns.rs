//! A minion returns a job: in the store first, then acknowledged, then told to those who wait.

use std::sync::Arc;

use data::Value;
use proto::jid;
use proto::message::{Job, Reply, Return};
use proto::target::TargetType;

use crate::daemon::Master;
use crate::refusals::Refusal;
use crate::sessions::Session;
use crate::store::{Recorded, StoreError};

pub(super) async fn take(master: &Arc<Master>, session: &Arc<Session>, ret: Return) -> Reply {
    if ret.id != session.id {
        master.refusals.count(Refusal::ForeignReturn, &session.id, format_args!("return for {:?}", ret.id));
        return Reply::Refused(format!("a return for {:?} from {:?}", ret.id, session.id));
    }
    let known = jid::is_valid(&ret.jid)
        && (master.publisher.job(&ret.jid).is_some()
            || match master.store.job(&ret.jid) {
                Ok(job) => job.is_some(),
                // A minion that is told that there is no such job lets its return go.
                Err(error) => return not_now(session, &ret, &error),
            });
    if !known && !of_its_own(master, &ret).await {
        master.refusals.count(Refusal::UnknownJob, &session.id, format_args!("jid {:?}", ret.jid));
        return Reply::Refused(format!("the master has no job {:?}", ret.jid));
    }
    match master.store.add_return(ret.clone()).await {
        Ok(Recorded::New) => {
            let ret = Arc::new(ret);
            master.publisher.returned(&ret);
            master.events.job_returned(&ret);
            Reply::Done
        }
        // Its first copy was committed, and the acknowledgement got lost; what was committed is what counts.
        Ok(Recorded::Known) => match master.store.return_of(&ret.jid, &ret.id) {
            Ok(first) => {
                master.publisher.returned(&Arc::new(first.unwrap_or(ret)));
                Reply::Done
            }
            Err(error) => not_now(session, &ret, &error),
        },
        Err(error) => not_now(session, &ret, &error),
    }
}

fn not_now(session: &Session, ret: &Return, error: &StoreError) -> Reply {
    tracing::error!(id = %session.id, jid = %ret.jid, %error, "a return is not stored, the minion keeps it");
    Reply::Error(error.to_string())
}

/// What a minion runs at its start without being asked (`startup_states`).
const AT_START: [&str; 3] = ["state.highstate", "state.sls", "state.top"];

/// Whether a return is of a job that the minion gave itself; it is put among the jobs then, so that it is found there.
async fn of_its_own(master: &Arc<Master>, ret: &Return) -> bool {
    // A jid of the future would push the master's own behind it.
    let now = jid::Generator::after("").next_jid();
    if !AT_START.contains(&ret.fun.as_str()) || !jid::is_valid(&ret.jid) || ret.jid > now {
        return false;
    }
    let job = Job {
        jid: ret.jid.clone(),
        fun: ret.fun.clone(),
        arg: ret.fun_args.clone(),
        tgt: vec![ret.id.as_str()].into(),
        tgt_type: TargetType::List,
        delimiter: String::new(),
        ret: String::new(),
        user: "startup_states".to_owned(),
        timeout: 0.0,
        issued: master.clock(),
        expiry: 0.0,
        extra: Value::None,
    };
    match master.store.add_job(job, vec![ret.id.clone()]).await {
        Ok(_) => true,
        Err(error) => {
            tracing::error!(id = ret.id, jid = ret.jid, %error, "a job of a minion's own is not stored");
            false
        }
    }
}

//! A minion returns a job: in the store first, then acknowledged, then told to those who wait.

use std::sync::Arc;

use proto::jid;
use proto::message::{Reply, Return};

use crate::daemon::Master;
use crate::refusals::Refusal;
use crate::sessions::Session;
use crate::store::Recorded;

pub(super) async fn take(master: &Arc<Master>, session: &Arc<Session>, ret: Return) -> Reply {
    if ret.id != session.id {
        master.refusals.count(Refusal::ForeignReturn, &session.id, format_args!("return for {:?}", ret.id));
        return Reply::Refused(format!("a return for {:?} from {:?}", ret.id, session.id));
    }
    let known = jid::is_valid(&ret.jid)
        && (master.publisher.job(&ret.jid).is_some() || matches!(master.store.job(&ret.jid), Ok(Some(_))));
    if !known {
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
        // Its first copy was committed, and the acknowledgement got lost.
        Ok(Recorded::Known) => Reply::Done,
        Err(error) => {
            tracing::error!(id = %session.id, jid = %ret.jid, %error, "a return is not stored, the minion keeps it");
            Reply::Error(error.to_string())
        }
    }
}

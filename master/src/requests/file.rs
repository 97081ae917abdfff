//! Files for minions. What may be read is the file server's decision; here it is only carried.

use std::sync::Arc;

use proto::message::{ChunkRequest, FileRequest, Reply};

use super::blocking;
use crate::daemon::Master;
use crate::fileserver::FileServerError;
use crate::refusals::Refusal;
use crate::sessions::Session;

pub(super) async fn info(master: &Arc<Master>, session: &Arc<Session>, wanted: FileRequest) -> Reply {
    let (master, session) = (Arc::clone(master), Arc::clone(session));
    blocking(move || match master.files().info(&wanted) {
        Ok(info) => Reply::FileInfo(info),
        Err(error) => failed(&master, &session, error),
    })
    .await
}

pub(super) async fn chunk(master: &Arc<Master>, session: &Arc<Session>, wanted: ChunkRequest) -> Reply {
    let (master, session) = (Arc::clone(master), Arc::clone(session));
    blocking(move || match master.files().chunk(&wanted) {
        Ok(chunk) => Reply::FileChunk(chunk),
        Err(error) => failed(&master, &session, error),
    })
    .await
}

pub(super) async fn list(master: &Arc<Master>, saltenv: String) -> Reply {
    let master = Arc::clone(master);
    blocking(move || Reply::Names(master.files().list(&saltenv))).await
}

pub(super) async fn dirs(master: &Arc<Master>, saltenv: String) -> Reply {
    let master = Arc::clone(master);
    blocking(move || Reply::Names(master.files().listing(&saltenv).dirs)).await
}

pub(super) async fn envs(master: &Arc<Master>) -> Reply {
    let master = Arc::clone(master);
    blocking(move || Reply::Names(master.files().envs())).await
}

fn failed(master: &Master, session: &Session, error: FileServerError) -> Reply {
    master.refusals.count(Refusal::Request, &session.id, &error);
    Reply::Refused(error.to_string())
}

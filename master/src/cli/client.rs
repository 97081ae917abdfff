//! The blocking end of the control socket.

use std::collections::HashSet;
use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use proto::message::control::{ControlError, Publish, read_from, write_to};
use proto::message::{ControlReply, ControlRequest};

use super::error::CliError;

/// One request and its replies.
pub(super) struct Client {
    path: PathBuf,
    stream: BufReader<UnixStream>,
}

impl Client {
    /// Connects and sends the request.
    pub(super) fn send(path: &Path, request: &ControlRequest) -> Result<Self, CliError> {
        let stream = UnixStream::connect(path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => {
                CliError::NotRunning(path.to_owned())
            }
            io::ErrorKind::PermissionDenied => CliError::NoPermission(path.to_owned()),
            _ => CliError::Socket { path: path.to_owned(), source: source.into() },
        })?;
        let mut client = Client { path: path.to_owned(), stream: BufReader::new(stream) };
        write_to(client.stream.get_mut(), request).map_err(|source| client.failed(source))?;
        Ok(client)
    }

    /// The next reply; none after `Done`. A refusal is an error.
    pub(super) fn reply(&mut self) -> Result<Option<ControlReply>, CliError> {
        match read_from(&mut self.stream) {
            Ok(Some(ControlReply::Done)) => Ok(None),
            Ok(Some(ControlReply::Error(line))) => Err(CliError::Refused(line)),
            Ok(Some(reply)) => Ok(Some(reply)),
            Ok(None) => Err(CliError::HungUp),
            Err(source) => Err(self.failed(source)),
        }
    }

    fn failed(&self, source: ControlError) -> CliError {
        match source {
            // The master closes at once what its peer check refuses.
            ControlError::Io(e)
                if matches!(e.kind(), io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset) =>
            {
                CliError::HungUp
            }
            source => CliError::Socket { path: self.path.clone(), source },
        }
    }
}

/// A job that is waited for, through a restart of the master: the returns are in its store, so whoever knows the
/// jid can go on where he was.
pub(super) struct JobStream {
    client: Client,
    timeout: f64,
    jid: Option<String>,
    returned: HashSet<String>,
    missing: HashSet<String>,
}

impl JobStream {
    /// A master that has gone is expected back within so much time.
    const RESTART: Duration = Duration::from_secs(15);
    /// Between two tries.
    const PAUSE: Duration = Duration::from_millis(100);

    /// Publishes the job.
    pub(super) fn publish(path: &Path, publish: Publish) -> Result<Self, CliError> {
        let timeout = publish.timeout;
        let client = Client::send(path, &ControlRequest::Publish(publish))?;
        let (jid, returned, missing) = (None, HashSet::new(), HashSet::new());
        Ok(JobStream { client, timeout, jid, returned, missing })
    }

    /// The next reply; none after the last one.
    pub(super) fn reply(&mut self) -> Result<Option<ControlReply>, CliError> {
        loop {
            let reply = match self.client.reply() {
                Ok(Some(ControlReply::Stopping)) | Err(CliError::HungUp | CliError::Socket { .. }) => {
                    self.resume()?;
                    continue;
                }
                reply => reply?,
            };
            // What was told before the restart is not told again.
            let news = match &reply {
                Some(ControlReply::Published { job, .. }) => self.jid.replace(job.jid.clone()).is_none(),
                Some(ControlReply::Return(ret)) => self.returned.insert(ret.id.clone()),
                Some(ControlReply::Missing { id, .. }) => {
                    !self.returned.contains(id) && self.missing.insert(id.clone())
                }
                _ => true,
            };
            if news {
                return Ok(reply);
            }
        }
    }

    fn resume(&mut self) -> Result<(), CliError> {
        let Some(jid) = self.jid.clone() else { return Err(CliError::Untold) };
        eprintln!("The master has gone. Job {jid} goes on; waiting for the master to come back");
        let until = Instant::now() + Self::RESTART;
        loop {
            let attach = ControlRequest::Attach { jid: jid.clone(), timeout: self.timeout };
            match Client::send(&self.client.path, &attach) {
                Ok(client) => {
                    self.client = client;
                    return Ok(());
                }
                Err(CliError::NotRunning(_) | CliError::HungUp) if Instant::now() < until => {
                    std::thread::sleep(Self::PAUSE);
                }
                Err(_) => return Err(CliError::Gone { jid, seconds: Self::RESTART.as_secs() }),
            }
        }
    }
}

//! The blocking end of the control socket.

use std::io::{self, BufReader};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use proto::message::control::{ControlError, read_from, write_to};
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

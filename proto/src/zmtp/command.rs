//! Commands: the handshake's READY, subscriptions, PING and PONG.

use super::{ZmtpError, frame};

/// The kinds of sockets that meet at the master's ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SocketType {
    /// Publishes.
    Pub,
    /// Subscribes.
    Sub,
    /// Subscribes, for others.
    XSub,
    /// Asks and is answered, one after the other.
    Req,
    /// Sends and receives freely.
    Dealer,
    /// Answers many.
    Router,
}

impl SocketType {
    const NAMES: [(SocketType, &str); 6] = [
        (SocketType::Pub, "PUB"),
        (SocketType::Sub, "SUB"),
        (SocketType::XSub, "XSUB"),
        (SocketType::Req, "REQ"),
        (SocketType::Dealer, "DEALER"),
        (SocketType::Router, "ROUTER"),
    ];

    /// The name in READY.
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(kind, _)| *kind == self).map_or("", |(_, name)| name)
    }
}

/// A command as a peer sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// The peer's end of the handshake: its kind, if it is one of ours. Its identity is of no use here.
    Ready(Option<SocketType>),
    /// Wants messages that start so.
    Subscribe(&'a [u8]),
    /// Does not want them any more.
    Cancel(&'a [u8]),
    /// Asks for a sign of life, with what it wants back.
    Ping(&'a [u8]),
    /// A sign of life.
    Pong,
    /// The peer gives up.
    Error,
    /// Something of a later version.
    Unknown,
}

impl<'a> Command<'a> {
    /// The command in the body of a command frame.
    pub fn parse(body: &'a [u8]) -> Result<Self, ZmtpError> {
        let (name, rest) = short_text(body)?;
        Ok(match name {
            b"READY" => Command::Ready(socket_type(rest)?),
            b"SUBSCRIBE" => Command::Subscribe(rest),
            b"CANCEL" => Command::Cancel(rest),
            // Two bytes of time to live, then at most 16 of context.
            b"PING" => match rest.split_at_checked(2) {
                Some((_, context)) if context.len() <= 16 => Command::Ping(context),
                _ => return Err(ZmtpError::Command),
            },
            b"PONG" => Command::Pong,
            b"ERROR" => Command::Error,
            _ => Command::Unknown,
        })
    }
}

/// A text with its size in one byte, and what is behind it.
fn short_text(bytes: &[u8]) -> Result<(&[u8], &[u8]), ZmtpError> {
    let (size, rest) = bytes.split_first().ok_or(ZmtpError::Command)?;
    rest.split_at_checked(usize::from(*size)).ok_or(ZmtpError::Command)
}

fn socket_type(mut properties: &[u8]) -> Result<Option<SocketType>, ZmtpError> {
    let mut found = None;
    while !properties.is_empty() {
        let (name, rest) = short_text(properties)?;
        let (size, rest) = rest.split_first_chunk::<4>().ok_or(ZmtpError::Command)?;
        let size = usize::try_from(u32::from_be_bytes(*size)).map_err(|_| ZmtpError::Command)?;
        let (value, rest) = rest.split_at_checked(size).ok_or(ZmtpError::Command)?;
        if name.eq_ignore_ascii_case(b"Socket-Type") {
            let known = SocketType::NAMES.iter().find(|(_, name)| name.as_bytes() == value);
            found = known.map(|(kind, _)| *kind);
        }
        properties = rest;
    }
    Ok(found)
}

fn command(name: &str, rest: &[&[u8]]) -> Vec<u8> {
    let mut body = vec![u8::try_from(name.len()).unwrap_or_default()];
    body.extend_from_slice(name.as_bytes());
    for part in rest {
        body.extend_from_slice(part);
    }
    frame(&body, false, true)
}

/// The READY of a socket of this kind, as a whole frame.
pub fn ready(kind: SocketType) -> Vec<u8> {
    let value = kind.name().as_bytes();
    let size = u32::try_from(value.len()).unwrap_or_default().to_be_bytes();
    command("READY", &[b"\x0bSocket-Type", &size, value])
}

/// The answer to a PING.
pub fn pong(context: &[u8]) -> Vec<u8> {
    command("PONG", &[context])
}

/// An ERROR with its reason, which is cut after 255 bytes.
pub fn error(reason: &str) -> Vec<u8> {
    let reason = reason.as_bytes();
    let cut = reason.get(..255).unwrap_or(reason);
    command("ERROR", &[&[u8::try_from(cut.len()).unwrap_or_default()], cut])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(frame: &[u8]) -> &[u8] {
        &frame[2..]
    }

    #[test]
    fn what_is_written_is_read() {
        for (kind, _) in SocketType::NAMES {
            assert_eq!(Command::parse(body(&ready(kind))), Ok(Command::Ready(Some(kind))));
        }
        assert_eq!(Command::parse(body(&pong(b"context"))), Ok(Command::Pong));
        assert_eq!(Command::parse(body(&error("no"))), Ok(Command::Error));
    }

    #[test]
    fn commands_of_other_implementations() {
        // libzmq adds an identity to READY.
        let ready = b"\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\x03abc";
        assert_eq!(Command::parse(ready), Ok(Command::Ready(Some(SocketType::Dealer))));
        assert_eq!(Command::parse(b"\x05READY\x0bsocket-type\0\0\0\x04PAIR"), Ok(Command::Ready(None)));
        assert_eq!(Command::parse(b"\x05READY"), Ok(Command::Ready(None)));
        assert_eq!(Command::parse(b"\x09SUBSCRIBEabc"), Ok(Command::Subscribe(b"abc")));
        assert_eq!(Command::parse(b"\x06CANCEL"), Ok(Command::Cancel(b"")));
        assert_eq!(Command::parse(b"\x04PING\0\x0acontext"), Ok(Command::Ping(b"context")));
        assert_eq!(Command::parse(b"\x05HELLO"), Ok(Command::Unknown));
    }

    #[test]
    fn malformed_commands_are_errors() {
        for bytes in [
            &b""[..],
            b"\x05REA",
            b"\x05READY\x0bSocket-Type",
            b"\x05READY\x0bSocket-Type\xff\xff\xff\xffDEALER",
            b"\x04PING\0",
            b"\x04PING\0\0seventeen bytes..",
        ] {
            assert_eq!(Command::parse(bytes), Err(ZmtpError::Command), "{bytes:?}");
        }
    }
}

//! The master's two ports: frames in and out, peers that come and go. Nothing above this module
//! knows which library listens.
//!
//! A peer is a connection to the request port. Frames of one peer arrive in their order, and
//! [`Incoming::Gone`] is the last of it; the number of frames waiting for the reader is bounded, and
//! when it is reached the sockets are not read.

mod zmq;

use std::net::SocketAddr;

pub use zmq::{Bus, BusSender, PeerId};

/// Frames that wait for the session layer, of all peers together.
const WAITING: usize = 1024;

/// What the request port has.
#[derive(Debug)]
pub enum Incoming {
    /// A peer has sent a frame.
    Frame(PeerId, Vec<u8>),
    /// A peer is gone. May be missed under overload: sessions also end by silence.
    Gone(PeerId),
}

/// Where the master listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The publish port.
    pub publish: SocketAddr,
    /// The request port.
    pub requests: SocketAddr,
}

/// Why the ports cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// The interface is no address.
    #[error("interface {0:?} is no IP address")]
    Interface(String),
    /// The port cannot be listened on.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// The socket library refuses.
    #[error("cannot listen on {address}: {message}")]
    Socket {
        /// The address.
        address: SocketAddr,
        /// Why.
        message: String,
    },
}

/// The peer is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the connection is gone")]
pub struct PeerGone;

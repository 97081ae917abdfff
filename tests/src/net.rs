//! Ports of the tests' own.

use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, TcpListener};
use std::sync::{LazyLock, Mutex};

/// Loopback, where everything lives that is not in a container.
pub const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Ports given out by this process: none twice.
static GIVEN: LazyLock<Mutex<HashSet<u16>>> = LazyLock::new(Mutex::default);

/// A port that nobody listens on.
///
/// # Panics
/// When the system has none to give.
pub fn free_port(address: IpAddr) -> u16 {
    loop {
        let listener = match TcpListener::bind((address, 0)) {
            Ok(listener) => listener,
            Err(error) => panic!("cannot listen on {address}: {error}"),
        };
        let Ok(local) = listener.local_addr() else { continue };
        let Ok(mut given) = GIVEN.lock() else { continue };
        if given.insert(local.port()) {
            return local.port();
        }
    }
}

//! How many strangers are let in, by address and in all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Counts connections that nobody vouches for.
#[derive(Debug)]
pub(super) struct Admission {
    per_address: usize,
    total: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    by_address: HashMap<IpAddr, usize>,
    total: usize,
}

/// Why a connection is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Full {
    #[error("{0} connections of this address are not accepted minions (max_connections_per_address)")]
    Address(usize),
    #[error("{0} connections are not accepted minions (max_connections)")]
    Total(usize),
}

/// A place among the strangers; given back when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Admission {
    pub(super) fn new(per_address: usize, total: usize) -> Self {
        Admission { per_address, total, counts: Mutex::default() }
    }

    /// A place for a connection from this address.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Ticket, Full> {
        let address = network(address);
        let mut counts = self.counts();
        if counts.total >= self.total {
            return Err(Full::Total(self.total));
        }
        let here = counts.by_address.entry(address).or_default();
        if *here >= self.per_address {
            return Err(Full::Address(self.per_address));
        }
        *here += 1;
        counts.total += 1;
        Ok(Ticket { admission: Arc::clone(self), address })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = self.admission.counts();
        counts.total = counts.total.saturating_sub(1);
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here = here.saturating_sub(1);
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

/// What counts as one address: with IPv6, whoever has one has the whole /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 @ IpAddr::V4(_) => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_given_back() {
        let admission = Arc::new(Admission::new(2, 3));
        let enter = |address: &str| admission.enter(address.parse().unwrap());
        let (_a, b) = (enter("192.0.2.1").unwrap(), enter("::ffff:192.0.2.1").unwrap());
        assert_eq!(enter("192.0.2.1").unwrap_err(), Full::Address(2));
        let _c = enter("192.0.2.2").unwrap();
        assert_eq!(enter("192.0.2.3").unwrap_err(), Full::Total(3));
        drop(b);
        let _d = enter("192.0.2.1").unwrap();
        assert_eq!(admission.counts().total, 3);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let admission = Arc::new(Admission::new(1, 9));
        let _a = admission.enter("2001:db8::1".parse().unwrap()).unwrap();
        assert!(admission.enter("2001:db8::2".parse().unwrap()).is_err());
        assert!(admission.enter("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }
}

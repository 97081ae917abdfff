//! How many strangers are let in, by address and in all.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::Limits;
use crate::lock::lock;

/// Addresses whose failures are counted; further ones have to wait.
const BLAMED: usize = 65_536;

/// Counts connections that nobody vouches for.
#[derive(Debug)]
pub(super) struct Admission {
    limits: Limits,
    counts: Mutex<Counts>,
    blamed: Mutex<HashMap<IpAddr, Blame>>,
}

/// Failures of an address. They are forgotten at the rate that is allowed.
#[derive(Debug)]
struct Blame {
    count: f64,
    at: Instant,
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
    #[error("too many have failed to get in from there (max_auth_failures)")]
    Locked,
}

/// A place among the strangers; given back when dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Admission {
    pub(super) fn new(limits: Limits) -> Self {
        Admission { limits, counts: Mutex::default(), blamed: Mutex::default() }
    }

    /// One has failed to get in from this address.
    pub(super) fn blame(&self, address: IpAddr) {
        if self.limits.failures == 0 {
            return;
        }
        let mut blamed = lock(&self.blamed);
        if blamed.len() >= BLAMED {
            blamed.retain(|_, blame| self.left_of(blame) > 0.0);
        }
        if blamed.len() < BLAMED {
            let now = Instant::now();
            let blame = blamed.entry(network(address)).or_insert(Blame { count: 0.0, at: now });
            *blame = Blame { count: self.left_of(blame) + 1.0, at: now };
        }
    }

    fn left_of(&self, blame: &Blame) -> f64 {
        let forgotten = blame.at.elapsed().as_secs_f64() * f64::from(self.limits.failures) / 60.0;
        (blame.count - forgotten).max(0.0)
    }

    fn locked(&self, address: IpAddr) -> bool {
        let blamed = lock(&self.blamed);
        blamed
            .get(&address)
            .is_some_and(|blame| self.left_of(blame).ceil() >= f64::from(self.limits.failures))
    }

    /// A place for a connection from this address.
    pub(super) fn enter(self: &Arc<Self>, address: IpAddr) -> Result<Ticket, Full> {
        let address = network(address);
        if self.locked(address) {
            return Err(Full::Locked);
        }
        let mut counts = lock(&self.counts);
        if counts.total >= self.limits.strangers {
            return Err(Full::Total(self.limits.strangers));
        }
        let here = counts.by_address.entry(address).or_default();
        if *here >= self.limits.per_address {
            return Err(Full::Address(self.limits.per_address));
        }
        *here += 1;
        counts.total += 1;
        Ok(Ticket { admission: Arc::clone(self), address })
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut counts = lock(&self.admission.counts);
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

    fn admission(per_address: usize, strangers: usize) -> Arc<Admission> {
        Arc::new(Admission::new(Limits { message: 0, large: 0, per_address, strangers, failures: 3 }))
    }

    #[test]
    fn an_address_that_fails_too_often_is_locked_out() {
        let admission = admission(9, 9);
        let (bad, good) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        for _ in 0..4 {
            admission.blame(bad);
        }
        assert_eq!(admission.enter(bad).unwrap_err(), Full::Locked);
        assert!(admission.enter(good).is_ok());
    }

    #[test]
    fn places_are_given_back() {
        let admission = admission(2, 3);
        let enter = |address: &str| admission.enter(address.parse().unwrap());
        let (_a, b) = (enter("192.0.2.1").unwrap(), enter("::ffff:192.0.2.1").unwrap());
        assert_eq!(enter("192.0.2.1").unwrap_err(), Full::Address(2));
        let _c = enter("192.0.2.2").unwrap();
        assert_eq!(enter("192.0.2.3").unwrap_err(), Full::Total(3));
        drop(b);
        let _d = enter("192.0.2.1").unwrap();
        assert_eq!(lock(&admission.counts).total, 3);
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let admission = admission(1, 9);
        let _a = admission.enter("2001:db8::1".parse().unwrap()).unwrap();
        assert!(admission.enter("2001:db8::2".parse().unwrap()).is_err());
        assert!(admission.enter("2001:db8:0:1::1".parse().unwrap()).is_ok());
    }
}

//! `-S`: an address or a network, of either family, against the grains `ipv4` and `ipv6`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use data::Value;

/// An address or a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IpCidr {
    Address(IpAddr),
    Network(IpAddr, u8),
}

impl IpCidr {
    /// Reads `10.0.0.1`, `10.0.0.0/8`, `10.0.0.0/255.0.0.0`, `fe80::/10`. None for anything else, a network
    /// with host bits among it: Python's `ip_network` refuses those.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse() {
            return Some(IpCidr::Address(address));
        }
        let (address, prefix) = text.split_once('/')?;
        let address: IpAddr = address.parse().ok()?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix.parse::<u8>() {
            Ok(n) if prefix.bytes().all(|b| b.is_ascii_digit()) => n,
            _ if address.is_ipv4() => mask_length(prefix.parse().ok()?)?,
            _ => return None,
        };
        (prefix <= bits && network_of(address, prefix) == address).then_some(IpCidr::Network(address, prefix))
    }

    pub(super) fn matches(&self, grains: &Value) -> bool {
        let (IpCidr::Address(wanted) | IpCidr::Network(wanted, _)) = self;
        let Some(own) = grains.get(if wanted.is_ipv4() { "ipv4" } else { "ipv6" }) else { return false };
        let has = |v: &Value| {
            let Some(Ok(ip)) = v.as_str().map(str::parse::<IpAddr>) else { return false };
            match self {
                IpCidr::Address(a) => *a == ip,
                IpCidr::Network(net, prefix) => {
                    net.is_ipv4() == ip.is_ipv4() && network_of(ip, *prefix) == *net
                }
            }
        };
        match own {
            Value::List(items) => items.iter().any(has),
            one => has(one),
        }
    }
}

/// `255.255.0.0` is 16, and so is the host mask `0.0.255.255`.
fn mask_length(mask: Ipv4Addr) -> Option<u8> {
    let bits = mask.to_bits();
    let length =
        |bits: u32| (bits.leading_ones() + bits.trailing_zeros() >= 32).then(|| bits.leading_ones() as u8);
    length(bits).or_else(|| length(!bits))
}

fn network_of(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            Ipv4Addr::from_bits(v4.to_bits() & mask).into()
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            Ipv6Addr::from_bits(v6.to_bits() & mask).into()
        }
    }
}

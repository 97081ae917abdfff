//! An IP address, alone or with the length of its network's prefix.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use num_bigint::BigInt;

/// Python's `IPv4Address`, `IPv6Address`, and with a prefix the `…Interface` of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ip {
    is_v6: bool,
    /// The address as a number; 32 bits of it count for IPv4.
    bits: u128,
    /// What stands behind `%`.
    scope: Option<String>,
    prefix: Option<u32>,
}

/// A network of the registries that properties come from.
type Block = (u128, u32);

const fn v4(a: u8, b: u8, c: u8, d: u8, prefix: u32) -> Block {
    (u32::from_be_bytes([a, b, c, d]) as u128, prefix)
}

const fn v6(high: u128, prefix: u32) -> Block {
    // The first 64 bits say it all.
    (high << 64, prefix)
}

const PRIVATE_V4: [Block; 14] = [
    v4(0, 0, 0, 0, 8),
    v4(10, 0, 0, 0, 8),
    v4(127, 0, 0, 0, 8),
    v4(169, 254, 0, 0, 16),
    v4(172, 16, 0, 0, 12),
    v4(192, 0, 0, 0, 29),
    v4(192, 0, 0, 170, 31),
    v4(192, 0, 2, 0, 24),
    v4(192, 168, 0, 0, 16),
    v4(198, 18, 0, 0, 15),
    v4(198, 51, 100, 0, 24),
    v4(203, 0, 113, 0, 24),
    v4(240, 0, 0, 0, 4),
    v4(255, 255, 255, 255, 32),
];

/// Without `::ffff:0:0/96`: such an address is as private as the IPv4 address in it.
const PRIVATE_V6: [Block; 9] = [
    (1, 128),
    (0, 128),
    v6(0x0100_0000_0000_0000, 64),
    v6(0x2001_0000_0000_0000, 23),
    v6(0x2001_0002_0000_0000, 48),
    v6(0x2001_0db8_0000_0000, 32),
    v6(0x2001_0010_0000_0000, 28),
    v6(0xfc00_0000_0000_0000, 7),
    v6(0xfe80_0000_0000_0000, 10),
];

const RESERVED_V6: [Block; 15] = [
    (0, 8),
    v6(0x0100_0000_0000_0000, 8),
    v6(0x0200_0000_0000_0000, 7),
    v6(0x0400_0000_0000_0000, 6),
    v6(0x0800_0000_0000_0000, 5),
    v6(0x1000_0000_0000_0000, 4),
    v6(0x4000_0000_0000_0000, 3),
    v6(0x6000_0000_0000_0000, 3),
    v6(0x8000_0000_0000_0000, 3),
    v6(0xa000_0000_0000_0000, 3),
    v6(0xc000_0000_0000_0000, 3),
    v6(0xe000_0000_0000_0000, 4),
    v6(0xf000_0000_0000_0000, 5),
    v6(0xf800_0000_0000_0000, 6),
    v6(0xfe00_0000_0000_0000, 9),
];

impl Ip {
    /// An address, or `address/prefix`, `address/netmask`, `address/hostmask`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, mask) = match text.split_once('/') {
            Some((address, mask)) => (address, Some(mask)),
            None => (text, None),
        };
        let mut ip = Self::parse_address(address)?;
        if let Some(mask) = mask {
            ip.prefix = Some(ip.parse_mask(mask)?);
        }
        Some(ip)
    }

    fn parse_address(text: &str) -> Option<Self> {
        if let Ok(address) = text.parse::<Ipv4Addr>() {
            return Some(Ip { is_v6: false, bits: u32::from(address).into(), scope: None, prefix: None });
        }
        let (address, scope) = match text.split_once('%') {
            Some((_, scope)) if scope.is_empty() || scope.contains('%') => return None,
            Some((address, scope)) => (address, Some(scope.to_owned())),
            None => (text, None),
        };
        let address: Ipv6Addr = address.parse().ok()?;
        Some(Ip { is_v6: true, bits: address.into(), scope, prefix: None })
    }

    fn parse_mask(&self, mask: &str) -> Option<u32> {
        if !mask.is_empty() && mask.bytes().all(|b| b.is_ascii_digit()) {
            return mask.parse().ok().filter(|prefix| *prefix <= self.width());
        }
        let mask = if self.is_v6 { None } else { mask.parse::<Ipv4Addr>().ok() };
        let mask = u32::from(mask?);
        let ones =
            |mask: u32| (mask.leading_ones() + mask.trailing_zeros() == 32).then(|| mask.leading_ones());
        // All zeros is a netmask: `leading_ones` is 0 and `trailing_zeros` is 32.
        ones(mask).or_else(|| ones(!mask))
    }

    pub(super) fn from_number(number: &BigInt) -> Option<Self> {
        let bits = u128::try_from(number).ok()?;
        Some(Ip { is_v6: bits > u32::MAX.into(), bits, scope: None, prefix: None })
    }

    pub(super) fn from_packed(bytes: &[u8]) -> Option<Self> {
        let new = |is_v6, bits| Ip { is_v6, bits, scope: None, prefix: None };
        if let Ok(four) = <[u8; 4]>::try_from(bytes) {
            return Some(new(false, u32::from_be_bytes(four).into()));
        }
        <[u8; 16]>::try_from(bytes).ok().map(|sixteen| new(true, u128::from_be_bytes(sixteen)))
    }

    pub(super) fn is_v6(&self) -> bool {
        self.is_v6
    }

    pub(super) fn has_prefix(&self) -> bool {
        self.prefix.is_some()
    }

    /// With the prefix of one address, unless there is one already.
    pub(super) fn as_interface(&self) -> Self {
        Ip { prefix: Some(self.prefix()), ..self.clone() }
    }

    fn width(&self) -> u32 {
        if self.is_v6 { 128 } else { 32 }
    }

    fn prefix(&self) -> u32 {
        self.prefix.unwrap_or_else(|| self.width())
    }

    fn host_bits(&self) -> u32 {
        self.width() - self.prefix()
    }

    fn first(&self) -> u128 {
        self.bits & mask(self.host_bits())
    }

    fn last(&self) -> u128 {
        self.bits | !mask(self.host_bits())
    }

    pub(super) fn has_host_bits(&self) -> bool {
        self.first() != self.bits
    }

    pub(super) fn contains(&self, other: &Ip) -> bool {
        self.is_v6 == other.is_v6 && self.first() == other.bits & mask(self.host_bits())
    }

    pub(super) fn network_size(&self) -> BigInt {
        BigInt::from(1) << self.host_bits()
    }

    /// The usable addresses of the network; none when there are more than `limit`.
    pub(super) fn hosts(&self, limit: usize) -> Option<Vec<String>> {
        let (first, last) = match (self.host_bits(), self.is_v6) {
            (0 | 1, _) => (self.first(), self.last()),
            (_, true) => (self.first() + 1, self.last()),
            (_, false) => (self.first() + 1, self.last() - 1),
        };
        if last - first >= limit as u128 {
            return None;
        }
        let text = |bits| Ip { is_v6: self.is_v6, bits, scope: None, prefix: None }.to_string();
        Some((first..=last).map(text).collect())
    }

    fn within(&self, blocks: &[Block]) -> bool {
        blocks.iter().any(|(start, prefix)| self.bits & mask(self.width() - prefix) == *start)
    }

    fn is_private(&self) -> bool {
        if !self.is_v6 {
            return self.within(&PRIVATE_V4);
        }
        if self.bits >> 32 == 0xffff {
            return Ip { is_v6: false, bits: self.bits & 0xffff_ffff, scope: None, prefix: None }
                .is_private();
        }
        self.within(&PRIVATE_V6)
    }

    /// Whether the address is of a kind that Salt's filters have an option for. An option that nobody knows
    /// lets everything through, as Salt's do.
    pub(super) fn has(&self, option: &str) -> bool {
        let is_one = |bits| self.bits == bits && self.host_bits() == 0;
        match option {
            "global" | "public" => !self.is_private(),
            "private" => self.is_private(),
            "link-local" | "linklocal" | "ll" | "link_local" if self.is_v6 => {
                self.within(&[v6(0xfe80_0000_0000_0000, 10)])
            }
            "link-local" | "linklocal" | "ll" | "link_local" => self.within(&[v4(169, 254, 0, 0, 16)]),
            "loopback" | "lo" if self.is_v6 => is_one(1),
            "loopback" | "lo" => self.within(&[v4(127, 0, 0, 0, 8)]),
            "multicast" if self.is_v6 => self.within(&[v6(0xff00_0000_0000_0000, 8)]),
            "multicast" => self.within(&[v4(224, 0, 0, 0, 4)]),
            "reserved" if self.is_v6 => self.within(&RESERVED_V6),
            "reserved" => self.within(&[v4(240, 0, 0, 0, 4)]),
            "site-local" | "sl" | "site_local" => self.is_v6 && self.within(&[v6(0xfec0_0000_0000_0000, 10)]),
            "unspecified" if self.is_v6 => is_one(0),
            "unspecified" => self.bits == 0 && self.prefix.is_none(),
            _ => true,
        }
    }
}

/// All bits but the lowest `host` ones.
fn mask(host: u32) -> u128 {
    u128::MAX.checked_shl(host).unwrap_or(0)
}

impl fmt::Display for Ip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let low = (self.bits & 0xffff_ffff) as u32;
        if !self.is_v6 {
            write!(f, "{}", Ipv4Addr::from(low))?;
        } else if self.bits >> 32 == 0xffff {
            // Python writes no IPv4 address inside of an IPv6 one.
            write!(f, "::ffff:{:x}:{:x}", low >> 16, low & 0xffff)?;
        } else {
            write!(f, "{}", Ipv6Addr::from(self.bits))?;
        }
        if let Some(scope) = &self.scope {
            write!(f, "%{scope}")?;
        }
        self.prefix.map_or(Ok(()), |prefix| write!(f, "/{prefix}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Ip {
        Ip::parse(text).unwrap()
    }

    #[test]
    fn masks_in_three_ways() {
        for text in ["10.1.2.3/24", "10.1.2.3/255.255.255.0", "10.1.2.3/0.0.0.255"] {
            assert_eq!(ip(text).to_string(), "10.1.2.3/24");
        }
        for text in [
            "10.0.0.1/",
            "10.0.0.1/33",
            "10.0.0.1/255.0.255.0",
            "10.0.0.1/8/8",
            "::1/255.0.0.0",
            "01.2.3.4",
            "",
        ] {
            assert_eq!(Ip::parse(text), None, "{text}");
        }
    }

    #[test]
    fn the_ends_of_the_number_line() {
        assert_eq!(ip("0.0.0.0/0").network_size(), BigInt::from(1_u64 << 32));
        assert_eq!(ip("::/0").network_size(), BigInt::from(1) << 128);
        assert!(ip("::/0").contains(&ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
        assert_eq!(ip("::/0").hosts(1000), None);
        assert_eq!(ip("255.255.255.255/31").hosts(2).unwrap(), ["255.255.255.254", "255.255.255.255"]);
        assert_eq!(ip("10.0.0.9/30").hosts(2).unwrap(), ["10.0.0.9", "10.0.0.10"]);
    }
}

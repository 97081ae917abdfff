//! Interfaces and addresses straight from the kernel: two dumps over a netlink socket.
//!
//! The order is the kernel's, which is what `ip address` shows and Salt reads.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink};

/// One interface with its addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Interface {
    index: u32,
    /// The index of the interface that it sits on.
    parent: Option<u32>,
    pub(crate) up: bool,
    pub(crate) name: String,
    pub(crate) hwaddr: Option<String>,
    pub(super) primary: Vec<IpAddr>,
    pub(super) secondary: Vec<IpAddr>,
    /// All of them with what belongs to them, in the kernel's order.
    pub(crate) addresses: Vec<Address>,
}

/// An address of an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) ip: IpAddr,
    pub(crate) prefix: u8,
    pub(crate) broadcast: Option<IpAddr>,
    pub(crate) label: String,
    /// `global`, `link` or `host`.
    pub(crate) scope: &'static str,
    pub(crate) secondary: bool,
}

impl Interface {
    /// The name of the interface that it sits on; `if7` when that is in another network namespace.
    pub(crate) fn parent(&self, all: &[Interface]) -> Option<String> {
        let index = self.parent.filter(|index| *index != self.index)?;
        let known = all.iter().find(|i| i.index == index && index != 0);
        Some(known.map_or_else(|| format!("if{index}"), |i| i.name.clone()))
    }
}

const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const RTM_NEWLINK: u16 = 16;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_GETADDR: u16 = 22;
/// NLM_F_REQUEST | NLM_F_DUMP
const DUMP: u16 = 0x301;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINK: u16 = 5;
const IFF_UP: u32 = 1;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_BROADCAST: u16 = 4;
const IFA_F_SECONDARY: u8 = 1;
/// sizeof(struct ifinfomsg)
const LINK_HEADER: usize = 16;
/// sizeof(struct ifaddrmsg)
const ADDR_HEADER: usize = 8;

/// All interfaces of this network namespace.
pub(crate) fn interfaces() -> io::Result<Vec<Interface>> {
    let mut all = Vec::new();
    dump(RTM_GETLINK, LINK_HEADER, |kind, body| {
        if kind == RTM_NEWLINK {
            all.extend(link(body));
        }
    })?;
    dump(RTM_GETADDR, ADDR_HEADER, |kind, body| {
        if kind == RTM_NEWADDR {
            address(body, &mut all);
        }
    })?;
    Ok(all)
}

fn dump(request: u16, header: usize, mut each: impl FnMut(u16, &[u8])) -> io::Result<()> {
    let socket = rustix::net::socket_with(
        AddressFamily::NETLINK,
        SocketType::RAW,
        SocketFlags::CLOEXEC,
        // NETLINK_ROUTE is protocol 0, which is what the kernel takes when none is named.
        None,
    )?;
    let length = 16 + header;
    let mut message = Vec::with_capacity(length);
    message.extend((length as u32).to_ne_bytes());
    message.extend(request.to_ne_bytes());
    message.extend(DUMP.to_ne_bytes());
    message.extend(1u32.to_ne_bytes());
    message.resize(length, 0);
    rustix::net::sendto(&socket, &message, SendFlags::empty(), &netlink::SocketAddrNetlink::new(0, 0))?;
    let mut buffer = vec![0u8; 32 * 1024];
    loop {
        let (_, got) = rustix::net::recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        if got == 0 || !messages(buffer.get(..got).unwrap_or_default(), &mut each)? {
            return Ok(());
        }
    }
}

/// Hands on each message of one datagram; false when the dump is complete.
fn messages(mut data: &[u8], each: &mut impl FnMut(u16, &[u8])) -> io::Result<bool> {
    while let (Some(length), Some(kind)) = (u32_at(data, 0), u16_at(data, 4)) {
        let length = length as usize;
        let Some(body) = data.get(16..length) else { break };
        match kind {
            NLMSG_DONE => return Ok(false),
            NLMSG_ERROR => {
                let code = u32_at(body, 0).map_or(0, |code| i32::from_ne_bytes(code.to_ne_bytes()));
                return Err(io::Error::from_raw_os_error(-code));
            }
            _ => each(kind, body),
        }
        data = data.get(align(length)..).unwrap_or_default();
    }
    Ok(true)
}

fn link(body: &[u8]) -> Option<Interface> {
    let (hardware, index) = (u16_at(body, 2)?, u32_at(body, 4)?);
    let up = u32_at(body, 8)? & IFF_UP != 0;
    let mut out = Interface { index, up, ..Interface::default() };
    for (kind, value) in attributes(body.get(LINK_HEADER..)?) {
        match kind {
            IFLA_IFNAME => out.name = name(value),
            IFLA_LINK => out.parent = u32_at(value, 0),
            IFLA_ADDRESS if !value.is_empty() => out.hwaddr = Some(hwaddr(hardware, value)),
            _ => {}
        }
    }
    Some(out)
}

fn name(value: &[u8]) -> String {
    String::from_utf8_lossy(value.strip_suffix(&[0]).unwrap_or(value)).into_owned()
}

/// Tunnels have an address of the network below as their hardware address.
fn hwaddr(hardware: u16, bytes: &[u8]) -> String {
    const ARPHRD_TUNNEL: u16 = 768;
    const ARPHRD_SIT: u16 = 776;
    const ARPHRD_IPGRE: u16 = 778;
    if let (ARPHRD_TUNNEL | ARPHRD_SIT | ARPHRD_IPGRE, &[a, b, c, d]) = (hardware, bytes) {
        return Ipv4Addr::new(a, b, c, d).to_string();
    }
    bytes.iter().map(|b| format!("{b:02x}")).collect::<Vec<_>>().join(":")
}

fn address(body: &[u8], all: &mut [Interface]) -> Option<()> {
    let (prefix, flags, scope, index) = (*body.get(1)?, *body.get(2)?, *body.get(3)?, u32_at(body, 4)?);
    let (mut peer, mut local, mut broadcast, mut label) = (None, None, None, None);
    for (kind, value) in attributes(body.get(ADDR_HEADER..)?) {
        match kind {
            IFA_ADDRESS => peer = ip(value),
            IFA_LOCAL => local = ip(value),
            IFA_BROADCAST => broadcast = ip(value),
            IFA_LABEL => label = Some(name(value)),
            _ => {}
        }
    }
    let address = local.or(peer)?;
    let interface = all.iter_mut().find(|i| i.index == index)?;
    // The same bit says "temporary" for IPv6, which `ip` does not call secondary.
    let secondary = flags & IFA_F_SECONDARY != 0 && address.is_ipv4();
    let scope = match scope {
        253 => "link",
        254 => "host",
        _ => "global",
    };
    let label = label.unwrap_or_else(|| interface.name.clone());
    interface.addresses.push(Address { ip: address, prefix, broadcast, label, scope, secondary });
    if secondary {
        interface.secondary.push(address);
    } else {
        interface.primary.push(address);
    }
    Some(())
}

fn attributes(mut data: &[u8]) -> Vec<(u16, &[u8])> {
    let mut out = Vec::new();
    while let (Some(length), Some(kind)) = (u16_at(data, 0), u16_at(data, 2)) {
        let length = usize::from(length);
        let Some(value) = data.get(4..length) else { break };
        out.push((kind & 0x3fff, value));
        data = data.get(align(length)..).unwrap_or_default();
    }
    out
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(|b| Ipv4Addr::from(b).into()),
        _ => <[u8; 16]>::try_from(bytes).ok().map(|b| Ipv6Addr::from(b).into()),
    }
}

fn align(length: usize) -> usize {
    length.next_multiple_of(4)
}

fn u16_at(data: &[u8], at: usize) -> Option<u16> {
    data.get(at..at + 2)?.try_into().ok().map(u16::from_ne_bytes)
}

fn u32_at(data: &[u8], at: usize) -> Option<u32> {
    data.get(at..at + 4)?.try_into().ok().map(u32::from_ne_bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loopback_of_this_machine() {
        let all = interfaces().expect("netlink answers");
        let lo = all.iter().find(|i| i.name == "lo").expect("every namespace has a loopback");
        assert_eq!(lo.hwaddr.as_deref(), Some("00:00:00:00:00:00"));
    }

    #[test]
    fn garbage_is_no_message() {
        let mut seen = 0;
        let mut count = |_: u16, _: &[u8]| seen += 1;
        assert!(messages(&[255; 40], &mut count).is_ok_and(|more| more));
        assert!(messages(&[0; 15], &mut count).is_ok_and(|more| more));
        assert_eq!(seen, 0);
        assert_eq!(attributes(&[3, 0, 1, 0, 9]), vec![]);
    }

    #[test]
    fn a_tunnel_shows_an_ip_address() {
        assert_eq!(hwaddr(776, &[0, 0, 0, 0]), "0.0.0.0");
        assert_eq!(hwaddr(1, &[2, 0xfc, 0, 0, 0, 1]), "02:fc:00:00:00:01");
    }
}

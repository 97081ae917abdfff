//! Names and addresses: host, fqdn, interfaces, gateways, resolver.
//!
//! Names are looked up in `/etc/hosts` only: a resolver that does not answer would hold up every start.

use std::net::IpAddr;

use data::{Dict, Value};

use super::Source;
use super::netlink::Interface;

/// host, fqdn, domain, *_interfaces, ipv4, ipv6, fqdn_ip*, ip*_gw, dns.
pub(super) fn grains(src: &Source<'_>, nodename: &str, interfaces: &[Interface]) -> Dict {
    let hosts = src.text("/etc/hosts").unwrap_or_default();
    let hosts = Hosts::parse(&hosts);
    let fqdn = hosts.canonical(nodename).unwrap_or(nodename);
    let fqdn = if fqdn.is_empty() { "localhost.localdomain" } else { fqdn };
    let (host, domain) = fqdn.split_once('.').unwrap_or((fqdn, ""));
    let mut out =
        Dict::new().with("localhost", nodename).with("fqdn", fqdn).with("host", host).with("domain", domain);
    out.extend(addresses(interfaces));
    let all = |v4: bool| interfaces.iter().flat_map(Interface::all).any(|ip| ip.is_ipv4() == v4);
    out.insert("fqdn_ip4", if all(true) { hosts.addresses(fqdn, true) } else { Value::list() });
    out.insert("fqdn_ip6", if all(false) { hosts.addresses(fqdn, false) } else { Value::list() });
    out.insert("fqdns", fqdns(interfaces, &hosts));
    out.extend(gateways(
        &src.text("/proc/net/route").unwrap_or_default(),
        &src.text("/proc/net/ipv6_route").unwrap_or_default(),
    ));
    let resolv = src.text("/run/systemd/resolve/resolv.conf").or_else(|| src.text("/etc/resolv.conf"));
    if let Some(text) = resolv {
        out.insert("dns", resolver(&text));
    }
    out
}

impl Interface {
    /// Primary addresses in the kernel's order (IPv4 first, as Salt lists them), then secondary ones.
    fn all(&self) -> impl Iterator<Item = &IpAddr> {
        let of = |v4: bool| self.primary.iter().filter(move |ip| ip.is_ipv4() == v4);
        of(true).chain(of(false)).chain(&self.secondary)
    }
}

fn addresses(interfaces: &[Interface]) -> Dict {
    let per_interface = |keep: fn(&IpAddr) -> bool| -> Value {
        let of =
            |i: &Interface| -> Value { i.all().filter(|ip| keep(ip)).map(ToString::to_string).collect() };
        Value::from(interfaces.iter().map(|i| (i.name.as_str(), of(i))).collect::<Dict>())
    };
    let sorted = |keep: fn(&IpAddr) -> bool| -> Value {
        let mut all: Vec<&IpAddr> =
            interfaces.iter().flat_map(Interface::all).filter(|ip| keep(ip)).collect();
        all.sort_unstable();
        all.dedup();
        all.into_iter().map(ToString::to_string).collect()
    };
    let hardware: Dict =
        interfaces.iter().filter_map(|i| Some((i.name.as_str(), i.hwaddr.as_deref()?))).collect();
    Dict::new()
        .with("ip_interfaces", per_interface(|_| true))
        .with("ip4_interfaces", per_interface(IpAddr::is_ipv4))
        .with("ip6_interfaces", per_interface(IpAddr::is_ipv6))
        .with("hwaddr_interfaces", hardware)
        .with("ipv4", sorted(IpAddr::is_ipv4))
        .with("ipv6", sorted(IpAddr::is_ipv6))
}

/// The lines of `/etc/hosts`.
struct Hosts<'a>(Vec<(IpAddr, Vec<&'a str>)>);

impl<'a> Hosts<'a> {
    fn parse(text: &'a str) -> Self {
        let line = |line: &'a str| {
            let mut words = line.split('#').next()?.split_whitespace();
            Some((words.next()?.parse().ok()?, words.collect()))
        };
        Hosts(text.lines().filter_map(line).collect())
    }

    fn of(&self, name: &str) -> impl Iterator<Item = &(IpAddr, Vec<&'a str>)> {
        self.0.iter().filter(move |(_, names)| names.iter().any(|n| n.eq_ignore_ascii_case(name)))
    }

    /// The first name of the first line that has `name`.
    fn canonical(&self, name: &str) -> Option<&'a str> {
        self.of(name).next().and_then(|(_, names)| names.first().copied())
    }

    fn addresses(&self, name: &str, v4: bool) -> Value {
        let mut out: Vec<String> = Vec::new();
        for ip in self.of(name).map(|(ip, _)| ip).filter(|ip| ip.is_ipv4() == v4).map(ToString::to_string) {
            if !out.contains(&ip) {
                out.push(ip);
            }
        }
        out.into()
    }
}

/// The names that the hosts file has for the addresses of this machine.
fn fqdns(interfaces: &[Interface], hosts: &Hosts<'_>) -> Value {
    let mut names: Vec<&str> = interfaces
        .iter()
        .flat_map(Interface::all)
        .filter(|ip| !ip.is_loopback())
        .filter_map(|ip| hosts.0.iter().find(|(of, _)| of == ip)?.1.first().copied())
        .collect();
    names.sort_unstable();
    names.dedup();
    names.into()
}

fn gateways(v4: &str, v6: &str) -> Dict {
    let v4 = v4.lines().find_map(default_v4).unwrap_or(Value::Bool(false));
    let v6 = v6.lines().find_map(default_v6).unwrap_or(Value::Bool(false));
    let any = v4.is_true() || v6.is_true();
    Dict::new().with("ip_gw", any).with("ip4_gw", v4).with("ip6_gw", v6)
}

/// A default route of `/proc/net/route`: its gateway, or true when it has none.
fn default_v4(line: &str) -> Option<Value> {
    let columns: Vec<&str> = line.split_whitespace().collect();
    let [_, "00000000", gateway, _, _, _, _, "00000000", ..] = columns.as_slice() else { return None };
    let gateway = u32::from_str_radix(gateway, 16).ok()?;
    Some(match gateway {
        0 => Value::Bool(true),
        _ => std::net::Ipv4Addr::from(gateway.to_ne_bytes()).to_string().into(),
    })
}

/// A default route of `/proc/net/ipv6_route`; the kernel's own "unreachable" entry is none.
fn default_v6(line: &str) -> Option<Value> {
    const RTF_REJECT: u32 = 0x200;
    let columns: Vec<&str> = line.split_whitespace().collect();
    let [destination, "00", _, _, gateway, _, _, _, flags, ..] = columns.as_slice() else { return None };
    if u128::from_str_radix(destination, 16) != Ok(0)
        || u32::from_str_radix(flags, 16).ok()? & RTF_REJECT != 0
    {
        return None;
    }
    Some(match u128::from_str_radix(gateway, 16).ok()? {
        0 => Value::Bool(true),
        gateway => std::net::Ipv6Addr::from(gateway).to_string().into(),
    })
}

/// `resolv.conf` as Salt shows it.
fn resolver(text: &str) -> Dict {
    let (mut servers, mut v4, mut v6): (Vec<String>, Vec<String>, Vec<String>) = Default::default();
    let (mut search, mut sortlist, mut options): (Vec<String>, Vec<String>, Vec<String>) = Default::default();
    let mut domain = String::new();
    let add = |list: &mut Vec<String>, item: String| {
        if !list.contains(&item) {
            list.push(item);
        }
    };
    for line in text.lines() {
        let mut words = line.split_whitespace();
        let Some(directive) = words.next() else { continue };
        let args: Vec<&str> = words.take_while(|w| !w.starts_with(['#', ';'])).collect();
        let Some(first) = args.first() else { continue };
        match directive.to_ascii_lowercase().as_str() {
            "nameserver" => {
                if let Ok(ip) = first.parse::<IpAddr>() {
                    add(&mut servers, ip.to_string());
                    add(if ip.is_ipv4() { &mut v4 } else { &mut v6 }, ip.to_string());
                }
            }
            "domain" => domain = (*first).to_owned(),
            "search" => search = args.iter().map(ToString::to_string).collect(),
            "sortlist" => args.iter().filter_map(|net| sort_net(net)).for_each(|net| add(&mut sortlist, net)),
            "options" => add(&mut options, (*first).to_owned()),
            _ => {}
        }
    }
    Dict::new()
        .with("nameservers", servers)
        .with("ip4_nameservers", v4)
        .with("ip6_nameservers", v6)
        .with("sortlist", sortlist)
        .with("domain", domain)
        .with("search", search)
        .with("options", options)
}

/// `address/netmask`; the mask that the address class implies when none is given.
fn sort_net(net: &str) -> Option<String> {
    let (ip, mask) = net.split_once('/').map_or((net, None), |(ip, mask)| (ip, Some(mask)));
    let ip: std::net::Ipv4Addr = ip.parse().ok()?;
    let mask: std::net::Ipv4Addr = match mask {
        Some(mask) => match mask.parse::<u32>() {
            Ok(bits @ 0..=32) => u32::MAX.checked_shl(32 - bits).unwrap_or(0).into(),
            _ => mask.parse().ok()?,
        },
        None if ip.octets()[0] >= 192 => [255, 255, 255, 0].into(),
        None if ip.octets()[0] >= 128 => [255, 255, 0, 0].into(),
        None => [255, 0, 0, 0].into(),
    };
    Some(format!("{}/{mask}", std::net::Ipv4Addr::from(u32::from(ip) & u32::from(mask))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_name_of_a_hosts_line_is_the_fqdn() {
        let hosts =
            Hosts::parse("127.0.0.1 localhost\n172.17.0.2 web1.example.org web1 # me\n::1 ip6-localhost\n");
        assert_eq!(hosts.canonical("web1"), Some("web1.example.org"));
        assert_eq!(hosts.canonical("other"), None);
        assert_eq!(hosts.addresses("web1.example.org", true), Value::from(vec!["172.17.0.2"]));
    }

    #[test]
    fn default_routes() {
        let v4 = "Iface Destination Gateway Flags RefCnt Use Metric Mask MTU Window IRTT\n\
                  eth0 00000000 010200C0 0003 0 0 0 00000000 0 0 0\n";
        let v6 = "00000000000000000000000000000000 00 00000000000000000000000000000000 00 \
                  00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";
        let out = gateways(v4, v6);
        assert_eq!(out.get("ip4_gw"), Some(&Value::from("192.0.2.1")));
        assert_eq!(out.get("ip6_gw"), Some(&Value::Bool(false)));
        assert_eq!(out.get("ip_gw"), Some(&Value::Bool(true)));
        assert_eq!(gateways("", "").get("ip_gw"), Some(&Value::Bool(false)));
    }

    #[test]
    fn a_resolver_file() {
        let out = resolver(
            "; comment\nnameserver 10.0.0.1 # one\nnameserver fe80::1\nnameserver 10.0.0.1\nsearch a.b c.d\n\
             options ndots:5 rotate\nsortlist 130.155.160.0/255.255.240.0 130.155.0.0\nnameserver\n",
        );
        assert_eq!(out.get("nameservers"), Some(&Value::from(vec!["10.0.0.1", "fe80::1"])));
        assert_eq!(out.get("search"), Some(&Value::from(vec!["a.b", "c.d"])));
        assert_eq!(out.get("options"), Some(&Value::from(vec!["ndots:5"])));
        assert_eq!(
            out.get("sortlist"),
            Some(&Value::from(vec!["130.155.160.0/255.255.240.0", "130.155.0.0/255.255.0.0"]))
        );
    }
}

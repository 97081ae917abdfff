//! `network`: the interfaces of the machine and their addresses, and arithmetic with addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;
use crate::grains::netlink::{self, Address, Interface};

functions! {
    /// Return all interfaces with their addresses: `rsalt '*' network.interfaces`
    "network.interfaces"("") = |_, _| {
        let all = all()?;
        Ok(all.iter().map(|i| (i.name.as_str(), described(i, &all))).collect::<Dict>().into())
    };
    /// Return the IPv4 addresses, sorted: `rsalt '*' network.ip_addrs cidr=10.0.0.0/8`
    ///
    /// interface: of this one only. include_loopback: 127.0.0.1, too. cidr: those in a network. type: public or private.
    "network.ip_addrs"("interface=None, include_loopback=False, cidr=None, type=None") = |args, _| addrs(&args, true);
    /// The same as `network.ip_addrs`.
    "network.ipaddrs"("interface=None, include_loopback=False, cidr=None, type=None") = |args, _| addrs(&args, true);
    /// Return the IPv6 addresses, sorted: `rsalt '*' network.ip_addrs6`
    ///
    /// interface: of this one only. include_loopback: ::1, too. cidr: those in a network.
    "network.ip_addrs6"("interface=None, include_loopback=False, cidr=None") = |args, _| addrs(&args, false);
    /// The same as `network.ip_addrs6`.
    "network.ipaddrs6"("interface=None, include_loopback=False, cidr=None") = |args, _| addrs(&args, false);
    /// Return the IPv4 networks of the machine: `rsalt '*' network.ip_networks`. include_loopback: 127.0.0.0/8, too.
    "network.ip_networks"("interface=None, include_loopback=False") = |args, _| networks(&args, true);
    /// Return the IPv6 networks of the machine: `rsalt '*' network.ip_networks6`. include_loopback: ::1/128, too.
    "network.ip_networks6"("interface=None, include_loopback=False") = |args, _| networks(&args, false);
    /// Return the IPv4 networks of the machine: `rsalt '*' network.subnets`. interfaces: of one or of a list of them.
    "network.subnets"("interfaces=None") = |args, _| networks(&args, true);
    /// Return the IPv6 networks of the machine: `rsalt '*' network.subnets6`
    "network.subnets6"("") = |args, _| networks(&args, false);
    /// Whether the machine has an address in a network: `rsalt '*' network.in_subnet 10.0.0.0/16`
    "network.in_subnet"("cidr") = |args, _| {
        let Some(net) = network(&args.text("cidr")) else { return Ok(false.into()) };
        let all = all()?;
        let mine = all.iter().flat_map(|i| &i.addresses).filter(|a| !a.ip.is_loopback());
        Ok(mine.into_iter().any(|a| net.contains(a.ip)).into())
    };
    /// Whether an address is in a network: `rsalt '*' network.ip_in_subnet 172.17.0.4 172.16.0.0/12`
    "network.ip_in_subnet"("ip_addr, cidr") = |args, _| {
        let Some(net) = network(&args.text("cidr")) else { return Ok(false.into()) };
        let found = match args.arg("ip_addr") {
            Value::List(all) => all.iter().try_fold(false, |found, one| Ok(found | net.contains(ip(one)?))),
            one => ip(one).map(|ip| net.contains(ip)),
        };
        found.map(Value::from)
    };
    /// Return the network of an address: `rsalt '*' network.calc_net 172.17.0.5 255.255.255.240`
    "network.calc_net"("ip_addr, netmask=None") = |args, _| {
        Ok(Net::around(&args.text("ip_addr"), args.some_text("netmask"))?.to_string().into())
    };
    /// Return network, netmask and broadcast address of a network: `rsalt '*' network.convert_cidr 172.31.0.0/16`
    "network.convert_cidr"("cidr") = |args, _| {
        let net = Net::around(&args.text("cidr"), None)?;
        let (network, netmask, broadcast) = (net.first(), net.mask(), net.last());
        let out = Dict::new().with("network", network.to_string()).with("netmask", netmask.to_string());
        Ok(out.with("broadcast", broadcast.to_string()).into())
    };
    /// Return the name of the machine: `rsalt '*' network.get_hostname`
    "network.get_hostname"("") = |_, _| Ok(hostname().into());
    /// Return the full name of the machine: `rsalt '*' network.get_fqdn`
    "network.get_fqdn"("") = |_, ctx| {
        let name = hostname();
        let hosts = ctx.host.read_opt("/etc/hosts".as_ref())?.unwrap_or_default();
        let hosts = String::from_utf8_lossy(&hosts);
        let lines = hosts.lines().map(|line| line.split('#').next().unwrap_or_default());
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split_whitespace().collect()).collect();
        // As Python does: the address of the name, and the first line that this address has.
        let address = rows.iter().find(|row| row.iter().skip(1).any(|n| *n == name)).and_then(|row| row.first());
        let row = address.and_then(|address| rows.iter().find(|row| row.first() == Some(address)));
        let names = row.map(|row| row.get(1..).unwrap_or_default()).unwrap_or_default();
        let full = names.iter().find(|n| n.contains('.')).or(names.first()).map(|n| (*n).to_owned());
        Ok(full.unwrap_or(name).into())
    };
    /// Return the default routes: `rsalt '*' network.default_route`. family: inet or inet6.
    "network.default_route"("family=None") = |args, ctx| {
        let family = args.some_text("family");
        let all = routes(ctx, family.as_deref())?;
        Ok(all.into_iter().filter(|r| matches!(r.text("destination").as_str(), "0.0.0.0" | "::/0")).map(Value::from).collect())
    };
    /// Return the routes: `rsalt '*' network.routes`. family: inet or inet6.
    "network.routes"("family=None") = |args, ctx| {
        let family = args.some_text("family");
        Ok(routes(ctx, family.as_deref())?.into_iter().map(Value::from).collect())
    };
    /// Return the hardware address of an interface: `rsalt '*' network.hw_addr eth0`
    "network.hw_addr"("iface") = |args, _| of(&args, |i, _| i.hwaddr.clone().unwrap_or_default().into());
    /// The same as `network.hw_addr`.
    "network.hwaddr"("iface") = |args, _| of(&args, |i, _| i.hwaddr.clone().unwrap_or_default().into());
    /// Return the IPv4 addresses of an interface with netmask and broadcast: `rsalt '*' network.interface eth0`
    "network.interface"("iface") = |args, _| of(&args, |i, all| {
        described(i, all).get("inet").cloned().unwrap_or_else(|| "".into())
    });
    /// Return the first IPv4 address of an interface: `rsalt '*' network.interface_ip eth0`
    "network.interface_ip"("iface") = |args, _| of(&args, |i, _| {
        let first = i.addresses.iter().find(|a| a.ip.is_ipv4() && !a.secondary);
        first.map(|a| a.ip.to_string()).unwrap_or_default().into()
    });
    /// Return the interfaces that have an IPv4 address that begins so: `rsalt '*' network.ifacestartswith 10.0`
    "network.ifacestartswith"("cidr") = |args, _| {
        let begins = args.text("cidr");
        let all = all()?;
        let mine = all.iter().flat_map(|i| &i.addresses).filter(|a| a.ip.is_ipv4() && !a.secondary);
        Ok(mine.filter(|a| a.ip.to_string().starts_with(&begins)).map(|a| a.label.as_str()).collect())
    };
    /// Whether an address is one of the machine itself: `rsalt '*' network.is_loopback 127.0.0.1`
    "network.is_loopback"("ip_addr") = |args, _| Ok(ip(args.arg("ip_addr"))?.is_loopback().into());
    /// Whether an address is for private networks: `rsalt '*' network.is_private 10.0.0.3`
    "network.is_private"("ip_addr") = |args, _| Ok(is_private(ip(args.arg("ip_addr"))?).into());
    /// Return the name under which DNS has an address: `rsalt '*' network.reverse_ip 172.17.0.4`
    "network.reverse_ip"("ip_addr") = |args, _| {
        Ok(match ip(args.arg("ip_addr"))? {
            IpAddr::V4(ip) => {
                let [a, b, c, d] = ip.octets();
                format!("{d}.{c}.{b}.{a}.in-addr.arpa")
            }
            IpAddr::V6(ip) => {
                let digits = format!("{:032x}", u128::from(ip));
                let back: Vec<String> = digits.chars().rev().map(String::from).collect();
                format!("{}.ip6.arpa", back.join("."))
            }
        }
        .into())
    };
    /// Return what `ping` says of a host: `rsalt '*' network.ping archlinux.org`
    ///
    /// timeout: seconds to wait for an answer. return_boolean: whether it answers, instead.
    "network.ping"("host, timeout=False, return_boolean=False") = |args, ctx| {
        let mut host = args.text("host");
        host.retain(|c| c.is_ascii_alphanumeric() || ".-_:".contains(c));
        let mut words = vec!["-c".to_owned(), "4".to_owned(), host];
        if args.arg("timeout").is_true() {
            words.extend(["-W".to_owned(), args.text("timeout")]);
        }
        let output = ctx.run(&crate::host::Cmd::of("ping", words))?;
        if args.is_set("return_boolean", false) {
            return Ok(output.ok().into());
        }
        Ok(format!("{}{}", output.out(), output.err()).trim_end().into())
    };
    /// Return an IPv4 address in hexadecimal: `rsalt '*' network.iphexval 10.0.0.1`
    "network.iphexval"("ip") = |args, _| match ip(args.arg("ip"))? {
        IpAddr::V4(ip) => Ok(format!("{:08X}", u32::from(ip)).into()),
        IpAddr::V6(ip) => Err(not_an_address(&ip.to_string())),
    };
}

fn all() -> Result<Vec<Interface>, ExecError> {
    netlink::interfaces().map_err(|e| ExecError::command(format!("the interfaces cannot be listed: {e}")))
}

fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

fn of(args: &Dict, what: fn(&Interface, &[Interface]) -> Value) -> Result<Value, ExecError> {
    let (name, all) = (args.text("iface"), all()?);
    if let Some(interface) = all.iter().find(|i| i.name == name) {
        return Ok(what(interface, &all));
    }
    let names: Vec<&str> = all.iter().map(|i| i.name.as_str()).collect();
    let problem = format!("Interface \"{name}\" not in available interfaces: \"{}\"", names.join("\", \""));
    tracing::error!("{problem}");
    Ok(problem.into())
}

fn described(interface: &Interface, all: &[Interface]) -> Value {
    let mut out = Dict::new().with("up", interface.up);
    if let Some(parent) = interface.parent(all) {
        out.insert("parent", parent);
    }
    if let Some(hwaddr) = &interface.hwaddr {
        out.insert("hwaddr", hwaddr.as_str());
    }
    for address in &interface.addresses {
        let kind = if address.ip.is_ipv4() { "inet" } else { "inet6" };
        let mut one = if address.secondary { Dict::new().with("type", kind) } else { Dict::new() };
        one.insert("address", address.ip.to_string());
        if address.ip.is_ipv4() {
            one.insert("netmask", Net::of(address).mask().to_string());
            one.insert("broadcast", address.broadcast.map(|ip| ip.to_string()));
            one.insert("label", address.label.as_str());
        } else {
            one.insert("prefixlen", address.prefix.to_string());
            one.insert("scope", address.scope);
        }
        let place = out.entry_or(if address.secondary { "secondary" } else { kind }, Value::list);
        if let Some(list) = place.as_list_mut() {
            list.push(one.into());
        }
    }
    out.into()
}

/// The interfaces that an argument names: one, a list of them, a glob; all without it.
fn chosen(args: &Dict, name: &str) -> Result<Vec<Interface>, ExecError> {
    let mut all = all()?;
    match args.arg(name) {
        Value::None => {}
        Value::List(names) => all.retain(|i| names.iter().any(|n| n.as_str() == Some(&i.name))),
        pattern => {
            let glob = proto::target::glob::Glob::new(&pattern.to_string());
            all.retain(|i| glob.matches(&i.name));
        }
    }
    Ok(all)
}

fn addrs(args: &Dict, v4: bool) -> Result<Value, ExecError> {
    let all = chosen(args, "interface")?;
    let loopback = args.is_set("include_loopback", false);
    let mut found: Vec<IpAddr> = all.iter().flat_map(|i| &i.addresses).map(|a| a.ip).collect();
    found.retain(|ip| ip.is_ipv4() == v4 && (loopback || !ip.is_loopback()));
    found.sort_unstable();
    found.dedup();
    match (args.arg("cidr"), args.arg("type").as_str()) {
        (cidr, _) if cidr.is_true() => {
            let net = network(&cidr.to_string());
            found.retain(|ip| net.as_ref().is_some_and(|net| net.contains(*ip)));
        }
        (_, Some("public")) => found.retain(|ip| !is_private(*ip)),
        (_, Some("private")) => found.retain(|ip| is_private(*ip)),
        _ => {}
    }
    Ok(found.iter().map(ToString::to_string).collect())
}

fn networks(args: &Dict, v4: bool) -> Result<Value, ExecError> {
    let name = if args.contains("interfaces") { "interfaces" } else { "interface" };
    let all = chosen(args, name)?;
    let loopback = args.is_set("include_loopback", false);
    let mine = all.iter().flat_map(|i| &i.addresses);
    let mut found: Vec<Net> = mine
        .filter(|a| a.ip.is_ipv4() == v4 && (loopback || !a.ip.is_loopback()))
        .map(|a| Net { ip: Net::of(a).first(), prefix: a.prefix })
        .collect();
    found.sort_unstable_by_key(|net| (net.ip, net.prefix));
    found.dedup_by_key(|net| (net.ip, net.prefix));
    Ok(found.iter().map(ToString::to_string).collect())
}

fn not_an_address(text: &str) -> ExecError {
    let problem = format!("'{text}' does not appear to be an IPv4 or IPv6 address");
    ExecError::raised("ValueError", problem)
}

fn ip(value: &Value) -> Result<IpAddr, ExecError> {
    let text = value.to_string();
    text.parse().map_err(|_| not_an_address(&text))
}

/// What Python's `ipaddress` calls private.
fn is_private(ip: IpAddr) -> bool {
    const V4: [(Ipv4Addr, u8); 12] = [
        (Ipv4Addr::new(0, 0, 0, 0), 8),
        (Ipv4Addr::new(10, 0, 0, 0), 8),
        (Ipv4Addr::new(127, 0, 0, 0), 8),
        (Ipv4Addr::new(169, 254, 0, 0), 16),
        (Ipv4Addr::new(172, 16, 0, 0), 12),
        (Ipv4Addr::new(192, 0, 0, 0), 29),
        (Ipv4Addr::new(192, 0, 2, 0), 24),
        (Ipv4Addr::new(192, 168, 0, 0), 16),
        (Ipv4Addr::new(198, 18, 0, 0), 15),
        (Ipv4Addr::new(198, 51, 100, 0), 24),
        (Ipv4Addr::new(203, 0, 113, 0), 24),
        (Ipv4Addr::new(240, 0, 0, 0), 4),
    ];
    match ip {
        IpAddr::V4(_) => {
            V4.iter().any(|(first, prefix)| Net { ip: (*first).into(), prefix: *prefix }.contains(ip))
        }
        IpAddr::V6(ip) => {
            let [a, b, ..] = ip.segments();
            ip.is_loopback()
                || ip.is_unspecified()
                || (a & 0xfe00) == 0xfc00
                || (a & 0xffc0) == 0xfe80
                || (a == 0x2001 && (b < 0x200 || b == 0xdb8))
                || ip.to_ipv4_mapped().is_some()
        }
    }
}

/// A network that is written without host bits, or an address.
fn network(text: &str) -> Option<Net> {
    let net = Net::around(text, None).ok().filter(|net| net.first() == net.ip);
    if net.is_none() {
        tracing::error!("Invalid CIDR '{text}'");
    }
    net
}

struct Net {
    ip: IpAddr,
    prefix: u8,
}

impl Net {
    fn of(address: &Address) -> Net {
        Net { ip: address.ip, prefix: address.prefix }
    }

    /// The network around an address: `10.1.2.3/8`, `10.1.2.3` with a netmask or a prefix.
    fn around(text: &str, netmask: Option<String>) -> Result<Net, ExecError> {
        let wrong = || {
            let problem = format!("{text:?} does not appear to be an IPv4 or IPv6 network");
            ExecError::raised("ValueError", problem.replace('"', "'"))
        };
        let (address, mask) = match (text.split_once('/'), &netmask) {
            (Some((address, mask)), None) => (address, Some(mask)),
            (None, mask) => (text, mask.as_deref()),
            _ => return Err(wrong()),
        };
        let ip: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if ip.is_ipv4() { 32 } else { 128 };
        let prefix = match mask {
            None => most,
            Some(mask) => match (mask.parse::<u8>(), mask.parse::<Ipv4Addr>()) {
                (Ok(prefix), _) if prefix <= most => prefix,
                (_, Ok(mask)) if ip.is_ipv4() => {
                    let bits = u32::from(mask);
                    let ones = bits.leading_ones();
                    if bits.count_ones() == ones {
                        ones as u8
                    } else if bits.leading_zeros() + bits.count_ones() == 32 {
                        // A host mask, as Python reads it.
                        bits.leading_zeros() as u8
                    } else {
                        return Err(wrong());
                    }
                }
                _ => return Err(wrong()),
            },
        };
        Ok(Net { ip, prefix })
    }

    /// The bits that tell the hosts of a network apart.
    fn host_bits(&self) -> u128 {
        let most: u32 = if self.ip.is_ipv4() { 32 } else { 128 };
        u128::MAX.checked_shr(128 - most.saturating_sub(self.prefix.into())).unwrap_or_default()
    }

    fn number(ip: IpAddr) -> u128 {
        match ip {
            IpAddr::V4(ip) => u32::from(ip).into(),
            IpAddr::V6(ip) => ip.into(),
        }
    }

    fn address(&self, number: u128) -> IpAddr {
        match self.ip {
            IpAddr::V4(_) => Ipv4Addr::from(number as u32).into(),
            IpAddr::V6(_) => Ipv6Addr::from(number).into(),
        }
    }

    fn first(&self) -> IpAddr {
        self.address(Self::number(self.ip) & !self.host_bits())
    }

    fn last(&self) -> IpAddr {
        self.address(Self::number(self.ip) | self.host_bits())
    }

    fn mask(&self) -> IpAddr {
        self.address(!self.host_bits())
    }

    fn contains(&self, ip: IpAddr) -> bool {
        ip.is_ipv4() == self.ip.is_ipv4()
            && (Self::number(ip) ^ Self::number(self.ip)) & !self.host_bits() == 0
    }
}

impl std::fmt::Display for Net {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.first(), self.prefix)
    }
}

/// The kernel's routing tables.
fn routes(ctx: &Ctx<'_>, family: Option<&str>) -> Result<Vec<Dict>, ExecError> {
    if let Some(family) = family.filter(|family| !matches!(*family, "inet" | "inet6")) {
        return Err(ExecError::command(format!("Invalid address family {family}")));
    }
    let text = |path: &str| -> Result<String, ExecError> {
        Ok(String::from_utf8_lossy(&ctx.host.read_opt(path.as_ref())?.unwrap_or_default()).into_owned())
    };
    let row =
        |family: &str, destination: String, gateway: String, netmask: String, flags: u32, interface: &str| {
            let mut letters = String::new();
            for (bit, letter) in [(1, 'U'), (2, 'G'), (4, 'H')] {
                if flags & bit != 0 {
                    letters.push(letter);
                }
            }
            let out = Dict::new().with("addr_family", family).with("destination", destination);
            out.with("gateway", gateway)
                .with("netmask", netmask)
                .with("flags", letters)
                .with("interface", interface)
        };
    let mut out = Vec::new();
    if family != Some("inet6") {
        for line in text("/proc/net/route")?.lines().skip(1) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [interface, destination, gateway, flags, _, _, _, mask, ..] = words.as_slice() else {
                continue;
            };
            let v4 =
                |hex: &str| u32::from_str_radix(hex, 16).map(|n| Ipv4Addr::from(n.swap_bytes()).to_string());
            if let (Ok(destination), Ok(gateway), Ok(mask)) = (v4(destination), v4(gateway), v4(mask)) {
                let flags = u32::from_str_radix(flags, 16).unwrap_or_default();
                out.push(row("inet", destination, gateway, mask, flags, interface));
            }
        }
    }
    if family != Some("inet") {
        for line in text("/proc/net/ipv6_route")?.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            let [destination, prefix, _, _, gateway, _, _, _, flags, interface] = words.as_slice() else {
                continue;
            };
            let v6 = |hex: &str| u128::from_str_radix(hex, 16).map(|n| Ipv6Addr::from(n).to_string());
            let prefix = u8::from_str_radix(prefix, 16);
            let flags = u32::from_str_radix(flags, 16).unwrap_or_default();
            // What the kernel rejects is not a route to anywhere.
            if flags & 0x200 != 0 {
                continue;
            }
            if let (Ok(destination), Ok(gateway), Ok(prefix)) = (v6(destination), v6(gateway), prefix) {
                out.push(row(
                    "inet6",
                    format!("{destination}/{prefix}"),
                    gateway,
                    String::new(),
                    flags,
                    interface,
                ));
            }
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_as_python_has_them() {
        for (address, mask, want) in [
            ("172.17.0.5", Some("255.255.255.240"), "172.17.0.0/28"),
            ("10.1.2.3/20", None, "10.1.0.0/20"),
            ("10.1.2.3", Some("0.0.0.255"), "10.1.2.0/24"),
            ("10.1.2.3/0", None, "0.0.0.0/0"),
            ("2a02:f6e:a000:80:84d8:8332:7866:4160/64", None, "2a02:f6e:a000:80::/64"),
            ("::1", None, "::1/128"),
        ] {
            let net = Net::around(address, mask.map(str::to_owned)).map(|net| net.to_string());
            assert_eq!(net.ok().as_deref(), Some(want), "{address}");
        }
        for bad in ["10.1.2/8", "10.1.2.3/33", "x", "10.1.2.3/255.0.255.0"] {
            assert!(Net::around(bad, None).is_err(), "{bad}");
        }
        assert!(network("10.1.2.3/8").is_none() && network("10.0.0.0/8").is_some());
    }

    #[test]
    fn private_addresses() {
        for (text, private) in [
            ("10.0.0.1", true),
            ("8.8.8.8", false),
            ("172.32.0.1", false),
            ("fe80::1", true),
            ("2600::1", false),
        ] {
            assert_eq!(text.parse().map(is_private), Ok(private), "{text}");
        }
    }
}

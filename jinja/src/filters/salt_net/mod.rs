//! Salt's filters on addresses and networks, with the rules of Python's `ipaddress`.

mod address;

use std::rc::Rc;

use address::Ip;

use super::number::parse_int;
use super::salt_hash::random_below;
use super::{Table, soft_str};
use crate::val::{CallArgs, MAX_ITEMS, Val, collect, get_item};
use crate::{Error, ErrorKind, Result, UndefinedKind, methods};

pub(super) const TABLE: Table = &[
    ("filter_by_networks", filter_by_networks),
    ("gen_mac", |a| {
        let prefix = a.bind("gen_mac", ["prefix"], 0)?.opt(0).unwrap_or_else(|| Val::from("AC:DE:48"));
        let mut out = soft_str(&prefix)?.to_string();
        for _ in 0..3 {
            out.push_str(&format!(":{:02X}", random_below(256)?));
        }
        Ok(Val::from(out))
    }),
    ("ip_host", |a| per_address(a, "ip_host", |ip| Ok(Val::from(ip.as_interface().to_string())))),
    ("ipaddr", |a| {
        let (value, options) = value_and_options(a, "ipaddr")?;
        addresses(&value, Version::Any, options.as_deref())
    }),
    ("ipv4", |a| {
        let (value, options) = value_and_options(a, "ipv4")?;
        addresses(&value, Version::Four, options.as_deref())
    }),
    ("ipv6", |a| {
        let (value, options) = value_and_options(a, "ipv6")?;
        addresses(&value, Version::Six, options.as_deref())
    }),
    ("ipwrap", ipwrap),
    ("is_ip", |a| is_ip(a, "is_ip_filter", Version::Any)),
    ("is_ipv4", |a| is_ip(a, "is_ipv4_filter", Version::Four)),
    ("is_ipv6", |a| is_ip(a, "is_ipv6_filter", Version::Six)),
    ("mac_str_to_bytes", mac_str_to_bytes),
    ("network_hosts", |a| per_address(a, "network_hosts", hosts)),
    ("network_size", |a| per_address(a, "network_size", |ip| Ok(Val::big(ip.network_size())))),
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Four,
    Six,
    Any,
}

impl Version {
    fn takes(self, ip: &Ip) -> bool {
        self == Version::Any || (self == Version::Six) == ip.is_v6()
    }
}

/// An address, or one with its network, as Python reads it from a value.
fn read(value: &Val) -> Result<Option<Ip>> {
    match value {
        Val::Bytes(bytes) => Ok(Ip::from_packed(bytes)),
        Val::Int(_) | Val::BigInt(_) | Val::Bool(_) => Ok(value.as_big().and_then(|n| Ip::from_number(&n))),
        value => Ok(Ip::parse(&soft_str(value)?)),
    }
}

/// What is left of one value: the address in its usual form, or nothing.
fn filtered(value: &Val, version: Version, options: Option<&str>) -> Result<Option<Ip>> {
    let found = read(value)?.filter(|ip| version.takes(ip));
    Ok(found.filter(|ip| options.is_none_or(|options| options.split(',').all(|o| ip.has(o.trim())))))
}

fn value_and_options(args: &mut CallArgs, function: &str) -> Result<(Val, Option<String>)> {
    let mut b = args.bind(function, ["value", "options"], 1)?;
    Ok((b.take(0), options(&b.take(1))?))
}

fn options(options: &Val) -> Result<Option<String>> {
    if !options.is_true()? {
        return Ok(None);
    }
    methods::text(options).map(|text| Some(text.to_string()))
}

fn is_ip(args: &mut CallArgs, function: &str, version: Version) -> Result<Val> {
    let mut b = args.bind(function, ["ip_addr", "options"], 1)?;
    let (value, options) = (b.take(0), options(&b.take(1))?);
    Ok(Val::Bool(filtered(&value, version, options.as_deref())?.is_some()))
}

fn is_sequence(value: &Val) -> bool {
    matches!(value, Val::List(_) | Val::Tuple(_) | Val::Iter(_))
}

/// What `ipv4`, `ipv6` and `ipaddr` let through: of a sequence the IPv4 addresses, then the IPv6 ones.
fn found(value: &Val, version: Version, options: Option<&str>) -> Result<Option<Vec<Ip>>> {
    if !is_sequence(value) {
        if !matches!(value, Val::Str(_) | Val::Bytes(_)) {
            return Ok(None);
        }
        return Ok(filtered(value, version, options)?.map(|ip| vec![ip]));
    }
    let mut out = Vec::new();
    // A generator runs once: the second time there is nothing in it, in Salt as well.
    for version in if version == Version::Any { vec![Version::Four, Version::Six] } else { vec![version] } {
        for item in collect(value)? {
            out.extend(filtered(&item, version, options)?);
        }
    }
    Ok(Some(out))
}

fn addresses(value: &Val, version: Version, options: Option<&str>) -> Result<Val> {
    let many = is_sequence(value);
    Ok(match found(value, version, options)? {
        None => Val::None,
        Some(all) if many => Val::list(all.iter().map(|ip| Val::from(ip.to_string())).collect()),
        Some(all) => all.first().map_or(Val::None, |ip| Val::from(ip.to_string())),
    })
}

/// `ip_host`, `network_size` and `network_hosts`: for the one address, or a list for a sequence of them.
fn per_address(args: &mut CallArgs, function: &str, each: fn(&Ip) -> Result<Val>) -> Result<Val> {
    let mut b = args.bind(function, ["value", "options", "version"], 1)?;
    let (value, options, version) = (b.take(0), options(&b.take(1))?, b.take(2));
    let version = match (version.is_true()?, version.as_int()) {
        (false, _) => Version::Any,
        (true, Some(4)) => Version::Four,
        (true, Some(6)) => Version::Six,
        (true, _) => return Ok(Val::None),
    };
    let many = is_sequence(&value);
    let Some(all) = found(&value, version, options.as_deref())? else { return Ok(Val::None) };
    let Some(first) = all.first() else { return Ok(Val::None) };
    if many { Ok(Val::list(all.iter().map(each).collect::<Result<_>>()?)) } else { each(first) }
}

fn hosts(ip: &Ip) -> Result<Val> {
    let hosts = ip.hosts(MAX_ITEMS).ok_or_else(|| {
        Error::new(ErrorKind::Limit, format!("{ip}: a network of more than {MAX_ITEMS} hosts is not listed"))
    })?;
    Ok(Val::list(hosts.into_iter().map(Val::from).collect()))
}

fn not_an_address(value: &Val) -> Error {
    Error::value_error(format!("{} does not appear to be an IPv4 or IPv6 address", value.quoted()))
}

/// IPv6 addresses in brackets, everything else as it is.
fn ipwrap(args: &mut CallArgs) -> Result<Val> {
    let data = args.bind("ipwrap", ["data"], 1)?.take(0);
    let wrap = |value: Val| -> Result<Val> {
        match read(&value)?.filter(Ip::is_v6) {
            None => Ok(value),
            Some(ip) if ip.has_prefix() => Err(not_an_address(&value)),
            Some(ip) => Ok(Val::from(format!("[{ip}]"))),
        }
    };
    match &data {
        Val::List(_) | Val::Tuple(_) => {
            Ok(Val::list(collect(&data)?.into_iter().map(wrap).collect::<Result<_>>()?))
        }
        _ => wrap(data),
    }
}

fn mac_str_to_bytes(args: &mut CallArgs) -> Result<Val> {
    let text = methods::text(&args.bind("mac_str_to_bytes", ["mac_str"], 1)?.take(0))?;
    let mut digits: Vec<char> = text.chars().collect();
    match digits.len() {
        12 => {}
        17 => {
            let separator = digits.get(2).copied();
            digits.retain(|c| Some(*c) != separator);
        }
        _ => return Err(Error::value_error("Invalid MAC address")),
    }
    let byte = |at: usize| {
        let pair: String = digits.iter().skip(at).take(2).collect();
        let number = parse_int(&pair, 16).ok_or_else(|| {
            let pair = Val::from(pair.as_str());
            Error::value_error(format!("invalid literal for int() with base 16: {}", pair.quoted()))
        })?;
        let number = number.as_int().and_then(|n| u8::try_from(n).ok());
        number.ok_or_else(|| Error::value_error("bytes must be in range(0, 256)"))
    };
    let bytes = (0..12).step_by(2).map(byte).collect::<Result<Vec<u8>>>()?;
    Ok(Val::Bytes(bytes.into()))
}

fn filter_by_networks(args: &mut CallArgs) -> Result<Val> {
    let mut b = args.bind("filter_by_networks", ["values", "networks"], 2)?;
    let (values, networks) = (b.take(0), b.take(1));
    if networks.is_none() {
        return Ok(values);
    }
    let network = |value: Val| {
        let network = read(&value)?.ok_or_else(|| {
            let value = value.quoted();
            Error::value_error(format!("{value} does not appear to be an IPv4 or IPv6 network"))
        })?;
        if network.has_host_bits() {
            return Err(Error::value_error(format!("{} has host bits set", soft_str(&value)?)));
        }
        Ok(network)
    };
    let networks = collect(&networks)?.into_iter().map(network).collect::<Result<Vec<_>>>()?;
    let within = |values: &Val| -> Result<Val> {
        let mut out = Vec::new();
        for value in collect(values)? {
            for network in &networks {
                let ip = read(&value)?.filter(|ip| !ip.has_prefix()).ok_or_else(|| not_an_address(&value))?;
                if network.contains(&ip) {
                    out.push(value.clone());
                }
            }
        }
        Ok(Val::list(out))
    };
    match &values {
        Val::Dict(_) => {
            let mut out = crate::val::Map::default();
            for name in collect(&values)? {
                let kept = within(&get_item(UndefinedKind::Strict, &values, &name)?)?;
                let _old = out.insert(crate::val::Key::new(name)?, kept);
            }
            Ok(Val::Dict(Rc::new(crate::val::Dict::new(out))))
        }
        Val::List(_) | Val::Tuple(_) | Val::Str(_) | Val::Bytes(_) | Val::Range(..) => within(&values),
        other => {
            Err(Error::value_error(format!("Do not know how to filter a <class '{}'>", other.type_name())))
        }
    }
}

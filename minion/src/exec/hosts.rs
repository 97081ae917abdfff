//! `hosts` and `dnsutil`: names and addresses in `/etc/hosts` and from the resolver.

use std::net::{IpAddr, ToSocketAddrs};

use data::{Dict, Value};

use super::ExecError;
use super::plain::{Given, functions};
use crate::Ctx;

functions! {
    /// Return the hosts file: addresses with their names, and its comments: `rsalt '*' hosts.list_hosts`
    "hosts.list_hosts"("") = |_, ctx| Ok(hosts(ctx)?.into());
    /// Return the first address that the hosts file has for a name, or an empty text: `rsalt '*' hosts.get_ip web1`
    "hosts.get_ip"("host") = |args, ctx| {
        let (all, host) = (hosts(ctx)?, args.arg("host").clone());
        let found = all.iter().find(|(_, entry)| names(entry).contains(&host));
        Ok(found.map_or_else(|| "".into(), |(address, _)| address.clone()))
    };
    /// Return the names that the hosts file has for an address: `rsalt '*' hosts.get_alias 127.0.0.1`
    "hosts.get_alias"("ip") = |args, ctx| {
        Ok(hosts(ctx)?.get_value(args.arg("ip")).map(|entry| names(entry).to_vec()).unwrap_or_default().into())
    };
    /// Whether the hosts file has a name, or all of a list of names, for an address: `rsalt '*' hosts.has_pair <ip> <alias>`
    "hosts.has_pair"("ip, alias") = |args, ctx| {
        let all = hosts(ctx)?;
        let names = all.get_value(args.arg("ip")).map(names).unwrap_or_default();
        Ok(match args.arg("alias") {
            Value::List(wanted) => wanted.iter().all(|name| names.contains(name)),
            name => names.contains(name),
        }
        .into())
    };
    /// Return the IPv4 addresses of a name: `rsalt '*' dnsutil.A www.example.org`. nameserver: ask this one, with `dig`.
    "dnsutil.A"("host, nameserver=None") = |args, ctx| resolved(&args, ctx, "A");
    /// Return the IPv6 addresses of a name: `rsalt '*' dnsutil.AAAA www.example.org`. nameserver: ask this one, with `dig`.
    "dnsutil.AAAA"("host, nameserver=None") = |args, ctx| resolved(&args, ctx, "AAAA");
    /// Return the IPv4 addresses of a name, from `dig`: `rsalt '*' dig.A www.example.org`
    "dig.A"("host, nameserver=None") = |args, ctx| dig(&args, ctx, "A");
    /// Return the IPv6 addresses of a name, from `dig`: `rsalt '*' dig.AAAA www.example.org`
    "dig.AAAA"("host, nameserver=None") = |args, ctx| dig(&args, ctx, "AAAA");
    /// Return the addresses of a hosts file with their names: `rsalt '*' dnsutil.parse_hosts`. hosts: its text.
    "dnsutil.parse_hosts"("hostsfile='/etc/hosts', hosts=None") = |args, ctx| {
        let text = match args.some_text("hosts").filter(|text| !text.is_empty()) {
            Some(text) => text,
            None => {
                let path = args.some_text("hostsfile").unwrap_or_else(|| "/etc/hosts".to_owned());
                match ctx.host.read(path.as_ref()) {
                    Ok(content) => String::from_utf8_lossy(&content).into_owned(),
                    Err(_) => return Ok("Error: hosts data was not found".into()),
                }
            }
        };
        let mut out = Dict::new();
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let mut words = line.split_whitespace();
            let Some(address) = words.next() else { continue };
            if let Some(list) = out.entry_or(address, Value::list).as_list_mut() {
                list.extend(words.map(Value::from));
            }
        }
        Ok(out.into())
    };
}

fn hosts(ctx: &Ctx<'_>) -> Result<Dict, ExecError> {
    let path = ctx.call("config.option", vec!["hosts.file".into()], Dict::new())?.to_string();
    let content = ctx.host.read_opt(path.as_ref())?.unwrap_or_default();
    let (mut out, mut comments) = (Dict::new(), 0);
    for line in String::from_utf8_lossy(&content).lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with('#') {
            out.insert(format!("comment-{comments}"), vec![line]);
            comments += 1;
            continue;
        }
        let (line, comment) =
            line.split_once('#').map_or((line, None), |(line, rest)| (line, Some(rest.trim_start())));
        let mut words = line.split_whitespace();
        let Some(address) = words.next() else { continue };
        if let Some(entry) = out.entry_or(address, Value::dict).as_dict_mut() {
            if let Some(list) = entry.entry_or("aliases", Value::list).as_list_mut() {
                list.extend(words.map(Value::from));
            }
            if let Some(comment) = comment.filter(|comment| !comment.is_empty()) {
                entry.insert("comment", comment);
            }
        }
    }
    Ok(out)
}

fn names(entry: &Value) -> &[Value] {
    entry.get("aliases").and_then(Value::as_list).unwrap_or_default()
}

fn resolved(args: &Dict, ctx: &Ctx<'_>, kind: &str) -> Result<Value, ExecError> {
    if ctx.host.which("dig").is_some() {
        return dig(args, ctx, kind);
    }
    if !args.arg("nameserver").is_none() {
        return Ok("This function requires dig, which is not currently available".into());
    }
    let host = args.text("host");
    let v4 = kind == "A";
    let found =
        (host.as_str(), 0).to_socket_addrs().map(|all| all.map(|at| at.ip()).collect::<Vec<IpAddr>>());
    let mut found = found.unwrap_or_default();
    found.retain(|ip| ip.is_ipv4() == v4);
    found.dedup();
    if found.is_empty() {
        return Ok(format!("Unable to resolve {host}").into());
    }
    Ok(found.iter().map(ToString::to_string).collect())
}

fn dig(args: &Dict, ctx: &Ctx<'_>, kind: &str) -> Result<Value, ExecError> {
    if ctx.host.which("dig").is_none() {
        return Err(ExecError::NotFound { fun: format!("dig.{kind}") });
    }
    let server = args.some_text("nameserver").map(|name| format!("@{name}"));
    let mut words = vec!["+short".to_owned(), args.text("host"), kind.to_owned()];
    words.extend(server);
    let output = ctx.run(&crate::host::Cmd::of("dig", words))?;
    if !output.ok() {
        tracing::warn!("dig failed; returning an empty list as fallback");
        return Ok(Value::list());
    }
    Ok(output.out().lines().filter(|line| line.parse::<IpAddr>().is_ok()).collect())
}

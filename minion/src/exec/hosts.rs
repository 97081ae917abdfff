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
    /// Give an address these names and no others: `rsalt '*' hosts.set_host <ip> <alias>`. comment: said behind them.
    "hosts.set_host"("ip, alias, comment=None") = |args, ctx| {
        let (ip, alias) = (address(&args)?, args.text("alias"));
        let names: Vec<String> = alias.split_whitespace().map(str::to_owned).collect();
        let comment = args.some_text("comment").filter(|comment| !comment.is_empty());
        edit(ctx, |lines| {
            let at = lines.iter().position(|line| line.is_of(&ip));
            let mut at = at.unwrap_or(lines.len());
            lines.retain(|line| !line.is_of(&ip));
            at = at.min(lines.len());
            if !names.is_empty() {
                lines.insert(at, Line::Names { ip, names, comment });
            }
        })
    };
    /// Give an address one more name: `rsalt '*' hosts.add_host <ip> <alias>`
    "hosts.add_host"("ip, alias") = |args, ctx| {
        let (ip, alias) = (address(&args)?, name(&args.text("alias"))?);
        edit(ctx, |lines| {
            let there = |line: &Line| matches!(line, Line::Names { ip: is, names, .. } if *is == ip && names.contains(&alias));
            if lines.iter().any(there) {
                return;
            }
            for line in lines.iter_mut() {
                if let Line::Names { ip: is, names, .. } = line
                    && *is == ip
                {
                    names.push(alias);
                    return;
                }
            }
            lines.push(Line::Names { ip, names: vec![alias], comment: None });
        })
    };
    /// Take a name away from an address: `rsalt '*' hosts.rm_host <ip> <alias>`
    "hosts.rm_host"("ip, alias") = |args, ctx| {
        let (ip, alias) = (address(&args)?, args.text("alias"));
        edit(ctx, |lines| {
            for line in lines.iter_mut() {
                if let Line::Names { ip: is, names, .. } = line
                    && *is == ip
                {
                    names.retain(|name| *name != alias);
                }
            }
            lines.retain(|line| !matches!(line, Line::Names { names, .. } if names.is_empty()));
        })
    };
    /// Set what is said behind the names of an address: `rsalt '*' hosts.set_comment <ip> <comment>`
    "hosts.set_comment"("ip, comment") = |args, ctx| {
        let (ip, said) = (address(&args)?, args.text("comment"));
        if said.contains('\n') {
            return Err(ExecError::invocation("a comment of the hosts file is one line"));
        }
        if hosts(ctx)?.get(&ip).is_none() {
            return Ok(false.into());
        }
        edit(ctx, |lines| {
            let of_ip = lines.iter_mut().find_map(|line| match line {
                Line::Names { ip: is, comment, .. } if *is == ip => Some(comment),
                _ => None,
            });
            if let Some(comment) = of_ip {
                *comment = Some(said);
            }
        })
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

/// A line of the hosts file.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Line {
    /// Nothing, or a comment.
    Other(String),
    Names {
        ip: String,
        names: Vec<String>,
        comment: Option<String>,
    },
}

impl Line {
    fn parse(line: &str) -> Line {
        let (said, comment) =
            line.split_once('#').map_or((line, None), |(said, comment)| (said, Some(comment.trim())));
        let mut words = said.split_whitespace();
        match words.next() {
            None => Line::Other(line.to_owned()),
            Some(ip) => Line::Names {
                ip: ip.to_owned(),
                names: words.map(str::to_owned).collect(),
                comment: comment.filter(|comment| !comment.is_empty()).map(str::to_owned),
            },
        }
    }

    fn is_of(&self, address: &str) -> bool {
        matches!(self, Line::Names { ip, .. } if ip == address)
    }

    fn render(&self) -> String {
        match self {
            Line::Other(line) => line.clone(),
            Line::Names { ip, names, comment: None } => format!("{ip}\t\t{}", names.join(" ")),
            Line::Names { ip, names, comment: Some(said) } => {
                format!("{ip}\t\t{}\t\t# {said}", names.join(" "))
            }
        }
    }
}

/// Changes the hosts file. Lines that stay as they are keep their spaces.
fn edit(ctx: &Ctx<'_>, with: impl FnOnce(&mut Vec<Line>)) -> Result<Value, ExecError> {
    let path = file(ctx)?;
    let content = ctx.host.read_opt(path.as_ref())?.unwrap_or_default();
    let text = String::from_utf8_lossy(&content).into_owned();
    let before: Vec<(Line, &str)> = text.lines().map(|line| (Line::parse(line), line)).collect();
    let mut after: Vec<Line> = before.iter().map(|(line, _)| line.clone()).collect();
    with(&mut after);
    if after.iter().eq(before.iter().map(|(line, _)| line)) {
        return Ok(true.into());
    }
    let mut out = String::new();
    for line in &after {
        match before.iter().find(|(is, _)| is == line) {
            Some((_, as_it_was)) => out.push_str(as_it_was),
            None => out.push_str(&line.render()),
        }
        out.push('\n');
    }
    let mode = if ctx.host.exists(path.as_ref()) { None } else { Some(0o644) };
    match ctx.host.write_atomic(path.as_ref(), out.as_bytes(), mode) {
        // In a container the file is mounted: it cannot be replaced, but written.
        Err(error) if error.io().is_some_and(|e| e.kind() == std::io::ErrorKind::ResourceBusy) => {
            ctx.host.truncate(path.as_ref(), 0)?;
            ctx.host.write_at(path.as_ref(), 0, out.as_bytes())?;
        }
        done => done?,
    }
    Ok(true.into())
}

fn address(args: &Dict) -> Result<String, ExecError> {
    name(&args.text("ip"))
}

/// One word of the hosts file.
fn name(text: &str) -> Result<String, ExecError> {
    let text = text.trim();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c == '#') {
        return Err(ExecError::invocation(format!("'{text}' cannot stand in the hosts file")));
    }
    Ok(text.to_owned())
}

fn file(ctx: &Ctx<'_>) -> Result<String, ExecError> {
    Ok(ctx.call("config.option", vec!["hosts.file".into()], Dict::new())?.to_string())
}

pub(crate) fn hosts(ctx: &Ctx<'_>) -> Result<Dict, ExecError> {
    let path = file(ctx)?;
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

//! Salt's filters that look at the host: each is an execution function, or a few of them.

use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use data::{Dict, Value};
use jinja::{CallArgs, Error, ErrorKind, Val};

use super::salt::call;
use crate::RenderEnv;

/// A filter over execution functions.
pub(super) type HostFilter = fn(&dyn RenderEnv, &mut CallArgs) -> Result<Val, Error>;

pub(super) const HOST_FILTERS: [(&str, HostFilter); 9] = [
    ("dns_check", |_, args| dns_check(args)),
    ("file_hashsum", |env, args| call(env, "file.get_hash", args)),
    ("get_uid", |env, args| {
        let uid = call(env, "file.user_to_uid", args)?;
        Ok(if uid.as_str() == Some("") { Val::None } else { uid })
    }),
    ("http_query", http_query),
    ("is_bin_file", |env, args| {
        Ok(Val::from(start_of_file(env, args, 2048)?.is_some_and(|b| is_binary(&b))))
    }),
    ("is_empty", |env, args| {
        let size = call(env, "file.stats", args).map(|stats| stats.to_value().get("size").cloned());
        // What is not there is not empty.
        Ok(Val::from(size.is_ok_and(|size| size == Some(Value::Int(0)))))
    }),
    ("is_text_file", |env, args| {
        Ok(Val::from(start_of_file(env, args, 512)?.is_some_and(|b| !is_binary(&b))))
    }),
    ("list_files", |env, args| {
        let directory = args.args.first().map(Val::to_value).unwrap_or_default();
        let found = call(env, "file.find", args)?.to_value();
        Ok(Val::from(if found.is_true() { found } else { Value::from(vec![directory]) }))
    }),
    ("which", |env, args| call(env, "cmd.which", args)),
];

/// Calls an execution function with arguments of this module's own.
fn exec(
    env: &dyn RenderEnv,
    args: &mut CallArgs,
    fun: &str,
    positional: Vec<Val>,
    kwargs: Dict,
) -> Result<Value, Error> {
    args.args = positional;
    args.kwargs = kwargs.iter().map(|(k, v)| (k.to_string().into(), Val::from(v.clone()))).collect();
    call(env, fun, args).map(|v| v.to_value())
}

/// The first bytes of a file; none when it cannot be read.
fn start_of_file(env: &dyn RenderEnv, args: &mut CallArgs, size: i64) -> Result<Option<Vec<u8>>, Error> {
    let Some(path) = args.args.first().cloned() else {
        return Err(Error::type_error("missing 1 required positional argument: 'path'"));
    };
    path.to_text()?;
    let read = exec(env, args, "file.seek_read", vec![path, Val::from(size), Val::from(0_i64)], Dict::new());
    Ok(match read {
        Ok(Value::Bytes(b)) => Some(b.to_vec()),
        Ok(Value::Str(s)) => Some(s.as_bytes().to_vec()),
        _ => None,
    })
}

/// Salt's guess: a NUL, or almost a third of bytes that no text has.
fn is_binary(data: &[u8]) -> bool {
    if data.contains(&0) {
        return true;
    }
    // A character may be cut off at the end.
    let is_utf8 = match std::str::from_utf8(data) {
        Ok(_) => true,
        Err(e) => e.error_len().is_none(),
    };
    let is_text = |b: &&u8| {
        matches!(**b, 32..=126 | b'\n' | b'\r' | b'\t' | 0x0c | 0x08) || (is_utf8 && (128..255).contains(*b))
    };
    let strange = data.len() - data.iter().filter(is_text).count();
    strange * 10 > data.len() * 3
}

/// An address that the name stands for, one that answers if there is one; IPv6 in brackets.
fn dns_check(args: &mut CallArgs) -> Result<Val, Error> {
    let mut given = args.args.drain(..).map(|v| v.to_value());
    let name = given.next().unwrap_or_default();
    let mut by_name = |key: &str| {
        args.kwargs.iter().position(|(k, _)| &**k == key).map(|i| args.kwargs.remove(i).1.to_value())
    };
    let port = given.next().or_else(|| by_name("port"));
    // `safe` only picks the exception.
    let _safe = given.next().or_else(|| by_name("safe"));
    let ipv6 = given.next().or_else(|| by_name("ipv6")).filter(|v| !v.is_none()).map(|v| v.is_true());
    let Some(port) = port.and_then(|p| p.to_string().parse::<u16>().ok()) else {
        return Err(Error::type_error("dns_check() missing 1 required positional argument: 'port'"));
    };
    let host = name.to_string();
    let host = host.trim_matches(['[', ']']);
    let found: Vec<_> = (host, port).to_socket_addrs().map(Iterator::collect).unwrap_or_default();
    let wanted: Vec<_> = found.iter().filter(|a| ipv6.is_none_or(|v6| a.is_ipv6() == v6)).copied().collect();
    // Asked for IPv6, an address of IPv4 is better than none.
    let addresses = if wanted.is_empty() && ipv6 == Some(true) { found } else { wanted };
    let answers = |a: &&std::net::SocketAddr| TcpStream::connect_timeout(a, Duration::from_secs(2)).is_ok();
    match addresses.iter().find(answers).or(addresses.first()) {
        Some(a) if a.is_ipv6() => Ok(Val::from(format!("[{}]", a.ip()))),
        Some(a) => Ok(Val::from(a.ip().to_string())),
        None => Err(Error::new(
            ErrorKind::Exception,
            format!("DNS lookup or connection check of '{name}' failed."),
        )),
    }
}

/// Asks a web server, with the host's `curl` or `wget`; the answer is a dict as Salt's `http.query` gives it.
fn http_query(env: &dyn RenderEnv, args: &mut CallArgs) -> Result<Val, Error> {
    let url = args.args.first().map(Val::to_text).transpose()?.unwrap_or_default();
    let mut options: Dict = args.kwargs.iter().map(|(k, v)| (Value::Str(k.clone()), v.to_value())).collect();
    if let Some(method) = args.args.get(1) {
        options.insert("method", method.to_value());
    }
    let flag = |name: &str| options.get(name).is_some_and(Value::is_true);
    let mut url = url;
    let mut out = Dict::new();
    if flag("test") {
        match options.get("test_url").and_then(Value::as_str) {
            None => return Ok(Val::from(out)),
            Some(test_url) => {
                url = test_url.to_owned();
                out.insert("test", true);
            }
        }
    }
    let command = http_command(&url, &options, env.has_function("cmd.which") && has_curl(env, args));
    let kwargs = Dict::new().with("python_shell", false).with("ignore_retcode", true);
    let answer = exec(env, args, "cmd.run_all", vec![Val::from(Value::from(command))], kwargs)?;
    let text = |key: &str| answer.get(key).map(Value::to_string).unwrap_or_default();
    let stdout = text("stdout");
    // The last line is the status that `curl` was asked for.
    let (body, status) = stdout.rsplit_once('\n').unwrap_or(("", &stdout));
    let status = status.trim().parse::<i64>().unwrap_or(0);
    if answer.get("retcode").and_then(Value::as_int) != Some(0) || status == 0 {
        if flag("status") {
            out.insert("status", 0);
        }
        out.insert("error", text("stderr"));
        return Ok(Val::from(out));
    }
    if status >= 400 && options.get("raise_error").is_none_or(Value::is_true) {
        out.insert("status", status);
        out.insert("error", format!("HTTP {status}: {}", reason(status)));
        out.insert("body", body);
        return Ok(Val::from(out));
    }
    out.insert("body", body);
    if flag("status") {
        out.insert("status", status);
    }
    if flag("decode") {
        let decoded = match options.get("decode_type").and_then(Value::as_str) {
            Some("yaml") => data::yaml::load_sls(body).map_err(|e| e.to_string()),
            Some("plain") => Ok(Value::from(body)),
            _ => data::json::load(body).map_err(|e| e.to_string()),
        };
        match decoded {
            Ok(Value::Str(text)) if options.get("decode_type").and_then(Value::as_str) == Some("plain") => {
                out.insert("text", Value::Str(text))
            }
            Ok(value) => out.insert("dict", value),
            Err(e) => return Err(Error::value_error(e)),
        };
    }
    if flag("text") {
        out.insert("text", body);
    }
    Ok(Val::from(out))
}

fn has_curl(env: &dyn RenderEnv, args: &mut CallArgs) -> bool {
    exec(env, args, "cmd.which", vec![Val::from("curl")], Dict::new()).is_ok_and(|found| found.is_true())
}

fn http_command(url: &str, options: &Dict, with_curl: bool) -> Vec<String> {
    let text = |name: &str| options.get(name).filter(|v| !v.is_none()).map(Value::to_string);
    let mut url = url.to_owned();
    if let Some(params) = options.get("params").and_then(Value::as_dict) {
        let pairs: Vec<String> = params
            .iter()
            .map(|(k, v)| format!("{}={}", encode(&k.to_string()), encode(&v.to_string())))
            .collect();
        url.push(if url.contains('?') { '&' } else { '?' });
        url.push_str(&pairs.join("&"));
    }
    let mut headers: Vec<String> = match options.get("header_list").and_then(Value::as_list) {
        Some(list) => list.iter().map(Value::to_string).collect(),
        None => Vec::new(),
    };
    if let Some(dict) = options.get("header_dict").and_then(Value::as_dict) {
        headers.extend(dict.iter().map(|(k, v)| format!("{k}: {v}")));
    }
    let insecure = options.get("verify_ssl").is_some_and(|v| !v.is_none() && !v.is_true());
    let mut command: Vec<String> = Vec::new();
    let mut add = |words: &[&str]| command.extend(words.iter().map(|w| (*w).to_owned()));
    if !with_curl {
        // `wget` shows no status: that it ends well has to do.
        add(&["sh", "-c", "wget -q -O - \"$@\" && printf '\\n200'", "wget"]);
        if insecure {
            add(&["--no-check-certificate"]);
        }
        headers.iter().for_each(|h| add(&[&format!("--header={h}")]));
        if let Some(data) = text("data") {
            add(&[&format!("--post-data={data}")]);
        }
        add(&["--", &url]);
        return command;
    }
    add(&["curl", "--silent", "--show-error", "--location", "--write-out", "\\n%{http_code}"]);
    add(&["--max-time", &text("http_request_timeout").unwrap_or_else(|| "3600".to_owned())]);
    match text("method").as_deref() {
        Some("HEAD") => add(&["--head"]),
        Some(method) if method != "GET" => add(&["--request", method]),
        _ => {}
    }
    headers.iter().for_each(|h| add(&["--header", h]));
    if let Some(data) = text("data") {
        add(&["--data-binary", &data]);
    }
    if let (Some(user), password) = (text("username"), text("password")) {
        add(&["--user", &format!("{user}:{}", password.unwrap_or_default())]);
    }
    if let Some(bundle) = text("ca_bundle") {
        add(&["--cacert", &bundle]);
    }
    if insecure {
        add(&["--insecure"]);
    }
    add(&["--", &url]);
    command
}

/// Percent-encodes a part of a query.
fn encode(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"_.-~".contains(&b);
    text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect()
}

fn reason(status: i64) -> &'static str {
    match status {
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_what_is_none() {
        assert!(!is_binary(b"plain\ttext\n"));
        assert!(!is_binary("gr\u{fc}n \u{2013}".as_bytes()));
        assert!(!is_binary("gr\u{fc}".as_bytes().split_last().map_or(&[][..], |(_, head)| head)));
        assert!(is_binary(b"\x7fELF\0"));
        assert!(is_binary(b"\x01\x02\x03abc"));
        assert!(!is_binary(b""));
    }

    #[test]
    fn a_query_is_a_command() {
        let options = Dict::new()
            .with("method", "POST")
            .with("data", "a=1")
            .with("params", Dict::new().with("q", "x y"))
            .with("header_dict", Dict::new().with("X-A", "b"));
        let command = http_command("http://h/p", &options, true).join(" ");
        assert!(command.contains("--request POST --header X-A: b --data-binary a=1"), "{command}");
        assert!(command.ends_with("-- http://h/p?q=x%20y"), "{command}");
    }
}

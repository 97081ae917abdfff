//! The text of git as data: pure functions, no host.

use data::{Dict, Value};

/// `git ls-remote`: name of the ref → commit, in the order given.
pub fn refs(out: &str) -> Vec<(String, String)> {
    out.lines()
        .filter_map(|line| {
            let (sha, name) = line.split_once(char::is_whitespace)?;
            let sha_like = !sha.is_empty() && sha.bytes().all(|b| b.is_ascii_hexdigit());
            sha_like.then(|| (name.trim().to_owned(), sha.to_owned()))
        })
        .collect()
}

/// `git remote --verbose`: remote → its fetch and push addresses.
pub fn remotes(out: &str, redact: bool) -> Vec<(String, Remote)> {
    let mut all: Vec<(String, Remote)> = Vec::new();
    for line in out.lines() {
        let Some((name, rest)) = line.split_once(char::is_whitespace) else { continue };
        let Some((url, action)) = rest.trim().rsplit_once(char::is_whitespace) else { continue };
        let url = if redact { redact_url(url.trim()) } else { url.trim().to_owned() };
        let at = match all.iter().position(|(n, _)| n == name) {
            Some(at) => at,
            None => {
                all.push((name.to_owned(), Remote::default()));
                all.len() - 1
            }
        };
        if let Some((_, remote)) = all.get_mut(at) {
            match action {
                "(fetch)" => remote.fetch = Some(url),
                "(push)" => remote.push = Some(url),
                _ => {}
            }
        }
    }
    all
}

/// The addresses of one remote.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Remote {
    /// Where is fetched from.
    pub fetch: Option<String>,
    /// Where is pushed to.
    pub push: Option<String>,
}

impl From<Remote> for Value {
    fn from(remote: Remote) -> Self {
        let mut out = Dict::new();
        if let Some(url) = remote.fetch {
            out.insert("fetch", url);
        }
        if let Some(url) = remote.push {
            out.insert("push", url);
        }
        out.into()
    }
}

/// `git status -z --porcelain`: kind of change → files.
pub fn status(out: &str) -> Dict {
    let mut all = Dict::new();
    let mut entries = out.split('\0');
    while let Some(entry) = entries.next() {
        let Some((state, file)) = entry.trim_start().split_once(char::is_whitespace) else { continue };
        // A rename has its old name as the next entry.
        if state.starts_with('R') || state.starts_with('C') {
            entries.next();
        }
        let kind = match state {
            "M" => "modified",
            "A" => "new",
            "D" => "deleted",
            "??" => "untracked",
            other => other,
        };
        if let Some(files) = all.entry_or(kind, Value::list).as_list_mut() {
            files.push(Value::from(file.trim_start()));
        }
    }
    all
}

/// What `git fetch` says it changed; empty when it changed nothing.
pub fn fetched(out: &str) -> Dict {
    let mut all = Dict::new();
    let mut push = |key: &str, name: &str| {
        if let Some(list) = all.entry_or(key, Value::list).as_list_mut() {
            list.push(Value::from(name));
        }
    };
    let mut moved = Dict::new();
    for line in out.lines() {
        let Some((left, _)) = line.split_once("->") else { continue };
        let left = left.trim_start_matches(|c: char| c.is_whitespace() || c == '*' || c == '+').trim();
        let (what, name) = match left.strip_prefix('[').and_then(|l| l.split_once(']')) {
            Some((what, name)) => (what, name.trim()),
            None => match left.split_once(char::is_whitespace) {
                Some((what, name)) => (what, name.trim()),
                None => continue,
            },
        };
        match what {
            "new tag" => push("new tags", name),
            "new branch" => push("new branches", name),
            "tag update" => push("updated tags", name),
            range => {
                let hex = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_hexdigit());
                if let Some((old, new)) = range.split_once("...").or_else(|| range.split_once(".."))
                    && hex(old)
                    && hex(new)
                {
                    moved.insert(name, Dict::new().with("old", old).with("new", new));
                }
            }
        }
    }
    if !moved.is_empty() {
        all.insert("updated branches", moved);
    }
    all
}

/// `git config --get-regexp`: key → values.
pub fn config(out: &str) -> Dict {
    let mut all = Dict::new();
    for line in out.lines() {
        let Some((key, value)) = line.split_once(' ') else { continue };
        if let Some(values) = all.entry_or(key, Value::list).as_list_mut() {
            values.push(Value::from(value));
        }
    }
    all
}

/// An address with the user and password of HTTP basic authentication put in.
pub fn with_auth(url: &str, user: Option<&str>, password: Option<&str>) -> Result<String, String> {
    let Some(user) = user.filter(|u| !u.is_empty()) else {
        return match password {
            Some(p) if !p.is_empty() => Err("password specified without user".to_owned()),
            _ => Ok(url.to_owned()),
        };
    };
    let Some(rest) = url.strip_prefix("https://") else {
        return Err("Basic Auth only supported for HTTPS".to_owned());
    };
    let host = match rest.split_once('/') {
        Some((authority, path)) => format!("{}/{path}", authority.rsplit('@').next().unwrap_or(authority)),
        None => rest.rsplit('@').next().unwrap_or(rest).to_owned(),
    };
    let password = password.unwrap_or_default();
    Ok(if password.is_empty() {
        format!("https://{user}@{host}")
    } else {
        format!("https://{user}:{password}@{host}")
    })
}

/// Masks user and password of every HTTPS address in a text.
pub fn redact_url(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("https://") {
        let (before, from) = rest.split_at(at + "https://".len());
        out.push_str(before);
        let end = from.find(|c: char| c == '/' || c.is_whitespace() || c == '\'').unwrap_or(from.len());
        let (authority, after) = from.split_at(end);
        match authority.rsplit_once('@') {
            Some((_, host)) => {
                out.push_str("<redacted>@");
                out.push_str(host);
            }
            None => out.push_str(authority),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_in_addresses() {
        assert_eq!(
            with_auth("https://h.example/x.git", Some("u"), Some("p")),
            Ok("https://u:p@h.example/x.git".into())
        );
        assert_eq!(with_auth("git@h:x.git", None, None), Ok("git@h:x.git".into()));
        assert!(with_auth("http://h/x", Some("u"), None).is_err());
        assert_eq!(
            redact_url("git ls-remote https://u:p@h.example/x.git HEAD and https://h/y"),
            "git ls-remote https://<redacted>@h.example/x.git HEAD and https://h/y"
        );
    }

    #[test]
    fn outputs_of_git() {
        use crate::exec::cases::parse_cases;
        parse_cases("git/refs", |text| refs(text).into_iter().collect::<Dict>().into());
        parse_cases("git/remotes", |text| remotes(text, true).into_iter().collect::<Dict>().into());
        parse_cases("git/status", |text| status(text).into());
        parse_cases("git/fetched", |text| fetched(text).into());
    }

    #[test]
    fn a_fetch_that_found_something() {
        let out = "From /srv/app\n   41aa0ce..9c1d00e  main       -> origin/main\n * [new branch]      next       -> \
                   origin/next\n * [new tag]         v1.0       -> v1.0\n + 1234567...89abcde force      -> origin/force  (forced update)\n";
        assert_eq!(
            format!("{:?}", fetched(out)),
            "{'new branches': ['next'], 'new tags': ['v1.0'], 'updated branches': {'main': {'old': '41aa0ce', 'new': \
             '9c1d00e'}, 'force': {'old': '1234567', 'new': '89abcde'}}}"
        );
        assert!(fetched("From /srv/app\n").is_empty());
    }
}

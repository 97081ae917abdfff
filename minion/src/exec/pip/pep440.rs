//! Python's version order and requirement lines (`Django>=4.2,<5`), as pip understands them.

use std::cmp::Ordering;

/// A version as PEP 440 orders it.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Version {
    epoch: u64,
    release: Vec<u64>,
    /// -1 development before anything, then a, b, rc, then the release itself.
    pre: Option<(u8, u64)>,
    post: Option<u64>,
    dev: Option<u64>,
    local: Vec<Local>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Local {
    Text(String),
    Number(u64),
}

impl Version {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let text = text.strip_prefix('v').unwrap_or(&text);
        let (public, local) = text.split_once('+').map_or((text, None), |(p, l)| (p, Some(l)));
        let (epoch, rest) = match public.split_once('!') {
            Some((epoch, rest)) => (epoch.parse().ok()?, rest),
            None => (0, public),
        };
        let mut cursor = Cursor(rest);
        let mut release = vec![cursor.number()?];
        while cursor.0.starts_with('.')
            && cursor.0.get(1..2).is_some_and(|c| c.bytes().all(|b| b.is_ascii_digit()))
        {
            cursor.0 = cursor.0.get(1..)?;
            release.push(cursor.number()?);
        }
        let mut out = Version { epoch, release, pre: None, post: None, dev: None, local: Vec::new() };
        while !cursor.0.is_empty() {
            let implicit_post =
                cursor.0.strip_prefix('-').filter(|r| r.starts_with(|c: char| c.is_ascii_digit()));
            if let Some(rest) = implicit_post {
                cursor.0 = rest;
                out.post = Some(cursor.number()?);
                continue;
            }
            cursor.0 = cursor.0.trim_start_matches(['.', '-', '_']);
            let word = cursor.word();
            cursor.0 = cursor.0.trim_start_matches(['.', '-', '_']);
            let number = cursor.number().unwrap_or(0);
            match word {
                "a" | "alpha" => out.pre = Some((0, number)),
                "b" | "beta" => out.pre = Some((1, number)),
                "c" | "rc" | "pre" | "preview" => out.pre = Some((2, number)),
                "post" | "rev" | "r" => out.post = Some(number),
                "dev" => out.dev = Some(number),
                _ => return None,
            }
        }
        out.local = local
            .unwrap_or_default()
            .split(['.', '-', '_'])
            .filter(|p| !p.is_empty())
            .map(|p| p.parse().map_or_else(|_| Local::Text(p.to_owned()), Local::Number))
            .collect();
        Some(out)
    }

    fn release_without_zeros(&self) -> &[u64] {
        let end = self.release.iter().rposition(|n| *n != 0).map_or(0, |at| at + 1);
        self.release.get(..end).unwrap_or_default()
    }

    /// A development release sorts before the first alpha, a plain one after the last candidate.
    fn pre_key(&self) -> (i8, u64) {
        match self.pre {
            Some((kind, number)) => (i8::try_from(kind).unwrap_or(2), number),
            None if self.post.is_none() && self.dev.is_some() => (-1, 0),
            None => (3, 0),
        }
    }

    fn public_order(&self, other: &Self) -> Ordering {
        let dev = |v: &Self| v.dev.unwrap_or(u64::MAX);
        self.epoch
            .cmp(&other.epoch)
            .then_with(|| self.release_without_zeros().cmp(other.release_without_zeros()))
            .then_with(|| self.pre_key().cmp(&other.pre_key()))
            .then_with(|| self.post.cmp(&other.post))
            .then_with(|| dev(self).cmp(&dev(other)))
    }

    fn is_prerelease(&self) -> bool {
        self.pre.is_some() || self.dev.is_some()
    }

    /// Whether the release part starts with the parts of `prefix`.
    fn starts_with(&self, prefix: &Version) -> bool {
        let at = |i: usize| self.release.get(i).copied().unwrap_or(0);
        self.epoch == prefix.epoch && prefix.release.iter().enumerate().all(|(i, n)| at(i) == *n)
    }
}

struct Cursor<'a>(&'a str);

impl<'a> Cursor<'a> {
    fn number(&mut self) -> Option<u64> {
        let end = self.0.find(|c: char| !c.is_ascii_digit()).unwrap_or(self.0.len());
        let (digits, rest) = self.0.split_at(end);
        self.0 = rest;
        digits.parse().ok()
    }

    fn word(&mut self) -> &'a str {
        let end = self.0.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(self.0.len());
        let (word, rest) = self.0.split_at(end);
        self.0 = rest;
        word
    }
}

/// Python's order of two versions; what is no version compares as text.
pub fn compare(a: &str, b: &str) -> Ordering {
    match (Version::parse(a), Version::parse(b)) {
        (Some(a), Some(b)) => a.public_order(&b).then_with(|| a.local.cmp(&b.local)),
        _ => a.cmp(b),
    }
}

/// Whether a version meets every condition.
pub fn fulfils(version: &str, conditions: &[(String, String)]) -> bool {
    if conditions.is_empty() {
        return true;
    }
    let Some(parsed) = Version::parse(version) else {
        return conditions.iter().all(|(operator, wanted)| operator == "===" && version == wanted);
    };
    let wants_pre =
        conditions.iter().any(|(_, wanted)| Version::parse(wanted).is_some_and(|v| v.is_prerelease()));
    if parsed.is_prerelease() && !wants_pre {
        return false;
    }
    conditions.iter().all(|(operator, wanted)| meets(version, &parsed, operator, wanted))
}

fn meets(text: &str, version: &Version, operator: &str, wanted: &str) -> bool {
    if operator == "===" {
        return text.eq_ignore_ascii_case(wanted);
    }
    if let Some(prefix) = wanted.strip_suffix(".*") {
        let inside = Version::parse(prefix).is_some_and(|p| version.starts_with(&p));
        return match operator {
            "==" => inside,
            "!=" => !inside,
            _ => false,
        };
    }
    let Some(wanted) = Version::parse(wanted) else { return false };
    // A local part counts only when it is asked for.
    let order = version.public_order(&wanted);
    let same = order.is_eq() && (wanted.local.is_empty() || wanted.local == version.local);
    match operator {
        "==" => same,
        "!=" => !same,
        "<=" => order.is_le(),
        ">=" => order.is_ge(),
        // `<1.0` does not admit 1.0rc1, `>1.0` does not admit 1.0.post1.
        "<" => {
            order.is_lt()
                && (wanted.is_prerelease() || !version.is_prerelease() || !same_release(version, &wanted))
        }
        ">" => {
            order.is_gt()
                && (wanted.post.is_some() || version.post.is_none() || !same_release(version, &wanted))
        }
        "~=" => {
            let mut series = wanted.clone();
            series.release.pop();
            !series.release.is_empty() && order.is_ge() && version.starts_with(&series)
        }
        _ => false,
    }
}

fn same_release(a: &Version, b: &Version) -> bool {
    a.epoch == b.epoch && a.release_without_zeros() == b.release_without_zeros()
}

/// The name of a project as the index spells it: lower case, runs of `-_.` are one dash.
pub fn normalize(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for c in name.chars() {
        match c {
            '-' | '_' | '.' if out.ends_with('-') => {}
            '-' | '_' | '.' => out.push('-'),
            c => out.extend(c.to_lowercase()),
        }
    }
    out
}

/// A requirement: the normalized name (empty for a URL or a path) and its conditions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement {
    /// Normalized; empty where only an installation tells.
    pub name: String,
    /// Operator and version.
    pub conditions: Vec<(String, String)>,
}

impl Requirement {
    /// Reads what stands on a requirement line; the error is for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        let anonymous = Requirement { name: String::new(), conditions: Vec::new() };
        let text = text.trim();
        let is_path =
            text.starts_with(['.', '/', '~']) || text.ends_with(".whl") || text.ends_with(".tar.gz");
        let is_url = text.contains("://") && !text.contains(" @ ") && !text.contains('@')
            || ["git+", "svn+", "hg+", "bzr+", "http:", "https:", "file:"]
                .iter()
                .any(|s| text.starts_with(s));
        if is_path || is_url {
            return Ok(anonymous);
        }
        let text = text.split(';').next().unwrap_or(text).trim();
        let end =
            text.find(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let proper = |s: &str| s.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if !proper(name) {
            return Err(format!("pip raised an exception while parsing '{text}': it has no name"));
        }
        let mut rest = rest.trim();
        if let Some(extras) = rest.strip_prefix('[') {
            rest = extras.split_once(']').map_or("", |(_, rest)| rest).trim();
        }
        let mut out = Requirement { name: normalize(name), conditions: Vec::new() };
        if rest.starts_with('@') {
            return Ok(out);
        }
        let rest = rest.strip_prefix('(').and_then(|r| r.strip_suffix(')')).unwrap_or(rest);
        for condition in rest.split(',').map(str::trim).filter(|c| !c.is_empty()) {
            let end =
                condition.find(|c| !matches!(c, '<' | '>' | '=' | '!' | '~')).unwrap_or(condition.len());
            let (operator, version) = condition.split_at(end);
            if operator == "=" {
                return Err(format!(
                    "Invalid version specification in package {text}. '=' is not supported, use '==' instead."
                ));
            }
            if !matches!(operator, "==" | "!=" | "<=" | ">=" | "<" | ">" | "~=" | "===")
                || version.trim().is_empty()
            {
                return Err(format!(
                    "pip raised an exception while parsing '{text}': no condition: '{condition}'"
                ));
            }
            out.conditions.push((operator.to_owned(), version.trim().to_owned()));
        }
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_rise_as_pep_440_says() {
        let rising = [
            "1.0.dev456",
            "1.0a1",
            "1.0a2.dev456",
            "1.0a12",
            "1.0b1",
            "1.0rc1.dev1",
            "1.0rc1",
            "1.0",
            "1.0+abc.5",
            "1.0+5",
            "1.0.post456.dev34",
            "1.0.post456",
            "1.0.1",
            "1.1.dev1",
            "1.10",
            "1!0.1",
        ];
        for pair in rising.windows(2) {
            if let [a, b] = pair {
                assert!(compare(a, b).is_lt(), "{a} < {b}");
            }
        }
        assert!(compare("1.0", "1.0.0").is_eq());
        assert!(compare("1.0-1", "1.0.post1").is_eq());
    }

    #[test]
    fn requirements() {
        let parse = |t: &str| Requirement::parse(t).map(|r| (r.name, r.conditions));
        let condition = |o: &str, v: &str| (o.to_owned(), v.to_owned());
        assert_eq!(parse("Django"), Ok(("django".into(), vec![])));
        assert_eq!(
            parse("zope.interface[test] >= 5, <6 ; python_version > '3'"),
            Ok(("zope-interface".into(), vec![condition(">=", "5"), condition("<", "6")]))
        );
        assert_eq!(parse("git+https://example.org/x.git@main#egg=x"), Ok((String::new(), vec![])));
        assert_eq!(parse("./dist/x-1.0.whl"), Ok((String::new(), vec![])));
        assert_eq!(
            parse("foo=1.0"),
            Err("Invalid version specification in package foo=1.0. '=' is not supported, use '==' instead."
                .into())
        );
    }

    #[test]
    fn conditions() {
        let meets = |v: &str, line: &str| {
            let requirement = Requirement::parse(&format!("x{line}")).expect("a requirement");
            fulfils(v, &requirement.conditions)
        };
        assert!(meets("4.2.1", ">=4.2,<5"));
        assert!(!meets("5.0", ">=4.2,<5"));
        assert!(meets("4.2.7", "~=4.2.1") && !meets("4.3", "~=4.2.1"));
        assert!(meets("4.2.7", "==4.2.*") && !meets("4.3", "==4.2.*"));
        assert!(meets("4.2.0", "==4.2"));
        assert!(!meets("5.0rc1", ">=4"), "pre-releases have to be asked for");
        assert!(meets("5.0rc1", ">=5.0rc1"));
        assert!(meets("1.0+local", "==1.0"));
    }
}

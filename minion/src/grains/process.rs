//! The minion process and its surroundings: user, path, shell, locale, init system.

use data::{Dict, Value};

use super::Source;

/// uid, gid, username, groupname, pid, cwd, path, systempath, shell, ps, locale_info.
pub(super) fn grains(src: &Source<'_>) -> Dict {
    let (uid, gid) = (rustix::process::geteuid().as_raw(), rustix::process::getegid().as_raw());
    let user = src.host().user(&uid.to_string()).ok().flatten();
    let username = user.as_ref().map(|u| u.name.as_str()).unwrap_or_default();
    let groupname = user.as_ref().and_then(|u| src.host().group_name(u.gid)).unwrap_or_default();
    let path = src.env("PATH").unwrap_or_default();
    let path = path.trim();
    let mut out = Dict::new()
        .with("uid", uid)
        .with("gid", gid)
        .with("username", username)
        .with("groupname", groupname)
        .with("pid", std::process::id())
        .with("path", path)
        .with("systempath", path.split(':').map(Value::from).collect::<Vec<_>>())
        .with("shell", src.env("SHELL").unwrap_or_else(|| "/bin/sh".into()))
        .with("ps", "ps -efHww");
    if let Ok(cwd) = std::env::current_dir() {
        out.insert("cwd", cwd.to_string_lossy().into_owned());
    }
    out.insert("locale_info", locale(src));
    out
}

fn locale(src: &Source<'_>) -> Dict {
    let set = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find_map(|k| src.env(k).filter(|v| !v.is_empty()));
    let all = src.env("LC_ALL").unwrap_or_default();
    let (language, encoding) = match set.as_deref() {
        // An explicit LC_ALL=C switches off Python's move to C.UTF-8.
        _ if matches!(all.as_str(), "C" | "POSIX") => (Value::None, Value::None),
        None | Some("C" | "POSIX") => ("en_US".into(), "UTF-8".into()),
        Some(name) => {
            let (language, encoding) = name.split_once('.').unwrap_or((name, "UTF-8"));
            let encoding = encoding.split('@').next().unwrap_or(encoding);
            let utf8 = matches!(encoding.to_ascii_lowercase().as_str(), "utf-8" | "utf8");
            let language = if language == "C" { "en_US" } else { language };
            (language.into(), if utf8 { "UTF-8".into() } else { Value::from(encoding) })
        }
    };
    Dict::new()
        .with("defaultlanguage", language)
        .with("defaultencoding", encoding)
        .with("detectedencoding", "utf-8")
        .with("timezone", timezone(src))
}

/// The name of the time zone as `date +%Z` gives it.
fn timezone(src: &Source<'_>) -> String {
    let named = src.env("TZ").filter(|tz| !tz.is_empty());
    let file = match &named {
        None => "/etc/localtime".to_owned(),
        Some(tz) if tz.trim_start_matches(':').starts_with('/') => tz.trim_start_matches(':').to_owned(),
        Some(tz) => format!("/usr/share/zoneinfo/{}", tz.trim_start_matches(':')),
    };
    let offset = chrono::Local::now().offset().local_minus_utc();
    let footer = src.bytes(&file).and_then(|b| tz_footer(&b));
    match (footer, named) {
        (Some(rule), _) => tz_name(&rule, offset),
        (None, Some(rule)) => tz_name(&rule, offset),
        (None, None) => "UTC".to_owned(),
    }
}

/// The POSIX rule at the end of a time zone file (version 2 and later).
fn tz_footer(file: &[u8]) -> Option<String> {
    if !file.starts_with(b"TZif") {
        return None;
    }
    let text = file.strip_suffix(b"\n")?;
    let at = text.iter().rposition(|b| *b == b'\n')?;
    String::from_utf8(text.get(at + 1..)?.to_vec()).ok().filter(|rule| !rule.is_empty())
}

/// Which of the names of `CET-1CEST,M3.5.0,M10.5.0/3` is meant by an offset from UTC in seconds.
fn tz_name(rule: &str, offset: i32) -> String {
    let rule = rule.split(',').next().unwrap_or(rule);
    let (standard, rest) = zone_word(rule);
    let digits = rest.find(|c: char| !matches!(c, '0'..='9' | '+' | '-' | ':')).unwrap_or(rest.len());
    let (hours, rest) = rest.split_at(digits);
    let seconds = |text: &str| -> i32 {
        let (sign, text) = text.strip_prefix('-').map_or((1, text.trim_start_matches('+')), |t| (-1, t));
        let parts = text.split(':').map(|p| p.parse::<i32>().unwrap_or(0));
        // POSIX counts west of Greenwich.
        -sign * parts.zip([3600, 60, 1]).map(|(n, unit)| n * unit).sum::<i32>()
    };
    let (summer, _) = zone_word(rest);
    if summer.is_empty() || seconds(hours) == offset { standard.to_owned() } else { summer.to_owned() }
}

/// A zone name: letters, or anything between angle brackets.
fn zone_word(text: &str) -> (&str, &str) {
    match text.strip_prefix('<').and_then(|t| t.split_once('>')) {
        Some(parts) => parts,
        None => text.split_at(text.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(text.len())),
    }
}

/// init and systemd.
pub(super) fn init(src: &Source<'_>) -> Dict {
    let mut out = Dict::new().with("init", init_system(src));
    if src.which("systemctl").is_some() && src.which("localectl").is_some() {
        let answer = src.run("systemctl", &["--version"]).unwrap_or_default();
        let mut lines = answer.lines();
        let version = lines.next().and_then(|l| l.strip_prefix("systemd ")?.split_whitespace().next());
        let features = version.and_then(|_| lines.next());
        out.insert(
            "systemd",
            Dict::new()
                .with("version", version.unwrap_or("UNDEFINED"))
                .with("features", features.unwrap_or_default()),
        );
    }
    if src.which("selinuxenabled").is_some() {
        let enforce = src.text("/sys/fs/selinux/enforce");
        let mut selinux = Dict::new().with("enabled", enforce.is_some());
        if src.which("getenforce").is_some() {
            selinux.insert(
                "enforced",
                match enforce.as_deref().map(str::trim) {
                    None => "Disabled",
                    Some("1") => "Enforcing",
                    Some(_) => "Permissive",
                },
            );
        }
        out.insert("selinux", selinux);
    }
    out
}

fn init_system(src: &Source<'_>) -> &'static str {
    if src.exists("/run/systemd/system") {
        return "systemd";
    }
    let cmdline = src.text("/proc/1/cmdline").unwrap_or_default().replace('\0', " ");
    let words: Vec<&str> = cmdline.split_whitespace().collect();
    let Some(first) = words.first() else { return "unknown" };
    let program = src.which(first);
    if let Some(program) = program.filter(|p| p.ends_with("bin/init")) {
        let binary = src.bytes(&program).unwrap_or_default();
        let has = |name: &str| binary.windows(name.len()).any(|w| w.eq_ignore_ascii_case(name.as_bytes()));
        return ["upstart", "sysvinit", "systemd"].into_iter().find(|name| has(name)).unwrap_or("unknown");
    }
    let runs = |name: &str| src.which(name).is_some_and(|path| words.contains(&path.as_str()));
    match () {
        () if runs("supervisord") => "supervisord",
        () if runs("dumb-init") => "dumb-init",
        () if runs("tini") => "tini",
        () if words == ["runit"] || words.contains(&"/sbin/my_init") => "runit",
        () => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_time_zones() {
        assert_eq!(tz_name("UTC0", 0), "UTC");
        assert_eq!(tz_name("CET-1CEST,M3.5.0,M10.5.0/3", 3600), "CET");
        assert_eq!(tz_name("CET-1CEST,M3.5.0,M10.5.0/3", 7200), "CEST");
        assert_eq!(tz_name("<+0330>-3:30", 12600), "+0330");
        assert_eq!(tz_name("EST5EDT,M3.2.0,M11.1.0", -18000), "EST");
    }

    #[test]
    fn the_footer_of_a_zone_file() {
        assert_eq!(
            tz_footer(b"TZif2\0\0\0stuff\nCET-1CEST,M3.5.0,M10.5.0/3\n").as_deref(),
            Some("CET-1CEST,M3.5.0,M10.5.0/3")
        );
        assert_eq!(tz_footer(b"no zone"), None);
    }
}

//! The operating system: kernel, distribution and release, from `uname` and `/etc/os-release`.

use data::{Dict, Value};

use super::Source;

/// What `uname` tells, so that tests can say it.
#[derive(Debug, Clone, Default)]
pub(super) struct Uname {
    pub(super) sysname: String,
    pub(super) nodename: String,
    pub(super) release: String,
    pub(super) version: String,
    pub(super) machine: String,
}

impl Uname {
    pub(super) fn of_this_machine() -> Self {
        let u = rustix::system::uname();
        let text = |s: &std::ffi::CStr| s.to_string_lossy().into_owned();
        Uname {
            sysname: text(u.sysname()),
            nodename: text(u.nodename()),
            release: text(u.release()),
            version: text(u.version()),
            machine: text(u.machine()),
        }
    }
}

/// kernel*, nodename, cpuarch, os*, lsb_*, osarch.
pub(super) fn grains(src: &Source<'_>, uname: &Uname) -> Dict {
    let mut out = Dict::new();
    out.insert("kernel", &uname.sysname);
    out.insert("nodename", &uname.nodename);
    out.insert("kernelrelease", &uname.release);
    out.insert("kernelversion", &uname.version);
    out.insert("cpuarch", &uname.machine);

    let release = src.text("/etc/os-release").or_else(|| src.text("/usr/lib/os-release"));
    let release = os_release(release.as_deref().unwrap_or_default());
    let lsb = lsb_release(&src.text("/etc/lsb-release").unwrap_or_default());
    let debian_version = src.text("/etc/debian_version");
    out.extend(distribution(&release, lsb, debian_version.as_deref()));

    let family = out.get("os_family").and_then(Value::as_str).unwrap_or("Unknown").to_owned();
    if !out.contains("os") {
        out.insert("os", &uname.sysname);
        out.insert("os_family", "Unknown");
    }
    out.insert("osarch", osarch(src, &family, &uname.machine));
    if let Some(params) = src.text("/proc/cmdline") {
        out.insert("kernelparams", kernel_params(&params));
    }
    out
}

/// The assignments of an os-release file, unquoted.
fn os_release(text: &str) -> Vec<(String, String)> {
    text.lines()
        .filter_map(|line| {
            let line = line.trim();
            let (key, value) = line.split_once('=').filter(|_| !line.starts_with('#'))?;
            Some((key.trim().to_owned(), unquote(value.trim())))
        })
        .collect()
}

/// Shell quoting as os-release files use it: one pair of quotes, backslash escapes in double quotes.
fn unquote(value: &str) -> String {
    if let Some(inner) = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')) {
        return inner.to_owned();
    }
    let Some(inner) = value.strip_prefix('"').and_then(|v| v.strip_suffix('"')) else {
        return value.to_owned();
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => out.extend(chars.next()),
            c => out.push(c),
        }
    }
    out
}

/// `lsb_distrib_{id,release,codename,description}` of an lsb-release file.
fn lsb_release(text: &str) -> Vec<(String, String)> {
    os_release(text)
        .into_iter()
        .filter(|(k, v)| {
            matches!(
                k.as_str(),
                "DISTRIB_ID" | "DISTRIB_RELEASE" | "DISTRIB_CODENAME" | "DISTRIB_DESCRIPTION"
            ) && !v.is_empty()
        })
        .map(|(k, v)| (format!("lsb_{}", k.to_lowercase()), v.trim_end().to_owned()))
        .collect()
}

fn distribution(
    release: &[(String, String)],
    mut lsb: Vec<(String, String)>,
    debian_version: Option<&str>,
) -> Dict {
    let has = |key: &str| release.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v.as_str());
    let mut out = Dict::new();
    if release.is_empty() && lsb.is_empty() {
        return out;
    }
    if !lsb.iter().any(|(k, _)| k == "lsb_distrib_id") {
        let mut add = |key: &str, value: Option<&str>| {
            if let Some(v) = value {
                lsb.push((format!("lsb_distrib_{key}"), v.trim().to_owned()));
            }
        };
        add("id", has("NAME"));
        add("release", has("VERSION_ID"));
        add("codename", has("VERSION_CODENAME").or(has("PRETTY_NAME")));
    }
    let of_lsb = |key: &str| lsb.iter().find(|(k, _)| k == key).map(|(_, v)| v.as_str());

    let fullname = has("NAME").or(of_lsb("lsb_distrib_id")).unwrap_or_default().trim();
    let cpe_vendor = has("CPE_NAME").and_then(|c| c.split(':').nth(2)).unwrap_or_default();
    let os = match cpe_vendor {
        "suse" | "opensuse" => "SUSE".to_owned(),
        _ => os_name(fullname, has("ID").unwrap_or_default()),
    };
    // Testing and unstable Debian have no VERSION_ID.
    let osrelease = of_lsb("lsb_distrib_release")
        .or_else(|| debian_version.filter(|_| os == "Debian"))
        .unwrap_or_default()
        .trim();
    let codename = of_lsb("lsb_distrib_codename").unwrap_or_default().trim();
    let codename = match codename.split_once('(') {
        // "Green Obsidian" of "9.3 (Green Obsidian)"
        Some((_, rest)) if matches!(os.as_str(), "Rocky" | "AlmaLinux") => {
            rest.split(')').next().unwrap_or(rest)
        }
        _ => codename,
    };
    let family = OS_FAMILY.iter().find(|(name, _)| *name == os).map_or(os.as_str(), |(_, family)| family);
    out.insert("os", &os);
    out.insert("os_family", family);
    out.insert("osfullname", fullname);
    out.insert("osrelease", osrelease);
    out.insert("oscodename", codename);
    if !osrelease.is_empty() {
        out.extend(release_parts(&os, fullname, osrelease));
    }
    out.extend(lsb);
    out
}

/// osrelease_info, osmajorrelease, osfinger.
fn release_parts(os: &str, fullname: &str, osrelease: &str) -> Dict {
    let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    let parts: Vec<Value> = osrelease
        .split('.')
        .map(|p| p.parse::<i64>().ok().filter(|_| digits(p)).map_or_else(|| Value::from(p), Value::from))
        .collect();
    let mut out = Dict::new();
    let first = parts.first().cloned().unwrap_or_default();
    if let Value::Int(major) = first {
        out.insert("osmajorrelease", major);
    }
    let name = if matches!(os, "Debian" | "Raspbian" | "AlmaLinux") { os } else { fullname };
    let finger = if matches!(os, "Ubuntu" | "Pop" | "NixOS") {
        format!("{name}-{osrelease}")
    } else {
        format!("{name}-{first}")
    };
    out.insert("osfinger", finger);
    out.insert("osrelease_info", Value::from(parts));
    out
}

/// Salt's short name of a distribution.
fn os_name(fullname: &str, id: &str) -> String {
    match (id, fullname) {
        ("astra", "Astra Linux (Orel)") => return "AstraLinuxCE".into(),
        ("astra", "Astra Linux (Smolensk)") => return "AstraLinuxSE".into(),
        _ => {}
    }
    let name = without_linux(fullname);
    let short: String = name.replace(' ', "").to_lowercase().chars().take(10).collect();
    OS_NAME.iter().find(|(key, _)| *key == short).map_or(name, |(_, os)| (*os).to_owned())
}

/// Drops ` Linux` and ` GNU/Linux`, in any case, after anything that is no word character.
fn without_linux(name: &str) -> String {
    let mut out = name.to_owned();
    loop {
        let lower = out.to_ascii_lowercase();
        let found = lower.char_indices().find_map(|(at, c)| {
            if c.is_alphanumeric() || c == '_' {
                return None;
            }
            let rest = &lower[at + c.len_utf8()..];
            let word = ["gnu/linux", "linux"].iter().find(|w| rest.starts_with(**w))?;
            Some((at, at + c.len_utf8() + word.len()))
        });
        match found {
            Some((from, to)) => out.replace_range(from..to, ""),
            None => return out.trim().to_owned(),
        }
    }
}

/// The package manager's name of the architecture.
fn osarch(src: &Source<'_>, family: &str, machine: &str) -> String {
    if family != "Debian" {
        return machine.to_owned();
    }
    // The dpkg package itself has the architecture it was built for: no process needed to learn it.
    if let Some(status) = src.text("/var/lib/dpkg/status")
        && let Some(arch) = dpkg_arch(&status)
    {
        return arch.to_owned();
    }
    match machine {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "armv7l" => "armhf",
        "i586" | "i686" => "i386",
        "ppc64le" => "ppc64el",
        other => other,
    }
    .to_owned()
}

fn dpkg_arch(status: &str) -> Option<&str> {
    let at = status
        .find("\nPackage: dpkg\n")
        .map_or_else(|| status.starts_with("Package: dpkg\n").then_some(0), |at| Some(at + 1))?;
    status.get(at..)?.lines().take_while(|l| !l.is_empty()).find_map(|l| l.strip_prefix("Architecture: "))
}

/// `[[name, value or none], …]` of the kernel command line.
fn kernel_params(cmdline: &str) -> Value {
    let words = crate::exec::words::split(cmdline);
    words
        .iter()
        .map(|word| {
            let parts: Vec<&str> = word.split('=').collect();
            let value = match parts.as_slice() {
                [_, value] => Value::from(value.trim_matches('"')),
                _ => Value::None,
            };
            Value::from(vec![Value::from(parts.first().copied().unwrap_or_default()), value])
        })
        .collect()
}

/// The first ten letters of a name, without blanks, in lower case → `os`.
const OS_NAME: &[(&str, &str)] = &[
    ("redhatente", "RedHat"),
    ("gentoobase", "Gentoo"),
    ("archarm", "Arch ARM"),
    ("arch", "Arch"),
    ("debian", "Debian"),
    ("raspbian", "Raspbian"),
    ("fedoraremi", "Fedora"),
    ("amazonami", "Amazon"),
    ("alt", "ALT"),
    ("enterprise", "OEL"),
    ("oracleserv", "OEL"),
    ("cloudserve", "CloudLinux"),
    ("cloudlinux", "CloudLinux"),
    ("virtuozzo", "Virtuozzo"),
    ("almalinux", "AlmaLinux"),
    ("almalinuxk", "AlmaLinux"),
    ("pidora", "Fedora"),
    ("scientific", "ScientificLinux"),
    ("synology", "Synology"),
    ("nilrt", "NILinuxRT"),
    ("poky", "Poky"),
    ("manjaro", "Manjaro"),
    ("manjarolin", "Manjaro"),
    ("univention", "Univention"),
    ("antergos", "Antergos"),
    ("sles", "SUSE"),
    ("void", "Void"),
    ("slesexpand", "RES"),
    ("linuxmint", "Mint"),
    ("neon", "KDE neon"),
    ("pop", "Pop"),
    ("rocky", "Rocky"),
    ("alibabaclo", "Alinux"),
    ("mendel", "Mendel"),
    ("photon", "VMware Photon OS"),
];

/// `os` → `os_family`, where they differ.
const OS_FAMILY: &[(&str, &str)] = &[
    ("Ubuntu", "Debian"),
    ("Fedora", "RedHat"),
    ("CentOS", "RedHat"),
    ("CentOS Stream", "RedHat"),
    ("Scientific", "RedHat"),
    ("Amazon", "RedHat"),
    ("CloudLinux", "RedHat"),
    ("Virtuozzo", "RedHat"),
    ("AlmaLinux", "RedHat"),
    ("AlmaLinux Kitten", "RedHat"),
    ("OVS", "RedHat"),
    ("OEL", "RedHat"),
    ("XCP-ng", "RedHat"),
    ("RES", "RedHat"),
    ("VMware Photon OS", "RedHat"),
    ("ALT", "RedHat"),
    ("ScientificLinux", "RedHat"),
    ("Rocky", "RedHat"),
    ("Alinux", "RedHat"),
    ("openEuler", "RedHat"),
    ("AlterOS", "RedHat"),
    ("RED OS", "RedHat"),
    ("Mint", "Debian"),
    ("Trisquel", "Debian"),
    ("Linaro", "Debian"),
    ("elementary OS", "Debian"),
    ("elementary", "Debian"),
    ("Univention", "Debian"),
    ("Raspbian", "Debian"),
    ("Devuan", "Debian"),
    ("antiX", "Debian"),
    ("Kali", "Debian"),
    ("Parrot OS", "Debian"),
    ("neon", "Debian"),
    ("Cumulus", "Debian"),
    ("Deepin", "Debian"),
    ("KDE neon", "Debian"),
    ("TurnKey", "Debian"),
    ("Pop", "Debian"),
    ("AstraLinuxCE", "Debian"),
    ("AstraLinuxSE", "Debian"),
    ("Mendel", "Debian"),
    ("OSMC", "Debian"),
    ("SLES", "Suse"),
    ("SLED", "Suse"),
    ("openSUSE", "Suse"),
    ("SUSE", "Suse"),
    ("openSUSE Leap", "Suse"),
    ("openSUSE Tumbleweed", "Suse"),
    ("SLES_SAP", "Suse"),
    ("Arch ARM", "Arch"),
    ("Manjaro", "Arch"),
    ("Manjaro ARM", "Arch"),
    ("Antergos", "Arch"),
    ("EndeavourOS", "Arch"),
    ("Funtoo", "Gentoo"),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn distribution_of(os_release_text: &str, lsb: &str) -> Dict {
        distribution(&os_release(os_release_text), lsb_release(lsb), None)
    }

    #[test]
    fn debian_and_alpine_and_ubuntu() {
        let debian = distribution_of(
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n\
             VERSION_CODENAME=bookworm\nID=debian\n",
            "",
        );
        let has = |d: &Dict, key: &str| d.get(key).map(ToString::to_string).unwrap_or_default();
        assert_eq!(has(&debian, "os"), "Debian");
        assert_eq!(has(&debian, "osfinger"), "Debian-12");
        assert_eq!(has(&debian, "oscodename"), "bookworm");
        assert_eq!(has(&debian, "osrelease_info"), "[12]");
        let alpine = distribution_of(
            "NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=3.19.1\nPRETTY_NAME=\"Alpine Linux v3.19\"\n",
            "",
        );
        assert_eq!(has(&alpine, "os_family"), "Alpine");
        assert_eq!(has(&alpine, "osfinger"), "Alpine Linux-3");
        assert_eq!(has(&alpine, "osmajorrelease"), "3");
        let ubuntu = distribution_of(
            "NAME=\"Ubuntu\"\nVERSION_ID=\"22.04\"\nID=ubuntu\nID_LIKE=debian\nVERSION_CODENAME=jammy\n",
            "DISTRIB_ID=Ubuntu\nDISTRIB_RELEASE=22.04\nDISTRIB_CODENAME=jammy\nDISTRIB_DESCRIPTION=\"Ubuntu 22.04.4 LTS\"\n",
        );
        assert_eq!(has(&ubuntu, "osfinger"), "Ubuntu-22.04");
        assert_eq!(has(&ubuntu, "os_family"), "Debian");
        assert_eq!(has(&ubuntu, "lsb_distrib_description"), "Ubuntu 22.04.4 LTS");
    }

    #[test]
    fn short_names() {
        assert_eq!(os_name("Red Hat Enterprise Linux", "rhel"), "RedHat");
        assert_eq!(os_name("Oracle Linux Server", "ol"), "OEL");
        assert_eq!(os_name("CentOS Stream", "centos"), "CentOS Stream");
        assert_eq!(os_name("AlmaLinux", "almalinux"), "AlmaLinux");
    }

    #[test]
    fn the_kernel_command_line() {
        assert_eq!(
            kernel_params("quiet root=/dev/vda name='a b' x=y=z\n").to_string(),
            "[['quiet', None], ['root', '/dev/vda'], ['name', 'a b'], ['x', None]]"
        );
    }

    #[test]
    fn dpkg_knows_its_architecture() {
        let status = "Package: bash\nArchitecture: i386\n\nPackage: dpkg\nStatus: install ok installed\nArchitecture: amd64\n\n";
        assert_eq!(dpkg_arch(status), Some("amd64"));
        assert_eq!(dpkg_arch(""), None);
    }
}

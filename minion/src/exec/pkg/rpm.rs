//! What dnf, yum and zypper have in common: rpm and its database.

use data::Dict;

use super::backend::{Files, Listing, PackageFile, PkgError, PkgResult};
use super::parse_rpm as parse;
use crate::host::{Cmd, Host};

/// Where the database is and was, with what SQLite writes beside it.
pub(super) const DATABASE: [&str; 6] = [
    "/usr/lib/sysimage/rpm/rpmdb.sqlite",
    "/usr/lib/sysimage/rpm/rpmdb.sqlite-wal",
    "/var/lib/rpm/rpmdb.sqlite",
    "/var/lib/rpm/rpmdb.sqlite-wal",
    "/var/lib/rpm/Packages",
    "/var/lib/rpm/Packages.db",
];

const FORMAT: &str = "%{NAME}_|-%{EPOCH}_|-%{VERSION}_|-%{RELEASE}_|-%{ARCH}_|-(none)_|-%{INSTALLTIME}\n";

fn cmd<'a>(args: impl IntoIterator<Item = &'a str>) -> Cmd {
    Cmd::of("rpm", args).env("LC_ALL", "C")
}

fn refused(what: &str, output: &crate::host::Output) -> PkgError {
    let said = if output.stderr.is_empty() { output.out() } else { output.err() };
    PkgError::Refused(format!("{what}: {}", said.trim_end()))
}

/// What is installed.
pub(super) fn list(host: &dyn Host, arch: &str) -> PkgResult<Listing> {
    let output = host.run(&cmd(["-qa", "--nodigest", "--nosignature", "--queryformat", FORMAT]))?;
    if !output.ok() {
        return Err(refused("Failed to list packages", &output));
    }
    let mut out = Listing::default();
    for (name, version) in parse::rpm_list(&output.out(), arch) {
        out.installed.entry(name).or_default().push(version);
    }
    out.installed.values_mut().for_each(|versions| versions.sort());
    Ok(out)
}

/// The package that a file is.
pub(super) fn file_info(host: &dyn Host, path: &str, arch: &str) -> PkgResult<PackageFile> {
    let output = host.run(&cmd(["-qp", "--nosignature", "--queryformat", FORMAT, "--", path]))?;
    let found = parse::rpm_rows(&output.out()).into_iter().next();
    match found {
        Some(row) if output.ok() => {
            Ok(PackageFile { name: row.named(arch), version: row.full_version(), arch: row.arch })
        }
        _ => Err(refused(&format!("{path} is not an RPM package"), &output)),
    }
}

/// The files of packages.
pub(super) fn files(host: &dyn Host, names: &[String]) -> PkgResult<Files> {
    let one = |name: &String| {
        let output = host.run(&cmd(["-ql", "--", name]))?;
        match output.ok() {
            true => Ok((name.clone(), output.out().lines().map(str::to_owned).collect())),
            false => Err(refused("Error", &output)),
        }
    };
    names.iter().map(one).collect()
}

/// The package that a file belongs to.
pub(super) fn owner(host: &dyn Host, path: &str) -> PkgResult<Option<String>> {
    let output = host.run(&cmd(["-qf", "--queryformat", "%{name}\n", "--", path]))?;
    Ok(output.out().lines().next().filter(|line| output.ok() && !line.is_empty()).map(str::to_owned))
}

/// All that is known of installed packages.
pub(super) fn info(host: &dyn Host, names: &[String], failhard: bool) -> PkgResult<Vec<(String, Dict)>> {
    const FIELDS: [(&str, &str); 17] = [
        ("name", "%{NAME}"),
        ("epoch", "%{EPOCH}"),
        ("version", "%{VERSION}"),
        ("release", "%{RELEASE}"),
        ("arch", "%{ARCH}"),
        ("install_date_time_t", "%{INSTALLTIME}"),
        ("build_date_time_t", "%{BUILDTIME}"),
        ("size", "%{SIZE}"),
        ("group", "%{GROUP}"),
        ("license", "%{LICENSE}"),
        ("packager", "%{PACKAGER}"),
        ("vendor", "%{VENDOR}"),
        ("url", "%{URL}"),
        ("source_rpm", "%{SOURCERPM}"),
        ("build_host", "%{BUILDHOST}"),
        ("summary", "%{SUMMARY}"),
        ("description", "%{DESCRIPTION}"),
    ];
    let format: String = FIELDS.iter().map(|(name, tag)| format!("{name}: {tag}\n")).collect();
    let format = format!("{format}-----\n");
    let what = if names.is_empty() { "-qa" } else { "-q" };
    let output = host.run(&cmd([what, "--queryformat", &format, "--"]).args(names.iter().cloned()))?;
    if !output.ok() && failhard {
        return Err(refused("Error while trying to get package information", &output));
    }
    Ok(parse::rpm_info(&output.out()))
}

/// How the files of packages differ from what was packed.
pub(super) fn verify(host: &dyn Host, names: &[String], options: &[String]) -> PkgResult<Dict> {
    let options: Vec<String> =
        options.iter().map(|option| format!("--{}", option.trim_start_matches('-'))).collect();
    let what = if names.is_empty() { "-Va" } else { "-V" };
    // Its status tells that something differs, too.
    let output = host.run(&cmd([what]).args(options).arg("--").args(names.iter().cloned()))?;
    let text = output.out();
    if text.trim().is_empty() && !output.ok() {
        return Err(refused("Failed to verify packages", &output));
    }
    Ok(parse::rpm_verify(&text))
}

/// A name without the machine's own architecture.
pub(super) fn normalize(name: &str, arch: &str) -> String {
    match name.rsplit_once('.') {
        Some((short, a)) if a == "noarch" || (is_arch(a) && parse::rpm_name(short, a, arch) == short) => {
            short.to_owned()
        }
        _ => name.to_owned(),
    }
}

/// A name and its architecture.
pub(super) fn parse_arch(name: &str) -> (&str, Option<&str>) {
    match name.rsplit_once('.') {
        Some((short, arch)) if arch == "noarch" || is_arch(arch) => (short, Some(arch)),
        _ => (name, None),
    }
}

fn is_arch(text: &str) -> bool {
    matches!(
        text,
        "x86_64"
            | "x86_64_v2"
            | "i386"
            | "i486"
            | "i586"
            | "i686"
            | "aarch64"
            | "armv7hl"
            | "armv7l"
            | "armv6hl"
            | "ppc"
            | "ppc64"
            | "ppc64le"
            | "s390"
            | "s390x"
            | "riscv64"
            | "ia64"
    )
}

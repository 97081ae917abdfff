//! The Python of this machine, learnt without starting it: pythonexecutable, pythonversion, pythonpath.
//!
//! Salt reports the Python it runs on. Here it is the first `python3` of the path, which is what templates that
//! look at these grains want to know (which packages are called `python3.11-…`).

use data::{Dict, Value};

use super::Source;

/// An interpreter of several MiB is read once; nothing larger is.
const LARGEST: u64 = 64 << 20;

/// Empty where there is no python3.
pub(super) fn grains(src: &Source<'_>) -> Dict {
    let Some(found) = src.which_all("python3").into_iter().find_map(|exe| version_of(src, &exe)) else {
        return Dict::new();
    };
    let (exe, binary, version) = found;
    let mut out = Dict::new().with("pythonexecutable", exe);
    out.insert("pythonversion", version.value());
    out.insert("pythonpath", search_path(src, &binary, &version));
    out
}

#[derive(Debug, PartialEq, Eq)]
struct Version {
    numbers: [i64; 3],
    level: &'static str,
    serial: i64,
}

impl Version {
    /// As `list(sys.version_info)`.
    fn value(&self) -> Value {
        let mut out: Vec<Value> = self.numbers.iter().copied().map(Value::from).collect();
        out.extend([Value::from(self.level), Value::from(self.serial)]);
        out.into()
    }

    fn parse(text: &str) -> Option<Self> {
        let (major, rest) = text.split_once('.')?;
        let (minor, rest) = rest.split_once('.')?;
        let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        let (micro, suffix) = rest.split_at(end);
        let (level, serial) = match suffix {
            "" | "+" => ("final", "0"),
            s if s.starts_with("rc") => ("candidate", &s[2..]),
            s if s.starts_with('b') => ("beta", &s[1..]),
            s if s.starts_with('a') => ("alpha", &s[1..]),
            _ => return None,
        };
        let number = |s: &str| s.parse::<i64>().ok();
        Some(Version {
            numbers: [number(major)?, number(minor)?, number(micro)?],
            level,
            serial: number(serial.trim_end_matches('+'))?,
        })
    }
}

/// The executable, the file it stands for, and the version that its program text holds.
fn version_of(src: &Source<'_>, exe: &str) -> Option<(String, String, Version)> {
    let binary = src.real_path(exe)?;
    let (folder, name) = binary.rsplit_once('/')?;
    // Shims and other scripts are called just `python3`; programs are called python3.N.
    let series = name.strip_prefix("python").filter(|s| s.starts_with("3."))?;
    let prefix = folder.strip_suffix("/bin").unwrap_or(folder);
    let library = |dir: &str| format!("{prefix}/{dir}/libpython{series}.so.1.0");
    [binary.clone(), library("lib"), library("lib64")]
        .into_iter()
        .filter(|file| src.size(file).is_some_and(|size| size <= LARGEST))
        .find_map(|file| version_in(&src.bytes(&file)?, series))
        .map(|version| (exe.to_owned(), binary.clone(), version))
}

/// Finds the zero-terminated constant `3.11.2` in a program.
fn version_in(program: &[u8], series: &str) -> Option<Version> {
    let start = format!("\0{series}.");
    let mut rest = program;
    while let Some(at) = memchr::memmem::find(rest, start.as_bytes()) {
        rest = rest.get(at + 1..)?;
        let end = rest.iter().take(20).position(|b| *b == 0);
        let text = end.and_then(|end| std::str::from_utf8(rest.get(..end)?).ok());
        if let Some(version) = text.and_then(Version::parse) {
            return Some(version);
        }
    }
    None
}

/// What `sys.path` of a plain start is: the standard library and the folders of packages that exist.
fn search_path(src: &Source<'_>, binary: &str, version: &Version) -> Value {
    let prefix = binary.rsplit_once("/bin/").map_or("/usr", |(prefix, _)| prefix);
    let [major, minor, _] = version.numbers;
    let lib = format!("{prefix}/lib/python{major}.{minor}");
    let mut out =
        vec![format!("{prefix}/lib/python{major}{minor}.zip"), lib.clone(), format!("{lib}/lib-dynload")];
    let local = format!("/usr/local/lib/python{major}.{minor}/dist-packages");
    let packages = [format!("{lib}/site-packages"), local, "/usr/lib/python3/dist-packages".to_owned()];
    let own = usize::from(prefix != "/usr");
    // Debian's folders belong to Debian's own Python only.
    out.extend(packages.into_iter().take(if own == 1 { 1 } else { 3 }).filter(|p| src.is_dir(p)));
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_constant_of_a_program() {
        let program = b"\x7fELF\x003.11.x\0junk\x003.11.2\0%.80s";
        let version = version_in(program, "3.11").expect("it is there");
        assert_eq!(version, Version { numbers: [3, 11, 2], level: "final", serial: 0 });
        assert_eq!(version_in(program, "3.12"), None);
        assert_eq!(Version::parse("3.14.0rc1").map(|v| (v.level, v.serial)), Some(("candidate", 1)));
    }
}

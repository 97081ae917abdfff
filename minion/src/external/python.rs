//! The process that runs Python files written for Salt: one for each job that calls such a function, as starting
//! Python takes longer than most functions do, and another one while the first waits for a function that needs
//! Python itself.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use super::Site;
use crate::Ctx;
use crate::exec::ExecError;
use crate::host::{Cmd, Converse, Host, HostError};

macro_rules! files {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("shim/", $path)))),*] };
}

/// What is written beside the modules; the program itself last, as its being there says that all are.
const FILES: &[(&str, &str)] = files![
    "salt/__init__.py",
    "salt/exceptions.py",
    "salt/version.py",
    "salt/ext/__init__.py",
    "salt/ext/six.py",
    "salt/utils/__init__.py",
    "salt/utils/args.py",
    "salt/utils/data.py",
    "salt/utils/dateutils.py",
    "salt/utils/decorators/__init__.py",
    "salt/utils/decorators/path.py",
    "salt/utils/dictdiffer.py",
    "salt/utils/dictupdate.py",
    "salt/utils/files.py",
    "salt/utils/hashutils.py",
    "salt/utils/http.py",
    "salt/utils/json.py",
    "salt/utils/network.py",
    "salt/utils/odict.py",
    "salt/utils/path.py",
    "salt/utils/platform.py",
    "salt/utils/state.py",
    "salt/utils/stringutils.py",
    "salt/utils/user.py",
    "salt/utils/validate/__init__.py",
    "salt/utils/validate/net.py",
    "salt/utils/versions.py",
    "salt/utils/yaml.py",
    "rsalt_shim.py",
];
const PROGRAM: &str = "rsalt_shim.py";

/// The interpreters of a job that have nothing to do; each knows one state of the site's files.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<(String, Box<dyn Converse>)>>);

impl Pool {
    fn take(&self, stamp: &str) -> Option<Box<dyn Converse>> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(of, _)| of == stamp);
        idle.pop().map(|(_, python)| python)
    }

    fn put(&self, stamp: &str, python: Box<dyn Converse>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((stamp.to_owned(), python));
    }
}

/// The interpreter; none when there is no Python here.
pub(super) fn interpreter(host: &dyn Host) -> Option<PathBuf> {
    host.which("python3")
}

/// Has `work` speak with Python about the modules of a site.
pub(super) fn with<T>(
    site: &Site,
    ctx: &Ctx<'_>,
    work: impl FnOnce(&mut dyn Converse) -> Result<T, ExecError>,
) -> Result<T, ExecError> {
    let pool = &ctx.job.python;
    let mut python = match pool.take(&site.stamp) {
        Some(python) => python,
        None => start(&site.dir, ctx)?,
    };
    // One that does not answer is not used again: it ends here.
    let done = work(&mut *python)?;
    pool.put(&site.stamp, python);
    Ok(done)
}

fn start(dir: &Path, ctx: &Ctx<'_>) -> Result<Box<dyn Converse>, ExecError> {
    let Some(python) = interpreter(ctx.host) else { return Err(ExecError::command(MISSING)) };
    let shim = written(dir, ctx.host)?;
    // By name, so that Python keeps the compiled form: it starts in half the time.
    let program = "import sys; sys.path.insert(0, sys.argv.pop(1)); import rsalt_shim; rsalt_shim.main()";
    let cmd = Cmd::new(python.to_string_lossy())
        .args(["-c", program])
        .arg(shim.to_string_lossy())
        .arg(dir.to_string_lossy())
        .env("PYTHONIOENCODING", "utf-8");
    Ok(ctx.host.converse(&cmd)?)
}

/// What there is to say where Python is missing.
pub(super) const MISSING: &str = "it is written in Python for Salt, and there is no python3 on this minion";

/// Where the program is, written there if need be.
fn written(dir: &Path, host: &dyn Host) -> Result<PathBuf, HostError> {
    let all: Vec<u8> =
        FILES.iter().flat_map(|(path, text)| [path.as_bytes(), text.as_bytes()].concat()).collect();
    let version: String = crate::hash::hex(crate::hash::Kind::Sha256, &all).chars().take(12).collect();
    let shim = dir.join(format!(".shim-{version}"));
    if !host.is_file(&shim.join(PROGRAM)) {
        for (path, text) in FILES {
            let at = shim.join(path);
            if let Some(parent) = at.parent() {
                host.mkdir_all(parent, Some(0o700))?;
            }
            host.write_atomic(&at, text.as_bytes(), Some(0o600))?;
        }
    }
    Ok(shim)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_shim_is_shipped() {
        fn walk(dir: &Path, below: &str, found: &mut Vec<String>) {
            for entry in std::fs::read_dir(dir).unwrap().map(Result::unwrap) {
                let name = entry.file_name().into_string().unwrap();
                let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
                match entry.file_type().unwrap().is_dir() {
                    true => walk(&entry.path(), &path, found),
                    false if name.ends_with(".py") => found.push(path),
                    false => {}
                }
            }
        }
        let mut found = Vec::new();
        walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src/external/shim"), "", &mut found);
        found.sort();
        let mut shipped: Vec<_> = FILES.iter().map(|(path, _)| path.to_string()).collect();
        shipped.sort();
        assert_eq!(shipped, found);
    }
}

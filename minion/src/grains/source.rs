//! Reading for grains: what is missing or unreadable is simply not there.

use std::path::Path;

use crate::host::{Cmd, FileKind, Host};

/// The host, asked the way grains ask.
pub(super) struct Source<'a> {
    host: &'a dyn Host,
}

impl<'a> Source<'a> {
    pub(super) fn new(host: &'a dyn Host) -> Self {
        Source { host }
    }

    pub(super) fn host(&self) -> &'a dyn Host {
        self.host
    }

    pub(super) fn bytes(&self, path: &str) -> Option<Vec<u8>> {
        self.host.read(Path::new(path)).ok()
    }

    pub(super) fn text(&self, path: &str) -> Option<String> {
        self.bytes(path).map(|bytes| {
            String::from_utf8(bytes)
                .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
        })
    }

    pub(super) fn exists(&self, path: &str) -> bool {
        self.host.exists(Path::new(path))
    }

    pub(super) fn is_dir(&self, path: &str) -> bool {
        self.host.is_dir(Path::new(path))
    }

    pub(super) fn size(&self, path: &str) -> Option<u64> {
        let stat = self.host.stat(Path::new(path)).ok()??;
        (stat.kind == FileKind::File).then_some(stat.size)
    }

    pub(super) fn list(&self, path: &str) -> Vec<String> {
        self.host.list_dir(Path::new(path)).unwrap_or_default()
    }

    pub(super) fn link(&self, path: &str) -> Option<String> {
        self.host.readlink(Path::new(path)).ok().map(|p| p.to_string_lossy().into_owned())
    }

    pub(super) fn real_path(&self, path: &str) -> Option<String> {
        self.host.canonicalize(Path::new(path)).ok().map(|p| p.to_string_lossy().into_owned())
    }

    pub(super) fn env(&self, name: &str) -> Option<String> {
        self.host.env(name)
    }

    pub(super) fn which(&self, name: &str) -> Option<String> {
        self.host.which(name).map(|p| p.to_string_lossy().into_owned())
    }

    /// Every program of that name in the path, in its order.
    pub(super) fn which_all(&self, name: &str) -> Vec<String> {
        let path = self.env("PATH").unwrap_or_else(|| crate::host::DEFAULT_PATH.to_owned());
        path.split(':')
            .filter(|d| !d.is_empty())
            .filter_map(|dir| self.which(&format!("{dir}/{name}")))
            .collect()
    }

    /// The output of a command that succeeded.
    pub(super) fn run(&self, program: &str, args: &[&str]) -> Option<String> {
        let cmd = Cmd::of(program, args.iter().copied()).timeout(std::time::Duration::from_secs(5));
        self.host.run(&cmd).ok().filter(crate::host::Output::ok).map(|o| o.out())
    }
}

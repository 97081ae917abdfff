//! Whether the minion works, for the health check of a container: a small file with what the connection
//! has come to, and who wrote it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file's name in `sock_dir`.
const NAME: &str = "minion.state";
/// What a minion that can be given jobs writes.
const CONNECTED: &str = "connected";

/// Writes the file, or tells whoever runs many minions in one process.
#[derive(Clone)]
pub struct Health(Arc<Told>);

enum Told {
    File(PathBuf),
    Call(Box<dyn Fn(bool) + Send + Sync>),
}

impl Health {
    /// A minion starts.
    pub fn start(sock_dir: &Path) -> Self {
        // Without the directory there is no file, and the check says so.
        let _ = std::fs::create_dir_all(sock_dir);
        let health = Health(Arc::new(Told::File(sock_dir.join(NAME))));
        health.say("starting");
        health
    }

    /// Calls `told` with whether jobs can come, whenever that changes; no file is written.
    pub fn call(told: impl Fn(bool) + Send + Sync + 'static) -> Self {
        Health(Arc::new(Told::Call(Box::new(told))))
    }

    /// Whether jobs can come.
    pub fn connected(&self, connected: bool) {
        match &*self.0 {
            Told::File(_) => self.say(if connected { CONNECTED } else { "not connected" }),
            Told::Call(told) => told(connected),
        }
    }

    /// A minion ends.
    pub fn end(&self) {
        if let Told::File(path) = &*self.0 {
            let _ = std::fs::remove_file(path);
        }
    }

    fn say(&self, state: &str) {
        let Told::File(path) = &*self.0 else { return };
        let text = format!("{state}\n{}\n", std::process::id());
        if let Err(error) = std::fs::write(path, text) {
            tracing::debug!(path = %path.display(), %error, "the health check will not see the state");
        }
    }
}

/// What the check finds: fine, or one line with what is wrong.
pub fn check(sock_dir: &Path) -> Result<(), String> {
    let path = sock_dir.join(NAME);
    let text =
        std::fs::read_to_string(&path).map_err(|e| format!("no minion runs: {}: {e}", path.display()))?;
    let mut lines = text.lines();
    let state = lines.next().unwrap_or_default();
    let alive = lines.next().is_some_and(|pid| {
        pid.bytes().all(|b| b.is_ascii_digit()) && !pid.is_empty() && Path::new("/proc").join(pid).exists()
    });
    match (alive, state) {
        (false, _) => Err("the minion has died".to_string()),
        (true, CONNECTED) => Ok(()),
        (true, other) => Err(format!("the minion is {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_tells_the_states_apart() {
        let dir = tempfile::tempdir().unwrap();
        assert!(check(dir.path()).unwrap_err().starts_with("no minion runs"));
        let health = Health::start(dir.path());
        assert_eq!(check(dir.path()), Err("the minion is starting".to_string()));
        health.connected(true);
        assert_eq!(check(dir.path()), Ok(()));
        health.connected(false);
        assert_eq!(check(dir.path()), Err("the minion is not connected".to_string()));
        std::fs::write(dir.path().join(NAME), "connected\n4194999\n").unwrap();
        assert_eq!(check(dir.path()), Err("the minion has died".to_string()));
        health.end();
        assert!(check(dir.path()).is_err());
    }
}

//! Whether the minion works, for the health check of a container: a small file with what the connection
//! has come to, and who wrote it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The file's name in `sock_dir`.
const NAME: &str = "minion.state";
/// What a minion that can be given jobs writes.
const CONNECTED: &str = "connected";

/// Writes the file.
#[derive(Clone, Debug)]
pub struct Health(Arc<PathBuf>);

impl Health {
    /// A minion starts.
    pub fn start(sock_dir: &Path) -> Self {
        // Without the directory there is no file, and the check says so.
        let _ = std::fs::create_dir_all(sock_dir);
        let health = Health(Arc::new(sock_dir.join(NAME)));
        health.say("starting");
        health
    }

    /// Whether jobs can come.
    pub fn connected(&self, connected: bool) {
        self.say(if connected { CONNECTED } else { "not connected" });
    }

    /// A minion ends.
    pub fn end(&self) {
        let _ = std::fs::remove_file(&*self.0);
    }

    fn say(&self, state: &str) {
        let text = format!("{state}\n{}\n", std::process::id());
        if let Err(error) = std::fs::write(&*self.0, text) {
            tracing::debug!(path = %self.0.display(), %error, "the health check will not see the state");
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

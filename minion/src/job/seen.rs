//! The jids that this minion has had, so that no job runs twice, not even across a restart.
//!
//! A jid is remembered until its job has expired: from then on the job is refused for that reason.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use proto::keys::write_atomic;

/// The file is written anew when it has so many lines more than there are jids to remember.
const SLACK: usize = 1000;

#[derive(Debug)]
pub(super) struct Seen {
    path: PathBuf,
    jids: HashMap<String, f64>,
    file: Option<File>,
    lines: usize,
}

impl Seen {
    /// Reads `cachedir/seen`. A file that cannot be read or written costs the memory across restarts only.
    pub(super) fn open(cachedir: &Path) -> Self {
        let path = cachedir.join("seen");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let jids = text.lines().filter_map(parse).collect();
        let mut seen = Seen { path, jids, file: None, lines: text.lines().count() };
        seen.compact();
        seen
    }

    pub(super) fn contains(&self, jid: &str) -> bool {
        self.jids.contains_key(jid)
    }

    pub(super) fn note(&mut self, jid: &str, until: f64) {
        self.jids.insert(jid.to_string(), until);
        if self.lines > self.jids.len() + SLACK || self.jids.len() > 10 * SLACK {
            self.compact();
            return;
        }
        self.lines += 1;
        let line = format!("{jid} {until}\n");
        let written = match &mut self.file {
            Some(file) => file.write_all(line.as_bytes()),
            None => Err(std::io::ErrorKind::NotFound.into()),
        };
        if let Err(error) = written {
            tracing::warn!(path = %self.path.display(), %error, "this job is not remembered across a restart");
            self.reopen();
        }
    }

    /// Forgets what has expired and writes the rest.
    fn compact(&mut self) {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64();
        self.jids.retain(|_, until| *until > now);
        let text: String = self.jids.iter().map(|(jid, until)| format!("{jid} {until}\n")).collect();
        self.lines = self.jids.len();
        if let Err(error) = write_atomic(&self.path, text.as_bytes(), 0o600) {
            tracing::warn!(path = %self.path.display(), %error, "jobs are not remembered across a restart");
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        self.file = OpenOptions::new().append(true).open(&self.path).ok();
    }
}

fn parse(line: &str) -> Option<(String, f64)> {
    let (jid, until) = line.split_once(' ')?;
    Some((jid.to_string(), until.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jids_are_remembered_until_they_expire() {
        let dir = tempfile::tempdir().unwrap();
        let mut seen = Seen::open(dir.path());
        seen.note("1", 4e9);
        seen.note("2", 1.0);
        assert!(seen.contains("1") && seen.contains("2") && !seen.contains("3"));
        drop(seen);
        let seen = Seen::open(dir.path());
        assert!(seen.contains("1") && !seen.contains("2"));
    }

    #[test]
    fn half_a_line_and_rubbish_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("seen"), "1 4e9\nrubbish\n2 x\n3 4e9\n4").unwrap();
        let seen = Seen::open(dir.path());
        assert!(seen.contains("1") && seen.contains("3") && !seen.contains("2") && !seen.contains("4"));
    }

    #[test]
    fn a_directory_that_cannot_be_written_does_not_stop_jobs() {
        let mut seen = Seen::open(Path::new("/proc/none"));
        seen.note("1", 4e9);
        assert!(seen.contains("1"));
    }
}

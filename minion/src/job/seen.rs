//! The jids that this minion has had, so that no job runs twice, not even across a restart.
//!
//! A jid is remembered until its job has expired: from then on the job is refused for that reason.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use proto::keys::write_atomic;

/// The file is written anew when it has so many lines more than twice what was left the last time.
const SLACK: usize = 1000;

#[derive(Debug)]
pub(super) struct Seen {
    path: PathBuf,
    jids: HashMap<String, f64>,
    file: Option<File>,
    lines: usize,
    compact_at: usize,
}

impl Seen {
    /// Reads `cachedir/seen`. A file that cannot be read or written costs the memory across restarts only.
    pub(super) fn open(cachedir: &Path) -> Self {
        let path = cachedir.join("seen");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let jids = text.lines().filter_map(parse).collect();
        let lines = text.lines().count();
        let mut seen = Seen { path, jids, file: None, lines, compact_at: 2 * lines + SLACK };
        seen.reopen();
        if lines > 0 && !text.ends_with('\n') {
            // The next line must not continue half a one.
            seen.append("\n");
        }
        seen
    }

    pub(super) fn contains(&self, jid: &str) -> bool {
        self.jids.contains_key(jid)
    }

    /// For as long as this run lives.
    pub(super) fn remember(&mut self, jid: &str, until: f64) {
        self.jids.insert(jid.to_string(), until);
    }

    /// Across restarts. `now` is the master's clock, as `until` is: this machine's may go where it likes.
    pub(super) fn note(&mut self, jid: &str, until: f64, now: f64) {
        self.remember(jid, until);
        if self.lines >= self.compact_at {
            return self.compact(now);
        }
        self.lines += 1;
        self.append(&format!("{jid} {until}\n"));
    }

    fn append(&mut self, line: &str) {
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
    fn compact(&mut self, now: f64) {
        self.jids.retain(|_, until| *until > now);
        let text: String = self.jids.iter().map(|(jid, until)| format!("{jid} {until}\n")).collect();
        self.lines = self.jids.len();
        self.compact_at = 2 * self.lines + SLACK;
        if let Err(error) = write_atomic(&self.path, text.as_bytes(), 0o600) {
            tracing::warn!(path = %self.path.display(), %error, "jobs are not remembered across a restart");
        }
        self.reopen();
    }

    fn reopen(&mut self) {
        self.file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path).ok();
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
        seen.note("1", 4e9, 1e9);
        seen.note("2", 2e9, 1e9);
        seen.remember("3", 4e9);
        assert!(seen.contains("1") && seen.contains("2") && seen.contains("3") && !seen.contains("4"));
        let mut seen = Seen::open(dir.path());
        assert!(seen.contains("1") && seen.contains("2") && !seen.contains("3"));
        // What has expired by the master's clock goes when the file has grown.
        for n in 0..=SLACK + 2 * 2 {
            seen.note(&format!("x{n}"), 2e9, 3e9);
        }
        let seen = Seen::open(dir.path());
        assert!(seen.contains("1") && !seen.contains("2"));
    }

    #[test]
    fn half_a_line_and_rubbish_are_left_out() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("seen"), "1 4e9\nrubbish\n2 x\n3 4e9\n4").unwrap();
        let seen = Seen::open(dir.path());
        assert!(seen.contains("1") && seen.contains("3") && !seen.contains("2") && !seen.contains("4"));
        // The half one is ended, not continued.
        let mut seen = seen;
        seen.note("5", 4e9, 1e9);
        assert!(Seen::open(dir.path()).contains("5"));
    }

    #[test]
    fn a_directory_that_cannot_be_written_does_not_stop_jobs() {
        let mut seen = Seen::open(Path::new("/proc/none"));
        seen.note("1", 4e9, 1e9);
        assert!(seen.contains("1"));
    }
}

//! Commands and files on the real machine, in directories of their own.

use std::path::Path;
use std::time::{Duration, Instant};

use super::real::RealHost;
use super::{Cancel, Cmd, Errors, Host, HostError, Stop};

fn sh(text: &str) -> Cmd {
    Cmd::shell("/bin/sh", text)
}

fn is_alive(pid: &str) -> bool {
    // A zombie that nobody has reaped yet is not alive.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.trim().is_empty() && !rest.trim().starts_with('Z'))
}

/// Waits for what another process does.
fn eventually(what: impl Fn() -> bool) -> bool {
    let until = Instant::now() + Duration::from_secs(10);
    while !what() {
        if Instant::now() > until {
            return false;
        }
        std::thread::yield_now();
    }
    true
}

#[test]
fn output_status_and_input() {
    let host = RealHost::new();
    let done = host.run(&sh("cat; echo err >&2; exit 3").stdin("in")).unwrap();
    assert_eq!((done.out().as_str(), done.err().as_str(), done.code), ("in", "err\n", 3));
    let done = host.run(&sh("echo a; echo b >&2; echo c").errors(Errors::WithOutput)).unwrap();
    assert_eq!(done.out(), "a\nb\nc\n");
    assert_eq!(host.run(&sh("kill -9 $$")).unwrap().code, -9);
    let big = vec![b'x'; 1 << 20];
    assert_eq!(host.run(&sh("cat").stdin(big.clone())).unwrap().stdout, big);
    // Nobody reads it: that is not an error.
    assert!(host.run(&sh("true").stdin(big)).unwrap().ok());
    assert!(matches!(host.run(&Cmd::new("/no/such/program")), Err(HostError::Start { .. })));
}

#[test]
fn surroundings() {
    let host = RealHost::new();
    let dir = tempfile::tempdir().unwrap();
    let at = dir.path().canonicalize().unwrap();
    let done =
        host.run(&sh("pwd; umask; echo $A$HOME").cwd(&at).umask(0o27).clean_env().env("A", "b")).unwrap();
    assert_eq!(done.out(), format!("{}\n0027\nb\n", at.display()));
    if host.euid() == 0 && host.user("nobody").unwrap().is_some() {
        let done = host.run(&sh("id -un; id -G | tr ' ' '\\n' | grep -x 0").runas("nobody")).unwrap();
        assert_eq!(done.out(), "nobody\n");
    }
    assert!(matches!(host.run(&sh("true").runas("no-such-user")), Err(HostError::NoUser { .. })));
}

#[test]
fn a_background_command_outlives_the_call() {
    let host = RealHost::new().for_job(Cancel::new());
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let start = Instant::now();
    let done = host.run(&sh(&format!("nohup sleep 60 >{} 2>&1 & echo $!", log.display()))).unwrap();
    assert!(start.elapsed() < Duration::from_secs(20));
    let pid = done.out().trim().to_owned();
    assert!(is_alive(&pid), "{pid}");
    host.run(&Cmd::of("kill", [&pid])).unwrap();
}

#[test]
fn time_limit_and_cancel_end_the_whole_group() {
    let dir = tempfile::tempdir().unwrap();
    for how in [None, Some(Stop::Term), Some(Stop::Kill)] {
        let pids =
            dir.path().join(how.map_or("limit", |how| if how == Stop::Term { "term" } else { "kill" }));
        let cancel = Cancel::new();
        let host = RealHost::new().for_job(cancel.clone());
        // The shell waits for a child of its own, which must go too.
        let mut cmd = sh(&format!("sleep 60 & echo $! >{0}.new; mv {0}.new {0}; wait", pids.display()));
        if how.is_none() {
            cmd = cmd.timeout(Duration::from_millis(500));
        }
        let ended = std::thread::scope(|scope| {
            let run = scope.spawn(|| host.run(&cmd));
            if let Some(how) = how {
                assert!(eventually(|| pids.exists()));
                cancel.stop(how);
            }
            run.join().unwrap()
        });
        match how {
            None => assert!(matches!(ended, Err(HostError::TimedOut { .. })), "{ended:?}"),
            Some(_) => assert!(matches!(ended, Err(HostError::Cancelled)), "{ended:?}"),
        }
        if let Ok(pid) = std::fs::read_to_string(&pids) {
            assert!(eventually(|| !is_alive(pid.trim())), "{how:?}: {pid} lives");
        }
    }
}

#[test]
fn a_cancelled_job_starts_nothing_more() {
    let cancel = Cancel::new();
    let host = RealHost::new().for_job(cancel.clone());
    cancel.stop(Stop::Term);
    assert!(matches!(host.run(&sh("true")), Err(HostError::Cancelled)));
    assert!(matches!(host.sleep(Duration::from_secs(60)), Err(HostError::Cancelled)));
}

#[test]
fn files_are_written_whole_and_keep_their_mode() {
    let host = RealHost::new();
    let dir = tempfile::tempdir().unwrap();
    let (file, link) = (dir.path().join("f"), dir.path().join("l"));
    host.write_atomic(&file, b"one", Some(0o640)).unwrap();
    host.write_atomic(&file, b"two", None).unwrap();
    assert_eq!(host.stat(&file).unwrap().unwrap().mode, 0o640);
    host.symlink(Path::new("f"), &link).unwrap();
    host.write_atomic(&link, b"three", None).unwrap();
    assert!(host.is_link(&link));
    assert_eq!(host.read(&file).unwrap(), b"three");
    assert_eq!(host.list_dir(dir.path()).unwrap(), ["f", "l"]);
    assert!(host.write_atomic(&dir.path().join("no/f"), b"", None).unwrap_err().is_not_found());
    host.mkdir_all(&dir.path().join("a/b"), Some(0o700)).unwrap();
    host.write_atomic(&dir.path().join("a/b/c"), b"", None).unwrap();
    host.remove_all(&dir.path().join("a")).unwrap();
    assert_eq!(host.lstat(&dir.path().join("a")).unwrap(), None);
}

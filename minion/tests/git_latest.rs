//! `git.latest` with git itself, on a repository in a temporary directory.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests fail as tests do")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use data::{Dict, Value};
use minion::{Caller, JobCtx, local};
use proto::config::MinionConfig;
use tempfile::TempDir;

/// A repository with one commit on `main`, and a minion that has no checkout of it yet.
struct Place {
    dir: TempDir,
    caller: Caller,
}

/// What a state came to.
#[derive(Debug)]
struct Came {
    result: Value,
    changes: Value,
    comment: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let at = dir.path();
        std::fs::create_dir_all(at.join("origin")).unwrap();
        std::fs::write(at.join("minion"), format!("id: x\nroot_dir: {}\nfile_client: local\n", at.display()))
            .unwrap();
        let caller = Caller::new(local::parts(&MinionConfig::load(at).unwrap()));
        let place = Place { dir, caller };
        place.git("origin", &["init", "-q", "-b", "main"]);
        place.commit("origin", "app.py", "one\n");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn git(&self, at: &str, args: &[&str]) -> String {
        let output = Command::new("git")
            .args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"])
            .args(args)
            .current_dir(self.path(at))
            .output()
            .expect("git runs");
        assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
    }

    /// Writes a file and commits it; the commit.
    fn commit(&self, at: &str, file: &str, text: &str) -> String {
        std::fs::write(self.path(at).join(file), text).unwrap();
        self.git(at, &["add", file]);
        self.git(at, &["commit", "-q", "-m", text.trim()]);
        self.git(at, &["rev-parse", "HEAD"])
    }

    fn edit(&self, text: &str) {
        std::fs::write(self.path("app").join("app.py"), text).unwrap();
    }

    fn text(&self) -> String {
        std::fs::read_to_string(self.path("app").join("app.py")).unwrap()
    }

    fn latest(&self, more: Dict) -> Came {
        let shown = |path: &Path| path.display().to_string();
        let mut kwargs = Dict::new().with("target", shown(&self.path("app"))).with("rev", "main");
        kwargs.extend(more);
        let args = vec!["git.latest".into(), shown(&self.path("origin")).into()];
        let job = Arc::new(JobCtx::local());
        let outcome = self.caller.try_call("state.single", args, kwargs, &job).unwrap();
        let results = outcome.ret.as_dict().expect("results").clone();
        let result = results.values().next().expect("one result");
        let get = |key: &str| result.get(key).cloned().unwrap_or_default();
        Came { result: get("result"), changes: get("changes"), comment: get("comment").to_string() }
    }

    fn head(&self) -> String {
        self.git("app", &["rev-parse", "HEAD"])
    }
}

fn revision(old: Option<&str>, new: &str) -> Value {
    Dict::new().with("old", old).with("new", new).into()
}

fn test_mode() -> Dict {
    Dict::new().with("test", true)
}

#[test]
fn clones_once_and_follows_the_remote() {
    let place = Place::new();
    let first = place.git("origin", &["rev-parse", "HEAD"]);

    let came = place.latest(test_mode());
    assert_eq!(came.result, Value::None, "{came:?}");
    assert!(!place.path("app").exists());

    let came = place.latest(Dict::new());
    assert_eq!(came.result, true.into(), "{came:?}");
    assert_eq!(came.changes.get("revision"), Some(&revision(None, &first)));
    assert_eq!(place.git("app", &["rev-parse", "--abbrev-ref", "@{upstream}"]), "origin/main");

    for more in [Dict::new(), test_mode()] {
        let came = place.latest(more);
        assert_eq!((&came.result, &came.changes), (&true.into(), &Value::dict()), "{came:?}");
        assert_eq!(came.comment, format!("Repository {} is up-to-date", place.path("app").display()));
    }

    let second = place.commit("origin", "app.py", "two\n");
    let came = place.latest(test_mode());
    assert_eq!(came.result, Value::None, "{came:?}");
    assert_eq!(came.changes, Dict::new().with("revision", revision(Some(&first), &second)).into());
    assert_eq!(place.head(), first);

    let came = place.latest(Dict::new());
    assert_eq!(came.result, true.into(), "{came:?}");
    assert_eq!(came.changes, Dict::new().with("revision", revision(Some(&first), &second)).into());
    assert_eq!((place.head(), place.text().as_str()), (second.clone(), "two\n"));
    let origin = place.path("origin").display().to_string();
    assert_eq!(
        came.comment,
        format!(
            "{origin} was fetched, resulting in updated refs. Repository was fast-forwarded to origin/main ({}).",
            &second[..7]
        )
    );
}

#[test]
fn edits_are_kept_until_they_may_go() {
    let place = Place::new();
    place.latest(Dict::new());
    let first = place.head();
    place.edit("mine\n");

    let came = place.latest(Dict::new());
    assert_eq!((&came.result, &came.changes), (&true.into(), &Value::dict()), "{came:?}");
    assert!(came.comment.ends_with("Set 'force_reset' to True to purge uncommitted changes."), "{came:?}");

    let second = place.commit("origin", "app.py", "two\n");
    for more in [test_mode(), Dict::new()] {
        let came = place.latest(more);
        assert_eq!((&came.result, &came.changes), (&false.into(), &Value::dict()), "{came:?}");
        let why = "but there are uncommitted changes. Set 'force_reset' to True (or 'remote-changes') to force this \
                   update and discard these changes.";
        assert!(came.comment.contains(why), "{came:?}");
        assert_eq!((place.head(), place.text().as_str()), (first.clone(), "mine\n"));
    }

    let came = place.latest(Dict::new().with("force_reset", true));
    assert_eq!(came.result, true.into(), "{came:?}");
    assert_eq!(came.changes.get("revision"), Some(&revision(Some(&first), &second)));
    assert_eq!((place.head(), place.text().as_str()), (second, "two\n"));
}

#[test]
fn commits_of_its_own_are_kept_until_they_may_go() {
    let place = Place::new();
    place.latest(Dict::new());
    let own = place.commit("app", "app.py", "mine\n");
    let second = place.commit("origin", "app.py", "two\n");

    let came = place.latest(Dict::new());
    assert_eq!(came.result, false.into(), "{came:?}");
    assert!(
        came.comment.contains("but this is not a fast-forward merge. Set 'force_reset' to True"),
        "{came:?}"
    );
    assert_eq!(place.head(), own);

    let came = place.latest(Dict::new().with("force_reset", true));
    assert_eq!(came.result, true.into(), "{came:?}");
    assert_eq!(came.changes.get("forced update"), Some(&true.into()), "{came:?}");
    assert_eq!(came.changes.get("revision"), Some(&revision(Some(&own), &second)));
    assert_eq!((place.head(), place.text().as_str()), (second, "two\n"));
}

#[test]
fn tags_come_and_go_with_the_remote() {
    let place = Place::new();
    place.latest(Dict::new());
    place.git("origin", &["tag", "v1"]);
    let came = place.latest(Dict::new());
    assert_eq!(came.changes, Dict::new().with("new_tags", vec!["v1"]).into(), "{came:?}");
    place.git("origin", &["tag", "-d", "v1"]);
    let came = place.latest(Dict::new());
    assert_eq!(came.changes, Dict::new().with("deleted_tags", vec!["v1"]).into(), "{came:?}");
    assert_eq!(place.git("app", &["tag"]), "");
}

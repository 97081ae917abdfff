//! The life of a key, and who is let in without anybody asking.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use data::Dict;
use master::keys::{Change, Include, KeyState, Keys, Offer, Policy, Verb};
use proto::keys::PublicKey;

fn key(n: u8) -> PublicKey {
    PublicKey::from_bytes([n; 32])
}

fn check(keys: &Keys, id: &str, n: u8) -> KeyState {
    keys.check(id, &key(n), Offer::default()).unwrap().state
}

fn with(dir: &Path, policy: Policy) -> Keys {
    Keys::with_policy(dir, policy).unwrap()
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
}

#[test]
fn a_key_waits_is_accepted_and_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    assert_eq!(check(&keys, "web1", 1), KeyState::Pending);
    assert_eq!(fs::read_to_string(dir.path().join("minions_pre/web1")).unwrap(), format!("{}\n", key(1)));
    let changed = keys.accept("web*", Include::default()).unwrap();
    assert_eq!(
        changed,
        [Change { id: "web1".into(), from: KeyState::Pending, to: Some(KeyState::Accepted) }]
    );
    assert_eq!(check(&keys, "web1", 1), KeyState::Accepted);
    assert!(keys.list(KeyState::Pending).unwrap().is_empty());
    assert_eq!(keys.delete("web1").unwrap().len(), 1);
    assert_eq!(keys.state("web1"), None);
    assert_eq!(check(&keys, "web1", 1), KeyState::Pending);
}

#[test]
fn files_that_are_no_keys_are_no_minions() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    check(&keys, "web1", 1);
    // Half a key of a master that died while it was writing, and what editors leave.
    for other in [".22790.0.new", ".web2.swp"] {
        write(&dir.path().join("minions_pre").join(other), "AAAA");
    }
    fs::create_dir(dir.path().join("minions_pre/web3")).unwrap();
    assert_eq!(keys.list(KeyState::Pending).unwrap(), ["web1"]);
    assert_eq!(keys.accept("*", Include::default()).unwrap().len(), 1);
    assert_eq!(keys.accepted().unwrap(), ["web1"]);
}

#[test]
fn another_key_of_the_same_id_is_denied() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    check(&keys, "web1", 1);
    assert_eq!(check(&keys, "web1", 2), KeyState::Denied, "while the first waits");
    keys.accept("web1", Include::default()).unwrap();
    assert_eq!(check(&keys, "web1", 2), KeyState::Denied, "while the first is accepted");
    assert_eq!(keys.list(KeyState::Denied).unwrap(), ["web1"]);
    assert_eq!(check(&keys, "web1", 1), KeyState::Accepted, "the rightful one goes on");
    // Accepting what was denied puts its key in the place of the other.
    keys.accept("web1", Include { denied: true, ..Include::default() }).unwrap();
    assert_eq!(check(&keys, "web1", 2), KeyState::Accepted);
}

#[test]
fn a_rejected_id_stays_out_whatever_its_key() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    check(&keys, "web1", 1);
    keys.reject("*", Include::default()).unwrap();
    assert_eq!(check(&keys, "web1", 1), KeyState::Rejected);
    assert_eq!(check(&keys, "web1", 2), KeyState::Rejected);
    assert!(keys.accept("web1", Include::default()).unwrap().is_empty(), "not without being told to");
    assert_eq!(keys.accept("web1", Include { rejected: true, ..Include::default() }).unwrap().len(), 1);
    assert_eq!(check(&keys, "web1", 1), KeyState::Accepted);
}

#[test]
fn a_copied_key_file_is_a_seeded_key() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    // Without the newline, as `printf` writes it.
    write(&dir.path().join("minions/web1"), &key(1).to_string());
    assert_eq!(check(&keys, "web1", 1), KeyState::Accepted);
    assert_eq!(check(&keys, "web1", 2), KeyState::Denied);
}

#[test]
fn files_that_are_no_keys_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    write(&dir.path().join("minions/web1"), "-----BEGIN PUBLIC KEY-----\n");
    let error = keys.check("web1", &key(1), Offer::default()).unwrap_err().to_string();
    assert!(error.contains("minions/web1") && error.contains("base64"), "{error}");
}

#[test]
fn ids_cannot_leave_the_directory() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(&dir.path().join("pki")).unwrap();
    for id in ["../evil", "a/b", ".hidden", "", "a\0b"] {
        assert!(keys.check(id, &key(1), Offer::default()).is_err(), "{id:?}");
        assert!(keys.change_one(Verb::Delete, id, KeyState::Pending).is_err(), "{id:?}");
    }
    assert!(!dir.path().join("evil").exists());
}

#[test]
fn globs_and_lists_pick_keys() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    for id in ["web1", "web2", "db1", "app"] {
        check(&keys, id, 1);
    }
    let ids = |pattern: &str| -> Vec<String> {
        keys.matching(pattern, &KeyState::ALL).unwrap().into_iter().flat_map(|(_, ids)| ids).collect()
    };
    assert_eq!(ids("web*"), ["web1", "web2"]);
    assert_eq!(ids("db?,app"), ["app", "db1"]);
    assert_eq!(ids("nobody"), [""; 0]);
}

#[test]
fn policies_let_in() {
    let offered = Dict::new().with("uuid", "4711").with("roles", vec!["web", "edge"]);
    let files = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = files.path().join(name);
        write(&path, text);
        path
    };
    let listed = at("autosign", "# comment\n\nexact\nweb*\ndb[0-9]+\\.example\n");
    let rejected = at("autoreject", "bad*\n");
    at("grains/uuid", "4711\n# 4712\n");
    at("other/roles", "edge\n");
    let none = Policy::default;
    for (policy, id, expected) in [
        (none(), "web1", KeyState::Pending),
        (Policy { auto_accept: true, ..none() }, "any", KeyState::Accepted),
        (Policy { autosign_file: Some(listed.clone()), ..none() }, "exact", KeyState::Accepted),
        (Policy { autosign_file: Some(listed.clone()), ..none() }, "web7", KeyState::Accepted),
        (Policy { autosign_file: Some(listed.clone()), ..none() }, "db12.example", KeyState::Accepted),
        (Policy { autosign_file: Some(listed.clone()), ..none() }, "db12.example.org", KeyState::Pending),
        (Policy { autosign_file: Some(listed), ..none() }, "# comment", KeyState::Pending),
        (Policy { autosign_file: Some(files.path().join("missing")), ..none() }, "x", KeyState::Pending),
        (
            Policy { autosign_grains_dir: Some(files.path().join("grains")), ..none() },
            "x",
            KeyState::Accepted,
        ),
        (Policy { autosign_grains_dir: Some(files.path().join("other")), ..none() }, "x", KeyState::Accepted),
        (
            Policy { auto_accept: true, autoreject_file: Some(rejected.clone()), ..none() },
            "bad1",
            KeyState::Rejected,
        ),
        (Policy { auto_accept: true, autoreject_file: Some(rejected), ..none() }, "good", KeyState::Accepted),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let keys = with(dir.path(), policy.clone());
        assert_eq!(
            keys.check(id, &key(1), Offer { grains: Some(&offered), ..Offer::default() }).unwrap().state,
            expected,
            "{id}: {policy:?}"
        );
        assert_eq!(keys.state(id), Some(expected), "{id} on disk");
    }
}

#[test]
fn a_waiting_key_is_let_in_when_the_policy_changes() {
    let dir = tempfile::tempdir().unwrap();
    let mut keys = Keys::open(dir.path()).unwrap();
    assert_eq!(check(&keys, "web1", 1), KeyState::Pending);
    keys.set_policy(Policy { auto_accept: true, ..Policy::default() });
    assert_eq!(check(&keys, "web1", 1), KeyState::Accepted);
    assert!(keys.list(KeyState::Pending).unwrap().is_empty());
}

#[test]
fn lists_that_others_may_write_are_not_trusted() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let list = dir.path().join("autosign");
    write(&list, "*\n");
    fs::set_permissions(&list, fs::Permissions::from_mode(0o664)).unwrap();
    let policy = Policy { autosign_file: Some(list), ..Policy::default() };
    assert_eq!(check(&with(&dir.path().join("a"), policy.clone()), "web1", 1), KeyState::Pending);
    let trusting = Policy { permissive_pki_access: true, ..policy };
    assert_eq!(check(&with(&dir.path().join("b"), trusting), "web1", 1), KeyState::Accepted);
}

#[test]
fn a_file_in_minions_autosign_lets_in_once_and_not_for_ever() {
    let dir = tempfile::tempdir().unwrap();
    let policy = Policy { autosign_timeout: Duration::from_secs(7200), ..Policy::default() };
    let keys = with(dir.path(), policy);
    let ticket = dir.path().join("minions_autosign/web1");
    write(&ticket, "");
    assert_eq!(check(&keys, "web1", 1), KeyState::Accepted);
    assert!(!ticket.exists());
    let old = dir.path().join("minions_autosign/web2");
    write(&old, "");
    let file = fs::File::options().write(true).open(&old).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(7300)).unwrap();
    assert_eq!(check(&keys, "web2", 1), KeyState::Pending);
    assert!(!old.exists());
}

#[test]
fn open_mode_takes_every_key() {
    let dir = tempfile::tempdir().unwrap();
    let keys = Keys::open(dir.path()).unwrap();
    check(&keys, "web1", 1);
    keys.accept("web1", Include::default()).unwrap();
    let keys = with(dir.path(), Policy { open_mode: true, ..Policy::default() });
    assert_eq!(check(&keys, "web1", 2), KeyState::Accepted);
    assert_eq!(keys.key(KeyState::Accepted, "web1").unwrap(), Some(key(2)));
}

#[test]
fn only_so_many_keys_wait() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir.path().join("reject"), "bad-*\n");
    let policy = |max_pending_keys| Policy {
        max_pending_keys,
        autoreject_file: Some(dir.path().join("reject")),
        ..Policy::default()
    };
    let keys = with(dir.path(), policy(2));
    let full = |id: &str, n| keys.check(id, &key(n), Offer::default()).unwrap().full;
    assert_eq!([full("web1", 1), full("web2", 2), full("web3", 3)], [false, false, true]);
    assert!(!full("web1", 1), "who waits goes on waiting");
    assert_eq!(keys.list(KeyState::Pending).unwrap(), ["web1", "web2"]);
    // What is rejected by itself does not fill the disk either, and stays rejected.
    for n in 1..5 {
        assert_eq!(check(&keys, &format!("bad-{n}"), n), KeyState::Rejected);
    }
    assert_eq!(keys.list(KeyState::Rejected).unwrap().len(), 2);
    // A token needs no place among them.
    let (_, text) = keys.make_token(Default::default()).unwrap();
    let offer = Offer { token: &text, ..Offer::default() };
    assert_eq!(keys.check("web4", &key(4), offer).unwrap().state, KeyState::Accepted);

    keys.accept("web1", Include::default()).unwrap();
    // Keys are counted once a second; a new master counts at once.
    assert!(!with(dir.path(), policy(2)).check("web3", &key(3), Offer::default()).unwrap().full);
    assert!(!with(dir.path(), policy(0)).check("web5", &key(5), Offer::default()).unwrap().full);
}

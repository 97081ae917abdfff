//! The job store: what is written is there again, once, and goes when its time has come.

use data::{Dict, Value};
use master::store::{JobFilter, Recorded, SqliteStore, Store, StoreError};
use proto::message::{Job, Return};

fn job(jid: &str, issued: f64) -> Job {
    Job {
        jid: jid.into(),
        fun: "test.ping".into(),
        arg: vec![Value::from(1), Dict::new().with("__kwarg__", true).with("a", "ü").into()],
        tgt: "*".into(),
        tgt_type: proto::target::TargetType::Glob,
        delimiter: String::new(),
        ret: String::new(),
        user: "root".into(),
        timeout: 5.0,
        issued,
        expiry: 60.0,
        extra: Value::None,
    }
}

fn ret(jid: &str, id: &str, value: impl Into<Value>) -> Return {
    Return {
        jid: jid.into(),
        id: id.into(),
        fun: "test.ping".into(),
        fun_args: Vec::new(),
        ret: value.into(),
        retcode: 0,
        success: true,
        out: None,
    }
}

fn minions(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|i| (*i).to_owned()).collect()
}

#[test]
fn jobs_and_returns_survive_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("cache/jobs.db");
    let store = SqliteStore::open(&file).unwrap();
    let one = job("20261121021932000001", 1000.0);
    assert_eq!(store.add_job(one.clone(), minions(&["a", "b"])).wait().unwrap(), Recorded::New);
    assert_eq!(store.add_job(one.clone(), minions(&["x"])).wait().unwrap(), Recorded::Known);
    assert_eq!(store.add_return(ret(&one.jid, "a", true)).wait().unwrap(), Recorded::New);
    assert_eq!(store.add_return(ret(&one.jid, "a", false)).wait().unwrap(), Recorded::Known);
    drop(store);

    let store = SqliteStore::open(&file).unwrap();
    let stored = store.job(&one.jid).unwrap().unwrap();
    assert_eq!((stored.job, stored.minions), (one.clone(), minions(&["a", "b"])));
    // The first return stays.
    assert_eq!(store.returns(&one.jid).unwrap(), [ret(&one.jid, "a", true)]);
    assert_eq!(store.returned(&one.jid).unwrap(), ["a"]);
    assert_eq!(store.last_jid().unwrap().as_deref(), Some(one.jid.as_str()));
    assert!(store.job("20261121021932000009").unwrap().is_none());
}

#[test]
fn dropping_the_store_finishes_what_is_queued() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("jobs.db");
    let store = SqliteStore::open(&file).unwrap();
    for n in 0..500 {
        drop(store.add_return(ret("20261121021932000001", &format!("m{n}"), n)));
    }
    drop(store);
    assert_eq!(SqliteStore::open(&file).unwrap().returns("20261121021932000001").unwrap().len(), 500);
}

#[test]
fn writers_side_by_side_all_get_their_ack() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("jobs.db")).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let store = &store;
            scope.spawn(move || {
                let acks: Vec<_> = (0..100)
                    .map(|n| store.add_return(ret("20261121021932000001", &format!("m{thread}-{n}"), n)))
                    .collect();
                for ack in acks {
                    assert_eq!(ack.wait().unwrap(), Recorded::New);
                }
            });
        }
    });
    assert_eq!(store.returned("20261121021932000001").unwrap().len(), 400);
}

#[tokio::test(flavor = "current_thread")]
async fn a_commit_can_be_awaited() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("jobs.db")).unwrap();
    store.put("epoch", b"\x07").await.unwrap();
    assert_eq!(store.get("epoch").unwrap().as_deref(), Some(&b"\x07"[..]));
    store.put("epoch", b"\x08").await.unwrap();
    assert_eq!(store.get("epoch").unwrap().as_deref(), Some(&b"\x08"[..]));
    assert_eq!(store.get("nothing").unwrap(), None);
}

#[test]
fn filters_pick_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("jobs.db")).unwrap();
    for n in 1..=5u32 {
        store
            .add_job(job(&format!("2026112102193200000{n}"), f64::from(n) * 100.0), minions(&["a"]))
            .wait()
            .unwrap();
    }
    let pick = |filter: JobFilter| -> Vec<f64> {
        store.jobs(&filter).unwrap().into_iter().map(|s| s.job.issued).collect()
    };
    assert_eq!(pick(JobFilter::default()), [100.0, 200.0, 300.0, 400.0, 500.0]);
    assert_eq!(
        pick(JobFilter { since: Some(200.0), until: Some(400.0), ..JobFilter::default() }),
        [200.0, 300.0]
    );
    assert_eq!(pick(JobFilter { limit: Some(2), ..JobFilter::default() }), [400.0, 500.0]);
    // They expire 60 s after they were issued.
    assert_eq!(pick(JobFilter { unexpired_at: Some(355.0), ..JobFilter::default() }), [300.0, 400.0, 500.0]);
    assert_eq!(store.delete_before(300.0).wait().unwrap(), 2);
    assert_eq!(pick(JobFilter::default()), [300.0, 400.0, 500.0]);
}

#[test]
fn cleaning_keeps_the_returns_of_kept_jobs() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("jobs.db")).unwrap();
    let far = 4.0e9;
    store.add_job(job("20261121021932000001", 100.0), minions(&["a"])).wait().unwrap();
    store.add_job(job("20261121021932000002", far), minions(&["a"])).wait().unwrap();
    store.add_return(ret("20261121021932000001", "a", 1)).wait().unwrap();
    store.add_return(ret("20261121021932000002", "a", 2)).wait().unwrap();
    assert_eq!(store.delete_before(far - 1.0).wait().unwrap(), 1);
    assert!(store.returns("20261121021932000001").unwrap().is_empty());
    assert_eq!(store.returns("20261121021932000002").unwrap().len(), 1);
}

#[test]
fn grains_are_kept_by_minion() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("jobs.db")).unwrap();
    let grains = Value::from(Dict::new().with("os", "Debian").with("roles", vec!["web"]));
    store.put_grains("m1", &grains).wait().unwrap();
    store.put_grains("m2", &Value::dict()).wait().unwrap();
    assert!(store.grains("m1").unwrap().unwrap().identical(&grains));
    assert_eq!(store.all_grains().unwrap().len(), 2);
    store.forget("m1").wait().unwrap();
    assert_eq!(store.grains("m1").unwrap(), None);
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("jobs.db");
    drop(SqliteStore::open(&file).unwrap());
    rusqlite::Connection::open(&file).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let error = SqliteStore::open(&file).err().unwrap();
    assert!(matches!(error, StoreError::Newer { found: 99, .. }), "{error}");
}

#[test]
fn what_is_no_database_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("jobs.db");
    std::fs::write(&file, "this is not a database, only a text of some length, ".repeat(40)).unwrap();
    let error = SqliteStore::open(&file).err().unwrap().to_string();
    assert!(error.contains("jobs.db") && error.contains("not a database"), "{error}");
}

#[test]
fn the_database_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("jobs.db")).unwrap();
    store.put("a", b"b").wait().unwrap();
    for entry in std::fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o077, 0, "{:?}", entry.file_name());
    }
}

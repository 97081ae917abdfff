//! Runner and wheel functions on a master that is a store, some keys and a list of who is connected.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::sync::{Arc, Mutex};

use data::{Dict, Value};
use master::fileserver::FileServer;
use master::keys::{Change, KeyState, Keys, Offer};
use master::pillar::PillarServer;
use master::runners::{self, Master, RunnerError};
use master::store::{Seen, SqliteStore, Store};
use master::wheel;
use proto::config::MasterConfig;
use proto::keys::PublicKey;
use proto::message::control::Call;
use proto::message::{Event, Job, Return};
use proto::target::TargetType;

struct Fixture {
    _dir: tempfile::TempDir,
    config: Arc<MasterConfig>,
    store: SqliteStore,
    keys: Keys,
    files: FileServer,
    pillar: PillarServer,
    connected: Vec<String>,
    running: Vec<(String, Vec<String>)>,
    changes: Mutex<Vec<Change>>,
    events: Mutex<Vec<Event>>,
}

impl Master for Fixture {
    fn config(&self) -> &MasterConfig {
        &self.config
    }
    fn store(&self) -> &dyn Store {
        &self.store
    }
    fn keys(&self) -> &Keys {
        &self.keys
    }
    fn fileserver(&self) -> &FileServer {
        &self.files
    }
    fn pillar(&self) -> &PillarServer {
        &self.pillar
    }
    fn connected(&self) -> Vec<String> {
        self.connected.clone()
    }
    fn versions(&self) -> Vec<(String, String)> {
        self.connected
            .iter()
            .map(|id| (id.clone(), if id == "web2" { "0.0.1" } else { env!("CARGO_PKG_VERSION") }.into()))
            .collect()
    }
    fn refused(&self) -> Vec<(String, u64)> {
        vec![("frame too large".into(), 3)]
    }
    fn running(&self, minions: &[String], jids: &[String]) -> Vec<(String, Vec<String>)> {
        let asked = self.running.iter().filter(|(id, _)| minions.contains(id));
        asked
            .map(|(id, at)| (id.clone(), at.iter().filter(|j| jids.contains(j)).cloned().collect()))
            .collect()
    }
    fn keys_changed(&self, changes: &[Change]) {
        self.changes.lock().unwrap().extend_from_slice(changes);
    }
    fn fire(&self, event: Event) {
        self.events.lock().unwrap().push(event);
    }
}

const DONE: &str = "20261121021932000001";
const OPEN: &str = "20261121021932000002";

/// Three accepted minions, of which db1 is away; one key waits. One job is done, one runs on web2.
fn fixture() -> Fixture {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let d = dir.path().display();
    at(
        "conf/master",
        &format!(
            "root_dir: {d}\nfile_roots: {{base: [{d}/srv]}}\npillar_roots: {{base: [{d}/pillar]}}\nnodegroups: {{webs: 'web*'}}\n"
        ),
    );
    at("srv/top.sls", "");
    at("srv/web/init.sls", "");
    let config = Arc::new(MasterConfig::load(&dir.path().join("conf")).unwrap());
    let keys = Keys::from_config(&config).unwrap();
    for (n, id) in ["db1", "web1", "web2", "new1"].into_iter().enumerate() {
        keys.check(id, &PublicKey::from_bytes([n as u8; 32]), Offer::default()).unwrap();
    }
    keys.accept("web*,db1", Default::default()).unwrap();
    let store = SqliteStore::open(&config.store_file()).unwrap();
    let job = |jid: &str, fun: &str, issued| Job {
        jid: jid.into(),
        fun: fun.into(),
        arg: vec!["x".into()],
        tgt: "web*".into(),
        tgt_type: TargetType::Glob,
        delimiter: String::new(),
        ret: String::new(),
        user: "ann".into(),
        timeout: 5.0,
        issued,
        expiry: 60.0,
        extra: Value::None,
    };
    let minions = || vec!["web1".to_owned(), "web2".to_owned()];
    drop(store.add_job(job(DONE, "test.ping", 100.0), minions()));
    drop(store.add_job(job(OPEN, "test.sleep", 200.0), minions()));
    drop(store.put_grains("web1", &Dict::new().with("os", "Debian").into()));
    for (jid, id, retcode) in [(DONE, "web1", 0), (DONE, "web2", 1), (OPEN, "web1", 0)] {
        let ret = Return {
            jid: jid.into(),
            id: id.into(),
            fun: "test.ping".into(),
            fun_args: Vec::new(),
            ret: true.into(),
            retcode,
            success: true,
            out: None,
        };
        drop(store.add_return(ret));
    }
    // Writes are in order: when this one is there, all are.
    store.put("done", b"").wait().unwrap();
    Fixture {
        files: FileServer::new(&config).unwrap(),
        pillar: PillarServer::new(config.clone()),
        config,
        store,
        keys,
        connected: vec!["web1".into(), "web2".into()],
        running: vec![("web2".into(), vec![OPEN.into()])],
        changes: Mutex::default(),
        events: Mutex::default(),
        _dir: dir,
    }
}

fn call(fun: &str, args: &[&str]) -> Call {
    let args: Vec<String> = args.iter().map(|a| (*a).to_owned()).collect();
    Call { fun: fun.into(), arg: proto::args::parse(&args, &[]), user: String::new() }
}

fn run(master: &Fixture, fun: &str, args: &[&str]) -> String {
    format!("{:?}", runners::run(master, &call(fun, args)).unwrap().value)
}

#[test]
fn presence_is_who_is_connected() {
    let m = fixture();
    for (fun, args, expected) in [
        ("manage.up", &[][..], "['web1', 'web2']"),
        ("manage.present", &[], "['web1', 'web2']"),
        ("manage.down", &[], "['db1']"),
        ("manage.status", &[], "{'up': ['web1', 'web2'], 'down': ['db1']}"),
        ("manage.up", &["tgt=web1"], "['web1']"),
        ("manage.refused", &[], "{'frame too large': 3}"),
        ("manage.up", &["os:Deb*", "grain"], "['web1']"),
        ("manage.status", &["tgt=webs", "tgt_type=nodegroup"], "{'up': ['web1', 'web2'], 'down': []}"),
    ] {
        assert_eq!(run(&m, fun, args), expected, "{fun} {args:?}");
    }
    let own = env!("CARGO_PKG_VERSION");
    assert_eq!(
        run(&m, "manage.versions", &[]),
        format!(
            "{{'Master': '{own}', 'Up to date': {{'web1': '{own}'}}, 'Minion requires update': {{'web2': '0.0.1'}}}}"
        )
    );
}

#[test]
fn down_can_take_the_keys_away() {
    let m = fixture();
    assert_eq!(run(&m, "manage.down", &["removekeys=True"]), "['db1']");
    assert_eq!(m.keys.state("db1"), None);
    assert_eq!(m.changes.lock().unwrap().len(), 1, "the sessions are told");
}

#[test]
fn who_has_been_gone_for_long_is_reaped() {
    let m = fixture();
    // Never seen: its key is new.
    assert_eq!(run(&m, "manage.reap", &["1h"]), "[]");
    let seen = |id: &str, time| Seen { id: id.into(), time, address: "192.0.2.1".into() };
    let now = master::duration::now();
    m.store.note_seen(vec![seen("db1", now - 7200.0), seen("web1", now - 7200.0)]).wait().unwrap();
    assert_eq!(run(&m, "manage.reap", &["3h"]), "[]");
    assert_eq!(run(&m, "manage.reap", &["1h", "test=True"]), "['db1']");
    assert_eq!(m.keys.state("db1"), Some(KeyState::Accepted));
    assert_eq!(run(&m, "manage.reap", &["gone=1h"]), "['db1']", "web1 is connected");
    assert_eq!(m.keys.state("db1"), None);
    assert_eq!(m.changes.lock().unwrap().len(), 1, "the sessions are told");
}

#[test]
fn jobs_are_listed_looked_up_and_filtered() {
    let m = fixture();
    let about = |jid: &str, fun: &str, micros: &str| {
        format!(
            "'{jid}': {{'Function': '{fun}', 'Arguments': ['x'], 'Target': 'web*', 'Target-type': 'glob', 'User': \
             'ann', 'StartTime': '2026, Nov 21 02:19:32.{micros}'}}"
        )
    };
    let (done, open) = (about(DONE, "test.ping", "000001"), about(OPEN, "test.sleep", "000002"));
    for (args, expected) in [
        (&[][..], format!("{{{done}, {open}}}")),
        (&["search_function=test.sl*"], format!("{{{open}}}")),
        (&["search_function=[test.ping, x]"], format!("{{{done}}}")),
        (&["search_target=db*"], "{}".to_owned()),
        (&["start_time=150"], format!("{{{open}}}")),
        (&["end_time=150"], format!("{{{done}}}")),
    ] {
        assert_eq!(run(&m, "jobs.list_jobs", args), expected, "{args:?}");
    }
    assert_eq!(run(&m, "jobs.list_jobs_filter", &["1"]), format!("{{{open}}}"));
    assert_eq!(run(&m, "jobs.lookup_jid", &[DONE]), "{'web1': True, 'web2': True}");
    assert_eq!(run(&m, "jobs.lookup_jid", &[OPEN]), "{'web1': True}");
    assert_eq!(
        run(&m, "jobs.lookup_jid", &[OPEN, "missing=True"]),
        "{'web1': True, 'web2': 'Minion did not return'}"
    );
    assert_eq!(run(&m, "jobs.exit_success", &[DONE]), "{'web1': True, 'web2': False}");
    assert_eq!(run(&m, "jobs.exit_success", &[OPEN]), "{'web1': True, 'web2': False}");
    let job = runners::run(&m, &call("jobs.list_job", &[DONE])).unwrap().value;
    assert_eq!(format!("{:?}", job.get("Minions").unwrap()), "['web1', 'web2']");
    assert_eq!(
        format!("{:?}", job.get("Result").unwrap().get("web2").unwrap()),
        "{'return': True, 'retcode': 1, 'success': True}"
    );
    assert!(run(&m, "jobs.last_run", &["function=test.ping"]).starts_with(&format!("{{'{DONE}'")));
    assert_eq!(run(&m, "jobs.last_run", &["function=nothing"]), "False");
}

#[test]
fn active_jobs_name_who_runs_them() {
    let m = fixture();
    let active = runners::run(&m, &call("jobs.active", &[])).unwrap().value;
    let job = active.get(OPEN).unwrap();
    assert_eq!(
        format!("{:?} {:?}", job.get("Running").unwrap(), job.get("Returned").unwrap()),
        "['web2'] ['web1']"
    );
    assert!(active.get(DONE).is_none());
}

#[test]
fn files_and_environments() {
    let m = fixture();
    assert_eq!(run(&m, "fileserver.file_list", &[]), "['top.sls', 'web/init.sls']");
    assert_eq!(run(&m, "fileserver.dir_list", &["saltenv=base"]), "['web']");
    assert_eq!(run(&m, "fileserver.file_list", &["saltenv=no"]), "[]");
    assert_eq!(run(&m, "fileserver.envs", &[]), "['base']");
}

#[test]
fn keys_change_and_everybody_is_told() {
    let m = fixture();
    let accepted = wheel::run(&m, &call("key.accept", &["new*"])).unwrap().value;
    assert_eq!(format!("{accepted:?}"), "{'minions': ['new1']}");
    assert!(m.keys.is_accepted("new1"));
    assert_eq!(
        m.changes.lock().unwrap().as_slice(),
        [Change { id: "new1".into(), from: KeyState::Pending, to: Some(KeyState::Accepted) }]
    );
    let event = m.events.lock().unwrap().pop().unwrap();
    assert_eq!(
        (event.tag.as_str(), format!("{:?}", event.data)),
        ("salt/key", "{'act': 'accept', 'id': 'new1', 'result': True}".to_owned())
    );
    // Exactly the keys that were shown, even if more match by now.
    let chosen = Dict::new().with("minions", vec!["db1"]);
    let arg = Dict::new().with("__kwarg__", true).with("match_dict", chosen);
    wheel::run(&m, &Call { fun: "key.delete".into(), arg: vec![arg.into()], user: String::new() }).unwrap();
    assert_eq!(run(&m, "key.list", &["acc"]), "{'minions': ['new1', 'web1', 'web2']}");
    assert_eq!(
        run(&m, "key.list_all", &[]),
        "{'minions': ['new1', 'web1', 'web2'], 'minions_denied': [], 'minions_pre': [], 'minions_rejected': []}"
    );
    assert!(run(&m, "key.finger", &["web1"]).starts_with("{'minions': {'web1': '"));
}

#[test]
fn wrong_calls_are_one_line() {
    let m = fixture();
    for (fun, args, expected) in [
        ("no.such", &[][..], "'no.such' is not available."),
        ("jobs.lookup_jid", &[], "jobs.lookup_jid: the argument jid is missing"),
        ("manage.up", &["a", "b", "c"], "unknown target type 'b'"),
        ("manage.up", &["bogus=1"], "manage.up: takes no such arguments: bogus="),
        (
            "jobs.list_jobs",
            &["start_time=soon"],
            "jobs.list_jobs: start_time: 'soon' is no time; write it as 2026-11-21 10:00",
        ),
        ("key.list", &["some"], "key.list: 'some' is none of accepted, pre, rejected, denied, all"),
        ("jobs.list_jobs_filter", &["x"], "jobs.list_jobs_filter: count 'x' is no number"),
    ] {
        let error: RunnerError = runners::run(&m, &call(fun, args)).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

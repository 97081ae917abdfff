//! Files and pillar on their way from the master to a module's thread.

use std::sync::Arc;
use std::time::Duration;

use data::{Dict, Value};
use minion::conn::{self, RemoteFiles, RemotePillar};
use minion::fileclient::FileClient as _;
use minion::health::Health;
use minion::host::Cancel;
use minion::job::{JobRunner, Jobs, Outcome};
use minion::pillar::PillarSource as _;
use proto::config::MinionConfig;
use proto::keys::StaticKey;
use proto::message::Job;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;

use crate::world::World;

/// Knows two grains and runs nothing.
struct Idle;

impl JobRunner for Idle {
    fn run(&self, _job: &Job, _cancel: &Cancel) -> Outcome {
        Outcome { ret: Value::None, retcode: 0, success: true, out: None }
    }

    fn grains(&self) -> Value {
        Dict::new().with("id", "web-1").with("os", "Debian").into()
    }

    fn pillar(&self) -> Value {
        Value::dict()
    }
}

/// What modules have of a connected minion.
struct Client {
    files: RemoteFiles,
    pillar: RemotePillar,
    dir: TempDir,
    stop: CancellationToken,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Client {
    fn new(world: &World) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let text = format!(
            "id: web-1\nroot_dir: {}\nmaster: 127.0.0.1\npublish_port: {}\nmaster_port: {}\nrecon_max: 200\n",
            dir.path().display(),
            world.ports.0,
            world.ports.1
        );
        std::fs::write(dir.path().join("minion"), text).unwrap();
        let config = MinionConfig::load_with_env(dir.path(), &|_| None).unwrap();
        std::fs::create_dir_all(&config.cachedir).unwrap();
        let (asker, asks) = conn::asker(&config);
        let runner: Arc<dyn JobRunner> = Arc::new(Idle);
        let (jobs, done) =
            Jobs::open("web-1", &config.cachedir, minion::job::Limits::side_by_side(1), Arc::clone(&runner))
                .unwrap();
        let key = StaticKey::load_or_generate(&config.pki_dir, "minion").unwrap();
        let health = Health::start(&config.sock_dir);
        let stop = CancellationToken::new();
        let (files, pillar) =
            (RemoteFiles::new(asker.clone(), &config.cachedir), RemotePillar::new(asker, None));
        let token = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let parts = conn::Parts { key, runner, jobs, done, asks, health };
            runtime.block_on(conn::serve(&config, parts, false, token)).unwrap();
        });
        Client { files, pillar, dir, stop, thread: Some(thread) }
    }

    fn connected(world: &World) -> Self {
        let client = Client::new(world);
        world.wait_pending("web-1");
        world.accept("web-1");
        world.wait_connected("web-1");
        client
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        self.stop.cancel();
        self.thread.take().unwrap().join().unwrap();
    }
}

#[test]
fn files_arrive_whole_and_are_cached() {
    let world = World::new();
    let srv = world.dir.path().join("srv");
    let big: Vec<u8> = (0..700_000u32).map(|i| (i % 251) as u8).collect();
    std::fs::create_dir_all(srv.join("app/files")).unwrap();
    std::fs::write(srv.join("app/files/big"), &big).unwrap();
    std::fs::write(srv.join("app/init.sls"), "a: test.nop\n").unwrap();
    std::fs::write(srv.join("empty"), "").unwrap();
    let client = Client::connected(&world);
    let files = &client.files;

    assert_eq!(files.fetch("app/files/big", "base").unwrap().unwrap().as_ref(), big.as_slice());
    assert_eq!(files.fetch("empty", "base").unwrap().unwrap().as_ref(), b"");
    assert_eq!(files.fetch("none", "base").unwrap(), None);
    assert_eq!(files.stat("app/files/big", "base").unwrap().unwrap().size, 700_000);
    assert_eq!(*files.list("base").unwrap(), ["app/files/big", "app/init.sls", "empty"]);
    assert_eq!(files.envs().unwrap(), ["base"]);

    let cached = files.cache_file("app/files/big", "base").unwrap().unwrap();
    assert!(cached.starts_with(client.dir.path()));
    assert_eq!(std::fs::read(&cached).unwrap(), big);
    // A copy that is not what the master has is got again, an old version too.
    std::fs::write(&cached, "x").unwrap();
    std::fs::write(srv.join("app/files/big"), "new").unwrap();
    assert_eq!(files.cache_file("app/files/big", "base").unwrap().unwrap(), cached);
    assert_eq!(std::fs::read(&cached).unwrap(), b"new");
    assert_eq!(std::fs::read_dir(cached.parent().unwrap()).unwrap().count(), 1, "no leftovers");
    assert_eq!(files.cache_file("none", "base").unwrap(), None);

    for path in ["../secret", "/etc/passwd", "app/../../secret", ""] {
        assert!(files.cache_file(path, "base").is_err(), "{path:?}");
    }
    assert!(files.cache_file("empty", "..").is_err());
}

#[test]
fn pillar_is_rendered_for_the_minion_that_asks() {
    let pillar = tempfile::tempdir().unwrap();
    std::fs::write(pillar.path().join("top.sls"), "base:\n  'os:Debian':\n    - match: grain\n    - web\n")
        .unwrap();
    std::fs::write(pillar.path().join("web.sls"), "name: {{ grains['id'] }}\n").unwrap();
    let world = World::with(&format!("pillar_roots: {{base: [{}]}}", pillar.path().display()));
    let client = Client::connected(&world);
    let over = Value::from(Dict::new().with("extra", 1));
    let got = client.pillar.pillar(&Idle.grains(), None, Some(&over)).unwrap();
    assert_eq!(got.get("name").map(ToString::to_string), Some("web-1".to_string()));
    assert_eq!(got.get("extra").and_then(Value::as_int), Some(1));
}

#[test]
fn a_request_waits_for_a_master_that_restarts() {
    let mut world = World::new();
    std::fs::write(world.dir.path().join("srv/file"), "content").unwrap();
    let client = Client::connected(&world);
    world.down();
    let fetched = std::thread::scope(|scope| {
        let asking = scope.spawn(|| client.files.fetch("file", "base"));
        // It is under way, without anybody to answer it.
        std::thread::park_timeout(Duration::from_millis(50));
        world.up();
        asking.join().unwrap()
    });
    assert_eq!(fetched.unwrap().unwrap().as_ref(), b"content");
}

//! A master and its minions for one test, each with a directory of its own.

use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use data::Value;
use master::daemon::{self, Running};
use master::keys::Include;
use minion::daemon::RunError;
use proto::config::{MasterConfig, MinionConfig};
use proto::message::control::{self, MissingReason, Publish, Target};
use proto::message::{ControlReply, ControlRequest, Return, TargetType};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

/// Nothing in these tests takes this long.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// Asks until there is an answer.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let until = Instant::now() + LIMIT;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < until, "waited in vain for {what}");
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

pub(crate) struct World {
    pub(crate) dir: TempDir,
    pub(crate) ports: (u16, u16),
    runtime: Runtime,
    running: Option<Running>,
    options: String,
}

impl World {
    /// A master that accepts no key by itself.
    pub(crate) fn new() -> Self {
        Self::with("")
    }

    /// A master with more in its config.
    pub(crate) fn with(options: &str) -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let mut world = World {
            dir: tempfile::tempdir().unwrap(),
            ports: (0, 0),
            runtime,
            running: None,
            options: options.to_string(),
        };
        std::fs::create_dir_all(world.dir.path().join("srv")).unwrap();
        world.up();
        world
    }

    /// Writes the master's config, with these options.
    pub(crate) fn configure(&mut self, options: &str) {
        self.options = options.to_string();
        let root = self.dir.path().join("master");
        std::fs::create_dir_all(root.join("conf")).unwrap();
        let text = format!(
            "root_dir: {}\ninterface: 127.0.0.1\npublish_port: {}\nret_port: {}\nfile_roots: {{base: [{}]}}\n{}\n",
            root.display(),
            self.ports.0,
            self.ports.1,
            self.dir.path().join("srv").display(),
            self.options
        );
        std::fs::write(root.join("conf/master"), text).unwrap();
    }

    /// Starts the master; after the first time on the same ports.
    pub(crate) fn up(&mut self) {
        let options = self.options.clone();
        self.configure(&options);
        let conf = self.dir.path().join("master/conf");
        let config = MasterConfig::load(&conf).unwrap();
        let running = self.runtime.block_on(daemon::start(config)).unwrap();
        self.ports = (running.addresses.publish.port(), running.addresses.requests.port());
        self.running = Some(running);
    }

    /// Stops the master.
    pub(crate) fn down(&mut self) {
        if let Some(running) = self.running.take() {
            self.runtime.block_on(running.stop());
        }
    }

    pub(crate) fn master(&self) -> &Arc<daemon::Master> {
        &self.running.as_ref().unwrap().master
    }

    pub(crate) fn block_on<T>(&self, work: impl Future<Output = T>) -> T {
        self.runtime.block_on(work)
    }

    /// As `rsalt-key -a`.
    pub(crate) fn accept(&self, id: &str) {
        self.master().keys().accept(id, Include::default()).unwrap();
        self.block_on(self.master().keys_changed()).unwrap();
    }

    /// As `rsalt-key -d`.
    pub(crate) fn delete(&self, id: &str) {
        self.master().keys().delete(id).unwrap();
        self.block_on(self.master().keys_changed()).unwrap();
    }

    pub(crate) fn minion(&self, id: &str) -> Minion {
        Minion::new(self, id)
    }

    /// A minion that is accepted and connected.
    pub(crate) fn connected(&self, id: &str) -> Minion {
        let mut minion = self.minion(id);
        minion.up();
        self.wait_pending(id);
        self.accept(id);
        self.wait_connected(id);
        minion
    }

    pub(crate) fn wait_pending(&self, id: &str) {
        wait_for("the minion's key", || {
            (self.master().keys().state(id) == Some(master::keys::KeyState::Pending)).then_some(())
        });
    }

    /// Connected, and its grains are known, so that targets select it.
    pub(crate) fn wait_connected(&self, id: &str) {
        wait_for("the minion to connect", || {
            (self.master().is_connected(id) && self.master().roster.grains(id).is_some()).then_some(())
        });
    }

    pub(crate) fn wait_gone(&self, id: &str) {
        wait_for("the minion to go", || (!self.master().is_connected(id)).then_some(()));
    }

    /// Opens the control socket and publishes.
    pub(crate) fn publish(&self, tgt: &str, fun: &str, arg: &[&str]) -> Job {
        self.publish_with(tgt, fun, arg, |_| {})
    }

    pub(crate) fn publish_with(
        &self,
        tgt: &str,
        fun: &str,
        arg: &[&str],
        change: impl FnOnce(&mut Publish),
    ) -> Job {
        let mut publish = Publish {
            target: Target { tgt: Value::from(tgt), tgt_type: TargetType::Glob, delimiter: String::new() },
            fun: fun.to_string(),
            arg: arg.iter().map(|a| Value::from(*a)).collect(),
            jid: String::new(),
            ret: String::new(),
            user: String::new(),
            timeout: 5.0,
            gather_job_timeout: 2.0,
            expiry: None,
            wait: true,
            extra: Value::None,
        };
        change(&mut publish);
        self.control(&ControlRequest::Publish(publish))
    }

    pub(crate) fn control(&self, request: &ControlRequest) -> Job {
        let mut socket = UnixStream::connect(self.master().config().control_socket()).unwrap();
        socket.set_read_timeout(Some(LIMIT)).unwrap();
        control::write_to(&mut socket, request).unwrap();
        Job(socket)
    }

    /// What the store has of a job.
    pub(crate) fn returns(&self, jid: &str) -> Vec<Return> {
        self.master().store.returns(jid).unwrap()
    }

    pub(crate) fn wait_returns(&self, jid: &str, count: usize) -> Vec<Return> {
        wait_for("the returns", || Some(self.returns(jid)).filter(|r| r.len() >= count))
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.down();
    }
}

/// A job that is waited for.
pub(crate) struct Job(UnixStream);

/// How a wait ended.
#[derive(Debug, Default)]
pub(crate) struct Ended {
    pub(crate) jid: String,
    pub(crate) expected: Vec<String>,
    pub(crate) returns: Vec<Return>,
    pub(crate) missing: Vec<(String, MissingReason)>,
    pub(crate) error: Option<String>,
    /// The master has stopped meanwhile.
    pub(crate) stopped: bool,
}

impl Job {
    pub(crate) fn next(&mut self) -> Option<ControlReply> {
        control::read_from(&mut self.0).unwrap()
    }

    /// The jid, once the job is on its way.
    pub(crate) fn published(&mut self) -> (String, Vec<String>) {
        match self.next() {
            Some(ControlReply::Published { job, minions }) => (job.jid.clone(), minions),
            other => panic!("{other:?}"),
        }
    }

    /// Reads to the end.
    pub(crate) fn end(mut self) -> Ended {
        let mut ended = Ended::default();
        loop {
            match self.next() {
                Some(ControlReply::Published { job, minions }) => {
                    (ended.jid, ended.expected) = (job.jid.clone(), minions);
                }
                Some(ControlReply::Return(ret)) => ended.returns.push(*ret),
                Some(ControlReply::Missing { id, reason }) => ended.missing.push((id, reason)),
                Some(ControlReply::Stopping) => ended.stopped = true,
                Some(ControlReply::Done) => return ended,
                Some(ControlReply::Error(error)) => {
                    ended.error = Some(error);
                    return ended;
                }
                other => panic!("{other:?} after {ended:?}"),
            }
        }
    }
}

pub(crate) struct Minion {
    pub(crate) id: String,
    root: TempDir,
    ports: (u16, u16),
    up: Option<(CancellationToken, JoinHandle<Result<(), RunError>>)>,
}

impl Minion {
    fn new(world: &World, id: &str) -> Self {
        Minion { id: id.to_string(), root: tempfile::tempdir().unwrap(), ports: world.ports, up: None }
    }

    pub(crate) fn path(&self, name: &str) -> std::path::PathBuf {
        self.root.path().join(name)
    }

    /// Its publishes are to come through this port.
    pub(crate) fn subscribe_through(&mut self, port: u16) {
        self.ports.0 = port;
    }

    pub(crate) fn up(&mut self) {
        self.up_with("", &[]);
    }

    /// Starts it with more in its config, and an environment.
    pub(crate) fn up_with(&mut self, options: &str, env: &[(&str, &str)]) {
        let conf = self.root.path().join("conf");
        std::fs::create_dir_all(&conf).unwrap();
        let text = format!(
            "id: {}\nroot_dir: {}\nmaster: 127.0.0.1\npublish_port: {}\nmaster_port: {}\nrecon_max: 200\n{options}\n",
            self.id,
            self.root.path().display(),
            self.ports.0,
            self.ports.1
        );
        std::fs::write(conf.join("minion"), text).unwrap();
        let get = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_string());
        let config = MinionConfig::load_with_env(&conf, &get).unwrap();
        let stop = CancellationToken::new();
        let token = stop.clone();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let ended = runtime.block_on(minion::daemon::run(config, false, token));
            runtime.shutdown_background();
            ended
        });
        self.up = Some((stop, thread));
    }

    /// Stops it and returns how it ended.
    pub(crate) fn down(&mut self) -> Result<(), RunError> {
        let (stop, thread) = self.up.take().unwrap();
        stop.cancel();
        thread.join().unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) fn ended(&mut self) -> Result<(), RunError> {
        wait_for("the minion to end", || self.up.as_ref().unwrap().1.is_finished().then_some(()));
        self.up.take().unwrap().1.join().unwrap()
    }

    pub(crate) fn cache(&self) -> std::path::PathBuf {
        MinionConfig::load_with_env(&self.path("conf"), &|_| None).unwrap().cachedir.clone()
    }
}

impl Drop for Minion {
    fn drop(&mut self) {
        if self.up.is_some() {
            let _ = self.down();
        }
    }
}

/// How many lines a file has.
pub(crate) fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path).unwrap_or_default().lines().count()
}

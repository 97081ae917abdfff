//! A master under test.

use std::net::IpAddr;
use std::process::Command;

use serde_json::{Map, Value, json};

use crate::cli::{Call, Output};
use crate::process::Daemon;
use crate::tree::Tree;
use crate::wait::wait_for;
use crate::{bins, net};

/// What to start a master with.
#[derive(Debug)]
pub struct Builder {
    tree: Tree,
    interface: IpAddr,
    config: Map<String, Value>,
}

impl Builder {
    /// A key of the config file.
    #[must_use]
    pub fn config(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.config.insert(key.to_owned(), value.into());
        self
    }

    /// Every new key is accepted.
    #[must_use]
    pub fn auto_accept(self) -> Self {
        self.config("auto_accept", true)
    }

    /// Listens on this address: the bridge, for containers.
    #[must_use]
    pub fn interface(mut self, address: IpAddr) -> Self {
        self.interface = address;
        self
    }

    /// A file of the file root.
    #[must_use]
    pub fn state(self, name: &str, text: &str) -> Self {
        self.tree.write(format!("states/{name}"), text);
        self
    }

    /// A file of the pillar root.
    #[must_use]
    pub fn pillar(self, name: &str, text: &str) -> Self {
        self.tree.write(format!("pillar/{name}"), text);
        self
    }

    /// Writes the config and starts it.
    #[track_caller]
    pub fn start(self) -> Master {
        let ports = (net::free_port(self.interface), net::free_port(self.interface));
        let root = self.tree.path();
        let mut config = json!({
            "root_dir": root,
            "interface": self.interface.to_string(),
            "publish_port": ports.0,
            "ret_port": ports.1,
            "file_roots": {"base": [root.join("states")]},
            "pillar_roots": {"base": [root.join("pillar")]},
        });
        if let Some(map) = config.as_object_mut() {
            map.extend(self.config);
        }
        self.tree.write("conf/master", config.to_string());
        let _ = std::fs::create_dir_all(root.join("states"));
        let _ = std::fs::create_dir_all(root.join("pillar"));
        let mut master = Master { tree: self.tree, interface: self.interface, ports, daemon: None };
        master.up();
        master
    }
}

/// A running master with its own directories and ports.
#[derive(Debug)]
pub struct Master {
    // Before the tree: the process ends first.
    daemon: Option<Daemon>,
    /// Everything it has: `conf/`, `states/`, `pillar/`, and its `root_dir`.
    pub tree: Tree,
    interface: IpAddr,
    ports: (u16, u16),
}

impl Master {
    /// A master on loopback, unless told otherwise.
    pub fn builder() -> Builder {
        Builder { tree: Tree::new(), interface: net::LOOPBACK, config: Map::new() }
    }

    /// A master that is up and accepts every key.
    #[track_caller]
    pub fn start() -> Self {
        Self::builder().auto_accept().start()
    }

    /// The config keys that lead a minion here.
    pub fn address(&self) -> Value {
        json!({
            "master": self.interface.to_string(),
            "publish_port": self.ports.0,
            "master_port": self.ports.1,
        })
    }

    /// Starts the process, and waits until the command line reaches it.
    ///
    /// # Panics
    /// When it does not come up.
    #[track_caller]
    pub fn up(&mut self) {
        let mut command = Command::new(bins::path("rsalt-master"));
        command.arg("-c").arg(self.tree.join("conf"));
        let mut daemon = Daemon::start("rsalt-master", command, &self.tree.join("master.log"));
        wait_for("the master's socket to answer", || {
            daemon.check_runs();
            let out = self.tool("rsalt-run").args(["manage.status", "--out=json"]).run();
            (out.code == 0).then_some(())
        });
        self.daemon = Some(daemon);
    }

    /// The process.
    ///
    /// # Panics
    /// When it is down.
    #[track_caller]
    pub fn daemon(&mut self) -> &mut Daemon {
        match &mut self.daemon {
            Some(daemon) => daemon,
            None => panic!("the master is down"),
        }
    }

    /// Asks it to stop and waits for the end.
    ///
    /// # Panics
    /// When it does not stop, or not cleanly.
    #[track_caller]
    pub fn down(&mut self) {
        let status = self.daemon().stop();
        assert!(status.success(), "the master ended with {status}:\n{}", self.daemon().log());
        self.daemon = None;
    }

    /// Ends it as a power cut would.
    #[track_caller]
    pub fn crash(&mut self) {
        self.daemon().kill();
        self.daemon = None;
    }

    /// One of the command line tools, with this master's config.
    pub fn tool(&self, name: &str) -> Call {
        Call::new(bins::path(name)).arg("-c").arg(self.tree.join("conf"))
    }

    /// `rsalt ARGS…`, run to its end.
    #[track_caller]
    pub fn rsalt(&self, args: &[&str]) -> Output {
        self.tool("rsalt").args(args).run()
    }

    /// `rsalt ARGS… --out=json --static`: its exit code and what it printed.
    #[track_caller]
    pub fn json(&self, args: &[&str]) -> (i32, Value) {
        let out = self.tool("rsalt").args(args).args(["--out=json", "--static"]).run();
        (out.code, out.json())
    }

    /// `rsalt-key ARGS…`, run to its end.
    #[track_caller]
    pub fn key(&self, args: &[&str]) -> Output {
        self.tool("rsalt-key").args(args).run()
    }

    /// `rsalt-run ARGS… --out=json`: what it printed.
    #[track_caller]
    pub fn runner(&self, args: &[&str]) -> Value {
        self.tool("rsalt-run").args(args).arg("--out=json").run().ok().json()
    }

    /// The keys of one kind: `minions`, `minions_pre`, `minions_rejected`, `minions_denied`.
    #[track_caller]
    pub fn keys(&self, kind: &str) -> Vec<String> {
        let listed = self.key(&["-L", "--out=json"]).ok().json();
        let ids = listed.get(kind).and_then(Value::as_array);
        let mut ids: Vec<String> =
            ids.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
        ids.sort();
        ids
    }

    /// Waits until a key of this id is of that kind.
    #[track_caller]
    pub fn wait_for_key(&self, id: &str, kind: &str) {
        wait_for(&format!("the key of {id} in {kind}"), || {
            self.keys(kind).iter().any(|k| k == id).then_some(())
        });
    }

    /// Waits until every one of these minions is connected and answers.
    #[track_caller]
    pub fn wait_for_minions(&self, ids: &[&str]) {
        wait_for(&format!("{} to answer", ids.join(", ")), || {
            let up = self.runner(&["manage.up"]);
            let up: Vec<&str> = up.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            ids.iter().all(|id| up.contains(id)).then_some(())
        });
    }
}

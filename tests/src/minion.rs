//! A minion under test, as a plain process.

use std::process::Command;

use serde_json::{Value, json};

use crate::bins;
use crate::cli::Call;
use crate::master::Master;
use crate::process::Daemon;
use crate::tree::Tree;

/// A running minion with its own directories.
#[derive(Debug)]
pub struct Minion {
    daemon: Option<Daemon>,
    /// Everything it has: `conf/` and its `root_dir`.
    pub tree: Tree,
    /// Its id.
    pub id: String,
}

impl Minion {
    /// Starts one that belongs to `master`.
    #[track_caller]
    pub fn start(master: &Master, id: &str) -> Self {
        Self::with(master, id, json!({}))
    }

    /// Starts one with these grains.
    #[track_caller]
    pub fn with_grains(master: &Master, id: &str, grains: Value) -> Self {
        Self::with(master, id, json!({ "grains": grains }))
    }

    /// Starts one with more of a config.
    #[track_caller]
    pub fn with(master: &Master, id: &str, config: Value) -> Self {
        let mut minion = Self::prepare(master, id, config);
        minion.up();
        minion
    }

    /// Writes the config and starts nothing.
    pub fn prepare(master: &Master, id: &str, config: Value) -> Self {
        let tree = Tree::new();
        let mut all = master.address();
        if let (Some(all), Value::Object(more)) = (all.as_object_mut(), config) {
            all.insert("id".into(), id.into());
            all.insert("root_dir".into(), tree.path().display().to_string().into());
            // A test is not to wait for the pauses that spare a real master.
            all.insert("recon_default".into(), 50.into());
            all.insert("recon_max".into(), 200.into());
            all.extend(more);
        }
        tree.write("conf/minion", all.to_string());
        Minion { daemon: None, tree, id: id.to_owned() }
    }

    /// Starts the process.
    #[track_caller]
    pub fn up(&mut self) {
        let mut command = Command::new(bins::path("rsalt-minion"));
        command.arg("-c").arg(self.tree.join("conf"));
        for name in ["RSALT_MASTER", "RSALT_ID", "RSALT_GRAINS"] {
            command.env_remove(name);
        }
        self.daemon =
            Some(Daemon::start(&format!("rsalt-minion {}", self.id), command, &self.tree.join("minion.log")));
    }

    /// The process.
    ///
    /// # Panics
    /// When it is down.
    #[track_caller]
    pub fn daemon(&mut self) -> &mut Daemon {
        match &mut self.daemon {
            Some(daemon) => daemon,
            None => panic!("minion {} is down", self.id),
        }
    }

    /// Asks it to stop and waits for the end.
    #[track_caller]
    pub fn down(&mut self) {
        self.daemon().stop();
        self.daemon = None;
    }

    /// Ends it as a power cut would.
    #[track_caller]
    pub fn crash(&mut self) {
        self.daemon().kill();
        self.daemon = None;
    }

    /// `rsalt-call` with this minion's config.
    pub fn call(&self) -> Call {
        Call::new(bins::path("rsalt-call")).arg("-c").arg(self.tree.join("conf"))
    }
}

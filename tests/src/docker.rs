//! Containers under test.
//!
//! The engine and the base image are set up by the repository's own scripts, once in a process;
//! where that is not possible the test fails with the script's line.

use std::net::IpAddr;
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;

use crate::bins;
use crate::cli::{Call, Output};
use crate::master::Master;
use crate::wait::wait_for;

/// The image with the minion in it.
static IMAGE: OnceLock<String> = OnceLock::new();
static NEXT: AtomicU32 = AtomicU32::new(1);

/// The image under test: the base image with the minion baked in.
///
/// # Panics
/// When there is no engine and none can be started, or an image cannot be made.
#[track_caller]
pub fn image() -> &'static str {
    IMAGE.get_or_init(|| {
        bins::script("setup", &["engine"]);
        let base = base_image();
        bins::script("bake", &[&base, "rsalt-minion:test", &bins::dir().display().to_string()])
    })
}

/// The base image.
#[track_caller]
pub fn base_image() -> String {
    bins::script("base-image", &[])
}

/// `docker ARGS…`, run to its end.
#[track_caller]
pub fn docker(args: &[&str]) -> Output {
    Call::new("docker").args(args).run()
}

/// The address under which containers reach the host.
///
/// # Panics
/// When the engine has none.
#[track_caller]
pub fn bridge() -> IpAddr {
    image();
    let address = bins::script("bridge", &[&base_image()]);
    match address.parse() {
        Ok(address) => address,
        Err(_) => panic!("not an address: {address:?}"),
    }
}

/// The size of an image in bytes.
///
/// # Panics
/// When it is not there.
#[track_caller]
pub fn size(image: &str) -> u64 {
    let out = docker(&["image", "inspect", "-f", "{{.Size}}", image]).ok();
    match out.stdout.trim().parse() {
        Ok(size) => size,
        Err(_) => panic!("no size\n{}", out.report()),
    }
}

/// What to start a container with.
#[derive(Debug)]
pub struct Builder {
    args: Vec<String>,
    name: String,
    image: String,
    command: Vec<String>,
}

/// A name that no other container has.
fn unique(name: &str) -> String {
    format!("{name}-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Builder {
    fn new(name: String, image: String) -> Self {
        let args = vec!["--name".into(), name.clone(), "--hostname".into(), name.clone()];
        Builder { args, name, image, command: Vec::new() }
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.args.extend(["-e".into(), format!("{name}={value}")]);
        self
    }

    /// A directory of the host, read-only.
    #[must_use]
    pub fn mount(mut self, from: &Path, to: &str) -> Self {
        self.args.extend(["-v".into(), format!("{}:{to}:ro", from.display())]);
        self
    }

    /// Another option of `docker run`.
    #[must_use]
    pub fn option(mut self, option: &str) -> Self {
        self.args.push(option.to_owned());
        self
    }

    /// Another command than the image's.
    #[must_use]
    pub fn command(mut self, command: &[&str]) -> Self {
        self.command = command.iter().map(|&word| word.to_owned()).collect();
        self
    }

    /// Starts it.
    #[track_caller]
    pub fn start(self) -> Container {
        Call::new("docker")
            .args(["run", "-d"])
            .args(&self.args)
            .arg(&self.image)
            .args(&self.command)
            .run()
            .ok();
        Container { name: self.name }
    }
}

/// A container that is removed with the value.
#[derive(Debug)]
pub struct Container {
    /// Its name, which is also its host name and so the minion's id.
    pub name: String,
}

impl Container {
    /// A container whose minion belongs to `master`; its id is `name` with a number behind it.
    pub fn builder(master: &Master, name: &str) -> Builder {
        let name = unique(name);
        let mut config = master.address();
        if let Some(map) = config.as_object_mut() {
            map.insert("recon_default".into(), 50.into());
            map.insert("recon_max".into(), 200.into());
        }
        let file = format!("containers/{name}/test.conf");
        let path = master.tree.write(&file, config.to_string());
        let builder = Builder::new(name, image().to_owned());
        builder.mount(path.parent().unwrap_or(&path), "/etc/rsalt/minion.d")
    }

    /// A container of the base image, without a minion, in which commands are to be run. It ends by itself
    /// after half an hour, should the test be killed.
    #[track_caller]
    pub fn bare(name: &str) -> Builder {
        bins::script("setup", &["engine"]);
        // The shell reaps what its commands leave behind.
        let waits = ["sh", "-c", "sleep 1800 & wait $!"];
        Builder::new(unique(name), base_image()).option("--rm").command(&waits)
    }

    /// Starts one with these grains.
    #[track_caller]
    pub fn start(master: &Master, name: &str, grains: &Value) -> Self {
        Self::builder(master, name).env("RSALT_GRAINS", &grains.to_string()).start()
    }

    /// A command inside.
    #[track_caller]
    pub fn exec(&self, command: &[&str]) -> Output {
        Call::new("docker").args(["exec", &self.name]).args(command).run()
    }

    /// What its first process wrote.
    #[track_caller]
    pub fn log(&self) -> String {
        let out = docker(&["logs", &self.name]);
        out.stdout + &out.stderr
    }

    /// Waits for its end and returns the exit code.
    ///
    /// # Panics
    /// When it does not end.
    #[track_caller]
    pub fn exit_code(&self) -> i32 {
        wait_for(&format!("the end of container {}", self.name), || {
            let out = docker(&["inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", &self.name]).ok();
            out.stdout.trim().strip_prefix("exited ").and_then(|code| code.parse().ok())
        })
    }

    /// Ends it as a crash would.
    #[track_caller]
    pub fn kill(&self) {
        docker(&["kill", &self.name]).ok();
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("---- log of container {} ----\n{}", self.name, self.log());
        }
        let _ = Command::new("docker").args(["rm", "-f", "-v", &self.name]).output();
    }
}

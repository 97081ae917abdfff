//! Thousands of minions in one process, for the measurements of docs/benchmarks.md: the product's own
//! connection, session, job table and spool, each minion with its own key and directory. Only what a job
//! does is made up: `test.ping`, `test.echo`, `test.arg`, `grains.items` and `swarm.fetch` (reads files).
//!
//! Prints one line of JSON whenever something is worth knowing: `{"connected": n}` each time another tenth
//! of the minions is connected (or all of them are), and `{"ran": n}` at the end. Ends when its standard
//! input does. A minion needs three file descriptors: two connections and the file of the jobs it has seen.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use clap::Parser;
use data::{Dict, Value};
use minion::conn::{self, Asker};
use minion::health::Health;
use minion::host::Cancel;
use minion::job::{JobRunner, Jobs, Limits, Outcome};
use proto::config::MinionConfig;
use proto::keys::StaticKey;
use proto::message::Job;
use tokio_util::sync::CancellationToken;

/// Many minions in one process.
#[derive(Parser)]
struct Options {
    /// How many minions.
    #[arg(long, default_value_t = 1000)]
    count: usize,
    /// The number of the first one: minions are called swarm-<number>.
    #[arg(long, default_value_t = 0)]
    first: usize,
    /// The master's address.
    #[arg(long, default_value = "127.0.0.1")]
    master: String,
    /// Its request port.
    #[arg(long, default_value_t = 4506)]
    ret_port: u16,
    /// Its publish port.
    #[arg(long, default_value_t = 4505)]
    publish_port: u16,
    /// The directory for keys and spools. Put it in memory where the disk is not what is measured.
    #[arg(long)]
    root: PathBuf,
    /// Minions that begin to connect in a second; 0: all at once.
    #[arg(long, default_value_t = 0)]
    rate: usize,
    /// Threads that serve the connections.
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

/// Runs what the swarm knows.
struct Runner {
    grains: Value,
    asker: Asker,
    ran: Arc<AtomicUsize>,
}

impl JobRunner for Runner {
    fn run(&self, job: &Job, _cancel: &Cancel) -> Outcome {
        self.ran.fetch_add(1, Ordering::Relaxed);
        let first = || job.arg.first().cloned().unwrap_or_default();
        let done = |ret: Value| Outcome { ret, retcode: 0, success: true, out: None };
        match job.fun.as_str() {
            "test.ping" => done(true.into()),
            "test.echo" => done(first()),
            "test.arg" => done(Value::from(job.arg.clone())),
            "grains.items" => done(self.grains.clone()),
            "swarm.fetch" => match fetch::tree(&self.asker, self.grains.clone()) {
                Ok(files) => done(files.into()),
                Err(error) => Outcome { ret: error.into(), retcode: 1, success: false, out: None },
            },
            other => {
                let text = format!("'{other}' is not available.");
                Outcome { ret: text.into(), retcode: 254, success: false, out: None }
            }
        }
    }

    fn grains(&self) -> Value {
        self.grains.clone()
    }

    fn pillar(&self) -> Value {
        Value::dict()
    }
}

/// What a minion fetches for a state run: the pillar, the list of files, and every one of them.
mod fetch {
    use minion::conn::Asker;
    use proto::message::{ChunkRequest, FileRequest, PillarRequest, Reply, Request};

    pub(crate) fn tree(asker: &Asker, grains: data::Value) -> Result<i64, String> {
        let ask = |request| asker.ask(request).map_err(|e| e.to_string());
        ask(Request::Pillar(PillarRequest { grains, ..PillarRequest::default() }))?;
        let base = || "base".to_string();
        let Reply::Names(names) = ask(Request::FileList { saltenv: base() })? else {
            return Err("no list of files".to_string());
        };
        let mut bytes = 0;
        for path in names {
            let file = FileRequest { path, saltenv: base() };
            let Reply::FileInfo(Some(info)) = ask(Request::FileInfo(file.clone()))? else {
                return Err(format!("{} is not there", file.path));
            };
            let mut offset = 0;
            while offset < info.size {
                let wanted = ChunkRequest { file: file.clone(), offset, length: proto::message::file::CHUNK };
                let Reply::FileChunk(chunk) = ask(Request::FileChunk(wanted))? else {
                    return Err(format!("{} is not read", file.path));
                };
                if chunk.data.is_empty() {
                    return Err(format!("{} became shorter", file.path));
                }
                offset += chunk.data.len() as u64;
                bytes += chunk.data.len() as i64;
            }
        }
        Ok(bytes)
    }
}

/// Grains as a container has them, of the same size: what a target matches against and the master keeps.
fn grains(id: &str, number: usize) -> Value {
    let address = format!("10.{}.{}.{}", (number >> 16) & 255, (number >> 8) & 255, number & 255);
    let text = |pairs: &[(&str, &str)]| {
        pairs.iter().fold(Dict::new(), |dict, (name, value)| dict.with(*name, *value))
    };
    let mut grains = text(&[
        ("os", "Debian"),
        ("os_family", "Debian"),
        ("osrelease", "12"),
        ("oscodename", "bookworm"),
        ("osfinger", "Debian-12"),
        ("osfullname", "Debian GNU/Linux"),
        ("kernel", "Linux"),
        ("kernelrelease", "6.1.0-30-amd64"),
        ("cpuarch", "x86_64"),
        ("osarch", "amd64"),
        ("cpu_model", "Common processor of a server, 2.50GHz"),
        ("virtual", "container"),
        ("virtual_subtype", "Docker"),
        ("init", "unknown"),
        ("shell", "/bin/sh"),
        ("path", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("pythonversion", "3.11.2"),
        ("saltversion", "3008.3"),
        ("username", "root"),
        ("master", "127.0.0.1"),
    ]);
    grains.insert("id", id);
    grains.insert("host", id);
    grains.insert("fqdn", format!("{id}.example.org"));
    grains.insert("machine_id", format!("{number:032x}"));
    grains.insert("num_cpus", 2);
    grains.insert("mem_total", 2048);
    grains.insert("uid", 0);
    grains.insert("ipv4", Value::from(vec![Value::from("127.0.0.1"), Value::from(address.as_str())]));
    grains.insert("ip_interfaces", Dict::new().with("lo", "127.0.0.1").with("eth0", address.as_str()));
    grains.insert("hwaddr_interfaces", Dict::new().with("eth0", format!("02:42:{number:08x}")));
    grains.insert("roles", Value::from(vec![Value::from(format!("role{}", number % 10))]));
    grains.into()
}

fn main() {
    let options = Options::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(options.threads.max(1))
        .max_blocking_threads(4)
        .enable_all()
        .build();
    let outcome = match runtime {
        Ok(runtime) => runtime.block_on(swarm(&options)),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = outcome {
        eprintln!("rsalt-swarm: {error}");
        std::process::exit(1);
    }
    // Jobs that still run have threads of their own: they end with the process.
    std::process::exit(0);
}

async fn swarm(options: &Options) -> Result<(), String> {
    let conf = options.root.join("conf");
    std::fs::create_dir_all(&conf).map_err(|e| format!("{}: {e}", conf.display()))?;
    let text = format!(
        "id: swarm\nroot_dir: {}\nmaster: {}\npublish_port: {}\nmaster_port: {}\nrecon_max: 3000\n",
        options.root.display(),
        options.master,
        options.publish_port,
        options.ret_port
    );
    std::fs::write(conf.join("minion"), text).map_err(|e| e.to_string())?;
    let base = MinionConfig::load_with_env(&conf, &|_| None).map_err(|e| e.to_string())?;

    let stop = CancellationToken::new();
    let connected = Arc::new(AtomicUsize::new(0));
    let ran = Arc::new(AtomicUsize::new(0));
    let start = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for number in options.first..options.first + options.count {
        if options.rate > 0 {
            let due = Duration::from_secs_f64((number - options.first) as f64 / options.rate as f64);
            tokio::time::sleep_until((start + due).into()).await;
        }
        let minion = minion(&base, number, &connected, &ran, options.count)?;
        let stop = stop.clone();
        tasks.spawn(async move {
            let (config, parts) = minion;
            if let Err(error) = conn::serve(&config, parts, true, stop).await {
                eprintln!("rsalt-swarm: {}: {error}", config.id);
            }
        });
    }
    // The end of standard input is the end of whoever started this.
    let ended = tokio::task::spawn_blocking(|| {
        let mut rest = Vec::new();
        let _ = std::io::stdin().read_to_end(&mut rest);
    });
    ended.await.map_err(|e| e.to_string())?;
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    say("ran", ran.load(Ordering::Relaxed));
    Ok(())
}

fn minion(
    base: &MinionConfig,
    number: usize,
    connected: &Arc<AtomicUsize>,
    ran: &Arc<AtomicUsize>,
    all: usize,
) -> Result<(MinionConfig, conn::Parts), String> {
    let id = format!("swarm-{number}");
    let mut config = base.clone();
    let home = config.root_dir.join(&id);
    config.id.clone_from(&id);
    config.common.pki_dir = home.join("pki");
    config.common.cachedir = home.join("cache");
    let key = StaticKey::load_or_generate(&config.common.pki_dir, "minion").map_err(|e| e.to_string())?;
    let (asker, asks) = conn::asker(&config);
    let grains = grains(&id, number);
    let runner: Arc<dyn JobRunner> = Arc::new(Runner { grains, asker, ran: Arc::clone(ran) });
    let (jobs, done) = Jobs::open(&id, &config.cachedir, Limits::side_by_side(8), Arc::clone(&runner))
        .map_err(|e| e.to_string())?;
    let connected = Arc::clone(connected);
    let was = std::sync::atomic::AtomicBool::new(false);
    let health = Health::call(move |now| {
        if was.swap(now, Ordering::Relaxed) == now {
            return;
        }
        if !now {
            connected.fetch_sub(1, Ordering::Relaxed);
            return;
        }
        let count = connected.fetch_add(1, Ordering::Relaxed) + 1;
        if count.is_multiple_of((all / 10).max(1)) || count == all {
            say("connected", count);
        }
    });
    Ok((config, conn::Parts { key, runner, jobs, done, asks, health }))
}

fn say(what: &str, count: usize) {
    let mut out = std::io::stdout().lock();
    // Whoever listened is gone, and with it the reason to go on.
    let _ = writeln!(out, "{{\"{what}\": {count}}}").and_then(|()| out.flush());
}

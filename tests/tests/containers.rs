//! Real containers: the minion as first process, the formula, and what happens when one dies.

use std::process::Command;
use std::time::Duration;

use rsalt_tests::process::Daemon;
use rsalt_tests::{Call, Container, Master, Tree, bins, docker, net, tree, wait_for};
use serde_json::{Value, json};

fn master() -> Master {
    Master::builder().auto_accept().interface(docker::bridge()).start()
}

/// What the formula fetches, served on the bridge.
struct Sources {
    _tree: Tree,
    _servers: [Daemon; 2],
    pillar: Value,
}

fn sources() -> Sources {
    let host = docker::bridge();
    let tree = Tree::new();
    Call::new(bins::repository().join("demo/make_sources")).arg(tree.join("out")).run().ok();
    let (git_port, index_port) = (net::free_port(host), net::free_port(host));
    let mut git = Command::new("git");
    git.args(["daemon", "--reuseaddr", "--export-all"]);
    git.arg(format!("--base-path={}", tree.join("out/git").display()));
    git.args([format!("--listen={host}"), format!("--port={git_port}")]);
    let mut index = Command::new("python3");
    index.args(["-m", "http.server", "--bind", &host.to_string(), "--directory"]);
    index.arg(tree.join("out")).arg(index_port.to_string());
    let servers = [
        Daemon::start("git daemon", git, &tree.join("git.log")),
        Daemon::start("package index", index, &tree.join("index.log")),
    ];
    for port in [git_port, index_port] {
        wait_for("a server of the sources", || std::net::TcpStream::connect((host, port)).ok());
    }
    let pillar = json!({"saltycontainer": {
        "git_repo": format!("git://{host}:{git_port}/service.git"),
        "git_rev": "main",
        "pip_package": "saltygreeting==1.0",
        "pip_index_url": format!("http://{host}:{index_port}/simple/"),
        "pip_trusted_host": host.to_string(),
    }});
    Sources { _tree: tree, _servers: servers, pillar }
}

#[test]
fn three_containers_with_grains() {
    let master = Master::builder().interface(docker::bridge()).start();
    let salty = json!({"roles": ["saltycontainer"]});
    let one = Container::start(&master, "one", &salty);
    let two = Container::start(&master, "two", &salty);
    let other = Container::start(&master, "other", &json!({"roles": ["other"]}));
    for container in [&one, &two, &other] {
        master.wait_for_key(&container.name, "minions_pre");
    }
    master.key(&["-A", "-y"]).ok();
    let (code, all) = master.json(&["*", "test.ping"]);
    assert_eq!((code, all.as_object().map(serde_json::Map::len)), (0, Some(3)), "{all}");
    let (code, some) = master.json(&["-G", "roles:saltycontainer", "test.ping"]);
    assert_eq!((code, some), (0, json!({&one.name: true, &two.name: true})));
    let (_, grains) = master.json(&["-G", "roles:saltycontainer", "grains.items"]);
    assert_eq!(grains[&one.name]["osfinger"], "Debian-12");
    assert_eq!(grains[&one.name]["virtual_subtype"], "Docker");
    // The first process, and its health.
    let first = one.exec(&["cat", "/proc/1/comm"]).ok();
    assert_eq!(first.stdout, "rsalt-minion\n");
    one.exec(&["rsalt-minion", "--health"]).ok();
}

#[test]
fn the_formula_twice() {
    let sources = sources();
    let master = master();
    tree::copy(&bins::repository().join("states/saltycontainer"), &master.tree.join("states/saltycontainer"));
    master
        .tree
        .write("pillar/top.sls", "base:\n  'roles:saltycontainer':\n    - match: grain\n    - salty\n");
    master.tree.write("pillar/salty.sls", sources.pillar.to_string());
    let container = Container::start(&master, "salty", &json!({"roles": ["saltycontainer"]}));
    master.wait_for_minions(&[&container.name]);

    let apply = |options: &[&str]| {
        let call = master.tool("rsalt").args(["-G", "roles:saltycontainer", "state.sls", "saltycontainer"]);
        call.args(options).args(["--output=json", "--static"]).limit(Duration::from_secs(300)).run()
    };
    let check = |json: &str, options: &[&str]| {
        let file = master.tree.write("state_output.json", json);
        let tool = Call::new(bins::repository().join("scripts/check-result")).arg(file);
        tool.args(["--expect", &container.name]).args(options).run()
    };
    // Dry: something is to be done, and nothing is.
    apply(&["test=True"]);
    container.exec(&["test", "-e", "/srv/saltycontainer"]).fails();

    let first = apply(&[]);
    check(&first.stdout, &[]).ok();
    assert_eq!(first.code, 0, "{}", first.report());
    container
        .exec(&["python3", "/srv/saltycontainer/check.py"])
        .ok()
        .says(&["Hello, demo, from a salty container"]);

    let second = apply(&[]);
    check(&second.stdout, &["--no-changes"]).ok();
    assert_eq!(second.code, 0, "{}", second.report());

    // The check fails for a state that fails and for a minion that is not there.
    check(&first.stdout.replacen("\"result\": true", "\"result\": false", 1), &[]).exits(1);
    check("{}", &[]).exits(1).says(&["missing"]);
}

#[test]
fn killed_in_mid_job() {
    let master = master();
    let stays = Container::start(&master, "stays", &json!({}));
    let dies = Container::start(&master, "dies", &json!({}));
    master.wait_for_minions(&[&stays.name, &dies.name]);
    let job = master
        .tool("rsalt")
        .args(["-t", "2", "*", "cmd.run", "sleep 8; echo done", "--out=json", "--static"])
        .start();
    wait_for("the job to run", || {
        let (_, running) = master.json(&[&dies.name, "saltutil.running"]);
        running[&dies.name].to_string().contains("sleep 8").then_some(())
    });
    dies.kill();
    let out = job.wait(Duration::from_secs(60)).exits(1);
    assert_eq!(out.json()[&stays.name], "done", "{}", out.report());
    assert_eq!(out.json()[&dies.name], "Minion did not return. [not connected]", "{}", out.report());
}

#[test]
fn the_containers_own_command_gives_the_status() {
    let master = master();
    let container = Container::builder(&master, "seven").command(&["--", "sh", "-c", "exit 7"]).start();
    assert_eq!(container.exit_code(), 7);
    let container = Container::builder(&master, "killed").command(&["--", "sh", "-c", "kill -9 $$"]).start();
    assert_eq!(container.exit_code(), 137);
}

#[test]
fn a_command_beside_the_minion() {
    let master = master();
    let container = Container::builder(&master, "beside")
        .command(&["--", "sh", "-c", "trap 'exit 3' TERM; echo started; while :; do sleep 0.1; done"])
        .start();
    master.wait_for_minions(&[&container.name]);
    wait_for("the command's output", || container.log().contains("started").then_some(()));
    docker::docker(&["stop", "-t", "20", &container.name]).ok();
    assert_eq!(
        container.exit_code(),
        3,
        "the signal is forwarded, and the command's status is the container's"
    );
}

#[test]
fn stops_when_asked() {
    let master = master();
    let container = Container::start(&master, "stop", &json!({}));
    master.wait_for_minions(&[&container.name]);
    let out = docker::docker(&["stop", "-t", "30", &container.name]).ok();
    assert!(out.took < Duration::from_secs(15), "{}", out.report());
    assert_eq!(container.exit_code(), 0);
}

#[test]
fn no_zombies_after_200_jobs() {
    let master = master();
    let container = Container::start(&master, "jobs", &json!({}));
    master.wait_for_minions(&[&container.name]);
    for _ in 0..20 {
        // Each one leaves an orphan behind that ends later.
        let jobs: Vec<_> = (0..10)
            .map(|_| master.tool("rsalt").args([&container.name, "cmd.run", "(sleep 0.1 &) ; true"]).start())
            .collect();
        for job in jobs {
            job.wait(Duration::from_secs(60)).ok();
        }
    }
    let states = "for f in /proc/[0-9]*/stat; do read -r line <$f && rest=${line##*) } && echo ${rest%% *}; done 2>/dev/null";
    wait_for("no zombie to be left", || {
        let out = container.exec(&["sh", "-c", states]).ok();
        (!out.stdout.contains('Z')).then_some(())
    });
    assert_eq!(master.json(&[&container.name, "test.ping"]), (0, json!({&container.name: true})));
}

#[test]
fn the_image_is_small() {
    let grown = docker::size(docker::image()) - docker::size(&docker::base_image());
    assert!(grown < 12 * 1024 * 1024, "base + {grown} bytes");
}

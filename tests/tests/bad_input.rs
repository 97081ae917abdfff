//! Bad input: one clear line that names the file, line or id, an exit code that is not 0, and nothing
//! half-done.

use rsalt_tests::{Call, Master, Minion, Output, Tree, bins, wait_for};
use serde_json::json;

/// `rsalt-call --local ARGS…` over a file root with `case.sls`.
fn local(sls: &str, args: &[&str]) -> (Output, Tree) {
    let tree = Tree::new();
    let config = json!({
        "id": "bad", "root_dir": tree.join("root"), "file_client": "local",
        "file_roots": {"base": [tree.join("states")]}, "pillar_roots": {"base": [tree.join("pillar")]},
        "grains": {"root": tree.path()},
    });
    tree.write("conf/minion", config.to_string());
    tree.write("states/case.sls", sls);
    let call = Call::new(bins::path("rsalt-call")).args(["--local", "--retcode-passthrough"]);
    (call.arg("-c").arg(tree.join("conf")).args(args).run(), tree)
}

#[test]
fn sls_files() {
    // Each has a first state that writes a file: it must not run.
    let first = "first:\n  file.managed:\n    - name: {{ grains.root }}/half-done\n    - contents: x\n";
    for (what, sls, words) in [
        ("broken YAML", "one:\n  test.nop:\n    - name: x\n   - bad: indent\n", &["case", "line 8"][..]),
        ("broken Jinja", "{% if %}\n", &["case", "line 5"]),
        (
            "undefined variable",
            "one:\n  test.nop:\n    - name: {{ nobody }}\n",
            &["case", "'nobody' is undefined", "line 7"],
        ),
        (
            "missing requisite",
            "one:\n  test.nop:\n    - require: [{test: nobody}]\n",
            &["nobody", "[one]", "case"],
        ),
        (
            "recursive requisite",
            "one:\n  test.nop:\n    - require: [{test: two}]\ntwo:\n  test.nop:\n    - require: [{test: one}]\n",
            &["ecursive requisite", "one", "two"],
        ),
        ("duplicate id", "first:\n  test.nop\n", &["first", "line 5"]),
        ("not a dictionary", "- list\n", &["case"]),
    ] {
        let (out, tree) = local(&format!("{first}{sls}"), &["state.sls", "case"]);
        let out = out.fails();
        for word in words {
            assert!(
                out.stdout.contains(word) || out.stderr.contains(word),
                "{what}: no {word:?} in\n{}",
                out.report()
            );
        }
        assert_eq!(tree.read("half-done"), None, "{what}: a state ran");
    }
}

#[test]
fn unknown_states_and_functions() {
    let (out, _tree) = local("one:\n  test.no_such\n", &["state.sls", "case"]);
    out.fails().says(&["State 'test.no_such' was not found in SLS 'case'"]);
    let (out, _tree) = local("", &["no.such"]);
    out.fails().says(&["'no.such' is not available."]);
    let (out, _tree) = local("", &["state.sls", "nowhere"]);
    out.fails().says(&["No matching sls found for 'nowhere' in env 'base'"]);
}

#[test]
fn missing_file_and_wrong_hash() {
    let sls = "one:\n  file.managed:\n    - name: {{ grains.root }}/out\n    - source: salt://no/such/file\n";
    let (out, tree) = local(sls, &["state.sls", "case"]);
    out.fails().says(&["salt://no/such/file"]);
    assert_eq!(tree.read("out"), None);
    // The hash of a remote file is what the source is checked against.
    let tree = Tree::new();
    let source = tree.write("source", "text");
    let sls = format!(
        "one:\n  file.managed:\n    - name: {{{{ grains.root }}}}/out\n    - source: {}\n    - source_hash: sha256={}\n",
        source.display(),
        "0".repeat(64)
    );
    let (out, place) = local(&sls, &["state.sls", "case"]);
    out.fails().says(&["does not match", &"0".repeat(64)]);
    assert_eq!(place.read("out"), None);
}

#[test]
fn files_outside_the_roots() {
    let master = Master::start();
    master.tree.write("outside", "secret");
    master.tree.write("states/inside", "fine");
    let minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let target = minion.tree.join("got");
    let target = target.display().to_string();
    for path in ["salt://../outside", "salt://x/../../outside", "salt:///../outside", "salt://..//outside"] {
        master.rsalt(&["m", "cp.get_file", path, &target]);
        assert_eq!(minion.tree.read("got"), None, "{path} was served");
    }
    master.rsalt(&["m", "cp.get_file", "salt://inside", &target]).ok();
    assert_eq!(minion.tree.read("got").as_deref(), Some("fine"));
}

#[test]
fn config_files() {
    for (name, tool, args) in [
        ("minion", "rsalt-call", &["--local", "test.ping"][..]),
        ("minion", "rsalt-minion", &[]),
        ("master", "rsalt-master", &[]),
        ("master", "rsalt", &["*", "test.ping"]),
        ("master", "rsalt-key", &["-L"]),
        ("master", "rsalt-run", &["manage.up"]),
    ] {
        for (text, word) in
            [("- just\n- a list\n", "map"), ("a: b: c\n", "line 1"), ("publish_port: many\n", "publish_port")]
        {
            let tree = Tree::new();
            let path = tree.write(name, text);
            let out = Call::new(bins::path(tool)).arg("-c").arg(tree.path()).args(args).run().exits(78);
            let said = out.stderr.trim_end();
            assert!(said.contains(&path.display().to_string()) && said.contains(word), "{}", out.report());
            assert_eq!(said.lines().count(), 1, "{}", out.report());
        }
    }
}

#[test]
fn unknown_config_keys_are_one_warning() {
    let tree = Tree::new();
    tree.write(
        "minion",
        json!({"id": "m", "root_dir": tree.path(), "no_such_key": 1, "nor_this": 2}).to_string(),
    );
    let call = Call::new(bins::path("rsalt-call")).arg("-c").arg(tree.path());
    let out = call.args(["--local", "test.ping"]).run().ok();
    let lines: Vec<&str> = out.stderr.lines().filter(|line| line.contains("no_such_key")).collect();
    assert!(lines.len() == 1 && lines[0].contains("nor_this"), "{}", out.report());
}

#[test]
fn no_master_to_talk_to() {
    let tree = Tree::new();
    tree.write("master", json!({"root_dir": tree.path()}).to_string());
    let call = || Call::new(bins::path("rsalt")).arg("-c").arg(tree.path());
    let out = call().args(["*", "test.ping"]).run().exits(69);
    assert_eq!(out.stderr.trim_end().lines().count(), 1, "{}", out.report());
}

#[test]
fn a_full_disk_under_the_spool() {
    let master = Master::start();
    // A file system of its own, so small that it can be filled.
    let minion = Minion::prepare(&master, "full", json!({}));
    let cache = minion.tree.join("var/cache/rsalt");
    std::fs::create_dir_all(&cache).unwrap();
    Call::new("/bin/mount").args(["-t", "tmpfs", "-o", "size=1m", "rsalt-test"]).arg(&cache).run().ok();
    let mounted = Mounted(cache.clone());
    let mut minion = minion;
    minion.up();
    master.wait_for_minions(&["full"]);
    wait_for("the disk to be full", || {
        std::fs::write(cache.join("filler"), vec![0u8; 2 << 20]).is_err().then_some(())
    });
    let fill = |name: String| std::fs::write(cache.join(name), vec![0u8; 4096]).is_err();
    wait_for("the last block to be taken", || {
        static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        fill(format!("more-{}", NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed))).then_some(())
    });
    let place = Tree::new();
    let command = format!("touch {}", place.join("ran").display());
    let out = master.rsalt(&["full", "cmd.run", &command]).fails();
    let out = out.says(&["refuses this job", "No space left on device"]);
    assert!(out.stdout.contains(&cache.display().to_string()), "{}", out.report());
    assert_eq!(place.read("ran"), None, "a job whose answer cannot be kept must not run");
    // Room again: it goes on.
    for entry in std::fs::read_dir(&cache).unwrap().flatten() {
        if entry.path().is_file() {
            std::fs::remove_file(entry.path()).unwrap();
        }
    }
    wait_for("the minion to work again", || {
        (master.json(&["full", "test.ping"]) == (0, json!({"full": true}))).then_some(())
    });
    minion.down();
    drop(mounted);
}

/// A mount that goes with the value.
struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

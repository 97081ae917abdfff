//! A site's own modules: from the master's file roots to the minions, and called there like built-in ones.

use rsalt_tests::{Call, Master, Minion, Tree, bins, tree, wait_for};
use serde_json::{Value, json};

/// The modules that ship as examples, and one in Rust.
fn examples(into: &std::path::Path) {
    tree::copy(&bins::repository().join("examples/site/."), into);
    tree::copy(std::path::Path::new(env!("CARGO_BIN_EXE_words")), &into.join("_modules/words"));
}

/// `rsalt-call --local` with a file root of its own.
struct Local(Tree);

impl Local {
    fn new() -> Self {
        let own = Tree::new();
        own.write(
            "conf/minion",
            json!({"id": "own", "root_dir": own.path(), "file_client": "local"}).to_string(),
        );
        own.write("states/.keep", "");
        Local(own)
    }

    fn call(&self, args: &[&str]) -> Call {
        Call::new(bins::path("rsalt-call"))
            .arg("-c")
            .arg(self.0.join("conf"))
            .args(["--local", "--out=json"])
            .arg("--file-root")
            .arg(self.0.join("states"))
            .args(args)
    }

    #[track_caller]
    fn answer(&self, args: &[&str]) -> Value {
        self.call(args).run().json()["local"].clone()
    }
}

#[test]
fn modules_reach_minions_and_are_called_there() {
    let master = Master::builder().auto_accept().start();
    let states = master.tree.join("states");
    let place = Tree::new();
    place.write("motd", "one \"two\"\n\\three\n");
    let journal = place.join("journal");
    let config = json!({"grains": {"root": place.path()}, "returner.journal.path": journal});
    // Before the minion starts there is one module: it is there without anybody asking for it.
    master.tree.write("states/_modules/early.py", "def there():\n    return __opts__['id']\n");
    let _minion = Minion::with(&master, "m1", config);
    master.wait_for_minions(&["m1"]);
    wait_for("the module that was there at the start", || {
        (master.json(&["m1", "early.there"]).1["m1"] == "m1").then_some(())
    });

    examples(&states);
    let (code, synced) = master.json(&["m1", "saltutil.sync_all"]);
    assert_eq!(code, 0, "{synced}");
    let synced = &synced["m1"];
    assert_eq!(synced["modules"], json!(["modules.disk", "modules.greet", "modules.motd", "modules.words"]));
    assert_eq!((&synced["states"], &synced["grains"]), (&json!(["states.motd"]), &json!(["grains.rack"])));
    let (_, again) = master.json(&["m1", "saltutil.sync_all"]);
    assert_eq!((&again["m1"]["modules"], &again["m1"]["states"]), (&json!([]), &json!([])));

    for (args, expected) in [
        (vec!["m1", "words.count", "a b a", "least=2"], json!({"a": 2})),
        (vec!["m1", "greeting.hello", "you", "loud=True"], json!("HELLO YOU")),
        (vec!["m1", "grains.get", "rack:from"], json!("example")),
        (vec!["m1", "sys.list_functions", "fill"], json!(["fill.check", "fill.usage"])),
    ] {
        let (code, answer) = master.json(&args);
        assert_eq!((code, &answer["m1"]), (0, &expected), "{args:?}");
    }
    let (_, used) = master.json(&["m1", "fill.usage", "/", "unit=MiB"]);
    assert!(used["m1"]["total"].as_u64().is_some_and(|total| total > 0), "{used}");
    let (code, refused) = master.json(&["m1", "fill.check", "/", "percent=-1"]);
    assert_eq!(code, 2);
    assert!(
        refused["m1"].as_str().is_some_and(|text| text.contains("/ is ") && text.contains("% full")),
        "{refused}"
    );
    let (code, wrong) = master.json(&["m1", "fill.usage", "path=/", "colour=red"]);
    assert_eq!((code, wrong["m1"].as_str().is_some_and(|t| t.contains("colour=red"))), (2, true), "{wrong}");

    // In SLS files: as a state, from templates, in requisites.
    master.tree.write(
        "states/use.sls",
        "told:\n  motd.line:\n    - name: {{ grains.root }}/lines\n    - text: {{ salt['greeting.hello']('all') }}\n    \
         - onlyif:\n      - fun: words.count\n        text: a\n    - require:\n      - module: counted\n\
         counted:\n  module.run:\n    - words.count:\n      - text: b c\n",
    );
    let (code, dry) = master.json(&["m1", "state.apply", "use", "test=True"]);
    let state = |answer: &Value, key: &str| {
        let states = answer["m1"].as_object().unwrap_or_else(|| panic!("no states: {answer}")).values();
        states.clone().find(|s| s["__id__"] == "told").unwrap_or_else(|| panic!("{answer}"))[key].clone()
    };
    assert_eq!((code, state(&dry, "result")), (0, Value::Null), "{dry}");
    assert_eq!(place.read("lines"), None);
    let (code, first) = master.json(&["m1", "state.apply", "use"]);
    assert_eq!(
        (code, state(&first, "changes")),
        (0, json!({"line": {"old": null, "new": "Hello all"}})),
        "{first}"
    );
    assert_eq!(place.read("lines").as_deref(), Some("Hello all\n"));
    let (_, second) = master.json(&["m1", "state.apply", "use"]);
    assert_eq!((state(&second, "result"), state(&second, "changes")), (json!(true), json!({})));

    // A return goes where it is wanted as well.
    let (code, _) = master.json(&["m1", "test.echo", "kept", "--return=journal"]);
    assert_eq!(code, 0);
    let line: Value = serde_json::from_str(&place.read("journal").unwrap()).unwrap();
    assert_eq!(
        (&line["id"], &line["fun"], &line["return"]),
        (&json!("m1"), &json!("test.echo"), &json!("kept"))
    );

    // What is gone on the master is gone on the minion.
    std::fs::remove_file(states.join("_modules/words")).unwrap();
    assert_eq!(master.json(&["m1", "saltutil.sync_modules"]).0, 0);
    let (code, gone) = master.json(&["m1", "words.count", "a"]);
    assert_eq!((code, &gone["m1"]), (2, &json!("'words.count' is not available.")));
}

#[test]
fn runners_of_the_site() {
    let master = Master::builder().auto_accept().start();
    examples(&master.tree.join("states"));
    master.tool("rsalt-run").args(["fleet.about"]).run().exits(1).says(&["'fleet.about' is not available."]);
    assert_eq!(master.runner(&["saltutil.sync_runners"]), json!(["runners.fleet"]));
    assert_eq!(master.runner(&["saltutil.sync_runners"]), json!([]));
    let told = master.runner(&["fleet.about", "question=name"]);
    assert!(told["name"].as_str().is_some_and(|name| !name.is_empty()), "{told}");
    master
        .tool("rsalt-run")
        .args(["fleet.nothing"])
        .run()
        .exits(1)
        .says(&["'fleet.nothing' is not available."]);
}

#[test]
fn errors_come_back() {
    let local = Local::new();
    let write = |name: &str, text: &str| local.0.write(format!("states/{name}"), text);
    let describes =
        "#!/bin/sh\n[ \"$1\" = --describe ] && { echo '{\"functions\": {\"f\": {}, \"g\": {}}}'; exit; }\n";
    write("_modules/fails", &format!("{describes}echo 'out of paper' >&2; exit 3\n"));
    write("_modules/babbles", &format!("{describes}echo 'no JSON'; echo 'but words' >&2\n"));
    write(
        "_modules/tells",
        &format!("{describes}echo '{{\"error\": \"no\", \"exception\": \"SaltInvocationError\"}}'; exit 1\n"),
    );
    write("_modules/mute", "#!/bin/sh\necho 'I do not say' >&2; exit 1\n");
    write(
        "_modules/raises.py",
        "import sys\n\ndef f():\n    sys.stderr.write('before')\n    raise ValueError('wrong')\n",
    );
    write(
        "_modules/ends.py",
        "import os\n\ndef f():\n    os._exit(3)\n\ndef g():\n    raise SystemExit(1)\n",
    );
    write("_modules/wrong.py", "def f(:\n");
    write(
        "_modules/again.py",
        "def f():\n    return __salt__['again.g']() + __salt__['test.echo'](1)\n\ndef g():\n    return 1\n",
    );
    write("_modules/notes.txt", "no module\n");
    local.answer(&["saltutil.sync_all"]);
    for (fun, says) in [
        ("fails.f", &["/fails ended with status 3", "stderr: out of paper"][..]),
        ("babbles.f", &["/babbles answers with no dict as JSON", "stderr: but words"]),
        ("tells.f", &["Passed invalid arguments: no."]),
        ("mute.f", &["salt://_modules/mute cannot be used: --describe ended with status 1", "I do not say"]),
        ("raises.f", &["ERROR", "wrong", "raises.py\", line 5, in f", "stderr: before"]),
        ("ends.f", &["it ended without an answer"]),
        ("ends.g", &["the module ends the process: 1"]),
        ("wrong.f", &["salt://_modules/wrong.py cannot be loaded: SyntaxError"]),
        ("notes.f", &["'notes.f' is not available."]),
    ] {
        let out = local.call(&[fun]).run();
        assert_ne!(out.code, 0, "{fun}: {}", out.report());
        let said = format!("{}{}", out.stdout, out.stderr);
        for part in says.iter().filter(|part| **part != "ERROR") {
            assert!(said.contains(part), "{fun} does not say {part:?}: {}", out.report());
        }
    }
    assert_eq!(local.answer(&["again.f"]), 2);
    // Files are root's alone.
    let extmods = local.0.join("var/cache/rsalt/minion/extmods");
    for path in [extmods.join("modules"), extmods.join("modules/again.py"), extmods.join("index.json")] {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}: {mode:o}", path.display());
    }
}

#[test]
fn without_python_the_answer_says_so() {
    let local = Local::new();
    local.0.write("states/_modules/needs.py", "def f():\n    return 1\n");
    local.0.write("states/_states/needs.py", "def f(name):\n    return {}\n");
    local.0.write("states/use.sls", "it:\n  needs.f: []\n");
    local.0.write("states/_modules/plain", "#!/bin/sh\n[ \"$1\" = f ] || { echo '{\"functions\": {\"f\": {}}}'; exit; }\necho '{\"return\": \"well\"}'\n");
    std::fs::create_dir_all(local.0.join("bin")).unwrap();
    std::os::unix::fs::symlink("/bin/sh", local.0.join("bin/sh")).unwrap();
    let call = |args: &[&str]| local.call(args).env("PATH", local.0.join("bin")).run();
    call(&["saltutil.sync_all"]).ok();
    let missing =
        "needs.py cannot be used: it is written in Python for Salt, and there is no python3 on this minion";
    call(&["needs.f"]).says(&[&format!("salt://_modules/{missing}")]);
    let out = call(&["state.apply", "use"]);
    assert!(out.stdout.contains(&format!("salt://_states/{missing}")), "{}", out.report());
    assert_eq!(call(&["plain.f"]).ok().json()["local"], "well");
}

//! States through the master: files and pillar come from it, results go back to it.

use std::path::Path;

use rsalt_tests::{Master, Minion, bins, tree};
use serde_json::{Value, json};

/// The result of the state with this id.
fn state<'a>(answer: &'a Value, id: &str) -> &'a Value {
    let states = answer.as_object().unwrap_or_else(|| panic!("no states: {answer}"));
    states.values().find(|s| s["__id__"] == id).unwrap_or_else(|| panic!("no state {id}: {answer}"))
}

#[test]
fn files_and_pillar_from_the_master() {
    let master = Master::builder()
        .auto_accept()
        .state("top.sls", "base:\n  'roles:web':\n    - match: grain\n    - web\n")
        .state(
            "web/init.sls",
            "{% from 'web/map.jinja' import web with context %}\n\
             page:\n  file.managed:\n    - name: {{ grains.root }}/page\n    - source: salt://web/files/page.jinja\n    \
             - template: jinja\n    - context: {title: {{ web.title }}}\n\
             link:\n  file.symlink:\n    - name: {{ grains.root }}/link\n    - target: page\n    - require: [{file: page}]\n",
        )
        .state("web/map.jinja", "{% set web = {'title': 'none'} %}\n{% do web.update(salt['pillar.get']('web', {})) %}\n")
        .state("web/files/page.jinja", "{{ title }} on {{ grains.id }}\n")
        .pillar("top.sls", "base:\n  'w*': [web]\n")
        .pillar("web.sls", "web:\n  title: from {{ grains.id }}\n")
        .start();
    let place = rsalt_tests::Tree::new();
    let grains = json!({"roles": ["web"], "root": place.path()});
    let _minion = Minion::with_grains(&master, "w1", grains);
    master.wait_for_minions(&["w1"]);

    let (code, dry) = master.json(&["w1", "state.apply", "web", "test=True"]);
    assert_eq!((code, &state(&dry["w1"], "page")["result"]), (0, &Value::Null));
    assert_eq!(place.read("page"), None, "a dry run writes nothing");

    let (code, first) = master.json(&["w1", "state.highstate"]);
    assert_eq!(code, 0, "{first}");
    assert_eq!(state(&first["w1"], "page")["changes"], json!({"diff": "New file", "mode": "0644"}));
    assert_eq!(place.read("page").as_deref(), Some("from w1 on w1\n"));
    assert_eq!(place.read("link").as_deref(), Some("from w1 on w1\n"));

    let (code, second) = master.json(&["w1", "state.highstate"]);
    assert_eq!(code, 0);
    for result in second["w1"].as_object().unwrap().values() {
        assert_eq!((&result["result"], &result["changes"]), (&json!(true), &json!({})));
    }

    let (_, pillar) = master.json(&["w1", "pillar.get", "web:title", "unmask=True"]);
    assert_eq!(pillar["w1"], "from w1");
    let (code, given) = master.json(&["w1", "state.apply", "web", r#"pillar={"web": {"title": "given"}}"#]);
    assert_eq!(code, 0, "{given}");
    assert_eq!(place.read("page").as_deref(), Some("given on w1\n"));
}

#[test]
fn a_state_that_fails_sets_the_exit_code() {
    let master =
        Master::builder().auto_accept().state("bad.sls", "bad:\n  test.fail_without_changes\n").start();
    let _minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let out = master.rsalt(&["m", "state.sls", "bad"]).exits(2);
    assert!(out.stdout.contains("Failed:    1"), "{}", out.report());
    let out = master.rsalt(&["m", "state.sls", "bad", "--state-output=terse"]).exits(2);
    assert!(
        out.stdout.contains("Name: bad - Function: test.fail_without_changes - Result: Failed"),
        "{}",
        out.report()
    );
}

#[test]
fn the_shipped_formula_renders() {
    let master = Master::builder().auto_accept().start();
    let shipped = bins::repository().join("states/saltycontainer");
    tree::copy(&shipped, &master.tree.join("states/saltycontainer"));
    tree::copy(&shipped.join("pillar.example"), &master.tree.join("pillar/saltycontainer.sls"));
    master.tree.write("pillar/top.sls", "base:\n  '*': [saltycontainer]\n");
    let _minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let (code, low) = master.json(&["m", "state.show_low_sls", "saltycontainer"]);
    assert_eq!(code, 0, "{low}");
    let chunks = low["m"].as_array().unwrap();
    let functions: Vec<String> = chunks
        .iter()
        .map(|c| format!("{}.{}", c["state"].as_str().unwrap(), c["fun"].as_str().unwrap()))
        .collect();
    assert_eq!(functions, ["pkg.installed", "git.latest", "pip.installed", "cmd.run", "cmd.run"]);
    assert_eq!(chunks[1]["name"], "https://example.org/saltycontainer/service.git");
    assert_eq!(chunks[3]["creates"], "/tmp/saltycontainer.log");
}

#[test]
fn a_background_command_outlives_its_job() {
    let place = rsalt_tests::Tree::new();
    let pid = place.join("pid");
    let master = Master::builder()
        .auto_accept()
        .state(
            "start.sls",
            &format!(
                "start:\n  cmd.run:\n    - name: nohup sh -c 'echo $$ >{0}; exec sleep 300' >/dev/null 2>&1 &\n    - creates: {0}\n",
                pid.display()
            ),
        )
        .start();
    let _minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let out = master.rsalt(&["m", "state.sls", "start", "--out=json", "--static"]).ok();
    assert!(out.took.as_secs() < 30, "it must return at once: {}", out.report());
    let number = rsalt_tests::wait_for("the pid", || place.read("pid").filter(|t| t.ends_with('\n')));
    let process = Path::new("/proc").join(number.trim());
    assert!(process.exists(), "it was killed with its job");
    let (_, again) = master.json(&["m", "state.sls", "start"]);
    assert_eq!(state(&again["m"], "start")["changes"], json!({}));
    let _ = std::process::Command::new("kill").arg(number.trim()).status();
}

#[test]
fn many_large_files() {
    // Several chunks each, and not text.
    let bytes: Vec<u8> = (0..3_000_000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let master = Master::start();
    master.tree.write("states/big.bin", &bytes);
    let minion = Minion::start(&master, "m");
    master.wait_for_minions(&["m"]);
    let target = minion.tree.join("copy.bin");
    let (code, answer) = master.json(&["m", "cp.get_file", "salt://big.bin", &target.display().to_string()]);
    assert_eq!((code, &answer["m"]), (0, &json!(target)));
    assert!(std::fs::read(&target).unwrap() == bytes, "the copy differs");
}

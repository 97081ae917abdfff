//! Config files: Salt's keys, what is under them, and what a wrong one says.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};

use data::Value;
use proto::config::{DEFAULT_MASTER, DEFAULT_MINION, MasterAddress, MasterConfig, MinionConfig};

fn dir(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn master(files: &[(&str, &str)]) -> MasterConfig {
    MasterConfig::load(dir(files).path()).unwrap()
}

fn minion(files: &[(&str, &str)], env: &[(&str, &str)]) -> MinionConfig {
    let find = |name: &str| env.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
    MinionConfig::load_with_env(dir(files).path(), &find).unwrap()
}

#[test]
fn the_shipped_files_are_the_defaults() {
    let without = master(&[]);
    let with = master(&[("master", DEFAULT_MASTER)]);
    assert!(without.warnings.is_empty() && with.warnings.is_empty(), "{:?}", with.warnings);
    assert_eq!((with.publish_port, with.ret_port, with.timeout), (4505, 4506, 5.0));
    assert_eq!(without.file_roots, with.file_roots);
    assert_eq!(with.control_socket(), Path::new("/run/rsalt/master/master.sock"));
    let with = minion(&[("minion", DEFAULT_MINION)], &[]);
    assert!(with.warnings.is_empty(), "{:?}", with.warnings);
    assert_eq!(with.master, ["salt"]);
    assert!(!with.id.is_empty(), "the host name");
}

#[test]
fn files_are_read_in_order_and_merge() {
    let config = master(&[
        ("master", "timeout: 7\nnodegroups: {a: x, b: y}\ninclude: extra/*.conf\n"),
        ("master.d/20.conf", "nodegroups: {b: z, c: w}\nret_port: 5506\n"),
        ("master.d/10.conf", "ret_port: 5606\nfile_roots: {base: /srv/other}\n"),
        ("master.d/.hidden.conf", "ret_port: 1\n"),
        ("master.d/ignored.txt", "ret_port: 2\n"),
        ("extra/x.conf", "timeout: 9\n"),
    ]);
    assert_eq!((config.timeout, config.ret_port), (9.0, 5506));
    assert_eq!(format!("{:?}", config.nodegroups), "{'a': 'x', 'b': 'z', 'c': 'w'}");
    // A default is replaced, not merged with.
    assert_eq!(config.file_roots.0, [("base".to_owned(), vec![PathBuf::from("/srv/other")])]);
}

#[test]
fn directories_move_under_root_dir() {
    let config = master(&[(
        "master",
        "root_dir: /opt/r\npki_dir: /keys\ncachedir: /opt/r/cache\nautosign_file: etc/a\n",
    )]);
    assert_eq!(config.pki_dir, Path::new("/opt/r/keys"));
    assert_eq!(config.cachedir, Path::new("/opt/r/cache"));
    assert_eq!(config.sock_dir, Path::new("/opt/r/run/rsalt/master"));
    assert_eq!(config.autosign_file.as_deref(), Some(Path::new("/opt/r/etc/a")));
    assert_eq!(config.opts.get("pki_dir"), Some(&Value::from("/opt/r/keys")));
}

#[test]
fn unknown_keys_are_one_warning_and_salts_own_are_none() {
    let config = master(&[("master", "worker_threads: 5\nzeta: 1\nalpha: 2\ngitfs_remotes: []\n")]);
    let [warning] = config.warnings.as_slice() else { panic!("{:?}", config.warnings) };
    assert!(warning.ends_with("unless a module asks for them: alpha, zeta"), "{warning}");
    assert_eq!(config.opts.get("zeta"), Some(&Value::from(1)));
}

#[test]
fn wrong_files_say_which_and_what() {
    for (files, expected) in [
        (vec![("master", "- a\n- b\n")], "/master: the config is not a map of `key: value` lines but a list"),
        (vec![("master", "just text")], "/master: the config is not a map of `key: value` lines but a str"),
        (vec![("master", "a: [1\nb: 2\n")], "/master: the config is not valid YAML: "),
        (
            vec![("master", "ret_port: many")],
            "/master: ret_port: expected a whole number in range, found 'many'",
        ),
        (
            vec![("master", "ret_port: 70000")],
            "/master: ret_port: expected a whole number in range, found 70000",
        ),
        (
            vec![("master", "auto_accept: perhaps")],
            "/master: auto_accept: expected true or false, found 'perhaps'",
        ),
        (vec![("master", "timeout: -1")], "/master: timeout: expected a number of seconds, found -1"),
        (vec![("master", "log_level: loud")], "/master: log_level: expected a log level, found 'loud'"),
        (vec![("master", "file_roots: /srv")], "/master: file_roots: expected a map, found '/srv'"),
        (vec![("master", "nodegroups: []")], "/master: nodegroups: expected a map, found []"),
        (
            vec![("master", "a: b"), ("master.d/x.conf", "timeout: []")],
            "/master.d/x.conf: timeout: expected a number of seconds, found []",
        ),
        (
            vec![("master", "include: loop.conf"), ("loop.conf", "include: loop.conf")],
            "/loop.conf: `include` goes too deep",
        ),
    ] {
        let dir = dir(&files);
        let error = MasterConfig::load(dir.path()).unwrap_err().to_string();
        let said = error.strip_prefix(&dir.path().display().to_string()).unwrap_or(&error);
        assert!(said.starts_with(expected), "{said}");
        assert!(!said.contains('\n'), "{said}");
    }
}

#[test]
fn an_empty_file_is_no_fault() {
    assert_eq!(master(&[("master", "# nothing\n")]).ret_port, 4506);
}

#[test]
fn the_environment_configures_images() {
    let config = minion(
        &[("minion", "master: elsewhere\nid: file\ngrains: {a: 1, roles: [x]}\n")],
        &[
            ("RSALT_MASTER", "m1, m2:5506"),
            ("RSALT_ID", " web1 "),
            ("RSALT_GRAINS", "{roles: [web, cache], n: 2}"),
        ],
    );
    assert_eq!(config.id, "web1");
    assert_eq!(format!("{:?}", config.grains), "{'a': 1, 'roles': ['web', 'cache'], 'n': 2}");
    let at = |host: &str, ret_port| MasterAddress { host: host.into(), ret_port, publish_port: 4505 };
    assert_eq!(config.masters(), [at("m1", 4506), at("m2", 5506)]);
    let config = minion(&[], &[("RSALT_GRAINS", "role=web,n=2")]);
    assert_eq!(format!("{:?}", config.grains), "{'role': 'web', 'n': 2}");
}

#[test]
fn grains_that_are_none_are_refused() {
    let env = |name: &str| (name == "RSALT_GRAINS").then(|| "just words".to_owned());
    let error = MinionConfig::load_with_env(dir(&[]).path(), &env).unwrap_err().to_string();
    assert!(error.starts_with("RSALT_GRAINS: grains: expected a map such as"), "{error}");
}

#[test]
fn masters_have_their_ports() {
    let at = |host: &str, ret_port| MasterAddress { host: host.into(), ret_port, publish_port: 4600 };
    for (text, expected) in [
        ("salt", at("salt", 4506)),
        ("10.0.0.1:99", at("10.0.0.1", 99)),
        ("fe80::1", at("fe80::1", 4506)),
        ("'[fe80::1]'", at("fe80::1", 4506)),
        ("'[fe80::1]:99'", at("fe80::1", 99)),
    ] {
        let config = minion(&[("minion", &format!("master: {text}\npublish_port: 4600\n"))], &[]);
        assert_eq!(config.masters(), [expected], "{text}");
    }
}

#[test]
fn the_id_is_cached_or_made_from_the_host_name() {
    assert_eq!(minion(&[("minion_id", "kept\n")], &[]).id, "kept");
    let made =
        minion(&[("minion_id", "kept\n"), ("minion", "minion_id_caching: False\nappend_domain: x.org")], &[])
            .id;
    assert!(made.contains('.') && made != "kept", "{made}");
}

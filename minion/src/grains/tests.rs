use super::*;
use crate::host::fake::FakeHost;

fn opts(yaml: &str) -> Value {
    data::yaml::load(yaml).expect("yaml")
}

fn bookworm_container() -> FakeHost {
    FakeHost::new()
        .with_env("PATH", "/usr/bin:/bin")
        .with_file(
            "/etc/os-release",
            "NAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\nID=debian\n",
        )
        .with_file("/etc/hosts", "127.0.0.1 localhost\n172.17.0.2 web1.example.org web1\n")
        .with_file("/.dockerenv", "")
        .with_file("/proc/1/cgroup", "0::/\n")
        .with_file("/proc/1/cmdline", "/usr/bin/rsalt-minion\0")
        .with_file("/etc/rsalt/grains", "roles: [web]\nnested: {a: 1, b: 2}\n")
}

#[test]
fn a_container_without_systemd() {
    let grains = collect(&bookworm_container(), &opts("{id: web1, master: salt}"));
    let has = |key: &str| grains.get(key).map(ToString::to_string).unwrap_or_default();
    assert_eq!(has("osfinger"), "Debian-12");
    assert_eq!((has("virtual"), has("virtual_subtype")), ("container".into(), "Docker".into()));
    assert_eq!(has("init"), "unknown");
    assert_eq!(grains.get("systemd"), None);
    assert_eq!((has("id"), has("master")), ("web1".into(), "salt".into()));
    assert_eq!(has("username"), if rustix::process::geteuid().is_root() { "root" } else { "" });
}

#[test]
fn later_sources_win_or_merge() {
    let with_env = || bookworm_container().with_env(ENV, "{\"roles\": [\"db\"]}");
    let config = "{id: x, conf_file: /etc/rsalt/minion, grains: {nested: {b: 3}, os: Mine}}";
    let grains = collect(&with_env(), &opts(config));
    assert_eq!(grains.get("roles"), Some(&opts("[db]")));
    assert_eq!(grains.get("nested"), Some(&opts("{b: 3}")));
    assert_eq!(grains.get("os"), Some(&Value::from("Mine")));

    let deep = config.replace("{id: x,", "{id: x, grains_deep_merge: true,");
    let grains = collect(&with_env(), &opts(&deep));
    assert_eq!(grains.get("nested"), Some(&opts("{a: 1, b: 3}")));
}

#[test]
fn a_mistake_in_a_file_costs_only_that_file() {
    let host = bookworm_container().with_file("/etc/rsalt/grains", "a: [1\n").with_env(ENV, "just text");
    let grains = collect(&host, &opts("{id: x, conf_file: /etc/rsalt/minion}"));
    assert_eq!(grains.get("os"), Some(&Value::from("Debian")));
    assert_eq!(grains.get("a"), None);
}

#[test]
fn a_blacklist_takes_grains_away() {
    let grains = collect(&bookworm_container(), &opts("{id: x, grains_blacklist: ['cpu*', ipv6]}"));
    assert!(grains.get("cpu_model").is_none() && grains.get("ipv6").is_none());
    assert!(grains.get("ipv4").is_some());
}

#[test]
fn the_server_id_is_that_of_salt() {
    assert_eq!(server_id("x"), 303_712_385);
}

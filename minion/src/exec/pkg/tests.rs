use super::*;

#[test]
fn names_and_versions_of_pkgs() {
    let read = |yaml: &str| wanted(&data::yaml::load(yaml).expect("yaml"), str::to_owned);
    let all = read("[a, {b: '>=1.2'}, {c: 2}]").expect("three packages");
    assert_eq!(
        all,
        [
            ("a".to_owned(), None),
            ("b".to_owned(), Some(">=1.2".to_owned())),
            ("c".to_owned(), Some("2".to_owned())),
        ]
    );
    assert!(read("[a, {a: 1}]").is_err_and(|e| e.to_string().contains("duplicated packages names")));
}

#[test]
fn what_changed() {
    let of = |list: &[(&str, &str)]| -> Versions {
        list.iter().map(|(name, version)| ((*name).to_owned(), vec![(*version).to_owned()])).collect()
    };
    let old = of(&[("same", "1"), ("gone", "1"), ("newer", "1")]);
    let new = of(&[("same", "1"), ("newer", "2"), ("fresh", "3")]);
    assert_eq!(
        format!("{:?}", changes(&old, &new)),
        "{'fresh': {'old': '', 'new': '3'}, 'gone': {'old': '1', 'new': ''}, 'newer': {'old': '1', 'new': '2'}}"
    );
}

/// `tests/parse/<tool>/<parser>/<case>.txt`: real output of a tool; beside it the value, as YAML.
#[test]
fn outputs_of_package_managers() {
    let versions = |all: Vec<(String, String)>| Value::from(all.into_iter().collect::<Dict>());
    let lists = |all: Vec<(String, Vec<String>)>| Value::from(all.into_iter().collect::<Dict>());
    crate::exec::cases::parse_cases("apt/policy", |text| versions(parse::apt_policy(text)));
    crate::exec::cases::parse_cases("apt/show", |text| lists(parse::apt_show(text)));
    crate::exec::cases::parse_cases("apt/upgrades", |text| versions(parse::apt_upgrades(text)));
    crate::exec::cases::parse_cases("apt/autoremove", |text| parse::apt_autoremove(text).into());
    crate::exec::cases::parse_cases("apk/owner", |text| parse::apk_owner(text).into());
    crate::exec::cases::parse_cases("apt/update", |text| {
        let (sources, failed) = parse::apt_update(text);
        Dict::new().with("sources", sources.into_iter().collect::<Dict>()).with("failed", failed).into()
    });
    crate::exec::cases::parse_cases("dpkg/status", |text| {
        let all = parse::Dpkg::parse(text, "amd64");
        Dict::new()
            .with("installed", joined(&all.installed))
            .with("removed", joined(&all.removed))
            .with("purge_desired", joined(&all.purge_desired))
            .with("held", all.held())
            .into()
    });
    crate::exec::cases::parse_cases("apk/installed", |text| joined(&parse::apk_installed(text)).into());
    crate::exec::cases::parse_cases("apk/policy", |text| lists(parse::apk_policy(text)));
    crate::exec::cases::parse_cases("apk/upgrades", |text| versions(parse::apk_upgrades(text)));
}

#[test]
fn outputs_of_rpm_and_its_managers() {
    use crate::exec::cases::parse_cases;
    let versions = |all: Vec<(String, String)>| Value::from(all.into_iter().collect::<Dict>());
    let truths = |all: Vec<(String, bool)>| Value::from(all.into_iter().collect::<Dict>());
    let infos = |all: Vec<(String, Dict)>| Value::from(all.into_iter().collect::<Dict>());
    parse_cases("dnf/list", |text| versions(parse_rpm::dnf_list(text, "x86_64")));
    parse_cases("dnf/locks", |text| parse_rpm::dnf_locks(text).into());
    parse_cases("dnf/toml", |text| parse_rpm::dnf5_locks(text).into());
    parse_cases("dnf/group", |text| {
        let Some(Group { kind, name, id, description, members }) = parse_rpm::dnf_group(text) else {
            return Value::None;
        };
        let members: Dict = members.into_iter().collect();
        let out = Dict::new().with("kind", kind).with("name", name).with("id", id);
        out.with("description", description).with("members", members).into()
    });
    parse_cases("rpm/verify", |text| parse_rpm::rpm_verify(text).into());
    parse_cases("rpm/info", |text| infos(parse_rpm::rpm_info(text)));
    parse_cases("zypper/updates", |text| versions(parse_rpm::zypper_updates(text)));
    parse_cases("zypper/search", |text| {
        Value::from(parse_rpm::zypper_search(text).into_iter().collect::<Dict>())
    });
    parse_cases("zypper/refresh", |text| truths(parse_rpm::zypper_refresh(text)));
    parse_cases("zypper/locks", |text| parse_rpm::zypper_locks(text).into());
    parse_cases("pacman/pairs", |text| versions(parse_rpm::pacman_pairs(text)));
    parse_cases("pacman/info", |text| infos(parse_rpm::pacman_info(text)));
    parse_cases("pacman/refresh", |text| truths(parse_rpm::pacman_refresh(text)));
}

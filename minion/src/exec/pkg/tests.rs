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

//! Test cases as files: what a tool printed, and what it means.

use std::path::Path;

use data::Value;

/// Runs a parser over `tests/parse/<folder>/*.txt` and compares with the `.yaml` beside each.
/// `RSALT_BLESS=1` writes the values instead: look at the difference before keeping them.
pub(crate) fn parse_cases(folder: &str, parse: impl Fn(&str) -> Value) {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parse").join(folder);
    let mut count = 0;
    for entry in std::fs::read_dir(&dir).unwrap_or_else(|e| panic!("{}: {e}", dir.display())) {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|e| e != "txt") {
            continue;
        }
        count += 1;
        let value = parse(&std::fs::read_to_string(&path).expect("text"));
        let expected = path.with_extension("yaml");
        if std::env::var_os("RSALT_BLESS").is_some() {
            std::fs::write(&expected, data::yaml::salt_dump(&value)).expect("written");
        }
        let text =
            std::fs::read_to_string(&expected).unwrap_or_else(|e| panic!("{}: {e}", expected.display()));
        assert_eq!(value, data::yaml::load(&text).expect("yaml"), "{}", path.display());
    }
    assert!(count > 0, "{} has no case", dir.display());
}

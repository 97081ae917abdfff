//! Each `output/<outputter>/<case>.json` prints what is in `<case>.expected`, which Salt printed
//! (`output/regenerate.py`).

#![expect(clippy::unwrap_used, reason = "a case that cannot be read is a failed test")]

use std::fs;
use std::path::{Path, PathBuf};

use data::output::{Options, render};
use data::{Value, json};

fn strings(value: &Value) -> Vec<String> {
    match value {
        Value::Str(s) => s.split(',').map(str::to_owned).collect(),
        other => other.as_list().unwrap_or(&[]).iter().map(ToString::to_string).collect(),
    }
}

fn options(given: &Value) -> Options {
    let mut options = Options::default();
    for (key, value) in given.as_dict().unwrap() {
        let flag = value.is_true();
        match key.as_str().unwrap() {
            "color" => options.color = flag,
            "output_indent" => options.out_indent = value.as_int(),
            "state_output" => options.set_state_output(value.as_str().unwrap()),
            "state_verbose" => options.state_verbose = flag,
            "state_output_diff" => options.state_output_diff = flag,
            "state_output_profile" => options.state_output_profile = flag,
            "state_output_pct" => options.state_output_pct = flag,
            "state_tabular" => options.state_tabular = flag,
            "state_compress_ids" => options.state_compress_ids = flag,
            "state_output_exclude" => options.state_output_exclude = strings(value),
            "state_output_terse" => options.state_output_terse = strings(value),
            "strip_colors" => options.strip_colors = flag,
            "nested_indent" => options.nested_indent = usize::try_from(value.as_int().unwrap()).unwrap(),
            "_retcode" => options.retcode = value.as_int().unwrap(),
            other => panic!("unknown option {other}"),
        }
    }
    options
}

fn cases(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for outputter in fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).filter(|p| p.is_dir()) {
        let files = fs::read_dir(outputter).unwrap().map(|e| e.unwrap().path());
        found.extend(files.filter(|p| p.extension().is_some_and(|e| e == "json")));
    }
    found.sort();
    found
}

#[test]
fn outputters_print_what_salt_prints() {
    let cases = cases(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/output"));
    assert!(cases.len() > 100, "only {} cases", cases.len());
    let mut wrong = Vec::new();
    for case in &cases {
        let given = json::load(&fs::read_to_string(case).unwrap()).unwrap();
        let outputter = case.parent().and_then(Path::file_name).unwrap().to_str().unwrap();
        let wanted = fs::read_to_string(case.with_extension("expected")).unwrap();
        let text =
            render(outputter, given.get("data").unwrap(), &options(given.get("options").unwrap())).unwrap();
        if text != wanted {
            wrong.push(format!("{}\n--- wanted\n{wanted}\n--- got\n{text}\n", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

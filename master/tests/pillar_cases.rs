//! Pillar trees against what real Salt compiles for them (`tests/pillar/record.py`).

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

use std::path::Path;
use std::sync::Arc;

use data::{Dict, Value};
use master::pillar::PillarServer;
use proto::config::MasterConfig;
use proto::message::PillarRequest;

fn text(value: Option<&Value>) -> Option<String> {
    value.map(Value::to_string)
}

/// A master whose config and pillar tree are those of the case.
fn compile(case: &Value) -> Value {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    let mut roots = Dict::new();
    for (name, content) in case.get("files").and_then(Value::as_dict).unwrap() {
        let name = name.to_string();
        write(&format!("pillar/{name}"), &content.to_string());
        let env = name.split('/').next().unwrap();
        roots.insert(env, vec![dir.path().join("pillar").join(env).display().to_string()]);
    }
    let mut config = case.get("config").and_then(Value::as_dict).cloned().unwrap_or_default();
    config.insert("root_dir", dir.path().display().to_string());
    config.insert("pillar_roots", roots);
    write("conf/master", &data::json::dump(&config.into(), None, false));
    let config = MasterConfig::load(&dir.path().join("conf")).unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let grains = case.get("grains").unwrap();
    let request = PillarRequest {
        grains: grains.clone(),
        saltenv: text(case.get("saltenv")),
        pillarenv: text(case.get("pillarenv")),
        overrides: case.get("pillar").cloned().unwrap_or_default(),
        external: Value::None,
    };
    PillarServer::new(Arc::new(config)).compile(&grains.get("id").unwrap().to_string(), &request).unwrap()
}

/// The parser's own words differ; that there is an error, and on what, does not.
fn without_parser_words(pillar: &Value) -> Value {
    let mut pillar = pillar.clone();
    if let Some(errors) = pillar.as_dict_mut().and_then(|d| d.get_mut("_errors")).and_then(Value::as_list_mut)
    {
        for error in errors {
            *error = error.to_string().split(" render error:").next().unwrap_or_default().into();
        }
    }
    pillar
}

#[test]
fn pillar_compiles_as_in_salt() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pillar");
    let expected = data::yaml::load(&std::fs::read_to_string(root.join("expected.yaml")).unwrap()).unwrap();
    let mut wrong = Vec::new();
    let expected = expected.as_dict().unwrap();
    assert_eq!(expected.len(), std::fs::read_dir(root.join("cases")).unwrap().count());
    for (name, salt) in expected {
        let case = std::fs::read_to_string(root.join("cases").join(format!("{name}.yaml"))).unwrap();
        let here = compile(&data::yaml::load(&case).unwrap());
        if without_parser_words(&here) != without_parser_words(salt) {
            wrong.push(format!("{name}\n  Salt {salt:?}\n  here {here:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn what_is_no_pillar_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let config = MasterConfig::load(dir.path()).unwrap();
    let request = PillarRequest {
        grains: Value::dict(),
        saltenv: None,
        pillarenv: None,
        overrides: "text".into(),
        external: Value::None,
    };
    let error = PillarServer::new(Arc::new(config)).compile("m", &request).unwrap_err();
    assert_eq!(error.to_string(), "pillar of 'm': pillar= is to be a dict, not a str");
}

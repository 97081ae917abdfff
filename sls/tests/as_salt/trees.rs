//! Top files and pillar of every tree in `trees/` against what real Salt made of them (`record_trees.py`).

use std::path::{Path, PathBuf};

use crate::support::{Minion, has_state};
use data::{Dict, Value};
use sls::pillar::{self, PillarOptions};
use sls::render::Renderer;
use sls::top::{TopOptions, compile_top};
use sls::{LowOptions, LowState};

fn trees() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/trees");
    let mut trees: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    trees.sort();
    trees
}

/// Minion `x`, which is a Debian.
fn matcher(target: &str, kind: &str) -> bool {
    match kind {
        "compound" | "glob" => matches!(target, "*" | "x" | "x*" | "*x"),
        "grain" => target == "os:Debian",
        "list" => target.split(',').any(|id| id == "x"),
        _ => false,
    }
}

fn actual(tree: &Path) -> Dict {
    let settings = std::fs::read_to_string(tree.join("minion.yaml")).unwrap_or_default();
    let settings = data::yaml::load_sls(&settings).unwrap();
    let pillar_roots = vec![("base".to_owned(), tree.join("pillar"))];
    let renderer = Renderer::new(Minion::with_roots(pillar_roots, Value::dict())).for_pillar();
    let pillar = pillar::compile(&renderer, &PillarOptions::from_opts(&settings), &matcher);
    let mut out = Dict::new().with("pillar", pillar.clone());
    if pillar.get("_errors").is_some() {
        return out;
    }

    let mut roots: Vec<(String, PathBuf)> = std::fs::read_dir(tree)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir() && !path.ends_with("pillar"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), path))
        .collect();
    roots.sort();
    let renderer = Renderer::new(Minion::with_roots(roots, pillar));
    let top = compile_top(&renderer, &TopOptions::from_opts(&settings)).unwrap();
    assert!(top.verify().is_empty());
    let matches = top.matches(&renderer, None, &matcher);
    let found: Dict = matches.iter().map(|(env, sls)| (env.as_str(), sls.clone())).collect();
    out.insert("top", found);
    let (high, errors) = sls::high::compile(&renderer, &matches);
    let low = if errors.is_empty() { high.finish() } else { Err(errors) };
    let low = low.and_then(|high| LowState::compile(high, &LowOptions::new(&has_state)));
    out.insert("low", low.map_or_else(Value::from, |low| low.to_value()));
    out
}

#[test]
fn as_salt() {
    let mut wrong = String::new();
    for tree in trees() {
        let expected =
            data::json::load(&std::fs::read_to_string(tree.join("expected.json")).unwrap()).unwrap();
        let actual = Value::from(actual(&tree));
        if actual != expected {
            wrong.push_str(&format!("== {}\n-- Salt\n{expected}\n-- rsalt\n{actual}\n", tree.display()));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

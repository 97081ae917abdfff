//! What rendering offers beside SLS files: text, pipes, file templates, settings.

use std::path::PathBuf;

use data::{Dict, Value};
use sls::render::{Renderer, Template};

use crate::support::{self, Minion, States};

fn renderer(opts: Dict) -> Renderer {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/inputs");
    Renderer::new(Minion::with_opts(root, opts.into()))
}

fn template(text: &str, context: Dict) -> Result<String, String> {
    let template = Template { text, name: "conf.jinja", saltenv: "base", context };
    renderer(Dict::new()).template(template).map_err(|e| e.to_string())
}

#[test]
fn file_templates_see_their_context() {
    let context = Dict::new().with("port", 80).with("hosts", vec!["a", "b"]);
    let text = "{{ grains.os }} {{ port }}\n{% for h in hosts %}{{ h }};{% endfor %}\n";
    assert_eq!(template(text, context).unwrap(), "Debian 80\na;b;\n");
    assert_eq!(template("no newline", Dict::new()).unwrap(), "no newline");
    assert_eq!(
        template("a\n{{ port }}\n", Dict::new()).unwrap_err(),
        "Jinja variable 'port' is undefined; line 2\n\n---\na\n{{ port }}    <======================\n---"
    );
    let imports = "{% from 'lib/sub/map.jinja' import opt %}{{ opt.a }}";
    assert_eq!(template(imports, Dict::new()).unwrap(), "2");
}

#[test]
fn settings_for_templates_are_heard() {
    let text = "a:\n  {% if true %}\n  b: 1\n  {% endif %}\n";
    let pipe = |opts: Dict| renderer(opts).pipe(text, "jinja", "base", &Dict::new()).unwrap().to_string();
    assert_eq!(pipe(Dict::new()), "a:\n  \n  b: 1\n  \n");
    let blocks = Dict::new().with("lstrip_blocks", true).with("trim_blocks", true);
    // These are for files; an SLS has settings of its own.
    assert_eq!(pipe(Dict::new().with("jinja_env", blocks.clone())), "a:\n  b: 1\n\n");
    assert_eq!(pipe(Dict::new().with("jinja_sls_env", blocks)), "a:\n  \n  b: 1\n  \n");
    let lax = renderer(Dict::new().with("allow_undefined", true));
    assert_eq!(lax.pipe("x{{ nope }}y", "jinja", "base", &Dict::new()).unwrap(), Value::from("xy"));
}

#[test]
fn pipes_by_name() {
    let pipe = |text: &str, pipe: &str| renderer(Dict::new()).pipe(text, pipe, "base", &Dict::new());
    assert_eq!(pipe("{\"a\": {{ 1 + 1 }}}", "jinja|json").unwrap(), Dict::new().with("a", 2).into());
    assert_eq!(pipe("a: {{ x }}", "text").unwrap(), Value::from("a: {{ x }}"));
    assert!(pipe("a: 1", "yaml|jinja").unwrap_err().to_string().contains("needs text, but gets a dict"));
}

#[test]
fn states_from_text_are_of_no_sls() {
    let renderer = renderer(Dict::new());
    let high =
        sls::high::compile_text(&renderer, "a: test.nop\n{{ 'b' }}:\n  test.nop:\n    - require: [a]\n")
            .unwrap();
    let low =
        sls::LowState::compile(high.finish().unwrap(), &sls::LowOptions::new(&support::has_state)).unwrap();
    let results = sls::run(&States, &low, &sls::RunOptions::default(), &mut sls::NoEvents);
    let tags: Vec<&String> = results.keys().collect();
    assert_eq!(tags, ["test_|-a_|-a_|-nop", "test_|-b_|-b_|-nop"]);
    assert!(results.values().all(|r| r.to_value().get("__sls__") == Some(&Value::None)));
    let error = sls::high::compile_text(&renderer, "include: [x]\n").unwrap_err();
    assert_eq!(
        error,
        ["The 'include' declaration found on '<template-str>' is invalid when rendering single templates"]
    );
}

#[test]
fn one_id_brings_what_it_waits_for() {
    let renderer = renderer(Dict::new());
    let (high, errors) =
        sls::high::compile(&renderer, &[("base".to_owned(), vec!["req_require".to_owned()])]);
    assert!(errors.is_empty());
    let low =
        sls::LowState::compile(high.finish().unwrap(), &sls::LowOptions::new(&support::has_state)).unwrap();
    let results = sls::run(&States, &low.only_id("three"), &sls::RunOptions::default(), &mut sls::NoEvents);
    let ids: Vec<String> = results.keys().map(|tag| tag.split("_|-").nth(1).unwrap().to_owned()).collect();
    assert_eq!(ids, ["one", "two", "three"]);
}

#[test]
fn runaway_templates_end_with_an_error() {
    let opts = Dict::new().with("jinja_max_depth", 20).with("jinja_max_output", 1000);
    let opts = opts.with("jinja_max_loop_steps", 100);
    let env = Minion::with_opts(std::path::PathBuf::from("."), opts.into());
    let renderer = sls::render::Renderer::new(env);
    let error = |text: &str| renderer.text(text, "x", "base", &Dict::new()).unwrap_err().to_string();
    for (text, what) in [
        ("{% for a in range(101) %}{% endfor %}", "loop"),
        ("{% for a in range(20) %}{{ 'x' * 60 }}{% endfor %}", "output"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "deep"),
    ] {
        let error = error(text);
        assert!(error.to_lowercase().contains(what) || error.contains("recursion"), "{error}");
    }
    assert!(renderer.text("a: {{ 'x' * 900 }}", "x", "base", &Dict::new()).is_ok());
}

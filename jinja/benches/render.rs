//! Rendering: an SLS of 2,000 states with loops and dict merges, a macro, and parsing alone.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use jinja::{Env, Loader, Val};

const STATES: &str = r#"
{%- from "map.jinja" import app with context %}
{%- set defaults = {'user': 'root', 'group': 'root', 'mode': '0644'} %}
{%- for i in range(1000) %}
{%- set conf = dict(defaults) %}
{%- do conf.update({'name': '/etc/app/%04d.conf' % i, 'port': app.port + i}) %}
app-conf-{{ i }}:
  file.managed:
    - name: {{ conf.name }}
    - user: {{ conf.user | default('root') }}
    - mode: '{{ conf['mode'] }}'
    - contents: {{ ('port=' ~ conf.port ~ '\nhost=' ~ grains['host']) | yaml_dquote }}
{%- if not loop.first %}
    - require:
      - file: app-conf-{{ loop.index0 - 1 }}
{%- endif %}
app-cmd-{{ i }}:
  cmd.run:
    - name: echo {{ i }} {{ pillar.app.names | join(',') | upper }}
    - unless: test -e {{ conf.name | replace('/etc', '/run') }}
{%- endfor %}
"#;

const MAP: &str = r#"
{%- set app = {'port': 8000, 'name': 'app', 'opts': {'a': 1}} %}
{%- do app.update(pillar.get('app', {})) %}
"#;

struct Files;

impl Loader for Files {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<Option<Arc<str>>, String> {
        Ok((name == "map.jinja").then(|| MAP.into()))
    }
}

fn context() -> Vec<(String, Val)> {
    let app = data::Dict::new().with("port", 9000).with("names", vec!["x", "y", "z"]);
    vec![
        ("pillar".into(), Val::from(data::Dict::new().with("app", app))),
        ("grains".into(), Val::from(data::Dict::new().with("host", "web1").with("os", "Debian"))),
    ]
}

fn benches(c: &mut Criterion) {
    let mut env = Env::salt();
    env.set_loader(Box::new(Files));
    let out = env.render("init.sls", STATES, context()).unwrap_or_default();
    assert_eq!(out.matches("\n  file.managed:").count() + out.matches("\n  cmd.run:").count(), 2000);
    c.bench_function("render 2000 states", |b| {
        b.iter(|| env.render("init.sls", black_box(STATES), context()).map(|s| s.len()));
    });
    let flat = STATES.replace("range(1000)", "range(0)").repeat(50);
    c.bench_function("parse 1000 lines", |b| {
        b.iter(|| env.render("init.sls", black_box(&flat), context()).map(|s| s.len()));
    });
    let big: data::Dict = (0..50_000).map(|i| (format!("k{i}"), data::Value::from(vec![i, i + 1]))).collect();
    let big = data::Value::from(big);
    c.bench_function("one look-up in a pillar of 50,000 keys", |b| {
        b.iter(|| {
            env.render("t", "{{ pillar.app.k7[1] }}", {
                let pillar = data::Dict::new().with("app", big.clone());
                vec![("pillar".to_owned(), Val::from(pillar))]
            })
        });
    });
}

criterion_group!(all, benches);
criterion_main!(all);

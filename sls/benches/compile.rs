//! Rendering and compiling trees of several sizes, and running states that do nothing.

#![expect(clippy::unwrap_used, reason = "a failure here ends the benchmark")]

use std::hint::black_box;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use data::{Dict, Value};
use sls::render::Renderer;
use sls::{
    CallError, FetchError, LowChunk, LowOptions, LowState, NoEvents, RenderEnv, RunOptions, Runner,
    StateResult,
};

/// A tree in memory.
struct Tree(Vec<(String, Arc<[u8]>)>);

impl Tree {
    fn with(files: impl IntoIterator<Item = (String, String)>) -> Rc<dyn RenderEnv> {
        Rc::new(Tree(files.into_iter().map(|(path, text)| (path, Arc::from(text.into_bytes()))).collect()))
    }
}

impl RenderEnv for Tree {
    fn grains(&self) -> Value {
        Dict::new().with("os", "Debian").with("os_family", "Debian").into()
    }
    fn pillar(&self) -> Value {
        Dict::new().with("site", Dict::new().with("owner", "root")).into()
    }
    fn opts(&self) -> Value {
        Value::dict()
    }
    fn call(&self, fun: &str, _: Vec<Value>, _: Dict) -> Result<Value, CallError> {
        if fun == "pillar.get" { Ok("x".into()) } else { Err(CallError::not_found(fun)) }
    }
    fn has_function(&self, fun: &str) -> bool {
        fun == "pillar.get"
    }
    fn fetch(&self, path: &str, _: &str) -> Result<Option<Arc<[u8]>>, FetchError> {
        Ok(self.0.iter().find(|(p, _)| p == path).map(|(_, content)| content.clone()))
    }
    fn list(&self, _: &str) -> Result<Arc<Vec<String>>, FetchError> {
        Ok(Arc::new(self.0.iter().map(|(p, _)| p.clone()).collect()))
    }
    fn envs(&self) -> Vec<String> {
        vec!["base".to_owned()]
    }
    fn has_state(&self, _: &str) -> bool {
        true
    }
}

/// States that are always as they should be.
struct Idle;

impl Runner for Idle {
    fn run(&self, chunk: &LowChunk, _: bool) -> StateResult {
        StateResult::new(chunk.name.clone(), Some(true), "")
    }
    fn mod_watch(&self, chunk: &LowChunk, test: bool) -> Option<StateResult> {
        Some(self.run(chunk, test))
    }
    fn has_state(&self, _: &str) -> bool {
        true
    }
    fn call(&self, fun: &str, _: Vec<Value>, _: Dict) -> Result<(Value, i64), CallError> {
        Err(CallError::not_found(fun))
    }
    fn retcode(&self, _: &str, _: &Dict) -> Result<i64, CallError> {
        Ok(0)
    }
    fn exists(&self, _: &str) -> bool {
        false
    }
    fn wait(&self, _: Duration) -> bool {
        true
    }
}

const LOOP: &str = "{% from 'site/map.jinja' import site with context %}
{% for n in range(COUNT) %}
{% set conf = {'owner': site.owner, 'mode': '0644'} %}
{% do conf.update({'group': 'g' ~ n % 7}) %}
/etc/site/{{ n }}.conf:
  file.managed:
    - user: {{ conf.owner }}
    - group: {{ conf.group }}
    - mode: '{{ conf.mode }}'
    - contents: {{ 'number %d' % n }}
    {% if n %}
    - require:
      - file: /etc/site/{{ n - 1 }}.conf
      - file: /etc/site/0.conf
    {% endif %}
{% endfor %}
";

const MAP: &str = "{% set site = {'owner': 'nobody'} %}{% do site.update(pillar.get('site', {})) %}";

fn one_sls(states: usize) -> Rc<dyn RenderEnv> {
    Tree::with([
        ("site/init.sls".to_owned(), LOOP.replace("COUNT", &states.to_string())),
        ("site/map.jinja".to_owned(), MAP.to_owned()),
    ])
}

/// Files that include the next five, ten states in each; the first one waits for the whole next file.
fn many_sls(files: usize) -> Rc<dyn RenderEnv> {
    let text = |n: usize| {
        let mut text = String::from("include:\n");
        (1..=5).for_each(|i| text.push_str(&format!("  - f{}\n", (n + i) % files)));
        for i in 0..10 {
            let require = match i {
                0 if n + 1 < files => format!("sls: f{}", n + 1),
                0 => String::new(),
                i => format!("test: s{n}_{}", i - 1),
            };
            let require = if require.is_empty() { require } else { format!("{{{require}}}") };
            text.push_str(&format!("s{n}_{i}:\n  test.nop:\n    - require: [{require}]\n"));
        }
        text
    };
    Tree::with((0..files).map(|n| (format!("f{n}.sls"), text(n))))
}

fn compile(env: &Rc<dyn RenderEnv>, name: &str) -> LowState {
    let renderer = Renderer::new(env.clone());
    let (high, errors) = sls::high::compile(&renderer, &[("base".to_owned(), vec![name.to_owned()])]);
    assert!(errors.is_empty(), "{errors:?}");
    let high = high.finish().unwrap();
    LowState::compile(high, &LowOptions::new(&|_| true)).unwrap()
}

fn rendering(c: &mut Criterion) {
    let mut group = c.benchmark_group("render and compile");
    group.sample_size(10);
    for states in [200, 2_000, 20_000] {
        let env = one_sls(states);
        group.throughput(Throughput::Elements(states as u64));
        group.bench_with_input(BenchmarkId::new("one SLS", states), &env, |b, env| {
            b.iter(|| compile(env, "site").len())
        });
    }
    let env = many_sls(200);
    group.throughput(Throughput::Elements(2_000));
    group.bench_function("200 SLS that include each other", |b| b.iter(|| compile(&env, "f0").len()));
    group.finish();
}

/// 50,000 states with 100,000 requisites, from high data on.
fn requisites(c: &mut Criterion) {
    let mut group = c.benchmark_group("high to low");
    group.sample_size(10);
    for states in [5_000_usize, 50_000] {
        let mut ids = Dict::new();
        for n in 0..states {
            let requisite = |to: usize| Value::from(Dict::new().with("test", format!("s{to}")));
            let require: Vec<Value> =
                [n / 2, n.saturating_sub(1)].into_iter().filter(|to| *to != n).map(requisite).collect();
            let args: Vec<Value> = vec![
                "nop".into(),
                Dict::new().with("require", require).into(),
                Dict::new().with("order", 10_000 + n as i64).into(),
            ];
            ids.insert(
                format!("s{n}"),
                Dict::new().with("test", args).with("__sls__", "x").with("__env__", "base"),
            );
        }
        let high = sls::HighData::from_dict(ids);
        group.throughput(Throughput::Elements(states as u64));
        group.bench_with_input(BenchmarkId::from_parameter(states), &high, |b, high| {
            b.iter_batched(
                || high.clone(),
                |high| LowState::compile(high.finish().unwrap(), &LowOptions::new(&|_| true)).unwrap().len(),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

fn running(c: &mut Criterion) {
    let mut group = c.benchmark_group("run");
    let low = compile(&one_sls(1_000), "site");
    group.throughput(Throughput::Elements(1_000));
    group.bench_function("1,000 states that do nothing", |b| {
        b.iter(|| black_box(sls::run(&Idle, &low, &RunOptions::default(), &mut NoEvents)).len());
    });
    group.finish();
}

criterion_group!(benches, rendering, requisites, running);
criterion_main!(benches);

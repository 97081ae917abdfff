//! A tree of 2,000 states: reading its YAML, sending it, printing its results.

use std::fmt::Write;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use data::output::{Options, render};
use data::{Dict, Value, json, msgpack, yaml};

const STATES: usize = 2_000;

fn sls() -> String {
    (0..STATES).fold(String::new(), |mut text, i| {
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "/etc/app/conf.d/{i}.conf:\n  file.managed:\n    - source: salt://app/files/{i}.conf\n    - mode: 0644\n    \
             - user: root\n    - template: jinja\n    - context:\n        port: {}\n        name: \"worker {i}\"\n    \
             - require:\n      - pkg: app\n\n",
            8000 + i
        );
        text
    })
}

fn results() -> Value {
    let states: Dict = (0..STATES)
        .map(|i| {
            let changes = if i % 10 == 0 { Dict::new().with("diff", "-a\n+b\n") } else { Dict::new() };
            let state = Dict::new()
                .with("name", format!("/etc/app/{i}"))
                .with("result", true)
                .with("changes", changes)
                .with("comment", format!("File /etc/app/{i} is in the correct state"))
                .with("__run_num__", i)
                .with("start_time", "10:00:00.000000")
                .with("duration", 1.25);
            (format!("file_|-/etc/app/{i}_|-/etc/app/{i}_|-managed"), state)
        })
        .collect();
    Dict::new().with("minion", states).into()
}

fn benches(c: &mut Criterion) {
    let text = sls();
    let value = yaml::load_sls(&text).unwrap_or_default();
    let results = results();
    let packed = msgpack::encode(&results);
    let json_text = json::dump(&results, None, false);
    c.bench_function("yaml::load_sls, 2,000 states", |b| b.iter(|| yaml::load_sls(black_box(&text))));
    c.bench_function("yaml::salt_dump, 2,000 states", |b| b.iter(|| yaml::salt_dump(black_box(&value))));
    c.bench_function("msgpack::encode, 2,000 results", |b| b.iter(|| msgpack::encode(black_box(&results))));
    c.bench_function("msgpack::decode, 2,000 results", |b| b.iter(|| msgpack::decode(black_box(&packed))));
    c.bench_function("json::load, 2,000 results", |b| b.iter(|| json::load(black_box(&json_text))));
    for outputter in ["highstate", "nested", "json"] {
        let options = Options::default();
        c.bench_function(&format!("output {outputter}, 2,000 results"), |b| {
            b.iter(|| render(outputter, black_box(&results), &options));
        });
    }
}

criterion_group!(all, benches);
criterion_main!(all);

//! Every case in `inputs/`: what it prints, or how it fails, is what real Jinja2 in Salt's environment
//! printed (`record.py` wrote it down).

#![expect(clippy::unwrap_used, reason = "a broken case file is to stop the test")]

use std::collections::HashMap;
use std::sync::Arc;

use jinja::{Env, Loader, UndefinedKind, Val};

struct Case {
    name: String,
    context: data::Value,
    opts: data::Value,
    template: String,
    files: HashMap<String, String>,
    kind: String,
    expected: String,
}

struct Files(HashMap<String, String>);

impl Loader for Files {
    fn load(&self, name: &str, _parent: Option<&str>) -> Result<Option<Arc<str>>, String> {
        Ok(self.0.get(name).map(|t| t.as_str().into()))
    }
}

fn parse(text: &str) -> Vec<Case> {
    let text = format!("\n{}", text.strip_suffix('\n').unwrap_or(text));
    let mut cases = Vec::new();
    for chunk in text.split("\n=== ").skip(1) {
        let (name, rest) = chunk.split_once('\n').unwrap_or((chunk, ""));
        let rest = format!("\n{rest}");
        let (head, rest) = rest.split_once("\n---\n").unwrap_or((&rest, ""));
        let mut case = Case {
            name: name.to_owned(),
            context: data::Value::dict(),
            opts: data::Value::dict(),
            template: String::new(),
            files: HashMap::new(),
            kind: String::new(),
            expected: String::new(),
        };
        for line in head.trim().lines() {
            match line.strip_prefix("opts: ") {
                Some(opts) => case.opts = data::json::load(opts).unwrap(),
                None => case.context = data::json::load(line).unwrap(),
            }
        }
        let rest = format!("\n{rest}");
        let mut parts = rest.split("\n--- ");
        case.template = parts.next().unwrap()[1..].to_owned();
        for part in parts {
            let (kind, body) = part.split_once('\n').unwrap_or((part, ""));
            match kind.strip_prefix("file ") {
                Some(file) => {
                    case.files.insert(file.to_owned(), body.to_owned());
                }
                None => {
                    case.kind = kind.to_owned();
                    case.expected = body.to_owned();
                }
            }
        }
        cases.push(case);
    }
    cases
}

/// The cases of a `.lines` file.
fn parse_lines(text: &str) -> Vec<Case> {
    let (mut context, mut opts) = (data::Value::dict(), data::Value::dict());
    let mut cases: Vec<Case> = Vec::new();
    for line in text.lines() {
        if let Some(json) = line.strip_prefix("ctx ") {
            context = data::json::load(json).unwrap();
        } else if let Some(json) = line.strip_prefix("opts ") {
            opts = data::json::load(json).unwrap();
        } else if let Some((kind, json)) = line
            .strip_prefix("  = ")
            .map(|j| ("out", j))
            .or_else(|| line.strip_prefix("  ! ").map(|j| ("error", j)))
        {
            let case = cases.last_mut().unwrap();
            case.kind = kind.to_owned();
            case.expected = data::json::load(json).unwrap().to_string();
        } else if !line.is_empty() && !line.starts_with('#') {
            cases.push(Case {
                name: line.to_owned(),
                context: context.clone(),
                opts: opts.clone(),
                template: line.to_owned(),
                files: HashMap::new(),
                kind: String::new(),
                expected: String::new(),
            });
        }
    }
    cases
}

fn run(case: &Case) -> (String, String) {
    run_with(case, Vec::new())
}

fn run_with(case: &Case, more: Vec<(String, Val)>) -> (String, String) {
    let mut env = Env::salt();
    let flag = |name: &str| case.opts.get(name).is_some_and(data::Value::is_true);
    env.options.trim_blocks = flag("trim_blocks");
    env.options.lstrip_blocks = flag("lstrip_blocks");
    env.options.keep_trailing_newline = flag("keep_trailing_newline");
    env.options.autoescape = flag("autoescape");
    let text = |name: &str| case.opts.get(name).map(ToString::to_string);
    let mut syntax = jinja::Syntax::default();
    for (name, part) in [
        ("block_start_string", &mut syntax.block.0),
        ("block_end_string", &mut syntax.block.1),
        ("variable_start_string", &mut syntax.variable.0),
        ("variable_end_string", &mut syntax.variable.1),
        ("comment_start_string", &mut syntax.comment.0),
        ("comment_end_string", &mut syntax.comment.1),
    ] {
        if let Some(text) = text(name) {
            *part = text;
        }
    }
    syntax.line_statement = text("line_statement_prefix");
    syntax.line_comment = text("line_comment_prefix");
    env.options.syntax = std::rc::Rc::new(syntax);
    env.options.undefined = match case.opts.get("undefined").and_then(data::Value::as_str) {
        Some("default") => UndefinedKind::Default,
        Some("chainable") => UndefinedKind::Chainable,
        _ => UndefinedKind::Strict,
    };
    env.set_loader(Box::new(Files(case.files.clone())));
    let context = case.context.as_dict().unwrap().iter().map(|(k, v)| (k.to_string(), Val::from(v.clone())));
    let context: Vec<(String, Val)> = context.chain(more).collect();
    match env.render("main", &case.template, context) {
        Ok(out) => ("out".into(), out),
        Err(e) => {
            let line = e.line().map_or("None".into(), |l| l.to_string());
            ("error".into(), format!("{}: {}\nline {line}", exception(e.kind()), e.message()))
        }
    }
}

/// The exceptions that an error of this kind may be in Python.
fn exception(kind: jinja::ErrorKind) -> &'static str {
    use jinja::ErrorKind as K;
    match kind {
        K::Syntax => "TemplateSyntaxError",
        K::Undefined => "UndefinedError",
        K::Runtime => "TemplateRuntimeError",
        K::Security => "SecurityError",
        K::NotFound => "TemplateNotFound",
        K::Type => "TypeError",
        K::Value => "ValueError",
        K::Key => "KeyError",
        K::Index => "IndexError",
        K::Attribute => "AttributeError",
        K::ZeroDivision => "ZeroDivisionError",
        K::Overflow => "OverflowError",
        K::Recursion => "RecursionError",
        K::Raised => "TemplateError",
        K::Host => "SaltInvocationError",
        K::Limit => "LimitError",
        K::Exception => "Exception",
    }
}

/// Names of exceptions that are one kind here.
fn normal(text: &str) -> String {
    let (class, rest) = text.split_once(':').unwrap_or((text, ""));
    let class = match class {
        "TemplateAssertionError" => "TemplateSyntaxError",
        "FilterArgumentError" | "TemplateRuntimeError" => "TemplateRuntimeError",
        "TemplatesNotFound" => "TemplateNotFound",
        "RuntimeError"
        | "SaltException"
        | "PatternError"
        | "error"
        | "UnicodeDecodeError"
        | "UnicodeEncodeError"
        | "LookupError"
        | "Error"
        | "AssertionError"
        | "ExpatError"
        | "ArityError"
        | "LexerError"
        | "ParseError"
        | "IncompleteExpressionError"
        | "EmptyExpressionError"
        | "UnknownFunctionError"
        | "JMESPathTypeError"
        | "VariadictArityError" => "ValueError",
        other => other,
    };
    // What Python finds in the code that Jinja makes.
    let class = if class == "SyntaxError" { "TemplateSyntaxError" } else { class };
    // Python names where the compiled code stood.
    let rest = rest.split(" (<template>").next().unwrap_or(rest);
    format!("{class}:{rest}")
}

/// The dates of a context, which JSON has no way to say.
fn date(text: &str) -> Val {
    let date = match chrono::DateTime::parse_from_rfc3339(text) {
        Ok(t) => {
            data::DateTime::Time(t.naive_local(), Some(data::FixedOffsetKey(t.offset().local_minus_utc())))
        }
        Err(_) => match text.parse() {
            Ok(t) => data::DateTime::Time(t, None),
            Err(_) => data::DateTime::Date(text.parse().unwrap()),
        },
    };
    Val::from(data::Value::from(date))
}

/// Templates from a generator (`generate.py`): what Jinja2 renders is what is rendered here.
/// `GENERATED=file` tries another file of them.
#[test]
fn generated_templates_render_as_in_jinja2() {
    let path = std::env::var("GENERATED")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/generated.jsonl").into());
    let text = std::fs::read_to_string(path).unwrap();
    let mut lines = text.lines();
    let head = data::json::load(lines.next().unwrap()).unwrap();
    let part = |name: &str| head.get(name).unwrap().clone();
    let (context, options, dates) = (part("context"), part("options"), part("dates"));
    let files: HashMap<String, String> =
        part("files").as_dict().unwrap().iter().map(|(k, v)| (k.to_string(), v.to_string())).collect();
    let (mut failed, mut worded) = (Vec::new(), Vec::new());
    let mut count = 0;
    for line in lines {
        let case = data::json::load(line).unwrap();
        let case = case.as_list().unwrap();
        let (kind, expected) = match &case[2..] {
            [out] => ("out", out),
            [_, error, ..] => ("error", error),
            [] => continue,
        };
        let opts = options.as_list().unwrap()[usize::try_from(case[0].as_int().unwrap()).unwrap()].clone();
        let case = Case {
            name: String::new(),
            context: context.clone(),
            opts,
            template: case[1].to_string(),
            files: files.clone(),
            kind: kind.to_owned(),
            expected: expected.to_string(),
        };
        let dates = dates.as_dict().unwrap().iter().map(|(k, v)| (k.to_string(), date(&v.to_string())));
        let (kind, mut got) = run_with(&case, dates.collect());
        if kind == "error" {
            got = got.rsplit_once("\nline ").map_or(got.clone(), |(m, _)| m.to_owned());
        }
        count += 1;
        let same =
            if kind == "error" { normal(&got) == normal(&case.expected) } else { got == case.expected };
        if !same || kind != case.kind {
            let list = if kind == "error" && case.kind == "error" { &mut worded } else { &mut failed };
            list.push(format!(
                "=== {:?}\n{}\n--- expected {}\n{}\n--- got {kind}\n{got}\n",
                case.opts, case.template, case.kind, case.expected
            ));
        }
    }
    assert!(count > 1000, "the file is short");
    // Where both refuse, Python sometimes stumbles over something else first.
    assert!(worded.len() * 200 < count, "{} of {count} errors differ:\n{}", worded.len(), worded.join("\n"));
    assert!(failed.is_empty(), "{} of {count} cases differ:\n{}", failed.len(), failed.join("\n"));
}

/// `CASES=folder` tries other ones, `CASE=name` some of them.
#[test]
fn every_case_renders_as_recorded() {
    let only = std::env::var("CASE").ok();
    let mut failed = Vec::new();
    let mut count = 0;
    let dir = std::env::var("CASES")
        .unwrap_or_else(|_| concat!(env!("CARGO_MANIFEST_DIR"), "/tests/inputs").into());
    let mut paths: Vec<_> = std::fs::read_dir(dir).unwrap().map(|e| e.unwrap().path()).collect();
    paths.sort();
    for path in paths {
        let file = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        let is_lines = path.extension().is_some_and(|e| e == "lines");
        for case in if is_lines { parse_lines(&text) } else { parse(&text) } {
            let id = format!("{file}: {}", case.name);
            if only.as_ref().is_some_and(|o| !id.contains(o.as_str())) {
                continue;
            }
            count += 1;
            let (kind, mut got) = run(&case);
            if is_lines && kind == "error" {
                got = got.rsplit_once("\nline ").map_or(got.clone(), |(m, _)| m.to_owned());
            }
            let same = kind == case.kind
                && if kind == "error" {
                    normal(&got) == normal(&case.expected)
                } else {
                    got == case.expected
                };
            if !same {
                let template = if is_lines { "" } else { &case.template };
                failed.push(format!(
                    "=== {id}\n{template}\n--- expected {}\n{}\n--- got {kind}\n{got}\n",
                    case.kind, case.expected
                ));
            }
        }
    }
    assert!(count > 0, "no case was found");
    assert!(failed.is_empty(), "{} of {count} cases differ:\n{}", failed.len(), failed.join("\n"));
}

//! No template may panic, hang or eat the memory: limits hold, and nonsense gets an error.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use jinja::{Env, ErrorKind, Key, Limits, Map, UndefinedKind, Val};
use proptest::prelude::*;

fn env(limits: Limits) -> Env {
    let mut env = Env::salt();
    env.options.limits = limits;
    env
}

fn small() -> Env {
    env(Limits { depth: 50, output_bytes: 100_000, loop_steps: 10_000 })
}

fn fails(env: &Env, template: &str, kind: ErrorKind) {
    match env.render("t", template, Vec::new()) {
        Err(e) => assert_eq!(e.kind(), kind, "{template}: {e}"),
        Ok(out) => panic!("{template} rendered {} bytes", out.len()),
    }
}

#[test]
fn runaway_templates_hit_a_limit() {
    let env = small();
    for t in [
        "{% for a in range(1000) %}{% for b in range(1000) %}{% endfor %}{% endfor %}",
        "{% for a in range(2000) %}{{ 'x' * 1000 }}{% endfor %}",
        "{{ 'x' * 10 ** 9 }}",
        "{{ [0] * 10 ** 9 }}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(s='x') %}{% for i in range(60) %}{% set ns.s = ns.s.replace('x', 'xx') %}{% endfor %}",
        "{{ 'x'.center(10 ** 9) }}",
        "{{ 'x' | indent(10 ** 9) }}",
        "{{ '%1000000000d' % 1 }}",
        "{{ '{:>1000000000}'.format(1) }}",
        "{{ 9 ** (9 ** 9) }}",
        "{{ 10 ** 10000000 }}",
        "{{ range(99999) | map('string') | map('center', 80) | join }}",
    ] {
        fails(&env, t, ErrorKind::Limit);
    }
    fails(&env, "{{ range(10 ** 9) }}", ErrorKind::Overflow);
}

#[test]
fn endless_recursion_is_an_error() {
    let deep = env(Limits::default());
    fails(&deep, "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", ErrorKind::Recursion);
    fails(&deep, "{% macro m(x) %}{{ m([x]) }}{% endmacro %}{{ m(1) }}", ErrorKind::Recursion);
    fails(&deep, "{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", ErrorKind::Recursion);
    fails(&deep, "{% block a %}{{ self.a() }}{% endblock %}", ErrorKind::Recursion);
    fails(
        &small(),
        "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
        ErrorKind::Recursion,
    );
}

#[test]
fn calls_count_as_steps() {
    let limits = Limits { depth: 40, output_bytes: 100_000, loop_steps: 10_000 };
    fails(
        &env(limits),
        "{% macro m(n) %}{% if n < 30 %}{{ m(n + 1) }}{{ m(n + 1) }}{% endif %}{% endmacro %}{{ m(0) }}",
        ErrorKind::Limit,
    );
}

#[test]
fn values_nested_too_deeply_are_an_error() {
    let build = "{% set ns = namespace(l=[]) %}{% for i in range(5000) %}{% set ns.l = [ns.l] %}{% endfor %}";
    let env = env(Limits::default());
    for t in [
        "{{ ns.l }}",
        "{{ ns.l == [ns.l] }}",
        "{{ ns.l | json }}",
        "{{ ns.l | flatten }}",
        "{{ ns.l | pprint }}",
    ] {
        fails(&env, &format!("{build}{t}"), ErrorKind::Recursion);
    }
    assert_eq!(env.render("t", build, Vec::new()).unwrap(), "");
}

#[test]
fn values_with_more_parts_than_can_be_visited_are_an_error() {
    let env = env(Limits { loop_steps: 100_000, ..Limits::default() });
    let build = |e: &str| {
        format!(
            "{{% set ns = namespace(a=[1], b=[1]) %}}{{% for i in range(60) %}}{{% set ns.a = [ns.a, ns.a] %}}\
                 {{% set ns.b = [ns.b, ns.b] %}}{{% endfor %}}{{{{ {e} }}}}"
        )
    };
    for e in ["ns.a == ns.b", "ns.a < ns.b", "ns.a | json", "ns.a | flatten", "ns.a | pprint"] {
        fails(&env, &build(e), ErrorKind::Limit);
    }
    fails(&env, &build("ns.a | string"), ErrorKind::Recursion);
    let tuples =
        "{% set ns = namespace(a=(1,)) %}{% for i in range(60) %}{% set ns.a = (ns.a, ns.a) %}{% endfor %}";
    fails(&env, &format!("{tuples}{{{{ {{ns.a: 1}} }}}}"), ErrorKind::Limit);
    fails(
        &env,
        "{% set ns = namespace(a=[1]) %}{% for i in range(60) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
        ErrorKind::Limit,
    );
    fails(
        &env,
        "{% set l = [1] %}{% for i in range(60) %}{% do l.extend(l) %}{% endfor %}",
        ErrorKind::Limit,
    );
    fails(&small(), "{{ range(9999) | product(range(9999)) | list }}", ErrorKind::Limit);
    fails(&small(), "{{ -1 in (range(999) | permutations) }}", ErrorKind::Limit);
}

#[test]
fn code_that_runs_while_a_container_is_read_may_change_it() {
    let t = "{% set l = [] %}{% for x in [1, 2, 3] if l.append(x) or true %}{% do l.append(loop) %}{{ l | length }}\
             {% set s = l | string %}{% endfor %}";
    assert!(env(Limits::default()).render("t", t, Vec::new()).is_ok());
}

#[test]
fn nonsense_of_any_depth_is_a_syntax_error() {
    let env = small();
    for (open, close) in [
        ("(", ")"),
        ("[", "]"),
        ("{1:", "}"),
        ("-", ""),
        ("not ", ""),
        ("x if y else ", ""),
        ("f(", ")"),
        ("a[", "]"),
        ("1 ~ (", ")"),
    ] {
        let t = format!("{{{{ {}1{} }}}}", open.repeat(20_000), close.repeat(20_000));
        fails(&env, &t, ErrorKind::Syntax);
    }
    for op in ["+ 1 ", "|d ", ".a", "[0]", "()", " and 1", " or 1", " if 1", "** 1 ", "is defined "] {
        let t = format!("{{{{ 1 {} }}}}", op.repeat(20_000));
        fails(&env, &t, ErrorKind::Syntax);
    }
    let t = "{% if 1 %}".repeat(20_000) + &"{% endif %}".repeat(20_000);
    fails(&env, &t, ErrorKind::Syntax);
    fails(&env, &"{% for x in y %}".repeat(20_000), ErrorKind::Syntax);
    // Long is not deep.
    let sum = format!("{{{{ {}0 }}}}", "1 + ".repeat(500));
    assert_eq!(env.render("t", &sum, Vec::new()).unwrap(), "500");
    let list = format!("{{{{ [{}] | length }}}}", "1, ".repeat(20_000));
    assert_eq!(env.render("t", &list, Vec::new()).unwrap(), "20000");
    let concat = format!("{{{{ {}'' }}}}", "'a' ~ ".repeat(20_000));
    assert_eq!(env.render("t", &concat, Vec::new()).unwrap().len(), 20_000);
}

/// Deep templates must work on the small stacks that threads have.
#[test]
fn a_small_stack_is_enough() {
    let run = || {
        let t = format!("{{{{ {}1{} }}}}", "(".repeat(100), ")".repeat(100));
        assert_eq!(small().render("t", &t, Vec::new()).unwrap(), "1");
        let t = "{% macro m(n) %}{{ n if n == 0 else m(n - 1) }}{% endmacro %}{{ m(200) }}";
        assert_eq!(env(Limits::default()).render("t", t, Vec::new()).unwrap(), "0");
    };
    std::thread::Builder::new().stack_size(256 << 10).spawn(run).unwrap().join().unwrap();
}

#[test]
fn nothing_is_left_behind() {
    // A macro refers to the variables around it, one of which is the macro: the ring must be cut.
    let canary = std::rc::Rc::new(());
    let held = canary.clone();
    let f = Val::function(move |_| {
        let _ = &held;
        Ok(Val::None)
    });
    let t = "{% set v = f %}{% macro m() %}{{ v }}{% endmacro %}{% for i in [1] %}{% set l = loop %}{{ l.index }}\
             {% endfor %}{{ m() }}{% block b %}{{ self.b }}{% endblock %}";
    small().render("t", t, vec![("f".to_owned(), f)]).unwrap();
    assert_eq!(std::rc::Rc::strong_count(&canary), 1);
}

const PIECES: &[&str] = &[
    "{{",
    "}}",
    "{%",
    "%}",
    "{#",
    "#}",
    "{%-",
    "-%}",
    "for",
    "in",
    "if",
    "elif",
    "else",
    "endif",
    "endfor",
    "set",
    "endset",
    "macro",
    "endmacro",
    "call",
    "endcall",
    "filter",
    "endfilter",
    "with",
    "endwith",
    "block",
    "endblock",
    "raw",
    "endraw",
    "do",
    "break",
    "continue",
    "include",
    "import",
    "from",
    "extends",
    "as",
    "recursive",
    "load_yaml",
    "endload",
    "not",
    "and",
    "or",
    "is",
    "defined",
    "true",
    "none",
    "x",
    "y",
    "loop",
    "self",
    "super",
    "caller",
    "'a'",
    "\"b\\n\"",
    "1",
    "0",
    "-1",
    "2.5",
    "99999999999999999999",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ",",
    ":",
    ".",
    "|",
    "~",
    "+",
    "-",
    "*",
    "/",
    "//",
    "%",
    "**",
    "=",
    "==",
    "<",
    ">=",
    "upper",
    "join",
    "list",
    "map",
    "sort",
    "format",
    "items",
    "keys",
    "append",
    "index",
    "length",
    "range",
    "dict",
    "namespace",
    "cycler",
    "é",
    "\n",
    " ",
    "yaml",
    "json",
    "groupby",
    "slice",
    "batch",
    "round",
    "int",
    "indent",
    "replace",
    "split",
    "regex_replace",
];

const EXPRESSIONS: &[&str] = &[
    "1",
    "-3",
    "2.5",
    "'a'",
    "'%s %d'",
    "'{:>5}'",
    "''",
    "[]",
    "[1, 'b']",
    "{}",
    "{'a': 1}",
    "none",
    "true",
    "x",
    "y.z",
    "loop",
    "range(3)",
    "'é'",
    "10 ** 20",
    "(1, 2)",
    "d",
    "l",
    "s",
    "dt",
    "1e308",
    "set_",
    "x | default([])",
];

fn any_expression() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(EXPRESSIONS).prop_map(str::to_owned);
    let filters = jinja_names();
    leaf.prop_recursive(4, 24, 3, move |inner| {
        let binary = prop::sample::select(&[
            "+", "-", "*", "/", "//", "%", "**", "~", "==", "<", ">=", "in", "not in", "and", "or",
        ]);
        let method = prop::sample::select(&[
            "upper",
            "split",
            "format",
            "join",
            "get",
            "items",
            "append",
            "pop",
            "update",
            "index",
            "replace",
            "center",
            "sort",
            "strftime",
            "isoformat",
            "encode",
            "zfill",
            "partition",
            "translate",
            "keys",
            "setdefault",
            "hex",
            "rsplit",
            "find",
            "count",
            "insert",
            "expandtabs",
        ]);
        let filter = prop::sample::select(filters.clone());
        prop_oneof![
            (inner.clone(), binary, inner.clone()).prop_map(|(a, op, b)| format!("({a} {op} {b})")),
            (inner.clone(), method, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(o, m, args)| format!("({o}).{m}({})", args.join(", "))),
            (inner.clone(), filter, prop::collection::vec(inner.clone(), 0..3))
                .prop_map(|(v, f, args)| format!("({v} | {f}({}))", args.join(", "))),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a})[{b}]")),
            (inner.clone(), inner.clone(), inner.clone()).prop_map(|(a, b, c)| format!("({a})[{b}:{c}]")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a} if {b} else {c})")),
        ]
    })
}

fn jinja_names() -> Vec<&'static str> {
    vec![
        "abs",
        "attr",
        "batch",
        "capitalize",
        "center",
        "default",
        "dictsort",
        "e",
        "filesizeformat",
        "first",
        "float",
        "format",
        "groupby",
        "indent",
        "int",
        "join",
        "last",
        "length",
        "list",
        "map",
        "max",
        "min",
        "pprint",
        "regex_replace",
        "regex_search",
        "reject",
        "replace",
        "reverse",
        "round",
        "select",
        "selectattr",
        "slice",
        "sort",
        "string",
        "striptags",
        "sum",
        "title",
        "tojson",
        "trim",
        "truncate",
        "unique",
        "urlencode",
        "urlize",
        "wordcount",
        "wordwrap",
        "xmlattr",
        "yaml",
        "json",
        "load_yaml",
        "traverse",
        "union",
        "difference",
        "intersect",
        "flatten",
        "combinations",
        "permutations",
        "product",
        "zip",
        "to_num",
        "human_to_bytes",
        "strftime",
        "base64_decode",
        "set_dict_key_value",
        "yaml_encode",
        "to_snake_case",
        "compress",
        "avg",
        "mysql_to_dict",
        "from_entries",
        "method_call",
        "quote",
        "dict_to_sls_yaml_params",
        "items",
        "md5",
        "to_bool",
    ]
}

fn context() -> Vec<(String, Val)> {
    let set_ = jinja::Val::from(vec!["a", "b"]);
    let map: Map =
        [(Key::str("a"), Val::from(1)), (Key::str("z"), Val::from(vec![1, 2]))].into_iter().collect();
    let day = data::DateTime::Date(chrono::NaiveDate::from_ymd_opt(2026, 1, 31).unwrap());
    vec![
        ("x".into(), Val::from(5)),
        ("d".into(), Val::dict(map)),
        ("l".into(), Val::from(vec![3, 1, 2])),
        ("s".into(), Val::from("hello world")),
        ("dt".into(), Val::from(day)),
        ("set_".into(), set_),
    ]
}

fn bounded(kind: UndefinedKind) -> Env {
    let mut env = env(Limits { depth: 20, output_bytes: 10_000, loop_steps: 2_000 });
    env.options.undefined = kind;
    env
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn any_sequence_of_pieces_gets_an_answer(pieces in prop::collection::vec(prop::sample::select(PIECES), 0..40)) {
        let _ = bounded(UndefinedKind::Default).render("t", &pieces.join(" "), context());
        let _ = bounded(UndefinedKind::Strict).render("t", &pieces.concat(), context());
    }

    #[test]
    fn any_text_gets_an_answer(text in "(\\{\\{|\\{%|%\\}|\\}\\}|[ -~\\né]){0,60}") {
        let _ = bounded(UndefinedKind::Chainable).render("t", &text, context());
    }

    #[test]
    fn any_expression_gets_an_answer(e in any_expression()) {
        let _ = bounded(UndefinedKind::Default).render("t", &format!("{{{{ {e} }}}}"), context());
        let t = format!("{{% set a = {e} %}}{{% for x in a %}}{{{{ x }}}}{{{{ loop.last }}}}{{% endfor %}}{{{{ a }}}}");
        let _ = bounded(UndefinedKind::Strict).render("t", &t, context());
    }
}

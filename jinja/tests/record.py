#!/usr/bin/env python3
"""Writes the expected output of every case in tests/inputs from real Jinja2 in Salt's environment.

    <python with salt and jinja2> record.py [--check] [file...]

A file holds cases:

    === name
    {"name": "a variable"}            (optional: the context, JSON, one line)
    opts: {"trim_blocks": true}       (optional: undefined default|strict|chainable, trim_blocks, lstrip_blocks,
                                       keep_trailing_newline)
    ---
    the template
    --- file other.jinja              (optional: templates that it loads)
    its text
    --- out                           (written here: what it prints)
    --- error                         (or: exception, message, line)

A `.lines` file holds one-line templates; `ctx` and `opts` lines count for those that follow:

    ctx {"a": 1}
    {{ a }}
      = "1"                           (written here: what it prints, as JSON)
    {{ b }}
      ! "UndefinedError: 'b' is undefined"

--check writes nothing and fails when something differs.
"""

import copy
import json
import pathlib
import sys
import traceback

import jinja2
import jinja2.sandbox
import salt.utils.data
import salt.utils.dictupdate  # noqa: F401  (registers filters)
import salt.utils.dateutils  # noqa: F401
import salt.utils.files  # noqa: F401
import salt.utils.hashutils  # noqa: F401
import salt.utils.jinja
import salt.utils.network  # noqa: F401
import salt.utils.path  # noqa: F401
import salt.utils.stringutils  # noqa: F401
import salt.utils.yamlencoding  # noqa: F401
from salt.utils.decorators.jinja import JinjaFilter, JinjaGlobal, JinjaTest
from salt.utils.odict import OrderedDict

UNDEFINED = {
    "default": jinja2.Undefined,
    "strict": jinja2.StrictUndefined,
    "chainable": jinja2.ChainableUndefined,
}


def environment(files, opts):
    opts = dict(opts)
    env = jinja2.sandbox.SandboxedEnvironment(
        undefined=UNDEFINED[opts.pop("undefined", "strict")],
        extensions=["jinja2.ext.do", "jinja2.ext.loopcontrols", salt.utils.jinja.SerializerExtension],
        loader=jinja2.DictLoader(files),
        **opts,
    )
    indent = env.filters["indent"]
    env.tests.update(JinjaTest.salt_jinja_tests)
    env.filters.update(JinjaFilter.salt_jinja_filters)
    env.filters["indent"] = indent
    env.globals.update(JinjaGlobal.salt_jinja_globals)
    env.globals["odict"] = OrderedDict
    env.tests["list"] = salt.utils.data.is_list
    return env


def error_line(exc):
    if isinstance(exc, jinja2.TemplateSyntaxError):
        return exc.lineno
    frames = [f for f in traceback.extract_tb(exc.__traceback__) if f.filename != __file__]
    names = ("top-level template code", "template")
    lines = [f.lineno for f in frames if f.name in names or f.name.startswith("block '")]
    return lines[-1] if lines else None


def record(case):
    try:
        env = environment(case["files"], case["opts"])
        return "out", env.from_string(case["template"]).render(**case["context"])
    except Exception as exc:  # pylint: disable=broad-except
        message = exc.message if isinstance(exc, jinja2.TemplateSyntaxError) else str(exc)
        return "error", f"{type(exc).__name__}: {message}\nline {error_line(exc)}"


def parse(text):
    cases = []
    for chunk in text.split("\n=== ")[1:] if not text.startswith("=== ") else ("\n" + text).split("\n=== ")[1:]:
        name, _, rest = chunk.partition("\n")
        case = {"name": name, "context": {}, "opts": {}, "files": {}, "head": []}
        head, _, rest = ("\n" + rest).partition("\n---\n")
        for line in head.strip().splitlines():
            if line.startswith("opts: "):
                case["opts"] = json.loads(line[6:])
            else:
                case["context"] = json.loads(line)
            case["head"].append(line)
        parts = ("\n" + rest).split("\n--- ")
        case["template"] = parts[0][1:]
        for part in parts[1:]:
            kind, _, body = part.partition("\n")
            if kind.startswith("file "):
                case["files"][kind[5:]] = body
        cases.append(case)
    return cases


def render(case, kind, text):
    out = [f"=== {case['name']}", *case["head"], "---", case["template"]]
    for name, body in case["files"].items():
        out += [f"--- file {name}", body]
    return "\n".join([*out, f"--- {kind}", text])


def record_lines(text):
    context, opts, out = {}, {}, []
    for line in text.splitlines():
        if line.startswith(("  = ", "  ! ")):
            continue
        out.append(line)
        if line.startswith("ctx "):
            context = json.loads(line[4:])
        elif line.startswith("opts "):
            opts = json.loads(line[5:])
        elif line and not line.startswith("#"):
            case = {"context": copy.deepcopy(context), "opts": opts, "files": {}, "template": line}
            kind, result = record(case)
            if kind == "error":
                result = result.rpartition("\nline ")[0]
            out.append(("  = " if kind == "out" else "  ! ") + json.dumps(result, ensure_ascii=False))
    return "\n".join(out) + "\n"


def main():
    args = sys.argv[1:]
    check = "--check" in args
    here = pathlib.Path(__file__).parent / "inputs"
    files = [pathlib.Path(a) for a in args if a != "--check"] or sorted([*here.glob("*.txt"), *here.glob("*.lines")])
    differ = 0
    for path in files:
        old = path.read_text()
        if path.suffix == ".lines":
            new = record_lines(old)
        else:
            new = "\n".join(render(c, *record(c)) for c in parse(old)) + "\n"
        if old != new:
            differ += 1
            print(path)
            if not check:
                path.write_text(new)
    return 1 if check and differ else 0


if __name__ == "__main__":
    sys.exit(main())

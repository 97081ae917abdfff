#!/usr/bin/env python3
"""Writes random templates and what real Jinja2 in Salt's environment makes of them.

    <python with salt and jinja2> generate.py [--seed N] [--count N] [file]

The file (tests/generated.jsonl when none is named) starts with the context, one line of JSON; every
further line is a case: [options, template, output] or [options, template, null, "Exception: message"].
The same seed gives the same templates. Each template is rendered under three hash seeds; what then
differs (the order of a set), or prints an address, is left out.
"""

import argparse
import copy
import datetime
import json
import os
import pathlib
import random
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
SEED, COUNT = 3008, 4000

CONTEXT = {
    "i": 7, "j": -3, "z": 0, "big": 123456789012345678901234567890, "f": 2.5, "g": -0.1, "h": 1e22,
    "s": "Hello World", "t": "a,b,,c", "u": "grün – ß", "e": "", "n": "42", "p": "/etc/salt/minion.d",
    "m": "one\n  two\n\nthree\tx\n", "html": "<a href=\"x\">it's & so</a>", "ip": "10.0.0.7",
    "yes": True, "no": False, "none": None,
    "l": [3, 1, 2], "ls": ["b", "A", "c", "a"], "lf": [1.5, 2, 0.25], "le": [], "ll": [[1, 2], [3], []],
    "mix": [1, "1", 1.0, True, None, "x"],
    "d": {"a": 1, "b": 2, "c": 3}, "de": {}, "dn": {"x": {"y": {"z": [1, 2, {"k": "v"}]}}, "l": [1, 2]},
    "di": {"k": "v", "name": "it's", "n": None, "fl": 1.0, "t": True, "txt": "a\nb", "q": "say \"x\""},
    "ld": [{"n": "x", "v": 2, "g": "a"}, {"n": "y", "v": 1, "g": "b"}, {"n": "Z", "v": 3, "g": "A"}],
}

# JSON has no dates.
DATES = {"dd": "2020-02-29", "dt": "2021-03-04T05:06:07", "tz": "2001-12-14T21:59:43.100000-05:00"}

OPTIONS = [
    {}, {"trim_blocks": True}, {"lstrip_blocks": True}, {"trim_blocks": True, "lstrip_blocks": True},
    {"undefined": "default"}, {"undefined": "chainable"}, {"keep_trailing_newline": True},
]

FILES = {
    "lib": "{% macro add(a, b=2) %}{{ a + b }}{% endmacro %}{% macro wrap(x) %}[{{ x }}{{ caller() if caller }}]"
           "{% endmacro %}{% set conf = {'a': 1, 'l': [1, 2]} %}{% set _hidden = 1 %}{% set ctx = i is defined %}",
    "inc": "<{{ i }}:{{ x | default('-') }}>",
    "base": "H{% block a %}base-a{% endblock %}M{% block b scoped %}{{ i }}{% endblock %}T{{ self.a() }}",
    "conf.yaml": "a: 1\nl: [1, 2, yes]\nd: {x: ~, y: 2020-01-02}\n",
    "conf.json": "{\"a\": [1, 2.5, null, true], \"b\": \"x\"}",
    "conf.txt": "some {{ text }}\n",
}

VARS = {
    "int": ["i", "j", "z", "big", "d.a", "l[0]", "ld[0].v", "i"],
    "float": ["f", "g", "h", "lf[0]"],
    "str": ["s", "t", "u", "e", "n", "p", "m", "html", "ip", "di.k", "ls[1]", "ld[1]['n']", "s"],
    "bool": ["yes", "no"],
    "list": ["l", "ls", "lf", "le", "ll", "mix", "ld", "dn.l", "l"],
    "dict": ["d", "de", "dn", "di", "ld[0]", "dn.x", "d"],
    "none": ["none"],
}

# Filters by what they take: name, and the types of arguments (with what they are called when by name).
FILTERS = {
    "int": ["abs", "float", "int", "string", "round", "round(1)", "round(-1, 'floor')", "filesizeformat",
            "filesizeformat(true)", "default(1)", "tojson", "pprint", "length", "json", "yaml", "to_bool",
            "to_num", "human_to_bytes", "str_to_num", "is_iter", "is_list", "list", "first", "e", "python",
            "int(base=2)", "abs | string", "xml", "yaml_encode", "yaml_dquote", "format", "center(6)",
            "date_format('%Y-%m-%d')", "to_bytes", "exactly_one_true", "wordcount", "join", "bool"],
    "float": ["abs", "float", "int", "string", "round", "round(2)", "round(1, 'ceil')", "round(method='floor')",
              "filesizeformat", "tojson", "pprint", "json", "yaml", "to_bool", "round(0, 'x')", "yaml_encode"],
    "str": ["capitalize", "center", "center({int})", "default({any})", "d('x', true)", "escape", "e", "first",
            "float", "float(1.5)", "forceescape", "format({any})", "format({int}, {str})", "indent", "indent(2)",
            "indent({int}, true)", "indent(width=3, first=true, blank=true)", "indent('>')", "int", "int(3)",
            "int(base=16)", "int(0, 8)", "join('-')", "last", "length", "count", "list", "lower", "upper",
            "map('upper')", "pprint", "replace({str}, {str})", "replace('l', 'L', 1)", "reverse",
            "safe", "select('ne', 'l')", "sort", "sort(true)", "string", "striptags", "title", "tojson",
            "trim", "trim({str})", "truncate(8)", "truncate(5, true)", "truncate(7, false, '~', 0)",
            "truncate({int})", "unique", "unique(true)", "upper", "urlencode", "urlize", "wordcount",
            "wordwrap(6)", "wordwrap(5, false)", "wordwrap(4, true, '|')", "wordwrap(10, break_on_hyphens=false)",
            "batch(3)", "slice(2)", "base64_encode", "md5", "sha1", "sha256", "quote", "yaml_encode", "yaml_dquote",
            "yaml_squote", "to_bool", "to_num", "contains_whitespace", "is_hex", "human_to_bytes", "regex_escape",
            "regex_search('(\\\\w)(\\\\w+)')", "regex_match('([A-Z])(.*)')", "regex_replace('[aeiou]', '<\\\\g<0>>')",
            "regex_replace('(o)', '\\\\1\\\\1', ignorecase=true)", "to_camelcase", "to_snake_case", "uuid",
            "substring_in_list(['ell'])", "str_to_num", "json", "yaml", "load_yaml", "load_json", "load_text", "python",
            "is_iter", "is_list", "to_bytes", "to_bytes | base64_encode", "hmac('k', 'x')",
            "sequence", "method_call('upper')", "method_call('split', ',')", "ipaddr", "is_ip", "ipv4", "ipv6", "ipwrap",
            "network_hosts", "network_size", "ip_host", "check_whitelist_blacklist(['*e*'])",
            "xml", "items", "dictsort", "attr('upper')", "attr('missing')", "path_join('x', 'y')",
            "min", "max", "sum", "abs", "nosuchfilter", "mac_str_to_bytes", "reject('in', 'lo')"],
    "list": ["length", "count", "first", "last", "join", "join({str})", "join(', ', attribute='n')", "sort", "sort(true)",
             "sort(case_sensitive=true)", "sort(attribute='v')", "sort(attribute='g,v')", "reverse", "reverse | list",
             "list", "unique | list", "unique(true) | list", "unique(attribute='g') | list", "min", "max",
             "min(attribute='v')", "max(attribute='n')", "min(true)", "sum", "sum(attribute='v')", "sum(start=10)",
             "sum('v', 5)", "map('upper') | list", "map(attribute='n') | list", "map(attribute='q', default='-') | list",
             "map('string') | join('+')", "map('default', 'x') | list", "map('int') | list", "map('length') | list",
             "select | list", "select('odd') | list", "select('>', 1) | list", "reject('none') | list",
             "select('in', [1, 'a']) | list", "select('string') | list", "reject | list", "select('number') | list",
             "selectattr('v') | list", "selectattr('v', '>', 1) | list", "selectattr('v', 'equalto', 2) | map(attribute='n') | list",
             "rejectattr('g', 'eq', 'a') | list", "selectattr('q', 'defined') | list", "groupby('g') | map(attribute='list') | list", "groupby('v') | map(attribute='grouper') | list", "groupby('n') | map('first') | list",
             "groupby('g', case_sensitive=true) | map('last') | list", "groupby('q', default=0) | map(attribute=0) | list", "batch(2) | list", "batch(2, 0) | list",
             "slice(2) | list", "slice(2, 'z') | list", "tojson", "tojson(indent=2)", "pprint", "string", "json", "yaml",
             "yaml(false)", "json(true, 4)", "yaml_encode", "difference([1, 'a'])", "union([9])", "intersect({list})",
             "symmetric_difference([2, 3])", "unique", "flatten", "flatten(levels=1)", "flatten(preserve_nulls=true)",
             "avg", "is_list", "is_iter", "exactly_one_true", "exactly_n_true(2)", "sorted_ignorecase", "compare_lists([1, 2])",
             "json_encode_list", "json_decode_list", "traverse('0')", "traverse('0:n')", "skip({int})", "skip",
             "zip([1, 2]) | list", "zip_longest([1], fillvalue='-') | list", "product([1, 2]) | list", "permutations(2) | list",
             "combinations(2) | list", "combinations_with_replacement(2) | list", "compress([1, 0, 1]) | list",
             "python", "e", "length == {int}", "random | string | length > 0", "upper", "capitalize", "title",
             "default([])", "items | list", "from_entries", "to_entries", "method_call('count', 1)", "method_call('index', 3)",
             "xmlattr", "urlencode", "dictsort", "center(30)", "trim", "replace('1', 'x')", "truncate(10)", "wordcount",
             "substring_in_list({list})", "quote", "md5", "check_whitelist_blacklist(['a'])", "json_query('[0]')",
             "json_query('[].n')", "json_query('[?v > `1`].n | [0]')", "random_sample(2) | length", "select('match', '[ab]') | list",
             "map('regex_replace', 'a', 'b') | list", "map('first') | list", "map(attribute=0) | list", "sort(attribute='0')",
             "attr('append')", "load_yaml", "sum(attribute='0')", "path_join", "ipaddr", "ipv4", "int", "float", "abs"],
    "dict": ["length", "items | list", "dictsort", "dictsort(true)", "dictsort(false, 'value')", "dictsort(reverse=true)",
             "dictsort(by='x')", "list", "first", "last", "sort", "join(',')", "tojson", "tojson(2)", "pprint", "string", "json",
             "yaml", "yaml(false)", "yaml_encode", "xmlattr", "xmlattr(false)", "urlencode", "traverse('a')", "traverse('x:y')",
             "traverse('x:y:z:2:k', 'no')", "traverse('q', {any})", "to_entries", "to_entries | from_entries",
             "json_encode_dict", "json_decode_dict", "compare_dicts({{}})", "compare_dicts(d)", "python", "xml", "is_iter", "e", "default({any})",
             "set_dict_key_value('a:q', 1)", "update_dict_key_value('q', {{'z': 1}})", "append_dict_key_value('q', 1)",
             "extend_dict_key_value('q', [1])", "dict_to_sls_yaml_params", "json_query('a')", "json_query('x.y.z[*]')",
             "json_query('keys(@)')", "max", "min", "sum", "map('upper') | list", "reverse | list", "select | list", "batch(2) | list",
             "attr('items')", "attr('a')", "unique | list", "method_call('get', 'a')", "length > {int}",
             "union({dict})", "intersect(['a'])", "sum(start='')", "wordcount", "indent", "replace('1', '2')", "filesizeformat", "is_list"],
    "none": ["default('x')", "default('x', true)", "d(1)", "string", "tojson", "list", "length", "int", "float", "e", "upper",
             "join", "json", "yaml", "to_bool", "first", "yaml_encode", "abs", "is_list", "is_iter", "sum", "traverse('a')"],
    "bool": ["string", "int", "tojson", "lower", "float", "default('x', true)", "abs", "yaml", "json", "to_bool", "yaml_encode", "e", "round"],
}

TESTS = ["defined", "undefined", "none", "number", "integer", "float", "string", "mapping", "sequence", "iterable", "boolean",
         "true", "false", "callable", "odd", "even", "lower", "upper", "escaped", "list", "divisibleby(3)", "divisibleby {int}",
         "eq({any})", "ne {int}", "gt({int})", "ge {int}", "lt({int})", "le {float}", "equalto({any})", "sameas({any})",
         "in {list}", "in({str})", "in {dict}", "match('[a-zH]')", "match('^h', ignorecase=true)", "greaterthan(2)",
         "lessthan({int})", "nosuchtest"]

METHODS = {
    "str": ["upper()", "lower()", "title()", "capitalize()", "swapcase()", "casefold()", "strip()", "lstrip('/H')", "rstrip('d/')",
            "strip({str})", "split()", "split(',')", "split(None, 1)", "split(',', 1)", "rsplit(',', 1)", "rsplit()", "split(sep=' ', maxsplit=1)",
            "split('')", "splitlines()", "splitlines(true)", "splitlines(keepends=True)", "partition(',')", "rpartition('/')", "replace({str}, {str})",
            "replace('l', 'L', 1)", "replace('', '-')", "find('o')", "find('o', 5)", "rfind('o')", "rfind('o', 0, 5)", "index('o')", "index('~')", "rindex('o')",
            "count('l')", "count('')", "count('l', 3)", "startswith('H')", "startswith(('a', 'H'))", "startswith('e', 1)", "endswith('d')", "endswith(['d'])",
            "isdigit()", "isalpha()", "isalnum()", "isspace()", "isupper()", "islower()", "istitle()", "isnumeric()", "isdecimal()", "isidentifier()",
            "isascii()", "isprintable()", "join({list})", "join(ls)", "join('abc')", "zfill(6)", "zfill({int})", "center(15)", "center(15, '*')", "ljust(14, '.')",
            "rjust(14)", "rjust(14, '--')", "expandtabs()", "expandtabs(4)", "encode()", "encode('ascii')", "encode('latin-1')", "encode('utf-16')", "encode('ascii', 'ignore')",
            "format()", "format({any})", "format({int}, {str})", "removeprefix('He')", "removesuffix('ld')", "translate({{72: 'J', 101: none}})", "translate({{108: 'LL'}})",
            "maketrans('ab', 'xy')", "format_map(d)", "__len__()", "__class__", "nosuch()", "upper(1)", "strip(1)", "split(1)", "replace('a')", "find()", "join(1)", "count()"],
    "list": ["append({any})", "extend([1, 2])", "extend({str})", "insert(0, {any})", "insert(-1, 'x')", "pop()", "pop(0)", "pop(9)", "pop(-1)", "remove(1)", "remove('q')",
             "index(1)", "index('zz')", "index(2, 1)", "count(1)", "count({any})", "reverse()", "sort()", "sort(reverse=true)", "sort(reverse=True, key=none)", "copy()", "clear()", "nosuch",
             "insert('a', 1)", "extend(1)", "append()", "append(1, 2)", "pop('a')", "__getitem__(0)"],
    "dict": ["items()", "keys()", "values()", "items() | list", "keys() | list", "values() | list", "values() | sum", "get('a')", "get('q')", "get('q', {any})", "get()", "get({list})",
             "pop('a')", "pop('q')", "pop('q', 0)", "popitem()", "setdefault('a', 9)", "setdefault('q')", "setdefault('q', []).append(1)", "update({{'a': 9}})", "update(q=1)", "update([('x', 1)])",
             "update([1])", "update({dict})", "update(none)", "copy()", "clear()", "fromkeys(['x', 'y'])", "fromkeys('ab', 0)", "a", "nosuch", "keys() | sort", "items() | sort", "get(1, 2)", "get('a', 'b', 'c')",
             "keys() | length", "values() | list | first", "keys() | first", "popitem('a')", "items().mapping", "keys() & ['a', 'q']", "keys() - ['a', 'b']", "keys() == d.keys()", "__contains__('a')"],
    "int": ["bit_length()", "real", "imag", "numerator", "denominator", "conjugate()", "to_bytes(16, 'big')", "as_integer_ratio()", "nosuch", "bit_count()", "is_integer", "__str__()", "to_bytes(1, 'big')"],
    "float": ["is_integer()", "real", "hex()", "as_integer_ratio()", "conjugate()", "imag", "fromhex('0x1p3')", "nosuch"],
    "bytes": ["decode()", "decode('ascii')", "hex()", "hex(':')", "upper()", "lower()", "strip()", "split()", "startswith(s.encode())", "find('l'.encode())", "count(e.encode())", "replace('l'.encode(), 'L'.encode())",
              "endswith(s)", "join(['a'.encode()])", "title()", "isdigit()", "split(','.encode())", "index('o'.encode())", "zfill(20)", "center(20)", "swapcase()", "isalpha()", "splitlines()", "partition('o'.encode())", "capitalize()", "rstrip('d'.encode())", "ljust(12)", "decode('utf-16')"],
    "date": ["year", "month", "day", "isoformat()", "strftime('%d.%m.%y %A %j')", "weekday()", "isoweekday()", "toordinal()", "ctime()", "replace(year=2021)", "replace(2000, 2, 29)", "timetuple()", "hour", "date()", "timestamp()", "min", "nosuch", "isocalendar()[1]", "isocalendar().week", "time()", "tzinfo", "max", "resolution", "today", "replace(month=13)", "strftime('%Y-%m-%dT%H:%M:%SZ %% %f %p')", "isoformat(' ')", "timetuple().tm_yday", "utcoffset()"],
    "tuple": ["count(1)", "index(1)", "index('q')", "append(1)"],
    "none": ["x", "upper()", "get('a')"],
}

PERCENT = ["%s", "%d", "%5d", "%05d", "%-5d|", "%+d", "% d", "%x", "%#x", "%X", "%o", "%e", "%.2f", "%8.3f", "%g", "%r", "%5s|", "%-5s|", "%.2s", "%c", "%%", "%i", "%u",
           "%s and %s", "%(a)s", "%(a)d-%(b)03d", "%*d", "%.*f", "%G", "%E", "%#o", "%a", "%q", "%", "%(a", "%5%", "%.0f", "%F", "%ld", "%s %s %s"]

SPECS = ["", ":d", ":5", ":<5", ":>8", ":^8", ":*^9", ":05d", ":+d", ": d", ":x", ":#x", ":X", ":b", ":#b", ":o", ":e", ":.2f", ":8.3f", ":g", ":n", ":%", ":.1%", ":,", ":_", ":s", ":10s", ":.3", ":c", "!r", "!s", "!r:>10",
         ":{1}", ".a", "[0]", "[a]", "[-1]", ".real", ":,.2f", ":_x", ":08.2f", ":=+8", ":z", ":d.", ":q", "!x", ":010,", ":#.3g", ":E", ":G", ":F", ":.10", ":<", ":a<5", ":é^9", ":-d", ":.0f", ":.0e", "[0][0]", ".__class__", ".x"]


class Gen:
    def __init__(self, rng):
        self.r = rng

    def pick(self, items):
        return items[self.r.randrange(len(items))]

    def chance(self, p):
        return self.r.random() < p

    def kind(self):
        return self.pick(["int", "int", "float", "str", "str", "str", "list", "list", "dict", "dict", "bool", "none", "tuple", "bytes", "date"])

    def fill(self, text, depth):
        out, rest = "", text
        while "{" in rest:
            head, _, tail = rest.partition("{")
            if tail.startswith("{"):
                out, rest = out + head + "{", tail[1:]
                continue
            name, _, rest = tail.partition("}")
            if name in ("any", "int", "float", "str", "list", "dict"):
                out += head + self.expr(name, depth - 1)
            else:
                out += head + "{" + name + "}"
        return (out + rest).replace("}}", "}")

    def literal(self, kind):
        if kind == "int":
            return self.pick(["0", "1", "2", "3", "10", "-1", "255", "0x1F", "0o17", "0b101", "1_000", "9223372036854775807", "9223372036854775808"])
        if kind == "float":
            return self.pick(["0.0", "1.0", "1.5", "-2.25", "1e3", "1e16", "1e-5", "0.1", "3.14159", "1_0.5", "1e300", "123456.789", "2.5", "0.5"])
        if kind == "str":
            return self.pick(["''", "'a'", '"b c"', "'l'", "'it\\'s'", "'x\\ny'", "'%s'", "'ü'", "'\\u00e9'", "'\\x41'", "'tab\\tx'", "'A-b_c d'", "'1.5'", "'12'", "'/usr/lib/'", "'a' 'b'", "'{0}'", "'key=val'"])
        if kind == "bool":
            return self.pick(["true", "false", "True", "False"])
        return "none" if self.chance(0.5) else "None"

    def expr(self, kind="any", depth=2):
        if kind == "any":
            kind = self.kind()
        if self.chance(0.03):
            kind = self.kind()
        if depth <= 0:
            return self.leaf(kind)
        roll = self.r.random()
        if roll < 0.25:
            return self.leaf(kind)
        if roll < 0.33:
            return f"({self.expr(kind, depth - 1)} if {self.expr('bool', depth - 1)} else {self.expr(kind, depth - 1)})"
        return getattr(self, "x_" + kind)(depth)

    def leaf(self, kind):
        if kind == "tuple":
            return self.pick(["(1, 2)", "()", "(1,)", "('a', 2, none)", "(1, (2, 3))"])
        if kind == "bytes":
            return self.pick(["s.encode()", "u.encode()", "'a\\x00b'.encode()", "'it\\'s'.encode()"])
        if kind == "date":
            return self.pick(["dd", "dt", "tz", "dd"])
        if kind in ("list", "dict") and self.chance(0.3):
            return self.x_list(1) if kind == "list" else self.x_dict(1)
        if kind == "none" or self.chance(0.3):
            return self.literal(kind) if kind not in ("list", "dict") else self.pick(VARS[kind])
        return self.pick(VARS[kind])

    def x_none(self, depth):
        return self.pick(["none", "None", "dn.get('q')", "di.n", "(none)", "d.get({str})".replace("{str}", self.expr("str", depth - 1))])

    def x_int(self, depth):
        a, b = self.expr("int", depth - 1), self.expr("int", depth - 1)
        return self.pick([
            lambda: f"({a} {self.pick(['+', '-', '*', '//', '%', '+'])} {b})",
            lambda: f"({a}) ** {self.pick(['2', '3', '0', '10', '-1'])}",
            lambda: f"-({a})", lambda: f"+{a}",
            lambda: f"({self.expr('list', depth - 1)} | length)",
            lambda: f"({self.expr('str', depth - 1)} | int)",
            lambda: f"({self.expr('str', depth - 1)}).{self.pick(['count', 'find'])}({self.expr('str', depth - 1)})",
            lambda: f"({a}).{self.pick(METHODS['int'])}", lambda: f"{a} {self.pick(['+', '*', '-'])} {b} {self.pick(['+', '*', '-'])} 2",
            lambda: f"{a} // {b} % 5",
        ])()

    def x_float(self, depth):
        a = self.expr(self.pick(["float", "int"]), depth - 1)
        b = self.expr(self.pick(["float", "int"]), depth - 1)
        return self.pick([
            lambda: f"({a} {self.pick(['+', '-', '*', '/', '//', '%', '/'])} {b})",
            lambda: f"({a}) ** {self.pick(['2', '-1', '3'])}", lambda: f"({self.pick(['f', 'i', '2', '1e3'])}) ** {self.pick(['0.5', '-0.5', '1.5'])}",
            lambda: f"({a} | float)", lambda: f"({a}) | round({self.pick(['', '1', '2', '-1'])})",
            lambda: f"({self.expr('float', 0)}).{self.pick(METHODS['float'])}",
        ])()

    def x_str(self, depth):
        s = self.expr("str", depth - 1)
        return self.pick([
            lambda: f"{s} ~ {self.expr('any', depth - 1)}",
            lambda: f"({s} + {self.expr('str', depth - 1)})",
            lambda: f"({s}).{self.fill(self.pick(METHODS['str']), depth)}",
            lambda: f"({s}).{self.fill(self.pick(METHODS['str']), depth)}",
            lambda: f"({s}){self.slice(depth)}",
            lambda: f"({s} | {self.fill(self.pick(FILTERS['str']), depth)})",
            lambda: f"({s} * {self.pick(['2', '0', '-1', '3'])})",
            lambda: self.percent(depth), lambda: self.format(depth),
            lambda: f"({self.expr('any', depth - 1)} | string)",
        ])()

    def percent(self, depth):
        form = self.pick(PERCENT)
        if "%(" in form:
            arg = self.expr("dict", depth - 1) if self.chance(0.3) else "d"
        elif form.count("%") - 2 * form.count("%%") > 1 or "*" in form:
            arg = "(" + ", ".join(self.expr("any" if self.chance(0.2) else "int", depth - 1) for _ in range(self.pick([1, 2, 2, 3]))) + ",)"
        else:
            arg = self.expr(self.pick(["int", "float", "str", "any"]), depth - 1)
        return f"('{form}' % {arg})"

    def format(self, depth):
        spec = self.pick(SPECS)
        arg = self.expr(self.pick(["int", "float", "str", "int", "any", "list", "dict"]), depth - 1)
        field = self.pick(["{0%s}", "{%s}", "<{%s}>", "{x%s}", "{{{0%s}}}", "{%s} {}"]) % spec
        args = f"x={arg}" if "{x" in field else self.pick([f"{arg}", f"{arg}, 7", f"{arg}, {self.expr('any', 0)}"])
        return f"('{field}'.format({args}))"

    def x_bool(self, depth):
        a, b = self.expr("any", depth - 1), self.expr("any", depth - 1)
        n, k = self.expr("int", depth - 1), self.expr("float", depth - 1)
        op = self.pick(["==", "!=", "<", "<=", ">", ">="])
        return self.pick([
            lambda: f"({a} == {b})", lambda: f"({a} {op} {b})", lambda: f"({n} {op} {k})", lambda: f"not {a}",
            lambda: f"({a} and {b})", lambda: f"({a} or {b})", lambda: f"({n} {op} {k} {self.pick(['<', '>', '==', '<='])} {n})",
            lambda: f"({self.expr('str', depth - 1)} {self.pick(['in', 'not in'])} {self.expr(self.pick(['str', 'list', 'dict']), depth - 1)})",
            lambda: f"({a} {self.pick(['in', 'not in'])} {self.expr('list', depth - 1)})",
            lambda: f"({a} is {self.pick(['', 'not '])}{self.fill(self.pick(TESTS), depth)})",
            lambda: f"({self.expr('list', depth - 1)} {op} {self.expr('list', depth - 1)})",
            lambda: f"({self.expr('str', depth - 1)} {op} {self.expr('str', depth - 1)})",
            lambda: f"({self.expr('date', 0)} {op} {self.expr('date', 0)})",
        ])()

    def slice(self, depth):
        part = lambda: self.pick(["", "", "1", "-1", "2", "-2", "0", "100", "-100", "none"])
        return self.pick([f"[{part()}:{part()}]", f"[{part()}:{part()}:{self.pick(['1', '2', '-1', '-2', '', '0'])}]", f"[{self.pick(['0', '1', '-1', '9', '-9'])}]"])

    def x_list(self, depth):
        l = lambda: self.expr("list", depth - 1)
        return self.pick([
            lambda: "[" + ", ".join(self.expr("any", depth - 1) for _ in range(self.r.randrange(4))) + self.pick(["", "", ""]) + "]",
            lambda: "[" + ", ".join(self.expr("int", depth - 1) for _ in range(self.r.randrange(1, 4))) + "]",
            lambda: "[" + ", ".join(self.expr("str", depth - 1) for _ in range(self.r.randrange(1, 4))) + "]",
            lambda: f"({l()} + {l()})", lambda: f"({l()} * {self.pick(['2', '0', '1'])})", lambda: f"({l()}){self.slice(depth)}",
            lambda: f"({l()} | {self.fill(self.pick(FILTERS['list']), depth)})",
            lambda: f"({l()} | {self.fill(self.pick(FILTERS['list']), depth)})",
            lambda: f"({l()}).{self.fill(self.pick(METHODS['list']), depth)}",
            lambda: f"({self.expr('str', depth - 1)}).split({self.pick(['', repr(','), repr('l')])})",
            lambda: f"range({self.pick(['5', '1, 4', '5, 0, -2', '0', '3, 1'])}) | list",
            lambda: f"({self.expr('dict', depth - 1)}).{self.pick(['keys()', 'values()', 'items()'])} | list",
        ])()

    def x_tuple(self, depth):
        items = [self.expr("any", depth - 1) for _ in range(self.r.randrange(1, 4))]
        return self.pick([lambda: "(" + ", ".join(items) + ",)", lambda: f"({self.leaf('tuple')} + {self.leaf('tuple')})",
                          lambda: f"{self.leaf('tuple')}.{self.pick(METHODS['tuple'])}", lambda: f"{self.leaf('tuple')}{self.slice(1)}",
                          lambda: f"({self.leaf('tuple')} * 2)"])()

    def x_dict(self, depth):
        key = lambda: self.pick(["'a'", "'b c'", "1", "none", "(1, 2)", "1.0", "true", "s", "i", "'q'"]) if self.chance(0.9) else self.expr("any", depth - 1)
        d = lambda: self.expr("dict", depth - 1)
        return self.pick([
            lambda: "{" + ", ".join(f"{key()}: {self.expr('any', depth - 1)}" for _ in range(self.r.randrange(4))) + "}",
            lambda: f"dict({self.pick(['a', 'q'])}={self.expr('any', depth - 1)})", lambda: f"dict({d()}, a={self.expr('any', depth - 1)})",
            lambda: f"({d()} | {self.fill(self.pick(FILTERS['dict']), depth)})", lambda: f"({d()}).{self.fill(self.pick(METHODS['dict']), depth)}",
            lambda: f"({d()})[{key()}]", lambda: f"({d()}).{self.pick(['a', 'b', 'x', 'q', 'x.y'])}", lambda: "dict([('a', 1), ('b', [2])])",
            lambda: f"dict({self.expr('list', depth - 1)})" if self.chance(0.2) else f"({d()}).copy()", lambda: f"({d()} | {self.fill(self.pick(FILTERS['dict']), depth)})",
        ])()

    def x_bytes(self, depth):
        b = self.leaf("bytes")
        return self.pick([lambda: f"({b}).{self.pick(METHODS['bytes'])}", lambda: f"{b}{self.slice(depth)}", lambda: f"({b} + {self.leaf('bytes')})",
                          lambda: f"({b} * 2)", lambda: f"({b} | {self.pick(['length', 'list', 'base64_encode', 'string', 'first', 'tojson', 'md5', 'to_num', 'yaml', 'upper', 'join', 'e', 'sha256', 'pprint'])})",
                          lambda: f"({self.expr('int', 0)} in {b})", lambda: f"('%s' % {b})"])()

    def x_date(self, depth):
        d = self.leaf("date")
        return self.pick([lambda: f"({d}).{self.pick(METHODS['date'])}", lambda: f"({d} - {self.leaf('date')})", lambda: f"({d} | {self.pick(['string', 'tojson', 'yaml', 'json', 'strftime', 'date_format', 'pprint', 'upper', 'yaml_encode', 'list'])})",
                          lambda: f"({d} - {d}).days", lambda: f"({d} + ({self.leaf('date')} - {self.leaf('date')}))", lambda: f"[{d}]", lambda: f"{{'k': {d}}}"])()

    # Statements.

    def text(self):
        return self.pick(["", " ", "\n", "x", "a b", "\n  ", "\n\n", "-", "  \n", "{", "}", "%", "key: ", "# c\n", "\t"])

    def tag(self, body):
        return "{%" + self.pick(["", "", "", "-", "+"]) + " " + body + " " + self.pick(["", "", "", "-"]) + "%}"

    def out(self, depth=2):
        e = self.expr("any", depth)
        if self.chance(0.15):
            kind = self.pick(list(FILTERS))
            e = f"{self.leaf(kind)} | {self.fill(self.pick(FILTERS[kind]), 1)}"
        sign = self.pick(["", "", "", "-"])
        return "{{" + sign + " " + e + " " + self.pick(["", "", "-"]) + "}}"

    def body(self, level, names):
        n = self.pick([1, 1, 2, 2, 3])
        return "".join(self.text() + self.stmt(level - 1, names) for _ in range(n)) + self.text()

    def show(self, names):
        name = self.pick(names) if names else "i"
        return "{{ " + self.pick([name, name, f"{name} is defined", f"[{name} | default('-')]", f"{name} | default('?') | string"]) + " }}"

    def stmt(self, level, names):
        if level <= 0:
            return self.out(1) if self.chance(0.5) else self.show(names)
        new = self.pick(["x", "y", "k", "v", "acc"])
        inner = [*names, new]
        return self.pick([
            lambda: self.out(), lambda: self.out(3), lambda: self.show(names),
            lambda: self.tag(f"set {new} = {self.expr('any', 2)}") + self.show(inner),
            lambda: self.tag(f"set {new}, w = {self.expr('any', 1)}, {self.expr('any', 1)}") + self.show(inner) + "{{ w }}",
            lambda: self.tag(f"set {new}" + self.pick(["", " | upper", " | trim | length"])) + self.body(level, names) + self.tag("endset") + self.show(inner),
            lambda: self.for_(level, names), lambda: self.for_(level, names), lambda: self.for_(level, names),
            lambda: self.if_(level, names), lambda: self.if_(level, names),
            lambda: self.macro(level, names), lambda: self.macro(level, names),
            lambda: self.tag(f"with {new} = {self.expr('any', 1)}" + self.pick(["", f", q = {new}", ", i = 1"])) + self.body(level, inner) + self.tag("endwith") + self.show(inner),
            lambda: self.tag("filter " + self.pick(["upper", "trim", "indent(2)", "replace('a', 'b') | upper", "e"])) + self.body(level, names) + self.tag("endfilter"),
            lambda: self.tag(f"set ns = namespace(c=0, l=[])") + self.tag("for q in " + self.expr("list", 1)) + self.tag("set ns.c = ns.c + 1") + self.tag("do ns.l.append(q)") + self.tag("endfor") + "{{ ns.c }}{{ ns.l }}",
            lambda: self.tag("do " + self.pick([f"l.append({self.expr('any', 1)})", f"d.update({{'k': {self.expr('any', 1)}}})", "dn.x.y.z[2].update({'n': 1})", "ld.append({'n': 'q'})", "d.pop('a')", "l.sort()", f"d.update({self.expr('dict', 1)})"])) + self.pick(["{{ l }}", "{{ d }}", "{{ dn }}"]),
            lambda: "{#" + self.pick(["", "-"]) + self.text() + "comment " + self.pick(["", "-"]) + "#}",
            lambda: self.tag("raw") + self.pick(["{{ x }}", "{% if %}", "{# n #}", " plain\n"]) + self.tag("endraw"),
            lambda: self.include(level, names),
            lambda: self.tag(f"set {new} = l") + self.tag(f"do {new}.append(9)") + "{{ l }}",
            lambda: self.tag("load_yaml as " + new) + "\n" + self.pick(["a: 1\nb: [1, yes, ~]\n", "- x\n- {{ i }}\n", "{{ d }}", "text", "a: {{ d.a }}\nt: 2020-01-01\nf: 1.0"]) + self.tag("endload") + self.show(inner),
            lambda: self.tag("load_json as " + new) + self.pick(['{"a": [1, 2.0, null]}', "{{ d | tojson }}", "[]", "{bad"]) + self.tag("endload") + self.show(inner),
            lambda: self.tag("load_text as " + new) + self.body(level, names) + self.tag("endload") + self.show(inner),
            lambda: self.tag("profile as '" + new + "'") + self.body(level, names) + self.tag("endprofile"),
            lambda: self.tag("autoescape " + self.pick(["true", "false"])) + self.body(level, names) + self.tag("endautoescape"),
        ])()

    def include(self, level, names):
        return self.pick([
            lambda: self.tag("include 'inc'" + self.pick(["", " with context"])),
            lambda: self.tag("include ['nope', 'inc']"), lambda: self.tag("include 'nope' ignore missing"),
            lambda: self.tag("import 'lib' as lib" + self.pick(["", " with context"])) + "{{ lib.add(1) }}{{ lib.conf.l }}{{ lib.ctx }}",
            lambda: self.tag("from 'lib' import add, conf as c" + self.pick(["", " with context"])) + self.pick(["{{ add(i, b=i) }}", "{{ c }}", "{% do c.update({'z': 1}) %}{{ c }}", "{{ add() }}"]),
            lambda: self.tag("from 'lib' import wrap, nothere" + self.pick(["", " with context"])) + self.tag("call wrap('q')") + self.body(level, names) + self.tag("endcall") + self.pick(["", "{{ nothere }}"]),
            lambda: self.tag("import_yaml 'conf.yaml' as cy") + self.pick(["{{ cy }}", "{{ cy.d.y }}", "{{ cy.l[2] }}"]),
            lambda: self.tag("import_json 'conf.json' as cj") + "{{ cj }}", lambda: self.tag("import_text 'conf.txt' as ct") + "{{ ct }}",
            lambda: self.tag("extends 'base'") + self.tag("block a") + self.pick(["", "{{ super() }}"]) + self.body(level, names) + self.tag("endblock") + self.pick(["", self.tag("block b") + "B{{ i }}" + self.tag("endblock b")]),
            lambda: self.tag("block z" + self.pick(["", " scoped"])) + self.body(level, names) + self.tag("endblock") + self.pick(["", "{{ self.z() }}"]),
        ])()

    def for_(self, level, names):
        new = self.pick(["x", "y", "k", "v"])
        inner = [*names, new]
        target, source = self.pick([
            lambda: (new, self.expr("list", 2)), lambda: (new, self.expr("list", 1)), lambda: (f"{new}, w", f"({self.expr('dict', 1)}).items()"),
            lambda: (new, self.expr("dict", 1)), lambda: (new, f"range({self.pick(['3', '1, 8, 3', '0'])})"), lambda: (new, self.expr("str", 1)),
            lambda: (f"{new}, w", "d | dictsort"), lambda: (new, self.expr("any", 1)), lambda: (f"{new}", "ld | map(attribute='n')"),
        ])()
        cond = self.pick(["", "", "", f" if {new}", f" if {new} is number", f" if {new} != 1", f" if loop.index > 1"])
        loop = self.pick(["", "", "{{ loop.index }}", "{{ loop.index0 }}/{{ loop.length }}", "{{ loop.first }}{{ loop.last }}", "{{ loop.revindex }}{{ loop.revindex0 }}", "{{ loop.cycle('o', 'e') }}", "{{ loop.previtem | default('P') }}",
                          "{{ loop.nextitem | default('N') }}", f"{{{{ loop.changed({new}) }}}}", "{{ loop.depth }}", "{{ ',' if not loop.last }}", "{{ loop }}", "{% if loop.index > 2 %}{% break %}{% endif %}", "{% if loop.first %}{% continue %}{% endif %}"])
        sets = self.pick(["", "", self.tag(f"set acc = {self.pick(['loop.index', new, 'i'])}"), self.tag("set i = 5")])
        tail = self.pick(["", "", self.tag("else") + self.body(level, names)])
        return self.tag(f"for {target} in {source}{cond}") + sets + loop + self.body(level, inner) + tail + self.tag("endfor") + self.pick(["", self.show(inner), "{{ acc is defined }}", "{{ i }}"])

    def if_(self, level, names):
        out = self.tag("if " + self.expr("bool", 2)) + self.body(level, names)
        if self.chance(0.3):
            out += self.tag("elif " + self.expr("any", 1)) + self.body(level, names)
        if self.chance(0.5):
            out += self.tag("else") + self.body(level, names)
        if self.chance(0.3):
            out += self.tag(f"set y = {self.expr('any', 1)}")
        return out + self.tag("endif") + self.pick(["", "", "{{ y | default('no y') }}"])

    def macro(self, level, names):
        params = self.pick(["", "a", "a, b=2", "a, b=a, c='x'", "a=i", "a, caller=none"])
        special = self.pick(["", "", "{{ varargs }}", "{{ kwargs }}", "{{ caller() if caller is defined and caller }}", "{{ a | default('-') }}"])
        body = self.body(level, [*names, *[p.strip().split("=")[0] for p in params.split(",") if p and "caller" not in p]])
        head = self.tag(f"macro m({params})") + special + body + self.tag("endmacro")
        args = self.pick(["", "1", "1, 2", "a=3", "1, b='q'", "1, 2, 3, 4", "1, z=5", "*[1, 2]", "**{'a': 1}", "1, *[2], **{'c': 3}"])
        return head + self.pick([lambda: "{{ m(" + args + ") }}", lambda: self.tag(f"call m({args})") + self.body(level, names) + self.tag("endcall"),
                                 lambda: "{{ m.name }}{{ m.arguments }}{{ m.catch_varargs }}{{ m.caller }}", lambda: "{{ m(" + args + ") | trim | upper }}",
                                 lambda: self.tag("call(q, r=1) m(1)") + "{{ q }}{{ r }}" + self.tag("endcall")])()

    def template(self):
        out = "".join(self.text() + self.stmt(self.pick([0, 1, 1, 2, 3]), []) for _ in range(self.pick([1, 1, 2, 2, 3])))
        if self.chance(0.5):
            out = self.out(self.pick([1, 2, 2, 3]))
        if self.chance(0.04):  # broken on purpose
            at = self.r.randrange(len(out) + 1)
            out = out[:at] + self.pick(["", "{%", "}}", "'", "(", "|", "{% endif %}", "{{", "]", "#}"]) + out[at + self.pick([0, 1, 2]):]
        return out


def templates(seed, count):
    rng = random.Random(seed)
    gen = Gen(rng)
    seen, out = set(), []
    while len(out) < count:
        opts = rng.randrange(len(OPTIONS)) if rng.random() < 0.4 else 0
        text = gen.template()
        if len(text) < 600 and (opts, text) not in seen:
            seen.add((opts, text))
            out.append((opts, text))
    return out


class TooLong(BaseException):
    pass


def too_long(*_):
    raise TooLong()


def render_all(cases):
    """Renders what comes in, one answer per line; runs in a process of its own, for its hash seed."""
    import record

    signal.signal(signal.SIGALRM, too_long)
    dates = {k: (datetime.datetime if "T" in v else datetime.date).fromisoformat(v) for k, v in DATES.items()}
    for opts, text in cases:
        case = {"context": {**copy.deepcopy(CONTEXT), **dates}, "opts": OPTIONS[opts], "files": FILES, "template": text}
        signal.setitimer(signal.ITIMER_REAL, 2)
        try:
            kind, result = record.record(case)
        except (TooLong, record.jinja2.UndefinedError):  # the latter out of an error's own text
            kind, result = "skip", ""
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if kind == "error":
            result = result.rpartition("\nline ")[0]
        print(json.dumps([kind, result]))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--render", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("file", nargs="?", default=HERE / "generated.jsonl")
    args = parser.parse_args()
    cases = templates(args.seed, args.count)
    if args.render:
        render_all(cases)
        return
    runs = []
    for hash_seed in ("1", "2", "3"):
        command = [sys.executable, __file__, "--render", "--seed", str(args.seed), "--count", str(args.count)]
        env = {**os.environ, "PYTHONHASHSEED": hash_seed}
        runs.append(subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True).stdout.splitlines())
    lines = [json.dumps({"context": CONTEXT, "dates": DATES, "options": OPTIONS, "files": FILES})]
    for (opts, text), one, *others in zip(cases, *runs, strict=True):
        kind, result = json.loads(one)
        if any(one != other for other in others) or kind == "skip" or " at 0x" in result:
            continue
        line = [opts, text, result] if kind == "out" else [opts, text, None, result]
        lines.append(json.dumps(line, ensure_ascii=False))
    pathlib.Path(args.file).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()

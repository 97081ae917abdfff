"""Writes `generated.yaml`: snippets of random YAML, chosen so that they fail and succeed in many ways.

`python generate.py [SEED]` with Salt installed, then `python regenerate.py`. Each snippet is put together from
words that mean something to YAML 1.1, as a soup, as lines of random indentation, or as a tree of nodes.
"""

import pathlib
import random
import sys

import salt.utils.yaml
import yaml

HERE = pathlib.Path(__file__).parent
COUNT = 600
WORDS = (
    "a b foo yes No on null ~ 0 1 -1 012 -012 09 0o7 0x1F 0b11 1_000 1:30 1:70 -1:30:5 1:30.5 .5 5. 1e3 1.5e3 1.0e+3 "
    "1e+3 .inf -.inf .NaN +1 -.5e-3 2001-01-01 2001-1-1 2001-12-14t21:59:43.10-05:00 2001-13-45 = << é 😀 \u2028 \x85 "
    "it's a#b a:b -a ?a :a 'q' \"q\" 'it''s' \"\\n\\x41\\u263a\" \"\\q\" ! !!python/tuple !local !!str &x *x *y [ ] { } "
    "%x @x `x | |- >+ |2 > \t \ta ... --- /etc/x salt://a/b.c http://x:80/y 0644 1,2 * ** && || [a]:b - -- ? : :: , a: "
    "12345678901234567890 1__0 _1 0_7 0x_ 0b 1. 1._5 + . .. 0.0 -0 -0.0 +.inf 1e400 1.5.5 1:2:3.5 190:20:30 "
    "685.230_15e+03 y n Y True tRUE NULL Null nUll"
).split(" ") + [
    "", "", "a #b", "a: b", "- a", "? a", "a\t", "a\tb", "a, b", "|-2 # c", "# c", "--- a", "%YAML 1.1", "%TAG ! x",
    "2001-12-14 21:59:43.1 Z", 'say "x"', "!!str 1", "!!int '1'", "!!int x", "!!float 1", "!!bool x", "!!bool Yes",
    "!!null ''", "!!binary aGk=", "!!binary aGk", "!!timestamp 2001-01-01", "!!python/unicode x", "!local x",
    "!<tag:yaml.org,2002:str> 1", "!!omap [a: 1]", "!!pairs [a: 1]", "!!seq [a]", "!!map {a: 1}", "!!omap {a: 1}",
    "!!omap a", "!!pairs [a]", "&x a", "&x [a]", "[a, b]", "{a: b}", "[a: b]", "{a, b: }", "{{ x }}", "{% x %}",
]  # fmt: skip
TAGS = ["!!str", "!", "!!int", "!!float", "!!bool", "!!null", "!!binary", "!!python/unicode", "!x"]
CONTAINERS = ["!!omap", "!!pairs", "!!map", "!!seq", "!x"]


class Generator:
    def __init__(self, seed):
        self.rnd = random.Random(seed)
        self.anchors = []

    def word(self):
        return self.rnd.choice(WORDS)

    def chance(self, of):
        return self.rnd.random() < of

    def soup(self):
        between = [" ", "\n", "\n", "\n  ", ": ", "- ", ", ", "? "]
        return "".join(self.rnd.choice(WORDS + between) for _ in range(self.rnd.randint(1, 8)))

    def lines(self):
        forms = ["{}: {}", "{}: {}", "{}:", "- {}", "- {}", "- {}: {}", "? {}", ": {}", "{}"]
        indent, out = 0, []
        for _ in range(self.rnd.randint(1, 7)):
            out.append(" " * indent + self.rnd.choice(forms).format(self.word(), self.word()))
            indent = max(0, indent + self.rnd.choice([-4, -2, -2, -1, 0, 0, 0, 0, 1, 2, 2, 2, 4]))
        line_break = "\n" if self.chance(0.93) else self.rnd.choice(["\r\n", "\r", "\x85", "\u2028"])
        return line_break.join(out) + self.rnd.choice(["\n", ""])

    def anchor(self):
        self.anchors.append(self.rnd.choice(["x", "y", "z1"]))
        return f"&{self.anchors[-1]} "

    def scalar(self):
        if self.anchors and self.chance(0.12):
            return "*" + self.rnd.choice(self.anchors)
        word = self.word()
        form = self.rnd.random()
        if form < 0.1:
            return self.anchor() + word
        if form < 0.16:
            return f"{self.rnd.choice(TAGS)} {word}"
        if form < 0.24:
            return "'" + word.replace("'", "''") + "'"
        if form < 0.3:
            return '"' + word.replace('"', '\\"') + '"'
        return word

    def container(self):
        tag = self.rnd.choice(CONTAINERS) + " " if self.chance(0.12) else ""
        return tag + (self.anchor() if self.chance(0.12) else "")

    def flow(self, depth):
        form = self.rnd.random()
        if depth > 2 or form < 0.4:
            return self.scalar()
        gap = lambda: self.rnd.choice(["", "", " ", "\n ", "\n    ", " # c\n ", "\t"])  # noqa: E731
        head, count = self.container(), self.rnd.randint(0, 3)
        if form < 0.7:
            items = [self.flow(depth + 1) + gap() for _ in range(count)]
            return f"{head}[{gap()}{(',' + gap()).join(items)}{self.rnd.choice(['', '', ','])}]"
        colon = lambda: self.rnd.choice([": ", ": ", ":", ""])  # noqa: E731
        keys = lambda: self.rnd.choice([self.scalar(), "<<", self.scalar()])  # noqa: E731
        items = [keys() + colon() + self.flow(depth + 1) for _ in range(count)]
        return f"{head}{{{gap()}{(',' + gap()).join(items)}{self.rnd.choice(['', '', ','])}}}"

    def leaf(self, indent):
        form = self.rnd.random()
        if form < 0.3:
            header = self.rnd.choice("|>") + self.rnd.choice(["", "", "-", "+", "2", "1", "+1", "-3", "3+", " # c", "x"])
            text = [
                " " * (indent + self.rnd.choice([0, 1, 2, 2, 2, 2, 3, 4]))
                + self.rnd.choice([self.word(), "", "text", self.word(), "\ttab"])
                for _ in range(self.rnd.randint(0, 4))
            ]
            return f" {header}\n" + "\n".join(text) + self.rnd.choice(["", "\n", "\n\n"]) + "\n"
        if form < 0.6:
            return f" {self.flow(0)}\n"
        if form < 0.7:
            return f" {self.word()}\n{' ' * indent}  {self.word()}\n"
        return f" {self.scalar()}{self.rnd.choice(['', '', ' # c'])}\n"

    def block(self, depth, indent):
        if depth > 3 or self.chance(0.3):
            return self.leaf(indent)
        head = self.container().strip()
        out = (f" {head}" if head else "") + "\n"
        is_map, dedent = self.chance(0.5), indent >= 2 and self.chance(0.2)
        for _ in range(self.rnd.randint(1, 3)):
            if is_map:
                plain = [self.scalar(), "<<", "a", "b", "c", self.scalar(), f"? {self.scalar()}\n{' ' * indent}"]
                out += " " * indent + self.rnd.choice(plain) + ":"
                out += self.block(depth + 1, indent + self.rnd.choice([2, 2, 2, 4, 1]))
            else:
                column = indent - 2 if dedent else indent
                out += " " * column + "-" + self.block(depth + 1, column + self.rnd.choice([2, 2, 2, 3]))
        return out + (" " * indent + "# c\n" if self.chance(0.1) else "")

    def tree(self):
        self.anchors = []
        text = self.block(0, 0).lstrip("\n")
        head = self.rnd.choice([""] * 12 + ["---\n", "%YAML 1.1\n---\n", "\ufeff"])
        return head + text + self.rnd.choice([""] * 12 + ["...\n", "---\nb\n", "...\n# c\n", "\n\n"])

    def snippet(self):
        return self.rnd.choice([self.soup, self.lines, self.lines, self.tree, self.tree, self.tree])()


def recursive(node, above=()):
    """A node that contains itself: an error here, and a question of order which one is found first."""
    if not isinstance(node, yaml.CollectionNode):
        return False
    if node in above:
        return True
    children = node.value if isinstance(node, yaml.SequenceNode) else [n for pair in node.value for n in pair]
    return any(recursive(child, (*above, node)) for child in children)


def outcome(text, loader):
    """What tells one kind of result from another; None for what this corpus does not speak of."""
    try:
        if recursive(yaml.compose(text, Loader=loader)):
            return None
        yaml.load(text, Loader=loader)
        return "value"
    except yaml.YAMLError as error:
        return str(getattr(error, "problem", error)).split("'")[0] + str(getattr(error, "context", ""))
    except (ValueError, KeyError) as error:
        return type(error).__name__ + str(error)[:12]
    except Exception:
        return None


def main():
    generator = Generator(int(sys.argv[1]) if len(sys.argv) > 1 else 3008)
    chosen, seen = [], {}
    for _ in range(200_000):
        text = generator.snippet()
        kinds = [outcome(text, loader) for loader in (yaml.CSafeLoader, salt.utils.yaml.SaltYamlSafeLoader)]
        if None in kinds or "%%%" in text or not text.strip():
            continue
        if "python/unicode" in text and any(f"python/unicode {c}" in text for c in "[{&"):
            continue
        kind = tuple(kinds)
        seen[kind] = seen.get(kind, 0) + 1
        # Half of them are documents that load; of each kind of error there are a few.
        if kind == ("value", "value"):
            fits = len(text) > 40 and seen[kind] % 3 == 0 and sum(k == kind for k, _ in chosen) < COUNT // 2
        else:
            fits = seen[kind] <= 8
        if fits:
            chosen.append((kind, text))
        if len(chosen) >= COUNT:
            break
    # A snippet may not end in a line break: the divider begins with one.
    (HERE / "generated.yaml").write_text("\n%%%\n".join(text.rstrip("\n") for _, text in chosen), newline="")


main()

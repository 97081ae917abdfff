"""Writes what PyYAML and Salt make of each snippet: `python regenerate.py` with Salt installed.

`<topic>.yaml` holds snippets, divided by lines of `%%%`. `<topic>.expected` has for each of them, divided by
the same lines: what PyYAML's CSafeLoader loads, what Salt's loader for SLS loads where that is something else,
and the value as PyYAML dumps it in block style and in Salt's.
"""

import pathlib
from collections import OrderedDict

import salt.utils.yaml
import yaml
from yaml import CSafeDumper, CSafeLoader

HERE = pathlib.Path(__file__).parent


class Dumper(CSafeDumper):
    def ignore_aliases(self, data):
        return True


def plain(value):
    """Our lists stand for Python's tuples and sets."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, set):
        return sorted(value, key=str)
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def salt_loader(stream):
    return salt.utils.yaml.SaltYamlSafeLoader(stream, dictclass=OrderedDict)


def load(text, loader):
    try:
        value = plain(yaml.load(text, Loader=loader))
        return True, value, repr(value)
    except yaml.YAMLError as error:
        return False, None, f"{type(error).__name__}: {error}"
    except Exception as error:  # a ValueError has no place: the first line is compared
        return False, None, f"ConstructorError: {error}"


for topic in sorted(HERE.glob("*.yaml")):
    out = []
    for snippet in topic.read_bytes().decode().split("\n%%%\n"):
        fine, value, python = load(snippet, CSafeLoader)
        _, _, salted = load(snippet, salt_loader)
        parts = [python]
        if salted != python:
            parts.append("salt: " + salted)
        if fine and isinstance(value, (dict, list)):
            for style in (False, None):
                text = yaml.dump(value, Dumper=Dumper, allow_unicode=True, default_flow_style=style)
                parts.append("dump: " + text.rstrip("\n"))
        out.append("\n".join(parts))
    topic.with_suffix(".expected").write_text("\n%%%\n".join(out), newline="")

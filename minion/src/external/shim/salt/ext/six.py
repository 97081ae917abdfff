"""The part of `six` that old modules still use."""

import builtins

PY2, PY3 = False, True
string_types, text_type, binary_type, integer_types = (str,), str, bytes, (int,)


class moves:
    range, zip, map, filter, input, reduce = range, zip, map, filter, input, __import__("functools").reduce
    builtins = builtins
    shlex_quote = __import__("shlex").quote
    configparser = __import__("configparser")


def iteritems(of):
    return iter(of.items())


def iterkeys(of):
    return iter(of.keys())


def itervalues(of):
    return iter(of.values())


def ensure_str(text, encoding="utf-8", errors="strict"):
    return text.decode(encoding, errors) if isinstance(text, bytes) else text


def ensure_text(text, encoding="utf-8", errors="strict"):
    return ensure_str(text, encoding, errors)


def reraise(kind, value, trace=None):
    raise value.with_traceback(trace)

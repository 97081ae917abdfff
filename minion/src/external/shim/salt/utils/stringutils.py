"""Texts and bytes."""

import fnmatch
import re
import shlex


def to_unicode(text, encoding="utf-8", errors="strict", normalize=False):
    return bytes(text).decode(encoding or "utf-8", errors) if isinstance(text, (bytes, bytearray)) else str(text)


to_str = to_unicode


def to_bytes(text, encoding="utf-8", errors="strict"):
    return bytes(text) if isinstance(text, (bytes, bytearray)) else text.encode(encoding or "utf-8", errors)


def to_num(text):
    for kind in (int, float):
        try:
            return kind(text)
        except (TypeError, ValueError):
            pass
    return text


def to_none(text):
    return None if not text or str(text).strip().lower() == "none" else text


def is_quoted(value):
    return value[0] if isinstance(value, str) and value and value[0] == value[-1] and value[0] in "\"'" else ""


def dequote(value):
    return value[1:-1] if is_quoted(value) else value


def is_hex(value):
    try:
        int(value, 16)
        return True
    except (TypeError, ValueError):
        return False


def random(size=32):
    import secrets

    return secrets.token_hex(size)[:size]


def contains_whitespace(text):
    return any(c.isspace() for c in text)


def human_to_bytes(size, default_unit="B", handle_metric=False):
    found = re.match(r"(?P<value>[0-9.]*)\s*(?P<unit>.*)$", str(size).strip())
    unit = (found["unit"] or default_unit).upper().removesuffix("IB").removesuffix("B")
    power = " KMGTPEZY".find(unit or " ")
    if not found["value"] or power < 0:
        return 0
    return int(float(found["value"]) * 1024**power)


def expr_match(line, expr):
    if line == expr or fnmatch.fnmatch(line, expr):
        return True
    try:
        return re.match(rf"\A{expr}\Z", line) is not None
    except re.error:
        return False


def check_whitelist_blacklist(value, whitelist=None, blacklist=None):
    listed = lambda of: [of] if isinstance(of, str) else of or []  # noqa: E731
    if any(expr_match(value, one) for one in listed(blacklist)):
        return False
    return not whitelist or any(expr_match(value, one) for one in listed(whitelist))


def build_whitespace_split_regex(text):
    gap = r"(?:[\s]+)?"
    return "".join(gap + re.escape(word) for word in shlex.split(text)) + gap

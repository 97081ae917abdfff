"""JSON."""

import json as _json

JSONDecodeError = _json.JSONDecodeError


def _clean(kwargs):
    kwargs.pop("_json_module", None)
    return kwargs


def loads(text, **kwargs):
    return _json.loads(text, **_clean(kwargs))


def load(file, **kwargs):
    return _json.load(file, **_clean(kwargs))


def dumps(value, **kwargs):
    return _json.dumps(value, **{"ensure_ascii": False, **_clean(kwargs)})


def dump(value, file, **kwargs):
    return _json.dump(value, file, **{"ensure_ascii": False, **_clean(kwargs)})


def find_json(text):
    decoder = _json.JSONDecoder()
    for at, char in enumerate(text):
        if char in "{[":
            try:
                return decoder.raw_decode(text[at:])[0]
            except ValueError:
                continue
    raise ValueError("no JSON found")

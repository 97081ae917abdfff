"""Dicts and lists."""

import copy
import fnmatch
from collections.abc import Mapping

from salt.utils.odict import OrderedDict  # noqa: F401


def traverse_dict(data, key, default=None, delimiter=":"):
    at = data
    try:
        for part in key.split(delimiter):
            at = at[part]
    except (KeyError, IndexError, TypeError):
        return default
    return at


def traverse_dict_and_list(data, key, default=None, delimiter=":"):
    at = data
    for part in key.split(delimiter) if isinstance(key, str) else [key]:
        if isinstance(at, list):
            try:
                at = at[int(part)]
                continue
            except (ValueError, IndexError):
                inside = [d[part] for d in at if isinstance(d, dict) and part in d]
                if not inside:
                    return default
                at = inside[0]
                continue
        try:
            at = at[part]
        except (KeyError, TypeError):
            try:
                at = at[int(part)]
            except (KeyError, TypeError, ValueError):
                return default
    return at


def subdict_match(data, expr, delimiter=":", regex_match=False, exact_match=False):
    parts = expr.split(delimiter)
    for at in range(1, len(parts)):
        found = traverse_dict_and_list(data, delimiter.join(parts[:at]), {}, delimiter)
        wanted = delimiter.join(parts[at:])
        for one in found if isinstance(found, list) else [found]:
            if one != {} and fnmatch.fnmatch(str(one).lower(), wanted.lower()):
                return True
    return False


def compare_dicts(old=None, new=None):
    old, new = old or {}, new or {}
    return {
        key: {"old": old.get(key, ""), "new": new.get(key, "")}
        for key in {**new, **old}
        if key not in old or key not in new or old[key] != new[key]
    }


def compare_lists(old=None, new=None):
    out = {}
    for name, one, other in (("new", new, old), ("old", old, new)):
        differs = [item for item in one or [] if item not in (other or [])]
        if differs:
            out[name] = differs
    return out


def is_list(value):
    return isinstance(value, list)


def is_iter(thing, ignore=(str,)):
    return not isinstance(thing, ignore) and hasattr(thing, "__iter__")


def is_dictlist(data):
    return isinstance(data, list) and all(isinstance(item, dict) and len(item) == 1 for item in data)


def repack_dictlist(data, strict=False, recurse=False, key_cb=None, val_cb=None):
    import salt.utils.yaml

    if isinstance(data, str):
        data = salt.utils.yaml.safe_load(data)
    key_cb, val_cb = key_cb or (lambda key: key), val_cb or (lambda key, value: value)
    out = {}
    for item in data if isinstance(data, list) else []:
        if isinstance(item, dict) and len(item) == 1:
            ((key, value),) = item.items()
            if recurse and is_dictlist(value):
                value = repack_dictlist(value, recurse=True)
            out[key_cb(key)] = val_cb(key, value)
        elif isinstance(item, (str, int, float)) and not strict:
            out[key_cb(item)] = val_cb(item, None)
        else:
            return {}
    return out


def is_true(value=None):
    if isinstance(value, (int, float)):
        return value > 0
    if isinstance(value, str):
        return value.lower() == "true"
    return bool(value)


def filter_by(lookup, lookup_dict, traverse, merge=None, default="default", base=None):
    found = None
    for key in lookup if isinstance(lookup, list) else [lookup]:
        value = traverse_dict_and_list(traverse, key)
        for one in value if isinstance(value, list) else [value]:
            found = next((lookup_dict[k] for k in lookup_dict if fnmatch.fnmatch(str(one), str(k))), None)
            if found is not None:
                break
        if found is not None:
            break
    if found is None:
        found = lookup_dict.get(default)
    out = copy.deepcopy(lookup_dict.get(base)) if base and base in lookup_dict else None
    import salt.utils.dictupdate

    out = salt.utils.dictupdate.update(out, found) if out is not None and found is not None else out or found
    if merge and isinstance(merge, Mapping):
        out = salt.utils.dictupdate.update(copy.deepcopy(out) or {}, copy.deepcopy(merge))
    return out


def filter_falsey(data, recurse_depth=None, ignore_types=()):
    def keep(value):
        return value or isinstance(value, tuple(ignore_types))

    if isinstance(data, dict):
        items = ((k, filter_falsey(v, recurse_depth, ignore_types) if isinstance(v, (dict, list)) else v) for k, v in data.items())
        return {k: v for k, v in items if keep(v)}
    return [v for v in data if keep(v)]


def stringify(data):
    return [item if isinstance(item, str) else str(item) for item in data]


def decode(data, *args, **kwargs):
    if isinstance(data, bytes):
        return data.decode("utf-8", "replace")
    if isinstance(data, dict):
        return {decode(k): decode(v) for k, v in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(decode(item) for item in data)
    return data


def encode(data, encoding="utf-8", *args, **kwargs):
    if isinstance(data, str):
        return data.encode(encoding or "utf-8")
    if isinstance(data, dict):
        return {encode(k): encode(v) for k, v in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(encode(item) for item in data)
    return data


def recursive_diff(old, new, ignore_keys=None, **kwargs):
    from salt.utils.dictdiffer import recursive_diff as diff

    return diff(old, new, ignore=ignore_keys)


class CaseInsensitiveDict(dict):
    def __init__(self, init=None, **kwargs):
        super().__init__()
        for key, value in {**(init or {}), **kwargs}.items():
            self[key] = value

    def __setitem__(self, key, value):
        super().__setitem__(key.lower() if isinstance(key, str) else key, value)

    def __getitem__(self, key):
        return super().__getitem__(key.lower() if isinstance(key, str) else key)

    def __contains__(self, key):
        return super().__contains__(key.lower() if isinstance(key, str) else key)

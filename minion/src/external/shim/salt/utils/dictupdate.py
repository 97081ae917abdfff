"""Merging dicts."""

import copy
from collections.abc import Mapping


def update(dest, upd, recursive_update=True, merge_lists=False):
    if not isinstance(dest, Mapping) or not isinstance(upd, Mapping):
        raise TypeError("Cannot update using non-dict types in dictupdate.update()")
    for key, value in upd.items():
        own = dest.get(key)
        if recursive_update and isinstance(own, Mapping) and isinstance(value, Mapping):
            dest[key] = update(own, value, merge_lists=merge_lists)
        elif recursive_update and merge_lists and isinstance(own, list) and isinstance(value, list):
            dest[key] = own + [item for item in value if item not in own]
        else:
            dest[key] = value
    return dest


def merge_list(a, b):
    return {key: [a[key], b[key]] if key in a and key in b else (b if key in b else a)[key] for key in {**a, **b}}


def merge_recurse(a, b, merge_lists=False):
    return update(copy.deepcopy(a), b, merge_lists=merge_lists)


def merge_overwrite(a, b, merge_lists=False):
    return {**a, **b}


def merge(a, b, strategy="smart", renderer="yaml", merge_lists=False):
    if strategy == "list":
        return merge_list(a, b)
    if strategy == "overwrite":
        return merge_overwrite(a, b)
    if strategy == "none":
        return a
    return merge_recurse(a, b, merge_lists)


def set_dict_key_value(data, keys, value, delimiter=":", ordered_dict=False):
    *path, last = keys.split(delimiter)
    at = data
    for part in path:
        at = at.setdefault(part, {})
    at[last] = value
    return data

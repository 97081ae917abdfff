"""What differs between two dicts."""


def deep_diff(old, new, ignore=None):
    out = {}
    for side, one, other in (("old", old, new), ("new", new, old)):
        differs = {}
        for key, value in (one or {}).items():
            if key in (ignore or []) or (other or {}).get(key, object()) == value:
                continue
            inner = (other or {}).get(key)
            if isinstance(value, dict) and isinstance(inner, dict):
                a, b = (value, inner) if side == "old" else (inner, value)
                value = deep_diff(a, b, ignore).get(side)
                if not value:
                    continue
            differs[key] = value
        if differs:
            out[side] = differs
    return out


class _Diff:
    def __init__(self, old, new, ignore=None):
        self.diffs = deep_diff(old, new, ignore)
        self._old, self._new = old or {}, new or {}

    def added(self):
        return sorted(set(self._new) - set(self._old))

    def removed(self):
        return sorted(set(self._old) - set(self._new))

    def changed(self):
        return sorted(k for k in set(self._old) & set(self._new) if self._old[k] != self._new[k])


DictDiffer = lambda current, past: _Diff(past, current)  # noqa: E731
recursive_diff = _Diff

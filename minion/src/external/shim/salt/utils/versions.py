"""Versions."""

import re
import warnings


class LooseVersion:
    def __init__(self, text=None):
        self.vstring = str(text)
        self.version = [int(p) if p.isdigit() else p for p in re.findall(r"\d+|[a-z]+", self.vstring.lower())]

    def _key(self):
        return [(1, p, "") if isinstance(p, int) else (0, 0, p) for p in self.version]

    def __eq__(self, other):
        return self._key() == _loose(other)._key()

    def __lt__(self, other):
        return self._key() < _loose(other)._key()

    def __le__(self, other):
        return self._key() <= _loose(other)._key()

    def __gt__(self, other):
        return self._key() > _loose(other)._key()

    def __ge__(self, other):
        return self._key() >= _loose(other)._key()

    def __hash__(self):
        return hash(self.vstring)

    def __str__(self):
        return self.vstring

    __repr__ = __str__


Version = StrictVersion = parse = LooseVersion


def _loose(value):
    return value if isinstance(value, LooseVersion) else LooseVersion(value)


def version_cmp(one, other, ignore_epoch=False):
    strip = (lambda v: str(v).split(":", 1)[-1]) if ignore_epoch else str
    a, b = LooseVersion(strip(one)), LooseVersion(strip(other))
    return (a > b) - (a < b)


def compare(ver1="", oper="==", ver2="", cmp_func=None, ignore_epoch=False):
    result = (cmp_func or version_cmp)(ver1, ver2)
    if result is None:
        return False
    return {"<": result < 0, "<=": result <= 0, "==": result == 0, "!=": result != 0, ">=": result >= 0, ">": result > 0}[oper]


def warn_until(version, message, category=DeprecationWarning, stacklevel=None, **kwargs):
    warnings.warn(str(message), category, stacklevel=2)


warn_until_date = kwargs_warn_until = warn_until

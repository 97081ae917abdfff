"""Dicts keep their order."""

from collections import OrderedDict, defaultdict  # noqa: F401

DefaultOrderedDict = defaultdict
HashableOrderedDict = OrderedDict

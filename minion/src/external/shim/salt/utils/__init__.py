"""Salt's helpers, as far as modules of sites commonly use them."""

import importlib


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return importlib.import_module(f"salt.utils.{name}")
    except ImportError:
        raise AttributeError(f"rsalt has no stand-in for salt.utils.{name}") from None

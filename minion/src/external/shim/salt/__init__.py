"""What modules written for Salt import from it: a stand-in of rsalt's own, as far as such modules commonly need it."""

import importlib

from salt.version import __version__  # noqa: F401


def __getattr__(name):
    # `import salt` alone, and then `salt.utils.files`, works in Salt, as Salt has imported all of it.
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return importlib.import_module(f"salt.{name}")
    except ImportError:
        raise AttributeError(f"rsalt has no stand-in for salt.{name}") from None

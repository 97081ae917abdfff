"""
Keep things on shelves.
"""

import logging

from salt.exceptions import CommandExecutionError, SaltInvocationError

log = logging.getLogger(__name__)

__virtualname__ = "shelf"
__func_alias__ = {"list_": "list"}
__outputter__ = {"shapes": "json"}


def __virtual__():
    if __grains__["kernel"] != "Linux":
        return (False, "shelves stand on Linux only")
    return __virtualname__


def _path():
    return "{}/shelf".format(__grains__["root"])


def add(thing, count, shelf="bottom"):
    """
    Put a thing on a shelf.

    CLI Example:

    .. code-block:: bash

        salt '*' shelf.add tea 3 shelf=top
    """
    if not isinstance(count, int):
        raise SaltInvocationError("count is to be a number, not {}".format(count))
    __salt__["file.touch"](_path())
    __salt__["file.append"](_path(), "{} {} {}".format(shelf, thing, count))
    log.debug("put %s on %s", thing, shelf)
    return True


def list_():
    """List what is there."""
    if not __salt__["file.file_exists"](_path()):
        return []
    return __salt__["cmd.run"]("cat {}".format(_path())).splitlines()


def everything(*args, **kwargs):
    """Tell what it was given, and what it knows."""
    kwargs = {k: v for k, v in kwargs.items() if not k.startswith("__")}
    return {
        "args": list(args),
        "kwargs": kwargs,
        "site": __grains__.get("site"),
        "pillar": __pillar__.get("tea", {}),
        "id": __opts__["id"],
        "default": __salt__["config.get"]("no:such:thing", "none"),
        "known": "cmd.run" in __salt__,
        "unknown": "no.such" in __salt__,
        "own": __salt__["shelf.list"](),
    }


def refuse():
    raise CommandExecutionError("the shelf is full")


def misuse():
    return __salt__["shelf.add"]("tea", "lots")


def unwell():
    __context__["retcode"] = 42
    return "not well"


def shapes():
    return {"none": None, "float": 1.5, "list": [1, [2, {"deep": True}]], "text": "täglich\n", "tuple": (1, 2)}

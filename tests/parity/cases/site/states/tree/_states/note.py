"""
Notes in files.
"""

import os

import salt.utils.files


def _ret(name):
    return {"name": name, "changes": {}, "result": True, "comment": ""}


def present(name, text, mode=None, lines=(), **kwargs):
    """
    Make sure that there is a note.

    name
        Its path.
    """
    ret = _ret(name)
    wanted = "\n".join([text, *lines]) + "\n"
    old = None
    if os.path.isfile(name):
        with salt.utils.files.fopen(name) as file:
            old = file.read()
    if old == wanted:
        ret["comment"] = "The note {} is there".format(name)
        return ret
    ret["changes"] = {name: {"old": old, "new": wanted}}
    if __opts__["test"]:
        ret["result"] = None
        ret["comment"] = "The note {} would be written".format(name)
        return ret
    with salt.utils.files.fopen(name, "w") as file:
        file.write(wanted)
    if mode:
        __salt__["file.set_mode"](name, mode)
    ret["comment"] = ["The note {} was written".format(name), "in {} lines".format(1 + len(lines))]
    return ret


def absent(name):
    ret = _ret(name)
    if not __salt__["file.file_exists"](name):
        ret["comment"] = "There is no note {}".format(name)
        return ret
    if __opts__["test"]:
        ret["result"] = None
        ret["changes"] = {"removed": name}
        return ret
    __salt__["file.remove"](name)
    ret["changes"] = {"removed": name}
    return ret


def through(name, text):
    """By a state of Salt's."""
    ret = __states__["file.managed"](name=name, contents=text)
    ret["comment"] = "by file.managed: " + ret["comment"]
    return ret


def mod_watch(name, sfun=None, **kwargs):
    ret = _ret(name)
    ret["changes"] = {"woken": sfun}
    ret["comment"] = "woken with test {}".format(__opts__["test"])
    return ret


def numbers(name):
    return {"name": name, "result": 1, "changes": {}, "comment": "result is a number"}


def more(name):
    return dict(_ret(name), data={"a": 1}, warnings=["careful"])

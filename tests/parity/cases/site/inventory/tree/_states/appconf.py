"""
States over the module of the same name.
"""


def __virtual__():
    return "appconf" if "appconf.get" in __salt__ else (False, "appconf module could not be loaded")


def options(name, section, options, watch_in=None):
    ret = {"name": name, "result": True, "changes": {}, "comment": ""}
    try:
        changes = {}
        for option, value in options.items():
            current = __salt__["appconf.get"](name, section, option)
            if current != str(value):
                changes[option] = {"old": current, "new": str(value)}
    except Exception as exc:  # pylint: disable=broad-except
        ret["result"] = False
        ret["comment"] = "Cannot read: {0}".format(exc)
        return ret

    if not changes:
        ret["comment"] = "All options are set"
        return ret
    if __opts__["test"]:
        ret["result"] = None
        ret["comment"] = "{0} options would be set".format(len(changes))
        ret["changes"] = changes
        return ret
    result = __salt__["appconf.set"](name, section, dict((k, options[k]) for k in changes))
    ret["changes"] = changes
    ret["comment"] = "Set {0}".format(", ".join(result["saved"]))
    return ret

def __virtual__():
    if "elsewhere.work" in __salt__:
        return True
    return False, "the module elsewhere is not there"


def done(name):
    return {"name": name, "result": True, "changes": {}, "comment": ""}

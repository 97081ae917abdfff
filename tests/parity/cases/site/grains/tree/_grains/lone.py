__virtualname__ = "solitary"


def __virtual__():
    return __virtualname__


def lone():
    return {"lone": True, "kernel": "Linux, says the site"}

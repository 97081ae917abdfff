"""
States that return what is no result.
"""


def present(name, text):
    return {"name": name, "result": True, "changes": {}, "comment": text}


def no_dict(name):
    return "a text"


def no_changes(name):
    return {"name": name, "result": True, "comment": "x", "changes": "many"}

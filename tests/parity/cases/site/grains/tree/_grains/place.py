import os


def rack():
    """Where it stands."""
    return {"rack": {"row": 3, "unit": 14}, "role": "from module", "shape": _shape()}


def _shape():
    return "round" if os.path.isdir("/proc") else "flat"


def lists():
    return {"lists": ["a", "b"]}


def derived(grains):
    return {"derived": "{} of {}".format(grains.get("kernel"), "here")}

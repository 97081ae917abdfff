"""Fills in what real Salt says to the cases of cases.in.yaml: run with a Python that has `salt` installed.

    python record.py > cases.yaml
"""
import pathlib
import sys

import yaml

import salt.loader
import salt.utils.minions

here = pathlib.Path(__file__).parent
table = yaml.safe_load((here / "cases.in.yaml").read_text())


def answer(case, minion_id, minion):
    opts = {
        "id": minion_id, "minion_id": minion_id, "grains": minion.get("grains", {}),
        "pillar": minion.get("pillar", {}), "nodegroups": table["nodegroups"],
        "extension_modules": "", "optimization_order": [0], "fileserver_backend": [], "cachedir": "/tmp",
    }
    kind, tgt = case["type"], case["tgt"]
    kwargs = {"opts": opts, "minion_id": minion_id}
    if kind == "nodegroup":
        # What the master publishes for -N.
        kind, tgt = "compound", salt.utils.minions.nodegroup_comp(tgt, table["nodegroups"])
    if "delimiter" in case:
        kwargs["delimiter"] = case["delimiter"]
    matchers = salt.loader.matchers(opts)
    try:
        return bool(matchers[f"{kind}_match.match"](tgt, **kwargs))
    except Exception:  # the matchers' callers take any error for "does not match"
        return False


for case in table["cases"]:
    case["match"] = [i for i, m in table["minions"].items() if answer(case, i, m)]
yaml.safe_dump(table, sys.stdout, sort_keys=False, width=120)

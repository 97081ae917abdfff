"""Fills in what Salt gives for each case: `python regenerate.py` with Salt installed."""

import copy
import json
import pathlib

import salt.utils.args
import salt.utils.data
import salt.utils.dictupdate

HERE = pathlib.Path(__file__).parent


def merge(case):
    base, over = copy.deepcopy(case["base"]), copy.deepcopy(case["over"])
    merged = salt.utils.dictupdate.merge(base, over, case["strategy"], merge_lists=case["merge_lists"])
    return repr(json.loads(json.dumps(merged)))  # a plain dict prints as one


def traverse(case):
    missing = object()
    found = salt.utils.data.traverse_dict_and_list(eval(case["data"]), case["path"], missing)
    return "missing" if found is missing else repr(found)


def arguments(case):
    return repr(salt.utils.args.parse_input(copy.deepcopy(case["given"]), condition=False))


for name, expect in (("merge", merge), ("traverse", traverse), ("arguments", arguments)):
    path = HERE / f"{name}.json"
    cases = json.loads(path.read_text())
    for case in cases:
        case["expected"] = expect(case)
    path.write_text("[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases) + "\n]\n")

"""Writes what Salt's own outputters print for each case: `python regenerate.py` with Salt installed.

A case is `<outputter>/<name>.json` with `options` (Salt's, by their names in the master config) and `data`;
what Salt prints goes to `<outputter>/<name>.expected`.
"""

import json
import pathlib

import salt.config
import salt.output

HERE = pathlib.Path(__file__).parent

for case in sorted(HERE.glob("*/*.json")):
    given = json.loads(case.read_text())
    opts = salt.config.master_config("/nonexistent")
    opts["color"] = False
    retcode = given.get("options", {}).pop("_retcode", 0)
    opts.update(given.get("options", {}))
    text = salt.output.out_format(given["data"], case.parent.name, opts, _retcode=retcode)
    case.with_suffix(".expected").write_text(text or "", newline="")

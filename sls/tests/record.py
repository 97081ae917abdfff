#!/usr/bin/env python3
"""Records what real Salt makes of every SLS in inputs/: high data, low data, results, results in test mode.

    python3 -m venv v && v/bin/pip install salt && v/bin/python sls/tests/record.py [case …]

Times are left out; they differ from run to run. The files in expected/ are what tests/as_salt/cases.rs compares with.
"""

import json
import os
import pathlib
import re
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")

import salt.client
import salt.config

HERE = pathlib.Path(os.environ.get("CASES", pathlib.Path(__file__).resolve().parent))
TIMES = ("start_time", "duration")


def clean(value, root):
    if isinstance(value, dict):
        return {str(k): clean(v, root) for k, v in value.items() if k not in TIMES}
    if isinstance(value, (list, tuple)):
        return [clean(v, root) for v in value]
    if isinstance(value, str):
        # Where the minion caches files, and Python's own stack: neither is ours.
        value = value.replace(f"{root}/var/cache/salt/minion/files/base/", "")
        return re.sub(r"\n*Traceback \(most recent call last\):.*", "", value, flags=re.S)
    return value


def main():
    wanted = sys.argv[1:]
    with tempfile.TemporaryDirectory() as root:
        conf = pathlib.Path(root, "minion")
        conf.write_text(
            f"root_dir: {root}\nfile_client: local\nid: x\nlog_level: quiet\nlog_file: {root}/log\n"
            f"file_roots: {{base: [{HERE}/inputs]}}\npillar_roots: {{base: [{root}/pillar]}}\n"
        )
        opts = salt.config.minion_config(str(conf))
        caller = salt.client.Caller(mopts=opts)
        for path in sorted((HERE / "inputs").glob("*.sls")):
            name = path.stem
            if wanted and name not in wanted:
                continue
            out = {}
            for key, fun, kwargs in (
                ("high", "state.show_sls", {}),
                ("low", "state.show_low_sls", {}),
                ("run", "state.sls", {"test": False}),
                ("test", "state.sls", {"test": True}),
            ):
                try:
                    out[key] = clean(caller.cmd(fun, name, concurrent=True, **kwargs), root)
                except Exception as exc:
                    out[key] = clean(f"{type(exc).__name__}: {exc}", root)
            text = json.dumps(out, indent=1, ensure_ascii=False, default=str)
            (HERE / "expected" / f"{name}.json").write_text(text + "\n")
            print(name)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Records what real Salt makes of the top files and the pillar of every tree in trees/.

A tree has a folder for each environment, `pillar/` and, where needed, `minion.yaml` with settings.
"""

import json
import pathlib
import sys
import tempfile
import warnings

warnings.simplefilter("ignore")

import salt.client
import salt.config
import salt.pillar
import salt.utils.yaml

HERE = pathlib.Path(__file__).resolve().parent / "trees"


def main():
    for tree in sorted(path for path in HERE.iterdir() if path.is_dir()):
        with tempfile.TemporaryDirectory() as root:
            roots = {p.name: [str(p)] for p in sorted(tree.iterdir()) if p.is_dir() and p.name != "pillar"}
            config = {
                "root_dir": root,
                "file_client": "local",
                "id": "x",
                "log_level": "quiet",
                "log_file": f"{root}/log",
                "grains": {"os": "Debian"},
                "file_roots": roots,
                "pillar_roots": {"base": [str(tree / "pillar")]},
            }
            extra = tree / "minion.yaml"
            if extra.exists():
                config.update(salt.utils.yaml.safe_load(extra.read_text()))
            conf = pathlib.Path(root, "minion")
            conf.write_text(json.dumps(config))
            caller = salt.client.Caller(mopts=salt.config.minion_config(str(conf)))
            opts = caller.opts
            # Not `pillar.items`: it masks the values.
            pillar = salt.pillar.get_pillar(opts, opts["grains"], "x", "base").compile_pillar()
            out = {"pillar": json.loads(json.dumps(pillar))}
            # A minion with a broken pillar runs no states.
            if "_errors" not in out["pillar"]:
                out["top"] = caller.cmd("state.show_top")
                out["low"] = caller.cmd("state.show_lowstate")
            (tree / "expected.json").write_text(json.dumps(out, indent=1) + "\n")
            print(tree.name, file=sys.stderr)


if __name__ == "__main__":
    main()

"""Writes what real Salt compiles for cases/*.yaml into expected.yaml: run with a Python that has `salt` installed.

A case: `files` below the pillar roots (`<env>/<path>`), `config` of the master, `grains`, and optionally
`pillarenv`, `saltenv` and `pillar` (the command line's).
"""
import pathlib
import sys
import tempfile

import yaml

import salt.config
import salt.pillar

here = pathlib.Path(__file__).parent
out = {}
for path in sorted((here / "cases").glob("*.yaml")):
    case = yaml.safe_load(path.read_text())
    with tempfile.TemporaryDirectory() as d:
        envs = []
        for name, text in case["files"].items():
            file = pathlib.Path(d, "pillar", name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            env = name.split("/")[0]
            if env not in envs:
                envs.append(env)
        opts = salt.config.master_config(None)
        opts.update(root_dir=d, cachedir=d + "/cache", file_client="local", pillar_opts=False,
                    pillar_roots={e: [f"{d}/pillar/{e}"] for e in envs}, file_roots={"base": []},
                    extension_modules=d + "/ext", log_level="quiet", __role="master")
        opts.update(case.get("config", {}))
        pillar = salt.pillar.Pillar(opts, dict(case["grains"]), case["grains"]["id"], case.get("saltenv"),
                                    pillar_override=case.get("pillar"), pillarenv=case.get("pillarenv"))
        compiled = pillar.compile_pillar()
        out[path.stem] = yaml.safe_load(salt.utils.json.dumps(compiled))
yaml.safe_dump(out, sys.stdout, sort_keys=False, width=110)

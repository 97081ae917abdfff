#!/usr/bin/env python3
"""Run every parity case through real Salt and write what it answers.

    record.py [--check] [NAME ...]

A case is a folder `cases/<topic>/<case>/`:

    case.yaml      what to run (optional, see DEFAULTS below)
    tree/          the file root        pillar/    the pillar root (optional)
    root/          files that are there before the first step (optional)
    expected.json  what Salt answered: written here, compared by tests/parity.rs

The SLS files write under `{{ grains.root }}`, a fresh directory for each case.

Salt is looked for in the Python named by SALT_PYTHON; without that variable a virtual
environment is made under the user's cache and `pip install salt` run in it. `--check` writes
nothing: it prints how the recorded results differ from a new run, and exits with 1 if they do.
"""

import difflib
import json
import multiprocessing
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
CASES = HERE / "cases"
SALT_VERSION = "3008.3"
DEFAULTS = {"about": "", "run": [["state.sls", "case"]], "grains": {}, "config": {}, "again": False}


def salt_python():
    """The Python that has Salt: SALT_PYTHON, else one that is made once."""
    python = os.environ.get("SALT_PYTHON")
    if not python:
        cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache"))
        venv = cache / "rsalt" / "salt-venv"
        python = str(venv / "bin" / "python")
        if not os.path.exists(python):
            print(f"making a virtual environment with Salt {SALT_VERSION} in {venv}", file=sys.stderr)
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
            subprocess.run([python, "-m", "pip", "install", "-q", f"salt=={SALT_VERSION}", "python-gnupg"], check=True)
    return python


def ensure_salt():
    """Become a Python that has Salt."""
    try:
        import salt.version  # noqa: F401

        return
    except ImportError:
        pass
    if os.environ.get("PARITY_REEXEC"):
        sys.exit("record.py: this Python has no salt: " + sys.executable)
    python = salt_python()
    os.environ["PARITY_REEXEC"] = "1"
    os.execv(python, [python, *sys.argv])


def load_case(path):
    import yaml

    case = dict(DEFAULTS)
    file = path / "case.yaml"
    if file.exists():
        given = yaml.safe_load(file.read_text()) or {}
        unknown = set(given) - set(DEFAULTS)
        if unknown:
            sys.exit(f"record.py: {file}: unknown key: {', '.join(sorted(unknown))}")
        case.update(given)
    if case["again"]:
        case["run"] = case["run"] * 2
    return case


class Normaliser:
    """Applies volatile.json."""

    def __init__(self, work):
        rules = json.loads((HERE / "volatile.json").read_text())
        self.work = str(work)
        self.drop = set(rules["drop_keys"])
        self.mask = rules["mask_keys"]
        self.sort = set(rules["sort_lists"])
        self.sort_after = rules["sort_after"]
        self.patterns = [(re.compile(rule["find"]), rule["put"]) for rule in rules["patterns"]]

    def text(self, text):
        text = text.replace(self.work + "/root", "$ROOT").replace(self.work, "$WORK")
        for pattern, put in self.patterns:
            text = pattern.sub(put, text)
        for start in self.sort_after:
            if text.startswith(start):
                text = start + ", ".join(sorted(text[len(start) :].split(", ")))
        return text

    def item(self, key, value):
        if key in self.mask:
            return self.mask[key]
        value = self.value(value)
        return sorted(value, key=str) if key in self.sort and isinstance(value, list) else value

    def value(self, value):
        if isinstance(value, dict):
            return {self.text(str(key)): self.item(key, item) for key, item in value.items() if key not in self.drop}
        if isinstance(value, (list, tuple)):
            return [self.value(item) for item in value]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        if isinstance(value, str):
            return self.text(value)
        return value


def snapshot(root):
    """Every file below root: mode, and text or link target."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = {"link": os.readlink(path)}
        elif path.is_dir():
            found[name] = {"mode": f"{path.stat().st_mode & 0o7777:04o}"}
        else:
            found[name] = {
                "mode": f"{path.stat().st_mode & 0o7777:04o}",
                "text": path.read_text(errors="replace"),
            }
    return found


def call(conf, args, pipe):
    """One salt-call, in a forked child: prints nothing, sends (exit, return, error)."""
    import contextlib
    import io
    import logging
    import warnings

    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    import salt.cli.caller
    import salt.config
    import salt.utils.json

    opts = salt.config.minion_config(str(conf / "minion"), cache_minion_id=False)
    opts.update(fun=args[0], arg=list(args[1:]), file_client="local", local=True, print_metadata=False, metadata=False)
    errors = io.StringIO()
    try:
        with contextlib.redirect_stderr(errors), contextlib.redirect_stdout(io.StringIO()):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
            ret = salt.cli.caller.BaseCaller(opts).call()
        answer = {"exit": ret.get("retcode", 0), "return": ret.get("return")}
        # What `--out=json` can carry.
        answer["return"] = json.loads(salt.utils.json.dumps(answer["return"], default=str))
    except SystemExit as exc:
        answer = {"exit": exc.code, "error": errors.getvalue().strip()}
    except Exception as exc:  # noqa: BLE001  salt-call prints these as a traceback and exits with 1
        answer = {"exit": 1, "error": str(exc)}
    pipe.send(answer)
    pipe.close()


def run_case(path):
    import yaml

    case = load_case(path)
    # The same length everywhere, so that nothing that is cut or padded depends on it.
    work = pathlib.Path(tempfile.mkdtemp(prefix="parity-", dir="/tmp"))
    root = work / "root"
    conf = work / "conf"
    try:
        if (path / "root").is_dir():
            shutil.copytree(path / "root", root, symlinks=True)
        else:
            root.mkdir()
        conf.mkdir()
        config = {
            "id": "parity",
            "root_dir": str(work / "salt"),
            "file_client": "local",
            "file_roots": {"base": [str(path / "tree")]},
            "pillar_roots": {"base": [str(path / "pillar")]},
            "grains": {"root": str(root), **case["grains"]},
            "enable_fqdns_grains": False,
            "enable_gpu_grains": False,
        }
        config.update(substitute(case["config"], {"$CASE": str(path), "$ROOT": str(root)}))
        (conf / "minion").write_text(yaml.safe_dump(config))
        normal = Normaliser(work)
        steps = []
        for args in case["run"]:
            args = [str(arg).replace("$ROOT", str(root)) for arg in args]
            ours, theirs = multiprocessing.Pipe()
            child = multiprocessing.get_context("fork").Process(target=call, args=(conf, args, theirs))
            child.start()
            theirs.close()
            try:
                answer = ours.recv()
            except EOFError:
                sys.exit(f"record.py: {path}: Salt died on {' '.join(args)}")
            child.join()
            step = {"run": [arg.replace(str(root), "$ROOT") for arg in args]}
            step.update(normal.value(answer))
            step["exit"] &= 0xFF
            steps.append(step)
        return {"steps": steps, "files": normal.value(snapshot(root))}
    finally:
        shutil.rmtree(work, ignore_errors=True)


def substitute(value, names):
    if isinstance(value, dict):
        return {key: substitute(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [substitute(item, names) for item in value]
    if isinstance(value, str):
        for name, put in names.items():
            value = value.replace(name, put)
    return value


def main():
    ensure_salt()
    if os.geteuid() != 0:
        sys.exit("record.py: run as root: results name owners and modes")
    os.umask(0o022)
    os.environ.update(LC_ALL="C.UTF-8", LANG="C.UTF-8", PYTHONHASHSEED="0", SHELL="/bin/bash")
    # Imported once, before the forks.
    import salt.cli.caller
    import salt.config
    import salt.minion
    import salt.state  # noqa: F401

    check = "--check" in sys.argv
    wanted = [arg for arg in sys.argv[1:] if not arg.startswith("-")]
    paths = sorted(path.parent for path in CASES.glob("*/*/tree"))
    if wanted:
        paths = [path for path in paths if any(want in str(path.relative_to(CASES)) for want in wanted)]
    differing = 0
    for path in paths:
        name = path.relative_to(CASES)
        file = path / "expected.json"
        new = json.dumps(run_case(path), indent=1, ensure_ascii=False, sort_keys=True) + "\n"
        old = file.read_text() if file.exists() else ""
        if new != old:
            differing += 1
            diff = difflib.unified_diff(old.splitlines(), new.splitlines(), f"{name} recorded", f"{name} now", "", "", 3, "")
            if old:
                print("\n".join(diff))
            else:
                print(f"new: {name}")
            if not check:
                file.write_text(new)
    print(f"{len(paths)} cases, {differing} {'differ' if check else 'written'}")
    return 1 if check and differing else 0


if __name__ == "__main__":
    sys.exit(main())

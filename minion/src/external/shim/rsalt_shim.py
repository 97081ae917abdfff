"""Runs Python files that were written for Salt, for rsalt: a request a line comes in, questions and the answer go
out as lines of JSON. What a module prints goes to standard error."""

import base64
import datetime
import functools
import importlib.util
import inspect
import json
import logging
import os
import re
import sys
import traceback

# What Salt hands to modules by name: each is one object for as long as this process lives.
DATA = {"__grains__": {}, "__pillar__": {}, "__opts__": {}}
CONTEXT = {}
MARK = "\0"


def untag(value):
    """What JSON has no form for, out of the form that it has here."""
    if isinstance(value, dict):
        if MARK in value:
            kind, what = value[MARK]
            if kind == "dict":
                return {untag(key): untag(item) for key, item in what}
            if kind == "bytes":
                return base64.b64decode(what)
            if kind == "datetime":
                return datetime.datetime.fromisoformat(what)
            return datetime.date.fromisoformat(what)
        return {key: untag(item) for key, item in value.items()}
    if isinstance(value, list):
        return [untag(item) for item in value]
    return value


def tag(value, depth=0):
    """A value as JSON takes it. Sets and tuples are lists; an object that is no data is its text."""
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode() if not value.isascii() else str(value)
    if depth > 200:
        raise ValueError("the value is nested too deeply, or contains itself")
    if isinstance(value, dict) or hasattr(value, "items") and hasattr(value, "keys"):
        if all(isinstance(key, str) for key in value):
            return {key: tag(item, depth + 1) for key, item in value.items()}
        return {MARK: ["dict", [[tag(key, depth + 1), tag(item, depth + 1)] for key, item in value.items()]]}
    if isinstance(value, (list, tuple)):
        return [tag(item, depth + 1) for item in value]
    if isinstance(value, (set, frozenset)):
        return [tag(item, depth + 1) for item in sorted(value, key=str)]
    if isinstance(value, (bytes, bytearray)):
        return {MARK: ["bytes", base64.b64encode(value).decode()]}
    if isinstance(value, datetime.datetime):
        return {MARK: ["datetime", value.isoformat()]}
    if isinstance(value, datetime.date):
        return {MARK: ["date", value.isoformat()]}
    if inspect.isgenerator(value) or isinstance(value, (map, filter, zip)) or type(value).__name__.startswith("dict_"):
        return [tag(item, depth + 1) for item in value]
    return str(value)


class Line:
    """The line to rsalt."""

    def __init__(self, source, sink):
        self.source, self.sink = source, sink

    def say(self, message):
        self.sink.write(json.dumps(message, ensure_ascii=False).encode("utf-8", "replace") + b"\n")
        self.sink.flush()

    def hear(self):
        line = self.source.readline()
        if not line:
            os._exit(0)
        return json.loads(line)

    def ask(self, **question):
        self.say(question)
        answer = self.hear()
        if "error" in answer:
            raise exception_named(answer.get("exception", ""))(answer["error"])
        return untag(answer.get("return"))


def exception_named(name):
    import builtins

    import salt.exceptions

    found = getattr(salt.exceptions, name, None) or getattr(builtins, name, None)
    if inspect.isclass(found) and issubclass(found, Exception) and found is not UnicodeDecodeError:
        return found
    return salt.exceptions.CommandExecutionError


class Handler(logging.Handler):
    """What modules log is logged by rsalt."""

    def emit(self, record):
        try:
            LINE.say({"log": [record.levelname.lower(), f"{record.name}: {self.format(record)}"]})
        except Exception:  # a message that cannot be told must not end the function
            pass


class Functions(dict):
    """`__salt__`, `__states__`, `__utils__`: the site's own functions, and rsalt's through the line. A dict only so
    that it is taken for one."""

    def __init__(self, kind, remote=None):
        super().__init__()
        self._kind, self._remote, self._names, self._made = kind, remote, None, {}

    def _own(self, name):
        module, _, function = name.partition(".")
        found = LOADER.find(self._kind, module)
        return found.functions.get(function) if found else None

    def _known(self):
        if self._names is None:
            self._names = frozenset(LINE.ask(ask=self._remote[0])) if self._remote else frozenset()
        return self._names

    def __contains__(self, name):
        return isinstance(name, str) and (self._own(name) is not None or name in self._known())

    def __getitem__(self, name):
        own = self._own(name)
        if own is not None:
            return own
        if name not in self._known():
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._through(name)
        return self._made[name]

    def _through(self, name):
        asked = self._remote[1]

        def function(*args, **kwargs):
            return LINE.ask(ask=asked, fun=name, args=tag(args), kwargs=tag(kwargs))

        function.__name__ = function.__qualname__ = name.rpartition(".")[2]
        return function

    def get(self, name, default=None):
        try:
            return self[name]
        except KeyError:
            return default

    def keys(self):
        own = {f"{m.name}.{f}" for m in LOADER.all(self._kind) for f in m.functions}
        return sorted(own | self._known())

    def __iter__(self):
        return iter(self.keys())

    def __len__(self):
        return len(self.keys())

    def __bool__(self):
        return True

    def values(self):
        return [self[name] for name in self.keys()]

    def items(self):
        return [(name, self[name]) for name in self.keys()]

    def __getattr__(self, module):
        if module.startswith("_"):
            raise AttributeError(module)
        return Part(self, module)


class Part:
    """`__salt__.module`"""

    def __init__(self, functions, module):
        self._functions, self._module = functions, module

    def __getattr__(self, function):
        try:
            return self._functions[f"{self._module}.{function}"]
        except KeyError as error:
            raise AttributeError(str(error)) from None


class Module:
    """A file that was loaded: what it is called, its functions, or why it has none."""

    def __init__(self, kind, stem, path):
        self.kind, self.stem, self.path = kind, stem, path
        self.name, self.aliases, self.functions, self.problem, self.virtual = stem, [], {}, None, True
        self.needs, self.python = (), None
        try:
            self._load()
        except BaseException as error:  # SystemExit of a script among them: it must not end this process
            file = os.path.relpath(path, LOADER.root)
            why = f"{type(error).__name__}: {error}\n{own_frames(error)}".rstrip()
            self.problem = f"salt://_{file} cannot be loaded: {why}"

    def _load(self):
        with open(self.path, encoding="utf-8", errors="replace") as file:
            text = file.read()
        self.needs = tuple(name for name in DATA if name in text)
        fetch(self.needs)
        unique = f"salt.loaded.ext.{self.kind}.{self.stem}"
        package = os.path.dirname(self.path) if os.path.basename(self.path) == "__init__.py" else None
        spec = importlib.util.spec_from_file_location(
            unique, self.path, submodule_search_locations=[package] if package else None
        )
        module = importlib.util.module_from_spec(spec)
        self.python = module
        vars(module).update(DATA)
        vars(module).update(
            __salt__=SALT,
            __utils__=UTILS,
            __context__=CONTEXT,
            __proxy__={},
            __instance_id__="",
            __env__="base",
            __low__={},
            __active_provider_name__=None,
        )
        if self.kind == "states":
            module.__states__ = STATES
        sys.modules[unique] = module
        spec.loader.exec_module(module)
        if hasattr(module, "__virtualname__"):
            self.name = module.__virtualname__
        if callable(getattr(module, "__virtual__", None)):
            told, why = module.__virtual__(), None
            if isinstance(told, tuple):
                told, why = told[0], "; ".join(map(str, told[1:]))
            if not told:
                self.virtual = False
                self.problem = f"'{self.name}' __virtual__ returned False" + (f": {why}" if why else "")
                return
            if isinstance(told, str):
                self.name = told
        self.aliases = [self.name, *getattr(module, "__virtual_aliases__", ())]
        if callable(getattr(module, "__init__", None)) and inspect.isfunction(module.__init__):
            fetch(["__opts__"])
            module.__init__(DATA["__opts__"])
        renamed = getattr(module, "__func_alias__", {})
        for attribute in getattr(module, "__load__", dir(module)):
            function = getattr(module, attribute, None)
            plain = inspect.isfunction(function) or isinstance(function, functools.partial)
            if attribute.startswith("_") or not plain or getattr(function, "__rsalt_missing__", False):
                continue
            self.functions[renamed.get(attribute, attribute)] = function

    def described(self):
        outputters = getattr(self.python, "__outputter__", {})
        functions = {}
        for name, function in self.functions.items():
            functions[name] = {
                "doc": inspect.getdoc(function) or "",
                "signature": signature(function),
                "out": outputters.get(name),
            }
        return {
            "module": self.name,
            "aliases": [alias for alias in self.aliases if alias != self.name],
            "functions": functions,
            "problem": self.problem,
        }


def signature(function):
    """Parameters as Python writes them, with defaults that are data."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return "*args, **kwargs"
    parts, lone = [], False
    for one in parameters:
        if one.kind is one.VAR_POSITIONAL:
            lone = True
            parts.append(f"*{one.name}")
        elif one.kind is one.VAR_KEYWORD:
            parts.append(f"**{one.name}")
        else:
            if one.kind is one.KEYWORD_ONLY and not lone:
                lone = True
                parts.append("*")
            if one.default is one.empty:
                parts.append(one.name)
            else:
                plain = one.default is None or isinstance(one.default, (bool, int, float, str, list, tuple, dict))
                parts.append(f"{one.name}={one.default!r}" if plain else f"{one.name}=None")
    return ", ".join(parts)


class Loader:
    """The site's files by kind, loaded as they are asked for."""

    def __init__(self, root):
        self.root, self.files, self.modules, self.complete = root, {}, {}, set()
        self.busy = set()

    def stems(self, kind):
        if kind not in self.files:
            found, at = {}, os.path.join(self.root, kind)
            for name in sorted(os.listdir(at)) if os.path.isdir(at) else ():
                stem, extension = os.path.splitext(name)
                inside = os.path.join(at, name, "__init__.py")
                if os.path.isfile(inside):
                    found[name] = inside
                elif extension == ".py" and stem != "__init__":
                    found[stem] = os.path.join(at, name)
            self.files[kind] = found
        return self.files[kind]

    def load(self, kind, stem):
        key = (kind, stem)
        if key not in self.modules:
            if key in self.busy:  # it asks for itself while it is loaded
                return None
            self.busy.add(key)
            try:
                self.modules[key] = Module(kind, stem, self.stems(kind)[stem])
            finally:
                self.busy.discard(key)
        return self.modules[key]

    def all(self, kind):
        loaded = [self.load(kind, stem) for stem in self.stems(kind)]
        return [module for module in loaded if module]

    def find(self, kind, name):
        if not self.stems(kind):
            return None
        if name in self.stems(kind):
            module = self.load(kind, name)
            if module and name in module.aliases:
                return module
        return next((m for m in self.all(kind) if name in m.aliases), None)


def fetch(needs):
    """Grains, pillar and options as they are now, for those that look at them."""
    for name in needs:
        if name not in FRESH:
            FRESH.add(name)
            data = LINE.ask(ask=name.strip("_"))
            DATA[name].clear()
            DATA[name].update(data)
    if "__opts__" in FRESH and REQUEST.get("test") is not None:
        DATA["__opts__"]["test"] = REQUEST["test"]


def own_frames(error):
    """The traceback without what is this file's."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename not in (__file__, "<string>")]
    frames = [f for f in frames if not f.filename.startswith("<frozen")]
    text = "".join(traceback.format_list(frames)).rstrip()
    return f"Traceback (most recent call last):\n{text}" if text else ""


def call(request):
    kind, fun = request["kind"], request["fun"]
    name, _, function = fun.rpartition(".")
    module = LOADER.find(kind, name)
    if module is None:
        module = LOADER.load(kind, name) if name in LOADER.stems(kind) else None
        why = module.problem if module else None
        return {"error": why or f"'{fun}' is not available.", "exception": "KeyError"}
    todo = module.functions.get(function)
    if todo is None:
        return {"error": f"'{fun}' is not available.", "exception": "KeyError"}
    # Modules that were loaded before see the data of now as well.
    for other in list(LOADER.modules.values()):
        fetch(other.needs)
    args, kwargs = untag(request.get("args", [])), untag(request.get("kwargs", {}))
    place = untag(request.get("chunk") or {})
    if place:
        vars(module.python).update(
            __low__=place, __env__=place.get("__env__", "base"), __instance_id__=request.get("jid", "")
        )
    CONTEXT.pop("retcode", None)
    answer = {"return": tag(todo(*args, **kwargs))}
    if CONTEXT.get("retcode"):
        answer["retcode"] = CONTEXT["retcode"]
    return answer


def grains(request):
    """What all public functions of the grains modules say, one after the other."""
    out, problems = {}, []
    so_far = untag(request.get("so_far", {}))
    for module in LOADER.all("grains"):
        if module.problem:
            if module.virtual:
                problems.append(module.problem)
            continue
        for name, function in sorted(module.functions.items()):
            try:
                wanted = inspect.signature(function).parameters
                told = function({**so_far, **out}) if "grains" in wanted else function()
                if isinstance(told, dict):
                    out.update(told)
            except Exception as error:
                problems.append(f"{module.name}.{name}: {type(error).__name__}: {error}\n{own_frames(error)}")
    return {"return": {"grains": tag(out), "problems": problems}}


def describe(request):
    return {
        "return": [
            {"kind": kind, "file": os.path.relpath(module.path, LOADER.root), **module.described()}
            for kind in request["kinds"]
            for module in LOADER.all(kind)
        ]
    }


def work(request):
    try:
        return {"call": call, "grains": grains, "describe": describe}[request["do"]](request)
    except BaseException as error:
        where = "" if type(error).__module__ == "salt.exceptions" else own_frames(error)
        text = str(error) if type(error) is not KeyError else repr(error.args[0]) if error.args else ""
        if isinstance(error, SystemExit):
            text = f"the module ends the process: {error}"
        return {"error": text, "exception": type(error).__name__, "traceback": where}


def main():
    global LINE, LOADER, SALT, STATES, UTILS
    # What modules and their commands print must not come between the lines.
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    source = os.fdopen(os.dup(0), "rb")
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    sys.stdout = sys.stderr
    LINE, LOADER = Line(source, sink), Loader(sys.argv[1])
    SALT = Functions("modules", ("functions", "call"))
    STATES = Functions("states", ("states", "state"))
    UTILS = Functions("utils")
    # A module's helpers that lie beside it are imported as in Salt.
    sys.path.extend(os.path.join(LOADER.root, kind) for kind in ("utils", "modules"))
    handler = Handler()
    handler.setFormatter(logging.Formatter("%(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    while True:
        request = LINE.hear()
        FRESH.clear()
        REQUEST.clear()
        REQUEST.update(request)
        LINE.say(work(request))


FRESH, REQUEST = set(), {}
LINE = LOADER = SALT = STATES = UTILS = None

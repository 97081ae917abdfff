"""Arguments."""

import inspect

from salt.exceptions import SaltInvocationError


def clean_kwargs(**kwargs):
    return {key: value for key, value in kwargs.items() if not key.startswith("__")}


def invalid_kwargs(invalid, raise_exc=True):
    if invalid:
        text = "The following keyword arguments are not valid: " + ", ".join(f"{k}={v}" for k, v in invalid.items())
        if raise_exc:
            raise SaltInvocationError(text)
        return text


def get_function_argspec(function, is_class_method=None):
    return inspect.getfullargspec(function)


def arg_lookup(function, aspec=None):
    spec = aspec or inspect.getfullargspec(function)
    defaults = spec.defaults or ()
    return {"args": spec.args[: len(spec.args) - len(defaults)], "kwargs": dict(zip(spec.args[::-1], defaults[::-1]))}


def shlex_split(text, **kwargs):
    import shlex

    return shlex.split(text, **kwargs) if isinstance(text, str) else text


def split_input(value, mapper=None):
    mapper = mapper or (lambda item: item)
    items = value if isinstance(value, (list, tuple)) else str(value).split(",")
    return [mapper(str(item).strip()) for item in items]


def test_mode(**kwargs):
    if "test" in kwargs:
        return str(kwargs["test"]).lower() == "true" or kwargs["test"] is True
    return False


def yamlify_arg(arg):
    import salt.utils.yaml

    try:
        return salt.utils.yaml.safe_load(arg) if isinstance(arg, str) and arg.strip() else arg
    except salt.utils.yaml.YAMLError:
        return arg

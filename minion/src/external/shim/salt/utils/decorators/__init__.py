"""Decorators."""

import functools
import subprocess
import sys
import time


def depends(*needed, **options):
    """The function is there only when what it depends on is: names of the module, truths, a command that succeeds."""
    place = sys._getframe(1).f_globals
    met = all(need is True or (isinstance(need, str) and need in place) for need in needed)
    expected = options.get("retcode", 0)
    if not met and len(needed) == 1 and isinstance(needed[0], str) and "retcode" in options:
        try:
            met = subprocess.run(needed[0], shell=True, capture_output=True).returncode == expected
        except OSError:
            met = False
    fallback = options.get("fallback_function")

    def decorate(function):
        if met:
            return function
        if fallback is not None:
            return fallback
        function.__rsalt_missing__ = True
        return function

    return decorate


def memoize(function):
    kept = {}

    @functools.wraps(function)
    def once(*args, **kwargs):
        key = repr((args, sorted(kwargs.items())))
        if key not in kept:
            kept[key] = function(*args, **kwargs)
        return kept[key]

    return once


def timing(function):
    @functools.wraps(function)
    def timed(*args, **kwargs):
        import logging

        start = time.time()
        out = function(*args, **kwargs)
        logging.getLogger(__name__).debug("%s took %.3f s", function.__name__, time.time() - start)
        return out

    return timed


def jinja_filter(name=None):
    return lambda function: function


jinja_test = jinja_global = jinja_filter
ensure_unicode_args = lambda function: function  # noqa: E731

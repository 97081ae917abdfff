"""Functions that want a program."""

import functools

import salt.utils.path
from salt.exceptions import CommandNotFoundError


def which(exe):
    return which_bin([exe])


def which_bin(exes):
    def decorate(function):
        @functools.wraps(function)
        def checked(*args, **kwargs):
            if salt.utils.path.which_bin(exes) is None:
                raise CommandNotFoundError(f"The '{exes[0]}' binary was not found in $PATH.")
            return function(*args, **kwargs)

        return checked

    return decorate

"""Paths and programs."""

import os
import posixpath
import shutil


def which(exe=None):
    return shutil.which(exe) if exe else None


def which_bin(exes):
    return next((at for at in map(which, exes or ()) if at), None)


def join(*parts, **kwargs):
    first, *rest = (str(part) for part in parts) if parts else ("",)
    return posixpath.normpath(posixpath.join(first, *(part.lstrip("/") for part in rest)))


def islink(path):
    return os.path.islink(path)


def readlink(path):
    return os.readlink(path)


def safe_path(path, allow_path=None):
    real = os.path.realpath(path)
    return real == path or bool(allow_path) and real.startswith(allow_path)


os_walk = os.walk

"""Files."""

import contextlib
import os
import shutil
import tempfile


def fopen(name, mode="r", *args, **kwargs):
    if "b" not in mode:
        kwargs.setdefault("encoding", "utf-8")
    return open(name, mode, *args, **kwargs)


@contextlib.contextmanager
def fpopen(name, mode="r", uid=-1, gid=-1, **kwargs):
    wanted = kwargs.pop("mode", None)
    with fopen(name, mode, **kwargs) as file:
        if uid is not None and gid is not None and (uid, gid) != (-1, -1):
            os.chown(name, uid, gid)
        if wanted is not None:
            os.chmod(name, wanted)
        yield file


flopen = fopen


@contextlib.contextmanager
def set_umask(mask):
    before = os.umask(mask) if mask is not None else None
    try:
        yield
    finally:
        if before is not None:
            os.umask(before)


def mkstemp(*args, **kwargs):
    kwargs.pop("close_fd", None)
    handle, path = tempfile.mkstemp(*args, **{"prefix": "__salt.tmp.", **kwargs})
    os.close(handle)
    return path


def safe_rm(path):
    with contextlib.suppress(OSError):
        os.remove(path)


def rm_rf(path):
    shutil.rmtree(path) if os.path.isdir(path) and not os.path.islink(path) else os.remove(path)


def copyfile(source, target, backup_mode="", cachedir=""):
    """A copy that is there in full or not at all, with the owner and mode of what it replaces."""
    handle, part = tempfile.mkstemp(dir=os.path.dirname(os.path.abspath(target)))
    os.close(handle)
    try:
        shutil.copyfile(source, part)
        with contextlib.suppress(FileNotFoundError):
            before = os.stat(target)
            os.chown(part, before.st_uid, before.st_gid)
            os.chmod(part, before.st_mode & 0o7777)
        os.replace(part, target)
    except BaseException:
        safe_rm(part)
        raise


def normalize_mode(mode):
    if mode is None:
        return None
    text = str(mode).lower().replace("0o", "0").strip("\"'").lstrip("0")
    return text.zfill(4) if text else "0"


def is_empty(path):
    return os.path.getsize(path) == 0


def is_binary(path):
    if not os.path.isfile(path):
        return False
    with open(path, "rb") as file:
        return b"\0" in file.read(2048)


def list_files(directory):
    found = {directory}
    for root, dirs, files in os.walk(directory):
        found.update(os.path.join(root, name) for name in (*files, *dirs))
    return list(found)


def backup_minion(path, bkroot):
    raise NotImplementedError("back up with file.managed and its backup=minion")

"""What this runs on: Linux."""

import os


def is_linux():
    return True


def _no():
    return False


is_windows = is_darwin = is_sunos = is_smartos = is_smartos_globalzone = is_smartos_zone = is_freebsd = _no
is_openbsd = is_netbsd = is_aix = is_junos = is_proxy = _no


def is_fedora():
    return os.path.exists("/etc/fedora-release")


def is_photonos():
    return os.path.exists("/etc/photon-release")

"""Users and groups."""

import grp
import os
import pwd


def get_user():
    return pwd.getpwuid(os.geteuid()).pw_name


def get_uid(user=None):
    return os.geteuid() if user is None else pwd.getpwnam(user).pw_uid


def get_group_list(user, include_default=True):
    own = pwd.getpwnam(user)
    names = [grp.getgrgid(gid).gr_name for gid in os.getgrouplist(user, own.pw_gid)]
    return sorted(names if include_default else [n for n in names if n != user])


def get_gid(group=None):
    return os.getegid() if group is None else grp.getgrnam(group).gr_gid

# -*- coding: utf-8 -*-
"""
Manage the configuration of the application.

:maintainer: Site team
:platform: Linux
"""
from __future__ import absolute_import, print_function, unicode_literals

import configparser
import io
import logging
import os

import salt.utils.files
from salt.exceptions import CommandExecutionError

log = logging.getLogger(__name__)

__virtualname__ = "appconf"


def __virtual__():
    """
    Only load where there is a parser.
    """
    return __virtualname__


class _Config:
    def __init__(self, path):
        if not os.path.isfile(path):
            raise CommandExecutionError("File not found: {0}".format(path))
        self.path = path
        self.parser = configparser.ConfigParser()
        self.parser.optionxform = str
        with salt.utils.files.fopen(path, "r") as handle:
            self.parser.read_file(handle)

    def save(self):
        out = io.StringIO()
        self.parser.write(out)
        __salt__["file.write"](self.path, args=[out.getvalue().rstrip("\n")])


def sections(path):
    return _Config(path).parser.sections()


def get(path, section, option, default=None):
    """
    Get an option.

    CLI Example::

        salt '*' appconf.get /etc/app.ini server port
    """
    config = _Config(path).parser
    if not config.has_option(section, option):
        return default
    return config.get(section, option)


def set_(path, section, options):
    config = _Config(path)
    if not config.parser.has_section(section):
        config.parser.add_section(section)
    for option, value in options.items():
        config.parser.set(section, option, str(value))
    config.save()
    log.info("saved %s", path)
    return {"saved": sorted(options)}


__func_alias__ = {"set_": "set"}

"""
Greetings, as a module is written for Salt.
"""

import logging

from salt.exceptions import CommandExecutionError

log = logging.getLogger(__name__)

__virtualname__ = "greeting"


def __virtual__():
    if __grains__["kernel"] != "Linux":
        return (False, "greetings are for Linux")
    return __virtualname__


def hello(name, loud=False):
    """
    Greet somebody.

    CLI Example:

    .. code-block:: bash

        salt '*' greeting.hello world loud=True
    """
    if not name:
        raise CommandExecutionError("nobody to greet")
    text = __salt__["cmd.run"](["echo", "Hello", name], python_shell=False)
    log.debug("greeted %s", name)
    return text.upper() if loud else text

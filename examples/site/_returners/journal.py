"""
Writes each return as a line of JSON to a file: `returner.journal.path` in the minion's config.
"""

import json

import salt.utils.files


def returner(ret):
    path = __salt__["config.get"]("returner.journal.path", "/var/log/returns.json")
    with salt.utils.files.fopen(path, "a") as file:
        file.write(json.dumps({key: ret[key] for key in ("id", "jid", "fun", "return")}) + "\n")

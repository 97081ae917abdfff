"""Hashes."""

import base64
import hashlib

from salt.utils.stringutils import to_bytes


def get_hash(path, form="sha256", chunk_size=65536):
    made = hashlib.new(form)
    with open(path, "rb") as file:
        while piece := file.read(chunk_size):
            made.update(piece)
    return made.hexdigest()


def _of(form):
    return lambda text: hashlib.new(form, to_bytes(text)).hexdigest()


md5_digest, sha1_digest, sha256_digest, sha512_digest = map(_of, ("md5", "sha1", "sha256", "sha512"))


def base64_b64encode(text):
    return base64.b64encode(to_bytes(text)).decode()


def base64_b64decode(text):
    return base64.b64decode(to_bytes(text)).decode()

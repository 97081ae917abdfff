#!/usr/bin/env python3
"""Put the seeds of each fuzz target under seeds/<target>/.

A target names them itself, in comments at its head:

    //! seeds: GLOB [split=LINE] [msgpack]

GLOB is relative to the repository. `split=LINE`: each file holds several seeds, with LINE between them; `split=`: each line is one.
`msgpack`: the files are JSON, the seeds are their values as msgpack.
"""

import hashlib
import json
import pathlib
import re
import struct

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent
# Long inputs make the fuzzer slow and find nothing that short ones do not.
MAX_BYTES = 4096


def pack(value):
    """msgpack, in the longer forms: the fuzzer finds the short ones."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return struct.pack(">Bq", 0xD3, value) if -(2**63) <= value < 2**63 else pack(str(value))
    if isinstance(value, float):
        return struct.pack(">Bd", 0xCB, value)
    if isinstance(value, str):
        text = value.encode("utf-8", "replace")
        return struct.pack(">BH", 0xDA, len(text[:65535])) + text[:65535]
    if isinstance(value, list):
        return struct.pack(">BH", 0xDC, len(value)) + b"".join(map(pack, value))
    return struct.pack(">BH", 0xDE, len(value)) + b"".join(pack(k) + pack(v) for k, v in value.items())


def seeds(glob, split=None, msgpack=False):
    for path in sorted(TOP.glob(glob)):
        if not path.is_file():
            continue
        if msgpack:
            try:
                yield pack(json.loads(path.read_text()))
            except ValueError:
                pass
            continue
        content = path.read_bytes()
        if split == "":
            yield from content.splitlines()
        else:
            yield from re.split(rb"(?m)^%s\n" % re.escape(split).encode(), content) if split else [content]


def main():
    for target in sorted((HERE / "src/bin").glob("*.rs")):
        folder = HERE / "seeds" / target.stem
        folder.mkdir(parents=True, exist_ok=True)
        count = 0
        for line in re.findall(r"(?m)^//! seeds: (.*)$", target.read_text()):
            glob, *words = line.split()
            options = {word.split("=")[0]: word.split("=", 1)[1] if "=" in word else True for word in words}
            for seed in seeds(glob, **options):
                if len(seed) <= MAX_BYTES:
                    (folder / hashlib.sha1(seed).hexdigest()).write_bytes(seed)
                    count += 1
        print(f"{target.stem}: {count} seeds")


if __name__ == "__main__":
    main()

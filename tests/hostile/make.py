#!/usr/bin/env python3
"""make.py FOLDER [manifest]: writes the broken models, one folder each, and some good ones.

Standard library alone, the same bytes every time. FOLDER/rows.json lists them: name, folder, and the
words that the refusal has to contain ([] for the good ones). `manifest` adds those whose groundswell.json is broken."""
import json
import os
import re
import shutil
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import good  # noqa: E402
import rows_config  # noqa: E402
import rows_manifest  # noqa: E402
import rows_pointer  # noqa: E402
import rows_tokenizer  # noqa: E402
import rows_weights  # noqa: E402


def write_special(path, special):
    kind, _, argument = special.kind.partition(" ")
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "dir":
        os.mkdir(path)
    elif kind == "link":
        os.symlink(argument, path)
    elif kind == "sparse":
        with open(path, "wb") as f:
            f.write(special.head)
            f.truncate(int(argument))
    else:
        raise ValueError(kind)


def write(folder, files):
    os.makedirs(folder)
    for name, content in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if isinstance(content, good.Special):
            write_special(path, content)
        else:
            with open(path, "wb") as f:
                f.write(content)


def all_rows(manifest):
    rows = [(f"good: {name}", build, ()) for name, build in good.GOOD.items()]
    if manifest:
        rows.append(("good: bert with groundswell.json", rows_manifest.good, ()))
    rows += rows_weights.ROWS + rows_config.ROWS + rows_tokenizer.ROWS + rows_pointer.ROWS
    return rows + rows_manifest.ROWS + rows_pointer.MANIFEST_ROWS if manifest else rows


def make(root, manifest):
    shutil.rmtree(root, ignore_errors=True)
    listed = []
    for number, (name, build, words) in enumerate(all_rows(manifest)):
        folder = f"{number:03}-" + re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")
        write(os.path.join(root, folder), build())
        listed.append({"name": name, "folder": folder, "words": [w for w in words if w]})
    names = [row["name"] for row in listed]
    assert len(set(names)) == len(names), "two rows of one name"
    with open(os.path.join(root, "rows.json"), "w") as f:
        json.dump(listed, f, indent=1)
    return listed


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    print(f"{len(make(sys.argv[1], len(sys.argv) == 3))} folders in {sys.argv[1]}")

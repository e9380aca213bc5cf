#!/usr/bin/env python3
"""compiled.py compile_commands.json: the source files that a build compiles, relative to the project."""

import json
import os
import sys

for entry in json.load(open(sys.argv[1], encoding="utf-8")):
    print(os.path.relpath(os.path.join(entry["directory"], entry["file"])))

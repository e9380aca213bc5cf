#!/usr/bin/env python3
"""cpu_mask.py OUT PACKAGE…: copies of Python packages whose libraries ask cpuid_mask.so instead of the CPU.

In OUT/PACKAGE everything is a link to the original but shared objects, and in those every CPUID instruction that
objdump finds is UD2. Not by bytes alone: 0F A2 may also be the middle of something else. Prints one line a library."""

import importlib.util
import mmap
import os
import pathlib
import re
import shutil
import subprocess
import sys

# Far more code than the rest, and never loaded for the CPU device.
UNUSED = re.compile(r"intel_(gpu|npu)_plugin")
CPUID, UD2 = b"\x0f\xa2", b"\x0f\x0b"


def text_sections(path):
    """[(address, file offset, size)] of the sections that hold code."""
    found = []
    for line in subprocess.run(["readelf", "-SW", path], capture_output=True, text=True, check=True).stdout.splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+\S+\s+PROGBITS\s+(\w+) (\w+) (\w+) \w+\s+\w*X", line)
        if match:
            found.append(tuple(int(field, 16) for field in match.groups()))
    return found


def cpuid_offsets(path):
    """File offsets of the CPUID instructions."""
    with open(path, "rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if data.find(CPUID) < 0:
            return []
    sections = text_sections(path)
    offsets = []
    listing = subprocess.Popen(["objdump", "-d", "--no-show-raw-insn", path], stdout=subprocess.PIPE, text=True)
    for line in listing.stdout:
        if line.rstrip().endswith("cpuid"):
            address = int(line.split(":")[0], 16)
            offsets += [address - start + offset for start, offset, size in sections if start <= address < start + size]
    if listing.wait() != 0:
        raise SystemExit(f"cpu_mask: objdump {path} failed")
    return offsets


def patch(path):
    """CPUID to UD2 in place; how many."""
    offsets = cpuid_offsets(path)
    with open(path, "r+b") as file:
        for offset in offsets:
            file.seek(offset)
            if file.read(2) != CPUID:
                raise SystemExit(f"cpu_mask: {path}: no CPUID at {offset:#x}")
            file.seek(offset)
            file.write(UD2)
    return len(offsets)


def copy_package(name, out):
    source = pathlib.Path(importlib.util.find_spec(name).origin).parent
    target = out / name
    shutil.rmtree(target, ignore_errors=True)
    for folder, folders, files in os.walk(source):
        folders[:] = [f for f in folders if f != "__pycache__"]
        here = target / pathlib.Path(folder).relative_to(source)
        here.mkdir(parents=True)
        for file in files:
            original = pathlib.Path(folder) / file
            if ".so" in original.suffixes and not UNUSED.search(file):
                shutil.copy2(original, here / file)
                n = patch(here / file)
                if n:
                    print(f"{name}/{file}: {n} CPUID", flush=True)
            else:
                (here / file).symlink_to(original)


def main():
    out = pathlib.Path(sys.argv[1])
    for name in sys.argv[2:]:
        copy_package(name, out)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Writes the Unicode tables of the tokenizer: tokenizer/unicode/gpt2_ranges.c and charsmap_ranges.c.

  python3 -m venv build/ranges && build/ranges/bin/pip install tokenizers==0.23.3 regex==2025.11.3
  build/ranges/bin/python tests/tools/make_tokenizer_ranges.py

What is a letter, number or space is asked of `tokenizers` itself, code point by code point: that is
the definition. The grapheme classes are those of Unicode 17, which its segmentation crate (1.13.3)
has too, from the `regex` package.
"""
import pathlib
import sys

import regex
import tokenizers
from tokenizers import Regex, normalizers

ROOT = pathlib.Path(__file__).resolve().parents[2]
ALL = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]


def matched(pattern):
    """The code points that one character of the pattern matches, by the reference."""
    drop = normalizers.Replace(Regex(pattern), "")
    found = set()
    for at in range(0, len(ALL), 4096):
        chunk = ALL[at:at + 4096]
        left = set(drop.normalize_str("".join(map(chr, chunk))))
        found.update(c for c in chunk if chr(c) not in left)
    return found


def gpt2_classes():
    classes = {}
    for name, pattern in (("LETTER", r"\p{L}"), ("NUMBER", r"\p{N}"), ("SPACE", r"\s")):
        for c in matched(pattern):
            assert c not in classes, (hex(c), name, classes[c])
            classes[c] = name
    return classes


BREAKS = {"CR": "CR", "LF": "LF", "Control": "CONTROL", "Extend": "EXTEND", "ZWJ": "ZWJ",
          "SpacingMark": "SPACING", "Prepend": "PREPEND", "Regional_Indicator": "REGIONAL",
          "L": "L", "V": "V", "T": "T"}


def grapheme_classes():
    """Without Hangul syllables, which are arithmetic."""
    classes = {}
    for name, short in BREAKS.items():
        of_class = regex.compile(r"\p{GCB=%s}" % name)
        for c in ALL:
            if of_class.match(chr(c)):
                classes[c] = short
    for name, old, new in (("Linker", "EXTEND", "LINKER"), ("Consonant", None, "CONSONANT")):
        of_class = regex.compile(r"\p{InCB=%s}" % name)
        for c in ALL:
            if of_class.match(chr(c)):
                assert classes.get(c) == old, (hex(c), name, classes.get(c))
                classes[c] = new
    in_extend = regex.compile(r"\p{InCB=Extend}")
    for c in ALL:
        if in_extend.match(chr(c)):
            assert classes.get(c) in ("EXTEND", "ZWJ"), (hex(c), classes.get(c))
        elif classes.get(c) == "EXTEND":
            classes[c] = "EXTEND_APART"
    pictographic = regex.compile(r"\p{Extended_Pictographic}")
    for c in ALL:
        if pictographic.match(chr(c)):
            assert c not in classes, (hex(c), classes[c])
            classes[c] = "PICTOGRAPHIC"
    return classes


def ranges(classes):
    rows = []
    for c in sorted(classes):
        if rows and rows[-1][1] == c - 1 and rows[-1][2] == classes[c]:
            rows[-1][1] = c
        else:
            rows.append([c, c, classes[c]])
    return rows


def write(path, header, kind, name, prefix, rows):
    with open(ROOT / path, "w", encoding="ascii") as out:
        out.write("/* Written by tests/tools/make_tokenizer_ranges.py; do not edit. */\n")
        out.write(f'#include "{header}"\n\n/* clang-format off */\n')
        out.write(f"const struct {kind} {name}[{len(rows)}] = {{\n")
        for lo, hi, what in rows:
            out.write(f"    {{0x{lo:05X}, 0x{hi:05X}, {prefix}{what}}},\n")
        out.write(f"}};\n\nconst size_t {name}_n = {len(rows)};\n")


def main():
    if tokenizers.__version__ != "0.23.3" or regex.__version__ != "2025.11.3":
        sys.exit("needs tokenizers 0.23.3 and regex 2025.11.3")
    write("tokenizer/unicode/gpt2_ranges.c", "tokenizer/unicode/ranges.h", "gs_range", "gs_gpt2_ranges",
          "GS_GPT2_", ranges(gpt2_classes()))
    write("tokenizer/unicode/charsmap_ranges.c", "tokenizer/unicode/ranges.h", "gs_range", "gs_grapheme_ranges",
          "GS_GRAPHEME_", ranges(grapheme_classes()))


if __name__ == "__main__":
    main()

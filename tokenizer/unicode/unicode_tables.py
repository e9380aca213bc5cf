#!/usr/bin/env python3
"""unicode_tables.py > unicode_tables.c: the classes of characters that huggingface/tokenizers works with, asked of it for
every code point. Its crates carry several versions of Unicode (8 for categories, 9 for normalization, a newer one for
case and white space); utf8proc has another. What a character decomposes to is taken from utf8proc where this table says
that it decomposes at all: that is compared here too, and the script fails where the two differ.

Needs: pip install tokenizers==0.23.3, libutf8proc 2.8 or newer."""

import ctypes
import ctypes.util
import sys

from tokenizers import normalizers, pre_tokenizers

CODE_POINTS = [cp for cp in range(0, 0x110000) if not 0xD800 <= cp <= 0xDFFF]

clean = normalizers.BertNormalizer(clean_text=True, handle_chinese_chars=False, strip_accents=False, lowercase=False)
strip_mn = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
chinese = normalizers.BertNormalizer(clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=False)
lowercase, nfd, nfkd = normalizers.Lowercase(), normalizers.NFD(), normalizers.NFKD()
nfc, nfkc = normalizers.NFC(), normalizers.NFKC()
strip_accents = normalizers.StripAccents()
spaces, bert, words = pre_tokenizers.WhitespaceSplit(), pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Whitespace()


def pieces(pre_tokenizer, text):
    return len(pre_tokenizer.pre_tokenize_str(text))


def is_space(c):
    return pieces(spaces, "a" + c + "a") == 2


def is_other(c):
    return c != "\ufffd" and clean.normalize_str("a" + c) == "a"


def is_mark(c):
    """Non-spacing, of those that are left when all is decomposed."""
    return nfd.normalize_str(c) == c and strip_mn.normalize_str("a" + c) == "a"


def has_combining_class(c):
    """It passes, or is passed by, a mark of another class. Its value never changes once it has one."""
    c = nfd.normalize_str(c)
    if len(c) != 1:
        return False
    one, ten = "\u0334", "\u05b0"
    return nfd.normalize_str("a" + c + one) != "a" + c + one or nfd.normalize_str("a" + ten + c) != "a" + ten + c


CLASSES = [
    ("space", "White_Space", is_space),
    ("other", "Cc, Cf, Co", is_other),
    ("punct", "P*", lambda c: not is_space(c) and pieces(bert, "a" + c + "a") == 3),
    ("nonspacing", "Mn", is_mark),
    ("combining", "what StripAccents takes out", lambda c: strip_accents.normalize_str("a" + c) == "a"),
    ("word", "\\\\w of Rust's regex", lambda c: not is_space(c) and pieces(words, "a" + c + "a") == 1),
    ("ordered", "canonical combining class is not 0", has_combining_class),
    ("nfd", "has a canonical decomposition", lambda c: nfd.normalize_str(c) != c),
    ("nfkd", "has a compatible decomposition", lambda c: nfkd.normalize_str(c) != c),
]


def ranges(test):
    found = []
    for cp in CODE_POINTS:
        if test(chr(cp)):
            if found and found[-1][1] == cp - 1:
                found[-1][1] = cp
            else:
                found.append([cp, cp])
    return found


def check_decompositions():
    lib = ctypes.CDLL(ctypes.util.find_library("utf8proc"))
    lib.utf8proc_decompose_char.restype = ctypes.c_ssize_t
    stable, compat, decompose = 1 << 1, 1 << 2, 1 << 4
    out, state = (ctypes.c_int32 * 64)(), ctypes.c_int()
    for normalizer, options in ((nfd, stable | decompose), (nfkd, stable | decompose | compat)):
        for cp in CODE_POINTS:
            got = normalizer.normalize_str(chr(cp))
            if got != chr(cp):
                n = lib.utf8proc_decompose_char(cp, out, 64, options, ctypes.byref(state))
                want = "".join(map(chr, out[:n]))
                if sorted(got) != sorted(want):
                    sys.exit(f"U+{cp:04X}: {got!r}, utf8proc says {want!r}")


def lower_rows():
    """(first, last, step, delta): every step-th from first to last goes down by delta."""
    rows = []
    for cp in CODE_POINTS:
        low = lowercase.normalize_str(chr(cp))
        if len(low) > 1:
            assert (cp, low) == (0x130, "i\u0307"), hex(cp)
        if low == chr(cp) or cp == 0x130:
            continue
        delta = cp - ord(low)
        if rows and rows[-1][3] == delta and (
                cp - rows[-1][1] == rows[-1][2] or rows[-1][0] == rows[-1][1] and cp - rows[-1][1] <= 2):
            rows[-1][2] = cp - rows[-1][1]
            rows[-1][1] = cp
        else:
            rows.append([cp, cp, 1, delta])
    return rows


def check_chinese():
    """The ranges that unicode.c spells out."""
    want = [(0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F),
            (0x2B740, 0x2B81F), (0x2B920, 0x2CEAF), (0x2F800, 0x2FA1F)]
    got = ranges(lambda c: len(chinese.normalize_str(c)) > 1)
    merged = []
    for first, last in want:
        if merged and merged[-1][1] == first - 1:
            merged[-1][1] = last
        else:
            merged.append([first, last])
    assert got == merged, got


def main():
    check_decompositions()
    check_chinese()
    print("/* Written by unicode_tables.py from the answers of tokenizers 0.23.3: first and last code point of each run. */")
    print('#include "tokenizer/unicode/unicode_tables.h"\n')
    for name, about, test in CLASSES:
        found = ranges(test)
        print(f"/* {about} */")
        print(f"static const uint32_t {name}[] = {{")
        print(", ".join(f"0x{cp:x}" for run in found for cp in run) + "};\n")
    rows = lower_rows()
    print("const struct gs_lower_run gs_lower_runs[] = {")
    print(", ".join(f"{{0x{a:x}, 0x{b:x}, {s}, {d}}}" for a, b, s, d in rows) + "};")
    print("const size_t gs_n_lower_runs = sizeof gs_lower_runs / sizeof gs_lower_runs[0];\n")
    print("const struct gs_char_runs gs_char_runs[GS_N_CLASSES] = {")
    for name, _, _ in CLASSES:
        print(f"    [GS_CLASS_{name.upper()}] = {{{name}, sizeof {name} / sizeof {name}[0] / 2}},")
    print("};")


if __name__ == "__main__":
    main()

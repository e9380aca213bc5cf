#!/usr/bin/env python3
"""Cuts a labelled file into a training and a validation part.

    cut_desk.py IN TRAIN VALID [--percent 5] [--more FILE]

Texts that say nearly the same thing stay on one side: a validation row whose twin was learnt from would be
praised for memory. Two texts are twins when they share at least half of the eight smallest hashes of their
character runs (a bottom-k sketch, Broder 1997), after links, mentions, figures and punctuation are dropped; a
group is everything that such pairs connect. A group goes to one side by a hash of its own text, so every source
gives the same part, the cut does not depend on the order of the file, and rows that are added later move no
others unless they join a group.

Rows of --more are to train on alone: they go to TRAIN behind the others, those left out that are twins of a
validation row. They were chosen where a model was unsure, so a validation part with them would be another one.

Python's own library only.
"""
import argparse
import collections
import hashlib
import json
import re

SKETCH = 8        # hashes kept of a text
SHARED = 4        # of them, for two texts to be twins
CROWDED = 200     # rows that share one hash: a phrase of the trade, not a copy
NOISE = re.compile(r"https?://\S+|@\w+|[\W\d_]+")


def plain(text):
    return NOISE.sub("", text.lower())


def digest(text):
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def sketch(text):
    """The smallest hashes of the text's runs of characters: six Latin letters or three Han characters."""
    run = 3 if any("\u4e00" <= c <= "\u9fff" for c in text) else 6
    runs = {text[i : i + run] for i in range(max(1, len(text) - run + 1))}
    return sorted(digest(r) for r in runs)[:SKETCH]


def groups_of(texts):
    """A number for each text; twins have the same."""
    parent = list(range(len(texts)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    sketches = [sketch(t) for t in texts]
    rows_with = collections.defaultdict(list)
    for row, hashes in enumerate(sketches):
        for h in hashes:
            rows_with[h].append(row)
    for row, hashes in enumerate(sketches):
        shared = collections.Counter()
        for h in hashes:
            if len(rows_with[h]) <= CROWDED:
                shared.update(other for other in rows_with[h] if other < row)
        for other, n in shared.items():
            if n * 2 >= min(len(hashes), len(sketches[other])) and n >= min(SHARED, len(hashes)):
                parent[root(row)] = root(other)
    same = {}
    for row, text in enumerate(texts):  # exact copies, however common their words
        other = same.setdefault(text, row)
        parent[root(row)] = root(other)
    return [root(i) for i in range(len(texts))]


def read(path):
    with open(path, encoding="utf-8") as file:
        lines = [line for line in file if line.strip()]
    return lines, [plain(json.loads(line).get("text", "")) for line in lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("input")
    parser.add_argument("train")
    parser.add_argument("valid")
    parser.add_argument("--percent", type=float, default=5.0)
    parser.add_argument("--more")
    args = parser.parse_args()

    lines, texts = read(args.input)
    more, more_texts = read(args.more) if args.more else ([], [])
    least = {}
    groups = groups_of(texts)
    for group, text in zip(groups, texts):  # a group is named by its smallest text: no order matters
        h = digest(text)
        least[group] = min(least.get(group, h), h)
    is_valid = [least[group] % 10000 < args.percent * 100 for group in groups]
    joined = groups_of(texts + more_texts)
    taken = {group for group, held in zip(joined, is_valid) if held}
    fresh = [line for group, line in zip(joined[len(lines):], more) if group not in taken]
    with open(args.train, "w", encoding="utf-8") as train, open(args.valid, "w", encoding="utf-8") as valid:
        for held, line in zip(is_valid, lines):
            (valid if held else train).write(line)
        train.writelines(fresh)
    n_valid = sum(is_valid)
    print(f"{len(lines)} rows, {len(least)} groups: {len(lines) - n_valid} train, {n_valid} validation; "
          f"{len(fresh)} more of {len(more)}")


if __name__ == "__main__":
    main()

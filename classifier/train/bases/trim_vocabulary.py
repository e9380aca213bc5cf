#!/usr/bin/env python3
"""A base encoder with the pieces of its vocabulary that texts of one's own need, and no others.

    trim_vocabulary.py PROGRAM BASE OUT PIECES POSITIONS FILE...

BASE is a WordPiece folder (bge_small.py), PROGRAM is groundswell, FILE are JSON lines with "text" (and "title").
OUT keeps PIECES pieces: the special ones, every single character of Latin script, digits, marks and currency signs
with its continuation, and then the pieces that the texts have most often (of those equally often, the smaller id). They
keep their order. A word that lost its piece is cut into pieces that are left, down to single letters. Of the positions
the first POSITIONS are kept. Rows of the embeddings are copied, all else is as it was.

Python's own library only.
"""
import collections
import json
import os
import subprocess
import sys
import tempfile

from bge_small import load, save

WORDS, POSITIONS = "embeddings.word_embeddings.weight", "embeddings.position_embeddings.weight"


def counts(program, base, files):
    """How often the texts have each id."""
    seen = collections.Counter()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as lines:
        for file in files:
            with open(file, encoding="utf-8") as rows:
                for line in rows:
                    row = json.loads(line)
                    text = " ".join(row.get(k) or "" for k in ("title", "text"))
                    lines.write(json.dumps({"text": text}, ensure_ascii=False) + "\n")
        lines.seek(0)
        run = subprocess.Popen([program, "tokenize", "--quiet", "--model", base], stdin=lines, stdout=subprocess.PIPE)
        for line in run.stdout:
            seen.update(json.loads(line)["ids"])
        if run.wait():
            sys.exit("tokenize failed")
    return seen


def always(piece):
    bare = piece[2:] if piece.startswith("##") and len(piece) > 2 else piece
    return len(bare) == 1 and (ord(bare) < 0x250 or 0x2000 <= ord(bare) < 0x2200)


def keep(vocabulary, special, seen, n):
    """Old ids, ascending."""
    kept = {i for piece, i in vocabulary.items() if i in special or always(piece)}
    for i in sorted(vocabulary.values(), key=lambda i: (-seen[i], i)):
        if len(kept) >= n:
            break
        kept.add(i)
    return sorted(kept)


def trim_tokenizer(tokenizer, new):
    model = tokenizer["model"]
    model["vocab"] = {piece: new[i] for piece, i in model["vocab"].items() if i in new}
    for token in tokenizer["added_tokens"]:
        token["id"] = new[token["id"]]
    for token in tokenizer["post_processor"]["special_tokens"].values():
        token["ids"] = [new[i] for i in token["ids"]]
    return tokenizer


def main(program, base, out, pieces, positions, files):
    with open(os.path.join(base, "tokenizer.json"), encoding="utf-8") as file:
        tokenizer = json.load(file)
    with open(os.path.join(base, "config.json"), encoding="utf-8") as file:
        config = json.load(file)
    vocabulary = tokenizer["model"]["vocab"]
    positions = min(positions, config["max_position_embeddings"])
    seen = counts(program, base, files)
    kept = keep(vocabulary, {t["id"] for t in tokenizer["added_tokens"]}, seen, pieces)
    new = {old: i for i, old in enumerate(kept)}
    tensors = {}
    for name, _, shape, data in load(os.path.join(base, "model.safetensors")):
        wide = len(data) // shape[0]
        if name.endswith(WORDS):
            data = b"".join(data[i * wide:(i + 1) * wide] for i in kept)
            shape = [len(kept), shape[1]]
        elif name.endswith(POSITIONS):
            data, shape = data[:positions * wide], [positions, shape[1]]
        tensors[name] = (shape, data)

    os.makedirs(out, exist_ok=True)
    save(os.path.join(out, "model.safetensors"), tensors)
    config.update(vocab_size=len(kept), max_position_embeddings=positions, pad_token_id=new[config["pad_token_id"]])
    with open(os.path.join(out, "config.json"), "w", encoding="utf-8") as to:
        json.dump(config, to, indent=1)
    with open(os.path.join(out, "tokenizer.json"), "w", encoding="utf-8") as to:
        json.dump(trim_tokenizer(tokenizer, new), to, ensure_ascii=False)
    kept_tokens = sum(n for i, n in seen.items() if i in new) / max(1, sum(seen.values()))
    print(f"{out}: {len(kept)} of {len(vocabulary)} pieces, {100 * kept_tokens:.2f} % of the texts' tokens")


if __name__ == "__main__":
    if len(sys.argv) < 7:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6:])

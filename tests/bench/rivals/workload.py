"""The ids that every arm gets: real texts through HuggingFace `tokenizers`, or stated lengths without them.

A work is a list of messages, each a list of ids with [CLS] and [SEP]:

    en          256 English headlines, tweets and posts, drawn evenly from all English texts
    mixed       256, every second one Chinese (this vocabulary spells it character by character, so they are long)
    lognormal   256 lengths exp(N(3.1, .6)) in 6..128, mean 27.4, with random ids: a stream anybody can rebuild
    len8 … 128  one message of that length
"""

import json
import math
import pathlib
import random

CLS, SEP, FIRST_WORD, N_VOCAB = 101, 102, 1996, 30522
MAX_TOKENS = 128
FIXED = (8, 16, 32, 64, 128)
STREAM = 256
# What `en` came to on the real texts; used with random ids where there are none.
LENGTHS_FILE = pathlib.Path(__file__).with_name("lengths.json")


def read_texts(folder):
    """{"en": [text], "zh": [text]}, each text once, in a stable order; None without the folder."""
    folder = pathlib.Path(folder)
    if not folder.is_dir():
        return None
    found = {"en": {}, "zh": {}}
    for part in ("sentiment", "topic", "risk", "unlabelled", "streams"):
        for path in sorted((folder / part).rglob("*.jsonl")):
            for line in open(path, encoding="utf-8"):
                row = json.loads(line)
                text, lang = row.get("text"), row.get("lang")
                if isinstance(text, str) and text.strip() and lang in found:
                    found[lang][text] = None
    return {lang: list(texts) for lang, texts in found.items()}


def encoder(model_dir, max_tokens=MAX_TOKENS):
    """text -> ids, as sentence-transformers would give them to the model, cut at max_tokens."""
    import tokenizers
    tokenizer = tokenizers.Tokenizer.from_file(str(pathlib.Path(model_dir) / "tokenizer.json"))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.no_padding()
    return lambda texts: [encoding.ids for encoding in tokenizer.encode_batch(texts)]


def random_ids(rng, length):
    return [CLS] + [rng.randrange(FIRST_WORD, N_VOCAB) for _ in range(length - 2)] + [SEP]


def lognormal_lengths():
    """A generator small enough to copy: the same lengths in any language."""
    seed = 7

    def uniform():
        nonlocal seed
        seed = int(float(seed) * 1103515245.0 + 12345.0) & 0x7FFFFFFF
        return seed / 0x7FFFFFFF

    def gauss():
        a, b = uniform(), uniform()
        return math.sqrt(-2 * math.log(a + 1e-9)) * math.cos(6.2831853 * b)

    return [max(6, min(MAX_TOKENS, math.floor(math.exp(3.1 + 0.6 * gauss()) + 0.5))) for _ in range(STREAM)]


def evenly(texts, n):
    """n texts from all over the list, in a shuffled but stable order."""
    picked = random.Random(1).sample(range(len(texts)), n)
    return [texts[i] for i in picked]


def works(texts, encode):
    """{name: [[id]]}; texts None: the stored lengths with random ids stand in for `en`, and `mixed` is left out."""
    rng = random.Random(2)
    ret = {}
    if texts is not None:
        ret["en"] = encode(evenly(texts["en"], STREAM))
        half = evenly(texts["en"], STREAM + STREAM // 2)[STREAM:], evenly(texts["zh"], STREAM // 2)
        ret["mixed"] = encode([text for pair in zip(*half) for text in pair])
    else:
        ret["en"] = [random_ids(rng, n) for n in json.loads(LENGTHS_FILE.read_text())["en"]]
    ret["lognormal"] = [random_ids(rng, n) for n in lognormal_lengths()]
    for length in FIXED:
        ret[f"len{length}"] = [random_ids(rng, length)]
    return ret


def macs(length, hidden=384, inner=1536, layers=6):
    """Multiply-adds of one message: four products a layer, and scores and mixtures of its attention."""
    return layers * (length * (4 * hidden * hidden + 2 * hidden * inner) + 2 * hidden * length * length)


def describe(messages):
    lengths = sorted(len(ids) for ids in messages)
    return {"messages": len(lengths), "tokens": sum(lengths), "mean": round(sum(lengths) / len(lengths), 1),
            "median": lengths[len(lengths) // 2], "max": lengths[-1], "macs": sum(map(macs, lengths))}

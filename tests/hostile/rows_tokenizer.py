"""Broken tokenizer.json and vocab.txt, as in rows_weights.py."""
import base64
import json
import struct

from good import BERT_VOCAB, Special, bert, bert_vocab_txt, charsmap, dump, roberta, xlmr


def edited(base, change):
    """tokenizer.json after change(its object)."""
    files = base()
    tokenizer = json.loads(files["tokenizer.json"])
    change(tokenizer)
    files["tokenizer.json"] = dump(tokenizer)
    return files


def put(*path):
    """A change: the value at the path of keys becomes the last argument."""
    def change(tokenizer):
        *keys, last, value = path
        for key in keys:
            tokenizer = tokenizer[key]
        tokenizer[last] = value
    return change


def drop(*path):
    def change(tokenizer):
        *keys, last = path
        for key in keys:
            tokenizer = tokenizer[key]
        del tokenizer[last]
    return change


def text(content, base=bert):
    files = base()
    files["tokenizer.json"] = content
    return files


def replaced(old, new, base=bert):
    good = base()["tokenizer.json"].decode()
    assert old in good, old
    return text(good.replace(old, new, 1).encode(), base)


def vocab(content):
    files = bert_vocab_txt()
    files["vocab.txt"] = content if isinstance(content, (bytes, Special)) else "\n".join(content).encode()
    return files


def with_map(blob):
    encoded = base64.b64encode(blob).decode() if isinstance(blob, bytes) else blob
    return edited(xlmr, put("normalizer", "precompiled_charsmap", encoded))


def without(piece):
    return [p for p in BERT_VOCAB if p != piece]


OUTSIDE = 1 << 30  # an offset of a unit that leads behind the array
DEEP = 100000
NORMALIZER = "normalizer"

JSON_ROWS = [
    ("tokenizer is empty", lambda: text(b""), ""),
    ("tokenizer is cut", lambda: text(bert()["tokenizer.json"][:500]), "premature end"),
    ("tokenizer is a list", lambda: text(b"[]"), "not a JSON object"),
    ("tokenizer is a depth bomb", lambda: text(b"[" * DEEP), "depth"),
    ("tokenizer has normalizers in normalizers", lambda: deep_normalizer(), "so deep"),
    ("tokenizer has a key twice", lambda: replaced('"[SEP]": 3', '"[SEP]": 3, "[SEP]": 4'), "duplicate"),
    ("tokenizer is not UTF-8", lambda: text(bert()["tokenizer.json"].replace(b"profit", b"pro\xffit")), "line 171"),
    ("tokenizer is a folder", lambda: text(Special("dir")), "not a regular file"),
    ("tokenizer is a pipe", lambda: text(Special("fifo")), "not a regular file"),
    ("an unknown model", lambda: edited(bert, put("model", "type", "WordLevel")), "WordLevel is not supported"),
    ("no model", lambda: edited(bert, drop("model")), '"model" is missing'),
    ("a model that is a list", lambda: edited(bert, put("model", [])), '"model" is missing'),
    ("an unknown version", lambda: edited(bert, put("version", "2.0")), '"version" is not supported'),
    ("an unknown normalizer", lambda: edited(bert, put(NORMALIZER, {"type": "Evil"})), "normalizer Evil"),
    ("a regular expression we have not", lambda: edited(xlmr, put(NORMALIZER, {
        "type": "Replace", "pattern": {"Regex": "(a+)+$"}, "content": "b"})), "is not supported"),
    ("an unknown pre_tokenizer", lambda: edited(bert, put("pre_tokenizer", {"type": "Digits"})), "pre_tokenizer Digits"),
    ("an unknown post_processor", lambda: edited(bert, put("post_processor", {"type": "Evil"})), "post_processor Evil"),
    ("cutting on the left", lambda: edited(bert, put("truncation", {
        "direction": "Left", "max_length": 8, "strategy": "LongestFirst", "stride": 0})), "another side than Right"),
    ("cut to one token", lambda: edited(bert, put("truncation", {
        "direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0})), "truncation to 1 tokens"),
    ("no [UNK] in WordPiece", lambda: edited(bert, drop("model", "vocab", "[UNK]")), "unk_token"),
    ("an empty vocabulary", lambda: edited(bert, put("model", "vocab", {})), "vocab"),
    ("a vocabulary that is a list", lambda: edited(bert, put("model", "vocab", ["a"])), "vocab"),
    ("a negative id", lambda: edited(bert, put("model", "vocab", "the", -1)), "an id that is not in 0 to"),
    ("an id of 2^40", lambda: edited(bert, put("model", "vocab", "the", 1 << 40)), "an id that is not in 0 to"),
    ("an id that is a text", lambda: edited(bert, put("model", "vocab", "the", "12")), "an id that is not in 0 to"),
    ("two pieces of one id", lambda: edited(bert, put("model", "vocab", "the", 13)), "have the id 13"),
    ("an id beyond the embeddings", lambda: edited(bert, put("model", "vocab", "extra", 24)), "25"),
    ("an added token beyond the embeddings", lambda: edited(bert, lambda t: t["added_tokens"].append(
        {**t["added_tokens"][0], "id": 24, "content": "[NEW]"})), "25"),
    ("an added token without an id", lambda: edited(bert, drop("added_tokens", 0, "id")), "has no id"),
    ("an added token of a negative id", lambda: edited(bert, put("added_tokens", 0, "id", -5)), "added token"),
    ("an added token with another id than its piece", lambda: edited(bert, put("added_tokens", 3, "id", 9)), "added token"),
    ("added tokens that are an object", lambda: edited(bert, put("added_tokens", {})), '"added_tokens" is not a list'),
    ("a template of unknown tokens", lambda: edited(bert, put("post_processor", "special_tokens", {})),
     "no ids for the token"),
    ("a template without the text", lambda: edited(bert, drop("post_processor", "single", 1)), "exactly once"),
    ("a template with the text twice", lambda: edited(bert, lambda t: t["post_processor"]["single"].append(
        t["post_processor"]["single"][1])), "exactly once"),
    ("a template's id beyond the vocabulary", lambda: edited(bert, put(
        "post_processor", "special_tokens", "[SEP]", "ids", [99])), "of a vocabulary of 24"),
    ("a BPE merge of an unknown piece", lambda: edited(roberta, put("model", "merges", 0, "q z")), "merges[0]"),
    ("a BPE merge that makes no piece", lambda: edited(roberta, put("model", "merges", 0, "s b")), "merges[0]"),
    ("a BPE merge of one piece", lambda: edited(roberta, put("model", "merges", 0, "s")), "merges[0] is not two pieces"),
    ("BPE without merges", lambda: edited(roberta, drop("model", "merges")), "merges"),
    ("BPE with dropout", lambda: edited(roberta, put("model", "dropout", 0.1)), "dropout is not supported"),
    ("BPE whose unknown token is unknown", lambda: edited(roberta, put("model", "unk_token", "<none>")), "unk_token"),
    ("BPE split by something else", lambda: edited(roberta, put("pre_tokenizer", {"type": "BertPreTokenizer"})), "ByteLevel"),
    ("Unigram without its unknown piece", lambda: edited(xlmr, drop("model", "unk_id")), "unk_id"),
    ("Unigram whose unknown piece is behind the last", lambda: edited(xlmr, put("model", "unk_id", 99)), "unk_id"),
    ("Unigram with a score that is a text", lambda: edited(xlmr, put("model", "vocab", 7, ["▁share", "-4"])), "vocab[7]"),
    ("Unigram with a piece of 100 kB", lambda: edited(xlmr, put("model", "vocab", 7, ["x" * 100000, -4.0])), "vocab[7]"),
    ("Unigram without pieces", lambda: edited(xlmr, put("model", "vocab", [])), "vocab"),
    ("a charsmap that is not base64", lambda: with_map("@@@@"), "not base64"),
    ("an empty charsmap", lambda: with_map(""), "charsmap"),
    ("a charsmap of three bytes", lambda: with_map(b"abc"), "a trie of"),
    ("a charsmap whose trie is longer than it", lambda: with_map(struct.pack("<I", 1 << 31) + bytes(1024)), "a trie of"),
    ("a charsmap whose trie is cut", lambda: with_map(charsmap()[:600]), "a trie of"),
    ("a charsmap whose trie leads outside", lambda: with_map(charsmap([(OUTSIDE >> 1) | 1 << 9] + [0] * 255)),
     "points outside itself"),
    ("a charsmap of broken UTF-8", lambda: with_map(charsmap(texts=b"\xff\xfe\0")), "not UTF-8"),
]


def deep_normalizer():
    def change(tokenizer):
        inner = tokenizer[NORMALIZER]
        for _ in range(200):
            inner = {"type": "Sequence", "normalizers": [inner]}
        tokenizer[NORMALIZER] = inner
    return edited(bert, change)


VOCAB_ROWS = [
    ("vocab.txt is empty", lambda: vocab(b""), "unknown"),
    ("vocab.txt without [UNK]", lambda: vocab(without("[UNK]")), "no token for the unknown"),
    ("vocab.txt without [CLS]", lambda: vocab(without("[CLS]")), "[CLS]"),
    ("vocab.txt without [SEP]", lambda: vocab(without("[SEP]")), "[SEP]"),
    ("vocab.txt is not UTF-8", lambda: vocab("\n".join(BERT_VOCAB).encode() + b"\n\xc3\x28\n"), "is not UTF-8"),
    ("vocab.txt is longer than the embeddings", lambda: vocab(BERT_VOCAB + ["more", "pieces"]), "26"),
    ("vocab.txt is a folder", lambda: vocab(Special("dir")), "not a regular file"),
    ("vocab.txt is a pipe", lambda: vocab(Special("fifo")), "not a regular file"),
    ("no tokenizer", lambda: {k: v for k, v in bert().items() if k != "tokenizer.json"},
     "neither tokenizer.json nor vocab.txt"),
]

BEYOND = ("config.json", "vocab")  # neither file is wrong alone

ROWS = [(name, build, (*BEYOND, words) if "beyond the embeddings" in name else ("tokenizer.json", words))
        for name, build, words in JSON_ROWS] + [
    (name, build, (*BEYOND, words) if "longer than the embeddings" in name else ("vocab.txt", words))
    for name, build, words in VOCAB_ROWS]

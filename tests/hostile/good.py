"""Tiny whole model folders, made with the standard library alone, that load. The broken ones are
these with one thing changed. A folder is a dict: path inside it -> bytes, or a Special."""
import base64
import json
import struct

HIDDEN, LAYERS, HEADS, WIDE, VOCAB, POSITIONS, LABELS = 8, 2, 2, 12, 24, 16, 3


class Special:
    """What is not a regular file: "fifo", "dir", "link TARGET", or "sparse N" (bytes, then zeros)."""

    def __init__(self, kind, head=b""):
        self.kind, self.head = kind, head


class Tensors:
    """A safetensors file before it is packed: rows of [name, dtype, shape, bytes, from, to]."""

    def __init__(self):
        self.rows, self.metadata = [], {"format": "pt"}
        self.data = b""

    def add(self, name, shape, values=None, dtype="F32", code="f"):
        count = 1
        for n in shape:
            count *= n
        if values is None:
            values = numbers(name, count)
        piece = struct.pack(f"<{count}{code}", *values)
        self.rows.append([name, dtype, list(shape), len(self.data), len(self.data) + len(piece)])
        self.data += piece

    def row(self, name):
        return next(row for row in self.rows if row[0] == name)

    def drop(self, name):
        """Without the tensor; the bytes move together."""
        at = next(i for i, row in enumerate(self.rows) if row[0] == name)
        start, end = self.rows[at][3:]
        del self.rows[at]
        self.data = self.data[:start] + self.data[end:]
        for row in self.rows:
            if row[3] >= end:
                row[3] -= end - start
                row[4] -= end - start

    def replace(self, name, shape, **more):
        self.drop(name)
        self.add(name, shape, **more)

    def poke(self, name, index, value, code="f"):
        at = self.row(name)[3] + index * struct.calcsize(code)
        piece = struct.pack("<" + code, value)
        self.data = self.data[:at] + piece + self.data[at + len(piece):]

    def header(self):
        parts = [json.dumps("__metadata__") + ":" + json.dumps(self.metadata)] if self.metadata else []
        for name, dtype, shape, start, end in self.rows:
            parts.append(json.dumps(name) + ":" + json.dumps(
                {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}))
        return ("{" + ",".join(parts) + "}").encode()

    def pack(self, header=None):
        header = self.header() if header is None else header
        return struct.pack("<Q", len(header)) + header + self.data


def numbers(name, count):
    """Small numbers of both signs, the same every time; what a LayerNorm multiplies by is near 1."""
    state = sum(ord(c) * (i + 1) for i, c in enumerate(name)) & 0xFFFFFFFF
    center = 1.0 if "LayerNorm.weight" in name else 0.0
    out = []
    for _ in range(count):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        out.append(center + ((state >> 8) / 2 ** 24 - 0.5) * 0.4)
    return out


def tensors(prefix, vocab=VOCAB, types=2, roberta=False):
    t = Tensors()
    t.add(prefix + "embeddings.word_embeddings.weight", [vocab, HIDDEN])
    t.add(prefix + "embeddings.position_embeddings.weight", [POSITIONS, HIDDEN])
    t.add(prefix + "embeddings.token_type_embeddings.weight", [types, HIDDEN])
    squares = ["attention.self.query", "attention.self.key", "attention.self.value",
               "attention.output.dense"]
    norms = ["embeddings.LayerNorm"]
    for i in range(LAYERS):
        layer = f"encoder.layer.{i}."
        for name, rows, columns in [(s, HIDDEN, HIDDEN) for s in squares] + [
                ("intermediate.dense", WIDE, HIDDEN), ("output.dense", HIDDEN, WIDE)]:
            t.add(prefix + layer + name + ".weight", [rows, columns])
            t.add(prefix + layer + name + ".bias", [rows])
        norms += [layer + "attention.output.LayerNorm", layer + "output.LayerNorm"]
    for name in norms:
        t.add(prefix + name + ".weight", [HIDDEN])
        t.add(prefix + name + ".bias", [HIDDEN])
    dense, out = ("classifier.dense", "classifier.out_proj") if roberta else (
        prefix + "pooler.dense", "classifier")
    for name, rows in [(dense, HIDDEN), (out, LABELS)]:
        t.add(name + ".weight", [rows, HIDDEN])
        t.add(name + ".bias", [rows])
    return t


def config(model_type, architecture, vocab=VOCAB, types=2):
    return {"architectures": [architecture], "model_type": model_type, "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS, "num_attention_heads": HEADS, "intermediate_size": WIDE,
            "vocab_size": vocab, "max_position_embeddings": POSITIONS, "type_vocab_size": types,
            "hidden_act": "gelu", "layer_norm_eps": 1e-5,
            "pad_token_id": 0 if model_type == "bert" else 1,
            "id2label": {"0": "negative", "1": "neutral", "2": "positive"},
            "label2id": {"negative": 0, "neutral": 1, "positive": 2}}


BERT_VOCAB = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "b", "c", "s", "##s", "##a", "##b",
              "the", "share", "shares", "fall", "rise", "##ing", ".", ",", "1", "2", "0", "profit"]
XLMR_VOCAB = [["<s>", 0.0], ["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0], ["▁", -2.0],
              ["▁the", -3.0], ["s", -3.5], ["▁share", -4.0], ["a", -4.5], ["e", -4.6], ["h", -4.7],
              ["r", -4.8], ["f", -5.0], ["l", -5.1], ["▁fall", -5.2], ["t", -5.3], ["i", -5.4],
              ["n", -5.5], ["g", -5.6], ["ing", -5.7], [".", -5.8], ["1", -5.9], ["0", -6.0],
              ["<mask>", 0.0]]
ROBERTA_VOCAB = ["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "b", "s", "h", "r", "e", "f", "l",
                 "Ġ", "sh", "ar", "share", "are", "fa", "ll", "fall", "Ġs", "Ġf", "."]


def added(token, number):
    return {"id": number, "content": token, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True}


def template(cls, sep, ids):
    def special(token):
        return {"SpecialToken": {"id": token, "type_id": 0}}
    text = {"Sequence": {"id": "A", "type_id": 0}}
    second = {"Sequence": {"id": "B", "type_id": 0}}
    return {"type": "TemplateProcessing", "single": [special(cls), text, special(sep)],
            "pair": [special(cls), text, special(sep), second, special(sep)],
            "special_tokens": {t: {"id": t, "ids": [i], "tokens": [t]} for t, i in ids.items()}}


def bert_tokenizer():
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [added(BERT_VOCAB[i], i) for i in range(5)],
            "normalizer": {"type": "BertNormalizer", "clean_text": True, "handle_chinese_chars": True,
                           "strip_accents": None, "lowercase": True},
            "pre_tokenizer": {"type": "BertPreTokenizer"},
            "post_processor": template("[CLS]", "[SEP]", {"[CLS]": 2, "[SEP]": 3}),
            "decoder": {"type": "WordPiece", "prefix": "##", "cleanup": True},
            "model": {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##",
                      "max_input_chars_per_word": 100,
                      "vocab": {piece: i for i, piece in enumerate(BERT_VOCAB)}}}


def charsmap(units=None, texts=b"\0"):
    """A map that changes nothing: one block of a double array without a child."""
    units = [0] * 256 if units is None else units
    return struct.pack("<I", 4 * len(units)) + struct.pack(f"<{len(units)}I", *units) + texts


def xlmr_tokenizer():
    ids = {"<s>": 0, "</s>": 2}
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [added(XLMR_VOCAB[i][0], i) for i in (0, 1, 2, 3, 23)],
            "normalizer": {"type": "Precompiled",
                           "precompiled_charsmap": base64.b64encode(charsmap()).decode()},
            "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
                {"type": "WhitespaceSplit"},
                {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always",
                 "split": True}]},
            "post_processor": template("<s>", "</s>", ids),
            "decoder": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always",
                        "split": True},
            "model": {"type": "Unigram", "unk_id": 3, "vocab": [list(v) for v in XLMR_VOCAB],
                      "byte_fallback": False}}


def roberta_tokenizer():
    return {"version": "1.0", "truncation": None, "padding": None,
            "added_tokens": [added(ROBERTA_VOCAB[i], i) for i in range(5)],
            "normalizer": None,
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True,
                              "use_regex": True},
            "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 2], "cls": ["<s>", 0],
                               "trim_offsets": True, "add_prefix_space": False},
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True,
                        "use_regex": True},
            "model": {"type": "BPE", "dropout": None, "unk_token": "<unk>",
                      "continuing_subword_prefix": "", "end_of_word_suffix": "",
                      "fuse_unk": False, "byte_fallback": False,
                      "vocab": {piece: i for i, piece in enumerate(ROBERTA_VOCAB)},
                      "merges": ["s h", "a r", "ar e", "sh are", "f a", "l l", "fa ll", "Ġ s", "Ġ f"]}}


def dump(value):
    return json.dumps(value, ensure_ascii=False, indent=1).encode()


def folder(model_type, architecture, names, tokenizer, roberta=False):
    types = 1 if roberta else 2
    files = {"config.json": dump(config(model_type, architecture, types=types)),
             "model.safetensors": tensors(names, types=types, roberta=roberta).pack(),
             "tokenizer.json": dump(tokenizer)}
    return files


def bert():
    return folder("bert", "BertForSequenceClassification", "bert.", bert_tokenizer())


def bert_vocab_txt():
    """The same with vocab.txt for tokenizer.json."""
    files = bert()
    del files["tokenizer.json"]
    files["vocab.txt"] = "".join(piece + "\n" for piece in BERT_VOCAB).encode()
    return files


def roberta():
    return folder("roberta", "RobertaForSequenceClassification", "roberta.", roberta_tokenizer(),
                  True)


def xlmr():
    return folder("xlm-roberta", "XLMRobertaForSequenceClassification", "roberta.",
                  xlmr_tokenizer(), True)


GOOD = {"bert": bert, "bert-vocab-txt": bert_vocab_txt, "roberta": roberta, "xlm-roberta": xlmr}

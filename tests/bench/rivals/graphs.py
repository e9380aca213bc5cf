"""ONNX graphs of one BERT folder's weights, in the forms that ONNX Runtime and OpenVINO run fastest.

All take ids int32 [B, S]; those for padded batches take len int32 [B] too. All give the mean of the tokens' vectors,
scaled to length 1, [B, H]. Written node by node: the fused operators are those that ONNX Runtime's own transformer
optimiser makes from an export (candidate `export` in measure.py holds the two against each other), and the quantized
forms need no guessing which product was found by a pattern.

    fp32        EmbedLayerNormalization, Attention, MatMul, SkipLayerNormalization, BiasGelu
    dynamic     QAttention and DynamicQuantizeMatMul: u8 inputs with a scale per call, s8 weights per output
    dynamic_mm  the same by DynamicQuantizeLinear and MatMulIntegerToFloat
    dynamic_mha the products of the attention by DynamicQuantizeMatMul, then MultiHeadAttention
    static      QuantizeLinear with calibrated scales, QAttention, MatMulIntegerToFloat
    blocks8     MatMulNBits: 8-bit weights in blocks of 32, int8 arithmetic (accuracy level 4)
    plain       standard operators only, for OpenVINO
"""

import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MS = "com.microsoft"


class Bert:
    """The weights of a folder: config.json and model.safetensors, names with or without the `bert.` prefix."""

    def __init__(self, folder):
        from safetensors.numpy import load_file
        folder = pathlib.Path(folder)
        self.config = json.loads((folder / "config.json").read_text())
        tensors = load_file(folder / "model.safetensors")
        self.tensors = {name.removeprefix("bert."): np.asarray(value, np.float32) for name, value in tensors.items()
                        if value.dtype.kind == "f"}
        self.layers, self.heads = self.config["num_hidden_layers"], self.config["num_attention_heads"]
        self.hidden, self.eps = self.config["hidden_size"], self.config["layer_norm_eps"]

    def __getitem__(self, name):
        return self.tensors[name]

    def layer(self, number):
        """{short name: array}; matrices as [in, out]."""
        base = f"encoder.layer.{number}."

        def get(name):
            return self[base + name]

        attention = ("attention.self.query", "attention.self.key", "attention.self.value")
        return {
            "wqkv": np.concatenate([get(a + ".weight").T for a in attention], 1),
            "bqkv": np.concatenate([get(a + ".bias") for a in attention]),
            "wo": get("attention.output.dense.weight").T, "bo": get("attention.output.dense.bias"),
            "w1": get("intermediate.dense.weight").T, "b1": get("intermediate.dense.bias"),
            "w2": get("output.dense.weight").T, "b2": get("output.dense.bias"),
            "g1": get("attention.output.LayerNorm.weight"), "h1": get("attention.output.LayerNorm.bias"),
            "g2": get("output.LayerNorm.weight"), "h2": get("output.LayerNorm.bias"),
        }


def quantize_columns(w, top):
    """s8 weights in -top..top with one scale per column."""
    scale = np.maximum(np.abs(w).max(0), 1e-12) / top
    return np.clip(np.rint(w / scale), -top, top).astype(np.int8), scale.astype(np.float32)


class Graph:
    def __init__(self):
        self.nodes, self.weights, self.n = [], [], 0

    def weight(self, name, array):
        self.weights.append(numpy_helper.from_array(np.array(array, order="C"), name))
        return name

    def add(self, op, inputs, outputs=1, domain="", **attributes):
        self.n += 1
        names = [f"t{self.n}_{i}" for i in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, f"{op}_{self.n}", domain=domain, **attributes))
        return names[0] if outputs == 1 else names

    def save(self, path, inputs, output, shape, more_outputs=()):
        graph = helper.make_graph(self.nodes, "encoder", inputs,
                                  [helper.make_tensor_value_info(output, TensorProto.FLOAT, shape)] +
                                  [helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
                                   for name in more_outputs], self.weights)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid(MS, 1)])
        model.ir_version = 9
        onnx.save(model, path)


def embeddings(g, bert, plain):
    words = g.weight("words", bert["embeddings.word_embeddings.weight"])
    # Every message is of the first kind, so its vector joins the positions'.
    places = g.weight("places", bert["embeddings.position_embeddings.weight"] +
                      bert["embeddings.token_type_embeddings.weight"][0])
    gamma = g.weight("gamma", bert["embeddings.LayerNorm.weight"])
    beta = g.weight("beta", bert["embeddings.LayerNorm.bias"])
    if not plain:
        return g.add("EmbedLayerNormalization", ["ids", "", words, places, "", gamma, beta], 2, MS,
                     epsilon=bert.eps)[0]
    length = g.add("Slice", [g.add("Shape", ["ids"]), g.weight("one", np.array([1])), g.weight("two", np.array([2]))])
    rows = g.add("Slice", [places, g.weight("nought", np.array([0])), length, g.weight("axis0", np.array([0]))])
    return g.add("LayerNormalization", [g.add("Add", [g.add("Gather", [words, "ids"]), rows]), gamma, beta],
                 epsilon=bert.eps, axis=-1)


def mean_unit(g, x, padded):
    """Mean over a message's own tokens, then length 1. x [B, S, H]"""
    if padded:
        length = g.add("Shape", [x], start=1, end=2)
        places = g.add("Range", [g.weight("r0", np.int64(0)), g.add("Squeeze", [length]), g.weight("r1", np.int64(1))])
        lens = g.add("Cast", ["len"], to=TensorProto.INT64)
        lens = g.add("Unsqueeze", [lens, g.weight("ax1", np.array([1]))])
        inside = g.add("Cast", [g.add("Less", [places, lens])], to=TensorProto.FLOAT)
        share = g.add("Div", [inside, g.add("Cast", [lens], to=TensorProto.FLOAT)])
        mean = g.add("Squeeze", [g.add("MatMul", [g.add("Unsqueeze", [share, "ax1"]), x]), "ax1"])
    else:
        mean = g.add("ReduceMean", [x, g.weight("ax1", np.array([1]))], keepdims=0)
    return g.add("LpNormalization", [mean], axis=-1, p=2)


class Products:
    """How y = x W is made, by form; knows the calibrated ranges when the form is static."""

    def __init__(self, g, form, top, ranges):
        self.g, self.form, self.top, self.ranges = g, form, top, ranges

    def quantized_weight(self, name, w):
        g = self.g
        q, scale = quantize_columns(w, self.top)
        return (g.weight(name, q), g.weight(name + "_s", scale),
                g.weight(name + "_z", np.zeros(w.shape[1], np.int8)))

    def quantized_input(self, x, name):
        """u8, scale, zero point"""
        g = self.g
        if self.form != "static":
            return g.add("DynamicQuantizeLinear", [x], 3)
        low, high = self.ranges[name]
        low, high = min(low, 0.0), max(high, 0.0)
        scale = np.float32(max(high - low, 1e-9) / 255)
        zero = np.uint8(np.clip(np.rint(-low / scale), 0, 255))
        scale, zero = g.weight(name + "_xs", scale), g.weight(name + "_xz", zero)
        return g.add("QuantizeLinear", [x, scale, zero]), scale, zero

    def attention(self, x, name, layer, heads, padded):
        g, mask = self.g, "len" if padded else ""
        if self.form == "fp32":
            return g.add("Attention", [x, g.weight(name + "wqkv", layer["wqkv"]),
                                       g.weight(name + "bqkv", layer["bqkv"]), mask], 1, MS, num_heads=heads)
        if self.form in ("dynamic_mha", "blocks8"):
            # Three products, so that no output has to be cut in three.
            hidden = layer["wo"].shape[0]
            parts = [self.multiply(x, f"{name}w{what}", layer["wqkv"][:, i * hidden:(i + 1) * hidden])
                     for i, what in enumerate("qkv")]
            return g.add("MultiHeadAttention", parts + [g.weight(name + "bqkv", layer["bqkv"]), mask], 1, MS,
                         num_heads=heads)
        q, scale, zero = self.quantized_input(x, name + "wqkv")
        w, w_scale, w_zero = self.quantized_weight(name + "wqkv", layer["wqkv"])
        return g.add("QAttention", [q, w, g.weight(name + "bqkv", layer["bqkv"]), scale, w_scale, mask, zero, w_zero],
                     1, MS, num_heads=heads)

    def multiply(self, x, name, w):
        g = self.g
        if self.form == "fp32":
            return g.add("MatMul", [x, g.weight(name, w)])
        if self.form == "blocks8":
            return self.multiply_blocks(x, name, w)
        if self.form in ("dynamic", "dynamic_mha"):
            return g.add("DynamicQuantizeMatMul", [x, *self.quantized_weight(name, w)], 1, MS)
        q, scale, zero = self.quantized_input(x, name)
        w, w_scale, w_zero = self.quantized_weight(name, w)
        return g.add("MatMulIntegerToFloat", [q, w, scale, w_scale, zero, w_zero], 1, MS)

    def multiply_blocks(self, x, name, w, block=32):
        k, n = w.shape
        rows = np.ascontiguousarray(w.T).reshape(n, k // block, block)
        scale = np.maximum(np.abs(rows).max(-1), 1e-12) / 127
        q = (np.rint(rows / scale[..., None]) + 128).astype(np.uint8)
        return self.g.add("MatMulNBits", [x, self.g.weight(name, q),
                                          self.g.weight(name + "_s", scale.astype(np.float32).reshape(n, -1))], 1, MS,
                          K=k, N=n, bits=8, block_size=block, accuracy_level=4)


def logits(g, bert, x):
    """The first token through pooler and classifier, in fp32."""
    first = g.add("Gather", [x, g.weight("first", np.int64(0))], axis=1)
    pooled = g.add("Tanh", [g.add("Gemm", [first, g.weight("pool_w", bert["pooler.dense.weight"]),
                                           g.weight("pool_b", bert["pooler.dense.bias"])], transB=1)])
    return g.add("Gemm", [pooled, g.weight("class_w", bert["classifier.weight"]),
                          g.weight("class_b", bert["classifier.bias"])], transB=1)


def write_fused(bert, path, form, padded, top=127, ranges=None, gelu="BiasGelu", taps=None, head=False):
    """One of the forms above but `plain`. taps: a dict that gets {product's name: its input}, which become outputs.
    head: gives logits instead of vectors."""
    g = Graph()
    products = Products(g, form, top, ranges)
    x = embeddings(g, bert, plain=False)
    inputs = {}
    for number in range(bert.layers):
        layer, name = bert.layer(number), f"l{number}_"
        weight = {short: g.weight(name + short, layer[short]) for short in ("bo", "b1", "b2", "g1", "h1", "g2", "h2")}
        inputs[name + "wqkv"] = x
        mixed = products.attention(x, name, layer, bert.heads, padded)
        inputs[name + "wo"] = mixed
        out = products.multiply(mixed, name + "wo", layer["wo"])
        x = g.add("SkipLayerNormalization", [out, x, weight["g1"], weight["h1"], weight["bo"]], 1, MS,
                  epsilon=bert.eps)
        inputs[name + "w1"] = x
        inner = g.add(gelu, [products.multiply(x, name + "w1", layer["w1"]), weight["b1"]], 1, MS)
        inputs[name + "w2"] = inner
        out = products.multiply(inner, name + "w2", layer["w2"])
        x = g.add("SkipLayerNormalization", [out, x, weight["g2"], weight["h2"], weight["b2"]], 1, MS,
                  epsilon=bert.eps)
    if taps is not None:
        taps.update(inputs)
    values = [helper.make_tensor_value_info("ids", TensorProto.INT32, ["B", "S"])]
    if padded:
        values.append(helper.make_tensor_value_info("len", TensorProto.INT32, ["B"]))
    out = logits(g, bert, x) if head else mean_unit(g, x, padded)
    g.save(path, values, out, ["B", "N" if head else bert.hidden], sorted(set((taps or {}).values())))


def write_plain(bert, path, padded):
    """Standard operators. padded: takes mask float [B, S] (0, or a large negative number past the end) and len."""
    g = Graph()
    d = bert.hidden // bert.heads
    split, merged = g.weight("split", np.array([0, 0, bert.heads, d])), g.weight("merge", np.array([0, 0, -1]))
    scale = g.weight("scale", np.float32(d ** -0.5))
    x = embeddings(g, bert, plain=True)
    mask = g.add("Unsqueeze", ["mask", g.weight("ax12", np.array([1, 2]))]) if padded else None
    for number in range(bert.layers):
        layer, name = bert.layer(number), f"l{number}_"

        def product(value, w, b, layer=layer, name=name):
            return g.add("Add", [g.add("MatMul", [value, g.weight(name + w, layer[w])]), g.weight(name + b, layer[b])])

        heads = []
        for i, order in enumerate(((0, 2, 1, 3), (0, 2, 3, 1), (0, 2, 1, 3))):
            cut = slice(i * bert.hidden, (i + 1) * bert.hidden)
            layer[f"w{i}q"], layer[f"b{i}q"] = layer["wqkv"][:, cut], layer["bqkv"][cut]
            heads.append(g.add("Transpose", [g.add("Reshape", [product(x, f"w{i}q", f"b{i}q"), split])], perm=order))
        scores = g.add("Mul", [g.add("MatMul", heads[:2]), scale])
        if padded:
            scores = g.add("Add", [scores, mask])
        mixed = g.add("MatMul", [g.add("Softmax", [scores], axis=-1), heads[2]])
        mixed = g.add("Reshape", [g.add("Transpose", [mixed], perm=(0, 2, 1, 3)), merged])
        x = g.add("LayerNormalization", [g.add("Add", [product(mixed, "wo", "bo"), x]), g.weight(name + "g1", layer["g1"]),
                                         g.weight(name + "h1", layer["h1"])], epsilon=bert.eps, axis=-1)
        inner = g.add("Gelu", [product(x, "w1", "b1")])
        x = g.add("LayerNormalization", [g.add("Add", [product(inner, "w2", "b2"), x]), g.weight(name + "g2", layer["g2"]),
                                         g.weight(name + "h2", layer["h2"])], epsilon=bert.eps, axis=-1)
    values = [helper.make_tensor_value_info("ids", TensorProto.INT32, ["B", "S"])]
    if padded:
        values += [helper.make_tensor_value_info("mask", TensorProto.FLOAT, ["B", "S"]),
                   helper.make_tensor_value_info("len", TensorProto.INT32, ["B"])]
    g.save(path, values, mean_unit(g, x, padded), ["B", bert.hidden])


def calibrate(bert, folder, messages):
    """{product's name: (least, greatest) of its input} over these messages."""
    import onnxruntime
    taps, path = {}, pathlib.Path(folder) / "taps.onnx"
    write_fused(bert, path, "fp32", padded=False, taps=taps)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = sorted(set(taps.values()))
    ranges = {name: (np.inf, -np.inf) for name in names}
    for ids in messages:
        for name, value in zip(names, session.run(names, {"ids": np.array([ids], np.int32)})):
            low, high = ranges[name]
            ranges[name] = (min(low, float(value.min())), max(high, float(value.max())))
    path.unlink()
    return {product: ranges[name] for product, name in taps.items()}


FORMS = ("fp32", "dynamic", "dynamic_mm", "dynamic_mha", "static", "blocks8")


def write_all(model_dir, folder, calibration):
    """Every form into the folder: FORM.onnx for one message, FORM_padded.onnx for batches; `..._7bit` keeps weights
    in -63..63, what a CPU without VNNI needs so that pairs of u8 x s8 products do not saturate."""
    bert, folder = Bert(model_dir), pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    ranges = calibrate(bert, folder, calibration)
    for padded in (False, True):
        tail = "_padded" if padded else ""
        for form in FORMS:
            write_fused(bert, folder / f"{form}{tail}.onnx", form, padded, ranges=ranges)
            if form not in ("fp32", "blocks8"):
                write_fused(bert, folder / f"{form}_7bit{tail}.onnx", form, padded, 63, ranges)
        write_plain(bert, folder / f"plain{tail}.onnx", padded)
        write_fused(bert, folder / f"static_fastgelu{tail}.onnx", "static", padded, ranges=ranges, gelu="FastGelu")

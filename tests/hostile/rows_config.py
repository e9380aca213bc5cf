"""Broken config.json, modules.json and 1_Pooling/config.json, as in rows_weights.py."""
import json

from good import Special, bert, dump, roberta


def with_config(content):
    files = bert()
    files["config.json"] = content
    return files


def edited(base=bert, **members):
    """Members replaced; None leaves one out."""
    files = base()
    config = json.loads(files["config.json"])
    for key, value in members.items():
        config[key] = value
        if value is None:
            del config[key]
        if key == "id2label":
            config.pop("label2id", None)
    files["config.json"] = dump(config)
    return files


def replaced(old, new):
    text = bert()["config.json"].decode()
    assert old in text, old
    return with_config(text.replace(old, new, 1).encode())


def with_modules(modules, pooling=None):
    files = bert()
    if modules is not None:
        files["modules.json"] = modules if isinstance(modules, (bytes, Special)) else dump(modules)
    if pooling is not None:
        files["1_Pooling/config.json"] = pooling if isinstance(pooling, bytes) else dump(pooling)
    return files


def steps(*kinds, path="1_Pooling"):
    paths = ["", path, "2_" + kinds[-1]]
    return [{"idx": i, "name": str(i), "path": paths[i], "type": "sentence_transformers.models." + kind}
            for i, kind in enumerate(kinds)]


DEEP = 100000
MEAN = {"word_embedding_dimension": 8, "pooling_mode_mean_tokens": True}

CONFIG = [
    ("config is empty", lambda: with_config(b""), "not JSON"),
    ("config is cut", lambda: with_config(bert()["config.json"][:100]), "not JSON"),
    ("config is a list", lambda: with_config(b"[]"), "not a JSON object"),
    ("config is a depth bomb", lambda: with_config(b"[" * DEEP), "nested too deeply"),
    ("config is a depth bomb of objects", lambda: with_config(b'{"a":' * DEEP + b"1" + b"}" * DEEP), "nested too deeply"),
    ("config is 3 MB of lists", lambda: with_config(b'{"a":[' + b"[]," * 1000000 + b"[]]}"), "larger than"),
    ("config is 1 MB of lists", lambda: with_config(b'{"a":[' + b"[]," * 340000 + b"[]]}"), "model_type is missing"),
    ("config has a key twice", lambda: replaced('"hidden_size": 8', '"hidden_size": 8, "hidden_size": 16'),
     "a key is there twice"),
    ("config is not UTF-8", lambda: with_config(b'{"model_type": "b\xffrt"}'), "not JSON"),
    ("config has NUL", lambda: replaced('"gelu"', '"ge\\u0000lu"'), "not JSON"),
    ("config has a number beyond 64 bits", lambda: replaced('"hidden_size": 8', '"hidden_size": 8' + "0" * 30),
     "a number is too large"),
    ("config has a number beyond a double", lambda: replaced("1e-05", "1e999"), "a number is too large"),
    ("config has a comment", lambda: replaced('"gelu"', '"gelu" // erf'), "not JSON"),
    ("config is a pipe", lambda: with_config(Special("fifo")), "not a regular file"),
    ("config is a folder", lambda: with_config(Special("dir")), "not a regular file"),
    ("config is a link to nothing", lambda: with_config(Special("link nowhere")), ""),
    ("config is /dev/zero", lambda: with_config(Special("link /dev/zero")), "not a regular file"),
    ("a decoder's family", lambda: edited(model_type="gpt2"), 'model_type "gpt2" is not supported'),
    ("no family", lambda: edited(model_type=None), "model_type is missing"),
    ("a family with a line break", lambda: edited(model_type="bert\nroberta"), 'model_type "bert?roberta"'),
    ("a family of 100 kB", lambda: edited(model_type="b" * 100000), "is not supported"),
    ("another family's architecture", lambda: edited(architectures=["DistilBertModel"]), '"DistilBertModel" is not'),
    ("an architecture of questions", lambda: edited(architectures=["BertForQuestionAnswering"]),
     '"BertForQuestionAnswering" is not'),
    ("an unknown activation", lambda: edited(hidden_act="swiglu"), 'hidden_act "swiglu" is not supported'),
    ("relative positions", lambda: edited(position_embedding_type="relative_key_query"),
     'position_embedding_type "relative_key_query" is not supported'),
    ("a decoder", lambda: edited(is_decoder=True), "is_decoder is not supported"),
    ("cross attention", lambda: edited(add_cross_attention=True), "add_cross_attention is not supported"),
    ("code of its own", lambda: edited(auto_map={"AutoModel": "modeling.Evil"}), "auto_map is not supported"),
    ("quantized by others", lambda: edited(quantization_config={"quant_method": "gptq"}),
     "quantization_config is not supported"),
    ("pruned heads", lambda: edited(pruned_heads={"0": [1]}), "pruned_heads is not supported"),
    ("a width of 0", lambda: edited(hidden_size=0), "hidden_size is not a whole number"),
    ("a negative width", lambda: edited(hidden_size=-8), "hidden_size is not a whole number"),
    ("a width with a fraction", lambda: edited(hidden_size=8.0), "hidden_size is not a whole number"),
    ("a width of true", lambda: edited(hidden_size=True), "hidden_size is not a whole number"),
    ("a width that the weights have not", lambda: edited(hidden_size=16), "config.json makes it [24, 16]"),
    ("2^62 layers", lambda: edited(num_hidden_layers=1 << 62), "num_hidden_layers is not a whole number"),
    ("a thousand layers", lambda: edited(num_hidden_layers=1000), "num_hidden_layers is not a whole number"),
    ("more layers than the weights have", lambda: edited(num_hidden_layers=128), "encoder.layer.2."),
    ("fewer layers than the weights have", lambda: edited(num_hidden_layers=1), "but config.json has 1 layers"),
    ("three heads for a width of 8", lambda: edited(num_attention_heads=3), "does not divide by 3 heads"),
    ("no head", lambda: edited(num_attention_heads=0), "num_attention_heads is not"),
    ("a vocabulary of a billion", lambda: edited(vocab_size=10 ** 9), "vocab_size is not a whole number"),
    ("a vocabulary larger than the weights", lambda: edited(vocab_size=4194304), "config.json makes it [4194304, 8]"),
    ("a billion positions", lambda: edited(max_position_embeddings=10 ** 9), "max_position_embeddings is not"),
    ("a feed-forward width of a billion", lambda: edited(intermediate_size=10 ** 9), "intermediate_size is not"),
    ("eps 0", lambda: edited(layer_norm_eps=0), "layer_norm_eps is not"),
    ("eps in a text", lambda: edited(layer_norm_eps="1e-12"), "layer_norm_eps is not"),
    ("RoBERTa's pad behind the last position", lambda: edited(roberta, pad_token_id=15), "pad_token_id is not"),
    ("RoBERTa's pad at 2^40", lambda: edited(roberta, pad_token_id=1 << 40), "pad_token_id is not"),
    ("labels with a gap", lambda: edited(id2label={"0": "a", "1": "b", "3": "c"}), '"3" is not an id below'),
    ("labels more than the head has", lambda: edited(id2label={str(i): f"l{i}" for i in range(4)}),
     "classifier.weight is [3, 8], config.json makes it [4, 8]"),
    ("2000 labels", lambda: edited(id2label={str(i): f"l{i}" for i in range(2000)}), "1 to 1024 labels"),
    ("the same label twice", lambda: edited(id2label={"0": "a", "1": "b", "2": "a"}), 'the same label "a"'),
    ("a label of 1000 bytes", lambda: edited(id2label={"0": "a" * 1000, "1": "b", "2": "c"}), "not a text of 1 to"),
    ("a label that is a number", lambda: edited(id2label={"0": 0, "1": 1, "2": 2}), "not a text of 1 to"),
    ("num_labels and id2label disagree", lambda: edited(num_labels=5), "num_labels is 5 but id2label has 3"),
    ("label2id and id2label disagree", lambda: edited(label2id={"negative": 2}), 'disagree about "negative"'),
    ("an unknown problem", lambda: edited(problem_type="ranking"), "problem_type is unknown"),
]
POOLING = [
    ("pooling of another width", lambda: with_modules(None, {**MEAN, "word_embedding_dimension": 768}),
     "1_Pooling/config.json", "word_embedding_dimension is not the model's 8"),
    ("pooling by max", lambda: with_modules(None, {"pooling_mode_max_tokens": True}),
     "1_Pooling/config.json", '"max" is not supported'),
    ("two poolings", lambda: with_modules(None, {**MEAN, "pooling_mode_cls_token": True}),
     "1_Pooling/config.json", "more than one kind"),
    ("no pooling", lambda: with_modules(None, {}), "1_Pooling/config.json", "no known kind of pooling"),
    ("pooling is not JSON", lambda: with_modules(None, b"mean"), "1_Pooling/config.json", "not JSON"),
    ("a Dense step", lambda: with_modules(steps("Transformer", "Pooling", "Dense"), MEAN),
     "modules.json", "models.Dense"),
    ("steps out of order", lambda: with_modules(steps("Pooling", "Transformer"), MEAN),
     "modules.json", "models.Pooling"),
    ("a pooling outside the folder", lambda: with_modules(steps("Transformer", "Pooling", path="../../etc"), MEAN),
     "modules.json", "not a plain name"),
    ("a pooling that is not there", lambda: with_modules(steps("Transformer", "Pooling")),
     "1_Pooling/config.json", "No such file"),
    ("a list of steps that is a depth bomb", lambda: with_modules(b"[" * DEEP), "modules.json", "nested too deeply"),
    ("modules.json is a folder", lambda: with_modules(Special("dir")), "modules.json", "not a regular file"),
]
WEIGHTS_SAY = ("config.json makes it", "encoder.layer.2.", "but config.json has")

ROWS = [(name, build, ("model.safetensors" if any(w in words for w in WEIGHTS_SAY) else "config.json", words))
        for name, build, words in CONFIG] + [(name, build, (file, words)) for name, build, file, words in POOLING]

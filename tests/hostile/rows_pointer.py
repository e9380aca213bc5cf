"""Pointers of Git LFS in place of each file of a folder, as a clone without git-lfs has them."""
import json

from good import bert, bert_vocab_txt

POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"4d7a" * 16 + b"\nsize 437985387\n"


def pointer(name, base=bert):
    files = base()
    files[name] = POINTER
    return files


def with_pooling():
    files = bert()
    kinds = [("Transformer", ""), ("Pooling", "1_Pooling")]
    files["modules.json"] = json.dumps([
        {"idx": i, "name": str(i), "path": path, "type": "sentence_transformers.models." + kind}
        for i, (kind, path) in enumerate(kinds)]).encode()
    return files


def row(name, base=bert):
    return (f"a Git LFS pointer for {name}", lambda: pointer(name, base), (name, "Git LFS pointer", "git lfs pull"))


ROWS = [row("config.json"), row("model.safetensors"), row("tokenizer.json"), row("modules.json"),
        row("1_Pooling/config.json", with_pooling), row("vocab.txt", bert_vocab_txt),
        row("tokenizer_config.json", bert_vocab_txt)]
# The program reads it, load.c does not.
MANIFEST_ROWS = [row("groundswell.json")]

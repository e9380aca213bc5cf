/* tokenizer.json → a tokenizer. */
#include "tokenizer/tokenizer_internal.h"

#include <stdio.h>
#include <stdlib.h>

enum gs_status gs_tokenizer_name_file(const char *path, enum gs_status status, struct gs_error *err)
{
    struct gs_error why;

    if (status == GS_OK || err == NULL) {
        return status;
    }
    why = *err;
    /* A long path is cut: the reason matters more. */
    const size_t len = strlen(path), most = 120;
    return gs_fail(err, status, "%s%s: %s", len > most ? "…" : "",
                   len > most ? path + len - most : path, why.message);
}

/* {"piece": id, …} */
static enum gs_status read_vocab(const json_t *json, struct gs_vocab *vocab, struct gs_error *err)
{
    union { /* jansson's iterators want an object that is not const, and do not change it */
        const json_t *in;
        json_t *out;
    } object = {.in = json};

    if (!json_is_object(json) || json_object_size(json) == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "model: \"vocab\" is not an object with pieces");
    }
    for (void *at = json_object_iter(object.out); at != NULL;
         at = json_object_iter_next(object.out, at)) {
        const json_t *id = json_object_iter_value(at);
        const json_int_t value = json_integer_value(id);
        if (!json_is_integer(id) || value < 0 || value >= GS_MAX_VOCAB) {
            return gs_fail(err, GS_BAD_FORMAT, "model: \"vocab\" has an id that is not in 0 to %d",
                           GS_MAX_VOCAB - 1);
        }
        const enum gs_status status =
            gs_vocab_add(vocab, gs_str(json_object_iter_key(at)), (int32_t)value, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

/* [["piece", score], …], which gs_unigram_new() has looked at. */
static enum gs_status read_scored(const json_t *json, struct gs_vocab *vocab, struct gs_error *err)
{
    for (size_t i = 0; i < json_array_size(json); i++) {
        const json_t *piece = json_array_get(json_array_get(json, i), 0);
        if (!json_is_string(piece)) {
            return gs_fail(err, GS_BAD_FORMAT, "model: piece %zu is not a text", i);
        }
        const enum gs_status status = gs_vocab_add(vocab, gs_json_str(piece), (int32_t)i, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

static enum gs_status read_wordpiece(const json_t *json, struct gs_tokenizer *tokenizer,
                                     struct gs_error *err)
{
    static const char *const keys[] = {
        "type", "unk_token", "continuing_subword_prefix", "vocab", "max_input_chars_per_word",
        NULL};
    struct gs_str unk = {NULL, 0}, continuing = {NULL, 0};
    size_t max_chars = SIZE_MAX;

    enum gs_status status = gs_json_only(json, "model WordPiece", keys, err);
    if (status == GS_OK) {
        status = gs_json_text(json, "model WordPiece", "unk_token", &unk, err);
    }
    if (status == GS_OK) {
        status =
            gs_json_text(json, "model WordPiece", "continuing_subword_prefix", &continuing, err);
    }
    if (status == GS_OK) {
        status = gs_json_count(json, "model WordPiece", "max_input_chars_per_word", UINT32_MAX,
                               &max_chars, err);
    }
    if (status != GS_OK) {
        return status;
    }
    if (unk.bytes == NULL || continuing.bytes == NULL || max_chars == SIZE_MAX) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "model WordPiece has no \"unk_token\", \"continuing_subword_prefix\" or "
                       "\"max_input_chars_per_word\"");
    }
    status = read_vocab(json_object_get(json, "vocab"), tokenizer->vocab, err);
    if (status != GS_OK) {
        return status;
    }
    tokenizer->info.unk = gs_vocab_find(tokenizer->vocab, unk.bytes, unk.len);
    if (tokenizer->info.unk < 0) {
        return gs_fail(err, GS_BAD_FORMAT, "model WordPiece: \"unk_token\" is not in \"vocab\"");
    }
    return gs_wordpiece_new(tokenizer->vocab, continuing, tokenizer->info.unk, max_chars,
                            &tokenizer->wordpiece, err);
}

/* Old files name no type: what there is says which it is. */
static const char *model_type(const json_t *json)
{
    const char *type = gs_json_type(json);

    if (json_object_get(json, "type") != NULL) {
        return type;
    }
    return json_is_array(json_object_get(json, "vocab")) ? "Unigram"
           : json_object_get(json, "merges") != NULL     ? "BPE"
                                                         : "WordPiece";
}

static enum gs_status read_model(const json_t *json, struct gs_tokenizer *tokenizer,
                                 size_t *ret_count, struct gs_error *err)
{
    const char *type = model_type(json);
    enum gs_status status = gs_vocab_new(&tokenizer->vocab, err);
    char shown[GS_JSON_SHOWN];

    if (status != GS_OK) {
        return status;
    }
    if (!json_is_object(json)) {
        return gs_fail(err, GS_BAD_FORMAT, "\"model\" is missing or not an object");
    }
    if (strcmp(type, "WordPiece") == 0) {
        tokenizer->kind = GS_KIND_WORDPIECE;
        status = read_wordpiece(json, tokenizer, err);
        *ret_count = gs_vocab_count(tokenizer->vocab);
    } else if (strcmp(type, "Unigram") == 0) {
        tokenizer->kind = GS_KIND_UNIGRAM;
        status = gs_unigram_new(json, &tokenizer->unigram, err);
        if (status == GS_OK) {
            status = read_scored(json_object_get(json, "vocab"), tokenizer->vocab, err);
        }
        const json_t *unk = json_object_get(json, "unk_id");
        tokenizer->info.unk = json_is_integer(unk) ? (int32_t)json_integer_value(unk) : GS_NO_TOKEN;
        *ret_count = json_array_size(json_object_get(json, "vocab"));
    } else if (strcmp(type, "BPE") == 0) {
        tokenizer->kind = GS_KIND_BPE;
        status = gs_bpe_new(json, &tokenizer->bpe, err);
        if (status == GS_OK) {
            status = read_vocab(json_object_get(json, "vocab"), tokenizer->vocab, err);
        }
        const json_t *unk = json_object_get(json, "unk_token");
        tokenizer->info.unk =
            json_is_string(unk)
                ? gs_vocab_find(tokenizer->vocab, json_string_value(unk), json_string_length(unk))
                : GS_NO_TOKEN;
        *ret_count = gs_vocab_count(tokenizer->vocab);
    } else {
        status = gs_fail(err, GS_BAD_FORMAT, "model %s is not supported",
                         gs_json_shown(json_object_get(json, "type"), shown));
    }
    return status;
}

static enum gs_status read_truncation(const json_t *json, struct gs_tokenizer *tokenizer,
                                      struct gs_error *err)
{
    static const char *const keys[] = {"direction", "max_length", "strategy", "stride", NULL};
    struct gs_str direction = gs_str("Right"), strategy = gs_str("LongestFirst");
    const size_t n_special = tokenizer->post_processor.n_before + tokenizer->post_processor.n_after;
    size_t max = 0;

    if (json == NULL || json_is_null(json)) {
        return GS_OK;
    }
    enum gs_status status = gs_json_only(json, "truncation", keys, err);
    if (status == GS_OK) {
        status = gs_json_text(json, "truncation", "direction", &direction, err);
    }
    if (status == GS_OK) {
        status = gs_json_text(json, "truncation", "strategy", &strategy, err);
    }
    if (status == GS_OK) {
        status = gs_json_count(json, "truncation", "max_length", 1 << 24, &max, err);
    }
    if (status != GS_OK) {
        return status;
    }
    if (!gs_str_equal(direction, gs_str("Right"))) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "truncation on another side than Right is not supported");
    }
    if (!gs_str_equal(strategy, gs_str("LongestFirst")) &&
        !gs_str_equal(strategy, gs_str("OnlyFirst"))) {
        return gs_fail(err, GS_BAD_FORMAT, "truncation with this strategy is not supported");
    }
    if (max <= n_special) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "truncation to %zu tokens leaves none beside the %zu special ones", max,
                       n_special);
    }
    tokenizer->info.max_tokens = max;
    return GS_OK;
}

static enum gs_status check_parts(const json_t *json, struct gs_tokenizer *tokenizer,
                                  struct gs_error *err)
{
    static const char *const keys[] = {
        "version",       "truncation",     "padding", "added_tokens", "normalizer",
        "pre_tokenizer", "post_processor", "decoder", "model",        NULL};
    const json_t *version = json_object_get(json, "version");

    if (version != NULL && !gs_str_equal(gs_json_str(version), gs_str("1.0"))) {
        return gs_fail(err, GS_BAD_FORMAT, "this \"version\" is not supported");
    }
    if (tokenizer->pretokenizer.byte_level != (tokenizer->kind == GS_KIND_BPE)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "model BPE and pre_tokenizer ByteLevel are supported only together");
    }
    return gs_json_only(json, "the file", keys, err);
}

static enum gs_status read_all(const json_t *json, struct gs_tokenizer *tokenizer,
                               struct gs_error *err)
{
    struct gs_bert_flags flags = {false, false, false, false};
    bool bert = false;
    size_t count = 0;

    enum gs_status status = gs_normalizer_read(json_object_get(json, "normalizer"),
                                               &tokenizer->normalizer, &bert, &flags, err);
    if (status == GS_OK) {
        status = gs_pretokenizer_read(json_object_get(json, "pre_tokenizer"),
                                      &tokenizer->pretokenizer, err);
    }
    if (status == GS_OK) {
        status = gs_post_processor_read(json_object_get(json, "post_processor"),
                                        &tokenizer->post_processor, err);
    }
    if (status == GS_OK) {
        status = read_truncation(json_object_get(json, "truncation"), tokenizer, err);
    }
    if (status == GS_OK) {
        status = read_model(json_object_get(json, "model"), tokenizer, &count, err);
    }
    if (status == GS_OK) {
        status = gs_added_tokens_new(count, &tokenizer->added, err);
    }
    if (status == GS_OK) {
        status = gs_added_tokens_read(json_object_get(json, "added_tokens"), tokenizer->added,
                                      tokenizer->vocab, err);
    }
    if (status == GS_OK) {
        status = check_parts(json, tokenizer, err);
    }
    if (status == GS_OK && bert && tokenizer->pretokenizer.is_bert &&
        tokenizer->kind == GS_KIND_WORDPIECE) {
        status = gs_bert_new(flags, tokenizer->wordpiece, &tokenizer->bert, err);
    }
    return status;
}

enum gs_status gs_tokenizer_read_json(const char *path, struct gs_tokenizer *tokenizer,
                                      struct gs_error *err)
{
    json_t *json = NULL;

    enum gs_status status = gs_json_read(path, &json, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_tokenizer_name_file(path, read_all(json, tokenizer, err), err);
    json_decref(json);
    return status;
}

/* The tokens that stand beside vocab.txt. They are in one of two forms:
 *
 *     tokenizer_config.json   "added_tokens_decoder": {"24": {"content": "[USR]", "lstrip": false,
 * …}} added_tokens.json       {"[USR]": 24}, the older form; special_tokens_map.json beside it
 *
 * and each token that either file names as special (cls_token and so on, and those listed under
 * "additional_special_tokens") is one too. Ids are those that transformers gives: in the order of
 * the file's ids, a piece of the vocabulary keeps its own and a new one gets the next. A file whose
 * ids are others is refused, for it and the weights would mean different things.
 *
 * Source: huggingface/transformers, PreTrainedTokenizerBase._from_pretrained and
 *         PreTrainedTokenizerFast.__init__. */
#include "tokenizer/tokenizer_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { MAX_PATH = 4096, MAX_SPECIAL = 1024 };

struct special_names {
    struct gs_str names[MAX_SPECIAL];
    bool listed[MAX_SPECIAL]; /* under additional_special_tokens: added where the vocabulary lacks
                                 it */
    size_t n;
};

static bool is_special(const struct special_names *special, struct gs_str name)
{
    for (size_t i = 0; i < special->n; i++) {
        if (gs_str_equal(special->names[i], name)) {
            return true;
        }
    }
    return false;
}

/* A name, or an object with its content. */
static enum gs_status note(struct special_names *special, const json_t *value, bool listed,
                           struct gs_error *err)
{
    const json_t *name = json_is_object(value) ? json_object_get(value, "content") : value;

    if (!json_is_string(name)) {
        return gs_fail(err, GS_BAD_FORMAT, "a special token is not a text");
    }
    if (is_special(special, gs_json_str(name))) {
        return GS_OK;
    }
    if (special->n == MAX_SPECIAL) {
        return gs_fail(err, GS_BAD_FORMAT, "more than %d special tokens", MAX_SPECIAL);
    }
    special->listed[special->n] = listed;
    special->names[special->n++] = gs_json_str(name);
    return GS_OK;
}

/* What one of the two files names as special. */
static enum gs_status note_names(const json_t *json, struct special_names *special,
                                 struct gs_error *err)
{
    static const char *const keys[] = {"bos_token", "eos_token", "unk_token", "sep_token",
                                       "pad_token", "cls_token", "mask_token"};
    const json_t *more = json_object_get(json, "additional_special_tokens");
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < sizeof keys / sizeof keys[0] && status == GS_OK; i++) {
        const json_t *value = json_object_get(json, keys[i]);
        if (value != NULL && !json_is_null(value)) {
            status = note(special, value, false, err);
        }
    }
    if (status == GS_OK && more != NULL && !json_is_null(more) && !json_is_array(more)) {
        return gs_fail(err, GS_BAD_FORMAT, "\"additional_special_tokens\" is not a list");
    }
    for (size_t i = 0; i < json_array_size(more) && status == GS_OK; i++) {
        status = note(special, json_array_get(more, i), true, err);
    }
    return status;
}

/* ---- the tokens with ids of their own ---- */

struct entry {
    long long id;
    struct gs_added_token token;
};

static int by_id(const void *a, const void *b)
{
    const long long x = ((const struct entry *)a)->id;
    const long long y = ((const struct entry *)b)->id;
    return (x > y) - (x < y);
}

/* "24": {…} of added_tokens_decoder. */
static enum gs_status read_decoder_entry(const char *key, const json_t *value, struct entry *ret,
                                         struct gs_error *err)
{
    static const char *const keys[] = {"content",    "single_word", "lstrip", "rstrip",
                                       "normalized", "special",     NULL};
    char *end = NULL;

    ret->id = strtoll(key, &end, 10);
    if (end == key || *end != '\0' || ret->id < 0 || ret->id >= GS_MAX_VOCAB) {
        return gs_fail(err, GS_BAD_FORMAT, "added_tokens_decoder: a key that is not an id");
    }
    enum gs_status status = gs_json_only(value, "an added token", keys, err);
    if (status == GS_OK) {
        status = gs_json_text(value, "an added token", "content", &ret->token.content, err);
    }
    if (status == GS_OK && ret->token.content.bytes == NULL) {
        status = gs_fail(err, GS_BAD_FORMAT, "added token %lld has no content", ret->id);
    }
    if (status == GS_OK) {
        status = gs_json_flag(value, "an added token", "special", &ret->token.special, err);
    }
    ret->token.normalized = !ret->token.special; /* unless it says */
    const struct {
        const char *key;
        bool *flag;
    } flags[] = {{"single_word", &ret->token.single_word},
                 {"lstrip", &ret->token.left},
                 {"rstrip", &ret->token.right},
                 {"normalized", &ret->token.normalized}};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0] && status == GS_OK; i++) {
        status = gs_json_flag(value, "an added token", flags[i].key, flags[i].flag, err);
    }
    return status;
}

/* "[USR]": 24 of added_tokens.json. */
static enum gs_status read_old_entry(const char *key, const json_t *value,
                                     const struct special_names *special, struct entry *ret,
                                     struct gs_error *err)
{
    ret->id = json_integer_value(value);
    if (!json_is_integer(value) || ret->id < 0 || ret->id >= GS_MAX_VOCAB) {
        return gs_fail(err, GS_BAD_FORMAT, "a token's id is not in 0 to %d", GS_MAX_VOCAB - 1);
    }
    ret->token.content = gs_str(key);
    ret->token.special = is_special(special, ret->token.content);
    ret->token.normalized = !ret->token.special;
    return GS_OK;
}

static enum gs_status add_entries(const json_t *json, bool old, const struct special_names *special,
                                  struct gs_tokenizer *tokenizer, struct gs_error *err)
{
    union { /* jansson's iterators want an object that is not const, and do not change it */
        const json_t *in;
        json_t *out;
    } object = {.in = json};
    enum gs_status status = GS_OK;
    size_t n = 0;

    if (!json_is_object(json)) {
        return gs_fail(err, GS_BAD_FORMAT, "\"added_tokens_decoder\" is not an object");
    }
    if (json_object_size(json) > GS_MAX_ADDED) {
        return gs_fail(err, GS_BAD_FORMAT, "more than %d added tokens", GS_MAX_ADDED);
    }
    struct entry *entries = calloc(json_object_size(json) + 1, sizeof *entries);
    if (entries == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the added tokens");
    }
    for (void *at = json_object_iter(object.out); at != NULL && status == GS_OK;
         at = json_object_iter_next(object.out, at)) {
        const char *key = json_object_iter_key(at);
        const json_t *value = json_object_iter_value(at);
        status = old ? read_old_entry(key, value, special, &entries[n], err)
                     : read_decoder_entry(key, value, &entries[n], err);
        n++;
    }
    if (status == GS_OK && n > 0) {
        qsort(entries, n, sizeof *entries, by_id);
    }
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        entries[i].token.id = (int32_t)entries[i].id;
        status = gs_added_tokens_add(tokenizer->added, entries[i].token, tokenizer->vocab, err);
    }
    free(entries);
    return status;
}

/* ---- the special ones that no entry has named ---- */

static enum gs_status add_special(struct gs_tokenizer *tokenizer, struct gs_str name, bool must,
                                  struct gs_error *err)
{
    int32_t id = name.len == 0 ? -1 : gs_vocab_find(tokenizer->vocab, name.bytes, name.len);

    if (name.len == 0 || gs_added_tokens_find(tokenizer->added, name) >= 0) {
        return GS_OK;
    }
    if (id < 0 && !must) {
        return GS_OK;
    }
    if (id < 0) {
        id = gs_added_tokens_next_id(tokenizer->added);
    }
    return gs_added_tokens_add(tokenizer->added,
                               (struct gs_added_token){.content = name, .id = id, .special = true},
                               tokenizer->vocab, err);
}

static enum gs_status add_all(const json_t *old, const struct gs_tokenizer_config *config,
                              struct special_names *special, struct gs_tokenizer *tokenizer,
                              struct gs_error *err)
{
    /* Where the files name none, those that BERT has; a vocabulary without one does without. */
    static const char *const defaults[] = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"};
    const struct gs_str names[] = {config->names.pad, config->names.unk, config->names.cls,
                                   config->names.sep, config->names.mask};
    const json_t *decoder = json_object_get(config->json, "added_tokens_decoder");
    enum gs_status status = note_names(config->json, special, err);

    if (status == GS_OK) {
        status = note_names(config->map, special, err);
    }
    if (status == GS_OK && decoder != NULL) {
        status = add_entries(decoder, false, special, tokenizer, err);
    } else if (status == GS_OK && old != NULL) {
        status = add_entries(old, true, special, tokenizer, err);
    }
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0] && status == GS_OK; i++) {
        const bool named = names[i].bytes != NULL;
        status = add_special(tokenizer, named ? names[i] : gs_str(defaults[i]), false, err);
    }
    for (size_t i = 0; i < special->n && status == GS_OK; i++) {
        status = add_special(tokenizer, special->names[i], special->listed[i], err);
    }
    return status;
}

enum gs_status gs_tokenizer_read_added(const char *dir, const struct gs_tokenizer_config *config,
                                       struct gs_tokenizer *tokenizer, struct gs_error *err)
{
    char path[MAX_PATH];
    struct stat about;
    json_t *old = NULL;
    struct gs_error why = {0};

    struct special_names *special = calloc(1, sizeof *special);
    if (special == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the added tokens");
    }
    enum gs_status status = GS_OK;
    (void)snprintf(path, sizeof path, "%s/added_tokens.json", dir);
    if (json_object_get(config->json, "added_tokens_decoder") == NULL && stat(path, &about) == 0) {
        status = gs_json_read(path, &old, err);
    } else {
        (void)snprintf(path, sizeof path, "%s/tokenizer_config.json", dir);
    }
    if (status == GS_OK) {
        status = add_all(old, config, special, tokenizer, &why);
        if (status != GS_OK) {
            (void)gs_tokenizer_name_file(path, status, &why);
            status = gs_fail(err, status, "%s", why.message);
        }
    }
    json_decref(old);
    free(special);
    return status;
}

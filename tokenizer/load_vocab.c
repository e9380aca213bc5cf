/* vocab.txt of BERT: a piece per line, its number from 0 is its id. tokenizer_config.json beside it
 * has the rest. */
#include "base/file.h"
#include "base/utf8.h"
#include "tokenizer/impl.h"
#include "tokenizer/unicode.h"

#include <stdio.h>

enum { MAX_PATH = 4096, MAX_CHARS = 100 };

/* A token's name, or an object with its content. */
static enum gs_status read_name(const json_t *json, const char *key, struct gs_str *ret,
                                struct gs_error *err)
{
    const json_t *value = json_object_get(json, key);

    if (json_is_object(value)) {
        value = json_object_get(value, "content");
    }
    if (value == NULL || json_is_null(value)) {
        return GS_OK;
    }
    if (!json_is_string(value)) {
        return gs_fail(err, GS_BAD_FORMAT, "\"%s\" is not a text", key);
    }
    *ret = gs_json_str(value);
    return GS_OK;
}

static enum gs_status read_config(const json_t *json, struct gs_tokenizer_config *config,
                                  struct gs_error *err)
{
    const struct {
        const char *key;
        struct gs_str *name;
    } names[] = {{"pad_token", &config->names.pad},
                 {"unk_token", &config->names.unk},
                 {"cls_token", &config->names.cls},
                 {"sep_token", &config->names.sep},
                 {"mask_token", &config->names.mask}};
    const json_t *max = json_object_get(json, "model_max_length");
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && status == GS_OK; i++) {
        status = read_name(json, names[i].key, names[i].name, err);
    }
    if (status == GS_OK) {
        status = gs_json_flag(json, "tokenizer_config", "do_lower_case", &config->flags.lower, err);
    }
    if (status == GS_OK) {
        status = gs_json_flag(json, "tokenizer_config", "tokenize_chinese_chars",
                              &config->flags.chinese, err);
    }
    config->flags.strip_accents = config->flags.lower;
    if (status == GS_OK) {
        status = gs_json_flag(json, "tokenizer_config", "strip_accents",
                              &config->flags.strip_accents, err);
    }
    /* Files without a limit have 1e30. */
    if (json_is_integer(max) && json_integer_value(max) > 0 && json_integer_value(max) < 1 << 24) {
        config->max_tokens = (size_t)json_integer_value(max);
    }
    return status;
}

enum gs_status gs_tokenizer_config_read(const char *dir, struct gs_tokenizer_config *ret,
                                        struct gs_error *err)
{
    char path[MAX_PATH];
    struct gs_error why;

    *ret = (struct gs_tokenizer_config){.flags = {true, true, true, true}};
    if ((size_t)snprintf(path, sizeof path, "%s/tokenizer_config.json", dir) >= sizeof path) {
        return gs_fail(err, GS_IO, "%.100s…: the path is too long", dir);
    }
    enum gs_status status = gs_json_read(path, &ret->json, &why);
    if (status == GS_IO) {
        return GS_OK;
    }
    if (status != GS_OK) {
        return gs_fail(err, status, "%s", why.message);
    }
    status = gs_tokenizer_name_file(path, read_config(ret->json, ret, err), err);
    if (status != GS_OK) {
        json_decref(ret->json);
        ret->json = NULL;
    }
    return status;
}

/* Without the white space at its end, as `tokenizers` reads it. */
static struct gs_str trim_line(struct gs_str line)
{
    while (line.len > 0) {
        size_t at = line.len - 1, behind = 0;
        while (at > 0 && ((unsigned char)line.bytes[at] & 0xC0) == 0x80) {
            at--;
        }
        behind = at;
        if (!gs_char_is_space(gs_next_char(line.bytes, &behind))) {
            break;
        }
        line.len = at;
    }
    return line;
}

static enum gs_status read_lines(struct gs_str bytes, struct gs_vocab *vocab, struct gs_error *err)
{
    size_t at = 0;

    if (gs_utf8_check(bytes) != bytes.len) {
        return gs_fail(err, GS_BAD_FORMAT, "byte %zu is not UTF-8", gs_utf8_check(bytes));
    }
    for (int32_t id = 0; at < bytes.len; id++) {
        const char *end = memchr(bytes.bytes + at, '\n', bytes.len - at);
        const size_t to = end == NULL ? bytes.len : (size_t)(end - bytes.bytes);
        const enum gs_status status =
            gs_vocab_add(vocab, trim_line((struct gs_str){bytes.bytes + at, to - at}), id, err);
        if (status != GS_OK) {
            return status;
        }
        at = to + 1;
    }
    return GS_OK;
}

/* The named token is cut out of texts, too, when the vocabulary has it. */
static enum gs_status add_special(struct gs_tokenizer *tokenizer, struct gs_str name,
                                  struct gs_error *err)
{
    const int32_t id = name.len == 0 ? -1 : gs_vocab_find(tokenizer->vocab, name.bytes, name.len);

    if (id < 0 || gs_added_find(tokenizer->added, name) >= 0) {
        return GS_OK;
    }
    return gs_added_add(tokenizer->added,
                        (struct gs_added_token){.content = name, .id = id, .special = true},
                        tokenizer->vocab, err);
}

static enum gs_status set_frame(struct gs_tokenizer *tokenizer, struct gs_str cls,
                                struct gs_str sep, struct gs_error *err)
{
    tokenizer->frame.before[0] = gs_vocab_find(tokenizer->vocab, cls.bytes, cls.len);
    tokenizer->frame.after[0] = gs_vocab_find(tokenizer->vocab, sep.bytes, sep.len);
    if (tokenizer->frame.before[0] < 0 || tokenizer->frame.after[0] < 0) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "has not both of the tokens that begin and end a text, such as [CLS] and "
                       "[SEP]");
    }
    tokenizer->frame.n_before = 1;
    tokenizer->frame.n_after = 1;
    return GS_OK;
}

static struct gs_str or_default(struct gs_str name, const char *fallback)
{
    return name.bytes == NULL ? gs_str(fallback) : name;
}

static enum gs_status build(struct gs_tokenizer *tokenizer,
                            const struct gs_tokenizer_config *config, struct gs_error *err)
{
    const struct gs_str cls = or_default(config->names.cls, "[CLS]");
    const struct gs_str sep = or_default(config->names.sep, "[SEP]");
    const struct gs_str unk = or_default(config->names.unk, "[UNK]");
    const struct gs_str names[] = {or_default(config->names.pad, "[PAD]"), unk, cls, sep,
                                   or_default(config->names.mask, "[MASK]")};
    const int32_t unknown = gs_vocab_find(tokenizer->vocab, unk.bytes, unk.len);

    if (unknown < 0) {
        return gs_fail(err, GS_BAD_FORMAT, "has no token for the unknown, such as [UNK]");
    }
    enum gs_status status = set_frame(tokenizer, cls, sep, err);
    for (size_t i = 0; i < sizeof names / sizeof names[0] && status == GS_OK; i++) {
        status = add_special(tokenizer, names[i], err);
    }
    if (status != GS_OK) {
        return status;
    }
    gs_normaliser_add_bert(&tokenizer->normaliser, config->flags);
    gs_splitter_set_bert(&tokenizer->splitter);
    tokenizer->info.max_tokens = config->max_tokens;
    tokenizer->info.unk = unknown;
    status = gs_wordpiece_new(tokenizer->vocab, gs_str("##"), unknown, MAX_CHARS,
                              &tokenizer->wordpiece, err);
    if (status != GS_OK) {
        return status;
    }
    return gs_bert_new(config->flags, tokenizer->wordpiece, &tokenizer->bert, err);
}

enum gs_status gs_tokenizer_read_vocab(const char *path, const struct gs_tokenizer_config *config,
                                       struct gs_tokenizer *tokenizer, struct gs_error *err)
{
    struct gs_file file = {0};

    enum gs_status status = gs_file_map(path, &file, err);
    if (status != GS_OK) {
        return status;
    }
    tokenizer->kind = GS_KIND_WORDPIECE;
    status = gs_vocab_new(&tokenizer->vocab, err);
    if (status == GS_OK) {
        status = read_lines(file.bytes, tokenizer->vocab, err);
    }
    if (status == GS_OK) {
        status = gs_added_new(gs_vocab_count(tokenizer->vocab), &tokenizer->added, err);
    }
    if (status == GS_OK) {
        status = build(tokenizer, config, err);
    }
    gs_file_unmap(&file);
    return gs_tokenizer_name_file(path, status, err);
}

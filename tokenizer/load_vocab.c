/* vocab.txt of BERT: a piece per line, its number from 0 is its id. tokenizer_config.json beside it
 * has the rest. */
#include "ingest/base/file.h"
#include "ingest/base/utf8.h"
#include "tokenizer/tokenizer_internal.h"
#include "tokenizer/unicode/unicode.h"

#include <stdio.h>
#include <sys/stat.h>

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

static enum gs_status read_names(const json_t *json, struct gs_token_names *ret,
                                 struct gs_error *err)
{
    const struct {
        const char *key;
        struct gs_str *name;
    } names[] = {{"pad_token", &ret->pad},
                 {"unk_token", &ret->unk},
                 {"cls_token", &ret->cls},
                 {"sep_token", &ret->sep},
                 {"mask_token", &ret->mask}};
    enum gs_status status = GS_OK;

    for (size_t i = 0; i < sizeof names / sizeof names[0] && status == GS_OK; i++) {
        status = read_name(json, names[i].key, names[i].name, err);
    }
    return status;
}

static enum gs_status read_config(const json_t *json, struct gs_tokenizer_config *config,
                                  struct gs_error *err)
{
    const json_t *max = json_object_get(json, "model_max_length");

    enum gs_status status = read_names(json, &config->names, err);
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

/* dir/name, where it is there; *ret stays NULL where not. */
static enum gs_status read_if_there(const char *dir, const char *name, char path[MAX_PATH],
                                    json_t **ret, struct gs_error *err)
{
    struct stat about;

    if (snprintf(path, MAX_PATH, "%s/%s", dir, name) >= MAX_PATH) {
        return gs_fail(err, GS_IO, "%.100s…: the path is too long", dir);
    }
    return stat(path, &about) == 0 ? gs_json_read(path, ret, err) : GS_OK;
}

enum gs_status gs_tokenizer_config_read(const char *dir, struct gs_tokenizer_config *ret,
                                        struct gs_error *err)
{
    struct gs_tokenizer_config config = {.flags = {true, true, true, true}};
    char path[MAX_PATH];

    enum gs_status status = read_if_there(dir, "tokenizer_config.json", path, &config.json, err);
    if (status == GS_OK && config.json != NULL) {
        status = gs_tokenizer_name_file(path, read_config(config.json, &config, err), err);
    }
    /* The newer form says it all; the older one is completed, and overruled, by a second file. */
    if (status == GS_OK && json_object_get(config.json, "added_tokens_decoder") == NULL) {
        status = read_if_there(dir, "special_tokens_map.json", path, &config.map, err);
    }
    if (status == GS_OK && config.map != NULL) {
        status = gs_tokenizer_name_file(path, read_names(config.map, &config.names, err), err);
    }
    if (status == GS_OK) {
        *ret = config;
        config = (struct gs_tokenizer_config){0};
    }
    gs_tokenizer_config_done(&config);
    return status;
}

void gs_tokenizer_config_done(struct gs_tokenizer_config *config)
{
    json_decref(config->json);
    json_decref(config->map);
    *config = (struct gs_tokenizer_config){0};
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

static enum gs_status set_frame(struct gs_tokenizer *tokenizer, struct gs_str cls,
                                struct gs_str sep, struct gs_error *err)
{
    tokenizer->post_processor.before[0] = gs_vocab_find(tokenizer->vocab, cls.bytes, cls.len);
    tokenizer->post_processor.after[0] = gs_vocab_find(tokenizer->vocab, sep.bytes, sep.len);
    if (tokenizer->post_processor.before[0] < 0 || tokenizer->post_processor.after[0] < 0) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "has not both of the tokens that begin and end a text, such as [CLS] and "
                       "[SEP]");
    }
    tokenizer->post_processor.n_before = 1;
    tokenizer->post_processor.n_after = 1;
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
    const int32_t unknown = gs_vocab_find(tokenizer->vocab, unk.bytes, unk.len);

    if (unknown < 0) {
        return gs_fail(err, GS_BAD_FORMAT, "has no token for the unknown, such as [UNK]");
    }
    enum gs_status status = set_frame(tokenizer, cls, sep, err);
    if (status != GS_OK) {
        return status;
    }
    gs_normalizer_add_bert(&tokenizer->normalizer, config->flags);
    gs_pretokenizer_set_bert(&tokenizer->pretokenizer);
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

    enum gs_status status = gs_file_read(path, GS_JSON_MAX_FILE, &file, err);
    if (status != GS_OK) {
        return status;
    }
    tokenizer->kind = GS_KIND_WORDPIECE;
    status = gs_vocab_new(&tokenizer->vocab, err);
    if (status == GS_OK) {
        status = read_lines(file.bytes, tokenizer->vocab, err);
    }
    if (status == GS_OK) {
        status = gs_added_tokens_new(gs_vocab_count(tokenizer->vocab), &tokenizer->added, err);
    }
    if (status == GS_OK) {
        status = build(tokenizer, config, err);
    }
    gs_file_done(&file);
    return gs_tokenizer_name_file(path, status, err);
}

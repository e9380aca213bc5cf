/* "normalizer" of tokenizer.json → steps. A Sequence is laid flat. */
#include "tokenizer/json.h"
#include "tokenizer/normalizer/normalizer.h"

#include <stdlib.h>

enum { MAX_TEXT = 1024 };

static struct gs_normalizer_step *add_step(struct gs_normalizer *normalizer,
                                           enum gs_normalizer_kind kind)
{
    struct gs_normalizer_step *step = &normalizer->steps[normalizer->n++];
    *step = (struct gs_normalizer_step){.kind = kind};
    return step;
}

void gs_normalizer_add_bert(struct gs_normalizer *normalizer, struct gs_bert_flags flags)
{
    if (flags.clean) {
        add_step(normalizer, GS_NORMALIZE_CLEAN);
    }
    if (flags.chinese) {
        add_step(normalizer, GS_NORMALIZE_CHINESE);
    }
    if (flags.strip_accents) {
        add_step(normalizer, GS_NORMALIZE_NFD);
        add_step(normalizer, GS_NORMALIZE_NONSPACING);
    }
    if (flags.lower) {
        add_step(normalizer, GS_NORMALIZE_LOWER);
    }
}

void gs_normalizer_done(struct gs_normalizer *normalizer)
{
    for (size_t i = 0; i < normalizer->n; i++) {
        free(normalizer->steps[i].from);
        free(normalizer->steps[i].to);
        gs_charsmap_free(normalizer->steps[i].map);
    }
    *normalizer = (struct gs_normalizer){0};
}

static enum gs_status required(const json_t *json, const char *where, const char *const *keys,
                               struct gs_error *err)
{
    for (size_t i = 1; keys[i] != NULL; i++) { /* the first is "type" */
        if (json_object_get(json, keys[i]) == NULL) {
            return gs_fail(err, GS_BAD_FORMAT, "%s: \"%s\" is missing", where, keys[i]);
        }
    }
    return gs_json_only(json, where, keys, err);
}

static enum gs_status read_bert(const json_t *json, struct gs_bert_flags *flags,
                                struct gs_error *err)
{
    static const char *const keys[] = {"type",          "clean_text", "handle_chinese_chars",
                                       "strip_accents", "lowercase",  NULL};
    const char *where = "normalizer BertNormalizer";

    for (size_t i = 1; keys[i] != NULL; i++) {
        if (i != 3 && !json_is_boolean(json_object_get(json, keys[i]))) { /* 3: may be absent */
            return gs_fail(err, GS_BAD_FORMAT, "%s: \"%s\" is neither true nor false", where,
                           keys[i]);
        }
    }
    enum gs_status status = gs_json_only(json, where, keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_flag(json, where, "clean_text", &flags->clean, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_flag(json, where, "handle_chinese_chars", &flags->chinese, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_flag(json, where, "lowercase", &flags->lower, err);
    if (status != GS_OK) {
        return status;
    }
    flags->strip_accents = flags->lower; /* unless it says otherwise */
    return gs_json_flag(json, where, "strip_accents", &flags->strip_accents, err);
}

static enum gs_status copy_text(struct gs_str text, const char *what, char **ret, size_t *ret_len,
                                struct gs_error *err)
{
    if (text.len > MAX_TEXT) {
        return gs_fail(err, GS_BAD_FORMAT, "%s has %zu bytes; more than %d are not supported", what,
                       text.len, MAX_TEXT);
    }
    char *copy = gs_str_copy(text);
    if (copy == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory for the normalizer");
    }
    *ret = copy;
    *ret_len = text.len;
    return GS_OK;
}

static enum gs_status read_replace(const json_t *json, struct gs_normalizer *normalizer,
                                   struct gs_error *err)
{
    static const char *const keys[] = {"type", "pattern", "content", NULL};
    static const char *const kinds[] = {"String", "Regex", NULL};
    struct gs_str content = {NULL, 0}, pattern = {NULL, 0};
    char shown[GS_JSON_SHOWN];

    enum gs_status status = required(json, "normalizer Replace", keys, err);
    if (status != GS_OK) {
        return status;
    }
    const json_t *wanted = json_object_get(json, "pattern");
    status = gs_json_only(wanted, "normalizer Replace: \"pattern\"", kinds, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_text(json, "normalizer Replace", "content", &content, err);
    if (status != GS_OK) {
        return status;
    }
    const json_t *regex = json_object_get(wanted, "Regex");
    const json_t *text = json_object_get(wanted, "String");
    if (content.bytes == NULL || (regex == NULL) == (text == NULL)) {
        return gs_fail(err, GS_BAD_FORMAT, "normalizer Replace has not one pattern and one text");
    }
    if (regex != NULL && !gs_str_equal(gs_json_str(regex), gs_str(" {2,}"))) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "normalizer Replace with the Regex \"%s\" is not supported",
                       gs_json_shown(regex, shown));
    }
    if (regex == NULL && json_string_length(text) == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "normalizer Replace of an empty text is not supported");
    }
    struct gs_normalizer_step *step =
        add_step(normalizer, regex != NULL ? GS_NORMALIZE_SPACES : GS_NORMALIZE_REPLACE);
    status = copy_text(content, "normalizer Replace: \"content\"", &step->to, &step->to_len, err);
    if (status != GS_OK || regex != NULL) {
        return status;
    }
    pattern = gs_json_str(text);
    return copy_text(pattern, "normalizer Replace: \"pattern\"", &step->from, &step->from_len, err);
}

static enum gs_status read_strip(const json_t *json, struct gs_normalizer *normalizer,
                                 struct gs_error *err)
{
    static const char *const keys[] = {"type", "strip_left", "strip_right", NULL};

    enum gs_status status = required(json, "normalizer Strip", keys, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_normalizer_step *step = add_step(normalizer, GS_NORMALIZE_STRIP);
    status = gs_json_flag(json, "normalizer Strip", "strip_left", &step->left, err);
    if (status != GS_OK) {
        return status;
    }
    return gs_json_flag(json, "normalizer Strip", "strip_right", &step->right, err);
}

static enum gs_status read_prepend(const json_t *json, struct gs_normalizer *normalizer,
                                   struct gs_error *err)
{
    static const char *const keys[] = {"type", "prepend", NULL};
    struct gs_str text = {NULL, 0};

    enum gs_status status = required(json, "normalizer Prepend", keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_text(json, "normalizer Prepend", "prepend", &text, err);
    if (status != GS_OK) {
        return status;
    }
    if (text.len == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "normalizer Prepend of an empty text is not supported");
    }
    struct gs_normalizer_step *step = add_step(normalizer, GS_NORMALIZE_PREPEND);
    return copy_text(text, "normalizer Prepend", &step->to, &step->to_len, err);
}

static enum gs_status read_precompiled(const json_t *json, struct gs_normalizer *normalizer,
                                       struct gs_error *err)
{
    static const char *const keys[] = {"type", "precompiled_charsmap", NULL};
    struct gs_str map = {NULL, 0};

    enum gs_status status = required(json, "normalizer Precompiled", keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_text(json, "normalizer Precompiled", "precompiled_charsmap", &map, err);
    if (status != GS_OK) {
        return status;
    }
    if (map.len == 0) {
        return gs_fail(err, GS_BAD_FORMAT, "normalizer Precompiled has no map");
    }
    struct gs_normalizer_step *step = add_step(normalizer, GS_NORMALIZE_PRECOMPILED);
    return gs_charsmap_new(map, &step->map, err);
}

/* The steps that have nothing to set. */
static enum gs_status read_plain(const json_t *json, struct gs_normalizer *normalizer,
                                 struct gs_error *err)
{
    static const struct {
        const char *type;
        enum gs_normalizer_kind kind;
    } plain[] = {
        {"NFC", GS_NORMALIZE_NFC},         {"NFD", GS_NORMALIZE_NFD},
        {"NFKC", GS_NORMALIZE_NFKC},       {"NFKD", GS_NORMALIZE_NFKD},
        {"Lowercase", GS_NORMALIZE_LOWER}, {"StripAccents", GS_NORMALIZE_ACCENTS},
        {"Nmt", GS_NORMALIZE_NMT},
    };
    static const char *const keys[] = {"type", NULL};
    char shown[GS_JSON_SHOWN];

    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        if (strcmp(gs_json_type(json), plain[i].type) == 0) {
            add_step(normalizer, plain[i].kind);
            return gs_json_only(json, "normalizer", keys, err);
        }
    }
    return gs_fail(err, GS_BAD_FORMAT, "normalizer %s is not supported",
                   gs_json_shown(json_object_get(json, "type"), shown));
}

static enum gs_status read_step(const json_t *json, struct gs_normalizer *normalizer,
                                struct gs_error *err)
{
    const char *type = gs_json_type(json);
    struct gs_bert_flags flags = {false, false, false, false};

    if (normalizer->n + 5 > GS_MAX_STEPS) { /* the most that one adds */
        return gs_fail(err, GS_BAD_FORMAT, "normalizer has more than %d steps", GS_MAX_STEPS);
    }
    if (strcmp(type, "BertNormalizer") == 0) {
        const enum gs_status status = read_bert(json, &flags, err);
        if (status == GS_OK) {
            gs_normalizer_add_bert(normalizer, flags);
        }
        return status;
    }
    if (strcmp(type, "Replace") == 0) {
        return read_replace(json, normalizer, err);
    }
    if (strcmp(type, "Strip") == 0) {
        return read_strip(json, normalizer, err);
    }
    if (strcmp(type, "Prepend") == 0) {
        return read_prepend(json, normalizer, err);
    }
    if (strcmp(type, "Precompiled") == 0) {
        return read_precompiled(json, normalizer, err);
    }
    return read_plain(json, normalizer, err);
}

enum gs_status gs_normalizer_read(const json_t *json, struct gs_normalizer *normalizer,
                                  bool *ret_is_bert, struct gs_bert_flags *ret_flags,
                                  struct gs_error *err)
{
    *ret_is_bert = false;
    if (json == NULL || json_is_null(json)) {
        return GS_OK;
    }
    if (strcmp(gs_json_type(json), "BertNormalizer") == 0) {
        *ret_is_bert = true;
        const enum gs_status status = read_bert(json, ret_flags, err);
        if (status != GS_OK) {
            return status;
        }
    }
    const json_t *steps[GS_MAX_STEPS];
    size_t n = 0;
    enum gs_status status =
        gs_json_steps(json, "normalizer", "normalizers", steps, GS_MAX_STEPS, &n, err);
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = read_step(steps[i], normalizer, err);
    }
    return status;
}

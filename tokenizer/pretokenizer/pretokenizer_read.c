/* "pre_tokenizer" of tokenizer.json → steps. A Sequence is laid flat. */
#include "ingest/base/utf8.h"
#include "tokenizer/json.h"
#include "tokenizer/pretokenizer/pretokenizer.h"

static enum gs_status add_step(struct gs_pretokenizer *pretokenizer, struct gs_split_step step,
                               struct gs_error *err)
{
    if (pretokenizer->n == GS_MAX_STEPS) {
        return gs_fail(err, GS_BAD_FORMAT, "pre_tokenizer has more than %d steps", GS_MAX_STEPS);
    }
    if (pretokenizer->byte_level) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "pre_tokenizer ByteLevel is not supported before another one");
    }
    pretokenizer->steps[pretokenizer->n++] = step;
    pretokenizer->byte_level = step.kind == GS_SPLIT_BYTES;
    pretokenizer->cuts_at_space = pretokenizer->cuts_at_space || step.cut ||
                                  step.kind == GS_SPLIT_SPACES || step.kind == GS_SPLIT_WORDS;
    return GS_OK;
}

/* "add_prefix_space" came before "prepend_scheme"; false goes with "never" only. */
static enum gs_status read_scheme(const json_t *json, struct gs_split_step *step,
                                  struct gs_error *err)
{
    static const struct {
        const char *name;
        enum gs_prepend prepend;
    } schemes[] = {
        {"always", GS_PREPEND_ALWAYS}, {"first", GS_PREPEND_FIRST}, {"never", GS_PREPEND_NEVER}};
    const char *where = "pre_tokenizer Metaspace";
    struct gs_str scheme = gs_str("always");
    bool prefix = true;
    size_t i = 0;

    enum gs_status status = gs_json_flag(json, where, "add_prefix_space", &prefix, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_text(json, where, "prepend_scheme", &scheme, err);
    if (status != GS_OK) {
        return status;
    }
    while (i < 3 && !gs_str_equal(scheme, gs_str(schemes[i].name))) {
        i++;
    }
    if (i == 3) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: this \"prepend_scheme\" is not supported", where);
    }
    step->prepend = schemes[i].prepend;
    if (!prefix && step->prepend != GS_PREPEND_NEVER) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "%s: \"add_prefix_space\" does not match \"prepend_scheme\"", where);
    }
    return GS_OK;
}

static enum gs_status read_metaspace(const json_t *json, struct gs_pretokenizer *pretokenizer,
                                     struct gs_error *err)
{
    static const char *const keys[] = {
        "type", "replacement", "add_prefix_space", "prepend_scheme", "split", "str_rep", NULL};
    const char *where = "pre_tokenizer Metaspace";
    struct gs_split_step step = {.kind = GS_SPLIT_METASPACE, .cut = true};
    struct gs_str mark = {NULL, 0};

    enum gs_status status = gs_json_only(json, where, keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_text(json, where, "replacement", &mark, err);
    if (status != GS_OK) {
        return status;
    }
    if (mark.len == 0 || gs_utf8_valid_len(mark.bytes, mark.len) != mark.len) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: \"replacement\" is not one character", where);
    }
    memcpy(step.mark, mark.bytes, mark.len);
    step.mark_len = mark.len;
    status = gs_json_flag(json, where, "split", &step.cut, err);
    if (status != GS_OK) {
        return status;
    }
    status = read_scheme(json, &step, err);
    return status == GS_OK ? add_step(pretokenizer, step, err) : status;
}

static enum gs_status read_byte_level(const json_t *json, struct gs_pretokenizer *pretokenizer,
                                      struct gs_error *err)
{
    static const char *const keys[] = {"type", "add_prefix_space", "trim_offsets", "use_regex",
                                       NULL};
    const char *where = "pre_tokenizer ByteLevel";
    bool prefix = false, cut = true;

    enum gs_status status = gs_json_only(json, where, keys, err);
    if (status != GS_OK) {
        return status;
    }
    if (!json_is_boolean(json_object_get(json, "add_prefix_space"))) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: \"add_prefix_space\" is neither true nor false",
                       where);
    }
    status = gs_json_flag(json, where, "add_prefix_space", &prefix, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_flag(json, where, "use_regex", &cut, err);
    if (status != GS_OK) {
        return status;
    }
    return add_step(pretokenizer,
                    (struct gs_split_step){.kind = GS_SPLIT_BYTES,
                                           .prepend = prefix ? GS_PREPEND_ALWAYS : GS_PREPEND_NEVER,
                                           .cut = cut},
                    err);
}

static enum gs_status read_punctuation(const json_t *json, struct gs_pretokenizer *pretokenizer,
                                       struct gs_error *err)
{
    static const char *const keys[] = {"type", "behavior", NULL};
    struct gs_str behavior = gs_str("Isolated");

    enum gs_status status = gs_json_only(json, "pre_tokenizer Punctuation", keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = gs_json_text(json, "pre_tokenizer Punctuation", "behavior", &behavior, err);
    if (status != GS_OK) {
        return status;
    }
    if (!gs_str_equal(behavior, gs_str("Isolated"))) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "pre_tokenizer Punctuation is supported with the behavior Isolated only");
    }
    return add_step(pretokenizer, (struct gs_split_step){.kind = GS_SPLIT_PUNCT}, err);
}

/* The steps that have nothing to set. */
static enum gs_status read_plain(const json_t *json, struct gs_pretokenizer *pretokenizer,
                                 struct gs_error *err)
{
    static const char *const keys[] = {"type", NULL};
    const char *type = gs_json_type(json);
    struct gs_split_step step = {.kind = GS_SPLIT_SPACES};
    char shown[GS_JSON_SHOWN];

    const bool bert = strcmp(type, "BertPreTokenizer") == 0;
    if (strcmp(type, "Whitespace") == 0) {
        step.kind = GS_SPLIT_WORDS;
    } else if (!bert && strcmp(type, "WhitespaceSplit") != 0) {
        return gs_fail(err, GS_BAD_FORMAT, "pre_tokenizer %s is not supported",
                       gs_json_shown(json_object_get(json, "type"), shown));
    }
    enum gs_status status = gs_json_only(json, "pre_tokenizer", keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = add_step(pretokenizer, step, err);
    if (status == GS_OK && bert) {
        step.kind = GS_SPLIT_PUNCT;
        status = add_step(pretokenizer, step, err);
    }
    return status;
}

static enum gs_status read_step(const json_t *json, struct gs_pretokenizer *pretokenizer,
                                struct gs_error *err)
{
    const char *type = gs_json_type(json);

    if (strcmp(type, "Metaspace") == 0) {
        return read_metaspace(json, pretokenizer, err);
    }
    if (strcmp(type, "ByteLevel") == 0) {
        return read_byte_level(json, pretokenizer, err);
    }
    if (strcmp(type, "Punctuation") == 0) {
        return read_punctuation(json, pretokenizer, err);
    }
    return read_plain(json, pretokenizer, err);
}

enum gs_status gs_pretokenizer_read(const json_t *json, struct gs_pretokenizer *pretokenizer,
                                    struct gs_error *err)
{
    if (json == NULL || json_is_null(json)) {
        return GS_OK;
    }
    const json_t *steps[GS_MAX_STEPS];
    size_t n = 0;
    enum gs_status status =
        gs_json_steps(json, "pre_tokenizer", "pretokenizers", steps, GS_MAX_STEPS, &n, err);
    for (size_t i = 0; i < n && status == GS_OK; i++) {
        status = read_step(steps[i], pretokenizer, err);
    }
    pretokenizer->is_bert = strcmp(gs_json_type(json), "BertPreTokenizer") == 0;
    return status;
}

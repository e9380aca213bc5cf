/* Reads the "post_processor" of tokenizer.json into the tokens that go before and behind a text and the
 * trimming of places. BertProcessing, RobertaProcessing, TemplateProcessing, ByteLevel and sequences of
 * them all come down to that, as long as a text stands alone; what needs a pair of texts is refused. */
#include "tokenizer/post_processor.h"

#include "tokenizer/json.h"
#include "tokenizer/vocab.h"

static enum gs_status put(int32_t *ids, size_t *n, const json_t *id, struct gs_error *err)
{
    if (!json_is_integer(id) || json_integer_value(id) < 0 ||
        json_integer_value(id) >= GS_MAX_VOCAB) {
        return gs_fail(err, GS_BAD_FORMAT, "post_processor has an id that is none");
    }
    if (*n == GS_MAX_TEMPLATE) {
        return gs_fail(err, GS_BAD_FORMAT, "post_processor adds more than %d tokens on one side",
                       GS_MAX_TEMPLATE);
    }
    ids[(*n)++] = (int32_t)json_integer_value(id);
    return GS_OK;
}

static enum gs_status no_template_yet(const struct gs_post_processor *post_processor,
                                      struct gs_error *err)
{
    return post_processor->n_before + post_processor->n_after == 0
               ? GS_OK
               : gs_fail(err, GS_BAD_FORMAT, "post_processor adds tokens twice");
}

static enum gs_status add_trim(const json_t *json, const char *where,
                               struct gs_post_processor *post_processor, struct gs_error *err)
{
    struct gs_trim trim = {.after_template =
                               post_processor->n_before + post_processor->n_after > 0};
    bool wanted = true;

    if (!json_is_boolean(json_object_get(json, "trim_offsets")) ||
        !json_is_boolean(json_object_get(json, "add_prefix_space"))) {
        return gs_fail(err, GS_BAD_FORMAT, "%s has no \"trim_offsets\" or no \"add_prefix_space\"",
                       where);
    }
    wanted = json_is_true(json_object_get(json, "trim_offsets"));
    trim.prefix_space = json_is_true(json_object_get(json, "add_prefix_space"));
    if (wanted && post_processor->n_trims == GS_MAX_TRIMS) {
        return gs_fail(err, GS_BAD_FORMAT, "post_processor trims more than %d times", GS_MAX_TRIMS);
    }
    if (wanted) {
        post_processor->trims[post_processor->n_trims++] = trim;
    }
    return GS_OK;
}

/* BertProcessing and RobertaProcessing: ["[SEP]", 102]. */
static enum gs_status read_pair(const json_t *json, const char *where, const char *key,
                                int32_t *ids, size_t *n, struct gs_error *err)
{
    const json_t *pair = json_object_get(json, key);

    if (!json_is_array(pair) || json_array_size(pair) != 2 ||
        !json_is_string(json_array_get(pair, 0))) {
        return gs_fail(err, GS_BAD_FORMAT, "%s: \"%s\" is not a token and its id", where, key);
    }
    return put(ids, n, json_array_get(pair, 1), err);
}

static enum gs_status read_processing(const json_t *json, bool roberta,
                                      struct gs_post_processor *post_processor,
                                      struct gs_error *err)
{
    static const char *const bert_keys[] = {"type", "sep", "cls", NULL};
    static const char *const roberta_keys[] = {
        "type", "sep", "cls", "trim_offsets", "add_prefix_space", NULL};
    const char *where =
        roberta ? "post_processor RobertaProcessing" : "post_processor BertProcessing";

    enum gs_status status = gs_json_only(json, where, roberta ? roberta_keys : bert_keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = no_template_yet(post_processor, err);
    if (status != GS_OK) {
        return status;
    }
    if (roberta) {
        status = add_trim(json, where, post_processor, err);
        if (status != GS_OK) {
            return status;
        }
    }
    status = read_pair(json, where, "cls", post_processor->before, &post_processor->n_before, err);
    if (status != GS_OK) {
        return status;
    }
    return read_pair(json, where, "sep", post_processor->after, &post_processor->n_after, err);
}

static enum gs_status read_byte_level(const json_t *json, struct gs_post_processor *post_processor,
                                      struct gs_error *err)
{
    static const char *const keys[] = {"type", "add_prefix_space", "trim_offsets", "use_regex",
                                       NULL};
    const enum gs_status status = gs_json_only(json, "post_processor ByteLevel", keys, err);

    return status == GS_OK ? add_trim(json, "post_processor ByteLevel", post_processor, err)
                           : status;
}

/* The ids of a template's special token, on the side that the text has not come to yet. */
static enum gs_status add_special(const json_t *piece, const json_t *tokens, bool after,
                                  struct gs_post_processor *post_processor, struct gs_error *err)
{
    const char *name = json_string_value(json_object_get(piece, "id"));
    const json_t *token = name == NULL ? NULL : json_object_get(tokens, name);
    const json_t *ids = json_object_get(token, "ids");
    char shown[GS_JSON_SHOWN];

    if (!json_is_array(ids)) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "post_processor TemplateProcessing has no ids for the token %s",
                       gs_json_shown(json_object_get(piece, "id"), shown));
    }
    for (size_t i = 0; i < json_array_size(ids); i++) {
        const enum gs_status status =
            put(after ? post_processor->after : post_processor->before,
                after ? &post_processor->n_after : &post_processor->n_before,
                json_array_get(ids, i), err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

static enum gs_status read_template(const json_t *json, struct gs_post_processor *post_processor,
                                    struct gs_error *err)
{
    static const char *const keys[] = {"type", "single", "pair", "special_tokens", NULL};
    const json_t *single = json_object_get(json, "single");
    size_t n_texts = 0;

    enum gs_status status = gs_json_only(json, "post_processor TemplateProcessing", keys, err);
    if (status != GS_OK) {
        return status;
    }
    status = no_template_yet(post_processor, err);
    for (size_t i = 0; i < json_array_size(single) && status == GS_OK; i++) {
        const json_t *piece = json_array_get(single, i);
        const json_t *text = json_object_get(piece, "Sequence");
        const json_t *special = json_object_get(piece, "SpecialToken");
        const char *id = json_string_value(json_object_get(text, "id"));
        if (special != NULL && json_object_size(piece) == 1) {
            status = add_special(special, json_object_get(json, "special_tokens"), n_texts > 0,
                                 post_processor, err);
        } else if (id != NULL && strcmp(id, "A") == 0 && json_object_size(piece) == 1) {
            n_texts++;
        } else {
            status = gs_fail(err, GS_BAD_FORMAT,
                             "post_processor TemplateProcessing: \"single\" has a part that is "
                             "not supported");
        }
    }
    if (status == GS_OK && n_texts != 1) {
        status = gs_fail(err, GS_BAD_FORMAT,
                         "post_processor TemplateProcessing: \"single\" does not have the text "
                         "exactly once");
    }
    return status;
}

static enum gs_status read_step(const json_t *json, struct gs_post_processor *post_processor,
                                struct gs_error *err)
{
    const char *type = gs_json_type(json);
    char shown[GS_JSON_SHOWN];

    if (strcmp(type, "TemplateProcessing") == 0) {
        return read_template(json, post_processor, err);
    }
    if (strcmp(type, "BertProcessing") == 0) {
        return read_processing(json, false, post_processor, err);
    }
    if (strcmp(type, "RobertaProcessing") == 0) {
        return read_processing(json, true, post_processor, err);
    }
    if (strcmp(type, "ByteLevel") == 0) {
        return read_byte_level(json, post_processor, err);
    }
    return gs_fail(err, GS_BAD_FORMAT, "post_processor %s is not supported",
                   gs_json_shown(json_object_get(json, "type"), shown));
}

enum gs_status gs_post_processor_read(const json_t *json, struct gs_post_processor *post_processor,
                                      struct gs_error *err)
{
    static const char *const keys[] = {"type", "processors", NULL};

    if (json == NULL || json_is_null(json)) {
        return GS_OK;
    }
    if (strcmp(gs_json_type(json), "Sequence") != 0) {
        return read_step(json, post_processor, err);
    }
    const json_t *steps = json_object_get(json, "processors");
    enum gs_status status = gs_json_only(json, "post_processor Sequence", keys, err);
    if (status == GS_OK && !json_is_array(steps)) {
        status = gs_fail(err, GS_BAD_FORMAT, "post_processor Sequence has no list of processors");
    }
    for (size_t i = 0; i < json_array_size(steps) && status == GS_OK; i++) {
        status = read_step(json_array_get(steps, i), post_processor, err);
    }
    return status;
}

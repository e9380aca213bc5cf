#include "ingest/records/decode.h"
#include "base/utf8.h"

#include <stdlib.h>

static const char *const field_names[GS_N_FIELDS] = {"id",   "ts",  "source", "title",
                                                     "text", "url", "lang",   "author"};

enum { ALL_FIELDS = (1 << GS_N_FIELDS) - 1 };

/* ---- making ---- */

enum gs_status gs_decoder_new(const struct gs_decode_options *options, struct gs_decoder **ret,
                              struct gs_error *err)
{
    const char *const texts[GS_N_FIELDS] = {options->id,    options->ts,    options->source,
                                            options->title, options->text,  options->url,
                                            options->lang,  options->author};
    enum gs_status status = GS_OK;

    struct gs_decoder *decoder = calloc(1, sizeof *decoder);
    if (decoder == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "decoder");
    }
    decoder->options = (struct gs_decode_options){
        .plain_text = options->plain_text,
        .keep_extra = options->keep_extra,
        .reject_bad_utf8 = options->reject_bad_utf8,
        .max_record_bytes = options->max_record_bytes,
        .max_future_ms = options->max_future_ms,
    };
    for (size_t f = 0; f < GS_N_FIELDS && status == GS_OK; f++) {
        if (texts[f] != NULL) {
            status = gs_pointer_parse(field_names[f], texts[f], &decoder->pointers[f], err);
        }
    }
    if (status == GS_OK && options->default_source != NULL) {
        const size_t size = strlen(options->default_source) + 1;
        decoder->default_source = malloc(size);
        if (decoder->default_source == NULL) {
            status = gs_fail(err, GS_NO_MEMORY, "decoder");
            goto done;
        }
        memcpy(decoder->default_source, options->default_source, size);
    }
    if (status == GS_OK) {
        *ret = decoder;
        decoder = NULL;
    }

done:
    gs_decoder_free(decoder);
    return status;
}

void gs_decoder_free(struct gs_decoder *decoder)
{
    if (decoder == NULL) {
        return;
    }
    for (size_t f = 0; f < GS_N_FIELDS; f++) {
        gs_pointer_done(&decoder->pointers[f]);
    }
    free(decoder->default_source);
    free(decoder);
}

/* ---- walking the record ---- */

static enum gs_reject reject_json(const struct gs_json *json, struct gs_error *err)
{
    static const enum gs_reject rejects[] = {
        [GS_JSON_FINE] = GS_REJECT_BAD_JSON,     [GS_JSON_SYNTAX] = GS_REJECT_BAD_JSON,
        [GS_JSON_TOO_DEEP] = GS_REJECT_TOO_DEEP, [GS_JSON_SURROGATE] = GS_REJECT_BAD_UTF8,
        [GS_JSON_MEMORY] = GS_REJECT_TOO_LARGE,
    };

    (void)gs_fail(err, GS_BAD_FORMAT, "byte %zu: %s", (size_t)(json->at - json->start), json->why);
    return rejects[json->problem];
}

/* Which of the fields in `among` go through this member or element of the innermost container. */
static unsigned fields_through(const struct gs_decoder *decoder, const struct gs_json *json,
                               unsigned among, struct gs_str key)
{
    const struct gs_json_frame *frame = &json->frames[json->depth];
    const size_t level = json->depth - 1;
    unsigned through = 0;

    for (unsigned f = 0; f < GS_N_FIELDS; f++) {
        const struct gs_pointer *pointer = &decoder->pointers[f];
        if ((among >> f & 1) == 0 || pointer->n_tokens <= level) {
            continue;
        }
        const struct gs_pointer_token *token = &pointer->tokens[level];
        if (frame->is_object ? gs_str_equal(token->name, key) : token->index == frame->n - 1) {
            through |= 1U << f;
        }
    }
    return through;
}

/* Those of `fields` whose pointer ends at this depth. */
static unsigned fields_ending(const struct gs_decoder *decoder, unsigned fields, unsigned depth)
{
    unsigned ending = 0;

    for (unsigned f = 0; f < GS_N_FIELDS; f++) {
        if ((fields >> f & 1) != 0 && decoder->pointers[f].n_tokens == depth) {
            ending |= 1U << f;
        }
    }
    return ending;
}

static void keep_value(struct gs_found *found, unsigned fields, const struct gs_json_value *value)
{
    if (value->type == GS_JSON_NULL) {
        return;
    }
    for (unsigned f = 0; f < GS_N_FIELDS; f++) {
        if ((fields >> f & 1) == 0) {
            continue;
        }
        const bool number =
            value->type == GS_JSON_INTEGER || (value->type == GS_JSON_REAL && f == GS_FIELD_TS);
        if (value->type == GS_JSON_STRING || (number && (f == GS_FIELD_ID || f == GS_FIELD_TS))) {
            found->values[f] = *value;
            found->present |= 1U << f;
        } else {
            found->wrong_type |= 1U << f;
        }
    }
}

static bool keep_unknown(struct gs_found *found, struct gs_arena *arena, struct gs_str member)
{
    if (found->n_unknown == found->max_unknown) {
        const size_t max = 2 * found->max_unknown;
        struct gs_str *more = gs_arena_take(arena, max * sizeof *more);
        if (more == NULL) {
            return false;
        }
        memcpy(more, found->unknown, found->n_unknown * sizeof *more);
        found->unknown = more;
        found->max_unknown = max;
    }
    found->unknown[found->n_unknown++] = member;
    found->unknown_bytes += member.len + 1;
    return true;
}

/* One member or element, whose key is taken. through[d]: the fields that can be below depth d. */
static bool walk_member(const struct gs_decoder *decoder, struct gs_json *json,
                        unsigned through[GS_MAX_DEPTH + 2], struct gs_str key,
                        struct gs_found *found)
{
    const unsigned depth = json->depth;
    const unsigned here = fields_through(decoder, json, through[depth], key);
    const unsigned ending = fields_ending(decoder, here, depth);
    struct gs_json_value value;

    if (here == 0) {
        return gs_json_skip(json);
    }
    if (!gs_json_value(json, &value)) {
        return false;
    }
    keep_value(found, ending, &value);
    if (value.type < GS_JSON_ARRAY) {
        return true;
    }
    through[depth + 1] = here & ~ending;
    return through[depth + 1] != 0 || gs_json_leave(json, depth);
}

/* Walks the whole text, checks all of it, keeps the fields' values. */
static bool walk(const struct gs_decoder *decoder, struct gs_json *json, struct gs_found *found)
{
    unsigned through[GS_MAX_DEPTH + 2];
    struct gs_str key = {NULL, 0};

    through[1] = ALL_FIELDS;
    while (json->depth > 0) {
        const char *before = json->at;
        if (!gs_json_next(json, &key)) {
            if (!gs_json_ok(json)) {
                return false;
            }
            continue;
        }
        const bool unknown = found->unknown != NULL && json->depth == 1 &&
                             fields_through(decoder, json, ALL_FIELDS, key) == 0;
        if (!walk_member(decoder, json, through, key, found)) {
            return false;
        }
        if (unknown) {
            before = memchr(before, '"', (size_t)(json->at - before));
            if (!keep_unknown(found, json->arena,
                              (struct gs_str){before, (size_t)(json->at - before)})) {
                json->problem = GS_JSON_MEMORY;
                json->why = "no memory left for the other fields";
                return false;
            }
        }
    }
    return gs_json_finish(json);
}

static enum gs_reject wrong_type(const struct gs_found *found, struct gs_error *err)
{
    for (unsigned f = 0; f < GS_N_FIELDS; f++) {
        if ((found->wrong_type >> f & 1) != 0) {
            (void)gs_fail(err, GS_BAD_FORMAT, "%s is not %s", field_names[f],
                          f == GS_FIELD_ID   ? "a string or an integer"
                          : f == GS_FIELD_TS ? "a string or a number"
                                             : "a string");
            break;
        }
    }
    return GS_REJECT_WRONG_TYPE;
}

static enum gs_reject decode_json(const struct gs_decoder *decoder, struct gs_str value,
                                  struct gs_arena *arena, struct gs_found *found,
                                  struct gs_error *err)
{
    struct gs_json json;
    struct gs_json_value top;

    gs_json_init(&json, value, GS_MAX_DEPTH, !decoder->options.reject_bad_utf8, arena);
    if (!gs_json_value(&json, &top)) {
        return reject_json(&json, err);
    }
    if (top.type != GS_JSON_OBJECT) {
        return gs_json_leave(&json, 0) && gs_json_finish(&json)
                   ? gs_message_refuse(GS_REJECT_NOT_OBJECT, err, "JSON, but not an object")
                   : reject_json(&json, err);
    }
    if (!walk(decoder, &json, found)) {
        return reject_json(&json, err);
    }
    if (found->wrong_type != 0) {
        return wrong_type(found, err);
    }
    return GS_REJECT_NONE;
}

enum gs_reject gs_decode(struct gs_decoder *decoder, const struct gs_record *record, int64_t now_ms,
                         struct gs_arena *arena, struct gs_message *ret, struct gs_error *err)
{
    struct gs_str spans[16];
    struct gs_found found;

    found.present = 0;
    found.wrong_type = 0;
    found.unknown = decoder->options.keep_extra ? spans : NULL;
    found.n_unknown = 0;
    found.max_unknown = GS_COUNT(spans);
    found.unknown_bytes = 0;
    if (record->value.bytes == NULL) {
        return gs_message_refuse(GS_REJECT_NULL_VALUE, err, "the record has no value");
    }
    if (record->value.len > decoder->options.max_record_bytes) {
        (void)gs_fail(err, GS_BAD_FORMAT, "more than %zu bytes", decoder->options.max_record_bytes);
        return GS_REJECT_TOO_LARGE;
    }
    const size_t good = gs_utf8_check(record->value);
    found.valid = good == record->value.len;
    if (!found.valid && decoder->options.reject_bad_utf8) {
        (void)gs_fail(err, GS_BAD_FORMAT, "byte %zu is not UTF-8", good);
        return GS_REJECT_BAD_UTF8;
    }
    if (decoder->options.plain_text) {
        found.values[GS_FIELD_TEXT] = (struct gs_json_value){GS_JSON_STRING, record->value};
        found.present = 1U << GS_FIELD_TEXT;
    } else {
        const enum gs_reject why = decode_json(decoder, record->value, arena, &found, err);
        if (why != GS_REJECT_NONE) {
            return why;
        }
    }
    return gs_message_make(decoder, record, &found, now_ms, arena, ret, err);
}

/* Finds the fields of a message in a raw record: one pass over its JSON, driven by JSON pointers.
 *
 * The parser walks the whole record, since all of it has to be valid, and builds no tree. At each
 * member or element a set of bits says which pointers still lead this way:
 *
 *     pointers   ts = /meta/time     text = /body     entities = /meta/tickers
 *
 *     {                       through[1] = ts text entities
 *       "meta": {             through[2] = ts entities
 *         "time": "…",        ts ends here: its value is kept
 *         "tickers": [ … ]    entities end here; elements of a list are names as well
 *       },
 *       "body": "…",          text ends here
 *       "other": { … }        no pointer leads here: checked and skipped, kept as extra where asked
 *     }
 *
 * Values are borrowed from the record or the arena; message.c makes the message of them. Every way
 * to fail has a code (enum gs_reject), under which the record goes to the dead letters. */
#include "ingest/records/decode.h"
#include "ingest/base/utf8.h"

#include <assert.h>
#include <stdlib.h>

static const char *const field_names[GS_N_FIELDS] = {"id",   "ts",  "source", "title",
                                                     "text", "url", "lang",   "author"};

static const char *name_of(unsigned f)
{
    return f < GS_N_FIELDS ? field_names[f] : "entities";
}

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
        .time_required = options->time_required,
    };
    assert(options->n_entities <= GS_MAX_ENTITY_POINTERS);
    decoder->n_pointers = GS_N_FIELDS + (unsigned)options->n_entities;
    for (unsigned f = 0; f < decoder->n_pointers && status == GS_OK; f++) {
        const char *text = f < GS_N_FIELDS ? texts[f] : options->entities[f - GS_N_FIELDS];
        if (text != NULL) {
            status = gs_pointer_parse(name_of(f), text, &decoder->pointers[f], err);
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
    for (size_t f = 0; f < GS_N_POINTERS; f++) {
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
        [GS_JSON_MEMORY] = GS_REJECT_TOO_LARGE,  [GS_JSON_TWICE] = GS_REJECT_BAD_JSON,
    };

    const bool starved = json->problem == GS_JSON_MEMORY && gs_arena_starved(json->arena);

    (void)gs_fail(err, starved ? GS_NO_MEMORY : GS_BAD_FORMAT, "byte %zu: %s",
                  (size_t)(json->at - json->start), json->why);
    return rejects[json->problem];
}

/* The fields in `among` whose pointers go through this member or element of the innermost
 * container. */
static unsigned fields_through(const struct gs_decoder *decoder, const struct gs_json *json,
                               unsigned among, struct gs_str key)
{
    const struct gs_json_frame *frame = &json->frames[json->depth];
    const size_t level = json->depth - 1;
    unsigned through = 0;

    for (unsigned f = 0; f < decoder->n_pointers; f++) {
        const struct gs_pointer *pointer = &decoder->pointers[f];
        if ((among >> f & 1) == 0) {
            continue;
        }
        if (pointer->n_tokens <= level) { /* it ended above, at a list whose elements are names */
            through |=
                f >= GS_N_FIELDS && pointer->n_tokens == level && !frame->is_object ? 1U << f : 0;
            continue;
        }
        const struct gs_pointer_token *token = &pointer->tokens[level];
        if (frame->is_object ? gs_str_equal(token->name, key) : token->index == frame->n - 1) {
            through |= 1U << f;
        }
    }
    return through;
}

/* Those of `fields` whose pointer ends at this depth, or just above at a list of names. */
static unsigned fields_ending(const struct gs_decoder *decoder, unsigned fields, unsigned depth)
{
    unsigned ending = 0;

    for (unsigned f = 0; f < decoder->n_pointers; f++) {
        if ((fields >> f & 1) != 0 && decoder->pointers[f].n_tokens <= depth) {
            ending |= 1U << f;
        }
    }
    return ending;
}

/* A name of an entity, or the list of them that begins here. False without memory. */
static bool keep_named(struct gs_found *found, unsigned f, const struct gs_json_value *value,
                       bool in_list, struct gs_arena *arena)
{
    if (value->type != GS_JSON_STRING && value->type != GS_JSON_INTEGER) {
        found->wrong_type |= value->type == GS_JSON_ARRAY && !in_list ? 0 : 1U << f;
        return true;
    }
    if (found->named == NULL) {
        found->named = gs_arena_alloc(arena, GS_MAX_NAMED * sizeof *found->named);
    }
    if (found->named != NULL && found->n_named < GS_MAX_NAMED) {
        found->named[found->n_named++] = value->text;
    }
    return found->named != NULL;
}

static void keep_fields(struct gs_found *found, unsigned fields, const struct gs_json_value *value)
{
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

/* The value that the pointers `fields` end at, at this depth. False without memory. */
static bool keep_value(const struct gs_decoder *decoder, struct gs_found *found, unsigned fields,
                       unsigned depth, const struct gs_json_value *value, struct gs_arena *arena)
{
    if (value->type == GS_JSON_NULL) {
        return true;
    }
    keep_fields(found, fields, value);
    for (unsigned f = GS_N_FIELDS; f < decoder->n_pointers; f++) {
        if ((fields >> f & 1) != 0 &&
            !keep_named(found, f, value, decoder->pointers[f].n_tokens < depth, arena)) {
            return false;
        }
    }
    return true;
}

static bool no_memory(struct gs_json *json, const char *why)
{
    json->problem = GS_JSON_MEMORY;
    json->why = why;
    return false;
}

static bool keep_unknown(struct gs_found *found, struct gs_arena *arena, struct gs_str member)
{
    if (found->n_unknown == found->max_unknown) {
        const size_t max = 2 * found->max_unknown;
        struct gs_str *more = gs_arena_alloc(arena, max * sizeof *more);
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
    if (!keep_value(decoder, found, ending, depth, &value, json->arena)) {
        return no_memory(json, "no memory left for the names of entities");
    }
    if (value.type < GS_JSON_ARRAY) {
        return true;
    }
    through[depth + 1] = here & ~ending;
    if (value.type == GS_JSON_ARRAY) { /* its elements may be names */
        through[depth + 1] |= ending & ~0U << GS_N_FIELDS;
    }
    return through[depth + 1] != 0 || gs_json_leave(json, depth);
}

/* Walks the whole text, checks all of it, keeps the fields' values. */
static bool walk(const struct gs_decoder *decoder, struct gs_json *json, struct gs_found *found)
{
    unsigned through[GS_MAX_DEPTH + 2];
    struct gs_str key = {NULL, 0};

    through[1] = ~0U;
    while (json->depth > 0) {
        const char *before = json->at;
        if (!gs_json_next(json, &key)) {
            if (!gs_json_ok(json)) {
                return false;
            }
            continue;
        }
        const bool unknown = found->unknown != NULL && json->depth == 1 &&
                             fields_through(decoder, json, ~0U, key) == 0;
        if (!walk_member(decoder, json, through, key, found)) {
            return false;
        }
        if (unknown) {
            before = memchr(before, '"', (size_t)(json->at - before));
            if (!keep_unknown(found, json->arena,
                              (struct gs_str){before, (size_t)(json->at - before)})) {
                return no_memory(json, "no memory left for the other fields");
            }
        }
    }
    return gs_json_finish(json);
}

static enum gs_reject wrong_type(const struct gs_found *found, struct gs_error *err)
{
    for (unsigned f = 0; f < GS_N_POINTERS; f++) {
        if ((found->wrong_type >> f & 1) != 0) {
            (void)gs_fail(err, GS_BAD_FORMAT, "%s is not %s", name_of(f),
                          f == GS_FIELD_ID   ? "a string or an integer"
                          : f == GS_FIELD_TS ? "a string or a number"
                          : f < GS_N_FIELDS  ? "a string"
                                             : "a string, an integer, or a list of them");
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

/* A byte order mark before a value is not part of it (RFC 8259 section 8.1). */
static struct gs_str without_mark(struct gs_str value)
{
    return value.len >= 3 && memcmp(value.bytes, "\xEF\xBB\xBF", 3) == 0
               ? (struct gs_str){value.bytes + 3, value.len - 3}
               : value;
}

enum gs_reject gs_decode(struct gs_decoder *decoder, const struct gs_record *record, int64_t now_ms,
                         struct gs_arena *arena, struct gs_message *ret, struct gs_error *err)
{
    const struct gs_str value = without_mark(record->value);
    struct gs_str spans[16];
    struct gs_found found;

    found.present = 0;
    found.wrong_type = 0;
    found.named = NULL;
    found.n_named = 0;
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
    const size_t good = gs_utf8_check(value);
    found.valid = good == value.len;
    if (!found.valid && decoder->options.reject_bad_utf8) {
        (void)gs_fail(err, GS_BAD_FORMAT, "byte %zu is not UTF-8", good);
        return GS_REJECT_BAD_UTF8;
    }
    if (decoder->options.plain_text) {
        found.values[GS_FIELD_TEXT] = (struct gs_json_value){GS_JSON_STRING, value};
        found.present = 1U << GS_FIELD_TEXT;
    } else {
        const enum gs_reject why = decode_json(decoder, value, arena, &found, err);
        if (why != GS_REJECT_NONE) {
            return why;
        }
    }
    return gs_message_make(decoder, record, &found, now_ms, arena, ret, err);
}

#include "base/utf8.h"
#include "ingest/records/json.h"
#include "ingest/records/pointer.h"
#include "ingest/records/record.h"

#include <stdlib.h>
#include <xxhash.h>

enum field { ID, TS, SOURCE, TITLE, TEXT, URL, LANG, AUTHOR, N_FIELDS };

static const char *const field_names[N_FIELDS] = {"id",   "ts",  "source", "title",
                                                  "text", "url", "lang",   "author"};

enum { ALL_FIELDS = (1 << N_FIELDS) - 1 };

static const int64_t earliest_ms = 631152000000; /* 1990-01-01 */

struct gs_decoder {
    struct gs_decode_options options; /* the plain values; its strings are NULL */
    struct gs_pointer pointers[N_FIELDS];
    char *default_source;
};

/* What one record gave. */
struct found {
    struct gs_json_value values[N_FIELDS];
    unsigned present;       /* bits of fields that are there and not null */
    unsigned wrong_type;    /* bits */
    struct gs_str *unknown; /* spans of members, key to value; NULL when extra is not kept */
    size_t n_unknown, max_unknown;
    size_t unknown_bytes;
};

/* ---- making ---- */

enum gs_status gs_decoder_new(const struct gs_decode_options *options, struct gs_decoder **ret,
                              struct gs_error *err)
{
    const char *const texts[N_FIELDS] = {options->id,    options->ts,    options->source,
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
    for (size_t f = 0; f < N_FIELDS && status == GS_OK; f++) {
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
    for (size_t f = 0; f < N_FIELDS; f++) {
        gs_pointer_done(&decoder->pointers[f]);
    }
    free(decoder->default_source);
    free(decoder);
}

/* ---- walking the record ---- */

static enum gs_reject reject(enum gs_reject why, struct gs_error *err, const char *message)
{
    (void)gs_fail(err, GS_BAD_FORMAT, "%s", message);
    return why;
}

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

    for (unsigned f = 0; f < N_FIELDS; f++) {
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

    for (unsigned f = 0; f < N_FIELDS; f++) {
        if ((fields >> f & 1) != 0 && decoder->pointers[f].n_tokens == depth) {
            ending |= 1U << f;
        }
    }
    return ending;
}

static void keep_value(struct found *found, unsigned fields, const struct gs_json_value *value)
{
    if (value->type == GS_JSON_NULL) {
        return;
    }
    for (unsigned f = 0; f < N_FIELDS; f++) {
        if ((fields >> f & 1) == 0) {
            continue;
        }
        const bool number =
            value->type == GS_JSON_INTEGER || (value->type == GS_JSON_REAL && f == TS);
        if (value->type == GS_JSON_STRING || (number && (f == ID || f == TS))) {
            found->values[f] = *value;
            found->present |= 1U << f;
        } else {
            found->wrong_type |= 1U << f;
        }
    }
}

static bool keep_unknown(struct found *found, struct gs_arena *arena, struct gs_str member)
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
                        unsigned through[GS_MAX_DEPTH + 2], struct gs_str key, struct found *found)
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
static bool walk(const struct gs_decoder *decoder, struct gs_json *json, struct found *found)
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

/* ---- the message ---- */

/* The object of the unknown members. Bytes that are not UTF-8 grow to three. */
static bool make_extra(const struct found *found, bool valid, struct gs_arena *arena,
                       struct gs_str *ret)
{
    char *out = NULL;
    size_t n = 0;

    if (found->n_unknown == 0) {
        return true;
    }
    out = gs_arena_take(arena, (valid ? 1 : 3) * found->unknown_bytes + 2);
    if (out == NULL) {
        return false;
    }
    for (size_t i = 0; i < found->n_unknown; i++) {
        out[n++] = i == 0 ? '{' : ',';
        n += gs_json_compact(found->unknown[i], out + n);
    }
    out[n++] = '}';
    *ret = (struct gs_str){out, n};
    return true;
}

/* The field as valid UTF-8; {NULL, 0} when absent or empty. False without memory. */
static bool clean_field(const struct found *found, enum field f, bool valid, struct gs_arena *arena,
                        struct gs_str *ret)
{
    const struct gs_str text = found->values[f].text;

    *ret = (struct gs_str){NULL, 0};
    if ((found->present >> f & 1) == 0 || text.len == 0) {
        return true;
    }
    if (valid || gs_utf8_check(text) == text.len) {
        *ret = text;
        return true;
    }
    char *copy = gs_arena_take(arena, 3 * text.len);
    if (copy == NULL) {
        return false;
    }
    *ret = (struct gs_str){copy, gs_utf8_repair(text, copy)};
    return true;
}

static struct gs_str raw_field(const struct found *found, enum field f)
{
    const struct gs_str text = found->values[f].text;

    return (found->present >> f & 1) != 0 && text.len > 0 ? text : (struct gs_str){NULL, 0};
}

/* A traceparent as W3C Trace Context 1 section 3.2 has it; anything else is not passed on. */
static struct gs_str traceparent(const struct gs_record *record)
{
    static const char shape[] = "hh-hhhhhhhhhhhhhhhhhhhhhhhhhhhhhhhh-hhhhhhhhhhhhhhhh-hh";

    for (size_t i = 0; i < record->n_headers; i++) {
        const struct gs_str value = record->headers[i].value;
        if (!gs_str_equal(record->headers[i].name, gs_str("traceparent")) ||
            value.len != sizeof shape - 1) {
            continue;
        }
        size_t k = 0;
        while (k < value.len &&
               (shape[k] == '-' ? value.bytes[k] == '-'
                                : memchr("0123456789abcdef", value.bytes[k], 16) != NULL)) {
            k++;
        }
        if (k == value.len) {
            return value;
        }
    }
    return (struct gs_str){NULL, 0};
}

/* The configured name, or the topic's or file's. */
static struct gs_str fallback_source(const struct gs_decoder *decoder,
                                     const struct gs_record *record)
{
    struct gs_str name = record->topic;

    if (decoder->default_source != NULL && decoder->default_source[0] != '\0') {
        return gs_str(decoder->default_source);
    }
    if (gs_str_equal(name, gs_str("-"))) {
        return gs_str("stdin");
    }
    for (size_t i = name.len; i > 0; i--) {
        if (name.bytes[i - 1] == '/') {
            name = (struct gs_str){name.bytes + i, name.len - i};
            break;
        }
    }
    if (name.len == 0 || name.len > GS_MAX_SOURCE || gs_utf8_check(name) != name.len) {
        return gs_str("unknown");
    }
    return name;
}

/* The event time, and whether it belongs to the message or its record rather than to the clock. */
static enum gs_reject event_time(const struct gs_decoder *decoder, const struct gs_record *record,
                                 const struct found *found, int64_t now_ms,
                                 struct gs_message *message, bool *ret_own, struct gs_error *err)
{
    const int64_t latest_ms = now_ms + decoder->options.max_future_ms;

    if ((found->present >> TS & 1) == 0) {
        *ret_own = record->timestamp_ms >= earliest_ms && record->timestamp_ms <= latest_ms;
        message->ts_ms = *ret_own ? record->timestamp_ms : now_ms;
        return GS_REJECT_NONE;
    }
    if (gs_time_parse(found->values[TS].text, &message->ts_ms, err) != GS_OK) {
        return GS_REJECT_BAD_TIME;
    }
    if (message->ts_ms > latest_ms) {
        (void)gs_fail(err, GS_BAD_FORMAT, "its time is %lld s in the future",
                      (long long)((message->ts_ms - now_ms) / 1000));
        return GS_REJECT_FUTURE_TIME;
    }
    if (message->ts_ms < earliest_ms) {
        return reject(GS_REJECT_ANCIENT_TIME, err, "its time is before 1990");
    }
    *ret_own = true;
    return GS_REJECT_NONE;
}

static bool make_id(const struct gs_record *record, bool own_time, struct gs_arena *arena,
                    struct gs_message *message)
{
    static const char hex[] = "0123456789abcdef";
    const int64_t time[2] = {message->ts_ms, 0};
    const int64_t place[2] = {record->offset, record->partition};
    uint64_t hash = XXH3_64bits(message->source.bytes, message->source.len);
    char *id = gs_arena_take(arena, 16);

    if (id == NULL) {
        return false;
    }
    hash = XXH3_64bits_withSeed(own_time ? time : place, sizeof time, hash);
    hash = XXH3_64bits_withSeed(message->title.bytes, message->title.len, hash);
    hash = XXH3_64bits_withSeed(message->text.bytes, message->text.len, hash);
    for (int i = 15; i >= 0; i--) {
        id[i] = hex[hash & 15];
        hash >>= 4;
    }
    message->id = (struct gs_str){id, 16};
    return true;
}

static enum gs_reject finish(const struct gs_decoder *decoder, const struct gs_record *record,
                             const struct found *found, int64_t now_ms, struct gs_arena *arena,
                             struct gs_message *message, struct gs_error *err)
{
    bool own_time = false;

    message->title = raw_field(found, TITLE);
    message->text = raw_field(found, TEXT);
    if (message->title.len == 0 && message->text.len == 0) {
        return reject(GS_REJECT_NO_TEXT, err, "neither a title nor a text");
    }
    if (message->source.len == 0) {
        message->source = fallback_source(decoder, record);
    }
    if (message->source.len > GS_MAX_SOURCE) {
        return reject(GS_REJECT_TOO_LARGE, err, "a source of more than 256 bytes");
    }
    if (message->id.len > GS_MAX_ID) {
        return reject(GS_REJECT_TOO_LARGE, err, "an id of more than 512 bytes");
    }
    const enum gs_reject why = event_time(decoder, record, found, now_ms, message, &own_time, err);
    if (why != GS_REJECT_NONE) {
        return why;
    }
    message->traceparent = traceparent(record);
    if (message->id.len == 0 && !make_id(record, own_time, arena, message)) {
        return reject(GS_REJECT_TOO_LARGE, err, "no memory left for the message");
    }
    return GS_REJECT_NONE;
}

static enum gs_reject wrong_type(const struct found *found, struct gs_error *err)
{
    for (unsigned f = 0; f < N_FIELDS; f++) {
        if ((found->wrong_type >> f & 1) != 0) {
            (void)gs_fail(err, GS_BAD_FORMAT, "%s is not %s", field_names[f],
                          f == ID   ? "a string or an integer"
                          : f == TS ? "a string or a number"
                                    : "a string");
            break;
        }
    }
    return GS_REJECT_WRONG_TYPE;
}

static enum gs_reject decode_json(const struct gs_decoder *decoder, struct gs_str value, bool valid,
                                  struct gs_arena *arena, struct found *found,
                                  struct gs_message *message, struct gs_error *err)
{
    struct gs_json json;
    struct gs_json_value top;

    gs_json_init(&json, value, GS_MAX_DEPTH, !decoder->options.reject_bad_utf8, arena);
    if (!gs_json_value(&json, &top)) {
        return reject_json(&json, err);
    }
    if (top.type != GS_JSON_OBJECT) {
        return gs_json_leave(&json, 0) && gs_json_finish(&json)
                   ? reject(GS_REJECT_NOT_OBJECT, err, "JSON, but not an object")
                   : reject_json(&json, err);
    }
    if (!walk(decoder, &json, found)) {
        return reject_json(&json, err);
    }
    if (found->wrong_type != 0) {
        return wrong_type(found, err);
    }
    if (!clean_field(found, ID, valid, arena, &message->id) ||
        !clean_field(found, SOURCE, valid, arena, &message->source) ||
        !clean_field(found, URL, valid, arena, &message->url) ||
        !clean_field(found, LANG, valid, arena, &message->lang) ||
        !clean_field(found, AUTHOR, valid, arena, &message->author) ||
        !make_extra(found, valid, arena, &message->extra)) {
        return reject(GS_REJECT_TOO_LARGE, err, "no memory left for the message");
    }
    return GS_REJECT_NONE;
}

enum gs_reject gs_decode(struct gs_decoder *decoder, const struct gs_record *record, int64_t now_ms,
                         struct gs_arena *arena, struct gs_message *ret, struct gs_error *err)
{
    struct gs_message message = {0};
    struct gs_str spans[16];
    struct found found;

    found.present = 0;
    found.wrong_type = 0;
    found.unknown = decoder->options.keep_extra ? spans : NULL;
    found.n_unknown = 0;
    found.max_unknown = GS_COUNT(spans);
    found.unknown_bytes = 0;
    if (record->value.bytes == NULL) {
        return reject(GS_REJECT_NULL_VALUE, err, "the record has no value");
    }
    if (record->value.len > decoder->options.max_record_bytes) {
        (void)gs_fail(err, GS_BAD_FORMAT, "more than %zu bytes", decoder->options.max_record_bytes);
        return GS_REJECT_TOO_LARGE;
    }
    const size_t good = gs_utf8_check(record->value);
    const bool valid = good == record->value.len;
    if (!valid && decoder->options.reject_bad_utf8) {
        (void)gs_fail(err, GS_BAD_FORMAT, "byte %zu is not UTF-8", good);
        return GS_REJECT_BAD_UTF8;
    }
    if (decoder->options.plain_text) {
        found.values[TEXT] = (struct gs_json_value){GS_JSON_STRING, record->value};
        found.present = 1U << TEXT;
    } else {
        const enum gs_reject why =
            decode_json(decoder, record->value, valid, arena, &found, &message, err);
        if (why != GS_REJECT_NONE) {
            return why;
        }
    }
    const enum gs_reject why = finish(decoder, record, &found, now_ms, arena, &message, err);
    if (why == GS_REJECT_NONE) {
        *ret = message;
    }
    return why;
}

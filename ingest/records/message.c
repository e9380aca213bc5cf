/* Makes a message of the fields that were found in a record: repairs, defaults, limits, the event
 * time and the id.
 *
 * Ids, sources, urls, languages and authors become valid UTF-8 without NUL. Title and text stay as
 * they are: cleaning repairs them, and needs the original bytes to see how they were broken.
 *
 * A message without a source gets the configured one, or the name of its topic or file. One without
 * a time gets its record's, else the clock's. One without an id gets a hash of source, title, text
 * and time, or of its position in the input where it has no time of its own, so that a record that
 * is read again has the same id again. */
#include "ingest/base/utf8.h"
#include "ingest/records/decode.h"

#include <xxhash.h>

static const int64_t earliest_ms = 631152000000; /* 1990-01-01 */

/* The object of the unknown members. Bytes that are not UTF-8 grow to three. */
static bool make_extra(const struct gs_found *found, struct gs_arena *arena, struct gs_str *ret)
{
    char *out = NULL;
    size_t n = 0;

    if (found->n_unknown == 0) {
        return true;
    }
    out = gs_arena_alloc(arena, (found->valid ? 1 : 3) * found->unknown_bytes + 2);
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

/* A copy in which each NUL is U+FFFD; out holds 3 * text.len bytes. */
static struct gs_str without_nul(struct gs_str text, char *out)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len; i++) {
        if (text.bytes[i] == '\0') {
            n += gs_utf8_encode(0xFFFD, out + n);
        } else {
            out[n++] = text.bytes[i];
        }
    }
    return (struct gs_str){out, n};
}

/* The field as valid UTF-8 without NUL, since ids and sources become keys, labels and file lines
 * that some reader takes for a C string; {NULL, 0} when absent or empty. False without memory. */
static bool clean_field(const struct gs_found *found, enum gs_field f, struct gs_arena *arena,
                        struct gs_str *ret)
{
    const struct gs_str text = found->values[f].text;

    *ret = (struct gs_str){NULL, 0};
    if ((found->present >> f & 1) == 0 || text.len == 0) {
        return true;
    }
    const bool valid = found->valid || gs_utf8_check(text) == text.len;
    const bool nul = memchr(text.bytes, '\0', text.len) != NULL;
    if (valid && !nul) {
        *ret = text;
        return true;
    }
    char *copy = gs_arena_alloc(arena, 3 * text.len);
    if (copy == NULL) {
        return false;
    }
    *ret = (struct gs_str){copy, gs_utf8_repair(text, copy)};
    if (nul) {
        copy = gs_arena_alloc(arena, 3 * ret->len);
        *ret = copy == NULL ? (struct gs_str){NULL, 0} : without_nul(*ret, copy);
    }
    return copy != NULL;
}

static struct gs_str raw_field(const struct gs_found *found, enum gs_field f)
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
                                : (value.bytes[k] >= '0' && value.bytes[k] <= '9') ||
                                      (value.bytes[k] >= 'a' && value.bytes[k] <= 'f'))) {
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
                                 const struct gs_found *found, int64_t now_ms,
                                 struct gs_message *message, bool *ret_own, struct gs_error *err)
{
    /* A backlog is read long after it was written: what a message may claim is bounded by its
     * record's own time where that is known, not by the clock alone. */
    const bool dated = record->timestamp_ms >= earliest_ms && record->timestamp_ms < now_ms;
    const int64_t written_ms = dated ? record->timestamp_ms : now_ms;
    const int64_t latest_ms = now_ms + decoder->options.max_future_ms;

    if ((found->present >> GS_FIELD_TS & 1) == 0 || found->values[GS_FIELD_TS].text.len == 0) {
        if (decoder->options.time_required && record->timestamp_ms < 0) {
            return gs_message_refuse(GS_REJECT_BAD_TIME, err,
                                     "it has no time, and kept data has no clock");
        }
        *ret_own = record->timestamp_ms >= earliest_ms && record->timestamp_ms <= latest_ms;
        message->ts_ms = *ret_own ? record->timestamp_ms : now_ms;
        return GS_REJECT_NONE;
    }
    if (gs_time_parse(found->values[GS_FIELD_TS].text, &message->ts_ms, err) != GS_OK) {
        return GS_REJECT_BAD_TIME;
    }
    if (message->ts_ms > written_ms + decoder->options.max_future_ms) {
        (void)gs_fail(err, GS_BAD_FORMAT, "its time is %lld s %s",
                      (long long)((message->ts_ms - written_ms) / 1000),
                      dated ? "ahead of its record's" : "in the future");
        return GS_REJECT_FUTURE_TIME;
    }
    if (message->ts_ms < earliest_ms) {
        return gs_message_refuse(GS_REJECT_ANCIENT_TIME, err, "its time is before 1990");
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
    char *id = gs_arena_alloc(arena, 16);

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

/* The fields as they will be seen: valid UTF-8 but for title and text. False without memory. */
static bool set_fields(const struct gs_found *found, struct gs_arena *arena,
                       struct gs_message *message)
{
    message->title = raw_field(found, GS_FIELD_TITLE);
    message->text = raw_field(found, GS_FIELD_TEXT);
    message->named = found->named;
    message->n_named = found->n_named;
    return clean_field(found, GS_FIELD_ID, arena, &message->id) &&
           clean_field(found, GS_FIELD_SOURCE, arena, &message->source) &&
           clean_field(found, GS_FIELD_URL, arena, &message->url) &&
           clean_field(found, GS_FIELD_LANG, arena, &message->lang) &&
           clean_field(found, GS_FIELD_AUTHOR, arena, &message->author) &&
           make_extra(found, arena, &message->extra);
}

static enum gs_reject no_room(const struct gs_arena *arena, struct gs_error *err)
{
    (void)gs_fail(err, gs_arena_starved(arena) ? GS_NO_MEMORY : GS_BAD_FORMAT,
                  "no memory left for the message");
    return GS_REJECT_TOO_LARGE;
}

enum gs_reject gs_message_make(const struct gs_decoder *decoder, const struct gs_record *record,
                               const struct gs_found *found, int64_t now_ms, struct gs_arena *arena,
                               struct gs_message *ret, struct gs_error *err)
{
    struct gs_message made = {0};
    struct gs_message *message = &made;
    bool own_time = false;

    if (!set_fields(found, arena, message)) {
        return no_room(arena, err);
    }
    if (message->title.len == 0 && message->text.len == 0) {
        return gs_message_refuse(GS_REJECT_NO_TEXT, err, "neither a title nor a text");
    }
    if (message->source.len == 0) {
        message->source = fallback_source(decoder, record);
    }
    if (message->source.len > GS_MAX_SOURCE) {
        return gs_message_refuse(GS_REJECT_TOO_LARGE, err, "a source of more than 256 bytes");
    }
    if (message->id.len > GS_MAX_ID) {
        return gs_message_refuse(GS_REJECT_TOO_LARGE, err, "an id of more than 512 bytes");
    }
    const enum gs_reject why = event_time(decoder, record, found, now_ms, message, &own_time, err);
    if (why != GS_REJECT_NONE) {
        return why;
    }
    message->traceparent = traceparent(record);
    if (message->id.len == 0 && !make_id(record, own_time, arena, message)) {
        return no_room(arena, err);
    }
    *ret = made;
    return GS_REJECT_NONE;
}

/* Helpers of the codecs of our own records: 64-bit hashes as hexadecimal text, opening and closing
 * a record, and values that must be of one type.
 *
 * A reader is a chain of gs_codec_read_…() calls. Each returns false and stops the parser with a
 * reason when the value is not what is expected; from then on every call fails, so a reader returns
 * at once and gs_codec_close() turns the reason and its position into the error. */
#include "ingest/records/codec.h"

#include "ingest/base/utf8.h"

void gs_codec_put_hash(struct gs_buf *out, uint64_t hash)
{
    static const char hex[] = "0123456789abcdef";
    char text[18];

    text[0] = '"';
    text[17] = '"';
    for (int i = 16; i > 0; i--) {
        text[i] = hex[hash & 15];
        hash >>= 4;
    }
    gs_buf_put(out, (struct gs_str){text, sizeof text});
}

bool gs_codec_hash(struct gs_str text, uint64_t *ret)
{
    uint64_t value = 0;

    if (text.len != 16) {
        return false;
    }
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.bytes[i];
        if (c >= '0' && c <= '9') {
            value = value << 4 | (uint64_t)(c - '0');
        } else if (c >= 'a' && c <= 'f') {
            value = value << 4 | (uint64_t)(c - 'a' + 10);
        } else {
            return false;
        }
    }
    *ret = value;
    return true;
}

enum gs_status gs_codec_open(struct gs_str text, struct gs_arena *arena, struct gs_json *json,
                             struct gs_error *err)
{
    const struct gs_str copy = gs_arena_copy(arena, text);

    if (copy.bytes == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory left for a record of %zu bytes", text.len);
    }
    const size_t good = gs_utf8_check(copy);
    if (good != copy.len) {
        return gs_fail(err, GS_BAD_FORMAT, "byte %zu is not UTF-8", good);
    }
    gs_json_init(json, copy, GS_CODEC_MAX_DEPTH, false, arena);
    if (!gs_codec_enter(json, GS_JSON_OBJECT, "not an object")) {
        return gs_codec_close(json, err);
    }
    return GS_OK;
}

enum gs_status gs_codec_close(struct gs_json *json, struct gs_error *err)
{
    if (gs_json_finish(json)) {
        return GS_OK;
    }
    return gs_fail(err, json->problem == GS_JSON_MEMORY ? GS_NO_MEMORY : GS_BAD_FORMAT,
                   "byte %zu: %s", (size_t)(json->at - json->start), json->why);
}

bool gs_codec_refuse(struct gs_json *json, const char *why)
{
    if (gs_json_ok(json)) {
        json->problem = GS_JSON_SYNTAX;
        json->why = why;
    }
    return false;
}

bool gs_codec_read_str(struct gs_json *json, struct gs_str *ret, const char *why)
{
    struct gs_json_value value;

    if (!gs_json_value(json, &value)) {
        return false;
    }
    if (value.type != GS_JSON_STRING) {
        return gs_codec_refuse(json, why);
    }
    *ret = value.text;
    return true;
}

bool gs_codec_read_int(struct gs_json *json, int64_t *ret, const char *why)
{
    struct gs_json_value value;

    if (!gs_json_value(json, &value)) {
        return false;
    }
    if (value.type != GS_JSON_INTEGER || !gs_json_integer(value.text, ret)) {
        return gs_codec_refuse(json, why);
    }
    return true;
}

bool gs_codec_read_bool(struct gs_json *json, bool *ret, const char *why)
{
    struct gs_json_value value;

    if (!gs_json_value(json, &value)) {
        return false;
    }
    if (value.type != GS_JSON_TRUE && value.type != GS_JSON_FALSE) {
        return gs_codec_refuse(json, why);
    }
    *ret = value.type == GS_JSON_TRUE;
    return true;
}

/* "0.91" and the like without strtod(): both the digits and the power are exact in a double, so
 * the quotient is the correctly rounded one. False for any other form. */
static bool short_fraction(struct gs_str digits, double *ret)
{
    uint64_t n = 0;
    double scale = 1;

    if (digits.len < 3 || digits.len > 17 || digits.bytes[0] != '0' || digits.bytes[1] != '.') {
        return false;
    }
    for (size_t i = 2; i < digits.len; i++) {
        if (digits.bytes[i] < '0' || digits.bytes[i] > '9') {
            return false;
        }
        n = n * 10 + (uint64_t)(digits.bytes[i] - '0');
        scale *= 10;
    }
    *ret = (double)n / scale;
    return true;
}

bool gs_codec_read_probability(struct gs_json *json, float *ret, const char *why)
{
    struct gs_json_value value;
    double p = 0;

    if (!gs_json_value(json, &value)) {
        return false;
    }
    if (value.type != GS_JSON_INTEGER && value.type != GS_JSON_REAL) {
        return gs_codec_refuse(json, why);
    }
    if (!short_fraction(value.text, &p)) {
        p = gs_json_number(value.text);
    }
    if (!(p >= 0 && p <= 1)) {
        return gs_codec_refuse(json, why);
    }
    *ret = (float)p;
    return true;
}

bool gs_codec_enter(struct gs_json *json, enum gs_json_type type, const char *why)
{
    struct gs_json_value value;

    if (!gs_json_value(json, &value)) {
        return false;
    }
    return value.type == type || gs_codec_refuse(json, why);
}

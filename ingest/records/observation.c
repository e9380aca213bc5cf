/* Observations as JSON, written and read: one line of the observations topic.
 *
 * The members that are known are checked for their type, and those with a bound for their length.
 * Unknown ones are passed over, so that a later version may add some. Texts that are read are
 * borrowed from the arena. */
#include "ingest/records/codec.h"
#include "ingest/records/record.h"

#include <assert.h>

/* The bytes of an outline as they go out: bands from their high byte on, then cells. */
enum { OUTLINE_BYTES = 4 * GS_OUTLINE_BANDS + GS_OUTLINE_CELL_BYTES };

static void put_outline(const struct gs_outline *outline, struct gs_buf *out)
{
    static const char hex[] = "0123456789abcdef";
    unsigned char bytes[OUTLINE_BYTES];
    char text[2 * OUTLINE_BYTES + 2];

    for (size_t i = 0; i < 4 * (size_t)GS_OUTLINE_BANDS; i++) {
        bytes[i] = (unsigned char)(outline->bands[i / 4] >> (24 - 8 * (i % 4)));
    }
    memcpy(bytes + 4 * (size_t)GS_OUTLINE_BANDS, outline->cells, GS_OUTLINE_CELL_BYTES);
    for (size_t i = 0; i < OUTLINE_BYTES; i++) {
        text[1 + 2 * i] = hex[bytes[i] >> 4];
        text[2 + 2 * i] = hex[bytes[i] & 15];
    }
    text[0] = '"';
    text[sizeof text - 1] = '"';
    gs_buf_put(out, (struct gs_str){text, sizeof text});
}

void gs_observation_encode(const struct gs_observation *observation, struct gs_buf *out)
{
    assert(observation->key.len > 0 && observation->key.len <= GS_MAX_KEY);
    assert(observation->excerpt.len <= GS_MAX_EXCERPT);
    assert(observation->url.len <= GS_MAX_URL);
    assert(observation->name.len <= GS_MAX_NAME);
    assert(observation->tier <= 9);
    assert(observation->p_negative >= 0 && observation->p_negative <= 1);
    GS_CODEC_PUT(out, "{\"v\":1,\"key\":");
    gs_buf_json_str(out, observation->key);
    if (observation->name.len > 0) {
        GS_CODEC_PUT(out, ",\"name\":");
        gs_buf_json_str(out, observation->name);
    }
    if (observation->tier != 0) {
        GS_CODEC_PUT(out, ",\"tier\":");
        gs_buf_json_int(out, observation->tier);
    }
    GS_CODEC_PUT(out, ",\"id\":");
    gs_buf_json_str(out, observation->id);
    GS_CODEC_PUT(out, ",\"ts\":");
    gs_buf_json_int(out, observation->ts_ms);
    GS_CODEC_PUT(out, ",\"source\":");
    gs_buf_json_str(out, observation->source);
    GS_CODEC_PUT(out, ",\"p\":");
    gs_buf_json_float(out, (float)observation->p_negative);
    if (observation->story != 0) {
        GS_CODEC_PUT(out, ",\"dup\":");
        gs_codec_put_hash(out, observation->story);
    }
    if (!gs_outline_is_empty(&observation->outline)) {
        GS_CODEC_PUT(out, ",\"outline\":");
        put_outline(&observation->outline, out);
    }
    if (observation->excerpt.bytes != NULL) {
        GS_CODEC_PUT(out, ",\"text\":");
        gs_buf_json_str(out, observation->excerpt);
    }
    if (observation->url.bytes != NULL) {
        GS_CODEC_PUT(out, ",\"url\":");
        gs_buf_json_str(out, observation->url);
    }
    gs_buf_putc(out, '}');
}

/* Bits of the members that were there. */
enum { HAS_V = 1, HAS_KEY = 2, HAS_ID = 4, HAS_TS = 8, HAS_SOURCE = 16, HAS_P = 32, NEEDED = 63 };

static bool read_version(struct gs_json *json)
{
    int64_t version = 0;

    return gs_codec_read_int(json, &version, "v is not an integer") &&
           (version == 1 || gs_codec_refuse(json, "a version that is not 1"));
}

static bool read_tier(struct gs_json *json, uint8_t *ret)
{
    int64_t tier = 0;

    if (!gs_codec_read_int(json, &tier, "tier is not an integer") ||
        ((tier < 1 || tier > 9) && !gs_codec_refuse(json, "tier is not from 1 to 9"))) {
        return false;
    }
    *ret = (uint8_t)tier;
    return true;
}

static bool read_dup(struct gs_json *json, uint64_t *ret)
{
    struct gs_str text;

    return gs_codec_read_str(json, &text, "dup is not a string") &&
           ((gs_codec_hash(text, ret) && *ret != 0) ||
            gs_codec_refuse(json, "dup is not 16 hexadecimal digits"));
}

static bool read_outline(struct gs_json *json, struct gs_outline *ret)
{
    uint64_t words[OUTLINE_BYTES / 8];
    struct gs_str text;

    if (!gs_codec_read_str(json, &text, "outline is not a string")) {
        return false;
    }
    bool good = text.len == 2 * (size_t)OUTLINE_BYTES;
    for (size_t i = 0; i < GS_COUNT(words) && good; i++) {
        good = gs_codec_hash((struct gs_str){text.bytes + 16 * i, 16}, &words[i]);
    }
    if (!good) {
        return gs_codec_refuse(json, "outline is not 160 hexadecimal digits");
    }
    for (size_t i = 0; i < GS_OUTLINE_BANDS; i++) {
        ret->bands[i] = (uint32_t)(words[i / 2] >> (i % 2 == 0 ? 32 : 0));
    }
    for (size_t i = 0; i < GS_OUTLINE_CELL_BYTES; i++) {
        const uint64_t word = words[GS_OUTLINE_BANDS / 2 + i / 8];
        ret->cells[i] = (uint8_t)(word >> (56 - 8 * (i % 8)));
    }
    return true;
}

/* One member, whose key is taken. */
static bool read_member(struct gs_json *json, struct gs_str key, struct gs_observation *o,
                        unsigned *has)
{
    if (GS_CODEC_IS(key, "key")) {
        *has |= HAS_KEY;
        return gs_codec_read_str(json, &o->key, "key is not a string") &&
               ((o->key.len > 0 && o->key.len <= GS_MAX_KEY) ||
                gs_codec_refuse(json, "key is empty or longer than 192 bytes")) &&
               (memchr(o->key.bytes, '\0', o->key.len) == NULL ||
                gs_codec_refuse(json, "a NUL in key"));
    }
    if (GS_CODEC_IS(key, "id")) {
        *has |= HAS_ID;
        return gs_codec_read_str(json, &o->id, "id is not a string");
    }
    if (GS_CODEC_IS(key, "ts")) {
        *has |= HAS_TS;
        return gs_codec_read_int(json, &o->ts_ms, "ts is not an integer");
    }
    if (GS_CODEC_IS(key, "source")) {
        *has |= HAS_SOURCE;
        return gs_codec_read_str(json, &o->source, "source is not a string");
    }
    if (GS_CODEC_IS(key, "p")) {
        float p = 0;
        *has |= HAS_P;
        if (!gs_codec_read_probability(json, &p, "p is not a number from 0 to 1")) {
            return false;
        }
        o->p_negative = (double)p;
        return true;
    }
    if (GS_CODEC_IS(key, "name")) {
        return gs_codec_read_str(json, &o->name, "name is not a string") &&
               (o->name.len <= GS_MAX_NAME ||
                gs_codec_refuse(json, "name is longer than 96 bytes"));
    }
    if (GS_CODEC_IS(key, "tier")) {
        return read_tier(json, &o->tier);
    }
    if (GS_CODEC_IS(key, "dup")) {
        return read_dup(json, &o->story);
    }
    if (GS_CODEC_IS(key, "outline")) {
        return read_outline(json, &o->outline);
    }
    if (GS_CODEC_IS(key, "text")) {
        return gs_codec_read_str(json, &o->excerpt, "text is not a string") &&
               (o->excerpt.len <= GS_MAX_EXCERPT ||
                gs_codec_refuse(json, "text is longer than 200 bytes"));
    }
    if (GS_CODEC_IS(key, "url")) {
        return gs_codec_read_str(json, &o->url, "url is not a string") &&
               (o->url.len <= GS_MAX_URL || gs_codec_refuse(json, "url is longer than 1024 bytes"));
    }
    if (GS_CODEC_IS(key, "v")) {
        *has |= HAS_V;
        return read_version(json);
    }
    return gs_json_skip(json);
}

enum gs_status gs_observation_decode(struct gs_str text, struct gs_arena *arena,
                                     struct gs_observation *ret, struct gs_error *err)
{
    struct gs_observation observation = {0};
    struct gs_json json;
    struct gs_str key;
    unsigned has = 0;

    enum gs_status status = gs_codec_open(text, arena, &json, err);
    if (status != GS_OK) {
        return status;
    }
    while (gs_json_next(&json, &key)) {
        if (!read_member(&json, key, &observation, &has)) {
            break;
        }
    }
    status = gs_codec_close(&json, err);
    if (status != GS_OK) {
        return status;
    }
    if (has != NEEDED) {
        return gs_fail(err, GS_BAD_FORMAT, "one of v, key, id, ts, source and p is missing");
    }
    *ret = observation;
    return GS_OK;
}

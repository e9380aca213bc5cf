/* Reads tagged messages back, for the commands that take them as input and for the tests that hold
 * writer and reader together.
 *
 * It is strict about the members that it knows (types, ranges, mentions that lie inside their
 * text), since those who use them do not check again, and passes over unknown ones. The parts that
 * are lists or nested objects are read by tagged_members.c. */
#include "ingest/records/codec.h"
#include "ingest/records/tagged_internal.h"

static bool read_dup(struct gs_json *json, struct gs_tagged *tagged)
{
    struct gs_str key;
    struct gs_str group;
    int64_t copy = 0;

    if (!gs_codec_enter(json, GS_JSON_OBJECT, "dup is not an object")) {
        return false;
    }
    while (gs_json_next(json, &key)) {
        bool ok = false;
        if (GS_CODEC_IS(key, "group")) {
            ok = gs_codec_read_str(json, &group, "dup.group is not a string") &&
                 (gs_codec_hash(group, &tagged->story) ||
                  gs_codec_refuse(json, "dup.group is not 16 hexadecimal digits"));
        } else if (GS_CODEC_IS(key, "copy")) {
            ok = gs_codec_read_int(json, &copy, "dup.copy is not an integer") &&
                 ((copy >= 0 && copy <= UINT32_MAX) ||
                  gs_codec_refuse(json, "dup.copy is out of range"));
        } else {
            ok = gs_json_skip(json);
        }
        if (!ok) {
            return false;
        }
    }
    tagged->copy = (uint32_t)copy;
    return gs_json_ok(json);
}

static bool read_model(struct gs_json *json, struct gs_tagged *tagged)
{
    static const char why[] = "a part of model is not a string";
    struct gs_str key;

    if (!gs_codec_enter(json, GS_JSON_OBJECT, "model is not an object")) {
        return false;
    }
    while (gs_json_next(json, &key)) {
        struct gs_str *to = GS_CODEC_IS(key, "name")      ? &tagged->model_name
                            : GS_CODEC_IS(key, "version") ? &tagged->model_version
                            : GS_CODEC_IS(key, "sha256")  ? &tagged->model_sha256
                                                          : NULL;
        if (!(to != NULL ? gs_codec_read_str(json, to, why) : gs_json_skip(json))) {
            return false;
        }
    }
    return gs_json_ok(json);
}

static bool read_time(struct gs_json *json, int64_t *ret_ms)
{
    struct gs_str text;

    return gs_codec_read_str(json, &text, "ts is not a string") &&
           (gs_time_parse(text, ret_ms, NULL) == GS_OK ||
            gs_codec_refuse(json, "ts is not a time"));
}

static bool read_lang(struct gs_json *json, enum gs_lang *ret)
{
    struct gs_str name;

    if (!gs_codec_read_str(json, &name, "lang is not a string")) {
        return false;
    }
    for (unsigned lang = 0; lang < GS_N_LANGS; lang++) {
        if (gs_str_equal(name, gs_str(gs_lang_name((enum gs_lang)lang)))) {
            *ret = (enum gs_lang)lang;
            return true;
        }
    }
    return gs_codec_refuse(json, "a lang that we do not write");
}

/* A tier that outlives the record: the name is a C string in struct gs_tagged. */
static bool read_tier(struct gs_json *json, const char **ret)
{
    struct gs_str name;

    if (!gs_codec_read_str(json, &name, "tier is not a string")) {
        return false;
    }
    for (unsigned i = 0; i < GS_N_PREDICTION_TIERS; i++) {
        const char *tier = gs_prediction_tier_name((enum gs_prediction_tier)i);
        if (gs_str_equal(name, gs_str(tier))) {
            *ret = tier;
            return true;
        }
    }
    return gs_codec_refuse(json, "a tier that we do not write");
}

/* The object as it stands. */
static bool read_extra(struct gs_json *json, struct gs_str *ret)
{
    const unsigned depth = json->depth;
    const char *start = NULL;

    if (!gs_codec_enter(json, GS_JSON_OBJECT, "extra is not an object")) {
        return false;
    }
    start = json->at - 1;
    if (!gs_json_leave(json, depth)) {
        return false;
    }
    *ret = (struct gs_str){start, (size_t)(json->at - start)};
    return true;
}

/* Bits of the members that must be there. */
enum {
    HAS_V = 1,
    HAS_ID = 2,
    HAS_TS = 4,
    HAS_SOURCE = 8,
    HAS_LANG = 16,
    HAS_SENTIMENT = 32,
    NEEDED = 63
};

struct reading {
    struct gs_tagged *tagged;
    struct gs_message *message;
    unsigned has;
};

static bool read_version(struct gs_json *json)
{
    int64_t version = 0;

    return gs_codec_read_int(json, &version, "v is not an integer") &&
           (version == 1 || gs_codec_refuse(json, "a version that is not 1"));
}

/* A member that is a plain string; NULL for any other key. */
static struct gs_str *string_member(const struct reading *r, struct gs_str key)
{
    const struct {
        struct gs_str name;
        struct gs_str *to;
    } rows[] = {
        {{"id", 2}, &r->message->id},
        {{"source", 6}, &r->message->source},
        {{"title", 5}, &r->tagged->title},
        {{"text", 4}, &r->tagged->text},
        {{"url", 3}, &r->message->url},
        {{"author", 6}, &r->message->author},
        {{"traceparent", 11}, &r->message->traceparent},
    };

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        if (gs_str_equal(key, rows[i].name)) {
            return rows[i].to;
        }
    }
    return NULL;
}

static bool read_rest(struct gs_json *json, struct gs_str key, struct gs_tagged *tagged)
{
    if (GS_CODEC_IS(key, "topics")) {
        return gs_codec_read_labels(json, tagged->topics, &tagged->n_topics);
    }
    if (GS_CODEC_IS(key, "risks")) {
        return gs_codec_read_labels(json, tagged->risks, &tagged->n_risks);
    }
    if (GS_CODEC_IS(key, "entities")) {
        return gs_codec_read_entities(json, tagged);
    }
    if (GS_CODEC_IS(key, "dup")) {
        return read_dup(json, tagged);
    }
    if (GS_CODEC_IS(key, "tier")) {
        return read_tier(json, &tagged->tier);
    }
    if (GS_CODEC_IS(key, "confidence")) {
        return gs_codec_read_probability(json, &tagged->confidence,
                                         "confidence is not a number from 0 to 1");
    }
    if (GS_CODEC_IS(key, "degraded")) {
        return gs_codec_read_bool(json, &tagged->degraded, "degraded is not true or false");
    }
    if (GS_CODEC_IS(key, "abstained")) {
        return gs_codec_read_bool(json, &tagged->abstained, "abstained is not true or false");
    }
    if (GS_CODEC_IS(key, "no_sentiment")) {
        return gs_codec_read_bool(json, &tagged->no_sentiment, "no_sentiment is not true or false");
    }
    return GS_CODEC_IS(key, "model") ? read_model(json, tagged) : gs_json_skip(json);
}

static bool read_member(struct gs_json *json, struct gs_str key, struct reading *r)
{
    struct gs_str *to = string_member(r, key);

    if (to != NULL) {
        r->has |= to == &r->message->id ? HAS_ID : to == &r->message->source ? HAS_SOURCE : 0;
        return gs_codec_read_str(json, to, "a text field is not a string");
    }
    if (GS_CODEC_IS(key, "v")) {
        r->has |= HAS_V;
        return read_version(json);
    }
    if (GS_CODEC_IS(key, "ts")) {
        r->has |= HAS_TS;
        return read_time(json, &r->message->ts_ms);
    }
    if (GS_CODEC_IS(key, "lang")) {
        r->has |= HAS_LANG;
        return read_lang(json, &r->tagged->lang);
    }
    if (GS_CODEC_IS(key, "sentiment")) {
        r->has |= HAS_SENTIMENT;
        return gs_codec_read_sentiment(json, r->tagged->sentiment);
    }
    if (GS_CODEC_IS(key, "extra")) {
        return read_extra(json, &r->message->extra);
    }
    return read_rest(json, key, r->tagged);
}

/* True when each mention lies in the text it names: later stages cut it out without a check. */
static bool mentions_fit(const struct gs_tagged *tagged)
{
    for (size_t i = 0; i < tagged->n_entities; i++) {
        const struct gs_entity_mention *entity = &tagged->entities[i];
        if (entity->in_field) {
            continue; /* it has no span */
        }
        const size_t len = entity->in_title ? tagged->title.len : tagged->text.len;
        if (entity->start > entity->end || entity->end > len) {
            return false;
        }
    }
    return true;
}

enum gs_status gs_tagged_decode(struct gs_str text, struct gs_arena *arena, struct gs_tagged *ret,
                                struct gs_error *err)
{
    struct gs_json json;
    struct gs_str key;

    enum gs_status status = gs_codec_open(text, arena, &json, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_message *message = gs_arena_alloc(arena, sizeof *message);
    struct gs_tagged *tagged = gs_arena_alloc(arena, sizeof *tagged);
    if (message == NULL || tagged == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "no memory left for a tagged record");
    }
    *message = (struct gs_message){0};
    *tagged = (struct gs_tagged){.message = message};
    struct reading reading = {tagged, message, 0};
    while (gs_json_next(&json, &key)) {
        if (!read_member(&json, key, &reading)) {
            break;
        }
    }
    status = gs_codec_close(&json, err);
    if (status != GS_OK) {
        return status;
    }
    if (reading.has != NEEDED) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "one of v, id, ts, source, lang and sentiment.p is missing");
    }
    if (!mentions_fit(tagged)) {
        return gs_fail(err, GS_BAD_FORMAT, "an entity is outside its text");
    }
    message->title = tagged->title;
    message->text = tagged->text;
    *ret = *tagged;
    return GS_OK;
}

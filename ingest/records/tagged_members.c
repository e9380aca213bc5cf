/* Reads the parts of a tagged message that are lists or nested objects: topics and risks,
 * sentiment, entities.
 *
 * There is a function for each, and all have one form: enter the container, look at each member's
 * key, take the value or skip it, and check at the end that everything needed was there. */
#include "ingest/records/tagged_internal.h"

static bool read_label(struct gs_json *json, struct gs_scored_label *ret)
{
    struct gs_str key;
    unsigned has = 0;

    if (!gs_codec_enter(json, GS_JSON_OBJECT, "a label that is not an object")) {
        return false;
    }
    while (gs_json_next(json, &key)) {
        bool ok = false;
        if (GS_CODEC_IS(key, "label")) {
            has |= 1;
            ok = gs_codec_read_str(json, &ret->label, "label is not a string");
        } else if (GS_CODEC_IS(key, "p")) {
            has |= 2;
            ok = gs_codec_read_probability(json, &ret->p, "p is not a number from 0 to 1");
        } else {
            ok = gs_json_skip(json);
        }
        if (!ok) {
            return false;
        }
    }
    return gs_json_ok(json) && (has == 3 || gs_codec_refuse(json, "a label without label or p"));
}

bool gs_codec_read_labels(struct gs_json *json, struct gs_scored_label *labels, size_t *ret_n)
{
    if (!gs_codec_enter(json, GS_JSON_ARRAY, "topics or risks are not an array")) {
        return false;
    }
    while (gs_json_next(json, NULL)) {
        if (*ret_n == GS_MAX_TAGS) {
            return gs_codec_refuse(json, "more than 32 topics or risks");
        }
        if (!read_label(json, &labels[(*ret_n)++])) {
            return false;
        }
    }
    return gs_json_ok(json);
}

/* The three probabilities; whatever else the object holds follows from them. */
static bool read_probabilities(struct gs_json *json, float p[3])
{
    static const char why[] = "a probability is not a number from 0 to 1";
    struct gs_str key;
    unsigned has = 0;

    if (!gs_codec_enter(json, GS_JSON_OBJECT, "sentiment.p is not an object")) {
        return false;
    }
    while (gs_json_next(json, &key)) {
        const size_t i = GS_CODEC_IS(key, "negative")   ? 0
                         : GS_CODEC_IS(key, "neutral")  ? 1
                         : GS_CODEC_IS(key, "positive") ? 2
                                                        : 3;
        has |= 1U << i;
        if (!(i < 3 ? gs_codec_read_probability(json, &p[i], why) : gs_json_skip(json))) {
            return false;
        }
    }
    return gs_json_ok(json) &&
           ((has & 7) == 7 || gs_codec_refuse(json, "sentiment.p is incomplete"));
}

bool gs_codec_read_sentiment(struct gs_json *json, float p[3])
{
    struct gs_str key;
    bool has_p = false;

    if (!gs_codec_enter(json, GS_JSON_OBJECT, "sentiment is not an object")) {
        return false;
    }
    while (gs_json_next(json, &key)) {
        const bool is_p = GS_CODEC_IS(key, "p");
        has_p = has_p || is_p;
        if (!(is_p ? read_probabilities(json, p) : gs_json_skip(json))) {
            return false;
        }
    }
    return gs_json_ok(json) && (has_p || gs_codec_refuse(json, "sentiment without p"));
}

static bool read_place(struct gs_json *json, size_t *ret)
{
    static const char why[] = "start or end is not a position";
    int64_t value = 0;

    if (!gs_codec_read_int(json, &value, why) || value < 0) {
        return gs_codec_refuse(json, why);
    }
    *ret = (size_t)value;
    return true;
}

static bool read_entity_member(struct gs_json *json, struct gs_str key,
                               struct gs_entity_mention *ret, unsigned *has)
{
    struct gs_str in;

    if (GS_CODEC_IS(key, "id")) {
        *has |= 1;
        return gs_codec_read_str(json, &ret->id, "an entity's id is not a string");
    }
    if (GS_CODEC_IS(key, "name")) {
        return gs_codec_read_str(json, &ret->name, "an entity's name is not a string");
    }
    if (GS_CODEC_IS(key, "in")) {
        if (!gs_codec_read_str(json, &in, "in is not a string")) {
            return false;
        }
        ret->in_title = GS_CODEC_IS(in, "title");
        ret->in_field = GS_CODEC_IS(in, "field");
        return ret->in_title || ret->in_field || GS_CODEC_IS(in, "text") ||
               gs_codec_refuse(json, "in is neither title, text nor field");
    }
    if (GS_CODEC_IS(key, "start")) {
        *has |= 2;
        return read_place(json, &ret->start);
    }
    if (GS_CODEC_IS(key, "end")) {
        *has |= 4;
        return read_place(json, &ret->end);
    }
    if (GS_CODEC_IS(key, "sentiment")) {
        ret->has_own = true; /* or the message's, said again: the same numbers */
        return gs_codec_read_sentiment(json, ret->sentiment);
    }
    return gs_json_skip(json);
}

bool gs_codec_read_entities(struct gs_json *json, struct gs_tagged *tagged)
{
    struct gs_str key;

    if (!gs_codec_enter(json, GS_JSON_ARRAY, "entities are not an array")) {
        return false;
    }
    while (gs_json_next(json, NULL)) {
        unsigned has = 0;
        if (tagged->n_entities == GS_MAX_MENTIONS) {
            return gs_codec_refuse(json, "more than 32 entities");
        }
        struct gs_entity_mention *entity = &tagged->entities[tagged->n_entities++];
        if (!gs_codec_enter(json, GS_JSON_OBJECT, "an entity that is not an object")) {
            return false;
        }
        while (gs_json_next(json, &key)) {
            if (!read_entity_member(json, key, entity, &has)) {
                return false;
            }
        }
        if (gs_json_ok(json) && has != (entity->in_field ? 1U : 7U)) {
            return gs_codec_refuse(
                json, "an entity without id, start or end, or of a field and with them");
        }
    }
    return gs_json_ok(json);
}

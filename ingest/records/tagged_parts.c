#include "ingest/records/tagged_parts.h"

static bool take_label(struct gs_json *json, struct gs_scored_label *ret)
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
            ok = gs_codec_take_str(json, &ret->label, "label is not a string");
        } else if (GS_CODEC_IS(key, "p")) {
            has |= 2;
            ok = gs_codec_take_probability(json, &ret->p, "p is not a number from 0 to 1");
        } else {
            ok = gs_json_skip(json);
        }
        if (!ok) {
            return false;
        }
    }
    return gs_json_ok(json) && (has == 3 || gs_codec_refuse(json, "a label without label or p"));
}

bool gs_codec_take_labels(struct gs_json *json, struct gs_scored_label *labels, size_t *ret_n)
{
    if (!gs_codec_enter(json, GS_JSON_ARRAY, "topics or risks are not an array")) {
        return false;
    }
    while (gs_json_next(json, NULL)) {
        if (*ret_n == GS_MAX_TAGS) {
            return gs_codec_refuse(json, "more than 32 topics or risks");
        }
        if (!take_label(json, &labels[(*ret_n)++])) {
            return false;
        }
    }
    return gs_json_ok(json);
}

/* The three probabilities; whatever else the object holds follows from them. */
static bool take_probabilities(struct gs_json *json, float p[3])
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
        if (!(i < 3 ? gs_codec_take_probability(json, &p[i], why) : gs_json_skip(json))) {
            return false;
        }
    }
    return gs_json_ok(json) &&
           ((has & 7) == 7 || gs_codec_refuse(json, "sentiment.p is incomplete"));
}

bool gs_codec_take_sentiment(struct gs_json *json, float p[3])
{
    struct gs_str key;
    bool has_p = false;

    if (!gs_codec_enter(json, GS_JSON_OBJECT, "sentiment is not an object")) {
        return false;
    }
    while (gs_json_next(json, &key)) {
        const bool is_p = GS_CODEC_IS(key, "p");
        has_p = has_p || is_p;
        if (!(is_p ? take_probabilities(json, p) : gs_json_skip(json))) {
            return false;
        }
    }
    return gs_json_ok(json) && (has_p || gs_codec_refuse(json, "sentiment without p"));
}

static bool take_place(struct gs_json *json, size_t *ret)
{
    static const char why[] = "start or end is not a position";
    int64_t value = 0;

    if (!gs_codec_take_int(json, &value, why) || value < 0) {
        return gs_codec_refuse(json, why);
    }
    *ret = (size_t)value;
    return true;
}

static bool take_entity_member(struct gs_json *json, struct gs_str key,
                               struct gs_entity_mention *ret, unsigned *has)
{
    struct gs_str in;

    if (GS_CODEC_IS(key, "id")) {
        *has |= 1;
        return gs_codec_take_str(json, &ret->id, "an entity's id is not a string");
    }
    if (GS_CODEC_IS(key, "name")) {
        return gs_codec_take_str(json, &ret->name, "an entity's name is not a string");
    }
    if (GS_CODEC_IS(key, "in")) {
        if (!gs_codec_take_str(json, &in, "in is not a string")) {
            return false;
        }
        ret->in_title = GS_CODEC_IS(in, "title");
        return ret->in_title || GS_CODEC_IS(in, "text") ||
               gs_codec_refuse(json, "in is neither title nor text");
    }
    if (GS_CODEC_IS(key, "start")) {
        *has |= 2;
        return take_place(json, &ret->start);
    }
    if (GS_CODEC_IS(key, "end")) {
        *has |= 4;
        return take_place(json, &ret->end);
    }
    return gs_json_skip(json);
}

bool gs_codec_take_entities(struct gs_json *json, struct gs_tagged *tagged)
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
            if (!take_entity_member(json, key, entity, &has)) {
                return false;
            }
        }
        if (gs_json_ok(json) && has != 7) {
            return gs_codec_refuse(json, "an entity without id, start or end");
        }
    }
    return gs_json_ok(json);
}

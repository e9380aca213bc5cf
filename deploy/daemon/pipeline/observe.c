/* A message counts for each topic and risk that is sure enough, each company named (once), each grave
 * risk of a company, its source, and each topic in its language: kinds in this order, labels best
 * first. Promotion and what is
 * off topic is no opinion, and counts for nothing unless it was asked for. */
#include "deploy/daemon/pipeline/observe.h"

#include "ingest/base/utf8.h"
#include "ingest/text/story_outline.h"

#include <string.h>

/* A message that names more companies than these is a list: whose risk it tells is not known. */
enum { MAX_EVENT_ENTITIES = 3 };

enum kind { TOPIC, ENTITY, RISK, EVENT, SOURCE, TOPIC_LANG, N_KINDS };

/* A key is shown and compared as a C string in places, so that it has no NUL. */
static char *append(char *to, struct gs_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        *to++ = text.bytes[i];
        if (text.bytes[i] == '\0') {
            to[-1] = '?';
        }
    }
    return to;
}

/* "kind:name" or "kind:name/part"; a name too long for a key is cut. */
static void set_key(struct gs_observer *observer, const char *kind, struct gs_str name,
                    const char *part)
{
    const struct gs_str head = gs_str(kind);
    const struct gs_str tail = gs_str(part == NULL ? "" : part);
    char *to = append(observer->key, head);

    *to++ = ':';
    to = append(to, gs_utf8_cut(name, GS_MAX_KEY - head.len - tail.len - 2));
    if (part != NULL) {
        *to++ = '/';
        to = append(to, tail);
    }
    observer->observation.key = (struct gs_str){observer->key, (size_t)(to - observer->key)};
    observer->observation.name = (struct gs_str){NULL, 0};
    observer->observation.tier = 0;
    observer->observation.p_negative = (double)observer->tagged->sentiment[GS_NEGATIVE];
}

/* By the topic that it has most of: real news ends in a plug often enough. */
static bool is_promotion(const struct gs_tagged *tagged)
{
    return tagged->n_topics > 0 && (gs_str_equal(tagged->topics[0].label, gs_str("promotion")) ||
                                    gs_str_equal(tagged->topics[0].label, gs_str("off_topic")));
}

void gs_observer_start(struct gs_observer *observer, const struct gs_observe_options *options,
                       const struct gs_tagged *tagged)
{
    const struct gs_str shown = tagged->title.len > 0 ? tagged->title : tagged->text;

    observer->options = options;
    observer->tagged = tagged;
    /* A neutral for want of an answer would thin out the others' share. */
    const bool silent = tagged->no_sentiment || (!options->promotion && is_promotion(tagged));
    observer->kind = silent ? N_KINDS : TOPIC;
    observer->next = 0;
    observer->observation = (struct gs_observation){.id = tagged->message->id,
                                                    .ts_ms = tagged->message->ts_ms,
                                                    .source = tagged->message->source,
                                                    .p_negative = (double)tagged->sentiment[0],
                                                    .story = tagged->story,
                                                    .excerpt = gs_utf8_cut(shown, GS_MAX_EXCERPT)};
    if (!silent) {
        gs_outline(tagged->title, tagged->text, &observer->observation.outline);
    }
    if (tagged->message->url.len <= GS_MAX_URL) { /* half a link is none */
        observer->observation.url = tagged->message->url;
    }
}

/* The next label that is sure enough. */
static bool next_label(struct gs_observer *observer, const char *kind,
                       const struct gs_scored_label *labels, size_t n, const char *part)
{
    while (observer->next < n) {
        const struct gs_scored_label *label = &labels[observer->next++];
        if (label->p >= observer->options->min_topic_p) {
            set_key(observer, kind, label->label, part);
            return true;
        }
    }
    return false;
}

static bool named_before(const struct gs_tagged *tagged, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (gs_str_equal(tagged->entities[i].id, tagged->entities[j].id)) {
            return true;
        }
    }
    return false;
}

static void set_entity(struct gs_observer *observer, const struct gs_entity_mention *entity)
{
    observer->observation.p_negative =
        (double)gs_entity_sentiment(observer->tagged, entity)[GS_NEGATIVE];
    observer->observation.name = gs_utf8_cut(entity->name, GS_MAX_NAME);
    observer->observation.tier = entity->tier;
}

/* A company counts once a message, however often it is named; with the sentiment toward it where the
 * model has one, else with the message's. */
static bool next_entity(struct gs_observer *observer)
{
    const struct gs_tagged *tagged = observer->tagged;

    while (observer->next < tagged->n_entities) {
        const size_t i = observer->next++;
        if (!named_before(tagged, i)) {
            set_key(observer, "entity", tagged->entities[i].id, NULL);
            set_entity(observer, &tagged->entities[i]);
            return true;
        }
    }
    return false;
}

static size_t count_companies(const struct gs_tagged *tagged)
{
    size_t n = 0;

    for (size_t i = 0; i < tagged->n_entities; i++) {
        n += !named_before(tagged, i);
    }
    return n;
}

static bool is_grave(const struct gs_observe_options *options, const struct gs_scored_label *risk)
{
    bool listed = false;

    for (size_t i = 0; i < options->n_events && !listed; i++) {
        listed = gs_str_equal(risk->label, gs_str(options->events[i]));
    }
    return listed && risk->p >= options->min_event_p;
}

/* "risk:fraud@AAPL". An id that does not fit would be another company's. */
static bool set_event(struct gs_observer *observer, struct gs_str risk,
                      const struct gs_entity_mention *entity)
{
    set_key(observer, "risk", risk, NULL);
    char *to = observer->key + observer->observation.key.len;
    if (observer->observation.key.len + 1 + entity->id.len > GS_MAX_KEY) {
        return false;
    }
    *to++ = '@';
    to = append(to, entity->id);
    observer->observation.key.len = (size_t)(to - observer->key);
    set_entity(observer, entity);
    return true;
}

/* Each grave risk with each company: next numbers the pairs. */
static bool next_event(struct gs_observer *observer)
{
    const struct gs_tagged *tagged = observer->tagged;
    const size_t n = tagged->n_entities;

    if (observer->next == 0 && count_companies(tagged) > MAX_EVENT_ENTITIES) {
        return false;
    }
    while (observer->next < tagged->n_risks * n) {
        const size_t risk = observer->next / n;
        const size_t entity = observer->next++ % n;
        if (is_grave(observer->options, &tagged->risks[risk]) && !named_before(tagged, entity) &&
            set_event(observer, tagged->risks[risk].label, &tagged->entities[entity])) {
            return true;
        }
    }
    return false;
}

static bool next_source(struct gs_observer *observer)
{
    if (observer->next > 0 || observer->tagged->message->source.len == 0) {
        return false;
    }
    observer->next++;
    set_key(observer, "source", observer->tagged->message->source, NULL);
    return true;
}

static bool next_of_kind(struct gs_observer *observer)
{
    const struct gs_observe_options *options = observer->options;
    const struct gs_tagged *tagged = observer->tagged;

    switch ((enum kind)observer->kind) {
    case TOPIC:
        return options->topics &&
               next_label(observer, "topic", tagged->topics, tagged->n_topics, NULL);
    case ENTITY:
        return options->entities && next_entity(observer);
    case RISK:
        return options->risks && next_label(observer, "risk", tagged->risks, tagged->n_risks, NULL);
    case EVENT:
        return options->n_events > 0 && next_event(observer);
    case SOURCE:
        return options->sources && next_source(observer);
    case TOPIC_LANG:
        return options->topic_lang && next_label(observer, "topic_lang", tagged->topics,
                                                 tagged->n_topics, gs_lang_name(tagged->lang));
    case N_KINDS:
        break;
    }
    return false;
}

bool gs_observer_next(struct gs_observer *observer, const struct gs_observation **ret)
{
    for (; observer->kind < N_KINDS; observer->kind++, observer->next = 0) {
        if (next_of_kind(observer)) {
            *ret = &observer->observation;
            return true;
        }
    }
    return false;
}

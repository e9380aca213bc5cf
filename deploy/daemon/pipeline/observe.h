/* From a tagged message to what it counts for: one observation a key, in a fixed order.
 *
 *     struct gs_observer observer;
 *     gs_observer_start(&observer, &options, &tagged);
 *     while (gs_observer_next(&observer, &observation)) …
 *
 * Threads: owned by one thread. */
#ifndef GS_DEPLOY_OBSERVE_H
#define GS_DEPLOY_OBSERVE_H

#include "ingest/records/record.h"

struct gs_observe_options {
    bool topics, entities, risks, sources, topic_lang;
    bool promotion;    /* whether messages that are promotion or off topic count for anything */
    float min_topic_p; /* topics and risks below it do not count, whatever their threshold */
    /* The risks that count for the companies of their message too ("risk:fraud@AAPL"), and how sure
     * the model has to be. n_events 0: none */
    const char *const *events;
    size_t n_events;
    float min_event_p;
};

/* A walk over the keys of one message; options and message are borrowed. */
struct gs_observer {
    const struct gs_observe_options *options;
    const struct gs_tagged *tagged;
    struct gs_observation observation;
    int kind;    /* of key that comes next */
    size_t next; /* of that kind's labels */
    char key[GS_MAX_KEY];
};

void gs_observer_start(struct gs_observer *observer, const struct gs_observe_options *options,
                       const struct gs_tagged *tagged);
/* The next one, borrowed until the next call; false: there is none left. */
bool gs_observer_next(struct gs_observer *observer, const struct gs_observation **ret);

#endif

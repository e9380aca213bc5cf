/* From a tagged message to what it counts for: one observation a key. */
#ifndef GS_DEPLOY_OBSERVE_H
#define GS_DEPLOY_OBSERVE_H

#include "ingest/records/record.h"

struct gs_observe_options {
    bool topics, entities, risks, sources, topic_lang;
    float min_topic_p; /* topics and risks below it do not count, whatever their threshold */
};

/* Called once for each key, in a fixed order; a failure ends the calls and is handed on. */
typedef enum gs_status gs_observe_fn(void *arg, const struct gs_observation *observation,
                                     struct gs_error *err);

GS_MUST_CHECK
enum gs_status gs_observe(const struct gs_observe_options *options, const struct gs_tagged *tagged,
                          gs_observe_fn *see, void *arg, struct gs_error *err);

#endif

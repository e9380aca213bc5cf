/* Keys of risk events, "risk:<label>@<company>": events.c says what they are. Private to the
 * detector. */
#ifndef GS_ALERTING_EVENTS_H
#define GS_ALERTING_EVENTS_H

#include "alerting/detector/watch_internal.h"

enum {
    GS_EVENT_SHIFT = 8,  /* their excerpts are kept so many shifts longer */
    GS_OPEN_VOTES = 4096 /* stories of an open bin whose publishers are noted */
};

/* A story that an open bin of an event's key was the first to have, and who told it. */
struct gs_vote {
    struct gs_link at; /* next of the open bin */
    uint32_t story;    /* of its hash; 0: stands alone */
    uint16_t pub;
};

bool gs_key_is_event(struct gs_str key);
/* open is saved. story 0: stands alone. */
void gs_vote_add(struct gs_watch *watch, struct gs_open_bin *open, uint32_t story, uint16_t pub);
void gs_vote_drop(struct gs_watch *watch, struct gs_open_bin *open, uint32_t story);
/* Closes an open bin of an event's key. */
void gs_event_close(struct gs_watch *watch, uint32_t at);
/* Moves such a key on to a bin without messages. */
void gs_event_pass(struct gs_watch *watch, uint32_t key_at, int32_t bin);
/* What was said within the window. */
void gs_event_window(const struct gs_watch *watch, const struct gs_key *key, struct gs_hour *ret);
static inline bool gs_is_event(const struct gs_watch *watch, uint32_t key)
{
    return ((const struct gs_key *)gs_pool_at(&watch->keys, key))->event;
}

/* state_votes.c: an open bin's votes behind its fields. False: damaged, or no memory. */
void gs_votes_write(const struct gs_watch *watch, const struct gs_open_bin *open,
                    struct gs_buf *out);
struct gs_fields_in;
bool gs_votes_read(struct gs_watch *watch, struct gs_fields_in *in, struct gs_open_bin *open);

#endif

/* What was seen lately: ids, stories, and what near-copies are told by (dedupe.c). Private to alerting/. */
#ifndef GS_ALERTING_DEDUPE_H
#define GS_ALERTING_DEDUPE_H

#include "alerting/detector/place.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct gs_watch;

/* The sets: ids and stories of messages; of outlines (near.c) their bands, and the cells of those
 * that lead. */
enum gs_seen { GS_SEEN_IDS, GS_SEEN_STORIES, GS_SEEN_BANDS, GS_SEEN_LEADERS, GS_N_SEEN };
enum { GS_SEEN_WORDS = 7 }; /* at most */

/* One of them. Open addressing on the tag; entries expire by comparison, never by
 * deletion. */
struct gs_seen_set {
    uint32_t id; /* for the log */
    struct gs_place_seed seed;
    size_t words; /* uint64 an entry: 2 for ids and bands, 3 for stories, 7 for leaders */
    uint64_t *slots;
    size_t capacity, n, max_n;
    int32_t ttl; /* bins */
    bool full; /* nothing could be forgotten when the time stood at full_at: no use to look again */
    int32_t full_at;
    bool aged; /* aged_at is set */
    int32_t aged_at;
};

struct gs_story {
    int32_t bin;
    uint32_t offset_ms; /* of the message that stands for it */
    uint32_t id_hash;   /* for ties */
    uint32_t p, copies; /* copies: how many so far, at most 255 */
};
void gs_seen_set_init(struct gs_seen_set *set, uint32_t id, size_t words, size_t max_n,
                      int32_t ttl);
void gs_seen_set_done(struct gs_seen_set *set);
bool gs_ids_has(const struct gs_watch *watch, uint64_t hash);
void gs_ids_add(struct gs_watch *watch, uint64_t hash, int32_t bin);
bool gs_stories_get(const struct gs_watch *watch, uint64_t hash, struct gs_story *ret);
void gs_stories_put(struct gs_watch *watch, uint64_t hash, const struct gs_story *story);
struct gs_seen_set *gs_seen_set_of(struct gs_watch *watch, enum gs_seen which);
/* An entry of bands or leaders: the words behind its first one. */
bool gs_seen_set_get(const struct gs_watch *watch, const struct gs_seen_set *set, uint64_t hash,
                     int32_t *ret_bin, uint64_t *ret_words);
/* Soon an entry with this hash is looked for: many that lie apart are fetched together. */
void gs_seen_set_expect(const struct gs_seen_set *set, uint64_t hash);
void gs_seen_set_put(struct gs_watch *watch, struct gs_seen_set *set, uint64_t hash, int32_t bin,
                     const uint64_t *words);
/* After a commit (watch->before is what it left): drops what is old before its bin's number comes
 * round. */
void gs_seen_set_age(struct gs_watch *watch, struct gs_seen_set *set);
void gs_seen_set_undo(struct gs_seen_set *set, const void *payload);
/* The entry with this first word; NULL: none. */
const uint64_t *gs_seen_set_find(const struct gs_seen_set *set, uint64_t word);
/* Puts an entry of a state in; one that is too old goes. Not to be undone. */
void gs_seen_set_load(struct gs_watch *watch, struct gs_seen_set *set, const uint64_t *entry);

#endif

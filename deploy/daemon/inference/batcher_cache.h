/* Keeps what the encoder said of texts seen lately: retweets and wire copies are asked once.
 *
 *     text, language ─► hash ─► chain ─► entry (the whole text is compared) ─► logits
 *
 * The text itself is kept and compared, not only a hash of it: a fast hash can be made to collide
 * on purpose, and one message would then be given another's answer.
 *
 * Bounded by entries and by bytes of text; the oldest go first. All memory is taken at the start.
 *
 * Threads: owned by one thread. One model's: a new model gets a new cache. */
#ifndef GS_DEPLOY_BATCHER_CACHE_H
#define GS_DEPLOY_BATCHER_CACHE_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

struct gs_prediction_cache; /* opaque */

/* n_logits: of one answer. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_prediction_cache_new(size_t max_entries, size_t max_bytes, size_t n_logits,
                                       struct gs_prediction_cache **ret, struct gs_error *err);
void gs_prediction_cache_free(struct gs_prediction_cache *cache); /* NULL is fine */

uint64_t gs_prediction_hash(struct gs_str text, size_t lang);

/* The logits [n_logits], good until the next put; NULL: not there. hash: gs_prediction_hash(). */
const float *gs_prediction_cache_find(const struct gs_prediction_cache *cache, uint64_t hash,
                                      struct gs_str text, size_t lang);

/* Puts in an answer that is not there. Returns how many old ones had to go. A text of more than a
 * sixteenth of max_bytes is not kept. */
size_t gs_prediction_cache_put(struct gs_prediction_cache *cache, uint64_t hash, struct gs_str text,
                               size_t lang, const float *logits);

#endif

/* One raw record in, one tagged message out: decode → clean → language, entities, duplicates →
 * model.
 *
 * The model reads title + LF + text (one of them alone where the other is absent), cleaned. A
 * tagger keeps the texts of a batch in one arena: what gs_tagger_run() gives is good until the next
 * gs_tagger_begin().
 *
 * Threads: owned by one thread; the assets are shared. */
#ifndef GS_DEPLOY_TAGGER_H
#define GS_DEPLOY_TAGGER_H

#include "deploy/daemon/assets.h"
#include "ingest/records/record.h"
#include "tokenizer/ngrams.h"

struct gs_tagger; /* opaque */

struct gs_tagger_options {
    struct gs_decode_options decode;
    struct gs_norm_options norm;
    size_t max_batch_bytes; /* arena bound */
    bool count_copies;      /* else dup_copy is 0 and the caller counts */
};

/* assets is borrowed and must outlive it. */
GS_MUST_CHECK
enum gs_status gs_tagger_new(const struct gs_assets *assets,
                             const struct gs_tagger_options *options, struct gs_tagger **ret,
                             struct gs_error *err);
void gs_tagger_free(struct gs_tagger *tagger); /* NULL is fine */

void gs_tagger_begin(struct gs_tagger *tagger); /* a batch: frees the last one's texts */
void gs_tagger_undo(struct gs_tagger *tagger);  /* forgets the copies counted since begin */

/* Tags one record: GS_REJECT_NONE and *ret filled, or why not (err->message says it in words). */
enum gs_reject gs_tagger_run(struct gs_tagger *tagger, const struct gs_record *record,
                             int64_t now_ms, struct gs_tagged *ret, struct gs_error *err);

/* More about the last message tagged, for tag --logits, --all-labels, --explain. */
const struct gs_prediction *gs_tagger_prediction(const struct gs_tagger *tagger);
struct gs_str gs_tagger_input(const struct gs_tagger *tagger); /* what the model read */
size_t gs_tagger_features(const struct gs_tagger *tagger, const struct gs_feature **ret,
                          const uint32_t **ret_hashes);
const struct gs_norm_counts *gs_tagger_repairs(const struct gs_tagger *tagger);
struct gs_model_work *gs_tagger_model_work(struct gs_tagger *tagger);

#endif

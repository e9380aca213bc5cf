/* Raw records in, tagged messages out, in input order: decode → clean → language, entities,
 * duplicates → model.
 *
 * The model reads title + LF + text (one of them alone where the other is absent), cleaned. A
 * message whose answer needs the encoder waits until its micro-batch is run
 * (deploy/daemon/inference/batcher.h), and those behind it wait too. A tagger keeps the texts of a
 * batch in one arena: they are good until the next gs_tagger_begin(); records must stay as long.
 *
 * Threads: owned by one thread; the assets are shared. */
#ifndef GS_DEPLOY_TAGGER_H
#define GS_DEPLOY_TAGGER_H

#include "deploy/daemon/inference/batcher.h"
#include "deploy/daemon/pipeline/assets.h"
#include "ingest/records/record.h"
#include "tokenizer/ngram/ngrams.h"

struct gs_tagger; /* opaque */

/* One message, tagged. Borrowed until the next call of add, flush or tick. */
struct gs_tagging {
    struct gs_record record;
    struct gs_message message;
    struct gs_tagged tagged;
    struct gs_str input; /* what the model read */
    struct gs_norm_counts repairs;
    size_t n_named_known, n_named_unknown;      /* of message.named, to the watchlist */
    struct gs_str marked[GS_MAX_READ_ENTITIES]; /* [n_marked] input with an entity marked */
    size_t marked_of[GS_MAX_READ_ENTITIES];     /* which of tagged.entities it is */
    size_t n_marked;
    size_t n_unmarked; /* companies without a sentiment of their own, for want of a place in marked,
                          though the message was shown to the encoder */
    const struct gs_prediction *prediction;
};

struct gs_tagger_options {
    struct gs_decode_options decode;
    struct gs_norm_options norm;
    size_t max_batch_bytes; /* arena bound */
    bool count_copies;      /* else copy is 0 and the caller counts */
    struct gs_batcher_options batcher;
};

/* assets is borrowed and must outlive it. */
GS_MUST_CHECK
enum gs_status gs_tagger_new(const struct gs_assets *assets,
                             const struct gs_tagger_options *options, struct gs_tagger **ret,
                             struct gs_error *err);
void gs_tagger_free(struct gs_tagger *tagger); /* NULL is fine */

/* A batch: frees the last one's texts, and takes over a model that has come into the assets' slot
 * since. *ret_swapped (may be NULL): it did. A model that there is no memory for is left, said on
 * the log. */
void gs_tagger_begin(struct gs_tagger *tagger, bool *ret_swapped);
/* Forgets the copies counted since begin, and the messages that wait. */
void gs_tagger_undo(struct gs_tagger *tagger);

/* Takes one record in. *ret_reject: GS_REJECT_NONE, or why not (err->message says it in words).
 * GS_NO_MEMORY: it is not taken in, and nothing is said about it.
 * What is tagged by now is ready: take it with gs_tagger_next() until there is nothing left, before
 * the next add. Other failures are the model's. as_text: the value is the text, whatever options.decode
 * says.
 *
 *     status = gs_tagger_add(tagger, record, …);
 *     while (gs_tagger_next(tagger, &tagging)) …
 */
GS_MUST_CHECK
enum gs_status gs_tagger_add(struct gs_tagger *tagger, const struct gs_record *record, bool as_text,
                             int64_t now_ms, enum gs_reject *ret_reject, struct gs_error *err);
/* The next tagged message, in input order; false: none is ready. */
bool gs_tagger_next(struct gs_tagger *tagger, struct gs_tagging **ret);
/* Answers all that wait: they are ready. */
GS_MUST_CHECK enum gs_status gs_tagger_flush(struct gs_tagger *tagger, struct gs_error *err);
/* Its micro-batches: gs_batcher_tick() (then gs_tagger_next()), gs_batcher_due_ms(), figures. */
struct gs_batcher *gs_tagger_batcher(struct gs_tagger *tagger);
const struct gs_model *gs_tagger_model(const struct gs_tagger *tagger);

/* Gives what the model would read of a record, without asking it: for embed. Good until begin.
 * *ret_reject and GS_NO_MEMORY as above. */
GS_MUST_CHECK
enum gs_status gs_tagger_read(struct gs_tagger *tagger, const struct gs_record *record,
                              bool as_text, int64_t now_ms, struct gs_tagging *ret,
                              enum gs_reject *ret_reject, struct gs_error *err);

#endif

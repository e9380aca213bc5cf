/* Raw records in, tagged messages out, in input order: decode → clean → language, entities,
 * duplicates → model.
 *
 * The model reads title + LF + text (one of them alone where the other is absent), cleaned. A
 * message whose answer needs the encoder waits until its pack is run (deploy/daemon/answers.h), and
 * those behind it wait too. A tagger keeps the texts of a batch in one arena: they are good until
 * the next gs_tagger_begin(); records must stay as long.
 *
 * Threads: owned by one thread; the assets are shared. */
#ifndef GS_DEPLOY_TAGGER_H
#define GS_DEPLOY_TAGGER_H

#include "deploy/daemon/answers.h"
#include "deploy/daemon/assets.h"
#include "ingest/records/record.h"
#include "tokenizer/ngrams.h"

struct gs_tagger; /* opaque */

/* One message, done. Borrowed for the call that gives it. */
struct gs_tagging {
    struct gs_record record;
    struct gs_message message;
    struct gs_tagged tagged;
    struct gs_str input; /* what the model read */
    struct gs_norm_counts repairs;
    const struct gs_prediction *said;
};
typedef enum gs_status gs_tagger_fn(void *arg, struct gs_tagging *tagging, struct gs_error *err);

struct gs_tagger_options {
    struct gs_decode_options decode;
    struct gs_norm_options norm;
    size_t max_batch_bytes;            /* arena bound */
    bool count_copies;                 /* else dup_copy is 0 and the caller counts */
    struct gs_answers_options answers; /* done is the tagger's own */
    gs_tagger_fn *done;
    void *done_arg;
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

/* Takes one record in. *ret_reject: GS_REJECT_NONE, and `done` is called for it, now or later; or
 * why not (err->message says it in words). Failures are those of `done` and of the model.
 * as_text: the value is the text, whatever options.decode says. */
GS_MUST_CHECK
enum gs_status gs_tagger_run(struct gs_tagger *tagger, const struct gs_record *record, bool as_text,
                             int64_t now_ms, enum gs_reject *ret_reject, struct gs_error *err);
/* Answers all that wait. */
GS_MUST_CHECK enum gs_status gs_tagger_flush(struct gs_tagger *tagger, struct gs_error *err);
/* Its packs: gs_answers_tick(), gs_answers_due_ms(), figures. */
struct gs_answers *gs_tagger_answers(struct gs_tagger *tagger);
const struct gs_model *gs_tagger_model(const struct gs_tagger *tagger);

/* The n-grams of the last message taken in: of the one that `done` is called with where the model
 * has no encoder. For tag --explain. */
size_t gs_tagger_features(const struct gs_tagger *tagger, const struct gs_feature **ret,
                          const uint32_t **ret_hashes);

/* What the model would read of a record, without asking it: for embed. Good until begin. */
enum gs_reject gs_tagger_read(struct gs_tagger *tagger, const struct gs_record *record,
                              bool as_text, int64_t now_ms, struct gs_tagging *ret,
                              struct gs_error *err);

#endif

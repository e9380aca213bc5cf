/* A model folder, loaded: what a message is about and how it feels.
 *
 * Today one tier, "fast" (hashed n-gram linear, classifier/ngram/); the encoder joins behind the
 * same calls.
 *
 * Threads: a gs_model is constant after loading; a gs_model_work is owned by one thread. */
#ifndef GS_CLASSIFIER_MODEL_H
#define GS_CLASSIFIER_MODEL_H

#include "base/error.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum gs_head { GS_HEAD_SENTIMENT, GS_HEAD_TOPICS, GS_HEAD_RISKS, GS_N_HEADS };
enum { GS_NEGATIVE, GS_NEUTRAL, GS_POSITIVE, GS_N_SENTIMENTS };
enum { GS_MAX_LABELS = 48 }; /* of one head */

/* Which temperature applies; the same order as the ingest module's languages en, zh, mixed, other.
 */
enum { GS_N_MODEL_LANGS = 4 };

struct gs_model; /* opaque */

struct gs_model_info {
    const char *name, *version, *sha256; /* sha256: hex of the weights file */
    size_t n_labels[GS_N_HEADS];
    const char *const *labels[GS_N_HEADS];    /* sentiment: negative, neutral, positive */
    const char *const *labels_zh[GS_N_HEADS]; /* their Chinese names; "" where there is none */
    const float *thresholds[GS_N_HEADS];      /* [n_labels]; NULL for sentiment */
    size_t memory_bytes;
};

/* Loads the folder (groundswell.json and the weights it names). Everything in it is hostile until
 * checked: sizes, ranges, finite numbers, label names, checksum. GS_IO, GS_BAD_FORMAT (names file
 * and reason), GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_model_load(const char *dir, struct gs_model **ret, struct gs_error *err);
void gs_model_free(struct gs_model *model); /* NULL is fine */
const struct gs_model_info *gs_model_info(const struct gs_model *model);

struct gs_model_work; /* opaque */
GS_MUST_CHECK
enum gs_status gs_model_work_new(const struct gs_model *model, struct gs_model_work **ret,
                                 struct gs_error *err);
void gs_model_work_free(struct gs_model_work *work); /* NULL is fine */

struct gs_prediction {
    float logits[GS_N_HEADS]
                [GS_MAX_LABELS];        /* after calibration: p = softmax or sigmoid of these */
    float p[GS_N_HEADS][GS_MAX_LABELS]; /* sentiment sums to 1; the others are each in (0, 1) */
    float confidence;                   /* the best sentiment's p */
    bool abstained;   /* the margin between the two best sentiments is below the model's */
    const char *tier; /* "fast" */
};

/* One text's hashed n-grams, as the tokenizer makes them: [n] hashes. lang: index as above, out of
 * range counts as "other". Cannot fail, does not allocate; no features give the priors. */
void gs_model_predict(const struct gs_model *model, struct gs_model_work *work,
                      const uint32_t *hashes, size_t n, size_t lang, struct gs_prediction *ret);

/* What one label's logit is made of: exact for a linear model. Fills contributions[n], one for each
 * hash, so that bias + sum = the logit before squashing; *ret_bias is what no feature explains.
 * label < n_labels. */
void gs_model_explain(const struct gs_model *model, struct gs_model_work *work,
                      const uint32_t *hashes, size_t n, size_t lang, enum gs_head head,
                      size_t label, float *contributions, float *ret_bias);

/* For measuring. How many distinct rows of the model a text's n-grams have; and the speed of the
 * gather alone: rows per second, summing n_rows random rows at a time for about seconds. */
size_t gs_model_known(const struct gs_model *model, struct gs_model_work *work,
                      const uint32_t *hashes, size_t n);
double gs_model_gather_rate(const struct gs_model *model, struct gs_model_work *work, size_t n_rows,
                            bool han, double seconds);
const char *gs_model_kernel(const struct gs_model *model); /* "scalar", "avx2", "avx512" */

#endif

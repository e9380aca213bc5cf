/* A model folder, loaded: what a message is about and how it feels.
 *
 *     n-grams ─► fast tier (classifier/ngram/) ─► prediction ─┬─► sure enough: that is the answer
 *                                                             └─► token ids ─► encoder ─► answer
 *
 * Three kinds of folder:
 *   - groundswell.json of format "groundswell-ngram": the fast tier alone;
 *   - a published …ForSequenceClassification folder (config.json, model.safetensors) without a
 *     groundswell.json: the encoder alone, its id2label as one head: sentiment where the names say
 *     so, else topics; logits are PyTorch's;
 *   - groundswell.json of format "groundswell-encoder" beside them: label names, temperatures,
 *     thresholds, several heads, a fast tier in a subfolder and the gates between the two.
 *
 * Where both tiers have a head their labels are the same ones in the same order.
 *
 * Threads: a gs_model is constant after loading; a gs_model_work is owned by one thread. */
#ifndef GS_CLASSIFIER_MODEL_H
#define GS_CLASSIFIER_MODEL_H

#include "base/error.h"
#include "base/str.h"
#include "classifier/encoder/encoder.h"

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
    const char *name, *version, *sha256; /* sha256: hex of the weights file, the encoder's if any */
    bool fast, encodes;                  /* the tiers that are loaded */
    bool of_encoder[GS_N_HEADS];         /* heads that the encoder answers when it is asked */
    bool cascades;                       /* there are gates: the fast tier may answer alone */
    bool single[GS_N_HEADS]; /* one label a message (softmax): the best one, if over its threshold.
                                Of topics and risks; sentiment always is one */
    size_t n_labels[GS_N_HEADS];              /* 0: the model does not have this head */
    const char *const *labels[GS_N_HEADS];    /* sentiment: negative, neutral, positive */
    const char *const *labels_zh[GS_N_HEADS]; /* their Chinese names; "" where there is none */
    const float *thresholds[GS_N_HEADS];      /* [n_labels]; NULL for sentiment; the encoder's
                                                 where it has the head */
    size_t max_tokens;                     /* the longest message that the encoder reads, template
                                              tokens included; 0 without one */
    size_t n_logits, hidden;               /* of the encoder's head and vectors; 0 without one */
    const struct gs_encoder_info *encoder; /* NULL without one */
    size_t memory_bytes;
};

/* Loads the folder and what it names. Everything in it is hostile until checked: sizes, ranges,
 * finite numbers, label names, checksum. GS_IO, GS_BAD_FORMAT (names file and reason),
 * GS_NO_MEMORY; GS_BAD_CONFIG: the folder has not the tier or the arithmetic that is asked for. */
GS_MUST_CHECK
enum gs_status gs_model_load(const char *dir, struct gs_model **ret, struct gs_error *err);

enum gs_tier {
    GS_MODEL_AUTO,   /* all that the folder has: gates decide, and without gates the encoder */
    GS_MODEL_FAST,   /* the fast tier alone; an encoder is not even loaded */
    GS_MODEL_ENCODER /* the encoder for every message; heads that it lacks stay the fast tier's */
};
struct gs_model_choice {
    enum gs_tier tier;
    enum gs_arithmetic arithmetic;
    bool vectors; /* only vectors are wanted (gs_model_embed): an encoder without a head will do */
};
GS_MUST_CHECK
enum gs_status gs_model_load_as(const char *dir, const struct gs_model_choice *choice,
                                struct gs_model **ret, struct gs_error *err);
void gs_model_free(struct gs_model *model); /* NULL is fine */
const struct gs_model_info *gs_model_info(const struct gs_model *model);

struct gs_model_work; /* opaque */

/* For one text at a time. */
GS_MUST_CHECK
enum gs_status gs_model_work_new(const struct gs_model *model, struct gs_model_work **ret,
                                 struct gs_error *err);
/* For packs of up to max_tokens tokens (at least info.max_tokens are taken) and max_messages. */
GS_MUST_CHECK
enum gs_status gs_model_work_new_for(const struct gs_model *model, size_t max_tokens,
                                     size_t max_messages, struct gs_model_work **ret,
                                     struct gs_error *err);
void gs_model_work_free(struct gs_model_work *work); /* NULL is fine */

struct gs_prediction {
    float logits[GS_N_HEADS][GS_MAX_LABELS]; /* after calibration: p = softmax or sigmoid of these;
                                                NaN: a sentiment that the model does not know */
    float p[GS_N_HEADS][GS_MAX_LABELS];  /* sentiment sums to 1; the others are each in [0, 1] */
    const float *thresholds[GS_N_HEADS]; /* of the tier that answered; NULL for sentiment */
    float confidence; /* the best sentiment's p; without a sentiment head the best topic's */
    bool abstained;   /* the margin between the two best sentiments is below the model's, or it has
                         no sentiment head: sentiment is then neutral */
    const char *tier; /* "fast", "encoder", or "fast+encoder": some heads by each */
};

/* One text's hashed n-grams, as the tokenizer makes them: [n] hashes. lang: index as above, out of
 * range counts as "other". Cannot fail, does not allocate; no features give the priors. The model
 * has a fast tier. */
void gs_model_predict(const struct gs_model *model, struct gs_model_work *work,
                      const uint32_t *hashes, size_t n, size_t lang, struct gs_prediction *ret);

/* Whether the fast tier's answer is sure enough, in every head that has a gate and the encoder
 * could answer, to do without the encoder (classifier/cascade.h says how sure an answer is). false
 * for a model without gates; true for one without an encoder. */
bool gs_model_accepts(const struct gs_model *model, const struct gs_prediction *fast, size_t lang);

/* One text's tokens, 1 to info.max_tokens of them, as the folder's tokenizer makes them. */
struct gs_model_input {
    const int32_t *ids;
    size_t n;
    size_t lang; /* as above */
};

/* The encoder's raw logits [n][info.n_logits], in the order of the folder's id2label: PyTorch's.
 * Any n: packs as the work has room for are run one after another. GS_BAD_FORMAT: an id out of the
 * vocabulary, a message too long or empty; nothing is promised of ret then. Does not allocate. */
GS_MUST_CHECK
enum gs_status gs_model_logits(const struct gs_model *model, struct gs_model_work *work,
                               const struct gs_model_input *inputs, size_t n, float *ret,
                               struct gs_error *err);
/* The vectors [n][info.hidden], as sentence-transformers gives them; as gs_model_logits(). */
GS_MUST_CHECK
enum gs_status gs_model_embed(const struct gs_model *model, struct gs_model_work *work,
                              const struct gs_model_input *inputs, size_t n, float *ret,
                              struct gs_error *err);

/* Raw logits of one message into the answer of the encoder's heads. Heads that it lacks keep what
 * is in *prediction, the fast tier's answer; without a fast tier they are empty. */
void gs_model_answer(const struct gs_model *model, const float *logits, size_t lang,
                     struct gs_prediction *prediction);

/* gs_model_logits() and gs_model_answer() for n messages. */
GS_MUST_CHECK
enum gs_status gs_model_encode(const struct gs_model *model, struct gs_model_work *work,
                               const struct gs_model_input *inputs, size_t n,
                               struct gs_prediction *predictions, struct gs_error *err);

/* What one label's logit is made of: exact for a linear model. Fills contributions[n], one for each
 * hash, so that bias + sum = the logit before squashing; *ret_bias is what no feature explains.
 * label < n_labels. Of the fast tier. */
void gs_model_explain(const struct gs_model *model, struct gs_model_work *work,
                      const uint32_t *hashes, size_t n, size_t lang, enum gs_head head,
                      size_t label, float *contributions, float *ret_bias);

/* For measuring. How many distinct rows of the model a text's n-grams have; and the speed of the
 * gather alone: rows per second, summing n_rows random rows at a time for about seconds. */
size_t gs_model_known(const struct gs_model *model, struct gs_model_work *work,
                      const uint32_t *hashes, size_t n);
double gs_model_gather_rate(const struct gs_model *model, struct gs_model_work *work, size_t n_rows,
                            bool han, double seconds);
/* Multiplications of the encoder for one message of so many tokens. */
uint64_t gs_model_macs(const struct gs_model *model, size_t n_tokens);
const char *gs_model_kernel(const struct gs_model *model); /* "scalar", "avx2", "avx512" */

#endif

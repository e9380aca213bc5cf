/* A model folder, loaded: what a message is about and how it feels.
 *
 *     n-grams ─► fast tier (classifier/ngram/) ─► prediction ─┬─► sure enough: that is the answer
 *                                                             └─► token ids ─► encoder ─► answer
 *
 * Four kinds of folder:
 *   - groundswell.json of format "groundswell-ngram": the fast tier alone;
 *   - a published …ForSequenceClassification folder (config.json, model.safetensors) without a
 *     groundswell.json: the encoder alone, its id2label as one head: sentiment where the names say
 *     so, else topics; logits are PyTorch's;
 *   - groundswell.json of format "groundswell-encoder" beside them: label names, temperatures,
 *     thresholds, several heads, a fast tier in a subfolder and the gates between the two;
 *   - groundswell.json of format "groundswell-combined": a fast tier and an encoder for each language
 *     in subfolders, whose logits are added up (classifier/combined.h).
 *
 * A head that both tiers have has the same labels in the same order in both; of a combined folder
 * they are the fast tier's, which the encoders' are matched to by their ids.
 *
 * Threads: a gs_model is constant after loading; a gs_model_workspace is owned by one thread. */
#ifndef GS_CLASSIFIER_MODEL_H
#define GS_CLASSIFIER_MODEL_H

#include "classifier/encoder/encoder.h"
#include "ingest/base/error.h"
#include "ingest/base/str.h"
#include "ingest/base/words.h"

#include <stdbool.h>
#include <stdint.h>

enum gs_head { GS_HEAD_SENTIMENT, GS_HEAD_TOPICS, GS_HEAD_RISKS, GS_N_HEADS };
extern const char *const gs_head_names[GS_N_HEADS]; /* for choosing one by its name */
const char *gs_head_name(enum gs_head head);        /* "sentiment", "topics", "risks" */
enum { GS_MAX_LABELS = 48 };                        /* of one head */

/* A temperature for each language (enum gs_lang), and an encoder at most. */
enum { GS_N_MODEL_LANGS = GS_N_LANGS, GS_MAX_ENCODERS = GS_N_MODEL_LANGS };

struct gs_model; /* opaque */

/* One encoder of a model. */
struct gs_model_encoder {
    const char *folder;       /* its subfolder; "": the model's folder is the encoder's */
    size_t max_tokens;        /* the longest message that it reads, template tokens included */
    size_t n_logits, hidden;  /* of its head and its vectors */
    bool simplified;          /* its tokens of traditional Chinese are to be those of simplified */
    bool answers[GS_N_HEADS]; /* heads that it has */
    const struct gs_encoder_info *info;
};

struct gs_model_info {
    const char *name, *version;
    const char *sha256; /* hex of the weights file, the encoder's if any; of a combined folder, of
                           its tiers' digests in hex behind one another, the fast tier's first */
    bool fast, encodes; /* the tiers that are loaded */
    bool combined;      /* the tiers' logits are added up */
    bool of_encoder[GS_N_HEADS]; /* heads that an encoder answers when it is asked */
    bool simplified;             /* the n-grams of traditional Chinese are to be those of
                                    simplified (gs_ngrams_read_simplified()) */
    bool cascades;               /* there are gates: the fast tier may answer alone */
    bool single[GS_N_HEADS]; /* one label a message (softmax): the best one, if over its threshold.
                                Of topics and risks; sentiment always is one */
    size_t n_labels[GS_N_HEADS];              /* 0: the model does not have this head */
    const char *const *labels[GS_N_HEADS];    /* sentiment: negative, neutral, positive */
    const char *const *labels_zh[GS_N_HEADS]; /* their Chinese names; "" where there is none */
    const float *thresholds[GS_N_HEADS]; /* [n_labels] of the fast tier; NULL for sentiment. Whose
                                            they are of an answer comes with it */
    struct gs_model_encoder encoders[GS_MAX_ENCODERS];
    size_t n_encoders;
    const char *open, *close; /* the marks around an entity in the text that its own sentiment is
                                 read from (gs_model_entity()); NULL: no entity has its own */
    size_t encoder_of[GS_N_MODEL_LANGS]; /* the encoder of each language; n_encoders: none, the fast
                                            tier answers alone */
    size_t max_tokens;                   /* the most of an encoder's; 0 without one */
    size_t n_logits;                     /* the same: the width of a row of gs_model_logits() */
    size_t memory_bytes;
};

/* The encoder of a language (out of range counts as "other"), an index of encoders; n_encoders:
 * none. */
static inline size_t gs_model_encoder_of(const struct gs_model_info *info, size_t lang)
{
    return info->encoder_of[lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1];
}

/* Tells whether entities in messages of that language have a sentiment of their own. */
bool gs_model_reads_entities(const struct gs_model *model, size_t lang);

/* Loads the folder and what it names. Everything in it is hostile until checked: sizes, ranges,
 * finite numbers, label names, checksum. GS_IO, GS_BAD_FORMAT (names file and reason),
 * GS_NO_MEMORY; GS_BAD_CONFIG: the folder has not the tier or the arithmetic that is asked for. */
GS_MUST_CHECK
enum gs_status gs_model_load(const char *dir, struct gs_model **ret, struct gs_error *err);

struct gs_model_choice {
    enum gs_tier tier;
    enum gs_arithmetic arithmetic;
    bool vectors; /* only vectors are wanted (gs_model_embed): an encoder without a head will do */
};
GS_MUST_CHECK
enum gs_status gs_model_load_as(const char *dir, const struct gs_model_choice *choice,
                                struct gs_model **ret, struct gs_error *err);
/* Says whether the folder's groundswell.json says that its encoder reads traditional Chinese as
 * simplified: for whoever needs its tokenizer alone. false without one, and of the fast tier alone.
 * As gs_model_load(); GS_BAD_FORMAT also for a combined folder, which has several. */
GS_MUST_CHECK
enum gs_status gs_model_reads_simplified(const char *dir, bool *ret, struct gs_error *err);
void gs_model_free(struct gs_model *model); /* NULL is fine */
const struct gs_model_info *gs_model_info(const struct gs_model *model);

struct gs_model_workspace; /* opaque */

/* For one text at a time. */
GS_MUST_CHECK
enum gs_status gs_model_workspace_new(const struct gs_model *model, struct gs_model_workspace **ret,
                                      struct gs_error *err);
/* For packs of up to max_tokens tokens (at least info.max_tokens are taken) and max_messages. */
GS_MUST_CHECK
enum gs_status gs_model_workspace_new_for(const struct gs_model *model, size_t max_tokens,
                                          size_t max_messages, struct gs_model_workspace **ret,
                                          struct gs_error *err);
void gs_model_workspace_free(struct gs_model_workspace *work); /* NULL is fine */

struct gs_prediction {
    float logits[GS_N_HEADS][GS_MAX_LABELS]; /* after calibration: p = softmax or sigmoid of these;
                                                NaN: a sentiment that the model does not know */
    float p[GS_N_HEADS][GS_MAX_LABELS];  /* sentiment sums to 1; the others are each in [0, 1] */
    const float *thresholds[GS_N_HEADS]; /* [n_labels] of the tier that answered, in a combined
                                            folder the language's; NULL for sentiment */
    float confidence; /* the best sentiment's p; without a sentiment head the best topic's */
    bool abstained; /* the margin between the two best sentiments is below the model's, or there is
                       no_sentiment */
    bool no_sentiment; /* the model has none, or none for this language: p is then neutral for want
                          of an answer and must not be counted as one */
    const char *tier; /* "fast", "encoder", or "fast+encoder": some heads by each, or all by both */
};

/* One text's hashed n-grams, as the tokenizer makes them: [n] hashes. lang: index as above, out of
 * range counts as "other". Cannot fail, does not allocate; no features give the priors. The model
 * has a fast tier. */
void gs_model_predict(const struct gs_model *model, struct gs_model_workspace *work,
                      const uint32_t *hashes, size_t n, size_t lang, struct gs_prediction *ret);

/* Tells whether the fast tier's answer is sure enough, in every head that has a gate and the
 * encoder could answer, to do without the encoder (classifier/cascade.h says how sure an answer
 * is). false for a model without gates; true for a language without an encoder. */
bool gs_model_accepts(const struct gs_model *model, const struct gs_prediction *fast, size_t lang);

/* One text's tokens, 1 to max_tokens of its language's encoder, as that one's tokenizer makes
 * them. */
struct gs_model_input {
    const int32_t *ids;
    size_t n;
    size_t lang; /* as above: it chooses the encoder */
};

/* The encoder's raw logits [n][info.n_logits], in the order of its folder's id2label: PyTorch's. A
 * row of an encoder with fewer outputs is padded with 0. Any n, languages in any order: packs as
 * the work has room for are run one after another. GS_BAD_FORMAT: an id out of the vocabulary, a
 * message too long or empty, a language without an encoder; nothing is promised of ret then. Does
 * not allocate. */
GS_MUST_CHECK
enum gs_status gs_model_logits(const struct gs_model *model, struct gs_model_workspace *work,
                               const struct gs_model_input *inputs, size_t n, float *ret,
                               struct gs_error *err);
/* The vectors [n][hidden of the encoder], as sentence-transformers gives them; as
 * gs_model_logits(). Of a model with one encoder. */
GS_MUST_CHECK
enum gs_status gs_model_embed(const struct gs_model *model, struct gs_model_workspace *work,
                              const struct gs_model_input *inputs, size_t n, float *ret,
                              struct gs_error *err);

/* Raw logits of one message into the answer of the encoder's heads. Heads that it lacks keep what
 * is in *prediction, the fast tier's answer; without a fast tier they are empty. Of a combined
 * folder what is in *prediction is added in all heads (classifier/combined.h). The language has an
 * encoder. */
void gs_model_answer(const struct gs_model *model, const float *logits, size_t lang,
                     struct gs_prediction *prediction);

/* Raw logits of a text in which an entity stands between info.open and info.close into the sentiment
 * toward that entity. gs_model_reads_entities() is true for the language. */
void gs_model_entity(const struct gs_model *model, const float *logits, size_t lang,
                     float p[GS_N_SENTIMENTS]);

/* gs_model_logits() and gs_model_answer() for n messages. */
GS_MUST_CHECK
enum gs_status gs_model_encode(const struct gs_model *model, struct gs_model_workspace *work,
                               const struct gs_model_input *inputs, size_t n,
                               struct gs_prediction *predictions, struct gs_error *err);

/* One label's logit, taken apart: exact for a linear model. Fills contributions[n], one for each
 * hash, so that bias + sum = the logit before squashing; *ret_bias is what no feature explains.
 * label < n_labels. Of the fast tier. */
void gs_model_explain(const struct gs_model *model, struct gs_model_workspace *work,
                      const uint32_t *hashes, size_t n, size_t lang, enum gs_head head,
                      size_t label, float *contributions, float *ret_bias);

/* How a label's logit is made where the language's encoder is asked:
 *   encoder · raw[output] + fast · the fast tier's logit. */
struct gs_label_weights {
    size_t output; /* of the encoder; meaningless where its weight is 0 */
    double encoder, fast;
};
/* label < n_labels; an encoder reads the language. fast_knows: the fast tier's logit of this label is
 * a number. */
struct gs_label_weights gs_model_label_weights(const struct gs_model *model, size_t lang,
                                               enum gs_head head, size_t label, bool fast_knows);

/* For measuring. How many distinct rows of the model a text's n-grams have; and the speed of the
 * gather alone: rows per second, summing n_rows random rows at a time for about seconds. */
size_t gs_model_known(const struct gs_model *model, struct gs_model_workspace *work,
                      const uint32_t *hashes, size_t n);
double gs_model_gather_rate(const struct gs_model *model, struct gs_model_workspace *work,
                            size_t n_rows, bool han, double seconds);
/* Multiplications of an encoder (of info.encoders) for one message of so many tokens. */
uint64_t gs_model_macs(const struct gs_model *model, size_t encoder, size_t n_tokens);
const char *gs_model_kernel(const struct gs_model *model); /* "scalar", "avx2", "avx512" */

#endif

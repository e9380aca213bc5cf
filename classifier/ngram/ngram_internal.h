/* The fast tier's model in memory: two profiles of int8 rows, one row for each n-gram that is
 * known.
 *
 *   hash ─► slots ─► row ─► [ norm | gates | experts × 3 sentiments | topics | risks ]  int8
 *                                        summed over the text's distinct n-grams
 *
 * A column's score is scale * sum / sqrt(sum of the head's norm column) + bias: the cosine-like
 * score of a linear SVM over L2-normalized text, its weights rounded to 8 bits. A text shorter than
 * nearly all that were trained on (its norm is below the profile's least) is not blown up to full
 * length: one comma is no strong opinion. The sentiment's logits are those of several experts (a
 * tweet is not a forum post), mixed by the softmax of the gate columns.
 *
 * The columns that exist are known by their names:
 *   "norm", "norm/HEAD"      squared values of the n-grams: the text's L2 norm
 *   "gate/REGISTER"          how much the text is of that register
 *   "sentiment/REGISTER/LABEL", "topics/LABEL", "risks/LABEL"
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_NGRAM_INTERNAL_H
#define GS_CLASSIFIER_NGRAM_INTERNAL_H

#include "classifier/format/manifest_json.h"
#include "classifier/format/sha256.h"
#include "classifier/model.h"
#include "classifier/ngram/kernels/rows.h"
#include "ingest/base/error.h"

/* The tokenizer sets these bits in a hash: see tokenizer/ngram/ngrams.h, which a test compares. */
#define GS_HASH_HAN 0x80000000U
#define GS_HASH_WORD 0x40000000U

enum gs_profile_id { GS_PROFILE_ALPHABETIC, GS_PROFILE_HAN, GS_N_PROFILES };
enum {
    GS_FEATURES_VERSION = 1,
    GS_MAX_EXPERTS = 8,
    GS_MAX_ROWS = 1 << 22,
};

extern const char *const gs_profile_names[GS_N_PROFILES];

struct gs_expert {
    char name[GS_MAX_NAME];
    int gate;                     /* column; -1 when the expert is the only one */
    int columns[GS_N_SENTIMENTS]; /* -1: the expert does not know the label */
};

struct gs_slot {
    uint32_t key, row;
};

struct gs_profile {
    size_t n_rows, width, n_columns; /* width: bytes a row, a multiple of 32 */
    uint32_t *keys;                  /* [n_rows] hashes, ascending, never 0 */
    int8_t *rows;                    /* [n_rows][width], 64-byte aligned */
    float scale[GS_MAX_WIDTH], bias[GS_MAX_WIDTH];
    char names[GS_MAX_WIDTH][2 * GS_MAX_NAME];
    uint8_t head[GS_MAX_WIDTH]; /* whose norm a column's score is divided by */
    int norm[GS_N_HEADS];
    int32_t least_squares[GS_N_HEADS]; /* a smaller sum of the norm column counts as this */
    struct gs_expert experts[GS_MAX_EXPERTS];
    size_t n_experts;
    int columns[GS_N_HEADS][GS_MAX_LABELS]; /* topics and risks; -1: not known here */
    struct gs_slot *slots;                  /* open addressing, at most half full; key 0 is empty */
    size_t slot_mask;
};

struct gs_label {
    char id[GS_MAX_NAME], zh[GS_MAX_NAME];
};

/* A model. The label names are of both tiers; all else up to profiles is the fast tier's, empty
 * when it is not loaded. */
struct gs_model {
    char name[GS_MAX_NAME], version[GS_MAX_NAME], weights_file[GS_MAX_NAME];
    char sha256[GS_SHA256_HEX];
    struct gs_label labels[GS_N_HEADS][GS_MAX_LABELS];
    size_t n_labels[GS_N_HEADS];
    const char *label_ids[GS_N_HEADS][GS_MAX_LABELS];
    const char *label_names[GS_N_HEADS][GS_MAX_LABELS];
    float thresholds[GS_N_HEADS][GS_MAX_LABELS];
    float temperature[GS_N_HEADS][GS_N_MODEL_LANGS];
    float margin;
    bool simplified;     /* n-grams fold traditional Chinese */
    float unknown_logit; /* of a label that a profile has no column for */
    struct gs_profile profiles[GS_N_PROFILES];
    const struct gs_row_kernel *kernel;
    bool fast; /* this tier is loaded */
    /* classifier/model_internal.h */
    struct gs_encoder_tier *encoders[GS_MAX_ENCODERS];
    size_t n_encoders;
    size_t encoder_of[GS_N_MODEL_LANGS]; /* of encoders; n_encoders and more: none */
    struct gs_combination *combination;  /* NULL: the encoder's answer stands in its heads */
    struct gs_model_info info;
};

struct gs_model_workspace {
    uint32_t *rows;                        /* [most rows of a profile] distinct rows of the text */
    uint8_t *seen;                         /* [..] all 0 between calls */
    uint32_t *counts;                      /* [..] all 0 between calls; explanations */
    struct gs_encoders_workspace *encoder; /* NULL: the model has no encoder */
};

/* Shares that sum to 1; a logit that is NaN has none. n >= 1. */
void gs_softmax(const float *logits, size_t n, float *p);
float gs_squash(float x); /* in (0, 1) whatever x */
/* Confidence and abstention from the sentiments' p. */
void gs_settle_sentiment(struct gs_prediction *prediction, float margin);

/* Nothing is said of sentiment: neutral, and the best topic or risk tells how sure the answer is.
 * Topics and risks are filled already. */
void gs_settle_no_sentiment(const struct gs_model *model, struct gs_prediction *ret);

/* Fills experts, norm and columns from names. GS_BAD_FORMAT: a name that means nothing, a column
 * twice. */
GS_MUST_CHECK
enum gs_status gs_profile_plan(const struct gs_model *model, struct gs_profile *profile,
                               struct gs_error *err);

/* Builds slots from keys. GS_BAD_FORMAT: keys not ascending or 0; GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_profile_index(struct gs_profile *profile, struct gs_error *err);

/* Fills info, label_ids and kernel; call when all else is. A model without an encoder has the fast
 * tier. */
void gs_model_seal(struct gs_model *model);

/* Bytes of a row in memory: columns rounded up to what the kernels work in. */
static inline size_t gs_profile_width(size_t n_columns)
{
    return (n_columns + 31) / 32 * 32;
}

/* Zeroed rows of n_rows × width; NULL without memory. */
int8_t *gs_profile_rows_new(size_t n_rows, size_t width);

/* The score of every column of a text's profile; *ret_n_rows is how many n-grams it knew. Returns
 * the profile. */
const struct gs_profile *gs_profile_scores(const struct gs_model *model,
                                           struct gs_model_workspace *work, const uint32_t *hashes,
                                           size_t n, float scores[GS_MAX_WIDTH],
                                           size_t *ret_n_rows);

/* groundswell.json of a folder into model, all but the weights. */
GS_MUST_CHECK
enum gs_status gs_manifest_read(const char *path, struct gs_model *model, struct gs_error *err);

/* The weights file into model->profiles (column names are there already), checksum included. */
GS_MUST_CHECK
enum gs_status gs_weights_read(const char *path, struct gs_model *model, struct gs_error *err);

/* Writes weights file and groundswell.json; notes: JSON text of the members provenance and metrics,
 * such as
 * "\"provenance\": {…}", may be empty. Fills weights_file and sha256. */
GS_MUST_CHECK
enum gs_status gs_model_write(struct gs_model *model, const char *dir, struct gs_str notes,
                              struct gs_error *err);

#endif

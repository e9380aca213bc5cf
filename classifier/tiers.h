/* The encoder tier of a model: which of the encoder's outputs is which label, and what is made of
 * them.
 *
 *     logits in the folder's order ─► heads[h].logit[l] ─► / temperature ─► softmax or sigmoid
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_TIERS_H
#define GS_CLASSIFIER_TIERS_H

#include "classifier/encoder/encoder.h"
#include "classifier/ngram/linear.h"

/* A gate that nothing passes: the encoder is always asked. */
#define GS_NO_GATE 2.0F

struct gs_encoder_head {
    size_t n_labels;          /* 0: the encoder does not have this head */
    int logit[GS_MAX_LABELS]; /* output of the encoder; -1: a sentiment that it does not know */
    bool single;              /* softmax over the labels, else a sigmoid for each */
    float temperature[GS_N_MODEL_LANGS];
    float thresholds[GS_MAX_LABELS];
    float margin; /* of sentiment */
    float gate[GS_N_MODEL_LANGS];
};

struct gs_encoder_tier {
    struct gs_encoder *encoder;
    size_t max_tokens; /* at most the encoder's */
    struct gs_encoder_head heads[GS_N_HEADS];
};

/* What a thread needs to ask the encoder. */
struct gs_encoder_room {
    struct gs_encoder_work *work;
    size_t max_tokens, max_messages;
    int32_t *ids;   /* [max_tokens] the messages of a pack behind one another */
    size_t *starts; /* [max_messages + 1] */
    float *logits;  /* [max_messages][n_logits] */
};

/* What groundswell.json of an encoder folder says beside the heads. */
struct gs_encoder_manifest {
    char fast[GS_MAX_NAME]; /* subfolder of the fast tier; "": none */
    size_t max_tokens;      /* 0: the encoder's own */
};

/* A published folder without groundswell.json: its labels become one head of the model. path is for
 * messages. GS_BAD_FORMAT: labels that cannot be told apart, too many, none, a regression. */
GS_MUST_CHECK
enum gs_status gs_labels_adopt(const struct gs_encoder_config *config, const char *path,
                               struct gs_model *model, struct gs_encoder_head heads[GS_N_HEADS],
                               struct gs_error *err);

/* root: groundswell.json of format "groundswell-encoder". First the names, then (once config and
 * the fast tier are loaded) the heads. GS_BAD_FORMAT without the path. */
GS_MUST_CHECK
enum gs_status gs_encoder_manifest_read(json_t *root, struct gs_model *model,
                                        struct gs_encoder_manifest *ret, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_encoder_heads_read(json_t *root, const struct gs_encoder_config *config,
                                     struct gs_model *model,
                                     struct gs_encoder_head heads[GS_N_HEADS],
                                     struct gs_error *err);

/* Room for an encoder's packs. */
GS_MUST_CHECK
enum gs_status gs_encoder_room_new(const struct gs_encoder_tier *tier, size_t max_tokens,
                                   size_t max_messages, struct gs_encoder_room **ret,
                                   struct gs_error *err);
void gs_encoder_room_free(struct gs_encoder_room *room); /* NULL is fine */
void gs_encoder_tier_free(struct gs_encoder_tier *tier); /* NULL is fine */

#endif

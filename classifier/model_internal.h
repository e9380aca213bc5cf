/* The encoder tier of a model: which of the encoder's outputs is which label, and what is made of
 * them.
 *
 *     logits in the folder's order ─► heads[h].logit[l] ─► / temperature ─► softmax or sigmoid
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_MODEL_INTERNAL_H
#define GS_CLASSIFIER_MODEL_INTERNAL_H

#include "classifier/encoder/encoder.h"
#include "classifier/ngram/ngram_internal.h"

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
    char folder[GS_MAX_NAME]; /* its subfolder; "": the model's folder is the encoder's */
    struct gs_encoder *encoder;
    size_t max_tokens; /* at most the encoder's */
    bool simplified;   /* texts are folded before they become tokens */
    struct gs_encoder_head heads[GS_N_HEADS];
};

/* A thread needs these to ask the encoders. */
struct gs_encoders_workspace {
    struct gs_encoder_workspace *works[GS_MAX_ENCODERS];
    size_t max_tokens, max_messages;
    int32_t *ids;   /* [max_tokens] the messages of a pack behind one another */
    size_t *starts; /* [max_messages + 1] */
    size_t *owners; /* [max_messages] which input a message of the pack is */
    float *rows;    /* [max_messages][n_logits] of a pack, where there are several encoders */
    float *logits;  /* [max_messages][n_logits] */
};

/* The encoder that reads a language; NULL: none. */
static inline struct gs_encoder_tier *gs_encoder_tier_of(const struct gs_model *model, size_t lang)
{
    const size_t at = model->encoder_of[lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1];
    return at < model->n_encoders ? model->encoders[at] : NULL;
}

/* Holds what groundswell.json of an encoder folder says beside the heads. */
struct gs_encoder_manifest {
    char fast[GS_MAX_NAME]; /* subfolder of the fast tier; "": none */
    size_t max_tokens;      /* 0: the encoder's own */
    bool simplified;        /* traditional Chinese is read as simplified */
};

/* Name and version of root into the model; members that are not among known (NULL ends them) are
 * refused. GS_BAD_FORMAT without the path. */
GS_MUST_CHECK
enum gs_status gs_manifest_begin(json_t *root, const char *const *known, struct gs_model *model,
                                 struct gs_error *err);

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

/* A number for each language that is named in the object, def for the others; NULL names none.
 * where names the object in messages. */
GS_MUST_CHECK
enum gs_status gs_manifest_by_language(json_t *object, const char *where, double least, double most,
                                       float def, float ret[GS_N_MODEL_LANGS],
                                       struct gs_error *err);

/* Pieces of loading (model.c). dir/file; GS_IO when that is too long a path. */
GS_MUST_CHECK
enum gs_status gs_model_path(const char *dir, const char *file, char *path, size_t size,
                             struct gs_error *err);
/* A folder of format "groundswell-ngram" into model. */
GS_MUST_CHECK
enum gs_status gs_fast_tier_load(const char *dir, struct gs_model *model, struct gs_error *err);
/* A folder of format "groundswell-encoder" without a fast tier into model, which is empty:
 * encoders[0], n_encoders, labels. */
GS_MUST_CHECK
enum gs_status gs_encoder_tier_load(const char *dir, const struct gs_model_choice *choice,
                                    struct gs_model *model, struct gs_error *err);

/* For the packs of all encoders of the model; it has one. */
GS_MUST_CHECK
enum gs_status gs_encoders_workspace_new(const struct gs_model *model, size_t max_tokens,
                                         size_t max_messages, struct gs_encoders_workspace **ret,
                                         struct gs_error *err);
void gs_encoders_workspace_free(struct gs_encoders_workspace *workspace); /* NULL is fine */
void gs_encoder_tier_free(struct gs_encoder_tier *tier);                  /* NULL is fine */

/* The calibrated logit of one label from the encoder's outputs; NaN: it does not have the label. */
float gs_encoder_logit(const struct gs_encoder_head *head, const float *raw, size_t label,
                       size_t language);

#endif

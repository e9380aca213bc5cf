/* A folder of format "groundswell-combined": a fast tier, an encoder for each language, and how their
 * answers become one.
 *
 *     fast tier ─► calibrated logits f ─┐
 *                                       ├─► (encoder·e + fast·f) / temperature ─► softmax, sigmoid
 *     encoder ───► calibrated logits e ─┘
 *
 *   {"format": "groundswell-combined", "name": "…", "version": "…", "fast": "fast",
 *    "encoders": {"en": "en", "zh": "zh", "mixed": "zh"},
 *    "heads": {"sentiment": {"en": {"encoder": 1, "fast": 0.35, "temperature": 1.1, "margin": 0.1,
 *                                   "gate": 0.93}, …},
 *              "topics": {"en": {"encoder": 1, "fast": 0.35, "gate": 0.9,
 *                                "thresholds": [one for each label]}, …}, "risks": {…}},
 *    "entities": {"open": "«", "close": "»", "temperature": {"en": 1.0}}}
 *
 * fast and encoders are subfolders, of formats "groundswell-ngram" and "groundswell-encoder"; one
 * that several languages name is loaded once, a language without one is answered by the fast tier
 * alone. Labels and their order are the fast tier's. heads has each head of the fast tier and each
 * language that has an encoder, no other.
 *
 * e and f are what each tier would answer alone, after its own temperature. A label that only one of
 * the two knows has that one's logit as it is, without weight and temperature: one that the encoder
 * lacks, or a sentiment of a language in which the fast tier has none. A head that the encoder lacks
 * stays the fast tier's answer.
 *
 * A gate is the least sureness (classifier/cascade.h) of the fast tier's own answer at which the
 * encoder is not asked; absent or null, it always is. entities: the marks that an entity is put
 * between when the encoder is asked for the sentiment toward it alone; without it no entity has its
 * own.
 *
 * Internal to the classifier. */
#ifndef GS_CLASSIFIER_COMBINED_H
#define GS_CLASSIFIER_COMBINED_H

#include "classifier/model_internal.h"

struct gs_combined_head {
    float encoder, fast; /* weights of the logits */
    float temperature;   /* of their sum */
    float margin;        /* of sentiment */
    float gate;          /* GS_NO_GATE: none */
    float thresholds[GS_MAX_LABELS];
};

enum { GS_MAX_MARK = GS_MAX_NAME };

/* Of languages that have an encoder. */
struct gs_combination {
    struct gs_combined_head heads[GS_N_HEADS][GS_N_MODEL_LANGS];
    bool marks_entities;
    char open[GS_MAX_MARK], close[GS_MAX_MARK];
    float entity_temperature[GS_N_MODEL_LANGS];
};

/* Names of subfolders. */
struct gs_combined_manifest {
    char fast[GS_MAX_NAME];
    char encoders[GS_N_MODEL_LANGS][GS_MAX_NAME]; /* "": none */
};

/* root: groundswell.json. First name and version into model and the subfolders' names; then, once
 * the fast tier is in the model, the heads. GS_BAD_FORMAT without the path. */
GS_MUST_CHECK
enum gs_status gs_combined_manifest_read(json_t *root, struct gs_model *model,
                                         struct gs_combined_manifest *ret, struct gs_error *err);
GS_MUST_CHECK
enum gs_status gs_combined_heads_read(json_t *root, const struct gs_combined_manifest *manifest,
                                      const struct gs_model *model, struct gs_combination *ret,
                                      struct gs_error *err);

/* The folder into model, which is empty. As gs_model_load_as(). */
GS_MUST_CHECK
enum gs_status gs_combined_load(const char *dir, json_t *root, const struct gs_model_choice *choice,
                                struct gs_model *model, struct gs_error *err);

/* raw: outputs of the language's encoder. *prediction is the fast tier's and becomes both's. */
void gs_combined_answer(const struct gs_model *model, const float *raw, size_t language,
                        struct gs_prediction *prediction);

#endif

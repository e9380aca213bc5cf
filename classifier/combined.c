/* Loading a combined folder, and the sum of two tiers' logits (combined.h).
 *
 * An encoder's folder is loaded as the model that it would be alone; then its labels are matched to
 * the fast tier's by their ids, so that label l of a head is the same in both, and what was not
 * matched has no output. */
#include "classifier/combined.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- loading ---- */

/* Both tiers' names are those of their own folders: the model's are kept. */
static enum gs_status load_fast(const char *dir, const struct gs_combined_manifest *said,
                                struct gs_model *model, struct gs_error *err)
{
    char name[GS_MAX_NAME];
    char version[GS_MAX_NAME];
    char path[4096];
    enum gs_status status = gs_model_path(dir, said->fast, path, sizeof path, err);

    memcpy(name, model->name, sizeof name);
    memcpy(version, model->version, sizeof version);
    if (status == GS_OK) {
        status = gs_fast_tier_load(path, model, err);
    }
    memcpy(model->name, name, sizeof name);
    memcpy(model->version, version, sizeof version);
    return status;
}

/* The fast tier's label of that id; n_labels: none. */
static size_t label_of(const struct gs_model *model, size_t head, const char *id)
{
    size_t l = 0;
    while (l < model->n_labels[head] && strcmp(model->labels[head][l].id, id) != 0) {
        l++;
    }
    return l;
}

/* Puts the outputs of an encoder's head into the order of the fast tier's labels. */
static enum gs_status match_head(const struct gs_model *alone, const struct gs_model *model,
                                 size_t h, struct gs_encoder_head *head, struct gs_error *err)
{
    const char *name = gs_head_name((enum gs_head)h);
    const size_t n = model->n_labels[h];
    int logit[GS_MAX_LABELS];

    if (h != GS_HEAD_SENTIMENT && head->single) {
        return gs_fail(err, GS_BAD_FORMAT,
                       "heads.%s: one label at a time, which cannot be added to the fast tier's",
                       name);
    }
    for (size_t l = 0; l < n; l++) {
        logit[l] = -1;
    }
    for (size_t l = 0; l < head->n_labels; l++) {
        const char *id = alone->labels[h][l].id;
        const size_t at = label_of(model, h, id);
        if (at == n) {
            char shown[GS_MAX_NAME];
            gs_manifest_show(id, shown, sizeof shown);
            return gs_fail(err, GS_BAD_FORMAT,
                           "heads.%s.labels: \"%s\" is no label of the fast tier", name, shown);
        }
        logit[at] = head->logit[l];
    }
    memcpy(head->logit, logit, n * sizeof *logit);
    head->n_labels = n;
    return GS_OK;
}

static enum gs_status match(const struct gs_model *alone, const struct gs_model *model,
                            struct gs_encoder_tier *tier, struct gs_error *err)
{
    enum gs_status status = GS_OK;

    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK; h++) {
        if (tier->heads[h].n_labels > 0) {
            status = match_head(alone, model, h, &tier->heads[h], err);
        }
    }
    return status;
}

/* One encoder behind those that the model has. */
static enum gs_status load_encoder(const char *dir, const char *folder,
                                   const struct gs_model_choice *choice, struct gs_model *model,
                                   struct gs_error *err)
{
    const struct gs_model_choice encoder = {.tier = GS_TIER_ENCODER,
                                            .arithmetic = choice->arithmetic};
    struct gs_error why = {0};
    char path[4096];
    struct gs_model *alone = calloc(1, sizeof *alone);

    if (alone == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model");
    }
    enum gs_status status = gs_model_path(dir, folder, path, sizeof path, err);
    if (status != GS_OK) {
        goto done;
    }
    status = gs_encoder_tier_load(path, &encoder, alone, err);
    if (status != GS_OK) {
        goto done;
    }
    struct gs_encoder_tier *tier = alone->encoders[0];
    status = match(alone, model, tier, &why);
    if (status != GS_OK) {
        status = gs_fail(err, status, "%s/groundswell.json: %s", path, why.message);
        goto done;
    }
    memcpy(tier->folder, folder, strlen(folder) + 1);
    model->encoders[model->n_encoders++] = tier;
    alone->n_encoders = 0; /* it is the model's now */

done:
    gs_model_free(alone);
    return status;
}

/* Where a head has a gate in a language, it is kept with the encoder that reads the language. */
static void set_gates(const struct gs_combination *combination, size_t lang, bool none,
                      struct gs_encoder_tier *tier)
{
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        tier->heads[h].gate[lang] = none ? GS_NO_GATE : combination->heads[h][lang].gate;
    }
}

static enum gs_status load_encoders(const char *dir, const struct gs_combined_manifest *said,
                                    const struct gs_model_choice *choice, struct gs_model *model,
                                    struct gs_error *err)
{
    const bool ungated = choice->tier == GS_TIER_ENCODER;

    for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
        size_t at = 0;
        model->encoder_of[lang] = GS_MAX_ENCODERS;
        if (said->encoders[lang][0] == '\0') {
            continue;
        }
        while (at < model->n_encoders &&
               strcmp(model->encoders[at]->folder, said->encoders[lang]) != 0) {
            at++;
        }
        if (at == model->n_encoders) {
            const enum gs_status status =
                load_encoder(dir, said->encoders[lang], choice, model, err);
            if (status != GS_OK) {
                return status;
            }
        }
        model->encoder_of[lang] = at;
        set_gates(model->combination, lang, ungated, model->encoders[at]);
    }
    return GS_OK;
}

/* The digest of all tiers' digests: it changes with any of them. */
static enum gs_status digest(struct gs_model *model, struct gs_error *err)
{
    char all[(GS_MAX_ENCODERS + 1) * GS_SHA256_HEX];
    size_t n = GS_SHA256_HEX - 1;

    memcpy(all, model->sha256, n);
    for (size_t i = 0; i < model->n_encoders; i++) {
        memcpy(all + n, gs_encoder_info(model->encoders[i]->encoder)->sha256, GS_SHA256_HEX - 1);
        n += GS_SHA256_HEX - 1;
    }
    return gs_sha256_hex((struct gs_str){all, n}, model->sha256, err);
}

enum gs_status gs_combined_load(const char *dir, json_t *root, const struct gs_model_choice *choice,
                                struct gs_model *model, struct gs_error *err)
{
    struct gs_combined_manifest said;
    struct gs_error why = {0};

    if (choice->vectors) {
        return gs_fail(err, GS_BAD_CONFIG,
                       "%s: vectors of several encoders cannot be compared: name the subfolder of "
                       "one",
                       dir);
    }
    enum gs_status status = gs_combined_manifest_read(root, model, &said, &why);
    if (status != GS_OK) {
        return gs_fail(err, status, "%s/groundswell.json: %s", dir, why.message);
    }
    status = load_fast(dir, &said, model, err);
    if (status != GS_OK) {
        return status;
    }
    model->combination = calloc(1, sizeof *model->combination);
    if (model->combination == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model");
    }
    status = gs_combined_heads_read(root, &said, model, model->combination, &why);
    if (status != GS_OK) {
        return gs_fail(err, status, "%s/groundswell.json: %s", dir, why.message);
    }
    if (choice->tier == GS_TIER_FAST) {
        return GS_OK;
    }
    status = load_encoders(dir, &said, choice, model, err);
    return status == GS_OK ? digest(model, err) : status;
}

/* ---- answering ---- */

/* NaN: the tier does not know the label. */
static float combine(const struct gs_combined_head *c, float e, float f)
{
    if (isnan(e)) {
        return f;
    }
    if (isnan(f)) {
        return e;
    }
    const float sum = (c->encoder * e + c->fast * f) / c->temperature;
    return isfinite(sum) ? sum : 0.0F; /* says nothing, as in gs_encoder_logit() */
}

static void combine_sentiment(const struct gs_encoder_head *head, const struct gs_combined_head *c,
                              const float *raw, size_t language, struct gs_prediction *ret)
{
    float *logits = ret->logits[GS_HEAD_SENTIMENT];

    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        logits[s] = combine(c, gs_encoder_logit(head, raw, s, language), logits[s]);
    }
    gs_softmax(logits, GS_N_SENTIMENTS, ret->p[GS_HEAD_SENTIMENT]);
    ret->no_sentiment = false;
    gs_settle_sentiment(ret, c->margin);
}

void gs_combined_answer(const struct gs_model *model, const float *raw, size_t language,
                        struct gs_prediction *prediction)
{
    const struct gs_encoder_tier *tier = gs_encoder_tier_of(model, language);

    for (size_t h = GS_HEAD_TOPICS; h < GS_N_HEADS; h++) {
        const struct gs_encoder_head *head = &tier->heads[h];
        const struct gs_combined_head *c = &model->combination->heads[h][language];
        if (head->n_labels == 0) {
            continue;
        }
        for (size_t l = 0; l < head->n_labels; l++) {
            float *logit = &prediction->logits[h][l];
            *logit = combine(c, gs_encoder_logit(head, raw, l, language), *logit);
            prediction->p[h][l] = gs_squash(*logit);
        }
        prediction->thresholds[h] = c->thresholds;
    }
    if (tier->heads[GS_HEAD_SENTIMENT].n_labels > 0) {
        combine_sentiment(&tier->heads[GS_HEAD_SENTIMENT],
                          &model->combination->heads[GS_HEAD_SENTIMENT][language], raw, language,
                          prediction);
    } else if (prediction->no_sentiment) {
        gs_settle_no_sentiment(model, prediction);
    }
    prediction->tier = gs_prediction_tier_name(GS_PREDICTION_BOTH);
}

/* What combine() and the answer of an encoder alone do, as factors. */
struct gs_label_weights gs_model_label_weights(const struct gs_model *model, size_t lang,
                                               enum gs_head head, size_t label, bool fast_knows)
{
    const size_t language = lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1;
    const struct gs_encoder_head *e = &gs_encoder_tier_of(model, lang)->heads[head];
    const bool knows = e->n_labels > 0 && e->logit[label] >= 0;
    struct gs_label_weights ret = {.fast = fast_knows};

    if (!knows) {
        return ret;
    }
    ret = (struct gs_label_weights){.output = (size_t)e->logit[label],
                                    .encoder = 1.0 / (double)e->temperature[language]};
    if (model->combination != NULL && fast_knows) {
        const struct gs_combined_head *c = &model->combination->heads[head][language];
        ret.encoder *= (double)c->encoder / (double)c->temperature;
        ret.fast = (double)c->fast / (double)c->temperature;
    }
    return ret;
}

/* ---- entities ---- */

bool gs_model_reads_entities(const struct gs_model *model, size_t lang)
{
    const struct gs_encoder_tier *tier = gs_encoder_tier_of(model, lang);

    return tier != NULL && model->info.open != NULL && tier->heads[GS_HEAD_SENTIMENT].n_labels > 0;
}

void gs_model_entity(const struct gs_model *model, const float *logits, size_t lang,
                     float p[GS_N_SENTIMENTS])
{
    const size_t language = lang < GS_N_MODEL_LANGS ? lang : GS_N_MODEL_LANGS - 1;
    const struct gs_encoder_head *head = &gs_encoder_tier_of(model, lang)->heads[GS_HEAD_SENTIMENT];
    const float inverse_t = 1.0F / model->combination->entity_temperature[language];
    float z[GS_N_SENTIMENTS];

    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        z[s] = gs_encoder_logit(head, logits, s, language) * inverse_t;
        z[s] = isinf(z[s]) ? 0.0F : z[s]; /* NaN stays: a sentiment that the encoder lacks */
    }
    gs_softmax(z, GS_N_SENTIMENTS, p);
}

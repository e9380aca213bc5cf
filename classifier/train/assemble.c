/* Float columns → a model of int8 rows. */
#include "classifier/train/train_internal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float unknown_logit = -7.0F; /* p = 0.0009 */
enum { STEPS = 127 };

/* Rounds one column to 8 bits: its largest weight is 127 steps. */
static void round_column(const float *weights, struct gs_profile *profile, size_t column)
{
    float most = 0.0F;
    for (size_t j = 0; j < profile->n_rows; j++) {
        most = fabsf(weights[j]) > most ? fabsf(weights[j]) : most;
    }
    const float scale = most > 0.0F ? most / (float)STEPS : 1.0F;
    for (size_t j = 0; j < profile->n_rows; j++) {
        const float steps = floorf(weights[j] / scale + 0.5F);
        const float held = steps > (float)STEPS    ? (float)STEPS
                           : steps < (float)-STEPS ? (float)-STEPS
                                                   : steps;
        profile->rows[j * profile->width + column] = (int8_t)held;
    }
    profile->scale[column] = scale;
}

static enum gs_status assemble_profile(const struct gs_trainer *t, size_t which,
                                       const struct gs_columns *columns, struct gs_model *model,
                                       struct gs_error *err)
{
    struct gs_profile *profile = &model->profiles[which];
    const struct gs_vocabulary *v = &t->vocabulary[which];

    profile->n_rows = v->n;
    profile->n_columns = columns->n;
    profile->width = gs_profile_width(columns->n);
    profile->keys = malloc((v->n + 1) * sizeof *profile->keys);
    profile->rows = gs_profile_rows_new(v->n, profile->width);
    if (profile->keys == NULL || profile->rows == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu rows", v->n);
    }
    if (v->n > 0) {
        memcpy(profile->keys, v->hashes, v->n * sizeof *profile->keys);
    }
    for (size_t c = 0; c < columns->n; c++) {
        memcpy(profile->names[c], columns->names[c], sizeof profile->names[c]);
        profile->bias[c] = columns->bias[c];
        if (columns->squares[c] < 0) {
            round_column(columns->weights + c * v->n, profile, c);
            continue;
        }
        const uint8_t *squares = v->squares[columns->squares[c]];
        profile->scale[c] = 1.0F;
        for (size_t j = 0; j < v->n; j++) {
            profile->rows[j * profile->width + c] = (int8_t)squares[j];
        }
    }
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        profile->least_squares[head] = (int32_t)t->least_squares[which][gs_squares_of(head)];
    }
    const enum gs_status status = gs_profile_plan(model, profile, err);
    return status != GS_OK ? status : gs_profile_index(profile, err);
}

enum gs_status gs_model_assemble(const struct gs_trainer *t, const struct gs_columns *columns,
                                 struct gs_model **ret, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    struct gs_model *model = calloc(1, sizeof *model);
    if (model == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "model");
    }
    (void)snprintf(model->name, sizeof model->name, "%s", t->options.name);
    (void)snprintf(model->version, sizeof model->version, "%s", t->options.version);
    model->unknown_logit = unknown_logit;
    model->simplified = true; /* gs_featuriser_new() for training */
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        memcpy(model->labels[head], t->labels[head], sizeof model->labels[head]);
        model->n_labels[head] = t->n_labels[head];
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            model->temperature[head][lang] = 1.0F;
        }
        for (size_t l = 0; l < model->n_labels[head]; l++) {
            model->thresholds[head][l] = 0.5F;
        }
    }
    for (size_t i = 0; i < GS_N_PROFILES && status == GS_OK; i++) {
        status = assemble_profile(t, i, &columns[i], model, err);
    }
    if (status == GS_OK) {
        gs_model_seal(model);
        *ret = model;
        model = NULL;
    }
    gs_model_free(model);
    return status;
}

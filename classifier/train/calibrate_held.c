/* The rows held out, scored by the trial model; and calibration as a whole. */
#include "classifier/train/calibrate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static size_t expert_of(const struct gs_model *model, const struct gs_trainer *t,
                        const struct gs_row *row)
{
    const struct gs_profile *p = &model->profiles[row->profile];
    for (size_t e = 0; e < p->n_experts; e++) {
        if (strcmp(p->experts[e].name, t->sets[row->set].register_name) == 0) {
            return e;
        }
    }
    return GS_MAX_EXPERTS;
}

static enum gs_status score_held(const struct gs_trainer *t, const struct gs_model *model,
                                 struct gs_held *held, struct gs_error *err)
{
    struct gs_model_workspace *work = NULL;
    size_t n = 0;
    for (size_t r = 0; r < t->n_rows; r++) {
        n += t->rows[r].held;
    }
    held->model = model;
    held->rows = calloc(n + 1, sizeof *held->rows);
    held->scores = calloc((n + 1) * GS_MAX_WIDTH, sizeof *held->scores);
    if (held->rows == NULL || held->scores == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu rows held out", n);
    }
    const enum gs_status status = gs_model_workspace_new(model, &work, err);
    for (size_t r = 0; r < t->n_rows && status == GS_OK; r++) {
        if (!t->rows[r].held) {
            continue;
        }
        struct gs_held_row *h = &held->rows[held->n];
        float *scores = held->scores + held->n++ * GS_MAX_WIDTH;
        size_t n_known = 0;
        h->row = &t->rows[r];
        h->hashes = t->hashes + t->at[r];
        h->n_hashes = t->at[r + 1] - t->at[r];
        h->expert = expert_of(model, t, h->row);
        memcpy(h->knows, t->sets[h->row->set].knows, sizeof h->knows);
        (void)gs_profile_scores(model, work, h->hashes, h->n_hashes, scores, &n_known);
        h->scores = scores;
    }
    gs_model_workspace_free(work);
    return status;
}

/* The calibration's number of a column of another model, or -1. */
static int column_of(const struct gs_profile *p, const char *name)
{
    for (size_t c = 0; c < p->n_columns; c++) {
        if (strcmp(p->names[c], name) == 0) {
            return (int)c;
        }
    }
    return -1;
}

/* The labels of a profile that the trial knew nothing of. What is not such a label scores about -1,
 * as the hinge wants it, so that is where the probability is the label's share of the rows. */
static void apply_priors(const struct gs_calibration *calibration, size_t which,
                         struct gs_profile *p)
{
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
        const float factor = calibration->head_factor[which][head];
        for (size_t l = 0; l < GS_MAX_LABELS; l++) {
            const int c = p->columns[head][l];
            if (c >= 0 && column_of(&calibration->of->profiles[which], p->names[c]) < 0) {
                const float prior = calibration->priors[which][head][l];
                p->scale[c] *= factor;
                p->bias[c] = p->bias[c] * factor + logf(prior / (1.0F - prior)) + factor;
            }
        }
    }
}

void gs_calibration_apply(const struct gs_calibration *calibration, struct gs_model *model)
{
    for (size_t i = 0; i < GS_N_PROFILES; i++) {
        struct gs_profile *p = &model->profiles[i];
        apply_priors(calibration, i, p);
        for (size_t c = 0; c < p->n_columns; c++) {
            const int from = column_of(&calibration->of->profiles[i], p->names[c]);
            if (from >= 0) {
                p->scale[c] *= calibration->factor[i][from];
                p->bias[c] =
                    p->bias[c] * calibration->factor[i][from] + calibration->offset[i][from];
            }
        }
        for (size_t head = 0; head < GS_N_HEADS; head++) { /* norms are counts, not scores */
            if (p->norm[head] >= 0) {
                p->scale[p->norm[head]] = 1.0F;
                p->bias[p->norm[head]] = 0.0F;
            }
        }
    }
    memcpy(model->temperature, calibration->temperature, sizeof model->temperature);
    model->margin = calibration->margin;
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        for (size_t l = 0; l < model->n_labels[head]; l++) {
            model->thresholds[head][l] = calibration->thresholds[head][l];
        }
    }
}

/* The trial model itself becomes calibrated on the way: its raw scores are in held by then. */
enum gs_status gs_trainer_calibrate(struct gs_trainer *t, struct gs_model *trial,
                                    struct gs_calibration *ret, struct gs_error *err)
{
    struct gs_held held = {0};

    ret->of = trial;
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        for (size_t l = 0; l < GS_MAX_LABELS; l++) {
            ret->thresholds[head][l] = 0.5F;
        }
        for (size_t lang = 0; lang < GS_N_MODEL_LANGS; lang++) {
            ret->temperature[head][lang] = 1.0F;
        }
    }
    enum gs_status status = score_held(t, trial, &held, err);
    if (status == GS_OK) {
        gs_calibrate_priors(t, ret);
        gs_calibrate_columns(&held, ret);
        gs_calibration_apply(ret, trial);
        status = gs_calibrate_answers(t, &held, trial, ret, err);
    }
    free(held.rows);
    free(held.scores);
    return status;
}

/* From calibrated columns to answers: temperature per head and language, thresholds, margin. */
#include "classifier/train/calibrate.h"

#include <math.h>
#include <stdlib.h>

static const double GOLDEN = 0.6180339887498949;

static double along(double (*loss)(const double *, const void *), const void *arg, double *params,
                    size_t i, double x)
{
    params[i] = x;
    return loss(params, arg);
}

static void minimise_one(double (*loss)(const double *, const void *), const void *arg,
                         double *params, size_t i, double reach)
{
    enum { STEPS = 32 };
    double low = params[i] - reach;
    double high = params[i] + reach;
    double a = high - GOLDEN * (high - low);
    double b = low + GOLDEN * (high - low);
    double at_a = along(loss, arg, params, i, a);
    double at_b = along(loss, arg, params, i, b);

    for (int step = 0; step < STEPS; step++) {
        if (at_a < at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - GOLDEN * (high - low);
            at_a = along(loss, arg, params, i, a);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + GOLDEN * (high - low);
            at_b = along(loss, arg, params, i, b);
        }
    }
    params[i] = 0.5 * (low + high);
}

void gs_minimise(double (*loss)(const double *params, const void *arg), const void *arg,
                 double *params, size_t n, size_t cycles)
{
    double reach = 20.0;
    for (size_t cycle = 0; cycle < cycles; cycle++) {
        for (size_t i = 0; i < n; i++) {
            minimise_one(loss, arg, params, i, reach);
        }
        reach = reach > 1.0 ? reach * 0.6 : reach;
    }
}

/* Predictions of the rows held out, kept for the fits below. */
struct answers {
    const struct gs_held *held;
    const struct gs_prediction *predictions;
    size_t head, lang;
};

static double sentiment_loss(const float *logits, const struct gs_row *row, double inverse_t)
{
    double top = -INFINITY;
    double sum = 0.0;
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        if (s != GS_NEUTRAL || !row->binary) {
            top = fmax(top, inverse_t * (double)logits[s]);
        }
    }
    for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
        sum += s != GS_NEUTRAL || !row->binary ? exp(inverse_t * (double)logits[s] - top) : 0.0;
    }
    return top + log(sum) - inverse_t * (double)logits[row->sentiment];
}

static double label_loss(const struct gs_held_row *h, const struct gs_model *model, size_t head,
                         const float *logits, double inverse_t)
{
    double loss = 0.0;
    for (size_t l = 0; l < model->n_labels[head]; l++) {
        if ((h->knows[head] >> l & 1U) == 0) {
            continue;
        }
        const double logit = inverse_t * (double)logits[l];
        const double wrong = (h->row->labels[head] >> l & 1U) != 0 ? -logit : logit;
        loss += wrong > 30.0 ? wrong : log1p(exp(wrong));
    }
    return loss;
}

/* params[0]: log of 1 / temperature. */
static double temperature_loss(const double *params, const void *arg)
{
    const struct answers *a = arg;
    const double inverse_t = exp(params[0]);
    double loss = params[0] * params[0]; /* with nothing to go by, 1 */

    for (size_t i = 0; i < a->held->n; i++) {
        const struct gs_held_row *h = &a->held->rows[i];
        const float *logits = a->predictions[i].logits[a->head];
        if (h->row->lang != a->lang) {
            continue;
        }
        if (a->head == GS_HEAD_SENTIMENT && h->row->sentiment >= 0) {
            loss += sentiment_loss(logits, h->row, inverse_t);
        } else if (a->head != GS_HEAD_SENTIMENT && h->row->has[a->head]) {
            loss += label_loss(h, a->held->model, a->head, logits, inverse_t);
        }
    }
    return loss;
}

static void fit_temperatures(struct gs_trainer *t, struct answers *a, struct gs_calibration *ret)
{
    for (a->head = 0; a->head < GS_N_HEADS; a->head++) {
        for (a->lang = 0; a->lang < GS_N_MODEL_LANGS; a->lang++) {
            double params[1] = {0.0};
            const double before = temperature_loss(params, a);
            gs_minimise(temperature_loss, a, params, 1, 1);
            const double after = temperature_loss(params, a);
            const double bounded = fmax(-2.0, fmin(2.0, params[0]));
            ret->temperature[a->head][a->lang] = (float)exp(-bounded);
            gs_train_say(
                t,
                "{\"event\":\"temperature\",\"head\":\"%s\",\"lang\":\"%s\",\"value\":%.4f,"
                "\"loss_before\":%.4f,\"loss_after\":%.4f}",
                gs_head_names[a->head], gs_model_lang_names[a->lang], exp(-bounded), before, after);
        }
    }
}

static double calibrated(const struct answers *a, size_t i, size_t label, size_t head,
                         const struct gs_calibration *c)
{
    const double logit = (double)a->predictions[i].logits[head][label] /
                         (double)c->temperature[head][a->held->rows[i].row->lang];
    return 1.0 / (1.0 + exp(-logit));
}

/* Micro-F1 of a head's answers at a threshold. */
static double f1_at(const struct answers *a, size_t head, const struct gs_calibration *c,
                    double threshold)
{
    size_t hit = 0;
    size_t said = 0;
    size_t so = 0;
    for (size_t i = 0; i < a->held->n; i++) {
        const struct gs_held_row *h = &a->held->rows[i];
        for (size_t l = 0; l < a->held->model->n_labels[head] && h->row->has[head]; l++) {
            if ((h->knows[head] >> l & 1U) == 0) {
                continue;
            }
            const bool says = calibrated(a, i, l, head, c) >= threshold;
            const bool is = (h->row->labels[head] >> l & 1U) != 0;
            hit += says && is;
            said += says;
            so += is;
        }
    }
    return said + so > 0 ? 2.0 * (double)hit / (double)(said + so) : 0.0;
}

static void choose_threshold(struct gs_trainer *t, const struct answers *a, size_t head,
                             struct gs_calibration *ret)
{
    double best = -1.0;
    ret->thresholds[head] = 0.5F;
    for (int percent = 20; percent <= 60; percent += 2) {
        const double f1 = f1_at(a, head, ret, percent / 100.0);
        if (f1 > best) {
            best = f1;
            ret->thresholds[head] = (float)percent / 100.0F;
        }
    }
    gs_train_say(t, "{\"event\":\"threshold\",\"head\":\"%s\",\"value\":%.2f,\"micro_f1\":%.4f}",
                 gs_head_names[head], (double)ret->thresholds[head], best);
}

enum gs_status gs_calibrate_answers(struct gs_trainer *t, const struct gs_held *held,
                                    struct gs_model *calibrated_model, struct gs_calibration *ret,
                                    struct gs_error *err)
{
    struct gs_model_work *work = NULL;
    struct answers a = {.held = held};
    struct gs_prediction *predictions = malloc((held->n + 1) * sizeof *predictions);
    if (predictions == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu predictions", held->n);
    }
    const enum gs_status status = gs_model_work_new(calibrated_model, &work, err);
    if (status == GS_OK) {
        for (size_t i = 0; i < held->n; i++) {
            gs_model_predict(calibrated_model, work, held->rows[i].hashes, held->rows[i].n_hashes,
                             held->rows[i].row->lang, &predictions[i]);
        }
        a.predictions = predictions;
        fit_temperatures(t, &a, ret);
        choose_threshold(t, &a, GS_HEAD_TOPICS, ret);
        choose_threshold(t, &a, GS_HEAD_RISKS, ret);
        ret->margin = 0.1F;
    }
    gs_model_work_free(work);
    free(predictions);
    return status;
}

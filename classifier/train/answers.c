/* From calibrated columns to answers: temperature per head and language, thresholds, margin. */
#include "classifier/train/calibrate.h"

#include <math.h>
#include <stdlib.h>

static const double golden = 0.6180339887498949;

static double along(double (*loss)(const double *, const void *), const void *arg, double *params,
                    size_t i, double x)
{
    params[i] = x;
    return loss(params, arg);
}

static void minimise_one(double (*loss)(const double *, const void *), const void *arg,
                         double *params, size_t i, double reach)
{
    enum { STEPS = 20 };
    double low = params[i] - reach;
    double high = params[i] + reach;
    double a = high - golden * (high - low);
    double b = low + golden * (high - low);
    double at_a = along(loss, arg, params, i, a);
    double at_b = along(loss, arg, params, i, b);

    for (int step = 0; step < STEPS; step++) {
        if (at_a < at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - golden * (high - low);
            at_a = along(loss, arg, params, i, a);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + golden * (high - low);
            at_b = along(loss, arg, params, i, b);
        }
    }
    params[i] = 0.5 * (low + high);
}

void gs_minimise(double (*loss)(const double *params, const void *arg), const void *arg,
                 double *params, size_t n, double reach, size_t cycles)
{
    for (size_t cycle = 0; cycle < cycles; cycle++) {
        for (size_t i = 0; i < n; i++) {
            minimise_one(loss, arg, params, i, reach);
        }
        reach *= 0.6;
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
            gs_minimise(temperature_loss, a, params, 1, 3.0, 1);
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

/* ---- thresholds ---- */

enum { LEAST_PERCENT = 20, STEP_PERCENT = 2, N_THRESHOLDS = 21 };

/* What each label would say at each threshold, for each profile's rows. */
struct counts {
    size_t said[GS_N_PROFILES][GS_MAX_LABELS][N_THRESHOLDS];
    size_t hit[GS_N_PROFILES][GS_MAX_LABELS][N_THRESHOLDS];
    size_t so[GS_N_PROFILES][GS_MAX_LABELS];
    size_t n_labels;
};

static void count(const struct answers *a, size_t head, const struct gs_calibration *c,
                  struct counts *counts)
{
    counts->n_labels = a->held->model->n_labels[head];
    for (size_t i = 0; i < a->held->n; i++) {
        const struct gs_held_row *h = &a->held->rows[i];
        for (size_t l = 0; l < counts->n_labels && h->row->has[head]; l++) {
            if ((h->knows[head] >> l & 1U) == 0) {
                continue;
            }
            const double p = calibrated(a, i, l, head, c);
            const bool is = (h->row->labels[head] >> l & 1U) != 0;
            counts->so[h->row->profile][l] += is;
            for (size_t k = 0; k < N_THRESHOLDS; k++) {
                const bool says = p * 100.0 >= (double)(LEAST_PERCENT + STEP_PERCENT * k);
                counts->said[h->row->profile][l][k] += says;
                counts->hit[h->row->profile][l][k] += says && is;
            }
        }
    }
}

/* Micro-F1 at threshold k: the mean of the profiles that have rows. */
static double micro_f1(const struct counts *c, size_t k)
{
    double sum = 0.0;
    double n = 0.0;
    for (size_t p = 0; p < GS_N_PROFILES; p++) {
        size_t hit = 0;
        size_t all = 0;
        for (size_t l = 0; l < c->n_labels; l++) {
            hit += c->hit[p][l][k];
            all += c->said[p][l][k] + c->so[p][l];
        }
        if (all > 0) {
            sum += 2.0 * (double)hit / (double)all;
            n += 1.0;
        }
    }
    return n > 0.0 ? sum / n : 0.0;
}

/* Part of the rows whose best label, or none below threshold k, is right: one of the row's, or none
 * where it has none. */
static double first_or_none(const struct answers *a, size_t head, const struct gs_calibration *c,
                            size_t k)
{
    const double threshold = (double)(LEAST_PERCENT + STEP_PERCENT * k) / 100.0;
    size_t n = 0;
    size_t right = 0;
    for (size_t i = 0; i < a->held->n; i++) {
        const struct gs_held_row *h = &a->held->rows[i];
        size_t best = 0;
        double most = -1.0;
        for (size_t l = 0; l < a->held->model->n_labels[head] && h->row->has[head]; l++) {
            const double p = (h->knows[head] >> l & 1U) != 0 ? calibrated(a, i, l, head, c) : 0.0;
            best = p > most ? l : best;
            most = p > most ? p : most;
        }
        n += h->row->has[head];
        right += h->row->has[head] && (most >= threshold ? (h->row->labels[head] >> best & 1U) != 0
                                                         : h->row->labels[head] == 0);
    }
    return n > 0 ? (double)right / (double)n : 0.0;
}

/* One threshold for all labels of a head. Topics: for micro-F1. Risks: for the best label or none,
 * since most texts have no risk and rarely more than one. One for each label gained on the rows
 * held out (0.834 to 0.838 on FinNL's development set) and lost as much on rows that no choice had
 * seen. */
static enum gs_status choose_threshold(struct gs_trainer *t, const struct answers *a, size_t head,
                                       struct gs_calibration *ret, struct gs_error *err)
{
    struct counts *c = calloc(1, sizeof *c);
    size_t best_at = 0;
    double best = -1.0;

    if (c == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "thresholds");
    }
    count(a, head, ret, c);
    for (size_t k = 0; k < N_THRESHOLDS; k++) {
        const double value =
            head == GS_HEAD_RISKS ? first_or_none(a, head, ret, k) : micro_f1(c, k);
        if (value > best) {
            best = value;
            best_at = k;
        }
    }
    const double threshold = (double)(LEAST_PERCENT + STEP_PERCENT * best_at) / 100.0;
    for (size_t l = 0; l < c->n_labels; l++) {
        ret->thresholds[head][l] = (float)threshold;
    }
    gs_train_say(t, "{\"event\":\"thresholds\",\"head\":\"%s\",\"value\":%.2f,\"%s\":%.4f}",
                 gs_head_names[head], threshold,
                 head == GS_HEAD_RISKS ? "first_or_none" : "micro_f1", best);
    free(c);
    return GS_OK;
}

/* ---- how the trial did on what it had not seen ---- */

static void report_sentiment(struct gs_trainer *t, const struct answers *a, size_t set)
{
    size_t n = 0;
    size_t right = 0;
    double confidence = 0.0;
    for (size_t i = 0; i < a->held->n; i++) {
        const struct gs_row *row = a->held->rows[i].row;
        const float *p = a->predictions[i].p[GS_HEAD_SENTIMENT];
        if (row->set != set || row->sentiment < 0) {
            continue;
        }
        size_t best = GS_NEGATIVE;
        double sum = 0.0;
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            if (s != GS_NEUTRAL || !row->binary) {
                best = p[s] > p[best] ? s : best;
                sum += (double)p[s];
            }
        }
        n++;
        right += best == (size_t)row->sentiment;
        confidence += (double)p[best] / sum;
    }
    if (n > 0) {
        gs_train_say(t,
                     "{\"event\":\"held_out\",\"set\":\"%s\",\"head\":\"sentiment\",\"rows\":%zu,"
                     "\"accuracy\":%.4f,\"mean_confidence\":%.4f}",
                     t->sets[set].name, n, (double)right / (double)n, confidence / (double)n);
    }
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
    enum gs_status status = gs_model_work_new(calibrated_model, &work, err);
    if (status == GS_OK) {
        for (size_t i = 0; i < held->n; i++) {
            gs_model_predict(calibrated_model, work, held->rows[i].hashes, held->rows[i].n_hashes,
                             held->rows[i].row->lang, &predictions[i]);
        }
        a.predictions = predictions;
        fit_temperatures(t, &a, ret);
        status = choose_threshold(t, &a, GS_HEAD_TOPICS, ret, err);
        for (size_t set = 0; set < t->n_sets; set++) {
            report_sentiment(t, &a, set);
        }
        ret->margin = 0.1F;
    }
    if (status == GS_OK) {
        status = choose_threshold(t, &a, GS_HEAD_RISKS, ret, err);
    }
    gs_model_work_free(work);
    free(predictions);
    return status;
}

/* Fits temperatures (golden section over log t) and thresholds (the cut between two neighbours
 * where F1 is best) on rows with labels, and counts how often the answers made with them are
 * right. */
#include "classifier/train/encoder/tune_quality.h"

#include <math.h>
#include <stdlib.h>

enum { LEAST_ROWS = 50, LEAST_EXAMPLES = 3, MACRO_ROWS = 5, ANY = GS_N_MODEL_LANGS };

static const struct gs_tune_row *row_of(const struct gs_tune_answers *a, size_t i)
{
    return &a->data->rows[a->rows[i]];
}

static const float *logits_of(const struct gs_tune_answers *a, size_t i, size_t head)
{
    return a->logits + i * a->loss->n_out + a->loss->heads[head].first;
}

static bool knows(const struct gs_tune_answers *a, const struct gs_tune_row *row, size_t head)
{
    return a->data->n_labels[head] > 0 &&
           (head == GS_HEAD_SENTIMENT ? row->sentiment >= 0 : row->has[head]);
}

static bool knows_label(const struct gs_tune_answers *a, const struct gs_tune_row *row, size_t head,
                        size_t label)
{
    return row->has[head] && (a->data->sets[row->set].knows[head] >> label & 1) != 0;
}

/* ---- temperatures ---- */

struct fit {
    const struct gs_tune_answers *answers;
    size_t head, lang;
};

/* Mean negative log-likelihood at temperature t; *ret_n rows. */
static double likelihood(const struct fit *fit, double t, size_t *ret_n)
{
    const struct gs_tune_answers *a = fit->answers;
    const size_t n_labels = a->data->n_labels[fit->head];
    const float without[GS_N_SENTIMENTS] = {1, 0, 1};
    double p[GS_LOSS_MAX_OUT];
    double sum = 0.0;

    *ret_n = 0;
    for (size_t i = 0; i < a->n; i++) {
        const struct gs_tune_row *row = row_of(a, i);
        if (!knows(a, row, fit->head) || (fit->lang != (size_t)ANY && row->lang != fit->lang)) {
            continue;
        }
        ++*ret_n;
        const bool single = fit->head == GS_HEAD_SENTIMENT;
        gs_loss_shares(logits_of(a, i, fit->head), single && row->binary ? without : NULL, n_labels,
                       single, t, p);
        if (single) {
            sum -= log(p[row->sentiment] + 1e-12);
        }
        for (size_t l = 0; l < n_labels && !single; l++) {
            const bool on = (row->labels[fit->head] >> l & 1) != 0;
            sum -= knows_label(a, row, fit->head, l) ? log((on ? p[l] : 1.0 - p[l]) + 1e-12) : 0.0;
        }
    }
    return *ret_n == 0 ? 0.0 : sum / (double)*ret_n;
}

/* Golden section over log t: the likelihood has one optimum in it. */
static double best_temperature(const struct fit *fit)
{
    const double golden = 0.61803398874989484820;
    double low = log(0.2);
    double high = log(8.0);
    size_t n = 0;
    double a = high - golden * (high - low);
    double b = low + golden * (high - low);
    double at_a = likelihood(fit, exp(a), &n);
    double at_b = likelihood(fit, exp(b), &n);

    for (int i = 0; i < 24; i++) {
        if (at_a < at_b) {
            high = b;
            b = a;
            at_b = at_a;
            a = high - golden * (high - low);
            at_a = likelihood(fit, exp(a), &n);
        } else {
            low = a;
            a = b;
            at_a = at_b;
            b = low + golden * (high - low);
            at_b = likelihood(fit, exp(b), &n);
        }
    }
    return exp(0.5 * (low + high));
}

static void set_temperatures(const struct gs_tune_answers *a, struct gs_tune_calibration *ret)
{
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        struct fit fit = {a, h, ANY};
        size_t n = 0;
        (void)likelihood(&fit, 1.0, &n);
        const double all = n >= LEAST_ROWS ? best_temperature(&fit) : 1.0;
        for (fit.lang = 0; fit.lang < GS_N_MODEL_LANGS; fit.lang++) {
            (void)likelihood(&fit, 1.0, &n);
            ret->temperature[h][fit.lang] = (float)(n >= LEAST_ROWS ? best_temperature(&fit) : all);
        }
    }
}

/* ---- thresholds ---- */

struct scored {
    float p;
    bool on;
};

static int by_p(const void *a, const void *b)
{
    const float p = ((const struct scored *)a)->p;
    const float q = ((const struct scored *)b)->p;
    return p > q ? -1 : p < q;
}

static double share_at(const struct gs_tune_answers *a, size_t i, size_t head, size_t label,
                       const struct gs_tune_calibration *calibration)
{
    const double t = (double)calibration->temperature[head][row_of(a, i)->lang];
    return 1.0 / (1.0 + exp(-(double)logits_of(a, i, head)[label] / t));
}

/* Between the two neighbours where F1 is best. */
static float best_threshold(struct scored *list, size_t n, size_t n_on)
{
    size_t hit = 0;
    double best = 0.0;
    float at = 0.5F;

    qsort(list, n, sizeof *list, by_p);
    for (size_t i = 0; i < n; i++) {
        hit += list[i].on;
        if (i + 1 < n && list[i + 1].p >= list[i].p) {
            continue;
        }
        const double f1 = 2.0 * (double)hit / (double)(i + 1 + n_on);
        if (f1 > best) {
            best = f1;
            at = i + 1 < n ? 0.5F * (list[i].p + list[i + 1].p) : 0.5F * list[i].p;
        }
    }
    return fmaxf(0.02F, fminf(at, 0.98F));
}

static float threshold_of(const struct gs_tune_answers *a, size_t head, size_t label,
                          const struct gs_tune_calibration *calibration, struct scored *list)
{
    size_t n = 0;
    size_t n_on = 0;

    for (size_t i = 0; i < a->n; i++) {
        const struct gs_tune_row *row = row_of(a, i);
        if (knows_label(a, row, head, label)) {
            const bool on = (row->labels[head] >> label & 1) != 0;
            list[n++] = (struct scored){(float)share_at(a, i, head, label, calibration), on};
            n_on += on;
        }
    }
    return n_on >= LEAST_EXAMPLES ? best_threshold(list, n, n_on) : 0.5F;
}

enum gs_status gs_tune_calibrate(const struct gs_tune_answers *a, struct gs_tune_calibration *ret,
                                 struct gs_error *err)
{
    struct scored *list = malloc((a->n + 1) * sizeof *list);

    if (list == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "calibration on %zu rows", a->n);
    }
    set_temperatures(a, ret);
    for (size_t h = GS_HEAD_TOPICS; h < GS_N_HEADS; h++) {
        for (size_t l = 0; l < a->data->n_labels[h]; l++) {
            ret->thresholds[h][l] = threshold_of(a, h, l, ret, list);
        }
    }
    free(list);
    return GS_OK;
}

/* ---- figures ---- */

static double f1_of(const struct gs_tune_label_score *s)
{
    return s->support + s->said == 0 ? 0.0 : 2.0 * (double)s->hit / (double)(s->support + s->said);
}

static void count_sentiment(const struct gs_tune_answers *a, size_t i, struct gs_tune_quality *ret)
{
    const struct gs_tune_row *row = row_of(a, i);
    const float *z = logits_of(a, i, GS_HEAD_SENTIMENT);
    struct gs_tune_label_score *scores = ret->labels[GS_HEAD_SENTIMENT];
    int best = GS_NEGATIVE;

    for (int s = 0; s < GS_N_SENTIMENTS; s++) {
        best = z[s] > z[best] && !(row->binary && s == GS_NEUTRAL) ? s : best;
    }
    scores[row->sentiment].support++;
    scores[best].said++;
    scores[best].hit += best == row->sentiment;
    ret->n[GS_HEAD_SENTIMENT]++;
}

static void count_labels(const struct gs_tune_answers *a, size_t i, size_t head,
                         const struct gs_tune_calibration *calibration, struct gs_tune_quality *ret)
{
    const struct gs_tune_row *row = row_of(a, i);
    for (size_t l = 0; l < a->data->n_labels[head]; l++) {
        if (knows_label(a, row, head, l)) {
            struct gs_tune_label_score *score = &ret->labels[head][l];
            const bool on = (row->labels[head] >> l & 1) != 0;
            const bool said =
                share_at(a, i, head, l, calibration) >= (double)calibration->thresholds[head][l];
            score->support += on;
            score->said += said;
            score->hit += on && said;
        }
    }
    ret->n[head]++;
}

static void add_up(const struct gs_tune_data *data, size_t head, struct gs_tune_quality *ret)
{
    struct gs_tune_label_score all = {0};
    double macro = 0.0;
    size_t n = 0;

    for (size_t l = 0; l < data->n_labels[head]; l++) {
        const struct gs_tune_label_score *s = &ret->labels[head][l];
        all.support += s->support;
        all.said += s->said;
        all.hit += s->hit;
        if (s->support >= MACRO_ROWS) {
            macro += f1_of(s);
            n++;
        }
    }
    ret->micro[head] = f1_of(&all);
    ret->macro[head] = n == 0 ? 0.0 : macro / (double)n;
}

void gs_tune_measure(const struct gs_tune_answers *a, const struct gs_tune_calibration *calibration,
                     struct gs_tune_quality *ret)
{
    double sum = 0.0;
    size_t n = 0;

    *ret = (struct gs_tune_quality){.figure = 0.0};
    for (size_t i = 0; i < a->n; i++) {
        for (size_t h = 0; h < GS_N_HEADS; h++) {
            if (!knows(a, row_of(a, i), h)) {
                continue;
            }
            if (h == GS_HEAD_SENTIMENT) {
                count_sentiment(a, i, ret);
            } else {
                count_labels(a, i, h, calibration, ret);
            }
        }
    }
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        add_up(a->data, h, ret);
        if (ret->n[h] > 0) {
            sum += h == GS_HEAD_SENTIMENT ? 0.5 * (ret->micro[h] + ret->macro[h]) : ret->micro[h];
            n++;
        }
    }
    ret->negative_f1 = f1_of(&ret->labels[GS_HEAD_SENTIMENT][GS_NEGATIVE]);
    ret->figure = n == 0 ? 0.0 : sum / (double)n;
}

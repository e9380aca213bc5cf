/* The gates of one language: of all combinations of one level for each head that the encoder has,
 * levels being quantiles of the fast tier's sureness, the one with which the fast tier answers most
 * rows alone while no head loses more than it may. A row passes when it passes in every head, so
 * the heads' gates cannot be chosen one by one. */
#include "classifier/train/combine.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LEVELS = 20 };

/* One row in one head, by the sum and by the fast tier alone. */
struct outcome {
    int right; /* sentiment; of topics and risks labels rightly said */
    int said;  /* of sentiment 1 */
};

struct rows {
    float (*sureness)[GS_N_HEADS];       /* [n] of the language's rows */
    struct outcome (*by)[GS_N_HEADS][2]; /* [n] */
    int (*so)[GS_N_HEADS];               /* [n] labels that are true; of sentiment 1; 0: not said */
    size_t n;
};

/* Sums over rows, of a head: 2 · right / (said + so) is accuracy or micro-F1. */
struct tally {
    double right, said, so;
};

static double figure(const struct tally *t)
{
    return t->said + t->so > 0.0 ? 2.0 * t->right / (t->said + t->so) : 0.0;
}

static struct outcome outcome_of(const struct gs_combine_data *data,
                                 const struct gs_combine_fit *fit, size_t i, enum gs_head head,
                                 enum gs_combine_system system)
{
    const struct gs_combine_row *row = &data->rows[i];
    const float *thresholds = NULL;
    struct outcome ret = {0};
    float p[GS_MAX_LABELS];
    size_t best = GS_NEGATIVE;

    if (!gs_combine_answer(data, fit, i, head, system, p, &thresholds)) {
        return ret;
    }
    for (size_t l = 0; l < data->n_labels[head]; l++) {
        if (head == GS_HEAD_SENTIMENT) {
            best = p[l] > p[best] && !(row->binary && l == GS_NEUTRAL) ? l : best;
        } else if ((row->knows[head] >> l & 1U) != 0 && p[l] >= thresholds[l]) {
            ret.said++;
            ret.right += (row->labels[head] >> l & 1U) != 0;
        }
    }
    if (head == GS_HEAD_SENTIMENT) {
        ret = (struct outcome){.right = best == (size_t)row->sentiment, .said = 1};
    }
    return ret;
}

static int n_true(const struct gs_combine_row *row, enum gs_head head)
{
    int n = 0;
    if (head == GS_HEAD_SENTIMENT) {
        return row->sentiment >= 0;
    }
    for (size_t l = 0; l < GS_MAX_LABELS && row->has[head]; l++) {
        n += (row->labels[head] >> l & 1U) != 0;
    }
    return n;
}

static void gather(const struct gs_combine_data *data, const struct gs_combine_fit *fit,
                   size_t lang, struct rows *rows)
{
    for (size_t i = 0; i < data->n; i++) {
        const struct gs_combine_row *row = &data->rows[i];
        if (row->lang != lang) {
            continue;
        }
        for (size_t h = 0; h < GS_N_HEADS; h++) {
            const enum gs_head head = (enum gs_head)h;
            const bool says = head == GS_HEAD_SENTIMENT ? row->sentiment >= 0 : row->has[head];
            rows->so[rows->n][h] = n_true(row, head);
            for (size_t k = 0; k < 2; k++) {
                rows->by[rows->n][h][k] =
                    says ? outcome_of(data, fit, i, head, k == 0 ? GS_COMBINE_SUM : GS_COMBINE_FAST)
                         : (struct outcome){0};
            }
        }
        memcpy(rows->sureness[rows->n], row->sureness, sizeof row->sureness);
        rows->n++;
    }
}

/* Whether the language's encoder has the head. */
static bool answers(const struct gs_combine_data *data, size_t lang, size_t head)
{
    size_t n_out = 0;
    size_t first = 0;
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        first += h < head ? data->n_labels[h] : 0;
        n_out += data->n_labels[h];
    }
    for (size_t i = 0; i < data->n; i++) {
        for (size_t l = 0; l < data->n_labels[head] && data->rows[i].lang == lang; l++) {
            if (!isnan(data->encoder[i * n_out + first + l])) {
                return true;
            }
        }
    }
    return false;
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a;
    const float y = *(const float *)b;
    return x > y ? 1 : x < y ? -1 : 0;
}

/* The strictest level first. Four digits: what is tried is what is written. */
static void levels_of(const struct rows *rows, size_t head, float *scratch, float *ret)
{
    for (size_t i = 0; i < rows->n; i++) {
        scratch[i] = rows->sureness[i][head];
    }
    qsort(scratch, rows->n, sizeof *scratch, ascending);
    for (size_t k = 0; k < LEVELS; k++) {
        const size_t at = rows->n - 1 - k * (rows->n - 1) / (LEVELS - 1);
        ret[k] = fmaxf(0.0F, ceilf(scratch[at] * 1e4F) / 1e4F);
    }
}

/* The rows that pass gates (< 0: not needed), when no head loses more than loss; else 0. */
static size_t passing(const struct rows *rows, const float gates[GS_N_HEADS],
                      const double wanted[GS_N_HEADS])
{
    struct tally tallies[GS_N_HEADS] = {0};
    size_t n = 0;

    for (size_t i = 0; i < rows->n; i++) {
        bool passes = true;
        for (size_t h = 0; h < GS_N_HEADS; h++) {
            passes = passes && (gates[h] < 0.0F || rows->sureness[i][h] >= gates[h]);
        }
        n += passes;
        for (size_t h = 0; h < GS_N_HEADS; h++) {
            const struct outcome *o = &rows->by[i][h][passes];
            tallies[h].right += o->right;
            tallies[h].said += o->said;
            tallies[h].so += rows->so[i][h];
        }
    }
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        if (figure(&tallies[h]) < wanted[h] - 1e-12) {
            return 0;
        }
    }
    return n;
}

/* All combinations of levels: a number in base LEVELS, a digit for each head that has a gate. */
static void search(const struct rows *rows, float levels[GS_N_HEADS][LEVELS],
                   const bool gated[GS_N_HEADS], const double wanted[GS_N_HEADS], size_t lang,
                   struct gs_combine_fit *fit)
{
    size_t n = 1;
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        n *= gated[h] ? LEVELS : 1;
    }
    for (size_t k = 0; k < n; k++) {
        float gates[GS_N_HEADS];
        size_t rest = k;
        for (size_t h = 0; h < GS_N_HEADS; h++) {
            gates[h] = gated[h] ? levels[h][rest % LEVELS] : -1.0F;
            rest /= gated[h] ? LEVELS : 1;
        }
        const size_t alone = passing(rows, gates, wanted);
        if (alone > fit->n_alone[lang]) {
            fit->n_alone[lang] = alone;
            for (size_t h = 0; h < GS_N_HEADS; h++) {
                fit->heads[h][lang].gate = gates[h];
            }
        }
    }
}

static void choose(const struct gs_combine_data *data, const struct rows *rows, size_t lang,
                   double loss, float *scratch, struct gs_combine_fit *fit)
{
    double wanted[GS_N_HEADS] = {0};
    float levels[GS_N_HEADS][LEVELS] = {0};
    bool gated[GS_N_HEADS];
    bool any = false;

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        struct tally sum = {0};
        for (size_t i = 0; i < rows->n; i++) {
            sum.right += rows->by[i][h][0].right;
            sum.said += rows->by[i][h][0].said;
            sum.so += rows->so[i][h];
        }
        wanted[h] = figure(&sum) - loss;
        gated[h] = answers(data, lang, h);
        any = any || gated[h];
        levels_of(rows, h, scratch, levels[h]);
    }
    if (any) {
        search(rows, levels, gated, wanted, lang, fit);
    }
}

enum gs_status gs_combine_fit_gates(const struct gs_combine_data *data, size_t lang, double loss,
                                    struct gs_combine_fit *fit, struct gs_error *err)
{
    struct rows rows = {.sureness = malloc((data->n + 1) * sizeof *rows.sureness),
                        .by = malloc((data->n + 1) * sizeof *rows.by),
                        .so = malloc((data->n + 1) * sizeof *rows.so)};
    float *scratch = malloc((data->n + 1) * sizeof *scratch);
    enum gs_status status = GS_OK;

    if (rows.sureness == NULL || rows.by == NULL || rows.so == NULL || scratch == NULL) {
        status = gs_fail(err, GS_NO_MEMORY, "gates of %zu rows", data->n);
        goto done;
    }
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        fit->heads[h][lang].gate = -1.0F;
    }
    gather(data, fit, lang, &rows);
    fit->n[lang] = rows.n;
    fit->n_alone[lang] = 0;
    if (rows.n >= GS_COMBINE_LEAST_ROWS) {
        choose(data, &rows, lang, loss, scratch, fit);
    }

done:
    free(rows.sureness);
    free(rows.by);
    free(rows.so);
    free(scratch);
    return status;
}

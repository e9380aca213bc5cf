/* What each system answers, and how often it is right: the fast tier alone, the encoder alone, their
 * sum, and the cascade, which is the fast tier's answer where all of its gates are passed. */
#include "classifier/train/combine.h"

#include <math.h>

enum { MACRO_ROWS = 5 };

const char *const gs_combine_system_names[GS_N_COMBINE_SYSTEMS] = {
    [GS_COMBINE_FAST] = "fast",
    [GS_COMBINE_ENCODER] = "encoder",
    [GS_COMBINE_SUM] = "sum",
    [GS_COMBINE_CASCADE] = "cascade",
};

static float summed(const struct gs_combine_head *c, float e, float f)
{
    return isnan(e) ? f : isnan(f) ? e : (e + c->fast * f) / c->temperature;
}

/* Softmax over what is known, or a sigmoid for each; false: nothing is. */
static bool shares(const float *z, size_t n, bool single, float *p)
{
    float most = -INFINITY;
    float sum = 0.0F;
    for (size_t l = 0; l < n; l++) {
        most = !isnan(z[l]) && z[l] > most ? z[l] : most;
    }
    for (size_t l = 0; l < n; l++) {
        p[l] = isnan(z[l]) ? 0.0F : single ? expf(z[l] - most) : 1.0F / (1.0F + expf(-z[l]));
        sum += p[l];
    }
    for (size_t l = 0; l < n && single && sum > 0.0F; l++) {
        p[l] /= sum;
    }
    return most > -INFINITY;
}

/* Whether the fast tier answers row alone: every head that the encoder has passes its gate. */
static bool alone(const struct gs_combine_data *data, const struct gs_combine_fit *fit,
                  const struct gs_combine_row *row)
{
    bool gated = false;
    for (size_t h = 0; h < GS_N_HEADS; h++) {
        const float gate = fit->heads[h][row->lang].gate;
        if (data->n_labels[h] > 0 && gate >= 0.0F) {
            gated = true;
            if (!(row->sureness[h] >= gate)) {
                return false;
            }
        }
    }
    return gated;
}

bool gs_combine_answer(const struct gs_combine_data *data, const struct gs_combine_fit *fit,
                       size_t i, enum gs_head head, enum gs_combine_system system, float *p,
                       const float **ret_thresholds)
{
    const struct gs_combine_row *row = &data->rows[i];
    const struct gs_combine_head *c = &fit->heads[head][row->lang];
    size_t at = 0;
    size_t n_out = 0;
    float z[GS_MAX_LABELS] = {0};

    for (size_t h = 0; h < GS_N_HEADS; h++) {
        at += h < (size_t)head ? data->n_labels[h] : 0;
        n_out += data->n_labels[h];
    }
    at += i * n_out;
    if (system == GS_COMBINE_CASCADE) {
        system = alone(data, fit, row) ? GS_COMBINE_FAST : GS_COMBINE_SUM;
    }
    for (size_t l = 0; l < data->n_labels[head]; l++) {
        const float e = data->encoder[at + l];
        const float f = data->fast[at + l];
        z[l] = system == GS_COMBINE_FAST ? f : system == GS_COMBINE_ENCODER ? e : summed(c, e, f);
    }
    *ret_thresholds = system == GS_COMBINE_FAST      ? data->fast_thresholds[head]
                      : system == GS_COMBINE_ENCODER ? data->encoder_thresholds[row->lang][head]
                                                     : c->thresholds;
    return shares(z, data->n_labels[head], head == GS_HEAD_SENTIMENT, p);
}

/* One system in one head. */
struct judged {
    const struct gs_combine_data *data;
    const struct gs_combine_fit *fit;
    enum gs_head head;
    enum gs_combine_system system;
    struct gs_eval *eval;
    float thresholds[GS_MAX_LABELS]; /* of eval: those of the row's answer */
};

static enum gs_status judge(struct judged *j, size_t i, struct gs_error *err)
{
    const struct gs_combine_data *data = j->data;
    const struct gs_combine_row *row = &data->rows[i];
    const enum gs_head head = j->head;
    const float *of_answer = NULL;
    float p[GS_MAX_LABELS];
    size_t first = 0;

    if ((head == GS_HEAD_SENTIMENT ? row->sentiment < 0 : !row->has[head]) ||
        !gs_combine_answer(data, j->fit, i, head, j->system, p, &of_answer)) {
        return GS_OK;
    }
    if (head == GS_HEAD_SENTIMENT) {
        return gs_eval_add_class(j->eval, p, (size_t)row->sentiment, row->binary, err);
    }
    for (size_t l = 0; l < data->n_labels[head]; l++) {
        j->thresholds[l] = of_answer == NULL ? 0.5F : of_answer[l];
    }
    while (first < data->n_labels[head] && (row->labels[head] >> first & 1U) == 0) {
        first++;
    }
    return gs_eval_add_labels(j->eval, p, row->knows[head], row->labels[head], first, err);
}

static double macro_of(const struct gs_eval_report *r, bool single)
{
    double sum = 0.0;
    size_t n = 0;
    for (size_t c = 0; c < r->n_classes; c++) {
        if (r->classes[c].support >= (single ? 1 : MACRO_ROWS)) {
            sum += r->classes[c].f1;
            n++;
        }
    }
    return n == 0 ? 0.0 : sum / (double)n;
}

enum gs_status gs_combine_measure(const struct gs_combine_data *data,
                                  const struct gs_combine_fit *fit, enum gs_head head, size_t lang,
                                  enum gs_combine_system system, struct gs_combine_figures *ret,
                                  struct gs_error *err)
{
    static const char *const names[GS_MAX_LABELS] = {0}; /* nothing is printed */
    const bool single = head == GS_HEAD_SENTIMENT;
    struct judged j = {.data = data, .fit = fit, .head = head, .system = system};
    struct gs_eval_report report;

    enum gs_status status =
        gs_eval_new(data->n_labels[head], names, single ? NULL : j.thresholds, &j.eval, err);
    for (size_t i = 0; i < data->n && status == GS_OK; i++) {
        if (data->rows[i].lang == lang) {
            status = judge(&j, i, err);
        }
    }
    if (status == GS_OK) {
        gs_eval_finish(j.eval, &report);
        *ret = (struct gs_combine_figures){.n = report.n,
                                           .micro = single ? report.accuracy : report.micro_f1,
                                           .macro = macro_of(&report, single),
                                           .ece = report.ece};
    }
    gs_eval_free(j.eval);
    return status;
}

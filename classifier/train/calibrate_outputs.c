/* From calibrated columns to answers: a temperature for each head and language, and how sure a
 * sentiment must be. The thresholds of topics and risks are chosen in calibrate_thresholds.c, on
 * the same predictions.
 *
 * A temperature T divides a head's logits. It is fitted on the rows held out by their
 * log-likelihood, over log(1/T), so that T cannot turn negative; the penalty log(T)^2 keeps it at 1
 * where a language has no rows. */
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

/* The predictions of the rows held out, and the head and language whose temperature is being
 * fitted. */
struct answers {
    const struct gs_held *held;
    const struct gs_prediction *predictions;
    size_t head, lang;
    double n_rows; /* of the language with a sentiment */
    const float (*temperatures)[GS_N_MODEL_LANGS];
};

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
            const double wide[] = {(double)logits[0], (double)logits[1], (double)logits[2]};
            loss += gs_calibrate_loss(h->row, wide, inverse_t, 1.0 / (a->n_rows + 2.0));
        } else if (a->head != GS_HEAD_SENTIMENT && h->row->has[a->head]) {
            loss += label_loss(h, a->held->model, a->head, logits, inverse_t);
        }
    }
    return loss;
}

static double count_rows(const struct answers *a)
{
    double n = 0.0;
    for (size_t i = 0; i < a->held->n; i++) {
        const struct gs_row *row = a->held->rows[i].row;
        n += row->lang == a->lang && row->sentiment >= 0 ? 1.0 : 0.0;
    }
    return n;
}

static void fit_temperatures(struct gs_trainer *t, struct answers *a, struct gs_calibration *ret)
{
    for (a->head = 0; a->head < GS_N_HEADS; a->head++) {
        for (a->lang = 0; a->lang < GS_N_MODEL_LANGS; a->lang++) {
            double params[1] = {0.0};
            a->n_rows = count_rows(a);
            const double before = temperature_loss(params, a);
            gs_minimise(temperature_loss, a, params, 1, 3.0, 1);
            const double after = temperature_loss(params, a);
            const double bounded = fmax(-2.0, fmin(2.0, params[0]));
            ret->temperature[a->head][a->lang] = (float)exp(-bounded);
            gs_train_say(
                t,
                "{\"event\":\"temperature\",\"head\":\"%s\",\"lang\":\"%s\",\"value\":%.4f,"
                "\"loss_before\":%.4f,\"loss_after\":%.4f}",
                gs_head_name((enum gs_head)a->head), gs_lang_name((enum gs_lang)a->lang),
                exp(-bounded), before, after);
        }
    }
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
        struct gs_buf line = {.max = 2048};
        gs_buf_puts(&line, "{\"event\":\"held_out\",\"set\":");
        gs_buf_json_str(&line, gs_str(t->sets[set].name));
        gs_buf_printf(&line,
                      ",\"head\":\"sentiment\",\"rows\":%zu,\"accuracy\":%.4f,"
                      "\"mean_confidence\":%.4f}",
                      n, (double)right / (double)n, confidence / (double)n);
        gs_train_say_line(t, &line);
    }
}

/* One row held out into the head's evaluation; a label that the row's set does not know is not
 * judged. */
static enum gs_status judge_row(const struct answers *a, size_t i, struct gs_eval *eval,
                                struct gs_error *err)
{
    const struct gs_held_row *h = &a->held->rows[i];
    const float *logits = a->predictions[i].logits[a->head];
    const size_t n = a->held->model->n_labels[a->head];
    const float inverse_t = 1.0F / a->temperatures[a->head][h->row->lang];
    float p[GS_MAX_LABELS] = {0};
    size_t first = n;

    if (a->head == GS_HEAD_SENTIMENT) {
        float scaled[GS_N_SENTIMENTS];
        if (h->row->sentiment < 0 || a->predictions[i].no_sentiment) {
            return GS_OK;
        }
        for (size_t s = 0; s < GS_N_SENTIMENTS; s++) {
            scaled[s] = inverse_t * logits[s];
        }
        gs_softmax(scaled, GS_N_SENTIMENTS, p);
        return gs_eval_add_class(eval, p, (size_t)h->row->sentiment, h->row->binary, err);
    }
    if (!h->row->has[a->head]) {
        return GS_OK;
    }
    double best = -INFINITY; /* rows do not say which of their labels is the first: the likeliest */
    for (size_t l = 0; l < n; l++) {
        p[l] = (h->knows[a->head] >> l & 1U) != 0 ? gs_squash(inverse_t * logits[l]) : 0.0F;
        if ((h->row->labels[a->head] >> l & 1U) != 0 && (double)p[l] > best) {
            best = (double)p[l];
            first = l;
        }
    }
    return gs_eval_add_labels(eval, p, h->knows[a->head], h->row->labels[a->head], first, err);
}

static enum gs_status judge_head(struct gs_trainer *t, const struct answers *a,
                                 const struct gs_calibration *calibration, struct gs_error *err)
{
    const size_t n = a->held->model->n_labels[a->head];
    struct gs_eval *eval = NULL;
    for (size_t l = 0; l < n; l++) {
        t->label_ids[a->head][l] = t->labels[a->head][l].id;
    }
    const float *thresholds =
        a->head == GS_HEAD_SENTIMENT ? NULL : calibration->thresholds[a->head];
    enum gs_status status = gs_eval_new(n, t->label_ids[a->head], thresholds, &eval, err);
    for (size_t i = 0; i < a->held->n && status == GS_OK && n > 0; i++) {
        status = judge_row(a, i, eval, err);
    }
    if (status == GS_OK) {
        gs_eval_finish(eval, &t->held_out[a->head]);
    }
    gs_eval_free(eval);
    return status;
}

const struct gs_eval_report *gs_trainer_held_out(const struct gs_trainer *trainer,
                                                 enum gs_head head)
{
    return &trainer->held_out[head];
}

enum gs_status gs_calibrate_answers(struct gs_trainer *t, const struct gs_held *held,
                                    struct gs_model *calibrated_model, struct gs_calibration *ret,
                                    struct gs_error *err)
{
    struct gs_model_workspace *work = NULL;
    struct answers a = {.held = held};
    struct gs_prediction *predictions = malloc((held->n + 1) * sizeof *predictions);
    if (predictions == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "%zu predictions", held->n);
    }
    enum gs_status status = gs_model_workspace_new(calibrated_model, &work, err);
    if (status == GS_OK) {
        for (size_t i = 0; i < held->n; i++) {
            gs_model_predict(calibrated_model, work, held->rows[i].hashes, held->rows[i].n_hashes,
                             held->rows[i].row->lang, &predictions[i]);
        }
        a.predictions = predictions;
        fit_temperatures(t, &a, ret);
        for (size_t set = 0; set < t->n_sets; set++) {
            report_sentiment(t, &a, set);
        }
        ret->margin = 0.1F;
        status = gs_calibrate_thresholds(t, held, predictions, GS_HEAD_TOPICS, ret, err);
    }
    if (status == GS_OK) {
        status = gs_calibrate_thresholds(t, held, predictions, GS_HEAD_RISKS, ret, err);
    }
    a.temperatures = (const float(*)[GS_N_MODEL_LANGS])ret->temperature;
    for (a.head = 0; a.head < GS_N_HEADS && status == GS_OK; a.head++) {
        status = judge_head(t, &a, ret, err);
    }
    gs_model_workspace_free(work);
    free(predictions);
    return status;
}

/* After the folder is written: how its answers on the validation rows were, counted as `eval`
 * counts, and the rows that it was most wrong about. The logits are those of the last validation,
 * which was of the weights that were written. */
#include "classifier/train/encoder/tune_internal.h"

#include <math.h>

static void shares(const struct gs_tuner *t, const struct gs_tune_row *row, const float *logits,
                   size_t head, float *p)
{
    const struct gs_loss_head *of = &gs_stepper_loss(t->stepper)->heads[head];
    const bool single = head == GS_HEAD_SENTIMENT;
    const float without[GS_N_SENTIMENTS] = {1, 0, 1};
    double exact[GS_LOSS_MAX_OUT];

    gs_loss_shares(logits + of->first, single && row->binary ? without : NULL,
                   t->data->n_labels[head], single,
                   (double)t->calibration.temperature[head][row->lang], exact);
    for (size_t l = 0; l < t->data->n_labels[head]; l++) {
        p[l] = (float)exact[l];
    }
}

static const float *logits_at(const struct gs_tuner *t, size_t i)
{
    return t->logits + i * gs_stepper_loss(t->stepper)->n_out;
}

static enum gs_status add_class(const struct gs_tuner *t, size_t i, struct gs_eval *eval,
                                struct gs_error *err)
{
    const struct gs_tune_row *row = &t->data->rows[t->valid[i]];
    float p[GS_MAX_LABELS];

    if (row->sentiment < 0) {
        return GS_OK;
    }
    shares(t, row, logits_at(t, i), GS_HEAD_SENTIMENT, p);
    return gs_eval_add_class(eval, p, (size_t)row->sentiment, row->binary, err);
}

static enum gs_status add_labels(const struct gs_tuner *t, size_t i, size_t head,
                                 struct gs_eval *eval, struct gs_error *err)
{
    const struct gs_tune_row *row = &t->data->rows[t->valid[i]];
    const size_t n = t->data->n_labels[head];
    const uint64_t known = t->data->sets[row->set].knows[head];
    float p[GS_MAX_LABELS];
    size_t first = n;

    if (!row->has[head]) {
        return GS_OK;
    }
    shares(t, row, logits_at(t, i), head, p);
    for (size_t l = n; l-- > 0;) {
        first = (row->labels[head] >> l & 1) != 0 ? l : first;
    }
    return gs_eval_add_labels(eval, p, known, row->labels[head], first, err);
}

enum gs_status gs_tuner_held_out(const struct gs_tuner *t, enum gs_head head,
                                 struct gs_eval_report *ret, struct gs_error *err)
{
    const char *labels[GS_MAX_LABELS];
    struct gs_eval *eval = NULL;
    const bool single = head == GS_HEAD_SENTIMENT;

    ret->n = 0;
    if (t->data->n_labels[head] == 0) {
        return GS_OK;
    }
    for (size_t l = 0; l < t->data->n_labels[head]; l++) {
        labels[l] = single ? gs_sentiment_name((enum gs_sentiment)l) : t->data->labels[head][l].id;
    }
    enum gs_status status =
        gs_eval_new(t->data->n_labels[head], labels,
                    single ? NULL : t->calibration.thresholds[head], &eval, err);
    for (size_t i = 0; i < t->plan.n_valid && status == GS_OK; i++) {
        status = single ? add_class(t, i, eval, err) : add_labels(t, i, head, eval, err);
    }
    if (status == GS_OK) {
        gs_eval_finish(eval, ret);
    }
    gs_eval_free(eval);
    return status;
}

/* Keeps ret sorted, the surest first. */
static size_t keep(struct gs_tune_mistake *ret, size_t n, size_t max,
                   const struct gs_tune_mistake *one)
{
    size_t at = n;

    while (at > 0 && ret[at - 1].p < one->p) {
        at--;
    }
    if (at == max) {
        return n;
    }
    const size_t last = n < max ? n : max - 1;
    for (size_t i = last; i > at; i--) {
        ret[i] = ret[i - 1];
    }
    ret[at] = *one;
    return last + 1;
}

size_t gs_tuner_worst(const struct gs_tuner *t, struct gs_tune_mistake *ret, size_t max)
{
    size_t n = 0;

    for (size_t i = 0; i < t->plan.n_valid && max > 0; i++) {
        const struct gs_tune_row *row = &t->data->rows[t->valid[i]];
        float p[GS_MAX_LABELS] = {0.0F};
        if (row->sentiment < 0) {
            continue;
        }
        shares(t, row, logits_at(t, i), GS_HEAD_SENTIMENT, p);
        struct gs_tune_mistake one = {.set = row->set, .line = row->line, .truth = row->sentiment};
        for (int s = 0; s < GS_N_SENTIMENTS; s++) {
            one.said = p[s] > p[one.said] ? s : one.said;
        }
        one.p = p[one.said];
        if (one.said != one.truth) {
            n = keep(ret, n, max, &one);
        }
    }
    return n;
}

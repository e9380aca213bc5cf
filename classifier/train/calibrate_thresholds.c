/* Thresholds of topics and risks from the rows held out (threshold_fit.h), and how common each label
 * is, which is what rare labels are calibrated with. */
#include "classifier/train/calibrate.h"
#include "classifier/train/threshold_fit.h"

#include <math.h>
#include <stdlib.h>

static void count(const struct gs_held *held, const struct gs_prediction *predictions, size_t head,
                  const struct gs_calibration *calibration, struct gs_threshold_fit *fit)
{
    for (size_t i = 0; i < held->n; i++) {
        const struct gs_held_row *h = &held->rows[i];
        const double temperature = (double)calibration->temperature[head][h->row->lang];
        for (size_t l = 0; l < held->model->n_labels[head] && h->row->has[head]; l++) {
            if ((h->knows[head] >> l & 1U) != 0) {
                const double logit = (double)predictions[i].logits[head][l] / temperature;
                const double p = 1.0 / (1.0 + exp(-logit));
                const bool is = (h->row->labels[head] >> l & 1U) != 0;
                gs_threshold_count(&fit->of[l], p, is);
            }
        }
    }
}

enum gs_status gs_calibrate_thresholds(struct gs_trainer *t, const struct gs_held *held,
                                       const struct gs_prediction *predictions, size_t head,
                                       struct gs_calibration *ret, struct gs_error *err)
{
    struct gs_threshold_fit *c = calloc(1, sizeof *c);
    struct gs_threshold_counts chosen = {0};
    double macro = 0.0;
    double n_with = 0.0;

    if (c == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "thresholds");
    }
    count(held, predictions, head, ret, c);
    gs_threshold_average(held->model->n_labels[head], c);
    for (size_t l = 0; l < held->model->n_labels[head] && c->mean.so > 0.0; l++) {
        const struct gs_threshold_counts *own = &c->of[l];
        const size_t k = gs_threshold_best(c, l);
        ret->thresholds[head][l] = (float)gs_threshold_at(k);
        chosen.so += own->so;
        chosen.hit[0] += own->hit[k];
        chosen.said[0] += own->said[k];
        macro += own->so > 0.0 ? gs_threshold_f1(own->hit[k], own->said[k], own->so) : 0.0;
        n_with += own->so > 0.0 ? 1.0 : 0.0;
        gs_train_say(t,
                     "{\"event\":\"threshold\",\"head\":\"%s\",\"label\":\"%s\",\"value\":%.2f,"
                     "\"positives\":%.0f,\"said\":%.0f,\"hits\":%.0f}",
                     gs_head_name((enum gs_head)head), t->labels[head][l].id, gs_threshold_at(k),
                     own->so, own->said[k], own->hit[k]);
    }
    gs_train_say(t,
                 "{\"event\":\"thresholds\",\"head\":\"%s\",\"labels\":%zu,\"without\":%.0f,"
                 "\"micro_f1\":%.4f,\"macro_f1\":%.4f}",
                 gs_head_name((enum gs_head)head), held->model->n_labels[head],
                 (double)held->model->n_labels[head] - n_with,
                 gs_threshold_f1(chosen.hit[0], chosen.said[0], chosen.so),
                 n_with > 0.0 ? macro / n_with : 0.0);
    free(c);
    return GS_OK;
}

/* A label's rows in each profile: those of sets that know it, and those that have it. */
struct label_rows {
    double n[GS_N_PROFILES], so[GS_N_PROFILES];
};

static struct label_rows count_rows(const struct gs_trainer *t, size_t head, size_t l)
{
    struct label_rows ret = {0};

    for (size_t r = 0; r < t->n_rows; r++) {
        const struct gs_row *row = &t->rows[r];
        const struct gs_set *set = &t->sets[row->set];
        if (!set->valid && row->has[head] && (set->knows[head] >> l & 1U) != 0) {
            ret.n[row->profile] += 1.0;
            ret.so[row->profile] += (row->labels[head] >> l & 1U) != 0 ? 1.0 : 0.0;
        }
    }
    return ret;
}

void gs_calibrate_priors(const struct gs_trainer *t, struct gs_calibration *ret)
{
    static const double lent_rows = 20.0; /* of both languages together, to each */
    for (size_t head = GS_HEAD_TOPICS; head < GS_N_HEADS; head++) {
        for (size_t l = 0; l < GS_MAX_LABELS; l++) {
            const struct label_rows rows = count_rows(t, head, l);
            double n_all = 1.0; /* half a row with the label and half without */
            double so_all = 0.5;
            for (size_t p = 0; p < GS_N_PROFILES; p++) {
                n_all += rows.n[p];
                so_all += rows.so[p];
            }
            for (size_t p = 0; p < GS_N_PROFILES; p++) {
                ret->priors[p][head][l] =
                    (float)((rows.so[p] + lent_rows * so_all / n_all) / (rows.n[p] + lent_rows));
            }
        }
    }
}

/* Accuracy, precision, recall, F1 (micro and macro), expected calibration error and risk-coverage
 * from counts and scores that are added row by row. Definitions stand in the header, with their
 * sources. */
#include "classifier/eval/classification_metrics.h"

#include <stdlib.h>

struct answer {
    float confidence;
    bool right;
};

struct gs_eval {
    size_t n_labels;
    const char *const *labels;
    const float *thresholds;
    struct gs_eval_report report;
    struct answer *answers; /* [max] */
    size_t n, max;
    size_t n_accurate, n_with_labels, n_top, n_subset;
    double brier;
    struct bins {
        size_t n[GS_ECE_BINS];
        double confidence[GS_ECE_BINS], right[GS_ECE_BINS];
    } bins; /* multi-label: every label's p */
};

static void count_in_bin(struct bins *bins, double p, bool right)
{
    size_t bin = (size_t)(p * GS_ECE_BINS);
    bin = bin < GS_ECE_BINS ? bin : GS_ECE_BINS - 1;
    bins->n[bin]++;
    bins->confidence[bin] += p;
    bins->right[bin] += right;
}

static double calibration_error(const struct bins *bins)
{
    double gaps = 0.0;
    double n = 0.0;
    for (size_t b = 0; b < GS_ECE_BINS; b++) {
        const double gap = bins->confidence[b] - bins->right[b];
        gaps += gap < 0 ? -gap : gap;
        n += (double)bins->n[b];
    }
    return n > 0.0 ? gaps / n : 0.0;
}

enum gs_status gs_eval_new(size_t n_labels, const char *const *labels, const float *thresholds,
                           struct gs_eval **ret, struct gs_error *err)
{
    struct gs_eval *eval = calloc(1, sizeof *eval);
    if (eval == NULL || n_labels > GS_MAX_LABELS) {
        free(eval);
        return gs_fail(err, GS_NO_MEMORY, "evaluation of %zu labels", n_labels);
    }
    eval->n_labels = n_labels;
    eval->labels = labels;
    eval->thresholds = thresholds;
    *ret = eval;
    return GS_OK;
}

void gs_eval_set_thresholds(struct gs_eval *eval, const float *thresholds)
{
    eval->thresholds = thresholds;
}

void gs_eval_free(struct gs_eval *eval)
{
    if (eval != NULL) {
        free(eval->answers);
        free(eval);
    }
}

static enum gs_status keep(struct gs_eval *eval, float confidence, bool right, struct gs_error *err)
{
    if (eval->n == eval->max) {
        const size_t max = eval->max == 0 ? 1024 : 2 * eval->max;
        struct answer *bigger = realloc(eval->answers, max * sizeof *bigger);
        if (bigger == NULL) {
            return gs_fail(err, GS_NO_MEMORY, "%zu answers", max);
        }
        eval->answers = bigger;
        eval->max = max;
    }
    eval->answers[eval->n++] = (struct answer){confidence, right};
    return GS_OK;
}

enum gs_status gs_eval_add_class(struct gs_eval *eval, const float *p, size_t truth, bool binary,
                                 struct gs_error *err)
{
    const bool drop = binary && eval->n_labels == GS_N_SENTIMENTS;
    double sum = 0.0;
    double squares = 0.0;
    size_t best = 0;

    for (size_t c = 0; c < eval->n_labels; c++) {
        if (!drop || c != GS_NEUTRAL) {
            sum += (double)p[c];
            best = p[c] > p[best] ? c : best;
        }
    }
    for (size_t c = 0; c < eval->n_labels; c++) {
        if (!drop || c != GS_NEUTRAL) {
            const double error = (double)p[c] / sum - (c == truth ? 1.0 : 0.0);
            squares += error * error;
        }
    }
    eval->brier += squares;
    eval->n_accurate += best == truth;
    eval->report.classes[truth].support++;
    eval->report.classes[best].said++;
    eval->report.classes[best].hit += best == truth;
    eval->report.confusion[truth][best]++;
    return keep(eval, (float)((double)p[best] / sum), best == truth, err);
}

enum gs_status gs_eval_add_labels(struct gs_eval *eval, const float *p, uint64_t known,
                                  uint64_t truth, size_t first, struct gs_error *err)
{
    double squares = 0.0;
    size_t best = eval->n_labels;
    size_t n_known = 0;
    bool exact = true;

    for (size_t l = 0; l < eval->n_labels; l++) {
        if ((known >> l & 1U) == 0) {
            continue;
        }
        n_known++;
        const bool is = (truth >> l & 1U) != 0;
        const bool says = p[l] >= eval->thresholds[l];
        const double error = (double)p[l] - (is ? 1.0 : 0.0);
        squares += error * error;
        count_in_bin(&eval->bins, (double)p[l], is);
        best = best == eval->n_labels || p[l] > p[best] ? l : best;
        exact = exact && is == says;
        eval->report.classes[l].support += is;
        eval->report.classes[l].said += says;
        eval->report.classes[l].hit += is && says;
    }
    if (n_known == 0) {
        return GS_OK;
    }
    const bool right = (truth >> best & 1U) != 0;
    const size_t answer = p[best] >= eval->thresholds[best] ? best : eval->n_labels;
    eval->brier += squares / (double)n_known;
    eval->n_accurate += answer == first;
    eval->report.confusion[first][answer]++;
    eval->n_subset += exact;
    eval->n_with_labels += truth != 0;
    eval->n_top += right;
    return keep(eval, p[best], right, err);
}

static int surest_first(const void *a, const void *b)
{
    const struct answer *x = a;
    const struct answer *y = b;
    if (x->confidence != y->confidence) {
        return x->confidence < y->confidence ? 1 : -1;
    }
    return (int)x->right - (int)y->right; /* ties: the cautious order */
}

static void finish_calibration(struct gs_eval *eval, struct gs_eval_report *r)
{
    struct bins best = {0};
    for (size_t i = 0; i < eval->n; i++) {
        count_in_bin(&best, (double)eval->answers[i].confidence, eval->answers[i].right);
    }
    r->top1_ece = calibration_error(&best);
    r->ece = r->multi_label ? calibration_error(&eval->bins) : r->top1_ece;
    for (size_t b = 0; b < GS_ECE_BINS; b++) {
        r->bin_n[b] = best.n[b];
        if (best.n[b] > 0) {
            r->bin_confidence[b] = best.confidence[b] / (double)best.n[b];
            r->bin_accuracy[b] = best.right[b] / (double)best.n[b];
        }
    }
}

static void finish_coverage(struct gs_eval *eval, struct gs_eval_report *r)
{
    size_t right = 0;
    size_t i = 0;
    if (eval->n > 0) {
        qsort(eval->answers, eval->n, sizeof *eval->answers, surest_first);
    }
    for (size_t k = 0; k < GS_N_COVERAGES; k++) {
        const size_t end = eval->n * (k + 1) / GS_N_COVERAGES;
        for (; i < end; i++) {
            right += eval->answers[i].right;
        }
        r->coverage[k] = end > 0 ? (double)right / (double)end : 0.0;
    }
}

static double ratio(double a, double b)
{
    return b > 0.0 ? a / b : 0.0;
}

static void finish_classes(struct gs_eval *eval, struct gs_eval_report *r)
{
    double hit = 0.0;
    double said = 0.0;
    double support = 0.0;
    double macro = 0.0;
    size_t n_with = 0;

    for (size_t c = 0; c < eval->n_labels; c++) {
        struct gs_class_score *k = &r->classes[c];
        k->label = eval->labels[c];
        k->precision = ratio((double)k->hit, (double)k->said);
        k->recall = ratio((double)k->hit, (double)k->support);
        k->f1 = ratio(2.0 * (double)k->hit, (double)(k->said + k->support));
        hit += (double)k->hit;
        said += (double)k->said;
        support += (double)k->support;
        macro += k->support > 0 ? k->f1 : 0.0;
        n_with += k->support > 0;
        r->weighted_f1 += k->f1 * (double)k->support;
    }
    r->macro_f1 = ratio(macro, (double)n_with);
    r->micro_f1 = ratio(2.0 * hit, said + support);
    r->weighted_f1 = ratio(r->weighted_f1, support);
}

void gs_eval_finish(struct gs_eval *eval, struct gs_eval_report *ret)
{
    struct gs_eval_report *r = &eval->report;
    const double n = (double)eval->n;

    r->n = eval->n;
    r->n_classes = eval->n_labels;
    r->multi_label = eval->thresholds != NULL;
    r->weighted_f1 = 0.0;
    r->accuracy = ratio((double)eval->n_accurate, n);
    r->top1_accuracy = ratio((double)eval->n_top, (double)eval->n_with_labels);
    r->subset_accuracy = ratio((double)eval->n_subset, n);
    r->brier = ratio(eval->brier, n);
    finish_classes(eval, r);
    finish_calibration(eval, r);
    finish_coverage(eval, r);
    *ret = *r;
}

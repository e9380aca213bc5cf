/* Measures how good answers are: counted row by row, reported at the end.
 *
 * One-label heads (sentiment): the answer is the class with the largest p. Multi-label heads
 * (topics, risks): a label is said when its p reaches its threshold.
 *
 * Sources: expected calibration error, Guo et al. 2017, arXiv:1706.04599 (equal-width bins); Brier
 * 1950; risk-coverage, El-Yaniv & Wiener 2010. Threads: owned by one thread. */
#ifndef GS_CLASSIFIER_CLASSIFICATION_METRICS_H
#define GS_CLASSIFIER_CLASSIFICATION_METRICS_H

#include "classifier/model.h"
#include "ingest/base/buf.h"

enum { GS_ECE_BINS = 15, GS_N_COVERAGES = 10 };

struct gs_eval; /* opaque */

/* Labels are borrowed. thresholds NULL: a one-label head. GS_NO_MEMORY. */
GS_MUST_CHECK
enum gs_status gs_eval_new(size_t n_labels, const char *const *labels, const float *thresholds,
                           struct gs_eval **ret, struct gs_error *err);
void gs_eval_free(struct gs_eval *eval); /* NULL is fine */
/* Other thresholds for the rows of a multi-label head that are added from now on: they depend on the
 * row's language and on who answered. Borrowed until the next row is added. */
void gs_eval_set_thresholds(struct gs_eval *eval, const float *thresholds);

/* One row of a one-label head. binary: the row's set has no class GS_NEUTRAL, so p is made to sum
 * to 1 without it. */
GS_MUST_CHECK
enum gs_status gs_eval_add_class(struct gs_eval *eval, const float *p, size_t truth, bool binary,
                                 struct gs_error *err);

/* One row of a multi-label head: truth is a bit mask, first its first label or n_labels for none.
 * known is a bit mask of the labels that the row's set knows, truth among them: what is answered of
 * the others is neither right nor wrong, and does not count. Without any of them nothing is
 * added. */
GS_MUST_CHECK
enum gs_status gs_eval_add_labels(struct gs_eval *eval, const float *p, uint64_t known,
                                  uint64_t truth, size_t first, struct gs_error *err);

struct gs_class_score {
    const char *label;
    size_t support, said, hit;
    double precision, recall, f1; /* 0 where undefined */
};

struct gs_eval_report {
    size_t n;
    size_t n_classes;
    struct gs_class_score classes[GS_MAX_LABELS];
    double accuracy; /* multi-label: best label at its threshold, or none, against the first label
                        or none */
    double top1_accuracy;   /* multi-label, rows with a label: the best label is one of them */
    double subset_accuracy; /* multi-label: exactly the right labels */
    double macro_f1, micro_f1, weighted_f1; /* macro: over classes with support */
    double ece; /* one-label heads: of the best answer's p; multi-label: of the p of every label
                        that the row's set knows */
    double top1_ece;                 /* multi-label: of the best label's p */
    double brier;                    /* of all p */
    double coverage[GS_N_COVERAGES]; /* accuracy of the surest 10 %, 20 %, … 100 % */
    /* [truth][answer]; of multi-label heads the first label and the best one that is said, and
     * behind the labels one more for none */
    size_t confusion[GS_MAX_LABELS + 1][GS_MAX_LABELS + 1];
    double bin_confidence[GS_ECE_BINS], bin_accuracy[GS_ECE_BINS];
    size_t bin_n[GS_ECE_BINS];
    bool multi_label;
};

void gs_eval_finish(struct gs_eval *eval, struct gs_eval_report *ret);

/* A metric by its name ("accuracy", "macro_f1", … "coverage_70", "f1:LABEL"); false: no such
 * metric. */
bool gs_eval_metric(const struct gs_eval_report *report, const char *name, double *ret);

/* The name of the i-th metric that applies to the report, and its value; NULL behind the last. */
const char *gs_eval_metric_at(const struct gs_eval_report *report, size_t i, double *ret);

/* The report as a JSON object, as text, as pieces of an HTML page
 * (classifier/eval/report_page.h). Labels are a foreign model's words: they are escaped here. */
void gs_eval_put_json(const struct gs_eval_report *report, struct gs_buf *out);
void gs_eval_put_text(const struct gs_eval_report *report, struct gs_buf *out);
void gs_eval_put_html(const struct gs_eval_report *report, struct gs_buf *out);

#endif

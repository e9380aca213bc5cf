/* A report as JSON and as text, and its metrics by name. The HTML pieces are in report_html.c. */
#include "classifier/eval/classification_metrics.h"

#include "ingest/base/escape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Each row is a figure that is reported, and where it lies in the report. */
static const struct {
    const char *name;
    size_t offset;
    bool multi_label_only;
} metrics[] = {
    {"accuracy", offsetof(struct gs_eval_report, accuracy), false},
    {"top1_accuracy", offsetof(struct gs_eval_report, top1_accuracy), true},
    {"subset_accuracy", offsetof(struct gs_eval_report, subset_accuracy), true},
    {"macro_f1", offsetof(struct gs_eval_report, macro_f1), false},
    {"micro_f1", offsetof(struct gs_eval_report, micro_f1), false},
    {"weighted_f1", offsetof(struct gs_eval_report, weighted_f1), false},
    {"ece", offsetof(struct gs_eval_report, ece), false},
    {"top1_ece", offsetof(struct gs_eval_report, top1_ece), true},
    {"brier", offsetof(struct gs_eval_report, brier), false},
};

static double metric(const struct gs_eval_report *r, size_t i)
{
    double value = 0.0;
    memcpy(&value, (const char *)r + metrics[i].offset, sizeof value);
    return value;
}

static bool applies(const struct gs_eval_report *r, size_t i)
{
    return r->multi_label || !metrics[i].multi_label_only;
}

const char *gs_eval_metric_at(const struct gs_eval_report *r, size_t i, double *ret)
{
    for (size_t k = 0; k < GS_COUNT(metrics); k++) {
        if (applies(r, k) && i-- == 0) {
            *ret = metric(r, k);
            return metrics[k].name;
        }
    }
    return NULL;
}

bool gs_eval_metric(const struct gs_eval_report *r, const char *name, double *ret)
{
    for (size_t i = 0; i < GS_COUNT(metrics); i++) {
        if (strcmp(name, metrics[i].name) == 0 && applies(r, i)) {
            *ret = metric(r, i);
            return true;
        }
    }
    if (strncmp(name, "coverage_", 9) == 0) {
        for (size_t k = 0; k < GS_N_COVERAGES; k++) {
            char percent[8];
            (void)snprintf(percent, sizeof percent, "%zu", 10 * (k + 1));
            if (strcmp(name + 9, percent) == 0) {
                *ret = r->coverage[k];
                return true;
            }
        }
    }
    for (size_t c = 0; c < r->n_classes && strncmp(name, "f1:", 3) == 0; c++) {
        if (strcmp(name + 3, r->classes[c].label) == 0) {
            *ret = r->classes[c].f1;
            return true;
        }
    }
    return false;
}

static void put_number(struct gs_buf *out, const char *name, double value)
{
    gs_buf_json_str(out, gs_str(name));
    gs_buf_putc(out, ':');
    gs_buf_json_number(out, value);
}

/* The name of a row or column of the confusion: the one behind the labels is none of them. */
static const char *confused(const struct gs_eval_report *r, size_t i)
{
    return i < r->n_classes ? r->classes[i].label : "(none)";
}

/* Counts above 0 only: most of thirty risks are never taken for most others. */
static void put_confusion(const struct gs_eval_report *r, struct gs_buf *out)
{
    const size_t n = r->n_classes + r->multi_label;
    gs_buf_puts(out, ",\"confusion\":{");
    for (size_t t = 0; t < n; t++) {
        bool comma = false;
        gs_buf_puts(out, t > 0 ? "," : "");
        gs_buf_json_str(out, gs_str(confused(r, t)));
        gs_buf_puts(out, ":{");
        for (size_t a = 0; a < n; a++) {
            if (r->confusion[t][a] > 0 || !r->multi_label) {
                gs_buf_puts(out, comma ? "," : "");
                gs_buf_json_str(out, gs_str(confused(r, a)));
                gs_buf_printf(out, ":%zu", r->confusion[t][a]);
                comma = true;
            }
        }
        gs_buf_putc(out, '}');
    }
    gs_buf_putc(out, '}');
}

void gs_eval_put_json(const struct gs_eval_report *r, struct gs_buf *out)
{
    gs_buf_printf(out, "{\"n\":%zu", r->n);
    for (size_t i = 0; i < GS_COUNT(metrics); i++) {
        if (applies(r, i)) {
            gs_buf_putc(out, ',');
            put_number(out, metrics[i].name, metric(r, i));
        }
    }
    gs_buf_puts(out, ",\"classes\":{");
    for (size_t c = 0; c < r->n_classes; c++) {
        const struct gs_class_score *k = &r->classes[c];
        gs_buf_puts(out, c > 0 ? "," : "");
        gs_buf_json_str(out, gs_str(k->label));
        gs_buf_puts(out, ":{");
        put_number(out, "precision", k->precision);
        gs_buf_putc(out, ',');
        put_number(out, "recall", k->recall);
        gs_buf_putc(out, ',');
        put_number(out, "f1", k->f1);
        gs_buf_printf(out, ",\"support\":%zu}", k->support);
    }
    gs_buf_puts(out, "},\"risk_coverage\":[");
    for (size_t k = 0; k < GS_N_COVERAGES; k++) {
        gs_buf_printf(out, "%s{\"coverage\":%.1f,", k > 0 ? "," : "", (double)(k + 1) / 10.0);
        put_number(out, "accuracy", r->coverage[k]);
        gs_buf_putc(out, '}');
    }
    gs_buf_puts(out, "],\"reliability\":[");
    for (size_t b = 0; b < GS_ECE_BINS; b++) {
        gs_buf_printf(out, "%s{\"n\":%zu,", b > 0 ? "," : "", r->bin_n[b]);
        put_number(out, "confidence", r->bin_confidence[b]);
        gs_buf_putc(out, ',');
        put_number(out, "accuracy", r->bin_accuracy[b]);
        gs_buf_putc(out, '}');
    }
    gs_buf_putc(out, ']');
    put_confusion(r, out);
    gs_buf_putc(out, '}');
}

/* A label in the first column of a table on a terminal. */
static void put_cell(struct gs_buf *out, const char *label)
{
    const size_t start = out->len;
    gs_buf_terminal(out, gs_str(label));
    while (gs_buf_ok(out) && out->len - start < 24) {
        gs_buf_putc(out, ' ');
    }
}

void gs_eval_put_text(const struct gs_eval_report *r, struct gs_buf *out)
{
    gs_buf_printf(out, "%-24s %9s %9s %9s %9s\n", "", "precision", "recall", "f1", "support");
    for (size_t c = 0; c < r->n_classes; c++) {
        const struct gs_class_score *k = &r->classes[c];
        if (k->support + k->said > 0) {
            put_cell(out, k->label);
            gs_buf_printf(out, " %9.4f %9.4f %9.4f %9zu\n", k->precision, k->recall, k->f1,
                          k->support);
        }
    }
    gs_buf_putc(out, '\n');
    for (size_t i = 0; i < GS_COUNT(metrics); i++) {
        if (applies(r, i)) {
            gs_buf_printf(out, "%-24s %9.4f\n", metrics[i].name, metric(r, i));
        }
    }
    gs_buf_puts(out, "\nsurest                  ");
    for (size_t k = 0; k < GS_N_COVERAGES; k++) {
        gs_buf_printf(out, "  %3zu %%", 10 * (k + 1));
    }
    gs_buf_puts(out, "\nright                   ");
    for (size_t k = 0; k < GS_N_COVERAGES; k++) {
        gs_buf_printf(out, " %.4f", r->coverage[k]);
    }
    gs_buf_putc(out, '\n');
    for (size_t t = 0; t < r->n_classes && !r->multi_label; t++) {
        gs_buf_puts(out, t == 0 ? "\ntruth \\ answer in the order above\n" : "");
        put_cell(out, r->classes[t].label);
        for (size_t a = 0; a < r->n_classes; a++) {
            gs_buf_printf(out, " %7zu", r->confusion[t][a]);
        }
        gs_buf_putc(out, '\n');
    }
}

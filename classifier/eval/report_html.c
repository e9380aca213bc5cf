/* A report as pieces of an HTML page: the table of classes, the metrics, two charts, the confusion
 * matrix. */
#include "classifier/eval/classification_metrics.h"
#include "classifier/eval/report_page.h"

#include "ingest/base/escape.h"

static void put_classes(const struct gs_eval_report *r, struct gs_buf *out)
{
    gs_buf_puts(out,
                "<div class=\"wide\"><table><tr><th>label</th><th>precision</th><th>recall</th>"
                "<th>F1</th><th>rows</th><th>said</th></tr>\n");
    for (size_t c = 0; c < r->n_classes; c++) {
        const struct gs_class_score *k = &r->classes[c];
        if (k->support + k->said > 0) {
            gs_buf_puts(out, "<tr><td>");
            gs_buf_html(out, gs_str(k->label));
            gs_buf_printf(
                out, "</td><td>%.4f</td><td>%.4f</td><td>%.4f</td><td>%zu</td><td>%zu</td></tr>\n",
                k->precision, k->recall, k->f1, k->support, k->said);
        }
    }
    gs_buf_puts(out, "</table></div>\n");
}

static void put_metrics(const struct gs_eval_report *r, struct gs_buf *out)
{
    double value = 0.0;
    gs_buf_puts(out, "<div class=\"wide\"><table><tr><th>metric</th><th>value</th></tr>\n");
    gs_buf_printf(out, "<tr><td>rows</td><td>%zu</td></tr>\n", r->n);
    for (size_t i = 0;; i++) {
        const char *name = gs_eval_metric_at(r, i, &value);
        if (name == NULL) {
            break;
        }
        gs_buf_printf(out, "<tr><td>%s</td><td>%.4f</td></tr>\n", name, value);
    }
    gs_buf_puts(out, "</table></div>\n");
}

/* Bars where a bin has rows: how often the answers of that confidence were right. */
static void put_reliability(const struct gs_eval_report *r, struct gs_buf *out)
{
    double x[GS_ECE_BINS];
    double y[GS_ECE_BINS];
    static const double ends[] = {0.0, 1.0};
    const struct gs_page_axis confidence = {"confidence of the best answer", 0.0, 1.0};
    const struct gs_page_axis right = {"part that is right", 0.0, 1.0};
    for (size_t b = 0; b < GS_ECE_BINS; b++) {
        x[b] = ((double)b + 0.5) / GS_ECE_BINS;
        y[b] = r->bin_n[b] > 0 ? r->bin_accuracy[b] : 0.0;
    }
    const struct gs_page_line lines[] = {
        {.name = "measured", .x = x, .y = y, .n = GS_ECE_BINS, .bars = true},
        {.name = "as sure as it says", .x = ends, .y = ends, .n = 2},
    };
    gs_page_chart(out, "Calibration", confidence, right, lines, 2);
}

static void put_coverage(const struct gs_eval_report *r, struct gs_buf *out)
{
    double x[GS_N_COVERAGES];
    const struct gs_page_axis part = {"part of the rows, surest first", 0.0, 1.0};
    const struct gs_page_axis right = {"accuracy", 0.0, 1.0};
    for (size_t k = 0; k < GS_N_COVERAGES; k++) {
        x[k] = (double)(k + 1) / GS_N_COVERAGES;
    }
    const struct gs_page_line line = {
        .name = "accuracy of the best answer", .x = x, .y = r->coverage, .n = GS_N_COVERAGES};
    gs_page_chart(out, "Accuracy by coverage", part, right, &line, 1);
}

void gs_eval_put_html(const struct gs_eval_report *r, struct gs_buf *out)
{
    const char *labels[GS_MAX_LABELS + 1];
    for (size_t c = 0; c < r->n_classes; c++) {
        labels[c] = r->classes[c].label;
    }
    labels[r->n_classes] = "(none)";
    put_classes(r, out);
    put_metrics(r, out);
    put_reliability(r, out);
    put_coverage(r, out);
    gs_page_text(out, r->multi_label
                          ? "Confusion: the first label of a row, or none, against the best label "
                            "that is said, or none."
                          : "Confusion: rows by their label and by the answer.");
    gs_page_confusion(out, labels, r->n_classes + r->multi_label, r->confusion[0],
                      GS_MAX_LABELS + 1);
}

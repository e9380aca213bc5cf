/* The curves are read back from train.jsonl, so that a run that was interrupted shows all of it:
 * a step that was done twice is drawn where it was done last. A chart of ten thousand steps would
 * be a black bar, so that neighbours are averaged down to what a screen can show. */
#include "deploy/daemon/workbench/tune_report.h"

#include "classifier/eval/report_page.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LOG = 64 << 20, MAX_PAGE = 64 << 20, MAX_POINTS = 400, MAX_EPOCHS = 1000, N_WORST = 30 };

static const char *const head_titles[GS_N_HEADS] = {"Sentiment", "Topics", "Risks"};

struct series {
    double *x, *y;
    size_t n;
};

/* ---- the log ---- */

/* Steps of an epoch are numbered anew: x counts in epochs. */
struct curves {
    json_t *steps, *epochs; /* arrays of the log's lines */
    double steps_an_epoch;
    size_t n_unread; /* lines that a kill cut short */
};

static enum gs_status read_line(struct curves *curves, struct gs_str line, struct gs_error *err)
{
    json_t *root = json_loadb(line.bytes, line.len, JSON_REJECT_DUPLICATES, NULL);
    const char *event = json_string_value(json_object_get(root, "event"));
    const double step = json_number_value(json_object_get(root, "step"));

    if (event == NULL) {
        curves->n_unread++;
        json_decref(root);
        return GS_OK;
    }
    json_t *to = strcmp(event, "step") == 0    ? curves->steps
                 : strcmp(event, "epoch") == 0 ? curves->epochs
                                               : NULL;
    curves->steps_an_epoch = fmax(curves->steps_an_epoch, to == curves->steps ? step : 0.0);
    if (to == NULL) {
        json_decref(root);
    } else if (json_array_append_new(to, root) != 0) {
        return gs_fail(err, GS_NO_MEMORY, "train.jsonl");
    }
    return GS_OK;
}

static enum gs_status read_log(const char *dir, struct curves *curves, struct gs_error *err)
{
    struct gs_file file = {0};
    char path[4096];

    curves->steps = json_array();
    curves->epochs = json_array();
    if (snprintf(path, sizeof path, "%s/train.jsonl", dir) >= (int)sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", dir);
    }
    enum gs_status status = gs_file_read(path, MAX_LOG, &file, err);
    for (size_t at = 0; status == GS_OK && at < file.bytes.len;) {
        const char *begin = file.bytes.bytes + at;
        const char *end = memchr(begin, '\n', file.bytes.len - at);
        const size_t len = end == NULL ? file.bytes.len - at : (size_t)(end - begin);
        status = read_line(curves, (struct gs_str){begin, len}, err);
        at += len + 1;
    }
    gs_file_done(&file);
    return status;
}

/* ---- charts ---- */

/* When in the training a line was written, in epochs. */
static double when(const struct curves *curves, const json_t *line)
{
    const json_t *step = json_object_get(line, "step");
    const double epoch = json_number_value(json_object_get(line, "epoch"));

    return step == NULL ? epoch
                        : epoch - 1.0 + json_number_value(step) / fmax(curves->steps_an_epoch, 1.0);
}

/* Means of equal stretches of the training. s has room for MAX_POINTS. */
static void average(const struct curves *curves, const json_t *lines, const char *member,
                    struct series *s)
{
    const double most = when(curves, json_array_get(lines, json_array_size(lines) - 1));
    double n[MAX_POINTS] = {0.0};

    memset(s->y, 0, MAX_POINTS * sizeof *s->y);
    for (size_t i = 0; i < json_array_size(lines); i++) {
        const json_t *line = json_array_get(lines, i);
        const double at = when(curves, line) / most;
        const size_t point = at >= 1.0 ? MAX_POINTS - 1 : (size_t)(fmax(at, 0.0) * MAX_POINTS);
        s->y[point] += json_number_value(json_object_get(line, member));
        n[point] += 1.0;
    }
    s->n = 0;
    for (size_t i = 0; i < MAX_POINTS; i++) {
        if (n[i] > 0.0) {
            s->x[s->n] = most * ((double)i + 1.0) / MAX_POINTS;
            s->y[s->n++] = s->y[i] / n[i];
        }
    }
}

struct chart {
    const char *title, *y_title;
    const char *const (*members)[2]; /* of a line of the log, and its name in the legend */
    size_t n;
    bool share; /* the y axis is 0 to 1 */
};

static void draw(const struct curves *curves, const json_t *lines, const struct chart *chart,
                 struct gs_buf *out)
{
    struct gs_page_line drawn[GS_PAGE_MAX_LINES];
    struct gs_page_axis x = {"epoch", 0.0, 0.0};
    struct gs_page_axis y = {chart->y_title, 0.0, chart->share ? 1.0 : 0.0};
    double *values = calloc(chart->n * 2 * MAX_POINTS, sizeof *values);

    if (values == NULL) {
        out->broken = true;
        return;
    }
    for (size_t i = 0; i < chart->n; i++) {
        struct series s = {values + 2 * i * MAX_POINTS, values + (2 * i + 1) * MAX_POINTS, 0};
        average(curves, lines, chart->members[i][0], &s);
        for (size_t k = 0; k < s.n; k++) {
            x.most = fmax(x.most, s.x[k]);
            y.most = fmax(y.most, s.y[k]);
        }
        drawn[i] =
            (struct gs_page_line){.name = chart->members[i][1], .x = s.x, .y = s.y, .n = s.n};
    }
    gs_page_chart(out, chart->title, x, y, drawn, chart->n);
    free(values);
}

static void put_unread(const struct curves *curves, struct gs_buf *out)
{
    char text[120];

    if (curves->n_unread > 0) {
        (void)snprintf(text, sizeof text,
                       "%zu lines of train.jsonl cannot be read and are not drawn.",
                       curves->n_unread);
        gs_page_text(out, text);
    }
}

static void put_curves(const struct curves *curves, struct gs_buf *out)
{
    static const char *const losses[][2] = {{"loss", "all, weighted"},
                                            {"sentiment", "sentiment"},
                                            {"topics", "topics"},
                                            {"risks", "risks"}};
    static const char *const rates[][2] = {{"lr", "learning rate"}};
    static const char *const lengths[][2] = {{"gradient", "gradient, before clipping"}};
    static const char *const figures[][2] = {{"accuracy", "sentiment, accuracy"},
                                             {"sentiment_macro_f1", "sentiment, macro-F1"},
                                             {"negative_f1", "negative, F1"},
                                             {"topics_micro_f1", "topics, micro-F1"},
                                             {"risks_micro_f1", "risks, micro-F1"}};
    const struct chart of_steps[] = {{"Loss of training", "loss, mean over rows", losses, 4, false},
                                     {"Learning rate", "rate", rates, 1, false},
                                     {"Gradient", "length", lengths, 1, false}};
    const struct chart of_epochs = {"Validation", "share", figures, 5, true};

    gs_page_heading(out, "Curves");
    if (json_array_size(curves->epochs) > 0) {
        draw(curves, curves->epochs, &of_epochs, out);
    }
    for (size_t i = 0; i < 3 && json_array_size(curves->steps) > 0; i++) {
        draw(curves, curves->steps, &of_steps[i], out);
    }
    put_unread(curves, out);
}

/* ---- the rest ---- */

static enum gs_status put_heads(const struct gs_tune_report *report, struct gs_buf *out,
                                struct gs_error *err)
{
    struct gs_eval_report *held = calloc(1, sizeof *held);
    enum gs_status status = GS_OK;

    if (held == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "report.html");
    }
    for (size_t h = 0; h < GS_N_HEADS && status == GS_OK; h++) {
        status = gs_tuner_held_out(report->tuner, (enum gs_head)h, held, err);
        if (status == GS_OK && held->n > 0) {
            gs_page_heading(out, head_titles[h]);
            gs_eval_put_html(held, out);
        }
    }
    free(held);
    return status;
}

static void put_worst(const struct gs_tune_report *report, struct gs_buf *out)
{
    struct gs_tune_mistake worst[N_WORST];
    const size_t n = gs_tuner_worst(report->tuner, worst, N_WORST);

    if (n == 0) {
        return;
    }
    gs_page_heading(out, "Surest mistakes of sentiment");
    gs_buf_puts(out, "<table><tr><th>set</th><th>line</th><th>label</th><th>said</th>"
                     "<th>p</th></tr>\n");
    for (size_t i = 0; i < n; i++) {
        gs_buf_puts(out, "<tr><td>");
        gs_buf_html(out, gs_str(report->data->sets[worst[i].set].name));
        gs_buf_printf(out, "</td><td>%zu</td><td>%s</td><td>%s</td><td>%.3f</td></tr>\n",
                      worst[i].line, gs_sentiment_name((enum gs_sentiment)worst[i].truth),
                      gs_sentiment_name((enum gs_sentiment)worst[i].said), (double)worst[i].p);
    }
    gs_buf_puts(out, "</table>\n");
}

static enum gs_status write_page(const char *dir, const struct gs_buf *page, struct gs_error *err)
{
    char path[4096];

    if (!gs_buf_ok(page)) {
        return gs_fail(err, GS_NO_MEMORY, "report.html is too long");
    }
    if (snprintf(path, sizeof path, "%s/report.html", dir) >= (int)sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", dir);
    }
    return gs_file_write(path, gs_buf_str(page), GS_FILE_FOR_ALL, err);
}

enum gs_status gs_tune_report_write(const struct gs_tune_report *report, struct gs_error *err)
{
    struct gs_buf page = {.max = MAX_PAGE};
    struct curves curves = {0};
    char title[160];

    enum gs_status status = read_log(report->dir, &curves, err);
    if (status == GS_OK) {
        (void)snprintf(title, sizeof title, "Fine-tuning of %s %s", report->name, report->version);
        gs_page_begin(&page, title);
        put_curves(&curves, &page);
        gs_page_text(&page, "Validation rows were not trained on, but chose the epoch, the "
                            "temperatures and the thresholds: the figures are a little kind.");
        status = put_heads(report, &page, err);
    }
    if (status == GS_OK) {
        put_worst(report, &page);
        gs_page_end(&page);
        status = write_page(report->dir, &page, err);
    }
    json_decref(curves.steps);
    json_decref(curves.epochs);
    gs_buf_done(&page);
    return status;
}

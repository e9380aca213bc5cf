/* report.html of a training: warnings, then for each head how the rows held out were answered
 * (classes, metrics, calibration, confusion), then the loss of the problems.
 *
 * A head of fifty-five labels has fifty-five problems, and as many lines tell nothing. So a chart
 * shows the three sentiments one by one and the mean over a head's labels and over the gates, of
 * the final model's problems, one chart for each alphabet. A problem that was solved early keeps
 * its last loss. */
#include "deploy/daemon/workbench/train_report.h"

#include "classifier/eval/report_page.h"
#include "ingest/base/escape.h"
#include "ingest/base/file.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_PASSES = 64, N_CURVES = 6, MAX_PAGE = 64 << 20, MAX_CARD = 1 << 20 };

static const char *const head_titles[GS_N_HEADS] = {"Sentiment", "Topics", "Risks"};

/* Losses of several problems, added up pass by pass. */
struct curve {
    const char *name;
    double x[MAX_PASSES], y[MAX_PASSES];
    size_t n_problems, n;
};

static size_t curve_of(const char *column)
{
    static const char *const names[] = {"negative", "neutral", "positive",
                                        "topics/",  "risks/",  "gate/"};
    for (size_t i = 0; i < N_CURVES; i++) {
        if (strncmp(column, names[i], strlen(names[i])) == 0) {
            return i;
        }
    }
    return N_CURVES;
}

static void add_losses(const json_t *losses, struct curve *curve)
{
    const size_t n = json_array_size(losses);
    for (size_t i = 0; i < MAX_PASSES && n > 0; i++) {
        curve->y[i] += json_number_value(json_array_get(losses, i < n ? i : n - 1));
    }
    curve->n = n > curve->n && n <= MAX_PASSES ? n : curve->n;
    curve->n_problems += n > 0;
}

static void draw(struct curve curves[N_CURVES], const char *title, struct gs_buf *out)
{
    struct gs_page_line lines[N_CURVES];
    struct gs_page_axis x = {"pass over the rows", 1.0, 2.0};
    struct gs_page_axis y = {"squared hinge loss, mean over the rows met", 0.0, 0.0};
    size_t n_lines = 0;

    for (size_t c = 0; c < N_CURVES; c++) {
        if (curves[c].n_problems > 0) {
            for (size_t i = 0; i < curves[c].n; i++) {
                curves[c].x[i] = (double)(i + 1);
                curves[c].y[i] /= (double)curves[c].n_problems;
                y.most = fmax(y.most, curves[c].y[i]);
            }
            x.most = fmax(x.most, (double)curves[c].n);
            lines[n_lines++] = (struct gs_page_line){
                .name = curves[c].name, .x = curves[c].x, .y = curves[c].y, .n = curves[c].n};
        }
    }
    if (n_lines > 0) {
        gs_page_chart(out, title, x, y, lines, n_lines);
    }
}

static void put_curves(const json_t *log, const char *profile, struct gs_buf *out)
{
    static const char *const names[N_CURVES] = {"sentiment: negative", "sentiment: neutral",
                                                "sentiment: positive", "topics, mean",
                                                "risks, mean",         "register gates, mean"};
    struct curve *curves = calloc(N_CURVES, sizeof *curves);
    char title[64];

    if (curves == NULL) {
        out->broken = true;
        return;
    }
    for (size_t c = 0; c < N_CURVES; c++) {
        curves[c].name = names[c];
    }
    for (size_t i = 0; i < json_array_size(log); i++) {
        const json_t *line = json_array_get(log, i);
        const char *phase = json_string_value(json_object_get(line, "phase"));
        const char *of = json_string_value(json_object_get(line, "profile"));
        const char *column = json_string_value(json_object_get(line, "column"));
        if (phase != NULL && of != NULL && column != NULL && strcmp(phase, "final") == 0 &&
            strcmp(of, profile) == 0 && curve_of(column) < N_CURVES) {
            add_losses(json_object_get(line, "loss"), &curves[curve_of(column)]);
        }
    }
    (void)snprintf(title, sizeof title, "Loss, %s texts", profile);
    draw(curves, title, out);
    free(curves);
}

/* The words of the command as a shell would take them back, as far as blanks go. Where the folder
 * was is of no interest to who has it. Ends in a NUL. */
static void put_command(const struct gs_train_report *report, struct gs_buf *out)
{
    gs_buf_puts(out, "groundswell train");
    for (int i = 1; i < report->argc; i++) {
        if (strcmp(report->argv[i], "--out") == 0) {
            i++;
        } else if (strncmp(report->argv[i], "--out=", 6) != 0) {
            const char *quote = strpbrk(report->argv[i], " \t\"'") != NULL ? "'" : "";
            gs_buf_printf(out, " %s%s%s", quote, report->argv[i], quote);
        }
    }
    gs_buf_putc(out, '\0');
}

static enum gs_status parse_log(struct gs_str text, json_t **ret, struct gs_error *err)
{
    json_t *log = json_array();
    for (size_t at = 0; at < text.len;) {
        const char *end = memchr(text.bytes + at, '\n', text.len - at);
        const size_t len = end == NULL ? text.len - at : (size_t)(end - text.bytes) - at;
        json_t *line = json_loadb(text.bytes + at, len, 0, NULL);
        if (line == NULL || json_array_append_new(log, line) != 0) {
            json_decref(log);
            return gs_fail(err, GS_BAD_FORMAT, "the training's log has a line that is no JSON");
        }
        at += len + 1;
    }
    *ret = log;
    return GS_OK;
}

/* Calls put with each warning. */
static void each_warning(const json_t *log, const char *before, const char *after, bool html,
                         struct gs_buf *out)
{
    for (size_t i = 0; i < json_array_size(log); i++) {
        const json_t *line = json_array_get(log, i);
        const char *event = json_string_value(json_object_get(line, "event"));
        const char *text = json_string_value(json_object_get(line, "text"));
        if (event != NULL && text != NULL && strcmp(event, "warning") == 0) {
            gs_buf_puts(out, before);
            if (html) {
                gs_buf_html(out, gs_str(text));
            } else {
                gs_buf_terminal(out, gs_str(text));
            }
            gs_buf_puts(out, after);
        }
    }
}

static enum gs_status put_page(const struct gs_train_report *report, struct gs_buf *out,
                               struct gs_error *err)
{
    json_t *log = NULL;
    struct gs_buf command = {.max = 1 << 18};
    char title[160];

    const enum gs_status status = parse_log(report->log, &log, err);
    if (status != GS_OK) {
        return status;
    }
    (void)snprintf(title, sizeof title, "Training of %s %s", report->name, report->version);
    gs_page_begin(out, title);
    put_command(report, &command);
    gs_page_text(out, gs_buf_ok(&command) ? command.bytes : "");
    gs_buf_done(&command);
    each_warning(log, "<p class=\"warning\">", "</p>\n", true, out);
    gs_page_text(
        out,
        "The figures are those of a trial that had not seen the rows held out; the model itself "
        "has learnt from them too.");
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        const struct gs_eval_report *held =
            gs_trainer_held_out(report->trainer, (enum gs_head)head);
        if (held->n > 0) {
            gs_page_heading(out, head_titles[head]);
            gs_eval_put_html(held, out);
        }
    }
    gs_page_heading(out, "Loss");
    put_curves(log, "alphabetic", out);
    put_curves(log, "han", out);
    gs_page_end(out);
    json_decref(log);
    return gs_buf_ok(out) ? GS_OK : gs_fail(err, GS_NO_MEMORY, "report.html is too long");
}

/* ---- the card ---- */

/* A cell of a Markdown table: no bar, no markup, no line end. */
static void put_cell(struct gs_buf *out, const char *text)
{
    struct gs_buf plain = {.max = 4096};
    gs_buf_terminal(&plain, gs_str(text == NULL ? "" : text));
    for (size_t i = 0; i < plain.len; i++) {
        if (strchr("|<>&[]*`\\", plain.bytes[i]) != NULL) {
            gs_buf_putc(out, '\\');
        }
        gs_buf_putc(out, plain.bytes[i]);
    }
    gs_buf_done(&plain);
}

static void put_sets(const json_t *sets, struct gs_buf *out)
{
    gs_buf_puts(out, "| set | register | use | rows | sentiment | topics | risks "
                     "|\n|---|---|---|---|---|---|---|\n");
    for (size_t i = 0; i < json_array_size(sets); i++) {
        static const char *const texts[] = {"name", "register", "use"};
        static const char *const counts[] = {"rows", "sentiment", "topics", "risks"};
        const json_t *set = json_array_get(sets, i);
        gs_buf_puts(out, "|");
        for (size_t k = 0; k < 3; k++) {
            gs_buf_puts(out, " ");
            put_cell(out, json_string_value(json_object_get(set, texts[k])));
            gs_buf_puts(out, " |");
        }
        for (size_t k = 0; k < 4; k++) {
            gs_buf_printf(out, " %lld |",
                          (long long)json_integer_value(json_object_get(set, counts[k])));
        }
        gs_buf_puts(out, "\n");
    }
}

static void put_held_out(const struct gs_train_report *report, struct gs_buf *out)
{
    gs_buf_puts(
        out, "| head | rows | accuracy | micro-F1 | macro-F1 | ECE |\n|---|---|---|---|---|---|\n");
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        const struct gs_eval_report *held =
            gs_trainer_held_out(report->trainer, (enum gs_head)head);
        if (held->n > 0) {
            gs_buf_printf(out, "| %s | %zu | %.4f | %.4f | %.4f | %.4f |\n", head_titles[head],
                          held->n, held->accuracy, held->micro_f1, held->macro_f1, held->ece);
        }
    }
}

static void put_labels(const struct gs_model_info *model, struct gs_buf *out)
{
    for (size_t head = 0; head < GS_N_HEADS; head++) {
        gs_buf_printf(out, "- %s: ", head_titles[head]);
        for (size_t l = 0; l < model->n_labels[head]; l++) {
            gs_buf_puts(out, l > 0 ? ", " : "");
            put_cell(out, model->labels[head][l]);
            if (head != GS_HEAD_SENTIMENT) {
                gs_buf_printf(out, " (said at p ≥ %.2f)", (double)model->thresholds[head][l]);
            }
        }
        gs_buf_puts(out, model->n_labels[head] == 0 ? "none\n" : "\n");
    }
}

static enum gs_status put_card(const struct gs_train_report *report, struct gs_buf *out,
                               struct gs_error *err)
{
    json_t *log = NULL;
    struct gs_buf command = {.max = 1 << 18};
    enum gs_status status = parse_log(report->log, &log, err);
    json_t *sets = json_loadb(report->sets.bytes, report->sets.len, 0, NULL);
    if (status == GS_OK && sets == NULL) {
        status = gs_fail(err, GS_BAD_FORMAT, "the list of sets is no JSON");
    }
    if (status == GS_OK) {
        gs_buf_printf(out,
                      "# %s\n\nVersion %s. A linear model over hashed n-grams, trained by\n\n    ",
                      report->name, report->version);
        put_command(report, &command);
        gs_buf_terminal(out, gs_str(gs_buf_ok(&command) ? command.bytes : ""));
        gs_buf_puts(out, "\n\n## Data\n");
        put_sets(sets, out);
        gs_buf_puts(
            out,
            "\n## Held out\nRows that a trial was not trained on; thresholds and calibration were "
            "fitted on them, so the figures are a little kind. Tables, confusion and curves: "
            "report.html.\n\n");
        put_held_out(report, out);
        gs_buf_puts(out, "\n## Labels\n");
        put_labels(report->model, out);
        gs_buf_puts(out, "\n## Limits\n");
        each_warning(log, "- ", "\n", false, out);
        gs_buf_puts(
            out,
            "- It reads words, not meaning: word order, irony and rhetorical questions are beyond "
            "it.\n"
            "- It knows the kinds of text above; others get the nearest one's opinion.\n"
            "- Meant for shares over many messages, not for a decision on one.\n"
            "- To be written by whoever publishes it: where the texts are from and under which "
            "licence, who labelled them and how far annotators agree.\n");
    }
    gs_buf_done(&command);
    json_decref(log);
    json_decref(sets);
    return status == GS_OK && !gs_buf_ok(out) ? gs_fail(err, GS_NO_MEMORY, "README.md is too long")
                                              : status;
}

static enum gs_status write_text(const char *dir, const char *name, struct gs_str text,
                                 struct gs_error *err)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/%s", dir, name) >= (int)sizeof path) {
        return gs_fail(err, GS_IO, "%s: path too long", dir);
    }
    return gs_file_write(path, text, GS_FILE_FOR_ALL, err);
}

enum gs_status gs_train_report_write(const struct gs_train_report *report, const char *dir,
                                     struct gs_error *err)
{
    struct gs_buf page = {.max = MAX_PAGE};
    struct gs_buf card = {.max = MAX_CARD};
    char path[4096];

    enum gs_status status = write_text(dir, "train.jsonl", report->log, err);
    if (status == GS_OK) {
        status = put_page(report, &page, err);
    }
    if (status == GS_OK) {
        status = write_text(dir, "report.html", gs_buf_str(&page), err);
    }
    (void)snprintf(path, sizeof path, "%s/README.md", dir);
    if (status == GS_OK && access(path, F_OK) != 0) {
        status = put_card(report, &card, err);
        if (status == GS_OK) {
            status = write_text(dir, "README.md", gs_buf_str(&card), err);
        }
    }
    gs_buf_done(&page);
    gs_buf_done(&card);
    return status;
}

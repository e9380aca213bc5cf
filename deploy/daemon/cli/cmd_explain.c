/* groundswell explain: the weights of one text, or of each line of a file or of stdin. An operand
 * that names no file is itself the text. */
#include "classifier/eval/report_page.h"
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/workbench/explain.h"
#include "deploy/daemon/workbench/rejects.h"
#include "ingest/base/file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct options {
    const char *model, *label, *html, *input;
    enum gs_head head;
    enum gs_attribution method;
};

static void take(struct gs_args *args, struct options *options)
{
    static const char *const methods[] = {
        [GS_ATTRIBUTION_INTEGRATED] = "integrated", [GS_ATTRIBUTION_GRADIENT] = "grad-input"};
    size_t chosen = 0;

    switch (args->flag) {
    case GS_FLAG_MODEL:
        options->model = args->value;
        break;
    case GS_FLAG_LABEL:
        options->label = args->value;
        break;
    case GS_FLAG_HTML:
        options->html = args->value;
        break;
    case GS_FLAG_METHOD:
        if (gs_args_choice(args, methods, GS_COUNT(methods), &chosen)) {
            options->method = (enum gs_attribution)chosen;
        }
        break;
    default:
        if (gs_args_choice(args, gs_head_names, GS_N_HEADS, &chosen)) {
            options->head = (enum gs_head)chosen;
        }
        break;
    }
}

struct session {
    const struct options *options;
    struct gs_rejects rejects;
    struct gs_explainer *explainer;
    struct gs_buf json, html;
    size_t n_refused;
};

static enum gs_status explain(struct session *s, struct gs_str title, struct gs_str text,
                              struct gs_error *err)
{
    gs_buf_reset(&s->json);
    const enum gs_status status = gs_explainer_run(
        s->explainer, (struct gs_explain_what){s->options->head, s->options->label}, title, text,
        &s->json, s->options->html != NULL ? &s->html : NULL, err);
    if (status != GS_OK) {
        return status;
    }
    if (!gs_buf_ok(&s->json) || !gs_buf_ok(&s->html)) {
        return gs_fail(err, GS_NO_MEMORY, "the explanation is too long");
    }
    return fwrite(s->json.bytes, 1, s->json.len, stdout) == s->json.len
               ? GS_OK
               : gs_fail_errno(err, errno, "stdout");
}

/* A line is refused here that labelled.c cannot read: its message says where. */
static enum gs_status refuse(struct session *s, const struct gs_labelled *line,
                             struct gs_error *err)
{
    const struct gs_record record = {
        .topic = gs_str(s->options->input), .offset = (int64_t)line->line, .value = line->text};

    if (s->rejects.path == NULL) {
        gs_command_say("explain", "%s", err->message);
        return GS_OK;
    }
    char why[sizeof err->message];
    memcpy(why, err->message, sizeof why);
    return gs_rejects_put(&s->rejects, &record, "bad_line", why, err);
}

static enum gs_status explain_lines(struct session *s, struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(s->options->input, true, &reader, err);

    while (status == GS_OK) {
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_BAD_FORMAT) {
            s->n_refused++;
            status = refuse(s, &line, err);
        } else if (status == GS_OK) {
            status = explain(s, line.title, line.text, err);
        }
    }
    gs_labelled_close(reader);
    return status == GS_CLOSED ? GS_OK : status;
}

static enum gs_status run(struct session *s, struct gs_error *err)
{
    struct stat info;
    const char *input = s->options->input;
    const struct gs_model_choice all = {.tier = GS_TIER_AUTO};
    enum gs_status status =
        gs_explainer_new(s->options->model, &all, s->options->method, &s->explainer, err);
    gs_page_begin(&s->html, "Explanation");
    gs_page_text(&s->html, "Green speaks for the label, red against it; the deeper, the more.");
    if (status == GS_OK && (strcmp(input, "-") == 0 || stat(input, &info) == 0)) {
        status = explain_lines(s, err);
    } else if (status == GS_OK) {
        status = explain(s, (struct gs_str){NULL, 0}, gs_str(input), err);
    }
    if (status == GS_OK && s->options->html != NULL) {
        gs_page_end(&s->html);
        status = gs_buf_ok(&s->html)
                     ? gs_file_write(s->options->html, gs_buf_str(&s->html), GS_FILE_FOR_OWNER, err)
                     : gs_fail(err, GS_NO_MEMORY, "%s: the page is too long", s->options->html);
    }
    return status;
}

int gs_cmd_explain(int argc, char **argv)
{
    enum { MAX_JSON = 64 << 20, MAX_HTML = 256 << 20 };
    struct options options = {.head = GS_HEAD_SENTIMENT};
    struct gs_error err = {0};

    struct gs_args args;

    gs_args_init(&args, GS_CMD_EXPLAIN, argc, argv);
    while (gs_args_next(&args)) {
        take(&args, &options);
    }
    gs_args_done(&args);
    if (args.ends) {
        return args.code;
    }
    options.input = args.n_operands > 0 ? args.operands[0] : "-";
    struct session s = {.options = &options, .json = {.max = MAX_JSON}, .html = {.max = MAX_HTML}};
    enum gs_status status = gs_rejects_open(&s.rejects, "explain", args.rejects, &err);
    if (status == GS_OK) {
        status = run(&s, &err);
    }
    struct gs_error closing;
    if (gs_rejects_close(&s.rejects, &closing) != GS_OK && status == GS_OK) {
        err = closing;
        status = closing.status;
    }
    if (status != GS_OK) {
        gs_command_say("explain", "%s", err.message);
    }
    gs_explainer_free(s.explainer);
    gs_buf_done(&s.json);
    gs_buf_done(&s.html);
    if (status != GS_OK) {
        return status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    return s.n_refused > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

/* groundswell tokenize: the ids of each line, as the model's own tokenizer makes them. Output is
 * collected and written when much is there or the input pauses. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/inference/model_folder.h"
#include "deploy/daemon/service/signals.h"
#include "deploy/daemon/workbench/rejects.h"
#include "ingest/base/buf.h"
#include "ingest/files/files.h"
#include "tokenizer/tokenizer.h"

#include <errno.h>
#include <stdio.h>

enum { MAX_LINE = 16 << 20, MAX_OUT = 1 << 30, FULL = 1 << 20, WAIT_MS = 50 };

struct tokenize {
    const char *model, *file;
    size_t max_tokens;
    bool offsets;
    struct gs_tokenizer *tokenizer;
    struct gs_tokenizer_workspace *work;
    struct gs_source *source;
    struct gs_buf out;
    struct gs_rejects rejects;
    struct gs_progress progress;
    size_t n_refused;
};

static void take(struct gs_args *args, struct tokenize *t)
{
    unsigned long long n = 0;

    switch (args->flag) {
    case GS_FLAG_MODEL:
        t->model = args->value;
        break;
    case GS_FLAG_MAX_TOKENS:
        if (gs_args_count(args, 1, MAX_LINE, &n)) {
            t->max_tokens = (size_t)n;
        }
        break;
    default:
        t->offsets = true;
        break;
    }
}

static void put_encoding(struct tokenize *t, const struct gs_encoding *encoding)
{
    gs_buf_puts(&t->out, "{\"ids\":[");
    for (size_t i = 0; i < encoding->n; i++) {
        gs_buf_puts(&t->out, i > 0 ? "," : "");
        gs_buf_json_int(&t->out, encoding->ids[i]);
    }
    if (t->offsets) {
        gs_buf_puts(&t->out, "],\"offsets\":[");
        for (size_t i = 0; i < encoding->n; i++) {
            gs_buf_puts(&t->out, i > 0 ? ",[" : "[");
            gs_buf_json_int(&t->out, encoding->starts[i]);
            gs_buf_putc(&t->out, ',');
            gs_buf_json_int(&t->out, encoding->ends[i]);
            gs_buf_putc(&t->out, ']');
        }
    }
    gs_buf_puts(&t->out, "]}\n");
}

static enum gs_status write_out(struct tokenize *t, struct gs_error *err)
{
    if (!gs_buf_ok(&t->out)) {
        return gs_fail(err, GS_NO_MEMORY, "output of one line is over %d bytes", MAX_OUT);
    }
    if (fwrite(t->out.bytes == NULL ? "" : t->out.bytes, 1, t->out.len, stdout) != t->out.len ||
        fflush(stdout) != 0) {
        return gs_fail_errno(err, errno, "stdout");
    }
    gs_buf_reset(&t->out);
    return gs_source_commit(t->source, err);
}

static enum gs_status take_line(struct tokenize *t, const struct gs_record *record,
                                struct gs_error *err)
{
    struct gs_encoding encoding;

    gs_progress_add(&t->progress, 1, record->value.len + 1);
    if (record->value.len > MAX_LINE) {
        char why[64];
        (void)snprintf(why, sizeof why, "longer than %d bytes", MAX_LINE);
        t->n_refused++;
        return gs_rejects_put(&t->rejects, record, gs_reject_name(GS_REJECT_TOO_LARGE), why, err);
    }
    const enum gs_status status =
        gs_tokenizer_encode(t->tokenizer, t->work, record->value, t->max_tokens, &encoding, err);
    if (status == GS_OK) {
        put_encoding(t, &encoding);
    }
    return status;
}

static enum gs_status run(struct tokenize *t, struct gs_error *err)
{
    enum gs_status status = gs_model_folder_tokenizer(t->model, &t->tokenizer, err);

    if (status == GS_OK && t->max_tokens > 0 &&
        t->max_tokens < gs_tokenizer_info(t->tokenizer)->n_special) {
        return gs_fail(err, GS_BAD_CONFIG, "--max-tokens: the special tokens alone are %zu",
                       gs_tokenizer_info(t->tokenizer)->n_special);
    }
    if (status == GS_OK) {
        status = gs_tokenizer_workspace_new(t->tokenizer, &t->work, err);
    }
    if (status == GS_OK) {
        status = gs_file_source_new(&t->file, 1, MAX_LINE, &t->source, err);
    }
    while (status == GS_OK && !gs_signals_stop()) {
        struct gs_record record;
        status = gs_source_poll(t->source, WAIT_MS, &record, err);
        if (status == GS_OK) {
            status = take_line(t, &record, err);
        }
        if (status == GS_AGAIN || (status == GS_OK && t->out.len >= FULL)) {
            status = write_out(t, err);
        }
    }
    if (status == GS_CLOSED || status == GS_OK) {
        return write_out(t, err);
    }
    struct gs_error second; /* what came before an input that breaks off is good */
    (void)(t->out.len > 0 && write_out(t, &second) != GS_OK);
    return status;
}

int gs_cmd_tokenize(int argc, char **argv)
{
    struct tokenize t = {.out = {.max = MAX_OUT}};
    struct gs_error err = {0};

    struct gs_args args;

    gs_args_init(&args, GS_CMD_TOKENIZE, argc, argv);
    while (gs_args_next(&args)) {
        take(&args, &t);
    }
    gs_args_done(&args);
    if (args.ends) {
        return args.code;
    }
    t.file = args.n_operands > 0 ? args.operands[0] : "-";
    gs_signals_catch();
    enum gs_status status = gs_rejects_open(&t.rejects, "tokenize", args.rejects, &err);
    if (status == GS_OK) {
        gs_progress_start(&t.progress, &args, &t.file, 1);
        status = run(&t, &err);
        gs_progress_end(&t.progress);
    }
    struct gs_error closing;
    if (gs_rejects_close(&t.rejects, &closing) != GS_OK && status == GS_OK) {
        err = closing;
        status = closing.status;
    }
    if (status != GS_OK) {
        gs_command_say("tokenize", "%s", err.message);
    }
    gs_source_close(t.source);
    gs_tokenizer_workspace_free(t.work);
    gs_tokenizer_free(t.tokenizer);
    gs_buf_done(&t.out);
    if (status != GS_OK) {
        return status == GS_BAD_CONFIG ? GS_EXIT_USAGE : GS_EXIT_FAILURE;
    }
    return t.n_refused > 0 ? GS_EXIT_FINDINGS : GS_EXIT_OK;
}

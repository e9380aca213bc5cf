/* groundswell quantize: example texts to ids, the ids through the quantizer, and a table of what the
 * int8 folder costs against the fp32 one on texts that neither has seen. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/inference/model_folder.h"
#include "deploy/daemon/workbench/bench_texts.h"
#include "deploy/daemon/workbench/labelled.h"
#include "deploy/daemon/workbench/quantize_cost.h"
#include "ingest/base/escape.h"
#include "tokenizer/tokenizer.h"

#include <stdio.h>
#include <stdlib.h>

enum { N_CALIBRATION = 400, MAX_EVAL = 20000, MAX_IDS = 1 << 26, CALIBRATION_TOKENS = 256 };

struct session {
    const char *model, *out, *calibration_file, *eval_file;
    float smoothing;
    bool quiet;
    struct gs_encoder_config config;
    struct gs_tokenizer *tokenizer;
    struct gs_tokenizer_workspace *work;
    struct gs_id_texts calibration, eval;
    size_t n_refused;
};

static void take_smoothing(struct gs_args *args, struct session *s)
{
    char *end = NULL;

    if (strcmp(args->value, "auto") == 0 || strcmp(args->value, "none") == 0) {
        s->smoothing = args->value[0] == 'a' ? -1.0F : 0.0F;
        return;
    }
    s->smoothing = strtof(args->value, &end);
    if (end == args->value || *end != '\0' || !(s->smoothing >= 0.01F && s->smoothing <= 1.0F)) {
        (void)gs_args_wrong(args, "--smoothing is auto, none or a number from 0.01 to 1, not %s",
                            args->value);
    }
}

static void take(struct gs_args *args, struct session *s)
{
    switch (args->flag) {
    case GS_FLAG_MODEL:
        s->model = args->value;
        break;
    case GS_FLAG_OUT:
        s->out = args->value;
        break;
    case GS_FLAG_CALIBRATION:
        s->calibration_file = args->value;
        break;
    case GS_FLAG_EVAL:
        s->eval_file = args->value;
        break;
    default:
        take_smoothing(args, s);
        break;
    }
}

/* ---- texts ---- */

static bool room_for(struct gs_id_texts *texts, size_t n_ids)
{
    const size_t used = texts->n == 0 ? 0 : texts->starts[texts->n];
    if (used + n_ids > texts->room_ids) {
        const size_t room = 2 * (used + n_ids);
        int32_t *ids = room > MAX_IDS ? NULL : realloc(texts->ids, room * sizeof *ids);
        if (ids == NULL) {
            return false;
        }
        texts->ids = ids;
        texts->room_ids = room;
    }
    if (texts->n + 2 > texts->room) {
        const size_t room = 2 * texts->room + 64;
        size_t *starts = realloc(texts->starts, room * sizeof *starts);
        texts->starts = starts != NULL ? starts : texts->starts;
        int *sentiments = realloc(texts->sentiments, room * sizeof *sentiments);
        texts->sentiments = sentiments != NULL ? sentiments : texts->sentiments;
        if (starts == NULL || sentiments == NULL) {
            return false;
        }
        texts->room = room;
    }
    return true;
}

static enum gs_status add_text(struct session *s, struct gs_str text, int sentiment,
                               size_t max_tokens, struct gs_id_texts *to, struct gs_error *err)
{
    struct gs_encoding encoding;
    const size_t most = s->config.max_tokens < max_tokens ? s->config.max_tokens : max_tokens;
    const enum gs_status status =
        gs_tokenizer_encode(s->tokenizer, s->work, text, most, &encoding, err);

    if (status != GS_OK || encoding.n == 0) {
        return status;
    }
    if (!room_for(to, encoding.n)) {
        return gs_fail(err, GS_NO_MEMORY, "texts");
    }
    to->starts[0] = 0;
    memcpy(to->ids + to->starts[to->n], encoding.ids, encoding.n * sizeof *to->ids);
    to->starts[to->n + 1] = to->starts[to->n] + encoding.n;
    to->sentiments[to->n++] = sentiment;
    return GS_OK;
}

static enum gs_status read_texts(struct session *s, const char *path, size_t max_tokens,
                                 struct gs_id_texts *to, struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(path, true, &reader, err);

    while (status == GS_OK && to->n < MAX_EVAL) {
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_BAD_FORMAT) {
            gs_print_line(stderr, "groundswell quantize: %s", err->message);
            s->n_refused++;
            status = GS_OK;
        } else if (status == GS_OK) {
            status = add_text(s, line.text.len > 0 ? line.text : line.title, line.sentiment,
                              max_tokens, to, err);
        }
    }
    gs_labelled_close(reader);
    if (status == GS_CLOSED || status == GS_OK) {
        status = to->n > 0 ? GS_OK : gs_fail(err, GS_BAD_FORMAT, "%s: no text in it", path);
    }
    return status;
}

/* Keeps N_CALIBRATION of the texts, evenly from all. */
static void thin(struct gs_id_texts *texts)
{
    const size_t n = texts->n < N_CALIBRATION ? texts->n : N_CALIBRATION;
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t from = i * texts->n / n; /* never before i */
        const size_t len = texts->starts[from + 1] - texts->starts[from];
        memmove(texts->ids + used, texts->ids + texts->starts[from], len * sizeof *texts->ids);
        texts->sentiments[i] = texts->sentiments[from];
        texts->starts[i] = used;
        used += len;
    }
    texts->starts[n] = used;
    texts->n = n;
}

static enum gs_status prepare(struct session *s, struct gs_error *err)
{
    bool ignored = false; /* asked first, so that a combined folder is refused in these words */
    enum gs_status status = gs_model_reads_simplified(s->model, &ignored, err);

    if (status == GS_OK) {
        status = gs_encoder_config_read(s->model, &s->config, err);
    }
    if (status == GS_OK) {
        status = gs_model_folder_tokenizer(s->model, &s->tokenizer, err);
    }
    if (status == GS_OK) {
        status = gs_tokenizer_workspace_new(s->tokenizer, &s->work, err);
    }
    if (status == GS_OK && gs_tokenizer_info(s->tokenizer)->n_vocab > s->config.vocab) {
        status = gs_fail(err, GS_BAD_FORMAT, "%s: the tokenizer has %zu tokens, the model %zu",
                         s->model, gs_tokenizer_info(s->tokenizer)->n_vocab, s->config.vocab);
    }
    if (status == GS_OK && s->calibration_file != NULL) {
        status = read_texts(s, s->calibration_file, CALIBRATION_TOKENS, &s->calibration, err);
    }
    for (size_t i = 0; s->calibration_file == NULL && i < gs_n_bench_texts && status == GS_OK;
         i++) {
        status =
            add_text(s, gs_str(gs_bench_texts[i]), -1, CALIBRATION_TOKENS, &s->calibration, err);
    }
    if (status == GS_OK) {
        thin(&s->calibration);
    }
    return status == GS_OK && s->eval_file != NULL
               ? read_texts(s, s->eval_file, s->config.max_tokens, &s->eval, err)
               : status;
}

/* ---- the work ---- */

static void log_line(void *arg, const char *line)
{
    const struct session *s = arg;
    if (!s->quiet) {
        gs_print_line(stderr, "%s", line);
    }
}

static enum gs_status run(struct session *s, struct gs_error *err)
{
    struct gs_quantize_cost cost;
    enum gs_status status = prepare(s, err);
    if (status != GS_OK) {
        return status;
    }
    const struct gs_encoder_batch calibration = {s->calibration.ids, s->calibration.starts,
                                                 s->calibration.n};
    const struct gs_quantize_options options = {
        .dir = s->model, .out = s->out, .calibration = &calibration, .smoothing = s->smoothing};
    status = gs_quantize(&options, log_line, s, err);
    if (status == GS_OK) {
        status = gs_quantize_cost(s->model, s->out, s->eval.n > 0 ? &s->eval : &s->calibration,
                                  &cost, err);
    }
    if (status == GS_OK) {
        gs_quantize_cost_print(&cost, stdout);
        status = fflush(stdout) == 0 ? GS_OK : gs_fail(err, GS_IO, "stdout: cannot write");
    }
    return status;
}

int gs_cmd_quantize(int argc, char **argv)
{
    static struct session s;
    struct gs_error err = {0};

    s = (struct session){.smoothing = -1.0F};
    struct gs_args args;
    int code = GS_EXIT_OK;

    gs_args_init(&args, GS_CMD_QUANTIZE, argc, argv);
    while (gs_args_next(&args)) {
        take(&args, &s);
    }
    gs_args_done(&args);
    if (args.ends) {
        return args.code;
    }
    s.quiet = args.quiet;
    if (run(&s, &err) != GS_OK) {
        gs_command_say("quantize", "%s", err.message);
        code = GS_EXIT_FAILURE;
    } else if (s.n_refused > 0) {
        code = GS_EXIT_FINDINGS;
    }
    gs_tokenizer_workspace_free(s.work);
    gs_tokenizer_free(s.tokenizer);
    gs_id_texts_done(&s.calibration);
    gs_id_texts_done(&s.eval);
    return code;
}

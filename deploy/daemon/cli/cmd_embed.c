/* groundswell embed: lines to vectors. A line is read and cleaned by the tagger, as tag does it, then
 * its ids join a pack; a full pack, or a pipe that pauses, is run through the encoder and written. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/cli/progress.h"
#include "deploy/daemon/pipeline/stage_options.h"
#include "deploy/daemon/service/signals.h"
#include "deploy/daemon/workbench/rejects.h"
#include "ingest/base/clock.h"
#include "ingest/files/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum { PACK_TOKENS = 2048, PACK_MESSAGES = 256, WAIT_MS = 50, MAX_OUT = 1 << 30 };

struct embed {
    struct gs_args args;
    struct gs_rejects rejects;
    struct gs_progress progress;
    const char *file;
    size_t max_tokens;
    char format; /* 'j', 't', 0: by the line */

    struct gs_assets assets;
    struct gs_model_folder *folder;
    struct gs_tagger *tagger; /* its way from a record to a clean text */
    struct gs_tokenizer_workspace *tokens;
    struct gs_model_workspace *work;
    struct gs_source *source;
    struct gs_buf out;
    size_t n_refused, n_lines;

    /* the pack */
    struct gs_str message_ids[PACK_MESSAGES];
    struct gs_model_input inputs[PACK_MESSAGES];
    size_t n, n_tokens, room;
    int32_t *ids;   /* [room] */
    float *vectors; /* [PACK_MESSAGES][hidden] */
};

static void take(struct embed *e)
{
    static const char *const formats[] = {"json", "text"};
    struct gs_args *args = &e->args;
    struct gs_model_choice ignored;
    unsigned long long n = 0;
    size_t format = 0;

    switch (args->flag) {
    case GS_FLAG_MODEL:
        (void)gs_args_set(args, "model.path", args->value);
        break;
    case GS_FLAG_ARITHMETIC:
        if (gs_args_arithmetic(args, &ignored)) {
            (void)gs_args_set(args, "model.arithmetic", args->value);
        }
        break;
    case GS_FLAG_MAX_TOKENS:
        if (gs_args_count(args, 3, 1 << 24, &n)) {
            e->max_tokens = (size_t)n;
        }
        break;
    default:
        if (gs_args_choice(args, formats, GS_COUNT(formats), &format)) {
            e->format = format == 0 ? 'j' : 't';
        }
        break;
    }
}

static enum gs_status make_tools(struct embed *e, const struct gs_config *config,
                                 struct gs_error *err)
{
    struct gs_stage_tag_options stage;
    enum gs_status status = gs_assets_load_vectors(config, &e->assets, err);

    if (status != GS_OK) {
        return status;
    }
    e->folder = gs_assets_folder(&e->assets);
    const struct gs_model_info *info = gs_model_info(e->folder->model);
    const size_t special = gs_tokenizer_info(e->folder->tokenizers[0])->n_special;
    e->max_tokens =
        e->max_tokens > 0 && e->max_tokens < info->max_tokens ? e->max_tokens : info->max_tokens;
    e->max_tokens = e->max_tokens > special ? e->max_tokens : special + 1;
    e->room = e->max_tokens > PACK_TOKENS ? e->max_tokens : PACK_TOKENS;
    e->ids = calloc(e->room, sizeof *e->ids);
    e->vectors = calloc(PACK_MESSAGES * info->encoders[0].hidden, sizeof *e->vectors);
    if (e->ids == NULL || e->vectors == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "packs of %zu tokens", e->room);
    }
    gs_stage_tag_options(config, &e->assets, NULL, &stage);
    stage.tagger.batcher.cache_entries = 0;
    stage.tagger.count_copies = false;
    status = gs_tagger_new(&e->assets, &stage.tagger, &e->tagger, err);
    if (status == GS_OK) {
        status = gs_tokenizer_workspace_new(e->folder->tokenizers[0], &e->tokens, err);
    }
    if (status == GS_OK) {
        status =
            gs_model_workspace_new_for(e->folder->model, e->room, PACK_MESSAGES, &e->work, err);
    }
    return status == GS_OK
               ? gs_file_source_new(&e->file, 1, config->input.max_record_bytes, &e->source, err)
               : status;
}

static enum gs_status run_pack(struct embed *e, struct gs_error *err)
{
    const size_t hidden = gs_model_info(e->folder->model)->encoders[0].hidden;
    enum gs_status status =
        gs_model_embed(e->folder->model, e->work, e->inputs, e->n, e->vectors, err);

    for (size_t i = 0; i < e->n && status == GS_OK; i++) {
        gs_buf_puts(&e->out, "{\"id\":");
        gs_buf_json_str(&e->out, e->message_ids[i]);
        gs_buf_puts(&e->out, ",\"embedding\":[");
        for (size_t k = 0; k < hidden; k++) {
            gs_buf_puts(&e->out, k > 0 ? "," : "");
            gs_buf_json_float(&e->out, e->vectors[i * hidden + k]);
        }
        gs_buf_puts(&e->out, "]}\n");
    }
    if (status == GS_OK && !gs_buf_ok(&e->out)) {
        status = gs_fail(err, GS_NO_MEMORY, "output of one pack is over %d bytes", MAX_OUT);
    }
    if (status == GS_OK &&
        ((e->out.len > 0 && fwrite(e->out.bytes, 1, e->out.len, stdout) != e->out.len) ||
         fflush(stdout) != 0)) {
        status = gs_fail_errno(err, errno, "stdout");
    }
    gs_buf_reset(&e->out);
    gs_tagger_begin(e->tagger, NULL);
    e->n = 0;
    e->n_tokens = 0;
    return status == GS_OK ? gs_source_commit(e->source, err) : status;
}

/* Ids of the last encoding into the pack; it has room for them. */
static void add(struct embed *e, const struct gs_encoding *encoding, struct gs_str id)
{
    memcpy(e->ids + e->n_tokens, encoding->ids, encoding->n * sizeof *e->ids);
    e->inputs[e->n] = (struct gs_model_input){.ids = e->ids + e->n_tokens, .n = encoding->n};
    e->message_ids[e->n++] = id;
    e->n_tokens += encoding->n;
}

static enum gs_status take_line(struct embed *e, const struct gs_record *record,
                                struct gs_error *err)
{
    struct gs_tagging tagging;
    struct gs_encoding encoding;
    const bool text =
        e->format == 0 ? record->value.len == 0 || record->value.bytes[0] != '{' : e->format == 't';
    enum gs_reject reject = GS_REJECT_NONE;

    enum gs_status status =
        gs_tagger_read(e->tagger, record, text, gs_clock_wall_ms(), &tagging, &reject, err);
    if (status != GS_OK) {
        return status;
    }
    e->n_lines++;
    gs_progress_add(&e->progress, 1, record->value.len + 1);
    if (reject != GS_REJECT_NONE) {
        char why[sizeof err->message];
        memcpy(why, err->message, sizeof why);
        e->n_refused++;
        return gs_rejects_put(&e->rejects, record, gs_reject_name(reject), why, err);
    }
    status = gs_tokenizer_encode(e->folder->tokenizers[0], e->tokens, tagging.input, e->max_tokens,
                                 &encoding, err);
    if (status != GS_OK) {
        return status;
    }
    add(e, &encoding, tagging.message.id);
    return e->n == PACK_MESSAGES || e->n_tokens + e->max_tokens > e->room ? run_pack(e, err)
                                                                          : GS_OK;
}

static enum gs_status run(struct embed *e, const struct gs_config *config, struct gs_error *err)
{
    enum gs_status status = make_tools(e, config, err);

    if (status == GS_OK) {
        gs_tagger_begin(e->tagger, NULL);
    }
    while (status == GS_OK && !gs_signals_stop()) {
        struct gs_record record;
        status = gs_source_poll(e->source, WAIT_MS, &record, err);
        if (status == GS_OK) {
            status = take_line(e, &record, err);
        } else if (status == GS_AGAIN) {
            status = run_pack(e, err);
        }
    }
    if (status == GS_CLOSED || status == GS_OK) {
        return run_pack(e, err);
    }
    struct gs_error second; /* what came before an input that breaks off is good */
    (void)(e->n > 0 && run_pack(e, &second) != GS_OK);
    return status;
}

static void release(struct embed *e)
{
    gs_source_close(e->source);
    gs_model_workspace_free(e->work);
    gs_tokenizer_workspace_free(e->tokens);
    gs_tagger_free(e->tagger);
    gs_model_folder_drop(e->folder);
    gs_assets_done(&e->assets);
    gs_buf_done(&e->out);
    free(e->ids);
    free(e->vectors);
}

int gs_cmd_embed(int argc, char **argv)
{
    static struct embed e = {.out = {.max = MAX_OUT}};
    struct gs_args *args = &e.args;
    struct gs_config *config = NULL;
    struct gs_error err = {0};
    int code = GS_EXIT_OK;

    gs_args_init(args, GS_CMD_EMBED, argc, argv);
    while (gs_args_next(args)) {
        take(&e);
    }
    e.file = args->n_operands > 0 ? args->operands[0] : "-";
    code = args->ends ? args->code : gs_command_configure(args, &config);
    if (config == NULL) {
        goto done;
    }
    enum gs_status status = gs_rejects_open(&e.rejects, "embed", args->rejects, &err);
    if (status == GS_OK) {
        gs_progress_start(&e.progress, args, &e.file, 1);
        status = run(&e, config, &err);
        gs_progress_end(&e.progress);
    }
    struct gs_error closing;
    if (gs_rejects_close(&e.rejects, &closing) != GS_OK && status == GS_OK) {
        err = closing;
        status = closing.status;
    }
    if (status != GS_OK) {
        gs_command_say("embed", "%s", err.message);
        code = GS_EXIT_FAILURE;
    } else if (e.n_refused > 0) {
        gs_command_say("embed", "%zu of %zu lines refused", e.n_refused, e.n_lines);
        code = GS_EXIT_FINDINGS;
    }
    release(&e);

done:
    gs_config_free(config);
    gs_args_done(args);
    return code;
}

#include "base/clock.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/signals.h"
#include "deploy/daemon/stage_options.h"
#include "ingest/records/files.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: groundswell embed --model DIR [options] [FILE]\n"
    "\n"
    "An encoder's vector of each message, pooled as the folder says (1_Pooling/config.json, or "
    "the\n"
    "mean of the tokens): one JSON object {\"id\",\"embedding\"} on stdout for each good line, in\n"
    "input order. Lines are read and cleaned as tag does it. FILE may be gzip; without it, or as\n"
    "\"-\", stdin is read.\n"
    "\n"
    "  -m, --model DIR      folder of an encoder; it needs no classification head\n"
    "      --arithmetic A   auto (default), fp32 or int8\n"
    "      --max-tokens N   longer messages are cut (what the model reads)\n"
    "      --format F       json or text; not given: a line that begins with '{' is JSON\n"
    "      --quiet          nothing on stderr but errors\n"
    "\n"
    "Exit codes: 0 all lines done, 1 some were refused, 2 usage, 3 a failure.\n"
    "\n"
    "example:\n"
    "  echo 'Profit warning' | groundswell embed --model minilm\n";

enum { OPT_ARITHMETIC = 256, OPT_MAX, OPT_FORMAT, OPT_QUIET, OPT_LOG };
enum { PACK_TOKENS = 2048, PACK_MESSAGES = 256, WAIT_MS = 50, MAX_OUT = 1 << 30 };

static const struct option longs[] = {{"model", required_argument, NULL, 'm'},
                                      {"arithmetic", required_argument, NULL, OPT_ARITHMETIC},
                                      {"max-tokens", required_argument, NULL, OPT_MAX},
                                      {"format", required_argument, NULL, OPT_FORMAT},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct embed {
    const char *file;
    char model_set[4200], arithmetic_set[64];
    const char *sets[2];
    size_t n_sets, max_tokens;
    char format; /* 'j', 't', 0: by the line */

    struct gs_assets assets;
    struct gs_model_folder *folder;
    struct gs_tagger *tagger; /* its way from a record to a clean text */
    struct gs_tokenizer_work *tokens;
    struct gs_model_work *work;
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

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell embed: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

static int set_option(struct embed *e, int option, const char *value)
{
    char *end = NULL;
    switch (option) {
    case 'm':
        e->n_sets = 1;
        e->sets[0] = e->model_set;
        return snprintf(e->model_set, sizeof e->model_set, "model.path=%s", value) <
                       (int)sizeof e->model_set
                   ? GS_EXIT_OK
                   : wrong("path too long", value);
    case OPT_ARITHMETIC:
        (void)snprintf(e->arithmetic_set, sizeof e->arithmetic_set, "model.arithmetic=%s", value);
        return strcmp(value, "auto") == 0 || strcmp(value, "fp32") == 0 ||
                       strcmp(value, "int8") == 0
                   ? GS_EXIT_OK
                   : wrong("--arithmetic takes auto, fp32 or int8, not", value);
    case OPT_MAX:
        e->max_tokens = strtoull(value, &end, 10);
        return end != value && *end == '\0' && e->max_tokens >= 3
                   ? GS_EXIT_OK
                   : wrong("--max-tokens is a whole number from 3", value);
    case OPT_FORMAT:
        e->format = value[0];
        return strcmp(value, "json") == 0 || strcmp(value, "text") == 0
                   ? GS_EXIT_OK
                   : wrong("--format takes json or text, not", value);
    case OPT_QUIET:
    case OPT_LOG:
        return GS_EXIT_OK;
    default:
        return GS_EXIT_USAGE;
    }
}

/* -1: go on. */
static int parse(int argc, char **argv, struct embed *e)
{
    int option = 0;
    optind = 1;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "m:h", longs, NULL)) != -1) {
        if (option == 'h') {
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        }
        const int code = set_option(e, option, optarg);
        if (code != GS_EXIT_OK) {
            return code;
        }
    }
    if (e->n_sets == 0) {
        return wrong("--model", "missing");
    }
    if (optind + 1 < argc) {
        return wrong("one file", argv[optind + 1]);
    }
    if (e->arithmetic_set[0] != '\0') {
        e->sets[e->n_sets++] = e->arithmetic_set;
    }
    e->file = optind < argc ? argv[optind] : "-";
    return -1;
}

static enum gs_status make_tools(struct embed *e, const struct gs_config *config,
                                 struct gs_error *err)
{
    struct gs_stage_tag_options stage;
    enum gs_status status = gs_assets_load_vectors(config, &e->assets, err);

    if (status != GS_OK) {
        return status;
    }
    e->folder = gs_model_slot_take(e->assets.models, NULL);
    const struct gs_model_info *info = gs_model_info(e->folder->model);
    const size_t special = gs_tokenizer_info(e->folder->tokenizer)->n_special;
    e->max_tokens =
        e->max_tokens > 0 && e->max_tokens < info->max_tokens ? e->max_tokens : info->max_tokens;
    e->max_tokens = e->max_tokens > special ? e->max_tokens : special + 1;
    e->room = e->max_tokens > PACK_TOKENS ? e->max_tokens : PACK_TOKENS;
    e->ids = calloc(e->room, sizeof *e->ids);
    e->vectors = calloc(PACK_MESSAGES * info->hidden, sizeof *e->vectors);
    if (e->ids == NULL || e->vectors == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "packs of %zu tokens", e->room);
    }
    gs_stage_tag_options(config, &e->assets, NULL, &stage);
    stage.tagger.answers.cache_entries = 0;
    stage.tagger.count_copies = false;
    status = gs_tagger_new(&e->assets, &stage.tagger, &e->tagger, err);
    if (status == GS_OK) {
        status = gs_tokenizer_work_new(e->folder->tokenizer, &e->tokens, err);
    }
    if (status == GS_OK) {
        status = gs_model_work_new_for(e->folder->model, e->room, PACK_MESSAGES, &e->work, err);
    }
    return status == GS_OK
               ? gs_file_source_new(&e->file, 1, config->input.max_record_bytes, &e->source, err)
               : status;
}

static enum gs_status run_pack(struct embed *e, struct gs_error *err)
{
    const size_t hidden = gs_model_info(e->folder->model)->hidden;
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
    const enum gs_reject reject =
        gs_tagger_read(e->tagger, record, text, gs_clock_wall_ms(), &tagging, err);

    e->n_lines++;
    if (reject != GS_REJECT_NONE) {
        (void)fprintf(stderr, "groundswell embed: %.*s:%lld: %s: %s\n", GS_STR_ARGS(record->topic),
                      (long long)record->offset, gs_reject_name(reject), err->message);
        e->n_refused++;
        return GS_OK;
    }
    const enum gs_status status = gs_tokenizer_encode(e->folder->tokenizer, e->tokens,
                                                      tagging.input, e->max_tokens, &encoding, err);
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
    return status == GS_CLOSED || status == GS_OK ? run_pack(e, err) : status;
}

static void done(struct embed *e)
{
    gs_source_close(e->source);
    gs_model_work_free(e->work);
    gs_tokenizer_work_free(e->tokens);
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
    struct gs_config *config = NULL;
    struct gs_error err = {0};

    int code = parse(argc, argv, &e);
    if (code >= 0) {
        return code;
    }
    code = gs_command_configure("embed", NULL, e.sets, e.n_sets, &config);
    if (code != GS_EXIT_OK) {
        return code;
    }
    if (run(&e, config, &err) != GS_OK) {
        (void)fprintf(stderr, "groundswell embed: %s\n", err.message);
        code = GS_EXIT_FAILURE;
    } else if (e.n_refused > 0) {
        (void)fprintf(stderr, "groundswell embed: %zu of %zu lines refused\n", e.n_refused,
                      e.n_lines);
        code = GS_EXIT_FINDINGS;
    }
    done(&e);
    gs_config_free(config);
    return code;
}

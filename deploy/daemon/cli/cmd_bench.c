/* groundswell bench: reads and cleans the texts once, then has each tier of the model run over them
 * and prints one JSON object a tier (of a combined folder one for each encoder). The measuring itself is the workbench's. */
#include "deploy/daemon/cli/command.h"
#include "deploy/daemon/workbench/bench_encoder.h"
#include "deploy/daemon/workbench/bench_fast_tier.h"
#include "deploy/daemon/workbench/bench_texts.h"
#include "deploy/daemon/workbench/labelled.h"
#include "ingest/base/buf.h"
#include "ingest/base/escape.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_TEXTS = 20000, MAX_THREADS = 256 };

struct bench {
    const char *path, *file;
    size_t n_threads;
    double seconds;
    struct gs_model_choice choice;
    struct gs_model_folder *folder;
    const struct gs_model *model; /* the folder's */
    struct gs_bench_text *texts;  /* [MAX_TEXTS] */
    size_t n;
};

static void take(struct gs_args *args, struct bench *bench)
{
    unsigned long long n = 0;

    switch (args->flag) {
    case GS_FLAG_MODEL:
        bench->path = args->value;
        break;
    case GS_FLAG_THREADS:
        if (gs_args_count(args, 1, MAX_THREADS, &n)) {
            bench->n_threads = (size_t)n;
        }
        break;
    case GS_FLAG_SECONDS:
        (void)gs_args_number(args, 0.05, 60, &bench->seconds);
        break;
    case GS_FLAG_TIER:
        (void)gs_args_tier(args, &bench->choice);
        break;
    default:
        (void)gs_args_arithmetic(args, &bench->choice);
        break;
    }
}

/* ---- texts ---- */

static enum gs_status add_text(struct bench *bench, struct gs_featuriser *featuriser,
                               struct gs_str raw, struct gs_error *err)
{
    struct gs_features features;
    const enum gs_status status =
        gs_featuriser_run(featuriser, (struct gs_str){NULL, 0}, raw, &features, err);
    if (status != GS_OK) {
        return status;
    }
    struct gs_bench_text *text = &bench->texts[bench->n];
    *text = (struct gs_bench_text){.raw = gs_str_copy(raw),
                                   .clean = gs_str_copy(features.text),
                                   .raw_len = raw.len,
                                   .clean_len = features.text.len,
                                   .lang = features.lang};
    if (text->raw == NULL || text->clean == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "texts");
    }
    bench->n++;
    return text->raw == NULL || text->clean == NULL ? gs_fail(err, GS_NO_MEMORY, "texts") : GS_OK;
}

static enum gs_status read_file(struct bench *bench, struct gs_featuriser *featuriser,
                                struct gs_error *err)
{
    struct gs_labelled_reader *reader = NULL;
    struct gs_labelled line;
    enum gs_status status = gs_labelled_open(bench->file, true, &reader, err);

    while (status == GS_OK && bench->n < MAX_TEXTS) {
        status = gs_labelled_next(reader, &line, err);
        if (status == GS_BAD_FORMAT) {
            gs_print_line(stderr, "groundswell bench: %s", err->message);
            status = GS_OK;
        } else if (status == GS_OK) {
            status = add_text(bench, featuriser, line.text.len > 0 ? line.text : line.title, err);
        }
    }
    gs_labelled_close(reader);
    return status == GS_CLOSED ? GS_OK : status;
}

static enum gs_status load(struct bench *bench, struct gs_error *err)
{
    struct gs_featuriser *featuriser = NULL;
    bench->texts = calloc(MAX_TEXTS, sizeof *bench->texts);
    if (bench->texts == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "texts");
    }
    enum gs_status status = gs_model_folder_load(bench->path, &bench->choice, &bench->folder, err);
    if (status == GS_OK) {
        assert(bench->folder != NULL);
        bench->model = bench->folder->model;
        status = gs_featuriser_new(gs_model_info(bench->model)->simplified, &featuriser, err);
    }
    if (status == GS_OK && bench->file != NULL) {
        status = read_file(bench, featuriser, err);
    }
    for (size_t i = 0; bench->file == NULL && i < gs_n_bench_texts && status == GS_OK; i++) {
        status = add_text(bench, featuriser, gs_str(gs_bench_texts[i]), err);
    }
    if (status == GS_OK && bench->n == 0) {
        status = gs_fail(err, GS_BAD_FORMAT, "no text to measure with");
    }
    gs_featuriser_free(featuriser);
    return status;
}

static enum gs_status report_tiers(const struct bench *bench, struct gs_error *err)
{
    const struct gs_model_info *info = gs_model_info(bench->model);

    if (info->fast && bench->choice.tier != GS_TIER_ENCODER) {
        const struct gs_bench_fast_tier fast = {.model = bench->model,
                                                .texts = bench->texts,
                                                .n = bench->n,
                                                .n_threads = bench->n_threads,
                                                .seconds = bench->seconds};
        const enum gs_status status = gs_bench_fast_tier(&fast, err);
        if (status != GS_OK) {
            return status;
        }
    }
    for (size_t e = 0; e < info->n_encoders; e++) {
        const struct gs_bench_encoder encoder = {.folder = bench->folder,
                                                 .encoder = e,
                                                 .texts = bench->texts,
                                                 .n = bench->n,
                                                 .n_threads = bench->n_threads,
                                                 .seconds = bench->seconds};
        const enum gs_status status = gs_bench_encoder(&encoder, err);
        if (status != GS_OK) {
            return status;
        }
    }
    return GS_OK;
}

int gs_cmd_bench(int argc, char **argv)
{
    struct bench bench = {.n_threads = 1, .seconds = 0.5};
    struct gs_error err = {0};

    struct gs_args args;

    gs_args_init(&args, GS_CMD_BENCH, argc, argv);
    while (gs_args_next(&args)) {
        take(&args, &bench);
    }
    gs_args_done(&args);
    if (args.ends) {
        return args.code;
    }
    bench.file = args.n_operands > 0 ? args.operands[0] : NULL;
    enum gs_status status = load(&bench, &err);
    if (status == GS_OK) {
        status = report_tiers(&bench, &err);
    }
    if (status != GS_OK) {
        gs_command_say("bench", "%s", err.message);
    }
    for (size_t i = 0; i < bench.n; i++) {
        free(bench.texts[i].raw);
        free(bench.texts[i].clean);
    }
    free(bench.texts);
    gs_model_folder_drop(bench.folder);
    return status == GS_OK ? GS_EXIT_OK : GS_EXIT_FAILURE;
}

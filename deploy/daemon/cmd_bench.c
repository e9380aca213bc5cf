#include "base/buf.h"
#include "base/clock.h"
#include "deploy/daemon/bench_encoder.h"
#include "deploy/daemon/bench_texts.h"
#include "deploy/daemon/command.h"
#include "deploy/daemon/labelled.h"

#include <assert.h>
#include <getopt.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: groundswell bench --model DIR [options] [FILE]\n"
    "\n"
    "How fast the model is here: texts are cleaned once, then each thread runs over all of them, "
    "five\n"
    "times. One JSON object on stdout for each tier: messages and n-grams or tokens a second "
    "(worst,\n"
    "median, best of five), time of one message alone (p50, p99), and the share of what this "
    "machine\n"
    "can do at most: of the row gather (fast tier), of the product instruction (encoder in "
    "int8).\n"
    "FILE holds lines, plain or JSON (at most 20000 are used); without it a built-in mix is.\n"
    "\n"
    "  -m, --model DIR      model folder\n"
    "      --tier T         auto (default): each that the folder has; fast or encoder: only that\n"
    "      --arithmetic A   of an encoder: auto (default), fp32 or int8\n"
    "      --threads N      1 to 256 (1)\n"
    "      --seconds X      of each of the five, 0.05 to 60 (0.5)\n"
    "      --quiet          nothing on stderr but errors\n"
    "\n"
    "Exit codes: 0 done, 2 usage, 3 a failure.\n"
    "\n"
    "example:\n"
    "  groundswell bench --model classifier/models/finance-zh-en-fast messages.jsonl\n";

enum { OPT_THREADS = 256, OPT_SECONDS, OPT_QUIET, OPT_LOG, OPT_TIER, OPT_ARITHMETIC };
enum {
    MAX_TEXTS = 20000,
    MAX_THREADS = 256,
    REPEATS = 5,
    MAX_TIMES = 1 << 20,
    MAX_FEATURES = 16384
};

static const struct option longs[] = {{"model", required_argument, NULL, 'm'},
                                      {"tier", required_argument, NULL, OPT_TIER},
                                      {"arithmetic", required_argument, NULL, OPT_ARITHMETIC},
                                      {"threads", required_argument, NULL, OPT_THREADS},
                                      {"seconds", required_argument, NULL, OPT_SECONDS},
                                      {"quiet", no_argument, NULL, OPT_QUIET},
                                      {"log-format", required_argument, NULL, OPT_LOG},
                                      {"help", no_argument, NULL, 'h'},
                                      {0}};

struct text {
    char *raw, *clean;
    size_t raw_len, clean_len, lang;
};

struct bench {
    const char *path, *file;
    size_t n_threads;
    double seconds;
    struct gs_model_choice choice;
    struct gs_model_folder *folder;
    const struct gs_model *model; /* the folder's */
    struct text *texts;           /* [MAX_TEXTS] */
    size_t n;
};

struct worker {
    const struct bench *bench;
    struct gs_model_work *work;
    struct gs_ngrams *ngrams;
    struct gs_featuriser *featuriser;
    uint32_t *hashes;
    uint32_t *times_ns; /* [MAX_TIMES] */
    size_t n_times, n_messages, n_features;
    double spent_s;
    bool with_cleaning;
    pthread_t thread;
};

static int wrong(const char *what, const char *value)
{
    (void)fprintf(stderr, "groundswell bench: %s: %s (--help shows how)\n", what, value);
    return GS_EXIT_USAGE;
}

/* -1: go on. */
static int parse(int argc, char **argv, struct bench *bench)
{
    int option = 0;
    char *end = NULL;
    optind = 1;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread yet
    while ((option = getopt_long(argc, argv, "m:h", longs, NULL)) != -1) {
        switch (option) {
        case 'h':
            (void)fputs(usage, stdout);
            return GS_EXIT_OK;
        case 'm':
            bench->path = optarg;
            break;
        case OPT_THREADS:
            bench->n_threads = strtoull(optarg, &end, 10);
            if (end == optarg || *end != '\0' || bench->n_threads < 1 ||
                bench->n_threads > MAX_THREADS) {
                return wrong("--threads is 1 to 256", optarg);
            }
            break;
        case OPT_SECONDS:
            bench->seconds = strtod(optarg, &end);
            if (end == optarg || *end != '\0' ||
                !(bench->seconds >= 0.05 && bench->seconds <= 60)) {
                return wrong("--seconds is 0.05 to 60", optarg);
            }
            break;
        case OPT_TIER:
            if (!gs_choose_tier(optarg, &bench->choice)) {
                return wrong("--tier is auto, fast or encoder", optarg);
            }
            break;
        case OPT_ARITHMETIC:
            if (!gs_choose_arithmetic(optarg, &bench->choice)) {
                return wrong("--arithmetic is auto, fp32 or int8", optarg);
            }
            break;
        case OPT_QUIET:
        case OPT_LOG:
            break;
        default:
            return GS_EXIT_USAGE;
        }
    }
    if (bench->path == NULL) {
        return wrong("--model", "missing");
    }
    if (optind + 1 < argc) {
        return wrong("one file", argv[optind + 1]);
    }
    bench->file = optind < argc ? argv[optind] : NULL;
    return -1;
}

/* ---- texts ---- */

static char *copy(struct gs_str text)
{
    char *to = malloc(text.len + 1);
    if (to != NULL && text.len > 0) {
        memcpy(to, text.bytes, text.len);
    }
    return to;
}

static enum gs_status add_text(struct bench *bench, struct gs_featuriser *featuriser,
                               struct gs_str raw, struct gs_error *err)
{
    struct gs_features features;
    const enum gs_status status =
        gs_featuriser_run(featuriser, (struct gs_str){NULL, 0}, raw, &features, err);
    if (status != GS_OK) {
        return status;
    }
    struct text *text = &bench->texts[bench->n];
    *text = (struct text){.raw = copy(raw),
                          .clean = copy(features.text),
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
            (void)fprintf(stderr, "groundswell bench: %s\n", err->message);
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
        status = gs_featuriser_new(&featuriser, err);
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

/* ---- measuring ---- */

static void one_message(struct worker *w, const struct text *text)
{
    const struct gs_feature *features = NULL;
    struct gs_prediction said;
    struct gs_features cleaned;
    struct gs_error err;

    if (w->with_cleaning) {
        if (gs_featuriser_run(w->featuriser, (struct gs_str){NULL, 0},
                              (struct gs_str){text->raw, text->raw_len}, &cleaned, &err) == GS_OK) {
            gs_model_predict(w->bench->model, w->work, cleaned.hashes, cleaned.n, cleaned.lang,
                             &said);
        }
        return;
    }
    const size_t n =
        gs_ngrams_extract(w->ngrams, (struct gs_str){text->clean, text->clean_len}, &features);
    for (size_t i = 0; i < n; i++) {
        w->hashes[i] = features[i].hash;
    }
    gs_model_predict(w->bench->model, w->work, w->hashes, n, text->lang, &said);
    w->n_features += n;
}

static void *work(void *arg)
{
    struct worker *w = arg;
    const int64_t start = gs_clock_monotonic_ns();
    int64_t last = start;
    w->n_messages = 0;
    w->n_features = 0;
    w->n_times = 0;
    while ((double)(last - start) < w->bench->seconds * 1e9) {
        for (size_t i = 0; i < w->bench->n; i++) {
            one_message(w, &w->bench->texts[i]);
            const int64_t now = gs_clock_monotonic_ns();
            w->times_ns[w->n_times++ % MAX_TIMES] = (uint32_t)(now - last);
            last = now;
        }
        w->n_messages += w->bench->n;
    }
    w->spent_s = (double)(last - start) / 1e9;
    return NULL;
}

static void worker_done(struct worker *w)
{
    gs_model_work_free(w->work);
    gs_ngrams_free(w->ngrams);
    gs_featuriser_free(w->featuriser);
    free(w->hashes);
    free(w->times_ns);
}

static enum gs_status worker_init(struct worker *w, const struct bench *bench, struct gs_error *err)
{
    *w = (struct worker){.bench = bench,
                         .hashes = malloc(MAX_FEATURES * sizeof(uint32_t)),
                         .times_ns = malloc(MAX_TIMES * sizeof(uint32_t))};
    enum gs_status status = w->hashes == NULL || w->times_ns == NULL
                                ? gs_fail(err, GS_NO_MEMORY, "worker")
                                : gs_model_work_new(bench->model, &w->work, err);
    if (status == GS_OK) {
        status = gs_ngrams_new(MAX_FEATURES, &w->ngrams, err);
    }
    return status == GS_OK ? gs_featuriser_new(&w->featuriser, err) : status;
}

struct rates {
    double messages, features;
};

/* All threads over all texts once for the time set. */
static struct rates measure(struct worker *workers, size_t n, bool with_cleaning)
{
    struct rates sum = {0};
    bool started[MAX_THREADS] = {false};
    for (size_t i = 0; i < n; i++) {
        workers[i].with_cleaning = with_cleaning;
        started[i] = i > 0 && pthread_create(&workers[i].thread, NULL, work, &workers[i]) == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (started[i]) {
            (void)pthread_join(workers[i].thread, NULL);
        } else {
            (void)work(&workers[i]);
        }
    }
    for (size_t i = 0; i < n; i++) {
        sum.messages += (double)workers[i].n_messages / workers[i].spent_s;
        sum.features += (double)workers[i].n_features / workers[i].spent_s;
    }
    return sum;
}

static int rising(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static int rising_ns(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a;
    const uint32_t y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* Rows gathered for a message on average, and how many a second the gather alone can do of as many.
 */
static void gather(const struct bench *bench, struct worker *w, double *ret_known, double *ret_peak)
{
    size_t known = 0;
    size_t n_han = 0;
    for (size_t i = 0; i < bench->n; i++) {
        const struct gs_feature *features = NULL;
        const struct text *text = &bench->texts[i];
        const size_t n =
            gs_ngrams_extract(w->ngrams, (struct gs_str){text->clean, text->clean_len}, &features);
        for (size_t k = 0; k < n; k++) {
            w->hashes[k] = features[k].hash;
        }
        known += gs_model_known(bench->model, w->work, w->hashes, n);
        n_han += n > 0 && (w->hashes[0] & GS_NGRAMS_HAN) != 0;
    }
    if (bench->n == 0) {
        return;
    }
    *ret_known = (double)known / (double)bench->n;
    *ret_peak = gs_model_gather_rate(bench->model, w->work, known / bench->n + 1,
                                     2 * n_han > bench->n, 0.3);
}

static void report(const struct bench *bench, struct worker *workers)
{
    double messages[REPEATS];
    double features[REPEATS];
    double cleaning[REPEATS];
    double known = 0.0;
    double peak = 0.0;
    size_t bytes = 0;

    (void)measure(workers, bench->n_threads, false); /* warms up */
    for (size_t r = 0; r < REPEATS; r++) {
        const struct rates rates = measure(workers, bench->n_threads, false);
        messages[r] = rates.messages;
        features[r] = rates.features;
    }
    const size_t n_times = workers[0].n_times < MAX_TIMES ? workers[0].n_times : MAX_TIMES;
    qsort(workers[0].times_ns, n_times, sizeof(uint32_t), rising_ns);
    const size_t at_50 = n_times / 2;
    const size_t at_99 = n_times * 99 / 100;
    const double p50 = (double)workers[0].times_ns[at_50] / 1e3;
    const double p99 = (double)workers[0].times_ns[at_99] / 1e3;
    for (size_t r = 0; r < REPEATS; r++) {
        cleaning[r] = measure(workers, bench->n_threads, true).messages;
    }
    gather(bench, &workers[0], &known, &peak);
    qsort(messages, REPEATS, sizeof *messages, rising);
    qsort(features, REPEATS, sizeof *features, rising);
    qsort(cleaning, REPEATS, sizeof *cleaning, rising);
    for (size_t i = 0; i < bench->n; i++) {
        bytes += bench->texts[i].clean_len;
    }
    (void)printf(
        "{\"bench\":\"fast_tier\",\"threads\":%zu,\"texts\":%zu,\"bytes_per_message\":%.1f,"
        "\"kernel\":\"%s\",\"msg_per_s\":%.0f,\"msg_per_s_min\":%.0f,\"msg_per_s_max\":%.0f,",
        bench->n_threads, bench->n, (double)bytes / (double)bench->n, gs_model_kernel(bench->model),
        messages[REPEATS / 2], messages[0], messages[REPEATS - 1]);
    (void)printf(
        "\"tokens_per_s\":%.0f,\"p50_us\":%.2f,\"p99_us\":%.2f,\"with_cleaning_msg_per_s\":%.0f,"
        "\"rows_per_message\":%.1f,\"peak_rows_per_s\":%.0f,\"share_of_peak\":%.4f}\n",
        features[REPEATS / 2], p50, p99, cleaning[REPEATS / 2], known,
        peak * (double)bench->n_threads,
        peak > 0.0 ? messages[REPEATS / 2] * known / (peak * (double)bench->n_threads) : 0.0);
}

static enum gs_status report_tiers(const struct bench *bench, struct worker *workers,
                                   struct gs_error *err)
{
    const struct gs_model_info *info = gs_model_info(bench->model);

    if (info->fast && bench->choice.tier != GS_MODEL_ENCODER) {
        report(bench, workers);
    }
    if (!info->encodes) {
        return GS_OK;
    }
    struct gs_str *texts = calloc(bench->n, sizeof *texts);
    if (texts == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "texts");
    }
    for (size_t i = 0; i < bench->n; i++) {
        texts[i] = (struct gs_str){bench->texts[i].clean, bench->texts[i].clean_len};
    }
    const struct gs_bench_encoder encoder = {.folder = bench->folder,
                                             .texts = texts,
                                             .n = bench->n,
                                             .n_threads = bench->n_threads,
                                             .seconds = bench->seconds};
    const enum gs_status status = gs_bench_encoder(&encoder, err);
    free(texts);
    return status;
}

int gs_cmd_bench(int argc, char **argv)
{
    struct bench bench = {.n_threads = 1, .seconds = 0.5};
    struct gs_error err = {0};
    size_t n_made = 0;

    const int code = parse(argc, argv, &bench);
    if (code >= 0) {
        return code;
    }
    struct worker *workers = calloc(bench.n_threads, sizeof *workers);
    if (workers == NULL) {
        (void)fputs("groundswell bench: no memory for the workers\n", stderr);
        return GS_EXIT_FAILURE;
    }
    enum gs_status status = load(&bench, &err);
    for (; n_made < bench.n_threads && status == GS_OK; n_made++) {
        status = worker_init(&workers[n_made], &bench, &err);
    }
    if (status == GS_OK) {
        status = report_tiers(&bench, workers, &err);
    }
    if (status != GS_OK) {
        (void)fprintf(stderr, "groundswell bench: %s\n", err.message);
    }
    for (size_t i = 0; i < n_made; i++) {
        worker_done(&workers[i]);
    }
    for (size_t i = 0; i < bench.n; i++) {
        free(bench.texts[i].raw);
        free(bench.texts[i].clean);
    }
    free(bench.texts);
    free(workers);
    gs_model_folder_drop(bench.folder);
    return status == GS_OK ? GS_EXIT_OK : GS_EXIT_FAILURE;
}

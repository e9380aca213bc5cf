/* Measures how fast the n-gram tier is on this machine: every thread runs over all texts, a repeat
 * at a time, and the rates of the repeats are sorted so that their median and spread can be told.
 *
 * The share of the peak compares the rows that were gathered with what the same gather does alone,
 * so it says how much of a message's time is spent outside the one loop that memory bounds. */
#include "deploy/daemon/workbench/bench_fast_tier.h"

#include "deploy/daemon/workbench/bench_sort.h"

#include "classifier/model.h"
#include "deploy/daemon/workbench/labelled.h"
#include "ingest/base/clock.h"
#include "tokenizer/ngram/ngrams.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_THREADS = 256, REPEATS = 5, MAX_TIMES = 1 << 20, MAX_FEATURES = 16384 };

struct worker {
    const struct gs_bench_fast_tier *bench;
    struct gs_model_workspace *work;
    struct gs_ngrams *ngrams;
    struct gs_featuriser *featuriser;
    uint32_t *hashes;
    uint32_t *times_ns; /* [MAX_TIMES] */
    size_t n_times, n_messages, n_features;
    double spent_s;
    bool with_cleaning;
    pthread_t thread;
};

static void one_message(struct worker *w, const struct gs_bench_text *text)
{
    const struct gs_feature *features = NULL;
    struct gs_prediction prediction;
    struct gs_features cleaned;
    struct gs_error err;

    if (w->with_cleaning) {
        if (gs_featuriser_run(w->featuriser, (struct gs_str){NULL, 0},
                              (struct gs_str){text->raw, text->raw_len}, &cleaned, &err) == GS_OK) {
            gs_model_predict(w->bench->model, w->work, cleaned.hashes, cleaned.n, cleaned.lang,
                             &prediction);
        }
        return;
    }
    const size_t n =
        gs_ngrams_extract(w->ngrams, (struct gs_str){text->clean, text->clean_len}, &features);
    for (size_t i = 0; i < n; i++) {
        w->hashes[i] = features[i].hash;
    }
    gs_model_predict(w->bench->model, w->work, w->hashes, n, text->lang, &prediction);
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
    gs_model_workspace_free(w->work);
    gs_ngrams_free(w->ngrams);
    gs_featuriser_free(w->featuriser);
    free(w->hashes);
    free(w->times_ns);
}

static enum gs_status worker_init(struct worker *w, const struct gs_bench_fast_tier *bench,
                                  struct gs_error *err)
{
    *w = (struct worker){.bench = bench,
                         .hashes = malloc(MAX_FEATURES * sizeof(uint32_t)),
                         .times_ns = malloc(MAX_TIMES * sizeof(uint32_t))};
    enum gs_status status = w->hashes == NULL || w->times_ns == NULL
                                ? gs_fail(err, GS_NO_MEMORY, "worker")
                                : gs_model_workspace_new(bench->model, &w->work, err);
    if (status == GS_OK) {
        status = gs_ngrams_new(MAX_FEATURES, &w->ngrams, err);
    }
    if (status == GS_OK) {
        gs_ngrams_read_simplified(w->ngrams, gs_model_info(bench->model)->simplified);
        status = gs_featuriser_new(gs_model_info(bench->model)->simplified, &w->featuriser, err);
    }
    return status;
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

/* Rows gathered for a message on average, and how many a second the gather alone can do of as
 * many. */
static void gather(const struct gs_bench_fast_tier *bench, struct worker *w, double *ret_known,
                   double *ret_peak)
{
    size_t known = 0;
    size_t n_han = 0;
    for (size_t i = 0; i < bench->n; i++) {
        const struct gs_feature *features = NULL;
        const struct gs_bench_text *text = &bench->texts[i];
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

static void report(const struct gs_bench_fast_tier *bench, struct worker *workers)
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
    gs_bench_sort_ns(workers[0].times_ns, n_times);
    const size_t at_50 = n_times / 2;
    const size_t at_99 = n_times * 99 / 100;
    const double p50 = (double)workers[0].times_ns[at_50] / 1e3;
    const double p99 = (double)workers[0].times_ns[at_99] / 1e3;
    for (size_t r = 0; r < REPEATS; r++) {
        cleaning[r] = measure(workers, bench->n_threads, true).messages;
    }
    gather(bench, &workers[0], &known, &peak);
    gs_bench_sort(messages, REPEATS);
    gs_bench_sort(features, REPEATS);
    gs_bench_sort(cleaning, REPEATS);
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

enum gs_status gs_bench_fast_tier(const struct gs_bench_fast_tier *bench, struct gs_error *err)
{
    enum gs_status status = GS_OK;
    size_t n_made = 0;
    struct worker *workers = calloc(bench->n_threads, sizeof *workers);
    if (workers == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "workers");
    }
    for (; n_made < bench->n_threads && status == GS_OK; n_made++) {
        status = worker_init(&workers[n_made], bench, err);
    }
    if (status == GS_OK) {
        report(bench, workers);
    }
    for (size_t i = 0; i < n_made; i++) {
        worker_done(&workers[i]);
    }
    free(workers);
    return status;
}

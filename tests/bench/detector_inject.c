/* How fast is a rise found? Negatives are injected into replayed streams: inside random windows
 * messages turn negative until the share has risen by so many log odds; no message is added.
 *
 *     detector_inject [--constant] [--rate R] [--publishers N] [--seed N] observations.jsonl
 *     detector_inject --write WINDOWS.jsonl [--seed N] observations.jsonl
 *
 * Input: one object a line, {"key", "id", "ts" (ms), "source", "p", "dup" (hex), "text"}, sorted by
 * ts (what make_observations.py writes, or the observations of a real run). For 0.1, 0.03 and 0.01
 * false alarms a key-day (a day on which a key has messages; every alarm of the stream as it is
 * counts as false): the budget is set to this rate, or, with --constant, the threshold is the
 * lowest that keeps to it on this very stream; --rate is one rate instead of the three. Then each size and duration is injected, and a JSON
 * line tells the recall and the median delay, by how many messages an hour the window had.
 * --publishers is what an alert needs, 2 by default; streams that name no source need 1. --write
 * writes what would be injected and measures nothing: compare_detectors.py gives it to rivals. */
#include "alerting/detector/watch.h"
#include "tests/bench/inject.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 6, CLASSES = 5 };

struct study {
    struct stream stream;
    int64_t firing_since[MAX_KEYS]; /* 0: quiet */
    size_t fired;
    double key_days;
    uint32_t publishers;
    uint64_t seed;
};

/* Of an alert. */
struct needed {
    double rate; /* false alarms a key-day */
    double c;    /* a constant threshold; 0: from the budget */
    double measured;
};

static void note_alert(struct study *study, const struct gs_alert *alert)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", GS_STR_ARGS(alert->key));
    const uint32_t key = stream_key(&study->stream, name);

    if (alert->state == GS_ALERT_RESOLVED) {
        study->firing_since[key] = 0;
        return;
    }
    if (alert->state != GS_ALERT_FIRING) {
        return;
    }
    study->firing_since[key] = alert->fired_at_ms;
    study->fired += alert->fired_at_ms >= stream_warm_ms(&study->stream);
    struct window *w = stream_window_at(&study->stream, key, alert->fired_at_ms, HOUR_MS);
    if (w != NULL && w->fired_ms == 0) {
        w->fired_ms = alert->fired_at_ms;
    }
}

static void replay(struct study *study, const struct needed *needed, double size)
{
    struct stream *stream = &study->stream;
    struct gs_watch_options options;
    struct gs_watch *watch = NULL;
    size_t i = 0;

    gs_watch_options_default(&options);
    options.min_publishers = study->publishers;
    options.info_evidence = needed->c;
    options.warning_evidence = needed->c;
    options.info_false_alarms = needed->rate;
    options.warning_false_alarms = needed->rate;
    if (gs_watch_new(&options, &watch, NULL) != GS_OK) {
        abort();
    }
    memset(study->firing_since, 0, sizeof study->firing_since);
    study->fired = 0;
    while (i < stream->n_rows) {
        gs_watch_begin(watch);
        for (size_t j = 0; j < 500 && i < stream->n_rows; j++, i++) {
            const struct observation *row = &stream->rows[i];
            struct window *w =
                size > 0.0 ? stream_window_at(stream, row->key, row->ts_ms, 0) : NULL;
            if (w != NULL && w->n == 0) {
                w->taken = study->firing_since[row->key] != 0;
            }
            if (w != NULL) {
                w->n++;
            }
            (void)gs_watch_add(
                watch, &(struct gs_observation){
                           .key = gs_str(stream->keys[row->key]),
                           .id = gs_str(stream->texts + row->id),
                           .ts_ms = row->ts_ms,
                           .source = gs_str(stream->texts + row->source),
                           .p_negative = w != NULL ? stream_injected(stream, row, w, size) : row->p,
                           .story = row->dup});
        }
        struct gs_alert alert;
        gs_watch_advance(watch, stream->rows[i - 1].ts_ms - 600000);
        while (gs_watch_next(watch, &alert)) {
            note_alert(study, &alert);
        }
        gs_watch_commit(watch);
    }
    gs_watch_free(watch);
}

static int ascending(const void *a, const void *b)
{
    const int64_t x = *(const int64_t *)a;
    const int64_t y = *(const int64_t *)b;
    return x < y ? -1 : x > y;
}

static const double class_from[CLASSES] = {0.0, 3.0, 12.0, 20.0, 60.0}; /* messages an hour */

static void report(const struct study *study, double size, int64_t duration_ms,
                   const struct needed *needed, int class)
{
    int64_t *delays = calloc(study->stream.n_windows + 1, sizeof *delays);
    size_t n = 0;
    size_t found = 0;

    if (delays == NULL) {
        abort();
    }
    for (size_t i = 0; i < study->stream.n_windows; i++) {
        const struct window *w = &study->stream.windows[i];
        const double rate = (double)w->n * HOUR_MS / (double)duration_ms;
        const bool in = class < 0 || (rate >= class_from[class] &&
                                      (class == CLASSES - 1 || rate < class_from[class + 1]));
        if (in && !w->taken) {
            n++;
            if (w->fired_ms != 0) {
                delays[found++] = w->fired_ms - w->from_ms;
            }
        }
    }
    qsort(delays, found, sizeof *delays, ascending);
    const int64_t median = delays[found / 2];
    printf(
        "{\"bench\":\"detector_inject\",\"rate\":%g,\"c\":%.3g,\"measured\":%.4f,\"log_odds\":%g,"
        "\"minutes\":%lld,\"messages_an_hour_from\":%g,\"windows\":%zu,\"found\":%zu,"
        "\"recall\":",
        needed->rate, needed->c, needed->measured, size, (long long)(duration_ms / 60000),
        class < 0 ? 0.0 : class_from[class], n, found);
    printf(n > 0 ? "%.3f" : "null", n > 0 ? (double)found / (double)n : 0.0);
    printf(",\"median_delay_minutes\":");
    printf(found > 0 ? "%.0f" : "null", found > 0 ? (double)median / 60000.0 : 0.0);
    printf(",\"class\":\"%s\"}\n", class < 0 ? "all" : "by volume");
    (void)fflush(stdout);
    free(delays);
}

static void measure(struct study *study, struct needed *needed)
{
    replay(study, needed, 0.0);
    needed->measured = (double)study->fired / study->key_days;
}

/* The lowest threshold that keeps to the rate on the stream as it is. */
static void find_constant(struct study *study, struct needed *needed)
{
    double low = log(1.25);
    double high = log(4000.0);

    for (int i = 0; i < 9; i++) {
        needed->c = exp((low + high) / 2.0);
        measure(study, needed);
        if (needed->measured > needed->rate) {
            low = log(needed->c);
        } else {
            high = log(needed->c);
        }
    }
    needed->c = exp(high);
    measure(study, needed);
}

static const double sizes[] = {1.2, 2.0};
static const int64_t durations_min[] = {60, 180, 720, 1440};

static void choose_round(struct study *study, size_t duration, uint64_t round)
{
    stream_choose_windows(&study->stream, durations_min[duration] * 60000,
                          study->seed + duration * ROUNDS + round);
}

static void inject(struct study *study, const struct needed *needed)
{
    for (size_t d = 0; d < GS_COUNT(durations_min); d++) {
        for (size_t s = 0; s < GS_COUNT(sizes); s++) {
            study->stream.n_windows = 0;
            for (uint64_t round = 0; round < ROUNDS; round++) {
                choose_round(study, d, round);
                replay(study, needed, sizes[s]);
            }
            for (int class = -1; class < CLASSES; class ++) {
                report(study, sizes[s], durations_min[d] * 60000, needed, class);
            }
        }
    }
}

static void write_rounds(struct study *study, FILE *out)
{
    for (size_t d = 0; d < GS_COUNT(durations_min); d++) {
        for (uint64_t round = 0; round < ROUNDS; round++) {
            study->stream.n_windows = 0;
            choose_round(study, d, round);
            for (size_t s = 0; s < GS_COUNT(sizes); s++) {
                stream_write_windows(&study->stream, sizes[s], round, out);
            }
        }
    }
}

static int write_to(struct study *study, const char *path)
{
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        perror(path);
        return 1;
    }
    write_rounds(study, out);
    if (fclose(out) != 0) {
        perror(path);
        return 1;
    }
    return 0;
}

static void study_rate(struct study *study, double rate, bool constant)
{
    struct needed needed = {.rate = rate};
    if (constant) {
        find_constant(study, &needed);
    } else {
        measure(study, &needed);
    }
    printf("{\"bench\":\"detector_inject\",\"case\":\"as it is\",\"rate\":%g,\"c\":%.3g,"
           "\"alarms\":%zu,\"key_days\":%.0f,\"measured\":%.4f}\n",
           needed.rate, needed.c, study->fired, study->key_days, needed.measured);
    inject(study, &needed);
}

static int usage(void)
{
    (void)fprintf(stderr, "detector_inject [--constant | --write WINDOWS.jsonl] [--rate R] "
                          "[--publishers N] [--seed N] observations.jsonl\n");
    return 1;
}

int main(int argc, char **argv)
{
    static double rates[] = {0.1, 0.03, 0.01};
    size_t n_rates = GS_COUNT(rates);
    static struct study study = {.publishers = 2, .seed = 1};
    const char *write_path = NULL;
    bool constant = false;
    int status = 0;
    int i = 1;

    for (; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--constant") == 0) {
            constant = true;
        } else if (strcmp(argv[i], "--write") == 0) {
            write_path = argv[++i];
        } else if (strcmp(argv[i], "--rate") == 0) {
            rates[0] = strtod(argv[++i], NULL);
            n_rates = 1;
        } else if (strcmp(argv[i], "--seed") == 0) {
            study.seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--publishers") == 0) {
            study.publishers = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else {
            return usage();
        }
    }
    if (i + 1 != argc) {
        return usage();
    }
    stream_read(&study.stream, argv[i]);
    study.key_days = stream_key_days(&study.stream);
    if (write_path != NULL) {
        status = write_to(&study, write_path);
    }
    for (size_t r = 0; r < n_rates && write_path == NULL; r++) {
        study_rate(&study, rates[r], constant);
    }
    stream_free(&study.stream);
    return status;
}

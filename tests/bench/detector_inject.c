/* How fast is a rise found? Negatives are injected into replayed streams: inside random windows
 * messages turn negative until the share has risen by so many log odds; no message is added.
 *
 *     detector_inject [--constant] [--publishers N] [--seed N] observations.jsonl
 *
 * Input: one object a line, {"key", "id", "ts" (ms), "source", "p", "dup" (hex), "text"}, sorted by
 * ts (what make_observations.py writes, or the observations of a real run). For 0.1, 0.03 and 0.01
 * false alarms a key-day (a day on which a key has messages; every alarm of the stream as it is
 * counts as false): the budget is set to this rate, or, with --constant, the threshold is the
 * lowest that keeps to it on this very stream. Then each size and duration is injected, and a JSON
 * line tells the recall and the median delay, by how many messages an hour the window had.
 * --publishers is what an alert needs, 2 by default; streams that name no source need 1. */
#include "alerting/detector/betabin.h"
#include "alerting/detector/watch.h"
#include "tests/bench/simulate.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MAX_KEYS = 4096,
    MAX_WINDOWS = 40000,
    ROUNDS = 6,
    CLASSES = 5,
    DAY_MS = 86400000,
    HOUR_MS = 3600000
};
static const int64_t warm_up_ms = 7 * (int64_t)DAY_MS;
/* From one window of a key to its next, at least: surges are rare, and a detector that keeps to a
 * budget of alarms would have to take frequent ones for its cost. So a study takes several rounds. */
static const int64_t apart_ms = 14 * (int64_t)DAY_MS;

struct observation {
    uint32_t key;
    uint32_t id, source; /* in texts */
    int64_t ts_ms;
    uint64_t dup;
    double p;
};

struct window {
    uint32_t key;
    int64_t from_ms, to_ms;
    double mean; /* share of the 24 hours before */
    size_t n;    /* messages in it */
    bool taken;  /* an alert was on already when it began */
    int64_t fired_ms;
};

struct study {
    struct observation *rows;
    size_t n_rows, max_rows;
    char *texts;
    size_t n_texts, max_texts;
    char keys[MAX_KEYS][64];
    uint32_t n_keys;
    struct window *windows;
    size_t n_windows;
    size_t first_window[MAX_KEYS + 1]; /* of each key; they are in order of key and time */
    int64_t firing_since[MAX_KEYS];    /* 0: quiet */
    size_t fired;
    double key_days;
    uint32_t publishers;
};

/* Of an alert. */
struct needed {
    double rate; /* false alarms a key-day */
    double c;    /* a constant threshold; 0: from the budget */
    double measured;
};

static void *grown(void *old, size_t n, size_t *capacity, size_t size)
{
    if (n < *capacity) {
        return old;
    }
    *capacity = (n + 1024) * 2;
    void *bigger = realloc(old, *capacity * size);
    if (bigger == NULL) {
        abort();
    }
    return bigger;
}

static uint32_t keep_text(struct study *study, const char *text)
{
    const size_t len = strlen(text) + 1;
    const size_t at = study->n_texts;
    study->texts = grown(study->texts, at + len, &study->max_texts, 1);
    memcpy(study->texts + at, text, len);
    study->n_texts += len;
    return (uint32_t)at;
}

static uint32_t key_of(struct study *study, const char *name)
{
    for (uint32_t i = 0; i < study->n_keys; i++) {
        if (strcmp(study->keys[i], name) == 0) {
            return i;
        }
    }
    if (study->n_keys == MAX_KEYS || strlen(name) >= sizeof study->keys[0]) {
        (void)fprintf(stderr, "too many keys, or one too long: %s\n", name);
        _Exit(1);
    }
    memcpy(study->keys[study->n_keys], name, strlen(name) + 1);
    return study->n_keys++;
}

static void read_row(struct study *study, const char *line, size_t number)
{
    const char *key = NULL;
    const char *id = NULL;
    const char *source = "";
    const char *dup = "0";
    json_int_t ts = 0;
    double p = 0.0;
    json_error_t error;
    json_t *root = json_loads(line, 0, &error);

    if (root == NULL ||
        json_unpack_ex(root, &error, 0, "{s:s, s:s, s:I, s?s, s:F, s?s}", "key", &key, "id", &id,
                       "ts", &ts, "source", &source, "p", &p, "dup", &dup) != 0) {
        (void)fprintf(stderr, "line %zu: %s\n", number, error.text);
        _Exit(1);
    }
    const size_t n = study->n_rows;
    if (n > 0 && ts < study->rows[n - 1].ts_ms) {
        (void)fprintf(stderr, "line %zu: not sorted by ts\n", number);
        _Exit(1);
    }
    study->rows = grown(study->rows, n, &study->max_rows, sizeof *study->rows);
    study->rows[n] = (struct observation){.key = key_of(study, key),
                                          .id = keep_text(study, id),
                                          .source = keep_text(study, source),
                                          .ts_ms = ts,
                                          .dup = strtoull(dup, NULL, 16),
                                          .p = p};
    study->n_rows++;
    json_decref(root);
}

static void read_rows(struct study *study, const char *path)
{
    FILE *file = fopen(path, "r");
    char *line = NULL;
    size_t capacity = 0;
    size_t number = 0;

    if (file == NULL) {
        perror(path);
        _Exit(1);
    }
    while (getline(&line, &capacity, file) > 0) {
        read_row(study, line, ++number);
    }
    free(line);
    (void)fclose(file);
}

static void count_key_days(struct study *study)
{
    static int64_t last[MAX_KEYS];
    for (size_t i = 0; i < MAX_KEYS; i++) {
        last[i] = INT64_MIN;
    }
    for (size_t i = 0; i < study->n_rows; i++) {
        const struct observation *row = &study->rows[i];
        const int64_t day = row->ts_ms / DAY_MS;
        if (row->ts_ms >= study->rows[0].ts_ms + warm_up_ms && day != last[row->key]) {
            last[row->key] = day;
            study->key_days += 1.0;
        }
    }
}

static struct window *window_at(struct study *study, uint32_t key, int64_t ms, int64_t grace_ms)
{
    for (size_t i = study->first_window[key]; i < study->first_window[key + 1]; i++) {
        struct window *w = &study->windows[i];
        if (ms >= w->from_ms && ms < w->to_ms + grace_ms) {
            return w;
        }
    }
    return NULL;
}

static void note_alert(struct study *study, const struct gs_alert *alert)
{
    char name[64];
    (void)snprintf(name, sizeof name, "%.*s", GS_STR_ARGS(alert->key));
    const uint32_t key = key_of(study, name);

    if (alert->state == GS_ALERT_RESOLVED) {
        study->firing_since[key] = 0;
        return;
    }
    if (alert->state != GS_ALERT_FIRING) {
        return;
    }
    study->firing_since[key] = alert->fired_at_ms;
    study->fired += alert->fired_at_ms >= study->rows[0].ts_ms + warm_up_ms;
    struct window *w = window_at(study, key, alert->fired_at_ms, HOUR_MS);
    if (w != NULL && w->fired_ms == 0) {
        w->fired_ms = alert->fired_at_ms;
    }
}

/* Whether this message turns negative: copies of a story turn together. */
static double injected(const struct study *study, const struct observation *row,
                       const struct window *w, double size)
{
    const double raised = gs_sigmoid(gs_logit(w->mean) + size);
    const double turn = (raised - w->mean) / (0.95 - w->mean);
    struct draw draw = {(row->dup != 0 ? row->dup : (uint64_t)(row - study->rows)) ^
                        (uint64_t)w->from_ms};
    return draw_unit(&draw) < turn ? 0.95 : row->p;
}

static void replay(struct study *study, const struct needed *needed, double size)
{
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
    while (i < study->n_rows) {
        gs_watch_begin(watch);
        for (size_t j = 0; j < 500 && i < study->n_rows; j++, i++) {
            const struct observation *row = &study->rows[i];
            struct window *w = size > 0.0 ? window_at(study, row->key, row->ts_ms, 0) : NULL;
            if (w != NULL && w->n == 0) {
                w->taken = study->firing_since[row->key] != 0;
            }
            if (w != NULL) {
                w->n++;
            }
            (void)gs_watch_add(watch,
                               &(struct gs_observation){
                                   .key = gs_str(study->keys[row->key]),
                                   .id = gs_str(study->texts + row->id),
                                   .ts_ms = row->ts_ms,
                                   .source = gs_str(study->texts + row->source),
                                   .p_negative = w != NULL ? injected(study, row, w, size) : row->p,
                                   .story = row->dup});
        }
        struct gs_alert alert;
        gs_watch_advance(watch, study->rows[i - 1].ts_ms - 600000);
        while (gs_watch_next(watch, &alert)) {
            note_alert(study, &alert);
        }
        gs_watch_commit(watch);
    }
    gs_watch_free(watch);
}

/* Mean share of a key in the day before, and how many messages the window will have. */
static double look_around(const struct study *study, uint32_t key, int64_t from, int64_t to,
                          size_t *ret_n)
{
    double sum = 0.0;
    double n = 0.0;
    size_t low = 0;
    size_t high = study->n_rows;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (study->rows[middle].ts_ms < from - DAY_MS) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *ret_n = 0;
    for (size_t i = low; i < study->n_rows && study->rows[i].ts_ms < to; i++) {
        if (study->rows[i].key == key) {
            sum += study->rows[i].ts_ms < from ? study->rows[i].p : 0.0;
            n += study->rows[i].ts_ms < from;
            *ret_n += study->rows[i].ts_ms >= from;
        }
    }
    return n >= 10.0 ? sum / n : 0.0;
}

/* Windows at random times of each key, with at least 5 messages and a day of messages before. */
static void choose_windows(struct study *study, int64_t duration_ms, uint64_t seed)
{
    struct draw draw = {seed};
    const int64_t last = study->rows[study->n_rows - 1].ts_ms;

    for (uint32_t key = 0; key < study->n_keys; key++) {
        int64_t at = study->rows[0].ts_ms + warm_up_ms;
        study->first_window[key] = study->n_windows;
        while (study->n_windows < MAX_WINDOWS) {
            at += apart_ms + (int64_t)(draw_bits(&draw) % (uint64_t)apart_ms);
            if (at + duration_ms > last) {
                break;
            }
            size_t n = 0;
            const double mean = look_around(study, key, at, at + duration_ms, &n);
            if (mean > 0.02 && mean < 0.7 && n >= 5) {
                study->windows[study->n_windows++] = (struct window){
                    .key = key, .from_ms = at, .to_ms = at + duration_ms, .mean = mean};
            }
        }
        study->first_window[key + 1] = study->n_windows;
    }
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
    int64_t *delays = calloc(study->n_windows + 1, sizeof *delays);
    size_t n = 0;
    size_t found = 0;

    if (delays == NULL) {
        abort();
    }
    for (size_t i = 0; i < study->n_windows; i++) {
        const struct window *w = &study->windows[i];
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

static void inject(struct study *study, const struct needed *needed, uint64_t seed)
{
    static const double sizes[] = {1.2, 2.0};
    static const int64_t durations_min[] = {60, 180, 720, 1440};

    for (size_t d = 0; d < GS_COUNT(durations_min); d++) {
        for (size_t s = 0; s < GS_COUNT(sizes); s++) {
            study->n_windows = 0;
            for (uint64_t round = 0; round < ROUNDS; round++) {
                choose_windows(study, durations_min[d] * 60000, seed + d * ROUNDS + round);
                replay(study, needed, sizes[s]);
            }
            for (int class = -1; class < CLASSES; class ++) {
                report(study, sizes[s], durations_min[d] * 60000, needed, class);
            }
        }
    }
}

static int usage(void)
{
    (void)fprintf(stderr,
                  "detector_inject [--constant] [--publishers N] [--seed N] observations.jsonl\n");
    return 1;
}

int main(int argc, char **argv)
{
    static const double rates[] = {0.1, 0.03, 0.01};
    static struct study study = {.publishers = 2};
    bool constant = false;
    uint64_t seed = 1;
    int i = 1;

    for (; i + 1 < argc; i++) {
        if (strcmp(argv[i], "--constant") == 0) {
            constant = true;
        } else if (strcmp(argv[i], "--seed") == 0) {
            seed = strtoull(argv[++i], NULL, 10);
        } else if (strcmp(argv[i], "--publishers") == 0) {
            study.publishers = (uint32_t)strtoul(argv[++i], NULL, 10);
        } else {
            return usage();
        }
    }
    if (i + 1 != argc) {
        return usage();
    }
    study.windows = calloc(MAX_WINDOWS, sizeof *study.windows);
    read_rows(&study, argv[i]);
    if (study.windows == NULL || study.n_rows == 0) {
        (void)fprintf(stderr, "no observations\n");
        return 1;
    }
    count_key_days(&study);
    for (size_t r = 0; r < GS_COUNT(rates); r++) {
        struct needed needed = {.rate = rates[r]};
        if (constant) {
            find_constant(&study, &needed);
        } else {
            measure(&study, &needed);
        }
        printf("{\"bench\":\"detector_inject\",\"case\":\"as it is\",\"rate\":%g,\"c\":%.3g,"
               "\"alarms\":%zu,\"key_days\":%.0f,\"measured\":%.4f}\n",
               needed.rate, needed.c, study.fired, study.key_days, needed.measured);
        inject(&study, &needed, seed);
    }
    free(study.windows);
    free(study.rows);
    free(study.texts);
    return 0;
}

/* Rises for studies of detectors: the stream and what is injected into it. */
#include "tests/bench/inject.h"

#include "alerting/detector/betabin.h"
#include "tests/bench/simulate.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const int64_t warm_up_ms = 7 * (int64_t)DAY_MS;
/* From one window of a key to its next, at least: surges are rare, and a detector that keeps to a
 * budget of alarms would have to take frequent ones for its cost. So a study takes several rounds. */
static const int64_t apart_ms = 14 * (int64_t)DAY_MS;

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

static uint32_t keep_text(struct stream *stream, const char *text)
{
    const size_t len = strlen(text) + 1;
    const size_t at = stream->n_texts;
    stream->texts = grown(stream->texts, at + len, &stream->max_texts, 1);
    memcpy(stream->texts + at, text, len);
    stream->n_texts += len;
    return (uint32_t)at;
}

uint32_t stream_key(struct stream *stream, const char *name)
{
    for (uint32_t i = 0; i < stream->n_keys; i++) {
        if (strcmp(stream->keys[i], name) == 0) {
            return i;
        }
    }
    if (stream->n_keys == MAX_KEYS || strlen(name) >= sizeof stream->keys[0]) {
        (void)fprintf(stderr, "too many keys, or one too long: %s\n", name);
        _Exit(1);
    }
    memcpy(stream->keys[stream->n_keys], name, strlen(name) + 1);
    return stream->n_keys++;
}

static void read_row(struct stream *stream, const char *line, size_t number)
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
    const size_t n = stream->n_rows;
    if (n > 0 && ts < stream->rows[n - 1].ts_ms) {
        (void)fprintf(stderr, "line %zu: not sorted by ts\n", number);
        _Exit(1);
    }
    stream->rows = grown(stream->rows, n, &stream->max_rows, sizeof *stream->rows);
    stream->rows[n] = (struct observation){.key = stream_key(stream, key),
                                           .id = keep_text(stream, id),
                                           .source = keep_text(stream, source),
                                           .ts_ms = ts,
                                           .dup = strtoull(dup, NULL, 16),
                                           .p = p};
    stream->n_rows++;
    json_decref(root);
}

void stream_read(struct stream *stream, const char *path)
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
        read_row(stream, line, ++number);
    }
    free(line);
    (void)fclose(file);
    stream->windows = calloc(MAX_WINDOWS, sizeof *stream->windows);
    if (stream->windows == NULL || stream->n_rows == 0) {
        (void)fprintf(stderr, "%s: no observations\n", path);
        _Exit(1);
    }
}

void stream_free(struct stream *stream)
{
    free(stream->windows);
    free(stream->rows);
    free(stream->texts);
}

int64_t stream_warm_ms(const struct stream *stream)
{
    return stream->rows[0].ts_ms + warm_up_ms;
}

double stream_key_days(const struct stream *stream)
{
    static int64_t last[MAX_KEYS];
    double key_days = 0.0;

    for (size_t i = 0; i < MAX_KEYS; i++) {
        last[i] = INT64_MIN;
    }
    for (size_t i = 0; i < stream->n_rows; i++) {
        const struct observation *row = &stream->rows[i];
        const int64_t day = row->ts_ms / DAY_MS;
        if (row->ts_ms >= stream_warm_ms(stream) && day != last[row->key]) {
            last[row->key] = day;
            key_days += 1.0;
        }
    }
    return key_days;
}

/* The first row at this time or later. */
static size_t row_at(const struct stream *stream, int64_t ms)
{
    size_t low = 0;
    size_t high = stream->n_rows;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (stream->rows[middle].ts_ms < ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Mean share of a key in the day before, and how many messages the window will have. */
static double look_around(const struct stream *stream, uint32_t key, int64_t from, int64_t to,
                          size_t *ret_n)
{
    double sum = 0.0;
    double n = 0.0;

    *ret_n = 0;
    for (size_t i = row_at(stream, from - DAY_MS); i < stream->n_rows && stream->rows[i].ts_ms < to;
         i++) {
        if (stream->rows[i].key == key) {
            sum += stream->rows[i].ts_ms < from ? stream->rows[i].p : 0.0;
            n += stream->rows[i].ts_ms < from;
            *ret_n += stream->rows[i].ts_ms >= from;
        }
    }
    return n >= 10.0 ? sum / n : 0.0;
}

void stream_choose_windows(struct stream *stream, int64_t duration_ms, uint64_t seed)
{
    struct draw draw = {seed};
    const int64_t last = stream->rows[stream->n_rows - 1].ts_ms;

    for (uint32_t key = 0; key < stream->n_keys; key++) {
        int64_t at = stream_warm_ms(stream);
        stream->first_window[key] = stream->n_windows;
        while (stream->n_windows < MAX_WINDOWS) {
            at += apart_ms + (int64_t)(draw_bits(&draw) % (uint64_t)apart_ms);
            if (at + duration_ms > last) {
                break;
            }
            size_t n = 0;
            const double mean = look_around(stream, key, at, at + duration_ms, &n);
            if (mean > 0.02 && mean < 0.7 && n >= 5) {
                stream->windows[stream->n_windows++] = (struct window){
                    .key = key, .from_ms = at, .to_ms = at + duration_ms, .mean = mean};
            }
        }
        stream->first_window[key + 1] = stream->n_windows;
    }
}

struct window *stream_window_at(struct stream *stream, uint32_t key, int64_t ms, int64_t grace_ms)
{
    for (size_t i = stream->first_window[key]; i < stream->first_window[key + 1]; i++) {
        struct window *w = &stream->windows[i];
        if (ms >= w->from_ms && ms < w->to_ms + grace_ms) {
            return w;
        }
    }
    return NULL;
}

/* Whether this message turns negative: copies of a story draw the same number. */
static bool turns(const struct stream *stream, const struct observation *row,
                  const struct window *w, double log_odds)
{
    const double raised = gs_sigmoid(gs_logit(w->mean) + log_odds);
    const double turn = (raised - w->mean) / (INJECTED_P - w->mean);
    struct draw draw = {(row->dup != 0 ? row->dup : (uint64_t)(row - stream->rows)) ^
                        (uint64_t)w->from_ms};
    return draw_unit(&draw) < turn;
}

double stream_injected(const struct stream *stream, const struct observation *row,
                       const struct window *window, double log_odds)
{
    return turns(stream, row, window, log_odds) ? INJECTED_P : row->p;
}

void stream_write_windows(const struct stream *stream, double log_odds, uint64_t round, FILE *out)
{
    for (size_t w = 0; w < stream->n_windows; w++) {
        const struct window *window = &stream->windows[w];
        json_t *turned = json_array();
        for (size_t i = row_at(stream, window->from_ms);
             i < stream->n_rows && stream->rows[i].ts_ms < window->to_ms; i++) {
            if (stream->rows[i].key == window->key &&
                turns(stream, &stream->rows[i], window, log_odds)) {
                (void)json_array_append_new(turned, json_integer((json_int_t)i));
            }
        }
        json_t *line = json_pack("{s:f, s:I, s:I, s:s, s:I, s:I, s:o}", "log_odds", log_odds,
                                 "minutes", (window->to_ms - window->from_ms) / 60000, "round",
                                 (json_int_t)round, "key", stream->keys[window->key], "from_ms",
                                 window->from_ms, "to_ms", window->to_ms, "turned", turned);
        if (line == NULL || json_dumpf(line, out, JSON_COMPACT) != 0 || fputc('\n', out) == EOF) {
            (void)fprintf(stderr, "a window could not be written\n");
            _Exit(1);
        }
        json_decref(line);
    }
}

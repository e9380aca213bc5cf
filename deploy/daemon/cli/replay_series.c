/* A key has a ring of a day of bins, made as points come. When the key is in alert the ring becomes
 * the beginning of a chart, to which points are added until the alert has been over for a while. */
#include "deploy/daemon/cli/replay_series.h"

#include "ingest/base/map.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 288, FIRST_RING = 16 };
static const int64_t before_ms = 86400000, after_ms = 10800000;
static const size_t none = SIZE_MAX;

struct history {
    char *key;
    struct gs_series_point *ring;
    size_t capacity, n; /* n: ever; the ring holds the last `capacity` of them once it is full */
    size_t chart;       /* open; none */
};

struct gs_replay_series {
    struct gs_map *map; /* key: place in histories */
    struct history *histories;
    size_t n_histories, missed;
    struct gs_series *charts;
    size_t n_charts;
    int64_t bin_ms;
};

enum gs_status gs_replay_series_new(int64_t bin_ms, struct gs_replay_series **ret,
                                    struct gs_error *err)
{
    struct gs_replay_series *series = calloc(1, sizeof *series);
    enum gs_status status = GS_OK;

    if (series == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "charts");
    }
    series->bin_ms = bin_ms;
    series->histories = calloc(GS_SERIES_KEYS, sizeof *series->histories);
    series->charts = calloc(GS_SERIES, sizeof *series->charts);
    status = series->histories == NULL || series->charts == NULL
                 ? gs_fail(err, GS_NO_MEMORY, "charts")
                 : gs_map_new(GS_SERIES_KEYS, &series->map, err);
    if (status != GS_OK) {
        gs_replay_series_free(series);
        return status;
    }
    *ret = series;
    return GS_OK;
}

void gs_replay_series_free(struct gs_replay_series *series)
{
    if (series == NULL) {
        return;
    }
    for (size_t i = 0; i < series->n_histories; i++) {
        free(series->histories[i].key);
        free(series->histories[i].ring);
    }
    for (size_t i = 0; i < series->n_charts; i++) {
        free(series->charts[i].points);
    }
    gs_map_free(series->map);
    free(series->histories);
    free(series->charts);
    free(series);
}

static struct history *history_of(struct gs_replay_series *series, struct gs_str key)
{
    uint64_t at = 0;

    if (gs_map_get(series->map, key, &at)) {
        return &series->histories[at];
    }
    char *copy = series->n_histories < GS_SERIES_KEYS ? gs_str_copy(key) : NULL;
    if (copy == NULL || gs_map_put(series->map, (struct gs_str){copy, key.len}, series->n_histories,
                                   NULL) != GS_OK) {
        free(copy);
        return NULL;
    }
    struct history *history = &series->histories[series->n_histories++];
    *history = (struct history){.key = copy, .chart = none};
    return history;
}

/* Grows to a day of bins, then goes round. */
static bool push(struct history *history, const struct gs_series_point *point)
{
    if (history->n == history->capacity && history->capacity < RING) {
        size_t more = history->capacity == 0 ? FIRST_RING : 2 * history->capacity;
        more = more > RING ? RING : more;
        struct gs_series_point *bigger = realloc(history->ring, more * sizeof *bigger);
        if (bigger == NULL) {
            return false;
        }
        memset(bigger + history->capacity, 0, (more - history->capacity) * sizeof *bigger);
        history->ring = bigger;
        history->capacity = more;
    }
    history->ring[history->n++ % history->capacity] = *point;
    return true;
}

static void add_point(struct gs_series *chart, const struct gs_series_point *point)
{
    if (chart->n > 0 && chart->points[chart->n - 1].at_ms == point->at_ms) {
        chart->points[chart->n - 1] = *point; /* looked at twice */
    } else if (chart->n < GS_SERIES_POINTS) {
        chart->points[chart->n++] = *point;
    }
}

/* A chart that begins with what the ring holds of the day before. */
static bool open_chart(struct gs_replay_series *series, struct history *history, int64_t at_ms)
{
    const size_t held = history->n < history->capacity ? history->n : history->capacity;
    struct gs_series_point *points =
        series->n_charts < GS_SERIES ? malloc(GS_SERIES_POINTS * sizeof *points) : NULL;

    if (points == NULL) {
        return false;
    }
    struct gs_series *chart = &series->charts[series->n_charts];
    *chart = (struct gs_series){.points = points, .fired_at_ms = at_ms};
    (void)snprintf(chart->key, sizeof chart->key, "%s", history->key);
    for (size_t i = history->n - held; i < history->n; i++) {
        const struct gs_series_point *point = &history->ring[i % history->capacity];
        if (point->at_ms >= at_ms - before_ms) {
            add_point(chart, point);
        }
    }
    history->chart = series->n_charts++;
    return true;
}

static void close_chart(struct gs_replay_series *series, struct history *history)
{
    struct gs_series *chart = &series->charts[history->chart];
    struct gs_series_point *less = realloc(chart->points, (chart->n + 1) * sizeof *less);

    chart->points = less == NULL ? chart->points : less;
    history->chart = none;
}

void gs_replay_series_take(void *arg, int64_t watermark_ms, const struct gs_key_view *view)
{
    struct gs_replay_series *series = arg;
    const int64_t at_ms = watermark_ms / series->bin_ms * series->bin_ms; /* closed until then */
    const struct gs_series_point point = {.at_ms = at_ms,
                                          .n = (float)view->n_hour,
                                          .observed = (float)view->observed,
                                          .expected = (float)view->expected,
                                          .sd = (float)view->expected_sd,
                                          .log10_evidence = (float)view->log10_evidence,
                                          .log10_threshold = (float)view->log10_threshold};
    struct history *history = history_of(series, view->key);

    if (history == NULL || !push(history, &point)) {
        series->missed++;
        return;
    }
    if (history->chart != none && at_ms > series->charts[history->chart].last_on_ms + after_ms) {
        close_chart(series, history);
    }
    if (history->chart != none) {
        add_point(&series->charts[history->chart], &point);
    } else if (view->firing && !open_chart(series, history, at_ms)) {
        series->missed++;
    }
    if (view->firing && history->chart != none) {
        series->charts[history->chart].last_on_ms = at_ms;
    }
}

const struct gs_series *gs_replay_series_find(const struct gs_replay_series *series,
                                              const char *key, int64_t at_ms)
{
    for (size_t i = 0; i < series->n_charts; i++) {
        const struct gs_series *chart = &series->charts[i];
        if (chart->n > 0 && chart->points[0].at_ms <= at_ms && at_ms <= chart->last_on_ms &&
            strcmp(chart->key, key) == 0) {
            return chart;
        }
    }
    return NULL;
}

size_t gs_replay_series_missed(const struct gs_replay_series *series)
{
    return series->missed;
}

/* ---- longer than an hour ---- */

/* The point at this time; NULL: nobody wrote in the hour before it. */
static const struct gs_series_point *point_at(const struct gs_series *series, int64_t at_ms)
{
    size_t low = 0;
    size_t high = series->n;

    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (series->points[middle].at_ms < at_ms) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < series->n && series->points[low].at_ms == at_ms ? &series->points[low] : NULL;
}

/* Hours one behind the other share no message, so that their sums add up. */
static struct gs_series_point sum_of(const struct gs_series *series, size_t i, int hours)
{
    struct gs_series_point sum = series->points[i];
    double n = 0.0;
    double negative = 0.0;
    double usual = 0.0;
    double var = 0.0;

    for (int h = 0; h < hours; h++) {
        const struct gs_series_point *point = point_at(series, sum.at_ms - h * 3600000LL);
        if (point != NULL) {
            const double in_hour = (double)point->n;
            n += in_hour;
            negative += in_hour * (double)point->observed;
            usual += in_hour * (double)point->expected;
            var += in_hour * (double)point->sd * in_hour * (double)point->sd;
        }
    }
    if (n > 0.0) {
        sum.n = (float)n;
        sum.observed = (float)(negative / n);
        sum.expected = (float)(usual / n);
        sum.sd = (float)(sqrt(var) / n);
    }
    return sum;
}

bool gs_series_over_hours(const struct gs_series *series, int hours, struct gs_series *ret)
{
    struct gs_series longer = *series;

    longer.points = calloc(series->n + 1, sizeof *longer.points);
    if (longer.points == NULL) {
        return false;
    }
    for (size_t i = 0; i < series->n; i++) {
        longer.points[i] = sum_of(series, i, hours);
    }
    *ret = longer;
    return true;
}

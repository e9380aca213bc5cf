/* What charts show: for each time that a key was in alert, its numbers from a day before to some
 * hours after. Points come as bins close (a gs_local_options.score); each key's last day is kept, so
 * that what led up to an alert is there when it comes.
 *
 * Bounds: GS_SERIES_KEYS keys, GS_SERIES charts, GS_SERIES_POINTS points of each; what is past them is
 * counted.
 *
 * Threads: one. */
#ifndef GS_DEPLOY_REPLAY_SERIES_H
#define GS_DEPLOY_REPLAY_SERIES_H

#include "alerting/detector/watch.h"
#include "deploy/daemon/telemetry/key_board.h"

enum { GS_SERIES_KEYS = 20000, GS_SERIES = 2000, GS_SERIES_POINTS = 2000 };

/* A key's last hour at the close of a bin. */
struct gs_series_point {
    int64_t at_ms;
    float n, observed, expected, sd; /* sd: of the share of an ordinary hour (watch.h) */
    float log10_evidence, log10_threshold;
};

struct gs_series {
    char key[GS_BOARD_KEY];
    struct gs_series_point *points; /* in order of time; none where nobody wrote for an hour */
    size_t n;
    int64_t fired_at_ms, last_on_ms;
};

struct gs_replay_series; /* opaque */

/* bin_ms: of the watch; points stand at the ends of bins. */
GS_MUST_CHECK
enum gs_status gs_replay_series_new(int64_t bin_ms, struct gs_replay_series **ret,
                                    struct gs_error *err);
void gs_replay_series_free(struct gs_replay_series *series); /* NULL is fine */
void gs_replay_series_take(void *arg, int64_t watermark_ms, const struct gs_key_view *view);
/* The chart of a key that was in alert at this time; NULL: there is none. */
const struct gs_series *gs_replay_series_find(const struct gs_replay_series *series,
                                              const char *key, int64_t at_ms);
/* The same with messages, share, usual and sd of so many hours; ret->points is the caller's. False:
 * no memory. */
bool gs_series_over_hours(const struct gs_series *series, int hours, struct gs_series *ret);
/* Keys and charts that there was no room for. */
size_t gs_replay_series_missed(const struct gs_replay_series *series);

#endif

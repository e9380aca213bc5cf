/* The alerts of a replay: one row each, kept as it changes, in order of firing. */
#ifndef GS_DEPLOY_REPLAY_ALERTS_H
#define GS_DEPLOY_REPLAY_ALERTS_H

#include "alerting/detector/watch.h"
#include "deploy/daemon/telemetry/key_board.h"

#include <stdio.h>

struct gs_replay_alert {
    char id[17];
    const char *rule; /* a constant of the detector */
    char key[GS_BOARD_KEY], name[GS_BOARD_NAME];
    enum gs_severity severity;                     /* the highest it reached */
    int64_t starts_at_ms, fired_at_ms, ends_at_ms; /* ends_at -1: on to the end of the data */
    /* when it fired */
    bool event;
    double observed, expected, n, log10_evidence, log10_threshold, detectable_rise;
    int64_t window_s;
    uint32_t stories, publishers;
};

struct gs_replay_alerts {
    struct gs_replay_alert *rows;
    size_t n, n_more; /* n_more: not kept */
};

/* A gs_alert_fn; arg is a struct gs_replay_alerts. */
void gs_replay_alerts_take(void *arg, const struct gs_alert *alert);
/* A table: alerts per day, severity and key. */
void gs_replay_alerts_print(const struct gs_replay_alerts *alerts, FILE *out);
void gs_replay_alerts_done(struct gs_replay_alerts *alerts);

/* "2026-11-21 09:30", or "-" for a time below 0. */
void gs_replay_time(char ret[17], int64_t ms);

/* What came nearest to an alert, as a gs_local_options.nearest; copied. */
struct gs_replay_nearest {
    bool there;
    struct gs_near_miss miss; /* key and name as below */
    char key[GS_BOARD_KEY], name[GS_BOARD_NAME];
};
void gs_replay_nearest_take(void *arg, const struct gs_near_miss *near);
/* "KEY, NAME at TIME: evidence 10^1.2, 10^1.8 is needed; …", and what was too little for an alert;
 * no line end. options: of the watch that gave it. */
void gs_replay_nearest_write(const struct gs_replay_nearest *nearest,
                             const struct gs_watch_options *options, struct gs_buf *out);

#endif

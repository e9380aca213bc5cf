/* What a key does at the same hour day after day (habits.c). Private to alerting/. */
#ifndef GS_ALERTING_HABITS_H
#define GS_ALERTING_HABITS_H

#include "alerting/detector/undo.h"

enum {
    GS_HABIT_DAYS = 5,
    GS_CELLS = 48 /* hours of a weekday, hours of a weekend day */
};

struct gs_detector_params;

/* The habit of a key that has had an alert: its share at the same hour day after day (habits.c). */
struct gs_habit {
    struct gs_link at;
    int64_t hour;            /* since the epoch: the one that the sums are of */
    float n, k, n_eff, odds; /* odds: sum of n * (log odds of the baseline) */
    uint8_t cell;
    int8_t above[GS_CELLS][GS_HABIT_DAYS]; /* of the last days, in 1/32 of log odds */
    uint8_t next[GS_CELLS], days[GS_CELLS];
    int8_t offset[GS_CELLS]; /* the median of above */
};

double gs_habit_offset(const struct gs_habit *habit, int cell);
/* A bin that leaves the delay line: n messages, the share that was negative, the overdispersion,
 * and the log odds that the baseline says without a habit. */
struct gs_bin_lesson {
    double n, share, rho, odds;
};
void gs_habit_learn(struct gs_habit *habit, const struct gs_detector_params *params, int32_t bin,
                    const struct gs_bin_lesson *lesson);

#endif

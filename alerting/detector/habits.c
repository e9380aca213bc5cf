/* The habits of a key: what it does at the same hour day after day.
 *
 * While an alert is on, its bins do not teach the baseline, so that a surge does not make itself
 * normal. But a key whose share rises every day from one to three would alert every day for ever.
 * Recurrence separates the two: a key that has alerted keeps, for each hour of a weekday
 * and of a weekend day, how far the last five such days were above the baseline, and expects their
 * median.
 *
 *     bin leaves the delay line ─► sums of its hour ─► at the hour's end: log odds above baseline
 *                                                          └─► ring of five days ─► median
 *
 *     above  = logit((k + 0.5) / (n + 1)) - mean of the baseline's log odds
 *              0 unless it is at least 0.5, and two standard deviations; 3.9 at most
 *     offset = median of the last five days' `above`
 *
 * The median makes three days of five necessary: days that were not seen count as 0, so nothing is
 * expected before three days agree, and a surge of one or two days is never learnt, however long
 * the key lives. Habits only ever raise what is expected, since the hours of an ordinary day are
 * the kind's to learn (kinds.c). A rise on top of the habit is still a rise. An hour of weekend
 * days that is not known yet borrows that of weekdays, and the other way round.
 *
 * What has to stay as it is: bins teach the habit also while an alert keeps them from the baseline,
 * or there would be nothing to learn from. Bins under a habit do not teach the kind, whose other
 * keys do not share it. Days are numbered by what was seen, not by the calendar: an hour without
 * messages is no day. GS_HABIT_DAYS is odd, for the median, and 3.9 at 32 steps a log odd still
 * fits into eight bits.
 *
 * Memory: 424 bytes for a key that has had an alert. */
#include "alerting/detector/betabin.h"
#include "alerting/detector/watch_internal.h"

#include <math.h>

enum { AGREE = GS_HABIT_DAYS / 2 + 1, SCALE = 32 };

static const double least = 0.5; /* log odds; less is within what is tolerated, nearly */
static const double sure = 2.0;  /* standard deviations above the baseline */
static const double most = 3.9;

const struct gs_habit *gs_key_habit(const struct gs_watch *watch, const struct gs_key *key)
{
    return key->habit == GS_NONE ? NULL : gs_pool_at(&watch->habits, key->habit);
}

double gs_habit_offset(const struct gs_habit *habit, int cell)
{
    const int other = (cell + GS_CELLS / 2) % GS_CELLS; /* the hour of the other kind of day */
    const bool borrow = habit->days[cell] < AGREE && habit->days[other] >= AGREE;

    return (double)habit->offset[borrow ? other : cell] / SCALE;
}

static int8_t median(const int8_t days[GS_HABIT_DAYS])
{
    int8_t sorted[GS_HABIT_DAYS];

    for (size_t i = 0; i < GS_HABIT_DAYS; i++) {
        size_t j = i;
        for (; j > 0 && sorted[j - 1] > days[i]; j--) {
            sorted[j] = sorted[j - 1];
        }
        sorted[j] = days[i];
    }
    return sorted[GS_HABIT_DAYS / 2];
}

/* The hour is over: what it was above the baseline becomes that day's entry of its cell. */
static void close_hour(struct gs_habit *habit)
{
    const double n = (double)habit->n;

    if (n > 0.0) {
        const double share = ((double)habit->k + 0.5) / (n + 1.0);
        const double above = gs_logit(share) - (double)habit->odds / n;
        const double sd = 1.0 / sqrt((double)habit->n_eff * share * (1.0 - share));
        const bool is_above = above >= least && above >= sure * sd;
        int8_t *days = habit->above[habit->cell];
        days[habit->next[habit->cell]] = (int8_t)(is_above ? lround(fmin(above, most) * SCALE) : 0);
        habit->next[habit->cell] = (uint8_t)((habit->next[habit->cell] + 1) % GS_HABIT_DAYS);
        if (habit->days[habit->cell] < GS_HABIT_DAYS) {
            habit->days[habit->cell]++;
        }
        habit->offset[habit->cell] = median(days);
    }
    habit->n = 0.0F;
    habit->k = 0.0F;
    habit->n_eff = 0.0F;
    habit->odds = 0.0F;
}

void gs_habit_learn(struct gs_habit *habit, const struct gs_detector_params *params, int32_t bin,
                    const struct gs_bin_lesson *lesson)
{
    const int64_t hour = gs_bin_to_ms(params, bin) / 3600000;

    if (hour != habit->hour) {
        close_hour(habit);
        habit->hour = hour;
        habit->cell = (uint8_t)gs_bin_cell(params, bin);
    }
    habit->n += (float)lesson->n;
    habit->k += (float)(lesson->n * lesson->share);
    habit->n_eff += (float)(lesson->n / (1.0 + fmax(lesson->n - 1.0, 0.0) * lesson->rho));
    habit->odds += (float)(lesson->n * lesson->odds);
}

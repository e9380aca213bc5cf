/* Two thresholds and a hold (deadline.h): without them a lane at its limit would change its mind with
 * every batch. */
#include "deploy/daemon/inference/deadline.h"

enum { LEAST_HOLD_MS = 1000, MOST_HOLD_MS = 30000 };

bool gs_overload_see(struct gs_overload *overload, int64_t now_ms, int64_t age_ms)
{
    const int64_t deadline = overload->deadline_ms;

    if (deadline <= 0 || age_ms < 0) {
        return false;
    }
    if (!overload->behind) {
        overload->behind = age_ms > deadline;
        overload->since_ms = now_ms;
        return overload->behind;
    }
    const int64_t hold = deadline < LEAST_HOLD_MS  ? LEAST_HOLD_MS
                         : deadline > MOST_HOLD_MS ? MOST_HOLD_MS
                                                   : deadline;
    overload->behind = age_ms > deadline / 2 || now_ms - overload->since_ms < hold;
    return !overload->behind;
}

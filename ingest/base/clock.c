/* The two clocks of clock_gettime(2). The wall clock is for times that people or other programs
 * see; it may be set and may jump. Durations and timeouts use the monotonic one. */
#include "ingest/base/clock.h"

#include <time.h>

int64_t gs_clock_wall_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t gs_clock_monotonic_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

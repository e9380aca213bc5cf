/* The time of day and the time that has passed: two clocks that must not be mixed up. */
#ifndef GS_BASE_CLOCK_H
#define GS_BASE_CLOCK_H

#include <stdint.h>

int64_t gs_clock_wall_ms(void);      /* since the epoch; may jump */
int64_t gs_clock_monotonic_ns(void); /* for durations */

#endif

/* The hours in which people are not told of what can wait: from one time of day to another, in one
 * time zone, such as 22:00-07:00 in Europe/Zurich. Where clocks are put back or forward the hours
 * follow the clock on the wall.
 *
 * The zone is the process's: gs_quiet_hours_zone() sets the variable TZ, once, while there is one
 * thread, and reads the zone's rules; after that localtime_r() looks at no variable any more and
 * any thread may ask (glibc reads TZ again in localtime() and tzset() alone, which nobody calls).
 *
 * Threads: gs_quiet_hours_zone() before any other is started; the rest from any. */
#ifndef GS_ALERTING_QUIET_HOURS_H
#define GS_ALERTING_QUIET_HOURS_H

#include "ingest/base/error.h"
#include "ingest/base/str.h"

#include <stdint.h>

/* Minutes from midnight; from == to: there are none. */
struct gs_quiet_hours {
    int from, to;
};

/* Reads "22:00-07:00"; NULL or "": none. GS_BAD_CONFIG. */
GS_MUST_CHECK
enum gs_status gs_quiet_hours_parse(const char *text, struct gs_quiet_hours *ret,
                                    struct gs_error *err);

/* Whether the system knows a zone of that name ("UTC" it always does). GS_BAD_CONFIG. */
GS_MUST_CHECK enum gs_status gs_quiet_hours_check_zone(const char *zone, struct gs_error *err);
/* The same, and makes it the process's. */
GS_MUST_CHECK enum gs_status gs_quiet_hours_zone(const char *zone, struct gs_error *err);

/* Whether a time (ms since the epoch) lies in them, by the process's zone: from is in, to is not. */
bool gs_quiet_hours_hold(struct gs_quiet_hours hours, int64_t now_ms);

#endif

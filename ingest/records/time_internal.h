/* The parts that the readers of times share; for time*.c only.
 *
 *     time.c        chooses the reader: ISO 8601 / RFC 3339 is its own
 *     time_named.c  dates that name their month: RFC 2822, asctime, feeds
 *     time_epoch.c  numbers
 *     time_parts.c  what all of them are made of
 *
 * A reader returns NULL and the time, or a static string that says why the text is not a time. */
#ifndef GS_INGEST_TIME_INTERNAL_H
#define GS_INGEST_TIME_INTERNAL_H

#include "ingest/base/str.h"

#include <stdint.h>

/* The text that is left to read. */
struct gs_time_scan {
    const char *at, *end;
};

struct gs_date_time {
    int year, month, day, hour, minute, second;
    int millisecond;
    int offset_min; /* east of UTC */
};

static inline bool gs_time_accept(struct gs_time_scan *s, char c)
{
    if (s->at < s->end && *s->at == c) {
        s->at++;
        return true;
    }
    return false;
}

static inline bool gs_time_at_digit(const struct gs_time_scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static inline bool gs_time_at_letter(const struct gs_time_scan *s)
{
    return s->at < s->end && (*s->at | 0x20) >= 'a' && (*s->at | 0x20) <= 'z';
}

/* False when there are none. */
bool gs_time_skip_blanks(struct gs_time_scan *s);

/* Between least and most digits. */
bool gs_time_number(struct gs_time_scan *s, int least, int most, int *ret);

/* hours ':' minutes [':' seconds [('.' | ',') digits]]; hours of two digits where `strict`, else of
 * one or two, and AM or PM may follow. */
bool gs_time_of_day(struct gs_time_scan *s, bool strict, struct gs_date_time *t);

/* ('.' | ',') digits, if there are any: those behind the third are cut off. False for a point
 * without a digit. */
bool gs_time_fraction(struct gs_time_scan *s, struct gs_date_time *t);

/* The zone that must follow: "Z", "+08:00", "+0800", "+08", a name of RFC 2822, "GMT+0800". NULL,
 * or why there is none. */
const char *gs_time_zone(struct gs_time_scan *s, struct gs_date_time *t);

const char *gs_time_to_ms(const struct gs_date_time *t, int64_t *ret_ms);

const char *gs_time_from_epoch(struct gs_str text, int64_t *ret_ms);
const char *gs_time_from_named(struct gs_time_scan *s, int64_t *ret_ms);

#endif

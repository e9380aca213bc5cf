/* The parts that dates and times are made of: digits, times of day, zones, and days since 1970.
 *
 * Each part moves the scan behind what it has read and returns false, or the reason, where the text
 * is something else. gs_time_to_ms() puts the parts together and checks that there is such a day
 * and such a time of day, leap years and leap seconds included. */
#include "ingest/base/attr.h"
#include "ingest/records/time_internal.h"

#include <string.h>

bool gs_time_skip_blanks(struct gs_time_scan *s)
{
    const char *start = s->at;

    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n')) {
        s->at++;
    }
    return s->at > start;
}

bool gs_time_number(struct gs_time_scan *s, int least, int most, int *ret)
{
    int value = 0;
    int n = 0;

    while (n < most && gs_time_at_digit(s)) {
        value = value * 10 + (*s->at++ - '0');
        n++;
    }
    *ret = value;
    return n >= least;
}

static bool is_leap(int year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* Days from 1970-01-01: H. Hinnant, "chrono-Compatible Low-Level Date Algorithms". */
static int64_t days_from_civil(int64_t year, int month, int day)
{
    year -= month <= 2;
    const int64_t era = (year >= 0 ? year : year - 399) / 400;
    const int64_t yoe = year - era * 400;
    const int64_t doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    const int64_t doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

    return era * 146097 + doe - 719468;
}

const char *gs_time_to_ms(const struct gs_date_time *t, int64_t *ret_ms)
{
    static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    if (t->month < 1 || t->month > 12) {
        return "there is no such month";
    }
    if (t->day < 1 || t->day > lengths[t->month - 1] + (t->month == 2 && is_leap(t->year))) {
        return "there is no such day";
    }
    if (t->hour > 23 || t->minute > 59 || t->second > 60) {
        return "there is no such time of day";
    }
    const int64_t minutes = days_from_civil(t->year, t->month, t->day) * 1440 +
                            (int64_t)t->hour * 60 + t->minute - t->offset_min;
    /* RFC 3339 appendix D: a leap second ends a day of UTC. We count as POSIX does, without. */
    if (t->second == 60 && (minutes % 1440 + 1440) % 1440 != 1439) {
        return "a 60th second that is no leap second";
    }
    *ret_ms = (minutes * 60 + t->second) * 1000 + t->millisecond;
    return NULL;
}

bool gs_time_fraction(struct gs_time_scan *s, struct gs_date_time *t)
{
    int scale = 100;

    if (!gs_time_accept(s, '.') && !gs_time_accept(s, ',')) { /* ISO 8601 has both */
        return true;
    }
    if (!gs_time_at_digit(s)) {
        return false;
    }
    for (; gs_time_at_digit(s); s->at++) {
        t->millisecond += (*s->at - '0') * scale;
        scale /= 10;
    }
    return true;
}

/* " PM" behind hours from 1 to 12. False for "13:00 PM". */
static bool half_day(struct gs_time_scan *s, struct gs_date_time *t)
{
    const struct gs_time_scan before = *s;

    (void)gs_time_skip_blanks(s);
    if (s->end - s->at < 2 || (s->at[1] | 0x20) != 'm' ||
        ((s->at[0] | 0x20) != 'a' && (s->at[0] | 0x20) != 'p') ||
        (s->end - s->at > 2 && (s->at[2] | 0x20) >= 'a' && (s->at[2] | 0x20) <= 'z')) {
        *s = before;
        return true;
    }
    if (t->hour < 1 || t->hour > 12) {
        return false;
    }
    t->hour = t->hour % 12 + ((s->at[0] | 0x20) == 'p' ? 12 : 0);
    s->at += 2;
    return true;
}

bool gs_time_of_day(struct gs_time_scan *s, bool strict, struct gs_date_time *t)
{
    if (!gs_time_number(s, strict ? 2 : 1, 2, &t->hour) || !gs_time_accept(s, ':') ||
        !gs_time_number(s, 2, 2, &t->minute)) {
        return false;
    }
    if (gs_time_accept(s, ':') &&
        (!gs_time_number(s, 2, 2, &t->second) || !gs_time_fraction(s, t))) {
        return false;
    }
    return strict || half_day(s, t);
}

/* '+' or '-', also U+2212, the minus sign that ISO 8601 asks for. 0: neither. */
static int read_sign(struct gs_time_scan *s)
{
    if (s->end - s->at >= 3 && memcmp(s->at, "\xE2\x88\x92", 3) == 0) {
        s->at += 3;
        return -1;
    }
    return gs_time_accept(s, '+') ? 1 : gs_time_accept(s, '-') ? -1 : 0;
}

/* "+08:00", "+0800", "+08"; false also for +24:00. A name behind a blank says no more ("+0800 CST",
 * as Go writes it). */
static bool numeric_offset(struct gs_time_scan *s, struct gs_date_time *t)
{
    int hours = 0;
    int minutes = 0;
    const int sign = read_sign(s);

    if (sign == 0 || !gs_time_number(s, 2, 2, &hours)) {
        return false;
    }
    if ((gs_time_accept(s, ':') || gs_time_at_digit(s)) && !gs_time_number(s, 2, 2, &minutes)) {
        return false;
    }
    t->offset_min = (hours * 60 + minutes) * sign;
    const struct gs_time_scan before = *s;
    if (!gs_time_skip_blanks(s) || !gs_time_at_letter(s)) {
        *s = before;
    }
    while (gs_time_at_letter(s)) {
        s->at++;
    }
    return hours <= 23 && minutes <= 59;
}

/* RFC 2822 sections 3.3 and 4.3. An unknown name is refused rather than read as UTC, which would be
 * hours off without a word; so are the one-letter zones but Z, which RFC 822 got wrong. */
static const char *named_zone(struct gs_time_scan *s, struct gs_date_time *t)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"ut", 0},   {"utc", 0},  {"gmt", 0},  {"z", 0},    {"est", -5}, {"edt", -4},
                 {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}};
    char name[4] = {0};
    size_t len = 0;

    for (; gs_time_at_letter(s); s->at++, len++) {
        if (len < sizeof name - 1) {
            name[len] = (char)((unsigned char)*s->at | 0x20U);
        }
    }
    for (size_t i = 0; len < sizeof name && i < GS_COUNT(zones); i++) {
        if (strcmp(name, zones[i].name) == 0) {
            const bool from_utc = zones[i].hours == 0 && s->at < s->end &&
                                  (*s->at == '+' || *s->at == '-'); /* "GMT+0800", as browsers do */
            t->offset_min = zones[i].hours * 60;
            return from_utc && !numeric_offset(s, t) ? "not a time zone such as GMT+0800" : NULL;
        }
    }
    return "a time zone name that RFC 2822 does not have";
}

const char *gs_time_zone(struct gs_time_scan *s, struct gs_date_time *t)
{
    if (s->at == s->end) {
        return "no time zone";
    }
    if (gs_time_at_letter(s)) {
        return named_zone(s, t);
    }
    return numeric_offset(s, t) ? NULL : "not a time zone such as Z, GMT or +08:00";
}

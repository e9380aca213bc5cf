/* Dates that name their month, so that it cannot be confused with the day:
 *
 *     Sat, 21 Nov 2026 09:30:00 +0800            RFC 2822, and its obsolete forms
 *     Sat Nov 21 09:30:00 +0000 2026             asctime with a zone (Twitter, date(1))
 *     Sat, Nov 21 2026 09:30:00 +0000            feeds, browsers
 *     November 21, 2026 9:30 PM EST */
#include "ingest/base/attr.h"
#include "ingest/records/time_internal.h"

/* Reads letters and gives the row whose first three letters they begin with; the rest must agree
 * too ("September", not "Septic"). -1, and nothing read, when there is none. */
static int name_of(struct gs_time_scan *s, const char *const *names, int n_names)
{
    const char *start = s->at;

    while (gs_time_at_letter(s)) {
        s->at++;
    }
    const size_t len = (size_t)(s->at - start);
    for (int row = 0; row < n_names; row++) {
        size_t i = 0;
        while (i < len && names[row][i] != '\0' && (start[i] | 0x20) == (names[row][i] | 0x20)) {
            i++;
        }
        if (i == len && len >= 3) {
            return row;
        }
    }
    s->at = start;
    return -1;
}

static const char *const day_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};

/* "(CST)" and the like behind the zone. Not nested, without escapes. */
static void skip_comments(struct gs_time_scan *s)
{
    (void)gs_time_skip_blanks(s);
    while (gs_time_accept(s, '(')) {
        while (s->at < s->end && *s->at != ')') {
            s->at++;
        }
        (void)gs_time_accept(s, ')');
        (void)gs_time_skip_blanks(s);
    }
}

static const char shape[] = "not a date and time such as Sat, 21 Nov 2026 09:30:00 +0000";

/* "2026", "26" or "126", as RFC 2822 section 4.3 reads them. */
static bool read_year(struct gs_time_scan *s, int least, struct gs_date_time *t)
{
    const char *start = s->at;

    if (!gs_time_number(s, least, 4, &t->year)) {
        return false;
    }
    if (s->at - start <= 2) {
        t->year += t->year < 50 ? 2000 : 1900;
    } else if (s->at - start == 3) {
        t->year += 1900;
    }
    return true;
}

/* The time of day and its zone, to the end. */
static const char *read_time(struct gs_time_scan *s, struct gs_date_time *t, int64_t *ret_ms)
{
    if (!gs_time_of_day(s, false, t)) {
        return shape;
    }
    (void)gs_time_skip_blanks(s);
    const char *why = gs_time_zone(s, t);
    if (why != NULL) {
        return why;
    }
    skip_comments(s);
    return s->at == s->end ? gs_time_to_ms(t, ret_ms) : "more text behind the time";
}

/* "21 Nov 2026 09:30:00 +0000", "21-Nov-26 …". */
static const char *day_first(struct gs_time_scan *s, struct gs_date_time *t, int64_t *ret_ms)
{
    if (!gs_time_number(s, 1, 2, &t->day) || (!gs_time_skip_blanks(s) && !gs_time_accept(s, '-'))) {
        return shape;
    }
    t->month = name_of(s, month_names, (int)GS_COUNT(month_names)) + 1;
    if (t->month == 0 || (!gs_time_skip_blanks(s) && !gs_time_accept(s, '-'))) {
        return shape;
    }
    if (!read_year(s, 2, t) || !gs_time_skip_blanks(s)) {
        return shape;
    }
    return read_time(s, t, ret_ms);
}

/* "09:30:00 +0000 2026": the year behind the zone. */
static const char *year_last(struct gs_time_scan *s, struct gs_date_time *t, int64_t *ret_ms)
{
    if (!gs_time_of_day(s, false, t) || !gs_time_skip_blanks(s)) {
        return shape;
    }
    if (gs_time_at_digit(s)) {
        return "no time zone";
    }
    const char *why = gs_time_zone(s, t);
    if (why != NULL) {
        return why;
    }
    if (!gs_time_skip_blanks(s) || !read_year(s, 4, t)) {
        return shape;
    }
    return s->at == s->end ? gs_time_to_ms(t, ret_ms) : "more text behind the time";
}

/* "Nov 21 …", the month's name read. */
static const char *month_first(struct gs_time_scan *s, struct gs_date_time *t, int64_t *ret_ms)
{
    (void)gs_time_accept(s, '.');
    if (!gs_time_skip_blanks(s) || !gs_time_number(s, 1, 2, &t->day)) {
        return shape;
    }
    (void)gs_time_accept(s, ',');
    if (!gs_time_skip_blanks(s)) {
        return shape;
    }
    const char *digits = s->at;
    while (digits < s->end && *digits >= '0' && *digits <= '9') {
        digits++;
    }
    if (digits < s->end && *digits == ':') {
        return year_last(s, t, ret_ms);
    }
    if (!read_year(s, 4, t)) {
        return shape;
    }
    (void)gs_time_accept(s, ',');
    return gs_time_skip_blanks(s) ? read_time(s, t, ret_ms) : shape;
}

const char *gs_time_from_named(struct gs_time_scan *s, int64_t *ret_ms)
{
    struct gs_date_time t = {0};

    if (name_of(s, day_names, (int)GS_COUNT(day_names)) >= 0) {
        /* A wrong day of the week is common and does no harm. */
        (void)gs_time_accept(s, ',');
        (void)gs_time_skip_blanks(s);
    }
    if (!gs_time_at_letter(s)) {
        return day_first(s, &t, ret_ms);
    }
    t.month = name_of(s, month_names, (int)GS_COUNT(month_names)) + 1;
    return t.month == 0 ? shape : month_first(s, &t, ret_ms);
}

/* Times as feeds write them: RFC 3339 with the liberties people take, RFC 2822, epoch numbers. */
#include "ingest/records/record.h"
#include "ingest/records/time_epoch.h"

/* What is left to read. */
struct scan {
    const char *at, *end;
};

struct date_time {
    int year, month, day, hour, minute, second;
    int millisecond;
    int offset_min; /* east of UTC */
};

static bool take(struct scan *s, char c)
{
    if (s->at < s->end && *s->at == c) {
        s->at++;
        return true;
    }
    return false;
}

static bool is_digit(const struct scan *s)
{
    return s->at < s->end && *s->at >= '0' && *s->at <= '9';
}

static bool is_letter(const struct scan *s)
{
    return s->at < s->end && (*s->at | 0x20) >= 'a' && (*s->at | 0x20) <= 'z';
}

static bool skip_blanks(struct scan *s)
{
    const char *start = s->at;

    while (s->at < s->end &&
           (*s->at == ' ' || *s->at == '\t' || *s->at == '\r' || *s->at == '\n')) {
        s->at++;
    }
    return s->at > start;
}

/* Between least and most digits. */
static bool number(struct scan *s, int least, int most, int *ret)
{
    int value = 0;
    int n = 0;

    while (n < most && is_digit(s)) {
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

/* NULL and *ret_ms, or why there is no such time. */
static const char *to_ms(const struct date_time *t, int64_t *ret_ms)
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

/* hours ':' minutes [':' seconds ['.' digits]]. */
static bool time_of_day(struct scan *s, bool need_seconds, struct date_time *t)
{
    if (!number(s, need_seconds ? 2 : 1, 2, &t->hour) || !take(s, ':') ||
        !number(s, 2, 2, &t->minute)) {
        return false;
    }
    if (!take(s, ':')) {
        return !need_seconds;
    }
    if (!number(s, 2, 2, &t->second)) {
        return false;
    }
    if (take(s, '.')) {
        int scale = 100;
        if (!is_digit(s)) {
            return false;
        }
        for (; is_digit(s); s->at++) { /* digits behind the third are cut off */
            t->millisecond += (*s->at - '0') * scale;
            scale /= 10;
        }
    }
    return true;
}

/* "+08:00", "+0800"; false also for +24:00. */
static bool numeric_offset(struct scan *s, struct date_time *t)
{
    int hours = 0;
    int minutes = 0;
    const bool west = s->at < s->end && *s->at == '-';

    if (!take(s, '+') && !take(s, '-')) {
        return false;
    }
    if (!number(s, 2, 2, &hours)) {
        return false;
    }
    (void)take(s, ':');
    if (!number(s, 2, 2, &minutes) || hours > 23 || minutes > 59) {
        return false;
    }
    t->offset_min = (hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

static const char *parse_rfc3339(struct scan *s, int64_t *ret_ms)
{
    static const char shape[] = "not a date and time such as 2026-11-21T09:30:00Z";
    struct date_time t = {0};

    if (!number(s, 4, 4, &t.year) || !take(s, '-') || !number(s, 2, 2, &t.month) || !take(s, '-') ||
        !number(s, 2, 2, &t.day)) {
        return shape;
    }
    if (!take(s, 'T') && !take(s, 't') && !take(s, ' ')) {
        return s->at == s->end ? "a date without a time of day" : shape;
    }
    if (!time_of_day(s, true, &t)) {
        return shape;
    }
    (void)skip_blanks(s);
    if (s->at == s->end) {
        return "no time zone";
    }
    if (!take(s, 'Z') && !take(s, 'z') && !numeric_offset(s, &t)) {
        return "not a time zone such as Z or +08:00";
    }
    return s->at == s->end ? to_ms(&t, ret_ms) : "more text behind the time";
}

/* Reads letters and gives the row whose first three letters they begin with; the rest must agree
 * too ("September", not "Septic"). -1 when there is none. */
static int name_of(struct scan *s, const char *const *names, int n_names)
{
    const char *start = s->at;

    while (is_letter(s)) {
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
    return -1;
}

static const char *const day_names[] = {"monday", "tuesday",  "wednesday", "thursday",
                                        "friday", "saturday", "sunday"};
static const char *const month_names[] = {"january",   "february", "march",    "april",
                                          "may",       "june",     "july",     "august",
                                          "september", "october",  "november", "december"};

/* RFC 2822 sections 3.3 and 4.3. An unknown name is refused rather than read as UTC, which would be
 * hours off without a word; so are the one-letter zones but Z, which RFC 822 got wrong. */
static const char *zone(struct scan *s, struct date_time *t)
{
    static const struct {
        const char *name;
        int hours;
    } zones[] = {{"ut", 0},   {"utc", 0},  {"gmt", 0},  {"z", 0},    {"est", -5}, {"edt", -4},
                 {"cst", -6}, {"cdt", -5}, {"mst", -7}, {"mdt", -6}, {"pst", -8}, {"pdt", -7}};
    char name[4] = {0};
    size_t len = 0;

    if (s->at == s->end) {
        return "no time zone";
    }
    if (!is_letter(s)) {
        return numeric_offset(s, t) ? NULL : "not a time zone such as GMT or +0800";
    }
    for (; is_letter(s); s->at++, len++) {
        if (len < sizeof name - 1) {
            name[len] = (char)((unsigned char)*s->at | 0x20U);
        }
    }
    for (size_t i = 0; len < sizeof name && i < GS_COUNT(zones); i++) {
        if (strcmp(name, zones[i].name) == 0) {
            t->offset_min = zones[i].hours * 60;
            return NULL;
        }
    }
    return "a time zone name that RFC 2822 does not have";
}

/* "(CST)" and the like behind the zone. Not nested, without escapes. */
static void skip_comments(struct scan *s)
{
    (void)skip_blanks(s);
    while (take(s, '(')) {
        while (s->at < s->end && *s->at != ')') {
            s->at++;
        }
        (void)take(s, ')');
        (void)skip_blanks(s);
    }
}

static const char *parse_rfc2822(struct scan *s, int64_t *ret_ms)
{
    static const char shape[] = "not a date and time such as Sat, 21 Nov 2026 09:30:00 +0000";
    struct date_time t = {0};

    if (is_letter(s)) { /* a wrong day of the week is common and harms nobody */
        if (name_of(s, day_names, (int)GS_COUNT(day_names)) < 0) {
            return shape;
        }
        (void)take(s, ',');
        (void)skip_blanks(s);
    }
    if (!number(s, 1, 2, &t.day) || (!skip_blanks(s) && !take(s, '-'))) {
        return shape;
    }
    t.month = name_of(s, month_names, (int)GS_COUNT(month_names)) + 1;
    if (t.month == 0 || (!skip_blanks(s) && !take(s, '-'))) {
        return shape;
    }
    const char *year = s->at;
    if (!number(s, 2, 4, &t.year) || !skip_blanks(s)) {
        return shape;
    }
    const ptrdiff_t year_len = s->at - year - 1;
    if (year_len <= 2) { /* section 4.3 */
        t.year += t.year < 50 ? 2000 : 1900;
    } else if (year_len == 3) {
        t.year += 1900;
    }
    if (!time_of_day(s, false, &t)) {
        return shape;
    }
    (void)skip_blanks(s);
    const char *why = zone(s, &t);
    if (why != NULL) {
        return why;
    }
    skip_comments(s);
    return s->at == s->end ? to_ms(&t, ret_ms) : "more text behind the time";
}

/* Whether it is a number: then nothing but digits and what belongs to one is in it. */
static bool is_number(struct gs_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        const char c = text.bytes[i];
        const bool sign = (c == '-' || c == '+') && (i == 0 || (text.bytes[i - 1] | 0x20) == 'e');
        if ((c < '0' || c > '9') && c != '.' && (c | 0x20) != 'e' && !sign) {
            return false;
        }
    }
    return true;
}

/* The text as a message may show it: short, printable ASCII. */
static const char *shown(struct gs_str text, char out[41])
{
    size_t n = 0;

    for (; n < text.len && n < 40; n++) {
        out[n] = '?';
        if (text.bytes[n] >= 0x20 && text.bytes[n] < 0x7F) {
            out[n] = text.bytes[n];
        }
    }
    out[n] = '\0';
    return out;
}

enum gs_status gs_time_parse(struct gs_str text, int64_t *ret_ms, struct gs_error *err)
{
    struct scan s = {text.bytes, text.bytes + text.len};
    const char *why = NULL;
    int64_t ms = 0;

    (void)skip_blanks(&s);
    while (s.end > s.at &&
           (s.end[-1] == ' ' || s.end[-1] == '\t' || s.end[-1] == '\r' || s.end[-1] == '\n')) {
        s.end--;
    }
    const struct gs_str trimmed = {s.at, (size_t)(s.end - s.at)};
    if (trimmed.len == 0) {
        why = "empty";
    } else if (is_number(trimmed)) {
        why = gs_time_from_epoch(trimmed, &ms);
    } else if (trimmed.len > 4 && is_digit(&s) && trimmed.bytes[4] == '-' &&
               trimmed.bytes[2] != '-') {
        why = parse_rfc3339(&s, &ms);
    } else {
        why = parse_rfc2822(&s, &ms);
    }
    if (why != NULL) {
        char text_shown[41];
        return gs_fail(err, GS_BAD_FORMAT, "time \"%s\": %s", shown(trimmed, text_shown), why);
    }
    *ret_ms = ms;
    return GS_OK;
}

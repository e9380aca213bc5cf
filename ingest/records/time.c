/* Times as senders write them, to milliseconds since 1970.
 *
 * One rule says what is read: a time names its date with the year first or the month by name, its
 * time of day, and its zone; or it is a number since 1970. What would leave one of these to a guess
 * is refused: no zone, a date alone, 11/21/2026. A wrong guess would be hours or months off, and
 * the message would count in a bin where it does not belong, without anybody seeing it.
 *
 *     text ─► without blanks around it
 *              ├─ digits, '.', a sign, 'e' only ────────────────► time_epoch.c: s, ms, µs or ns
 *              ├─ four digits and a mark, or eight and a 'T' ───► parse_iso(), here
 *              └─ anything else ────────────────────────────────► time_named.c: the month by name
 *
 *     date        2026-11-21    2026/11/21    20261121
 *     then        T    t    blanks (not behind 20261121)
 *     time        09:30    09:30:00    09:30:00.123    09:30:00,123    0930, 093000 behind 20261121
 *     then        blanks, or nothing
 *     zone        Z    +08:00    +0800    +08    GMT    EST    GMT+0800
 *     then        [Asia/Shanghai], which is passed over: the offset says it all
 *
 * The first characters decide who reads a text, and no other reader tries after one has failed. So
 * no text has two readings, and the reason that an error gives is about the form that was meant.
 * Both readers of dates end in gs_time_to_ms(), which checks month, day and time of day; digits
 * beyond milliseconds are cut off.
 *
 * What has to stay as it is: our own tagged messages have times in the form of RFC 3339, and
 * gs_tagged_decode() reads them with this function. A new form belongs into records.md and must not
 * match what another reader accepts.
 *
 * Source: RFC 3339, ISO 8601, RFC 9557 (names in brackets). */
#include "ingest/base/utf8.h"
#include "ingest/records/record.h"
#include "ingest/records/time_internal.h"

/* "2026-11-21", "2026/11/21", "20261121". */
static bool iso_date(struct gs_time_scan *s, struct gs_date_time *t)
{
    if (!gs_time_number(s, 4, 4, &t->year)) {
        return false;
    }
    char mark = '\0';
    if (s->at < s->end) {
        mark = *s->at;
    }
    const bool apart = mark == '-' || mark == '/';
    return (!apart || gs_time_accept(s, mark)) && gs_time_number(s, 2, 2, &t->month) &&
           (!apart || gs_time_accept(s, mark)) && gs_time_number(s, 2, 2, &t->day);
}

/* "093000" and "0930", which only follow a date of that kind. */
static bool basic_time_of_day(struct gs_time_scan *s, struct gs_date_time *t)
{
    return gs_time_number(s, 2, 2, &t->hour) && gs_time_number(s, 2, 2, &t->minute) &&
           (!gs_time_at_digit(s) || gs_time_number(s, 2, 2, &t->second)) && gs_time_fraction(s, t);
}

/* "[Asia/Shanghai]" behind an offset (RFC 9557, java.time): the offset says it all. */
static void skip_suffixes(struct gs_time_scan *s)
{
    while (gs_time_accept(s, '[')) {
        while (s->at < s->end && *s->at != ']') {
            s->at++;
        }
        (void)gs_time_accept(s, ']');
    }
}

static const char *parse_iso(struct gs_time_scan *s, int64_t *ret_ms)
{
    static const char shape[] = "not a date and time such as 2026-11-21T09:30:00Z";
    struct gs_date_time t = {0};
    const char *start = s->at;

    if (!iso_date(s, &t)) {
        return shape;
    }
    const bool basic = s->at - start == 8;
    if (!gs_time_accept(s, 'T') && !gs_time_accept(s, 't') && (basic || !gs_time_skip_blanks(s))) {
        return s->at == s->end ? "a date without a time of day" : shape;
    }
    if (!(basic ? basic_time_of_day(s, &t) : gs_time_of_day(s, true, &t))) {
        return shape;
    }
    (void)gs_time_skip_blanks(s);
    const char *why = gs_time_zone(s, &t);
    if (why != NULL) {
        return why;
    }
    skip_suffixes(s);
    return s->at == s->end ? gs_time_to_ms(&t, ret_ms) : "more text behind the time";
}

/* Four digits and a mark, or eight digits and a T. "21-11-2026" is neither. */
static bool is_iso(struct gs_str text)
{
    size_t n = 0;

    while (n < text.len && text.bytes[n] >= '0' && text.bytes[n] <= '9') {
        n++;
    }
    return n < text.len && ((n == 4 && (text.bytes[n] == '-' || text.bytes[n] == '/')) ||
                            (n == 8 && (text.bytes[n] | 0x20) == 't'));
}

/* True for a number: nothing but digits and what belongs to one is in it. */
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

enum gs_status gs_time_parse(struct gs_str text, int64_t *ret_ms, struct gs_error *err)
{
    struct gs_time_scan s = {text.bytes, text.bytes + text.len};
    const char *why = NULL;
    int64_t ms = 0;

    (void)gs_time_skip_blanks(&s);
    while (s.end > s.at &&
           (s.end[-1] == ' ' || s.end[-1] == '\t' || s.end[-1] == '\r' || s.end[-1] == '\n')) {
        s.end--;
    }
    const struct gs_str trimmed = {s.at, (size_t)(s.end - s.at)};
    if (trimmed.len == 0) {
        why = "empty";
    } else if (is_number(trimmed)) {
        why = gs_time_from_epoch(trimmed, &ms);
    } else {
        why = is_iso(trimmed) ? parse_iso(&s, &ms) : gs_time_from_named(&s, &ms);
    }
    if (why != NULL) {
        const struct gs_str shown = gs_utf8_cut(trimmed, 40);
        return gs_fail(err, GS_BAD_FORMAT, "time \"%.*s\": %s", GS_STR_ARGS(shown), why);
    }
    *ret_ms = ms;
    return GS_OK;
}

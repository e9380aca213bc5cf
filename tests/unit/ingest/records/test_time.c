#include "ingest/records/record.h"
#include "tests/unit/gs_test.h"

#include <string.h>

#define BAD INT64_MIN

static const struct {
    const char *shows, *text;
    int64_t want; /* BAD: refused */
} cases[] = {
    {"UTC", "2026-11-21T09:30:00Z", 1795253400000},
    {"lower case t and z", "2026-11-21t09:30:00z", 1795253400000},
    {"a blank for the T", "2026-11-21 09:30:00Z", 1795253400000},
    {"an offset east", "2026-11-21T17:30:00+08:00", 1795253400000},
    {"an offset west", "2026-11-21T05:00:00-04:30", 1795253400000},
    {"an unknown offset is UTC", "2026-11-21T09:30:00-00:00", 1795253400000},
    {"an offset over midnight", "2026-11-22T08:30:00+23:00", 1795253400000},
    {"an offset without colon", "2026-11-21T17:30:00+0800", 1795253400000},
    {"blanks before the offset", "2026-11-21 17:30:00  +0800", 1795253400000},
    {"ms", "2026-11-21T09:30:00.123Z", 1795253400123},
    {"one digit", "2026-11-21T09:30:00.1Z", 1795253400100},
    {"digits below a ms are cut off", "2026-11-21T09:30:00.999999999Z", 1795253400999},
    {"blanks around", "  2026-11-21T09:30:00Z\n", 1795253400000},
    {"the epoch", "1970-01-01T00:00:00Z", 0},
    {"before the epoch", "1969-12-31T23:59:59.5Z", -500},
    {"29 February of a leap year", "2024-02-29T00:00:00Z", 1709164800000},
    {"29 February 2000", "2000-02-29T00:00:00Z", 951782400000},
    {"29 February 1900", "1900-02-29T00:00:00Z", BAD},
    {"29 February of another year", "2026-02-29T00:00:00Z", BAD},
    {"30 February", "2026-02-30T00:00:00Z", BAD},
    {"31 April", "2026-04-31T00:00:00Z", BAD},
    {"month 0", "2026-00-01T00:00:00Z", BAD},
    {"month 13", "2026-13-01T00:00:00Z", BAD},
    {"day 0", "2026-01-00T00:00:00Z", BAD},
    {"hour 24", "2026-01-01T24:00:00Z", BAD},
    {"minute 60", "2026-01-01T00:60:00Z", BAD},
    {"second 61", "2026-01-01T00:00:61Z", BAD},
    {"a leap second is the next second", "2016-12-31T23:59:60Z", 1483228800000},
    {"a leap second elsewhere on earth", "2017-01-01T07:59:60+08:00", 1483228800000},
    {"a 60th second in the middle of a day", "2016-12-31T12:00:60Z", BAD},
    {"offset of 24 hours", "2026-01-01T00:00:00+24:00", BAD},
    {"offset of 60 minutes", "2026-01-01T00:00:00+00:60", BAD},
    {"no zone", "2025-09-29 03:00:02", BAD},
    {"no seconds, as java.time leaves them out", "2026-11-21T09:30Z", 1795253400000},
    {"no seconds and an offset", "2026-11-21T17:30+08:00", 1795253400000},
    {"a colon and no seconds", "2026-11-21T09:30:Z", BAD},
    {"hours alone", "2026-11-21T09Z", BAD},
    {"an offset of hours, as PostgreSQL writes it", "2026-11-21 17:30:00+08", 1795253400000},
    {"an offset of hours, west", "2026-11-21 04:30:00-05", 1795253400000},
    {"an offset of three digits", "2026-11-21 09:30:00+080", BAD},
    {"an offset of one digit", "2026-11-21 09:30:00+8", BAD},
    {"the minus sign that is no hyphen",
     "2026-11-21T04:30:00\xE2\x88\x92"
     "05:00",
     1795253400000},
    {"a comma fraction", "2026-11-21T09:30:00,123Z", 1795253400123},
    {"a comma without digits", "2026-11-21T09:30:00,Z", BAD},
    {"a zone by name", "2026-11-21 09:30:00 UTC", 1795253400000},
    {"a zone by name, close behind", "2026-11-21T04:30:00EST", 1795253400000},
    {"a zone by a name that means several", "2026-11-21 09:30:00 IST", BAD},
    {"as Go writes it", "2026-11-21 17:30:00.5 +0800 CST", 1795253400500},
    {"an offset and the place it is of", "2026-11-21T17:30:00+08:00[Asia/Shanghai]", 1795253400000},
    {"a place without an offset", "2026-11-21T17:30:00[Asia/Shanghai]", BAD},
    {"slashes, year first", "2026/11/21 09:30:00 +0000", 1795253400000},
    {"slashes, year last", "11/21/2026 09:30:00 +0000", BAD},
    {"a slash and a dash", "2026/11-21 09:30:00 +0000", BAD},
    {"dashes, year last", "21-11-2026 09:30:00 +0000", BAD},
    {"the basic form", "20261121T093000Z", 1795253400000},
    {"the basic form with ms and offset", "20261121T173000.25+0800", 1795253400250},
    {"the basic form without seconds", "20261121T0930Z", 1795253400000},
    {"the basic form without a zone", "20261121T093000", BAD},
    {"Han and no zone",
     "2026\xE5\xB9\xB4"
     "11\xE6\x9C\x88"
     "21\xE6\x97\xA5 09:30",
     BAD},
    {"no time of day", "2026-01-01", BAD},
    {"a point without digits", "2026-01-01T00:00:00.Z", BAD},
    {"text behind", "2026-01-01T00:00:00Zx", BAD},
    {"a one-digit month", "2026-1-01T00:00:00Z", BAD},
    {"a five-digit year", "20260-01-01T00:00:00Z", BAD},

    {"RFC 2822", "Sat, 21 Nov 2026 09:30:00 +0000", 1795253400000},
    {"RFC 2822 with offset", "Sat, 21 Nov 2026 17:30:00 +0800", 1795253400000},
    {"GMT", "Sat, 21 Nov 2026 09:30:00 GMT", 1795253400000},
    {"EST", "Sat, 21 Nov 2026 04:30:00 EST", 1795253400000},
    {"PDT", "Sat, 21 Nov 2026 02:30:00 PDT", 1795253400000},
    {"lower case", "sat, 21 nov 2026 09:30:00 gmt", 1795253400000},
    {"without day of the week", "21 Nov 2026 09:30:00 +0000", 1795253400000},
    {"without seconds", "Sat, 21 Nov 2026 09:30 +0000", 1795253400000},
    {"one-digit day", "Thu, 1 Oct 2025 14:00:00 GMT", 1759327200000},
    {"two-digit years", "21 Nov 26 09:30:00 UT", 1795253400000},
    {"two-digit years of the last century", "21 Nov 94 09:30:00 Z", 785410200000},
    {"three-digit years", "21 Nov 126 09:30:00 Z", 1795253400000},
    {"full names", "Saturday, 21 November 2026 09:30:00 GMT", 1795253400000},
    {"dashes, as RFC 850", "Saturday, 21-Nov-26 09:30:00 GMT", 1795253400000},
    {"a comment behind", "Sat, 21 Nov 2026 17:30:00 +0800 (CST)", 1795253400000},
    {"a wrong day of the week is let through", "Mon, 21 Nov 2026 09:30:00 GMT", 1795253400000},
    {"a zone name that RFC 2822 lacks", "Sat, 21 Nov 2026 09:30:00 CEST", BAD},
    {"a military zone", "Sat, 21 Nov 2026 09:30:00 A", BAD},
    {"RFC 2822 without zone", "Sat, 21 Nov 2026 09:30:00", BAD},
    {"31 November", "31 Nov 2026 09:30:00 GMT", BAD},
    {"no such day name", "Xyz, 21 Nov 2026 09:30:00 GMT", BAD},
    {"no such month", "21 Nox 2026 09:30:00 GMT", BAD},
    {"a month of two letters", "21 No 2026 09:30:00 GMT", BAD},
    {"an offset of hours in RFC 2822", "Sat, 21 Nov 2026 17:30:00 +08", 1795253400000},
    {"Twitter's created_at", "Sat Nov 21 09:30:00 +0000 2026", 1795253400000},
    {"Twitter's created_at, elsewhere", "Sat Nov 21 17:30:00 +0800 2026", 1795253400000},
    {"as date(1) writes it", "Sat Nov 21 09:30:00 UTC 2026", 1795253400000},
    {"asctime has no zone", "Sat Nov 21 09:30:00 2026", BAD},
    {"asctime with two blanks before the day", "Sun Nov  1 00:00:00 +0000 2026", 1793491200000},
    {"asctime and more", "Sat Nov 21 09:30:00 +0000 2026 x", BAD},
    {"asctime with a short year", "Sat Nov 21 09:30:00 +0000 26", BAD},
    {"month before day", "Sat, Nov 21 2026 09:30:00 +0000", 1795253400000},
    {"month before day, with a comma", "November 21, 2026 09:30:00 GMT", 1795253400000},
    {"month before day, no such day", "Feb 30 2026 09:30:00 GMT", BAD},
    {"month before day, no zone", "Nov 21, 2026 09:30:00", BAD},
    {"AM", "Nov 21, 2026 9:30 AM GMT", 1795253400000},
    {"PM", "21 Nov 2026 9:30:00 pm GMT", 1795296600000},
    {"12 AM is midnight", "Nov 21, 2026 12:00 AM GMT", 1795219200000},
    {"13 PM", "Nov 21, 2026 13:30 PM GMT", BAD},
    {"as browsers write it", "Sat Nov 21 2026 17:30:00 GMT+0800 (China Standard Time)",
     1795253400000},
    {"UTC and a digit", "Sat Nov 21 2026 17:30:00 UTC+8", BAD},
    {"a day of the week alone", "Saturday", BAD},
    {"a month alone", "November", BAD},

    {"epoch seconds", "1795253400", 1795253400000},
    {"epoch seconds with fraction", "1795253400.5", 1795253400500},
    {"epoch ms", "1795253400123", 1795253400123},
    {"epoch us", "1795253400123456", 1795253400123},
    {"the last number of seconds", "99999999999", 99999999999000},
    {"the first number of ms", "100000000000", 100000000000},
    {"the last number of ms", "99999999999999", 99999999999999},
    {"the first number of us", "100000000000000", 100000000000},
    {"the last number of us", "99999999999999999", 99999999999999},
    {"the first number of ns", "100000000000000000", 100000000000},
    {"ns", "1795253400123456789", 1795253400123},
    {"ns with an exponent", "1.795253400123e18", 1795253400123},
    {"the last number of ns", "9223372036854775807", 9223372036854},
    {"above ns", "9223372036854775808", BAD},
    {"an exponent above ns", "1e19", BAD},
    {"more digits than a word holds", "99999999999999999999999999", BAD},
    {"zero", "0", 0},
    {"below zero", "-1.5", -1500},
    {"an exponent", "1.7952534e9", 1795253400000},
    {"an exponent beyond everything", "1e400", BAD},
    {"two exponents", "1e5e5", BAD},
    {"two points", "1.2.3", BAD},
    {"a point alone", ".", BAD},
    {"a minus alone", "-", BAD},
    {"hexadecimal", "0x10", BAD},
    {"infinity", "inf", BAD},
    {"not a number", "nan", BAD},
    {"empty", "", BAD},
    {"blanks", "   ", BAD},
    {"words", "yesterday", BAD},
};

static void times(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        int64_t got = 77;
        struct gs_error err = {0};
        const enum gs_status status = gs_time_parse(gs_str(cases[i].text), &got, &err);
        const bool as_wanted = cases[i].want == BAD
                                   ? status == GS_BAD_FORMAT && err.message[0] != '\0' && got == 77
                                   : status == GS_OK && got == cases[i].want;
        if (!as_wanted) {
            fail_msg("%s: \"%s\" gave %lld (%s)", cases[i].shows, cases[i].text, (long long)got,
                     err.message);
        }
    }
}

/* What we write we read: every 11 days and 7.3 h from the year 0 to 9999. */
static void written_times_read_back(void **state)
{
    (void)state;
    for (int64_t ms = -62167219200000; ms <= 253402300799999; ms += 976789123) {
        struct gs_buf text = {.max = 64};
        int64_t back = 0;
        gs_buf_json_time(&text, ms);
        const struct gs_str bare = {text.bytes + 1, text.len - 2};
        if (gs_time_parse(bare, &back, NULL) != GS_OK || back != ms) {
            fail_msg("%lld came back as %lld", (long long)ms, (long long)back);
        }
        gs_buf_done(&text);
    }
}

static void messages_show_no_raw_bytes(void **state)
{
    struct gs_error err = {0};
    int64_t ms = 0;

    (void)state;
    assert_int_equal(gs_time_parse(gs_str("a\nb\xFF\xE8"), &ms, &err), GS_BAD_FORMAT);
    assert_non_null(strstr(err.message, "\"a?b??\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times),
        cmocka_unit_test(written_times_read_back),
        cmocka_unit_test(messages_show_no_raw_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

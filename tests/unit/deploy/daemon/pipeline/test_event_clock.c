/* Event time by agreement: whose records move it, and how far. */
#include "deploy/daemon/pipeline/event_clock.h"

#include "ingest/base/attr.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>

/* A row is a run of records "source at hour": letter, then hours and minutes as a decimal number of
 * hours; `want` is event time in hours at the end, -1 when it is not known. */
static const struct {
    const char *shows;
    const char *records;
    double want;
    uint64_t jumps, odd;
    char lead; /* source that is named, or 0 */
} rows[] = {
    {"one record says nothing yet", "a1", -1, 0, 1, 'a'},
    {"three of one source do", "a1 a1.1 a1.2", 1.2, 0, 0, 0},
    {"three sources do", "a1 b1.1 c1", 1.1, 0, 0, 0},
    {"it moves by an hour at most", "a1 b1 c1 a2 b3 c3.9", 3.9, 0, 0, 0},
    {"it never goes back", "a5 b5 c5 a4 b3 c4", 5, 0, 0, 0},
    {"one record of four days later", "a1 b1 c1 a97 b1.2 c1.3", 1.3, 0, 1, 'a'},
    {"the first record is wrong", "a90000 b1 c1 d1 b1.5", 1.5, 0, 1, 'a'},
    {"the first record is wrong, and its source right at once", "a90000 b1 c1 a1 b1.5", 1.5, 0, 0,
     0},
    {"the first record is ancient", "a0 b5000 c5000 d5000 b5001", 5001, 0, 0, 0},
    {"a night: three sources agree", "a1 b1 c1 b9 a9.1 c9.2", 9.2, 1, 0, 0},
    {"a night: the last record is all there is", "a1 b1 c1 b9", 1, 0, 1, 'b'},
    {"a night with one source", "a1 a1 a1 a9 a9.1 a9.2", 9.2, 1, 0, 0},
    {"a source that was silent for over a day has no say",
     "a1 b1 c1 a2 a3 a4 a5 a6 a7 a8 a9 a10 a11 a12 a13 a14 a15 a16 a17 a18 a19 a20 a21 a22 a23 a24 "
     "a25 a26 a27 a40 a40.1 a40.2",
     40.2, 1, 0, 0},
    {"two sources, one of them lives eight hours ahead", "a1 b1 a1 b9 a1.2 b9.2 a1.4 b9.4 a1.6",
     1.6, 0, 3, 'b'},
    {"one of four lives eight hours ahead",
     "a1 b1 c1 d9 a1.5 b1.6 d9.5 c2 a2.1 d10 b2.2 c2.5 d10.5 a2.7", 2.7, 0, 4, 'd'},
    {"three odd clocks that do not agree", "a1 b1 c1 d50 a1 e500 a1 f5000 a1.5", 1.5, 0, 3, 'd'},
    {"one is right again: its mark is gone", "a1 b1 c1 d9 d1.1 e9 a1.2 f9 b1.3", 1.3, 0, 3, 0},
    {"two of three are gone for good: sixteen in a row",
     "a1 b1 c1 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9", 9, 1, 0, 0},
    {"but not fifteen", "a1 b1 c1 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9 a9", 1, 0, 15, 'a'},
};

static void play(struct gs_event_clock *clock, const char *records)
{
    const char *at = records;

    while (*at != '\0') {
        char *end = NULL;
        const double hours = strtod(at + 1, &end);
        (void)gs_event_clock_offer(clock, (struct gs_str){at, 1}, (int64_t)(hours * 3600000.0));
        at = *end == ' ' ? end + 1 : end;
    }
}

static void rows_hold(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_event_clock clock;
        print_message("  %s\n", rows[i].shows);
        gs_event_clock_init(&clock, 3600000);
        play(&clock, rows[i].records);
        if (rows[i].want < 0) {
            assert_true(clock.max_ms == GS_NO_TIME);
        } else {
            assert_int_equal(clock.max_ms, (int64_t)(rows[i].want * 3600000.0));
        }
        assert_int_equal(clock.n_jumps, rows[i].jumps);
        assert_int_equal(gs_event_clock_odd(&clock), rows[i].odd);
        if (rows[i].lead != 0) {
            assert_int_equal(clock.leads[0].name[0], rows[i].lead);
        }
    }
}

/* More sources than the tables hold, each with a time of its own: nothing is lost count of, and a
 * stream of authors that write once each still carries event time on. */
static void many_sources(void **state)
{
    (void)state;
    struct gs_event_clock clock;
    char name[16];

    gs_event_clock_init(&clock, 3600000);
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(name, sizeof name, "author%d", i);
        (void)gs_event_clock_offer(&clock, gs_str(name), 1000000 + i * 60000);
    }
    assert_int_equal(clock.max_ms, 1000000 + 999 * 60000);
    play(&clock, "a1 b1 c1");
    for (int i = 0; i < 30; i++) { /* days apart from each other, and never alone */
        (void)snprintf(name, sizeof name, "odd%d", i);
        (void)gs_event_clock_offer(&clock, gs_str(name), (100 + 50 * i) * INT64_C(3600000));
        play(&clock, "a1");
    }
    assert_int_equal(clock.max_ms, 1000000 + 999 * 60000);
    assert_int_equal(gs_event_clock_odd(&clock), 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_hold),
        cmocka_unit_test(many_sources),
    };
    return cmocka_run_group_tests_name("daemon/pipeline/event_clock", tests, NULL, NULL);
}

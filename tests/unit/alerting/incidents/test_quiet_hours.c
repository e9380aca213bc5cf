/* Quiet hours by the clock on the wall, also where it is put back and forward. */
#include "tests/unit/gs_test.h"

#include "alerting/incidents/quiet_hours.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct {
    const char *shows, *text;
    bool fine;
    int from, to;
} texts[] = {
    {"over midnight", "22:00-07:00", true, 1320, 420},
    {"within a day", "00:00-23:59", true, 0, 1439},
    {"none", "", true, 0, 0},
    {"none", NULL, true, 0, 0},
    {"an hour that there is not", "24:00-07:00", false, 0, 0},
    {"a minute that there is not", "22:60-07:00", false, 0, 0},
    {"one time", "22:00", false, 0, 0},
    {"no length", "22:00-22:00", false, 0, 0},
    {"no digits", "2x:00-07:00", false, 0, 0},
    {"short", "9:00-17:00", false, 0, 0},
    {"more behind it", "22:00-07:00 ", false, 0, 0},
    {"a dot", "22.00-07.00", false, 0, 0},
};

static void test_texts(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(texts); i++) {
        struct gs_quiet_hours hours = {1, 2};
        struct gs_error err = {0};
        print_message("  %s\n", texts[i].shows);
        assert_int_equal(gs_quiet_hours_parse(texts[i].text, &hours, &err),
                         texts[i].fine ? GS_OK : GS_BAD_CONFIG);
        assert_int_equal(hours.from, texts[i].fine ? texts[i].from : 1);
        assert_int_equal(hours.to, texts[i].fine ? texts[i].to : 2);
    }
}

/* At night in Zurich: UTC+1, in summer UTC+2, from 2026-03-29 01:00Z to 2026-10-25 01:00Z. */
static const struct {
    const char *shows;
    int64_t s;
    bool quiet;
} times[] = {
    {"winter, 21:59:59", 1767992399, false},           /* 2026-01-09T20:59:59Z */
    {"winter, 22:00", 1767992400, true},               /* 2026-01-09T21:00:00Z */
    {"winter, 06:59", 1768024740, true},               /* 2026-01-10T05:59:00Z */
    {"winter, 07:00", 1768024800, false},              /* 2026-01-10T06:00:00Z */
    {"the night it is put forward", 1774758600, true}, /* 2026-03-29T04:30:00Z, 06:30 */
    {"its end is an hour sooner", 1774760400, false},  /* 2026-03-29T05:00:00Z, 07:00 */
    {"summer, 07:00", 1782882000, false},              /* 2026-07-01T05:00:00Z */
    {"summer, 22:00", 1782936000, true},               /* 2026-07-01T20:00:00Z */
    {"the night it is put back", 1792907940, true},    /* 2026-10-25T05:59:00Z, 06:59 */
    {"its end is an hour later", 1792908000, false},   /* 2026-10-25T06:00:00Z, 07:00 */
};

static void *ask(void *arg)
{
    const struct gs_quiet_hours hours = {1320, 420};
    size_t *n_wrong = arg;

    for (size_t i = 0; i < GS_COUNT(times); i++) {
        *n_wrong += gs_quiet_hours_hold(hours, times[i].s * 1000) != times[i].quiet;
    }
    return NULL;
}

static void test_clock_on_the_wall(void **state)
{
    (void)state;
    struct gs_error err = {0};
    pthread_t threads[4];
    size_t n_wrong[4] = {0};

    if (access("/usr/share/zoneinfo/Europe/Zurich", R_OK) != 0) {
        print_message("  no time zones here\n");
        skip();
    }
    assert_int_equal(gs_quiet_hours_zone("Europe/Zurich", &err), GS_OK);
    for (size_t i = 0; i < GS_COUNT(times); i++) {
        print_message("  %s\n", times[i].shows);
        assert_int_equal(gs_quiet_hours_hold((struct gs_quiet_hours){1320, 420}, times[i].s * 1000),
                         times[i].quiet);
    }
    for (size_t i = 0; i < 4; i++) { /* any thread may ask */
        assert_int_equal(pthread_create(&threads[i], NULL, ask, &n_wrong[i]), 0);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(n_wrong[i], 0);
    }
}

static void test_utc_needs_no_rules(void **state)
{
    (void)state;
    struct gs_error err = {0};

    assert_int_equal(gs_quiet_hours_zone("UTC", &err), GS_OK);
    assert_true(gs_quiet_hours_hold((struct gs_quiet_hours){60, 120}, 3600000));
    assert_false(gs_quiet_hours_hold((struct gs_quiet_hours){60, 120}, 7200000));
    assert_false(gs_quiet_hours_hold((struct gs_quiet_hours){0, 0}, 0));
}

static void test_zones_that_are_none(void **state)
{
    (void)state;
    static const char *const zones[] = {
        "",       "Europe/Zuerich", "../../../etc/passwd", "/etc/passwd",
        "Europe", "CET-1CEST;rm",   "Europe/Zurich\n"};

    for (size_t i = 0; i < GS_COUNT(zones); i++) {
        struct gs_error err = {0};
        assert_int_equal(gs_quiet_hours_zone(zones[i], &err), GS_BAD_CONFIG);
        assert_non_null(strstr(err.message, "no time zone"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_texts), cmocka_unit_test(test_clock_on_the_wall),
        cmocka_unit_test(test_utc_needs_no_rules), cmocka_unit_test(test_zones_that_are_none)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/gs_test.h"

#include "deploy/daemon/demo/alert_table.h"
#include "deploy/daemon/demo/demo_incidents.h"
#include "deploy/daemon/demo/width.h"

#include <stdio.h>

#define BOND "\xE5\x80\xBA" /* Han, two columns */
#define ROCKET "\xF0\x9F\x9A\x80"

static void columns_of_text(void **state)
{
    (void)state;
    static const struct {
        const char *shows, *text;
        size_t width;
    } cases[] = {
        {"empty", "", 0},
        {"ASCII", "abc", 3},
        {"Han takes two", BOND BOND, 4},
        {"emoji takes two", ROCKET, 2},
        {"a combining accent takes none", "e\xCC\x81", 1},
        {"a lone byte takes one", "a\xFF", 2},
        {"a cut character: a column a byte", "\xE5\x80", 2},
        {"an escape becomes a blank", "\x1b[2J", 4},
    };
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_demo_width(gs_str(cases[i].text)), cases[i].width);
    }
}

/* U+202E in bytes. */
#define OVERRIDE "\xE2\x80\xAE"

static void text_is_cut_and_filled_to_columns(void **state)
{
    (void)state;
    static const struct {
        const char *shows, *text;
        size_t columns;
        bool pad;
        const char *want;
    } cases[] = {
        {"fits", "abc", 3, true, "abc"},
        {"filled", "abc", 5, true, "abc  "},
        {"not filled", "abc", 5, false, "abc"},
        {"cut", "abcdef", 4, false, "abc\xE2\x80\xA6"},
        {"Han is not cut in half", BOND BOND BOND, 4, false, BOND "\xE2\x80\xA6"},
        {"and what it leaves is filled", BOND BOND BOND, 4, true, BOND "\xE2\x80\xA6 "},
        {"no room", "abc", 0, true, ""},
        {"a cursor movement is a blank", "a\x1b[H", 4, true, "a [H"},
        {"a line break is a blank", "a\nb", 3, true, "a b"},
        // NOLINTNEXTLINE(misc-misleading-bidirectional): that is what it tests
        {"a right-to-left override is a blank", "a" OVERRIDE "b", 3, true, "a b"},
        {"bad bytes are replaced", "a\xFF", 2, true, "a\xEF\xBF\xBD"},
    };
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_buf out = {.max = 256};
        print_message("  %s\n", cases[i].shows);
        gs_demo_put(&out, gs_str(cases[i].text), cases[i].columns, cases[i].pad);
        gs_buf_putc(&out, '\0');
        assert_string_equal(out.bytes, cases[i].want);
        gs_buf_done(&out);
    }
}

static const struct gs_demo_row rows[] = {
    {"topic:legal", 1204, 84, 0.58, 0.23, 3.1, true, true},
    {"topic:macro", 90210, 2000.4, 0.21, 0.22, -0.4, false, true},
    {"topic:debt", 7, 1, 0.5, 0.25, 0, false, false},
    {"topic:a_name_much_longer_than_its_column", 1234567, 99999, 1, 0, 12.25, false, true},
};

static struct gs_demo_alerts *some_alerts(struct gs_demo **ret_demo)
{
    static const struct gs_demo_options options = {
        .seed = 1, .start_ms = INT64_C(1760000000000), .n_messages = 1000};
    struct gs_demo_alerts *alerts = NULL;
    assert_int_equal(gs_demo_new(&options, ret_demo, NULL), GS_OK);
    assert_int_equal(gs_demo_alerts_new(*ret_demo, 1000, &alerts, NULL), GS_OK);
    for (int i = 0; i < 6; i++) {
        const struct gs_evidence_item evidence[] = {
            {.id = gs_str("demo-1-1"),
             .source = gs_str("wire"),
             .excerpt = gs_str("first \x1b[2J evidence"),
             .weight = 0.5},
            {.id = gs_str("demo-1-2"),
             .source = gs_str("wire"),
             .excerpt =
                 gs_str(BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND
                            BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND
                                BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND BOND),
             .weight = 0.5}};
        struct gs_alert alert = {.key = gs_str(i == 0 ? "entity:YANHE.DEMO" : "topic:legal"),
                                 .name = gs_str(i == 0 ? "砚禾地产" : ""),
                                 .severity = (enum gs_severity)(i % 3),
                                 .fired_at_ms = INT64_C(1760000000000) + i,
                                 .observed = 0.62,
                                 .expected = 0.21,
                                 .log10_evidence = 3.25,
                                 .stories = 14,
                                 .publishers = 5,
                                 .evidence = evidence,
                                 .n_evidence = GS_COUNT(evidence)};
        snprintf(alert.id, sizeof alert.id, "%016x", (unsigned)i);
        gs_demo_alerts_take(alerts, &alert);
    }
    return alerts;
}

/* Every line within width; returns how many. */
static size_t check_lines(struct gs_str text, size_t width)
{
    size_t n = 0;
    while (text.len > 0) {
        const char *end = memchr(text.bytes, '\n', text.len);
        assert_non_null(end);
        const struct gs_str one = {text.bytes, (size_t)(end - text.bytes)};
        assert_true(gs_demo_width(one) <= width);
        text = (struct gs_str){end + 1, text.len - one.len - 1};
        n++;
    }
    return n;
}

static void the_screen_stays_within_the_terminal(void **state)
{
    (void)state;
    static const struct {
        size_t width, height;
    } sizes[] = {{80, 24}, {120, 40}, {40, 8}, {20, 5}, {1, 1}, {0, 0}, {300, 100}, {80, 9}};
    struct gs_demo *demo = NULL;
    struct gs_demo_alerts *alerts = some_alerts(&demo);
    struct gs_demo_screen screen = {.phase = "a day in 60 s",
                                    .port = 9464,
                                    .consumed = 1234,
                                    .total = 120000,
                                    .per_second = 1640,
                                    .clock_ms = INT64_C(1760000000000),
                                    .rows = rows,
                                    .n_rows = GS_COUNT(rows),
                                    .alerts = alerts};
    for (size_t i = 0; i < GS_COUNT(sizes); i++) {
        struct gs_buf out = {.max = 1 << 20};
        gs_demo_draw(&screen, sizes[i].width, sizes[i].height, &out);
        assert_true(gs_buf_ok(&out));
        const size_t lines = check_lines(gs_buf_str(&out), sizes[i].width);
        print_message("  %zu x %zu: %zu lines\n", sizes[i].width, sizes[i].height, lines);
        assert_true(lines <= sizes[i].height);
        assert_null(memchr(gs_buf_str(&out).bytes, '\x1b', out.len)); /* no colour was asked for */
        gs_buf_done(&out);
    }
    gs_demo_alerts_free(alerts);
    gs_demo_free(demo);
}

static void rows_that_fire_are_shown_first_come_what_may(void **state)
{
    (void)state;
    struct gs_buf out = {.max = 1 << 16};
    assert_int_equal(gs_demo_draw_rows(rows, GS_COUNT(rows), 100, 2, false, &out), 3);
    gs_buf_putc(&out, '\0');
    assert_non_null(strstr(out.bytes, "legal"));
    assert_non_null(strstr(out.bytes, "1,234,567"));
    assert_null(strstr(out.bytes, "debt"));
    assert_null(strstr(out.bytes, "macro"));
    gs_buf_done(&out);
}

static void a_row_says_what_it_knows(void **state)
{
    (void)state;
    struct gs_buf out = {.max = 1 << 16};
    gs_demo_draw_rows(rows, GS_COUNT(rows), 100, 9, false, &out);
    gs_buf_putc(&out, '\0');
    assert_non_null(strstr(out.bytes, " 58%"));
    assert_non_null(strstr(out.bytes, " 23%"));
    assert_non_null(strstr(out.bytes, " 2,000 "));
    assert_non_null(strstr(out.bytes, "3.1  FIRING"));
    assert_non_null(strstr(out.bytes, "too few"));
    gs_buf_done(&out);
}

static void colour_only_when_asked(void **state)
{
    (void)state;
    for (int color = 0; color < 2; color++) {
        struct gs_buf out = {.max = 1 << 16};
        gs_demo_draw_rows(rows, GS_COUNT(rows), 100, 9, color == 1, &out);
        assert_int_equal(memchr(out.bytes, '\x1b', out.len) != NULL, color);
        gs_buf_done(&out);
    }
}

static void an_alert_names_its_company_and_shows_evidence(void **state)
{
    (void)state;
    struct gs_demo *demo = NULL;
    struct gs_demo_alerts *alerts = some_alerts(&demo);
    struct gs_demo_alert alert;
    struct gs_buf out = {.max = 1 << 16};
    assert_true(gs_demo_alerts_get(alerts, 0, &alert));
    assert_int_equal(gs_demo_draw_alert(&alert, 120, 1, false, &out), 2);
    gs_buf_putc(&out, '\0');
    assert_non_null(strstr(out.bytes, " 砚禾地产 (entity:YANHE.DEMO): "));
    assert_non_null(strstr(out.bytes, "62% negative, 21% expected, evidence 3.2"));
    assert_non_null(strstr(out.bytes, "wire: first  [2J evidence"));
    assert_null(strchr(out.bytes, '\x1b'));
    gs_buf_done(&out);
    gs_demo_alerts_free(alerts);
    gs_demo_free(demo);
}

/* Notices are counted by incident; one that begins twice is found out, and bounds hold. */
static void incidents_are_told_once(void **state)
{
    (void)state;
    struct gs_demo_incidents *incidents = NULL;
    struct gs_buf out = {.max = 1 << 16};
    struct gs_incident incident = {.id = "00000000000000aa",
                                   .title = "砚禾地产: \x1b[31m a probe",
                                   .severity = GS_SEVERITY_WARNING,
                                   .n_keys = 2};

    assert_int_equal(gs_demo_incidents_new(&incidents, NULL), GS_OK);
    incident.notice = GS_NOTICE_OPENED;
    gs_demo_incidents_take(incidents, &incident);
    incident.notice = GS_NOTICE_NONE;
    gs_demo_incidents_take(incidents, &incident);
    incident.notice = GS_NOTICE_ENDED;
    gs_demo_incidents_take(incidents, &incident);
    assert_true(gs_demo_incidents_draw(incidents, 100, &out));
    gs_buf_putc(&out, '\0');
    assert_non_null(strstr(out.bytes, "1 incidents"));
    assert_non_null(strstr(out.bytes, "warning   opened 1, worse 0, ended 1; 2 keys  砚禾地产: "));
    assert_null(strchr(out.bytes, '\x1b'));
    gs_demo_incidents_take(incidents, &incident);
    gs_buf_reset(&out);
    assert_false(gs_demo_incidents_draw(incidents, 100, &out));
    incident.notice = GS_NOTICE_OPENED;
    for (int i = 0; i < 2 * GS_DEMO_MAX_INCIDENTS; i++) {
        (void)snprintf(incident.id, sizeof incident.id, "%016d", i);
        gs_demo_incidents_take(incidents, &incident);
    }
    gs_buf_reset(&out);
    (void)gs_demo_incidents_draw(incidents, 100, &out);
    gs_buf_putc(&out, '\0');
    assert_non_null(strstr(out.bytes, "129 incidents"));
    gs_buf_done(&out);
    gs_demo_incidents_free(incidents);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_text),
        cmocka_unit_test(text_is_cut_and_filled_to_columns),
        cmocka_unit_test(the_screen_stays_within_the_terminal),
        cmocka_unit_test(rows_that_fire_are_shown_first_come_what_may),
        cmocka_unit_test(a_row_says_what_it_knows),
        cmocka_unit_test(colour_only_when_asked),
        cmocka_unit_test(an_alert_names_its_company_and_shows_evidence),
        cmocka_unit_test(incidents_are_told_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

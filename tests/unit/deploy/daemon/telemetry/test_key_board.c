/* What a board shows of alerts and keys: the series in /metrics, and the copies for the pages. */
#include "deploy/daemon/telemetry/key_board.h"

#include "deploy/daemon/telemetry/metric_table.h"
#include "tests/unit/gs_test.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_OTHERS = 2 };

struct fixture {
    struct gs_metrics *metrics;
    struct gs_shard *shard;
    struct gs_board *board;
};

static int make(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);

    assert_non_null(f);
    assert_int_equal(gs_metrics_new(gs_metric_table, GS_N_METRICS, &f->metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(f->metrics, &f->shard, NULL), GS_OK);
    assert_int_equal(gs_board_new(f->shard, MAX_OTHERS, &f->board, NULL), GS_OK);
    *state = f;
    return 0;
}

static int end(void **state)
{
    struct fixture *f = *state;

    gs_board_free(f->board);
    gs_metrics_free(f->metrics);
    free(f);
    return 0;
}

/* ---- the series of one metric, as one line each: "key|name|severity 1" ---- */

struct listing {
    const struct gs_metric_def *def;
    char text[4096];
    size_t len;
};

static void list_sample(void *arg, const struct gs_sample *sample)
{
    struct listing *listing = arg;

    if (sample->def != listing->def || sample->values == NULL) {
        return;
    }
    for (size_t i = 0; i < GS_METRIC_MAX_LABELS && sample->def->labels[i] != NULL; i++) {
        listing->len +=
            (size_t)snprintf(listing->text + listing->len, sizeof listing->text - listing->len,
                             "%s%.*s", i > 0 ? "|" : "", GS_STR_ARGS(sample->values[i]));
    }
    listing->len += (size_t)snprintf(listing->text + listing->len,
                                     sizeof listing->text - listing->len, " %g\n", sample->value);
    assert_true(listing->len < sizeof listing->text);
}

static void assert_series(const struct fixture *f, enum gs_metric_id id, const char *want)
{
    struct listing listing = {.def = &gs_metric_table[id]};

    assert_int_equal(gs_metrics_visit(f->metrics, list_sample, &listing, NULL), GS_OK);
    assert_string_equal(listing.text, want);
}

/* ---- alerts ---- */

static const struct gs_evidence_item story = {.excerpt = {"Acme is fined", 13},
                                              .url = {"https://news.example/1", 22}};
static const struct gs_evidence_item graver = {.excerpt = {"Acme's chief \"arrested\"", 23}};

static void post(struct fixture *f, uint64_t watch, const char *key, const char *name,
                 enum gs_severity severity, enum gs_alert_state state,
                 const struct gs_evidence_item *first)
{
    const struct gs_alert alert = {.key = gs_str(key),
                                   .name = gs_str(name),
                                   .severity = severity,
                                   .state = state,
                                   .evidence = first,
                                   .n_evidence = first == NULL ? 0 : 1};
    gs_board_alert(f->board, watch, &alert, gs_str("{\"a\":1}"));
}

static void an_alert_has_its_name_and_headline_while_it_fires(void **state)
{
    struct fixture *f = *state;

    post(f, 1, "entity:ACME", "Acme Corp", GS_SEVERITY_WARNING, GS_ALERT_FIRING, &story);
    assert_series(f, GS_M_ALERT_ACTIVE, "entity:ACME|Acme Corp|warning 1\n");
    assert_series(f, GS_M_ALERT_INFO, "entity:ACME|Acme is fined|https://news.example/1 1\n");

    /* graver, another headline: what stood there before is gone */
    post(f, 1, "entity:ACME", "Acme Corp", GS_SEVERITY_CRITICAL, GS_ALERT_UPDATED, &graver);
    assert_series(f, GS_M_ALERT_ACTIVE, "entity:ACME|Acme Corp|critical 1\n");
    assert_series(f, GS_M_ALERT_INFO, "entity:ACME|Acme's chief \"arrested\"| 1\n");
    assert_series(f, GS_M_ALERTS_FIRING, "critical 1\ninfo 0\nwarning 0\n");

    post(f, 1, "entity:ACME", "Acme Corp", GS_SEVERITY_CRITICAL, GS_ALERT_RESOLVED, NULL);
    assert_series(f, GS_M_ALERT_ACTIVE, "");
    assert_series(f, GS_M_ALERT_INFO, "");
    assert_series(f, GS_M_ALERTS_FIRING, "critical 0\ninfo 0\nwarning 0\n");
}

static void what_is_not_known_is_empty(void **state)
{
    struct fixture *f = *state;
    char link[400];
    struct gs_evidence_item item = {.excerpt = {"Rates rise", 10}, .url = {link, sizeof link}};

    memset(link, 'x', sizeof link); /* half of it would lead nowhere */
    post(f, 1, "topic:macro", "", GS_SEVERITY_INFO, GS_ALERT_FIRING, &item);
    post(f, 1, "topic:legal", "", GS_SEVERITY_INFO, GS_ALERT_FIRING, NULL);
    assert_series(f, GS_M_ALERT_ACTIVE, "topic:legal||info 1\ntopic:macro||info 1\n");
    assert_series(f, GS_M_ALERT_INFO, "topic:legal|| 1\ntopic:macro|Rates rise| 1\n");
}

static void a_watch_that_is_gone_takes_its_alerts_along(void **state)
{
    struct fixture *f = *state;
    struct gs_buf json = {.max = 4096};

    post(f, 1, "entity:A", "A", GS_SEVERITY_INFO, GS_ALERT_FIRING, &story);
    post(f, 2, "entity:B", "B", GS_SEVERITY_INFO, GS_ALERT_FIRING, &story);
    gs_board_forget(f->board, 1);
    assert_series(f, GS_M_ALERT_ACTIVE, "entity:B|B|info 1\n");
    assert_series(f, GS_M_ALERT_INFO, "entity:B|Acme is fined|https://news.example/1 1\n");
    assert_true(gs_board_alerts_json(f->board, false, &json));
    assert_true(gs_str_equal(gs_buf_str(&json), gs_str("{\"a\":1}")));
    gs_buf_done(&json);
}

/* ---- keys ---- */

static void show(struct fixture *f, const char *key, const char *name, double evidence, bool firing)
{
    const struct gs_key_view view = {.key = gs_str(key),
                                     .name = gs_str(name),
                                     .log10_evidence = evidence,
                                     .log10_threshold = 1.5,
                                     .observed = 0.5,
                                     .expected = 0.25,
                                     .expected_sd = 0.125,
                                     .firing = firing};
    gs_board_row(f->board, &view);
}

static void topics_and_the_weightiest_others_are_shown(void **state)
{
    struct fixture *f = *state;
    struct gs_board_row rows[8];

    gs_board_begin(f->board);
    show(f, "entity:calm", "Calm", -2, false);
    show(f, "entity:much", "Much Evidence", 1, false);
    show(f, "topic:legal", "", -9, false);
    show(f, "entity:fires", "Fires", 0, true);
    gs_board_end(f->board);
    assert_int_equal(gs_board_rows(f->board, rows, GS_COUNT(rows)), 3);
    assert_string_equal(rows[0].key, "topic:legal");
    assert_string_equal(rows[0].name, "");
    assert_string_equal(rows[1].key, "entity:fires");
    assert_string_equal(rows[1].name, "Fires");
    assert_string_equal(rows[2].key, "entity:much");
    assert_int_equal(gs_board_rows(f->board, rows, 2), 2);
    assert_series(f, GS_M_KEY_NEGATIVE_RATIO, "entity:fires 0.5\nentity:much 0.5\n");
    assert_series(f, GS_M_KEY_EXPECTED_RATIO, "entity:fires 0.25\nentity:much 0.25\n");
    assert_series(f, GS_M_KEY_EXPECTED_DEVIATION, "entity:fires 0.125\nentity:much 0.125\n");
    assert_series(f, GS_M_KEY_LOG10_EVIDENCE, "entity:fires 0\nentity:much 1\n");
    assert_series(f, GS_M_KEY_LOG10_THRESHOLD, "entity:fires 1.5\nentity:much 1.5\n");
    assert_series(f, GS_M_NEGATIVE_RATIO, "legal|1h 0.5\n");
    assert_series(f, GS_M_EXPECTED_DEVIATION, "legal 0.125\n");
    assert_series(f, GS_M_SPIKE_LOG10_THRESHOLD, "legal 1.5\n");

    gs_board_begin(f->board); /* the next round: one has gone */
    show(f, "entity:calm", "Calm", -2, false);
    gs_board_end(f->board);
    assert_series(f, GS_M_KEY_NEGATIVE_RATIO, "entity:calm 0.5\n");
    assert_series(f, GS_M_NEGATIVE_RATIO, "");
    assert_series(f, GS_M_EXPECTED_DEVIATION, "");
    assert_series(f, GS_M_SPIKE_LOG10_THRESHOLD, "");
}

/* A key as long as one may be, and a name of Han: both are cut at a character. */
static void long_texts_are_cut_at_a_character(void **state)
{
    struct fixture *f = *state;
    struct gs_board_row rows[1];
    char name[151];

    for (size_t i = 0; i < 50; i++) {
        memcpy(name + 3 * i, "\xE8\x8C\x85", 3);
    }
    name[150] = '\0';
    gs_board_begin(f->board);
    show(f, "entity:a", name, 0, false);
    gs_board_end(f->board);
    assert_int_equal(gs_board_rows(f->board, rows, 1), 1);
    assert_int_equal(strlen(rows[0].name), (GS_BOARD_NAME - 1) / 3 * 3);
}

#define WITH_BOARD(test) cmocka_unit_test_setup_teardown(test, make, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BOARD(an_alert_has_its_name_and_headline_while_it_fires),
        WITH_BOARD(what_is_not_known_is_empty),
        WITH_BOARD(a_watch_that_is_gone_takes_its_alerts_along),
        WITH_BOARD(topics_and_the_weightiest_others_are_shown),
        WITH_BOARD(long_texts_are_cut_at_a_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

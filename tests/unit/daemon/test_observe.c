#include "deploy/daemon/observe.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>

struct seen {
    size_t n, fail_at;
    char keys[64][GS_MAX_KEY + 1];
    struct gs_observation last;
};

static enum gs_status see(void *arg, const struct gs_observation *observation, struct gs_error *err)
{
    struct seen *seen = arg;

    if (seen->fail_at != 0 && seen->n + 1 == seen->fail_at) {
        return gs_fail(err, GS_IO, "the test wants this to fail");
    }
    assert_true(observation->key.len > 0 && observation->key.len <= GS_MAX_KEY);
    (void)snprintf(seen->keys[seen->n++], sizeof seen->keys[0], "%.*s",
                   GS_STR_ARGS(observation->key));
    seen->last = *observation;
    return GS_OK;
}

static const struct gs_observe_options all = {
    .topics = true, .entities = true, .risks = true, .sources = true, .topic_lang = true};

static struct gs_message message;

static struct gs_tagged tagged(void)
{
    message =
        (struct gs_message){.id = gs_str("m1"), .ts_ms = 1700000000000, .source = gs_str("wire")};
    struct gs_tagged ret = {.message = &message,
                            .text = gs_str("贵州茅台 fell"),
                            .lang = GS_LANG_ZH,
                            .sentiment = {0.8F, 0.15F, 0.05F},
                            .dup_group = 77};
    ret.topics[0] = (struct gs_scored_label){gs_str("legal"), 0.9F};
    ret.topics[1] = (struct gs_scored_label){gs_str("results"), 0.4F};
    ret.n_topics = 2;
    ret.risks[0] = (struct gs_scored_label){gs_str("fraud"), 0.7F};
    ret.n_risks = 1;
    ret.entities[0].id = gs_str("600519.SH");
    ret.entities[1].id = gs_str("AAPL");
    ret.entities[2].id = gs_str("600519.SH");
    ret.n_entities = 3;
    return ret;
}

static void every_key_once_in_a_fixed_order(void **state)
{
    static const char *const want[] = {
        "topic:legal", "topic:results", "entity:600519.SH",    "entity:AAPL",
        "risk:fraud",  "source:wire",   "topic_lang:legal/zh", "topic_lang:results/zh"};
    struct seen seen = {0};
    struct gs_tagged one = tagged();
    (void)state;

    assert_int_equal(gs_observe(&all, &one, see, &seen, NULL), GS_OK);
    assert_int_equal(seen.n, GS_COUNT(want));
    for (size_t i = 0; i < GS_COUNT(want); i++) {
        assert_string_equal(seen.keys[i], want[i]);
    }
    assert_int_equal(seen.last.ts_ms, 1700000000000);
    assert_int_equal(seen.last.dup_group, 77);
    assert_float_equal(seen.last.p_negative, 0.8F, 0);
    assert_true(gs_str_equal(seen.last.excerpt, one.text));
}

static void kinds_can_be_switched_off(void **state)
{
    static const struct {
        const char *shows;
        struct gs_observe_options options;
        size_t n;
    } cases[] = {
        {"nothing", {0}, 0},
        {"topics", {.topics = true}, 2},
        {"entities", {.entities = true}, 2},
        {"risks", {.risks = true}, 1},
        {"sources", {.sources = true}, 1},
        {"topics by language", {.topic_lang = true}, 2},
        {"only topics that are sure", {.topics = true, .min_topic_p = 0.5F}, 1},
    };
    (void)state;

    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct seen seen = {0};
        struct gs_tagged one = tagged();

        print_message("  %s\n", cases[i].shows);
        assert_int_equal(gs_observe(&cases[i].options, &one, see, &seen, NULL), GS_OK);
        assert_int_equal(seen.n, cases[i].n);
    }
}

static void a_message_about_nothing_counts_for_its_source_only(void **state)
{
    struct seen seen = {0};
    struct gs_tagged one = tagged();
    (void)state;

    one.n_topics = one.n_risks = one.n_entities = 0;
    assert_int_equal(gs_observe(&all, &one, see, &seen, NULL), GS_OK);
    assert_int_equal(seen.n, 1);
    message.source = (struct gs_str){NULL, 0};
    seen.n = 0;
    assert_int_equal(gs_observe(&all, &one, see, &seen, NULL), GS_OK);
    assert_int_equal(seen.n, 0);
}

static void long_names_and_texts_are_cut_at_a_character(void **state)
{
    char name[600];
    struct seen seen = {0};
    struct gs_tagged one = tagged();
    (void)state;

    for (size_t i = 0; i < 200; i++) {
        name[3 * i] = (char)0xE8; /* U+8305, three bytes */
        name[3 * i + 1] = (char)0x8C;
        name[3 * i + 2] = (char)0x85;
    }
    message.source = (struct gs_str){name, sizeof name};
    one.text = message.source;
    one.n_topics = one.n_risks = one.n_entities = 0;
    assert_int_equal(gs_observe(&all, &one, see, &seen, NULL), GS_OK);
    assert_int_equal(seen.n, 1);
    assert_int_equal((strlen(seen.keys[0]) - strlen("source:")) % 3, 0);
    assert_true(seen.last.excerpt.len <= GS_MAX_EXCERPT && seen.last.excerpt.len % 3 == 0);
}

static void a_failure_ends_it(void **state)
{
    struct seen seen = {.fail_at = 3};
    struct gs_tagged one = tagged();
    struct gs_error err = {0};
    (void)state;

    assert_int_equal(gs_observe(&all, &one, see, &seen, &err), GS_IO);
    assert_int_equal(seen.n, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_once_in_a_fixed_order),
        cmocka_unit_test(kinds_can_be_switched_off),
        cmocka_unit_test(a_message_about_nothing_counts_for_its_source_only),
        cmocka_unit_test(long_names_and_texts_are_cut_at_a_character),
        cmocka_unit_test(a_failure_ends_it),
    };
    return cmocka_run_group_tests_name("daemon/observe", tests, NULL, NULL);
}

#include "deploy/daemon/pipeline/observe.h"

#include "tests/unit/gs_test.h"

#include <stdio.h>

struct seen {
    size_t n;
    char keys[64][GS_MAX_KEY + 1];
    struct gs_observation last;
};

/* All observations of a message. */
static void observe(const struct gs_observe_options *options, const struct gs_tagged *one,
                    struct seen *seen)
{
    const struct gs_observation *observation = NULL;
    struct gs_observer observer;

    gs_observer_start(&observer, options, one);
    while (gs_observer_next(&observer, &observation)) {
        assert_true(observation->key.len > 0 && observation->key.len <= GS_MAX_KEY);
        (void)snprintf(seen->keys[seen->n++], sizeof seen->keys[0], "%.*s",
                       GS_STR_ARGS(observation->key));
        seen->last = *observation;
    }
    assert_false(gs_observer_next(&observer, &observation)); /* the end stays the end */
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
                            .story = 77};
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

    observe(&all, &one, &seen);
    assert_int_equal(seen.n, GS_COUNT(want));
    for (size_t i = 0; i < GS_COUNT(want); i++) {
        assert_string_equal(seen.keys[i], want[i]);
    }
    assert_int_equal(seen.last.ts_ms, 1700000000000);
    assert_int_equal(seen.last.story, 77);
    assert_float_equal(seen.last.p_negative, 0.8F, 0);
    assert_true(gs_str_equal(seen.last.excerpt, one.text));
}

/* The name belongs to its company's key and to no key that comes before or behind it. */
static void a_company_brings_its_name(void **state)
{
    static const struct {
        const char *key, *name;
    } want[] = {{"topic:legal", ""},      {"topic:results", ""}, {"entity:600519.SH", "贵州茅台"},
                {"entity:AAPL", "Apple"}, {"risk:fraud", ""},    {"source:wire", ""}};
    const struct gs_observation *observation = NULL;
    struct gs_tagged one = tagged();
    struct gs_observer observer;
    (void)state;

    one.entities[0].name = gs_str("贵州茅台");
    one.entities[0].tier = 2;
    one.entities[1].name = gs_str("Apple");
    gs_observer_start(&observer, &all, &one);
    for (size_t i = 0; i < GS_COUNT(want); i++) {
        print_message("  %s\n", want[i].key);
        assert_true(gs_observer_next(&observer, &observation));
        assert_true(gs_str_equal(observation->key, gs_str(want[i].key)));
        assert_true(gs_str_equal(observation->name, gs_str(want[i].name)));
        assert_int_equal(observation->tier, i == 2 ? 2 : 0);
    }
}

/* Both of a company's mentions carry its sentiment; keys of other kinds have the message's. */
static void a_company_counts_with_the_sentiment_toward_it(void **state)
{
    static const struct {
        const char *key;
        float p_negative;
    } want[] = {{"topic:legal", 0.8F}, {"topic:results", 0.8F}, {"entity:600519.SH", 0.8F},
                {"entity:AAPL", 0.1F}, {"risk:fraud", 0.8F},    {"source:wire", 0.8F}};
    const struct gs_observation *observation = NULL;
    struct gs_tagged one = tagged();
    struct gs_observer observer;
    (void)state;

    one.entities[1].has_own = true;
    one.entities[1].sentiment[GS_NEGATIVE] = 0.1F;
    one.entities[1].sentiment[GS_POSITIVE] = 0.9F;
    gs_observer_start(&observer, &all, &one);
    for (size_t i = 0; i < GS_COUNT(want); i++) {
        print_message("  %s\n", want[i].key);
        assert_true(gs_observer_next(&observer, &observation));
        assert_true(gs_str_equal(observation->key, gs_str(want[i].key)));
        assert_float_equal((float)observation->p_negative, want[i].p_negative, 0);
    }
}

/* A grave risk counts for each company of its message: with the sentiment toward it and its name. */
static void grave_risks_count_for_companies(void **state)
{
    static const char *const grave[] = {"fraud", "default"};
    static const char *const ids[] = {"600519.SH", "AAPL", "600519.SH", "0700.HK", "MSFT"};
    static const struct {
        const char *shows;
        float p_fraud, p_default, min_p;
        size_t n_entities, n_events, want;
        const char *last;
    } cases[] = {
        {"one risk, one company", 0.7F, 0, 0.5F, 1, 2, 1, "risk:fraud@600519.SH"},
        {"one risk, two companies, one twice", 0.7F, 0, 0.5F, 3, 2, 2, "risk:fraud@AAPL"},
        {"two risks", 0.7F, 0.6F, 0.5F, 3, 2, 4, "risk:default@AAPL"},
        {"a risk that is not sure", 0.7F, 0.4F, 0.5F, 3, 2, 2, "risk:fraud@AAPL"},
        {"a risk that is not listed", 0.7F, 0.6F, 0.5F, 3, 1, 2, "risk:fraud@AAPL"},
        {"three companies", 0.7F, 0, 0.5F, 4, 2, 3, "risk:fraud@0700.HK"},
        {"four companies: a list", 0.7F, 0, 0.5F, 5, 2, 0, ""},
        {"no company", 0.7F, 0, 0.5F, 0, 2, 0, ""},
        {"none is listed", 0.7F, 0.6F, 0.5F, 3, 0, 0, ""},
    };
    (void)state;

    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        const struct gs_observe_options options = {
            .events = grave, .n_events = cases[i].n_events, .min_event_p = cases[i].min_p};
        struct seen seen = {0};
        struct gs_tagged one = tagged();

        print_message("  %s\n", cases[i].shows);
        one.risks[0].p = cases[i].p_fraud;
        one.risks[1] = (struct gs_scored_label){gs_str("default"), cases[i].p_default};
        one.n_risks = 2;
        one.n_entities = cases[i].n_entities;
        for (size_t j = 0; j < one.n_entities; j++) {
            one.entities[j].id = gs_str(ids[j]);
            one.entities[j].name = gs_str(ids[j]);
            one.entities[j].has_own = true;
            one.entities[j].sentiment[GS_NEGATIVE] = j == 1 ? 0.25F : 0.75F;
        }
        observe(&options, &one, &seen);
        assert_int_equal(seen.n, cases[i].want);
        if (seen.n > 0) {
            const char *of = strchr(cases[i].last, '@') + 1;
            assert_string_equal(seen.keys[seen.n - 1], cases[i].last);
            assert_true(gs_str_equal(seen.last.name, gs_str(of)));
            assert_float_equal((float)seen.last.p_negative, strcmp(of, "AAPL") == 0 ? 0.25F : 0.75F,
                               0);
        }
    }
}

/* An id that does not fit a key would be cut to another company's. */
static void an_id_too_long_for_an_event_is_none(void **state)
{
    static const char *const grave[] = {"fraud"};
    const struct gs_observe_options options = {.events = grave, .n_events = 1};
    char id[GS_MAX_KEY];
    (void)state;

    memset(id, 'A', sizeof id);
    for (size_t len = GS_MAX_KEY - 14; len < GS_MAX_KEY; len++) {
        struct seen seen = {0};
        struct gs_tagged one = tagged();
        one.entities[0].id = (struct gs_str){id, len};
        one.n_entities = 1;
        observe(&options, &one, &seen);
        assert_int_equal(seen.n, strlen("risk:fraud@") + len <= GS_MAX_KEY);
    }
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
        observe(&cases[i].options, &one, &seen);
        assert_int_equal(seen.n, cases[i].n);
    }
}

static void a_message_about_nothing_counts_for_its_source_only(void **state)
{
    struct seen seen = {0};
    struct gs_tagged one = tagged();
    (void)state;

    one.n_topics = one.n_risks = one.n_entities = 0;
    observe(&all, &one, &seen);
    assert_int_equal(seen.n, 1);
    message.source = (struct gs_str){NULL, 0};
    seen.n = 0;
    observe(&all, &one, &seen);
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
    observe(&all, &one, &seen);
    assert_int_equal(seen.n, 1);
    assert_int_equal((strlen(seen.keys[0]) - strlen("source:")) % 3, 0);
    assert_true(seen.last.excerpt.len <= GS_MAX_EXCERPT && seen.last.excerpt.len % 3 == 0);
}

static void the_link_goes_along_whole_or_not_at_all(void **state)
{
    char url[GS_MAX_URL + 1];
    struct seen seen = {0};
    struct gs_tagged one = tagged();
    (void)state;

    memset(url, 'x', sizeof url);
    message.url = (struct gs_str){url, GS_MAX_URL};
    observe(&all, &one, &seen);
    assert_int_equal(seen.last.url.len, GS_MAX_URL);
    message.url.len++;
    seen.n = 0;
    observe(&all, &one, &seen);
    assert_null(seen.last.url.bytes);
    message.url = (struct gs_str){NULL, 0};
}

static void a_key_has_no_nul(void **state)
{
    struct seen seen = {0};
    struct gs_tagged one = tagged();
    (void)state;

    one.n_topics = one.n_risks = one.n_entities = 0;
    message.source = (struct gs_str){"a\0x", 3};
    observe(&all, &one, &seen);
    assert_string_equal(seen.keys[0], "source:a?x");
}

/* What is promotion or off topic before all else has no vote, unless that was asked for. */
static void promotion_has_no_vote(void **state)
{
    static const struct {
        const char *shows, *first, *second;
        bool asked_for;
        size_t want;
    } rows[] = {{"promotion", "promotion", "legal", false, 0},
                {"off topic", "off_topic", "legal", false, 0},
                {"promotion that was asked for", "promotion", "legal", true, 6},
                {"news that ends in a plug", "legal", "promotion", false, 6},
                {"any other topic", "promotions", "legal", false, 6}};
    (void)state;

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        struct gs_observe_options options = all;
        struct gs_tagged one = tagged();
        struct seen seen = {0};
        options.promotion = rows[i].asked_for;
        options.topic_lang = false;
        one.topics[0].label = gs_str(rows[i].first);
        one.topics[1].label = gs_str(rows[i].second);
        observe(&options, &one, &seen);
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(seen.n, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_once_in_a_fixed_order),
        cmocka_unit_test(grave_risks_count_for_companies),
        cmocka_unit_test(an_id_too_long_for_an_event_is_none),
        cmocka_unit_test(kinds_can_be_switched_off),
        cmocka_unit_test(a_message_about_nothing_counts_for_its_source_only),
        cmocka_unit_test(long_names_and_texts_are_cut_at_a_character),
        cmocka_unit_test(a_company_brings_its_name),
        cmocka_unit_test(a_company_counts_with_the_sentiment_toward_it),
        cmocka_unit_test(the_link_goes_along_whole_or_not_at_all),
        cmocka_unit_test(a_key_has_no_nul),
        cmocka_unit_test(promotion_has_no_vote),
    };
    return cmocka_run_group_tests_name("daemon/observe", tests, NULL, NULL);
}

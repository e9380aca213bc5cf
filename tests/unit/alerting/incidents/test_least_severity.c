/* Which alerts people may hear of. */
#include "tests/unit/gs_test.h"

#include "alerting/incidents/least_severity.h"
#include "ingest/base/buf.h"

static const struct {
    const char *shows, *rules, *key;
    enum gs_severity severity;
    bool fits;
} cases[] = {
    {"no rules", NULL, "topic:x", GS_SEVERITY_INFO, true},
    {"no rules", "", "topic:x", GS_SEVERITY_INFO, true},
    {"below", "topic:*=warning", "topic:x", GS_SEVERITY_INFO, false},
    {"at", "topic:*=warning", "topic:x", GS_SEVERITY_WARNING, true},
    {"above", "topic:*=warning", "topic:x", GS_SEVERITY_CRITICAL, true},
    {"off", "topic:x=off", "topic:x", GS_SEVERITY_CRITICAL, false},
    {"another key", "topic:x=off", "topic:xy", GS_SEVERITY_INFO, true},
    {"a longer pattern", "topic:xyz=off", "topic:xy", GS_SEVERITY_INFO, true},
    {"another kind", "topic:*=off", "topic_lang:x/zh", GS_SEVERITY_INFO, true},
    {"the first that fits", "entity:A=info, entity:*=off", "entity:A", GS_SEVERITY_INFO, true},
    {"the first that fits", "entity:*=off, entity:A=info", "entity:A", GS_SEVERITY_INFO, false},
    {"everything", " * = critical ", "risk:fraud", GS_SEVERITY_WARNING, false},
    {"an equals sign in a key", "source:a=b=off", "source:a=b", GS_SEVERITY_CRITICAL, false},
};

static void test_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < GS_COUNT(cases); i++) {
        struct gs_least_severity least;
        print_message("  %s: %s, %s\n", cases[i].shows,
                      cases[i].rules == NULL ? "(none)" : cases[i].rules, cases[i].key);
        assert_int_equal(gs_least_severity_parse(cases[i].rules, &least, NULL), GS_OK);
        assert_int_equal(gs_least_severity_fits(&least, gs_str(cases[i].key), cases[i].severity),
                         cases[i].fits);
    }
}

static void test_rules_that_are_none(void **state)
{
    (void)state;
    static const char *const rules[] = {
        "topic:x",      "topic:x=",     "topic:x=grave", "=warning",
        "topic:x=off,", ",topic:x=off", "topic:*x=off",  "topic:x=warning warning"};
    struct gs_buf many = {.max = 1 << 16};
    struct gs_least_severity least;
    struct gs_error err = {0};

    for (size_t i = 0; i < GS_COUNT(rules); i++) {
        print_message("  %s\n", rules[i]);
        assert_int_equal(gs_least_severity_parse(rules[i], &least, &err), GS_BAD_CONFIG);
        assert_non_null(strstr(err.message, "is no rule such as"));
    }
    for (int i = 0; i < GS_LEAST_RULES + 1; i++) {
        gs_buf_printf(&many, "%stopic:%d=off", i > 0 ? "," : "", i);
    }
    gs_buf_putc(&many, '\0');
    assert_int_equal(gs_least_severity_parse(many.bytes, &least, &err), GS_BAD_CONFIG);
    assert_string_equal(err.message, "more than 64 rules");
    gs_buf_reset(&many);
    for (int i = 0; i < GS_INCIDENT_KEY_BYTES; i++) {
        gs_buf_putc(&many, 'x');
    }
    gs_buf_puts(&many, "=off");
    gs_buf_putc(&many, '\0');
    assert_int_equal(gs_least_severity_parse(many.bytes, &least, &err), GS_BAD_CONFIG);
    gs_buf_done(&many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases),
                                       cmocka_unit_test(test_rules_that_are_none)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "tests/unit/gs_test.h"

#include "alerting/watch.h"
#include "base/buf.h"

#include <jansson.h>
#include <math.h>

static const struct gs_evidence_item items[] = {
    {.id = {"a\"1", 3},
     .source = {"reuters.com", 11},
     .excerpt = {"fraud \xE4\xB8\xAD\xFF", 10},
     .ts_ms = 1767571200123,
     .weight = 0.25},
    {.id = {"b", 1}, .source = {"", 0}, .excerpt = {"", 0}, .ts_ms = 0, .weight = 1.0},
};

static struct gs_alert sample(void)
{
    return (struct gs_alert){.id = "00112233445566aa",
                             .rule = "negative_share",
                             .key = {"topic:legal", 11},
                             .severity = GS_SEVERITY_WARNING,
                             .state = GS_ALERT_UPDATED,
                             .starts_at_ms = 1767571200000,
                             .fired_at_ms = 1767573000000,
                             .ends_at_ms = -1,
                             .window_s = 3600,
                             .observed = 0.62,
                             .expected = 0.21,
                             .n = 55,
                             .stories = 54,
                             .publishers = 7,
                             .reach = 80,
                             .log10_evidence = 2.5,
                             .false_alarm_days = 30,
                             .evidence = items,
                             .n_evidence = 2,
                             .reason = "negative share 0.62 against 0.21 expected"};
}

static json_t *encode(const struct gs_alert *alert)
{
    struct gs_buf buf = {.max = 1 << 20};
    json_error_t error;
    gs_alert_encode(alert, &buf);
    assert_true(gs_buf_ok(&buf));
    assert_null(memchr(buf.bytes, '\n', buf.len));
    json_t *root = json_loadb(buf.bytes, buf.len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &error);
    if (root == NULL) {
        print_error("%s: %.*s\n", error.text, (int)buf.len, buf.bytes);
    }
    assert_non_null(root);
    gs_buf_done(&buf);
    return root;
}

static void test_the_whole_record(void **state)
{
    (void)state;
    static const char want[] =
        "{\"v\":1,\"id\":\"00112233445566aa\",\"rule\":\"negative_share\",\"key\":\"topic:legal\","
        "\"severity\":\"warning\",\"state\":\"updated\",\"starts_at\":\"2026-01-05T00:00:00.000Z\","
        "\"fired_at\":\"2026-01-05T00:30:00.000Z\",\"ends_at\":null,\"window_s\":3600,\"observed\":"
        "0.62,"
        "\"expected\":0.21,\"n\":55,\"stories\":54,\"publishers\":7,\"reach\":80,\"log10_"
        "evidence\":2.5,"
        "\"false_alarm\":{\"days\":30,\"means\":\"at this threshold a key whose negative share "
        "stays as "
        "expected raises an alert at most once in 30 days on average\"},"
        "\"evidence\":[{\"id\":\"a\\\"1\",\"ts\":\"2026-01-05T00:00:00.123Z\",\"source\":\"reuters."
        "com\","
        "\"text\":\"fraud \xE4\xB8\xAD\xEF\xBF\xBD\",\"weight\":0.25},"
        "{\"id\":\"b\",\"ts\":\"1970-01-01T00:00:00.000Z\",\"source\":\"\",\"text\":\"\","
        "\"weight\":1}],"
        "\"reason\":\"negative share 0.62 against 0.21 expected\"}";
    struct gs_buf buf = {.max = 1 << 20};
    const struct gs_alert alert = sample();

    gs_alert_encode(&alert, &buf);
    assert_int_equal(buf.len, sizeof want - 1);
    assert_memory_equal(buf.bytes, want, buf.len);
    gs_buf_done(&buf);
    json_decref(encode(&alert));
}

static void test_an_end(void **state)
{
    (void)state;
    struct gs_alert alert = sample();
    alert.state = GS_ALERT_RESOLVED;
    alert.ends_at_ms = 1767574800000;
    alert.n_evidence = 0;
    json_t *root = encode(&alert);
    assert_string_equal(json_string_value(json_object_get(root, "ends_at")),
                        "2026-01-05T01:00:00.000Z");
    assert_int_equal(json_array_size(json_object_get(root, "evidence")), 0);
    json_decref(root);
}

static void test_numbers_json_has_not(void **state)
{
    (void)state;
    struct gs_alert alert = sample();
    alert.observed = NAN;
    alert.log10_evidence = INFINITY;
    alert.false_alarm_days = INFINITY;
    alert.key = (struct gs_str){"\x00\x01\"", 3};
    json_decref(encode(&alert));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_record),
        cmocka_unit_test(test_an_end),
        cmocka_unit_test(test_numbers_json_has_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

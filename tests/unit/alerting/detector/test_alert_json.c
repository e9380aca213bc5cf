#include "tests/unit/gs_test.h"

#include "alerting/detector/watch.h"
#include "ingest/base/attr.h"
#include "ingest/base/buf.h"

#include <jansson.h>
#include <math.h>

static const struct gs_evidence_item items[] = {
    {.id = {"a\"1", 3},
     .source = {"reuters.com", 11},
     .excerpt = {"fraud \xE4\xB8\xAD\xFF", 10},
     .url = {"https://example.org/1", 21},
     .ts_ms = 1767571200123,
     .weight = 0.25},
    {.id = {"b", 1}, .source = {"", 0}, .excerpt = {"", 0}, .ts_ms = 0, .weight = 1.0},
};

static struct gs_alert sample(void)
{
    return (struct gs_alert){.id = "00112233445566aa",
                             .rule = "negative_share",
                             .key = {"entity:ACME", 11},
                             .name = {"Acme & \"Sons\"", 13},
                             .severity = GS_SEVERITY_WARNING,
                             .severity_reason = "warning by evidence",
                             .state = GS_ALERT_UPDATED,
                             .starts_at_ms = 1767571200000,
                             .fired_at_ms = 1767573000000,
                             .ends_at_ms = -1,
                             .updated_at_ms = 1767573300000,
                             .window_s = 3600,
                             .observed = 0.62,
                             .expected = 0.21,
                             .n = 55,
                             .stories = 54,
                             .publishers = 7,
                             .reach = 80,
                             .log10_evidence = 2.5,
                             .log10_threshold = 2,
                             .detectable_rise = 1.1,
                             .false_alarm_days = 30,
                             .false_alarms_promised = 0.03125,
                             .false_alarms_measured = 0.0078125,
                             .measured_key_days = 512,
                             .evidence = items,
                             .n_evidence = 2,
                             .reason = "negative share 0.62 against 0.21 expected",
                             .summary = "Acme: 62 % are negative"};
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
        "{\"v\":1,\"id\":\"00112233445566aa\",\"rule\":\"negative_share\",\"key\":\"entity:ACME\","
        "\"name\":\"Acme & \\\"Sons\\\"\",\"summary\":\"Acme: 62 % are negative\","
        "\"severity\":\"warning\",\"severity_reason\":\"warning by "
        "evidence\",\"state\":\"updated\",\"starts_at\":\"2026-01-05T00:00:00.000Z\","
        "\"fired_at\":\"2026-01-05T00:30:00.000Z\",\"updated_at\":\"2026-01-05T00:35:00.000Z\","
        "\"ends_at\":null,\"window_s\":3600,\"observed\":"
        "0.62,"
        "\"expected\":0.21,\"n\":55,\"stories\":54,\"publishers\":7,\"reach\":80,\"log10_"
        "evidence\":2.5,\"log10_threshold\":2,"
        "\"false_alarm\":{\"days\":30,\"means\":\"at this threshold a key whose negative share "
        "stays as "
        "expected raises an alert at most once in 30 days on average\",\"promised\":0.03125,"
        "\"measured\":0.0078125,\"key_days\":512},\"detectable_rise\":1.1,"
        "\"evidence\":[{\"id\":\"a\\\"1\",\"ts\":\"2026-01-05T00:00:00.123Z\",\"source\":\"reuters."
        "com\","
        "\"text\":\"fraud "
        "\xE4\xB8\xAD\xEF\xBF\xBD\",\"url\":\"https://example.org/1\",\"weight\":0.25},"
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

/* Each number in turn, so that each of them is seen to go through the encoder that knows. */
static void test_numbers_json_has_not(void **state)
{
    static const double numbers[] = {NAN, INFINITY, -INFINITY};
    static const struct {
        const char *member;
        size_t at;
    } rows[] = {
        {"observed", offsetof(struct gs_alert, observed)},
        {"expected", offsetof(struct gs_alert, expected)},
        {"n", offsetof(struct gs_alert, n)},
        {"log10_evidence", offsetof(struct gs_alert, log10_evidence)},
        {"log10_threshold", offsetof(struct gs_alert, log10_threshold)},
    };
    (void)state;
    for (size_t r = 0; r < GS_COUNT(rows); r++) {
        for (size_t i = 0; i < GS_COUNT(numbers); i++) {
            struct gs_alert alert = sample();
            print_message("  %s %f\n", rows[r].member, numbers[i]);
            memcpy((char *)&alert + rows[r].at, &numbers[i], sizeof numbers[i]);
            json_t *root = encode(&alert);
            for (size_t k = 0; k < GS_COUNT(rows); k++) { /* the others are untouched */
                const json_t *value = json_object_get(root, rows[k].member);
                assert_non_null(value);
                assert_int_equal(json_is_null(value), k == r);
            }
            json_decref(root);
        }
    }
}

/* "At most once in inf days" would be a promise: the days are null, the words are left out. */
static void test_false_alarms_without_a_number(void **state)
{
    (void)state;
    struct gs_alert alert = sample();
    alert.false_alarm_days = INFINITY;
    json_t *root = encode(&alert);
    const json_t *of = json_object_get(root, "false_alarm");
    assert_true(json_is_null(json_object_get(of, "days")));
    assert_null(json_object_get(of, "means"));
    json_decref(root);
}

static void test_a_key_of_any_bytes(void **state)
{
    (void)state;
    struct gs_alert alert = sample();
    alert.key = (struct gs_str){"\x00\x01\"", 3};
    json_t *root = encode(&alert);
    const json_t *key = json_object_get(root, "key");
    assert_int_equal(json_string_length(key), 3);
    assert_memory_equal(json_string_value(key), "\x00\x01\"", 3);
    json_decref(root);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_record),
        cmocka_unit_test(test_an_end),
        cmocka_unit_test(test_numbers_json_has_not),
        cmocka_unit_test(test_false_alarms_without_a_number),
        cmocka_unit_test(test_a_key_of_any_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What webhooks are sent, and how it is signed. The sums were made with Python's hmac and hashlib. */
#include "tests/unit/alerting/notify/notify_helper.h"
#include "tests/unit/gs_test.h"

#include "alerting/notify/hook_body.h"

#include <jansson.h>
#include <string.h>

static json_t *body_of(enum gs_notify_shape shape, const struct gs_incident *incident)
{
    struct gs_buf out = {.max = 1048576};
    json_error_t why;

    gs_hook_body(shape, incident, "https://desk.example/", &out);
    assert_true(gs_buf_ok(&out));
    json_t *json = json_loadb(out.bytes, out.len, JSON_REJECT_DUPLICATES, &why);
    if (json == NULL) {
        fail_msg("%s: %.*s", why.text, (int)out.len, out.bytes);
    }
    gs_buf_done(&out);
    return json;
}

static void the_record_goes_as_it_is(void **state)
{
    static struct gs_incident incident;
    struct gs_buf record = {.max = 1048576};
    struct gs_buf body = {.max = 1048576};

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    gs_incident_encode(&incident, &record);
    gs_hook_body(GS_SHAPE_GROUNDSWELL, &incident, NULL, &body);
    assert_true(gs_str_equal(gs_buf_str(&record), gs_buf_str(&body)));
    gs_buf_done(&record);
    gs_buf_done(&body);
}

#define NUMBERS                                                                                    \
    "68 % of 120 messages in the last hour are negative, 21 % are expected; 34 stories by 12 "     \
    "publishers; entity:NRV\nhttps://news.example/1\n"                                             \
    "https://desk.example/#incident-00112233445566ff"

/* Where the text is in each shape: as the services' documents have it. */
static const struct {
    enum gs_notify_shape shape;
    const char *kind, *kind_is; /* the member that says that it is a text */
    const char *outer, *inner;
    const char *text; /* of a title that has markup in it */
} shapes[] = {
    {GS_SHAPE_SLACK, NULL, NULL, NULL, "text",
     "[warning] opened: &lt;!channel&gt; A&amp;B &lt;at user_id=\"all\"&gt; fell\n" NUMBERS},
    {GS_SHAPE_FEISHU, "msg_type", "text", "content", "text",
     "[warning] opened: \xef\xbc\x9c!channel> A&B \xef\xbc\x9c"
     "at user_id=\"all\"> fell\n" NUMBERS},
    {GS_SHAPE_WECOM, "msgtype", "text", "text", "content",
     "[warning] opened: <!channel> A&B <at user_id=\"all\"> fell\n" NUMBERS},
    {GS_SHAPE_DINGTALK, "msgtype", "text", "text", "content",
     "[warning] opened: <!channel> A&B <at user_id=\"all\"> fell\n" NUMBERS},
};

static void chats_get_a_text(void **state)
{
    static struct gs_incident incident;

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    (void)snprintf(incident.title, sizeof incident.title,
                   "<!channel> A&B <at user_id=\"all\">\nfell");
    for (size_t i = 0; i < GS_COUNT(shapes); i++) {
        json_t *json = body_of(shapes[i].shape, &incident);
        const json_t *in = shapes[i].outer == NULL ? json : json_object_get(json, shapes[i].outer);
        print_message("  %s\n", gs_notify_shape_names[shapes[i].shape]);
        assert_string_equal(json_string_value(json_object_get(in, shapes[i].inner)),
                            shapes[i].text);
        if (shapes[i].kind != NULL) {
            assert_string_equal(json_string_value(json_object_get(json, shapes[i].kind)),
                                shapes[i].kind_is);
        }
        json_decref(json);
    }
}

/* WeCom takes 2,048 bytes. */
static void a_text_is_bounded(void **state)
{
    static struct gs_incident incident;

    (void)state;
    make_incident("00112233445566ff", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    memset(incident.title, 't', sizeof incident.title - 1);
    incident.n_keys = GS_INCIDENT_KEYS;
    for (size_t i = 0; i < GS_INCIDENT_KEYS; i++) {
        incident.keys[i] = incident.keys[0];
        memset(incident.keys[i].key, 'k', sizeof incident.keys[i].key - 1);
    }
    (void)snprintf(incident.keys[0].story.url, sizeof incident.keys[0].story.url,
                   "https://news.example/%0230d", 1);
    json_t *json = body_of(GS_SHAPE_WECOM, &incident);
    const char *text = json_string_value(json_object_get(json_object_get(json, "text"), "content"));
    assert_in_range(strlen(text), 1100, GS_HOOK_TEXT);
    json_decref(json);
}

static const int64_t now_ms = INT64_C(1767571200123);

static void sign(enum gs_notify_shape shape, const char *secret, char out[256],
                 struct gs_hook_signed *ret)
{
    struct gs_buf body = {.max = 4096};

    gs_hook_sign(shape, secret, gs_str("{\"a\":1}"), now_ms, &body, ret);
    assert_true(gs_buf_ok(&body));
    (void)snprintf(out, 256, "%.*s", (int)body.len, body.bytes);
    gs_buf_done(&body);
}

static void signatures_are_those_of_the_receivers(void **state)
{
    struct gs_hook_signed mark;
    char out[256];

    (void)state;
    sign(GS_SHAPE_GROUNDSWELL, "s3cret", out, &mark);
    assert_string_equal(out, "{\"a\":1}");
    assert_int_equal(mark.n_headers, 2);
    assert_string_equal(mark.headers[0], "Groundswell-Timestamp: 1767571200");
    assert_string_equal(mark.headers[1],
                        "Groundswell-Signature: sha256="
                        "456c6993ff25a2fb262d45eaac8c18e49e48dfb6e47d633d329f2f75817b6d1f");
    sign(GS_SHAPE_FEISHU, "s3cret", out, &mark);
    assert_string_equal(out, "{\"timestamp\":\"1767571200\",\"sign\":\"w6l5IPiojO2N4x9R6WHonNXRSFum"
                             "TXsxC7sMJSsSeJ8=\",\"a\":1}");
    assert_int_equal(mark.n_headers, 0);
    sign(GS_SHAPE_DINGTALK, "s3cret", out, &mark);
    assert_string_equal(out, "{\"a\":1}");
    assert_string_equal(mark.query, "&timestamp=1767571200123&sign=fObtC2gFcx17DfS5%2FMzWo42gsc7Uej"
                                    "hFKHixlHtDk8o%3D");
    for (int shape = 0; shape < GS_N_NOTIFY_SHAPES; shape++) {
        sign((enum gs_notify_shape)shape, NULL, out, &mark);
        assert_string_equal(out, "{\"a\":1}");
        assert_true(mark.n_headers == 0 && mark.query[0] == '\0');
    }
}

/* They are labels of metrics. */
static void everything_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < GS_N_NOTIFY_KINDS; i++) {
        assert_non_null(gs_notify_kind_name((enum gs_notify_kind)i));
    }
    for (int i = 0; i < GS_N_NOTIFY_FAILURES; i++) {
        assert_non_null(gs_notify_failure_name((enum gs_notify_failure)i));
    }
    for (int i = 0; i < GS_N_NOTIFY_DROPS; i++) {
        assert_non_null(gs_notify_drop_name((enum gs_notify_drop)i));
    }
    for (int i = GS_KEY_ENTITY; i <= GS_KEY_OTHER; i++) {
        assert_non_null(gs_key_kind_name((enum gs_key_kind)i));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_record_goes_as_it_is),
        cmocka_unit_test(chats_get_a_text),
        cmocka_unit_test(a_text_is_bounded),
        cmocka_unit_test(everything_has_a_name),
        cmocka_unit_test(signatures_are_those_of_the_receivers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

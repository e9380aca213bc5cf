/* Webhooks over real connections: each notice once and in order, signed; a receiver that is away,
 * refuses, or answers as chats do. */
#include "tests/integration/fake_receiver.h"
#include "tests/integration/notify_counts.h"
#include "tests/unit/alerting/notify/notify_helper.h"
#include "tests/unit/gs_test.h"

#include "alerting/notify/notify.h"
#include "ingest/base/buf.h"
#include "ingest/base/clock.h"
#include "ingest/base/file.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct gs_notify *start(const char *url, struct gs_notify_options options,
                               struct counts *counts)
{
    struct gs_notify *notify = NULL;
    struct gs_error err = {.status = GS_OK};

    options.webhooks = &url;
    options.n_webhooks = 1;
    options.resend_ms = 60000;
    options.user_agent = "groundswell/test";
    options.timeout_ms = 2000;
    options.max_open = 64;
    options.give_up_ms = options.give_up_ms == 0 ? 3600000 : options.give_up_ms;
    options.max_waiting = options.max_waiting == 0 ? 256 : options.max_waiting;
    options.hooks = notify_count_hooks(counts);
    if (gs_notify_new(&options, &notify, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    return notify;
}

static void tell(struct gs_notify *notify, const char *id, enum gs_incident_notice notice)
{
    static struct gs_incident incident;

    make_incident(id, "entity:NRV", GS_SEVERITY_WARNING, &incident);
    incident.notice = (uint8_t)notice;
    incident.state = notice == GS_NOTICE_ENDED ? GS_INCIDENT_ENDED : GS_INCIDENT_OPEN;
    gs_notify_incident(notify, &incident, false);
}

static void has(struct receiver *receiver, size_t i, const char *id, const char *notice)
{
    struct received got;
    char text[64];

    receiver_get(receiver, i, &got);
    assert_non_null(strstr(got.body, id));
    (void)snprintf(text, sizeof text, "\"notice\":\"%s\"", notice);
    assert_non_null(strstr(got.body, text));
    received_done(&got);
}

static void write_secret(char *path, const char *text)
{
    assert_true(close(mkstemp(path)) == 0);
    assert_int_equal(gs_file_write(path, gs_str(text), GS_FILE_FOR_OWNER, NULL), GS_OK);
}

/* As a receiver would: over its own time and what it got. */
static void check_signature(const struct received *got, const char *secret)
{
    struct gs_buf text = {.max = 1048576};
    unsigned char sum[32];
    unsigned len = 0;
    char wanted[80] = "sha256=";

    gs_buf_printf(&text, "%s.", got->timestamp);
    gs_buf_put(&text, (struct gs_str){got->body, got->len});
    assert_non_null(HMAC(EVP_sha256(), secret, (int)strlen(secret),
                         (const unsigned char *)text.bytes, text.len, sum, &len));
    for (size_t i = 0; i < sizeof sum; i++) {
        (void)snprintf(wanted + 7 + 2 * i, 3, "%02x", sum[i]);
    }
    assert_string_equal(got->signature, wanted);
    const double age_s = (double)gs_clock_wall_ms() / 1000 - strtod(got->timestamp, NULL);
    assert_true(age_s > -2 && age_s < 60);
    gs_buf_done(&text);
}

static void each_notice_goes_once_in_order_and_signed(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    static struct counts counts;
    char url[64];
    char path[] = "/tmp/groundswell-secret-XXXXXX";
    struct received got;

    (void)state;
    write_secret(path, "s3cret\n");
    receiver_url(receiver, url);
    struct gs_notify *notify = start(url, (struct gs_notify_options){.secret_file = path}, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    tell(notify, "000000000000000a", GS_NOTICE_NONE);
    tell(notify, "000000000000000a", GS_NOTICE_WORSE);
    tell(notify, "000000000000000b", GS_NOTICE_OPENED);
    tell(notify, "000000000000000a", GS_NOTICE_ENDED);
    until(&counts.sent[0], 4);
    (void)usleep(200000);
    assert_int_equal(receiver_count(receiver), 4);
    has(receiver, 0, "000000000000000a", "opened");
    has(receiver, 1, "000000000000000a", "worse");
    has(receiver, 2, "000000000000000b", "opened");
    has(receiver, 3, "000000000000000a", "ended");
    receiver_get(receiver, 0, &got);
    assert_string_equal(got.path, "/");
    assert_string_equal(got.type, "application/json");
    check_signature(&got, "s3cret");
    received_done(&got);
    gs_notify_free(notify);
    assert_int_equal(receiver_count(receiver), 4);
    (void)unlink(path);
    receiver_stop(receiver);
}

/* Four wait for two places: the newest of each incident are left, and they are told when it is back. */
static void one_that_is_away_misses_what_is_replaced_alone(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    const int port = receiver_port(receiver);
    static struct counts counts;
    char url[64];

    (void)state;
    receiver_url(receiver, url);
    receiver_stop(receiver);
    struct gs_notify *notify = start(url, (struct gs_notify_options){.max_waiting = 2}, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    until(&counts.failed[GS_NOTIFY_CONNECT], 1);
    tell(notify, "000000000000000b", GS_NOTICE_OPENED);
    tell(notify, "000000000000000a", GS_NOTICE_WORSE);
    tell(notify, "000000000000000b", GS_NOTICE_ENDED);
    until(&counts.waiting[0], 2);
    receiver = receiver_start(port, NULL, NULL);
    until(&counts.sent[0], 2);
    assert_int_equal(receiver_count(receiver), 2);
    has(receiver, 0, "000000000000000a", "worse");
    has(receiver, 1, "000000000000000b", "ended");
    assert_int_equal(atomic_load(&counts.dropped[GS_NOTIFY_DROP_REPLACED]), 2);
    gs_notify_free(notify);
    receiver_stop(receiver);
}

static struct reply in_turn(void *arg, const struct received *request)
{
    _Atomic size_t *n = arg;
    static const struct reply replies[] = {
        {.status = 503}, {.status = 400, .body = "no_text"}, {.status = 200}};
    const size_t i = atomic_fetch_add(n, 1);

    (void)request;
    return replies[i < 2 ? i : 2];
}

/* A server that stumbles is asked again; a notice that is refused does not hold up the next. */
static void trouble_is_tried_again_and_a_refusal_is_not(void **state)
{
    _Atomic size_t n = 0;
    struct receiver *receiver = receiver_start(0, in_turn, &n);
    static struct counts counts;
    char url[64];

    (void)state;
    receiver_url(receiver, url);
    struct gs_notify *notify = start(url, (struct gs_notify_options){0}, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    tell(notify, "000000000000000b", GS_NOTICE_OPENED);
    until(&counts.sent[0], 1);
    has(receiver, 0, "000000000000000a", "opened");
    has(receiver, 1, "000000000000000a", "opened");
    has(receiver, 2, "000000000000000b", "opened");
    assert_int_equal(atomic_load(&counts.failed[GS_NOTIFY_SERVER]), 1);
    assert_int_equal(atomic_load(&counts.dropped[GS_NOTIFY_DROP_REFUSED]), 1);
    gs_notify_free(notify);
    receiver_stop(receiver);
}

static struct reply chat(void *arg, const struct received *request)
{
    _Atomic size_t *n = arg;

    (void)request;
    return atomic_fetch_add(n, 1) == 0
               ? (struct reply){.body = "{\"errcode\":310000,\"errmsg\":\"sign not match\"}"}
               : (struct reply){.body = "{\"errcode\":0,\"errmsg\":\"ok\"}"};
}

/* Status 200, and it has not taken it: a chat says so in its answer. */
static void a_chat_that_says_no_is_asked_again(void **state)
{
    _Atomic size_t n = 0;
    struct receiver *receiver = receiver_start(0, chat, &n);
    static struct counts counts;
    char url[100];
    char base[64];
    char path[] = "/tmp/groundswell-secret-XXXXXX";
    struct received got;

    (void)state;
    write_secret(path, "SEC1");
    receiver_url(receiver, base);
    (void)snprintf(url, sizeof url, "%s/robot/send?access_token=x", base);
    struct gs_notify *notify = start(
        url, (struct gs_notify_options){.shape = GS_SHAPE_DINGTALK, .secret_file = path}, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    until(&counts.sent[0], 1);
    assert_int_equal(atomic_load(&counts.failed[GS_NOTIFY_REFUSED]), 1);
    assert_int_equal(receiver_count(receiver), 2);
    receiver_get(receiver, 1, &got);
    assert_string_equal(got.path, "/robot/send");
    assert_non_null(strstr(got.query, "access_token=x"));
    assert_non_null(strstr(got.query, "timestamp="));
    assert_non_null(strstr(got.query, "sign="));
    assert_non_null(strstr(got.body, "\"msgtype\":\"text\""));
    received_done(&got);
    gs_notify_free(notify);
    (void)unlink(path);
    receiver_stop(receiver);
}

static struct reply always_no(void *arg, const struct received *request)
{
    (void)arg;
    return strstr(request->body, "000000000000000a") != NULL ? (struct reply){.status = 500}
                                                             : (struct reply){.status = 200};
}

static void what_is_too_old_is_given_up_and_counted(void **state)
{
    struct receiver *receiver = receiver_start(0, always_no, NULL);
    static struct counts counts;
    char url[64];

    (void)state;
    receiver_url(receiver, url);
    struct gs_notify *notify = start(url, (struct gs_notify_options){.give_up_ms = 1500}, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    until(&counts.failed[GS_NOTIFY_SERVER], 1);
    until(&counts.dropped[GS_NOTIFY_DROP_LATE], 1);
    tell(notify, "000000000000000b", GS_NOTICE_OPENED);
    until(&counts.sent[0], 1);
    tell(notify, "000000000000000a", GS_NOTICE_ENDED);
    until(&counts.failed[GS_NOTIFY_SERVER], 3);
    gs_notify_free(notify);
    assert_int_equal(atomic_load(&counts.dropped[GS_NOTIFY_DROP_STOPPED]), 1);
    receiver_stop(receiver);
}

static void what_came_just_before_the_end_is_told(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    static struct counts counts;
    static struct gs_incident incident;
    char url[64];

    (void)state;
    receiver_url(receiver, url);
    struct gs_notify *notify = start(url, (struct gs_notify_options){0}, &counts);
    make_incident("000000000000000c", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    gs_notify_incident(notify, &incident, true); /* muted */
    for (int i = 0; i < 20; i++) {
        tell(notify, "000000000000000a", GS_NOTICE_REMINDER);
    }
    gs_notify_free(notify);
    assert_int_equal(receiver_count(receiver), 20);
    assert_int_equal(receiver_count_with(receiver, "000000000000000c"), 0);
    assert_int_equal(atomic_load(&counts.dropped[GS_NOTIFY_DROP_STOPPED]), 0);
    receiver_stop(receiver);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_notice_goes_once_in_order_and_signed),
        cmocka_unit_test(one_that_is_away_misses_what_is_replaced_alone),
        cmocka_unit_test(trouble_is_tried_again_and_a_refusal_is_not),
        cmocka_unit_test(a_chat_that_says_no_is_asked_again),
        cmocka_unit_test(what_is_too_old_is_given_up_and_counted),
        cmocka_unit_test(what_came_just_before_the_end_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

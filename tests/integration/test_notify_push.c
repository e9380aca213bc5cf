/* Pushing to Alertmanagers over real connections: who is told what and when, and what a receiver that
 * is dead, slow, hostile or away does to the others. */
#include "tests/integration/fake_receiver.h"
#include "tests/integration/notify_counts.h"
#include "tests/unit/alerting/notify/notify_helper.h"
#include "tests/unit/gs_test.h"

#include "alerting/notify/notify.h"
#include "ingest/base/clock.h"
#include "ingest/base/file.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static struct gs_notify *start(const char *const *urls, size_t n, int64_t resend_ms,
                               const struct gs_notify_login *login, struct counts *counts)
{
    struct gs_notify *notify = NULL;
    struct gs_error err = {.status = GS_OK};
    const struct gs_notify_options options = {
        .alertmanagers = urls,
        .n_alertmanagers = n,
        .resend_ms = resend_ms,
        .alertmanager_login = login == NULL ? (struct gs_notify_login){0} : *login,
        .user_agent = "groundswell/test",
        .timeout_ms = 2000,
        .max_open = 64,
        .hooks = notify_count_hooks(counts)};

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

/* How far endsAt of an incident lies ahead of now, in seconds, in a body; fails when it is not in it. */
static double ahead_s(const char *body, const char *id)
{
    json_t *alerts = json_loads(body, 0, NULL);
    double ahead = -1e9;
    struct tm tm = {0};

    assert_non_null(alerts);
    for (size_t i = 0; i < json_array_size(alerts); i++) {
        const json_t *alert = json_array_get(alerts, i);
        const char *its =
            json_string_value(json_object_get(json_object_get(alert, "labels"), "incident"));
        const char *ends = json_string_value(json_object_get(alert, "endsAt"));
        if (strcmp(its, id) == 0) {
            assert_non_null(strptime(ends, "%Y-%m-%dT%H:%M:%S", &tm));
            ahead = (double)timegm(&tm) - (double)gs_clock_wall_ms() / 1000;
        }
    }
    json_decref(alerts);
    assert_true(ahead > -1e8);
    return ahead;
}

static void last_body(struct receiver *receiver, struct received *ret)
{
    receiver_get(receiver, receiver_count(receiver) - 1, ret);
}

static void every_peer_is_told_and_told_again(void **state)
{
    struct receiver *receivers[2] = {receiver_start(0, NULL, NULL), receiver_start(0, NULL, NULL)};
    static struct counts counts;
    char urls[2][64];
    struct received first;

    (void)state;
    receiver_url(receivers[0], urls[0]);
    (void)snprintf(urls[1], sizeof urls[1], "http://127.0.0.1:%d/prefix/",
                   receiver_port(receivers[1]));
    const char *const list[] = {urls[0], urls[1]};
    struct gs_notify *notify = start(list, 2, 300, NULL, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    for (size_t i = 0; i < 2; i++) {
        assert_true(receiver_wait(receivers[i], 3, "000000000000000a", PATIENT_MS));
        receiver_get(receivers[i], 0, &first);
        assert_string_equal(first.path, i == 0 ? "/api/v2/alerts" : "/prefix/api/v2/alerts");
        assert_string_equal(first.type, "application/json");
        assert_string_equal(first.agent, "groundswell/test");
        received_done(&first);
    }
    tell(notify, "000000000000000a", GS_NOTICE_ENDED);
    assert_true(receiver_wait(receivers[0], 6, NULL, PATIENT_MS));
    last_body(receivers[0], &first);
    assert_true(ahead_s(first.body, "000000000000000a") <= 0); /* over, and said again */
    received_done(&first);
    gs_notify_free(notify);
    assert_true(counts.sent[0] >= 6 && counts.sent[1] >= 3);
    receiver_stop(receivers[0]);
    receiver_stop(receivers[1]);
}

/* A port that nobody listens at. */
static int dead_port(void)
{
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static struct reply slow(void *arg, const struct received *request)
{
    (void)arg;
    (void)request;
    return (struct reply){.wait_ms = 4000};
}

static int64_t now_ms(void)
{
    return gs_clock_monotonic_ns() / 1000000;
}

/* A dead one and one that never answers hold up neither the third nor the caller, nor the stop. */
static void dead_receivers_hold_nobody_up(void **state)
{
    struct receiver *hangs = receiver_start(0, slow, NULL);
    struct receiver *fine = receiver_start(0, NULL, NULL);
    static struct counts counts;
    char urls[3][64];

    (void)state;
    (void)snprintf(urls[0], 64, "http://127.0.0.1:%d", dead_port());
    receiver_url(hangs, urls[1]);
    receiver_url(fine, urls[2]);
    const char *const list[] = {urls[0], urls[1], urls[2]};
    struct gs_notify *notify = start(list, 3, 60000, NULL, &counts);
    const int64_t begin_ms = now_ms();
    for (int i = 0; i < 50; i++) {
        char id[17];
        (void)snprintf(id, sizeof id, "%016x", i);
        tell(notify, id, GS_NOTICE_OPENED);
    }
    assert_true(now_ms() - begin_ms < 500);
    assert_true(receiver_wait(fine, 1, "0000000000000031", 1500));
    until(&counts.failed[GS_NOTIFY_TIMEOUT], 1);
    assert_true(atomic_load(&counts.failed[GS_NOTIFY_CONNECT]) >= 1);
    assert_true(atomic_load(&counts.failed[GS_NOTIFY_TIMEOUT]) >= 1);
    assert_int_equal(atomic_load(&counts.waiting[0]), 50);
    assert_int_equal(atomic_load(&counts.sent[0]), 0);
    const int64_t stop_ms = now_ms();
    gs_notify_free(notify);
    assert_true(now_ms() - stop_ms < 1800);
    receiver_stop(hangs);
    receiver_stop(fine);
}

/* Down while one begins and another ends, and back: it is told what is true, at once. */
static void one_that_comes_back_is_told_what_is_true(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    const int port = receiver_port(receiver);
    static struct counts counts;
    char url[64];
    struct received got;

    (void)state;
    receiver_url(receiver, url);
    const char *const list[] = {url};
    struct gs_notify *notify = start(list, 1, 60000, NULL, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    assert_true(receiver_wait(receiver, 1, "000000000000000a", PATIENT_MS));
    receiver_stop(receiver);
    tell(notify, "000000000000000a", GS_NOTICE_ENDED);
    tell(notify, "000000000000000b", GS_NOTICE_OPENED);
    until(&counts.failed[GS_NOTIFY_CONNECT], 2);
    receiver = receiver_start(port, NULL, NULL);
    assert_true(receiver_wait(receiver, 1, "000000000000000b", PATIENT_MS));
    receiver_get(receiver, 0, &got);
    assert_true(ahead_s(got.body, "000000000000000a") <= 0);
    assert_in_range(ahead_s(got.body, "000000000000000b"), 170, 181); /* three resends */
    received_done(&got);
    gs_notify_free(notify);
    receiver_stop(receiver);
}

/* The end of the process is not the end of an incident. */
static void a_stop_ends_nothing(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    static struct counts counts;
    char url[64];
    struct received got;

    (void)state;
    receiver_url(receiver, url);
    const char *const list[] = {url};
    struct gs_notify *notify = start(list, 1, 60000, NULL, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    assert_true(receiver_wait(receiver, 1, NULL, PATIENT_MS));
    tell(notify, "000000000000000b", GS_NOTICE_OPENED);
    gs_notify_forget(notify, "000000000000000b"); /* as when a lane loses its partition */
    gs_notify_free(notify);
    assert_true(receiver_count(receiver) >= 2); /* told once more, for whoever comes next */
    for (size_t i = 0; i < receiver_count(receiver); i++) {
        receiver_get(receiver, i, &got);
        if (strstr(got.body, "000000000000000a") != NULL) {
            assert_true(ahead_s(got.body, "000000000000000a") > 170);
        }
        if (strstr(got.body, "000000000000000b") != NULL) {
            assert_true(ahead_s(got.body, "000000000000000b") > 170);
        }
        received_done(&got);
    }
    assert_true(receiver_count_with(receiver, "000000000000000b") >= 1);
    receiver_stop(receiver);
}

static struct reply refuse_c(void *arg, const struct received *request)
{
    (void)arg;
    return strstr(request->body, "000000000000000c") != NULL
               ? (struct reply){.status = 400, .body = "\"invalid label\\n\"", .padding = 100000}
               : (struct reply){.padding = 3000000};
}

/* Also: bodies of answers without end are let go by. */
static void one_refused_alert_does_not_hold_up_others(void **state)
{
    struct receiver *receiver = receiver_start(0, refuse_c, NULL);
    static struct counts counts;
    char url[64];

    (void)state;
    receiver_url(receiver, url);
    const char *const list[] = {url};
    struct gs_notify *notify = start(list, 1, 400, NULL, &counts);
    const char *const ids[] = {"000000000000000a", "000000000000000b", "000000000000000c",
                               "000000000000000d"};
    for (size_t i = 0; i < 4; i++) {
        tell(notify, ids[i], GS_NOTICE_OPENED);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_true(receiver_wait(receiver, ids[i][15] == 'c' ? 1 : 2, ids[i], PATIENT_MS));
    }
    assert_int_equal(atomic_load(&counts.dropped[GS_NOTIFY_DROP_REFUSED]), 1);
    assert_true(atomic_load(&counts.failed[GS_NOTIFY_REFUSED]) >= 1);
    gs_notify_free(notify);
    receiver_stop(receiver);
}

static void muted_incidents_are_not_sent(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    static struct counts counts;
    static struct gs_incident incident;
    char url[64];

    (void)state;
    receiver_url(receiver, url);
    const char *const list[] = {url};
    struct gs_notify *notify = start(list, 1, 100, NULL, &counts);
    make_incident("000000000000000a", "entity:NRV", GS_SEVERITY_WARNING, &incident);
    gs_notify_incident(notify, &incident, true);
    tell(notify, "000000000000000b", GS_NOTICE_OPENED);
    assert_true(receiver_wait(receiver, 3, "000000000000000b", PATIENT_MS));
    assert_int_equal(receiver_count_with(receiver, "000000000000000a"), 0);
    gs_notify_incident(notify, &incident, false); /* not muted any more */
    assert_true(receiver_wait(receiver, 1, "000000000000000a", PATIENT_MS));
    gs_notify_free(notify);
    receiver_stop(receiver);
}

static void write_file(const char *path, const char *text)
{
    assert_int_equal(gs_file_write(path, gs_str(text), GS_FILE_FOR_OWNER, NULL), GS_OK);
}

static struct reply needs_second(void *arg, const struct received *request)
{
    (void)arg;
    return strcmp(request->authorization, "Bearer second") == 0
               ? (struct reply){.status = 200}
               : (struct reply){.status = 401, .body = "who are you"};
}

/* A token that is rotated counts at the next request. */
static void credentials_are_read_anew(void **state)
{
    struct receiver *receiver = receiver_start(0, needs_second, NULL);
    static struct counts counts;
    char url[64];
    char path[] = "/tmp/groundswell-token-XXXXXX";

    (void)state;
    assert_true(close(mkstemp(path)) == 0);
    write_file(path, "first\n");
    receiver_url(receiver, url);
    const char *const list[] = {url};
    const struct gs_notify_login login = {.bearer_token_file = path};
    struct gs_notify *notify = start(list, 1, 60000, &login, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    assert_true(receiver_wait(receiver, 1, NULL, PATIENT_MS));
    write_file(path, "second\n");
    assert_true(receiver_wait(receiver, 2, NULL, PATIENT_MS));
    until(&counts.sent[0], 1);
    assert_int_equal(atomic_load(&counts.failed[GS_NOTIFY_AUTH]), 1);
    (void)unlink(path);
    tell(notify, "000000000000000b", GS_NOTICE_OPENED); /* and gone: not sent without it */
    until(&counts.failed[GS_NOTIFY_CREDENTIALS], 1);
    assert_int_equal(receiver_count_with(receiver, "000000000000000b"), 0);
    gs_notify_free(notify);
    receiver_stop(receiver);
}

static void a_user_and_password_go_as_basic(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    static struct counts counts;
    char url[64];
    char path[] = "/tmp/groundswell-password-XXXXXX";
    struct received got;

    (void)state;
    assert_true(close(mkstemp(path)) == 0);
    write_file(path, "geheim\r\n");
    receiver_url(receiver, url);
    const char *const list[] = {url};
    const struct gs_notify_login login = {.username = "gs", .password_file = path};
    struct gs_notify *notify = start(list, 1, 60000, &login, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    assert_true(receiver_wait(receiver, 1, NULL, PATIENT_MS));
    receiver_get(receiver, 0, &got);
    assert_string_equal(got.authorization, "Basic Z3M6Z2VoZWlt");
    received_done(&got);
    gs_notify_free(notify);
    (void)unlink(path);
    receiver_stop(receiver);
}

static struct reply elsewhere(void *arg, const struct received *request)
{
    (void)request;
    return (struct reply){.status = 307, .location = arg};
}

static void redirects_are_not_followed(void **state)
{
    struct receiver *other = receiver_start(0, NULL, NULL);
    static struct counts counts;
    char url[64];
    char target[64];

    (void)state;
    receiver_url(other, target);
    struct receiver *receiver = receiver_start(0, elsewhere, target);
    receiver_url(receiver, url);
    const char *const list[] = {url};
    struct gs_notify *notify = start(list, 1, 60000, NULL, &counts);
    tell(notify, "000000000000000a", GS_NOTICE_OPENED);
    until(&counts.failed[GS_NOTIFY_REDIRECT], 1);
    gs_notify_free(notify);
    assert_int_equal(receiver_count(other), 0);
    receiver_stop(receiver);
    receiver_stop(other);
}

/* ---- many threads at once: for ThreadSanitizer ---- */

static void *tell_many(void *arg)
{
    struct gs_notify *notify = arg;
    struct gs_incident *incident = malloc(sizeof *incident);
    char id[17];

    for (int i = 0; i < 200; i++) {
        (void)snprintf(id, sizeof id, "%016x", i % 20);
        make_incident(id, "entity:NRV", (enum gs_severity)(i / 50 % GS_N_SEVERITIES), incident);
        incident->state = i % 7 == 0 ? GS_INCIDENT_ENDED : GS_INCIDENT_OPEN;
        gs_notify_incident(notify, incident, i % 11 == 0);
        if (i % 13 == 0) {
            gs_notify_forget(notify, id);
        }
    }
    free(incident);
    return NULL;
}

static void any_thread_may_tell(void **state)
{
    struct receiver *receiver = receiver_start(0, NULL, NULL);
    static struct counts counts;
    char url[64];
    pthread_t threads[4];

    (void)state;
    receiver_url(receiver, url);
    const char *const list[] = {url};
    struct gs_notify *notify = start(list, 1, 50, NULL, &counts);
    for (size_t i = 0; i < GS_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, tell_many, notify), 0);
    }
    for (size_t i = 0; i < GS_COUNT(threads); i++) {
        (void)pthread_join(threads[i], NULL);
    }
    tell(notify, "00000000000000ff", GS_NOTICE_OPENED);
    assert_true(receiver_wait(receiver, 1, "00000000000000ff", PATIENT_MS));
    gs_notify_free(notify);
    receiver_stop(receiver);
}

/* ---- addresses and files ---- */

static const struct {
    const char *url, *host; /* host NULL: refused */
} addresses[] = {
    {"http://am:9093", "am:9093"},
    {"https://am.example/prefix", "am.example"},
    {"http://[::1]:9093", "[::1]:9093"},
    {"am:9093", NULL},
    {"ftp://am/", NULL},
    {"file:///etc/passwd", NULL},
    {"http://", NULL},
    {"http://user@am:9093", NULL},
    {"http://user:password@am:9093", NULL},
    {"http://am:9093/#x", NULL},
    {"http://am:99999", NULL},
    {"http://am:9093/a b", NULL},
    {"http://am:9093/\r\nX: y", NULL},
    {"http://\xe5\x8c\x97", NULL},
    {"", NULL},
};

static void addresses_are_checked(void **state)
{
    char host[64];
    struct gs_error err = {.status = GS_OK};

    (void)state;
    for (size_t i = 0; i < GS_COUNT(addresses); i++) {
        print_message("  %s\n", addresses[i].url);
        const enum gs_status status = gs_notify_check_url(addresses[i].url, &err);
        assert_int_equal(status, addresses[i].host == NULL ? GS_BAD_CONFIG : GS_OK);
        if (status == GS_OK) {
            gs_notify_url_host(addresses[i].url, host, sizeof host);
            assert_string_equal(host, addresses[i].host);
        } else {
            assert_null(strstr(err.message, "password@"));
        }
    }
}

static void files_are_checked(void **state)
{
    char path[] = "/tmp/groundswell-file-XXXXXX";
    struct gs_error err = {.status = GS_OK};

    (void)state;
    assert_int_equal(gs_notify_check_secret("/nowhere/at/all", &err), GS_BAD_CONFIG);
    assert_int_equal(gs_notify_check_secret("/tmp", &err), GS_BAD_CONFIG);
    assert_true(close(mkstemp(path)) == 0);
    assert_int_equal(gs_notify_check_secret(path, &err), GS_BAD_CONFIG); /* empty */
    write_file(path, "token\nX-Other: header\n");
    assert_int_equal(gs_notify_check_secret(path, &err), GS_BAD_CONFIG);
    assert_null(strstr(err.message, "token"));
    write_file(path, "token\n");
    assert_int_equal(gs_notify_check_secret(path, &err), GS_OK);
    assert_int_equal(gs_notify_check_ca(path, &err), GS_BAD_CONFIG);
    assert_int_equal(gs_notify_check_ca("/etc/ssl/certs/ca-certificates.crt", &err),
                     access("/etc/ssl/certs/ca-certificates.crt", R_OK) == 0 ? GS_OK
                                                                             : GS_BAD_CONFIG);
    (void)unlink(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_peer_is_told_and_told_again),
        cmocka_unit_test(dead_receivers_hold_nobody_up),
        cmocka_unit_test(one_that_comes_back_is_told_what_is_true),
        cmocka_unit_test(a_stop_ends_nothing),
        cmocka_unit_test(one_refused_alert_does_not_hold_up_others),
        cmocka_unit_test(muted_incidents_are_not_sent),
        cmocka_unit_test(credentials_are_read_anew),
        cmocka_unit_test(a_user_and_password_go_as_basic),
        cmocka_unit_test(redirects_are_not_followed),
        cmocka_unit_test(any_thread_may_tell),
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(files_are_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}

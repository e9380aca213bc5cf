/* The server as its clients see it: real connections to a free port, each answer whole. */
#include "alerting/http/http.h"

#include "alerting/http/status_page.h"
#include "ingest/base/file.h"
#include "tests/unit/gs_test.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

static const struct gs_metric_def defs[] = {
    {.name = "scrapes_total", .type = GS_METRIC_COUNTER, .unit = "", .help = "Scrapes."}};

struct program {
    _Atomic bool ready, alive;
    struct gs_metrics *metrics;
    struct gs_shard *shard; /* of the server's thread */
    struct gs_http *http;
};

static void refresh(void *arg)
{
    const struct program *program = arg;
    gs_series_add(gs_series(program->shard, 0, NULL), 1);
}

static bool ready(void *arg, struct gs_buf *ret_reason)
{
    const struct program *program = arg;
    gs_buf_puts(ret_reason, "no partitions yet");
    return atomic_load(&program->ready);
}

static bool alive(void *arg, struct gs_buf *ret_reason)
{
    const struct program *program = arg;
    gs_buf_puts(ret_reason, "lane 0 stands still");
    return atomic_load(&program->alive);
}

static void status_json(void *arg, struct gs_buf *ret)
{
    (void)arg;
    gs_buf_puts(ret, "{\"version\":\"1\"}");
}

static int start(void **state)
{
    struct program *program = calloc(1, sizeof *program);
    const struct gs_http_options options = {.address = "127.0.0.1", .max_connections = 8};
    struct gs_error err = {.status = GS_OK};

    assert_non_null(program);
    assert_int_equal(gs_metrics_new(defs, 1, &program->metrics, NULL), GS_OK);
    assert_int_equal(gs_shard_new(program->metrics, &program->shard, NULL), GS_OK);
    const struct gs_http_hooks hooks = {.arg = program,
                                        .metrics = program->metrics,
                                        .refresh = refresh,
                                        .ready = ready,
                                        .alive = alive,
                                        .status_json = status_json};
    if (gs_http_start(&options, &hooks, &program->http, &err) != GS_OK) {
        fail_msg("%s", err.message);
    }
    *state = program;
    return 0;
}

static int stop(void **state)
{
    struct program *program = *state;

    gs_http_stop(program->http);
    gs_metrics_free(program->metrics);
    free(program);
    return 0;
}

static int connect_to(const struct program *program)
{
    const struct timeval patience = {.tv_sec = 5};
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)gs_http_port(program->http)),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    const int fd = socket(AF_INET, SOCK_STREAM, 0);

    assert_true(fd >= 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
    return fd;
}

/* Sends a whole request and reads until the server closes. */
static void ask(const struct program *program, const char *request, size_t n, char *ret,
                size_t size)
{
    const int fd = connect_to(program);
    size_t len = 0;

    for (size_t sent = 0; sent < n;) {
        const ssize_t k = send(fd, request + sent, n - sent, MSG_NOSIGNAL);
        if (k <= 0) {
            break; /* the server has had enough; what it said still counts */
        }
        sent += (size_t)k;
    }
    while (len < size - 1) {
        const ssize_t k = recv(fd, ret + len, size - 1 - len, 0);
        if (k <= 0) {
            break;
        }
        len += (size_t)k;
    }
    ret[len] = '\0';
    (void)close(fd);
}

static void get(const struct program *program, const char *method, const char *path,
                const char *more, char *ret, size_t size)
{
    char request[1024];
    const int n =
        snprintf(request, sizeof request,
                 "%s %s HTTP/1.1\r\nHost: t\r\nConnection: close\r\n%s\r\n", method, path, more);
    ask(program, request, (size_t)n, ret, size);
}

/* ---- */

static void every_path_answers(void **state)
{
    static const struct {
        const char *shows, *method, *path, *more, *status, *holds;
    } rows[] = {
        {"metrics", "GET", "/metrics", "", "200", "\n# TYPE scrapes_total counter\nscrapes_total "},
        {"plain text by default", "GET", "/metrics", "", "200",
         "Content-Type: text/plain; version=0.0.4; charset=utf-8"},
        {"OpenMetrics when asked for", "GET", "/metrics",
         "Accept: application/openmetrics-text; version=1.0.0\r\n", "200",
         "Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8"},
        {"OpenMetrics in the second Accept line", "GET", "/metrics",
         "Accept: text/html\r\nAccept: application/openmetrics-text\r\n", "200", "\n# EOF\n"},
        {"a query does not change the path", "GET", "/metrics?x=1", "", "200", "scrapes_total"},
        {"status", "GET", "/api/v1/status", "", "200", "\r\n\r\n{\"version\":\"1\"}"},
        {"the page", "GET", "/", "", "200", "<!doctype html>"},
        {"its script", "GET", "/page.js", "", "200", "text/javascript"},
        {"its style", "GET", "/page.css", "", "200", "text/css"},
        {"its icon", "GET", "/page.svg", "", "200", "Content-Type: image/svg+xml"},
        {"a strict policy", "GET", "/", "", "200", "default-src 'none'; script-src 'self'"},
        {"the policy of an error too", "GET", "/x", "", "404", "default-src 'none'; script-src"},
        {"no sniffing", "GET", "/", "", "200", "X-Content-Type-Options: nosniff"},
        {"unknown path", "GET", "/etc/passwd", "", "404", "not found"},
        {"dots are no path", "GET", "/../../etc/passwd", "", "404", "not found"},
        {"POST is refused", "POST", "/metrics", "Content-Length: 0\r\n", "405", "Allow: GET, HEAD"},
        {"DELETE is refused", "DELETE", "/", "", "405", "only GET and HEAD"},
        {"not alive", "GET", "/healthz", "", "503", "\r\n\r\nlane 0 stands still\n"},
        {"not ready", "GET", "/readyz", "", "503", "\r\n\r\nno partitions yet\n"},
    };
    struct program *program = *state;
    static char answer[1 << 16];

    for (size_t i = 0; i < GS_COUNT(rows); i++) {
        print_message("  %s\n", rows[i].shows);
        get(program, rows[i].method, rows[i].path, rows[i].more, answer, sizeof answer);
        assert_memory_equal(answer + strlen("HTTP/1.1 "), rows[i].status, 3);
        assert_non_null(strstr(answer, rows[i].holds));
    }
}

/* ---- the status page ---- */

static const struct {
    const char *path, *file, *type;
    const struct gs_str *embedded;
} page_files[] = {
    {"/", "../alerting/http/status_page.html", "text/html; charset=utf-8", &gs_status_page_html},
    {"/page.css", "../alerting/http/status_page.css", "text/css; charset=utf-8",
     &gs_status_page_css},
    {"/page.js", "../alerting/http/status_page.js", "text/javascript; charset=utf-8",
     &gs_status_page_js},
    {"/page.svg", "../alerting/http/status_page.svg", "image/svg+xml", &gs_status_page_svg},
};

static void the_page_is_its_files_to_the_last_byte(void **state)
{
    struct program *program = *state;
    static char answer[1 << 16];

    for (size_t i = 0; i < GS_COUNT(page_files); i++) {
        struct gs_file file = {0};
        char line[128];
        print_message("  %s\n", page_files[i].path);
        assert_int_equal(gs_file_read(page_files[i].file, 1 << 20, &file, NULL), GS_OK);
        assert_true(file.bytes.len > 0);
        assert_true(gs_str_equal(file.bytes, *page_files[i].embedded));

        get(program, "GET", page_files[i].path, "", answer, sizeof answer);
        (void)snprintf(line, sizeof line, "\r\nContent-Length: %zu\r\n", file.bytes.len);
        assert_non_null(strstr(answer, line));
        (void)snprintf(line, sizeof line, "\r\nContent-Type: %s\r\n", page_files[i].type);
        assert_non_null(strstr(answer, line));
        const char *body = strstr(answer, "\r\n\r\n");
        assert_non_null(body);
        assert_int_equal(strlen(body + 4), file.bytes.len);
        assert_memory_equal(body + 4, file.bytes.bytes, file.bytes.len);
        gs_file_done(&file);
    }
}

/* The value of the first attribute of a tag whose name begins so, NULL when it has none. */
static const char *attribute(const char *tag, const char *name)
{
    const char *end = tag + strcspn(tag, ">");

    for (const char *p = tag; p < end; p++) {
        const size_t letters = strspn(p + 1, "abcdefghijklmnopqrstuvwxyz-");
        if (*p == ' ' && strncmp(p + 1, name, strlen(name)) == 0 &&
            strncmp(p + 1 + letters, "=\"", 2) == 0) {
            return p + 1 + letters + 2;
        }
    }
    return NULL;
}

static bool leads_away(const char *target)
{
    return target != NULL && *target != '/';
}

/* What the policy would not let run: scripts, styles and handlers in the page itself, and files from
 * elsewhere. Returns how many such things there are. */
static size_t count_inline(const char *html)
{
    size_t n = strstr(html, "<style") != NULL;

    for (const char *tag = strchr(html, '<'); tag != NULL; tag = strchr(tag + 1, '<')) {
        n += strncmp(tag, "<script", 7) == 0 && attribute(tag, "src") == NULL;
        n += attribute(tag, "style") != NULL;
        n += attribute(tag, "on") != NULL;
        n += leads_away(attribute(tag, "src"));
        n += leads_away(attribute(tag, "href"));
    }
    return n;
}

static void nothing_is_inline_in_the_page(void **state)
{
    static const struct {
        const char *shows, *html;
        size_t n;
    } rows[] = {
        {"a script's file", "<script src=\"/a.js\" defer></script>", 0},
        {"a script inline", "<script>let a;</script>", 1},
        {"a script from elsewhere", "<script src=\"https://a/b.js\"></script>", 1},
        {"a style inline", "<style>p{}</style>", 1},
        {"a style of an element", "<p class=\"a\" style=\"color:red\">", 1},
        {"a handler", "<body onload=\"a()\">", 1},
        {"a link that is a script", "<a href=\"javascript:a()\">", 1},
        {"words that look like it", "<p>onload= style=\"x\"</p>", 0},
    };
    static char html[1 << 16];

    (void)state;
    for (size_t i = 0; i < GS_COUNT(rows); i++) { /* that the count can find something */
        print_message("  %s\n", rows[i].shows);
        assert_int_equal(count_inline(rows[i].html), rows[i].n);
    }
    (void)snprintf(html, sizeof html, "%.*s", GS_STR_ARGS(gs_status_page_html));
    assert_int_equal(count_inline(html), 0);
    static const char *const inserters[] = {"innerHTML",      "outerHTML", "insertAdjacentHTML",
                                            "document.write", "eval(",     ".style"};
    (void)snprintf(html, sizeof html, "%.*s", GS_STR_ARGS(gs_status_page_js));
    for (size_t i = 0; i < GS_COUNT(inserters); i++) {
        assert_null(strstr(html, inserters[i]));
    }
}

static void health_follows_the_program(void **state)
{
    struct program *program = *state;
    char answer[4096];

    atomic_store(&program->ready, true);
    get(program, "GET", "/readyz", "", answer, sizeof answer);
    assert_non_null(strstr(answer, " 200 "));
    get(program, "GET", "/healthz", "", answer, sizeof answer);
    assert_non_null(strstr(answer, " 503 "));
    atomic_store(&program->alive, true);
    get(program, "GET", "/healthz", "", answer, sizeof answer);
    assert_non_null(strstr(answer, "\r\n\r\nok\n"));
}

static void head_has_the_length_but_no_body(void **state)
{
    const struct program *program = *state;
    char answer[4096];

    get(program, "HEAD", "/api/v1/status", "", answer, sizeof answer);
    assert_non_null(strstr(answer, "HTTP/1.1 200"));
    assert_non_null(strstr(answer, "Content-Length: 15"));
    const char *end = strstr(answer, "\r\n\r\n");
    assert_non_null(end);
    assert_string_equal(end, "\r\n\r\n");
}

static void a_scrape_refreshes_first(void **state)
{
    const struct program *program = *state;
    char answer[4096];

    get(program, "GET", "/metrics", "", answer, sizeof answer);
    get(program, "GET", "/metrics", "", answer, sizeof answer);
    assert_non_null(strstr(answer, "\nscrapes_total 2\n"));
}

/* Requests that no honest client sends: any answer or a closed connection will do, and the next one
 * is served. */
static void hostile_requests_do_no_harm(void **state)
{
    const struct program *program = *state;
    static char big[200000];
    static char answer[1 << 16];

    memset(big, 'a', sizeof big);
    ask(program, big, sizeof big, answer, sizeof answer); /* a method without end */
    (void)snprintf(big, sizeof big, "GET /");
    big[5] = 'a';
    ask(program, big, sizeof big, answer, sizeof answer); /* a path without end */
    assert_null(strstr(answer, " 200 "));
    const int n = snprintf(big, sizeof big,
                           "GET /metrics HTTP/1.1\r\nHost: t\r\nContent-Length: 150000\r\n\r\n");
    big[n] = 'a';
    ask(program, big, 150000 + (size_t)n, answer, sizeof answer); /* a body nobody wants */
    assert_null(strstr(answer, " 200 "));
    const int silent = connect_to(program); /* no HTTP at all, and no end */
    assert_int_equal(send(silent, "\r\n\r\n\0\x16\x03\x01", 8, MSG_NOSIGNAL), 8);
    get(program, "GET", "/%00%0a%ff/../metrics", "", answer, sizeof answer);
    get(program, "GET", "/api/v1/status", "", answer, sizeof answer);
    assert_non_null(strstr(answer, " 200 "));
    (void)close(silent);
}

static void connections_are_bounded(void **state)
{
    static const char request[] = "GET / HTTP/1.1\r\nHost: t\r\nConnection: close\r\n\r\n";
    const struct timeval moment = {.tv_usec = 300000};
    const struct program *program = *state;
    int held[8];
    char answer[4096];

    for (size_t i = 0; i < GS_COUNT(held); i++) {
        held[i] = connect_to(program);
        assert_int_equal(send(held[i], "GET / HTT", 9, MSG_NOSIGNAL), 9); /* and then silence */
    }
    const int ninth = connect_to(program);
    assert_int_equal(setsockopt(ninth, SOL_SOCKET, SO_RCVTIMEO, &moment, sizeof moment), 0);
    (void)send(ninth, request, sizeof request - 1, MSG_NOSIGNAL);
    assert_true(recv(ninth, answer, sizeof answer, 0) <= 0); /* waits, or was closed */
    (void)close(ninth);
    for (size_t i = 0; i < GS_COUNT(held); i++) {
        (void)close(held[i]);
    }
    get(program, "GET", "/api/v1/status", "", answer, sizeof answer); /* room again */
    assert_non_null(strstr(answer, " 200 "));
}

static void a_port_in_use_says_so(void **state)
{
    const struct program *program = *state;
    const struct gs_http_options options = {
        .address = "127.0.0.1", .port = gs_http_port(program->http), .max_connections = 4};
    const struct gs_http_hooks hooks = {.metrics = program->metrics};
    struct gs_http *http = NULL;
    struct gs_error err = {.status = GS_OK};

    assert_int_equal(gs_http_start(&options, &hooks, &http, &err), GS_IO);
    assert_non_null(strstr(err.message, "Address already in use"));
    assert_null(http);
}

static void an_address_that_is_none_says_so(void **state)
{
    const struct program *program = *state;
    const struct gs_http_options options = {.address = "localhost", .max_connections = 4};
    const struct gs_http_hooks hooks = {.metrics = program->metrics};
    struct gs_http *http = NULL;
    struct gs_error err = {.status = GS_OK};

    assert_int_equal(gs_http_start(&options, &hooks, &http, &err), GS_IO);
    assert_non_null(strstr(err.message, "\"localhost\""));
}

/* ---- many at once: run under tsan ---- */

static void *scrape(void *arg)
{
    const struct program *program = arg;
    static _Thread_local char answer[1 << 16];

    for (int i = 0; i < 20; i++) {
        get(program, "GET", i % 2 == 0 ? "/metrics" : "/readyz", "", answer, sizeof answer);
    }
    return NULL;
}

static void scrapes_at_the_same_time(void **state)
{
    struct program *program = *state;
    pthread_t threads[4];
    char answer[4096];

    for (size_t i = 0; i < GS_COUNT(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, scrape, program), 0);
    }
    for (int i = 0; i < 1000; i++) {
        atomic_store(&program->ready, i % 2 == 0);
    }
    for (size_t i = 0; i < GS_COUNT(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    get(program, "GET", "/metrics", "", answer, sizeof answer);
    assert_non_null(strstr(answer, "\nscrapes_total 41\n"));
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_SERVER(every_path_answers),
        WITH_SERVER(the_page_is_its_files_to_the_last_byte),
        cmocka_unit_test(nothing_is_inline_in_the_page),
        WITH_SERVER(health_follows_the_program),
        WITH_SERVER(head_has_the_length_but_no_body),
        WITH_SERVER(a_scrape_refreshes_first),
        WITH_SERVER(hostile_requests_do_no_harm),
        WITH_SERVER(connections_are_bounded),
        WITH_SERVER(a_port_in_use_says_so),
        WITH_SERVER(an_address_that_is_none_says_so),
        WITH_SERVER(scrapes_at_the_same_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The HTTP server: libmicrohttpd with one polling thread. Requests are answered from memory: the
 * path chooses a hook of the program or a file of the page, which gives the whole body at once. The
 * socket is ours, so that a start that fails says why. */
#include "alerting/http/http.h"

#include "alerting/http/status_page.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    MAX_BODY = 64 << 20,         /* of an answer */
    MAX_UPLOAD = 64 << 10,       /* of a body sent to us, which is read and dropped */
    CONNECTION_BYTES = 32 << 10, /* header lines included */
    SILENCE_S = 10,
    MAX_ACCEPT = 4096,
};

struct gs_http {
    struct gs_http_hooks hooks;
    struct MHD_Daemon *daemon;
    int port;
};

/* A request between the calls that libmicrohttpd makes for it. */
struct request {
    size_t uploaded;
};

static const char text_type[] = "text/plain; charset=utf-8";

struct answer {
    unsigned int status;
    const char *type;
    struct gs_buf body;
};

/* ---- what each path answers ---- */

static void answer_text(struct answer *answer, unsigned int status, const char *text)
{
    answer->status = status;
    answer->type = text_type;
    gs_buf_reset(&answer->body);
    gs_buf_puts(&answer->body, text);
}

static void answer_file(struct answer *answer, const char *type, struct gs_str file)
{
    answer->status = MHD_HTTP_OK;
    answer->type = type;
    gs_buf_put(&answer->body, file);
}

static void answer_check(struct answer *answer, const struct gs_http_hooks *hooks,
                         bool (*check)(void *arg, struct gs_buf *ret_reason))
{
    struct gs_buf reason = {.max = 4096};

    if (check == NULL || check(hooks->arg, &reason)) {
        answer_text(answer, MHD_HTTP_OK, "ok\n");
    } else {
        answer_text(answer, MHD_HTTP_SERVICE_UNAVAILABLE, "");
        gs_buf_put(&answer->body, gs_buf_str(&reason));
        gs_buf_putc(&answer->body, '\n');
    }
    gs_buf_done(&reason);
}

/* All Accept lines of a request as one list. */
static enum MHD_Result collect_accept(void *arg, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct gs_buf *accept = arg;

    (void)kind;
    if (strcasecmp(name, MHD_HTTP_HEADER_ACCEPT) == 0 && value != NULL) {
        gs_buf_printf(accept, "%s%s", accept->len > 0 ? "," : "", value);
    }
    return MHD_YES;
}

static void answer_metrics(struct answer *answer, const struct gs_http_hooks *hooks,
                           struct MHD_Connection *connection)
{
    struct gs_buf accept = {.max = MAX_ACCEPT};
    struct gs_error err = {.status = GS_OK};

    (void)MHD_get_connection_values(connection, MHD_HEADER_KIND, collect_accept, &accept);
    gs_buf_putc(&accept, '\0');
    const bool open_metrics = gs_buf_ok(&accept) && gs_wants_open_metrics(accept.bytes);
    gs_buf_done(&accept);
    if (hooks->refresh != NULL) {
        hooks->refresh(hooks->arg);
    }
    answer->status = MHD_HTTP_OK;
    answer->type = open_metrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                : "text/plain; version=0.0.4; charset=utf-8";
    if (gs_exposition(hooks->metrics, open_metrics, &answer->body, &err) != GS_OK) {
        answer_text(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, err.message);
    }
}

static void answer_status(struct answer *answer, const struct gs_http_hooks *hooks)
{
    answer->status = MHD_HTTP_OK;
    answer->type = "application/json";
    if (hooks->status_json == NULL) {
        gs_buf_puts(&answer->body, "{}");
    } else {
        hooks->status_json(hooks->arg, &answer->body);
    }
}

static void answer_get(struct answer *answer, const struct gs_http_hooks *hooks, const char *path,
                       struct MHD_Connection *connection)
{
    if (strcmp(path, "/metrics") == 0) {
        answer_metrics(answer, hooks, connection);
    } else if (strcmp(path, "/healthz") == 0) {
        answer_check(answer, hooks, hooks->alive);
    } else if (strcmp(path, "/readyz") == 0) {
        answer_check(answer, hooks, hooks->ready);
    } else if (strcmp(path, "/api/v1/status") == 0) {
        answer_status(answer, hooks);
    } else if (strcmp(path, "/") == 0) {
        answer_file(answer, "text/html; charset=utf-8", gs_status_page_html);
    } else if (strcmp(path, "/page.css") == 0) {
        answer_file(answer, "text/css; charset=utf-8", gs_status_page_css);
    } else if (strcmp(path, "/page.js") == 0) {
        answer_file(answer, "text/javascript; charset=utf-8", gs_status_page_js);
    } else if (strcmp(path, "/page.svg") == 0) {
        answer_file(answer, "image/svg+xml", gs_status_page_svg);
    } else {
        answer_text(answer, MHD_HTTP_NOT_FOUND,
                    "not found; there are /, /metrics, /healthz, /readyz and /api/v1/status\n");
    }
}

/* ---- libmicrohttpd ---- */

static void add_headers(struct MHD_Response *response, const struct answer *answer)
{
    static const char *const headers[][2] = {
        {"Cache-Control", "no-store"},
        {"Content-Security-Policy",
         "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
         "connect-src 'self'; "
         "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"},
        {"Cross-Origin-Resource-Policy", "same-origin"},
        {"Referrer-Policy", "no-referrer"},
        {"X-Content-Type-Options", "nosniff"},
        {"X-Frame-Options", "DENY"},
    };

    (void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, answer->type);
    for (size_t i = 0; i < GS_COUNT(headers); i++) {
        (void)MHD_add_response_header(response, headers[i][0], headers[i][1]);
    }
    if (answer->status == MHD_HTTP_METHOD_NOT_ALLOWED) {
        (void)MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
    }
}

/* Hands the body's memory to the response. */
static enum MHD_Result send_answer(struct MHD_Connection *connection, struct answer *answer)
{
    if (!gs_buf_ok(&answer->body)) {
        answer_text(answer, MHD_HTTP_INTERNAL_SERVER_ERROR, "the answer is too large\n");
    }
    struct MHD_Response *response = MHD_create_response_from_buffer(
        answer->body.len, answer->body.bytes, MHD_RESPMEM_MUST_FREE);
    if (response == NULL) {
        gs_buf_done(&answer->body);
        return MHD_NO;
    }
    add_headers(response, answer);
    const enum MHD_Result result = MHD_queue_response(connection, answer->status, response);
    MHD_destroy_response(response);
    return result;
}

/* Called once when the header lines are read, then for each piece of a body, then once more to
 * answer. */
// NOLINTNEXTLINE(readability-function-size): the signature is libmicrohttpd's
static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *upload,
                              size_t *upload_size, void **state)
{
    const struct gs_http *http = arg;
    struct request *request = *state;
    struct answer answer = {.body = {.max = MAX_BODY}};

    (void)version;
    (void)upload;
    if (request == NULL) {
        *state = calloc(1, sizeof *request);
        return *state == NULL ? MHD_NO : MHD_YES;
    }
    if (*upload_size > 0) {
        request->uploaded += *upload_size;
        *upload_size = 0;
        return request->uploaded > MAX_UPLOAD ? MHD_NO : MHD_YES;
    }
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
        answer_text(&answer, MHD_HTTP_METHOD_NOT_ALLOWED, "only GET and HEAD\n");
    } else {
        answer_get(&answer, &http->hooks, url, connection);
    }
    return send_answer(connection, &answer);
}

static void forget(void *arg, struct MHD_Connection *connection, void **state,
                   enum MHD_RequestTerminationCode why)
{
    (void)arg;
    (void)connection;
    (void)why;
    free(*state);
    *state = NULL;
}

/* Its log is about clients that hang up; libraries do not log. */
static void ignore_log(void *arg, const char *fmt, va_list args)
{
    (void)arg;
    (void)fmt;
    (void)args;
}

/* ---- start and stop ---- */

static enum gs_status listen_at(const struct gs_http_options *options, int *ret_fd, int *ret_port,
                                struct gs_error *err)
{
    union {
        struct sockaddr any;
        struct sockaddr_in v4;
        struct sockaddr_in6 v6;
    } address = {.any = {.sa_family = AF_UNSPEC}};
    socklen_t len = sizeof address.v4;
    const int on = 1;

    memset(&address, 0, sizeof address);
    if (inet_pton(AF_INET, options->address, &address.v4.sin_addr) == 1) {
        address.v4.sin_family = AF_INET;
        address.v4.sin_port = htons((uint16_t)options->port);
    } else if (inet_pton(AF_INET6, options->address, &address.v6.sin6_addr) == 1) {
        address.v6.sin6_family = AF_INET6;
        address.v6.sin6_port = htons((uint16_t)options->port);
        len = sizeof address.v6;
    } else {
        return gs_fail(err, GS_IO, "http: \"%s\" is not an IPv4 or IPv6 address", options->address);
    }
    const int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(fd, &address.any, len) != 0 || listen(fd, options->max_connections) != 0 ||
        getsockname(fd, &address.any, &len) != 0) {
        const int why = errno;
        if (fd >= 0) {
            (void)close(fd);
        }
        return gs_fail_errno(err, why, "http: cannot listen at %s port %d", options->address,
                             options->port);
    }
    *ret_port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    *ret_fd = fd;
    return GS_OK;
}

/* The thread inherits a mask that blocks everything: signals are the program's own threads'
 * business. */
static struct MHD_Daemon *start_daemon(struct gs_http *http, int fd, int max_connections)
{
    sigset_t all;
    sigset_t before;
    const struct MHD_OptionItem settings[] = {
        {MHD_OPTION_LISTEN_SOCKET, fd, NULL},
        {MHD_OPTION_CONNECTION_LIMIT, max_connections, NULL},
        {MHD_OPTION_CONNECTION_TIMEOUT, SILENCE_S, NULL},
        {MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_BYTES, NULL},
        {MHD_OPTION_END, 0, NULL},
    };

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, handle,
        http, MHD_OPTION_EXTERNAL_LOGGER, ignore_log, NULL, MHD_OPTION_NOTIFY_COMPLETED, forget,
        NULL, MHD_OPTION_ARRAY, settings, MHD_OPTION_END);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return daemon;
}

enum gs_status gs_http_start(const struct gs_http_options *options,
                             const struct gs_http_hooks *hooks, struct gs_http **ret,
                             struct gs_error *err)
{
    struct gs_http *http = calloc(1, sizeof *http);
    int fd = -1;

    if (http == NULL) {
        return gs_fail(err, GS_NO_MEMORY, "http");
    }
    http->hooks = *hooks;
    const enum gs_status status = listen_at(options, &fd, &http->port, err);
    if (status != GS_OK) {
        free(http);
        return status;
    }
    http->daemon = start_daemon(http, fd, options->max_connections);
    if (http->daemon == NULL) {
        (void)close(fd);
        free(http);
        return gs_fail(err, GS_IO, "http: the server at %s port %d does not start",
                       options->address, options->port);
    }
    *ret = http;
    return GS_OK;
}

int gs_http_port(const struct gs_http *http)
{
    return http->port;
}

void gs_http_stop(struct gs_http *http)
{
    if (http != NULL) {
        MHD_stop_daemon(http->daemon); /* closes the socket too */
        free(http);
    }
}
